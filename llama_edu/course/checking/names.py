"""Which names a function uses, and a cell makes: answers may be asked to do without some."""

import ast
import dis
import inspect
import symtable
import warnings
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from types import CodeType

from llama_edu.course.checking.outcomes import line_in_words


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
    tree = parsed(source) if names else None
    if tree is None:
        return None
    with warnings.catch_warnings(action="ignore"):
        module = compile(tree, "<cell>", "exec")
    for code in filter(lambda constant: isinstance(constant, CodeType), module.co_consts):
        for name, number in _loads(code):
            if name in names:
                return Use(name, f"In line {number}: `{source.splitlines()[number - 1].strip()}`")
    return None


def parsed(source: str) -> ast.Module | None:
    """The tree of a cell's code, without IPython's own lines; None if it cannot be read."""
    try:
        with warnings.catch_warnings(action="ignore"):  # of code that nobody runs here
            return ast.parse(_python(source))
    except (SyntaxError, ValueError, RecursionError, MemoryError):  # null characters, nesting
        return None


def global_names(function: Callable) -> set[str]:
    """Names that a function's own code takes from outside it.

    global_names(lambda x: softmax(x).sum()) -> {"softmax"}
    """
    code = getattr(inspect.unwrap(function), "__code__", None)
    return {name for name, _ in _loads(code, ("LOAD_GLOBAL",))} if code else set()


def defined_names(source: str) -> set[str]:
    """Names that the code of a cell makes for the cells after it; none if it cannot be read.

    defined_names("import math\\ndef half(x): return x / 2") -> {"math", "half"}
    """
    cell = _symbols(source)
    symbols = cell.get_symbols() if cell else ()
    return {one.get_name() for one in symbols if one.is_assigned() or one.is_imported()}


def borrowed_names(source: str) -> set[str]:
    """Names that the functions of a cell take from outside it; none if it cannot be read.

    borrowed_names("def f(x): return softmax(mask(x).sum())") -> {"softmax", "mask"}
    """
    cell, borrowed = _symbols(source), set()
    inner = list(cell.get_children()) if cell else []
    while inner:
        function = inner.pop()
        inner += function.get_children()
        borrowed |= {one.get_name() for one in function.get_symbols() if one.is_global()}
    return borrowed - defined_names(source)


def _symbols(source: str) -> symtable.SymbolTable | None:
    try:
        with warnings.catch_warnings(action="ignore"):
            return symtable.symtable(_python(source), "<cell>", "exec")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _python(source: str) -> str:
    """A cell's lines, those of IPython alone left blank so that the others keep their numbers."""
    lines = source.splitlines()
    return "\n".join("" if line.lstrip().startswith(("%", "!")) else line for line in lines)


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
