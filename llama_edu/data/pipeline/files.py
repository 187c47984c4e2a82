"""Files that are there whole or not at all, so that a killed run leaves nothing half done."""

import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

PARTIAL = ".partial"
# What each step leaves in the folder of a build, in order.
COLLECTED, PREPARED, SELECTED, FINISHED = "1-collected", "2-prepared", "3-selected", "4-finished"


@contextmanager
def whole_file(path: Path, root: Path) -> Iterator[IO[bytes]]:
    """Open a file that appears under its name only when it is complete and on the disk.

    Args:
        path: below `root`; its folder is made.
        root: folder of the build, which holds the folder of unfinished files.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    (root / PARTIAL).mkdir(exist_ok=True)
    # With the process in its name: a worker whose parent was killed may still write.
    name = "-".join(path.relative_to(root).parts)
    unfinished = root / PARTIAL / f"{os.getpid()}-{name}"
    with unfinished.open("wb") as stream:
        yield stream
        stream.flush()
        os.fsync(stream.fileno())
    unfinished.replace(path)


def write_lines(path: Path, root: Path, values: Iterable[object]) -> None:
    """Write one line of JSON for each value, whole or not at all."""
    with whole_file(path, root) as stream:
        for value in values:
            stream.write(json.dumps(value, ensure_ascii=False).encode() + b"\n")


def read_lines(path: Path) -> Iterator[dict]:
    """Read a line of JSON at a time.

    Raises:
        ValueError: if a line is no JSON; it names file and line.
    """
    with path.open(encoding="utf-8") as stream:
        for number, line in enumerate(stream, start=1):
            try:
                yield json.loads(line)
            except json.JSONDecodeError as error:
                raise ValueError(f"{path.name}, line {number}: {error}") from error


def file_key(path: Path) -> str:
    """What a file holds, as 64 letters: another if it is another text."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def stored_key(path: Path) -> str | None:
    """The key that a step left in its last file; None if that is not there, or is no such file."""
    try:
        found = read_json(path)
    except (OSError, ValueError):
        return None
    return found.get("key") if isinstance(found, dict) else None


def write_json(path: Path, root: Path, value: object) -> None:
    """Write one value, with its keys in the order given."""
    with whole_file(path, root) as stream:
        stream.write(json.dumps(value, ensure_ascii=False, indent=1).encode() + b"\n")


def read_json(path: Path):
    """Read one value."""
    return json.loads(path.read_text(encoding="utf-8"))
