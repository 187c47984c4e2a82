"""Each kind of small mistake is made, one at a time, and only inside the function's body."""

import ast

import pytest

from llama_edu.course.authoring.mutate import mutants


def changes(body: str, arguments: str = "x") -> list[str]:
    return [mutant.change for mutant in mutants(f"def f({arguments}):\n    {body}", "f")]


@pytest.mark.parametrize("line, others", [
    ("return x + 1", ["pass", "return x - 1", "return x", "return 1", "return x + 2",
                      "return x + 0"]),
    ("return x @ x.mT", ["return x * x.mT", "return x @ x"]),
    ("return x[-1]", ["return x[1]", "return x[-2]", "return x[-0]"]),
    ("return x < 3", ["return x <= 3", "return x > 3", "return x < 4"]),
    ("return a and b", ["return a or b", "return a", "return b"]),
    ("return not x", ["return x"]),
    ("return ~x", ["return x"]),
    ("return True", ["return False"]),
    ("return 0.5", ["return 1.0", "return 0.0"]),
    ("return a if x else b", ["return b if x else a", "return a", "return b"]),
    ("x += 1", ["x -= 1"]),
    ("return x[1:n]", ["return x[:n]", "return x[1:]", "return x[1:n + 1]", "return x[1:n - 1]"]),
    ("return [i for i in x if i]", ["return [i for i in x]"]),
    ("return x.sum(0, keepdim=True)", [
        "return x.sum(0)", "return x.sum(keepdim=True)", "return x.sum(0, keepdim=False)",
        "return x.mean(0, keepdim=True)", "return x", "return x.sum(1, keepdim=True)"]),
    ("return math.sqrt(n)", ["return n", "return math.square(n)", "return math.rsqrt(n)"]),
    ("return g(a, b)", ["return g(b, a)", "return g(a)", "return g(b)", "return a"]),
    ("return range(n)", ["return range(n + 1)", "return range(n - 1)"]),
    ("return x.masked_fill(m, 0)", ["return x.masked_fill(~m, 0)", "return x.masked_fill(0, m)"]),
    ("return x.repeat_interleave(n, dim=1)", ["return torch.cat([x] * n, dim=1)"]),
    ("return torch.tril(x)", ["return torch.triu(x)", "return torch.tril(x + 1)"]),
])  # fmt: skip
def test_a_line_is_changed_into_its_neighbours(line, others):
    found = changes(line)
    assert {f"{line} -> {other}" for other in others} <= set(found)
    assert len(set(found)) == len(found)


def test_conditions_are_negated_and_statements_left_out():
    found = changes("if x:\n        y = 1\n    while x:\n        x = 0\n    return y")
    assert "if x: -> if not x:" in found
    assert "while x: -> while not x:" in found
    assert "y = 1 -> pass" in found
    assert "return y -> pass" in found


def test_one_input_is_taken_for_the_next_but_not_where_only_its_size_is_asked():
    found = changes("return q @ k.mT / q.shape[-1]", "q, k")
    assert "return q @ k.mT / q.shape[-1] -> return k @ k.mT / q.shape[-1]" in found
    assert "return q @ k.mT / q.shape[-1] -> return q @ q.mT / q.shape[-1]" in found
    assert not any("k.shape" in change for change in found)


def test_swapping_what_may_be_swapped_is_no_mistake():
    assert "return x.transpose(1, 2) -> return x.transpose(2, 1)" not in changes(
        "return x.transpose(1, 2)"
    )


SOURCE = '''
LIMIT = 1 + 1

@decorate(1)
def f(x: int = 3) -> int:
    """Add 1 to x."""
    # Comments are not kept.
    return x + 1

def other():
    return 1 + 1
'''


def test_nothing_but_the_body_is_changed():
    original = ast.parse(SOURCE).body
    for mutant in mutants(SOURCE, "f"):
        changed = ast.parse(mutant.source).body
        for before, after in zip(original, changed, strict=True):
            if isinstance(before, ast.FunctionDef) and before.name == "f":
                assert ast.dump(before.body[0]) == ast.dump(after.body[0])  # the docstring
                assert ast.dump(before.body[1]) != ast.dump(after.body[1])
                before.body = after.body
                assert ast.dump(before) == ast.dump(after)
            else:
                assert ast.dump(before) == ast.dump(after)


def test_the_name_of_a_change_does_not_depend_on_how_the_cell_is_laid_out():
    tidy = "def f(x):\n    return g(x, 1) + 2"
    loose = (
        "def f(x):\n    # why\n    return (\n        g(x,\n          1)\n        + 2  # two\n    )"
    )
    assert [m.change for m in mutants(tidy, "f")] == [m.change for m in mutants(loose, "f")]


def test_the_same_change_in_two_places_has_two_names():
    found = changes("x = g(x)\n    x = g(x)\n    return x")
    assert {"x = g(x) -> pass", "x = g(x) -> pass (place 2)"} <= set(found)


def test_every_mutant_differs_and_can_be_compiled():
    found = mutants(SOURCE, "f")
    sources = [mutant.source for mutant in found]
    assert len(set(sources)) == len(sources) > 3
    for source in sources:
        compile(source, "cell", "exec")


def test_a_cell_without_the_function_is_refused():
    with pytest.raises(ValueError, match="'g' must be defined"):
        mutants("def f(): pass", "g")
