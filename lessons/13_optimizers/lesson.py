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
#
# Training changes every number of a model a little, to lower the loss. *Up* or *down*? You
# could nudge each number and run the model. How long would that take?

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
from llama_edu.model.norm import _RMSNorm
from llama_edu.pretrained import load_pretrained
from llama_edu.train.optim import AdamW, Lamb
from llama_edu.train.schedule import warmup_cosine

smol = load_pretrained(dtype=torch.float32)
n_numbers = sum(weight.numel() for weight in smol.model.parameters())
years = n_numbers / 10 / (3600 * 24 * 365)
print(f"{n_numbers:,} nudges, at a tenth of a second each: {years:.1f} years for one step")

# %% tags=["nbval-check-output"]
tokens = torch.tensor([smol.text_ids("When Alice and Bob went to the shop, they had a drink.")])
with FlopCounterMode(display=False) as forward:
    loss = F.cross_entropy(smol.model(tokens[:, :-1])[0], tokens[0, 1:])
with FlopCounterMode(display=False) as back:
    loss.backward()
ratio = back.get_total_flops() / forward.get_total_flops()
print(f"loss.backward() finds all slopes with {ratio:.1f} times the arithmetic of one run")

# %% [markdown]
# Two runs' worth, instead of one run for each number. How can that be? And how are slopes used?
#
# ## One number at a time
#
# A model of two numbers, $w$ and $b$: for the input 2 it says $2 w + b$, and should say 4.

# %% tags=["nbval-check-output"]
def loss_of_line(w, b):
    return (w * 2.0 + b - 4.0) ** 2

for name, nudged in (("w", (3.0 + 1e-6, 1.0)), ("b", (3.0, 1.0 + 1e-6))):
    slope = (loss_of_line(*nudged) - loss_of_line(3.0, 1.0)) / 1e-6
    print(f"nudged by 0.000001, slope along {name}: {slope:.1f}")

# %% [markdown]
# The **gradient** is the slope of the loss along every number of the model; against it is down.
# We can compute it without a nudge. The **chain rule** says that slopes along a chain of steps are
# multiplied:
#
# $$w \xrightarrow{\times2} 2w \xrightarrow{+b}\text{output}\xrightarrow{-4}\text{error}
# \xrightarrow{(\cdot)^2}\text{loss}$$
#
# At $w = 3$ and $b = 1$ the error is 3. A square of 3 has slope $2 \cdot 3$; taking off 4 and
# adding $b$ have slope 1; times 2 has slope 2. Along $w$ that is $6\cdot1\cdot1\cdot2=12$,
# along $b$ it is $6\cdot1\cdot1$: both share the factors near the loss.
#
# **Backpropagation** is the chain rule worked from the loss backward, so that every step's slope is
# computed once and used for all that came before it.

# %% [markdown]
# ## An autograd by hand
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

    def exp(self):
        return Number(math.exp(self.data), (self,), (math.exp(self.data),))

# %% [markdown]
# A product is the interesting one: the slope along one factor is *the other factor*. Now backward.
# A number may pass its slope on only when all that uses it has been worked through. A **topological
# order** is an order in which every number stands after all that it was made of; we walk it from
# its end. Then the same formula, once in our numbers and once in torch's:

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

# %% tags=["nbval-check-output"]
def formula(a, b, c):
    return (a * b + c).exp() * a + b * c

ours = [Number(x) for x in (0.5, -1.5, 2.0)]
theirs = [torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in (0.5, -1.5, 2.0)]
go_back(formula(*ours))
formula(*theirs).backward()
print("ours: ", [round(x.grad, 6) for x in ours])
print("torch:", [round(x.grad.item(), 6) for x in theirs])

# %% [markdown]
# An **autograd** is a program that keeps the graph while you compute and finds all slopes on the
# way back. torch's does the same with whole tensors.
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
# time: the residual stream is read by a layer and passed on; every weight serves each token.
#
# ## Whole layers
#
# Start where a LLaMA ends: with softmax and cross-entropy, of three scores; the first is right.

# %% tags=["nbval-check-output"]
scores = torch.tensor([2.0, 1.0, 0.0], requires_grad=True)
F.cross_entropy(scores, torch.tensor(0)).backward()
print("probabilities:", [round(p, 3) for p in scores.softmax(-1).tolist()])
print("slopes:       ", [round(slope, 3) for slope in scores.grad.tolist()])

