# %% [markdown]
# # 01 · The family: LLaMA 1 to 4, counted
#
# **What you need:** lesson 00 (tokens, logits), and to multiply.
#
# **What you will be able to do:** count a LLaMA's parameters to the unit, its memory and its work;
# say what changed from LLaMA 1 to 4; check what is written about it.
#
# **Time:** about 55 minutes: table 7 · parameters 16 · one stack 5 · changes 9 · memory 4 · a wrong
# list 4 · carbon 4 · a quiz 6.
#
# What is a LLaMA? A popular article on LLaMA's architecture and training answers: an encoder and a
# decoder, trained on adversarial examples, at less cost and carbon. It reads well. Is it true?
# Count, test a real model, and judge twelve of its claims.

# %% tags=["nbval-check-output"]
import dataclasses

import torch

from llama_edu import plots
from llama_edu.config import PRESETS, ModelConfig
from llama_edu.course.reader import answer_guess, explore
from llama_edu.course.source import show_source
from llama_edu.pretrained import load_pretrained

FAMILY = {name: c for name, c in PRESETS.items() if name.startswith("llama")}
print(f"{'':14}{'D':>6}{'layers':>8}{'H':>5}{'G':>5}{'F':>7}{'V':>9}{'context':>9}")
for name, c in FAMILY.items():
    print(f"{name:14}{c.d_model:6}{c.n_layers:8}{c.n_heads:5}{c.n_kv_heads:5}{c.d_ff:7}"
          f"{c.vocab_size:9,}{c.max_seq_len:9,}")

# %% [markdown]
# Inside the model each token is a **vector**, a row of numbers; **D** is its width, and **V**
# counts the tokens of the vocabulary. The **context length** of a model is the most tokens that it
# was trained to take at once. A **layer** has two parts, and the vectors go through layer after
# layer. The first part is *attention*, in which tokens look at each other (lesson 05). It is split
# into heads: **H** counts those that look, and **G** counts the key and value heads, which hold
# what they look at. The second is the **feed-forward layer**, which treats each token by itself: it
# makes the vector wider and narrow again. **F** is the width in between.

# %% [markdown] tags=["sourced"]
# The table ends before LLaMA 4: this course has no preset for it yet, so its row is copied, not
# computed. *Llama 4 Scout:* D 5120, 48 layers, H 40, G 8, F 8192 in each expert, V 202,048
# ([defaults in transformers](https://github.com/huggingface/transformers/blob/main/src/transformers/models/llama4/configuration_llama4.py)),
# context 10 million.
#
# A **mixture of experts** is a layer with many feed-forward layers, of which each token uses only a
# few. Scout has 16 to choose from, Maverick 128; a token takes one, and one more that is shared. So
# of Scout's 109 billion parameters and Maverick's 400, only 17 billion work for any one token
# ([model card](https://github.com/meta-llama/llama-models/blob/main/models/llama4/MODEL_CARD.md)).
# Lesson 12 builds it.

# %% [markdown]
# ## Parameters by hand
#
# A **parameter** is one of the numbers that a model learns. They lie in matrices, tables of
# numbers, so counting them is multiplying widths and heights. Try it on `tiny`, our smallest
# preset: V 512, D 64, 2 layers, H 4, G 2, F 176. Each head is D / H = 16 numbers wide.

# %% tags=["nbval-check-output"]
embedding = 512 * 64  # a row of 64 numbers for each token
query = (4 * 16) * 64  # 4 heads of 16, each made from a vector of 64
key, value = (2 * 16) * 64, (2 * 16) * 64  # only 2 heads
back = 64 * (4 * 16)  # from the 4 heads back to the vector
gate, up, down = 176 * 64, 176 * 64, 64 * 176  # the feed-forward layer: wide, wide, narrow
norms = 2 * 64  # before each of the two parts, the vector is scaled by 64 learned numbers
layer = query + key + value + back + gate + up + down + norms
output = 512 * 64  # from the vector to a logit for each token
print(f"a layer: {layer:,}, of which attention {query + key + value + back:,}")
print(f"by hand: {embedding + 2 * layer + 64 + output:,}")  # 64: a last norm before the output
print(f"package: {PRESETS['tiny'].n_params:,}")

# %% [markdown]
# Equal, to the unit. (The **embedding** is the matrix whose rows are the tokens' first vectors.)
# Now *7B*, for seven billion. **Predict:** what share of it sits in the feed-forward layers?

# %%
guess = None  # a number between 0 and 1

