"""3.3 Replace."""

from llama_edu.course.checking.questions import Misconception, Question
from llama_edu.data.augment.eda import in_case_of

from .words import pick


def replace(
    words: list[str], synonyms: dict[str, list[str]], protected: set[int], n: int
) -> list[str]:
    changed = list(words)
    for i, word in enumerate(words):
        others = synonyms.get(word.lower())
        if others and i not in protected and n > 0:
            changed[i] = in_case_of(word, others[0])
            n -= 1
    return changed


def replace_cases(generator):
    a, b, c, d, v, *others = pick(generator, 11)
    p, q, r, x, y, z = sorted(others)
    # The best of a list is neither first nor last in the alphabet, and not always the longest.
    synonyms = {a: [r, p, f"{x}{q}", z], b: [y, z, p], d: []}
    two, chain = {b: [x, y], c: [q, a, p]}, {c: [a], a: [x]}
    yield {"words": [a, v, b, c], "synonyms": synonyms, "protected": set(), "n": 2}
    yield {"words": [v, a, b, a, c], "synonyms": synonyms, "protected": {1}, "n": 2}
    yield {"words": [c.title(), a, v, b], "synonyms": two, "protected": {3}, "n": 1}
    yield {"words": [d, v, d, b, a], "synonyms": synonyms, "protected": set(), "n": 1}  # d has none
    yield {"words": [b, a, v], "synonyms": synonyms, "protected": {0, 2}, "n": 5}  # fewer than n
    yield {"words": [c, a, c], "synonyms": chain, "protected": set(), "n": 3}
    yield {"words": [b, v, c], "synonyms": two, "protected": set(), "n": 0}
    yield {"words": [a, v, a, b], "synonyms": synonyms, "protected": set(), "n": 2}
    yield {"words": [v, c.upper()], "synonyms": two, "protected": set(), "n": 1}
    yield {"words": [v, c.title(), b.title()], "synonyms": two, "protected": {0}, "n": 2}
    yield {"words": [c, b, v, b], "synonyms": two, "protected": {1}, "n": 3}
    yield {"words": [c, v], "synonyms": chain, "protected": set(), "n": 2}


REPLACE = Question(
    "augment.replace",
    points=3,
    cases=replace_cases,
    reference=replace,
    equivalent_mutants={
        "others = synonyms.get(word.lower(), []) -> others = synonyms.get(word.lower())": (
            "None counts as false, like an empty list"
        ),
    },
    misconceptions=[
        Misconception(
            "protection_ignored",
            {" and i not in protected": ""},
            says="protected words are replaced too",
            hint="`protected` holds places, and no words: ask it for the place of a word.",
        ),
        Misconception(
            "look_alikes_protected",
            {"i not in protected": "word not in [words[j] for j in protected]"},
            says="a word is spared because the same word is protected elsewhere",
            hint="Places are protected, not words.",
        ),
        Misconception(
            "protected_count",
            {
                " and i not in protected": "",
                "changed[i] =": "if i not in protected:\n                changed[i] =",
            },
            says="a protected word uses up one of the n changes",
            hint="Exactly n words change if there are so many. Count a change when it is made.",
        ),
        Misconception(
            "words_without_count",
            {"others and ": "", "new = others[0]": "new = (others or [word])[0]"},
            says="a word without a synonym uses up one of the n changes",
            hint="Exactly n words change if there are so many. Count a change when it is made.",
        ),
        Misconception(
            "first_n_words",
            {"    n -= 1": "n -= 1"},
            says="only the first n words of the text are looked at",
            hint="n counts replacements, not words looked at. Does `n -= 1` stand too far to the "
            "left?",
        ),
        Misconception(
            "all_of_them",
            {" and n > 0": ""},
            says="every word that has a synonym is replaced",
            hint="At most n words change: stop after so many.",
        ),
        Misconception(
            "one_too_many",
            {"n > 0": "n >= 0"},
            says="one word more than n is changed",
            hint="How many changes are left when n has come down to 0?",
        ),
        Misconception(
            "one_at_zero",
            {" and n > 0": "", "n -= 1": "n -= 1\n            if n <= 0:\n                break"},
            says="one word changes even where n is 0",
            hint="Ask before a change, not after it, whether there may be one more.",
        ),
        Misconception(
            "no_end_at_zero",
            {" and n > 0": "", "n -= 1": "n -= 1\n            if n == 0:\n                break"},
            says="every word that has a synonym is replaced where n is 0",
            hint="n may be 0. Ask before a change, not after it, whether there may be one more.",
        ),
        Misconception(
            "capitals_unknown",
            {"word.lower()": "word"},
            says="a word with a capital is not found among the synonyms",
            hint="The dict has small letters: how do you ask it for *Big*?",
        ),
        Misconception(
            "capital_lost",
            {"new.capitalize() if word[0].isupper() else new": "new"},
            says="a new word has no capital where the old one had",
            hint="*Big* becomes *Large*. Do you ask for the first letter of the old word, and not "
            "for the whole? `capitalize()` returns a new text: is it kept?",
        ),
        Misconception(
            "last_synonym",
            {"others[0]": "others[-1]"},
            says="the last synonym of a word is taken",
            hint="At which end of the list does the best one stand?",
        ),
        Misconception(
            "all_capitals",
            {"new.capitalize()": "new.upper()"},
            says="a new word is all capitals where the old one begins with one",
            hint="*Big* becomes *Large*: `upper` changes every letter.",
        ),
        Misconception(
            "capital_of_capitals",
            {"word[0].isupper()": "word.isupper()"},
            says="only a word of nothing but capitals gives its capital to the new one",
            hint="`isupper` of *Big* is False. Which of its letters do you ask?",
        ),
        Misconception(
            "at_first_place",
            {
                "for i, word in enumerate(words):": "for word in words:\n"
                "        i = words.index(word)"
            },
            says="the place of a word is asked of `words.index`, which gives the first",
            hint="The same word may stand twice: `enumerate` gives each word with its own place.",
        ),
        Misconception(
            "pass_after_pass",
            {"enumerate(words)": "((j, changed[j]) for _ in range(n) for j in range(len(words)))"},
            says="the text is gone through again while changes are left, and new words change too",
            hint="Fewer than n change where no more of the given words can: one pass is enough.",
        ),
        Misconception(
            "everywhere_at_once",
            {
                "changed[i] = new.capitalize() if word[0].isupper() else new": "new = "
                "new.capitalize() if word[0].isupper() else new\n"
                "            changed = [new if old == word else old for old in changed]"
            },
            says="each change goes through the whole new list",
            hint="Change one place at a time: the same word may stand at a protected one, or may "
            "have come in as a synonym.",
        ),
    ],
)
