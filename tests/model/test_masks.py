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


def test_a_window_counts_the_token_itself():
    assert masks.sliding_window(3, 3, 2).int().tolist() == [[1, 0, 0], [1, 1, 0], [0, 1, 1]]
    assert torch.equal(masks.sliding_window(4, 4, 1), torch.eye(4).bool())


@pytest.mark.parametrize("size", range(1, 9))
def test_a_window_sees_so_many_pairs(size):
    n = min(size, 7)
    assert masks.sliding_window(7, 7, size).sum() == n * 7 - n * (n - 1) // 2


@pytest.mark.parametrize("kind", [masks.sliding_window, masks.chunked])
def test_a_later_piece_sees_what_the_whole_sees(kind):
    for n_queries in range(1, 9):
        assert torch.equal(kind(n_queries, 8, 3), kind(8, 8, 3)[-n_queries:])
    assert torch.equal(kind(8, 8, 8), masks.causal(8, 8))


@pytest.mark.parametrize("kind", [masks.sliding_window, masks.chunked])
def test_nothing_to_see_is_refused(kind):
    with pytest.raises(ValueError, match="size=0 must be at least 1"):
        kind(2, 2, 0)


def test_the_first_token_of_a_chunk_sees_itself_alone():
    mask = masks.chunked(7, 7, 3)
    assert mask.sum(-1).tolist() == [1, 2, 3, 1, 2, 3, 1]
    assert mask[3].int().tolist() == [0, 0, 0, 1, 0, 0, 0]


def test_blocks_that_are_seen_do_not_grow_with_the_text():
    per_row, density = [], []
    for n_tokens in (64, 128, 256):
        mask = masks.block_sparse(n_tokens, 4, n_window=3, n_global=2, n_random=3)
        assert mask[-1].sum() == (3 + 2 + 3) * 4
        blocks = mask.unflatten(0, (-1, 4)).unflatten(-1, (-1, 4)).any(-1).any(1)
        per_row.append(blocks.sum(-1).max().item())
        density.append(mask.float().mean().item())
    assert per_row == [8, 8, 8]
    assert density[0] > 1.7 * density[1] > 1.7**2 * density[2]


def test_blocks_are_the_window_the_first_ones_and_some_by_chance():
    mask = masks.block_sparse(30, 4, n_window=2, n_global=1, n_random=1, seed=3)
    assert mask.shape == (30, 30)
    assert not (mask & ~masks.causal(30, 30)).any()
    assert (mask | ~masks.sliding_window(30, 30, 5)).all()  # a block back, at the least
    assert mask[:, 0].all()
    drawn = mask[28, 4:24].unflatten(0, (-1, 4))  # the last block's queries, in the middle
    assert drawn.any(-1).sum() == 1
    other = masks.block_sparse(30, 4, n_window=2, n_global=1, n_random=1, seed=4)
    assert not torch.equal(mask, other)


def test_blocks_that_cannot_be_are_refused():
    with pytest.raises(ValueError, match="n_window=0"):
        masks.block_sparse(8, 2, n_window=0, n_global=0, n_random=0)
    with pytest.raises(ValueError, match="n_random=-1"):
        masks.block_sparse(8, 2, n_window=1, n_global=0, n_random=-1)
