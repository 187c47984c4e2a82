"""A document taken apart for counting: its words, lines, paragraphs and repeated n-grams."""

import re
from functools import cached_property

import numpy as np

from llama_edu.data.dedup.shingles import MULTIPLIER, mix

HAN = "\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
# Chinese writes no spaces: there each character counts as a word.
WORD = {
    "zh": re.compile(rf"[{HAN}]|[^\s{HAN}]+"),
    "": re.compile(r"\S+"),
}
SENTENCE_END = re.compile(r"[.!?][\"')\]”’]*(?=\s|$)|[。！？]")


class Page:
    """One text, counted once for all rules.

    Args:
        text: cleaned.
        language: code; it decides what a word is.
    """

    def __init__(self, text: str, language: str = "en"):
        self.text, self.language = text, language

    @cached_property
    def words(self) -> list[str]:
        """Runs between spaces; in Chinese, characters."""
        return WORD.get(self.language, WORD[""]).findall(self.text)

    @cached_property
    def lines(self) -> list[str]:
        """Lines that hold text."""
        return [line for line in self.text.split("\n") if line.strip()]

    @cached_property
    def paragraphs(self) -> list[str]:
        """What empty lines part."""
        return [part for part in re.split(r"\n\s*\n", self.text) if part.strip()]

    @cached_property
    def n_sentences(self) -> int:
        """Number of sentence ends, Western or Chinese."""
        return len(SENTENCE_END.findall(self.text))

    @cached_property
    def word_lengths(self) -> np.ndarray:
        """Characters of each word, (n_words,)."""
        return np.array([len(word) for word in self.words], dtype=np.int64)

    @cached_property
    def _hashes(self) -> list[np.ndarray]:
        """A 64-bit hash of each n-gram of words, for n = 1 to 10."""
        numbers = {word: i for i, word in enumerate(dict.fromkeys(self.words))}
        ids = np.array([numbers[word] for word in self.words], dtype=np.uint64)
        ids = mix(ids)
        grams = [ids]
        for n in range(2, 11):
            # h(w1..wn) = h(w1..wn-1) * p + h(wn), modulo 2^64
            grams.append(grams[-1][:-1] * MULTIPLIER + ids[n - 1 :])
        return grams

    def top_gram_fraction(self, n: int) -> float:
        """Share of the characters of words that lie in the most frequent n-gram.

        Of those that are equally frequent, the longest.
        """
        hashes = self._hashes[n - 1]
        if not len(hashes):
            return 0.0
        _, first, counts = np.unique(hashes, return_index=True, return_counts=True)
        if counts.max() == 1:
            return 0.0  # each of them is as frequent as any other
        lengths = sum(self.word_lengths[first + i] for i in range(n))
        return float((counts * lengths)[counts == counts.max()].max() / self.word_lengths.sum())

    def repeated_gram_fraction(self, n: int) -> float:
        """Share of the characters of words that lie in an n-gram that was there before.

        A character in two such n-grams is counted once.
        """
        hashes = self._hashes[n - 1]
        if not len(hashes):
            return 0.0
        is_copy = np.ones(len(hashes), dtype=bool)
        is_copy[np.unique(hashes, return_index=True)[1]] = False
        is_covered = np.zeros(len(self.words), dtype=bool)
        for i in range(n):
            is_covered[i : i + len(hashes)] |= is_copy
        return float(self.word_lengths[is_covered].sum() / self.word_lengths.sum())
