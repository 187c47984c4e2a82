"""What the numbers of the steps show by themselves."""

import math

import numpy as np

from llama_edu.train.doctor.finding import Finding
from llama_edu.train.doctor.read import Run

FEW, EXPLODED, VANISHED = 10, 50.0, 1e-2
GROWTH = 100.0


def not_a_number(run: Run) -> Finding | None:
    """A last step that was not finite."""
    last = run.steps[-1]
    if math.isfinite(last["loss"] + last["grad_norm"]):
        return None
    before = run.losses[:-1][-FEW:]
    where = f"At step {last['step']} the loss was {last['loss']}, the gradient {last['grad_norm']}."
    if not len(before):
        return Finding("not a number", f"{where} It was the first step.")
    calm = f"The ten steps before had losses up to {before.max():.2f}"
    start = run.losses[0]
    if run.about.get("dtype") == "bfloat16" and before.max() < start:
        return Finding(
            "not a number in bf16",
            f"{where} {calm}, below the {start:.2f} of the first step: nothing had got out of "
            "hand before. The arithmetic was bf16, where 1 - p is 0 for every p above 0.996.",
        )
    return Finding("not a number", f"{where} {calm}; the first step had {start:.2f}.")


def gradients(run: Run) -> Finding | None:
    """Gradients that stay very long, or very short while there is all to learn."""
    norms = run.grad_norms[np.isfinite(run.grad_norms)]
    if len(norms) < FEW:
        return None
    size = FEW
    medians = np.array([np.median(norms[i : i + size]) for i in range(len(norms) - size + 1)])
    first = float(np.median(norms[:FEW]))
    worst = int(medians.argmax())
    if medians[worst] > EXPLODED or medians[worst] > GROWTH * max(first, VANISHED):
        limit = run.settings["max_grad_norm"]
        return Finding(
            "exploding gradients",
            f"Around step {worst + size // 2 + 1} the gradient's norm was {medians[worst]:,.0f} "
            f"(median of {size} steps), {medians[worst] / limit:,.2g} times the limit of the "
            f"clipping, {limit:g}; at the start {first:.2g}. The first loss was "
            f"{run.losses[0]:.2f}, ln V is {run.uniform_loss:.2f}.",
        )
    knows_nothing = run.losses[:FEW].mean() > run.uniform_loss - 0.2
    if first < VANISHED and knows_nothing:
        return Finding(
            "vanishing gradients",
            f"In the first {FEW} steps the gradient's norm was {first:.1g} (median), while the "
            f"loss stood at {run.losses[:FEW].mean():.2f}, ln V being {run.uniform_loss:.2f}: "
            "there was all to learn.",
        )
    return None


def too_little_text(run: Run) -> Finding | None:
    """The held-out loss rises while the training loss goes on falling."""
    looks = [(line["step"], line["held_out_loss"]) for line in run.looks]
    if len(looks) < 3:
        return None
    at, best = min(looks, key=lambda look: look[1])
    last = looks[-1][1]
    gap = last - run.last_loss
    epochs = len(run.steps) / run.steps_per_epoch if run.steps_per_epoch else math.nan
    if at == looks[0][0] or last < best + 0.1 or gap < 0.3 or epochs < 2:
        return None
    return Finding(
        "too little text",
        f"The held-out loss was lowest at step {at}, {best:.2f}, and has risen to {last:.2f}; the "
        f"training loss fell to {run.last_loss:.2f}. The text was read {epochs:.0f} times.",
    )


def still_falls(run: Run) -> float:
    """By how much the loss fell over the last quarter of the run, in nats."""
    quarter = run.losses[-max(2, len(run.losses) // 4) :]
    half = len(quarter) // 2
    return float(2 * (quarter[:half].mean() - quarter[half:].mean()))


def pairs_loss(run: Run) -> tuple[float, float] | None:
    """Held-out loss of counting: single tokens, and pairs (Witten and Bell's estimate)."""
    if run.train_file is None or run.held_out_file is None:
        return None
    n_vocab = run.about["model"]["vocab_size"]
    train, other = (
        np.asarray(f.tokens[:5_000_000], dtype=np.int64)
        for f in (run.train_file, run.held_out_file)
    )
    counts = np.bincount(train, minlength=n_vocab) + 1.0
    single = counts / counts.sum()
    codes, n_codes = np.unique(train[:-1] * n_vocab + train[1:], return_counts=True)
    total = np.bincount(train[:-1], minlength=n_vocab)
    kinds = np.bincount(codes // n_vocab, minlength=n_vocab)
    wanted = other[:-1] * n_vocab + other[1:]
    place = np.searchsorted(codes, wanted).clip(max=len(codes) - 1)
    n = np.where(codes[place] == wanted, n_codes[place], 0)
    first, second = other[:-1], other[1:]
    both = (n + kinds[first] * single[second]) / np.maximum(total[first] + kinds[first], 1)
    p = np.where(total[first] > 0, both, single[second])
    return float(-np.log(single[other]).mean()), float(-np.log(p).mean())
