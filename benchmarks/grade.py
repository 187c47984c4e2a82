"""Grade one class with nbgrader and with ours, in one run: `python -m benchmarks.grade --help`.

The class is made for the purpose: right answers, every known wrong one, stubs and a loop without
end. Whoever is measured second finds nothing of the first.
"""

import copy
import csv
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import nbformat
import psutil
import typer

from benchmarks import machine
from llama_edu.course.answers import answer_cells
from llama_edu.course.lessons import course_root, find_lesson
from llama_edu.course.notebook import to_text
from llama_edu.writing import write_whole

LESSON = find_lesson("05").name
SCORES, SOFTMAX = "attention.scores", "attention.softmax"
LOOP = "def softmax(x, dim):\n    while True:\n        pass\n"
# Wrong answers as functions of their question, in the words of the exercise.
WRONG = {
    "no_scale": (SCORES, "def scores(q, k):\n    return q @ k.mT"),
    "overflow": (SOFTMAX, "def softmax(x, dim):\n    return x.exp() / x.exp().sum(dim, True)"),
    "over_all": (
        SOFTMAX,
        "def softmax(x, dim):\n    e = (x - x.max()).exp()\n    return e / e.sum()",
    ),
    "no_offset": (
        "attention.causal_mask",
        "def causal_mask(n_queries, n_keys):\n"
        "    return torch.ones(n_queries, n_keys, dtype=torch.bool).tril()",
    ),
    "by_view": (
        "attention.split_heads",
        "def split_heads(x, n_heads):\n    B, T, D = x.shape\n"
        "    return x.view(B, n_heads, T, D // n_heads)",
    ),
}
HEAD = """\
# Benchmarks: grading a class

One section for each command; a section is added at the end. Nothing else should run meanwhile.
Times include starting and ending all processes. Memory is that of all of them, what they share
counted once.
"""
watches = False
app = typer.Typer(add_completion=False)


@app.command()
def main(
    students: Annotated[int, typer.Option(min=1, help="In the class.")] = 10,
    jobs: Annotated[int, typer.Option(min=1, help="Processes of ours.")] = 1,
    loops: Annotated[bool, typer.Option(help="An endless loop in every eighth.")] = True,
    nbgrader: Annotated[bool, typer.Option(help="Measure nbgrader too.")] = True,
    memory: Annotated[
        bool, typer.Option(help="Watch the memory; that takes time, so trust no other column then.")
    ] = False,
    out: Annotated[Path | None, typer.Option(help="A report in Markdown, to be added to.")] = None,
) -> None:
    """Time per submission, the scores side by side, memory, and what a second run does."""
    global watches
    watches = memory
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        make_class(root / "submitted", students, loops)
        command = f"python -m benchmarks.grade {' '.join(sys.argv[1:])}".partition(" --out")[0]
        lines = [f"## A class of {students}", "", f"`{command}`", "", machine.describe(), ""]
        lines += ["| grader | s in all | s a submission | peak memory, MB |", "|---|---|---|---|"]
        seconds, peak = ours(root, jobs)
        name = f"llama_edu, {jobs} process{'es' * (jobs > 1)}"
        lines.append(row(f"**{name}**", seconds, students, peak))
        again, peak = ours(root, jobs)
        lines.append(row(f"{name}, nothing changed", again, students, peak))
        change(root / "submitted")
        one, peak = ours(root, jobs)
        lines.append(row(f"{name}, one changed", one, students, peak))
        scores = our_scores(root)
        if nbgrader:
            theirs, peak, their_scores = nbgrades(root)
            lines.append(row("nbgrader autograde", theirs, students, peak))
            lines += ["", f"nbgrader took {theirs / seconds:.1f} times as long as ours.", ""]
            lines += ["| student | llama_edu | nbgrader |", "|---|---|---|"]
            lines += [f"| {s} | {scores[s]} | {their_scores.get(s)} |" for s in sorted(scores)]
    text = "\n".join(lines) + "\n"
    print(text)
    if out:
        before = out.read_text(encoding="utf-8") if out.exists() else HEAD
        write_whole(out, f"{before}\n{text}")


