"""Other people's files: whatever is wrong inside one becomes one ValueError that names it.

A file may be cut short, a web page under another name, or hold null where a number belongs. Every
reader of such files works inside `reading(path)`, and asks `Settings` for what it needs.
"""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_NEEDED = object()

# How files begin that often lie where another is expected, and what to do about each.
_OTHERS = (
    (b"version https://git-lfs", "is a git-lfs pointer and not the file: run `git lfs pull`"),
    (b"<!doctype", "is a web page: fetch the file itself, by its download link"),
    (b"<html", "is a web page: fetch the file itself, by its download link"),
    (b"<?xml", "is an XML page, such as a server's error: fetch the file again"),
    (b"\xff\xfe", "is UTF-16 text: save it as UTF-8"),
    (b"\xfe\xff", "is UTF-16 text: save it as UTF-8"),
    (b"\xef\xbb\xbf", "begins with a byte order mark: save it as UTF-8 without one"),
    (b"gguf", "is a GGUF file: read it as one"),
    (b"lmgg", "is of GGML's first format: convert it to GGUF, or fetch a GGUF file"),
    (b"fmgg", "is a GGMF file, older than GGUF: convert it, or fetch a GGUF file"),
    (b"tjgg", "is a GGJT file, older than GGUF: convert it, or fetch a GGUF file"),
    (b"algg", "is a GGLA adapter: merge it into its model first"),
    (b"\x1f\x8b", "is compressed by gzip: unpack it"),
    (b"\x28\xb5\x2f\xfd", "is compressed by zstd: unpack it"),
    (b"\xfd7zxz", "is compressed by xz: unpack it"),
    (b"7z\xbc\xaf", "is a 7z archive: unpack it"),
    (b"pk\3\4", "is a zip archive, as PyTorch's pickled weights are"),
    (b"\x89hdf", "is an HDF5 file, such as Keras's weights"),
    (b"\x93numpy", "is a NumPy array"),
)


def other_kind(path: str | Path, *expected: bytes) -> str | None:
    """What a file is in place of what it should be, and what to do; None if that is not known.

    Args:
        path: of the file.
        expected: beginnings, in lower case, that are no surprise.
    """
    try:
        with Path(path).open("rb") as file:
            start = file.read(200)
    except OSError as error:
        return f"cannot be opened: {error.strerror}"
    if not start:
        return "is empty: fetch the file again"
    if not start.strip(b"\0"):
        return "holds zeros alone, as a download that was cut off: fetch the file again"
    start = start.lstrip().lower()
    for beginning, what in _OTHERS:
        if beginning not in expected and start.startswith(beginning):
            return what
    return None


def shown(value: Any) -> str:
    """A value as a message shows it: on one line, at most 80 characters."""
    return " ".join(repr(value).split())[:80]


def as_path(path: str | Path) -> Path:
    """A path, whether it is given as text or not.

    Raises:
        ValueError: if it is neither.
    """
    if not isinstance(path, str | Path):
        raise ValueError(f"a path must be a text or a Path, got {shown(path)}")
    return Path(path)


def broken_link(path: Path) -> str:
    """What to add to the name of a file that is not there; "" unless it is a link to nothing."""
    if not path.is_symlink() or path.exists():
        return ""
    return " (a link to a file that is not there: the download is not whole, fetch it again)"


@contextmanager
def reading(path: str | Path, *expected: bytes) -> Iterator[None]:
    """Turn whatever goes wrong inside into one ValueError that begins with the path.

    That a file is not there stays a FileNotFoundError, and a ValueError that already names the
    path stays as it is.

    Args:
        path: of the file that is read, or of the folder whose files are.
        expected: as in `other_kind`.
    """
    path = as_path(path)
    try:
        if path.exists() and not (path.is_file() or path.is_dir()):  # reading it might never end
            raise ValueError(f"{path} is a pipe or a device: name the file itself")
        yield
    except FileNotFoundError:
        raise
    except Exception as error:
        cause = str(error).strip().split("\n")[0][:300]
        inside = f"{path.parent}{os.sep}"  # a file beside it may be named
        if isinstance(error, ValueError) and (str(path) in cause or inside in cause):
            raise
        what = None if path.is_dir() else other_kind(path, *expected)
        if type(error) is ValueError and cause:
            hint = "" if what is None or what in cause else f"; it {what}"
            raise ValueError(f"{path}: {cause}{hint}") from None
        damaged = f"cannot be read: {type(error).__name__}: {cause}; fetch the file again"
        raise ValueError(f"{path} {what or damaged}") from None


