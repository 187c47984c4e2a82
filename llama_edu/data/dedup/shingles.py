"""A text as a set of shingles: hashes of all its overlapping n-grams.

Case, punctuation and spacing are left out first, so that only words can make a difference.
"""

import re
import unicodedata

import numpy as np

NO_LETTER = re.compile(r"[\W_]+")
HAN = "\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
TOKEN = re.compile(rf"[{HAN}]|[^\W_{HAN}]+")
MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)  # 2^64 / golden ratio, odd


def normalise(text: str) -> str:
    """Lower case, compatibility forms made one (NFKC), all but letters and digits one space."""
    return NO_LETTER.sub(" ", unicodedata.normalize("NFKC", text).lower()).strip()


def mix(numbers: np.ndarray) -> np.ndarray:
    """Scatter 64-bit numbers so that neighbours have nothing in common (splitmix64's last steps).

    Without it, MinHash of numbers that follow a pattern, such as 0, 1, 2, …, is biased.

    Source: Steele, Lea & Flood, "Fast splittable pseudorandom number generators" (OOPSLA 2014).
    """
    z = numbers.astype(np.uint64) + MULTIPLIER
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def character_shingles(text: str, n: int = 9) -> np.ndarray:
    """The different n-grams of characters, hashed: sorted uint64 (n_shingles,).

    Args:
        text: normalised here; shorter than n, it is one shingle; empty, none.
        n: characters of a shingle, >= 1.
    """
    codes = np.frombuffer(normalise(text).encode("utf-32-le"), dtype=np.uint32)
    return _distinct(gram_hashes(codes.astype(np.uint64), n))


def word_shingles(text: str, n: int = 5) -> np.ndarray:
    """The different n-grams of words, or of characters in Chinese: sorted uint64 (n_shingles,).

    Args:
        text: normalised here; shorter than n words, it is one shingle; empty, none.
        n: words of a shingle, >= 1.
    """
    return _distinct(gram_hashes(word_hashes(text), n))


def word_hashes(text: str) -> np.ndarray:
    """A hash of each word of a text, in their order: uint64 (n_words,)."""
    words = TOKEN.findall(normalise(text))
    numbers = {word: hash_text(word) for word in set(words)}
    return np.array([numbers[word] for word in words], dtype=np.uint64)


def hash_text(text: str) -> int:
    """64 bits of blake2b, the same in every process and on every machine."""
    from hashlib import blake2b

    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "little")


def gram_hashes(items: np.ndarray, n: int) -> np.ndarray:
    """Hash each n-gram, in order: (…(x1 m + x2) m + …) m + xn modulo 2^64, then mixed.

    Args:
        items: uint64; if they are fewer than n, all of them make one n-gram.
        n: items of an n-gram, >= 1.
    """
    if n < 1:
        raise ValueError(f"n must be at least 1, got {n}")
    length = max(1, len(items) - n + 1) if len(items) else 0
    grams = np.zeros(length, dtype=np.uint64)
    for i in range(min(n, len(items))):
        grams *= MULTIPLIER
        grams += items[i : i + length]
    return mix(grams)


def _distinct(grams: np.ndarray) -> np.ndarray:
    grams = np.sort(grams)  # twenty times faster here than np.unique, which hashes
    return grams[np.concatenate([[True], grams[1:] != grams[:-1]])] if len(grams) else grams


def jaccard(a: np.ndarray, b: np.ndarray) -> float:
    """Size of the intersection over size of the union of two shingle sets; 1 for two empty ones."""
    n_both = len(np.intersect1d(a, b, assume_unique=True))
    n_any = len(a) + len(b) - n_both
    return n_both / n_any if n_any else 1.0