# %% [markdown]
# The gradient is $p - y$: the probabilities, less 1 at the right token. The more surprised a model
# was, the harder it is pushed; a sure and right one is left alone.
#
# For a matrix product, $y = x W^\top$, the loss has a gradient $g$ at $y$ (of the same shape as
# $y$). Then, as every number of $x$ meets a whole column of $W$:
#
# $$\text{gradient of } x = g\,W \qquad\qquad \text{gradient of } W = g^\top x$$
#
# No other product of these has the right shape. Here are the two products backward for one forward.
#
# SwiGLU by hand, from the end to the start. $\text{SiLU}(z) = z\,\sigma(z)$ has the slope
# $\sigma(z)\,(1 + z\,(1 - \sigma(z)))$.

# %% tags=["nbval-check-output"]
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

inputs = x, gate, up, down = draw(5, 4), draw(6, 4), draw(6, 4), draw(4, 6)
output, grad = (F.silu(x @ gate.mT) * (x @ up.mT)) @ down.mT, draw(5, 4).detach()
ours, torchs = swiglu_back(grad, *inputs), torch.autograd.grad(output, inputs, grad)
print("equal to torch's:", list(map(torch.allclose, ours, torchs)))

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
ours, torchs = attention_back(grad, *inputs, weights), torch.autograd.grad(output, inputs, grad)
print("equal to torch's:", list(map(torch.allclose, ours, torchs)))

# %% [markdown]
# There is no mask in it, and none is needed: a hidden weight is 0, and so is its slope.
#
# Some gradients the package writes by hand too, since one formula touches memory less often than
# torch's chain of small steps. For RMSNorm, with $n = x / \text{rms}$ and $g$ the
# gradient that arrives, times the gain, the gradient of $x$ is
#
# $$\frac{g - n \cdot \text{mean}(g \odot n)}{\text{rms}}$$
#
# The second term is there because every number of $x$ also moves the rms. **gradcheck** is torch's
# test that compares a gradient with nudges of every input, in float64, and raises an error where
# they differ:

# %% tags=["nbval-check-output"]
show_source(_RMSNorm, folded="_RMSNorm, as training uses it here: open it after exercise 13.3")
print("passes:", torch.autograd.gradcheck(_RMSNorm.apply, (draw(3, 8), draw(8), 1e-5)))

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
def descend(make, n_steps=101):
    """Where an optimizer goes from (10, 1)."""
    place = torch.tensor([10.0, 1.0], requires_grad=True)
    optimizer, path = make([place]), []
    for _ in range(n_steps):
        path.append(place.tolist())
        optimizer.zero_grad()
        (place.square() * torch.tensor([1.0, 100.0])).sum().div(2).backward()
        optimizer.step()
    return path

def sgd(lr, momentum=0.0):
    return lambda weights: torch.optim.SGD(weights, lr=lr, momentum=momentum)

for lr in (0.005, 0.019, 0.021):
    a, b = descend(sgd(lr))[100]
    print(f"rate {lr}: after 100 steps a = {a:.1f}, b = {b:.1f}")
answer_guess(guess, 0.02, "from there on b jumps across to a place at least as high as it left")

# %% [markdown]
# The steep side sets the rate, and the flat side waits. **Momentum** is a running mean of the
# gradients that is followed instead of the last one: steps to and fro cancel out. **Adam** also
# keeps a running mean of the gradient's *square*, and divides by its root, number by number:
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
def adam(lr, decay=0.0):
    return lambda weights: AdamW(weights, lr=lr, betas=(0.9, 0.95), weight_decay=decay)

(a0, b0), (a1, b1) = descend(adam(0.1), 2)
print(f"Adam's first step at rate 0.1: a by {a0 - a1:.2f}, b by {b0 - b1:.2f}")
answer_guess(guess, [0.1, 0.1], "now m is g and √v is |g|: only the sign is left", within=0.01)

