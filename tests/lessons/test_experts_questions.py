"""Lesson 12's questions: honest answers of other forms pass, and common mistakes get their name."""

import math

import pytest
import torch
from torch.nn import functional as F

from llama_edu.course.checking.diagnose import diagnose
from llama_edu.course.checking.questions import find_question
from llama_edu.course.checking.show import as_text


def verdict_on(name, answer):
    return diagnose(find_question(f"experts.{name}"), answer, 3)


def gates_by_loop(scores, n_active):
    gates = torch.zeros_like(scores)
    for row, token in enumerate(scores):
        for e in token.argsort(descending=True)[:n_active]:
            gates[row, e] = torch.sigmoid(token[e])
    return gates


def gates_by_minus_infinity(scores, n_active):
    values, indices = scores.topk(n_active)
    return torch.full_like(scores, -math.inf).scatter(-1, indices, values).sigmoid()


def gates_by_threshold(scores, n_active):
    least = scores.topk(n_active).values[:, -1:]
    return torch.where(scores >= least, scores.sigmoid(), torch.zeros(()))


def mixture_of_all(x, gates, gate_proj, up_proj, down_proj):
    """Every expert on every token: one that is given zeros gives zeros."""
    given = gates.T[:, :, None] * x  # (E, N, D)
    hidden = F.silu(given @ gate_proj.mT) * (given @ up_proj.mT)
    return (hidden @ down_proj.mT).sum(0)


def mixture_by_token(x, gates, gate_proj, up_proj, down_proj):
    y = torch.zeros_like(x)
    for n in range(len(x)):
        for e in range(gates.shape[1]):
            if gates[n, e] > 0:
                z = gates[n, e] * x[n]
                y[n] += down_proj[e] @ (F.silu(gate_proj[e] @ z) * (up_proj[e] @ z))
    return y


def balance_by_loop(scores):
    n_tokens, n_experts = scores.shape
    chosen, total = scores.argmax(1), 0.0
    for e in range(n_experts):
        share = (chosen == e).sum() / n_tokens
        total = total + share * scores.softmax(1)[:, e].sum() / n_tokens
    return n_experts * total


def balance_by_counting(scores):
    loads = scores.argmax(-1).bincount(minlength=scores.shape[1]) / len(scores)
    return scores.shape[1] * loads @ scores.softmax(-1).mean(0)


def room_by_loop(chosen, n_experts, capacity_factor):
    left = [math.ceil(capacity_factor * len(chosen) / n_experts)] * n_experts
    has_room = []
    for e in chosen.tolist():
        left[e] -= 1
        has_room.append(left[e] >= 0)
    return torch.tensor(has_room)


def room_by_pairs(chosen, n_experts, capacity_factor):
    before = (chosen[:, None] == chosen).tril(-1).sum(-1)  # from 0
    return before < math.ceil(capacity_factor * len(chosen) / n_experts)


def count_by_parts(d_model, d_ff, n_experts, n_active, has_shared):
    idle = (n_experts - n_active) * 3 * d_model * d_ff
    total = n_experts * (3 * d_model * d_ff + d_model)
    if has_shared:
        total += 3 * d_model * d_ff
    return total, total - idle


HONEST = {
    "gates": [gates_by_loop, gates_by_minus_infinity, gates_by_threshold],
    "mixture": [mixture_of_all, mixture_by_token],
    "balance_loss": [balance_by_loop, balance_by_counting],
    "has_room": [room_by_loop, room_by_pairs],
    "count_params": [count_by_parts],
}


@pytest.mark.parametrize(("name", "answer"), [(n, a) for n, group in HONEST.items() for a in group])
def test_another_form_of_the_right_answer_passes(name, answer):
    verdict = verdict_on(name, answer)
    assert verdict.earned == find_question(f"experts.{name}").points, as_text(verdict)


def softmax_top(scores, n_active):
    values, indices = scores.softmax(-1).topk(n_active)
    return torch.zeros_like(scores).scatter(-1, indices, values)


def sigmoid_of_hidden(scores, n_active):
    best = scores.topk(n_active).indices
    kept = torch.zeros_like(scores)
    for row, experts in enumerate(best):
        kept[row, experts] = scores[row, experts]
    return torch.sigmoid(kept)


def only_values(scores, n_active):
    return scores.topk(n_active).values.sigmoid()


def chosen_by_experts(scores, n_active):
    tokens = scores.topk(n_active, dim=0).indices
    return scores.sigmoid() * torch.zeros_like(scores).scatter(0, tokens, 1.0)


def strictly_above_the_last(scores, n_active):
    last = scores.topk(n_active, dim=-1).values[:, -1:]
    return torch.where(scores > last, torch.sigmoid(scores), torch.zeros_like(scores))


def best_of_the_whole_batch(scores, n_active):
    gates = torch.zeros_like(scores).flatten()
    best = scores.flatten().topk(n_active * len(scores)).indices
    gates[best] = torch.sigmoid(scores.flatten()[best])
    return gates.view_as(scores)


def scaled_after(x, gates, gate_proj, up_proj, down_proj):
    y = torch.zeros_like(x)
    for e in range(gates.shape[1]):
        hidden = F.silu(x @ gate_proj[e].T) * (x @ up_proj[e].T)
        y = y + gates[:, e : e + 1] * (hidden @ down_proj[e].T)
    return y


def last_expert_wins(x, gates, gate_proj, up_proj, down_proj):
    y = torch.zeros_like(x)
    for e in range(gates.shape[1]):
        mine = gates[:, e] > 0
        z = x[mine] * gates[mine, e].unsqueeze(-1)
        y[mine] = (F.silu(z @ gate_proj[e].T) * (z @ up_proj[e].T)) @ down_proj[e].T
    return y


