# %% [markdown]
# # 08 · The 2017 Transformer: it reads one text and writes another
#
# **What you need:** [lesson 05](05_attention.ipynb), attention; of [06](06_positions.ipynb) and
# [07](07_norms_ffn.ipynb), that positions and norms exist.
#
# **What you will be able to do:** build the encoder and the decoder of the original Transformer,
# train them, see in a picture which part of the source each written character comes from, and
# explain why a LLaMA is a decoder alone.
#
# **Time:** about 55 minutes: the task 6 · cross-attention by hand 9 · encoder and decoder 10 ·
# training 10 · the picture 7 · padding 6 · without an encoder 7.

# %% [markdown]
# *23 March 2021*, *Mar 23, 2021*, *2021年3月23日*: people write one day in many ways, and a
# computer wants one way, 2021-03-23. Here the **source** is the text that a model reads, and the
# **target** is the text that it writes. That is what the Transformer was invented for: its first
# task was to translate. At which characters of the source does it look while it writes? And if it
# was made of two halves, why has a LLaMA only one?

# %%
import calendar
import datetime
import random

import torch
from torch.nn import functional as F
from torch.nn.utils.rnn import pad_sequence

from llama_edu import plots
from llama_edu.course.reader import answer_guess, explore
from llama_edu.course.source import show_source


def spellings(date):
    """Pairs of texts: a way to write this date, and what a computer wants."""
    y, m, d, name = date.year, date.month, date.day, calendar.month_name[date.month]
    days = [
        f"{d} {name} {y}", f"{name} {d}, {y}", f"{d} {name[:3]} {y}", f"{name[:3]} {d}, {y}",
        f"{calendar.day_name[date.weekday()]}, {d} {name} {y}", f"{d}.{m}.{y}", f"{y}年{m}月{d}日",
    ]
    of_days = [(text, f"{y}-{m:02}-{d:02}") for text in days]
    return of_days + [(text, f"{y}-{m:02}") for text in (f"{name} {y}", f"{y}年{m}月")]


# %% [markdown]
# The last two ways name no day: then the target is a year and a month, which the standard allows
# (https://www.w3.org/TR/NOTE-datetime). So targets differ in length, and the model must know
# when to end. One month in twenty is held out: of those months it sees no date while it is trained.

# %% tags=["nbval-check-output"]
def draw_pairs(months, n):
    pairs = []
    for _ in range(n):
        y, m = dice.choice(months)
        date = datetime.date(y, m, dice.randint(1, calendar.monthrange(y, m)[1]))
        pairs.append(dice.choice(spellings(date)))
    return pairs


dice = random.Random(0)
months = [(y, m) for y in range(1900, 2100) for m in range(1, 13)]
held_out = [(y, m) for y, m in months if (y + 3 * m) % 20 == 10]
training = draw_pairs([month for month in months if month not in held_out], 30_000)
unseen = draw_pairs(held_out, 500)
print("months:", len(months), "of them held out:", len(held_out))
for source, target in unseen[:4]:
    print(f"{source:28} -> {target}")

# %% [markdown]
# The model reads and writes characters, each by its number. Three more symbols help: a **start
# token**, which every target begins with, so that there is something to ask for the first
# character; an **end token**, which says that the text is complete; and **padding**, symbols
# without meaning that fill up the shorter texts of a batch, since a tensor has no ragged edge.

# %% tags=["nbval-check-output"]
PAD, START, END = 0, 1, 2
symbols = ["(pad)", "(start)", "(end)", *sorted(set("".join(s + t for s, t in training)))]


def to_ids(text):
    return [symbols.index(c) for c in text if c in symbols]  # what it never saw is left out


def from_ids(ids):
    return "".join(symbols[i] for i in ids)


def pad(rows):
    return pad_sequence([torch.tensor(row) for row in rows], batch_first=True, padding_value=PAD)


print("symbols:", len(symbols))
print(pad([to_ids("Mar 3"), to_ids("3.3.2021")]))

# %% [markdown]
# ## By hand: one text asks, another is asked
#
# In lesson 05 one text made queries, keys and values: **self-attention** lets the tokens of a text
# look at each other. **Cross-attention** takes the queries from one text, the target, and the keys
# and values from another, the source. All else stays:
#
# $$ \mathrm{softmax}\left(\frac{q\,k^\top}{\sqrt{d}}\right) v $$
#
# Let the source have three pieces, *7*, *March* and *2021*, and the target two so far, *(start)*
# and *2021-*. Queries and keys say *day*, *month* or *year*; values are the two digits of a piece.

