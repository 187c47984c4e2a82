# %% [markdown]
# # 12 · Mixture of experts: a large model that works a little
#
# **What you need:** lessons 05, 07 and 09 (attention, the feed-forward layer, the whole LLaMA); of
# lesson 11 the mask of chunks.
#
# **What you will be able to do:** send tokens to experts and back; say what a model costs by its
# active and by its total parameters; notice a router that has collapsed, and mend it; read Llama
# 4's block line by line.
#
# **Time:** about 55 minutes: by hand 10 · the layer in code 8 · active and total 7 · learned
# routing 12 · collapse 8 · what it gains 5 · Llama 4's block 5.

# %% [markdown]
# The card of Llama 4 Maverick says: 400 billion parameters, 17 billion of them *active*. How can a
# model have 400 billion numbers, and use 17 billion for a token? Which ones? And who decides?

# %%
import inspect
import json
import sys
from dataclasses import replace
from pathlib import Path

import torch
from torch.nn import functional as F

from llama_edu import plots
from llama_edu.config import PRESETS, Experts, ModelConfig
from llama_edu.course.lessons import find_lesson
from llama_edu.course.reader import answer_guess, explore
from llama_edu.course.source import show_source
from llama_edu.data.documents import read_documents
from llama_edu.model.attention import Attention
from llama_edu.model.llama import Block, Llama
from llama_edu.model.local import View, global_view
from llama_edu.model.moe import MixtureOfExperts, balance_loss, recorded_routings, route

# %% [markdown]
# ## By hand: three tokens, two experts
#
# In a LLaMA's feed-forward layer every token is multiplied with every weight. A **mixture of
# experts** is several feed-forward layers side by side, of which each token visits only a few. An
# **expert** is one of these feed-forward layers. A **router** is the small matrix that gives each
# token a score for each expert; the token goes where its score is highest.
#
# Our tokens have two numbers, and our experts just multiply: expert 0 by 10, expert 1 by −1.

# %% tags=["nbval-check-output"]
x = torch.tensor([[2.0, 1.0], [0.5, 1.0], [1.0, 3.0]])  # three tokens, a row each
router = torch.tensor([[1.0, 0.0], [0.0, 1.0]])  # expert 0 likes the first number, 1 the second

scores = x @ router.T  # a row for each token, a column for each expert
chosen = scores.argmax(dim=-1)
print("scores:", scores.tolist())
print("chosen:", chosen.tolist())

# %% [markdown]
# A choice is a jump: nudge the router a little, and mostly nothing changes. So nothing would tell
# the router in which direction to learn. Therefore the score also enters the result. A **gate** is
# the number between 0 and 1, made of the score, by which the chosen expert's part is scaled.
#
# Llama 4 takes the *sigmoid* of the score, $\sigma(s) = 1 / (1 + e^{-s})$, which is 0.5 for a score
# of 0 and goes to 1 for large ones, and scales what goes *into* the expert:
#
# $$y = \operatorname{expert}_e(\sigma(s_e)\, x), \qquad e \text{ has the highest score } s_e$$
#
# **Predict:** the first token is (2, 1), its best score 2, and $\sigma(2) = 0.88$. What is the
# first number of its result?

# %%
guess = None  # a number

# %% tags=["nbval-check-output"]
gates = scores.amax(dim=-1).sigmoid()
factors = torch.tensor([10.0, -1.0])  # our two experts
y = factors[chosen, None] * (gates[:, None] * x)
print("gates:", [round(g, 2) for g in gates.tolist()])
print("result:", [[round(number, 2) for number in token] for token in y.tolist()])
why = "0.88 of 2 goes into expert 0, which multiplies by 10"
answer_guess(guess, y[0, 0].item(), why, within=0.02)

# %% [markdown]
# The other usual gate is softmax's: the probability of the chosen expert among all. It scales what
# comes *out*. The two differ in one thing. Softmax makes experts compete: when another expert's
# score rises, my gate falls. A sigmoid does not know the others.
#
# In the package `route` does both. **N** counts tokens here, **E** counts experts, and **K** counts
# the experts that a token visits: 1 in Llama 4, 2 in the open model Mixtral (arXiv:2401.04088).

# %% tags=["nbval-check-output"]
show_source(route)
for kind in ("sigmoid", "softmax"):
    print(kind, [round(g, 2) for g in route(scores, 1, kind).gates[:, 0].tolist()])

# %% [markdown]
# ## The layer in code
#
# First a loop over tokens, to see each step. Llama 4 adds a **shared expert**, which is an expert
# that every token visits, whatever the router says: what all tokens need is learned once there.

