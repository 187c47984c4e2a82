"""Feedback says which mistake it was, and carries nothing of the hidden inputs out."""

import re

import pytest

from llama_edu.course.checking.names import OURS
from llama_edu.course.checking.questions import load_questions
from llama_edu.course.checking.verdict import HINTS
from llama_edu.grading.feedback import (
    SENTENCES,
    advice,
    feedback_page,
    general_sentence,
    plain,
)
from llama_edu.grading.replies import MAX_LINE
from tests.grading.conftest import LESSON
from tests.grading.made_up import ANSWER, Elements, result, row

SECRET = "3.14159"
KNOWN = load_questions(LESSON)[0].misconceptions[0]


@pytest.mark.parametrize("kind", SENTENCES)
def test_no_kind_of_verdict_shows_what_its_sentence_holds(kind):
    told = result(row(kind, f"Expected {SECRET}, got 2 in `{SECRET}` (shape ({SECRET},))."))
    assert SECRET not in feedback_page(told)
    assert SENTENCES[kind].replace("`", "") in Elements(feedback_page(told)).text or kind == "right"


@pytest.mark.parametrize("sentence", [
    f"It raised RuntimeError: {SECRET}.",
    f"It raised llama_edu.grading.replies.T{SECRET}: boo",
    f"It raised T{SECRET.replace('.', '_')}",
    f"The cell itself fails: T{SECRET}: {SECRET}",
    f"It is written with the parameters {SECRET}, k.",
    f"Expected a tensor of shape (2, {SECRET}), got a T{SECRET}.",
    f"Expected dtype float32, got {SECRET}.",
    f"Expected the keys ['{SECRET}'], got [].",
])  # fmt: skip
@pytest.mark.parametrize("kind", ["error", "cell", "arguments", "type", "dtype", "length"])
def test_what_a_students_process_smuggles_into_its_words_is_not_shown(kind, sentence):
    said = advice(row(kind, sentence), {}).text
    assert SECRET not in said
    assert SECRET.replace(".", "_") not in said


ANSWERS = {"attention.scores": ANSWER, "attention.softmax": "def softmax(x):\n    return 1 / 0"}


@pytest.mark.parametrize(("line", "place", "shown"), [
    ("In line 2: `return q @ k`", "line 2 of your answer", "return q @ k"),
    ("In line 2: `return 1 / 0`", "line 2 of your answer to attention.softmax", "return 1 / 0"),
])  # fmt: skip
def test_the_line_that_failed_is_shown_wherever_it_stands(line, place, shown):
    said = advice(row("error", line=line), ANSWERS)
    assert (said.place, said.line) == (place, shown)


def test_a_long_line_is_known_by_its_beginning():
    answers = {"attention.scores": f"x = {'1 + ' * 200}1"}
    line = f"In line 1: `{answers['attention.scores']}`"[:MAX_LINE]
    said = advice(row("error", line=line), answers)
    assert said.line == plain(answers["attention.scores"])


@pytest.mark.parametrize("line", [
    f"In line 2: `{SECRET}`", "In line 1: `return q @ k`", "In line 3: `return q @ k`",
    "In line 0: `return q @ k`", "In line 99999999: `x`", "In line 3.", f"{SECRET}", "",
])  # fmt: skip
def test_a_line_that_stands_in_no_answer_is_not_shown(line):
    said = advice(row("error", line=line), ANSWERS)
    assert (said.place, said.line) == ("", "")


