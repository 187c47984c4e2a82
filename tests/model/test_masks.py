"""Masks: who may look at whom, drawn by hand."""

import pytest
import torch

from llama_edu.model import masks


def test_causal_is_the_lower_triangle():
    assert torch.equal(masks.causal(5, 5), torch.ones(5, 5).tril().bool())


def test_a_chunk_looks_back_into_the_cache():
    assert masks.causal(2, 4).int().tolist() == [[1, 1, 1, 0], [1, 1, 1, 1]]


@pytest.mark.parametrize(("n_queries", "n_keys"), [(1, 6), (2, 6), (5, 6), (6, 6)])
def test_a_chunk_sees_what_the_whole_sees(n_queries, n_keys):
    assert torch.equal(masks.causal(n_queries, n_keys), masks.causal(6, 6)[-n_queries:])


def test_padding_sees_itself_and_nobody_sees_padding():
    mask = masks.hide_padding(masks.causal(3, 3), torch.tensor([0, 2]))
    assert mask.shape == (2, 1, 3, 3)
    assert mask[0, 0].int().tolist() == [[1, 0, 0], [1, 1, 0], [1, 1, 1]]
    assert mask[1, 0].int().tolist() == [[1, 0, 0], [0, 1, 0], [0, 0, 1]]


def test_padding_is_hidden_from_a_later_chunk():
    mask = masks.hide_padding(masks.causal(2, 5), torch.tensor([1, 4]))
    assert mask[0, 0].int().tolist() == [[0, 1, 1, 1, 0], [0, 1, 1, 1, 1]]
    assert mask[1, 0].int().tolist() == [[0, 0, 0, 1, 0], [0, 0, 0, 0, 1]]


@pytest.mark.parametrize("n_queries", [1, 2, 5])
def test_no_query_is_left_without_a_key(n_queries):
    mask = masks.hide_padding(masks.causal(n_queries, 5), torch.arange(6))
    assert mask.any(dim=-1).all()
