# %% [markdown]
# # 14 · Pretraining: is it learning, or is it broken?
#
# **What you need:** lesson 09 (the whole LLaMA), lesson 13 (gradients, AdamW, warm-up).
#
# **What you will be able to do:** write the loop and check it; go on with a killed run; predict a
# longer run's loss; prove what is wrong with a run.
#
# **Time:** about 60 minutes: before the first step 8 · the loop 10 · what a loss reads like 8 ·
# stop and go on 7 · order 6 · many processes 5 · a scaling law 8 · five broken runs 8.
#
# **Pretraining** is the training in which a model learns to predict the next token of plain text.
# *After 300 steps the loss still falls. Must I wait, or is something broken?*

# %%
import math
import tempfile
from contextlib import suppress
from itertools import chain, islice, product, repeat
from pathlib import Path
from statistics import fmean

import numpy as np
import torch

from llama_edu import plots
from llama_edu.config import ModelConfig
from llama_edu.course.reader import answer_guess
from llama_edu.course.source import show_source
from llama_edu.data.batches import Batches, write_tokens
from llama_edu.data.sources import pull
from llama_edu.data.stories import tell_story
from llama_edu.model.llama import Llama
from llama_edu.train.doctor import diagnose
from llama_edu.train.doctor.broken import BROKEN, HEALTHY, Targets, make_run
from llama_edu.train.journal import read_lines
from llama_edu.train.loss import next_token_loss
from llama_edu.train.optim import decay_groups
from llama_edu.train.schedule import warmup_cosine
from llama_edu.train.settings import TrainSettings
from llama_edu.train.step import Step
from llama_edu.train.trainer import Trainer

# %% tags=["nbval-check-output"]
torch.set_num_threads(1)  # such small tensors are not worth sharing
runs = Path(tempfile.mkdtemp())

def losses_of(run):
    return [line["loss"] for line in read_lines(run / "metrics.jsonl") if "loss" in line]

theirs = make_run(runs / "theirs", BROKEN["learning rate too low"])
for step in (1, 100, 200, 300):
    print(f"step {step:3}: loss {losses_of(theirs)[step - 1]:.1f}")

# %% [markdown]
# You will answer at the end. First we train one that is sound, on small stories, letter by letter.
#
# ## Before the first step
#
# A **token file** is a long row of token ids, one document after the other. A **window** is a piece
# of it, T + 1 tokens long: the first T are the inputs, the last T the targets, which are *the same
# text one place further*.

# %% tags=["nbval-check-output"]
stories = [tell_story(i).text for i in range(400)]
hamlet = (pull("shakespeare") / "hamlet_gut.txt").read_text(encoding="utf-8")[:80_000]
letters = sorted(set("".join(stories) + hamlet))
def ids(text):
    return [letters.index(letter) for letter in text]

V, T = len(letters), 32
file = write_tokens(runs / "stories.tokens", map(ids, stories[40:]), V)
held_out = write_tokens(runs / "held_out.tokens", map(ids, stories[:40]), V)
batch = Batches(file, batch_size=8, n_tokens=T).next()
for name, row in (("inputs: ", batch.inputs[0]), ("targets:", batch.targets[0])):
    print(name, repr("".join(letters[i] for i in row.tolist())))

# %% [markdown]
# A model that has learned nothing gives all V tokens about the same probability, 1 / V. The loss is
# minus the logarithm of the probability of what came. **Predict:** the loss of a new model, in nats
# (natural logarithm), with our V letters?

# %%
guess = None  # a number

# %% tags=["nbval-check-output"]
def fresh_model():
    torch.manual_seed(0)
    return Llama(ModelConfig(vocab_size=V, d_model=32, n_layers=2, n_heads=2, n_kv_heads=2,
                             d_ff=85, max_seq_len=T))

def loss_of(model, batch):
    total, n = next_token_loss(model, batch)
    return total / n

print(f"V = {V}: a new model's loss is {loss_of(fresh_model(), batch):.1f}, "
      f"and ln V = {math.log(V):.1f}")
answer_guess(guess, math.log(V), "minus the logarithm of 1/V is the logarithm of V", within=0.1)

# %% [markdown]
# That is the first check of every run, and it is free. A loss far *above* ln V at step 1 says that
# the model is sure of wrong things before it has learned any: its first weights are too large. Far
# *below*: it sees the answer, or the loss is not the mean that it should be.
#
# ## The loop
#
# All of pretraining, but for its size:

# %% tags=["nbval-check-output"]
def adamw(model):
    return torch.optim.AdamW(decay_groups(model, 0.1), betas=(0.9, 0.95))  # norms do not decay

def naive_train(model, optimizer, batches, rates):
    for rate, batch in zip(rates, batches, strict=False):  # one step each
        for group in optimizer.param_groups:
            group["lr"] = rate
        loss = loss_of(model, batch)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        yield loss.item()

def warm_and_cool(n_steps):
    return [warmup_cosine(step, 0.01, 20, n_steps) for step in range(1, n_steps + 1)]

model = fresh_model()
naive = list(naive_train(model, adamw(model), Batches(file, 8, T), warm_and_cool(40)))
print(f"loss at step 1: {naive[0]:.1f}, at step 40: {naive[-1]:.1f}")

# %% [markdown]
# The second check of every run takes seconds: **overfitting one batch** is training on the same few
# texts again and again, until the model knows them by heart. A loop that cannot do that cannot
# learn.
#
# **Break it, then diagnose it.** Somebody forgets to move the targets: the target of each place is
# the very token that stands there. **Predict:** does the check of one batch notice?

# %%
guess = None  # "yes" or "no"

# %% tags=["nbval-check-output"]
for name, one in (("sound", batch), ("not moved", Targets(batch.inputs, batch.inputs))):
    model = fresh_model()
    *_, last = naive_train(model, adamw(model), repeat(one), [0.01] * 80)
    print(f"{name}: one batch for 80 steps, below 0.1: {last < 0.1}")
answer_guess(guess, "no", "copying is learned even faster: it sees that the loop learns, not what")

# %% [markdown]
# So print a row of inputs and targets, as we did above, and *read* it. No loss tells you this.
#
# The package's `Trainer` is this loop, with all that a long run needs: it writes down every loss,
# looks at text that it never trains on, keeps its state, goes on after a crash, and shares the work
# among processes. Its heart is one step:

# %% tags=["nbval-check-output"]
show_source(Step.__call__, folded="Step.__call__: add up, make it a mean, shorten, move")
def trainer(folder):
    settings = TrainSettings(n_steps=40, peak_lr=0.01, n_warmup=20, precision="fp32", save_every=10)
    return Trainer(runs / folder, fresh_model(), Batches(file, 8, T), settings, is_shown=False)

trainer("unbroken").train()
ours = losses_of(runs / "unbroken")
print("equal to the naive loop's losses:", np.allclose(naive, ours, atol=0.01))

# %% [markdown]
# ## What a loss reads like
#
# A loss of $L$ nats means: the model is as unsure as if it had to choose among $e^L$ equally likely
# tokens. **Perplexity** is that number, $e^L$.
#
# We let one model write each time that the mean of its last ten losses has fallen below 4, 3, 2, 1,
# and once more below that.

# %% tags=["nbval-ignore-output"]
@torch.no_grad()
def write(model, n=70, start="Ada went "):
    dice, text = torch.Generator().manual_seed(0), start
    for _ in range(n):
        logits = model(torch.tensor([ids(text[-T:])]))[0, -1]
        text += letters[(logits / 0.8).softmax(-1).multinomial(1, generator=dice)]
    return text

wanted, losses, model = [4, 3, 2, 1, 0.7], [], fresh_model()
for loss in naive_train(model, adamw(model), Batches(file, 8, T), warm_and_cool(400)):
    losses.append(loss)
    if wanted and fmean(losses[-10:]) < wanted[0]:
        below = wanted.pop(0)
        print(f"loss {below:3}, perplexity {math.exp(below):2.0f}: {write(model)!r}")

# %% [markdown]
# Near 4 it knows nothing; at 3 it has learned which letters are frequent; at 2, which often follow
# each other; at 1 there are words; below, something like sentences. Where tokens are longer, the
# same numbers mean other things: lesson 15 shows how to compare them.
#
# ## Stop and go on
#
# Long runs get killed: by a crash, a full disk, somebody who needs the machine. A **checkpoint** is
# everything on disk that a run needs in order to go on as if nothing had happened. We kill a run in
# step 26, and resume it.

# %% tags=["nbval-check-output"]
broken_off = trainer("killed")
def kill_at_26(model, batch):
    if broken_off.step == 25:
        raise RuntimeError("killed")
    return next_token_loss(model, batch)

broken_off.loss = kill_at_26
with suppress(RuntimeError):
    broken_off.train()
again = trainer("killed")
again.resume()
print("killed in step", broken_off.step + 1, "- goes on after step", again.step)
again.train()
print("every loss as if it had never stopped:", losses_of(runs / "killed") == ours)