# %%
q = torch.tensor([[0.0, 0.0, 12.0], [0.0, 12.0, 0.0]])  # wants: a year, then a month
k = torch.tensor([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])  # a day, a month, a year
v = torch.tensor([[0.0, 7.0], [0.0, 3.0], [2.0, 1.0]])

# %% [markdown]
# **Predict:** how many rows and how many columns does the table of weights have?

# %%
guess = None  # two numbers, such as [3, 3]

# %% tags=["nbval-check-output"]
weights = (q @ k.mT / 3**0.5).softmax(-1)
print("weights:", weights.round(decimals=2).tolist())
print("taken away:", (weights @ v).round(decimals=1).tolist())
answer_guess(guess, list(weights.shape), "a row for each that asks, a column for each asked")

# %% [markdown]
# *(start)* finds the year and takes 21; *2021-* finds March and takes 03. No causal mask is needed:
# the source is there from the beginning, and a year that stands at its end may be wanted first.
#
# In a model, learned matrices make q from the target and k and v from the source. As loops, for one
# head, beside the package's `MultiHeadAttention`, which gives its output and its weights:

# %% tags=["nbval-check-output"]
from llama_edu.model.seq2seq import DecoderLayer, EncoderLayer, MultiHeadAttention, Transformer


def naive_cross_attention(layer, x, memory):
    mixed = []
    for asking in x:
        query = layer.q_proj(asking)
        fits = [query @ layer.k_proj(asked) / len(query) ** 0.5 for asked in memory]
        shares = torch.stack(fits).softmax(0)
        values = [layer.v_proj(asked) for asked in memory]
        mixed.append(sum(share * value for share, value in zip(shares, values, strict=True)))
    return layer.o_proj(torch.stack(mixed))


torch.manual_seed(0)
layer, x, memory = MultiHeadAttention(d_model=8, n_heads=1), torch.randn(2, 8), torch.randn(3, 8)
ours, weights = layer(x[None], memory[None], mask=torch.ones(1, 3).bool())
print("output:", tuple(ours.shape), "weights:", tuple(weights.shape))
print("equal to the loops:", torch.allclose(ours[0], naive_cross_attention(layer, x, memory)))

# %% [markdown]
# ## Encoder and decoder
#
# The **encoder** reads the source: it makes of each token a vector that knows its surroundings, on
# both sides, as its self-attention has no causal mask. The **memory** is what the encoder hands
# over, a vector for each token of the source. The **decoder** writes the target, one token after
# another, and looks at the memory by cross-attention.

# %% tags=["nbval-ignore-output"]
plots.flow(
    [("source", "characters"), ("encoder", "self-attention,\nfeed-forward"),
     ("memory", "a vector for\neach character"),
     ("decoder", "self-attention,\ncross-attention,\nfeed-forward"), ("next", "one character")],
    {(3, 4): "read again with all before it"},
    title="The source is read once; the target grows one character a round",
    alt="Source, encoder, memory, decoder, next character. An arc leads from it to the decoder.",
)

# %% [markdown]
# Each layer is made of sublayers. A **sublayer** is an attention or a feed-forward network with
# what stands around it: its output is added to its input, which is a **residual connection**, and
# the sum is normed. The original Transformer is **post-norm**: the norm comes after the sum.
#
# $$ x \leftarrow \mathrm{LayerNorm}(x + \mathrm{Sublayer}(x)) $$
#
# A LLaMA is **pre-norm**: the norm stands before the sublayer, $x \leftarrow x +
# \mathrm{Sublayer}(\mathrm{RMSNorm}(x))$ (lesson 07).
#
# **Predict:** how many sublayers has a layer of the encoder, one of the decoder, one of a LLaMA?

# %%
guess = None  # three numbers, such as [2, 2, 2]

# %% tags=["nbval-check-output"]
from llama_edu.config import PRESETS, ModelConfig
from llama_edu.model.llama import Block, Llama

shape = {"d_model": 64, "n_heads": 4, "d_ff": 256, "pre_norm": False, "dropout": 0.0}
n_sublayers = []
for layer in (EncoderLayer(**shape), DecoderLayer(**shape), Block(PRESETS["tiny"])):
    parts = [part for part, _ in layer.named_children() if part.endswith(("attention", "ffn"))]
    n_sublayers.append(len(parts))
    print(f"{type(layer).__name__}: {', '.join(parts)}")
answer_guess(guess, n_sublayers, "only the decoder of 2017 has cross-attention")

