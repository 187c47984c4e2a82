"""2.4 A signature."""

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

    yield {"members": [1, 2], "functions": [(3, 1), (1, 0)], "prime": 5}
    yield {"members": pick(generator, 1, 50, 90), "functions": functions(3, 31), "prime": 31}
    # Both functions take the first member to 0.
    members = pick(generator, 3, 1, 12)
    to_zero = [(a, -a * members[0] % 13) for a in pick(generator, 2, 2, 12)]
    yield {"members": members, "functions": to_zero, "prime": 13}
    # Numbers as large as real ones; under the last function no hash is small.
    prime = 2**31 - 1
    members = [whole(generator, 10**5, 10**6) for _ in range(2)]
    large = [whole(generator, 10**8, prime - 1) for _ in range(4)]
    least_large = (1, prime - 1 - max(members))
    yield {"members": members, "functions": [*zip(large[::2], large[1::2], strict=True),
           least_large], "prime": prime}  # fmt: skip
    # Products above 2**53: with 64 bits they can be reckoned in whole numbers, not in floats.
    members = [whole(generator, prime - 10**6, prime - 1) for _ in range(2)]
    yield {"members": members, "functions": list(zip(large[:2], large[2:], strict=True)),
           "prime": prime}  # fmt: skip
    (a, b), (c, d) = functions(2, 23)
    yield {"members": pick(generator, 2, 1, 22), "functions": [(a, b), (a, b + 1), (c, d), (c, b)],
           "prime": 23}  # fmt: skip
    yield {"members": pick(generator, 4, 1, 60), "functions": functions(2, 61), "prime": 61}
    yield {"members": pick(generator, 3, 1, 99), "functions": functions(5, 101), "prime": 101}
    yield {"members": pick(generator, 6, 100, 999), "functions": functions(4, 97), "prime": 97}


def hashed_with(hash_it, keep=min):
    """A signature with another hash function, or another choice among its values."""

    def otherwise(members, functions, prime):
        return [keep(hash_it(a, b, x, prime) for x in members) for a, b in functions]

    return otherwise


def right(a, b, x, prime):
    return (a * x + b) % prime


def started_at(start):
    """The smallest, looked for among the hashes and one more number."""
    return hashed_with(right, lambda hashes: min(start, *hashes))


def zero_is_nothing(hashes):
    best = 0
    for value in hashes:
        if best == 0 or value < best:
            best = value
    return best


def started_at_first_member(members, functions, prime):
    return [min(members[0], h) for h in signature(members, functions, prime)]


def in_32_bits(members, functions, prime):
    """As NumPy reckons with int32."""
    return hashed_with(lambda a, b, x, prime: ((a * x + b + 2**31) % 2**32 - 2**31) % prime)(
        members, functions, prime
    )


def running(members, functions, prime):
    """The smallest so far, noted after every member."""
    hashes = ([right(a, b, x, prime) for x in members] for a, b in functions)
    return [least for row in hashes for least in accumulate(row, min)]


def each_member(members, functions, prime):
    return [min(right(a, b, x, prime) for a, b in functions) for x in members]


def member_of_least(members, functions, prime):
    return [min(members, key=lambda x: right(a, b, x, prime)) for a, b in functions]


def place_of_least(members, functions, prime):
    return [members.index(x) for x in member_of_least(members, functions, prime)]


def of_one(choose):
    """The hashes of one member alone."""

    def otherwise(members, functions, prime):
        return [right(a, b, choose(members), prime) for a, b in functions]

    return otherwise


def of_members(part):
    """The signature of a part of the set."""
    return lambda members, functions, prime: signature(members[part], functions, prime)


def of_functions(part):
    """The signature under a part of the functions."""
    return lambda members, functions, prime: signature(members, functions[part], prime)


def always(place):
    """One function in the place of all."""
    return lambda members, functions, prime: signature(
        members, [functions[place]] * len(functions), prime
    )


def one_function(members, functions, prime):
    """The smallest hashes under the first function alone: a "bottom-k sketch"."""
    a, b = functions[0]
    return sorted(right(a, b, x, prime) for x in members)[: len(functions)]


def all_hashes(members, functions, prime):
    return [right(a, b, x, prime) for a, b in functions for x in members]


def all_hashes_by_member(members, functions, prime):
    return [right(a, b, x, prime) for x in members for a, b in functions]


def all_hashes_in_lists(members, functions, prime):
    return [[right(a, b, x, prime) for x in members] for a, b in functions]


def paired(members, functions, prime):
    pairs = zip(members, functions, strict=False)
    return [right(a, b, x, prime) for x, (a, b) in pairs]


