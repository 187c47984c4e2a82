# %% [markdown]
# # 23 · Distillation and pruning: a small model out of a large one
#
# **What you need:** lesson 07 (the feed-forward layer) and lesson 14 (a training loop).
#
# **What you will be able to do:** train a small model on what a large one thinks; say when that
# helps and when it does not; cut units, heads and layers out of a LLaMA and judge what is lost.
#
# **Time:** about 55 minutes: what a teacher knows 8 · the distance 10 · with little text 10 · with
# plenty 6 · pruning 16 · healing 5.
#
# Llama 3.2 1B was made from larger models: cut out of one, and taught by two. What can a large
# model tell a small one that the text itself does not?

# %%
import json

import torch
from torch.nn import functional as F

from llama_edu import plots
from llama_edu.compress.distill import distillation_loss
from llama_edu.compress.prune import ffn_activity, ffn_norms, prune_ffn, prune_layers
from llama_edu.course.lessons import find_lesson
from llama_edu.course.reader import answer_guess, explore
from llama_edu.course.source import show_source
from llama_edu.generate import generate
from llama_edu.pretrained import load_pretrained

smol = load_pretrained(dtype=torch.float32)

# %% tags=["nbval-check-output"]
ids = torch.tensor([smol.text_ids("The cat sat on the")])
with torch.no_grad():
    logits = smol.model(ids)[0, -1]
likely = logits.softmax(-1).topk(8)
for p, i in zip(*likely, strict=True):
    print(f"{smol.tokenizer.decode([i.item()])!r:12} {p:.3f}")

# %% [markdown]
# A text would give *one* of these words, and say nothing of the others. The model says that several
# would do, which ones, and how much better each is. A **teacher** is a trained model whose
# probabilities another one learns from, and a **student** is the model that learns from them.
# **Distillation** is training a student on a teacher's probabilities. To measure how far the
# student is, we need a distance between two distributions.
#
# ## The distance
#
# The **Kullback-Leibler divergence** is how many nats it costs to take the student's probabilities
# $q$ for the teacher's $p$: a sum over the vocabulary that is 0 only if both agree.
#
# $$\operatorname{KL}(p \,\|\, q) = \sum_i p_i \, (\log p_i - \log q_i)$$

# %% tags=["nbval-check-output"]
teacher = torch.tensor([0.6, 0.3, 0.1])
for name, student in (("agrees", [0.6, 0.3, 0.1]), ("is unsure", [1 / 3, 1 / 3, 1 / 3]),
                      ("is sure", [0.98, 0.01, 0.01])):
    q = torch.tensor(student)
    print(f"a student that {name:10}: {(teacher * (teacher / q).log()).sum():.3f} nats")

# %% [markdown]
# To be sure of the best word is worse than to be unsure: it denies what the teacher holds possible.
#
# Most of a teacher's probabilities are tiny. A **temperature** divides the logits of both before
# the softmax, so that small ones count more. **Predict:** how likely is the first of the eight
# words above at temperature 3: more, or less?

# %%
guess = None  # "more" or "less"

# %% tags=["nbval-check-output"]
for temperature in (0.5, 1.0, 3.0):
    softened = (logits / temperature).softmax(-1)
    print(f"T = {temperature}: {softened[likely.indices[0]]:.3f} for the first, "
          f"{1 - softened[likely.indices].sum():.3f} for all but the eight")
answer_guess(guess, "less", "dividing brings the logits nearer to each other")

# %% tags=["nbval-ignore-output"]
def draw_softened(temperature):
    softened = (logits / temperature).softmax(-1)[likely.indices]
    names = [smol.tokenizer.decode([i]) for i in likely.indices.tolist()]
    return plots.bars(
        dict(zip(names, softened.tolist(), strict=True)),
        title=f"At temperature {temperature:g} the first word has {softened[0]:.1%}",
        n_digits=4, x_label="probability",
        alt="Eight bars, the more alike the higher the temperature.",
    )

