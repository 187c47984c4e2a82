# %% [markdown]
# # 03 · Augment and annotate: more examples, and true labels
#
# A story, a question, its answer: a labelled example. Labels are dear. Change a few words and you
# have a second example for nothing, **as long as the answer stays true**. Does it?

# %% tags=["nbval-check-output"]
import random
import re
from collections import Counter
from itertools import pairwise

from llama_edu import plots
from llama_edu.course.source import show_source
from llama_edu.data.annotate import EvaluationGrams, cohen_kappa, parse_record
from llama_edu.data.augment import (
    OPERATIONS,
    RoundTrip,
    WordNet,
    augment_training,
    is_usable,
    rewrite,
)
from llama_edu.data.augment.eda import n_changes
from llama_edu.data.augment.word_model import NULL, WordModel, split_words
from llama_edu.data.documents import read_verses
from llama_edu.data.sources import pull
from llama_edu.data.stories import NAMES, THINGS, annotate, ask, tell_story

synonyms = WordNet(pull("wordnet") / "dict").synonyms  # a dictionary of shared meanings
story = tell_story(0, n_events=4)
print(story.text)
print("Who has the kettle at the end?", story.holder_of["kettle"])

# %% [markdown]
# Three rewrites of it, called A, B and C. **Predict:** in which of them does the text still say
# that *Mia* has the kettle, in whatever English?

# %%
guess = None  # some of "A", "B", "C"

# %% tags=["nbval-check-output"]
for name, operation in [("A", "replace"), ("B", "swap"), ("C", "delete")]:
    print(f"{name}: {rewrite(story.text, operation, seed=3, synonyms=synonyms)}\n")

# %% [markdown]
# In A and C. In A a *forenoon* is a morning. C has lost two verbs, and its English, but *took it*
# still stands behind *Mia*. In B **Ben** takes the kettle: the text has changed its answer, and the
# label, which stayed, is now a lie.
#
# ## Four operations, and how many words
#
# **Easy data augmentation** (EDA) has four operations: *replace* a word by a synonym, *insert* a
# synonym of a word in front of some word, *swap* two words, *delete* a word. Of l words each
# changes n = max(1, ⌊α·l⌋); ⌊ ⌋ cuts off what comes after the point. **Predict:** how many of 27
# words are changed at α = 0.1, and how many of 5?

# %%
guess = None  # two numbers

# %% tags=["nbval-check-output"]
print("of 27 words:", n_changes(27, 0.1), "and of 5:", n_changes(5, 0.1))

words = split_words(story.text)
signs = sum(not word.isalpha() for word in words)
print(f"the story: {len(words) - signs} words and {signs} signs")
for operation in OPERATIONS:
    changed = split_words(rewrite(story.text, operation, seed=3, synonyms=synonyms))
    gone, new = Counter(words) - Counter(changed), Counter(changed) - Counter(words)
    moved = sum(a != b for a, b in zip(words, changed, strict=False)) if operation == "swap" else 0
    print(f"{operation}: {gone.total()} gone, {new.total()} new, {moved} moved")
for seed in (3, 3, 4):
    print(f"seed {seed}: {rewrite(story.text, 'insert', seed=seed, synonyms=synonyms)}")

# %% [markdown]
# n is 2 for this story: a pair swapped is two words moved. The same seed always makes the same
# changes. *Stop words*, such as *the*, *it* and *not*, are never replaced, swapped or deleted.
#
# ## How often is the label still true?
#
# The stories come from a small world that keeps account of everything, so that every answer is
# exact. A strict reader, who knows only the sentences of this world, can tell what a rewrite says:


# %% tags=["nbval-check-output"]
def read_holders(text):
    """Who has what at the end, as the sentences say it."""
    holder = {}
    for sentence in text.split("."):
        words = re.findall(r"\w+", sentence)
        names = [word for word in words if word in NAMES]
        things = [word for word in words if word in THINGS]
        if not names or not things:
            continue
        if "gave" in words or "handed" in words:
            holder[things[0]] = names[-1]
        elif "took" in words or "picked" in words:
            holder[things[0]] = names[0]
        elif "left" in words or "put" in words:
            holder.pop(things[0], None)
    return holder


