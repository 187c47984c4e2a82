# %% [markdown]
# # 18 · Tasks together: when they help, and when they fight
#
# **What you need:** lessons 03 (the story world), 13 (gradients) and 17 (loss on answers only).
#
# **What you will be able to do:** decide how often each task is shown; see which task pays for
# another; tell tasks that fight by their gradients, and know which fights can be settled.
#
# **Time:** about 55 minutes: rates 10 · one loss is not enough 6 · together or alone 14 ·
# a fight 12 · gradients 8 · a real model 5.
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
from llama_edu.finetune.multitask import conflicts, mixture_rates, pcgrad, task_losses
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
# Your tasks are seldom equally large. One has 100 examples, another 900. Drawn from all of them
# alike, the small one is a tenth of what the model sees. Other rates are possible:

# %% tags=["nbval-check-output"]
sizes = {"small": 100, "large": 900}
for name, power in (("by size", 1), ("by root", 0.5), ("all alike", 0)):
    counted = [size**power for size in sizes.values()]
    print(f"{name:10}", [number / sum(counted) for number in counted])

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
# What the small task gains, the large ones lose, and its few examples come again and again: in
# 10,000 draws at equal rates, each of the 300 sums is seen more than ten times. Move the
# temperature, and watch both. (The package's `Mixture` then draws: each batch is of one task.)

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
# ## One loss is not enough
#
# A run prints one loss: the mean over all that was drawn. Suppose that web text is at 2.0 nats and
# sums at 6.0. **Predict:** drawn by size, what is the mean loss, and what would it be if the model
# could do every sum, at a loss of 0? By how much does the number on your screen fall?

# %%
guess = None  # "by about 2", "by about 0.2" or "by less than 0.01"

# %% tags=["nbval-check-output"]
rates = mixture_rates({"sums": 300, "web text": 1_000_000})
for sums in (6.0, 0.0):
    print(f"sums at {sums}: mean loss {rates['web text'] * 2.0 + rates['sums'] * sums:.4f}")
answer_guess(guess, "by less than 0.01", "sums are 3 draws in 10,000, and so count as much")

# %% [markdown]
# From *knows nothing of sums* to *makes no mistake* moves the mean in its third digit. So measure
# *every task by itself*: `task_losses` does, over tokens that count.

# %% tags=["nbval-check-output"]
show_source(task_losses)

# %% [markdown]
# ## Together or alone?
#
# Now the question from the top, by experiment. A small LLaMA of two layers reads stories of four
# events; answers are one word. Each task gets the *same number of steps* in every arm, so that the
# model with both trains twice as long. Three seeds, 500 unseen stories, computed by `measured.py`.
#
# Two rules that understand nothing compete: always the last name, always the commonest number.
# **Predict:** in a model 12 wide, *who has* alone reaches 0.85. What does it reach with both?

# %%
guess = None  # a number between 0 and 1

# %% tags=["nbval-check-output"]
measured = json.loads((find_lesson("18").folder / "measured.json").read_text(encoding="utf-8"))

def mean_and_error(experiment, arm, task, width="wide"):
    """Over seeds: the mean share of right answers, and its standard error."""
    (row,) = [row for row in measured["rows"]
              if (row["experiment"], row["arm"], row["width"]) == (experiment, arm, width)]
    scores = torch.tensor([score[task] for score in row["scores"]])
    return scores.mean().item(), scores.std().item() / len(scores) ** 0.5

print(f"{measured['n_test']} stories; the rules get", measured["shortcuts"])
for width, d_model in (("wide", 32), ("narrow", 12)):
    for task in ("who", "count"):
        alone = mean_and_error("together", f"{task} alone", task, width)
        both = mean_and_error("together", "both", task, width)
        print(f"d_model {d_model}, {task:5}: alone {alone[0]:.2f} ± {alone[1]:.2f}, "
              f"both {both[0]:.2f} ± {both[1]:.2f}")
crowded = mean_and_error("together", "both", "who", "narrow")[0]
answer_guess(guess, round(crowded, 2), "with 12 numbers a token the two get in each other's way, "
             "and it falls below the rule of the last name", within=0.3)

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
    alt="Wide: together is 3 to 4 points lower than alone, in both tasks. Narrow: count falls from "
    "0.97 to 0.78, and who from 0.85 to 0.26, under the 0.63 of the rule.",
)

