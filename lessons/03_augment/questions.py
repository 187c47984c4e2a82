"""What lesson 03 asks, what is right, and what people write instead."""

from collections import Counter
from math import ceil, floor

import torch

from llama_edu.course.questions import Misconception, Question
from llama_edu.data.annotate import cohen_kappa
from llama_edu.data.augment.eda import in_case_of, n_changes

VOCABULARY = (
    "ada", "barn", "cold", "dawn", "east", "fish", "gate", "hill", "iron", "jump", "king", "lamp",
    "moon", "nest", "oak", "pond", "quay", "rain", "sand", "tree", "vale", "wind", "yard", "zeal",
)  # fmt: skip


def whole(generator: torch.Generator, low: int, high: int) -> int:
    """A whole number from low to high, both included."""
    return int(torch.randint(low, high + 1, (), generator=generator))


def pick(generator: torch.Generator, n: int) -> list[str]:
    """Different words, in no order."""
    return [VOCABULARY[i] for i in torch.randperm(len(VOCABULARY), generator=generator)[:n]]


# 3.1 how many words to change


def how_many(n_words: int, alpha: float, n_free: int) -> int:
    return min(n_changes(n_words, alpha), n_free)


def how_many_cases(generator):
    tens = whole(generator, 2, 8)
    yield {"n_words": 10 * tens + 7, "alpha": 0.1, "n_free": 10 * tens}
    yield {"n_words": 8 * tens, "alpha": 0.25, "n_free": 7 * tens}  # no rest
    yield {"n_words": whole(generator, 3, 9), "alpha": 0.1, "n_free": 3}  # less than one
    yield {"n_words": 6 * tens, "alpha": 0.5, "n_free": 2 * tens}  # more than are free
    yield {"n_words": 10 * tens + 2, "alpha": 0.2, "n_free": 9 * tens}
    yield {"n_words": 5, "alpha": 0.1, "n_free": 0}


def capped(count):
    """The right answer but for what is taken of alpha and the number of words."""
    return lambda n_words, alpha, n_free: min(max(1, count(n_words, alpha)), n_free)


HOW_MANY = Question(
    "augment.how_many",
    points=1,
    cases=how_many_cases,
    reference=how_many,
    equivalent_mutants={
        "return min(max(1, floor(alpha * n_words)), n_free) -> "
        f"return min({changed})": "the order of the two makes no difference to min and max"
        for changed in (
            "n_free, max(1, floor(alpha * n_words))",
            "max(floor(alpha * n_words), 1), n_free",
        )
    },
    misconceptions=[
        Misconception(
            "rounded",
            capped(lambda n_words, alpha: round(alpha * n_words)),
            says="the product is rounded to the nearest whole number",
            hint="⌊ ⌋ cuts off what comes after the point, even .9.",
        ),
        Misconception(
            "rounded_up",
            capped(lambda n_words, alpha: ceil(alpha * n_words)),
            says="the product is rounded up",
            hint="⌊ ⌋ goes down to the next whole number, not up.",
        ),
        Misconception(
            "one_more",
            capped(lambda n_words, alpha: floor(alpha * n_words) + 1),
            says="one is added to every count",
            hint="The 1 in the formula is a least number, not a summand.",
        ),
        Misconception(
            "none_for_short_texts",
            lambda n_words, alpha, n_free: min(floor(alpha * n_words), n_free),
            says="a short text is not changed at all",
            hint="A copy without a change is no new example: at least how many words must change?",
        ),
        Misconception(
            "share_of_the_free",
            lambda n_words, alpha, n_free: min(max(1, floor(alpha * n_free)), n_free),
            says="alpha is taken of the free words",
            hint="In the formula l counts all words of the text, free or not.",
        ),
        Misconception(
            "more_than_are_free",
            lambda n_words, alpha, n_free: max(1, floor(alpha * n_words)),
            says="more words are changed than may be",
            hint="Only free words may be touched. What if there are fewer of them?",
        ),
        Misconception(
            "one_that_is_not_free",
            lambda n_words, alpha, n_free: max(1, min(floor(alpha * n_words), n_free)),
            says="one word is changed even where none is free",
            hint="Two bounds, one below and one above. Which has the last word when they clash?",
        ),
        Misconception(
            "share_that_stays",
            capped(lambda n_words, alpha: floor((1 - alpha) * n_words)),
            says="alpha is the share of words that stay",
            hint="α is the share that changes.",
        ),
        Misconception(
            "at_most_one",
            lambda n_words, alpha, n_free: min(1, floor(alpha * n_words), n_free),
            says="one is the most and not the least number of changes",
            hint="Which of `min` and `max` makes sure that a number is not below 1?",
        ),
    ],
)


