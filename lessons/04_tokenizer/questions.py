"""What lesson 04 asks, what is right, and what people write instead."""

import re
import unicodedata
from collections import Counter
from itertools import combinations, pairwise
from math import inf

import torch

from llama_edu.course.questions import Misconception, Question
from llama_edu.tokenizer.merge_training import learn_merges
from llama_edu.tokenizer.merging import merge_pairs

Word = tuple[int, ...]
Pair = tuple[int, int]


def whole(generator: torch.Generator, low: int, high: int) -> int:
    """A whole number from low to high, both included."""
    return int(torch.randint(low, high + 1, (), generator=generator))


def word(generator: torch.Generator, length: int, alphabet: list[int]) -> Word:
    return tuple(alphabet[whole(generator, 0, len(alphabet) - 1)] for _ in range(length))


def pick(generator: torch.Generator, n: int, low: int = 1, high: int = 90) -> list[int]:
    """Different numbers, in no order."""
    return (low + torch.randperm(high - low + 1, generator=generator)[:n]).tolist()


# 4.1 count the pairs


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


def counted_with(pairs_of=pairwise, add=lambda before, n: (before or 0) + n):
    """Counting with other pairs, or with another way to add; before is None at first."""

    def count_otherwise(words):
        counts = {}
        for tokens, n in words.items():
            for pair in pairs_of(tokens):
                counts[pair] = add(counts.get(pair), n)
        return counts

    return count_otherwise


def per_word(words):
    return count_pairs(dict.fromkeys(words, 1))


def across_words(words):
    tokens = [token for each, n in words.items() for token in each * n]
    return dict(Counter(pairwise(tokens)))


def in_any_order(words):
    counts: Counter[Pair] = Counter()
    for (a, b), n in count_pairs(words).items():
        counts[min(a, b), max(a, b)] += n
    return dict(counts)


def no_overlap(words):
    """As if a pair could not begin inside its like: "aaa" once."""
    counts: Counter[Pair] = Counter()
    for tokens, n in words.items():
        for pair in set(pairwise(tokens)):
            counts[pair] += n * replaced(list(tokens), pair, -1).count(-1)
    return dict(counts)


def last_word_wins(words):
    counts = {}
    for tokens, n in words.items():
        counts |= count_pairs({tokens: n})
    return counts


def first_word_only(words):
    for tokens, n in words.items():
        return count_pairs({tokens: n})
    return None


def last_word_only(words):
    for tokens, n in words.items():
        counts = count_pairs({tokens: n})
    return counts


def previous_kept(words):
    counts, previous = Counter(), None
    for tokens, n in words.items():
        for token in tokens:
            if previous is not None:
                counts[previous, token] += n
            previous = token
    return dict(counts)


COUNT_PAIRS = Question(
    "tokenizer.count_pairs",
    points=2,
    cases=count_pairs_cases,
    reference=count_pairs,
    misconceptions=[
        Misconception(
            "per_word",
            per_word,
            says="every word counts once, however often it occurs",
            hint="The dict says how often each word occurs, and each time all of its pairs do.",
        ),
        Misconception(
            "once_per_word",
            counted_with(lambda tokens: set(pairwise(tokens))),
            says="a pair counts once in a word, even where it stands there twice",
            hint="In (1, 2, 1, 2) the pair (1, 2) stands at two places.",
        ),
        Misconception(
            "side_by_side",
            counted_with(lambda tokens: zip(tokens[::2], tokens[1::2], strict=False)),
            says="the pairs share no token: the first two, the next two, and so on",
            hint="A token has a neighbour on either side: three tokens make two pairs.",
        ),
        Misconception(
            "across_words",
            across_words,
            says="the last token of a word is paired with the first of the next",
            hint="No merge may join two words, so no pair reaches from one into another. Each word "
            "is counted by itself.",
        ),
        Misconception(
            "in_any_order",
            in_any_order,
            says="(a, b) and (b, a) count as the same pair",
            hint="*th* and *ht* are different: the left token comes first.",
        ),
        Misconception(
            "without_the_last",
            counted_with(lambda tokens: pairwise(tokens[:-1])),
            says="the last token of each word is left out",
            hint="Off by one: a word of n tokens has n - 1 pairs, and the last one ends with its "
            "last token.",
        ),
        Misconception(
            "no_overlap",
            no_overlap,
            says="pairs that overlap count as one",
            hint="In (7, 7, 7) the middle token has a neighbour on either side. Only merging has "
            "to choose; counting does not.",
        ),
        Misconception(
            "last_word_wins",
            last_word_wins,
            says="the counts of one word replace those of the words before",
            hint="A pair that stands in several words gets something from each: add up.",
        ),
        Misconception(
            "overwritten",
            counted_with(add=lambda before, n: n),
            says="a pair that is met again loses what was counted before",
            hint="`=` overwrites, `+=` adds: a pair may stand in a word twice, and in several "
            "words.",
        ),
        Misconception(
            "begins_at_one",
            counted_with(add=lambda before, n: 1 if before is None else before + n),
            says="the first place of a pair counts 1, and only the later ones n",
            hint="The first time counts as much as any other: begin at n, or at 0 and add.",
        ),
        Misconception(
            "begins_at_zero",
            counted_with(add=lambda before, n: 0 if before is None else before + n),
            says="the first place of a pair counts nothing",
            hint="The first time counts as much as any other: begin at n, or at 0 and add.",
        ),
        Misconception(
            "turned_round",
            counted_with(lambda tokens: pairwise(tokens[::-1])),
            says="the two tokens of each pair have changed places",
            hint="The left token comes first, as it does in the word.",
        ),
        Misconception(
            "without_the_first",
            counted_with(lambda tokens: pairwise(tokens[1:])),
            says="the first token of each word is left out",
            hint="Off by one: places are counted from 0, so the first pair stands at 0 and 1.",
        ),
        Misconception(
            "last_alone",
            counted_with(lambda tokens: [tokens[i : i + 2] for i in range(len(tokens))]),
            says="the last token of a word counts as a pair by itself",
            hint="A slice that reaches over the end is only shorter. A word of n tokens has n - 1 "
            "pairs.",
        ),
        Misconception(
            "wrapped_round",
            counted_with(lambda tokens: [(tokens[i - 1], tokens[i]) for i in range(len(tokens))]),
            says="the last token of a word is paired with its first",
            hint="`w[i - 1]` at i = 0 is `w[-1]`, the last one. At which i does the first pair "
            "end?",
        ),
        Misconception(
            "all_combinations",
            counted_with(lambda tokens: combinations(tokens, 2)),
            says="every token is paired with all that come after it",
            hint="Neighbours only: nothing stands between the two tokens of a pair.",
        ),
        Misconception(
            "single_tokens",
            counted_with(lambda tokens: tokens),
            says="single tokens are counted",
            hint="A key of the result is a tuple of two tokens that stand next to each other.",
        ),
        Misconception(
            "across_words_once",
            lambda words: across_words(dict.fromkeys(words, 1)),
            says="the words are put in one row, each of them once",
            hint="Two things: no pair reaches from one word into the next, and a word that occurs "
            "n times gives n to each of its pairs.",
        ),
        Misconception(
            "first_word_only",
            first_word_only,
            says="only the first word is counted",
            hint="A `return` that stands inside the loop ends the function in its first round: "
            "how far is it indented?",
        ),
        Misconception(
            "last_word_only",
            last_word_only,
            says="only the last word is counted",
            hint="The counts are made anew in every round: make them once, before the loop.",
        ),
        Misconception(
            "written_n_times",
            lambda words: dict(
                sum((Counter(pairwise(w * n)) for w, n in words.items()), Counter())
            ),
            says="the word is written n times in a row, so that its end meets its own beginning",
            hint="`word * n` makes one long tuple. Count the pairs of the word once, and add n.",
        ),
        Misconception(
            "previous_kept",
            previous_kept,
            says="the first token of a word is paired with the last of the word before",
            hint="No pair reaches from one word into another: at the beginning of each word there "
            "is no token before.",
        ),
        Misconception(
            "one_more",
            counted_with(add=lambda before, n: n if before is None else before + 1),
            says="the first place of a pair counts n, and each later one 1",
            hint="The word occurs n times at every place: add n wherever the pair stands.",
        ),
        Misconception(
            "rare_left_out",
            lambda words: {pair: n for pair, n in count_pairs(words).items() if n > 1},
            says="pairs that occur once are left out",
            hint="A pair that occurs once occurs: its count is 1.",
        ),
        Misconception(
            "zero_is_missing",
            counted_with(lambda tokens: [pair for pair in pairwise(tokens) if pair[0]]),
            says="pairs that begin with the token 0 are left out",
            hint="0 is a token like any other, but it counts as false: ask `is not None`.",
        ),
    ],
)


