"""Each sampling rule equals transformers' own, and the dice fall as the probabilities say."""

import pytest
import torch
from transformers.generation import logits_process as theirs

from llama_edu.generate import sampling

LOGITS = torch.tensor(
    [[2.0, -1.0, 0.5, 3.0, 0.0, -4.0, 1.0], [0.1, 0.2, -0.3, 0.4, 5.0, 0.6, -7.0]]
)
NO_IDS = torch.zeros(2, 0, dtype=torch.long)


@pytest.mark.parametrize("k", [1, 3, 7, 50])
def test_top_k_equals_transformers(k):
    expected = theirs.TopKLogitsWarper(k)(NO_IDS, LOGITS)
    torch.testing.assert_close(sampling.keep_top_k(LOGITS, k), expected)


@pytest.mark.parametrize("p", [0.05, 0.5, 0.9, 0.99, 1.0])
def test_top_p_equals_transformers(p):
    expected = theirs.TopPLogitsWarper(p)(NO_IDS, LOGITS)
    torch.testing.assert_close(sampling.keep_top_p(LOGITS, p), expected)


@pytest.mark.parametrize("p", [0.5, 0.9])
def test_top_p_keeps_the_fewest_tokens_that_reach_p(p):
    for row, kept in zip(LOGITS.softmax(-1), sampling.keep_top_p(LOGITS, p), strict=True):
        mass = row[kept.isfinite()]
        assert mass.sum() >= p
        assert mass.sum() - mass.min() < p


@pytest.mark.parametrize("p", [0.0, 0.05, 0.5, 1.0])
def test_min_p_equals_transformers(p):
    expected = theirs.MinPLogitsWarper(p)(NO_IDS, LOGITS)
    torch.testing.assert_close(sampling.keep_min_p(LOGITS, p), expected)


@pytest.mark.parametrize("penalty", [0.7, 1.0, 1.3])
def test_repetition_penalty_equals_transformers(penalty):
    used = torch.tensor([[0, 1, 1], [6, 4, 2]])
    expected = theirs.RepetitionPenaltyLogitsProcessor(penalty)(used, LOGITS.clone())
    is_used = torch.zeros_like(LOGITS, dtype=torch.bool).scatter(1, used, True)
    torch.testing.assert_close(sampling.penalize_repeats(LOGITS, is_used, penalty), expected)


def test_temperature_zero_takes_the_likeliest():
    assert sampling.choose(LOGITS).tolist() == [3, 4]


def test_samples_follow_the_tempered_probabilities():
    generator = torch.Generator().manual_seed(0)
    logits = LOGITS[:1].expand(20_000, -1)
    drawn = sampling.choose(logits, temperature=1.5, top_k=4, generators=[generator])
    frequency = drawn.bincount(minlength=7) / len(drawn)
    expected = sampling.keep_top_k(LOGITS[:1] / 1.5, 4).softmax(-1)[0]
    # Four standard errors of a frequency are at most 4 * sqrt(0.25 / 20000) = 0.014.
    torch.testing.assert_close(frequency, expected, atol=0.014, rtol=0)
    assert (frequency[expected == 0] == 0).all()


def test_seed_decides_the_sample():
    def draw(seed):
        generator = torch.Generator().manual_seed(seed)
        return sampling.choose(torch.zeros(9, 50), temperature=1.0, generators=[generator]).tolist()

    assert draw(1) == draw(1)
    assert draw(1) != draw(2)


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"temperature": -0.1}, "temperature must be at least 0, got -0.1"),
        ({"top_k": 0}, "top_k must be at least 1, got 0"),
        ({"top_p": 0.0}, r"top_p must be in \(0, 1\], got 0.0"),
        ({"min_p": 1.5}, r"min_p must be in \[0, 1\], got 1.5"),
        ({"repetition_penalty": 0.0}, "repetition_penalty must be positive, got 0.0"),
    ],
)
def test_names_the_setting_that_is_out_of_range(setting, message):
    fine = {"temperature": 1.0, "top_k": None, "top_p": None, "min_p": None}
    with pytest.raises(ValueError, match=message):
        sampling.check_settings(**(fine | {"repetition_penalty": 1.0} | setting))


@pytest.mark.parametrize("temperature", [1e-20, 1e-37, 1e-320])
def test_the_lower_the_temperature_the_more_it_is_the_likeliest(temperature):
    logits = torch.tensor([[1.0, 50.0, 49.0], [-3.0, -2.0, -90.0]])
    assert sampling.choose(logits, temperature=temperature).tolist() == [1, 1]
