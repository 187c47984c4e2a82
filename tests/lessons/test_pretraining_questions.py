"""Exercise 14: what is right by other ways is right, and likely slips are named."""

import math

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from llama_edu.course.checking.diagnose import diagnose
from llama_edu.course.checking.questions import find_question
from llama_edu.train.loss import token_loss


def ask(name, answer):
    return diagnose(find_question(f"pretraining.{name}"), answer)


def reference(name):
    return find_question(f"pretraining.{name}").reference


def test_the_sum_is_that_of_torch_and_of_the_package():
    logits, targets = torch.randn(7, 5), torch.tensor([0, 4, -100, 2, 2, -100, 1])
    total, n = reference("loss_sum")(logits, targets)
    torchs = F.cross_entropy(logits, targets, ignore_index=-100, reduction="sum")
    ours, n_ours = token_loss(logits, targets)
    # Sums of five numbers of about 2, in other orders.
    torch.testing.assert_close(total, torchs, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(total, ours, rtol=1e-5, atol=1e-5)
    assert n == n_ours == 5


def test_a_power_law_without_noise_is_continued_exactly():
    tokens = torch.tensor([1e3, 4e3, 9e3], dtype=torch.float64)
    said = reference("predict_loss")(tokens, 1.5 + 30 * tokens**-0.4, 1.5, 1e6)
    assert said.item() == pytest.approx(1.5 + 30 * 1e6**-0.4, abs=1e-9)


def line(x, y):
    """Slope of the least-squares line, and where it starts."""
    return np.polyfit(x.numpy(), y.numpy(), 1)


# Right answers, written otherwise.
def windows_in_a_loop(tokens, starts, n_tokens):
    inputs, targets = [], []
    for start in starts:
        piece = tokens[start : start + n_tokens + 1]
        inputs.append(piece[:-1])
        targets.append(piece[1:])
    return torch.stack(inputs), torch.stack(targets)


def windows_unfolded(tokens, starts, n_tokens):
    rows = tokens.unfold(0, n_tokens + 1, 1)[starts]
    return rows[:, :n_tokens], rows[:, 1:]


def sum_by_gather(logits, targets):
    kept = targets.ne(-100)
    log_p = logits - torch.logsumexp(logits, dim=-1, keepdim=True)
    picked = log_p.gather(1, targets.masked_fill(~kept, 0)[:, None])[:, 0]
    return -(picked * kept).sum(), kept.sum().item()


def sum_in_a_loop(logits, targets):
    total, n = torch.tensor(0.0), 0
    for row, target in zip(logits, targets, strict=True):
        if target != -100:
            total = total - torch.log_softmax(row, dim=0)[target]
            n += 1
    return total, n


def mean_in_a_loop(gradients, n_targets):
    total, n = torch.zeros_like(gradients[0]), 0
    for gradient, k in zip(gradients, n_targets, strict=True):
        if k == 0:
            continue
        total += gradient * k
        n += k
    return total / n


def mean_with_nan_to_num(gradients, n_targets):
    weights = torch.tensor(n_targets, dtype=torch.float32)
    stacked = torch.stack(gradients).nan_to_num(0.0)
    return torch.einsum("p,p...->...", weights / weights.sum(), stacked)


def share_in_words(orders, step, batch_size, rank, n_ranks):
    steps = math.floor(len(orders[0]) / batch_size)
    order = orders[step // steps]
    batch = order[step % steps * batch_size : (step % steps + 1) * batch_size]
    return [batch[i] for i in range(batch_size) if i * n_ranks // batch_size == rank]


def predict_loss_by_polyfit(n_tokens, losses, floor, wanted):
    slope, start = line(n_tokens.log(), (losses - floor).log())
    return torch.tensor(np.exp(start + slope * np.log(wanted)) + floor)


def predict_loss_by_lstsq(n_tokens, losses, floor, wanted):
    table = torch.stack((torch.ones_like(n_tokens), n_tokens.log()), 1)
    line = torch.linalg.lstsq(table, (losses - floor).log()[:, None]).solution[:, 0]
    return floor + (line[0] + line[1] * math.log(wanted)).exp()


def peeks_by_allclose(before, after, place):
    return [i for i in range(place) if not torch.allclose(before[i], after[i], rtol=0.0, atol=1e-4)]


@pytest.mark.parametrize("name, answer", [
    ("windows", windows_in_a_loop), ("windows", windows_unfolded),
    ("loss_sum", sum_by_gather), ("loss_sum", sum_in_a_loop),
    ("mean_gradient", mean_in_a_loop), ("mean_gradient", mean_with_nan_to_num),
    ("share", share_in_words),
    ("predict_loss", predict_loss_by_polyfit), ("predict_loss", predict_loss_by_lstsq),
    ("peeks", peeks_by_allclose),
])  # fmt: skip
def test_other_right_answers_are_right(name, answer):
    assert ask(name, answer).ok


# What a trial wrote.
def copies(tokens, starts, n_tokens):
    x = torch.stack([tokens[i : i + n_tokens] for i in starts])
    return x, x


def inputs_of_one_too_few(tokens, starts, n_tokens):
    x = torch.stack([tokens[i : i + n_tokens] for i in starts])
    return x[:, :-1], x[:, 1:]


def backwards(tokens, starts, n_tokens):
    x = torch.stack([tokens[i : i + n_tokens + 1] for i in starts])
    return x[:, 1:], x[:, :-1]


def rolled(tokens, starts, n_tokens):
    x = torch.stack([tokens[i : i + n_tokens] for i in starts])
    return x, x.roll(-1, dims=1)


def mean_of_those(logits, targets):
    kept = targets != -100
    log_p = logits.log_softmax(-1)[kept]
    return -log_p[range(len(log_p)), targets[kept]].mean(), int(kept.sum())


def all_in_the_number(logits, targets):
    kept = targets != -100
    log_p = logits[kept].log_softmax(-1)
    return -log_p.gather(1, targets[kept][:, None]).sum(), len(targets)


def minus_forgotten(logits, targets):
    kept = targets != -100
    return logits[kept].log_softmax(-1).gather(1, targets[kept][:, None]).sum(), int(kept.sum())


def positive_ids(logits, targets):
    kept = targets > 0
    return -logits[kept].log_softmax(-1).gather(1, targets[kept][:, None]).sum(), int(kept.sum())


def plain_mean(gradients, n_targets):
    return torch.stack([g for g, n in zip(gradients, n_targets, strict=True) if n]).mean(0)


def spreads_nan(gradients, n_targets):
    total = sum(g * n for g, n in zip(gradients, n_targets, strict=True))
    return total / sum(n_targets)


def by_number_of_parts(gradients, n_targets):
    total = sum(g * n for g, n in zip(gradients, n_targets, strict=True) if n)
    return total / len(n_targets)


def dealt_like_cards(orders, step, batch_size, rank, n_ranks):
    epoch, place = divmod(step, len(orders[0]) // batch_size)
    return orders[epoch][place * batch_size : (place + 1) * batch_size][rank::n_ranks]


def the_whole_batch(orders, step, batch_size, rank, n_ranks):
    epoch, place = divmod(step, len(orders[0]) // batch_size)
    return orders[epoch][place * batch_size : (place + 1) * batch_size]


def always_the_first_order(orders, step, batch_size, rank, n_ranks):
    place, own = step % (len(orders[0]) // batch_size), batch_size // n_ranks
    first = place * batch_size + rank * own
    return orders[0][first : first + own]


def by_own_part(orders, step, batch_size, rank, n_ranks):
    epoch, place = divmod(step, len(orders[0]) // batch_size)
    own = batch_size // n_ranks
    return orders[epoch][(place + rank) * own :][:own]


def one_long_row(orders, step, batch_size, rank, n_ranks):
    own = batch_size // n_ranks
    windows = [window for order in orders for window in order][step * batch_size :]
    return windows[rank * own : rank * own + own]


def base_10(n_tokens, losses, floor, wanted):
    slope, start = line(n_tokens.log10(), (losses - floor).log10())
    return torch.tensor(np.exp(start + slope * np.log10(wanted)) + floor)


def first_and_last(n_tokens, losses, floor, wanted):
    x, y = n_tokens.log(), (losses - floor).log()
    slope = (y[-1] - y[0]) / (x[-1] - x[0])
    return floor + (y[-1] + slope * (math.log(wanted) - x[-1])).exp()


def without_the_floor(n_tokens, losses, floor, wanted):
    slope, start = line(n_tokens.log(), losses.log())
    return torch.tensor(np.exp(start + slope * np.log(wanted)))


def floor_is_lost(n_tokens, losses, floor, wanted):
    slope, start = line(n_tokens.log(), (losses - floor).log())
    return torch.tensor(np.exp(start + slope * np.log(wanted)))


def a_logarithm_still(n_tokens, losses, floor, wanted):
    slope, start = line(n_tokens.log(), (losses - floor).log())
    return torch.tensor(start + slope * np.log(wanted) + floor)


def half_a_logarithm(n_tokens, losses, floor, wanted):
    slope, start = line(n_tokens.log(), losses - floor)
    return torch.tensor(start + slope * np.log(wanted) + floor)


def everything_that_moved(before, after, place):
    return torch.where((before - after).abs().max(-1).values > 1e-4)[0].tolist()


def the_place_too(before, after, place):
    moved = (before - after).abs().max(-1).values > 1e-4
    return [t for t in range(min(place + 1, len(moved))) if moved[t]]


def any_difference(before, after, place):
    return [t for t in range(place) if not torch.equal(before[t], after[t])]


def added_up(before, after, place):
    return [t for t in range(place) if abs((before[t] - after[t]).sum()) >= 1e-4]


def best_tokens(before, after, place):
    return [t for t in range(place) if before[t].argmax() != after[t].argmax()]


@pytest.mark.parametrize("name, answer, said", [
    ("windows", copies, "unshifted"), ("windows", inputs_of_one_too_few, "too_short"),
    ("windows", backwards, "swapped"), ("windows", rolled, "rolled"),
    ("loss_sum", mean_of_those, "mean"), ("loss_sum", all_in_the_number, "all_counted"),
    ("loss_sum", minus_forgotten, "positive"), ("loss_sum", positive_ids, "zero_dropped"),
    ("mean_gradient", plain_mean, "mean_of_means_of_some"),
    ("mean_gradient", spreads_nan, "nan"), ("mean_gradient", by_number_of_parts, "by_parts"),
    ("share", dealt_like_cards, "interleaved"), ("share", the_whole_batch, "whole_batch"),
    ("share", always_the_first_order, "first_epoch"),
    ("predict_loss", without_the_floor, "floor_forgotten"),
    ("predict_loss", floor_is_lost, "floor_not_added"),
    ("predict_loss", a_logarithm_still, "no_exp"),
    ("predict_loss", half_a_logarithm, "straight_y"), ("share", by_own_part, "place_by_own"),
    ("share", one_long_row, "carried_over"), ("predict_loss", base_10, "other_logarithm"),
    ("predict_loss", first_and_last, "line_through_ends"), ("peeks", added_up, "cancelled"),
    ("peeks", everything_that_moved, "all_places"), ("peeks", the_place_too, "with_the_place"),
    ("peeks", any_difference, "no_roundings"), ("peeks", best_tokens, "by_best_token"),
])  # fmt: skip
def test_likely_slips_are_named(name, answer, said):
    verdict = ask(name, answer)
    assert not verdict.ok
    assert verdict.misconception == said, verdict
