"""A student's mistake at a public function is one clear line, or works as it was meant."""

import inspect
from pathlib import Path

import pytest
import torch

from llama_edu.generate import stream_text
from llama_edu.model.llama import Llama
from llama_edu.pretrained import load_pretrained
from llama_edu.tokenizer.bpe import BPETokenizer
from llama_edu.tokenizer.sentencepiece_bpe import SentencePieceBPE
from llama_edu.tokenizer.spm import SentencePieceTokenizer
from llama_edu.weights import load_gguf, load_hf, load_meta, save_gguf, save_hf
from tests import checkpoints

UNCHECKED = inspect.unwrap(Llama.hidden)  # without the shape checks of these tests
KINDS = [BPETokenizer, SentencePieceBPE, SentencePieceTokenizer]


@pytest.fixture(params=["bytes", "pieces"])
def tokenizer(request):
    return {"bytes": checkpoints.byte_level, "pieces": checkpoints.pieces}[request.param]()


@pytest.mark.parametrize("as_ids", [
    torch.tensor, tuple, iter, lambda ids: [torch.tensor(i) for i in ids],
    lambda ids: torch.tensor(ids).numpy(),
    lambda ids: torch.tensor(ids).int(), lambda ids: dict.fromkeys(ids).keys(),
])  # fmt: skip
def test_ids_of_any_kind_are_decoded(tokenizer, as_ids):
    ids = list(dict.fromkeys(tokenizer.encode("the hat")))
    assert tokenizer.decode(as_ids(ids)) == tokenizer.decode(ids)
    assert tokenizer.decode_bytes(as_ids(ids)) == tokenizer.decode_bytes(ids)
    assert tokenizer.decode(ids[-1]) == tokenizer.decode(torch.tensor(ids[-1]))


@pytest.mark.parametrize("ids", [
    torch.tensor([[1, 2]]), [[1, 2]], [1.0], torch.tensor([1.5]), "12", b"12", ["a"], None, [None],
    {"input_ids": [1]},
])  # fmt: skip
def test_ids_of_another_kind_are_named(tokenizer, ids):
    for decode in (tokenizer.decode, tokenizer.decode_bytes):
        with pytest.raises(ValueError, match="ids must be whole numbers, those of one text, got"):
            decode(ids)


@pytest.mark.parametrize("text", [None, 3, b"the", ["the"], Path("the")])
def test_a_text_of_another_kind_is_named(tokenizer, text):
    with pytest.raises(ValueError, match="text must be one str, got"):
        tokenizer.encode(text)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("arguments, message", [
    (("the cat", 300), "texts must be several texts, such as"),
    ((None, 300), "texts must be several texts, such as"),
    ((3, 300), "texts must be several texts, such as"),
    ((Path("the"), 300), "texts must be several texts, such as"),
    (([1, 2], 300), "text must be one str, got int 1"),
    (([b"the"], 300), "text must be one str, got bytes"),
    ((["the cat"], "300"), "vocab_size must be a whole number, got '300'"),
    ((["the cat"], None), "vocab_size must be a whole number, got None"),
    ((["the cat"], 300.0), r"vocab_size must be a whole number, got 300\.0"),
])  # fmt: skip
def test_mistakes_of_training_are_named(kind, arguments, message):
    with pytest.raises(ValueError, match=message):
        kind.train(*arguments)


@pytest.mark.parametrize("settings, message", [
    ({"special_tokens": "<s>"}, r'special_tokens must be several texts, such as \["<s>"\], got'),
    ({"special_tokens": [1]}, "special_tokens must be several texts"),
    ({"pattern": None}, "pattern must be a regular expression, got None"),
    ({"pattern": 3}, "pattern must be a regular expression, got 3"),
    ({"pattern": [None]}, "pattern must be a regular expression, got None"),
])  # fmt: skip
def test_mistakes_of_training_on_bytes_are_named(settings, message):
    with pytest.raises(ValueError, match=message):
        BPETokenizer.train(["the cat"], 300, **settings)


@pytest.mark.parametrize("arguments, settings, message", [
    (({"a": 0}, [], r"\S+"), {}, "vocab must map the bytes of each token to its id, got"),
    (([b"a"], [], r"\S+"), {}, "vocab must map the bytes of each token to its id, got"),
    (({b"a": "0"}, [], r"\S+"), {}, "ids must be whole numbers"),
    (({b"a": 0}, [], None), {}, "pattern must be a regular expression, got None"),
    (({b"a": 0}, [("a", "a")], r"\S+"), {}, "merges need the token 'a', which is not in vocab"),
    (({b"a": 0, b"b": 1}, ["a b"], r"\S+"), {}, "merges must be pairs of tokens in bytes"),
    (({b"a": 0}, [(b"a", b"a", b"a")], r"\S+"), {}, "merges must be pairs of tokens in bytes"),
    (({b"a": -1}, [], r"\S+"), {}, "vocab must map tokens to ids from 0 on, got -1"),
    (({b"a": 0}, [], r"\S+", {5: 1}), {}, "special_tokens must map texts to ids, got {5: 1}"),
    (({b"a": 0}, [], r"\S+", {"<s>": "1"}), {}, "ids must be whole numbers"),
    (({b"a": 0}, [], r"\S+", ["<s>"]), {}, "special_tokens must map texts to ids, got"),
    (({b"a": 0}, [], r"\S+"), {"added_tokens": "<s>"}, "added_tokens must map texts to ids"),
    (({b"a": 0}, [], r"\S+"), {"eos_id": "</s>"}, "ids must be whole numbers"),
    (({b"a": 0}, [], r"\S+"), {"stop_ids": "</s>"}, "ids must be whole numbers"),
])  # fmt: skip
def test_mistakes_of_making_a_tokenizer_are_named(arguments, settings, message):
    with pytest.raises(ValueError, match=message):
        BPETokenizer(*arguments, **settings)
    assert BPETokenizer({b"a": 0}, [], r"\S+", stop_ids=5).stop_ids == [5]


