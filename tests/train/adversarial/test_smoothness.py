"""Divergences obey their laws, and the power method finds the direction that a matrix has."""

import math
from itertools import pairwise

import pytest
import torch
from torch.func import hessian
from torch.nn import functional as F

from llama_edu.train.adversarial import (
    divergence,
    next_token_logits,
    shifted,
    sizes,
    smart,
    steepest,
    symmetric_divergence,
    text_units,
    vat,
)
from llama_edu.train.adversarial.embeddings import embedding_gradient
from llama_edu.train.loss import next_token_loss


def answers(*shape):
    return (2 * torch.randn(*shape, dtype=torch.float64)).log_softmax(dim=-1)


def test_divergence_is_torchs():
    log_p, log_q = answers(5, 7), answers(5, 7)
    wanted = F.kl_div(log_q, log_p, log_target=True, reduction="none").sum(dim=-1)
    torch.testing.assert_close(divergence(log_p, log_q), wanted)


def test_divergence_is_not_negative_and_zero_only_between_equals():
    log_p, log_q = answers(200, 7), answers(200, 7)
    assert (divergence(log_p, log_q) > 0).all()
    assert not divergence(log_p, log_p).any()
    certain = torch.tensor([[0.0, -1000.0]])
    assert divergence(certain, certain).item() == 0


def test_the_symmetric_one_does_not_change_when_the_two_change_places():
    log_p, log_q = answers(50, 7), answers(50, 7)
    torch.testing.assert_close(
        symmetric_divergence(log_p, log_q), symmetric_divergence(log_q, log_p)
    )
    assert not torch.allclose(divergence(log_p, log_q), divergence(log_q, log_p))


def small_net():
    w1, w2 = torch.randn(8, 6, dtype=torch.float64), torch.randn(5, 8, dtype=torch.float64)
    return lambda x: torch.tanh(x @ w1.T) @ w2.T


def divergence_matrix(net, x):
    at_x = net(x).log_softmax(-1)
    return hessian(lambda r: divergence(at_x, net(x + r).log_softmax(-1)))(torch.zeros_like(x))


def test_at_no_shift_the_gradient_is_zero_and_the_matrix_is_fishers():
    """H = J' (diag p - p p') J, J the derivative of the logits: the Fisher information."""
    net, x = small_net(), torch.randn(6, dtype=torch.float64)
    r = torch.zeros_like(x, requires_grad=True)
    divergence(net(x).log_softmax(-1), net(x + r).log_softmax(-1)).backward()
    assert r.grad.abs().max() < 1e-14  # observed 1e-16
    j, p = torch.func.jacrev(net)(x), net(x).softmax(-1)
    fisher = j.T @ (torch.diag(p) - torch.outer(p, p)) @ j
    torch.testing.assert_close(divergence_matrix(net, x), fisher, rtol=1e-9, atol=1e-12)


def test_the_power_method_turns_towards_the_top_eigenvector(model, texts):
    """More steps end with a larger divergence, and many nowhere else than the eigenvector."""
    net, x = small_net(), torch.randn(6, dtype=torch.float64)
    top = torch.linalg.eigh(divergence_matrix(net, x)).eigenvectors[:, -1]
    at_x, d, cosines = net(x).log_softmax(-1), torch.randn(1, 6, dtype=torch.float64), []
    for _ in range(12):
        r = steepest(d, 1e-4, 2).requires_grad_()
        divergence(at_x, net(x + r).log_softmax(-1)).sum().backward()
        d = r.grad
        cosines.append(abs(F.cosine_similarity(d[0], top, dim=0)).item())
    # Each step shrinks what is not the eigenvector, unless rounding is all that is left.
    assert all(b > a - 1e-6 for a, b in pairwise(cosines))
    assert cosines[-1] > 0.99


def moved_by(model, texts, at_text):
    def total(model, batch):
        near = next_token_logits(model, batch).log_softmax(-1)
        return divergence(at_text, near).sum(), len(near)

    return total


