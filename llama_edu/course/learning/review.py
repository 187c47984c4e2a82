"""Run a learner's answers, as `llama-edu check` does: their functions in the exercise as given."""

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

from llama_edu.course.answers import answer_cells, check_cells, points, read_notebook
from llama_edu.course.authoring.pages import pages
from llama_edu.course.checking.names import borrowed_names, defined_names
from llama_edu.course.lessons import Lesson
from llama_edu.course.notebook import to_text, without_outputs
from llama_edu.course.pieces import answers_in

CELL_SECONDS = 30
# Jupyter's own exit() ends the kernel, and every later question with it: Python's raises. The
# checks' own imports, torch among them, must not be counted as time of the first answer.
LOAD = """\
import sys
exit = quit = sys.exit
import llama_edu.course.checking.diagnose
from llama_edu.course.checking.questions import find_question
find_question("{name}")
"""
# An answer cell that makes a `check` of its own does not change who checks.
CHECK = "import llama_edu.course as _llama_edu_course\n_llama_edu_course.{call}"


@dataclass(frozen=True)
class Review:
    """What came of one question.

    Args:
        question: "attention.scores".
        points: what a right answer is worth.
        kind: "right", "wrong" or "open": not answered yet.
        text: which mistake it is; "" if it is none.
    """

    question: str
    points: int
    kind: str
    text: str = ""

    @property
    def earned(self) -> int:
        return self.points if self.kind == "right" else 0


def review(lesson: Lesson, notebook: Path, cell_seconds: float = CELL_SECONDS) -> list[Review]:
    """Check a learner's answers to the exercise of a lesson; their notebook stays as it is.

    Their answer cells are put into the exercise as it was given, so that only the answers count,
    and a copy of that is run by nbval. An answer that fails, hangs or ends Python costs its own
    question alone.

    Args:
        lesson: whose exercise it is.
        notebook: the learner's.
        cell_seconds: how long an answer or its check may run.

    Returns:
        The questions in the order of the exercise.

    Raises:
        ValueError: if the notebook is none, or not one of this exercise, or the lesson has none.
        FileNotFoundError: if there is no such notebook.
        RuntimeError: if it could not be run at all.
    """
    given = lesson.folder.parents[1] / "exercises" / f"{lesson.name}.ipynb"
    if not given.is_file():
        raise ValueError(f"lesson {lesson.name} has no exercise yet")
    exercise, own = _as_given(lesson, given), read_notebook(_existing(notebook))
    theirs = answers_in(own.cells, list(answer_cells(exercise))).sources
    stubs = {name: cell.source.strip() for name, cell in answer_cells(exercise).items()}
    if not theirs.keys() & stubs.keys():
        raise ValueError(f"{notebook} must be a notebook of exercise {lesson.name}")
    injected = without_outputs(exercise)
    ids = {}
    for name, cell in answer_cells(injected).items():
        ids[name] = cell.id
        if name in theirs:
            cell.source = theirs[name]
    for cell in check_cells(injected).values():
        cell.source = CHECK.format(call=cell.source)
    injected.cells.insert(0, new_code_cell(LOAD.format(name=next(iter(stubs)))))
    reports = _run(injected, lesson.folder.parents[1], cell_seconds)
    reviews = []
    for name, cell in check_cells(injected).items():
        if name not in theirs or theirs[name].strip() in ("", stubs.get(name)):
            reviews.append(Review(name, points(cell), "open"))
            continue
        check, answer = reports.get(cell.id, {}), reports.get(ids.get(name), {})
        if check.get("outcome") == "passed":
            reviews.append(Review(name, points(cell), "right"))
        else:
            text = _mistake(name, check, answer, cell_seconds)
            text += _elsewhere(text, own)
            reviews.append(Review(name, points(cell), "wrong", text))
    wrong = [one.question for one in reviews if one.kind == "wrong"]
    return [
        replace(one, text=one.text + _borrowed(theirs[one.question], wrong, one.text))
        if one.kind == "wrong"
        else one
        for one in reviews
    ]


def _as_given(lesson: Lesson, file: Path) -> NotebookNode:
    """The exercise as it was handed out: somebody may have answered in the course's own copy."""
    if not lesson.exercise_py.is_file():
        return read_notebook(file)
    page = next(page for page in pages([lesson]) if page.stubs)
    return nbformat.reads(page.new_stubs(), as_version=4)