# 4.2 merge one pair


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


# 4.3 learn the merges


def learn(words: dict[Word, int], n_merges: int, first_id: int) -> list[Pair]:
    """The package's training, with ids for tokens."""
    numbers = sorted({token for tokens in words for token in tokens})
    letters = {token: chr(i) for i, token in enumerate(numbers)}
    spelled = {"".join(map(letters.__getitem__, tokens)): n for tokens, n in words.items()}
    ids, merges = {chr(i): token for i, token in enumerate(numbers)}, []
    for left, right in learn_merges(spelled, list(ids), n_merges):
        merges.append((ids[left], ids[right]))
        ids[left + right] = first_id + len(merges) - 1
    return merges


def smallest_of_commonest(counts):
    return min(counts, key=lambda pair: (-counts[pair], pair))


def rebuilt(words, pair, new, replace=replaced):
    return {tuple(replace(list(tokens), pair, new)): n for tokens, n in words.items()}


def learn_with(
    best=smallest_of_commonest,
    rebuild=rebuilt,
    counts_of=count_pairs,
    number=lambda first_id, i: first_id + i,
    limit=lambda n_merges: n_merges,
    is_over=lambda counts: not counts,
):
    """Training with one thing changed."""

    def learn_otherwise(words, n_merges, first_id):
        merges = []
        while len(merges) < limit(n_merges) and not is_over(counts := counts_of(words)):
            pair = best(counts)
            words = rebuild(words, pair, number(first_id, len(merges)))
            merges.append(pair)
        return merges

    return learn_otherwise


def learn_cases(generator):
    a, b, c, d = sorted(pick(generator, 4))
    n, first_id = whole(generator, 4, 7), whole(generator, 100, 200)
    more = {"first_id": first_id}
    yield {"words": {(a, b): n, (b, c): n + 1}, "n_merges": 1, **more}
    yield {"words": {(b, a): n, (a, c): n, (a, b): n}, "n_merges": 3, **more}  # ties
    yield {"words": {(d, b, c): n, (b, c): 2, (b, d): 3}, "n_merges": 3, **more}
    yield {"words": {(a, a, a, a): 2, (c, b): 5}, "n_merges": 3, **more}
    yield {"words": {(a, b): 1}, "n_merges": 3, **more}  # nothing is left after one
    yield {"words": {(d, c): 1, (a, b, c, d): n, (c, d, a, b): 2}, "n_merges": 5, **more}
    words = {word(generator, 5, [a, b, c]): whole(generator, 1, 6) for _ in range(3)}
    yield {"words": words, "n_merges": 4, **more}
    yield {"words": {(a, b, c): 2}, "n_merges": 4, **more}  # the pairs run out after two
    yield {"words": {(a, a, a, b): n}, "n_merges": 2, **more}  # it matters which two are merged
    one_digit, two_digits = whole(generator, 2, 9), whole(generator, 10, 19)
    yield {"words": {(one_digit, c): n, (two_digits, c): n}, "n_merges": 1, **more}
    # Merged tokens take part in ties, with their new and larger ids.
    yield {"words": {(a, b, c): 3, (a, b, d): 3, (c, d): 3}, "n_merges": 3, **more}
    yield {"words": {(a, b): n}, "n_merges": 0, **more}
    yield {"words": {(b, c): n, (a, d): n, (a, c): n, (b, d): 9}, "n_merges": 3, **more}
    # After the first merge it matters how often each word occurs.
    yield {"words": {(a, b, c): n, (a, b, d): 1, (b, d): 2, (d, a): 2}, "n_merges": 3, **more}


def best_by(key):
    """Choose the pair with the smallest key(count, pair); of equals the one that was met first."""
    return lambda counts: min(counts, key=lambda pair: key(counts[pair], pair))


def last_of_ties(counts):
    return sorted(counts, key=counts.get)[-1]


def counted_once(words, n_merges, first_id):
    counts = count_pairs(words)
    return sorted(counts, key=lambda pair: (-counts[pair], pair))[:n_merges]


def counted_once_in_order_met(words, n_merges, first_id):
    return [pair for pair, _ in Counter(count_pairs(words)).most_common(n_merges)]


def merged_with(replace):
    return lambda words, pair, new: rebuilt(words, pair, new, replace)


def padded(words, n_merges, first_id):
    merges = learn(words, n_merges, first_id)
    return merges + [None] * (n_merges - len(merges))


def one_at_least(words, n_merges, first_id):
    return learn(words, max(n_merges, 1), first_id)


def first_round_learned(words, n_merges, first_id):
    return learn(words, 1, first_id) if n_merges else None


def last_round_only(words, n_merges, first_id):
    for i in range(n_merges):
        merges = learn(words, i + 1, first_id)[i:]
    return merges


def all_or_nothing(words, n_merges, first_id):
    merges = learn(words, n_merges, first_id)
    return merges if len(merges) == n_merges else []


def merged_into_the_first_words(words, n_merges, first_id):
    """As if only the latest merge were done in the words that are counted."""
    merges, latest = [], words
    for new in range(first_id, first_id + n_merges):
        if not (counts := count_pairs(latest)):
            break
        merges.append(smallest_of_commonest(counts))
        latest = rebuilt(words, merges[-1], new)
    return merges


def list_added_to_a_tuple(words, n_merges, first_id):
    some, new = next(iter(words)), [first_id]
    return [some + new for _ in range(n_merges)]


