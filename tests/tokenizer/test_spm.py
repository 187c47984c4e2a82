"""SentencePiece behind our methods: the library's ids, from whichever file the pieces come."""

import json

import pytest
import sentencepiece
from gguf import GGUFWriter
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers

from llama_edu.tokenizer.formats.gguf_vocab import BYTE, CONTROL, NORMAL, UNKNOWN
from llama_edu.tokenizer.spm import SentencePieceTokenizer
from tests.tokenizer.oracles import EMOJI, TEXTS
from tests.tokenizer.oracles import texts_without_space_mark as texts

CONTROLS = {"<unk>": 0, "<s>": 1, "</s>": 2}


@pytest.fixture(scope="module")
def library(sentencepiece_model):
    return sentencepiece.SentencePieceProcessor(model_proto=sentencepiece_model)


@pytest.fixture(scope="module")
def ours(sentencepiece_model):
    return SentencePieceTokenizer(sentencepiece_model)


def pieces_of(library):
    kinds = {0: UNKNOWN, 1: CONTROL, 2: CONTROL}
    return [
        (
            library.id_to_piece(i),
            library.get_score(i),
            kinds.get(i, BYTE if library.is_byte(i) else NORMAL),
        )
        for i in range(library.vocab_size())
    ]


@pytest.fixture(scope="module")
def from_gguf(library, tmp_path_factory):
    path = tmp_path_factory.mktemp("gguf") / "a.gguf"
    tokens, scores, kinds = zip(*pieces_of(library), strict=True)
    writer = GGUFWriter(path, "llama")
    writer.add_tokenizer_model("llama")
    writer.add_token_list(tokens)
    writer.add_token_scores(scores)
    writer.add_token_types(kinds)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_chat_template("{{ messages }}")
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.close()
    return SentencePieceTokenizer.from_gguf(path)


