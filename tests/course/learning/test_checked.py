"""What was checked is known for as long as the answers stay as they were."""

import pytest

from llama_edu.course.answers import answer_cells, check_cells, read_notebook
from llama_edu.course.learning.checked import CHECKED, recall, remember
from llama_edu.course.learning.workspace import STATE
from llama_edu.course.notebook import to_notebook, to_text
from llama_edu.course.pieces import answers_in

QUESTIONS = ["a.one", "a.two"]

EXERCISE = "".join(
    f'# %% grade_id="a.{name}"\ndef {name}():\n    ### BEGIN SOLUTION\n    return 1\n'
    f"    ### END SOLUTION\n\n"
    f'# %% grade_id="check.a.{name}" points=1\ncheck("a.{name}", {name})\n\n'
    for name in ("one", "two")
)


@pytest.fixture
def path(tmp_path):
    """An exercise in a working copy."""
    (tmp_path / STATE).write_text("{}", encoding="utf-8")
    path = tmp_path / "exercises" / "01_a.ipynb"
    path.parent.mkdir()
    path.write_text(to_text(to_notebook(EXERCISE)), encoding="utf-8")
    return path


def known(path, **changes):
    """What is known of the notebook, with some of its answers changed."""
    notebook = read_notebook(path)
    for name, source in changes.items():
        answer_cells(notebook)[f"a.{name}"].source = source
    return recalled(path, "01_a", notebook)


def recalled(path, exercise, notebook):
    return recall(path.parents[1], exercise, answers_in(notebook.cells, QUESTIONS).sources)


def test_nothing_is_known_before_a_check(path):
    assert known(path) == {}


def test_what_was_found_is_known_until_an_answer_changes(path):
    remember(path, QUESTIONS, ["a.one"])
    assert known(path) == {"a.one": True, "a.two": False}
    assert known(path, two="two = 2") == {"a.one": True}
    assert known(path, one="one = 2") == {}


def test_a_cell_that_was_run_or_ends_in_a_blank_line_is_the_same(path):
    remember(path, QUESTIONS, ["a.one"])
    notebook = read_notebook(path)
    answer_cells(notebook)["a.one"].source += "\n"
    check_cells(notebook)["a.one"].execution_count = 3
    assert recalled(path, "01_a", notebook) == {"a.one": True, "a.two": False}


def test_the_next_check_replaces_what_was_known_of_its_exercise_alone(path):
    other = path.with_stem("02_b")
    other.write_bytes(path.read_bytes())
    remember(path, QUESTIONS, ["a.one"])
    remember(other, QUESTIONS, ["a.two"])
    remember(path, QUESTIONS, [])
    assert known(path) == {"a.one": False, "a.two": False}
    assert recalled(path, "02_b", read_notebook(other))["a.two"]


def test_of_a_notebook_elsewhere_nothing_is_kept(path, tmp_path):
    elsewhere = tmp_path / "mine.ipynb"
    elsewhere.write_bytes(path.read_bytes())
    (tmp_path / "b" / "exercises").mkdir(parents=True)
    for other in (elsewhere, tmp_path / "b" / "exercises" / "01_a.ipynb"):
        other.write_bytes(path.read_bytes())
        remember(other, QUESTIONS, ["a.one"])
    assert not list(tmp_path.rglob(CHECKED))


@pytest.mark.parametrize("text", [
    "", "{", "[]", '{"01_a": 3}', '{"01_a": {"answers": 3}}', '{"01_a": {"right": ["a.one"]}}',
    '{"01_a": {"answers": 3, "right": []}}',
])  # fmt: skip
def test_a_spoilt_record_is_as_none_and_is_made_anew(path, text):
    (path.parents[1] / CHECKED).write_text(text, encoding="utf-8")
    assert known(path) == {}
    remember(path, QUESTIONS, ["a.two"])
    assert known(path)["a.two"]
