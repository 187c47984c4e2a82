"""What of the disk a student's code sees, and what must therefore not lie there."""

import os
from pathlib import Path
from tempfile import gettempdir

from llama_edu.grading.levels import SYSTEM, private_folders, readable_folders


def hidden_folders() -> list[str]:
    """What is empty in the sandbox, under every name that it would be seen by.

    That is the course with its answers, and the folder of temporary files, where the notebooks of
    other students are while they are graded.
    """
    temporary = gettempdir()
    found = {*private_folders(), *(name for path in private_folders() for name in _names(path))}
    # A folder of Python's own cannot be hidden, whoever puts temporary files there.
    found |= {name for name in _names(temporary) if name not in readable_folders()}
    return sorted(found)


def check_unseen(what: str, path: Path) -> None:
    """Refuse a place that students' code could read.

    Args:
        what: the argument that named it, as in "--out grades".
        path: a file or a folder, which need not exist yet.

    Raises:
        ValueError: if the sandbox shows it, and why it does.
    """
    hidden = hidden_folders()
    for name in _names(path):
        around = [folder for folder in (*readable_folders(), *SYSTEM) if _is_in(name, folder)]
        nearest = max(around, key=len)
        if not any(_is_in(name, folder) and len(folder) > len(nearest) for folder in hidden):
            raise ValueError(
                f"{what} lies in {nearest}, which students' code must read to run Python: it "
                "could read their neighbours' work there too. Move it to another folder"
            )


def _names(path: str | Path) -> list[str]:
    """The names that a path has in the sandbox, if all that may be read is shown."""
    real, found = os.path.realpath(path), []
    for folder in (*readable_folders(), *SYSTEM):
        source = os.path.realpath(folder)
        if _is_in(real, source):
            found.append(str(Path(folder, Path(real).relative_to(source))))
    return found


def _is_in(path: str, folder: str) -> bool:
    return Path(path).is_relative_to(folder)
