"""MinHash: a short signature whose agreement estimates how much two sets have in common.

Hash all members of a set and keep the smallest value. Two sets have the same smallest value with
the probability |A ∩ B| / |A ∪ B|: it is as likely to fall on any member of the union, and they
agree if it falls on a common one. Many hash functions make many such coin tosses.
"""

from collections.abc import Iterable

import numpy as np

BLOCK = 256  # shingles hashed at a time: the products stay in the processor's cache
EMPTY = np.uint32(0xFFFFFFFF)


class MinHasher:
    """The hash functions h(x) = a x + b modulo 2^32, with a odd and x mixed beforehand.

    Args:
        n_hashes: length of a signature; the standard error of a similarity J estimated from it is
            sqrt(J (1 - J) / n_hashes).
        seed: of a and b; only signatures of the same seed can be compared.

    Raises:
        ValueError: if `n_hashes` is not positive.

    Source: Broder, "On the resemblance and containment of documents" (1997).
    """

    def __init__(self, n_hashes: int = 256, seed: int = 0):
        if n_hashes < 1:
            raise ValueError(f"n_hashes must be at least 1, got {n_hashes}")
        generator = np.random.default_rng(seed)
        draw = generator.integers(0, 2**32, size=(2, n_hashes), dtype=np.uint32)
        self.a, self.b = draw[0] | np.uint32(1), draw[1]

    def signature(self, shingles: np.ndarray) -> np.ndarray:
        """The least value of each hash function over a set: uint32 (n_hashes,).

        Args:
            shingles: from `character_shingles` or `word_shingles`, which mix them; numbers that
                follow a pattern would be estimated with a bias.
        """
        x = (shingles >> np.uint64(32)).astype(np.uint32)
        least = np.full((BLOCK, len(self.a)), EMPTY)
        for start in range(0, len(x), BLOCK):
            values = x[start : start + BLOCK, None] * self.a + self.b  # (block, n_hashes)
            np.minimum(least[: len(values)], values, out=least[: len(values)])
        return least.min(axis=0)

    def signatures(self, sets: Iterable[np.ndarray]) -> np.ndarray:
        """A signature for each set, one set at a time in memory: uint32 (n_sets, n_hashes)."""
        rows = [self.signature(shingles) for shingles in sets]
        return np.array(rows, dtype=np.uint32).reshape(-1, len(self.a))


def estimate_jaccard(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Share of equal places of signatures (..., n_hashes): the estimated similarity, in [0, 1]."""
    return (a == b).mean(axis=-1)
