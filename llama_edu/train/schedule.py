"""The learning rate over a run: a straight rise, then half a cosine down."""

import math


def warmup_cosine(
    step: int, peak_lr: float, n_warmup: int, n_steps: int, final_share: float = 0.1
) -> float:
    """The learning rate of a step.

    It rises from 0 at step 0 to `peak_lr` at step `n_warmup`, then falls along half a cosine to
    `final_share * peak_lr` at step `n_steps`, and stays there.

    warmup_cosine(1000, 3e-4, n_warmup=2000, n_steps=10_000) -> 1.5e-4

    Args:
        step: from 0.
        peak_lr: the highest rate, per step.
        n_warmup: steps of the rise; 0 begins at the peak.
        n_steps: of the whole run.
        final_share: what is left at the end, as a share of the peak, 0 to 1.

    Raises:
        ValueError: if the rise is longer than the run, or a number is out of range.

    Source: arXiv:2302.13971, sec. 2.3: 2,000 steps of warm-up, then a cosine to 10 %; the cosine
    is that of arXiv:1608.03983, eq. 5.
    """
    if not 0 <= n_warmup <= n_steps:
        raise ValueError(f"n_warmup={n_warmup} must be from 0 to n_steps={n_steps}")
    if step < 0 or peak_lr < 0 or not 0 <= final_share <= 1:
        raise ValueError(
            f"step={step} and peak_lr={peak_lr} must not be negative, "
            f"final_share={final_share} must be from 0 to 1"
        )
    if step < n_warmup:
        return peak_lr * step / n_warmup
    done = min((step - n_warmup) / max(n_steps - n_warmup, 1), 1.0)
    return peak_lr * (final_share + (1 - final_share) * (1 + math.cos(math.pi * done)) / 2)
