# %% [markdown]
# # 20 · Reinforcement learning: told right or wrong, and nothing else
#
# **What you need:** lessons 10 (sampling), 13 (gradients, AdamW), 17 (instruction tuning) and, for
# rewards that are learned, lesson 19.
#
# **What you will be able to do:** derive the policy gradient on three answers; train a model with
# GRPO, and say when that cannot work; tell teaching from sharpening by pass@k; see a reward hacked.
#
# **Time:** about 60 minutes: a gradient from rewards 14 · groups 8 · the loss 10 · a model learns
# 8 · teach or sharpen 8 · hacked rewards 6 · break it 6.
#
# A small LLaMA was tuned for a short while to answer questions about stories. We ask it one
# question eight times, at temperature 1.

# %% tags=["nbval-check-output"]
import json
import random
from copy import deepcopy
from math import comb
from statistics import mean

import torch

from llama_edu import plots
from llama_edu.course.lessons import find_lesson
from llama_edu.course.reader import answer_guess
from llama_edu.course.source import show_source

torch.set_num_threads(1)  # the models of this lesson are too small to share out
measured = json.loads((find_lesson("20").folder / "measured.json").read_text(encoding="utf-8"))
tiny, larger = measured["tiny"].values(), measured["larger"]  # by measured.py, in minutes
story, question, right, *said = measured["opening"]
print(story, question)
for answer in said:
    print(f"  {answer:10} {'right' if answer == right else 'wrong'}")

# %% [markdown]
# Sometimes it is right. Suppose nobody writes the right answer down for it: it is only told, for
# each of its answers, *right* or *wrong*. Can it learn from that?
#
# That is **reinforcement learning**: an *agent*, here our model, acts, gets a number called the
# **reward**, and changes so that it gets more. In lesson 19 rewards were learned from what people
# prefer. Here our code knows each answer (lesson 03), so the reward is *exact*: 1 for the right
# answer, 0 for any other.
#
# ## A gradient from rewards
#
# The smallest example: one question, three possible answers of one token each. A model that chooses
# actions by probabilities is called a **policy**; ours is a softmax of three scores.

# %% tags=["nbval-check-output"]
rewards = torch.tensor([0.0, 1.0, 0.0])
scores = torch.tensor([0.5, 0.3, 0.2]).log().requires_grad_()
chance = scores.softmax(-1)
expected = (chance * rewards).sum()
(slope,) = torch.autograd.grad(expected, scores)
print(f"expected reward {expected:.2f}, its gradient {[round(x, 2) for x in slope.tolist()]}")

# %% [markdown]
# The **expected reward** is the mean over all answers, each with its probability: here the chance
# of being right. Its gradient says: raise the second score, lower the others. For a softmax it is
# $p_i (r_i - \bar r)$, with $\bar r$ the expected reward: for the second
# $0.3 \cdot (1 - 0.3) = 0.21$.
#
# A real model has too many answers to list them. But $\nabla p = p \, \nabla \ln p$, so the
# gradient is a mean over answers that the model itself draws:
#
# $$\nabla \sum_a p(a)\, r(a) = \sum_a p(a)\, r(a)\, \nabla \ln p(a)$$
#
# This **policy gradient** is the method *REINFORCE* (Williams 1992): sample, and make each answer
# likelier in proportion to its reward.

# %% tags=["nbval-check-output"]
def naive_reinforce(rewards, n, dice):
    """The gradient of the expected reward, from n sampled answers."""
    drawn = torch.multinomial(chance.detach(), n, replacement=True, generator=dice)
    gain = (rewards[drawn] * scores.log_softmax(-1)[drawn]).mean()
    return torch.autograd.grad(gain, scores)[0]

dice = torch.Generator().manual_seed(0)
found = naive_reinforce(rewards, 100_000, dice)
print("within 0.01 of the exact gradient:", (found - slope).abs().max().item() < 0.01)

