# %% [markdown]
# # Exercise 13 · Backpropagation and optimizers, piece by piece
#
# **What you need:** the lesson [notebooks/13_optimizers](../notebooks/13_optimizers.ipynb).
#
# **What you will be able to do:** walk a computation graph backward, write the gradients of
# cross-entropy and RMSNorm, take a step of AdamW and of LAMB, and clip a gradient.
#
# **Time:** about 60 minutes: 13.1 Backward 10 · 13.2 Cross-entropy 10 · 13.3 RMSNorm 13 ·
# 13.4 AdamW 12 · 13.5 LAMB 8 · 13.6 Clipping 7.
#
# Write each function where it says `YOUR CODE HERE`, and run the cell below it. It tells you
# whether the function is right, and if not, which mistake it makes. Try as often as you like.
#
# You write the gradients yourself: what finds them for you (`backward`, `autograd`, `grad` of
# `torch.func`) is refused, and so are torch's optimizers. Your functions leave their inputs as
# they are and return new tensors.

# %%
import torch
from torch import Tensor

from llama_edu.course import check

# %% [markdown]
# ### 13.1 Backward through a graph · difficulty 2/5 · importance 5/5 · 10 min
#
# Numbers were computed one after the other, each from earlier ones; the last is the loss. For each,
# the graph holds what it was made of: pairs of *which number* and *the slope along it*. Find the
# slope of the loss along every number.
#
# For `a = 3`, `b = a * a`, `loss = a + b` the graph is `[[], [(0, 3.0), (0, 3.0)], [(0, 1.0),
# (1, 1.0)]]`, and the answer `[7.0, 1.0, 1.0]`.
#
# <details><summary>Hint 1</summary>The loss has the slope 1 along itself. Which number can you pass
# on next, so that nothing more will be added to its own slope later?</details>
# <details><summary>Hint 2</summary>Walk from the last number to the first. Each part gets *added*:
# the slope along it, times the slope of the number that it is a part of.</details>


# %% grade_id="optimizers.go_back"
def go_back(graph: list[list[tuple[int, float]]]) -> list[float]:
    """The slope of the last number along each number.

    graph[i] lists (j, slope): number i was made of number j < i, and rises by `slope` times what j
    rises by. A number that the loss does not depend on has the slope 0.
    """
    ### BEGIN SOLUTION
    slopes = [0.0] * len(graph)
    slopes[-1] = 1.0
    for i in reversed(range(len(graph))):
        for j, slope in graph[i]:
            slopes[j] += slope * slopes[i]
    return slopes
    ### END SOLUTION


# %% grade_id="check.optimizers.go_back" points=2
check("optimizers.go_back", go_back)

# %% [markdown]
# ### 13.2 The gradient of cross-entropy · difficulty 3/5 · importance 5/5 · 10 min
#
# The loss is the mean of the cross-entropy over all tokens that count; a target of -100 does not
# count. Write its gradient for the logits. There is always at least one target that counts.
#
# <details><summary>Hint 1</summary>For one token it is p - y: the probabilities, less 1 at the
# target. What becomes of it when the loss is a mean?</details>
# <details><summary>Hint 2</summary>Multiply the rows that do not count by 0, and divide by how many
# do count. `targets.clamp(min=0)` makes -100 an index that exists.</details>


# %% grade_id="optimizers.cross_entropy_back"
def cross_entropy_back(logits: Tensor, targets: Tensor) -> Tensor:
    """The gradient of the mean cross-entropy: logits (N, V), targets (N,) -> (N, V)."""
    ### BEGIN SOLUTION
    grad = logits.softmax(-1)
    counts = targets != -100
    grad[torch.arange(len(grad)), targets.clamp(min=0)] -= 1
    return grad * counts[:, None] / counts.sum()
    ### END SOLUTION


# %% grade_id="check.optimizers.cross_entropy_back" points=3
check("optimizers.cross_entropy_back", cross_entropy_back)

# %% [markdown]
# ### 13.3 RMSNorm, backward · difficulty 4/5 · importance 4/5 · 13 min
#
# Forward was $y = \text{gain} \odot n$ with $n = x / \text{rms}$ and
# $\text{rms} = \sqrt{\text{mean}(x^2) + \epsilon}$. `grad` is the gradient that arrives at $y$.
# Write that of x, $(g - n \cdot \text{mean}(g \odot n)) / \text{rms}$ with $g = \text{grad} \odot
# \text{gain}$, and that of the gain.
#
# <details><summary>Hint 1</summary>The mean goes along the width D, for each token by itself:
# `mean(-1, keepdim=True)`.</details>
# <details><summary>Hint 2</summary>The gain is used by every token, so its gradient is a sum over
# all tokens of what each contributes: the other factor of the product, times `grad`.</details>


# %% grade_id="optimizers.rms_norm_back"
def rms_norm_back(grad: Tensor, x: Tensor, gain: Tensor, eps: float) -> tuple[Tensor, Tensor]:
    """grad and x (T, D), gain (D,) -> the gradients of x (T, D) and of gain (D,)."""
    ### BEGIN SOLUTION
    rms = (x.square().mean(-1, keepdim=True) + eps).sqrt()
    normed = x / rms
    g = grad * gain
    along = (g * normed).mean(-1, keepdim=True)
    return (g - normed * along) / rms, (grad * normed).sum(0)
    ### END SOLUTION


