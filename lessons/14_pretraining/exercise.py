# %% [markdown]
# # Exercise 14 · The parts of a training run
#
# **What you need:** the lesson [notebooks/14_pretraining](../notebooks/14_pretraining.ipynb).
#
# **What you will be able to do:** write what a pretraining run stands on: windows, a loss that
# counts rightly, means over parts, an order that resumes; predict a loss; prove that a model looks
# ahead.
#
# **Time:** about 55 minutes: 14.1 Windows 8 · 14.2 Sum and number 10 · 14.3 One mean 9 · 14.4 Whose
# windows 12 · 14.5 Predict 11 · 14.6 Who looks ahead? 5.
#
# Write each function where it says `YOUR CODE HERE`, and run the cell below it. It tells you
# whether the function is right, and if not, which mistake it makes. Try as often as you like.

# %%
import math

import torch
from torch import Tensor

from llama_edu.course import check

# %% [markdown]
# ### 14.1 Windows · difficulty 1/5 · importance 5/5 · 8 min
#
# The text is one long row of tokens. A window of T inputs begins at each place of `starts`. The
# target of every place is the token that follows it in the text.
#
# <details><summary>Hint 1</summary>Take T + 1 tokens from each start. Which of them are inputs, and
# which are targets?</details>
# <details><summary>Hint 2</summary>`starts[:, None] + torch.arange(n)` is a table of places, a row
# for each window; `tokens[table]` picks them all at once.</details>


# %% grade_id="pretraining.windows"
def windows(tokens: Tensor, starts: Tensor, n_tokens: int) -> tuple[Tensor, Tensor]:
    """tokens (N,), starts (B,), T = n_tokens -> inputs (B, T) and targets (B, T).

    windows([5, 6, 7, 8], [1], 2) -> [[6, 7]] and [[7, 8]]
    """
    ### BEGIN SOLUTION
    places = starts[:, None] + torch.arange(n_tokens + 1)
    pieces = tokens[places]
    return pieces[:, :-1], pieces[:, 1:]
    ### END SOLUTION


# %% grade_id="check.pretraining.windows" points=2
check("pretraining.windows", windows)

# %% [markdown]
# ### 14.2 A sum and a number · difficulty 2/5 · importance 5/5 · 10 min
#
# Give the losses of all targets that count, *added up*, in nats, and how many there are. A target
# of -100 does not count. If none counts, the sum is 0 and the number 0. Refused is what does the
# whole: `cross_entropy`, `CrossEntropyLoss`, `nll_loss`, `NLLLoss`.
#
# <details><summary>Hint 1</summary>`logits.log_softmax(-1)` holds the logarithm of every
# probability. From each row take the one of its target.</details>
# <details><summary>Hint 2</summary>-100 is no index: drop those rows first, with
# `logits[counts]` and `targets[counts]`.</details>


# %% grade_id="pretraining.loss_sum"
def loss_sum(logits: Tensor, targets: Tensor) -> tuple[Tensor, int]:
    """logits (N, V), targets (N,) -> the sum of the losses, and how many targets count."""
    ### BEGIN SOLUTION
    counts = targets != -100
    logits, targets = logits[counts], targets[counts]
    log_p = logits.log_softmax(-1)
    picked = log_p[torch.arange(len(targets)), targets]
    return -picked.sum(), len(targets)
    ### END SOLUTION


# %% grade_id="check.pretraining.loss_sum" points=3
check("pretraining.loss_sum", loss_sum)

# %% [markdown]
# ### 14.3 One mean · difficulty 3/5 · importance 5/5 · 9 min
#
# A batch was worked through in parts. Most losses are means, so each part gives the *mean* gradient
# over its own targets. Make of them the mean over all targets of the batch. A part with no target
# that counts has the gradient 0 / 0, which is NaN; it must do no harm. At least one part has some.
#
# <details><summary>Hint 1</summary>A mean times its number is a sum. Sums can be added.</details>
# <details><summary>Hint 2</summary>NaN times 0 is NaN: leave such a part out before you
# multiply.</details>


# %% grade_id="pretraining.mean_gradient"
def mean_gradient(gradients: list[Tensor], n_targets: list[int]) -> Tensor:
    """The mean gradients of the parts, of one shape, and their numbers of targets -> the mean."""
    ### BEGIN SOLUTION
    pairs = zip(gradients, n_targets, strict=True)
    total = sum(n * gradient for gradient, n in pairs if n > 0)
    return total / sum(n_targets)
    ### END SOLUTION


# %% grade_id="check.pretraining.mean_gradient" points=3
check("pretraining.mean_gradient", mean_gradient)

