# %% [markdown]
# # 05 · Attention: how a token finds the tokens it needs
#
# **What you need:** lesson 00 (tokens, logits, softmax), and how to multiply matrices.
#
# **What you will be able to do:** compute attention by hand and in code; notice a model that cheats
# for want of a mask; find the head of a real LLaMA that fetches an answer, and prove it.
#
# **Time:** about 60 minutes: by hand 10 · four matrices 6 · the scale 7 · the mask 15 · many
# heads 8 · real heads 14.
#
# *When Alice and Bob went to the shop, Bob gave a drink to …* You know how to go on. But *to* holds
# no Alice: her name stands far back. How does the last token get at it?

# %% tags=["nbval-check-output"]
import math
import sys

import torch
from torch.nn import functional as F

from llama_edu import plots
from llama_edu.course.reader import answer_guess, explore
from llama_edu.course.source import show_source
from llama_edu.pretrained import load_pretrained

smol = load_pretrained(dtype=torch.float32)
scene = "When Alice and Bob went to the shop,"
for end in ("Bob gave a drink to", "Alice gave a drink to"):
    with torch.no_grad():
        logits = smol.model(torch.tensor([smol.text_ids(f"{scene} {end}")]))[0, -1]
    best = logits.argmax().item()
    print(f"{end}{smol.tokenizer.decode([best])} ({logits.softmax(-1)[best]:.0%})")

# %% [markdown]
# SmolLM2 goes on as you do, whoever gives: it does not just take the first name. **Attention** is
# the part of a LLaMA that moves something from one token to another; every other part treats each
# token by itself. So attention must have fetched *Alice*. You will find where, and switch it off.
#
# ## By hand: three tokens
#
# Each token makes three vectors. A **query** is the vector that says what a token looks for. A
# **key** is the vector that says what a token offers. A **value** is the vector that a token hands
# over to those who look at it. Here we choose them, of two numbers each.

# %% tags=["nbval-check-output"]
words = ["Alice", "Bob", "to"]
q = torch.tensor([[0.0, 0.0], [0.0, 0.0], [3.0, 0.0]])  # "to" looks along the first axis
k = torch.tensor([[2.0, 0.0], [0.0, 2.0], [1.0, 0.0]])  # "Alice" lies there, "Bob" does not
v = torch.tensor([[10.0, 0.0], [0.0, 10.0], [5.0, 5.0]])

scores = q @ k.mT  # k.mT swaps rows and columns: each row of q meets each row of k
print(scores)

# %% [markdown]
# **Attention scores** are the dot products of queries with keys: one number for each pair, higher
# for a better fit. The last row says what *to* finds: 6 for *Alice*, 0 for *Bob*, 3 for itself.
#
# Softmax, which turned logits into probabilities, turns each row into weights that sum to 1.
# **Predict:** how much of the attention of *to* does *Alice* get?

# %%
guess = None  # a number between 0 and 1

# %% tags=["nbval-check-output"]
weights = scores.softmax(dim=-1)
print("weights of to:     ", [round(w, 2) for w in weights[2].tolist()])
print("what it takes away:", [round(x, 1) for x in (weights @ v)[2].tolist()])
why = "softmax takes exp of the scores before it divides, and exp(6) is 20 times exp(3)"
answer_guess(guess, weights[2, 0].item(), why, within=0.05)

# %% tags=["nbval-ignore-output"]
plots.attention(
    {"": weights}, words, write_numbers=True,
    title="'to' finds Alice; the others, with a query of zeros, look everywhere",
    alt="Nine weights. Rows Alice and Bob are all one third; row to is nearly all Alice.",
)

# %% [markdown]
# That is all of it: *scores, softmax, mixture*. A query of zeros fits every key alike, so *Alice*
# and *Bob* take the plain mean of everything. Nothing chooses a single token: attention mixes, and
# a good fit makes the mixture almost pure. As loops, so that nothing hides:

# %% tags=["nbval-check-output"]
def naive_attention(q, k, v):
    output = torch.zeros(len(q), v.shape[1])
    for t in range(len(q)):  # each token that looks
        fits = [math.exp(q[t] @ k[s]) for s in range(len(k))]
        for s in range(len(k)):  # each token that is looked at
            output[t] += fits[s] / sum(fits) * v[s]
    return output

