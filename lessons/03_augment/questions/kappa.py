"""3.4 Kappa."""

from llama_edu.course.checking.draw import whole
from llama_edu.course.checking.questions import Misconception, Question
from llama_edu.data.annotate import cohen_kappa

from .words import pick


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


AGREED = "agreed = sum((a == b for a, b in zip(first, second, strict=True))) / n"
SUMMAND = "counts[label] / n * others[label] / n"
FREQUENT = "Blind annotators use a frequent label often: count how often each one does."

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
            {"(agreed - chance) / (1 - chance)": "agreed"},
            says="p_o comes out as it is: nothing is taken off for chance",
            hint="Part of that agreement comes by chance, and kappa takes it off. Is p_e in the "
            "formula, but 0? Then print it.",
        ),
        Misconception(
            "not_divided",
            {" / (1 - chance)": ""},
            says="chance is taken off, and nothing is divided",
            hint="Two who always agree must get 1. By what must p_o - p_e be divided for that?",
        ),
        Misconception(
            "parentheses",
            {"(agreed - chance)": "agreed - chance"},
            says="only p_e is divided by 1 - p_e",
            hint="A division comes before a minus: where do parentheses belong?",
        ),
        Misconception(
            "parentheses_below",
            {"(1 - chance)": "1 - chance"},
            says="p_e is subtracted twice, as in `(p_o - p_e) / 1 - p_e`",
            hint="A division comes before a minus: 1 - p_e needs parentheses too.",
        ),
        Misconception(
            "agreement_not_divided",
            {"strict=True)) / n": "strict=True))"},
            says="p_o is a count and not a share",
            hint="Divide the number of items on which both agree by the number of all.",
        ),
        Misconception(
            "chance_divided_once",
            {"others[label] / n": "others[label]"},
            says="the products of counts are divided by the number of items only once",
            hint="A share is a count divided by n. How often, in a product of two shares?",
        ),
        Misconception(
            "products_of_counts",
            {SUMMAND: "counts[label] * others[label]"},
            says="p_e is made of counts and not of shares",
            hint="A share is a count divided by n. How often, in a product of two shares? (`/ n * "
            "n` divides and multiplies again.)",
        ),
        Misconception(
            "shares_added",
            {"counts[label] / n * others": "counts[label] / n + others"},
            says="the two shares of a label are added",
            hint="The first says x *and* the second says x: how do such chances go together?",
        ),
        Misconception(
            "equal_labels",
            {f"sum({SUMMAND} for label in counts)": "1 / len(counts | others)"},
            says="chance is taken as 1 divided by the number of labels",
            hint=FREQUENT,
        ),
        Misconception(
            "chance_of_the_first",
            {"Counter(second)": "Counter(first)"},
            says="both are given the first annotator's shares of labels",
            hint="Each has shares of their own; the product of the two is what you need.",
        ),
        Misconception(
            "chance_of_both_together",
            {
                f"{SUMMAND} for label in counts": "((counts[label] + others[label]) / (2 * n)) ** 2"
                " for label in counts | others"
            },
            says="the labels of both are counted together",
            hint="That is another measure, Scott's pi. Cohen counts each annotator alone.",
        ),
        Misconception(
            "chance_for_each_item",
            {"in counts)": "in first)"},
            says="a label is added to p_e again for each item to which the first gives it",
            hint="Each label is to be added once: which collection keeps a label only once?",
        ),
        Misconception(
            "paired_as_they_come",
            {
                f"{SUMMAND} for label in counts": "a / n * b / n for a, b in zip(counts.values(), "
                "others.values())"
            },
            says="the counts of the two are paired as they come, whichever labels they are of",
            hint="Both shares of a product are of the same label: `counts[label]` of each.",
        ),
        Misconception(
            "zero_without_agreement",
            {"return ": "if agreed == 0:\n        return 0.0\n    return "},
            says="kappa is 0 where the two never agree",
            hint="Never to agree is less than chance would give: leave it to the formula.",
        ),
    ],
)
