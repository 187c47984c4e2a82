"""What the variables were when something was raised."""

import re
import traceback
from typing import Any

from torch import Tensor

TURNED = re.compile(r"\b(\w+)(?:\[[^\[\]]*\])?\.(?:T\b|t\()")  # of `q` or `weights["w_q"]`

CALLED = ", called in line "  # stands between the line that failed and the one that called it


def is_called(error: BaseException, line: str) -> bool:
    """Whether the line that failed is of a function that the answer calls."""
    return CALLED in line


def turns_more_than_two(error: BaseException, line: str) -> bool:
    """Whether a `.T` in the line that failed turns round a tensor of more than two dimensions.

    A tensor without a name is taken to have as many as the largest one at hand. True as well where
    nobody can know: the frames are gone.
    """
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    n_dims = []
    for name in TURNED.findall(line.partition(CALLED)[0]):
        homes = (frame.f_locals | frame.f_globals for frame in reversed(frames))
        value = next((home[name] for home in homes if name in home), None)
        n_dims += [one.ndim for one in _tensors(value)]
    return max(n_dims) > 2 if n_dims else has_more_than_two(error, line)


def has_more_than_two(error: BaseException, _line: str) -> bool:
    """Whether a tensor of more than two dimensions is at hand where it failed, or none at all."""
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    at_hand = frames[-1].f_locals.values() if frames else ()
    n_dims = [one.ndim for value in at_hand for one in _tensors(value)]
    return not n_dims or max(n_dims) > 2


def _tensors(value: Any) -> list[Tensor]:
    """The tensor itself, or those of a dict."""
    values = value.values() if isinstance(value, dict) else [value]
    return [one for one in values if isinstance(one, Tensor)]