# %% [markdown]
# So a decoder layer has three sublayers, and texts that give two to every layer have forgotten
# cross-attention, without which the decoder could not see the source at all. (Such texts also say
# that $\sqrt{d}$ keeps gradients from vanishing in deeper layers: it has nothing to do with depth,
# as lesson 05 shows.)
#
# Two things more. Attention knows nothing of order, so a vector of sines and cosines, one for each
# place, is added to every embedding (lesson 06). And the feed-forward network is
# $\max(0, xW_1 + b_1)W_2 + b_2$, with a ReLU, where LLaMA has SwiGLU (lesson 07).

# %% tags=["nbval-ignore-output"]
show_source(DecoderLayer.forward)
show_source(MultiHeadAttention.forward, folded="MultiHeadAttention: for after the exercise")

# %% [markdown]
# ## Training: the right answer, one place late
#
# **Teacher forcing** trains a decoder on the true target so far, and not on what it has written
# itself. The decoder's input is the target **shifted right**: a start token stands in front, so
# that at each place it must say a character that it has not been given yet. The causal mask hides
# what comes later, so that all places are trained at once.
#
# **Predict:** how many predictions does the model learn from when the target is *2021-03*?

# %%
guess = None  # a number

# %% tags=["nbval-check-output"]
target = pad([[START, *to_ids("2021-03"), END], [START, *to_ids("2021-03-23"), END]])
for given, expected in zip(target[0, :-1].tolist(), target[0, 1:].tolist(), strict=True):
    print(f"{symbols[given]:8}-> {symbols[expected]}")
answer_guess(guess, 8, "one for each character, and one for the end",
             wrong={7: "that the text ends must be learned too"})

# %% [markdown]
# The last lines fill up beside a longer target, and there is nothing to learn from them:
# `ignore_index=PAD` leaves these places out of the loss, and out of its mean.
#
# The loop takes any model and any function that gives the loss of a few pairs. The learning rate
# rises over the first 50 steps, then falls to 0.


# %%
def date_loss(model, pairs):
    source = pad([to_ids(text) for text, _ in pairs])
    target = pad([[START, *to_ids(text), END] for _, text in pairs])
    logits = model(source, target[:, :-1], source_padding=source == PAD)
    return F.cross_entropy(logits.flatten(0, 1), target[:, 1:].flatten(), ignore_index=PAD)


def train(model, loss_of, n_steps=500, peak_lr=8e-3):
    optimizer = torch.optim.Adam(model.parameters(), betas=(0.9, 0.98))
    dice = random.Random(0)
    for step in range(n_steps):
        for group in optimizer.param_groups:
            group["lr"] = peak_lr * min(1, (step + 1) / 50) * (1 - step / n_steps)
        loss = loss_of(model, dice.sample(training, 64))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return model.eval()


def share_right(written, pairs):
    wrote = [from_ids(ids) for ids in written]
    return sum(a == b for a, (_, b) in zip(wrote, pairs, strict=True)) / len(pairs)


# %% [markdown]
# One layer each will do. **Greedy decoding** writes the likeliest character each time, appends it
# to the target and asks again, until the model says *(end)*. A date counts as right only if every
# character is.

# %% tags=["nbval-check-output"]
torch.manual_seed(0)
model = train(Transformer(len(symbols), len(symbols), 64, 4, 256, n_layers=1), date_loss)
sources = pad([to_ids(text) for text, _ in unseen])
written = model.write(sources, START, END, max_new_tokens=11, source_padding=sources == PAD)
right = share_right(written, unseen)
print("of unseen dates, more than nine tenths right:", right > 0.9)

# %% [markdown]
# What does it get wrong? (Yours may differ: two processors do not round alike.)

# %% tags=["nbval-ignore-output"]
answers = [(*pair, from_ids(ids)) for pair, ids in zip(unseen, written, strict=True)]
print(f"right: {right:.1%}")
for source, target, wrote in [one for one in answers if one[1] != one[2]][:6]:
    print(f"{source:28} is {target:10} and it wrote {wrote}")

# %% [markdown]
# ## The picture
#
# The **alignment** of two texts says which part of one belongs to which part of the other.
# Nobody told the model. It stands in the weights of its cross-attention:


# %%
@torch.no_grad()
def align(text):
    """What it writes, and how much each character of it looks at each of the source."""
    source = torch.tensor([to_ids(text)])
    [ids] = model.write(source, START, END, max_new_tokens=11)
    _, weights = model.decode(model.encode(source), torch.tensor([[START, *ids]]))
    return from_ids(ids), weights[-1, 0].mean(0)  # (T, S), the mean of the heads


