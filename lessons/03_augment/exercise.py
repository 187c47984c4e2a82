# %% [markdown]
# # Exercise 03 · Augment and annotate, with true labels
#
# **What you need:** the lesson [notebooks/03_augment](../notebooks/03_augment.ipynb).
#
# **What you will be able to do:** change a text without making its label false; say how far two
# annotators agree; find a test in the training text.
#
# **Time:** about 60 minutes: 3.1 How many 5 · 3.2 Delete 10 · 3.3 Replace 15 · 3.4 Kappa 10 ·
# 3.5 Overlap 20
#
# Write each function where it says `YOUR CODE HERE`, and run the cell below it. It tells you
# whether the function is right, and if not, which mistake it makes. Try as often as you like.

# %%
from collections import Counter
from math import floor

from llama_edu.course import check

# %% [markdown]
# ### 3.1 How many words? · difficulty 1/5 · importance 4/5 · 5 min
#
# Of $l$ words, $n = \max(1, \lfloor \alpha \, l \rfloor)$ are changed. But stop words and protected
# words stay, so there may be fewer *free* words than that. Then all the free ones change, and no
# other. Without a free word none changes: such a copy is the same text again, and is left out.
#
# <details><summary>Hint 1</summary>`floor` cuts off what comes after the point. `max(1, ...)` is
# never below 1.</details>
# <details><summary>Hint 2</summary>There is a bound from below and one from above. Apply the one
# last that must never be broken.</details>


# %% grade_id="augment.how_many"
def how_many(n_words: int, alpha: float, n_free: int) -> int:
    """How many words to change.

    n_words: all words of the text. alpha: share to change, above 0, at most 1. n_free: words that
    may be changed, 0 or more.

    how_many(27, 0.1, 20) -> 2
    """
    ### BEGIN SOLUTION
    n = max(1, floor(alpha * n_words))
    return min(n, n_free)
    ### END SOLUTION


# %% grade_id="check.augment.how_many" points=1
check("augment.how_many", how_many)

# %% [markdown]
# ### 3.2 Delete · difficulty 2/5 · importance 3/5 · 10 min
#
# Leave out the words at given places, counted from 0 in the text as it is given. An empty text is
# no example, so one word always stays. Mind the places: after `del words[0]` every other word
# stands one place further to the left.
#
# <details><summary>Hint 1</summary>Build a new list: go through the words with `enumerate` and
# keep those whose place is not to go.</details>
# <details><summary>Hint 2</summary>At most `len(words) - 1` of the places can be used. A slice
# takes the first so many.</details>


# %% grade_id="augment.delete"
def delete(words: list[str], places: list[int]) -> list[str]:
    """The words without those at `places`, in a new list.

    words: at least one. places: all different, in any order; they are used in that order until
    only one word is left.

    delete(["a", "b", "c", "d"], [2, 0]) -> ["b", "d"]
    delete(["a", "b"], [1, 0]) -> ["a"]
    """
    ### BEGIN SOLUTION
    gone = places[: len(words) - 1]
    return [word for i, word in enumerate(words) if i not in gone]
    ### END SOLUTION


# %% grade_id="check.augment.delete" points=2
check("augment.delete", delete)

# %% [markdown]
# ### 3.3 Replace, but not the answer · difficulty 3/5 · importance 5/5 · 15 min
#
# From left to right, put the first synonym in the place of a word, until n words are changed. What
# carries the label is protected. In the lesson the protected were *words*; here they are *places*,
# 0 for the first word, so that the same word may change elsewhere. For a dictionary *Big* and *big*
# are two words: look up the word in small letters.
#
# <details><summary>Hint 1</summary>Copy the list, go through its places, and count down n at each
# change.</details>
# <details><summary>Hint 2</summary>`synonyms.get(word.lower(), [])` is empty for a word without
# synonyms. `word[0].isupper()` and `capitalize()` take care of capitals.</details>


