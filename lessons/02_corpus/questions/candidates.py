"""2.5 Who is compared?"""

import numpy as np

from llama_edu.course.checking.draw import pick
from llama_edu.course.checking.questions import Misconception, Question
from llama_edu.data.dedup import candidate_pairs


def candidates(signatures: list[list[int]], n_bands: int) -> list[tuple[int, int]]:
    pairs = candidate_pairs(np.array(signatures, dtype=np.uint32), n_bands)
    return [tuple(pair) for pair in pairs.tolist()]


def candidates_cases(generator):
    a, b, c, d, e, f, g, h = pick(generator, 8, 1, 9)  # mostly one digit: short enough to be read
    first = [a, b, c, d, e, f]
    some = [[1, 1], [1, 2], [2, 1], [2, 2]]
    few = [[*some[i], *some[j]] for i, j in (pick(generator, 2, 0, 3) for _ in range(5))]
    for n_bands, *signatures in (
        (2, [1, 2, 3, 4], [1, 9, 3, 4], [9, 2, 3, 9]),
        # Agree on band 0, on the last band, on scattered numbers, on a band at another place.
        (2, first, [a, b, c, g, h, g], [g, h, g, d, e, f]),
        (3, first, [a, g, c, h, e, g], [g, b, h, d, h, f]),
        (2, [a, b, c, d], [c, d, a, b], [b, a, d, c], [e, f, c, d]),
        (3, first, [g, b, c, h, h, h], [a, b, g, g, e, f]),
        (3, [a, b, c], [d, b, e], [a, f, e]),  # bands of one number, a chain
        (2, [a, b, c, d], [e, f, c, d], [a, b, g, h], [e, f, a, b]),
        # Equal ones, each a list of its own: what pops numbers off one must not find them gone.
        (2, [a, b, c, d], [a, b, c, d], [a, b, g, h], [a, b, c, d]),
        (3, [a, b, c], [b, d, a], [c, b, e], [d, e, c]),
        (1, first, [*first[:5], g], [*first]),
        # Alike if written without a gap, or if a digit's place is ten times the next one's.
        (1, [a, 10 + b], [10 * a + 1, b], [a + 1, b]),
        # Alike if a place is a hundred or a thousand times the next one's, or in 8 or 16 bits.
        (1, [1, 5], [0, 105], [0, 1005], [257, 5], [1, 65541]),
        # Band 1 agrees before band 0 does; then some that agree on three bands, one or none.
        (2, [a, b], [c, b], [a, d], [a, e], [f, e]),
        (4, [a, b, c, d, e, f, g, h], [a, b, c, d, h, g, g, h], [b, a, d, c, e, f, h, g]),
        (2, *few),
        (2, first),
    ):
        yield {"signatures": signatures, "n_bands": n_bands}


BAND = "s[k * r : (k + 1) * r]"
SAME_BAND = "bands[i][k] == bands[j][k]"
ANY = f"any({SAME_BAND} for k in range(n_bands))"
WIDTH = "r = len(signatures[0]) // n_bands"

THREE_PAIRS = "Three texts with the same band: how many pairs do they make?"
HOW_WIDE = "A signature of 6 numbers in 2 bands: how many numbers has each?"

