# %% [markdown]
# # 13 · Backpropagation and optimizers: which way is down?
#
# **What you need:** lesson 05 (loss, attention), lesson 07 (RMSNorm, SwiGLU), and what a derivative
# is: how fast one number changes when another does.
#
# **What you will be able to do:** write an autograd and the gradients of a LLaMA's parts by hand,
# and prove them; say what Adam, AdamW and LAMB each mend; see when warm-up and clipping matter.
#
# **Time:** about 60 minutes: one number 8 · an autograd 12 · whole layers 15 · optimizers 13 ·
# large batches 5 · warm-up and clipping 7.

# %% [markdown]
# Training changes every number of a model a little, so that the loss falls. But *up* or *down*? You
# could nudge one number, run the model again, and look whether the loss rose. How long would that
# take for all of them?

# %% tags=["nbval-check-output"]
import json
import math

import torch
from torch.nn import functional as F
from torch.utils.flop_counter import FlopCounterMode

from llama_edu import plots
from llama_edu.config import ModelConfig
from llama_edu.course.lessons import find_lesson
from llama_edu.course.reader import answer_guess, explore
from llama_edu.course.source import show_source
from llama_edu.data.sources import pull
from llama_edu.model.attention import explicit_attention
from llama_edu.model.llama import Llama
from llama_edu.model.norm import _RMSNorm, rms_norm
from llama_edu.pretrained import load_pretrained
from llama_edu.train.optim import AdamW, Lamb
from llama_edu.train.schedule import warmup_cosine

smol = load_pretrained(dtype=torch.float32)
n_numbers = sum(weight.numel() for weight in smol.model.parameters())
years = n_numbers * 0.1 / (3600 * 24 * 365)
print(f"{n_numbers:,} nudges, at a tenth of a second each: {years:.1f} years for one step")

# %% [markdown]
# `loss.backward()` finds all those slopes at once. **Predict:** how much arithmetic does it need,
# compared with one run of the model forward?

# %%
guess = None  # 2, 1000 or 1000000 times as much

# %% tags=["nbval-check-output"]
tokens = torch.tensor([smol.text_ids("When Alice and Bob went to the shop, they had a drink.")])
with FlopCounterMode(display=False) as forward:
    logits = smol.model(tokens[:, :-1])
    loss = F.cross_entropy(logits.flatten(0, 1), tokens[:, 1:].flatten())
with FlopCounterMode(display=False) as back:
    loss.backward()
ratio = back.get_total_flops() / forward.get_total_flops()
print(f"forward once; backward: {ratio:.1f} times the arithmetic of that")
print("slopes found:", sum(weight.grad.numel() for weight in smol.model.parameters()) == n_numbers)
why = "each matrix product forward needs two of that size backward"
answer_guess(guess, round(ratio), why)
smol.model.zero_grad()

# %% [markdown]
# Two runs' worth, instead of one run for each number. This lesson shows how that can be, and then
# what to do with the slopes.
#
# ## One number at a time
#
# A model of two numbers, $w$ and $b$: for the input $x = 2$ it says $w x + b$, and should say 4.

# %% tags=["nbval-check-output"]
def loss_of_line(w, b, x=2.0, y=4.0):
    return (w * x + b - y) ** 2

nudge = 1e-6
print("loss:", loss_of_line(3.0, 1.0))
print(f"slope along w: {(loss_of_line(3.0 + nudge, 1.0) - loss_of_line(3.0, 1.0)) / nudge:.2f}")

# %% [markdown]
# Raise $w$ by a millionth, and the loss rises by 12 millionths. The **gradient** is the slope of
# the loss along every number of the model; down is against it.
#
# We can compute it without a nudge. The **chain rule** says that slopes along a chain of steps are
# multiplied:
#
# $$w \;\xrightarrow{\times x}\; wx \;\xrightarrow{+ b}\; \text{output}
# \;\xrightarrow{- y}\; \text{error} \;\xrightarrow{(\cdot)^2}\; \text{loss}$$
#
# A square of 3 has slope $2 \cdot 3 = 6$; taking off $y$ and adding $b$ have slope 1; times $x$ has
# slope $x = 2$. Together $6 \cdot 1 \cdot 1 \cdot 2 = 12$. **Predict:** the slope along $b$?

