"""Values that go into a student's process and come back: the same, and never run."""

import json

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from llama_edu.grading.inside.wire import WireError, decode, encode

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


def test_a_list_that_holds_itself_ends():
    value = []
    value.append(value)
    assert isinstance(sent(value), list)


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
        nested(100), {"list": [0] * 200_000}, {"set": [{"int": f"{i:x}"} for i in range(2000)]},
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