print(torch.allclose(naive_attention(q, k, v), weights @ v))

# %% [markdown]
# ## Where q, k and v come from: four matrices
#
# In a model each token has one vector $x$, and three learned matrices make its query, key and
# value. A fourth turns the mixture into a vector as wide as $x$:
#
# $$q = W_q x \qquad k = W_k x \qquad v = W_v x \qquad \text{output} = W_o \cdot \text{mixture}$$
#
# **Self-attention** is attention in which queries, keys and values are made from the same tokens.
#
# In shapes, **T** counts the tokens that look, **S** counts the tokens that are looked at, **D** is
# the width of $x$, and **d** is the width of a query or key. PyTorch keeps a matrix as (out, in):
# for many tokens, one a row, we write `x @ W.T`.

# %% tags=["nbval-check-output"]
dice = torch.Generator().manual_seed(0)
x, o_proj = torch.randn(3, 6, generator=dice), torch.randn(6, 2, generator=dice)  # T=3, D=6, d=2
q_proj, k_proj, v_proj = torch.randn(3, 2, 6, generator=dice)  # each (out = d, in = D)
mixture = naive_attention(x @ q_proj.T, x @ k_proj.T, x @ v_proj.T)
print("x:", *x.shape, "mixture:", *mixture.shape, "output:", *(mixture @ o_proj.T).shape)

# %% [markdown]
# ## Why divide by √d?
#
# The famous formula has one thing more. With queries, keys and values as the rows of Q, K and V:
#
# $$\operatorname{attention}(Q, K, V) = \operatorname{softmax}\left(Q K^\top / \sqrt{d}\right) V$$
#
# Take vectors of independent numbers with mean 0 and variance 1, much as an untrained model has.
# **Predict:** d grows from 16 to 64, four times as wide. By what factor does the spread (standard
# deviation) of $q \cdot k$ grow?

# %%
guess = None  # 1, 2, 4 or 16

# %% tags=["nbval-check-output"]
widths = [4, 16, 64, 256, 1024]
spread, largest = {}, {"q·k": [], "q·k / √d": []}
for d in widths:
    q, k = torch.randn(500, 1, d, generator=dice), torch.randn(500, 32, d, generator=dice)
    spread[d] = (q @ k.mT).std().item()  # each of 500 queries meets 32 keys of its own
    print(f"d = {d:4}: spread of q·k = {spread[d]:2.0f}")
    for name, scale in (("q·k", 1.0), ("q·k / √d", d**-0.5)):
        largest[name].append((q @ k.mT * scale).softmax(-1).amax(-1).mean().item())
why = "the variance of a sum of d such numbers is d, and the spread is the root of the variance"
answer_guess(guess, round(spread[64] / spread[16]), why)

# %% tags=["nbval-ignore-output"]
plots.lines(
    {name: (widths, values) for name, values in largest.items()}, x_log=True, y_from_zero=True,
    x_label="width d of q and k", y_label="largest of 32 weights",
    title="Without the scale, a wide query looks at one token only",
    alt="Unscaled, the largest weight rises from 0.3 to nearly 1; scaled it stays near 0.2.",
)

# %% [markdown]
# The spread of $q \cdot k$ is $\sqrt{d}$. Unscaled, a wide query is sure of itself before it has
# learned anything. Worse, it hardly learns: where one weight is nearly 1, a small change of the
# scores changes next to nothing (arXiv:1706.03762, sec. 3.2.1). (Some texts say that it helps deep
# layers. It corrects for the width of the queries, in every layer alike.)

# %% [markdown]
# ## The mask, and a model that cheats
#
# A LLaMA learns by predicting the next token at every place of a text at once. Ours reads *Hamlet*,
# letter by letter, in pieces of 32. At each place it gives every letter a probability to come next.
#
# The **loss** is minus the logarithm of the probability that a model gave to what really came,
# averaged over all places: 0 for certain and right. **Training** changes every number of the model
# a little, in the direction that lowers the loss, again and again.

