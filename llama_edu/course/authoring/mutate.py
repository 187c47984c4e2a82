"""Small wrong changes to a function, made by machine: each must be noticed by its question.

The published mutation tools (mutmut, cosmic-ray) change Python's operators and constants, but not
what is got wrong with tensors: a keyword left out, arguments swapped, `repeat` for
`repeat_interleave`. So the changes are our own, made on Python's syntax tree.
"""

import ast
import difflib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

BINARY = {
    ast.Add: (ast.Sub,),
    ast.Sub: (ast.Add,),
    ast.Mult: (ast.Div, ast.Add),
    ast.Div: (ast.Mult, ast.FloorDiv),
    ast.FloorDiv: (ast.Mult, ast.Div),
    ast.Mod: (ast.FloorDiv,),
    ast.Pow: (ast.Mult,),
    ast.MatMult: (ast.Mult,),
    ast.BitAnd: (ast.BitOr,),
    ast.BitOr: (ast.BitAnd,),
}
COMPARE = {
    ast.Lt: (ast.LtE, ast.Gt),
    ast.LtE: (ast.Lt, ast.GtE),
    ast.Gt: (ast.GtE, ast.Lt),
    ast.GtE: (ast.Gt, ast.LtE),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
# Functions that are taken for each other; each is changed into every other of its row.
CONFUSED = (
    {"sum", "mean"},
    {"max", "min"},
    {"amax", "amin"},
    {"argmax", "argmin"},
    {"any", "all"},
    {"tril", "triu"},
    {"zeros", "ones"},
    {"zeros_like", "ones_like"},
    {"exp", "expm1"},
    {"log", "log2", "log1p"},
    {"sqrt", "rsqrt", "square"},
    {"sin", "cos"},
    {"softmax", "log_softmax"},
    {"cat", "stack"},
    {"floor", "ceil", "round"},
    {"var", "std"},
    {"append", "extend"},
)
SYMMETRIC = {"transpose", "swapaxes", "maximum", "minimum"}
COUNTING = {"range", "arange", "tril", "triu", "roll", "narrow", "clamp", "topk"}
CONDITIONAL = {"masked_fill", "where"}
LIBRARIES = {"torch", "math", "F", "nn"}
TRANSPOSED = {"T", "mT", "H", "mH"}
SIZES = {"shape", "dtype", "device", "ndim"}  # those of q, k and v are mostly the same


@dataclass(frozen=True)
class Mutant:
    """A cell with one change.

    Args:
        change: "old line -> new line", without comments and in Python's own layout, so that it
            stays the same when the cell is only laid out anew.
        source: the whole cell.
    """

    change: str
    source: str


def mutants(source: str, function_name: str) -> list[Mutant]:
    """Every small change to a function's body; its docstring and the rest of the cell stay.

    mutants("def f(x):\\n    return x + 1", "f")[0].change -> "return x + 1 -> pass"

    Raises:
        ValueError: if the cell defines no such function.
    """
    module = ast.parse(source)
    function = _function(module, function_name)
    original = ast.unparse(function)
    parents = {child: node for node in ast.walk(module) for child in ast.iter_child_nodes(node)}
    inputs = [argument.arg for argument in function.args.args]
    found: dict[str, Mutant] = {}
    n_same: Counter[str] = Counter()
    for node in _nodes(function):
        for variant in list(_variants(node, parents[node], inputs)):
            _put(parents[node], node, variant)
            text = ast.unparse(function)
            if text != original and text not in found:
                change = _describe(original, text)
                n_same[change] += 1
                nth = f" (place {n_same[change]})" if n_same[change] > 1 else ""
                found[text] = Mutant(change + nth, ast.unparse(module))
            _put(parents[node], variant, node)
    return list(found.values())


def _put(parent: ast.AST, old: ast.AST, new: ast.AST) -> None:
    """Let one part of a program stand in the place of another."""
    for field, value in ast.iter_fields(parent):
        if value is old:
            setattr(parent, field, new)
        elif isinstance(value, list):
            value[:] = [new if item is old else item for item in value]


def _variants(node: ast.AST, parent: ast.AST, inputs: list[str]) -> Iterator[ast.AST]:
    """What a part of the program could be mistaken for."""
    if isinstance(node, ast.stmt):
        yield ast.Pass()
    match node:
        case ast.BinOp(left, op, right):
            yield from (ast.BinOp(left, other(), right) for other in BINARY.get(type(op), ()))
            yield from (left, right)
        case ast.AugAssign(target, op, value):
            yield from (ast.AugAssign(target, other(), value) for other in BINARY[type(op)])
        case ast.Compare(left, [op], [right]):
            yield from (ast.Compare(left, [other()], [right]) for other in COMPARE[type(op)])
        case ast.BoolOp(op, values):
            yield ast.BoolOp(ast.Or() if isinstance(op, ast.And) else ast.And(), values)
            yield from values
        case ast.UnaryOp(_, operand):
            yield operand
        case ast.Constant(value):
            yield from (ast.Constant(other) for other in _other_constants(value))
        case ast.Name(name) if name in inputs and not _is_size(parent):
            yield ast.Name(inputs[(inputs.index(name) + 1) % len(inputs)], node.ctx)
        case ast.Attribute(value, name) if name in TRANSPOSED:
            yield value
        case ast.Call():
            yield from _other_calls(node)
        case ast.IfExp(test, body, orelse):
            yield ast.IfExp(test, orelse, body)
            yield from (body, orelse)
        case ast.If(test, body, orelse):
            yield ast.If(_not(test), body, orelse)
        case ast.While(test, body, orelse):
            yield ast.While(_not(test), body, orelse)
        case ast.Slice(lower, upper, step):
            for bound in filter(None, (lower, upper)):
                for moved in (*_off_by_one(bound), None):
                    ends = [moved if end is bound else end for end in (lower, upper)]
                    yield ast.Slice(*ends, step)
            if step:
                yield ast.Slice(lower, upper)
        case ast.comprehension(target, items, [_, *_], is_async):
            yield ast.comprehension(target, items, [], is_async)


def _other_calls(call: ast.Call) -> Iterator[ast.AST]:
    function, arguments, keywords = call.func, call.args, call.keywords
    name = getattr(function, "attr", getattr(function, "id", ""))

    def with_arguments(changed: list[ast.expr]) -> ast.Call:
        return ast.Call(function, changed, keywords)

    yield from (
        ast.Call(function, arguments, [other for other in keywords if other is not keyword])
        for keyword in keywords
    )
    for i, argument in enumerate(arguments):
        before, after = arguments[:i], arguments[i + 1 :]
        yield with_arguments(before + after)
        if after and name not in SYMMETRIC:
            yield with_arguments([*before, after[0], argument, *after[1:]])
    of = function.value if isinstance(function, ast.Attribute) else None
    if of is not None and not (isinstance(of, ast.Name) and of.id in LIBRARIES):
        yield of  # x.f(...) -> x
    elif arguments:
        yield arguments[0]  # f(x, ...) -> x
    for row in CONFUSED:
        for other in sorted(row - {name}) if name in row else ():
            renamed = ast.Name(other, ast.Load()) if of is None else ast.Attribute(of, other)
            yield ast.Call(renamed, arguments, keywords)
    if name in COUNTING:
        for i, argument in enumerate(arguments):
            for moved in _off_by_one(argument):
                yield with_arguments([*arguments[:i], moved, *arguments[i + 1 :]])
    if name in CONDITIONAL and arguments:
        yield with_arguments([ast.UnaryOp(ast.Invert(), arguments[0]), *arguments[1:]])
    if name == "repeat_interleave" and of is not None and arguments:  # 0 0 1 1 -> 0 1 0 1
        tiled = ast.BinOp(ast.List([of], ast.Load()), ast.Mult(), arguments[0])
        yield ast.Call(ast.Attribute(ast.Name("torch"), "cat"), [tiled, *arguments[1:]], keywords)


def _other_constants(value: object) -> tuple:
    if isinstance(value, bool):
        return (not value,)
    if isinstance(value, int):
        return (value + 1, value - 1)
    if isinstance(value, float):
        return (2 * value, 0.0) if value else (1.0,)
    return ()


def _off_by_one(node: ast.expr) -> Iterator[ast.expr]:
    if not isinstance(node, ast.Constant | ast.Starred):  # a constant has variants of its own
        yield ast.BinOp(node, ast.Add(), ast.Constant(1))
        yield ast.BinOp(node, ast.Sub(), ast.Constant(1))


def _not(test: ast.expr) -> ast.expr:
    return ast.UnaryOp(ast.Not(), test)


def _is_size(parent: ast.AST) -> bool:
    return isinstance(parent, ast.Attribute) and parent.attr in SIZES


def _function(module: ast.Module, name: str) -> ast.FunctionDef:
    for node in module.body:
        if isinstance(node, ast.FunctionDef) and node.name == name:
            return node
    raise ValueError(f"function_name={name!r} must be defined in the cell")


def _nodes(function: ast.FunctionDef) -> list[ast.AST]:
    """Every part of a function's body, in the order it is written in, without the docstring."""
    has_docstring = ast.get_docstring(function, clean=False) is not None
    return [node for part in function.body[has_docstring:] for node in ast.walk(part)]


def _describe(original: str, text: str) -> str:
    """The lines that differ: "x = a + b -> x = a - b"."""
    lines = list(difflib.ndiff(original.splitlines(), text.splitlines()))
    sides = [" / ".join(line[2:].strip() for line in lines if line[0] == sign) for sign in "-+"]
    return " -> ".join(side or "(nothing)" for side in sides)
