"""Mistakes that any function can make, known by how the wrong numbers look beside the right ones.

They stand in for a misconception where no question names one.
"""

import math
from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import partial
from itertools import permutations
from typing import Any

import torch
from torch import Tensor

from llama_edu.course.checking.same import is_close

MAX_PERMUTED_DIMS = 5
MAX_TIMES = 10**6  # more is written in short: 1e+09 times
MIN_DIFFERENT = 3  # fewer numbers stand in some plain relation by chance


def patterns(expected: Any, got: Any, rtol: float, atol: float) -> Iterator[str]:
    """Say how a wrong tensor relates to the right one: in sentences, what is plainest first.

    patterns(x, 8 * x, 1e-5, 1e-6) -> "Every number is 8 times the expected one."
    """
    if not (isinstance(expected, Tensor) and isinstance(got, Tensor)):
        return
    if expected.numel() != got.numel() or expected.is_complex() or got.is_complex():
        return
    is_truth = torch.bool in (expected.dtype, got.dtype)
    expected, got = expected.detach().double(), got.detach().double()
    if not (expected.isfinite().all() and got.isfinite().all()):
        return
    # A lone number is a multiple of every other, and stands anywhere: that would say nothing.
    is_turned = expected.ndim == 2 and expected.mT.shape == got.shape != expected.shape
    if expected.unique().numel() < 2 and not is_turned:
        return
    arithmetic = _truths if is_truth else _arithmetic
    tolerance = (rtol, atol)
    if expected.shape == got.shape:
        yield from arithmetic(expected, got, tolerance)
    yield from _places(expected, got, tolerance)
    if expected.shape == got.shape:
        yield from _weights(expected, got, tolerance)


def pattern_of_numbers(expected: list[float], got: list[float], rtol: float, atol: float) -> str:
    """Say how wrong numbers relate to the right ones, over all cases: a sentence, or "".

    pattern_of_numbers([0.1, 0.5, 0.2], [0.9, 0.5, 0.8], 1e-5, 1e-6) ->
    "In every case it is 1 minus the expected number."
    """
    try:
        is_finite = all(map(math.isfinite, (*expected, *got)))
    except OverflowError:  # a whole number of hundreds of digits
        return ""
    if not is_finite or len(set(expected)) < MIN_DIFFERENT:
        return ""
    if len(set(got)) == 1:
        return f"It is {got[0]:.4g} in every case, whatever comes in."
    right, wrong = max(zip(expected, got, strict=True), key=lambda pair: abs(pair[0]))
    factor, shift = wrong / right, wrong - right
    if not math.isfinite(factor):
        return ""
    changes = [
        (f"{_times(factor) if factor else 0} the expected number", lambda x: factor * x),
        ("1 minus the expected number", lambda x: 1 - x),
        (f"{abs(shift):.4g} too {'large' if shift > 0 else 'small'}", lambda x: x + shift),
        ("the expected number without its sign", abs),
        ("the expected number, but never below 0", lambda x: max(x, 0)),
        ("the expected number, but never above 1", lambda x: min(x, 1)),
        ("the expected number, cut to a whole one", math.trunc),
        ("the expected number, cut to a whole one", math.floor),
    ]
    changes += [("the expected number, rounded", partial(round, ndigits=n)) for n in range(5)]
    for words, change in changes:
        changed = map(change, expected)
        if all(map(partial(math.isclose, rel_tol=rtol, abs_tol=atol), changed, got)):
            return f"In every case it is {words}."
    if max(got) > 1 and all(x == int(x) for x in got) and sum(x != int(x) for x in expected) > 1:
        return "In every case it is a whole number. Is a division missing, or is it `//`?"
    return ""


def pattern_of_lists(expected: list[list], got: list[list]) -> str:
    """Say how wrong lists relate to the right ones, in all the wrong cases: a sentence, or "".

    pattern_of_lists([[4, 5], [1, 2, 3]], [[4], [1, 2]]) -> "In every wrong case the last item is
    missing."
    """
    if len(got) < 2 or max(map(len, expected)) < MIN_DIFFERENT:
        return ""
    pairs = list(zip(expected, got, strict=True))
    relations: list[tuple[str, Callable]] = [
        ("nothing is there", lambda right, ours: not ours),
        (
            "only the first item is there: does a `return` in a loop end it",
            lambda right, ours: ours == right[:1],
        ),
        (
            "only the last item is there: is the list made anew in a loop, or filled after it",
            lambda right, ours: ours == right[-1:],
        ),
        ("the first item is missing", lambda right, ours: ours == right[1:]),
        ("the last item is missing", lambda right, ours: ours == right[:-1]),
        ("what is there is right, but something is missing", _is_part),
        (
            "the right items are there, some of them too often",
            lambda right, ours: _is_part(ours, right) and all(item in right for item in ours),
        ),
        (
            "the right items are there, and others with them",
            lambda right, ours: _is_part(ours, right),
        ),
        (
            "the right items are there, some of them too often or in another order",
            _are_same_but_for_copies,
        ),
        (
            "the right items are there, but some in a list inside (`append` puts a list in as one "
            "item, `extend` puts in its items)",
            lambda right, ours: _unpacked(ours) == right,
        ),
    ]
    for words, holds in relations:
        if all(holds(*pair) for pair in pairs):
            return f"In every wrong case {words}{'?' if ':' in words else '.'}"
    return ""


