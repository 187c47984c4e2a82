"""Calibration: of the answers given with 80 % confidence, are 80 % right?"""

from typing import NamedTuple

from jaxtyping import Bool, Float
from torch import Tensor


class Bin(NamedTuple):
    """The answers of about one confidence: their mean confidence, share right, and number."""

    confidence: float
    accuracy: float
    n: int


class Calibration(NamedTuple):
    """How far confidence and accuracy are apart.

    Args:
        error: the expected calibration error, in [0, 1]; 0 is calibrated.
        bins: those that hold answers, from the least confident on: a reliability diagram.
    """

    error: float
    bins: list[Bin]


def calibration(
    confidences: Float[Tensor, " n"], is_right: Bool[Tensor, " n"], n_bins: int = 10
) -> Calibration:
    """Compare how sure a model is with how often it is right, in bins of equal width.

    The expected calibration error is the mean of |accuracy - confidence| over the bins, each
    weighted with its number of answers. It depends on the number of bins: more bins see more of
    the difference, and more noise.

    Args:
        confidences: the probability that each answer was given, in [0, 1].
        is_right: whether each answer was right.
        n_bins: bins (0, 1/n], (1/n, 2/n], ...; 0 belongs to the first. At least 1.

    Raises:
        ValueError: if there are no answers, the lengths differ, a confidence is no probability, or
            `n_bins` is not positive.

    Source: Guo et al., "On calibration of modern neural networks" (arXiv:1706.04599).
    """
    if confidences.shape != is_right.shape or not len(is_right):
        raise ValueError(
            f"as many confidences as answers are needed: {len(confidences)}, {len(is_right)}"
        )
    if not ((confidences >= 0) & (confidences <= 1)).all():
        raise ValueError("confidences must be in [0, 1]")
    if n_bins < 1:
        raise ValueError(f"n_bins must be at least 1, got {n_bins}")
    confidences = confidences.double()
    places = (confidences * n_bins).ceil().clamp(min=1)
    bins, error = [], 0.0
    for place in places.unique():
        inside = places == place
        confidence = confidences[inside].mean().item()
        accuracy = is_right[inside].double().mean().item()
        n = int(inside.sum())
        bins.append(Bin(confidence, accuracy, n))
        error += n / len(is_right) * abs(accuracy - confidence)
    return Calibration(error, bins)
