"""Tables of CSV, in whatever encoding and with whatever between their cells."""

import csv
import io
import re
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Cell:
    """A cell of a table, and where it stands in the text."""

    start: int
    end: int
    value: str


def read_csv(path: Path) -> tuple[list[list[str]], str, str]:
    """The rows of a table, how its cells are parted, and its encoding.

    Raises:
        ValueError: if it cannot be read, is no text, or larger than 50 MB.
    """
    data = bytes_of(path)[: 50 << 20]
    encoding = encoding_of(data)
    try:
        text = data.decode(encoding)
        first = text.lstrip("\ufeff").partition("\n")[0]
        delimiter = max(",;\t", key=first.count)
        rows = list(csv.reader(io.StringIO(text.lstrip("\ufeff"), newline=""), delimiter=delimiter))
    except (UnicodeDecodeError, csv.Error) as error:
        raise ValueError(f"{path} must be a table of CSV: {error}") from None
    return rows, delimiter, encoding


def bytes_of(path: Path) -> bytes:
    """What is in a file.

    Raises:
        ValueError: if it cannot be read, or is a pipe or a device, which may never end.
    """
    try:
        if path.exists() and not path.is_file():
            raise ValueError(f"{path} must be a file")
        return path.read_bytes()
    except OSError as error:
        raise ValueError(f"{path} cannot be read ({error.strerror})") from None


def encoding_of(data: bytes) -> str:
    """UTF-16 by its mark, UTF-8 where it is that, else Latin-1."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return "latin-1"  # as Western Excel writes it, and nothing of it is lost
    return "utf-8"


def text_of(data: bytes) -> tuple[str, str]:
    """The text of a file, a mark at its beginning included, and the encoding that gives it back."""
    if data.startswith(b"\xff\xfe"):
        encoding = "utf-16-le"
    elif data.startswith(b"\xfe\xff"):
        encoding = "utf-16-be"
    else:
        encoding = encoding_of(data)
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        raise ValueError("--into must be a table of CSV: it is no text") from None
    if "\0" in text:
        raise ValueError("--into must be a table of CSV: it is no text (save a spreadsheet as CSV)")
    return text, encoding


def cells_of(text: str) -> list[list[Cell]]:
    """The cells of a table, each with its place."""
    begin = 1 if text.startswith("\ufeff") else 0
    delimiter = max(",;\t", key=text[begin:].partition("\n")[0].count)
    cell = re.compile(
        rf'("(?:[^"]|"")*+"(?=[{delimiter}\r\n]|\Z)|[^{delimiter}\r\n]*+)(\r\n?|\n|{delimiter}|\Z)'
    )
    rows: list[list[Cell]] = [[]]
    at = begin
    while at <= len(text):
        found = cell.match(text, at)
        value = found[1]
        if value.startswith('"') and value.endswith('"') and len(value) > 1:
            value = value[1:-1].replace('""', '"')
        rows[-1].append(Cell(found.start(1), found.end(1), value))
        if found.end() == len(text) and found[2] != delimiter:
            break
        at = found.end()
        if found[2] != delimiter:
            rows.append([])
    return [row for row in rows if any(cell.value.strip() for cell in row)]
