"""Ways in which a file comes to harm: bytes that flip, parts lost, values of another type."""

import copy
from typing import Any

from hypothesis import strategies as st

ODD = st.sampled_from([
    None, True, 0, -1, 2**70, 1.5, "", "x", "\ud800", "\x00", [], {}, [[]], {"a": None}, "a" * 5000,
    [1, "a"], [None], {"cells": 3}, float("inf"),
]).map(copy.deepcopy)  # fmt: skip


@st.composite
def damaged(draw: st.DrawFn, whole: bytes) -> bytes:
    """A file with up to five wounds."""
    data = bytearray(whole)
    for _ in range(draw(st.integers(1, 5))):
        at = draw(st.integers(0, max(0, len(data) - 1)))
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
