"""`llama-edu train`: a model of your own text, or one trained further, on this machine."""

from pathlib import Path
from typing import Annotated

import typer

from llama_edu.cli.program import typed

STAGES = ("pretrain", "instruct", "adversarial", "multitask")
TUNE = "tune.json"  # in the folder of a run that goes on from another
INTERRUPTED = 130  # what shells return after Ctrl-C

app = typer.Typer(help="Train a model on your own text, and look at how that went.")


@app.callback(invoke_without_command=True)
def train(
    context: typer.Context,
    text: Annotated[
        str | None,
        typer.Option(
            help="A file (.txt, .md, .jsonl), a folder of text or code, or the name of a source "
            "(llama-edu data list)."
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder of the run; runs/NAME OF THE TEXT if not given.")
    ] = None,
    minutes: Annotated[
        float | None, typer.Option(help="Time to spend, 5 if not given: size and steps fit it.")
    ] = None,
    steps: Annotated[
        int | None, typer.Option(help="Steps, whatever time they take.", min=1)
    ] = None,
    preset: Annotated[
        str | None, typer.Option(help="A shape by name, such as tiny, in place of a fitted one.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Of all chance; 0 if not given.", min=0)] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the run in --out as it was begun.")
    ] = False,
    stage: Annotated[
        str,
        typer.Option(
            help="pretrain (on --text); instruct and multitask (on --data) and adversarial go on "
            "from --from."
        ),
    ] = "pretrain",
    start: Annotated[
        str | None,
        typer.Option("--from", help="What to train further: a run, a model's folder, a source."),
    ] = None,
    data: Annotated[
        list[str] | None,
        typer.Option(help="world (the stories), dialogues, or your pairs.jsonl; may be repeated."),
    ] = None,
) -> None:
    """Train a model on a text of your own, or train one further, and say what came of it."""
    if context.invoked_subcommand:
        return
    if stage not in STAGES:
        raise ValueError(f"--stage must be one of {', '.join(STAGES)}, got {stage!r}")
    wishes = {"minutes": minutes, "n_steps": steps, "preset": preset, "seed": seed}
    given = {name: value for name, value in wishes.items() if value is not None}
    further = {"start": start, "data": tuple(data or ())}
    if resume and (out is None or given or any(further.values()) or text):
        why = "needs --out RUN" if out is None else "goes on as the run was begun, with --out alone"
        raise ValueError(f"--resume {why}")
    if resume and (out / TUNE).exists():
        _tune(out)
    elif resume:
        _pretrain(None, out, resume, given)
    elif stage == "pretrain":
        if text is None:
            raise ValueError("--text must name a file or folder, or a source such as shakespeare")
        if any(further.values()):
            raise ValueError(f"--from and --data are for --stage {', '.join(STAGES[1:])}")
        _pretrain(text, out or Path("runs") / Path(text).resolve().stem, resume, given)
    else:
        if start is None or text or preset:
            why = "takes no --text or --preset" if start else "needs --from RUN to go on from"
            raise ValueError(f"--stage {stage} {why}")
        _tune(out or Path("runs") / stage, **given, **further, stage=stage)


def _tune(run: Path, **wishes: object) -> None:
    from rich.console import Console

    with Console(stderr=True).status("loading PyTorch"):
        from llama_edu.finetune import tune
    if wishes:
        tune.prepare(run, tune.Wishes(**wishes))
    outcome, before, after = tune.tune(run)
    if after is None:
        print(typed(f"stopped at step {outcome.step:,}; llama-edu train --out {run} --resume "
                    "goes on from there"))  # fmt: skip
        raise typer.Exit(INTERRUPTED)
    for name, score in after.scores.items():
        was = f"{before[name].mean:.3f} before, now " if name in before else ""
        print(f"{name}: {was}{score.mean:.3f} ({score.low:.3f} to {score.high:.3f}, n={score.n:,})")
    print(f"Talk to it: {typed(after.command)}")


def _pretrain(text: str | None, run: Path, resume: bool, given: dict) -> None:
    from rich.console import Console

    with Console(stderr=True).status("loading PyTorch"):
        from llama_edu.train import own_text
    if not resume:
        own_text.prepare(text, run, own_text.Wishes(**given), say=print)
    outcome, results = own_text.train_own_text(run)
    prompt = own_text.first_prompt(run)
    talk = typed(own_text.talk_command(run, prompt))
    if results is None:
        print(typed(f"stopped at step {outcome.step:,}; llama-edu train --out {run} --resume "
                    "goes on from there"))  # fmt: skip
        print(f"Talk to it as it is: {talk}")
        raise typer.Exit(INTERRUPTED)
    print("bits per byte of the held-out text: " + ", ".join(
        f"{name} {bits:.3f}" for name, bits in results.bits_per_byte.items()
    ))  # fmt: skip
    print(f"The page: {run / 'report.html'}")
    print(f"Talk to it: {talk}")


@app.command()
def doctor(
    run: Annotated[Path, typer.Argument(help="Folder of a run, over or not.")],
    seconds: Annotated[
        float,
        typer.Option(help="For short trials, made only where a run's curves leave a doubt.", min=0),
    ] = 60.0,
) -> None:
    """Say what went wrong in a training run, by what shows it, and what to do."""
    from llama_edu.train.doctor import diagnose

    diagnosis = diagnose(run, seconds, say=print)
    print(f"{run}: {diagnosis.facts}")
    for finding in diagnosis.findings:
        print(f"\n{finding.name}\n  {finding.evidence}\n  What to do: {finding.advice}")
    for line in diagnosis.not_asked:
        print(f"not asked: {line}")
    if not diagnosis.findings:
        print("Nothing found that is wrong.")