LEARN = Question(
    "tokenizer.learn",
    points=4,
    cases=learn_cases,
    reference=learn,
    equivalent_mutants={
        "words = {tuple(merge(list(word), best, new)): n for word, n in words.items()} -> "
        "words = {tuple(merge(word, best, new)): n for word, n in words.items()}": (
            "a tuple is walked and cut as a list is"
        ),
    },
    misconceptions=[
        Misconception(
            "largest_of_ties",
            learn_with(best_by(lambda n, pair: (-n, -pair[0], -pair[1]))),
            says="of equally common pairs the largest goes first",
            hint="`max` over (count, pair) prefers the largest pair as well as the largest count; "
            "the two wishes point in opposite directions.",
        ),
        Misconception(
            "first_of_ties",
            learn_with(best_by(lambda n, pair: -n)),
            says="of equally common pairs the one that was counted first goes first",
            hint="`max(counts, key=counts.get)` and `most_common` leave ties to the order in which "
            "the pairs were met. The rule asks for the smallest pair.",
        ),
        Misconception(
            "right_first",
            learn_with(best_by(lambda n, pair: (-n, pair[::-1]))),
            says="ties are decided by the right token before the left one",
            hint="Compare the left ids; only where they are equal the right ones. Tuples compare "
            "in this way by themselves.",
        ),
        Misconception(
            "rarest",
            learn_with(best_by(lambda n, pair: (n, pair))),
            says="the rarest pair is merged",
            hint="`min` by the count finds the smallest count. Which sign turns that round?",
        ),
        Misconception(
            "counted_once",
            counted_once,
            says="the pairs are counted once, and the commonest of them taken in order",
            hint="A merge makes new pairs and takes others away: count again after each.",
        ),
        Misconception(
            "per_word",
            learn_with(counts_of=per_word),
            says="every word counts once, however often it occurs",
            hint="Multiply by the number of times that the word occurs, as in 4.1.",
        ),
        Misconception(
            "one_id_for_all",
            learn_with(number=lambda first_id, i: first_id),
            says="every merge makes the same token, first_id",
            hint="Each merge makes a token of its own: first_id, first_id + 1, ...",
        ),
        Misconception(
            "ids_from_one_more",
            learn_with(number=lambda first_id, i: first_id + i + 1),
            says="the first merge makes the token first_id + 1",
            hint="Off by one: the token of the first merge is first_id itself.",
        ),
        Misconception(
            "first_place_only",
            learn_with(rebuild=merged_with(first_only)),
            says="the pair is merged at its first place in each word only",
            hint="The pair may stand in a word twice; merge it everywhere, as in 4.2.",
        ),
        Misconception(
            "second_token_stays",
            learn_with(rebuild=merged_with(keeps_the_second)),
            says="merging leaves the second token of the pair in the word",
            hint="Two tokens become one, as in 4.2.",
        ),
        Misconception(
            "left_only",
            learn_with(best_by(lambda n, pair: (-n, pair[0]))),
            says="ties are decided by the left token alone",
            hint="Two pairs may begin with the same token: then the smaller right id goes first.",
        ),
        Misconception(
            "sum_of_ids",
            learn_with(best_by(lambda n, pair: (-n, sum(pair)))),
            says="ties are decided by the sum of the two ids",
            hint="Compare the left ids; only where they are equal the right ones. Tuples compare "
            "in this way by themselves.",
        ),
        Misconception(
            "last_of_ties",
            learn_with(last_of_ties),
            says="of equally common pairs the one that was counted last goes first",
            hint="Sorting by the count alone leaves ties to the order in which the pairs were "
            "met. The rule asks for the smallest pair.",
        ),
        Misconception(
            "smallest_pair",
            learn_with(best_by(lambda n, pair: pair)),
            says="the smallest pair is merged, however often it occurs",
            hint="`min` of a dict compares its keys: give it a key that asks for the count first.",
        ),
        Misconception(
            "largest_pair",
            learn_with(max),
            says="the largest pair is merged, however often it occurs",
            hint="`max` of a dict compares its keys, not what it holds for them.",
        ),
        Misconception(
            "counted_once_in_order_met",
            counted_once_in_order_met,
            says="the pairs are counted once, and the commonest taken in the order of "
            "`most_common`",
            hint="Two things: a merge makes new pairs and takes others away, so count again after "
            "each; and of equally common pairs the smallest goes first.",
        ),
        Misconception(
            "words_never_change",
            learn_with(rebuild=lambda words, pair, new: words),
            says="the same pair is chosen in every round",
            hint="The words that you count have not changed. Is the merged dict kept, is it "
            "counted anew in each round? Does your `merge` merge a tuple too, and are its "
            "arguments in order?",
        ),
        Misconception(
            "old_words_kept",
            learn_with(rebuild=lambda words, pair, new: words | rebuilt(words, pair, new)),
            says="the words as they were stay beside the merged ones",
            hint="The merged word takes the place of the old one: build a new dict in each round.",
        ),
        Misconception(
            "count_lost",
            learn_with(
                rebuild=lambda words, pair, new: dict.fromkeys(rebuilt(words, pair, new), 1)
            ),
            says="after the first merge every word counts once",
            hint="The dict that is built anew must carry n over: the merged word occurs as often "
            "as the old one.",
        ),
        Misconception(
            "without_the_pair_dropped",
            learn_with(
                rebuild=lambda words, pair, new: rebuilt(
                    {w: n for w, n in words.items() if pair in pairwise(w)}, pair, new
                )
            ),
            says="words that do not have the pair are dropped",
            hint="Words without the pair stay as they are: their pairs come later.",
        ),
        Misconception(
            "last_token_lost",
            learn_with(rebuild=merged_with(drops_the_rest)),
            says="merging loses the last token of a word",
            hint="Look at what your `merge` does at the end of a word, in 4.2.",
        ),
        Misconception(
            "one_merge_too_many",
            learn_with(limit=lambda n_merges: n_merges + 1),
            says="one merge too many is made",
            hint="Off by one: n_merges says how many there are at most.",
        ),
        Misconception(
            "one_merge_too_few",
            learn_with(limit=lambda n_merges: n_merges - 1),
            says="one merge is missing, unless the pairs run out before",
            hint="Off by one: `range(1, n)` has n - 1 rounds.",
        ),
        Misconception(
            "one_merge_too_few_and_ids_too",
            learn_with(limit=lambda n: n - 1, number=lambda first_id, i: first_id + i + 1),
            says="one merge is missing, and the first makes the token first_id + 1",
            hint="Off by one, twice: a loop over `range(n)` begins at 0 and has n rounds.",
        ),
        Misconception(
            "no_limit",
            learn_with(limit=lambda n_merges: inf),
            says="merging goes on until no pair is left",
            hint="Stop after n_merges.",
        ),
        Misconception(
            "one_at_least",
            one_at_least,
            says="a merge is made before n_merges is asked",
            hint="n_merges may be 0: then there is nothing to do.",
        ),
        Misconception(
            "no_end",
            learn_with(is_over=lambda counts: False),
            says="a pair is chosen though none is left",
            hint="Words of one token have no pairs. What should be returned when `counts` is "
            "empty?",
        ),
        Misconception(
            "none_at_the_end",
            padded,
            says="None stands in the list where no pair was left",
            hint="Fewer than n_merges may come back: stop when there is no pair.",
        ),
        Misconception(
            "stops_at_one",
            learn_with(is_over=lambda counts: max(counts.values(), default=0) < 2),
            says="the work ends when no pair occurs twice",
            hint="A pair that occurs once is a pair: go on while there is any.",
        ),
        Misconception(
            "stops_at_the_last",
            learn_with(is_over=lambda counts: len(counts) < 2),
            says="the work ends when only one pair is left to choose from",
            hint="One pair is a pair: go on while there is any.",
        ),
        Misconception(
            "ids_from_256",
            learn_with(number=lambda first_id, i: 256 + i),
            says="the first merge makes the token 256, whatever first_id is",
            hint="The first new id is the argument `first_id`.",
        ),
        Misconception(
            "first_round_only",
            first_round_learned,
            says="only the first merge comes out",
            hint="A `return` that stands inside the loop ends the function in its first round: "
            "how far is it indented?",
        ),
        Misconception(
            "last_round_only",
            last_round_only,
            says="only the last merge comes out",
            hint="The list is made anew in every round: make it once, before the loop.",
        ),
        Misconception(
            "all_or_nothing",
            all_or_nothing,
            says="an empty list comes back where the pairs run out before n_merges",
            hint="What was learned until then is the answer: `return []` throws it away.",
        ),
        Misconception(
            "ids_as_text",
            learn_with(best_by(lambda n, pair: (-n, str(pair)))),
            says="ids are compared as text, where 10 stands before 9",
            hint="Compare the pairs themselves: tuples of numbers compare number by number.",
        ),
        Misconception(
            "ids_added",
            learn_with(rebuild=merged_with(ids_added)),
            says="the merged token is the sum of its two ids",
            hint="Letters join with `+`, numbers add up. The i-th merge makes first_id + i.",
        ),
        Misconception(
            "merged_into_the_first_words",
            merged_into_the_first_words,
            says="each merge is done in the words as they came in, without the merges before",
            hint="Each round goes on with the words of the round before: which dict do you go "
            "through?",
        ),
        Misconception(
            "flat",
            lambda words, n_merges, first_id: [
                token for pair in learn(words, n_merges, first_id) for token in pair
            ],
            says="the two ids of each pair stand in the list by themselves",
            hint="`+=` and `extend` add all that is in the pair; `append` adds the pair as one "
            "item.",
        ),
        Misconception(
            "latest_first",
            lambda words, n_merges, first_id: learn(words, n_merges, first_id)[::-1],
            says="the list begins with the merge that was learned last",
            hint="`append` puts each pair behind those before it.",
        ),
        Misconception(
            "from_the_right",
            learn_with(rebuild=merged_with(from_the_right)),
            says="the pair is merged from right to left",
            hint="It matters where pairs overlap: in (7, 7, 7) the left two are merged, as in 4.2.",
        ),
        Misconception(
            "list_added_to_a_tuple",
            list_added_to_a_tuple,
            says="a list is added to a tuple",
            hint="The words are tuples. A `merge` that works on lists is called with "
            "`list(word)`; `tuple(...)` of what it gives is a word again.",
        ),
    ],
)


