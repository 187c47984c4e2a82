"""4.4 Encode a word."""

from llama_edu.course.checking.draw import pick
from llama_edu.course.checking.questions import Misconception, Question
from llama_edu.tokenizer.merging import merge_pairs

from .other_ways import (
    leftmost,
    leftmost_everywhere,
    longest_match,
    merge_once,
    once_through,
    walk_after_walk,
)
from .words import Pair, word


def encode(word: str, merges: list[Pair]) -> list[int]:
    """The package's merging, by rank."""
    ranks = {tuple(pair): (rank, 256 + rank) for rank, pair in enumerate(merges)}
    return merge_pairs(list(word.encode("utf-8")), ranks)


def encode_cases(generator):
    a, b, c = (ord("a") + i for i in pick(generator, 3, 0, 25))

    def text(*codes: int) -> str:
        return "".join(map(chr, codes))

    ab, bc = (a, b), (b, c)
    yield {"word": text(a, b, c, a, b), "merges": [ab]}
    yield {"word": text(a, b, c), "merges": [bc, ab]}  # the later pair stands further left
    yield {"word": text(a, b, c, a, b, c), "merges": [ab, (256, c)]}
    yield {"word": text(a, b, a, b, c), "merges": [bc, ab, (257, 257)]}
    yield {"word": text(c, a, b, c), "merges": [ab, (c, a), (256, c)]}
    yield {"word": text(a, a, a), "merges": [(a, a), (a, 256)]}
    # The longest token that fits is not where the merges lead.
    yield {"word": text(a, b, c, c), "merges": [(c, c), ab, (257, c)]}
    yield {"word": text(a, b, b, b), "merges": [(b, b), ab, (256, b)]}
    yield {"word": text(c, ord("é"), a), "merges": [(195, 169), (c, 256)]}
    yield {"word": "中" + text(a), "merges": [(184, 173)]}
    yield {"word": text(c, b, a), "merges": []}
    yield {"word": text(a, b, c), "merges": [ab, bc]}
    yield {"word": text(a, b, a, b), "merges": [ab, (256, a)]}
    yield {"word": text(a, a, b), "merges": [ab, (a, 256)]}  # one token in the end
    yield {"word": text(a), "merges": [ab]}
    yield {"word": "", "merges": [ab]}
    yield {"word": text(a, b).upper() + text(a, b, ord(" ")), "merges": [ab, (256, ord(" "))]}
    yield {"word": text(*word(generator, 8, [a, b])), "merges": [ab, (256, a), (b, b)]}


BYTES = 'list(word.encode("utf-8"))'
IN_ORDER = (
    "for new, pair in enumerate(merges, start=256):\n        tokens = merge(tokens, pair, new)"
)
SAME_ID = "An id must mean the same in every word. Which ids did training give to the merges?"
EARLIEST = "Of all the learned pairs in the word, which was learned earliest? That one is next."

ENCODE = Question(
    "tokenizer.encode",
    points=3,
    cases=encode_cases,
    reference=encode,
    equivalent_mutants={
        "tokens = list(word.encode('utf-8')) -> tokens = list(word.encode())": (
            "UTF-8 is what encode uses by default"
        ),
    },
    misconceptions=[
        Misconception(
            "code_points",
            {BYTES: "[ord(letter) for letter in word]"},
            says="the letters begin as their code points, `ord`, not as UTF-8 bytes",
            hint="Code points run beyond 255 and would be taken for merged tokens.",
        ),
        Misconception(
            "bytes_alone",
            {"tokens = merge(": "merge("},
            says="nothing is merged",
            hint="Is what `merge` gives back kept? Do you ask whether a list equals a tuple?",
        ),
        Misconception(
            "backwards",
            {"enumerate(merges, start=256)": "reversed(list(enumerate(merges, start=256)))"},
            says="the merges are taken from the last learned to the first",
            hint="Late merges are made of tokens that early ones make. Which must come first?",
        ),
        Misconception(
            "first_round_only",
            {"    return tokens": "        return tokens"},
            says="only the first merge is done",
            hint="How far is the `return` indented? Inside the loop it ends the first round.",
        ),
        Misconception(
            "first_place_only",
            {"tokens = merge(": "tokens = merge_once("},
            says="each pair is merged at its first place in the word alone",
            hint="A pair may stand in a word several times: is there a `break`, or an `index`?",
        ),
        Misconception(
            "ends_at_a_missing_pair",
            {"tokens = merge(": "if pair not in pairwise(tokens): break\n        tokens = merge("},
            says="the work ends at the first learned pair that is not in the word",
            hint="Most pairs of a vocabulary are in no given word. What about those after it?",
        ),
        Misconception(
            "ids_from_0",
            {", start=256": ""},
            says="the first merge makes the id 0, which is a byte",
            hint="The bytes are 0 to 255. What is the next free id?",
        ),
        Misconception(
            "ids_from_257",
            {"start=256": "start=257"},
            says="the first merge makes the id 257",
            hint="The bytes are 0 to 255. What is the next free id? `enumerate` begins at 0.",
        ),
        Misconception(
            "one_id_for_all",
            {"pair, new)": "pair, 256)"},
            says="every merge makes the id 256",
            hint="Each merge has an id of its own: count them.",
        ),
        Misconception(
            "next_in_the_word",
            {"pair, new)": "pair, max([255, *tokens]) + 1)"},
            says="the next id is counted only where a merge is done in this word",
            hint=SAME_ID,
        ),
        Misconception(
            "one_above_the_largest",
            {"pair, new)": "pair, max(tokens, default=0) + 1)"},
            says="a merge makes the id above the largest in the word, even where that is a byte",
            hint=SAME_ID,
        ),
        Misconception(
            "ids_added",
            {"pair, new)": "pair, sum(pair))"},
            says="a merged token is the sum of its two ids",
            hint="Letters join with `+`, numbers add up. Which id does the i-th merge make?",
        ),
        Misconception(
            "leftmost",
            {IN_ORDER: "tokens = leftmost(tokens, merges)"},
            says="the pair that stands furthest left is merged, whenever it was learned",
            hint=EARLIEST,
        ),
        Misconception(
            "leftmost_everywhere",
            {IN_ORDER: "tokens = leftmost_everywhere(tokens, merges)"},
            says="the pair that stands furthest left is merged everywhere, whenever it was learned",
            hint=EARLIEST,
        ),
        Misconception(
            "once_through",
            {IN_ORDER: "tokens = once_through(tokens, merges)"},
            says="the word is gone through once, so that no merged token is merged again",
            hint="A merged token may be half of another pair. " + EARLIEST,
        ),
        Misconception(
            "walk_after_walk",
            {IN_ORDER: "tokens = walk_after_walk(tokens, merges)"},
            says="walk after walk, whatever learned pair is met is merged",
            hint=EARLIEST,
        ),
        Misconception(
            "longest_match",
            {IN_ORDER: "tokens = longest_match(tokens, merges)"},
            says="the longest token that fits is taken, from left to right",
            hint="That finds tokens too, but others than training made. How did training go on?",
        ),
    ],
)
