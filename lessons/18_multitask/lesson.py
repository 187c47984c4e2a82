# %% [markdown]
# # 18 · Tasks together: when they help, and when they fight
#
# **What you need:** lesson 17 (instructions, loss on answers only), lesson 13 (gradients), and what
# the story world of lesson 03 is.
#
# **What you will be able to do:** decide how often each task is shown; see which task pays for
# another; tell tasks that fight by their gradients, and know which fights can be settled.
#
# **Time:** about 55 minutes: rates 12 · one loss is not enough 10 · together or alone 12 ·
# a fight 13 · gradients 8.
#
# One model is to answer *who has the ring?* and *how often does somebody go?* Should it learn both
# at once, or would two models do better, each with one task?

# %% tags=["nbval-check-output"]
import json
import math
import random
import re
from itertools import count, islice

import torch

from llama_edu import plots
from llama_edu.config import ModelConfig
from llama_edu.course.lessons import find_lesson
from llama_edu.course.reader import answer_guess, explore
from llama_edu.course.source import show_source
from llama_edu.data.stories import instruct, tell_story
from llama_edu.finetune.instruct.packing import ChatBatch
from llama_edu.finetune.instruct.world import tasks
from llama_edu.finetune.multitask import (
    Mixture,
    UncertaintyWeights,
    conflicts,
    mixture_rates,
    pcgrad,
    task_losses,
)
from llama_edu.model.llama import Llama
from llama_edu.pretrained import load_pretrained
from llama_edu.train.loss import IGNORED, next_token_loss

story = tell_story(2, 4)
print(story.text)
for task in tasks(story, random.Random(0), ("who has", "count")):
    print(f"{task.kind:8} {task.question} {task.answer}")

# %% [markdown]
# **Multi-task training** is training one model on the examples of several tasks at once. For a
# language model the tasks look alike: text in, text out. Only the question says which it is.
#
# ## How often should each task come?
#
# Your tasks are never equally large. **Predict:** one has 100 examples, another 900, and you draw
# from all of them alike. What share of what the model sees is the small task?

# %%
guess = None  # a number between 0 and 1

# %% tags=["nbval-check-output"]
sizes = {"small": 100, "large": 900}
by_size = {name: size / sum(sizes.values()) for name, size in sizes.items()}
print("by size:  ", by_size)
roots = {name: size**0.5 for name, size in sizes.items()}
print("by root:  ", {name: root / sum(roots.values()) for name, root in roots.items()})
print("all alike:", {name: 1 / len(sizes) for name in sizes})
answer_guess(guess, by_size["small"], "it has 100 of all 1000 examples")

# %% [markdown]
# A **mixture** is a set of tasks with the rate at which each is drawn. Between *by size* and *all
# alike* stands a whole range. **Temperature mixing** draws a task in proportion to a power of its
# size:
#
# $$p_i = \frac{\min(n_i, \text{cap})^{1/T}}{\sum_j \min(n_j, \text{cap})^{1/T}}$$
#
# T = 1 is by size, T = 2 by root, T = ∞ all alike. The cap is the other way to hold a large task
# down: whatever is larger counts as that much. The package has both:

# %% tags=["nbval-check-output"]
show_source(mixture_rates)
parts = {"sums": 300, "summaries": 5_000, "web text": 1_000_000}
for settings in ({}, {"temperature": 2}, {"temperature": math.inf}, {"cap": 10_000}):
    rates = mixture_rates(parts, **settings)
    print(settings or "by size", {name: round(rate, 4) for name, rate in rates.items()})

# %% [markdown]
# Nothing is free. What the small task gains, the large ones lose, and its few examples come again
# and again: in 10,000 draws at equal rates, each of the 300 sums is seen more than ten times. Move
# the temperature and watch both.

