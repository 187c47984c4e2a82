"""A person's own files as documents: text, Markdown, lines of JSON, source code."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from llama_edu.data.documents import READERS, Document, read_documents

PROSE = {".txt", ".text", ".md", ".markdown", ".rst", ".tex", ".org"}
LINES = {".jsonl", ".ndjson"}
CODE = {
    *(".py", ".pyi", ".js", ".mjs", ".jsx", ".ts", ".tsx", ".java", ".kt", ".c", ".h", ".cc"),
    *(".cpp", ".hpp", ".cs", ".go", ".rs", ".rb", ".php", ".swift", ".scala", ".r", ".jl", ".lua"),
    *(".sh", ".sql", ".hs", ".ml", ".lisp", ".el", ".clj", ".css", ".html", ".toml", ".yaml"),
    *(".yml",),
}
# What tools put into a folder of text or code, and nobody wrote.
LEFT_OUT = {"node_modules", "__pycache__", "venv", "build", "dist", "site-packages"}
TEXT_FIELDS = ("text", "content")


@dataclass
class Files:
    """What was found.

    Args:
        documents: a file each, or a line each of `.jsonl`; code has the source "code".
        n_files: that were read.
        passed_over: name and reason of those that were not.
    """

    documents: list[Document] = field(default_factory=list)
    n_files: int = 0
    passed_over: list[str] = field(default_factory=list)


def read_files(path: str | Path) -> Files:
    """Read a file, or every file of text in a folder and in those inside it.

    A file that is named is read whatever its ending. In a folder the ending decides, hidden files
    and folders are left out, and what is not text is passed over and said.

    Args:
        path: a file, a folder, or the name of a source, such as "shakespeare", where neither is.

    Raises:
        FileNotFoundError: if there is nothing there.
        ValueError: if a named file is no text, a line of JSON has none, or there is none at all.
    """
    path = Path(path).expanduser()
    if not path.exists():
        if str(path) not in READERS:
            names = ", ".join(READERS)
            raise FileNotFoundError(f"there is no file or folder {path}, and no source ({names})")
        documents = [*read_documents(str(path))]
        return Files(documents, len(documents))
    found = Files()
    if path.is_file():
        found.documents += _read(path, path.name)
        found.n_files = 1
    for file in _inside(path) if path.is_dir() else ():
        name = file.relative_to(path).as_posix()
        try:
            found.documents += _read(file, name)
            found.n_files += 1
        except UnicodeError as error:
            found.passed_over.append(str(error))
    found.documents = [document for document in found.documents if document.text.strip()]
    if not found.documents:
        some = ", ".join(sorted(PROSE | LINES))
        why = "is empty" if path.is_file() else f"has no text: {some} and source code are read"
        raise ValueError(f"{path} {why}")
    return found


def _inside(folder: Path) -> Iterator[Path]:
    for entry in sorted(folder.iterdir()):
        if entry.name.startswith(".") or entry.name in LEFT_OUT or entry.is_symlink():
            continue
        if entry.is_dir():
            yield from _inside(entry)
        elif entry.suffix.lower() in PROSE | LINES | CODE:
            yield entry


def _read(path: Path, name: str) -> Iterator[Document]:
    text = _decoded(path.read_bytes(), name)
    suffix = path.suffix.lower()
    if suffix in LINES:
        for number, line in enumerate(text.splitlines(), start=1):
            if line.strip():
                yield Document(f"{name}:{number}", "text", _text_of(line, f"{name}, line {number}"))
    else:
        yield Document(name, "code" if suffix in CODE else "text", text)


def _decoded(data: bytes, name: str) -> str:
    """Text of UTF-8 or, if its mark stands in front, of UTF-16; line ends as Unix has them."""
    has_mark = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    try:
        text = data.decode("utf-16" if has_mark else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnicodeError(
            f"{name} is not UTF-8: byte {error.start} cannot be read{_guess(data)}"
        ) from None
    if "\0" in text:
        raise UnicodeError(f"{name} is not text: it holds the character 0")
    return text.replace("\r\n", "\n")


def _guess(data: bytes) -> str:
    """Chinese files are often GB18030; but most bytes are, so it is said and not assumed."""
    try:
        text = data.decode("gb18030")
    except UnicodeDecodeError:
        return "; save it as UTF-8"
    is_chinese = sum("\u4e00" <= c <= "\u9fff" for c in text) > len(text) / 3
    return "; it reads as GB18030, save it as UTF-8" if is_chinese else "; save it as UTF-8"


def _text_of(line: str, place: str) -> str:
    try:
        value = json.loads(line)
    except ValueError as error:
        raise ValueError(f"{place} is not JSON: {error}") from None
    if isinstance(value, dict):
        value = next((value[name] for name in TEXT_FIELDS if name in value), None)
    if not isinstance(value, str):
        raise ValueError(f'{place} must be a text, or an object with "text" or "content"')
    return value
