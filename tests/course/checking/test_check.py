"""`check` in a terminal and in a notebook: one line if right, the mistake and no stack if not."""

import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

import llama_edu
from llama_edu.course import check
from llama_edu.course.checking.check import CheckFailed
from llama_edu.course.checking.show import as_text

QUESTIONS = """
    import torch
    from llama_edu.course.checking.questions import Misconception, Question

    QUESTIONS = [
        Question(
            "toy.double",
            points=2,
            cases=lambda generator: ({"x": torch.randn(n, generator=generator)} for n in (2, 3)),
            reference=lambda x: 2 * x,
            misconceptions=[Misconception("same", lambda x: x, "x stays as it is", "Twice it.")],
        ),
        Question(
            "toy.fourfold",
            points=1,
            cases=lambda generator: ({"x": torch.randn(n, generator=generator)} for n in (2, 3)),
            reference=lambda x: 4 * x,
            misconceptions=[Misconception("same", lambda x: x, "x stays as it is", "Oh.")],
        ),
    ]
"""


@pytest.fixture(autouse=True)
def course(write_lesson, tmp_path, monkeypatch):
    """A course of one question, for this process and for those it starts."""
    write_lesson("01_toy", questions=QUESTIONS)
    monkeypatch.setenv("LLAMA_EDU_COURSE", str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", str(Path(llama_edu.__file__).parents[1]))
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)  # a failed check replaces it


def test_a_right_answer_prints_one_line_and_returns_nothing(capsys):
    assert check("toy.double", lambda x: x + x) is None
    assert capsys.readouterr().out == "toy.double: right, 2 points\n"


def test_a_wrong_answer_is_told_then_raised(capsys):
    with pytest.raises(AssertionError, match=r"^toy.double: All 2 numbers are wrong") as caught:
        check("toy.double", lambda x: x)
    assert isinstance(caught.value, CheckFailed)
    assert caught.value.verdict.misconception == "same"
    assert caught.value.__cause__ is caught.value.__context__ is None
    assert capsys.readouterr().out == as_text(caught.value.verdict) + "\n"


def test_a_wrong_helper_is_blamed_and_not_its_caller(capsys):
    names = {}
    exec("def double(x): return x\ndef fourfold(x): return double(double(x))", names)
    with pytest.raises(CheckFailed):
        check("toy.fourfold", names["fourfold"])
    said = capsys.readouterr().out
    assert "Hint: It calls your `double`, and toy.double is not right yet" in said
    assert "exactly what you get" not in said
    exec("def double(x): return 2 * x\ndef fourfold(x): return x and double(x)", names)
    with pytest.raises(CheckFailed):
        check("toy.fourfold", names["fourfold"])
    assert "It calls" not in capsys.readouterr().out


def test_the_seed_chooses_the_cases(capsys):
    for seed in (0, 0, 1):
        with pytest.raises(CheckFailed):
            check("toy.double", lambda x: x, seed=seed)
    first, again, other = capsys.readouterr().out.split("Hint: Twice it.\n")[:3]
    assert first == again != other


def test_an_unknown_question_is_refused():
    with pytest.raises(ValueError, match=r"'toy.triple' must be one of toy.double"):
        check("toy.triple", abs)


def test_the_lists_of_the_course_come_without_torch():
    command = [sys.executable, "-c", "import sys, llama_edu.course; print('torch' in sys.modules)"]
    assert subprocess.run(command, capture_output=True, text=True).stdout == "False\n"


SCRIPT = """
from llama_edu.course import check

def double(x):
    return x.no_such_name

check("toy.double", double)
"""


def test_a_script_ends_with_the_mistake_and_without_a_stack(tmp_path):
    script = tmp_path / "mine.py"
    script.write_text(SCRIPT, encoding="utf-8")
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 1
    assert "In line 5: `return x.no_such_name`" in done.stdout
    assert done.stderr.startswith("CheckFailed: toy.double: It raised AttributeError")
    assert done.stderr.count("\n") == 1


def test_other_errors_are_reported_as_before(monkeypatch):
    seen = []
    monkeypatch.setattr(sys, "excepthook", lambda *error: seen.append(error))
    for _ in range(2):
        with pytest.raises(CheckFailed):
            check("toy.double", abs)
    report, error = sys.excepthook, ValueError("theirs")
    report(ValueError, error, None)
    assert seen == [(ValueError, error, None)]
    with pytest.raises(CheckFailed):
        check("toy.double", abs)
    assert sys.excepthook is report


def test_a_notebook_shows_a_card_and_one_line_and_no_stack(tmp_path):
    sources = [
        "from llama_edu.course import check\n\ndef double(x):\n    y = 2 * x\n    return y.nothing",
        'check("toy.double", double)',
        'double = lambda x: x\ncheck("toy.double", double)',
        'double = lambda x: x + x\ncheck("toy.double", double)',
    ]
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    notebook = nbformat.v4.new_notebook(cells=cells)
    NotebookClient(
        notebook, allow_errors=True, resources={"metadata": {"path": tmp_path}}
    ).execute()
    defined, raised, known, right = (cell.outputs for cell in notebook.cells)

    assert defined == []
    card, error = raised
    assert card.output_type == "display_data"
    assert "In line 5: `return y.nothing`" in card.data["text/plain"]
    assert "In line 5: <code>return y.nothing</code>" in card.data["text/html"]
    assert (error.output_type, error.ename) == ("error", "CheckFailed")
    assert error.evalue.startswith("toy.double: It raised AttributeError: 'Tensor' object")
    assert error.traceback == ["CheckFailed: toy.double: not right yet"]

    words = "This is exactly what you get when x stays as it is."
    assert words in known[0].data["text/html"]
    assert words in known[0].data["text/plain"]
    assert [output.get("text") for output in right] == ["toy.double: right, 2 points\n"]