@pytest.mark.parametrize("kind", KINDS)
def test_mistakes_of_loading_are_named(kind, tmp_path):
    for path in (None, 3, ["x"], b"x"):
        for load in (kind.load, kind.from_gguf, kind.from_tokenizer_json):
            with pytest.raises(ValueError, match="a path must be a text or a Path, got"):
                load(path)
    for model in (None, "tokenizer.model", Path("tokenizer.model"), 3):
        if kind is not BPETokenizer:
            with pytest.raises(ValueError, match="not a SentencePiece model"):
                kind(model)


@pytest.mark.parametrize("dtype", ["float16", torch.int8, None, 16])
def test_a_dtype_of_another_kind_is_named(tmp_path, dtype):
    checkpoints.write_hf(tmp_path / "hf")
    checkpoints.write_meta(tmp_path / "meta")
    file = save_gguf(checkpoints.model(), checkpoints.byte_level(), tmp_path / "m.gguf")
    for load, path in [(load_hf, "hf"), (load_meta, "meta"), (load_gguf, file.name)]:
        with pytest.raises(ValueError, match=r"dtype must be of floating point, as torch\.float32"):
            load(tmp_path / path, dtype)
    if dtype is not None:
        with pytest.raises(ValueError, match="dtype must be of floating point"):
            save_hf(checkpoints.model(), tmp_path / "new", dtype)


def test_arguments_in_another_order_are_named(tmp_path):
    model, tokenizer = checkpoints.model(), checkpoints.byte_level()
    with pytest.raises(ValueError, match="a path must be a text or a Path, got Llama"):
        save_hf(tmp_path, model)
    with pytest.raises(ValueError, match="model must be a Llama, got BPETokenizer"):
        save_hf(tokenizer, tmp_path)
    with pytest.raises(ValueError, match="model must be a Llama, got BPETokenizer"):
        save_gguf(tokenizer, model, tmp_path / "m.gguf")
    with pytest.raises(ValueError, match="a path must be a text or a Path, got None"):
        save_gguf(model, tokenizer, None)
    with pytest.raises(ValueError, match="tokenizer must be one of ours, got Llama"):
        list(stream_text(tokenizer, model, [1], 3))


def test_mistakes_of_streaming_are_named():
    model, tokenizer = checkpoints.model(), checkpoints.byte_level()
    whole = list(stream_text(model, tokenizer, [5, 6], 4))
    assert list(stream_text(model, tokenizer, torch.tensor([5, 6]), 4)) == whole
    assert list(stream_text(model, tokenizer, [5, 6], 4, stop_strings=None)) == whole
    for tokens in ("the cat", [[5, 6]], torch.tensor([[5, 6]]), None):
        with pytest.raises(ValueError, match="tokens must be B lists of ids"):
            list(stream_text(model, tokenizer, tokens, 4))
    with pytest.raises(ValueError, match="stop must hold ids, got '</s>'; texts that end an"):
        list(stream_text(model, tokenizer, [5], 4, stop="</s>"))
    with pytest.raises(ValueError, match="tokenizer must be one of ours, got NoneType"):
        list(stream_text(model, None, [5], 4))


@pytest.mark.parametrize("tokenizer", [checkpoints.byte_level, checkpoints.pieces])
def test_a_place_to_save_that_is_none_is_named(tokenizer):
    with pytest.raises(ValueError, match="a path must be a text or a Path, got None"):
        tokenizer().save(None)


@pytest.mark.parametrize("name", ["a" * 5000, "~nobody-of-that-name/model"])
def test_a_name_that_can_be_no_path_is_told(name):
    with pytest.raises(ValueError, match="cannot be a path"):
        load_pretrained(name)


@pytest.mark.parametrize("tokens, message", [
    ([[1, 2]], "got list: torch.tensor"), (torch.tensor([[1, 2]]).numpy(), "got ndarray"),
    ("hello", "got str"), (None, "got NoneType"),
    (torch.tensor([1, 2]), r"torch.int64 of shape \(2,\)"), (torch.tensor(1), r"of shape \(\)"),
    (torch.ones(1, 2), "got torch.float32 of shape"), (torch.ones(1, 1, 2).long(), "of shape"),
    (torch.ones(1, 2).bool(), "got torch.bool"), (torch.ones(1, 2).byte(), "got torch.uint8"),
    (torch.tensor([[3, 300]]), r"token 300 is not in \[0, vocab_size=300\)"),
    (torch.tensor([[3, -100]]), r"token -100 is not in"),
])  # fmt: skip
def test_what_a_model_cannot_read_is_named(tokens, message):
    with pytest.raises(ValueError, match=message) as caught:
        UNCHECKED(checkpoints.model(), tokens)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("mask", [
    torch.ones(2, 2), torch.ones(1, 2).bool(), torch.ones(3, 3).bool(), torch.ones(4, 2, 2).bool(),
])  # fmt: skip
def test_a_mask_that_would_mean_something_else_is_named(mask):
    with pytest.raises(ValueError, match=r"mask must be of torch.bool and shape \(T, T\) or"):
        UNCHECKED(checkpoints.model(), torch.ones(4, 2).long(), mask=mask)


@pytest.mark.parametrize("config", [None, "llama-3", {"d_model": 16}])
def test_a_model_of_no_config_is_named(config):
    with pytest.raises(ValueError, match="config must be a ModelConfig"):
        inspect.unwrap(Llama.__init__)(Llama.__new__(Llama), config)
