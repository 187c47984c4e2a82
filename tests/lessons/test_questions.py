"""Every question of every lesson: what is right passes, and each mistake is told from the rest."""

import inspect
import re
from functools import cache
from itertools import islice
from pathlib import Path

import pytest

from llama_edu.course.authoring.mutants import report
from llama_edu.course.checking.compare import difference
from llama_edu.course.checking.diagnose import diagnose
from llama_edu.course.checking.edits import pairs, wrong_function
from llama_edu.course.checking.outcomes import make_cases, outcomes
from llama_edu.course.checking.questions import Misconception, Question, load_questions
from llama_edu.course.checking.show import as_text
from llama_edu.course.checking.solutions import Solution, solutions
from llama_edu.course.lessons import Lesson, all_lessons
from llama_edu.course.notebook import STUB, replace_regions, to_notebook

LESSONS = [lesson for lesson in all_lessons() if lesson.question_files]
ASKED = [(lesson, question) for lesson in LESSONS for question in load_questions(lesson)]
KNOWN = [(question, known) for _, question in ASKED for known in question.misconceptions]
SEEDS = (0, 1, 2)  # learners see 0; a grader chooses its own

each_lesson = pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.name)
each_question = pytest.mark.parametrize(
    "lesson, question", ASKED, ids=[question.name for _, question in ASKED]
)
each_misconception = pytest.mark.parametrize(
    "question, known", KNOWN, ids=[f"{question.name}-{known.name}" for question, known in KNOWN]
)


run_exercise = cache(solutions)


def solution_of(lesson: Lesson, question: Question) -> Solution:
    return next(one for one in run_exercise(lesson) if one.question == question.name)


@each_lesson
def test_the_exercise_answers_and_checks_each_question_once_for_its_points(lesson):
    cells = to_notebook(lesson.exercise_py.read_text(encoding="utf-8")).cells
    graded = [cell.metadata.nbgrader for cell in cells if "nbgrader" in cell.metadata]
    answers = [cell.grade_id.replace("-", ".") for cell in graded if cell.solution]
    points = {cell.grade_id.replace("-", "."): cell.points for cell in graded if cell.grade}
    assert answers == [question.name for question in load_questions(lesson)]
    assert points == {f"check.{q.name}": q.points for q in load_questions(lesson)}


@pytest.mark.parametrize("seed", SEEDS)
@each_question
def test_reference_passes_and_leaves_its_inputs(lesson, question, seed):
    assert diagnose(question, question.reference, seed).earned == question.points


@pytest.mark.parametrize("seed", SEEDS)
@each_question
def test_solution_passes(lesson, question, seed):
    verdict = diagnose(question, solution_of(lesson, question).function(), seed)
    assert verdict.ok, as_text(verdict)


@each_question
def test_stub_earns_nothing_and_says_so(lesson, question):
    solution = solution_of(lesson, question)
    stub = solution.function(replace_regions(solution.source, "SOLUTION", STUB))
    assert diagnose(question, stub).kind == "stub"


@each_question
def test_some_mistakes_are_known(lesson, question):
    names = [known.name for known in question.misconceptions]
    assert names
    assert len(set(names)) == len(names)


# That it is named also shows that no other misconception, nor the reference, has its outputs.
@pytest.mark.parametrize("seed", SEEDS[:2])
@each_misconception
def test_misconception_fails_and_is_named(question: Question, known: Misconception, seed):
    verdict = diagnose(question, wrong_function(question, known), seed)
    assert (verdict.earned, verdict.misconception) == (0, known.name), as_text(verdict)


@each_misconception
def test_an_edit_runs_and_knows_its_names(question, known):
    if callable(known.wrong):
        return
    got = list(outcomes(wrong_function(question, known), make_cases(question, 0), 0))
    assert not [one.error for one in got if isinstance(one.error, NameError)]
    assert any(one.error is None for one in got), "what always raises is told by its exception"


@each_question
def test_a_question_is_about_a_page(lesson, question):
    file = inspect.getsourcefile(question.cases)
    assert len(question.misconceptions) <= 17, "which of these are never made, or are pairs?"
    assert len(Path(file).read_text(encoding="utf-8").splitlines()) <= 180
    assert not [k.name for k in question.misconceptions if len(k.says) > 120 or len(k.hint) > 240]
    assert not [k.name for k in question.misconceptions if not re.fullmatch(r"\w+", k.name)]


@each_question
def test_two_edits_together_are_named_or_at_least_not_misread(lesson, question):
    """What the machine makes of two mistakes is called by both, or by one and a second."""
    for first, second, wrong in islice(pairs(question), 40):
        verdict = diagnose(question, wrong)
        if not verdict.ok and verdict.misconception and " + " in verdict.misconception:
            named = {name for name, _ in verdict.slips}
            assert named == {first.name, second.name}


@each_question
def test_the_same_answer_gets_the_same_words(lesson, question):
    first, second = (
        diagnose(question, wrong_function(question, question.misconceptions[0])) for _ in range(2)
    )
    assert as_text(first) == as_text(second)


@each_misconception
def test_words_make_sentences(question, known):
    assert known.says[-1] not in ".?!", "it stands before a full stop"
    assert known.hint[-1] in ".?!)"


@each_question
def test_a_seed_gives_the_same_values_again_and_another_seed_others(lesson, question):
    def values(seed: int) -> list:
        cases = make_cases(question, seed)
        return [outcome.value for outcome in outcomes(question.reference, cases, seed)]

    assert difference(values(0), values(0), 0, 0) is None
    assert difference(values(0), values(1), question.rtol, question.atol) is not None


@pytest.mark.slow
@each_question
def test_every_mutant_of_the_solution_is_noticed_or_explained(lesson, question):
    result = report(question, solution_of(lesson, question))
    assert len(result.trials) > 3
    assert (result.survivors, result.outdated) == ([], [])
