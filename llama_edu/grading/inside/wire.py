"""Values as JSON, to be sent into a student's process and back.

No pickle: reading one runs whatever code its writer chose. What JSON has no form for comes back
as its type alone.
"""

import base64
import math
from numbers import Real
from typing import Any

import torch
from torch import Tensor

MAX_DEPTH = 16
MAX_ITEMS = 100_000
MAX_SAME_HASH = 16  # keys of a dict or a set whose hashes are one: more are slow, and no accident
MAX_TYPES = 100  # that are not known here
MAX_SIZE = 1 << 62
MAX_DIMS = 64  # torch's own limit
ITEM_BYTES = 50  # of a number with what stands round it
SIZED = ("list", "tuple", "set", "frozenset", "dict", "str", "bytes", "int")
DTYPES = {
    str(dtype).removeprefix("torch."): dtype
    for dtype in (
        torch.float16, torch.bfloat16, torch.float32, torch.float64, torch.complex64,
        torch.complex128, torch.bool, torch.uint8, torch.int8, torch.int16, torch.int32,
        torch.int64,
    )
}  # fmt: skip


class WireError(ValueError):
    """Text that no honest sender wrote."""


class TooLarge(WireError):
    """A value that is larger than it may be.

    Args:
        kind: "list".
        size: items, characters or digits; the shape of a tensor.
    """

    def __init__(self, kind: str, size: int | tuple[int, ...]):
        super().__init__(f"{kind} of {size}")
        self.kind, self.size = kind, size


def encode(value: Any, max_bytes: float = math.inf) -> Any:
    """A value in lists, dicts and text; what cannot be sent becomes the name of its type.

    encode((1, 2.0)) -> {"tuple": [1, {"float": "2.0"}]}; of a value that is too large, its kind
    and its size alone: {"large": ["list", 200000]}.
    """
    try:
        return _Writer(max_bytes).write(value, 0)
    except TooLarge as error:
        return {"large": [error.kind, error.size]}


def decode(data: Any, max_items: int = MAX_ITEMS) -> Any:
    """The value of `encode`; what could not be sent is an object of a type of that name.

    Raises:
        TooLarge: if it is a larger value than asked for, or was too large to be sent.
        WireError: if this is nothing that `encode` gives, or so much that reading it would take
            long. Nothing of it is ever run.
    """
    try:
        return _Reader(max_items).read(data, 0)
    except _TooMany:
        ((kind, body),) = data.items()
        raise TooLarge(kind, len(body)) from None
    except TooLarge:
        raise
    except (ValueError, TypeError, KeyError, AttributeError, RuntimeError, OverflowError) as error:
        raise WireError(f"not a value: {type(error).__name__}") from None


class _TooMany(Exception):
    """More items than asked for, or deeper in each other."""


class _Writer:
    """Writes one message, and counts what is in it: a list may hold another a thousand times."""

    def __init__(self, max_bytes: float):
        self.n_items, self.n_left = 0, max_bytes

    def write(self, value: Any, depth: int) -> Any:
        try:
            self.n_items += 1
            if self.n_items > MAX_ITEMS or depth > MAX_DEPTH:
                raise _TooMany
            self._take(ITEM_BYTES)
            return self._write(value, depth)
        except _TooMany:
            if depth:
                raise
            raise TooLarge(*_size(value)) from None

    def _write(self, value: Any, depth: int) -> Any:
        if type(value).__module__ == "numpy" and getattr(value, "shape", None) == ():
            value = value.item()
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, str):
            self._take(6 * len(value))  # as \\u0000
            return value if type(value) is str else str(value)
        if isinstance(value, int):
            self._take(value.bit_length() / 4)
            return {"int": f"{int(value):x}"}  # JSON readers refuse numbers of thousands of digits
        if isinstance(value, float):
            return {"float": repr(float(value))}
        if isinstance(value, Real):  # a Fraction
            try:
                return {"float": repr(float(value))}
            except OverflowError:
                return {"float": "inf" if value > 0 else "-inf"}
        if isinstance(value, complex):
            return {"complex": [repr(value.real), repr(value.imag)]}
        if isinstance(value, bytes):
            self._take(2 * len(value))
            return {"bytes": _text(value)}
        if isinstance(value, Tensor):
            return self._tensor(value)
        for kind in (list, tuple, set, frozenset):
            if isinstance(value, kind):
                return {kind.__name__: [self.write(item, depth + 1) for item in value]}
        if isinstance(value, dict):
            inner = depth + 1
            pairs = [[self.write(k, inner), self.write(v, inner)] for k, v in value.items()]
            return {"dict": pairs}
        return self._other(type(value).__module__, type(value).__name__)

    def _tensor(self, value: Tensor) -> dict:
        name = str(value.dtype).removeprefix("torch.")
        if value.is_meta or value.is_nested or value.layout != torch.strided:
            kind = "meta" if value.is_meta else "nested" if value.is_nested else "sparse"
            return self._other("torch", f"{kind} tensor")
        if name not in DTYPES:
            return self._other("torch", "Tensor")
        self._take(2 * value.numel() * value.element_size())  # before it is written out
        plain = value.detach().cpu().resolve_conj().resolve_neg().contiguous().reshape(-1)
        data = plain.view(torch.uint8).numpy().tobytes() if plain.numel() else b""
        body = {"dtype": name, "shape": list(value.shape), "data": _text(data)}
        return {"tensor": body | ({"graph": True} if value.requires_grad else {})}

    def _other(self, module: str, name: str) -> dict:
        return {"other": [module, name]}

    def _take(self, n_bytes: float) -> None:
        self.n_left -= n_bytes
        if self.n_left < 0:
            raise _TooMany