# 3.2 delete


def delete(words: list[str], places: list[int]) -> list[str]:
    gone = set(places[: max(0, len(words) - 1)])
    return [word for i, word in enumerate(words) if i not in gone]


def delete_cases(generator):
    a, b, c, d, e, f = pick(generator, 6)
    yield {"words": [a, b, c, d], "places": [1, 3]}
    yield {"words": [a, b, c, d, e, f], "places": [4, 0, 2]}
    yield {"words": [a, b, a, c, b, d], "places": [2, 4]}  # the same words stay elsewhere
    yield {"words": [a, b, c], "places": [2, 0, 1]}  # all: one stays
    yield {"words": [d, e, f], "places": [1, 2, 0]}
    yield {"words": [f], "places": [0]}
    yield {"words": [a, b, c, d], "places": []}
    yield {"words": [c, d, e, f], "places": [0, 1, 3]}


def popped(places_of):
    """Deleted one after the other from a list that grows shorter."""

    def delete_otherwise(words, places):
        left = list(words)
        for i in places_of(words, places):
            left.pop(i)
        return left

    return delete_otherwise


def by_value(words, places):
    gone = {words[i] for i in places[: len(words) - 1]}
    return [word for word in words if word not in gone]


def first_of_its_like(words, places):
    left = list(words)
    for i in places[: len(words) - 1]:
        left.remove(words[i])
    return left


def blanked(words, places):
    gone = places[: len(words) - 1]
    return ["" if i in gone else word for i, word in enumerate(words)]


def one_place_on(words, places):
    gone = places[: len(words) - 1]
    return [word for i, word in enumerate(words, start=1) if i not in gone]


def all_or_nothing(words, places):
    return list(words) if len(places) == len(words) else delete(words, places)


def first_stays(words, places):
    return words[:1] if len(places) == len(words) else delete(words, places)


DELETE = Question(
    "augment.delete",
    points=2,
    cases=delete_cases,
    reference=delete,
    misconceptions=[
        Misconception(
            "shifted",
            popped(lambda words, places: places[: len(words) - 1]),
            says="each deletion moves the words behind it, and the next place is counted anew",
            hint="The places are those of the words as they were given. Decide for each word once.",
        ),
        Misconception(
            "shifted_to_nothing",
            popped(lambda words, places: places),
            says="each deletion moves the words behind it, and no word is sure to stay",
            hint="The places are those of the words as they were given: decide for each word once. "
            "Then see to it that one word stays.",
        ),
        Misconception(
            "shifted_in_order",
            popped(lambda words, places: sorted(places[: len(words) - 1])),
            says="words are deleted from left to right, and each moves all that follow",
            hint="After the first `del` or `pop` the other places are one off. From which end "
            "would they not be?",
        ),
        Misconception(
            "shifted_in_order_to_nothing",
            popped(lambda words, places: sorted(places)),
            says="words are deleted from left to right, each moves all that follow, and no word is "
            "sure to stay",
            hint="After the first `del` or `pop` the other places are one off. From which end "
            "would they not be? Then see to it that one word stays.",
        ),
        Misconception(
            "by_value",
            by_value,
            says="all words go that look like a deleted one",
            hint="The same word may stand elsewhere and stay. Ask for the place, not the word.",
        ),
        Misconception(
            "first_of_its_like",
            first_of_its_like,
            says="`remove` takes the first word of that look, wherever it stands",
            hint="The same word may stand further left. Ask for the place, not the word.",
        ),
        Misconception(
            "nothing_stays",
            lambda words, places: [word for i, word in enumerate(words) if i not in places],
            says="nothing is left where all places are named",
            hint="An empty text is no example: one word stays. Which one, says the docstring.",
        ),
        Misconception(
            "all_or_nothing",
            all_or_nothing,
            says="nothing is deleted where all places are named",
            hint="All but one of them are still deleted.",
        ),
        Misconception(
            "first_stays",
            first_stays,
            says="the first word of the text is spared where all places are named",
            hint="The order of `places` decides: deletion stops when a single word is left.",
        ),
        Misconception(
            "kept_for_deleted",
            lambda words, places: [word for i, word in enumerate(words) if i in places],
            says="the words of these places are kept and the others deleted",
            hint="It is the other way round.",
        ),
        Misconception(
            "blanked",
            blanked,
            says="the words are made empty but stay in the list",
            hint="The list becomes shorter by each deleted word.",
        ),
        Misconception(
            "one_place_on",
            one_place_on,
            says="places are counted from 1",
            hint="The first word has the place 0.",
        ),
        Misconception(
            "one_too_few",
            lambda words, places: delete(words, places[:-1]),
            says="the last of the places is always spared",
            hint="One is spared only where nothing would be left otherwise.",
        ),
    ],
)


