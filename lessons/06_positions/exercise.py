# %% [markdown]
# # Exercise 06 · Positions, pair by pair
#
# **What you need:** the lesson [notebooks/06_positions](../notebooks/06_positions.ipynb).
#
# **What you will be able to do:** write sinusoids, RoPE in both layouts, the step from one layout
# to the other, and the three bands of Llama 3.1.
#
# **Time:** about 55 minutes: 6.1 Frequencies 5 · 6.2 Sinusoids 8 · 6.3 Rotate 14 ·
# 6.4 Half-split 8 · 6.5 Rows 10 · 6.6 Three bands 10
#
# Write each function where it says `YOUR CODE HERE`, and run the cell below it. It tells you
# whether the function is right, and if not, which mistake it makes. Try as often as you like.
#
# In the docstrings B counts texts, T tokens, D is the width of the model and d that of one head.

# %%
import math

import torch
from torch import Tensor

from llama_edu.course import check

# %% [markdown]
# ### 6.1 A frequency for each pair · difficulty 1/5 · importance 5/5 · 5 min
#
# A head of d numbers has d / 2 pairs. Pair $i$ turns by $w_i = \theta^{-2i/d}$ radians a token:
# the first by 1, each further one more slowly.
#
# <details><summary>Hint 1</summary>`torch.arange(0, d_head, 2)` holds the numbers 2i.</details>
# <details><summary>Hint 2</summary>A number to the power of a tensor is a tensor:
# `theta ** exponents`. Mind the sign of the exponents.</details>


# %% grade_id="positions.inverse_frequencies"
def inverse_frequencies(d_head: int, theta: float) -> Tensor:
    """Radians a token of each pair: d_head even -> (d_head / 2,), theta^(-2i / d_head) for pair i.

    inverse_frequencies(4, 100.0) -> [1.0, 0.1]
    """
    ### BEGIN SOLUTION
    return theta ** (-torch.arange(0, d_head, 2) / d_head)
    ### END SOLUTION


# %% grade_id="check.positions.inverse_frequencies" points=1
check("positions.inverse_frequencies", inverse_frequencies)

# %% [markdown]
# ### 6.2 Sinusoids · difficulty 2/5 · importance 3/5 · 8 min
#
# A vector for each place, as in the Transformer of 2017: sines and cosines of the same angles, in
# turns,
#
# $$p_{t, 2i} = \sin(t\, w_i) \qquad p_{t, 2i+1} = \cos(t\, w_i)$$
#
# with $w_i = 10000^{-2i/D}$. Your function of 6.1 may be called; it must be right first.
#
# <details><summary>Hint 1</summary>A column of places times a row of frequencies is a table of
# angles (places, D / 2): `places[:, None] * frequencies`.</details>
# <details><summary>Hint 2</summary>Either make an empty table and fill `table[:, 0::2]` and
# `table[:, 1::2]`, or `torch.stack` sine and cosine along a new last dimension and flatten
# it.</details>


# %% grade_id="positions.sinusoids"
def sinusoids(n_positions: int, d_model: int) -> Tensor:
    """A vector for each of the places 0 to n_positions - 1: (n_positions, d_model), d_model even.

    sinusoids(2, 2) -> [[0, 1], [sin(1), cos(1)]]
    """
    ### BEGIN SOLUTION
    frequencies = inverse_frequencies(d_model, 10_000.0)
    angles = torch.arange(n_positions)[:, None] * frequencies
    return torch.stack((angles.sin(), angles.cos()), dim=-1).flatten(1)
    ### END SOLUTION


# %% grade_id="check.positions.sinusoids" points=2
check("positions.sinusoids", sinusoids)

# %% [markdown]
# ### 6.3 Rotate neighbours · difficulty 3/5 · importance 5/5 · 14 min
#
# RoPE for all heads at once, in the interleaved layout: numbers 2i and 2i + 1 of a head are pair i.
# At place $t$ pair $i$ turns by the angle $\varphi = t\, w_i$:
#
# $$(a, b) \to (a \cos\varphi - b \sin\varphi,\; a \sin\varphi + b \cos\varphi)$$
#
# By hand: at place 1, with $w = \pi / 2$ (a quarter turn a token), the pair (1, 2) becomes (-2, 1).
#
# The places are given, since a text need not begin at 0: while a model writes, one new token comes
# at a time, at place 7, say.
#
# <details><summary>Hint 1</summary>The angles are (T, d / 2), the numbers a are
# (B, T, heads, d / 2). Give the cosines a dimension for the heads: `cos[:, None]` is
# (T, 1, d / 2).</details>
# <details><summary>Hint 2</summary>`a, b = x[..., 0::2], x[..., 1::2]`. Turn both from the *old*
# a and b; then stack the two along a new last dimension and flatten the last two.</details>


# %% grade_id="positions.rotate"
def rotate(x: Tensor, positions: Tensor, frequencies: Tensor) -> Tensor:
    """Turn each pair of neighbours of every head to its place.

    x (B, T, heads, d), positions (T,) whole numbers, frequencies (d / 2,) in radians a token
    -> (B, T, heads, d), pairs interleaved as in x.
    """
    ### BEGIN SOLUTION
    angles = positions[:, None] * frequencies
    cos, sin = angles.cos()[:, None], angles.sin()[:, None]
    a, b = x[..., 0::2], x[..., 1::2]
    return torch.stack((a * cos - b * sin, a * sin + b * cos), dim=-1).flatten(-2)
    ### END SOLUTION


