# %% [markdown]
# # 02 · Corpus: what would you train on?
#
# **What you need:** lesson 00; regular expressions and sets in Python.
#
# **What you will be able to do:** clean a page without tearing it; see what a filter drops and when
# it is wrong; find near-copies among very many texts without comparing all pairs.
#
# **Time:** about 50 minutes: six pages 4 · cleaning 8 · rules that count 11 · copies 20 ·
# personal data 3 · all of it 4

# %% [markdown]
# A **corpus** is the collection of texts that a language model is trained on. The model learns from
# nothing else, so somebody must decide what goes in, for far more pages than anybody can read.
# Begin with six. *Would you train on each of these pages as it is?* (Code that only prepares a
# figure or a list can be skipped, here and below.)

# %% tags=["nbval-check-output"]
import random
import re
from collections import Counter

from llama_edu import plots
from llama_edu.course.reader import answer_guess
from llama_edu.data.documents import read_documents

raw = {d.id: d for s in ("enwiki", "bible", "shakespeare", "sanguo") for d in read_documents(s)}
six = {
    "enwiki/10": "#REDIRECT", "enwiki/39": "'''Albedo'''", "sanguo/010": "二军远来",
    "sanguo/022": "皆垂头", "bible/kjv-19-136": "O give thanks",
    "shakespeare/hamlet_gut_f": "To be, or not",
}
for number, (name, start) in enumerate(six.items(), 1):
    text, n_chars = raw[name].text, 30 if "sanguo" in name else 130
    print(number, repr(text[text.index(start) :][:n_chars]))

# %% [markdown]
# 1. A page of Wikipedia that only points to another page.
# 2. An article, among its markup.
# 3. *Three Kingdoms*, a famous old Chinese novel, with a website's address amid a sentence.
# 4. The same novel, with □ where a character was lost.
# 5. A psalm that says the same words again and again.
# 6. Hamlet as it was printed four centuries ago. We have the play in modern spelling, too.
#
# All six are real. Decide for yourself now; at the end you see what became of each.

# %% [markdown]
# ## Cleaning
#
# **Wikitext** is the markup in which Wikipedia keeps its pages. `[[target|label]]` is a link, of
# which we want the label. `{{name|arguments}}` is a template: it stands for a box or a note, and
# we mostly want nothing of it. So let a regular expression delete everything from `{{` to the next
# `}}`. **Predict:** what is left of this line?

# %%
line = "Albedo{{cite web|title={{lang|la|albus}}|year=2009}} is reflecting power."
guess = None  # "the sentence", "more than the sentence" or "less than the sentence"

# %% tags=["nbval-check-output"]
print(re.sub(r"\{\{.*?\}\}", "", line))
why = "the next }} closes the inner template, and the end of the outer one stays"
answer_guess(guess, "more than the sentence", why)

# %% [markdown]
# **Break it, then diagnose it.** Templates stand inside templates, and this expression does not
# count brackets. Repair: delete the templates that hold no other brace, until none is left.


# %% tags=["nbval-check-output"]
def without_templates(text):
    count = 1
    while count:  # from the inside out
        text, count = re.subn(r"\{\{[^{}]*\}\}", "", text)
    return text


print(without_templates(line))

# %% [markdown]
# The package does the same with templates, links, tables, references and files. Here is what it
# leaves of page 2:

# %% tags=["nbval-check-output"]
from llama_edu.data.clean import clean

pages = [d for d in raw.values() if d.source == "enwiki"]
prose = {d.id: clean(d.text, d.markup) for d in pages}
print(prose["enwiki/39"].partition("It is")[0].strip())
n_raw, n_clean = sum(len(d.text) for d in pages), sum(map(len, prose.values()))
print(f"{len(pages)} pages: {n_raw:,} characters raw, {n_clean:,} clean: {n_clean / n_raw:.0%}")
n_redirects = sum(d.text.upper().startswith("#REDIRECT") for d in pages)
print(f"{n_redirects} redirects; pages with nothing left: {list(prose.values()).count('')}")

