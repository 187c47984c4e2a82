"""Progress is read from what was checked, and what notebooks show: the lines of `check`."""

import pytest
from nbformat.v4 import new_output

from llama_edu.course.answers import answer_cells, check_cells, read_notebook
from llama_edu.course.learning.checked import remember
from llama_edu.course.learning.progress import next_lesson, progress
from llama_edu.course.learning.workspace import refresh
from llama_edu.course.notebook import to_notebook, to_text

EXERCISE = """
# %% grade_id="{topic}.one"
def one():
    ### BEGIN SOLUTION
    return 1
    ### END SOLUTION

# %% grade_id="check.{topic}.one" points=2
check("{topic}.one", one)

# %% grade_id="{topic}.two"
def two():
    ### BEGIN SOLUTION
    return 2
    ### END SOLUTION

# %% grade_id="check.{topic}.two" points=3
check("{topic}.two", two)
"""
ERROR = new_output("error", ename="CheckFailed", evalue="a.one: no", traceback=[])


@pytest.fixture
def copy(tmp_path, write_lesson):
    """A working copy of a course of three lessons, the first without an exercise."""
    for name in ("00_start", "01_a", "02_b"):
        lesson = write_lesson(name, lesson=f"# %% [markdown]\n# # {name}\n")
        text = to_text(to_notebook(lesson.lesson_py.read_text(encoding="utf-8")))
        folders = ["notebooks"]
        if name != "00_start":
            folders.append("exercises")
            text = to_text(to_notebook(EXERCISE.format(topic=lesson.topic).lstrip()))
        for folder in folders:
            (tmp_path / folder).mkdir(exist_ok=True)
            (tmp_path / folder / f"{name}.ipynb").write_text(text, encoding="utf-8")
    refresh(tmp_path / "copy", tmp_path)
    return tmp_path / "copy"


def show(copy, name, *outputs, exercise="01_a"):
    """Store outputs in a check cell of the learner's notebook."""
    path = copy / "exercises" / f"{exercise}.ipynb"
    notebook = read_notebook(path)
    check_cells(notebook)[name].outputs = list(outputs)
    path.write_text(to_text(notebook), encoding="utf-8")


def test_nothing_is_right_at_first(copy):
    found = progress(copy, copy.parent)
    assert [(one.earned, one.points, one.is_done) for one in found] == [
        (0, 0, True), (0, 5, False), (0, 5, False)
    ]  # fmt: skip
    assert next_lesson(found).lesson.name == "01_a"


def test_a_right_answer_counts(copy):
    show(copy, "a.two", new_output("stream", text="mine\na.two: right, 3 points\n"))
    found = progress(copy, copy.parent)
    assert (found[1].earned, found[1].right) == (3, {"a.two"})
    assert next_lesson(found).lesson.name == "01_a"


def test_what_was_checked_counts_before_what_is_shown(copy):
    path = copy / "exercises" / "01_a.ipynb"
    show(copy, "a.two", new_output("stream", text="a.two: right, 3 points\n"))
    remember(path, ["a.one", "a.two"], ["a.one", "no.longer.asked"])
    assert progress(copy, copy.parent)[1].right == {"a.one"}
    notebook = read_notebook(path)
    answer_cells(notebook)["a.two"].source += "  # changed, and run again"
    path.write_text(to_text(notebook), encoding="utf-8")
    assert progress(copy, copy.parent)[1].right == {"a.one", "a.two"}


def test_answers_that_were_never_checked_are_told(copy):
    path = copy / "exercises" / "01_a.ipynb"
    stub = "def one():\n    raise NotImplementedError()"

    def unchecked(one):
        notebook = read_notebook(path)
        answer_cells(notebook)["a.one"].source = one
        path.write_text(to_text(notebook), encoding="utf-8")
        return progress(copy, copy.parent)[1].unchecked

    show(copy, "a.two", ERROR)
    assert unchecked("def one():\n    return 3") == {"a.one"}
    assert unchecked(stub) == unchecked(" ") == frozenset()
    remember(path, ["a.one", "a.two"], [])
    assert unchecked(" ") == frozenset()
    assert unchecked("one = 1") == {"a.one"}


def strip(cell, i):
    """As tools do that keep no metadata, and those that keep no ids either."""
    cell.metadata.clear()


def strip_all(cell, i):
    strip(cell, i)
    cell.id = f"cell{i}"


@pytest.mark.parametrize("harm", [strip, strip_all])
def test_what_a_tool_took_from_the_cells_changes_nothing(copy, harm):
    path = copy / "exercises" / "01_a.ipynb"
    show(copy, "a.two", new_output("stream", text="a.two: right, 3 points\n"))
    notebook = read_notebook(path)
    answer_cells(notebook)["a.one"].source = "def one():\n    return 1"
    answer_cells(notebook)["a.two"].source = "def two():\n    return 2"
    for i, cell in enumerate(notebook.cells):
        harm(cell, i)
    path.write_text(to_text(notebook), encoding="utf-8")
    found = progress(copy, copy.parent)[1]
    assert (found.right, found.unchecked) == ({"a.two"}, {"a.one"})
    remember(path, ["a.one", "a.two"], ["a.one"])
    assert progress(copy, copy.parent)[1].right == {"a.one"}


@pytest.mark.parametrize("outputs", [
    (),
    (new_output("stream", text="a.one: not right yet\n"),),
    (new_output("stream", text="a.two: right, 3 points\n"),),
    (new_output("stream", text="a.one: right, 2 points\n"), ERROR),
    (new_output("display_data", data={"text/plain": "a.one: right, 2 points"}),),
])  # fmt: skip
def test_nothing_else_counts(copy, outputs):
    show(copy, "a.one", *outputs)
    assert progress(copy, copy.parent)[1].earned == 0


def test_the_next_lesson_is_the_first_that_is_not_all_right(copy):
    for exercise in ("a", "b"):
        for name, points in (("one", 2), ("two", 3)):
            line = f"{exercise}.{name}: right, {points} points\n"
            number = "01" if exercise == "a" else "02"
            output = new_output("stream", text=line)
            show(copy, f"{exercise}.{name}", output, exercise=f"{number}_{exercise}")
        found = progress(copy, copy.parent)
        todo = next_lesson(found)
        assert (todo and todo.lesson.name) == ("02_b" if exercise == "a" else None)


@pytest.mark.parametrize("text", [b"", b"\xff\xfe", b"[]", b'{"cells": [{}]}'])
def test_a_broken_notebook_is_named_and_the_others_count(copy, text):
    (copy / "exercises" / "01_a.ipynb").write_bytes(text)
    show(copy, "b.one", new_output("stream", text="b.one: right, 2 points"), exercise="02_b")
    found = progress(copy, copy.parent)
    assert "01_a.ipynb must be a notebook" in found[1].problem
    assert [one.earned for one in found] == [0, 0, 2]
    assert next_lesson(found).lesson.name == "01_a"


def test_without_a_working_copy_nothing_is_right(copy):
    found = progress(copy / "elsewhere", copy.parent)
    assert [one.earned for one in found] == [0, 0, 0]
    assert not any(one.problem for one in found)