explore(draw_softened, temperature=(0.5, 5.0, 0.5))
draw_softened(2.0)

# %% [markdown]
# A softened loss has a smaller gradient: the logits were divided by T, and the probabilities differ
# less. The factor $T^2$ makes up for both. **Predict:** leave it out, and go from T = 1 to T = 10.
# By about how much does the student's gradient shrink?

# %%
guess = None  # 1, 10 or 100

# %% tags=["nbval-check-output"]
dice = torch.Generator().manual_seed(0)
p_logits, q_logits = torch.randn(2, 200, 50, generator=dice)
q_logits.requires_grad_()
size = {}
for temperature in (1.0, 10.0):
    loss = distillation_loss(q_logits, p_logits, temperature)
    (gradient,) = torch.autograd.grad(loss, q_logits)
    size[temperature] = gradient.norm().item()
    print(f"T = {temperature:4}: with T² {size[temperature]:.4f}, "
          f"without {size[temperature] / temperature**2:.6f}")
without = size[1.0] / (size[10.0] / 100)
answer_guess(guess, 100 if 50 < without < 200 else round(without),
             "once for the division, and once for the smaller differences")

# %% tags=["nbval-ignore-output"]
show_source(distillation_loss, folded="distillation_loss: for after the exercise")

# %% [markdown]
# ## With little text
#
# A teacher of 0.4 million parameters, trained on most of the King James Bible, and a
# student of a tenth of that, which may read three pages. `measured.py` in this lesson's folder
# trained each arm with three seeds.
#
# *Alone* reads the little text, *taught* learns from the teacher at a temperature T, *half taught*
# does both by halves. A *peer* is as large as the teacher and has read the three pages only; it
# teaches, too. Two more students read what the teacher wrote, and plenty of the Bible.
#
# **Predict:** which helps the student more: the teacher's probabilities on the little text, or to
# be told that it should not be too sure (smoothed labels)?

# %%
guess = None  # "teacher" or "smoothing"

# %% tags=["nbval-check-output"]
measured = json.loads((find_lesson("23").folder / "measured.json").read_text(encoding="utf-8"))
seeds = measured["seeds"]

def over_seeds(kind):
    return {name: [seed[kind][name] for seed in seeds] for name in seeds[0][kind]}

little = over_seeds("little")
print(f"{'teacher':32}" + "".join(f"{seed['teacher']:8.3f}" for seed in seeds))
for name, bits in little.items():
    print(f"{name:32}" + "".join(f"{one:8.3f}" for one in bits))
means = {name: sum(bits) / len(bits) for name, bits in little.items()}
answer_guess(
    guess, "teacher" if means["taught, T 1"] < means["labels smoothed"] else "smoothing",
    "its probabilities say *which* other words would do",
)

# %% tags=["nbval-ignore-output"]
chosen = ["alone", "labels smoothed", "taught by one that saw no more", "taught, T 1",
          "on what the teacher wrote", "on plenty of text"]
plots.samples(
    {name: little[name] for name in chosen},
    title="On three pages the teacher's probabilities are worth more than a library",
    x_label="bits a byte on chapters that nobody saw",
    alt="Six rows of three points. Alone, smoothed and taught by a peer are alike and worst; the "
    "teacher's texts and plenty of text are better and alike; taught by the teacher is best.",
)

# %% [markdown]
# All bits are per byte; less is better. The controls say where the gain comes from. Smoothed labels
# hardly help, and a teacher that itself saw only the three pages does not help at all: what counts
# is what the teacher has *read*. A student that only reads what the good teacher wrote gets as far
# as one with plenty of real text. The probabilities give more than either: one look at them says
# what many sentences would have to show. (The training is short; the next section shows plenty of
# text coming nearer in more steps.) No temperature above 1 helped here: try it, do not assume it.

# %% [markdown]
# ## With plenty of text
#
# Then is a teacher of use where text is not scarce? Each step of the taught student runs the large
# model, too. So there are two races: the same number of steps, and the same time, in which the
# student alone takes more than twice as many. **Predict:** who is ahead after the same *time*?

