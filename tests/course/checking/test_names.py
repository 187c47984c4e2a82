"""Names that an answer must do without are found wherever its own code uses them."""

import time
from functools import wraps

import pytest
import torch
from torch.nn import functional as F

from llama_edu.course.checking.cells import read_cell
from llama_edu.course.checking.names import (
    borrowed_names,
    defined_names,
    first_use,
    first_use_in,
    imports,
    used_names,
)

FORBIDDEN = {"softmax", "numpy"}


def in_a_call(x):
    return torch.softmax(x, 0)


def as_a_method(x):
    y = x.exp()
    return y.softmax(0)


def passed_on(x):
    return list(map(F.softmax, x))


def in_an_inner_function(x):
    return [row.softmax(0) for row in x]


def imported(x):
    from torch import softmax as s

    return s(x, 0)


def whole_module(x):
    import numpy

    return numpy.exp(x)


def as_a_word(x):
    """Not softmax."""
    softmax = x.exp()
    return {"softmax": softmax}


@wraps(in_a_call)
def wrapped(x):
    return in_a_call(x)


@pytest.mark.parametrize("function, name", [
    (in_a_call, "softmax"), (as_a_method, "softmax"), (passed_on, "softmax"),
    (in_an_inner_function, "softmax"), (imported, "softmax"), (whole_module, "numpy"),
    (wrapped, "softmax"),
])  # fmt: skip
def test_a_use_is_found(function, name):
    assert first_use(function, FORBIDDEN).name == name


def test_its_line_is_shown():
    assert first_use(as_a_method, FORBIDDEN).line.endswith(": `return y.softmax(0)`")


@pytest.mark.parametrize("function", [as_a_word, len, torch.nn.Linear(1, 1)])
def test_no_use_is_invented(function):
    assert first_use(function, FORBIDDEN) is None


def test_nothing_is_forbidden_where_no_names_are():
    assert first_use(in_a_call, ()) is None


@pytest.mark.parametrize("source, names", [
    ("import math\ndef half(x):\n    y = x\n    return y / 2", {"math", "half"}),
    ("from a import b as c\nclass D: pass\ne, f = 1, 2", {"c", "D", "e", "f"}),
    ("%matplotlib inline\n!ls\nwith open(x) as g:\n    h = print(g)", {"g", "h"}),
    ("def broken(\nx = 1\nif x == 1: y = 2", {"broken", "x"}), ("", set()), ("\0", set()),
    ("%%time\nimport math\n%time n = 1\na = !ls", {"math", "n", "a"}),
    ("%%capture out\n\ndef half(x): return x / 2", {"half"}),
    ("# a page\x0cbreak\ndef half(x): return x / 2", {"half"}),
    (">>> def half(x):\n...     return x / 2", {"half"}), ("%%bash\nx = 1", set()),
    ("def half(x): return x / 2\nhalf?\n%pip install \\\n    torch", {"half"}),
])  # fmt: skip
def test_names_that_a_cell_makes(source, names):
    assert defined_names(source) == names


@pytest.mark.parametrize("source, names", [
    ("def f(x): return softmax(mask(x).sum())", {"softmax", "mask"}),
    ("def f(x): return x.softmax(0)", set()),
    ("def f(x):\n    mask = x\n    return mask", set()),
    ("%pwd\ndef mask(x): return x\ndef f(x): return [mask(y) for y in g(x)]", {"g"}),
    ("mask(3)\ndef f(x): return lambda: h(x)", {"h"}),
    ("def broken(", set()), ("\0", set()),
])  # fmt: skip
def test_names_that_the_functions_of_a_cell_take_from_outside(source, names):
    assert borrowed_names(source) == names


CELL = "def f(x):\n    return x.softmax(0)"


@pytest.mark.parametrize("before, number", [
    ("%time 1\n", 3), ("!ls\n", 3), ("x = !ls\n", 3), ("%%capture\n", 3), ("\n%%time\n", 4),
    ("%%time\n%%capture\n", 4), ("f?\n", 3), ("%pip install \\\n  torch\n", 4),
    ("# \x0c \x0b\n", 3), ("await g()\n", 3), ("\r\n", 3), ("\r", 3),
])  # fmt: skip
def test_ipython_s_own_lines_hide_nothing(before, number):
    use = first_use_in(before + CELL, ["softmax"])
    assert (use.name, use.line) == ("softmax", f"In line {number}: `return x.softmax(0)`")


@pytest.mark.parametrize("source", [
    f"nonlocal f\n{CELL}", f"def g(a, a): pass\n{CELL}", f"break\n{CELL}", f"f'{{'\n{CELL}",
    f"def g(): await f()\n{CELL}", f"x = '\0'\n{CELL}", f"1 = x\n{CELL}", f"return 1\n{CELL}",
    f"x = {'9' * 5000}\n{CELL}", f"x = {'(' * 5000}{')' * 5000}", f"x = {'-' * 90_000}1",
], ids=range(11))  # fmt: skip
def test_what_python_refuses_is_not_looked_into_and_no_exception(source):
    assert first_use_in(source, ["softmax"]) is None
    assert borrowed_names(source) == used_names(source) == set()
    assert isinstance(defined_names(source), set) and isinstance(imports(source), dict)


def test_what_stands_above_it_is_run_and_counts():
    source = f"import math\n@g\n{CELL}\nx = 1; y = z\nreturn f\ndef late(): pass"
    assert first_use_in(source, ["softmax"]).line == "In line 4: `return x.softmax(0)`"
    assert (defined_names(source), used_names(source)) == ({"math", "f", "x", "y"}, {"g", "z"})


@pytest.mark.parametrize("line", ["!ls\n", "x?\n", "%time x\n", "%%time\n", "a = !ls\n"])
def test_a_cell_that_would_take_long_to_read_is_not_read(line):
    start = time.process_time()
    assert read_cell((line * 50_000)[:99_999] + "\n") is None
    assert time.process_time() - start < 10  # 80 s and more if nobody stopped it


def test_a_local_variable_is_nobody_s_function():
    source = "def f(x):\n    scores = mask(x)\n    return [scores for y in x]\n%time f(z)"
    assert used_names(source) == {"mask", "z"}


def test_modules_that_a_cell_imports():
    assert imports("%%time\nimport a.b\nfrom c import d as e\nreturn 3") == {
        "a": "import a.b", "e": "from c import d as e"
    }  # fmt: skip


def test_what_stands_outside_functions_is_a_trial_of_one_s_own():
    assert first_use_in("def f(x): return x\ntorch.softmax(f(x), 0)", ["softmax"]) is None
    assert first_use_in("def f(x) return", ["softmax"]) is None


def test_a_student_s_odd_code_prints_no_warning(recwarn):
    first_use_in("0 is 0\ndef f(x): return x", ["softmax"])
    defined_names("0 is 0")
    assert not recwarn.list