# 4.4 encode a word


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


def in_order(data: list[int], merges: list[Pair], first: int = 256, step=replaced) -> list[int]:
    for new, pair in enumerate(merges, start=first):
        data = step(data, pair, new)
    return data


def to_bytes(text: str) -> list[int]:
    return list(text.encode("utf-8"))


def code_points(word, merges):
    return in_order([ord(letter) for letter in word], merges)


def backwards(word, merges):
    tokens = to_bytes(word)
    for rank in reversed(range(len(merges))):
        tokens = replaced(tokens, merges[rank], 256 + rank)
    return tokens


def only_one(word, merges):
    tokens = to_bytes(word)
    for new, pair in enumerate(merges, start=256):
        if pair in pairwise(tokens):
            return replaced(tokens, pair, new)
    return tokens


def from_left_to_right(tokens, merges):
    """One pass: whatever pair is met is merged, whenever it was learned."""
    passed, i = [], 0
    while i < len(tokens):
        pair = tuple(tokens[i : i + 2])
        passed.append(256 + merges.index(pair) if pair in merges else tokens[i])
        i += 2 if pair in merges else 1
    return passed


def pass_after_pass(word, merges):
    tokens = to_bytes(word)
    while (passed := from_left_to_right(tokens, merges)) != tokens:
        tokens = passed
    return tokens


def leftmost(word, merges):
    """Merge whatever pair stands furthest left, whenever it was learned."""
    tokens = to_bytes(word)
    while found := [i for i, pair in enumerate(pairwise(tokens)) if pair in merges]:
        i = found[0]
        tokens[i : i + 2] = [256 + merges.index((tokens[i], tokens[i + 1]))]
    return tokens


def chosen_by(key):
    """Merge the pair with the smallest key(rank, how often it is in the word, pair)."""

    def encode_otherwise(word, merges):
        tokens = to_bytes(word)
        while found := Counter(pair for pair in pairwise(tokens) if pair in merges):
            pair = min(found, key=lambda pair: key(merges.index(pair), found[pair], pair))
            tokens = replaced(tokens, pair, 256 + merges.index(pair))
        return tokens

    return encode_otherwise


def with_ids(new_id):
    def encode_otherwise(word, merges):
        tokens = to_bytes(word)
        for rank, pair in enumerate(merges):
            tokens = replaced(tokens, pair, new_id(rank))
        return tokens

    return encode_otherwise


def asked_of_too_few(word, merges):
    """By rank, without asking whether a pair is left."""
    tokens = to_bytes(word)
    while (pair := min(pairwise(tokens), key=[*merges, *pairwise(tokens)].index)) in merges:
        tokens = replaced(tokens, pair, 256 + merges.index(pair))
    return tokens


def last_merge_kept(word, merges):
    for new, pair in enumerate(merges, start=256):
        tokens = replaced(to_bytes(word), pair, new)
    return tokens


def first_round_only(word, merges):
    return encode(word, merges[:1]) if merges else None


def longest_match(word, merges):
    spelled = {(byte,): byte for byte in range(256)}
    parts = {byte: (byte,) for byte in range(256)}
    for new, (left, right) in enumerate(merges, start=256):
        parts[new] = parts[left] + parts[right]
        spelled[parts[new]] = new
    data, tokens = tuple(to_bytes(word)), []
    while data:
        n = next(n for n in range(len(data), 0, -1) if data[:n] in spelled)
        tokens.append(spelled[data[:n]])
        data = data[n:]
    return tokens


def stops_at_the_first_that_is_missing(word, merges):
    tokens = to_bytes(word)
    for new, pair in enumerate(merges, start=256):
        if pair not in pairwise(tokens):
            break
        tokens = replaced(tokens, pair, new)
    return tokens


def zero_rank_is_missing(word, merges):
    tokens = to_bytes(word)
    while found := [pair for pair in pairwise(tokens) if pair in merges[1:]]:
        rank = min(map(merges.index, found))
        tokens = replaced(tokens, merges[rank], 256 + rank)
    return tokens


def numbered_as_they_are_met(word, merges):
    tokens, new = to_bytes(word), 256
    for pair in merges:
        if pair in pairwise(tokens):
            tokens = replaced(tokens, pair, new)
            new += 1
    return tokens


