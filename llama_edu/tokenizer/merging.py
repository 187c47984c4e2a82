"""Merge the pairs of a chunk of text in the order in which training learned them."""

from collections.abc import Callable, Mapping, Sequence
from heapq import heapify, heappop, heappush
from itertools import pairwise

MAX_CACHED_CHUNKS = 1 << 16  # about 12 MB
MAX_CACHED_LENGTH = 64  # characters; a longer chunk hardly ever comes twice

# A pair of neighbouring ids -> (rank, the id it merges into). Lower ranks merge first.
Merges = Mapping[tuple[int, int], tuple[float, int]]


def merge_pairs(ids: Sequence[int], merges: Merges) -> list[int]:
    """Merge the pair of lowest rank, leftmost first, until no pair of neighbours has a rank.

    merge_pairs([1, 2, 1, 2], {(1, 2): (0, 9)}) -> [9, 9]
    merge_pairs([1, 2, 3], {(2, 3): (0, 7), (1, 2): (1, 8)}) -> [1, 7]

    A heap holds the candidates, so n ids take O(n log n) steps; scanning all pairs after every
    merge takes O(n^2), minutes for one long line without a space.

    Args:
        ids: token ids, at first one for each byte or character of a chunk.
        merges: rank and merged id of each pair that may merge.
    """
    ids, end = list(ids), len(ids)
    left, right = list(range(-1, end - 1)), list(range(1, end + 1))  # neighbours still alive
    pairs = enumerate(pairwise(ids))
    heap = [(merges[pair][0], i, merges[pair][1], pair) for i, pair in pairs if pair in merges]
    heapify(heap)
    while heap:
        _, i, merged, pair = heappop(heap)
        j = right[i]
        if j == end or (ids[i], ids[j]) != pair:
            continue  # an earlier merge took one of the two
        ids[i], ids[j] = merged, -1
        right[i] = right[j]
        if right[i] < end:
            left[right[i]] = i
        for a in (left[i], i):
            if a >= 0 and right[a] < end and (pair := (ids[a], ids[right[a]])) in merges:
                heappush(heap, (merges[pair][0], a, merges[pair][1], pair))
    return [token for token in ids if token >= 0]


class ChunkCache(dict):
    """Chunk -> its ids, worked out when first asked for: text repeats its words."""

    def __init__(self, encode_chunk: Callable[[str], list[int]]):
        super().__init__()
        self.encode_chunk = encode_chunk

    def __missing__(self, chunk: str) -> list[int]:
        ids = self.encode_chunk(chunk)
        if len(chunk) <= MAX_CACHED_LENGTH:
            if len(self) >= MAX_CACHED_CHUNKS:
                self.clear()
            self[chunk] = ids
        return ids
