"""Every kind of wrong answer has its own words; a known mistake is named, a plain one described."""

import math
import warnings
from collections import Counter
from dataclasses import replace

import pytest
import torch
from torch.masked import masked_tensor

from llama_edu.course.checking.diagnose import diagnose
from llama_edu.course.checking.questions import Misconception, Question
from llama_edu.course.checking.verdict import REMEMBERS


def scores(q, k):
    return q @ k.mT / math.sqrt(q.shape[-1])


def cases(generator):
    for n_queries, n_keys, width in ((1, 2, 4), (2, 3, 4), (5, 7, 16)):
        q = torch.randn(n_queries, width, generator=generator)
        yield {"q": q, "k": torch.randn(n_keys, width, generator=generator)}


QUESTION = Question(
    "toy.scores",
    points=2,
    cases=cases,
    reference=scores,
    misconceptions=[
        Misconception("no_scale", lambda q, k: q @ k.mT, "nothing is divided", "Divide."),
        Misconception("by_view", lambda q, k: q.view(2, 4) @ k.mT / 2, "view is used", "Why?"),
        Misconception("wrong_key", lambda q, k: {}[len(q[0])], "the table is empty", "Fill it."),
    ],
    forbids=("einsum",),
)


def untouched(q, k):
    # YOUR CODE HERE
    raise NotImplementedError()


def stopped(q, k):
    raise KeyboardInterrupt


def endless(q, k):
    return endless(k, q)


def quits(q, k):
    raise SystemExit(1)


def misspelt(q, k):
    return helper(q)


def helper(x):
    return x.shap


def changes(q, k):
    q /= math.sqrt(q.shape[-1])
    return q @ k.mT


def changes_wrongly(q, k):
    k *= 3
    return q @ k.mT / math.sqrt(q.shape[-1])


def yields(q, k):
    yield scores(q, k)


def forbidden(q, k):
    return torch.einsum("td,sd->ts", q, k)


@pytest.mark.parametrize("answer, kind, start", [
    (torch.ones(1, 2), "not_callable",
     "Expected the function itself, got a tensor of shape (1, 2): its name will do."),
    (None, "not_callable", "Expected the function itself, got None"),
    (forbidden, "forbidden", "`einsum` must not be used here"),
    (lambda q: q, "arguments", "It is called as scores(q, k), but is written as scores(q)."),
    (lambda q, k, d: q, "arguments",
     "It is called as scores(q, k), but is written as scores(q, k, d)."),
    (lambda x, y: x, "arguments", "It is called as scores(q, k), but is written as scores(x, y)."),
    (untouched, "stub", "`untouched` is not written yet"),
    (stopped, "stopped", "It was stopped before it had a result."),
    (endless, "recursion", "It calls itself without end."),
    (quits, "error", "It called `exit()` or raised SystemExit, which ends Python: a function"),
    (misspelt, "error", "It raised AttributeError: 'Tensor' object has no attribute 'shap'"),
    (lambda q, k: None, "none", "It returned None: is there a `return`"),
    (yields, "type", "Expected a tensor of shape (2, 3), got a generator."),
    (lambda q, k: scores(q, k).tolist(), "type", "Expected a tensor of shape (2, 3), got a list"),
    (lambda q, k: (scores(q, k), q), "type", "Expected a tensor of shape (2, 3), got a tuple"),
    (lambda q, k: scores(q, k).numpy(), "type", "Expected a tensor of shape (2, 3), got a NumPy"),
    (lambda q, k: scores(k, q), "shape", "Expected shape (2, 3), got (3, 2)."),
    (lambda q, k: scores(q, k).double(), "dtype", "Expected dtype float32, got float64."),
    (lambda q, k: scores(q, k).requires_grad_(), "graph", "The result hangs on a gradient graph"),
    (lambda q, k: scores(q, k) / 0 * 0, "nan", "All 6 numbers are NaN, first at [0, 0]"),
    (lambda q, k: scores(q, k) / 0, "inf", "All 6 numbers are infinite, first at [0, 0]"),
    (lambda q, k: scores(q, k) + 1, "value", "All 6 numbers are wrong"),
    (changes, "changed", "The result is right, but the function wrote into `q`."),
])  # fmt: skip
def test_each_kind_has_its_own_sentence(answer, kind, start):
    verdict = diagnose(QUESTION, answer)
    assert (verdict.kind, verdict.ok, verdict.earned) == (kind, False, 0)
    assert verdict.sentence.startswith(start)
    assert verdict.misconception is None


