"""Shifts: nothing is written to, padding stays, each text by itself, the same dice in each pass."""

import math

import pytest
import torch
from torch import nn

from llama_edu.train.adversarial import (
    Replay,
    embedding_gradient,
    random_shift,
    shifted,
    sizes,
    text_units,
    worst_shift,
)
from llama_edu.train.adversarial.embeddings import is_text
from llama_edu.train.loss import next_token_loss, token_loss

each_norm = pytest.mark.parametrize("p", [1, 2, math.inf])


def test_a_shift_is_what_changed_embeddings_give(model, texts):
    shift = 0.1 * torch.randn(3, 7, 12, dtype=torch.float64)
    with torch.no_grad(), shifted(model, shift):
        got = model(texts.inputs)
    table = model.embedding.weight.detach().clone()
    # Every token of the batch gets a row of its own.
    model.embedding.weight = nn.Parameter((table[texts.inputs] + shift).flatten(0, 1))
    with torch.no_grad():
        torch.testing.assert_close(got, model(torch.arange(21).view(3, 7)))


def test_the_table_is_the_same_bit_for_bit_even_after_an_error(model, texts):
    before = model.embedding.weight.detach().clone()
    with pytest.raises(ZeroDivisionError), shifted(model, torch.ones(3, 7, 12)):
        1 / 0  # noqa: B018
    worst_shift(next_token_loss, model, texts, 0.5, n_steps=3)
    assert torch.equal(model.embedding.weight, before)
    assert not model.embedding._forward_hooks


def test_an_attack_leaves_the_gradients_of_the_weights_alone(model, texts):
    worst_shift(next_token_loss, model, texts, 0.5)
    assert all(weight.grad is None for weight in model.parameters())
    assert all(weight.requires_grad for weight in model.parameters())


def test_the_gradient_is_that_of_the_embeddings(model, texts):
    got = embedding_gradient(next_token_loss, model, texts, torch.zeros(3, 7, 12).double())
    rows = model.embedding.weight.detach()[texts.inputs].flatten(0, 1)
    model.embedding.weight = nn.Parameter(rows)
    total, _ = token_loss(model(torch.arange(21).view(3, 7)), texts.targets)
    (wanted,) = torch.autograd.grad(total, model.embedding.weight)
    # token_loss sums in fp32
    torch.testing.assert_close(got, wanted.view(3, 7, 12), rtol=1e-4, atol=1e-6)


def test_works_where_gradients_are_switched_off(model, texts):
    with torch.no_grad():
        shift = worst_shift(next_token_loss, model, texts, 0.5)
    assert shift.any() and not shift.requires_grad


@each_norm
def test_sizes_are_measured_in_the_texts_own_embeddings(model, texts, p):
    unit = text_units(model, texts, p)
    x = model.embedding.weight.detach()[texts.inputs]
    assert unit[2].item() == pytest.approx(x[2, :2].norm(p, dim=-1).mean().item(), rel=1e-6)
    for shift in (
        worst_shift(next_token_loss, model, texts, 0.5, p),
        random_shift(model, texts, 0.5, p),
    ):
        torch.testing.assert_close(sizes(shift, p), 0.5 * unit, rtol=1e-5, atol=0)


@each_norm
def test_padding_is_not_moved(model, texts, p):
    start = random_shift(model, texts, 0.1, p)
    for shift in (start, worst_shift(next_token_loss, model, texts, 0.5, p, 3, start=start)):
        assert not shift[texts.padding].any()
        assert shift[~texts.padding].any(dim=-1).float().mean() > 0.4 or p == 1


def test_the_shift_of_a_text_does_not_hang_on_the_others(model, texts):
    together = worst_shift(next_token_loss, model, texts, 0.5, n_steps=2)
    alone = type(texts)(texts.inputs[1:2], texts.targets[1:2], texts.padding[1:2])
    torch.testing.assert_close(
        worst_shift(next_token_loss, model, alone, 0.5, n_steps=2), together[1:2]
    )


def test_one_step_beats_noise_and_more_steps_beat_one(model, texts):
    def loss_at(shift):
        with torch.no_grad(), shifted(model, shift):
            return next_token_loss(model, texts)[0].item()

    one = loss_at(worst_shift(next_token_loss, model, texts, 0.3))
    many = loss_at(worst_shift(next_token_loss, model, texts, 0.3, n_steps=10))
    noise = max(loss_at(random_shift(model, texts, 0.3)) for _ in range(50))
    # No theorem: the steps climb, and may end beside the peak. Here they end well above.
    assert noise < one < many


def test_more_steps_stay_in_the_ball(model, texts):
    shift = worst_shift(next_token_loss, model, texts, 0.3, n_steps=5, step_size=0.2)
    assert (sizes(shift, 2) <= 0.3 * text_units(model, texts) * (1 + 1e-6)).all()


def test_batches_that_know_no_padding_are_moved_as_a_whole(model, texts):
    class Bare:
        inputs = texts.inputs

    assert is_text(Bare).all()


def test_all_passes_of_a_step_have_the_same_dropout_mask():
    dropout, replay = nn.Dropout(), Replay(torch.device("cpu"))
    first, other = replay(dropout), replay(dropout)
    masks = [first(torch.ones(99)), other(torch.ones(99)), first(torch.ones(99))]
    assert torch.equal(masks[0], masks[1]) and torch.equal(masks[0], masks[2])
    assert not torch.equal(masks[0], Replay(torch.device("cpu"))(dropout)(torch.ones(99)))


def test_the_first_pass_draws_as_it_would_without_a_replay():
    torch.manual_seed(3)
    plain = nn.Dropout()(torch.ones(99))
    torch.manual_seed(3)
    assert torch.equal(Replay(torch.device("cpu"))(nn.Dropout())(torch.ones(99)), plain)


def test_no_steps_are_refused(model, texts):
    with pytest.raises(ValueError, match="n_steps=0 must be at least 1"):
        worst_shift(next_token_loss, model, texts, 0.5, n_steps=0)
