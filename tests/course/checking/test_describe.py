"""Values are written short, in columns, and alike on every CPU."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from llama_edu.course.checking.describe import describe, kind_of, two_numbers


@pytest.mark.parametrize("value, text", [
    ([2.0, -1.0], "[2.0, -1.0]"),
    (torch.tensor(0.5), "(): 0.5000"),
    (torch.tensor([1 / 3, 2 / 3]), "(2,): [0.3333, 0.6667]"),
    (torch.tensor([1.0, -0.0, 12.0]), "(3,): [1, 0, 12]"),
    (torch.tensor([1000.4, 0.0]), "(2,): [1000, 0]"),
    (torch.tensor([0.99999994, 0.5]), "(2,): [1.000, 0.500]"),
    (torch.tensor([1.0, 1e-9, -1e-9]), "(3,): [1, 0, 0]"),
    (torch.tensor([1e-9, 2e-9]), "(2,): [1e-09, 2e-09]"),
    (torch.tensor([torch.nan, -torch.inf, 0.25]), "(3,): [nan, -inf, 0.2500]"),
    (torch.zeros(2), "(2,): [0, 0]"),
    (torch.tensor([3, 10]), "(2,) int64: [3, 10]"),
    (torch.tensor([1 + 2j]), "(1,) complex64: [1+2i]"),
    (torch.tensor([0.5], dtype=torch.bfloat16), "(1,) bfloat16: [0.5000]"),
    (torch.zeros(2, 6, 5, 8), "(2, 6, 5, 8)"),
    (torch.zeros(17), "(17,)"),
    (torch.zeros(0, 3), "(0, 3): []"),
    (torch.ones(2, 9, dtype=torch.bool).triu(),
     "(2, 9) bool: [[1, 1, 1, 1, 1, 1, 1, 1, 1],\n              [0, 1, 1, 1, 1, 1, 1, 1, 1]]"),
    (torch.tensor([[1.5, -10.0], [0.0, 2.0]]),
     "(2, 2): [[  1.50, -10.00],\n         [  0.00,   2.00]]"),
    (torch.tensor([[[1.0], [2.0]]]), "(1, 2, 1): [[[1],\n             [2]]]"),
    (3, "3"),
    (0.1 + 0.2, "0.3"),
    (1e-5, "1e-05"),
    (True, "True"),
    (None, "None"),
    ("words", "'words'"),
    ("w" * 200, "'" + "w" * 98 + "…"),
    ([1, 2.5, "a"], "[1, 2.5, 'a']"),
    (set(), "set()"),
    ((1,), "(1,)"),
    ((1, [2]), "(1, [2])"),
    ({"a": 1}, "{'a': 1}"),
    (list(range(300)), "a list of 300 items"),
    (["w" * 60] * 2, "a list of 2 items"),
    ((torch.tensor([1.0]), torch.tensor([[1.0], [2.0]])),
     "0: (1,): [1]\n1: (2, 1): [[1],\n            [2]]"),
    ({"loss": torch.tensor(2.5)}, "loss: (): 2.500"),
    (torch.nn.Linear(2, 2), "a Linear"),
    (torch.Generator(), "a Generator"),
    (len, "a function"),
    (int, "a class"),
])  # fmt: skip
def test_a_value_in_words(value, text):
    assert describe(value) == text


def test_two_tensors_to_compare_are_written_to_the_same_place():
    small, large = torch.tensor([0.1234]), torch.tensor([12.34])
    assert describe(small, beside=large) == "(1,): [0.12]"
    assert describe(large, beside=small) == "(1,): [12.34]"
    assert describe(small, beside="no tensor") == describe(small)


# Numbers with three digits: whatever the last bits do, they are not rounded another way.
@given(st.lists(st.integers(-999, 999), min_size=1, max_size=6), st.integers(-6, 6))
def test_noise_in_the_last_bits_changes_no_text(thousandths, power):
    values = torch.tensor(thousandths, dtype=torch.float64) * 10.0**power
    assert describe(values * (1 + 1e-9)) == describe(values * (1 - 1e-9))


@pytest.mark.parametrize("a, b, texts", [
    (0.5, 0.25, ("0.5", "0.25")),
    (1.0, 1.00001, ("1", "1.00001")),
    (1.0, 1.0 + 2**-52, ("1", "1.0000000000000002")),
    (1e-30, 1.0, ("0", "1")),
    (True, False, ("True", "False")),
    (0.5, float("nan"), ("0.5", "nan")),
    (0.5, float("inf"), ("0.5", "inf")),
    (4.53, 3.382e10, ("4.53", "3.382e+10")),
])  # fmt: skip
def test_two_numbers_are_written_so_that_they_differ(a, b, texts):
    assert two_numbers(a, b) == texts


@pytest.mark.parametrize("value, text", [
    ([1], "a list of 1 item"),
    (torch.ones(2, 3).max(0), "a tuple of 2 items"),
    (torch.ones(2).numpy(), "a NumPy array"),
    (..., "an ellipsis"),
    (1.0, "a float"),
])  # fmt: skip
def test_kinds(value, text):
    assert kind_of(value) == text