stories = [tell_story(seed) for seed in range(400)]
print("it reads every story right:", all(read_holders(s.text) == s.holder_of for s in stories))

# %% [markdown]
# **Predict:** of replace, insert, swap and delete, which spoils the most labels?

# %%
guess = None


# %% tags=["nbval-check-output"]
def fates(operation, protected):
    """For each label of the stories: is it kept, is another one true now, or none at all?"""
    for seed, story in enumerate(stories):
        text = rewrite(
            story.text, operation, seed=seed, synonyms=synonyms, protected=protected
        )
        for thing, who in story.holder_of.items():
            says = read_holders(text).get(thing)
            yield "kept" if says == who else "another" if says else "none"


kept = {"nothing protected": {}, "names and things protected": {}}
for (note, shares_kept), protected in zip(kept.items(), ((), NAMES + THINGS), strict=True):
    print(note)
    for operation in OPERATIONS:
        fate = Counter(fates(operation, protected))
        shares_kept[operation] = 100 * fate["kept"] / fate.total()
        shares = ", ".join(f"{name} {fate[name] / fate.total():.0%}" for name in sorted(fate))
        print(f"  {operation}: {shares}")

# %% tags=["nbval-ignore-output"]
plots.bars(
    kept, x_label="labels still true, %", n_digits=0,
    title="Swapping words spoils the most labels",
    alt="Labels still true: replace about three quarters, insert all, swap 40 percent, delete 60. "
    "With names and things protected: replace and insert all, swap 56, delete 72 percent.",
)

# %% [markdown]
# Protection makes *replace* safe here; it cannot make *swap* safe, for verbs matter too. *Insert*
# looks harmless because this reader passes over words that he does not know; you would stumble.
#
# Synonyms have a trap of their own:

# %% tags=["nbval-check-output"]
for word in ("harbour", "found", "cold"):
    print(f"{word}: {', '.join(synonyms(word)) or 'none'}")
for seed in (3, 4):
    print(rewrite("Mia found the kettle.", "replace", seed=seed, synonyms=synonyms))

# %% [markdown]
# WordNet lists base forms: it knows *to found* a city, and takes our *found*, from *to find*, for
# it. Which synonym is taken is left to chance. *Cold* has none: only the first sense of a word is
# asked, and not every sense has a second word.
#
# ## Back-translation
#
# Translate a sentence into another language and back: other words, hopefully the same meaning.
# It needs a translator. A small honest one can be learned in seconds, from **aligned sentences**
# alone, without a dictionary. Three pairs:

# %% tags=["nbval-check-output"]
pairs = [("the house", "das haus"), ("the book", "das buch"), ("a book", "ein buch")]
pairs = [(english.split(), german.split()) for english, german in pairs]
for word in ("the", "house", NULL):
    shares = {f: round(t, 2) for f, t in WordModel(pairs, 1).translations(word)}
    print(f"{word or '(empty word)'}, 1 step:", shares)

# %% [markdown]
# The first step only counts: *das* stood in a pair with *the* twice, *haus* and *buch* once; with
# *house* both *das* and *haus* stood once. The model adds an *empty word* to every English
# sentence, for German words that no English one explains; it takes its share like the others.
#
# The second step counts again, but divides. In the first pair *haus* is one half likely for
# *house* and one quarter for *the*, so *house* gets twice as much of this *haus* as *the*. *das* is
# one half for both, and both get as much. From these counts come new probabilities, and so on.
# **Predict:** what is *house* after 20 steps?

# %%
guess = None  # one or two German words

