"""Mixtures are drawn as they say, go on where they stood, and gradients stop fighting."""

import math

import pytest
import torch

from llama_edu.config import PRESETS
from llama_edu.data.batches import Batches, write_tokens
from llama_edu.finetune.multitask import (
    Mixture,
    UncertaintyWeights,
    conflicts,
    mixture_rates,
    pcgrad,
    task_losses,
)
from llama_edu.model.llama import Llama
from llama_edu.train.loss import next_token_loss

SIZES = {"small": 100, "middle": 900, "large": 9_000}


def test_rates_by_size():
    assert mixture_rates(SIZES) == pytest.approx({"small": 0.01, "middle": 0.09, "large": 0.9})


def test_rates_by_the_root_of_the_size():
    roots = {"small": 10, "middle": 30, "large": math.sqrt(9_000)}
    expected = {name: root / sum(roots.values()) for name, root in roots.items()}
    assert mixture_rates(SIZES, temperature=2) == pytest.approx(expected)


def test_infinitely_hot_all_are_alike():
    assert mixture_rates(SIZES, math.inf) == pytest.approx(dict.fromkeys(SIZES, 1 / 3))


def test_a_cap_holds_the_large_ones_down():
    rates = mixture_rates(SIZES, cap=900)
    assert rates == pytest.approx({"small": 1 / 19, "middle": 9 / 19, "large": 9 / 19})


@pytest.mark.parametrize(
    ("sizes", "settings", "said"),
    [({}, {}, "at least one task"), ({"a": 0}, {}, "each of at least 1"),
     ({"a": 1}, {"temperature": 0.5}, "temperature=0.5"), ({"a": 1}, {"cap": 0}, "cap=0")],
)  # fmt: skip
def test_rates_that_cannot_be_are_refused(sizes, settings, said):
    with pytest.raises(ValueError, match=said):
        mixture_rates(sizes, **settings)


@pytest.fixture
def tasks(tmp_path):
    """Two tasks that are told apart by their tokens: below 10, and from 10 on."""

    def make():
        return {
            name: Batches(file, batch_size=2, n_tokens=4, seed=1) for name, file in files.items()
        }

    files = {
        name: write_tokens(tmp_path / name, [[first + i % 10 for i in range(200)]], 20)
        for name, first in (("low", 0), ("high", 10))
    }
    return make


def names(mixture, n):
    return ["high" if mixture.next().tokens.min() >= 10 else "low" for _ in range(n)]


def test_tasks_come_as_often_as_their_rates(tasks):
    drawn = names(Mixture(tasks(), {"low": 0.25, "high": 0.75}), 800)
    # four standard deviations of 800 draws
    assert drawn.count("low") / 800 == pytest.approx(0.25, abs=4 * math.sqrt(0.25 * 0.75 / 800))


def test_a_mixture_goes_on_where_it_stood(tasks):
    rates = {"low": 0.5, "high": 0.5}
    whole = Mixture(tasks(), rates, seed=3)
    expected = [whole.next().tokens for _ in range(20)]
    first, second = Mixture(tasks(), rates, seed=3), Mixture(tasks(), rates, seed=3)
    for _ in range(9):
        first.next()
    second.load_state_dict(first.state_dict())
    for tokens in expected[9:]:
        assert torch.equal(second.next().tokens, tokens)


def test_another_mixture_is_refused(tasks):
    state = Mixture(tasks(), {"low": 0.5, "high": 0.5}).state_dict()
    with pytest.raises(ValueError, match="begun with rates="):
        Mixture(tasks(), {"low": 0.4, "high": 0.6}).load_state_dict(state)
    with pytest.raises(ValueError, match="must be the same"):
        Mixture(tasks(), {"low": 1.0})
    with pytest.raises(ValueError, match="sum to 1"):
        Mixture(tasks(), {"low": 0.5, "high": 0.6})


def test_each_task_has_its_own_loss(tasks):
    model = Llama(PRESETS["tiny"])
    held_out = {name: [batches.next(), batches.next()] for name, batches in tasks().items()}
    losses = task_losses(model, held_out)
    for name, batches in held_out.items():
        sums = [next_token_loss(model, batch) for batch in batches]
        total, n = (sum(x) for x in zip(*sums, strict=True))
        assert losses[name] == pytest.approx((total / n).item())
    with pytest.raises(ValueError, match="'none' has no target"):
        task_losses(model, {"none": []})


def test_surgery_by_hand():
    gradients = torch.tensor([[1.0, 0.0], [-1.0, 1.0]])
    assert conflicts(gradients)[0, 1].item() == pytest.approx(-1 / math.sqrt(2))
    # (1, 0) loses its part along (-1, 1); (-1, 1) its part along (1, 0).
    assert pcgrad(gradients).tolist() == pytest.approx([0.5, 1.5])


def test_tasks_that_agree_are_added():
    gradients = torch.tensor([[1.0, 2.0, 0.0], [0.0, 1.0, 3.0], [1.0, 0.0, 0.0]])
    assert torch.equal(pcgrad(gradients), gradients.sum(0))


def test_after_surgery_no_two_tasks_are_harmed():
    for seed in range(20):
        gradients = torch.randn(2, 6, generator=torch.Generator().manual_seed(seed))
        assert (gradients @ pcgrad(gradients) >= -1e-5).all()


def test_the_order_of_surgery_is_drawn():
    gradients = torch.tensor([[1.0, 0.2], [-1.0, 0.5], [-0.3, -1.0]])
    drawn = {
        tuple(pcgrad(gradients, torch.Generator().manual_seed(seed)).tolist()) for seed in range(9)
    }
    assert len(drawn) > 1


def test_a_gradient_of_zero_is_no_conflict():
    gradients = torch.tensor([[0.0, 0.0], [1.0, -2.0]])
    assert pcgrad(gradients).tolist() == [1.0, -2.0]
    assert conflicts(gradients).isfinite().all()


def test_uncertainty_makes_every_task_count_alike():
    losses, weights = torch.tensor([4.0, 0.25, 1.0]), UncertaintyWeights(3)
    assert weights(losses).item() == pytest.approx(5.25)
    optimizer = torch.optim.Adam(weights.parameters(), 0.05)
    for _ in range(500):
        optimizer.zero_grad()
        weights(losses).backward()
        optimizer.step()
    torch.testing.assert_close((-weights.log_variance).exp() * losses, torch.full((3,), 0.5))
