"""3.2 Delete."""

from llama_edu.course.checking.questions import Misconception, Question

from .words import pick


def delete(words: list[str], places: list[int]) -> list[str]:
    gone = places[: max(0, len(words) - 1)]
    return [word for i, word in enumerate(words) if i not in gone]


def delete_cases(generator):
    a, b, c, d, e, f = pick(generator, 6)
    yield {"words": [a, b, c, d], "places": [1, 3]}
    yield {"words": [a, b, c, d, e, f], "places": [4, 0, 2]}
    yield {"words": [a, b, a, c, b, d], "places": [2, 4]}  # the same words stay elsewhere
    yield {"words": [c, e, c, d], "places": [0]}  # and here further right
    yield {"words": [a, b, c], "places": [2, 0, 1]}  # all: one stays
    yield {"words": [d, e, f], "places": [1, 2, 0]}
    yield {"words": [f], "places": [0]}
    yield {"words": [a, b, c, d], "places": []}
    yield {"words": [c, d, e, f], "places": [0, 1, 3]}
    yield {"words": [b, d, f, a], "places": [1, 2]}  # neighbours
    yield {"words": pick(generator, 12), "places": [10, 3]}  # 1 and 0 are not 10


BUILT = "return [word for i, word in enumerate(words) if i not in gone]"
USABLE = "places[: len(words) - 1]"
INSIDE = (
    "left = list(words)\n    for i in gone:\n        if i < len(left) > 1:\n"
    "            del left[i]\n    return left"
)
AS_GIVEN = "The places are those of the words as they were given. Decide for each word once."

DELETE = Question(
    "augment.delete",
    points=2,
    cases=delete_cases,
    reference=delete,
    misconceptions=[
        Misconception(
            "nothing_stays",
            {USABLE: "places"},
            says="no word is sure to stay where all places are named",
            hint="An empty text is no example: one word stays. Which one, says the docstring.",
        ),
        Misconception(
            "first_stays",
            {USABLE: "places if len(places) < len(words) else [i for i in places if i > 0]"},
            says="the first word of the text is spared where all places are named",
            hint="The order of `places` decides: deletion stops when a single word is left.",
        ),
        Misconception(
            "last_stays",
            {"places[": "sorted(places)["},
            says="the last word of the text is spared where all places are named",
            hint="The order of `places` decides: deletion stops when a single word is left.",
        ),
        Misconception(
            "one_too_few",
            {"[: len(words) - 1]": "[:-1]"},
            says="the last of the places is always spared",
            hint="One is spared only where nothing would be left otherwise.",
        ),
        Misconception(
            "one_place_on",
            {"enumerate(words)": "enumerate(words, start=1)"},
            says="places are counted from 1",
            hint="The first word has the place 0.",
        ),
        Misconception(
            "nothing_goes",
            {"i not in": "word not in"},
            says="nothing is ever deleted",
            hint="`places` holds numbers: is a word ever in it? `enumerate` gives each word "
            "together with its place.",
        ),
        Misconception(
            "by_value",
            {"i not in gone": "word not in [words[j] for j in gone]"},
            says="all words go that look like a deleted one",
            hint="The same word may stand elsewhere and stay. Ask for the place, not the word.",
        ),
        Misconception(
            "by_first_place",
            {"i not in": "words.index(word) not in"},
            says="a word that stands twice is judged by its first place, as `words.index` gives it",
            hint="`enumerate` gives each word together with its own place.",
        ),
        Misconception(
            "first_of_its_like",
            {
                BUILT: "left = list(words)\n    for i in gone:\n        left.remove(words[i])\n"
                "    return left"
            },
            says="`remove` takes the first word of that look, wherever it stands",
            hint="The same word may stand further left. Ask for the place, not the word.",
        ),
        Misconception(
            "shifted",
            {BUILT: "left = list(words)\n    for i in gone:\n        del left[i]\n    return left"},
            says="each deletion moves the words behind it, and the next place is counted anew",
            hint=AS_GIVEN,
        ),
        Misconception(
            "shifted_in_order",
            {
                BUILT: "left = list(words)\n    for i in sorted(gone):\n        del left[i]\n"
                "    return left"
            },
            says="words are deleted from left to right, and each moves all that follow",
            hint="After the first `del` or `pop` the other places are one off. From which end "
            "would they not be?",
        ),
        Misconception(
            "shifted_inside",
            {USABLE: "places", BUILT: INSIDE},
            says="each deletion moves all that follow, and places beyond the end are passed over",
            hint=f"A place beyond the end is a sign that the others are off too. {AS_GIVEN}",
        ),
        Misconception(
            "shifted_inside_in_order",
            {USABLE: "sorted(places)", BUILT: INSIDE},
            says="from left to right each deletion moves all that follow; places beyond the end "
            "are passed over",
            hint=f"A place beyond the end is a sign that the others are off too. {AS_GIVEN}",
        ),
        Misconception(
            "deleted_while_walking",
            {
                BUILT: "left = list(words)\n    for i, _ in enumerate(left):\n"
                "        if i in gone:\n            del left[i]\n    return left"
            },
            says="words are deleted from the very list that the loop walks through",
            hint="What follows moves up, so the next place is that of another word. Build a new "
            "list of the words that stay.",
        ),
    ],
)
