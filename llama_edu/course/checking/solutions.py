"""The authored solutions of a lesson, as functions that can be called, and changed."""

from collections.abc import Callable
from dataclasses import dataclass

from llama_edu.course.lessons import Lesson, cell_name
from llama_edu.course.notebook import to_notebook


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

    def function(self, source: str | None = None) -> Callable:
        """Run the cell, or another text in its place, and return the function it defines."""
        scope = dict(self.scope)
        _run(self.source if source is None else source, scope, self.question)
        return scope[self.function_name]


def solutions(lesson: Lesson) -> list[Solution]:
    """Every answer of a lesson's exercise, in order; checks are not run.

    Raises:
        ValueError: if the exercise has an option or a cell that no notebook can be made of.
    """
    found, scope = [], {"__name__": "__main__"}
    for cell in to_notebook(lesson.exercise_py.read_text(encoding="utf-8")).cells:
        graded = cell.metadata.get("nbgrader", {})
        must_fail = "raises-exception" in cell.metadata.get("tags", [])
        if cell.cell_type != "code" or graded.get("grade") or must_fail:
            continue
        if graded.get("solution"):
            found.append(Solution(cell_name(graded["grade_id"]), cell.source, dict(scope)))
        _run(cell.source, scope, cell.id)
    return found


def _run(source: str, scope: dict, name: str) -> None:
    exec(compile(source, f"<{name}>", "exec"), scope)
