# %% [markdown]
# # 02 · Corpus: what would you train on?
#
# A model is what it has read. Somebody must decide what that is, for far more pages than anybody
# can read. Begin with six. **Would you train on this page?**

# %% tags=["nbval-check-output"]
import random
import re
from collections import Counter

import numpy as np

from llama_edu import plots
from llama_edu.course.source import show_source
from llama_edu.data.documents import read_documents

raw = {d.id: d for s in ("enwiki", "bible", "shakespeare", "sanguo") for d in read_documents(s)}


def extract(name, start, n_chars=110):
    begin = raw[name].text.index(start)
    return repr(raw[name].text[begin : begin + n_chars])


print("1", extract("enwiki/10", "#REDIRECT"))
print("2", extract("enwiki/39", "'''Albedo'''", 150))
print("3", extract("sanguo/010", "二军远来", 30))
print("4", extract("sanguo/022", "皆垂头", 30))
print("5", extract("bible/kjv-19-136", "O give thanks", 155))
print("6", extract("shakespeare/hamlet_gut_f", "To be, or not"))

# %%
guess = None  # for each page: yes, no, or yes if ...

# %% [markdown]
# A page of a wiki that only points to another; an article among its markup; a Chinese novel with a
# website's address in mid-sentence (*the two armies come from afar … ; best dig deep, build high
# and hold fast*); the same with □ where a character was lost, and a line that ends in mid-sentence
# (*all hang their heads and □ their wings, and have nothing* · *to lean on*); a psalm that says the
# same again and again; and a text of which we have a copy, in other spelling.
#
# All of it is real. You meet each of them again below.

# %% [markdown]
# ## Cleaning
#
# Wikipedia keeps its pages as *wikitext*: `[[target|label]]` is a link, `{{name|arguments}}` a
# template, which stands for some text or a box. We want *label*, and mostly no template. So drop
# whatever stands between `{{` and the next `}}`. **Predict:** what is left of this line?

# %%
line = "Albedo{{cite web|title={{lang|la|albus}}|year=2009}} is reflecting power."
guess = None

# %% tags=["nbval-check-output"]
print(re.sub(r"\{\{.*?\}\}", "", line))

# %% [markdown]
# **Diagnose it:** markup nests, and the *next* `}}` closes the inner template, not the outer.
# Repair: replace a template that holds no other brace, until there is none left.


# %% tags=["nbval-check-output"]
def without_templates(text):
    count = 1
    while count:  # from the inside out
        text, count = re.subn(r"\{\{[^{}]*\}\}", "", text)
    return text


print(without_templates(line))
article = raw["enwiki/39"].text
for name, text in [
    ("as it came", article),
    ("naive", re.sub(r"\{\{.*?\}\}", "", article, flags=re.DOTALL)),
    ("from the inside out", without_templates(article)),
]:
    print(f"{name:19} {len(text):6,} characters, {text.count('}}'):3} times }}}}")
at = without_templates(article).index("}}")
print("the one that stays:", without_templates(article)[at - 9 : at + 5])

# %% [markdown]
# What stays is part of a formula, and no template. The package does the same with templates, links,
# tables, references and files, in that spirit:

# %% tags=["nbval-check-output"]
from llama_edu.data.clean import clean, drop_broken_sentences, drop_watermarks, strip_wikitext

print(strip_wikitext(article)[:190])
pages = [d for d in raw.values() if d.source == "enwiki"]
prose = {d.id: clean(d.text, d.markup) for d in pages}
n_raw, n_clean = sum(len(d.text) for d in pages), sum(map(len, prose.values()))
print(f"{len(pages)} pages: {n_raw:,} characters raw, {n_clean:,} clean: {n_clean / n_raw:.0%}")
print("pages with nothing left:", sum(not text for text in prose.values()))
redirects = [d for d in pages if d.text.upper().startswith("#REDIRECT")]
print(f"redirects: {len(redirects)}, {sum(len(d.text) for d in redirects):,} characters raw")

# %% [markdown]
# Half of the characters of these pages are not text: they are markup. And half of the pages, but
# hardly any of the characters, are redirects like page 1; of them nothing is left.
#
# ## A watermark, and a hole
#
# Pages 3 and 4 are from 三国演义, as it is passed round the web. The address can go. **Predict:**
# what would you do about □, or about a `?` where another encoding had no character?

