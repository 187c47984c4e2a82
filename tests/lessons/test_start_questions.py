"""Exercise 00: likely slips are named, and what draws a token is told that none is asked for."""

import pytest
import torch
from torch.nn import functional as F

from llama_edu.course.checking.diagnose import diagnose
from llama_edu.course.checking.questions import find_question


def ask(answer):
    return diagnose(find_question("start.temper"), answer)


def by_rows(logits, temperature):
    e = (logits / temperature - (logits / temperature).amax(-1, keepdim=True)).exp()
    return e / e.sum(dim=-1, keepdim=True)


@pytest.mark.parametrize("answer", [
    by_rows,
    lambda logits, temperature: torch.softmax(logits * (1 / temperature), dim=-1),
    lambda logits, temperature: F.log_softmax(logits / temperature, -1).exp(),
])  # fmt: skip
def test_honest_answers_are_right(answer):
    assert ask(answer).ok


@pytest.mark.parametrize("answer, misconception", [
    (lambda logits, temperature: torch.softmax(logits * temperature, -1), "multiplied"),
    (lambda logits, temperature: torch.softmax(logits / temperature, 1), "second_dim"),
    (lambda logits, temperature: (e := (logits / temperature).exp()) / e.sum(), "over_everything"),
    (lambda logits, temperature: (e := (logits * temperature).exp()) / e.sum(),
     "multiplied + over_everything"),
    (lambda logits, temperature: F.softmax(logits, 0), "no_temperature + first_dim"),
    (lambda logits, temperature: logits.exp(), "no_temperature + exp_only"),
    (lambda logits, temperature: (logits / temperature).argmax(-1), "favourite"),
])  # fmt: skip
def test_likely_slips_are_named(answer, misconception):
    assert ask(answer).misconception == misconception


@pytest.mark.parametrize("draw, misconception", [
    (lambda p: torch.multinomial(p, 1), "drawn"),
    (lambda p: torch.multinomial(p.flatten(), 1), None),
    (lambda p: torch.multinomial(p, p.shape[-1]), None),
])  # fmt: skip
def test_what_multinomial_cannot_do_in_one_case_hides_no_mistake(draw, misconception):
    verdict = ask(lambda logits, temperature: draw((logits / temperature).softmax(-1)))
    assert verdict.kind in ("shape", "dtype")
    assert verdict.misconception == misconception


def test_weights_that_a_later_step_spoils_are_described():
    def answer(logits, temperature):
        return logits.softmax(-1) ** (1 / temperature)

    verdict = diagnose(find_question("start.temper"), answer)
    # In a case of one row it is also a multiple of the right ones; this holds in every case.
    assert verdict.pattern.startswith("Each line of the expected numbers sums to 1")