# %% tags=["nbval-check-output"]
c = PRESETS["llama-7b"]
parts = {
    "attention": 32 * 4 * 4096 * 4096,  # G = H, so all four matrices are square
    "feed-forward": 32 * 3 * 4096 * 11_008,
    "embedding and output": 2 * 32_000 * 4096,
    "norms": 32 * 2 * 4096 + 4096,
}
total = sum(parts.values())
for name, n in parts.items():
    print(f"{name:21}{n:14,} {n / total:6.1%}")
print(f"{'together':21}{total:14,}   package: {c.n_params:,}")
why = "three matrices of 4096 × 11,008 are twice as much as four of 4096 × 4096"
answer_guess(guess, parts["feed-forward"] / total, why, within=0.12)

# %% [markdown]
# So *7B* is a rounded name. The same count for any shape is the first question of the exercise:
# *write your own first*, then unfold the package's.

# %% tags=["nbval-ignore-output"]
show_source(ModelConfig.n_params.fget, folded="n_params: for after the exercise")

# %% [markdown]
# ## Do real weights look like that?
#
# The article says that a feed-forward layer computes $\max(0, xW_1 + b_1)W_2 + b_2$, with two
# matrices and two biases. A **bias** is a vector of learned numbers that is added after a product.
#
# SmolLM2 is a small model of LLaMA's architecture, trained by Hugging Face. **Predict:** it has 30
# layers. How many biases are among its weights?

# %%
guess = None  # a number

# %% tags=["nbval-check-output"]
smol = load_pretrained(dtype=torch.float32)
weights = dict(smol.model.named_parameters())
biases = [name for name in weights if "bias" in name]
for name, weight in weights.items():
    if name.startswith("blocks.0."):
        print(f"{name:35}", *weight.shape)
print(len(weights), "tensors,", len(biases), "biases,", sum(w.numel() for w in weights.values()))
print("n_params:", PRESETS["smollm2-135m"].n_params)
answer_guess(
    guess, len(biases), "LLaMA's layers have none",
    wrong={60: "that would be the article's formula, which is the Transformer's of 2017"},
)

# %% [markdown]
# No biases, and *three* matrices: gate, up and down. (The package keeps gate and up in one, of
# twice 1536 rows, and queries, keys and values in one.) LLaMA's formula is another,
#
# $$W_\text{down}\left(\operatorname{SiLU}(W_\text{gate}\,x) \odot W_\text{up}\,x\right)$$
#
# where $\odot$ multiplies number by number. **SwiGLU** is a feed-forward layer of three matrices,
# in which one product is the gate of another (lesson 07). There is no output matrix:
# **weight tying** uses the embedding as output too.

# %% [markdown]
# The article also has the matrices *factored* to save parameters: two thin ones, such as 4096 × 64
# and 64 × 4096, instead of one of 4096 × 4096. If LLaMA 7B had that in all its attention:

# %% tags=["nbval-check-output"]
whole, thin = 4096 * 4096, 2 * 4096 * 64
factored = PRESETS["llama-7b"].n_params - 32 * 4 * (whole - thin)
print(f"{thin / whole:.1%} of each matrix, {factored:,} parameters in all")

# %% [markdown] tags=["sourced"]
# A **low-rank approximation** replaces a matrix by the product of two thin ones. LLaMA's weights
# are whole matrices ([released code](https://github.com/meta-llama/llama/blob/llama_v1/llama/model.py)),
# 2 billion parameters more. Low rank is what *users* add, to tune a LLaMA at less cost (LoRA,
# arXiv:2106.09685; lesson 21).

# %% [markdown]
# ## An encoder and a decoder?
#
# The Transformer of 2017 was built to translate. Its **encoder** is a stack of layers that reads a
# whole text at once, every token seeing all others; its **decoder** is a stack of layers that
# writes another text, each token seeing only earlier ones. The article gives LLaMA both.
#
# That can be tested. Change only the last word of a text. **Predict:** at how many of its tokens do
# SmolLM2's logits change?

# %%
guess = None  # a number from 0 to 9: the text has 9 tokens

# %% tags=["nbval-check-output"]
texts = ["The llama sleeps in the barn", "The llama sleeps in the sun"]
tokens = torch.tensor([smol.text_ids(text) for text in texts])
with torch.no_grad():
    barn, sun = smol.model(tokens)
change = (barn - sun).abs().amax(-1)  # the largest of all logits, for each token
for i, size in zip(tokens[0].tolist(), change.tolist(), strict=True):
    print(f"{smol.tokenizer.decode([i]):8} {size:.1f}")
