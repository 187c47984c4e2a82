"""2.5 Who is compared?"""

from collections import defaultdict
from itertools import combinations, pairwise

import numpy as np

from llama_edu.course.checking.draw import pick, whole
from llama_edu.course.checking.questions import Misconception, Question
from llama_edu.data.dedup import candidate_pairs

from .repeated_share import ONCE_ONLY


def candidates(signatures: list[list[int]], n_bands: int) -> list[tuple[int, int]]:
    pairs = candidate_pairs(np.array(signatures, dtype=np.uint32), n_bands)
    return [tuple(pair) for pair in pairs.tolist()]


def candidates_cases(generator):
    a, b, c, d, e, f, g, h = pick(generator, 8, 1, 9)  # mostly one digit: short enough to be read
    yield {"signatures": [[1, 2, 3, 4], [1, 9, 3, 4], [9, 2, 3, 9]], "n_bands": 2}
    # Agree on band 0, on the last band, on scattered numbers, on a band at another place.
    first = [a, b, c, d, e, f]
    yield {"signatures": [first, [a, b, c, g, h, g], [g, h, g, d, e, f]], "n_bands": 2}
    yield {"signatures": [first, [a, g, c, h, e, g], [g, b, h, d, h, f]], "n_bands": 3}
    yield {"signatures": [[a, b, c, d], [c, d, a, b], [b, a, d, c], [e, f, c, d]], "n_bands": 2}
    yield {"signatures": [first, [g, b, c, h, h, h], [a, b, g, g, e, f]], "n_bands": 3}
    yield {"signatures": [[a, b, c], [d, b, e], [a, f, e]], "n_bands": 3}  # r = 1, a chain
    yield {"signatures": [[a, b, c, d], [e, f, c, d], [a, b, g, h], [e, f, a, b]], "n_bands": 2}
    # Equal ones, each a list of its own: what pops numbers off one must not find them gone.
    yield {"signatures": [[a, b, c, d], [a, b, c, d], [a, b, g, h], [a, b, c, d]], "n_bands": 2}
    yield {"signatures": [[a, b, c], [b, b, a], [c, b, b], [d, e, c]], "n_bands": 3}
    yield {"signatures": [first, [*first[:5], g], [*first]], "n_bands": 1}
    # Alike if written without a gap, or if a digit's place is ten times the next one's.
    yield {"signatures": [[a, 10 + b], [10 * a + 1, b], [a + 1, b]], "n_bands": 1}
    # Alike if a place is a hundred or a thousand times the next one's, or in 8 or 16 bits.
    yield {"signatures": [[1, 5], [0, 105], [0, 1005], [257, 5], [1, 65541]], "n_bands": 1}
    # Band 1 agrees before band 0 does; then some that agree on three bands, one or none.
    yield {"signatures": [[a, b], [c, b], [a, d], [a, e], [f, e]], "n_bands": 2}
    yield {"signatures": [[a, b, c, d, e, f, g, h], [a, b, c, d, h, g, g, h],
           [b, a, d, c, e, f, h, g]], "n_bands": 4}  # fmt: skip
    few = [[whole(generator, 1, 2) for _ in range(4)] for _ in range(5)]
    yield {"signatures": few, "n_bands": 2}
    yield {"signatures": [[whole(generator, 1, 2) for _ in range(6)] for _ in range(4)],
           "n_bands": 2}  # fmt: skip
    yield {"signatures": [first], "n_bands": 2}


def bands_of(signature: list[int], n_bands: int) -> list[tuple[int, ...]]:
    r = len(signature) // n_bands
    return [tuple(signature[k * r : (k + 1) * r]) for k in range(n_bands)]


def paired_by(agree, bands=bands_of):
    """All pairs i < j of which a claim holds."""

    def pairs(signatures, n_bands):
        cut = [bands(s, n_bands) for s in signatures]
        numbered = combinations(range(len(cut)), 2)
        return [(i, j) for i, j in numbered if agree(cut[i], cut[j])]

    return pairs


def any_band(a, b):
    return any(mine == yours for mine, yours in zip(a, b, strict=True))


def each_wide(signature, n_bands):
    """n_bands taken for the width of a band."""
    return [tuple(signature[k : k + n_bands]) for k in range(0, len(signature), n_bands)]


def each_wide_so_many(signature, n_bands):
    """The same, and as many bands as are wanted: behind the end they are empty."""
    return [tuple(signature[k * n_bands : (k + 1) * n_bands]) for k in range(n_bands)]


