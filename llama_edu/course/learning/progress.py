"""How far a learner is, from what was checked and what their notebooks show; nothing is run."""

from dataclasses import dataclass
from pathlib import Path

from nbformat import NotebookNode

from llama_edu.course.answers import check_cells, points, read_notebook
from llama_edu.course.learning.checked import recall
from llama_edu.course.lessons import Lesson, all_lessons
from llama_edu.course.pieces import answers_in


@dataclass(frozen=True)
class Progress:
    """How far the learner is in one lesson.

    Args:
        lesson: which one.
        questions: the points of each question of its exercise, by name; none if it has none.
        right: names of those that were right when last checked.
        unchecked: names of those that are answered and were never checked, as far as is known.
        problem: why the learner's notebook could not be read; "" if it could.
    """

    lesson: Lesson
    questions: dict[str, int]
    right: frozenset[str] = frozenset()
    unchecked: frozenset[str] = frozenset()
    problem: str = ""

    @property
    def earned(self) -> int:
        return sum(self.questions[name] for name in self.right)

    @property
    def points(self) -> int:
        return sum(self.questions.values())

    @property
    def is_begun(self) -> bool:
        """Whether an answer is there."""
        return bool(self.problem or self.right or self.unchecked)

    @property
    def is_done(self) -> bool:
        return not self.problem and len(self.right) == len(self.questions)


def progress(workspace: Path, root: Path | None = None) -> list[Progress]:
    """How far the learner is in every lesson, in order.

    A question is right if `llama-edu check` has found so and the answer is still the same, or if
    its check cell shows so, in the notebook as it was last saved.

    Args:
        workspace: the working copy; it need not be there.
        root: the course's folder; `course_root()` if None.
    """
    found = []
    for lesson in all_lessons(root):
        exercise = lesson.folder.parents[1] / "exercises" / f"{lesson.name}.ipynb"
        checks = check_cells(read_notebook(exercise)) if exercise.exists() else {}
        questions = {name: points(cell) for name, cell in checks.items()}
        try:
            theirs = workspace / "exercises" / exercise.name
            notebook = read_notebook(theirs) if theirs.exists() else None
        except (ValueError, OSError) as error:
            found.append(Progress(lesson, questions, problem=str(error)))
            continue
        if notebook is None:
            found.append(Progress(lesson, questions))
            continue
        answers = answers_in(notebook.cells, list(questions))
        known = recall(workspace, lesson.name, answers.sources)
        shown = {name: notebook.cells[i] for name, i in answers.checks.items()}
        right = {name for name in questions if _is_right(name, known, shown)}
        unchecked = {
            name for name in questions.keys() - known
            if answers.is_written(name) and not (name in shown and shown[name].get("outputs"))
        }  # fmt: skip
        found.append(Progress(lesson, questions, frozenset(right), frozenset(unchecked)))
    return found


def next_lesson(found: list[Progress]) -> Progress | None:
    """The first whose exercise is not all right; None if there is nothing left to do."""
    return next((one for one in found if not one.is_done), None)


def _is_right(name: str, known: dict[str, bool], shown: dict[str, NotebookNode]) -> bool:
    return known[name] if name in known else name in shown and _shows_right(name, shown[name])


def _shows_right(name: str, check_cell: NotebookNode) -> bool:
    """Whether `check` printed its one line, and nothing failed."""
    outputs = check_cell.get("outputs", [])
    if any(output.output_type == "error" for output in outputs):
        return False
    printed = "".join(output.get("text", "") for output in outputs)
    return any(line.startswith(f"{name}: right, ") for line in printed.splitlines())