def test_vat_adds_the_divergence_at_the_direction_found(model, texts):
    generator = torch.Generator().manual_seed(2)
    drawn = torch.randn(3, 7, 12, generator=generator).double() * ~texts.padding[..., None]
    unit = text_units(model, texts)
    at_text = next_token_logits(model, texts).detach().log_softmax(-1)
    apart = moved_by(model, texts, at_text)
    g = embedding_gradient(apart, model, texts, steepest(drawn, 0.1 * unit, 2))
    with shifted(model, steepest(g, 0.3 * unit, 2)):
        added, _ = apart(model, texts)
    clean, _ = next_token_loss(model, texts)
    got, _ = vat(next_token_loss, 0.3, weight=2.0, generator=generator.manual_seed(2))(model, texts)
    # our logits are made fp32 before the softmax
    torch.testing.assert_close(got.double(), clean.double() + 2 * added, rtol=1e-4, atol=1e-4)


def test_a_found_direction_moves_answers_more_than_a_random_one(model, texts):
    clean, _ = next_token_loss(model, texts)

    def added(n_power):
        loss = vat(next_token_loss, 0.3, n_power=n_power)
        return sum((loss(model, texts)[0] - clean).item() for _ in range(10))

    assert added(0) < added(1) < added(4)


def test_vat_asks_for_labels_only_where_there_are_some(model, texts):
    """Texts without labels count in the divergence, through `predict`."""
    unlabelled = type(texts)(texts.inputs, texts.targets.clone(), texts.padding)
    unlabelled.targets[1:] = -100
    loss = vat(next_token_loss, 0.3, predict=lambda model, batch: model(batch.inputs).flatten(0, 1))
    total, n_targets = loss(model, unlabelled)
    assert n_targets == 7
    seen = torch.autograd.grad(total, model.embedding.weight)[0].any(dim=1)
    assert seen[unlabelled.inputs[1]].all()


def test_an_answer_that_is_certain_gives_no_nan(model, texts):
    with torch.no_grad():
        model.norm.gain *= 1e4
    for loss in (vat(next_token_loss, 0.3), smart(next_token_loss, 0.3)):
        total, _ = loss(model, texts)
        gradients = torch.autograd.grad(total, list(model.parameters()))
        assert total.isfinite() and all(g.isfinite().all() for g in gradients)


@pytest.mark.parametrize("p", [2, math.inf])
def test_smart_finds_more_with_more_steps_and_counts_by_its_weight(model, texts, p):
    clean, _ = next_token_loss(model, texts)

    def added(n_steps, weight=1.0):
        dice = torch.Generator().manual_seed(5)
        loss = smart(next_token_loss, 0.1, weight, p, n_steps, generator=dice)
        return (loss(model, texts)[0] - clean).item()

    assert 0 < added(1) < added(8)
    assert added(1, weight=3.0) == pytest.approx(3 * added(1), rel=1e-3)


def test_the_tiny_step_of_the_power_method_must_not_drown_in_rounding(model, texts):
    """In fp32 a step of 1e-7 finds a direction of its own; one of 1e-2 finds the true one."""
    model.float()
    dice = torch.Generator()

    def direction(xi, wide=False):
        net = model.double() if wide else model.float()
        drawn = torch.randn(3, 7, 12, generator=dice.manual_seed(3)) * ~texts.padding[..., None]
        drawn = drawn.double() if wide else drawn
        at_text = next_token_logits(net, texts).detach().log_softmax(-1)
        apart, unit = moved_by(net, texts, at_text), text_units(net, texts)
        g = embedding_gradient(apart, net, texts, steepest(drawn, xi * unit, 2))
        return (g / sizes(g, 2)[:, None, None]).flatten().double()

    true = direction(1e-4, wide=True)
    good, bad = direction(1e-2), direction(1e-7)
    assert F.cosine_similarity(good, true, dim=0) > 0.99
    assert F.cosine_similarity(bad, true, dim=0) < 0.9
