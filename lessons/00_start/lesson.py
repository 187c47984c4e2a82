# %% [markdown]
# # 00 · Start: a machine that guesses the next word
#
# Before anything is explained: ask it something. Below, a real LLaMA answers, small enough for a
# laptop: SmolLM2, run by the code of this course and nothing else.
#
# Click a cell and press Shift+Enter to run it.

# %%
import torch

from llama_edu import plots
from llama_edu.generate import stream_text
from llama_edu.pretrained import load_pretrained

smol = load_pretrained(dtype=torch.float32)

# %% tags=["nbval-ignore-output"]
question = [{"role": "user", "content": "What is a llama?"}]
tokens = smol.chat_ids(question)
for piece in stream_text(smol.model, smol.tokenizer, tokens, 60, stop=smol.stop_ids):
    print(piece, end="")

# %% [markdown]
# Change the question and run the cell again. What it says is fluent and not always true: keep both
# in mind. Now, what happened between question and answer?
#
# ## What goes in: tokens
#
# The model has never seen a letter. Text is cut into pieces, **tokens**, and each has a number.
#
# **Predict:** into how many pieces does it cut *the unbelievable llama*?

# %%
guess = None  # a number

# %% tags=["nbval-check-output"]
ids = smol.tokenizer.encode("the unbelievable llama")
for i in ids:
    print(i, repr(smol.tokenizer.decode([i])))

# %% [markdown]
# Common words are one piece, with the space in front; rare ones are put together. Lesson 04 shows
# where the pieces come from.
#
# ## What comes out: a score for every token there is
#
# Give it the beginning of a sentence, and look at everything it returns.

# %% tags=["nbval-check-output"]
prompt = "The sky is"
ids = smol.text_ids(prompt)
with torch.no_grad():
    logits = smol.model(torch.tensor([ids]))[0, -1]  # the scores after the last word
print("tokens in: ", len(ids))
print("scores out:", len(logits))

# %% [markdown]
# No sentence, no word: one number for each token of its vocabulary. They are called **logits**.
# Softmax makes them probabilities. **Predict:** which word comes first, and how sure is it?

# %%
guess = None

# %% tags=["nbval-check-output"]
probabilities = logits.softmax(-1)
best = probabilities.topk(8)
words = [smol.tokenizer.decode([i]) for i in best.indices.tolist()]
print(f"the likeliest: {words[0]!r}, {best.values[0]:.0%}")

# %% tags=["nbval-ignore-output"]
plots.bars(
    dict(zip(words, best.values.tolist(), strict=True)),
    title=f"After “{prompt}”, several words will do", x_label="probability",
    alt="Bars of the eight likeliest next words. None has more than about a third.",
)

# %% [markdown]
# This is all that a language model does: **from the text so far, a probability for every next
# token.** It has no plan for the sentence.
#
# ## From one word to a text
#
# Take the likeliest token, put it at the end, ask again.

# %% tags=["nbval-check-output"]
ids = smol.text_ids(prompt)
for _ in range(8):
    with torch.no_grad():
        logits = smol.model(torch.tensor([ids]))[0, -1]
    ids.append(logits.argmax().item())
    print(smol.tokenizer.decode(ids))

# %% [markdown]
# That loop wrote the answer above, and writes all you have ever read of such a model. It is called
# *greedy*, and gives the same text for ever. **Sampling** throws dice instead, weighted with the
# probabilities.
#
# How bold the dice are is the **temperature**: logits are divided by it before the softmax.
# **Predict:** does a high temperature favour the likeliest word, or the others?

# %%
guess = None  # "the likeliest" or "the others"

# %% tags=["nbval-ignore-output"]
ranks = list(range(1, 9))
logits = probabilities.log()
by_temperature = {t: (logits / t).softmax(-1).topk(8).values.tolist() for t in (0.5, 1.0, 2.0)}
plots.lines(
    {f"temperature {t}": (ranks, chances) for t, chances in by_temperature.items()},
    title="Cold dice pick the favourite, hot dice almost anything",
    x_label="rank of the word, 1 = likeliest", y_label="probability", y_from_zero=True,
    alt="Probabilities of the eight likeliest words. At temperature 0.5 the first has most of it; "
    "at 2 the line is low and flat.",
)

# %% tags=["nbval-check-output"]
for t, chances in by_temperature.items():
    print(f"temperature {t}: the likeliest word gets {chances[0]:.0%}")

# %% tags=["nbval-ignore-output"]
for seed in (1, 2, 3):
    dice = torch.Generator().manual_seed(seed)
    settings = {"temperature": 0.8, "top_p": 0.9, "generator": dice}
    pieces = stream_text(smol.model, smol.tokenizer, smol.text_ids(prompt), 12, **settings)
    print(prompt + "".join(pieces))

# %% [markdown]
# ## What you will build
#
# Between tokens and logits lies the model, and it is not large: you will write every part of it.

# %% tags=["nbval-ignore-output"]
plots.flow(
    [
        ("text", ""),
        ("tokens", "lesson 04"),
        ("vectors", "lesson 09"),
        ("attention", "05, 06, 11"),
        ("feed-forward", "lesson 07"),
        ("logits", "lesson 09"),
        ("next token", "lesson 10"),
    ],
    loops={(3, 4): "30 times", (1, 6): "once for every token"},
    title="From text to the next token, and round again",
    alt="A row of boxes: text, tokens, vectors, attention, feed-forward, logits, next token. An "
    "arrow over attention and feed-forward says thirty times; one from next token back to tokens "
    "says once for every token.",
)

# %% tags=["nbval-check-output"]
print(f"{smol.model.config.n_layers} layers, {smol.model.config.n_params:,} numbers in all")

# %% [markdown]
# Those numbers are **learned** (lessons 12 to 14), made to follow instructions (lessons 15 to 18),
# and made small and cheap (lessons 19 to 22). In lesson 24 you train your own LLaMA from raw text
# to chat.
#
# ## How a lesson works
#
# Read, **predict** before you run, run, change something, run again. Then do its exercise: you
# write a function, and a check says whether it is right, and if not, *which* mistake it makes.

# %% [markdown]
# In short: text becomes tokens; the model gives a probability for every next token; a loop and dice
# make a text of it.
#
# **Where LLaMA really does this.** Every LLaMA, from 1 to 4, is such an autoregressive decoder
# (model cards; arXiv:2302.13971). None has an encoder. SmolLM2 was trained by Hugging Face and has
# the architecture of Llama.
#
# **Now you:** [exercises/00_start](../exercises/00_start.ipynb), five minutes.
