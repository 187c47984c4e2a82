# %% [markdown]
# # 10 · Generation: from logits to text, and what sets its pace
#
# **What you need:** lessons 00 (logits, softmax, temperature) and 05 (keys, values, causal mask).
#
# **What you will be able to do:** choose the next token by five rules and say what each removes;
# write a KV cache; say why a chat program writes as fast as it does, and what makes it faster.
#
# **Time:** about 60 minutes: choosing a token 17 · the cache 18 · the pace 11 · batches 6 ·
# guessing ahead 8.
#
# Ask a chat program about something long. First you wait; then the words come one by one, at a
# steady pace. Why the wait, and what sets the pace? Here it is with SmolLM2, measured.

# %% tags=["nbval-ignore-output"]
import time
import timeit
from functools import partial
from itertools import pairwise

import torch

from llama_edu import plots
from llama_edu.config import PRESETS
from llama_edu.course.reader import answer_guess, explore
from llama_edu.course.source import show_source
from llama_edu.generate import generate, stream
from llama_edu.generate.sampling import keep_min_p, keep_top_k, keep_top_p
from llama_edu.model import masks, rope
from llama_edu.model.attention import explicit_attention
from llama_edu.model.cache import KVCache
from llama_edu.pretrained import load_pretrained

smol = load_pretrained(dtype=torch.float32)
model, text_of = smol.model, smol.tokenizer.decode

question = "How many cats do we have in all? " + "Alice has a cat. " * 40
tokens = smol.chat_ids([{"role": "user", "content": question}])
times = [time.perf_counter()]
times += [time.perf_counter() for _ in stream(model, [tokens], max_new_tokens=6)]
first, *rest = (end - start for start, end in pairwise(times))
print(f"{len(tokens)} tokens in; first token after {first:.2f} s, the next after {rest[-1]:.2f} s")

# %% [markdown]
# ## Choosing one token
#
# The model gives logits, and something must choose. By hand, with a vocabulary of five words:
# softmax makes probabilities, and we add them up from the top.

# %% tags=["nbval-check-output"]
logits = torch.tensor([[3.0, 2.0, 1.0, 0.0, -1.0]])  # of cat, dog, cow, axe, the
p = logits.softmax(-1)
print("probability:", [round(x, 3) for x in p[0].tolist()])
print("added up:   ", [round(x, 3) for x in p[0].cumsum(0).tolist()])

# %% [markdown]
# Greedy decoding takes *cat*, always. To *sample*, draw a number between 0 and 1, and take the
# first word at which the sum exceeds it: up to 0.636 that is *cat*, from there to 0.871 *dog*. So
# each word comes up as often as its probability says, *axe* and *the* as well. Three rules remove
# words first; the probabilities of the rest are scaled up to sum to 1 again.
#
# - **Top-k sampling** draws among the $k$ likeliest tokens only.
# - **Top-p sampling** draws among the likeliest tokens, as few as reach the probability $p$
#   together. The **nucleus** is the set of tokens that top-p sampling keeps.
# - **Min-p sampling** draws among the tokens at least $p$ times as likely as the likeliest.

# %% tags=["nbval-check-output"]
for keep, x in ((keep_top_k, 2), (keep_top_p, 0.9), (keep_min_p, 0.05)):
    left = keep(logits, x)  # what is removed has the logit -inf
    print(f"{keep.__name__} {x:4}:", [round(x, 3) for x in left.softmax(-1)[0].tolist()])

# %% [markdown]
# *Cat* and *dog* reach 0.871, which is less than 0.9, so *cow* stays too: the token that crosses
# $p$ belongs to the nucleus. Now two real beginnings, and a vocabulary of 49,152.

# %% tags=["nbval-check-output"]
@torch.no_grad()
def next_logits(text):
    return model(torch.tensor([smol.text_ids(text)]))[:, -1]

