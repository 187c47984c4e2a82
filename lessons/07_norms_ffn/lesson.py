# %% [markdown]
# # 07 · Norms and feed-forward: what the other parts of a layer do
#
# **What you need:** [lesson 00](00_start.ipynb) (tokens, logits, loss) and tensors; of attention
# ([lesson 05](05_attention.ipynb)) only that it is the other part of a layer.
#
# **What you will be able to do:** compute LayerNorm, RMSNorm and SwiGLU by hand and in code;
# recognize the traps of epsilon and of narrow floats; see from gradients why a deep model does not
# learn; compare two designs without fooling yourself.
#
# **Time:** about 60 minutes: without norms 8 · by hand 12 · two traps 12 · before or after 12 ·
# feed-forward 9 · which is better 7.
#
# *SmolLM2 has 134,515,008 learned numbers; its norms hold 35,136 of them. Can it do without?*

# %% tags=["nbval-check-output"]
import math

import torch
from torch import nn
from torch.nn import functional as F

from llama_edu import plots
from llama_edu.config import ModelConfig
from llama_edu.course.reader import answer_guess, explore
from llama_edu.course.source import show_source
from llama_edu.data.sources import pull
from llama_edu.model import rope
from llama_edu.model.ffn import FeedForward, ReluFeedForward
from llama_edu.model.llama import Llama
from llama_edu.model.norm import LayerNorm, RMSNorm, rms_norm
from llama_edu.model.seq2seq import Residual
from llama_edu.pretrained import load_pretrained

smol = load_pretrained(dtype=torch.float32)
model = smol.model
norms = [part for part in model.modules() if isinstance(part, RMSNorm)]
print(f"all numbers: {model.config.n_params:,}")
print(f"in {len(norms)} norms: {sum(norm.gain.numel() for norm in norms):,}")

# %% [markdown]
# Each of the 30 layers has two norms, and one stands at the very end. **Predict:** without those of
# the layers, which word does the model put after *The capital of France is*?

# %%
guess = None  # "Paris", "another word" or "no word"


# %% tags=["nbval-check-output"]
real_norm = RMSNorm.forward


def no_norm(norm, x):
    return real_norm(norm, x) if norm is model.norm else x  # the last one stays


@torch.no_grad()
def next_word(text):
    logits = model(torch.tensor([smol.text_ids(text)]))[0, -1]
    best = logits.argmax().item()
    return f"{smol.tokenizer.decode([best]).strip()}, logit {logits[best]:.1f}"


print("with norms:   ", next_word("The capital of France is"))
RMSNorm.forward = no_norm
print("without norms:", next_word("The capital of France is"))
RMSNorm.forward = real_norm
answer_guess(guess, "no word", "all logits are NaN, not a number, and argmax takes the first")

# %% [markdown]
# To see why, follow one vector. The **residual stream** of a token is the vector that runs through
# all the layers, and to which each part of a layer adds what it has computed. The **root
# mean square**, RMS, of a vector tells its size: square its numbers, take their mean, and the root
# of that.


# %% tags=["nbval-check-output"]
@torch.no_grad()
def streams(text):
    """The residual stream (layers + 1, T, D): before each layer, and after the last."""
    tokens = torch.tensor([smol.text_ids(text)])
    rotation = rope.rotations(torch.arange(tokens.shape[1]), model.rope_frequencies)
    seen = [model.embedding(tokens)]
    for block in model.blocks:
        seen.append(block(seen[-1], rotation))
    return torch.cat(seen)


def rms(x):
    return x.square().mean(-1).sqrt()


story = "Once upon a time there was a cat named Tom, who went to sea in a ship with white sails."
x = streams(story)
typical = rms(x).median(-1).values  # of the tokens, before each layer
print(f"a typical token: RMS {typical[0]:.1f} at first, {typical[-1]:.0f} at last")
print(f"largest of all numbers: {x.abs().max():,.0f}, at token {x.abs().amax((0, 2)).argmax()}")
RMSNorm.forward = no_norm
bare = rms(streams(story)).median(-1).values
RMSNorm.forward = real_norm
print(f"without norms the stream is infinite after {bare.isfinite().sum()} layers")

