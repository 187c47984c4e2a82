# %% [markdown]
# # Exercise 16 · The adversary's side, and the defence
#
# **What you need:** the lesson [notebooks/16_adversarial](../notebooks/16_adversarial.ipynb).
#
# **What you will be able to do:** write an attack on embeddings that leaves padding alone, keeps
# texts apart and survives a gradient of zero; and two losses that defend.
#
# **Time:** about 60 minutes: 16.1 Steepest direction 12 · 16.2 Projection 10 · 16.3 PGD 18 · 16.4
# Adversarial softmax 12 · 16.5 Symmetric divergence 8.
#
# Write each function where it says `YOUR CODE HERE`, and run the cell below it. It tells you
# whether the function is right, and if not, which mistake it makes. Try as often as you like.
#
# In the docstrings B counts texts, T tokens, D the width of the model, V the vocabulary, C classes.

# %%
import torch
from torch import Tensor
from torch.nn import functional as F

from llama_edu.course import check

# %% [markdown]
# ### 16.1 The steepest direction · difficulty 2/5 · importance 5/5 · 12 min
#
# The gradient of the loss at a text's embeddings says in which direction the loss rises. Give the
# shift of size epsilon that raises it most: for p = 2 its size is its length over *all* numbers of
# the text, for p = inf it is its largest number.
#
# Each of B texts has a shift of its own. Where a text's gradient is 0, no direction is best: its
# shift is 0 as well, and not NaN.
#
# <details><summary>Hint 1</summary>The formulas stand in the lesson, below the first table. Over
# which dimensions does one text reach? `norm` takes a tuple for `dim`.</details>
# <details><summary>Hint 2</summary>`keepdim=True` lets the lengths meet their own texts. A length
# of 0 must not divide: `clamp(min=...)` with a number that changes no other length.</details>


# %% grade_id="adversarial.steepest"
def steepest(gradient: Tensor, epsilon: float, p: float) -> Tensor:
    """The shift r of each text that raises the loss most, to first order.

    gradient (B, T, D), p is 2 or float("inf") -> r (B, T, D), ||r||_p = epsilon for each text, 0
    for a text whose gradient is 0. Gradients may be as small as 1e-11.
    """
    ### BEGIN SOLUTION
    if p == 2:
        lengths = gradient.norm(dim=(1, 2), keepdim=True)
        return epsilon * gradient / lengths.clamp(min=1e-30)
    return epsilon * gradient.sign()
    ### END SOLUTION


# %% grade_id="check.adversarial.steepest" points=2
check("adversarial.steepest", steepest)

# %% [markdown]
# ### 16.2 Back into the ball · difficulty 2/5 · importance 4/5 · 10 min
#
# A shift may be at most epsilon long (p = 2, over the whole text). One that is longer comes back
# along its own direction to the border. One that is not stays exactly as it is.
#
# <details><summary>Hint 1</summary>By which factor is a shift of length 3 multiplied if epsilon is
# 2? And one of length 1?</details>
# <details><summary>Hint 2</summary>The factor is epsilon / length, but never above 1. What is it
# for a shift of length 0?</details>


# %% grade_id="adversarial.project"
def project(shift: Tensor, epsilon: float) -> Tensor:
    """shift (B, T, D) -> the nearest shift of each text whose length is at most epsilon."""
    ### BEGIN SOLUTION
    lengths = shift.norm(dim=(1, 2), keepdim=True)
    factors = epsilon / lengths  # infinite for a shift of 0, and then cut off at 1
    return shift * factors.clamp(max=1.0)
    ### END SOLUTION


# %% grade_id="check.adversarial.project" points=2
check("adversarial.project", project)

# %% [markdown]
# ### 16.3 PGD · difficulty 4/5 · importance 5/5 · 18 min
#
# Attack a small classifier: `classify` takes the embeddings of a text, not its tokens, and gives a
# logit for each class. From r = 0, take `n_steps` steepest steps (p = 2) of length `step_size`, and
# go back into the ball of radius `epsilon` after each. Your functions from above may be called;
# they must be right first.
#
# Padding is True where a token is only there to make texts equally long. It is never shifted, and
# its gradient counts in no length.
#
# <details><summary>Hint 1</summary>The gradient is wanted with respect to r: it must be a tensor
# that requires grad, and a new one in each step. `torch.autograd.grad(loss, r)` gives a tuple with
# one gradient. Use `reduction="sum"`: then the number of texts does not matter.</details>
# <details><summary>Hint 2</summary>One round: `r.detach().requires_grad_()`, loss at x + r,
# gradient, gradient set to 0 on padding, step, projection.</details>


