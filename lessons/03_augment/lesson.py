# %% [markdown]
# # 03 · Augment and annotate: more examples, and true labels
#
# **What you need:** lessons 00 and 02; lists, dictionaries and sets in Python.
#
# **What you will be able to do:** make new examples out of old ones and say which of them you may
# keep; see when a test has leaked into the training text; say how far two annotators agree.
#
# **Time:** about 55 minutes: a new example 8 · four operations 10 · back-translation 19 ·
# augment, then split 10 · annotators 8

# %% [markdown]
# A story, a question about it, and the answer: such an example can train a model. Examples cost
# money, because somebody has to write the answer. Change a few words of the story, and you have a
# second example at no cost. Is the old answer still true in the new story?

# %% tags=["nbval-check-output"]
import random
import re
from collections import Counter, defaultdict
from itertools import pairwise
from statistics import fmean as mean

from llama_edu import plots
from llama_edu.course.reader import answer_guess, explore
from llama_edu.course.source import show_source
from llama_edu.data.annotate import EvaluationGrams, cohen_kappa
from llama_edu.data.augment import OPERATIONS, RoundTrip, WordNet, is_usable, rewrite
from llama_edu.data.augment.eda import n_changes
from llama_edu.data.documents import read_verses
from llama_edu.data.sources import pull
from llama_edu.data.stories import NAMES, THINGS, tell_story

synonyms = WordNet(pull("wordnet") / "dict").synonyms  # a dictionary of words that mean the same
story = tell_story(0, n_events=4)
print(story.text)
print("Who has the kettle at the end?", story.holder_of["kettle"])

# %% [markdown]
# The answer is the example's **label**: what a model is to learn to say about a text.
# **Data augmentation** makes new training examples by changing those that are there. Three
# rewrites of the story, each with the old label, *Mia*:

# %% tags=["nbval-check-output"]
rewrites = {
    name: rewrite(story.text, operation, seed=3, synonyms=synonyms)
    for name, operation in [("A", "replace"), ("B", "swap"), ("C", "delete")]
}
for name, text in rewrites.items():
    print(f"{name}: {text}\n")

# %% [markdown]
# **Predict:** one of them has changed the answer, so that the label has become false. Which one?
# A strict reader will decide. The stories have few kinds of sentences, so that a short function can
# read them.

# %%
guess = None  # "A", "B" or "C"

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


for name, text in rewrites.items():
    print(name, read_holders(text))
answer_guess(guess, "B", "Ben now stands in front of 'took it'",
             wrong={"C": "C lost two verbs, but 'took it' still stands behind Mia"})

# %% [markdown]
# In A a *forenoon* is still a morning. C has lost its good English, but not its answer. In B it is
# *Ben* who takes the kettle. A model trained on B with the label *Mia* learns something false.
#
# ## Four operations
#
# **Easy data augmentation** (EDA) has four operations: *replace* a word by a synonym, *insert* a
# synonym of a word elsewhere, *swap* two words, *delete* a word. Each changes a share α of the
# text's $l$ words, rounded down, and always at least one:
#
# $$n = \max(1, \lfloor \alpha \, l \rfloor)$$

# %% tags=["nbval-check-output"]
print("n at α = 0.1:", {f"{length} words": n_changes(length, 0.1) for length in (5, 28, 100)})
text = "Mia found the kettle there."
for operation in OPERATIONS:
    print(f"{operation}: {rewrite(text, operation, seed=6, synonyms=synonyms)}")

# %% [markdown] tags=["sourced"]
# The dictionary, WordNet, lists base forms: it takes our *found*, from *to find*, for *to found* a
# city. No operation touches *stop words* (lesson 02), such as *the* and *not*: a deleted *not*
# would turn a label round. EDA as published (arXiv:1901.11196) leaves them alone only when it
# replaces or inserts, and may swap or delete them. It also deletes each word with probability α,
# where we delete exactly n.

# %% [markdown]
# Now let the reader read 400 stories, to make sure that it is right, and then their rewrites.
# **Predict:** which operation makes the most labels false?

# %%
guess = None  # "replace", "insert", "swap" or "delete"

# %% tags=["nbval-check-output"]
stories = [tell_story(seed) for seed in range(400)]
print("reads every story right:", all(read_holders(s.text) == s.holder_of for s in stories))