# %% tags=["nbval-ignore-output"]
def draw_paths(sgd_rate=0.019, adam_rate=0.3):
    makes = {"SGD": sgd(sgd_rate), "momentum": sgd(sgd_rate, 0.9), "Adam": adam(adam_rate)}
    return plots.lines(
        {name: tuple(zip(*descend(make, 40), strict=True)) for name, make in makes.items()},
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
# the pull is then divided by $\sqrt{v}$. **AdamW** is Adam with the decay taken out of the gradient
# and applied to the weight itself, $w \leftarrow (1 - \text{rate} \cdot \lambda)\, w$.

# %% [markdown]
# A thousand weights get gradients that are pure noise of spread 10, a thousand others of spread
# 0.1. All begin at 1. Nothing needs them, so all should decay. **Predict:** which ones does Adam
# with $\lambda w$ in its gradient hardly pull at all?

# %%
guess = None  # "large" or "small", the noise of those that stay

# %% tags=["nbval-check-output"]
for name, kind in (("Adam, in the gradient", torch.optim.Adam), ("AdamW, apart", AdamW)):
    groups, dice = torch.ones(2, 1000, requires_grad=True), torch.Generator().manual_seed(0)
    optimizer = kind([groups], lr=0.01, betas=(0.9, 0.95), weight_decay=0.1)
    for _ in range(500):
        groups.grad = torch.randn(2, 1000, generator=dice) * torch.tensor([[10.0], [0.1]])
        optimizer.step()
    print(f"{name:21}: large noise {groups[0].mean():.1f}, small noise {groups[1].mean():.1f}")
answer_guess(guess, "large", "λw is divided by √v, which is as large as their noise")

# %% [markdown]
# AdamW trained every LLaMA whose optimizer is known. One thing is left that it does not look at: it
# moves every number by about the rate, a large one and a small one. **LAMB** is Adam with each
# tensor's step scaled so that its length is the share *rate* of the tensor's own length. The
# **trust ratio** is the factor by which LAMB scales a tensor's step, $|w| / |u|$, where $u$ is the
# step that AdamW would take, weight decay included:
#
# $$w \leftarrow w - \text{rate} \cdot \frac{|w|}{|u|}\, u$$
#
# An embedding begins with numbers of about 0.02, a norm's gain with ones. Their first steps:

# %% tags=["nbval-check-output"]
for name, kind in (("AdamW", AdamW), ("LAMB", Lamb)):
    for key, size in (("embedding", 0.02), ("gain", 1.0)):
        tensor = torch.full((10, 10), size, requires_grad=True)
        tensor.grad = torch.randn(10, 10, generator=torch.Generator().manual_seed(0))
        kind([tensor], lr=0.01, weight_decay=0.0).step()
        print(f"{name}, rate 0.01: the {key} moves by {(tensor - size).abs().mean() / size:.0%}")

# %% [markdown]
# So with LAMB one rate fits small and large tensors. What is that good for?
#
# ## Large batches
#
# A **batch** is the set of texts whose mean gradient makes one step. Many processors can share a
# large one. But the same text in larger batches means *fewer steps*, so each should go further:
# LAMB was made for that. Both optimizers read the same number of letters of Shakespeare's plays, in
# batches of 8, 64 and 256 pieces, each at its own best rate, found by trying; then with three new
# seeds, tested on another play: `large_batches.py` in this lesson's folder has computed it.

# %% tags=["nbval-check-output"]
table = json.loads((find_lesson("13").folder / "large_batches.json").read_text(encoding="utf-8"))
runs = {(row["optimizer"], row["batch"]): row for row in table["rows"]}
batches = sorted({batch for _, batch in runs})
print(f"{table['n_letters']:,} letters; loss in nats a letter, mean of {len(table['seeds'])} seeds")
losses = {name: torch.tensor([runs[name, batch]["losses"] for batch in batches])
          for name in ("AdamW", "LAMB")}  # each (batches, seeds)
for i, batch in enumerate(batches):
    print(f"batch {batch:3}, {runs['LAMB', batch]['n_steps']:3} steps: "
          f"AdamW {losses['AdamW'][i].mean():.2f}, LAMB {losses['LAMB'][i].mean():.2f}")

# %% tags=["nbval-ignore-output"]
plots.lines(
    {name: (batches, row.mean(1).tolist()) for name, row in losses.items()}, x_log=True,
    errors={name: (row.std(1) / row.shape[1] ** 0.5).tolist() for name, row in losses.items()},
    x_label="pieces in a batch (the same text in all)", y_label="loss, nats per letter",
    title="Large batches waste text; here LAMB loses less by them",
    alt="Both rise from 2.08 at 8 pieces. AdamW rises to 2.86 at 256, LAMB to 2.61.",
)

# %% [markdown]
# With the same text, many small steps beat few large ones by far, under either optimizer: a large
# batch saves *time*, if you have the processors, not text. At 8 there is nothing between the two;
# LAMB's lead shows where steps are few. (One small model and three seeds: no law.)
#
# ## Warm-up and clipping: are they needed?
#
# **Warm-up** is the first stretch of a training, in which the learning rate rises from near 0 to
# its peak. Afterwards LLaMA lets it fall along half a cosine (`warmup_cosine`): large steps while
# there is far to go, small ones at the end.
#
# Our small LLaMA reads *Hamlet* by letters, so that both can be taken away:

# %%
hamlet = (pull("shakespeare") / "hamlet_gut.txt").read_text(encoding="utf-8")
letters = sorted(set(hamlet))
ids, T = torch.tensor([letters.index(letter) for letter in hamlet]), 32
config = ModelConfig(vocab_size=len(letters), max_seq_len=T, d_model=32, n_layers=2, n_heads=4,
                     n_kv_heads=4, d_ff=88)

def train(optimizer, n_warmup=10, max_norm=1.0, bad_step=None, seed=0, n_steps=100):
    """Mean loss of the last ten steps. The batch of the bad step is one letter, over and over."""
    torch.manual_seed(0)
    model, dice, losses = Llama(config), torch.Generator().manual_seed(seed), []
    optimizer = optimizer(model.parameters())
    for step in range(n_steps):
        rate = warmup_cosine(step + 1, optimizer.defaults["lr"], n_warmup, n_steps)
        optimizer.param_groups[0]["lr"] = rate
        pieces = ids[torch.randint(len(ids) - T, (16, 1), generator=dice) + torch.arange(T + 1)]
        if step == bad_step:
            pieces = torch.full_like(pieces, letters.index("q"))
        loss = F.cross_entropy(model(pieces[:, :-1]).flatten(0, 1), pieces[:, 1:].flatten())
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)
        optimizer.step()
        losses.append(loss.item())
    return sum(losses[-10:]) / 10

