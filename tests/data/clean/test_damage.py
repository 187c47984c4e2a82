"""Watermarks and lost characters in Chinese; addresses and questions that belong there stay."""

import pytest

from llama_edu.data.clean import drop_broken_sentences, drop_watermarks

GOOD = "玄德大喜。"


@pytest.mark.parametrize(("dirty", "text"), [
    ("二军远来www.xyyuedu.com ，只宜深沟", "二军远来，只宜深沟"),
    ("曹操http://www.a-b.org.cn/x/1.html大笑", "曹操大笑"),
    ("网址是 www.example.com ，请看", "网址是 www.example.com ，请看"),
    ("see www.example.com, please", "see www.example.com, please"),
    ("网址是www.example.com", "网址是www.example.com"),
])  # fmt: skip
def test_only_an_address_inside_a_sentence_is_a_watermark(dirty, text):
    assert drop_watermarks(dirty) == text


@pytest.mark.parametrize(
    "broken", ["皆垂头□翼，莫所凭恃；焉能展其节？", "郡太守刘?，捕七人。", "受\ufffd害！”"]
)
def test_a_sentence_that_lost_a_character_goes_and_its_neighbours_stay(broken):
    questions = "何也？如何？"
    assert drop_broken_sentences(f"{questions}{GOOD}{broken}{GOOD}") == questions + GOOD * 2


@pytest.mark.parametrize("text", ["你好吗?我很好。", "tick □ yes □ no", "何也？", "Is it 你? Yes."])
def test_questions_and_tick_boxes_are_not_broken(text):
    assert drop_broken_sentences(text) == text


def test_paragraphs_stay_apart():
    assert drop_broken_sentences(f"{GOOD}\n\n\t头□翼。{GOOD}") == f"{GOOD}\n\n\t{GOOD}"
