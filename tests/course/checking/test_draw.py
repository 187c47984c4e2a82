"""What is drawn for cases lies within its bounds, and all of it can come."""

import torch

from llama_edu.course.checking.draw import pick, randn, whole

GENERATOR = torch.Generator().manual_seed(0)


def test_both_bounds_of_a_whole_number_are_drawn():
    assert {whole(GENERATOR, 3, 5) for _ in range(100)} == {3, 4, 5}


def test_picked_numbers_differ_and_reach_both_bounds():
    picked = [pick(GENERATOR, 2, 3, 5) for _ in range(100)]
    assert all(len(set(two)) == 2 for two in picked)
    assert {number for two in picked for number in two} == {3, 4, 5}


def test_the_same_seed_draws_the_same():
    first, second = (randn(torch.Generator().manual_seed(7), 2, 3) for _ in range(2))
    assert first.shape == (2, 3) and torch.equal(first, second)