# %%
from llama_edu.config import ModelConfig
from llama_edu.data.sources import pull
from llama_edu.model import masks, rope
from llama_edu.model.attention import explicit_attention
from llama_edu.model.llama import Llama
from llama_edu.model.maps import attention_maps

hamlet = (pull("shakespeare") / "hamlet_gut.txt").read_text(encoding="utf-8")
letters = sorted(set(hamlet))
ids = torch.tensor([letters.index(letter) for letter in hamlet])
T = 32
shape = {"d_model": 64, "n_layers": 2, "n_heads": 4, "n_kv_heads": 4, "d_ff": 176}
config = ModelConfig(vocab_size=len(letters), max_seq_len=T, **shape)

# %% [markdown]
# `look` takes letters through all layers. Its *mask* says at which places each letter may look.
# Read only the three lines in the middle: you know what they do. (The rest is for lessons 07 and
# 14.) We train two models, equal but for one thing: one sees the past only, the other everything.

# %%
def look(model, tokens, mask):
    n = tokens.shape[1]
    rotation = rope.rotations(torch.arange(n), model.rope_frequencies)  # for lesson 06
    x, maps = model.embedding(tokens), []
    for block in model.blocks:
        q, k, v = block.attention.project(block.attention_norm(x), rotation)  # three matrices
        mixture, weights = explicit_attention(q, k, v, mask[:n, :n])
        x = x + block.attention.o_proj(mixture.transpose(1, 2).flatten(2))  # the fourth
        x = x + block.ffn(block.ffn_norm(x))
        maps.append(weights)
    return model.output(model.norm(x)), maps  # logits, and the weights of every layer

# %%
def train(name, mask, n_steps=150):
    torch.manual_seed(0)
    model, losses = Llama(config), []
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    for step in range(n_steps):
        starts = torch.randint(len(ids) - T, (16,))
        pieces = torch.stack([ids[start : start + T + 1] for start in starts])
        logits, _ = look(model, pieces[:, :-1], mask)
        loss = F.cross_entropy(logits.flatten(0, 1), pieces[:, 1:].flatten())
        optimizer.zero_grad()
        loss.backward()  # for every number of the model: in which direction does the loss fall?
        optimizer.step()  # one small step there
        losses.append(loss.item())
        print(f"\r{name}: step {step + 1} of {n_steps}", end="", file=sys.stderr)
    return model, losses

# %% tags=["nbval-ignore-output"]
past, everything = masks.causal(T, T), torch.ones(T, T, dtype=torch.bool)
honest, honest_losses = train("past only", past)
cheat, cheat_losses = train("everything", everything)

# %% [markdown]
# **Predict:** the first ends at a loss above 2. Where does the second end?

# %%
guess = None  # "above 2", "1 to 2" or "below 1"

# %% tags=["nbval-check-output"]
last = sum(cheat_losses[-20:]) / 20
print(f"a model that knows nothing: loss ln {len(letters)} = {math.log(len(letters)):.1f}")
print("past only ends above 2:", sum(honest_losses[-20:]) / 20 > 2, "everything below 1:", last < 1)
why = "the letter to be predicted stands one place to the right, in sight"
answer_guess(guess, "below 1" if last < 1 else "1 to 2" if last < 2 else "above 2", why)

# %% tags=["nbval-ignore-output"]
steps = range(len(honest_losses))
plots.lines(
    {"past only": (steps, honest_losses), "everything": (steps, cheat_losses)},
    x_label="step", y_label="loss per letter", y_from_zero=True, markers=False,
    title="Without a mask the loss is too good to be true",
    alt="Past only falls from 4.2 to about 2.3; everything collapses towards 0 after 40 steps.",
)

# %% [markdown]
# A loss near zero, after seconds, with a model this small? **Break it, then diagnose it.** Look
# at what its letters look at before you believe a number.

# %% tags=["nbval-ignore-output"]
line = hamlet[hamlet.index("To be, or not") :][:14]
with torch.no_grad():
    _, maps = look(cheat, torch.tensor([[letters.index(letter) for letter in line]]), everything)
