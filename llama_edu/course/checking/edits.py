"""Wrong answers made of the right one: edits of the solution's own source, alone and in pairs."""

import ast
import functools
from collections.abc import Callable, Iterator, Mapping
from itertools import combinations, pairwise
from types import CodeType

from llama_edu.course.checking.questions import Misconception, Question
from llama_edu.course.checking.solutions import find_solution

BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"
# What an edit may go round in loops in one call: right answers stay far below it.
MAX_ROUNDS = 50_000


class EndlessError(RuntimeError):
    """An edit that would not end."""


def wrong_function(question: Question, *mistakes: Misconception) -> Callable:
    """The wrong answer that a misconception stands for, or several of them together.

    Args:
        question: whose solution is edited. Edits may use the names of the question's own file.
        mistakes: one of any kind, or several that are edits.

    Raises:
        ValueError: if an edit does not stand in the solution just once, or two edits touch.
        SyntaxError: if it does not compile.
    """
    if len(mistakes) == 1 and callable(mistakes[0].wrong):
        return mistakes[0].wrong
    if question.exercise is None:
        raise ValueError(f"{question.name} must have an exercise for its edits")
    solution = find_solution(question.exercise, question.name)
    code = _compiled(edited(solution.source, *(one.wrong for one in mistakes)), question.name)
    rounds = _Rounds()
    # The solution's names go first: an edit means what it would mean in the answer cell.
    scope = question.cases.__globals__ | solution.scope | rounds.names
    exec(code, scope)
    function = scope[question.function_name]

    @functools.wraps(function)
    def wrong(**inputs):
        rounds.n_left = MAX_ROUNDS
        return function(**inputs)

    return wrong


def edited(source: str, *edits: Mapping[str, str]) -> str:
    """A solution's text with the edits made: each must stand once between BEGIN and END.

    Raises:
        ValueError: if one does not, or if two overlap.
    """
    start, end = source.find(BEGIN), source.find(END)
    places = []
    for old, new in (pair for one in edits for pair in one.items()):
        n_times = source.count(old, start, end)
        if n_times != 1:
            raise ValueError(f"edit={old!r} must stand in the solution once, not {n_times} times")
        place = source.index(old, start, end)
        places.append((place, place + len(old), new))
    places.sort(reverse=True)
    for later, earlier in pairwise(places):
        if earlier[1] > later[0]:
            raise ValueError("edits must not overlap")
    for first, last, new in places:
        source = source[:first] + new + source[last:]
    return source


def pairs(question: Question) -> Iterator[tuple[Misconception, Misconception, Callable]]:
    """Every two edits that can be made at once, and the wrong answer they make."""
    edits = [one for one in question.misconceptions if not callable(one.wrong)]
    for first, second in combinations(edits, 2):
        try:
            yield first, second, wrong_function(question, first, second)
        except (ValueError, SyntaxError):  # they touch, or do not go together
            continue


class _Rounds:
    """How often loops may still go round."""

    def __init__(self):
        self.n_left = MAX_ROUNDS
        self.names = {"_each_": self.each, "_goes_on_": self.goes_on}

    def goes_on(self) -> bool:
        self.n_left -= 1
        if self.n_left < 0:
            raise EndlessError(f"still going round after {MAX_ROUNDS} times")
        return True

    def each(self, items):
        for item in items:
            self.goes_on()
            yield item


@functools.lru_cache(maxsize=1024)  # a grader tries the same pairs for every answer of a class
def _compiled(source: str, name: str) -> CodeType:
    """The code, in which every round of a loop is counted."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.While):
            place = {"lineno": node.test.lineno, "col_offset": node.test.col_offset}
            goes_on = ast.Call(ast.Name("_goes_on_", ast.Load(), **place), [], [], **place)
            node.test = ast.BoolOp(ast.And(), [goes_on, node.test], **place)
        elif isinstance(node, ast.For | ast.comprehension):
            place = {"lineno": node.iter.lineno, "col_offset": node.iter.col_offset}
            each = ast.Name("_each_", ast.Load(), **place)
            node.iter = ast.Call(each, [node.iter], [], **place)
    return compile(tree, f"<{name}>", "exec")
