"""Edits of a solution: each stands once, they go together where they do not touch, and all end."""

import pytest

from llama_edu.course.checking.diagnose import diagnose
from llama_edu.course.checking.edits import EndlessError, edited, pairs, wrong_function
from llama_edu.course.checking.questions import Misconception, load_questions

EXERCISE = '''
    # %%
    import math

    # %% grade_id="toy.half"
    def half(x):
        return x / 2

    # %% grade_id="toy.root_sum"
    def root_sum(numbers, low):
        """The root of half the sum of those above low."""
        ### BEGIN SOLUTION
        total = 0.0
        for number in numbers:
            if number > low:
                total += number
        return math.sqrt(half(total))
        ### END SOLUTION

    # %% grade_id="check.toy.root_sum" points=1
    check("toy.root_sum", root_sum)
'''
QUESTIONS = """
    from llama_edu.course.checking.questions import Misconception, Question

    def thrice(x):
        return 3 * x

    def cases(generator):
        yield {"numbers": [1.0, 2.0, 3.0], "low": 1.0}
        yield {"numbers": [5.0], "low": 0.5}
        yield {"numbers": [4.0, 2.5, 7.0, 1.0], "low": 2.5}

    def reference(numbers, low):
        return (sum(x for x in numbers if x > low) / 2) ** 0.5

    def known(name, wrong):
        return Misconception(name, wrong, f"it is {name}", f"Not {name}.")

    half = Question(
        "toy.half", points=1, cases=lambda g: [{"x": 1.0}], reference=lambda x: x / 2,
        misconceptions=[],
    )
    root_sum = Question(
        "toy.root_sum", points=1, cases=cases, reference=reference,
        misconceptions=[
            known("included", {"> low": ">= low"}),
            known("rootless", {"math.sqrt(half(total))": "half(total)"}),
            known("whole", {"half(total)": "total"}),
            known("tripled", {"+= number": "+= thrice(number)"}),
            known("negative", {"0.0": "-1.0"}),
            known("one", lambda numbers, low: 1.0 + low),
        ],
    )
    QUESTIONS = [half, root_sum]
"""


@pytest.fixture
def question(write_lesson):
    return load_questions(write_lesson("01_toy", questions=QUESTIONS, exercise=EXERCISE))[1]


def mistake(**edits):
    return Misconception("some", edits, "it is", "No.")


@pytest.mark.parametrize("name", ["included", "rootless", "whole", "tripled", "negative", "one"])
def test_a_single_edit_is_named(question, name):
    known = next(one for one in question.misconceptions if one.name == name)
    verdict = diagnose(question, wrong_function(question, known))
    assert (verdict.misconception, verdict.hint) == (name, f"Not {name}.")
    assert verdict.slips == ((name, f"it is {name}"),)


def test_two_slips_are_named_as_two(question):
    def answer(numbers, low):
        return sum(x for x in numbers if x >= low) / 2

    verdict = diagnose(question, answer)
    assert verdict.misconception == "included + rootless"
    assert verdict.says == "two things go wrong: it is included; and it is rootless"
    assert verdict.hint == "First: Not included. Second: Not rootless."
    assert [name for name, _ in verdict.slips] == ["included", "rootless"]


def test_what_touches_makes_no_pair(question):
    made = {(first.name, second.name) for first, second, _ in pairs(question)}
    assert ("included", "whole") in made
    assert ("rootless", "whole") not in made
    assert not [pair for pair in made if "one" in pair]


def test_of_several_pairs_what_they_share_is_said(write_lesson):
    # Where every sum is the same twice over, doubling the sum and each number are one mistake.
    twins = QUESTIONS.replace(
        'known("negative", {"0.0": "-1.0"})',
        'known("tripled_later", {"half(total)": "half(3 * total)"})',
    ).replace('known("whole", {"half(total)": "total"}),', "")
    question = load_questions(write_lesson("02_toy", questions=twins, exercise=EXERCISE))[1]

    def answer(numbers, low):
        return (3 * sum(x for x in numbers if x >= low) / 2) ** 0.5

    verdict = diagnose(question, answer)
    assert [name for name, _ in verdict.slips] == ["included"]
    assert verdict.says == "it is included, together with a second mistake"


