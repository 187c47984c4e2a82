# %% [markdown]
# # Exercise 10 · Generation: choose, remember, batch, guess
#
# **What you need:** the lesson [notebooks/10_generation](../notebooks/10_generation.ipynb).
#
# **What you will be able to do:** write every piece of a decoding loop: the rules of sampling, a
# step of attention on a cache, a padded batch, and the check of a proposal.
#
# **Time:** about 60 minutes: 10.1 Top-k 8 · 10.2 Top-p 13 · 10.3 Draw 10 · 10.4 One step on a
# cache 12 · 10.5 A padded batch 11 · 10.6 Check a proposal 6.
#
# Write each function where it says `YOUR CODE HERE`, and run the cell below it. It tells you
# whether the function is right, and if not, which mistake it makes. Try as often as you like.
#
# In the docstrings B counts texts, T new tokens, S tokens in the cache, H heads, d the width of a
# head, V the tokens of the vocabulary.

# %%
import math

import torch
from torch import Tensor

from llama_edu.course import check

# %% [markdown]
# ### 10.1 Top-k · difficulty 2/5 · importance 4/5 · 8 min
#
# Keep the k highest logits of each text, and set the others to $-\infty$: softmax then gives them
# probability 0. Two edges: a logit *equal* to the k-th highest stays as well, since nothing speaks
# for the one and against the other; and k may be larger than the vocabulary.
#
# <details><summary>Hint 1</summary>`logits.topk(k)` gives the k highest of each row, in falling
# order, as `.values`. Which of them is the lowest that stays?</details>
# <details><summary>Hint 2</summary>Keep that lowest one as a column, (B, 1), so that each row is
# compared with its own. `masked_fill(condition, value)` fills where the condition is True.
# `min(k, V)` takes care of a large k.</details>


# %% grade_id="generation.top_k"
def top_k(logits: Tensor, k: int) -> Tensor:
    """logits (B, V) -> (B, V): the k highest of each row as they were, and what equals the
    lowest of them; all others -inf. k >= 1, and may be above V."""
    ### BEGIN SOLUTION
    kth = logits.topk(min(k, logits.shape[-1])).values[:, -1:]
    return logits.masked_fill(logits < kth, -math.inf)
    ### END SOLUTION


# %% grade_id="check.generation.top_k" points=2
check("generation.top_k", top_k)

# %% [markdown]
# ### 10.2 Top-p · difficulty 4/5 · importance 5/5 · 13 min
#
# Keep the likeliest tokens, as few as reach the probability p together. The token that crosses p
# stays: so one is left even where the model is sure of a single token. The result stands in the
# *old* order, and only what is removed has changed.
#
# With probabilities 0.6, 0.3, 0.1: p = 0.5 keeps one, p = 0.7 keeps two, p = 0.95 keeps all.
#
# <details><summary>Hint 1</summary>`ordered, order = logits.sort(descending=True)` gives the
# logits in falling order, and which token each is. A token goes if those *before* it reach p
# already. `cumsum(-1)` adds up along a row; take away the token's own share.</details>
# <details><summary>Hint 2</summary>Now you know for each *rank* whether it goes. Back to tokens:
# `order.argsort(-1)` gives each token's rank, and `by_rank.gather(-1, ranks)` looks it
# up.</details>


# %% grade_id="generation.top_p"
def top_p(logits: Tensor, p: float) -> Tensor:
    """logits (B, V) -> (B, V): the fewest likeliest tokens of each row whose probabilities reach p
    together keep their logits, all others get -inf. 0 < p <= 1."""
    ### BEGIN SOLUTION
    ordered, order = logits.sort(descending=True)
    share = ordered.softmax(-1)
    before = share.cumsum(-1) - share
    is_dropped = (before >= p).gather(-1, order.argsort(-1))
    return logits.masked_fill(is_dropped, -math.inf)
    ### END SOLUTION


# %% grade_id="check.generation.top_p" points=4
check("generation.top_p", top_p)

# %% [markdown]
# ### 10.3 Draw · difficulty 3/5 · importance 5/5 · 10 min
#
# Chance comes in here as a number u, so that the result can be checked. Lay the probabilities side
# by side in the order of their ids: together they are 1 long. The token on whose stretch u falls is
# drawn: *the first at which the sum of probabilities exceeds u*. Temperature 0 means greedy,
# whatever u is.
#
# With probabilities 0.2, 0.5, 0.3: u = 0.1 draws token 0, u = 0.2 and u = 0.69 draw token 1.
#
# <details><summary>Hint 1</summary>Divide the logits by the temperature *before* the softmax; but
# first deal with 0, by which nobody can divide. `cumsum` gives the ends of the stretches.</details>
# <details><summary>Hint 2</summary>How many ends lie at u or below? So many tokens come before the
# one that is drawn. `.item()` makes a Python number of a tensor.</details>


# %% grade_id="generation.draw"
def draw(logits: Tensor, temperature: float, u: float) -> int:
    """logits (V,), temperature >= 0, u in [0, 1) -> the id of the token drawn.

    A token with the logit -inf has probability 0 and is never drawn, not even by u = 0.
    """
    ### BEGIN SOLUTION
    if temperature == 0:
        return logits.argmax().item()
    ends = (logits / temperature).softmax(-1).cumsum(-1)
    return (ends <= u).sum().item()
    ### END SOLUTION


# %% grade_id="check.generation.draw" points=3
check("generation.draw", draw)

