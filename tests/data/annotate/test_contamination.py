"""Decontamination: a copied passage is found however it is set, and short items are not missed."""

import pytest

from llama_edu.data.annotate import EvaluationGrams

ITEM = (
    "Which of the two rivers that meet at the old stone bridge near the market carries more water "
    "in spring?"
)
FILLER = "Nobody knew why the train was late that day, but everybody had an opinion of their own. "


def test_copied_item_is_found_in_other_case_and_punctuation():
    grams = EvaluationGrams([ITEM])
    assert grams.overlap(FILLER * 3) == 0
    assert 0 < grams.overlap(FILLER + ITEM.upper().replace(" ", "  ") + FILLER) < 1
    assert grams.overlap(ITEM) == 1


def test_a_part_counts_from_thirteen_words_on():
    grams, words = EvaluationGrams([ITEM]), ITEM.split()
    assert grams.overlap(" ".join(words[2:14])) == 0
    assert grams.overlap(" ".join(words[2:15])) == 1
    assert grams.overlap(FILLER + " ".join(words[2:15])) == pytest.approx(13 / 30)


def test_item_shorter_than_n_counts_whole_and_a_tiny_one_not_at_all():
    grams = EvaluationGrams(["Where is the key at the end?", "Who has it?"])
    assert grams.overlap("So: where is the key at the end, Ada?") > 0
    assert grams.overlap("Where is the key? Who has it?") == 0


def test_chinese_is_compared_by_characters():
    grams = EvaluationGrams(["话说天下大势，分久必合，合久必分。"])
    assert grams.overlap("他说：天下大势分久必合合久必分也") > 0
    assert grams.overlap("天下三分") == 0


def test_n_has_a_least_value():
    with pytest.raises(ValueError, match="n must be at least 5, got 4"):
        EvaluationGrams([], n=4)
    assert (
        EvaluationGrams([]).overlap("any text at all") == EvaluationGrams([ITEM]).overlap("") == 0
    )