def test_none_in_some_cases_is_told_with_the_case():
    verdict = diagnose(QUESTION, lambda q, k: scores(q, k) if len(q) > 1 else None)
    assert (verdict.kind, verdict.place) == ("none", "case 1 of 3 (2 cases are right)")
    assert verdict.sentence.startswith("Here it returned None, in other cases not")
    assert verdict.got == "None"
    assert diagnose(QUESTION, lambda q, k: None).place == ""


@pytest.mark.parametrize(
    "value, change, words",
    [
        ([3, 1], list.sort, "a list of your own: `list(x)`"),
        ({"a": 1}, dict.clear, "one of your own: `dict(x)`"),
        ({1, 2}, set.clear, "one of your own: `set(x)`"),
    ],
)
def test_what_writes_into_its_input_is_told_how_to_copy_that(value, change, words):
    def answer(x):
        change(x)
        return 5

    question = replace(
        QUESTION, cases=lambda _: [{"x": value}], reference=lambda x: 5, misconceptions=[]
    )
    verdict = diagnose(question, answer)
    assert verdict.kind == "changed"
    assert words in verdict.hint
    wrong = diagnose(replace(question, reference=lambda x: 4), answer)
    assert (wrong.kind, words in wrong.hint) == ("value", True)


def test_a_wrong_item_is_told_with_the_case():
    question = replace(
        QUESTION, cases=lambda _: [{"x": "ab"}], reference=lambda x: [1, 2], misconceptions=[]
    )
    verdict = diagnose(question, lambda x: [1, None])
    assert (verdict.kind, verdict.case) == ("type", (("x", "'ab'"),))


def kept_outside(text, seen=[]):  # noqa: B006
    seen += text.split()
    return seen


def counted_outside(text, calls=[]):  # noqa: B006
    calls.append(text)
    return text.split()[: 3 - len(calls)]


def test_a_counter_outside_is_told():
    counts = Counter()

    def count(text):
        counts.update(text)
        return counts

    question = replace(
        QUESTION, cases=lambda _: ({"text": text} for text in "ab"), reference=Counter,
        misconceptions=[],
    )  # fmt: skip
    assert diagnose(question, count).hint == REMEMBERS


@pytest.mark.parametrize("answer", [kept_outside, counted_outside])
def test_what_outlives_a_call_is_told(answer):
    def texts(generator):
        yield from ({"text": text} for text in ("a b", "c", "d e"))

    question = Question(
        "toy.split", points=1, cases=texts, reference=lambda text: text.split(), misconceptions=[]
    )
    verdict = diagnose(question, answer)
    assert verdict.place == "case 2 of 3 (1 case is right)" or answer is counted_outside
    assert verdict.hint == REMEMBERS
    assert diagnose(question, lambda text: text.split()[:1]).hint != REMEMBERS


def test_a_right_answer_earns_the_points_and_needs_no_words():
    verdict = diagnose(QUESTION, scores)
    assert (verdict.ok, verdict.earned, verdict.kind) == (True, 2, "right")
    assert verdict.sentence == verdict.hint == verdict.place == ""


def test_an_answer_may_have_inputs_of_its_own_with_defaults():
    assert diagnose(QUESTION, lambda q, k, scale=2: scores(q, k)).ok