# %% [markdown]
# **Predict:** in *Friday, 16 April 1954* the order is weekday, day, month, year. At which of the
# four does it look first?

# %%
guess = None  # "weekday", "day", "month" or "year"

# %% tags=["nbval-check-output"]
columns, table = ["weekday", "day", "month", "year"], torch.zeros(3, 4)
long_dates = [text for text, target, wrote in answers if "day, " in text and wrote == target]
for text in long_dates:
    word_of = torch.tensor([text[:i].count(" ") for i in range(len(text))])  # 0 to 3
    on_word = align(text)[1] @ F.one_hot(word_of).float()  # (T, 4)
    parts = on_word[:4], on_word[5:7], on_word[8:10]  # of 1954-04-16
    table += torch.stack([part.mean(0) for part in parts]) / len(long_dates)
for part, row in zip(("year", "month", "day"), table, strict=True):
    print(f"while it writes the {part}, it looks most at the {columns[row.argmax()]}")
answer_guess(guess, columns[table[0].argmax()], "the year is written first, wherever it stands")


# %% [markdown]
# That is the mean over all such dates that it got right. Here is one of them:

# %% tags=["nbval-ignore-output"]
def draw_alignment(text, title="where each character looked"):
    wrote, weights = align(text)
    return plots.attention(
        {"": weights}, [*wrote, "(end)"][: len(weights)],
        key_words=[symbols[i].replace(" ", "␣") for i in to_ids(text)], title=f"{wrote}: {title}",
        alt=f"A row for each character written, a column for each of '{text}'. While it writes the "
        "year, the dark squares lie under the year, then under the month, then under the day.",
    )


draw_alignment(long_dates[0], title="each part looks at the part that it is made of")

# %% [markdown]
# For the month it looks at a few letters of its name, which tell it from other names. Such a map
# shows where a decoder looks, not all of what it takes from there: each vector of the memory
# already knows its surroundings.
#
# Try your own, in its nine ways or others, or a day that never was, such as `31.2.1999`: it has no
# calendar to look into.

# %% tags=["nbval-ignore-output"]
explore(draw_alignment, text="Aug 7, 1954")

# %% [markdown]
# ## Break it: padding that is not hidden
#
# A colleague reports: each date alone is right, in a batch many are wrong. **Break it, then
# diagnose it.** A **padding mask** keeps padding from being looked at; leave it out, and write the
# same short dates in batches that are longer by 0 to 16 characters of padding.


# %% tags=["nbval-check-output"]
def right_with(n_padding, is_hidden):
    same_length = [pair for pair in unseen if len(pair[0]) == 11]
    rows = F.pad(pad([to_ids(text) for text, _ in same_length]), (0, n_padding), value=PAD)
    hidden = rows == PAD if is_hidden else None
    return share_right(model.write(rows, START, END, 11, source_padding=hidden), same_length)


n_padding = [0, 1, 2, 4, 8, 16]
hidden = [right_with(n, is_hidden=True) for n in n_padding]
looked_at = [right_with(n, is_hidden=False) for n in n_padding]
print("padding hidden: always the same:", len(set(hidden)) == 1)
print("padding looked at: in the end less than three quarters right:", looked_at[-1] < 0.75)

# %% tags=["nbval-ignore-output"]
plots.lines(
    {"padding hidden": (n_padding, hidden), "padding looked at": (n_padding, looked_at)},
    x_label="characters of padding", y_label="share of dates right", y_from_zero=True,
    title="Without the mask, an answer depends on how long the other texts are",
    alt="With the mask the share that is right is one flat line near 1. Without it falls steeply "
    "with every character of padding.",
)

# %% [markdown]
# No error is raised, and a batch of equally long texts shows nothing. In the encoder and in
# cross-attention alike, padding takes a part of the weight and puts its own vector into the
# mixture. To find it, write the same text alone and in a batch, and compare.
#
# The mask must fit the scores (B, H, T, S), one row of S for each text, for all heads and all who
# ask: `~padding[:, None, None, :]` brings (B, S) to (B, 1, 1, S). And beware of its meaning:
# `source_padding`, like PyTorch's `key_padding_mask`, says True where padding *is*, while the masks
# of lesson 05 say True where one *may* look.

# %% [markdown]
# ## Without an encoder
#
# Now the step that leads to LLaMA: put source and target into *one* text, *(start)* between them. A
# **decoder-only** model is one stack with a causal mask and without cross-attention: it reaches
# the source by self-attention, as a part of its past. Only the target counts in the loss.

