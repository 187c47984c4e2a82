"""Cohen's kappa: known values, laws, and the trap of agreement by chance."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llama_edu.data.annotate import cohen_kappa


def test_by_hand():
    # observed 35/50; expected (25 * 30 + 25 * 20) / 2500 = 0.5
    first = ["yes"] * 25 + ["no"] * 25
    second = ["yes"] * 20 + ["no"] * 5 + ["yes"] * 10 + ["no"] * 15
    assert cohen_kappa(first, second) == pytest.approx((0.7 - 0.5) / 0.5)
    assert cohen_kappa("yyyn", "yynn") == 0.5


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("abc")), min_size=2))
def test_laws(pairs):
    first, second = zip(*pairs, strict=True)
    if len({*first, *second}) == 1:
        with pytest.raises(ValueError, match="0 / 0"):
            cohen_kappa(first, second)
        return
    kappa = cohen_kappa(first, second)
    assert kappa == pytest.approx(cohen_kappa(second, first))
    assert -1 <= kappa <= 1
    assert (kappa == 1) == (first == second)
    renamed = str.maketrans("abc", "xyz")
    names = ["".join(labels).translate(renamed) for labels in (first, second)]
    assert cohen_kappa(*names) == pytest.approx(kappa)


def test_independent_annotators_agree_by_chance_alone_however_often():
    draw = random.Random(0)
    first, second = (
        ["good" if draw.random() < 0.95 else "bad" for _ in range(20_000)] for _ in "ab"
    )
    assert sum(a == b for a, b in zip(first, second, strict=True)) / 20_000 > 0.9
    assert abs(cohen_kappa(first, second)) < 4 / 20_000**0.5


@pytest.mark.parametrize("labels", [("", ""), ("ab", "a")])
def test_mistakes_are_named(labels):
    with pytest.raises(ValueError, match="must be equally long, and not empty"):
        cohen_kappa(*labels)
