# %% [markdown]
# # Exercise 15 · Evaluation, number by number
#
# **What you need:** the lesson [notebooks/15_evaluation](../notebooks/15_evaluation.ipynb).
#
# **What you will be able to do:** compute every number of an honest report yourself, from a model's
# logits to the error bar.
#
# **Time:** about 60 minutes: 15.1 Bits per byte 7 · 15.2 Windows 14 · 15.3 An option's score 12 ·
# 15.4 Wilson 9 · 15.5 Two models 7 · 15.6 Calibration 11.
#
# Write each function where it says `YOUR CODE HERE`, and run the cell below it. It tells you
# whether the function is right, and if not, which mistake it makes. Try as often as you like.

# %%
import math

import torch
from torch import Tensor

from llama_edu.course import check

# %% [markdown]
# ### 15.1 Bits per byte · difficulty 1/5 · importance 5/5 · 7 min
#
# A model has paid a loss for each token of a text. What does the text cost for each of its bytes,
# in bits?
#
# <details><summary>Hint 1</summary>Two units must change: nats become bits (1 bit is ln 2 nats),
# and tokens become bytes. The text costs the sum of its tokens.</details>
# <details><summary>Hint 2</summary>`text.encode()` gives the UTF-8 bytes. An é has two of them, 猫
# has three.</details>


# %% grade_id="evaluation.bits_per_byte"
def bits_per_byte(losses: Tensor, text: str) -> float:
    """Bits that `text` costs for each of its UTF-8 bytes.

    losses (n_tokens,): the loss of each token of the text, in nats.
    """
    ### BEGIN SOLUTION
    bits = losses.sum().item() / math.log(2)
    return bits / len(text.encode())
    ### END SOLUTION


# %% grade_id="check.evaluation.bits_per_byte" points=1
check("evaluation.bits_per_byte", bits_per_byte)

# %% [markdown]
# ### 15.2 Windows with a stride · difficulty 4/5 · importance 4/5 · 14 min
#
# Cut a text into windows. A model that reads the tokens `start` to `start + window - 1` predicts,
# behind each, the next one: the tokens `start + 1` to `start + window`. Windows begin at 0,
# `stride`, 2 · `stride`, … Each counts only the tokens that no window before it has predicted. Stop
# as soon as the last token, number `n_tokens - 1`, is counted. No window reaches past the text.
#
# `windows(10, 4, 2)` → `[(0, 1, 5), (2, 5, 7), (4, 7, 9), (6, 9, 10)]`: read from token 4, predict
# the tokens 7 and 8 (`end` itself is not counted, as in Python's `range`).
#
# In the lesson the last of these windows began at 5: the package moves it back so that it is full.
# Yours stays at a multiple of the stride, here at 6.
#
# <details><summary>Hint 1</summary>Keep one number: the first token that is not counted yet. It
# begins at 1, since nothing predicts token 0.</details>
# <details><summary>Hint 2</summary>A window's `end` is `start + window + 1`, or `n_tokens` if that
# is less. The next window's `new` is this window's `end`.</details>


# %% grade_id="evaluation.windows"
def windows(n_tokens: int, window: int, stride: int) -> list[tuple[int, int, int]]:
    """(start, new, end) of each window: read from `start`, count the tokens new to end - 1.

    n_tokens is at least 2, stride at least 1 and at most `window`.
    """
    ### BEGIN SOLUTION
    cuts, start, new = [], 0, 1
    while new < n_tokens:
        end = min(start + window + 1, n_tokens)
        cuts.append((start, new, end))
        new = end
        start += stride
    return cuts
    ### END SOLUTION


# %% grade_id="check.evaluation.windows" points=3
check("evaluation.windows", windows)

# %% [markdown]
# ### 15.3 How likely is an option? · difficulty 3/5 · importance 5/5 · 12 min
#
# A model has read a prompt and an option behind it. Row t of its logits holds the scores for the
# token that comes *after* token t. Give the option's log-likelihood, divided by its number of
# bytes.
#
# The tokens before `n_prompt` are the prompt's. What they cost does not count.
#
# <details><summary>Hint 1</summary>Log-probabilities are `logits.log_softmax(-1)`. The option's
# first token is token `n_prompt`: which row predicts it?</details>
# <details><summary>Hint 2</summary>Cut the rows so that row i belongs to the i-th token of the
# option. Then `rows[range(len(rows)), targets]` takes one number from each.</details>


# %% grade_id="evaluation.option_score"
def option_score(logits: Tensor, ids: Tensor, n_prompt: int, n_bytes: int) -> float:
    """ln P(option | prompt) in nats, for each byte of the option.

    logits (T, V), ids (T,): prompt and option together. The first n_prompt >= 1 of the T tokens are
    the prompt's; the others spell an option of n_bytes bytes.
    """
    ### BEGIN SOLUTION
    rows = logits[n_prompt - 1 : -1].log_softmax(-1)
    targets = ids[n_prompt:]
    found = rows[range(len(rows)), targets]
    return found.sum().item() / n_bytes
    ### END SOLUTION


