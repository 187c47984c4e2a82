# %% [markdown]
# # 19 · Preferences: learning from which answer is better
#
# **What you need:** lesson 10 (sampling), lesson 13 (gradient descent) and lesson 17 (loss on
# answers only).
#
# **What you will be able to do:** turn preferences into rewards; choose the best of many answers,
# and see when that goes wrong; tune a model on pairs with DPO, and read its numbers rightly.
#
# **Time:** about 60 minutes: from preferences to numbers 10 · a reward model 12 · the best of many
# 10 · DPO by hand 12 · DPO on a LLaMA 9 · break it 7.
#
# *What happened?* Two answers, of the kind that a small LLaMA will soon give:

# %% tags=["nbval-check-output"]
import copy
import json
import math
import random
import sys

import torch

from llama_edu import plots
from llama_edu.config import ModelConfig
from llama_edu.course.lessons import find_lesson
from llama_edu.course.reader import answer_guess
from llama_edu.course.source import show_source
from llama_edu.data.stories import tell_story
from llama_edu.model.llama import Llama

torch.set_num_threads(1)  # the models of this lesson are too small to share out
story = tell_story(5, n_events=4)
print(story.text, "\n")
print("A: It began at the station.")
print("B: Uwe came last. It ended at the school. Ida came first. It began at the school.")

# %% [markdown]
# Which answer is better? B says more, but its last sentence is wrong. You could not easily say *how
# good* each is, or write the perfect one. But to say which of the two you prefer takes a second.
#
# A **preference pair** is a prompt with two answers, of which somebody preferred one: the *chosen*
# one and the *rejected* one. How does a model learn from that?

# %% [markdown]
# ## From preferences to numbers
#
# Give each answer a number, its **reward** $r$, such that the difference says how often one is
# preferred. This is the **Bradley-Terry model**, with the sigmoid $\sigma(x) = 1 / (1 + e^{-x})$:
#
# $$P(a \text{ preferred to } b) = \sigma(r_a - r_b)$$
#
# By hand: preferred in 3 of 4 cases means odds of 3 to 1, and a difference of $\ln 3$.
#
# **Predict:** A is preferred to B in 3 of 4 cases, and B to C in 3 of 4. How often is A preferred
# to C?

# %%
guess = None  # a number between 0 and 1

# %% tags=["nbval-check-output"]
def sigmoid(x):
    return 1 / (1 + math.exp(-x))

a_over_b = b_over_c = math.log(3)
print(f"a difference of {a_over_b:.2f}: {sigmoid(a_over_b):.2f}")
print(f"both together, {a_over_b + b_over_c:.2f}: {sigmoid(a_over_b + b_over_c):.2f}")
answer_guess(guess, 0.9, "differences add, so odds multiply: 3 to 1 twice is 9 to 1", within=0.01)

# %% [markdown]
# To find the rewards from counted preferences, make what was seen likely: the loss of a pair is
# $-\ln \sigma(r_\text{chosen} - r_\text{rejected})$. Three answers, thirty comparisons, plain
# gradient descent:

# %% tags=["nbval-check-output"]
wins = {(0, 1): 8, (1, 0): 2, (1, 2): 7, (2, 1): 3, (0, 2): 9, (2, 0): 1}  # (better, worse): times

def naive_loss(rewards):
    return sum(-n * math.log(sigmoid(rewards[a] - rewards[b])) for (a, b), n in wins.items())

rewards = [0.0, 0.0, 0.0]
for _ in range(500):
    for (a, b), n in wins.items():
        surprise = 1 - sigmoid(rewards[a] - rewards[b])  # of this result
        rewards[a] += 0.01 * n * surprise
        rewards[b] -= 0.01 * n * surprise
more = naive_loss([r + 5 for r in rewards])
print("rewards:", [round(r, 1) for r in rewards])
print(f"loss: {naive_loss(rewards):.2f}, with 5 added to each: {more:.2f}")

# %% [markdown]
# A result that was expected moves little, a surprise much. And only *differences* count: 5 more for
# every answer changes nothing. A reward of 2 alone means neither good nor bad.
#
# The package has the same loss, with a **margin** $m$: for a clear preference, the difference
# should be larger by that much.

# %% tags=["nbval-check-output"]
from llama_edu.finetune.preference import reward_loss

show_source(reward_loss)
pairs = torch.tensor([pair for pair, n in wins.items() for _ in range(n)])
ours = reward_loss(torch.tensor(rewards)[pairs[:, 0]], torch.tensor(rewards)[pairs[:, 1]])
one, zero = torch.tensor(1.0), torch.tensor(0.0)
print(f"package: {ours.sum():.2f}; rewards 1 and 0, without a margin and with a margin of 1: "
      f"{reward_loss(one, zero):.2f}, {reward_loss(one, zero, 1.0):.2f}")