# %%
guess = None

# %% tags=["nbval-check-output"]
print(drop_watermarks(extract("sanguo/010", "二军远来", 30)))
novel = {d.id: d.text for d in raw.values() if d.source == "sanguo"}
marks = {sign: sum(text.count(sign) for text in novel.values()) for sign in ("www", "□", "?")}
print("in 120 chapters:", marks)
shorter = {name: len(text) - len(drop_broken_sentences(text)) for name, text in novel.items()}
n_all = sum(map(len, novel.values()))
print(f"dropped with broken sentences: {sum(shorter.values())} characters of {n_all:,}")
n_faulty = sum(any(sign in text for sign in marks) for text in novel.values())
print("chapters with a fault:", n_faulty)

# %% [markdown]
# Nobody can know which character was lost, and a model would learn to write □, or a question where
# none was asked. So the whole sentence goes, and nothing else.
#
# Had we dropped every chapter with a fault, ten of them would be gone. Cleaning takes out the least
# that repairs.

# %% tags=["nbval-check-output"]
cleaned = {name: clean(text) for name, text in novel.items()}
print("left:", {sign: sum(text.count(sign) for text in cleaned.values()) for sign in marks})

# %% [markdown]
# ## Rules that count
#
# What is clean need not be worth reading: a list of names, a menu, a spam page. Nobody reads
# billions of pages, so simple counts decide. The best known rules are those of *Gopher*, a language
# model, and of *C4*, a corpus of web pages. Each is a measure and its bounds. Bullets (•) begin the
# items of a list, an ellipsis (…) ends a shortened text, and *stop words* are the commonest ones,
# such as *the* and *of*: hardly an English text is without them. Symbols and curly brackets are
# counted for each word; *lorem ipsum* begins the printers' dummy text.

# %% tags=["nbval-check-output"]
from llama_edu.data.filter import Page, identify_language, judge, rules_for

for rule in rules_for("en")[:10]:
    print(f"{rule.name:17} at least {rule.at_least:g}, at most {rule.at_most:g}")
print("and", len(rules_for("en")) - 10, "more, all on repetition")

# %% [markdown]
# `inf` means that there is no bound. A page that breaks one rule goes. With every drop comes its
# reason, so that you can check the rule and not only the page:

# %% tags=["nbval-check-output"]
kept = {}
for name, text in prose.items():
    drops = judge(Page(text), rules_for("en"))
    if not text:
        continue
    if drops:
        print(f"{name}: {len(text):,} characters, {drops[0]}\n  {text[:90]!r}")
    else:
        kept[name] = text
print(f"{len(kept)} of {sum(map(bool, prose.values()))} articles stay")

# %% [markdown]
# Six have hardly a sentence: all six are lists of what a name may mean. And one is a long article.
# It goes for its curly brackets, the mark of code or of broken markup; but it is about ASCII, of
# whose characters { and } are two. Rules err. Whoever does not look at what was dropped never
# learns how.
#
# **Predict:** of the King James Bible, how many chapters break a rule, and which? Rules against
# repetition look at *n-grams*: a 5-gram is five words in a row. *Repeated 5-grams* is the share of
# the words' characters in 5-grams that were there before; *top 2-gram* is the share that the
# commonest pair of words takes.

# %%
guess = None

# %% tags=["nbval-check-output"]
bible = {d.id: clean(d.text) for d in raw.values() if d.id.startswith("bible/kjv-")}
genesis, psalm = Page(bible["bible/kjv-01-001"]), Page(bible["bible/kjv-19-136"])
for name, page in [("Genesis 1", genesis), ("Psalm 136", psalm)]:
    drops = judge(page, rules_for("en"))
    print(f"{name}: breaks {len(drops)} rules, the first is: {drops[0]}")
five_grams = Counter(zip(*(genesis.words[i:] for i in range(5)), strict=False))
print("Genesis, the commonest 5-gram:", *five_grams.most_common(1)[0])
n_times = Counter(zip(psalm.words, psalm.words[1:], strict=False))["mercy", "endureth"]
n_top, n_all = n_times * len("mercyendureth"), sum(map(len, psalm.words))
print(
    f"Psalm, mercy endureth: {n_times} times, {n_top} of {n_all:,} characters: {n_top / n_all:.4f}"
)
broken = [{drop.rule for drop in judge(Page(text), rules_for("en"))} for text in bible.values()]
n_for_repetition = sum(any("gram" in rule for rule in rules) for rules in broken)
print(f"{sum(map(bool, broken))} of {len(bible):,} chapters go, {n_for_repetition} for repetition")

