"""Error bars: published intervals, how often they hold the truth, and what pairing saves."""

import math
from itertools import pairwise

import pytest
import torch

from llama_edu.evaluate import bootstrap, exact_match, paired_difference, questions_needed, wilson


@pytest.fixture
def generator():
    return torch.Generator().manual_seed(0)


@pytest.mark.parametrize(("n_right", "n", "low", "high"), [
    (81, 263, 0.2553, 0.3662),
    (15, 148, 0.0624, 0.1605),
    (0, 20, 0.0000, 0.1611),
    (1, 29, 0.0061, 0.1718),
])  # fmt: skip
def test_wilson_is_the_published_interval(n_right, n, low, high):
    """Newcombe, Statistics in Medicine 17, 1998, table I, method 3."""
    assert wilson(n_right, n) == pytest.approx((low, high), abs=5e-5)


def test_the_ends_of_wilson_solve_its_equation():
    z = 2.5758293  # of 99 %
    for p in wilson(7, 19, confidence=0.99):
        assert abs(7 / 19 - p) == pytest.approx(z * math.sqrt(p * (1 - p) / 19), rel=1e-6)


def test_wilson_mirrors_and_stays_inside():
    for n_right in range(12):
        low, high = wilson(n_right, 11)
        assert (1 - high, 1 - low) == pytest.approx(wilson(11 - n_right, 11))
        assert 0 <= low <= n_right / 11 <= high <= 1


@pytest.mark.parametrize("share", [0.05, 0.3, 0.62, 0.98])
def test_wilson_holds_the_truth_about_as_often_as_it_says(share):
    """Summed exactly over the binomial distribution of 100 questions, not sampled."""
    n, held = 100, 0.0
    for n_right in range(n + 1):
        low, high = wilson(n_right, n)
        if low <= share <= high:
            held += math.comb(n, n_right) * share**n_right * (1 - share) ** (n - n_right)
    assert 0.92 < held < 0.98


def test_exact_match_counts_what_is_equal_but_for_white_space():
    found = exact_match(["Ada ", "the mill", "mill", "two"], ["Ada", "mill", "mill", "2"])
    assert (found.mean, found.n) == (0.5, 4)
    assert (found.low, found.high) == wilson(2, 4)
    folded = exact_match(["ADA"], ["Ada"], normal=str.casefold)
    assert folded.mean == 1


def test_bootstrap_agrees_with_the_standard_error(generator):
    values = torch.randn(400, generator=generator)
    found = bootstrap(values, generator)
    half = 1.96 * values.std().item() / math.sqrt(400)
    assert found.mean == pytest.approx(values.mean().item(), abs=1e-6)
    assert found.high - found.low == pytest.approx(2 * half, rel=0.06)  # 2,000 resamples
    assert found.low < found.mean < found.high


def test_bootstrap_takes_any_statistic_of_rows(generator):
    """Bits per byte of texts of different lengths: a ratio of sums, and not a mean of ratios."""
    texts = torch.tensor([[8.0, 4.0], [100.0, 90.0], [3.0, 9.0]])  # bits, bytes
    found = bootstrap(texts, generator, lambda rows: rows[:, 0].sum() / rows[:, 1].sum())
    assert found.mean == pytest.approx(111 / 103)
    assert (found.low, found.high) == pytest.approx((3 / 9, 2))  # one text drawn three times


def test_bootstrap_repeats_with_its_seed():
    values = torch.arange(9.0)
    one, other = (bootstrap(values, torch.Generator().manual_seed(5)) for _ in range(2))
    assert one == other


def test_a_paired_difference_is_that_of_the_table_of_agreement():
    """Right: both 50, only the first 12, only the second 6, none 32; McNemar's variance."""
    first = torch.tensor([1.0] * 62 + [0.0] * 38)
    second = torch.tensor([1.0] * 50 + [0.0] * 12 + [1.0] * 6 + [0.0] * 32)
    found = paired_difference(first, second)
    variance = (18 / 100 - 0.06**2) / 99
    assert found.mean == pytest.approx(0.06)
    assert found.high - found.low == pytest.approx(2 * 1.959964 * math.sqrt(variance))
    assert found.low < 0 < found.high


def test_pairing_narrows_the_interval_of_models_that_agree():
    first = torch.tensor([1.0] * 62 + [0.0] * 38)
    second = first.clone()
    second[:3] = 0.0
    paired = paired_difference(first, second)
    low, high = wilson(62, 100)
    assert paired.high - paired.low < (high - low) / 2
    assert paired.low > -0.01


@pytest.mark.parametrize(("first", "second", "expected"), [
    (0.60, 0.50, 385), (0.62, 0.65, 4039), (0.9, 0.8, 197),
])  # fmt: skip
def test_questions_needed_are_those_of_the_tables(first, second, expected):
    """The formula of the normal distribution without correction, as in Fleiss's tables."""
    assert questions_needed(first, second) == expected == questions_needed(second, first)


def test_so_many_questions_find_the_difference_four_times_in_five(generator):
    n = questions_needed(0.55, 0.70)
    draws = [(torch.rand(4000, n, generator=generator) < p).double() for p in (0.55, 0.70)]
    low, high = (draw.mean(1) for draw in draws)
    error = ((low * (1 - low) + high * (1 - high)) / n).sqrt()
    assert ((high - low) > 1.96 * error).double().mean().item() == pytest.approx(0.8, abs=0.03)


def test_more_confidence_or_power_takes_more_questions():
    needed = [questions_needed(0.5, 0.6, c, p) for c, p in ((0.9, 0.8), (0.95, 0.8), (0.95, 0.9))]
    assert all(one < other for one, other in pairwise(needed))


@pytest.mark.parametrize(("call", "message"), [
    (lambda g: wilson(3, 2), "n_right must be from 0 to n"),
    (lambda g: wilson(0, 0), "n at least 1"),
    (lambda g: wilson(1, 2, confidence=1), "confidence must be in"),
    (lambda g: exact_match(["a"], []), "1 answers to 0 questions"),
    (lambda g: bootstrap(torch.zeros(0), g), "must be at least 1: 0, 2000"),
    (lambda g: paired_difference(torch.ones(3), torch.ones(2)), "the same for both: 3, 2"),
    (lambda g: paired_difference(torch.ones(1), torch.ones(1)), "two questions at least"),
    (lambda g: questions_needed(0.5, 0.5), "two different shares"),
    (lambda g: questions_needed(0.5, 0.6, power=1), "power must be in"),
])  # fmt: skip
def test_what_makes_no_sense_is_refused(generator, call, message):
    with pytest.raises(ValueError, match=message):
        call(generator)
