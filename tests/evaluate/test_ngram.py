"""N-grams of bytes: loops over a small text, probabilities that sum to 1, and what they predict."""

import random
from collections import Counter, defaultdict

import numpy as np
import pytest

from llama_edu.evaluate import ByteNgram, fit_ngram

TEXT = "abracadabra, said the cat; abracadabra, said the rat. " * 3 + "猫 and no more"


def kneser_ney(text: bytes, order: int):
    """P(byte | history) in loops over dictionaries, from the formula."""
    counts = {order: Counter(text[i : i + order] for i in range(len(text) - order + 1))}
    for n in range(order - 1, 0, -1):
        counts[n] = Counter(gram[1:] for gram in counts[n + 1])
    discounts, after = {}, defaultdict(dict)
    for n, grams in counts.items():
        once, twice = (sum(c == k for c in grams.values()) for k in (1, 2))
        discounts[n] = once / (once + 2 * twice) if once else 0.5
        for gram, count in grams.items():
            after[gram[:-1]][gram[-1]] = count

    def p(byte: int, history: bytes, n: int = order) -> float:
        if n == 0:
            return 1 / 256
        shorter = p(byte, history, n - 1)
        if n > len(history) + 1:
            return shorter
        seen = after[history[len(history) - n + 1 :]]
        if not seen:
            return shorter
        d = discounts[n]
        count = max(seen.get(byte, 0) - d, 0)
        return (count + d * len(seen) * shorter) / sum(seen.values())

    return p


@pytest.mark.parametrize("order", [1, 2, 3, 5, 8])
def test_probabilities_are_those_of_loops(order):
    p, other = kneser_ney(TEXT.encode(), order), "the cat said abracadabra, 猫, zzz"
    data = other.encode()
    expected = [p(data[i], data[max(0, i - order + 1) : i]) for i in range(len(data))]
    assert ByteNgram(TEXT, order).probabilities(other) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("history", ["", "a", "the ca", "zz", "zzab"])
def test_the_next_byte_has_probability_one_in_all(history):
    ngram = ByteNgram(TEXT, 4)
    ends = [ngram.probabilities(history + chr(i))[len(history)] for i in range(128)]
    p = kneser_ney(TEXT.encode(), 4)
    others = [p(i, history.encode()[-3:]) for i in range(128, 256)]  # no text ends in these alone
    assert sum(ends) + sum(others) == pytest.approx(1)
    assert min(ends) > 0


def test_random_letters_cost_what_they_must():
    """Sixteen letters at random: 4 bits each, and no counting can do better."""
    dice = random.Random(0)
    texts = ["".join(dice.choices("abcdefghijklmnop", k=20_000)) for _ in range(2)]
    bits = ByteNgram(texts[0], 2).bits_per_byte(texts[1])
    assert 4 < bits < 4.05


def test_the_order_is_chosen_by_what_is_held_back():
    """Letters that follow from the two before them: three bytes are needed and serve."""
    dice = random.Random(0)
    letters = "ab"
    for _ in range(6000):
        letters += "abcdefgh"[(ord(letters[-1]) + 3 * ord(letters[-2]) + dice.randrange(2)) % 8]
    ngram = fit_ngram(letters)
    assert ngram.order == 3
    assert ngram.bits_per_byte(letters) < 1.05


def test_a_megabyte_and_a_text_of_one_byte_are_no_trouble():
    dice = np.random.default_rng(0)
    text = "".join(map(chr, dice.integers(97, 123, 1 << 18)))
    assert ByteNgram(text, 8).bits_per_byte("a") == pytest.approx(4.7, abs=0.1)


def test_what_cannot_be_counted_is_refused():
    with pytest.raises(ValueError, match="order must be from 1 to 8, got 9"):
        ByteNgram(TEXT, 9)
    with pytest.raises(ValueError, match="at least order=4 bytes, got 2"):
        ByteNgram("ab", 4)
    with pytest.raises(ValueError, match="at least one character"):
        ByteNgram(TEXT, 2).bits_per_byte("")
