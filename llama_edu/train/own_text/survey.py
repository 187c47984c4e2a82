"""What is in a text, before anything is trained on it: size, copies, languages."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from llama_edu.data.dedup import MinHasher, character_shingles, drop_near_duplicates, first_copies
from llama_edu.data.dedup.exact import content_hash
from llama_edu.data.documents import Document
from llama_edu.data.filter.language import identify_language

# As in `llama-edu data build`.
SHINGLE_CHARS, N_HASHES, N_BANDS, NEAR_COPY = 7, 256, 64, 0.4
N_NAMED = 200  # documents whose language is looked at
MIN_SHARE = 0.01  # of the characters, for a language to be named


@dataclass(frozen=True)
class Survey:
    """A text in numbers, and the documents that are left of it.

    Args:
        documents: each once.
        n_documents: with their copies.
        n_characters: of the documents that are left.
        n_bytes: of the same, in UTF-8.
        n_copies: documents that equal an earlier one but for case, spaces and punctuation.
        n_near_copies: documents that an earlier one resembles.
        languages: ISO 639 code, or "code", -> share of the characters.
    """

    documents: tuple[Document, ...]
    n_documents: int
    n_characters: int
    n_bytes: int
    n_copies: int
    n_near_copies: int
    languages: dict[str, float]

    @property
    def is_chinese(self) -> bool:
        """Whether most of it is in a script without spaces between words."""
        return sum(self.languages.get(code, 0.0) for code in ("zh", "ja", "ko", "th")) > 0.5

    def lines(self) -> list[str]:
        """It in words, a line each."""
        copies = f"{self.n_copies} exact and {self.n_near_copies} near"
        found = self.n_copies + self.n_near_copies
        languages = ", ".join(f"{name} {share:.0%}" for name, share in self.languages.items())
        return [
            f"documents: {len(self.documents):,}, {self.n_characters:,} characters, "
            f"{self.n_bytes:,} bytes of UTF-8",
            f"copies: {copies} among {self.n_documents:,}"
            + (": left out, or the held-out text would have been read before" if found else ""),
            f"language: {languages}",
        ]


def survey(documents: Sequence[Document]) -> Survey:
    """Leave copies out, and count what is left.

    Near copies are found by MinHash on runs of seven characters: a document goes whose estimated
    similarity to an earlier one is 0.4 or more. Code is judged by exact copies alone: files of one
    project resemble each other and say different things.
    """
    is_first = first_copies(np.array([content_hash(d.text) for d in documents], dtype=np.uint64))
    rest = [document for document, first in zip(documents, is_first, strict=True) if first]
    prose = [i for i, document in enumerate(rest) if document.source != "code"]
    near: dict[int, tuple[int, float]] = {}
    if len(prose) > 1:
        sets = (character_shingles(rest[i].text, SHINGLE_CHARS) for i in prose)
        near = drop_near_duplicates(MinHasher(N_HASHES).signatures(sets), N_BANDS, NEAR_COPY)
    dropped = {prose[i] for i in near}
    left = tuple(document for i, document in enumerate(rest) if i not in dropped)
    return Survey(
        documents=left,
        n_documents=len(documents),
        n_characters=sum(len(document.text) for document in left),
        n_bytes=sum(len(document.text.encode()) for document in left),
        n_copies=len(documents) - len(rest),
        n_near_copies=len(near),
        languages=_languages(left),
    )


def _languages(documents: Sequence[Document]) -> dict[str, float]:
    """Shares of the characters, of documents taken at even distances where there are many."""
    chosen = documents[:: max(1, len(documents) // N_NAMED)]
    counts: Counter[str] = Counter()
    for document in chosen:
        is_code = document.source == "code"
        counts["code" if is_code else identify_language(document.text)] += len(document.text)
    total = counts.total()
    return {name: n / total for name, n in counts.most_common() if n / total >= MIN_SHARE}
