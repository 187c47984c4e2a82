"""What a folder says beyond a SentencePiece model's pieces gives the ids of the oracle."""

import json
import os
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers

from llama_edu.tokenizer import load_tokenizer
from llama_edu.tokenizer.formats.gguf_vocab import BYTE, CONTROL, NORMAL, UNKNOWN, USER_DEFINED
from llama_edu.tokenizer.formats.gguf_vocab_out import gguf_vocab_of
from llama_edu.tokenizer.formats.sentencepiece_model import build_model, read_pieces
from llama_edu.tokenizer.formats.spaces import Spaces
from llama_edu.tokenizer.sentencepiece_bpe import SentencePieceBPE
from llama_edu.tokenizer.spm import SentencePieceTokenizer
from llama_edu.tokenizer.whole_tokens import Flags
from tests import checkpoints
from tests.tokenizer.oracles import EMOJI, TEXTS
from tests.tokenizer.oracles import texts_without_space_mark as texts

os.environ["HF_HUB_OFFLINE"] = "1"
transformers = pytest.importorskip("transformers")
from transformers.tokenization_utils_base import generate_merges  # noqa: E402

MARKS = ["<new>", "<s>", "</s>", "<|im_start|>"]
SAMPLES = [
    *TEXTS, "hello", " hello", "  hello", "</s>hello", "</s> hello", "a<new>b", "a <new> b",
    "<new>", "<new> b", " <new>", "a<new><new> b", "x<s>  y ",
    "<s>[INST] hi [/INST] ho</s><s>[INST] x",
    "<|im_start|>user\nhello<|im_end|>\n<|im_start|>assistant\n", f"{EMOJI}<new>{EMOJI}",
    "a<new>\n\n b", "a \t<new>\t b", "word<new>word", ".<new>.", "é<new>1",
]  # fmt: skip
any_texts = st.lists(texts | st.sampled_from([*MARKS, " ", "  ", "a"])).map("".join)


@pytest.fixture(scope="module")
def vocab(sentencepiece_model):
    return {piece.text: i for i, piece in enumerate(read_pieces(sentencepiece_model))}


@pytest.fixture(scope="module")
def merges(sentencepiece_model):
    pieces = {piece.text: piece.score for piece in read_pieces(sentencepiece_model)}
    return generate_merges({text: i for i, text in enumerate(pieces)}, pieces)


def write(folder, model, **files):
    folder.mkdir(exist_ok=True)
    (folder / "tokenizer.model").write_bytes(model)
    for name, content in files.items():
        (folder / f"{name}.json").write_text(json.dumps(content), encoding="utf-8")
    return folder


LLAMA = {"tokenizer_class": "LlamaTokenizer"}
FLAGS = ("lstrip", "rstrip", "single_word", "normalized")


def token(*flags, special=False, content="<new>"):
    return {"content": content, "special": special} | {flag: flag in flags for flag in FLAGS}


# What a folder says, and what the same words are to transformers' own class.
FOLDERS = {
    "nothing but its class": ({"tokenizer_config": LLAMA}, {}, None),
    "legacy: false": ({"tokenizer_config": {"legacy": False}}, {}, None),
    "legacy: true": ({"tokenizer_config": {"legacy": True}}, {"legacy": True}, None),
    "legacy: null": ({"tokenizer_config": {"legacy": None, **LLAMA}}, {"legacy": None}, None),
    "legacy: true, with a token": (
        {"added_tokens": {"<new>": 1000}, "tokenizer_config": {"legacy": True}},
        {"legacy": True}, {},
    ),
    "no space in front": (
        {"tokenizer_config": {"add_prefix_space": False}}, {"add_prefix_space": False}, None,
    ),
    "no space in front, by the older rule": (
        {"tokenizer_config": {"add_prefix_space": False, "legacy": True}},
        {"add_prefix_space": False, "legacy": True}, None,
    ),
    "a space in front": ({"tokenizer_config": {"add_prefix_space": True}}, {}, None),
    "added_tokens.json": (
        {"added_tokens": {"<new>": 1000}, "tokenizer_config": LLAMA}, {}, {},
    ),
    **{
        f"{' '.join(flags) or 'no flags'}, special: {special}": (
            {"tokenizer_config": {
                "legacy": False,
                "added_tokens_decoder": {"1000": token(*flags, special=special)},
            }},
            {}, token(*flags, special=special),
        )
        for special in (False, True)
        for flags in [(), ("lstrip",), ("rstrip",), ("lstrip", "rstrip"), ("single_word",),
                      ("single_word", "lstrip"), ("normalized",), ("normalized", "rstrip")]
    },
    "a control token by its name": (
        {"added_tokens": {"<new>": 1000},
         "tokenizer_config": {"legacy": False, "additional_special_tokens": ["<new>"]}},
        {}, token(special=True),
    ),
    "a control token by the map": (
        {"added_tokens": {"<new>": 1000}, "tokenizer_config": {"legacy": False},
         "special_tokens_map": {"additional_special_tokens": ["<new>"], "pad_token": "<unk>"}},
        {}, token(special=True),
    ),
}  # fmt: skip