# %% [markdown]
# ### 10.4 One step on a cache · difficulty 3/5 · importance 5/5 · 12 min
#
# T new tokens come to the S tokens whose keys and values are in the cache. Put theirs behind the
# old ones, and let the new tokens attend: to all the old ones, to themselves, and to those of the
# new ones that come before. In prefill the cache is empty, S = 0; in decoding T = 1; and a prompt
# may be read in pieces.
#
# `scaled_dot_product_attention` is refused. Every query sees at least itself.
#
# <details><summary>Hint 1</summary>`torch.cat([old, new], dim=...)` sets two tensors one behind the
# other: along which dimension do tokens stand?</details>
# <details><summary>Hint 2</summary>The scores are (H, T, S + T), and new token t is token S + t of
# all. `torch.ones(T, S + T).tril(S)` is 1 where a new token may look; make it boolean.</details>


# %% grade_id="generation.attend_step"
def attend_step(
    q: Tensor, k: Tensor, v: Tensor, keys: Tensor, values: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Attention of new tokens, and the cache that it leaves.

    q, k, v (H, T, d) of the new tokens, keys and values (H, S, d) of those before, S >= 0.
    Returns the output (H, T, d), then all keys and all values, (H, S + T, d).
    """
    ### BEGIN SOLUTION
    all_k, all_v = torch.cat([keys, k], dim=1), torch.cat([values, v], dim=1)
    n_new, n_all = q.shape[1], all_k.shape[1]
    mask = torch.ones(n_new, n_all).tril(n_all - n_new).bool()
    fit = q @ all_k.mT / math.sqrt(q.shape[-1])
    weights = fit.masked_fill(~mask, -math.inf).softmax(-1)
    return weights @ all_v, all_k, all_v
    ### END SOLUTION


# %% grade_id="check.generation.attend_step" points=4
check("generation.attend_step", attend_step)

# %% [markdown]
# ### 10.5 A padded batch · difficulty 4/5 · importance 4/5 · 11 min
#
# Prompts of different lengths become one batch, with padding on the *left*. Besides the tokens a
# model needs two things: the position of each token in its own text, from 0 (a padding token gets
# 0), and who may look at whom. A token looks at itself and back, but never at padding; only a
# padding token looks at itself, so that no row is empty.
#
# For prompts [7, 8, 9] and [5], with padding 0: tokens [[7, 8, 9], [0, 0, 5]], positions
# [[0, 1, 2], [0, 0, 0]]; the last row of the second mask is [False, False, True].
#
# <details><summary>Hint 1</summary>Count the padding of each prompt first: n, as a column (B, 1).
# With `places = torch.arange(longest)`, the positions are places - n, never below 0
# (`clamp(min=0)`), and a place holds text where places >= n.</details>
# <details><summary>Hint 2</summary>The mask is three truths: causal (`tril`) *and* the key is text,
# *or* a token and itself (`torch.eye`). The truth about keys has the shape (B, T) and must become
# (B, 1, T): the same for every query.</details>


# %% grade_id="generation.pad_left"
def pad_left(prompts: list[list[int]], padding: int) -> tuple[Tensor, Tensor, Tensor]:
    """B prompts, the longest of T ids -> tokens (B, T), positions (B, T), mask (B, T, T).

    The mask is boolean, True where the token of the row may look at that of the column. A prompt
    may hold the padding's id as a token of its own.
    """
    ### BEGIN SOLUTION
    longest = max(len(prompt) for prompt in prompts)
    n = torch.tensor([[longest - len(prompt)] for prompt in prompts])
    tokens = [[padding] * (longest - len(prompt)) + prompt for prompt in prompts]
    places = torch.arange(longest)
    positions = (places - n).clamp(min=0)
    is_text = (places >= n)[:, None, :]
    causal = torch.ones(longest, longest).tril().bool()
    mask = causal & is_text | torch.eye(longest).bool()
    return torch.tensor(tokens), positions, mask
    ### END SOLUTION


# %% grade_id="check.generation.pad_left" points=4
check("generation.pad_left", pad_left)

# %% [markdown]
# ### 10.6 Check a proposal · difficulty 2/5 · importance 3/5 · 6 min
#
# A draft proposed some tokens, and the large model has read them in one pass. Row i of its logits
# says what it would write *after the first i* of them: row 0 judges the first proposed token, and
# the last row comes after all of them. Take the proposed tokens up to the first that the large
# model would not have written; in its place take the large model's own. Where all are right, the
# last row gives one token more.
#
# Proposed 4, 7, 9; the large model's choices 4, 7, 2, 5: the text goes on with 4, 7, 2.
#
# <details><summary>Hint 1</summary>`logits.argmax(-1).tolist()` is what the large model would
# write in each place. Count from the front how many proposed tokens agree, and stop at the first
# that does not.</details>
# <details><summary>Hint 2</summary>Where they agree it does not matter from which list you take:
# the result is the beginning of the large model's choices. How long is it?</details>


# %% grade_id="generation.accept"
def accept(proposal: list[int], logits: Tensor) -> list[int]:
    """K proposed ids, logits (K + 1, V) of the large model -> 1 to K + 1 ids to go on with."""
    ### BEGIN SOLUTION
    best = logits.argmax(-1).tolist()
    n_right = 0
    while n_right < len(proposal) and proposal[n_right] == best[n_right]:
        n_right += 1
    return best[: n_right + 1]
    ### END SOLUTION


# %% grade_id="check.generation.accept" points=2
check("generation.accept", accept)

# %% [markdown]
# Done? Put together, your functions are `llama_edu/generate` and its cache, but for the tokenizer
# at both ends. Go back to the lesson, unfold `keep_top_p`, and compare.
#
# `llama-edu progress` shows how far you are.
#
# Next: [lesson 11, efficient attention](../notebooks/11_efficient.ipynb): what attention costs in a
# long text, and how to pay less.
