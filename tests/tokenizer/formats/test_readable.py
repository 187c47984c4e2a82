"""The file for people: it holds all, it can be read, and it says when it is another file."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from llama_edu.tokenizer.bpe import BPETokenizer
from llama_edu.tokenizer.formats.readable import quote, unquote
from llama_edu.tokenizer.sentencepiece_bpe import SentencePieceBPE
from tests.tokenizer.oracles import TEXTS


@pytest.mark.parametrize(
    "token, word",
    [
        (b" the", '" the"'),
        ("中".encode(), '"中"'),
        ("中".encode()[:2], r'"\xe4\xb8"'),
        (b"\n", r'"\x0a"'),
        ("\u2028".encode(), r'"\xe2\x80\xa8"'),
        (rb'a"\x41', r'"a\"\\x41"'),
    ],
)
def test_a_token_can_be_read(token, word):
    assert quote(token) == word
    assert unquote(word) == token


@given(token=st.binary() | st.text(st.characters(exclude_categories=["Cs"])).map(str.encode))
@example(token=b"\\\n")
def test_reading_undoes_quoting(token):
    assert unquote(quote(token)) == token
    assert "\n" not in quote(token)


def test_a_byte_level_tokenizer_comes_back_whole(tmp_path):
    trained = BPETokenizer.train([*TEXTS, *TEXTS], 700, special_tokens=['<a "b">', "<s>"])
    ours = BPETokenizer(
        trained.vocab,
        [(_token(trained, a), _token(trained, b)) for a, b in trained.merges],
        trained.patterns,
        trained.special_tokens,
        added_tokens={"<think>\n": 700},
        ignore_merges=True,
        bos_id=1,
        eos_id=0,
        stop_ids=[300],
        add_bos=True,
        chat_template="{{ 'é\n' }}",
    )
    ours.save_text(tmp_path / "new" / "vocabulary.txt")
    again = BPETokenizer.load_text(tmp_path / "new" / "vocabulary.txt")
    for name in ("vocab", "merges", "patterns", "special_tokens", "added_tokens", "ignore_merges"):
        assert getattr(again, name) == getattr(ours, name)
    for name in ("bos_id", "eos_id", "stop_ids", "add_bos", "chat_template"):
        assert getattr(again, name) == getattr(ours, name)


def _token(tokenizer, i):
    return tokenizer.decode_bytes([i])


def test_a_sentencepiece_tokenizer_comes_back_whole(sentencepiece_model, tmp_path):
    ours = SentencePieceBPE(
        sentencepiece_model, {"<|x|>": 1000}, added_tokens={"<y>": 1001}, chat_template="t"
    )
    ours.save_text(tmp_path / "vocabulary.txt")
    again = SentencePieceBPE.load_text(tmp_path / "vocabulary.txt")
    for name in ("pieces", "merges", "special_tokens", "added_tokens", "bos_id", "chat_template"):
        assert getattr(again, name) == getattr(ours, name)
    assert [again.encode(text) for text in TEXTS] == [ours.encode(text) for text in TEXTS]


def test_a_person_finds_words_and_merges(tmp_path):
    BPETokenizer.train(["the thing"] * 2, 259).save_text(tmp_path / "vocabulary.txt")
    lines = (tmp_path / "vocabulary.txt").read_text(encoding="utf-8").splitlines()
    assert '256 "th"' in lines
    assert lines[lines.index("[merges]") + 1] == '"t" "h"'


def test_another_file_is_refused(tmp_path):
    path = tmp_path / "x.txt"
    path.write_text("hello", encoding="utf-8")
    for kind in (BPETokenizer, SentencePieceBPE):
        with pytest.raises(ValueError, match=r"must begin with .# .*, got 'hello'"):
            kind.load_text(path)
