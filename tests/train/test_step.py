"""The step: a mean over all parts, a shortened gradient, nothing where one is not finite."""

import math
import warnings
from functools import partial

import pytest
import torch

from llama_edu.config import PRESETS
from llama_edu.data.batches import Batch
from llama_edu.model.llama import Llama
from llama_edu.train.loss import next_token_loss
from llama_edu.train.optim import AdamW
from llama_edu.train.step import Step


class Still(torch.optim.Optimizer):
    """Moves nothing, and keeps the gradients that it was given."""

    def __init__(self, params):
        super().__init__(params, {"lr": 0.0})

    def step(self, closure=None):
        weights = [w for group in self.param_groups for w in group["params"]]
        self.seen = torch.cat([w.grad.flatten() for w in weights])


def parts() -> list[Batch]:
    return [Batch(torch.randint(512, shape)) for shape in ((1, 4), (3, 9))]


def gradient_of_mean(model, batches) -> torch.Tensor:
    sums = [next_token_loss(model, batch) for batch in batches]
    total, n = (sum(column) for column in zip(*sums, strict=True))
    return torch.cat(
        [g.flatten() for g in torch.autograd.grad(total / n, list(model.parameters()))]
    )


def test_the_gradient_is_that_of_the_mean_over_all_targets():
    model, batches = Llama(PRESETS["tiny"]), parts()
    optimizer = Still(model.parameters())
    measured = Step(model, next_token_loss, optimizer, max_grad_norm=1e9)(batches, lr=0.1)
    expected = gradient_of_mean(model, batches)
    torch.testing.assert_close(optimizer.seen, expected, rtol=1e-4, atol=1e-7)
    assert measured.grad_norm == pytest.approx(expected.norm().item(), rel=1e-5)
    assert measured.n_tokens == 27 and measured.is_finite
    assert all(w.grad is None for w in model.parameters())


@pytest.mark.parametrize("max_grad_norm", [0.25, 100.0])
def test_only_a_long_gradient_is_shortened(max_grad_norm):
    model, batches = Llama(PRESETS["tiny"]), parts()
    optimizer = Still(model.parameters())
    measured = Step(model, next_token_loss, optimizer, max_grad_norm)(batches, lr=0.1)
    length = min(measured.grad_norm, max_grad_norm)
    assert optimizer.seen.norm().item() == pytest.approx(length, rel=1e-4)
    assert 0.25 < measured.grad_norm < 100


@pytest.mark.parametrize("what", ["loss", "gradient"])
@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_where_something_is_not_finite_the_weights_stay(what, bad):
    model = Llama(PRESETS["tiny"])
    before = model.embedding.weight.detach().clone()

    def loss(model, batch):
        total, n = next_token_loss(model, batch)
        if what == "loss":
            return total * bad, n
        total.register_hook(lambda gradient: gradient * bad)
        return total, n

    measured = Step(model, loss, AdamW(model.parameters(), lr=0.1))(parts(), lr=0.1)
    assert not measured.is_finite
    assert math.isfinite(measured.loss) == (what == "gradient")
    assert torch.equal(model.embedding.weight, before)


def test_without_a_target_nothing_is_learned():
    model = Llama(PRESETS["tiny"])

    class Empty:
        inputs = torch.randint(512, (2, 5))
        targets = torch.full((2, 5), -100)

        def mask(self):
            return None

    measured = Step(model, next_token_loss, AdamW(model.parameters()))([Empty()], lr=0.1)
    assert math.isnan(measured.loss) and measured.n_tokens == 0


def test_where_nothing_compiles_training_goes_on_and_says_so_once(monkeypatch):
    def no_compiler(function):
        def run(*args, **kwargs):
            raise RuntimeError("InvalidCxxCompiler: No working C++ compiler found")

        return run

    monkeypatch.setattr(torch, "compile", no_compiler)
    model, batches = Llama(PRESETS["tiny"]), parts()
    step = Step(model, next_token_loss, AdamW(model.parameters()), compiles=True)
    with pytest.warns(UserWarning, match="goes on uncompiled.*No working C"):
        first = step(batches, lr=1e-3)
    with warnings.catch_warnings(action="error"):
        assert step(batches, lr=1e-3).loss < first.loss
    assert "forward" not in vars(model.blocks[0])


def test_compiled_blocks_are_called(monkeypatch):
    called = []

    def counting(function):
        return lambda *args, **kwargs: (called.append(1), function(*args, **kwargs))[1]

    monkeypatch.setattr(torch, "compile", counting)
    torch.manual_seed(1)
    model, batches = Llama(PRESETS["tiny"]), parts()
    plain = Step(Llama(PRESETS["tiny"]), next_token_loss, AdamW(model.parameters()))
    plain.model.load_state_dict(model.state_dict())
    step = Step(model, next_token_loss, AdamW(model.parameters()), compiles=True)
    assert step(batches, lr=0.0).loss == plain(batches, lr=0.0).loss
    assert len(called) == 2 * len(model.blocks)


@pytest.mark.slow
def test_a_compiled_run_is_the_plain_one():
    """In one run of the compiler for all blocks; fp32 and bf16 to what their roundings allow."""
    pytest.importorskip("torch._inductor")
    for dtype, tolerance in ((torch.float32, 1e-4), (torch.bfloat16, 0.05)):
        losses = []
        for compiles in (False, True):
            torch.manual_seed(1)
            model, batches = Llama(PRESETS["tiny"]), parts()
            loss = partial(next_token_loss, dtype=dtype)
            step = Step(model, loss, AdamW(model.parameters()), compiles=compiles)
            losses.append([step(batches, lr=1e-3).loss for _ in range(4)])
        assert losses[0] == pytest.approx(losses[1], rel=tolerance)
