"""Wrong values that stand in a plain relation to the right ones are recognised; others are not."""

import math

import pytest
import torch

from llama_edu.course.checking.patterns import pattern_of_lists, pattern_of_numbers, patterns


def relation(expected, got):
    return next(patterns(expected, got, rtol=1e-5, atol=1e-6), "")


@pytest.mark.parametrize("change, sentence", [
    (lambda x: 8 * x, "Every number is 8 times the expected one."),
    (lambda x: x / 8, "Every number is 1/8 of the expected one."),
    (lambda x: -x, "Every number is minus the expected one."),
    (lambda x: -2 * x, "Every number is -2 times the expected one."),
    (lambda x: 8**0.5 * x,
     "Every number is 2.828 times (the square root of 8) the expected one."),
    (lambda x: x / 12**0.5,
     "Every number is 0.2887 times (1 / the square root of 12) the expected one."),
    (lambda x: 1.23 * x, "Every number is 1.23 times the expected one."),
    (lambda x: x + 1, "Every number is 1 too large."),
    (lambda x: x - 0.5, "Every number is 0.5 too small."),
    (lambda x: 0 * x,
     "Every number is 0. Is there a `nan_to_num`? Then look at what stands before it."),
    (lambda x: x.double(), "The numbers themselves are right."),
    (lambda x: x.mT, "All is right, but dims 1 and 2 have changed places."),
    (lambda x: x.permute(2, 0, 1),
     "The values are right, but dims 0, 1 and 2 are all out of place."),
    (lambda x: x.flatten(1),
     "The values are right, and in the right order: only the shape is not."),
    (lambda x: x[None], "The values are right, and in the right order: only the shape is not."),
    (lambda x: x.flip(2), "The values are right, but in reverse along dim 2."),
    (lambda x: x.roll(1, 1), "The values are right, but shifted by one along dim 1."),
    (lambda x: x.roll(-1, 1), "The values are right, but shifted by one along dim 1."),
    (lambda x: x.mT.reshape(2, 3, 4), "All the right values are there, but in other places. "
     "`view` and `reshape` only cut the row of numbers anew; `transpose` and `permute` swap dims."),
])  # fmt: skip
def test_a_plain_relation_is_said(change, sentence):
    x = torch.randn(2, 3, 4)
    assert relation(x, change(x)) == sentence


def test_weights_that_do_not_sum_to_1_are_seen():
    expected = torch.randn(3, 4).softmax(-1)
    sentence = "Each line of the expected numbers sums to 1; here not every line does."
    assert relation(expected, expected**0.5) == relation(expected.mT, expected.mT**2) == sentence
    assert sentence in patterns(expected, 2 * expected, 1e-5, 1e-6), "and it is twice as much"
    assert relation(expected, torch.randn(3, 4).softmax(-1)) == ""


@pytest.mark.parametrize("change, sentence", [
    (lambda mask: ~mask, "True and False have changed places everywhere."),
    (lambda mask: mask.float(), "The values themselves are right."),
    (lambda mask: mask.mT, "All is right, but rows and columns have changed places."),
])  # fmt: skip
def test_masks_have_relations_of_their_own(change, sentence):
    mask = torch.ones(4, 4, dtype=torch.bool).tril()
    assert relation(mask, change(mask)) == sentence