@pytest.mark.parametrize("misconception", ["equal_right", "equal_wrong"])
def test_an_answer_that_only_changes_its_inputs_is_like_no_mistake(misconception):
    functions = {"equal_right": lambda q, k: scores(q, k) + (len(q) == 5), "equal_wrong": changes}
    known = [Misconception("known", functions[misconception], "it is known", "Mine.")]
    verdict = diagnose(replace(QUESTION, misconceptions=known), changes)
    assert (verdict.kind, verdict.misconception, verdict.pattern) == ("changed", None, "")
    assert verdict.hint.startswith("Whoever called the function still needs its inputs.")


def test_no_lone_row_is_shown_where_another_case_can_be_read():
    assert diagnose(QUESTION, lambda q, k: scores(q, k) ** 3).place == "case 2 of 3"


def test_a_wrong_dtype_with_the_right_values_brings_the_way_to_change_it():
    verdict = diagnose(QUESTION, lambda q, k: scores(q, k).double())
    assert verdict.pattern == "The numbers themselves are right."
    assert "`dtype=` where the tensor is made" in verdict.hint


def test_the_first_and_smallest_failing_case_is_shown_with_its_numbers():
    verdict = diagnose(QUESTION, lambda q, k: scores(q, k) * (1 if len(q) == 1 else 2))
    assert verdict.place == "case 2 of 3 (1 case is right)"
    assert dict(verdict.case)["q"].startswith("(2, 4): [[")
    assert verdict.expected.startswith("(2, 3): [[")
    assert verdict.got.startswith("(2, 3): [[")
    assert verdict.pattern == "Every number is 2 times the expected one."


def test_the_relation_of_one_of_several_results_says_which_one():
    question = replace(QUESTION, reference=lambda q, k: (scores(q, k), q))
    verdict = diagnose(question, lambda q, k: (scores(q, k), 3 * q))
    assert verdict.pattern == "Item 1: Every number is 3 times the expected one."
    assert diagnose(question, lambda q, k: (scores(q, k),)).pattern == ""


def test_of_a_large_result_the_worst_number_stands_for_all():
    verdict = diagnose(QUESTION, lambda q, k: scores(q, k) + (len(q) == 5))
    assert verdict.place == "case 3 of 3 (2 cases are right)"
    assert verdict.case == (("q", "(5, 16)"), ("k", "(7, 16)"))
    assert verdict.expected == verdict.got == ""
    assert "All 35 numbers are wrong, most at [" in verdict.sentence


def test_what_most_cases_show_is_told_before_what_one_raises():
    def mostly_raises(q, k):
        return scores(q, k) + 1 if len(q) == 1 else q @ k

    def mostly_wrong(q, k):
        return scores(q, k) ** 2 if len(q) > 1 else q @ k

    def as_often(q, k):
        return {1: scores, 2: lambda q, k: q @ k, 5: lambda q, k: scores(q, k) ** 2}[len(q)](q, k)

    assert diagnose(QUESTION, mostly_raises).kind == "error"
    assert diagnose(QUESTION, as_often).kind == "error"
    wrong = diagnose(QUESTION, mostly_wrong)
    assert (wrong.kind, wrong.place) == ("value", "case 2 of 3")


