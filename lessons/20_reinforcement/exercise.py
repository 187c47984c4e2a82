# %% [markdown]
# # Exercise 20 · Reinforcement learning: reward, advantages, clip, penalty, weights, pass@k
#
# **What you need:** the lesson [notebooks/20_reinforcement](../notebooks/20_reinforcement.ipynb).
#
# **What you will be able to do:** write every formula of GRPO, and the measure by which people
# judge whether it taught a model anything.
#
# **Time:** about 55 minutes: 20.1 An exact reward 8 · 20.2 Group advantages 10 · 20.3 The clipped
# objective 12 · 20.4 The KL penalty 8 · 20.5 What a token weighs 9 · 20.6 pass@k 8.
#
# Write each function where it says `YOUR CODE HERE`, and run the cell below it. It tells you
# whether the function is right, and if not, which mistake it makes. Try as often as you like.
#
# In the docstrings P counts prompts, G the answers to each, B all answers, T tokens.

# %%
from math import comb

import torch
from torch import Tensor

from llama_edu.course import check

# %% [markdown]
# ### 20.1 An exact reward · difficulty 2/5 · importance 4/5 · 8 min
#
# Judge a sampled answer: 1 if it says exactly what is wanted and then ends, 0 if not. The row that
# you get may go on after the first `end`, because other answers of its batch were longer: what
# stands there was never said. An answer without any `end` was cut off, and is wrong.
#
# <details><summary>Hint 1</summary>What was said stands before the *first* `end`. What if there is
# none?</details>
# <details><summary>Hint 2</summary>`answer.index(end)` is the place of the first `end`; it raises
# an error where there is none, so ask `end in answer` before.</details>


# %% grade_id="reinforcement.exact_reward"
def exact_reward(answer: list[int], wanted: list[int], end: int) -> float:
    """1.0 if the answer is the wanted one and has ended, else 0.0.

    answer: sampled ids, and whatever fills the row. wanted: ids, without `end` behind them.
    """
    ### BEGIN SOLUTION
    if end not in answer:
        return 0.0
    said = answer[: answer.index(end)]
    return float(said == wanted)
    ### END SOLUTION


# %% grade_id="check.reinforcement.exact_reward" points=2
check("reinforcement.exact_reward", exact_reward)

# %% [markdown]
# ### 20.2 Group advantages · difficulty 2/5 · importance 5/5 · 10 min
#
# How much better is each answer than the others to the *same* prompt? Take the group's mean off,
# and divide by the group's standard deviation plus 1e-4. The variance is the mean of the squares:
# divide by G, not by G − 1.
#
# <details><summary>Hint 1</summary>A group is a row. `dim=1, keepdim=True` gives one number for
# each row, as a column that fits under the rewards.</details>
# <details><summary>Hint 2</summary>`rewards.std(dim=1, correction=0, keepdim=True)` divides by G;
# without `correction=0` by G − 1. Where does 1e-4 stand?</details>


# %% grade_id="reinforcement.group_advantages"
def group_advantages(rewards: Tensor) -> Tensor:
    """rewards (P, G), of G answers to each of P prompts -> their advantages (P, G)."""
    ### BEGIN SOLUTION
    above = rewards - rewards.mean(dim=1, keepdim=True)
    spread = rewards.std(dim=1, correction=0, keepdim=True)
    return above / (spread + 1e-4)
    ### END SOLUTION


# %% grade_id="check.reinforcement.group_advantages" points=2
check("reinforcement.group_advantages", group_advantages)

# %% [markdown]
# ### 20.3 The clipped objective · difficulty 3/5 · importance 5/5 · 12 min
#
# The gain of each token is $\min(\rho A,\ \mathrm{clip}(\rho, 1 - c, 1 + c)\, A)$. The ratio $\rho$
# is the token's probability now over its probability when it was sampled, and $A$ the advantage of
# its answer. This is what is made *large*, so leave the loss's minus sign out.
#
# <details><summary>Hint 1</summary>You have logarithms of probabilities. What of them is the
# logarithm of a ratio, and how do you get rid of a logarithm?</details>
# <details><summary>Hint 2</summary>`ratio.clamp(low, high)` clips; `torch.minimum(x, y)` takes the
# smaller of each pair. `advantages[:, None]` gives each row of tokens its own advantage. The
# minimum is of two *products*.</details>


