"""What a lesson asks: seeded cases, the right answer, and the wrong answers people give."""

import importlib.util
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import KW_ONLY, dataclass, field, replace
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from llama_edu.course.lessons import Lesson, all_lessons, nbgrader_id

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Misconception:
    """A wrong answer that people give, recognised by what it computes.

    Args:
        name: one word, for tables: "no_scale".
        wrong: what is written instead: pieces of the solution's own source, each of which stands
            there just once, and what stands in their places. Only where the mistake is another
            algorithm is it a function, called as the right one is.
        says: the end of the sentence "This is exactly what you get when ...".
        hint: what a teacher would say next; it does not give the answer away.
    """

    name: str
    wrong: Mapping[str, str] | Callable
    says: str
    hint: str


@dataclass(frozen=True)
class Question:
    """One graded function.

    Args:
        name: "topic.function"; the learner's function is called what follows the dot.
        points: for a right answer.
        cases: makes the inputs from a generator, each case a dict of keyword arguments. Small
            cases make messages that can be read.
        reference: gives the right answer and leaves its inputs as they are.
        misconceptions: none gives the outputs of the reference, or of another one.
        rtol: relative tolerance of numbers; one wider than the default needs a reason.
        atol: absolute tolerance of numbers.
        equivalent_mutants: mutants of the solution that are right too: what was changed, as
            `llama_edu.course.authoring.mutants` prints it, and why that is no mistake.
        forbids: names an answer must not use: ("softmax",) where it is to be written by hand.
        exercise: the file whose solution is edited; `load_questions` sets it.

    Raises:
        ValueError: if the name is not words joined by dots, or points is not above 0.
    """

    name: str
    _: KW_ONLY
    points: int
    cases: Callable[["torch.Generator"], Iterable[dict]]
    reference: Callable
    misconceptions: list[Misconception]
    rtol: float = 1e-5
    atol: float = 1e-6
    equivalent_mutants: Mapping[str, str] = field(default_factory=dict)
    forbids: tuple[str, ...] = ()
    exercise: Path | None = None

    def __post_init__(self):
        nbgrader_id(self.name)
        if self.points <= 0:
            raise ValueError(f"points={self.points} of {self.name} must be above 0")

    @property
    def function_name(self) -> str:
        """`scores` of `attention.scores`."""
        return self.name.rpartition(".")[2]


def load_questions(lesson: Lesson) -> list[Question]:
    """The questions of a lesson, in its order; none if it has no `questions.py` or `questions/`.

    Raises:
        ValueError: if the file does not end in a list QUESTIONS, or a name is used twice.
    """
    if not lesson.question_files:
        return []
    file = lesson.question_files[0]
    name = file.relative_to(lesson.folder.parent).as_posix()
    questions = getattr(_load(lesson.name, file), "QUESTIONS", None)
    if not isinstance(questions, list):
        raise ValueError(f"{name} must end in a list QUESTIONS")
    names = [question.name for question in questions]
    if len(set(names)) < len(names):
        raise ValueError(f"{name} must use a name once, got {names}")
    return [replace(question, exercise=lesson.exercise_py) for question in questions]


def neighbours(name: str, root: Path | None = None) -> list[Question]:
    """All questions of the lesson that asks this one; none if no lesson does."""
    lessons = map(load_questions, all_lessons(root))
    return next((some for some in lessons if name in {one.name for one in some}), [])


def find_question(name: str, root: Path | None = None) -> Question:
    """Look a question up by its full name, "attention.scores".

    Args:
        name: exact.
        root: another course's folder; `course_root()` if None.

    Raises:
        ValueError: if no lesson asks it; it lists those of the lesson that is likely meant.
    """
    topic = name.partition(".")[0]
    # Lessons of that topic first: the others need not even be loaded.
    lessons = sorted(all_lessons(root), key=lambda lesson: not lesson.topic.startswith(topic))
    near = []
    for lesson in lessons:
        for question in load_questions(lesson):
            if question.name == name:
                return question
            if question.name.startswith(f"{topic}."):
                near.append(question.name)
    names = near or sorted(lesson.name for lesson in lessons)
    kind = "one of" if near else "a question of one of the lessons"
    raise ValueError(f"name={name!r} must be {kind} {', '.join(names)}")


def _load(lesson: str, path: Path) -> ModuleType:
    """Run the file as a module, once: a lesson's folder is no package."""
    name = f"_llama_edu_questions_{lesson}"
    loaded = sys.modules.get(name)
    if loaded is not None and loaded.__file__ == str(path):
        return loaded
    for part in [part for part in sys.modules if part.startswith(f"{name}.")]:
        del sys.modules[part]  # of a course elsewhere
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses of the file look their module up
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module
