"""Grade one submission: what a worker does, in a process of its own."""

import threading
import time
from datetime import UTC, datetime
from functools import lru_cache

from llama_edu.course.answers import answer_cells, read_notebook
from llama_edu.course.checking.names import (
    OURS,
    borrowed_names,
    first_of_ours_in,
    first_use_in,
    imports,
)
from llama_edu.course.checking.questions import Question, load_questions
from llama_edu.course.checking.verdict import Verdict
from llama_edu.course.lessons import Lesson, all_lessons
from llama_edu.grading.engine import Page, run_pages
from llama_edu.grading.injection import inject, make_task
from llama_edu.grading.kernel import SandboxError, fatal_sentence
from llama_edu.grading.submissions import Submission
from llama_edu.grading.visible import visible_modules

N_TRIES = 3
HINTS = {
    "timeout": "Is it in a loop whose condition never becomes false?",
    "memory": "Which tensor is much larger than the inputs? Print its shape before it is made.",
    "died": "An answer ends with `return`; it does not end Python.",
}
_lock = threading.Lock()  # pytest, which nbval runs in, is not for two threads of a process


def grade_submission(submission: Submission, assignment: dict) -> dict:
    """Grade one submission; the result is plain data.

    Raises:
        SandboxError: if the sandbox does not work, tried three times.
    """
    start, lesson = time.monotonic(), _lesson(assignment["lesson"])
    tasks, exercise = _prepared(lesson.name, assignment["seed"])
    stubs = {name: cell.source.strip() for name, cell in answer_cells(exercise).items()}
    imported = {}
    for source in submission.answers.values():
        imported |= imports(source)
    verdicts, todo = {}, []
    for task in tasks:
        source = submission.answers.get(task.question.name, "")
        if source.strip() in ("", stubs[task.question.name]):
            verdicts[task.question.name] = _verdict(task.question, "open", "Not answered.")
        elif use := first_use_in(source, task.question.forbids):
            sentence = f"`{use.name}` must not be used here: what it does is to be written."
            verdicts[task.question.name] = _verdict(task.question, "forbidden", sentence, use.line)
        elif use := first_of_ours_in(source, imported):
            sentence = f"`{use.name}` {OURS}"
            verdicts[task.question.name] = _verdict(task.question, "forbidden", sentence, use.line)
        else:
            todo.append(task)
    for _ in range(N_TRIES):
        try:
            with _lock, visible_modules() as path:
                sandbox = {"level": assignment["level"], "path": path}
                verdicts |= _run(todo, exercise, submission, assignment["limits"], sandbox)
            break
        except SandboxError as error:
            problem = error
    else:
        raise problem
    _blame_helpers(verdicts, [task.question for task in tasks], submission.answers)
    questions = [_row(task.question, verdicts[task.question.name]) for task in tasks]
    return {
        "student": submission.student,
        "keys": list(submission.keys),
        "lesson": lesson.name,
        "notebook": submission.notebook,
        "score": sum(row["earned"] for row in questions),
        "max_score": sum(row["points"] for row in questions),
        "level": assignment["level"],
        "questions": questions,
        "notes": list(submission.notes),
        "answers": dict(submission.answers),
        "graded_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "seconds": round(time.monotonic() - start, 3),
    }


def _run(todo, exercise, submission, limits, sandbox) -> dict[str, Verdict]:
    pages = {
        f"q{i}": Page(task, inject(exercise, submission.answers, task))
        for i, task in enumerate(todo)
    }
    if pages:
        run_pages(pages, limits, sandbox)
    return {page.task.question.name: _verdict_of(page, limits) for page in pages.values()}


def _blame_helpers(
    verdicts: dict[str, Verdict], questions: list[Question], answers: dict[str, str]
) -> None:
    """Where a wrong answer calls another wrong one, say so, as the student's own check does."""
    for question in questions:
        verdict = verdicts[question.name]
        if verdict.kind in ("right", "open", "forbidden"):
            continue
        called = borrowed_names(answers[question.name]) - {question.function_name}
        for helper in questions:
            if helper.function_name in called and not verdicts[helper.name].ok:
                verdicts[question.name] = verdict.waits_for(helper.name, helper.function_name)
                break


def _verdict_of(page: Page, limits) -> Verdict:
    question = page.task.question
    if page.fatal:
        sentence, hint = fatal_sentence(page.fatal, limits), HINTS.get(page.fatal, "")
        return Verdict(question.name, question.points, page.fatal, sentence, hint=hint)
    if page.own_error and (page.verdict is None or not page.verdict.ok):
        return _verdict(question, "cell", f"The cell itself fails: {page.own_error}")
    return page.verdict or _verdict(question, "error", "The check could not be run.")


def _verdict(question: Question, kind: str, sentence: str, line: str = "") -> Verdict:
    return Verdict(question.name, question.points, kind, sentence, line)


def _row(question: Question, verdict: Verdict) -> dict:
    return {
        "question": question.name,
        "points": question.points,
        "earned": verdict.earned,
        "kind": verdict.kind,
        "sentence": verdict.sentence,
        "line": verdict.line,
        "misconception": verdict.misconception,
        "says": verdict.says,
        "slips": verdict.slips,
        "hint": verdict.hint,
    }


def _lesson(name: str) -> Lesson:
    return next(lesson for lesson in all_lessons() if lesson.name == name)


@lru_cache(maxsize=4)
def _prepared(name: str, seed: int):
    """The tasks of a lesson's questions, and its exercise as it was handed out."""
    lesson = _lesson(name)
    exercise = read_notebook(lesson.folder.parents[1] / "exercises" / f"{name}.ipynb")
    return [make_task(question, seed) for question in load_questions(lesson)], exercise