def with_the_lessons_join(word, merges):
    """The bytes are a list, of which nothing is merged, and from the second merge on a tuple."""
    tokens = to_bytes(word)
    for i, pair in enumerate(merges):
        tokens = tuple(ids_added(tokens, pair, None) if i else tokens)
    return tokens


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
            code_points,
            says="the letters begin as their code points, `ord`, not as UTF-8 bytes",
            hint="Code points run beyond 255 and would be taken for merged tokens. What does "
            "`encode` of a string give?",
        ),
        Misconception(
            "latin_1",
            lambda word, merges: in_order(list(word.encode("latin-1", "replace")), merges),
            says="the bytes are those of Latin-1",
            hint="Which encoding was the vocabulary learned on? The lesson calls it by name.",
        ),
        Misconception(
            "backwards",
            backwards,
            says="the merges are taken from the last learned to the first",
            hint="Late merges are made of tokens that early ones make: those must come first.",
        ),
        Misconception(
            "only_one",
            only_one,
            says="one merge is done, and then no other",
            hint="Merged tokens may merge again: go on until no pair is left that was learned.",
        ),
        Misconception(
            "first_place_only",
            lambda word, merges: in_order(to_bytes(word), merges, step=first_only),
            says="each merge is done at one place of the word only",
            hint="The pair may stand in the word twice; 4.2 merges it everywhere.",
        ),
        Misconception(
            "leftmost",
            leftmost,
            says="the pair that stands furthest left is merged, whenever it was learned",
            hint="Of all the pairs in the word, which was learned earliest? Place decides only "
            "between equals.",
        ),
        Misconception(
            "longest_match",
            longest_match,
            says="the longest token that fits is taken, from left to right",
            hint="That finds tokens too, but others than training made. Repeat what training did, "
            "merge by merge.",
        ),
        Misconception(
            "stops_at_the_first_that_is_missing",
            stops_at_the_first_that_is_missing,
            says="the work ends at the first learned pair that is not in the word",
            hint="Most pairs of a vocabulary are in no given word. Pass over those, and go on.",
        ),
        Misconception(
            "ids_from_257",
            with_ids(lambda rank: 257 + rank),
            says="the first merge makes the id 257",
            hint="The bytes are 0 to 255. What is the next free id?",
        ),
        Misconception(
            "bytes_alone",
            lambda word, merges: to_bytes(word),
            says="nothing is merged",
            hint="These are the bytes to begin with. Repeat the merges, and keep what `merge` "
            "gives back: it leaves its input as it is.",
        ),
        Misconception(
            "once_through",
            lambda word, merges: from_left_to_right(to_bytes(word), merges),
            says="the word is gone through once, so that no merged token is merged again",
            hint="A merged token may be half of another pair. Repeat the merges one after "
            "another, each on the whole word.",
        ),
        Misconception(
            "pass_after_pass",
            pass_after_pass,
            says="the word is gone through again and again, and whatever learned pair is met is "
            "merged",
            hint="Of all the pairs in the word, which was learned earliest? That one is merged, "
            "and then the question is asked again.",
        ),
        Misconception(
            "commonest_first",
            chosen_by(lambda rank, n, pair: -n),
            says="the pair that is commonest in the word is merged first",
            hint="How common a pair is was asked in training. Here only the order of `merges` "
            "counts.",
        ),
        Misconception(
            "latest_first",
            chosen_by(lambda rank, n, pair: -rank),
            says="of the learned pairs in the word the latest is merged first",
            hint="The rank says how early a pair was learned: the smallest goes first.",
        ),
        Misconception(
            "smallest_first",
            chosen_by(lambda rank, n, pair: pair),
            says="of the learned pairs in the word the one with the smallest ids is merged first",
            hint="Choose by the place of the pair in `merges`, not by its ids.",
        ),
        Misconception(
            "ids_from_255",
            with_ids(lambda rank: 255 + rank),
            says="the first merge makes the id 255",
            hint="The bytes are 0 to 255. What is the next free id?",
        ),
        Misconception(
            "ids_from_0",
            with_ids(lambda rank: rank),
            says="the first merge makes the id 0, which is a byte",
            hint="The bytes are 0 to 255. What is the next free id?",
        ),
        Misconception(
            "always_256",
            with_ids(lambda rank: 256),
            says="every merge makes the id 256",
            hint="The i-th merge makes the id 256 + i: count them.",
        ),
        Misconception(
            "last_merge_missing",
            lambda word, merges: encode(word, merges[:-1]),
            says="the last merge of the list is left out",
            hint="Off by one: `range(n)` stops before n by itself.",
        ),
        Misconception(
            "sorted_merges",
            lambda word, merges: in_order(to_bytes(word), sorted(merges)),
            says="the merges are sorted, and numbered in that order",
            hint="The order of the list is the order in which they were learned: leave it as it "
            "is.",
        ),
        Misconception(
            "last_merge_kept",
            last_merge_kept,
            says="each merge begins with the bytes again, so that only the last one is kept",
            hint="Each merge goes on with what the one before gave: write the result back into "
            "the same name.",
        ),
        Misconception(
            "first_round_only",
            first_round_only,
            says="only the first merge is done",
            hint="A `return` that stands inside the loop ends the function in its first round: "
            "how far is it indented?",
        ),
        Misconception(
            "asked_of_too_few",
            asked_of_too_few,
            says="a pair is chosen though none is left",
            hint="One token, or none, has no pairs: ask how many tokens there are before you "
            "choose.",
        ),
        Misconception(
            "still_bytes",
            lambda word, merges: encode(word, merges) if merges else word.encode(),
            says="a word in which nothing is merged comes back as `bytes`",
            hint="`list(...)` makes a list of ids of it: begin with that.",
        ),
        Misconception(
            "utf_16",
            lambda word, merges: in_order(list(word.encode("utf-16")), merges),
            says="the bytes are those of UTF-16",
            hint="Which encoding does the question name?",
        ),
        Misconception(
            "ascii_only",
            lambda word, merges: in_order(list(word.encode("ascii", "ignore")), merges),
            says="letters outside ASCII are left out",
            hint="Nothing may get lost. Which encoding does the question name?",
        ),
        Misconception(
            "letters",
            lambda word, merges: list(word),
            says="the word is taken letter by letter, and its letters come out",
            hint="`list(word)` gives letters; a byte-level tokenizer begins with the bytes of the "
            "word, which are numbers. What does `encode` of a string give?",
        ),
        Misconception(
            "letters_in_a_tuple",
            lambda word, merges: tuple(word),
            says="the word is taken letter by letter, and a tuple of its letters comes out",
            hint="The lesson began with letters. A byte-level tokenizer begins with the bytes of "
            "the word, which are numbers. What does `encode` of a string give?",
        ),
        Misconception(
            "ids_added",
            lambda word, merges: in_order(to_bytes(word), merges, step=ids_added),
            says="a merged token is the sum of its two ids",
            hint="Letters join with `+`, numbers add up. The i-th merge makes the id 256 + i.",
        ),
        Misconception(
            "with_the_lessons_join",
            with_the_lessons_join,
            says="the lesson's `join` merges a list of bytes",
            hint="`join` works on tuples of letters: no slice of a list equals the pair, and `+` "
            "adds ids up instead of joining them. Take your `merge` of 4.2.",
        ),
        Misconception(
            "joined_as_letters",
            lambda word, merges: tuple(in_order(to_bytes(word), merges, step=ids_added)),
            says="a merged token is the sum of its two ids, and a tuple comes back",
            hint="The lesson's `join` works on letters, where `+` joins; numbers add up. The i-th "
            "merge makes the id 256 + i: take your `merge` of 4.2.",
        ),
        Misconception(
            "zero_rank_is_missing",
            zero_rank_is_missing,
            says="the first merge, whose place in the list is 0, is taken for none",
            hint="0 is a place like any other, but it counts as false: ask `in`, or `is not None`.",
        ),
        Misconception(
            "numbered_as_they_are_met",
            numbered_as_they_are_met,
            says="the next id is counted only where a merge is done",
            hint="The id belongs to the merge, whether the word has its pair or not: "
            "`enumerate` counts them all.",
        ),
        Misconception(
            "shrinks_meanwhile",
            lambda word, merges: in_order(to_bytes(word), merges, step=shrinks_meanwhile),
            says="the list gets shorter while the loop still goes to its old length",
            hint="A `range` is made once, with the length at the beginning. Take your `merge` of "
            "4.2, or build a new list.",
        ),
    ],
)


# 4.5 spaces that can be seen


def mark_spaces(text: str) -> list[str]:
    return re.findall("▁+[^▁]*", "▁" + text.replace(" ", "▁")) if text else []


def mark_spaces_cases(generator):
    letters = "".join(chr(ord("a") + i) for i in pick(generator, 6, 0, 25))
    x, y, z = letters[:2], letters[2:5], letters[5:]
    yield {"text": f"{x} {y}"}
    yield {"text": x}
    yield {"text": f"{x}  {y} {z}"}
    yield {"text": f" {x} {y}"}
    yield {"text": f"{y}   "}
    yield {"text": f"{x}\n{y} {z}"}  # only a space is a space
    yield {"text": "  "}
    yield {"text": f"{x.upper()}   {y}"}
    yield {"text": f"{x}, 4 {y}"}  # a word ends at a space, whatever stands before it
    yield {"text": f"{y} {x} {y}"}
    yield {"text": f"{x} \n{y}"}
    yield {"text": " "}
    yield {"text": ""}
    yield {"text": "".join("a "[i] for i in word(generator, 8, [0, 1]))}


def no_space_in_front(text):
    return re.findall("▁+[^▁]*|^[^▁]+", text.replace(" ", "▁"))


def joined(text):
    return ["▁" + text.replace(" ", "▁")] if text else []


def first_beside_last(text):
    words, marked = [], "".join(joined(text))
    for i, character in enumerate(marked):
        if character == "▁" != marked[i - 1]:
            words.append("")
        words[-1] += character
    return words


def first_bare(text):
    first, *others = text.split(" ")
    return [first] + ["▁" + each for each in others] if text else []


def cut_before_the_last_of_a_run(text):
    return re.split("(?s)(?<=.)(?=▁(?!▁))", "".join(joined(text))) if text else []


def space_after_replacing(text):
    return re.findall("^ [^▁]*|▁+[^▁]*", " " + text.replace(" ", "▁")) if text else []


def cut_only_behind_letters(text):
    return re.split("(?<=[a-zA-Z])(?=▁)", "".join(joined(text))) if text else []


