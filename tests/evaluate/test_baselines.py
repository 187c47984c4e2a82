"""Packers and n-grams as baselines: files as the programs write them, and who wins on a story."""

import gzip
import lzma

import pytest

from llama_edu.data.stories import tell_story
from llama_edu.evaluate import baselines, packed_bits_per_byte


@pytest.fixture(scope="module")
def stories():
    texts = [tell_story(seed).text for seed in range(300)]
    return "\n".join(texts[:270]), "\n".join(texts[270:])


def test_alone_it_is_the_size_of_the_file():
    text = "ein Mann, 一个人 " * 9
    n_bytes = len(text.encode())
    assert packed_bits_per_byte(text) == 8 * len(gzip.compress(text.encode(), 9)) / n_bytes
    assert packed_bits_per_byte(text, "xz -9") == 8 * len(lzma.compress(text.encode())) / n_bytes


def test_a_packer_that_has_read_the_text_needs_next_to_nothing():
    text = tell_story(1).text
    assert packed_bits_per_byte(text, context=text) < 0.2 * packed_bits_per_byte(text)


def test_gzip_forgets_what_is_further_back_than_its_window(stories):
    text = tell_story(1).text
    far = text + stories[0][: 1 << 16]
    near = stories[0][: 1 << 16] + text
    assert packed_bits_per_byte(text, context=near) < 0.3 * packed_bits_per_byte(text, context=far)
    assert packed_bits_per_byte(text, "xz -9", far) < 0.5 * packed_bits_per_byte(text, context=far)


def test_n_grams_beat_what_packs(stories):
    found = baselines(*stories)
    assert list(found)[:2] == ["gzip -9", "xz -9"]
    name, best = list(found.items())[2]
    assert name.endswith("-gram of bytes")
    assert best < 0.7 * min(found["gzip -9"], found["xz -9"])


def test_what_cannot_be_packed_is_refused():
    with pytest.raises(ValueError, match="at least one character"):
        packed_bits_per_byte("")
    with pytest.raises(ValueError, match="packer must be one of gzip -9, xz -9, got 'zip'"):
        packed_bits_per_byte("a", "zip")
