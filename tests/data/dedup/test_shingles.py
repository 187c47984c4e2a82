"""Shingles: what makes no difference makes none, and hashes are well mixed."""

import numpy as np
import pytest

from llama_edu.data.dedup.shingles import (
    character_shingles,
    hash_text,
    jaccard,
    mix,
    normalise,
    word_shingles,
)


def test_case_punctuation_and_width_make_no_difference():
    assert normalise("  ＡＢ—“c”,\n d_E ") == "ab c d e"
    for shingles in (character_shingles, word_shingles):
        a, b = shingles("To be, or NOT to be!", 3), shingles("to  be or not\nto be", 3)
        assert np.array_equal(a, b)


def test_shingles_are_the_different_n_grams():
    assert len(character_shingles("abcabc", 3)) == 3  # abc bca cab
    assert len(word_shingles("a b a b a", 2)) == 2  # "a b", "b a"
    assert len(word_shingles("曹操大笑", 2)) == 3  # ideographs are words
    assert jaccard(character_shingles("abcd", 2), character_shingles("bcde", 2)) == 2 / 4


@pytest.mark.parametrize("shingles", [character_shingles, word_shingles])
def test_a_short_text_is_one_shingle_and_an_empty_one_none(shingles):
    assert len(shingles("ab", 9)) == 1 and len(shingles(" .", 9)) == 0
    with pytest.raises(ValueError, match="n must be at least 1, got 0"):
        shingles("ab", 0)


def test_order_matters_inside_a_shingle():
    assert jaccard(word_shingles("a b c", 3), word_shingles("c b a", 3)) == 0


def test_hash_is_the_same_everywhere():
    assert hash_text("三国") == 0xEE472267A4171555
    assert jaccard(np.zeros(0, np.uint64), np.zeros(0, np.uint64)) == 1


def test_mixed_numbers_are_all_different_and_half_their_bits_are_set():
    mixed = mix(np.arange(4096, dtype=np.uint64))
    assert len(set(mixed.tolist())) == 4096
    ones = np.unpackbits(mixed.view(np.uint8)).mean()
    assert ones == pytest.approx(0.5, abs=0.01)
