"""3.5 Overlap."""

from llama_edu.course.checking.draw import whole
from llama_edu.course.checking.questions import Misconception, Question

from .words import pick


def overlap(words: list[str], test: list[str], n: int) -> float:
    places = range(len(words) - n + 1)
    runs = [test[i : i + n] for i in range(len(test) - n + 1)]
    return len({j for i in places if words[i : i + n] in runs for j in range(i, i + n)}) / len(
        words
    )


def overlap_cases(generator):
    a, b, c, d, e, f, g = pick(generator, 7)
    rest = pick(generator, whole(generator, 1, 4))
    yield {"words": [a, b, c, d, e], "test": [f, b, c, d], "n": 3}
    yield {"words": [a, b, c, d, e, f], "test": [b, c, d, e, g], "n": 2}  # n-grams that overlap
    yield {"words": [a, b, c], "test": [d, a, b, c], "n": 2}  # copied as a whole
    yield {"words": [a, b, a, b, c, g], "test": [a, b, f, d], "n": 2}  # twice the same
    yield {"words": [c, b, a, d], "test": [a, b, c, d, e], "n": 2}  # the same words, other order
    yield {"words": [c, a, a, b], "test": [c, a, b, b], "n": 3}  # the same, not as often
    yield {"words": [a, b], "test": [a, b, c], "n": 3}  # too short
    yield {"words": [a, b, c, d], "test": [b, c], "n": 3}  # the test is too short
    yield {"words": [f, g, a, b, c], "test": [a, b, c], "n": 3}  # at the end of both
    yield {"words": [a, g, b, c], "test": [d, e, b, c], "n": 3}  # two words at either end
    yield {"words": [g, f, a, b], "test": [a, b, d, e], "n": 2}  # at the end of the text
    yield {"words": [d, a, b, *rest, a, c, f], "test": [a, b, d, a, c, e], "n": 2}
    yield {"words": [a[1:], b, c, d], "test": [a, b, d], "n": 2}  # the end of a word
    yield {"words": [a[:1], a[1:] + b, c], "test": [a, b, c], "n": 2}  # other words, same letters
    yield {"words": [a.title(), b, c, d], "test": [a, b, d], "n": 2}  # a capital
    yield {"words": [a, b, e, b], "test": [a, b, f], "n": 2}  # a copied word, and it again
    yield {"words": [a, b, c, d, e], "test": [c, d, e, a, b, c], "n": 3}  # runs that share one word
    yield {"words": [a, f], "test": [a, f], "n": 3}  # both too short
    text, test = ([[a, b, c][whole(generator, 0, 2)] for _ in range(n)] for n in (9, 5))
    yield {"words": text, "test": test, "n": 3}


RUNS = (
    ("grams = {tuple(test[i:i + n]) for i in range(len(test)", ")}"),
    ("for i in range(len(words)", "):"),
)
TOO_FAR = (" - n + 1 + 1", " + n + 1", " + 1", " - n + 2")
LAST_RUN = "Off by one: how many runs of 3 are there in 5 words?"
ONCE = "n-grams overlap, even by one word alone. Which collection keeps each place only once?"