def theirs(vocab, merges, asked, added):
    oracle = transformers.LlamaTokenizer(vocab=dict(vocab), merges=merges, **asked)
    if added is not None:
        oracle.add_tokens([AddedToken(**(token("normalized") | added))])
    return oracle


@pytest.mark.parametrize("said", FOLDERS)
@pytest.mark.parametrize("kind", [SentencePieceTokenizer, SentencePieceBPE])
def test_ids_are_those_of_transformers(sentencepiece_model, vocab, merges, tmp_path, said, kind):
    files, asked, added = FOLDERS[said]
    ours = kind.load(write(tmp_path, sentencepiece_model, **files))
    oracle = theirs(vocab, merges, asked, added)
    for text in SAMPLES:
        assert ours.encode(text, special=True) == oracle.encode(text), text


def test_flags_of_a_named_token_are_those_of_transformers(
    sentencepiece_model, vocab, merges, tmp_path
):
    named = {
        "eos_token": {"content": "</s>", "lstrip": True}, "pad_token": {"content": "<unk>",
        "rstrip": True}, "additional_special_tokens": [{"content": "the", "rstrip": True}, "qu"],
    }  # fmt: skip
    ours = load_tokenizer(
        write(tmp_path, sentencepiece_model, special_tokens_map=named, tokenizer_config=LLAMA)
    )
    oracle = transformers.LlamaTokenizer(
        vocab=dict(vocab), merges=merges,
        eos_token=AddedToken("</s>", lstrip=True, special=True),
        pad_token=AddedToken("<unk>", rstrip=True, special=True),
        extra_special_tokens=[
            AddedToken("the", rstrip=True, special=True), AddedToken("qu", special=True)
        ],
    )  # fmt: skip
    texts = ["a </s> b", "a <unk> b", "x the b", "b", "then the  ", " </s>"]
    assert "qu" in vocab or "qu" not in ours.special_tokens
    for text in texts:
        assert ours.encode(text, special=True) == oracle.encode(text), text


@pytest.fixture(scope="module")
def readers(sentencepiece_model, vocab, merges, tmp_path_factory):
    """Each of our tokenizers with that of transformers, for every folder."""
    pairs = []
    for said, (files, asked, added) in FOLDERS.items():
        folder = write(tmp_path_factory.mktemp("folder"), sentencepiece_model, **files)
        kind = (SentencePieceTokenizer, SentencePieceBPE)[len(pairs) % 2]
        pairs.append((said, kind.load(folder), theirs(vocab, merges, asked, added)))
    return pairs


@settings(max_examples=50)
@given(text=any_texts)
def test_any_text_gives_the_ids_of_transformers(readers, text):
    for said, ours, oracle in readers:
        assert ours.encode(text, special=True) == oracle.encode(text), said


def test_a_model_alone_keeps_to_sentencepiece(sentencepiece_model, tmp_path):
    alone = SentencePieceTokenizer(sentencepiece_model)
    for path in (write(tmp_path, sentencepiece_model), tmp_path / "tokenizer.model"):
        ours = load_tokenizer(path)
        for text in SAMPLES:
            ids = ours.encode(text, special=True)
            assert ids == alone.encode(text, special=True)
            assert ours.decode(ids) == text