def as_tokenizers(library):
    """The same vocabulary in the tokenizers library, the way Llama 2's tokenizer.json is made."""
    pieces = pieces_of(library)
    vocab = {piece: i for i, (piece, _, _) in enumerate(pieces)}
    merges = [
        (vocab[piece], (piece[:i], piece[i:]))
        for piece, _, kind in pieces
        if kind == NORMAL
        for i in range(1, len(piece))
        if piece[:i] in vocab and piece[i:] in vocab
    ]
    merges = [pair for _, pair in sorted(merges)]
    tokenizer = Tokenizer(
        models.BPE(vocab, merges, unk_token="<unk>", fuse_unk=True, byte_fallback=True)
    )
    steps = [normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")]
    tokenizer.normalizer = normalizers.Sequence(steps)
    tokenizer.decoder = decoders.Sequence(
        [
            decoders.Replace("▁", " "),
            decoders.ByteFallback(),
            decoders.Fuse(),
            decoders.Strip(" ", 1, 0),
        ]
    )
    tokenizer.add_special_tokens(
        [AddedToken(token, normalized=False, special=True) for token in CONTROLS]
    )
    return tokenizer


@pytest.fixture(scope="module")
def converted(library):
    return as_tokenizers(library)


@pytest.fixture(scope="module")
def from_json(converted, tmp_path_factory):
    folder = tmp_path_factory.mktemp("json")
    converted.save(str(folder / "tokenizer.json"))
    return SentencePieceTokenizer.from_tokenizer_json(folder)


@given(text=texts)
def test_ids_and_texts_are_those_of_the_library(library, ours, from_gguf, from_json, text):
    ids = library.encode(text)
    assert ours.encode(text) == from_gguf.encode(text) == from_json.encode(text) == ids
    assert ours.decode(ids) == from_gguf.decode(ids) == from_json.decode(ids) == text


def test_ids_of_known_traps_are_those_of_both_libraries(library, ours, from_json, converted):
    for text in TEXTS:
        assert ours.encode(text) == library.encode(text)
        assert from_json.encode(text) == converted.encode(text).ids


@given(parts=st.lists(texts | st.sampled_from(["<s>", "</s>"])))
def test_control_tokens_only_come_when_asked_for(ours, converted, parts):
    text = "".join(parts)
    assert not set(ours.encode(text)) & {1, 2}
    asked = ours.encode(text, special=True)
    assert ours.decode(asked) == text
    assert asked == converted.encode(text).ids


@given(ids=st.lists(st.integers(3, 999), max_size=8))
def test_broken_bytes_decode_as_in_the_library(library, ours, ids):
    assert ours.decode(ids) == library.decode(ids)


@given(ids=st.lists(st.integers(0, 999)), cut=st.integers(0, 20))
def test_bytes_of_a_stream_join_to_those_of_the_whole(ours, ids, cut):
    parts = ours.decode_bytes(ids[:cut]) + ours.decode_bytes(ids[cut:])
    assert parts == ours.decode_bytes(ids)


def test_the_mark_for_a_space_comes_back_as_a_space(ours):
    assert ours.encode("a▁b") == ours.encode("a b")


def test_bytes_keep_the_space_in_front(ours):
    assert ours.decode_bytes(ours.encode(EMOJI)) == b" " + EMOJI.encode()
    assert ours.decode_bytes([1, 2]) == b"<s></s>"


def test_the_model_says_what_its_control_tokens_are(ours):
    assert ours.special_tokens == CONTROLS
    assert (ours.bos_id, ours.eos_id, ours.vocab_size, ours.add_bos) == (1, 2, 1000, True)


def test_what_a_gguf_file_says_of_itself_is_read(from_gguf):
    assert (from_gguf.bos_id, from_gguf.eos_id, from_gguf.add_bos) == (1, 2, True)
    assert from_gguf.chat_template == "{{ messages }}"
    assert from_gguf.special_tokens == CONTROLS


def test_what_we_write_we_read(ours, tmp_path):
    ours.save(tmp_path / "new")
    for path in (tmp_path / "new", tmp_path / "new" / "tokenizer.model"):
        assert SentencePieceTokenizer.load(path).encode(EMOJI) == ours.encode(EMOJI)


def test_a_folder_may_add_tokens_and_a_template(ours, converted, tmp_path):
    ours.save(tmp_path)
    library = Tokenizer.from_str(converted.to_str())
    library.add_special_tokens(["<|im_end|>"])
    library.add_tokens([AddedToken("<think>", normalized=False)])
    library.save(str(tmp_path / "tokenizer.json"))
    config = {"bos_token": "<s>", "eos_token": "<|im_end|>", "chat_template": "t"}
    (tmp_path / "tokenizer_config.json").write_text(json.dumps(config), encoding="utf-8")
    text = "<s>a<think>b<|im_end|>"
    for tokenizer in (
        SentencePieceTokenizer.load(tmp_path),
        SentencePieceTokenizer.from_tokenizer_json(tmp_path),
    ):
        assert (tokenizer.bos_id, tokenizer.eos_id, tokenizer.chat_template) == (1, 1000, "t")
        assert tokenizer.vocab_size == 1002
        ids = tokenizer.encode(text, special=True)
        assert ids == library.encode(text).ids
        assert tokenizer.decode(ids) == text
        assert 1001 in tokenizer.encode(text) and 1000 not in tokenizer.encode(text)


def test_an_id_outside_the_vocabulary_is_named(ours):
    for i in (-1, 1000):
        with pytest.raises(ValueError, match=f"id {i} is not in this vocabulary of 1000 tokens"):
            ours.decode([5, i])


def test_a_lone_surrogate_is_refused(ours):
    with pytest.raises(ValueError, match="lone surrogate"):
        ours.encode("a\ud800")


def test_a_file_that_is_no_model_is_refused(tmp_path):
    (tmp_path / "tokenizer.model").write_bytes(b"no model")
    with pytest.raises(ValueError, match="not a SentencePiece model"):
        SentencePieceTokenizer.load(tmp_path)


def test_a_tokenizer_json_with_another_rule_for_spaces_names_what_is_missing(converted, tmp_path):
    spec = json.loads(converted.to_str())
    spec["normalizer"] = None
    spec["pre_tokenizer"] = {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "first"}
    (tmp_path / "tokenizer.json").write_text(json.dumps(spec), encoding="utf-8")
    with pytest.raises(ValueError, match=r"put the model's tokenizer\.model beside it"):
        SentencePieceTokenizer.from_tokenizer_json(tmp_path)


def test_ids_with_gaps_are_refused(converted, tmp_path):
    spec = json.loads(converted.to_str())
    spec["added_tokens"].append({"id": 1010, "content": "<x>", "special": True})
    (tmp_path / "tokenizer.json").write_text(json.dumps(spec), encoding="utf-8")
    with pytest.raises(ValueError, match="ids of its 1001 tokens must run from 0 without gaps"):
        SentencePieceTokenizer.from_tokenizer_json(tmp_path)