# %% [markdown]
# *And the evening and the morning were the first day*, the second, the third: the first page of the
# Bible repeats too much for Gopher, and goes. So does page 5 with its *mercy endureth for ever*.
# The rules were made for the web, where repetition is spam.
#
# Are they at least good for prose in any language? **Predict:** how many of the 120 chapters of
# 三国演义, one of the great Chinese novels, stay?

# %%
guess = None

# %% tags=["nbval-check-output"]
reasons = Counter()
n_kept = 0
for text in cleaned.values():
    drops = judge(Page(text), rules_for("en"))
    reasons.update(drop.rule for drop in drops)
    n_kept += not drops
print(f"{n_kept} of {len(cleaned)} chapters stay")
print(reasons.most_common(3))
first = Page(cleaned["sanguo/001"])
print(f"chapter 1: {len(first.words)} 'words', {first.word_lengths.mean():.0f} characters each")

# %% [markdown]
# None. Chinese writes no spaces, so a "word" is a whole paragraph, and *the*, *of* and *and* are
# not in it. No threshold repairs that. **Repair:** first ask which language it is, then count what
# a word is there, and look for its own stop words.

# %% tags=["nbval-check-output"]
print("languages:", Counter(map(identify_language, cleaned.values())))
first = Page(cleaned["sanguo/001"], "zh")
print(f"chapter 1: {len(first.words):,} words, {first.word_lengths.mean():.1f} characters each")
n_kept = sum(not judge(Page(text, "zh"), rules_for("zh")) for text in cleaned.values())
print(f"{n_kept} of {len(cleaned)} chapters stay")

# %% [markdown]
# C4 judges single lines too: one must end as a sentence does, with a full stop, a question mark or
# the like, and hold at least five words.
# **Predict:** which part of Hamlet is left?

# %%
guess = None

# %% tags=["nbval-check-output"]
from llama_edu.data.filter.lines import keep_sentences

hamlet = clean(raw["shakespeare/hamlet_gut"].text)
sentences, dropped = keep_sentences(hamlet)
print(f"{len(sentences) / len(hamlet):.0%} of the characters; dropped lines: {dict(dropped)}")
print("from the middle:", re.findall(".+", sentences)[203:208])
speech = hamlet[hamlet.index("To be, or not to be") : hamlet.index("The fair Ophelia")]
print(f"of the {len(speech.splitlines())} lines of To be, or not to be:")
print(keep_sentences(speech)[0])

# %% [markdown]
# What is left are short answers, and lines in which a sentence happens to end. Verse ends where the
# metre wants it. A rule knows one kind of text, and destroys the others.

# %% [markdown]
# ## Copies
#
# What stands in a corpus a hundred times, a model learns by heart. Equal copies are found by
# comparing hashes. But page 6 is Hamlet as the First Folio printed it, four centuries ago: *Whether
# 'tis Nobler in the minde to suffer*. Nearly every line of it differs from our modern one.
#
# How alike are two texts? Cut each into overlapping pieces, its **shingles**; divide the number of
# those that both have by the number that either has: the **Jaccard similarity**.
#
# **Predict**, with pairs of words as shingles:

# %%
modern, folio = "to be or not to be", "to be or not to bee"
guess = None  # between 0 and 1


# %% tags=["nbval-check-output"]
def naive_shingles(text, n):
    words = text.split()
    return {" ".join(words[i : i + n]) for i in range(len(words) - n + 1)}


a, b = naive_shingles(modern, 2), naive_shingles(folio, 2)
print("both:  ", sorted(a & b))
print("either:", sorted(a | b))
print("similarity:", len(a & b) / len(a | b))

# %% [markdown]
# Sets: *to be* counts once, though it comes twice. The package hashes the shingles, and takes
# pieces of characters rather than words, so that one letter does not cost a whole word.

# %% tags=["nbval-check-output"]
from llama_edu.data.dedup import character_shingles, jaccard, word_shingles

