"""4.4 Encode a word."""

from collections import Counter
from itertools import pairwise

from llama_edu.course.checking.draw import pick
from llama_edu.course.checking.questions import Misconception, Question
from llama_edu.tokenizer.merging import merge_pairs

from .merge import first_only, ids_added, replaced, shrinks_meanwhile
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
            "one_id_for_all",
            lambda word, merges: with_ids(lambda rank: 256 + len(merges))(word, merges),
            says="every merge makes the same id, 256 + the number of merges",
            hint="The i-th merge makes the id 256 + i: count them.",
        ),
        Misconception(
            "letter_by_letter",
            lambda word, merges: [i for letter in word for i in encode(letter, merges)],
            says="every letter is encoded by itself, so that no two are merged",
            hint="Make one list of all bytes of the word, then merge in it.",
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