# %% tags=["nbval-check-output"]
for n_steps in (2, 3, 20):
    shares = {f: round(t, 2) for f, t in WordModel(pairs, n_steps).translations("house")}
    print(f"house, {n_steps} steps:", shares)
for word in ("the", "book", "a"):
    (best, t), *_ = WordModel(pairs, 20).translations(word)
    print(f"{word}, 20 steps: {best} {t:.2f}")

# %% [markdown]
# *das* is explained by *the*, so *house* must be *haus*. This is IBM's first word model.
#
# Our two languages are the English of 1611 (King James) and of 1901 (American Standard), whose
# verses are numbered alike. The model trains on the New Testament after the Gospels; the Gospels
# are to be paraphrased.

# %% tags=["nbval-check-output"]
verses = {
    version: {row[:3]: row[3] for row in read_verses(pull("bible"), version)}
    for version in ("kjv", "asv")  # of 1611 and 1901
}
kjv, asv = verses["kjv"], verses["asv"]
later = [key for key in asv if key[0] > 43 and key in kjv]  # book 43 is the Gospel of John
gospels = [key for key in kjv if 40 <= key[0] <= 43]
trip = RoundTrip([(kjv[key], asv[key]) for key in later])
print(f"{len(later):,} pairs")
for word in ("ghost", "everlasting", "shew", "hath"):
    (best, t), *_ = trip.there.translations(word)
    print(f"{word}: {best} {t:.2f}")

# %% [markdown]
# Nobody told it that *ghost* had become *spirit*. Now there and back. Each word is drawn by its
# probability, and the *temperature* makes unlikely ones likelier. **Predict:** which of five
# temperatures gives the most paraphrases that are of use? We shall look, and then measure.

# %%
guess = None  # 0.5, 1.0, 1.5, 2.0 or 3.0

# %% tags=["nbval-check-output"]
unseen = [kjv[key] for key in gospels[::8]]
heats = [0.5, 1.0, 1.5, 2.0, 3.0]
paraphrases = {}
for heat in heats:
    trip.temperature = heat
    paraphrases[heat] = [trip.paraphrase(text, seed=i) for i, text in enumerate(unseen)]
print(unseen[256])
for heat in heats:
    print(f"at {heat}: {paraphrases[heat][256]}")

# %% [markdown]
# *Sayings* become *words*: that is a paraphrase. Temperatures 0.5 and 1.0 give the same one here;
# hot, it is no sentence any more.
#
# Not every paraphrase is worth keeping, so there is a filter. It takes two things from lesson 02:
# `word_shingles(text, 1)` is the set of a text's words, and `jaccard` is the share of all words of
# two sets that both have.

# %% tags=["nbval-ignore-output"]
show_source(is_usable)

# %% [markdown]
# It asks for the form: about as long, not the same, not too different. Does it see nonsense?
# Measure sense in a rough way: the share of neighbouring words that stand side by side somewhere
# else in the King James Bible. From that make a filter of sense: a paraphrase passes if its share
# is that of its verse, or higher, or lower by five percentage points at most.


# %% tags=["nbval-check-output"]
elsewhere = set(kjv) - set(gospels[::8])
seen = {pair for key in elsewhere for pair in pairwise(split_words(kjv[key]))}


def seen_pairs(text):
    pairs = list(pairwise(split_words(text)))
    return sum(pair in seen for pair in pairs) / len(pairs)


def mean(values):
    values = list(values)
    return sum(values) / len(values)


print(f"the verses themselves: {mean(map(seen_pairs, unseen)):.0%} of pairs seen elsewhere")
form, sense, both = [], [], []
for texts in paraphrases.values():
    passed = list(map(is_usable, unseen, texts))
    as_good = [
        seen_pairs(new) >= seen_pairs(old) - 0.05 for old, new in zip(unseen, texts, strict=True)
    ]
    form.append(100 * mean(passed))
    sense.append(100 * mean(map(seen_pairs, texts)))
    both.append(100 * mean(a and b for a, b in zip(passed, as_good, strict=True)))
