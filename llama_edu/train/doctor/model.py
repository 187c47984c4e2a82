"""Questions put to the model that a run has left: they prove what curves only suggest."""

import torch

from llama_edu.train.doctor.finding import Finding
from llama_edu.train.doctor.read import Run, loss_of_run

CLEARLY = 0.5  # nats between two losses of one model on one text


def shift(run: Run) -> Finding | None:
    """A model that predicts another token than the next one."""
    batches = run.windows(run.train_file)
    if run.model is None or not batches:
        return None
    here, following, beyond = (loss_of_run(run, batches, ahead) for ahead in (0, 1, 2))
    said = (
        f"The model's loss for the token itself is {here:.2f}, for the next one {following:.2f}, "
        f"for the next but one {beyond:.2f}; at the end the run wrote {run.last_loss:.2f}."
    )
    if here < following - CLEARLY and abs(here - run.last_loss) < CLEARLY:
        return Finding("unshifted targets", said)
    if beyond < following - CLEARLY and abs(beyond - run.last_loss) < CLEARLY:
        return Finding("targets shifted twice", said)
    return None


def future(run: Run) -> Finding | None:
    """A model that predicts the next token better where it can see it."""
    batches = run.windows(run.train_file)
    if run.model is None or not batches:
        return None
    n = batches[0].inputs.shape[1]
    causal = loss_of_run(run, batches)
    every = torch.ones(n, n, dtype=torch.bool)
    seeing = min(loss_of_run(run, batches, mask=mask) for mask in (every, every.tril(1)))
    if seeing > causal - CLEARLY:
        return None
    return Finding(
        "mask lets the future in",
        f"With a causal mask the model's loss is {causal:.2f}; where it may look at later tokens "
        f"it is {seeing:.2f}, and the run wrote {run.last_loss:.2f}. A model that has never seen "
        "the future could not use it.",
    )
