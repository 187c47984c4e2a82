"""Shares of right answers with their error bars, and the difference of two models."""

import math
from collections.abc import Callable, Sequence
from statistics import NormalDist
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor


class Score(NamedTuple):
    """A mean over questions, and the interval in which it may well lie for other questions.

    Args:
        mean: over the questions asked.
        low: lower end of the interval.
        high: upper end of the interval.
        n: questions asked.
    """

    mean: float
    low: float
    high: float
    n: int


def exact_match(
    answers: Sequence[str],
    wanted: Sequence[str],
    normal: Callable[[str], str] = str.strip,
    confidence: float = 0.95,
) -> Score:
    """The share of answers that are the wanted ones, character for character.

    Args:
        answers: what was answered.
        wanted: what is right, in the same order.
        normal: applied to both first; white space round them does not count by default.
        confidence: of Wilson's interval, in (0, 1).

    Raises:
        ValueError: if there are no answers, the lengths differ, or as `wilson`.
    """
    if len(answers) != len(wanted):
        raise ValueError(f"{len(answers)} answers to {len(wanted)} questions")
    n_right = sum(normal(a) == normal(w) for a, w in zip(answers, wanted, strict=True))
    low, high = wilson(n_right, len(wanted), confidence)
    return Score(n_right / len(wanted), low, high, len(wanted))


def wilson(n_right: int, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """Wilson's interval for a share, given `n_right` of `n` independent questions.

    It holds every true share p from which the share found is at most z standard errors away, the
    standard error being that of p: |found - p| <= z sqrt(p (1 - p) / n). Unlike found ± z standard
    errors it never leaves [0, 1], and it has a width at 0 and at n right answers too.

    wilson(81, 263) -> (0.2553, 0.3662)

    Args:
        n_right: from 0 to n.
        n: questions, >= 1.
        confidence: share of such intervals that hold the true share, in (0, 1).

    Raises:
        ValueError: if a number is out of range.

    Source: Wilson, Journal of the American Statistical Association 22(158), 1927.
    """
    if n < 1 or not 0 <= n_right <= n:
        raise ValueError(f"n_right must be from 0 to n, and n at least 1: {n_right} of {n}")
    z2 = _z(confidence) ** 2
    share = n_right / n
    middle = share + z2 / (2 * n)
    half = math.sqrt(z2 * (share * (1 - share) / n + z2 / (4 * n * n)))
    low, high = (middle - half) / (1 + z2 / n), (middle + half) / (1 + z2 / n)
    return (0.0 if n_right == 0 else low), (1.0 if n_right == n else high)


def bootstrap(
    values: Float[Tensor, "n ..."],
    generator: torch.Generator,
    statistic: Callable[[Tensor], Tensor] = lambda values: values.mean(),
    n_resamples: int = 2000,
    confidence: float = 0.95,
) -> Score:
    """Any statistic of questions, with the interval that drawing the questions anew gives.

    As many questions are drawn as there are, with replacement, again and again; the interval holds
    the middle of the statistics. Questions that hang together (five on one story) are no
    independent draws: give one row for each story.

    Args:
        values: one row a question.
        generator: decides which questions are drawn.
        statistic: of such rows, a number; the mean by default.
        n_resamples: how often questions are drawn.
        confidence: share of the statistics inside the interval, in (0, 1).

    Raises:
        ValueError: if there are no questions or no resamples, or `confidence` is out of range.

    Source: Efron, The Annals of Statistics 7(1), 1979.
    """
    n = len(values)
    if n < 1 or n_resamples < 1:
        raise ValueError(f"questions and n_resamples must be at least 1: {n}, {n_resamples}")
    _z(confidence)
    values = values.double()
    draws = torch.randint(n, (n_resamples, n), generator=generator)
    found = torch.stack([statistic(values[draw]) for draw in draws])
    tails = torch.tensor([(1 - confidence) / 2, (1 + confidence) / 2], dtype=found.dtype)
    low, high = found.quantile(tails).tolist()
    return Score(statistic(values).item(), low, high, n)


def paired_difference(
    first: Float[Tensor, " n"], second: Float[Tensor, " n"], confidence: float = 0.95
) -> Score:
    """How much better the first model is than the second on the same questions.

    The mean of the differences, question by question, ± z standard errors. What makes a question
    hard for both models cancels, so the interval is narrower than that of two separate scores.
    It is of the normal distribution: use it from some 30 questions on.

    Args:
        first: a model's score on each question, such as 1 for right and 0 for wrong.
        second: another model's on the same questions.
        confidence: of the interval, in (0, 1).

    Raises:
        ValueError: if the numbers of questions differ or are below 2, or as `wilson`.

    Source: Miller, "Adding error bars to evals" (arXiv:2411.00640).
    """
    if first.shape != second.shape or len(first) < 2:
        raise ValueError(f"two questions at least, the same for both: {len(first)}, {len(second)}")
    differences = first.double() - second.double()
    mean = differences.mean().item()
    half = _z(confidence) * differences.std().item() / math.sqrt(len(first))
    return Score(mean, mean - half, mean + half, len(first))


def questions_needed(
    first: float, second: float, confidence: float = 0.95, power: float = 0.8
) -> int:
    """How many questions tell two true shares apart, each model asked its own ones.

    n = (z + z')^2 (p (1 - p) + q (1 - q)) / (p - q)^2, z for the confidence (both tails) and z' for
    the power.

    Args:
        first: a model's true share of right answers, p in [0, 1].
        second: the other's, q.
        confidence: 1 - the risk of finding a difference where there is none.
        power: the chance to find the difference that there is, in (0, 1).

    Raises:
        ValueError: if the shares are equal, or a number is out of range.
    """
    if first == second or not (0 <= first <= 1 and 0 <= second <= 1):
        raise ValueError(f"two different shares from 0 to 1 are needed, got {first} and {second}")
    if not 0 < power < 1:
        raise ValueError(f"power must be in (0, 1), got {power}")
    z = _z(confidence) + NormalDist().inv_cdf(power)
    variance = first * (1 - first) + second * (1 - second)
    return math.ceil(z * z * variance / (first - second) ** 2)


def _z(confidence: float) -> float:
    """Standard errors to either side: `_z(0.95)` -> 1.96."""
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must be in (0, 1), got {confidence}")
    return NormalDist().inv_cdf((1 + confidence) / 2)
