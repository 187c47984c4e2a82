"""4.2 Merge one pair."""

from itertools import pairwise

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


def first_only(tokens, pair, new):
    for i, found in enumerate(pairwise(tokens)):
        if found == pair:
            return [*tokens[:i], new, *tokens[i + 2 :]]
    return list(tokens)


def from_the_right(tokens, pair, new):
    return replaced(tokens[::-1], pair[::-1], new)[::-1]


def keeps_the_second(tokens, pair, new):
    merged = []
    for i, token in enumerate(tokens):
        merged.append(new if tuple(tokens[i : i + 2]) == pair else token)
    return merged


def drops_the_rest(tokens, pair, new):
    merged, i = [], 0
    while i < len(tokens) - 1:
        is_pair = (tokens[i], tokens[i + 1]) == pair
        merged.append(new if is_pair else tokens[i])
        i += 2 if is_pair else 1
    return merged


def each_of_the_two(tokens, pair, new):
    return [new if token in pair else token for token in tokens]


def the_pair_itself(tokens, pair, new):
    return [pair if token == new else token for token in replaced(tokens, pair, new)]


def steps_of_two(tokens, pair, new):
    merged = []
    for i in range(0, len(tokens), 2):
        two = tuple(tokens[i : i + 2])
        merged += [new] if two == pair else two
    return merged


def walked_with(is_pair=None, put=lambda new: [new], step=2):
    """Merging with one thing changed; `tokens` and i tell whether the pair stands at i."""
    is_pair = is_pair or (lambda tokens, i, pair: tuple(tokens[i : i + 2]) == pair)

    def merge_otherwise(tokens, pair, new):
        merged, i = [], 0
        while i < len(tokens):
            found = is_pair(tokens, i, pair)
            merged += put(new) if found else [tokens[i]]
            i += step if found else 1
        return merged

    return merge_otherwise


def merged_again(tokens, pair, new):
    """As if the walk began again at the left after each merge."""
    while pair in pairwise(tokens):
        tokens = first_only(tokens, pair, new)
    return list(tokens)


def used_up_as_it_came(tokens, pair, new):
    """Each place asks the list as it came whether it is the second half of a pair."""
    before = [None, *pairwise(tokens)]
    return [
        new if two == pair else token
        for token, two, one_before in zip(tokens, [*before[1:], None], before, strict=False)
        if two == pair or one_before != pair
    ]


def as_text(tokens, pair, new):
    text = " ".join(map(str, tokens)).replace("{} {}".format(*pair), str(new))
    return [int(number) for number in text.split()]


def ids_added(tokens, pair, new):
    return replaced(tokens, pair, sum(pair))


def shrinks_meanwhile(tokens, pair, new):
    tokens = list(tokens)
    for i in range(len(tokens) - 1):
        if (tokens[i], tokens[i + 1]) == tuple(pair):
            tokens[i : i + 2] = [new]
    return tokens


def last_always_copied(tokens, pair, new):
    """As if the walk stopped before the last token, and that one were always put behind."""
    return drops_the_rest(tokens, pair, new) + list(tokens[-1:])


def stops_too_early(tokens, pair, new):
    """The last two places are not looked at."""
    if len(tokens) < 3:
        return list(tokens)
    merged = replaced(tokens[:-1], pair, -1)
    return [new if token == -1 else token for token in merged] + [tokens[-1]]


def copied_as_well(tokens, pair, new):
    """A merge goes one step on, and the copying has no `else`."""
    merged, i = [], 0
    while i < len(tokens):
        if tuple(tokens[i : i + 2]) == tuple(pair):
            merged.append(new)
            i += 1
        merged.append(tokens[i])
        i += 1
    return merged


def written_over(second):
    """Both places are written over in a copy; what stands there in the end."""

    def merge_otherwise(tokens, pair, new):
        merged = list(tokens)
        for i in range(len(tokens) - 1):
            if (merged[i], merged[i + 1]) == tuple(pair):
                merged[i], merged[i + 1] = new, second(new)
        return merged

    return merge_otherwise


