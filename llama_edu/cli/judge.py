"""`llama-edu eval`: how good the model of a run is, with error bars."""

from pathlib import Path
from typing import Annotated

import typer

from llama_edu.cli.program import typed


def judge(run: Annotated[Path, typer.Argument(help="Folder of a run of training.")]) -> None:
    """Score a run on what it was not trained on: right answers, or bits per byte."""
    from rich.console import Console

    with Console(stderr=True).status("loading PyTorch"):
        from llama_edu.finetune import scored
    found = scored.score_run(run)
    for name, score in found.scores.items():
        print(f"{name}: {score.mean:.3f} ({score.low:.3f} to {score.high:.3f}, n={score.n:,})")
    print(found.about)
    print(f"Next: {typed(found.command)}")
