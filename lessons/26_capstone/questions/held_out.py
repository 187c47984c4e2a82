"""26.1 Which side of the split."""

from torch import Generator

from llama_edu.course.checking.draw import pick
from llama_edu.course.checking.questions import Misconception, Question


def groups(hashes: list[int], pairs: list[tuple[int, int]]) -> list[list[int]]:
    """For each document, the hashes of its group, in the order of the documents."""
    group = list(range(len(hashes)))
    for i, j in pairs:
        old, new = group[i], group[j]
        group = [new if one == old else one for one in group]
    return [[h for h, own in zip(hashes, group, strict=True) if own == g] for g in group]


def held_out(hashes: list[int], pairs: list[tuple[int, int]], n: int) -> list[bool]:
    return [min(group) % n == 0 for group in groups(hashes, pairs)]


def by_neighbours(hashes: list[int], pairs: list[tuple[int, int]], n: int) -> list[bool]:
    lowest = list(hashes)
    for i, j in pairs:
        lowest[i], lowest[j] = min(lowest[i], hashes[j]), min(lowest[j], hashes[i])
    return [number % n == 0 for number in lowest]


def held_out_cases(generator: Generator):
    def numbers(n: int, n_out: int, step: int) -> list[int]:
        """n hashes, n_out of them multiples of `step`."""
        found = pick(generator, n, low=10, high=90)
        return [step * h if i < n_out else step * h + 1 for i, h in enumerate(found)]

    yield {"hashes": [7, 4, 9], "pairs": [(0, 1)], "n": 2}
    yield {"hashes": numbers(4, 2, 3), "pairs": [], "n": 3}
    # A chain that has to be walked more than once, from its far end.
    yield {"hashes": [95, 81, 73, 64, 11], "pairs": [(0, 1), (1, 2), (2, 3)], "n": 4}
    yield {"hashes": [20, 13, 40, 17, 60], "pairs": [(0, 1), (3, 4), (2, 4)], "n": 5}
    yield {"hashes": [6, 6, 15, 8, 33], "pairs": [(2, 3)], "n": 3}  # two are the same text
    yield {"hashes": [50, 31, 31, 90], "pairs": [(3, 0), (2, 3)], "n": 10}
    drawn = numbers(9, 3, 7)
    links = pick(generator, 6, low=0, high=8)
    yield {"hashes": drawn, "pairs": [*zip(links[:3], links[3:], strict=True)], "n": 7}
    yield {"hashes": [0, 12, 35, 8, 29], "pairs": [(4, 2), (2, 1), (1, 3)], "n": 8}
    yield {"hashes": [14, 9, 25], "pairs": [(0, 1), (1, 2)], "n": 1}
    # Pairs in an order that needs many walks, and a second small hash at the far end.
    zigzag = [(3, 2), (5, 4), (1, 0), (6, 5), (2, 1), (4, 3)]
    yield {"hashes": [8, 34, 31, 43, 37, 40, 7], "pairs": zigzag, "n": 2}
    # Of each group the first, the largest and the smallest hash say different things.
    yield {"hashes": [14, 22, 8, 15, 21, 10], "pairs": [(0, 1), (2, 1), (3, 4), (4, 5)], "n": 7}


WALK = "lowest[i] = lowest[j] = min(lowest[i], lowest[j])"
RESULT = "[number % n == 0 for number in lowest]"


HELD_OUT = Question(
    "capstone.held_out",
    points=3,
    cases=held_out_cases,
    reference=held_out,
    equivalent_mutants={
        "for _ in hashes: -> for _ in pairs:": "no chain is longer than the list of pairs",
        f"{WALK} -> {WALK.replace('lowest[i], lowest[j]', 'lowest[j], lowest[i]')}": (
            "the smaller of two is the same in either order"
        ),
    },
    misconceptions=[
        Misconception(
            "by_place",
            {RESULT: "[i % n == 0 for i in range(len(lowest))]"},
            says="a document's place decides, not its hash",
            hint="Put one new text in front: which documents change sides?",
        ),
        Misconception(
            "copies_apart",
            {WALK: "pass"},
            says="each document's own hash decides, whatever it is a copy of",
            hint="Then a near copy of a test text can lie in the training text.",
        ),
        Misconception(
            "one_walk",
            {"for _ in hashes": "for _ in [0]"},
            says="the pairs are gone through once only",
            hint="In the chain a-b, b-c the smallest may be c's. When does a hear of it?",
        ),
        Misconception(
            "two_walks",
            {"for _ in hashes": "for _ in range(2)"},
            says="the pairs are gone through twice only",
            hint="A chain can be as long as there are documents.",
        ),
        Misconception(
            "n_walks",
            {"for _ in hashes": "for _ in range(n)"},
            says="the pairs are gone through n times",
            hint="n is for the rest of a division. How long can a chain be?",
        ),
        Misconception(
            "direct_copies",
            by_neighbours,
            says="only direct copies are looked at, not copies of copies",
            hint="In the chain a-b, b-c the smallest hash may be c's: a is in the group as well.",
        ),
        Misconception(
            "largest_decides",
            {"min(": "max("},
            says="the largest hash of a group decides",
            hint="Which hash of the group is asked for?",
        ),
        Misconception(
            "later_follows",
            {"lowest[i] = lowest[j] = min": "lowest[j] = min"},
            says="only the second document of a pair learns of the smaller hash",
            hint="A pair has no direction: both are in one group.",
        ),
        Misconception(
            "earlier_follows",
            {"lowest[i] = lowest[j] = min": "lowest[i] = min"},
            says="only the first document of a pair learns of the smaller hash",
            hint="A pair has no direction: both are in one group.",
        ),
        Misconception(
            "first_decides",
            {"min(lowest[i], lowest[j])": "lowest[i]"},
            says="in each pair the first document's hash is taken for both",
            hint="Then the order of the pairs decides. Which of the two numbers is to stay?",
        ),
        Misconception(
            "earliest_decides",
            lambda hashes, pairs, n: [g[0] % n == 0 for g in groups(hashes, pairs)],
            says="the hash of a group's first document decides",
            hint="Then a document that is put in front can move a whole group to the other side.",
        ),
        Misconception(
            "turned_round",
            {"== 0": "!= 0"},
            says="True stands for the documents to train on",
            hint="Is a document held out if its hash is a multiple, or if it is none?",
        ),
        Misconception(
            "any_member",
            lambda hashes, pairs, n: [any(h % n == 0 for h in g) for g in groups(hashes, pairs)],
            says="a group is held out if the hash of any of its documents is a multiple of n",
            hint="Then large groups are held out more often than small ones. One hash decides.",
        ),
        Misconception(
            "all_members",
            lambda hashes, pairs, n: [all(h % n == 0 for h in g) for g in groups(hashes, pairs)],
            says="a group is held out only if the hashes of all its documents are multiples of n",
            hint="Then large groups are hardly ever held out. One hash decides.",
        ),
        Misconception(
            "places",
            {RESULT: "[i for i, number in enumerate(lowest) if number % n == 0]"},
            says="the places of the held-out documents are returned",
            hint="For each document, True or False is asked for.",
        ),
        Misconception(
            "hashes_returned",
            {RESULT: "lowest"},
            says="the smallest hash of each group is returned",
            hint="All is there but the last step: is that number a multiple of n?",
        ),
        Misconception(
            "copies_dropped",
            {RESULT: "[number % n == 0 and number == own "
             "for number, own in zip(lowest, hashes, strict=True)]"},
            says="only the document with the smallest hash of a group is ever held out",
            hint="The whole group goes to one side.",
        ),
    ],
)  # fmt: skip
