"""The first steps: cut a source into shards; clean, judge, scrub and hash the documents of each."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import numpy as np

from llama_edu.data.clean import clean
from llama_edu.data.dedup import MinHasher, character_shingles
from llama_edu.data.dedup.exact import content_hash, line_hashes
from llama_edu.data.documents import Document, read_documents
from llama_edu.data.filter import Page, identify_language, judge, rules_for
from llama_edu.data.pii import scrub
from llama_edu.data.pipeline.files import (
    COLLECTED,
    PREPARED,
    file_key,
    read_lines,
    whole_file,
    write_json,
    write_lines,
)
from llama_edu.data.pipeline.jsonl import read_jsonl
from llama_edu.data.pipeline.settings import Settings
from llama_edu.data.sources import find

HASHES = ("contents", "signatures", "lines", "n_lines")


def collect(source: str, root: Path, settings: Settings) -> None:
    """Cut a source into shards; the list of them is written last, and says that all are there."""
    name = Path(source).stem
    names, shard, n_chars = [], [], 0
    for document in _documents(source):
        shard.append(asdict(document))
        n_chars += len(document.text)
        if n_chars >= settings.shard_chars:
            names.append(_write_shard(f"{name}-{len(names):04}", root, shard))
            shard, n_chars = [], 0
    if shard:
        names.append(_write_shard(f"{name}-{len(names):04}", root, shard))
    content = {"key": source_key(source), "shards": names}
    write_json(root / COLLECTED / f"{name}.json", root, content)


def source_key(source: str) -> str:
    """What a source holds: a file's own hash, or the one that its archive is pinned to.

    Raises:
        ValueError: if there is no such file.
    """
    if not source.endswith(".jsonl"):
        return find(source).sha256
    try:
        if Path(source).exists() and not Path(source).is_file():  # a pipe would be waited for
            raise ValueError(f"{source} must be a file")
        return file_key(Path(source))
    except OSError as error:
        raise ValueError(f"{source} cannot be read ({error.strerror})") from None


def _documents(source: str) -> Iterator[Document]:
    if not source.endswith(".jsonl"):
        yield from read_documents(source)
        return
    yield from read_jsonl(Path(source))


def _write_shard(name: str, root: Path, documents: list[dict]) -> str:
    write_lines(root / COLLECTED / f"{name}.jsonl", root, documents)
    return name


def prepare(shard: str, root: Path, settings: Settings) -> None:
    """Clean, judge, scrub and hash the documents of a shard."""
    hasher = MinHasher(settings.n_hashes)
    kept, drops, personal = [], [], Counter()
    contents, signatures, lines = [], [], []
    n_documents = n_dirty = n_clean = 0
    for document in read_lines(root / COLLECTED / f"{shard}.jsonl"):
        n_documents += 1
        n_dirty += len(document["text"])
        text = clean(document["text"], document["markup"])
        n_clean += len(text)
        language = identify_language(text)
        drop = reason_to_drop(text, language, settings)
        if drop:
            drops.append({"id": document["id"], "chars": len(text), **drop})
            continue
        text, found = scrub(text)
        personal += found
        contents.append(content_hash(text))
        signatures.append(hasher.signature(character_shingles(text, settings.shingle_chars)))
        lines.append(line_hashes(text, settings.min_line_chars))
        kept.append({"id": document["id"], "source": document["source"], "language": language,
                     "text": text})  # fmt: skip
    write_lines(root / PREPARED / f"{shard}.jsonl", root, kept)
    arrays = {
        "contents": np.array(contents, dtype=np.uint64),
        "signatures": np.array(signatures, dtype=np.uint32).reshape(-1, settings.n_hashes),
        "lines": np.concatenate([np.zeros(0, dtype=np.uint64), *lines]),
        "n_lines": np.array([len(own) for own in lines], dtype=np.int64),
    }
    for name in HASHES:
        with whole_file(root / PREPARED / f"{shard}.{name}.npy", root) as stream:
            np.save(stream, arrays[name])
    counts = {"documents": n_documents, "dirty_chars": n_dirty, "clean_chars": n_clean}
    key = file_key(root / COLLECTED / f"{shard}.jsonl")
    report = {**counts, "personal": dict(sorted(personal.items())), "drops": drops, "key": key}
    write_json(root / PREPARED / f"{shard}.json", root, report)


def reason_to_drop(text: str, language: str, settings: Settings) -> dict | None:
    """Say why a cleaned document is not kept; None if it is.

    The first broken rule is the reason, and `also` names the others.
    """
    if not text:
        return {"reason": "empty", "detail": "nothing is left after cleaning"}
    if language not in settings.languages:
        return {"reason": "language", "detail": language}
    broken = judge(Page(text, language), rules_for(language))
    if not broken:
        return None
    also = [drop.rule for drop in broken[1:]]
    return {"reason": f"rule: {broken[0].rule}", "detail": str(broken[0]), "also": also}
