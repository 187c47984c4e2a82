"""A right answer of the learner's is handed over; else the course's own, with the reason."""

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from llama_edu.course.learning.mine import mine
from llama_edu.course.learning.workspace import STATE

QUESTIONS = """
    from llama_edu.course.checking.questions import Question

    def cases(generator):
        yield from ({"x": x} for x in (1, 2, 5))

    def question(name, factor):
        return Question(
            f"toy.{name}", points=1, cases=cases, reference=lambda x: factor * x, misconceptions=[]
        )

    QUESTIONS = [question("double", 2), question("quadruple", 4)]
"""
EXERCISE = "".join(
    f"""
    # %% grade_id="toy.{name}"
    def {name}(x):
        ### BEGIN SOLUTION
        return {factor} * x
        ### END SOLUTION

    # %% grade_id="check.toy.{name}" points=1
    check("toy.{name}", {name})
"""
    for name, factor in (("double", 2), ("quadruple", 4))
)


@pytest.fixture
def answer(write_lesson, tmp_path, monkeypatch):
    """A function that saves a learner's answers in a working copy, where the notebook stands."""
    write_lesson("01_toy", questions=QUESTIONS, exercise=EXERCISE)
    monkeypatch.setenv("LLAMA_EDU_COURSE", str(tmp_path))
    copy = tmp_path / "copy"
    (copy / "exercises").mkdir(parents=True)
    (copy / "notebooks").mkdir()
    (copy / STATE).write_text("{}", encoding="utf-8")
    monkeypatch.chdir(copy / "notebooks")

    def save(**answers: str):
        cells = [
            new_code_cell("import math\nfrom llama_edu.course import check\n%matplotlib inline")
        ]
        for name, source in answers.items():
            graded = {"grade_id": f"toy-{name}", "solution": True, "grade": False}
            cells.append(new_code_cell(source, metadata={"nbgrader": graded}))
            cells.append(new_code_cell("raise ValueError('a trial of their own')"))
        path = copy / "exercises" / "01_toy.ipynb"
        nbformat.write(new_notebook(cells=cells), path)
        return path

    return save


def test_a_right_answer_is_handed_over(answer, capsys):
    answer(double="def double(x):\n    return math.floor(x + x)  # mine")
    assert mine("toy.double")(21) == 42
    assert "floor" in mine("toy.double").__code__.co_names
    assert capsys.readouterr().out == "toy.double: yours\n" * 2


def test_it_may_use_the_answers_before_it(answer, capsys):
    answer(double="def double(x): return x + x",
           quadruple="def quadruple(x): return double(double(x))")  # fmt: skip
    assert mine("toy.quadruple")(3) == 12
    assert capsys.readouterr().out == "toy.quadruple: yours\n"


@pytest.mark.parametrize("keeps_id", [True, False])
def test_it_is_found_where_a_tool_took_the_metadata_away(answer, capsys, keeps_id):
    path = answer(double="import math\ndef double(x):\n    return math.floor(x + x)")
    notebook = nbformat.read(path, 4)
    for i, cell in enumerate(notebook.cells):
        cell.id = "toy-double" if keeps_id and "nbgrader" in cell.metadata else f"cell{i}"
        cell.metadata.clear()
    nbformat.write(notebook, path)
    assert mine("toy.double")(21) == 42
    assert capsys.readouterr().out == "toy.double: yours\n"


@pytest.mark.parametrize("source, why", [
    ("def double(x):\n    return 3 * x", ", as yours is not right yet: llama-edu check 01"),
    ("def double(x:", ", as yours is not right yet: llama-edu check 01"),
    ("double = 1 / 0", ", as yours is not right yet: llama-edu check 01"),
    ("def double(x):\n    raise NotImplementedError()", ", as yours is not written yet"),
])  # fmt: skip
def test_else_it_is_the_courses_own_and_says_why(answer, capsys, source, why):
    answer(double=source)
    assert mine("toy.double")(21) == 42
    assert capsys.readouterr().out == f"toy.double: the course's own{why}\n"


def test_without_a_working_copy_it_is_the_courses_own(answer, capsys, tmp_path, monkeypatch):
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert mine("toy.double")(21) == 42
    assert capsys.readouterr().out == "toy.double: the course's own\n"


def test_a_file_that_is_no_notebook_is_told(answer, capsys):
    from pathlib import Path

    Path("../exercises/01_toy.ipynb").write_text("{", encoding="utf-8")
    assert mine("toy.double")(21) == 42
    assert "the course's own, for 01_toy.ipynb must be a notebook" in capsys.readouterr().out


def test_a_question_that_nobody_asks_is_an_error(answer):
    with pytest.raises(ValueError, match=r"name='toy\.triple' must be"):
        mine("toy.triple")