beginnings = ["The capital of France is", "She opened the door and saw a"]
sure, unsure = map(next_logits, beginnings)
for text, z in zip(beginnings, (sure, unsure), strict=True):
    chances = z[0].softmax(-1)
    likeliest = [f"{text_of([i])} {chances[i]:.0%}" for i in chances.topk(4).indices.tolist()]
    print(f"{text} …{','.join(likeliest)} of {len(chances):,} tokens")

# %% [markdown]
# **Predict:** how many tokens does top-p with $p = 0.9$ keep after *She opened the door and saw a*?

# %%
guess = None  # "fewer than 10", "10 to 100" or "more than 100"

# %% tags=["nbval-check-output"]
def n_kept(kept):
    return kept.isfinite().sum().item()

rules = {"top-k": (keep_top_k, 40), "top-p": (keep_top_p, 0.9), "min-p": (keep_min_p, 0.1)}
for name, (keep, x) in rules.items():
    n, n_unsure = n_kept(keep(sure, x)), n_kept(keep(unsure, x))
    print(f"{name} {x:3}: {n:2} when sure, about {round(n_unsure, -(n_unsure > 99))} when not")
why = "so many words can follow that the last tenths of the probability are spread very thin"
answer_guess(guess, "more than 100" if n_kept(keep_top_p(unsure, 0.9)) > 100 else "10 to 100", why)

# %% [markdown]
# Top-k keeps 40 whether the model is sure or not: too many for *Paris*, perhaps too few for what
# stands behind a door. Top-p and min-p follow the model. They part when the temperature rises:

# %% tags=["nbval-ignore-output"]
temperatures = [0.5, 0.75, 1.0, 1.25, 1.5, 1.75, 2.0]
plots.lines(
    {f"{name} {x}": (temperatures, [n_kept(keep(unsure / t, x)) for t in temperatures])
     for name, (keep, x) in rules.items()},
    y_log=True, x_label="temperature", y_label="tokens kept",
    title="At a high temperature top-p lets thousands in, min-p dozens",
    alt="Top-k is flat at 40. Top-p rises from 4 to several thousand, min-p from 5 to about 80.",
)  # fmt: skip

# %% [markdown]
# Move the rules yourself, for both beginnings. Below stand three texts of a high temperature.

# %% tags=["nbval-ignore-output"]
def draw_rules(beginning, temperature, top_k, top_p, min_p):
    z = (sure if beginning == beginnings[0] else unsure) / temperature
    z = keep_min_p(keep_top_p(keep_top_k(z, top_k), top_p), min_p)
    chances = z[0].softmax(-1)
    bars = {text_of([i]): chances[i].item() for i in chances.topk(8).indices.tolist()}
    return plots.bars(
        bars | {"all others": max(0, 1 - sum(bars.values()))},
        x_label="probability", title=f"{n_kept(z):,} of {len(chances):,} tokens can be drawn",
        alt="Bars of the eight likeliest next words and of all others together.",
    )

explore(draw_rules, beginning=beginnings[::-1], temperature=(0.1, 2.0, 0.1),
        top_k=[49_152, 400, 40, 4], top_p=(0.05, 1.0, 0.05), min_p=(0.0, 0.5, 0.01))  # fmt: skip
draw_rules(beginnings[1], temperature=1.0, top_k=49_152, top_p=0.9, min_p=0.0)

# %% tags=["nbval-ignore-output"]
ids = smol.text_ids(beginnings[1])
for settings in ({}, {"top_p": 0.9}, {"min_p": 0.1}):
    dice = torch.Generator().manual_seed(3)
    written = generate(model, [ids], 14, temperature=1.5, generator=dice, **settings)[0]
    print(settings or "no rule", "…", repr(text_of(written)))

# %% [markdown]
# **Break it, then diagnose it.** Top-p is easily written as *keep while the sum is at most p*. That
# seems to work. Here it is with $p = 0.5$:

# %% tags=["nbval-check-output"]
def careless_top_p(logits, p):
    ordered, order = logits.sort(descending=True)
    is_dropped = ordered.softmax(-1).cumsum(-1) > p
    return logits.masked_fill(is_dropped.gather(-1, order.argsort()), -torch.inf)