# %% [markdown]
# Half of the characters of these pages are markup, not text. And half of the *pages* are redirects
# like page 1, of which nothing is left.
#
# Pages 3 and 4 come from the web. The address in page 3 can simply be deleted. But what about □, or
# a `?` where a character was lost on the way from one encoding to another? A reader or another
# edition may know the lost character; our cleaner does not. And a model would learn to write □, or
# a question where nobody asked one.

# %% tags=["nbval-check-output"]
novel = {d.id: d.text for d in raw.values() if d.source == "sanguo"}
cleaned = {name: clean(text) for name, text in novel.items()}
for name, texts in [("raw", novel), ("clean", cleaned)]:
    signs = Counter(sign for text in texts.values() for sign in re.findall(r"www|□|\?", text))
    n_faulty = sum(bool(re.search(r"www|□|\?", text)) for text in texts.values())
    print(f"{name}: {dict(signs)}, in {n_faulty} of {len(texts)} chapters")

# %% [markdown]
# The package drops the damaged sentence and nothing else. Remove as little as you can: had we
# dropped every chapter with a fault, ten chapters would be gone.

# %% [markdown]
# ## Rules that count
#
# A clean page may still be a menu, a list of names, or spam. Nobody reads billions of pages, so
# simple counts decide. A **heuristic filter** keeps a page if certain numbers measured on it lie
# within fixed bounds. The best known rules come from *Gopher*, a language model, and from *C4*, a
# corpus of web pages.
#
# **Stop words** are the commonest words of a language, such as *the* and *of*: hardly any English
# text is without them. *Symbols* are # and …, *bullet lines* begin with • or a dash, and *lorem
# ipsum* begins the dummy text of printers; `inf` means no bound. A page goes if it breaks one rule,
# and `judge` says which:

# %% tags=["nbval-check-output"]
from llama_edu.data.filter import Page, identify_language, judge, rules_for

for rule in rules_for("en")[:10]:
    print(f"{rule.name:17} at least {rule.at_least:g}, at most {rule.at_most:g}")
print("and", len(rules_for("en")) - 10, "more, all on repetition")
for name, text in prose.items():
    drops = judge(Page(text), rules_for("en"))
    if text and drops:
        print(f"{name}: {len(text):,} characters, {drops[0]}\n  {text[:75]!r}")

# %% [markdown]
# Six of the seven are short, most of them lists of what a name may mean. ASCII is long and good. It
# goes for its curly brackets, which the rule takes for program code; but it is about ASCII, and
# { and } are two of its characters. C4 itself is stricter: it drops a page for *one* curly bracket
# (arXiv:1910.10683, sec. 2.2), where the package allows one in a thousand words. Rules err: read
# what they drop.

# %% [markdown]
# The rules on repetition look at n-grams. An **n-gram** is a run of n words: *in the beginning God
# created* is a 5-gram. Menus and spam repeat themselves, so Gopher drops a page if more than 0.15
# of its letters lie in 5-grams that came before, or more than 0.2 of them in its commonest 2-gram.
# Here are two pages that fail:

# %% tags=["nbval-check-output"]
bible = {d.id: clean(d.text) for d in raw.values() if d.source == "bible"}
genesis, psalm = bible["bible/kjv-01-001"], bible["bible/kjv-19-136"]
print("Genesis 1:", judge(Page(genesis), rules_for("en"))[0])
print("Psalm 136:", judge(Page(psalm), rules_for("en"))[0])

# %% tags=["nbval-ignore-output"]
words = list(re.finditer(r"\S+", genesis))
seen, spans = set(), []
for first, last in zip(words, words[4:], strict=False):
    five_gram = tuple(genesis[first.start() : last.end()].split())
    if five_gram in seen:
        spans.append((first.start(), last.end()))
    seen.add(five_gram)
