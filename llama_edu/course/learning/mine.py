"""A learner's own answers, put to use in later lessons."""

import ast
from collections.abc import Callable
from pathlib import Path

from llama_edu.course.answers import read_notebook
from llama_edu.course.checking.cells import read_cell
from llama_edu.course.checking.questions import Question, find_question
from llama_edu.course.checking.solutions import MAKES_NAMES, find_solution
from llama_edu.course.learning.workspace import default_workspace
from llama_edu.course.pieces import answers_in


def mine(name: str) -> Callable:
    """The learner's function for a question if it is right, else the course's; says which.

    mine("attention.grouped_attention") reads exercises/05_attention.ipynb of the working copy that
    the notebook lies in, as it was saved last. Where there is none, as in a notebook that the
    course builds, the function is the course's own.

    Args:
        name: of a question.

    Raises:
        ValueError: if no lesson asks it.
    """
    question = find_question(name)
    function, why = _own(question)
    if function is None:
        print(f"{name}: the course's own{why}")
        return find_solution(question.exercise, name).function()
    print(f"{name}: yours")
    return function


def _own(question: Question) -> tuple[Callable | None, str]:
    """The learner's function, or None and why it is not taken."""
    from llama_edu.course.checking.diagnose import diagnose

    path = default_workspace(Path.cwd()) / "exercises" / f"{question.exercise.parent.name}.ipynb"
    if not path.is_file():
        return None, ""
    try:
        notebook = read_notebook(path)
    except ValueError as error:
        return None, f", for {error}"
    name, answers = question.name, answers_in(notebook.cells, [question.name])
    if not answers.is_written(name):
        return None, ", as yours is not written yet"
    scope: dict = {"__name__": "__main__"}
    for cell in notebook.cells[: answers.places[name][-1]]:
        if cell.cell_type == "code":
            _define(cell.source, scope)
    _define(answers.sources[name], scope)
    function = scope.get(question.function_name)
    if function is None or not diagnose(question, function).ok:
        lesson = question.exercise.parent.name[:2]
        return None, f", as yours is not right yet: llama-edu check {lesson}"
    return function, ""


def _define(source: str, scope: dict) -> None:
    """Run what a cell defines; what fails defines nothing."""
    cell = read_cell(source)
    for node in cell.statements if cell else ():
        if isinstance(node, MAKES_NAMES):
            try:
                exec(compile(ast.Module([node], []), "<your exercise>", "exec"), scope)
            except (Exception, SystemExit):  # whatever it is, its own check says it better
                continue