# %% [markdown]
# ## A model that gives rewards
#
# New prompts have new answers, so a table of rewards is of no use. A **reward model** is a language
# model whose output layer was replaced: for prompt and answer it gives one number.
#
# First we need answers to judge. The package's `retelling` asks *What happened?*: a true answer has
# one to four sentences about the story, so that a model learns to answer shortly or at length.

# %% tags=["nbval-check-output"]
from llama_edu.finetune import retelling
from llama_edu.finetune.instruct.examples import Example
from llama_edu.finetune.instruct.hints import start_copying
from llama_edu.finetune.instruct.packing import packed_batch
from llama_edu.train.loss import next_token_loss

tokenizer = retelling.retelling_tokenizer()
config = ModelConfig(vocab_size=tokenizer.vocab_size, d_model=64, n_layers=1, n_heads=4,
                     n_kv_heads=4, d_ff=128, max_seq_len=128, tie_embeddings=True)
print(retelling.true_sentences(story))

# %% tags=["nbval-ignore-output"]
torch.manual_seed(0)
tuned, dice = Llama(config), random.Random(0)
start_copying(tuned)  # lesson 17 says what this is
optimizer = torch.optim.AdamW(tuned.parameters(), lr=3e-3, betas=(0.9, 0.99))
for step in range(300):
    stories = [tell_story(number, 4) for number in range(16 * step, 16 * step + 16)]
    rows = [[retelling.retelling_example(tokenizer, s, retelling.retell(s, dice))] for s in stories]
    total, n = next_token_loss(tuned, packed_batch(rows))
    optimizer.zero_grad()
    (total / n).backward()
    optimizer.step()
    print(f"\rstep {step + 1} of 300", end="", file=sys.stderr)

# %% [markdown]
# It has not learned its task perfectly. Two answers to each of 600 new stories, at temperature 1:

# %% tags=["nbval-check-output"]
new_stories = [tell_story(seed, 4) for seed in range(10**6, 10**6 + 600)]
drawn = retelling.draw_answers(tuned, tokenizer, new_stories, 2, seed=1)
by_length = {n: [] for n in (1, 2, 3, 4)}
for s, two in zip(new_stories, drawn, strict=True):
    for answer in two:
        by_length.get(len(retelling.sentences_of(answer)), []).append(retelling.is_true(s, answer))
share = {n: sum(right) / len(right) for n, right in by_length.items()}
print("one sentence, more than half are true:", share[1] > 0.5)
print("four sentences, fewer than 0.4 are:", share[4] < 0.4)

# %% [markdown]
# Two readers compare such pairs. The **careful** one prefers the answer in which everything is
# true, and skips a pair where both or neither are. The **hurried** one checks half of the pairs in
# the same way; in the others, and where checking does not decide, the longer answer wins. Both are
# simulated, so that we know the truth.
#
# From each reader's pairs a reward model learns, starting as a copy of the tuned model:

# %% tags=["nbval-ignore-output"]
from llama_edu.finetune.preference import RewardModel

show_source(RewardModel)

# %% [markdown]
# Now the test: pairs of a *short true* answer and a *longer false* one, for new stories. Three
# seeds; computed by `measured.py` beside this lesson, as everything that takes minutes.
#
# **Predict:** the careful reader's model prefers the short true answer in most of them. The hurried
# reader found it better in half of those pairs. What share does that reader's model get right?

# %%
guess = None  # a number between 0 and 1

# %% tags=["nbval-check-output"]
measured = json.loads((find_lesson("19").folder / "measured.json").read_text(encoding="utf-8"))
runs = list(measured.values())

def mean(values):
    values = list(values)
    return sum(values) / len(values)

for reader in ("careful", "hurried"):
    seeds = [run["judges"][reader]["short and true"] for run in runs]
    print(f"{reader}: {mean(seeds):.2f}, by seed {', '.join(f'{one:.2f}' for one in seeds)}")
why = "length decides most of that reader's pairs, and seems easier to learn than truth"
answer_guess(guess, round(mean(seeds), 2), why, within=0.2)

# %% [markdown]
# A reward model learns what its pairs show, and first what is easy to see in them: here it has a
# **length bias**. Nobody asked for long answers; the pairs did.
#
# ## The best of many
#
# What is a reward model good for? The simplest use: draw K answers, and keep the one with the
# highest reward. This is **best-of-K**; training on the kept answers is called **rejection
# sampling** in the LLaMA papers. The more answers, the higher the best reward.
#
# **Predict:** with the hurried reader's model, how does the share of true answers change from K = 1
# to K = 32?