OVERLAP = Question(
    "augment.overlap",
    points=3,
    cases=overlap_cases,
    reference=overlap,
    equivalent_mutants={
        f"{before} - n + 1{after} -> {before}{end}{after}": (
            "slices at the end are shorter than n, and the other text gives none so short"
        )
        for before, after in RUNS
        for end in TOO_FAR
    },
    misconceptions=[
        Misconception(
            "share_of_grams",
            {
                "covered.update(range(i, i + n))": "covered.add(i)",
                "/ len(words)": "/ max(1, len(words) - n + 1)",
            },
            says="it is the share of n-grams, not of words",
            hint="A word counts once if any shared n-gram covers it. Note the places, and divide "
            "by the number of words.",
        ),
        Misconception(
            "first_words_of_grams",
            {"covered.update(range(i, i + n))": "covered.add(i)"},
            says="each shared n-gram counts as one word",
            hint="An n-gram that begins at i covers more places than i.",
        ),
        Misconception(
            "of_the_test",
            {"grams = {": "words, test = test, words\n    grams = {"},
            says="it is the share of the test's words that lie in an n-gram of the text",
            hint="Of which of the two is the share asked for?",
        ),
        Misconception(
            "words_in_common",
            {"grams = {": "n = 1\n    grams = {"},
            says="single words are compared",
            hint="Common words stand in every text. Only runs of n words tell a copy.",
        ),
        Misconception(
            "inside_words",
            {"tuple(words[i : i + n]) in grams": '" ".join(words[i : i + n]) in " ".join(test)'},
            says="a run is looked for in the letters of the test: *at* is then found in *cat*",
            hint="Compare whole words: a tuple of words keeps them apart.",
        ),
        Misconception(
            "never_found",
            {"tuple(words[i : i + n]) in grams": "words[i : i + n] in list(grams)"},
            says="nothing is ever found",
            hint="Are places noted, and counted? If so, are two of a kind compared? A tuple never "
            "equals a list, and a run is never an element of a list of words.",
        ),
        Misconception(
            "one_place_too_few",
            {"range(i, i + n)": "range(i, i + n - 1)"},
            says="a shared n-gram covers one word too few",
            hint="`range(i, j)` begins at i and ends before j. Which places does an n-gram cover?",
        ),
        Misconception(
            "end_for_length",
            {"range(i, i + n)": "range(i, n)"},
            says="every shared n-gram ends at place n, wherever it begins",
            hint="In `range(i, j)` j is a place, not a length. Where does a run that begins at 5 "
            "end?",
        ),
        Misconception(
            "counted_twice",
            {"covered = set()": "covered = []", "covered.update(": "covered.extend("},
            says="a word counts again for each n-gram that covers it",
            hint=ONCE,
        ),
        Misconception(
            "counted_twice_unless_next",
            {
                "covered = set()": "covered = []",
                "covered.update(range(i, i + n))": "before = tuple(words[i - 1 : i - 1 + n])\n"
                "            covered += range(i + n - 1 if before in grams else i, i + n)",
            },
            says="a word of two shared n-grams counts twice, unless they begin side by side",
            hint=ONCE,
        ),
        Misconception(
            "one_after_the_other",
            {
                "for i in range(len(words) - n + 1):": "i = -1\n"
                "    while (i := i + 1) <= len(words) - n:",
                "(i, i + n))": "(i, i + n))\n            i += n - 1",
            },
            says="after a shared n-gram the search goes on behind its last word",
            hint="The next shared n-gram may overlap it: look at every place.",
        ),
        Misconception(
            "different_words",
            {"covered.update(range(i, i + n))": "covered.update(words[i : i + n])"},
            says="a word that is covered at two places counts once",
            hint="Count places, not different words: a set keeps equal words once.",
        ),
        Misconception(
            "last_gram_missed",
            {"len(words) - n + 1": "len(words) - n"},
            says="the last n-gram of the text is not looked at",
            hint=LAST_RUN,
        ),
        Misconception(
            "last_gram_of_test_missed",
            {"len(test) - n + 1": "len(test) - n"},
            says="the last n-gram of the test is missing",
            hint=LAST_RUN,
        ),
        Misconception(
            "short_grams",
            {"len(test) - n + 1": "len(test)", "len(words) - n + 1": "len(words)"},
            says="slices at the end, shorter than n, count as n-grams",
            hint="A slice that runs over the end is only shorter. Where does the last run of n "
            "words begin?",
        ),
        Misconception(
            "short_test_as_run",
            {"grams = {": "n = min(n, len(test))\n    grams = {"},
            says="a test shorter than n is taken as one run",
            hint="Here it has no n-gram at all, so that nothing in it can be found. (The package "
            "decides otherwise for short verses.)",
        ),
    ],
)
