"""Exercise 11: what is right by other ways is right, and likely slips are named."""

import math

import pytest
import torch

from llama_edu.course.checking.diagnose import diagnose
from llama_edu.course.checking.questions import find_question
from llama_edu.model.attention import explicit_attention


def ask(name, answer):
    return diagnose(find_question(f"efficient.{name}"), answer)


def reference(name):
    return find_question(f"efficient.{name}").reference


def test_blocks_put_together_are_the_attention_of_all():
    q, k, v = torch.randn(4, 6), torch.randn(9, 6), torch.randn(9, 5)
    everything = torch.ones(4, 9, dtype=torch.bool)
    expected = explicit_attention(q[None, None], k[None, None], v[None, None], everything)[0][0, 0]
    torch.testing.assert_close(reference("blockwise")(q, k, v, 4), expected)


# Right answers, written otherwise.
def window_by_triangles(n_queries, n_keys, size):
    ones = torch.ones(n_queries, n_keys, dtype=torch.bool)
    offset = n_keys - n_queries
    return ones.tril(offset) & ones.triu(offset - size + 1)


def chunks_by_loops(n_queries, n_keys, size):
    rows = []
    for t in range(n_keys - n_queries, n_keys):
        rows.append([s // size == t // size and s <= t for s in range(n_keys)])
    return torch.tensor(rows, dtype=torch.bool)


def layers_by_hand(distance, size):
    layers = 0
    while layers * (size - 1) < distance:
        layers += 1
    return layers


def merge_by_logs(m1, s1, o1, m2, s2, o2):
    both = torch.stack((m1, m2))
    m = both.max(dim=0).values
    factors = torch.exp(both - m)
    return m, (factors * torch.stack((s1, s2))).sum(0), sum(
        factor.unsqueeze(1) * o for factor, o in zip(factors, (o1, o2), strict=True)
    )  # fmt: skip


def one_key_at_a_time(q, k, v, block_size):
    out = []
    for query in q:
        m, s, o = -math.inf, 0.0, torch.zeros(v.shape[1])
        for key, value in zip(k, v, strict=True):
            score = (query @ key).item() / math.sqrt(len(query))
            new = max(m, score)
            s = s * math.exp(m - new) + math.exp(score - new)
            o = o * math.exp(m - new) + math.exp(score - new) * value
            m = new
        out.append(o / s)
    return torch.stack(out)


def slots_by_rest(n_read, window):
    held = [None] * window
    for t in range(max(0, n_read - window), n_read):
        held[t % window] = t
    return held


@pytest.mark.parametrize("name, answer", [
    ("sliding_window", window_by_triangles), ("chunked", chunks_by_loops),
    ("layers_to_reach", layers_by_hand), ("merge", merge_by_logs),
    ("blockwise", one_key_at_a_time), ("slots", slots_by_rest),
])  # fmt: skip
def test_other_right_answers_are_right(name, answer):
    assert ask(name, answer).ok


# What a trial wrote, before it saw the catalogue.
def window_of_others(n_queries, n_keys, size):
    i = torch.arange(n_keys - n_queries, n_keys).unsqueeze(1)
    j = torch.arange(n_keys).unsqueeze(0)
    return (j <= i) & (j >= i - size)


def square_window(n_queries, n_keys, size):
    i, j = torch.arange(n_queries)[:, None], torch.arange(n_keys)
    return (j <= i) & (j > i - size)


def both_sides(n_queries, n_keys, size):
    i = torch.arange(n_keys - n_queries, n_keys)[:, None]
    return (i - torch.arange(n_keys)).abs() < size


def whole_chunk(n_queries, n_keys, size):
    i = torch.arange(n_keys - n_queries, n_keys)[:, None]
    return torch.arange(n_keys) // size == i // size


def chunk_as_window(n_queries, n_keys, size):
    i = torch.arange(n_keys - n_queries, n_keys)[:, None]
    j = torch.arange(n_keys)
    return (j <= i) & (i - j < size)


def counted_from_the_first_query(n_queries, n_keys, size):
    i, j = torch.arange(n_queries)[:, None], torch.arange(n_keys)
    return (j <= i + n_keys - n_queries) & (j // size == i // size)


def windows_in_distance(distance, size):
    return math.ceil(distance / size)


def floored(distance, size):
    return distance // (size - 1)


def simply_added(m1, s1, o1, m2, s2, o2):
    return torch.maximum(m1, m2), s1 + s2, o1 + o2


def wrong_way(m1, s1, o1, m2, s2, o2):
    m = torch.maximum(m1, m2)
    a, b = torch.exp(m - m1), torch.exp(m - m2)
    return m, s1 * a + s2 * b, o1 * a[:, None] + o2 * b[:, None]


def only_values(m1, s1, o1, m2, s2, o2):
    m = torch.maximum(m1, m2)
    a, b = torch.exp(m1 - m), torch.exp(m2 - m)
    return m, s1 + s2, o1 * a[:, None] + o2 * b[:, None]


def shared_largest(m1, s1, o1, m2, s2, o2):
    m = max(m1.max(), m2.max())
    a, b = torch.exp(m1 - m), torch.exp(m2 - m)
    return m.expand_as(m1), a * s1 + b * s2, a[:, None] * o1 + b[:, None] * o2


def never_shrunk(q, k, v, block_size):
    m = torch.full((len(q),), -math.inf)
    s, o = torch.zeros(len(q)), torch.zeros(len(q), v.shape[1])
    for start in range(0, len(k), block_size):
        scores = q @ k[start : start + block_size].T / math.sqrt(q.shape[-1])
        m = torch.maximum(m, scores.max(dim=1).values)
        weights = torch.exp(scores - m[:, None])
        s = s + weights.sum(1)
        o = o + weights @ v[start : start + block_size]
    return o / s[:, None]


def own_largest(q, k, v, block_size):
    s, o = torch.zeros(len(q)), torch.zeros(len(q), v.shape[1])
    for keys, values in zip(k.split(block_size), v.split(block_size), strict=True):
        scores = q @ keys.T / math.sqrt(q.shape[-1])
        weights = torch.exp(scores - scores.max(dim=1, keepdim=True).values)
        s, o = s + weights.sum(1), o + weights @ values
    return o / s[:, None]


def m_not_updated(q, k, v, block_size, first=-math.inf, keeps=False):
    m, s, o = torch.full((len(q),), first), torch.zeros(len(q)), torch.zeros(len(q), v.shape[1])
    for start in range(0, len(k), block_size):
        scores = q @ k[start : start + block_size].T / math.sqrt(q.shape[-1])
        new = torch.maximum(m, scores.amax(1))
        shrink, weights = (m - new).exp(), (scores - new[:, None]).exp()
        s = s * shrink + weights.sum(1)
        o = o * shrink[:, None] + weights @ v[start : start + block_size]
        m = new if keeps else m
    return o / s[:, None]


def m_from_zero(q, k, v, block_size):
    return m_not_updated(q, k, v, block_size, first=0.0, keeps=True)


def sum_before_largest(m1, s1, o1, m2, s2, o2):
    m = torch.maximum(m1, m2)
    a, b = (m1 - m).exp(), (m2 - m).exp()
    return s1 * a + s2 * b, m, o1 * a[:, None] + o2 * b[:, None]


def split_by_division(n_queries, n_keys, size):
    i, j = torch.arange(n_keys - n_queries, n_keys)[:, None], torch.arange(n_keys)
    return (j <= i) & (j / size == i / size)


def after_the_start(n_queries, n_keys, size):
    i, j = torch.arange(n_keys - n_queries, n_keys)[:, None], torch.arange(n_keys)
    return (j <= i) & (j > i // size * size)


def shifted_back(n_queries, n_keys, size):
    i, j = torch.arange(n_queries)[:, None] - (n_keys - n_queries), torch.arange(n_keys)
    return (i >= j) & (i - j < size)


def longer_steps(distance, size):
    return math.ceil(distance / (size + 1))


def oldest_first(n_read, window):
    held = list(range(n_read))[-window:]
    return held + [None] * (window - len(held))


def window_by_slices(n_queries, n_keys, size):
    mask = torch.zeros(n_queries, n_keys, dtype=torch.bool)
    for t in range(n_queries):
        last = n_keys - n_queries + t
        mask[t, last - size + 1 : last + 1] = True
    return mask


def triu_without_offset(n_queries, n_keys, size):
    ones = torch.ones(n_queries, n_keys)
    return ones.tril(n_keys - n_queries).triu(1 - size).bool()


def all_chunks_so_far(n_queries, n_keys, size):
    i = torch.arange(n_keys - n_queries, n_keys)[:, None]
    return torch.arange(n_keys) // size <= i // size


def with_itself_each_time(distance, size):
    return math.ceil((distance + 1) / size)


def times_s(m1, s1, o1, m2, s2, o2):
    m = torch.maximum(m1, m2)
    s1, s2 = s1 * (m1 - m).exp(), s2 * (m2 - m).exp()
    return m, s1 + s2, o1 * s1[:, None] + o2 * s2[:, None]


def softmax_of_each_block(q, k, v, block_size):
    out = []
    for keys, values in zip(k.split(block_size), v.split(block_size), strict=True):
        scores = q @ keys.T / math.sqrt(q.shape[1])
        weights = (scores - scores.amax(1, keepdim=True)).exp()
        out.append(weights / weights.sum(1, keepdim=True) @ values)
    return sum(out) / len(out)


def divided_in_each_block(q, k, v, block_size):
    m, s, o = torch.full((len(q),), -math.inf), torch.zeros(len(q)), torch.zeros(q.shape)
    for keys, values in zip(k.split(block_size), v.split(block_size), strict=True):
        scores = q @ keys.T / math.sqrt(q.shape[1])
        new = torch.maximum(m, scores.amax(1))
        shrink, weights = (m - new).exp(), (scores - new[:, None]).exp()
        s, m = s * shrink + weights.sum(1), new
        o = (o * shrink[:, None] + weights @ values) / s[:, None]
    return o


def queue(n_read, window):
    held = [None] * window
    for t in range(n_read):
        held.pop(0)
        held.append(t)
    return held


@pytest.mark.parametrize("name, answer, said", [
    ("sliding_window", window_by_slices, "slice_from_below_0"),
    ("sliding_window", triu_without_offset, "far_end_not_moved"),
    ("chunked", all_chunks_so_far, "either"),
    ("layers_to_reach", with_itself_each_time, "itself_in_each_layer"),
    ("merge", times_s, "o_as_a_mean"),
    ("blockwise", softmax_of_each_block, "mean_of_blocks"),
    ("blockwise", divided_in_each_block, "divided_and_added_to"),
    ("slots", queue, "moved_up"),
    ("sliding_window", window_of_others, "itself_not_counted"),
    ("sliding_window", square_window, "queries_first"),
    ("sliding_window", both_sides, "future"),
    ("chunked", whole_chunk, "future"),
    ("chunked", chunk_as_window, "window"),
    ("chunked", counted_from_the_first_query, "chunks_from_the_first_query"),
    ("chunked", split_by_division, "not_whole_division"),
    ("chunked", after_the_start, "first_of_chunk_hidden"),
    ("sliding_window", shifted_back, "queries_before_the_start"),
    ("layers_to_reach", longer_steps, "one_more_than_the_window"),
    ("layers_to_reach", windows_in_distance, "whole_window"),
    ("layers_to_reach", floored, "rounded_down"),
    ("merge", simply_added, "no_shrinking"),
    ("merge", wrong_way, "grown"),
    ("merge", only_values, "sums_not_shrunk"),
    ("merge", shared_largest, "one_m_for_all"),
    ("merge", sum_before_largest, "in_another_order"),
    ("blockwise", m_not_updated, "m_not_kept"),
    ("blockwise", m_from_zero, "begins_at_zero"),
    ("blockwise", own_largest, "each_its_own_m"),
    ("blockwise", never_shrunk, "no_shrinking"),
    ("slots", oldest_first, "oldest_first"),
])  # fmt: skip
def test_likely_slips_are_named(name, answer, said):
    assert ask(name, answer).misconception == said
