# %% [markdown]
# # Exercise 19 · Preferences: log-probability, reward, DPO, best of K, KL
#
# **What you need:** the lesson [notebooks/19_preferences](../notebooks/19_preferences.ipynb).
#
# **What you will be able to do:** write each step from a pair of answers to a tuned model, and two
# measures that tell whether tuning went wrong.
#
# **Time:** about 55 minutes: 19.1 An answer's log-probability 11 · 19.2 Bradley-Terry 8 · 19.3 DPO
# 9 · 19.4 The best policy 8 · 19.5 The best of K 10 · 19.6 KL from samples 9.
#
# Write each function where it says `YOUR CODE HERE`, and run the cell below it. It tells you
# whether the function is right, and if not, which mistake it makes. Try as often as you like.
#
# In the docstrings N counts answers or pairs, T tokens, V the tokens of the vocabulary, P prompts
# and K the answers to each. Log-probabilities are in nats.

# %%
import torch
from torch import Tensor
from torch.nn import functional as F

from llama_edu.course import check

# %% [markdown]
# ### 19.1 An answer's log-probability · difficulty 3/5 · importance 5/5 · 11 min
#
# The log-probability of an answer is the sum over its tokens of the log-probability of each, given
# all before it. The logits at a place are those of its target; places with −100 do not count.
#
# <details><summary>Hint 1</summary>`logits.log_softmax(-1)` has the log-probability of every token
# at every place. `gather` picks one of them at each place; it wants an index that exists, and −100
# is none.</details>
# <details><summary>Hint 2</summary>`targets.clamp(min=0)` is an index everywhere. Afterwards, put
# the places that do not count to 0, and sum over T.</details>


# %% grade_id="preferences.log_probability"
def log_probability(logits: Tensor, targets: Tensor) -> Tensor:
    """ln P of each answer: (N,).

    logits (N, T, V); targets (N, T), the token that each place must say, -100 where none counts.
    """
    ### BEGIN SOLUTION
    scores = logits.log_softmax(-1)
    found = scores.gather(-1, targets.clamp(min=0)[..., None])[..., 0]
    return (found * (targets != -100)).sum(-1)
    ### END SOLUTION


# %% grade_id="check.preferences.log_probability" points=3
check("preferences.log_probability", log_probability)

# %% [markdown]
# ### 19.2 Bradley-Terry with a margin · difficulty 2/5 · importance 5/5 · 8 min
#
# The loss of a pair is $-\ln \sigma(r_\text{chosen} - r_\text{rejected} - m)$, with the margin $m$
# of that pair. Give the mean over pairs. Rewards may be far apart: the loss must not become
# infinite.
#
# <details><summary>Hint 1</summary>For a difference of −200 the sigmoid is 0 in float32, and the
# logarithm of 0 is not finite. PyTorch has one function for the logarithm of a sigmoid.</details>
# <details><summary>Hint 2</summary>`F.logsigmoid(x)` is it. Mind the sign in front.</details>


# %% grade_id="preferences.ranking_loss"
def ranking_loss(chosen: Tensor, rejected: Tensor, margins: Tensor) -> Tensor:
    """The mean loss of N pairs, in nats: one number.

    chosen, rejected (N,): the rewards of both answers; margins (N,), 0 or more.
    """
    ### BEGIN SOLUTION
    ahead = chosen - rejected - margins
    return -F.logsigmoid(ahead).mean()
    ### END SOLUTION


# %% grade_id="check.preferences.ranking_loss" points=2
check("preferences.ranking_loss", ranking_loss)

# %% [markdown]
# ### 19.3 The DPO loss · difficulty 3/5 · importance 5/5 · 9 min
#
# The implicit reward of an answer is $\beta \, (\ln \pi(y) - \ln \pi_\text{ref}(y))$. The loss of
# a pair is $-\ln \sigma$ of the chosen answer's implicit reward less the rejected one's. Give the
# mean over pairs, and the share of pairs in which the chosen answer has the greater implicit
# reward: training reports call it *reward accuracy*.
#
# <details><summary>Hint 1</summary>Compute the implicit rewards of all chosen and of all rejected
# answers first. Everything else needs only their difference.</details>
# <details><summary>Hint 2</summary>`(x > 0).float().mean()` is the share of the numbers in `x` that
# are above 0.</details>