# %% grade_id="check.optimizers.rms_norm_back" points=3
check("optimizers.rms_norm_back", rms_norm_back)

# %% [markdown]
# ### 13.4 A step of AdamW · difficulty 3/5 · importance 5/5 · 12 min
#
# From a weight, its gradient and the two running means make the next weight and the next means:
#
# $$m \leftarrow \beta_1 m + (1 - \beta_1)\, g \qquad v \leftarrow \beta_2 v + (1 - \beta_2)\, g^2$$
#
# $$w \leftarrow (1 - \text{lr} \cdot \lambda)\, w - \text{lr} \cdot \frac{m / (1 - \beta_1^t)}
# {\sqrt{v / (1 - \beta_2^t)} + \epsilon}$$
#
# `step` is t, 1 in the first step; λ is `weight_decay`.
#
# <details><summary>Hint 1</summary>The means that are returned are those without bias correction;
# the corrected ones are used in this step only.</details>
# <details><summary>Hint 2</summary>ε is added to the root, after it is taken. The decay takes the
# old weight, and nothing of it enters m or v.</details>


# %% grade_id="optimizers.adamw_step"
def adamw_step(
    weight: Tensor,
    grad: Tensor,
    m: Tensor,
    v: Tensor,
    step: int,
    lr: float,
    betas: tuple[float, float],
    eps: float,
    weight_decay: float,
) -> tuple[Tensor, Tensor, Tensor]:
    """One step; weight, grad, m and v of one shape -> the new weight, m and v."""
    ### BEGIN SOLUTION
    beta1, beta2 = betas
    m = beta1 * m + (1 - beta1) * grad
    v = beta2 * v + (1 - beta2) * grad**2
    mean = m / (1 - beta1**step)
    size = (v / (1 - beta2**step)).sqrt() + eps
    decayed = (1 - lr * weight_decay) * weight
    return decayed - lr * mean / size, m, v
    ### END SOLUTION


# %% grade_id="check.optimizers.adamw_step" points=4
check("optimizers.adamw_step", adamw_step)

# %% [markdown]
# ### 13.5 A step of LAMB · difficulty 3/5 · importance 2/5 · 8 min
#
# `update` is Adam's $m / (\sqrt{v} + \epsilon)$, bias corrected, for one tensor. Add the weight
# decay, $u = \text{update} + \lambda w$, and step by
# $\text{lr} \cdot |w| / |u| \cdot u$, where $|\cdot|$ is the length of a whole tensor. Where $|w|$
# or $|u|$ is 0, the trust ratio is 1.
#
# <details><summary>Hint 1</summary>`x.norm()` is the length of a whole tensor, matrices
# included: the root of the sum of all its squares.</details>
# <details><summary>Hint 2</summary>Decide about the ratio first. Without the rule for 0, a weight
# that begins at 0 could never leave it.</details>


# %% grade_id="optimizers.lamb_step"
def lamb_step(weight: Tensor, update: Tensor, lr: float, weight_decay: float) -> Tensor:
    """The new weight, of the same shape as weight and update."""
    ### BEGIN SOLUTION
    u = update + weight_decay * weight
    length, step = weight.norm(), u.norm()
    trust = length / step if length > 0 and step > 0 else 1.0
    return weight - lr * trust * u
    ### END SOLUTION


# %% grade_id="check.optimizers.lamb_step" points=3
check("optimizers.lamb_step", lamb_step)

# %% [markdown]
# ### 13.6 Clip a gradient · difficulty 2/5 · importance 4/5 · 7 min
#
# The gradient of a model is a list of tensors, one for each weight tensor. If it is longer than
# `max_norm`, taken as *one* long vector, make it exactly that long, its direction kept. Else leave
# it as it is. Without `clip_grad_norm_`.
#
# <details><summary>Hint 1</summary>The length of all tensors together is the root of the sum of all
# their squares. It is not the sum of their lengths.</details>
# <details><summary>Hint 2</summary>One factor for all: max_norm / length, but never above 1.
# A gradient may be all 0.</details>


# %% grade_id="optimizers.clip"
def clip(grads: list[Tensor], max_norm: float) -> list[Tensor]:
    """The gradients, together at most max_norm long, each of the shape it had."""
    ### BEGIN SOLUTION
    norm = sum(grad.square().sum() for grad in grads).sqrt()
    factor = max_norm / norm if norm > max_norm else 1.0
    return [factor * grad for grad in grads]
    ### END SOLUTION


# %% grade_id="check.optimizers.clip" points=2
check("optimizers.clip", clip)

# %% [markdown]
# Done? Your functions are the two steps of `llama_edu/train/optim.py`, the gradient in
# `llama_edu/train/loss.py` and that of `llama_edu/model/norm.py`. The package differs in one thing:
# it works on the tensors of a whole model at once. Unfold `_RMSNorm` in the lesson and compare.
#
# Next is [lesson 14](../notebooks/14_pretraining.ipynb), on pretraining. `llama-edu progress` shows
# how far you are.