heads = torch.cat(maps).flatten(0, 1)  # each layer has 4 attentions side by side: 8 maps
ahead = heads.diagonal(1, -2, -1).mean(-1)  # mean weight on the very next letter
plots.attention(
    {"": heads[ahead.argmax()]}, line.replace(" ", "␣"),
    title="The cheat reads the answer: each letter looks at the next one",
    alt="A dark line just above the diagonal: each letter looks at the one that follows it.",
)

# %% [markdown]
# It copies the answer from the place to its right. In a text still to be written, nothing stands to
# the right. What will it write?

# %% tags=["nbval-ignore-output"]
@torch.no_grad()
def write(model, mask, n=80):
    dice, text = torch.Generator().manual_seed(0), "HAMLET. "
    for _ in range(n):
        tokens = torch.tensor([[letters.index(letter) for letter in text[-T:]]])
        logits = look(model, tokens, mask)[0][0, -1]
        text += letters[(logits / 0.7).softmax(-1).multinomial(1, generator=dice)]
    return text

print("past only: ", repr(write(honest, past)))
print("everything:", repr(write(cheat, everything)))

# %% [markdown]
# The honest one stammers in something like English; the cheat has learned only to look ahead. The
# cure is the **causal mask**, which lets each token look at itself and at what came before, and
# nowhere else. It sets the scores of all that comes later to $-\infty$ *before* the softmax, since
# $\exp(-\infty) = 0$. Afterwards would be too late: the rows would no longer sum to 1.
#
# `x.masked_fill(hidden, value)` is a copy of x with `value` where `hidden` is True. Our masks say
# True where a token *may* look; `~mask` turns that round.

# %% tags=["nbval-check-output"]
row, may_look = torch.tensor([2.0, 1.0, 3.0]), torch.tensor([True, True, False])
row = row.masked_fill(~may_look, -torch.inf)
print(row.tolist(), "->", [round(w, 2) for w in row.softmax(-1).tolist()])
print(masks.causal(4, 4).int())
print(masks.causal(2, 4).int())  # 2 queries, 4 keys: the queries are the last 2 tokens
print("nothing to look at:", torch.full((2,), -torch.inf).softmax(-1).tolist())

# %% [markdown]
# The last line is a trap: where all is hidden, softmax gives NaN (*not a number*), and NaN spreads
# through the whole model. **Padding** is tokens without meaning that make the texts of a batch
# (texts read at once) equally long; a padding token may be such a row.
#
# ## Many heads
#
# One attention gives each token *one* mixture. To find the giver and the verb at once it takes two.
# A **head** is one of several attentions that run side by side, each on its own part of the query,
# key and value. **H** counts the heads; **B** counts the texts of a batch.
#
# Here lies a famous bug. One text, two tokens, 6 numbers each, for 3 heads:

# %% tags=["nbval-check-output"]
x = torch.tensor([[[1, 1, 2, 2, 3, 3], [10, 10, 20, 20, 30, 30]]])  # (B=1, T=2, D=6)
heads = x.view(1, 2, 3, 2).transpose(1, 2)  # (B, H, T, d)
print("split, then swap:  ", heads[0].tolist())
print("straight view:     ", x.view(1, 3, 2, 2)[0].tolist())
print("back, swap first:  ", heads.transpose(1, 2).flatten(2)[0].tolist())
print("back, flatten only:", heads.reshape(1, 2, 6)[0].tolist())

# %% [markdown]
# Both ways in give the same shape, and neither raises an error. But head 0, the first pair, should
# hold a part of each token. In the straight view it holds the first token alone, and can compare it
# with nothing but itself. On the way back: swap first, then let a token's heads stand side by side.

# %% [markdown]
# While a model writes, it keeps the keys and values of all tokens so far: the **KV cache**. To save
# memory, **grouped-query attention** lets neighbouring query heads share one key and value head.
# **G** counts the key and value heads. `k.repeat_interleave(2, dim=1)` makes heads 0 0 1 1 of 0 1,
# so that neighbours share; `repeat` makes 0 1 0 1.
#
# All of it is the package's `explicit_attention`, which you have used in `look`. It holds most of
# what the exercise asks: *write your own first*, then unfold it and compare.

