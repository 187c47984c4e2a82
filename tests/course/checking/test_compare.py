"""What differs is found, is said with what was expected and what came, and only then."""

import numpy as np
import pytest
import torch

from llama_edu.course.checking.compare import difference

X = torch.arange(6.0).view(2, 3)


def compare(expected, got):
    return difference(expected, got, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("value", [
    X, X > 2, X.long(), X.bfloat16(), X.to(torch.complex64), X.clone().requires_grad_(),
    torch.tensor(float("nan")), torch.tensor([torch.inf, -torch.inf]), torch.empty(0, 3),
    1, 1.5, float("nan"), float("inf"), 1 + 2j, True, "text", None, {"a": [X, (1, "b")]}, [], {1},
])  # fmt: skip
def test_a_value_equals_itself(value):
    assert compare(value, value) is None


@pytest.mark.parametrize("expected, got", [
    (X, X + 5e-7),
    ([(X, 1), (X, X + 1)], [(X.clone(), 1), (X.clone(), X + 1)]),
    (1000 * X, 1000 * X * (1 + 5e-6)),
    (X, torch.nn.Parameter(X, requires_grad=False)),
    (X, X.T.contiguous().T),
    (1.0, 1),
    (1.0, np.float64(1.0)),
    (1, np.int64(1)),
    (True, np.bool_(True)),
    ([(1, 2)], [(np.int64(1), np.uint8(2))]),
    ({(1, 2): 3}, {(np.int64(1), 2): np.int32(3)}),
    (2.0, 2.00001),
    ([1.0, X], [1.0, X + 1e-7]),
])  # fmt: skip
def test_what_is_within_tolerance_or_of_an_allowed_type_is_right(expected, got):
    assert compare(expected, got) is None


@pytest.mark.parametrize("expected, got, kind, sentence", [
    (X, None, "none", "It returned None: is there a `return` on its last line?"),
    (X, [1, 2], "type", "Expected a tensor of shape (2, 3), got a list of 2 items. "
     "`torch.tensor(...)` turns it into one."),
    (X, [[1, 2, 3], [4, 5]], "type", "Expected a tensor of shape (2, 3), got a list of 2 items. "
     "Its rows have different lengths; those of a tensor are equal."),
    (X, ["ab", "cd"], "type", "Expected a tensor of shape (2, 3), got a list of 2 items."),
    (X, [X[0], X[1]], "type", "Expected a tensor of shape (2, 3), got a list of 2 items. "
     "`torch.stack(...)` turns it into one."),
    (X, [X + 1, X + 1, X + 1], "type", "Expected a tensor of shape (2, 3), got a list of 3 items. "
     "Each of them has shape (2, 3)."),
    (X, [X + 1, X[0], X + 1], "type", "Expected a tensor of shape (2, 3), got a list of 3 items."),
    (X, (X + 1, X), "type", "Expected a tensor of shape (2, 3), got a tuple of 2 items. "
     "Item 1 of it is right: return that alone."),
    (X, X.max(0), "type", "Expected a tensor of shape (2, 3), got a tuple of 2 items. "
     "`max(dim)` and its like return (values, indices): take `.values`."),
    (X, X.numpy(), "type", "Expected a tensor of shape (2, 3), got a NumPy array. "
     "`torch.from_numpy(...)` turns it into one."),
    (X, (x for x in X), "type", "Expected a tensor of shape (2, 3), got a generator. Collect "
     "what it gives in a list; `torch.tensor` or `torch.stack` does the rest."),
    ([1], (i for i in [1]), "type", "Expected a list of 1 item, got a generator. "
     "`list(...)` runs it and collects what it gives."),
    (X, X.sum, "type", "Expected a tensor of shape (2, 3), got a function. "
     "Are the parentheses `()` missing?"),
    (X.sum(), 15.0, "type", "Expected a tensor of shape (), got a float. "
     "`torch.tensor(...)` turns it into one."),
    (15.0, X.sum(), "type", "Expected a float, got a tensor of shape (). "
     "`.item()` takes the number out of it."),
    ([1], torch.ones(1), "type", "Expected a list of 1 item, got a tensor of shape (1,). "
     "`.tolist()` turns it into one."),
    (1, True, "type", "Expected an int, got a bool."),
    (3, 3.0, "type", "Expected an int, got a float. "
     "`int(...)` turns it into one, and `//` of whole numbers gives one."),
    ("a", b"a", "type", "Expected a str, got bytes."),
    (X, X.T, "shape", "Expected shape (2, 3), got (3, 2)."),
    (X > 1, (X > 1).float(), "dtype", "Expected dtype bool, got float32."),
    (X, X.clone().requires_grad_(), "graph", "The result hangs on a gradient graph "
     "(requires_grad), though no input does: it must be a plain tensor."),
    (X.clone().requires_grad_(), X, "graph", "The result is cut off from the gradient graph: "
     "`detach()`, `.data`, `.item()` and `torch.no_grad()` do that."),
    (X, X / X, "nan", "1 of 6 numbers is NaN at [0, 0], where 0 is expected."),
    (X, X * torch.nan, "nan", "All 6 numbers are NaN, first at [0, 0], where 0 is expected."),
    (X, X + torch.eye(2, 3), "value",
     "2 of 6 numbers are wrong, most at [0, 0]: expected 0, got 1."),
    (X, X * X, "value", "4 of 6 numbers are wrong, most at [1, 2]: expected 5, got 25."),
    (X, X / 0, "nan", "1 of 6 numbers is NaN at [0, 0], where 0 is expected."),
    (X + 1, (X + 1) / 0, "inf",
     "All 6 numbers are infinite, first at [0, 0], where 1 is expected."),
    (torch.tensor([torch.inf, 0.5]), torch.tensor([-torch.inf, 0.5]), "value",
     "1 of 2 numbers is wrong at [0]: expected inf, got -inf."),
    (torch.tensor([-torch.inf, 0.5]), torch.tensor([-torch.inf, -torch.inf]), "value",
     "1 of 2 numbers is wrong at [1]: expected 0.5, got -inf."),
    (X > 1, X > 2, "value", "1 of 6 numbers is wrong at [0, 2]: expected True, got False."),
    (torch.tensor(0.5), torch.tensor(0.25), "value", "Expected 0.5, got 0.25."),
    (torch.tensor([2**60]), torch.tensor([2**60 + 1]), "value",
     "The only number is wrong at [0]: expected 1152921504606846976, got 1152921504606846977."),
    (0.5, 0.25, "value", "Expected 0.5, got 0.25."),
    (0.5, float("nan"), "nan", "Expected 0.5000, got nan."),
    (0.5, float("inf"), "inf", "Expected 0.5000, got inf."),
    (float("inf"), 1.0, "value", "Expected inf, got 1."),
    (float("nan"), 1.0, "value", "Expected nan, got 1."),
    (1 + 2j, 1 - 2j, "value", "Expected 1+2i, got 1-2i."),
    (torch.tensor(0.5), torch.tensor(torch.nan), "nan", "Expected 0.5000, got nan."),
    (3, 4, "value", "Expected 3, got 4."),
    (1.0, 1.0001, "value", "Expected 1, got 1.0001."),
    ([1, 2, 3], [1, 5, 3], "value", "Item 1: expected 2, got 5."),
    ([1, 2, 3], [1, 2], "length", "Expected 3 items, got 2. The first 2 are right."),
    ([1, 2, 3], [1, 3], "length", "Expected 3 items, got 2. 2 is missing."),
    ([1], [], "length", "Expected 1 item, got 0."),
    ((X, X), (X, X.T), "shape", "Item 1: expected shape (2, 3), got (3, 2)."),
    ({"a": 1}, {"b": 1}, "length", "Its keys are not right. 'a' is missing; 'b' is too many."),
    ({"a": 7, "b": 1}, {"b": 5}, "length", "Its keys are not right. 'a' is missing."),
    ({"a": 7}, {"a": None, "b": None}, "length", "Its keys are not right. 'b' is too many."),
    ([(0, 1), (1, 2)], [(1, 0), (1, 2), (1, 3)], "length",
     "Expected 2 items, got 3. (0, 1) is missing; (1, 0) and one other are too many."),
    ([1, 2], [1, 2, 2], "length", "Expected 2 items, got 3. The first 2 are right."),
    ([8, 8, 5], [8, 5, 5, 5], "length", "Expected 3 items, got 4. 8 is not there often enough; "
     "5 and one other are too many."),
    ([(1, [2])], [(1, [2]), (1, [2])], "length", "Expected 1 item, got 2."),
    ([1, 2], [2, 1, 2], "length",
     "Expected 2 items, got 3. 2 is there too often."),
    ((1, 2), (True, 2), "type", "Item 0: expected an int, got a bool."),
    ([(1, 2)], [(2, 1)], "value", "Item 0: expected (1, 2), got (2, 1)."),
    (["a", "b"], ["a", None], "type", "Item 1 is None, where 'b' is expected."),
    ([(1, 2)], [[1, 2]], "type",
     "Item 0: expected a tuple of 2 items, got a list of 2 items. `tuple(...)` turns it into one."),
    ([(0, 2), (1, 2)], [(1, 2), (0, 2)], "order",
     "The right items, in another order: item 0 should be (0, 2)."),
    ([3, 1, 1], [3, 3, 1], "value", "Item 1: expected 1, got 3."),
    (15.0, [15.0], "type",
     "Expected a float, got a list of 1 item. Item 0 of it is right: return that alone."),
    (3, 3.5, "type", "Expected an int, got a float."),
    ([1], {"a": 1}, "type", "Expected a list of 1 item, got a dict of 1 item. "
     "Its values are right: `.values()` gives them."),
    ([1], {1: "a"}, "type", "Expected a list of 1 item, got a dict of 1 item."),
    ([1], b"a", "type", "Expected a list of 1 item, got bytes. `list(...)` turns it into one."),
    ([1], {1}, "type",
     "Expected a list of 1 item, got a set of 1 item. A set has no order: `sorted(...)` makes a "
     "list of it."),
    ([2, 1], {1, 2}, "type",
     "Expected a list of 2 items, got a set of 2 items. A set has no order: begin with a list."),
    (["a", 1], {"a", 1}, "type",
     "Expected a list of 2 items, got a set of 2 items. A set has no order: begin with a list."),
    ({"a": 1}, [("a", 1)], "type",
     "Expected a dict of 1 item, got a list of 1 item. `dict(...)` turns it into one."),
    ([1], np.array([1]), "type",
     "Expected a list of 1 item, got a NumPy array. `.tolist()` turns it into one."),
    ({"a": 1}, {"a": 2}, "value", "Item 'a': expected 1, got 2."),
    ("abcd", "abxd", "value", "Expected 'abcd', got 'abxd'; the first 2 characters are right."),
    ("abcd", "abc", "value", "Expected 'abcd', got 'abc'; the first 3 characters are right."),
    ("a" * 120 + "bcd", "a" * 120 + "x", "value",
     "The first 120 characters are right. After 'aaaaaaaaaaaa' expected 'bcd', got 'x'."),
])  # fmt: skip
def test_each_difference_has_its_sentence(expected, got, kind, sentence):
    found = compare(expected, got)
    assert (found.kind, found.sentence) == (kind, sentence)


def test_of_equally_wrong_numbers_the_first_is_named_whatever_the_last_bit():
    expected = torch.full((4,), 0.1)
    for noise in ([0, 1e-8, 0, 0], [0, 0, 1e-8, 1e-8]):
        found = compare(expected, expected + 1 + torch.tensor(noise))
        assert "most at [0]" in found.sentence


def test_what_is_left_of_zero_after_rounding_is_zero():
    found = compare(torch.tensor([6.6e-39]), torch.tensor([0.5]))
    assert found.sentence == "The only number is wrong at [0]: expected 0, got 0.5."


class EqualToAll:
    def __eq__(self, other):
        return True

    __hash__ = object.__hash__


@pytest.mark.parametrize(
    "expected, kind, value",
    [("ab", str, "x"), (3, int, 4), (["ab"], str, "x"), ((1, 2), int, 4)],
)
def test_an_own_kind_that_equals_everything_is_looked_at(expected, kind, value):
    liar = type("Liar", (EqualToAll, kind), {})(value)
    is_many = isinstance(expected, list | tuple)
    got = type(expected)(liar for _ in expected) if is_many else liar
    assert difference(expected, got, 1e-5, 1e-6)
