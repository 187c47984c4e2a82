"""No result of an answer makes its check take long, or fail itself, whatever it is."""

import time
from fractions import Fraction

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from llama_edu.course.checking.compare import difference
from llama_edu.course.checking.describe import Large, describe, is_whole
from llama_edu.course.checking.diagnose import diagnose
from llama_edu.course.checking.judge import judge
from llama_edu.course.checking.outcomes import Outcome
from llama_edu.course.checking.questions import Misconception, Question
from llama_edu.course.checking.same import is_same
from llama_edu.grading.inside import wire
from llama_edu.grading.replies import MIME, read_reply

PRIME = 2**61 - 1  # whose multiples have the hash 0
TOLERANCE = (1e-5, 1e-6)


def shared(n, times=1, value=1, kind=list):
    return shared(n - 1, times, kind([value] * times), kind) if n else value


def holds_itself():
    value = []
    value.append(value)
    return value


class Endless(list):
    def __iter__(self):
        return iter(int, 1)


HOSTILE = {
    "one hash": lambda: [k * PRIME for k in range(1, 2001)],
    "one hash, more": lambda: [k * PRIME for k in range(1, 20_001)],
    "one hash in tuples": lambda: [(k * PRIME, k * PRIME) for k in range(1, 3001)],
    "one hash in a dict": lambda: {k * PRIME: 1 for k in range(1, 1000)},
    "one hash in a set": lambda: {k * PRIME for k in range(1, 1000)},
    "5,001 digits": lambda: 10**5000,
    "5,001 digits in a list": lambda: [10**5000, -(10**5000), 3],
    "5,001 digits in a dict": lambda: {(10**5000, 2): 10**5000},
    "long text": lambda: "x" * 3_000_000,
    "long texts": lambda: ["x" * 500_000] * 30_000,
    "nested": lambda: shared(900),
    "shared": lambda: shared(30, 10),
    "shared, less": lambda: shared(12, 2),
    "shared tuples": lambda: shared(40, 2, kind=tuple),
    "itself": holds_itself,
    "a million": lambda: [0] * 10**6,
    "NaN": lambda: [float("nan")] * 5000,
    "NaN in tuples": lambda: [(float("nan"), 1)] * 3000,
    "large tensor": lambda: torch.zeros(3_000_000),
    "one number, expanded": lambda: torch.zeros(1).expand(10**6, 10**6),
    "a billion empty rows": lambda: torch.zeros(10**9, 0),
    "meta": lambda: torch.zeros(2, 3, device="meta"),
    "sparse": lambda: torch.eye(3).to_sparse(),
    "60 dims": lambda: torch.zeros([1] * 60),
    "far apart": lambda: torch.full((2, 3), 1e200, dtype=torch.float64),
    "largest": lambda: 1e308,
    "fraction": lambda: Fraction(1, 3),
    "quantized": lambda: torch.quantize_per_tensor(torch.eye(3), 0.1, 0, torch.qint8),
    "rows of unequal length": lambda: torch.nested.nested_tensor([torch.ones(2), torch.ones(3)]),
    "a list without end": lambda: Endless([1]),
}
EXPECTED = {
    "numbers": lambda x: [int(v) for v in x[0] * 10],
    "pairs": lambda x: {(int(v), i): i for i, v in enumerate(x[0] * 10)},
    "number": lambda x: x.sum().item(),
    "whole": lambda x: int(x.sum() * 100),
    "tensor": lambda x: x + 1,
    "text": lambda x: str(x.tolist()),
}
CASES = [{"x": torch.randn(2, 3)} for _ in range(4)]


def question(expected):
    function = EXPECTED[expected]
    wrong = Misconception("twice", lambda x: function(2 * x), "it is twice as much", "Halve it.")
    return Question(
        "a.f", points=1, cases=lambda g: CASES, reference=function, misconceptions=[wrong]
    )


@pytest.mark.filterwarnings("ignore:torch.quantize_per", "ignore:The PyTorch API of nested")
@pytest.mark.parametrize("expected", EXPECTED)
@pytest.mark.parametrize("name", HOSTILE)
def test_check_and_grade_say_the_same_and_soon(name, expected):
    asked, value = question(expected), HOSTILE[name]()
    start = time.process_time()
    said = diagnose(asked, lambda x: value)
    right = [Outcome(EXPECTED[expected](**case)) for case in CASES]
    sent = {"value": wire.encode(value, 1_500_000), "changed": []}
    reply = read_reply([{"data": {MIME: {"outcomes": [sent] * len(CASES)}}}], right)
    graded = judge(asked, CASES, right, reply.got)
    assert time.process_time() - start < 10
    assert not said.ok
    assert said.kind == graded.kind
    for verdict in (said, graded):
        assert len(verdict.sentence) < 500 and len(verdict.got) < 500


def test_what_is_far_larger_is_said_to_be():
    sentence = difference([1, 2], [0] * 20_000, *TOLERANCE).sentence
    assert sentence == (
        "Expected a list of 2 items, got a list of 20000 items: far more than was asked for."
    )
    assert difference([0] * 20_000, [0] * 20_000, *TOLERANCE) is None
    large = Large("tensor", (3, 10**9))
    assert difference(torch.ones(2), large, *TOLERANCE).sentence == (
        "Expected shape (2,), got (3, 1000000000)."
    )


def test_a_number_of_5000_digits_is_described():
    assert describe(10**5000) == "a number of about 5001 digits"
    assert describe({(10**5000, 1): "a"}) == "{(a number of about 5001 digits, 1): 'a'}"
    assert describe(-(10**20)) == "-100000000000000000000"
    assert difference(2.5, 10**5000, *TOLERANCE).sentence == (
        "Expected 2.5, got a number of about 5001 digits."
    )


def test_no_list_is_described_without_end():
    assert describe(holds_itself()) == "[[[[[a list of 1 item]]]]]"
    assert not is_whole(holds_itself())
    assert describe(shared(30, 10)) == "a list of 10 items"


def test_items_of_one_hash_are_told_apart():
    many = [k * PRIME for k in range(1, 2001)]
    assert difference(many, many[::-1], *TOLERANCE).sentence == (
        f"The right items, in another order: item 0 should be {PRIME}."
    )
    assert "2305843009213693951 is missing" in difference(many, many[1:], *TOLERANCE).sentence


values = st.recursive(
    st.integers(-2, 2) | st.sampled_from([0.5, 1.0, float("nan")]) | st.booleans() | st.none()
    | st.sampled_from(["", "a", "b"])
    | st.sampled_from([torch.ones(2), torch.ones(2).double(), torch.zeros(1)]),
    lambda inner: st.lists(inner, max_size=3) | st.tuples(inner, inner)
    | st.dictionaries(st.integers(0, 2), inner, max_size=2),
    max_leaves=5,
)  # fmt: skip


@given(values, values)
def test_two_values_are_the_same_where_there_is_no_difference(expected, got):
    assert is_same(expected, got, *TOLERANCE) == (difference(expected, got, *TOLERANCE) is None)
    assert is_same(expected, expected, *TOLERANCE)