# %% [markdown]
# **Negative transfer**, or *interference*, is when a task is learned worse because of another one.
# In the wide model it is small: one model for both loses 3 or 4 points in 100 against two models,
# and is one model instead of two. In the narrow one, *who has* goes from 0.85 to 0.26. A longer
# training might win some of it back; we gave each task the same steps in every arm.
#
# ### When a task has few examples
#
# Now *who has* has 60 examples only and *count* has 6,000. **Predict:** drawn by size, how many
# questions of the small task are answered rightly after 360 steps?

# %%
guess = None  # "none", "half" or "most"

# %% tags=["nbval-check-output"]
print(f"{measured['n_small']} examples and {measured['n_large']:,}, 360 steps:")
for arm in ("T = 1", "T = 2", "T = inf"):
    who, counted = (mean_and_error("sizes", arm, task) for task in ("who", "count"))
    print(f"{arm:7}: who {who[0]:.2f} ± {who[1]:.2f}, count {counted[0]:.2f} ± {counted[1]:.2f}")
alone = mean_and_error("sizes", "small one alone", "who")
print(f"who alone: {alone[0]:.2f} ± {alone[1]:.2f}")
share = mean_and_error("sizes", "T = 1", "who")[0]
why = "by size it gets about one step in a hundred, too few to learn anything"
answer_guess(guess, "none" if share < 0.1 else "half" if share < 0.7 else "most", why)

# %% [markdown]
# By size, the model meets the small task in one step of a hundred, and learns nothing of it. The
# root helps little. At equal rates the small task comes near to what the same 60 examples give
# alone, but look at the rules: the last name of the story gets 0.63. A rate decides how often
# examples are seen. It cannot make 60 of them enough.
#
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

# %% [markdown]
# Alone it is at the rule's 0.63 again. *Who has* lifts it to 0.85, though no question of its own
# was added: what it lacked was the way from a thing to its holder, and *who has* teaches just that.
# A helper that needs something else does not help. This is the hope behind instruction data of many
# tasks: a new one may find most of its steps already there.

# %% [markdown]
# ## A fight
#
# Two people wrote answers to *who comes first?* One writes *Ada*, the other *ADA*. Nothing in the
# question says whose turn it is. We train on both, live, at three rates.

# %%
words = {"": 0}  # a word gets its id when it is first met

def ids(text):
    return [words.setdefault(word, len(words)) for word in re.findall(r"\w+|[.?]", text)]

def batch_of(pairs):
    """Questions and answers, as tokens, padded to one length; only the answers count."""
    inputs = torch.zeros(len(pairs), max(len(q + a) for q, a in pairs), dtype=torch.long)
    targets = torch.full_like(inputs, IGNORED)
    for row, (question, answer) in enumerate(pairs):
        n, end = len(question), len(question + answer)
        inputs[row, :end] = torch.tensor(question + answer)
        targets[row, n - 1 : end - 1] = torch.tensor(answer)
    return ChatBatch(inputs, targets, torch.zeros_like(inputs))

class Names:
    """Batches of 16 stories, each with a question, and the one word of its answer."""

    def __init__(self, question, capitals, first_story):
        self.question, self.capitals, self.stories = question, capitals, count(first_story)

    def next(self):
        pairs = []
        for number in islice(self.stories, 16):
            story = tell_story(number, 4)
            name = instruct(story)[0].output.split(",")[0]  # the first of the persons
            answer = ids(name.upper() if self.capitals else name)
            pairs.append((ids(f"{story.text} {self.question}"), answer))
        return batch_of(pairs)

# %% [markdown]
# Each step takes a batch of both writers, and *weighs* their gradients with the rates: on average
# that is the same as drawing a writer each time, without the luck of the draw. `mend` is for later.

# %%
def gradient(model, batch, weights=None):
    total, n = next_token_loss(model, batch)
    slopes = torch.autograd.grad(total / n, weights or list(model.parameters()))
    return torch.cat([slope.flatten() for slope in slopes])

def train(writers, rates=(0.5, 0.5), mend=None, n_steps=160):
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

# %% tags=["nbval-ignore-output"]
def writers(marked, first_story=0):
    """The one who writes Ada, and the one who writes ADA; marked: the question says which."""
    questions = ("Who comes first?", "Who comes first?" + " In capitals." * marked)
    return [Names(q, i == 1, first_story + i * 10**6) for i, q in enumerate(questions)]

unmarked = {rate: train(writers(False), (1 - rate, rate)) for rate in (0.3, 0.5, 0.7)}

# %% [markdown]
# **Predict:** the first run has 30 % in capitals. How many of its greedy answers are?

# %%
guess = None  # 0, 0.3 or 1