# %%
guess = None  # a number

# %% tags=["nbval-check-output"]
error = 3.0 * 2.0 + 1.0 - 4.0
print("along w:", 2 * error * 1 * 1 * 2.0)
print("along b:", 2 * error * 1 * 1)
answer_guess(guess, 2 * error, "the way from b to the loss is the same, but for the factor x",
             wrong={12: "b is not multiplied by x on its way"})

# %% [markdown]
# Both shared the factors 6 and 1: work from the loss backward and compute them once.
# **Backpropagation** is the chain rule worked from the loss backward, so that every step's slope is
# computed once and used for all that came before it.
#
# ## An autograd in forty lines
#
# A **computation graph** is the record of which number was made of which others. Each of our
# numbers keeps its own part of it: what it was made of, and the slope along each.

# %%
class Number:
    def __init__(self, data, parts=(), slopes=()):
        self.data, self.parts, self.slopes, self.grad = data, parts, slopes, 0.0

    def __add__(self, other):
        return Number(self.data + other.data, (self, other), (1.0, 1.0))

    def __mul__(self, other):
        return Number(self.data * other.data, (self, other), (other.data, self.data))

    def __pow__(self, n):  # n is a plain number
        return Number(self.data**n, (self,), (n * self.data ** (n - 1),))

    def __truediv__(self, other):
        return self * other**-1

    def exp(self):
        return Number(math.exp(self.data), (self,), (math.exp(self.data),))

    def log(self):
        return Number(math.log(self.data), (self,), (1 / self.data,))

# %% [markdown]
# A product is the interesting one: the slope along one factor is *the other factor*.
#
# Now backward. A number may pass its slope on only when all that uses it has been worked through. A
# **topological order** is an order in which every number stands after all that it was made of; we
# walk it from its end.

# %%
def in_order(number, seen):
    """The number and all that it was made of, parts first, each once."""
    if number in seen:
        return []
    seen.add(number)
    return [one for part in number.parts for one in in_order(part, seen)] + [number]

def go_back(loss):
    loss.grad = 1.0
    for number in reversed(in_order(loss, set())):
        for part, slope in zip(number.parts, number.slopes, strict=True):
            part.grad += slope * number.grad

# %% [markdown]
# The same formula, once in our numbers and once in torch's:

# %% tags=["nbval-check-output"]
def formula(a, b, c):
    return (a * b + c).exp() / (a + c**2) + (a * c).log()

ours = [Number(x) for x in (0.5, -1.5, 2.0)]
theirs = [torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in (0.5, -1.5, 2.0)]
go_back(formula(*ours))
formula(*theirs).backward()
print("ours: ", [round(x.grad, 6) for x in ours])
print("torch:", [round(x.grad.item(), 6) for x in theirs])

# %% [markdown]
# That is an **autograd**, a program that keeps the graph while you compute and finds all slopes on
# the way back. torch's does the same with whole tensors.
#
# **Break it, then diagnose it.** Somebody writes `=` where `go_back` has `+=`. Many formulas still
# come out right. **Predict:** what will the broken one say of $a \cdot a + a$ at $a = 3$, where the
# slope is $2a + 1 = 7$?

# %%
guess = None  # a number

# %% tags=["nbval-check-output"]
def go_back_broken(loss):
    loss.grad = 1.0
    for number in reversed(in_order(loss, set())):
        for part, slope in zip(number.parts, number.slopes, strict=True):
            part.grad = slope * number.grad

a, broken = Number(3.0), Number(3.0)
go_back(a * a + a)
go_back_broken(broken * broken + broken)
print("right:", a.grad, " broken:", broken.grad)
why = "each way to the loss overwrites the one before, and the last one to be walked is left"
answer_guess(guess, broken.grad, why, wrong={1: "the plain + a is walked first"})

# %% [markdown]
# Where a number is used in several places, its slopes *add up*. In a LLaMA that happens all the
# time: the residual stream is read by a layer and passed on beside it; a tied embedding is used at
# both ends; every weight is used once for each token.
#
# ## Whole layers
#
# Start where every LLaMA ends: with softmax and cross-entropy. Three scores; the right token is the
# first. **Predict:** what do the three slopes add up to?

