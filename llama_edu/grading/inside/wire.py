"""Values as JSON, to be sent into a student's process and back.

No pickle: reading one runs whatever code its writer chose. What JSON has no form for comes back
as its type alone.
"""

import base64
import math
from typing import Any

import torch
from torch import Tensor

MAX_DEPTH = 16
MAX_ITEMS = 100_000
MAX_HASHED = 1_000  # in a set or a dict
MAX_TYPES = 100  # that are not known here
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


def encode(value: Any, depth: int = 0) -> Any:
    """A value in lists, dicts and text; what cannot be sent becomes the name of its type.

    encode((1, 2.0)) -> {"tuple": [1, {"float": "2.0"}]}
    """
    if depth > MAX_DEPTH:
        return {"other": ["builtins", type(value).__name__]}
    if type(value).__module__ == "numpy" and getattr(value, "shape", None) == ():
        value = value.item()
    if value is None or isinstance(value, bool | str):
        return value if type(value) in (bool, str, type(None)) else str(value)
    if isinstance(value, int):
        return {"int": f"{int(value):x}"}  # JSON readers refuse numbers of thousands of digits
    if isinstance(value, float):
        return {"float": repr(float(value))}
    if isinstance(value, complex):
        return {"complex": [repr(value.real), repr(value.imag)]}
    if isinstance(value, bytes):
        return {"bytes": _text(value)}
    if isinstance(value, Tensor):
        return _encode_tensor(value)
    if isinstance(value, list | tuple | set | frozenset) and len(value) <= MAX_ITEMS:
        kind = next(k for k in (list, tuple, set, frozenset) if isinstance(value, k))
        return {kind.__name__: [encode(item, depth + 1) for item in value]}
    if isinstance(value, dict) and len(value) <= MAX_HASHED:
        pairs = [[encode(key, depth + 1), encode(item, depth + 1)] for key, item in value.items()]
        return {"dict": pairs}
    return {"other": [type(value).__module__, type(value).__name__]}


def decode(data: Any) -> Any:
    """The value of `encode`; what could not be sent is an object of a type of that name.

    Raises:
        WireError: if this is nothing that `encode` gives, or so much that reading it would take
            long. Nothing of it is ever run.
    """
    try:
        return _Reader().read(data, 0)
    except (ValueError, TypeError, KeyError, AttributeError, RuntimeError, OverflowError) as error:
        raise WireError(f"not a value: {type(error).__name__}") from None


class _Reader:
    """Reads one message, and counts what is in it."""

    def __init__(self):
        self.n_items = self.n_types = 0

    def read(self, data: Any, depth: int) -> Any:
        self.n_items += 1
        if depth > MAX_DEPTH + 1 or self.n_items > MAX_ITEMS:
            raise ValueError(f"deeper than {MAX_DEPTH}, or more than {MAX_ITEMS} items")
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
        if kind in ("set", "frozenset", "dict"):
            if len(body) > MAX_HASHED:  # whose hashes may all be one
                raise ValueError(f"more than {MAX_HASHED} items")
            if kind == "dict":
                return {self.read(k, depth + 1): self.read(v, depth + 1) for k, v in body}
            return (set if kind == "set" else frozenset)(self.read(i, depth + 1) for i in body)
        module, name = map(str, data["other"])
        self.n_types += 1
        if self.n_types > MAX_TYPES:
            raise ValueError(f"more than {MAX_TYPES} types")
        return type(name[:60] or "object", (), {"__module__": module[:60]})()


def _encode_tensor(value: Tensor) -> dict:
    name = str(value.dtype).removeprefix("torch.")
    if value.layout != torch.strided or value.is_meta or name not in DTYPES:
        return {"other": ["torch", "Tensor"]}
    plain = value.detach().cpu().resolve_conj().resolve_neg().contiguous().reshape(-1)
    data = plain.view(torch.uint8).numpy().tobytes() if plain.numel() else b""
    body = {"dtype": name, "shape": list(value.shape), "data": _text(data)}
    return {"tensor": body | ({"graph": True} if value.requires_grad else {})}


def _decode_tensor(dtype: str, shape: list[int], data: str, graph: bool = False) -> Tensor:
    raw = bytearray(base64.b64decode(data, validate=True))
    if not all(type(n) is int and 0 <= n < 2**40 for n in shape) or len(shape) > 32:
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