# %%
def naive_mixture(layer, x):
    rows = []
    for token in x:
        scores = layer.router.weight @ token
        best = scores.argmax()
        gate = scores[best].sigmoid()
        rows.append(layer.shared(token) + layer.experts((gate * token)[None], best)[0])
    return torch.stack(rows)

# %% [markdown]
# The package loops over experts instead: each takes all its tokens at once, as one matrix.
# `index_add` puts the results back into the rows that they came from. (Capacity comes later.)

# %% tags=["nbval-check-output"]
show_source(MixtureOfExperts.forward)
config = replace(PRESETS["tiny"], experts=Experts(n_experts=8, d_ff=88))
torch.manual_seed(0)
layer, x = Llama(config).blocks[0].ffn, torch.randn(20, 64)
with torch.no_grad():
    print("equal to the loop:", torch.allclose(layer(x), naive_mixture(layer, x), atol=1e-6))

# %% [markdown]
# ## Active and total
#
# **Total parameters** are all the numbers that a model must keep in memory. **Active parameters**
# are those that one token is multiplied with. Memory follows the total, work the active ones. In a
# dense model, one without experts, the two are equal.
#
# **Predict:** Maverick has 128 experts in every second layer, and each token visits one of them and
# the shared one. Of 100 of its parameters, how many does a token meet?

# %%
guess = None  # a number between 0 and 100

# %% tags=["nbval-check-output"]
for name in ("llama-3.1-405b", "llama-4-scout", "llama-4-maverick"):
    config = PRESETS[name]
    total, active = config.n_params / 1e9, config.n_active_params / 1e9
    print(f"{name:16}: {total:5.1f} billion in all, {active:5.1f} active: {active / total:4.0%}")
print(f"work of 405B against it: {PRESETS['llama-3.1-405b'].n_params / config.n_active_params:.0f}")
why = "nearly all the numbers lie in the experts, and a token visits 2 of 129 in a layer"
answer_guess(guess, 100 * active / total, why, within=0.3)

# %% [markdown]
# So 400 billion numbers must lie in memory, and a token is multiplied with 17 billion. Maverick is
# nearly as large as Llama 3.1 405B, at a twenty-fourth of its work for a token.
#
# ## A router learns
#
# Who decides which expert takes a token? Nobody but training. We take texts of four clearly
# different kinds, as bytes, and a model with four experts a layer, small enough to train in
# seconds.

# %%
dice = torch.Generator().manual_seed(0)
numbers = torch.randint(1000, (50_000, 2), generator=dice).tolist()
modules = sorted(Path(inspect.__file__).parent.glob("[a-f]*.py"))  # of Python's own library
texts = {
    "Bible": "\n".join(document.text for document in read_documents("bible")),
    "Chinese": "\n".join(document.text for document in read_documents("sanguo")),
    "Python": "\n".join(path.read_text(encoding="utf-8") for path in modules),
    "sums": "".join(f"{a}+{b}={a + b}\n" for a, b in numbers),
}
ids = {name: torch.tensor(list(text.encode()[:500_000])) for name, text in texts.items()}
read = {name: bytes_[:450_000] for name, bytes_ in ids.items()}
unread = {name: bytes_[450_000:] for name, bytes_ in ids.items()}
T = 128
shape = ModelConfig(
    vocab_size=256, d_model=64, n_layers=2, n_heads=4, n_kv_heads=4, d_ff=128, max_seq_len=T
)

# %% [markdown]
# `train` is the loop of lesson 05, with three things more. It records the **load** of each expert,
# which is the share of all tokens that it gets. It adds a second loss with some `weight` (further
# down). And routers learn ten times as fast as the rest, so that what they do shows in seconds.

# %%
def fresh_model(experts):
    torch.manual_seed(0)
    model = Llama(replace(shape, experts=experts))
    with torch.no_grad():
        for matrix in model.parameters():
            if matrix.ndim > 1:
                matrix.mul_(4)  # so small a model learns faster from larger first weights
    return model

# %%
def pieces(text, n, dice):
    return text[torch.randint(len(text) - T, (n, 1), generator=dice) + torch.arange(T + 1)]

