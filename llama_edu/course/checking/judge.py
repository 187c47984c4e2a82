"""What is there to say of an answer's outcomes, beside the right ones and the known mistakes?"""

import traceback
from collections import Counter
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from llama_edu.course.checking.compare import difference
from llama_edu.course.checking.crashes import crash_hint
from llama_edu.course.checking.describe import describe, is_readable, is_whole
from llama_edu.course.checking.likeness import recognise
from llama_edu.course.checking.outcomes import Outcome, one_thread
from llama_edu.course.checking.questions import Question
from llama_edu.course.checking.relations import (
    relation_of_lists,
    relation_of_numbers,
    relations,
)
from llama_edu.course.checking.same import Difference
from llama_edu.course.checking.verdict import (
    AS_IT_CAME,
    COPIES,
    HINTS,
    NO_TRUTHS,
    NOT_THE_DTYPE_ALONE,
    UNCHANGED,
    WRITTEN_INTO,
    Verdict,
)

# What is shown first of two kinds that are equally frequent; kinds not named come after these.
URGENT = ("stopped", "stub", "recursion", "error", "none", "type", "length", "shape", "dtype")
SAYS_NOTHING = {"stopped", "stub", "recursion"}  # such an answer is like no other
NEEDS_NO_CASE = SAYS_NOTHING | {"none", "type", "graph", "changed"}
MAX_ERROR_CHARACTERS = 300
SOMETIMES_NONE = (
    "Here it returned None, in other cases not: does every way through it end in a `return`? One "
    "inside a loop or an `if` is not always reached."
)


def judge(
    question: Question,
    cases: list[dict],
    expected: list[Outcome],
    got: list[Outcome],
    seed: int = 0,
) -> Verdict:
    """Compare what came of an answer with what should have, wherever it was run.

    Args:
        question: what was asked.
        cases: the inputs, as they were before.
        expected: what comes of the reference.
        got: what came of the answer; fewer, if it was stopped.
        seed: for the misconceptions that draw random numbers.
    """
    verdict = Verdict(question.name, question.points)
    failures = {}
    for i, pair in enumerate(zip(expected, got, strict=False)):  # fewer, if it was stopped
        if failure := _failure(*pair, question):
            failures[i] = failure
    if not failures:
        return verdict
    wrong = [i for i in failures if failures[i].kind != "changed"]
    known = None
    # What writes into its inputs and is right makes none of the known mistakes.
    if wrong and not any(failure.kind in SAYS_NOTHING for failure in failures.values()):
        with one_thread():
            known = recognise(question, cases, expected, got, seed)

    def difficulty(i: int) -> tuple:
        """Of working the case through by hand."""
        values = (*cases[i].values(), expected[i].value, got[i].value)
        is_long = not all(map(is_whole, values))
        value = expected[i].value
        return is_long, not is_readable(value), _is_one_row(value), _size(cases[i], expected[i])

    n_of = Counter(failure.kind for failure in failures.values())
    # An exception in an edge case must not hide what most cases show.
    first = min(failures.values(), key=lambda f: (*_rank(f), -n_of[f.kind], _urgency(f))).kind
    shown = min((i for i in failures if failures[i].kind == first), key=difficulty)
    kind, sentence = failures[shown].kind, failures[shown].sentence
    is_sometimes_none = kind == "none" and any(
        outcome.error or outcome.value is not None for outcome in got
    )
    verdict = replace(
        verdict, kind=kind, sentence=SOMETIMES_NONE if is_sometimes_none else sentence
    )
    if got[shown].error and kind != "stub":
        verdict = replace(verdict, line=got[shown].line)
    is_for_none = kind == "type" and expected[shown].value is None  # of which inputs?
    if (
        kind not in NEEDS_NO_CASE
        or is_sometimes_none
        or is_for_none
        or sentence.startswith("Item ")
    ):
        place = _place(shown, len(failures), len(cases))
        words = _case_in_words(cases[shown], expected[shown], got[shown])
        verdict = replace(verdict, place=place, **words)
    if known:
        slips = tuple((one.name, one.says) for one in known.slips)
        return replace(
            verdict, misconception=known.name, says=known.says, hint=known.hint, slips=slips
        )
    if kind == "error":
        return replace(verdict, hint=crash_hint(got[shown].error, verdict.line))
    if kind in SAYS_NOTHING:
        return replace(verdict, hint=HINTS.get(kind, ""))
    if got[shown].changed and not wrong:
        return replace(verdict, hint=_copies(cases[shown], got[shown]))
    # What holds in one case alone, where two sizes happen to be equal, would mislead.
    first, *others = [[*relations(cases[i], expected[i], got[i], question)] for i in wrong]
    relation = next((one for one in first if all(one in some for some in others)), "")
    if kind == "value" and not relation:
        relation = relation_of_numbers(expected, got, question)
    if kind in ("value", "length", "type") and not relation:
        relation = relation_of_lists(expected, got, wrong)
    if kind == "dtype":
        return replace(verdict, pattern=relation, hint=_dtype_hint(expected, got, wrong, question))
    if relation:
        is_unchanged = relation.endswith(AS_IT_CAME)
        return replace(verdict, pattern=relation, hint=UNCHANGED if is_unchanged else "")
    copies = _copies(cases[shown], got[shown]) if got[shown].changed else ""
    return replace(verdict, hint=copies or HINTS.get(kind, ""))