# %% tags=["nbval-ignore-output"]
depth = list(range(len(x)))
plots.lines(
    {
        "a typical token": (depth, typical.tolist()),
        "the first token": (depth, rms(x)[:, 0].tolist()),
        "a typical token, no norms": (depth[:3], bare[:3].tolist()),
    },
    x_label="layers passed", y_label="RMS of the residual stream", y_log=True,
    title="The stream grows; without norms it explodes",
    alt="On a logarithmic scale. A typical token rises from 0.1 to about 30 over 30 layers. The "
    "first token jumps to about 900 in the middle and falls to 200. Without norms the stream is "
    "beyond 200,000 after two layers.",
)

# %% [markdown]
# Each layer adds something, so the stream grows. Without norms a layer that reads more adds more,
# which the next one reads: that ends in infinity. With them every part reads a copy of the same
# size, however large the stream has become. Remember token 0: one of its numbers is 21,989.

# %% [markdown] tags=["sourced"]
# A few numbers of that size are found in many language models, and are known as **massive
# activations**: a handful of numbers in the residual stream that are up to 100,000 times as large
# as the others (arXiv:2402.17762).
#
# ## By hand: four numbers
#
# A **norm** is a layer that brings each token's vector to a standard size, each by itself. There
# are two kinds. **LayerNorm** takes the mean off a vector and divides it by its standard deviation:
#
# $$\text{LayerNorm}(x) = g \cdot \frac{x - \bar{x}}{\sqrt{\text{var}(x) + \varepsilon}} + b$$
#
# **RMSNorm** divides a vector by its root mean square, and leaves the mean alone:
#
# $$\text{RMSNorm}(x) = g \cdot \frac{x}{\sqrt{\text{mean}(x^2) + \varepsilon}}$$

# %% [markdown]
# The **gain** $g$ of a norm is a learned vector that stretches each of the D numbers after scaling;
# **D** is the width of the residual stream, 576 in SmolLM2. LayerNorm has also a *bias* $b$, which
# is added. $\varepsilon$, *epsilon*, is a small constant against division by zero: its turn comes.
#
# Take x = [2, 4, 4, 8], with gain 1, bias 0, no epsilon.


# %% tags=["nbval-check-output"]
def naive_rms_norm(x, gain, eps):
    mean_square = sum(number * number for number in x) / len(x)
    return [g * number / math.sqrt(mean_square + eps) for g, number in zip(gain, x, strict=True)]


def naive_layer_norm(x, gain, bias, eps):
    mean = sum(x) / len(x)
    variance = sum((number - mean) ** 2 for number in x) / len(x)
    scaled = [(number - mean) / math.sqrt(variance + eps) for number in x]
    return [g * number + b for g, number, b in zip(gain, scaled, bias, strict=True)]


ones, zeros = [1.0] * 4, [0.0] * 4
print("RMS: √((4 + 16 + 16 + 64) / 4) =", rms(torch.tensor([2.0, 4.0, 4.0, 8.0])).item())
print("RMSNorm:  ", [round(y, 2) for y in naive_rms_norm([2, 4, 4, 8], ones, 0.0)])
print("LayerNorm:", [round(y, 2) for y in naive_layer_norm([2, 4, 4, 8], ones, zeros, 0.0)])

# %% [markdown]
# The variance is divided by D, the number of numbers; PyTorch's `x.var()` divides by D - 1 unless
# it is told otherwise.
#
# **Predict:** multiply the four numbers by 10. What is now the first number of RMSNorm's result?
# And which of the two norms gives its old result if 10 is *added* to all four?

# %%
guess = None  # a number and one of "RMSNorm", "LayerNorm", "both", "neither": such as (1.0, "both")

# %% tags=["nbval-check-output"]
print("times 10, RMSNorm:  ", [round(y, 2) for y in naive_rms_norm([20, 40, 40, 80], ones, 0.0)])
print("plus 10, RMSNorm:  ", [round(y, 2) for y in naive_rms_norm([12, 14, 14, 18], ones, 0.0)])
shifted = naive_layer_norm([12, 14, 14, 18], ones, zeros, 0.0)
print("plus 10, LayerNorm:", [round(y, 2) for y in shifted])
answer_guess(guess, (0.4, "LayerNorm"), "a factor stands above and below the line and cancels; "
             "what is added to all numbers goes with the mean, which only LayerNorm takes off")

