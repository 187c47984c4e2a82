"""SentencePiece's BPE in plain Python: the library's ids, texts and training."""

import io

import pytest
import sentencepiece
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer

from llama_edu.tokenizer.formats.gguf_vocab import BYTE, NORMAL, UNKNOWN
from llama_edu.tokenizer.formats.sentencepiece_model import build_model, parse_model
from llama_edu.tokenizer.load import load_tokenizer
from llama_edu.tokenizer.sentencepiece_bpe import SentencePieceBPE
from llama_edu.tokenizer.sentencepiece_training import may_merge
from llama_edu.tokenizer.spm import SentencePieceTokenizer
from tests.tokenizer.oracles import CORPUS, EMOJI, TEXTS
from tests.tokenizer.oracles import texts_without_space_mark as texts

CORPUS_TEXTS = [CORPUS, *TEXTS]
SPACES = ["    a", "a     b  ", " " * 37, "\t x\u00a0y", "▁a▁▁"]


@pytest.fixture(scope="module")
def library(sentencepiece_model):
    return SentencePieceTokenizer(sentencepiece_model)


@pytest.fixture(scope="module")
def ours(sentencepiece_model):
    return SentencePieceBPE(sentencepiece_model)


@given(text=texts)
def test_ids_and_texts_are_those_of_the_library(library, ours, text):
    ids = ours.encode(text)
    assert ids == library.encode(text)
    assert ours.decode(ids) == text


def test_ids_of_known_traps_are_those_of_the_library(library, ours):
    for text in [*TEXTS, *SPACES, "".join(TEXTS)]:
        assert ours.encode(text) == library.encode(text)


@given(parts=st.lists(texts | st.sampled_from(["<s>", "</s>"])), special=st.booleans())
def test_control_tokens_are_found_as_in_the_library(library, ours, parts, special):
    text = "".join(parts)
    assert ours.encode(text, special=special) == library.encode(text, special=special)


@given(ids=st.lists(st.integers(0, 999), max_size=8))
def test_texts_of_any_ids_are_those_of_the_library(library, ours, ids):
    assert ours.decode(ids) == library.decode(ids)
    assert ours.decode_bytes(ids) == library.decode_bytes(ids)


def test_settings_are_those_of_the_library(library, ours):
    for name in ("pieces", "special_tokens", "bos_id", "eos_id", "vocab_size", "add_bos"):
        assert getattr(ours, name) == getattr(library, name)


def make(*texts_and_scores, add_prefix=True):
    """A model with pieces whose scores we choose."""
    rows = [("<unk>", 0.0, UNKNOWN), *((f"<0x{byte:02X}>", 0.0, BYTE) for byte in range(256))]
    rows += [(text, score, NORMAL) for text, score in texts_and_scores]
    model = build_model(rows, add_prefix=add_prefix)
    return SentencePieceBPE(model), SentencePieceTokenizer(model)


@given(text=st.text("abcd ", max_size=20), scores=st.lists(st.integers(-9, 0), min_size=9))
def test_the_highest_score_merges_first_and_of_equals_the_leftmost(text, scores):
    texts = ["▁", *"abc", "▁▁", "ab", "aa", "bc", "▁a", "abc", "▁▁▁", "aab", "b▁"]
    for pieces in (texts, texts[:-1]):  # with and without a piece that ends in a space
        both = make(*zip(pieces, [0, 0, 0, 0, *scores, *scores], strict=False), add_prefix=False)
        assert both[0].encode(text) == both[1].encode(text)


def test_a_space_without_a_piece_is_spelled_in_bytes():
    ours, library = make(("a", 0.0), ("b", 0.0), ("ab", -1.0))
    assert ours.encode("ab é") == library.encode("ab é")


def test_text_is_cut_only_where_no_piece_reaches_across():
    ours, _ = make(
        *[(text, -float(i)) for i, text in enumerate(["▁", *"abc,.!", "ab", "bc", ",."])]
    )
    assert ours._chunk_pattern.findall("▁abc,.a!▁▁1b") == ["▁abc", ",.", "a", "!", "▁▁", "1", "b"]


@pytest.mark.parametrize("max_piece_length", [3, 16])
@pytest.mark.parametrize("coverage", [0.98, 0.9995, 1.0])
def test_training_learns_the_pieces_of_the_library(coverage, max_piece_length):
    settings = {"character_coverage": coverage, "max_piece_length": max_piece_length}
    ours = SentencePieceBPE.train(CORPUS_TEXTS, 900, **settings)
    assert ours.pieces == SentencePieceTokenizer.train(CORPUS_TEXTS, 900, **settings).pieces


tricky_lines = st.text("ab1, .\t中かーé\u0301", min_size=1, max_size=30)


@given(lines=st.lists(tricky_lines, min_size=3, max_size=30), n_merges=st.integers(0, 20))
def test_training_on_any_text_learns_the_pieces_of_the_library(lines, n_merges):
    texts = ["\n".join(lines)]
    size = 259 + len(set("".join(lines)) - {" "} | {"▁"}) + n_merges
    ours = SentencePieceBPE.train(texts, size, character_coverage=1.0)
    n_learned = sum(len(piece.text) > 1 for piece in ours.pieces)
    try:
        library = SentencePieceTokenizer.train(texts, size, character_coverage=1.0)
    except ValueError:
        assert len(ours.pieces) < size  # the library wants to fill what it is given
    else:  # where no pair is left it goes on with pairs that occur nowhere
        assert ours.pieces[:n_learned] == library.pieces[:n_learned]


