# %% [markdown]
# # 00 · Start: a machine that guesses the next word
#
# **What you need:** a little Python (functions, loops). Nothing of machine learning.
#
# **What you will be able to do:** say what goes into a language model and what comes out, make a
# text of it, and set how boldly it writes.
#
# **Time:** about 25 minutes: an answer 4 · tokens 3 · scores 6 · a text 7 · what you will build 5.
#
# Before anything is explained: ask it something. Below, a real LLaMA answers, small enough for a
# laptop: SmolLM2, run by the code of this course and nothing else. Click a cell and press
# Shift+Enter to run it. The first one loads the model, which takes some seconds.

# %%
import torch

from llama_edu import plots
from llama_edu.course.reader import answer_guess, explore
from llama_edu.generate import stream_text
from llama_edu.pretrained import load_pretrained

smol = load_pretrained(dtype=torch.float32)


# %% tags=["nbval-ignore-output"]
def talk(question, max_new_tokens):
    tokens = smol.chat_ids([{"role": "user", "content": question}])  # the question as numbers
    settings = {"max_new_tokens": max_new_tokens, "stop": smol.stop_ids}
    for piece in stream_text(smol.model, smol.tokenizer, tokens, **settings):
        print(piece, end="")


talk("What is gravity?", max_new_tokens=120)

# %% [markdown]
# Right, whole, and in good English. Now ask it what a llama is:

# %% tags=["nbval-ignore-output"]
talk("What is a llama?", max_new_tokens=120)

# %% [markdown]
# Just as fluent, and false. A llama is a relative of the camel from South America; there is no
# *calamares* in Arabia. Then it repeats one sentence, until `max_new_tokens` stops it. A
# **hallucination** is a fluent statement of a language model that is not true. Keep both answers in
# mind: nothing in the way they are written checks a fact, as you will see.
#
# Change the question and run the cell again. What happens between question and answer?

# %% [markdown]
# ## What goes in: tokens
#
# The model does not read letter by letter. Text is cut into pieces: a **token** is a piece of text
# that the model knows by a number.
#
# **Predict:** into how many tokens does it cut *the unbelievable llama*? Write your guess in place
# of `None` and run both cells: the second answers it.

# %%
guess = None  # a number

# %% tags=["nbval-check-output"]
ids = smol.tokenizer.encode("the unbelievable llama")
for i in ids:
    print(i, repr(smol.tokenizer.decode([i])))
answer_guess(
    guess, len(ids), "a common word is one token, a rare one is put together of several",
    wrong={3: "that is the number of words, and two of them are too rare to be one token"},
)

# %% [markdown]
# A space belongs to the word that follows it. Letters are tokens too, such as the last *a*, but
# most text is cut into longer ones. Lesson 04 shows where they come from.
#
# ## What comes out: a score for every token there is
#
# Give it the beginning of a sentence, and look at everything it returns. A **tensor** is an array
# of numbers with any number of dimensions, PyTorch's kind of list. The model takes one with a row
# for each text, here one row, and scores what follows *each* token, so we ask for the last. (All
# that `no_grad` says is that nothing is learned now.)

# %% tags=["nbval-check-output"]
prompt = "The sky is"
ids = smol.text_ids(prompt)
with torch.no_grad():
    sky = smol.model(torch.tensor([ids]))[0, -1]  # text 0, after its last token
print("tokens in: ", len(ids))
print("scores out:", len(sky))

# %% [markdown]
# No sentence, no word: one number for each token that it knows. **Logits** are the scores that
# a model gives to all tokens, higher for those that are likelier to come next. **Softmax** turns
# scores $z$ into probabilities, all above 0, that sum to 1:
#
# $$p_i = \frac{e^{z_i}}{\sum_j e^{z_j}}$$
#
# **Predict:** how sure is the model of the likeliest next word?

# %%
guess = None  # in percent: 5, 30, 60 or 95

# %% tags=["nbval-check-output"]
probabilities = sky.softmax(-1)
best = probabilities.topk(7)
words = [smol.tokenizer.decode([i]) for i in best.indices.tolist()]
print(f"the likeliest: {words[0]!r}, {best.values[0]:.0%}")
print(f"all but the first seven: {1 - best.values.sum():.0%}")
answer_guess(
    guess, round(100 * best.values[0].item()), "many words can follow, so none is certain",
    within=0.2,
)


# %% tags=["nbval-ignore-output"]
def with_others(chances):
    """The first chances by their words, and what is left for all other tokens."""
    others = max(0.0, 1 - sum(chances))
    return dict(zip(words, chances, strict=False)) | {"all others": others}


plots.bars(
    with_others(best.values.tolist()),
    title=f"After “{prompt}”, many words will do", x_label="probability",
    alt="Bars of the seven likeliest next words and one of all others together. No word has more "
    "than about a third.",
)

# %% [markdown] tags=["sourced"]
# (*ab* begins a longer word.) A **language model** takes a text and gives, for every token, the
# probability that it comes next. It is asked for one token at a time. Whether it also plans ahead
# inside is a question of research, and some find that it does (arXiv:2601.20164). But what it is
# asked is not what is *true*; only what is likely to follow.

