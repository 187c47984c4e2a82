"""A reader's guess is answered, and sliders leave a line that stands without them."""

import math

import pytest

from llama_edu.course.reader import answer_guess, explore


def test_no_guess_no_words(capsys):
    answer_guess(None, 7, "each cut makes one piece more")
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("guess, truth, within", [
    (7, 7, 0),
    (" Past only", "past only", 0),
    (9.6, 10.0, 0.05),
    ([1, 2], (1, 2), 0),
    (math.inf, math.inf, 0),
    (True, True, 0),
])  # fmt: skip
def test_a_right_guess_is_told_why_it_is(capsys, guess, truth, within):
    answer_guess(guess, truth, "so it is", within=within)
    shown = capsys.readouterr().out
    assert shown.startswith("Right, ")
    assert shown.endswith(": so it is.\n")


@pytest.mark.parametrize("guess, truth", [
    (5, 7), ("seven", 7), (9.4, 10.0), ([1], (1, 2)), (1, True), (True, 1), ({1}, 1),
])  # fmt: skip
def test_a_wrong_guess_is_told_the_truth(capsys, guess, truth):
    answer_guess(guess, truth, "so it is", within=0.05)
    assert capsys.readouterr().out.startswith("You said ")


def test_a_common_wrong_guess_has_an_answer_of_its_own(capsys):
    answer_guess("Everything", "past only", "so it is", wrong={"everything": "it cheats"})
    assert capsys.readouterr().out == "You said Everything; it is past only: it cheats.\n"


def test_sliders_leave_one_line_for_who_cannot_move_them(capsys):
    explore(lambda temperature, top_p: None, temperature=(0.1, 2.0, 0.1), top_p=(0.0, 1.0))
    shown = capsys.readouterr().out
    assert "application/vnd.jupyter.widget-view+json" in shown
    assert "In JupyterLab, run this cell: it lets you change temperature and top p." in shown