# %% [markdown]
# The norms of the package are the same formulas for whole batches. PyTorch has both too, and all
# agree:

# %% tags=["nbval-check-output"]
rows = torch.randn(5, 4, generator=torch.Generator().manual_seed(0))
naive = torch.tensor([naive_rms_norm(row, ones, 1e-5) for row in rows.tolist()])
print("naive, package:", torch.allclose(naive, RMSNorm(4)(rows), atol=1e-6))
for ours, theirs in ((RMSNorm(4), nn.RMSNorm(4, 1e-5)), (LayerNorm(4), nn.LayerNorm(4))):
    print("package, torch:", torch.allclose(ours(rows), theirs(rows), atol=1e-6))
show_source(rms_norm, folded="rms_norm: for after the exercise")

# %% [markdown]
# Does LLaMA lose anything by leaving the mean alone? Ask how much of the mean square in the stream
# comes from the mean; and let the norms of SmolLM2 take the mean off, although it was trained with
# norms that do not. The loss is measured on a page of *Hamlet*.

# %% tags=["nbval-check-output"]
hamlet = (pull("shakespeare") / "hamlet_gut.txt").read_text(encoding="utf-8")
excerpt = torch.tensor([smol.text_ids(hamlet[5_000:6_000])])


@torch.no_grad()
def loss_with(norm_function):
    """The model's loss on the excerpt, norm_function(x, gain) in the place of every norm."""
    RMSNorm.forward = lambda norm, x: norm_function(x, norm.gain)
    loss = F.cross_entropy(model(excerpt)[0, :-1], excerpt[0, 1:]).item()
    RMSNorm.forward = real_norm
    return loss


share = (x.mean(-1).square() / x.square().mean(-1)).max()
print(f"largest share of the mean, of all tokens and layers: {share:.1%}")
print(f"loss with RMSNorm: {loss_with(lambda x, gain: rms_norm(x, gain, 1e-5)):.2f}")
centred = loss_with(lambda x, gain: rms_norm(x - x.mean(-1, keepdim=True), gain, 1e-5))
print(f"loss with the mean taken off: {centred:.2f}")

# %% [markdown]
# The mean is nearly nothing in this model's stream, so taking it off changes little, and costs work
# in every layer. (A model trained with LayerNorm could look different: this is one model.)
#
# ## Two traps: epsilon and narrow floats
#
# SmolLM2's $\varepsilon$ is `1e-5`. It stands *under the root*, beside the mean square. Take a
# vector whose numbers are all `0.001`. **Predict:** what are they after RMSNorm?

# %%
guess = None  # 1, 0.3 or 0.001

# %% tags=["nbval-check-output"]
small = torch.full((4,), 0.001)
answer = rms_norm(small, torch.ones(4), 1e-5)[0].item()
print(f"{answer:.2f}")
why = "the mean square is 0.000001, a tenth of epsilon, so most of the root is epsilon's"
answer_guess(guess, answer, why, within=0.05)


# %% tags=["nbval-ignore-output"]
def draw_epsilon(eps):
    sizes = torch.linspace(0, 0.1, 101)
    after = rms_norm(sizes[:, None].expand(-1, 4), torch.ones(4), eps)[:, 0]
    return plots.lines(
        {"": (sizes.tolist(), after.tolist())}, markers=False,
        x_label="RMS of what goes in", y_label="RMS of what comes out",
        title=f"Below RMS {eps**0.5:.2g}, the root of epsilon, a vector stays small",
        alt="From 0 the curve rises, steeply for a small epsilon, and levels off at 1.",
    )


draw_epsilon(1e-5)

# %% tags=["nbval-ignore-output"]
explore(draw_epsilon, eps=[1e-8, 1e-6, 1e-5, 1e-3, 1e-1])

# %% [markdown]
# So an epsilon must be small against the mean squares that a model has. The stream of SmolLM2 began
# with an RMS of 0.1, a mean square of a hundredth. Give the model other epsilons:

# %% tags=["nbval-check-output"]
for eps in (1e-6, 1e-5, 1e-2, 1e-1):
    loss = loss_with(lambda x, gain, eps=eps: rms_norm(x, gain, eps))
    print(f"epsilon {eps:g}: loss {loss:.1f}")

# %% [markdown]
# A tenth of it makes no difference here; 0.1 destroys the model, and no error is raised.
#
# The second trap is the kind of float. Models are run in floats of 16 bits, of which there are two
# kinds. **float16** is a float of 16 bits with three to four digits, whose largest number is
# `65504`. **bfloat16** is a float of 16 bits with two to three digits, which reaches as far as
# float32.
#
# **Break it, then diagnose it.** Compute the norms alone in each, everything else in float32.
# **Predict:** which of the two ruins the model?

# %%
guess = None  # "float16", "bfloat16", "both" or "neither"


# %% tags=["nbval-check-output"]
def narrow_rms_norm(x, gain, dtype):
    x = x.to(dtype)
    return (x * torch.rsqrt(x.square().mean(-1, keepdim=True) + 1e-5) * gain.to(dtype)).float()


for dtype in (torch.float32, torch.bfloat16, torch.float16):
    loss = loss_with(lambda x, gain, dtype=dtype: narrow_rms_norm(x, gain, dtype))
    print(f"{dtype!s:14} loss {loss:.1f}")
answer_guess(guess, "float16", "it cannot hold the square of a number above 255",
             wrong={"bfloat16": "its digits are few, but its range is that of float32"})

# %% [markdown]
# Nothing is NaN and no error is raised, but such a loss is nonsense. What became of the vectors?
# Look at them before layer 15:

# %% tags=["nbval-check-output"]
for dtype in (torch.bfloat16, torch.float16):
    normed = narrow_rms_norm(x[15, :4], torch.ones(()), dtype)
    print(f"{dtype!s:14} RMS of four tokens:", [round(n, 2) for n in rms(normed).tolist()])
print("256² in float16:", torch.tensor(256.0, dtype=torch.float16).square().item())
print("256 + 1 in bfloat16:", (torch.tensor(256.0, dtype=torch.bfloat16) + 1).item())
print("1e-8 in float16:", torch.tensor(1e-8, dtype=torch.float16).item())

# %% [markdown]
# The first token, the one with the massive number, has become zeros: the mean square is *inf*, and
# a division by inf gives 0.
#
# bfloat16 only rounds: 256 + 1 is 256. That cost nothing visible here, but the package takes no
# chances: `rms_norm` widens to float32, scales, goes back, and then applies the gain. The last line
# is a third trap: in float16 an epsilon of `1e-8` *is* 0, and a vector of zeros becomes NaN.

# %% [markdown]
# ## Before or after?
#
# A **residual connection** adds what a part computes to what it has read, $x + f(x)$. Where does
# the norm go? The Transformer of 2017 has **post-norm**, a norm of the sum, after each part; LLaMA
# has **pre-norm**, a norm of what each part reads, while the stream itself is never scaled.

# %% tags=["nbval-ignore-output"]
show_source(Residual)

# %% [markdown]
# Try both on a very small deep model: guess a letter of *Hamlet* from the one before it, through
# 32 feed-forward parts one after the other, without attention.


# %%
class NormedPart(nn.Module):
    def __init__(self, pre_norm):
        super().__init__()
        self.ffn, self.residual = ReluFeedForward(32, 128), Residual(32, pre_norm, 0.0)
        for name, weight in self.ffn.named_parameters():
            nn.init.zeros_(weight) if "bias" in name else nn.init.xavier_uniform_(weight)

    def forward(self, x):
        return self.residual(x, self.ffn)


# %%
letters = sorted(set(hamlet))
ids = torch.tensor([letters.index(letter) for letter in hamlet])