def share_kept(operation, protected=()):
    """The percentage of labels that are still true after a rewrite."""
    kept = []
    for seed, story in enumerate(stories):
        text = rewrite(story.text, operation, seed=seed, synonyms=synonyms, protected=protected)
        kept += [read_holders(text).get(thing) == who for thing, who in story.holder_of.items()]
    return 100 * mean(kept)


kept = {
    "nothing protected": {name: share_kept(name) for name in OPERATIONS},
    "names and things protected": {name: share_kept(name, NAMES + THINGS) for name in OPERATIONS},
}
for note, shares in kept.items():
    print(f"{note}:", ", ".join(f"{name} {share:.0f}%" for name, share in shares.items()))
answer_guess(guess, "swap", "one swap damages two places at once, and can exchange two names",
             wrong={"delete": "deletion comes second, for a swap damages two places"})

# %% tags=["nbval-ignore-output"]
plots.bars(
    kept, x_label="labels still true, %", n_digits=0,
    title="Swapping words makes the most labels false",
    alt="Labels still true: replace about three quarters, insert all, swap 40 percent, delete 62. "
    "With names and things protected: replace and insert all, swap 56, delete 72 percent.",
)

# %% [markdown]
# No operation may touch a *protected* word. That makes *replace* safe here, but not *swap*, because
# verbs matter too. *Insert* looks harmless only because this reader skips words it does not know.

# %% [markdown]
# ## Back-translation
#
# **Back-translation** translates a sentence into another language and back: the words change, the
# meaning hopefully not. It needs a translator. We shall learn one in seconds, without any
# dictionary, from a **parallel corpus**: sentences in one language, each with its translation.
#
# **IBM Model 1** (1993) learns word translations by counting. Every German word is shared out among
# the English words of its pair, and the shares are added up over all pairs. From the sums come new
# probabilities, and with these it shares out again. `NULL` is an *empty word*: it joins each
# English sentence, for German words that no English one explains.

# %%
from llama_edu.data.augment.word_model import NULL, WordModel, split_words

pairs = [("the house", "das haus"), ("the book", "das buch"), ("a book", "ein buch")]
pairs = [(english.split(), german.split()) for english, german in pairs]


def naive_step(t):
    """From the probabilities t[e, f] that e is translated as f, make better ones."""
    counts = Counter()
    for english, german in pairs:
        for f in german:  # shared out among the English words, in proportion to t
            total = sum(t[e, f] for e in [NULL, *english])
            for e in [NULL, *english]:
                counts[e, f] += t[e, f] / total
    sums = Counter()
    for (e, _), count in counts.items():
        sums[e] += count
    return {(e, f): count / sums[e] for (e, f), count in counts.items()}  # each e sums to 1

# %% [markdown]
# At first all words are equally likely: in the first pair *das* goes to NULL, *the* and *house*, a
# third to each, and so does *haus*. **Predict:** after many rounds, what does *house* mean?

# %%
guess = None  # "das", "haus" or "both"

# %% tags=["nbval-check-output"]
rounds = [defaultdict(lambda: 1.0)]  # all equally likely
for n in range(1, 21):
    rounds.append(naive_step(rounds[-1]))
    if n in (1, 2, 3, 20):
        das, haus = rounds[n]["house", "das"], rounds[n]["house", "haus"]
        print(f"house, round {n:2}: das {das:.2f}, haus {haus:.2f}")
ours = dict(WordModel(pairs, n_steps=20).translations("house"))
print(f"the package: haus {ours['haus']:.2f}")
answer_guess(guess, "haus", "'the' stands beside 'das' twice and takes it, so 'haus' is left",
             wrong={"both": "they are equal after round 1 only; then 'the' takes 'das'"})

# %% tags=["nbval-ignore-output"]
english, german = ["the", "house", "book", "a", NULL], ["das", "haus", "buch", "ein"]
plots.squares(
    {f"round {n}": [[rounds[n].get((e, f), 0.0) for f in german] for e in english]
     for n in (1, 3, 20)},
    [e or "(empty)" for e in english], german, write_numbers=True,
    x_label="German word", y_label="English word", value_label="probability",
    title="'the' takes 'das', so that 'haus' is left for 'house'",
    alt="Three tables of five English by four German words. In round 1 each row is spread over two "
    "or three words. By round 20 the is das, house is haus, book is buch and a is ein.",
)

