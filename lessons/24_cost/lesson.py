# %% [markdown]
# # 24 · Cost and carbon: what a LLaMA takes
#
# **What you need:** lesson 01 (parameters, FLOPs) and lesson 14 (a training loop).
#
# **What you will be able to do:** say from a model's shape how many operations, days,
# kilowatt-hours and tonnes its training takes; check a model card; tell when a smaller model is the
# cheaper one.
#
# **Time:** about 55 minutes: your machine 8 · operations 10 · days 7 · energy and carbon 8 ·
# an audit 6 · memory 6 · a whole life 10.
#
# How long would *your* computer need to train Llama 3 8B? Train something tiny first, and time it.

# %%
import time

import torch
from torch.utils.flop_counter import FlopCounterMode

from llama_edu import plots
from llama_edu.config import PRESETS
from llama_edu.course.reader import answer_guess, explore
from llama_edu.course.source import show_source
from llama_edu.footprint import (
    GPUS,
    PUBLISHED,
    bill,
    decode_flops,
    gpu_hours,
    inference_memory,
    mfu,
    training_flops,
    training_memory,
)
from llama_edu.model.llama import Llama
from llama_edu.train.loss import token_loss
from llama_edu.train.optim import AdamW

# %% tags=["nbval-ignore-output"]
torch.manual_seed(0)
tiny = PRESETS["tiny"]
model = Llama(tiny)
optimizer = AdamW(model.parameters())
tokens = torch.randint(tiny.vocab_size, (16, 128))

def step():
    total, n = token_loss(model(tokens[:, :-1]), tokens[:, 1:])
    optimizer.zero_grad()
    (total / n).backward()
    optimizer.step()

step()  # the first one is slower: memory is set aside
started = time.perf_counter()
for _ in range(10):
    step()
seconds = (time.perf_counter() - started) / 10
print(f"{tiny.n_params:,} parameters, {seconds * 1000:.0f} ms a step of {16 * 127:,} tokens")

# %% [markdown]
# **Predict:** Llama 3 8B has fifty thousand times as many parameters, and read 15 trillion tokens.
# If each parameter and token took as long as here, how long would your computer need?

# %%
guess = None  # "days", "years", "centuries" or "millennia"

# %% tags=["nbval-ignore-output"]
large = PRESETS["llama-3-8b"]
per_second = 16 * 127 / seconds
years = 15e12 / per_second * (large.n_params / tiny.n_params) / (365 * 24 * 3600)
print(f"{years:,.0f} years")
answer_guess(guess, "millennia", "a machine a hundred times as fast would still need centuries")

# %% [markdown]
# So what did Meta have? Not a better trick: more and faster machines. To say how many, we need a
# unit of work.
#
# ## The work: six operations for each parameter and token
#
# A **FLOP** is one multiplication or addition of numbers. To multiply a vector with a matrix, every
# weight is multiplied once and added once: 2 FLOPs. To learn, two more products of that size are
# needed: one gives the gradient of the weights, one that of the layer's input. So
#
# $$\text{FLOPs of a training} \approx 6 \cdot N \cdot D$$
#
# where $N$ counts the parameters and, here only, $D$ the tokens. PyTorch can count the
# multiplications that are really done:

# %% tags=["nbval-check-output"]
from torch.nn.attention import SDPBackend, sdpa_kernel

texts = torch.arange(2 * 65).view(2, 65) % 512
with FlopCounterMode(display=False) as counter, sdpa_kernel(SDPBackend.MATH):
    logits = Llama(tiny)(texts[:, :-1])
    forward = counter.get_total_flops()
    token_loss(logits, texts[:, 1:])[0].backward()
n = 2 * 64
print(f"counted: forward {forward:,}, forward and backward {counter.get_total_flops():,}")
print(f"backward / forward: {counter.get_total_flops() / forward - 1:.2f}")
print(f"6 N D:              {training_flops(tiny, n):,.0f}")
print(f"our exact formula:  {training_flops(tiny, n, 64):,.0f}")

# %% [markdown]
# Backward is twice forward. The rule and the count differ for three reasons. The table
# of embeddings is looked up and not multiplied; norms are no products; and attention is left
# out of the rule: each query meets all keys before it, which costs more the longer the text is.
#
# $$6 \, (N' + L \, H \, d \, T) \; \text{FLOPs a token}$$
#
# $N'$ counts the weights that are multiplied, L layers, H heads, d the width of a head, T the
# length of the text. PyTorch's count is higher: it holds scores that the mask hides.
#
# **Predict:** in Llama 3 8B, trained on texts of 8,192 tokens, what share of the work is that of
# attention, $L \, H \, d \, T$?

# %%
guess = None  # a number between 0 and 1

# %% tags=["nbval-check-output"]
def attention_share(config, n_context):
    whole = training_flops(config, 1, n_context)
    return 1 - training_flops(config, 1, 0) / whole