# %% tags=["nbval-check-output"]
test = writers(False, 10**7)[0].next()
capitals = [i for word, i in words.items() if word.isupper()]
believed, greedy = [], []
for model, _ in unmarked.values():
    with torch.no_grad():
        probabilities = model(test.inputs)[test.targets != IGNORED].softmax(-1)
    believed.append(probabilities[:, capitals].sum(-1).mean().item())
    greedy.append(sum(i in capitals for i in probabilities.argmax(-1).tolist()) / 16)
print("shown 30 % in capitals: at most 2 of 10 greedy answers are", greedy[0] <= 0.2)
print("shown 70 % in capitals: at least 8 of 10 greedy answers are", greedy[2] >= 0.8)
print("what it gives capitals is within 0.1 of what it was shown:",
      all(abs(p - shown) < 0.1 for p, shown in zip(believed, unmarked, strict=True)))
why = "greedy takes the likelier form each time, and 0.3 is never the likelier"
answer_guess(guess, round(greedy[0]), why, wrong={
    0.3: "the model does give capitals a probability near 0.3, but greedy takes the likelier form"})

# %% tags=["nbval-ignore-output"]
plots.lines(
    {"probability of capitals": ([*unmarked], believed), "greedy answers": ([*unmarked], greedy)},
    x_label="share of training in capitals", y_label="share in capitals",
    title="The model believes what it was shown; greedy decoding takes the majority",
    alt="The probability rises in a straight line with the share; greedy goes from near 0 to 1.",
)

# %% [markdown]
# The rates decided the fight: the answers hardly ever show the minority's form. Neither writer is
# wrong: the question is. **Break it, then diagnose it.** At equal rates the loss soon stops
# falling. Is it the learning rate? Look at the loss of each task, and at where it stops.

# %% tags=["nbval-check-output"]
def losses_of(model, marked):
    held_out = {who: [one.next() for _ in range(6)]
                for who, one in zip(("Ada", "ADA"), writers(marked, 10**7), strict=True)}
    return task_losses(model, held_out).values()

marked, apart = train(writers(True))
print(f"same question: every loss above ln 2 = {math.log(2):.2f}:",
      min(losses_of(unmarked[0.5][0], False)) > math.log(2))
print("marked: every loss below it:", max(losses_of(marked, True)) < math.log(2))

# %% [markdown]
# Where two answers are equally right, a model that gives each a half has a loss of
# $-\ln \tfrac12 = \ln 2$ a choice, and no training can go below it. Two words in the question, *in
# capitals*, end the fight. This is why instructions name their task.
#
# ## Fights seen in the gradients
#
# A step for one task goes against its gradient. The **cosine** of two gradients says whether that
# step helps the other task: 1 is the same direction, 0 has no effect, below 0 does harm.

# %% tags=["nbval-check-output"]
fights = {"same question": unmarked[0.5][1], "marked": apart}
last = {name: sum(angles[-30:]) / 30 for name, angles in fights.items()}
print({name: "below -0.1" if angle < -0.1 else "-0.1 or above" for name, angle in last.items()})

# %% tags=["nbval-ignore-output"]
plots.lines(
    {name: (range(5, 160, 10), [sum(angles[i : i + 10]) / 10 for i in range(0, 160, 10)])
     for name, angles in fights.items()},
    x_label="step", y_label="cosine of the two gradients",
    title="Contradictory answers make gradients fight, more and more",
    alt="With the same question the cosine falls to about -0.4; marked it stays above 0.",
)

# %% [markdown]
# Can the optimizer settle it? **Gradient surgery** (*PCGrad*) takes off a gradient the part that
# goes against another: $g_i - \frac{g_i \cdot g_j}{g_j \cdot g_j} g_j$. By hand, $(1, 0)$ against
# $(-1, 1)$: their product is $-1$, and $(1, 0) + \tfrac12 (-1, 1) = (\tfrac12, \tfrac12)$, which
# no longer harms the second. The second, freed of the first, is $(0, 1)$; then the two are added.
#
# **Predict:** trained with surgery on the same question, does the loss get below ln 2?

# %%
guess = None  # "yes" or "no"

# %% tags=["nbval-check-output"]
print("by hand:", pcgrad(torch.tensor([[1.0, 0.0], [-1.0, 1.0]])).tolist())
mended, _ = train(writers(False), mend=pcgrad)
below = sum(losses_of(mended, False)) / 2 < math.log(2)
print(f"mean loss below {math.log(2):.2f}:", below)
answer_guess(guess, "yes" if below else "no", "the best answer to a question that does not say "
             "which form is wanted still gives each a half: no optimizer adds what the data lack")

