"""`llama-edu grade`: a class's notebooks in, grades and feedback out."""

import re
import zlib
from pathlib import Path
from typing import Annotated

import typer
import typer.core
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from llama_edu.course.lessons import find_lesson

UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30}

console = Console(highlight=False, markup=False, soft_wrap=True)


class ClassOrExport(typer.core.TyperGroup):
    """`grade SUBMISSIONS` without a word between, and `grade export`."""

    def parse_args(self, ctx, args):
        is_export = bool(args) and args[0] == "export"
        return super().parse_args(ctx, args if is_export else ["class", *args])

    def resolve_command(self, ctx, args):
        name, command, rest = super().resolve_command(ctx, args)
        return "" if name == "class" else name, command, rest


app = typer.Typer(cls=ClassOrExport, help="Grade a class; fill grades into a platform's table.")


@app.command("export")
def export(
    grades: Annotated[
        list[Path] | None, typer.Argument(help="Folders of grades, one a lesson; grades/ if none.")
    ] = None,
    into: Annotated[
        Path | None, typer.Option(help="A table of grades that Canvas or Moodle exported.")
    ] = None,
    column: Annotated[
        list[str] | None,
        typer.Option(help='Where the name does not tell: "05=Attention (123)". Again for more.'),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="THEIR.filled.csv if not given.")] = None,
) -> None:
    """Fill grades into a table that Canvas or Moodle exported, and change nothing else in it."""
    from llama_edu.grading.gradebooks import fill_file
    from llama_edu.grading.store import read_results

    if into is None:
        raise ValueError("--into must name the table that the platform exported: --into THEIR.csv")
    results = []
    for folder in grades or [Path("grades")]:
        found = read_results(folder)
        if not found:
            raise ValueError(f"GRADES={folder} must hold grades: it has none")
        results += found
    out = out or into.with_suffix(".filled.csv")
    if out.exists() and out.samefile(into):
        raise ValueError(f"--out {out} must be another file: the platform's own stays as it is")
    filled = fill_file(into, out, results, column or ())
    for lesson, name in filled.columns.items():
        console.print(f"{lesson} went into the column {name!r}")
    replaced = f", {filled.n_replaced} of them had another" if filled.n_replaced else ""
    console.print(f"{filled.n_filled} grades filled in{replaced}")
    for remark in filled.remarks:
        console.print(remark)
    for what, names in (("not in the table", filled.not_found), ("no grade for", filled.without)):
        if names:
            console.print(f"{what}: {', '.join(names)}")
    console.print(f"Next: import {out} where the table came from")


@app.command("class", hidden=True)
def grade(
    submissions: Annotated[
        list[Path],
        typer.Argument(
            help="A folder with a folder, a notebook or a zip for each student; what a learning "
            "platform exports; a zip of these. With --merge: the folders of the shards' grades."
        ),
    ],
    out: Annotated[Path, typer.Option(help="The folder of the grades.")],
    lesson: Annotated[str, typer.Option(help="By number or topic: 05.")] = "",
    students: Annotated[
        Path | None,
        typer.Option(help="A CSV of the class: who there is, called as its first column says."),
    ] = None,
    jobs: Annotated[int, typer.Option(min=1, help="Processes of this machine.")] = 1,
    seed: Annotated[
        int | None, typer.Option(help="Of the hidden cases; a secret one if not given.")
    ] = None,
    timeout: Annotated[
        float, typer.Option(min=0.1, help="Seconds for one answer, or for all cases of its check.")
    ] = 10.0,
    memory: Annotated[str, typer.Option(help="Of each answer, such as 500MB or 4GB.")] = "4GB",
    shard: Annotated[
        str, typer.Option(help="i/N: only the i-th of N parts of the class, for batch systems.")
    ] = "1/1",
    scheduler: Annotated[
        str | None, typer.Option(help="A Dask scheduler, tcp://..., to use its workers.")
    ] = None,
    merge: Annotated[bool, typer.Option("--merge", help="Join the grades of shards.")] = False,
    sandbox: Annotated[
        str, typer.Option(help="namespaces, bubblewrap or limits; the best that works by default.")
    ] = "",
) -> None:
    """Grade the notebooks of a class, with hidden cases, in a sandbox.

    Run it again to grade only what changed. To fill the grades into a table that Canvas or Moodle
    exported: llama-edu grade export --into THEIR.csv
    """
    from llama_edu.grading.export import write_outputs
    from llama_edu.grading.store import read_results

    out = out.absolute()
    problems: dict[str, str] = {}
    if merge:
        _merge([path.absolute() for path in submissions], out)
        results = read_results(out)
    else:
        if len(submissions) != 1:
            raise ValueError(f"SUBMISSIONS must be one folder or zip, got {len(submissions)}")
        if not lesson:
            raise ValueError("--lesson must say whose exercise it is: --lesson 05")
        results, problems = _grade(
            submissions[0], lesson, students, out, jobs, seed, timeout, memory, shard, scheduler,
            sandbox,
        )  # fmt: skip
    write_outputs(out, results)
    _say(out, results, problems)
    if problems:
        raise typer.Exit(1)


