"""The teacher's page counts right, and points at what a person should look at."""

from urllib.parse import unquote

import pytest

from llama_edu.grading.store import file_name
from llama_edu.grading.summary import (
    MIN_STATEMENTS,
    difficulties,
    distribution,
    flagged,
    identical_answers,
    summary_page,
)
from tests.grading.made_up import Elements, result, row

LONG = """
def scores(q, k):
    \"\"\"The stub's own words.\"\"\"
    # What this does.
    d = q.shape[-1]
    s = q @ k.mT
    s = s / d ** 0.5
    t = s.sum()
    u = s.mean()
    return s
"""


def with_score(score, student="anna", full=14):
    return result(row("right", points=full), student=student, score=score, max_score=full)


def handed_in(student, source, kind="right", **other):
    return result(row(kind), student=student, answers={"attention.scores": source}, **other)


def test_every_score_has_its_bar():
    bars = distribution([with_score(score) for score in (0, 3, 3, 14)])
    assert [bar.label for bar in bars] == [str(score) for score in range(15)]
    assert {bar.label: bar.n for bar in bars if bar.n} == {"0": 1, "3": 2, "14": 1}


@pytest.mark.parametrize("full", [20, 21, 22, 30, 99, 100, 101])
def test_every_submission_is_in_one_bar(full):
    bars = distribution([with_score(score, full=full) for score in range(full + 1)])
    assert sum(bar.n for bar in bars) == full + 1
    assert len(bars) <= 21
    ends = [bar.label.split("–") for bar in bars]
    assert (ends[0][0], ends[-1][-1]) == ("0", str(full))
    for bar, end in zip(bars, ends, strict=True):
        assert bar.n == int(end[-1]) - int(end[0]) + 1


def test_the_hardest_question_comes_first_with_its_mistakes():
    slips = [["no_scale", "nothing is divided"], ["no_mask", "nothing is hidden"]]
    known = {"misconception": "no_scale", "says": "nothing is divided", "slips": slips[:1]}
    both = {"misconception": "no_scale + no_mask", "says": "two things", "slips": slips}
    results = [
        result(row("right", question="a.easy"), row("value", question="a.hard", **known)),
        result(row("right", question="a.easy"), row("value", question="a.hard", **both)),
        result(row("open", question="a.easy"), row("shape", question="a.hard")),
    ]
    hard, easy = difficulties(results)
    assert (hard.question, hard.n, hard.n_right, hard.n_open) == ("a.hard", 3, 0, 0)
    assert hard.mistakes[0] == ("`no_scale`: nothing is divided", 2)
    assert hard.mistakes[1] == ("`no_mask`: nothing is hidden", 1)
    assert hard.mistakes[2][1] == 1
    assert "shape" in hard.mistakes[2][0]
    assert (easy.question, easy.n_right, easy.n_open, easy.mistakes) == ("a.easy", 2, 1, ())


def test_forbidden_calls_and_ended_kernels_are_for_review():
    kinds = ["right", "open", "value", "error", "forbidden", "timeout", "memory", "flood", "died"]
    found = list(flagged([result(*map(row, [*kinds, "forged"]))]))
    assert [flag.kind for flag in found] == [*kinds[4:], "forged"]
    assert not list(flagged([result(row("right"), row("value"))]))


def test_copies_are_found_whatever_their_comments_and_layout():
    other = LONG.replace("# What this does.", "# Mine!").replace("    s =", "\n    s  =")
    other = other.replace("The stub's own words.", "Others.")
    results = [handed_in("a", LONG), handed_in("b", other), handed_in("c", LONG[:-6] + "u")]
    assert identical_answers(results) == [["a", "b"]]


def test_other_names_are_other_answers():
    assert not identical_answers([handed_in("a", LONG), handed_in("b", LONG.replace("u =", "w ="))])


def test_untouched_answers_are_no_copies():
    assert not identical_answers([handed_in(name, LONG, "open") for name in "ab"])


def test_short_answers_are_no_copies():
    lines = [f"    x{i} = {i}\n" for i in range(MIN_STATEMENTS)]
    for n, is_copy in ((MIN_STATEMENTS - 1, False), (MIN_STATEMENTS, True)):
        source = "import math\ndef f():\n" + "".join(lines[:n])
        assert bool(identical_answers([handed_in(name, source) for name in "ab"])) == is_copy


@pytest.mark.parametrize("source", [
    "%matplotlib inline\n" + LONG,
    "def f(:\n" + LONG,
    "(" * 5000 + LONG,
    LONG + f"\n    {'9' * 5000}",
    LONG + "\0",
])  # fmt: skip
def test_copies_that_are_not_python_are_found_too(source):
    assert identical_answers([handed_in(name, source) for name in "ab"]) == [["a", "b"]]


def test_one_question_that_differs_is_enough():
    def both(student, second):
        answers = {"a.one": LONG, "a.two": second}
        rows = [row("right", question="a.one"), row("right", question="a.two")]
        return result(*rows, student=student, answers=answers)

    assert not identical_answers([both("a", "x = 1"), both("b", "x = 2")])
    assert identical_answers([both("a", "x = 1"), both("b", "x = 1")]) == [["a", "b"]]


def test_every_student_has_a_link_that_leads_to_their_feedback():
    names = ["anna", "a/b", "a#b?c", "100%", '"><script>', "محمد"]
    elements = Elements(summary_page([result(student=name) for name in names])).found
    links = {unquote(attributes["href"]) for tag, attributes in elements if tag == "a"}
    assert links == {f"feedback/{file_name(name)}.html" for name in names}
    assert not [tag for tag, _ in elements if tag == "script"]


def test_the_page_says_how_the_class_did():
    text = Elements(
        summary_page([with_score(4, "a"), with_score(5, "b"), with_score(14, "c")])
    ).text
    assert "3 submissions" in text
    assert "7.667" in text  # the mean of 4, 5 and 14
    words = text.split()
    assert words[words.index("median5")].removeprefix("median") == "5"


def test_notes_on_files_are_shown():
    text = Elements(summary_page([result(notes=["<b>.ipynb: not a notebook"])])).text
    assert "<b>.ipynb: not a notebook" in text


def test_the_page_holds_no_values():
    told = row("value", "expected 3.14159, got 2.0", line="In line 1: `3.14159`")
    assert "3.14159" not in summary_page([result(told), result(row("died", "3.14159"))])


def test_a_class_of_nobody_has_a_page():
    assert "Nobody has handed anything in yet." in summary_page([])
