"""The command: `python -m benchmarks --help`."""

import sys
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Annotated

import torch
import typer

from benchmarks import (
    attention,
    data,
    decode,
    experts,
    kept,
    load,
    lora,
    machine,
    memory,
    quantize,
    tokenizer,
    train,
    trainer,
    tuning,
)
from benchmarks.report import Section, Table, render
from benchmarks.workload import STORIES, Workload
from llama_edu.writing import write_whole

SECTIONS = {
    "train": train.tables,
    "trainer": trainer.tables,
    "lora": lora.tables,
    "tuning": tuning.tables,
    "decode": decode.tables,
    "memory": memory.tables,
    "attention": attention.tables,
    "experts": experts.tables,
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
        measure({name: sections[name] for name in chosen}, workload, out)
    except KeyboardInterrupt:
        print(f"stopped; the finished sections are in {out}", file=sys.stderr)
        raise typer.Exit(INTERRUPTED) from None
    print(f"{out} written in {time.monotonic() - start:.0f} s")


def measure(
    sections: Mapping[str, Callable[..., Iterable[Table]]], workload: Workload, out: Path
) -> list[Table]:
    """Run sections one after another; the report is written anew after each table.

    What other sections measured before stays in the report, and in the JSON file beside it.
    """
    file = out.with_suffix(".json")
    found, measured = kept.read(file), []
    for name, section in sections.items():
        described, others, tables = machine.describe(), machine.Others(), []
        for table in section(workload, progress=lambda line: print(line, file=sys.stderr)):
            tables.append(table)
            found[name] = Section(described, str(others), tables)
            write_whole(out, render(_in_order(found), status="This run has not finished."))
        kept.keep(file, _in_order(found))  # only what is whole replaces what was
        measured += tables
    write_whole(out, render(_in_order(found)))
    return measured


def _in_order(found: dict[str, Section]) -> dict[str, Section]:
    return {name: found[name] for name in SECTIONS if name in found}


if __name__ == "__main__":
    app()