# %% tags=["nbval-ignore-output"]
def draw_rates(temperature):
    rates = mixture_rates(parts, temperature)
    again = 10_000 * rates["sums"] / parts["sums"]
    return plots.bars(
        rates, x_label=f"share of draws at T = {temperature}",
        title=f"In 10,000 draws each sum is seen {again:.2f} times",
        alt="Three bars: the share of sums, summaries and web text at this temperature.",
    )

explore(draw_rates, temperature=(1.0, 8.0, 0.5))
draw_rates(2.0)

# %% [markdown]
# `Mixture` then draws: each batch is of one task. Which one hangs on the seed and the number of the
# batch alone, so that an interrupted run goes on as it would have.

# %% tags=["nbval-check-output"]
mixture = Mixture(dict.fromkeys(parts), mixture_rates(parts, temperature=2), seed=0)
drawn = [mixture.draw() for _ in range(1000)]
print({name: drawn.count(name) for name in parts})

# %% [markdown]
# ## One loss is not enough
#
# A run prints one loss: the mean over all that was drawn. Suppose that web text is at 2.0 nats and
# sums at 6.0. **Predict:** drawn by size, what is the mean loss, and what would it be if the model
# could do every sum, at a loss of 0? By how much does the number on your screen fall?

# %%
guess = None  # "by about 2", "by about 0.2" or "by less than 0.01"

# %% tags=["nbval-check-output"]
rates = mixture_rates({"sums": 300, "web text": 1_000_000})
before, after = (rates["web text"] * 2.0 + rates["sums"] * sums for sums in (6.0, 0.0))
print(f"before {before:.4f}, after {after:.4f}")
answer_guess(guess, "by less than 0.01", "sums are 3 draws in 10,000, and so count as much")

# %% [markdown]
# From *knows nothing of sums* to *makes no mistake* moves the mean in its third digit. So measure
# **every task by itself**: `task_losses` does, over tokens that count.

# %% tags=["nbval-check-output"]
show_source(task_losses)

# %% [markdown]
# ## Together or alone?
#
# Now the question from the top, by experiment. A small LLaMA of two layers reads stories of four
# events; answers are one word. Each task gets the *same number of steps* in every arm, so that the
# model with two tasks trains twice as long. Three seeds; 500 unseen stories a task. It takes some
# minutes, so `measured.py` in this lesson's folder has computed it.
#
# Two rules that understand nothing stand beside: the last name of the story, the commonest number.

# %% tags=["nbval-check-output"]
measured = json.loads((find_lesson("18").folder / "measured.json").read_text(encoding="utf-8"))

def mean_and_error(experiment, arm, task, width="wide"):
    """Over seeds: the mean share of right answers, and its standard error."""
    (row,) = [row for row in measured["rows"]
              if (row["experiment"], row["arm"], row["width"]) == (experiment, arm, width)]
    scores = torch.tensor([score[task] for score in row["scores"]])
    return scores.mean().item(), scores.std().item() / len(scores) ** 0.5

print("rules:", measured["shortcuts"])
for width, d_model in (("wide", 32), ("narrow", 12)):
    for task in ("who", "count"):
        alone = mean_and_error("together", f"{task} alone", task, width)
        both = mean_and_error("together", "both", task, width)
        print(f"d_model {d_model}, {task:5}: alone {alone[0]:.2f} ± {alone[1]:.2f}, "
              f"both {both[0]:.2f} ± {both[1]:.2f}")

# %% tags=["nbval-ignore-output"]
def interval(experiment, arm, task, width="wide"):
    mean, error = mean_and_error(experiment, arm, task, width)
    return mean, mean - error, mean + error

plots.intervals(
    {f"{task}, {arm}, {width}": interval("together", arm.replace("alone", f"{task} alone"),
                                         task, width)
     for width in ("wide", "narrow") for task in ("who", "count") for arm in ("alone", "both")},
    x_label="right answers, mean and standard error of 3 seeds",
    title="Tasks share a wide model; in a narrow one they crowd each other out",
    alt="TITLE_ALT",
)

# %% [markdown]
# INTERFERENCE_TEXT
#
# **Negative transfer**, or *interference*, is when a task is learned worse because of another one.