# %% [markdown]
# ### 14.4 Whose windows? · difficulty 4/5 · importance 4/5 · 12 min
#
# `orders[e]` is the shuffled order of all windows in epoch e. Each step takes the next `batch_size`
# windows; its processes share them out, process 0 the first ones, process 1 the next, and so on.
# What is left at the end of an epoch, less than a batch, is passed over.
#
# Steps count from 0, processes ("ranks") too. Nothing is remembered between calls: so a run that
# was killed can go on at any step.
#
# <details><summary>Hint 1</summary>How many whole steps has an epoch? With `divmod` you get the
# epoch of a step and its place in there.</details>
# <details><summary>Hint 2</summary>A batch begins at place × batch_size of the order; a process
# has batch_size / n_ranks of it, beginning rank × that later.</details>


# %% grade_id="pretraining.share"
def share(
    orders: list[list[int]], step: int, batch_size: int, rank: int, n_ranks: int
) -> list[int]:
    """The windows of one process in one step; n_ranks divides batch_size.

    share([[3, 0, 2, 1, 4], [1, 4, 0, 3, 2]], step=2, batch_size=2, rank=1, n_ranks=2) -> [4]
    """
    ### BEGIN SOLUTION
    per_epoch = len(orders[0]) // batch_size
    epoch, place = divmod(step, per_epoch)
    own = batch_size // n_ranks
    first = place * batch_size + rank * own
    return orders[epoch][first : first + own]
    ### END SOLUTION


# %% grade_id="check.pretraining.share" points=4
check("pretraining.share", share)

# %% [markdown]
# ### 14.5 Predict · difficulty 4/5 · importance 3/5 · 11 min
#
# Small runs gave losses for several lengths of text, D tokens. Suppose that the loss is
# $E + B / D^b$ with a known $E$ (`floor`). Then $\log(L - E)$ is a straight line over $\log D$. Fit
# that line by least squares, and say what the loss will be at another D.
#
# For points $(x, y)$ the line through their means $\bar x, \bar y$ has the slope
# $\sum (x - \bar x)(y - \bar y) \, / \, \sum (x - \bar x)^2$.
#
# <details><summary>Hint 1</summary>x is the logarithm of D, y that of the loss above the
# floor. The line goes through both means.</details>
# <details><summary>Hint 2</summary>What the line says is a logarithm still. Undo it, and the loss
# stands on its floor again.</details>


# %% grade_id="pretraining.predict_loss"
def predict_loss(n_tokens: Tensor, losses: Tensor, floor: float, wanted: float) -> Tensor:
    """n_tokens (R,) and losses (R,) of R runs, float64 -> the loss after `wanted` tokens, 0-d."""
    ### BEGIN SOLUTION
    x, y = n_tokens.log(), (losses - floor).log()
    dx = x - x.mean()
    slope = (dx * y).sum() / dx.square().sum()
    away = math.log(wanted) - x.mean()
    return floor + (y.mean() + slope * away).exp()
    ### END SOLUTION


# %% grade_id="check.pretraining.predict_loss" points=4
check("pretraining.predict_loss", predict_loss)

# %% [markdown]
# ### 14.6 Who looks ahead? · difficulty 2/5 · importance 5/5 · 5 min
#
# A model read a text; then *one token* of the text, at `place`, was changed, and it read the text
# again. You have its logits of both. In a sound model no number before that place can have moved,
# but for roundings: by less than 1e-4. Name the places that looked ahead.
#
# <details><summary>Hint 1</summary>Which rows of logits stand before `place`? Only they can give
# themselves away; all others may move.</details>
# <details><summary>Hint 2</summary>One number of a row that has moved, up or down, is enough.
# `amax(-1)` is the largest number of each row.</details>


# %% grade_id="pretraining.peeks"
def peeks(before: Tensor, after: Tensor, place: int) -> list[int]:
    """before and after (T, V), logits without and with the change at `place`.

    Returns the places before it at which any number has moved by 1e-4 or more, in order.
    """
    ### BEGIN SOLUTION
    moved = (after - before).abs().amax(-1)
    return [t for t in range(place) if moved[t] >= 1e-4]
    ### END SOLUTION


# %% grade_id="check.pretraining.peeks" points=2
check("pretraining.peeks", peeks)

# %% [markdown]
# Done? Compare with the package: `windows` and `share` are in `llama_edu/data/batches.py`,
# `loss_sum` is `token_loss` in `llama_edu/train/loss.py`, the mean is in `llama_edu/train/step.py`,
# and the doctor of `llama_edu/train/doctor` asks what 14.6 asks.
#
# Next is [lesson 15](../notebooks/15_evaluation.ipynb), on evaluation. `llama-edu progress` shows
# how far you are.
