"""A logistic classifier of quality on hashed words: prose to learn from, or not.

LLaMA 1 asked such a classifier whether a page looks like those that Wikipedia cites. The trap is
that it may learn a topic instead: Shakespeare against Wikipedia is told apart perfectly, and the
result says nothing about quality. Here good and bad come from the same pages.
"""

import re
from collections import Counter
from collections.abc import Sequence
from zlib import crc32

import numpy as np

from llama_edu.data.clean.wikitext import (
    TAIL_SECTIONS,
    drop_tail_sections,
    strip_wikitext,
    table_lines,
)

WORD = re.compile(r"\w+|[^\w\s]")
MARKUP = re.compile(r"</?\w[^<>]*>|[\[\]{}|=*#']+")
MIN_CHARS = 200
N_FREQUENT = 500


def hashed_words(texts: Sequence[str], n_features: int) -> np.ndarray:
    """Word counts by hash, each row scaled to length 1: (n_texts, n_features) float32.

    crc32, as Python's own `hash` gives other numbers in every process.
    """
    rows = np.zeros((len(texts), n_features), dtype=np.float32)
    for row, text in zip(rows, texts, strict=True):
        for word in WORD.findall(text.lower()):
            row[crc32(word.encode()) % n_features] += 1
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return rows / np.maximum(lengths, 1e-12)


class QualityClassifier:
    """Logistic regression: P(good | text) = 1 / (1 + exp(-(w x + b))).

    Args:
        n_features: buckets that words are hashed into.
        penalty: of |w|^2 / 2, against the mean loss.
    """

    def __init__(self, n_features: int = 4096, penalty: float = 1e-4):
        self.n_features, self.penalty = n_features, penalty
        self.weights = np.zeros(n_features, dtype=np.float32)
        self.bias = 0.0

    def fit(self, texts: Sequence[str], is_good: Sequence[bool], n_steps: int = 200) -> list[float]:
        """Descend the gradient of the mean cross-entropy, with momentum; give each step's loss.

        No random number is drawn: the problem is convex, and begins at zero.

        Raises:
            ValueError: if not both kinds are there.
        """
        if len(set(map(bool, is_good))) != 2:
            raise ValueError("is_good must hold both True and False")
        x, y = hashed_words(texts, self.n_features), np.asarray(is_good, dtype=np.float32)
        speed, bias_speed, losses = np.zeros_like(self.weights), 0.0, []
        for _ in range(n_steps):
            p = _sigmoid(x @ self.weights + self.bias)
            sure = np.where(y == 1, p, 1 - p)
            losses.append(float(-np.log(np.maximum(sure, 1e-12)).mean()))
            error = (p - y) / len(y)
            speed = 0.9 * speed - 2.0 * (x.T @ error + self.penalty * self.weights)
            bias_speed = 0.9 * bias_speed - 2.0 * float(error.sum())
            self.weights, self.bias = self.weights + speed, self.bias + bias_speed
        return losses

    def score(self, texts: Sequence[str]) -> np.ndarray:
        """P(good) of each text, (n_texts,)."""
        return _sigmoid(hashed_words(texts, self.n_features) @ self.weights + self.bias)

    def telling_words(self, texts: Sequence[str], n_words: int = 10) -> tuple[list[str], list[str]]:
        """The words of `texts` that speak loudest for good, and for bad: look what it learned."""
        # A rare word shares its bucket with others, and may owe them its weight.
        counts = Counter(word for text in texts for word in WORD.findall(text.lower()))
        frequent = [word for word, _ in counts.most_common(N_FREQUENT)]
        ranked = sorted(frequent, key=lambda w: self.weights[crc32(w.encode()) % self.n_features])
        return ranked[: -n_words - 1 : -1], ranked[:n_words]


def prose_and_furniture(wikitext: str) -> tuple[list[str], list[str]]:
    """Paragraphs that cleaning keeps of a page, and as many characters' worth that it drops.

    What is dropped are the rows of tables and the entries of References and the like, without
    their markup, so that the classifier must judge the words.
    """
    prose = [line for line in strip_wikitext(wikitext).split("\n") if len(line) >= MIN_CHARS]
    body = drop_tail_sections(wikitext)
    kept = set(body.splitlines())
    rest = [line for line in wikitext.splitlines() if line not in kept]
    rest += table_lines(body)
    text = " ".join(MARKUP.sub(" ", line) for line in rest if line.lower() not in TAIL_SECTIONS)
    text = " ".join(text.split())
    furniture = [text[i : i + 2 * MIN_CHARS] for i in range(0, len(text), 2 * MIN_CHARS)]
    return prose, [part for part in furniture if len(part) >= MIN_CHARS]


def _sigmoid(x: np.ndarray) -> np.ndarray:
    return 0.5 * (1 + np.tanh(0.5 * x))  # never overflows
