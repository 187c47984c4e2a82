"""Batches: every token once an epoch, an order that resumes and shards, documents kept apart."""

from itertools import chain, islice

import pytest
import torch

from llama_edu.data.batches import Batches, TokenFile, write_tokens

DOCUMENTS = [list(range(i, i + n)) for i, n in ((0, 7), (100, 1), (200, 30), (300, 23))]
TOKENS = [*chain(*DOCUMENTS)]


@pytest.fixture
def file(tmp_path):
    return write_tokens(tmp_path / "text.bin", DOCUMENTS, vocab_size=1000)


def drawn(batches: Batches, n: int) -> list[list[list[int]]]:
    return [batch.tokens.tolist() for batch in islice(batches, n)]


@pytest.mark.parametrize("vocab_size, n_bytes", [(1000, 122), (65_536, 122), (65_537, 244)])
def test_what_is_written_is_read(tmp_path, vocab_size, n_bytes):
    written = write_tokens(tmp_path / "text.bin", [[], *DOCUMENTS, []], vocab_size)
    assert (tmp_path / "text.bin").stat().st_size == n_bytes
    again = TokenFile(tmp_path / "text.bin")
    assert again.tokens.tolist() == written.tokens.tolist() == TOKENS
    assert again.ends.tolist() == [7, 8, 38, 61]


def test_each_token_is_a_target_once_an_epoch(file):
    batches = Batches(file, batch_size=3, n_tokens=5)
    assert (batches.n_windows, batches.per_epoch) == (12, 4)
    for _ in range(2):
        targets = [t for batch in islice(batches, 4) for t in batch.targets.flatten().tolist()]
        assert sorted(targets) == sorted(TOKENS[1:61])


def test_inputs_and_targets_are_one_token_apart(file):
    batch = Batches(file, 3, 5).next()
    assert torch.equal(batch.inputs[:, 1:], batch.targets[:, :-1])
    assert batch.inputs.shape == batch.targets.shape == (3, 5)


def test_epochs_and_seeds_differ_and_repeat(file):
    first = drawn(Batches(file, 3, 5), 8)
    assert first == drawn(Batches(file, 3, 5), 8)
    assert first[:4] != first[4:]
    assert first != drawn(Batches(file, 3, 5, seed=1), 8)


@pytest.mark.parametrize("n_before", [0, 1, 4, 6])
def test_it_goes_on_where_it_stood(file, n_before):
    whole = drawn(Batches(file, 3, 5), 9)
    begun = Batches(file, 3, 5)
    drawn(begun, n_before)
    again = Batches(file, 3, 5)
    again.load_state_dict(begun.state_dict())
    assert drawn(again, 9 - n_before) == whole[n_before:]


@pytest.mark.parametrize("n_ranks", [2, 3])
def test_processes_share_each_batch_out(file, n_ranks):
    whole = drawn(Batches(file, 6, 4), 5)
    shares = [drawn(Batches(file, 6, 4, rank=r, n_ranks=n_ranks), 5) for r in range(n_ranks)]
    assert [[*chain(*parts)] for parts in zip(*shares, strict=True)] == whole


def test_another_number_of_processes_may_go_on(file):
    begun = Batches(file, 6, 4, rank=1, n_ranks=2)
    drawn(begun, 2)
    alone = Batches(file, 6, 4)
    alone.load_state_dict(begun.state_dict())
    assert drawn(alone, 1) == drawn(Batches(file, 6, 4), 3)[2:]


def test_no_token_looks_into_another_document(file):
    batches = Batches(file, batch_size=1, n_tokens=20)
    batch = next(b for b in batches if b.tokens[0, 0] == 0)  # 7 tokens, 1, then 12 of the third
    assert batch.documents[0].tolist() == [0] * 7 + [1] + [2] * 13
    mask = batch.mask()
    assert mask.shape == (1, 1, 20, 20)
    for t in range(20):
        seen = mask[0, 0, t].nonzero().flatten().tolist()
        first = 0 if t < 7 else 7 if t == 7 else 8
        assert seen == list(range(first, t + 1))


