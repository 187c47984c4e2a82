"""Exercise 10: honest answers of other forms are right, and likely slips are named."""

import math
from itertools import takewhile

import pytest
import torch
from torch.nn import functional as F

from llama_edu.course.checking.diagnose import diagnose
from llama_edu.course.checking.questions import find_question
from llama_edu.course.checking.show import as_text
from llama_edu.model import masks


def top_k_by_sorting(logits, k):
    threshold = logits.sort(-1, descending=True).values[:, :k][:, -1].unsqueeze(1)
    return torch.where(logits >= threshold, logits, torch.tensor(-torch.inf))


def top_k_in_loops(logits, k):
    kept = torch.full_like(logits, float("-inf"))
    for b, row in enumerate(logits.tolist()):
        lowest = sorted(row, reverse=True)[:k][-1]
        for i, z in enumerate(row):
            if z >= lowest:
                kept[b, i] = z
    return kept


def top_p_by_shifting(logits, p):
    """As it stands in many libraries."""
    ordered, order = torch.sort(logits, descending=True)
    goes = F.softmax(ordered, dim=-1).cumsum(dim=-1) >= p
    goes[..., 1:] = goes[..., :-1].clone()
    goes[..., 0] = False
    return logits.masked_fill(goes.scatter(1, order, goes), -math.inf)


def top_p_in_loops(logits, p):
    kept = torch.full_like(logits, -torch.inf)
    for b, row in enumerate(logits):
        mass = 0.0
        shares = row.softmax(-1)
        for i in row.argsort(descending=True):
            kept[b, i] = row[i]
            mass += shares[i]
            if mass >= p:
                break
    return kept


def draw_in_a_loop(logits, temperature, u):
    if not temperature:
        return int(torch.argmax(logits))
    total = 0.0
    for i, share in enumerate(torch.softmax(logits / temperature, 0).tolist()):
        total += share
        if total > u:
            return i
    raise AssertionError("the probabilities sum to 1")


def draw_by_nonzero(logits, temperature, u):
    if temperature == 0:
        return torch.argmax(logits).item()
    ends = torch.cumsum(F.softmax(logits / temperature, dim=-1), 0)
    return torch.nonzero(ends > u)[0].item()


def attend_by_positions(q, k, v, keys, values):
    n_old = keys.shape[1]
    keys, values = torch.cat((keys, k), 1), torch.cat((values, v), 1)
    hidden = torch.arange(keys.shape[1]) > torch.arange(q.shape[1])[:, None] + n_old
    fit = torch.einsum("htd,hsd->hts", q, keys) / q.shape[-1] ** 0.5
    return fit.masked_fill(hidden, -torch.inf).softmax(-1) @ values, keys, values


def pad_left_by_id(prompts, padding):
    longest = max(map(len, prompts))
    tokens = torch.tensor([[padding] * (longest - len(prompt)) + prompt for prompt in prompts])
    is_text = tokens != padding
    causal, own = torch.ones(longest, longest).tril().bool(), torch.eye(longest).bool()
    return tokens, (is_text.cumsum(-1) - 1).clamp(min=0), causal & is_text[:, None] | own


def pad_left_in_loops(prompts, padding):
    longest = max(map(len, prompts))
    tokens, positions = [], []
    mask = torch.zeros(len(prompts), longest, longest, dtype=torch.bool)
    for b, prompt in enumerate(prompts):
        n = longest - len(prompt)
        tokens.append([padding] * n + prompt)
        positions.append([0] * n + list(range(len(prompt))))
        for t in range(longest):
            mask[b, t, n : t + 1] = True
            mask[b, t, t] = True
    return torch.tensor(tokens), torch.tensor(positions), mask


def accept_by_takewhile(proposal, logits):
    best = torch.argmax(logits, dim=-1).tolist()
    n = len([*takewhile(lambda pair: pair[0] == pair[1], zip(proposal, best, strict=False))])
    return [*proposal[:n], best[n]]


@pytest.mark.parametrize("name, answer", [
    ("top_k", top_k_by_sorting),
    ("top_k", top_k_in_loops),
    ("top_p", top_p_by_shifting),
    ("top_p", top_p_in_loops),
    ("draw", draw_in_a_loop),
    ("draw", draw_by_nonzero),
    ("attend_step", attend_by_positions),
    ("pad_left", pad_left_in_loops),
    ("accept", accept_by_takewhile),
])  # fmt: skip
@pytest.mark.parametrize("seed", range(3))
def test_honest_answers_of_other_forms_are_right(name, answer, seed):
    verdict = diagnose(find_question(f"generation.{name}"), answer, seed)
    assert verdict.ok, as_text(verdict)


