"""What is made from all lessons together: the README's course map, the page of terms."""

import re
from itertools import zip_longest
from pathlib import Path

from llama_edu.course.authoring.terms import PAGE, terms_page
from llama_edu.course.lessons import Entry, all_lessons, course_map

TABLE_HEAD = "| | lesson | | lesson |\n|---|---|---|---|\n"


def overview(root: Path) -> dict[Path, str]:
    """The files made from all lessons that are not what they would be now, with their new text.

    Raises:
        ValueError: if the README has no table to replace, the syllabus lacks a lesson, or an
            authored file breaks a rule.
    """
    texts = {}
    readme = root / "README.md"
    if readme.exists():  # an installed course has none
        texts[readme] = with_table(readme.read_text(encoding="utf-8"), course_map(root))
    if page := terms_page(all_lessons(root)):
        texts[root / PAGE] = page
    return {path: text for path, text in texts.items() if _read(path) != text}


def with_table(text: str, entries: list[Entry]) -> str:
    """Put the table of the lessons into the place of the one that stands in a text.

    Raises:
        ValueError: if there is none.
    """
    n_rows = (len(entries) + 1) // 2
    cells = [" | ".join(_cells(entry)) for entry in entries]
    pairs = zip_longest(cells[:n_rows], cells[n_rows:], fillvalue=" | ")
    table = TABLE_HEAD + "".join(f"| {left} | {right} |\n" for left, right in pairs)
    head, found, below = text.partition(TABLE_HEAD)
    if not found:
        raise ValueError(f"README.md must have a table that begins {TABLE_HEAD.splitlines()[0]!r}")
    return head + table + re.sub(r"\A(?:\|.*\n)*", "", below)


def _cells(entry: Entry) -> tuple[str, str]:
    if entry.lesson is None:
        return f"○ {entry.number}", entry.title
    return entry.number, f"[{entry.title}](notebooks/{entry.lesson.name}.ipynb)"


def _read(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.exists() else None
