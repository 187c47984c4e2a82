"""Lesson 18's questions: held to the package; other forms are right, likely slips are named."""

import math

import pytest
import torch

from llama_edu.course.checking.diagnose import diagnose
from llama_edu.course.checking.outcomes import make_cases
from llama_edu.course.checking.questions import find_question
from llama_edu.finetune import multitask
from llama_edu.finetune.instruct.packing import ChatBatch
from llama_edu.train.loss import IGNORED


def question(name):
    return find_question(f"multitask.{name}")


def cases(name):
    return [case for seed in range(3) for case in make_cases(question(name), seed)]


def ask(name, answer):
    return diagnose(question(name), answer)


def test_surgery_is_the_packages_in_the_order_of_the_rows(monkeypatch):
    monkeypatch.setattr(torch, "randperm", lambda n, generator=None: torch.arange(n))
    for case in cases("surgery"):
        got = question("surgery").reference(**case)
        torch.testing.assert_close(got, multitask.pcgrad(case["gradients"]), rtol=1e-5, atol=1e-6)


def test_task_means_are_the_packages():
    """A loss that looks its answers up stands for a model."""

    def loss(rows, batch):
        counts = batch.targets != IGNORED
        return rows[counts].sum(), counts.sum()

    for case in cases("task_means"):
        got = question("task_means").reference(**case)
        for task, mean in enumerate(got.tolist()):
            mine = case["tasks"] == task
            targets = case["targets"][mine]
            if not (targets != IGNORED).any():
                assert mean == 0
                continue
            held_out = {"it": [ChatBatch(targets, targets, targets)]}
            expected = multitask.task_losses(case["losses"][mine], held_out, loss)["it"]
            assert mean == pytest.approx(expected, rel=1e-5)


def test_weighted_is_the_packages():
    for case in cases("weighted"):
        weights = multitask.UncertaintyWeights(len(case["s"]))
        with torch.no_grad():
            weights.log_variance.copy_(case["s"])
        total = weights(case["losses"])
        total.backward()
        got = question("weighted").reference(**case)
        torch.testing.assert_close(got[0], total.detach())
        torch.testing.assert_close(got[1], weights.log_variance.grad)


# Right answers, written otherwise.
def rates_by_loop(sizes, temperature, cap):
    exponent = 1.0 / temperature
    powers = {}
    for task in sizes:
        n = sizes[task]
        if cap is not None and n > cap:
            n = cap
        powers[task] = math.pow(n, exponent)
    return {task: powers[task] / sum(powers.values()) for task in sizes}


def rates_by_logarithms(sizes, temperature, cap):
    largest = math.inf if cap is None else cap
    logits = torch.tensor([math.log(min(n, largest)) for n in sizes.values()], dtype=torch.float64)
    return dict(zip(sizes, (logits / temperature).softmax(0).tolist(), strict=True))


def means_by_loops(losses, targets, tasks, n_tasks):
    sums, numbers = [0.0] * n_tasks, [0] * n_tasks
    for b in range(losses.shape[0]):
        for t in range(losses.shape[1]):
            if targets[b, t] != -100:
                sums[tasks[b]] += losses[b, t].item()
                numbers[tasks[b]] += 1
    return torch.tensor([s / n if n else 0.0 for s, n in zip(sums, numbers, strict=True)])


def means_by_one_hot(losses, targets, tasks, n_tasks):
    mine = torch.nn.functional.one_hot(tasks, n_tasks).float()
    counts = (targets >= 0).float()
    return (mine.T @ (losses * counts).sum(1)) / (mine.T @ counts.sum(1)).clamp(min=1)


def cosines_by_normalize(gradients):
    units = torch.nn.functional.normalize(gradients, dim=1)
    return torch.einsum("in,jn->ij", units, units)


def cosines_by_outer(gradients):
    products = gradients @ gradients.mT
    lengths = products.diagonal().sqrt()
    return (products / torch.outer(lengths, lengths)).nan_to_num(0.0)