def _existing(path: Path) -> Path:
    if path.suffix != ".ipynb":
        raise ValueError(f"NOTEBOOK={path} must end in .ipynb")
    if not path.is_file():
        raise FileNotFoundError(f"there is no notebook {path}")
    return path


def _run(notebook: NotebookNode, course: Path, cell_seconds: float) -> dict[str, dict]:
    """Run a notebook under nbval; what `nbval_report` says of each cell, by the cell's id."""
    with TemporaryDirectory(prefix="llama_edu_", ignore_cleanup_errors=True) as folder:
        page, report = Path(folder) / "exercise.ipynb", Path(folder) / "report.jsonl"
        page.write_text(to_text(notebook), encoding="utf-8")
        command = [
            sys.executable, "-m", "pytest", "-q", "-p", "nbval.plugin",
            "-p", "llama_edu.course.nbval_report", "-p", "no:cacheprovider", "--noconftest",
            "--rootdir", folder, "-c", os.devnull, "--nbval-lax", "--nbval-current-env",
            f"--nbval-cell-timeout={cell_seconds}", f"--cell-report={report}", str(page),
        ]  # fmt: skip
        ours = os.pathsep.join(filter(None, [_package_parent(), os.environ.get("PYTHONPATH")]))
        # The reader's own pytest settings and plugins have no part in this.
        environment = os.environ | {
            "LLAMA_EDU_COURSE": str(course),
            "PYTEST_ADDOPTS": "",
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
            "PYTHONPATH": ours,
        }
        done = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
        if not report.exists():
            words = f"{done.stdout}\n{done.stderr}".strip().splitlines()
            raise RuntimeError(f"the notebook could not be run: {words[-1] if words else 'nbval'}")
        lines = report.read_text(encoding="utf-8").splitlines()
    return {report["cell"]: report for report in map(json.loads, lines)}


def _package_parent() -> str:
    return str(Path(__file__).resolve().parents[2])


def _mistake(name: str, check: dict, answer: dict, cell_seconds: float) -> str:
    """The words of `check` itself where it came to speak, else what kept it from that."""
    head = f"{name}: not right yet\n"
    spoken = [text for text in check.get("shown", ()) if text.startswith(head)]
    lasted = f"It was still running after {cell_seconds:g} s, and was stopped: an endless loop?"
    ended = "It ended Python itself: a crash, or something like `os._exit()`."
    if check.get("outcome") == "timed out":
        return lasted
    if spoken:
        return spoken[-1].removeprefix(head).strip()
    if answer.get("outcome") == "timed out":
        return lasted
    if "died" in (answer.get("outcome"), check.get("outcome")):
        return ended
    if error := answer.get("error"):
        if error.startswith("SystemExit"):
            return "The cell itself fails: it called `exit()` or raised SystemExit."
        # Python names the file of a SyntaxError, which for a cell is a number.
        return "The cell itself fails: " + re.sub(r"\(\S+, line (\d+)\)", r"(line \1)", error)
    error, function = check.get("error") or "it was not reached", name.rpartition(".")[2]
    if error == f"NameError: name '{function}' is not defined":
        return f"There is no `{function}`: has the answer kept the name that was given?"
    return f"The check could not be run: {error}"


def _elsewhere(mistake: str, own: NotebookNode) -> str:
    """What to do about a name that an answer needs and that the learner made in another cell."""
    answers = [id(cell) for cell in answer_cells(own).values()]
    for name in re.findall(r"NameError: name '(\w+)' is not defined", mistake):
        for cell in own.cells:
            is_other = cell.cell_type == "code" and id(cell) not in answers
            if is_other and name in defined_names(cell.source):
                return (
                    f"\n`{name}` is defined in another cell of yours, and only the answer cells "
                    "count: put it into this answer's cell."
                )
    return ""


def _borrowed(source: str, wrong: list[str], said: str) -> str:
    """Which answers, wrong themselves, an answer builds upon."""
    names = borrowed_names(source) if "It calls your" not in said else set()
    return "".join(
        f"\nIt calls your `{function}`, and {question} is not right yet."
        for question in wrong
        if (function := question.rpartition(".")[2]) in names
    )