# %% [markdown]
# ### When a task has few examples
#
# Now *who has* has 60 examples only and *count* has 6,000. **Predict:** drawn by size, how many
# questions of the small task are answered rightly after 360 steps?

# %%
guess = None  # "none", "half" or "most"

# %% tags=["nbval-check-output"]
for arm in ("T = 1", "T = 2", "T = inf"):
    who, counted = (mean_and_error("sizes", arm, task) for task in ("who", "count"))
    print(f"{arm:7}: who {who[0]:.2f} ± {who[1]:.2f}, count {counted[0]:.2f} ± {counted[1]:.2f}")
alone = mean_and_error("sizes", "small one alone", "who")
print(f"who alone: {alone[0]:.2f} ± {alone[1]:.2f}")
share = mean_and_error("sizes", "T = 1", "who")[0]
why = "by size it gets about one step in a hundred, too few to learn anything"
answer_guess(guess, "none" if share < 0.1 else "half" if share < 0.7 else "most", why)

# %% [markdown]
# SIZES_TEXT

# %% [markdown]
# ### When another task helps
#
# **Transfer** is when a task is learned better because of another one. The new task is *name the
# holder of the ring*, with 60 examples. Its helpers have 6,000 each: the same question in other
# words (*who has*), or *count*. **Predict:** which of them helps?

# %%
guess = None  # "both", "who", "count" or "neither"

# %% tags=["nbval-check-output"]
found = {arm: mean_and_error("transfer", arm, "holder")
         for arm in ("alone", "with who", "with count")}
for arm, (mean, error) in found.items():
    print(f"{arm:10}: {mean:.2f} ± {error:.2f}")
helps = [arm[5:] for arm in found if found[arm][0] - found[arm][1] > sum(found["alone"])]
answer_guess(guess, {0: "neither", 2: "both"}.get(len(helps), "".join(helps)),
             "a helper helps where it needs the same lookup, a thing and who has it")

# %% tags=["nbval-ignore-output"]
plots.intervals(
    {arm: interval("transfer", arm, "holder") for arm in found},
    x_label="right answers to 'name the holder', mean and standard error of 3 seeds",
    title="TRANSFER_TITLE",
    alt="TRANSFER_ALT",
)

# %% [markdown]
# TRANSFER_TEXT

# %% [markdown]
# ## A fight
#
# Two people wrote answers to *who comes first?* One writes *Ada*, the other *ADA*. Nothing in the
# question says whose turn it is. We train on both, live, at three rates.

# %%
words = {"": 0}  # a word gets its id when it is first met

def ids(text):
    return [words.setdefault(word, len(words)) for word in re.findall(r"\w+|[.?]", text)]

class Names:
    """Batches of 16 stories, each with a question, and the one word of its answer."""

    def __init__(self, question, capitals, first_story):
        self.question, self.capitals, self.stories = question, capitals, count(first_story)

    def next(self):
        inputs = torch.zeros(16, 60, dtype=torch.long)
        targets = torch.full_like(inputs, IGNORED)
        for row, number in enumerate(islice(self.stories, 16)):
            story = tell_story(number, 4)
            name = instruct(story)[0].output.split(",")[0]  # the first of the persons
            tokens = ids(f"{story.text} {self.question}")
            inputs[row, : len(tokens)] = torch.tensor(tokens)
            (targets[row, len(tokens) - 1],) = ids(name.upper() if self.capitals else name)
        return ChatBatch(inputs, targets, torch.zeros_like(inputs))

# %% [markdown]
# Each step takes a batch of both writers, and *weighs* their gradients with the rates: on average
# that is the same as drawing a writer each time, without the luck of the draw. `mend` is for later.

# %%
def gradient(model, batch):
    total, n = next_token_loss(model, batch)
    slopes = torch.autograd.grad(total / n, list(model.parameters()))
    return torch.cat([slope.flatten() for slope in slopes])

