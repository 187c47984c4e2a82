"""The answers in a notebook, whatever an editor did to its cells: split, copied, stripped.

A cell's metadata say which question it answers; where a tool took them away the cell's own id does,
and where that is gone too the function that it defines. Several cells of one question are joined in
their order, as the kernel would run them up to the check below.
"""

import ast
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from llama_edu.course.lessons import cell_name

STUB = "raise NotImplementedError()"
MAX_PIECES = 20  # cells of one question; of more the last count
MAX_SOURCE = 100_000  # characters of one answer
MAX_JOINED = 20_000  # of several cells: each is read, and reading what was made for it is slow
CHECK = re.compile(r"""^check\(\s*["']([\w.]{1,100})["']""", re.MULTILINE)
MAKES = r"^(?:(?:async )?def {0}\b|{0}\s*=(?!=))"
DEFINES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)


@dataclass(frozen=True)
class Answers:
    """What a notebook answers.

    Args:
        sources: by question.
        remarks: what is odd about the cells.
        n_marked: cells that say themselves which question they answer.
        places: the numbers of the cells that each answer is made of, by question.
        checks: the number of the cell that checks it, by question.
    """

    sources: dict[str, str]
    remarks: tuple[str, ...]
    n_marked: int
    places: dict[str, list[int]]
    checks: dict[str, int]

    def is_written(self, question: str) -> bool:
        """Whether there is more than the cell as it was handed out."""
        return _is_filled(self.sources.get(question, ""))


def answers_in(cells: Sequence[Any], questions: Sequence[str]) -> Answers:
    """The answers in the cells of a notebook.

    Args:
        cells: of a notebook, as JSON gives them: anybody may have written them.
        questions: names of the exercise's questions, "attention.scores".
    """
    roles = [_role(cell, questions) for cell in cells]
    sources = [_source(cell) if cell else "" for cell in cells]
    remarks, answers, homes = [], {}, {}
    for question in questions:
        places = [i for i, role in enumerate(roles) if role == ("answer", question)]
        if not any(_makes(question, sources[i]) and STUB not in sources[i] for i in places):
            found = _nameless(question, roles, sources)
            places += found
            if found:
                remarks.append(f"{question}: found by its function, for its cell has lost its id")
        checks = [i for i, role in enumerate(roles) if role == ("check", question)]
        places = sorted({*places, *_continued(places, roles, sources)})
        above = [i for i in places if i < max(checks, default=len(cells))]
        if any(_is_filled(sources[i]) for i in above):  # a copy below the check was not checked
            places = above
        pieces = [sources[i] for i in places][-MAX_PIECES:]
        if not pieces:
            remarks.append(f"{question}: the answer cell is missing")
            continue
        n = sum(map(len, pieces))
        if n > MAX_SOURCE:
            remarks.append(f"{question}: an answer of {n} characters does not count")
            continue
        answers[question], words = _joined(question, pieces)
        homes[question] = places
        if words:
            remarks.append(f"{question}: {words}")
    n_marked = sum(role == "answer" for role, _ in roles)
    checks = {question: i for i, (role, question) in enumerate(roles) if role == "check"}
    return Answers(answers, tuple(remarks) if answers else (), n_marked, homes, checks)


def _joined(question: str, pieces: list[str]) -> tuple[str, str]:
    """One answer of the cells of a question, and what was done if they are several.

    The first of these counts that can be read and defines the function: all that is filled; what
    can be read of it; the last cell alone.
    """
    filled = [piece for piece in pieces if piece.strip()]
    worked = [piece for piece in filled if STUB not in piece]
    if not worked:  # as it was handed out
        return (filled or pieces)[-1], ""
    if len(worked) == 1:
        return worked[0], "" if len(pieces) == 1 else "of several cells the filled one counts"
    if sum(map(len, worked)) > MAX_JOINED:
        return worked[-1], f"{len(pieces)} long cells have this id: the last that is filled counts"
    function = question.rpartition(".")[2]
    made = [_made(piece) for piece in worked]
    readable = [i for i in range(len(worked)) if made[i] is not None]
    alone = [i for i in readable if function in made[i]][-1:]
    for some in (range(len(worked)), readable, alone):
        text = "\n".join(worked[i] for i in some if not _is_old(i, some, made))
        if function in (_made(text) or ()):
            return text, f"{len(pieces)} cells have this id: joined, without old attempts"
    return "\n".join(worked), f"{len(pieces)} cells have this id: joined"