n_changed = (change > 0.01).sum().item()
answer_guess(
    guess, n_changed, "a token sees itself and what came before, and nothing after it",
    wrong={9: "in an encoder it would be 9, for there every token sees the last one"},
)

# %% [markdown] tags=["sourced"]
# Nothing changes before the last word: no part of the model has read the text as a whole. A
# **decoder-only model** is one stack of layers in which each token sees only itself and earlier
# ones. So is every LLaMA: an *auto-regressive* model ([first model
# card](https://github.com/meta-llama/llama/blob/llama_v1/MODEL_CARD.md)) with *causal* attention
# (arXiv:2302.13971, sec. 2.4). LLaMAs that see pictures have an encoder, but for pictures.

# %% [markdown]
# ## What changed from one to the next
#
# Take one model and its successor of the same size, and list every field in which they differ.

# %% tags=["nbval-check-output"]
def changes(old, new):
    print(f"{old} -> {new}")
    for field in dataclasses.fields(ModelConfig):
        was, now = (getattr(PRESETS[name], field.name) for name in (old, new))
        if was != now:
            print(f"    {field.name:12} {was} -> {now if isinstance(now, int | float) else 'yes'}")

for pair in ("7b 2-7b", "65b 2-70b", "2-70b 3-70b", "2-7b 3-8b", "3-8b 3.1-8b"):
    changes(*(f"llama-{size}" for size in pair.split()))

# %% [markdown]
# That is little. Twice the context; fewer key and value heads and a wider feed-forward layer; four
# times the vocabulary; then a context 16 times as long. (`rope_theta` and `rope_scaling` are about
# positions: lesson 06.) Where do the parameters go?

# %% tags=["nbval-ignore-output"]
def shares(c):
    attention = 2 * c.d_model * c.d_head * (c.n_heads + c.n_kv_heads) * c.n_layers
    ffn = 3 * c.d_model * c.d_ff * c.n_layers
    return attention / c.n_params, ffn / c.n_params, 1 - (attention + ffn) / c.n_params

shown = ["llama-7b", "llama-65b", "llama-2-70b", "llama-3-8b", "llama-3.1-405b", "llama-3.2-1b"]
kinds = ("attention", "feed-forward", "embedding, output, norms")
plots.bars(
    {kind: {name: shares(PRESETS[name])[i] for name in shown} for i, kind in enumerate(kinds)},
    title="Shared keys and values halve attention's share",
    x_label="share of all parameters",
    alt="Feed-forward has 0.64 of 7B, 0.66 of 65B, 0.82 of 2-70B, 0.70 of 3-8B, 0.81 of 405B and "
    "0.65 of 3.2-1B. Attention falls from 0.33 of 65B to 0.18 of 2-70B.",
)

# %% [markdown]
# Why fewer key and value heads? While a model writes, it keeps the keys and values of every token
# so far: the **KV cache**. One token adds, in every layer, a key and a value of G · d numbers,
# where **d** is the width of a head. **bf16** is a format of numbers that takes 2 bytes for each.
#
# **Predict:** Llama 2 70B has ten times the parameters of 7B. Is its cache for a token larger?

# %%
guess = None  # "larger", "smaller" or "equal"

# %% tags=["nbval-check-output"]
trained_on = {"llama-7b": 1.0e12, "llama-65b": 1.4e12, "llama-2-7b": 2.0e12, "llama-2-70b": 2.0e12,
              "llama-3-8b": 15e12, "llama-3.1-405b": 15.6e12}  # tokens
print(f"{'':15}{'feed-forward':>13}{'cache, bytes a token':>22}{'tokens a parameter':>20}")
for name, n_tokens in trained_on.items():
    c = PRESETS[name]
    cache = 2 * c.n_layers * c.n_kv_heads * c.d_head * 2  # key and value; 2 bytes
    print(f"{name:15}{shares(c)[1]:13.0%}{cache:22,}{n_tokens / c.n_params:20,.0f}")
small, large = (PRESETS[f"llama-2-{size}"].kv_bytes_per_token() for size in ("7b", "70b"))
answer_guess(
    guess, "larger" if large > small else "smaller",
    "it has 2.5 times the layers, but keeps 8 key and value heads in each, where 7B keeps 32",
)

