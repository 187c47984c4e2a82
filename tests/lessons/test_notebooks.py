"""Every lesson of the course, as it is committed: fresh, and kept to the rules for lessons."""

import nbformat
import pytest
from rules import EXERCISE_RULES, RULES

from llama_edu.course.authoring.build import build
from llama_edu.course.authoring.overview import overview
from llama_edu.course.authoring.pages import orphans
from llama_edu.course.checking.questions import load_questions
from llama_edu.course.lessons import all_lessons, course_root, nbgrader_id

LESSONS = all_lessons()
each_lesson = pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.name)


def read(kind: str, lesson) -> nbformat.NotebookNode:
    return nbformat.read(course_root() / kind / f"{lesson.name}.ipynb", as_version=4)


def test_there_are_lessons():
    assert LESSONS
    assert len({lesson.number for lesson in LESSONS}) == len(LESSONS)


def test_nothing_is_stale():
    assert build(LESSONS, check_only=True) == {}, "run `make lessons`"
    assert overview(course_root()) == {}, "run `make lessons`"


def test_no_notebook_is_left_over():
    assert orphans(LESSONS, course_root()) == []


@each_lesson
def test_the_first_heading_is_numbered(lesson):
    assert lesson.title.startswith(f"{lesson.number} · ")


@each_lesson
@pytest.mark.parametrize("rule", RULES)
def test_rule(rule, lesson):
    assert rule(read("notebooks", lesson)) == []


@each_lesson
@pytest.mark.parametrize("rule", EXERCISE_RULES)
def test_rule_for_exercises(rule, lesson):
    if not lesson.exercise_py.exists():
        pytest.skip("a lesson without an exercise")
    assert rule(read("exercises", lesson)) == []


@each_lesson
def test_every_question_is_asked_once_for_its_points(lesson):
    if not lesson.exercise_py.exists():
        pytest.skip("a lesson without an exercise")
    graded = [cell.metadata.get("nbgrader", {}) for cell in read("exercises", lesson).cells]
    points = {meta["grade_id"]: meta["points"] for meta in graded if meta.get("grade")}
    answers = [meta["grade_id"] for meta in graded if meta.get("solution")]
    questions = load_questions(lesson)
    assert questions
    assert points == {nbgrader_id(f"check.{q.name}"): q.points for q in questions}
    assert answers == [nbgrader_id(q.name) for q in questions]