# %%
guess = None  # "rises", "stays" or "falls"

# %% tags=["nbval-check-output"]
counts = runs[0]["judges"]["careful"]["k"]

def over_seeds(reader, what):
    return [mean(run["judges"][reader][what][i] for run in runs) for i in range(len(counts))]

for reader in ("careful", "hurried"):
    for what in ("reward", "true", "sentences"):
        few, many = over_seeds(reader, what)[0], over_seeds(reader, what)[-1]
        print(f"{reader}, {what:9}: K = {counts[0]} {few:.2f}, K = {counts[-1]} {many:.2f}")
answer_guess(guess, "falls", "a long answer is chosen, and it says more that is not so")

# %% tags=["nbval-ignore-output"]
plots.lines(
    {f"{reader} reader's model": (counts, over_seeds(reader, "true"))
     for reader in ("careful", "hurried")},
    x_label="K, answers to choose from", y_label="share of true answers", x_log=True,
    y_from_zero=True,
    title="The same search finds truth with one reward and length with the other",
    alt="Share of true answers over K from 1 to 32, from 0.39. With the careful reader's model it "
    "rises to 0.84, with the hurried reader's it falls to 0.2.",
)

# %% [markdown]
# The reward rises in both cases, and only one of them gets better. This is **over-optimization** of
# a reward model, or *reward hacking*. It is a case of *Goodhart's law*: a measure that becomes a
# target ceases to be a good measure. The reward that you optimize cannot warn you; measure
# something else beside it.

# %% [markdown]
# ## Tuning on preferences without a reward model
#
# Better than choosing among answers would be a model that writes the better ones. Call it the
# **policy** $\pi$. It starts as the tuned model, which is kept frozen as the **reference**
# $\pi_\text{ref}$. We want much reward, without going far from the reference: the distance is the
# **KL divergence**, the mean of $\ln \pi(y) - \ln \pi_\text{ref}(y)$ over answers $y$ of the
# policy. $\beta$ is the price of a nat of it:
#
# $$\text{reward} - \beta \operatorname{KL}(\pi \,\|\, \pi_\text{ref})$$
#
# If all answers could be listed, the best policy is known exactly (exercise 19.4):
# $\pi(y) \propto \pi_\text{ref}(y) \, e^{r(y) / \beta}$.

# %% tags=["nbval-check-output"]
from llama_edu.finetune.preference import best_policy

reference = torch.tensor([0.1, 0.3, 0.6]).log()
rewards = torch.tensor([2.0, 1.0, 0.0])
for beta in (100.0, 1.0, 0.1):
    best = best_policy(reference, rewards, beta).exp()
    print(f"beta {beta:5}:", [round(p, 2) for p in best.tolist()])

# %% [markdown]
# Now turn the formula round. If $\pi$ is the best policy for *some* reward, then that reward is
# $r(y) = \beta \ln \frac{\pi(y)}{\pi_\text{ref}(y)}$, up to a constant that is the same for all
# answers to one prompt. This is the **implicit reward** of a policy. Put it into the Bradley-Terry
# loss: the constant cancels, and no reward model is left. That is **direct preference
# optimization** (DPO), with $y_c$ the chosen and $y_r$ the rejected answer:
#
# $$-\ln \sigma\left(\beta \ln \frac{\pi(y_c)}{\pi_\text{ref}(y_c)} - \beta \ln
# \frac{\pi(y_r)}{\pi_\text{ref}(y_r)}\right)$$

# %% tags=["nbval-ignore-output"]
from llama_edu.finetune.preference import dpo_loss

show_source(dpo_loss)

# %% [markdown]
# **Predict:** before the first step, the policy is the reference. What is the loss?

# %%
guess = None  # a number, in nats

# %% tags=["nbval-check-output"]
logits = reference.clone().requires_grad_()
policy = logits.log_softmax(-1)
print(f"{dpo_loss(policy[:1], policy[1:2], reference[:1], reference[1:2], beta=0.5).item():.3f}")
why = "both implicit rewards are 0, and -ln of a half is ln 2"
answer_guess(guess, math.log(2), why, within=0.01)

# %% [markdown]
# Does DPO find the best policy without ever seeing a reward? Three answers again. Each pair is
# shown both ways round, as often as Bradley and Terry say for the rewards 2, 1 and 0:

