"""2.3 How alike are two texts?"""

from collections import Counter

from llama_edu.course.checking.draw import whole
from llama_edu.course.checking.questions import Misconception, Question
from llama_edu.data.dedup import character_shingles, jaccard

from .repeated_share import ONCE_ONLY


def pieces(text: str, n: int) -> set[str]:
    return {text[i : i + n] for i in range(len(text) - n + 1)}


def similarity(a: str, b: str, n: int) -> float:
    return len(pieces(a, n) & pieces(b, n)) / len(pieces(a, n) | pieces(b, n))


def similarity_cases(generator):
    def letters(n, low=0, high=25):
        return "".join(chr(ord("a") + whole(generator, low, high)) for _ in range(n))

    x, y = letters(5), letters(4)
    yield {"a": "abcd", "b": "bcde", "n": 2}
    yield {"a": f"to {x} {y} be", "b": f"to {x} be", "n": 3}
    yield {"a": f"ab{x}", "b": f"AB{x} ab", "n": 2}  # upper and lower case, and spaces
    yield {"a": "banana", "b": f"ban{y}ana", "n": 2}  # pieces that come twice
    yield {"a": "  ab c ", "b": "ab  c", "n": 2}  # spaces at the ends, and double ones
    yield {"a": "ab\n", "b": "ab ", "n": 2}  # a line end is no space
    yield {"a": "ab.", "b": "ab!", "n": 2}  # punctuation
    yield {"a": x, "b": f"{x}{y[:2]}", "n": 5}  # one piece, and three
    yield {"a": f"{y}{x}{x}", "b": f"{x}, {y[:2]}", "n": 1}
    yield {"a": x, "b": x, "n": 3}
    yield {"a": letters(12, high=2), "b": letters(9, high=2), "n": 2}
    yield {"a": f"{x}{y}{x}", "b": f"{y}{x}", "n": 3}
    yield {"a": f"abc{x}", "b": "12345", "n": 4}


def compared(pieces_of=pieces, compare=lambda a, b: len(a & b) / len(a | b)):
    """A similarity with other pieces, or another way to compare them."""
    return lambda a, b, n: compare(pieces_of(a, n), pieces_of(b, n))


def lists(text, n):
    return Counter(text[i : i + n] for i in range(len(text) - n + 1))


def multiset(a, b):
    return (a & b).total() / (a | b).total()


def cut(n_starts=lambda text, n: len(text) - n + 1, piece=lambda text, i, n: text[i : i + n]):
    """Pieces that begin or end elsewhere."""
    return lambda text, n: {piece(text, i, n) for i in range(n_starts(text, n))}


def blocks(text, n):
    return {text[i : i + n] for i in range(0, len(text), n)}


def whole_blocks(text, n):
    return {text[i : i + n] for i in range(0, len(text) - n + 1, n)}


def words(text, n):
    found = text.split()
    return {" ".join(found[i : i + n]) for i in range(len(found) - n + 1)}


def share(a, b):
    """0 where there is nothing to share, so that a short text does not fail."""
    return len(a & b) / len(a | b) if a | b else 0.0


def in_place(a, b):
    return sum(first == second for first, second in zip(a, b, strict=False))


def listed(both, either):
    """Pieces in lists, where one may stand twice."""

    def compare(a, b, n):
        a, b = ([text[i : i + n] for i in range(len(text) - n + 1)] for text in (a, b))
        return both(a, b) / either(a, b)

    return compare


def from_a_in_b(a, b):
    return sum(piece in b for piece in a)


def in_both(a, b):
    return len(set(a) & set(b))


def in_either(a, b):
    return len(set(a) | set(b))


def long_as_the_first(a, b, n):
    of_b = {b[i : i + n] for i in range(len(a) - n + 1)}
    return share(pieces(a, n), of_b)


def long_as_the_shorter(a, b, n):
    length = min(len(a), len(b))
    return similarity(a[:length], b[:length], n)


def gone_the_second_time(a, b, n):
    """Pieces that are cut when they are asked for, and asked for twice."""
    a, b = (iter(pieces(text, n)) for text in (a, b))
    n_both = len(set(a) & set(b))
    return n_both / len(set(a) | set(b))


def letters_and_spaces(text):
    return "".join(c for c in text if c.isalnum() or c.isspace())


