"""MinHash: unbiased within its standard error, and the trap of numbers that follow a pattern."""

import numpy as np
import pytest

from llama_edu.data.dedup.minhash import MinHasher, estimate_jaccard
from llama_edu.data.dedup.shingles import mix

PRIME = 2**61 - 1


def two_sets(n_shared: int, n_own: int) -> tuple[np.ndarray, np.ndarray]:
    """Two sets of consecutive numbers, as ids often are, with n_shared in common."""
    numbers = np.arange(n_shared + 2 * n_own, dtype=np.uint64)
    return numbers[: n_shared + n_own], numbers[n_own:]


@pytest.mark.parametrize(("n_shared", "n_own"), [(300, 200), (900, 50), (50, 400), (5000, 5000)])
def test_estimate_lies_within_four_standard_errors(n_shared, n_own):
    truth = n_shared / (n_shared + 2 * n_own)
    estimates = []
    for seed in range(8):
        hasher = MinHasher(n_hashes=500, seed=seed)
        a, b = (hasher.signature(mix(ids)) for ids in two_sets(n_shared, n_own))
        estimates.append(estimate_jaccard(a, b))
    error = np.sqrt(truth * (1 - truth) / (500 * len(estimates)))
    assert abs(np.mean(estimates) - truth) < 4 * error


def test_trap_ids_that_follow_a_pattern_are_biased_until_they_are_mixed():
    """The textbook's (a x + b) mod p on 0, 1, 2, …: its least values are no fair sample."""
    truth, generator = 300 / 700, np.random.default_rng(0)
    pairs = generator.integers(1, PRIME, size=(2000, 2)).tolist()

    def estimate(one: np.ndarray, other: np.ndarray) -> float:
        lists = [[int(x) for x in ids] for ids in (one, other)]
        least = [[min((p * x + q) % PRIME for x in ids) for ids in lists] for p, q in pairs]
        return float(np.mean([x == y for x, y in least]))

    sets = two_sets(300, 200)
    error = np.sqrt(truth * (1 - truth) / 2000)
    assert estimate(*sets) < truth - 4 * error
    assert abs(estimate(*(mix(ids) for ids in sets)) - truth) < 4 * error


def test_equal_sets_agree_everywhere_and_blocks_make_no_difference():
    ids = mix(np.arange(5000, dtype=np.uint64))
    hasher = MinHasher(64)
    whole = hasher.signature(ids)
    parts = np.minimum(hasher.signature(ids[:1500]), hasher.signature(ids[1500:]))
    assert np.array_equal(whole, parts) and whole.dtype == np.uint32
    assert estimate_jaccard(whole, hasher.signature(ids[::-1])) == 1


def test_signature_by_hand_and_over_several_blocks():
    hasher = MinHasher(3, seed=5)
    shingles = np.array([7 << 32, 9 << 32], dtype=np.uint64)
    expected = [
        min((a * x + b) % 2**32 for x in (7, 9))
        for a, b in zip(hasher.a.tolist(), hasher.b.tolist(), strict=True)
    ]
    assert hasher.signature(shingles).tolist() == expected
    assert all(a % 2 for a in hasher.a.tolist())
    # So many hashes that each of 600 members is the least of one.
    many, members = MinHasher(6000), mix(np.arange(600, dtype=np.uint64))
    values = many.a[:, None] * (members >> np.uint64(32)).astype(np.uint32) + many.b[:, None]
    assert len(set(values.argmin(axis=1).tolist())) == 600
    assert np.array_equal(many.signature(members), values.min(axis=1))


def test_another_seed_gives_other_signatures():
    ids = mix(np.arange(50, dtype=np.uint64))
    assert not np.array_equal(MinHasher(16, 0).signature(ids), MinHasher(16, 1).signature(ids))
    assert MinHasher(16).signatures([]).shape == (0, 16)
    with pytest.raises(ValueError, match="n_hashes must be at least 1, got 0"):
        MinHasher(0)
