# %% [markdown]
# # Exercise 05 · Attention, piece by piece
#
# **What you need:** the lesson [notebooks/05_attention](../notebooks/05_attention.ipynb).
#
# **What you will be able to do:** write self-attention from nothing but products, exp and a mask;
# together your functions are the attention of Llama 3, but for positions (lesson 06).
#
# **Time:** about 60 minutes: 5.1 Scores 5 · 5.2 Softmax 10 · 5.3 Mask 10 · 5.4 One head 10 ·
# 5.5 Into heads 5 · 5.6 Grouped queries 12 · 5.7 Four matrices 8.
#
# Write each function where it says `YOUR CODE HERE`, and run the cell below it. It tells you
# whether the function is right, and if not, which mistake it makes. Try as often as you like.
#
# In the docstrings B counts texts, T the tokens that look, S the tokens looked at, H query heads,
# G key and value heads; D is the width of the model and d that of one head.

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
# <details><summary>Hint 1</summary>A matrix product multiplies the last two dimensions and
# leaves the others alone. `k.mT` swaps the last two of k.</details>
# <details><summary>Hint 2</summary>The lesson measured a standard deviation that grows like the
# square root of d. Divide by it.</details>


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
# ### 5.2 A softmax that survives · difficulty 2/5 · importance 5/5 · 10 min
#
# Turn numbers into weights that are positive and sum to 1 along one dimension:
# $e^{x_i} / \sum_j e^{x_j}$. Write it with `exp`, `sum` and a maximum: what has a softmax or its
# logarithm inside (`softmax`, `log_softmax`, `logsumexp`, `cross_entropy`) is refused.
#
# It must survive scores in the thousands. But `torch.tensor(100.).exp()` is already infinite, since
# float32 has no room for it, and infinite / infinite is NaN, *not a number*.
#
# <details><summary>Hint 1</summary>softmax(x) and softmax(x - c) are the same for every constant
# c. Which c keeps exp from overflowing?</details>
# <details><summary>Hint 2</summary>Each line along `dim` needs its own c. `keepdim=True` keeps
# the shapes fitting.</details>


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
# ### 5.3 A mask that knows where it is · difficulty 2/5 · importance 5/5 · 10 min
#
# A token may look at itself and at what came before. While a model writes, it keeps the keys of the
# tokens it has read (its *cache*), and only new tokens ask: there are more keys than queries. The
# queries are the *last* `n_queries` of the `n_keys` tokens. A model that adds one token to many has
# one query, and a mask that hides nothing.
#
# <details><summary>Hint 1</summary>Number all the tokens from 0. Query t is token
# t + n_keys - n_queries.</details>
# <details><summary>Hint 2</summary>Compare a column of query positions with a row of key
# positions; `torch.arange` makes both. Or `tril` with a diagonal.</details>


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
# ### 5.4 One head · difficulty 3/5 · importance 5/5 · 10 min
#
# Scores, mask, softmax, mixture: all of attention for one head. You may use `torch.softmax` now.
# Refused, here and in 5.6 and 5.7, is what does the whole: `scaled_dot_product_attention`,
# `MultiheadAttention`, `multi_head_attention_forward`.
#
# One edge: a query that may look at nothing must give zeros, not NaN. Padding can be such a query:
# tokens without meaning that make the texts of a batch equally long.
#
# <details><summary>Hint 1</summary>Hide before the softmax, not after: which score becomes
# weight 0 under exp, however low the other scores are?</details>
# <details><summary>Hint 2</summary>A row of nothing but -inf comes out of softmax as NaN.
# `nan_to_num(0.0)` on the weights repairs exactly those rows.</details>


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
# ### 5.5 Into heads · difficulty 2/5 · importance 4/5 · 5 min
#
# A token's vector of D numbers is cut into H parts of d = D / H: head 0 gets the first d numbers
# of *every* token, head 1 the next d.
#
# <details><summary>Hint 1</summary>Cut the last dimension in two, `unflatten` or `view` to
# (B, T, H, d). Nothing has moved in memory so far.</details>
# <details><summary>Hint 2</summary>Now swap T and H with `transpose(1, 2)`.</details>


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
# ### 5.6 Grouped queries · difficulty 4/5 · importance 4/5 · 12 min
#
# Llama 3 has more query heads than key and value heads: H / G neighbouring query heads share one.
# Attend causally in every head, then set the outputs of a token's heads side by side again. Every
# query sees at least itself, so no NaN can arise. Refused, as in 5.4, are
# `scaled_dot_product_attention`, `MultiheadAttention` and `multi_head_attention_forward`.
#
# <details><summary>Hint 1</summary>Make k and v as many as q: heads 0 0 0 1 1 1 for H = 6,
# G = 2, along dim 1. Then everything is as in 5.4, with two dimensions in front.</details>
# <details><summary>Hint 2</summary>Merging undoes 5.5: first swap back to (B, T, H, d), then
# flatten the last two.</details>


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
# ### 5.7 The four matrices · difficulty 2/5 · importance 5/5 · 8 min
#
# So far q, k and v were given. Now make them from the tokens' vectors x: three products, cut into
# heads; then your attention; then the product that mixes the heads. The weights come as `nn.Linear`
# keeps them, (out, in). Your functions from above may be called; they must be right first.
#
# <details><summary>Hint 1</summary>`x @ q_proj.T` is (B, T, H * d): what `split_heads` takes. Into
# how many heads must the keys and values be cut?</details>
# <details><summary>Hint 2</summary>`grouped_attention` gives (B, T, H * d), all heads of a token
# side by side: ready for `o_proj`.</details>


# %% grade_id="attention.self_attention"
def self_attention(
    x: Tensor,
    q_proj: Tensor,
    k_proj: Tensor,
    v_proj: Tensor,
    o_proj: Tensor,
    n_heads: int,
    n_kv_heads: int,
) -> Tensor:
    """Causal self-attention with H = n_heads query heads on G = n_kv_heads key and value heads.

    x (B, T, D), q_proj (H * d, D), k_proj and v_proj (G * d, D), o_proj (D, H * d) -> (B, T, D).
    """
    ### BEGIN SOLUTION
    q = split_heads(x @ q_proj.T, n_heads)
    k = split_heads(x @ k_proj.T, n_kv_heads)
    v = split_heads(x @ v_proj.T, n_kv_heads)
    return grouped_attention(q, k, v) @ o_proj.T
    ### END SOLUTION


# %% grade_id="check.attention.self_attention" points=3
check("attention.self_attention", self_attention)

# %% [markdown]
# Done? Put together, your functions are the attention of Llama 3, but for positions: lesson 06
# turns q and k by where their tokens stand. Now unfold the package's own, near the end of
# the section *Many heads* of the lesson, and compare. It leaves the NaN of 5.4, since the
# package's masks let every query see itself.
#
# Next is [lesson 06](../notebooks/06_positions.ipynb), on positions. `llama-edu progress` shows
# how far you are.
