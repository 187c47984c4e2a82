"""The steepest direction reaches the dual norm, no other does; projection is the nearest point."""

import math

import pytest
import torch
from torch.nn import functional as F

from llama_edu.train.adversarial import project, sizes, steepest

DUAL = {1: math.inf, 2: 2, math.inf: 1}
each_norm = pytest.mark.parametrize("p", DUAL)


def random(*shape):
    return torch.randn(*shape, dtype=torch.float64)


@each_norm
def test_the_shift_has_the_size_asked_for(p):
    epsilon = torch.tensor([0.5, 2.0, 1e-3], dtype=torch.float64)
    torch.testing.assert_close(sizes(steepest(random(3, 5, 4), epsilon, p), p), epsilon)


@each_norm
def test_the_gain_is_epsilon_times_the_dual_norm(p):
    g = random(3, 5, 4)
    gain = (g * steepest(g, 0.7, p)).flatten(1).sum(dim=1)
    torch.testing.assert_close(gain, 0.7 * sizes(g, DUAL[p]))


@each_norm
def test_no_random_direction_of_that_size_gains_more(p):
    g, others = random(1, 20), random(2000, 20)
    others = others * (0.7 / sizes(others, p))[:, None]
    best = (g * steepest(g, 0.7, p)).sum()
    assert (others @ g[0]).max() < best


def test_by_hand():
    g = torch.tensor([[3.0, -4.0]])
    assert steepest(g, 1.0, 2).tolist() == [[pytest.approx(0.6), pytest.approx(-0.8)]]
    assert steepest(g, 0.5, math.inf).tolist() == [[0.5, -0.5]]
    assert steepest(g, 0.5, 1).tolist() == [[0.0, -0.5]]


@each_norm
def test_no_gradient_gives_no_shift_and_no_nan(p):
    g = torch.stack([torch.zeros(4), torch.ones(4)])
    shift = steepest(g, 1.0, p)
    assert shift[0].tolist() == [0.0] * 4
    assert sizes(shift, p)[1].item() == pytest.approx(1.0)


@each_norm
def test_tiny_gradients_count_as_much_as_large_ones(p):
    """In fp32 the squares of numbers below 1e-23 are 0."""
    g = torch.randn(2, 9)
    torch.testing.assert_close(steepest(1e-30 * g, 1.0, p), steepest(g, 1.0, p))


def test_each_text_has_a_size_of_its_own():
    g = random(2, 3, 4)
    alone = torch.cat([steepest(g[:1], 1.0, 2), steepest(g[1:], 1.0, 2)])
    torch.testing.assert_close(steepest(g, 1.0, 2), alone)


@each_norm
@pytest.mark.parametrize("y", [1.0, -1.0])
def test_the_worst_case_of_a_linear_logistic_model_is_exact(p, y):
    """softplus(-y w·(x + r)) is largest at softplus(-y w·x + epsilon ||w||_q)."""
    w, x = random(6), random(1, 6).requires_grad_()
    F.softplus(-y * x @ w).sum().backward()
    worst = F.softplus(-y * (x + steepest(x.grad, 0.3, p)) @ w)
    closed = F.softplus(-y * x @ w + 0.3 * sizes(w[None], DUAL[p]))
    torch.testing.assert_close(worst, closed, rtol=1e-14, atol=0)  # observed 2e-16


@each_norm
def test_the_first_order_gain_is_met_as_epsilon_shrinks(p):
    weights = random(8, 6), random(3, 8)

    def loss(x):
        return F.cross_entropy(torch.tanh(x @ weights[0].T) @ weights[1].T, torch.tensor([1]))

    x = random(1, 6).requires_grad_()
    loss(x).backward()
    ratios = [
        ((loss(x + steepest(x.grad, e, p)) - loss(x)) / (e * sizes(x.grad, DUAL[p]))).item()
        for e in (1e-1, 1e-2, 1e-3, 1e-4)
    ]
    errors = [abs(ratio - 1) for ratio in ratios]
    assert errors == sorted(errors, reverse=True)
    # What is left is epsilon times a curvature: a few of them at the last epsilon.
    assert errors[-1] < 2e-3


@each_norm
def test_projection_ends_inside_and_leaves_what_is_inside(p):
    r = torch.linspace(0.1, 3, 40, dtype=torch.float64)[:, None] * random(40, 6)
    inside = project(r, 1.5, p)
    assert (sizes(inside, p) <= 1.5 * (1 + 1e-12)).all()
    kept = sizes(r, p) <= 1.5
    assert torch.equal(inside[kept], r[kept]) and kept.any() != kept.all()
    torch.testing.assert_close(project(inside, 1.5, p), inside, rtol=1e-12, atol=1e-15)


@each_norm
def test_projection_brings_no_two_points_further_apart(p):
    a, b = random(200, 6), random(200, 6)
    apart = (project(a, 0.8, p) - project(b, 0.8, p)).norm(dim=1)
    assert (apart <= (a - b).norm(dim=1) + 1e-12).all()


@each_norm
def test_no_point_of_the_ball_is_nearer(p):
    r, others = 3 * random(1, 4), random(5000, 4)
    others = project(others, 1.0, p)
    nearest = (project(r, 1.0, p) - r).norm()
    assert ((others - r).norm(dim=1) >= nearest - 1e-12).all()


@each_norm
def test_a_ball_of_radius_zero_holds_only_zero(p):
    assert not project(random(2, 3), 0.0, p).any()
    assert not project(torch.zeros(2, 3), 0.0, p).any()


@pytest.mark.parametrize("function", [steepest, project])
@pytest.mark.parametrize("epsilon, p, says", [
    (1.0, 3, "p=3 must be 1, 2 or inf"), (-1.0, 2, "epsilon=-1.0 must not be negative"),
])  # fmt: skip
def test_a_wrong_number_is_named(function, epsilon, p, says):
    with pytest.raises(ValueError, match=says):
        function(torch.ones(1, 2), epsilon, p)