for heat, *shares in zip(heats, form, sense, both, strict=True):
    row = "pass form {:.0f}%, pairs seen {:.0f}%, pass form and sense {:.0f}%"
    print(heat, row.format(*shares))

# %% tags=["nbval-ignore-output"]
plots.lines(
    {
        "pass form": (heats, form),
        "pairs seen": (heats, sense),
        "pass form and sense": (heats, both),
    },
    x_label="temperature", y_label="share, %", y_from_zero=True,
    title="The hotter, the more has the form and the less makes sense",
    alt="From temperature 0.5 to 3 the share that passes the filter of form rises from 33 to 99 "
    "percent, while word pairs seen elsewhere fall from 90 to 69. What passes form and sense peaks "
    "at 1.5, at 30.",
)

# %% [markdown]
# At temperature 3 nearly everything passes, and hardly anything is language: a filter of form is
# no reader. With the filter of sense the best of the five is 1.5, and 30% are left. A word
# model stands in for a neural translator here: that one makes better sentences and needs the same
# filters.
#
# ## Break it: augment, then split
#
# Which Gospel is a verse from? Take the **nearest neighbour**: the training verse that is most
# alike by Jaccard, and its book. To have more verses, augment them all; then split off a fifth for
# the test.


# %%
def nearest_labels(train, test):
    """For each test text, the label of the training text whose set of words is most alike."""
    known = [(set(split_words(text)), label) for text, label in train]
    for text, _ in test:
        words = set(split_words(text))
        _, label = max(known, key=lambda other: len(words & other[0]) / len(words | other[0]))
        yield label


def equal(first, second):
    """Share of places at which both have the same."""
    return mean(a == b for a, b in zip(first, second, strict=True))


def accuracy(train, test):
    return equal(nearest_labels(train, test), [label for _, label in test])


def augmented(rows):
    copies = [
        (rewrite(text, operation, seed=i, synonyms=synonyms), label)
        for i, (text, label) in enumerate(rows)
        for operation in ("replace", "swap", "delete")
    ]
    return rows + copies


# %% [markdown]
# **Predict:** four books, so blind guessing is right for a quarter of them or a little more. How
# many does the nearest neighbour get right?

# %%
guess = None  # between 0 and 1

# %% tags=["nbval-check-output"]
dice = random.Random(0)
rows = [(kjv[key], key[0]) for key in gospels[::4]]
dice.shuffle(rows)


def augment_then_split(rows):
    everything = augmented(rows)
    random.Random(1).shuffle(everything)
    n_train = len(everything) * 4 // 5
    return everything[:n_train], everything[n_train:]


print(f"{len(rows)} verses, right: {accuracy(*augment_then_split(rows)):.0%}")

# %% [markdown]
# Too good to be true. **Diagnose it:** give every verse a book by *throwing dice*. There is nothing
# to learn then. What should the accuracy be, and what is it?

# %%
guess = None  # two numbers

# %% tags=["nbval-check-output"]
nonsense = [(text, dice.randrange(4)) for text, _ in rows]
print(f"dice for labels, right: {accuracy(*augment_then_split(nonsense)):.0%}")

