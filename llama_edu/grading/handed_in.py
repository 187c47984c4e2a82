"""The files that a class handed in: in folders or in a zip, none unpacked, no link followed."""

import os
import re
import stat
import zipfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

MAX_BYTES = 10_000_000  # an exercise with its outputs has a hundredth of that
MAX_STUDENT_BYTES = 20_000_000  # of all the notebooks of one student
MAX_FILES = 500  # of one student
MAX_DEPTH = 6
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


@dataclass
class File:
    """A notebook that can be read once, up to a size."""

    path: str  # within the student's folder
    time: float
    size: int
    read: object  # () -> bytes


class Refused(ValueError):
    """A file that is not read, and why."""


Students = dict[str, tuple[list[File], list[str]]]


def in_folder(root: Path) -> Students:
    """The files of each student in a folder; a notebook beside the folders is a student too."""
    students: Students = {}
    for entry in sorted(os.scandir(root), key=lambda entry: entry.name):
        if entry.name.startswith("."):
            continue
        is_folder = entry.is_dir(follow_symlinks=False)
        if entry.is_symlink():
            found: tuple[list[File], list[str]] = ([], ["a symbolic link is not followed"])
        elif is_folder:
            found = _walk(entry.path)
        elif entry.name.endswith(".ipynb"):
            found = ([_file(entry.path, entry.name, entry.stat(follow_symlinks=False))], [])
        else:
            continue
        student = _name(entry.name if is_folder else entry.name.removesuffix(".ipynb"))
        files, notes = students.setdefault(student, ([], []))
        files += found[0]
        notes += found[1]
    return students


def _walk(folder: str) -> tuple[list[File], list[str]]:
    files: list[File] = []
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


def _file(path: str, name: str, status: os.stat_result) -> File:
    def read() -> bytes:
        if not stat.S_ISREG(status.st_mode):
            raise Refused("not a plain file")
        _check_size(status.st_size)
        flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
        with os.fdopen(os.open(path, flags), "rb") as stream:
            return stream.read(MAX_BYTES)

    return File(name, status.st_mtime, status.st_size, read)


def _check_size(size: int) -> None:
    if size > MAX_BYTES:
        raise Refused(f"{size / 1e6:.0f} MB are more than the {MAX_BYTES / 1e6:.0f} MB allowed")


def in_zip(path: Path) -> Students:
    """The files of each student in a zip."""
    with zipfile.ZipFile(path) as archive:
        members = [one for one in archive.infolist() if not one.is_dir() and not _is_hidden(one)]
    parted = [
        (member, PurePosixPath(member.filename.replace("\\", "/")).parts) for member in members
    ]
    deep = [parts for member, parts in parted if member.filename.endswith(".ipynb")]
    is_wrapped = all(len(parts) > 2 for parts in deep) and len({parts[0] for parts in deep}) == 1
    # A folder round all the students' has several in it; one alone is a student's.
    n_above = int(is_wrapped and len({parts[1] for parts in deep}) > 1)
    students: Students = {}
    for member, parts in parted:
        is_notebook = member.filename.endswith(".ipynb")
        if len(parts) > n_above + 1:
            student, name = _name(parts[n_above]), "/".join(parts[n_above + 1 :])
        elif is_notebook:
            student, name = _name(Path(parts[-1]).stem), parts[-1]
        else:  # a file beside the students' folders
            continue
        files, notes = students.setdefault(student, ([], []))
        if any(part in ("..", "/") for part in parts) or member.filename.startswith("/"):
            notes.append("a path that climbs out of its folder is not read")
        elif stat.S_ISLNK(member.external_attr >> 16):
            notes.append(f"{name}: a symbolic link is not followed")
        elif len(files) >= MAX_FILES:
            notes[:] = [*notes[:20], f"more than {MAX_FILES} files: the rest was not looked at"]
        elif is_notebook:
            files.append(_zipped(path, member, name))
    return students


def _is_hidden(member: zipfile.ZipInfo) -> bool:
    """What a computer adds of its own: __MACOSX/, .DS_Store, .ipynb_checkpoints/."""
    parts = PurePosixPath(member.filename).parts
    return any(p == "__MACOSX" or (p.startswith(".") and p != "..") for p in parts)


def _zipped(path: Path, member: zipfile.ZipInfo, name: str) -> File:
    def read() -> bytes:
        _check_size(member.file_size)
        try:
            with zipfile.ZipFile(path) as archive, archive.open(member) as stream:
                data = stream.read(MAX_BYTES + 1)  # whatever size it says it has
        except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError) as error:
            raise Refused(f"cannot be unpacked ({type(error).__name__})") from None
        _check_size(len(data))
        return data

    when = "".join(f"{number:04}" for number in member.date_time)
    return File(name, float(when), member.file_size, read)


def _name(text: str) -> str:
    """A student's name that can stand in a table and in a page: Unicode, no control characters."""
    return CONTROL.sub("_", text)[:120] or "_"
