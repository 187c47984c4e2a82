"""2.3 How alike are two texts?"""

from llama_edu.course.checking.draw import whole
from llama_edu.course.checking.questions import Misconception, Question


def similarity(a: str, b: str, n: int) -> float:
    pieces_a, pieces_b = ({text[i : i + n] for i in range(len(text) - n + 1)} for text in (a, b))
    return len(pieces_a & pieces_b) / len(pieces_a | pieces_b)


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


def runs_of_words(text: str, n: int) -> set[tuple[str, ...]]:
    words = text.split()
    return {tuple(words[i : i + n]) for i in range(len(words) - n + 1)}


OF_TEXT = "{text[i : i + n] for i in range(len(text) - n + 1)}"
IN_A, IN_B = (OF_TEXT.replace("text", name).translate({123: 91, 125: 93}) for name in "ab")

IN_SETS = "Lists hold a piece as often as it comes. Which collection holds it once?"
CONTAINMENT = (
    "That is containment: it is not the same when a and b change places. How many pieces does "
    "either have?"
)
WHERE_LAST = "A text of 5 characters has 3 pieces of 3, all whole. Where does the last one begin?"

SIMILARITY = Question(
    "corpus.similarity",
    points=2,
    cases=similarity_cases,
    reference=similarity,
    misconceptions=[
        Misconception(
            "dice",
            {"n_both / n_either": "2 * n_both / (len(pieces_a) + len(pieces_b))"},
            says="it is the Dice coefficient, twice what both have over the sum of the two sizes",
            hint="That measures likeness too. Jaccard divides by the pieces that either has.",
        ),
        Misconception(
            "sum_of_sizes",
            {"len(pieces_a | pieces_b)": "len(pieces_a) + len(pieces_b)"},
            says="it is divided by the sum of the two sizes, so that common pieces count twice",
            hint="Two equal texts should give 1. How many pieces does either of them have?",
        ),
        Misconception(
            "of_the_first",
            {"len(pieces_a | pieces_b)": "len(pieces_a)"},
            says="it is the share of the first text's pieces",
            hint=CONTAINMENT,
        ),
        Misconception(
            "of_the_second",
            {"len(pieces_a | pieces_b)": "len(pieces_b)"},
            says="it is the share of the second text's pieces",
            hint=CONTAINMENT,
        ),
        Misconception(
            "of_the_larger",
            {"len(pieces_a | pieces_b)": "max(len(pieces_a), len(pieces_b))"},
            says="it is divided by the size of the larger set",
            hint="The larger set need not hold all of the smaller one. How many does either have?",
        ),
        Misconception(
            "twice_in_the_first",
            {"len(pieces_a & pieces_b)": f"sum(piece in pieces_b for piece in {IN_A})"},
            says="a piece that comes twice in the first text counts twice among those of both",
            hint=IN_SETS,
        ),
        Misconception(
            "all_pieces_below",
            {"len(pieces_a | pieces_b)": "len(a) + len(b) + 2 - 2 * n"},
            says="it is divided by the number of all pieces of both, each as often as it comes",
            hint="A piece that both have is one of those that either has. " + IN_SETS,
        ),
        Misconception(
            "twice_in_lists",
            {
                "len(pieces_a & pieces_b)": f"sum(piece in pieces_b for piece in {IN_A})",
                "len(pieces_a | pieces_b)": "len(a) + len(b) + 2 - 2 * n",
                "n_both / n_either": "n_both / (n_either - n_both)",
            },
            says="pieces are counted as often as they come in a list",
            hint=IN_SETS,
        ),
        Misconception(
            "in_place",
            {"len(pieces_a & pieces_b)": f"sum(x == y for x, y in zip({IN_A}, {IN_B}))"},
            says="pieces are compared only with the one at the same place",
            hint="One letter more at the beginning would change all. A set asks for no place.",
        ),
        Misconception(
            "last_piece_missing",
            {" - n + 1": " - n"},
            says="the last piece of each text is missing",
            hint=WHERE_LAST,
        ),
        Misconception(
            "short_tails",
            {" - n + 1": ""},
            says="the ends of the texts give pieces that are too short",
            hint=WHERE_LAST,
        ),
        Misconception(
            "blocks",
            {"range(len": "range(0, len", ")} for": ", n)} for"},
            says="the pieces do not overlap",
            hint="One letter more at the beginning would change all. Where may a piece begin?",
        ),
        Misconception(
            "n_plus_one",
            {"i : i + n": "i : i + n + 1"},
            says="the pieces have n + 1 characters, but for the last one",
            hint="How long is `text[0 : 2]`, and how long `text[i : i + n]`?",
        ),
        Misconception(
            "end_for_length",
            {"i : i + n": "i:n"},
            says="every piece ends at place n of the text",
            hint="In `text[i:j]` j is a place, not a length.",
        ),
        Misconception(
            "pieces_of_words",
            {
                OF_TEXT: "runs_of_words(text, n)",
                "n_both / n_either": "n_both / n_either if n_either else 0.0",
            },
            says="the pieces have n words instead of n characters, and texts without any get 0",
            hint="A piece is n characters long, spaces among them. What does `split()` do?",
        ),
        Misconception(
            "long_as_the_first",
            {"len(text)": "len(a)"},
            says="b is cut at as many places as a",
            hint="How many pieces has b? Each text has its own length.",
        ),
        Misconception(
            "case_ignored",
            {"in (a, b)": "in (a.lower(), b.lower())"},
            says="upper and lower case make no difference",
            hint="The package does that. Here every character counts as it is.",
        ),
    ],
)