# %% grade_id="augment.replace"
def replace(
    words: list[str], synonyms: dict[str, list[str]], protected: set[int], n: int
) -> list[str]:
    """The words with the first n that may change replaced, in a new list.

    synonyms: word in small letters -> others, the best first; the list may be empty. protected:
    places that stay as they are. A new word begins with a capital if the old one does. Fewer than
    n change where no more can.

    replace(["Big", "day"], {"big": ["large"]}, set(), 1) -> ["Large", "day"]
    """
    ### BEGIN SOLUTION
    changed = list(words)
    for i, word in enumerate(words):
        others = synonyms.get(word.lower(), [])
        if others and i not in protected and n > 0:
            new = others[0]
            changed[i] = new.capitalize() if word[0].isupper() else new
            n -= 1
    return changed
    ### END SOLUTION


# %% grade_id="check.augment.replace" points=3
check("augment.replace", replace)

# %% [markdown]
# ### 3.4 Cohen's kappa · difficulty 3/5 · importance 5/5 · 10 min
#
# Two annotators have labelled the same items. $p_o$ is the share of items on which they agree.
# $p_e$ is the share on which they would agree by chance, if each labelled without reading, but used
# every label as often as before: for each label the product of the two annotators' shares, and the
# sum of these products.
#
# $$\kappa = \frac{p_o - p_e}{1 - p_e}$$
#
# <details><summary>Hint 1</summary>`zip(first, second)` gives the two labels of each
# item.</details>
# <details><summary>Hint 2</summary>`Counter(first)[label]` is how often the first uses a label,
# and 0 for one that is not used.</details>


# %% grade_id="augment.kappa"
def kappa(first: list[str], second: list[str]) -> float:
    """Agreement above chance, at most 1.

    first, second: the labels of the same items, equally many, at least one; at least two labels
    are used.

    kappa(["x", "x", "x", "y"], ["x", "y", "y", "y"]) -> 0.2
    """
    ### BEGIN SOLUTION
    n = len(first)
    agreed = sum(a == b for a, b in zip(first, second, strict=True)) / n
    counts, others = Counter(first), Counter(second)
    chance = sum(counts[label] / n * others[label] / n for label in counts)
    return (agreed - chance) / (1 - chance)
    ### END SOLUTION


# %% grade_id="check.augment.kappa" points=3
check("augment.kappa", kappa)

# %% [markdown]
# ### 3.5 Is the test in there? · difficulty 4/5 · importance 4/5 · 20 min
#
# An n-gram is a run of n words. Which share of a training text's words lies in an n-gram that the
# test has too? The lesson asked only whether the share is above 0; the share itself says how much
# was copied. Runs overlap: in the text a b c d e, with b c and c d in the test and n = 2, three of
# five words are covered, because both runs hold c.
#
# <details><summary>Hint 1</summary>l words have l - n + 1 runs of n. `tuple(words[i : i + n])` can
# be put into a set.</details>
# <details><summary>Hint 2</summary>Collect the *places* that are covered, in a set: then none
# counts twice.</details>


# %% grade_id="augment.overlap"
def overlap(words: list[str], test: list[str], n: int) -> float:
    """Share of `words` that lie in an n-gram of `test`, from 0 to 1.

    words: of the training text, at least one; compared as they are, capitals too. n: words of an
    n-gram, at least 1; a text with fewer has none, and so has a test.

    overlap(["a", "b", "c", "d"], ["b", "c", "x"], 2) -> 0.5
    """
    ### BEGIN SOLUTION
    grams = {tuple(test[i : i + n]) for i in range(len(test) - n + 1)}
    covered = set()
    for i in range(len(words) - n + 1):
        if tuple(words[i : i + n]) in grams:
            covered.update(range(i, i + n))
    return len(covered) / len(words)
    ### END SOLUTION


# %% grade_id="check.augment.overlap" points=3
check("augment.overlap", overlap)

# %% [markdown]
# Done? 3.1 to 3.3 are the core of `llama_edu.data.augment.rewrite`, which draws the places at
# random. 3.4 is `cohen_kappa`. 3.5 is the core of `EvaluationGrams.overlap`, which passes over
# capitals and signs, and takes a test verse shorter than n as a single run.
#
# Next is [lesson 04](../notebooks/04_tokenizer.ipynb), on tokenizers. `llama-edu progress` shows
# how far you are.