def train(writers, rates=(0.5, 0.5), mend=None, n_steps=90):
    torch.manual_seed(0)
    shape = {"d_model": 32, "n_layers": 2, "n_heads": 4, "n_kv_heads": 4, "d_ff": 80}
    model, angles = Llama(ModelConfig(vocab_size=160, max_seq_len=64, **shape)), []
    optimizer = torch.optim.AdamW(model.parameters(), lr=8e-3, betas=(0.9, 0.99))
    for step in range(n_steps):
        optimizer.param_groups[0]["lr"] = 8e-3 * min(1, (step + 1) / 10, 2 - 2 * step / n_steps)
        both = torch.stack([gradient(model, writer.next()) for writer in writers])
        angles.append(conflicts(both)[0, 1].item())
        both = both * torch.tensor(rates)[:, None]
        combined = mend(both) if mend else both.sum(0)
        sizes = [weight.numel() for weight in model.parameters()]
        for weight, part in zip(model.parameters(), combined.split(sizes), strict=True):
            weight.grad = part.view_as(weight)
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    return model, angles

# %% [markdown]
# **Predict:** 30 % of the training is in capitals. When asked, greedily, how many of the model's
# answers are in capitals?

# %%
guess = None  # a number between 0 and 1

# %% tags=["nbval-ignore-output"]
def writers(marked, first_story=0):
    """The one who writes Ada, and the one who writes ADA; marked: the question says which."""
    questions = ("Who comes first?", "Who comes first? In capitals." if marked else
                 "Who comes first?")  # fmt: skip
    return [Names(q, i == 1, first_story + i * 10**6) for i, q in enumerate(questions)]

unmarked = {rate: train(writers(False), (1 - rate, rate)) for rate in (0.3, 0.5, 0.7)}

# %% tags=["nbval-check-output"]
test = writers(False, 10**7)[0].next()
capitals = [i for word, i in words.items() if word.isupper()]
believed, greedy = [], []
for model, _ in unmarked.values():
    with torch.no_grad():
        probabilities = model(test.inputs)[test.targets != IGNORED].softmax(-1)
    believed.append(probabilities[:, capitals].sum(-1).mean().item())
    greedy.append(sum(i in capitals for i in probabilities.argmax(-1).tolist()) / 16)
print("shown 0.3 in capitals: greedy answers in capitals", round(greedy[0], 1))
print("shown 0.7 in capitals: greedy answers in capitals", round(greedy[2], 1))
print("what it gives capitals is within 0.1 of what it was shown:",
      all(abs(p - shown) < 0.1 for p, shown in zip(believed, unmarked, strict=True)))
why = "greedy takes the likelier form each time, and 0.3 is never the likelier"
answer_guess(guess, round(greedy[0], 1), why, wrong={
    0.3: "the model does give capitals a probability near 0.3, but greedy takes the likelier form"})

# %% tags=["nbval-ignore-output"]
plots.lines(
    {"probability of capitals": ([*unmarked], believed), "greedy answers": ([*unmarked], greedy)},
    x_label="share of training in capitals", y_label="share in capitals",
    title="The model believes what it was shown; greedy decoding takes the majority",
    alt="The probability rises in a straight line with the share shown; greedy jumps from 0 to 1.",
)

# %% [markdown]
# **The rates decided the fight**, and exact match of the minority is 0. Neither writer is wrong:
# the question is. **Break it, then diagnose it.** The loss of this run stops falling. Is it the
# learning rate? Look at the loss of each task, and at the number at which it stops.

# %% tags=["nbval-check-output"]
marked, apart = train(writers(True))
for name, model, marks in (("same question", unmarked[0.5][0], False), ("marked", marked, True)):
    held_out = {who: [one.next() for _ in range(6)]
                for who, one in zip(("Ada", "ADA"), writers(marks, 10**7), strict=True)}
    losses = task_losses(model, held_out)
    print(f"{name}: every loss below {math.log(2):.2f}:", max(losses.values()) < math.log(2))