MARK_SPACES = Question(
    "tokenizer.mark_spaces",
    points=2,
    cases=mark_spaces_cases,
    reference=mark_spaces,
    misconceptions=[
        Misconception(
            "no_space_in_front",
            no_space_in_front,
            says="no space is put in front of the text",
            hint="The first word shall look like any other: what stands before the others?",
        ),
        Misconception(
            "split",
            lambda text: ["▁" + each for each in text.split()],
            says="spaces at the ends, and all but one between words, are lost (`split()` does "
            "that)",
            hint="Nothing may get lost: two spaces are two ▁, and a line break is no space.",
        ),
        Misconception(
            "split_at_spaces",
            lambda text: ["▁" + each for each in text.split(" ")] if text else [],
            says="every ▁ begins a word, also one that follows another ▁",
            hint="Spaces in a row belong together, to the word that follows them.",
        ),
        Misconception(
            "empty_text",
            lambda text: re.findall("▁+[^▁]*", "▁" + text.replace(" ", "▁")),
            says="an empty text gets a space in front",
            hint="No text, no words.",
        ),
        Misconception(
            "prefix_unless_there",
            lambda text: mark_spaces(text[1:] if text.startswith(" ") and text != " " else text),
            says="a text that begins with a space gets none in front",
            hint="Then decoding could not tell it from the text without that space: one is put in "
            "front in any case.",
        ),
        Misconception(
            "spaces_behind",
            lambda text: re.findall("[^▁]*▁+|[^▁]+", "▁" + text.replace(" ", "▁")) if text else [],
            says="a word has its spaces behind it",
            hint="▁ opens a word; look at `▁to` and `▁be`.",
        ),
        Misconception(
            "not_cut",
            joined,
            says="the text is marked but not cut into words",
            hint="The result is a list with an item for each word.",
        ),
        Misconception(
            "underscore",
            lambda text: [each.replace("▁", "_") for each in mark_spaces(text)],
            says="the underscore _ is written for ▁",
            hint="They look alike. ▁ is U+2581, which hardly any text holds; copy it from here.",
        ),
        Misconception(
            "spaces_left",
            lambda text: [each.replace("▁", " ") for each in mark_spaces(text)],
            says="the spaces are not written as ▁",
            hint="The cuts are right; `replace` does the rest. It gives a new string: is that "
            "kept?",
        ),
        Misconception(
            "spaces_apart",
            lambda text: re.findall("▁+|[^▁]+", "▁" + text.replace(" ", "▁")) if text else [],
            says="spaces and words are cut from each other",
            hint="The spaces stay with the word that follows: one item, not two.",
        ),
        Misconception(
            "split_at_spaces_and_nothing",
            lambda text: ["▁" + each for each in text.split(" ")],
            says="every ▁ begins a word, and an empty text gets one, too",
            hint="Two things: spaces in a row belong together, to the word that follows them; and "
            "where there is no text there are no words.",
        ),
        Misconception(
            "marks_cut_away",
            lambda text: ("▁" + text.replace(" ", "▁")).split("▁") if text else [],
            says="the spaces, or their ▁, are taken out where the text is split",
            hint="`split` drops what it splits at. All pieces joined must be the whole text.",
        ),
        Misconception(
            "last_of_a_run",
            lambda text: re.findall("▁+(?=▁[^▁])|▁[^▁]+|▁+", joined(text)[0]) if text else [],
            says="of several spaces only the last one goes with the word",
            hint="A ▁ that follows another ▁ begins no word: they all stand in front of the word "
            "together.",
        ),
        Misconception(
            "end_lost",
            lambda text: re.findall("▁+[^▁]+", "▁" + text.replace(" ", "▁")) if text else [],
            says="spaces at the end are lost",
            hint="Nothing may get lost: spaces that no word follows are a word by themselves.",
        ),
        Misconception(
            "stripped",
            lambda text: mark_spaces(text.strip(" ")) or ["▁"][: len(text)],
            says="spaces at both ends are lost",
            hint="Nothing may get lost: leave `strip` out.",
        ),
        Misconception(
            "stripped_to_nothing",
            lambda text: mark_spaces(text.strip(" ")),
            says="spaces at both ends are lost, and with them a text of spaces alone",
            hint="Nothing may get lost: leave `strip` out.",
        ),
        Misconception(
            "empty_left_out",
            lambda text: ["▁" + each for each in text.split(" ") if each],
            says="spaces at the ends are lost, and of several in a row one is left",
            hint="Nothing may get lost: two spaces are two ▁. The empty pieces of `split(' ')` "
            "stood for spaces.",
        ),
        Misconception(
            "collapsed",
            lambda text: mark_spaces(re.sub(" +", " ", text)),
            says="several spaces become one",
            hint="Nothing may get lost: each space is a ▁.",
        ),
        Misconception(
            "all_blanks",
            lambda text: mark_spaces(re.sub(r"\s", " ", text)),
            says="a line break is marked as a space",
            hint="Only a space is a space; a line break stays as it is.",
        ),
        Misconception(
            "last_word_missing",
            lambda text: mark_spaces(text)[:-1],
            says="the last word is missing",
            hint="A word is put in the list where the next one begins. What does so for the last?",
        ),
        Misconception(
            "nothing_in_front",
            lambda text: ["", *mark_spaces(text)] if text else [],
            says="the list begins with an empty word",
            hint="At the first ▁ there is no word before it to put away.",
        ),
        Misconception(
            "no_marks_found",
            lambda text: [],
            says="no word is found at all",
            hint="Is there a ▁ in the string that you cut? `text.replace` gives a new string and "
            "leaves the old one as it is.",
        ),
        Misconception(
            "letter_by_letter",
            lambda text: list("▁" + text.replace(" ", "▁")) if text else [],
            says="every character is a word",
            hint="Only a ▁ that does not follow another begins one; all else goes on with the "
            "word before.",
        ),
        Misconception(
            "first_beside_last",
            first_beside_last,
            says="the first ▁ is compared with the last character, which may be one, too",
            hint="`t[i - 1]` at i = 0 is `t[-1]`. The first character always begins a word.",
        ),
        Misconception(
            "nothing_replaced",
            lambda text: ["▁" + text] if text else [],
            says="a ▁ stands in front, and no other space is marked",
            hint="`text.replace` gives a new string and leaves the old one as it is: keep what it "
            "gives.",
        ),
        Misconception(
            "not_cut_nor_empty",
            lambda text: ["▁" + text.replace(" ", "▁")],
            says="the text is marked but not cut into words, and an empty text gets a ▁, too",
            hint="Two things: the result is a list with an item for each word; and where there is "
            "no text there are no words.",
        ),
        Misconception(
            "letter_by_letter_nor_empty",
            lambda text: list("▁" + text.replace(" ", "▁")),
            says="every character is a word, and an empty text gets a ▁, too",
            hint="`list` of a string gives its characters. A word begins at a ▁ that does not "
            "follow another; and where there is no text there are no words.",
        ),
        Misconception(
            "cut_before_the_last_of_a_run",
            cut_before_the_last_of_a_run,
            says="a word begins at the last ▁ of several in a row",
            hint="It begins at the first of them: look at what stands before a ▁, not at what "
            "comes after it.",
        ),
        Misconception(
            "space_after_replacing",
            space_after_replacing,
            says="the space in front of the text is not written as ▁",
            hint="It was put there after the others had been replaced: put it there before, or "
            "put a ▁.",
        ),
        Misconception(
            "blank_is_empty",
            lambda text: mark_spaces(text) if text.strip() else [],
            says="a text of nothing but spaces is taken for empty",
            hint="Nothing may get lost: only where there is no character at all there are no "
            "words.",
        ),
        Misconception(
            "left_stripped",
            lambda text: mark_spaces(text.lstrip(" ")) or ["▁"][: len(text)],
            says="spaces at the beginning are lost",
            hint="Nothing may get lost: the one in front is put there besides those of the text.",
        ),
        Misconception(
            "right_stripped",
            lambda text: mark_spaces(text.rstrip(" ")) or ["▁"][: len(text)],
            says="spaces at the end are lost, and of a text of spaces alone one ▁ is left",
            hint="Nothing may get lost: spaces that no word follows are a word by themselves.",
        ),
        Misconception(
            "spaces_stay",
            lambda text: [" " + text] if text else [],
            says="a space is put in front, and nothing is marked or cut",
            hint="`text.replace` gives a new string and leaves the old one as it is: keep what it "
            "gives.",
        ),
        Misconception(
            "collapsed_with_the_first",
            lambda text: mark_spaces(re.sub(" +", " ", " " + text)[1:]) or ["▁"][: len(text)],
            says="several ▁ become one, that in front of the text too",
            hint="Nothing may get lost: each space is a ▁.",
        ),
        Misconception(
            "two_in_front",
            lambda text: mark_spaces(" " + text) if text else [],
            says="two spaces are put in front of the text",
            hint="One is put there. Does it happen at two places?",
        ),
        Misconception(
            "empty_word",
            lambda text: mark_spaces(text) or [""],
            says="an empty text is one empty word",
            hint="No text, no words: the list itself is empty.",
        ),
        Misconception(
            "first_bare",
            first_bare,
            says="the first word has no ▁, and every space begins a word",
            hint="Two things: a space is put in front of the text, so that its first word looks "
            "like any other; and spaces in a row belong together, to the word that follows.",
        ),
        Misconception(
            "commas_apart",
            lambda text: [
                piece for each in mark_spaces(text) for piece in re.findall("[^,]+|,", each)
            ],
            says="a comma is a word by itself",
            hint="A word ends only at a space. Pieces such as ▁Oh and , are made within the word "
            "▁Oh, later, by merging.",
        ),
        Misconception(
            "cut_only_behind_letters",
            cut_only_behind_letters,
            says="a ▁ begins a word only if a letter stands before it",
            hint="Ask whether what stands before is another ▁; a comma, a digit or a line break "
            "ends a word as a letter does.",
        ),
        Misconception(
            "each_word_once",
            lambda text: list(dict.fromkeys(mark_spaces(text))),
            says="a word that comes again is listed only once",
            hint="Nothing may get lost: these are the words of the text, in their order, not the "
            "different ones.",
        ),
    ],
)


