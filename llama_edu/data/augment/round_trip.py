"""Back-translation: into another version of the language and back, then keep what is usable.

The two languages are the English of 1611 and that of 1901, whose verses are aligned: King James and
the American Standard Version. The translator, two word models, stands in for a neural one and is
trained in seconds. The recipe and its filters are the same.

Source: Sennrich et al. (arXiv:1511.06709); Edunov et al. (arXiv:1808.09381) for sampling.
"""

import random
from collections.abc import Iterable, Sequence, Set

from llama_edu.data.augment.eda import in_case_of
from llama_edu.data.augment.word_model import TOKEN, WordModel, split_words
from llama_edu.data.dedup.shingles import jaccard, word_shingles


class RoundTrip:
    """A translator there and one back, both trained on the same aligned sentences.

    Each word e becomes f with a probability in proportion to (t(f | e) s(e | f))^(1 / T), t being
    the model there and s the one back. Both must agree: t alone gives "the" and commas a share of
    every word, near which they always stand.

    Args:
        pairs: (text in the first version, text in the second).
        n_steps: of EM for each word model.
        temperature: T > 0; the higher, the more words change.

    Raises:
        ValueError: if there are no pairs, or T is not positive.
    """

    def __init__(
        self, pairs: Iterable[tuple[str, str]], n_steps: int = 5, temperature: float = 1.0
    ):
        if temperature <= 0:
            raise ValueError(f"temperature must be positive, got {temperature}")
        words = [(split_words(first), split_words(second)) for first, second in pairs]
        self.there = WordModel(words, n_steps)
        self.back = WordModel([(second, first) for first, second in words], n_steps)
        self.temperature = temperature

    def paraphrase(self, text: str, seed: int = 0, protected: Sequence[str] = ()) -> str:
        """Translate there and back, each word drawn by its probability; signs and capitals stay.

        Args:
            text: in the first version.
            seed: another one gives another paraphrase.
            protected: words that are carried over as they are.
        """
        draw = random.Random(seed)
        kept = {word for phrase in protected for word in split_words(phrase)}
        return self.translate_back(self.translate_there(text, draw, kept), draw, kept)

    def translate_there(self, text: str, draw: random.Random, kept: Set[str] = frozenset()) -> str:
        """From the first version into the second, one word for each."""
        return self._translate(text, self.there, self.back, draw, kept)

    def translate_back(self, text: str, draw: random.Random, kept: Set[str] = frozenset()) -> str:
        """From the second version into the first, one word for each."""
        return self._translate(text, self.back, self.there, draw, kept)

    def _translate(self, text, model: WordModel, reverse: WordModel, draw, kept) -> str:
        def word_for(match) -> str:
            word = match[0].lower()
            if word in kept or not word[0].isalpha():
                return match[0]
            return in_case_of(match[0], self._draw(word, model, reverse, draw))

        return TOKEN.sub(word_for, text)

    def _draw(self, word: str, model: WordModel, reverse: WordModel, draw: random.Random) -> str:
        weights = {
            other: (t * dict(reverse.translations(other)).get(word, 0.0)) ** (1 / self.temperature)
            for other, t in model.translations(word)
            if other[0].isalpha()
        }
        if not any(weights.values()):
            return word
        return draw.choices(list(weights), list(weights.values()))[0]


def is_usable(
    original: str,
    paraphrase: str,
    *,
    protected: Sequence[str] = (),
    length_ratio: float = 1.5,
    similarity: tuple[float, float] = (0.3, 0.95),
) -> bool:
    """Whether a paraphrase is worth keeping: as long, not the same, not another thing, label kept.

    Args:
        original: what was paraphrased.
        paraphrase: what came back.
        protected: words or phrases that must all be there still, in any case.
        length_ratio: the longer has at most so many times the words of the shorter, >= 1.
        similarity: least and greatest Jaccard similarity of the sets of words, both allowed.
    """
    lengths = sorted((len(split_words(original)), len(split_words(paraphrase))))
    if not lengths[0] or lengths[1] > length_ratio * lengths[0]:
        return False
    least, most = similarity
    if not least <= jaccard(word_shingles(original, 1), word_shingles(paraphrase, 1)) <= most:
        return False
    words = f" {' '.join(split_words(paraphrase))} "
    return all(f" {' '.join(split_words(phrase))} " in words for phrase in protected)
