"""Training merges the commonest pair first, breaks ties by rule, and never scans the text again."""

from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llama_edu.tokenizer import merge_training
from llama_edu.tokenizer.merge_training import learn_merges

ALPHABET = ["a", "b", "c"]
LETTERS = {ord(letter): chr(i) for i, letter in enumerate(ALPHABET)}


def learn(words, n_merges, **more):
    spelled = {word.translate(LETTERS): n for word, n in words.items()}
    return learn_merges(spelled, ALPHABET, n_merges, **more)


def learn_by_scanning(words, n_merges, min_count=1):
    """The definition: count all pairs, merge the commonest everywhere, start again."""
    cut = [([ALPHABET.index(letter) for letter in word], n) for word, n in words.items()]
    tokens, merges = list(ALPHABET), []
    while len(merges) < n_merges:
        counts = Counter()
        for ids, n in cut:
            for pair in pairwise(ids):
                counts[pair] += n
        if not counts or max(counts.values()) < min_count:
            break
        pair = min(counts, key=lambda pair: (-counts[pair], pair))
        left, right = (tokens[i] for i in pair)
        merges.append((left, right))
        tokens.append(left + right)
        for ids, _ in cut:
            i = 0
            while i < len(ids) - 1:
                if (ids[i], ids[i + 1]) == pair:
                    ids[i : i + 2] = [len(tokens) - 1]
                i += 1
    return merges


def test_merges_by_hand():
    # (b, c) occurs 3 times; then (a, bc) twice, where (a, b) and (b, c) were.
    assert learn({"abc": 2, "bc": 1}, 5) == [("b", "c"), ("a", "bc")]


def test_a_pair_that_overlaps_itself_counts_at_each_place():
    assert learn({"aaa": 1, "bc": 1}, 1) == [("a", "a")]
    assert learn({"aa": 1, "bc": 2}, 1) == [("b", "c")]


@given(
    words=st.dictionaries(st.text("abc", max_size=9), st.integers(1, 4), max_size=8),
    n_merges=st.integers(0, 12),
    min_count=st.integers(1, 3),
)
def test_merges_are_those_of_a_scan_after_every_merge(words, n_merges, min_count):
    expected = learn_by_scanning(words, n_merges, min_count)
    assert learn(words, n_merges, min_count=min_count) == expected


def test_of_equally_common_pairs_the_smaller_ids_go_first():
    assert learn({"bc": 1, "ca": 1, "ba": 1}, 3) == [("b", "a"), ("b", "c"), ("c", "a")]


def test_another_rule_may_break_ties_and_forbid_pairs():
    def last_first(left, right):
        return None if "a" in left + right else -ord(left)

    assert learn({"bb": 1, "cc": 1, "aa": 9}, 9, tie_break=last_first) == [("c", "c"), ("b", "b")]


def test_progress_is_told(monkeypatch):
    monkeypatch.setattr(merge_training, "MERGES_PER_REPORT", 2)
    told = []
    learn({"abcabcab": 3}, 5, report=lambda *numbers: told.append(numbers))
    assert told == [(2, 5), (4, 5)]


@pytest.mark.timeout(60)
def test_a_merge_touches_only_the_words_that_have_the_pair():
    words = {"".join("abc"[i // 3**k % 3] for k in range(9)): i + 1 for i in range(3**9)}
    assert len(learn(words, 2_000)) == 2_000  # 19,683 words: a scan a merge would take minutes