# %% [markdown]
# What must be in a checkpoint? Somebody keeps *the weights alone*. After 200 steps they are loaded,
# and training goes on with a new AdamW, at the same rate, on the same batches. **Predict:** the
# loss over the next ten steps, compared with the run that was never stopped?

# %%
guess = None  # "higher", "the same" or "lower"

# %% tags=["nbval-check-output"]
model, batches = fresh_model(), Batches(file, 8, T)
optimizer = adamw(model)
list(naive_train(model, optimizer, batches, [0.01] * 200))
weights = {name: weight.clone() for name, weight in model.state_dict().items()}
place = batches.state_dict()
unbroken = list(naive_train(model, optimizer, batches, [0.01] * 40))
model.load_state_dict(weights)
batches.load_state_dict(place)
without = list(naive_train(model, adamw(model), batches, [0.01] * 40))
ahead = fmean(without[:10]) - fmean(unbroken[:10])
print(f"the next ten losses are higher by more than 0.05: {ahead > 0.05}")
why = "a new AdamW knows one gradient only, and moves nearly every weight by the whole rate"
answer_guess(guess, "higher" if ahead > 0.05 else "the same", why)

# %% [markdown]
# A checkpoint holds the weights, AdamW's two means of every weight, the step (for the learning
# rate), the place in the data, and the state of chance. Of these the weights are a third.
#
# ## The order of the text
#
# The stories, then *Hamlet*; or both in turn: the same text, the same number of steps. What becomes
# of the loss *on stories*?

# %% tags=["nbval-check-output"]
shakespeare = write_tokens(runs / "hamlet.tokens", [ids(hamlet)], V)
look = Batches(held_out, 64, T).next()

def on_stories(mix):
    """The loss on held-out stories, every 20 steps of a run on a mixture."""
    batches = mix(Batches(file, 8, T), Batches(shakespeare, 8, T))
    model, found = fresh_model(), []
    for step, _ in enumerate(naive_train(model, adamw(model), batches, [0.01] * 240), start=1):
        if step % 20 == 0:
            with torch.no_grad():
                found.append(loss_of(model, look).item())
    return found

one_by_one = on_stories(lambda a, b: chain(islice(a, 120), islice(b, 120)))
mixed = on_stories(lambda a, b: chain.from_iterable(zip(a, b, strict=False)))
print("after Hamlet, higher by more than 0.5:", one_by_one[-1] > one_by_one[5] + 0.5)
print("mixed ends lower by more than 0.5:    ", mixed[-1] < one_by_one[-1] - 0.5)

# %% tags=["nbval-ignore-output"]
places = range(20, 241, 20)
plots.lines(
    {"stories, then Hamlet": (places, one_by_one), "mixed": (places, mixed)},
    x_label="step", y_label="loss on held-out stories (nats per letter)",
    title="Reading Hamlet alone, the model forgets the stories",
    alt="One by one: falls until step 120, then jumps up and stays high. Mixed: falls all the way.",
)

# %% [markdown]
# **Catastrophic forgetting** is the loss of what was learned before, when training goes on without
# it. So windows are shuffled, anew in each epoch. An **epoch** is one reading of the whole text.
#
# ## Many batches, many processes
#
# **Gradient accumulation** is adding up the gradients of several batches before one step. **Data
# parallel** training gives each process a copy of the model and its own part of the batch, and adds
# up their gradients. In both, one rule is easily broken: the mean is taken over all targets. Say
# that part one holds 3 targets with a loss of 2 each, part two 30 with a loss of 1.

# %% tags=["nbval-check-output"]
parts = [(3 * 2.0, 3), (30 * 1.0, 30)]  # (sum of the losses, number of targets)
of_means = sum(total / n for total, n in parts) / len(parts)
of_all = sum(total for total, _ in parts) / sum(n for _, n in parts)
print(f"mean of the means: {of_means:.2f}, mean over all targets: {of_all:.2f}")

# %% [markdown]
# That is why the package's losses give a *sum* and a *number*, and `Step` divides once. Then two
# processes, each with its half, have the loss of the whole (and its gradient: that of a sum is the
# sum of the gradients):

# %% tags=["nbval-check-output"]
halves = [Batches(file, 8, T, rank=rank, n_ranks=2).next() for rank in range(2)]
sums = [next_token_loss(fresh_model(), half) for half in halves]
together = sum(total for total, _ in sums) / sum(n for _, n in sums)
print("rows of each process:", [len(half.inputs) for half in halves])
print("together the loss of the whole:", together.allclose(loss_of(fresh_model(), batch)))