plots.marked(
    genesis.partition("And let them be for lights")[0], spans, label="in a 5-gram that came before",
    title="The Bible's first page repeats itself too much for Gopher",
    alt="Verses 1 to 14 of Genesis. Refrains such as 'and God saw that it was good' and 'And the "
    "evening and the morning were the' are marked as repeated.",
)

# %% [markdown]
# *And the evening and the morning were the first day*, the second, the third: the Bible's first
# page is dropped, and so is our page 5. The rules were made for the web, where repetition means
# spam. Are they at least good for prose in any language? **Predict:** how many of the 120 chapters
# of *Three Kingdoms* pass them?

# %%
guess = None  # 0 to 120

# %% tags=["nbval-check-output"]
for language in ("zh", "en"):
    n_stay = sum(not judge(Page(text, language), rules_for(language)) for text in cleaned.values())
    n_words = len(Page(cleaned["sanguo/001"], language).words)
    print(f"rules for {language}: {n_stay} chapters stay; words in chapter 1: {n_words:,}")
answer_guess(guess, n_stay, "Chinese writes no spaces, so the rules take a whole paragraph for a "
             "word, and they find no 'the'")  # fmt: skip
print("language of the chapters:", Counter(map(identify_language, cleaned.values())))

# %% [markdown]
# Not one, and no other bound would repair that. Repair: first find out which language it is
# (*zh* is Chinese), then count what a word is *there* (a character), and look for the stop words of
# that language. A rule is made for one language and one kind of text, and destroys others.

# %% [markdown] tags=["sourced"]
# ## Copies
#
# **Deduplication** removes the further copies of a text that a corpus holds more than once. Models
# trained on a deduplicated corpus write out memorized text a tenth as often, and learn in fewer
# steps (arXiv:2107.06499). Equal copies are easy to find. A **hash function** turns a text into a
# number, the same for equal texts and nearly always another for others. Compare these numbers. But
# in page 6, the old print of Hamlet, nearly every line is spelled otherwise: *Whether 'tis Nobler
# in the minde to suffer*.

# %% [markdown]
# How alike are two texts? Cut each into overlapping pieces. The **shingles** of a text are all its
# runs of n neighbouring words or characters. The **Jaccard similarity** of two sets A and B is the
# number of members that both have, divided by the number that either has:
#
# $$ J(A, B) = \frac{|A \cap B|}{|A \cup B|} $$
#
# **Predict:** what is it for these two lines, with pairs of words as shingles?

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
print("Jaccard similarity:", len(a & b) / len(a | b))
twice = "shingles are a set, so 'to be' counts once though the modern line has it twice"
answer_guess(guess, len(a & b) / len(a | b), "4 shingles are in both, 5 in either",
             within=0.01, wrong={2 / 3: twice, 0.67: twice, 0.66: twice})  # fmt: skip

# %% [markdown]
# The package's shingles are runs of characters, so that one changed letter does not cost whole
# words. Here is what the old print shares with the modern speech:

# %% tags=["nbval-ignore-output"]
from llama_edu.data.dedup.shingles import normalise  # lower case, no punctuation

plays = {d.id.partition("/")[2]: d.text for d in raw.values() if d.source == "shakespeare"}
new, old = (text[text.index("To be, or not to be") :]
            for text in (plays["hamlet_gut"], plays["hamlet_gut_f"]))  # fmt: skip
new, old = normalise(new[:2000]), "\n".join(map(normalise, old.splitlines()[:12]))
shared = [(i, i + 7) for i in range(len(old) - 6) if old[i : i + 7].replace("\n", " ") in new]
plots.marked(
    old, shared, label="in a shingle of 7 characters that the modern speech has, too",
    title="Much of the old print is still there, between the changed letters",
    alt="The first lines of the speech in old spelling. Most letters are marked as shared; the "
    "gaps lie in words such as minde, arrowes and sleepe.",
)