# %% tags=["nbval-check-output"]
show_source(explicit_attention, folded="explicit_attention: for after the exercise")
q, k, v = (torch.randn(2, n, 5, 8, generator=dice) for n in (6, 3, 3))  # H = 6, G = 3
torchs = F.scaled_dot_product_attention(q, k, v, is_causal=True, enable_gqa=True)
print("equal to PyTorch's:", torch.allclose(explicit_attention(q, k, v)[0], torchs, atol=1e-6))

# %% [markdown]
# ## What do real heads look at?
#
# SmolLM2 has 30 layers of 9 heads, both counted from 0. Nobody told them what to look at. We
# measure three habits: to look at the token before, at the first of all, and at *what followed this
# token the last time*. For each we draw the strongest head; 16.0 is head 0 of layer 16.
# **Predict:** of all attention, what share lies on the very first token?

# %%
guess = None  # a number between 0 and 1

# %% tags=["nbval-check-output"]
def habits(tokens):
    maps = attention_maps(smol.model, tokens)  # (layers, heads, T, T)
    same = tokens[None, :] == tokens[:, None]
    followed = same.roll(1, dims=1).tril(-1)  # one place on, in the past only
    followed[:, 0] = False
    return maps, {
        "the token before": maps.diagonal(-1, 2, 3).mean(-1),  # one left of the diagonal
        "the first token": maps[..., 1:, 0].mean(-1),
        "what followed": (maps * followed)[..., followed.any(-1), :].sum(-1).mean(-1),
    }

story = smol.text_ids("Once upon a time there was a cat named Tom. One day, the cat named")
maps, kinds = habits(torch.tensor(story))
champions = {kind: divmod(x.argmax().item(), 9) for kind, x in kinds.items()}  # layer, head
parked = maps[..., 1:, 0].mean().item()
print(f"{len(maps)} layers of {maps.shape[1]} heads: {parked:.0%} lies on the first token")
answer_guess(guess, parked, "weights must sum to 1, and many heads park theirs there", within=0.2)

# %% tags=["nbval-ignore-output"]
plots.attention(
    {f"{kind} ({i}.{j})": maps[i, j] for kind, (i, j) in champions.items()},
    [smol.tokenizer.decode([i]) for i in story],
    title="Heads have habits: one step back, the start, or what came next last time",
    alt="Left: a line one step below the diagonal. Middle: the first column is dark. Right: the "
    "first column too, but the second 'cat' looks at 'named' and the second 'named' at 'Tom'.",
)

# %% [markdown]
# An **attention sink** is a token, mostly the first, on which heads park the weight that they have
# no use for (Xiao et al. 2023, arXiv:2309.17453). An **induction head** is a head that looks at
# what followed the same token before, and so repeats it (Olsson et al. 2022, arXiv:2209.11895).
#
# But we chose these heads *by* this sentence, as the best of all. Whether it is their habit, only
# fresh text can tell: random tokens, and the same again.

# %% tags=["nbval-check-output"]
half = torch.randint(1000, 20_000, (25,), generator=torch.Generator().manual_seed(0))
_, fresh = habits(torch.cat([half, half]))
for kind, (layer, head) in champions.items():
    then, now = kinds[kind][layer, head], fresh[kind][layer, head]
    print(f"{kind:16} {layer}.{head}: story {then:.1f}, fresh text {now:.1f}")

# %% [markdown]
# All three keep their habits. Now the riddle: which head looks hardest from the last *to* at
# *Alice*? Move the sliders to see others.

# %% tags=["nbval-ignore-output"]
tokens = torch.tensor(smol.text_ids(f"{scene} Bob gave a drink to"))
words = [smol.tokenizer.decode([i]) for i in tokens.tolist()]
maps = attention_maps(smol.model, tokens)
to_alice = maps[:, :, -1, words.index(" Alice")]
finder = divmod(to_alice.argmax().item(), 9)

def draw_head(layer, head):
    title = f"In head {layer}.{head}, to gives Alice {to_alice[layer, head]:.0%} of its attention"
    alt = "The map of one head: each row is a token that looks, and the last row is to."
    return plots.attention({"": maps[layer, head]}, words, title=title, alt=alt)

