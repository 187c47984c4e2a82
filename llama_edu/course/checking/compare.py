"""Is it the same value? If not, the first thing that is wrong with it, in a sentence."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from numbers import Complex, Real
from types import GeneratorType
from typing import Any

import torch
from torch import Tensor

from llama_edu.course.checking.describe import (
    Large,
    describe,
    dtype_name,
    kind_of,
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
    if not _is_same_type(expected, got):
        advice = _advice(expected, got, rtol, atol)
        return Difference("type", f"Expected {kind_of(expected)}, got {kind_of(got)}.{advice}")
    if isinstance(expected, Tensor):
        return _tensor_difference(expected, got, rtol, atol)
    if isinstance(expected, tuple) and len(expected) == len(got) and _are_short([*expected, *got]):
        same = expected == got
        return None if same else Difference("value", _two_values(expected, got))
    if isinstance(expected, dict | list | tuple):
        return _item_difference(expected, got, rtol, atol)
    if isinstance(expected, str):
        return _text_difference(expected, got)
    if isinstance(expected, float | complex):
        dtype = torch.complex128 if isinstance(expected, complex) else torch.float64
        try:
            numbers = [torch.tensor(type(expected)(n), dtype=dtype) for n in (expected, got)]
        except OverflowError:  # a whole number of hundreds of digits
            return Difference("value", _two_values(expected, got))
        return _tensor_difference(*numbers, rtol, atol)
    if expected == got:
        return None
    return Difference("value", _two_values(expected, got))


def is_same(expected: Any, got: Any, rtol: float, atol: float) -> bool:
    """Whether `difference` finds nothing; soon known, however large the other value is."""
    got = plain(got)
    if got is None or isinstance(got, Large) or not _is_same_type(expected, got):
        return got is None and expected is None
    if isinstance(expected, dict):
        if len(expected) != len(got) or expected.keys() != got.keys():
            return False
        return all(is_same(expected[key], got[key], rtol, atol) for key in expected)
    if isinstance(expected, list | tuple):
        pairs = zip(expected, got, strict=False)
        return len(expected) == len(got) and all(is_same(*pair, rtol, atol) for pair in pairs)
    if isinstance(expected, float | complex | Tensor):
        return difference(expected, got, rtol, atol) is None
    return bool(expected == got)


def max_items(expected: Any) -> int:
    """How many items a value may have, inner ones included, to be looked into."""
    return max(MAX_ITEMS, TIMES_AS_MANY * _n_items(expected, MAX_ITEMS))


def _n_items(value: Any, most: int) -> int:
    """How many items a value has, inner ones included; `most` + 1 if it has more or is too deep."""
    n, todo = 0, [iter((value,))]
    while todo:
        for item in todo[-1]:
            n += 1
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
        kind = "meta " if value.is_meta else "sparse " if value.layout != torch.strided else ""
        is_large = value.numel() > MAX_NUMBERS  # of which there may be one: `x.expand(10**12)`
        return Large(f"{kind}tensor", tuple(value.shape)) if kind or is_large else value
    kinds = (list, tuple, set, frozenset, dict)
    if not isinstance(value, kinds) or _n_items(value, most) <= most:
        return value
    return Large(next(kind.__name__ for kind in kinds if isinstance(value, kind)), len(value))


def _too_large(expected: Any, got: Large) -> Difference:
    if isinstance(expected, Tensor) and got.kind == "tensor":
        return Difference("shape", f"Expected shape {tuple(expected.shape)}, got {got.size}.")
    is_same_kind = type(expected).__name__ == got.kind
    kind = "value" if got.kind in ("str", "bytes", "int") else "length"
    more = ": far more than was asked for" if isinstance(got.size, int) else ""
    sentence = f"Expected {kind_of(expected)}, got {kind_of(got)}{more}."
    return Difference(kind if is_same_kind else "type", sentence)


def _two_values(expected: Any, got: Any) -> str:
    return f"Expected {describe(expected)}, got {describe(got)}."


def _are_short(items: Sequence) -> bool:
    """Whether items are best read beside each other: whole numbers and text."""
    return {type(plain(item)) for item in items} <= {int, str}  # True is no number


def _is_same_type(expected: Any, got: Any) -> bool:
    if isinstance(expected, bool) or isinstance(got, bool):
        return isinstance(expected, bool) and isinstance(got, bool)
    for kind, allowed in ((Tensor, Tensor), (float, Real), (complex, Complex)):
        if isinstance(expected, kind):
            return isinstance(got, allowed)
    for kind in (list, tuple, dict):  # a named tuple may be answered by a plain one
        if isinstance(expected, kind):
            return isinstance(got, kind)
    return isinstance(got, type(expected))


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


def _tensor_difference(
    expected: Tensor, got: Tensor, rtol: float, atol: float
) -> Difference | None:
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
    where = f"; the first {n_same} characters are right" if n_same > 1 else ""
    return Difference("value", f"Expected {describe(expected)}, got {describe(got)}{where}.")