# %% [markdown] tags=["sourced"]
# **Grouped-query attention** lets several heads share one key and value head, which makes the cache
# smaller; Llama 2 gives the parameters back by making the feed-forward layer 1.3 times as wide
# (arXiv:2307.09288, appendix A.2.1). The last column is the larger change: LLaMA 1 learned from
# 1 to 1.4 trillion tokens, Llama 2 from 2, Llama 3 from 15 (arXiv:2302.13971, arXiv:2307.09288,
# arXiv:2407.21783). Its makers say that they gain more by data and scale than by architecture.
# About 20 tokens a parameter had been held best for a given *training* budget; LLaMA spent more on
# training to get a smaller model, cheaper to *use* (arXiv:2302.13971, sec. 1).

# %% [markdown]
# ## What fits into memory?
#
# Weights are loaded once; the cache grows with every token of every text that is being written.
# Move the sliders: how many texts at once, of 2,048 tokens each, and how many bits a weight takes.

# %% tags=["nbval-ignore-output"]
def draw_memory(texts, bits):
    chosen = ["llama-7b", "llama-13b", "llama-3-8b", "llama-3.2-3b", "llama-3.2-1b"]
    gib = 2**30  # bytes
    held = {
        "weights": {name: PRESETS[name].n_params * bits / 8 / gib for name in chosen},
        "cache": {name: texts * 2048 * PRESETS[name].kv_bytes_per_token() / gib for name in chosen},
    }
    heavy = [name for name in chosen if held["cache"][name] > held["weights"][name]]
    title = f"{texts} texts at once: {len(heavy)} of {len(chosen)} caches outweigh the weights"
    return plots.bars(held, title=title, x_label="memory, GiB", n_digits=1,
                      alt="A bar for the weights and one for the cache of each model. At 32 texts "
                      "and 16 bits the cache of 7B is 32 GiB, that of 3-8B 8 GiB.")

explore(draw_memory, texts=(1, 64, 1), bits=[16, 8, 4])
draw_memory(32, 16)

# %% [markdown]
# ## A list that is wrong
#
# **Break it, then diagnose it.** A list of shapes, once part of the official code, has Llama 2 7B
# with G 8 and F 14,336. The released weights do not fit into such a model. What gives it away?

# %% tags=["nbval-check-output"]
right = PRESETS["llama-2-7b"]
listed = dataclasses.replace(right, n_kv_heads=8, d_ff=14_336)
print(f"as listed: {listed.n_params:,}   as released: {right.n_params:,}")
wider = dataclasses.replace(right, d_ff=14_336).n_params - right.n_params
fewer = dataclasses.replace(right, n_kv_heads=8).n_params - right.n_params
print(f"F alone: {wider:+,}   G alone: {fewer:+,}   both: {wider + fewer:+,}")

# %% [markdown] tags=["sourced"]
# In part the errors cancel: it would still be called 7B. The sizes are those of Llama 3 8B
# ([`sku_list.py`](https://github.com/meta-llama/llama-models/blob/364ed4e/models/sku_list.py),
# deleted later). An official source can be wrong, too.

# %% [markdown] tags=["sourced"]
# ## Does it save carbon?
#
# The article says that LLaMA greatly reduces the cost and the carbon of training. The paper prints
# how many hours its graphics cards worked. It takes 0.4 kW for a card, times 1.1 for the data
# centre, and 0.385 kg of CO2 a kWh; and it works the same out for OPT-175B, an older model of Meta
# (arXiv:2302.13971, sec. 6, table 15). **Predict:** LLaMA 65B has about a third of OPT's
# parameters. Which took more energy to train?

# %%
guess = None  # "LLaMA" or "OPT"

# %% tags=["nbval-check-output"]
gpu_hours = {"LLaMA 65B": 1_022_362, "OPT-175B": 809_472}
mwh = {name: hours * 0.4 * 1.1 / 1000 for name, hours in gpu_hours.items()}
for name, energy in mwh.items():
    print(f"{name:10} {energy:.0f} MWh, {energy * 0.385:.0f} tonnes of CO2")
for name in ("llama-65b", "llama-3.1-405b"):
    flops = 6 * PRESETS[name].n_params * trained_on[name]
    print(f"{name:15} 6 · parameters · tokens = {flops:.2e} FLOPs")
answer_guess(
    guess, "LLaMA" if mwh["LLaMA 65B"] > mwh["OPT-175B"] else "OPT",
    "LLaMA has fewer parameters, but it read far more tokens, and each costs work",
)

