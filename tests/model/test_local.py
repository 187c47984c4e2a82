"""Local and global layers: whom a token sees, and what is written of it."""

from dataclasses import replace

import pytest
import torch

from llama_edu.config import LocalLayers
from llama_edu.model import masks
from llama_edu.model.llama import Llama
from llama_edu.model.local import View, global_view, local_view
from llama_edu.model.maps import attention_maps

LOCAL = LocalLayers(chunk_size=3, global_step=2, temperature_floor=4)


@pytest.mark.parametrize("n_queries", [1, 2, 5, 8])
def test_without_padding_it_is_the_chunk_mask(n_queries):
    positions = torch.arange(8 - n_queries, 8)
    mask = local_view(View(None, None), positions, 8, LOCAL).mask
    assert torch.equal(mask, masks.chunked(n_queries, 8, 3))


def test_one_chunk_needs_no_mask():
    view = View(None, None)
    assert local_view(view, torch.arange(3), 3, LOCAL) is view


def test_chunks_are_counted_from_each_texts_first_token():
    n_padding = torch.tensor([0, 2])
    positions = (torch.arange(6) - n_padding[:, None]).clamp(min=0)
    view = View(None, masks.hide_padding(masks.causal(6, 6), n_padding))
    mask = local_view(view, positions, 6, LOCAL).mask
    assert torch.equal(mask[0, 0], masks.chunked(6, 6, 3))
    assert torch.equal(mask[1, 0, 2:, 2:], masks.chunked(4, 4, 3))
    assert mask[1, 0, :2].int().tolist() == [[1, 0, 0, 0, 0, 0], [0, 1, 0, 0, 0, 0]]


def test_documents_and_chunks_go_together():
    which = torch.tensor([0, 0, 1, 1, 1])
    documents = (which[:, None] == which).tril()
    mask = local_view(View(None, documents), torch.arange(5), 5, LOCAL).mask
    assert torch.equal(mask, documents & masks.chunked(5, 5, 3))


def test_temperature_rises_in_steps():
    view = global_view(View(torch.zeros(5, 2, 2), None), torch.tensor([0, 2, 3, 7, 11]), LOCAL)
    assert view.rotation is None
    expected = 1 + 0.1 * torch.tensor([1.0, 1.0, 2.0, 3.0, 4.0]).log()
    torch.testing.assert_close(view.temperature, expected)


def test_maps_show_what_each_layer_sees(config, randomize):
    model = randomize(Llama(replace(config, local=LOCAL)))
    maps = attention_maps(model, torch.randint(31, (8,)))
    chunked = masks.chunked(8, 8, 3)
    for layer, weights in enumerate(maps):
        is_seen = (weights > 0).any(0)
        assert torch.equal(is_seen, chunked if layer % 2 == 0 else masks.causal(8, 8))
    torch.testing.assert_close(maps.sum(-1), torch.ones(7, 6, 8))


def test_local_queries_and_keys_have_unit_size(config, randomize):
    model = randomize(Llama(replace(config, local=LOCAL)))
    q, k, _ = model.blocks[0].attention.project(torch.randn(2, 5, 24), None)
    for heads in (q, k):  # eps takes a little away
        torch.testing.assert_close(
            heads.square().mean(-1), torch.ones(heads.shape[:3]), atol=1e-3, rtol=0
        )
    q, _, _ = model.blocks[1].attention.project(torch.randn(2, 5, 24), None)
    assert q.square().mean(-1).std() > 0.1
