"""Low rank: the best there is, by weight and by output."""

import pytest
import torch

from llama_edu.compress.low_rank import (
    FactorizedEmbedding,
    LowRankLinear,
    break_even_rank,
    factor,
    factor_outputs,
    rank_of_energy,
)


def weight(dtype=torch.float64):
    return torch.randn(12, 9, dtype=dtype)


@pytest.mark.parametrize("rank", [1, 4, 9])
def test_what_is_missing_are_the_singular_values_left_out(rank):
    w = weight()
    left, right = factor(w, rank)
    assert (left.shape, right.shape) == ((12, rank), (rank, 9))
    rest = torch.linalg.svdvals(w)[rank:]
    missing = w - left @ right
    assert missing.square().sum().item() == pytest.approx(rest.square().sum().item(), abs=1e-12)
    largest = rest[0].item() if len(rest) else 0.0
    assert torch.linalg.matrix_norm(missing, 2).item() == pytest.approx(largest, abs=1e-12)


def test_no_other_factors_come_nearer():
    w = weight()
    left, right = (x.clone().requires_grad_() for x in factor(w, 3))
    (w - left @ right).square().sum().backward()
    assert max(left.grad.abs().max(), right.grad.abs().max()) < 1e-12  # a minimum


def test_outputs_are_met_better_and_the_weight_worse():
    w, x = weight(), torch.randn(200, 9, dtype=torch.float64) * torch.logspace(0, -3, 9)
    plain, aware = factor(w, 3), factor_outputs(w, x, 3)

    def errors(left, right):
        missing = w - left @ right
        return missing.norm(), (x @ missing.T).norm()

    (weight_error, output_error), (weight_error_2, output_error_2) = errors(*plain), errors(*aware)
    assert weight_error < weight_error_2
    assert output_error_2 < output_error
    best = torch.linalg.svdvals(x @ w.T)[3:].norm()  # Eckart and Young, of the outputs
    assert output_error_2.item() == pytest.approx(best.item(), rel=1e-9)


def test_energy_is_counted_in_ranks():
    w = torch.diag(torch.tensor([3.0, 1.0, 1.0, 1.0]))  # squares 9, 1, 1, 1
    assert [rank_of_energy(w, share) for share in (0.5, 0.75, 0.76, 10 / 12, 1.0)] == [
        1, 1, 2, 2, 4,
    ]  # fmt: skip
    with pytest.raises(ValueError, match="share=0"):
        rank_of_energy(w, 0)


def test_random_matrices_are_not_of_low_rank():
    share = rank_of_energy(torch.randn(200, 200), 0.9) / 200
    assert 0.45 < share < 0.6


def test_break_even():
    assert break_even_rank(4096, 4096) == 2048
    assert break_even_rank(11008, 4096) == pytest.approx(2985.2, abs=0.1)
    left, right = factor(weight(), 5)
    assert (left.numel() + right.numel() < 12 * 9) == (break_even_rank(12, 9) > 5)


def test_the_layer_is_its_matrix():
    layer = LowRankLinear(*factor(weight(), 4))
    x = torch.randn(2, 5, 9, dtype=torch.float64)
    torch.testing.assert_close(layer(x), x @ layer.weight.T)
    assert sum(w.numel() for w in layer.parameters()) == 4 * (12 + 9)


def test_a_factorized_table_has_the_numbers_that_the_paper_counts():
    with torch.device("meta"):
        table = FactorizedEmbedding(128_256, 512, 4096)
    assert sum(w.numel() for w in table.parameters()) == 67_764_224
    assert FactorizedEmbedding(7, 2, 5)(torch.tensor([[1, 6, 1]])).shape == (1, 3, 5)


@pytest.mark.parametrize("rank", [0, 10])
def test_ranks_that_cannot_be_are_refused(rank):
    for call in (lambda: factor(weight(), rank), lambda: factor_outputs(weight(), weight(), rank)):
        with pytest.raises(ValueError, match=f"rank={rank} must be from 1 to 9"):
            call()


def test_narrow_weights_stay_narrow():
    left, right = factor(weight(torch.float32).bfloat16(), 4)
    assert left.dtype == right.dtype == torch.bfloat16
