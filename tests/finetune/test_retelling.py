"""Answers about a story are true or not by its events, and the tokenizer knows their words."""

import random

import pytest
import torch

from llama_edu.config import ModelConfig
from llama_edu.data.stories import NAMES, PLACES, tell_story
from llama_edu.finetune.retelling import (
    draw_answers,
    is_true,
    retell,
    retelling_example,
    retelling_tokenizer,
    sentences_of,
    true_sentences,
)
from llama_edu.model.llama import Llama


@pytest.fixture(scope="module")
def tokenizer():
    return retelling_tokenizer()


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


def test_each_word_of_the_world_is_a_token_and_an_answer_ends_its_turn(tokenizer):
    assert all(len(tokenizer.encode(word)) == 1 for word in (*NAMES, *PLACES))
    example = retelling_example(tokenizer, tell_story(5, 4), "Ida came first.")
    counting = [target for target in example.targets if target != -100]
    assert tokenizer.decode(counting[:-1]) == "Ida came first."
    assert counting[-1] == tokenizer.eos_id


def test_answers_are_drawn_anew_for_each_seed_and_hold_no_control_tokens(tokenizer):
    config = ModelConfig(
        vocab_size=tokenizer.vocab_size, d_model=8, n_layers=1, n_heads=2, n_kv_heads=2, d_ff=12,
        max_seq_len=128,
    )  # fmt: skip
    model, stories = Llama(config), [tell_story(seed, 4) for seed in range(3)]
    first, again, other = (draw_answers(model, tokenizer, stories, 5, s) for s in (1, 1, 2))
    assert [len(answers) for answers in first] == [5, 5, 5]
    assert first == again != other
    assert len({text for answers in first for text in answers}) > 5
    assert not any("<|" in text for answers in first for text in answers)


def test_a_sure_model_answers_what_it_learned(tokenizer):
    """Trained on one story until it knows the answer by heart."""
    config = ModelConfig(
        vocab_size=tokenizer.vocab_size, d_model=16, n_layers=1, n_heads=2, n_kv_heads=2, d_ff=24,
        max_seq_len=128,
    )  # fmt: skip
    model, story = Llama(config), tell_story(5, 4)
    example = retelling_example(tokenizer, story, "Ida came first. Uwe came last.")
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-2)
    for _ in range(40):
        loss = torch.nn.functional.cross_entropy(
            model(torch.tensor([example.inputs]))[0], torch.tensor(example.targets)
        )
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    answers = draw_answers(model, tokenizer, [story], 4, seed=0)
    assert answers == [4 * ["Ida came first. Uwe came last."]]