# %% [markdown]
# Check the first row: in round 1 *the* gets a third of *das* twice, and a third of *haus* and of
# *buch*. Divided by their sum, that is one half, one quarter, one quarter. In round 2 *haus* goes
# to *house* (one half) more than to *the* (one quarter), in round 3 still more. **Expectation
# maximisation** (EM) takes such turns: share out by the probabilities, then make new probabilities
# from the shares.
#
# Now a real corpus. Our two languages are the English of 1611 (King James) and of 1901 (American
# Standard), whose verses have the same numbers. We train on the New Testament after the Gospels,
# and paraphrase verses of the Gospels.

# %% tags=["nbval-check-output"]
bible = pull("bible")  # read_verses gives (book, chapter, verse, text)
kjv, asv = ({row[:3]: row[3] for row in read_verses(bible, name)} for name in ("kjv", "asv"))
later = [key for key in asv if key[0] > 43 and key in kjv]  # book 43 is the last Gospel, John
gospels = [key for key in kjv if 40 <= key[0] <= 43]
trip = RoundTrip([(kjv[key], asv[key]) for key in later])  # a word model there, and one back
print(f"{len(later):,} pairs, each a verse of 1611 and one of 1901")
for word in ("ghost", "everlasting", "shew"):
    (best, probability), *_ = trip.there.translations(word)
    print(f"{word}: {best} {probability:.2f}")

# %% [markdown]
# Nobody told it that *ghost* had become *spirit*. Now there and back. Each word is drawn by its
# probability; the higher the *temperature* (lesson 00), the more often an unlikely one is drawn.

# %% tags=["nbval-check-output"]
unseen = [kjv[key] for key in gospels[::8]]
temperatures = [0.5, 1.0, 1.5, 2.0, 3.0]
paraphrases = {}
for temperature in temperatures:
    trip.temperature = temperature
    paraphrases[temperature] = [trip.paraphrase(verse, seed=i) for i, verse in enumerate(unseen)]
print(unseen[256])
for temperature in (0.5, 1.5, 3.0):
    print(f"at {temperature}: {paraphrases[temperature][256]}")

# %% tags=["nbval-ignore-output"]
def show_paraphrase(temperature, seed):
    trip.temperature = temperature
    print(trip.paraphrase(unseen[256], seed=seed))


explore(show_paraphrase, temperature=(0.2, 3.0, 0.2), seed=(0, 9, 1))

# %% [markdown]
# At 0.5 *sayings* become *words*: a good paraphrase. At 3 it is no sentence any more. The package
# has a filter, `is_usable`: about as long as the verse, neither nearly the same nor too different.
# It compares the two sets of words by Jaccard similarity (lesson 02).

# %% tags=["nbval-ignore-output"]
show_source(is_usable, folded="The source of is_usable")

# %% [markdown]
# Does such a filter see nonsense? A rough measure of sense: the share of neighbouring words that
# stand side by side somewhere else in the King James Bible too. Let a paraphrase *make sense* if
# its share is at most five percentage points below that of its verse. **Predict:** as the
# temperature rises, does the share of paraphrases that pass the filter rise or fall?

# %%
guess = None  # "rise" or "fall"

# %% tags=["nbval-check-output"]
elsewhere = set(kjv) - set(gospels[::8])
seen = {pair for key in elsewhere for pair in pairwise(split_words(kjv[key]))}


def sense(text):
    """The share of neighbouring words that are neighbours elsewhere too."""
    return mean(pair in seen for pair in pairwise(split_words(text)))


curves = {"pass the filter": [], "make sense": [], "both": []}
for temperature, texts in paraphrases.items():
    old_new = list(zip(unseen, texts, strict=True))
    passed = [is_usable(old, new) for old, new in old_new]
    sound = [sense(new) >= sense(old) - 0.05 for old, new in old_new]
    both = [a and b for a, b in zip(passed, sound, strict=True)]
    for shares, marks in zip(curves.values(), (passed, sound, both), strict=True):
        shares.append(100 * mean(marks))
    row = ", ".join(f"{name} {shares[-1]:.0f}%" for name, shares in curves.items())
    print(f"at {temperature}: unchanged {mean(old == new for old, new in old_new):.0%}, {row}")
answer_guess(guess, "rise", "a cold paraphrase is often the verse itself, unchanged",
             wrong={"fall": "the filter does not read; it asks only whether enough has changed"})

