# %% [markdown]
# # Exercise 12 · A mixture of experts
#
# **What you need:** the lesson [notebooks/12_experts](../notebooks/12_experts.ipynb).
#
# **What you will be able to do:** write Llama 4's mixture of experts from matrix products alone,
# the loss that keeps its experts busy, and the count of what is active and what is not.
#
# **Time:** about 55 minutes: 12.1 Gates 10 · 12.2 The mixture 15 · 12.3 The balance loss 12 ·
# 12.4 Who finds room? 12 · 12.5 Active and total 6.
#
# Write each function where it says `YOUR CODE HERE`, and run the cell below it. It tells you
# whether the function is right, and if not, which mistake it makes.
#
# In the docstrings N counts tokens, E experts; D is the width of a token and F that of an expert.

# %%
import math

import torch
from torch import Tensor
from torch.nn import functional as F

from llama_edu.course import check

# %% [markdown]
# ### 12.1 Gates · difficulty 2/5 · importance 5/5 · 10 min
#
# A token visits the `n_active` experts with its highest scores. The gate of an expert that it
# visits is the sigmoid of its score, as in Llama 4; the gate of any other expert is 0.
#
# <details><summary>Hint 1</summary>`scores.topk(n, dim=-1).indices` says which experts are the best
# of each token.</details>
# <details><summary>Hint 2</summary>`torch.zeros_like(scores).scatter(-1, indices, 1.0)` is 1 at
# those places and 0 elsewhere. Is the sigmoid of 0 equal to 0?</details>


# %% grade_id="experts.gates"
def gates(scores: Tensor, n_active: int) -> Tensor:
    """What each expert is worth to each token, 0 where it is not visited.

    scores (N, E), 1 <= n_active <= E -> (N, E): the sigmoid of the n_active highest scores of each
    row, and 0 elsewhere. No two scores of a row are equal.
    """
    ### BEGIN SOLUTION
    best = scores.topk(n_active, dim=-1).indices
    is_visited = torch.zeros_like(scores).scatter(-1, best, 1.0)
    return scores.sigmoid() * is_visited
    ### END SOLUTION


# %% grade_id="check.experts.gates" points=2
check("experts.gates", gates)

# %% [markdown]
# ### 12.2 The mixture · difficulty 4/5 · importance 5/5 · 15 min
#
# Each expert is LLaMA's feed-forward layer, SwiGLU, with weights of its own:
#
# $$\operatorname{expert}_e(x) =
# W^{down}_e\left(\operatorname{silu}(W^{gate}_e x) \odot W^{up}_e x\right)$$
#
# A token's result is the sum over the experts that it visits of $\operatorname{expert}_e(g_e x)$:
# as in Llama 4, the gate scales what goes *into* the expert. Mind the two meanings of the word:
# `gates` come from the router, `gate_proj` belongs to SwiGLU.
#
# <details><summary>Hint 1</summary>Loop over the experts. For expert e, find the rows of x whose
# gate for e is not 0, and send them through its three matrices at once.</details>
# <details><summary>Hint 2</summary>A gate for each row must meet a row of D numbers:
# `gates[rows, e, None]`. The matrices are kept as (out, in), so `x @ weight.T`; and a token that
# visits two experts needs both results, added.</details>


# %% grade_id="experts.mixture"
def mixture(
    x: Tensor, gates: Tensor, gate_proj: Tensor, up_proj: Tensor, down_proj: Tensor
) -> Tensor:
    """The sum, for each token, of what the experts that it visits make of it.

    x (N, D), gates (N, E), gate_proj and up_proj (E, F, D), down_proj (E, D, F) -> (N, D). A gate
    of 0 means that the token does not visit that expert; a token may visit none, and gets zeros.
    """
    ### BEGIN SOLUTION
    y = torch.zeros_like(x)
    for e in range(len(gate_proj)):
        rows = gates[:, e].nonzero()[:, 0]
        mine = gates[rows, e, None] * x[rows]
        hidden = F.silu(mine @ gate_proj[e].T) * (mine @ up_proj[e].T)
        y[rows] += hidden @ down_proj[e].T
    return y
    ### END SOLUTION


# %% grade_id="check.experts.mixture" points=4
check("experts.mixture", mixture)