def surgery_by_list(gradients):
    mended = []
    for i, g in enumerate(gradients):
        for j, other in enumerate(gradients):
            if j == i:
                continue
            dot = torch.dot(g, other)
            if dot < 0:
                g = g - dot / other.norm() ** 2 * other
        mended.append(g)
    return sum(mended)


def weighted_by_autograd(losses, s):
    s = s.clone().requires_grad_(True)
    loss = torch.sum(losses / torch.exp(s) + 0.5 * s)
    loss.backward()
    return loss.detach(), s.grad


@pytest.mark.parametrize("name, answer", [
    ("rates", rates_by_loop), ("rates", rates_by_logarithms), ("task_means", means_by_loops),
    ("task_means", means_by_one_hot), ("cosines", cosines_by_normalize),
    ("cosines", cosines_by_outer), ("surgery", surgery_by_list),
    ("weighted", weighted_by_autograd),
])  # fmt: skip
def test_other_right_answers_are_right(name, answer):
    assert ask(name, answer).ok


# What a trial wrote, before it saw the catalogue.
def power_t(sizes, temperature, cap):
    if cap:
        sizes = {k: min(v, cap) for k, v in sizes.items()}
    total = sum(v**temperature for v in sizes.values())
    return {k: v**temperature / total for k, v in sizes.items()}


def normalised_first(sizes, temperature, cap):
    if cap:
        sizes = {k: min(v, cap) for k, v in sizes.items()}
    total = sum(sizes.values())
    return {k: (v / total) ** (1 / temperature) for k, v in sizes.items()}


def cap_of_roots(sizes, temperature, cap):
    roots = {k: v ** (1 / temperature) for k, v in sizes.items()}
    if cap is not None:
        roots = {k: min(v, cap) for k, v in roots.items()}
    total = sum(roots.values())
    return {k: v / total for k, v in roots.items()}


def rows_first(losses, targets, tasks, n_tasks):
    counts = targets != -100
    per_row = (losses * counts).sum(1) / counts.sum(1).clamp(min=1)
    out = torch.zeros(n_tasks)
    for t in range(n_tasks):
        rows = per_row[(tasks == t) & counts.any(1)]
        if len(rows):
            out[t] = rows.mean()
    return out


def plain_mean(losses, targets, tasks, n_tasks):
    out = torch.zeros(n_tasks)
    for t in range(n_tasks):
        if (tasks == t).any():
            out[t] = losses[tasks == t].mean()
    return out


def masked_mean(losses, targets, tasks, n_tasks):
    losses = losses.masked_fill(targets == -100, 0.0)
    out = torch.zeros(n_tasks)
    for t in range(n_tasks):
        if (tasks == t).any():
            out[t] = losses[tasks == t].mean()
    return out


def products(gradients):
    return gradients @ gradients.T


def frobenius(gradients):
    units = gradients / torch.linalg.norm(gradients)
    return units @ units.T


def no_guard(gradients):
    units = gradients / gradients.norm(dim=-1, keepdim=True)
    return units @ units.T


def simultaneous(gradients):
    products, total = gradients @ gradients.T, torch.zeros_like(gradients[0])
    for i in range(len(gradients)):
        g = gradients[i].clone()
        for j in range(len(gradients)):
            if i != j and products[i, j] < 0:
                g -= products[i, j] / products[j, j] * gradients[j]
        total += g
    return total


def in_place(gradients):
    gradients = gradients.clone()
    for i in range(len(gradients)):
        for j in range(len(gradients)):
            dot = gradients[i] @ gradients[j]
            if i != j and dot < 0:
                gradients[i] -= dot / (gradients[j] @ gradients[j]) * gradients[j]
    return gradients.sum(0)


def by_norm(gradients):
    total = torch.zeros_like(gradients[0])
    for i in range(len(gradients)):
        g = gradients[i].clone()
        for j in range(len(gradients)):
            if i != j and g @ gradients[j] < 0:
                g -= (g @ gradients[j]) / gradients[j].norm() * gradients[j]
        total += g
    return total