def test_drawing_is_as_often_as_probable():
    draw = find_question("generation.draw").reference
    logits = torch.tensor([1.0, 0.0, 2.0, -torch.inf])
    us = torch.arange(10_000) / 10_000
    counts = torch.bincount(torch.tensor([draw(logits, 2.0, u.item()) for u in us]), minlength=4)
    torch.testing.assert_close(counts / 10_000, (logits / 2).softmax(-1), atol=2e-4, rtol=0)


def test_the_padded_batch_is_the_packages():
    tokens, positions, mask = find_question("generation.pad_left").reference([[5, 6], [7]], 3)
    assert tokens.tolist() == [[5, 6], [3, 7]]
    assert positions.tolist() == [[0, 1], [0, 0]]
    hidden = masks.hide_padding(masks.causal(2, 2), torch.tensor([0, 1]))[:, 0]
    assert torch.equal(mask, hidden)


def top_k_by_indices(logits, k):
    kept = torch.full_like(logits, -torch.inf)
    i = logits.topk(min(k, logits.shape[-1])).indices
    return kept.scatter(-1, i, logits.gather(-1, i))


def top_p_shifted_and_less(logits, p):
    ordered, order = logits.sort(descending=True)
    goes = ordered.softmax(-1).cumsum(-1) > p
    return logits.masked_fill(torch.zeros_like(goes).scatter(-1, order, goes), -torch.inf)


def top_p_of_ids(logits, p):
    shares = logits.softmax(-1)
    return logits.masked_fill(shares.cumsum(-1) - shares >= p, -torch.inf)


def top_p_rank_mask(logits, p):
    ordered, _ = logits.sort(descending=True)
    shares = ordered.softmax(-1)
    return logits.masked_fill(shares.cumsum(-1) - shares >= p, -torch.inf)


def attend(q, keys, values, hidden=None):
    fit = q @ keys.transpose(1, 2) / q.shape[-1] ** 0.5
    return (fit if hidden is None else fit.masked_fill(hidden, -torch.inf)).softmax(-1) @ values


def attend_unmasked(q, k, v, keys, values):
    keys, values = torch.cat([keys, k], 1), torch.cat([values, v], 1)
    return attend(q, keys, values), keys, values


def attend_first(q, k, v, keys, values):
    """The mask of a prompt that begins here."""
    keys, values = torch.cat([keys, k], 1), torch.cat([values, v], 1)
    hidden = torch.ones(q.shape[1], keys.shape[1]).triu(1).bool()
    return attend(q, keys, values, hidden), keys, values


def padded(mask):
    """Right but for the mask."""

    def answer(prompts, padding):
        tokens, positions, right = find_question("generation.pad_left").reference(prompts, padding)
        n = torch.tensor([tokens.shape[1] - len(prompt) for prompt in prompts])
        return tokens, positions, mask(right, n)

    return answer


def accept_all_equal(proposal, logits):
    best = logits.argmax(-1).tolist()
    return [a for a, b in zip(proposal, best, strict=False) if a == b] + [best[-1]]


def accept_until(proposal, logits):
    written = []
    for i, token in enumerate(proposal):
        if logits[i].argmax() != token:
            break
        written.append(token)
    return written


def top_p_but_the_first(logits, p):
    ordered, order = logits.sort(descending=True)
    goes = ordered.softmax(-1).cumsum(-1) > p
    goes[:, 0] = False
    return logits.masked_fill(goes.gather(-1, order.argsort(-1)), -math.inf)


def top_p_shifted_in_place(logits, p):
    ordered, order = logits.sort(descending=True)
    goes = ordered.softmax(-1).cumsum(-1) > p
    goes[..., 1:] = goes[..., :-1]
    goes[..., 0] = False
    return logits.masked_fill(goes.scatter(-1, order, goes), -math.inf)


def draw_that_falls_through(logits, temperature, u):
    if temperature == 0:
        return int(logits.argmax())
    for token, end in enumerate((logits.softmax(-1) / temperature).cumsum(-1).tolist()):
        if end > u:
            return token
    return None


