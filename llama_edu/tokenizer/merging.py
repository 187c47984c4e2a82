"""Merge the pairs of a chunk of text in the order in which training learned them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from heapq import heapify, heappop, heappush
from itertools import pairwise
from math import inf

from llama_edu.reading import shown

MAX_CACHED_CHUNKS = 1 << 16  # about 12 MB
MAX_CACHED_LENGTH = 64  # characters; a longer chunk hardly ever comes twice

MAX_SCANNED = 64  # ids; for so few, looking at all pairs is faster than a heap

# A pair of neighbouring ids -> (rank, the id it merges into). Lower ranks merge first.
Merges = Mapping[tuple[int, int], tuple[float, int]]
NO_MERGE = inf, -1


def rank_merges(vocab: Mapping[bytes, int], merges: Iterable[tuple[bytes, bytes]] | None) -> Merges:
    """The merges of tokens as those of their ids.

    rank_merges({b"a": 0, b"b": 1, b"ab": 2}, [(b"a", b"b")]) -> {(0, 1): (0, 2)}

    Args:
        vocab: the bytes of each token -> its id.
        merges: pairs of tokens, the first to merge first. None: any two tokens that together are
            a token may merge, the lowest id first.

    Raises:
        ValueError: if a merge is no pair, or uses or makes bytes that are not in `vocab`.
    """
    if merges is None:
        return {
            (a, b): (merged, merged)
            for token, merged in vocab.items()
            for i in range(1, len(token))
            if (a := vocab.get(token[:i])) is not None and (b := vocab.get(token[i:])) is not None
        }
    try:
        return {(vocab[a], vocab[b]): (rank, vocab[a + b]) for rank, (a, b) in enumerate(merges)}
    except KeyError as error:
        raise ValueError(f"merges need the token {error}, which is not in vocab") from None
    except (TypeError, ValueError):
        raise ValueError(f"merges must be pairs of tokens in bytes, got {shown(merges)}") from None


def merge_pairs(ids: Sequence[int], merges: Merges) -> list[int]:
    """Merge the pair of lowest rank, leftmost first, until no pair of neighbours has a rank.

    merge_pairs([1, 2, 1, 2], {(1, 2): (0, 9)}) -> [9, 9]
    merge_pairs([1, 2, 3], {(2, 3): (0, 7), (1, 2): (1, 8)}) -> [1, 7]

    Args:
        ids: token ids, at first one for each byte or character of a chunk.
        merges: rank and merged id of each pair that may merge.
    """
    return (_merge_few if len(ids) <= MAX_SCANNED else _merge_many)(list(ids), merges)


def _merge_few(ids: list[int], merges: Merges) -> list[int]:
    """Keep the rank of each pair and look for the lowest: O(n^2) steps, but quick ones."""
    ranks = [merges.get(pair, NO_MERGE)[0] for pair in pairwise(ids)]
    while (lowest := min(ranks, default=inf)) < inf:
        i = ranks.index(lowest)
        ids[i : i + 2] = [merges[ids[i], ids[i + 1]][1]]
        del ranks[i]
        if i > 0:
            ranks[i - 1] = merges.get((ids[i - 1], ids[i]), NO_MERGE)[0]
        if i < len(ranks):
            ranks[i] = merges.get((ids[i], ids[i + 1]), NO_MERGE)[0]
    return ids


def _merge_many(ids: list[int], merges: Merges) -> list[int]:
    """Keep the candidates in a heap: O(n log n) steps, seconds for a line without a space."""
    end = len(ids)
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