def slope_of_the_weight(losses, s):
    return (torch.exp(-s) * losses + s / 2).sum(), torch.exp(-s) * losses + 0.5


def unreduced(losses, s):
    return torch.exp(-s) * losses + s / 2, 0.5 - torch.exp(-s) * losses


def kendalls_regression(losses, s):
    return (losses / (2 * torch.exp(2 * s)) + s).sum(), 1 - losses / torch.exp(2 * s)


def whole_division(sizes, temperature, cap):
    powers = {k: min(v, cap or v) ** (1 // temperature) for k, v in sizes.items()}
    return {k: v / sum(powers.values()) for k, v in powers.items()}


def rows_added(losses, targets, tasks, n_tasks):
    out = torch.zeros(n_tasks)
    for b in range(len(losses)):
        counts = targets[b] != -100
        out[tasks[b]] += (losses[b] * counts).sum() / counts.sum().clamp(min=1)
    return out


def with_itself_1(gradients):
    units = gradients / gradients.norm(dim=1, keepdim=True).clamp(min=1e-30)
    return (units @ units.T).fill_diagonal_(1.0)


def clamped_at_1(gradients):
    units = gradients / gradients.norm(dim=1, keepdim=True).clamp(min=1.0)
    return units @ units.T


def half_a_table(gradients):
    table = torch.zeros(len(gradients), len(gradients))
    for i in range(len(gradients)):
        for j in range(i + 1, len(gradients)):
            lengths = gradients[i].norm() * gradients[j].norm()
            table[i, j] = gradients[i] @ gradients[j] / (lengths + 1e-30)
    return table


def of_the_sum(gradients):
    total = gradients.sum(0)
    for g in gradients:
        if total @ g < 0:
            total = total - (total @ g) / (g @ g) * g
    return total


def later_ones(gradients):
    total = torch.zeros_like(gradients[0])
    for i, g in enumerate(gradients):
        for other in gradients[i + 1 :]:
            if g @ other < 0:
                g = g - (g @ other) / (other @ other) * other
        total += g
    return total


def price_as_slope(losses, s):
    return (torch.exp(-s) * losses).sum() + s.sum() / 2, s / 2 - torch.exp(-s) * losses


def halved(losses, s):
    return (losses / (2 * s.exp()) + s / 2).sum(), 0.5 - losses / (2 * s.exp())


@pytest.mark.parametrize("name, answer, said", [
    ("rates", power_t, "temperature_is_the_power"),
    ("rates", normalised_first, "power_of_rates"),
    ("rates", cap_of_roots, "cap_after_the_power"),
    ("task_means", rows_first, "mean_of_means"),
    ("task_means", plain_mean, "ignored_counted"),
    ("task_means", masked_mean, "zeros_counted"),
    ("cosines", products, "dot_products"),
    ("cosines", frobenius, "length_of_all"),
    ("cosines", no_guard, "nan_for_zero"),
    ("surgery", simultaneous, "dot_product_of_the_first"),
    ("surgery", in_place, "others_changed_too"),
    ("surgery", by_norm, "length_not_squared"),
    ("weighted", slope_of_the_weight, "slope_up"),
    ("weighted", unreduced, "not_summed"),
    ("weighted", kendalls_regression, "regression"),
    ("rates", whole_division, "whole_division"),
    ("task_means", rows_added, "sum_of_means"),
    ("cosines", with_itself_1, "ones_on_the_diagonal"),
    ("cosines", clamped_at_1, "short_ones_stay_short"),
    ("cosines", half_a_table, "upper_half_only"),
    ("surgery", of_the_sum, "sum_mended"),
    ("surgery", later_ones, "later_ones_only"),
    ("weighted", price_as_slope, "slope_of_price"),
    ("weighted", halved, "half_the_loss"),
])  # fmt: skip
def test_likely_slips_are_named(name, answer, said):
    assert ask(name, answer).misconception == said