def best_only(x, gates, gate_proj, up_proj, down_proj):
    rows = []
    for n, e in enumerate(gates.argmax(-1)):
        z = gates[n, e] * x[n]
        rows.append(down_proj[e] @ (F.silu(gate_proj[e] @ z) * (up_proj[e] @ z)))
    return torch.stack(rows)


def hard_times_soft(scores):
    probabilities = scores.softmax(-1)
    hot = F.one_hot(probabilities.argmax(-1), scores.shape[1])
    return scores.shape[1] * (hot * probabilities).sum(-1).mean()


def mean_of_products(scores):
    loads = F.one_hot(scores.argmax(-1), scores.shape[1]).float().mean(0)
    return (loads * scores.softmax(-1).mean(0)).mean()  # times E, divided by E: too small


def times_tokens(scores):
    loads = F.one_hot(scores.argmax(-1), scores.shape[1]).float().mean(0)
    return len(scores) * (loads * scores.softmax(-1).mean(0)).sum()


def means_of_rows(scores):
    loads = F.one_hot(scores.argmax(-1), scores.shape[1]).float().mean(-1)
    return scores.shape[1] * (loads * scores.softmax(-1).mean(-1)).sum()


def queue_of_experts(chosen, n_experts, capacity_factor):
    places = F.one_hot(chosen, n_experts).cumsum(1)
    capacity = math.ceil(capacity_factor * len(chosen) / n_experts)
    return places[torch.arange(len(chosen)), chosen] <= capacity


def floor_division(chosen, n_experts, capacity_factor):
    capacity = int(capacity_factor * len(chosen) / n_experts)
    counts, kept = {}, []
    for e in chosen.tolist():
        counts[e] = counts.get(e, 0) + 1
        kept.append(counts[e] <= capacity)
    return torch.tensor(kept)


def off_by_one(chosen, n_experts, capacity_factor):
    capacity = math.ceil(capacity_factor * len(chosen) / n_experts)
    counts, kept = [0] * n_experts, []
    for e in chosen.tolist():
        kept.append(counts[e] <= capacity)
        counts[e] += 1
    return torch.tensor(kept)


def drops_whole_experts(chosen, n_experts, capacity_factor):
    capacity = math.ceil(capacity_factor * len(chosen) / n_experts)
    return (chosen.bincount(minlength=n_experts) <= capacity)[chosen]


def forgets_router_and_shared(d_model, d_ff, n_experts, n_active, has_shared):
    return 3 * d_model * d_ff * n_experts, 3 * d_model * d_ff * n_active


def active_router(d_model, d_ff, n_experts, n_active, has_shared):
    one = 3 * d_model * d_ff + d_model
    shared = 3 * d_model * d_ff * has_shared
    return n_experts * one + shared, n_active * one + shared


def router_of_hidden_width(d_model, d_ff, n_experts, n_active, has_shared):
    one, router = 3 * d_model * d_ff, d_ff * n_experts
    return (n_experts + has_shared) * one + router, (n_active + has_shared) * one + router


@pytest.mark.parametrize(
    ("name", "answer", "expected"),
    [
        ("gates", softmax_top, "softmax_of_all"),
        ("gates", sigmoid_of_hidden, "half_for_the_others"),
        ("gates", chosen_by_experts, "over_tokens"),
        ("gates", strictly_above_the_last, "last_of_the_chosen_lost"),
        ("gates", best_of_the_whole_batch, "over_all"),
        ("mixture", scaled_after, "gate_on_the_output"),
        ("mixture", last_expert_wins, "overwritten"),
        ("mixture", best_only, "only_the_best_expert"),
        ("balance_loss", hard_times_soft, "multiplied_before_the_mean"),
        ("balance_loss", times_tokens, "tokens_for_experts"),
        ("balance_loss", means_of_rows, "means_over_experts"),
        ("has_room", queue_of_experts, "counted_along_the_experts"),
        ("has_room", floor_division, "rounded_down"),
        ("has_room", off_by_one, "one_too_many"),
        ("has_room", drops_whole_experts, "all_or_none"),
        ("count_params", forgets_router_and_shared, "no_router + no_shared"),
        ("count_params", active_router, "router_of_the_visited"),
        ("count_params", router_of_hidden_width, "router_on_hidden"),
    ],
)
def test_a_common_mistake_is_named(name, answer, expected):
    verdict = verdict_on(name, answer)
    assert (verdict.earned, verdict.misconception) == (0, expected), as_text(verdict)


@pytest.mark.parametrize(
    ("name", "answer", "said"),
    [("gates", only_values, "shape"), ("balance_loss", mean_of_products, "expected")],
)
def test_what_has_no_name_is_told_by_shape_or_case(name, answer, said):
    verdict = verdict_on(name, answer)
    assert verdict.earned == 0
    assert said in as_text(verdict).lower()


def gate_for_each_row_without_a_column(x, gates, gate_proj, up_proj, down_proj):
    y = torch.zeros_like(x)
    for e in range(gates.shape[1]):
        rows = gates[:, e] != 0
        z = gates[rows, e] * x[rows]
        y[rows] += (F.silu(z @ gate_proj[e].T) * (z @ up_proj[e].T)) @ down_proj[e].T
    return y


def test_a_gate_that_lacks_its_column_is_told_by_the_crash():
    said = as_text(verdict_on("mixture", gate_for_each_row_without_a_column))
    assert "a number for each row needs `[:, None]`" in said