# %% [markdown] tags=["sourced"]
# What LLaMA saves is work in *use*: its 13B beats GPT-3, of 175B, on most benchmarks
# (arXiv:2302.13971, abstract).
#
# A **FLOP** is one addition or multiplication of numbers. Each parameter is multiplied once and
# added once for each token, so a token costs about 2 N FLOPs, where **N** counts the parameters.
# Training costs 4 N more, to find how each parameter should change: 6 N for each of its tokens. For
# 405B that gives what its paper prints, $3.8 \times 10^{25}$ (arXiv:2407.21783, sec. 3).

# %% [markdown]
# ## A quiz: true, half or false?
#
# You have judged four claims: encoder, feed-forward formula, low rank, carbon. All are false of
# LLaMA. Here are eight more. *half* means: true of a part, or only of a later LLaMA than the one of
# 2023 that the article describes. Put a word in the place of each `None`.
#
# 1. Its text comes from the web, books, news and social media.
# 2. Cleaning removes text of low quality.
# 3. More text is made by back-translation and by replacing words with synonyms.
# 4. It is made smaller by distillation: a small model learns from a large one.

# %%
guess = [None, None, None, None]  # each "true", "half" or "false"

# %% tags=["nbval-ignore-output"]
answer_guess(guess[0], "half", "web and books, but no news and no social media are listed", wrong={
    "true": "its table of data has web pages, code, Wikipedia, books, arXiv and StackExchange",
    "false": "web pages are four fifths of it, and books are there; news and social media are not"})
answer_guess(guess[1], "true", "a classifier, a language model and rules throw pages out", wrong={
    "half": "the first LLaMA did so, with a classifier, a language model and simple rules",
    "false": "whole pages are thrown out by a classifier, a language model and simple rules"})
answer_guess(guess[2], "false", "nothing of the kind is in its section on data", wrong={
    "true": "nothing of the kind is reported; most text was seen about once, so there was enough",
    "half": "Llama 3 has a step called back-translation, but it goes from code to its description "
    "and back, to check itself; translated text it tries to avoid"})
answer_guess(guess[3], "half", "not in 2023; Llama 3.2 1B and 3B learned from larger ones", wrong={
    "true": "nothing of it is in the paper of 2023; it came with Llama 3.2",
    "false": "true of 2023, but Llama 3.2 1B and 3B did learn from the logits of 8B and 70B"})

# %% [markdown]
# Four on attention and training:
#
# 1. Attention is local or sparse: a token looks only at a part of what came before.
# 2. Adversarial training: inputs are shifted a little in the direction that hurts the model most.
# 3. Instruction tuning: the model is trained further on tasks with their answers.
# 4. The optimizers, which change the parameters step by step, are AdamW and LAMB.

# %%
guess = [None, None, None, None]  # each "true", "half" or "false"

# %% tags=["nbval-ignore-output"]
answer_guess(guess[0], "half", "only Llama 4 has layers that look at a part of the past", wrong={
    "true": "up to Llama 3 every token looks at all before it; what saves memory there is exact",
    "false": "true up to Llama 3, but most layers of Llama 4 look only at their own chunk of text"})
answer_guess(guess[1], "false", "no report on any LLaMA names it, as far as we have read", wrong={
    "true": "no report names it; the adversarial prompts that they name are a test of safety",
    "half": "the adversarial prompts of later reports are written by people, to test safety; no "
    "input is shifted along a gradient"})
answer_guess(guess[2], "half", "one experiment in 2023, but all later Instruct models", wrong={
    "true": "in 2023 it was one short experiment at the end of the paper, not how LLaMA was made",
    "false": "true of 2023, but for one experiment; Llama 2-Chat and all Instruct models are"})
answer_guess(guess[3], "half", "AdamW, yes, for LLaMA 1, 2 and 3; LAMB for none of them", wrong={
    "true": "LAMB is in none of the papers; all name AdamW",
    "false": "AdamW is what all three papers name; LAMB none"})

# %% [markdown] tags=["sourced"]
# Sources, in order: arXiv:2302.13971 table 1 · sec. 2.1 · sec. 2.1 and arXiv:2407.21783 sec. 4.3.1
# and 4.3.2 · [Llama 3.2's card](https://github.com/meta-llama/llama-models/blob/main/models/llama3_2/MODEL_CARD.md)
# · [Llama 4's code](https://github.com/meta-llama/llama-models/blob/main/models/llama4/model.py)
# · training sections of arXiv:2302.13971, arXiv:2307.09288 and arXiv:2407.21783 · arXiv:2302.13971
# sec. 4 · sec. 2.3.
#
# We find 33 claims in the article. As they stand 8 are true, 12 half, 12 false, and 1 cannot be
# told. Yet the half and false ones are no nonsense: most name real techniques, which this course
# teaches. They are only not what made LLaMA. The other 21, to unfold:

