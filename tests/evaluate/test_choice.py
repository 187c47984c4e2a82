"""Multiple choice: brute force over whole texts, borders inside tokens, and normalisation."""

import pytest
import torch

from llama_edu.evaluate import choose
from llama_edu.evaluate.choice import split_options

PROMPT, OPTIONS = "the rat sat on", [" the mat", " a cat and the rat", " 猫"]


def log_p(theirs, ids, n_given):
    with torch.no_grad():
        logits = theirs(torch.tensor([ids])).logits[0].log_softmax(-1)
    return sum(logits[i - 1, ids[i]].item() for i in range(n_given, len(ids)))


@pytest.mark.parametrize("normalise", ["bytes", "tokens", None])
def test_scores_are_those_of_the_whole_text_by_transformers(model, theirs, tokenizer, normalise):
    n_given = len(tokenizer.encode(PROMPT))
    expected = []
    for option in OPTIONS:
        ids = tokenizer.encode(PROMPT + option)
        n = {"bytes": len(option.encode()), "tokens": len(ids) - n_given, None: 1}[normalise]
        expected.append(log_p(theirs, ids, n_given) / n)
    found = choose(model, tokenizer, PROMPT, OPTIONS, normalise)
    assert found.scores == pytest.approx(expected, rel=1e-4)
    assert found.index == expected.index(max(expected))


def test_a_token_over_the_border_moves_the_border_for_all(tokenizer):
    """ "the" is a token and " the" another: after "on " one option joins the space, one not."""
    shared, endings = split_options(tokenizer, "sat on ", ["the mat", "9"])
    assert tokenizer.decode(shared) == "sat on"
    assert [tokenizer.decode(ending) for ending in endings] == [" the mat", " 9"]


def test_an_option_that_begins_another_keeps_a_token_of_its_own(model, tokenizer):
    shared, endings = split_options(tokenizer, "sat on", [" the", " the mat"])
    assert tokenizer.decode(shared) == "sat on"
    assert all(endings)
    assert choose(model, tokenizer, "sat on", [" the", " the mat"], None).index == 0


def test_equal_options_tie_and_the_first_wins(model, tokenizer):
    index, scores = choose(model, tokenizer, PROMPT, [" cat", " cat"])
    assert (index, scores[0]) == (0, scores[1])


def test_a_prompt_of_one_token_serves(model, theirs, tokenizer):
    ids = tokenizer.encode("the mat")
    found = choose(model, tokenizer, "t", ["he mat"], None).scores[0]
    assert found == pytest.approx(log_p(theirs, ids, 1), rel=1e-4)


@pytest.mark.parametrize(("prompt", "options", "normalise", "message"), [
    ("", [" a"], None, "at least one character"),
    ("a", [], None, "at least one character"),
    ("a", [" b", ""], "bytes", "at least one character"),
    ("a", [" b"], "characters", "normalise must be"),
])  # fmt: skip
def test_what_cannot_be_chosen_from_is_refused(
    model, tokenizer, prompt, options, normalise, message
):
    with pytest.raises(ValueError, match=message):
        choose(model, tokenizer, prompt, options, normalise)