for name, z in (("not sure", unsure), ("sure", sure)):
    left = careless_top_p(z, 0.5)
    print(f"{name:8}: {n_kept(left)} kept, likeliest {left.softmax(-1).amax().item():.2f}")

# %% [markdown]
# Where the model is *sure*, its favourite alone exceeds $p$; nothing is kept, and softmax gives
# NaN. The right rule looks at the sum *before* each token, as the package's does:

# %% tags=["nbval-ignore-output"]
show_source(keep_top_p, folded="keep_top_p: for after the exercise")

# %% [markdown]
# ## The loop, and what it wastes
#
# **Autoregressive** means that each token is predicted from those before it, which may be the
# model's own. As plainly as can be:

# %%
@torch.no_grad()
def naive_generate(tokens, n):
    """n tokens after the prompt, greedily, and how many tokens the model read for them."""
    tokens, n_read = list(tokens), 0
    for _ in range(n):
        logits = model(torch.tensor([tokens]))[0, -1]  # reads everything, from the start
        n_read += len(tokens)
        tokens.append(logits.argmax().item())
    return tokens[-n:], n_read

# %% [markdown]
# **Predict:** the prompt has 12 tokens, and 10 are to be written. How many tokens does the model
# read for that, each as often as it is read?

# %%
guess = None  # a number

# %% tags=["nbval-check-output"]
ids = smol.text_ids("The capital of France is Paris. The capital of Italy is")
plain, n_read = naive_generate(ids, 10)
print(f"{len(ids)} tokens, then {text_of(plain)!r}: {n_read} tokens read")
answer_guess(guess, n_read, "12 + 13 + … + 21: every step starts from the beginning",
             wrong={22: "22 would be each token once, the last one too"})  # fmt: skip

# %% [markdown]
# Is it necessary? Let us see what a new token changes about those before it.

# %% tags=["nbval-check-output"]
with torch.no_grad():
    short, long = model(torch.tensor([ids])), model(torch.tensor([ids + plain]))
print("logits of the first 12 tokens unchanged:", torch.allclose(short, long[:, :12], atol=1e-3))

# %% [markdown]
# Nothing: the causal mask lets no token see what comes after it. So all that was computed about
# them can be kept. **Predict:** in each layer, which of an old token's vectors does a *new* token
# need for its attention?

# %%
guess = None  # "k", "v", "k and v" or "q, k and v"

# %% tags=["nbval-check-output"]
@torch.no_grad()
def naive_read(new, cache, start, blocks=model.blocks):
    """Logits after each of the tokens `new`, the first of which stands at place `start`."""
    rotation = rope.rotations(torch.arange(start, start + len(new)), model.rope_frequencies)
    x = model.embedding(torch.tensor([new]))
    for layer, block in enumerate(blocks):
        q, k, v = block.attention.project(block.attention_norm(x), rotation)
        if layer in cache:
            k, v = (torch.cat(pair, dim=2) for pair in zip(cache[layer], (k, v), strict=True))
        cache[layer] = k, v
        mixture, _ = explicit_attention(q, k, v)  # causal: the queries are the last of the keys
        x = x + block.attention.o_proj(mixture.transpose(1, 2).flatten(2))
        x = x + block.ffn(block.ffn_norm(x))
    return model.output(model.norm(x))[0]

cache = {}
naive_read(ids, cache, start=0)  # the prompt
logits = naive_read(plain[:1], cache, start=len(ids))[-1]  # one token alone
print("as without a cache:", torch.allclose(logits, long[0, len(ids)], atol=1e-3))
answer_guess(guess, "k and v", "no one asks with an old query again, and its answer is given")

# %% [markdown]
# That is the *KV cache* of lesson 05: two lists that grow. (`rope.rotations` tells the model where
# each token stands; that is the matter of lesson 06.) The loop with it reads each token once:

# %% tags=["nbval-check-output"]
def naive_cached(tokens, n, forgets_places=False):
    cache, new, written, n_read = {}, tokens, [], 0
    for _ in range(n):
        start = 0 if forgets_places else n_read
        logits = naive_read(new, cache, start)
        n_read += len(new)
        new = [logits[-1].argmax().item()]
        written += new
    return written, n_read

