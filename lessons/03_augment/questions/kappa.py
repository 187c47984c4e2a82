"""3.4 Kappa."""

import operator
from collections import Counter
from math import floor, prod

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


def shares_added_for_the_first(first, second):
    return sum((first.count(x) + second.count(x)) / len(first) for x in set(first))


def labels_in_common(first, second):
    return len({*first} & {*second}) / len(first)


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
            "shares_added_for_the_first",
            with_chance(shares_added_for_the_first),
            says="the two shares of a label are added",
            hint="Both say x by chance: the chance of one *and* the other is their product.",
        ),
        Misconception(
            "labels_in_common",
            with_change_of(agreed=labels_in_common),
            says="p_o counts the labels that both use",
            hint="They agree on an item, not on a word: go through both lists together with `zip`.",
        ),
        Misconception(
            "count_and_share_mixed",
            lambda first, second: (
                (len(first) * observed(first, second) - chance(first, second))
                / (len(first) - chance(first, second))
            ),
            says="a share is taken off a count",
            hint="Divide how often they agree by the number of items, too; then 1 is all.",
        ),
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
