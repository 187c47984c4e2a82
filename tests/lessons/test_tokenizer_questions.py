"""Exercise 04: honest answers of other forms are right, and likely slips are named."""

import re
import unicodedata
from collections import Counter, defaultdict
from itertools import pairwise

import pytest

from llama_edu.course.checking.diagnose import diagnose
from llama_edu.course.checking.questions import find_question


def ask(name, answer):
    return diagnose(find_question(f"tokenizer.{name}"), answer)


def counted_with_indices(words):
    counts = defaultdict(int)
    for word in words:
        for i in range(1, len(word)):
            counts[word[i - 1], word[i]] += words[word]
    return counts


def merged_backwards_in_place(tokens, pair, new):
    tokens, i = list(tokens), 0
    while i < len(tokens) - 1:
        if tokens[i] == pair[0] and tokens[i + 1] == pair[1]:
            tokens[i : i + 2] = [new]
        i += 1
    return tokens


def merged_as_text(tokens, pair, new):
    text = "".join(f"[{token}]" for token in tokens).replace("[{}][{}]".format(*pair), f"[{new}]")
    return [int(token) for token in re.findall(r"\d+", text)]


def learned_by_sorting(words, n_merges, first_id):
    merges = []
    while len(merges) < n_merges:
        counts = sorted((-n, pair) for pair, n in counted_with_indices(words).items())
        if not counts:
            return merges
        pair = counts[0][1]
        new = first_id + len(merges)
        merged = Counter()
        for word, n in words.items():
            merged[tuple(merged_backwards_in_place(word, pair, new))] += n
        words = merged
        merges.append(pair)
    return merges


def encoded_by_rank(word, merges):
    tokens = list(bytearray(word, "utf-8"))
    ranks = {pair: rank for rank, pair in enumerate(merges)}
    while True:
        pairs = set(pairwise(tokens)) & ranks.keys()
        if not pairs:
            return tokens
        pair = min(pairs, key=ranks.get)
        tokens = merged_backwards_in_place(tokens, pair, 256 + ranks[pair])


def marked_from_behind(text):
    words, rest = [], "▁" + text.replace(" ", "▁") if text else ""
    while rest:
        start = max(i for i in range(len(rest)) if rest[i] == "▁" and rest[i - 1 : i] != "▁")
        rest, last = rest[:start], rest[start:]
        words.insert(0, last)
    return words


def spelled_by_bytes(text, vocab, first_byte_id):
    return [
        i
        for letter in text
        for i in (
            [vocab[letter]] if letter in vocab else (b + first_byte_id for b in letter.encode())
        )
    ]


@pytest.mark.parametrize("name, answer", [
    ("count_pairs", counted_with_indices),
    ("merge", merged_backwards_in_place),
    ("merge", merged_as_text),
    ("learn", learned_by_sorting),
    ("encode", encoded_by_rank),
    ("mark_spaces", marked_from_behind),
    ("mark_spaces", lambda text: re.findall("▁+[^▁]*", ("▁" + text if text else "")
                                            .replace(" ", "▁"))),
    ("fall_back", spelled_by_bytes),
])  # fmt: skip
def test_honest_answers_are_right(name, answer):
    verdict = ask(name, answer)
    assert verdict.ok, verdict


def most_common_first(words, n_merges, first_id):
    merges = []
    for new in range(first_id, first_id + n_merges):
        counts = Counter(counted_with_indices(words))
        if not counts:
            break
        pair, _ = counts.most_common(1)[0]
        merges.append(pair)
        words = {tuple(merged_backwards_in_place(w, pair, new)): n for w, n in words.items()}
    return merges


@pytest.mark.parametrize("name, answer, misconception", [
    ("merge", lambda tokens, pair, new: eval(str(tokens).replace(str(pair)[1:-1], str(new))),
     "as_text"),
    ("learn", most_common_first, "first_of_ties"),
    ("mark_spaces", lambda text: [f"▁{word}" for word in text.split()], "split"),
    ("count_pairs", lambda words: Counter(p for w in words for p in pairwise(w)),
     "per_word"),
    ("fall_back", lambda text, vocab, first_byte_id: [vocab.get(c, 0) for c in text], "unknown"),
    ("fall_back", lambda text, vocab, first_byte_id: [
        i for c in text
        for i in ([vocab.get(c)] if vocab.get(c) else [first_byte_id + b for b in c.encode()])],
     "zero_is_missing"),
])  # fmt: skip
def test_likely_slips_are_named(name, answer, misconception):
    assert ask(name, answer).misconception == misconception


def encoded_with(new_id):
    """Numbering a merge by the ids that the word has so far."""

    def answer(word, merges):
        ids = list(word.encode("utf-8"))
        for pair in merges:
            if pair in pairwise(ids):
                ids = merged_backwards_in_place(ids, pair, new_id(ids))
        return ids

    return answer


def encoded_above_the_largest(word, merges):
    ids = list(word.encode("utf-8"))
    for pair in merges:
        ids = merged_backwards_in_place(ids, pair, max(ids) + 1)  # no maximum of an empty word
    return ids


def encoded_above_the_largest_byte(word, merges):
    ids = list(word.encode("utf-8"))
    for pair in merges:
        ids = merged_backwards_in_place(ids, pair, max(255, max(ids)) + 1)
    return ids


def marked_unless_there(text):
    if not text.startswith(" "):
        text = " " + text
    return re.findall("▁+[^▁]*", text.replace(" ", "▁"))