def train(name, model, texts, weight, n_steps=150, lr=4e-3):
    named, dice = dict(model.named_parameters()), torch.Generator().manual_seed(0)
    routers = [named.pop(key) for key in list(named) if "router" in key]
    groups = [{"params": list(named.values())}, {"params": routers, "lr": 10 * lr}]
    optimizer, loads = torch.optim.AdamW(groups, lr=lr), []
    for step in range(n_steps):
        batch = torch.cat([pieces(text, 16 // len(texts), dice) for text in texts])
        with recorded_routings(model) as routings:  # one for each layer
            logits = model(batch[:, :-1])
        loss = F.cross_entropy(logits.flatten(0, 1), batch[:, 1:].flatten())
        optimizer.zero_grad()
        (loss + weight * sum(map(balance_loss, routings))).backward()
        optimizer.step()
        loads.append(torch.stack([routing.loads() for routing in routings]))
        print(f"\r{name}: step {step + 1} of {n_steps}", end="", file=sys.stderr)
    return torch.stack(loads)  # (steps, layers, experts)

# %% [markdown]
# For each kind of text, pieces that were not trained on: which share of its bytes goes to which
# expert of the first layer? We ask the untrained model too, for even random scores treat different
# bytes differently.

# %%
@torch.no_grad()
def shares(model):
    rows = []
    for text in unread.values():
        with recorded_routings(model) as routings:
            model(pieces(text, 16, torch.Generator().manual_seed(1))[:, :-1])
        rows.append(routings[0].loads())
    return torch.stack(rows)  # (texts, experts)

# %% tags=["nbval-ignore-output"]
four = fresh_model(Experts(n_experts=4, d_ff=64, router="softmax"))
before = shares(four)
train("four experts", four, list(read.values()), weight=0.1)
after = shares(four)
plots.squares(
    {"untrained": before, "trained": after}, list(texts), [str(e) for e in range(4)],
    write_numbers=True, x_label="expert of the first layer", y_label="text",
    value_label="share of its bytes", title="Training gives Chinese and sums experts of their own",
    alt="Texts against experts. Untrained, each text is spread over several. Trained, nearly all "
    "Chinese bytes go to one expert and sums to another; Bible and Python share the other two.",
)

# %% [markdown]
# Chinese and sums have got an expert each; the Bible and Python share the two others. It would be
# easy to say now: *this expert knows Chinese, that one knows arithmetic.* Look first at which
# letter goes where, in texts of three kinds.

# %% tags=["nbval-ignore-output"]
sample = (
    "In the beginning God created the heaven and the earth.\n"
    "def heaven(earth): return [god for god in earth if god != 0]\n"
    "123+456=579\n"
)
with torch.no_grad(), recorded_routings(four) as routings:
    four(torch.tensor([list(sample.encode())]))
chosen = routings[0].chosen[:, 0].tolist()  # a letter is a byte here
busiest = max(range(4), key=chosen.count)

def draw_expert(expert):
    spans = [(i, i + 1) for i in range(len(sample)) if chosen[i] == expert]
    return plots.marked(
        sample, spans, label=f"goes to expert {expert}",
        title=f"Expert {expert} takes mostly the same letters in every text",
        alt="Three lines; the letters that an expert takes are marked wherever they stand.",
    )

explore(draw_expert, expert=(0, 3, 1))
draw_expert(busiest)

# %% [markdown]
# So the router sorts *letters*. That can be measured: list for each byte value the expert to which
# it goes most often. **Predict:** how often does this list alone say rightly where a byte goes?

# %%
guess = None  # a share between 0 and 1

# %% tags=["nbval-check-output"]
visits = torch.zeros(256, 4)  # (byte values, experts)
for text in unread.values():
    batch = pieces(text, 64, torch.Generator().manual_seed(1))[:, :-1]
    with torch.no_grad(), recorded_routings(four) as routings:
        four(batch)
    where = batch.flatten(), routings[0].chosen[:, 0]
    visits.index_put_(where, torch.ones(batch.numel()), accumulate=True)  # adds 1 at each place
by_byte = (visits.amax(-1).sum() / visits.sum()).item()
print("the byte alone tells more than 80%:", by_byte > 0.8)
why = "in this layer the router sees little more than the byte itself"
answer_guess(guess, by_byte, why, within=0.1)

# %% [markdown]
# So these experts serve kinds of token, not topics. Is what one of them has learned found anywhere
# else? We take away each expert in turn, and see which texts that hurts.

# %% tags=["nbval-ignore-output"]
@torch.no_grad()
def losses(model):
    rows = []
    for text in unread.values():
        batch = pieces(text, 32, torch.Generator().manual_seed(2))
        logits = model(batch[:, :-1]).flatten(0, 1)
        rows.append(F.cross_entropy(logits, batch[:, 1:].flatten()))
    return torch.stack(rows)

whole, harm = losses(four), []
weights = four.blocks[0].ffn.experts.down_proj
for expert in range(4):
    kept = weights.detach().clone()
    weights.data[expert] = 0
    harm.append(losses(four) - whole)
    weights.data.copy_(kept)
harm = torch.stack(harm, dim=1)  # (texts, experts)
plots.squares(
    {"": harm.clamp(0, 1)}, list(texts), [str(e) for e in range(4)], write_numbers=True,
    x_label="expert that is taken away", y_label="text", value_label="loss that this costs (nats)",
    title="A text suffers when the expert of its bytes is taken away",
    alt="Four texts and four experts: the large numbers stand where the text's bytes went.",
)

# %% [markdown]
# ## The router that collapses
#
# **Break it, then diagnose it.** Nothing so far says that experts should share the work. An expert
# that gets more tokens learns more, so it suits more tokens, so it gets more. We train eight
# experts on the Bible alone, without the second loss.

# %% tags=["nbval-ignore-output"]
eight = Experts(n_experts=8, d_ff=64, router="softmax")
alone = train("left alone", fresh_model(eight), [read["Bible"]], weight=0.0)
balanced = train("balanced", fresh_model(eight), [read["Bible"]], weight=0.01)

# %% [markdown]
# **Predict:** an even load would be one eighth for each. How large is the largest load in the end?

# %%
guess = None  # a number between 0 and 1

# %% tags=["nbval-check-output"]
def worst(loads):  # the busiest expert of the worse layer, over the last 20 steps
    return loads[-20:].mean(0).amax().item()

idle = (alone[-20:].mean(0) < 0.01).sum().item()  # of 8 in each of two layers
print("left alone, one expert has more than half:", worst(alone) > 0.5)
print("at least 4 of all 16 experts get less than 1 in 100 tokens:", idle >= 4)
print("balanced, none has more than 0.35:", worst(balanced) < 0.35)
answer_guess(guess, worst(alone), "the chosen expert learns, and is chosen again", within=0.25)

# %% tags=["nbval-ignore-output"]
steps = range(len(alone))
plots.lines(
    {"left alone": (steps, alone[:, 0].amax(-1)), "balanced": (steps, balanced[:, 0].amax(-1)),
     "even": (steps, [0.125] * len(steps))},
    x_label="step", y_label="largest load in layer 0", y_from_zero=True, markers=False,
    title="Left alone, one expert takes most tokens within ten steps",
    alt="Left alone, the largest load jumps above 0.9 at once and stays high. Balanced, it falls "
    "to near the even load of one eighth.",
)

# %% [markdown]
# The model has paid for eight experts in memory, and mostly uses one. Routing **collapse** is the
# state in which a few experts get nearly all tokens. No error message tells you: draw the loads.
#
# The cure is a second loss. The **load-balance loss** multiplies the load $f_e$ of each expert with
# the mean probability $P_e$ that the router gives to it:
#
# $$E \sum_e f_e P_e$$
#
# Loads are counts: they have no gradient. But through $P_e$ the loss pushes down the experts
# that have a large load.
#
# **Predict:** with E = 4 experts, what is it if all loads and all probabilities are equal? And if
# one expert is certain to get everything?

# %%
guess = None  # two numbers, such as (0, 1)

# %% tags=["nbval-check-output"]
even, collapsed = torch.full((4,), 0.25), torch.tensor([1.0, 0.0, 0.0, 0.0])
values = [(4 * (f * f).sum()).item() for f in (even, collapsed)]  # here P is f
print("even:", values[0], "collapsed:", values[1])
answer_guess(guess, values, "1 stands for an even load, and E for a collapse")

# %% [markdown]
# It is added to the usual loss with a small weight, here 0.01. The curve above shows what it did.
# Another cure is a limit: the **capacity** of an expert is the number of tokens that it takes at
# most; what comes later passes it by. You will write both in the exercise.

# %% [markdown]
# ## What does it gain?
#
# A fair contest takes three opponents: a dense model with as many *active* parameters, one that
# trains for as many *seconds*, and one with as many parameters *in all*. That takes too long for a
# notebook: `measured.py` in this lesson's folder did it on the four texts, with six seeds, and with
# three routers for the mixture.
#
# **Predict:** the mixture has four experts and a shared one. Which of the four does best?

# %%
guess = None  # "mixture", "equal active", "equal seconds" or "equal total"

# %% tags=["nbval-check-output"]
measured = json.loads((find_lesson("12").folder / "measured.json").read_text(encoding="utf-8"))
rows = {row["name"]: row for row in measured["rows"]}
first = torch.tensor(rows["dense, equal active"]["losses"])
print(f"loss in nats a byte, mean of {len(measured['seeds'])} seeds")
gains = {}
for name, row in rows.items():
    loss = torch.tensor(row["losses"])
    gain = first - loss  # with the same seed, on the same pieces of text
    error, gains[name] = gain.std() / len(gain) ** 0.5, gain.mean().item()
    in_all, active = row["n_params"] / 1e3, row["n_active"] / 1e3
    print(f"{name:26}: {in_all:3.0f} k in all, {active:3.0f} k active, "
          f"{row['n_steps']} steps: {loss.mean():.3f}, gain {gain.mean():+.3f} ± {error:.3f}")
best = max(gains, key=gains.get)
best = best.removeprefix("dense, ") if best.startswith("dense") else "mixture"
why = "a step of the mixture takes longer, and a dense model uses that time for more steps"
answer_guess(guess, best, why)

# %% [markdown]
# At equal active parameters the mixtures gain little; for Llama 4's router, less than its error.
# But a step with experts takes longer, since several small products take more time than a large
# one. A dense model with this time gains twice as much as the best mixture: at this size experts do
# not pay.

# %% [markdown] tags=["sourced"]
# For large models the verdict is another one: the Switch Transformer reports up to seven times
# faster pretraining with the same computing resources (arXiv:2101.03961, abstract).

# %% [markdown] tags=["sourced"]
# ## Llama 4's block, line by line
#
# Llama 4 changes the block of lesson 09 in four places. The mixture you know. The other three are
# in the attention ([released code](https://github.com/meta-llama/llama-models)):
#
# - **Local layers** see only their own chunk of 8,192 tokens (lesson 11), with RoPE. In Scout their
#   queries and keys also get unit size after the rotation (*QK-norm*).
# - Every fourth layer is global: it sees the whole text, without RoPE (**NoPE** means *no
#   positional encoding*), so that no distance is too long for it.
# - A softmax over millions of tokens spreads thin. So global layers multiply the query at position
#   $t$ by a temperature: $1 + 0.1 \ln(1 + \lfloor (t + 1) / 8192 \rfloor)$.

# %% tags=["nbval-check-output"]
show_source(Block.forward)
show_source(Attention.project)

# %% [markdown]
# The block is that of lesson 09: add what attention gives, add what the feed-forward layer gives.
# Only *which* `ffn`, *which* mask and *which* rotation it is given depends on the layer's number.
# **Predict:** of Maverick's 48 layers, how many see the whole text?

# %%
guess = None  # a number

# %% tags=["nbval-check-output"]
config = PRESETS["llama-4-maverick"]
for layer in range(4):
    sees = "its chunk, with RoPE    " if config.is_local(layer) else "everything, no positions"
    n_experts = config.experts.n_experts
    ffn = f"{n_experts} experts and a shared one" if config.has_experts(layer) else "dense"
    print(f"layer {layer}: {sees} | {ffn}")
n_global = sum(not config.is_local(layer) for layer in range(config.n_layers))
print("layers that see everything:", n_global)
answer_guess(guess, n_global, "every fourth of 48 is global")

# %% tags=["nbval-check-output"]
for t in (1_000, 10_000, 100_000, 1_000_000, 10_000_000):
    view = global_view(View(None, None), torch.tensor([t]), config.local)
    print(f"position {t:10,}: queries times {view.temperature.item():.2f}")

# %% [markdown]
# ## In short
#
# 1. A router sends each token to one expert of many, and its gate lets the router learn: memory
#    follows the total parameters, work the active ones.
# 2. Experts divide the work by kinds of token rather than by topics.
# 3. Left alone, a router may collapse; the load-balance loss keeps every expert busy.

# %% [markdown] tags=["sourced"]
# **Where LLaMA really does this.** Llama 1 to 3 are dense. Llama 4 Scout has 16 experts and a
# shared one in every layer, Maverick 128 in every second; both visit one by a sigmoid gate that
# scales the expert's input
# ([released code](https://github.com/meta-llama/llama-models/tree/main/models/llama4)). That
# experts of six popular models sort tokens by part of speech is found in arXiv:2412.16971; the
# load-balance loss and capacity are from arXiv:2101.03961, the temperature from arXiv:2501.19399.
#
# **Now you:** [exercises/12_experts](../exercises/12_experts.ipynb)