# %% tags=["nbval-ignore-output"]
plots.lines(
    {name: (temperatures, shares) for name, shares in curves.items()},
    x_label="temperature", y_label="paraphrases, %", y_from_zero=True,
    title="Hotter sampling passes the filter more often and makes sense less often",
    alt="From temperature 0.5 to 3 the share that passes the filter rises from 33 to 99 percent. "
    "The share that makes sense falls from 88 to 4. Most do both at 1.5: 30 percent.",
)

# %% [markdown]
# At 0.5 two thirds fail, because the verse came back unchanged. At 3 nearly everything passes and
# hardly anything makes sense: the filter compares words, it does not read. At 1.5, the best of the
# five, 30% are of use.
#
# ## Break it: augment, then split
#
# From which of the four Gospels is a verse? Our classifier looks for the **nearest neighbour**: the
# training text that is most alike, here by Jaccard similarity; it answers with that text's label.
# To have more verses, we add three rewrites of each, and only then split off a fifth for the test.

# %%
def accuracy(train, test):
    """How often the most similar training text has the label of the test text."""
    known = [(set(split_words(text)), label) for text, label in train]
    n_right = 0
    for text, label in test:
        words = set(split_words(text))
        _, nearest = max(known, key=lambda other: len(words & other[0]) / len(words | other[0]))
        n_right += nearest == label
    return n_right / len(test)


def augmented(rows):
    return rows + [
        (rewrite(text, operation, seed=i, synonyms=synonyms), label)
        for i, (text, label) in enumerate(rows)
        for operation in ("replace", "swap", "delete")
    ]

# %% tags=["nbval-check-output"]
def augment_then_split(rows):
    everything = augmented(rows)
    random.Random(1).shuffle(everything)
    n_train = len(everything) * 4 // 5
    return everything[:n_train], everything[n_train:]


dice = random.Random(0)
rows = [(kjv[key], key[0]) for key in gospels[::4]]
dice.shuffle(rows)
print(f"{len(rows)} verses, right: {accuracy(*augment_then_split(rows)):.0%}")

# %% [markdown]
# That is too good to be true. **Break it, then diagnose it.** Give every verse a random label, one
# of four: now there is nothing to learn, and a guess is right one time in four. **Predict:** what
# is the accuracy on the test now?

# %%
guess = None  # between 0 and 1

# %% tags=["nbval-check-output"]
nonsense = [(text, dice.randrange(4)) for text, _ in rows]
with_leak = accuracy(*augment_then_split(nonsense))
print(f"random labels, right: {with_leak:.0%}")

own = [(text, number) for number, (text, _) in enumerate(rows)]  # each verse its own label
print(f"neighbour is of the same verse: {accuracy(*augment_then_split(own)):.0%}")
answer_guess(guess, with_leak, "nearly every test text has a copy in training, with its label",
             within=0.05, wrong={0.25: "0.25 comes out where no test text has a copy in training"})

# %% [markdown]
# Nothing was learned. The nearest neighbour is another rewrite of the same verse, with the same
# label, whatever that is. A **leak** (data leakage) means that something of the test is in the
# training data; then a result on the test says nothing about new texts.
#
# The cure: split first, then augment the training part alone.

# %% tags=["nbval-check-output"]
n_train = len(rows) * 4 // 5
for name, labelled in (("books", rows), ("random labels", nonsense)):
    train, test = labelled[:n_train], labelled[n_train:]
    plain, more = accuracy(train, test), accuracy(augmented(train), test)
    print(f"{name}: {plain:.0%} right, with augmented training {more:.0%}")

# %% [markdown]
# The true result is about a third, and random labels give a quarter, as they must. Augmentation
# brought nothing here: for this classifier a copy says no more about a book than its original.
#
# Can a leak be found afterwards? **Decontamination** looks for runs of n words, called *n-grams*,
# that a test shares with the training text. Take 13 words, and a shorter verse as a whole. Our
# Gospel verses are the test; the training text holds them in three ways:

# %% tags=["nbval-check-output"]
grams = EvaluationGrams(unseen, n=13)
revised = [asv[key] for key in gospels[::8] if key in asv]
ways = {"copied": unseen, "paraphrased at 0.5": paraphrases[0.5], "as of 1901": revised}
for way, texts in ways.items():
    print(f"{way}: {mean(grams.overlap(text) > 0 for text in texts):.0%} found")

