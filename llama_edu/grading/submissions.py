"""What a class handed in: one folder a student, nbgrader's tree, or a zip of either.

Nothing is unpacked or followed, and whatever is wrong with one student's files is a note on that
student alone.
"""

import ast
import json
import zipfile
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from llama_edu.course.lessons import Lesson, cell_name
from llama_edu.grading.handed_in import MAX_STUDENT_BYTES, File, Refused, in_folder, in_zip
from llama_edu.grading.names import file_name

MAX_CELLS = 2_000
MAX_SOURCE = 100_000  # characters of one answer
STUB = "raise NotImplementedError()"


@dataclass(frozen=True)
class Submission:
    """One student's answers to one exercise, as text.

    Args:
        student: the name of their folder.
        answers: source by question.
        notebook: the file they came from, within the student's folder; "" if there is none.
        notes: what was odd about what was handed in, for the teacher and the student.
    """

    student: str
    answers: Mapping[str, str] = field(default_factory=dict)
    notebook: str = ""
    notes: tuple[str, ...] = ()


def question_names(exercise: bytes) -> list[str]:
    """The questions of an exercise, in its order; nbformat would take seconds to be imported."""
    names = (_answer(cell)[0] for cell in json.loads(exercise)["cells"])
    return [name for name in names if name]


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


def read_submissions(path: Path, questions: list[str]) -> Iterator[Submission]:
    """The submissions of a class, by name.

    Args:
        path: a folder or a zip file.
        questions: the names of the exercise's questions.

    Raises:
        ValueError: if there is no such folder or zip, or nobody is in it.
    """
    if not path.exists():
        raise ValueError(f"SUBMISSIONS={path} does not exist")
    if path.is_dir():
        students = in_folder(path)
    elif path.is_file() and zipfile.is_zipfile(path):
        students = in_zip(path)
    else:
        raise ValueError(f"SUBMISSIONS={path} must be a folder or a zip file")
    if not students:
        raise ValueError(
            f"SUBMISSIONS={path} must hold a folder for each student: it holds none "
            "(a zip in a zip is not opened: unpack the outer one)"
        )
    taken: set[str] = set()
    for name in sorted(students):
        files, notes = students[name]
        student = name
        while file_name(student).casefold() in taken:  # nobody's files are written over another's
            student += "~"
        taken.add(file_name(student).casefold())
        if student != name:
            notes = [*notes, f"two students are called {name}: this one is {student} here"]
        yield _choose(student, files, list(notes), questions)


def _choose(student: str, files: list[File], notes: list[str], names: list[str]) -> Submission:
    """The notebook that counts: the one that answers this exercise, the newest of several."""
    found, n_bytes = [], 0
    for file in files:
        try:
            data = file.read()
            n_bytes += len(data)
            if n_bytes > MAX_STUDENT_BYTES:  # reading is quick, parsing is not
                raise Refused(f"not read after {MAX_STUDENT_BYTES / 1e6:.0f} MB of notebooks")
            answers, remarks = read_answers(data, names)
        except Refused as refusal:
            notes.append(f"{file.path}: {refusal}")
            continue
        except OSError as error:
            notes.append(f"{file.path}: cannot be read ({error.strerror})")
            continue
        if answers:
            found.append((file, answers, remarks))
    if not found:
        if not files:
            notes.append("there is no notebook")
        elif not any(":" in note for note in notes):
            notes.append("no notebook has an answer cell of this exercise")
        return Submission(student, notes=tuple(notes))
    found.sort(key=lambda one: (one[0].time, one[0].path))
    file, answers, remarks = found[-1]
    if len(found) > 1:
        others = ", ".join(sorted(one[0].path for one in found[:-1]))
        notes.append(f"{file.path} counts, the newest of {len(found)}; the others: {others}")
    return Submission(student, answers, file.path, (*notes, *remarks))


def read_answers(data: bytes, questions: list[str]) -> tuple[dict[str, str], list[str]]:
    """The answer cells of a notebook, by question, and what is odd about them.

    Of several cells with one id the last counts that is not an untouched stub.

    Raises:
        Refused: if this is no notebook.
    """
    try:
        notebook = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError, MemoryError):
        raise Refused("not a notebook: its JSON cannot be read") from None
    cells = notebook.get("cells") if isinstance(notebook, dict) else None
    version = notebook.get("nbformat") if isinstance(notebook, dict) else None
    if version != 4:
        raise Refused(f"not a notebook of format 4 (nbformat={str(version)[:20]}): save it anew")
    if not isinstance(cells, list) or len(cells) > MAX_CELLS:
        raise Refused(f"not a notebook with at most {MAX_CELLS} cells")
    answers: dict[str, str] = {}
    counts: dict[str, int] = {}
    remarks = []
    for cell in cells:
        name, source = _answer(cell)
        if name not in questions:
            continue
        if len(source) > MAX_SOURCE:
            remarks.append(f"{name}: an answer of {len(source)} characters does not count")
            continue
        counts[name] = counts.get(name, 0) + 1
        if name not in answers or STUB not in source:
            answers[name] = source
    for name in questions:
        if counts.get(name, 0) > 1:
            remarks.append(
                f"{name}: {counts[name]} cells have this id; the last that is filled counts"
            )
        elif answers and name not in counts:
            remarks.append(f"{name}: the answer cell is missing")
    return answers, remarks


def _answer(cell: object) -> tuple[str, str]:
    """The question of an answer cell, and its source; ("", "") for every other cell."""
    if not isinstance(cell, dict) or cell.get("cell_type") != "code":
        return "", ""
    metadata = cell.get("metadata")
    graded = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    if not isinstance(graded, dict) or graded.get("solution") is not True:
        return "", ""
    grade_id, source = graded.get("grade_id"), cell.get("source", "")
    if isinstance(source, list) and all(isinstance(line, str) for line in source):
        source = "".join(source)
    if not isinstance(grade_id, str) or not isinstance(source, str):
        return "", ""
    try:
        return cell_name(grade_id), source.encode("utf-8", "replace").decode("utf-8")
    except ValueError:
        return "", ""
