"""IBM Model 1: the textbook's example, EM's law, and real verses."""

import itertools

import numpy as np
import pytest

from llama_edu.data.augment.word_model import NULL, WordModel, split_words

HOUSE = [
    (["das", "haus"], ["the", "house"]),
    (["das", "buch"], ["the", "book"]),
    (["ein", "buch"], ["a", "book"]),
]


def slow_steps(pairs, n_steps):
    """The algorithm as the paper writes it, word by word, in dictionaries."""
    english = {f for _, target in pairs for f in target}
    words = {NULL} | {e for source, _ in pairs for e in source}
    t = {(e, f): 1 / len(english) for e, f in itertools.product(words, english)}
    for _ in range(n_steps):
        counts, totals = dict.fromkeys(t, 0.0), dict.fromkeys(words, 0.0)
        for source, target in pairs:
            for f in target:
                norm = sum(t[e, f] for e in [NULL, *source])
                for e in [NULL, *source]:
                    counts[e, f] += t[e, f] / norm
                    totals[e] += t[e, f] / norm
        t = {(e, f): counts[e, f] / totals[e] for e, f in t}
    return t


@pytest.mark.parametrize("n_steps", [1, 2, 7])
def test_agrees_with_the_algorithm_word_by_word(n_steps):
    pairs = [*HOUSE, (["ein", "haus", "ein"], ["a", "house"])]
    model, slow = WordModel(pairs, n_steps), slow_steps(pairs, n_steps)
    for word in ["das", "haus", "buch", "ein", NULL]:
        for other, probability in model.translations(word):
            assert probability == pytest.approx(slow[word, other], rel=1e-9)


def test_words_are_told_apart_by_what_they_do_not_stand_with():
    model = WordModel(HOUSE, n_steps=30)
    assert [model.translations(w)[0][0] for w in ("das", "haus", "buch", "ein")] == [
        "the", "house", "book", "a",
    ]  # fmt: skip
    assert dict(model.translations("buch"))["book"] > 0.9


def test_likelihood_never_falls_and_probabilities_sum_to_one():
    model = WordModel(HOUSE, n_steps=12)
    assert np.all(np.diff(model.log_likelihoods) > -1e-9)
    assert sum(t for _, t in model.translations("das")) == pytest.approx(1, abs=0.01)


def test_unknown_word_translates_itself_and_nothing_to_learn_from_is_named():
    assert WordModel(HOUSE).translations("auto") == [("auto", 1.0)]
    for arguments in ([], 5), (HOUSE, 0):
        with pytest.raises(ValueError, match="pairs and n_steps must be at least 1"):
            WordModel(*arguments)


def test_words_and_signs():
    assert split_words("He's “gone”, 3.14!") == ["he's", "“", "gone", "”", ",", "3", ".", "14", "!"]
