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
            "spaces_in_front_lost",
            lambda text: mark_spaces(text.lstrip(" ")),
            says="spaces at the beginning are lost",
            hint="Nothing may get lost: two spaces in front are two ▁ more.",
        ),
        Misconception(
            "empty_word_first",
            lambda text: re.split("(?=▁)", "".join(joined(text))) if text else [],
            says="every ▁ begins a word, and an empty word stands before the first",
            hint="Two things: where a cut falls at the very beginning, nothing stands before it; "
            "and spaces in a row belong together, to the word that follows.",
        ),
        Misconception(
            "runs_made_one_and_one_in_front",
            lambda text: re.findall("▁[^▁]*", "▁" + re.sub(" +", "▁", text)) if text else [],
            says="spaces in a row become one, and every ▁ begins a word",
            hint="Nothing may get lost: two spaces are two ▁, and both go to the word behind them.",
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
