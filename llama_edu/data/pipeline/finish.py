"""The last step: the chosen ones out, evaluation items out, the rest scored and split."""

from functools import lru_cache
from pathlib import Path

import numpy as np

from llama_edu.data.annotate.contamination import EvaluationGrams
from llama_edu.data.dedup.exact import keep_lines
from llama_edu.data.dedup.shingles import hash_text
from llama_edu.data.pipeline.files import (
    FINISHED,
    PREPARED,
    SELECTED,
    read_json,
    read_lines,
    stored_key,
    write_json,
    write_lines,
)
from llama_edu.data.pipeline.reference import REFERENCE, read_reference
from llama_edu.data.pipeline.select import DONE
from llama_edu.data.pipeline.settings import Settings


def finish(shard: str, root: Path, settings: Settings) -> None:
    """Take out what `select` chose and what holds evaluation items; score and split the rest."""
    chosen = read_json(root / SELECTED / f"{shard}.json")
    evaluation = _evaluation_grams(settings.evaluation)
    model = read_reference(root / REFERENCE) if (root / REFERENCE).exists() else None
    splits: dict[str, list[dict]] = {"train": [], "test": []}
    drops, n_lines = [], 0
    for document in read_lines(root / PREPARED / f"{shard}.jsonl"):
        name, text = document["id"], document["text"]
        drop = chosen["drops"].get(name)
        if drop is None:
            repeated = chosen["lines"].get(name, [])
            n_lines += len(repeated)
            text = _without_lines(text, repeated)
            overlap = evaluation.overlap(text) if settings.evaluation else 0.0
            if overlap:
                detail = f"{overlap:.4f} of its words"
                drop = {"reason": "evaluation item", "detail": detail}
            elif not text:
                drop = {"reason": "repeated lines only", "detail": "all lines stand elsewhere"}
        if drop is not None:
            drops.append({"id": name, "chars": len(text), **drop})
        else:
            is_test = hash_text(name) < settings.test_share * 2**64
            document["text"] = text
            document["perplexity"] = model.perplexity(document) if model else None
            splits["test" if is_test else "train"].append(document)
    for split, documents in splits.items():
        write_lines(root / split / f"{shard}.jsonl", root, documents)
    kept = {
        split: {"documents": len(documents), "chars": sum(len(d["text"]) for d in documents)}
        for split, documents in splits.items()
    }
    scores = [[d["source"], d["perplexity"]] for own in splits.values() for d in own]
    report = {**kept, "repeated_lines": n_lines, "perplexities": scores, "drops": drops}
    report["key"] = stored_key(root / SELECTED / DONE)
    write_json(root / FINISHED / f"{shard}.json", root, report)


@lru_cache(maxsize=1)
def _evaluation_grams(items: tuple[str, ...]) -> EvaluationGrams:
    return EvaluationGrams(items)


def _without_lines(text: str, repeated: list[int]) -> str:
    if not repeated:
        return text
    is_kept = np.ones(text.count("\n") + 1, dtype=bool)
    is_kept[repeated] = False
    return keep_lines(text, is_kept).strip()
