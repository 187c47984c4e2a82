"""What a learner wrote in an exercise, found by question, and carried into a new version of it."""

import hashlib
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from llama_edu.course.lessons import cell_name


def read_notebook(path: Path) -> NotebookNode:
    """Read a notebook that may have been through any editor.

    Raises:
        ValueError: if it is none: not JSON, cut off, or without cells.
    """
    try:
        notebook = nbformat.reads(path.read_text(encoding="utf-8"), as_version=4)
        for cell in notebook.cells:  # all that is used of a cell, so that none fails later
            cell.source.strip()
            cell.metadata.get("nbgrader", {}).get("grade_id", "").strip()
            [output.output_type for output in cell.get("outputs", [])]
    except OSError:
        raise
    except Exception as error:  # nbformat raises whatever odd values lead to, AssertionError too
        reason = str(error).partition("\n")[0][:80] or type(error).__name__
        raise ValueError(f"{path.name} must be a notebook: {reason}") from None
    return notebook


def answer_cells(notebook: NotebookNode) -> dict[str, NotebookNode]:
    """The cells that hold answers, by the name of their question.

    Of copies of one cell the last counts that is not an untouched stub, as it does in the kernel.
    """
    found = {}
    for cell in notebook.cells:
        if name := _graded_name(cell, "solution"):
            is_stub = "raise NotImplementedError()" in cell.source or not cell.source.strip()
            if name not in found or not is_stub:
                found[name] = cell
    return found


def check_cells(notebook: NotebookNode) -> dict[str, NotebookNode]:
    """The cells that check an answer, by the name of the question."""
    named = ((_graded_name(cell, "grade"), cell) for cell in notebook.cells)
    return {name.removeprefix("check."): cell for name, cell in named if name}


def points(check_cell: NotebookNode) -> int:
    """What a right answer is worth."""
    return check_cell.metadata.nbgrader["points"]


def fingerprints(notebook: NotebookNode) -> dict[str, str]:
    """A hash of each cell's source, by the cell's id; empty cells do not count."""
    cells = enumerate(notebook.cells)
    return {cell.get("id", str(i)): _fingerprint(cell) for i, cell in cells if cell.source.strip()}


def merge(theirs: NotebookNode, new: NotebookNode, delivered: Mapping[str, str]) -> NotebookNode:
    """A new version of an exercise with what the learner wrote in the old one.

    Text and checks are the new ones. An answer goes where its question is now, with what it
    printed; so does a given cell that the learner wrote in, if the new version still has it.
    Every other cell of theirs stands below the cell that it stood below before.

    Args:
        theirs: the learner's notebook.
        new: the exercise as a new learner gets it.
        delivered: `fingerprints` of the exercise as this learner got it.
    """
    merged = nbformat.from_dict(new)
    answers, checks = answer_cells(merged), check_cells(merged)
    given = dict(zip(_counted(map(_fingerprint, merged.cells)), merged.cells, strict=True))
    places = dict(zip(delivered, _counted(delivered.values()), strict=True))
    known = set(delivered.values()) | {fingerprint for fingerprint, _ in given}
    chosen = answer_cells(theirs)
    below: dict[int, list[NotebookNode]] = {}
    anchor = None
    for cell in theirs.cells:
        answer = _graded_name(cell, "solution")
        check = _graded_name(cell, "grade").removeprefix("check.")
        place = places.get(cell.get("id", ""), (_fingerprint(cell), 0))
        if answer in answers and cell is chosen[answer]:
            anchor = _carry(cell, answers[answer])
        elif check in checks:
            anchor = checks[check]
            if cell.source == anchor.source:
                _carry(cell, anchor)
        elif _fingerprint(cell) in known:
            anchor = given.get(place, anchor)
        elif (home := given.get(place)) is not None:
            anchor = _carry(cell, home)
        elif cell.source.strip():
            below.setdefault(id(anchor), []).append(_as_their_own(cell))
    cells = below.get(id(None), [])
    for cell in merged.cells:
        cells += [cell, *below.get(id(cell), [])]
    merged.cells = cells
    return merged


def _graded_name(cell: NotebookNode, role: str) -> str:
    """The name in the metadata of an answer cell ("solution") or a check cell ("grade"), or ""."""
    nbgrader = cell.metadata.get("nbgrader", {})
    return cell_name(nbgrader.get("grade_id", "")) if nbgrader.get(role) else ""


def _fingerprint(cell: NotebookNode) -> str:
    return hashlib.sha256(f"{cell.cell_type}\n{cell.source}".encode()).hexdigest()[:16]


def _counted(fingerprints: Iterable[str]) -> Iterator[tuple[str, int]]:
    """Each with how often it came before: two cells `guess = None` are two places."""
    seen: Counter[str] = Counter()
    for fingerprint in fingerprints:
        yield fingerprint, seen[fingerprint]
        seen[fingerprint] += 1


def _carry(cell: NotebookNode, home: NotebookNode) -> NotebookNode:
    home.source = cell.source
    if cell.cell_type == home.cell_type == "code":
        home.outputs, home.execution_count = cell.outputs, cell.execution_count
    return home


def _as_their_own(cell: NotebookNode) -> NotebookNode:
    """A cell that may be edited and deleted, with an id that no new cell has."""
    own = nbformat.from_dict(cell)
    own.id = uuid.uuid4().hex[:8]
    for key in ("nbgrader", "deletable", "editable"):
        own.metadata.pop(key, None)
    return own
