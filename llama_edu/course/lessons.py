"""Which lessons there are, and where their one authored source lies."""

import os
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Lesson:
    """A folder `lessons/NN_topic`.

    Args:
        number: two digits, "05".
        topic: "attention".
        folder: where the authored files lie.
    """

    number: str
    topic: str
    folder: Path

    @property
    def name(self) -> str:
        """`05_attention`, the name of the folder and of the notebooks made from it."""
        return self.folder.name

    @property
    def lesson_py(self) -> Path:
        return self.folder / "lesson.py"

    @property
    def exercise_py(self) -> Path:
        return self.folder / "exercise.py"

    @property
    def question_files(self) -> list[Path]:
        """`questions.py`, or the files of the package `questions/`, its `__init__.py` first."""
        file = self.folder / "questions.py"
        return [file] if file.exists() else sorted((self.folder / "questions").glob("*.py"))

    @property
    def title(self) -> str:
        """The first heading of `lesson.py`.

        Raises:
            ValueError: if it has none.
        """
        heading = re.search(r"^# # (.+)$", self.lesson_py.read_text(encoding="utf-8"), re.MULTILINE)
        if heading is None:
            raise ValueError(f"{self.name}/lesson.py must have a heading `# # Title`")
        return heading[1].strip()


@dataclass(frozen=True)
class Entry:
    """A lesson on the course map.

    Args:
        number: two digits, "05".
        title: a few words, "attention".
        lesson: where it is written; None if it is only planned.
    """

    number: str
    title: str
    lesson: Lesson | None

    @property
    def is_written(self) -> bool:
        return self.lesson is not None


def course_root() -> Path:
    """The folder that holds lessons/, notebooks/, exercises/ and solutions/.

    It is LLAMA_EDU_COURSE if that is set, else the checkout this package is run from, else the
    copy that is installed with the package.
    """
    if chosen := os.environ.get("LLAMA_EDU_COURSE"):
        return Path(chosen).expanduser().absolute()
    package = Path(__file__).resolve().parents[1]
    is_checkout = (package.parent / "pyproject.toml").is_file()
    return package.parent if is_checkout else package / "_course"


def all_lessons(root: Path | None = None) -> list[Lesson]:
    """Every lesson of the course, in the order of their numbers.

    Args:
        root: another course's folder; `course_root()` if None.
    """
    folders = sorted(((root or course_root()) / "lessons").glob("[0-9][0-9]_*"))
    return [Lesson(*folder.name.split("_", 1), folder) for folder in folders if folder.is_dir()]


def course_map(root: Path | None = None) -> list[Entry]:
    """Every lesson that `lessons/syllabus.toml` names, written or planned, in order.

    Args:
        root: another course's folder; `course_root()` if None.

    Raises:
        ValueError: if a lesson is written and not named there.
    """
    written = {lesson.number: lesson for lesson in all_lessons(root)}
    syllabus = (root or course_root()) / "lessons" / "syllabus.toml"
    titles = tomllib.loads(syllabus.read_text(encoding="utf-8"))
    if unnamed := written.keys() - titles.keys():
        raise ValueError(f"{syllabus} must name every lesson, and lacks {', '.join(unnamed)}")
    return [Entry(number, title, written.get(number)) for number, title in sorted(titles.items())]


def find_lesson(name: str, root: Path | None = None) -> Lesson:
    """Look a lesson up by its number, its topic or both: "05", "5", "attention", "05_attention".

    Raises:
        ValueError: if there is none; it lists them.
    """
    lessons = all_lessons(root)
    for lesson in lessons:
        if name in (lesson.topic, lesson.name) or name.zfill(2) == lesson.number:
            return lesson
    names = ", ".join(lesson.name for lesson in lessons) or "none in " + str(root or course_root())
    raise ValueError(f"LESSON={name!r} must be one that is written, by number or topic: {names}")


def nbgrader_id(name: str) -> str:
    """The id of a cell in a notebook, where nbgrader allows no dots.

    nbgrader_id("check.attention.scores") -> "check-attention-scores"

    Raises:
        ValueError: if the name could not be had back with `cell_name`.
    """
    if not re.fullmatch(r"\w+(\.\w+)+", name, re.ASCII):
        raise ValueError(f"name={name!r} must be words of letters, digits and _, joined by dots")
    return name.replace(".", "-")


def cell_name(nbgrader_id: str) -> str:
    """The name that `nbgrader_id` was made from."""
    return nbgrader_id.replace("-", ".")
