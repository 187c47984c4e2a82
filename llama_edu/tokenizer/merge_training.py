"""Learn merges: join the commonest pair of neighbouring tokens into a new token, again and again.

Scanning the text anew after every merge takes hours. Here each different word is held once with
its count, and a merge touches only the words that have the pair.

Source: Sennrich et al., arXiv:1508.07909, sec. 3.2.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from heapq import heappop, heappush, heapreplace
from operator import add
from typing import Any, TypeVar

Token = TypeVar("Token", bytes, str)

Report = Callable[[int, int], object]  # told how many merges are learned, and how many are wanted
MERGES_PER_REPORT = 256


def no_report(n_learned: int, n_wanted: int) -> None:
    """Say nothing of how far training is."""


def learn_merges(
    words: Mapping[str, int],
    alphabet: Sequence[Token],
    n_merges: int,
    *,
    tie_break: Callable[[Token, Token], Any] | None = None,
    min_count: int = 1,
    report: Report = no_report,
) -> list[tuple[Token, Token]]:
    """The pairs of tokens to merge, in order; two that make a token may be merged again.

    learn_merges({"\\0\\1\\1": 2, "\\1\\1": 1}, ["a", "b"], 2) -> [("b", "b"), ("a", "bb")]

    A pair that overlaps itself counts at each place: "aaa" has two pairs (a, a), of which one can
    merge. The tokenizers library and SentencePiece count so too.

    Args:
        words: each different word, `chr(i)` standing for `alphabet[i]` -> how often it occurs. No
            merge joins two words.
        alphabet: the tokens to begin with.
        n_merges: how many to learn; fewer come back where no pair is left.
        tie_break: of two equally common pairs, the one with the smaller `tie_break(left, right)`
            merges first, and a pair that it gives None for never merges. By default the smaller
            left id goes first, then the smaller right id: the rule of the tokenizers library.
        min_count: pairs less common than this do not merge, >= 1.
        report: called now and then.
    """
    tokens, merges = list(alphabet), []
    index = _PairIndex(words)
    heap: list[tuple[int, Any, str]] = []  # (-count, tie break, pair); a count may be out of date

    def consider(pairs: Iterable[str]) -> None:
        for pair in pairs:
            if (count := index.counts[pair]) >= min_count:
                key = tie_break(*map(tokens.__getitem__, map(ord, pair))) if tie_break else pair
                if key is not None:
                    heappush(heap, (-count, key, pair))

    consider(index.counts)
    while heap and len(merges) < n_merges:
        found, key, pair = heap[0]
        count = index.counts[pair]
        if count < min_count:
            heappop(heap)
        elif count < -found:
            heapreplace(heap, (-count, key, pair))
        else:
            heappop(heap)
            left, right = tokens[ord(pair[0])], tokens[ord(pair[1])]
            merges.append((left, right))
            tokens.append(left + right)
            consider(index.merge(pair, merged=chr(len(tokens) - 1)))
            if len(merges) % MERGES_PER_REPORT == 0:
                report(len(merges), n_merges)
    return merges


class _PairIndex:
    """How often each pair occurs, and in which words.

    A word is a string with a character for each token and a pair is a string of two, so that
    searching and cutting run at the speed of `str`.
    """

    def __init__(self, words: Mapping[str, int]):
        self.words, self.word_counts = list(words), list(words.values())
        self.counts: dict[str, int] = defaultdict(int)
        self.places: dict[str, list[int]] = defaultdict(list)  # numbers of words, some twice
        for w, word in enumerate(self.words):
            for pair in map(add, word, word[1:]):
                self.counts[pair] += self.word_counts[w]
                self.places[pair].append(w)

    def merge(self, pair: str, merged: str) -> Iterable[str]:
        """Put the new token `merged` for `pair` in all words; give the pairs that this made."""
        words, counts, made = self.words, self.counts, defaultdict(list)
        for w in self.places.pop(pair):
            word, n = words[w], self.word_counts[w]
            i = word.find(pair)  # -1 where an earlier merge took one of the two
            while i >= 0:
                if i > 0:
                    counts[word[i - 1 : i + 1]] -= n
                    new = word[i - 1] + merged
                    counts[new] += n
                    made[new].append(w)
                if i + 2 < len(word):
                    counts[word[i + 1 : i + 3]] -= n
                    new = merged + word[i + 2]
                    counts[new] += n
                    made[new].append(w)
                word = word[:i] + merged + word[i + 2 :]
                i = word.find(pair, i + 1)
            words[w] = word
        self.places |= made
        return made