# %% tags=["nbval-check-output"]
from llama_edu.data.dedup import character_shingles, jaccard

sets = {name: character_shingles(text, 7) for name, text in plays.items()}
true = jaccard(sets["hamlet_gut"], sets["hamlet_gut_f"])
other = jaccard(sets["hamlet_gut"], sets["romeo_and_juliet_gut"])
print(f"Hamlet: {len(sets['hamlet_gut']):,} different shingles")
print(f"Hamlet and its old print: {true:.2f}, Hamlet and Romeo and Juliet: {other:.2f}")

# %% [markdown]
# Most letters are the same, but each changed one breaks all 7 shingles that hold it. Even so, the
# old print is far closer than another play. But these sets are large, and n texts make
# $n (n - 1) / 2$ pairs: a billion pages make half a billion billion. Two tricks help.
#
# ### Trick 1: MinHash
#
# Give every shingle a random number. Of each text remember only the *smallest* number among its
# shingles. Do it eight times, each time with new numbers. Here it is for the two short lines. The
# modern line has the first four shingles, the old line has all five:

# %% tags=["nbval-ignore-output"]
dice = random.Random(5)
pieces = sorted(a | b)
numbers = {piece: [dice.random() for _ in range(8)] for piece in pieces}
plots.squares(
    {"": list(numbers.values())}, pieces, [str(i) for i in range(1, 9)], write_numbers=True,
    title="The two lines disagree only where 'to bee' has the smallest number",
    x_label="trial", y_label="shingle", value_label="random number",
    alt="Five rows, one for each shingle, and eight columns of random numbers. In column 5 alone "
    "the smallest number is that of 'to bee', which only the old line has.",
)

# %% [markdown]
# **Predict:** in the long run, in which share of all trials do both lines remember the same number?

# %%
guess = None  # between 0 and 1

# %% tags=["nbval-check-output"]
dice, n_equal = random.Random(0), 0
for _ in range(10_000):
    number = {piece: dice.random() for piece in pieces}
    n_equal += min(map(number.get, a)) == min(map(number.get, b))
print(f"the same smallest number in {n_equal / 10_000:.2f} of all trials")
why = "4 of the 5 shingles are in both lines, and each is equally likely to have the least number"
answer_guess(guess, round(n_equal / 10_000, 2), why, within=0.03)

# %% [markdown]
# So it is for any two sets: the chance to agree *is* the Jaccard similarity.
#
# $$ P(\min h(A) = \min h(B)) = J(A, B) $$
#
# **MinHash** estimates the similarity of two sets from the smallest hash values of their members: a
# hash function gives the random numbers, and each function is one trial. The smallest values under
# n functions are the **signature** of a text. The share of places in which two signatures agree is
# the estimate. The **standard error** of an estimate is how far it typically lies from the truth,
# here $\sqrt{J (1 - J) / n}$.

# %% tags=["nbval-check-output"]
from llama_edu.data.dedup import MinHasher, estimate_jaccard

pair = [sets["hamlet_gut"], sets["hamlet_gut_f"]]
for n in (16, 64, 256, 1024):
    estimate = estimate_jaccard(*MinHasher(n).signatures(pair))
    print(f"{n:4} numbers: {estimate:.2f}, standard error {(true * (1 - true) / n) ** 0.5:.2f}")

# %% [markdown]
# 256 numbers stand for a whole play, with an error of a few hundredths.
#
# ### Trick 2: bands
#
# Signatures are short, but there are still too many pairs. **Locality-sensitive hashing** gives
# similar texts a good chance to share a hash, and compares only texts that share one. A **band** is
# one of b equal parts of a signature, with r numbers each. Each band serves as a hash: two texts
# are compared only if they *agree on a whole band*.

