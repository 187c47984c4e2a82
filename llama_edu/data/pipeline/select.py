"""The step that sees all documents: which of them, and which lines, are there already."""

from collections import Counter
from pathlib import Path

import numpy as np

from llama_edu.data.dedup import drop_near_duplicates, first_copies
from llama_edu.data.pipeline.files import PREPARED, SELECTED, read_lines, write_json
from llama_edu.data.pipeline.settings import Settings
from llama_edu.data.pipeline.shards import HASHES

DONE = "done.json"


def select(shards: list[str], root: Path, settings: Settings, key: str) -> None:
    """Choose what to drop, from hashes alone: about a kilobyte a document is held in memory.

    Equal copies first, near-copies among the rest, then lines that an earlier document has. The key
    of all that was prepared is kept with what was chosen.
    """
    ids = [[d["id"] for d in read_lines(root / PREPARED / f"{shard}.jsonl")] for shard in shards]
    names = [name for own in ids for name in own]
    if len(set(names)) != len(names):
        twice = Counter(names).most_common(1)[0][0]
        raise ValueError(f"id={twice!r} must stand in the corpus once")
    contents, signatures, lines, n_lines = (_load(shards, root, name) for name in HASHES)

    drops: dict[str, dict] = {}
    is_first = first_copies(contents)
    first_of = {
        content: name
        for content, name, f in zip(contents.tolist(), names, is_first, strict=True)
        if f
    }
    for i in np.flatnonzero(~is_first).tolist():
        drops[names[i]] = {"reason": "copy", "detail": f"of {first_of[int(contents[i])]}"}
    rest = np.flatnonzero(is_first)
    near = drop_near_duplicates(signatures[rest], settings.n_bands, settings.near_copy)
    for i, (earlier, similarity) in near.items():
        detail = f"{similarity:.2f} like {names[rest[earlier]]}"
        drops[names[rest[i]]] = {"reason": "near-copy", "detail": detail}

    repeated = _repeated_lines(names, drops, lines, n_lines)
    for shard, own in zip(shards, ids, strict=True):
        chosen = {
            "drops": {name: drops[name] for name in own if name in drops},
            "lines": {name: repeated[name] for name in own if name in repeated},
        }
        write_json(root / SELECTED / f"{shard}.json", root, chosen)
    write_json(root / SELECTED / DONE, root, {"key": key, "drops": len(drops)})


def _load(shards: list[str], root: Path, name: str) -> np.ndarray:
    arrays = [np.load(root / PREPARED / f"{shard}.{name}.npy") for shard in shards]
    return np.concatenate(arrays)


def _repeated_lines(names, drops, lines, n_lines) -> dict[str, list[int]]:
    """Document -> numbers of its lines that a document before it has, dropped ones not counted."""
    owner = np.repeat(np.arange(len(names)), n_lines)
    is_kept = np.array([name not in drops for name in names], dtype=bool)
    judged = np.flatnonzero((lines != 0) & is_kept[owner])
    copies = judged[~first_copies(lines[judged])]
    first_line = np.concatenate([[0], np.cumsum(n_lines)])
    repeated: dict[str, list[int]] = {}
    for line in copies.tolist():
        document = int(owner[line])
        repeated.setdefault(names[document], []).append(line - int(first_line[document]))
    return repeated