def read_text(path: str | Path) -> str:
    """The text of a UTF-8 file.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is not UTF-8, or begins with a byte order mark.
    """
    with reading(path):
        data = Path(path).read_bytes()
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError as error:
            what = f"is not UTF-8 text, at byte {error.start}: save it as UTF-8"
            raise ValueError(f"{path} {other_kind(path) or what}") from None
        if text.startswith("\ufeff"):
            raise ValueError(f"{path} {other_kind(path)}")
        return text


def read_object(path: str | Path) -> dict[str, Any]:
    """The content of a JSON file; nothing if there is no such file.

    Raises:
        ValueError: if it is not JSON, or not an object.
    """
    path = Path(path)
    if not path.exists():
        return {}
    text = read_text(path)
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        kind = other_kind(path)
        what = f"it {kind}" if kind else f"{error}; fetch the file again"
        raise ValueError(f"{path} is not JSON: {what}") from None
    if not isinstance(content, dict):
        raise ValueError(f"{path} must hold a JSON object, got {str(content)[:80]}")
    return content


class Settings:
    """Named values of a file, each checked when it is asked for.

    Args:
        values: by name.
        path: of the file, for messages.
        prefix: of every name, such as "llama.".

    Every method raises ValueError, with the path, the name and the value, where the value is of
    another kind than asked for, or is not there and has no default. Null is no value of any kind,
    but where the default is None.
    """

    def __init__(self, values: Mapping[str, Any], path: str | Path, prefix: str = ""):
        self.values, self.path, self.prefix = values, path, prefix

    def whole(
        self, name: str, default: Any = _NEEDED, least: int = 1, most: int = 2**63 - 1
    ) -> Any:
        """A whole number between two others."""
        rule = f"a whole number of at least {least}" + f", at most {most}" * (most < 2**63 - 1)
        is_good = lambda value: type(value) is int and least <= value <= most  # noqa: E731
        return self._get(name, default, is_good, rule)

    def number(self, name: str, default: Any = _NEEDED) -> Any:
        """A finite number that is not negative, as a float."""
        value = self._get(
            name, default,
            lambda value: type(value) in (int, float) and 0 <= value < 1e300 and value == value,
            "a finite number of at least 0",
        )  # fmt: skip
        return value if value is default else float(value)

    def flag(self, name: str, default: Any = _NEEDED) -> Any:
        """True or false."""
        return self._get(name, default, lambda value: type(value) is bool, "true or false")

    def text(self, name: str, default: Any = _NEEDED) -> Any:
        """A text."""
        return self._get(name, default, lambda value: isinstance(value, str), "a text")

    def wholes(self, name: str, default: Any = _NEEDED) -> Any:
        """A list of whole numbers, from 0 on."""
        return self._get(name, default, _are_wholes, "a list of whole numbers")

    def part(self, name: str) -> "Settings":
        """An object in the file, with no values where there is none."""
        values = self._get(name, None, lambda value: isinstance(value, dict), "an object")
        return Settings(values or {}, self.path, f"{self.prefix}{name}.")

    def has(self, name: str) -> bool:
        """Whether there is a value, null and the empty object being none."""
        return bool(self.values.get(name))

    def missing(self, *names: str) -> list[str]:
        """Those names that have no value at all."""
        return [f"{self.prefix}{name}" for name in names if name not in self.values]

    def _get(self, name: str, default: Any, is_good, rule: str) -> Any:
        value = self.values.get(name)
        if value is None and (
            default is None or (default is not _NEEDED and name not in self.values)
        ):
            return default
        if not is_good(value):
            raise ValueError(f"{self.path}: {self.prefix}{name} must be {rule}, got {shown(value)}")
        return value


def _are_wholes(value: Any) -> bool:
    return isinstance(value, list) and all(type(i) is int and 0 <= i < 2**63 for i in value)