# %% [markdown]
# Where two answers are equally right, a model that gives each a half has a loss of
# $-\ln \tfrac12 = \ln 2$ a choice, and no training can go below it. Two words in the question, *in
# capitals*, end the fight. This is why instructions name their task.

# %% [markdown]
# ## Fights seen in the gradients
#
# A step for one task goes against its gradient. The **cosine** of two gradients says whether that
# step helps the other task: 1 is the same direction, 0 has no effect, below 0 does harm.
# **Predict:** which of our two runs has gradients that fight?

# %%
guess = None  # "same question", "marked" or "both"

# %% tags=["nbval-check-output"]
last = {"same question": unmarked[0.5][1], "marked": apart}
last = {name: sum(angles[-30:]) / 30 for name, angles in last.items()}
print({name: "below -0.1" if angle < -0.1 else "-0.1 or above" for name, angle in last.items()})
fighting = [name for name, angle in last.items() if angle < -0.1]
answer_guess(guess, fighting[0] if len(fighting) == 1 else "both",
             "only where the same input wants two outputs must one push what the other pulls")

# %% tags=["nbval-ignore-output"]
smooth = {"same question": unmarked[0.5][1], "marked": apart}
plots.lines(
    {name: (range(5, 90, 10), [sum(angles[i : i + 10]) / 10 for i in range(0, 90, 10)])
     for name, angles in smooth.items()},
    x_label="step", y_label="cosine of the two gradients",
    title="Contradictory answers make gradients fight, more and more",
    alt="With the same question the cosine falls below 0; marked it stays at about 0.",
)

# %% [markdown]
# Can the optimizer settle it? **Gradient surgery** (*PCGrad*) takes off a gradient the part that
# goes against another: $g_i - \frac{g_i \cdot g_j}{g_j \cdot g_j} g_j$. By hand, $(1, 0)$ against
# $(-1, 1)$: their product is $-1$, and $(1, 0) + \tfrac12 (-1, 1) = (\tfrac12, \tfrac12)$, which
# does the second no harm any more.
#
# **Predict:** trained with surgery on the same question, does the loss get below ln 2?

# %%
guess = None  # "yes" or "no"

# %% tags=["nbval-check-output"]
print("by hand:", pcgrad(torch.tensor([[1.0, 0.0], [-1.0, 1.0]])).tolist())
mended, _ = train(writers(False), mend=pcgrad)
held_out = {who: [one.next() for _ in range(6)]
            for who, one in zip(("Ada", "ADA"), writers(False, 10**7), strict=True)}
losses = task_losses(mended, held_out)
below = sum(losses.values()) / 2 < math.log(2)
print(f"mean loss below {math.log(2):.2f}:", below)
answer_guess(guess, "yes" if below else "no", "the best answer to a question that does not say "
             "which form is wanted still gives each a half: no optimizer adds what the data lack")

# %% [markdown] tags=["sourced"]
# Surgery was made for tasks that *can* be learned together and get in each other's way on the road
# there (Yu et al. 2020, arXiv:2001.06782). A later comparison found that the plain sum, well
# regularised, does as well as surgery and its kin (Kurin et al. 2022, arXiv:2201.04122).
#
# Another idea learns a weight for each task: **uncertainty weighting** adds
# $e^{-s_i} L_i + s_i / 2$ over the tasks, and learns each $s_i$ with the model (Kendall et al.,
# arXiv:1705.07115).

# %% tags=["nbval-check-output"]
losses, weights = torch.tensor([4.0, 0.25]), UncertaintyWeights(2)
optimizer = torch.optim.Adam(weights.parameters(), 0.05)
for _ in range(500):
    optimizer.zero_grad()
    weights(losses).backward()
    optimizer.step()
learned = (-weights.log_variance).exp().detach()
print("weights:", [round(w, 3) for w in learned.tolist()])
print("weight times loss:", [round(x, 2) for x in (learned * losses).tolist()])

