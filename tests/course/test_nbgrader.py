"""Our solution notebooks go through nbgrader: release, hand in, autograde, the points we expect."""

import csv
import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from llama_edu.course.lessons import all_lessons, course_root, find_lesson
from llama_edu.course.notebook import STUB

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore::DeprecationWarning")]
pytest.importorskip("nbgrader", reason="nbgrader is not installed: pip install llama_edu[test]")

LESSONS = [lesson for lesson in all_lessons() if lesson.exercise_py.exists()]
GRADED = find_lesson("attention").name


def read(path: Path) -> nbformat.NotebookNode:
    return nbformat.read(path, as_version=4)


def answers(notebook: nbformat.NotebookNode) -> dict[str, nbformat.NotebookNode]:
    """The answer cells by their id, in order."""
    found = (cell for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get("solution"))
    return {cell.metadata.nbgrader.grade_id: cell for cell in found}


def points(notebook: nbformat.NotebookNode) -> dict[str, float]:
    """What the check cell below each answer is worth, by the answer's id."""
    graded = (cell.metadata.nbgrader for cell in notebook.cells if "nbgrader" in cell.metadata)
    return {meta.grade_id.removeprefix("check-"): meta.points for meta in graded if meta.grade}


@pytest.fixture(scope="module")
def nbgrader(tmp_path_factory):
    """A function that runs an nbgrader command in a class of its own; `.folder` holds it."""
    folder = tmp_path_factory.mktemp("class")

    def run(command: str, *words: str) -> None:
        result = subprocess.run(
            [sys.executable, "-m", "nbgrader", command, *words],
            cwd=folder, capture_output=True, text=True,
        )  # fmt: skip
        assert result.returncode == 0, result.stderr

    run.folder = folder
    with pytest.MonkeyPatch.context() as patch:
        for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "IPYTHONDIR"):
            patch.setenv(name, str(tmp_path_factory.mktemp(name)))
        # nbgrader starts its own helper, alembic, by name.
        patch.setenv("PATH", str(Path(sys.executable).parent), prepend=os.pathsep)
        yield run


@pytest.fixture(scope="module")
def released(nbgrader):
    """The folder of releases that nbgrader made from our solutions."""
    for lesson in LESSONS:
        source = nbgrader.folder / "source" / lesson.name
        source.mkdir(parents=True)
        shutil.copy(course_root() / "solutions" / f"{lesson.name}.ipynb", source)
        nbgrader("generate_assignment", lesson.name)
    return nbgrader.folder / "release"


@pytest.fixture(scope="module")
def grades(nbgrader, released):
    """Points by student and question, of four who handed lesson 05 in, as nbgrader keeps them."""
    from nbgrader.api import Gradebook

    right = answers(read(course_root() / "solutions" / f"{GRADED}.ipynb"))
    students = {"all": len(right), "half": len(right) // 2, "none": 0, "untouched": None}
    for student, n_right in students.items():
        notebook = read(released / GRADED / f"{GRADED}.ipynb")
        if n_right is not None:
            for n, (name, cell) in enumerate(answers(notebook).items()):
                wrong = cell.source.replace(STUB[1], "return None")
                cell.source = right[name].source if n < n_right else wrong
        folder = nbgrader.folder / "submitted" / student / GRADED
        folder.mkdir(parents=True)
        nbformat.write(notebook, folder / f"{GRADED}.ipynb")
    nbgrader("autograde", GRADED, "--create", "--Execute.timeout=300")
    with Gradebook(f"sqlite:///{nbgrader.folder / 'gradebook.db'}") as gradebook:
        return {
            student: {
                grade.name.removeprefix("check-"): grade.score
                for grade in gradebook.find_submission_notebook(GRADED, GRADED, student).grades
            }
            for student in students
        }


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.name)
def test_its_release_is_our_exercise(released, lesson):
    """Cell by cell, but for the checksums that it adds."""
    theirs = read(released / lesson.name / f"{lesson.name}.ipynb").cells
    ours = read(course_root() / "exercises" / f"{lesson.name}.ipynb").cells
    assert len(ours) > 3
    for cell in theirs:
        cell.metadata.get("nbgrader", {}).pop("checksum", None)
        cell.metadata.get("nbgrader", {}).pop("cell_type", None)
    assert theirs == ours


def test_right_answers_earn_all_points(grades):
    worth = points(read(course_root() / "exercises" / f"{GRADED}.ipynb"))
    assert len(worth) > 3
    assert grades["all"] == worth


def test_wrong_answers_and_stubs_earn_none(grades):
    assert set(grades["none"].values()) == {0}
    assert set(grades["untouched"].values()) == {0}


def test_each_question_is_graded_for_itself(grades):
    worth = points(read(course_root() / "exercises" / f"{GRADED}.ipynb"))
    first = list(worth)[: len(worth) // 2]
    assert grades["half"] == {name: worth[name] if name in first else 0 for name in worth}


def test_the_exported_table_has_the_sums(nbgrader, grades):
    nbgrader("export", "--to", "grades.csv")
    with (nbgrader.folder / "grades.csv").open(newline="") as file:
        rows = {row["student_id"]: row for row in csv.DictReader(file) if row["raw_score"]}
    total = sum(grades["all"].values())
    for student, earned in grades.items():
        scores = [float(rows[student][key]) for key in ("score", "max_score")]
        assert scores == [sum(earned.values()), total]
