"""Perplexity under a small n-gram model: how surprising a text is to a reader of good prose.

The model is of characters, so that it knows no unknown words and needs no tokenizer, in any
language. CCNet asks a 5-gram model of SentencePiece tokens in the same way.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from math import exp, log

N_CHARACTERS = 0x110000  # all that Unicode can have: what a character never seen is drawn from
BUCKETS = ("head", "middle", "tail")


class CharacterModel:
    """An n-gram model of characters with Witten-Bell smoothing.

    P(c | h) = (count(h c) + types(h) P(c | h')) / (count(h) + types(h)), where h' is h without its
    first character and types(h) the number of different characters seen after h. Under the empty
    h lies the uniform distribution over Unicode.

    Args:
        texts: good prose.
        order: characters of an n-gram, n >= 1.

    Raises:
        ValueError: if `order` is not positive.

    Source: Witten & Bell, IEEE Trans. Information Theory 37(4), 1991, method C.
    """

    def __init__(self, texts: Iterable[str], order: int = 5):
        if order < 1:
            raise ValueError(f"order must be at least 1, got {order}")
        counts: Counter[str] = Counter()  # of n-grams of every length from 1 to order
        for text in texts:
            padded = "\n" * (order - 1) + text
            for n in range(1, order + 1):
                first = order - n  # each n-gram ends at a character of the text, not of the padding
                last = len(padded) - n + 1
                counts.update(padded[i : i + n] for i in range(first, last))
        self._take(counts, order)

    @classmethod
    def from_counts(cls, counts: Mapping[str, int], order: int) -> "CharacterModel":
        """The model whose `counts` were stored."""
        model = cls((), order)
        model._take(counts, order)
        return model

    def _take(self, counts: Mapping[str, int], order: int) -> None:
        self.counts, self.order = counts, order
        self.totals: Counter[str] = Counter()
        self.types: Counter[str] = Counter()
        for gram, count in counts.items():
            self.totals[gram[:-1]] += count
            self.types[gram[:-1]] += 1

    def probability(self, character: str, history: str) -> float:
        """P(character | history), of which the last order - 1 characters count."""
        p = 1 / N_CHARACTERS
        for n in range(self.order):
            context = history[len(history) - n :]
            total = self.totals.get(context)
            if total is None or n > len(history):
                break  # what follows a longer history was not seen either
            n_types = self.types[context]
            p = (self.counts.get(context + character, 0) + n_types * p) / (total + n_types)
        return p

    def perplexity(self, text: str, max_chars: int = 2000) -> float:
        """exp of the mean of -ln P over the characters, >= 1; the lower, the more expected.

        Args:
            text: not empty.
            max_chars: so many from the middle are read, at a microsecond each.

        Raises:
            ValueError: if `text` is empty.
        """
        if not text:
            raise ValueError("text must hold at least one character")
        start = max(0, (len(text) - max_chars) // 2)
        text = "\n" * (self.order - 1) + text[start : start + max_chars]
        places = range(self.order - 1, len(text))
        surprise = sum(log(self.probability(text[i], text[i - self.order + 1 : i])) for i in places)
        return exp(-surprise / len(places))


def bucket_bounds(perplexities: Sequence[float]) -> tuple[float, float]:
    """The two perplexities that cut a corpus into thirds; each language needs its own.

    Raises:
        ValueError: if there are none.

    Source: Wenzek et al., CCNet (arXiv:1911.00359), sec. 3.3.
    """
    if not perplexities:
        raise ValueError("perplexities must hold at least one number")
    ranked = sorted(perplexities)
    return ranked[(len(ranked) - 1) // 3], ranked[2 * (len(ranked) - 1) // 3]


def bucket(perplexity: float, bounds: tuple[float, float]) -> str:
    """Give "head" up to the first bound, "middle" up to the second, else "tail"."""
    return BUCKETS[sum(perplexity > bound for bound in bounds)]