def found_beforehand(order):
    """All places first, then one merge after the other."""

    def merge_otherwise(tokens, pair, new):
        merged = list(tokens)
        places = [i for i, two in enumerate(pairwise(tokens)) if two == tuple(pair)]
        for i in order(places):
            merged[i : i + 2] = [new]
        return merged

    return merge_otherwise


MERGE = Question(
    "tokenizer.merge",
    points=2,
    cases=merge_cases,
    reference=replaced,
    misconceptions=[
        Misconception(
            "first_only",
            first_only,
            says="only the first pair is merged",
            hint="Go on after the first: the pair may stand at several places.",
        ),
        Misconception(
            "from_the_right",
            from_the_right,
            says="the pairs are merged from right to left",
            hint="It matters where pairs overlap: in [7, 7, 7] the left two are merged.",
        ),
        Misconception(
            "keeps_the_second",
            keeps_the_second,
            says="the second token of a pair stays",
            hint="Two tokens become one: after a merge, how many steps must the walk go on?",
        ),
        Misconception(
            "drops_the_rest",
            drops_the_rest,
            says="the last token is lost unless a merge takes it",
            hint="A walk that stops where no neighbour is left still has one token to copy.",
        ),
        Misconception(
            "either_order",
            walked_with(lambda tokens, i, pair: tuple(tokens[i : i + 2]) in (pair, pair[::-1])),
            says="the pair is merged in either order",
            hint="(a, b) is not (b, a): the merged token stands for a, then b.",
        ),
        Misconception(
            "each_of_the_two",
            each_of_the_two,
            says="each token of the pair is replaced wherever it stands",
            hint="Only the two together, side by side and in this order, are replaced, by one "
            "token.",
        ),
        Misconception(
            "the_pair_itself",
            the_pair_itself,
            says="the pair is put into the list in the place of the new id",
            hint="The result holds ids alone; the new one is the argument `new`.",
        ),
        Misconception(
            "as_text",
            as_text,
            says="the ids are written as text and replaced there, where 5 55 holds a 5 5",
            hint="Compare numbers, not digits: 55 is another token than 5.",
        ),
        Misconception(
            "steps_of_two",
            steps_of_two,
            says="the walk always goes two steps, so that a pair is seen at even places only",
            hint="Where no pair stands, go one step: the next token may begin one.",
        ),
        Misconception(
            "never_merged",
            lambda tokens, pair, new: list(tokens),
            says="no pair is ever merged",
            hint="What you ask is never true. Print both sides: a list never equals a tuple, a "
            "slice of one item or a lone token is no pair, and `is` does not ask what is equal.",
        ),
        Misconception(
            "first_half_only",
            walked_with(lambda tokens, i, pair: tokens[i] == pair[0]),
            says="the first token of the pair is enough for a merge",
            hint="Both must be there: look at the token after it, too.",
        ),
        Misconception(
            "turned_round",
            lambda tokens, pair, new: replaced(tokens, pair[::-1], new),
            says="the pair is looked for the other way round",
            hint="(a, b) means a, then b.",
        ),
        Misconception(
            "nothing_put_in",
            walked_with(put=lambda new: []),
            says="the pair is taken out and nothing put in its place",
            hint="Two tokens become one, not none.",
        ),
        Misconception(
            "put_in_twice",
            walked_with(put=lambda new: [new, new]),
            says="two new tokens take the place of a pair",
            hint="Two tokens become one.",
        ),
        Misconception(
            "three_steps",
            walked_with(step=3),
            says="the token after a pair is lost",
            hint="A merge uses two tokens up: how many steps must the walk go on?",
        ),
        Misconception(
            "keeps_the_second_drops_the_last",
            lambda tokens, pair, new: keeps_the_second(tokens, pair, new)[
                : max(len(tokens) - 1, 0)
            ],
            says="the second token of a pair stays, and the last token of the list is left out",
            hint="Two things: after a merge the walk goes two steps on, which a `for` over a "
            "`range` cannot do; and the last token has no neighbour, but must be copied.",
        ),
        Misconception(
            "used_up_as_it_came",
            used_up_as_it_came,
            says="the list as it came is asked whether a token is used up",
            hint="In [7, 7, 7] the first two are merged, and the third is free. What counts is "
            "what you have merged, not what stood before.",
        ),
        Misconception(
            "merged_again",
            merged_again,
            says="a merged token may at once be half of the same pair again",
            hint="After a merge the walk goes on behind the new token; it neither begins again "
            "nor looks back.",
        ),
        Misconception(
            "ids_added",
            ids_added,
            says="the two ids are added up, and their sum is put into the list",
            hint="Letters join with `+`, numbers add up. The id of the merged token is the "
            "argument `new`.",
        ),
        Misconception(
            "lists_and_tuples",
            lambda tokens, pair, new: tuple(tokens),
            says="no pair is ever merged, and a tuple comes back",
            hint="The lesson's `join` works on tuples of letters: there a slice is a tuple, as "
            "`pair` is, and `+` joins. Here `tokens` is a list of numbers, and so is the result.",
        ),
        Misconception(
            "last_always_copied",
            last_always_copied,
            says="the last token is put behind the rest even where a merge has used it up",
            hint="The last token is left over only if no merge took it: where does the walk end?",
        ),
        Misconception(
            "shrinks_meanwhile",
            shrinks_meanwhile,
            says="the list gets shorter while the loop still goes to its old length",
            hint="A `range` is made once, with the length at the beginning. Build a new list, or "
            "ask for the length in each round of a `while`.",
        ),
        Misconception(
            "stops_too_early",
            stops_too_early,
            says="the last two tokens are never merged",
            hint="Off by one: n tokens have n - 1 pairs, and the last begins at n - 2.",
        ),
        Misconception(
            "copied_as_well",
            copied_as_well,
            says="the second token of a pair is copied behind the new one",
            hint="Either merge or copy: is there an `else`? And how many steps on is it then?",
        ),
        Misconception(
            "both_written_over",
            written_over(lambda new: new),
            says="`new` stands in both places of the pair",
            hint="Two tokens become one: the list gets shorter.",
        ),
        Misconception(
            "none_left_in",
            written_over(lambda new: None),
            says="the second place of the pair holds None",
            hint="What is used up must go: leave it out, or build a new list.",
        ),
        Misconception(
            "one_of_two",
            walked_with(
                lambda tokens, i, pair: (
                    i + 1 < len(tokens) and (tokens[i] == pair[0] or tokens[i + 1] == pair[1])
                )
            ),
            says="it is enough if one of the two is right",
            hint="Both must be: `and`, not `or`.",
        ),
        Misconception(
            "places_moved",
            found_beforehand(list),
            says="the places were noted before the list got shorter",
            hint="After each merge all that stands behind moves one to the left. Build a new list.",
        ),
        Misconception(
            "places_overlap",
            found_beforehand(reversed),
            says="all places are noted beforehand, also those that overlap",
            hint="In [7, 7, 7] only the first two are merged; the second of them is used up then.",
        ),
        Misconception(
            "others_lost",
            lambda tokens, pair, new: [new] * replaced(tokens, pair, -1).count(-1),
            says="only the new tokens come out, and all others are lost",
            hint="Where the pair does not stand, the token is copied: is there an `else`?",
        ),
        Misconception(
            "zero_lost",
            lambda tokens, pair, new: [token for token in replaced(tokens, pair, new) if token],
            says="tokens with the id 0 are lost",
            hint="0 is an id like any other, but it counts as false: ask `is not None`, or mark "
            "in another way what is to go.",
        ),
    ],
)
