"""4.1 Count the pairs."""

from collections import Counter
from itertools import pairwise

from llama_edu.course.checking.draw import pick
from llama_edu.course.checking.questions import Misconception, Question

from .words import Pair, Word, word


def count_pairs(words: dict[Word, int]) -> dict[Pair, int]:
    counts: Counter[Pair] = Counter()
    for tokens, n in words.items():
        for pair in pairwise(tokens):
            counts[pair] += n
    return dict(counts)


def count_pairs_cases(generator):
    a, b, c = pick(generator, 3)
    n, m = pick(generator, 2, 2, 9)
    yield {"words": {(a, b, c): n}}
    yield {"words": {(a, b, a, b): n, (b, a): m}}
    yield {"words": {(c,): m, (a, a, a): n}}  # a word without pairs, and overlapping ones
    yield {"words": {(0, a): n, (a, 0, 0): 1}}  # 0 is a token, and 1 a count
    yield {"words": {(a, b, c): n, (c, a, b, b): m, (b, a, b): 2}}
    yield {"words": {word(generator, 6, [a, b]): n, word(generator, 5, [a, b, c]): m}}
    yield {"words": {}}


def after_the_one_before(words):
    """Each word behind the last token of the word before it."""
    last = ()
    for tokens, n in words.items():
        yield last + tokens, n
        last = tokens[-1:]


COUNT_PAIRS = Question(
    "tokenizer.count_pairs",
    points=2,
    cases=count_pairs_cases,
    reference=count_pairs,
    misconceptions=[
        Misconception(
            "per_word",
            {"+= n": "+= 1"},
            says="every word counts once, however often it occurs",
            hint="The dict says how often each word occurs, and each time all of its pairs do.",
        ),
        Misconception(
            "once_per_word",
            {"pairwise(word)": "set(pairwise(word))"},
            says="a pair counts once in a word, even where it stands there twice",
            hint="In (1, 2, 1, 2) the pair (1, 2) stands at two places.",
        ),
        Misconception(
            "replaced",
            {"+= n": "= n"},
            says="each place of a pair sets its count anew, and what was counted before is lost",
            hint="A pair may stand in several words, and twice in one: add up.",
        ),
        Misconception(
            "one_more",
            {"+= n": "+= 1 if pair in counts else n"},
            says="the first place of a pair counts n, and each later one 1",
            hint="The word occurs n times, whichever of its places you look at.",
        ),
        Misconception(
            "begins_at_one",
            {"+= n": "+= n if pair in counts else 1"},
            says="the first place of a pair counts 1, and only later ones n",
            hint="What does the very first place of a pair give, in a word that occurs 5 times?",
        ),
        Misconception(
            "side_by_side",
            {"pairwise(word)": "zip(word[::2], word[1::2])"},
            says="the pairs share no token: the first two, the next two, and so on",
            hint="A token has a neighbour on either side: how many pairs do three tokens make?",
        ),
        Misconception(
            "across_words",
            {"words.items()": "after_the_one_before(words)"},
            says="the first token of a word is paired with the last of the word before",
            hint="No merge may join two words, so no pair reaches from one into another.",
        ),
        Misconception(
            "written_n_times",
            {"pairwise(word)": "pairwise(word * n)", "+= n": "+= 1"},
            says="the word is written n times in a row, so that its end meets its own beginning",
            hint="`word * n` makes one long tuple. How can a pair count n times without it?",
        ),
        Misconception(
            "in_any_order",
            {"counts[pair]": "counts[tuple(sorted(pair))]"},
            says="(a, b) and (b, a) count as the same pair",
            hint="*th* and *ht* are different pairs of letters.",
        ),
        Misconception(
            "without_the_last",
            {"pairwise(word)": "pairwise(word[:-1])"},
            says="the last token of each word is left out",
            hint="Off by one: how many pairs does a word of n tokens have, and where does the "
            "last begin?",
        ),
        Misconception(
            "zero_is_missing",
            {"in pairwise(word)": "in [pair for pair in pairwise(word) if pair[0]]"},
            says="pairs that begin with the token 0 are left out",
            hint="0 is a token like any other, but it counts as false: ask `is not None`.",
        ),
        Misconception(
            "without_the_first",
            {"pairwise(word)": "pairwise(word[1:])"},
            says="the first token of each word is left out",
            hint="Off by one: at which place does a word begin?",
        ),
        Misconception(
            "last_alone",
            {"pairwise(word)": "[word[i : i + 2] for i in range(len(word))]"},
            says="the last token of a word counts as a pair by itself",
            hint="A slice that reaches over the end is only shorter. At which i does the last "
            "pair begin?",
        ),
        Misconception(
            "wrapped_round",
            {"pairwise(word)": "zip(word[-1:] + word[:-1], word)"},
            says="the last token of a word is paired with its first",
            hint="`w[i - 1]` at i = 0 is `w[-1]`, the last one. At which i does the first pair "
            "end?",
        ),
        Misconception(
            "first_word_only",
            {"    return counts": "        return counts"},
            says="only the first word is counted",
            hint="A `return` inside the loop ends the function in its first round: how far is it "
            "indented?",
        ),
        Misconception(
            "last_word_only",
            {"in words.items()": "in list(words.items())[-1:]"},
            says="only the last word is counted",
            hint="Are the counts made anew in every round?",
        ),
    ],
)