# %%
guess = None  # "taught" or "alone"

# %% tags=["nbval-check-output"]
plenty = over_seeds("plenty")
for name, bits in plenty.items():
    print(f"{name:20}" + "".join(f"{one:8.3f}" for one in bits))
mean = {name: sum(bits) / len(bits) for name, bits in plenty.items()}
better = "taught" if mean["taught, 200 steps"] < mean["alone, as long"] else "alone"
answer_guess(guess, better, "one look at all probabilities is worth more than two at a word")

# %% [markdown]
# Here the teacher wins both races. Do not take it for a law: this teacher is only nine times as
# large as its student, and the race is short. A larger teacher makes each step more expensive, and
# in a longer race plain reading may catch up.

# %% [markdown]
# ## Pruning: cut it out
#
# **Pruning** takes parts out of a trained model: hidden units of the feed-forward layers, heads, or
# whole layers. What is left is an ordinary, smaller LLaMA. Which units can go? Three ways to
# choose: those whose weights are small (*norm*), those that do little on some text (*activity*), or
# any (*chance*). We take half of all units out of SmolLM2.
#
# **Predict:** which way hurts least?

# %%
guess = None  # "norm", "activity" or "chance"

# %% tags=["nbval-check-output"]
real = measured["smollm2"]
print("bits a byte lost, of", f"{real['whole']:.3f}", "when whole; left out:", real["left out"])
for name, lost in real["widths"].items():
    print(f"{name:12}" + "".join(f"{one:8.3f}" for one in lost))
middle = {name.removeprefix("by "): lost[1] for name, lost in real["widths"].items()}
answer_guess(guess, min(middle, key=middle.get), "small weights may stand where inputs are large")

# %% [markdown]
# Those are the script's numbers. What half a model says, you can see here:

# %% tags=["nbval-check-output"]
text = ("The president spoke to the people about the state of the country. He asked Congress for "
        "new laws on trade, and thanked the soldiers who had come home from the war. ") * 2
some = torch.tensor([smol.text_ids(text)])
scores = {
    "norm": ffn_norms(smol.model),
    "activity": ffn_activity(smol.model, [some]),
    "chance": torch.rand(30, 1536, generator=torch.Generator().manual_seed(0)),
}
prompt = smol.text_ids("The largest city of France is")
for name, score in scores.items():
    smaller = prune_ffn(smol.model, score, 768)
    answer = smol.tokenizer.decode(generate(smaller, [prompt], 8)[0])
    print(f"{name:9} {smaller.config.n_params:,} parameters: {answer!r}")
whole = smol.tokenizer.decode(generate(smol.model, [prompt], 8)[0])
print(f"whole     {smol.model.config.n_params:,} parameters: {whole!r}")

# %% [markdown]
# Judging units by the size of their weights is no better here than leaving it to chance, and at a
# quarter far worse: a few units with small weights do something that nothing else does. What a unit
# *does* on real text tells much better. And whole layers? **Predict:** take out one of the 30
# layers: which is missed most?

# %%
guess = None  # a number from 0 to 29

# %% tags=["nbval-check-output"]
lost = real["layers"]
for layer in (0, 1, 2, 15, 28, 29):
    print(f"without layer {layer:2}: {lost[layer]:+.3f} bits a byte")
most = max(range(30), key=lambda layer: lost[layer])
answer_guess(guess, most, "the first layers make what all others read")

# %% tags=["nbval-ignore-output"]
plots.lines(
    {"": (list(range(30)), lost)}, y_from_zero=True, x_label="layer that is left out",
    title="SmolLM2 misses its first layer most, and most others hardly",
    y_label="bits a byte lost",
    alt="A curve that starts above two bits, is at a few hundredths for most layers, with peaks "
    "of a quarter to a half at layers 8 and 11, and rises again at the last two.",
)

