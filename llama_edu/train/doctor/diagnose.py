"""All questions to a run, in an order in which a proven cause spares what it would explain."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from llama_edu.train.doctor import curves, data, model, trial
from llama_edu.train.doctor.finding import Finding
from llama_edu.train.doctor.read import Run, read_run


@dataclass(frozen=True)
class Diagnosis:
    """What was found in a run.

    Args:
        findings: the faults, the surest first; none if nothing was found.
        not_asked: what could not be asked, and why.
        facts: the run in a line.
    """

    findings: tuple[Finding, ...]
    not_asked: tuple[str, ...]
    facts: str

    @property
    def names(self) -> list[str]:
        return [finding.name for finding in self.findings]


def diagnose(
    folder: str | Path, trial_seconds: float = 60.0, say: Callable[[str], None] = lambda line: None
) -> Diagnosis:
    """Name what went wrong in a run.

    Args:
        folder: of the run, over or not.
        trial_seconds: for trials, which are made only where curves leave a doubt; 0 for none.
        say: told what is being tried.

    Raises:
        FileNotFoundError: if there is no run, or it has not taken a step.
    """
    run = read_run(folder)
    asked = [curves.not_a_number, model.shift, model.future, data.one_batch, data.wrong_mean,
             data.padding, data.leak, data.same_order, data.text_order,
             curves.gradients]  # fmt: skip
    found = [finding for question in asked if (finding := question(run))]
    names = {finding.name for finding in found}
    # A loss of something else than the next token makes every held-out loss rise.
    if not names & {"unshifted targets", "targets shifted twice", "mask lets the future in",
                    "one batch repeated"}:  # fmt: skip
        found += filter(None, [curves.too_little_text(run)])
    # The order of a text alone does not explain a loss that stays high.
    if trial_seconds and {finding.name for finding in found} <= {"text in its order",
                                                                "order never changes"}:  # fmt: skip
        found += filter(None, [trial.settings(run, trial_seconds, say)])
    return Diagnosis(tuple(found), _not_asked(run), _facts(run))


def _not_asked(run: Run) -> tuple[str, ...]:
    missing = []
    if run.train_file is None:
        missing.append("no data/train.tokens: leak, order, mask and shift could not be asked")
    elif run.held_out_file is None:
        missing.append("no data/held_out.tokens: leak and learning rate could not be asked")
    if run.model is None:
        missing.append("no checkpoint: mask and shift could not be asked")
    if "batch" not in run.steps[0]:
        missing.append("no marks of batches: repeats could not be asked")
    return tuple(missing)


def _facts(run: Run) -> str:
    looks = [line["held_out_loss"] for line in run.looks]
    held_out = f", held out {looks[0]:.2f} to {looks[-1]:.2f}" if looks else ""
    return (
        f"{len(run.steps):,} steps of {run.settings['n_steps']:,}; loss {run.losses[0]:.2f} to "
        f"{run.last_loss:.2f}{held_out}; ln V = {run.uniform_loss:.2f}"
    )
