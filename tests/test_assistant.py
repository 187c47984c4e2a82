"""Passages and sums: against a plain second version, Python itself, and what people try."""

import math
import random
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llama_edu.assistant import BM25, calculate, fill_budget, find_call, words_of

PASSAGES = [
    "Ada has the key.",
    "Ben gave the key to Ada, and Ada the lamp.",
    "",
    "The mill is old.",
]


def plain_score(query, passage, passages, k1, b):
    n, mean = len(passages), sum(len(words_of(p)) for p in passages) / len(passages)
    score, words = 0.0, words_of(passage)
    for word in words_of(query):
        holding = sum(word in words_of(p) for p in passages)
        idf = math.log(1 + (n - holding + 0.5) / (holding + 0.5))
        f = words.count(word)
        score += idf * f * (k1 + 1) / (f + k1 * (1 - b + b * len(words) / mean)) if f else 0
    return score


@pytest.mark.parametrize("k1, b", [(1.5, 0.75), (0, 0.75), (2, 0), (1, 1)])
@pytest.mark.parametrize("query", ["Who has the key?", "Ada Ada", "nothing known", ""])
def test_scores_are_those_of_the_formula(query, k1, b):
    expected = [plain_score(query, passage, PASSAGES, k1, b) for passage in PASSAGES]
    assert BM25(PASSAGES, k1, b).scores(query) == pytest.approx(expected)


def test_by_hand():
    search = BM25(["a b", "b b b b"], k1=1, b=1)  # mean 3: scales 2/3 and 4/3
    assert search.idf("a") == pytest.approx(math.log(2))
    assert search.scores("a") == pytest.approx([math.log(2) * 2 / (1 + 2 / 3), 0])
    assert search.top("b", 2) == [1, 0]
    assert BM25(["x", "y", "x"]).top("x", 3) == [0, 2, 1]  # of equals the earlier


def test_laws():
    search = BM25(PASSAGES)
    assert search.scores("key ada") == pytest.approx(
        [a + b for a, b in zip(search.scores("key"), search.scores("ada"), strict=True)]
    )
    assert search.idf("mill") > search.idf("key") > search.idf("the") > 0


@pytest.mark.parametrize("passages, settings, says", [
    ([], {}, "passages must be"), ("a text", {}, "passages must be"),
    (["a"], {"k1": -1}, "k1=-1"), (["a"], {"b": 1.5}, "b=1.5"), (["a"], {"k1": math.nan}, "k1=nan"),
])  # fmt: skip
def test_wrong_settings_are_told(passages, settings, says):
    with pytest.raises(ValueError, match=says):
        BM25(passages, **settings)


def test_passages_fill_a_budget():
    assert fill_budget([5, 4, 3, 1], 9) == [0, 1]
    assert fill_budget([9, 4, 5, 1], 6) == [1, 3]
    assert fill_budget([3], 2) == fill_budget([], 5) == []
    assert fill_budget([0, 2], 0) == [0]


@pytest.mark.parametrize("text, inside", [
    ("So: CALC((2 + 3) * 4).", "(2 + 3) * 4"), ("CALC(1) CALC(2)", "1"), ("CALC()", ""),
    ("CALC(1", ""), ("calc(1)", ""), ("", ""), ("CALC 1)", ""), (")CALC(a)b)", "a"),
])  # fmt: skip
def test_the_first_call_is_found(text, inside):
    assert find_call(text) == inside


@given(st.integers(0, 10**6))
def test_sums_are_those_of_python(seed):
    draw = random.Random(seed)

    def some(depth):
        if depth == 0:
            return draw.choice(["3", "41", "0.5", "(7)", "-2", "+6"])
        return f"({some(depth - 1)} {draw.choice('+-*/')} {some(depth - 1)})"

    text = some(3)
    try:
        expected = eval(text)
    except ZeroDivisionError:
        with pytest.raises(ValueError, match="ZeroDivisionError"):
            calculate(text)
    else:
        assert calculate(text) == expected
        assert type(calculate(text)) is type(expected)


@pytest.mark.parametrize("text", [
    "", "2 +", "9 ** 9 ** 9", "__import__('os').getcwd()", "a", "True", "'a' * 9", "[1] * 9",
    "1 < 2",
    "print(1)", "1j", "1; 2", "x := 3", "1e999", "1e308 * 10", "1 / 0", "1,234", "2 // 3", "7 % 3",
    "1 if 1 else 2", "(" * 150, "-" * 150, "1" * 201, "lambda: 1", "~3", "not 1", "\0", None, 3,
])  # fmt: skip
def test_nothing_but_a_sum_is_worked_out(text):
    with pytest.raises(ValueError, match=r"\w"):
        calculate(text)


@given(st.text(max_size=30))
def test_any_text_is_a_number_or_a_value_error(text):
    with suppress(ValueError):
        assert math.isfinite(calculate(text))