# %% [markdown]
# And what does SmolLM2 say with several layers left out? First none, then layer 15, then 13 and 17
# as well, then seven in a row:

# %% tags=["nbval-ignore-output"]
pruned = [prune_layers(smol.model, [i for i in range(30) if i not in gone])
          for gone in ([], [15], [13, 15, 17], list(range(12, 19)))]
for model in pruned:
    answer = smol.tokenizer.decode(generate(model, [prompt], 12)[0])
    print(f"{model.config.n_layers} layers: {answer!r}")

# %% [markdown]
# One or three of the middle layers can go and it still says Paris; without seven it does not.
#
# **Break it, then diagnose it.** A unit is a row of gate, a row of up and a column of down. Prune
# gate and up in *different orders*: every number is a real weight, nothing is the wrong shape. How
# large is the error of one layer's output?

# %% tags=["nbval-check-output"]
ffn = smol.model.blocks[10].ffn
gate, up = ffn.gate_up_proj.weight.detach().chunk(2)
best = scores["activity"][10].topk(768).indices
x = torch.randn(50, 576, generator=dice)

def output(gate, up, down):
    return (F.silu(x @ gate.T) * (x @ up.T)) @ down.T

with torch.no_grad():
    right = output(gate[best], up[best], ffn.down_proj.weight[:, best])
    mixed = output(gate[best], up[best.sort().values], ffn.down_proj.weight[:, best])
print(f"relative error: {((mixed - right).norm() / right.norm()).item():.2f}")

# %% [markdown]
# Larger than the output itself, and no exception says so. Such a bug shows only in a test: silence
# the same units in the whole model, and compare. So does the test of `prune_ffn`.

# %% tags=["nbval-ignore-output"]
show_source(prune_ffn, folded="prune_ffn: for after the exercise")

# %% [markdown]
# ## Healing
#
# **Healing** is a short training after pruning. Our Bible teacher loses three quarters of its
# hidden units, then trains for a few steps. **Predict:** after healing, how much does it still
# matter how the units were chosen?

# %%
guess = None  # "much" or "little"

# %% tags=["nbval-check-output"]
print(f"{'whole':12}" + "".join(f"{seed['teacher']:16.3f}" for seed in seeds))
spread = []
for name in seeds[0]["pruned"]:
    pairs = [seed["pruned"][name] for seed in seeds]
    print(f"{name:12}" + "".join(f"   {before:.3f} → {after:.3f}" for before, after in pairs))
    spread.append(sum(after for _, after in pairs) / 3)
answer_guess(guess, "little" if max(spread) - min(spread) < 0.1 else "much",
             "training moves what is left into the place of what is gone")

# %% [markdown]
# Choose carefully where nothing is trained afterwards; where healing follows, what matters is to
# heal. Compare what counts in the end, not what the cut looks like.

# %% [markdown]
# ## In short
#
# 1. A teacher gives a distribution where a text gives a word; the student's loss is
#    $T^2 \operatorname{KL}(p_\text{teacher} \,\|\, p_\text{student})$.
# 2. A student gains what its teacher has read: much with little text, something with plenty,
#    nothing from a teacher that read no more than itself.
# 3. Prune by what units do, keep their parts together, heal, and judge after healing.

# %% [markdown] tags=["sourced"]
# **Where LLaMA really does this.** The article says that LLaMA is distilled. LLaMA 1 was not. The
# smaller Llama 2-Chat models learned from answers that the largest one wrote (arXiv:2307.09288,
# sec. 3.2.3). Llama 3.2 1B and 3B were pruned from Llama 3.1 8B, and learned from the logits of 8B
# and 70B
# ([model card](https://github.com/meta-llama/llama-models/blob/main/models/llama3_2/MODEL_CARD.md)).
# Temperature and $T^2$ are of arXiv:1503.02531, learning from the teacher's texts of
# arXiv:1606.07947, activity as importance of arXiv:2407.14679.
#
# **Now you:** [exercises/23_distillation](../exercises/23_distillation.ipynb)