# %% [markdown]
# With two processors, `torchrun --nproc-per-node=2 your_program.py` starts your program twice. Each
# copy finds the other by `joined()`, of `llama_edu.train.processes`, and takes its own rows.
#
# ## A scaling law
#
# How good will a large model be? A **scaling law** is a formula for the loss by size and text,
# fitted to small runs. For $N$ numbers in the model and $D$ tokens of text (not the width D):
#
# $$L = E + \frac{A}{N^a} + \frac{B}{D^b}$$
#
# $E$ is left even to a perfect model; the other two shrink with size and text. We trained models of
# four sizes on three lengths of Shakespeare (in tokens of several letters), each with two
# seeds. That takes minutes, so `measured.py` in this lesson's folder has done it.

# %% tags=["nbval-check-output"]
import json

from llama_edu.course.lessons import find_lesson

table = json.loads((find_lesson("14").folder / "measured.json").read_text(encoding="utf-8"))
fitted, unseen = table["fitted"], table["unseen"]

def mean_of(rows, size, n_tokens):
    return fmean(row["loss"] for row in rows
                 if (row["n_params"], row["n_tokens"]) == (size, n_tokens))

sizes = sorted({row["n_params"] for row in fitted})
lengths = sorted({row["n_tokens"] for row in fitted})
print("numbers in the models' layers:", ", ".join(f"{size:,}" for size in sizes))
for n in lengths:
    print(f"after {n:7,} tokens: loss", ", ".join(f"{mean_of(fitted, s, n):.2f}" for s in sizes))

# %% [markdown]
# For fixed exponents $a$ and $b$ the formula is linear in $E$, $A$ and $B$: we try many exponents,
# and solve for the rest by least squares. How sure is the result? A **bootstrap** is fitting again
# and again to runs drawn at random from those we have, to see how far chance moves the answer.

# %%
def terms(rows, a, b):
    """(runs, 3): what E, A and B are multiplied by, for N and D in handy units."""
    n = np.array([row["n_params"] / 1e4 for row in rows])
    d = np.array([row["n_tokens"] / 1e5 for row in rows])
    return np.stack((np.ones(len(rows)), n**-a, d**-b), axis=1)

def fit_law(rows):
    """The law of these runs: a, b, and E, A and B, none below 0."""
    losses, best = np.array([row["loss"] for row in rows]), (np.inf,)
    for a, b in product(np.arange(1, 13) / 10, repeat=2):
        known = np.linalg.lstsq(terms(rows, a, b), losses, rcond=None)[0]
        error = np.square(terms(rows, a, b) @ known - losses).mean()
        if known.min() >= 0 and error < best[0]:
            best = error, a, b, known
    return best[1:]

def predicted(law, rows):
    a, b, known = law
    return terms(rows, a, b) @ known

# %% [markdown]
# Now the law must say the loss of runs that it has not seen. **Predict:** the largest model of the
# fit (110,976 numbers) had a loss of 4.30 after the longest text. What is it after twice that text?

# %%
guess = None  # a number, to two places

# %% tags=["nbval-check-output"]
dice = np.random.default_rng(0)
laws = [fit_law([fitted[i] for i in dice.integers(24, size=24)]) for _ in range(100)]  # of 24 runs
low, high = np.quantile([predicted(law, unseen) for law in laws], (0.05, 0.95), axis=0)
said = predicted(fit_law(fitted), unseen)
for row, mid, least, most in list(zip(unseen, said, low, high, strict=True))[::2]:
    came = mean_of(unseen, row["n_params"], row["n_tokens"])
    print(f"{row['n_params']:7,} numbers, {row['n_tokens']:9,} tokens: predicted {mid:.2f} "
          f"(90 % of the draws: {least:.2f} to {most:.2f}), came {came:.2f}")
answer_guess(guess, came, "each doubling has saved less than the one before", within=0.02)
print("E, by 90 % of them:", *np.quantile([law[2][0] for law in laws], (0.05, 0.95)).round(1))

# %% tags=["nbval-ignore-output"]
lengths.append(2 * lengths[-1])
rows = [{"n_params": sizes[-1], "n_tokens": n} for n in lengths]
low, high = np.quantile([predicted(law, rows) for law in laws], (0.05, 0.95), axis=0)
plots.lines(
    {"predicted": (lengths, predicted(fit_law(fitted), rows)),
     "trained": (lengths, [mean_of(fitted + unseen, sizes[-1], n) for n in lengths])},
    errors={"predicted": (high - low) / 2}, x_log=True,
    x_label="tokens of text", y_label="loss on Hamlet (nats per token)",
    title="The longest run ends where short runs predicted",
    alt="Two falling lines, nearly the same; the last point of each was not used in the fit.",
)

