"""Unpack the wanted files of an archive, and nothing outside the folder they belong in."""

import shutil
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path
from typing import IO

from llama_edu.data.fetch import SourceError


def unpack(archive: Path, root: str, members: tuple[str, ...], folder: Path) -> None:
    """Write the files of a zip or tar.gz that lie under `root` and match `members`.

    Args:
        archive: a zip, wheel or compressed tar, told apart by its content.
        root: leading part of the names inside, left out of the names written.
        members: shell patterns for the rest of the name; `*` matches `/` too.
        folder: where to write; made when missing.

    Raises:
        SourceError: if a chosen name would leave `folder`, or if no name is chosen.
        OSError: if `folder` cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    n_files = 0
    for name, open_file in _plain_files(archive):
        inside = name.removeprefix(root)
        if not name.startswith(root) or not any(fnmatchcase(inside, m) for m in members):
            continue
        target = (folder / inside).resolve()
        if not target.is_relative_to(folder.resolve()):
            raise SourceError(f"refused {name!r} in {archive.name}: it points outside its folder")
        target.parent.mkdir(parents=True, exist_ok=True)
        with open_file() as stream, target.open("wb") as out:
            shutil.copyfileobj(stream, out, 1 << 20)
        n_files += 1
    if not n_files:
        wanted = " or ".join(root + member for member in members)
        raise SourceError(f"{archive.name} holds no {wanted}; update llama_edu")


def _plain_files(archive: Path) -> Iterator[tuple[str, Callable[[], IO[bytes]]]]:
    """Name of each regular file inside, with a function that opens it; links are not data."""
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as packed:
            for item in packed.infolist():
                if not item.is_dir():
                    yield item.filename, partial(packed.open, item)
    else:
        with tarfile.open(archive) as packed:
            for item in packed:
                if item.isfile():
                    yield item.name, partial(packed.extractfile, item)