def sliding(signature, n_bands):
    r = len(signature) // n_bands
    return [tuple(signature[k : k + r]) for k in range(len(signature) - r + 1)]


def sliced(begin, end):
    """Bands cut at other places."""

    def bands(signature, n_bands):
        r = len(signature) // n_bands
        return [tuple(signature[begin(k, r) : end(k, r)]) for k in range(n_bands)]

    return bands


def wide_as_texts(signatures, n_bands):
    r = len(signatures) // n_bands
    bands = range(n_bands)
    return paired_by(any_band, lambda s, n: [tuple(s[k * r : (k + 1) * r]) for k in bands])(
        signatures, n_bands
    )


def enough_numbers(signatures, n_bands):
    r = len(signatures[0]) // n_bands

    def agree(a, b):
        return sum(x == y for x, y in zip(a, b, strict=True)) >= r

    return paired_by(agree, lambda s, n: s)(signatures, n_bands)


def band_by_band(signatures, n_bands):
    """The pairs as they are found by a loop over bands: some of them again and again."""
    return [
        (i, j)
        for band in zip(*(bands_of(s, n_bands) for s in signatures), strict=True)
        for i, j in combinations(range(len(signatures)), 2)
        if band[i] == band[j]
    ]


def buckets(signatures, n_bands):
    """Texts that have the same band at the same place."""
    groups = defaultdict(list)
    for i, s in enumerate(signatures):
        for band in enumerate(bands_of(s, n_bands)):
            groups[band].append(i)
    return groups.values()


def without_place(signatures, n_bands):
    groups = defaultdict(list)
    for i, s in enumerate(signatures):
        for band in bands_of(s, n_bands):
            groups[band].append(i)
    return sorted({pair for group in groups.values() for pair in combinations(group, 2)})


def neighbours_in_buckets(signatures, n_bands):
    return sorted({pair for group in buckets(signatures, n_bands) for pair in pairwise(group)})


def with_first_of_bucket(signatures, n_bands):
    return sorted({(group[0], j) for group in buckets(signatures, n_bands) for j in group[1:]})


def whole_buckets(signatures, n_bands):
    return sorted({tuple(group) for group in buckets(signatures, n_bands) if len(group) > 1})


def friends_of_friends(signatures, n_bands):
    group = list(range(len(signatures)))  # of each text, so far
    for i, j in candidates(signatures, n_bands):
        group = [group[i] if one == group[j] else one for one in group]
    return [(i, j) for i, j in combinations(range(len(group)), 2) if group[i] == group[j]]


def gone_after_one_pair(signatures, n_bands):
    """Bands that are cut when they are asked for: what one pair has seen, the next does not."""
    cut = [iter(bands_of(s, n_bands)) for s in signatures]
    numbered = combinations(range(len(cut)), 2)
    return [
        (i, j) for i, j in numbered if any(x == y for x, y in zip(cut[i], cut[j], strict=False))
    ]


def both_ways(signatures, n_bands):
    found = candidates(signatures, n_bands)
    return sorted(found + [(j, i) for i, j in found])


def with_itself(signatures, n_bands):
    itself = [(i, i) for i in range(len(signatures))]
    return sorted(candidates(signatures, n_bands) + itself)


def every_order(signatures, n_bands):
    itself = [(i, i) for i in range(len(signatures))]
    return sorted(both_ways(signatures, n_bands) + itself)


def every_pair(signatures, n_bands):
    return list(combinations(range(len(signatures)), 2))


def from_the_first_on(signatures, n_bands):
    found = candidates(signatures, n_bands)
    return [pair for pair in every_pair(signatures, n_bands) if found and pair >= found[0]]


def one_partner(signatures, n_bands):
    """The first partner of each text."""
    found = candidates(signatures, n_bands)
    return [pair for n, pair in enumerate(found) if n == 0 or found[n - 1][0] != pair[0]]


def place_of_equal(signatures, n_bands):
    found = candidates(signatures, n_bands)
    return [tuple(signatures.index(signatures[k]) for k in pair) for pair in found]


def changed(change):
    """The right pairs, and then something is done to them."""
    return lambda signatures, n_bands: change(candidates(signatures, n_bands))


WHERE_BANDS_LIE = "The first r numbers are band 0, the next r are band 1. Where does each end?"
HOW_WIDE = "A signature of 6 numbers in 2 bands: how many numbers has each?"
NOT_SORTED = "The right pairs. `sorted` goes by the first number, then by the second."