# 4.6 byte fallback


def fall_back(text: str, vocab: dict[str, int], first_byte_id: int) -> list[int]:
    ids = []
    for character in text:
        spelled = [first_byte_id + byte for byte in character.encode("utf-8")]
        ids += [vocab[character]] if character in vocab else spelled
    return ids


def fall_back_cases(generator):
    first = whole(generator, 4, 40)
    letters = [chr(ord("a") + i) for i in pick(generator, 4, 0, 25)]
    vocab = dict(zip([*letters[:3], "中"], pick(generator, 4, 400, 900), strict=True))
    x, y, z, absent = letters
    yield {"text": x + y + x, "vocab": vocab, "first_byte_id": first}
    yield {"text": x + absent + z, "vocab": vocab, "first_byte_id": first}
    yield {"text": "é" + y, "vocab": vocab, "first_byte_id": first}
    yield {"text": y + "中龘", "vocab": vocab, "first_byte_id": first}
    yield {"text": "🤗" + x, "vocab": vocab, "first_byte_id": first}
    yield {"text": "é", "vocab": {"é": 0, x: 1}, "first_byte_id": first}  # 0 is an id too
    yield {"text": f"{x} {x}", "vocab": vocab, "first_byte_id": first}  # a space is a character
    yield {"text": f"龘{y}龘", "vocab": vocab, "first_byte_id": first}
    yield {"text": f"{x}\n", "vocab": {"\n": 500, x: 501}, "first_byte_id": first}
    yield {"text": f"{absent}e\u0301", "vocab": vocab, "first_byte_id": first}  # two characters
    yield {"text": "ﬁ" + x.upper(), "vocab": vocab, "first_byte_id": first}  # one character, no fi
    yield {"text": "", "vocab": vocab, "first_byte_id": first}


def utf_8(character: str, first: int) -> list[int]:
    return [first + byte for byte in character.encode("utf-8")]


def spelled_with(spell):
    """Byte fallback with another spelling of what the vocabulary lacks."""

    def fall_back_otherwise(text, vocab, first_byte_id):
        ids = []
        for character in text:
            known = character in vocab
            ids += [vocab[character]] if known else spell(character, first_byte_id)
        return ids

    return fall_back_otherwise


def whole_text(text, vocab, first_byte_id):
    is_known = all(character in vocab for character in text)
    return fall_back(text, vocab if is_known else {}, first_byte_id)


def known_twice(text, vocab, first_byte_id):
    ids = []
    for character in text:
        ids += [vocab[character]] if character in vocab else []
        ids += utf_8(character, first_byte_id)
    return ids


def text_for_each(text, vocab, first_byte_id):
    return spelled_with(lambda _, first: utf_8(text, first))(text, vocab, first_byte_id)


def looked_up_all_the_same(text, vocab, first_byte_id):
    return [vocab[character] for character in text]


def new_ids(text, vocab, first_byte_id):
    ids = dict(vocab)
    return [ids.setdefault(character, len(ids)) for character in text]


def all_moved(text, vocab, first_byte_id):
    return fall_back(text, {c: first_byte_id + i for c, i in vocab.items()}, first_byte_id)


def ascii_looked_up(text, vocab, first_byte_id):
    return fall_back(text, {c: i for c, i in vocab.items() if c.isascii()}, first_byte_id)


def zero_is_missing(text, vocab, first_byte_id):
    return fall_back(text, {character: i for character, i in vocab.items() if i}, first_byte_id)


def place_as_key(text, vocab, first_byte_id):
    ids = []
    for i, character in enumerate(text):
        ids += [vocab[i]] if character in vocab else utf_8(character, first_byte_id)
    return ids


def spelled_once(text, vocab, first_byte_id):
    seen, ids = set(), []
    for character in text:
        if character not in seen:
            ids += fall_back(character, vocab, first_byte_id)
        if character not in vocab:
            seen.add(character)
    return ids


def ends_at_a_missing_one(text, vocab, first_byte_id):
    n_known = next((i for i, c in enumerate(text) if c not in vocab), len(text))
    return fall_back(text[: n_known + 1], vocab, first_byte_id)


def known_first(text, vocab, first_byte_id):
    return fall_back("".join(sorted(text, key=lambda c: c not in vocab)), vocab, first_byte_id)


def known_once_per_byte(text, vocab, first_byte_id):
    repeated = "".join(c * len(c.encode()) if c in vocab else c for c in text)
    return fall_back(repeated, vocab, first_byte_id)


def changed_before(change):
    """Byte fallback on another text."""
    return lambda text, vocab, first_byte_id: fall_back(change(text), vocab, first_byte_id)