# 3.3 replace


def replace(
    words: list[str], synonyms: dict[str, list[str]], protected: set[int], n: int
) -> list[str]:
    return replaced(words, synonyms, protected, n)


def replaced(words, synonyms, protected, n, look_up=str.lower, put=in_case_of, which=0):
    changed = list(words)
    for i, word in enumerate(words):
        others = synonyms.get(look_up(word), [])
        if n > 0 and others and i not in protected:
            changed[i] = put(word, others[which])
            n -= 1
    return changed


def replace_cases(generator):
    a, b, c, d, x, y, z, u, v = pick(generator, 9)
    synonyms = {a: [x, u], b: [y, v], c: [z, a], d: []}
    yield {"words": [a, v, b, c], "synonyms": synonyms, "protected": set(), "n": 2}
    yield {"words": [v, a, b, a, c], "synonyms": synonyms, "protected": {1}, "n": 2}
    yield {"words": [a.title(), c, v, b], "synonyms": synonyms, "protected": {3}, "n": 1}
    yield {"words": [d, v, d, b, a], "synonyms": synonyms, "protected": set(), "n": 1}  # d has none
    yield {"words": [b, a, v], "synonyms": synonyms, "protected": {0, 2}, "n": 5}  # fewer than n
    yield {"words": [c, a, c], "synonyms": {c: [a], a: [x]}, "protected": set(), "n": 3}
    yield {"words": [b, v, a], "synonyms": synonyms, "protected": set(), "n": 0}
    yield {"words": [v, c.title(), b.title()], "synonyms": synonyms, "protected": {0}, "n": 2}


def first_n_words(words, synonyms, protected, n):
    return replaced(words[:n], synonyms, protected, n) + words[n:]


def protected_count(words, synonyms, protected, n):
    """A protected word uses up one of the n."""
    changed = list(words)
    chosen = [i for i, word in enumerate(words) if synonyms.get(word.lower())][:n]
    for i in set(chosen) - protected:
        changed[i] = in_case_of(words[i], synonyms[words[i].lower()][0])
    return changed


def every_such_word(words, synonyms, protected, n):
    """Like `str.replace`: a chosen word is replaced wherever it stands."""
    once = replaced(words, synonyms, protected, n)
    new = {old.lower(): other for old, other in zip(words, once, strict=True) if old != other}
    return [in_case_of(word, new.get(word.lower(), word)) for word in words]


def look_alikes_protected(words, synonyms, protected, n):
    also = {words[i].lower() for i in protected}
    same = {i for i, word in enumerate(words) if word.lower() in also}
    return replaced(words, synonyms, same, n)


def chained(words, synonyms, protected, n):
    def last(word, other):
        while synonyms.get(other):
            other = synonyms[other][0]
        return in_case_of(word, other)

    return replaced(words, synonyms, protected, n, put=last)


