"""Augment after the split: labels stay true, and a leak is refused, or else it can be measured."""

import pytest

from llama_edu.data.annotate import EvaluationGrams
from llama_edu.data.augment import augment_training, rewrite
from llama_edu.data.stories import ask, tell_story

RECORDS = [ask(tell_story(seed))[0] for seed in range(60)]


def swap_words(context: str, seed: int, protected: list[str]) -> str:
    return rewrite(context, "swap", alpha=0.05, seed=seed, protected=protected)


def test_copies_keep_question_and_answer():
    train, test = RECORDS[:40], RECORDS[40:]
    augmented = augment_training(train, test, swap_words, n_copies=2)
    assert augmented[:40] == train
    copies = augmented[40:]
    assert len(copies) > 70
    for copy in copies:
        assert copy.context[copy.start :].startswith(copy.answer)  # the record checks it too
    assert {copy.question for copy in copies} <= {record.question for record in train}
    assert len({copy.context for copy in copies}) == len(copies)


def test_copy_that_lost_its_answer_or_did_not_change_is_left_out():
    lost = augment_training(RECORDS[:5], [], lambda context, seed, kept: "Nothing is known.")
    same = augment_training(RECORDS[:5], [], lambda context, seed, kept: context)
    assert lost == same == RECORDS[:5]


def test_trap_augmenting_before_the_split_leaks():
    before = augment_training(RECORDS, [], swap_words)
    train, test = before[::2] + before[61::2], before[1:60:2]  # copies go to one half by chance
    leaked = EvaluationGrams(record.context for record in test)
    assert sum(leaked.overlap(record.context) > 0.3 for record in train) > 10

    train, test = RECORDS[::2], RECORDS[1::2]
    clean = EvaluationGrams(record.context for record in test)
    after = augment_training(train, test, swap_words)
    assert not any(clean.overlap(record.context) > 0.3 for record in after)


def test_a_context_in_both_halves_is_refused():
    with pytest.raises(ValueError, match="train: 1 of 3 records have a context that is in test"):
        augment_training(RECORDS[:3], RECORDS[2:5], swap_words)