FALL_BACK = Question(
    "tokenizer.fall_back",
    points=2,
    cases=fall_back_cases,
    reference=fall_back,
    equivalent_mutants={
        "ids += [first_byte_id + byte for byte in character.encode('utf-8')] -> "
        "ids += [first_byte_id + byte for byte in character.encode()]": (
            "UTF-8 is what encode uses by default"
        ),
    },
    misconceptions=[
        Misconception(
            "no_offset",
            spelled_with(lambda character, first: list(character.encode("utf-8"))),
            says="the bytes themselves are taken for ids",
            hint="The first ids of a vocabulary are control tokens; where do the bytes begin?",
        ),
        Misconception(
            "code_point",
            spelled_with(lambda character, first: [first + ord(character)]),
            says="one id is made from the code point of the character",
            hint="There are 256 byte tokens, and far more code points. Which bytes spell the "
            "character in UTF-8?",
        ),
        Misconception(
            "unknown",
            spelled_with(lambda character, first: [0]),
            says="what is missing becomes the unknown token, 0",
            hint="That loses what it was. Byte fallback is there so that nothing is unknown.",
        ),
        Misconception(
            "left_out",
            spelled_with(lambda character, first: []),
            says="what is missing is left out",
            hint="Nothing may get lost: spell the character in bytes.",
        ),
        Misconception(
            "bytes_only",
            lambda text, vocab, first_byte_id: fall_back(text, {}, first_byte_id),
            says="every character is spelled in bytes",
            hint="A character that the vocabulary holds is one token; ask it first.",
        ),
        Misconception(
            "whole_text",
            whole_text,
            says="a single missing character sends the whole text into bytes",
            hint="Decide for each character by itself.",
        ),
        Misconception(
            "utf_16",
            spelled_with(lambda c, first: [first + byte for byte in c.encode("utf-16-le")]),
            says="the bytes are those of UTF-16",
            hint="Which encoding does the question name?",
        ),
        Misconception(
            "first_byte_only",
            spelled_with(lambda character, first: utf_8(character, first)[:1]),
            says="only the first byte of a character is written",
            hint="A character may have up to four bytes, and all of them are needed.",
        ),
        Misconception(
            "bytes_reversed",
            spelled_with(lambda character, first: utf_8(character, first)[::-1]),
            says="the bytes of a character are written last to first",
            hint="UTF-8 is read from the first byte to the last.",
        ),
        Misconception(
            "zero_is_missing",
            zero_is_missing,
            says="a character whose id is 0 is taken for missing",
            hint="0 is an id like any other, but it counts as false: ask whether the character is "
            "`in` the vocabulary.",
        ),
        Misconception(
            "none",
            spelled_with(lambda character, first: [None]),
            says="what is missing becomes None",
            hint="`vocab.get(character)` gives None for what the vocabulary lacks. Spell that in "
            "bytes instead.",
        ),
        Misconception(
            "looked_up_all_the_same",
            looked_up_all_the_same,
            says="what the vocabulary lacks is looked up in it all the same",
            hint="Ask `character in vocab` first; what is not there is spelled in bytes.",
        ),
        Misconception(
            "one_id_for_all",
            spelled_with(lambda character, first: [first]),
            says="whatever is missing becomes first_byte_id",
            hint="That is the token of byte 0. Byte b has the id first_byte_id + b: go through "
            "the bytes.",
        ),
        Misconception(
            "known_twice",
            known_twice,
            says="what the vocabulary holds is spelled in bytes as well",
            hint="One or the other: is there an `else`?",
        ),
        Misconception(
            "text_for_each",
            text_for_each,
            says="the whole text is spelled out for each character that is missing",
            hint="Spell only the character that is missing: `character.encode`, not `text.encode`.",
        ),
        Misconception(
            "new_ids",
            new_ids,
            says="what is missing gets a new id at the end of the vocabulary",
            hint="The vocabulary stays as it is: the model knows no other ids. Spell what is "
            "missing in bytes.",
        ),
        Misconception(
            "last_byte_only",
            spelled_with(lambda character, first: utf_8(character, first)[-1:]),
            says="only the last byte of a character is written",
            hint="A character may have up to four bytes, and all of them are needed.",
        ),
        Misconception(
            "bytes_added_up",
            spelled_with(lambda character, first: [first + sum(character.encode())]),
            says="the bytes of a character are added up into one id",
            hint="Each byte has a token of its own: a character of three bytes becomes three ids.",
        ),
        Misconception(
            "bytes_as_one_number",
            spelled_with(lambda c, first: [first + int.from_bytes(c.encode(), "big")]),
            says="the bytes of a character are read as one large number",
            hint="Each byte has a token of its own: a character of three bytes becomes three ids.",
        ),
        Misconception(
            "list_in_the_list",
            spelled_with(lambda character, first: [utf_8(character, first)]),
            says="the bytes of a character are a list within the list",
            hint="`append` adds one item; `extend` and `+=` add all that is in a list.",
        ),
        Misconception(
            "first_character_only",
            lambda text, vocab, first_byte_id: (
                fall_back(text[0], vocab, first_byte_id) if text else None
            ),
            says="only the first character is looked at",
            hint="A `return` that stands inside the loop ends the function in its first round: "
            "how far is it indented?",
        ),
        Misconception(
            "all_moved",
            all_moved,
            says="first_byte_id is added to the ids of the vocabulary, too",
            hint="What the vocabulary gives is an id already. Only bytes have to be moved.",
        ),
        Misconception(
            "bytes_from_256",
            spelled_with(lambda character, first: utf_8(character, 256)),
            says="the bytes begin at 256, whatever first_byte_id is",
            hint="Where they begin is the argument `first_byte_id`.",
        ),
        Misconception(
            "bytes_from_3",
            spelled_with(lambda character, first: utf_8(character, 3)),
            says="the bytes begin at 3, whatever first_byte_id is",
            hint="So it is in LLaMA's vocabulary; here the argument `first_byte_id` says it.",
        ),
        Misconception(
            "minus",
            spelled_with(lambda character, first: utf_8(character, -first)),
            says="first_byte_id is subtracted",
            hint="The token of byte 0 is first_byte_id, that of byte 1 comes after it.",
        ),
        Misconception(
            "counted_up",
            spelled_with(lambda c, first: [first + i for i in range(len(c.encode()))]),
            says="the ids count up from first_byte_id, whatever the bytes are",
            hint="The byte itself says which token it is, not its place in the character.",
        ),
        Misconception(
            "latin_1",
            spelled_with(
                lambda c, first: [first + byte for byte in c.encode("latin-1", "replace")]
            ),
            says="the bytes are those of Latin-1",
            hint="Which encoding does the question name?",
        ),
        Misconception(
            "utf_16_with_mark",
            spelled_with(lambda c, first: [first + byte for byte in c.encode("utf-16")]),
            says="the bytes are those of UTF-16, with its mark in front",
            hint="Which encoding does the question name?",
        ),
        Misconception(
            "ascii_looked_up",
            ascii_looked_up,
            says="only characters of ASCII are looked up in the vocabulary",
            hint="Go through the characters, not the bytes: 中 is one character and three bytes, "
            "and `chr` of a byte is not 中.",
        ),
        Misconception(
            "place_as_key",
            place_as_key,
            says="the vocabulary is asked for the place of a character in the text",
            hint="Its keys are characters: `vocab[text[i]]`, not `vocab[i]`.",
        ),
        Misconception(
            "known_once_per_byte",
            known_once_per_byte,
            says="what the vocabulary holds is written once for each of its bytes",
            hint="中 is three bytes and one token: go through the bytes only of what is missing.",
        ),
        Misconception(
            "ends_at_a_missing_one",
            ends_at_a_missing_one,
            says="the work ends after the first character that is missing",
            hint="The text goes on behind it: is there a `return` or a `break` in the loop?",
        ),
        Misconception(
            "known_first",
            known_first,
            says="what is missing is put behind all that the vocabulary holds",
            hint="The ids come in the order of the text: put both kinds into one list.",
        ),
        Misconception(
            "spelled_once",
            spelled_once,
            says="a character that is missing is spelled only the first time",
            hint="Nothing may get lost: spell it wherever it stands.",
        ),
        Misconception(
            "marked",
            changed_before(lambda text: text.replace(" ", "▁")),
            says="a space is written as ▁ first",
            hint="That was 4.5. Here a space is a character like any other: is it in the "
            "vocabulary?",
        ),
        Misconception(
            "spaces_left_out",
            changed_before(lambda text: text.replace(" ", "")),
            says="spaces are left out",
            hint="Nothing may get lost: a space is a character like any other.",
        ),
        Misconception(
            "split",
            changed_before(lambda text: "".join(text.split())),
            says="spaces and line breaks are left out (`split()` does that)",
            hint="Nothing may get lost: go through the characters of the text itself.",
        ),
        Misconception(
            "composed",
            changed_before(lambda text: unicodedata.normalize("NFC", text)),
            says="a letter and an accent that follows it are made one character first",
            hint="Nothing may be changed: they are two characters, and each is looked up.",
        ),
    ],
)


QUESTIONS = [COUNT_PAIRS, MERGE, LEARN, ENCODE, MARK_SPACES, FALL_BACK]
