"""Documents that somebody else wrote into a file: a line of JSON each, read as a stranger's."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from llama_edu.data.clean import MARKUPS
from llama_edu.data.documents import Document


def read_jsonl(path: Path) -> Iterator[Document]:
    """Read the documents of a file: "id", "text" and, if wanted, "markup" in each line.

    Empty lines are passed over; half of a pair of surrogates, which is no character, becomes the
    sign for a lost one.

    Raises:
        ValueError: if a line is none; it names file and line, what it must be and what it is.
    """
    seen: dict[str, int] = {}
    with path.open("rb") as stream:  # as text, one wrong byte would be an error without a line
        for number, raw in enumerate(stream, start=1):
            if not raw.strip(b"\xef\xbb\xbf \t\r\n"):
                continue
            try:
                name, text, markup = _fields(raw.removeprefix(b"\xef\xbb\xbf"))
                if name in seen:
                    raise ValueError(
                        f"id={name!r} must stand once, and stands in line {seen[name]}"
                    )
            except (ValueError, RecursionError) as error:
                reason = "it is nested too deeply" if isinstance(error, RecursionError) else error
                raise ValueError(f"{path.name}, line {number}: {reason}") from None
            seen[name] = number
            yield Document(name, path.stem, text, markup)
    if not seen:
        raise ValueError(f"{path.name} must hold a document: it is empty")


def _fields(raw: bytes) -> tuple[str, str, str]:
    """id, text and markup of a line."""
    try:
        line = json.loads(raw.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise ValueError(f"it must be UTF-8, and byte {error.start + 1} is not") from None
    except ValueError as error:
        raise ValueError(f"it must be JSON: {error}") from None
    if not isinstance(line, dict):
        raise ValueError(f"needs id and text in an object, and is {_kind(line)}")
    name, text, markup = line.get("id"), line.get("text"), line.get("markup", "plain")
    if isinstance(name, int) and not isinstance(name, bool) and name.bit_length() < 200:
        name = str(name)
    for field, value in (("id", name), ("text", text)):
        if field not in line:
            raise ValueError(f"needs id and text, and has no {field}")
        if not isinstance(value, str):
            raise ValueError(f"{field} must be text, and is {_kind(value)}")
    if not (isinstance(markup, str) and markup in MARKUPS):
        raise ValueError(f"markup={markup!r:.50} must be one of {', '.join(MARKUPS)}")
    return _characters(name), _characters(text), markup


def _characters(text: str) -> str:
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _kind(value: Any) -> str:
    names = {
        dict: "an object",
        list: "a list",
        str: "text",
        type(None): "null",
        bool: "a truth value",
    }
    return names.get(type(value), "a number")
