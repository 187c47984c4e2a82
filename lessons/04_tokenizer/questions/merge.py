"""4.2 Merge one pair."""

from llama_edu.course.checking.draw import pick, whole
from llama_edu.course.checking.questions import Misconception, Question
from llama_edu.tokenizer.merging import merge_pairs

from .words import Pair, word


def replaced(tokens: list[int], pair: Pair, new: int) -> list[int]:
    """The package's merging; -1 stands for the new token, which may be equal to an old one."""
    merged = merge_pairs(tokens, {tuple(pair): (0, -1)})
    return [new if token == -1 else token for token in merged]


def merge_cases(generator):
    a, b, c, new = pick(generator, 4)
    pair = (a, b)
    yield {"tokens": [a, b, c, a, b], "pair": pair, "new": new}
    yield {"tokens": [c, b, a, a], "pair": pair, "new": new}  # not once
    yield {"tokens": [a, a, a, c], "pair": (a, a), "new": new}  # overlapping
    yield {"tokens": [a, a, a, a, a], "pair": (a, a), "new": new}
    yield {"tokens": [b, a, a, b, a], "pair": pair, "new": new}
    yield {"tokens": list(word(generator, 9, [a, b])), "pair": pair, "new": new}
    digit = whole(generator, 1, 9)
    yield {"tokens": [digit, 11 * digit, digit, digit], "pair": (digit, digit), "new": new}
    yield {"tokens": [a, b, b], "pair": pair, "new": a}  # what was merged is used up
    yield {"tokens": [a, b], "pair": pair, "new": new}  # one token in the end
    yield {"tokens": [a, 0, b, 0], "pair": (0, b), "new": new}  # 0 is a token too
    yield {"tokens": [a], "pair": pair, "new": new}
    yield {"tokens": [], "pair": pair, "new": new}


def as_text(tokens, pair, new):
    text = " ".join(map(str, tokens)).replace("{} {}".format(*pair), str(new))
    return [int(number) for number in text.split()]


def shrinks_meanwhile(tokens, pair, new):
    tokens = list(tokens)
    for i in range(len(tokens) - 1):
        if (tokens[i], tokens[i + 1]) == tuple(pair):
            tokens[i : i + 2] = [new]
    return tokens


IS_PAIR = "tuple(tokens[i : i + 2]) == pair"
ELSE = "        else:\n            merged.append(tokens[i])\n            i += 1"

MERGE = Question(
    "tokenizer.merge",
    points=2,
    cases=merge_cases,
    reference=replaced,
    misconceptions=[
        Misconception(
            "first_only",
            {IS_PAIR: f"{IS_PAIR} and len(merged) == i"},
            says="only the first pair is merged",
            hint="Go on after the first: the pair may stand at several places.",
        ),
        Misconception(
            "from_the_right",
            {
                "merged, i = [], 0": "tokens, pair, merged, i = tokens[::-1], pair[::-1], [], 0",
                "return merged": "return merged[::-1]",
            },
            says="the pairs are merged from right to left",
            hint="It matters where pairs overlap: which two of [7, 7, 7] are merged?",
        ),
        Misconception(
            "keeps_the_second",
            {"i += 2": "i += 1"},
            says="the second token of a pair stays",
            hint="Two tokens become one: after a merge, how far must the walk go on? (A `for` over "
            "a `range` always goes one step.)",
        ),
        Misconception(
            "drops_the_rest",
            {"i < len(tokens)": "i < len(tokens) - 1"},
            says="the last token is lost unless a merge takes it",
            hint="A walk that stops where no neighbour is left still has one token to copy.",
        ),
        Misconception(
            "last_always_copied",
            {
                "i < len(tokens)": "i < len(tokens) - 1",
                "return merged": "return merged + tokens[-1:]",
            },
            says="the last token is put behind the rest even where a merge has used it up",
            hint="The last token is left over only if no merge took it: where does the walk end?",
        ),
        Misconception(
            "no_else",
            {ELSE: "        merged.append(tokens[i])\n        i += 1"},
            says="after a merge the next token is copied without a look at it",
            hint="Either merge or copy, and then look anew: is there an `else`?",
        ),
        Misconception(
            "each_of_the_two",
            {IS_PAIR: "tokens[i] in pair", "i += 2": "i += 1"},
            says="each token of the pair is replaced wherever it stands",
            hint="What if only one of the two stands there, or both in the other order?",
        ),
        Misconception(
            "never_merged",
            {"tuple(tokens[i : i + 2])": "tokens[i : i + 2]"},
            says="no pair is ever merged",
            hint="What you ask is never true. Print both sides: a list never equals a tuple, a "
            "slice of one item or a lone token is no pair, and `is` does not ask what is equal.",
        ),
        Misconception(
            "lessons_join",
            {
                "tuple(tokens[i : i + 2])": "tokens[i : i + 2]",
                "return merged": "return tuple(merged)",
            },
            says="no pair is ever merged, and a tuple comes back",
            hint="The lesson's `join` works on tuples of letters: there a slice is a tuple, as "
            "`pair` is, and `+` joins. What are `tokens` here?",
        ),
        Misconception(
            "steps_of_two",
            {"i += 1": "merged += tokens[i + 1 : i + 2]\n            i += 2"},
            says="the walk always goes two steps, so that a pair is seen at even places only",
            hint="Where no pair stands, may the next token begin one?",
        ),
        Misconception(
            "merged_again",
            {
                "merged.append(new)\n": "tokens = [*tokens[:i], new, *tokens[i + 2 :]]\n",
                "i += 2": "pass",
            },
            says="a merged token may at once be half of the same pair again",
            hint="After a merge the walk goes on behind the new token; it neither begins again "
            "nor looks back.",
        ),
        Misconception(
            "used_up_as_it_came",
            {
                "i += 2": "i += 1",
                "merged.append(tokens[i])": "merged += "
                "[tokens[i]] * (tuple(tokens[max(0, i - 1) : i + 1]) != pair)",
            },
            says="the list as it came is asked whether a token is used up",
            hint="Which tokens of [7, 7, 7] are merged, and which is free? What counts is what you "
            "have merged, not what stood before.",
        ),
        Misconception(
            "ids_added",
            {"append(new)": "append(sum(pair))"},
            says="the two ids are added up, and their sum is put into the list",
            hint="Letters join with `+`, numbers add up. Which argument is the id of the merged "
            "token?",
        ),
        Misconception(
            "shrinks_meanwhile",
            shrinks_meanwhile,
            says="the list gets shorter while the loop still goes to its old length",
            hint="A `range` is made once, with the length at the beginning. Build a new list, or "
            "ask for the length in each round of a `while`.",
        ),
        Misconception(
            "as_text",
            as_text,
            says="the ids are written as text and replaced there, where 5 55 holds a 5 5",
            hint="Compare numbers, not digits: 55 is another token than 5.",
        ),
    ],
)
