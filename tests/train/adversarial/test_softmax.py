"""Adversarial softmax is the worst of many moves, what projected ascent finds, and an identity."""

import pytest
import torch
from torch.nn import functional as F

from llama_edu.train.adversarial import (
    adversarial_output_loss,
    adversarial_softmax,
    adversarial_softmax_loss,
    noisy_softmax_loss,
    project,
    steepest,
)
from llama_edu.train.loss import next_token_loss


@pytest.fixture
def place():
    """One place of a text: h, the output matrix, the target, and epsilon."""
    h, weight = torch.randn(1, 5, dtype=torch.float64), torch.randn(7, 5, dtype=torch.float64)
    return h, weight, torch.tensor([3]), 0.2


def loss_with(move, h, weight, target):
    """The plain loss when the target's row is moved."""
    moved = weight.clone().index_add(0, target, move)
    return F.cross_entropy(h @ moved.T, target)


def test_no_random_move_is_worse_and_the_worst_of_many_comes_near(place):
    h, weight, target, epsilon = place
    moves = F.normalize(torch.randn(20_000, 1, 5, dtype=torch.float64), dim=-1)
    moves = moves * epsilon * weight[target].norm()
    found = torch.stack([loss_with(move, h, weight, target) for move in moves[:2000]])
    closed = adversarial_softmax(h, weight, target, epsilon)
    assert found.max() <= closed
    # In 5 dimensions the best of 2,000 directions lies about 10 degrees off: cosine .98.
    plain = F.cross_entropy(h @ weight.T, target)
    assert (found.max() - plain) > 0.9 * (closed - plain)


def test_projected_ascent_ends_at_the_closed_form(place):
    h, weight, target, epsilon = place
    radius, move = epsilon * weight[target].norm(), torch.zeros(1, 5, dtype=torch.float64)
    for _ in range(200):
        move.requires_grad_()
        (g,) = torch.autograd.grad(loss_with(move, h, weight, target), move)
        move = project(move.detach() + steepest(g, 0.1 * radius, 2), radius, 2)
    got = loss_with(move, h, weight, target)
    closed = adversarial_softmax(h, weight, target, epsilon)
    # The closed form is made in fp32, as every loss here.
    torch.testing.assert_close(got.float(), closed, rtol=1e-6, atol=1e-6)


def test_it_is_the_plain_loss_and_what_the_fall_adds():
    """L + c + log(1 - p (1 - exp(-c))), for a logit that falls by c and had probability p."""
    h, weight = torch.randn(6, 5), torch.randn(7, 5)
    targets = torch.randint(7, (6,))
    plain = F.cross_entropy(h @ weight.T, targets, reduction="none")
    c = 0.3 * weight[targets].norm(dim=-1) * h.norm(dim=-1)
    wanted = plain + c + torch.log1p(-(-plain).exp() * (1 - (-c).exp()))
    got = adversarial_softmax(h, weight, targets, 0.3)
    torch.testing.assert_close(got, wanted.mean())


def test_without_an_adversary_it_is_cross_entropy_and_what_does_not_count_is_left_out():
    h, weight = torch.randn(2, 3, 5), torch.randn(7, 5)
    targets = torch.tensor([[1, -100, 6], [-100, 0, 2]])
    total, n_targets = adversarial_output_loss(h, weight, targets, 0.0)
    wanted = F.cross_entropy((h @ weight.T).flatten(0, 1), targets.flatten(), reduction="sum")
    torch.testing.assert_close(total, wanted)
    assert n_targets == 4
    changed = h.clone()
    changed[0, 1] = 99.0
    torch.testing.assert_close(adversarial_output_loss(changed, weight, targets, 0.0)[0], total)


def test_the_gradient_is_that_of_the_worst_case():
    """Compared with finite differences of the closed form, through both lengths."""
    h = torch.randn(4, 5, dtype=torch.float64, requires_grad=True)
    weight = torch.randn(7, 5, dtype=torch.float64, requires_grad=True)
    targets = torch.tensor([1, 1, 6, 0])

    def worst(h, weight):
        fall = 0.3 * weight[targets].norm(dim=-1) * h.norm(dim=-1)
        return F.cross_entropy(h @ weight.T - fall[:, None] * F.one_hot(targets, 7), targets)

    assert torch.autograd.gradcheck(worst, (h, weight))
    wanted = torch.autograd.grad(worst(h, weight), (h, weight))
    got = torch.autograd.grad(adversarial_softmax(h, weight, targets, 0.3), (h, weight))
    torch.testing.assert_close(got, wanted, rtol=1e-5, atol=1e-6)


def test_a_hidden_vector_of_zeros_gives_no_nan():
    h, weight = torch.zeros(2, 5, requires_grad=True), torch.randn(7, 5)
    loss = adversarial_softmax(h, weight, torch.tensor([1, 2]), 0.3)
    (gradient,) = torch.autograd.grad(loss, h)
    assert loss.isfinite() and gradient.isfinite().all()


def test_as_a_loss_it_is_worse_than_the_plain_one_and_than_noise(model, texts):
    plain, n_targets = next_token_loss(model, texts)
    worst, counted = adversarial_softmax_loss(0.3)(model, texts)
    noisy = [noisy_softmax_loss(0.3)(model, texts)[0].item() for _ in range(20)]
    assert counted == n_targets == 14
    assert plain < worst and max(noisy) < worst
    assert adversarial_softmax_loss(0.0)(model, texts)[0].item() == pytest.approx(plain.item())
    # Random moves raise and lower the logit alike.
    assert min(noisy) < plain < max(noisy)


def test_a_negative_size_is_named():
    with pytest.raises(ValueError, match="must not be negative"):
        adversarial_softmax(torch.ones(1, 2), torch.ones(3, 2), torch.tensor([0]), -0.1)