def test_a_case_is_shown_that_can_be_worked_through_by_hand():
    def texts(generator):
        yield from ({"text": text} for text in ("long " * 30, "short one"))

    question = Question(
        "toy.n", points=1, cases=texts, reference=lambda text: len(text.split()), misconceptions=[]
    )
    assert diagnose(question, lambda text: len(text) // 7).place == "case 2 of 2"


@pytest.mark.parametrize("answer, helps", [
    (lambda x: (x > 0).float(), True),
    (lambda x: torch.where(x > 0, 0.0, -math.inf), False),
    (lambda x: (x < 0).float(), False),
])  # fmt: skip
def test_another_dtype_is_advised_only_where_it_makes_the_answer_right(answer, helps):
    def numbers(generator):
        yield from ({"x": torch.randn(2, 3, generator=generator)} for _ in range(2))

    question = Question(
        "toy.mask", points=1, cases=numbers, reference=lambda x: x > 0, misconceptions=[]
    )
    verdict = diagnose(question, answer)
    assert verdict.kind == "dtype"
    assert ("`x.to(dtype)`" in verdict.hint) == helps
    assert ("A comparison" in verdict.hint) != helps


def test_an_input_that_is_changed_on_the_way_to_a_wrong_result_is_told_too():
    verdict = diagnose(QUESTION, changes_wrongly)
    assert verdict.kind == "value"
    assert verdict.sentence.endswith("It also writes into its input `k`.")


def test_an_exception_shows_the_line_of_the_answer_and_no_result():
    verdict = diagnose(QUESTION, misspelt)
    assert ", in helper: `return x.shap`, called in line" in verdict.line
    assert verdict.case
    assert verdict.expected == verdict.got == ""


def test_a_relation_of_numbers_is_said_of_the_cases_that_have_a_result():
    def mean_cases(generator):
        yield from ({"numbers": numbers} for numbers in ([1, 2], [5], [2, 2, 5, 4], [7, 0], []))

    def mean(numbers):
        return sum(numbers) / max(len(numbers), 1)

    question = Question(
        "some.mean", points=1, cases=mean_cases, reference=mean, misconceptions=[]
    )  # fmt: skip
    verdict = diagnose(question, lambda numbers: 100 * sum(numbers) / len(numbers))
    assert verdict.pattern == "In every case that has a result it is 100 times the expected number."
    assert diagnose(question, lambda numbers: 100 / len(numbers[2:])).pattern == ""


def test_a_forbidden_name_shows_its_line_and_nothing_is_run():
    verdict = diagnose(QUESTION, forbidden)
    assert verdict.line.endswith('`return torch.einsum("td,sd->ts", q, k)`')
    assert not verdict.case


@pytest.mark.parametrize("known", QUESTION.misconceptions, ids=lambda known: known.name)
def test_a_misconception_is_named_with_its_hint(known):
    verdict = diagnose(QUESTION, known.wrong)
    assert (verdict.misconception, verdict.says, verdict.hint) == (
        known.name,
        known.says,
        known.hint,
    )
    assert verdict.pattern == ""


def test_a_misconception_must_agree_on_all_cases():
    verdict = diagnose(QUESTION, lambda q, k: q @ k.mT / (1 if len(q) < 5 else 7))
    assert verdict.misconception is None


def test_where_every_case_raises_the_same_type_the_words_must_agree_too():
    def raises(q, k):
        raise KeyError("something else")

    def same(q, k):
        return {}[q.shape[-1]]

    assert diagnose(QUESTION, raises).misconception is None
    assert diagnose(QUESTION, same).misconception == "wrong_key"


def test_an_unknown_mistake_is_described_by_its_values_or_sends_back_to_the_hints():
    described = diagnose(QUESTION, lambda q, k: -scores(q, k))
    assert (described.pattern, described.hint) == ("Every number is minus the expected one.", "")
    unknown = diagnose(QUESTION, lambda q, k: scores(q, k) ** 3)
    assert unknown.pattern == ""
    assert unknown.hint.startswith("No known mistake gives just this.")


def test_an_input_that_comes_back_is_recognised():
    verdict = diagnose(QUESTION, lambda q, k: q)
    assert verdict.pattern == "The result is `q`, as it came in."
    assert verdict.hint.startswith("Which line was to change it")


def test_a_stopped_answer_is_not_run_again():
    n_calls = []

    def stop(q, k):
        n_calls.append(1)
        raise KeyboardInterrupt

    assert diagnose(QUESTION, stop).kind == "stopped"
    assert len(n_calls) == 1


def test_a_long_error_is_cut_and_kept_on_one_line():
    def shout(q, k):
        raise ValueError("no\n" * 500)

    sentence = diagnose(QUESTION, shout).sentence
    assert "\n" not in sentence
    assert len(sentence) < 350


def test_known_mistakes_warn_nobody(recwarn):
    def warns(q, k):
        warnings.warn("from the course's own code", stacklevel=1)
        return k

    known = [Misconception("warns", warns, "it warns", "Do not.")]
    verdict = diagnose(replace(QUESTION, misconceptions=known), lambda q, k: k)
    assert verdict.misconception == "warns"
    assert not recwarn.list


def test_another_seed_gives_other_numbers_and_the_same_mistake():
    first, other = (diagnose(QUESTION, lambda q, k: q @ k.mT, seed) for seed in (0, 1))
    assert first.sentence != other.sentence
    assert first.misconception == other.misconception == "no_scale"


def test_a_reference_that_fails_is_not_blamed_on_the_answer():
    broken = Question(
        "toy.broken", points=1, cases=cases, reference=lambda q, k: 1 / 0, misconceptions=[]
    )
    with pytest.raises(ZeroDivisionError):
        diagnose(broken, scores)


def test_an_error_in_most_cases_is_known_by_its_words_too():
    def divides(q, k):
        return scores(q, k) if len(q) == 1 else scores(q, k) @ [1]

    def adds(q, k):
        return scores(q, k) if len(q) == 1 else scores(q, k) + "1"

    known = [Misconception("known", divides, "a list is multiplied", "Mine.")]
    question = replace(QUESTION, misconceptions=known)
    assert diagnose(question, divides).misconception == "known"
    assert diagnose(question, adds).misconception is None


def test_a_relation_of_numbers_is_said_of_tensors_of_no_dimension():
    def sum_cases(generator):
        yield from ({"x": torch.tensor(numbers)} for numbers in ([1.0, 2.0], [5.0], [2.0, 7.0]))

    question = Question(
        "some.total", points=1, cases=sum_cases, reference=lambda x: x.sum(), misconceptions=[]
    )  # fmt: skip
    verdict = diagnose(question, lambda x: -x.sum())
    assert verdict.pattern == "In every case it is minus the expected number."


def raising(name, kind=object):
    """A value one of whose own methods raises when it is looked at."""

    def fails(self, *arguments):
        raise RuntimeError(name)

    return type("Own", (kind,), {name: fails} | {"__hash__": object.__hash__})()


@pytest.mark.filterwarnings("ignore:The PyTorch API of MaskedTensors")
@pytest.mark.parametrize("made, named", [
    (lambda: masked_tensor(torch.ones(2), torch.tensor([True, False])), "a MaskedTensor"),
    (lambda: [masked_tensor(torch.ones(2), torch.tensor([True, False]))], "a list of 1 item"),
    (lambda: raising("__len__"), "an Own"), (lambda: raising("__getattr__"), "an Own"),
    (lambda: raising("__eq__", float), "an Own"), (lambda: raising("__repr__", str), "an Own"),
    (lambda: range(10**30), "a range"),
    (lambda: torch.Tensor, "a class. Are the parentheses"),
    (lambda: type("Own", (), {"__module__": "numpy", "shape": ()})(), "an Own"),
])  # fmt: skip
def test_a_value_that_cannot_be_looked_at_is_told_by_its_kind(made, named):
    verdict = diagnose(QUESTION, lambda q, k: made())
    assert verdict.kind == "type"
    assert f"got {named}" in verdict.sentence


@pytest.mark.parametrize("error", [
    BaseException("x"), GeneratorExit("x"), raising("__str__", Exception),
])  # fmt: skip
def test_whatever_an_answer_raises_is_told(error):
    def answer(q, k):
        raise error

    verdict = diagnose(QUESTION, answer)
    assert verdict.kind == "error"
    assert f"It raised {type(error).__name__}" in verdict.sentence


def test_an_input_that_cannot_be_compared_any_more_is_changed():
    question = replace(QUESTION, cases=lambda generator: [{"q": {1}}], reference=len)

    def answer(q):
        q.clear()
        q.add(raising("__eq__"))
        return 1

    answer_of_len = replace(question, reference=lambda q: 1)
    assert diagnose(answer_of_len, answer).kind == "changed"