def test_where_only_the_opening_gets_a_space_the_others_keep_theirs(sentencepiece_model, tmp_path):
    config = {"legacy": False}
    for kind in (SentencePieceTokenizer, SentencePieceBPE):
        ours = kind.load(write(tmp_path, sentencepiece_model, tokenizer_config=config))
        for text in ["a</s> b", "a</s>b", "</s> b", "hello<s>  y"]:
            assert ours.decode(ours.encode(text, special=True)) == text


@pytest.mark.parametrize("name, value", [("legacy", "no"), ("legacy", 3), ("add_prefix_space", [])])
def test_a_setting_of_another_kind_is_named(sentencepiece_model, tmp_path, name, value):
    write(tmp_path, sentencepiece_model, tokenizer_config={name: value})
    with pytest.raises(ValueError, match=rf"tokenizer_config\.json: {name} must be true or false"):
        load_tokenizer(tmp_path)


@pytest.mark.parametrize("value", [True, False])
def test_whether_a_text_is_opened_by_a_token_is_read(sentencepiece_model, tmp_path, value):
    write(tmp_path, sentencepiece_model, tokenizer_config={"add_bos_token": value})
    assert load_tokenizer(tmp_path).add_bos is value


def library(vocab, merges, prepare):
    tokenizer = Tokenizer(
        models.BPE(dict(vocab), merges, unk_token="<unk>", fuse_unk=True, byte_fallback=True)
    )
    tokenizer.normalizer, tokenizer.pre_tokenizer = prepare
    tokenizer.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback()])
    tokenizer.add_special_tokens([AddedToken(t, normalized=False) for t in ("<s>", "</s>")])
    tokenizer.add_tokens([AddedToken("<new>", normalized=False, rstrip=True)])
    return tokenizer


SPELL = normalizers.Replace(" ", "▁")
RULES = {
    "a space before each": (normalizers.Sequence([normalizers.Prepend("▁"), SPELL]), None),
    "none": (SPELL, None),
    "none, in a sequence": (normalizers.Sequence([SPELL]), None),
    **{
        scheme: (None, pre_tokenizers.Metaspace("▁", scheme, split=False))
        for scheme in ("first", "always", "never")
    },
}


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("has_model", [False, True])
def test_a_tokenizer_json_says_where_spaces_go(
    sentencepiece_model, vocab, merges, tmp_path, rule, has_model
):
    oracle = library(vocab, merges, RULES[rule])
    oracle.save(str(tmp_path / "tokenizer.json"))
    if has_model:
        (tmp_path / "tokenizer.model").write_bytes(sentencepiece_model)
    ours = load_tokenizer(tmp_path)
    for text in SAMPLES:
        assert ours.encode(text, special=True) == oracle.encode(text).ids, text


@pytest.mark.parametrize("prepare, message", [
    ((normalizers.NFKC(), None), "is not what SentencePiece does"),
    ((normalizers.Sequence([normalizers.Strip(), SPELL]), None), "is not what SentencePiece does"),
    ((None, pre_tokenizers.Metaspace("_", "first", split=False)), "is not what SentencePiece does"),
    ((None, pre_tokenizers.Metaspace("▁", "first", split=True)), "cuts text at every space"),
    ((None, pre_tokenizers.Sequence([pre_tokenizers.Metaspace("▁", "first"),
                                     pre_tokenizers.Punctuation()])), "is not what SentencePiece"),
])  # fmt: skip
def test_another_rule_is_refused_by_name(sentencepiece_model, vocab, merges, tmp_path, prepare,
                                         message):  # fmt: skip
    library(vocab, merges, prepare).save(str(tmp_path / "tokenizer.json"))
    with pytest.raises(ValueError, match=rf"tokenizer\.json.*{message}"):
        load_tokenizer(tmp_path)
    (tmp_path / "tokenizer.model").write_bytes(sentencepiece_model)
    with pytest.raises(ValueError, match=rf"tokenizer\.json.*{message}"):
        load_tokenizer(tmp_path)