def marked_unless_there_or_empty(text):
    if text[0] != " ":
        text = " " + text
    return re.findall("▁+[^▁]*", text.replace(" ", "▁"))


def small_code_points_are_bytes(text, vocab, first_byte_id):
    ids = []
    for c in text:
        if c in vocab:
            ids.append(vocab[c])
        elif ord(c) < 256:
            ids.append(first_byte_id + ord(c))
        else:
            ids.extend(first_byte_id + byte for byte in c.encode("utf-8"))
    return ids


def merged_in_a_for_loop(tokens, pair, new):
    merged = []
    for i in range(len(tokens) - 1):
        if (tokens[i], tokens[i + 1]) == pair:
            merged.append(new)
            i += 1  # of which the `for` takes no notice
        else:
            merged.append(tokens[i])
    return merged


def encoded_leftmost_first(word, merges):
    ids, i = list(word.encode("utf-8")), 0
    while i < len(ids) - 1:
        pair = (ids[i], ids[i + 1])
        if pair in merges:
            ids, i = merged_backwards_in_place(ids, pair, 256 + merges.index(pair)), 0
        else:
            i += 1
    return ids


def encoded_from_257(word, merges):
    ids = list(word.encode("utf-8"))
    for new, pair in enumerate(merges, 257):
        ids = merged_backwards_in_place(ids, pair, new)
    return ids


def encoded_at_first_places(word, merges):
    ids = list(word.encode("utf-8"))
    for new, pair in enumerate(merges, 256):
        for i in range(len(ids) - 1):
            if (ids[i], ids[i + 1]) == pair:
                ids[i : i + 2] = [new]
                break
    return ids


def split_and_first_bare(text):
    first, *others = text.split()
    return [first, *("▁" + word for word in others)]


ANOTHER = ", together with a second mistake"


def test_a_list_that_is_appended_as_one_item_is_described():
    def answer(text, vocab, first_byte_id):
        ids = []
        for c in text:
            spelled = [first_byte_id + byte for byte in c.encode("utf-8")]
            ids.append(vocab.get(c, spelled))
        return ids

    assert "some in a list inside" in ask("fall_back", answer).pattern


@pytest.mark.parametrize("name, answer, misconception, says", [
    ("encode", encoded_with(lambda ids: max(ids) + 1), "one_above_the_largest", ""),
    ("encode", encoded_above_the_largest, "one_above_the_largest", ANOTHER),
    ("encode", encoded_with(lambda ids: max(255, *ids) + 1), "next_in_the_word", ""),
    ("encode", encoded_above_the_largest_byte, "next_in_the_word", ANOTHER),
    ("mark_spaces", lambda text: marked_unless_there(text) if text else [],
     "prefix_unless_there", ""),
    ("mark_spaces", marked_unless_there, "prefix_unless_there + empty_text", ""),
    ("mark_spaces", marked_unless_there_or_empty, "prefix_unless_there", ANOTHER),
    ("encode", encoded_leftmost_first, "leftmost_everywhere", ""),
    ("encode", encoded_from_257, "ids_from_257", ""),
    ("encode", encoded_at_first_places, "first_place_only", ""),
    ("mark_spaces", lambda text: [f"{word}▁" for word in text.split(" ")] if text else [],
     "space_behind", ""),
    ("fall_back", lambda text, vocab, first_byte_id: [
        first_byte_id + i for c in text for i in ([vocab[c]] if c in vocab else c.encode("utf-8"))
    ], "offset_for_all", ""),
    ("mark_spaces", split_and_first_bare, "no_space_in_front + split",
     ", together with a third mistake"),
    ("fall_back", small_code_points_are_bytes, "code_point_below_256", ""),
    ("merge", merged_in_a_for_loop, "keeps_the_second + drops_the_rest", ""),
    ("count_pairs", lambda words: Counter(pairwise([token for word in words for token in word])),
     "per_word + across_words", ""),
])  # fmt: skip
def test_what_misled_or_had_no_name_has_one(name, answer, misconception, says):
    verdict = ask(name, answer)
    assert verdict.misconception == misconception
    assert verdict.says.endswith(says)
    assert says or not verdict.says.endswith(ANOTHER)


# Each is right but for one thing, which few cases show.
@pytest.mark.parametrize("name, answer", [
    ("count_pairs", lambda words: {p: n for p, n in counted_with_indices(words).items() if n > 1}),
    ("merge", lambda tokens, pair, new: tokens if len(merged_as_text(tokens, pair, new)) == 1
     else merged_as_text(tokens, pair, new)),
    ("mark_spaces", lambda text: [] if text == " " else marked_from_behind(text)),
    ("mark_spaces", lambda text: re.findall("▁+[^▁,.!?]*|[,.!?]",
                                            "▁" + text.replace(" ", "▁") if text else "")),
    ("mark_spaces", lambda text: list(dict.fromkeys(marked_from_behind(text)))),
    ("fall_back", lambda text, vocab, first_byte_id: spelled_by_bytes(
        text.replace(" ", "▁"), vocab, first_byte_id)),
    ("fall_back", lambda text, vocab, first_byte_id: spelled_by_bytes(
        unicodedata.normalize("NFC", text), vocab, first_byte_id)),
    ("fall_back", lambda text, vocab, first_byte_id: spelled_by_bytes(
        text, {c: i for c, i in vocab.items() if c.isprintable()}, first_byte_id)),
])  # fmt: skip
def test_answers_with_one_flaw_are_refused(name, answer):
    assert not ask(name, answer).ok
