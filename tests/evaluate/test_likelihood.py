"""Perplexity and bits per byte: transformers' loss, every token once, and what windows cost."""

import math
from copy import copy
from dataclasses import replace

import pytest
import torch

from llama_edu.evaluate import bits_per_byte, perplexity, token_losses, windows
from llama_edu.tokenizer.bpe import BPETokenizer

TEXT = "the rat sat on the mat, and the cat ate the rat; 猫 sat on."


@pytest.fixture(scope="module")
def ids(tokenizer):
    return tokenizer.encode(TEXT)


def test_in_one_window_it_is_transformers_loss(model, theirs, ids):
    short = torch.tensor([ids[:30]])
    expected = theirs(short, labels=short).loss.item()
    assert math.log(perplexity(model, ids[:30])) == pytest.approx(expected, rel=1e-5)


def test_windows_tile_the_text_and_the_last_one_ends_with_it():
    assert windows(10, 4, 2) == [(0, 1, 5), (2, 5, 7), (4, 7, 9), (5, 9, 10)]
    assert windows(10, 4, 4) == [(0, 1, 5), (4, 5, 9), (5, 9, 10)]
    assert windows(4, 9, 3) == [(0, 1, 4)]
    for n_tokens in range(2, 30):
        for window in range(1, 12):
            for stride in range(1, window + 1):
                cuts = windows(n_tokens, window, stride)
                predicted = [i for _, new, end in cuts for i in range(new, end)]
                assert predicted == [*range(1, n_tokens)]
                assert all(0 <= start < new < end <= start + window + 1 for start, new, end in cuts)


@pytest.mark.parametrize(("window", "stride"), [(32, 16), (16, 16), (16, 5), (7, 1), (1, 1)])
def test_windows_are_transformers_with_labels_of_minus_100(model, theirs, ids, window, stride):
    """The loop of Hugging Face's guide on perplexity, each window's new tokens counted."""
    nats, counted = 0.0, 1  # the first token has nothing before it
    while counted < len(ids):
        end = window + 1 if counted == 1 else counted + stride
        end = min(end, len(ids))
        piece = torch.tensor([ids[max(0, end - window - 1) : end]])
        labels = piece.clone()
        labels[:, : piece.shape[1] - (end - counted)] = -100
        nats += theirs(piece, labels=labels).loss.item() * (end - counted)
        counted = end
    found = token_losses(model, ids, window, stride)
    assert found.shape == (len(ids) - 1,)
    assert found.sum().item() == pytest.approx(nats, rel=1e-4)


def test_each_token_has_the_context_that_is_promised(model, ids):
    """Token by token: its loss is that after exactly so many tokens."""
    window, stride = 9, 4
    found = token_losses(model, ids, window, stride)
    for i in range(1, len(ids)):
        fits = [
            n
            for n in range(1, min(i, window) + 1)
            if abs(token_losses(model, ids[i - n : i + 1])[-1] - found[i - 1]) < 1e-4
        ]
        assert max(fits, default=0) >= min(i, window - stride + 1)


def test_all_tokens_alike_have_the_perplexity_of_the_vocabulary(model, ids):
    """Scores of zero: every token is equally likely, and a byte costs its share of log2 V bits."""
    flat = type(model)(model.config)
    torch.nn.init.zeros_(flat.output.weight)
    assert perplexity(flat, ids) == pytest.approx(model.config.vocab_size, rel=1e-5)


def test_bits_per_byte_counts_every_token_and_every_byte(model, tokenizer, ids):
    nats = token_losses(model, ids).double().sum().item()
    expected = (nats / math.log(2) + math.log2(model.config.vocab_size)) / len(TEXT.encode())
    assert bits_per_byte(model, tokenizer, TEXT) == pytest.approx(expected)


def test_uniform_bytes_cost_eight_bits_and_larger_tokens_fewer(model):
    """256 tokens of a byte each, all equally likely: a coding that says nothing is known."""
    flat = type(model)(replace(model.config, vocab_size=256))
    torch.nn.init.zeros_(flat.output.weight)
    of_bytes = BPETokenizer.train([TEXT], 256)
    assert bits_per_byte(flat, of_bytes, TEXT) == pytest.approx(8)
    assert bits_per_byte(flat, of_bytes, "a") == pytest.approx(8)  # one token, no context


def test_a_token_that_opens_the_text_is_context_and_costs_nothing(model, tokenizer, ids):
    opening = copy(tokenizer)
    opening.bos_id, opening.add_bos = 7, True
    nats = token_losses(model, [7, *ids]).double().sum().item()
    expected = nats / math.log(2) / len(TEXT.encode())
    assert bits_per_byte(model, opening, TEXT) == pytest.approx(expected)


@pytest.mark.parametrize(("settings", "message"), [
    ({"window": 33}, "window must be from 1 to max_seq_len=32, got 33"),
    ({"window": 0}, "window must be from 1"),
    ({"window": 8, "stride": 9}, "stride must be from 1 to window=8, got 9"),
    ({"stride": 0}, "stride must be from 1"),
])  # fmt: skip
def test_windows_out_of_range_are_refused(model, ids, settings, message):
    with pytest.raises(ValueError, match=message):
        perplexity(model, ids, **settings)


def test_what_cannot_be_counted_is_refused(model, tokenizer):
    with pytest.raises(ValueError, match="at least 2 tokens, got 1"):
        perplexity(model, [1])
    with pytest.raises(ValueError, match="at least one character"):
        bits_per_byte(model, tokenizer, "")
    lossy = BPETokenizer({b"a": 0, b"b": 1}, [], r"\S+|\s+")
    with pytest.raises(ValueError, match="loses a part of this text"):
        bits_per_byte(model, lossy, "a cab")
