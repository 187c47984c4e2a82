"""What lesson 03 asks, what is right, and what people write instead."""

import operator
from collections import Counter
from math import ceil, floor, prod

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
    yield {"n_words": 3, "alpha": 0.3, "n_free": 2}  # less than one, with a large share
    yield {"n_words": 8, "alpha": 0.5, "n_free": whole(generator, 5, 7)}  # short, yet many
    yield {"n_words": 6 * tens, "alpha": 0.5, "n_free": 2 * tens}  # more than are free
    yield {"n_words": 10 * tens + 2, "alpha": 0.2, "n_free": 9 * tens}
    yield {"n_words": 7, "alpha": 1.0, "n_free": 7}  # every word
    yield {"n_words": 5, "alpha": 0.1, "n_free": 0}
    yield {"n_words": 10 * tens + 4, "alpha": 0.3, "n_free": 9 * tens}  # no whole part of 1
    yield {"n_words": 40, "alpha": 0.125, "n_free": 8 * tens}  # no whole percentage


def capped(count):
    """The right answer but for what is taken of alpha and the number of words."""
    return lambda n_words, alpha, n_free: min(max(1, count(n_words, alpha)), n_free)


def nothing_if_too_few(n_words, alpha, n_free):
    n = n_changes(n_words, alpha)
    return n if n <= n_free else 0


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
            "rounded_and_not_capped",
            lambda n_words, alpha, n_free: max(1, round(alpha * n_words)),
            says="the product is rounded, and more words are changed than are free",
            hint="Two things: ⌊ ⌋ cuts off what comes after the point, even .9; and only free "
            "words may be touched.",
        ),
        Misconception(
            "rounded_up",
            capped(lambda n_words, alpha: ceil(alpha * n_words)),
            says="the product is rounded up",
            hint="⌊ ⌋ goes down to the next whole number, not up.",
        ),
        Misconception(
            "not_cut",
            capped(lambda n_words, alpha: alpha * n_words),
            says="the product keeps what comes after its point",
            hint="⌊ ⌋ is missing: `floor` makes a whole number of the product.",
        ),
        Misconception(
            "divided_whole",
            capped(lambda n_words, alpha: alpha * n_words // 1),
            says="the result is whole but has a point, as 2.0 has",
            hint="2.0 is not an int. `floor` of `math` and `int` give one; `//` of a number with a "
            "point and NumPy's `floor` do not.",
        ),
        *(
            Misconception(
                name,
                function,
                says="alpha is cut to a whole number before it is multiplied, as in "
                "`floor(alpha) * n_words`",
                hint=f"⌊0.9⌋ is 0 already. Multiply first, then cut.{more}",
            )
            for name, function, more in (
                ("alpha_cut_first", capped(lambda n_words, alpha: floor(alpha) * n_words), ""),
                (
                    "alpha_cut_first_and_not_capped",
                    lambda n_words, alpha, n_free: max(1, floor(alpha) * n_words),
                    " And no more words may change than are free.",
                ),
                (
                    "alpha_cut_first_and_no_bounds",
                    lambda n_words, alpha, n_free: floor(alpha) * n_words,
                    " Then there are two bounds to keep.",
                ),
            )
        ),
        Misconception(
            "percentage",
            capped(lambda n_words, alpha: floor(alpha / 100 * n_words)),
            says="alpha is divided by 100",
            hint="alpha is a share, not a percentage: 0.1 is one tenth already.",
        ),
        Misconception(
            "every_kth",
            capped(lambda n_words, alpha: n_words // int(1 / alpha)),
            says="1 / alpha is cut to a whole number, and the words are divided by it",
            hint="1 / 0.3 is more than 3. Multiply by alpha, and cut once, at the end.",
        ),
        Misconception(
            "whole_percentage",
            capped(lambda n_words, alpha: n_words * int(100 * alpha) // 100),
            says="alpha is cut to a whole percentage",
            hint="0.125 is 12.5 percent. Multiply by alpha as it is, and cut once, at the end.",
        ),
        Misconception(
            "always_a_tenth",
            capped(lambda n_words, alpha: n_words // 10),
            says="a tenth of the words is changed, whatever alpha is",
            hint="The share is an argument: use `alpha`.",
        ),
        Misconception(
            "one_of_a_short_text",
            lambda n_words, alpha, n_free: min(
                1 if n_words < 10 else floor(alpha * n_words), n_free
            ),
            says="one word changes in every text of fewer than ten",
            hint="With a large α even a short text has more changes. How many are there at least, "
            "whatever α is?",
        ),
        Misconception(
            "one_more",
            capped(lambda n_words, alpha: floor(alpha * n_words) + 1),
            says="one is added to every count",
            hint="The 1 in the formula is a least number, not a summand.",
        ),
        Misconception(
            "no_bounds",
            lambda n_words, alpha, n_free: floor(alpha * n_words),
            says="⌊α·l⌋ is returned as it is",
            hint="Two bounds are missing: at least one word changes, however short the text, and "
            "no more than are free.",
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
            "at_least_one_of_the_free",
            lambda n_words, alpha, n_free: max(1, floor(alpha * n_free)),
            says="alpha is taken of the free words, and one changes even where none is free",
            hint="In the formula l counts all words of the text. `n_free` is a bound: no more "
            "words than that may change.",
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
            "nothing_if_too_few",
            nothing_if_too_few,
            says="nothing is changed where fewer than n words are free",
            hint="Then all the free ones change: some change is better than none.",
        ),
        Misconception(
            "free_left_alone",
            lambda n_words, alpha, n_free: min(n_changes(n_words, alpha), n_words - n_free),
            says="the bound is n_words - n_free, the number of words that are not free",
            hint="`n_free` counts the words that may be changed: it is the bound itself.",
        ),
        Misconception(
            "one_free_is_spared",
            lambda n_words, alpha, n_free: min(n_changes(n_words, alpha), n_free - 1),
            says="one of the free words is always spared",
            hint="Where they are too few, all the free ones change: the bound is `n_free`.",
        ),
        Misconception(
            "always_one",
            lambda n_words, alpha, n_free: 1,
            says="one word is changed in every text",
            hint="`max(1, ...)` is 1 only where what stands beside it is smaller: is that ⌊α·l⌋?",
        ),
        Misconception(
            "all_the_free",
            lambda n_words, alpha, n_free: n_free,
            says="all the free words are changed",
            hint="α is a share: l times α is smaller than l, and `n_free` is only a bound above.",
        ),
        Misconception(
            "the_larger",
            lambda n_words, alpha, n_free: max(1, floor(alpha * n_words), n_free),
            says="the larger is taken of n and the number of free words",
            hint="`n_free` is a bound above. Which of `min` and `max` keeps a number below a "
            "bound?",
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
    gone = usable(words, places)
    return [word for i, word in enumerate(words) if i not in gone]


def usable(words, places):
    """The places that can be used before a single word is left."""
    return places[: max(0, len(words) - 1)]


def delete_cases(generator):
    a, b, c, d, e, f = pick(generator, 6)
    yield {"words": [a, b, c, d], "places": [1, 3]}
    yield {"words": [a, b, c, d, e, f], "places": [4, 0, 2]}
    yield {"words": [a, b, a, c, b, d], "places": [2, 4]}  # the same words stay elsewhere
    yield {"words": [c, e, c, d], "places": [0]}  # and here further right
    yield {"words": [a, b, c], "places": [2, 0, 1]}  # all: one stays
    yield {"words": [d, e, f], "places": [1, 2, 0]}
    yield {"words": [f], "places": [0]}
    yield {"words": [a, b, c, d], "places": []}
    yield {"words": [c, d, e, f], "places": [0, 1, 3]}
    yield {"words": [b, d, f, a], "places": [1, 2]}  # neighbours
    yield {"words": pick(generator, 12), "places": [10, 3]}  # 1 and 0 are not 10


def popped(places_of, only_inside=False):
    """Deleted one after the other from a list that grows shorter."""

    def delete_otherwise(words, places):
        left = list(words)
        for i in places_of(words, places):
            if i < len(left) or not only_inside:
                left.pop(i)
        return left

    return delete_otherwise


def popped_while_some_are_left(in_order):
    def delete_otherwise(words, places):
        left = list(words)
        for i in in_order(places):
            if i < len(left) > 1:
                del left[i]
        return left

    return delete_otherwise


def moved_by_count(words, places):
    """As if each deletion before had been further left."""
    left = list(words)
    for n_before, i in enumerate(usable(words, places)):
        del left[i - n_before]
    return left


def deleted_while_walking(delete_one, gone_of):
    """From the list that the loop walks through."""

    def delete_otherwise(words, places):
        left, gone = list(words), gone_of(words, places)
        for i, word in enumerate(left):
            if i in gone:
                delete_one(left, i, word)
        return left

    return delete_otherwise


def by_value(words, places):
    gone = {words[i] for i in usable(words, places)}
    return [word for word in words if word not in gone]


def first_of_its_like(words, places):
    left = list(words)
    for i in usable(words, places):
        left.remove(words[i])
    return left


def by_first_place(words, places):
    gone = usable(words, places)
    return [word for word in words if words.index(word) not in gone]


def blanked(blank):
    def delete_otherwise(words, places):
        gone = usable(words, places)
        return [blank if i in gone else word for i, word in enumerate(words)]

    return delete_otherwise


def one_place_on(words, places):
    gone = usable(words, places)
    return [word for i, word in enumerate(words, start=1) if i not in gone]


def all_or_nothing(words, places):
    return list(words) if len(places) == len(words) else delete(words, places)


def first_stays(words, places):
    return words[:1] if len(places) == len(words) else delete(words, places)


def first_named_stays(words, places):
    return delete(words, places[1:] if len(places) == len(words) else places)


def last_named_as_text(words, places):
    return words[places[-1]] if len(places) == len(words) else delete(words, places)


def refused(words, places):
    if len(places) == len(words):
        raise ValueError("nothing would be left")
    return delete(words, places)


def kept_for_deleted(words, places):
    return [word for i, word in enumerate(words) if i in usable(words, places)]


DELETE = Question(
    "augment.delete",
    points=2,
    cases=delete_cases,
    reference=delete,
    misconceptions=[
        Misconception(
            "shifted",
            popped(usable),
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
            popped(lambda words, places: sorted(usable(words, places))),
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
            "shifted_inside",
            popped(lambda words, places: places, only_inside=True),
            says="each deletion moves the words behind it, and places beyond the end are passed "
            "over",
            hint="That a place lies beyond the end is a sign that the others are off too: they are "
            "places of the words as they were given. Decide for each word once, and see to it that "
            "one stays.",
        ),
        Misconception(
            "shifted_while_some_are_left",
            popped_while_some_are_left(list),
            says="each deletion moves the words behind it, and places beyond the end are passed "
            "over, but one word stays",
            hint="That a place lies beyond the end is a sign that the others are off too: they are "
            "places of the words as they were given. Decide for each word once.",
        ),
        Misconception(
            "shifted_in_order_while_some_are_left",
            popped_while_some_are_left(sorted),
            says="words are deleted from left to right, each moves all that follow, and places "
            "beyond the end are passed over",
            hint="That a place lies beyond the end is a sign that the others are off too: they are "
            "places of the words as they were given. Decide for each word once.",
        ),
        Misconception(
            "shifted_usable_inside",
            popped(usable, only_inside=True),
            says="each deletion moves the words behind it, and places beyond the end are passed "
            "over, though only so many are used that one word stays",
            hint="The places are those of the words as they were given, not of what is left of "
            "them. Decide for each word once.",
        ),
        Misconception(
            "shifted_backwards",
            popped(lambda words, places: usable(words, places)[::-1]),
            says="the places are taken from the last named to the first, and each deletion moves "
            "the words behind it",
            hint="`places` come in any order. Turned round they still do: sort them, or decide for "
            "each word of the given list once.",
        ),
        Misconception(
            "moved_by_count",
            moved_by_count,
            says="each place is lowered by one for every deletion before it, wherever that was",
            hint="Only a deletion further left moves a word, and `places` come in any order. "
            "Decide for each word of the given list once.",
        ),
        *(
            Misconception(
                f"{name}_{gone}",
                deleted_while_walking(delete_one, gone_of),
                says="words are deleted from left to right, and what follows moves up",
                hint="The next place is then that of another word, and a loop that walks through "
                "the very list passes over one. Build a new list of the words that stay.",
            )
            for name, delete_one in (
                ("deleted_while_walking", lambda left, i, word: left.pop(i)),
                ("removed_while_walking", lambda left, i, word: left.remove(word)),
            )
            for gone, gone_of in (("usable", usable), ("all", lambda words, places: places))
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
            "by_first_place",
            by_first_place,
            says="a word that stands twice is judged by its first place, as `words.index` gives it",
            hint="`enumerate` gives each word together with its own place.",
        ),
        Misconception(
            "nothing_goes",
            lambda words, places: list(words),
            says="nothing is ever deleted",
            hint="`places` holds numbers: a word is never in it. `enumerate` gives each word "
            "together with its place.",
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
            "first_named_stays",
            first_named_stays,
            says="the first of `places` is spared where all are named",
            hint="The places are used in their order until one word is left: the last named is "
            "not reached.",
        ),
        Misconception(
            "last_named_as_text",
            last_named_as_text,
            says="a bare word is returned where all places are named",
            hint="One word is left, and it belongs in a list: `[word]`.",
        ),
        Misconception(
            "refused",
            refused,
            says="an error is raised where all places are named",
            hint="That is no wrong input: all but the last of the places are used.",
        ),
        Misconception(
            "two_stay",
            lambda words, places: delete(words, places[: max(0, len(words) - 2)]),
            says="deletion stops when two words are left",
            hint="One word stays: how many of the places can then be used?",
        ),
        Misconception(
            "one_deleted",
            lambda words, places: delete(words, places[:1]),
            says="not more than one word is deleted",
            hint="Is `return` inside the loop? It ends the function at once: set it level with "
            "`for`.",
        ),
        Misconception(
            "last_stays",
            lambda words, places: delete(words, sorted(places)),
            says="the last word of the text is spared where all places are named",
            hint="The order of `places` decides: deletion stops when a single word is left.",
        ),
        Misconception(
            "kept_for_deleted",
            lambda words, places: [word for i, word in enumerate(words) if i in places],
            says="the words of these places are kept and the others deleted",
            hint="It is the other way round.",
        ),
        Misconception(
            "usable_kept",
            kept_for_deleted,
            says="the words that should go are returned",
            hint="It is the other way round: `not in`.",
        ),
        Misconception(
            "deleted_in_their_order",
            lambda words, places: [words[i] for i in places],
            says="the words that should go are returned, in the order of `places`",
            hint="The others are wanted. Go through all words with `enumerate`, and keep those "
            "whose place is not among `places`.",
        ),
        Misconception(
            "blanked",
            blanked(""),
            says="the words are made empty but stay in the list",
            hint="The list becomes shorter by each deleted word.",
        ),
        Misconception(
            "made_none",
            blanked(None),
            says="the deleted words became None but stay in the list",
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
        Misconception(
            "last_word_unseen",
            lambda words, places: [
                word for i, word in enumerate(words[:-1]) if i not in usable(words, places)
            ],
            says="the last word of the text is always missing",
            hint="`range(len(words))` ends at the last place by itself.",
        ),
        Misconception(
            "first_word_unseen",
            lambda words, places: [
                word for i, word in enumerate(words) if i and i not in usable(words, places)
            ],
            says="the first word of the text is always missing",
            hint="Places begin at 0: `range(1, ...)` passes over the first.",
        ),
        Misconception(
            "first_kept_alone",
            lambda words, places: delete(words, places)[:1],
            says="the loop ends at the first word that stays",
            hint="Is `return` inside the loop? It ends the function at once: set it level with "
            "`for`.",
        ),
        Misconception(
            "first_word_alone",
            lambda words, places: [] if 0 in usable(words, places) else words[:1],
            says="the loop ends after the first word of the text",
            hint="Is `return` inside the loop? It ends the function at once: set it level with "
            "`for`.",
        ),
    ],
)


# 3.3 replace


def replace(
    words: list[str], synonyms: dict[str, list[str]], protected: set[int], n: int
) -> list[str]:
    return replaced(words, synonyms, protected, n)


def replaced(
    words,
    synonyms,
    protected,
    n,
    look_up=str.lower,
    put=in_case_of,
    choose=lambda others: others[0],
    counts=lambda is_listed, others, is_free: bool(others) and is_free,
):
    """The right answer, but for the steps that are given."""
    changed = list(words)
    for i, word in enumerate(words):
        others = synonyms.get(look_up(word), [])
        is_free = i not in protected
        if n <= 0:
            break
        if others and is_free:
            changed[i] = put(word, choose(others))
        n -= counts(look_up(word) in synonyms, others, is_free)
    return changed


def replace_cases(generator):
    a, b, c, d, v, *others = pick(generator, 11)
    p, q, r, x, y, z = sorted(others)
    # The best of a list is neither first nor last in the alphabet, and not always the longest.
    synonyms = {a: [r, p, f"{x}-{q}", z], b: [x, y, p], c: [q, a, p, z], d: []}
    yield {"words": [a, v, b, c], "synonyms": synonyms, "protected": set(), "n": 2}
    yield {"words": [v, a, b, a, c], "synonyms": synonyms, "protected": {1}, "n": 2}
    yield {"words": [a.title(), c, v, b], "synonyms": synonyms, "protected": {3}, "n": 1}
    yield {"words": [d, v, d, b, a], "synonyms": synonyms, "protected": set(), "n": 1}  # d has none
    yield {"words": [b, a, v], "synonyms": synonyms, "protected": {0, 2}, "n": 5}  # fewer than n
    yield {"words": [c, a, c], "synonyms": {c: [a], a: [x]}, "protected": set(), "n": 3}
    yield {"words": [b, v, a], "synonyms": synonyms, "protected": set(), "n": 0}
    yield {"words": [v, c.title(), b.title()], "synonyms": synonyms, "protected": {0}, "n": 2}
    yield {"words": [c, b, a, b], "synonyms": synonyms, "protected": {2}, "n": 3}
    yield {"words": [c, v], "synonyms": {c: [a], a: [x]}, "protected": set(), "n": 2}


def with_change(**changes):
    return lambda words, synonyms, protected, n: replaced(words, synonyms, protected, n, **changes)


def with_n(n_otherwise):
    return lambda words, synonyms, protected, n: replaced(
        words, synonyms, protected, n_otherwise(n, words)
    )


def with_protected(places_otherwise):
    return lambda words, synonyms, protected, n: replaced(
        words, synonyms, places_otherwise(protected, words), n
    )


def every_such_word(words, synonyms, protected, n):
    """Like `str.replace`: a chosen word is replaced wherever it stands."""
    once = replaced(words, synonyms, protected, n)
    new = {old.lower(): other for old, other in zip(words, once, strict=True) if old != other}
    return [in_case_of(word, new.get(word.lower(), word)) for word in words]


def everywhere_at_once(words, synonyms, protected, n):
    """Each change goes through the whole new list, and counts once."""
    changed = list(words)
    for i, word in enumerate(words):
        others = synonyms.get(word.lower())
        if others and i not in protected and n > 0:
            changed = [in_case_of(word, others[0]) if old == word else old for old in changed]
            n -= 1
    return changed


def at_first_place(words, synonyms, protected, n):
    changed = list(words)
    for word in words:
        i, others = words.index(word), synonyms.get(word.lower())
        if others and i not in protected and n > 0:
            changed[i] = in_case_of(word, others[0])
            n -= 1
    return changed


def look_alikes(protected, words):
    also = {words[i].lower() for i in protected}
    return {i for i, word in enumerate(words) if word.lower() in also}


def chained(words, synonyms, protected, n):
    def last(word, other):
        while synonyms.get(other):
            other = synonyms[other][0]
        return in_case_of(word, other)

    return replaced(words, synonyms, protected, n, put=last)


def from_the_left_n_times(words, synonyms, protected, n):
    changed = list(words)
    for _ in range(n):
        changed = replaced(changed, synonyms, protected, 1)
    return changed


def pass_after_pass(words, synonyms, protected, n):
    """Through the whole new list again, until n are changed or nothing more can be."""
    changed, before = list(words), None
    while n > 0 and changed != before:
        before = list(changed)
        changed = replaced(before, synonyms, protected, n)
        n -= sum(old != new for old, new in zip(before, changed, strict=True))
    return changed


def each_word_once(words, synonyms, protected, n):
    changed, seen = list(words), set()
    for i, word in enumerate(words):
        others = synonyms.get(word.lower())
        if others and i not in protected and word not in seen and n > 0:
            changed[i] = in_case_of(word, others[0])
            seen.add(word)
            n -= 1
    return changed


def from_the_right(words, synonyms, protected, n):
    turned = {len(words) - 1 - i for i in protected}
    return replaced(words[::-1], synonyms, turned, n)[::-1]


def in_order_of_the_dict(words, synonyms, protected, n):
    changed = list(words)
    for old, others in synonyms.items():
        for i, word in enumerate(words):
            if word.lower() == old and others and i not in protected and n > 0:
                changed[i] = in_case_of(word, others[0])
                n -= 1
    return changed


def up_to_the_first_protected(words, synonyms, protected, n):
    end = min(protected, default=len(words))
    return replaced(words[:end], synonyms, protected, n) + words[end:]


def only_changed(words, synonyms, protected, n):
    new = replaced(words, synonyms, protected, n)
    return [other for old, other in zip(words, new, strict=True) if old != other]


def without_protected(words, synonyms, protected, n):
    new = replaced(words, synonyms, protected, n)
    return [word for i, word in enumerate(new) if i not in protected]


def rest_missing(words, synonyms, protected, n):
    """The new list ends where n are changed."""
    new = replaced(words, synonyms, protected, n)
    changed = [i for i, pair in enumerate(zip(words, new, strict=True)) if pair[0] != pair[1]]
    return new if len(changed) < n else new[: changed[-1] + 1 if changed else 0]


def without_unlisted(words, synonyms, protected, n):
    new = replaced(words, synonyms, protected, n)
    return [other for old, other in zip(words, new, strict=True) if synonyms.get(old.lower())]


def all_n_or_none(words, synonyms, protected, n):
    free = [i for i, w in enumerate(words) if synonyms.get(w.lower()) and i not in protected]
    return list(words) if len(free) < n else replaced(words, synonyms, protected, n)


def at_first_n_places(words, synonyms, protected, n):
    changed = list(words)
    for i in range(n):
        if synonyms.get(words[i].lower()) and i not in protected:
            changed[i] = in_case_of(words[i], synonyms[words[i].lower()][0])
    return changed


def itself_by_default(words, synonyms, protected, n):
    """A word without an entry is replaced by itself, and that counts."""
    changed = list(words)
    for i, word in enumerate(words):
        if i not in protected and n > 0:
            changed[i] = in_case_of(word, synonyms.get(word.lower(), [word])[0])
            n -= 1
    return changed


def put_beside(words, synonyms, protected, n):
    new = replaced(words, synonyms, protected, n)
    both = ([old] if old == other else [old, other] for old, other in zip(words, new, strict=True))
    return [word for some in both for word in some]


def first_gets_the_capital(words, synonyms, protected, n):
    new = replaced(words, synonyms, protected, n, put=lambda word, other: other)
    return new if new[0] == words[0] else [new[0].capitalize(), *new[1:]]


def until_n_are_changed(words, synonyms, protected, n):
    changed, i = list(words), 0
    while n > 0:
        others = synonyms.get(words[i].lower())
        if others and i not in protected:
            changed[i] = in_case_of(words[i], others[0])
            n -= 1
        i += 1
    return changed


def first_synonym_of_none(get, asks_n, asks_protected):
    """The first synonym is taken before it is known that there is one."""

    def replace_otherwise(words, synonyms, protected, n):
        changed = list(words)
        for i, word in enumerate(words):
            if (asks_n and n <= 0) or (asks_protected and i in protected):
                continue
            other = get(synonyms, word.lower())
            if other and i not in protected and n > 0:
                changed[i] = in_case_of(word, other)
                n -= 1
        return changed

    return replace_otherwise


TAKEN_TOO_EARLY = {
    "none_of_get": (
        lambda synonyms, word: synonyms.get(word)[0],
        "`.get` gives None for a word that is no key, and None has no first",
        "Give `.get` a second argument, what it returns for a missing key; and ask whether "
        "there is a synonym before you take the first.",
    ),
    "missing_key": (
        lambda synonyms, word: (synonyms[word] or [None])[0],
        "a word that is no key is looked up with `[ ]`",
        "Not every word is a key: `.get` takes a default for those that are not.",
    ),
    "first_of_nothing": (
        lambda synonyms, word: synonyms.get(word, [])[0],
        "the first is taken of an empty list",
        "A word may have no synonym: ask whether there is one before you take the first.",
    ),
}


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
            with_protected(lambda protected, words: set()),
            says="protected words are replaced too",
            hint="`protected` holds the places that must stay as they are.",
        ),
        Misconception(
            "protection_reversed",
            with_protected(lambda protected, words: {*range(len(words))} - protected),
            says="only protected words are replaced",
            hint="It is the other way round: `not in`.",
        ),
        Misconception(
            "protected_from_one",
            with_protected(lambda protected, words: {i - 1 for i in protected}),
            says="protected places are counted from 1",
            hint="The first word has the place 0.",
        ),
        Misconception(
            "look_alikes_protected",
            with_protected(look_alikes),
            says="a word is spared because the same word is protected elsewhere",
            hint="Places are protected, not words.",
        ),
        Misconception(
            "up_to_the_first_protected",
            up_to_the_first_protected,
            says="all ends at the first protected word",
            hint="Only this word is passed over: `continue` goes on, `break` ends it all.",
        ),
        Misconception(
            "protected_count",
            with_change(counts=lambda is_listed, others, is_free: bool(others)),
            says="a protected word uses up one of the n changes",
            hint="Exactly n words change if there are so many. Count a change when it is made.",
        ),
        Misconception(
            "words_without_count",
            with_change(counts=lambda is_listed, others, is_free: is_free),
            says="a word without a synonym uses up one of the n changes",
            hint="Exactly n words change if there are so many. Does `n -= 1` stand one level too "
            "far to the left?",
        ),
        Misconception(
            "empty_lists_count",
            with_change(counts=lambda is_listed, others, is_free: is_listed and is_free),
            says="a word whose list of synonyms is empty uses up one of the n changes",
            hint="Exactly n words change if there are so many. Count a change when it is made.",
        ),
        Misconception(
            "first_n_words",
            with_change(counts=lambda is_listed, others, is_free: True),
            says="only the first n words of the text are looked at",
            hint="n counts replacements, not words looked at. Does `n -= 1` stand too far to the "
            "left?",
        ),
        Misconception(
            "all_of_them",
            with_n(lambda n, words: len(words)),
            says="every word that has a synonym is replaced",
            hint="At most n words change: stop after so many.",
        ),
        Misconception(
            "no_end_at_zero",
            with_n(lambda n, words: n or len(words)),
            says="every word that has a synonym is replaced where n is 0",
            hint="n may be 0. Ask before a change, not after it, whether there may be one more.",
        ),
        Misconception(
            "one_at_zero",
            with_n(lambda n, words: max(1, n)),
            says="one word changes even where n is 0",
            hint="Ask before a change, not after it, whether there may be one more.",
        ),
        Misconception(
            "one_too_many",
            with_n(lambda n, words: n + 1),
            says="one word more than n is changed",
            hint="How many changes are left when n has come down to 0?",
        ),
        Misconception(
            "one_too_few",
            with_n(lambda n, words: n - 1),
            says="one word fewer than n is changed",
            hint="How many changes are left when n has come down to 1?",
        ),
        Misconception(
            "until_n_are_changed",
            until_n_are_changed,
            says="the loop looks on for n changes when the words are at their end",
            hint="There may be fewer than n words that can change: the end of the words ends the "
            "loop too.",
        ),
        Misconception(
            "nothing_changes",
            lambda words, synonyms, protected, n: list(words),
            says="nothing is changed",
            hint="Is a word found? `word.lower` without its `()` is a method, and no key. Is the "
            "change kept? `word = ...` in a loop leaves the list as it was: assign to a place of "
            "the new list.",
        ),
        Misconception(
            "capitals_unknown",
            with_change(look_up=lambda word: word),
            says="a word with a capital is not found among the synonyms",
            hint="The dict has small letters: how do you ask it for *Big*?",
        ),
        Misconception(
            "capital_lost",
            with_change(put=lambda word, other: other),
            says="a new word has no capital where the old one had",
            hint="*Big* becomes *Large*, not *large*. Is it the old word's first letter that "
            "you ask for, and not the whole word? `capitalize()` returns a new text: is it kept?",
        ),
        Misconception(
            "always_capital",
            with_change(put=lambda word, other: other.capitalize()),
            says="every new word gets a capital",
            hint="Only where the old word has one. (`isupper` without its `()` is a method, and "
            "counts as true.)",
        ),
        Misconception(
            "all_capitals",
            with_change(put=lambda word, other: other.upper() if word[0].isupper() else other),
            says="the new word is written in capitals throughout",
            hint="Only the first letter is a capital: which method of a text does that?",
        ),
        Misconception(
            "first_gets_the_capital",
            first_gets_the_capital,
            says="a new word at the beginning of the text gets a capital, and no other",
            hint="Names have capitals too. The old word at the same place decides.",
        ),
        Misconception(
            "last_synonym",
            with_change(choose=lambda others: others[-1]),
            says="the last synonym is taken",
            hint="The list begins with the best: take that one.",
        ),
        Misconception(
            "first_of_the_alphabet",
            with_change(choose=min),
            says="the synonym that is first in the alphabet is taken",
            hint="The list begins with the best: its order is not to be changed.",
        ),
        Misconception(
            "longest_synonym",
            with_change(choose=lambda others: max(others, key=len)),
            says="the longest synonym is taken",
            hint="The list begins with the best: take that one.",
        ),
        Misconception(
            "every_such_word",
            every_such_word,
            says="a chosen word is replaced wherever else it stands",
            hint="Change one place at a time: the same word may stand at a protected one.",
        ),
        Misconception(
            "everywhere_at_once",
            everywhere_at_once,
            says="each change goes through the whole new list",
            hint="Change one place at a time: the same word may stand at a protected one, or may "
            "have come in as a synonym.",
        ),
        Misconception(
            "at_first_place",
            at_first_place,
            says="the place of a word is asked of `words.index`, which gives the first",
            hint="The same word may stand twice: `enumerate` gives each word with its own place.",
        ),
        Misconception(
            "chained",
            chained,
            says="a new word is replaced in its turn, at once",
            hint="Each place changes once. Look up what was given, not what has become of it.",
        ),
        Misconception(
            "from_the_left_n_times",
            from_the_left_n_times,
            says="each of the n changes begins at the left again and may meet a new word",
            hint="Go through the given words once, and count down n on the way.",
        ),
        Misconception(
            "pass_after_pass",
            pass_after_pass,
            says="the text is gone through again while changes are left, and new words change too",
            hint="Fewer than n change where no more of the given words can: one pass is enough.",
        ),
        Misconception(
            "each_word_once",
            each_word_once,
            says="a word that stands twice is replaced only once",
            hint="n counts places, not different words: the same word may change again further on.",
        ),
        Misconception(
            "from_the_right",
            from_the_right,
            says="the words are replaced from right to left",
            hint="The first n from the left that may change.",
        ),
        Misconception(
            "in_order_of_the_dict",
            in_order_of_the_dict,
            says="words are replaced in the order of `synonyms`",
            hint="Go through the words from left to right, and look each one up.",
        ),
        Misconception(
            "only_changed",
            only_changed,
            says="only the new words are returned",
            hint="A word that does not change stays in the text: begin with a copy of the list.",
        ),
        Misconception(
            "without_protected",
            without_protected,
            says="protected words are left out",
            hint="They stay in the text as they are: begin with a copy of the list.",
        ),
        Misconception(
            "rest_missing",
            rest_missing,
            says="the new list ends at the n-th change",
            hint="The rest of the text stays, as it is: `break` must not cut it off. Begin with a "
            "copy of the list.",
        ),
        Misconception(
            "without_unlisted",
            without_unlisted,
            says="words without a synonym are left out",
            hint="Every word has a place in the new text: what does the last `else` append? Or "
            "begin with a copy of the list.",
        ),
        Misconception(
            "all_n_or_none",
            all_n_or_none,
            says="nothing changes where fewer than n words can",
            hint="Then all of these change: fewer are better than none.",
        ),
        Misconception(
            "one_change_only",
            with_n(lambda n, words: min(n, 1)),
            says="not more than one word is changed",
            hint="Is `return` or `break` inside the loop, behind the first change?",
        ),
        Misconception(
            "at_first_n_places",
            at_first_n_places,
            says="the loop goes through n places, even if the text has fewer words",
            hint="n counts replacements, not words looked at: go through all the words, and count "
            "down n at each change.",
        ),
        Misconception(
            "itself_by_default",
            itself_by_default,
            says="a word that is no key is replaced by itself, and the first is taken of an empty "
            "list",
            hint="A default of `[word]` hides that there is no synonym, and a change is counted. "
            "With `[]` you can ask whether there is one.",
        ),
        Misconception(
            "put_beside",
            put_beside,
            says="the new word stands after the old one, which is kept",
            hint="It takes the old one's place: as many words as before.",
        ),
        Misconception(
            "first_of_an_empty_list",
            first_synonym_of_none(
                lambda synonyms, word: synonyms[word][0] if word in synonyms else None, True, True
            ),
            says="the first is taken of an empty list",
            hint="A word may be a key and have no synonym all the same: its list may be empty.",
        ),
        *(
            Misconception(
                f"{name}_{when}",
                first_synonym_of_none(get, "_n" in when, "free" in when),
                says,
                hint,
            )
            for name, (get, says, hint) in TAKEN_TOO_EARLY.items()
            for when in ("always", "if_n", "if_free", "if_n_and_free")
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

    yield {"first": [x, x, x, y], "second": [x, y, y, y]}
    yield {"first": [x, x, x, y], "second": [x, x, y, y]}
    yield {"first": [x, x, y, y, z], "second": [x, x, y, y, z]}  # perfect
    yield {"first": [x] * 9 + [y], "second": [y] + [x] * 9}  # below chance
    yield {"first": [x, x, x, x], "second": [x, y, x, y]}  # one uses a single label
    low, middle, high = sorted((x, y, z))  # one uses a label more
    yield {"first": [high, low, middle, high], "second": [middle, high, high, high]}
    yield {"first": labels(9, [x, y, z], x, y), "second": labels(9, [x, x, y], z, y)}
    yield {"first": labels(7, [x, y], x, x, y), "second": labels(7, [y, z], x, z, y)}
    yield {"first": [x, y], "second": [y, x]}  # never the same
    anew = ["".join([*label]) for label in (x, y, y, x, z)]  # equal texts, but others in memory
    yield {"first": [x, y, y, z, z], "second": anew}


def observed(first, second):
    return sum(a == b for a, b in zip(first, second, strict=True)) / len(first)


def observed_in_memory(first, second):
    return sum(map(operator.is_, first, second)) / len(first)


def observed_in_order(first, second):
    """Agreement of the sorted labels."""
    return observed(sorted(first), sorted(second))


def observed_in_common(first, second):
    return (Counter(first) & Counter(second)).total() / len(first)


def products(first, second):
    """For each label, the product of the two shares."""
    counts, others, n = Counter(first), Counter(second), len(first)
    return {label: counts[label] / n * others[label] / n for label in [*first, *second]}


def chance(first, second):
    return sum(products(first, second).values())


def above_chance(o, e):
    return (o - e) / (1 - e)


def with_change_of(total=above_chance, agreed=observed, chance=chance):
    """Kappa with other shares, or put together in another way."""
    return lambda first, second: total(agreed(first, second), chance(first, second))


def with_chance(chance):
    return with_change_of(chance=chance)


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


def products_of_counts(first, second):
    return chance(first, second) * len(first) ** 2


def chance_for_each_item(first, second):
    shares = products(first, second)
    return sum(shares[label] for label in first)


def chance_for_each_item_of_both(first, second):
    shares = products(first, second)
    return sum(shares[label] for label in [*first, *second])


def chance_of_the_first_label(first, second):
    return products(first, second)[first[0]]


def chance_of_the_last_label(first, second):
    return products(first, second)[list(Counter(first))[-1]]


def chance_multiplied(first, second):
    return prod(products(first, second).values())


def chance_multiplied_for_the_first(first, second):
    shares = products(first, second)
    return prod(shares[label] for label in {*first})


def chance_for_each_item_of_the_second(first, second):
    return chance_for_each_item(second, first)


def chance_for_each_pair(first, second):
    counts, others = Counter(first), Counter(second)
    return sum(counts[a] * others[b] / len(first) ** 2 for a, b in zip(first, second, strict=True))


def chance_by_rank(order):
    """Shares are multiplied by their rank in some order, whichever labels they are of."""

    def chance_otherwise(first, second):
        counts, others = order(Counter(first)), order(Counter(second))
        return sum(a * b for a, b in zip(counts, others, strict=False)) / len(first) ** 2

    return chance_otherwise


def shares_added(first, second):
    return 2.0  # the shares of an annotator make 1


def chance_of_two_labels(first, second):
    a, b = (labels.count(first[0]) / len(labels) for labels in (first, second))
    return a * b + (1 - a) * (1 - b)


def without_zeros(labels_of):
    """Counts in dicts that have no 0 for a label that is not used."""

    def kappa_otherwise(first, second):
        counts, others = dict(Counter(first)), dict(Counter(second))
        e = sum(counts[x] * others[x] for x in labels_of(first, second)) / len(first) ** 2
        return above_chance(observed(first, second), e)

    return kappa_otherwise


AGREED = "agreed = sum((a == b for a, b in zip(first, second, strict=True))) / n"
FOR_EACH_ITEM = "Each label is to be added once: which collection keeps a label only once?"
ONE_LABEL = (
    "p_e is a sum over the labels: does it stand after the loop that adds them up, and does "
    "each label add to what is there, with `+=`?"
)

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
            says="p_o comes out as it is: nothing is taken off for chance",
            hint="Part of that agreement comes by chance, and kappa takes it off. Is p_e in the "
            "formula, but 0? Sum over the labels that stand in the lists, whatever they are "
            "called, and divide with `/`.",
        ),
        Misconception(
            "chance_alone",
            chance,
            says="the share of agreement by chance is returned",
            hint="That is p_e. It goes into the formula twice.",
        ),
        Misconception(
            "not_divided",
            with_change_of(lambda o, e: o - e),
            says="chance is taken off, and nothing is divided",
            hint="Two who always agree must get 1. By what must p_o - p_e be divided for that?",
        ),
        Misconception(
            "divided_by_chance",
            with_change_of(lambda o, e: (o - e) / e),
            says="the difference is divided by the agreement of chance",
            hint="Two who always agree must get 1. What lies between chance and perfect?",
        ),
        Misconception(
            "divided_by_disagreement",
            with_change_of(lambda o, e: (o - e) / (1 - o)),
            says="the difference is divided by 1 - p_o",
            hint="Two who always agree would make that 0. What could be above chance at most?",
        ),
        Misconception(
            "sign",
            with_change_of(lambda o, e: -above_chance(o, e)),
            says="the sign is the wrong way round",
            hint="More agreement than chance is above 0: which of the two is subtracted?",
        ),
        Misconception(
            "percentage",
            with_change_of(lambda o, e: 100 * above_chance(o, e)),
            says="the result is multiplied by 100",
            hint="Kappa is at most 1.",
        ),
        Misconception(
            "divided_whole",
            with_change_of(lambda o, e: (o - e) // (1 - e)),
            says="the division at the end cuts off what comes after the point",
            hint="`//` divides to whole numbers, `/` exactly.",
        ),
        Misconception(
            "agreement_cut",
            with_change_of(agreed=lambda first, second: floor(observed(first, second))),
            says="p_o is 1 where the two agree on every item, and 0 everywhere else",
            hint="`//` and `int(...)` cut a share to a whole number, and `first == second` of two "
            "lists is a single True or False: compare item by item, divide with `/`.",
        ),
        Misconception(
            "lists_compared",
            with_change_of(agreed=lambda first, second: (first == second) / len(first)),
            says="two equal lists count as one agreement, and others as none",
            hint="`first == second` of two lists is a single True or False: `zip` gives the two "
            "labels of each item.",
        ),
        Misconception(
            "never_below_zero",
            with_change_of(lambda o, e: max(0.0, above_chance(o, e))),
            says="kappa is never below 0",
            hint="Who agrees less than by chance gets a number below 0: let it stand.",
        ),
        Misconception(
            "zero_without_agreement",
            lambda first, second: kappa(first, second) if observed(first, second) else 0.0,
            says="kappa is 0 where the two never agree",
            hint="Never to agree is less than chance would give, and below 0: leave it to the "
            "formula.",
        ),
        Misconception(
            "same_object",
            with_change_of(agreed=observed_in_memory),
            says="two labels count as equal only if they are one and the same object",
            hint="`is` asks whether it is the same place in memory; `==` compares texts.",
        ),
        Misconception(
            "never_negative",
            with_change_of(lambda o, e: abs(above_chance(o, e))),
            says="the sign of kappa is dropped",
            hint="Who agrees less than by chance gets a number below 0: let it stand.",
        ),
        Misconception(
            "disagreement",
            with_change_of(agreed=lambda first, second: 1 - observed(first, second)),
            says="p_o is the share on which the two differ",
            hint="`==` and not `!=`.",
        ),
        Misconception(
            "agreement_not_divided",
            with_change_of(agreed=lambda first, second: observed(first, second) * len(first)),
            says="p_o is a count and not a share",
            hint="Divide the number of items on which both agree by the number of all.",
        ),
        Misconception(
            "agreement_in_order",
            with_change_of(agreed=observed_in_order),
            says="the labels are sorted before they are compared",
            hint="Two labels belong together if they are of the same item: leave the order.",
        ),
        Misconception(
            "agreement_in_common",
            with_change_of(agreed=observed_in_common),
            says="it is counted how many labels both use, whichever items they give them to",
            hint="Two labels belong together if they are of the same item: `zip` gives them.",
        ),
        Misconception(
            "equal_labels",
            with_chance(chance_of_equal_labels),
            says="chance is taken as 1 divided by the number of labels",
            hint="Blind annotators use a frequent label often: count how often each one does.",
        ),
        Misconception(
            "half",
            with_chance(lambda first, second: 0.5),
            says="chance is taken as one half",
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
            "products_of_counts",
            with_chance(products_of_counts),
            says="p_e is made of counts and not of shares",
            hint="A share is a count divided by n. How often, in a product of two shares? (`/ n * "
            "n` divides and multiplies again.)",
        ),
        Misconception(
            "counts_for_shares",
            with_change_of(
                agreed=lambda first, second: observed(first, second) * len(first),
                chance=products_of_counts,
            ),
            says="p_o and p_e are made of counts and not of shares",
            hint="A share is a count divided by n: once for p_o, and for p_e each of the two.",
        ),
        Misconception(
            "chance_for_each_item",
            with_chance(chance_for_each_item),
            says="a label is added to p_e again for each item to which the first gives it",
            hint=FOR_EACH_ITEM,
        ),
        Misconception(
            "chance_for_each_item_of_both",
            with_chance(chance_for_each_item_of_both),
            says="a label is added to p_e again for each item to which one of the two gives it",
            hint=FOR_EACH_ITEM,
        ),
        Misconception(
            "chance_of_the_first_label",
            with_chance(chance_of_the_first_label),
            says="p_e has the product of a single label, the first",
            hint=ONE_LABEL,
        ),
        Misconception(
            "chance_of_the_last_label",
            with_chance(chance_of_the_last_label),
            says="p_e has the product of a single label, the last",
            hint=ONE_LABEL,
        ),
        Misconception(
            "chance_for_each_item_of_the_second",
            with_chance(chance_for_each_item_of_the_second),
            says="a label is added to p_e again for each item to which the second gives it",
            hint=FOR_EACH_ITEM,
        ),
        Misconception(
            "chance_for_each_pair",
            with_chance(chance_for_each_pair),
            says="a product of two shares is added to p_e for each item, for its two labels",
            hint="By chance they agree where both give one label: go through the labels, not "
            "through the items.",
        ),
        *(
            Misconception(
                f"paired_{name}",
                with_chance(chance_by_rank(order)),
                says=f"the counts of the two are paired {how}, whichever labels they are of",
                hint="Both shares of a product are of the same label: `counts[label]` of each.",
            )
            for name, order, how in (
                ("as_they_come", lambda counts: counts.values(), "as they come"),
                ("by_size", lambda counts: sorted(counts.values(), reverse=True), "by size"),
            )
        ),
        Misconception(
            "all_cut",
            lambda first, second: float(floor(observed(first, second))),
            says="p_o and p_e are cut to whole numbers",
            hint="`//` divides to whole numbers, `/` exactly.",
        ),
        Misconception(
            "chance_of_the_lesson",
            with_chance(lambda first, second: 0.9 * 0.9 + 0.1 * 0.1),
            says="p_e is 0.82 for all annotators, as in the lesson's example",
            hint="There both said *good* of nine in ten. Count how often each uses each label.",
        ),
        Misconception(
            "rounded",
            with_change_of(lambda o, e: round(above_chance(o, e), 2)),
            says="the result is rounded",
            hint="Return it as it is, and round where you print it.",
        ),
        *(
            Misconception(
                f"no_zero_{name}",
                without_zeros(labels_of),
                says="a label is looked up that one of the two never uses",
                hint="A dict knows nothing of a label that was not counted: a `Counter` gives 0.",
            )
            for name, labels_of in (
                ("for_the_first", lambda first, second: {*first}),
                ("for_the_second", lambda first, second: {*second}),
                ("for_both", lambda first, second: {*first, *second}),
            )
        ),
        *(
            Misconception(
                name,
                with_chance(function),
                says=f"the products of {labels} are multiplied with each other",
                hint="Both say x, *or* both say y: such chances are added.",
            )
            for name, function, labels in (
                ("chance_multiplied", chance_multiplied, "all labels"),
                (
                    "chance_multiplied_for_the_first",
                    chance_multiplied_for_the_first,
                    "the first one's labels",
                ),
            )
        ),
        Misconception(
            "chance_turned_round",
            with_chance(lambda first, second: 1 - chance(first, second)),
            says="p_e is the share on which blind annotators would differ",
            hint="The sum of the products is p_e itself. 1 - p_e stands in the formula already.",
        ),
        Misconception(
            "shares_added",
            with_chance(shares_added),
            says="the two shares of a label are added",
            hint="The first says x *and* the second says x: such chances are multiplied.",
        ),
        Misconception(
            "two_labels",
            with_chance(chance_of_two_labels),
            says="all labels but one are taken for the same label",
            hint="a·b + (1 - a)·(1 - b) holds for two labels. Sum over all that are used.",
        ),
        Misconception(
            "parentheses",
            with_change_of(lambda o, e: o - e / (1 - e)),
            says="only p_e is divided by 1 - p_e",
            hint="A division comes before a minus: where do parentheses belong?",
        ),
        Misconception(
            "parentheses_below",
            with_change_of(lambda o, e: o - e - e),
            says="p_e is subtracted twice, as in `(p_o - p_e) / 1 - p_e`",
            hint="A division comes before a minus: 1 - p_e needs parentheses too.",
        ),
    ],
)


# 3.5 overlap


def overlap(words: list[str], test: list[str], n: int) -> float:
    return len(covered(words, grams_of(test, n), n)) / len(words)


def grams_of(words, n, form=tuple):
    return {form(words[i : i + n]) for i in range(len(words) - n + 1)}


def starts_of(words, grams, n, form=tuple):
    """Places at which one of these n-grams begins."""
    return [i for i in range(len(words) - n + 1) if form(words[i : i + n]) in grams]


def covered(words, grams, n, form=tuple):
    """Places of words in one of these n-grams."""
    return {j for i in starts_of(words, grams, n, form) for j in range(i, i + n)}


def overlap_cases(generator):
    a, b, c, d, e, f, g = pick(generator, 7)
    rest = pick(generator, whole(generator, 1, 4))
    yield {"words": [a, b, c, d, e], "test": [f, b, c, d], "n": 3}
    yield {"words": [a, b, c, d, e, f], "test": [b, c, d, e, g], "n": 2}  # n-grams that overlap
    yield {"words": [a, b, c], "test": [d, a, b, c], "n": 2}  # copied as a whole
    yield {"words": [a, b, a, b, c, g], "test": [a, b, f, d], "n": 2}  # twice the same
    yield {"words": [c, b, a, d], "test": [a, b, c, d, e], "n": 2}  # the same words, other order
    yield {"words": [c, a, a, b], "test": [c, a, b, b], "n": 3}  # the same, not as often
    yield {"words": [a, b], "test": [a, b, c], "n": 3}  # too short
    yield {"words": [a, b, c, d], "test": [b, c], "n": 3}  # the test is too short
    yield {"words": [f, g, a, b, c], "test": [a, b, c], "n": 3}  # at the end of both
    yield {"words": [a, g, b, c], "test": [d, e, b, c], "n": 3}  # two words at either end
    yield {"words": [g, f, a, b], "test": [a, b, d, e], "n": 2}  # at the end of the text
    yield {"words": [d, a, b, *rest, a, c, f], "test": [a, b, d, a, c, e], "n": 2}
    yield {"words": [a[1:], b, c, d], "test": [a, b, d], "n": 2}  # the end of a word
    yield {"words": [a[:1], a[1:] + b, c], "test": [a, b, c], "n": 2}  # other words, same letters
    yield {"words": [a.title(), b, c, d], "test": [a, b, d], "n": 2}  # a capital
    yield {"words": [a, b, e, b], "test": [a, b, f], "n": 2}  # a copied word, and it again
    yield {"words": [a, b, c, d, e], "test": [c, d, e, a, b, c], "n": 3}  # runs that share one word
    yield {"words": [a, f], "test": [a, f], "n": 3}  # both too short
    text, test = ([[a, b, c][whole(generator, 0, 2)] for _ in range(n)] for n in (9, 5))
    yield {"words": text, "test": test, "n": 3}


def with_form(form):
    """Runs are compared in another form."""
    return lambda words, test, n: len(covered(words, grams_of(test, n, form), n, form)) / len(words)


def with_span(first, last):
    """Of a shared run at i, the places from i + first to before i + last are noted."""

    def overlap_otherwise(words, test, n):
        starts = starts_of(words, grams_of(test, n), n)
        return len({j for i in starts for j in range(i + first(n), i + last(n))}) / len(words)

    return overlap_otherwise


def share_of_grams(words, test, n):
    grams = [tuple(words[i : i + n]) for i in range(len(words) - n + 1)]
    return sum(gram in grams_of(test, n) for gram in grams) / max(1, len(grams))


def share_of_grams_of_none(words, test, n):
    return len(starts_of(words, grams_of(test, n), n)) / (len(words) - n + 1)


def by_the_number_of_grams(words, test, n):
    return len(covered(words, grams_of(test, n), n)) / (len(words) - n + 1)


def share_of_different_grams(words, test, n):
    grams = grams_of(words, n)
    return len(grams & grams_of(test, n)) / max(1, len(grams))


def share_of_the_test(words, test, n):
    return len(covered(test, grams_of(words, n), n)) / len(test)


def by_the_length_of_the_test(words, test, n):
    return len(covered(words, grams_of(test, n), n)) / len(test)


def jaccard_of_grams(words, test, n):
    ours, theirs = grams_of(words, n), grams_of(test, n)
    return len(ours & theirs) / max(1, len(ours | theirs))


def words_in_common(words, test, n):
    return sum(word in test for word in words) / len(words)


def different_words_in_common(words, test, n):
    return len({*words} & {*test}) / len(words)


def same_places(words, test, n):
    return sum(map(operator.eq, words, test)) / len(words)


def runs_at_same_places(words, test, n):
    starts = [i for i in range(len(words) - n + 1) if words[i : i + n] == test[i : i + n]]
    return len({j for i in starts for j in range(i, i + n)}) / len(words)


def first_words_of_grams(words, test, n):
    return len(starts_of(words, grams_of(test, n), n)) / len(words)


def counted_twice(words, test, n):
    return n * first_words_of_grams(words, test, n)


def different_grams_times_n(words, test, n):
    return n * len(grams_of(words, n) & grams_of(test, n)) / len(words)


def first_gram_alone(words, test, n):
    return n * (overlap(words, test, n) > 0) / len(words)


def one_after_the_other(words, test, n):
    """After a shared n-gram it goes on behind it."""
    grams, found, i = grams_of(test, n), 0, 0
    while i <= len(words) - n:
        is_shared = tuple(words[i : i + n]) in grams
        found += n * is_shared
        i += n if is_shared else 1
    return found / len(words)


def counted_twice_unless_next(words, test, n):
    """A shared run counts one word if the run one place before it is shared, else n."""
    starts = starts_of(words, grams_of(test, n), n)
    return sum(1 if i - 1 in starts else n for i in starts) / len(words)


def short_texts_as_runs(words, test, n):
    """Whole, if they are shorter than n, as one run each."""
    grams = {tuple(test[i : i + n]) for i in range(max(1, len(test) - n + 1))}
    starts = [i for i in range(max(1, len(words) - n + 1)) if tuple(words[i : i + n]) in grams]
    return len({j for i in starts for j in range(i, min(i + n, len(words)))}) / len(words)


def short_texts_too_wide(words, test, n):
    is_copy = len(words) < n and words == test
    return n / len(words) if is_copy else overlap(words, test, n)


def short_test_as_run(words, test, n):
    return overlap(words, test, min(n, len(test)))


def ends_alone(words, test, n):
    starts = starts_of(words, grams_of(test, n), n)
    return len({*starts, *(i + n - 1 for i in starts)}) / len(words)


def words_anywhere(words, test, n):
    """Every run counts of which all words are in the test."""
    grams = {tuple(words[i : i + n]) for i in range(len(words)) if {*words[i : i + n]} <= {*test}}
    return len(covered(words, grams, n)) / len(words)


def slices_to_n(words, test, n):
    grams = {tuple(test[i:n]) for i in range(len(test) - n + 1)}
    starts = [i for i in range(len(words) - n + 1) if tuple(words[i:n]) in grams]
    return len({j for i in starts for j in range(i, i + n)}) / len(words)


def apart_in_the_text(words, test, n):
    grams = grams_of(test, n)
    places = range(0, len(words) - n + 1, n)
    return n * sum(tuple(words[i : i + n]) in grams for i in places) / len(words)


def used_up(words, test, n):
    """The runs of the test come from a generator, which a search empties."""
    grams = (tuple(test[i : i + n]) for i in range(len(test) - n + 1))
    return len(covered(words, grams, n)) / len(words)


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


def one_word_less(n_places):
    def overlap_otherwise(words, test, n):
        grams = {tuple(test[i : i + n - 1]) for i in range(len(test) - n + 1)}
        starts = [i for i in range(len(words) - n + 1) if tuple(words[i : i + n - 1]) in grams]
        return len({j for i in starts for j in range(i, i + n_places(n))}) / len(words)

    return overlap_otherwise


def one_word_more(words, test, n):
    grams = {tuple(test[i : i + n + 1]) for i in range(len(test) - n + 1)}
    starts = [i for i in range(len(words) - n + 1) if tuple(words[i : i + n + 1]) in grams]
    return len({j for i in starts for j in range(i, i + n)}) / len(words)


def longer_runs(words, test, n):
    starts = starts_of(words, grams_of(test, n + 1), n + 1)
    return len({j for i in starts for j in range(i, i + n)}) / len(words)


def inside_words(words, test, n):
    text = " ".join(test)
    starts = [i for i in range(len(words) - n + 1) if " ".join(words[i : i + n]) in text]
    return len({j for i in starts for j in range(i, i + n)}) / len(words)


def apart(words, test, n):
    """n-grams side by side instead of overlapping ones."""
    grams = {tuple(test[i : i + n]) for i in range(0, len(test) - n + 1, n)}
    places = range(0, len(words) - n + 1, n)
    return n * sum(tuple(words[i : i + n]) in grams for i in places) / len(words)


def apart_in_the_test(words, test, n):
    grams = {tuple(test[i : i + n]) for i in range(0, len(test) - n + 1, n)}
    return len(covered(words, grams, n)) / len(words)


def yes_or_no(words, test, n):
    return float(overlap(words, test, n) > 0)


def different_words(words, test, n):
    found = {words[i] for i in covered(words, grams_of(test, n), n)}
    return len(found) / len(words)


def words_of_grams(words, test, n):
    found = {words[i] for i in covered(words, grams_of(test, n), n)}
    return sum(word in found for word in words) / len(words)


def without_capitals(run):
    return tuple(word.lower() for word in run)


RUNS = (
    ("grams = {tuple(test[i:i + n]) for i in range(len(test)", ")}"),
    ("for i in range(len(words)", "):"),
)
TOO_FAR = (" - n + 1 + 1", " + n + 1", " + 1", " - n + 2")
LAST_RUN = "Off by one: how many runs of 3 are there in 5 words?"
SHORT_SLICE = (
    "A slice that runs over the end is only shorter. Where does the last run of n words begin?"
)

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
            "share_of_grams_of_none",
            share_of_grams_of_none,
            says="it is the share of n-grams, not of words, and a text may have no n-gram",
            hint="A word counts once if any shared n-gram covers it. Note the places, and divide "
            "by the number of words.",
        ),
        Misconception(
            "by_the_number_of_grams",
            by_the_number_of_grams,
            says="the covered words are divided by the number of n-grams",
            hint="A share of `words`: divide by how many of them there are.",
        ),
        Misconception(
            "by_different_words",
            lambda words, test, n: len(covered(words, grams_of(test, n), n)) / len({*words}),
            says="the covered words are divided by the number of different words",
            hint="Places are counted, covered or not: divide by `len(words)`.",
        ),
        Misconception(
            "rounded",
            lambda words, test, n: round(overlap(words, test, n), 2),
            says="the share is rounded",
            hint="Return it as it is, and round where you print it.",
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
            "by_the_length_of_the_test",
            by_the_length_of_the_test,
            says="the covered words are divided by the number of the test's words",
            hint="A share of `words`: divide by how many of them there are.",
        ),
        Misconception(
            "not_divided",
            lambda words, test, n: len(covered(words, grams_of(test, n), n)),
            says="the covered words are counted, and nothing is divided",
            hint="A share lies between 0 and 1: of how many words is it?",
        ),
        Misconception(
            "divided_whole",
            lambda words, test, n: len(covered(words, grams_of(test, n), n)) // len(words),
            says="`//` cuts the share to a whole number",
            hint="`//` divides to whole numbers, `/` exactly.",
        ),
        Misconception(
            "percentage",
            lambda words, test, n: 100 * overlap(words, test, n),
            says="the share is multiplied by 100",
            hint="A share lies between 0 and 1.",
        ),
        Misconception(
            "share_not_covered",
            lambda words, test, n: 1 - overlap(words, test, n),
            says="it is the share of words that are not covered",
            hint="What was copied is counted, not what is new.",
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
            "different_words_in_common",
            different_words_in_common,
            says="single words are compared, each different one once",
            hint="Common words stand in every text. Only runs of n words tell a copy.",
        ),
        Misconception(
            "pairs",
            lambda words, test, n: overlap(words, test, 2),
            says="a run has two words, whatever n is",
            hint="`zip(test, test[1:])` gives pairs. Runs have n words.",
        ),
        Misconception(
            "pairs_of_the_test",
            lambda words, test, n: overlap(words, test, n) if n == 2 else 0.0,
            says="nothing is found but runs of two words",
            hint="Have the runs of the test n words too? `zip(test, test[1:])` gives pairs.",
        ),
        Misconception(
            "same_places",
            same_places,
            says="each word is compared with the test's word at the same place",
            hint="A copy may stand anywhere: look for each run among all runs of the test.",
        ),
        Misconception(
            "runs_at_same_places",
            runs_at_same_places,
            says="each run is compared with the test's run at the same place",
            hint="A copy may stand anywhere: look for each run among all runs of the test.",
        ),
        Misconception(
            "never_found",
            lambda words, test, n: 0.0,
            says="nothing is ever found",
            hint="Is a place noted anywhere, and its number returned? If so: are two of a kind "
            "compared? A tuple never equals a list, and a run of words is never an element of a "
            "list of words.",
        ),
        Misconception(
            "inside_words",
            inside_words,
            says="a run is looked for in the letters of the test: *at* is then found in *cat*",
            hint="Compare whole words: a tuple of words keeps them apart.",
        ),
        Misconception(
            "letters_joined",
            with_form("".join),
            says="the words of a run are joined with nothing between them",
            hint="*a cat* and *ac at* become the same. A tuple of words keeps them apart.",
        ),
        Misconception(
            "capitals_ignored",
            with_form(without_capitals),
            says="capitals make no difference",
            hint="Here they do: the words are compared as they are.",
        ),
        Misconception(
            "first_words_of_grams",
            first_words_of_grams,
            says="each shared n-gram counts as one word",
            hint="An n-gram that begins at i covers more places than i.",
        ),
        Misconception(
            "one_place_too_few",
            with_span(lambda n: 0, lambda n: n - 1),
            says="the last word of a shared n-gram does not count",
            hint="`range(i, j)` ends before j. How many places does an n-gram cover?",
        ),
        Misconception(
            "one_place_too_many",
            with_span(lambda n: 0, lambda n: n + 1),
            says="the word behind a shared n-gram counts too",
            hint="`range(i, j)` ends before j. How many places does an n-gram cover?",
        ),
        Misconception(
            "first_n_places",
            first_gram_alone,
            says="not more than n words of a text ever count",
            hint="Do all shared n-grams count, each at its own place? One that begins at i covers "
            "n places from i on, and the search goes on at i + 1.",
        ),
        Misconception(
            "counted_twice",
            counted_twice,
            says="a word counts again for each n-gram that covers it",
            hint="n-grams overlap. Which collection keeps each place only once?",
        ),
        Misconception(
            "counted_twice_up_to_one",
            lambda words, test, n: min(1.0, counted_twice(words, test, n)),
            says="a word counts again for each n-gram that covers it, and a share above 1 is cut",
            hint="A bound hides that words count twice. Which collection keeps each place only "
            "once?",
        ),
        Misconception(
            "counted_twice_unless_next",
            counted_twice_unless_next,
            says="a word that two shared n-grams cover counts twice, unless they begin at "
            "neighbouring places",
            hint="n-grams overlap by one word too. Which collection keeps each place only once?",
        ),
        Misconception(
            "different_grams_times_n",
            different_grams_times_n,
            says="different shared n-grams are counted and multiplied by n",
            hint="n-grams overlap, and the same one may stand twice. Note the places that are "
            "covered.",
        ),
        Misconception(
            "one_after_the_other",
            one_after_the_other,
            says="after a shared n-gram the search goes on behind its last word",
            hint="The next shared n-gram may overlap it: look at every place.",
        ),
        Misconception(
            "last_gram_missed",
            last_gram_missed,
            says="the last n-gram of the text is not looked at",
            hint=LAST_RUN,
        ),
        Misconception(
            "last_gram_of_test_missed",
            last_gram_of_test_missed,
            says="the last n-gram of the test is missing",
            hint=LAST_RUN,
        ),
        Misconception(
            "last_grams_missed",
            last_grams_missed,
            says="the last n-gram is missing, of the text and of the test",
            hint=LAST_RUN,
        ),
        Misconception(
            "short_grams",
            short_grams,
            says="slices at the end, shorter than n, count as n-grams",
            hint=SHORT_SLICE,
        ),
        Misconception(
            "short_grams_too_wide",
            short_grams_too_wide,
            says="slices at the end, shorter than n, count as n-grams and cover places beyond it",
            hint=SHORT_SLICE,
        ),
        *(
            Misconception(
                name,
                function,
                says=says,
                hint="Here it has no n-gram at all, so that nothing in it can be found. (The "
                "package decides otherwise for short verses.)",
            )
            for name, function, says in (
                (
                    "short_texts_as_runs",
                    short_texts_as_runs,
                    "a text shorter than n is taken as one run",
                ),
                (
                    "short_texts_too_wide",
                    short_texts_too_wide,
                    "a text shorter than n is taken as one run, and n words are counted in it",
                ),
                (
                    "short_test_as_run",
                    short_test_as_run,
                    "a test shorter than n is taken as one run",
                ),
            )
        ),
        *(
            Misconception(
                name,
                one_word_less(n_places),
                says=f"runs of n - 1 words are compared{also}",
                hint="`words[i:j]` ends before j: how many words are in it?",
            )
            for name, n_places, also in (
                ("one_word_less", lambda n: n, ""),
                ("one_word_less_throughout", lambda n: n - 1, ", and as many counted"),
            )
        ),
        Misconception(
            "one_word_more",
            one_word_more,
            says="runs of n + 1 words are compared",
            hint="`words[i:j]` ends before j: how many words are in it?",
        ),
        Misconception(
            "longer_runs",
            longer_runs,
            says="runs of n + 1 words are compared, and n of their words counted",
            hint="`words[i:j]` ends before j: how many words are in it?",
        ),
        Misconception(
            "longer_runs_throughout",
            lambda words, test, n: overlap(words, test, n + 1),
            says="runs have n + 1 words",
            hint="`words[i:j]` ends before j: how many words are in it?",
        ),
        Misconception(
            "in_any_order",
            with_form(lambda run: tuple(sorted(run))),
            says="an n-gram is found whatever the order of its words",
            hint="Order matters: a tuple keeps it, a set or sorting does not.",
        ),
        Misconception(
            "as_sets",
            with_form(frozenset),
            says="an n-gram is found whatever the order of its words, and how often each stands",
            hint="Order matters: a tuple keeps it, a set does not.",
        ),
        Misconception(
            "apart",
            apart,
            says="the n-grams lie side by side and share no word",
            hint="A run of n words may begin at any word.",
        ),
        Misconception(
            "apart_in_the_test",
            apart_in_the_test,
            says="the n-grams of the test lie side by side and share no word",
            hint="A run of n words may begin at any word, of the test too.",
        ),
        Misconception(
            "apart_in_the_text",
            apart_in_the_text,
            says="the n-grams of the text lie side by side and share no word",
            hint="A run of n words may begin at any word, of the text too.",
        ),
        Misconception(
            "ends_alone",
            ends_alone,
            says="only the first and the last word of a shared n-gram count",
            hint="What lies between them is copied too: which places does `range(i, i + n)` give?",
        ),
        Misconception(
            "two_of_a_run",
            with_span(lambda n: 0, lambda n: 2),
            says="two words of a shared n-gram count, whatever n is",
            hint="An n-gram that begins at i covers n places from i on.",
        ),
        Misconception(
            "words_anywhere",
            words_anywhere,
            says="a run counts if each of its words stands somewhere in the test",
            hint="They must stand there side by side, in this order: compare whole runs.",
        ),
        Misconception(
            "slices_to_n",
            slices_to_n,
            says="every slice ends at place n, as in `words[i:n]`",
            hint="A run that begins at i ends n places further on, not at place n.",
        ),
        Misconception(
            "used_up",
            used_up,
            says="the runs of the test are used up by the first search",
            hint="A generator and a `zip` can be gone through once. A set can be asked again and "
            "again.",
        ),
        Misconception(
            "whether",
            lambda words, test, n: overlap(words, test, n) > 0,
            says="it is told whether anything is shared",
            hint="A share is asked for: how much of the text is it? Count the words.",
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
            hint="Count places, not different words: a set keeps equal words once, and "
            "`words.index` gives the first place of a word, wherever it was met.",
        ),
        Misconception(
            "words_of_grams",
            words_of_grams,
            says="a word that is covered at one place counts at all its places",
            hint="Note places, not words: the same word may stand elsewhere, and not be copied.",
        ),
    ],
)

QUESTIONS = [HOW_MANY, DELETE, REPLACE, KAPPA, OVERLAP]