@pytest.mark.parametrize("answer", [
    lambda numbers, low: 7.0,
    lambda numbers, low: float("nan"),
    lambda numbers, low: {}[0],
])  # fmt: skip
def test_what_says_nothing_is_explained_by_no_pair(question, answer):
    assert diagnose(question, answer).misconception is None


def test_an_exception_in_one_case_does_not_hide_the_mistake_of_the_others(question):
    def answer(numbers, low):
        if len(numbers) == 1:
            raise ZeroDivisionError("in an edge case")
        return sum(x for x in numbers if x > low) / 2

    verdict = diagnose(question, answer)
    assert [name for name, _ in verdict.slips] == ["rootless"]
    assert verdict.says.endswith(", together with a second mistake")
    assert verdict.kind == "value"


def test_nor_does_it_hide_two_mistakes_where_most_cases_show_them(question):
    def answer(numbers, low):
        if len(numbers) == 1:
            raise ZeroDivisionError("in an edge case")
        return sum(x for x in numbers if x >= low) / 2

    verdict = diagnose(question, answer)
    assert verdict.misconception == "included + rootless"
    assert verdict.says == (
        "two things go wrong: it is included; and it is rootless, together with a third mistake"
    )
    assert verdict.kind == "value"


def test_a_mistake_that_few_cases_show_is_told_though_an_edge_case_raises(write_lesson):
    single = 'yield {"numbers": [5.0], "low": 0.5}'
    right_anyway = '\n        yield {"numbers": [9.0, 8.0], "low": 0.5}' * 4
    more = QUESTIONS.replace(single, single + right_anyway)
    question = load_questions(write_lesson("02_toy", questions=more, exercise=EXERCISE))[1]

    def answer(numbers, low):
        if len(numbers) == 1:
            raise ZeroDivisionError("in an edge case")
        return (sum(x for x in numbers if x >= low) / 2) ** 0.5

    verdict = diagnose(question, answer)
    assert verdict.says == "it is included, together with a second mistake"
    assert verdict.kind == "value"


@pytest.mark.parametrize("old, n_times", [("numbers", 1), ("total", 3), ("The root", 0)])
def test_an_edit_stands_once_between_begin_and_end(question, old, n_times):
    change = Misconception("some", {old: "total"}, "it is", "No.")
    if n_times == 1:
        wrong_function(question, change)
        return
    with pytest.raises(ValueError, match=f"must stand in the solution once, not {n_times} times"):
        wrong_function(question, change)


def test_edits_overlap_nowhere():
    source = "### BEGIN SOLUTION\nreturn abc\n### END SOLUTION"
    assert "return xyc" in edited(source, {"a": "x"}, {"b": "y"})
    with pytest.raises(ValueError, match="overlap"):
        edited(source, {"ab": "x"}, {"bc": "y"})


@pytest.mark.parametrize("wrong", [
    {"for number in numbers:": "while True:\n        number = 1.0"},
    {"for number in numbers:": "for number in iter(float, 1):"},
    {"total = 0.0": "import itertools\n    total = sum(0.0 for _ in itertools.count())"},
])  # fmt: skip
def test_an_edit_without_end_stops(question, wrong):
    function = wrong_function(question, Misconception("some", wrong, "it is", "No."))
    for _ in range(2):  # each call has rounds of its own
        with pytest.raises(EndlessError):
            function(numbers=[1.0, 2.0], low=0.5)


def test_an_edit_is_compiled_once_and_shares_nothing_but_its_code(question):
    known = question.misconceptions[0]
    first, second = (wrong_function(question, known).__wrapped__ for _ in range(2))
    assert first.__code__ is second.__code__
    assert first.__globals__ is not second.__globals__


def test_counting_rounds_changes_no_result(question):
    same = wrong_function(question, Misconception("some", {"0.0": "0.00"}, "it is", "No."))
    for case in question.cases(None):
        assert same(**case) == pytest.approx(question.reference(**case))
