"""Locality-sensitive hashing: find the similar pairs without comparing all pairs.

A signature is cut into bands of r numbers. Two documents are compared only if they agree on a
whole band, which sets that share J do with probability 1 - (1 - J^r)^bands: an S-curve.
"""

from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from llama_edu.data.dedup.minhash import EMPTY, estimate_jaccard
from llama_edu.data.dedup.shingles import MULTIPLIER, mix

MAX_COMPARED = 200  # of one bucket: a band that so many different documents share says little


def detection_probability(similarity: float, n_bands: int, n_rows: int) -> float:
    """Probability that two sets of a similarity agree on a band: 1 - (1 - s^r)^b.

    detection_probability(0.8, 20, 5) -> 0.9996
    """
    return 1 - (1 - similarity**n_rows) ** n_bands


def likely_threshold(n_bands: int, n_rows: int) -> float:
    """Similarity about which the S-curve is steepest, (1/b)^(1/r)."""
    return (1 / n_bands) ** (1 / n_rows)


def candidate_pairs(signatures: np.ndarray, n_bands: int) -> np.ndarray:
    """All pairs i < j that agree on at least one band, sorted: int64 (n_pairs, 2).

    One band at a time is sorted, so that beside the signatures and the pairs found only 16 bytes a
    document are held. A bucket of n documents gives n (n - 1) / 2 pairs: drop exact copies first.

    Args:
        signatures: uint32 (n_documents, n_hashes); those of empty sets are no one's neighbour.
        n_bands: b; the first b * (n_hashes // b) hashes are used.

    Raises:
        ValueError: if there are more bands than hashes, or none.

    Source: Leskovec, Rajaraman & Ullman, Mining of Massive Datasets, sec. 3.4.
    """
    n_documents = len(signatures)
    filled, bands = _band_keys(signatures, n_bands)
    codes = [np.zeros(0, dtype=np.int64)]
    for keys in bands:
        order = np.argsort(keys, kind="stable")  # equal keys keep the order of documents
        first, second = _pairs_of_equals(keys[order])
        codes.append(filled[order[first]] * n_documents + filled[order[second]])
        if len(codes) > 8:  # the same pair agrees on many bands
            codes = [np.unique(np.concatenate(codes))]
    found = np.unique(np.concatenate(codes))
    return np.stack(np.divmod(found, max(1, n_documents)), axis=1)


def _pairs_of_equals(keys: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Places i < j of sorted keys with keys[i] == keys[j], at distance 1, then 2, …"""
    firsts, seconds = [], []
    places = np.arange(len(keys))
    distance = 1
    while True:
        places = places[places + distance < len(keys)]
        places = places[keys[places] == keys[places + distance]]
        if not len(places):
            break
        firsts.append(places)
        seconds.append(places + distance)
        distance += 1
    none = np.zeros(0, dtype=np.int64)
    return np.concatenate([none, *firsts]), np.concatenate([none, *seconds])


def drop_near_duplicates(
    signatures: np.ndarray, n_bands: int, threshold: float
) -> dict[int, tuple[int, float]]:
    """Choose what to drop: document -> (the earlier document it repeats, estimated similarity).

    A document goes if it resembles an earlier one that stays. It does not go for resembling one
    that went itself: chains of small changes would otherwise swallow what differs. Each is compared
    with those that stay and share a bucket with it, so that a thousand copies of one document take
    a thousand comparisons, and not half a million.

    Args:
        signatures: uint32 (n_documents, n_hashes), in the order in which documents have priority.
        n_bands: of the candidates' search.
        threshold: the least estimated similarity that makes a near-duplicate, in (0, 1].

    Raises:
        ValueError: if `threshold` lies outside (0, 1], or `n_bands` does not fit.
    """
    if not 0 < threshold <= 1:
        raise ValueError(f"threshold={threshold} must lie in (0, 1]")
    dropped: dict[int, tuple[int, float]] = {}
    kept: defaultdict[int, list[int]] = defaultdict(list)  # bucket -> documents that stay
    for document, buckets in _shared_buckets(signatures, n_bands):
        near = sorted({one for bucket in buckets for one in kept[bucket][:MAX_COMPARED]})
        similarities = estimate_jaccard(signatures[near], signatures[document])
        alike = np.flatnonzero(similarities >= threshold)
        if len(alike):
            dropped[document] = (near[alike[0]], float(similarities[alike[0]]))
            continue
        for bucket in buckets:
            kept[bucket].append(document)
    return dropped


def _shared_buckets(signatures: np.ndarray, n_bands: int) -> Iterator[tuple[int, list[int]]]:
    """Each document that shares a bucket with another, in order, and those buckets of it."""
    filled, bands = _band_keys(signatures, n_bands)
    documents, buckets, n_buckets = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)], 0
    for keys in bands:
        order = np.argsort(keys, kind="stable")
        is_new = np.concatenate([[True], keys[order][1:] != keys[order][:-1]])[: len(order)]
        bucket = np.cumsum(is_new) - 1
        is_shared = np.bincount(bucket)[bucket] > 1 if len(bucket) else is_new
        documents.append(filled[order[is_shared]])
        buckets.append(bucket[is_shared] + n_buckets)
        n_buckets += len(keys)
    every, numbers = np.concatenate(documents), np.concatenate(buckets)
    order = np.argsort(every, kind="stable")
    every, numbers = every[order], numbers[order]
    starts = np.flatnonzero(np.concatenate([[True], every[1:] != every[:-1]])[: len(every)])
    for start, end in pairwise([*starts.tolist(), len(every)]):
        yield int(every[start]), numbers[start:end].tolist()


def _band_keys(signatures: np.ndarray, n_bands: int) -> tuple[np.ndarray, Iterator[np.ndarray]]:
    """The documents that are not empty, and a hash of each band of theirs, band after band."""
    _, n_hashes = signatures.shape
    if not 1 <= n_bands <= n_hashes:
        raise ValueError(f"n_bands={n_bands} must lie between 1 and the {n_hashes} hashes")
    n_rows = n_hashes // n_bands
    filled = np.flatnonzero((signatures != EMPTY).any(axis=1))

    def keys() -> Iterator[np.ndarray]:
        for band in range(n_bands):
            key = np.zeros(len(filled), dtype=np.uint64)
            for column in range(band * n_rows, (band + 1) * n_rows):
                key = mix(key * MULTIPLIER + signatures[filled, column])
            yield key

    return filled, keys()