# %% [markdown]
# From short runs we know a longer one within a few hundredths. What they do *not* give is $E$, the
# loss of a perfect model: other draws of the same runs give quite others.
#
# ## Five runs that went wrong
#
# Five runs of the same small model, each broken in one way, and a sound one:

# %% tags=["nbval-ignore-output"]
patients = {
    "A": "learning rate too high", "B": "mask lets the future in", "C": "one batch repeated",
    "D": "loss on padding", "E": "too little text", "sound": "stories",
}
smooth = {}
for name, kind in patients.items():
    losses = losses_of(make_run(runs / name, (BROKEN | HEALTHY)[kind]))
    smooth[name] = [fmean(losses[max(0, i - 9) : i + 1]) for i in range(len(losses))]
plots.lines(
    {name: (range(1, 301), losses[:300]) for name, losses in smooth.items()},
    x_label="step", y_label="training loss (nats per letter)", markers=False,
    title="Four of five broken runs look better than a sound one",
    alt="A stays near 2.7. B, C and E fall to nearly 0, C at once. D falls to 0.5, sound to 0.6.",
)

# %% tags=["nbval-ignore-output"]
for name, losses in smooth.items():
    lines = read_lines(runs / name / "metrics.jsonl")
    looks = [line["held_out_loss"] for line in lines if "held_out_loss" in line]
    print(f"{name:5}: training loss ends at {losses[-1]:.1f}; held-out loss {looks[0]:.1f}, "
          f"lowest {min(looks):.1f}, at the end {looks[-1]:.1f}")

# %% [markdown]
# The faults, in another order: *too little text · the mask lets the future in · the learning rate
# is too high · padding counts in the loss · one batch is repeated*. **Predict:** which letter is
# which? Write the letter of *too little text* first, then that of the mask, and so on.

# %%
guess = None  # five letters, in the order of the faults above, such as "ABCDE"

# %% tags=["nbval-check-output"]
found = {name: diagnose(runs / name) for name in patients}
for name, diagnosis in found.items():
    print(f"{name}: {', '.join(diagnosis.names) or 'nothing found'}")
answer_guess(guess, "EBADC", "the evidence stands below")

# %% [markdown]
# The package's doctor (`llama-edu train doctor RUN`) did not guess from the curves: two that look
# alike can have different causes. It asked what only one cause would answer.

# %% tags=["nbval-ignore-output"]
for name, diagnosis in found.items():
    for finding in diagnosis.findings:
        print(f"{name}: {finding.name}\n   {finding.evidence}\n   What to do: {finding.advice}")

# %% [markdown]
# B: it takes the mask away, and the loss falls; a sound model has never learned to use what comes
# later. C: it knows each batch by its checksum. D: it reads the rows. E: the held-out loss falls
# and then rises. A: it trains a new model for half as long at other rates, and one of them gets
# further than the whole run did.
#
# And the run from the beginning of this lesson?

# %% tags=["nbval-check-output"]
(finding,) = diagnose(theirs).findings
print(finding.name, "- by a trial at ten times the rate:", "a rate of 0.0005" in finding.evidence)

# %% [markdown]
# Waiting is not the cure: ten times the rate gets further in half the steps.
#
# ## In short
#
# 1. Before a run: ln V at step 1, one batch by heart, and a row of targets read by eye.
# 2. A loss L means $e^L$ equal choices; compare it only where tokens are the same. A checkpoint
#    holds far more than weights; a mean is taken once, over all targets.
# 3. A curve raises suspicion. A question that only one cause can answer proves it.

# %% [markdown] tags=["sourced"]
# **Where LLaMA really does this.** LLaMA 1 read 1.0 trillion tokens (7B and 13B) or 1.4 (33B, 65B),
# 4 million a step, most of its text about once (arXiv:2302.13971, sec. 2). Llama 3.1 405B was
# sized by scaling laws and read 15.6 trillion tokens; its batch grew from 4 to 16 million tokens
# (arXiv:2407.21783, sec. 3). The formula is that of Hoffmann et al. (arXiv:2203.15556, sec. 3.3).
#
# **Now you:** [exercises/14_pretraining](../exercises/14_pretraining.ipynb)
