"""Tokens that are recognized whole: the longest wins, and control tokens wait to be asked for."""

import pytest

from llama_edu.tokenizer.whole_tokens import (
    WholeTokens,
    check_surrogates,
    compile_splitter,
    ends_of_answer,
    split_tokens,
)


def test_the_longest_token_wins():
    splitter = compile_splitter(["<a>", "<a>b", "."])
    assert split_tokens("x<a>b<a>.", splitter) == ["x", "<a>b", "", "<a>", "", ".", ""]
    assert split_tokens("<a>", compile_splitter([])) == ["<a>"]


def test_a_lone_surrogate_is_named():
    with pytest.raises(ValueError, match=r"lone surrogate, got '\\ud83e' at index 2"):
        check_surrogates("ab\ud83e")


def test_what_stands_between_whole_tokens_is_encoded_by_itself():
    whole, seen = WholeTokens({"<s>": 1}, {"<a>": 2}), []

    def encode_text(text):
        seen.append(text)
        return [0] * len(text)

    assert whole.encode("x<s>y<a>", False, encode_text) == [0, 0, 0, 0, 0, 2]
    assert whole.encode("x<s>y<a>", True, encode_text) == [0, 1, 0, 2]
    assert seen == ["x<s>y", "x", "y"]


def test_each_stretch_between_whole_tokens_is_decoded_by_itself():
    whole = WholeTokens({"<s>": 1}, {"<a>": 2})
    assert whole.decode([1, 0, 0, 2, 2, 0], lambda ids: f"({len(ids)})") == "<s>(2)<a><a>(1)"


def test_answers_end_at_every_marker_that_the_vocabulary_has():
    ids = {"<|begin_of_text|>": 0, "<|end_of_text|>": 1, "<|eom_id|>": 8, "<|eot_id|>": 9}
    assert ends_of_answer(ids, [1]) == [1, 8, 9]
    assert ends_of_answer({"<s>": 1}, []) == []
    assert ends_of_answer({}, [7, 5, 7]) == [5, 7]