print("the same:", jaccard(word_shingles(modern, 2), word_shingles(folio, 2)))
plays = {d.id.partition("/")[2]: d.text for d in raw.values() if d.source == "shakespeare"}
sets = {name: character_shingles(text, 7) for name, text in plays.items()}
for other in ("hamlet_gut_f", "romeo_and_juliet_gut"):
    print(f"Hamlet and {other}: {jaccard(sets['hamlet_gut'], sets[other]):.2f}")

# %% [markdown]
# The old print is far closer than another play, which shares no more than English and Shakespeare
# do. But these sets have tens of thousands of shingles, and n texts make n (n - 1) / 2 pairs: a
# billion pages, half a billion billion. Two tricks help.
#
# ## Trick 1: MinHash
#
# Give every shingle a random number, by hashing it. Of each text remember the **smallest** number
# alone. **Predict:** with which probability do two texts of similarity 0.8 remember the same?

# %%
guess = None

# %% tags=["nbval-check-output"]
dice = random.Random(0)
n_equal = 0
for _ in range(10_000):
    number = {shingle: dice.random() for shingle in sorted(a | b)}
    n_equal += min(map(number.get, a)) == min(map(number.get, b))
print(f"the same smallest number in {n_equal / 10_000:.2f} of all trials")

# %% [markdown]
# The smallest of all is as likely to belong to any shingle that either has; the two agree if it
# belongs to one that both have. So **the chance is the Jaccard similarity**. Many hash functions
# make many tosses: a *signature*. The share of equal places estimates the similarity. The *standard
# error* says how far such an estimate usually is from the truth.

# %% tags=["nbval-check-output"]
from llama_edu.data.dedup import MinHasher, estimate_jaccard

pair = [sets["hamlet_gut"], sets["hamlet_gut_f"]]
true = jaccard(*pair)
print(f"both sets: {len(pair[0]):,} and {len(pair[1]):,} shingles, similarity {true:.3f}")
for n in (16, 64, 256, 1024):
    estimate = estimate_jaccard(*MinHasher(n).signatures(pair))
    print(f"{n:4} numbers: {estimate:.3f}, standard error {(true * (1 - true) / n) ** 0.5:.3f}")

# %% [markdown]
# 256 numbers stand for a whole play, with an error of a few hundredths.
#
# **Break it.** A popular hash is (a·x + b) modulo a large prime, with random a and b. Say that the
# shingles of a language are numbered 0, 1, 2, …, and each of two texts holds a thousand in a row,
# many of them the same. Each text gets a table: a row for each of its numbers, a column for each of
# a thousand hash functions. The least of each column is the signature. Five trials, with the
# numbers as they are, and with other numbers in their place, drawn as if by dice (`mix` does it):

# %% tags=["nbval-check-output"]
from llama_edu.data.dedup.shingles import mix

prime = 2**31 - 1
left, right = np.arange(1000), np.arange(400, 1400)


def hashes(x, factors, offsets):  # (n_numbers,), (n_functions,) -> (n_numbers, n_functions)
    return (x[:, None] * factors + offsets) % prime  # a column of x times a row of factors


def estimates(left, right):
    for seed in range(5):
        generator = np.random.default_rng(seed)
        factors, offsets = generator.integers(1, prime, size=(2, 1000))
        least = [hashes(x, factors, offsets).min(axis=0) for x in (left, right)]  # (1000,) each
        yield f"{(least[0] == least[1]).mean():.3f}"


def scattered(x):
    return (mix(x) >> np.uint64(33)).astype(np.int64)  # 31 of 64 bits, as many as the prime has


n_both, n_either = len(np.intersect1d(left, right)), len(np.union1d(left, right))
truth = n_both / n_either
error = (truth * (1 - truth) / 1000) ** 0.5
print(f"truth: {n_both} of {n_either:,} is {truth:.3f}, standard error {error:.3f}")
print("numbers as they are: ", *estimates(left, right))
print("scattered beforehand:", *estimates(scattered(left), scattered(right)))

# %% [markdown]
# As they are, all come out too low. **Diagnose it:** which number of the row has the smallest hash?
# By chance each tenth of the row would have it in 10% of all cases.

