"""`llama-edu data`: what real text and weights there are, fetch, look into them, build a corpus."""

import bz2
import json
import sqlite3
import sys
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from llama_edu.cli.program import typed
from llama_edu.data import sources
from llama_edu.data.progress import megabytes

if TYPE_CHECKING:
    from llama_edu.data import pipeline

app = typer.Typer(no_args_is_help=True, help="Real text and weights: list, fetch, build a corpus.")

N_FILES_SHOWN = 8
N_LINES_SHOWN = 6


@app.command("list")
def list_sources() -> None:
    """List every source: its size, whether it is cached, its license, what it holds."""
    from rich.table import Table

    table = Table(
        "name", "download", "cached", "license", "what it holds", box=None, padding=(0, 1)
    )
    table.columns[0].no_wrap = True
    table.columns[1].justify = "right"
    for source in sources.SOURCES.values():
        here = "yes" if sources.cached(source.name) else "-"
        size = megabytes(source.archive_bytes)
        table.add_row(source.name, size, here, source.license, source.holds)
    _print(table)
    _print(f"\ncache: {sources.cache_dir()}")
    missing = [name for name in sources.SOURCES if not sources.cached(name)]
    _next(f"llama-edu data {'pull' if missing else 'show'} {(missing or [*sources.SOURCES])[0]}")


@app.command()
def pull(
    names: Annotated[list[str] | None, typer.Argument(help="Names from `data list`.")] = None,
    all_: Annotated[bool, typer.Option("--all", help="Fetch every source.")] = False,
) -> None:
    """Fetch sources into the cache; what is there already is not fetched again."""
    if bool(names) == all_:
        raise ValueError(f"NAMES={names or []} must be one source or more, or else --all")
    chosen = [sources.find(name).name for name in names or sources.SOURCES]
    for name in chosen:
        _print(f"{name}: {sources.pull(name)}")
    _next(f"llama-edu data show {chosen[0]}")


@app.command()
def show(name: Annotated[str, typer.Argument(help="A name from `data list`.")]) -> None:
    """Show one source: facts, credit, files, the first lines of its text."""
    from rich.table import Table

    source, folder = sources.find(name), sources.cached(name)
    facts = Table.grid(padding=(0, 2))
    facts.add_row("holds", source.holds)
    facts.add_row("license", source.license)
    facts.add_row("credit", source.credit)
    facts.add_row("package", f"{source.package} {source.version} from {source.registry}")
    facts.add_row("archive", f"{source.file}, {megabytes(source.archive_bytes)}")
    facts.add_row("SHA-256", source.sha256)
    facts.add_row("files", f"{source.n_files}, {megabytes(source.unpacked_bytes)} together")
    _print(facts)
    _print(f"cached   {folder or 'not yet'}")
    if folder is None:
        _next(f"llama-edu data pull {name}")
        return
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    _print()
    for path in files[:N_FILES_SHOWN]:
        _print(f"{path.stat().st_size:>12,}  {path.relative_to(folder).as_posix()}")
    if len(files) > N_FILES_SHOWN:
        _print(f"{'':>12}  … and {len(files) - N_FILES_SHOWN} more")
    if source.sample:
        _print(f"\nfirst lines of {source.sample}:")
        for line in first_lines(folder / source.sample, N_LINES_SHOWN):
            _print(f"  {line}", cut=True)
    is_chat_model = any(path.suffix == ".gguf" for path in files)
    in_python = f'python -c "from llama_edu.data.sources import pull; print(pull({name!r}))"'
    _next("llama-edu chat" if is_chat_model else in_python)


@app.command()
def build(
    out: Annotated[Path, typer.Option(help="Folder of the corpus; a stopped build goes on.")],
    jobs: Annotated[int, typer.Option(min=1, help="Processes.")] = 1,
    source: Annotated[
        list[str] | None,
        typer.Option(help="Archive or .jsonl file; give it again for more. All text if none."),
    ] = None,
    evaluation: Annotated[
        Path | None, typer.Option(help="Text whose lines must not be in the corpus.")
    ] = None,
) -> None:
    """Clean, filter, scrub, deduplicate and split text into shards of JSONL, with a report."""
    from llama_edu.data import pipeline

    choices: dict[str, tuple[str, ...]] = {}
    if source:
        choices["sources"] = tuple(_place_of(name) for name in source)
    if evaluation:
        lines = evaluation.read_text(encoding="utf-8").splitlines()
        choices["evaluation"] = tuple(line for line in lines if line.strip())
    settings = pipeline.Settings(**choices)
    report = pipeline.build(out, settings, jobs, lambda line: print(line, file=sys.stderr))
    _draw(report, out / "flow.png")
    kept = report.train["documents"] + report.test["documents"]
    _print(f"{kept:,} of {report.documents:,} documents kept, in {out}/train and {out}/test")
    for reason, count in sorted(report.drops.items(), key=lambda item: -item[1])[:N_LINES_SHOWN]:
        _print(f"{count:>12,}  {reason}, such as {report.examples[reason][0][0]}")
    _print(f"report: {out}/report.md, figure: {out}/flow.png")
    _next(f"read {out}/report.md")


def _place_of(source: str) -> str:
    """A file's whole path, so that a build can go on from another folder."""
    return str(Path(source).absolute()) if source.endswith(".jsonl") else source


def _draw(report: "pipeline.Report", path: Path) -> None:
    from llama_edu import plots

    steps = [
        (name, entering, {reason.removeprefix("rule: "): n for reason, n in leaving.items()})
        for name, entering, leaving in report.flow()
    ]
    title = f"{steps[-1][1]:,} of {report.documents:,} documents are kept"
    drops = ", ".join(f"{n:,} {reason}" for reason, n in report.drops.items())
    figure = plots.sieve(
        steps, title=title, y_label="documents", alt=f"{title}. Dropped: {drops or 'none'}."
    )
    # No version in the file, so that the same corpus has the same figure.
    figure.savefig(path, metadata={"Software": None})


def first_lines(path: Path, n_lines: int) -> list[str]:
    """Read the first lines that hold text, out of a text, bz2, JSON list or SQLite file.

    Args:
        path: a `.bz2` of text, a `.json` list of strings, a `.sqlite` with a table `verses`, or
            UTF-8 text under any other name.
        n_lines: how many lines at most.
    """
    if path.suffix == ".sqlite":
        query = "SELECT text FROM verses ORDER BY book_id, chapter_number, verse_number LIMIT ?"
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as database:
            return [text for (text,) in database.execute(query, (n_lines,))]
    if path.suffix == ".json":
        lines = json.loads(path.read_text(encoding="utf-8"))[0].splitlines()
        return [line for line in lines if line.strip()][:n_lines]
    open_text = bz2.open if path.suffix == ".bz2" else open
    with open_text(path, "rt", encoding="utf-8") as stream:
        return [line.rstrip() for line in islice(filter(str.strip, stream), n_lines)]


def _print(what: object = "", cut: bool = False) -> None:
    """Print without markup, as names and texts may hold brackets; a path stays in one piece."""
    from rich.console import Console

    console = Console(markup=False, highlight=False)
    if cut:
        console.print(what, no_wrap=True, overflow="ellipsis")
    else:
        console.print(what, soft_wrap=isinstance(what, str))


def _next(command: str) -> None:
    _print(typed(f"\nNext: {command}"))
