"""What each student answered, as text.

Whatever is wrong with one student's files is a note on that student alone.
"""

import ast
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from llama_edu.course.lessons import Lesson, cell_name
from llama_edu.course.pieces import Answers, answers_in
from llama_edu.grading.handed_in import Refused, files_in
from llama_edu.grading.names import file_name
from llama_edu.grading.people import Class, Student, find_people
from llama_edu.grading.roster import Roster

MAX_STUDENT_BYTES = 20_000_000  # of all the notebooks of one student
MAX_CELLS = 2_000


@dataclass(frozen=True)
class Submission:
    """One student's answers to one exercise, as text.

    Args:
        student: their name, as their folder, the platform or the roster says it.
        answers: source by question.
        notebook: the file they came from, within the student's folder; "" if there is none.
        notes: what was odd about what was handed in, for the teacher and the student.
        keys: what else is known of who they are, such as a platform's number.
    """

    student: str
    answers: Mapping[str, str] = field(default_factory=dict)
    notebook: str = ""
    notes: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()


def question_names(exercise: bytes) -> list[str]:
    """The questions of an exercise, in its order; nbformat would take seconds to be imported."""
    graded = (cell["metadata"].get("nbgrader", {}) for cell in json.loads(exercise)["cells"])
    return [cell_name(one["grade_id"]) for one in graded if one.get("solution")]


def check_exercise(lesson: Lesson, names: Collection[str]) -> None:
    """Hold the questions of an exercise's notebook against those that the lesson asks.

    The lesson's files are read, not run: torch would take seconds to be imported.

    Raises:
        ValueError: if the notebook is older or newer: a line for each question that has no cell,
            or each cell that has no question.
    """
    asked = [
        node.args[0].value
        for file in lesson.question_files
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Question"
    ]
    lines = [f"{name}: the notebook has no cell for it" for name in asked if name not in names]
    lines += [f"{name}: the lesson does not ask it" for name in names if name not in asked]
    if lines:
        head = f"exercises/{lesson.name}.ipynb must ask what its lesson asks; build it again with "
        raise ValueError("\n".join([f"{head}`llama-edu build {lesson.name[:2]}`:", *lines]))


def read_class(path: Path, lesson: Lesson, roster: Roster | None = None) -> Class:
    """Who handed in what.

    Args:
        path: a folder or a zip file.
        lesson: whose exercise it is.
        roster: who there is; without it names are taken as they stand there.

    Raises:
        ValueError: if there is no such folder or zip, or nobody is in it.
    """
    if not path.exists():
        raise ValueError(f"SUBMISSIONS={path} does not exist")
    class_ = find_people(files_in(path), lesson, roster)
    if not class_.students:
        left_out = "".join(f"\n{line}" for line in class_.left_out)
        raise ValueError(
            f"SUBMISSIONS={path} must hold a folder, a notebook or a zip for each student: "
            f"it holds none{left_out}"
        )
    return class_


def read_submissions(class_: Class, questions: list[str]) -> list[Submission]:
    """The submissions of a class, by name.

    Args:
        class_: who handed in what.
        questions: the names of the exercise's questions.
    """
    taken: set[str] = set()
    submissions = []
    for student in class_.students:
        name, notes = student.name, list(student.notes)
        while file_name(name).casefold() in taken:  # nobody's files are written over another's
            name += "~"
        taken.add(file_name(name).casefold())
        if name != student.name:
            notes.append(f"two students are called {student.name}: this one is {name} here")
        submissions.append(_choose(name, student, notes, questions))
    return submissions


def _choose(name: str, student: Student, notes: list[str], names: list[str]) -> Submission:
    """The notebook that counts: the one that answers this exercise, the newest of several."""
    found, n_bytes = [], 0
    for attempt, file in student.files:
        path = "/".join(file.parts)
        try:
            if n_bytes > MAX_STUDENT_BYTES:  # reading is quick, parsing is not
                raise Refused(f"not read after {MAX_STUDENT_BYTES / 1e6:.0f} MB of notebooks")
            data = file.read()
            n_bytes += len(data)
            answers = read_answers(data, names)
        except Refused as refusal:
            notes.append(f"{path}: {refusal}")
            continue
        except OSError as error:
            notes.append(f"{path}: cannot be read ({error.strerror})")
            continue
        if answers.sources:
            is_own = "solutions" not in file.parts[:-1]  # a clone of the whole course holds them
            rank = (answers.n_marked > 0, is_own, attempt, file.time, path)
            found.append((rank, answers))
    if not found:
        if not student.files:
            only = f", only {', '.join(sorted(student.others)[:5])}" if student.others else ""
            notes.append(f"there is no notebook{only}")
        elif not any(":" in note for note in notes):
            notes.append("no notebook has an answer cell of this exercise")
        return Submission(name, notes=tuple(notes), keys=student.keys)
    found.sort(key=lambda one: one[0])
    (*_, path), answers = found[-1]
    if len(found) > 1:
        others = ", ".join(sorted(one[0][-1] for one in found[:-1])[:20])
        notes.append(f"{path} counts, the newest of {len(found)}; the others: {others}")
    return Submission(name, answers.sources, path, (*notes, *answers.remarks), student.keys)


def read_answers(data: bytes, questions: list[str]) -> Answers:
    """The answers of a notebook.

    Raises:
        Refused: if this is no notebook.
    """
    try:
        notebook = json.loads(_text(data))
    except (ValueError, RecursionError, MemoryError):
        raise Refused("not a notebook: its JSON cannot be read") from None
    cells = notebook.get("cells") if isinstance(notebook, dict) else None
    version = notebook.get("nbformat") if isinstance(notebook, dict) else None
    if version != 4:
        raise Refused(f"not a notebook of format 4 (nbformat={str(version)[:20]}): save it anew")
    if not isinstance(cells, list) or len(cells) > MAX_CELLS:
        raise Refused(f"not a notebook with at most {MAX_CELLS} cells")
    return answers_in(cells, questions)


def _text(data: bytes) -> str:
    """JSON in the encodings that editors save it in."""
    is_wide = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    return data.decode("utf-16" if is_wide else "utf-8-sig")
