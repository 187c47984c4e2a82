# %% [markdown]
# # Exercise 05 · Attention, piece by piece
#
# Six small functions. Put together, they are the attention of Llama 3.
#
# Write down a guess, then the function where it says `YOUR CODE HERE`, and run the cell below it:
# it tells you whether the function is right, and if not, which mistake it makes. Try as often as
# you like.
#
# The lesson is [notebooks/05_attention](../notebooks/05_attention.ipynb).

# %%
import math

import torch
from torch import Tensor

from llama_edu.course import check

# %% [markdown]
# ### 5.1 Scores · difficulty 1/5 · importance 5/5 · 5 min
#
# How well does each query fit each key? One number for every pair: their dot product, scaled so
# that its spread is about 1 however wide the heads are.
#
# In the docstrings B counts texts, H heads, T queries, S keys; d is the width of a head.
#
# **Predict first.** Queries and keys of 100 independent numbers, of mean 0 and variance 1: which
# spread (standard deviation) has q·k, and which has q·k / 100?
#
# <details><summary>Hint 1</summary>A matrix product multiplies the last two dimensions and
# leaves the others alone. `k.mT` swaps the last two of k.</details>
# <details><summary>Hint 2</summary>The lesson measured a standard deviation that grows like the
# square root of d. Divide by it.</details>

# %%
guess = None  # two numbers


# %% grade_id="attention.scores"
def scores(q: Tensor, k: Tensor) -> Tensor:
    """How well every query fits every key.

    q (B, H, T, d), k (B, H, S, d) -> (B, H, T, S): q·k divided by the square root of d.
    """
    ### BEGIN SOLUTION
    return q @ k.mT / math.sqrt(q.shape[-1])
    ### END SOLUTION


# %% grade_id="check.attention.scores" points=1
check("attention.scores", scores)

# %% [markdown]
# <details><summary>Was your guess right?</summary>10 and 0.1: dividing by d is too much. All the
# weights would be nearly the same, and no query could tell one key from another.</details>

# %% [markdown]
# ### 5.2 A softmax that survives · difficulty 2/5 · importance 5/5 · 10 min
#
# Turn numbers into weights that are positive and sum to 1 along one dimension:
# exp(x) / sum of exp(x). Write it with `exp`, `sum` and a maximum: not with `torch.softmax`.
#
# It must survive scores in the thousands. **Predict first.** What is `torch.tensor(1000.).exp()`?
#
# <details><summary>Hint 1</summary>softmax(x) and softmax(x - c) are the same for every constant
# c. Which c keeps exp from overflowing?</details>
# <details><summary>Hint 2</summary>Each line along `dim` needs its own c. `keepdim=True` keeps
# the shapes fitting.</details>

# %%
guess = None  # a number


# %% grade_id="attention.softmax"
def softmax(x: Tensor, dim: int) -> Tensor:
    """Weights along `dim`, positive and summing to 1, for x of any shape and size of number.

    A number that is -inf gets weight 0; no line is all -inf.
    """
    ### BEGIN SOLUTION
    e = (x - x.amax(dim, keepdim=True)).exp()
    return e / e.sum(dim, keepdim=True)
    ### END SOLUTION


# %% grade_id="check.attention.softmax" points=2
check("attention.softmax", softmax)

# %% [markdown]
# <details><summary>Was your guess right?</summary>inf: float32 ends near
# 3.4e38, and already exp(89) is beyond it. inf / inf is NaN.</details>

# %% [markdown]
# ### 5.3 A mask that knows where it is · difficulty 2/5 · importance 5/5 · 10 min
#
# Here words are called *tokens*: the pieces that a model reads, mostly words and parts of words. A
# token may look at itself and at what came before. While a model writes, it keeps the keys of the
# tokens it has read (its *cache*), and only new tokens ask: there are more keys than queries. The
# queries are the *last* `n_queries` of the `n_keys` tokens.
#
# **Predict first.** A model has read 99 tokens and adds one: 1 query, 100 keys. How many of the 100
# entries of the mask are False? And how many with 100 queries and 100 keys?
#
# <details><summary>Hint 1</summary>Number all the tokens from 0. Query t is token
# t + n_keys - n_queries.</details>
# <details><summary>Hint 2</summary>Compare a column of query positions with a row of key
# positions; `torch.arange` makes both. Or `tril` with a diagonal.</details>

# %%
guess = None  # two numbers


# %% grade_id="attention.causal_mask"
def causal_mask(n_queries: int, n_keys: int) -> Tensor:
    """Boolean (n_queries, n_keys), True where a query may look.

    causal_mask(2, 4) -> [[True, True, True, False], [True, True, True, True]]
    """
    ### BEGIN SOLUTION
    positions = torch.arange(n_keys - n_queries, n_keys)
    return torch.arange(n_keys) <= positions[:, None]
    ### END SOLUTION


# %% grade_id="check.attention.causal_mask" points=2
check("attention.causal_mask", causal_mask)

# %% [markdown]
# <details><summary>Was your guess right?</summary>None, and 4950. The newest token may see all
# there is: one that writes token by token needs no mask. With 100 queries the first misses 99 keys,
# the second 98, and so on: 99 · 100 / 2.</details>