# %% [markdown]
# The rewards were never differentiated: a judge that says *wrong* has no slope, and needs none. But
# look at the factor: the slope of the right answer's score is $p(1 - p)$.
#
# **Predict:** at which chance $p$ of being right is that slope largest?

# %%
guess = None  # a number between 0 and 1

# %% tags=["nbval-check-output"]
for p in (0.001, 0.1, 0.5, 0.9, 0.999):
    print(f"p {p:5}: slope {p * (1 - p):.3f}")
why = "near 0 a right answer is hardly ever drawn, near 1 nothing is left to gain"
answer_guess(guess, 0.5, why)

# %% [markdown]
# Keep that in mind: **a model learns from rewards only where it is right sometimes.** Supervised
# tuning has no such limit: there the slope is $1 - p$, largest where the model knows nothing.
#
# What if the judge gives 4 for right and 3 for wrong? Nothing else is different.
#
# **Predict:** 50 samples a step. How does the gradient change?

# %%
guess = None  # "other mean", "more spread" or "not at all"

# %% tags=["nbval-check-output"]
judges = {"0 or 1": rewards, "3 or 4": rewards + 3, "less the mean": rewards - 0.3}
runs = {
    name: torch.stack([naive_reinforce(one, 50, dice) for _ in range(1000)])
    for name, one in judges.items()
}
for name, one in runs.items():
    off = (one.mean(0) - slope).abs().max().item()
    print(f"{name:13} mean right: {off < 0.06}, spread {one.std(0).norm():.2f}")
why = "every answer that happens to be drawn is pushed up, and that cancels on average only"
answer_guess(guess, "more spread", why)

# %% [markdown]
# The mean stays, the noise grows; with the mean taken off it is smallest. What is taken off is
# called a **baseline**: any number that does not depend on the answer drawn. What is left, reward
# less baseline, is the **advantage**.
#
# ## Groups
#
# Where does a baseline come from? **PPO**, *proximal policy optimization*, trains a second network
# that predicts the reward (*value network*). **GRPO**, *group relative policy optimization*,
# samples several answers to the same prompt and takes their mean: the answers are each other's
# baseline. (An answer is a part of its own mean, which only makes steps smaller, by $(G-1)/G$ for
# groups of G.) Then it divides by the group's standard deviation (arXiv:2402.03300, sec. 4.1).

# %% tags=["nbval-ignore-output"]
from llama_edu.finetune.reinforce.objective import group_advantages, policy_loss

show_source(group_advantages)

# %% [markdown]
# **Predict:** four answers to each of three prompts. What are the advantages of the third group,
# where all four are right?

# %%
guess = None  # one number

# %% tags=["nbval-check-output"]
judged = torch.tensor([[1.0, 0.0, 0.0, 0.0], [1.0, 1.0, 0.0, 0.0], [1.0, 1.0, 1.0, 1.0]])
for row, gains in zip(judged.tolist(), group_advantages(judged).tolist(), strict=True):
    print([round(r) for r in row], "->", [round(g, 1) + 0.0 for g in gains])
answer_guess(guess, 0, "nobody was better than the group, so there is nothing to learn from it")

# %% [markdown]
# A rare right answer gets a large advantage, 1.7, and each wrong one beside it a small negative
# one. A group that agrees, all right or all wrong, teaches nothing. So watch the share of *mixed*
# groups in a run: it is the share of your computing that teaches.
#
# **Dr. GRPO** (*GRPO done right*, arXiv:2503.20783) leaves the division out, because it favours
# prompts whose answers nearly all agree: there the deviation is small. And it changes what a token
# weighs. GRPO takes the mean over each answer's tokens, so that a long wrong answer is pushed down
# less for each token than a short one. Dr. GRPO divides by a constant.

# %% tags=["nbval-check-output"]
from llama_edu.finetune.reinforce.objective import token_weights

