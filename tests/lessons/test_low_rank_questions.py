"""Exercise 21: the references are the package's methods, honest answers pass, slips are named."""

import math

import pytest
import torch
from torch.nn import functional as F

from llama_edu.compress.low_rank import LowRankLinear, break_even_rank
from llama_edu.course.checking.diagnose import diagnose
from llama_edu.course.checking.questions import find_question
from llama_edu.finetune.lora import Adapter, LoraLinear
from llama_edu.model.linear import Linear


def verdict(name, answer):
    return diagnose(find_question(f"low_rank.{name}"), answer)


def reference(name):
    return find_question(f"low_rank.{name}").reference


def nearest_as_a_sum(weight, rank):
    u, s, v = torch.linalg.svd(weight)
    return sum(s[i] * torch.outer(u[:, i], v[i]) for i in range(rank))


def nearest_by_zeros(weight, rank):
    u, s, v = torch.svd(weight)
    s[rank:] = 0
    return u @ torch.diag(s) @ v.T


def nearest_by_projection(weight, rank):
    directions = torch.linalg.eigh(weight.double().T @ weight.double()).eigenvectors[:, -rank:]
    return (weight.double() @ directions @ directions.T).float()


def largest_rank_by_search(d_out, d_in, share):
    rank = 0
    while (rank + 1) * (d_out + d_in) <= share * d_out * d_in:
        rank += 1
    return rank


def largest_rank_in_whole_numbers(d_out, d_in, share):
    return int(share * d_out * d_in // (d_out + d_in))


def start_with_power(noise, d_out, alpha, is_rs):
    r = noise.size(0)
    return noise / noise.size(1) ** 0.5, torch.zeros((d_out, r)), alpha / r ** (0.5 if is_rs else 1)


def lora_by_linear(x, weight, a, b, alpha):
    return F.linear(x, weight) + F.linear(F.linear(x, a), b) * alpha / a.shape[0]


def lora_merged(x, weight, a, b, alpha):
    return x @ (weight + alpha / b.shape[1] * b @ a).T


def merge_by_cat(weight, first, a, b, scale):
    n = b.shape[0]
    middle = weight[first : first + n] + scale * (b @ a)
    return torch.cat([weight[:first], middle, weight[first + n :]])


def dora_in_full(x, weight, a, b, scale, magnitude):
    moved = weight + scale * (b @ a)
    return x @ (magnitude.unsqueeze(1) * moved / moved.norm(dim=1, keepdim=True)).T


def dora_by_rows(x, weight, a, b, scale, magnitude):
    outputs = []
    for row, change, m in zip(weight, b, magnitude, strict=True):
        row = row + scale * change @ a
        outputs.append(x @ row * m / math.sqrt((row**2).sum()))
    return torch.stack(outputs, 1)


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("nearest", nearest_as_a_sum), ("nearest", nearest_by_zeros),
        ("nearest", nearest_by_projection), ("largest_rank", largest_rank_by_search),
        ("largest_rank", largest_rank_in_whole_numbers), ("start", start_with_power),
        ("lora", lora_by_linear), ("lora", lora_merged), ("merge", merge_by_cat),
        ("dora", dora_in_full), ("dora", dora_by_rows),
    ],
)  # fmt: skip
def test_honest_answers_are_right(name, answer):
    assert verdict(name, answer).ok, verdict(name, answer)


def test_the_largest_rank_is_where_a_layer_stops_saving():
    rank = reference("largest_rank")(12, 9, 1.0)
    assert rank <= break_even_rank(12, 9) < rank + 1
    layer = LowRankLinear(torch.zeros(12, rank), torch.zeros(rank, 9))
    assert sum(w.numel() for w in layer.parameters()) <= 12 * 9


def test_a_start_is_the_packages():
    adapter = Adapter(torch.randn(5, 400), slice(0, 5), 30, 1.0, False)
    a, b, _ = reference("start")(2 * torch.rand(30, 400) - 1, 5, 1.0, False)
    assert torch.equal(adapter.b, b)
    assert adapter.a.abs().max() <= 400**-0.5
    assert a.abs().max().item() == pytest.approx(adapter.a.abs().max().item(), rel=1e-3)


@pytest.mark.parametrize("use_dora", [False, True])
def test_the_rest_is_the_packages_adapter(use_dora):
    layer, x = LoraLinear(Linear(7, 5)), torch.randn(3, 7)
    weight = layer.base.weight.detach()
    adapter = Adapter(weight, slice(0, 5), 2, 1.5, use_dora)
    layer.adapters["q_proj"] = adapter
    with torch.no_grad():
        for parameter in adapter.parameters():
            parameter += 0.3 * torch.randn_like(parameter)
    a, b = adapter.a.detach(), adapter.b.detach()
    wanted = layer(x)
    if use_dora:
        found = reference("dora")(x, weight, a, b, 1.5, adapter.magnitude.detach())
    else:
        found = reference("lora")(x, weight, a, b, 3.0)
        torch.testing.assert_close(reference("merge")(weight, 0, a, b, 1.5), adapter.merged(weight))
    torch.testing.assert_close(found, wanted)


