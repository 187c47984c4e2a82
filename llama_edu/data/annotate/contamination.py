"""Decontamination: find the evaluation set in the training text, n-gram by n-gram."""

from collections.abc import Iterable

import numpy as np

from llama_edu.data.dedup.shingles import gram_hashes, word_hashes

N_WORDS = 13
MIN_WORDS = 5  # a shorter item, such as "Who has it?", is found everywhere and means nothing


class EvaluationGrams:
    """The n-grams of an evaluation set, to look for in training text.

    Case, punctuation and spacing make no difference. An item of fewer than `n` words counts with
    all of its words as one n-gram, if it has five at least: with n-grams of 13 alone, short
    questions would pass unseen.

    Args:
        texts: items of the evaluation set.
        n: words of an n-gram, >= 5.

    Raises:
        ValueError: if `n` is smaller.

    Source: Brown et al., GPT-3 (arXiv:2005.14165), appendix C: 13 words, 8 at least.
    """

    def __init__(self, texts: Iterable[str], n: int = N_WORDS):
        if n < MIN_WORDS:
            raise ValueError(f"n must be at least {MIN_WORDS}, got {n}")
        grams: dict[int, list[np.ndarray]] = {}  # length in words -> hashes of n-grams
        for text in texts:
            words = word_hashes(text)
            length = min(n, len(words))
            if length >= MIN_WORDS:
                grams.setdefault(length, []).append(gram_hashes(words, length))
        self.grams = {length: np.unique(np.concatenate(found)) for length, found in grams.items()}

    def overlap(self, text: str) -> float:
        """Share of a text's words that lie in an n-gram of the evaluation set, in [0, 1].

        Anything above 0 is a copied passage; drop the document, or the passage.
        """
        words = word_hashes(text)
        is_covered = np.zeros(len(words), dtype=bool)
        for length, grams in self.grams.items():
            if length <= len(words):
                places = np.flatnonzero(np.isin(gram_hashes(words, length), grams))
                for i in range(length):
                    is_covered[places + i] = True
        return float(is_covered.mean()) if len(words) else 0.0
