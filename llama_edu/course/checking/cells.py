"""A learner's cell as Python reads it, once IPython has turned its own lines into Python."""

import ast
import re
import symtable
import warnings
from dataclasses import dataclass
from functools import lru_cache
from types import CodeType

from IPython.core.inputtransformer2 import TRANSFORM_LOOP_LIMIT, TransformerManager

# IPython reads a cell anew for each of its own lines in it: with 20,000 that takes minutes.
MAX_CHARACTERS_READ = 300_000
# They run code of the cell's own, where the cell itself would.
CELL_MAGICS, LINE_MAGICS = ("time", "timeit", "capture", "prun"), ("time", "timeit", "prun")
NEW_LINE = re.compile(r"\r\n?")
OPTIONS = re.compile(r"(?:-\w+(?:\s+\d+)?\s+)*")
CANNOT_READ = (
    SyntaxError, ValueError, RuntimeError, RecursionError, MemoryError, OverflowError, SystemError,
)  # fmt: skip


@dataclass(frozen=True)
class Cell:
    """The code of a cell, statement by statement, as IPython runs it.

    Where Python refuses one, such as a `return` outside of a function, those before it are run
    and stand here.

    Args:
        source: as it was written.
        text: the same in Python alone.
        statements: what it says, what a magic such as `%%time` runs included.
        symbols: the names of each.
        codes: each compiled.
    """

    source: str
    text: str
    statements: tuple[ast.stmt, ...]
    symbols: tuple[symtable.SymbolTable, ...]
    codes: tuple[CodeType, ...]

    def line(self, number: int) -> tuple[int, str]:
        """A line of `text`: its number in `source`, where it may stand lower, and what it says."""
        lines, written = (text.split("\n") for text in (self.text, self.source))
        text = lines[number - 1].strip() if number <= len(lines) else ""
        places = [i for i, line in enumerate(written, start=1) if line.strip() == text]
        return min(places, key=lambda place: abs(place - number), default=number), text


@lru_cache(maxsize=64)
def read_cell(source: str) -> Cell | None:
    """Read a cell, without running it; None if it cannot be read.

    What reads it is IPython's own transformer, as in the kernel: lines with `%`, `!` or `?` become
    calls, and every other line stays as it is.
    """
    with warnings.catch_warnings(action="ignore"):  # of code that nobody runs here
        try:
            source = NEW_LINE.sub("\n", source)
            text = _Reader().python(source)
            tree = ast.parse(text)
        except CANNOT_READ:  # null characters and nesting too
            return None
        lines, statements, tables, codes = text.split("\n"), [], {}, []
        for node in tree.body:
            first = min(one.lineno for one in (node, *getattr(node, "decorator_list", ())))
            place, module = slice(first - 1, node.end_lineno), ast.Module([node], [])
            try:
                code = compile(module, "<cell>", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, True)
                if str(place) not in tables:  # once of `a; b; c`
                    part = "\n".join(lines[place])
                    tables[str(place)] = symtable.symtable(part, "<cell>", "exec")
            except CANNOT_READ:
                break
            statements.append(node)
            codes.append(code)
    return Cell(source, text, tuple(statements), tuple(tables.values()), tuple(codes))


class _Reader(TransformerManager):
    """IPython's transformer, which stops where a cell would take it long."""

    def __init__(self):
        super().__init__()
        self._left = MAX_CHARACTERS_READ

    def python(self, source: str) -> str:
        """A cell in Python, what magics run in the place of the call of the magic.

        Raises:
            ValueError: if reading it would take long.
        """
        text = self.transform_cell(source)
        if "_magic(" not in text:
            return text
        lines = re.split(r"(?<=\n)", text)
        for node in ast.walk(ast.parse(text)):
            if code := self._run_by_magic(node):
                indent = lines[node.lineno - 1][: node.col_offset]
                lines[node.lineno - 1 : node.end_lineno] = [f"{indent}{code}\n"]
        return "".join(lines)

    def do_token_transforms(self, lines):
        for _ in range(TRANSFORM_LOOP_LIMIT):
            self._left -= sum(map(len, lines))
            if self._left < 0:
                break
            is_changed, lines = self.do_one_token_transform(lines)
            if not is_changed:
                return lines
        raise ValueError(f"more than {MAX_CHARACTERS_READ} characters to read")

    def _run_by_magic(self, node: ast.AST) -> str:
        """The Python that a statement such as `%time f(x)` runs, on as many lines; "" if none."""
        if not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)):
            return ""
        kind = getattr(node.value.func, "attr", "")
        values = [getattr(value, "value", None) for value in node.value.args]
        if kind == "run_cell_magic" and len(values) == 3 and values[0] in CELL_MAGICS:
            return f"\n{self.python(values[2])}"
        if kind == "run_line_magic" and len(values) == 2 and values[0] in LINE_MAGICS:
            code = OPTIONS.sub("", values[1], count=1)
            try:
                ast.parse(code)
            except CANNOT_READ:
                return ""
            return code
        return ""
