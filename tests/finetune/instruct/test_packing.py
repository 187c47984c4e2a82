"""Packed examples are read as if each stood alone, and every one is drawn once a pool."""

import itertools

import hypothesis
import pytest
import torch
from hypothesis import strategies
from torch.nn import functional as F

from llama_edu.config import ModelConfig
from llama_edu.finetune.instruct.examples import Example
from llama_edu.finetune.instruct.means import sample_mean_loss
from llama_edu.finetune.instruct.packing import ChatBatches, first_fit, packed_batch
from llama_edu.model.llama import Llama
from llama_edu.train.loss import IGNORED, next_token_loss

V = 50


def example(n_tokens: int, n_answer: int, seed: int = 0) -> Example:
    ids = torch.randint(V, (n_tokens + 1,), generator=torch.Generator().manual_seed(seed)).tolist()
    targets = [IGNORED] * (n_tokens - n_answer) + ids[n_tokens + 1 - n_answer :]
    return Example(ids[:-1], targets, ([seed] * n_tokens,))


EXAMPLES = [example(n, a, seed) for seed, (n, a) in enumerate([(5, 1), (9, 4), (3, 2), (7, 3)])]


@pytest.fixture(scope="module")
def model(randomize):
    shape = {"d_model": 24, "n_layers": 2, "n_heads": 6, "n_kv_heads": 3, "d_ff": 20}
    return randomize(Llama(ModelConfig(vocab_size=V, max_seq_len=64, **shape)))


