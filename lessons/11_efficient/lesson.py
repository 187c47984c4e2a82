# %% [markdown]
# # 11 · Efficient attention: must everybody look at everybody?
#
# **What you need:** lesson 05 (attention, masks) and lesson 10 (the KV cache).
#
# **What you will be able to do:** say what a window, chunks and sparse blocks save and what they
# lose; tell a mask from a saving; compute exact attention without ever holding its weights.
#
# **Time:** about 55 minutes: the square 6 · a window 12 · patterns 7 · a mask saves nothing 7 ·
# online softmax 14 · a rolling cache 9.
#
# A text twice as long has four times as many pairs of tokens. Must a LLaMA that reads a whole book
# pay that?

# %%
import math
import time

import torch
from torch.utils.flop_counter import FlopCounterMode

from llama_edu import plots
from llama_edu.config import PRESETS, ModelConfig
from llama_edu.course.reader import answer_guess, explore
from llama_edu.course.source import show_source
from llama_edu.model import masks
from llama_edu.model.attention import explicit_attention
from llama_edu.model.efficient import RollingCache, online_attention
from llama_edu.model.llama import Llama
from llama_edu.pretrained import load_pretrained


# %% tags=["nbval-ignore-output"]
def random_heads(n_tokens, n_heads=4, d=32):
    dice = torch.Generator().manual_seed(0)
    return torch.randn(3, 1, n_heads, n_tokens, d, generator=dice)  # q, k and v

def milliseconds(function, n_times=3):
    taken = []
    for _ in range(n_times):
        started = time.perf_counter()
        function()
        taken.append(time.perf_counter() - started)
    return 1000 * min(taken)

for n in (256, 512, 1024, 2048):
    q, k, v = random_heads(n)
    weights = explicit_attention(q, k, v)[1]
    taken = milliseconds(lambda q=q, k=k, v=v: explicit_attention(q, k, v))
    print(f"{n:5} tokens: {weights.nbytes / 2**20:5.0f} MiB of weights, {taken:6.1f} ms")

# %% [markdown]
# Twice the text, four times the memory, and the time grows about as fast. There are two ways out,
# and they are often confused: look at *less*, or look at everything but *remember* less. We take
# them in turn.
#
# ## A window
#
# **Sliding-window attention** lets each token look only at the last few, itself included. The
# **window** is how many that are.

# %% tags=["nbval-check-output"]
print(masks.sliding_window(6, 6, 3).int())

# %% [markdown]
# Then nothing from further back can ever arrive? It can: in the next layer a neighbour hands on
# what it has seen. The **receptive field** is how many tokens can have any influence on a token's
# output.
#
# **Predict:** with a window of 5, how many tokens can reach a token's output after *four* layers?

# %%
guess = None  # a number

# %% tags=["nbval-check-output"]
def receptive_field(n_layers, window, n_tokens=40):
    """Measured: which inputs have a gradient, if the last token's output is asked?"""
    torch.manual_seed(0)
    model = Llama(ModelConfig(
        vocab_size=40, d_model=32, n_layers=n_layers, n_heads=4, n_kv_heads=4, d_ff=64,
        max_seq_len=64,
    )).double()
    seen = []  # the embeddings, told to keep their gradient
    model.embedding.register_forward_hook(lambda _, __, x: seen.append(x) or x.retain_grad())
    mask = masks.sliding_window(n_tokens, n_tokens, window)
    model(torch.arange(n_tokens)[None], mask=mask)[0, -1].sum().backward()
    return int((seen[0].grad[0].abs().sum(-1) > 0).sum())

measured = {layers: receptive_field(layers, 5) for layers in (1, 2, 3, 4)}
print(measured)
answer_guess(guess, measured[4], "each layer reaches 4 tokens further back, and the token is one",
             wrong={20: "the token itself counts once, not in each layer", 5: "that is one layer"})

# %% [markdown]
# With $L$ layers and a window $w$ it is $L(w - 1) + 1$. So with 32 layers a window of four thousand
# could reach back over a hundred thousand tokens. *Could.* Does a real model find things so far
# away? We hide a needle: SmolLM2 is told a code, then reads other things, then is asked. Every
# layer gets a window.

