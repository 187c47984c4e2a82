"""Exercise 08: references agree with oracles, honest code is right, and likely slips are named."""

import math

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from llama_edu.course.checking.diagnose import diagnose
from llama_edu.course.checking.outcomes import make_cases
from llama_edu.course.checking.questions import find_question
from llama_edu.course.checking.show import as_text


def ask(name, answer):
    return diagnose(find_question(f"transformer.{name}"), answer)


def test_cross_attention_is_pytorchs():
    question = find_question("transformer.cross_attention")
    for case in make_cases(question, 0):
        d_model = case["x"].shape[-1]
        theirs = nn.MultiheadAttention(d_model, case["n_heads"], bias=False, batch_first=True)
        weights = case["weights"]
        joined = torch.cat([weights[name].mT for name in ("w_q", "w_k", "w_v")])
        theirs.in_proj_weight.data, theirs.out_proj.weight.data = joined, weights["w_o"].mT
        source = case["memory"]
        expected, _ = theirs(case["x"], source, source, key_padding_mask=case["padding"])
        got = question.reference(**case)
        torch.testing.assert_close(got, expected, rtol=1e-4, atol=1e-5)


def test_the_loss_is_pytorchs():
    question = find_question("transformer.masked_loss")
    for case in make_cases(question, 0):
        expected = F.cross_entropy(
            case["logits"].flatten(0, 1), case["expected"].flatten(), ignore_index=case["pad"]
        )
        torch.testing.assert_close(question.reference(**case), expected)


def forced_in_a_tensor(targets, start, end, pad):
    longest = max(map(len, targets)) + 1
    given, expected = (torch.full((len(targets), longest), pad) for _ in range(2))
    for i, target in enumerate(targets):
        given[i, : len(target) + 1] = torch.tensor([start, *target])
        expected[i, : len(target) + 1] = torch.tensor([*target, end])
    return given, expected


def mask_in_loops(target, pad):
    n_texts, n = target.shape
    mask = torch.zeros(n_texts, 1, n, n, dtype=torch.bool)
    for text in range(n_texts):
        for t in range(n):
            for s in range(t + 1):
                mask[text, 0, t, s] = s == t or target[text, s] != pad
    return mask


def attention_by_einsum(x, memory, weights, n_heads, padding):
    n_texts, n_target, d_model = x.shape
    d = d_model // n_heads
    q = (x @ weights["w_q"]).view(n_texts, n_target, n_heads, d)
    k = (memory @ weights["w_k"]).view(n_texts, -1, n_heads, d)
    v = (memory @ weights["w_v"]).view(n_texts, -1, n_heads, d)
    scores = torch.einsum("bthd,bshd->bhts", q, k) * d**-0.5
    shares = torch.where(padding[:, None, None], -torch.inf, scores).softmax(-1)
    return torch.einsum("bhts,bshd->bthd", shares, v).reshape(x.shape) @ weights["w_o"]


def attention_by_heads(x, memory, weights, n_heads, padding):
    q, k, v = x @ weights["w_q"], memory @ weights["w_k"], memory @ weights["w_v"]
    parts = []
    for part in zip(*(y.chunk(n_heads, -1) for y in (q, k, v)), strict=True):
        scores = part[0] @ part[1].mT / math.sqrt(part[0].shape[-1])
        parts.append(scores.masked_fill(padding[:, None], -1e30).softmax(-1) @ part[2])
    return torch.cat(parts, -1) @ weights["w_o"]


def sublayer_by_hand(x, weights, eps):
    y = (
        torch.clamp(x @ weights["w_1"] + weights["b_1"], min=0) @ weights["w_2"]
        + weights["b_2"]
        + x
    )
    mean = y.sum(-1, keepdim=True) / y.shape[-1]
    spread = torch.sqrt(((y - mean) ** 2).mean(-1, keepdim=True) + eps)
    return (y - mean) / spread * weights["gain"] + weights["bias"]


def loss_in_loops(logits, expected, pad):
    losses = []
    for row, ids in zip(logits, expected.tolist(), strict=True):
        for scores, i in zip(row, ids, strict=True):
            if i != pad:
                losses.append(scores.logsumexp(0) - scores[i])
    return torch.stack(losses).mean()


def loss_by_weights(logits, expected, pad):
    counts = (expected != pad).float()
    one_hot = F.one_hot(expected, logits.shape[-1])
    return -((F.log_softmax(logits, -1) * one_hot).sum(-1) * counts).sum() / counts.sum()


def greedy_while(logits, start, end, max_new_tokens):
    text = [start]
    while len(text) <= max_new_tokens:
        text.append(logits[text[-1]].argmax().item())
        if text[-1] == end:
            return text[1:-1]
    return text[1:]


@pytest.mark.parametrize("name, answer", [
    ("teacher_forcing", forced_in_a_tensor),
    ("target_mask", mask_in_loops),
    ("cross_attention", attention_by_einsum),
    ("cross_attention", attention_by_heads),
    ("feed_forward_sublayer", sublayer_by_hand),
    ("feed_forward_sublayer", find_question("transformer.feed_forward_sublayer").reference),
    ("masked_loss", loss_in_loops),
    ("masked_loss", loss_by_weights),
    ("greedy", greedy_while),
])  # fmt: skip
def test_honest_answers_are_right(name, answer):
    verdict = ask(name, answer)
    assert verdict.ok, as_text(verdict)


