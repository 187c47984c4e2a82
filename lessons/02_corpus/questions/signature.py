"""2.4 A signature."""

from functools import reduce
from itertools import accumulate

import numpy as np

from llama_edu.course.checking.draw import pick, whole
from llama_edu.course.checking.questions import Misconception, Question

Functions = list[tuple[int, int]]


def signature(members: list[int], functions: Functions, prime: int) -> list[int]:
    hashed = np.array([[(a * x + b) % prime for a, b in functions] for x in members])
    return hashed.min(axis=0).tolist()


def signature_cases(generator):
    def functions(n, prime):
        offsets = pick(generator, n, 1, 3 * prime)  # also larger than the prime
        return list(zip(pick(generator, n, 2, prime - 1), offsets, strict=True))

    to_zero = pick(generator, 3, 1, 12)
    prime = 2**31 - 1
    large = [whole(generator, 10**8, prime - 1) for _ in range(4)]
    real = [whole(generator, 10**5, 10**6) for _ in range(2)]
    (a, b), (c, d) = functions(2, 23)
    for p, members, pairs in (
        (5, [1, 2], [(3, 1), (1, 0)]),
        (31, pick(generator, 1, 50, 90), functions(3, 31)),
        # Both functions take the first member to 0.
        (13, to_zero, [(a, -a * to_zero[0] % 13) for a in pick(generator, 2, 2, 12)]),
        # Numbers as large as real ones; under the last function no hash is small.
        (prime, real, [(large[0], large[1]), (large[2], large[3]), (1, prime - 1 - max(real))]),
        # Products above 2**53: with 64 bits they can be reckoned in whole numbers, not in floats.
        (prime, [prime - x for x in real], [(large[0], large[2]), (large[1], large[3])]),
        (23, pick(generator, 2, 1, 22), [(a, b), (a, b + 1), (c, d), (c, b)]),
        (61, pick(generator, 4, 1, 60), functions(2, 61)),
        (101, pick(generator, 3, 1, 99), functions(5, 101)),
        (97, pick(generator, 6, 100, 999), functions(4, 97)),
    ):
        yield {"members": members, "functions": pairs, "prime": p}


HASH = "(a * x + b) % prime"
LEAST = f"min({HASH} for x in members)"
SIGN = f"[{LEAST} for a, b in functions]"

SIGNATURE = Question(
    "corpus.signature",
    points=3,
    cases=signature_cases,
    reference=signature,
    misconceptions=[
        Misconception(
            "largest",
            {"min(": "max("},
            says="the largest value is kept",
            hint="That would do as well, if all did it. Which one does MinHash keep?",
        ),
        Misconception(
            "each_member",
            {"for x in members) for a, b in functions": "for a, b in functions) for x in members"},
            says="there is a number for each member instead of each function",
            hint="Signatures of all texts must be equally long, however many members their sets "
            "have.",
        ),
        Misconception(
            "least_of_all",
            {SIGN: f"sorted({HASH} for x in members for a, b in functions)[: len(functions)]"},
            says="the smallest values are kept whatever their function, and sorted",
            hint="Two signatures are compared place by place: whose value must stand at place k?",
        ),
        Misconception(
            "not_begun_anew",
            {"[min": "[*accumulate([min", "functions]": "functions], min)]"},
            says="the smallest value of one function is carried on to the next",
            hint="Where is the best value set, before the loop over functions or in it?",
        ),
        Misconception(
            "member_of_least",
            {LEAST: f"min(members, key=lambda x: {HASH})"},
            says="the member with the smallest hash is given, not the hash",
            hint="You have found the right member: what is kept of it?",
        ),
        Misconception(
            "of_least_member",
            {LEAST: f"{HASH.replace('x', 'min(members)')}"},
            says="it is the hash of the smallest member",
            hint="A small member need not have a small hash. Is the remainder taken before the "
            "least is sought, or after it?",
        ),
        Misconception(
            "started_at_0",
            {"min((": "min(0, *((", "members)": "members))"},
            says="the search begins at 0, and no hash is smaller",
            hint="Before the first member there is no smallest value. What could it begin with, so "
            "that any hash is smaller or equal?",
        ),
        Misconception(
            "zero_is_nothing",
            {
                LEAST: "reduce(lambda best, value: value if not best or value < best else best, "
                f"({HASH} for x in members))"
            },
            says="a smallest value of 0 is given up for the next one",
            hint="For which numbers does `not best` hold? 0 is a hash as any other.",
        ),
        Misconception(
            "paired",
            {
                LEAST: HASH,
                "in functions": "in zip(members, functions)",
                "for a, b": "for x, (a, b)",
            },
            says="each member is hashed with one function alone",
            hint="`zip` pairs members with functions. How many members does a function hash?",
        ),
        Misconception(
            "of_last_member",
            {LEAST: f"{HASH.replace('x', 'members[-1]')}"},
            says="only the hash of the last member is kept",
            hint="Each new value overwrites the one before: when should it?",
        ),
        Misconception(
            "no_modulo",
            {" % prime": ""},
            says="the remainder modulo the prime is not taken",
            hint="Without it a larger member always has the larger hash, and nothing is random.",
        ),
        Misconception(
            "precedence",
            {"(a * x + b)": "a * x + b"},
            says="only b is taken modulo the prime",
            hint="`%` binds more strongly than `+`: where do brackets belong?",
        ),
        Misconception(
            "bracket",
            {"(a * x + b)": "a * (x + b)"},
            says="b is added before the product",
            hint="h(x) = (a x + b) modulo the prime: what comes first, product or sum?",
        ),
        Misconception(
            "swapped",
            {"for a, b": "for b, a"},
            says="a and b have changed places",
            hint="In each pair, which comes first, and which is x multiplied by?",
        ),
        Misconception(
            "offset_after_modulo",
            {HASH: "a * x % prime + b"},
            says="b is added after the remainder is taken",
            hint="The formula has brackets: of what is the remainder taken?",
        ),
        Misconception(
            "no_offset",
            {" + b": ""},
            says="b is not added",
            hint="Each function has two numbers, and h needs both.",
        ),
        Misconception(
            "sorted",
            {SIGN: f"sorted({SIGN})"},
            says="the numbers of the signature are sorted",
            hint="Signatures are compared place by place, one for each function: which order?",
        ),
    ],
)
