"""4.1 Count the pairs."""

from collections import Counter
from itertools import combinations, pairwise

from llama_edu.course.checking.draw import pick
from llama_edu.course.checking.questions import Misconception, Question

from .merge import replaced
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


def counted_with(pairs_of=pairwise, add=lambda before, n: (before or 0) + n):
    """Counting with other pairs, or with another way to add; before is None at first."""

    def count_otherwise(words):
        counts = {}
        for tokens, n in words.items():
            for pair in pairs_of(tokens):
                counts[pair] = add(counts.get(pair), n)
        return counts

    return count_otherwise


def counted_in(amount):
    """Counting with another amount for each pair."""

    def count_otherwise(words):
        counts = Counter()
        for tokens in words:
            for pair in pairwise(tokens):
                counts[pair] += amount(words, tokens, pair)
        return dict(counts)

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
            "with_the_first",
            counted_with(lambda tokens: [(tokens[0], token) for token in tokens[1:]]),
            says="every token is paired with the first one of its word",
            hint="After each token it becomes the one before: is that set at the end of the round?",
        ),
        Misconception(
            "with_itself",
            counted_with(lambda tokens: zip(tokens, tokens, strict=True)),
            says="every token is paired with itself",
            hint="`zip` takes what stands at the same place: the second row must begin one later.",
        ),
        Misconception(
            "next_but_one",
            counted_with(lambda tokens: zip(tokens, tokens[2:], strict=False)),
            says="a token is paired with the next but one",
            hint="Off by one: places are counted from 0, so that `tokens[1:]` begins one later.",
        ),
        Misconception(
            "equal_left_out",
            counted_with(lambda tokens: [pair for pair in pairwise(tokens) if len({*pair}) == 2]),
            says="a pair of two equal tokens is left out",
            hint="(7, 7) is a pair like any other; *oo* and *ee* are common.",
        ),
        Misconception(
            "both_ways",
            counted_with(lambda tokens: [*pairwise(tokens), *pairwise(tokens[::-1])]),
            says="each pair is counted from left to right and from right to left",
            hint="(a, b) means a, then b. Each place of a word is one pair.",
        ),
        Misconception(
            "slices_of_one",
            counted_with(lambda tokens: [(token,) for token in tokens[:-1]]),
            says="the keys are slices of one token",
            hint="`tokens[i : i + 1]` holds one item: a slice leaves out its end.",
        ),
        Misconception(
            "slices_of_three",
            counted_with(lambda tokens: [tokens[i : i + 3] for i in range(len(tokens) - 1)]),
            says="the keys are slices of three tokens",
            hint="A slice leaves out its end: how far does one of two tokens go?",
        ),
        Misconception(
            "pairs_taken_apart",
            lambda words: dict(Counter(t for w in words for pair in pairwise(w) for t in pair)),
            says="the two tokens of each pair are counted, one by one",
            hint="`update` counts what is in the thing that it is given: of a pair, its tokens.",
        ),
        Misconception(
            "short_left_out",
            lambda words: count_pairs({w: n for w, n in words.items() if len(w) > 2}),
            says="words of two tokens are left out",
            hint="Two tokens are a pair. From which length on has a word one?",
        ),
        Misconception(
            "words_as_tokens",
            lambda words: dict(Counter(pairwise(words))),
            says="whole words are paired",
            hint="The keys of the dict are words. In each of them stand the tokens.",
        ),
        Misconception(
            "numbered_words",
            lambda words: {words[i]: 0 for i in range(len(words))},
            says="the words are asked for by number",
            hint="A dict has keys, not places: `for word, n in words.items()`.",
        ),
        Misconception(
            "asked_with_the_pair",
            counted_in(lambda words, tokens, pair: words[pair]),
            says="the dict of the words is asked for a pair",
            hint="Its keys are words. How often does the word occur in which the pair stands?",
        ),
        Misconception(
            "count_first",
            lambda words: {pair: n for n, tokens in words.items() for pair in pairwise(tokens)},
            says="what should be a word is its count",
            hint="`items()` gives key and value in this order: first the word, then how often.",
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