# %% tags=["nbval-check-output"]
smol = load_pretrained(dtype=torch.float32)
filler = " The river runs past the mill, and the children walk along it to school." * 6
text = f"The secret code of the house is 7.{filler} The secret code of the house is"
ids = torch.tensor([smol.text_ids(text)])
needle = smol.tokenizer.encode(" 7")[-1]
distance = ids.shape[1] - 1 - ids[0].tolist().index(needle)
print(f"{ids.shape[1]} tokens; the needle lies {distance} back")
print(f"a window of 64 in 30 layers: a receptive field of {30 * 63 + 1:,} tokens")

def chance_of_needle(window):
    spaced = smol.tokenizer.encode(" ")  # the model writes a space, then the digit
    asked = torch.cat((ids, torch.tensor([spaced])), 1)
    n = asked.shape[1]
    with torch.no_grad():
        logits = smol.model(asked, mask=masks.sliding_window(n, n, window))
    return logits[0, -1].softmax(-1)[needle].item()

# %% [markdown]
# **Predict:** with a window of 64 in each layer, does the model still find the code, about 100
# tokens back?

# %%
guess = None  # "yes" or "no"

# %% tags=["nbval-ignore-output"]
windows = [16, 32, 64, 96, 112, 128, 192]
found = [chance_of_needle(window) for window in windows]
answer_guess(guess, "yes" if found[2] > 0.5 else "no",
             "it was never trained to hand things on from layer to layer")
plots.lines(
    {"": (windows, found)}, y_from_zero=True,
    title="The needle is found only where the window reaches it",
    x_label="window, tokens", y_label="probability of the right digit",
    alt="The probability is below 0.1 for windows that end before the needle, and above 0.5 for "
    "all that hold it.",
)

# %% [markdown]
# What *can* arrive need not arrive: this model learned with full attention, and fetches in one
# look. Another, trained with windows, may learn to hand on.
#
# ## Chunks and sparse blocks
#
# **Chunked attention** cuts the text into chunks of a fixed size; a token looks at its own chunk
# only. **Block-sparse attention** lets each block of tokens look at some other blocks: those just
# before, the first ones, and a few by chance. **Predict:** chunks of 4 tokens. How many tokens does
# token 4, counted from 0, see?

# %%
guess = None  # a number

# %% tags=["nbval-check-output"]
patterns = {
    "all before": masks.causal(16, 16),
    "window 4": masks.sliding_window(16, 16, 4),
    "chunks of 4": masks.chunked(16, 16, 4),
    "sparse blocks": masks.block_sparse(16, 2, n_window=2, n_global=1, n_random=1),
}
for name, mask in patterns.items():
    print(f"{name:14} {mask.sum().item():4} pairs of 136; token 4 sees {mask[4].sum().item()}")
answer_guess(guess, patterns["chunks of 4"][4].sum().item(),
             "it is the first of its chunk, and sees itself alone")

# %% tags=["nbval-ignore-output"]
short = [str(i) if i % 5 == 0 else "" for i in range(16)]
plots.squares(
    {name: mask.float() for name, mask in patterns.items()}, short, short,
    title="Four ways to look back", x_label="is looked at", y_label="looks",
    value_label="1: sees", alt="Four triangles: a full one, a band along the diagonal, four small "
    "triangles along it, and a band with the first columns and a few squares more.",
)

# %% [markdown]
# For each token, a window, a chunk and sparse blocks see a number of others that does *not grow*
# with the text. So the work can grow with T in place of T². *Can*: now the trap.
#
# ## A mask saves nothing
#
# **Predict:** explicit attention over a thousand tokens, once with the causal mask, once with a
# window of 64. How many times less work is the second? (The cell counts it *in blocks* as well: how
# that is done comes next.)

# %%
guess = None  # a number; 1 is "no less"

# %% tags=["nbval-check-output"]
q, k, v = random_heads(1024)
window = masks.sliding_window(1024, 1024, 64)
ways = {
    "explicit, all before": lambda: explicit_attention(q, k, v)[0],
    "explicit, window as a mask": lambda: explicit_attention(q, k, v, window)[0],
    "in blocks, all before": lambda: online_attention(q, k, v, 64),
    "in blocks, window": lambda: online_attention(q, k, v, 64, window=64),
}
work = {}
for name, way in ways.items():
    with FlopCounterMode(display=False) as counter:
        way()
    work[name] = counter.get_total_flops() / 1e6
    print(f"{name:28} {work[name]:6.0f} million FLOPs")
