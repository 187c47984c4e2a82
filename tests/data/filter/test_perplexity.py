"""The n-gram model: a distribution, hand-computed once, and surprised by what is no prose."""

import random
from statistics import median

import pytest

from llama_edu.data.clean import clean
from llama_edu.data.documents import read_documents
from llama_edu.data.filter.perplexity import (
    N_CHARACTERS,
    CharacterModel,
    bucket,
    bucket_bounds,
)


def test_probabilities_by_hand():
    model = CharacterModel(["aab"], order=2)
    # Without history: 3 characters, 2 types. After "a": "a" and "b" once each, 2 types.
    p_a = (2 + 2 / N_CHARACTERS) / 5
    assert model.probability("a", "") == pytest.approx(p_a)
    assert model.probability("a", "a") == pytest.approx((1 + 2 * p_a) / 4)
    assert model.probability("a", "zza") == model.probability("a", "a")
    assert model.probability("a", "z") == model.probability("a", "")


@pytest.mark.parametrize("history", ["", "th", "the ", "zzzz", "\n\n\n\n"])
def test_probabilities_sum_to_one(history):
    model = CharacterModel(["the cat sat on the mat", "the hat"], order=5)
    seen = {gram for gram in model.counts if len(gram) == 1}
    total = sum(model.probability(character, history) for character in seen)
    unseen = (N_CHARACTERS - len(seen)) * model.probability("龘", history)
    assert total + unseen == pytest.approx(1)


def test_perplexity_of_a_certain_text_nears_one_and_of_an_unknown_one_is_large():
    model = CharacterModel(["ab" * 500], order=3)
    assert model.perplexity("ab" * 200) < 1.02
    assert model.perplexity("龘") > 1000


@pytest.mark.parametrize(("call", "message"), [
    (lambda: CharacterModel([], order=0), "order must be at least 1, got 0"),
    (lambda: CharacterModel(["a"]).perplexity(""), "text must hold at least one character"),
    (lambda: bucket_bounds([]), "perplexities must hold at least one number"),
])  # fmt: skip
def test_mistakes_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_buckets_are_thirds():
    numbers = [float(n) for n in range(1, 31)]
    bounds = bucket_bounds(numbers)
    names = [bucket(number, bounds) for number in numbers]
    assert names == ["head"] * 10 + ["middle"] * 10 + ["tail"] * 10


@pytest.mark.network
def test_prose_is_less_surprising_than_its_words_shuffled_or_another_century(pull):
    pull("enwiki"), pull("shakespeare")
    pages = (clean(page.text, page.markup)[:20_000] for page in read_documents("enwiki"))
    prose = [text for _, text in zip(range(28), filter(None, pages), strict=False)]
    model, unseen = CharacterModel(prose[:20]), prose[20:]
    samples = [text[:2000] for text in unseen]
    of_prose = [model.perplexity(text) for text in samples]
    for text, ordered in zip(samples, of_prose, strict=True):
        words = text.split(" ")
        random.Random(0).shuffle(words)
        assert ordered * 1.05 < model.perplexity(" ".join(words))
    plays = [play.text for _, play in zip(range(8), read_documents("shakespeare"), strict=False)]
    assert median(of_prose) * 1.5 < median(map(model.perplexity, plays))