share = attention_share(large, 8192)
print(f"Llama 3 8B at 8,192 tokens: {share:.1%}")
print(f"6 N D is off by {training_flops(large, 1, 8192) / training_flops(large, 1) - 1:+.1%}")
answer_guess(guess, share, "the weights do most of it until texts get very long", within=0.35)

# %% tags=["nbval-ignore-output"]
lengths = [2**i for i in range(10, 21)]
curves = {
    name: (lengths, [attention_share(PRESETS[name], n) for n in lengths])
    for name in ("llama-3.2-1b", "llama-3.1-8b", "llama-3.1-405b")
}
plots.lines(
    curves, x_log=True, y_from_zero=True, title="In long texts attention is most of the work",
    x_label="length of the text, tokens", y_label="attention's share of the FLOPs",
    alt="Three rising curves from a few per cent at 1,024 tokens. At a million tokens attention "
    "is more than four fifths of the work of each; the largest model has the smallest share.",
)

# %% [markdown]
# At usual lengths $6ND$ is right within some per cent, and so it is what papers quote. The larger
# the model, the less attention counts: weights grow with the square of the width, attention with
# the width alone.
#
# ## From work to days
#
# A data sheet says how many FLOPs a second a GPU can do. No training reaches it: GPUs wait for
# memory and for each other. **MFU** (model FLOPs utilization) is the share of that speed
# that the model's own FLOPs reach. Then
#
# $$\text{GPU hours} = \frac{6 N D}{\text{FLOP/s of the GPU} \cdot \text{MFU} \cdot 3600}$$
#
# First your own machine: how fast is a plain product of matrices here, and how much of that did the
# ten steps reach?

# %% tags=["nbval-ignore-output"]
a = torch.randn(1024, 1024)
a @ a
started = time.perf_counter()
for _ in range(10):
    a @ a
speed = 10 * 2 * 1024**3 / (time.perf_counter() - started)
reached = training_flops(tiny, 16 * 127, 127) / seconds
print(f"this machine: {speed / 1e9:,.0f} GFLOP/s; the tiny model reached {reached / speed:.0%}")

# %% [markdown]
# Small products keep a processor poorly busy. And the large runs? Papers and cards print their GPU
# hours, so that the formula can be solved for MFU. **Predict:** what share of its GPUs' speed did
# LLaMA 65B reach?

# %%
guess = None  # a number between 0 and 1

# %% tags=["nbval-check-output"]
reached = {}
for run in PUBLISHED:
    if run.preset and run.n_tokens:
        work = training_flops(PRESETS[run.preset], run.n_tokens)
        reached[run.name] = mfu(work, GPUS[run.gpu], run.gpu_hours)
        share = reached[run.name]
        print(f"{run.name:15} {work:.1e} FLOPs {run.gpu_hours:12,.0f} h   MFU {share:.2f}")
answer_guess(
    guess, reached["LLaMA 65B"], "half is very good: most of the rest is waiting", within=0.15,
    wrong={1: "no training reaches the data sheet: it counts a processor that never waits"},
)

# %% [markdown]
# From Llama 3 on the shares are lower, and those of small models lowest: 0.05 for Llama 3.2 1B. Its
# card says that it also learned from the logits of larger models. For the others we have read no
# reason. *A low MFU may be a badly used GPU, or work that the formula does not know.*
#
# ## From hours to energy and carbon
#
# LLaMA's paper takes the most that a GPU can draw, times the hours, times the **PUE** (power usage
# effectiveness), which is what the whole data centre draws for each watt of its computers. Then
# each kilowatt-hour is worth some carbon, by how the grid makes electricity.

# %% tags=["nbval-ignore-output"]
show_source(bill)

# %% tags=["nbval-check-output"]
print(f"{'':16}{'printed t':>10}{'formula t':>11}{'ratio':>7}")
for run in PUBLISHED:
    tonnes = bill(run.gpu_hours, run.watts).kg / 1000
    print(f"{run.name:16}{run.tonnes:10,.2f}{tonnes:11,.2f}{run.tonnes / tonnes:7.3f}")

# %% [markdown] tags=["sourced"]
# Up to Llama 3, the ratio is 1 within a few per cent: the formula of arXiv:2302.13971, sec. 6, with
# a PUE of 1.1 and 0.385 kg a kWh, gives the printed tonnes (its table 15; arXiv:2307.09288, table
# 2; the model cards). Llama 2's text says that cooling is not counted (sec. 2.2.1), yet a PUE of
# 1.1 is in each of its rows. The cards from Llama 3.1 on print "location-based" emissions, with
# slightly other factors, and 0 "market-based" ones: Meta buys as much renewable energy as it uses.
#
# The formula is a convention and no measurement: GPUs seldom draw their most, and processors,
# network and the making of the machines are left out.

