"""A notebook for each question: the exercise's own cells, the answers it needs, and its check.

Questions are kept apart, each in a kernel of its own: an answer that ends its kernel, changes
torch or leaves threads behind can spoil no other. Only the answers that a question uses stand in
its notebook, so that a function of question 3 may be called in question 6.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_notebook

from llama_edu.course.answers import answer_cells, check_cells
from llama_edu.course.checking.cells import read_cell
from llama_edu.course.checking.names import defined_names, imports, used_names
from llama_edu.course.checking.outcomes import Outcome, make_cases, outcomes
from llama_edu.course.checking.questions import Question
from llama_edu.course.notebook import without_outputs
from llama_edu.grading.inside import wire
from llama_edu.grading.seeds import call_seed, case_seed

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
    cases = make_cases(question, case_seed(seed, question.name))
    own_seed = call_seed(seed, question.name)
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
    given = "\n".join(cell.source for cell in _given(exercise))
    needed, imports = _needs(name, answers, defined_names(given))
    homes = {id(cell): each for each, cell in answer_cells(exercise).items()}
    checks = {id(cell) for cell in check_cells(exercise).values()}
    cells, was_given = [], False
    for cell in exercise.cells:
        home = homes.get(id(cell))
        if cell.cell_type != "code" or id(cell) in checks or (home and home not in needed):
            continue
        if home and imports:
            cells.append(_cell("\n".join(imports), GIVEN))
            imports = []
        is_first = all(one.metadata["llama_edu"] == GIVEN for one in cells)
        role = OWN if home == name else GIVEN if home is None and is_first else ANSWER
        source = cell.source if home is None else answers.get(home, "")
        if home is None and was_given and cells[-1].metadata["llama_edu"] == role:
            cells[-1].source += f"\n{source}"  # each cell that is run takes its time
        else:
            cells.append(_cell(source, role))
        was_given = home is None
    cases = json.dumps([{k: wire.encode(v) for k, v in case.items()} for case in task.cases])
    call = CHECK.format(name=task.question.function_name, cases=cases, seed=task.seed)
    return without_outputs(new_notebook(cells=[*cells, _cell(call, TRIAL)]))


def _cell(source: str, role: str) -> NotebookNode:
    return new_code_cell(source, metadata={"llama_edu": role})


def _given(exercise: NotebookNode) -> list[NotebookNode]:
    """The code cells that are neither an answer nor a check."""
    graded = (*answer_cells(exercise).values(), *check_cells(exercise).values())
    ids = set(map(id, graded))
    return [cell for cell in exercise.cells if cell.cell_type == "code" and id(cell) not in ids]


def _needs(name: str, answers: Mapping[str, str], given: set[str]) -> tuple[set[str], list[str]]:
    """The questions whose answers make what this answer uses, and so on; and imports to add.

    A module that another cell imports is imported here anew: the rest of that cell is not run.
    """
    makers: dict[str, set[str]] = {}
    imported: dict[str, str] = {}
    for each, source in answers.items():
        lines = imports(source)
        imported = lines | imported
        for made in defined_names(source) - lines.keys():
            makers.setdefault(made, set()).add(each)
    if read_cell(answers.get(name, "")) is None:  # nobody knows what it uses
        return {*answers}, list(imported.values())
    found, todo, wanted = {name}, [name], []
    while todo:
        source = answers.get(todo.pop(), "")
        used = used_names(source) - given
        wanted += sorted(used & imported.keys() - makers.keys())
        for each in sorted(set().union(*(makers.get(one, set()) for one in used)) - found):
            found.add(each)
            todo.append(each)
    return found, list(dict.fromkeys(imported[one] for one in wanted))
