"""An n-gram model of bytes: what counting alone can do, for models to be held against."""

import math
from collections.abc import Iterable

import numpy as np

LONGEST = 8  # bytes of an n-gram that fit into one 64-bit number


class ByteNgram:
    """Interpolated Kneser-Ney over bytes, for texts of some megabytes.

    P(c | h) = max(count(hc) - D, 0) / count(h) + D types(h) / count(h) P(c | h'), where h' is h
    without its first byte and types(h) the number of different bytes seen after h. Only the
    longest n-grams are counted as they are; a shorter one counts the different bytes seen before
    it: how many histories it can follow, not how often it stands there. D is n1 / (n1 + 2 n2) for
    each length, of the n-grams that count one and two. Under the empty h all 256 bytes are equally
    likely. Nothing is learned from the text that is predicted.

    Args:
        text: to count in.
        order: bytes of the longest n-gram, 1 to 8.

    Raises:
        ValueError: if `order` is out of range or the text has fewer bytes.

    Source: Kneser & Ney, ICASSP 1995; interpolated as in Chen & Goodman, TR-10-98 (Harvard, 1998).
    """

    def __init__(self, text: str, order: int = 6):
        data = _bytes(text)
        if not 1 <= order <= LONGEST:
            raise ValueError(f"order must be from 1 to {LONGEST}, got {order}")
        if len(data) < order:
            raise ValueError(f"text must hold at least order={order} bytes, got {len(data)}")
        self.order = order
        self.levels = []  # by length of the history: what follows it
        grams, counts = np.unique(_grams(data, order), return_counts=True)
        for length in range(order, 0, -1):
            self.levels.insert(0, _Level(grams, counts))
            # The same n-grams without their first byte: each different one counts once.
            shorter = grams & np.uint64((1 << 8 * (length - 1)) - 1)
            grams, counts = np.unique(shorter, return_counts=True)

    def probabilities(self, text: str) -> np.ndarray:
        """P of each byte of a text given the bytes before it, of which order - 1 at most count."""
        data = _bytes(text)
        p = np.full(len(data), 1 / 256)
        for length, level in enumerate(self.levels, start=1):
            if length <= len(data):
                p[length - 1 :] = level.refine(_grams(data, length), p[length - 1 :])
        return p

    def bits_per_byte(self, text: str) -> float:
        """Bits that a text costs, for each of its bytes.

        Raises:
            ValueError: if the text is empty.
        """
        if not text:
            raise ValueError("text must hold at least one character")
        return float(-np.log2(self.probabilities(text)).mean())


def fit_ngram(text: str, orders: Iterable[int] = range(2, LONGEST + 1)) -> ByteNgram:
    """Count in a text, with the order that serves best for the last tenth of it.

    The order is chosen by counting in the first nine tenths; then everything is counted. The text
    that the model is meant for is never seen.

    Raises:
        ValueError: if the text is too short for one of the orders.
    """
    cut = math.ceil(0.9 * len(text))
    best = min(orders, key=lambda order: ByteNgram(text[:cut], order).bits_per_byte(text[cut:]))
    return ByteNgram(text, best)


class _Level:
    """Counts of the n-grams of one length, and from them P of their last byte."""

    def __init__(self, grams: np.ndarray, counts: np.ndarray):
        self.grams, self.counts = grams, counts
        once, twice = (counts == 1).sum(), (counts == 2).sum()
        self.discount = once / (once + 2 * twice) if once else 0.5  # small texts may have none
        self.histories, first = np.unique(grams >> np.uint64(8), return_index=True)
        self.totals = np.add.reduceat(counts, first)
        self.n_types = np.diff(np.append(first, len(grams)))

    def refine(self, grams: np.ndarray, shorter: np.ndarray) -> np.ndarray:
        """P of the last byte of each n-gram, given P by the shorter history."""
        at, is_seen = _find(self.histories, grams >> np.uint64(8))
        place, has_count = _find(self.grams, grams)
        counts = np.where(has_count, self.counts[place] - self.discount, 0.0)
        p = (counts + self.discount * self.n_types[at] * shorter) / self.totals[at]
        return np.where(is_seen, p, shorter)


def _find(keys: np.ndarray, wanted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where each wanted number stands among the sorted keys, and whether it does."""
    at = np.searchsorted(keys, wanted).clip(max=len(keys) - 1)
    return at, keys[at] == wanted


def _bytes(text: str) -> np.ndarray:
    return np.frombuffer(text.encode(), dtype=np.uint8)


def _grams(data: np.ndarray, length: int) -> np.ndarray:
    """Every run of `length` bytes as one number, the last byte in its lowest eight bits."""
    grams = np.zeros(len(data) - length + 1, dtype=np.uint64)
    for i in range(length):
        grams = (grams << np.uint64(8)) | data[i : len(data) - length + 1 + i]
    return grams
