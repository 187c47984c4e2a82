"""A class of students, and the grader's two levels of sandbox."""

import copy
import json
from pathlib import Path

import nbformat
import pytest

from llama_edu.course.answers import answer_cells, check_cells
from llama_edu.course.checking.questions import load_questions
from llama_edu.course.lessons import Lesson, course_root, find_lesson

LESSON = find_lesson("05")
QUESTIONS = {question.name: question for question in load_questions(LESSON)}
SOLUTION = nbformat.read(course_root() / "solutions" / f"{LESSON.name}.ipynb", 4)
EXERCISE = nbformat.read(course_root() / "exercises" / f"{LESSON.name}.ipynb", 4)
RIGHT = {name: cell.source for name, cell in answer_cells(SOLUTION).items()}
N_POINTS = sum(question.points for question in QUESTIONS.values())


def notebook(answers: dict[str, str], lesson: Lesson = LESSON) -> nbformat.NotebookNode:
    """The exercise with some answers filled in."""
    file = course_root() / "exercises" / f"{lesson.name}.ipynb"
    filled = copy.deepcopy(EXERCISE) if lesson == LESSON else nbformat.read(file, 4)
    for name, cell in answer_cells(filled).items():
        cell.source = answers.get(name, cell.source)
    return filled


def hand_in(
    folder: Path,
    student: str,
    filled: nbformat.NotebookNode | dict[str, str],
    lesson: Lesson = LESSON,
) -> Path:
    """Write a student's notebook as they would have saved it."""
    if not hasattr(filled, "cells"):
        filled = notebook(filled, lesson)
    file = folder / student / f"{lesson.name}.ipynb"
    file.parent.mkdir(parents=True, exist_ok=True)
    # Not nbformat.write: a hostile notebook need not be valid.
    file.write_text(json.dumps(filled), encoding="utf-8")
    return file


def without_checks(filled: nbformat.NotebookNode) -> nbformat.NotebookNode:
    checks = [cell.id for cell in check_cells(filled).values()]
    filled.cells = [cell for cell in filled.cells if cell.id not in checks]
    return filled


@pytest.fixture
def submissions(tmp_path) -> Path:
    folder = tmp_path / "submitted"
    folder.mkdir()
    return folder
