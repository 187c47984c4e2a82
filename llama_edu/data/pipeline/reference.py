"""The model of good prose under which a build scores its documents."""

from functools import lru_cache
from pathlib import Path

from llama_edu.data.filter.perplexity import CharacterModel
from llama_edu.data.pipeline.files import (
    PREPARED,
    SELECTED,
    read_json,
    read_lines,
    stored_key,
    write_json,
)
from llama_edu.data.pipeline.select import DONE
from llama_edu.data.pipeline.settings import Settings

REFERENCE = f"{SELECTED}/reference.json"
DOCUMENT_CHARS, ALL_CHARS, ORDER = 20_000, 500_000, 5


def learn(shards: list[str], root: Path, settings: Settings) -> None:
    """Count the n-grams of every second document of the reference that stays.

    What was learned from is not scored: it would look better than it is.
    """
    texts: dict[str, str] = {}
    language = None
    for shard in shards:
        dropped = read_json(root / SELECTED / f"{shard}.json")["drops"]
        documents = (d for d in read_lines(root / PREPARED / f"{shard}.jsonl"))
        own = [d for d in documents if d["source"] == settings.reference and d["id"] not in dropped]
        for document in own[::2]:
            language = language or document["language"]
            if sum(map(len, texts.values())) < ALL_CHARS and document["language"] == language:
                texts[document["id"]] = document["text"][:DOCUMENT_CHARS]
    model = CharacterModel(texts.values(), ORDER)
    key = stored_key(root / SELECTED / DONE)
    stored = {
        "key": key,
        "language": language,
        "learned_from": list(texts),
        "counts": dict(model.counts),
    }
    write_json(root / REFERENCE, root, stored)


class Reference:
    """What `learn` stored, read once a process."""

    def __init__(self, path: Path):
        stored = read_json(path)
        self.language: str | None = stored["language"]
        self.learned_from = set(stored["learned_from"])
        self.model = CharacterModel.from_counts(stored["counts"], ORDER)

    def perplexity(self, document: dict) -> float | None:
        """Of a document in the reference's language that was not learned from, else None."""
        if document["language"] != self.language or document["id"] in self.learned_from:
            return None
        return round(self.model.perplexity(document["text"]), 3)


def read_reference(path: Path) -> Reference:
    """Read the model of a build, once as long as it is the same."""
    return _reference(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=1)
def _reference(path: Path, time: int) -> Reference:
    return Reference(path)
