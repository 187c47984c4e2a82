"""A notebook for each question: the exercise's own cells, the answers it needs, and its check.

Questions are kept apart, each in a kernel of its own: an answer that ends its kernel, changes
torch or leaves threads behind can spoil no other. Only the answers that a question uses stand in
its notebook, so that a function of question 3 may be called in question 6.
"""

import ast
import json
from collections.abc import Mapping
from dataclasses import dataclass

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_notebook

from llama_edu.course.answers import answer_cells, check_cells
from llama_edu.course.names import defined_names
from llama_edu.course.notebook import without_outputs
from llama_edu.course.outcomes import Outcome, make_cases, outcomes
from llama_edu.course.questions import Question
from llama_edu.grading.inside import wire
from llama_edu.grading.seeds import call_seed

CHECK = "__import__('harness').report({name!r}, {cases!r}, {seed})"
GIVEN, ANSWER, OWN, TRIAL = "given", "answer", "own", "trial"


@dataclass(frozen=True)
class Task:
    """One question with its secrets; it stays with the grader.

    Args:
        question: what was asked.
        cases: the inputs.
        expected: what comes of the reference.
        seed: that an answer's own random numbers start from.
    """

    question: Question
    cases: list[dict]
    expected: list[Outcome]
    seed: int


def make_task(question: Question, seed: int) -> Task:
    """Draw the cases of a question and work out what is right.

    Raises:
        Exception: what the reference raises; then the question is broken.
    """
    cases, own_seed = make_cases(question, seed), call_seed(seed, question.name)
    expected = list(outcomes(question.reference, cases, own_seed))
    for outcome in expected:
        if outcome.error:
            raise outcome.error
    return Task(question, cases, expected, own_seed)


def inject(exercise: NotebookNode, answers: Mapping[str, str], task: Task) -> NotebookNode:
    """The notebook that tries one answer. Each cell says in its metadata what it is.

    Args:
        exercise: as it was handed out.
        answers: source by question.
        task: whose inputs are handed in, and nothing else of it.
    """
    name = task.question.name
    needed = {name, *_needs(name, answers)}
    homes = {id(cell): each for each, cell in answer_cells(exercise).items()}
    checks = {id(cell) for cell in check_cells(exercise).values()}
    cells = []
    for cell in exercise.cells:
        home = homes.get(id(cell))
        if cell.cell_type != "code" or id(cell) in checks or (home and home not in needed):
            continue
        role = GIVEN if home is None else OWN if home == name else ANSWER
        source = cell.source if home is None else answers.get(home, "")
        cells.append(_cell(source, role))
    cases = json.dumps([{k: wire.encode(v) for k, v in case.items()} for case in task.cases])
    call = CHECK.format(name=task.question.function_name, cases=cases, seed=task.seed)
    return without_outputs(new_notebook(cells=[*cells, _cell(call, TRIAL)]))


def _cell(source: str, role: str) -> NotebookNode:
    return new_code_cell(source, metadata={"llama_edu": role})


def _needs(name: str, answers: Mapping[str, str]) -> set[str]:
    """The questions whose answers make a name that this answer uses, and so on."""
    makers: dict[str, set[str]] = {}
    for each, source in answers.items():
        for made in defined_names(source):
            makers.setdefault(made, set()).add(each)
    found, todo = {name}, [name]
    while todo:
        source = answers.get(todo.pop(), "")
        used = _used_names(source) - defined_names(source)
        for each in sorted(set().union(*(makers.get(one, set()) for one in used)) - found):
            found.add(each)
            todo.append(each)
    return found - {name}


def _used_names(source: str) -> set[str]:
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return set()
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
