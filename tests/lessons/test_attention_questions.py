"""Exercise 05: no library does the work, honest code is not refused, and likely slips are named."""

import math

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from llama_edu.course.checking.diagnose import diagnose
from llama_edu.course.checking.questions import find_question


@pytest.mark.parametrize("answer", [
    lambda x, dim: torch.softmax(x, dim),
    lambda x, dim: x.softmax(dim),
    lambda x, dim: F.softmin(-x, dim),
    lambda x, dim: torch._softmax(x, dim, False),
    lambda x, dim: torch.ops.aten._safe_softmax(x, dim),
    lambda x, dim: torch.special.softmax(x, dim),
    lambda x, dim: torch.special.log_softmax(x, dim).exp(),
    lambda x, dim: nn.Softmin(dim)(-x),
    lambda x, dim: nn.LogSoftmax(dim)(x).exp(),
    lambda x, dim: (x - x.logsumexp(dim, keepdim=True)).exp(),
    lambda x, dim: torch.masked.softmax(x, dim),
])  # fmt: skip
def test_no_library_takes_the_softmax(answer):
    assert diagnose(find_question("attention.softmax"), answer).kind == "forbidden"


def shifted(x, dim):
    return x - torch.max(x, dim, keepdim=True).values


def with_a_function_of_its_own(x, dim):
    e = torch.exp(shifted(x, dim))
    return torch.div(e, torch.sum(e, dim=dim, keepdim=True))


def with_names_that_sound_alike(x, dim):
    softmax_max, _ = x.max(dim=dim, keepdim=True)
    log_sum = (x - softmax_max).exp().sum(dim, keepdim=True).log()
    return (x - softmax_max - log_sum).exp()


def in_place_on_a_copy(x, dim):
    e = x.clone().transpose(dim, -1)
    e -= e.amax(-1, keepdim=True)
    e = e.exp_()
    return (e / e.sum(-1, keepdim=True)).transpose(dim, -1)


@pytest.mark.parametrize(
    "answer", [with_a_function_of_its_own, with_names_that_sound_alike, in_place_on_a_copy]
)
def test_honest_softmaxes_are_right(answer):
    assert diagnose(find_question("attention.softmax"), answer).ok


def test_a_library_does_not_attend():
    def answer(q, k, v):
        return F.scaled_dot_product_attention(q, k, v, is_causal=True, enable_gqa=True)

    assert diagnose(find_question("attention.grouped_attention"), answer).kind == "forbidden"


def clamped(x, dim):
    e = shifted(x, dim).exp().clamp(min=1e-9)
    return e / e.sum(dim, keepdim=True)


def test_a_weight_that_is_merely_small_is_not_0():
    verdict = diagnose(find_question("attention.softmax"), clamped)
    assert (verdict.kind, verdict.misconception) == ("value", None)
    assert "expected 0, got" in verdict.sentence


def divided_again(q, k, v, mask):
    fit = (q @ k.mT / math.sqrt(q.shape[-1])).masked_fill(~mask, -math.inf)
    weights = fit.softmax(-1).nan_to_num(0.0)
    return weights / weights.sum(-1, keepdim=True) @ v


def equal_where_blind(q, k, v, mask):
    weights = (q @ k.mT / math.sqrt(q.shape[-1])).masked_fill(~mask, -math.inf).softmax(-1)
    return weights.where(~weights.isnan(), 1 / weights.shape[-1]) @ v


def grouped(q, k, v):
    """Right where k and v have as many heads as q."""
    n_queries, n_keys = q.shape[2], k.shape[2]
    hidden = torch.ones(n_queries, n_keys).triu(n_keys - n_queries + 1).bool()
    fit = (q @ k.mT / math.sqrt(q.shape[-1])).masked_fill(hidden, -torch.inf)
    return (fit.softmax(-1) @ v).transpose(1, 2).flatten(2)


def by_mask(mask):
    """Right but for the mask, which is made of the numbers of queries and keys."""

    def answer(q, k, v):
        fit = q @ spread(k, q).mT / math.sqrt(q.shape[-1])
        weights = fit.masked_fill(~mask(q.shape[2], k.shape[2]), -torch.inf).softmax(-1)
        return (weights @ spread(v, q)).transpose(1, 2).flatten(2)

    return answer


