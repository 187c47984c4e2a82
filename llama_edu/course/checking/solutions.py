"""The authored solutions of a lesson, as functions that can be called, and changed."""

import ast
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from llama_edu.course.lessons import Lesson

CELL = re.compile(r"^# %%(.*)\n", re.MULTILINE)
GRADE_ID = re.compile(r'grade_id="(?!check\.)([\w.]+)"')
MAKES_NAMES = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef, ast.Assign, ast.AnnAssign)


@dataclass(frozen=True)
class Solution:
    """An answer cell of `exercise.py`, complete.

    Args:
        question: its name, "attention.scores".
        source: the text of the cell.
        scope: the names that the cells before it have made.
    """

    question: str
    source: str
    scope: dict

    @property
    def function_name(self) -> str:
        return self.question.rpartition(".")[2]

    def function(self, source: str | ast.Module | None = None) -> Callable:
        """Run the cell, or another text in its place, and return the function it defines."""
        scope = dict(self.scope)
        _run(self.source if source is None else source, scope, self.question)
        return scope[self.function_name]


def solutions(lesson: Lesson) -> list[Solution]:
    """Every answer of a lesson's exercise, in order; checks and trials are not run."""
    return list(_solutions(lesson.exercise_py.read_text(encoding="utf-8")))


def find_solution(exercise: Path, question: str) -> Solution:
    """The one solution of a question.

    Raises:
        ValueError: if the exercise has none.
    """
    found = {one.question: one for one in _solutions(exercise.read_text(encoding="utf-8"))}
    if question not in found:
        raise ValueError(f"{exercise.parent.name}/{exercise.name} must answer {question}")
    return found[question]


@lru_cache(maxsize=32)  # a check asks for the same one again and again
def _solutions(text: str) -> tuple[Solution, ...]:
    found, scope = [], {"__name__": "__main__"}
    _, *parts = CELL.split(text)
    for head, source in zip(parts[::2], parts[1::2], strict=True):
        if "[markdown]" in head or "raises-exception" in head:
            continue
        source = source.strip()
        if graded := GRADE_ID.search(head):
            found.append(Solution(graded[1], source, dict(scope)))
        module = ast.parse(source)
        module.body = [part for part in module.body if isinstance(part, MAKES_NAMES)]
        _run(module, scope, graded[1] if graded else "exercise")
    return tuple(found)


def _run(source: str | ast.Module, scope: dict, name: str) -> None:
    exec(compile(source, f"<{name}>", "exec"), scope)