# %% [markdown]
# How likely is that? Take a similarity of $1/2$ and bands of 2 numbers. Two texts agree on a band
# with the chance $1/2 \cdot 1/2 = 1/4$, and differ in it with $3/4$. They differ in each of 3 bands
# with $(3/4)^3 = 0.42$; else they are compared. In general, at similarity s:
#
# $$ P(\text{compared}) = 1 - (1 - s^r)^b $$

# %% tags=["nbval-ignore-output"]
from llama_edu.data.dedup import candidate_pairs, detection_probability, drop_near_duplicates

similarities = [i / 200 for i in range(201)]
curves = {
    f"{b} bands of {r}": (similarities, [detection_probability(s, b, r) for s in similarities])
    for b, r in [(128, 2), (64, 4), (32, 8), (16, 16)]
}
plots.lines(
    curves | {"Hamlet and its old print": ([true, true], [0, 1])}, markers=False,
    x_label="Jaccard similarity s", y_label="probability to be compared",
    title="The number of bands decides how alike two texts must be to meet",
    alt="S-shaped curves: of 256 numbers, 128 bands of 2 step up near 0.1, 64 bands of 4 near "
    "0.35, 32 of 8 near 0.65 and 16 of 16 near 0.85. Hamlet and its old print stand at 0.51.",
)

# %% [markdown]
# Of our 77 texts of Shakespeare, 35 are old prints. Suppose that each is as similar to its modern
# text as Hamlet is. **Predict:** by the figure, how many of the 35 are found with 16, 32, 64 and
# 128 bands?

# %%
guess = None  # four numbers in a list, for 16, 32, 64 and 128 bands

# %% tags=["nbval-check-output"]
names = list(plays)
signatures = MinHasher(256).signatures(sets.values())
n_old = sum(name.endswith("_f") for name in names)
print(f"{len(names)} texts, {n_old} in old print, {len(names) * (len(names) - 1) // 2:,} pairs")
n_found = []
for n_bands in (16, 32, 64, 128):
    n_compared = len(candidate_pairs(signatures, n_bands))
    n_found.append(len(drop_near_duplicates(signatures, n_bands, threshold=0.4)))
    print(f"{n_bands:3} bands: {n_compared:5,} pairs compared, {n_found[-1]} near-copies found")
answer_guess(guess, n_found, "35 times the height at which the upright line crosses each curve, "
             "give or take a play", within=0.2)  # fmt: skip

# %% [markdown]
# With few bands we miss nearly all copies; with many, nearly all pairs are compared and nothing is
# saved. 64 bands compare 94 of 2,926 pairs and find 34 copies. A pair that meets counts as a copy
# if its signatures agree in at least 0.4 of all places. Which of the 35 old prints is missing?

# %% tags=["nbval-check-output"]
for name in ("cymbeline_gut_f", "cymbeline_gut"):
    acts = re.findall(r"^(?:ACT|Actus) \w+", plays[name], re.MULTILINE)
    print(f"{name}: {len(plays[name]):,} characters, {acts}")
i, j = (names.index(name) for name in ("cymbeline_gut_f", "cymbeline_gut"))
print(f"similarity: {estimate_jaccard(signatures[i], signatures[j]):.2f}")

# %% [markdown]
# *Cymbeline*: our modern file is broken, and acts III and IV are gone. It was deduplication that
# found it out.
#
# ## Personal data
#
# **Personally identifiable information** (PII) is what tells who a person is or how to reach them,
# such as card numbers and e-mail addresses. A pattern can propose them, but prose is full of long
# numbers. A **checksum** is a digit computed from the others, so that typing errors are noticed;
# cards have one by Luhn's rule, which you write in the exercise. **Predict:** which share of
# numbers of 16 *random* digits passes it?

# %%
guess = None  # between 0 and 1

# %% tags=["nbval-check-output"]
from llama_edu.data.pii import scrub
from llama_edu.data.pii.checksums import passes_luhn