def accept_by_zip(proposal, logits):
    accepted = []
    for ours, best in zip(proposal, logits.argmax(-1).tolist(), strict=False):
        if ours != best:
            break
        accepted.append(ours)
    return [*accepted, best]


def accept_from(proposal, logits, step):
    best, n = logits.argmax(-1).tolist(), 0
    while n < len(proposal) and proposal[n] == best[n + step]:
        n += 1
    return best[: n + 1]


@pytest.mark.parametrize("name, answer, misconception", [
    ("top_k", top_k_by_indices, "ties_removed"),
    ("top_k", lambda logits, k: logits.masked_fill(
        logits < logits.topk(k).values[:, -1:], -torch.inf), "large_k"),
    ("top_k", lambda logits, k: logits.masked_fill(
        logits < logits.topk(min(k, logits.shape[1])).values[:, -1:], 0), "filled_with_zero"),
    ("top_p", top_p_shifted_and_less, "crossing_token_removed"),
    ("top_p", top_p_of_ids, "not_sorted"),
    ("top_p", top_p_rank_mask, "order_not_undone"),
    ("draw", lambda logits, temperature, u: logits.argmax().item() if temperature == 0 else
     int(((logits / temperature).softmax(-1).cumsum(-1) < u).sum()), "removed_drawn"),
    ("draw", lambda logits, temperature, u:
     int(((logits / temperature).softmax(-1).cumsum(-1) <= u).sum()), "no_zero"),
    ("draw", lambda logits, temperature, u: logits.argmax().item() if temperature == 0 else
     (logits / temperature).softmax(-1).multinomial(1).item(), "chance_of_its_own"),
    ("attend_step", attend_unmasked, "no_mask"),
    ("attend_step", attend_first, "offset_forgotten"),
    ("attend_step", lambda q, k, v, keys, values: (
        attend_unmasked(q, k, v, keys, values)[0], keys, values), "old_cache_returned + no_mask"),
    ("pad_left", padded(lambda right, n: right & (torch.arange(right.shape[1]) >= n[:, None])
     [:, None]), "empty_rows"),
    ("pad_left", padded(lambda right, n: torch.ones_like(right).tril()), "padding_seen"),
    ("pad_left", pad_left_by_id, "padding_by_id"),
    ("accept", accept_all_equal, "mistakes_skipped"),
    ("accept", accept_until, "correction_lost"),
    ("draw", draw_that_falls_through, "temperature_after_softmax"),
    ("accept", accept_by_zip, "last_judged_again"),
    ("top_p", top_p_but_the_first, "only_the_first_saved"),
    ("top_k", lambda logits, k: logits.masked_fill(logits < logits.topk(min(k, len(logits)))
     .values[:, -1:], -torch.inf), "rows_for_tokens"),
    ("draw", lambda logits, temperature, u: logits.argmax().item() if temperature == 0 else
     ((logits / temperature).softmax(-1) > u).float().argmax().item(), "first_large_share"),
    ("pad_left", padded(lambda right, n: right.mT), "queries_hidden + looks_ahead"),
    ("accept", lambda proposal, logits: accept_from(proposal, logits, -1), "one_row_early"),
    ("accept", lambda proposal, logits: accept_from(proposal, logits, 1), "one_row_late"),
])  # fmt: skip
def test_a_likely_slip_is_named(name, answer, misconception):
    verdict = diagnose(find_question(f"generation.{name}"), answer)
    assert verdict.misconception == misconception, as_text(verdict)


@pytest.mark.parametrize("name, answer, words", [
    ("top_p", top_p_shifted_in_place, "`x.clone()`"),
    ("attend_step", lambda q, k, v, keys, values: torch.cat([keys, k]), "which dimension is to"),
])  # fmt: skip
def test_a_likely_crash_gets_a_hint(name, answer, words):
    assert words in diagnose(find_question(f"generation.{name}"), answer).hint


def test_a_library_does_not_attend():
    def answer(q, k, v, keys, values):
        keys, values = torch.cat([keys, k], 1), torch.cat([values, v], 1)
        mask = masks.causal(q.shape[1], keys.shape[1])
        return F.scaled_dot_product_attention(q, keys, values, mask), keys, values

    assert diagnose(find_question("generation.attend_step"), answer).kind == "forbidden"
