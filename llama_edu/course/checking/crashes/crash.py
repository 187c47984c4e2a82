"""A mistake that is known by what it raises."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Crash:
    """A mistake that is known by what it raises.

    Args:
        kinds: types of the exception.
        message: a pattern that is found in its text; the wording differs between versions.
        hint: what to think about next.
        line: a pattern that is found in the learner's line, where the text alone is not enough.
        holds: asked last, of the exception and that line, where a look at the variables decides.
    """

    kinds: type[Exception] | tuple[type[Exception], ...]
    message: str
    hint: str
    line: str = ""
    holds: Callable[[BaseException, str], bool] | None = None
