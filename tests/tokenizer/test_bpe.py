"""Byte-level BPE: merges in the learned order, inverts itself, and keeps control tokens apart."""

import copy
import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llama_edu.tokenizer import merging
from llama_edu.tokenizer.bpe import BPETokenizer
from llama_edu.tokenizer.merging import merge_pairs
from llama_edu.tokenizer.pretokenize import GPT2
from tests.tokenizer.oracles import EMOJI, TEXTS, texts

BYTES = {bytes([byte]): byte for byte in range(256)}
VOCAB = BYTES | {b"ab": 256, b"abc": 257, b"bc": 258, b" a": 259}
MERGES = [(b"a", b"b"), (b"ab", b"c"), (b"b", b"c"), (b" ", b"a")]
SPECIAL = {"<|end|>": 300, "<|user|>": 301}


def make_tokenizer(**changes):
    arguments = {"vocab": VOCAB, "merges": MERGES, "pattern": GPT2, "special_tokens": SPECIAL}
    return BPETokenizer(**arguments | changes)


def merge_by_scanning(ids, merges):
    """The definition: look at all pairs, merge the leftmost of the lowest rank, start again."""
    ids = list(ids)
    while ranked := [(merges[p], i) for i, p in enumerate(pairwise(ids)) if p in merges]:
        (_, merged), i = min(ranked)
        ids[i : i + 2] = [merged]
    return ids


@pytest.mark.parametrize(
    "ids, merges, expected",
    [
        ([1, 2, 1, 2], {(1, 2): (0, 9)}, [9, 9]),
        ([1, 2, 3], {(2, 3): (0, 7), (1, 2): (1, 8)}, [1, 7]),
        ([1, 1, 1], {(1, 1): (0, 2)}, [2, 1]),
        ([1, 1, 1, 1], {(1, 1): (0, 2), (2, 2): (1, 3)}, [3]),
        ([], {}, []),
    ],
)
def test_merging_by_hand(ids, merges, expected):
    assert merge_pairs(ids, merges) == expected


tokens = st.integers(0, 5)
# A pair may merge into any id, also one that an earlier pair makes, and in any order of ranks.
random_merges = st.lists(
    st.tuples(st.tuples(tokens, tokens), tokens), unique_by=lambda row: row[0], max_size=12
).map(lambda rows: {pair: (rank, merged) for rank, (pair, merged) in enumerate(rows)})


@given(ids=st.lists(tokens, max_size=12), merges=random_merges)
def test_merging_agrees_with_a_scan_of_all_pairs(ids, merges):
    assert merge_pairs(ids, merges) == merge_by_scanning(ids, merges)
    assert merging._merge_many(list(ids), merges) == merge_by_scanning(ids, merges)


def test_a_long_line_without_spaces_is_no_trouble(trained_bpe, tmp_path):
    trained_bpe("smollm").save(str(tmp_path / "tokenizer.json"))
    tokenizer = BPETokenizer.load(tmp_path)
    line = "".join(random.Random(0).choices("etaoinshrdlu", k=100_000))
    ids = tokenizer.encode(line)  # a scan of all pairs would take hours
    assert tokenizer.decode(ids) == line
    assert len(ids) < 95_000


def test_ids_by_hand():
    tokenizer = make_tokenizer()
    assert tokenizer.encode("abc bca a") == [257, 32, 258, 97, 259]
    assert tokenizer.decode([257, 32, 258]) == "abc bc"
    assert tokenizer.vocab_size == 302


@given(text=texts)
def test_decoding_inverts_encoding(text):
    tokenizer = make_tokenizer()
    assert tokenizer.decode(tokenizer.encode(text)) == text


@given(parts=st.lists(texts | st.sampled_from([*SPECIAL])))
def test_control_tokens_only_come_when_asked_for(parts):
    text, tokenizer = "".join(parts), make_tokenizer()
    assert not set(tokenizer.encode(text)) & set(SPECIAL.values())
    asked = tokenizer.encode(text, special=True)
    assert asked.count(300) == text.count("<|end|>")
    assert tokenizer.decode(asked) == text


def test_added_tokens_are_recognized_in_any_text():
    tokenizer = make_tokenizer(added_tokens={"<think>": 302})
    assert tokenizer.encode("<think>ab<|end|>")[:2] == [302, 256]
    assert tokenizer.encode("<think>ab<|end|>", special=True) == [302, 256, 300]
    assert tokenizer.decode([302, 256]) == "<think>ab"