# %% tags=["nbval-check-output"]
def one_text_loss(model, pairs):
    rows = pad([[*to_ids(source), START, *to_ids(target), END] for source, target in pairs])
    expected = pad([[PAD] * len(source) + [*to_ids(target), END] for source, target in pairs])
    logits = model(rows[:, :-1])
    return F.cross_entropy(logits.flatten(0, 1), expected.flatten(), ignore_index=PAD)


torch.manual_seed(0)
shape = {"d_model": 64, "n_layers": 2, "n_heads": 4, "n_kv_heads": 4, "d_ff": 176}
llama = Llama(ModelConfig(vocab_size=len(symbols), max_seq_len=64, tie_embeddings=True, **shape))
for one in (model, llama):
    print(f"{type(one).__name__}: {sum(p.numel() for p in one.parameters()):,} parameters")

# %% [markdown]
# **Predict:** trained on as many dates (with a smaller learning rate), what does it get right?

# %%
guess = None  # "about as much", "half as much" or "next to nothing"

# %% tags=["nbval-check-output"]
from llama_edu.generate import generate

train(llama, one_text_loss, peak_lr=5e-3)
prompts = [[*to_ids(text), START] for text, _ in unseen]
right_alone = share_right(generate(llama, prompts, 11, stop=[END]), unseen)
print("more than nine tenths right:", right_alone > 0.9)
answer_guess(guess, "about as much", "its attention looks back at the source without an encoder")

# %% tags=["nbval-ignore-output"]
print(f"right with an encoder: {right:.1%}, without: {right_alone:.1%}")

# %% [markdown]
# One seed and one small task do not say which is better; they say that the encoder is not needed.
# What is gained by leaving it out? A chat grows with every turn. An encoder sees both sides, so
# its vectors change when a word is added; what a decoder has computed stays valid, and is kept (its
# *cache*, lesson 10).

# %% tags=["nbval-check-output"]
text = torch.tensor([to_ids("23 March 2021")])
with torch.no_grad():
    encoder_change = (model.encode(text)[:, :-1] - model.encode(text[:, :-1])).abs().amax(-1)[0]
    llama_change = (llama(text)[:, :-1] - llama(text[:, :-1])).abs().amax(-1)[0]
print("one character is added at the end; of the 12 before it change")
print("  more than half in the encoder:", int((encoder_change > 1e-4).sum()) > 6)
print("  how many in the LLaMA:", int((llama_change > 1e-4).sum()))

# %% [markdown]
# And any text at all will train it: no pairs are needed. Here four examples stand in the prompt of
# SmolLM2, which is a LLaMA and was made for no task in particular:

# %% tags=["nbval-ignore-output"]
from llama_edu.pretrained import load_pretrained

smol = load_pretrained(dtype=torch.float32)
examples = "".join(f"{source} = {target}\n" for source, target in training[:4])
for source, _ in unseen[:4]:
    [ids] = generate(smol.model, [smol.text_ids(f"{examples}{source} =")], 12, stop=smol.stop_ids)
    print(f"{source:28} -> {smol.tokenizer.decode(ids).splitlines()[0].strip()}")

# %% [markdown]
# Not all of them are right, but the same model chats, too: it takes its task from the text.
#
# ## In short
#
# 1. The encoder reads the source with both sides in view; the decoder writes, with three sublayers
#    a layer: causal self-attention, cross-attention to the source, feed-forward.
# 2. It is trained on the target shifted right; padding counts neither in attention nor in the loss.
# 3. Put both texts into one, and a decoder alone does it: that is a LLaMA.

# %% [markdown] tags=["sourced"]
# **Where LLaMA really does this.** The encoder and decoder are from arXiv:1706.03762; the
# decoder-only Transformer from arXiv:1801.10198. Texts that give LLaMA an encoder and a decoder are
# wrong: Meta's model card calls it an auto-regressive language model, and its code has one stack
# with a causal mask and no cross-attention. A comparison at 5 billion parameters
# (arXiv:2204.05832) found causal decoders best at tasks without examples right after pretraining,
# and models that see both sides of their input best after further training on many tasks: the
# encoder was dropped, not refuted. And it came back for pictures: in Llama 3.2 Vision,
# cross-attention layers feed what an image encoder made into the language model (its model card).
#
# **Now you:** [exercises/08_transformer](../exercises/08_transformer.ipynb)
