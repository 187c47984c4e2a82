"""Values in words: short enough to read, rounded so that every CPU gives the same text."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

MAX_NUMBERS = 16  # more are not read, they are skipped
MAX_TRUTHS = 36  # a mask is seen at a glance
MAX_CHARACTERS = 100
MAX_DIGITS = 50  # of a whole number
MAX_DEPTH = 4  # of lists in lists: one may hold itself


@dataclass(frozen=True)
class Large:
    """Stands for a value that nobody looks into: it is far larger than any right one, or a tensor
    without numbers.

    Args:
        kind: "list", "tensor", "sparse tensor".
        size: items, characters or digits; the shape of a tensor.
    """

    kind: str
    size: int | tuple[int, ...]


def describe(value: Any, beside: Any = None, depth: int = 0) -> str:
    """A value as it stands beside its name in a message.

    describe(torch.ones(2) / 3) -> "(2,): [0.3333, 0.3333]"; more than sixteen numbers are their
    shape alone, "(2, 6, 5, 8)". A dtype is named unless it is float32. Each row of a matrix has a
    line of its own.

    Args:
        value: of any type.
        beside: a tensor that it will be compared with: they are written to the same place.
        depth: of the lists that it stands in.
    """
    value = plain(value)
    if isinstance(value, Tensor):
        dtype = "" if value.dtype == torch.float32 else f" {dtype_name(value)}"
        head = f"{tuple(value.shape)}{dtype}"
        if not is_readable(value):
            return head
        write = number_in(value, *[beside] * isinstance(beside, Tensor))
        return f"{head}: {_rows(value, write, indent=len(head) + 2)}"
    if isinstance(value, bool | int | float | complex):
        text = number(value)
        return f"{text}.0" if isinstance(value, float) and text.lstrip("-").isdigit() else text
    if depth > MAX_DEPTH:
        return kind_of(value)
    if isinstance(value, list | tuple | dict) and len(value) <= MAX_NUMBERS:
        text = _items(value, depth + 1)
        return text if "\n" in text or len(text) <= MAX_CHARACTERS else kind_of(value)
    if isinstance(value, set | frozenset) and not value:
        return "set()"
    if isinstance(value, set | frozenset) and len(value) <= MAX_NUMBERS:
        items = sorted(describe(item, None, depth + 1) for item in value)  # in no order of its own
        text = f"{{{', '.join(items)}}}"
        return text if len(text) <= MAX_CHARACTERS else kind_of(value)
    if value is None or isinstance(value, str):
        text = repr(value and value[: MAX_CHARACTERS + 1])
        return text if len(text) <= MAX_CHARACTERS else f"{text[: MAX_CHARACTERS - 1]}…"
    return kind_of(value)


def plain(value: Any) -> Any:
    """A number of NumPy's, a text or whole number of an own kind as Python's; the rest as it is.

    An own kind of text may say that it is equal to every other.
    """
    is_numpy = type(value).__module__ == "numpy" and getattr(value, "shape", None) == ()
    value = value.item() if is_numpy else value
    if isinstance(value, str):
        return str.__str__(value)
    return int.__int__(value) if isinstance(value, int) and type(value) is not bool else value


def is_readable(value: Any) -> bool:
    """Whether `describe` shows the numbers of a tensor; whatever is no tensor is shown."""
    if not isinstance(value, Tensor):
        return True
    if value.is_meta or value.layout != torch.strided:
        return False
    # A tensor of no numbers may have a billion empty rows.
    n_shown = math.prod(max(n, 1) for n in value.shape)
    return n_shown <= (MAX_TRUTHS if value.dtype == torch.bool else MAX_NUMBERS)


def is_whole(value: Any, depth: int = 0) -> bool:
    """Whether `describe` shows all of a value, so that it can be worked through by hand."""
    if depth > MAX_DEPTH or isinstance(value, Large):
        return False
    if isinstance(value, list | tuple | dict):
        items = value.values() if isinstance(value, dict) else value
        is_short = len(value) <= MAX_NUMBERS and all(is_whole(item, depth + 1) for item in items)
    elif isinstance(value, set | frozenset):
        is_short = len(value) <= MAX_NUMBERS
    elif isinstance(value, str):
        return len(value) <= MAX_CHARACTERS and len(repr(value)) <= MAX_CHARACTERS
    else:
        return is_readable(value)
    return is_short and describe(value) != kind_of(value)


def kind_of(value: Any) -> str:
    """What sort of thing a value is, as a sentence says it: "a list of 3 items"."""
    if isinstance(value, Tensor):
        return f"a tensor of shape {tuple(value.shape)}"
    if isinstance(value, Large):
        return _large_kind(value)
    for kind in (list, tuple, dict, set):
        if isinstance(value, kind):
            return f"a {kind.__name__} of {len(value)} item{'s' * (len(value) != 1)}"
    if value is None or isinstance(value, bytes):
        return "None" if value is None else "bytes"
    if callable(value) and not isinstance(value, nn.Module):
        return "a class" if isinstance(value, type) else "a function"
    name = "NumPy array" if type(value).__name__ == "ndarray" else type(value).__name__
    return f"{'an' if name[0].lower() in 'aeio' else 'a'} {name}"


def _large_kind(value: Large) -> str:
    if isinstance(value.size, tuple):
        return f"a {value.kind} of shape {value.size}"
    what = {"str": "character", "bytes": "byte", "int": "digit"}.get(value.kind, "item")
    article = "an" if value.kind == "int" else "a"
    return f"{article} {value.kind} of {value.size} {what}{'s' * (value.size != 1)}"


def dtype_name(value: Tensor) -> str:
    """`float32` of `torch.float32`."""
    return str(value.dtype).removeprefix("torch.")


def number(value: complex, digits: int = 4) -> str:
    """One number to a few significant digits: 0.3333, 12, -inf, True."""
    if isinstance(value, bool | int):
        n_digits = int(value.bit_length() * math.log10(2)) + 1
        return str(value) if n_digits <= MAX_DIGITS else f"a number of about {n_digits} digits"
    if isinstance(value, complex):
        return f"{number(value.real, digits)}{value.imag:+.{digits}g}i"
    return f"{value + 0.0:.{digits}g}"  # -0.0 + 0.0 is 0.0: a sign that means nothing


def two_numbers(a: complex, b: complex) -> tuple[str, str]:
    """Two numbers that differ, to as many digits as it takes to see it.

    One that is next to nothing, in itself and beside the other, is 0: what is left of it differs
    between CPUs.
    """
    if isinstance(a, float) and isinstance(b, float):
        a, b = (
            0.0 if abs(x) < 1e-6 and abs(x) < 1e-7 * abs(y) < math.inf else x
            for x, y in ((a, b), (b, a))
        )
    texts = number(a), number(b)
    for digits in range(5, 18):
        if texts[0] != texts[1]:
            break
        texts = number(a, digits), number(b, digits)
    return texts


def number_in(*tensors: Tensor) -> Callable[[float], str]:
    """How to write the numbers of tensors: all to the same place, the largest to 4 digits."""
    if not all(tensor.is_floating_point() for tensor in tensors):
        return lambda x: number(int(x) if isinstance(x, bool) else x)
    every = torch.cat([tensor.detach().double().flatten() for tensor in tensors])
    finite = every[every.isfinite()]
    largest = finite.abs().max().item() if len(finite) else 0.0
    # The millionth keeps 0.99999994 of one CPU and 1.0 of another on the same side.
    exponent = math.floor(math.log10(largest * (1 + 1e-6))) if largest else 0
    if not -4 <= exponent <= 5:
        return number
    decimals = max(3 - exponent, 0)
    if all(round(x, decimals).is_integer() for x in finite.tolist()):
        decimals = 0
    return lambda x: f"{round(x, decimals) + 0.0:.{decimals}f}"


def _rows(tensor: Tensor, write: Callable[[float], str], indent: int) -> str:
    """Numbers in brackets, in columns; lines after the first are indented so far."""
    texts = [write(x) for x in tensor.detach().flatten().tolist()]
    width = max(map(len, texts), default=0) if tensor.ndim > 1 else 0
    rest = iter(texts)

    def nest(shape: tuple[int, ...], depth: int) -> str:
        if not shape:
            return f"{next(rest):>{width}}"
        inner = [nest(shape[1:], depth + 1) for _ in range(shape[0])]
        between = ", " if len(shape) == 1 else ",\n" + " " * (indent + depth + 1)
        return f"[{between.join(inner)}]"

    return nest(tuple(tensor.shape), 0)


def _items(value: list | tuple | dict, depth: int) -> str:
    """On one line as Python writes them; tensors on a line each, behind their key or position."""
    keys, items = (value, value.values()) if isinstance(value, dict) else (range(len(value)), value)
    texts = [describe(item, None, depth) for item in items]
    if any(isinstance(item, Tensor) for item in items):
        heads = [f"{key if isinstance(key, str) else describe(key, None, depth)}: " for key in keys]
        texts = [text.replace("\n", "\n" + " " * len(heads[0])) for text in texts]
        return "\n".join(map(str.__add__, heads, texts))
    if isinstance(value, dict):
        pairs = zip((describe(key, None, depth) for key in keys), texts, strict=True)
        return f"{{{', '.join(map(': '.join, pairs))}}}"
    inner = ", ".join(texts)
    return f"[{inner}]" if isinstance(value, list) else f"({inner}{',' * (len(value) == 1)})"
