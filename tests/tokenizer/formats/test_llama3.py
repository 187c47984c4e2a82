"""Llama 3's own file format: ranks are ids, and 256 control tokens follow."""

import base64
from itertools import pairwise

import pytest
from hypothesis import given

from llama_edu.tokenizer.bpe import BPETokenizer
from llama_edu.tokenizer.formats.llama3 import SPECIAL_TOKENS, is_tiktoken_file
from llama_edu.tokenizer.pretokenize import LLAMA3, compile_pattern, split_chunks
from tests.tokenizer.oracles import TEXTS, texts


def write(path, vocab):
    lines = [base64.b64encode(token) + b" %d\n" % rank for token, rank in vocab.items()]
    path.write_bytes(b"".join(lines))
    return path


@pytest.fixture(scope="module")
def vocab(trained_bpe, tmp_path_factory):
    folder = tmp_path_factory.mktemp("bpe")
    trained_bpe("llama-bpe").save(str(folder / "tokenizer.json"))
    ours = BPETokenizer.load(folder)
    return {token: rank for rank, token in enumerate(sorted(ours.vocab, key=ours.vocab.get))}


@pytest.fixture(scope="module")
def tokenizer(vocab, tmp_path_factory):
    path = tmp_path_factory.mktemp("llama3") / "tokenizer.model"
    return BPETokenizer.from_tiktoken(write(path, vocab))


def encode_by_definition(vocab, text):
    """tiktoken's rule: join the neighbours that make the token of lowest rank, leftmost first."""
    ids = []
    for chunk in split_chunks(text, [compile_pattern(LLAMA3)]):
        parts = [bytes([byte]) for byte in chunk.encode()]
        if chunk.encode() in vocab:
            parts = [chunk.encode()]
        while ranked := [
            (vocab[a + b], i) for i, (a, b) in enumerate(pairwise(parts)) if a + b in vocab
        ]:
            i = min(ranked)[1]
            parts[i : i + 2] = [parts[i] + parts[i + 1]]
        ids += [vocab[part] for part in parts]
    return ids


@given(text=texts)
def test_ids_follow_the_definition(vocab, tokenizer, text):
    assert tokenizer.encode(text) == encode_by_definition(vocab, text)


def test_ids_of_known_traps_follow_the_definition(vocab, tokenizer):
    for text in TEXTS:
        assert tokenizer.encode(text) == encode_by_definition(vocab, text)


def test_control_tokens_follow_the_vocabulary(vocab, tokenizer):
    # With the real 128,000 tokens these are 128000, 128001, 128006, 128007 and 128009.
    names = ["begin_of_text", "end_of_text", "start_header_id", "end_header_id", "eot_id"]
    ids = [tokenizer.special_tokens[f"<|{name}|>"] - len(vocab) for name in names]
    assert ids == [0, 1, 6, 7, 9]
    assert len(set(SPECIAL_TOKENS)) == 256
    assert SPECIAL_TOKENS[-1] == "<|reserved_special_token_245|>"
    assert tokenizer.vocab_size == len(vocab) + 256
    assert (tokenizer.bos_id, tokenizer.eos_id) == (len(vocab), len(vocab) + 1)
    assert tokenizer.add_bos


def test_the_file_is_recognized(vocab, tmp_path):
    assert is_tiktoken_file(write(tmp_path / "a", vocab))
    for content in (b"", b"\n\x0b\n\x04<unk>", b"a b c\n", b"YQ== one\n", b"Y 1\n", b"Y?Q== 1\n"):
        (tmp_path / "b").write_bytes(content)
        assert not is_tiktoken_file(tmp_path / "b")


@pytest.mark.parametrize("lines", [b"", b"IQ== 0\nIQ== 1\n", b"IQ== 0\nIg== 2\n", b"IQ== 1\n"])
def test_ranks_that_leave_no_place_for_control_tokens_are_refused(tmp_path, lines):
    (tmp_path / "a").write_bytes(lines)
    with pytest.raises(ValueError, match="a: ranks must run from 0 to"):
        BPETokenizer.from_tiktoken(tmp_path / "a")


def test_a_broken_line_is_named(tmp_path):
    (tmp_path / "a").write_bytes(b"YQ== 0\nYg=\n")
    with pytest.raises(ValueError, match="a, line 2 must be 'base64 rank', got b'Yg='"):
        BPETokenizer.from_tiktoken(tmp_path / "a")