def from_the_right(words, synonyms, protected, n):
    turned = {len(words) - 1 - i for i in protected}
    return replaced(words[::-1], synonyms, turned, n)[::-1]


def with_change(**changes):
    return lambda words, synonyms, protected, n: replaced(words, synonyms, protected, n, **changes)


REPLACE = Question(
    "augment.replace",
    points=3,
    cases=replace_cases,
    reference=replace,
    equivalent_mutants={
        "others = synonyms.get(word.lower(), []) -> others = synonyms.get(word.lower())": (
            "None counts as false, like an empty list"
        ),
    },
    misconceptions=[
        Misconception(
            "protection_ignored",
            lambda words, synonyms, protected, n: replaced(words, synonyms, set(), n),
            says="protected words are replaced too",
            hint="`protected` holds the places that must stay as they are.",
        ),
        Misconception(
            "protected_count",
            protected_count,
            says="a protected word uses up one of the n changes",
            hint="Exactly n words change if there are so many. Count a change when it is made.",
        ),
        Misconception(
            "first_n_words",
            first_n_words,
            says="only the first n words of the text are looked at",
            hint="n counts replacements, not words that were looked at.",
        ),
        Misconception(
            "all_of_them",
            lambda words, synonyms, protected, n: replaced(words, synonyms, protected, len(words)),
            says="every word that has a synonym is replaced",
            hint="At most n words change: stop after so many.",
        ),
        Misconception(
            "capitals_unknown",
            with_change(look_up=lambda word: word),
            says="a word with a capital is not found among the synonyms",
            hint="The dict has small letters: how do you ask it for *Cold*?",
        ),
        Misconception(
            "capital_lost",
            with_change(put=lambda word, other: other),
            says="a new word has no capital where the old one had",
            hint="*Cold* becomes *Chilly*, not *chilly*: look at how the old word begins.",
        ),
        Misconception(
            "always_capital",
            with_change(put=lambda word, other: other.capitalize()),
            says="every new word gets a capital",
            hint="Only where the old word has one.",
        ),
        Misconception(
            "all_capitals",
            with_change(put=lambda word, other: other.upper() if word[0].isupper() else other),
            says="the new word is written in capitals throughout",
            hint="Only the first letter is a capital: which method of a text does that?",
        ),
        Misconception(
            "last_synonym",
            with_change(which=-1),
            says="the last synonym is taken",
            hint="The list begins with the best: take that one.",
        ),
        Misconception(
            "every_such_word",
            every_such_word,
            says="a chosen word is replaced wherever else it stands",
            hint="Change one place at a time: the same word may stand at a protected one.",
        ),
        Misconception(
            "look_alikes_protected",
            look_alikes_protected,
            says="a word is spared because the same word is protected elsewhere",
            hint="Places are protected, not words.",
        ),
        Misconception(
            "chained",
            chained,
            says="a new word is replaced in its turn",
            hint="Each place changes once. Look up what was given, not what has become of it.",
        ),
        Misconception(
            "from_the_right",
            from_the_right,
            says="the words are replaced from right to left",
            hint="The first n from the left that may change.",
        ),
    ],
)


# 3.4 kappa


def kappa(first: list[str], second: list[str]) -> float:
    return cohen_kappa(first, second)


def kappa_cases(generator):
    x, y, z = pick(generator, 3)

    def labels(n, names, *rest):
        drawn = [names[whole(generator, 0, len(names) - 1)] for _ in range(n)]
        return [*drawn, *rest]

    yield {"first": [x, x, x, y], "second": [x, x, y, y]}
    yield {"first": [x, x, y, y, z], "second": [x, x, y, y, z]}  # perfect
    yield {"first": [x] * 9 + [y], "second": [y] + [x] * 9}  # below chance
    yield {"first": [x, x, x, x], "second": [x, y, x, y]}  # one uses a single label
    yield {"first": labels(9, [x, y, z], x, y), "second": labels(9, [x, x, y], z, y)}
    yield {"first": labels(7, [x, y], x, x, y), "second": labels(7, [y, z], x, z, y)}


