# %% [markdown]
# # 06 · Positions: how a model knows which token came first
#
# **What you need:** lesson 05 (queries, keys, the causal mask); sine and cosine.
#
# **What you will be able to do:** turn queries and keys so that their scores know distances; find
# out why a model with perfect weights talks in circles; stretch a model to longer texts.
#
# **Time:** about 55 minutes: blind to order 9 · a vector for each place 8 · one pair turns 9 ·
# whole heads 10 · two layouts 11 · longer texts 8.
#
# *Six, seven, eight* goes on with *nine*, *eight, seven, six* with *five*. The words are the same.
# How does a model know which came first?

# %% tags=["nbval-check-output"]
import math

import torch
from torch.nn import functional as F

from llama_edu import plots
from llama_edu.config import LinearRopeScaling, RopeScaling
from llama_edu.course.reader import answer_guess, explore
from llama_edu.course.source import show_source
from llama_edu.data.sources import pull
from llama_edu.generate import generate
from llama_edu.model import masks, rope
from llama_edu.model.positions import sinusoids
from llama_edu.pretrained import load_pretrained

torch.set_grad_enabled(False)  # nothing is trained here
smol = load_pretrained(dtype=torch.float32)
model, config = smol.model, smol.model.config
up, down = (
    torch.tensor([smol.text_ids(f"Count: {words},")])
    for words in ("six, seven, eight", "eight, seven, six")
)
for tokens in (up, down):
    best = model(tokens)[0, -1].argmax().item()
    print(smol.tokenizer.decode([*tokens[0].tolist(), best]))
print("the same tokens:", sorted(up[0].tolist()) == sorted(down[0].tolist()))

# %% [markdown]
# ## Attention is blind to order
#
# What in attention could tell the two texts apart? A query meets each key, and the output is a
# *sum* over all tokens. A sum is the same in any order. Three keys and values by hand:

# %% tags=["nbval-check-output"]
dice = torch.Generator().manual_seed(0)
q, k, v = (torch.randn(n, 4, generator=dice) for n in (1, 3, 3))
for order in ([0, 1, 2], [2, 0, 1]):
    mixture = (q @ k[order].T / 2).softmax(-1) @ v[order]
    print(order, [round(x, 3) for x in mixture[0].tolist()])

# %% [markdown]
# And a whole LLaMA? `run` takes tokens through SmolLM2. `rotations` tells the places, and is what
# this lesson is about; with all frequencies 0 it tells nothing. `see_all` takes the mask away.

