"""`llama-edu speedrun`: from nothing to a chat, in one command that goes on where it was ended."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from llama_edu.cli.program import typed
from llama_edu.cli.train import INTERRUPTED


def speedrun(
    out: Annotated[Path, typer.Option(help="Folder of the run; a run there is gone on with.")] = (
        Path("runs") / "speedrun"
    ),
    steps: Annotated[
        int | None, typer.Option(help="Of each model; the recipe's if not given.", min=4)
    ] = None,
    seeds: Annotated[int, typer.Option(help="How many models, side by side.", min=1)] = 3,
    stories: Annotated[int, typer.Option(help="Unseen stories of the test.", min=1)] = 200,
) -> None:
    """Text, tokenizer, pretraining, instruction tuning, evaluation, a page, and a chat."""
    from rich.console import Console

    with Console(stderr=True).status("loading PyTorch"):
        from llama_edu.finetune import speedrun as runs
    recipe = runs.RECIPE if steps is None else replace(runs.RECIPE, n_steps=steps)
    plan = runs.prepare(out, runs.Plan(recipe=recipe, n_seeds=seeds, n_stories=stories))
    numbers = runs.run_seeds(out, plan)
    if numbers is None:
        print("stopped; the same command goes on from there")
        raise typer.Exit(INTERRUPTED)
    for name, (mean, low, high) in numbers["ranges"].items():
        print(f"{name}: {mean:.3f} ({low:.3f} to {high:.3f})")
    print(f"{numbers['wall_seconds'] / 60:.1f} minutes in all")
    print(f"The page: {out / 'report.html'}")
    print(f"Talk to it: {typed(runs.talk_command(out))}")