# %% [markdown]
# ### 12.3 The balance loss · difficulty 3/5 · importance 5/5 · 12 min
#
# The loss of the Switch Transformer, for a router that sends each token to *one* expert:
#
# $$E \sum_e f_e P_e$$
#
# $f_e$ is the share of the tokens that choose expert e; $P_e$ is the mean over all tokens of the
# probability that softmax gives to it.
#
# <details><summary>Hint 1</summary>The choice is `scores.argmax(-1)`. `F.one_hot(choice, E)` has a
# row for each token, with a single 1; its mean over the tokens is f.</details>
# <details><summary>Hint 2</summary>Average each of the two over the tokens *before* they are
# multiplied. The sum then runs over the experts.</details>


# %% grade_id="experts.balance_loss"
def balance_loss(scores: Tensor) -> Tensor:
    """E times the sum over experts of load times mean probability.

    scores (N, E), of every token for every expert -> a single number, shape (). 1 where all experts
    have the same load, up to E where one of them takes all.
    """
    ### BEGIN SOLUTION
    n_experts = scores.shape[-1]
    loads = F.one_hot(scores.argmax(-1), n_experts).float().mean(0)
    means = scores.softmax(-1).mean(0)
    return n_experts * (loads * means).sum()
    ### END SOLUTION


# %% grade_id="check.experts.balance_loss" points=3
check("experts.balance_loss", balance_loss)

# %% [markdown]
# ### 12.4 Who finds room? · difficulty 4/5 · importance 3/5 · 12 min
#
# On a machine with many chips each expert has a place of fixed size. Its **capacity** is the number
# of tokens that an expert takes at most: `capacity_factor` times the even share N / E, rounded up.
# Tokens are served in their order. Who comes to a full expert passes it by, and goes on with the
# residual stream alone.
#
# <details><summary>Hint 1</summary>Each token needs its place in the queue of *its* expert: how
# many of the tokens up to and including itself have chosen the same one?</details>
# <details><summary>Hint 2</summary>Count in a loop, in a list with a number for each expert. Or
# `F.one_hot(chosen, n_experts).cumsum(0)`, of which each row's own column says the place.</details>


# %% grade_id="experts.has_room"
def has_room(chosen: Tensor, n_experts: int, capacity_factor: float) -> Tensor:
    """Which tokens their expert takes.

    chosen (N,), the expert of each token in [0, n_experts) -> boolean (N,).
    has_room(tensor([0, 0, 1, 0]), 2, 1.0) -> [True, True, True, False]: room for two each.
    """
    ### BEGIN SOLUTION
    capacity = math.ceil(capacity_factor * len(chosen) / n_experts)
    places = F.one_hot(chosen, n_experts).cumsum(0)
    place = places[torch.arange(len(chosen)), chosen]
    return place <= capacity
    ### END SOLUTION


# %% grade_id="check.experts.has_room" points=3
check("experts.has_room", has_room)

# %% [markdown]
# ### 12.5 Active and total · difficulty 2/5 · importance 4/5 · 6 min
#
# Count the numbers of one such layer: the router's matrix, and three matrices of SwiGLU for every
# expert. `has_shared` says whether there is one more expert of the same width that every token
# visits. The router scores *all* experts for every token.
#
# <details><summary>Hint 1</summary>One expert has three matrices of D × F numbers; the router has a
# row of D numbers for each expert.</details>
# <details><summary>Hint 2</summary>In a sum, `True` counts as 1 and `False` as 0.</details>


# %% grade_id="experts.count_params"
def count_params(
    d_model: int, d_ff: int, n_experts: int, n_active: int, has_shared: bool
) -> tuple[int, int]:
    """Parameters of a mixture of experts, in all and those that one token meets.

    d_model is D, d_ff is F, and n_experts does not count the shared one -> (total, active).
    """
    ### BEGIN SOLUTION
    expert = 3 * d_model * d_ff
    router = d_model * n_experts
    total = (n_experts + has_shared) * expert + router
    active = (n_active + has_shared) * expert + router
    return total, active
    ### END SOLUTION


# %% grade_id="check.experts.count_params" points=2
check("experts.count_params", count_params)

# %% [markdown]
# Done? With `gates`, `mixture` and the feed-forward layer of lesson 07 for the shared expert you
# have the whole of what Llama 4 puts in place of a feed-forward layer.
#
# Next is [lesson 13](../notebooks/13_optimizers.ipynb), on backpropagation and optimizers.
# `llama-edu progress` shows how far you are.
