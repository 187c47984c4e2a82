"""What is the first thing that is wrong with a value, in a sentence?"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from numbers import Real
from types import GeneratorType
from typing import Any

import torch
from torch import Tensor

from llama_edu.course.checking.describe import Large, describe, is_whole, kind_of, plain
from llama_edu.course.checking.same import (
    Difference,
    bounded,
    is_same,
    is_same_type,
    max_items,
    number_difference,
    tensor_difference,
    two_values,
)

NEAR = 12  # characters that say where in a long text two part


def difference(expected: Any, got: Any, rtol: float, atol: float) -> Difference | None:
    """Find the first thing that is wrong with a value; None if it is right.

    Numbers may be atol + rtol * |expected| apart, and NaN equals NaN; whole numbers, truth values
    and text must be equal. Lists, tuples and dicts are compared item by item. What is far larger
    than the expected value is not looked into, so that this never takes long.
    """
    got = bounded(plain(got), max_items(expected))
    if got is None and expected is not None:
        return Difference("none", "It returned None: is there a `return` on its last line?")
    if isinstance(got, Large):
        return _too_large(expected, got)
    if not is_same_type(expected, got):
        advice = _advice(expected, got, rtol, atol)
        return Difference("type", f"Expected {kind_of(expected)}, got {kind_of(got)}.{advice}")
    if isinstance(expected, Tensor):
        return tensor_difference(expected, got, rtol, atol)
    if isinstance(expected, tuple) and len(expected) == len(got) and _are_short([*expected, *got]):
        same = is_same(expected, got, rtol, atol)
        return None if same else Difference("value", two_values(expected, got))
    if isinstance(expected, dict | list | tuple):
        return _item_difference(expected, got, rtol, atol)
    if isinstance(expected, str):
        return _text_difference(expected, got)
    if isinstance(expected, float | complex):
        return number_difference(expected, got, rtol, atol)
    if expected == got:
        return None
    return Difference("value", two_values(expected, got))


def _too_large(expected: Any, got: Large) -> Difference:
    if isinstance(expected, Tensor) and got.kind == "tensor":
        return Difference("shape", f"Expected shape {tuple(expected.shape)}, got {got.size}.")
    is_same_kind = type(expected).__name__ == got.kind
    kind = "value" if got.kind in ("str", "bytes", "int") else "length"
    more = ": far more than was asked for" if isinstance(got.size, int) else ""
    sentence = f"Expected {kind_of(expected)}, got {kind_of(got)}{more}."
    return Difference(kind if is_same_kind else "type", sentence)


def _are_short(items: Sequence) -> bool:
    """Whether items are best read beside each other: whole numbers and text."""
    return {type(plain(item)) for item in items} <= {int, str}  # True is no number


def _advice(expected: Any, got: Any, rtol: float, atol: float) -> str:
    """How to make the type that was asked for out of the one that came, where that is known."""
    if isinstance(got, tuple) and hasattr(got, "values") and hasattr(got, "indices"):
        return " `max(dim)` and its like return (values, indices): take `.values`."
    if isinstance(got, tuple) or (isinstance(got, list) and len(got) == 1):
        for position, item in enumerate(got):
            if is_same(expected, item, rtol, atol):
                return f" Item {position} of it is right: return that alone."
    if isinstance(got, GeneratorType | map | filter | zip) and isinstance(expected, list):
        return " `list(...)` runs it and collects what it gives."
    if callable(got) and not isinstance(expected, type(got)):
        return " Are the parentheses `()` missing?"
    if isinstance(expected, list) and (isinstance(got, Tensor) or type(got).__name__ == "ndarray"):
        return " `.tolist()` turns it into one."
    if isinstance(expected, list) and isinstance(got, set | frozenset):
        is_ascending = _are_hashable(expected) and set(expected) == got and _ascends(expected)
        advice = "`sorted(...)` makes a list of it" if is_ascending else "begin with a list"
        return f" A set has no order: {advice}."
    if isinstance(expected, list | tuple) and isinstance(got, dict):
        values = type(expected)(got.values())
        is_right = is_same(expected, values, rtol, atol)
        return " Its values are right: `.values()` gives them." if is_right else ""
    if isinstance(expected, dict) and isinstance(got, list):
        is_right = is_same(list(expected.items()), got, rtol, atol)
        return " `dict(...)` turns it into one." if is_right else ""
    if isinstance(expected, list | tuple) and isinstance(got, list | tuple | bytes):
        return f" `{kind_of(expected).split()[1]}(...)` turns it into one."
    if isinstance(got, Tensor) and isinstance(expected, Real):
        return " `.item()` takes the number out of it." if got.numel() == 1 else ""
    if isinstance(expected, int) and isinstance(got, float) and got.is_integer():
        return " `int(...)` turns it into one, and `//` of whole numbers gives one."
    if not isinstance(expected, Tensor):
        return ""
    if type(got).__module__ == "numpy":
        return " `torch.from_numpy(...)` turns it into one."
    if isinstance(got, list | tuple):
        if not any(isinstance(item, Tensor) for item in got):
            return _advice_on_numbers(got)
        if _could_stack(expected, got):
            return " `torch.stack(...)` turns it into one."
        shapes = {tuple(item.shape) for item in got if isinstance(item, Tensor)}
        return f" Each of them has shape {shapes.pop()}." if len(shapes) == 1 else ""
    if isinstance(got, Iterable) and not isinstance(got, str | dict):
        return " Collect what it gives in a list; `torch.tensor` or `torch.stack` does the rest."
    return " `torch.tensor(...)` turns it into one." if isinstance(got, Real) else ""


def _advice_on_numbers(got: Sequence) -> str:
    try:
        torch.tensor(got)
    except (ValueError, TypeError, RuntimeError, OverflowError) as error:
        ragged = "length" in str(error)
        return " Its rows have different lengths; those of a tensor are equal." if ragged else ""
    return " `torch.tensor(...)` turns it into one."


def _could_stack(expected: Tensor, got: Sequence) -> bool:
    """Whether these tensors are as many and as large as the slices of the expected one."""
    shapes = {tuple(item.shape) if isinstance(item, Tensor) else None for item in got}
    slices = ((*expected.shape[:dim], *expected.shape[dim + 1 :]) for dim in range(expected.ndim))
    return any(
        n_slices == len(got) and shapes == {slice_shape}
        for n_slices, slice_shape in zip(expected.shape, slices, strict=True)
    )


def _item_difference(expected: Any, got: Any, rtol: float, atol: float) -> Difference | None:
    """Dicts by key, lists and tuples by position; what stands in both is looked at first."""
    if isinstance(expected, dict):
        if expected.keys() != got.keys():
            return Difference("length", f"Its keys are not right. {_missing([*expected], [*got])}")
        pairs = [(repr(key), expected[key], got[key]) for key in expected]
    else:
        pairs = [(str(i), *pair) for i, pair in enumerate(zip(expected, got, strict=False))]
    if isinstance(expected, list) and _is_rearranged(expected, got):
        i = next(i for i, pair in enumerate(zip(expected, got, strict=True)) if pair[0] != pair[1])
        place = f"item {i} should be {describe(expected[i])}"
        return Difference("order", f"The right items, in another order: {place}.")
    for name, *pair in pairs:
        if pair[0] is not None and pair[1] is None:
            sentence = f"Item {name} is None, where {describe(pair[0])} is expected."
            wrong = Difference("type", sentence)
            break
        if wrong := difference(*pair, rtol, atol):
            sentence = f"Item {name}: {wrong.sentence[0].lower()}{wrong.sentence[1:]}"
            break
    else:
        wrong = None
    if len(expected) != len(got):
        n_items = f"{len(expected)} item" + "s" * (len(expected) != 1)
        if not wrong:
            so_far = f"The first {len(pairs)} are right." if len(pairs) > 1 else ""
        elif _are_hashable([*expected, *got]):
            so_far = _missing(expected, got)
        else:
            so_far = sentence
        return Difference("length", f"Expected {n_items}, got {len(got)}. {so_far}".strip())
    return wrong and replace(wrong, sentence=sentence)


def _is_rearranged(expected: list, got: list) -> bool:
    """Whether these are the same items as often, but not in their places."""
    if not _are_hashable([*expected, *got]) or expected == got:
        return False
    return Counter(map(_key, expected)) == Counter(map(_key, got))


def _ascends(items: list) -> bool:
    return len({*map(type, items)}) == 1 and items == sorted(items)


def _are_hashable(items: Sequence) -> bool:
    return bool(items) and all(isinstance(item, int | str | tuple) and _key(item) for item in items)


def _key(item: Any) -> str:
    """A text that equal items share; "" if an item is none to be looked up.

    It stands for the item in a table of hashes: those of numbers can be made to be all one, and
    then looking up n of them takes n * n steps.
    """
    if isinstance(item, int):
        return f"{item:x}"
    if isinstance(item, tuple):
        keys = [_key(inner) for inner in item]
        return f"({','.join(keys)})" if all(keys) else ""
    if isinstance(item, float) and item.is_integer():
        return f"{int(item):x}"
    return repr(item) if isinstance(item, str | bytes | float | complex | None) else ""


def _missing(expected: Iterable, got: Iterable) -> str:
    """What is not there and should be, and what should not be and is: the first of each."""
    words = []
    for here, there, never, seldom in (
        (expected, got, "missing", "not there often enough"),
        (got, expected, "too many", "there too often"),
    ):
        items = {_key(item): item for item in reversed([*here])}
        there = Counter(map(_key, there))
        some = list((Counter(map(_key, here)) - there).elements())
        if len(some) > 1:
            words.append(f"{describe(items[some[0]])} and {_others(len(some) - 1)} are {never}")
        elif some:
            words.append(f"{describe(items[some[0]])} is {seldom if some[0] in there else never}")
    return f"{'; '.join(words)}."


def _others(n: int) -> str:
    return "one other" if n == 1 else f"{n} others"


def _text_difference(expected: str, got: str) -> Difference | None:
    if expected == got:
        return None
    n_same = next((i for i, (a, b) in enumerate(zip(expected, got, strict=False)) if a != b), None)
    n_same = min(len(expected), len(got)) if n_same is None else n_same
    if n_same > 1 and not (is_whole(expected) and is_whole(got)):  # what differs may not be shown
        before = expected[max(n_same - NEAR, 0) : n_same]
        wanted, came = describe(expected[n_same:]), describe(got[n_same:])
        right = f"The first {n_same} characters are right"
        return Difference("value", f"{right}. After {before!r} expected {wanted}, got {came}.")
    where = f"; the first {n_same} characters are right" if n_same > 1 else ""
    return Difference("value", f"Expected {describe(expected)}, got {describe(got)}{where}.")