def _dtype_hint(
    expected: list[Outcome], got: list[Outcome], wrong: list[int], question: Question
) -> str:
    """How to change the dtype, where that is all there is to do."""
    for i in wrong:
        right, value = expected[i].value, got[i].value
        if not (isinstance(right, Tensor) and isinstance(value, Tensor)):
            continue
        if difference(right, value.to(right.dtype), question.rtol, question.atol):
            return NO_TRUTHS if right.dtype == torch.bool else NOT_THE_DTYPE_ALONE
    return HINTS["dtype"]


def _failure(expected: Outcome, got: Outcome, question: Question) -> Difference | None:
    if got.error:
        return _name_error(got.error, question.function_name)
    wrong = difference(expected.value, got.value, question.rtol, question.atol)
    if not got.changed:
        return wrong
    names = " and ".join(f"`{name}`" for name in got.changed)
    if wrong:
        return replace(wrong, sentence=f"{wrong.sentence} It also writes into its input {names}.")
    return Difference("changed", f"The result is right, but the function wrote into {names}.")


def _name_error(error: BaseException, name: str) -> Difference:
    if isinstance(error, KeyboardInterrupt):
        return Difference("stopped", "It was stopped before it had a result.")
    if isinstance(error, RecursionError):
        return Difference("recursion", "It calls itself without end.")
    if isinstance(error, NotImplementedError) and not error.args:
        frames = traceback.extract_tb(error.__traceback__)
        where = frames[-1].name if frames else name
        sentence = f"`{where}` is not written yet: put your code in place of its "
        return Difference("stub", f"{sentence}`raise NotImplementedError()`.")
    if isinstance(error, SystemExit):
        sentence = "It called `exit()` or raised SystemExit, which ends Python"
        return Difference("error", f"{sentence}: a function ends with `return`.")
    # Not str(error): Python's own line may add what name was meant instead.
    text = "".join(traceback.TracebackException.from_exception(error).format_exception_only())
    text = " ".join(text.split())
    if len(text) > MAX_ERROR_CHARACTERS:
        text = f"{text[:MAX_ERROR_CHARACTERS]}…"
    return Difference("error", f"It raised {text}")


def _copies(case: dict, got: Outcome) -> str:
    """How not to write into what came in."""
    kind = type(case[got.changed[0]]).__name__
    return f"{WRITTEN_INTO} {COPIES.get(kind, '')}".strip()


def _rank(failure: Difference) -> tuple[bool, bool]:
    """What says nothing of the cases comes first, what only changes an input last."""
    return failure.kind not in SAYS_NOTHING, failure.kind == "changed"


def _urgency(failure: Difference) -> int:
    return URGENT.index(failure.kind) if failure.kind in URGENT else len(URGENT)


def _is_one_row(value: Any) -> bool:
    """A lone row or column, which shows little of how rows differ."""
    return isinstance(value, Tensor) and value.ndim > 1 and 1 in value.shape[-2:]


def _size(case: dict, expected: Outcome) -> int:
    """How many numbers a reader has before them."""
    values = [*case.values(), expected.value]
    return sum(value.numel() if isinstance(value, Tensor) else 1 for value in values)


def _case_in_words(case: dict, expected: Outcome, got: Outcome) -> dict:
    """The inputs, and the two results where there are two and they can be read."""
    words: dict = {"case": tuple((name, describe(value)) for name, value in case.items())}
    if not got.error and is_readable(expected.value):
        words["expected"] = describe(expected.value, got.value)
        words["got"] = describe(got.value, expected.value)
    return words


def _place(shown: int, n_failed: int, n_cases: int) -> str:
    n_right = n_cases - n_failed
    right = f" ({n_right} {'case is' if n_right == 1 else 'cases are'} right)" if n_right else ""
    return f"case {shown + 1} of {n_cases}{right}"
