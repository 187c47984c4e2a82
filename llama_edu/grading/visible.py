"""The few modules that an exercise may import, alone in a folder of their own."""

import contextlib
import importlib.util
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

# A student's cells import the check; their process has none, since what is right is elsewhere.
CHECK = '''"""In grading, checks are made outside."""


def check(name, function, seed=0):
    pass
'''


@contextlib.contextmanager
def visible_modules(names: Iterable[str]) -> Iterator[str]:
    """Copy modules, and nothing else of their packages, to a folder for as long as this lasts.

    Args:
        names: "llama_edu.model.rope"; packages above one are there, but empty.

    Raises:
        ValueError: if there is no such module.
    """
    with TemporaryDirectory(prefix="llama_edu_") as folder:
        root = Path(folder)
        root.chmod(0o755)
        for name in names:
            spec = importlib.util.find_spec(name)
            if spec is None or spec.origin is None:
                raise ValueError(f"uses={name!r} must be a module")
            target = root.joinpath(*name.split(".")).with_suffix(".py")
            if Path(spec.origin).name == "__init__.py":
                target = target.with_suffix("") / "__init__.py"
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(spec.origin, target)
        course = root / "llama_edu" / "course"
        course.mkdir(parents=True, exist_ok=True)
        (course / "__init__.py").write_text(CHECK, encoding="utf-8")
        for package in {path.parent for path in root.rglob("*.py")} - {root}:
            while package != root:
                (package / "__init__.py").touch()
                package = package.parent
        yield folder