dice = random.Random(0)
tries = ("".join(dice.choices("0123456789", k=16)) for _ in range(10_000))
share = sum(map(passes_luhn, tries)) / 10_000
print(f"{share:.1%} of random numbers pass")
answer_guess(guess, round(share, 2), "whatever the other digits are, one of the ten possible last "
             "digits fits", within=0.1)  # fmt: skip
letter = """Pay with 4111 1111 1111 1111 (not 4111 1111 1111 1112) or write to ann@example.org.
Read www.csmonitor.com/1982/0720/072033.html."""
print(scrub(letter)[0])

# %% [markdown]
# So a checksum does not decide; it makes false alarms ten times rarer, as for the second number
# of the letter, which fails the rule and stays. Telephone numbers have none at all: in the last
# line a date and the number of an article were taken for one. Clean first, then scrub.
#
# ## All of it
#
# Encyclopedia, novel, psalms and some of the plays (*Hamlet* to *Much Ado*) go through all steps,
# each text judged by the rules of its own language. At last: what became of the six pages?

# %%
texts = prose | cleaned | {name: text for name, text in bible.items() if "kjv-19-" in name}
texts |= {f"shakespeare/{name}": clean(text) for name, text in plays.items() if "h" <= name < "n"}
fate = {name: "nothing left" for name, text in texts.items() if not text}
steps = [("clean", len(texts), Counter(fate.values()))]

rest = {name: text for name, text in texts.items() if text}
broken = Counter()
for name, text in rest.items():
    language = identify_language(text)
    if drops := judge(Page(text, language), rules_for(language)):
        broken[drops[0].rule] += 1
        fate[name] = str(drops[0])
steps.append(("rules", len(rest), broken))

names = [name for name in rest if name not in fate]
signatures = MinHasher(256).signatures(character_shingles(rest[name], 7) for name in names)
copies = drop_near_duplicates(signatures, 64, threshold=0.4)
fate |= {names[copy]: f"near-copy of {names[first]}" for copy, (first, _) in copies.items()}
sources = Counter(names[copy].partition("/")[0] for copy in copies)
steps += [("near-copies", len(names), sources), ("corpus", len(names) - len(copies), {})]

# %% tags=["nbval-ignore-output"]
plots.sieve(
    steps, y_label="texts", title="Most of what goes is no text at all; bad pages are fewest",
    alt="A stream of 513 texts. Cleaning leaves 100 of them empty, rules drop 15, and 18 are "
    "near-copies; 380 texts are left.",
)

# %% tags=["nbval-check-output"]
for number, name in enumerate(six, 1):
    print(number, fate.get(name, "kept, cleaned"))

# %% [markdown]
# Would you have decided the same? Page 5 is the one to argue about.
#
# ## In short
#
# 1. Clean away as little as you can: markup, a watermark, a sentence with a hole.
# 2. Rules that count belong to one language and one kind of text. Read what they drop.
# 3. MinHash turns similarity into a chance, and bands turn the chance into a step: near-copies are
#    found without comparing all pairs.

# %% [markdown] tags=["sourced"]
# ## Where LLaMA really does this
#
# LLaMA 1 (arXiv:2302.13971, sec. 2.1) read 67% CommonCrawl, cleaned by CCNet (arXiv:1911.00359):
# deduplication by line, a language classifier, a filter by perplexity. **Perplexity** measures how
# much a text surprises a language model. A second classifier tells pages that Wikipedia cites from
# random ones. Besides: C4 15%, GitHub, Wikipedia and books 4.5% each, arXiv 2.5%, StackExchange 2%.
# Of books that overlap by more than 90% one is kept.
#
# Gopher's rules are from arXiv:2112.11446, C4's from arXiv:1910.10683. MinHash is Broder's (1997,
# doi:10.1109/SEQUEN.1997.666900). GPT-3 already deduplicated with it (arXiv:2005.14165, appendix
# A), and so did Llama 3 (arXiv:2407.21783, sec. 3.1.1).
#
# **Now you:** [exercises/02_corpus](../exercises/02_corpus.ipynb)