answer_guess(guess, work["explicit, all before"] / work["explicit, window as a mask"],
             "all scores are computed first, and then most are thrown away")

# %% tags=["nbval-ignore-output"]
print({name: f"{milliseconds(way):.1f} ms" for name, way in ways.items()})

# %% [markdown]
# *A mask over a full matrix is no saving:* it hides scores that have been computed. To save, whole
# blocks must be left out, as in the last two rows: half of all blocks lie above the diagonal, and
# with a window nearly all lie outside it. Libraries have kernels for that; ours is a loop in
# Python, slow, but easy to read.

# %% [markdown]
# How can attention be computed block by block at all? A softmax needs the sum of *all* scores'
# exponentials before the first weight is known.
#
# ## Online softmax, on five numbers
#
# **Online softmax** computes a softmax while its scores arrive, one after the other. Three things
# are kept: the largest score so far $m$, the sum $s$ of $e^{\text{score} - m}$, and the values
# weighted likewise, $o$. When a larger score comes, everything so far was measured from the wrong
# $m$. **Predict:** $m$ was 3, now comes 5. What must $s$ and $o$ be multiplied with?

# %%
guess = None  # a number

# %% tags=["nbval-check-output"]
scores, values = [1.0, 3.0, 2.0, 5.0, 4.0], [10.0, 20.0, 30.0, 40.0, 50.0]
m, s, o = -math.inf, 0.0, 0.0
for score, value in zip(scores, values, strict=True):
    new = max(m, score)
    shrink, weight = math.exp(m - new), math.exp(score - new)
    s, o, m = s * shrink + weight, o * shrink + weight * value, new
    print(f"score {score:.0f}: m = {m:.0f}  s = {s:.3f}  o = {o:6.3f}  o/s = {o / s:.3f}")
all_at_once = torch.tensor(scores).softmax(0) @ torch.tensor(values)
print(f"softmax of all at once: {all_at_once:.3f}")
answer_guess(guess, math.exp(3 - 5), "each term e^(score - 3) becomes e^(score - 5)", within=0.02)

# %% [markdown]
# The same number, though no more than three were ever kept. At each step $o / s$ is the exact
# attention over what has come so far.
#
# **Break it, then diagnose it.** Forget to shrink what came before. When is the result wrong? Try
# every place for the largest score.

# %% tags=["nbval-check-output"]
def without_shrinking(scores, values):
    m, s, o = -math.inf, 0.0, 0.0
    for score, value in zip(scores, values, strict=True):
        m = max(m, score)
        s, o = s + math.exp(score - m), o + math.exp(score - m) * value
    return o / s

for place in range(5):
    moved = [1.0, 3.0, 2.0, 4.0]
    moved.insert(place, 5.0)
    right = torch.tensor(moved).softmax(0) @ torch.tensor(values)
    print(f"largest at {place}: wrong by {abs(without_shrinking(moved, values) - right):.2f}")

# %% [markdown]
# Right only where the largest score comes first. A bug that depends on the order of the data passes
# many tests; so test with the largest number last. With blocks in place of single scores nothing
# changes:

# %% tags=["nbval-ignore-output"]
show_source(online_attention, folded="online_attention: for after the exercise")

# %% tags=["nbval-check-output"]
doubles = random_heads(300).double()
error = (online_attention(*doubles, 64) - explicit_attention(*doubles)[0]).abs().max().item()
print(f"largest difference in fp64 below 1e-15: {error < 1e-15}")

