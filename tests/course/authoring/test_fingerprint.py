"""A fingerprint changes with the files and with all that they import of the package, not else."""

import pytest

from llama_edu.course.authoring.fingerprint import (
    PACKAGE,
    fingerprint,
    imported_names,
    package_modules,
)


@pytest.fixture
def toy(tmp_path):
    """A package `toy`: a -> b.c -> (inside a function) d; e alone."""
    package = tmp_path / "toy"
    texts = {
        "__init__": "",
        "a": "from toy.b import c",
        "b/__init__": "import math",
        "b/c": "def later():\n    import toy.d",
        "d": "value = 1",
        "e": "value = 2",
    }
    for name, text in texts.items():
        path = package / f"{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return package


@pytest.fixture
def lesson(tmp_path):
    path = tmp_path / "lesson.py"
    path.write_text("from toy.a import c\nimport numpy", encoding="utf-8")
    return path


def test_modules_are_followed_through_packages_and_into_functions(toy, lesson):
    found = package_modules([lesson.read_text(encoding="utf-8")], toy)
    assert found.keys() == {"toy", "toy.a", "toy.b", "toy.b.c", "toy.d"}
    assert found["toy.b"] == toy / "b" / "__init__.py"


@pytest.mark.parametrize("text, names", [
    ("import a.b, c as d", {"a.b", "c"}),
    ("from a.b import c, d", {"a.b.c", "a.b.d"}),
    ("from . import c", {"here.c"}),
    ("from .a import b", {"here.a.b"}),
    ("if x:\n    import a", {"a"}),
    ('"import a"', set()),
])  # fmt: skip
def test_imported_names(text, names):
    assert imported_names(text, "here") == names


@pytest.mark.parametrize("module", ["__init__", "a", "b/__init__", "b/c", "d"])
def test_it_changes_with_every_module_in_use(toy, lesson, module):
    before = fingerprint([lesson], toy)
    path = toy / f"{module}.py"
    path.write_text(path.read_text(encoding="utf-8") + "\n# changed", encoding="utf-8")
    assert fingerprint([lesson], toy) != before


def test_it_changes_with_the_file(toy, lesson):
    before = fingerprint([lesson], toy)
    lesson.write_text(lesson.read_text(encoding="utf-8") + "\nx = 1", encoding="utf-8")
    assert fingerprint([lesson], toy) != before


def test_it_does_not_change_with_what_is_not_imported(toy, lesson):
    before = fingerprint([lesson], toy)
    (toy / "e.py").write_text("value = 3", encoding="utf-8")
    assert fingerprint([lesson], toy) == before


def test_it_does_not_change_with_the_place_or_the_line_ends(toy, lesson):
    elsewhere = toy / "lesson.py"
    elsewhere.write_bytes(lesson.read_bytes().replace(b"\n", b"\r\n"))
    assert fingerprint([elsewhere], toy) == fingerprint([lesson], toy)


def test_the_real_package_is_followed():
    found = package_modules(["from llama_edu.pretrained import load_pretrained"])
    assert {"llama_edu", "llama_edu.config", "llama_edu.model.attention"} <= found.keys()
    assert found["llama_edu.config"] == PACKAGE / "config" / "__init__.py"