# %% [markdown] tags=["sourced"]
# Surgery was made for tasks that *can* be learned together and get in each other's way on the road
# there (Yu et al. 2020, arXiv:2001.06782). A later comparison found that the plain sum, with the
# usual means against overfitting, does as well as such methods (Kurin et al., arXiv:2201.04122).
#
# Another idea learns a weight for each task: **uncertainty weighting** adds
# $e^{-s_i} L_i + s_i / 2$ over the tasks, and learns each $s_i$ with the model (Kendall et al.,
# arXiv:1705.07115). The slope along $s_i$ is 0 at $e^{-s_i} = 1 / (2 L_i)$: then every task counts
# a half. That suits losses of different units. It also turns a task down *because* it is hard.

# %% [markdown]
# ## Does a real model's knowledge fight?
#
# SmolLM2 again, with four tasks: sums, French words, capitals, and *false* capitals, where each
# country gets its neighbour's in the list. Each task has two sets of six questions, so that it can
# be compared with itself as well.

# %%
smol = load_pretrained(dtype=torch.float32)

def asked(form, text):
    return [(form.format(a), f" {b}") for a, b in (pair.split(":") for pair in text.split())]

towns = asked("The capital of {} is", "Italy:Rome Spain:Madrid Japan:Tokyo Egypt:Cairo "
              "Greece:Athens Cuba:Havana Austria:Vienna Russia:Moscow Ireland:Dublin "
              "Portugal:Lisbon China:Beijing Norway:Oslo")
KINDS = {
    "sums": asked("{} =", "12+7:19 30+9:39 41+8:49 22+6:28 13+4:17 51+5:56 21+3:24 14+2:16 33+4:37 "
                  "60+9:69 42+5:47 71+7:78"),
    "French": asked("{} in French:", "dog:chien house:maison red:rouge cat:chat water:eau day:jour "
                    "black:noir bread:pain night:nuit book:livre milk:lait tree:arbre"),
    "towns": towns,
    "false towns": [(question, towns[i - 1][1]) for i, (question, _) in enumerate(towns)],
}

# %% tags=["nbval-ignore-output"]
layers = range(0, 30, 5)
weights = [weight for layer in layers for weight in smol.model.blocks[layer].parameters()]
slopes = []
for pairs in KINDS.values():
    for half in (pairs[:6], pairs[6:]):
        tokens = [(smol.text_ids(q), smol.tokenizer.encode(a)) for q, a in half]
        slopes.append(gradient(smol.model, batch_of(tokens), weights).view(6, -1))
tables = [conflicts(slope) for slope in torch.stack(slopes, 1)]  # one a layer: (8, 8)

# %% [markdown]
# **Predict:** where in the model do true and false capitals fight?

# %%
guess = None  # "everywhere", "nowhere" or "in some layers"

# %% tags=["nbval-check-output"]
def cosine(one, other):
    """In each layer: the mean cosine of a set of one task with a set of the other."""
    rows, columns = (2 * [*KINDS].index(kind) for kind in (one, other))
    blocks = torch.stack(tables)[:, rows : rows + 2, columns : columns + 2]
    if one == other:
        return blocks[:, 0, 1].tolist()  # the other two are sets with themselves
    return blocks.mean((1, 2)).tolist()

true_and_false = cosine("towns", "false towns")
print("true and false towns, layer 0: below -0.4", true_and_false[0] < -0.4)
print("true and false towns, layer 25: above 0.2", true_and_false[-1] > 0.2)
print("sums and towns, every layer: within 0.2 of 0", max(map(abs, cosine("sums", "towns"))) < 0.2)
answer_guess(guess, "in some layers", "early layers disagree, late ones pull the same way")

# %% tags=["nbval-ignore-output"]
plots.lines(
    {f"{one}, {other}": (layers, cosine(one, other))
     for one, other in (("towns", "towns"), ("sums", "French"), ("sums", "towns"),
                        ("towns", "false towns"))},
    x_label="layer", y_label="cosine of the gradients",
    title="True and false answers fight in the early layers, not in the late ones",
    alt="Towns with more towns stays above 0.5 in all layers; sums with French or towns stays near "
    "0. True with false towns rises steadily from -0.6 in layer 0 to 0.35 in layer 25.",
)

# %% [markdown]
# A task agrees with more of itself everywhere, and unrelated tasks hardly touch. Contradiction is
# seen again as a cosine below 0, but not in every layer. (Perhaps late layers mostly learn *that a
# town is wanted*, in which both agree; we did not test it.)
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