def observed(first, second):
    return sum(a == b for a, b in zip(first, second, strict=True)) / len(first)


def with_chance(chance, total=lambda o, e: (o - e) / (1 - e) if e != 1 else 0.0):
    """Kappa with another share of agreement by chance, or put together in another way."""

    def kappa_otherwise(first, second):
        return total(observed(first, second), chance(first, second))

    return kappa_otherwise


def chance(first, second):
    counts, others = Counter(first), Counter(second)
    return sum(counts[label] * others[label] for label in counts) / len(first) ** 2


def chance_of_equal_labels(first, second):
    return 1 / len({*first, *second})


def chance_of_the_first(first, second):
    return sum((n / len(first)) ** 2 for n in Counter(first).values())


def chance_of_the_second(first, second):
    return chance_of_the_first(second, first)


def chance_of_both_together(first, second):
    return chance_of_the_first([*first, *second], [])


def chance_divided_once(first, second):
    return chance(first, second) * len(first)


AGREED = "agreed = sum((a == b for a, b in zip(first, second, strict=True))) / n"

KAPPA = Question(
    "augment.kappa",
    points=3,
    cases=kappa_cases,
    reference=kappa,
    equivalent_mutants={
        "n = len(first) -> n = len(second)": "both are equally long",
        f"{AGREED} -> {AGREED.replace(', strict=True', '')}": "both are equally long",
        f"{AGREED} -> {AGREED.replace('True', 'False')}": "both are equally long",
        f"{AGREED} -> {AGREED.replace('first, second', 'second, first')}": "equality has no order",
    },
    misconceptions=[
        Misconception(
            "agreement",
            observed,
            says="the share of items on which both agree is returned",
            hint="Part of that agreement comes by chance, and kappa takes it off.",
        ),
        Misconception(
            "chance_alone",
            chance,
            says="the share of agreement by chance is returned",
            hint="That is p_e. It goes into the formula twice.",
        ),
        Misconception(
            "not_divided",
            with_chance(chance, lambda o, e: o - e),
            says="chance is taken off, and nothing is divided",
            hint="Two who always agree must get 1. By what must o - e be divided for that?",
        ),
        Misconception(
            "divided_by_chance",
            with_chance(chance, lambda o, e: (o - e) / e),
            says="the difference is divided by the agreement of chance",
            hint="Two who always agree must get 1. What lies between chance and perfect?",
        ),
        Misconception(
            "equal_labels",
            with_chance(chance_of_equal_labels),
            says="chance is taken as one by the number of labels",
            hint="Blind annotators use a frequent label often: count how often each one does.",
        ),
        Misconception(
            "chance_of_the_first",
            with_chance(chance_of_the_first),
            says="both are given the first annotator's shares of labels",
            hint="Each has shares of their own; the product of the two is what you need.",
        ),
        Misconception(
            "chance_of_the_second",
            with_chance(chance_of_the_second),
            says="both are given the second annotator's shares of labels",
            hint="Each has shares of their own; the product of the two is what you need.",
        ),
        Misconception(
            "chance_of_both_together",
            with_chance(chance_of_both_together),
            says="the labels of both are counted together",
            hint="That is another measure, Scott's pi. Cohen counts each annotator alone.",
        ),
        Misconception(
            "chance_divided_once",
            with_chance(chance_divided_once),
            says="the products of counts are divided by the number of items only once",
            hint="A share is a count divided by n. How often, in a product of two shares?",
        ),
        Misconception(
            "parentheses",
            with_chance(chance, lambda o, e: o - e / (1 - e)),
            says="only p_e is divided by 1 - p_e",
            hint="A division comes before a minus: where do parentheses belong?",
        ),
    ],
)


# 3.5 overlap


def overlap(words: list[str], test: list[str], n: int) -> float:
    return len(covered(words, grams_of(test, n), n)) / len(words)


def grams_of(words, n):
    return {tuple(words[i : i + n]) for i in range(len(words) - n + 1)}


