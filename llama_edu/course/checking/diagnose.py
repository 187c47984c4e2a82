"""Which mistake is it? An answer is run on every case, and what came of it is judged."""

import inspect
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from llama_edu.course.checking.describe import kind_of
from llama_edu.course.checking.judge import judge
from llama_edu.course.checking.names import OURS, first_of_ours, first_use
from llama_edu.course.checking.outcomes import (
    is_same_outcome,
    make_cases,
    one_thread,
    outcomes,
    tame,
)
from llama_edu.course.checking.questions import Question
from llama_edu.course.checking.verdict import REMEMBERS, Verdict

VALUES = {"value", "order", "length", "shape", "error", "nan", "inf"}  # may depend on earlier calls


def diagnose(question: Question, function: Any, seed: int = 0) -> Verdict:
    """Find out whether an answer is right, and if not, which mistake it makes.

    Args:
        question: what was asked.
        function: the learner's answer; it need not even be a function.
        seed: of the cases.

    Returns:
        The verdict; the same answer and seed give the same words.

    Raises:
        Exception: what the question's own reference raises; then the question is broken.
    """
    verdict = Verdict(question.name, question.points)
    if refusal := _refusal(question, function):
        return replace(verdict, **refusal)
    cases = make_cases(question, seed)
    if misfit := _misfit(question.function_name, function, cases):
        return replace(verdict, kind="arguments", sentence=misfit)
    with one_thread():
        expected = list(outcomes(question.reference, cases, seed))
        for outcome in expected:
            if outcome.error:
                raise outcome.error
        got = list(outcomes(function, cases, seed))
        try:
            verdict = judge(question, cases, expected, got, seed)
        except Exception:  # an object of the learner's may raise when it is looked at
            return judge(question, cases, expected, list(map(tame, got)), seed)
        if verdict.kind in VALUES and not verdict.misconception and not got[0].error:
            again = next(outcomes(function, cases[:1], seed))
            if not is_same_outcome(got[0], again, question):
                return replace(verdict, hint=REMEMBERS)
    return verdict


def _refusal(question: Question, function: Any) -> dict[str, str]:
    """What keeps an answer from being run at all, in the fields of a verdict."""
    if not callable(function):
        sentence = f"Expected the function itself, got {kind_of(function)}: its name will do."
        return {"kind": "not_callable", "sentence": sentence}
    if use := first_use(function, question.forbids):
        sentence = f"`{use.name}` must not be used here: what it does is what is to be written."
        return {"kind": "forbidden", "sentence": sentence, "line": use.line}
    if use := first_of_ours(function):
        return {"kind": "forbidden", "sentence": f"`{use.name}` {OURS}", "line": use.line}
    return {}


def _misfit(name: str, function: Callable, cases: list[dict]) -> str:
    """How a function must be callable, where it is not; "" if every case fits."""
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # some of C's own functions tell nothing
        return ""
    for case in cases:
        try:
            signature.bind(**case)
        except TypeError:
            has = ", ".join(signature.parameters)
            return f"It is called as {name}({', '.join(case)}), but is written as {name}({has})."
    return ""