@pytest.mark.parametrize(
    "pairs, expected",
    [
        (["▁ the", "▁▁ ▁", "中 かなー", ". .", "e \u0301", "\u0301 я", "a" * 15 + " b"], True),
        (["1 2", "▁ 1", "a ,", "a ▁b", "a ▁", "▁▁ a", "a я", "中 a", "a" * 15 + " bc"], False),
    ],
)
def test_what_may_become_a_piece(pairs, expected):
    for left, right in map(str.split, pairs):
        assert may_merge(left, right) is expected


def test_line_breaks_are_never_learned():
    tokenizer = SentencePieceBPE.train(["ab\nab\r\nab\n\n"], 262, character_coverage=1.0)
    assert [piece.text for piece in tokenizer.pieces[259:]] == ["a", "b", "▁"]
    assert tokenizer.encode("a\n")[-1] == 3 + ord("\n")  # a byte


def test_what_we_write_gives_the_tokenizers_library_our_ids(ours, tmp_path):
    ours.save(tmp_path / "new")
    library = Tokenizer.from_file(str(tmp_path / "new" / "tokenizer.json"))
    again = SentencePieceBPE.from_tokenizer_json(tmp_path / "new")
    for text in [*TEXTS, *SPACES]:
        ids = ours.encode(text)
        assert library.encode(text, add_special_tokens=False).ids == ids == again.encode(text)
        assert library.decode(ids) == ours.decode(ids) == again.decode(ids)
    assert library.encode("a").ids == [1, *ours.encode("a")]


def test_what_we_write_we_read(ours, tmp_path):
    ours.save(tmp_path)
    for again in (SentencePieceBPE.load(tmp_path), load_tokenizer(tmp_path)):
        assert [again.encode(text) for text in TEXTS] == [ours.encode(text) for text in TEXTS]
        assert (again.bos_id, again.eos_id, again.add_bos) == (1, 2, True)


def test_a_model_comes_back_from_its_bytes(sentencepiece_model):
    pieces, add_prefix = parse_model(sentencepiece_model)
    assert add_prefix
    assert parse_model(build_model(pieces, add_prefix=False)) == (pieces, False)


@pytest.mark.parametrize("cut", [1, 100, 5_000])
def test_half_a_file_is_refused(sentencepiece_model, cut):
    with pytest.raises(ValueError, match=r"not a SentencePiece model|model_type|byte_fallback"):
        SentencePieceBPE(sentencepiece_model[:cut])


def train_otherwise(**changes) -> bytes:
    content = io.BytesIO()
    settings = {"model_type": "bpe", "byte_fallback": True, "vocab_size": 500, "minloglevel": 2}
    settings |= {"normalization_rule_name": "identity", "remove_extra_whitespaces": False}
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(CORPUS.splitlines()), model_writer=content, **settings | changes
    )
    return content.getvalue()


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"model_type": "unigram"}, "model_type=1 must be 2, BPE"),
        ({"byte_fallback": False}, "byte_fallback must be true"),
        ({"normalization_rule_name": "nfkc"}, "must leave text as it is"),
        ({"remove_extra_whitespaces": True}, "must leave text as it is"),
        ({"user_defined_symbols": ["<x>"]}, "user-defined pieces are not supported: <x>"),
    ],
)
def test_a_model_of_another_kind_is_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        SentencePieceBPE(train_otherwise(**changes))


def test_a_model_without_a_byte_or_a_character_is_refused():
    rows = [("<unk>", 0.0, UNKNOWN), ("a", 0.0, NORMAL), ("ab", 0.0, NORMAL)]
    with pytest.raises(ValueError, match="a piece for each of 256 bytes, got 0"):
        SentencePieceBPE(build_model(rows, add_prefix=True))
    with pytest.raises(ValueError, match="piece 'ab' must be made of characters that are pieces"):
        make(("a", 0.0), ("ab", 0.0))


@pytest.mark.parametrize("kind", [SentencePieceBPE, SentencePieceTokenizer])
def test_a_vocabulary_that_is_too_small_is_refused(kind):
    with pytest.raises(ValueError, match="vocab_size=260"):
        kind.train([CORPUS], 260)
    with pytest.raises(ValueError, match="texts must be several texts"):
        kind.train("one text", 300)


def test_a_small_text_gives_a_small_vocabulary():
    tokenizer = SentencePieceBPE.train(["ab ab"], 5_000, character_coverage=1.0)
    assert [piece.text for piece in tokenizer.pieces[259:]] == ["ab", "▁ab", "a", "b", "▁"]
    assert tokenizer.decode(tokenizer.encode(EMOJI)) == EMOJI
    assert tokenizer.special_tokens == {"<unk>": 0, "<s>": 1, "</s>": 2}