# %% tags=["nbval-ignore-output"]
lengths = [2**i for i in range(8, 16)]
n_heads, block = 4, 128
plots.lines(
    {
        "explicit: all weights": (lengths, [4 * n_heads * n * n / 2**20 for n in lengths]),
        "in blocks: one block of scores": (lengths, [4 * n_heads * block**2 / 2**20] * 8),
        "q, k and v themselves": (lengths, [4 * 3 * n_heads * n * 32 / 2**20 for n in lengths]),
    },
    x_log=True, y_log=True, title="In blocks, exact attention needs little beyond its inputs",
    x_label="tokens", y_label="MiB in fp32, 4 heads",
    alt="On logarithmic axes the explicit weights rise twice as steeply as q, k and v, to 16 "
    "gigabytes at 32,768 tokens; a block of scores stays at a quarter of a megabyte.",
)

# %% [markdown]
# This is exact: no token is left out, and every answer is the same. Only the memory shrinks, not
# the work. **FlashAttention** is this idea as one kernel that keeps its blocks in the fast memory
# of a GPU; the kernel that our model calls does it, too.
#
# ## A cache that does not grow
#
# With a window, what lies outside it is never looked at again. So the KV cache may forget it. A
# **rolling cache** has as many slots as the window; token $t$ goes to slot $t \bmod w$, and takes
# the place of the one that has just left the window.

# %% tags=["nbval-check-output"]
torch.manual_seed(0)
tiny = Llama(PRESETS["tiny"]).double()
tokens = torch.randint(512, (1, 100))
with torch.no_grad():
    cache = RollingCache(tiny.config, 1, window=16, dtype=torch.float64)
    rolled = torch.cat([tiny(token, cache=cache) for token in tokens.split(1, dim=1)], 1)
    masked = tiny(tokens, mask=masks.sliding_window(100, 100, 16))
print("same logits as with the mask:", torch.allclose(rolled, masked))
print(f"read {cache.length} tokens, kept {cache.keys.shape[3]}")

# %% [markdown]
# **Predict:** Llama 3 8B keeps $2^{17}$ bytes for each token (lesson 01). How many GiB is the cache
# of a book of $2^{17}$ tokens, and how many with a rolling cache of $2^{13}$?

# %%
guess = None  # two numbers, such as [5, 1]

# %% tags=["nbval-check-output"]
per_token = PRESETS["llama-3-8b"].kv_bytes_per_token()
kept = [n * per_token / 2**30 for n in (131_072, 8192)]
print([f"{size:.0f} GiB" for size in kept])
answer_guess(guess, kept, "the second is the same for every book, however long")

# %% tags=["nbval-ignore-output"]
def draw_cache(window):
    lengths = [2**i for i in range(10, 21)]
    sizes = {
        "everything": [n * per_token / 2**30 for n in lengths],
        f"the last {window:,}": [min(n, window) * per_token / 2**30 for n in lengths],
    }
    return plots.lines(
        {name: (lengths, size) for name, size in sizes.items()}, x_log=True, y_log=True,
        title="A rolling cache stops growing", x_label="tokens read", y_label="cache, GiB",
        alt="A straight rising line, and one that turns level at the window.",
    )

explore(draw_cache, window=[1024, 4096, 8192, 65_536])
draw_cache(8192)

# %% [markdown]
# ## In short
#
# 1. A window, chunks or sparse blocks look at less: less work, but what lies far back is reached in
#    many steps or not at all.
# 2. A mask over a full matrix saves nothing; blocks that are left out do.
# 3. Online softmax looks at everything and remembers little: exact, in memory that does not grow.

# %% [markdown] tags=["sourced"]
# **Where LLaMA really does this.** The article says that LLaMA uses local and sparse attention.
# LLaMA 1 does not: it uses the second way, exact attention that does not store its weights
# (arXiv:2302.13971, sec. 2.4, citing arXiv:2112.05682 and arXiv:2205.14135). Llama 2 and 3 look at
# everything before, too; Llama 3 keeps the documents of a sequence apart by a mask
# (arXiv:2407.21783, sec. 3.2). Llama 4 is the first with local attention: chunks of 8,192 tokens in
# three of four layers; every fourth sees all
# ([defaults in transformers](https://github.com/huggingface/transformers/blob/main/src/transformers/models/llama4/configuration_llama4.py)).
# Sliding windows are Mistral's (arXiv:2310.06825), sparse blocks BigBird's (arXiv:2007.14062).
#
# **Now you:** [exercises/11_efficient](../exercises/11_efficient.ipynb)
