"""What is made from which authored file, and whether what lies there is still that."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from llama_edu.course.authoring.fingerprint import fingerprint, imported_names, package_modules
from llama_edu.course.authoring.terms import PAGE
from llama_edu.course.lessons import Lesson, course_map
from llama_edu.course.notebook import to_notebook, to_text, without_outputs, without_solutions

KINDS = ("notebooks", "exercises", "solutions")


@dataclass(frozen=True)
class Page:
    """One authored file and what is made from it.

    Args:
        lesson: whose it is.
        source: `lesson.py` or `exercise.py`.
        executed: the notebook that is run.
        stubs: for an exercise, the notebook that a learner gets.
    """

    lesson: Lesson
    source: Path
    executed: Path
    stubs: Path | None = None

    @property
    def name(self) -> str:
        """`notebooks/05_attention` or `solutions/05_attention`."""
        return f"{self.executed.parent.name}/{self.executed.stem}"

    def new_executed(self) -> NotebookNode:
        """The notebook that is to be run, as it is before.

        Raises:
            ValueError: if the authored file breaks a rule; with its name and the line.
        """
        made = self._authored()
        try:
            made_from = fingerprint(self._files(), also=self._map() + self._measured())
            made.metadata["llama_edu"] = {"made_from": made_from}
        except SyntaxError as error:
            name, code = f"{self.lesson.name}/{self.source.name}", (error.text or "").strip()
            raise ValueError(f"{name}, line {error.lineno}: {code} ({error.msg})") from None
        return made

    def new_stubs(self) -> str:
        """The text of the notebook that a learner gets."""
        return to_text(without_solutions(self._authored()))

    def why_stale(self) -> str | None:
        """Say in what the files that lie there differ from what would be made now, if at all."""
        try:
            new = self.new_executed()
        except ValueError as error:
            return str(error)
        if not self.executed.exists():
            return "not made yet"
        old = _read(self.executed)
        if old is None:
            return "not a notebook"
        blank = without_outputs(old)
        if blank.cells != new.cells:
            return f"its cells are not those of {self.source.name}"
        if blank != new:
            return "made with another version of the package or of the questions"
        if not _is_executed(old):
            return "not run from top to bottom without an error"
        if self.stubs and not self._holds_new_stubs():
            return f"{self.stubs.parent.name}/{self.stubs.stem} is not the exercise to it"
        return None

    def _authored(self) -> NotebookNode:
        name = f"{self.lesson.name}/{self.source.name}"
        if not self.source.exists():
            raise ValueError(f"{name} must exist")
        try:
            return to_notebook(self.source.read_text(encoding="utf-8"))
        except ValueError as error:
            raise ValueError(f"{name}, {error}") from None

    def _files(self) -> list[Path]:
        """What its outputs hang on, beside the package: a page of the course can ask questions."""
        text = self.source.read_text(encoding="utf-8")
        can_ask = "llama_edu.course" in package_modules([text])
        return [self.source, *self.lesson.question_files] if can_ask else [self.source]

    def _map(self) -> str:
        """The course map, if it shows that."""
        text = self.source.read_text(encoding="utf-8")
        if "llama_edu.course.lessons.course_map" not in imported_names(text, ""):
            return ""
        entries = course_map(self.lesson.folder.parents[1])
        return "".join(f"{one.number} {one.title} {one.is_written}\n" for one in entries)

    def _measured(self) -> str:
        """What a script beside the page has measured for it, if the page reads such a file."""
        text = self.source.read_text(encoding="utf-8")
        files = sorted(self.lesson.folder.glob("*.json"))
        return "".join(one.read_text(encoding="utf-8") for one in files if one.name in text)

    def _holds_new_stubs(self) -> bool:
        return self.stubs.exists() and self.stubs.read_text(encoding="utf-8") == self.new_stubs()


def pages(lessons: Iterable[Lesson]) -> list[Page]:
    """What there is to make for these lessons."""
    found = []
    for lesson in lessons:
        root, file = lesson.folder.parents[1], f"{lesson.name}.ipynb"
        notebook, exercise, solution = (root / kind / file for kind in KINDS)
        found.append(Page(lesson, lesson.lesson_py, notebook))
        if lesson.exercise_py.exists():
            found.append(Page(lesson, lesson.exercise_py, solution, exercise))
    return found


def orphans(lessons: Iterable[Lesson], root: Path) -> list[str]:
    """Notebooks that none of these lessons makes, such as those of a lesson with a new name."""
    made = {path for page in pages(lessons) for path in (page.executed, page.stubs)}
    made.add(root / PAGE)
    found = {path for kind in KINDS for path in (root / kind).glob("*.ipynb")}
    return sorted(path.relative_to(root).as_posix() for path in found - made)


def _read(path: Path) -> NotebookNode | None:
    try:
        notebook = nbformat.read(path, as_version=nbformat.NO_CONVERT)
        nbformat.validate(notebook)
    except (ValueError, AttributeError, nbformat.ValidationError):
        return None
    return notebook


def _is_executed(notebook: NotebookNode) -> bool:
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    failed = [
        cell
        for cell in cells
        if any(output.output_type == "error" for output in cell.outputs)
        and "raises-exception" not in cell.metadata.get("tags", [])
    ]
    return [cell.execution_count for cell in cells] == [*range(1, len(cells) + 1)] and not failed