@pytest.mark.parametrize("name, answer", [
    ("masked_loss", lambda logits, expected, pad:
     F.cross_entropy(logits.mT, expected, ignore_index=pad)),
    ("masked_loss", lambda logits, expected, pad: nn.CrossEntropyLoss()(logits.mT, expected)),
    ("cross_attention", lambda x, memory, weights, n_heads, padding:
     F.scaled_dot_product_attention(x, memory, memory)),
])  # fmt: skip
def test_no_library_does_the_work(name, answer):
    assert ask(name, answer).kind == "forbidden"


def cut_after_padding(targets, start, end, pad):
    longest = max(map(len, targets))
    rows = [[start, *target, end, *[pad] * (longest - len(target))] for target in targets]
    both = torch.tensor(rows)
    return both[:, :-1], both[:, 1:]


def ragged(targets, start, end, pad):
    return tuple(torch.tensor([[start, *target] for target in targets]) for _ in range(2))


def rows_and_columns(target, pad):
    n = target.shape[1]
    is_token = target != pad
    seen = is_token[:, None, None, :] & is_token[:, None, :, None]
    return torch.ones(n, n).tril().bool() & seen


def mask_of_numbers(target, pad):
    n = target.shape[1]
    return torch.ones(n, n).tril() & (target != pad)[:, None, None, :]


def attention_of(q_from="x", k_from="memory", v_from="memory", names="qkv", causal=False):
    """Cross-attention as people write it, with one thing changed."""

    def answer(x, memory, weights, n_heads, padding):
        texts = {"x": x, "memory": memory}
        made = [
            (texts[text] @ weights[f"w_{name}"]).unflatten(-1, (n_heads, -1)).transpose(1, 2)
            for text, name in zip((q_from, k_from, v_from), names, strict=True)
        ]
        scores = made[0] @ made[1].mT / math.sqrt(made[0].shape[-1])
        hidden = padding[:, None, None, :]
        if causal:
            hidden = hidden | ~torch.ones(scores.shape[-2:]).tril().bool()
        shares = scores.masked_fill(hidden, -math.inf).softmax(-1)
        return (shares @ made[2]).transpose(1, 2).flatten(2) @ weights["w_o"]

    return answer


def torchs_spread(x, weights, eps):
    y = x + (x @ weights["w_1"] + weights["b_1"]).relu() @ weights["w_2"] + weights["b_2"]
    y = (y - y.mean(-1, keepdim=True)) / (y.std(-1, keepdim=True) + eps)
    return weights["gain"] * y + weights["bias"]


def zeroed(logits, expected, pad):
    losses = -logits.log_softmax(-1).gather(-1, expected[..., None]).squeeze(-1)
    return losses.masked_fill(expected == pad, 0.0).mean()


def of_texts(logits, expected, pad):
    losses = -logits.log_softmax(-1).gather(-1, expected[..., None]).squeeze(-1)
    keep = expected != pad
    return ((losses * keep).sum(1) / keep.sum(1)).mean()


def without_its_last(logits, start, end, max_new_tokens):
    written = [start]
    for _ in range(max_new_tokens):
        written.append(int(logits[written[-1]].argmax()))
        if written[-1] == end:
            break
    return written[1:-1]


def counted_with_start(logits, start, end, max_new_tokens):
    written = [start]
    while written[-1] != end and len(written) < max_new_tokens:
        written.append(int(logits[written[-1]].argmax()))
    return written[1:]


@pytest.mark.parametrize("name, answer, misconception", [
    ("teacher_forcing", cut_after_padding, "sliced_after_padding"),
    ("target_mask", rows_and_columns, "blind_padding + rows_and_columns"),
    ("cross_attention", attention_of(v_from="x"), "values_of_the_target"),
    ("cross_attention", attention_of(k_from="x", v_from="x"), "self_attention"),
    ("cross_attention", attention_of("memory", "x", "x"), "memory_asks"),
    ("cross_attention", attention_of(names="qvk"), "keys_for_values"),
    ("cross_attention", attention_of(causal=True), "causal"),
    ("cross_attention", lambda x, memory, weights, n_heads, padding: find_question(
        "transformer.cross_attention").reference(x, memory, weights, n_heads, ~padding),
     "mask_inverted"),
    ("feed_forward_sublayer", torchs_spread, "correction + eps_after_root"),
    ("masked_loss", zeroed, "divided_by_all_places"),
    ("masked_loss", of_texts, "mean_of_means"),
    ("greedy", without_its_last, "one_too_few"),
    ("greedy", counted_with_start, "end_written + one_too_few"),
])  # fmt: skip
def test_trial_answers_are_named(name, answer, misconception):
    verdict = ask(name, answer)
    assert verdict.misconception == misconception, as_text(verdict)


@pytest.mark.parametrize("name, answer, words", [
    ("teacher_forcing", ragged, "no ragged edge"),
    ("target_mask", mask_of_numbers, "combine truth values"),
    ("feed_forward_sublayer", lambda x, weights, eps: torch.max(0, x @ weights["w_1"]),
     "`x.clamp(min=...)`"),
])  # fmt: skip
def test_trial_answers_that_crash_get_a_hint(name, answer, words):
    assert words in ask(name, answer).hint


def test_drawing_at_random_is_not_greedy():
    def answer(logits, start, end, max_new_tokens):
        last, written = start, []
        for _ in range(max_new_tokens):
            last = int(logits[last].softmax(-1).multinomial(1))
            if last == end:
                break
            written.append(last)
        return written

    assert not ask("greedy", answer).ok