def covered(words, grams, n):
    """Places of words in one of these n-grams."""
    places = range(len(words) - n + 1)
    return {j for i in places if tuple(words[i : i + n]) in grams for j in range(i, i + n)}


def overlap_cases(generator):
    a, b, c, d, e, f, g = pick(generator, 7)
    rest = pick(generator, whole(generator, 1, 4))
    yield {"words": [a, b, c, d, e], "test": [f, b, c, d], "n": 3}
    yield {"words": [a, b, c, d, e, f], "test": [b, c, d, e, g], "n": 2}  # n-grams that overlap
    yield {"words": [a, b, a, b, c, g], "test": [a, b, f, d], "n": 2}  # twice the same
    yield {"words": [c, b, a, d], "test": [a, b, c, d, e], "n": 2}  # the same words, other order
    yield {"words": [a, b], "test": [a, b, c], "n": 3}  # too short
    yield {"words": [f, g, a, b, c], "test": [a, b, c], "n": 3}  # at the end of both
    yield {"words": [a, g, b, c], "test": [d, e, b, c], "n": 3}  # two words at either end
    yield {"words": [g, f, a, b], "test": [a, b, d, e], "n": 2}  # at the end of the text
    yield {"words": [d, a, b, *rest, a, c, f], "test": [a, b, d, a, c, e], "n": 2}
    text, test = ([[a, b, c][whole(generator, 0, 2)] for _ in range(n)] for n in (9, 5))
    yield {"words": text, "test": test, "n": 3}


def share_of_grams(words, test, n):
    grams = [tuple(words[i : i + n]) for i in range(len(words) - n + 1)]
    return sum(gram in grams_of(test, n) for gram in grams) / max(1, len(grams))


def share_of_different_grams(words, test, n):
    grams = grams_of(words, n)
    return len(grams & grams_of(test, n)) / max(1, len(grams))


def share_of_the_test(words, test, n):
    return len(covered(test, grams_of(words, n), n)) / len(test)


def jaccard_of_grams(words, test, n):
    ours, theirs = grams_of(words, n), grams_of(test, n)
    return len(ours & theirs) / max(1, len(ours | theirs))


def words_in_common(words, test, n):
    return sum(word in test for word in words) / len(words)


def first_words_of_grams(words, test, n):
    grams = grams_of(test, n)
    places = range(len(words) - n + 1)
    return sum(tuple(words[i : i + n]) in grams for i in places) / len(words)


def counted_twice(words, test, n):
    return n * first_words_of_grams(words, test, n)


def last_gram_missed(words, test, n):
    return len(covered(words[:-1], grams_of(test, n), n)) / len(words)


def last_gram_of_test_missed(words, test, n):
    return overlap(words, test[:-1], n)


def last_grams_missed(words, test, n):
    return len(covered(words[:-1], grams_of(test[:-1], n), n)) / len(words)


def short_grams(words, test, n):
    """Slices to the very end of both, where they are shorter than n."""
    grams = {tuple(test[i : i + n]) for i in range(len(test))}
    found = {
        j
        for i in range(len(words))
        if tuple(words[i : i + n]) in grams
        for j in range(i, min(i + n, len(words)))
    }
    return len(found) / len(words)


def short_grams_too_wide(words, test, n):
    grams = {tuple(test[i : i + n]) for i in range(len(test))}
    starts = [i for i in range(len(words)) if tuple(words[i : i + n]) in grams]
    return len({j for i in starts for j in range(i, i + n)}) / len(words)


def in_any_order(words, test, n):
    grams = {tuple(sorted(gram)) for gram in grams_of(test, n)}
    found = {
        j
        for i in range(len(words) - n + 1)
        if tuple(sorted(words[i : i + n])) in grams
        for j in range(i, i + n)
    }
    return len(found) / len(words)


def apart(words, test, n):
    """n-grams side by side instead of overlapping ones."""
    grams = {tuple(test[i : i + n]) for i in range(0, len(test) - n + 1, n)}
    places = range(0, len(words) - n + 1, n)
    return n * sum(tuple(words[i : i + n]) in grams for i in places) / len(words)


