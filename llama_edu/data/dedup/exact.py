"""Copies that are equal: whole documents, and long lines that several documents share."""

import re
from collections.abc import Sequence

import numpy as np

from llama_edu.data.dedup.shingles import hash_text, normalise

DIGIT = re.compile(r"\d")
MIN_LINE_CHARS = 100


def content_hash(text: str) -> int:
    """64 bits that two texts share if they differ in case, spaces and punctuation only."""
    return hash_text(normalise(text))


def line_hashes(text: str, min_chars: int = MIN_LINE_CHARS) -> np.ndarray:
    """Hashes of a text's lines, uint64 (n_lines,); 0 for lines that are too short to be judged.

    Digits count as equal, so that a footer with another date is the same footer.

    Source: Wenzek et al., CCNet (arXiv:1911.00359), sec. 3.1, for paragraphs.
    """
    hashes = (
        content_hash(DIGIT.sub("0", line)) if len(line) >= min_chars else 0
        for line in text.split("\n")
    )
    return np.fromiter(hashes, dtype=np.uint64)


def first_copies(hashes: np.ndarray) -> np.ndarray:
    """Say of each hash whether it is the first of its value: bool (n,)."""
    is_first = np.zeros(len(hashes), dtype=bool)
    is_first[np.unique(hashes, return_index=True)[1]] = True
    return is_first


def drop_seen_lines(texts: Sequence[str], min_chars: int = MIN_LINE_CHARS) -> list[str]:
    """Drop each long line that an earlier line of any text equals; short ones always stay.

    A second time changes nothing.
    """
    hashes = [line_hashes(text, min_chars) for text in texts]
    everything = np.concatenate([np.zeros(0, dtype=np.uint64), *hashes])
    is_kept = first_copies(everything) | (everything == 0)
    kept, start = [], 0
    for text, own in zip(texts, hashes, strict=True):
        kept.append(keep_lines(text, is_kept[start : start + len(own)]))
        start += len(own)
    return kept


def keep_lines(text: str, is_kept: np.ndarray) -> str:
    """The lines of a text for which a boolean says so."""
    lines = zip(text.split("\n"), is_kept.tolist(), strict=True)
    return "\n".join(line for line, keep in lines if keep)
