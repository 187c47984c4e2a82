"""Run an answer on fresh inputs, and note all that came of it."""

import copy
import linecache
import traceback
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from inspect import unwrap
from typing import Any

import torch
from torch import Tensor, nn

from llama_edu.course.checking.describe import Large
from llama_edu.course.checking.questions import Question
from llama_edu.course.checking.same import bounded, is_same

MAX_ITEMS = 100_000  # of a result: one that has more, or that holds itself, is not looked into
MAY_GROW = (list, dict, set, Counter, defaultdict)
PLAIN = (type(None), bool, int, float, complex, str, bytes, Tensor, Large)


@dataclass(frozen=True)
class Outcome:
    """What came of one call.

    Args:
        value: what it returned; None if it raised.
        error: what it raised.
        changed: names of the inputs that it wrote into.
        line: the last line of its own that the error came through: "In line 3: `return q @ k`".
    """

    value: Any = None
    error: BaseException | None = None
    changed: tuple[str, ...] = ()
    line: str = ""


def make_cases(question: Question, seed: int) -> list[dict]:
    """The inputs of a question; the same for the same seed, on every machine."""
    return list(question.cases(torch.Generator().manual_seed(seed)))


@contextmanager
def one_thread() -> Iterator[None]:
    """Keep torch to one thread: cases are small, and on a busy machine threads wait for others."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def outcomes(function: Callable, cases: list[dict], seed: int) -> Iterator[Outcome]:
    """Call a function on a copy of every case; the cases stay as they are.

    A function that draws random numbers of its own is given the same ones every time, and takes
    none from the caller. An interrupt ends the run, with the interrupt as its last outcome.
    """
    for case in cases:
        inputs = copy.deepcopy(case)
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(seed)  # torch.manual_seed takes milliseconds
            try:
                value, error = _as_it_is_now(function(**inputs)), None
            except BaseException as raised:  # whatever they raise is theirs, SystemExit too
                value, error = None, raised
        changed = tuple(name for name in case if _is_changed(case[name], inputs[name]))
        yield Outcome(value, error, changed, failed_line(error, function) if error else "")
        if isinstance(error, KeyboardInterrupt):
            return


def _as_it_is_now(value: Any) -> Any:
    """A later call may put more into the same list: `def f(x, out=[])`."""
    value = bounded(value, MAX_ITEMS)
    return copy.copy(value) if type(value) in MAY_GROW else value


def _is_changed(before: Any, after: Any) -> bool:
    try:
        return not is_identical(before, after)
    except Exception:  # an answer may put anything into it
        return True


def tame(outcome: Outcome) -> Outcome:
    """The outcome without any code of the learner's: what their class makes is known by its name.

    An object may raise when its length is asked for, a tensor of a kind of its own when it is
    compared, an exception when it is to be printed.
    """
    error = outcome.error
    if error and type(error).__module__ != "builtins":
        error = _named(error, Exception)
    return replace(outcome, value=_tame(outcome.value), error=error)


def _tame(value: Any) -> Any:
    if type(value) in (list, tuple, set, frozenset):
        return type(value)(map(_tame, value))
    if type(value) is dict:
        return {_tame(key): _tame(item) for key, item in value.items()}
    return value if type(value) in PLAIN else _named(value, object)


def _named(value: Any, kind: type) -> Any:
    return type(type(value).__name__ or "object", (kind,), {"__module__": "__main__"})()


def is_same_outcome(expected: Outcome, got: Outcome, question: Question) -> bool:
    """The same value within the question's tolerance, or the same type of exception."""
    if expected.error or got.error:
        return type(expected.error) is type(got.error)
    return is_same(expected.value, got.value, question.rtol, question.atol)


def failed_line(error: BaseException, function: Callable) -> str:
    """The last line of the learner's own code that an exception came through, with its number.

    failed_line(error, scores) -> "In line 3: `return q @ k`"; "" if there is none. If it is that
    of another function that this one calls: "In line 8, in heads: `x.view(2)`, called in line 3:
    `q = heads(x)`".
    """
    own = getattr(unwrap(function), "__globals__", None)
    name, found, call = getattr(function, "__name__", ""), "", ""
    for frame, number in traceback.walk_tb(error.__traceback__):
        if frame.f_globals is own:
            code = frame.f_code
            where = "" if code.co_name == name else f", in {code.co_name}"
            is_called = where and getattr(own.get(code.co_name), "__code__", None) is code
            found = line_in_words(code.co_filename, number, where)
            if is_called and call:
                found = f"{found.rstrip('.')}, called {call[0].lower()}{call[1:]}"
            elif not is_called:
                call = found
    return found


def line_in_words(file: str, number: int, where: str = "") -> str:
    """A line of a file or a notebook's cell: "In line 3: `return q @ k`"."""
    text = linecache.getline(file, number).strip()
    return f"In line {number}{where}: `{text}`" if text else f"In line {number}{where}."


def is_identical(before: Any, after: Any) -> bool:
    """Not one bit of an input has changed; what cannot be compared is taken to be unchanged."""
    if type(before) is not type(after):
        return False
    if isinstance(before, Tensor):
        kinds = [(x.shape, x.dtype, x.requires_grad) for x in (before, after)]
        if kinds[0] != kinds[1]:
            return False
        return bool(((before == after) | (before.isnan() & after.isnan())).all())
    if isinstance(before, nn.Module):
        return is_identical(before.state_dict(), after.state_dict())
    if isinstance(before, list | tuple):
        return len(before) == len(after) and all(map(is_identical, before, after))
    if isinstance(before, dict):
        return before.keys() == after.keys() and all(
            is_identical(before[k], after[k]) for k in before
        )
    if isinstance(before, str | int | float | complex | set | None):
        return before == after or before != before
    return True
