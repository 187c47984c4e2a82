"""IBM Model 1: which word translates which, learned from sentence pairs alone.

No dictionary is needed: a word that is always there when another is explains it best, and what is
explained by one word needs no other. Expectation maximisation turns this into numbers.
"""

import re
from collections.abc import Sequence

import numpy as np

TOKEN = re.compile(r"\w+(?:['’]\w+)*|[^\w\s]")
NULL = ""  # stands in every source sentence, for words that nothing there explains


def split_words(text: str) -> list[str]:
    """Lower-case words and signs."""
    return TOKEN.findall(text.lower())


class WordModel:
    """t(f | e): the probability that a word e is translated as f.

    The likelihood of a pair is prod_j sum_i t(f_j | e_i) / (l + 1), over the source's words e_i and
    NULL. One step of EM shares each f_j out among the e_i by t, and counts.

    Args:
        pairs: (source, target) sentences, each a list of words.
        n_steps: of EM, >= 1.

    Raises:
        ValueError: if there are no pairs, or no steps.

    Source: Brown et al., "The mathematics of statistical machine translation", Computational
    Linguistics 19(2), 1993, sec. 4.1.
    """

    def __init__(self, pairs: Sequence[tuple[list[str], list[str]]], n_steps: int = 5):
        if not pairs or n_steps < 1:
            raise ValueError(f"pairs and n_steps must be at least 1: {len(pairs)}, {n_steps}")
        sources = {NULL: 0} | {w: i for i, w in enumerate(_vocabulary(e for e, _ in pairs), 1)}
        targets = {w: i for i, w in enumerate(_vocabulary(f for _, f in pairs))}
        links, places, n_words = _links(pairs, sources, targets)
        kinds, link_of = np.unique(links, return_inverse=True)
        source_of, target_of = np.divmod(kinds, len(targets))
        t = np.full(len(kinds), 1 / len(targets))
        self.log_likelihoods: list[float] = []
        for _ in range(n_steps):
            share = t[link_of]
            explained = np.bincount(places, share)  # of each target word, by all of its sentence
            self.log_likelihoods.append(float(np.log(explained).sum() - n_words))
            counts = np.bincount(link_of, share / explained[places])
            t = counts / np.bincount(source_of, counts)[source_of]
        self._table: dict[str, list[tuple[str, float]]] = {word: [] for word in sources}
        source_words, target_words = list(sources), list(targets)
        for kind in np.argsort(-t, kind="stable").tolist():
            if t[kind] > 1e-3:  # the tail is long, and noise
                entry = (target_words[target_of[kind]], float(t[kind]))
                self._table[source_words[source_of[kind]]].append(entry)

    def translations(self, word: str) -> list[tuple[str, float]]:
        """(f, t(f | word)) above 0.001, the likeliest first; an unknown word gives itself."""
        return self._table.get(word) or [(word, 1.0)]


def _vocabulary(sentences) -> dict[str, None]:
    return dict.fromkeys(word for sentence in sentences for word in sentence)


def _links(pairs, sources, targets) -> tuple[np.ndarray, np.ndarray, float]:
    """Each pair of words that stand in the same pair of sentences, as one number e * |F| + f.

    Also the place of f among all target words, and the sum of their log(l + 1).
    """
    links, places, start, log_lengths = [], [], 0, 0.0
    for source, target in pairs:
        e = np.array([0, *(sources[word] for word in source)])
        f = np.array([targets[word] for word in target], dtype=np.int64)
        links.append((e[:, None] * len(targets) + f).ravel())
        places.append(np.tile(np.arange(start, start + len(f)), len(e)))
        start += len(f)
        log_lengths += len(f) * float(np.log(len(e)))
    return np.concatenate(links), np.concatenate(places), log_lengths
