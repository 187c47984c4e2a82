"""A learner's answers, run as `llama-edu check` does: each mistake costs its own question."""

import pytest

from llama_edu.course.answers import answer_cells, read_notebook
from llama_edu.course.learning.review import Review, review
from llama_edu.course.notebook import to_notebook, to_text, without_solutions

NAMES = ("double", "halve", "negate", "square", "add_one", "keep")
BODIES = ("2 * x", "x / 2", "-x", "x * x", "x + 1", "x.clone()")
QUESTIONS = (
    "import torch\nfrom llama_edu.course.checking.questions import Misconception, Question\n"
    + (
        "def cases(generator):\n    yield {'x': torch.randn(2, 3, generator=generator)}\n"
        "once = Misconception('once', lambda x: x + 0, 'x is left as it is', 'Try x = 3.')\n"
        "QUESTIONS = [\n"
        + "".join(
            f"    Question('sums.{name}', points={points}, cases=cases, reference=lambda x: {body},"
            f" misconceptions={'[once]' if name == 'double' else '[]'}),\n"
            for points, (name, body) in enumerate(zip(NAMES, BODIES, strict=True), start=1)
        )
        + "]\n"
    )
)
EXERCISE = "# %%\nfrom llama_edu.course import check\n" + "".join(
    f'\n# %% grade_id="sums.{name}"\ndef {name}(x):\n'
    f"    ### BEGIN SOLUTION\n    return {body}\n    ### END SOLUTION\n"
    f'\n# %% grade_id="check.sums.{name}" points={points}\ncheck("sums.{name}", {name})\n'
    for points, (name, body) in enumerate(zip(NAMES, BODIES, strict=True), start=1)
)


@pytest.fixture
def lesson(write_lesson, tmp_path):
    made = write_lesson("01_sums", lesson="# %%\n1\n")
    (made.folder / "questions.py").write_text(QUESTIONS, encoding="utf-8")
    (tmp_path / "exercises").mkdir()
    stubs = to_text(without_solutions(to_notebook(EXERCISE)))
    (tmp_path / "exercises" / "01_sums.ipynb").write_text(stubs, encoding="utf-8")
    return made


@pytest.fixture
def answer(lesson, tmp_path):
    """A function that writes a learner's notebook with these sources of answer cells."""

    def write(**sources):
        notebook = read_notebook(tmp_path / "exercises" / "01_sums.ipynb")
        for name, source in sources.items():
            answer_cells(notebook)[f"sums.{name}"].source = source
        path = tmp_path / "mine.ipynb"
        path.write_text(to_text(notebook), encoding="utf-8")
        return path

    return write


def test_every_mistake_costs_its_own_question_and_is_said(lesson, answer):
    path = answer(
        double="def double(x):\n    return x",
        halve="def halve(x):\n    while True:\n        pass",
        negate="import os\n\ndef negate(x):\n    os._exit(1)",
        square="def square(x)\n    return x * x",
        add_one="def add_one(x):\n    return x + 1",
    )
    before = path.read_bytes()
    double, halve, negate, square, add_one, keep = review(lesson, path, cell_seconds=4)
    assert double.kind == "wrong"
    assert "This is exactly what you get when x is left as it is." in double.text
    assert double.text.endswith("Hint: Try x = 3.")
    assert (halve.kind, halve.text[:33]) == ("wrong", "It was still running after 4 s, a")
    assert (negate.kind, negate.text[:22]) == ("wrong", "It ended Python itself")
    assert square == Review(
        "sums.square", 4, "wrong", "The cell itself fails: SyntaxError: expected ':' (line 1)"
    )
    assert add_one == Review("sums.add_one", 5, "right")
    assert keep == Review("sums.keep", 6, "open")
    assert (double.earned, add_one.earned, keep.earned) == (0, 5, 0)
    assert path.read_bytes() == before


@pytest.mark.slow
def test_a_cell_that_hangs_or_ends_python_spoils_no_later_one(lesson, answer):
    path = answer(
        double="def double(x):\n    return 2 * x",
        halve="while True:\n    try:\n        while True:\n            pass\n"
        "    except KeyboardInterrupt:\n        pass",
        negate="import os\nos._exit(1)",
        square="def square(x):\n    return x * x",
    )
    reviews = {one.question: one for one in review(lesson, path, cell_seconds=3)}
    assert reviews["sums.double"].kind == reviews["sums.square"].kind == "right"
    assert "still running after 3 s" in reviews["sums.halve"].text
    assert "ended Python itself" in reviews["sums.negate"].text


