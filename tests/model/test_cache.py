"""The KV cache: any way of chunking gives the full forward, and no room is a named mistake."""

from itertools import pairwise

import pytest
import torch

from llama_edu.model.cache import KVCache

N_TOKENS = 5
# Every way to cut 5 tokens into chunks: each of the 4 gaps is a cut or is not.
CHUNKINGS = [
    [end - start for start, end in pairwise([0, *cuts, N_TOKENS])]
    for cuts in ([i + 1 for i in range(4) if bits >> i & 1] for bits in range(16))
]


def read_in_chunks(model, tokens, sizes, cache):
    return torch.cat([model(chunk, cache=cache) for chunk in tokens.split(sizes, dim=1)], dim=1)


@pytest.mark.parametrize("sizes", CHUNKINGS, ids=str)
def test_every_way_of_chunking_equals_the_full_forward(model, sizes):
    tokens = torch.randint(31, (2, N_TOKENS))
    cache = model.new_cache(2, max_len=N_TOKENS)
    logits = read_in_chunks(model, tokens, sizes, cache)
    torch.testing.assert_close(logits, model(tokens), rtol=0, atol=1e-5)
    assert cache.length == N_TOKENS


@pytest.mark.parametrize("sizes", CHUNKINGS, ids=str)
def test_every_way_of_chunking_a_padded_batch_equals_each_row_alone(model, sizes):
    tokens = torch.randint(31, (2, N_TOKENS))
    cache = model.new_cache(2, max_len=8, n_padding=torch.tensor([3, 1]))
    logits = read_in_chunks(model, tokens, sizes, cache)
    assert logits.isfinite().all()
    torch.testing.assert_close(logits[0, 3:], model(tokens[:1, 3:])[0], rtol=0, atol=1e-5)
    torch.testing.assert_close(logits[1, 1:], model(tokens[1:, 1:])[0], rtol=0, atol=1e-5)


def test_there_are_sixteen_ways_to_chunk_five_tokens():
    assert len({tuple(sizes) for sizes in CHUNKINGS}) == 16
    assert all(sum(sizes) == N_TOKENS and min(sizes) > 0 for sizes in CHUNKINGS)


def test_each_layer_and_token_has_its_own_place(config):
    cache = KVCache(config, batch_size=2, max_len=5)
    k, v = torch.randn(2, 2, 3, 4, 4)
    cache.append(1, k[:, :, :3], v[:, :, :3])
    cache.length = 3
    keys, values = cache.append(1, k[:, :, 3:], v[:, :, 3:])
    assert torch.equal(keys, k) and torch.equal(values, v)
    assert not cache.keys[0].any() and not cache.keys[2:].any()


def test_memory_is_what_the_config_says(config):
    cache = KVCache(config, batch_size=2, max_len=5, dtype=torch.bfloat16)
    assert cache.keys.nbytes + cache.values.nbytes == 2 * 5 * config.kv_bytes_per_token()


def test_cache_has_the_models_dtype(model):
    assert model.bfloat16().new_cache(2, 5).keys.dtype == torch.bfloat16


def test_overflow_is_named_and_leaves_the_cache_as_it_was(model):
    tokens = torch.randint(31, (2, N_TOKENS))
    cache = model.new_cache(2, max_len=4)
    model(tokens[:, :3], cache=cache)
    with pytest.raises(
        ValueError, match="the cache holds 4 tokens; 3 are in it, so 2 more do not fit"
    ):
        model(tokens[:, 3:], cache=cache)
    logits = model(tokens[:, 3:4], cache=cache)
    torch.testing.assert_close(logits, model(tokens[:, :4])[:, 3:], rtol=0, atol=1e-5)


@pytest.mark.parametrize("n_tokens", [1, 3])
def test_another_batch_size_is_named(model, n_tokens):
    cache = model.new_cache(2, max_len=5)
    model(torch.randint(31, (2, 1)), cache=cache)
    with pytest.raises(ValueError, match="the cache is for a batch of 2, got a batch of 1"):
        model(torch.randint(31, (1, n_tokens)), cache=cache)


@pytest.mark.parametrize(("batch_size", "max_len"), [(0, 4), (2, 0), (-1, 4)])
def test_empty_cache_is_rejected(config, batch_size, max_len):
    with pytest.raises(ValueError, match=f"{batch_size=} and {max_len=} must both be positive"):
        KVCache(config, batch_size, max_len)


def test_padding_must_have_one_number_a_row(config):
    with pytest.raises(ValueError, match=r"shape \(2,\), got \(3,\)"):
        KVCache(config, 2, 5, n_padding=torch.tensor([0, 1, 2]))
