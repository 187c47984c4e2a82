# %% [markdown]
# # 16 · Adversarial training: learning from the worst small change
#
# **What you need:** lessons 09 (a LLaMA), 13 (gradients) and 15 (errors over seeds).
#
# **What you will be able to do:** find the small change of an input that harms a model most, in
# closed form; train against it; tell a robust model from one that only looks robust.
#
# **Time:** about 58 minutes: a small push 5 · by hand 12 · why embeddings 7 · the game 9 · a
# fragile classifier 8 · two ways to look robust 9 · a language model 8.
#
# SmolLM2 knows what the capital of France is. Inside, each token is a vector of 576 numbers, its
# *embedding*. How little may we change these numbers, and the answer is lost?

# %% tags=["nbval-check-output"]
import json
import math
from types import SimpleNamespace

import torch
from torch.nn import functional as F

from llama_edu import plots
from llama_edu.course.reader import answer_guess, explore
from llama_edu.course.source import show_source
from llama_edu.pretrained import load_pretrained
from llama_edu.train import adversarial

smol = load_pretrained(dtype=torch.float32)
prompt = SimpleNamespace(inputs=torch.tensor([smol.text_ids("The capital of France is")]))
paris = torch.tensor(smol.tokenizer.encode(" Paris"))

@torch.no_grad()
def answer(shift):
    """The next token, and the probability of Paris, with a shift added to the embeddings."""
    with adversarial.shifted(smol.model, shift):
        chances = smol.model(prompt.inputs)[0, -1].softmax(-1)
    return smol.tokenizer.decode([chances.argmax().item()]), chances[paris].item()

still = torch.zeros(1, 5, 576)  # 5 tokens
length = adversarial.text_units(smol.model, prompt).item()
print("next {!r}, Paris {:.2f}".format(*answer(still)))
print(f"an embedding of this text is {length:.1f} long on average")

# %% [markdown]
# A **perturbation** is a small change r that is added to an input x. Ours shifts all five vectors
# together by a tenth of one embedding's length: first in a random direction, then in one that we
# have searched for.
#
# **Predict:** Paris has about 0.8. What is left in the random direction?

# %%
guess = None  # a number between 0 and 1

# %% tags=["nbval-check-output"]
def answer_loss(model, batch):
    """A loss as the trainer takes it: a sum in nats, and how many targets it is the sum of."""
    logits = model(batch.inputs, last_only=True)[:, -1]
    return F.cross_entropy(logits, paris, reduction="sum"), torch.tensor(1)

dice = torch.Generator().manual_seed(0)
noise = adversarial.random_shift(smol.model, prompt, 0.1, generator=dice)
worst = adversarial.worst_shift(answer_loss, smol.model, prompt, 0.1)
for name, shift in (("random", noise), ("searched", worst)):
    word, chance = answer(shift)
    print(f"{name:8}: |r| = {shift.norm() / length:.2f}, next {word!r}, Paris {chance:.2f}")
answer_guess(guess, answer(noise)[1], "a random direction is none that the model cares about",
             within=0.15)

# %% [markdown]
# Both shifts are equally long. One does nothing, the other wipes Paris out. An **adversarial
# example** is an input that somebody has changed a little so that a model fails. The direction does
# it, not the size; so every experiment of this lesson has *noise of the same size* beside it.
#
# Where does such a direction come from, and does it help to train against it?

# %% [markdown]
# ## By hand: the steepest direction
#
# Take the smallest model there is: a score $w \cdot x$ for two numbers $x$, and the loss
# $L = \log(1 + e^{-w \cdot x})$, low where the score is high. The adversary may add $r$, as long
# as its size $\lVert r \rVert_p \le \varepsilon$. Size can mean three things: the length of r ($p =
# 2$; the r of size 1 are a circle), the largest of $\lvert r_1 \rvert$ and $\lvert r_2 \rvert$
# ($p = \infty$; a square), or their sum ($p = 1$; a diamond).

# %% tags=["nbval-check-output"]
w, x = torch.tensor([3.0, -4.0]), torch.tensor([1.0, 0.5])
print(f"score {w @ x:.0f}, loss {F.softplus(-w @ x):.3f}")
for r in ([-1.0, 0.0], [0.0, 1.0], [-0.6, 0.8], [-1.0, 1.0]):
    print(f"r = {r}: the score falls by {-(w @ torch.tensor(r)):.0f}")