# %% [markdown]
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
# This loop wrote the two answers above. **Greedy decoding** always takes the likeliest token, so
# that the same question gets the same answer. You have seen it repeat itself. A chat program runs
# the same loop; it mostly chooses the token differently.
#
# **Sampling** draws the next token at random, each as often as its probability says. Here *a* comes
# in about a third of the draws. The **temperature** $\tau$ is a number that all logits are divided
# by before the softmax:
#
# $$p_i = \frac{e^{z_i / \tau}}{\sum_j e^{z_j / \tau}}$$
#
# **Predict:** does a temperature above 1 favour the likeliest word, or the others?

# %%
guess = None  # "the likeliest" or "the others"

# %% tags=["nbval-check-output"]
by_temperature = {t: (sky / t).softmax(-1).topk(4).values.tolist() for t in (0.5, 1.0, 2.0)}
for t, chances in by_temperature.items():
    print(f"temperature {t}: the likeliest word gets {chances[0]:.0%}")
answer_guess(guess, "the others", "dividing brings all logits closer together")

# %% tags=["nbval-ignore-output"]
plots.bars(
    {f"temperature {t}": with_others(chances) for t, chances in by_temperature.items()},
    title="A low temperature picks the favourite, a high one almost anything",
    x_label="probability",
    alt="For three temperatures, bars of the four likeliest words and of all others together. At "
    "0.5 the first word has nearly all; at 2 all others together have nearly all.",
)

# %% [markdown]
# At temperature 2 the rare tokens win, since there are so many of them. So **top-p** sampling draws
# only among the likeliest tokens, as few as reach the probability $p$ together. Move both:

# %% tags=["nbval-ignore-output"]
from llama_edu.generate.sampling import keep_top_p


def draw_chances(temperature, top_p):
    kept = keep_top_p(sky[None] / temperature, top_p)[0]
    chances = kept.softmax(-1).topk(7).values.tolist()
    n_kept = kept.isfinite().sum().item()
    title = f"Of {len(sky):,} tokens, {n_kept:,} can be drawn"
    alt = "Bars of the seven likeliest words and of all others."
    return plots.bars(with_others(chances), title=title, x_label="probability", alt=alt)


explore(draw_chances, temperature=(0.1, 2.0, 0.1), top_p=(0.05, 1.0, 0.05))

# %% [markdown]
# And the texts that come of it, three times twelve tokens:

# %% tags=["nbval-ignore-output"]
for seed in (1, 2, 3):
    dice = torch.Generator().manual_seed(seed)
    settings = {"temperature": 0.8, "top_p": 0.9, "generator": dice}
    pieces = stream_text(smol.model, smol.tokenizer, smol.text_ids(prompt), 12, **settings)
    print(prompt + "".join(pieces))

# %% [markdown]
# ## What you will build
#
# Between tokens and scores lies the model, and it is not large: the course is to have you write
# every part of it. These are its lessons.

# %% tags=["nbval-check-output"]
from llama_edu.course.lessons import course_map

for one in course_map():
    print(one.number, one.title)

# %% tags=["nbval-ignore-output"]
plots.flow(
    [
        ("text", ""),
        ("tokens", "04"),
        ("vectors", "09"),
        ("attention", "05, 06, 11"),
        ("feed-forward", "07, 12"),
        ("logits", "09"),
        ("next token", "10"),
    ],
    loops={(3, 4): "30 times", (1, 6): "once for every token"},
    title="From text to the next token, and round again: the parts and their lessons",
    alt="A row of boxes: text, tokens, vectors, attention, feed-forward, logits, next token. An "
    "arrow over attention and feed-forward says thirty times; one from next token back to tokens "
    "says once for every token.",
)

# %% tags=["nbval-check-output"]
print(f"{smol.model.config.n_layers} layers, {smol.model.config.n_params:,} numbers in all")

# %% [markdown]
# Nobody wrote these numbers down: they are *learned* from text, the matter of lessons 13 and 14.
# Lessons 17 to 20 are about following instructions, 21 to 24 about small and cheap models, and
# lesson 26 is your own LLaMA, from raw text to chat.
#
# ## How a lesson works
#
# Read, *predict* before you run, run, change something, run again. Then do its exercise: you write
# a function, and a check says whether it is right, and if not, *which* mistake it makes.

# %% [markdown] tags=["sourced"]
# ## In short
#
# 1. Text becomes tokens, and tokens are numbers.
# 2. The model gives a score for every token; softmax makes probabilities of them.
# 3. A loop chooses one token after the other: greedily, or at random with a temperature.
#
# **Where LLaMA really does this.** Every LLaMA, from 1 to 4, writes its text so: it is an
# *autoregressive decoder*, which predicts each token from those before it (arXiv:2302.13971;
# arXiv:2407.21783). None has an encoder for text; Llama 3.2 Vision and Llama 4 have one for
# pictures (their model cards). SmolLM2 was trained by Hugging Face and has the architecture of
# Llama.
#
# **Now you:** [exercises/00_start](../exercises/00_start.ipynb), five minutes.