NONE_LEFT_OUT = "Of all values under one function, which single one is kept?"
EVERY_MEMBER = "A set has no order: every member must have its chance."
A_LARGE_START = (
    "Before the first member there is no smallest value. `min` of all hashes needs none; else "
    "begin with the hash of the first member, or with `math.inf`."
)


SIGNATURE = Question(
    "corpus.signature",
    points=3,
    cases=signature_cases,
    reference=signature,
    misconceptions=[
        Misconception(
            "largest",
            hashed_with(right, max),
            says="the largest value is kept",
            hint="That would do as well, if all did it. MinHash keeps the smallest.",
        ),
        Misconception(
            "each_member",
            each_member,
            says="there is a number for each member instead of each function",
            hint="Signatures of all texts must be equally long: the least over the members, for "
            "each function.",
        ),
        Misconception(
            "all_hashes",
            all_hashes,
            says="nothing is left out",
            hint=NONE_LEFT_OUT,
        ),
        Misconception(
            "all_hashes_by_member",
            all_hashes_by_member,
            says="nothing is left out, and the values stand member by member",
            hint=NONE_LEFT_OUT,
        ),
        Misconception(
            "all_hashes_in_lists",
            all_hashes_in_lists,
            says="all values of each function are kept, in a list",
            hint=NONE_LEFT_OUT,
        ),
        Misconception(
            "running",
            running,
            says="the smallest value so far is noted after every member",
            hint="It is known only when the last member was hashed: is `append` in the inner loop?",
        ),
        Misconception(
            "least_of_all",
            lambda members, functions, prime: [min(signature(members, functions, prime))],
            says="there is one number, the smallest under all functions",
            hint="Each function gives a number of its own.",
        ),
        Misconception(
            "least_of_all_alone",
            lambda members, functions, prime: min(signature(members, functions, prime)),
            says="it is the smallest value under all functions",
            hint="Each function gives a number of its own: a list of them is asked for.",
        ),
        Misconception(
            "paired",
            paired,
            says="each member is hashed with one function alone",
            hint="`zip` pairs members with functions. Each function hashes every member.",
        ),
        Misconception(
            "first_function_only",
            of_functions(slice(1)),
            says="only the first function is used",
            hint="Does a `return` in the loop end it after the first function?",
        ),
        Misconception(
            "last_function_only",
            of_functions(slice(-1, None)),
            says="only the last function's number is there",
            hint="Is the list made anew in the loop over functions? It is made once, before it.",
        ),
        Misconception(
            "first_function_missing",
            of_functions(slice(1, None)),
            says="the first function is left out",
            hint="Each function gives a number, the one at place 0 as well.",
        ),
        Misconception(
            "last_function_missing",
            of_functions(slice(-1)),
            says="the last function is left out",
            hint="Where does `range` end? It leaves out its end as it is.",
        ),
        Misconception(
            "always_the_first_function",
            always(0),
            says="the first function is used in the place of every other",
            hint="Are a and b those of this turn of the loop, or always those of `functions[0]`?",
        ),
        Misconception(
            "always_the_last_function",
            always(-1),
            says="the last function is used in the place of every other",
            hint="Are a and b taken before another loop has changed them? A function made in a "
            "loop looks them up only when it is called.",
        ),
        Misconception(
            "nothing",
            lambda members, functions, prime: [],
            says="the signature is empty",
            hint="Is what you find put into the list, and is it the list that you return?",
        ),
        Misconception(
            "not_begun_anew",
            lambda members, functions, prime: [
                *accumulate(signature(members, functions, prime), min)
            ],
            says="the smallest value of one function is carried on to the next",
            hint="Where is the best value set, before the loop over functions or in it?",
        ),
        Misconception(
            "started_at_0",
            hashed_with(right, lambda hashes: min(0, *hashes)),
            says="the search begins at 0, and no hash is smaller",
            hint=A_LARGE_START,
        ),
        Misconception(
            "started_at_minus_1",
            started_at(-1),
            says="the search begins at -1, and no hash is smaller",
            hint=A_LARGE_START,
        ),
        Misconception(
            "started_at_first_member",
            started_at_first_member,
            says="the search begins at the first member itself, which is no hash",
            hint=A_LARGE_START,
        ),
        *(
            Misconception(
                f"started_at_{start}",
                started_at(start),
                says=f"no value above {start:,} is ever kept",
                hint="Hashes may be as large as the prime. " + A_LARGE_START,
            )
            for start in (100, 1000, 10**4, 10**6, 10**9)
        ),
        Misconception(
            "zero_is_nothing",
            hashed_with(right, zero_is_nothing),
            says="a smallest value of 0 is given up for the next one",
            hint="0 is a hash as any other. `if not best` holds for it, too; `is None` does not.",
        ),
        Misconception(
            "each_once",
            lambda members, functions, prime: [
                *dict.fromkeys(signature(members, functions, prime))
            ],
            says="a number that is there already is left out",
            hint="Two functions may have the same smallest value. Each has its place.",
        ),
        Misconception(
            "in_32_bits",
            in_32_bits,
            says="the products are reckoned with 32 bits, which are too few for them",
            hint="NumPy's whole numbers have a width: int64 holds a product of two primes of 31 "
            "bits. Python's own have no limit.",
        ),
        Misconception(
            "member_of_least",
            member_of_least,
            says="the member with the smallest hash is given, not the hash",
            hint="You have found the right member; keep its value under h.",
        ),
        Misconception(
            "place_of_least",
            place_of_least,
            says="the place of the smallest hash is given, not the hash",
            hint="A set has no places: keep the value itself.",
        ),
        Misconception(
            "of_least_member",
            of_one(min),
            says="it is the hash of the smallest member",
            hint="A small member need not have a small hash. The remainder is part of h: hash all, "
            "then take the least.",
        ),
        Misconception(
            "of_largest_member",
            of_one(max),
            says="it is the hash of the largest member",
            hint="A large member need not have a small hash: hash all, then take the least.",
        ),
        Misconception(
            "of_first_member",
            of_one(lambda members: members[0]),
            says="only the first member is hashed",
            hint=EVERY_MEMBER,
        ),
        Misconception(
            "of_last_member",
            of_one(lambda members: members[-1]),
            says="only the hash of the last member is kept",
            hint="Each new value overwrites the one before: when should it?",
        ),
        Misconception(
            "first_left_out",
            of_members(slice(1, None)),
            says="the first member is left out, so that a set of one is empty",
            hint=EVERY_MEMBER,
        ),
        Misconception(
            "last_left_out",
            of_members(slice(-1)),
            says="the last member is left out, so that a set of one is empty",
            hint=EVERY_MEMBER,
        ),
        Misconception(
            "added_up",
            hashed_with(right, sum),
            says="the values of all members are added up",
            hint="MinHash keeps the smallest of them.",
        ),
        Misconception(
            "one_function",
            one_function,
            says="the first function's smallest values are kept, and no other function is used",
            hint="Each function gives one number of the signature.",
        ),
        Misconception(
            "no_modulo",
            hashed_with(lambda a, b, x, prime: a * x + b),
            says="the remainder modulo the prime is not taken",
            hint="Without it a larger member always has the larger hash, and nothing is random.",
        ),
        Misconception(
            "another_prime",
            hashed_with(lambda a, b, x, prime: (a * x + b) % (2**31 - 1)),
            says="the remainder is taken modulo the prime of the lesson, not the one given",
            hint="Which prime it is comes as an argument.",
        ),
        Misconception(
            "quotient",
            hashed_with(lambda a, b, x, prime: (a * x + b) // prime),
            says="it is the quotient by the prime, not the remainder",
            hint="`//` divides; `%` gives what is left over.",
        ),
        Misconception(
            "offset_taken_off",
            hashed_with(lambda a, b, x, prime: (a * x - b) % prime),
            says="b is taken off instead of added",
            hint="h(x) = (a x + b) modulo the prime.",
        ),
        Misconception(
            "precedence",
            hashed_with(lambda a, b, x, prime: a * x + b % prime),
            says="only b is taken modulo the prime",
            hint="`%` binds more strongly than `+`: where do brackets belong?",
        ),
        Misconception(
            "offset_after_modulo",
            hashed_with(lambda a, b, x, prime: a * x % prime + b),
            says="b is added after the remainder is taken",
            hint="The remainder is taken of the whole sum.",
        ),
        Misconception(
            "swapped",
            hashed_with(lambda a, b, x, prime: (b * x + a) % prime),
            says="a and b have changed places",
            hint="In each pair a comes first, and x is multiplied by it.",
        ),
        Misconception(
            "no_offset",
            hashed_with(lambda a, b, x, prime: a * x % prime),
            says="b is not added",
            hint="Each function has two numbers, and h needs both.",
        ),
        Misconception(
            "bracket",
            hashed_with(lambda a, b, x, prime: a * (x + b) % prime),
            says="b is added before the product",
            hint="h(x) = (a x + b) modulo the prime: the product comes first.",
        ),
        Misconception(
            "sorted",
            lambda members, functions, prime: sorted(signature(members, functions, prime)),
            says="the numbers of the signature are sorted",
            hint="Signatures are compared place by place, one for each function: keep their order.",
        ),
        Misconception(
            "functions_reversed",
            lambda members, functions, prime: signature(members, functions[::-1], prime),
            says="the functions are taken from the last to the first",
            hint="Signatures are compared place by place: keep the order of the functions.",
        ),
    ],
)