# %% [markdown]
# To harm most, r must make $w \cdot r$ as small as it can. **Predict:** all r of size 1 are
# allowed. In which p does the adversary find the largest fall?

# %%
guess = None  # 1, 2 or "inf"

# %% tags=["nbval-check-output"]
harm = -w[None]  # where the loss rises: against w
falls = {}
for p in (1, 2, math.inf):
    r = adversarial.steepest(harm, 1.0, p)[0]
    falls[p] = (harm[0] @ r).item()
    print(f"p = {p:3}: r = [{r[0]:4.1f}, {r[1]:4.1f}], fall {falls[p]:.0f}")
why = "the square has corners, and in a corner both numbers are as large as they may be"
answer_guess(guess, "inf", why)

# %% [markdown]
# These are the **steepest directions**: the r of size $\varepsilon$ that raise a linear function
# with gradient $g$ most.
#
# $$p = 2:\; r = \varepsilon \frac{g}{\lVert g \rVert_2} \qquad p = \infty:\; r = \varepsilon
# \operatorname{sign}(g) \qquad p = 1:\; \text{all of } \varepsilon \text{ on the largest } \lvert
# g_i \rvert$$
#
# The gain is $\varepsilon \lVert g \rVert_q$ with $1/p + 1/q = 1$: the length for $p = 2$, the sum
# for $p = \infty$, the largest for $p = 1$. The **dual norm** is this $\lVert g \rVert_q$, the most
# that any r of size 1 can gain. Turn r round through all directions, and look:

# %% tags=["nbval-ignore-output"]
def draw_gains(g1=-3.0, g2=4.0):
    angles = torch.linspace(0, 360, 361)
    r = torch.stack([angles.deg2rad().cos(), angles.deg2rad().sin()], dim=1)
    gains = {
        f"p = {p}": (angles, r / adversarial.sizes(r, p)[:, None] @ torch.tensor([g1, g2]))
        for p in (2, math.inf, 1)
    }
    return plots.lines(
        gains, markers=False, x_label="direction of r (degrees)", y_label="gain g·r, r of size 1",
        title="Each p has its own steepest direction; the peak is the dual norm",
        alt="Three waves over 360 degrees. The one of p = inf has the highest peak, p = 1 the "
        "lowest, and the peaks stand at different angles.",
    )

explore(draw_gains, g1=(-4.0, 4.0, 0.5), g2=(-4.0, 4.0, 0.5))
draw_gains()

# %% [markdown]
# For this linear score the worst case is exact: $L = \log(1 + e^{-w \cdot x + \varepsilon \lVert w
# \rVert_q})$. A deep model is not linear. But near x every smooth loss is nearly so:
#
# $$L(x + r) \approx L(x) + g \cdot r, \qquad g = \nabla_x L$$
#
# Here $\nabla_x L$ is the gradient along x. $L(x)$ does not depend on r, so the best r is the
# steepest one for $g$: one backward pass to the *input*, not to the weights. How near must we stay?

# %% tags=["nbval-check-output"]
def loss_at(shift):
    with torch.no_grad(), adversarial.shifted(smol.model, shift):
        return answer_loss(smol.model, prompt)[0].item()

g = adversarial.embedding_gradient(answer_loss, smol.model, prompt, still)
for epsilon in (1.0, 0.1, 0.01, 0.001):
    r = adversarial.worst_shift(answer_loss, smol.model, prompt, epsilon)
    gain, promised = loss_at(r) - loss_at(still), (g * r).sum().item()
    print(f"|r| = {epsilon:5} of a length: gain / promised gain = {gain / promised:.1f}")

# %% [markdown]
# The promise is kept for tiny shifts. Further out the loss is curved: the step does more harm than
# promised, or less, and another direction may be worse still. That is why several small steps can
# beat a large one.
#
# ## Why embeddings, and not tokens
#
# For pictures, r is added to the pixels. Can we add it to a text?

# %% tags=["nbval-check-output"]
try:
    prompt.inputs.requires_grad_()
except RuntimeError as error:
    print(error)