def make_class(folder: Path, n_students: int, has_loops: bool) -> None:
    """Every kind of answer in turn."""
    solution = nbformat.read(course_root() / "solutions" / f"{LESSON}.ipynb", 4)
    stubs = nbformat.read(course_root() / "exercises" / f"{LESSON}.ipynb", 4)
    kinds: list[tuple[str, nbformat.NotebookNode]] = [("right", solution)]
    kinds += [(name, with_answer(solution, *answer)) for name, answer in WRONG.items()]
    kinds.append(("stubs", stubs))
    if has_loops:
        kinds.append(("loop", with_answer(solution, SOFTMAX, LOOP)))
    for i in range(n_students):
        name, notebook = kinds[i % len(kinds)]
        write(folder, f"s{i:03}_{name}", notebook)


def write(folder: Path, student: str, notebook: nbformat.NotebookNode) -> None:
    file = folder / student / LESSON / f"{LESSON}.ipynb"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(to_text(notebook), encoding="utf-8")


def with_answer(notebook, question: str, source: str):
    """A notebook with one answer replaced."""
    changed = copy.deepcopy(notebook)
    answer_cells(changed)[question].source = source
    return changed


def change(folder: Path) -> None:
    """One student hands in again."""
    file = next(folder.glob(f"s000_*/{LESSON}/*.ipynb"))
    changed = with_answer(nbformat.read(file, 4), *WRONG["no_scale"])
    file.write_text(to_text(changed), encoding="utf-8")


def ours(root: Path, jobs: int) -> tuple[float, float]:
    command = ["-m", "llama_edu", "grade", "submitted", "--lesson", LESSON, "--out", "grades"]
    return timed([*command, "--jobs", str(jobs)], root)


def our_scores(root: Path) -> dict[str, float]:
    found = map(json.loads, (f.read_text() for f in (root / "grades/results").glob("*.json")))
    return {one["student"]: one["score"] for one in found}


def nbgrades(root: Path) -> tuple[float, float, dict[str, str]]:
    """The same class in nbgrader's hands, with its own defaults but our time limit."""
    source = root / "source" / LESSON
    source.mkdir(parents=True)
    shutil.copy(course_root() / "solutions" / f"{LESSON}.ipynb", source)
    timed(["-m", "nbgrader", "generate_assignment", LESSON], root)
    limit = ["--ExecutePreprocessor.timeout=10", "--ExecutePreprocessor.interrupt_on_timeout=True"]
    seconds, peak = timed(["-m", "nbgrader", "autograde", LESSON, *limit], root)
    timed(["-m", "nbgrader", "export"], root)
    with (root / "grades.csv").open(encoding="utf-8") as file:
        return seconds, peak, {line["student_id"]: line["score"] for line in csv.DictReader(file)}


def timed(arguments: list[str], folder: Path) -> tuple[float, float]:
    """Wall seconds of a Python command, and the most MB that it and its children held."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    start = time.monotonic()
    with subprocess.Popen(
        [sys.executable, *arguments], cwd=folder, stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=os.environ | {"PATH": path},
    ) as process:  # fmt: skip
        peak = [0.0]
        if watches:
            threading.Thread(target=watch, args=(process.pid, peak), daemon=True).start()
        process.wait()
    return time.monotonic() - start, peak[0]


def watch(pid: int, peak: list[float]) -> None:
    """Proportional memory: what a fork shares with its parent counts once."""
    while psutil.pid_exists(pid):
        total = sum(_held(process) for process in family(pid))
        peak[0] = max(peak[0], total / 1e6)
        time.sleep(0.2)


def family(pid: int) -> Iterator[psutil.Process]:
    try:
        parent = psutil.Process(pid)
        yield from (parent, *parent.children(recursive=True))
    except psutil.NoSuchProcess:
        return


def _held(process: psutil.Process) -> int:
    try:
        return getattr(process.memory_full_info(), "pss", 0) or process.memory_info().rss
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return 0


def row(name: str, seconds: float, n: int, peak: float) -> str:
    held = f"{peak:,.0f}" if peak else ""
    return f"| {name} | {seconds:.1f} | {seconds / n:.2f} | {held} |"


if __name__ == "__main__":
    app()