# %%
guess = None  # a number

# %% tags=["nbval-check-output"]
scores = [Number(x) for x in (2.0, 1.0, 0.0)]
exps = [score.exp() for score in scores]
total = exps[0] + exps[1] + exps[2]
probabilities = [e / total for e in exps]
go_back(probabilities[0].log() * Number(-1.0))  # cross-entropy: minus the log of the right one
slopes = [score.grad for score in scores]
print("probabilities:", [round(p.data, 3) for p in probabilities])
print("slopes:       ", [round(slope, 3) for slope in slopes])
why = "the same number added to all scores changes no probability, so the loss is flat that way"
answer_guess(guess, round(sum(slopes), 9) + 0.0, why)

# %% [markdown]
# Compare the two lines. The gradient is $p - y$: the probabilities, less 1 at the right token. The
# more surprised a model was, the harder it is pushed; a sure and right one is left alone.
#
# For a matrix product, $y = x W^\top$, the loss has a gradient $g$ at $y$ (of the same shape as
# $y$). Then, as every number of $x$ meets a whole column of $W$:
#
# $$\text{gradient of } x = g\,W \qquad\qquad \text{gradient of } W = g^\top x$$
#
# No other product of these has the right shape, which makes them easy to remember. Here are
# the two products backward for one forward.

# %% [markdown]
# SwiGLU by hand, from the end to the start. $\text{SiLU}(z) = z\,\sigma(z)$ has the slope
# $\sigma(z)\,(1 + z\,(1 - \sigma(z)))$.

# %% tags=["nbval-check-output"]
def swiglu(x, gate, up, down):
    return (F.silu(x @ gate.mT) * (x @ up.mT)) @ down.mT

def swiglu_back(grad, x, gate, up, down):
    z, u = x @ gate.mT, x @ up.mT  # what forward has computed
    s = z.sigmoid()
    g_wide = grad @ down
    g_u = g_wide * (z * s)  # slope along one factor: the other factor
    g_z = g_wide * u * s * (1 + z * (1 - s))
    return g_z @ gate + g_u @ up, g_z.mT @ x, g_u.mT @ x, grad.mT @ (z * s * u)  # x: two ways

dice = torch.Generator().manual_seed(0)
def draw(*shape):
    return torch.randn(*shape, generator=dice, dtype=torch.float64, requires_grad=True)

inputs, grad = (draw(5, 4), draw(6, 4), draw(6, 4), draw(4, 6)), draw(5, 4).detach()
ours = swiglu_back(grad, *inputs)
torchs = torch.autograd.grad(swiglu(*inputs), inputs, grad)
for name, one, two in zip(("x", "gate", "up", "down"), ours, torchs, strict=True):
    print(f"{name:4} equal to torch's: {torch.allclose(one, two)}")

# %% [markdown]
# Attention: two matrix products with a softmax between them. A weight that rises takes from the
# others of its row, so backward through a softmax with weights $p$ is
# $p \odot (g - \textstyle\sum p \odot g)$, the sum taken along the row.

# %% tags=["nbval-check-output"]
def attention_back(grad, q, k, v, weights):
    g_weights = grad @ v.mT
    g_scores = weights * (g_weights - (weights * g_weights).sum(-1, keepdim=True))
    g_scores = g_scores / math.sqrt(q.shape[-1])
    return g_scores @ k, g_scores.mT @ q, weights.mT @ grad

inputs, grad = tuple(draw(1, 2, 5, 4) for _ in "qkv"), draw(1, 2, 5, 4).detach()
output, weights = explicit_attention(*inputs)
ours = attention_back(grad, *inputs, weights)
torchs = torch.autograd.grad(output, inputs, grad)
for name, one, two in zip("qkv", ours, torchs, strict=True):
    print(f"{name} equal to torch's: {torch.allclose(one, two)}")

# %% [markdown]
# There is no mask in it, and none is needed: a hidden weight is 0, and so is its slope.
#
# Some gradients the package writes by hand too, because a formula reads and writes memory less
# often than torch's chain of small steps. This is RMSNorm, as every training step here uses it:

# %% tags=["nbval-ignore-output"]
show_source(_RMSNorm, folded="_RMSNorm: for after exercise 13.3")

# %% [markdown]
# With $n = x / \text{rms}$ and $g$ the gradient that arrives, times the gain, the gradient of $x$
# is
#
# $$\frac{g - n \cdot \text{mean}(g \odot n)}{\text{rms}}$$
#
# The second term is there because every number of $x$ also moves the rms. **Predict:** take the
# dot product of that gradient with $x$ itself. Is it positive, negative or (nearly) zero?

# %%
guess = None  # "positive", "negative" or "zero"

# %% tags=["nbval-check-output"]
x, gain, grad = draw(3, 8), draw(8), draw(3, 8).detach()
output = _RMSNorm.apply(x, gain, 1e-9)
along_x = (torch.autograd.grad(output, x, grad)[0] * x).sum(-1)
print("largest along x:", round(along_x.abs().max().item(), 6) + 0.0)
answer_guess(guess, "zero", "a longer x is normed to the same vector, so nothing changes that way")

# %% [markdown]
# How does one know that a written gradient is right? **gradcheck** is torch's test that holds a
# gradient against nudges of every input, in float64. A wrong formula does not pass:

# %% tags=["nbval-check-output"]
class Forgetful(_RMSNorm):
    """Without the second term: as if the rms were a constant."""

    @staticmethod
    def backward(ctx, grad):
        x, gain, inverse_rms = ctx.saved_tensors
        return grad * gain * inverse_rms, (grad * x * inverse_rms).sum(0), None

for name, function in (("the package's", _RMSNorm), ("forgetful", Forgetful)):
    passes = torch.autograd.gradcheck(function.apply, (x, gain, 1e-5), raise_exception=False)
    print(f"{name}: {'passes' if passes else 'does not pass'}")

# %% [markdown]
# ## From SGD to LAMB, in a valley
#
# Now every number has its slope. How far to go? Here is the smallest loss that makes trouble: a
# valley, a hundred times as steep across ($b$) as along ($a$): $\frac{1}{2}(a^2 + 100\,b^2)$, with
# the gradient $(a, 100 b)$.
#
# **SGD** (stochastic gradient descent) is the optimizer that goes against the gradient, times the
# **learning rate**, the number that says how far a step goes. So $b$ becomes
# $b - \text{rate} \cdot 100\,b$. **Predict:** above which learning rate does SGD leave the valley?

# %%
guess = None  # a number

# %% tags=["nbval-check-output"]
def descend(make, n_steps=300):
    """Where an optimizer goes from (10, 1)."""
    place = torch.tensor([10.0, 1.0], requires_grad=True)
    optimizer, path = make([place]), []
    for _ in range(n_steps):
        path.append(place.tolist())
        optimizer.zero_grad()
        (place.square() * torch.tensor([1.0, 100.0])).sum().div(2).backward()
        optimizer.step()
    return path

def first_below(path, height=0.01):
    return next((i for i, (a, b) in enumerate(path) if (a**2 + 100 * b**2) / 2 < height), None)

for lr in (0.005, 0.019, 0.021):
    path = descend(lambda weights, lr=lr: torch.optim.SGD(weights, lr=lr))
    found = f"at the bottom at step {n}" if (n := first_below(path)) else "not there in 300 steps"
    print(f"rate {lr}: {found}; after 100 steps a = {path[100][0]:.1f}, b = {path[100][1]:.1f}")
answer_guess(guess, 0.02, "from there on b jumps across to a place at least as high as it left",
             wrong={0.01: "at 0.01 b is at the bottom after one step; a bit more is not yet worse"})

# %% [markdown]
# The steep side sets the rate, and the flat side waits: on both sides of the best rate it gets
# worse, slowly on one and at once on the other.
#
# **Momentum** is a running mean of the gradients that is followed instead of the last one: steps to
# and fro cancel out. **Adam** also keeps a running mean of the gradient's *square*, and divides by
# its root, for each number by itself:
#
# $$m \leftarrow \beta_1 m + (1 - \beta_1)\, g \qquad v \leftarrow \beta_2 v + (1 - \beta_2)\, g^2
# \qquad w \leftarrow w - \text{rate} \cdot \frac{m / (1 - \beta_1^t)}
# {\sqrt{v / (1 - \beta_2^t)} + \epsilon}$$