counts = torch.tensor([[True, False, False, False], [True, True, True, True]])
for name, way in (("GRPO", "answer"), ("Dr. GRPO", "constant")):
    weights = token_weights(counts, way, max_new_tokens=8)
    print(f"{name:8} {[[round(w, 3) for w in row] for row in weights.tolist()]}")

# %% [markdown]
# ## The loss
#
# Sampling is slow, so one likes to take several steps on the same answers. After the first step the
# model is no longer the one that sampled. The **ratio** $\rho$, the token's probability now over
# that when it was sampled, corrects for it. But a ratio far from 1 makes wild steps, so PPO
# **clips** it, and of the two gains takes the smaller:
#
# $$\min(\rho A,\ \mathrm{clip}(\rho, 1 - c, 1 + c)\, A)$$

# %% tags=["nbval-ignore-output"]
show_source(policy_loss)

# %% tags=["nbval-ignore-output"]
ratios = torch.linspace(0.4, 1.6, 61)
clipped = ratios.clamp(0.8, 1.2)
plots.lines(
    {f"advantage {a:+}": (ratios.tolist(), torch.minimum(ratios * a, clipped * a).tolist())
     for a in (1, -1)},
    x_label="ratio: probability now / when sampled", y_label="what the token gains",
    title="The clip ends the reward for going further, not the way back", markers=False,
    alt="With advantage +1 the gain rises to 1.2 at ratio 1.2 and is flat beyond. With -1 it is "
    "flat at -0.8 up to ratio 0.8, then falls in a straight line without end.",
)

# %% [markdown]
# A good answer's token gains until it is a fifth likelier, then nothing: the slope is 0. A bad
# answer's token is pushed down until it is a fifth less likely. Where a step went the *wrong* way,
# nothing is clipped, and the token is pulled back.
#
# **Predict:** at the first step on fresh answers every ratio is 1. What is the loss of a mixed
# group?

# %%
guess = None  # a number

# %% tags=["nbval-check-output"]
fresh = scores.log_softmax(-1)[[1, 0, 2, 1]][:, None]  # two right answers, two wrong
gains = group_advantages(rewards[[1, 0, 2, 1]][None]).flatten()
loss = policy_loss(fresh, fresh, gains, token_weights(torch.ones(4, 1).bool()))
(down,) = torch.autograd.grad(loss, scores)
print(f"loss {abs(loss.item()):.2f}, gradient {[round(x, 2) for x in down.tolist()]}")
answer_guess(guess, 0, "advantages of a group sum to 0, and each is multiplied by a ratio of 1")

# %% [markdown]
# A loss of 0 with a gradient that is not: it is reported again and again
# [as a bug](https://github.com/huggingface/trl/issues/3452). Watch the reward instead.
#
# ## A model learns from right and wrong
#
# The tiny model of lesson 17, one layer and three kinds of question, tuned for 100 steps only.

# %%
from llama_edu.config import ModelConfig
from llama_edu.data.stories import tell_story
from llama_edu.finetune.instruct.examples import chat_example
from llama_edu.finetune.instruct.hints import start_copying
from llama_edu.finetune.instruct.packing import packed_batch
from llama_edu.finetune.instruct.recipe import world_tokenizer
from llama_edu.finetune.reinforce.world import chances, is_exact, split
from llama_edu.model.llama import Llama
from llama_edu.train.loss import next_token_loss

tokenizer = world_tokenizer(n_stories=200)

def make_example(seed):
    told = tell_story(seed, n_events=4)
    first, last = told.events[0], told.events[-1]
    asked, answer = random.Random(seed).choice([
        ("Who comes first?", first.who),
        ("Who comes last?", last.who),
        ("Where does it begin?", first.place),
    ])
    talk = {"user": f"{told.text}\n{asked}", "assistant": answer}
    return chat_example(tokenizer, [{"role": r, "content": c} for r, c in talk.items()])