def spread(x, q):
    return x.repeat_interleave(q.shape[1] // x.shape[1], dim=1)


def tile(x, q):
    return x.repeat(1, q.shape[1] // x.shape[1], 1, 1)


@pytest.mark.filterwarnings("ignore:The use of")  # of `.T` on four dimensions
@pytest.mark.parametrize("name, answer, misconception", [
    ("scores", lambda q, k: q @ k.view(*k.shape[:2], -1, k.shape[2]) / math.sqrt(q.shape[-1]),
     "view_for_transpose"),
    ("softmax", lambda x, dim: (e := (x - x.amax(dim, True)).exp()) / e.sum(-1, keepdim=True),
     "summed_over_last_dim"),
    ("attend", lambda q, k, v, mask: (q @ k.T).masked_fill(~mask, -math.inf).softmax(-1) @ v,
     "nan_for_blind + no_scale"),
    ("attend", lambda q, k, v, mask: (q @ k.T / math.sqrt(q.shape[1])).masked_fill(mask, -math.inf)
     .softmax(-1) @ v, "nan_for_blind + mask_inverted"),
    ("scores", lambda q, k: q @ k.mT / q.shape[-1] ** 1 / 2, "powers_come_first"),
    ("softmax", lambda x, dim: (e := (x + x.amax(dim, True)).exp()) / e.sum(dim, True),
     "max_added"),
    ("softmax", lambda x, dim: (e := (x - x.max()).exp()) / (e.sum(dim, True) + 1e-9),
     "global_max_made_zero"),
    ("softmax", lambda x, dim: ((e := (x - x.max()).exp()) / e.sum(dim, True)).nan_to_num(),
     "global_max_made_zero"),
    ("softmax", lambda x, dim: (e := (x - x.amax(-1, True)).exp()) / e.sum(dim, True),
     "max_over_last_dim"),
    ("softmax", lambda x, dim: (e := (x - x.amax(dim, True)).exp()) / e.sum(dim),
     "sum_without_keepdim"),
    ("softmax", lambda x, dim: (e := (x - x.amax(dim)).exp()) / e.sum(dim),
     "max_without_keepdim + sum_without_keepdim"),
    ("attend", divided_again, "nan_for_blind"),
    ("attend", equal_where_blind, "finite_fill"),
    ("causal_mask", lambda n_queries, n_keys: torch.arange(n_keys)
     <= torch.arange(n_queries)[:, None] + n_queries - n_keys, "offset_reversed"),
    ("attend", lambda q, k, v, mask: (q @ k.T / math.sqrt(q.shape[1])).masked_fill(~mask, -math.inf)
     .nan_to_num(0.0).softmax(-1) @ v, "finite_fill"),
    ("split_heads", lambda x, n_heads: torch.stack(x.split(n_heads, -1), 1), "count_for_width"),
    ("grouped_attention", lambda q, k, v: grouped(q, *(x.repeat_interleave(x.shape[1], 1)
     for x in (k, v))), "factor_is_groups"),
    ("grouped_attention", grouped, "not_spread"),
    ("grouped_attention", lambda q, k, v: grouped(q, k, spread(v, q)), "not_spread"),
    ("grouped_attention", lambda q, k, v: grouped(q, spread(k, q), v), "not_spread"),
    ("grouped_attention", lambda q, k, v: grouped(q, spread(k, q), tile(v, q)), "values_tiled"),
    ("grouped_attention", lambda q, k, v: grouped(q, tile(k, q), spread(v, q)), "keys_tiled"),
    ("grouped_attention", by_mask(lambda n, s: torch.ones(n, s).tril(s - n + 1).bool()),
     "sees_one_too_many"),
    ("grouped_attention", by_mask(lambda n, s: torch.ones(n, s).triu(s - n).bool()),
     "sees_itself_and_the_future"),
    ("grouped_attention", by_mask(lambda n, s: torch.ones(n, s).triu(s - n + 1).bool()),
     "mask_inverted"),
    ("grouped_attention", lambda q, k, v: grouped(q, spread(k, q)[:, :, -q.shape[2]:],
     spread(v, q)[:, :, -q.shape[2]:]), "last_keys_alone"),
    ("grouped_attention", lambda q, k, v: grouped(*(x.transpose(1, 2).flatten(2)[:, None]
     for x in (q, spread(k, q), spread(v, q)))), "merged_before_attending"),
])  # fmt: skip
def test_a_likely_slip_is_named(name, answer, misconception):
    assert diagnose(find_question(f"attention.{name}"), answer).misconception == misconception


@pytest.mark.parametrize("name, answer, misconception", [
    ("causal_mask", lambda n_queries, n_keys: torch.zeros(n_queries, n_keys).masked_fill(
        torch.tril(torch.ones(n_queries, n_keys)) == 0, -math.inf),
     "offset_ignored + minus_infinity"),
    ("scores", lambda q, k: q @ k.mT / math.sqrt(len(q)), "scale_by_texts"),
    ("scores", lambda q, k: F.cosine_similarity(q[..., :, None, :], k[..., None, :, :], dim=-1),
     "no_scale + cosine"),
    ("scores", lambda q, k: torch.einsum("bhtd,bhsd->bhts", F.normalize(q, dim=-1),
     F.normalize(k, dim=-1)) / q.shape[-1] ** 0.5, "cosine"),
    ("softmax", lambda x, dim: (e := x.exp()) / e.sum(), "overflow + sum_over_everything"),
    ("softmax", lambda x, dim: (e := (x - x.max()).exp()) / e.sum(), "over_everything"),
    ("softmax", lambda x, dim: (e := (x - x.amax(0, True)).exp()) / e.sum(0, True),
     "first_dim_only"),
    ("attend", lambda q, k, v, mask: (q @ k.T / math.sqrt(q.shape[1])).masked_fill(~mask, -math.inf)
     .softmax(0).nan_to_num() @ v, "over_queries"),
    ("grouped_attention", lambda q, k, v: grouped(q, *(x.repeat(1, 1, 1, q.shape[1] // x.shape[1])
     .reshape(len(x), q.shape[1], *x.shape[2:]) for x in (k, v))), "repeat_and_reshape"),
])  # fmt: skip
def test_what_had_no_name_has_one(name, answer, misconception):
    assert diagnose(find_question(f"attention.{name}"), answer).misconception == misconception


@pytest.mark.filterwarnings("ignore:The use of")  # of `.T` on four dimensions
@pytest.mark.parametrize("name, answer, hint", [
    ("scores", lambda q, k: q @ k.T / math.sqrt(q.shape[-1]), "`.T` turns round all"),
    ("attend", lambda q, k, v, mask: torch.softmax(q @ k.T) @ v, "must be told along which dim"),
    ("grouped_attention", lambda q, k, v: q @ k.repeat_interleave(2).mT, "one flat row"),
    ("grouped_attention", lambda q, k, v: q[..., : k.repeat_interleave(2).shape[2]],
     "lost a dimension"),
])  # fmt: skip
def test_what_always_raises_is_told_by_what_it_raises(name, answer, hint):
    verdict = diagnose(find_question(f"attention.{name}"), answer)
    assert (verdict.kind, verdict.misconception) == ("error", None)
    assert hint in verdict.hint


def test_a_mask_that_is_turned_is_told_so():
    def answer(n_queries, n_keys):
        return torch.ones(n_queries, n_keys).tril(n_keys - n_queries).bool().mT

    verdict = diagnose(find_question("attention.causal_mask"), answer)
    assert verdict.pattern == "All is right, but rows and columns have changed places."


def test_of_a_right_result_nothing_is_said_but_that_an_input_was_changed():
    def answer(q, k):
        q /= math.sqrt(q.shape[-1])
        return q @ k.mT

    verdict = diagnose(find_question("attention.scores"), answer)
    assert (verdict.kind, verdict.misconception, verdict.says) == ("changed", None, "")
    assert verdict.hint.startswith("Whoever called the function still needs its inputs.")


def test_a_finite_fill_is_shown_where_what_is_hidden_wins():
    def answer(q, k, v, mask):
        return (q @ k.mT / math.sqrt(q.shape[-1])).masked_fill(~mask, -1e4).softmax(-1) @ v

    verdict = diagnose(find_question("attention.attend"), answer)
    assert (verdict.misconception, verdict.place) == (
        "small_finite_fill",
        "case 4 of 5 (3 cases are right)",
    )


def self_attention(x, q_proj, k_proj, v_proj, o_proj, n_heads, n_kv_heads):
    """Right, in one's own way: all heads at once by einsum, the groups as a dimension."""
    n_texts, n_tokens, _ = x.shape
    d = q_proj.shape[0] // n_heads
    q = (x @ q_proj.T).view(n_texts, n_tokens, n_kv_heads, -1, d)
    k = (x @ k_proj.T).unflatten(-1, (n_kv_heads, -1))
    v = (x @ v_proj.T).unflatten(-1, (n_kv_heads, -1))
    fit = torch.einsum("btgrd,bsgd->bgrts", q, k) / math.sqrt(k.shape[-1])
    later = torch.ones(n_tokens, n_tokens).triu(1).bool()
    weights = fit.masked_fill(later, -torch.inf).softmax(-1)
    return F.linear(torch.einsum("bgrts,bsgd->btgrd", weights, v).flatten(2), o_proj)


def test_self_attention_may_be_written_without_the_earlier_functions():
    assert diagnose(find_question("attention.self_attention"), self_attention).ok


@pytest.mark.parametrize("cut", [
    lambda x, n: x.view(*x.shape[:2], n, -1), lambda x, n: x.unflatten(-1, (n, -1)),
])  # fmt: skip
def test_keys_cut_into_too_many_heads_are_told_though_most_cases_fail_with_an_exception(cut):
    def answer(x, q_proj, k_proj, v_proj, o_proj, n_heads, n_kv_heads):
        def heads(weight):
            return cut(x @ weight.T, n_heads).transpose(1, 2)

        return grouped(heads(q_proj), heads(k_proj), heads(v_proj)) @ o_proj.T

    verdict = diagnose(find_question("attention.self_attention"), answer)
    assert verdict.misconception == "as_many_key_heads"


def test_a_scale_by_the_width_of_the_model_is_told():
    def answer(x, q_proj, k_proj, v_proj, o_proj, n_heads, n_kv_heads):
        wide = math.sqrt(x.shape[-1] / (q_proj.shape[0] // n_heads))
        return self_attention(x, q_proj / wide, k_proj, v_proj, o_proj, n_heads, n_kv_heads)

    verdict = diagnose(find_question("attention.self_attention"), answer)
    assert verdict.misconception == "scaled_by_model_width"


def test_an_output_matrix_that_is_not_transposed_is_told_though_most_cases_raise():
    def answer(x, q_proj, k_proj, v_proj, o_proj, n_heads, n_kv_heads):
        eye = torch.eye(o_proj.shape[1])
        heads = self_attention(x, q_proj, k_proj, v_proj, eye, n_heads, n_kv_heads)
        return heads @ o_proj

    verdict = diagnose(find_question("attention.self_attention"), answer)
    assert verdict.misconception == "output_not_transposed"


def test_queries_cut_into_as_few_heads_as_the_keys_are_told_though_most_cases_raise():
    def answer(x, q_proj, k_proj, v_proj, o_proj, n_heads, n_kv_heads):
        def heads(weight):
            return (x @ weight.T).unflatten(-1, (n_kv_heads, -1)).transpose(1, 2)

        q, k, v = map(heads, (q_proj, k_proj, v_proj))
        hidden = torch.ones(x.shape[1], x.shape[1], dtype=torch.bool).triu(1)
        weights = (q @ k.mT / math.sqrt(k.shape[-1])).masked_fill(hidden, -math.inf).softmax(-1)
        return (weights @ v).transpose(1, 2).flatten(2) @ o_proj.T

    verdict = diagnose(find_question("attention.self_attention"), answer)
    assert verdict.misconception == "as_few_query_heads"


def test_an_input_that_is_added_is_told():
    def answer(x, *weights, **more):
        return x + self_attention(x, *weights, **more)

    verdict = diagnose(find_question("attention.self_attention"), answer)
    assert verdict.pattern == "The result is the expected one with `x` added to it."


def test_scores_that_are_cut_off_are_told():
    def answer(x, dim):
        e = torch.where(x > 80, 80, x).exp()
        return e / e.sum(dim, keepdim=True)

    assert diagnose(find_question("attention.softmax"), answer).misconception == "clamped"


def test_a_scale_by_the_width_of_the_values_is_told():
    def answer(q, k, v, mask):
        weights = (q @ k.T / math.sqrt(v.shape[1])).masked_fill(~mask, -math.inf).softmax(-1)
        return torch.where(mask, weights, 0) @ v

    assert diagnose(find_question("attention.attend"), answer).misconception == "scale_by_values"