table = smol.model.embedding.weight.detach()
ids = prompt.inputs[0]
distances = torch.cdist(table[ids], table)
distances[range(5), ids] = math.inf  # not itself
nearest = distances.min(dim=1)
for pair, distance in zip(torch.stack([ids, nearest.indices], 1), nearest.values, strict=True):
    token, other = (smol.tokenizer.decode([i]) for i in pair.tolist())
    print(f"{token!r:10} is nearest to {other!r:10}: {distance / length:.1f} lengths away")

# %% [markdown]
# Token ids are whole numbers without a gradient, and half a step between two of them means nothing.
# So r is added to the embeddings (Miyato et al. 2016, arXiv:1605.07725). It need not end at any
# token: the nearest other one is at least half an embedding's length away.
#
# What can be *typed* must be made of tokens. **HotFlip** is an attack that swaps tokens by the same
# gradient: a swap of x for v shifts the embedding by $e_v - e_x$, so in a linear loss it gains $g
# \cdot (e_v - e_x)$. One product with the table rates every swap in every place.

# %% tags=["nbval-check-output"]
def losses(tokens, rows):
    """The loss of each changed text; `rows` says which text it was made of."""
    logits = smol.model(tokens, last_only=True)[:, -1]
    return F.cross_entropy(logits, paris.expand(len(tokens)), reduction="none")

for place in range(5):
    may_swap = torch.arange(5)[None] == place
    new = adversarial.hotflip(losses, smol.model, prompt.inputs, 1, places=may_swap)
    chance = (-losses(new, None)).exp().item()
    print(f"{smol.tokenizer.decode(new[0].tolist())!r}: Paris {chance:.2f}")

# %% [markdown]
# One swap without any meaning, such as a scrap of computer code for *The*, and Paris is gone. To
# swap *France* is no attack: then Paris *should* go. What counts as a small change of a text is a
# question of meaning, and no measure of length answers it.

# %% [markdown]
# ## The game: min over weights, max over shifts
#
# **Adversarial training** is training on the worst neighbours of each input instead of on the
# inputs alone (Madry et al. 2017, arXiv:1706.06083). θ are the weights, $\mathbb{E}$ is a mean:
#
# $$\min_\theta \; \mathbb{E}_{(x, y)} \Big[ \max_{\lVert r \rVert_p \le \varepsilon} L(x + r, y;
# \theta) \Big]$$
#
# The inner maximum is the adversary's move, found roughly by a steepest step. **FGSM** (fast
# gradient sign method) is that step for $p = \infty$, and **FGM** (fast gradient method) is that
# step for $p = 2$. **PGD** (projected gradient descent) is several smaller steps; after each, r is
# *projected*: if it has left the *ball*, all r up to size ε, it goes to the nearest point in it.

# %% tags=["nbval-check-output"]
def naive_pgd(radius, n_steps):
    r = torch.zeros_like(still)
    for _ in range(n_steps):
        g = adversarial.embedding_gradient(answer_loss, smol.model, prompt, r)
        r = r + 2.5 * radius / n_steps * g / g.norm()  # a steepest step for p = 2
        r = r * min(1.0, radius / r.norm().item())  # back into the ball
    return r

one_step = adversarial.worst_shift(answer_loss, smol.model, prompt, 0.05)
five_steps = adversarial.worst_shift(answer_loss, smol.model, prompt, 0.05, n_steps=5)
ours = naive_pgd(0.05 * length, 5)
print("as the package's:", torch.allclose(ours, five_steps, atol=1e-4))
print(f"r = 0.05: Paris after one step {answer(one_step)[1]:.2f}, after five {answer(ours)[1]:.2f}")

# %% [markdown]
# To train, r is held fixed as if it had always been there, and the weights take their step: if r is
# the maximum, that is the gradient of the maximum (Danskin's theorem; arXiv:1706.06083, sec. 2).
# Here is all of it. `_mixed` takes the mean of the losses at x and at x + r.

# %% tags=["nbval-ignore-output"]
from llama_edu.train.adversarial.losses import pgd

show_source(adversarial.worst_shift)
show_source(pgd)