order = list(range(4 * len(rows)))  # which row went where: verses first, then three copies of each
random.Random(1).shuffle(order)
verse_of = [i if i < len(rows) else (i - len(rows)) // 3 for i in order]
n_train = len(order) * 4 // 5
known = set(verse_of[:n_train])
print(f"test texts with a sibling in training: {mean(i in known for i in verse_of[n_train:]):.0%}")

# %% [markdown]
# Nothing was learned: the nearest neighbour is a **sibling**, another rewrite of the same verse.
# Nearly every test text has one in training, with the same label, whatever that is. **Repair it:**
# split first, then augment the training part alone.

# %% tags=["nbval-check-output"]
n_train = len(rows) * 4 // 5
for name, labelled in (("books", rows), ("dice", nonsense)):
    train, test = labelled[:n_train], labelled[n_train:]
    plain, more = accuracy(train, test), accuracy(augmented(train), test)
    print(f"{name}: {plain:.0%} right, with augmented training {more:.0%}")

# %% [markdown]
# The true figure is about a third, and dice are dice again. And what did augmentation bring? Here,
# nothing: a copy says no more about a book than its original.
#
# The package refuses the mistake. Its records are questions about stories, several to a story; the
# story is their *context*. A split by *question* already puts the same story on both sides:

# %% tags=["nbval-check-output"]
def reword(text, seed, protected):
    return rewrite(text, "replace", seed=seed, synonyms=synonyms, protected=protected)


questions = [question for story in stories[:20] for question in ask(story)]
try:
    augment_training(questions[1::2], questions[::2], reword)
except ValueError as error:
    print("ValueError:", error)

train = [question for story in stories[:15] for question in ask(story)]
test = [question for story in stories[15:20] for question in ask(story)]
print("split by story:", len(train), "->", len(augment_training(train, test, reword)), "records")

# %% [markdown]
# Each training question asks about a story that is in the test too. Split by story there are twice
# as many records less one: a copy that came back unchanged is left out.
#
# ## Annotate: records that can be checked
#
# A story gives three kinds of record: questions with answers, a summary, instructions, all read off
# the account of the world. Here is one of each. A record is validated when it is made: an answer
# must stand in the text where it says it stands.

# %% tags=["nbval-check-output"]
one_of_each = {type(record): record for record in annotate(story)}
for record in one_of_each.values():
    fields = {k: v for k, v in vars(record).items() if k not in ("context", "document", "input")}
    print(type(record).__name__, fields)

line = {"kind": "question_answer", "context": "Mia ran.", "question": "Who ran?", "answer": "Mia"}
for start in (0, 1):
    try:
        print("accepted:", parse_record(line | {"start": start}).answer)
    except ValueError as error:
        print("ValueError:", error)

# %% [markdown]
# ## Do two annotators agree?
#
# Real text has no account of its world: people label it, and differ. Two annotators, ten texts;
# each says *good* of nine, but not of the same nine. They agree on 80%. **Predict:** is that
# better than two who label blindly, each *good* nine times in ten?

# %%
guess = None  # True or False

# %% tags=["nbval-check-output"]
first, second = "gggggggggb", "bggggggggg"
agree = equal(first, second)
blind = 0.9 * 0.9 + 0.1 * 0.1  # both good, or both bad
print(f"agree on {agree:.0%}, blindly on {blind:.0%}")
print(f"kappa: {(agree - blind) / (1 - blind):.2f}, the package: {cohen_kappa(first, second):.2f}")

# %% [markdown]
# **Cohen's kappa** is what is left above chance, of what can be above it: (agreed − chance) /
# (1 − chance). 1 is perfect, 0 is chance, and these two are below it.
#
# Now a real label: *this verse speaks of healing*. Two annotators follow different guidelines, one
# looks for the cure, one for the illness:


# %% tags=["nbval-check-output"]
def annotator(*signs):
    return [bool(set(signs) & set(split_words(kjv[key]))) for key in gospels]


cure = annotator("heal", "healed", "whole")
illness = annotator("sick", "blind", "lame", "palsy", "leper")
print(f"{sum(cure)} and {sum(illness)} of {len(gospels):,} verses")
print(f"agree on {equal(cure, illness):.0%}")

# %% [markdown]
# **Predict:** and kappa?

# %%
guess = None  # between -1 and 1

# %% tags=["nbval-check-output"]
print(f"kappa: {cohen_kappa(cure, illness):.2f}")
print(f"both say healing: {sum(a and b for a, b in zip(cure, illness, strict=True))} verses")

# %% [markdown]
# They agree on what is **not** about healing, which is nearly everything. How misleading a
# percentage is depends on how rare the label is. Let two annotators be right 90% of the time, each
# wrong by dice, and make the label rarer:

# %% tags=["nbval-check-output"]
rates = [0.5, 0.3, 0.2, 0.1, 0.05, 0.02, 0.01]
agreement, kappas = [], []
for rate in rates:
    truth = [dice.random() < rate for _ in range(50_000)]
    one, other = ([t ^ (dice.random() < 0.1) for t in truth] for _ in range(2))
    agreement.append(equal(one, other))
    kappas.append(cohen_kappa(one, other))
for rate, agree, kappa in list(zip(rates, agreement, kappas, strict=True))[::3]:
    print(f"label on {rate:.0%}: agree on {agree:.0%}, kappa {kappa:.1f}")

# %% tags=["nbval-ignore-output"]
plots.lines(
    {"agreement": (rates, agreement), "kappa": (rates, kappas)}, y_from_zero=True,
    x_label="share of items that have the label", y_label="agreement, kappa",
    title="The same two annotators: agreement stays, kappa sees the rare label",
    alt="Agreement is 0.82 whatever the share of the label. Kappa is 0.64 where half of the items "
    "have it and falls to about 0.06 at one in a hundred.",
)

# %% [markdown]
# ## Is the test in the training text?
#
# The last check before training: **decontamination**. Look for n-grams, runs of n words, that an
# evaluation set shares with the training text. Here n is 13, and a shorter verse is one run. Let
# our Gospel verses be the test, and their paraphrases the training text. **Predict:** in which
# share of these is a run found, at temperature 0.5 and at 3?

# %%
guess = None  # two shares, between 0 and 1

# %% tags=["nbval-check-output"]
grams = EvaluationGrams(unseen)  # runs of 13 words; shorter verses as a whole
print(f"copied word for word: {mean(grams.overlap(text) > 0 for text in unseen):.0%}")
for heat in heats[::2]:
    found = mean(grams.overlap(text) > 0 for text in paraphrases[heat])
    print(f"paraphrased at {heat}: {found:.0%}")
revised = [(kjv[key], asv[key]) for key in gospels[::8] if key in asv]
print(f"in the version of 1901: {mean(grams.overlap(new) > 0 for _, new in revised):.0%}")

# %% [markdown]
# n-grams find copies, not rewordings: two thirds of the verses slip through in their revised
# version. So decontamination cannot repair a leak by augmentation: keep training and test apart
# from the start.
#
# ## In short
#
# 1. A rewrite is an example only if its label is still true: protect what carries the label,
#    filter for form *and* sense, and read some.
# 2. Split first, then augment; with dice for labels, a leak shows at once.
# 3. Agreement in percent flatters rare labels; kappa takes chance off.

# %% [markdown] tags=["sourced"]
# **Where LLaMA really does this.** One often reads that LLaMA's text was multiplied by
# back-translation and synonyms. Its papers report nothing of the kind: LLaMA 1's data are collected
# and filtered, and most tokens are seen about once (arXiv:2302.13971, sec. 2.1).
#
# Near misses: Llama 3 calls *backtranslation* a round trip from code to explanation and back to
# code, for about 1.2 million dialogues of fine-tuning (arXiv:2407.21783, sec. 4.3.1); for other
# languages it tries to *avoid* machine-translated data (sec. 4.3.2).

# %% [markdown] tags=["sourced"]
# Labels belong to fine-tuning: LLaMA 1's pre-training has none; Llama 2 has 27,540 written
# answers and 1,418,091 of Meta's own comparisons (arXiv:2307.09288, sec. 3.1 and table 6).
#
# EDA is from arXiv:1901.11196, where deletion throws a coin for each word instead of taking exactly
# n; back-translation is from arXiv:1511.06709, runs of 13 words from arXiv:2005.14165.

# %% [markdown]
# **Now you:** [exercises/03_augment](../exercises/03_augment.ipynb)