def yes_or_no(words, test, n):
    return float(overlap(words, test, n) > 0)


def different_words(words, test, n):
    found = {words[i] for i in covered(words, grams_of(test, n), n)}
    return len(found) / len(words)


RUNS = (
    ("grams = {tuple(test[i:i + n]) for i in range(len(test)", ")}"),
    ("for i in range(len(words)", "):"),
)
TOO_FAR = (" - n + 1 + 1", " + n + 1", " + 1", " - n + 2")

OVERLAP = Question(
    "augment.overlap",
    points=3,
    cases=overlap_cases,
    reference=overlap,
    equivalent_mutants={
        f"{before} - n + 1{after} -> {before}{end}{after}": (
            "slices at the end are shorter than n, and the other text gives none so short"
        )
        for before, after in RUNS
        for end in TOO_FAR
    },
    misconceptions=[
        Misconception(
            "share_of_grams",
            share_of_grams,
            says="it is the share of n-grams, not of words",
            hint="A word counts once if any shared n-gram covers it. Note the places.",
        ),
        Misconception(
            "share_of_different_grams",
            share_of_different_grams,
            says="it is the share of different n-grams, not of words",
            hint="A word counts once if any shared n-gram covers it. Note the places.",
        ),
        Misconception(
            "share_of_the_test",
            share_of_the_test,
            says="it is the share of the test's words that stand in the text",
            hint="Which of the two is to be cleaned? Its words are counted.",
        ),
        Misconception(
            "jaccard",
            jaccard_of_grams,
            says="shared n-grams are divided by all n-grams of both",
            hint="That is Jaccard's similarity. Here words of the text are counted.",
        ),
        Misconception(
            "words_in_common",
            words_in_common,
            says="single words are compared",
            hint="Common words stand in every text. Only runs of n words tell a copy.",
        ),
        Misconception(
            "first_words_of_grams",
            first_words_of_grams,
            says="each shared n-gram counts as one word",
            hint="An n-gram that begins at i covers more places than i.",
        ),
        Misconception(
            "counted_twice",
            counted_twice,
            says="a word counts again for each n-gram that covers it",
            hint="n-grams overlap. Which collection keeps each place only once?",
        ),
        Misconception(
            "last_gram_missed",
            last_gram_missed,
            says="the last n-gram of the text is not looked at",
            hint="Off by one: how many runs of 3 are there in 5 words?",
        ),
        Misconception(
            "last_gram_of_test_missed",
            last_gram_of_test_missed,
            says="the last n-gram of the test is missing",
            hint="Off by one: how many runs of 3 are there in 5 words?",
        ),
        Misconception(
            "last_grams_missed",
            last_grams_missed,
            says="the last n-gram is missing, of the text and of the test",
            hint="Off by one: how many runs of 3 are there in 5 words?",
        ),
        Misconception(
            "short_grams",
            short_grams,
            says="slices at the end, shorter than n, count as n-grams",
            hint="A slice that runs over the end is only shorter. Where does the last run of n "
            "words begin?",
        ),
        Misconception(
            "short_grams_too_wide",
            short_grams_too_wide,
            says="slices at the end, shorter than n, count as n-grams and cover places beyond it",
            hint="A slice that runs over the end is only shorter. Where does the last run of n "
            "words begin?",
        ),
        Misconception(
            "in_any_order",
            in_any_order,
            says="an n-gram is found whatever the order of its words",
            hint="Order matters: a tuple keeps it, a set or sorting does not.",
        ),
        Misconception(
            "apart",
            apart,
            says="the n-grams lie side by side and share no word",
            hint="A run of n words may begin at any word.",
        ),
        Misconception(
            "yes_or_no",
            yes_or_no,
            says="it is 1 wherever anything is shared",
            hint="How much of the text is copied? Count the words.",
        ),
        Misconception(
            "different_words",
            different_words,
            says="a word that is covered at two places counts once",
            hint="Count places, not different words.",
        ),
    ],
)

QUESTIONS = [HOW_MANY, DELETE, REPLACE, KAPPA, OVERLAP]
