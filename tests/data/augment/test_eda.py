"""The four operations: exact counts, protected words, the same text for the same seed."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llama_edu.data.augment.eda import OPERATIONS, STOP_WORDS, WORD, n_changes, rewrite

TEXT = (
    "The old farmer was not happy with the noisy city, so he bought a large house near the quiet "
    "river and left, quickly."
)


def synonyms(word: str) -> list[str]:
    return [f"{word.lower()}ish", f"{word.lower()}oid"]


def changed(before: str, after: str) -> int:
    pairs = zip(WORD.findall(before), WORD.findall(after), strict=True)
    return sum(a != b for a, b in pairs)


@pytest.mark.parametrize(("n_words", "alpha", "n"), [
    (27, 0.1, 2), (9, 0.1, 1), (1, 0.1, 1), (20, 0.05, 1), (100, 0.29, 29), (10, 1.0, 10),
    (0, 0.5, 1),
])  # fmt: skip
def test_number_of_changes(n_words, alpha, n):
    assert n_changes(n_words, alpha) == n


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(("alpha", "n"), [(0.05, 1), (0.1, 2), (0.25, 5)])
def test_exactly_n_words_are_replaced_inserted_swapped_or_deleted(alpha, n, seed):
    def apply(operation: str) -> str:
        return rewrite(TEXT, operation, alpha=alpha, seed=seed, synonyms=synonyms)

    assert len(WORD.findall(TEXT)) == 23
    assert changed(TEXT, apply("replace")) == n
    inserted = Counter(WORD.findall(apply("insert"))) - Counter(WORD.findall(TEXT))
    assert inserted.total() == n
    swapped = apply("swap")
    assert changed(TEXT, swapped) == 2 * n
    assert sorted(WORD.findall(swapped)) == sorted(WORD.findall(TEXT))
    deleted = Counter(WORD.findall(TEXT)) - Counter(WORD.findall(apply("delete")))
    assert deleted.total() == n


@pytest.mark.parametrize("operation", OPERATIONS)
def test_stop_words_and_protected_phrases_are_untouched(operation):
    for seed in range(20):
        text = rewrite(
            TEXT,
            operation,
            alpha=1.0,
            seed=seed,
            synonyms=synonyms,
            protected=["large house", "city,"],
        )
        assert "large house" in text and "city," in text
        stops = [word for word in WORD.findall(text) if word.lower() in STOP_WORDS]
        assert stops == [word for word in WORD.findall(TEXT) if word.lower() in STOP_WORDS]


def test_fewer_words_than_n_are_all_changed():
    assert rewrite("the cat", "replace", alpha=1.0, synonyms=lambda w: ["dog"]) == "the dog"
    assert rewrite("the of and", "replace", alpha=1.0, synonyms=synonyms) == "the of and"
    assert rewrite("Cat", "replace", synonyms=lambda w: ["dog"]) == "Dog"


@pytest.mark.parametrize("operation", OPERATIONS)
def test_same_seed_same_text_and_signs_stay(operation):
    def apply(seed: int) -> str:
        return rewrite(TEXT, operation, alpha=0.3, seed=seed, synonyms=synonyms)

    assert apply(3) == apply(3)
    assert len({apply(seed) for seed in range(10)}) > 5
    assert [c for c in apply(3) if c in ",."] == [c for c in TEXT if c in ",."]


@given(st.text(st.sampled_from("ab the.,\n"), max_size=40), st.sampled_from(sorted(OPERATIONS)))
def test_a_word_stays_and_without_synonyms_nothing_is_replaced(text, operation):
    result = rewrite(text, operation, alpha=1.0)
    assert bool(WORD.findall(result)) == bool(WORD.findall(text))
    if operation in ("replace", "insert"):
        assert result == text


@pytest.mark.parametrize(("arguments", "message"), [
    ({"operation": "shuffle"}, "operation='shuffle' must be one of replace, insert, swap, delete"),
    ({"operation": "swap", "alpha": 0.0}, r"alpha=0.0 must lie in \(0, 1\]"),
    ({"operation": "swap", "alpha": 1.5}, r"alpha=1.5 must lie in"),
])  # fmt: skip
def test_mistakes_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        rewrite(TEXT, **arguments)


def test_free_words_are_those_that_are_no_stop_words():
    free = [word for word in WORD.findall(TEXT) if word.lower() not in STOP_WORDS]
    assert len(free) == 13 and free[:4] == ["old", "farmer", "happy", "noisy"]
    assert {"not", "no", "never"} <= STOP_WORDS  # without them a label may turn round
