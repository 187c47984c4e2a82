"""Deduplication: the same text once, be it equal, nearly equal, or only in some of its lines.

Deduplicate before the split into training and test, or the test leaks.
"""

from llama_edu.data.dedup.exact import drop_seen_lines, first_copies
from llama_edu.data.dedup.lsh import (
    candidate_pairs,
    detection_probability,
    drop_near_duplicates,
    likely_threshold,
)
from llama_edu.data.dedup.minhash import MinHasher, estimate_jaccard
from llama_edu.data.dedup.shingles import character_shingles, jaccard, word_shingles

__all__ = [
    "MinHasher",
    "candidate_pairs",
    "character_shingles",
    "detection_probability",
    "drop_near_duplicates",
    "drop_seen_lines",
    "estimate_jaccard",
    "first_copies",
    "jaccard",
    "likely_threshold",
    "word_shingles",
]
