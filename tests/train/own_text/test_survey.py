"""A text in numbers: copies are found, languages named."""

import pytest

from llama_edu.data.documents import Document
from llama_edu.data.stories import tell_story
from llama_edu.train.own_text.survey import survey


def documents(*texts, source="text"):
    return [Document(str(i), source, text) for i, text in enumerate(texts)]


@pytest.fixture
def story():
    return tell_story(3, n_events=14).text


def test_copies_are_left_out_and_counted(story):
    near = story.replace("the", "that", 1) + " It was late."
    found = survey(documents(story, story.upper(), near, "曹操煮酒论英雄" * 9))
    assert (found.n_documents, found.n_copies, found.n_near_copies) == (4, 1, 1)
    assert [document.id for document in found.documents] == ["0", "3"]
    assert found.n_characters == len(story) + 63
    assert found.n_bytes == len(story) + 189


def test_files_of_code_may_resemble_each_other(story):
    found = survey(documents(story, story + " x", story, source="code"))
    assert (found.n_copies, found.n_near_copies) == (1, 0)
    assert found.languages == {"code": 1.0} and not found.is_chinese


def test_languages_are_shares_of_the_characters():
    chinese = "滚滚长江东逝水，浪花淘尽英雄。是非成败转头空。" * 10
    english = "The rolling Yangtze flows east, and its waves have washed the heroes away. " * 2
    found = survey(documents(chinese, english))
    assert list(found.languages) == ["zh", "en"] and found.is_chinese
    assert sum(found.languages.values()) == pytest.approx(1)
    assert any("language: zh" in line for line in found.lines())
