# %% [markdown]
# # Exercise 11 · Attention that spares memory and work
#
# **What you need:** the lesson [notebooks/11_efficient](../notebooks/11_efficient.ipynb).
#
# **What you will be able to do:** write the masks of a window and of chunks, say how far they
# reach, and compute exact attention block by block.
#
# **Time:** about 60 minutes: 11.1 A window 10 · 11.2 Chunks 10 · 11.3 How many layers? 8 ·
# 11.4 Two blocks in one 12 · 11.5 Block by block 15 · 11.6 A rolling cache 5.
#
# Write each function where it says `YOUR CODE HERE`, and run the cell below it. It tells you
# whether the function is right, and if not, which mistake it makes.

# %%
import math

import torch
from torch import Tensor

from llama_edu.course import check

# %% [markdown]
# ### 11.1 A window · difficulty 2/5 · importance 5/5 · 10 min
#
# Write the mask of sliding-window attention, True where a query may see a key. The queries are the
# *last* `n_queries` of the `n_keys` tokens, as when a chunk is read on top of a cache: query 0
# stands at position `n_keys - n_queries`. A token sees the last `size` tokens, itself included.
#
# <details><summary>Hint 1</summary>Make the positions of the queries as a column and those of the
# keys as a row; their difference says how far back each key lies.</details>
# <details><summary>Hint 2</summary>Two conditions: the key is not later than the query, and it lies
# fewer than `size` tokens back.</details>


# %% grade_id="efficient.sliding_window"
def sliding_window(n_queries: int, n_keys: int, size: int) -> Tensor:
    """Which keys each query sees.

    n_queries: T, the last tokens.
    n_keys: S, all tokens, T of them the queries'.
    size: tokens that a token sees, itself included, at least 1.
    returns: bool (T, S).
    """
    ### BEGIN SOLUTION
    queries = torch.arange(n_keys - n_queries, n_keys)[:, None]
    keys = torch.arange(n_keys)
    back = queries - keys
    return (back >= 0) & (back < size)
    ### END SOLUTION


# %% grade_id="check.efficient.sliding_window" points=2
check("efficient.sliding_window", sliding_window)

# %% [markdown]
# ### 11.2 Chunks · difficulty 2/5 · importance 4/5 · 10 min
#
# Now chunks: the tokens 0 to `size` - 1 are the first chunk, the next `size` the second, and so on.
# A query sees itself and what stands before it in its own chunk. Queries are the last tokens, as
# before.
#
# <details><summary>Hint 1</summary>Which chunk does a position belong to? Whole division
# says.</details>
# <details><summary>Hint 2</summary>Two conditions: the same chunk, and not later.</details>


# %% grade_id="efficient.chunked"
def chunked(n_queries: int, n_keys: int, size: int) -> Tensor:
    """Which keys each query sees.

    n_queries: T, the last tokens.
    n_keys: S, all tokens.
    size: tokens of a chunk, at least 1.
    returns: bool (T, S).
    """
    ### BEGIN SOLUTION
    queries = torch.arange(n_keys - n_queries, n_keys)[:, None]
    keys = torch.arange(n_keys)
    is_before = keys <= queries
    is_near = keys // size == queries // size
    return is_before & is_near
    ### END SOLUTION


# %% grade_id="check.efficient.chunked" points=2
check("efficient.chunked", chunked)

# %% [markdown]
# ### 11.3 How many layers? · difficulty 2/5 · importance 3/5 · 8 min
#
# With windows of `size` tokens, how many layers does it take at least until a token's output can
# depend on a token that stands `distance` before it? A layer hands something on by at most
# `size` - 1 tokens.
#
# <details><summary>Hint 1</summary>A distance of 8 and a window of 5: two steps of 4. And a
# distance of 9?</details>
# <details><summary>Hint 2</summary>Divide and round up; a distance of 0 needs no layer at
# all.</details>


# %% grade_id="efficient.layers_to_reach"
def layers_to_reach(distance: int, size: int) -> int:
    """The least number of layers.

    distance: tokens back, 0 for the token itself.
    size: of the window, itself included, at least 2.
    """
    ### BEGIN SOLUTION
    step = size - 1
    return math.ceil(distance / step)
    ### END SOLUTION


# %% grade_id="check.efficient.layers_to_reach" points=1
check("efficient.layers_to_reach", layers_to_reach)

