"""What stands in a student's process in place of this package: names with nothing behind them."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

# To import a part of the package does no harm, say for a figure below an answer; to use it is an
# error. An answer whose function does is refused before it is run.
PACKAGE = '''"""In grading, nothing of llama_edu is here."""

import sys
from importlib.machinery import ModuleSpec
from types import ModuleType


class Absent:
    def __init__(self, name):
        self._name = name

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return Absent(f"{self._name}.{name}")

    def __call__(self, *arguments, **settings):
        raise RuntimeError(f"{self._name} is not here when an answer is graded")


class Empty(ModuleType):
    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return Absent(f"{self.__name__}.{name}")


class Finder:
    def find_spec(self, name, path=None, target=None):
        return ModuleSpec(name, self, is_package=True) if name.startswith("llama_edu.") else None

    def create_module(self, spec):
        return Empty(spec.name)

    def exec_module(self, module):
        pass


sys.meta_path.append(Finder())
__getattr__ = Empty(__name__).__getattr__
'''
# A student's cells import the check; their process has none, since what is right is elsewhere.
CHECK = '''"""In grading, checks are made outside."""


def check(name, function, seed=0):
    pass
'''


@contextlib.contextmanager
def visible_modules() -> Iterator[str]:
    """A folder with what an exercise may import of this package, for as long as this lasts."""
    with TemporaryDirectory(prefix="llama_edu_") as folder:
        Path(folder).chmod(0o755)
        package = Path(folder, "llama_edu")
        for place, text in ((package, PACKAGE), (package / "course", CHECK)):
            place.mkdir()
            (place / "__init__.py").write_text(text, encoding="utf-8")
        yield folder
