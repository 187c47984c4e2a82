"""The loss: torch's, for ignored targets and in parts, in a fraction of the memory."""

import pytest
import torch
from torch.nn import functional as F

from llama_edu.config import PRESETS
from llama_edu.data.batches import Batch
from llama_edu.model.llama import Llama
from llama_edu.train import loss as loss_room
from llama_edu.train.loss import next_token_loss, output_loss, token_loss


def problem(dtype=torch.float64, n_tokens=11, width=6, vocab_size=17):
    hidden = torch.randn(2, n_tokens, width, dtype=dtype, requires_grad=True)
    weight = torch.randn(vocab_size, width, dtype=dtype, requires_grad=True)
    targets = torch.randint(vocab_size, (2, n_tokens))
    targets[0, 3:7] = -100
    return hidden, weight, targets


def test_the_sum_is_torchs_and_the_number_counts_what_counts():
    hidden, weight, targets = problem(torch.float32)
    logits = hidden @ weight.mT
    total, n = token_loss(logits, targets)
    expected = F.cross_entropy(logits.flatten(0, 1), targets.flatten())
    assert n.item() == 18
    torch.testing.assert_close(total / n, expected)


@pytest.mark.parametrize("chunk", [1, 17, 17 * 4, 17 * 22, 10_000])
def test_in_parts_it_is_the_same_with_the_same_gradients(monkeypatch, chunk):
    monkeypatch.setattr(loss_room, "CHUNK_NUMBERS", chunk)
    hidden, weight, targets = problem()
    results = []
    for make in (
        lambda: token_loss(hidden @ weight.mT, targets),
        lambda: output_loss(hidden, weight, targets),
    ):
        total, n = make()
        results.append((total.double(), n, *torch.autograd.grad(3 * total / n, (hidden, weight))))
    for plain, parts in zip(*results, strict=True):
        torch.testing.assert_close(parts, plain, rtol=1e-5, atol=1e-6)


def test_bf16_vectors_meet_an_fp32_weight():
    hidden, weight, targets = problem(torch.float32)
    narrow = hidden.detach().bfloat16().requires_grad_()
    total, _ = output_loss(narrow, weight, targets)
    grad_hidden, grad_weight = torch.autograd.grad(total, (narrow, weight))
    assert (grad_hidden.dtype, grad_weight.dtype) == (torch.bfloat16, torch.float32)
    expected, _ = token_loss(hidden @ weight.mT, targets)
    assert total.item() == pytest.approx(expected.item(), rel=0.02)
    _, right = torch.autograd.grad(expected, (hidden, weight))
    assert (grad_weight - right).norm() < 0.03 * right.norm()


@pytest.mark.parametrize("which", [0, 1, 2])
def test_what_needs_no_gradient_gets_none(which):
    hidden, weight, targets = problem()
    if which != 0:
        hidden = hidden.detach()
    if which != 1:
        weight = weight.detach()
    total, _ = output_loss(hidden, weight, targets)
    assert total.requires_grad == (which != 2)
    if which != 2:
        total.backward()
    assert (hidden.grad is not None, weight.grad is not None) == (which == 0, which == 1)


def test_nothing_that_counts_gives_no_loss_and_no_gradient():
    hidden, weight, targets = problem()
    total, n = output_loss(hidden, weight, torch.full_like(targets, -100))
    assert (total.item(), n.item()) == (0.0, 0)
    grads = torch.autograd.grad(total, (hidden, weight))
    assert not any(grad.any() for grad in grads)


def test_the_mean_over_parts_is_not_the_mean_of_means():
    """3 tokens at loss 2 and 30 at loss 1: 1.0909 a token, and not 1.5."""
    losses, counts = torch.tensor([2.0, 1.0]), torch.tensor([3, 30])
    parts = []
    for loss, n in zip(losses, counts, strict=True):
        p = torch.exp(-loss)  # a target of probability exp(-loss)
        logits = torch.stack((p.log(), (1 - p).log())).expand(int(n), 2)
        parts.append(token_loss(logits, torch.zeros(int(n), dtype=torch.long)))
    total, n = (sum(column) for column in zip(*parts, strict=True))
    assert (total / n).item() == pytest.approx(36 / 33)


def test_the_scores_are_never_all_there(monkeypatch):
    """Not one tensor that is made has as many numbers as all the scores would."""
    monkeypatch.setattr(loss_room, "CHUNK_NUMBERS", 64)
    hidden, weight, targets = problem(torch.float32, n_tokens=40)
    largest = 0

    class Watch(torch.utils._python_dispatch.TorchDispatchMode):
        def __torch_dispatch__(self, function, types, args=(), kwargs=None):
            nonlocal largest
            made = function(*args, **(kwargs or {}))
            if isinstance(made, torch.Tensor):
                largest = max(largest, made.numel())
            return made

    with Watch():
        output_loss(hidden, weight, targets)[0].backward()
    assert largest <= max(hidden.numel(), weight.numel())
    assert largest < 80 * 17


def batch_of_two_documents() -> Batch:
    tokens = torch.randint(512, (2, 9))
    return Batch(tokens, torch.tensor([0, 0, 0, 1, 1, 1, 1, 2, 2]).expand(2, 9))


@pytest.mark.parametrize("keeps_apart", [True, False])
def test_the_next_tokens_are_the_targets(keeps_apart):
    model, batch = Llama(PRESETS["tiny"]), batch_of_two_documents()
    if not keeps_apart:
        batch = Batch(batch.tokens)
    total, n = next_token_loss(model, batch)
    logits = model(batch.tokens[:, :-1], mask=batch.mask())
    expected = F.cross_entropy(logits.flatten(0, 1), batch.tokens[:, 1:].flatten())
    assert n.item() == 16
    torch.testing.assert_close(total / n, expected)


def test_the_next_tokens_in_bf16_are_close():
    model, batch = Llama(PRESETS["tiny"]), batch_of_two_documents()
    wide, narrow = (next_token_loss(model, batch, dtype)[0] for dtype in (None, torch.bfloat16))
    assert wide.dtype == narrow.dtype == torch.float32
    assert narrow.item() == pytest.approx(wide.item(), rel=0.01) and narrow != wide


def test_nothing_is_kept_where_no_gradient_is_wanted(monkeypatch):
    """An evaluation does not pay for the gradient that training takes at once."""
    hidden, weight, targets = problem(torch.float32)
    monkeypatch.setattr(torch.Tensor, "softmax", None)  # only the gradient needs it
    with torch.no_grad():
        total, _ = output_loss(hidden, weight, targets)
    assert not total.requires_grad