written, n_read = naive_cached(ids, 10)
print(f"the same text: {written == plain}, {n_read} tokens read")
print("the package's:", generate(model, [ids], 10)[0] == plain)

# %% [markdown]
# **Break it, then diagnose it.** A famous slip: each new token is alone in its tensor, so it is
# taken to stand at place 0.

# %% tags=["nbval-check-output"]
broken, _ = naive_cached(ids, 10, forgets_places=True)
print("right: ", repr(text_of(plain)))
print("broken:", repr(text_of(broken)))

# %% [markdown]
# The first word is right, since the prompt was read with its places; then the text goes astray, in
# fluent English, and without an error. Compare every cache you write with the slow loop.
#
# `torch.cat` copies the whole cache for every token. The package's, whose source comes first, sets
# its memory aside once. What does *one more token* cost, after few and after many?

# %% tags=["nbval-ignore-output"]
show_source(KVCache.append)

@torch.no_grad()
def seconds(run, *inputs, n=3):
    """The quickest of n runs: what else the machine does can only slow one down."""
    return min(timeit.repeat(partial(run, *inputs), number=1, repeat=n))

read = partial(model, last_only=True)
some = torch.randint(1000, 20_000, (16, 256), generator=torch.Generator().manual_seed(0))
lengths, without, cached = [16, 64, 128, 256], [], []
for n in lengths:
    without.append(1000 * seconds(read, some[:1, :n], n=2))
    cache = model.new_cache(1, n + 3)
    seconds(read, some[:1, :n], cache, n=1)  # the prompt
    cached.append(1000 * seconds(read, some[:1, :1], cache))
plots.lines(
    {"all read again": (lengths, without), "with a KV cache": (lengths, cached)},
    x_label="tokens so far", y_label="milliseconds for the next token", y_from_zero=True,
    title="Without a cache each token costs more than the last; with it, hardly",
    alt="Read again, the cost rises in a straight line; with a cache it stays nearly flat.",
)

# %% [markdown]
# The price is memory. For each token, in each of L layers, a key and a value of G heads of d
# numbers stay:
#
# $$\text{bytes} = 2 \cdot L \cdot G \cdot d \cdot \text{bytes of a number} \cdot \text{tokens}$$
#
# **Predict:** the weights of Llama 3.1 8B take 16 GB in bf16, 2 bytes a number. How many GB does
# the cache of *one* text take that fills its context of 131,072 tokens?

# %%
guess = None  # in GB (a billion bytes)

# %% tags=["nbval-check-output"]
for name in ("smollm2-135m", "llama-65b", "llama-2-70b", "llama-3.1-8b"):
    c = PRESETS[name]
    per_token = 2 * c.n_layers * c.n_kv_heads * c.d_head * 2  # the last 2: bytes
    print(f"{name:12}: {per_token:9,} bytes a token, {per_token * 2048 / 1e9:.2f} GB for 2,048")
whole = per_token * c.max_seq_len / 1e9
print(f"{c.n_params * 2 / 1e9:.0f} GB of weights, {whole:.1f} GB of cache for {c.max_seq_len:,}")
answer_guess(guess, whole, "131,072 bytes a token, times 131,072 tokens", within=0.1)

# %% [markdown]
# More than its weights, and for one text. Compare 65B with Llama 2 70B: an eighth of the key and
# value heads, an eighth of the cache. *That* is what grouped queries are for.
#
# ## What sets the pace
#
# An answer begins with **prefill**, the one pass that reads the whole prompt at once. Then comes
# **decoding**, in which each pass reads one token. **Predict:** how many times as long as a single
# token does a prompt of 64 take?

# %%
guess = None  # a number from 1 to 64

# %% tags=["nbval-ignore-output"]
one, few, many = (seconds(read, some[:1, :n], n=8) for n in (1, 5, 64))
print(f"1 token {one * 1000:.0f} ms; 5 tokens {few / one:.1f} times as long, 64 {many / one:.1f}")
why = "each pass must fetch all weights from memory, for one token or for many"
answer_guess(guess, many / one, why, within=0.5)