# %% [markdown]
# Both means begin at 0 and are too small at first; **bias correction** is the division by
# $1 - \beta^t$ at step $t$ (from 1), which makes up for that. **Predict:** we start at $a = 10$ and
# $b = 1$, with slopes 10 and 100. With rate 0.1, how far do $a$ and $b$ go in Adam's first step?

# %%
guess = None  # two numbers, [for a, for b]

# %% tags=["nbval-check-output"]
no_decay = {"betas": (0.9, 0.95), "weight_decay": 0.0}
optimizers = {
    "SGD": lambda weights: torch.optim.SGD(weights, lr=0.019),
    "momentum": lambda weights: torch.optim.SGD(weights, lr=0.019, momentum=0.9),
    "Adam": lambda weights: AdamW(weights, lr=0.3, **no_decay),
}
paths = {name: descend(make) for name, make in optimizers.items()}
for name, path in paths.items():
    print(f"{name:8}: at the bottom at step {first_below(path)}")
(a0, b0), (a1, b1) = descend(lambda weights: AdamW(weights, lr=0.1, **no_decay), 2)
print(f"Adam's first step at rate 0.1: a by {a0 - a1:.2f}, b by {b0 - b1:.2f}")
answer_guess(guess, [0.1, 0.1], "in the first step m is g and √v is |g|: only the sign is left",
             within=0.01)

# %% tags=["nbval-ignore-output"]
def draw_paths(sgd_rate=0.019, adam_rate=0.3):
    paths["SGD"] = descend(lambda weights: torch.optim.SGD(weights, lr=sgd_rate))
    paths["Adam"] = descend(lambda weights: AdamW(weights, lr=adam_rate, **no_decay))
    return plots.lines(
        {name: tuple(zip(*path[:40], strict=True)) for name, path in paths.items()},
        x_label="a, along the valley", y_label="b, across it",
        title="SGD jumps to and fro across the valley; Adam goes along it",
        alt="From a = 10 at the right: SGD jumps to and fro across the valley while it creeps "
        "along. Momentum swings in wider waves. Adam goes along in a smooth, shallow wave.",
    )

explore(draw_paths, sgd_rate=(0.001, 0.021, 0.001), adam_rate=(0.05, 1.0, 0.05))
draw_paths()

# %% [markdown]
# Adam's step does not depend on how *large* a gradient is, only on how steady. At a steady slope
# every number moves by the rate each step; where slopes change sign they cancel out.
#
# **Weight decay** is a pull of every weight towards 0, so that only weights that the loss needs
# stay large. With SGD it is the same as adding $\lambda w$ to the gradient. With Adam it is not:
# the pull is then divided by $\sqrt{v}$ like everything else. **AdamW** is Adam with weight decay
# taken out of the gradient and applied to the weight itself, $w \leftarrow (1 - \text{rate} \cdot
# \lambda)\, w$.

# %% [markdown]
# A thousand weights get gradients that are pure noise of spread 10, a thousand others of spread
# 0.1. All begin at 1. Nothing needs them, so all should decay. **Predict:** which ones does Adam
# with $\lambda w$ in its gradient hardly pull at all?

# %%
guess = None  # "large" or "small", the noise of those that stay

# %% tags=["nbval-check-output"]
def mean_after(make, n_steps=500):
    """Where two thousand weights end on average, those of large noise and those of small."""
    groups, dice = torch.ones(2, 1000, requires_grad=True), torch.Generator().manual_seed(0)
    optimizer = make([groups])
    for _ in range(n_steps):
        groups.grad = torch.randn(2, 1000, generator=dice) * torch.tensor([[10.0], [0.1]])
        optimizer.step()
    return groups.mean(1).tolist()