def learn_letters(pre_norm, lr):
    """Each step's loss, and at steps 0 and 20 how large each part's gradient is."""
    torch.manual_seed(0)
    parts, losses, gradients = [NormedPart(pre_norm) for _ in range(32)], [], {}
    last = LayerNorm(32) if pre_norm else nn.Identity()
    stack = nn.Sequential(nn.Embedding(len(letters), 32), *parts, last, nn.Linear(32, len(letters)))
    optimizer = torch.optim.AdamW(stack.parameters(), lr=lr)
    for step in range(100):
        places = torch.randint(len(ids) - 1, (256,))
        loss = F.cross_entropy(stack(ids[places]), ids[places + 1])
        optimizer.zero_grad()
        loss.backward()
        if step in (0, 20):
            gradients[step] = [part.ffn.down_proj.weight.grad.norm().item() for part in parts]
        optimizer.step()
        losses.append(loss.item())
    return losses, gradients


# %% [markdown]
# **Predict:** at the same learning rate, which of the two learns to use the letter before?

# %%
guess = None  # "pre-norm", "post-norm" or "both"

# %% tags=["nbval-check-output"]
pre, pre_gradients = learn_letters(pre_norm=True, lr=3e-3)
post, post_gradients = learn_letters(pre_norm=False, lr=3e-3)
slow, _ = learn_letters(pre_norm=False, lr=3e-4)
frequencies = ids.bincount() / len(ids)
blind = -(frequencies * frequencies.log()).sum().item()
print(f"loss of one who knows only how frequent each letter is: {blind:.1f}")
for name, losses in (("pre", pre), ("post", post), ("post, a tenth of the rate", slow)):
    print(f"{name}: ends more than 0.1 below that:", sum(losses[-10:]) / 10 < blind - 0.1)
answer_guess(guess, "pre-norm", "post-norm finds out how frequent each letter is, and no more")

# %% tags=["nbval-ignore-output"]
steps = list(range(len(pre)))
plots.lines(
    {"pre-norm": (steps, pre), "post-norm": (steps, post), "post-norm, rate / 10": (steps, slow)},
    x_label="step", y_label="loss, nats per letter", markers=False,
    title="32 parts deep, post-norm learns nothing of the letter before",
    alt="Pre-norm falls below 2.8. Post-norm stops at 3.2, the loss of guessing by frequency. "
    "Post-norm at a tenth of the rate goes slowly below that.",
)

# %% [markdown]
# **Break it, then diagnose it.** Where does learning stop? Ask each part how large its gradient is:
# a part whose gradient is zero cannot change. First before any training, then after 20 steps.

# %% tags=["nbval-ignore-output"]
plots.lines(
    {
        f"{name}, step {step}": (list(range(1, 33)), [max(size, 2**-9) for size in sizes])
        for name, gradients in (("pre-norm", pre_gradients), ("post-norm", post_gradients))
        for step, sizes in gradients.items()
    },
    x_label="part, from the input to the output", y_log=True, markers=False,
    y_label="size of its gradient (cut off below)",
    title="After 20 steps of post-norm almost no gradient is left",
    alt="Before training both have gradients of about 0.1 to 1 at all depths, post-norm the larger "
    "ones near the output. After 20 steps those of pre-norm are somewhat smaller; those of "
    "post-norm fall from part to part towards the input, until they leave the figure.",
)

# %% [markdown] tags=["sourced"]
# At the start post-norm's gradients are the larger ones, above all near the output; 20 steps later
# hardly any gradient comes through. The first is the finding of Xiong and others: with post-norm
# the gradients near the output are large at initialization, so that a large learning rate on them
# makes training unstable, and it needs a warm-up; with pre-norm they are well-behaved
# (arXiv:2002.04745). **Warm-up** is the first stretch of a training, in which the learning rate
# grows from near 0 to its full size.
#
# Pre-norm leaves a way from the end to the start on which nothing is scaled, and on which the
# gradient comes through whole.

# %% [markdown]
# ## The feed-forward part
#
# **Predict:** which part of SmolLM2 holds the most of its numbers?

# %%
guess = None  # "attention", "feed-forward" or "embedding"

# %% tags=["nbval-check-output"]
for name in ("attention", "ffn", "embedding"):
    held = [weight.numel() for key, weight in model.named_parameters() if f"{name}." in key]
    print(f"{name:9} {sum(held) / model.config.n_params:.0%}")
answer_guess(guess, "feed-forward", "three matrices of 576 × 1,536 in each layer")

