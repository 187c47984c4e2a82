"""4.5 Spaces that can be seen."""

import re

from llama_edu.course.checking.draw import pick
from llama_edu.course.checking.questions import Misconception, Question

from .words import word


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


NOTHING_LOST = "Nothing may get lost: how many ▁ should two spaces become?"

MARK_SPACES = Question(
    "tokenizer.mark_spaces",
    points=2,
    cases=mark_spaces_cases,
    reference=mark_spaces,
    misconceptions=[
        Misconception(
            "no_space_in_front",
            {'"▁" + ': ""},
            says="no space is put in front of the text",
            hint="The first word should look like any other: what stands before the others?",
        ),
        Misconception(
            "prefix_unless_there",
            {'"▁" + text': '"▁" * (not text.startswith(" ")) + text'},
            says="a text that begins with a space gets none in front",
            hint="How could decoding then tell it from the text without that space?",
        ),
        Misconception(
            "empty_text",
            {' if text else ""': ""},
            says="an empty text becomes a word",
            hint="No text, no words.",
        ),
        Misconception(
            "every_space",
            {" != marked[i - 1]": ""},
            says="every ▁ begins a word, also one that follows another ▁",
            hint="Spaces in a row belong together, to the word that follows them.",
        ),
        Misconception(
            "first_bare",
            {"return words": 'return text.replace(" ", " ▁").split(" ") if marked else []'},
            says="the first word has no ▁, and every space begins a word",
            hint="The first word should look like any other. And to which word do spaces in a row "
            "belong?",
        ),
        Misconception(
            "marks_cut_away",
            lambda text: ("▁" + text.replace(" ", "▁")).split("▁") if text else [],
            says="the ▁ are taken out where the text is split",
            hint="`split` drops what it splits at. What should all pieces joined be?",
        ),
        Misconception(
            "split",
            {"text.replace(": '" ".join(text.split()).replace(', "if text": "if text.split()"},
            says="spaces at the ends, and all but one between words, are lost (`split()` does "
            "that)",
            hint=f"{NOTHING_LOST} And a line break is no space.",
        ),
        Misconception(
            "empty_left_out",
            lambda text: ["▁" + each for each in text.split(" ") if each],
            says="spaces at the ends are lost, and of several in a row one is left",
            hint=f"{NOTHING_LOST} The empty pieces of `split(' ')` stood for spaces.",
        ),
        Misconception(
            "stripped",
            {"text.replace(": "text.strip().replace("},
            says="spaces at both ends are lost",
            hint="Nothing may get lost: what does `strip` do?",
        ),
        Misconception(
            "blank_is_empty",
            {"if text else": "if text.strip() else"},
            says="a text of nothing but spaces is taken for empty",
            hint="Nothing may get lost: which texts have no character at all?",
        ),
        Misconception(
            "end_lost",
            {"return words": 'return [word for word in words if word.strip("▁")]'},
            says="spaces that no word follows are lost",
            hint="Nothing may get lost: spaces that no word follows are a word by themselves.",
        ),
        Misconception(
            "last_word_missing",
            {"return words": "return words[:-1]"},
            says="the last word is missing",
            hint="A word is put in the list where the next one begins. What does so for the last?",
        ),
        Misconception(
            "begins_with_nothing",
            {"words = []": 'words = [""] if text else []'},
            says="the list begins with an empty word",
            hint="Which word ends at the first ▁?",
        ),
        Misconception(
            "first_beside_last",
            {"i == 0 or ": ""},
            says="the first ▁ is compared with the last character, which may be one, too",
            hint="`t[i - 1]` at i = 0 is `t[-1]`. What does the first character always do?",
        ),
        Misconception(
            "space_behind",
            {"return words": 'return [f"{each}▁" for each in text.split(" ")] if text else []'},
            says="the ▁ stand behind the words",
            hint="Where does the ▁ of a word stand in the docstring?",
        ),
        Misconception(
            "spaces_apart",
            {'character == "▁" != marked[i - 1]': '(character == "▁") != (marked[i - 1] == "▁")'},
            says="spaces and words are cut from each other",
            hint="The spaces stay with the word that follows: one item, not two.",
        ),
        Misconception(
            "underscore",
            {"return words": 'return [word.replace("▁", "_") for word in words]'},
            says="the underscore _ is written for ▁",
            hint="They look alike. ▁ is U+2581, which hardly any text holds; copy it from here.",
        ),
    ],
)
