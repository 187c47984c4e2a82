"""What a class handed in: one folder a student, nbgrader's tree, or a zip of either.

Nothing is unpacked or followed, and whatever is wrong with one student's files is a note on that
student alone.
"""

import json
import os
import re
import stat
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from llama_edu.course.lessons import cell_name

MAX_BYTES = 20_000_000  # an exercise with its outputs has a hundredth of that
MAX_FILES = 500  # of one student
MAX_DEPTH = 6
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


@dataclass
class _File:
    """A notebook that can be read once, up to a size."""

    path: str  # within the student's folder
    time: float
    size: int
    read: object  # () -> bytes


class _Refused(ValueError):
    """A file that is not read, and why."""


def read_submissions(path: Path, questions: list[str]) -> Iterator[Submission]:
    """The submissions of a class, by name.

    Args:
        path: a folder or a zip file.
        questions: the names of the exercise's questions.

    Raises:
        ValueError: if there is no such folder or zip, or nobody is in it.
    """
    if path.is_dir():
        students = _in_folder(path)
    elif path.is_file() and zipfile.is_zipfile(path):
        students = _in_zip(path)
    else:
        raise ValueError(f"SUBMISSIONS={path} must be a folder or a zip file")
    if not students:
        raise ValueError(f"SUBMISSIONS={path} must hold a folder for each student: it holds none")
    for student in sorted(students):
        files, notes = students[student]
        yield _choose(student, files, list(notes), questions)


def _choose(student: str, files: list[_File], notes: list[str], names: list[str]) -> Submission:
    """The notebook that counts: the one that answers this exercise, the newest of several."""
    found = []
    for file in files:
        try:
            answers, remarks = read_answers(file.read(), names)
        except _Refused as refusal:
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
        _Refused: if this is no notebook.
    """
    try:
        notebook = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError, MemoryError):
        raise _Refused("not a notebook: its JSON cannot be read") from None
    cells = notebook.get("cells") if isinstance(notebook, dict) else None
    version = notebook.get("nbformat") if isinstance(notebook, dict) else None
    if version != 4:
        raise _Refused(f"not a notebook of format 4 (nbformat={str(version)[:20]}): save it anew")
    if not isinstance(cells, list) or len(cells) > MAX_CELLS:
        raise _Refused(f"not a notebook with at most {MAX_CELLS} cells")
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


_Students = dict[str, tuple[list[_File], list[str]]]


def _in_folder(root: Path) -> _Students:
    students: _Students = {}
    for entry in sorted(os.scandir(root), key=lambda entry: entry.name):
        if entry.name.startswith("."):
            continue
        if entry.is_symlink():
            students[_name(entry.name)] = ([], ["a symbolic link is not followed"])
        elif entry.is_dir(follow_symlinks=False):
            students[_name(entry.name)] = _walk(entry.path)
        elif entry.name.endswith(".ipynb"):  # a file a student
            file = _file(entry.path, entry.name, entry.stat(follow_symlinks=False))
            students[_name(entry.name.removesuffix(".ipynb"))] = ([file], [])
    return students


def _walk(folder: str) -> tuple[list[_File], list[str]]:
    files: list[_File] = []
    notes: list[str] = []
    todo = [(folder, 0)]
    n_seen = 0
    while todo:
        here, depth = todo.pop()
        try:
            entries = sorted(os.scandir(here), key=lambda entry: entry.name)
        except OSError as error:
            notes.append(f"a folder cannot be read ({error.strerror})")
            continue
        for entry in entries:
            n_seen += 1
            if n_seen > MAX_FILES:
                return files, [*notes, f"more than {MAX_FILES} files: the rest was not looked at"]
            path = PurePosixPath(Path(entry.path).relative_to(folder)).as_posix()
            if entry.name.startswith("."):  # such as .ipynb_checkpoints
                continue
            if entry.is_symlink():
                notes.append(f"{path}: a symbolic link is not followed")
            elif entry.is_dir(follow_symlinks=False):
                if depth < MAX_DEPTH:
                    todo.append((entry.path, depth + 1))
            elif entry.name.endswith(".ipynb"):
                files.append(_file(entry.path, path, entry.stat(follow_symlinks=False)))
    return files, notes


def _file(path: str, name: str, status: os.stat_result) -> _File:
    def read() -> bytes:
        if not stat.S_ISREG(status.st_mode):
            raise _Refused("not a plain file")
        _check_size(status.st_size)
        flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
        with os.fdopen(os.open(path, flags), "rb") as stream:
            return stream.read(MAX_BYTES)

    return _File(name, status.st_mtime, status.st_size, read)


def _check_size(size: int) -> None:
    if size > MAX_BYTES:
        raise _Refused(f"{size / 1e6:.0f} MB are more than the {MAX_BYTES / 1e6:.0f} MB allowed")


def _in_zip(path: Path) -> _Students:
    students: _Students = {}
    with zipfile.ZipFile(path) as archive:
        members = [member for member in archive.infolist() if not member.is_dir()]
    tops = {PurePosixPath(member.filename).parts[:1] for member in members}
    deep = all(len(PurePosixPath(member.filename).parts) > 2 for member in members)
    n_above = 1 if len(tops) == 1 and deep else 0  # a folder round all the students'
    for member in members:
        parts = PurePosixPath(member.filename.replace("\\", "/")).parts
        student = _name(parts[n_above]) if len(parts) > n_above + 1 else _name(Path(parts[-1]).stem)
        files, notes = students.setdefault(student, ([], []))
        name = "/".join(parts[n_above + 1 :]) or parts[-1]
        if any(part in ("..", "/") for part in parts) or member.filename.startswith("/"):
            notes.append("a path that climbs out of its folder is not read")
        elif stat.S_ISLNK(member.external_attr >> 16):
            notes.append(f"{name}: a symbolic link is not followed")
        elif len(files) >= MAX_FILES:
            notes[:] = [*notes[:20], f"more than {MAX_FILES} files: the rest was not looked at"]
        elif name.endswith(".ipynb") and not any(p.startswith((".", "__MACOSX")) for p in parts):
            files.append(_zipped(path, member, name))
    return students


def _zipped(path: Path, member: zipfile.ZipInfo, name: str) -> _File:
    def read() -> bytes:
        _check_size(member.file_size)
        try:
            with zipfile.ZipFile(path) as archive, archive.open(member) as stream:
                data = stream.read(MAX_BYTES + 1)  # whatever size it says it has
        except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError) as error:
            raise _Refused(f"cannot be unpacked ({type(error).__name__})") from None
        _check_size(len(data))
        return data

    when = "".join(f"{number:04}" for number in member.date_time)
    return _File(name, float(when), member.file_size, read)


def _name(text: str) -> str:
    """A student's name that can stand in a table and in a page: Unicode, no control characters."""
    return re.sub(r"[\x00-\x1f\x7f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", "_", text)[:120] or "_"