# %% tags=["nbval-check-output"]
FREQUENCIES, nowhere = model.rope_frequencies, torch.zeros(config.d_head // 2)

def run(tokens, positions=None, frequencies=FREQUENCIES, see_all=False):
    """Logits (B, T, V) of SmolLM2."""
    n = tokens.shape[1]
    rotation = rope.rotations(torch.arange(n) if positions is None else positions, frequencies)
    mask = torch.ones(n, n, dtype=torch.bool) if see_all else masks.causal(n, n)
    x = model.embedding(tokens)
    for block in model.blocks:
        x = block(x, rotation, mask)
    return model.output(model.norm(x))

def change(**settings):  # of the logits after the last token, the largest
    return (run(up, **settings) - run(down, **settings))[0, -1].abs().max().item()

print("run is the model:", torch.allclose(run(up), model(up), atol=1e-3))
print(f"places told, causal mask: {change():.0f}")
print(f"no places, no mask:       {change(frequencies=nowhere, see_all=True):.2f}")

# %% [markdown]
# Without places and mask, both texts give the same logits. A function is **permutation
# equivariant** if reordering its inputs reorders its outputs in the same way, and changes nothing
# else. Such is attention. **Predict:** with no places, but *with* the causal mask, are the logits
# the same?

# %%
guess = None  # "the same" or "different"

# %% tags=["nbval-check-output"]
with_mask = change(frequencies=nowhere)
print(f"no places, causal mask: {with_mask:.1f}")
why = "under the mask the first token sees only itself, the second sees two tokens, and so on"
answer_guess(guess, "different" if with_mask > 0.1 else "the same", why)

# %% [markdown] tags=["sourced"]
# The mask lets some order in: in the first layer, *seven* has seen *six* in one text and *eight* in
# the other, and hands that on. Language models trained without any positions learn from the mask
# alone where they are (Haviv et al. 2022, arXiv:2203.16634). But it is a dim light. Most models are
# told.

# %% [markdown]
# ## A vector for each place
#
# **Positional encoding** is whatever tells a model where its tokens stand. The first Transformer
# *added* a vector to each token's embedding, another for each place. Which? The number of the place
# itself grows without end and soon drowns the token. In binary digits, the ones first, it does not:

# %% tags=["nbval-check-output"]
for t in range(6):
    print(t, f"{t:03b}"[::-1], [round(x, 2) for x in sinusoids(6, 4)[t].tolist()])

# %% [markdown]
# The first binary digit changes at every step, the second at every other, the third more slowly
# still. On the right the same idea, made smooth. **Sinusoidal positions** are pairs of a sine and a
# cosine, each pair of columns with a frequency of its own:
#
# $$p_{t, 2i} = \sin(t\, w_i) \qquad p_{t, 2i+1} = \cos(t\, w_i) \qquad w_i = 10000^{-2i/D}$$

# %% tags=["nbval-ignore-output"]
sines = sinusoids(64, 32)[:, :20:2].T  # of the first 10 pairs: (10, 64)
plots.squares(
    {"": (1 + sines) / 2}, range(10), [str(t) if t % 8 == 0 else "" for t in range(64)],
    x_label="place t", y_label="pair i, its sine", value_label="0 for -1, 1 for +1",
    title="Fast pairs tell neighbours apart, slow ones tell far places apart",
    alt="10 rows of 64 places: the first changes at each place, each row below more slowly.",
)

# %% [markdown]
# Such vectors have a law: the dot product of two of them depends on their *distance* alone. But
# they are added to the tokens before $W_q$ and $W_k$. Does the law survive that?

# %% tags=["nbval-check-output"]
p = sinusoids(1000, 64)
x, y = torch.randn(2, 64, generator=dice)
q_proj, k_proj = torch.randn(2, 64, 64, generator=dice) / 8
for t in (2, 102, 902):
    plain = p[t] @ p[t - 2]
    score = ((x + p[t]) @ q_proj.T) @ ((y + p[t - 2]) @ k_proj.T)
    print(f"places {t} and {t - 2}: p·p = {plain:.2f}, q·k = {score:.1f}")

# %% [markdown]
# It does not. Two tokens, two apart, get one score here and another there, and the model must learn
# what "two back" means for each place anew. Better to let the places in after $W_q$ and $W_k$.
#
# ## One pair turns
#
# **Rotary position embedding** (RoPE) turns each pair of numbers of a query or key by an angle that
# grows with its place. A pair is an arrow in the plane; take one that turns 30° a token. A query at
# place 5 and a key at place 3 both point right before they turn.

# %% tags=["nbval-check-output"]
def naive_turn(pair, place, degrees=30):
    a, b = pair
    angle = math.radians(place * degrees)
    cos, sin = math.cos(angle), math.sin(angle)
    return a * cos - b * sin, a * sin + b * cos

def score(place_of_q, place_of_k):
    q, k = naive_turn((1, 0), place_of_q), naive_turn((1, 0), place_of_k)
    return q[0] * k[0] + q[1] * k[1]

for name, place in {"q": 5, "k": 3}.items():
    arrow = [round(x, 2) for x in naive_turn((1, 0), place)]
    print(f"{name} at {place}, turned by {30 * place}°: {arrow}")
print(f"score: {score(5, 3):.2f}, the cosine of the 60° between them")

# %% [markdown]
# **Predict:** both tokens move on by 100, to places 105 and 103. What is the score?

# %%
guess = None  # a number between -1 and 1

# %% tags=["nbval-check-output"]
print(f"{score(105, 103):.2f}")
answer_guess(guess, round(score(105, 103), 2), "both turn by the same, so the angle between stays")

# %% [markdown]
# (If complex numbers are new to you, skip the formula; its meaning stands below it.) To turn is to
# multiply by a complex number: read the pair as $a + ib$, and place $t$ multiplies it by
# $e^{i t w}$, with $w$ in radians a token. A query at place $m$ and a key at place $n$ score
#
# $$\operatorname{Re}\left(q\, e^{i m w} \cdot \overline{k\, e^{i n w}}\right)
#   = \operatorname{Re}\left(q\, \bar k\, e^{i (m - n) w}\right)$$
#
# Only the distance $m - n$ is left, for every $q$ and $k$, whatever $W_q$ and $W_k$ made of the
# tokens. Values are not turned: what is handed over should not depend on the place.

# %% [markdown]
# One pair is not enough. It is a clock with one hand, and at 30° a token it stands the same again
# after 12. So RoPE gives every pair a frequency of its own, like the hands for seconds, minutes and
# hours. A **wavelength** is the number of tokens in which a pair turns once: $2\pi / w$.

# %% tags=["nbval-check-output"]
for i in (0, 1, 16, 31):
    w = FREQUENCIES[i].item()
    print(f"SmolLM2, pair {i:2}: {math.degrees(w):8.4f}° a token, {2 * math.pi / w:9,.0f} tokens")

# %% [markdown]
# They fall as in the sinusoids. **Theta** is the base of RoPE's frequencies: pair $i$ of a head of
# $d$ numbers turns by $w_i = \theta^{-2i/d}$ radians a token. How does a query like the key score
# as they move apart? Try a small theta with the slider, too.

# %% tags=["nbval-ignore-output"]
def draw_scores(theta):
    distances, curves = torch.arange(65), {}
    for n_pairs in (1, 4, 16, 32):
        w = rope.inverse_frequencies(64, theta)[:n_pairs]
        curves[f"the first {n_pairs} of 32"] = (distances, (distances[:, None] * w).cos().mean(-1))
    return plots.lines(
        curves, x_label="distance, tokens", y_label="score, as a share of the largest",
        markers=False, title=f"One pair repeats itself; many together do not (theta {theta:,})",
        alt="One pair swings between -1 and 1. The more pairs, the less their mean swings.",
    )

explore(draw_scores, theta=[10, 100, 10_000, 100_000, 500_000])
draw_scores(100_000)

# %% [markdown]
# ## Whole heads
#
# A head of $d$ numbers is $d/2$ pairs, each with its own frequency. The package turns all heads of
# all tokens by one complex product; `naive_rotate` turns them one by one.

# %% tags=["nbval-check-output"]
def naive_rotate(x, frequencies):
    turned = torch.empty_like(x)
    for t in range(x.shape[1]):  # x (B, T, heads, d): each place
        for i, w in enumerate(torch.rad2deg(frequencies).tolist()):  # each pair
            a, b = x[:, t, :, 2 * i], x[:, t, :, 2 * i + 1]
            turned[:, t, :, 2 * i], turned[:, t, :, 2 * i + 1] = naive_turn((a, b), t, w)
    return turned

x, w = torch.randn(2, 7, 3, 8, generator=dice), rope.inverse_frequencies(8)
turned = rope.rotate(x, rope.rotations(torch.arange(7), w))
print("the same as one by one:", torch.allclose(turned, naive_rotate(x, w), atol=1e-5))
print("no vector grew or shrank:", torch.allclose(turned.norm(dim=-1), x.norm(dim=-1)))
print("place 0 is left as it is:", torch.equal(turned[:, 0], x[:, 0]))

# %% [markdown]
# So that is how *six, seven, eight* differs from *eight, seven, six*: the key of *six* is turned by
# another angle, and meets the last query with another score. Now the law in the real model: we tell
# SmolLM2 that a text begins at place 1, 1,000 or 1,000,000 rather than at 0. All distances stay, so
# the logits should not move.

# %% tags=["nbval-check-output"]
hamlet = (pull("shakespeare") / "hamlet_gut.txt").read_text(encoding="utf-8")
ids = smol.text_ids(hamlet[hamlet.index("To be, or not") :][:3000])
text, places = torch.tensor([ids[:48]]), torch.arange(48)
at_zero = run(text, places)
for start in (1, 1000, 1_000_000):
    largest = (run(text, places + start) - at_zero).abs().max().item()
    print(f"begins at {start:9,}: every logit the same to 0.02: {largest < 0.02}")

# %% [markdown]
# At a million they do move. The law is exact, but float32 is not: near a million radians its
# numbers lie a sixteenth apart. Models are mostly run in **bfloat16**, a number format of half the
# bytes, which keeps 8 significant binary digits. **Predict:** which is the first whole number that
# bfloat16 cannot hold?

# %%
guess = None  # a whole number

# %% tags=["nbval-check-output"]
def loss(logits, tokens):  # lesson 05
    return F.cross_entropy(logits[:, :-1].flatten(0, 1), tokens[:, 1:].flatten()).item()

numbers = torch.arange(1000)
rounded, far = numbers.bfloat16().long(), places + 1000
first = (rounded != numbers).nonzero()[0].item()
print("places 255 to 260 become", rounded[255:261].tolist())
print(f"loss at places from 1000: {loss(run(text, far), text):.1f},", end=" ")
print(f"rounded to bfloat16: {loss(run(text, far.bfloat16()), text):.1f}")
answer_guess(guess, first, "8 binary digits count up to 255, and 256 is a power of two")

# %% [markdown]
# Neighbours fall together, and the order of nearby words is lost. So places and angles stay in
# float32, whatever the weights are in.
#
# ## Two layouts of the same pairs
#
# Which two numbers are a pair? Two answers are in use. The **interleaved** layout pairs neighbours:
# Meta's files, LLaMA's GGUF files, this package. The **half-split** layout pairs each number of the
# first half with one of the second: Hugging Face, whose code calls it `rotate_half`. For a head of
# 8:

# %% tags=["nbval-check-output"]
numbers = torch.arange(1.0, 9)
print("interleaved pairs:", numbers.view(4, 2).int().tolist())
print("half-split pairs: ", numbers.view(2, 4).T.int().tolist())
quarter = rope.rotations(torch.tensor([1]), torch.full((4,), math.pi / 2))  # 90° for all pairs
for rotate in (rope.rotate, rope.rotate_half_split):
    turned = rotate(numbers.view(1, 1, 1, 8), quarter).flatten()
    print(f"{rotate.__name__:17}", turned.round().int().tolist())
rows = torch.arange(8)[:, None]
print("rows in new order:", rope.interleave_rows(rows, n_heads=1).flatten().tolist())

# %% [markdown]
# Neither is wrong. Numbers of a head may stand in any order, as long as those of queries and keys
# stand in the same, since a dot product is a sum. So a file can be carried from one layout to the
# other by reordering the *rows* of $W_q$ and $W_k$, each of which makes one number. The last line
# has the rows of a half-split file in the order that interleaved code needs.
#
# **Break it, then diagnose it.** We put the rows of SmolLM2 into Hugging Face's order and go on
# turning neighbours. No weight is lost, every shape is right, nothing raises an error.

# %% tags=["nbval-check-output"]
def reorder(rows_of):
    """Reorder the rows of W_q and W_k in all layers, in place."""
    n_q, n_k = config.n_heads * config.d_head, config.n_kv_heads * config.d_head
    for block in model.blocks:
        q_proj, k_proj = block.attention.qkv_proj.weight[: n_q + n_k].split((n_q, n_k))
        q_proj.copy_(rows_of(q_proj, config.n_heads))
        k_proj.copy_(rows_of(k_proj, config.n_kv_heads))

prompts = ["The capital of France is", "Once upon a time there was a little"]

def write():
    answers = generate(model, [smol.text_ids(prompt) for prompt in prompts], 24, temperature=0)
    for prompt, answer in zip(prompts, answers, strict=True):
        print(repr(prompt + smol.tokenizer.decode(answer)))

pieces = torch.tensor(ids[:288]).view(3, 96)
right, without = run(pieces), run(pieces, frequencies=nowhere)
print(f"loss {loss(right, pieces):.1f}, with no places told {loss(without, pieces):.1f}")
write()
reorder(rope.split_rows)
print("--- rows half-split, pairs interleaved:")
write()

# %% [markdown]
# It knows Paris, it begins its story, then it talks in circles. A short test passes, so the bug is
# easily missed. How bad is it? In order, the model had the loss 3.9 on three pieces of *Hamlet*;
# with no places told at all, 5.4. **Predict:** what is it now?

# %%
guess = None  # a number

# %% tags=["nbval-check-output"]
mixed = run(pieces)
print(f"mixed up: loss {loss(mixed, pieces):.1f}")
answer_guess(guess, loss(mixed, pieces), "wrong angles tell it no more than none", within=0.06)

# %% [markdown]
# As bad as telling it no places. How would you find out, from outside, that it is the layout? At
# some places of a text the mixed-up model is still exactly right. **Predict:** at how many of 96?

# %%
guess = None  # a whole number

# %% tags=["nbval-check-output"]
exact = ((mixed - right).abs().amax(-1) == 0).all(0)  # in all three pieces
print("exactly right at places:", exact.nonzero().flatten().tolist())
still = run(pieces[:1], frequencies=nowhere)
print("with frequencies 0, nothing has changed:", torch.allclose(still, without[:1], atol=0.01))
answer_guess(guess, int(exact.sum()), "place 0 is not turned at all, and sees only itself")

# %% [markdown]
# Two symptoms leave one suspect. With frequencies 0 the reordered model is the old one, so the
# weights are all there and queries fit keys. With frequencies on, only place 0 is right, where
# nothing is turned. So it is the turning that does not fit the rows. The cure is one reordering:

# %% tags=["nbval-check-output"]
reorder(rope.interleave_rows)
print("cured:", torch.allclose(run(pieces[:1]), right[:1], atol=0.01))

# %% [markdown]
# ## Texts longer than any in training
#
# SmolLM2 was trained on texts of up to 8,192 tokens. And longer ones? Only distances count, so we
# need not write one: we tell the model that a question stands far behind the fact it asks for, with
# nothing between (a trick of training, too: arXiv:2309.10400). **Predict:** at distance 4,096 it
# finds where Anna lives. At 16,384?

# %%
guess = None  # "as well", "half as well" or "hardly ever"

# %% tags=["nbval-check-output"]
who = ["Anna", "Tom", "Mary", "Jack", "Peter", "John", "Bob", "Alice"]
where = [" garden", " kitchen", " river", " castle", " forest", " school", " church", " market"]
facts = torch.tensor([  # each of 6 tokens of fact and 4 of question
    smol.text_ids(f"{name} lives near the{place}. {name} lives near the")
    for name, place in zip(who, where, strict=True)
])
answers = [smol.tokenizer.encode(place)[0] for place in where]

def found(distance, frequencies=FREQUENCIES):
    """Mean probability of the right place, where the question stands about so far behind."""
    positions = torch.arange(facts.shape[1]).repeat(len(who), 1)
    positions[:, 6:] += distance + 17 * torch.arange(len(who))[:, None]  # no two alike
    logits = run(facts, positions, frequencies)[:, -1]
    return logits.softmax(-1)[range(len(who)), answers].mean().item()

near, beyond = found(4096), found(16_384)
print(f"trained on {config.max_seq_len:,} tokens: found at 4,096: {near > 0.3},", end=" ")
print(f"hardly ever at 16,384: {beyond < 0.1}")
truth = "hardly ever" if beyond < near / 5 else "as well" if beyond > near / 1.3 else "half as well"
answer_guess(guess, truth, "its slow pairs stand at angles that they never had in training")

# %% [markdown]
# The slow pairs never turned once in training; beyond 8,192 they stand at angles that are new to
# the model. **Position interpolation** slows *every* pair alike: by 8, say, so that a text 8 times
# as long fits into the old angles. But then the fast pairs, which tell neighbours apart, are slowed
# too:

# %% tags=["nbval-check-output"]
stretched = {
    "slow all pairs": rope.scale_frequencies(FREQUENCIES, LinearRopeScaling(factor=8)),
    "three bands": rope.scale_frequencies(FREQUENCIES, RopeScaling(factor=8)),
}
print(f"loss on Hamlet, unchanged: {loss(right, pieces):.1f}")
for name, frequencies in stretched.items():
    print(f"{name}: {loss(run(pieces, frequencies=frequencies), pieces):.1f}")

# %% [markdown]
# **NTK-by-parts** scaling slows each pair of RoPE as far as its wavelength needs it. Llama 3.1 has
# it in three bands. With $\lambda$ for the wavelength: pairs that turned more than 4 times within
# the old context, $\lambda < 8192 / 4$, are kept. Those that did not turn once, $\lambda > 8192$,
# are slowed by the whole factor. Between the two it goes in a straight line from one to the other.
# This is Llama 3.1 itself, with its theta:

# %% tags=["nbval-ignore-output"]
def draw_bands(factor, old_context):
    plain = rope.inverse_frequencies(128, theta=500_000)
    scaling = RopeScaling(factor=float(factor), original_max_seq_len=old_context)
    slowed = plain / rope.scale_frequencies(plain, scaling)
    kept, last = int((slowed == 1).sum()), int((slowed == slowed.max()).sum())
    return plots.lines(
        {"": (2 * math.pi / plain, slowed)}, x_log=True, y_from_zero=True,
        x_label="wavelength, tokens", y_label="slowed by",
        title=f"{kept} pairs are kept, {64 - kept - last} are blended, {last} are slowed",
        alt="A step: short wavelengths are slowed by 1, those above the old context by the factor.",
    )

explore(draw_bands, factor=(2, 32, 1), old_context=[2048, 8192, 32_768])
draw_bands(8, 8192)

# %% tags=["nbval-ignore-output"]
distances = [512, 1024, 2048, 4096, 6144, 8192, 16_384, 24_576, 32_768, 65_536]
plots.lines(
    {
        name: (distances, [found(distance, frequencies) for distance in distances])
        for name, frequencies in {"unchanged": FREQUENCIES, **stretched}.items()
    },
    x_log=True, y_from_zero=True, x_label="distance from question to fact, tokens",
    y_label="probability of the right place",
    title="From 8,192 on SmolLM2 is lost; three bands carry it further",
    alt="Unchanged falls to nearly 0 at 8,192, all pairs slowed soon after. Three bands stays, "
    "with ups and downs, until about 32,768 and ends near 0 at 65,536.",
)

# %% [markdown] tags=["sourced"]
# No weight has changed, and yet the model reaches several times as far. It wavers, since it was
# never trained so; Llama 3.1 was trained further, on 800 billion tokens of long texts
# (arXiv:2407.21783, sec. 3.4.2). Nor is a gap the same as a long book.

# %% [markdown]
# The package's own code, to unfold *after* the exercise:

# %% tags=["nbval-ignore-output"]
for function in (sinusoids, rope.rotate, rope.interleave_rows, rope.scale_frequencies):
    show_source(function, folded=function.__name__)

# %% [markdown]
# ## In short
#
# 1. Attention sums over tokens, so a model must be told which came first.
# 2. RoPE turns each pair of q and k by place times frequency: scores then depend on distances.
# 3. Rows and turning must have the same layout: no error tells you, only place 0 stays right.

# %% [markdown] tags=["sourced"]
# **Where LLaMA really does this.** Sinusoids are from arXiv:1706.03762, sec. 3.5; no LLaMA has
# them. LLaMA has RoPE (arXiv:2104.09864; arXiv:2302.13971, sec. 2.2), in every layer until Llama 4,
# in which every fourth has no positions ([args.py](https://github.com/meta-llama/llama-models)).
# Theta is 10,000 in LLaMA 1 and 2, 500,000 since Llama 3 (arXiv:2407.21783, sec. 3.2). The three
# bands are `apply_scaling` in Meta's code; for Llama 3.2 it has the factor 8, the files at Hugging
# Face have 32. Position interpolation is from arXiv:2306.15595, NTK-by-parts from arXiv:2309.00071.
# The two layouts have puzzled many ([transformers, issue
# 25199](https://github.com/huggingface/transformers/issues/25199)).
#
# **Now you:** [exercises/06_positions](../exercises/06_positions.ipynb)