def _size(value: Any) -> tuple[str, Any]:
    """The kind of a value, and how large it is."""
    if isinstance(value, Tensor):
        return "tensor", tuple(value.shape)
    kinds = (list, tuple, set, frozenset, dict, str, bytes)
    for kind in kinds:
        if isinstance(value, kind):
            return kind.__name__, len(value)
    return "int", int(value.bit_length() * math.log10(2)) + 1


class _Reader:
    """Reads one message, and counts what is in it."""

    def __init__(self, max_items: int):
        self.max_items = min(max_items, MAX_ITEMS)
        self.n_items = self.n_types = 0

    def read(self, data: Any, depth: int) -> Any:
        self.n_items += 1
        if self.n_items > self.max_items or depth > MAX_DEPTH:
            raise _TooMany
        if data is None or isinstance(data, bool | str):
            return data
        ((kind, body),) = data.items()
        if kind == "int":
            return int(body, 16)
        if kind == "float":
            return float(body)
        if kind == "complex":
            return complex(*map(float, body))
        if kind == "bytes":
            return base64.b64decode(body, validate=True)
        if kind == "tensor":
            return _decode_tensor(**body)
        if kind in ("list", "tuple"):
            return (list if kind == "list" else tuple)(self.read(item, depth + 1) for item in body)
        if kind == "dict":
            pairs = [(self.read(k, depth + 1), self.read(v, depth + 1)) for k, v in body]
            _check_hashes([key for key, _ in pairs])
            return dict(pairs)
        if kind in ("set", "frozenset"):
            items = [self.read(item, depth + 1) for item in body]
            _check_hashes(items)
            return (set if kind == "set" else frozenset)(items)
        if kind == "large":
            raise _too_large(*body)
        module, name = map(str, data["other"])
        self.n_types += 1
        if self.n_types > MAX_TYPES:
            raise ValueError(f"more than {MAX_TYPES} types")
        return type(name[:60] or "object", (), {"__module__": module[:60]})()


def _check_hashes(items: list) -> None:
    """Refuse items that a table of hashes could not tell apart: it would take their square."""
    hashes = sorted(map(hash, items))
    if any(map(int.__eq__, hashes[MAX_SAME_HASH:], hashes)):
        raise _TooMany


def _too_large(kind: str, size: int | list[int]) -> TooLarge:
    sizes = size if kind == "tensor" else [size]
    if kind not in (*SIZED, "tensor") or len(sizes) > MAX_DIMS:
        raise ValueError(f"{kind=} {sizes=}")
    if not all(type(n) is int and 0 <= n < MAX_SIZE for n in sizes):
        raise ValueError("a size that nothing has")
    return TooLarge(kind, tuple(size) if kind == "tensor" else size)


def _decode_tensor(dtype: str, shape: list[int], data: str, graph: bool = False) -> Tensor:
    raw = bytearray(base64.b64decode(data, validate=True))
    if not all(type(n) is int and 0 <= n < 2**40 for n in shape) or len(shape) > MAX_DIMS:
        raise ValueError(f"{shape=}")
    kind = DTYPES[dtype]
    if math.prod(shape) * kind.itemsize != len(raw):
        raise ValueError(f"{len(raw)} bytes for {shape=} of {dtype}")
    if not raw:
        value = torch.empty(shape, dtype=kind)
    elif kind is torch.bool:  # a byte that is neither 0 nor 1 must not become a truth value
        value = torch.frombuffer(raw, dtype=torch.uint8).ne(0).reshape(shape)
    else:
        value = torch.frombuffer(raw, dtype=kind).reshape(shape)
    return value.requires_grad_() if graph and (value.is_floating_point()) else value


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
