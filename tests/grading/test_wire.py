"""Values that go into a student's process and come back: the same, and never run."""

import json
import math
from fractions import Fraction

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from llama_edu.grading.inside.wire import TooLarge, WireError, decode, encode

numbers = st.integers() | st.floats() | st.complex_numbers() | st.booleans() | st.none()
values = st.recursive(
    numbers | st.text() | st.binary(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.tuples(inner, inner)
        | st.dictionaries(st.text(max_size=5), inner, max_size=4)
    ),
    max_leaves=12,
)
TENSORS = [
    torch.randn(2, 3), torch.randn(3).bfloat16(), torch.tensor(7), torch.empty(0, 4),
    torch.tensor([True, False]), torch.tensor([1 + 2j]), torch.tensor([torch.nan, torch.inf]),
    torch.arange(6).view(2, 3).T, torch.randn(2, requires_grad=True), torch.tensor(2**62),
]  # fmt: skip


COLLIDING = [{"int": f"{i * (2**61 - 1):x}"} for i in range(1, 2000)]


def sent(value):
    return decode(json.loads(json.dumps(encode(value))))


@given(values)
def test_a_value_comes_back_as_it_was(value):
    assert repr(sent(value)) == repr(value)
    assert type(sent(value)) is type(value)


@pytest.mark.parametrize("value", TENSORS)
def test_a_tensor_comes_back_bit_for_bit(value):
    back = sent(value)
    assert (back.dtype, back.shape, back.requires_grad) == (
        value.dtype,
        value.shape,
        value.requires_grad,
    )
    assert torch.equal(back.nan_to_num(7.0), value.nan_to_num(7.0))


@pytest.mark.parametrize("value", [lambda: 0, object(), (i for i in "ab"), torch.nn.Linear(2, 2)])
def test_what_cannot_be_sent_is_the_name_of_its_type(value):
    assert type(sent(value)).__name__ == type(value).__name__


def holds_itself():
    value = []
    value.append(value)
    return value


def shared(depth, value=0):
    """A list that is small in memory and 4 ** depth items large when it is written out."""
    return shared(depth - 1, [value] * 4) if depth else value


@pytest.mark.parametrize(("value", "kind", "size"), [
    (holds_itself(), "list", 1), (shared(40), "list", 4), ([0] * 200_000, "list", 200_000),
    ("\0" * 1_000_000, "str", 1_000_000), (b"x" * 1_000_000, "bytes", 1_000_000),
    (10**2_000_000, "int", 2_000_001), ({"x" * 1_000_000: 1}, "dict", 1),
    (torch.zeros(1).expand(10**6, 10**6), "tensor", (10**6, 10**6)),
    ([torch.zeros(300_000)] * 3, "list", 3), (set(range(200_000)), "set", 200_000),
], ids=range(10))  # fmt: skip
def test_of_what_is_too_large_kind_and_size_are_sent(value, kind, size):
    with pytest.raises(TooLarge) as found:
        decode(json.loads(json.dumps(encode(value, max_bytes=500_000))))
    assert (found.value.kind, found.value.size) == (kind, size)


def test_no_more_is_read_than_is_asked_for():
    with pytest.raises(TooLarge):
        decode(encode([[1, 2], [3, 4]]), max_items=6)
    assert decode(encode([[1, 2], [3, 4]]), max_items=7) == [[1, 2], [3, 4]]


def test_a_fraction_that_no_float_holds_is_infinite():
    assert decode(encode([Fraction(10**999, 7), Fraction(-(10**999), 7)])) == [math.inf, -math.inf]


def test_a_number_of_any_length_comes_back():
    assert sent([10**5000, -(10**5000)]) == [10**5000, -(10**5000)]


def nested(depth):
    return {"list": [nested(depth - 1)]} if depth else 0


@pytest.mark.parametrize(
    "text",
    [
        7, [], {}, {"list": 3}, {"int": "x"}, {"int": 3}, {"float": "x"}, {"a": 1, "b": 2},
        {"tensor": {}}, {"tensor": []}, {"other": 3}, {"other": ["a"]}, {"bytes": "%"},
        {"tensor": {"dtype": "float32", "shape": [2], "data": "AAAA"}},
        {"tensor": {"dtype": "quint8", "shape": [0], "data": ""}},
        {"tensor": {"dtype": "float32", "shape": [-1], "data": ""}},
        {"tensor": {"dtype": "float32", "shape": [True], "data": "AAAAAA=="}},
        {"tensor": {"dtype": "float32", "shape": [2**60, 0], "data": ""}},
        {"dict": [[{"list": []}, 1]]}, {"set": [{"list": []}]}, {"other": ["m", "a\0b"]},
        nested(100), {"list": [0] * 200_000}, {"set": COLLIDING[:17]},
        {"dict": [[key, 1] for key in COLLIDING]}, {"large": ["list", -1]}, {"large": ["x", 3]},
        {"large": ["tensor", [2, "3"]]}, {"large": ["list", 2**63]},
        {"list": [{"other": ["m", "t"]}] * 200},
    ],
)  # fmt: skip
def test_what_nobody_honest_sends_is_refused(text):
    with pytest.raises(WireError):
        decode(text)


def test_truth_values_are_zero_or_one():
    back = decode({"tensor": {"dtype": "bool", "shape": [3], "data": "AAL/"}})
    assert back.tolist() == [False, True, True]
    assert back.sum() == 2
