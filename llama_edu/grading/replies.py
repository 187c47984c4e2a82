"""What a student's process sent back, read as the work of a stranger."""

import builtins
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from llama_edu.course.checking.describe import Large, kind_of
from llama_edu.course.checking.outcomes import Outcome
from llama_edu.course.checking.questions import Question
from llama_edu.course.checking.same import max_items
from llama_edu.course.checking.verdict import MAX_LINE, Verdict
from llama_edu.grading.inside import wire

MIME = "application/vnd.llama-edu.outcomes+json"


@dataclass(frozen=True)
class Reply:
    """Either the outcomes of the calls, or why there are none.

    Args:
        got: an outcome for each case; empty if nothing can be read.
        verdict: makes the verdict where there was nothing to call.
    """

    got: list[Outcome]
    verdict: Callable[[Question], Verdict] | None = None


def read_reply(outputs: list, expected: Sequence[Outcome]) -> Reply:
    """The last outcomes that a cell displayed. Nothing in them is run, nothing is trusted.

    Args:
        outputs: of the cell.
        expected: what is right: what is far larger is not looked into.
    """
    shown = [
        output["data"][MIME]
        for output in outputs
        if isinstance(output.get("data"), dict) and MIME in output["data"]
    ]
    try:
        return _read(shown[-1], expected)
    except (IndexError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return UNREADABLE


def _read(found: dict, expected: Sequence[Outcome]) -> Reply:
    if "missing" in found:
        value = _value(found["missing"], wire.MAX_ITEMS)
        if value is None:
            return Reply([], _no_function)
        sentence = f"Expected the function itself, got {kind_of(value)}: its name will do."
        return Reply([], _wrong("not_callable", sentence))
    if "misfit" in found:
        names = ", ".join(str(name)[:40] for name in found["misfit"][:20])
        return Reply([], _wrong("arguments", f"It is written with the parameters {names}."))
    pairs = zip(found["outcomes"], expected, strict=True)
    return Reply([_outcome(one, max_items(right.value)) for one, right in pairs])


def _outcome(one: dict, most: int) -> Outcome:
    changed = tuple(str(name)[:40] for name in one["changed"][:20])
    if "error" not in one:
        return Outcome(_value(one["value"], most), changed=changed)
    error = one["error"]
    return Outcome(error=_error(error), changed=changed, line=str(error["line"])[:MAX_LINE])


def _value(data: Any, most: int) -> Any:
    try:
        return wire.decode(data, most)
    except wire.TooLarge as error:
        return Large(error.kind, error.size)


def _error(found: dict[str, Any]) -> BaseException:
    """An exception of the type that was named; its text is what the student's process says."""
    name, text = str(found["type"])[:60], str(found["text"])[:300]
    kind = getattr(builtins, name, None) if found.get("module") == "builtins" else None
    if not (isinstance(kind, type) and issubclass(kind, BaseException)):
        return type(name, (Exception,), {"__module__": "__main__"})(text)
    try:
        return kind(text) if text else kind()
    except TypeError:  # such as UnicodeDecodeError, which wants five things
        error = kind.__new__(kind)
        error.args = (text,)
        return error


def _wrong(kind: str, sentence: str) -> Callable[[Question], Verdict]:
    return lambda question: Verdict(question.name, question.points, kind, sentence)


def _no_function(question: Question) -> Verdict:
    sentence = f"The answer cell does not make a function `{question.function_name}`."
    return Verdict(question.name, question.points, "not_callable", sentence)


UNREADABLE = Reply([], _wrong("error", "Its result could not be read."))