# %% [markdown]
# The same hours emit more or less on another grid: move the sliders. The paper's factor is a mean
# of the United States; wind and water are near 0, coal is near 1 kg a kWh.

# %% tags=["nbval-ignore-output"]
def draw_bill(pue, grid):
    chosen = [run for run in PUBLISHED if run.name in
              ("LLaMA 7B", "LLaMA 65B", "Llama 2 70B", "Llama 3 70B", "Llama 3.1 405B")]
    tonnes = {run.name: bill(run.gpu_hours, run.watts, pue, grid).kg / 1000 for run in chosen}
    return plots.bars(
        tonnes, title="Llama 3.1 405B emits as much as fifty LLaMA 65B", n_digits=0,
        x_label=f"tonnes of CO2e at PUE {pue:g} and {grid:g} kg a kWh",
        alt="Five bars: 14, 173, 291, 1,897 and 9,143 tonnes with the paper's factors.",
    ) if (pue, grid) == (1.1, 0.385) else plots.bars(
        tonnes, title=f"On this grid 405B emits {tonnes['Llama 3.1 405B']:,.0f} tonnes", n_digits=0,
        x_label="tonnes of CO2e", alt="The same five bars with other factors.",
    )

explore(draw_bill, pue=(1.0, 2.0, 0.1), grid=(0.0, 1.0, 0.005))
draw_bill(1.1, 0.385)

# %% [markdown]
# ## An audit
#
# **Break it, then diagnose it.** One row of the table cannot be right. **Predict:** which?

# %%
guess = None  # the name of a model, as the table has it

# %% tags=["nbval-check-output"]
ratios = {run.name: run.tonnes / (bill(run.gpu_hours, run.watts).kg / 1000) for run in PUBLISHED}
worst = min(ratios, key=ratios.get)
twin = next(run for run in PUBLISHED if run.name == "Llama 3.1 70B")
run = next(run for run in PUBLISHED if run.name == worst)
print(f"{worst}: {run.gpu_hours:,.0f} h, {run.tonnes} t")
print(f"{twin.name}: {twin.gpu_hours:,.0f} h, {twin.tonnes} t")
print(f"so {worst} is printed {1 / ratios[worst]:.0f} times too low")
answer_guess(guess, worst, "as many hours as its twin, on the same GPUs, cannot emit so little")

# %% [markdown] tags=["sourced"]
# It is Llama 3.3's card, and it is reported
# ([issue 242](https://github.com/meta-llama/llama-models/issues/242)). The sums of others do not
# hold either: Llama 2's card leaves out the row of its 34B model, but counts it in its total of
# 539 t. LLaMA's paper says that its development took "approximately 5 months" on 2,048 GPUs and
# 2,638 MWh (sec. 6). **Predict:** how many days would that energy last those GPUs, at 0.4 kW and a
# PUE of 1.1?

# %%
guess = None  # a number of days

# %% tags=["nbval-check-output"]
days = 2_638_000 / (2048 * 0.4 * 1.1) / 24
final = sum(run.mwh for run in PUBLISHED if run.name.startswith("LLaMA "))
print(f"{days:.0f} days, {days / 30.4:.1f} months; the four final runs took {final} of 2,638 MWh")
answer_guess(guess, days, "energy divided by the power of all GPUs is a time", within=0.05)

# %% [markdown]
# Four months, not five. And another number hides here: the four models that were released are less
# than a third of the bill. The rest went into runs that nobody downloads.
#
# ## What must fit into memory
#
# Time can be waited for; memory cannot. AdamW keeps two numbers beside each weight, and the
# gradient is a third: four numbers in fp32 for each parameter, before the first token is read.
# Large models compute in bf16, with a *narrow* copy of the weights. Then come the activations,
# which wait for the backward pass.

# %% tags=["nbval-check-output"]
parts = training_memory(large, batch_size=1, n_context=8192)
for name, n_bytes in parts.items():
    print(f"{name:15} {n_bytes / 1e9:6.1f} GB")
room = GPUS["h100"].memory
print(f"together {sum(parts.values()) / 1e9:.0f} GB; an H100 has {room / 1e9:.0f} GB")
answering = inference_memory(large, batch_size=1, n_context=8192)
print(f"to answer: {sum(answering.values()) / 1e9:.1f} GB")

# %% [markdown]
# One text does not fit into one GPU: weights, gradients and optimizer are shared out over many. To
# *answer* is ten times lighter. (A test holds the formula to what autograd really keeps.)
#
# ## A whole life: training once, answering for years
#
# What does a token cost when the model *answers*? Forward only, $2N$ FLOPs. So a smaller model
# saves a little with every token. That is what LLaMA 1 was made for. Compare ten billion
# parameters trained on 200 billion tokens, once held to be best, with seven billion on a trillion.
# If both are as good, the second took more work to train. **Predict:** after how many tokens of
# answers has it paid off?