@given(ids=st.lists(st.integers(0, 259) | st.sampled_from([300, 301])), cut=st.integers(0, 20))
def test_bytes_of_a_stream_join_to_those_of_the_whole(ids, cut):
    tokenizer = make_tokenizer()
    parts = tokenizer.decode_bytes(ids[:cut]) + tokenizer.decode_bytes(ids[cut:])
    assert parts == tokenizer.decode_bytes(ids)
    assert parts.decode("utf-8", errors="replace") == tokenizer.decode(ids)


def test_half_a_character_decodes_to_the_replacement_character():
    tokenizer = make_tokenizer()
    ids = tokenizer.encode("中")
    assert tokenizer.decode([*ids[:2], 97]) == "\ufffda"
    assert tokenizer.decode_bytes(ids[:2]) == "中".encode()[:2]


def test_an_id_outside_the_vocabulary_is_named():
    with pytest.raises(ValueError, match="id 299 is not in this vocabulary of 302 tokens"):
        make_tokenizer().decode([97, 299])


def test_a_lone_surrogate_is_refused():
    with pytest.raises(ValueError, match="lone surrogate"):
        make_tokenizer().encode("a\ud800")


def test_a_byte_without_a_token_is_left_out():
    vocab = {token: i for token, i in VOCAB.items() if token != b"\x04"}
    tokenizer = make_tokenizer(vocab=vocab)
    assert tokenizer.encode("a\x04b") == [97, 98]  # in two chunks
    assert tokenizer.encode("\x04\x05") == [5]


def test_a_chunk_that_is_a_token_may_skip_the_merges():
    vocab = VOCAB | {b"zzz": 260}  # no merge makes it
    assert make_tokenizer(vocab=vocab).encode("zzz") == [122, 122, 122]
    assert make_tokenizer(vocab=vocab, ignore_merges=True).encode("zzz zzz") == [260, 32, *b"zzz"]


def test_without_merges_any_two_tokens_that_make_one_merge_lowest_id_first():
    vocab = BYTES | {b"bc": 256, b"ab": 257, b"abc": 258, b"aa": 259}
    tokenizer = make_tokenizer(vocab=vocab, merges=None)
    assert tokenizer.encode("abc") == [258]  # (a, bc), as "bc" has the lower id
    assert tokenizer.encode("aaab") == [259, 257]
    assert tokenizer.merges[97, 256] == tokenizer.merges[257, 99] == (258, 258)


def test_the_cache_stays_small_and_changes_no_id(monkeypatch):
    words = [f" {a}{b}" for a in "abc" for b in "abc"]
    expected = make_tokenizer().encode("".join(words * 2))
    monkeypatch.setattr(merging, "MAX_CACHED_CHUNKS", 4)
    monkeypatch.setattr(merging, "MAX_CACHED_LENGTH", 3)
    tokenizer = make_tokenizer()
    assert tokenizer.encode("".join(words * 2)) == expected
    for word in words:
        tokenizer.encode(word)
        assert 0 < len(tokenizer._chunk_ids) <= 4
    tokenizer.encode(" abcabcabc")
    assert " abcabcabc" not in tokenizer._chunk_ids


def test_callers_cannot_change_the_cache():
    tokenizer = make_tokenizer()
    tokenizer.encode("abc").append(1)
    assert tokenizer.encode("abc") == [257]


def test_a_copy_gives_the_same_ids():
    tokenizer = make_tokenizer()
    assert copy.deepcopy(tokenizer).encode(EMOJI) == tokenizer.encode(EMOJI)


def test_several_patterns_apply_one_after_the_other():
    tokenizer = make_tokenizer(pattern=[r"\p{N}", GPT2])
    assert [tokenizer.encode(text) for text in ("  1", "  a")] == [[32, 32, 49], [32, 259]]


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"merges": [(b"a", b"c")]}, "merges need the token b'ac', which is not in vocab"),
        ({"vocab": BYTES | {b"ab": 97}, "merges": []}, "must give each token an id of its own"),
        ({"pattern": "(a)"}, "must not have groups"),
    ],
)
def test_a_vocabulary_that_does_not_fit_is_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        make_tokenizer(**changes)


def test_texts_that_break_tokenizers_come_back_whole():
    tokenizer = make_tokenizer()
    for text in TEXTS:
        assert tokenizer.decode(tokenizer.encode(text)) == text