# %% [markdown] tags=["sourced"]
# <details><summary>The name, and what LLaMA is for: 6 claims</summary>
#
# - *true:* GPT, LaMDA and Chinchilla are large language models (undisputed).
# - *false:* the name is short for *Lean Big-Aligned Awesome Model Approach*. It is *Large Language
#   Model Meta AI* ([Meta, 2023](https://ai.meta.com/blog/large-language-model-llama-meta-ai/)).
# - *false:* method and architecture are new. Three known changes, a standard optimizer
#   (arXiv:2302.13971, sec. 2).
# - *true:* sizes from 7B to 65B, in 2023 (table 2).
# - *half:* made for efficient and sustainable training. The aim is the best model for each cost of
#   *use*; carbon has a section (sec. 1, 6).
# - *true:* models learn from plain text first and are tuned later (sec. 2, 4).
#
# </details>

# %% [markdown] tags=["sourced"]
# <details><summary>The data: 4 claims</summary>
#
# - *half:* personal information is removed. From Llama 2 on (arXiv:2307.09288, sec. 2.1).
# - *false:* copyrighted text is removed. The collection Books3 is in; only code is chosen by its
#   licence (arXiv:2302.13971, sec. 2.1).
# - *half:* text is filtered by grammar, coherence and information. It is filtered, by a language
#   model, by likeness to what Wikipedia cites, and by simple rules (sec. 2.1).
# - *half:* a part is annotated. From Llama 2 on, for tuning (arXiv:2307.09288, sec. 3.1).
#
# </details>

# %% [markdown] tags=["sourced"]
# <details><summary>Architecture and formulas: 6 claims</summary>
#
# - *false:* language models usually have an encoder and a decoder. GPT and LLaMA have one stack.
# - *false:* encoder and decoder layers have two parts each. A decoder layer of 2017 has three
#   (arXiv:1706.03762, sec. 3.1).
# - *true:* the formula of attention, though LLaMA's has a mask and positions (eq. 1).
# - *half:* $d_k$ scales against what deep layers do. It scales, for the width (sec. 3.2.1).
# - *half:* quantization. FP8 for 405B (arXiv:2407.21783, sec. 6.2), 4 bits for Llama 3.2 (card).
# - *half:* its code is LLaMA in PyTorch. It is PyTorch, but the attention of 2017, with biases.
#
# </details>

# %% [markdown] tags=["sourced"]
# <details><summary>Training: 5 claims</summary>
#
# - *false:* many tasks are trained at once. There is one, the next token (arXiv:2302.13971).
# - *true:* standard backpropagation (sec. 2.4).
# - *true:* the formula of the worst small shift, to first order (arXiv:1412.6572).
# - *true:* training on the worst case is a minimum over a maximum (arXiv:1706.06083).
# - *cannot be told:* that makes LLaMA more robust. No LLaMA is reported to do it.
#
# </details>

# %% [markdown]
# ## In short
#
# 1. Seven numbers fix a LLaMA's shape; every parameter, byte of cache and FLOP follows by counting.
# 2. From LLaMA 1 to 3 little changed in shape: shared key and value heads, a wider feed-forward
#    layer, more vocabulary and context. Far more changed in the data.
# 3. A claim is checked by a count, by a test on a real model, or by what its makers wrote.

# %% [markdown] tags=["sourced"]
# **Where LLaMA really does this.** *no* means: not reported in what we have read.
#
# | | 1 | 2 | 3, 3.1 | 3.2 1B, 3B | 4 |
# |:---|:---|:---|:---|:---|:---|
# | decoder-only, SwiGLU, no bias | yes | yes | yes | yes | yes |
# | shared key and value heads | no | 34B, 70B | yes | yes | yes |
# | local attention | no | no | no | no | most layers |
# | experts | no | no | no | no | yes |
# | tuned on instructions | one test | Chat | Instruct | Instruct | Instruct |
# | distilled | no | small Chat | by its data | yes | Maverick |
# | low rank | no | no | no | 4-bit release | in code |
# | quantized release | no | no | 405B | yes | yes |
# | adversarial training | no | no | no | no | no |
#
# (arXiv:2302.13971, arXiv:2307.09288, arXiv:2407.21783,
# [code and cards](https://github.com/meta-llama/llama-models).)
#
# **Now you:** [exercises/01_family](../exercises/01_family.ipynb)