# %% [markdown]
# What goes wrong silently in such code: the norm is taken over the *batch*, so that one text eats
# up the others' share; *padding* is moved; r is not detached; the attack's gradients are left in
# the weights; dropout (numbers set to 0 at random) draws anew for each pass, so that another model
# is attacked; the table of embeddings is changed and changed back, and drifts by rounding.

# %% [markdown]
# ## A fragile classifier
#
# Presidents of the United States report to Congress each year. A small LLaMA learns to say whether
# a piece of 32 tokens is from before 1880 or from after 1950. Before, it has learned to predict
# the next token from pieces without labels; then it is trained on 256 pieces with a label, in
# several ways. `measured.py` beside this lesson did it on one CPU thread, in minutes, and we read
# its `measured.json`. **Robust accuracy** is the share of right answers that is left under an
# attack. **Predict:** without an attack, four in five are right. How many are left when r is half
# an embedding long, shared out over 32 tokens?

# %%
guess = None  # a number between 0 and 1

# %% tags=["nbval-check-output"]
from llama_edu.course.lessons import find_lesson

measured = json.loads((find_lesson("16").folder / "measured.json").read_text(encoding="utf-8"))

def runs(task, arm, *rest):
    """What was measured for one way of training, a run for each seed."""
    found = sorted(key for key in measured if key.startswith("/".join([task, arm, *rest, ""])))
    return [measured[key] for key in found]

def mean_error(values):
    """Mean over seeds, and its standard error."""
    values = torch.tensor(values, dtype=torch.float64)
    return values.mean(0), values.std(0) / len(values) ** 0.5

found = runs("messages", "clean", "256")
scores = [[run["clean"], run["noise .5"], run["PGD"][2]] for run in found]
whole, noisy, left = mean_error(scores)[0]
print(f"before 1880, or from 1950? {len(found)} seeds, trained plainly: {whole:.0%} right")
print(f"with noise of 0.5 {noisy:.0%}, under PGD of 0.5 {left:.0%}")
why = "each of the 32 tokens moves by less than a tenth of its length, and all pull one way"
answer_guess(guess, round(left.item(), 2), why, within=1.0)

# %% [markdown]
# Now train against it. Each way of training has the best of the learning rates that were tried for
# it on other seeds. Noise is of size 4, several times the adversary's 0.3 to 1.
#
# Two more ways take part. **FreeLB** is training on the mean of all places that the ascent passes,
# rather than on its end (arXiv:1909.11764). **Virtual adversarial training** (VAT) is training for
# the same answer at x and at x + r, whatever it is: the loss also measures how far apart the two
# answers are. So it learns from pieces without labels too (arXiv:1704.03976), 32 in each step.

# %% tags=["nbval-check-output"]
arms = ["clean", "noise", "FGM", "PGD", "FreeLB", "VAT"]
print(f"{len(runs('messages', 'clean', '256'))} seeds, mean ± standard error, in %")
print("          no attack   PGD .1   .25   .5    1")
curves = {}
for arm in arms:
    found = runs("messages", arm, "256")
    y, e = mean_error([[run["clean"], *run["PGD"]] for run in found])
    print(f"{arm:8} {100 * y[0]:5.1f} ± {100 * e[0]:.1f}", *(f"{100 * one:6.0f}" for one in y[1:]))
    curves[arm] = y.tolist(), e.tolist()

# %% tags=["nbval-ignore-output"]
plots.lines(
    {arm: ([0.0, 0.1, 0.25, 0.5, 1.0], curves[arm][0]) for arm in arms},
    errors={arm: curves[arm][1] for arm in arms},
    x_label="size of r, in lengths of an embedding", y_label="share of right answers",
    y_from_zero=True,
    title="Training against the worst direction protects; larger noise hardly does",
    alt="Clean and noise fall to nearly 0 at 0.5. FreeLB is a little above; FGM, VAT and PGD keep "
    "half of their answers there.",
)

# %% [markdown]
# Noise does little, though it is the largest shift of all: it is the direction that counts.
#
# ## Break it, then diagnose it: two ways to look robust
#
# Somebody shows you two models. The first, trained with FGM, keeps more than half of its answers
# right at r = 0.5. The second has nearly the same accuracy at *every* radius. Would you buy one?