# %%
guess = None  # "a billion", "four trillion" or "never"

# %% tags=["nbval-check-output"]
wide, long = (10e9, 200e9), (6.74e9, 1e12)  # parameters, tokens of training
training = {name: 6 * n * d for name, (n, d) in (("10B", wide), ("7B", long))}
even = (training["7B"] - training["10B"]) / (2 * (wide[0] - long[0]))
for name, (_, d) in (("10B", wide), ("7B", long)):
    print(f"{name} on {d / 1e9:,.0f} billion tokens: {training[name]:.1e} FLOPs to train")
print(f"even after {even:.1e} tokens")
answer_guess(
    guess, "four trillion", "28e21 FLOPs more to train, 6.5e9 fewer for each token written",
    wrong={"never": "each answer of the smaller model is cheaper, so some day it pays"},
)

# %% tags=["nbval-ignore-output"]
served = [i * 1e12 for i in range(11)]
lives = {
    f"{name} on {d / 1e9:,.0f} billion tokens": (
        [s / 1e12 for s in served], [(6 * n * d + 2 * n * s) / 1e21 for s in served]
    )
    for name, (n, d) in (("10B", wide), ("7B", long))
}
plots.lines(
    lives, title="A small model trained longer pays off after four trillion answered tokens",
    x_label="tokens answered, trillions", y_label="work of a whole life, 10²¹ FLOPs",
    y_from_zero=True, markers=False,
    alt="Two straight lines. The 10B model starts lower and rises faster; they cross at 4.4 "
    "trillion tokens.",
)

# %% [markdown]
# Is a token that is answered really as cheap as $2N$ says? One more trap. To write one token, *all*
# weights are read from memory. **Predict:** on an H100, for one text at a time, what holds Llama 3
# 8B back: its FLOPs, or its memory?

# %%
guess = None  # "FLOPs" or "memory"

# %% tags=["nbval-check-output"]
gpu = GPUS["h100"]
by_work = gpu.flops / decode_flops(large, 1000)
by_memory = gpu.bytes_per_second / (2 * large.n_params)
print(f"tokens a second: {by_work:,.0f} by its FLOPs, {by_memory:,.0f} by its memory")
joules = gpu.watts * 1.1 / by_memory
print(f"500 tokens at that speed: {500 * joules / 3600:.2f} Wh, if the GPU draws its most")
answer_guess(guess, "memory", "16 GB are read for a token, and 2 FLOPs done with each weight")

# %% tags=["nbval-ignore-output"]
batches = [2**i for i in range(10)]
def rate(n):  # whichever is slower: the products of n texts, or reading weights and n caches
    read = 2 * large.n_params + n * 1000 * large.kv_bytes_per_token()
    return n / max(n * decode_flops(large, 1000) / gpu.flops, read / gpu.bytes_per_second)

plots.lines(
    {"bound": (batches, [500 * gpu.watts * 1.1 / rate(n) / 3600 for n in batches])},
    x_log=True, y_log=True, title="Answering many at once makes each answer cheap",
    x_label="texts side by side", y_label="Wh for 500 tokens, at best",
    alt="A falling curve: half a watt-hour for one text alone, a hundredth of that for a few "
    "hundred side by side.",
)

# %% [markdown]
# Weights are read once for all texts of a batch. These are *bounds*, from data sheets, and no
# measurement: real servers reach a part of them. But they say why an answer of a busy service costs
# far less than the same answer on a GPU of your own.
#
# Any of this for other shapes, GPUs and factors, in the terminal:
# `llama-edu cost --preset llama-3-8b --tokens 15e12 --gpu h100 --mfu 0.4`.

# %% [markdown]
# ## In short
#
# 1. Training takes about 6 N D FLOPs; hours follow from the GPU and the MFU, kilowatt-hours from
#    watts and PUE, tonnes from the grid.
# 2. Printed numbers can be checked by arithmetic, and some are wrong.
# 3. Training pays once, answering for ever: a smaller model trained longer can be the cheaper one.

# %% [markdown] tags=["sourced"]
# **Where LLaMA really does this.** The article says that LLaMA greatly reduces the cost and the
# carbon of *training*. Its paper says otherwise: LLaMA 65B took *more* energy than OPT-175B, 449
# against 356 MWh (arXiv:2302.13971, table 15). What LLaMA reduces is the cost of *use* (sec. 1):
# Llama 3 8B read nearly 1,900 tokens for each parameter, where about 20 are cheapest to train
# (arXiv:2203.15556). Every LLaMA's paper or card prints hours, watts and tonnes: so they can be
# checked at all.
#
# **Now you:** [exercises/24_cost](../exercises/24_cost.ipynb)
