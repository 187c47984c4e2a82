"""Is it the same value? Numbers within a tolerance, and whatever is far too large soon known."""

from dataclasses import dataclass
from itertools import chain
from numbers import Complex, Real
from typing import Any

import torch
from torch import Tensor

from llama_edu.course.checking.describe import (
    Large,
    describe,
    dtype_name,
    number_in,
    plain,
    two_numbers,
)

MAX_ITEMS = 10_000  # that are looked into, or
TIMES_AS_MANY = 10  # as in the expected value
MAX_NUMBERS = 10_000_000  # in a tensor
MAX_DEPTH = 16  # of lists in lists: one may hold itself


@dataclass(frozen=True)
class Difference:
    """What is wrong with a value.

    Args:
        kind: "none", "type", "length", "shape", "dtype", "graph", "nan", "inf", "order" or "value".
        sentence: what was expected and what came.
    """

    kind: str
    sentence: str


def is_same(expected: Any, got: Any, rtol: float, atol: float) -> bool:
    """Whether `difference` finds nothing; soon known, however large the other value is."""
    got = plain(got)
    if got is None or isinstance(got, Large) or not is_same_type(expected, got):
        return got is None and expected is None
    if isinstance(expected, dict):
        if len(expected) != len(got) or expected.keys() != got.keys():
            return False
        return all(is_same(expected[key], got[key], rtol, atol) for key in expected)
    if isinstance(expected, list | tuple):
        pairs = zip(expected, got, strict=False)
        return len(expected) == len(got) and all(is_same(*pair, rtol, atol) for pair in pairs)
    if isinstance(expected, Tensor):
        got = bounded(got, MAX_ITEMS)
        return isinstance(got, Tensor) and tensor_difference(expected, got, rtol, atol) is None
    if isinstance(expected, float | complex):
        return number_difference(expected, got, rtol, atol) is None
    return bool(expected == got)


def is_same_type(expected: Any, got: Any) -> bool:
    """Whether a value is of the type that is asked for, or may stand for it: 2 for 2.0."""
    if isinstance(expected, bool) or isinstance(got, bool):
        return isinstance(expected, bool) and isinstance(got, bool)
    for kind, allowed in ((Tensor, Tensor), (float, Real), (complex, Complex)):
        if isinstance(expected, kind):
            return isinstance(got, allowed)
    for kind in (list, tuple, dict):  # a named tuple may be answered by a plain one
        if isinstance(expected, kind):
            return isinstance(got, kind)
    return isinstance(got, type(expected))


def number_difference(
    expected: complex, got: complex, rtol: float, atol: float
) -> Difference | None:
    """What is wrong with a lone number; None if it is close enough."""
    dtype = torch.complex128 if isinstance(expected, complex) else torch.float64
    try:
        numbers = [torch.tensor(type(expected)(n), dtype=dtype) for n in (expected, got)]
    except OverflowError:  # a whole number of hundreds of digits
        return Difference("value", two_values(expected, got))
    return tensor_difference(*numbers, rtol, atol)


def two_values(expected: Any, got: Any) -> str:
    """Both in a sentence."""
    return f"Expected {describe(expected)}, got {describe(got)}."


def tensor_difference(expected: Tensor, got: Tensor, rtol: float, atol: float) -> Difference | None:
    """The first thing that is wrong with a tensor; None if it is right."""
    if expected.shape != got.shape:
        sentence = f"Expected shape {tuple(expected.shape)}, got {tuple(got.shape)}."
        return Difference("shape", sentence)
    if expected.dtype != got.dtype:
        sentence = f"Expected dtype {dtype_name(expected)}, got {dtype_name(got)}."
        return Difference("dtype", sentence)
    if expected.requires_grad != got.requires_grad:
        return Difference("graph", _GRAPH[got.requires_grad])
    expected, got = expected.detach().cpu(), got.detach().cpu()
    for kind, name, is_so in (("nan", "NaN", torch.isnan), ("inf", "infinite", torch.isinf)):
        is_new = is_so(got) & ~is_so(expected)
        if is_new.any() and not is_so(expected).any():  # else it was put there, in a wrong place
            at = is_new.nonzero()[0].tolist()
            first = f", first at {at}" if is_new.sum() > 1 else f" at {at}"
            right = number_in(expected)(expected[*at].item())
            sentence = f"{_share(is_new)} {name}{first}, where {right} is expected."
            return Difference(kind, sentence if at else f"Expected {right}, got {got.item()}.")
    is_wrong = ~is_close(expected, got, rtol, atol)
    return Difference("value", _wrong_numbers(expected, got, is_wrong)) if is_wrong.any() else None


