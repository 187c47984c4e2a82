"""Counting repeated n-grams: hand-computed, and against a slow count with Python's own sets."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llama_edu.data.filter.page import Page

words = st.lists(st.sampled_from(["a", "bb", "ccc", "dddd"]), min_size=1, max_size=40)


@pytest.mark.parametrize(("text", "language", "expected"), [
    ("two words", "en", ["two", "words"]),
    ("曹操 ABC，笑。", "zh", ["曹", "操", "ABC，", "笑", "。"]),
    ("曹操笑", "en", ["曹操笑"]),
])  # fmt: skip
def test_a_word_is_a_character_in_chinese(text, language, expected):
    assert Page(text, language).words == expected


def test_sentences_of_both_scripts():
    assert Page('He said "Yes." Dr.Who? 3.14 left! 曹操笑。何也？').n_sentences == 5


def test_top_gram_by_hand():
    # "a b" comes 3 times: 6 of the 8 characters
    assert Page("a b a b a b cd").top_gram_fraction(2) == pytest.approx(6 / 8)
    # the longer one, "ccc dd", comes only twice
    assert Page("a b a b a b ccc dd x ccc dd").top_gram_fraction(2) == pytest.approx(6 / 17)
    assert Page("a b c").top_gram_fraction(2) == 0
    assert Page("a").top_gram_fraction(4) == 0


@given(words, st.integers(2, 10))
def test_repeated_grams_agree_with_a_slow_count(words, n):
    seen, covered = set(), set()
    for i in range(len(words) - n + 1):
        gram = tuple(words[i : i + n])
        if gram in seen:
            covered |= set(range(i, i + n))
        seen.add(gram)
    share = sum(len(words[i]) for i in covered) / sum(map(len, words))
    assert Page(" ".join(words)).repeated_gram_fraction(n) == pytest.approx(share)