explore(draw_head, layer=(0, 29, 1), head=(0, 8, 1))
draw_head(*finder)

# %% [markdown]
# A map shows where a head looks, not what its look is worth. So we switch the head off: we set its
# columns of $W_o$ to 0, and what it has mixed reaches nobody.

# %% tags=["nbval-check-output"]
@torch.no_grad()
def chance(texts, answers, layer=0, head=None):
    """Probability of each answer after its text, with a head switched off if one is named."""
    o_proj = smol.model.blocks[layer].attention.o_proj.weight
    kept, d = o_proj.clone(), smol.model.config.d_head
    if head is not None:
        o_proj[:, head * d : (head + 1) * d] = 0
    logits = smol.model(torch.stack(texts))[:, -1]
    o_proj.copy_(kept)
    return logits.softmax(-1)[range(len(texts)), answers]

alice = [tokens[words.index(" Alice")].item()]
print(f"Alice, all heads on: {chance([tokens], alice).item():.0%}")
print(f"with {finder[0]}.{finder[1]} off: {chance([tokens], alice, *finder).item():.0%}")

# %% [markdown]
# It falls: this head has helped to fetch *Alice*, though not alone. Was that luck? We take fresh
# sentences with other names, and see which head looks hardest at the right one.

# %% tags=["nbval-check-output"]
pairs = [("Mary", "John"), ("Tom", "Anna"), ("Emma", "Jack"), ("Sarah", "David"), ("Rose", "Mark")]
texts, answers, looks = [], [], 0
for one, other in pairs:
    for giver, place in ((other, 1), (one, 3)):  # the other name stands at that place of the text
        text = f"When {one} and {other} went to the shop, {giver} gave a drink to"
        texts.append(torch.tensor(smol.text_ids(text)))
        answers.append(texts[-1][place].item())
        looks = looks + attention_maps(smol.model, texts[-1])[:, :, -1, place] / 10
hardest = divmod(looks.argmax().item(), 9)
for layer, head in (hardest, finder):
    print(f"head {layer}.{head} gives the right name {looks[layer, head]:.0%} of its attention")

# %% [markdown]
# Another head looks even harder. **Predict:** switch that one off. What does the probability of the
# right name do?

# %%
guess = None  # "fall", "rise" or "stay"

# %% tags=["nbval-check-output"]
before = chance(texts, answers)
for layer, head in (finder, hardest):
    after = chance(texts, answers, layer, head)
    print(f"{layer}.{head} off: {before.mean():.0%} becomes {after.mean():.0%}", end=", ")
    print(f"lower in {(after < before).sum()} of {len(texts)} sentences")
why = "a head may look at a token in order to speak against it, and this one does"
answer_guess(guess, "rise" if after.mean() > before.mean() else "fall", why)

# %% [markdown] tags=["sourced"]
# So *Alice* came to *to* through heads that looked back at her name and copied it. A **name mover
# head** is a head that copies the name it looks at into the answer. GPT-2 has them too and, as
# here, *negative* ones that speak against it (Wang et al. 2022, arXiv:2211.00593).

# %% [markdown]
# ## In short
#
# 1. Attention mixes values by $\operatorname{softmax}(q \cdot k / \sqrt{d})$; four matrices make q,
#    k, v and the output.
# 2. The scale keeps softmax from being too sure; the causal mask, before it, keeps the answer out.
# 3. A head's map shows where it looks; only switching it off shows what that is worth.

# %% [markdown] tags=["sourced"]
# **Where LLaMA really does this.** Every LLaMA has causal attention without biases
# ([released code](https://github.com/meta-llama/llama-models)). LLaMA 1 has a key head for every
# query head; Llama 2 70B and all of Llama 3 have 8 groups (arXiv:2307.09288, arXiv:2407.21783). The
# formula is from arXiv:1706.03762, groups from arXiv:2305.13245. Attention to a part of the past
# only ("local") comes with Llama 4: lesson 11.
#
# **Now you:** [exercises/05_attention](../exercises/05_attention.ipynb)