# %%
torch.manual_seed(0)
shape = {"d_model": 64, "n_layers": 1, "n_heads": 4, "n_kv_heads": 4, "d_ff": 128}
shape |= {"vocab_size": tokenizer.vocab_size, "max_seq_len": 128, "tie_embeddings": True}
base = Llama(ModelConfig(**shape))
start_copying(base)

def step_down(optimizer, model, loss):
    optimizer.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()

optimizer = torch.optim.AdamW(base.parameters(), lr=3e-3, betas=(0.9, 0.99), weight_decay=0)
for step in range(100):  # tuning, as in lesson 17
    rows = [[make_example(seed)] for seed in range(16 * step, 16 * step + 16)]
    total, n = next_token_loss(base, packed_batch(rows))
    step_down(optimizer, base, total / n)

# %% [markdown]
# How often is it right when it samples? We could draw many answers. But each question has one right
# answer, and we know it: its chance is the product of the chances of its tokens, end of turn
# included. So `chances` computes, in one pass, what others have to estimate.

# %% tags=["nbval-check-output"]
unseen = [make_example(seed) for seed in range(10**6, 10**6 + 200)]
before = chances(base, unseen)
print("right when sampled: about half of the time:", 0.4 < before.mean().item() < 0.7)

# %% [markdown]
# Now the whole loop. Each step takes eight new questions, samples eight answers to each, has them
# judged, and makes one step. (`llama_edu.finetune.reinforce.loop` has the same with a KL penalty
# and several updates.) Two parts can be exchanged, for later.

# %%
from llama_edu.finetune.reinforce import loop

settings = loop.Settings(n_answers=8, max_new_tokens=6, end=tokenizer.eos_id)

