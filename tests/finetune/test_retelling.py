"""Answers about a story are true or not by its events, and the tokenizer knows their words."""

import random

import pytest

from llama_edu.data.stories import NAMES, PLACES, tell_story
from llama_edu.finetune.retelling import (
    is_true,
    retell,
    retelling_example,
    retelling_tokenizer,
    sentences_of,
    true_sentences,
)


def test_true_sentences_are_read_off_the_first_and_last_event():
    assert tell_story(5, 4).text.endswith("Leo went to the school. Uwe ran to the school.")
    assert true_sentences(tell_story(5, 4)) == [
        "Ida came first.", "Uwe came last.", "It began at the station.", "It ended at the school.",
    ]  # fmt: skip


def test_every_retelling_is_true_and_some_are_short_and_some_long():
    dice = random.Random(0)
    lengths = set()
    for seed in range(60):
        answer = retell(tell_story(seed, 4), dice)
        assert is_true(tell_story(seed, 4), answer)
        lengths.add(len(sentences_of(answer)))
    assert lengths == {1, 2, 3, 4}


@pytest.mark.parametrize("answer", [
    "", "Ida came last.", "Uwe came last. Leo came first.", "Ida", "Ida came first. It", "ends.",
])  # fmt: skip
def test_one_sentence_that_is_not_so_makes_an_answer_false(answer):
    assert not is_true(tell_story(5, 4), answer)


def test_an_answer_of_two_sentences_is_cut_into_them():
    assert sentences_of("Ida came first. Uwe came last.") == ["Ida came first.", "Uwe came last."]


def test_each_word_of_the_world_is_a_token_and_an_answer_ends_its_turn():
    tokenizer = retelling_tokenizer()
    assert all(len(tokenizer.encode(word)) == 1 for word in (*NAMES, *PLACES))
    example = retelling_example(tokenizer, tell_story(5, 4), "Ida came first.")
    counting = [target for target in example.targets if target != -100]
    assert tokenizer.decode(counting[:-1]) == "Ida came first."
    assert counting[-1] == tokenizer.eos_id
