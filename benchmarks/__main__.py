"""The command: `python -m benchmarks --help`."""

import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Annotated

import torch
import typer

from benchmarks import (
    data,
    decode,
    load,
    machine,
    memory,
    quantize,
    tokenizer,
    train,
    trainer,
)
from benchmarks.report import Table, render, write
from benchmarks.workload import STORIES, Workload

SECTIONS = {
    "train": train.tables,
    "trainer": trainer.tables,
    "decode": decode.tables,
    "memory": memory.tables,
    "load": load.tables,
    "quantize": quantize.tables,
    "tokenizer": tokenizer.tables,
    "data": data.tables,
}
INTERRUPTED = 130  # what shells return after Ctrl-C

app = typer.Typer(add_completion=False)


@app.command()
def main(
    only: Annotated[
        str, typer.Option(help="Sections to measure, with commas between; others are left out.")
    ] = ",".join(SECTIONS),
    rounds: Annotated[int, typer.Option(min=1, help="Timed runs of each contender.")] = 7,
    out: Annotated[Path, typer.Option(help="The report.")] = Path("benchmarks/results.md"),
    threads: Annotated[int, typer.Option(min=1, help="Threads for everybody.")] = 2,
    gguf: Annotated[Path | None, typer.Option(help="Load this instead of SmolLM2.")] = None,
) -> None:
    """Measure ours beside every installed peer, and write the report."""
    chosen = only.split(",")
    if unknown := [name for name in chosen if name not in SECTIONS]:
        raise typer.BadParameter(f"--only {','.join(unknown)} must be among {', '.join(SECTIONS)}")
    torch.set_num_threads(threads)
    sections = SECTIONS | {"load": partial(load.tables, file=gguf)}
    workload = replace(STORIES, rounds=rounds)
    start = time.monotonic()
    try:
        measure([sections[name] for name in chosen], workload, out)
    except KeyboardInterrupt:
        print(f"stopped; the finished sections are in {out}", file=sys.stderr)
        raise typer.Exit(INTERRUPTED) from None
    print(f"{out} written in {time.monotonic() - start:.0f} s")


def measure(
    sections: Iterable[Callable[..., Iterable[Table]]], workload: Workload, out: Path
) -> list[Table]:
    """Run sections one after another; the report is written anew after each table."""
    described, others, tables = machine.describe(), machine.Others(), []

    def save(status: str = "") -> None:
        busy = f"- other programs took {100 * others.share():.0f} % of the processor meanwhile"
        write(out, render(tables, f"{described}\n{busy}", status))

    for section in sections:
        for table in section(workload, progress=lambda line: print(line, file=sys.stderr)):
            tables.append(table)
            save(status="This run has not finished.")
    save()
    return tables


if __name__ == "__main__":
    app()