# %% [markdown]
# ### 5.4 One head · difficulty 3/5 · importance 5/5 · 15 min
#
# Scores, mask, softmax, mixture: all of attention for one head. You may use `torch.softmax` now.
#
# One edge: a query that may look at nothing must give zeros, not NaN. Padding can be such a query:
# tokens without meaning that make the texts of a batch equally long.
#
# **Predict first.** Of two keys one is hidden: somebody set its score to -10000. The other, which
# may be seen, happens to have the score -20000. Which of the two gets the weight?
#
# <details><summary>Hint 1</summary>Hide before the softmax, not after: which score becomes
# weight 0 under exp, however low the other scores are?</details>
# <details><summary>Hint 2</summary>A row of nothing but -inf comes out of softmax as NaN.
# `nan_to_num(0.0)` on the weights repairs exactly those rows.</details>

# %%
guess = None  # "hidden" or "seen"


# %% grade_id="attention.attend"
def attend(q: Tensor, k: Tensor, v: Tensor, mask: Tensor) -> Tensor:
    """What each query takes away: the values, mixed by its weights.

    q (T, d), k (S, d), v (S, d_value), mask (T, S) True where it may look -> (T, d_value).
    A query that may look nowhere gets zeros.
    """
    ### BEGIN SOLUTION
    fit = q @ k.mT / math.sqrt(q.shape[-1])
    weights = fit.masked_fill(~mask, -math.inf).softmax(-1)
    return weights.nan_to_num(0.0) @ v
    ### END SOLUTION


# %% grade_id="check.attention.attend" points=3
check("attention.attend", attend)

# %% [markdown]
# <details><summary>Was your guess right?</summary>The hidden one, all of
# it: -10000 is the larger score. Only -inf is below everything.</details>

# %% [markdown]
# ### 5.5 Into heads · difficulty 2/5 · importance 4/5 · 10 min
#
# A token's vector of D numbers is cut into H parts of d = D / H: head 0 gets the first d numbers
# of *every* token, head 1 the next d.
#
# **Predict first.** x is (2, 5, 24) and there are 6 heads. `x.view(2, 6, 5, 4)` has the right
# shape. Is it right?
#
# <details><summary>Hint 1</summary>Cut the last dimension in two, `unflatten` or `view` to
# (B, T, H, d). Nothing has moved in memory so far.</details>
# <details><summary>Hint 2</summary>Now swap T and H with `transpose(1, 2)`.</details>

# %%
guess = None  # True or False


# %% grade_id="attention.split_heads"
def split_heads(x: Tensor, n_heads: int) -> Tensor:
    """x (B, T, D) -> (B, H, T, d) with H = n_heads and d = D / H."""
    ### BEGIN SOLUTION
    n_texts, n_tokens, _ = x.shape
    return x.view(n_texts, n_tokens, n_heads, -1).transpose(1, 2)
    ### END SOLUTION


# %% grade_id="check.attention.split_heads" points=2
check("attention.split_heads", split_heads)

# %% [markdown]
# <details><summary>Was your guess right?</summary>No: head 0 gets the
# first 20 numbers of a text, nearly all of its first token and nothing of the others.</details>

# %% [markdown]
# ### 5.6 Grouped queries · difficulty 4/5 · importance 4/5 · 20 min
#
# Llama 3 has more query heads than key and value heads: H / G neighbouring query heads share one.
# Attend causally in every head, then set the outputs of a token's heads side by side again.
#
# **Predict first.** Suppose you set k and v in the wrong order, 0 1 0 1 instead of 0 0 1 1, for 4
# heads and 2 groups. How many of the 4 heads still give the right output?
#
# <details><summary>Hint 1</summary>Make k and v as many as q: heads 0 0 0 1 1 1 for H = 6,
# G = 2. Then everything is as in 5.4, with two dimensions in front.</details>
# <details><summary>Hint 2</summary>Merging undoes 5.5: first swap back to (B, T, H, d), then
# flatten the last two.</details>

# %%
guess = None  # how many of the four


# %% grade_id="attention.grouped_attention"
def grouped_attention(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """Causal attention with H query heads on G key and value heads, merged.

    q (B, H, T, d), k and v (B, G, S, d), H a multiple of G; the T queries are the last of the S
    tokens. Query head h uses key and value head h // (H / G). Returns (B, T, H * d).
    """
    ### BEGIN SOLUTION
    group_size = q.shape[1] // k.shape[1]
    k = k.repeat_interleave(group_size, dim=1)
    v = v.repeat_interleave(group_size, dim=1)
    n_queries, n_keys = q.shape[2], k.shape[2]
    mask = torch.ones(n_queries, n_keys).tril(n_keys - n_queries).bool()
    fit = q @ k.mT / math.sqrt(q.shape[-1])
    weights = fit.masked_fill(~mask, -math.inf).softmax(-1)
    return (weights @ v).transpose(1, 2).flatten(2)
    ### END SOLUTION


# %% grade_id="check.attention.grouped_attention" points=4
check("attention.grouped_attention", grouped_attention)

# %% [markdown]
# <details><summary>Was your guess right?</summary>Two, the first and the last: a mistake that half
# hides. With one group, or as many as heads, it hides altogether: `repeat` and
# `repeat_interleave` then give the same.</details>

# %% [markdown]
# Done? Now unfold the package's own attention, near the end of the lesson, and compare. It differs
# in one thing: it leaves the NaN of a query that sees nothing, because the package's masks let
# every query see itself. The positions, which `llama_edu.model.attention` adds, come in lesson 06.
#
# `llama-edu progress` shows how far you are.
