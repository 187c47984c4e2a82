"""The files that a class handed in: in folders and zips, none unpacked, no link followed.

A zip counts as a folder of its name. Whatever is wrong with a file is found when it is read, and
said of that file alone.
"""

import os
import re
import stat
import unicodedata
import zipfile
from collections import Counter, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import IO

from llama_edu.grading.zips import (
    MAX_ENTRIES,
    Refused,
    archive_of,
    check_size,
    name_of,
    read_bytes,
    time_of,
)

MAX_BYTES = 10_000_000  # a notebook with its outputs has a hundredth of that
MAX_ZIP_BYTES = 50_000_000  # of a zip in a zip
MAX_FILE_ZIP_BYTES = 2_000_000_000  # of one on the disk, which is not read whole
MAX_DEPTH = 10
MAX_NAME = 255  # characters
MAX_ZIPS = 2  # in each other
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
NOTEBOOK = re.compile(r"\.ipynb(\.(json|txt))?$", re.IGNORECASE)  # some browsers add an ending
LITTER = {"__MACOSX", "__pycache__", "Thumbs.db", "desktop.ini", "node_modules"}


@dataclass(frozen=True)
class File:
    """Something that was handed in.

    Args:
        parts: its path below SUBMISSIONS, fit to be shown.
        time: when it was changed, as far as that is known.
        problem: why it is not read, if that is known beforehand.
        read: gives its bytes, or raises Refused.
    """

    parts: tuple[str, ...]
    time: float = 0.0
    problem: str = ""
    read: Callable[[], bytes] = bytes

    @property
    def is_notebook(self) -> bool:
        return NOTEBOOK.search(self.parts[-1]) is not None


def files_in(path: Path) -> list[File]:
    """All that lies in a folder or a zip, folders without a file in them too, by path.

    Raises:
        ValueError: if it is neither, or a zip that cannot be read at all.
    """
    if path.is_dir():
        return sorted(_in_folder(path), key=lambda file: file.parts)
    if not path.is_file() or not zipfile.is_zipfile(path):
        raise ValueError(f"SUBMISSIONS={path} must be a folder or a zip file")
    try:
        return sorted(_in_zip((), partial(path.open, "rb"), 0), key=lambda file: file.parts)
    except (Refused, OSError) as refusal:
        raise ValueError(f"SUBMISSIONS={path}: {refusal}") from None


def shown(name: str) -> str:
    """A name that can stand in a table and in a page: composed as NFC, no control characters."""
    return CONTROL.sub("_", unicodedata.normalize("NFC", name))[:MAX_NAME].strip() or "_"


def _in_folder(root: Path) -> Iterator[File]:
    """Nearest first, so that what is left out of far too many files lies deepest."""
    n_seen: Counter[str] = Counter()
    todo: deque[tuple[str, tuple[str, ...]]] = deque([(str(root), ())])
    while todo:
        here, above = todo.popleft()
        try:
            with os.scandir(here) as found:
                entries = [entry for entry in found if not _is_litter(entry.name)]
        except OSError as error:
            yield File((*above, "."), problem=f"cannot be read ({error.strerror})")
            continue
        if not entries and above:
            yield File((*above, "."), problem="empty")
        for entry in entries:
            parts = (*above, shown(entry.name))
            n_seen[parts[0]] += 1
            if n_seen[parts[0]] > MAX_ENTRIES:
                yield File((*above, "…"), problem=f"not looked at after {MAX_ENTRIES} files")
                break
            yield from _entry(entry, parts, todo)


def _entry(entry: os.DirEntry, parts: tuple[str, ...], todo: deque) -> Iterator[File]:
    try:
        if entry.is_symlink():
            yield File(parts, problem="a symbolic link is not followed")
        elif entry.is_dir(follow_symlinks=False):
            if len(parts) < MAX_DEPTH:
                todo.append((entry.path, parts))
            else:
                yield File(parts, problem=f"not looked at: {MAX_DEPTH} folders deep")
        else:
            status = entry.stat(follow_symlinks=False)
            if stat.S_ISREG(status.st_mode):
                path, size = entry.path, status.st_size
                yield from _file(parts, status.st_mtime, partial(_open, path), size, 0)
            else:
                yield File(parts, problem="not a plain file")
    except OSError as error:
        yield File(parts, problem=f"cannot be read ({error.strerror})")


def _open(path: str) -> IO[bytes]:
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    return os.fdopen(os.open(path, flags), "rb")


def _file(parts, time: float, open_: Callable, size: int, n_zips: int) -> Iterator[File]:
    """A file, or what is in it if it is a zip."""
    if not parts[-1].lower().endswith(".zip"):
        yield File(parts, time, read=lambda: read_bytes(open_, size, MAX_BYTES))
        return
    try:
        if n_zips == MAX_ZIPS:
            raise Refused("a zip in a zip in a zip is not opened")
        check_size(size, MAX_ZIP_BYTES if n_zips else MAX_FILE_ZIP_BYTES)
        if n_zips:  # what is in a zip can only be read from its beginning to its end
            yield from _in_zip(
                _stem(parts), lambda: BytesIO(read_bytes(open_, size, MAX_ZIP_BYTES)), n_zips
            )
        else:
            yield from _in_zip(_stem(parts), open_, n_zips)
    except (Refused, OSError) as error:
        yield File(parts, time, problem=str(error))


def _in_zip(above: tuple[str, ...], open_: Callable, n_zips: int) -> list[File]:
    """What a zip holds.

    Raises:
        Refused: if it cannot be read.
    """
    files: list[File] = []
    for member in archive_of(open_).infolist():
        name = name_of(member)
        inner = [part for part in name.split("/") if part not in ("", ".")]
        parts = (*above, *map(shown, inner))[: MAX_DEPTH + 1]
        if not inner or any(map(_is_litter, inner)):
            continue
        if ".." in inner or name.startswith("/"):
            parts = tuple(part for part in parts if part != "..") or ("_",)
            files.append(File(parts, problem="a path that climbs out of its folder is not read"))
        elif len(parts) > MAX_DEPTH:
            files.append(File(parts, problem=f"not looked at: {MAX_DEPTH} folders deep"))
        elif stat.S_ISLNK(member.external_attr >> 16):
            files.append(File(parts, problem="a symbolic link is not followed"))
        elif name.endswith("/"):
            files.append(File((*parts, "."), problem="empty"))
        else:
            reader = partial(_opened, open_, member)
            files += _file(parts, time_of(member), reader, member.file_size, n_zips + 1)
    full = {file.parts[:i] for file in files for i in range(len(file.parts)) if not file.problem}
    return [file for file in files if file.problem != "empty" or file.parts[:-1] not in full]


def _opened(open_: Callable, member: zipfile.ZipInfo) -> IO[bytes]:
    return archive_of(open_).open(member)


def _stem(parts: tuple[str, ...]) -> tuple[str, ...]:
    """A zip as a folder."""
    return (*parts[:-1], parts[-1][: -len(".zip")] or "_")


def _is_litter(name: str) -> bool:
    """What a computer adds of its own: .DS_Store, .ipynb_checkpoints/, __MACOSX/."""
    return name in LITTER or (name.startswith(".") and name not in (".", ".."))