settings = {"lr": 0.01, "betas": (0.9, 0.95), "weight_decay": 0.1}
coupled = mean_after(lambda weights: torch.optim.Adam(weights, **settings))
apart = mean_after(lambda weights: AdamW(weights, **settings))
print("in the gradient (Adam): large noise {:.1f}, small noise {:.1f}".format(*coupled))
print("apart (AdamW):          large noise {:.1f}, small noise {:.1f}".format(*apart))
print(f"(1 - 0.01 · 0.1)^500 = {(1 - 0.001) ** 500:.1f}")
answer_guess(guess, "large", "λw is divided by √v, which is as large as their noise")

# %% [markdown]
# AdamW trained every LLaMA whose optimizer is known. One thing is left that it does not look at:
# how large the weights are. It moves every number by about the rate, a large one and a small one.
# **Predict:** in a new LLaMA the numbers of the embedding are about 0.02 in size. AdamW's first
# step with rate 0.01 moves the embedding by what share of its length?

# %%
guess = None  # a number, 1 for the whole length

# %% tags=["nbval-check-output"]
hamlet = (pull("shakespeare") / "hamlet_gut.txt").read_text(encoding="utf-8")
letters = sorted(set(hamlet))
ids, T = torch.tensor([letters.index(letter) for letter in hamlet]), 32

def small_llama():
    torch.manual_seed(0)
    shape = {"d_model": 32, "n_layers": 2, "n_heads": 4, "n_kv_heads": 4, "d_ff": 88}
    return Llama(ModelConfig(vocab_size=len(letters), max_seq_len=T, **shape))

def hamlet_loss(model, dice):
    pieces = ids[torch.randint(len(ids) - T, (16, 1), generator=dice) + torch.arange(T + 1)]
    return F.cross_entropy(model(pieces[:, :-1]).flatten(0, 1), pieces[:, 1:].flatten())

shares = {}
for name, make in (("AdamW", AdamW), ("LAMB", Lamb)):
    model = small_llama()
    before = {key: weight.detach().clone() for key, weight in model.named_parameters()}
    hamlet_loss(model, torch.Generator().manual_seed(0)).backward()
    make(model.parameters(), lr=0.01, weight_decay=0.0).step()
    shares[name] = {key: ((weight - before[key]).norm() / before[key].norm()).item()
                    for key, weight in model.named_parameters()}
for key in ("embedding.weight", "blocks.0.ffn.down_proj.weight", "blocks.0.ffn_norm.gain"):
    print(f"{key:29}", ", ".join(f"{name} {shares[name][key]:.0%}" for name in shares))
why = "nearly every number moves by 0.01, half of 0.02"
answer_guess(guess, shares["AdamW"]["embedding.weight"], why, within=0.3)

# %% [markdown]
# **LAMB** is Adam with each tensor's step scaled so that its length is the share *rate* of the
# tensor's own length. The **trust ratio** is the factor that does it, $|w| / |u|$, where $u$ is the
# step that AdamW would take, weight decay included:
#
# $$w \leftarrow w - \text{rate} \cdot \frac{|w|}{|u|}\, u$$
#
# So one rate fits small and large tensors. Does all of this carry over from a valley to language?
# Our small LLaMA reads *Hamlet* by letters, with each optimizer at the best rate of some that we
# tried, factors of three apart.

# %%
def train(make, lr, n_warmup=10, max_norm=1.0, bad_step=None, seed=0, n_steps=100):
    """Each step's loss. The batch of the bad step is one letter, over and over."""
    model, dice, losses = small_llama(), torch.Generator().manual_seed(seed), []
    optimizer = make(model.parameters())
    for step in range(n_steps):
        for group in optimizer.param_groups:
            group["lr"] = warmup_cosine(step + 1, lr, n_warmup, n_steps)
        loss = hamlet_loss(model, dice)
        if step == bad_step:
            bad = torch.full((16, T), letters.index("q"))
            loss = F.cross_entropy(model(bad).flatten(0, 1), bad.flatten())
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)
        optimizer.step()
        losses.append(loss.item())
    return losses

def end(losses):
    return sum(losses[-10:]) / 10

