"""Make notebooks/, exercises/ and solutions/ from lessons/."""

import asyncio
import os
from collections.abc import Iterable
from pathlib import Path

from llama_edu.course.authoring.pages import Page, pages
from llama_edu.course.execute import CellError, execute
from llama_edu.course.lessons import Lesson
from llama_edu.course.notebook import first_lines, to_text


class BuildError(RuntimeError):
    """What could not be made and where the mistakes are; all the rest was made."""


class Watcher:
    """Is told how a build goes. This one keeps it to itself."""

    def progress(self, name: str, n_done: int, n_cells: int) -> None:
        """So many cells of a notebook are done: 0 when it begins, all when its file is there."""

    def note(self, name: str, text: str) -> None:
        """A cell wrote this to stderr; it is left out of the notebook."""


def build(
    lessons: Iterable[Lesson],
    *,
    check_only: bool = False,
    force: bool = False,
    jobs: int | None = None,
    watcher: Watcher | None = None,
) -> dict[str, str]:
    """Make what is stale. Each file is whole at any time: the old one until the new one is done.

    Args:
        lessons: which ones; what is made from others is left alone.
        check_only: change nothing.
        force: make everything, stale or not.
        jobs: how many notebooks are run at the same time; as many as processors if None.
        watcher: told how far each notebook is.

    Returns:
        What was stale (with `check_only`, what is), by name, and why.

    Raises:
        BuildError: if something could not be made.
    """
    reasons = {page: "asked for" if force else page.why_stale() for page in pages(lessons)}
    stale = {page: why for page, why in reasons.items() if why}
    if not check_only:
        asyncio.run(_make_all(stale, jobs or os.cpu_count() or 1, watcher or Watcher()))
    return {page.name: why for page, why in stale.items()}


async def _make_all(stale: Iterable[Page], jobs: int, watcher: Watcher) -> None:
    gate = asyncio.Semaphore(jobs)

    async def make(page: Page) -> str | None:
        async with gate:
            try:
                await _make(page, watcher)
            except (BuildError, ValueError) as error:
                return str(error)

    failures = [why for why in await asyncio.gather(*map(make, stale)) if why]
    if failures:
        raise BuildError("\n".join(failures))


async def _make(page: Page, watcher: Watcher) -> None:
    notebook = page.new_executed()
    n_cells = len(notebook.cells)
    course = page.lesson.folder.parents[1]
    try:
        notes = await execute(
            notebook, course, lambda n_done: watcher.progress(page.name, n_done, n_cells)
        )
    except CellError as error:
        raise BuildError(_where(page, notebook.cells[error.position].source, error)) from None
    for text in notes:
        watcher.note(page.name, text)
    texts = {page.executed: to_text(notebook)}
    _write(texts | ({page.stubs: page.new_stubs()} if page.stubs else {}))
    watcher.progress(page.name, n_cells, n_cells)


def _where(page: Page, source: str, error: CellError) -> str:
    lines = first_lines(page.source.read_text(encoding="utf-8"))
    line = lines[error.position] + error.line - 1
    code = source.splitlines()[error.line - 1].strip()
    place = f"{page.lesson.name}/{page.source.name}, line {line}, cell {error.position + 1}"
    return f"{place}: {code}\n    " + error.reason.replace("\n", "\n    ")


def _write(texts: dict[Path, str]) -> None:
    parts = {path.with_name(f".{path.name}.part"): path for path in texts}
    try:
        for part, path in parts.items():
            path.parent.mkdir(exist_ok=True)
            part.write_text(texts[path], encoding="utf-8", newline="\n")
        for part, path in parts.items():
            part.replace(path)
    finally:
        for part in parts:
            part.unlink(missing_ok=True)
