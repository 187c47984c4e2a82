# %% [markdown]
# # Exercise 23 · Learn from a larger model, and cut one down
#
# **What you need:** the lesson [notebooks/23_distillation](../notebooks/23_distillation.ipynb).
#
# **What you will be able to do:** write the loss of a student, and take hidden units and heads out
# of a LLaMA so that what is left still fits together.
#
# **Time:** about 55 minutes: 23.1 The distance 15 · 23.2 Teacher and text 12 · 23.3 How busy? 8 ·
# 23.4 Fewer units 12 · 23.5 Fewer heads 8.
#
# Write each function where it says `YOUR CODE HERE`, and run the cell below it. It tells you
# whether the function is right, and if not, which mistake it makes.

# %%
import torch
from torch import Tensor
from torch.nn import functional as F

from llama_edu.course import check

# %% [markdown]
# ### 23.1 The distance · difficulty 3/5 · importance 5/5 · 15 min
#
# How far are the student's probabilities from the teacher's? Soften both with the temperature,
# p = softmax(logits / T). With $p$ the teacher's and $q$ the student's, the distance of a token is
#
# $$\operatorname{KL}(p \,\|\, q) = \sum_i p_i \, (\log p_i - \log q_i)$$
#
# summed over the vocabulary. Return T² times its mean over the N tokens.
#
# <details><summary>Hint 1</summary>`log_softmax` gives log p for each of both; `.exp()` of it gives
# p.</details>
# <details><summary>Hint 2</summary>Sum over the vocabulary (`dim=-1`), mean over the tokens. Whose
# probability stands before the bracket?</details>


# %% grade_id="distillation.distance"
def distance(student_logits: Tensor, teacher_logits: Tensor, temperature: float) -> Tensor:
    """T² KL(teacher || student), the mean over N tokens.

    student_logits, teacher_logits: (N, V).
    returns: a number, as a tensor of no dimension.
    """
    ### BEGIN SOLUTION
    student = (student_logits / temperature).log_softmax(dim=-1)
    teacher = (teacher_logits / temperature).log_softmax(dim=-1)
    divergence = (teacher.exp() * (teacher - student)).sum(dim=-1)
    return temperature**2 * divergence.mean()
    ### END SOLUTION


# %% grade_id="check.distillation.distance" points=3
check("distillation.distance", distance)

# %% [markdown]
# ### 23.2 Teacher and text · difficulty 3/5 · importance 4/5 · 12 min
#
# A student may learn from both: alpha parts of the distance from its teacher, and 1 - alpha parts
# of the cross-entropy with the text's own next token. Only tokens whose target is not -100 count,
# in *both* parts. Here you are given the distance of each token, (N,).
#
# <details><summary>Hint 1</summary>`targets != -100` says which tokens count; index with
# it.</details>
# <details><summary>Hint 2</summary>`F.cross_entropy` leaves -100 out by itself. A plain mean of the
# distances does not.</details>


# %% grade_id="distillation.student_loss"
def student_loss(
    student_logits: Tensor, distances: Tensor, targets: Tensor, alpha: float
) -> Tensor:
    """alpha · mean distance + (1 - alpha) · mean cross-entropy, over the tokens that count.

    student_logits: (N, V).
    distances: of each token from the teacher, (N,).
    targets: ids (N,), -100 where a token does not count.
    alpha: from 0 to 1.
    """
    ### BEGIN SOLUTION
    counts = targets != -100
    copied = distances[counts].mean()
    text = F.cross_entropy(student_logits[counts], targets[counts])
    return alpha * copied + (1 - alpha) * text
    ### END SOLUTION


# %% grade_id="check.distillation.student_loss" points=2
check("distillation.student_loss", student_loss)

# %% [markdown]
# ### 23.3 How busy? · difficulty 2/5 · importance 4/5 · 8 min
#
# Which hidden units of a feed-forward layer do much? A unit's output is silu(gate) · up. Return the
# mean *size* of it for each unit, over all tokens of all texts.
#
# <details><summary>Hint 1</summary>A unit that gives +3 and -3 by turns is busy: take the absolute
# value before the mean.</details>
# <details><summary>Hint 2</summary>The mean runs over texts and tokens, dimensions 0 and 1; one
# number for each of the F units is left.</details>


# %% grade_id="distillation.activity"
def activity(gate: Tensor, up: Tensor) -> Tensor:
    """The mean of |silu(gate) · up| of each hidden unit.

    gate, up: what the two products give, (B, T, F).
    returns: (F,).
    """
    ### BEGIN SOLUTION
    hidden = F.silu(gate) * up
    return hidden.abs().mean(dim=(0, 1))
    ### END SOLUTION


# %% grade_id="check.distillation.activity" points=2
check("distillation.activity", activity)

# %% [markdown]
# ### 23.4 Fewer units · difficulty 3/5 · importance 5/5 · 12 min
#
# Keep the `n_kept` hidden units of the highest score, in their old order. A unit is a row of gate,
# a row of up and a column of down. Return the three smaller matrices.
#
# <details><summary>Hint 1</summary>`scores.topk(n_kept).indices` names the best, in the order of
# their scores; `.sort().values` puts the numbers in order.</details>
# <details><summary>Hint 2</summary>Index all three with the *same* numbers: `gate[kept]`,
# `down[:, kept]`.</details>


# %% grade_id="distillation.prune_units"
def prune_units(gate: Tensor, up: Tensor, down: Tensor, scores: Tensor, n_kept: int) -> tuple:
    """gate (n_kept, D), up (n_kept, D) and down (D, n_kept) of the units that stay.

    gate, up: (F, D).
    down: (D, F).
    scores: of each unit, (F,), all different.
    """
    ### BEGIN SOLUTION
    best = scores.topk(n_kept).indices
    kept = best.sort().values
    return gate[kept], up[kept], down[:, kept]
    ### END SOLUTION


# %% grade_id="check.distillation.prune_units" points=3
check("distillation.prune_units", prune_units)

# %% [markdown]
# ### 23.5 Fewer heads · difficulty 3/5 · importance 3/5 · 8 min
#
# With grouped queries, H query heads share G heads of keys and values: query heads 0 to H/G - 1
# use the first, the next H/G the second, and so on. If only some groups stay, which query heads
# stay with them? Return their numbers in rising order.
#
# <details><summary>Hint 1</summary>H = 6 and G = 3: group 1 has the query heads 2 and 3.</details>
# <details><summary>Hint 2</summary>Group g has the heads from g · (H/G) up to, not including,
# (g + 1) · (H/G).</details>


# %% grade_id="distillation.query_heads"
def query_heads(kept_groups: list[int], n_heads: int, n_groups: int) -> list[int]:
    """The query heads that stay, in rising order.

    kept_groups: which of the n_groups stay, in any order.
    """
    ### BEGIN SOLUTION
    size = n_heads // n_groups
    heads = []
    for group in sorted(kept_groups):
        heads += range(group * size, (group + 1) * size)
    return heads
    ### END SOLUTION


# %% grade_id="check.distillation.query_heads" points=2
check("distillation.query_heads", query_heads)

# %% [markdown]
# Done? Your functions are `llama_edu/compress/distill.py` and `prune.py`; unfold them in the lesson
# and compare.
#
# Next is [lesson 24](../notebooks/24_cost.ipynb), on what all this costs. `llama-edu progress`
# shows how far you are.
