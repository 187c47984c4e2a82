"""AdamW and LAMB: torch's and timm's steps, and the laws that their papers state."""

import copy
import importlib.util
import sys
import types
from pathlib import Path

import pytest
import torch
from torch import nn

from llama_edu.config import PRESETS
from llama_edu.model.llama import Llama
from llama_edu.train.optim import AdamW, Lamb, decay_groups

SETTINGS = {"lr": 3e-2, "betas": (0.9, 0.95), "eps": 1e-6, "weight_decay": 0.1}


def make_model(seed: int = 0) -> nn.Module:
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Linear(6, 9), nn.Tanh(), nn.Linear(9, 4), nn.LayerNorm(4))
    return model.double()


def train(model: nn.Module, optimizer, n_steps: int, first: int = 0) -> None:
    for step in range(first, first + n_steps):
        dice = torch.Generator().manual_seed(step)
        x = torch.randn(5, 6, generator=dice, dtype=torch.float64)
        loss = (model(x) - x[:, :4].sin()).square().mean()
        optimizer.zero_grad()
        loss.backward()
        for group in optimizer.param_groups:
            group["lr"] = SETTINGS["lr"] * (1 + step % 7) / 7
        optimizer.step()


def assert_equal(ours: nn.Module, theirs: nn.Module, tolerance: float = 1e-13) -> None:
    for a, b in zip(ours.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(a, b, rtol=0, atol=tolerance)


def test_adamw_is_torchs_over_100_steps():
    ours, theirs = make_model(), make_model()
    train(ours, AdamW(ours.parameters(), **SETTINGS), 100)
    train(theirs, torch.optim.AdamW(theirs.parameters(), **SETTINGS), 100)
    assert_equal(ours, theirs)


def timms_lamb() -> type:
    """Its optimizer alone: the whole package needs torchvision, which fits few builds of torch."""
    found = importlib.util.find_spec("timm")
    if found is None:
        pytest.skip("timm is not installed: pip install --no-deps timm")
    for name, path in (("timm_alone", ""), ("timm_alone.optim", "optim")):
        package = types.ModuleType(name)
        package.__path__ = [str(Path(found.origin).parent / path)]
        sys.modules[name] = package
    return importlib.import_module("timm_alone.optim.lamb").Lamb


def test_lamb_is_timms_over_100_steps():
    ours, theirs = make_model(), make_model()
    train(ours, Lamb(ours.parameters(), **SETTINGS), 100)
    # Its own ways off: a clipped gradient, and no trust ratio where nothing decays.
    lamb = timms_lamb()(theirs.parameters(), **SETTINGS, max_grad_norm=None, always_adapt=True)
    train(theirs, lamb, 100)
    assert_equal(ours, theirs)


@pytest.mark.parametrize("make", [AdamW, Lamb])
def test_a_run_goes_on_from_its_state(make):
    whole, begun = make_model(), make_model()
    train(whole, make(whole.parameters(), **SETTINGS), 20)
    optimizer = make(begun.parameters(), **SETTINGS)
    train(begun, optimizer, 12)
    again = make_model(seed=1)
    again.load_state_dict(begun.state_dict())
    resumed = make(again.parameters(), lr=1.0)
    resumed.load_state_dict(optimizer.state_dict())
    train(again, resumed, 8, first=12)
    assert_equal(again, whole, tolerance=0)


def test_torchs_adamw_goes_on_from_our_state():
    ours, theirs = make_model(), make_model()
    optimizer = AdamW(ours.parameters(), **SETTINGS)
    train(ours, optimizer, 10)
    theirs.load_state_dict(ours.state_dict())
    other = torch.optim.AdamW(theirs.parameters(), **SETTINGS)
    groups = other.state_dict()["param_groups"]  # theirs have settings that ours lack
    other.load_state_dict(copy.deepcopy(optimizer.state_dict()) | {"param_groups": groups})
    train(ours, optimizer, 5, first=10)
    train(theirs, other, 5, first=10)
    assert_equal(ours, theirs)


def test_without_a_gradient_adamw_only_decays():
    w = nn.Parameter(torch.tensor([2.0, -3.0], dtype=torch.float64))
    optimizer = AdamW([w], lr=0.1, weight_decay=0.5)
    for _ in range(7):
        w.grad = torch.zeros_like(w)
        optimizer.step()
    expected = torch.tensor([2.0, -3.0], dtype=torch.float64) * (1 - 0.1 * 0.5) ** 7
    torch.testing.assert_close(w.detach(), expected)


def test_the_first_step_of_adamw_is_the_sign_of_the_gradient():
    w = nn.Parameter(torch.zeros(3))
    w.grad = torch.tensor([1e-6, -5.0, 300.0])
    AdamW([w], lr=0.1, eps=0.0, weight_decay=0.0).step()
    torch.testing.assert_close(w.detach(), torch.tensor([-0.1, 0.1, -0.1]))


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e4])
def test_lamb_moves_each_tensor_by_a_share_of_its_length(scale):
    weights = [nn.Parameter(size * torch.randn(4, 5).double()) for size in (0.01, 3.0)]
    before = [w.detach().clone() for w in weights]
    for w in weights:
        w.grad = scale * torch.randn(4, 5).double()
    Lamb(weights, lr=0.02, eps=0.0).step()
    for w, old in zip(weights, before, strict=True):
        assert (w.detach() - old).norm().item() == pytest.approx(0.02 * old.norm().item())


def test_a_tensor_of_zeros_moves_as_adam_would():
    w = nn.Parameter(torch.zeros(3))
    w.grad = torch.ones(3)
    Lamb([w], lr=0.1, eps=0.0, weight_decay=0.0).step()
    torch.testing.assert_close(w.detach(), torch.full((3,), -0.1))


def test_weights_without_a_gradient_stay():
    weights = [nn.Parameter(torch.ones(2)), nn.Parameter(torch.ones(2))]
    weights[0].grad = torch.ones(2)
    AdamW(weights, lr=0.1).step()
    assert (weights[0] != 1).all() and (weights[1] == 1).all()


def test_a_closure_is_evaluated_with_gradients():
    w = nn.Parameter(torch.tensor([2.0]))
    optimizer = AdamW([w], lr=0.1)

    def closure():
        optimizer.zero_grad()
        loss = w.square().sum()
        loss.backward()
        return loss

    assert optimizer.step(closure).item() == 4.0
    assert w.item() < 2.0


def test_only_matrices_decay():
    model = Llama(PRESETS["tiny"])
    matrices, others = decay_groups(model, 0.1)
    assert (matrices["weight_decay"], others["weight_decay"]) == (0.1, 0.0)
    counted = sum(w.numel() for group in (matrices, others) for w in group["params"])
    assert counted == PRESETS["tiny"].n_params
    assert {w.ndim for w in others["params"]} == {1}


@pytest.mark.parametrize("make", [AdamW, Lamb])
@pytest.mark.parametrize("setting", [
    {"lr": -1.0}, {"eps": -1e-9}, {"weight_decay": float("nan")}, {"betas": (0.9, 1.0)},
])  # fmt: skip
def test_a_setting_out_of_range_is_named(make, setting):
    (name,) = setting
    with pytest.raises(ValueError, match=f"{name}="):
        make([nn.Parameter(torch.zeros(1))], **setting)
