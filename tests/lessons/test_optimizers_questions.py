"""Lesson 13's questions: held to torch and the package; other forms are right, slips are named."""

import math

import pytest
import torch
from torch.nn import functional as F

from llama_edu.course.checking.diagnose import diagnose
from llama_edu.course.checking.outcomes import make_cases
from llama_edu.course.checking.questions import find_question
from llama_edu.train.optim import AdamW, Lamb


def question(name):
    return find_question(f"optimizers.{name}")


def cases(name):
    return [case for seed in range(3) for case in make_cases(question(name), seed)]


def test_go_back_agrees_with_torch():
    for case in cases("go_back"):
        numbers = []
        for parts in case["graph"]:
            number = torch.zeros((), dtype=torch.float64, requires_grad=True)
            numbers.append(number + sum(slope * numbers[j] for j, slope in parts))
            numbers[-1].retain_grad()
        numbers[-1].backward()
        expected = [0.0 if number.grad is None else number.grad.item() for number in numbers]
        assert question("go_back").reference(**case) == pytest.approx(expected)


def test_cross_entropy_back_agrees_with_torch():
    for case in cases("cross_entropy_back"):
        logits = case["logits"].clone().requires_grad_()
        F.cross_entropy(logits, case["targets"], ignore_index=-100).backward()
        got = question("cross_entropy_back").reference(**case)
        torch.testing.assert_close(got, logits.grad, rtol=1e-5, atol=1e-6)


def test_rms_norm_back_agrees_with_torch():
    for case in cases("rms_norm_back"):
        x, gain = case["x"].clone().requires_grad_(), case["gain"].clone().requires_grad_()
        F.rms_norm(x, gain.shape, gain, case["eps"]).backward(case["grad"])
        for got, expected in zip(
            question("rms_norm_back").reference(**case), (x.grad, gain.grad), strict=True
        ):
            torch.testing.assert_close(got, expected, rtol=1e-4, atol=1e-5)


def test_adamw_step_is_the_packages():
    for case in cases("adamw_step"):
        weight = case["weight"].clone().requires_grad_()
        settings = {name: case[name] for name in ("lr", "betas", "eps", "weight_decay")}
        optimizer = AdamW([weight], **settings)
        optimizer.state[weight] = {
            "step": torch.tensor(case["step"] - 1.0),
            "exp_avg": case["m"].clone(),
            "exp_avg_sq": case["v"].clone(),
        }
        weight.grad = case["grad"].clone()
        optimizer.step()
        state = optimizer.state[weight]
        expected = (weight.detach(), state["exp_avg"], state["exp_avg_sq"])
        for got, wanted in zip(question("adamw_step").reference(**case), expected, strict=True):
            torch.testing.assert_close(got, wanted, rtol=1e-5, atol=1e-5)


def test_lamb_step_is_the_packages():
    for case in cases("lamb_step"):
        weight = case["weight"].clone().requires_grad_()
        # Its first step with eps = 0 has the update g / |g|: a sign, or 0 where there is none.
        weight.grad = case["update"].sign()
        Lamb([weight], lr=case["lr"], weight_decay=case["weight_decay"], eps=1e-12).step()
        got = question("lamb_step").reference(**{**case, "update": case["update"].sign()})
        torch.testing.assert_close(got, weight.detach(), rtol=1e-5, atol=1e-6)


def test_clip_agrees_with_torch():
    for case in cases("clip"):
        weights = [torch.zeros_like(grad, requires_grad=True) for grad in case["grads"]]
        for weight, grad in zip(weights, case["grads"], strict=True):
            weight.grad = grad.clone()
        torch.nn.utils.clip_grad_norm_(weights, case["max_norm"])
        got = question("clip").reference(**case)
        for one, weight in zip(got, weights, strict=True):
            torch.testing.assert_close(one, weight.grad, rtol=1e-5, atol=1e-5)


def by_dictionary(graph):
    arrived = dict.fromkeys(range(len(graph)), 0)
    arrived[len(graph) - 1] = 1
    for i in sorted(arrived, reverse=True):
        for part, slope in graph[i]:
            arrived[part] = arrived[part] + slope * arrived[i]
    return [float(arrived[i]) for i in range(len(graph))]


def by_recursion(graph):
    n = len(graph)

    def slope_along(j):
        if j == n - 1:
            return 1.0
        return sum(s * slope_along(i) for i in range(j + 1, n) for k, s in graph[i] if k == j) + 0.0

    return [slope_along(j) for j in range(n)]


def rows_that_count(logits, targets):
    out = torch.zeros_like(logits)
    rows = (targets != -100).nonzero()[:, 0]
    p = (logits[rows] - logits[rows].max(-1, keepdim=True).values).exp()
    p = p / p.sum(-1, keepdim=True)
    p[torch.arange(len(rows)), targets[rows]] -= 1
    out[rows] = p / len(rows)
    return out


def one_by_one(logits, targets):
    out, n = torch.zeros(logits.shape), sum(int(t != -100) for t in targets)
    for i, target in enumerate(targets.tolist()):
        if target >= 0:
            y = torch.zeros(logits.shape[1])
            y[target] = 1.0
            out[i] = (torch.softmax(logits[i], dim=0) - y) / n
    return out


