"""Ways in which a file comes to harm: bytes that flip, parts lost, values of another type."""

import copy
import json
import math
from typing import Any

from hypothesis import strategies as st

# What stands in a file where something else belongs.
ODD = st.sampled_from([
    None, True, False, 0, 1, -1, 3, 2**31, 2**70, 10**12, 0.5, -1.5, 1e308, math.inf, math.nan,
    "", "x", "64", "</s>", "\ud800", "\x00", "a" * 5000, [], [0], [None], [1, "a"], ["a"], [[[]]],
    {}, {"content": 3}, {"a": {}}, {"a": None}, {"type": "x"}, {"cells": 3},
]).map(copy.deepcopy)  # fmt: skip

# What lies in the place of the file.
FOREIGN = [
    b"", bytes(64), b"\xef\xbb\xbf{}", b"null", b"[]", b"0", b'"x"', b"{}", b"[" * 100_000,
    b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 5\n",
    b"<!DOCTYPE html><html><body>Sign in</body></html>", "{}".encode("utf-16"),
    b'{"a": "\xff"}', b"Invalid username or password.", b"\x1f\x8b\x08\x00abc", b"PK\x03\x04abc",
    b"GGUF", b"GGUF\x00\x00\x00\x03" + bytes(16), b"GGUF\x03\x00\x00\x00" + b"\xff" * 16,
    (2**62).to_bytes(8, "little") + b"{}", (2).to_bytes(8, "little") + b"{}",
]  # fmt: skip


@st.composite
def damaged(draw: st.DrawFn, whole: bytes, dense: float = math.inf) -> bytes:
    """A file with up to five wounds, half of them in its first `dense` bytes; or a foreign one."""
    if draw(st.integers(0, 6)) == 6:
        return draw(st.sampled_from(FOREIGN))
    data = bytearray(whole)
    for _ in range(draw(st.integers(1, 5))):
        last = max(0, len(data) - 1)
        at = draw(st.integers(0, min(dense, last)) | st.integers(0, last))
        length = draw(st.integers(1, 40))
        how = draw(st.sampled_from(["flip", "cut", "lose", "insert", "double", "zero"]))
        if how == "flip" and data:
            data[at] ^= draw(st.integers(1, 255))
        elif how == "cut":
            del data[at:]
        elif how == "lose":
            del data[at : at + length]
        elif how == "insert":
            data[at:at] = draw(st.binary(min_size=1, max_size=40))
        elif how == "double":
            data[at:at] = data[at : at + length]
        elif how == "zero":
            data[at : at + length] = bytes(min(length, len(data) - at))
    return bytes(data)


@st.composite
def mistyped(draw: st.DrawFn, whole: Any) -> Any:
    """A value of JSON in which up to three values, or keys, are something else."""
    value = copy.deepcopy(whole)
    for _ in range(draw(st.integers(1, 3))):
        here, path = value, []
        while isinstance(here, dict | list) and here and (not path or draw(st.integers(0, 3))):
            keys = list(here) if isinstance(here, dict) else range(len(here))
            path.append((here, draw(st.sampled_from(keys))))
            here = here[path[-1][1]]
        if not path:
            return draw(ODD)
        inside, key = path[-1]
        how = draw(st.sampled_from(["other", "gone", "again"]))
        if how == "gone":
            del inside[key]
        elif how == "again" and isinstance(inside, list):
            inside.insert(key, copy.deepcopy(here))
        else:
            inside[key] = draw(ODD)
    return value


def as_json(value: Any) -> bytes:
    return json.dumps(value).encode()
