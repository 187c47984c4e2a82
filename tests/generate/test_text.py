"""Streamed text: whole characters, nothing of a stop string, nothing lost."""

import pytest

from llama_edu.generate import text as text_room
from llama_edu.generate.text import stream_text
from llama_edu.tokenizer.bpe import BPETokenizer
from llama_edu.tokenizer.sentencepiece_bpe import SentencePieceBPE


class ByteTokenizer:
    def decode_bytes(self, ids):
        return bytes(ids)


@pytest.fixture
def pieces(monkeypatch):
    """Stream the given bytes as if a model had chosen them, one byte a token."""

    def run(data, **settings):
        monkeypatch.setattr(text_room, "stream", lambda *args, **kwargs: ([byte] for byte in data))
        return list(stream_text(None, ByteTokenizer(), [1], 99, **settings))

    return run


def test_characters_of_several_tokens_come_whole(pieces):
    text = "naïve 龘 👩‍🚀"
    assert pieces(text.encode()) == list(text)


def test_bytes_that_are_no_text_become_replacement_characters(pieces):
    assert "".join(pieces(b"a\xffb\xe9\xbe")) == "a�b�"


def test_stop_string_is_never_shown_even_across_tokens(pieces):
    assert "".join(pieces(b"one</end>two", stop_strings=["</end>"])) == "one"


def test_the_first_of_several_stop_strings_ends_the_text(pieces):
    assert "".join(pieces(b"abcdef", stop_strings=["ef", "cd"])) == "ab"


def test_beginning_of_a_stop_string_is_shown_once_it_is_none(pieces):
    assert pieces(b"a<b", stop_strings=["<e>"]) == ["a", "<b"]


def test_held_back_text_is_shown_at_the_end(pieces):
    assert pieces(b"a<e", stop_strings=["<e>"]) == ["a", "<e"]


def test_stop_string_that_begins_anew_inside_itself(pieces):
    assert "".join(pieces(b"aabaac", stop_strings=["aac"])) == "aab"


@pytest.mark.parametrize("prefix", [True, False])
def test_sentencepiece_text_comes_as_its_ids_decode(monkeypatch, prefix):
    texts = ["the cat sat on the mat", "a cat, a hat"]
    tokenizer = SentencePieceBPE.train(texts, 280)
    ids = tokenizer.encode("the  cat sät 龘 on")[0 if prefix else 1 :]
    monkeypatch.setattr(text_room, "stream", lambda *args, **kwargs: ([i] for i in ids))
    shown = "".join(stream_text(None, tokenizer, [1], 99))
    assert shown.encode() == tokenizer.decode_bytes(ids)


def test_each_token_is_decoded_once(monkeypatch):
    monkeypatch.setattr(text_room, "stream", lambda *args, **kwargs: ([98] for _ in range(50)))
    n_decoded = []

    class Counts(ByteTokenizer):
        def decode_bytes(self, ids):
            n_decoded.append(len(ids))
            return super().decode_bytes(ids)

    assert "".join(stream_text(None, Counts(), [1], 99)) == "b" * 50
    assert sum(n_decoded) == 50


def test_refuses_an_empty_stop_string(pieces):
    with pytest.raises(ValueError, match="stop string must not be empty"):
        pieces(b"a", stop_strings=[""])


def test_one_stop_string_is_a_stop_string(pieces):
    assert "".join(pieces(b"one END two", stop_strings="END")) == "one "
    assert "".join(pieces(b"DEN", stop_strings="END")) == "DEN"  # and not its letters
    assert "".join(pieces(b"one END two", stop_strings={"END", "two"})) == "one "


@pytest.mark.parametrize("stop_strings", [5, [5], [None], [["END"]], [b"END"], ["a", 3]])
def test_a_stop_string_of_another_kind_is_named(pieces, stop_strings):
    with pytest.raises(ValueError, match="stop_strings must be texts, got"):
        pieces(b"one", stop_strings=stop_strings)


def test_an_id_that_has_no_text_is_passed_over(monkeypatch):
    """A model may write any row of its embedding, and some have more rows than there are tokens."""
    spm = SentencePieceBPE.train(["the cat sat on the mat"] * 3, 275)
    bpe = BPETokenizer({bytes([i]): i for i in range(256)} | {b"<x>": 300}, [], r"\S+")
    for tokenizer, word in [(spm, spm.encode("cat")), (bpe, list(b"cat"))]:
        ids = [word[0], 999, *word[1:], 280, 998]
        monkeypatch.setattr(text_room, "stream", lambda *a, ids=ids, **k: ([i] for i in ids))
        assert "".join(stream_text(None, tokenizer, [1], 99)).strip() == "cat"
