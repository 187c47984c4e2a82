"""Sinusoids: the paper's formula, and a step that is the same turn everywhere."""

import math

import pytest
import torch

from llama_edu.model.positions import sinusoids


def test_they_are_the_papers():
    table = sinusoids(7, 6)
    for t in range(7):
        for i in range(3):
            angle = t / 10_000 ** (2 * i / 6)
            assert table[t, 2 * i].item() == pytest.approx(math.sin(angle), abs=1e-6)
            assert table[t, 2 * i + 1].item() == pytest.approx(math.cos(angle), abs=1e-6)


def test_dot_products_depend_on_distance_alone():
    table = sinusoids(50, 16).double()
    products = table @ table.mT
    for distance in (0, 1, 7, 30):
        diagonal = products.diagonal(distance)
        torch.testing.assert_close(diagonal, diagonal[:1].expand_as(diagonal), rtol=0, atol=1e-4)


@pytest.mark.parametrize("d_model", [-2, 0, 5])
def test_an_odd_width_is_refused(d_model):
    with pytest.raises(ValueError, match=f"d_model={d_model} must be positive and even"):
        sinusoids(3, d_model)