def test_a_cut_at_spaces_is_no_matter_where_no_token_reaches_across(tmp_path):
    model = SentencePieceBPE.train(checkpoints.TEXTS, 290).model
    pieces = [(p.text, p.score, p.kind) for p in read_pieces(model) if "▁" not in p.text[1:]]
    model = build_model(pieces, add_prefix=True)
    scores = {text: score for text, score, _ in pieces}
    vocab = {text: i for i, text in enumerate(scores)}
    prepare = None, pre_tokenizers.Metaspace("▁", "first", split=True)
    oracle = library(vocab, generate_merges(vocab, scores), prepare)
    oracle.save(str(tmp_path / "tokenizer.json"))
    ours = load_tokenizer(tmp_path)
    for text in ["the  cat", " a</s>  the   hat<new> a", "the\ncat "]:
        assert ours.encode(text, special=True) == oracle.encode(text).ids


def test_a_late_token_under_a_normalizer_is_refused_by_name(vocab, merges, tmp_path):
    oracle = library(vocab, merges, RULES["a space before each"])
    oracle.add_tokens(["ation"])  # normalized: true
    oracle.save(str(tmp_path / "tokenizer.json"))
    with pytest.raises(ValueError, match="the added token 'ation' has normalized: true"):
        load_tokenizer(tmp_path)


@pytest.mark.parametrize("drop, message", [
    (lambda pairs: pairs[:40] + pairs[41:], r"its merges leave out \("),
    (lambda pairs: [*pairs[1:], pairs[0]], "must follow one another|leave out"),
    (lambda pairs: [*pairs, ("zz", "qq")], "merges need the token"),
])  # fmt: skip
def test_merges_that_no_model_can_hold_are_refused_by_name(vocab, merges, tmp_path, drop, message):
    oracle = library(vocab, merges, RULES["a space before each"])
    spec = json.loads(oracle.to_str())
    same = {}  # a piece that can be made in two ways, so that its ways can be parted
    for left, right in merges:
        same.setdefault(left + right, []).append((left, right))
    twice = next(piece for piece, pairs in same.items() if len(pairs) > 1)
    ordered = same[twice] + [pair for pair in merges if "".join(pair) != twice]
    spec["model"]["merges"] = [list(pair) for pair in drop(ordered)]
    (tmp_path / "tokenizer.json").write_text(json.dumps(spec), encoding="utf-8")
    with pytest.raises(ValueError, match=message):
        load_tokenizer(tmp_path)


def write_gguf(path, model, kind, **keys):
    kinds = {0: UNKNOWN, 1: CONTROL, 2: CONTROL}
    rows = [(p.text, p.score, kinds.get(i, p.kind)) for i, p in enumerate(read_pieces(model))]
    rows += [("<|im_start|>", 0.0, kind), ("<new>", -1000.0, kind), ("", 0.0, NORMAL)]
    rows += [("[PAD1003]", 0.0, 5), ("[PAD1004]", 0.0, 5)]
    texts, scores, kinds = map(list, zip(*rows, strict=True))
    metadata = {
        "general.architecture": "llama", "tokenizer.ggml.model": "llama",
        "tokenizer.ggml.tokens": texts, "tokenizer.ggml.scores": [float(s) for s in scores],
        "tokenizer.ggml.token_type": kinds, "tokenizer.ggml.bos_token_id": 1,
        "tokenizer.ggml.eos_token_id": 2, "tokenizer.ggml.unknown_token_id": 0,
    }  # fmt: skip
    keys = {f"tokenizer.ggml.{key}": value for key, value in keys.items()}
    path.write_bytes(checkpoints.gguf_bytes(metadata | keys, {}))
    return path


@pytest.mark.parametrize("kind", [USER_DEFINED, CONTROL])
@pytest.mark.parametrize("tokenizer", [SentencePieceTokenizer, SentencePieceBPE])
def test_a_marker_of_a_gguf_file_gives_the_ids_of_transformers(
    sentencepiece_model, tmp_path, kind, tokenizer
):
    path = write_gguf(tmp_path / "m.gguf", sentencepiece_model, kind)
    ours = tokenizer.from_gguf(path)
    oracle = transformers.AutoTokenizer.from_pretrained(tmp_path, gguf_file="m.gguf")
    for text in SAMPLES:
        if not text.startswith(" "):  # SentencePiece's own rule puts a second one before these
            ids = ours.encode(text, special=True)
            assert ids == oracle.encode(text, add_special_tokens=False), text
    assert ("<new>" in ours.added_tokens) == (kind == USER_DEFINED)
    assert (1001 in ours.encode("a<new>b")) == (kind == USER_DEFINED)


