"""What a build does, as one value that is stored beside its output."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from llama_edu.data.documents import READERS

VERSION = 2  # raise it when the same settings give other bytes


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Choices of a build; the same settings and inputs give the same bytes.

    Args:
        sources: names of archives, or paths of .jsonl files with "id", "text" and, if wanted,
            "markup" in each line. Of two copies the one of the earlier source stays.
        languages: ISO 639 codes to keep.
        shard_chars: a shard is closed when it holds so many characters.
        shingle_chars: characters of a shingle. With 7, a threshold of 0.4 parts every play of the
            First Folio and every chapter of two Bibles from all that is merely of the same kind.
        n_hashes: length of a MinHash signature.
        n_bands: bands it is cut into.
        near_copy: estimated Jaccard similarity from which on a document is a near-copy.
        min_line_chars: lines at least so long are kept once in the whole corpus.
        reference: source whose prose says what is to be expected; each document gets its perplexity
            under a model of every second of them. None, or a source that is left out: no scores.
        test_share: share of documents held out, in [0, 1).
        evaluation: items of evaluation sets; documents that hold one are dropped.

    Raises:
        ValueError: if a source is unknown, or a number out of its range.
    """

    sources: tuple[str, ...] = tuple(READERS)
    languages: tuple[str, ...] = ("en", "zh")
    shard_chars: int = 1_000_000
    shingle_chars: int = 7
    n_hashes: int = 256
    n_bands: int = 64
    near_copy: float = 0.4
    min_line_chars: int = 100
    reference: str | None = "enwiki"
    test_share: float = 0.05
    evaluation: tuple[str, ...] = ()

    def __post_init__(self):
        for source in self.sources:
            if source not in READERS and not source.endswith(".jsonl"):
                known = ", ".join(READERS)
                raise ValueError(f"sources: {source!r} must be one of {known}, or a .jsonl file")
        names = {Path(source).stem for source in self.sources}
        if len(names) != len(self.sources) or not names:
            raise ValueError(f"sources={self.sources} must be at least one, each of another name")
        if not 1 <= self.n_bands <= self.n_hashes:
            raise ValueError(f"n_bands={self.n_bands} must lie between 1 and {self.n_hashes}")
        if not 0 < self.near_copy <= 1:
            raise ValueError(f"near_copy={self.near_copy} must lie in (0, 1]")
        if not 0 <= self.test_share < 1:
            raise ValueError(f"test_share={self.test_share} must lie in [0, 1)")
        for name in ("shard_chars", "shingle_chars", "min_line_chars"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name}={getattr(self, name)} must be at least 1")

    def as_json(self) -> str:
        """The settings and the version of the pipeline, as they are stored."""
        values = {"version": VERSION, **asdict(self)}
        return json.dumps(values, ensure_ascii=False, indent=1) + "\n"
