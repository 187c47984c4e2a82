"""Decontamination: find the evaluation set in the training text, n-gram by n-gram."""

from collections.abc import Iterable

from llama_edu.data.dedup.shingles import TOKEN, hash_text, normalise

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
        self.grams: dict[int, set[int]] = {}  # length in words -> hashes of the n-grams
        for text in texts:
            words = TOKEN.findall(normalise(text))
            length = min(n, len(words))
            if length >= MIN_WORDS:
                self.grams.setdefault(length, set()).update(_grams(words, length))

    def overlap(self, text: str) -> float:
        """Share of a text's words that lie in an n-gram of the evaluation set, in [0, 1].

        Anything above 0 is a copied passage; drop the document, or the passage.
        """
        words = TOKEN.findall(normalise(text))
        covered: set[int] = set()
        for length, grams in self.grams.items():
            for i, gram in enumerate(_grams(words, length)):
                if gram in grams:
                    covered.update(range(i, i + length))
        return len(covered) / max(1, len(words))


def _grams(words: list[str], n: int) -> list[int]:
    return [hash_text(" ".join(words[i : i + n])) for i in range(len(words) - n + 1)]
