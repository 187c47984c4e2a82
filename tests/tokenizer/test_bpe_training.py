"""A byte-level vocabulary trained by us is the one that the tokenizers library trains."""

import json

import pytest
from tokenizers import Regex, Tokenizer, models, pre_tokenizers, trainers

from llama_edu.tokenizer.bpe import BPETokenizer
from llama_edu.tokenizer.pretokenize import DIGIT, GPT2, LLAMA3
from tests.tokenizer.oracles import CORPUS, TEXTS

MARKS = ["<|end|>", "<|user|>"]


def train_library(texts, vocab_size, patterns, special_tokens=(), min_count=1) -> dict:
    """The model part of the tokenizer.json that the library writes for the same settings."""
    tokenizer = Tokenizer(models.BPE())
    splits = [pre_tokenizers.Split(Regex(pattern), behavior="isolated") for pattern in patterns]
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [*splits, pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]
    )
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size,
        min_frequency=min_count,
        special_tokens=list(special_tokens),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return json.loads(tokenizer.to_str())["model"]


def model_of(tokenizer: BPETokenizer, folder) -> dict:
    tokenizer.save(folder)
    return json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))["model"]


@pytest.mark.parametrize("patterns", [[GPT2], [LLAMA3], [DIGIT, GPT2]], ids=["gpt2", "3", "smol"])
@pytest.mark.parametrize("min_count", [1, 2, 5])
def test_merges_and_ids_are_those_of_the_library(tmp_path, patterns, min_count):
    texts = [CORPUS, *TEXTS]
    ours = BPETokenizer.train(texts, 2_000, patterns, MARKS, min_count=min_count)
    expected = train_library(texts, 2_000, patterns, MARKS, min_count)
    found = model_of(ours, tmp_path)
    assert len(found["merges"]) > 1_000
    assert found["merges"] == expected["merges"]
    assert found["vocab"] == expected["vocab"]


def test_a_vocabulary_by_hand():
    tokenizer = BPETokenizer.train(["low lower lowest"], 261, GPT2, ["<s>"])
    assert tokenizer.vocab[b"!"] == 1  # behind the control token, as GPT-2 numbers the bytes
    assert [token for token, i in tokenizer.vocab.items() if i > 256] == [
        b"lo", b"low", b" low", b" lowe"
    ]  # fmt: skip
    assert tokenizer.encode("<s> lowly", special=True) == [0, 259, *tokenizer.encode("ly")]


def test_a_trained_vocabulary_reads_any_text():
    tokenizer = BPETokenizer.train([CORPUS], 600)
    for text in TEXTS:
        assert tokenizer.decode(tokenizer.encode(text)) == text


def test_texts_are_not_joined_and_control_tokens_in_them_not_learned():
    tokenizer = BPETokenizer.train(["xy<|end|>xy", "xy", "y"] * 9, 300, GPT2, MARKS)
    assert [token for token in tokenizer.vocab if len(token) > 1] == [b"xy"]


def test_a_pair_less_common_than_asked_for_does_not_merge():
    assert b"zq" not in BPETokenizer.train(["zq ab ab"], 300).vocab
    assert b"zq" in BPETokenizer.train(["zq ab ab"], 300, min_count=1).vocab


@pytest.mark.parametrize(
    "texts, more, message",
    [
        ("one text", {}, "texts must be several texts, such as"),
        (["a"], {"vocab_size": 257}, "vocab_size=257 must be at least 256 for the bytes, and 2"),
        (["a"], {"min_count": 0}, "min_count must be at least 1, got 0"),
        (["a\ud800"], {}, "lone surrogate"),
    ],
)
def test_what_cannot_be_learned_from_is_refused(texts, more, message):
    arguments = {"vocab_size": 300, "special_tokens": MARKS} | more
    with pytest.raises(ValueError, match=message):
        BPETokenizer.train(texts, **arguments)