# %% [markdown]
# It finds copies, not rewordings: two thirds of the verses pass unnoticed in the version of 1901.
# So keep training and test apart from the start.
#
# ## Do two annotators agree?
#
# The labels of real texts come from people, the **annotators**, and people differ. Two of them
# label the same ten texts as *good* (g) or *bad* (b), and agree on 80%. **Predict:** is that better
# than two who do not read at all, and say *good* nine times in ten?

# %%
guess = None  # True or False

# %% tags=["nbval-check-output"]
first, second = "gggggggggb", "bggggggggg"
agreed = mean(a == b for a, b in zip(first, second, strict=True))
chance = 0.9 * 0.9 + 0.1 * 0.1  # both say good, or both say bad
kappa = (agreed - chance) / (1 - chance)
print(f"agree on {agreed:.0%}, by chance on {chance:.0%}, kappa {kappa:.2f}")
print(f"the package: {cohen_kappa(first, second):.2f}")
answer_guess(guess, agreed > chance, "whoever nearly always says the same agrees nearly always")

# %% [markdown]
# **Cohen's kappa** is agreement with chance taken off: what is above chance, as a share of what
# could be above it. With $p_o$ the share on which they agree and $p_e$ the share by chance,
#
# $$\kappa = \frac{p_o - p_e}{1 - p_e}$$
#
# 1 is perfect, 0 is chance, and these two are below chance. Kappa sees what a percentage hides. But
# it has a weakness of its own. Let two annotators each be wrong about one text in ten, at random,
# and let the label become rarer and rarer:

# %% tags=["nbval-check-output"]
rates = [0.5, 0.3, 0.2, 0.1, 0.05, 0.02, 0.01]
shares, kappas = [], []
for rate in rates:
    truth = [dice.random() < rate for _ in range(50_000)]
    one, other = ([t ^ (dice.random() < 0.1) for t in truth] for _ in range(2))  # ^ True: wrong
    shares.append(mean(a == b for a, b in zip(one, other, strict=True)))
    kappas.append(cohen_kappa(one, other))
    if rate in (0.5, 0.1, 0.01):
        print(f"label on {rate:.0%}: agree on {shares[-1]:.0%}, kappa {kappas[-1]:.1f}")

# %% tags=["nbval-ignore-output"]
plots.lines(
    {"agreement": (rates, shares), "kappa": (rates, kappas)}, y_from_zero=True,
    x_label="share of items that have the label", y_label="agreement, kappa",
    title="Equally careful annotators: kappa falls as the label becomes rarer",
    alt="Agreement is 0.82 whatever the share of the label. Kappa is 0.64 where half of the items "
    "have it and falls to about 0.06 at one in a hundred.",
)

# %% [markdown] tags=["sourced"]
# Kappa's **prevalence paradox** is high agreement with a low kappa, only because a label is rare
# (Feinstein and Cicchetti 1990, doi:10.1016/0895-4356(90)90158-L). The rarer the label, the more of
# the agreement is chance. So a low kappa does not prove careless work: report both numbers, and how
# often the label occurs.

# %% [markdown]
# ## In short
#
# 1. A rewrite is an example only if its label is still true: protect what carries the label,
#    filter, and read some of what passes.
# 2. Split first, then augment; random labels make a leak visible at once.
# 3. Agreement in percent flatters rare labels, and kappa punishes them: report both.

# %% [markdown] tags=["sourced"]
# **Where LLaMA really does this.** One often reads that LLaMA's text was multiplied by
# back-translation and synonyms. Its papers report nothing of the kind: LLaMA 1's data are collected
# and filtered, and most tokens are seen about once (arXiv:2302.13971, sec. 2.1).
#
# Llama 3 calls *backtranslation* a round trip from code to explanation and back to code
# (arXiv:2407.21783, sec. 4.3.1); for other languages it tries to *avoid* machine-translated data
# (sec. 4.3.2). Labels belong to fine-tuning: for Llama 2, 27,540 written answers and 1,418,091
# comparisons of Meta's own (arXiv:2307.09288, sec. 3.1 and table 6).
#
# Back-translation is from arXiv:1511.06709, runs of 13 words from arXiv:2005.14165, IBM Model 1
# from Brown and others, *The mathematics of statistical machine translation*, 1993, sec. 4.1.

# %% [markdown]
# **Now you:** [exercises/03_augment](../exercises/03_augment.ipynb)
