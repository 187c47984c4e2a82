"""Calibration: brute force, the borders of bins, and a model that knows how sure it is."""

import math

import pytest
import torch

from llama_edu.evaluate import calibration


def by_hand(confidences, is_right, n_bins):
    error = 0.0
    for b in range(n_bins):
        inside = [
            i for i, c in enumerate(confidences)
            if b / n_bins < c <= (b + 1) / n_bins or (b == 0 and c == 0)
        ]  # fmt: skip
        if inside:
            gap = sum(is_right[i] - confidences[i] for i in inside)
            error += abs(gap) / len(confidences)
    return error


@pytest.mark.parametrize("n_bins", [1, 3, 10])
def test_the_error_is_that_of_loops(n_bins):
    confidences = torch.rand(57, dtype=torch.float64)
    is_right = torch.rand(57) < 0.4
    found = calibration(confidences, is_right, n_bins)
    expected = by_hand(confidences.tolist(), is_right.tolist(), n_bins)
    assert found.error == pytest.approx(expected)
    assert sum(one.n for one in found.bins) == 57


def test_right_as_often_as_sure_is_no_error():
    confidences = torch.tensor([0.25] * 4 + [0.75] * 4, dtype=torch.float64)
    is_right = torch.tensor([1, 0, 0, 0, 1, 1, 1, 0]).bool()
    error, bins = calibration(confidences, is_right, n_bins=4)
    assert error == 0
    assert [tuple(one) for one in bins] == [(0.25, 0.25, 4), (0.75, 0.75, 4)]


def test_always_sure_and_half_right_is_an_error_of_a_half():
    error, bins = calibration(torch.ones(6), torch.tensor([1, 0, 1, 0, 1, 0]).bool())
    assert error == 0.5
    assert [tuple(one) for one in bins] == [(1.0, 0.5, 6)]


def test_a_border_belongs_to_the_bin_below_and_zero_to_the_first():
    confidences = torch.tensor([0.0, 0.1, 0.5, 0.75, 1.0], dtype=torch.float64)
    _, bins = calibration(confidences, torch.ones(5).bool(), n_bins=4)
    assert [one.n for one in bins] == [2, 1, 1, 1]


@pytest.mark.parametrize(("confidences", "right", "n_bins", "message"), [
    ([0.5], [1, 0], 4, "as many confidences as answers"),
    ([], [], 4, "as many confidences as answers"),
    ([1.5], [1], 4, "must be in"),
    ([math.nan], [1], 4, "must be in"),
    ([0.5], [1], 0, "n_bins must be at least 1, got 0"),
])  # fmt: skip
def test_what_is_no_probability_is_refused(confidences, right, n_bins, message):
    with pytest.raises(ValueError, match=message):
        calibration(torch.tensor(confidences), torch.tensor(right).bool(), n_bins)
