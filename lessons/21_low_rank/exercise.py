# %% [markdown]
# # Exercise 21 · Low rank, from the SVD to LoRA and DoRA
#
# **What you need:** the lesson [notebooks/21_low_rank](../notebooks/21_low_rank.ipynb).
#
# **What you will be able to do:** cut a matrix down to a rank; say when that saves anything; write
# LoRA: how it starts, how it computes, how it is merged, and what DoRA does to the rows.
#
# **Time:** about 58 minutes: 21.1 The nearest matrix 10 · 21.2 What fits 8 · 21.3 The start 10 ·
# 21.4 Beside the weight 10 · 21.5 Merged 8 · 21.6 DoRA's rows 12.
#
# Write each function where it says `YOUR CODE HERE`, and run the cell below it. It tells you
# whether the function is right, and if not, which mistake it makes. Try as often as you like.
#
# In the docstrings F counts the rows of a weight (outputs), D its columns (inputs), r the rank, N
# the tokens, one a row.

# %%
import math

import torch
from torch import Tensor

from llama_edu.course import check

# %% [markdown]
# ### 21.1 The nearest matrix · difficulty 2/5 · importance 5/5 · 10 min
#
# Return the matrix of rank r that is nearest to a weight in the sum of squares: as large as the
# weight, and made from its r largest singular values and their vectors.
#
# <details><summary>Hint 1</summary>`u, s, v = torch.linalg.svd(weight, full_matrices=False)`: s
# falls, the *columns* of u and the *rows* of v belong to it.</details>
# <details><summary>Hint 2</summary>Keep r columns of u, r numbers of s, r rows of v. `u * s`
# multiplies column i by number i.</details>


# %% grade_id="low_rank.nearest"
def nearest(weight: Tensor, rank: int) -> Tensor:
    """weight (F, D), rank from 1 to min(F, D) -> (F, D), of that rank.

    nearest([[3, 0], [0, 2]], 1) -> [[3, 0], [0, 0]]
    """
    ### BEGIN SOLUTION
    u, s, v = torch.linalg.svd(weight, full_matrices=False)
    left = u[:, :rank] * s[:rank]
    return left @ v[:rank]
    ### END SOLUTION


# %% grade_id="check.low_rank.nearest" points=2
check("low_rank.nearest", nearest)

# %% [markdown]
# ### 21.2 What fits · difficulty 2/5 · importance 4/5 · 8 min
#
# Two thin matrices, (F, r) and (r, D), shall replace a weight of (F, D). What is the largest whole
# rank at which both together hold no more than a given share of the weight's numbers?
#
# <details><summary>Hint 1</summary>How many numbers does *one* rank cost? A column on the left, and
# a row on the right.</details>
# <details><summary>Hint 2</summary>Half a rank cannot be bought: `math.floor`.</details>


# %% grade_id="low_rank.largest_rank"
def largest_rank(d_out: int, d_in: int, share: float) -> int:
    """The largest r whose two thin matrices hold at most share · F · D numbers; it may be 0.

    d_out, d_in: F and D of the weight.
    share: above 0; 1 allows as many numbers as the weight has.

    largest_rank(6, 3, 1.0) -> 2: 2 · (6 + 3) = 18 = 6 · 3.
    """
    ### BEGIN SOLUTION
    allowed = share * d_out * d_in
    return math.floor(allowed / (d_out + d_in))
    ### END SOLUTION


# %% grade_id="check.low_rank.largest_rank" points=1
check("low_rank.largest_rank", largest_rank)

# %% [markdown]
# ### 21.3 The start · difficulty 3/5 · importance 5/5 · 10 min
#
# A fresh adapter must leave the model's answers as they are, and must be able to learn. You are
# given random numbers between -1 and 1 for A, which begins between $-1/\sqrt{D}$ and $1/\sqrt{D}$.
# Return A, B and the scale: $\alpha / r$, or $\alpha / \sqrt{r}$ for rsLoRA.
#
# <details><summary>Hint 1</summary>If both were 0, no gradient would ever reach either. Which of
# the two is random, and which is 0?</details>
# <details><summary>Hint 2</summary>`noise` has the shape of A, (r, D). B takes r numbers and makes
# F of them: as a weight, (out, in).</details>