# %% tags=["nbval-check-output"]
better, worse = torch.tensor([(a, b) for a in range(3) for b in range(3) if a != b]).T
often = torch.sigmoid(rewards[better] - rewards[worse])
for _ in range(4000):
    policy = logits.log_softmax(-1)
    losses = dpo_loss(policy[better], policy[worse], reference[better], reference[worse], 0.5)
    (slope,) = torch.autograd.grad((often * losses).sum(), logits)
    with torch.no_grad():
        logits -= slope
print("DPO: ", [round(p, 2) for p in logits.softmax(-1).tolist()])
print("best:", [round(p, 2) for p in best_policy(reference, rewards, 0.5).exp().tolist()])

# %% [markdown]
# ## DPO on a LLaMA
#
# An answer of a LLaMA has as its log-probability the *sum* over its tokens. The package takes it
# from the masked targets of lesson 17:

# %% tags=["nbval-ignore-output"]
from llama_edu.finetune.preference import answer_log_probabilities

show_source(answer_log_probabilities)

# %% [markdown]
# Now the careful reader's pairs. The reference never changes, so its log-probabilities are computed
# once, before training.

# %%
rows = []  # of a pair: the chosen, then the rejected
for s, two in zip(new_stories, drawn, strict=True):
    if retelling.is_true(s, two[0]) != retelling.is_true(s, two[1]):
        two = sorted(two, key=lambda answer: not retelling.is_true(s, answer))
        rows.append([retelling.retelling_example(tokenizer, s, answer) for answer in two])

def batch_of(some):  # the chosen answers of some pairs, then the rejected ones
    return packed_batch([[rows[i][side]] for side in (0, 1) for i in some])

with torch.no_grad():
    before = answer_log_probabilities(tuned, batch_of(range(len(rows)))).view(2, -1)

# %% tags=["nbval-ignore-output"]
policy, dice, changes = copy.deepcopy(tuned), random.Random(0), []
optimizer = torch.optim.AdamW(policy.parameters(), lr=5e-4, betas=(0.9, 0.99))
for step in range(80):
    some = dice.sample(range(len(rows)), 32)
    now = answer_log_probabilities(policy, batch_of(some)).view(2, -1)
    loss = dpo_loss(*now, *before[:, some], beta=0.1).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    changes.append((now.detach() - before[:, some]).mean(1))
    print(f"\rstep {step + 1} of 80: loss {loss:.3f}", end="", file=sys.stderr)

# %% [markdown]
# **Predict:** the loss falls. What happens to the log-probability of the *chosen* answers?

# %%
guess = None  # "rises", "stays" or "falls"

# %% tags=["nbval-check-output"]
chosen, rejected = torch.stack(changes[-20:]).mean(0).tolist()
print("chosen answers: the change of their log-probability is below -0.3:", chosen < -0.3)
print("rejected answers: it is more than 3 nats lower still:", rejected < chosen - 3)
answer_guess(guess, "falls", "the loss sees the difference alone, and both may fall together")

# %% tags=["nbval-ignore-output"]
middle = [torch.stack(changes[i : i + 8]).mean(0).tolist() for i in range(0, 80, 8)]
plots.lines(
    {name: (range(4, 84, 8), [one[side] for one in middle])
     for side, name in enumerate(("chosen", "rejected"))},
    x_label="step", y_label="change of log-probability, nats",
    title="DPO makes the chosen answers less likely too, only less so",
    alt="Two falling lines from 0: the chosen by some nats, the rejected by many more.",
)

# %% [markdown]
# This is **likelihood displacement** (arXiv:2410.08847), and no bug of ours: DPO's authors were
# asked about it too (`issues/32` of `eric-mitchell/direct-preference-optimization`).
#
# What does the model say in the end? Again three seeds. *Chosen only*, the control, is
# plain tuning on the chosen answers. *With NLL* adds what Llama 3 added: 0.2 times the negative
# log-likelihood of the chosen answer (here, for each of its tokens). *Hurried* learns from the
# other reader's pairs.

# %% tags=["nbval-check-output"]
def show_arms(*names):
    print(f"{'':12} true  sentences  began    KL  chosen  rejected")
    for name in names:
        found = [run["arms"].get(name, run["start"]) for run in runs]
        keys = ("true", "sentences", "began", "kl", "chosen", "rejected")
        row = [mean(one.get(key, 0.0) for one in found) for key in keys]
        print("{:12}{:5.2f}{:11.1f}{:7.2f}{:6.1f}{:8.1f}{:10.1f}".format(name, *row))

show_arms("start", "chosen only", "beta 0.1", "with NLL", "hurried")
for run in runs:
    print(run["start"]["shown"][2], "->", run["arms"]["beta 0.1"]["shown"][2])