# %% grade_id="check.evaluation.option_score" points=3
check("evaluation.option_score", option_score)

# %% [markdown]
# ### 15.4 Wilson's interval · difficulty 3/5 · importance 5/5 · 9 min
#
# With p the share found in n questions, the interval's middle and half of its width are
#
# $$m = \frac{p + \frac{z^2}{2n}}{1 + \frac{z^2}{n}} \qquad
# h = \frac{z}{1 + \frac{z^2}{n}} \sqrt{\frac{p\,(1 - p)}{n} + \frac{z^2}{4n^2}}$$
#
# For 95 % confidence, z is 1.96. For 81 right of 263 it is 0.255 to 0.366.
#
# <details><summary>Hint 1</summary>Give $1 + z^2 / n$ a name: it is needed twice. The interval is
# m - h to m + h.</details>
# <details><summary>Hint 2</summary>In Python `z**2 / 2 * n` is not $z^2 / (2n)$: what is below the
# line needs brackets, `z**2 / (2 * n)`.</details>


# %% grade_id="evaluation.wilson"
def wilson(n_right: int, n: int, z: float) -> tuple[float, float]:
    """Lower and upper end of Wilson's interval for a share, n_right of n >= 1 questions."""
    ### BEGIN SOLUTION
    p = n_right / n
    shrink = 1 + z**2 / n
    middle = (p + z**2 / (2 * n)) / shrink
    half = z / shrink * math.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    return middle - half, middle + half
    ### END SOLUTION


# %% grade_id="check.evaluation.wilson" points=2
check("evaluation.wilson", wilson)

# %% [markdown]
# ### 15.5 Two models, one test · difficulty 2/5 · importance 5/5 · 7 min
#
# Two models have answered the same n questions. How much better is the first, and how sure is that?
# Take the difference of each question's two scores: their mean, and 1.96 standard errors to each
# side. The standard error of a mean is s / √n, where s is the standard deviation of the numbers,
# with n - 1 below the line (as torch has it).
#
# <details><summary>Hint 1</summary>Begin with `first - second`: one number a question. From there
# on it is one list, not two.</details>
# <details><summary>Hint 2</summary>`.std()` is the standard deviation, `.mean()` the mean.
# `.item()` makes a Python number of each.</details>


# %% grade_id="evaluation.paired_difference"
def paired_difference(first: Tensor, second: Tensor) -> tuple[float, float, float]:
    """The mean of first - second over the questions, and the ends of its 95 % interval.

    first, second (n,): the two models' scores on each question, such as 1.0 and 0.0. Returns mean,
    low, high.
    """
    ### BEGIN SOLUTION
    differences = first - second
    mean = differences.mean().item()
    half = 1.96 * differences.std().item() / math.sqrt(len(first))
    return mean, mean - half, mean + half
    ### END SOLUTION


# %% grade_id="check.evaluation.paired_difference" points=2
check("evaluation.paired_difference", paired_difference)

# %% [markdown]
# ### 15.6 Is it as right as it is sure? · difficulty 3/5 · importance 3/5 · 11 min
#
# Sort answers by their confidence into `n_bins` bins of equal width: with 4 bins, the first holds
# confidences above 0 up to 0.25, the second above 0.25 up to 0.5, and so on. In each bin, compare
# the mean confidence with the share of right answers. The expected calibration error is the mean of
# these gaps, without their signs, *each weighted with the share of all answers that its bin holds*.
# An empty bin counts nothing.
#
# <details><summary>Hint 1</summary>Walk over the bins. `(confidences > low) & (confidences <=
# high)` is True for the answers of one bin, and `confidences[inside]` takes them out.</details>
# <details><summary>Hint 2</summary>The mean of an empty tensor is NaN: pass over such a bin.
# `is_right` holds truth values; `.float()` makes 1 and 0 of them.</details>


# %% grade_id="evaluation.calibration_error"
def calibration_error(confidences: Tensor, is_right: Tensor, n_bins: int) -> float:
    """The expected calibration error, from 0 to 1.

    confidences (n,) above 0, at most 1; is_right (n,) boolean; bins ((i - 1) / n_bins, i / n_bins].
    """
    ### BEGIN SOLUTION
    error = 0.0
    for i in range(n_bins):
        low, high = i / n_bins, (i + 1) / n_bins
        inside = (confidences > low) & (confidences <= high)
        if inside.any():
            gap = confidences[inside].mean() - is_right[inside].float().mean()
            error += abs(gap.item()) * inside.sum().item() / len(confidences)
    return error
    ### END SOLUTION


# %% grade_id="check.evaluation.calibration_error" points=3
check("evaluation.calibration_error", calibration_error)

# %% [markdown]
# Done? The package's own are in `llama_edu.evaluate`: compare yours with `windows`, `wilson` and
# `calibration`.
#
# Next is [lesson 16](../notebooks/16_adversarial.ipynb), on training against an adversary.
# `llama-edu progress` shows how far you are.