# %% tags=["nbval-check-output"]
first, second = runs("messages", "FGM", "256"), runs("messages", "PGD, too large", "256")
one_step, _ = mean_error([run["one step .5"] for run in first])
ten_steps, _ = mean_error([run["PGD"][2] for run in first])
print(f"first, r = 0.5: {one_step:.0%} right after one step, {ten_steps:.0%} after ten")
print("second:", *(f"{y:.0%}" for y in mean_error([run["PGD"] for run in second])[0]))
print("second without an attack, each seed:", *(f"{run['clean']:.1%}" for run in second))

# %% [markdown]
# The first was attacked too weakly, by the one step that it was trained on: *an attack can only
# show that a model is not robust*. The second has the same accuracy to the last digit in every
# seed. That is a **constant answer**, an answer that is the same for every input: it is right for
# half of them, and an attack can hardly change that. Its shifts were so large, 8 lengths, that
# nothing was learned. Draw its line into every such figure, and attack with more steps and in
# other ways until it no longer helps.

# %% [markdown]
# The advice goes for tokens too. HotFlip takes the swap that the gradient rates highest, untried. A
# stronger attack tries 64 swaps, half of them random, and keeps the worst.

# %% tags=["nbval-check-output"]
print("right answers in %, after swaps of so many of 32 tokens")
print("           1    2    3 (HotFlip)   2 (strong)")
for arm in arms:
    found = runs("messages", arm, "256")
    hotflip, _ = mean_error([run["HotFlip"] for run in found])
    strong, error = mean_error([run["strong 2 swaps"] for run in found])
    print(f"{arm:8}", *(f"{100 * share:4.0f}" for share in hotflip), end="")
    print(f"{100 * strong:20.0f} ± {100 * error:.0f}")

# %% [markdown]
# Something of what was learned about embeddings carries over to tokens, and far less than HotFlip
# makes one believe. A swap is also a longer step than any that was trained on.
#
# Does it make better models, as the article behind this course says? Here is how many points each
# gains over the clean one without any attack, each seed against itself. **Naive Bayes**, which
# counts tokens and knows nothing of their order, stands beside. **Predict:** with only 64 labels,
# does VAT, which needs none for its own part, gain more than with 256?

# %%
guess = None  # "more" or "less"

# %% tags=["nbval-check-output"]
def accuracies(arm, n_labels):
    found = runs("messages", arm, n_labels)
    return 100 * torch.tensor([run["clean"] if isinstance(run, dict) else run for run in found])

def gain(arm, n_labels):
    return mean_error((accuracies(arm, n_labels) - accuracies("clean", n_labels)).tolist())

for n_labels, names in (("256", [*arms[1:], "naive Bayes"]), ("64", ["FGM", "VAT", "naive Bayes"])):
    print(f"{n_labels} labels: clean {accuracies('clean', n_labels).mean():.1f} %, gain in points:")
    for arm in names:
        more, error = gain(arm, n_labels)
        print(f"    {arm:12} {more:+5.1f} ± {error:.1f}")
truth = "more" if gain("VAT", "64")[0] > gain("VAT", "256")[0] else "less"
answer_guess(guess, truth, "with so few labels its own part drowned them out")

# %% [markdown]
# With 256 labels the adversaries gain a few points, and noise does not: here the direction makes
# the plain answers better too. But counting tokens is better than all of them, and costs nothing.
# Always put the simplest thing beside.
#
# With 64 labels nothing is gained. VAT, at the rate and size that were right for 256, pressed some
# models close to the constant answer. That it helps most where labels are few, as is often said,
# was not confirmed here.

# %% [markdown]
# ## A language model
#
# Where a text is *written*, the adversary can sit at the other end of the model. The output layer
# gives token y the logit $w_y \cdot h$, with h the last vector and $w_y$ a row of its matrix.
# **Adversarial softmax** is a loss in which the adversary may move the row of the right token by
# $\varepsilon$ of its own length (Wang, Gong & Liu 2019, arXiv:1906.03805). By the steepest
# direction for $p = 2$ it moves against h, and
#
# $$w_y \cdot h \quad\text{becomes}\quad w_y \cdot h - \varepsilon \lVert w_y \rVert \lVert h
# \rVert$$
#
# No second pass, one more line in the loss. Tests compare it with random moves, and with PGD.