_GRAPH = {
    True: "The result hangs on a gradient graph (requires_grad), though no input does: it must be "
    "a plain tensor.",
    False: "The result is cut off from the gradient graph: `detach()`, `.data`, `.item()` and "
    "`torch.no_grad()` do that.",
}


def is_close(expected: Tensor, got: Tensor, rtol: float, atol: float) -> Tensor:
    """Where two tensors of one shape and dtype agree; whole numbers and truth values exactly."""
    if not (expected.is_floating_point() or expected.is_complex()):
        return expected == got
    wide = torch.complex128 if expected.is_complex() else torch.float64
    return got.to(wide).isclose(expected.to(wide), rtol, atol, equal_nan=True)


def _wrong_numbers(expected: Tensor, got: Tensor, is_wrong: Tensor) -> str:
    """How many numbers are wrong, and the worst; of two equally bad ones the first."""
    if expected.is_floating_point() or expected.is_complex():
        distance = (got.to(torch.complex128) - expected.to(torch.complex128)).abs()
        distance = distance.nan_to_num(torch.inf, posinf=torch.inf).where(is_wrong, 0)
        # Rounding makes a tie of what differs in the last bit, so that every CPU names the same.
        relative = distance / distance.max() if distance.max().isfinite() else distance.isinf()
        is_worst = relative > 1 - 1e-4
        most = ", most" if is_wrong.sum() > 1 else ""
    else:
        is_worst, most = is_wrong, ", first" if is_wrong.sum() > 1 else ""
    at = is_worst.nonzero()[0].tolist()
    texts = two_numbers(expected[*at].item(), got[*at].item())
    pair = "expected {}, got {}".format(*texts)
    if not at:
        return f"E{pair[1:]}."
    return f"{_share(is_wrong)} wrong{most} at {at}: {pair}."


def _share(mask: Tensor) -> str:
    """How many of all: "3 of 12 numbers are"."""
    n, n_all = int(mask.sum()), mask.numel()
    if n == n_all:
        return f"All {n} numbers are" if n > 1 else "The only number is"
    return f"{n} of {n_all} numbers {'is' if n == 1 else 'are'}"


def max_items(expected: Any) -> int:
    """How many items a value may have, inner ones included, to be looked into."""
    return max(MAX_ITEMS, TIMES_AS_MANY * _n_items(expected, MAX_ITEMS))


def _n_items(value: Any, most: int) -> int:
    """How many items a value has, inner ones included; `most` + 1 if it has more or is too deep."""
    n, todo = 0, [iter((value,))]
    while todo:
        for item in todo[-1]:
            n += 1
            if n > most:
                return most + 1
            if isinstance(item, list | tuple | set | frozenset | dict):
                if n + len(item) > most or len(todo) > MAX_DEPTH:
                    return most + 1
                pairs = item.items() if isinstance(item, dict) else ()
                todo.append(chain.from_iterable(pairs) if pairs else iter(item))
                break
        else:
            todo.pop()
    return n


def bounded(value: Any, most: int) -> Any:
    """The value, or what stands for it where it has too many items or is a tensor of no numbers."""
    if isinstance(value, Tensor):
        if value.is_nested:  # its rows differ in length
            return Large("nested tensor", (value.size(0),))
        kind = "meta " if value.is_meta else "quantized " if value.is_quantized else ""
        kind = "sparse " if value.layout != torch.strided else kind
        is_large = value.numel() > MAX_NUMBERS  # of which there may be one: `x.expand(10**12)`
        return Large(f"{kind}tensor", tuple(value.shape)) if kind or is_large else value
    kinds = (list, tuple, set, frozenset, dict)
    if not isinstance(value, kinds) or _n_items(value, most) <= most:
        return value
    return Large(next(kind.__name__ for kind in kinds if isinstance(value, kind)), len(value))
