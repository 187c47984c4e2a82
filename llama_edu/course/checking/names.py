"""Which names a function uses, and a cell makes: answers may be asked to do without some."""

import ast
import dis
import inspect
import re
import symtable
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from types import CodeType, FunctionType, ModuleType

from llama_edu.course.checking.cells import Cell, read_cell
from llama_edu.course.checking.outcomes import line_in_words

PACKAGE = __name__.partition(".")[0]
OURS = "must not be used here: an answer imports nothing of llama_edu, and writes what it needs."
# How a line begins that makes a name, in a cell that cannot be read.
MAKES = re.compile(r"^(?:async\s+)?(?:(?:def|class)\s+(\w+)|(\w+)\s*=(?!=))", re.MULTILINE)


@dataclass(frozen=True)
class Use:
    """A name and the line it stands in: "In line 3: `return x.softmax(-1)`"."""

    name: str
    line: str


def first_use(function: Callable, names: Collection[str]) -> Use | None:
    """The first of some names that a function's own code uses, as a name or behind a dot.

    first_use(lambda x: torch.softmax(x, 0), {"softmax"}).name -> "softmax". What the functions
    that it calls use is not looked at, so this reminds; it does not guard.
    """
    code = getattr(inspect.unwrap(function), "__code__", None)
    if code is None or not names:
        return None
    for name, number in _loads(code):
        if name in names:
            return Use(name, line_in_words(code.co_filename, number))
    return None


def first_use_in(source: str, names: Collection[str]) -> Use | None:
    """The first of some names that a function in a cell uses; the cell is not run.

    first_use_in("def f(x): return x.softmax(0)", {"softmax"}).name -> "softmax". What stands
    outside every function, such as a trial of one's own, is not looked at.
    """
    cell = read_cell(source) if names else None
    constants = (one for code in cell.codes for one in code.co_consts) if cell else ()
    for code in filter(lambda constant: isinstance(constant, CodeType), constants):
        for name, number in _loads(code):
            if name in names:
                number, text = cell.line(number)
                return Use(name, f"In line {number}: `{text}`")
    return None


def first_of_ours(function: Callable) -> Use | None:
    """The first thing of this package that a function of a notebook uses, or imports.

    An answer must do without: what the package has is what the course asks for, and a grader has
    none of it. Functions of a module are not looked at, as the course's own use the package.
    """
    function = inspect.unwrap(function)
    code, own = getattr(function, "__code__", None), getattr(function, "__globals__", {})
    if code is None or own.get("__name__") != "__main__":
        return None
    for name, number in _loads(code, ("LOAD_GLOBAL", "IMPORT_NAME")):
        if any(map(_is_ours, _homes(own[name]) if name in own else [name])):
            return Use(name.partition(".")[0], line_in_words(code.co_filename, number))
    return None


def first_of_ours_in(source: str, imported: Mapping[str, str]) -> Use | None:
    """The first thing of this package that a function in a cell uses; the cell is not run.

    Args:
        source: the cell.
        imported: what `imports` gives of all answers.
    """
    imported = {**imported, **imports(source)}
    names = {name for name, line in imported.items() if _is_ours(line.split()[1])}
    cell = read_cell(source)
    constants = (one for code in cell.codes for one in code.co_consts) if cell else ()
    for code in filter(lambda constant: isinstance(constant, CodeType), constants):
        for name, number in _loads(code, ("LOAD_GLOBAL", "IMPORT_NAME")):
            if name in names or _is_ours(name):
                number, text = cell.line(number)
                return Use(name.partition(".")[0], f"In line {number}: `{text}`")
    return None


def _homes(value: object) -> list[str]:
    """The modules that a value was made in, or its class and what that is made of."""
    if issubclass(type(value), ModuleType):
        return [str(value.__name__)]
    if issubclass(type(value), FunctionType):
        return [str(value.__module__)]
    classes = value.__mro__ if issubclass(type(value), type) else type(value).__mro__
    return [str(one.__module__) for one in classes]


def _is_ours(module: str) -> bool:
    return module.partition(".")[0] == PACKAGE


def imports(source: str) -> dict[str, str]:
    """What the lines `import ...` at the top of a cell's code make, and those lines."""
    cell, lines = read_cell(source), {}
    for node in cell.statements if cell else ():
        if isinstance(node, ast.Import | ast.ImportFrom):
            for alias in node.names:
                made = alias.asname or alias.name.partition(".")[0]
                lines[made] = ast.unparse(node)
    return lines


def global_names(function: Callable) -> set[str]:
    """Names that a function's own code takes from outside it.

    global_names(lambda x: softmax(x).sum()) -> {"softmax"}
    """
    code = getattr(inspect.unwrap(function), "__code__", None)
    return {name for name, _ in _loads(code, ("LOAD_GLOBAL",))} if code else set()


def defined_names(source: str) -> set[str]:
    """Names that the code of a cell makes for the cells after it.

    defined_names("import math\ndef half(x): return x / 2") -> {"math", "half"}. Of a cell that
    cannot be read they are guessed from how its lines begin.
    """
    cell = read_cell(source)
    if cell is None:
        return {name for names in MAKES.findall(source) for name in names if name}
    return {one.get_name() for one in _symbols(cell) if one.is_assigned() or one.is_imported()}


def borrowed_names(source: str) -> set[str]:
    """Names that the functions of a cell take from outside it; none if it cannot be read.

    borrowed_names("def f(x): return softmax(mask(x).sum())") -> {"softmax", "mask"}
    """
    cell, borrowed = read_cell(source), set()
    inner = [one for table in cell.symbols for one in table.get_children()] if cell else []
    while inner:
        function = inner.pop()
        inner += function.get_children()
        borrowed |= {one.get_name() for one in function.get_symbols() if one.is_global()}
    return borrowed - defined_names(source)


def used_names(source: str) -> set[str]:
    """Names that a cell or its functions take from cells before it; none if it cannot be read.

    used_names("def f(x):\n    y = mask(x)\n    return y\nf(z)") -> {"mask", "z"}. A local
    variable is none, whatever it is called.
    """
    cell = read_cell(source)
    top = {one.get_name() for one in _symbols(cell) if one.is_referenced()} if cell else set()
    return (top | borrowed_names(source)) - defined_names(source)


def _symbols(cell: Cell) -> list[symtable.Symbol]:
    """Those of the cell itself."""
    return [symbol for table in cell.symbols for symbol in table.get_symbols()]


def _loads(
    code: CodeType, how: tuple[str, ...] = ("LOAD_GLOBAL", "LOAD_ATTR", "LOAD_METHOD", "IMPORT_")
) -> Iterator[tuple[str, int]]:
    """Names that code looks up outside itself, with their lines; inner functions' names last."""
    for instruction in dis.get_instructions(code):
        opname = instruction.opname
        if opname.startswith(how):
            yield instruction.argval, instruction.positions.lineno
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _loads(constant, how)