# %% [markdown]
# A pass over one token uses each weight once, for one multiplication and one addition, and waits
# until it has come from memory. **Memory bandwidth** is the number of bytes that a machine can read
# from its memory in a second. It limits the pace; we measure both sides:
#
# $$\text{tokens a second} \le \frac{\text{bytes a second}}{\text{bytes of all weights}}$$

# %% tags=["nbval-ignore-output"]
large = torch.ones(100_000_000)  # 400 MB, far more than a processor keeps beside it
bandwidth = 4 * len(large) / seconds(torch.sum, large, n=20)
weights = 4 * model.config.n_params  # 4 bytes a number
print(f"memory: {bandwidth / 1e9:.1f} GB/s; weights: {weights / 1e9:.2f} GB")
print(f"at most {bandwidth / weights:.0f} tokens a second, measured {1 / one:.0f}")

# %% [markdown]
# A computation is **memory-bound** when the time goes into fetching numbers, and **compute-bound**
# when it goes into arithmetic. Decoding one text is the first, prefill of a long prompt the second.
# So weights of fewer bytes make decoding faster (lesson 22). And weights that have been
# fetched can serve several texts at once:

# %% tags=["nbval-ignore-output"]
sizes = [1, 2, 4, 8, 16]
rates = [n / seconds(read, some[:n, :1], n=8) for n in sizes]
plots.lines(
    {"all texts": (sizes, rates)}, x_log=True, y_from_zero=True,
    x_label="texts in the batch", y_label="tokens a second, all texts together",
    title="Weights fetched once serve many texts: a batch writes more in all",
    alt="The more texts are written side by side, the more tokens a second they get in all.",
)

# %% [markdown]
# Now the question of the beginning is answered: the first token waits for the prefill of the whole
# question; each of the next waits for all the weights to pass by once, so that they come steadily.
# (A small model also loses time between its many small steps. `generate(..., compiled=True)` writes
# the same tokens with one compiled step.)
#
# ## A batch of unequal prompts
#
# A batch is one tensor, but prompts differ in length. Padding fills them up. **Predict:** on which
# side must it stand?

# %%
guess = None  # "left" or "right"

# %% tags=["nbval-check-output"]
sums = "Two and two make four. Three and three make six. Four and four make"
ids, long_ids = smol.text_ids(beginnings[0]), smol.text_ids(sums)
padding = [0] * (len(long_ids) - len(ids))  # 0 is <|endoftext|>
prompts = {"alone": ids, "padded right": ids + padding, "padded left": padding + ids}
answers = {name: naive_generate(prompt, 8)[0] for name, prompt in prompts.items()}
both = generate(model, [ids, long_ids], 8)
for name, answer in (answers | {"padded left, and masked": both[0]}).items():
    print(f"{name}: {' '.join(text_of(answer).split())}")
why = "what comes next is predicted at the last place, and there the text itself must stand"
answer_guess(guess, "left", why)
assert both == [generate(model, [one], 8)[0] for one in (ids, long_ids)]
print(masks.hide_padding(masks.causal(4, 4), torch.tensor([2])).int()[0, 0])

# %% [markdown]
# **Left padding** puts the filling before the text, so that all prompts end together. But it is
# read as text and changes the answer, unless a mask hides it. The table above is the mask of a
# prompt with two padding tokens: tokens 2 and 3 see none of them, and a padding token sees itself,
# so that no row is empty (lesson 05: NaN). Each text counts its places from its own first token.
# With that, each prompt of a batch gets the text that it gets alone: the `assert` demands it.

# %% [markdown]
# ## Guessing ahead
#
# One pass over 5 tokens takes less time than 5 passes over one, as you measured. But the tokens to
# come are not known yet. **Speculative decoding** lets something cheap propose a few tokens, which
# the large model then checks in one pass: at each place it says what *it* would have written. The
# proposal counts up to its first mistake; there the large model's own token stands.