# %% [markdown]
# The harder task gets the smaller weight, until both count alike. That suits tasks whose losses
# have different units. It would also turn down a task *because* it is hard: is that what you want?
#
# ## Does a real model's knowledge fight?
#
# SmolLM2 again. Four kinds of text; for each, two sets of three examples, so that a task can be
# compared with itself. We take the gradient of the answers along the weights of its middle layer.

# %%
smol = load_pretrained(dtype=torch.float32)
KINDS = {
    "sums": "12 + 7 =| 19;30 + 9 =| 39;41 + 8 =| 49;22 + 6 =| 28;13 + 4 =| 17;51 + 5 =| 56",
    "French": "dog in French:| chien;house in French:| maison;red in French:| rouge;"
              "cat in French:| chat;water in French:| eau;day in French:| jour",
    "towns": "The capital of Italy is| Rome;The capital of Spain is| Madrid;The capital of Japan "
             "is| Tokyo;The capital of Egypt is| Cairo;The capital of Greece is| Athens;The "
             "capital of Cuba is| Havana",
}
KINDS["false towns"] = re.sub(r"\| \w+", "| Paris", KINDS["towns"])

def slope_of(pairs):
    """The gradient of the answers' loss along all weights of layer 15."""
    weights, total = list(smol.model.blocks[15].parameters()), 0.0
    for question, answer in pairs:
        asked, wanted = smol.text_ids(question), smol.tokenizer.encode(answer)
        logits = smol.model(torch.tensor([asked + wanted[:-1]]))[0, len(asked) - 1 :]
        total = total + torch.nn.functional.cross_entropy(logits, torch.tensor(wanted))
    return torch.cat([slope.flatten() for slope in torch.autograd.grad(total, weights)])

# %% tags=["nbval-ignore-output"]
halves, names = [], []
for kind, texts in KINDS.items():
    pairs = [text.split("|") for text in texts.split(";")]
    for half in (pairs[:3], pairs[3:]):
        halves.append(slope_of(half))
        names.append(kind)
table = conflicts(torch.stack(halves))

# %% tags=["nbval-check-output"]
def cosine(one, other):
    return table[2 * [*KINDS].index(one), 2 * [*KINDS].index(other) + 1].item()

for kind in KINDS:
    print(f"{kind:11} with more of itself:", "above 0.3" if cosine(kind, kind) > 0.3 else "lower")
for one, other in (("sums", "French"), ("sums", "towns"), ("towns", "false towns")):
    print(f"{one}, {other}:", "within 0.2 of 0" if abs(cosine(one, other)) < 0.2 else "further off")

# %% tags=["nbval-ignore-output"]
plots.attention(
    {"": table}, [f"{name} {'ab'[i % 2]}" for i, name in enumerate(names)], write_numbers=True,
    title="SMOL_TITLE",
    alt="SMOL_ALT",
)

# %% [markdown]
# SMOL_TEXT
#
# ## In short
#
# 1. Draw tasks by a power of their size, and measure each by itself: the mean hides small ones.
# 2. Tasks help where they need the same steps, cost each other little while the model has room, and
#    crowd each other out where it has not.
# 3. Answers that contradict each other fight, in their gradients too. Rates decide who wins; a
#    question that names its task ends it; surgery does not.

# %% [markdown] tags=["sourced"]
# **Where LLaMA really does this.** LLaMA is pretrained on one objective, the next token; what it
# mixes are *sources*, at fixed rates (arXiv:2302.13971, table 1). Many tasks come only with
# instructions: LLaMA-I follows the protocol of Flan (arXiv:2302.13971, sec. 4; arXiv:2210.11416).
# FLAN found that more tasks and a larger model are what makes instructions carry over to unseen
# tasks (arXiv:2109.01652, abstract). Temperature mixing is compared with a cap in T5
# (arXiv:1910.10683, sec. 3.5.2). We found no LLaMA paper that reports PCGrad or learned weights.
#
# **Now you:** [exercises/18_multitask](../exercises/18_multitask.ipynb)