def _is_part(whole: list, part: list) -> bool:
    """Whether a list is another one from which items were left out."""
    rest = iter(whole)
    return all(item in rest for item in part)


def _are_same_but_for_copies(right: list, ours: list) -> bool:
    """Whether different items are all there, perhaps more than once, and nothing else is."""
    are_different = all(item not in right[:i] for i, item in enumerate(right))
    are_there = all(item in ours for item in right)
    return are_different and are_there and all(item in right for item in ours)


def _unpacked(items: list) -> list:
    """The items of lists inside in the place of those lists."""
    return [x for item in items for x in (item if isinstance(item, list) else [item])]


Tolerance = tuple[float, float]


def _arithmetic(expected: Tensor, got: Tensor, tolerance: Tolerance) -> Iterator[str]:
    """The same sum done to every number."""
    if _equal(expected, got, tolerance):
        yield "The numbers themselves are right."
    if not got.any():
        yield "Every number is 0. Is there a `nan_to_num`? Then look at what stands before it."
        return
    largest = expected.abs().argmax()
    factor = (got.flatten()[largest] / expected.flatten()[largest]).item()
    if factor and _equal(factor * expected, got, tolerance):
        yield f"Every number is {_times(factor)} the expected one."
    shift = (got - expected).mean().item()
    if _equal(expected + shift, got, tolerance):
        yield f"Every number is {abs(shift):.4g} too {'large' if shift > 0 else 'small'}."


def _truths(expected: Tensor, got: Tensor, tolerance: Tolerance) -> Iterator[str]:
    if _equal(expected, got, tolerance):
        yield "The values themselves are right."
    if _equal(1 - expected, got, tolerance):
        yield "True and False have changed places everywhere."


def _times(factor: float) -> str:
    """8.0 -> "8 times", 0.125 -> "1/8 of", 2.828 -> "2.828 times (the square root of 8)"."""
    if math.isclose(factor, -1, rel_tol=1e-4):
        return "minus"
    simple = Fraction(factor).limit_denominator(256)
    if simple and abs(simple) < MAX_TIMES and math.isclose(simple, factor, rel_tol=1e-4):
        if simple.denominator == 1:
            return f"{simple} times"
        if simple.numerator == 1:
            return f"{simple} of"
    square = factor * factor  # `**` would raise where it is too large
    inverse = 1 / square if square else math.inf
    for power, root in ((square, "the square root of"), (inverse, "1 / the square root of")):
        if factor > 0 and 1 < power < 5000 and math.isclose(power, round(power), rel_tol=1e-4):
            return f"{factor:.4g} times ({root} {round(power)})"
    return f"{factor:.4g} times"


def _places(expected: Tensor, got: Tensor, tolerance: Tolerance) -> Iterator[str]:
    """The right values where they do not belong."""
    if (order := _moved_dims(expected, got, tolerance)) is not None:
        moved = [place for place, dim in enumerate(order) if dim != place]
        if expected.ndim == 2:
            yield "All is right, but rows and columns have changed places."
        if len(moved) == 2:
            yield f"All is right, but dims {moved[0]} and {moved[1]} have changed places."
        others = ", ".join(map(str, moved[:-1]))
        yield f"The values are right, but dims {others} and {moved[-1]} are all out of place."
    if expected.shape != got.shape:
        if _equal(expected, got.reshape(expected.shape), tolerance):
            yield "The values are right, and in the right order: only the shape is not."
    else:
        for dim in range(expected.ndim):
            if _equal(expected, got.flip(dim), tolerance):
                yield f"The values are right, but in reverse along dim {dim}."
            if any(_equal(expected.roll(step, dim), got, tolerance) for step in (1, -1)):
                yield f"The values are right, but shifted by one along dim {dim}."
    if expected.unique().numel() > 3 and _equal(*map(_sorted, (expected, got)), tolerance):
        yield (
            "All the right values are there, but in other places. `view` and `reshape` only cut "
            "the row of numbers anew; `transpose` and `permute` swap dims."
        )


def _weights(expected: Tensor, got: Tensor, tolerance: Tolerance) -> Iterator[str]:
    """Lines that should sum to 1."""
    for dim in range(expected.ndim):
        right, ours = expected.sum(dim), got.sum(dim)
        if _equal(torch.ones_like(right), right, tolerance) and not _equal(right, ours, tolerance):
            yield "Each line of the expected numbers sums to 1; here not every line does."


def _moved_dims(expected: Tensor, got: Tensor, tolerance: Tolerance) -> tuple[int, ...] | None:
    """The order of its dims in which the wrong tensor would be right, moving as few as can be."""
    if not 2 <= expected.ndim == got.ndim <= MAX_PERMUTED_DIMS:
        return None
    orders = permutations(range(got.ndim))
    orders = sorted(orders, key=lambda order: sum(i != dim for i, dim in enumerate(order)))
    for order in orders[1:]:
        moved = got.permute(order)
        if moved.shape == expected.shape and _equal(expected, moved, tolerance):
            return order
    return None


def _sorted(tensor: Tensor) -> Tensor:
    return tensor.flatten().sort().values


def _equal(expected: Tensor, got: Tensor, tolerance: Tolerance) -> bool:
    return bool(is_close(expected, got, *tolerance).all())