# %% grade_id="preferences.dpo"
def dpo(policy: Tensor, reference: Tensor, beta: float) -> tuple[Tensor, Tensor]:
    """The mean DPO loss in nats, and the reward accuracy.

    policy, reference (2, N): log-probabilities; row 0 of the chosen answers, row 1 of the rejected.
    """
    ### BEGIN SOLUTION
    rewards = beta * (policy - reference)
    ahead = rewards[0] - rewards[1]
    return -F.logsigmoid(ahead).mean(), (ahead > 0).float().mean()
    ### END SOLUTION


# %% grade_id="check.preferences.dpo" points=3
check("preferences.dpo", dpo)

# %% [markdown]
# ### 19.4 The best policy · difficulty 2/5 · importance 4/5 · 8 min
#
# Of all policies, the one with the most reward less $\beta$ times its KL divergence from the
# reference has probabilities in proportion to $\pi_\text{ref}(y) \, e^{r(y) / \beta}$. Give its
# log-probabilities. $\beta$ may be small: $e^{r / \beta}$ alone can be too large for float32.
#
# <details><summary>Hint 1</summary>Take the logarithm of the formula: what is added to the
# reference's log-probabilities?</details>
# <details><summary>Hint 2</summary>`log_softmax(-1)` makes any scores into log-probabilities that
# belong together, and never overflows.</details>


# %% grade_id="preferences.best"
def best(reference: Tensor, rewards: Tensor, beta: float) -> Tensor:
    """The log-probabilities of the best policy: (P, K).

    reference (P, K): log-probabilities of all K answers to each prompt; rewards (P, K); beta > 0.
    """
    ### BEGIN SOLUTION
    scores = reference + rewards / beta
    return scores.log_softmax(-1)
    ### END SOLUTION


# %% grade_id="check.preferences.best" points=2
check("preferences.best", best)

# %% [markdown]
# ### 19.5 The best of K · difficulty 3/5 · importance 4/5 · 10 min
#
# Each prompt has answers in the order in which they were drawn. Of the first `k` of them, keep the
# one that the reward model likes best. Over prompts, give the mean of its reward, and the mean of
# its *truth*, which the reward model does not know.
#
# <details><summary>Hint 1</summary>Cut both tables to the first k columns. `argmax(-1)` gives the
# place of the best in each row.</details>
# <details><summary>Hint 2</summary>`table[torch.arange(len(table)), places]` picks one number from
# each row.</details>


# %% grade_id="preferences.best_of"
def best_of(rewards: Tensor, truths: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """The mean reward and the mean truth of the best of k by reward.

    rewards, truths (P, K), of the same answers; k from 1 to K.
    """
    ### BEGIN SOLUTION
    places = rewards[:, :k].argmax(-1)
    rows = torch.arange(len(rewards))
    return rewards[rows, places].mean(), truths[rows, places].mean()
    ### END SOLUTION


# %% grade_id="check.preferences.best_of" points=3
check("preferences.best_of", best_of)

# %% [markdown]
# ### 19.6 KL from samples · difficulty 3/5 · importance 4/5 · 9 min
#
# How far has a policy gone from its reference? Nobody can list all answers. But the KL divergence
# is a mean over answers *of the policy*: draw some, and take the mean of
# $\ln \pi(y) - \ln \pi_\text{ref}(y)$. (The divergence is never below 0, an estimate from few
# answers may be.) Here each answer comes token by token, in rows that were filled up to one length.
#
# <details><summary>Hint 1</summary>For one answer, sum over its own tokens. The mean comes last,
# and is over answers, not over tokens.</details>
# <details><summary>Hint 2</summary>`torch.where(is_answer, difference, 0.0)` drops what only fills
# a row up, whatever stands there.</details>


# %% grade_id="preferences.kl"
def kl(policy: Tensor, reference: Tensor, is_answer: Tensor) -> Tensor:
    """KL(policy || reference), estimated from N answers of the policy, in nats: one number.

    policy, reference (N, T): log-probabilities of each token; is_answer (N, T): True for tokens of
    the answer, False where a row is filled up (with any numbers).
    """
    ### BEGIN SOLUTION
    apart = torch.where(is_answer, policy - reference, 0.0)
    return apart.sum(-1).mean()
    ### END SOLUTION


# %% grade_id="check.preferences.kl" points=3
check("preferences.kl", kl)

# %% [markdown]
# Done? Compare yours with `llama_edu/finetune/preference.py`, and try them on the lesson's models:
# 19.5 with a reward of your own, say the number of sentences.
#
# Next is [lesson 20](../notebooks/20_reinforcement.ipynb), where the reward is exact and the model
# learns from its own answers.
# `llama-edu progress` shows how far you are.