# %%
llama1 = {"betas": (0.9, 0.95), "weight_decay": 0.1}
make = {
    "SGD": lambda weights: torch.optim.SGD(weights, lr=1.0),  # `train` sets the rates
    "momentum": lambda weights: torch.optim.SGD(weights, lr=1.0, momentum=0.9),
    "AdamW": lambda weights: AdamW(weights, **llama1),
    "LAMB": lambda weights: Lamb(weights, **llama1),
}

# %% tags=["nbval-check-output"]
best_rates = {"SGD": 1.0, "momentum": 0.1, "AdamW": 0.01, "LAMB": 0.1}
runs = {name: train(make[name], lr) for name, lr in best_rates.items()}
for name, losses in runs.items():
    print(f"{name:8} ends at {end(losses):.1f}")


# %% [markdown]
# One run each proves no ranking: SGD and momentum, at a well chosen rate and clipped (below), are
# hardly behind here; in the valley SGD was, by far. What, then, is LAMB for?
#
# ## Large batches
#
# A **batch** is the set of texts whose mean gradient makes one step. Many processors can share a
# large one. But the same text in larger batches means *fewer steps*, so each should go further.
# LAMB was made for that.

# %% [markdown]
# Both read the same number of letters of Shakespeare's plays, in batches of 8, 64 and 256 pieces,
# each at its own best rate, found by trying; then with three new seeds, tested on another play.
# This takes too long for a notebook: `large_batches.py` in this lesson's folder has computed it.
# **Predict:** the loss after batches of 8 is 2.08 nats a letter. What is AdamW's after batches of
# 256, which are a thirty-second of the steps?

# %%
guess = None  # a number

# %% tags=["nbval-check-output"]
table = json.loads((find_lesson("13").folder / "large_batches.json").read_text(encoding="utf-8"))
runs = {(row["optimizer"], row["batch"]): row for row in table["rows"]}
batches = sorted({batch for _, batch in runs})
print(f"{table['n_letters']:,} letters; loss in nats a letter, mean of {len(table['seeds'])} seeds")
means, errors = {"AdamW": [], "LAMB": []}, {"AdamW": [], "LAMB": []}  # one for each batch
for batch in batches:
    losses = {name: torch.tensor(runs[name, batch]["losses"]) for name in means}
    for name, row in losses.items():
        means[name].append(row.mean().item())
        errors[name].append(row.std().item() / len(row) ** 0.5)
    gain = losses["AdamW"] - losses["LAMB"]
    print(f"batch {batch:3}, {runs['LAMB', batch]['n_steps']:3} steps: "
          f"AdamW {means['AdamW'][-1]:.2f}, LAMB {means['LAMB'][-1]:.2f}, "
          f"LAMB ahead by {gain.mean():.2f} ± {gain.std() / len(gain) ** 0.5:.2f}")
why = "so few steps get nowhere near it, at any rate that we tried"
answer_guess(guess, means["AdamW"][-1], why, within=0.1)

# %% tags=["nbval-check-output"]
for name in means:
    row = runs[name, 256]
    best, worse = (min(row["tried"].items(), key=lambda one: abs(float(one[0]) - rate))[1]
                   for rate in (row["lr"], 2 * row["lr"]))
    print(f"{name}, batch 256: twice the best rate costs {worse - best:.2f}")

# %% tags=["nbval-ignore-output"]
plots.lines(
    {name: (batches, values) for name, values in means.items()}, errors=errors, x_log=True,
    x_label="pieces in a batch (the same text in all)", y_label="loss, nats per letter",
    title="Large batches waste text; here LAMB loses less by them",
    alt="Both rise from 2.08 at 8 pieces. AdamW rises to 2.86 at 256, LAMB to 2.61.",
)

# %% [markdown]
# With the same text, many small steps beat few large ones by far, under either optimizer: a large
# batch saves *time*, if you have the processors, not text. At 8 there is nothing between the two;
# LAMB's lead shows where steps are few. But look at the last lines: LAMB punishes a rate that is
# too high far more. And this is one small model, sixteen steps and three seeds: no law.

