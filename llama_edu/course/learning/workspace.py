"""The learner's working copy of the course: kept up to date, and never written over."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from llama_edu.course.answers import fingerprints, merge, read_notebook
from llama_edu.course.lessons import course_root
from llama_edu.course.notebook import to_text
from llama_edu.writing import write_whole

KINDS = ("notebooks", "exercises")  # never the solutions
STATE = ".llama_edu.json"  # what was delivered: a hash of every cell, by file and cell id
README = """\
# llama_edu

1. Install the package, the checks of the exercises with it: `python -m pip install` followed by
   the wheel, the folder or the address of the repository that your teacher names.
2. `llama-edu start --dir .` here opens the course in JupyterLab; begin with notebooks/00_start.
3. `llama-edu check 05` says which answers of exercise 05 are right; `llama-edu progress` shows all.
"""


@dataclass(frozen=True)
class Change:
    """What happened to one file of the working copy.

    Args:
        path: of the file, within the working copy.
        what: "new", "replaced", "merged" or "kept".
        beside: the file that was put there too: the backup of a merged one, the new version of
            one that was kept.
    """

    path: str
    what: str
    beside: str = ""


def default_workspace(start: Path) -> Path:
    """Where the working copy is, or will be, for somebody who stands in the folder `start`.

    It is the one that `start` is in; in a checkout of this project its folder my_course; else
    the folder llama_edu_course.
    """
    for folder in (start, *start.parents):
        if (folder / STATE).is_file():
            return folder
    root = course_root()
    is_in_checkout = (root / "pyproject.toml").is_file() and start.is_relative_to(root)
    return root / "my_course" if is_in_checkout else start / "llama_edu_course"


def refresh(folder: Path, root: Path | None = None) -> list[Change]:
    """Make a working copy, or bring it up to date with the course.

    A file that the learner has not changed is replaced. An exercise that they have changed takes
    up the new text and keeps their work (`answers.merge`), with a backup beside it. A lesson that
    they have changed stays, and the new one is put beside it. What they have run does not count
    as a change, and a file whose cells are the newest is not touched.

    Args:
        folder: of the working copy; made if it is not there.
        root: the course's folder; `course_root()` if None.

    Returns:
        The files that changed.

    Raises:
        ValueError: if the folder is the course itself, or the course has no notebooks.
    """
    root = root or course_root()
    sources = [path for kind in KINDS for path in sorted((root / kind).glob("*.ipynb"))]
    if not sources:
        raise ValueError(f"{root} must hold notebooks: llama-edu build makes them")
    if folder.resolve() == root.resolve():
        raise ValueError(f"DIR={folder} must not be the folder of the course itself")
    state = _state(folder)
    delivered = dict(state.get("delivered", {}))
    changes = []
    try:
        for source in sources:
            path = source.relative_to(root).as_posix()
            if change := _refresh_file(folder, path, source, delivered):
                changes.append(change)
    finally:  # whatever was delivered is known, even if the next file could not be written
        _remember(folder, delivered, is_release=bool(state.get("is_release")))
    return changes


def release(folder: Path, root: Path | None = None) -> list[str]:
    """Write what a student gets: notebooks, exercises and a README, no solutions.

    It is a working copy, so that `llama-edu start --dir` keeps a student's answers when a new
    version of the package is installed. The checks read the questions of the installed package.

    Returns:
        The paths of its files.

    Raises:
        ValueError: if the folder holds something that is not an earlier release, or somebody has
            worked in it: what they wrote would be lost, or handed out.
    """
    old = _state(folder)
    if folder.is_dir() and any(folder.iterdir()) and not old.get("is_release"):
        raise ValueError(f"DIR={folder} must be empty, new or an earlier release")
    delivered = old.get("delivered", {})
    for notebook in sorted(folder.glob("*/*.ipynb")):
        path = notebook.relative_to(folder).as_posix()
        if _is_changed(notebook, delivered.get(path, {})):
            rule = "must be without anybody's work: give another folder, or delete it"
            raise ValueError(f"DIR={folder} holds {path}, which was changed, and {rule}")
    for path in (*delivered, STATE):
        (folder / path).unlink(missing_ok=True)
    paths = [change.path for change in refresh(folder, root)]
    write_whole(folder / "README.md", README)
    _remember(folder, _state(folder)["delivered"], is_release=True)
    return [*paths, "README.md"]


def _refresh_file(folder: Path, path: str, source: Path, delivered: dict) -> Change | None:
    target, new = folder / path, read_notebook(source)
    old, delivered[path] = delivered.get(path), fingerprints(new)
    if not target.exists():
        write_whole(target, source.read_text(encoding="utf-8"))
        return Change(path, "new")
    if old == delivered[path]:
        return None
    if not _is_changed(target, delivered[path]):  # it is the new one: only the state was lost
        return None
    if old and not _is_changed(target, old):
        write_whole(target, source.read_text(encoding="utf-8"))
        return Change(path, "replaced")
    try:
        theirs = read_notebook(target)
    except ValueError:
        theirs = None
    if theirs is None or path.startswith("notebooks/"):
        beside = _free(target, "{} (new{}).ipynb", replaceable=delivered, folder=folder)
        write_whole(beside, source.read_text(encoding="utf-8"))
        beside_path = beside.relative_to(folder).as_posix()
        delivered[beside_path] = delivered[path]
        return Change(path, "kept", beside_path)
    backup = _free(target, "{}.before-update{}.ipynb")
    backup.write_bytes(target.read_bytes())
    write_whole(target, to_text(merge(theirs, new, old or {})))
    return Change(path, "merged", backup.relative_to(folder).as_posix())


def _is_changed(path: Path, delivered: Mapping[str, str]) -> bool:
    try:
        return [*fingerprints(read_notebook(path)).values()] != [*delivered.values()]
    except ValueError:
        return True


def _free(
    target: Path, name: str, replaceable: Mapping | None = None, folder: Path | None = None
) -> Path:
    """A name beside a file that is not taken, or only by what was delivered and not changed."""
    for n in count(1):
        path = target.with_name(name.format(target.stem, f" {n}" if n > 1 else ""))
        if not path.exists():
            return path
        old = (replaceable or {}).get(path.relative_to(folder).as_posix()) if folder else None
        if old and not _is_changed(path, old):
            return path
    raise AssertionError("numbers do not end")


def _state(folder: Path) -> dict:
    try:
        state = json.loads((folder / STATE).read_text(encoding="utf-8"))
    except (OSError, ValueError):  # none yet, or spoilt: then nothing counts as delivered
        return {}
    return state if isinstance(state, dict) else {}


def _remember(folder: Path, delivered: Mapping, is_release: bool) -> None:
    state = {"delivered": delivered} | ({"is_release": True} if is_release else {})
    write_whole(folder / STATE, json.dumps(state, indent=1) + "\n")