def _grade(
    submissions: Path,
    name: str,
    students: Path | None,
    out: Path,
    jobs: int,
    seed: int | None,
    timeout: float,
    memory: str,
    shard: str,
    scheduler: str | None,
    sandbox: str,
) -> tuple[list[dict], dict[str, str]]:
    from llama_edu.grading.classroom import grade_class
    from llama_edu.grading.export import write_outputs, write_students
    from llama_edu.grading.levels import choose_level
    from llama_edu.grading.roster import read_roster
    from llama_edu.grading.sandbox import Limits
    from llama_edu.grading.store import Assignment, keep_seed, read_results
    from llama_edu.grading.submissions import (
        check_exercise,
        question_names,
        read_class,
        read_submissions,
    )
    from llama_edu.grading.view import check_unseen

    lesson = find_lesson(name)
    exercise = lesson.folder.parents[1] / "exercises" / f"{lesson.name}.ipynb"
    if not exercise.is_file():
        raise ValueError(f"lesson {lesson.name} has no exercise yet")
    questions = question_names(exercise.read_bytes())
    check_exercise(lesson, questions)
    limits = Limits(timeout, _bytes(memory))
    part, n_parts = _shard(shard)
    level = choose_level(sandbox)
    if not level.is_sandbox:
        console.print(f"UNSANDBOXED: {level.reason}. Grade only code that you trust.")
    else:
        check_unseen(f"SUBMISSIONS={submissions}", submissions)
        check_unseen(f"--out {out}", out)
    found_people = read_class(submissions, lesson, read_roster(students) if students else None)
    _say_who(found_people)
    everybody = read_submissions(found_people, questions)
    write_students(out, found_people, everybody)
    class_ = [one for one in everybody if zlib.crc32(one.student.encode()) % n_parts == part - 1]
    assignment = Assignment(lesson, keep_seed(out, lesson, seed), limits, level.name)
    bar = Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
        console=Console(stderr=True), transient=True,
    )  # fmt: skip
    with bar:
        task = bar.add_task(f"grading {lesson.name}", total=len(class_))
        n_old = 0

        def on_done(result: dict, is_new: bool) -> None:
            nonlocal n_old
            n_old += not is_new
            bar.advance(task)

        try:
            found = grade_class(class_, assignment, out, jobs, scheduler, on_done)
        except KeyboardInterrupt:
            write_outputs(out, read_results(out))
            console.print(f"stopped; what is graded is kept in {out}, run it again for the rest")
            raise
    gone = {one["student"] for one in read_results(out)} - {one.student for one in everybody}
    if gone:
        names = ", ".join(sorted(gone)[:5])
        console.print(f"no longer in SUBMISSIONS, left out, their results kept: {names}")
    console.print(f"{len(found[0]) - n_old} graded, {n_old} unchanged")
    return found


def _say_who(class_) -> None:
    """What was taken for what, and what was left out: a line each."""
    console.print(class_.layout)
    for line in class_.left_out:
        console.print(f"left out: {line}")
    for what, names in (("not in --students", class_.unknown), ("no work of", class_.absent)):
        if names:
            more = f" and {len(names) - 10} more" if len(names) > 10 else ""
            console.print(f"{what}: {', '.join(names[:10])}{more}")


def _merge(folders: list[Path], out: Path) -> None:
    """Copy the newest result of each student into one folder.

    Raises:
        ValueError: if a folder holds no grades, or those of another lesson.
    """
    from llama_edu.grading.store import (
        INSTRUCTOR,
        read_json,
        read_results,
        result_file,
        write_json,
    )
    from llama_edu.grading.view import check_unseen

    check_unseen(f"--out {out}", out)
    newest: dict[str, dict] = {}
    for folder in folders:
        results = read_results(folder)
        if not results:
            raise ValueError(f"SUBMISSIONS={folder} must hold grades for --merge: it has none")
        for one in results:
            old = newest.get(one["student"])
            if old is None or old["graded_at"] < one["graded_at"]:
                newest[one["student"]] = one
    lessons = {one["lesson"] for one in newest.values()}
    if len(lessons) > 1:
        raise ValueError(
            f"--merge joins the grades of one lesson, got {', '.join(sorted(lessons))}"
        )
    for one in newest.values():
        write_json(result_file(out, one["student"]), one)
    # An appeal needs the seed that a student was graded with.
    parts = {str(folder): read_json(folder / INSTRUCTOR) for folder in folders}
    write_json(out / INSTRUCTOR, {"lesson": lessons.pop(), "merged_from": parts})


def _say(out: Path, results: list[dict], problems: dict[str, str]) -> None:
    scores = [result["score"] for result in results]
    if scores:
        most, n = results[0]["max_score"], len(scores)
        console.print(f"{n} student{'s' * (n != 1)}, mean {sum(scores) / n:.1f} of {most} points")
    noted = [result for result in results if result["notes"]]
    for result in noted[:10]:
        console.print(f"{result['student']}: {result['notes'][0]}")
    if len(noted) > 10:
        console.print(f"and notes on {len(noted) - 10} more, in summary.html")
    for student, why in problems.items():
        console.print(f"{student}: NOT GRADED, {why}")
    if problems:
        console.print("Next: the same command again, for those that were not graded")
    else:
        console.print(f"Next: open {out / 'summary.html'}; grades.csv and feedback/ are beside it")


def _bytes(text: str) -> int:
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([KMG]?)i?B?", text.strip(), re.IGNORECASE)
    size = int(float(found[1]) * UNITS[found[2].upper()]) if found else 0
    if size < 100 << 20:
        raise ValueError(f"--memory {text} must be at least 100MB, such as 4GB")
    return size


def _shard(text: str) -> tuple[int, int]:
    found = re.fullmatch(r"(\d+)/(\d+)", text)
    part, n_parts = (int(found[1]), int(found[2])) if found else (0, 0)
    if not 1 <= part <= n_parts:
        raise ValueError(f"--shard {text} must be i/N with i from 1 to N, such as 2/4")
    return part, n_parts