# %% [markdown]
# ### 11.4 Two blocks in one · difficulty 3/5 · importance 5/5 · 12 min
#
# Two blocks of keys were looked at apart. Of each is known, for every query: the largest score m,
# the sum s of exp(score - m), and the sum o of exp(score - m) · value. Put them together: return m,
# s and o of both blocks as one.
#
# <details><summary>Hint 1</summary>Both sums must be measured from the same m, the larger one. By
# what is exp(score - m) multiplied to become exp(score - new)?</details>
# <details><summary>Hint 2</summary>By exp(m - new), a number for each query. `o` has d numbers a
# query: it needs one dimension more, `[:, None]`.</details>


# %% grade_id="efficient.merge"
def merge(m1: Tensor, s1: Tensor, o1: Tensor, m2: Tensor, s2: Tensor, o2: Tensor) -> tuple:
    """The state of two blocks together.

    m1, m2: largest scores, (T,).
    s1, s2: sums of exp(score - m), (T,).
    o1, o2: sums of exp(score - m) * value, (T, d).
    returns: m (T,), s (T,), o (T, d).
    """
    ### BEGIN SOLUTION
    m = torch.maximum(m1, m2)
    shrink1 = (m1 - m).exp()
    shrink2 = (m2 - m).exp()
    s = s1 * shrink1 + s2 * shrink2
    o = o1 * shrink1[:, None] + o2 * shrink2[:, None]
    return m, s, o
    ### END SOLUTION


# %% grade_id="check.efficient.merge" points=3
check("efficient.merge", merge)

# %% [markdown]
# ### 11.5 Block by block · difficulty 4/5 · importance 5/5 · 15 min
#
# Now all of it: attention of T queries over S keys, without a mask, `block_size` keys at a time. No
# more than a block of scores may exist at once, and `softmax` is not allowed: the last block may be
# shorter.
#
# <details><summary>Hint 1</summary>Begin with m = -inf, s = 0, o = 0 for every query. For each
# block: its scores (divided by √d), then the same steps as in 11.4.</details>
# <details><summary>Hint 2</summary>At the end divide o by s, once.</details>


# %% grade_id="efficient.blockwise"
def blockwise(q: Tensor, k: Tensor, v: Tensor, block_size: int) -> Tensor:
    """Attention of every query over all keys.

    q: (T, d).
    k, v: (S, d).
    block_size: keys of a block; the last may have fewer.
    returns: (T, d).
    """
    ### BEGIN SOLUTION
    m = torch.full((len(q),), -math.inf)
    s = torch.zeros(len(q))
    o = torch.zeros(len(q), v.shape[1])
    for start in range(0, len(k), block_size):
        some = slice(start, start + block_size)
        scores = q @ k[some].T / math.sqrt(q.shape[1])
        new = torch.maximum(m, scores.amax(dim=1))
        weights = (scores - new[:, None]).exp()
        shrink = (m - new).exp()
        s = s * shrink + weights.sum(dim=1)
        o = o * shrink[:, None] + weights @ v[some]
        m = new
    return o / s[:, None]
    ### END SOLUTION


# %% grade_id="check.efficient.blockwise" points=4
check("efficient.blockwise", blockwise)

# %% [markdown]
# ### 11.6 A rolling cache · difficulty 2/5 · importance 3/5 · 5 min
#
# A rolling cache has `window` slots; token t, counted from 0, goes to slot t mod `window`, and
# overwrites what is there. After `n_read` tokens, which token lies in each slot? Return a list of
# `window` numbers, None where a slot is still empty.
#
# <details><summary>Hint 1</summary>You may simply do it: an empty list of slots, then put token
# after token where it belongs.</details>
# <details><summary>Hint 2</summary>After 5 tokens a window of 3 holds [3, 4, 2].</details>


# %% grade_id="efficient.slots"
def slots(n_read: int, window: int) -> list:
    """Which token each slot holds.

    n_read: tokens read so far.
    window: slots.
    """
    ### BEGIN SOLUTION
    held = [None] * window
    for token in range(n_read):
        held[token % window] = token
    return held
    ### END SOLUTION


# %% grade_id="check.efficient.slots" points=1
check("efficient.slots", slots)

# %% [markdown]
# Done? 11.4 and 11.5 are the heart of FlashAttention. Unfold `online_attention` in the lesson and
# compare: it has blocks of queries too, and a mask.
#
# Next is [lesson 12](../notebooks/12_experts.ipynb), on models of many experts.
# `llama-edu progress` shows how far you are.
