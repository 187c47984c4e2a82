"""3.1 How many words to change."""

from math import ceil  # an edit writes it in the place of floor

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


HOW_MANY = Question(
    "augment.how_many",
    points=1,
    cases=how_many_cases,
    reference=how_many,
    equivalent_mutants={
        "n = max(1, floor(alpha * n_words)) -> n = max(floor(alpha * n_words), 1)": (
            "the order of the two makes no difference to max"
        ),
        "return min(n, n_free) -> return min(n_free, n)": (
            "the order of the two makes no difference to min"
        ),
    },
    misconceptions=[
        Misconception(
            "of_words_that_stay",
            {"alpha * n_words": "alpha * (n_words - n_free)"},
            says="alpha is taken of the words that may not change",
            hint="In the formula l counts all words of the text, free or not.",
        ),
        Misconception(
            "rounded",
            {"floor(": "round("},
            says="the product is rounded to the nearest whole number",
            hint="⌊ ⌋ cuts off what comes after the point, even .9.",
        ),
        Misconception(
            "rounded_up",
            {"floor(": "ceil("},
            says="the product is rounded up",
            hint="⌊ ⌋ goes down to the next whole number, not up.",
        ),
        Misconception(
            "not_cut",
            {"floor(alpha * n_words)": "alpha * n_words"},
            says="the product keeps what comes after its point",
            hint="⌊ ⌋ is missing: `floor` makes a whole number of the product.",
        ),
        Misconception(
            "divided_whole",
            {"floor(alpha * n_words)": "alpha * n_words // 1"},
            says="the result is whole but has a point, as 2.0 has",
            hint="2.0 is not an int. `floor` of `math` and `int` give one; `//` of a number with a "
            "point and NumPy's `floor` do not.",
        ),
        Misconception(
            "alpha_cut_first",
            {"floor(alpha * n_words)": "floor(alpha) * n_words"},
            says="alpha is cut to a whole number before it is multiplied",
            hint="⌊0.9⌋ is 0 already. Multiply first, then cut.",
        ),
        Misconception(
            "every_kth",
            {"floor(alpha * n_words)": "n_words // int(1 / alpha)"},
            says="1 / alpha is made a whole number, and the words are divided by it",
            hint="1 / 0.3 is more than 3. Multiply by alpha, and cut once, at the end.",
        ),
        Misconception(
            "share_of_the_free",
            {"* n_words": "* n_free"},
            says="alpha is taken of the free words",
            hint="In the formula l counts all words of the text, free or not.",
        ),
        Misconception(
            "one_more",
            {"max(1, ": "(1 + "},
            says="one is added to every count",
            hint="The 1 in the formula is a least number, not a summand.",
        ),
        Misconception(
            "none_for_short_texts",
            {"max(1, ": "("},
            says="a short text is not changed at all",
            hint="A copy without a change is no new example: at least how many words must change?",
        ),
        Misconception(
            "at_most_one",
            {"max(1": "min(1"},
            says="one is the most and not the least number of changes",
            hint="Which of `min` and `max` makes sure that a number is not below 1?",
        ),
        Misconception(
            "more_than_are_free",
            {"min(n, n_free)": "n"},
            says="more words are changed than are free",
            hint="Only free words may be touched. What if there are fewer of them?",
        ),
        Misconception(
            "one_that_is_not_free",
            {"max(1, ": "(", "min(n, n_free)": "max(1, min(n, n_free))"},
            says="one word is changed even where none is free",
            hint="Two bounds, one below and one above. Which has the last word when they clash?",
        ),
        Misconception(
            "nothing_if_too_few",
            {"min(n, n_free)": "n if n <= n_free else 0"},
            says="nothing is changed where fewer than n words are free",
            hint="Then all the free ones change: some change is better than none.",
        ),
        Misconception(
            "larger_of_the_two",
            {"min(n, n_free)": "max(n, n_free)"},
            says="the larger is taken of n and the number of free words",
            hint="`n_free` is a bound above. Which of `min` and `max` keeps a number below it?",
        ),
    ],
)