CANDIDATES = Question(
    "corpus.candidates",
    points=4,
    cases=candidates_cases,
    reference=candidates,
    equivalent_mutants={
        "r = len(signatures[0]) // n_bands -> r = len(signatures[-1]) // n_bands": (
            "signatures are equally long"
        ),
        "starts = range(0, len(signatures[0]), r) -> starts = range(0, len(signatures[-1]), r)": (
            "signatures are equally long"
        ),
    },
    misconceptions=[
        Misconception(
            "any_number",
            paired_by(any_band, lambda s, n: s),
            says="a single equal number is enough",
            hint="That is a band of width 1, and brings far too many pairs. All numbers of a band "
            "must be equal.",
        ),
        Misconception(
            "all_bands",
            paired_by(lambda a, b: a == b),
            says="all bands must agree",
            hint="That finds equal signatures only. How many bands must agree?",
        ),
        Misconception(
            "first_band_only",
            paired_by(lambda a, b: a[0] == b[0]),
            says="only the first band is looked at",
            hint="Two texts meet if any band agrees. Is there a `return` or a `break` too early? "
            "Or does a flag keep what band 0 left in it? Does each slice begin with its band?",
        ),
        Misconception(
            "last_band_only",
            paired_by(lambda a, b: a[-1] == b[-1]),
            says="only the last band counts",
            hint="Is what was found on one band overwritten by the next? Or do the slices have no "
            "end? Behind the last band there is nothing more.",
        ),
        Misconception(
            "first_band_missing",
            paired_by(lambda a, b: any_band(a[1:], b[1:])),
            says="the first band is left out",
            hint="Bands are numbered from 0.",
        ),
        Misconception(
            "last_band_missing",
            paired_by(lambda a, b: any_band(a[:-1], b[:-1])),
            says="the last band is left out",
            hint="There are n_bands bands: where does the last one begin?",
        ),
        Misconception(
            "at_any_place",
            paired_by(lambda a, b: bool(set(a) & set(b))),
            says="a band may agree with a band at another place",
            hint="Each place of a signature belongs to its own hash function. A band is the same "
            "only at the same place; if you use a dict, the place must be part of the key.",
        ),
        Misconception(
            "without_place",
            without_place,
            says="equal bands at different places meet, even two of one text",
            hint="The place of a band must be part of the key, beside its numbers.",
        ),
        Misconception(
            "in_any_order",
            paired_by(any_band, lambda s, n: [sorted(band) for band in bands_of(s, n)]),
            says="the order of the numbers within a band makes no difference",
            hint="Each number belongs to its own hash function: compare place by place.",
        ),
        Misconception(
            "bands_as_sets",
            paired_by(any_band, lambda s, n: [set(band) for band in bands_of(s, n)]),
            says="bands are compared as sets, in any order, and equal numbers in them as one",
            hint="Each number belongs to its own hash function: compare place by place.",
        ),
        Misconception(
            "shared_number_in_band",
            paired_by(
                lambda a, b: any(set(x) & set(y) for x, y in zip(a, b, strict=True)),
            ),
            says="two bands agree as soon as they have a number in common",
            hint="All numbers of a band must be equal, each at its place.",
        ),
        Misconception(
            "without_gap",
            paired_by(any_band, lambda s, n: ["".join(map(str, band)) for band in bands_of(s, n)]),
            says="bands agree if they look alike when written without a gap",
            hint="1, 12 and 11, 2 are both 112 then. Lists can be compared as they are, and a "
            "tuple can be a key.",
        ),
        Misconception(
            "sum_of_band",
            paired_by(any_band, lambda s, n: [sum(band) for band in bands_of(s, n)]),
            says="bands agree if their numbers have the same sum",
            hint="1 + 4 is 2 + 3: compare the numbers themselves.",
        ),
        Misconception(
            "first_of_band",
            paired_by(any_band, lambda s, n: [band[0] for band in bands_of(s, n)]),
            says="only the first number of each band is compared",
            hint="`s[k * r]` is one number. A band is r of them, and all must be equal.",
        ),
        Misconception(
            "just_one_band",
            paired_by(lambda a, b: sum(x == y for x, y in zip(a, b, strict=True)) == 1),
            says="texts that agree on more than one band are left out",
            hint="Two texts meet if any band agrees: more of them do no harm.",
        ),
        Misconception(
            "gone_after_one_pair",
            gone_after_one_pair,
            says="a text's bands are gone once a pair has looked at them",
            hint=ONCE_ONLY,
        ),
        Misconception(
            "interleaved",
            paired_by(any_band, lambda s, n: [tuple(s[k::n]) for k in range(n)]),
            says="a band takes every n-th number of the signature",
            hint="The bands are cut from left to right: the first r numbers are band 0.",
        ),
        Misconception(
            "bands_for_rows",
            paired_by(any_band, each_wide),
            says="n_bands is taken for the width of a band",
            hint=HOW_WIDE,
        ),
        Misconception(
            "bands_for_rows_so_many",
            paired_by(any_band, each_wide_so_many),
            says="there are n_bands bands of n_bands numbers, some of them perhaps empty",
            hint=HOW_WIDE,
        ),
        Misconception(
            "two_numbers_wide",
            paired_by(any_band, sliced(lambda k, r: 2 * k, lambda k, r: 2 * k + 2)),
            says="every band has 2 numbers, as in the example",
            hint=HOW_WIDE,
        ),
        Misconception(
            "wide_as_texts",
            wide_as_texts,
            says="the width of a band is reckoned from the number of texts",
            hint="`len(signatures)` counts texts. How many numbers has one signature?",
        ),
        Misconception(
            "short_second_band",
            paired_by(any_band, sliced(lambda k, r: k * r, lambda k, r: k + r)),
            says="band k ends at k + r, too early for all but the first",
            hint=WHERE_BANDS_LIE + " Two empty slices are equal.",
        ),
        Misconception(
            "ends_at_r",
            paired_by(any_band, sliced(lambda k, r: k * r, lambda k, r: r)),
            says="every band ends at place r, so that all but the first are empty",
            hint="In `s[i:j]` j is a place, not a length. Two empty slices are equal.",
        ),
        Misconception(
            "one_step_on",
            paired_by(any_band, sliced(lambda k, r: k, lambda k, r: k + r)),
            says="each band begins one number after the one before, and overlaps it",
            hint=WHERE_BANDS_LIE,
        ),
        Misconception(
            "last_number_of_band_missing",
            paired_by(any_band, sliced(lambda k, r: k * r, lambda k, r: (k + 1) * r - 1)),
            says="the last number of each band is left out",
            hint="A slice leaves out its end as it is. Two empty slices are equal.",
        ),
        Misconception(
            "every_pair",
            every_pair,
            says="every pair is named, whatever the numbers",
            hint="Print both sides of your `==` for the first pair. Are they bands, not True or a "
            "number? And two empty slices are equal: where does each begin and end?",
        ),
        Misconception(
            "no_pair",
            lambda signatures, n_bands: [],
            says="no pair is ever found",
            hint="Is the list that you fill the one that you return? And `==` asks for equal "
            "numbers, `is` for the same object.",
        ),
        Misconception(
            "sliding",
            paired_by(any_band, sliding),
            says="a band may begin anywhere",
            hint="Bands do not overlap: the second begins where the first ends.",
        ),
        Misconception(
            "enough_numbers",
            enough_numbers,
            says="as many equal numbers as a band has are enough, wherever they stand",
            hint="They must fill one band. That makes the step of the S-curve.",
        ),
        Misconception(
            "twice",
            lambda signatures, n_bands: sorted(band_by_band(signatures, n_bands)),
            says="a pair is named once for each band on which it agrees",
            hint="The right pairs, some of them several times: each is to be named once.",
        ),
        Misconception(
            "twice_band_by_band",
            band_by_band,
            says="the pairs stand band by band, once for each band on which they agree",
            hint="The right pairs, some of them several times. A set keeps each once; `sorted` "
            "makes a list of it, in order.",
        ),
        Misconception(
            "band_by_band",
            lambda signatures, n_bands: [*dict.fromkeys(band_by_band(signatures, n_bands))],
            says="the pairs stand in the order in which a loop over bands finds them",
            hint=NOT_SORTED,
        ),
        Misconception(
            "as_a_set_gives_them",
            lambda signatures, n_bands: list(set(band_by_band(signatures, n_bands))),
            says="the pairs stand in the order of a set, which means nothing",
            hint=NOT_SORTED,
        ),
        Misconception(
            "with_first_of_bucket",
            with_first_of_bucket,
            says="of several texts with the same band only the first is paired with the others",
            hint="Three texts with the same band make three pairs. Keep all of them, not the "
            "first.",
        ),
        Misconception(
            "whole_buckets",
            whole_buckets,
            says="texts with the same band stand together, also three or more",
            hint="Three texts with the same band make three pairs.",
        ),
        Misconception(
            "friends_of_friends",
            friends_of_friends,
            says="two texts are paired if each of them agrees with a third",
            hint="Only those that agree on a band themselves are to be compared.",
        ),
        Misconception(
            "neighbours_in_buckets",
            neighbours_in_buckets,
            says="of several texts in one bucket only those next to each other are paired",
            hint="Three texts with the same band make three pairs.",
        ),
        Misconception(
            "both_ways",
            both_ways,
            says="each pair is named in both orders",
            hint="(0, 1) and (1, 0) are the same pair; name it with i < j.",
        ),
        Misconception(
            "with_itself",
            with_itself,
            says="each text is paired with itself",
            hint="i < j: a text is no copy of itself.",
        ),
        Misconception(
            "every_order",
            every_order,
            says="each pair is named in both orders, and each text with itself",
            hint="i < j: (0, 1) and (1, 0) are the same pair, and a text is no copy of itself.",
        ),
        Misconception(
            "larger_first",
            changed(lambda pairs: [(j, i) for i, j in pairs]),
            says="the larger number stands first in each pair",
            hint="The right pairs, but i < j: turn them round.",
        ),
        Misconception(
            "larger_first_sorted",
            changed(lambda pairs: sorted((j, i) for i, j in pairs)),
            says="the larger number stands first in each pair, and they are sorted by it",
            hint="The right pairs, but i < j: which of the two loops should be the outer one?",
        ),
        Misconception(
            "neighbours",
            lambda signatures, n_bands: [
                (i, j) for i, j in candidates(signatures, n_bands) if j == i + 1
            ],
            says="only texts whose numbers follow each other are compared",
            hint="Each text meets each later one. Does a `break` end the inner loop too early?",
        ),
        Misconception(
            "one_partner",
            one_partner,
            says="each text gets only the first of its later partners",
            hint="`break` ends the innermost loop around it: which one should end?",
        ),
        Misconception(
            "last_partner",
            changed(lambda pairs: [*dict(pairs).items()]),
            says="each text gets only the last of its later partners",
            hint="A dict keeps one value for a key, the last. Put the pairs into a list or a set.",
        ),
        Misconception(
            "first_text_only",
            changed(lambda pairs: [pair for pair in pairs if pair[0] == 0]),
            says="only the first text is compared with the others",
            hint="Each text meets each later one. Does the outer loop end too early?",
        ),
        Misconception(
            "first_text_missing",
            changed(lambda pairs: [pair for pair in pairs if pair[0] > 0]),
            says="the first text is left out",
            hint="Texts are numbered from 0.",
        ),
        Misconception(
            "first_pair",
            changed(lambda pairs: pairs[:1]),
            says="only the first pair is found",
            hint="Does a `return` in the loop end it there?",
        ),
        Misconception(
            "from_the_first_on",
            from_the_first_on,
            says="every pair after the first right one is named, too",
            hint="What was found for one pair still holds for the next: begin anew with each.",
        ),
        Misconception(
            "last_text_missing",
            lambda signatures, n_bands: (
                candidates(signatures[:-1], n_bands) if len(signatures) > 1 else []
            ),
            says="the last text is left out",
            hint="With n texts the largest j is n - 1: where does `range` end?",
        ),
        Misconception(
            "place_of_equal",
            place_of_equal,
            says="of equal signatures the number of the first stands for all",
            hint="`index` gives the first place at which something equal stands. `enumerate` "
            "counts.",
        ),
        Misconception(
            "flat",
            changed(lambda pairs: [i for pair in pairs for i in pair]),
            says="the numbers of all pairs stand in one flat list",
            hint="`+=` adds the two numbers of a pair. `append((i, j))` adds the pair.",
        ),
        Misconception(
            "numbered_from_one",
            lambda signatures, n_bands: [
                (i + 1, j + 1) for i, j in candidates(signatures, n_bands)
            ],
            says="the texts are numbered from 1",
            hint="The first text has the number 0.",
        ),
        Misconception(
            "by_second",
            lambda signatures, n_bands: sorted(
                candidates(signatures, n_bands), key=lambda pair: pair[::-1]
            ),
            says="the pairs are sorted by their second number",
            hint=NOT_SORTED,
        ),
    ],
)
