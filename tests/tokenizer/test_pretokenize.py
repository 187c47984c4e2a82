"""Cutting text into chunks: nothing is lost, and the cuts are those of the tokenizers library."""

import pytest
from hypothesis import given
from tokenizers import Regex, pre_tokenizers

from llama_edu.tokenizer.byte_alphabet import BYTE_TO_CHARACTER, to_bytes, to_characters
from llama_edu.tokenizer.pretokenize import (
    DIGIT,
    GGUF_PATTERNS,
    GPT2,
    compile_pattern,
    patterns_of_gguf,
    patterns_of_json,
    split_chunks,
)
from tests.tokenizer.oracles import PRE_TOKENIZERS, TEXTS, texts


def cut(name, text):
    return split_chunks(text, [compile_pattern(each) for each in GGUF_PATTERNS[name]])


def cut_by_library(name, text):
    pieces = PRE_TOKENIZERS[name].pre_tokenize_str(text)
    return [to_bytes(piece).decode() for piece, _ in pieces]


def test_each_model_cuts_spaces_and_digits_in_its_own_way():
    text = "we'LL  12345"
    assert cut("gpt-2", text) == ["we", "'", "LL", " ", " 12345"]
    assert cut("smollm", text) == ["we", "'", "LL", "  ", "1", "2", "3", "4", "5"]
    assert cut("llama-bpe", text) == ["we", "'LL", " ", " ", "123", "45"]
    assert cut("gpt-2", "I'Ds!!\n\nx") == ["I", "'", "Ds", "!!", "\n", "\n", "x"]
    assert cut("llama-bpe", "I'Ds!!\n\nx") == ["I", "'D", "s", "!!\n\n", "x"]


@pytest.mark.parametrize("name", PRE_TOKENIZERS)
@given(text=texts)
def test_cuts_are_those_of_the_tokenizers_library(name, text):
    assert cut(name, text) == cut_by_library(name, text)


@pytest.mark.parametrize("name", PRE_TOKENIZERS)
def test_cuts_of_known_traps_are_those_of_the_tokenizers_library(name):
    for text in TEXTS:
        assert cut(name, text) == cut_by_library(name, text)


@given(text=texts)
def test_a_pattern_that_skips_text_loses_none(text):
    split = pre_tokenizers.Split(Regex("[aeiou]+"), behavior="isolated")
    chunks = split_chunks(text, [compile_pattern("[aeiou]+")])
    assert "".join(chunks) == text
    assert chunks == [piece for piece, _ in split.pre_tokenize_str(text)]


@pytest.mark.parametrize("pattern", ["(a)b", r"\s*", "a|"])
def test_a_pattern_with_groups_or_empty_matches_is_refused(pattern):
    with pytest.raises(ValueError, match="must not have groups, nor match the empty string"):
        compile_pattern(pattern)


def test_a_broken_pattern_is_refused():
    with pytest.raises(ValueError, match=r"pattern='\[a' is not a regular expression"):
        compile_pattern("[a")


def test_an_unknown_gguf_pre_tokenizer_is_refused():
    with pytest.raises(ValueError, match=r"ggml\.pre='tekken' is not a pre-tokenizer known here"):
        patterns_of_gguf("tekken")


def test_steps_of_a_tokenizer_json_become_patterns():
    byte_level = {"type": "ByteLevel", "add_prefix_space": False}
    digits = {"type": "Digits", "individual_digits": True}
    split = {"type": "Split", "pattern": {"Regex": "x+"}, "behavior": "Isolated", "invert": False}
    assert patterns_of_json(byte_level) == [GPT2]
    steps = [digits, split, byte_level | {"use_regex": False}]
    assert patterns_of_json({"type": "Sequence", "pretokenizers": steps}) == [DIGIT, "x+"]


@pytest.mark.parametrize(
    "step",
    [
        {"type": "Whitespace"},
        {"type": "ByteLevel", "add_prefix_space": True},
        {"type": "Split", "pattern": {"Regex": "x"}, "behavior": "Removed", "invert": False},
        {"type": "Split", "pattern": {"Regex": "x"}, "behavior": "Isolated", "invert": True},
    ],
)
def test_an_unsupported_step_is_named(step):
    last = {"type": "ByteLevel", "add_prefix_space": False}
    with pytest.raises(
        ValueError, match="pre_tokenizer step 1 is not supported: .*" + step["type"]
    ):
        patterns_of_json({"type": "Sequence", "pretokenizers": [step, last]})


def test_steps_must_end_in_bytes():
    digits = {"type": "Digits", "individual_digits": True}
    with pytest.raises(ValueError, match="must end in ByteLevel"):
        patterns_of_json({"type": "Sequence", "pretokenizers": [digits]})
    byte_level = {"type": "ByteLevel", "add_prefix_space": False}
    with pytest.raises(ValueError, match=r"step 1 is not supported: .*ByteLevel"):
        patterns_of_json({"type": "Sequence", "pretokenizers": [byte_level, digits]})
    with pytest.raises(ValueError, match="step 1 is not supported: None"):
        patterns_of_json(None)


def test_the_byte_alphabet_is_that_of_the_tokenizers_library():
    assert sorted(BYTE_TO_CHARACTER) == sorted(pre_tokenizers.ByteLevel.alphabet())
    assert to_characters(" é\n".encode()) == "ĠÃ©Ċ"
    with pytest.raises(ValueError, match="token 'a b' holds ' ', which stands for no byte"):
        to_bytes("a b")