def on_one_line(text):
    return " ".join(text.split())


IN_SETS = "Lists hold a piece as often as it comes. Put the pieces into sets."
EVERY_CHARACTER = "Every character counts as it is, spaces and line ends too."
CONTAINMENT = (
    "That is containment, which is not the same when a and b change places. Divide by what either "
    "has. (`update` and its like change the set: does each still hold all its pieces?)"
)
NO_PLACE = "One letter more at the beginning would change all. A set asks for no place."
WHERE_LAST = (
    "A text of 5 characters has 3 pieces of 3, and one of 5. Where does the last one begin?"
)


SIMILARITY = Question(
    "corpus.similarity",
    points=2,
    cases=similarity_cases,
    reference=similarity,
    misconceptions=[
        Misconception(
            "dice",
            compared(compare=lambda a, b: 2 * len(a & b) / (len(a) + len(b))),
            says="it is the Dice coefficient, twice what both have over the sum of the two sizes",
            hint="That measures likeness too. Jaccard divides by the pieces that either has.",
        ),
        Misconception(
            "sum_of_sizes",
            compared(compare=lambda a, b: len(a & b) / (len(a) + len(b))),
            says="it is divided by the sum of the two sizes, so that common pieces count twice",
            hint="Two equal texts should give 1. How many pieces does either of them have?",
        ),
        Misconception(
            "of_the_first",
            compared(compare=lambda a, b: len(a & b) / len(a)),
            says="it is the share of the first text's pieces",
            hint=CONTAINMENT,
        ),
        Misconception(
            "of_the_second",
            compared(compare=lambda a, b: len(a & b) / len(b)),
            says="it is the share of the second text's pieces",
            hint=CONTAINMENT,
        ),
        Misconception(
            "of_the_smaller",
            compared(compare=lambda a, b: len(a & b) / min(len(a), len(b))),
            says="it is divided by the size of the smaller set",
            hint="A line would then equal every book that quotes it. Divide by what either has.",
        ),
        Misconception(
            "of_the_larger",
            compared(compare=lambda a, b: len(a & b) / max(len(a), len(b))),
            says="it is divided by the size of the larger set",
            hint="The larger set need not hold all of the smaller one. Divide by what either has.",
        ),
        Misconception(
            "with_copies",
            compared(lists, multiset),
            says="a piece that comes twice counts twice",
            hint="Each different piece counts once, however often it comes.",
        ),
        Misconception(
            "twice_in_the_first",
            listed(from_a_in_b, in_either),
            says="a piece that comes twice in the first text counts twice among those of both",
            hint=IN_SETS,
        ),
        Misconception(
            "twice_in_lists",
            listed(from_a_in_b, lambda a, b: len(a) + len(b) - from_a_in_b(a, b)),
            says="pieces are counted as often as they come in a list",
            hint=IN_SETS,
        ),
        Misconception(
            "lists_end_to_end",
            listed(from_a_in_b, lambda a, b: len(a + b)),
            says="pieces are counted as often as they come, and common ones twice below the bar",
            hint=IN_SETS,
        ),
        Misconception(
            "divided_by_both_lists",
            listed(in_both, lambda a, b: len(a + b)),
            says="it is divided by the number of all pieces, each as often as it comes",
            hint="A piece that both have is one of those that either has. " + IN_SETS,
        ),
        Misconception(
            "divided_by_lists_less_both",
            listed(in_both, lambda a, b: len(a + b) - in_both(a, b)),
            says="a piece that comes twice counts twice below the bar",
            hint=IN_SETS,
        ),
        Misconception(
            "in_place",
            listed(in_place, in_either),
            says="pieces are compared only with the one at the same place",
            hint=NO_PLACE,
        ),
        Misconception(
            "in_place_of_the_longer",
            listed(in_place, lambda a, b: max(len(a), len(b))),
            says="it is the share of places at which both texts have the same piece",
            hint=NO_PLACE,
        ),
        Misconception(
            "numbered",
            compared(
                lambda text, n: {*enumerate(text[i : i + n] for i in range(len(text) - n + 1))}
            ),
            says="a piece at another place counts as another piece",
            hint=NO_PLACE,
        ),
        Misconception(
            "last_piece_alone",
            compared(lambda text, n: {text[-n:]}),
            says="only the last piece of each text is kept",
            hint="Is the set made anew at each turn of the loop? It is made once, before it.",
        ),
        Misconception(
            "n_pieces",
            compared(cut(lambda text, n: n)),
            says="only n pieces are cut from each text, from its beginning",
            hint="n is the length of a piece. How many there are depends on the text.",
        ),
        Misconception(
            "last_piece_missing",
            compared(cut(lambda text, n: len(text) - n), share),
            says="the last piece of each text is missing",
            hint=WHERE_LAST,
        ),
        Misconception(
            "two_pieces_missing",
            compared(cut(lambda text, n: len(text) - n - 1), share),
            says="the last two pieces of each text are missing",
            hint=WHERE_LAST,
        ),
        Misconception(
            "two_pieces_missing_unguarded",
            compared(cut(lambda text, n: len(text) - n - 1)),
            says="the last two pieces of each text are missing, so that a short one has none",
            hint=WHERE_LAST,
        ),
        Misconception(
            "one_short_tail",
            compared(cut(lambda text, n: len(text) - n + 2)),
            says="each text gives a last piece that is too short",
            hint="All pieces have n characters. " + WHERE_LAST,
        ),
        Misconception(
            "all_but_one_start",
            compared(cut(lambda text, n: len(text) - 1)),
            says="a piece begins at every character but the last, whatever n",
            hint="All pieces have n characters. " + WHERE_LAST,
        ),
        Misconception(
            "short_tails",
            compared(cut(lambda text, n: len(text))),
            says="the ends of the texts give pieces that are too short",
            hint="All pieces have n characters. Where does the last one begin?",
        ),
        Misconception(
            "blocks",
            compared(blocks),
            says="the pieces do not overlap",
            hint="One letter more at the beginning would change all of them. A piece begins at "
            "every character.",
        ),
        Misconception(
            "whole_blocks",
            compared(whole_blocks),
            says="the pieces do not overlap, and a shorter rest is left out",
            hint="One letter more at the beginning would change all of them. A piece begins at "
            "every character.",
        ),
        Misconception(
            "n_plus_one",
            compared(lambda text, n: pieces(text, n + 1), share),
            says="the pieces have n + 1 characters",
            hint="How long is `text[i : i + n]`?",
        ),
        Misconception(
            "n_plus_one_and_tail",
            compared(cut(piece=lambda text, i, n: text[i : i + n + 1])),
            says="the pieces have n + 1 characters, but for the last one",
            hint="How long is `text[i : i + n]`?",
        ),
        Misconception(
            "n_less_one",
            compared(cut(piece=lambda text, i, n: text[i : i + n - 1])),
            says="the pieces have n - 1 characters",
            hint="A slice leaves out its end: how long is `text[i : i + n]`?",
        ),
        Misconception(
            "end_for_length",
            compared(cut(piece=lambda text, i, n: text[i:n])),
            says="every piece ends at place n of the text",
            hint="In `text[i:j]` j is a place, not a length.",
        ),
        Misconception(
            "long_as_the_first",
            long_as_the_first,
            says="b is cut into as many pieces as a has",
            hint="How many pieces has b? Each text has its own length.",
        ),
        Misconception(
            "long_as_the_shorter",
            long_as_the_shorter,
            says="the end of the longer text is left out",
            hint="How many pieces has the longer one? Each text has its own length.",
        ),
        Misconception(
            "characters",
            compared(lambda text, n: set(text)),
            says="single characters are compared",
            hint="Nearly all texts share the alphabet. The pieces have n characters.",
        ),
        Misconception(
            "words",
            compared(lambda text, n: set(text.split())),
            says="words are compared",
            hint="The pieces are n characters long, spaces among them.",
        ),
        Misconception(
            "pieces_of_words",
            compared(words),
            says="the pieces have n words instead of n characters",
            hint="The lesson's first experiment took words. Without `split()`, a slice of the text "
            "is a piece of characters.",
        ),
        Misconception(
            "pieces_of_words_or_none",
            compared(words, share),
            says="the pieces have n words, and texts of fewer words get 0",
            hint="The lesson's first experiment took words. Without `split()`, a slice of the text "
            "is a piece of characters.",
        ),
        Misconception(
            "case_ignored",
            lambda a, b, n: similarity(a.lower(), b.lower(), n),
            says="upper and lower case make no difference",
            hint="The package does that. Here every character counts as it is.",
        ),
        Misconception(
            "as_the_package",
            lambda a, b, n: jaccard(character_shingles(a, n), character_shingles(b, n)),
            says="case and the kind of white space make no difference, as in the package",
            hint=EVERY_CHARACTER + " The package takes off such differences first.",
        ),
        Misconception(
            "without_spaces",
            lambda a, b, n: similarity(a.replace(" ", ""), b.replace(" ", ""), n),
            says="spaces are left out",
            hint=EVERY_CHARACTER,
        ),
        Misconception(
            "without_punctuation",
            lambda a, b, n: similarity(letters_and_spaces(a), letters_and_spaces(b), n),
            says="punctuation is left out",
            hint=EVERY_CHARACTER,
        ),
        Misconception(
            "texts_stripped",
            lambda a, b, n: similarity(a.strip(), b.strip(), n),
            says="spaces at the ends of the texts are left out",
            hint=EVERY_CHARACTER,
        ),
        Misconception(
            "pieces_stripped",
            compared(cut(piece=lambda text, i, n: text[i : i + n].strip())),
            says="spaces at the ends of the pieces are left out",
            hint=EVERY_CHARACTER,
        ),
        Misconception(
            "spaces_made_one",
            lambda a, b, n: similarity(on_one_line(a), on_one_line(b), n),
            says="several spaces, or a line end, count as one space, and as none at the ends",
            hint=EVERY_CHARACTER,
        ),
        Misconception(
            "and_for_both",
            compared(compare=lambda a, b: len(b) / len(a)),
            says="the number of b's pieces is divided by the number of a's",
            hint="`a and b` is b, and `a or b` is a. Sets are combined by `&` and `|`.",
        ),
        Misconception(
            "with_itself",
            lambda a, b, n: 1.0,
            says="it is 1, whatever the texts",
            hint="Is b cut as well, or a twice?",
        ),
        Misconception(
            "united_first",
            compared(compare=lambda a, b: len(b) / len(a | b)),
            says="all pieces of the second text count as those of both",
            hint="Does the first set still hold its own pieces alone? `|=` and `update` put the "
            "other one's into it.",
        ),
        Misconception(
            "gone_the_second_time",
            gone_the_second_time,
            says="what it divides by is 0, whatever the texts",
            hint="Was nothing counted, or was it gone already? " + ONCE_ONLY,
        ),
        Misconception(
            "brackets_missing",
            compared(compare=lambda a, b: len(a & b) / len(a) + len(b) - len(a & b)),
            says="it is divided by the first text's pieces, and then the second's are added",
            hint="`/` comes before `+` and `-`: what is to stand below the bar needs brackets.",
        ),
        Misconception(
            "percent",
            lambda a, b, n: 100 * similarity(a, b, n),
            says="it is given in percent",
            hint="A similarity lies between 0 and 1.",
        ),
        Misconception(
            "number_of_both",
            compared(compare=lambda a, b: len(a & b)),
            says="it is the number of pieces that both have",
            hint="The right pieces. Divide by the number of those that either has.",
        ),
        Misconception(
            "whole_division",
            compared(compare=lambda a, b: len(a & b) // len(a | b)),
            says="the fraction is dropped, so that all but equal texts get 0",
            hint="`//` divides to a whole number, `/` to a fraction.",
        ),
        Misconception(
            "in_one_alone",
            compared(compare=lambda a, b: len(a & b) / len(a ^ b)),
            says="it is divided by the number of pieces that one text has and the other has not",
            hint="`^` leaves out what both have, and so does taking it off twice. Equal texts "
            "should give 1.",
        ),
        Misconception(
            "upside_down",
            compared(compare=lambda a, b: len(a | b) / len(a & b)),
            says="those that either has are divided by those that both have",
            hint="Turn it round: a similarity lies between 0 and 1.",
        ),
        Misconception(
            "distance",
            lambda a, b, n: 1 - similarity(a, b, n),
            says="it is the distance, 1 less the similarity",
            hint="Equal texts should give 1.",
        ),
    ],
)
