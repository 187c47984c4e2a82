"""What lessons and exercises keep to: each rule takes a notebook and names what breaks it."""

import ast
import re
from pathlib import Path

import prose_numbers
from nbformat import NotebookNode
from prose_numbers import CITATION, compared_cells, output_text

import llama_edu

LABELS = ("What you need:", "What you will be able to do:", "Time:")
MOST_WORDS = 120
MOST_LINES = 25
PATH = re.compile(r"(?<![\w.])/(?:home|Users|root|tmp|var|usr|opt|mnt|work)/|\b[A-Z]:\\\\?\w|~/")
ADDRESS = re.compile(r"\b0x[0-9a-f]{6,}")
TIME = re.compile(r"\b\d+(?:\.\d+)? ?(?:s|ms|µs|us|ns|seconds?)\b|\b\d\d:\d\d:\d\d\b")


def has_no_compared_cell(notebook: NotebookNode) -> list[str]:
    return [] if compared_cells(notebook) else ["no cell is tagged nbval-check-output"]


def does_not_say_what_it_takes(notebook: NotebookNode) -> list[str]:
    """Labels that do not stand above all code, each once and in order."""
    kinds = [cell.cell_type for cell in notebook.cells]
    top = notebook.cells[: kinds.index("code") if "code" in kinds else None]
    found = re.findall(r"^\*\*(.+?:)\*\*", "\n".join(cell.source for cell in top), re.MULTILINE)
    found = [label for label in found if label in LABELS]
    return [] if found == [*LABELS] else [f"on top must stand {LABELS}, got {found}"]


def leaves_a_guess_unanswered(notebook: NotebookNode) -> list[str]:
    """Guesses that the next code cell does not answer."""
    below = [*code_cells(notebook)[1:], None]
    return [
        cell.id
        for cell, answer in zip(code_cells(notebook), below, strict=True)
        if asks_for_a_guess(cell) and not (answer and calls(answer, "answer_guess"))
    ]


def asks_a_guess(notebook: NotebookNode) -> list[str]:
    """In an exercise the check answers, so nothing is guessed."""
    return [cell.id for cell in code_cells(notebook) if asks_for_a_guess(cell)]


def states_what_it_does_not_show(notebook: NotebookNode) -> list[str]:
    return prose_numbers.unshown_numbers(notebook)


def cites_nothing(notebook: NotebookNode) -> list[str]:
    """Cells tagged `sourced` that do not say where."""
    return [
        cell.id
        for cell in notebook.cells
        if "sourced" in tags(cell) and not re.search(rf"{CITATION}|\]\(http", cell.source)
    ]


def defines_a_name_of_the_package(notebook: NotebookNode) -> list[str]:
    names = package_names()
    return [
        f"{cell.id}: {node.name} is in {names[node.name]}"
        for cell in code_cells(notebook)
        for node in ast.walk(ast.parse(cell.source))
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name in names
    ]


def is_too_long(notebook: NotebookNode) -> list[str]:
    """Cells of more words or lines than a reader takes in at once."""
    found = []
    for cell in notebook.cells:
        n_words = len(re.findall(r"\w\S*", cell.source))
        n_lines = len([line for line in cell.source.splitlines() if line.strip()])
        if cell.cell_type == "markdown" and n_words > MOST_WORDS:
            found.append(f"{cell.id}: {n_words} words, at most {MOST_WORDS}")
        if cell.cell_type == "code" and n_lines > MOST_LINES:
            found.append(f"{cell.id}: {n_lines} lines of code, at most {MOST_LINES}")
    return found


def hides_prose_in_code(notebook: NotebookNode) -> list[str]:
    """Headings and empty comment lines in code: above them a `# %% [markdown]` was lost."""
    return [
        f"{cell.id}: {line}"
        for cell in code_cells(notebook)
        for line in cell.source.splitlines()
        if re.match(r"#\s*$|#+ #", line)
    ]


def names_a_path(notebook: NotebookNode) -> list[str]:
    """Absolute paths, in what is written and in what is shown."""
    return [
        f"{cell.id}: {match[0]}"
        for cell in notebook.cells
        for text in (cell.source, output_text(cell) if cell.cell_type == "code" else "")
        for match in PATH.finditer(text)
    ]


def compares_what_changes(notebook: NotebookNode) -> list[str]:
    """Addresses and times in compared outputs: they are never twice the same."""
    return [
        f"{cell.id}: {match[0]}"
        for cell in compared_cells(notebook)
        for pattern in (ADDRESS, TIME)
        for match in pattern.finditer(output_text(cell))
    ]


def draws_without_words(notebook: NotebookNode) -> list[str]:
    """Figures without a title or a description, or not tagged as what nbval cannot compare."""
    found = []
    for cell in code_cells(notebook):
        pictures = [out for out in cell.outputs if "image/png" in out.get("data", {})]
        if not pictures:
            continue
        if not all(out.metadata.get("image/png", {}).get("alt") for out in pictures):
            found.append(f"{cell.id}: a figure without alt text")
        if not any(call_has(node, "title") for node in ast.walk(ast.parse(cell.source))):
            found.append(f"{cell.id}: a figure without a title")
        if "nbval-ignore-output" not in tags(cell):
            found.append(f"{cell.id}: a figure not tagged nbval-ignore-output")
    return found


RULES = (
    does_not_say_what_it_takes,
    leaves_a_guess_unanswered,
    has_no_compared_cell,
    states_what_it_does_not_show,
    cites_nothing,
    defines_a_name_of_the_package,
    is_too_long,
    hides_prose_in_code,
    names_a_path,
    compares_what_changes,
    draws_without_words,
)
EXERCISE_RULES = (does_not_say_what_it_takes, asks_a_guess)


def tags(cell: NotebookNode) -> list[str]:
    return cell.metadata.get("tags", [])


def code_cells(notebook: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def asks_for_a_guess(cell: NotebookNode) -> bool:
    return bool(re.search(r"^guess\s*=", cell.source, re.MULTILINE))


def calls(cell: NotebookNode, name: str) -> bool:
    """Whether a code cell calls a function by its name."""
    return any(
        isinstance(node, ast.Call) and getattr(node.func, "id", "") == name
        for node in ast.walk(ast.parse(cell.source))
    )


def call_has(node: ast.AST, keyword: str) -> bool:
    """Whether it is a call that is given a keyword argument, and not an empty text."""
    return isinstance(node, ast.Call) and any(
        given.arg == keyword and getattr(given.value, "value", True) != ""
        for given in node.keywords
    )


def package_names() -> dict[str, str]:
    """Each public function and class that a lesson could import, and a module that has it."""
    package, names = Path(llama_edu.__file__).parent, {}
    for path in sorted(package.rglob("*.py")):
        module = ".".join(path.relative_to(package.parent).with_suffix("").parts)
        if module.startswith("llama_edu.cli"):
            continue
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
                names[node.name] = module
    return names