# %% grade_id="reinforcement.clipped_gains"
def clipped_gains(
    log_probs: Tensor, old_log_probs: Tensor, advantages: Tensor, clip: float
) -> Tensor:
    """The gain of each token.

    log_probs, old_log_probs (B, T) in nats, advantages (B,) -> (B, T). clip: c of the formula.
    """
    ### BEGIN SOLUTION
    ratio = (log_probs - old_log_probs).exp()
    gain = advantages[:, None]
    clipped = ratio.clamp(1 - clip, 1 + clip)
    return torch.minimum(ratio * gain, clipped * gain)
    ### END SOLUTION


# %% grade_id="check.reinforcement.clipped_gains" points=3
check("reinforcement.clipped_gains", clipped_gains)

# %% [markdown]
# ### 20.4 The KL penalty · difficulty 2/5 · importance 3/5 · 8 min
#
# How far has the model gone from a reference, at each sampled token? With $p$ the model's
# probability of the token and $q$ the reference's: $\frac{q}{p} - 1 - \ln \frac{q}{p}$.
#
# <details><summary>Hint 1</summary>The formula has one quantity twice. Compute $\ln (q / p)$ first:
# you have the logarithms of both.</details>
# <details><summary>Hint 2</summary>A good test: the estimate is 0 where both are equal, and never
# below 0.</details>


# %% grade_id="reinforcement.kl_estimate"
def kl_estimate(log_probs: Tensor, reference: Tensor) -> Tensor:
    """log_probs and reference (B, T), in nats, of the sampled tokens -> (B, T), in nats.

    log_probs: under the model that learns. reference: under the reference.
    """
    ### BEGIN SOLUTION
    log_ratio = reference - log_probs
    return log_ratio.exp() - 1 - log_ratio
    ### END SOLUTION


# %% grade_id="check.reinforcement.kl_estimate" points=2
check("reinforcement.kl_estimate", kl_estimate)

# %% [markdown]
# ### 20.5 What a token weighs · difficulty 3/5 · importance 3/5 · 9 min
#
# GRPO takes the mean over the tokens of each answer, and then the mean over the answers. Dr. GRPO
# divides the sum over all tokens by the number of answers times the most tokens that an answer may
# have. What does each token weigh in the sum? Tokens that belong to no answer weigh 0.
#
# <details><summary>Hint 1</summary>`counts` is 1 or 0 in a division. All that differs is what it is
# divided by.</details>
# <details><summary>Hint 2</summary>`counts.sum(dim=1, keepdim=True)` is the length of each answer.
# In which of the two does it play a part?</details>


# %% grade_id="reinforcement.token_weights"
def token_weights(counts: Tensor, max_new_tokens: int | None) -> Tensor:
    """What each token weighs in the loss: GRPO's way if max_new_tokens is None, else Dr. GRPO's.

    counts (B, T), True at the tokens of an answer, at least one in each row -> (B, T).
    """
    ### BEGIN SOLUTION
    n_answers = len(counts)
    if max_new_tokens is None:
        return counts / (n_answers * counts.sum(dim=1, keepdim=True))
    return counts / (n_answers * max_new_tokens)
    ### END SOLUTION


# %% grade_id="check.reinforcement.token_weights" points=3
check("reinforcement.token_weights", token_weights)

# %% [markdown]
# ### 20.6 pass@k · difficulty 2/5 · importance 4/5 · 8 min
#
# You sampled n answers, and `n_right` of them are right. Choose k of the n by lot, each at most
# once: how likely is it that at least one of them is right? `comb(n, k)` is the number of ways to
# choose k of n; it is 0 where k is larger than n.
#
# <details><summary>Hint 1</summary>It is easier to count the choices that hold *no* right
# answer.</details>
# <details><summary>Hint 2</summary>Such a choice takes all its k answers from the wrong ones. How
# many wrong ones are there?</details>


# %% grade_id="reinforcement.pass_at_k"
def pass_at_k(n: int, n_right: int, k: int) -> float:
    """The chance that one of k answers is right, estimated from n; k is from 1 to n."""
    ### BEGIN SOLUTION
    n_wrong = n - n_right
    return 1 - comb(n_wrong, k) / comb(n, k)
    ### END SOLUTION


# %% grade_id="check.reinforcement.pass_at_k" points=2
check("reinforcement.pass_at_k", pass_at_k)

# %% [markdown]
# Done? These are the formulas of the package's `llama_edu.finetune.reinforce`. Its `loop` puts them
# together: give it a reward of your own, and look for the answer that earns most and helps least.
#
# Next is [lesson 21](../notebooks/21_low_rank.ipynb), on how little of a matrix one needs.
# `llama-edu progress` shows how far you are.
