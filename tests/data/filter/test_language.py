"""The language of a text, and when it cannot be told."""

import pytest

from llama_edu.data.documents import read_documents
from llama_edu.data.filter import identify_language

TEXTS = {
    "en": "It was the best of times, it was the worst of times, it was the age of wisdom.",
    "zh": "话说天下大势，分久必合，合久必分。",
    "de": "Als Gregor Samsa eines Morgens aus unruhigen Träumen erwachte, fand er sich im Bett.",
    "fr": "Longtemps, je me suis couché de bonne heure, et mes yeux se fermaient si vite.",
    "ja": "吾輩は猫である。名前はまだ無い。どこで生れたかとんと見当がつかぬ。",
    "ru": "Все счастливые семьи похожи друг на друга, каждая несчастливая семья несчастлива.",
}


@pytest.mark.parametrize("code", TEXTS)
def test_plain_sentences(code):
    assert identify_language(TEXTS[code]) == code


@pytest.mark.parametrize("text", ["", "Ham.", "ok", "12 345 678 901 234 567 890 123", "你好"])
def test_too_few_letters_are_no_language(text):
    assert identify_language(text) == "und"


def test_the_middle_decides_and_not_a_foreign_title():
    assert identify_language(TEXTS["fr"] * 14 + TEXTS["en"] * 60 + TEXTS["de"] * 14) == "en"


@pytest.mark.network
@pytest.mark.parametrize(("source", "code"), [("sanguo", "zh"), ("sotu", "en")])
def test_real_documents(pull, source, code):
    pull(source)
    found = [identify_language(document.text) for document in read_documents(source)]
    assert found.count(code) == len(found) >= 120
