"""tokenizer.json: read with the library's ids, written so that the library gives ours."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer, processors

from llama_edu.tokenizer.bpe import BPETokenizer
from tests.tokenizer.oracles import PRE_TOKENIZERS, SPECIAL, TEXTS, texts

SAMPLES = [*TEXTS, "".join(TEXTS), "<|user|>hi<|end|>", "a<|user|>sb<|user|><|end"]


@pytest.fixture(scope="module", params=PRE_TOKENIZERS)
def pair(request, trained_bpe, tmp_path_factory):
    """The library's tokenizer, and ours read from the library's file."""
    folder = tmp_path_factory.mktemp(request.param)
    library = trained_bpe(request.param)
    library.save(str(folder / "tokenizer.json"))
    return library, BPETokenizer.from_tokenizer_json(folder)


@given(parts=st.lists(texts | st.sampled_from(SPECIAL)))
def test_ids_and_texts_are_those_of_the_library(pair, parts):
    library, ours = pair
    text = "".join(parts)
    expected = library.encode(text).ids
    assert ours.encode(text, special=True) == expected
    assert ours.decode(expected) == library.decode(expected, skip_special_tokens=False) == text


def test_ids_of_known_traps_are_those_of_the_library(pair):
    library, ours = pair
    for text in SAMPLES:
        assert ours.encode(text, special=True) == library.encode(text).ids


def test_plain_ids_are_those_of_the_library_told_to_see_no_control_tokens(pair):
    library, ours = pair
    library = Tokenizer.from_str(library.to_str())
    library.encode_special_tokens = True
    for text in SAMPLES:
        assert ours.encode(text) == library.encode(text).ids


@given(ids=st.lists(st.integers(0, 799), max_size=8))
def test_broken_bytes_decode_as_in_the_library(pair, ids):
    library, ours = pair
    assert ours.decode(ids) == library.decode(ids, skip_special_tokens=False)


def test_what_we_write_gives_the_library_our_ids(pair, tmp_path):
    _, ours = pair
    ours.save(tmp_path / "new")
    library = Tokenizer.from_file(str(tmp_path / "new" / "tokenizer.json"))
    for text in SAMPLES:
        ids = ours.encode(text, special=True)
        assert library.encode(text).ids == ids
        assert library.decode(ids, skip_special_tokens=False) == text


def test_what_we_write_we_read(pair, tmp_path):
    _, ours = pair
    ours.save(tmp_path)
    again = BPETokenizer.load(tmp_path)
    for name in ("vocab", "merges", "special_tokens", "added_tokens", "vocab_size"):
        assert getattr(again, name) == getattr(ours, name)
    assert [again.encode(text) for text in SAMPLES] == [ours.encode(text) for text in SAMPLES]


def make_tokenizer():
    vocab = {bytes([byte]): byte for byte in range(256)} | {b"aa": 256, b"aaa": 257}
    return BPETokenizer(
        vocab,
        None,
        r"\S+",
        {"<s>": 258, "</s>": 259},
        added_tokens={"<think>": 260},
        ignore_merges=True,
        bos_id=258,
        eos_id=260,
        add_bos=True,
        chat_template="{{ messages }}",
    )


def test_every_setting_survives_a_round_trip(tmp_path):
    make_tokenizer().save(tmp_path)
    again = BPETokenizer.load(tmp_path / "tokenizer.json")
    assert (again.bos_id, again.eos_id, again.add_bos) == (258, 260, True)
    assert (again.ignore_merges, again.added_tokens) == (True, {"<think>": 260})
    assert (again.special_tokens, again.chat_template) == (
        {"<s>": 258, "</s>": 259},
        "{{ messages }}",
    )
    assert again.merges.keys() == make_tokenizer().merges.keys()


def test_the_library_adds_the_opening_token_where_we_say_so(tmp_path):
    make_tokenizer().save(tmp_path)
    library = Tokenizer.from_file(str(tmp_path / "tokenizer.json"))
    assert library.encode("aaa <think>").ids == [258, *make_tokenizer().encode("aaa <think>")]


def write(folder, library, config=None, **changes):
    spec = json.loads(library.to_str())
    for key, value in changes.items():
        part, _, name = key.partition("__")
        if name:
            spec[part][name] = value
        else:
            spec[part] = value
    (folder / "tokenizer.json").write_text(json.dumps(spec), encoding="utf-8")
    if config:
        (folder / "tokenizer_config.json").write_text(json.dumps(config), encoding="utf-8")
    return folder


def test_the_configuration_beside_it_is_read(trained_bpe, tmp_path):
    templates = [{"name": "tool_use", "template": "t"}, {"name": "default", "template": "d"}]
    config = {
        "bos_token": {"content": "<|user|>"},
        "eos_token": "<|end|>",
        "chat_template": templates,
    }
    tokenizer = BPETokenizer.load(write(tmp_path, trained_bpe("gpt-2"), config))
    assert (tokenizer.bos_id, tokenizer.eos_id) == (1, 0)
    assert (tokenizer.add_bos, tokenizer.chat_template) == (False, "d")
    (tmp_path / "chat_template.jinja").write_text("own file", encoding="utf-8")
    assert BPETokenizer.load(tmp_path).chat_template == "own file"


def test_an_ordinary_word_is_no_control_token_even_if_spelled_like_one(tmp_path):
    vocab = {bytes([byte]): byte for byte in range(256)}
    tokenizer = BPETokenizer(vocab, [], r"\w+", {"end": 256}, ignore_merges=True)
    tokenizer.save(tmp_path)
    assert BPETokenizer.load(tmp_path).encode("end") == [*b"end"]


def test_without_a_configuration_there_is_no_opening_token(trained_bpe, tmp_path):
    tokenizer = BPETokenizer.load(write(tmp_path, trained_bpe("gpt-2")))
    assert (tokenizer.bos_id, tokenizer.eos_id, tokenizer.chat_template) == (None, None, None)


def test_the_opening_token_is_found_inside_a_sequence_of_processors(trained_bpe, tmp_path):
    library = Tokenizer.from_str(trained_bpe("gpt-2").to_str())
    opening = processors.TemplateProcessing(single="<|user|> $A", special_tokens=[("<|user|>", 1)])
    library.post_processor = processors.Sequence([processors.ByteLevel(), opening])
    assert BPETokenizer.load(write(tmp_path, library)).add_bos
    assert library.encode("a").ids[0] == 1


ROUND = {
    "an end": processors.TemplateProcessing(single="$A <|user|>", special_tokens=[("<|user|>", 1)]),
    "two openings": processors.TemplateProcessing(
        single="<|user|> <|user|> $A", special_tokens=[("<|user|>", 1)]
    ),
    "one of two ids": processors.TemplateProcessing(
        single="x $A", special_tokens=[{"id": "x", "ids": [0, 1], "tokens": ["a", "b"]}]
    ),
    "BERT's": processors.BertProcessing(("<|user|>", 1), ("<|end|>", 2)),
    "RoBERTa's": processors.RobertaProcessing(("<|user|>", 1), ("<|end|>", 2)),
    "an opening in each of two steps": processors.Sequence(
        [processors.TemplateProcessing(single="<|user|> $A", special_tokens=[("<|user|>", 1)])] * 2
    ),
}


@pytest.mark.parametrize("name", ROUND)
def test_what_else_stands_round_a_text_is_refused_by_name(trained_bpe, tmp_path, name):
    library = Tokenizer.from_str(trained_bpe("gpt-2").to_str())
    library.post_processor = ROUND[name]
    with pytest.raises(ValueError, match=r"json: post_processor=.* is not supported"):
        BPETokenizer.load(write(tmp_path, library))


def test_an_opening_that_is_not_the_bos_token_is_refused(trained_bpe, tmp_path):
    library = Tokenizer.from_str(trained_bpe("gpt-2").to_str())
    library.post_processor = processors.TemplateProcessing(
        single="<|user|> $A", special_tokens=[("<|user|>", 1)]
    )
    (tmp_path / "tokenizer_config.json").write_text('{"bos_token": "<|end|>"}', encoding="utf-8")
    with pytest.raises(ValueError, match="opens a text with the id 1, and bos_token has"):
        BPETokenizer.load(write(tmp_path, library))


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"normalizer": {"type": "NFC"}}, "normalizer={'type': 'NFC'}"),
        ({"model__type": "WordPiece"}, "model.type='WordPiece'"),
        ({"model__dropout": 0.1}, "model.dropout=0.1"),
        ({"model__byte_fallback": True}, "not byte-level but of SentencePiece's kind"),
        ({"pre_tokenizer": {"type": "Metaspace", "replacement": "▁"}}, "SentencePiece's kind"),
        ({"model__merges": ["a b c"]}, "merge 'a b c' must be two tokens"),
        ({"model__unk_token": "x", "model__vocab": {"x": 0}}, "no token for some bytes"),
    ],
)
def test_what_would_change_ids_without_a_word_is_refused(trained_bpe, tmp_path, changes, message):
    with pytest.raises(ValueError, match=message):
        BPETokenizer.load(write(tmp_path, trained_bpe("gpt-2"), **changes))


def test_a_control_token_that_eats_spaces_is_refused(trained_bpe, tmp_path):
    spec = json.loads(trained_bpe("gpt-2").to_str())
    spec["added_tokens"][0]["rstrip"] = True
    (tmp_path / "tokenizer.json").write_text(json.dumps(spec), encoding="utf-8")
    with pytest.raises(ValueError, match=r"rstrip of the added token '<\|end\|>'"):
        BPETokenizer.load(tmp_path)