@pytest.mark.parametrize(("kind", "sentence", "shown"), [
    ("error", "It raised IndexError: too many", "It ends with IndexError."),
    ("error", "It called `exit()` or raised SystemExit, which ends", "It ends with SystemExit."),
    ("cell", "The cell itself fails: SyntaxError: x", "The answer cell itself ends with SyntaxErr"),
    ("type", "Expected a tensor of shape (2, 3), got a list of 2 items.",
     "Its result is a list where a tensor is asked for."),
    ("type", "Item 1: expected a float, got None.", "Its result is None where a float is asked"),
    ("dtype", "Expected dtype float32, got int64.", "Its result is int64 where float32 is asked"),
    ("forbidden", f"`plots` {OURS}",
     "It uses `plots` of llama_edu: an answer imports nothing of it."),
    ("forbidden", "`softmax` must not be used here: what it does is to be written.",
     "It uses `softmax`, which does what you are asked to write."),
])  # fmt: skip
def test_names_that_are_no_secret_are_named(kind, sentence, shown):
    assert general_sentence(row(kind, sentence)).startswith(shown)


def test_an_exception_named_like_a_builtin_only_in_part_is_not_named():
    assert general_sentence(row("error", "It raised RuntimeErrorX: y")) == SENTENCES["error"]


def test_a_misconception_is_named_with_its_hint():
    told = row(misconception=KNOWN.name, says=KNOWN.says, hint=KNOWN.hint)
    text = Elements(feedback_page(result(told))).text
    assert f"This is exactly what you get when {KNOWN.says}." in text
    assert KNOWN.hint in text


@pytest.mark.parametrize("kind", ["value", "nan", "inf"])
def test_no_hint_speaks_of_a_case_that_is_not_shown(kind):
    assert "this case" in HINTS[kind].lower()
    said = advice(row(kind, hint=HINTS[kind]), {})
    assert said.hint
    assert "this case" not in said.hint.lower()


EVIL = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "' onload='alert(1)",
    "{{ 7 * 7 }}{% raw %}",
    "]]><!--",
    "</title></style><b>",
]  # fmt: skip


@pytest.mark.parametrize("evil", EVIL)
def test_no_text_of_a_students_becomes_markup(evil):
    honest = Elements(feedback_page(_everywhere("anna")))
    found = Elements(feedback_page(_everywhere(evil)))
    assert found.found == honest.found
    assert found.text.count(evil) == honest.text.count("anna") == 5


def _everywhere(text):
    return result(
        row("error", f"It raised {text}", line=f"In line 1: `{text}`"),
        student=text, notebook=text, notes=[text], answers={"attention.scores": text},
    )  # fmt: skip


def test_text_that_turns_the_direction_of_writing_is_shown_by_number():
    page = feedback_page(_everywhere("a\u202egpj.exe\u2066\u0000\ufffe\udcff"))
    assert not re.search("[\u202a-\u202e\u2066-\u2069\x00\ufffe\udcff]", page)
    assert "a‹U+202E›gpj.exe‹U+2066›‹U+0000›‹U+FFFE›‹U+DCFF›" in page


@pytest.mark.parametrize("name", ["Müller", "محمد", "李雷", "می\u200cخواهم", "नाम", "O'Neil 😀"])
def test_names_of_every_script_are_shown_as_they_are(name):
    assert plain(name) == name


def test_text_of_any_length_is_cut():
    page = feedback_page(_everywhere("x" * 100_000))
    assert len(page) < 15_000
    assert plain("x" * 301) == "x" * 299 + "…"


def test_the_page_needs_no_other_file_and_runs_no_code():
    elements = Elements(feedback_page(result(row()))).found
    assert {"html", "style", "article"} <= {tag for tag, _ in elements}
    assert not {"script", "link", "img", "iframe"} & {tag for tag, _ in elements}
    names = {name for _, attributes in elements for name in attributes}
    assert not {"src", "href"} & names
    assert not [name for name in names if name.startswith("on")]


def test_an_unsandboxed_grade_says_so():
    assert "UNSANDBOXED" in feedback_page(result(level="limits"))
    assert "UNSANDBOXED" not in feedback_page(result(level="bubblewrap"))


def test_whoever_made_a_mistake_learns_where_to_see_it():
    assert "llama-edu check 05" in feedback_page(result(row()))
    assert "llama-edu check" not in feedback_page(result(row("right")))
