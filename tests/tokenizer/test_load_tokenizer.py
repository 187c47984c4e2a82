"""load_tokenizer picks the reader by what is there, and says what it found otherwise."""

import base64
import json

import pytest
from gguf import GGUFWriter

from llama_edu.tokenizer import load_tokenizer
from llama_edu.tokenizer.bpe import BPETokenizer
from llama_edu.tokenizer.formats.gguf_vocab import BYTE, NORMAL, UNKNOWN
from llama_edu.tokenizer.spm import SentencePieceTokenizer
from tests.tokenizer.oracles import CHINESE


@pytest.fixture
def bpe_folder(trained_bpe, tmp_path):
    folder = tmp_path / "bpe"
    folder.mkdir()
    trained_bpe("smollm").save(str(folder / "tokenizer.json"))
    return folder


@pytest.fixture
def spm_folder(sentencepiece_model, tmp_path):
    folder = tmp_path / "spm"
    SentencePieceTokenizer(sentencepiece_model).save(folder)
    return folder


@pytest.fixture
def tiktoken_lines():
    return b"".join(base64.b64encode(bytes([i])) + b" %d\n" % i for i in range(256))


def check(path, kind, text=CHINESE):
    tokenizer = load_tokenizer(path)
    assert type(tokenizer) is kind
    assert tokenizer.decode(tokenizer.encode(text)) == text
    return tokenizer


def test_a_byte_level_tokenizer_json(bpe_folder):
    check(bpe_folder, BPETokenizer)
    check(str(bpe_folder / "tokenizer.json"), BPETokenizer)


def test_a_sentencepiece_model_of_any_name(spm_folder):
    check(spm_folder, SentencePieceTokenizer)
    check((spm_folder / "tokenizer.model").rename(spm_folder / "x.v1"), SentencePieceTokenizer)


def test_a_llama3_model(tmp_path, tiktoken_lines):
    (tmp_path / "tokenizer.model").write_bytes(tiktoken_lines)
    assert check(tmp_path, BPETokenizer).vocab_size == 512
    assert check(tmp_path / "tokenizer.model", BPETokenizer).vocab_size == 512


def test_a_byte_level_tokenizer_json_goes_before_a_model(bpe_folder, tiktoken_lines):
    (bpe_folder / "tokenizer.model").write_bytes(tiktoken_lines)
    assert check(bpe_folder, BPETokenizer).vocab_size == 800


def test_a_sentencepiece_model_goes_before_its_tokenizer_json(spm_folder):
    spec = {"model": {"byte_fallback": True, "vocab": {"a": 0}, "merges": []}}
    (spm_folder / "tokenizer.json").write_text(json.dumps(spec), encoding="utf-8")
    check(spm_folder, SentencePieceTokenizer)


PIECES = {
    "gpt2": ([*"ab", "ab"], [NORMAL] * 3),
    "llama": (
        ["<unk>", "▁", *(f"<0x{i:02X}>" for i in range(256))],
        [UNKNOWN, NORMAL, *[BYTE] * 256],
    ),
}


@pytest.mark.parametrize(
    "kind, expected", [("gpt2", BPETokenizer), ("llama", SentencePieceTokenizer)]
)
def test_a_gguf_file_of_either_kind(tmp_path, kind, expected):
    tokens, kinds = PIECES[kind]
    writer = GGUFWriter(tmp_path / "model.gguf", "llama")
    writer.add_tokenizer_model(kind)
    writer.add_tokenizer_pre("smollm")
    writer.add_token_list(tokens)
    writer.add_token_scores([0.0] * len(tokens))
    writer.add_token_types(kinds)
    writer.add_token_merges(["a b"])
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.close()
    check(tmp_path / "model.gguf", expected, text="ab")


def test_a_folder_without_a_tokenizer_says_what_it_has(tmp_path):
    with pytest.raises(ValueError, match=r"has neither tokenizer\.json .*; found: nothing"):
        load_tokenizer(tmp_path)
    for name in ("vocab.json", "config.json"):
        (tmp_path / name).write_text("{}", encoding="utf-8")
    with pytest.raises(ValueError, match=r"found: config\.json, vocab\.json"):
        load_tokenizer(tmp_path)


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"model": {"vocab": [["a", 0.0]]}}'])
def test_a_json_file_of_another_kind_is_refused(tmp_path, content):
    (tmp_path / "tokenizer.json").write_text(content, encoding="utf-8")
    with pytest.raises(ValueError, match=r"tokenizer\.json is not a tokenizer\.json with"):
        load_tokenizer(tmp_path)


def test_a_path_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ValueError, match=r"nowhere\.gguf does not exist"):
        load_tokenizer(tmp_path / "nowhere.gguf")


def test_a_file_of_another_kind_is_refused(tmp_path):
    (tmp_path / "notes.txt").write_text("hello", encoding="utf-8")
    with pytest.raises(ValueError, match="not a SentencePiece model"):
        load_tokenizer(tmp_path / "notes.txt")