# %% [markdown]
# A **feed-forward layer** treats each token by itself: it makes its vector wider, bends it, and
# makes it narrow again. The 2017 Transformer bends with **ReLU**, the function that makes negative
# numbers 0:
#
# $$\text{FFN}(x) = \max(0,\; x W_1 + b_1)\, W_2 + b_2$$
#
# LLaMA has three matrices and no biases. **SwiGLU** is a feed-forward layer that multiplies two
# wide vectors, number by number, one of which has gone through SiLU:
#
# $$\text{SwiGLU}(x) = W_\text{down} \left( \text{SiLU}(W_\text{gate}\, x) \odot W_\text{up}\, x
# \right)$$
#
# **SiLU** is the function $z \cdot \sigma(z)$, with $\sigma(z) = 1 / (1 + e^{-z})$: close to 0 for
# very negative numbers, close to $z$ for large ones: a ReLU without the corner, also called
# *Swish*.

# %% [markdown]
# The *gate* says how much of each number of *up* comes through. By hand, a token [1, 2] and a
# hidden width of 3:

# %% tags=["nbval-check-output"]
gate = [[1.0, 0.0], [-4.0, 0.0], [0.0, 1.0]]
up = [[0.0, 1.0], [0.0, 1.0], [1.0, 1.0]]
down = [[1.0, 1.0, 0.0], [0.0, 0.0, 1.0]]


def times(matrix, x):
    return [sum(w * number for w, number in zip(row, x, strict=True)) for row in matrix]


def silu(z):
    return z / (1 + math.exp(-z))


def naive_swiglu(x, gate, up, down):
    gated = [silu(z) for z in times(gate, x)]
    hidden = [g * u for g, u in zip(gated, times(up, x), strict=True)]
    return times(down, hidden)


token = [1.0, 2.0]
print("gate:", times(gate, token), " after SiLU:", [round(silu(z), 2) for z in times(gate, token)])
print("up:", times(up, token))
print("result:", [round(y, 2) for y in naive_swiglu(token, gate, up, down)])

# %% [markdown]
# The second gate, at -4, lets through almost nothing of its 2. Is it what the package computes, and
# what if somebody loads *gate* and *up* in the wrong order? Their shapes are the same. (Meta's
# checkpoints call the matrices w1, w3 and w2: gate, up, down.)

# %% tags=["nbval-check-output"]
tiny = FeedForward(ModelConfig(
    vocab_size=8, d_model=2, n_layers=1, n_heads=1, n_kv_heads=1, d_ff=3, max_seq_len=8,
))
with torch.no_grad():
    tiny.gate_up_proj.weight.copy_(torch.tensor(gate + up))  # it keeps the two in one matrix
    tiny.down_proj.weight.copy_(torch.tensor(down))
    print("package:", [round(y, 2) for y in tiny(torch.tensor(token)).tolist()])


@torch.no_grad()
def swap_gate_and_up():
    for block in model.blocks:
        weight = block.ffn.gate_up_proj.weight
        weight.copy_(torch.cat(weight.chunk(2)[::-1]))


swap_gate_and_up()
print(f"SmolLM2, gate and up swapped: loss {loss_with(lambda x, g: rms_norm(x, g, 1e-5)):.0f}")
swap_gate_and_up()
show_source(FeedForward, folded="FeedForward: for after the exercise")

# %% [markdown]
# ## Which is better? An honest comparison
#
# To compare, both must have equally many parameters. **F** is the *hidden width* of a feed-forward
# layer, how many numbers its vectors have in the middle. ReLU has two matrices of D × 4D, together
# 8D². With three, SwiGLU must be narrower: 3 · D · F = 8D², so F = ⅔ · 4D. Meta's code also rounds
# it up, to a multiple of some number.

# %% tags=["nbval-check-output"]
shape = ModelConfig(
    vocab_size=len(letters), d_model=48, n_layers=2, n_heads=4, n_kv_heads=4, d_ff=128,
    max_seq_len=32,
)


def small_llama(kind, seed):
    torch.manual_seed(seed)
    llama = Llama(shape)
    for block in llama.blocks if kind == "ReLU" else []:
        block.ffn = ReluFeedForward(48, 4 * 48)
        for weight in block.ffn.parameters():  # as Llama begins; biases 0
            nn.init.zeros_(weight) if weight.ndim == 1 else nn.init.normal_(weight, std=0.02)
    return llama