# %% [markdown]
# We take warm-up away from AdamW, at its best rate of some that we tried and at six times that.
# **Predict:** where does the run end clearly worse?

# %%
guess = None  # "both", "neither", "best rate" or "high rate"

# %% tags=["nbval-check-output"]
for name, lr in (("best rate", 0.01), ("high rate", 0.06)):
    worse = [train(adam(lr, 0.1), 0, seed=seed) - train(adam(lr, 0.1), 20, seed=seed)
             for seed in (0, 1)]
    print(f"{name}: worse by more than 0.05 without warm-up, twice: {min(worse) > 0.05}")
why = "at first Adam knows one gradient only: nearly every number moves by the whole rate"
answer_guess(guess, "high rate", why)

# %% [markdown]
# Warm-up is no law: at the best rate nothing was seen. What it does here is make a higher rate
# possible, one that would be too high without it.
#
# **Gradient clipping** is shortening a gradient that is longer than a limit (LLaMA: 1.0), all its
# numbers by one factor. We feed our model a damaged text at step 50: one letter, over and over.

# %% tags=["nbval-check-output"]
for name, optimizer in (("momentum", sgd(0.1, 0.9)), ("AdamW", adam(0.01, 0.1))):
    for limit, word in ((1e9, "without a limit"), (1.0, "clipped")):
        ends = [train(optimizer, max_norm=limit, bad_step=50, seed=seed) for seed in (0, 1)]
        print(f"{name:8} {word:15}: the worse of two runs ends above 2.8: {max(ends) > 2.8}")

# %% [markdown]
# A gradient without a limit makes a step without a limit; clipped, it is one step like others.
# AdamW hardly needs it here: in its step the size of a gradient cancels out. Clipping costs next to
# nothing, so it is done all the same.
#
# ## In short
#
# 1. Backpropagation walks the graph backward once, multiplies along each way and adds up where ways
#    meet: two runs' worth of arithmetic. Check a gradient that you write against nudges.
# 2. Adam fits the step to each number's gradients, AdamW takes decay out of that, LAMB fits it to
#    each tensor's length.
# 3. Warm-up allows higher rates, and with clipping a run survives bad batches.

# %% [markdown] tags=["sourced"]
# **Where LLaMA really does this.** LLaMA 1 trains with AdamW, β = (0.9, 0.95), weight decay 0.1,
# clipping at 1.0, 2,000 steps of warm-up, a cosine down to 10 % of the peak (3e-4 for 7B) and
# batches of 4 million tokens (arXiv:2302.13971, sec. 2.3). Llama 2 does the same with ε = 1e-5
# (arXiv:2307.09288, sec. 2.2). Llama 3.1 405B: AdamW, 8,000 steps of warm-up, a peak of 8e-5
# (arXiv:2407.21783, sec. 3.4).

# %% [markdown] tags=["sourced"]
# No LLaMA used LAMB, though some articles say so; it is from arXiv:1904.00962, where it trained
# BERT in 76 minutes instead of 3 days. Adam is from arXiv:1412.6980, AdamW from arXiv:1711.05101.
# That norms and biases do not decay is a custom; LLaMA's paper does not say.
#
# **Now you:** [exercises/13_optimizers](../exercises/13_optimizers.ipynb)