# %% tags=["nbval-check-output"]
factors, offsets = np.random.default_rng(0).integers(1, prime, size=(2, 5000))
for name, x in [("as they are", left), ("scattered", scattered(left))]:
    places = hashes(x, factors, offsets).argmin(axis=0)  # (5000,): the row of each column's least
    print(f"{name:11}", [f"{share:.0%}" for share in np.bincount(places // 100) / 5000])

# %% [markdown]
# For numbers in a row a·x + b goes in equal steps, as no dice do. The smallest hash sits at an end
# of the row too often; and each of our rows has an end that the other has not. Repair: scatter the
# numbers first, as the package does.
#
# ## Trick 2: bands
#
# Signatures are short, but there are still too many pairs. Cut each signature into b bands of r
# numbers, and compare only texts that **agree on a whole band**. Sort all texts by a band: those
# that share it then stand side by side, and no pair need be tried.

# %% [markdown]
# How likely is that? Let two texts have a similarity of 1/3, and bands 2 numbers. Both numbers of a
# band agree with the chance 1/3 · 1/3 = 1/9; so the band fails with 8/9, and three bands all fail
# with 8/9 · 8/9 · 8/9, seven times in ten. Else they meet. In general: 1 - (1 - s^r)^b.

# %% tags=["nbval-ignore-output"]
from llama_edu.data.dedup import candidate_pairs, detection_probability, drop_near_duplicates

similarities = [i / 200 for i in range(201)]
plots.lines(
    {
        f"{n_bands} bands of {256 // n_bands}": (
            similarities,
            [detection_probability(s, n_bands, 256 // n_bands) for s in similarities],
        )
        for n_bands in (128, 64, 32, 16)
    }
    | {"Hamlet and its old print": ([true, true], [0, 1])},
    x_label="Jaccard similarity s",
    y_label="probability of being compared",
    markers=False,
    title="The number of bands decides how alike two texts must be to meet",
    alt="Four S-shaped curves from 0 to 1. The step lies near 0.1 with 128 bands of 2 numbers, "
    "near 0.35 with 64 bands of 4, near 0.65 with 32 of 8 and near 0.85 with 16 of 16. An upright "
    "line at 0.51, the similarity of Hamlet and its old print, crosses them.",
)

# %% [markdown]
# There are 35 plays of the First Folio among our 77 texts. Say that each is as like its modern
# sister as Hamlet is. Texts that meet are compared: if their signatures agree in 0.4 of all places,
# the later one is a copy. **Predict:** how many of the 35 are found with 16, 32, 64 and 128 bands?
# The figure shows the chance of each, where the upright line crosses the four curves.

# %%
guess = None

# %% tags=["nbval-check-output"]
names = list(plays)
signatures = MinHasher(256).signatures(sets.values())
print(f"{len(names)} texts, {len(names) * (len(names) - 1) // 2:,} pairs; "
      f"of the Folio: {sum(name.endswith('_f') for name in names)}")  # fmt: skip
for n_bands in (16, 32, 64, 128):
    n_compared = len(candidate_pairs(signatures, n_bands))
    found = drop_near_duplicates(signatures, n_bands, threshold=0.4)
    print(f"{n_bands:3} bands: {n_compared:5,} pairs compared, {len(found)} near-copies found")

# %% [markdown]
# With few bands we miss nearly all; with many, nearly all pairs are compared and nothing is saved.
# 64 bands compare 94 of 2,926 pairs. Did they find the right ones? And one is missing: **diagnose
# it.**

# %% tags=["nbval-check-output"]
found = drop_near_duplicates(signatures, 64, threshold=0.4)
twins = [(names[gone], names[first]) for gone, (first, _) in found.items()]
others = [(gone, first) for gone, first in twins if gone != f"{first}_f"]
print(f"{len(twins)} dropped, {len(twins) - len(others)} of them for the same title; the others:")
print(*sorted(others), sep="\n")
missing = [name for i, name in enumerate(names) if name.endswith("_f") and i not in found]
print("not found:", missing)
for name in ("cymbeline_gut", "cymbeline_gut_f"):
    print(f"  {name}: {len(plays[name]):,} characters")

# %% [markdown]
# By the titles every find is right. *Cymbeline* alone is missed: the modern text is a third
# shorter. Look at its acts:

# %% tags=["nbval-check-output"]
print(re.findall(r"^ACT \w+", plays["cymbeline_gut"], re.MULTILINE))
print(re.findall(r"^Actus \w+", plays["cymbeline_gut_f"], re.MULTILINE))
print("Fear no more the heat" in plays["cymbeline_gut"])
print("Feare no more the heate" in plays["cymbeline_gut_f"])
a, b = sets["cymbeline_gut"], sets["cymbeline_gut_f"]
n_both = len(np.intersect1d(a, b))
print("Of the modern shingles, so many are in the Folio's as well:")
print(f"  Cymbeline {n_both / len(a):.0%}, Hamlet {len(np.intersect1d(*pair)) / len(pair[0]):.0%}")

# %% [markdown]
# Acts III and IV are gone from the modern file, with the play's most famous song. The archive is
# broken, and it was deduplication that found it out. Jaccard asks for texts of like length; the
# share of one text that is in the other, as in the last line, does not.
#
# Had it been found, which of the two should stay? The package keeps the earlier one, here the
# broken one: another reason to read what was dropped.

# %% [markdown]
# ## Personal data
#
# Some numbers are people's: of telephones, cards, accounts, identities. A pattern can propose them,
# but prose is full of long numbers. Many kinds have a **checksum** that decides. That of cards is
# Luhn's: from the right, double every second digit, subtract 9 where that gives more than 9, and
# add all up; the sum must end in 0.

# %% tags=["nbval-check-output"]
number = "4111111111111111"  # a card for tests, and so no person's
parts = [int(digit) for digit in reversed(number)]
parts[1::2] = [2 * part - 9 * (2 * part > 9) for part in parts[1::2]]
print(parts[::-1], "sum", sum(parts))

# %% [markdown]
# **Predict:** of numbers of 16 random digits, which share passes?

# %%
guess = None

# %% tags=["nbval-check-output"]
from llama_edu.data.pii import find_pii, scrub
from llama_edu.data.pii.checksums import passes_luhn

dice = random.Random(0)
tries = ["".join(dice.choices("0123456789", k=16)) for _ in range(10_000)]
print(f"{sum(map(passes_luhn, tries)) / len(tries):.1%}")
slips = [f"{right[:i]}{digit}{right[i + 1 :]}"
         for right in filter(passes_luhn, tries[:1000])
         for i in range(16) for digit in "0123456789" if digit != right[i]]  # fmt: skip
print(f"wrong in one digit and yet passed: {sum(map(passes_luhn, slips))} of {len(slips):,}")

# %% [markdown]
# One in ten passes by chance, but no number with a single wrong digit does. What is found gives
# way to words that say what was there, so that the sentence still reads. (`CN_ID` is the number of
# a Chinese identity card, `IBAN` that of a bank account.)

# %% tags=["nbval-check-output"]
letter = (
    "Pay with 4111 1111 1111 1111 (not 4111 1111 1111 1112). ID 11010519491231002X, account "
    "GB82 WEST 1234 5698 7654 32. Write to ann@example.org, from 93.184.216.34."
)
print(scrub(letter)[0])
print(dict(scrub(letter)[1]))

# %% [markdown]
# Our 206 pages of Wikipedia, raw: **predict**, how many telephone numbers will be found in them,
# and how many of those are telephone numbers?

# %%
guess = None

# %% tags=["nbval-check-output"]
hits = {d.id: find_pii(d.text) for d in pages}
print(Counter(found.kind for each in hits.values() for found in each))
before = [raw[name].text[at.start - 8 : at.start] for name, each in hits.items() for at in each]
print("close behind a slash:", sum("/" in text for text in before), "and so here:")
for name in ("enwiki/595", "enwiki/736", "enwiki/655"):
    at = hits[name][0]
    print(repr(raw[name].text[at.start - 30 : at.end + 8]))
print("the others, scrubbed:")
for name, each in hits.items():
    text = raw[name].text
    if others := [at for at in each if "/" not in text[at.start - 8 : at.start]]:
        around = text[others[0].start - 26 : others[-1].end + 8]
        print(f"{name}: {len(others)} in {scrub(around)[0]!r}")
print("after cleaning:", sum(len(find_pii(text)) for text in prose.values()))

# %% [markdown]
# 34 by form; but 29 of them stand behind a slash, and are dates and numbers of articles, as the
# first three here: telephones have no checksum. Of the other five, two stand in the name of a file
# and in the id of a document. Three are real, all in one line: a newsroom's, from a footnote. Clean
# first, then scrub: all 34 stood in markup. A scrubber that is too eager damages code, tables and
# citations.
#
# ## All of it
#
# Encyclopedia, novel, and some of the plays, those from *Hamlet* to *Much Ado*, through all the
# steps, each text judged by the rules of its own language:

# %%
some = {name: clean(text) for name, text in plays.items() if "h" <= name < "n"}
texts = prose | cleaned | some
steps = [("clean", len(texts), Counter("nothing left" for text in texts.values() if not text))]
texts = {name: text for name, text in texts.items() if text}

reasons, good, bad = Counter(), {}, {}
for name, text in texts.items():
    language = identify_language(text)
    drops = judge(Page(text, language), rules_for(language))
    if drops:
        reasons[drops[0].rule] += 1
        bad[name] = drops[0]
    else:
        good[name] = text
steps.append(("rules", len(texts), reasons))

signatures = MinHasher(256).signatures(character_shingles(text, 7) for text in good.values())
copies = drop_near_duplicates(signatures, 64, threshold=0.4)
names = list(good)
reasons = Counter("Folio" if names[i].endswith("_f") else "other" for i in copies)
steps.append(("near-copies", len(good), reasons))
n_left = len(good) - len(copies)
steps.append(("corpus", n_left, {}))

# %% tags=["nbval-check-output"]
for name, n, lost in steps:
    print(f"{name:12} {n} texts enter, lost: {dict(lost)}")

# %% tags=["nbval-ignore-output"]
plots.sieve(
    steps,
    y_label="texts",
    title="Most of what goes is no text at all; copies are fewer, bad pages fewest",
    alt="A stream of 363 texts. Cleaning leaves 100 of them empty, rules drop 8, and 17 are "
    "near-copies; 238 texts are left.",
)

# %% [markdown]
# **Diagnose it:** 18 of these plays are of the Folio, and 17 went. Where is the other?

# %% tags=["nbval-check-output"]
print("of the Folio:", sum(name.endswith("_f") for name in some))
gone = {names[i] for i in copies}
print("still here:", [name for name in good if name.endswith("_f") and name not in gone])
print("dropped before:", {name: str(drop) for name, drop in bad.items() if name in some})

# %% [markdown]
# Its modern sister had gone before: speakers' names stand on lines of their own there, and the
# *Merry Wives* answer each other so quickly that 0.30 of all lines were there before. So the copy
# was no copy any more. The order of the steps is a decision, too.

# %% [markdown]
# `llama-edu data build` runs these steps over all sources, and keeps a report with examples of
# what it dropped. This is how it decides about copies:

# %% tags=["nbval-ignore-output"]
show_source(drop_near_duplicates)

# %% [markdown]
# ## In short
#
# 1. Cleaning takes out the least that repairs: markup, a watermark, a sentence with a hole.
# 2. Rules that count are blind: they belong to one language and one kind of text. Read what they
#    drop.
# 3. MinHash turns similarity into a chance, bands turn the chance into a step: near-copies are
#    found without comparing all pairs.

# %% [markdown] tags=["sourced"]
# ## Where LLaMA really does this
#
# LLaMA 1 (arXiv:2302.13971, sec. 2.1) read 67% CommonCrawl, cleaned by CCNet (arXiv:1911.00359):
# deduplication by line, a language classifier, a filter by an n-gram model, which has counted what
# follows what in Wikipedia (*perplexity* is its surprise at a page); then a classifier that tells
# pages cited by Wikipedia from random ones. Besides: C4 15%, GitHub, Wikipedia and books 4.5% each,
# arXiv 2.5%, StackExchange 2%. Books of which more than 90% overlaps are taken once. Gopher's rules
# are from arXiv:2112.11446, C4's from arXiv:1910.10683, MinHash for language models from
# arXiv:2107.06499.

# %% [markdown] tags=["sourced"]
# **What an article on the subject says,** put into English, and what the papers say:
#
# - *"News, social media"*: neither is among LLaMA 1's sources (arXiv:2302.13971, table 1).
# - *"Personal information is removed"*: not reported for LLaMA 1. Llama 2 leaves out sites known
#   for it (arXiv:2307.09288, sec. 2.1), Llama 3 filters for it (arXiv:2407.21783, sec. 3.1.1).
# - *"Copyrighted content is removed"*: LLaMA 1 includes Books3; a licence filter is reported for
#   GitHub alone.
# - *"Filtered for grammar, coherence, information"*: no such measure; perplexity, a classifier, and
#   counts.

# %% [markdown]
# **Now you:** [exercises/02_corpus](../exercises/02_corpus.ipynb)
