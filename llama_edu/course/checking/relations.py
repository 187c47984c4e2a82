"""How results that no misconception gives relate to the inputs, or to the right ones."""

from collections.abc import Iterator
from itertools import chain
from typing import Any

from torch import Tensor

from llama_edu.course.checking.compare import difference
from llama_edu.course.checking.describe import is_readable
from llama_edu.course.checking.outcomes import Outcome
from llama_edu.course.checking.patterns import pattern_of_lists, pattern_of_numbers, patterns
from llama_edu.course.checking.questions import Question
from llama_edu.course.checking.verdict import AS_IT_CAME


def relations(case: dict, expected: Outcome, got: Outcome, question: Question) -> Iterator[str]:
    """How a result that no misconception gives relates to the inputs, or to the right one."""
    if got.error or got.value is None:
        return
    tolerance = (question.rtol, question.atol)
    if difference(expected.value, got.value, *tolerance) is None:
        return
    for name, value in case.items():
        if difference(value, got.value, *tolerance) is None:
            yield f"The result is `{name}`{AS_IT_CAME}"
        if _are_alike(value, expected.value, got.value) and not difference(
            expected.value + value, got.value, *tolerance
        ):
            yield f"The result is the expected one with `{name}` added to it."
    yield from patterns(expected.value, got.value, *tolerance)
    if _are_tuples_of_one_length(expected.value, got.value):
        for i, pair in enumerate(zip(expected.value, got.value, strict=True)):
            if difference(*pair, *tolerance):
                yield from (f"Item {i}: {sentence}" for sentence in patterns(*pair, *tolerance))


def relation_of_numbers(expected: list[Outcome], got: list[Outcome], question: Question) -> str:
    """How results that are single numbers relate to the right ones, wherever there are results."""
    values = [(_lone(a.value), _lone(b.value)) for a, b in zip(expected, got, strict=False)]
    pairs = [pair for pair in values if pair[1] is not None]
    if 2 * len(pairs) <= len(expected) or any(type(x) not in (int, float) for x in chain(*pairs)):
        return ""
    relation = pattern_of_numbers(*zip(*pairs, strict=True), question.rtol, question.atol)
    if len(pairs) == len(expected):
        return relation
    return relation.replace("n every case", "n every case that has a result")


def relation_of_lists(expected: list[Outcome], got: list[Outcome], wrong: list[int]) -> str:
    """How results that are lists relate to the right ones in all the cases that are wrong."""
    right, ours = ([some[i].value for i in wrong] for some in (expected, got))
    item = int | str | tuple
    if _are_lists_of(item, right) and _are_lists_of(item | list, ours):
        return pattern_of_lists(right, ours)
    return ""


def _are_tuples_of_one_length(*values: Any) -> bool:
    return all(isinstance(x, tuple) for x in values) and len({len(x) for x in values}) == 1


def _are_lists_of(item: Any, values: list) -> bool:
    return all(type(value) is list and all(isinstance(x, item) for x in value) for value in values)


def _lone(value: Any) -> Any:
    """The number in a tensor of no dimension; whatever else it is stays as it is."""
    is_lone = isinstance(value, Tensor) and value.ndim == 0 and value.is_floating_point()
    return value.item() if is_lone and is_readable(value) else value


def _are_alike(*values: Any) -> bool:
    """Whether all are tensors of the same shape and dtype."""
    kinds = {isinstance(x, Tensor) and (x.shape, x.dtype) for x in values}
    return len(kinds) == 1 and kinds != {False}
