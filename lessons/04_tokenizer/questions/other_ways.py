"""Other ways to encode a word, of which none is that of the merges in their order."""

import re
from itertools import pairwise

from llama_edu.tokenizer.merging import merge_pairs

from .words import Pair


def merge_once(tokens: list[int], pair: Pair, new: int) -> list[int]:
    for i, neighbours in enumerate(pairwise(tokens)):
        if neighbours == pair:
            return [*tokens[:i], new, *tokens[i + 2 :]]
    return tokens


def once_through(tokens: list[int], merges: list[Pair]) -> list[int]:
    passed, i = [], 0
    while i < len(tokens):
        pair = tuple(tokens[i : i + 2])
        passed.append(256 + merges.index(pair) if pair in merges else tokens[i])
        i += 2 if pair in merges else 1
    return passed


def walk_after_walk(tokens: list[int], merges: list[Pair]) -> list[int]:
    passed = once_through(tokens, merges)
    return tokens if passed == tokens else walk_after_walk(passed, merges)


def leftmost(tokens: list[int], merges: list[Pair]) -> list[int]:
    for i, pair in enumerate(pairwise(tokens)):
        if pair in merges:
            return leftmost([*tokens[:i], 256 + merges.index(pair), *tokens[i + 2 :]], merges)
    return tokens


def leftmost_everywhere(tokens: list[int], merges: list[Pair]) -> list[int]:
    for pair in pairwise(tokens):
        if pair in merges:
            ranks = {pair: (0, 256 + merges.index(pair))}
            return leftmost_everywhere(merge_pairs(tokens, ranks), merges)
    return tokens


def longest_match(tokens: list[int], merges: list[Pair]) -> list[int]:
    spelled = [bytes([byte]) for byte in range(256)]
    for left, right in merges:
        spelled.append(spelled[left] + spelled[right])
    of_length = sorted(set(spelled), key=len, reverse=True)
    pattern = b"|".join(map(re.escape, of_length))
    return [spelled.index(name) for name in re.findall(pattern, bytes(tokens), re.DOTALL)]
