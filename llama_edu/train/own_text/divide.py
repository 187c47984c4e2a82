"""Set a part of the text aside: what a model has read says nothing about what it has learned."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from llama_edu.data.documents import Document

SHARE = 0.05
MAX_HELD_OUT_CHARS = 250_000  # more makes the numbers hardly finer, and every look slower
MIN_BYTES = 20_000
MIN_DOCUMENTS = 20  # fewer cannot stand for the rest


@dataclass(frozen=True)
class Division:
    """Texts to train on, and texts to be judged by.

    Args:
        training: texts of documents.
        held_out: likewise; no part of one is in `training`.
        rule: how they were chosen, in words.
    """

    training: tuple[str, ...]
    held_out: tuple[str, ...]
    rule: str


def divide(documents: Sequence[Document], seed: int = 0) -> Division:
    """Hold out a twentieth: whole documents where there are many, else the end of each.

    Whole documents are the stricter test, since the end of a book speaks of its beginning. They
    are drawn at random, and one longer than the twentieth is never drawn.

    Args:
        documents: each once.
        seed: of the draw.

    Raises:
        ValueError: if there are fewer than 20,000 bytes in all.
    """
    n_bytes = sum(len(document.text.encode()) for document in documents)
    if n_bytes < MIN_BYTES:
        raise ValueError(
            f"the text has {n_bytes:,} bytes, too few to learn from: at least {MIN_BYTES:,} are "
            "needed (some ten pages), and a million make readable samples"
        )
    n_chars = sum(len(document.text) for document in documents)
    wanted = min(SHARE * n_chars, MAX_HELD_OUT_CHARS)
    chosen, taken = set(), 0
    for i in np.random.default_rng(seed).permutation(len(documents)).tolist():
        if taken + len(documents[i].text) <= 1.2 * wanted:
            chosen.add(i)
            taken += len(documents[i].text)
        if taken >= wanted:
            break
    if len(documents) >= MIN_DOCUMENTS and taken >= wanted / 2:
        return Division(
            tuple(d.text for i, d in enumerate(documents) if i not in chosen),
            tuple(d.text for i, d in enumerate(documents) if i in chosen),
            f"{len(chosen)} whole documents of {len(documents)}, drawn at random",
        )
    parts = [_cut(document.text, wanted / n_chars) for document in documents]
    ends = [end for _, end in parts if end]
    what = "the text" if len(documents) == 1 else f"each of the {len(documents)} documents"
    rule = f"the last {wanted / n_chars:.1%} of {what}"
    return Division(tuple(start for start, _ in parts), tuple(ends), rule)


def _cut(text: str, share: float) -> tuple[str, str]:
    """Cut a text before its last part, where a line ends if one does near there."""
    place = round(len(text) * (1 - share))
    line = text.find("\n", place, (place + len(text)) // 2) + 1
    place = line or place
    return text[:place], text[place:]