CANDIDATES = Question(
    "corpus.candidates",
    points=4,
    cases=candidates_cases,
    reference=candidates,
    equivalent_mutants={
        "r = len(signatures[0]) // n_bands -> r = len(signatures[-1]) // n_bands": (
            "signatures are equally long"
        ),
        f"bands = [[{BAND.replace(' : ', ':')} for k in range(n_bands)] for s in signatures] -> "
        f"bands = [[{BAND.replace(' : ', ':')} for k in range(n_bands + 1)] for s in signatures]": (
            "a band too many is not looked at"
        ),
    },
    misconceptions=[
        Misconception(
            "any_number",
            {WIDTH: "r, n_bands = 1, len(signatures[0])"},
            says="a single equal number is enough",
            hint="That is a band of width 1, and brings far too many pairs. How many numbers of a "
            "band must be equal?",
        ),
        Misconception(
            "all_bands",
            {"any(": "all("},
            says="all bands must agree",
            hint="That finds equal signatures only. How many bands must agree?",
        ),
        Misconception(
            "first_band_only",
            {"range(n_bands))": "range(1))"},
            says="only the first band is looked at",
            hint="Is there a `return` or a `break` too early? Or does a flag keep what band 0 left "
            "in it? Does each slice begin with its band?",
        ),
        Misconception(
            "last_band_only",
            {"range(n_bands))": "[n_bands - 1])"},
            says="only the last band counts",
            hint="Is what was found on one band overwritten by the next?",
        ),
        Misconception(
            "at_any_place",
            {ANY: "any(band in bands[j] for band in bands[i])"},
            says="a band may agree with a band at another place",
            hint="Each place of a signature belongs to its own hash function. If you use a dict or "
            "a set, what must its keys hold beside the numbers of a band?",
        ),
        Misconception(
            "wide_as_texts",
            {"len(signatures[0])": "len(signatures)"},
            says="the width of a band is reckoned from the number of texts",
            hint="`len(signatures)` counts texts. " + HOW_WIDE,
        ),
        Misconception(
            "without_gap",
            {BAND: f'"".join(map(str, {BAND}))'},
            says="bands agree if they look alike when written without a gap",
            hint="1, 12 and 11, 2 are both 112 then. Lists can be compared as they are, and a "
            "tuple can be a key.",
        ),
        Misconception(
            "first_of_band",
            {BAND: "s[k * r]"},
            says="only the first number of each band is compared",
            hint="`s[k * r]` is one number. How many has a band, and how many of them must agree?",
        ),
        Misconception(
            "interleaved",
            {BAND: "s[k::n_bands]"},
            says="a band takes every n-th number of the signature",
            hint="The bands are cut from left to right: the first r numbers are band 0.",
        ),
        Misconception(
            "bands_for_rows",
            {WIDTH: "r, n_bands = n_bands, -(-len(signatures[0]) // n_bands)"},
            says="n_bands is taken for the width of a band",
            hint=HOW_WIDE,
        ),
        Misconception(
            "bands_for_rows_so_many",
            {WIDTH: "r = n_bands"},
            says="there are n_bands bands of n_bands numbers, some of them perhaps empty",
            hint=HOW_WIDE,
        ),
        Misconception(
            "overlapping",
            {BAND: "s[k : k + r]"},
            says="each band begins one number after the one before, and overlaps it",
            hint="The first r numbers are band 0, the next r are band 1. Where does each begin?",
        ),
        Misconception(
            "end_for_length",
            {"(k + 1) * r": "r"},
            says="every band ends at place r, so that all but the first are empty",
            hint="In `s[i:j]` j is a place, not a length. Two empty slices are equal.",
        ),
        Misconception(
            "every_pair",
            {f"if {ANY}": "if True"},
            says="every pair is named, whatever the numbers",
            hint="Print both sides of your `==` for the first pair: are they bands? Two empty "
            "slices are equal, and a list that is not empty counts as True.",
        ),
        Misconception(
            "twice",
            {f"if {ANY}": f"for k in range(n_bands)\n        if {SAME_BAND}"},
            says="a pair is named once for each band on which it agrees",
            hint="The right pairs, some of them several times. Which collection keeps each once?",
        ),
        Misconception(
            "with_first_of_bucket",
            {ANY: ANY.replace(" for k", " not in [b[k] for b in bands[:i]] for k")},
            says="of several texts with the same band only the first is paired with the others",
            hint=THREE_PAIRS,
        ),
        Misconception(
            "with_last_of_bucket",
            {ANY: ANY.replace(" for k", " not in [b[k] for b in bands[i + 1 : j]] for k")},
            says="of several texts with the same band each is paired only with the one before it",
            hint=THREE_PAIRS,
        ),
    ],
)