def grpo(n_steps, advantages=group_advantages, loss=policy_loss):
    model, dice, curve = deepcopy(base), torch.Generator().manual_seed(0), [before.mean().item()]
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, betas=(0.9, 0.99), weight_decay=0)
    for step in range(1, n_steps + 1):
        seeds = range(2 * 10**6 + 8 * step, 2 * 10**6 + 8 * step + 8)
        prompts, wanted = zip(*(split(make_example(seed)) for seed in seeds), strict=True)
        answers = loop.sample_answers(model, prompts, settings, dice)
        marks = [is_exact(answer, wanted[i // 8]) for i, answer in enumerate(answers)]
        gains = advantages(torch.tensor(marks).view(8, 8)).flatten()
        batch = loop.answered_batch(prompts, answers)
        now = loop.target_log_probs(model, batch)  # with one update an answer, also those of before
        value = loss(now, now.detach(), gains, token_weights(batch.targets != -100))
        step_down(optimizer, model, value)
        if step % 20 == 0:
            curve.append(chances(model, unseen).mean().item())
    return model, curve

# %% tags=["nbval-ignore-output"]
learned, curve = grpo(160)
plots.lines(
    {"": (range(0, 161, 20), curve)},
    x_label="step", y_label="chance of the right answer", y_from_zero=True,
    title="Told right or wrong alone, the model learns to answer",
    alt="The mean chance of the right answer on unseen stories rises steadily, from about 0.55 "
    "to about 0.8.",
)

# %% tags=["nbval-check-output"]
print("right when sampled: above 0.7:", curve[-1] > 0.7)

# %% [markdown]
# ## What is never right is never learned
#
# Now the tiny model is asked something new after each story: *Is it a story?* The answer is *Yes*,
# but no tuning showed it that. Both ways get the same questions and the same number of steps.
#
# **Predict:** what does GRPO make of it?

# %%
guess = None  # "nothing", "about half right" or "all right"

# %% tags=["nbval-check-output"]
for way, words in (("before", "before"), ("rewarded", "GRPO"), ("tuned", "shown the answer")):
    print(f"{words:17} {mean(one['unknown'][way] for one in tiny):.2f} right")
mixed = mean(part for one in tiny for part in one["unheard"]["mixed"])
print(f"groups of eight answers that did not agree: {mixed:.1%}")
answer_guess(guess, "nothing", "no sampled answer was ever right, so no group was mixed")

# %% [markdown]
# Eight shown answers a step do what 64 tries a step cannot: a reward can only pick from what the
# model says by itself. This is why reinforcement comes *after* tuning.
#
# ## Teach, or sharpen?
#
# To be right more often, a model may learn something new, or just become surer of what it half
# knew. **pass@k** tells them apart: the chance that at least one of k sampled answers is right.
# For large k it asks what the model *can* say at all.
#
# If $c$ of $n$ samples are right, it is estimated by $1 - \binom{n-c}{k} / \binom{n}{k}$. With a
# known chance $p$, as here, it is $1 - (1 - p)^k$.

# %% tags=["nbval-check-output"]
print(f"1 of 4 right: pass@2 = 1 - {comb(3, 2)} / {comb(4, 2)} = {1 - comb(3, 2) / comb(4, 2)}")

# %% [markdown]
# The tiny model, and a larger one, that of lesson 17, lightly tuned. Each is also just tuned on:
# shown right answers, eight a step (*same questions*) or 64, as many as GRPO tries (*same tokens*).
#
# **Predict:** after GRPO, what has become of pass@64?

# %%
guess = None  # "higher", "the same" or "lower"

# %% tags=["nbval-check-output"]
measures = ("pass@1", "pass@8", "pass@64", "greedy")
for model, runs in (("the tiny model, three seeds", tiny), ("a larger one, one seed", [larger])):
    print(f"{model:28}", *(f"{measure:>7}" for measure in measures))
    for way in ("before", "GRPO", "tuned, same questions", "tuned, same tokens"):
        ends = [one[way]["looks"][-1] if "looks" in one[way] else one[way] for one in runs]
        row = [mean(end[measure] for end in ends) for measure in measures]
        print(f"  {way:26}", *(f"{value:7.2f}" for value in row))
answer_guess(guess, "lower", "it became surer of what it said already, and rare right answers "
             "are not said any more")

# %% [markdown]
# All ways raise pass@1. But GRPO pays with pass@64: answers that it gave now and then, it gives no
# more. It was **sharpened**; its greedy answers hardly changed. Shown right answers, a model keeps
# what it could say: eight of them a step did as much as 64 judged tries, and 64 did more. So where
# answers can be written down, show them. GRPO is for what is easier to *check* than to write.

# %% [markdown]
# ## A wrong reward is hacked
#
# The model learns what is rewarded, not what you meant (**reward hacking**). Three wrong judges of
# the tiny model: one pays for *length*; one at *random*, by the toss of a coin; and one for length,
# but the loss has a **KL penalty** that holds the model near its start, the *reference*. At each
# token it is $q / p - 1 - \ln (q / p)$: $p$ is the model's probability, $q$ the reference's.

# %% tags=["nbval-check-output"]
from llama_edu.finetune.reinforce.objective import kl_estimate

p, q = torch.tensor([0.5, 0.3, 0.2]), torch.tensor([0.2, 0.3, 0.5])
terms = kl_estimate(p.log(), q.log())
print("estimates:", [round(x, 2) for x in terms.tolist()])
print(f"their mean {(p * terms).sum():.3f}, the KL divergence {(p * (p / q).log()).sum():.3f}")

# %% [markdown]
# Each estimate is at least 0, and their mean over what the model says is the KL divergence.
#
# **Predict:** the coin pays all answers alike on average. What does it do to the model?

# %%
guess = None  # "nothing", "harm" or "good"

# %% tags=["nbval-check-output"]
ends = {}
for name in ("GRPO", "random", "length", "length, KL", "contains"):
    models = [larger] if name == "contains" else tiny
    runs = [one[name] for one in models]
    paid = [mean(run["reward"][i] for run in runs) for i in (0, -1)]
    ends[name] = mean(run["looks"][-1]["pass@1"] for run in runs)
    start = mean(one["before"]["pass@1"] for one in models)
    print(f"{name:11} paid {paid[0]:.2f} -> {paid[1]:.2f}, right {start:.2f} -> {ends[name]:.2f}")
why = "no step leads anywhere, but each one moves the weights, and nothing calls them back"
answer_guess(guess, "harm" if ends["random"] < 0.1 else "nothing", why)

# %% [markdown]
# Paid for length, the model writes until it is cut off: the full reward, and nothing right. The
# penalty slows that down. The last line is the larger model, and a judge that is pleased if the
# right words stand *somewhere* in an answer: so it names more. Measure what you want, too.
#
# ## Break it, then diagnose it
#
# Four mistakes that are easily made, on the tiny model:
#
# - **sign**: the loss is made large;
# - **attached**: the gradient flows into the old log-probabilities too;
# - **no baseline**: rewards of 1 for wrong and 2 for right, and no mean taken off;
# - **over the batch**: mean and deviation of all 64 answers, not of each group.

# %% tags=["nbval-ignore-output"]
def attached(now, then, gains, weights):
    ratio = (now - now).exp()  # nothing was detached
    return -(weights * ratio * gains[:, None]).sum()

mistakes = {
    "as it should be": {},
    "sign": {"loss": lambda *parts: -policy_loss(*parts)},
    "attached": {"loss": attached},
    "no baseline": {"advantages": lambda marks: marks + 1},
    "over the batch": {"advantages": lambda marks: (marks - marks.mean()) / (marks.std() + 1e-4)},
}
broken = {name: grpo(60, **change) for name, change in mistakes.items()}

# %% [markdown]
# **Predict:** two of the four end with next to nothing right. Which?

# %%
guess = None  # two names in a list, in the order above

# %% tags=["nbval-check-output"]
final = {name: curve[-1] for name, (_, curve) in broken.items()}
for name, share in final.items():
    change = share - before.mean().item()
    print(f"{name:16}", "learns" if change > 0.05 else "unchanged" if change == 0 else
          "nothing right" if share < 0.05 else "other")
lost = [name for name in mistakes if final[name] < 0.05]
why = "one learns to be wrong, the other makes likelier whatever it happens to say"
answer_guess(guess, lost, why)

# %% [markdown]
# | mistake | symptom |
# |---|---|
# | sign | the reward falls from the first steps |
# | attached | nothing moves at all: the ratio is 1 whatever the weights are, so its slope is 0 |
# | no baseline | the reward falls to nothing: each answer drawn is pushed up, wrong ones too |
# | over the batch | none here: it learns. Easy prompts are now held against hard ones |
#
# ## In short
#
# 1. A reward needs no slope: sample, judge, and make likelier what was better than its group.
# 2. It teaches only where answers differ: what is never right is never learned.
# 3. It sharpens, and it finds what you pay for. Measure what you want beside it, and pass@k.

# %% [markdown] tags=["sourced"]
# **Where LLaMA really does this.** Llama 2-Chat used rejection sampling and then PPO, with a
# *learned* reward (arXiv:2307.09288, sec. 3.2.3). Llama 3 did without PPO: rejection sampling and
# DPO (arXiv:2407.21783, sec. 4.1). For Llama 4, Meta's post of April 2025 names online RL between
# light supervised tuning and light DPO; it gives no formula. GRPO comes from DeepSeekMath
# (arXiv:2402.03300), and with rewards that rules compute it trained DeepSeek-R1 (arXiv:2501.12948).
# That such training makes one try better and many tries worse was found for large models too
# (arXiv:2504.13837). PPO: arXiv:1707.06347. pass@k: arXiv:2107.03374, sec. 2.1.
#
# **Now you:** [exercises/20_reinforcement](../exercises/20_reinforcement.ipynb)