@pytest.mark.parametrize("change, sentence", [
    (lambda x: 100 * x, "In every case it is 100 times the expected number."),
    (lambda x: -x, "In every case it is minus the expected number."),
    (lambda x: 1 - x, "In every case it is 1 minus the expected number."),
    (lambda x: x + 0.25, "In every case it is 0.25 too large."),
    (lambda x: x - 2, "In every case it is 2 too small."),
    (abs, "In every case it is the expected number without its sign."),
    (lambda x: max(0.0, x), "In every case it is the expected number, but never below 0."),
    (lambda x: min(1.0, x), "In every case it is the expected number, but never above 1."),
    (lambda x: float(int(x)), "In every case it is the expected number, cut to a whole one."),
    (lambda x: x // 1, "In every case it is the expected number, cut to a whole one."),
    (round, "In every case it is the expected number, rounded."),
    (lambda x: round(x, 2), "In every case it is the expected number, rounded."),
    (lambda x: 0.0, "It is 0 in every case, whatever comes in."),
    (lambda x: 7 * round(x) + 1,
     "In every case it is a whole number. Is a division missing, or is it `//`?"),
    (lambda x: 1 / (1 + x * x), ""),
    (lambda x: int(x < 0.5), ""),
    (lambda x: math.nan if x > 1 else x, ""),
])  # fmt: skip
def test_single_numbers_have_a_relation_if_it_holds_in_every_case(change, sentence):
    expected = [0.1234, -0.7, 1.71, 1.0, 0.0]
    assert pattern_of_numbers(expected, [change(x) for x in expected], 1e-5, 1e-6) == sentence


def test_of_few_different_numbers_no_relation_is_said():
    assert pattern_of_numbers([0.5, 1.0, 0.5], [1.0, 2.0, 1.0], 1e-5, 1e-6) == ""
    assert pattern_of_numbers([0.0, 0.5, 1.0], [0.0, 1.0, 2.0], 1e-5, 1e-6)


@pytest.mark.parametrize("change, sentence", [
    (lambda right: [], "nothing is there."),
    (lambda right: right[:1],
     "only the first item is there: does a `return` in a loop end it?"),
    (lambda right: right[-1:],
     "only the last item is there: is the list made anew in a loop, or filled after it?"),
    (lambda right: right[1:], "the first item is missing."),
    (lambda right: right[:-1], "the last item is missing."),
    (lambda right: right[::2], "what is there is right, but something is missing."),
    (lambda right: [*right, right[0]], "the right items are there, some of them too often."),
    (lambda right: [0, *right], "the right items are there, and others with them."),
    (lambda right: right[::-1] * (len(right) - 2),
     "the right items are there, some of them too often or in another order."),
    (lambda right: [right[0], right[1:]],
     "the right items are there, but some in a list inside (`append` puts a list in as one item, "
     "`extend` puts in its items)."),
    (lambda right: right[:0:-1], ""),
    (lambda right: [x + 1 for x in right], ""),
])  # fmt: skip
def test_lists_have_a_relation_if_it_holds_in_every_wrong_case(change, sentence):
    expected = [[4, 5, 9], [1, 2, 3, 7], [8, 6, 5, 3]]
    said = sentence and f"In every wrong case {sentence}"
    assert pattern_of_lists(expected, [change(right) for right in expected]) == said
    assert pattern_of_lists(expected[:1], [change(expected[0])]) == "", "one case may be chance"


@pytest.mark.parametrize("shape", [(1, 5), (2, 3)])
def test_rows_for_columns_are_seen_by_the_shape_even_where_all_numbers_are_equal(shape):
    expected = torch.ones(shape, dtype=torch.bool)
    said = "All is right, but rows and columns have changed places."
    assert relation(expected, expected.mT) == said


@pytest.mark.parametrize("expected, got", [
    (torch.tensor([1.0, 2.0, 4.0]), torch.tensor([1.0, 3.0, 4.0])),
    (torch.tensor([2.0]), torch.tensor([4.0])),  # one number is a multiple of any other
    (torch.ones(5), 3 * torch.ones(5)),
    (torch.ones(2, 2), 3 * torch.ones(2, 2)),
    (torch.ones(2, 3), 3 * torch.ones(3, 2)),
    (torch.tensor([1.0, 2.0]), torch.tensor([torch.nan, 2.0])),
    (torch.tensor([1.0, torch.inf]), torch.tensor([2.0, torch.inf])),
    (torch.ones(2, 3), torch.ones(4)),
    (torch.ones(2), 1.0),
    ("a", "b"),
])  # fmt: skip
def test_what_is_not_plain_is_not_said(expected, got):
    assert relation(expected, got) == ""
