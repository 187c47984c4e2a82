"""pass@k is the share of choices that hold a right answer, and unbiased."""

from itertools import combinations
from math import comb

import pytest

from llama_edu.evaluate.samples import pass_at_k


@pytest.mark.parametrize(("n", "n_right"), [(1, 0), (1, 1), (5, 0), (5, 2), (6, 5), (6, 6)])
def test_it_counts_the_choices_that_hold_a_right_answer(n, n_right):
    for k in range(1, n + 1):
        choices = list(combinations(range(n), k))
        share = sum(any(i < n_right for i in choice) for choice in choices) / len(choices)
        assert pass_at_k(n, n_right, k) == pytest.approx(share)


@pytest.mark.parametrize("p", [0.05, 0.5, 0.9])
@pytest.mark.parametrize("k", [1, 3, 7])
def test_it_is_unbiased_where_the_share_put_into_the_formula_is_not(p, k):
    n = 7
    chances = [comb(n, c) * p**c * (1 - p) ** (n - c) for c in range(n + 1)]
    true = 1 - (1 - p) ** k
    mean = sum(chance * pass_at_k(n, c, k) for c, chance in enumerate(chances))
    assert mean == pytest.approx(true)
    put_in = sum(chance * (1 - (1 - c / n) ** k) for c, chance in enumerate(chances))
    assert put_in == pytest.approx(true) if k == 1 else put_in < true - 1e-4


@pytest.mark.parametrize(("n", "n_right", "k"), [(4, 5, 1), (4, -1, 1), (4, 2, 0), (4, 2, 5)])
def test_numbers_out_of_range_are_refused(n, n_right, k):
    with pytest.raises(ValueError, match="from 1 to n: sample more answers"):
        pass_at_k(n, n_right, k)