# %% grade_id="check.positions.rotate" points=4
check("positions.rotate", rotate)

# %% [markdown]
# ### 6.4 Rotate halves · difficulty 2/5 · importance 4/5 · 8 min
#
# The same turn in Hugging Face's layout: number i and number i + d / 2 of a head are pair i. The
# result is in that layout too.
#
# By hand: a head (1, 2, 3, 4) has the pairs (1, 3) and (2, 4). If the first makes a quarter turn
# and the second none, the head becomes (-3, 2, 1, 4).
#
# <details><summary>Hint 1</summary>Only two things differ from 6.3: how x is cut into a and b, and
# how the result is put together.</details>
# <details><summary>Hint 2</summary>`x.chunk(2, dim=-1)` gives both halves; `torch.cat` puts two
# behind each other.</details>


# %% grade_id="positions.rotate_half_split"
def rotate_half_split(x: Tensor, positions: Tensor, frequencies: Tensor) -> Tensor:
    """Turn each pair (number i, number i + d / 2) of every head to its place.

    x (B, T, heads, d), positions (T,) whole numbers, frequencies (d / 2,) in radians a token
    -> (B, T, heads, d), half-split as x is.
    """
    ### BEGIN SOLUTION
    angles = positions[:, None] * frequencies
    cos, sin = angles.cos()[:, None], angles.sin()[:, None]
    a, b = x.chunk(2, dim=-1)
    return torch.cat((a * cos - b * sin, a * sin + b * cos), dim=-1)
    ### END SOLUTION


# %% grade_id="check.positions.rotate_half_split" points=2
check("positions.rotate_half_split", rotate_half_split)

# %% [markdown]
# ### 6.5 From one layout to the other · difficulty 3/5 · importance 5/5 · 10 min
#
# A file of Hugging Face has the rows of $W_q$ (and of $W_k$) half-split; your `rotate` wants them
# interleaved. In each head, rows i and i + d / 2 become rows 2i and 2i + 1. Heads keep their order:
# of 2 heads with 4 rows each, rows 0 1 2 3 4 5 6 7, come rows 0 2 1 3 4 6 5 7.
#
# <details><summary>Hint 1</summary>Look at the rows of one head as a table of 2 lines, the first
# half above the second. Which way of reading this table gives the new order?</details>
# <details><summary>Hint 2</summary>`weight.view(n_heads, 2, -1, D)`, swap dimensions 1 and 2, and
# `reshape` back.</details>


# %% grade_id="positions.interleave_rows"
def interleave_rows(weight: Tensor, n_heads: int) -> Tensor:
    """weight (n_heads * d, D), its rows half-split in each head -> the same shape, interleaved."""
    ### BEGIN SOLUTION
    halves = weight.view(n_heads, 2, -1, weight.shape[1])
    return halves.transpose(1, 2).reshape(weight.shape)
    ### END SOLUTION


# %% grade_id="check.positions.interleave_rows" points=3
check("positions.interleave_rows", interleave_rows)

# %% [markdown]
# ### 6.6 Three bands · difficulty 4/5 · importance 4/5 · 10 min
#
# Llama 3.1 reaches texts longer than the `old_context` that it was trained on first: it slows the
# slow pairs by `factor` and keeps the fast ones. Count how often a pair turns within the old
# context, $n = \text{old context} \cdot w / 2\pi$:
#
# - fewer than `low` turns: $w / \text{factor}$
# - more than `high` turns: $w$
# - between: with $s = (n - \text{low}) / (\text{high} - \text{low})$, the share $s$ of the way from
#   $w / \text{factor}$ to $w$.
#
# <details><summary>Hint 1</summary>s is below 0 in the first band and above 1 in the second. What
# does `s.clamp(0, 1)` make of the three rules?</details>
# <details><summary>Hint 2</summary>A share s of the way from x to y is (1 - s) * x + s *
# y.</details>


# %% grade_id="positions.scale_frequencies"
def scale_frequencies(
    frequencies: Tensor, factor: float, low: float, high: float, old_context: int
) -> Tensor:
    """frequencies (pairs,) in radians a token -> (pairs,), stretched as in Llama 3.1.

    low < high: turns within old_context tokens below which a pair is slowed by the whole factor,
    and above which it is kept.
    """
    ### BEGIN SOLUTION
    turns = old_context * frequencies / (2 * math.pi)
    share = ((turns - low) / (high - low)).clamp(0, 1)
    return (1 - share) * frequencies / factor + share * frequencies
    ### END SOLUTION


# %% grade_id="check.positions.scale_frequencies" points=3
check("positions.scale_frequencies", scale_frequencies)

# %% [markdown]
# Done? Together with lesson 05 you have all of LLaMA's attention. Now unfold the package's own
# functions near the end of the lesson, and compare: it takes cosines and sines ready made, since
# they are the same in all layers.
#
# Next is [lesson 07](../notebooks/07_norms_ffn.ipynb), on norms and the feed-forward layer.
# `llama-edu progress` shows how far you are.