def _is_old(i: int, some: Sequence[int], made: list[set[str] | None]) -> bool:
    """Whether later cells make anew all that this one makes: an attempt that was left standing."""
    later = set().union(*(made[k] or () for k in some if k > i))
    return bool(made[i]) and made[i] <= later


def _made(source: str) -> set[str] | None:
    """The names that a cell makes; None if it cannot be read to its end."""
    from llama_edu.course.checking.cells import read_cell  # IPython takes half a second

    cell = read_cell(source)
    if cell is None or len(cell.statements) < len(ast.parse(cell.text).body):
        return None
    symbols = [one for table in cell.symbols for one in table.get_symbols()]
    return {one.get_name() for one in symbols if one.is_assigned() or one.is_imported()}


def _nameless(question: str, roles: list, sources: list[str]) -> list[int]:
    """Cells of no question that make its function; else those of others that define it."""
    defines = re.compile(
        rf"^(?:async )?def {re.escape(question.rpartition('.')[2])}\b", re.MULTILINE
    )
    filled = [i for i, (role, _) in enumerate(roles) if role != "text" and STUB not in sources[i]]
    own = [i for i in filled if roles[i] == ("", "") and _makes(question, sources[i])]
    return own or [i for i in filled if defines.search(sources[i])]


def _continued(places: list[int], roles: list, sources: list[str]) -> list[int]:
    """Cells behind those of a question that an editor split off without their metadata."""
    found = []
    for place in places:
        for i in range(place + 1, len(roles)):
            if roles[i] != ("", "") or not _goes_on(sources[i]):
                break
            found.append(i)
    return found


def _goes_on(source: str) -> bool:
    """Whether a cell is the rest of another: it begins indented, or only defines."""
    lines = [line for line in source.split("\n") if line.strip()]
    if not lines or len(source) > MAX_SOURCE:
        return False
    if lines[0][0] in " \t":
        return True
    try:
        return all(isinstance(node, DEFINES) for node in ast.parse(source).body)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False


def _makes(question: str, source: str) -> bool:
    name = re.escape(question.rpartition(".")[2])
    return re.search(MAKES.format(name), source, re.MULTILINE) is not None


def _is_filled(source: str) -> bool:
    return bool(source.strip()) and STUB not in source


def _role(cell: Any, questions: Sequence[str]) -> tuple[str, str]:
    """("answer" or "check", question) of a cell; ("", "") of any other code cell, None of text."""
    if not isinstance(cell, dict) or cell.get("cell_type") != "code" or _source(cell) is None:
        return ("text", "")
    metadata = cell.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    graded = metadata.get("nbgrader")
    graded = graded if isinstance(graded, dict) else {}
    if graded.get("grade_id") and not (graded.get("solution") or graded.get("grade")):
        return ("", "")  # a cell that is only to be read
    for name in (graded.get("grade_id"), cell.get("id"), metadata.get("id")):
        name = cell_name(name) if isinstance(name, str) else ""
        if name in questions:
            return ("answer", name)
        if name.removeprefix("check.") in questions:
            return ("check", name.removeprefix("check."))
    if graded.get("grade_id"):  # of another exercise
        return ("text", "")
    called = CHECK.search(_source(cell))
    return ("check", called[1]) if called and called[1] in questions else ("", "")


def _source(cell: Any) -> str | None:
    """The text of a cell; None if it has none."""
    source = cell.get("source", "") if isinstance(cell, dict) else ""
    if isinstance(source, list) and all(isinstance(line, str) for line in source):
        source = "".join(source)
    if not isinstance(source, str):
        return None
    return source.encode("utf-8", "replace").decode("utf-8")