def test_documents_need_not_be_kept_apart(file):
    whole, kept = Batches(file, 3, 5, keeps_apart=False).next(), Batches(file, 3, 5).next()
    assert torch.equal(whole.tokens, kept.tokens)
    assert whole.mask() is None and kept.mask().shape == (3, 1, 5, 5)


@pytest.mark.parametrize("keeps_apart", [True, False])
def test_a_batch_goes_to_a_device_whole(file, keeps_apart):
    there = Batches(file, 3, 5, keeps_apart=keeps_apart).next().to("meta")
    assert there.inputs.is_meta and there.targets.is_meta
    assert not keeps_apart or there.mask().is_meta


def test_a_packed_document_is_read_as_it_is_alone(file):
    """The mask alone keeps documents apart: RoPE sees distances, so positions go on counting."""
    from dataclasses import replace

    from llama_edu.config import PRESETS
    from llama_edu.model.attention import explicit_attention
    from llama_edu.model.rope import inverse_frequencies, rotate, rotations

    batch = next(b for b in Batches(file, 1, 20) if b.tokens[0, 0] == 0)
    config = replace(PRESETS["tiny"], n_heads=4, n_kv_heads=4)
    turn = rotations(torch.arange(20), inverse_frequencies(config.d_head))
    heads = torch.randn(3, 1, 20, 4, config.d_head, dtype=torch.float64)
    q, k = (rotate(x, turn).transpose(1, 2) for x in heads[:2])
    v = heads[2].transpose(1, 2)
    packed, _ = explicit_attention(q, k, v, batch.mask())
    alone_turn = rotations(torch.arange(12), inverse_frequencies(config.d_head))
    q, k = (rotate(x[:, 8:], alone_turn).transpose(1, 2) for x in heads[:2])
    alone, _ = explicit_attention(q, k, v[:, :, 8:])
    torch.testing.assert_close(packed[:, :, 8:], alone, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("documents, message", [
    ([[1, 2], [3, 1000]], r"token 1000 of document 1 must be in \[0, vocab_size=1000\)"),
    ([[-1]], "token -1 of document 0"),
    ([[], []], "there is not one token"),
])  # fmt: skip
def test_what_cannot_be_written_leaves_what_was_there(tmp_path, documents, message):
    before = write_tokens(tmp_path / "text.bin", DOCUMENTS, 1000).tokens.tolist()
    with pytest.raises(ValueError, match=message):
        write_tokens(tmp_path / "text.bin", documents, 1000)
    assert TokenFile(tmp_path / "text.bin").tokens.tolist() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["text.bin", "text.bin.json"]


def test_a_damaged_file_is_named(file):
    with file.path.open("ab") as stream:
        stream.write(b"x")
    with pytest.raises(ValueError, match=r"text\.bin must be 122 bytes long, is 123"):
        TokenFile(file.path)
    (file.path.parent / "text.bin.json").write_text("{}", encoding="utf-8")
    with pytest.raises(ValueError, match=r"text\.bin\.json is damaged"):
        TokenFile(file.path)
    file.path.unlink()
    with pytest.raises(FileNotFoundError, match="there is no token file"):
        TokenFile(file.path)


@pytest.mark.parametrize("settings, message", [
    ({"batch_size": 13, "n_tokens": 5}, "61 tokens, too few for a batch of 13 x 5"),
    ({"batch_size": 0, "n_tokens": 5}, "must both be at least 1"),
    ({"batch_size": 4, "n_tokens": 5, "rank": 2, "n_ranks": 2}, "rank=2 must be below n_ranks=2"),
    ({"batch_size": 3, "n_tokens": 5, "n_ranks": 2}, "must divide batch_size=3"),
])  # fmt: skip
def test_what_does_not_fit_is_named(file, settings, message):
    with pytest.raises(ValueError, match=message):
        Batches(file, **settings)


def test_a_run_of_another_shape_cannot_go_on(file):
    state = Batches(file, 3, 5).state_dict()
    with pytest.raises(ValueError, match="begun with n_tokens=5, this is n_tokens=4"):
        Batches(file, 3, 4).load_state_dict(state)