# %% tags=["nbval-check-output"]
@torch.no_grad()
def naive_speculate(prompt, n, propose):
    """n tokens, greedily, and how many passes of the large model they took."""
    tokens, n_passes = list(prompt), 0
    cache = model.new_cache(1, len(prompt) + n + 8)
    while len(tokens) < len(prompt) + n:
        proposal = propose(tokens)
        new = tokens[cache.length :] + proposal
        logits = model(torch.tensor([new]), cache=cache)[0, -len(proposal) - 1 :]
        best = logits.argmax(-1).tolist()
        agrees = [*(a == b for a, b in zip(proposal, best, strict=False)), False]
        tokens += best[: agrees.index(False) + 1]  # one token more than was right
        cache.length = len(tokens) - 1  # what was wrong is forgotten
        n_passes += 1
    return tokens[len(prompt) :][:n], n_passes

# %% [markdown]
# Who proposes? We try the model itself with 25 of its 30 layers, two tokens at a time, and no model
# at all: **prompt lookup** proposes what followed the last two tokens when they stood in the text
# before. It is an induction head (lesson 05) in four lines of Python.
#
# **Predict:** with 25 of 30 layers, is writing faster or slower than with the large model alone?

# %%
guess = None  # "faster" or "slower"

# %% tags=["nbval-check-output"]
fewer = [*model.blocks[:15], *model.blocks[20:]]

def skip_layers(tokens):
    for _ in range(2):
        tokens = [*tokens, naive_read(tokens, {}, 0, fewer)[-1].argmax().item()]
    return tokens[-2:]

def look_up(tokens):
    for at in range(len(tokens) - 3, -1, -1):
        if tokens[at : at + 2] == tokens[-2:]:
            return tokens[at + 2 : at + 6]
    return []

repeat = "Repeat this text: Alice has a black cat named Tom. Tom likes to sleep on the red sofa."
for name, text in (("copying", repeat), ("explaining", "What is gravity?")):
    prompt = smol.chat_ids([{"role": "user", "content": text}])
    alone = generate(model, [prompt], 24, stop=smol.stop_ids)[0]
    for propose, price in ((look_up, 0), (skip_layers, 2 * 25 / 30)):  # in passes
        written, n_passes = naive_speculate(prompt, len(alone), propose)
        assert written == alone  # whatever is proposed, the text is the large model's own
        cost = n_passes * (1 + price)
        print(f"{name} {len(alone)} tokens, {propose.__name__}: {n_passes} passes, cost {cost:.1f}")
why = "a proposal that costs 25/30 of a pass must be right far more often than this one is"
answer_guess(guess, "slower" if cost > len(alone) else "faster", why)

# %% [markdown]
# The text is the same each time: a bad proposal costs time, never quality. Lookup is free; it gains
# much where the answer repeats the question, and nothing where it does not. The model with fewer
# layers saves passes, but each proposed token costs 25/30 of one, which is more than it saves. A
# **draft model** is the cheap model that proposes; it pays if it is *far* cheaper and mostly right.
# (We counted a pass over 5 tokens as one, which flatters both. A large batch gains less.)

# %% [markdown]
# ## In short
#
# 1. Temperature, top-k, top-p and min-p reshape one distribution; chance decides.
# 2. The causal mask lets keys and values be kept: each token is read once, paid for with memory.
# 3. Decoding is memory-bound: batches and checked guesses share one reading of the weights.

# %% [markdown] tags=["sourced"]
# **Where LLaMA really does this.** Unless told otherwise, the
# [code of LLaMA 1](https://github.com/meta-llama/llama/tree/llama_v1) samples with temperature 0.8
# and top-p 0.95, and keeps the token that crosses p. Top-p is from arXiv:1904.09751,
# min-p from arXiv:2407.01082 (whether it helps is disputed: arXiv:2506.13681). Speculative decoding
# made T5-XXL 2 to 3 times as fast, and keeps the distribution when it samples (arXiv:2211.17192).
#
# **Now you:** [exercises/10_generation](../exercises/10_generation.ipynb)