def v_transposed_again(weight, rank):
    u, s, v = torch.linalg.svd(weight, full_matrices=False)
    return u[:, :rank] @ torch.diag(s[:rank]) @ v[:, :rank].T


def last_ones(weight, rank):
    u, s, v = torch.linalg.svd(weight, full_matrices=False)
    return u[:, -rank:] * s[-rank:] @ v[-rank:]


def share_of_ranks(d_out, d_in, share):
    return int(min(d_out, d_in) * share)


def rounds(d_out, d_in, share):
    return round(share * d_out * d_in / (d_out + d_in))


def wrong_zero(noise, d_out, alpha, is_rs):
    r, d = noise.shape
    return torch.zeros(r, d), torch.zeros(d_out, r), alpha / (r**0.5 if is_rs else r)


def forgets_rs(noise, d_out, alpha, is_rs):
    r, d = noise.shape
    return noise / d**0.5, torch.zeros(d_out, r), alpha / r


def unscaled(x, weight, a, b, alpha):
    return x @ weight.T + x @ a.T @ b.T


def scales_all(x, weight, a, b, alpha):
    return (x @ weight.T + x @ a.T @ b.T) * alpha / a.shape[0]


def top_rows(weight, first, a, b, scale):
    merged = weight.clone()
    merged[: len(b)] += scale * b @ a
    return merged


def overwrites(weight, first, a, b, scale):
    weight = weight.clone()
    weight[first : first + len(b)] = scale * b @ a
    return weight


def by_columns(x, weight, a, b, scale, magnitude):
    moved = weight + scale * b @ a
    return x @ (moved / moved.norm(dim=0)).T * magnitude


def old_length(x, weight, a, b, scale, magnitude):
    moved = weight + scale * b @ a
    return x @ (magnitude[:, None] * moved / weight.norm(dim=1, keepdim=True)).T


def last_round_only(weight, rank):
    u, s, v = torch.linalg.svd(weight)
    for i in range(rank):
        total = s[i] * torch.outer(u[:, i], v[i])
    return total


def saves_the_share(d_out, d_in, share):
    return int((1 - share) * d_out * d_in / (d_out + d_in))


def the_other_zero(noise, d_out, alpha, is_rs):
    r = len(noise)
    return torch.zeros_like(noise), torch.randn(d_out, r), alpha / (r**0.5 if is_rs else r)


def whole_scale(x, weight, a, b, alpha):
    return x @ weight.T + alpha // len(a) * (x @ a.T @ b.T)


def scale_by_rank(weight, first, a, b, scale):
    merged = weight.clone()
    merged[first : first + len(b)] += scale / len(a) * b @ a
    return merged


def beside_the_weight(x, weight, a, b, scale, magnitude):
    moved = weight + scale * b @ a
    return x @ weight.T + x @ moved.T * (magnitude / moved.norm(dim=1))


def test_zeros_in_a_are_seen_whatever_is_in_b():
    def other_random_numbers(noise, d_out, alpha, is_rs):
        a, b, scale = the_other_zero(noise, d_out, alpha, is_rs)
        return a, b / 10, scale

    assert verdict("start", other_random_numbers).pattern.startswith("Item 0: Every number is 0.")


@pytest.mark.parametrize(
    ("name", "answer", "known"),
    [
        ("nearest", last_round_only, "the_last_one_only"),
        ("largest_rank", saves_the_share, "share_saved"),
        ("start", the_other_zero, "a_is_zero"),
        ("lora", whole_scale, "scale_cut"),
        ("merge", scale_by_rank, "divided_by_the_rank"),
        ("dora", beside_the_weight, "weight_added"),
        ("nearest", v_transposed_again, "v_transposed"),
        ("nearest", last_ones, "smallest"),
        ("largest_rank", share_of_ranks, "of_the_ranks"),
        ("largest_rank", rounds, "rounded"),
        ("start", wrong_zero, "both_zero"),
        ("start", forgets_rs, "never_rs"),
        ("lora", unscaled, "no_scale"),
        ("lora", scales_all, "all_scaled"),
        ("merge", top_rows, "from_the_top"),
        ("merge", overwrites, "replaced"),
        ("dora", by_columns, "lengths_of_columns"),
        ("dora", old_length, "length_of_the_old_weight"),
    ],
)
def test_likely_slips_are_named(name, answer, known):
    found = verdict(name, answer)
    assert not found.ok
    assert known in str(found.misconception), found
