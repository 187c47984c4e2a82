"""3.1 How many words to change."""

from math import ceil, floor

from llama_edu.course.checking.draw import whole
from llama_edu.course.checking.questions import Misconception, Question
from llama_edu.data.augment.eda import n_changes


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
