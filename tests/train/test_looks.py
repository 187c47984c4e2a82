"""Looks: a held-out loss that counts every target once, and samples that repeat."""

from dataclasses import replace

import pytest
import torch

from llama_edu.config import PRESETS
from llama_edu.data.batches import Batch, write_tokens
from llama_edu.data.stories import tell_story
from llama_edu.model.llama import Llama
from llama_edu.tokenizer.bpe import BPETokenizer
from llama_edu.train.looks import held_out_batches, mean_loss, sample
from llama_edu.train.loss import next_token_loss


def test_the_mean_is_over_targets_and_not_over_batches():
    model = Llama(PRESETS["tiny"])
    batches = [Batch(torch.randint(512, shape)) for shape in ((1, 4), (3, 9))]
    sums = [next_token_loss(model, batch) for batch in batches]
    total, n = (sum(column).item() for column in zip(*sums, strict=True))
    assert n == 3 + 24
    assert mean_loss(next_token_loss, model, batches) == pytest.approx(total / n)
    assert all(weight.grad is None for weight in model.parameters())


def test_without_a_target_there_is_no_mean():
    with pytest.raises(ValueError, match="no target that counts"):
        mean_loss(next_token_loss, Llama(PRESETS["tiny"]), [])


@pytest.mark.parametrize("n_tokens, batch_size, n_batches", [
    (5, 4, 16), (5, 64, 1), (30, 8, 2), (300, 8, 1),
])  # fmt: skip
def test_held_out_windows_are_the_same_each_time(file, n_tokens, batch_size, n_batches):
    first, again = (held_out_batches(file, n_tokens, batch_size, n_batches) for _ in range(2))
    assert 1 <= len(first) <= n_batches
    for a, b in zip(first, again, strict=True):
        assert torch.equal(a.tokens, b.tokens)
    assert first[0].inputs.shape[1] == n_tokens and len(first[0].inputs) <= batch_size


def test_a_held_out_text_of_less_than_a_window_is_named(tmp_path):
    short = write_tokens(tmp_path / "short.tokens", [[1, 2, 3]], 9)
    with pytest.raises(ValueError, match="3 tokens, too few"):
        held_out_batches(short, n_tokens=5)


def test_a_sample_repeats_and_leaves_chance_alone():
    tokenizer = BPETokenizer.train([tell_story(seed).text for seed in range(20)], 300)
    model = Llama(replace(PRESETS["tiny"], vocab_size=300))
    state = torch.get_rng_state()
    texts = {sample(model, tokenizer, "Ada went", 12) for _ in range(2)}
    assert len(texts) == 1 and texts != {""}
    assert torch.equal(torch.get_rng_state(), state)
    assert (
        sample(model, tokenizer, "", 5) != ""
    )  # a text of no tokens needs something to begin with
    assert isinstance(sample(model, tokenizer, "Ada went", 10_000), str)  # up to its context
