"""The command: `python -m benchmarks.contest [ENTRY.py]`."""

from pathlib import Path
from typing import Annotated

import typer

from benchmarks.contest import nano, ours
from benchmarks.contest.judge import SECONDS, contest_text, judge, load_entry
from llama_edu.evaluate import baselines

OURS = {
    "llama_edu": ours.train,
    "nanoGPT's README, 0.8 M": nano.train,
    "nanoGPT's README, 1.8 M": nano.train_wider,
}


def main(
    entry: Annotated[
        Path | None, typer.Argument(help="A file with train(text, seconds); ours if not given.")
    ] = None,
    seconds: Annotated[float, typer.Option(min=1, help="Of the contest.")] = SECONDS,
) -> None:
    """Judge an entry, or ours and those it was made to beat."""
    text = contest_text()
    print(f"held out: {text.rule}")
    entries = {entry.stem: load_entry(entry)} if entry else OURS
    for name, train in entries.items():
        score = judge(name, train, text, seconds)
        print(
            f"{score.bits_per_byte:.3f} bits a byte: {score.name}, {score.n_params:,} parameters, "
            f"{score.seconds:.0f} s, {score.core_seconds:.0f} core seconds, other programs took "
            f"{score.busy:.0%} of the processor",
            flush=True,
        )
    counted = baselines("\n\n".join(text.training), "\n\n".join(text.held_out))
    for name, bits in counted.items():
        print(f"{bits:.3f} bits a byte: {name}")


if __name__ == "__main__":
    typer.run(main)