# %%
def classify(x: Tensor, weight: Tensor) -> Tensor:
    """x (B, T, D), weight (C, D) -> logits (B, C): the mean over tokens, after a squashing."""
    return torch.tanh(x).mean(dim=1) @ weight.T


# %% grade_id="adversarial.pgd"
def pgd(
    x: Tensor,
    weight: Tensor,
    targets: Tensor,
    padding: Tensor,
    epsilon: float,
    step_size: float,
    n_steps: int,
) -> Tensor:
    """The shift r that PGD finds for the embeddings x of each text.

    x (B, T, D), weight (C, D), targets (B,), padding (B, T) -> r (B, T, D), without a graph.
    """
    ### BEGIN SOLUTION
    r = torch.zeros_like(x)
    for _ in range(n_steps):
        r = r.detach().requires_grad_()
        loss = F.cross_entropy(classify(x + r, weight), targets, reduction="sum")
        (gradient,) = torch.autograd.grad(loss, r)
        gradient = gradient.masked_fill(padding[..., None], 0.0)
        r = project(r + steepest(gradient, step_size, 2), epsilon)
    return r.detach()
    ### END SOLUTION


# %% grade_id="check.adversarial.pgd" points=4
check("adversarial.pgd", pgd)

# %% [markdown]
# ### 16.4 Adversarial softmax · difficulty 3/5 · importance 4/5 · 12 min
#
# An adversary may move the output row of each *target* by epsilon of that row's own length. It
# moves it straight against h, so that the target's logit falls by epsilon times the length of the
# row times the length of h. All other logits stay. Give the mean loss of all places.
#
# <details><summary>Hint 1</summary>`output_weight[targets]` holds the row of each target. Both
# lengths run over D.</details>
# <details><summary>Hint 2</summary>`F.one_hot(targets, V)` is 1 in the target's column and 0 in
# the others: times the fall, it can be subtracted from all logits at once.</details>


# %% grade_id="adversarial.adversarial_softmax"
def adversarial_softmax(
    hidden: Tensor, output_weight: Tensor, targets: Tensor, epsilon: float
) -> Tensor:
    """hidden (N, D), output_weight (V, D), targets (N,) -> the mean loss, in nats."""
    ### BEGIN SOLUTION
    rows = output_weight[targets]
    falls = epsilon * rows.norm(dim=-1) * hidden.norm(dim=-1)
    is_target = F.one_hot(targets, len(output_weight))
    logits = hidden @ output_weight.T - falls[:, None] * is_target
    return F.cross_entropy(logits, targets)
    ### END SOLUTION


# %% grade_id="check.adversarial.adversarial_softmax" points=3
check("adversarial.adversarial_softmax", adversarial_softmax)

# %% [markdown]
# ### 16.5 How far two answers are apart · difficulty 2/5 · importance 4/5 · 8 min
#
# VAT and its relative SMART (arXiv:1911.03437) train a model to give the same answer at a text and
# near it. SMART measures the difference of two answers p and q by
# $\operatorname{KL}(p \,\Vert\, q) + \operatorname{KL}(q \,\Vert\, p)$, where
# $\operatorname{KL}(p \,\Vert\, q) = \sum_v p_v (\log p_v - \log q_v)$ is the *Kullback-Leibler
# divergence*.
#
# The logits may be in the hundreds: then a probability is 0 in float32, and its logarithm -inf.
#
# <details><summary>Hint 1</summary>`log_softmax` gives finite logarithms where `softmax().log()`
# gives -inf. `exp` of it is the probability.</details>
# <details><summary>Hint 2</summary>Added up, the two sums have a common factor: $(p_v - q_v)(\log
# p_v - \log q_v)$. One line each way is as good.</details>


# %% grade_id="adversarial.symmetric_divergence"
def symmetric_divergence(logits: Tensor, other: Tensor) -> Tensor:
    """logits (N, V) and other (N, V) -> the symmetric divergence of each row (N,), in nats."""
    ### BEGIN SOLUTION
    log_p, log_q = logits.log_softmax(-1), other.log_softmax(-1)
    forward = log_p.exp() * (log_p - log_q)
    backward = log_q.exp() * (log_q - log_p)
    return (forward + backward).sum(-1)
    ### END SOLUTION


# %% grade_id="check.adversarial.symmetric_divergence" points=2
check("adversarial.symmetric_divergence", symmetric_divergence)

# %% [markdown]
# Done? The package's own are in `llama_edu/train/adversarial`. There, a size is measured in the
# lengths of a text's own embeddings, and `steepest` and `project` know p = 1 as well. What else do
# they guard against that yours need not?
#
# Next is [lesson 17](../notebooks/17_instruction.ipynb), on instruction tuning.
# `llama-edu progress` shows how far you are.