# %% grade_id="low_rank.start"
def start(noise: Tensor, d_out: int, alpha: float, is_rs: bool) -> tuple[Tensor, Tensor, float]:
    """noise (r, D), F, alpha -> A (r, D), B (F, r) and the scale s of W + s B A.

    is_rs: whether it is rsLoRA.
    """
    ### BEGIN SOLUTION
    rank, d_in = noise.shape
    a = noise / math.sqrt(d_in)
    b = torch.zeros(d_out, rank)
    return a, b, alpha / math.sqrt(rank) if is_rs else alpha / rank
    ### END SOLUTION


# %% grade_id="check.low_rank.start" points=2
check("low_rank.start", start)

# %% [markdown]
# ### 21.4 Beside the weight · difficulty 2/5 · importance 5/5 · 10 min
#
# The output of a layer with LoRA: what the frozen weight gives, and beside it what the two thin
# matrices give, scaled by $\alpha / r$. Never make the large product $B A$.
#
# $$y = W x + \frac{\alpha}{r} B A x$$
#
# <details><summary>Hint 1</summary>With one token a row, $W x$ is `x @ weight.T`.</details>
# <details><summary>Hint 2</summary>First A, then B: (N, D) becomes (N, r), and that becomes
# (N, F). The rank is `len(a)`.</details>


# %% grade_id="low_rank.lora"
def lora(x: Tensor, weight: Tensor, a: Tensor, b: Tensor, alpha: float) -> Tensor:
    """x (N, D), weight (F, D), a (r, D), b (F, r) -> (N, F)."""
    ### BEGIN SOLUTION
    scale = alpha / len(a)
    beside = x @ a.T @ b.T
    return x @ weight.T + scale * beside
    ### END SOLUTION


# %% grade_id="check.low_rank.lora" points=2
check("low_rank.lora", lora)

# %% [markdown]
# ### 21.5 Merged · difficulty 3/5 · importance 4/5 · 8 min
#
# After training an adapter can be written into the weight, and then costs nothing. Our layers hold
# q, k and v one below the other, and the adapter belongs to some of the rows alone: those from row
# `first` on, as many as B has. Return the whole merged weight, and leave the one that you were
# given as it is: somebody may want it back.
#
# <details><summary>Hint 1</summary>Work on `weight.clone()`.</details>
# <details><summary>Hint 2</summary>`merged[first : first + n]` are n rows. The change of them is
# s B A: (F', r) times (r, D).</details>


# %% grade_id="low_rank.merge"
def merge(weight: Tensor, first: int, a: Tensor, b: Tensor, scale: float) -> Tensor:
    """weight (F, D), a (r, D), b (F', r) with first + F' <= F -> (F, D).

    Only the rows first to first + F' - 1 change: W + s B A.
    """
    ### BEGIN SOLUTION
    merged = weight.clone()
    merged[first : first + len(b)] += scale * b @ a
    return merged
    ### END SOLUTION


# %% grade_id="check.low_rank.merge" points=2
check("low_rank.merge", merge)

# %% [markdown]
# ### 21.6 DoRA's rows · difficulty 3/5 · importance 3/5 · 12 min
#
# DoRA splits each row of the moved weight $V = W + s B A$ into its direction and its length. The
# direction comes from V, the length is learned apart, one number m for each row:
#
# $$W' = m \, \frac{V}{\lVert V \rVert} \quad \text{row by row}$$
#
# Return the *output* of a layer with that weight.
#
# <details><summary>Hint 1</summary>`v.norm(dim=1)` is the length of each row, (F,).</details>
# <details><summary>Hint 2</summary>A row of the weight makes one output. So either each row is
# multiplied by `(magnitude / length)[:, None]`, or each output by `magnitude / length`.</details>


# %% grade_id="low_rank.dora"
def dora(
    x: Tensor, weight: Tensor, a: Tensor, b: Tensor, scale: float, magnitude: Tensor
) -> Tensor:
    """x (N, D), weight (F, D), a (r, D), b (F, r), magnitude m (F,) -> (N, F)."""
    ### BEGIN SOLUTION
    moved = weight + scale * b @ a
    lengths = moved.norm(dim=1)
    return x @ moved.T * (magnitude / lengths)
    ### END SOLUTION


# %% grade_id="check.low_rank.dora" points=3
check("low_rank.dora", dora)

# %% [markdown]
# Done? Your functions are `llama_edu/compress/low_rank.py` and `llama_edu/finetune/lora.py`; unfold
# them in the lesson and compare.
#
# Next is [lesson 22](../notebooks/22_quantization.ipynb), on how few bits a weight needs.
# `llama-edu progress` shows how far you are.