for kind in ("ReLU", "SwiGLU"):
    n = sum(weight.numel() for weight in small_llama(kind, 0).blocks[0].ffn.parameters())
    print(f"{kind}: {n:,} numbers a layer")

# %% [markdown]
# What ReLU has more are its biases. Train tiny LLaMAs of each kind on *Hamlet*, letter by letter,
# from several *seeds*: another seed means other first weights and other batches. A ReLU and a
# SwiGLU of the same seed see the same batches.

# %%
unseen = ids[-12_800:].view(-1, 32)


def unseen_loss(kind, seed):
    llama, dice = small_llama(kind, seed), torch.Generator().manual_seed(seed)
    optimizer = torch.optim.AdamW(llama.parameters(), lr=3e-3)
    for _ in range(120):
        starts = torch.randint(len(ids) - 12_800 - 32, (16,), generator=dice)
        batch = torch.stack([ids[start : start + 33] for start in starts])
        loss = F.cross_entropy(llama(batch[:, :-1]).flatten(0, 1), batch[:, 1:].flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        return F.cross_entropy(llama(unseen)[:, :-1].flatten(0, 1), unseen[:, 1:].flatten()).item()


# %% [markdown]
# The **standard error** of a mean is the standard deviation divided by the root of how many numbers
# there are: so far the mean of so few may be off by chance. Take the *difference* of each pair of a
# seed, so that what a seed does to both cancels. If the mean of the differences is within two
# standard errors of 0, the experiment has shown nothing. **Predict:** which has the lower loss?

# %%
guess = None  # "ReLU", "SwiGLU" or "cannot tell"

# %% tags=["nbval-check-output"]
losses = {kind: [unseen_loss(kind, seed) for seed in range(5)] for kind in ("ReLU", "SwiGLU")}
differences = torch.tensor(losses["ReLU"]) - torch.tensor(losses["SwiGLU"])
ahead = differences.mean() / (differences.std() / math.sqrt(len(differences)))
verdict = "cannot tell" if abs(ahead) < 2 else "SwiGLU" if ahead > 0 else "ReLU"
print("lower loss:", verdict)
answer_guess(guess, verdict, "two standard errors of the mean difference decide")

# %% tags=["nbval-ignore-output"]
plots.samples(
    losses, x_label="loss on unseen text, nats per letter",
    title="Another seed moves the loss as much as the other layer does",
    alt="Five losses of ReLU and five of SwiGLU. The points lie among each other, and the bars of "
    "two standard errors overlap.",
)

# %% [markdown] tags=["sourced"]
# So this experiment names no winner, and a single pair of runs would have said even less. It does
# not prove the two equal: a small difference needs more runs, longer ones, larger models.
# Shazeer trained larger ones, and found that some gated variants improve on ReLU; of the reason he
# writes that he offers no explanation, and attributes the success to *divine benevolence*
# (arXiv:2002.05202).

# %% [markdown]
# ## In short
#
# 1. Every part of a layer reads a normed copy of the residual stream and adds to the stream.
#    RMSNorm divides by the root mean square and leaves the mean alone; mind epsilon and float16.
# 2. Pre-norm leaves the stream itself unscaled: deep models get gradients at all depths.
# 3. SwiGLU gates one product by another; ⅔ of the width keeps the number of parameters.

# %% [markdown] tags=["sourced"]
# **Where LLaMA really does this.** LLaMA 1 took up pre-norm with RMSNorm, "inspired by GPT3", and
# SwiGLU with ⅔ · 4d, as in PaLM (arXiv:2302.13971, sec. 2.2); the later ones keep both. RMSNorm is
# from arXiv:1910.07467, whose authors suppose that taking the mean off is dispensable, and report
# running times shorter by 7 % to 64 %. LayerNorm is from arXiv:1607.06450, after each part in
# arXiv:1706.03762. Llama 2 70B makes the feed-forward wider, to give back the parameters that
# grouped queries save (arXiv:2307.09288, appendix A.2.1).
#
# **Now you:** [exercises/07_norms_ffn](../exercises/07_norms_ffn.ipynb), about an hour.
