"""What an executed notebook was made from, as one short string: it changes when they do."""

import ast
import hashlib
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.util import resolve_name
from pathlib import Path

PACKAGE = Path(__file__).parents[2]
OUTSIDE = "outside"  # what is imported from beside a file that is not in the package


def fingerprint(files: Iterable[Path], package: Path = PACKAGE, *, also: str = "") -> str:
    """Digest files and every module of the package that they import, directly or not.

    Imports inside functions count, those of other packages do not. A file's name and its text
    count, its place and its line ends do not.

    Args:
        files: Python source files outside the package.
        package: folder of the package whose modules are followed.
        also: whatever else it is made from, as text.

    Returns:
        16 hexadecimal digits, of SHA-256.
    """
    texts = {path.name: path.read_text(encoding="utf-8") for path in files}
    for module, path in package_modules(texts.values(), package).items():
        texts[module] = path.read_text(encoding="utf-8")
    digest = hashlib.sha256()
    for name, text in sorted(texts.items()):
        digest.update(f"{name}\0{text}\0".encode())
    digest.update(also.encode())
    return digest.hexdigest()[:16]


def package_modules(texts: Iterable[str], package: Path = PACKAGE) -> dict[str, Path]:
    """The modules of the package that source texts import, directly or not: name -> file."""
    found: dict[str, Path] = {}
    to_read = [name for text in texts for name in imported_names(text, OUTSIDE)]
    while to_read:
        # Importing a.b.c runs a, then a.b; and c may be a function in a.b, not a module.
        for name in _with_parents(to_read.pop()):
            path = _module_file(name, package)
            if name not in found and path is not None:
                found[name] = path
                inside = name if path.name == "__init__.py" else name.rpartition(".")[0]
                to_read += imported_names(path.read_text(encoding="utf-8"), inside)
    return found


@cache
def imported_names(text: str, package: str) -> frozenset[str]:
    """Every dotted name that a source text imports, as if it stood in `package`.

    imported_names("from a.b import c", "") -> {"a.b.c"}
    """
    found = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            source = resolve_name("." * node.level + (node.module or ""), package)
            found |= {f"{source}.{alias.name}" for alias in node.names}
    return frozenset(found)


def _with_parents(name: str) -> Iterator[str]:
    parts = name.split(".")
    return (".".join(parts[:n]) for n in range(1, len(parts) + 1))


def _module_file(name: str, package: Path) -> Path | None:
    first, *rest = name.split(".")
    if first != package.name:
        return None
    folder = package.joinpath(*rest)
    places = (folder / "__init__.py", folder.with_suffix(".py"))
    return next((path for path in places if path.is_file()), None)
