"""An answer gets fresh inputs and the same chance every time; what it does to them is noted."""

import pytest
import torch
from torch import nn

from llama_edu.course.checking.outcomes import (
    Outcome,
    failed_line,
    is_same_outcome,
    make_cases,
    outcomes,
)
from llama_edu.course.checking.questions import Question

QUESTION = Question(
    "toy.double",
    points=1,
    cases=lambda generator: ({"x": torch.randn(n, generator=generator)} for n in (2, 3)),
    reference=lambda x: 2 * x,
    misconceptions=[],
)


def run(function, cases):
    return list(outcomes(function, cases, seed=0))


def test_a_seed_gives_the_same_cases_and_another_seed_others():
    first, again, other = (make_cases(QUESTION, seed) for seed in (0, 0, 1))
    assert [len(case["x"]) for case in first] == [2, 3]
    assert all(torch.equal(a["x"], b["x"]) for a, b in zip(first, again, strict=True))
    assert not torch.equal(first[0]["x"], other[0]["x"])


def test_inputs_share_no_memory_with_the_cases_or_with_another_run():
    cases, seen = make_cases(QUESTION, 0), []
    for _ in range(2):
        run(lambda x: seen.append(x), cases)
    kept = [case["x"] for case in cases] + seen
    assert len({x.untyped_storage().data_ptr() for x in kept}) == len(kept) == 6


def change_list(x):
    x.append(1)


def change_inner(x):
    x["a"][0] += 1


@pytest.mark.parametrize("value, function", [
    (torch.ones(2), lambda x: x.mul_(2)),
    (torch.ones(2), lambda x: x.requires_grad_()),
    (torch.ones(2), lambda x: x.unsqueeze_(0)),
    (torch.tensor([torch.nan, 1.0]), lambda x: x.nan_to_num_(0.0)),
    (torch.tensor([True]), lambda x: x.logical_not_()),
    ([1], change_list),
    ({"a": (torch.zeros(2),)}, lambda x: x["a"][0].add_(1)),
    ({"a": [1]}, change_inner),
    ([1], lambda x: x.__setitem__(0, "1")),
    (nn.Linear(2, 2), lambda x: nn.init.zeros_(x.weight)),
])  # fmt: skip
def test_a_change_of_an_input_is_noted(value, function):
    (outcome,) = run(lambda x, y: function(x), [{"x": value, "y": torch.ones(1)}])
    assert outcome.error is None
    assert outcome.changed == ("x",)


@pytest.mark.parametrize("value", [
    torch.ones(2), torch.tensor([torch.nan]), torch.tensor([True]), [1], {"a": (1, None)}, "a",
    float("nan"), nn.Linear(2, 2), torch.Generator(), len, (torch.ones(1, requires_grad=True),),
])  # fmt: skip
def test_what_is_only_read_is_not_changed(value):
    (outcome,) = run(lambda x: repr(x), [{"x": value}])
    assert outcome.changed == ()


def test_a_generator_that_is_drawn_from_starts_at_the_same_place_again():
    cases = [{"generator": torch.Generator().manual_seed(7)}]
    first, again = (run(lambda generator: torch.rand(3, generator=generator), cases) for _ in "ab")
    assert torch.equal(first[0].value, again[0].value)


def test_an_answer_that_draws_numbers_of_its_own_repeats_and_takes_none_of_ours():
    state = torch.get_rng_state()
    first, again = (run(lambda: torch.rand(3), [{}, {}]) for _ in range(2))
    assert torch.equal(first[0].value, again[0].value)
    assert torch.equal(torch.get_rng_state(), state)


def test_an_exception_is_an_outcome_and_an_interrupt_the_last():
    def stop(n):
        if n == 1:
            raise ValueError(n)
        if n == 2:
            raise KeyboardInterrupt
        return n

    found = run(stop, [{"n": n} for n in range(4)])
    assert [type(outcome.error) for outcome in found] == [type(None), ValueError, KeyboardInterrupt]
    assert found[0].value == 0


@pytest.mark.parametrize("a, b, is_same", [
    (Outcome(1.0), Outcome(1.0 + 1e-7), True),
    (Outcome(1.0), Outcome(2.0), False),
    (Outcome(error=ValueError(1)), Outcome(error=ValueError(2)), True),
    (Outcome(error=ValueError(1)), Outcome(error=TypeError(1)), False),
    (Outcome(error=ValueError(1)), Outcome(1.0), False),
    (Outcome(1.0), Outcome(error=ValueError(1)), False),
])  # fmt: skip
def test_outcomes_are_the_same_by_value_or_by_type_of_exception(a, b, is_same):
    assert is_same_outcome(a, b, QUESTION) is is_same


def defined(source: str, name: str):
    scope = {}
    exec(compile(source, "cell.py", "exec"), scope)
    return scope[name]


def test_the_failed_line_is_the_deepest_of_their_own_not_of_a_library():
    source = "import torch\n\ndef f(x):\n    return g(x)\n\ndef g(x):\n    return torch.stack(x)\n"
    function = defined(source, "f")
    (outcome,) = run(function, [{"x": 3}])
    assert failed_line(outcome.error, function) == "In line 7, in g, called in line 4."


def test_a_function_inside_the_answer_is_a_part_of_it():
    source = "def f(x):\n    def g(y):\n        return y / 0\n\n    return g(x)\n"
    function = defined(source, "f")
    (outcome,) = run(function, [{"x": 3}])
    assert failed_line(outcome.error, function) == "In line 3, in g."


def test_the_failed_line_is_shown_where_its_text_is_known():
    def half(x):
        return x / 0

    (outcome,) = run(half, [{"x": 3}])
    assert failed_line(outcome.error, half).endswith(": `return x / 0`")


def test_a_function_without_lines_has_none_that_failed():
    (outcome,) = run(len, [{"obj": 3}])
    assert failed_line(outcome.error, len) == ""
