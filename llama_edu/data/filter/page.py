"""A document taken apart for counting: its words, lines, paragraphs and repeated n-grams."""

import re
from collections import Counter
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
    def word_counts(self) -> Counter[str]:
        """How often each word occurs."""
        return Counter(self.words)

    def top_gram_fraction(self, n: int) -> float:
        """Share of the characters of words that lie in the most frequent n-gram, 2 <= n <= 10.

        Of those that are equally frequent, the longest; 0 where all come once.
        """
        places, counts, _ = self._repeats[n]
        if not len(places):
            return 0.0
        top = places[counts == counts.max()]
        longest = (self._ends[top + n] - self._ends[top]).max()
        return float(counts.max() * longest / self._ends[-1])

    def repeated_gram_fraction(self, n: int) -> float:
        """Share of the characters of words in n-grams that were there before, 2 <= n <= 10.

        A character in two such n-grams is counted once.
        """
        places, _, is_copy = self._repeats[n]
        is_covered = np.zeros(len(self.words), dtype=bool)
        for i in range(n):
            is_covered[places[is_copy] + i] = True
        return float(self.word_lengths[is_covered].sum() / max(1, self._ends[-1]))

    @cached_property
    def _ends(self) -> np.ndarray:
        """Characters of words before each word, and of all: (n_words + 1,)."""
        return np.concatenate([[0], np.cumsum(self.word_lengths)])

    @cached_property
    def _repeats(self) -> dict[int, tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """n -> places of the n-grams that come more than once, their counts, which are copies.

        An n-gram can come twice only where its first n - 1 words do, so that each n has fewer
        places to look at than the one before.
        """
        numbers = {word: i for i, word in enumerate(self.word_counts)}
        ids = mix(np.array([numbers[word] for word in self.words], dtype=np.uint64))
        places, hashes, found = np.arange(len(ids)), ids, {}
        for n in range(2, 11):
            fits = places + n <= len(ids)
            places = places[fits]
            # h(w1..wn) = h(w1..wn-1) * m + h(wn), modulo 2^64
            hashes = hashes[fits] * MULTIPLIER + ids[places + n - 1]
            _, first, group, counts = np.unique(
                hashes, return_index=True, return_inverse=True, return_counts=True
            )
            is_copy = np.ones(len(places), dtype=bool)
            is_copy[first] = False
            again = counts[group] > 1
            places, hashes = places[again], hashes[again]
            found[n] = (places, counts[group][again], is_copy[again])
        return found