@hypothesis.given(strategies.lists(strategies.integers(1, 20), max_size=60))
def test_first_fit_holds_each_once_and_needs_few_bins(lengths):
    bins = first_fit(lengths, capacity=20)
    assert sorted(itertools.chain(*bins)) == list(range(len(lengths)))
    assert all(sum(lengths[i] for i in bin_) <= 20 for bin_ in bins)
    assert len(bins) <= 11 / 9 * -(-sum(lengths) // 20) * 1.5 + 1  # a bound far above any of ours
    half_full = [bin_ for bin_ in bins if sum(lengths[i] for i in bin_) <= 10]
    assert len(half_full) <= 1  # two of them would have gone into one


def test_first_fit_by_hand():
    assert first_fit([3, 6, 4, 2], capacity=7) == [[1], [2, 0], [3]]


def test_first_fit_refuses_what_is_too_long():
    with pytest.raises(ValueError, match="capacity=4 must be at least the longest, 6"):
        first_fit([3, 6], capacity=4)


def test_packed_examples_are_read_as_if_alone(model):
    """RoPE sees distances alone, so that no position starts anew; 1e-4 is fp32 over two layers."""
    batch = packed_batch([EXAMPLES[:2], EXAMPLES[2:]], n_tokens=16)
    packed = model(batch.inputs, mask=batch.mask())
    places = [(0, 0), (0, 5), (1, 0), (1, 3)]
    for one, (row, start) in zip(EXAMPLES, places, strict=True):
        alone = model(torch.tensor([one.inputs]))[0]
        torch.testing.assert_close(
            packed[row, start : start + len(one)], alone, atol=1e-4, rtol=1e-4
        )
    assert not torch.allclose(model(batch.inputs)[0, 5:14], packed[0, 5:14], atol=1e-2)


def test_a_packed_loss_is_the_sum_of_the_losses(model):
    packed, n = next_token_loss(model, packed_batch([EXAMPLES[:3], EXAMPLES[3:]]))
    alone = [next_token_loss(model, packed_batch([[one]])) for one in EXAMPLES]
    torch.testing.assert_close(packed, sum(loss for loss, _ in alone), atol=1e-3, rtol=1e-5)
    assert n == sum(k for _, k in alone) == 10


def test_what_fills_up_is_counted_and_masked_without_nan(model):
    batch = packed_batch([EXAMPLES[:2], EXAMPLES[2:3]])
    assert batch.wasted == pytest.approx((28 - 17) / 28)
    assert model(batch.inputs, mask=batch.mask()).isfinite().all()
    assert batch.hints[0][0].tolist() == [0] * 5 + [1] * 9
    assert batch.hints[0][1].tolist() == [2] * 3 + [IGNORED] * 11


def test_one_example_a_row_needs_no_mask():
    assert packed_batch([[one] for one in EXAMPLES]).mask() is None


def test_token_mean_and_sample_mean_differ(model):
    rows = [EXAMPLES[:2], EXAMPLES[2:]]
    losses = []
    for one in EXAMPLES:
        logits = model(torch.tensor([one.inputs]))[0]
        losses.append(F.cross_entropy(logits, torch.tensor(one.targets)))  # mean of what counts
    total, n = sample_mean_loss(model, packed_batch(rows))
    torch.testing.assert_close(total, sum(losses), atol=1e-4, rtol=1e-5)
    assert n == len(EXAMPLES)
    token_total, n_tokens = next_token_loss(model, packed_batch(rows))
    by_hand = sum(loss * k for loss, k in zip(losses, (1, 4, 2, 3), strict=True)) / 10
    torch.testing.assert_close(token_total / n_tokens, by_hand, atol=1e-4, rtol=1e-5)
    assert abs(total / n - token_total / n_tokens) > 0.01


def drawn(batches: ChatBatches, n: int) -> list:
    return [batch.inputs.tolist() for batch in itertools.islice(batches, n)]


MANY = [example(3 + 5 * i % 11, 2, seed) for seed, i in enumerate(range(40))]


@pytest.mark.parametrize("row", [None, 20])
def test_every_example_is_drawn_once_a_pool(row):
    batches = ChatBatches(lambda number: MANY, n_tokens=60, row=row)
    seen = []
    while len(seen) < len(MANY):
        batch = batches.next()
        assert batch.inputs.numel() <= 60
        for hint, document in zip(batch.hints[0], batch.documents, strict=True):
            for d in range(int(document.max()) + 1):
                seen += set(hint[document == d].tolist())
    assert sorted(seen) == list(range(len(MANY)))
    assert batches.state_dict()["pool"] == 0


def test_packing_wastes_less_than_one_a_row():
    lengths = [3 + (7 * i) % 30 for i in range(64)]
    examples = [example(n, 1, i) for i, n in enumerate(lengths)]
    one_a_row = packed_batch([[one] for one in examples]).wasted
    rows = [[examples[i] for i in bin_] for bin_ in first_fit(lengths, 64)]
    assert one_a_row > 0.4 and packed_batch(rows, 64).wasted < 0.05


@pytest.mark.parametrize("row", [None, 20])
def test_a_run_goes_on_where_it_stopped(row):
    def make():
        return ChatBatches(lambda number: MANY[number:], n_tokens=60, row=row, seed=3)

    unbroken, first, again = make(), make(), make()
    for n_before in (1, 4, 30):
        drawn(first, n_before)
    again.load_state_dict(first.state_dict())
    assert drawn(unbroken, 40)[35:] == drawn(again, 5)
    assert again.next().number == unbroken.next().number == 40


def test_another_order_is_refused():
    state = ChatBatches(lambda number: MANY, n_tokens=60, seed=1).state_dict()
    with pytest.raises(ValueError, match="the run was begun with seed=1, this is seed=2"):
        ChatBatches(lambda number: MANY, n_tokens=60, seed=2).load_state_dict(state)


def test_processes_share_each_batch():
    whole, *parts = (
        ChatBatches(lambda number: MANY, n_tokens=60, row=20, rank=rank, n_ranks=n)
        for rank, n in ((0, 1), (0, 2), (1, 2))
    )
    for _ in range(5):
        rows = whole.next().inputs.tolist()
        assert [part.next().inputs.tolist() for part in parts] == [rows[::2], rows[1::2]]


@pytest.mark.parametrize(
    "settings, complaint",
    [
        ({"row": 70}, "row=70 must be from 1 to n_tokens=60"),
        ({"row": 10}, "an example has 13 tokens, more than the 10 of a row"),
        ({"rank": 2, "n_ranks": 2}, "rank=2 must be from 0 to below n_ranks=2"),
    ],
)
def test_settings_out_of_range_are_named(settings, complaint):
    with pytest.raises(ValueError, match=complaint):
        ChatBatches(lambda number: MANY, n_tokens=60, **settings)