# %% tags=["nbval-ignore-output"]
show_source(adversarial.adversarial_output_loss)

# %% [markdown]
# A small LLaMA reads a quarter of *Hamlet* so often that it overfits: its loss on what it reads
# falls on, that on another part of the play begins to rise. The arms are the clean loss, an
# adversary of several sizes, and noise in the row, of size 0.1 (`measured.py` again).
#
# **Predict:** an adversary worsens the training loss on purpose. Which arm is best on that part?

# %%
guess = None  # "clean", "noise", "a small adversary" or "a large adversary" (0.2)

# %% tags=["nbval-check-output"]
arms = ["clean", "noise .1", "adversary .02", "adversary .05", "adversary .1", "adversary .2"]
print("held-out loss    at its best      at the end    end, against clean")
ends = {}
for arm in arms:
    found = runs("hamlet", arm)
    best, _ = mean_error([min(run["held_out"]) for run in found])
    ends[arm] = torch.tensor([run["held_out"][-1] for run in found])
    more, error = mean_error((ends[arm] - ends["clean"]).tolist())
    print(f"{arm:16} {best:10.3f} {ends[arm].mean():14.3f} {more:+13.3f} ± {error:.3f}")
best_arm = min(arms, key=lambda arm: ends[arm].mean())
kind = {"clean": "clean", "noise .1": "noise", "adversary .2": "a large adversary"}
answer_guess(guess, kind.get(best_arm, "a small adversary"),
             "the right token must win by a margin, which is harder to have by heart")

# %% tags=["nbval-ignore-output"]
shown = ["clean", "noise .1", "adversary .05", "adversary .2"]
means = {arm: mean_error([run["held_out"] for run in runs("hamlet", arm)]) for arm in shown}
plots.lines(
    {arm: (runs("hamlet", arm)[0]["step"], y.tolist()) for arm, (y, _) in means.items()},
    errors={arm: e.tolist() for arm, (_, e) in means.items()}, markers=False,
    x_label="step", y_label="held-out loss (nats a token)",
    title="A small adversary holds overfitting back; noise of its kind does not",
    alt="Held-out loss over 800 steps. Clean and noise flatten first; adversary .05 ends lowest; "
    "adversary .2 stays far above.",
)

# %% [markdown]
# The adversary holds overfitting back, and noise twice as large as the adversary of .05 hardly
# does. If you stop at the best step, you gain less: most of what the clean model loses at the end
# is overfitting. Too large an adversary is worse than none at its best. And this model reads a
# small text many times; LLaMA 1 read most of its text about once (arXiv:2302.13971, sec. 2.1).

# %% [markdown]
# ## In short
#
# 1. The worst small change has a closed form: $\varepsilon g / \lVert g \rVert$ for a length,
#    $\varepsilon \operatorname{sign}(g)$ for a largest entry; its gain is the dual norm.
# 2. Training on it makes a model far more robust than larger noise does. Better answers without an
#    attack are a small gain, and not a sure one.
# 3. Robustness is only as good as the attack that measured it, and a constant answer is robust too.

# %% [markdown] tags=["sourced"]
# **Where LLaMA really does this.** Nowhere that we know of. What the reports on LLaMA 1, Llama 2
# and Llama 3 say of training names no shifts of embeddings (arXiv:2302.13971, arXiv:2307.09288,
# arXiv:2407.21783). The "adversarial" of Llama 2 is another thing: people write *adversarial
# prompts*, meant to draw out a harmful answer, and these become data for safety
# (arXiv:2307.09288, sec. 3.2.1 and 4). **Red teaming** is this work of attacking a model as an
# ill-meaning user would.

# %% [markdown] tags=["sourced"]
# Others used it: FreeLB raised BERT from 78.3 to 79.4 on GLUE (arXiv:1909.11764), and adversarial
# softmax reached a perplexity of 46.01 on PTB (arXiv:1906.03805). **NEFTune** is fine-tuning with
# plain *random* noise on embeddings; AlpacaEval rose from 29.79 to 64.69, the Open LLM Leaderboard
# did not (arXiv:2310.05914).
#
# **Now you:** [exercises/16_adversarial](../exercises/16_adversarial.ipynb)
