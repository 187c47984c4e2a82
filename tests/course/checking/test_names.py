"""Names that an answer must do without are found wherever its own code uses them."""

from functools import wraps

import pytest
import torch
from torch.nn import functional as F

from llama_edu.course.checking.names import borrowed_names, defined_names, first_use, first_use_in

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
    ("def broken(", set()), ("", set()), ("\0", set()),
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


def test_ipython_s_own_lines_hide_nothing():
    use = first_use_in("%time 1\ndef f(x):\n    return x.softmax(0)", ["softmax"])
    assert (use.name, use.line) == ("softmax", "In line 3: `return x.softmax(0)`")


def test_what_stands_outside_functions_is_a_trial_of_one_s_own():
    assert first_use_in("def f(x): return x\ntorch.softmax(f(x), 0)", ["softmax"]) is None
    assert first_use_in("def f(x) return", ["softmax"]) is None


def test_a_student_s_odd_code_prints_no_warning(recwarn):
    first_use_in("0 is 0\ndef f(x): return x", ["softmax"])
    defined_names("0 is 0")
    assert not recwarn.list