# %% [markdown]
# ## Warm-up and clipping: are they needed?
#
# **Warm-up** is the first stretch of a training, in which the learning rate rises from near 0 to
# its peak. Afterwards LLaMA lets it fall along half a cosine (`warmup_cosine`): large steps while
# there is far to go, small ones at the end.
#
# We take it away from AdamW, at the good rate of before and at six times that. **Predict:** where
# does the run end clearly worse without warm-up?

# %%
guess = None  # "both", "neither", "good rate" or "high rate"

# %% tags=["nbval-check-output"]
without = {}
for name, lr in (("good rate", 0.01), ("high rate", 0.06)):
    without[name] = [end(train(make["AdamW"], lr, 0, seed=seed))
                     - end(train(make["AdamW"], lr, 20, seed=seed)) for seed in (0, 1)]
    clearly = min(without[name]) > 0.05
    print(f"{name}: worse by more than 0.05 without warm-up, with both seeds: {clearly}")
why = "at first Adam knows one gradient only: nearly every number moves by the whole rate"
answer_guess(guess, "high rate", why)

# %% [markdown]
# Warm-up is no law: at the good rate nothing was seen. What it does here is make a higher rate
# possible, one that would be too high without it.
#
# **Gradient clipping** is shortening a gradient that is longer than a limit (LLaMA: 1.0), all its
# numbers by one factor. We feed our model a damaged text at step 50: one letter, over and over.

# %% tags=["nbval-check-output"]
damaged = {}
for name, lr in (("momentum", 0.06), ("AdamW", 0.01)):
    for limit, word in ((1e9, ""), (1.0, ", clipped")):
        damaged[name + word] = [train(make[name], lr, max_norm=limit, bad_step=50, seed=seed)
                                for seed in (0, 1)]
for name, three in damaged.items():
    print(f"{name:17}: the worse of two runs ends above 3: {max(map(end, three)) > 3}")

# %% tags=["nbval-ignore-output"]
worst = {name: max(three, key=end) for name, three in damaged.items()}
plots.lines(
    {name: (range(100), [min(loss, 4.5) for loss in losses]) for name, losses in worst.items()},
    x_label="step", y_label="loss, nats per letter (cut off above)", markers=False,
    title="One damaged text ruins momentum's run, unless its gradient is clipped",
    alt="The worse of two runs each. All jump at step 50. Momentum without clipping stays at "
    "about 3.2; the other three go on falling at once.",
)

# %% [markdown]
# (The spikes of AdamW before step 20 have nothing to do with the damaged text.) A gradient without
# a limit makes a step without a limit; clipped, it is one step like others. AdamW survives by
# itself: in its step the size of a gradient cancels out. Clipping costs next to nothing, so it is
# done all the same.

# %% [markdown]
# ## In short
#
# 1. Backpropagation walks the graph backward once, multiplies along each way and adds up where ways
#    meet: two runs' worth of arithmetic for all slopes. Hold every written gradient to nudges.
# 2. Adam fits the step to each number's gradients, AdamW takes decay out of that, LAMB fits it to
#    each tensor's length.
# 3. Warm-up allows higher rates, clipping survives bad batches; where neither threatens, neither
#    is seen.

# %% [markdown] tags=["sourced"]
# **Where LLaMA really does this.** LLaMA 1 trains with AdamW, β = (0.9, 0.95), weight decay 0.1,
# clipping at 1.0, 2,000 steps of warm-up, a cosine down to 10 % of the peak (3e-4 for 7B and 13B,
# 1.5e-4 for 33B and 65B) and batches of 4 million tokens (arXiv:2302.13971, sec. 2.3). Llama 2 does
# the same with ε = 1e-5 (arXiv:2307.09288, sec. 2.2). Llama 3.1 405B: AdamW, 8,000 steps of
# warm-up, a peak of 8e-5 (arXiv:2407.21783, sec. 3.4).

# %% [markdown] tags=["sourced"]
# No LLaMA used LAMB, though some articles say so; it is from arXiv:1904.00962, where it trained
# BERT in 76 minutes instead of 3 days. Adam is from arXiv:1412.6980, AdamW from arXiv:1711.05101.
# That norms and biases do not decay is a custom; LLaMA's paper does not say.
#
# **Now you:** [exercises/13_optimizers](../exercises/13_optimizers.ipynb)