def test_an_answer_that_exits_costs_its_own_question_and_is_told_so(lesson, answer):
    path = answer(
        double="def double(x):\n    exit()",
        halve="quit()\ndef halve(x):\n    return x / 2",
        negate="def negate(x):\n    return -x\n\nraise SystemExit",
        square="import sys\ndef square(x):\n    sys.exit('enough')",
        add_one="exit\ndef add_one(x):\n    return x + 1",
        keep="def keep(x):\n    return x.clone()",
    )
    double, halve, negate, square, add_one, keep = review(lesson, path)
    for one in (double, square):
        assert one.text.startswith("It called `exit()` or raised SystemExit, which ends Python")
    assert halve.text == "The cell itself fails: it called `exit()` or raised SystemExit."
    assert [one.kind for one in (negate, add_one, keep)] == ["right"] * 3


def test_only_answer_cells_are_run_and_none_takes_the_place_of_the_check(lesson, answer):
    path = answer(
        double="def double(x):\n    return helper(x)",
        halve="def check(*anything):\n    print('all right')\n\ndef halve(x):\n    return x",
        negate="def negate(x):\n    check()\n    return -x",
        square="def square(x):\n    return unheard_of(x)",
        add_one="y = np.ones(1)\ndef add_one(x):\n    return x + 1",
    )
    notebook = read_notebook(path)
    notebook.cells[0].source = "import numpy as np\n%pwd\ndef helper(x):\n    return 2 * x"
    path.write_text(to_text(notebook), encoding="utf-8")
    double, halve, negate, square, add_one, _ = review(lesson, path)
    assert [one.kind for one in (double, halve, negate, square)] == [
        "wrong", "wrong", "right", "wrong"
    ]  # fmt: skip
    advice = "is defined in another cell of yours, and only the answer cells count: put it into"
    assert "NameError" in double.text and f"`helper` {advice}" in double.text
    assert advice not in square.text
    assert f"`np` {advice}" in add_one.text


def test_an_answer_under_another_name_is_told_what_is_looked_for(lesson, answer):
    said = {one.question: one.text for one in review(lesson, answer(double="def twice(x): ..."))}
    assert said["sums.double"] == (
        "There is no `double`: has the answer kept the name that was given?"
    )


def test_an_answer_that_calls_a_wrong_answer_is_told_so(lesson, answer):
    path = answer(
        double="def double(x):\n    return x",
        halve="def halve(x):\n    return x / 2",
        negate="def negate(x):\n    return halve(double(x)) + x",
        square="def square(x):\n    return x.double() + halve(x)",
        add_one="def double(x):\n    return 2 * x\n\ndef add_one(x):\n    return double(x)",
    )
    said = {one.question: one.text for one in review(lesson, path)}
    sentence = "It calls your `double`, and sums.double is not right yet"
    assert said["sums.negate"].count(sentence) == 1
    others = (said[f"sums.{name}"] for name in ("double", "square", "add_one"))
    assert not any("It calls your" in text for text in others)
    assert "`halve`" not in said["sums.negate"]


def test_another_notebook_is_refused(lesson, tmp_path):
    (tmp_path / "other.ipynb").write_text(to_text(to_notebook("# %%\n1\n")), encoding="utf-8")
    with pytest.raises(ValueError, match="must be a notebook of exercise 01_sums"):
        review(lesson, tmp_path / "other.ipynb")
    (tmp_path / "other.ipynb").write_text("{", encoding="utf-8")
    with pytest.raises(ValueError, match=r"other\.ipynb must be a notebook"):
        review(lesson, tmp_path / "other.ipynb")
    with pytest.raises(FileNotFoundError, match="there is no notebook"):
        review(lesson, tmp_path / "none.ipynb")
    with pytest.raises(ValueError, match=r"NOTEBOOK=\S*other\.txt must end in \.ipynb"):
        review(lesson, tmp_path / "other.txt")


def test_a_lesson_without_an_exercise_says_so(lesson, tmp_path):
    (tmp_path / "exercises" / "01_sums.ipynb").unlink()
    with pytest.raises(ValueError, match="lesson 01_sums has no exercise yet"):
        review(lesson, tmp_path / "mine.ipynb")


def test_answers_in_the_courses_own_copy_count(lesson, answer, tmp_path):
    lesson.exercise_py.write_text(EXERCISE, encoding="utf-8")
    own = tmp_path / "exercises" / "01_sums.ipynb"
    answer(double="def double(x):\n    return 2 * x").replace(own)
    assert [one.kind for one in review(lesson, own)] == ["right", *["open"] * 5]
