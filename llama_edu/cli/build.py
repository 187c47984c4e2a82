"""`llama-edu build`: make the notebooks from the authored lessons, or say which are stale."""

import time
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from llama_edu.cli.program import typed
from llama_edu.course.lessons import all_lessons, course_root, find_lesson

console = Console(stderr=True, highlight=False, markup=False)


def build(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="LESSON", help="By number or topic; all if none."),
    ] = None,
    check: Annotated[
        bool, typer.Option(help="Change nothing; exit code 1 if one is stale.")
    ] = False,
    force: Annotated[bool, typer.Option(help="Make everything, stale or not.")] = False,
    jobs: Annotated[
        int | None, typer.Option(min=1, help="Notebooks run at the same time; one a processor.")
    ] = None,
) -> None:
    """Make the stale notebooks, exercises and solutions from lessons/."""
    from llama_edu.course.authoring.build import (
        build as make,  # Jupyter, which no other command needs
    )
    from llama_edu.course.authoring.overview import overview
    from llama_edu.course.authoring.pages import orphans

    lessons = [find_lesson(name) for name in names or []] or all_lessons()
    if not lessons:
        raise ValueError(f"{course_root() / 'lessons'} must hold a lesson, a folder NN_topic")
    with _Shown() as watcher:
        stale = make(lessons, check_only=check, force=force, jobs=jobs, watcher=watcher)
    changed = {} if names else overview(course_root())
    stale |= {
        path.relative_to(course_root()).as_posix(): "not what the lessons say now"
        for path in changed
    }
    if not check:
        for path, text in changed.items():
            path.write_text(text, encoding="utf-8", newline="\n")
    unwanted = [] if names else orphans(lessons, course_root())
    for name, why in stale.items() if check else ():
        print(f"{name}: {why}")
    for path in unwanted:
        print(f"{path}: no lesson makes it; delete it")
    if not stale and not unwanted:
        print(f"fresh: {', '.join(lesson.name for lesson in lessons)}")
    elif check:
        print(typed("\nNext: llama-edu build"))
        raise typer.Exit(1)


class _Shown:
    """A watcher: a bar for each notebook on a terminal; in a log, one line when it is done."""

    def __init__(self):
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("cells"),
            TimeElapsedColumn(),
        )
        self.bars = Progress(*columns, console=console, disable=not console.is_terminal)
        self.tasks, self.starts = {}, {}

    def __enter__(self):
        self.bars.start()
        return self

    def __exit__(self, *error):
        self.bars.stop()

    def progress(self, name: str, n_done: int, n_cells: int) -> None:
        if name not in self.tasks:
            self.tasks[name] = self.bars.add_task(name, total=n_cells)
            self.starts[name] = time.monotonic()
        self.bars.update(self.tasks[name], completed=n_done)
        if n_done == n_cells and not console.is_terminal:
            console.print(f"{name}: {time.monotonic() - self.starts[name]:.1f} s")

    def note(self, name: str, text: str) -> None:
        console.print(f"{name}, on stderr: {text.strip()}")