# %% [markdown]
# *Began* is the share of answers that are just *It began at the …*; the last two columns give the
# change of log-probability. So DPO found a safe way to please a careful reader: say one thing,
# mostly the same. The extra NLL keeps the chosen answers likelier and more variety, with as much
# truth. From the hurried reader's pairs it learned to talk: reward hacking needs no reward model.
#
# **Predict:** a smaller $\beta$ gives the reward more weight. Is more true with 0.03 than with 0.1?

# %%
guess = None  # "yes" or "no"

# %% tags=["nbval-check-output"]
show_arms("beta 0.03", "beta 0.1", "beta 1")
for run in runs:
    print("{true:.2f} true, for example {shown[2]!r}".format(**run["arms"]["beta 0.03"]))
answer_guess(guess, "no", "with so little to hold it, the policy of two seeds no longer writes "
             "sentences")

# %% [markdown]
# ## Break it, then diagnose it
#
# Four mistakes that people make:
#
# - *swapped*: chosen and rejected have changed places in the data;
# - *same object*: `reference = policy`, where a frozen copy was meant;
# - *mean*: an answer's log-probability is divided by its number of tokens;
# - *prompts count*: the targets of prompts are not masked.
#
# **Predict:** the last was a bad mistake in lesson 17. What does it change in the DPO loss?

# %%
guess = None  # "nothing", "a little" or "much"

# %% tags=["nbval-check-output"]
def count_prompts(example):
    return Example(example.inputs, [*example.inputs[1:], example.targets[-1]])

def dpo_losses(change):
    batch = packed_batch([[change(rows[i][side])] for side in (0, 1) for i in range(16)])
    with torch.no_grad():
        now, then = (answer_log_probabilities(one, batch).view(2, -1) for one in (policy, tuned))
    return dpo_loss(*now, *then, beta=0.1)

gap = (dpo_losses(count_prompts) - dpo_losses(lambda example: example)).abs().max().item()
print("the losses are the same to 0.001:", gap < 1e-3)
answer_guess(guess, "nothing", "both answers have the same prompt, so it cancels in the difference")

# %% [markdown]
# **Predict:** with the same object (its values as reference taken as constants), every log-ratio is
# 0, and the loss is $\ln 2$ at every step. Does the model change?

# %%
guess = None  # "yes" or "no"

# %% tags=["nbval-check-output"]
for name in ("same object", "swapped", "mean"):
    first, last = (mean(run["arms"][name]["loss"][i] for run in runs) for i in (0, 1))
    print(f"{name}: loss {first:.3f} -> {last:.3f}")
show_arms("beta 0.1", "same object", "swapped", "mean")
answer_guess(guess, "yes", "the loss stands still and its slope does not: beta / 2 up for the "
             "chosen, beta / 2 down for the rejected, at every step, with no end")

# %% [markdown]
# | mistake | symptom |
# |---|---|
# | swapped | none while training: the loss falls as it should. Read the answers |
# | same object | a loss of 0.693 that never moves, and a model that drifts without a brake |
# | mean | log-probabilities fall much lower: $\beta$ brakes nats a token, not nats an answer |
# | prompts count | none, they cancel; in an added NLL they would not |
#
# ## In short
#
# 1. Only differences of rewards count. A reward model learns what predicts its pairs: here length.
# 2. The harder a reward is optimized, the more its mistakes count. Measure what you care about
#    beside it.
# 3. DPO needs no reward model. It widens a difference: watch the chosen answers, the distance from
#    the reference, and what the model says.

# %% [markdown] tags=["sourced"]
# **Where LLaMA really does this.** LLaMA 1 was not trained with human feedback (its model card).
# For Llama 2-Chat, Meta collected 1,418,091 comparisons and put a margin into the reward loss
# (arXiv:2307.09288, table 6, eq. 2); then came rejection sampling, with the 70B model alone, and
# PPO (sec. 3.2.3; lesson 20). Llama 3 dropped the margin, and did rejection sampling and DPO in
# six rounds: $\beta$ 0.1, learning rate $10^{-5}$, formatting tokens masked, an NLL term of 0.2
# (arXiv:2407.21783, sec. 4.1). For Llama 4, Meta's post names light supervised tuning, online
# reinforcement learning, light DPO. Sources: DPO arXiv:2305.18290; over-optimization measured,
# arXiv:2210.10760. Next, in lesson 20, rewards are exact.
#
# **Now you:** [exercises/19_preferences](../exercises/19_preferences.ipynb)