def token_by_token(grad, x, gain, eps):
    dx, dgain = torch.zeros_like(x), torch.zeros_like(gain)
    for t in range(len(x)):
        r = math.sqrt(float(x[t] @ x[t]) / len(x[t]) + eps)
        g = grad[t] * gain
        dx[t] = g / r - x[t] * (g @ x[t]) / len(x[t]) / r**3
        dgain += grad[t] * x[t] / r
    return dx, dgain


def adamw_in_place(weight, grad, m, v, step, lr, betas, eps, weight_decay):
    w, m, v = weight.clone(), m.clone(), v.clone()
    w.mul_(1 - lr * weight_decay)
    m.mul_(betas[0]).add_(grad, alpha=1 - betas[0])
    v.mul_(betas[1]).addcmul_(grad, grad, value=1 - betas[1])
    w.addcdiv_(m / (1 - betas[0] ** step), (v / (1 - betas[1] ** step)).sqrt().add_(eps), value=-lr)
    return w, m, v


def lamb_by_where(weight, update, lr, weight_decay):
    u = update.add(weight, alpha=weight_decay)
    a, b = torch.linalg.vector_norm(weight), torch.linalg.vector_norm(u)
    return weight - lr * torch.where((a > 0) & (b > 0), a / b, torch.ones(())) * u


def clip_as_torch(grads, max_norm):
    total = torch.stack([g.norm() for g in grads]).norm()
    return [g * torch.clamp(max_norm / (total + 1e-12), max=1.0) for g in grads]


@pytest.mark.parametrize("name, answer", [
    ("go_back", by_dictionary),
    ("go_back", by_recursion),
    ("cross_entropy_back", rows_that_count),
    ("cross_entropy_back", one_by_one),
    ("rms_norm_back", token_by_token),
    ("adamw_step", adamw_in_place),
    ("lamb_step", lamb_by_where),
    ("clip", clip_as_torch),
])  # fmt: skip
def test_honest_answers_in_other_forms_are_right(name, answer):
    for seed in range(3):
        verdict = diagnose(question(name), answer, seed)
        assert verdict.ok, verdict.sentence


def walk_down(graph):
    """Recursion that overwrites."""
    slopes = [0.0] * len(graph)

    def visit(i, value):
        slopes[i] = value
        for j, slope in graph[i]:
            visit(j, value * slope)

    visit(len(graph) - 1, 1.0)
    return slopes


def p_minus_y_mean(logits, targets):
    y = F.one_hot(targets.clamp(min=0), logits.shape[1])
    return (logits.softmax(-1) - y) / len(targets)


def naive_norm_back(grad, x, gain, eps):
    r = x.square().mean(-1, keepdim=True).add(eps).sqrt()
    return grad * gain / r, (grad * x / r).sum(0)


def adam_l2(weight, grad, m, v, step, lr, betas, eps, weight_decay):
    g = grad + weight_decay * weight
    m = betas[0] * m + (1 - betas[0]) * g
    v = betas[1] * v + (1 - betas[1]) * g * g
    m_hat, v_hat = m / (1 - betas[0] ** step), v / (1 - betas[1] ** step)
    return weight - lr * m_hat / (v_hat.sqrt() + eps), m, v


def raw_adam(weight, grad, m, v, step, lr, betas, eps, weight_decay):
    m = betas[0] * m + (1 - betas[0]) * grad
    v = betas[1] * v + (1 - betas[1]) * grad**2
    return weight - lr * m / (v.sqrt() + eps) - lr * weight_decay * weight, m, v


@pytest.mark.parametrize("name, answer, misconception", [
    ("go_back", walk_down, "last_way"),
    ("cross_entropy_back", p_minus_y_mean, "mean_over_all + ignored_counts"),
    ("cross_entropy_back", lambda logits, targets: logits.softmax(-1)
     * (targets != -100)[:, None] / (targets != -100).sum(), "target_forgotten"),
    ("rms_norm_back", naive_norm_back, "rms_constant"),
    ("rms_norm_back", lambda grad, x, gain, eps: ((r := (x**2).mean(-1, keepdim=True)
     .add(eps).rsqrt()) * (grad * gain - x * r * (grad * gain * x * r).mean(-1, keepdim=True)),
     (grad * x * r).mean(0)), "gain_mean"),
    ("adamw_step", adam_l2, "l2"),
    ("adamw_step", raw_adam, "no_bias_correction"),
    ("lamb_step", lambda weight, update, lr, weight_decay: weight - lr * (
     u := update + weight_decay * weight) * weight.norm() / u.norm(), "nan_at_zero"),
    ("lamb_step", lambda weight, update, lr, weight_decay: weight - lr * (
     update + weight_decay * weight), "no_trust_ratio"),
    ("clip", lambda grads, max_norm: [g * min(1.0, max_norm / (g.norm().item() + 1e-6))
     for g in grads], "each_by_itself"),
    ("clip", lambda grads, max_norm: [g.clamp(-max_norm, max_norm) for g in grads], "numbers_cut"),
])  # fmt: skip
def test_a_likely_slip_is_named(name, answer, misconception):
    assert diagnose(question(name), answer).misconception == misconception
