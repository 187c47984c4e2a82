"""From an authored py:percent file to a notebook, not yet run.

The same text gives the same bytes wherever it is made: cells are named after their question or
their position, and nothing of the machine gets into the metadata.
"""

import ast

import jupytext
import nbformat
from nbformat import NotebookNode

from llama_edu.course.lessons import nbgrader_id

STUB = ("# YOUR CODE HERE", "raise NotImplementedError()")  # nbgrader's own words
TAGS = {
    "nbval-check-output": "what it prints is compared when the notebooks are tested",
    "nbval-ignore-output": "what it prints differs from machine to machine",
    "raises-exception": "it must fail, and the error is what it shows",
    "sourced": "prose whose numbers stand in the source that it cites",
}
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {
        "file_extension": ".py",
        "mimetype": "text/x-python",
        "name": "python",
        "pygments_lexer": "ipython3",
    },
}
MARKER = "# %%"


def to_notebook(text: str) -> NotebookNode:
    """Make the notebook of an authored file: complete, with solutions, without outputs.

    Args:
        text: py:percent. The options that a `# %%` line may carry are `grade_id` (an answer cell,
            or a check cell if it begins with "check."), `points` and `tags`.

    Raises:
        ValueError: with the line, for an unknown option or tag, an empty cell, or an answer or a
            check cell that does not look like one.
    """
    notebook = nbformat.v4.new_notebook(metadata=METADATA)
    notebook.nbformat_minor = 5  # the first with cell ids; not whichever is the newest
    read = jupytext.reads(text, fmt="py:percent").cells
    lines = first_lines(text)
    if len(read) != len(lines):
        raise ValueError(f"line 1 must begin with {MARKER!r}, and no string may have such a line")
    for position, (cell, line) in enumerate(zip(read, lines, strict=True), start=1):
        try:
            notebook.cells.append(_cell(cell, position))
        except (ValueError, SyntaxError) as error:
            raise ValueError(f"line {line}: {error}") from None
    names = [cell.id for cell in notebook.cells]
    if repeated := {name for name in names if names.count(name) > 1}:
        raise ValueError(f"grade_id must be used once, got {', '.join(sorted(repeated))} again")
    nbformat.validate(notebook)
    return notebook


def without_solutions(notebook: NotebookNode) -> NotebookNode:
    """Copy a notebook as the learner gets it: stubs for solutions, no hidden tests, no outputs."""
    stripped = without_outputs(notebook)
    for cell in stripped.cells:
        if cell.cell_type == "code":
            cell.source = replace_regions(cell.source, "SOLUTION", STUB)
            cell.source = replace_regions(cell.source, "HIDDEN TESTS", ())
    return stripped


def without_outputs(notebook: NotebookNode) -> NotebookNode:
    """Copy a notebook as if it had never been run."""
    blank = nbformat.from_dict(notebook)
    for cell in blank.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return blank


def replace_regions(source: str, name: str, instead: tuple[str, ...]) -> str:
    """Put lines in the place of all from `### BEGIN name` to `### END name`, as far indented.

    replace_regions("  ### BEGIN X\\n  1\\n  ### END X", "X", ("2",)) -> "  2"

    Raises:
        ValueError: if a region is not closed, not opened, or inside another.
    """
    kept, inside = [], False
    for line in source.splitlines():
        begins, ends = f"BEGIN {name}" in line, f"END {name}" in line
        if begins == inside and (begins or ends):
            raise ValueError(f"{line.strip()!r} must come in turn with its counterpart")
        if begins:
            kept += [line[: len(line) - len(line.lstrip())] + stub for stub in instead]
        elif not (inside or ends):
            kept.append(line)
        inside = begins or (inside and not ends)
    if inside:
        raise ValueError(f"'### BEGIN {name}' must be closed by '### END {name}'")
    return "\n".join(kept)


def first_lines(text: str) -> list[int]:
    """The number, from 1, of the line where each cell's own text begins, below its marker."""
    lines = text.splitlines()
    markers = [n for n, line in enumerate(lines, start=1) if line.startswith(MARKER)]
    below = [enumerate(lines[n:], start=n + 1) for n in markers]
    return [next((n for n, line in rest if line.strip()), len(lines)) for rest in below]


def to_text(notebook: NotebookNode) -> str:
    """Write a notebook as JSON, the same bytes for the same content."""
    return nbformat.writes(notebook, version=nbformat.NO_CONVERT) + "\n"


def _cell(cell: NotebookNode, position: int) -> NotebookNode:
    options = {key: cell.metadata[key] for key in cell.metadata if key != "lines_to_next_cell"}
    grade_id, points = options.pop("grade_id", None), options.pop("points", None)
    tags = options.pop("tags", [])
    if options or cell.cell_type == "raw":
        raise ValueError(f"options must be grade_id, points or tags, got {options or 'raw text'}")
    if unknown := set(tags) - TAGS.keys():
        raise ValueError(f"tags must be among {', '.join(TAGS)}, got {', '.join(sorted(unknown))}")
    source = cell.source.strip("\n")
    if not source.strip():
        raise ValueError("a cell must not be empty")
    metadata: dict = {"tags": tags} if tags else {}
    name = f"cell-{position:02d}"
    if grade_id is not None:
        _validate_graded(cell, grade_id, points)
        name = nbgrader_id(grade_id)
        metadata |= _graded_metadata(name, points)
    elif "### BEGIN" in cell.source:
        raise ValueError("a solution or a hidden test must be in a cell with a grade_id")
    if cell.cell_type == "markdown":
        made = nbformat.v4.new_markdown_cell(source, metadata=metadata)
    else:
        made = nbformat.v4.new_code_cell(source, metadata=metadata)
    made.id = name
    return made


def _graded_metadata(name: str, points: int | None) -> dict:
    """What nbgrader (schema 3) and JupyterLab know of an answer cell, or of a check cell."""
    is_check = points is not None
    nbgrader = {
        "grade": is_check,
        "grade_id": name,
        "locked": is_check,
        "schema_version": 3,
        "solution": not is_check,
        "task": False,
    }
    if not is_check:
        return {"deletable": False, "nbgrader": nbgrader}
    return {"deletable": False, "editable": False, "nbgrader": nbgrader | {"points": points}}


def _validate_graded(cell: NotebookNode, grade_id: str, points: int | None) -> None:
    question = grade_id.removeprefix("check.")
    function = question.rpartition(".")[2]
    stub = replace_regions(cell.source, "SOLUTION", STUB)
    if question != grade_id:
        visible = replace_regions(cell.source, "HIDDEN TESTS", ()).strip()
        if visible != f'check("{question}", {function})':
            raise ValueError(f'a check cell must be check("{question}", {function}), got {visible}')
        if not (isinstance(points, int) and points > 0):
            raise ValueError(f"points={points} of {grade_id} must be a whole number above 0")
    elif points is not None:
        raise ValueError(f"points={points} must stand on the check cell, not on {grade_id}")
    elif function not in _functions(stub) or stub == cell.source:
        raise ValueError(f"the answer cell {grade_id} must define {function} round a solution")


def _functions(source: str) -> set[str]:
    return {node.name for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)}