def test_a_gguf_file_may_put_no_space_in_front(sentencepiece_model, tmp_path):
    path = write_gguf(tmp_path / "m.gguf", sentencepiece_model, CONTROL, add_space_prefix=False)
    ours = load_tokenizer(path)
    assert ours.decode(ours.encode(" hello")) == " hello"
    assert ours.decode_bytes(ours.encode("hello")) == b"hello"


def test_a_piece_without_text_and_one_that_fills_up_have_no_text(sentencepiece_model, tmp_path):
    ours = load_tokenizer(write_gguf(tmp_path / "m.gguf", sentencepiece_model, CONTROL))
    ids = ours.encode("hello")
    assert ours.decode([*ids, 1002, 1003, 1004, *ids]) == ours.decode([*ids, *ids])
    assert ours.decode_bytes([1002, 1003, 1004]) == b""


def test_bytes_are_bytes(sentencepiece_model):
    kinds = {piece.kind for piece in SentencePieceTokenizer(sentencepiece_model).pieces}
    assert kinds == {UNKNOWN, CONTROL, NORMAL, BYTE}


SAID = {
    "nothing": {}, "a template": {"chat_template": "{{ bos_token }}"},
    "the opening alone": {"spaces": Spaces("first", twice=False)},
    "each, once": {"spaces": Spaces("always", twice=False)},
    "none": {"spaces": Spaces("never")},
    "a token": {"added_tokens": {"<new>": 1000}},
    "a token that eats": {
        "added_tokens": {"<new>": 1000}, "flags": {"<new>": Flags(rstrip=True)},
        "spaces": Spaces("first", twice=False),
    },
    "a control token": {"special_tokens": {"<|im_end|>": 1000}, "eos_id": 1000},
    "other ends": {"stop_ids": [7, 8]}, "no opening": {"add_bos": False},
    "other names": {"named_tokens": {"pad_token": "<unk>"}, "chat_template": "{{ pad_token }}"},
}  # fmt: skip


@pytest.mark.parametrize("said", SAID)
@pytest.mark.parametrize("kind", [SentencePieceTokenizer, SentencePieceBPE])
def test_what_a_model_cannot_hold_survives_saving(sentencepiece_model, tmp_path, said, kind):
    ours = kind(sentencepiece_model, **SAID[said])
    ours.save(tmp_path)
    again = kind.load(tmp_path)
    names = ["bos_id", "eos_id", "add_bos", "chat_template", "added_tokens", "special_tokens",
             "stop_ids", "flags"]  # fmt: skip
    assert [getattr(again, name) for name in names] == [getattr(ours, name) for name in names]
    assert again.spaces.where == ours.spaces.where
    is_same = again.spaces == ours.spaces  # transformers knows no second space in front
    for text in [text for text in SAMPLES if is_same or not re.search("(^|>) ", text)]:
        assert again.encode(text, special=True) == ours.encode(text, special=True), text
    assert (tmp_path / "tokenizer_config.json").exists() or said == "nothing"


def test_what_a_gguf_file_has_no_place_for_is_refused(sentencepiece_model):
    ours = SentencePieceTokenizer(
        sentencepiece_model, added_tokens={"<new>": 1000}, flags={"<new>": Flags(lstrip=True)}
    )
    with pytest.raises(ValueError, match="cannot say how the token '<new>' takes spaces with it"):
        gguf_vocab_of(ours, 1001)


def test_pieces_without_bytes_are_refused_by_name(tmp_path):
    path = checkpoints.write_spm_json(tmp_path) / "tokenizer.json"
    spec = json.loads(path.read_text(encoding="utf-8"))
    spec["model"]["byte_fallback"] = False
    path.write_text(json.dumps(spec), encoding="utf-8")
    with pytest.raises(ValueError, match=r"model\.byte_fallback is not true"):
        load_tokenizer(tmp_path)
