"""What a student's process says, read without trust."""

import pytest

from llama_edu.course.checking.describe import Large
from llama_edu.course.checking.outcomes import Outcome
from llama_edu.grading.inside import wire
from llama_edu.grading.replies import MIME, UNREADABLE, read_reply

from .conftest import QUESTIONS

SCORES = QUESTIONS["attention.scores"]
ONE = [Outcome(1)]


def shown(found):
    return [{"output_type": "display_data", "data": {MIME: found}}]


def error(kind, text="", module="builtins"):
    return {"error": {"module": module, "type": kind, "text": text, "line": ""}, "changed": []}


def test_values_and_what_was_changed_come_through():
    outcomes = [{"value": wire.encode([1, 2.5]), "changed": ["q"]}]
    assert read_reply(shown({"outcomes": outcomes}), ONE).got == [Outcome([1, 2.5], changed=("q",))]


def test_the_last_of_several_displays_counts():
    first, last = ({"outcomes": [{"value": wire.encode(n), "changed": []}]} for n in (1, 2))
    assert read_reply([*shown(first), *shown(last)], ONE).got[0].value == 2


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("ZeroDivisionError", ZeroDivisionError), ("SystemExit", SystemExit),
        ("UnicodeDecodeError", UnicodeDecodeError), ("KeyboardInterrupt", KeyboardInterrupt),
    ],
)  # fmt: skip
def test_an_error_of_python_s_own_is_of_that_type(kind, expected):
    outcome = read_reply(shown({"outcomes": [error(kind, "why")]}), ONE).got[0]
    assert type(outcome.error) is expected
    assert outcome.error.args == ("why",)


@pytest.mark.parametrize(
    ("kind", "module"), [("Mine", "__main__"), ("print", "builtins"), ("int", "builtins")]
)
def test_any_other_is_an_exception_of_that_name(kind, module):
    outcome = read_reply(shown({"outcomes": [error(kind, "why", module)]}), ONE).got[0]
    assert type(outcome.error).__name__ == kind
    assert isinstance(outcome.error, Exception)


@pytest.mark.parametrize(
    "outputs",
    [
        [], [{"data": 3}], [{"data": {MIME: 7}}], [{"data": {"text/plain": "right"}}],
        shown({}), shown({"outcomes": 7}), shown({"outcomes": [7]}), shown({"outcomes": [{}]}),
        shown({"outcomes": [{"value": {"tensor": 3}, "changed": []}]}),
        shown({"outcomes": [{"error": "x", "changed": []}]}),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_wrong_and_no_exception(outputs):
    reply = read_reply(outputs, ONE)
    assert reply is UNREADABLE
    assert reply.verdict(SCORES).kind == "error"
    assert reply.verdict(SCORES).earned == 0


def test_what_is_no_function_is_named():
    verdict = read_reply(shown({"missing": wire.encode("text")}), ONE).verdict(SCORES)
    assert (verdict.kind, verdict.earned) == ("not_callable", 0)
    assert "got a str" in verdict.sentence
    verdict = read_reply(shown({"missing": None}), ONE).verdict(SCORES)
    assert "does not make a function `scores`" in verdict.sentence
    verdict = read_reply(shown({"misfit": ["a", "b"]}), ONE).verdict(SCORES)
    assert verdict.kind == "arguments"


def test_as_many_outcomes_as_cases_or_none():
    two = {"outcomes": [{"value": wire.encode(1), "changed": []}] * 2}
    assert read_reply(shown(two), ONE) is UNREADABLE
    assert len(read_reply(shown(two), ONE * 2).got) == 2


def test_what_is_far_larger_than_expected_is_not_looked_into():
    outcomes = [{"value": wire.encode([0] * 20_000), "changed": []}]
    assert read_reply(shown({"outcomes": outcomes}), ONE).got[0].value == Large("list", 20_000)
    as_large = [Outcome([0] * 3_000)]
    assert len(read_reply(shown({"outcomes": outcomes}), as_large).got[0].value) == 20_000
