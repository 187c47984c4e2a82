"""One text file that holds a vocabulary and that a person can read, search and compare.

Each section begins with its name in brackets. A token stands in double quotes, where `\\xe4` is a
byte that is no whole character or cannot be printed, and a backslash stands before a quote or
another backslash.
"""

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from llama_edu.tokenizer.formats.sentencepiece_model import Piece, build_model
from llama_edu.tokenizer.formats.written import WrittenBPE, WrittenPieces

BPE_TITLE = "# byte-level BPE: tokens with their ids, then the merges in the order of training"
PIECE_TITLE = "# SentencePiece's BPE: ids, kinds, scores and pieces; the highest score merges first"
SETTINGS = ("bos_id", "eos_id", "stop_ids", "add_bos", "chat_template", "named_tokens", "flags",
            "n_ids")  # fmt: skip

Sections = dict[str, list[list[str]]]  # name -> lines -> words


def quote(token: bytes) -> str:
    r"""A token as it stands in the file: b" the" -> '" the"', b"\xe4\xb8" -> r'"\xe4\xb8"'."""
    escaped = token.replace(b"\\", rb"\\").replace(b'"', rb"\"")
    text = escaped.decode("utf-8", errors="backslashreplace")
    return f'"{"".join([c if c.isprintable() else _as_bytes(c) for c in text])}"'


def unquote(word: str) -> bytes:
    """The token that `quote` wrote."""
    return re.sub(
        rb"\\(x[0-9a-f]{2}|.)",
        lambda found: bytes.fromhex(found[1][1:].decode()) if len(found[1]) > 1 else found[1],
        word[1:-1].encode("utf-8"),
        flags=re.DOTALL,
    )


def write_sections(path: str | Path, title: str, sections: dict[str, Iterable[str]]) -> None:
    """Write a title and sections of lines, creating the folder if needed."""
    lines = [title]
    for name, rows in sections.items():
        lines += [f"[{name}]", *rows]
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text("\n".join(lines) + "\n", encoding="utf-8")


def read_sections(path: str | Path, title: str) -> Sections:
    """Read sections, each line cut into its words; what stands in quotes is one word.

    Raises:
        ValueError: if the file does not begin with this title.
    """
    first, *lines = Path(path).read_text(encoding="utf-8").split("\n")
    if first != title:
        raise ValueError(f"{path} must begin with {title!r}, got {first[:80]!r}")
    sections: Sections = {}
    for line in lines:
        if name := re.fullmatch(r"\[(\w+)\]", line):
            rows = sections.setdefault(name[1], [])
        elif line:
            rows.append(re.findall(r'"(?:\\.|[^"\\])*"|[^" ]+', line))
    return sections


def settings_lines(tokenizer: object, names: Iterable[str]) -> list[str]:
    """A line for each setting: its name, and its value as JSON in quotes."""
    values = {name: json.dumps(getattr(tokenizer, name)) for name in names}
    return [f"{name} {quote(value.encode('utf-8'))}" for name, value in values.items()]


def read_settings(rows: list[list[str]]) -> dict[str, Any]:
    """What `settings_lines` wrote."""
    return {name: json.loads(unquote(value)) for name, value in rows}


def token_lines(tokens: dict[str, int]) -> list[str]:
    """A line for each token that is recognized whole."""
    return [f"{i} {quote(text.encode('utf-8'))}" for text, i in tokens.items()]


def read_tokens(rows: list[list[str]]) -> dict[str, int]:
    """What `token_lines` wrote."""
    return {unquote(text).decode("utf-8"): int(i) for i, text in rows}


def write_bpe_text(tokenizer: WrittenBPE, path: str | Path) -> None:
    """Write all of a byte-level tokenizer."""
    spelling = {i: quote(token) for token, i in tokenizer.vocab.items()}
    by_rank = sorted(tokenizer.merges.items(), key=lambda item: item[1])
    sections = {
        "settings": settings_lines(tokenizer, ("patterns", "ignore_merges", *SETTINGS)),
        "special_tokens": token_lines(tokenizer.special_tokens),
        "added_tokens": token_lines(tokenizer.added_tokens),
        "tokens": [f"{i} {token}" for i, token in spelling.items()],
        "merges": [f"{spelling[a]} {spelling[b]}" for (a, b), _ in by_rank],
    }
    write_sections(path, BPE_TITLE, sections)


def read_bpe_text(path: str | Path) -> dict[str, Any]:
    """Read the arguments of `BPETokenizer` from a file that `write_bpe_text` wrote.

    Raises:
        ValueError: if it is another file.
    """
    sections = read_sections(path, BPE_TITLE)
    settings = read_settings(sections["settings"])
    return {
        "vocab": {unquote(token): int(i) for i, token in sections["tokens"]},
        "merges": [(unquote(left), unquote(right)) for left, right in sections["merges"]],
        "pattern": settings.pop("patterns"),
        "special_tokens": read_tokens(sections["special_tokens"]),
        "added_tokens": read_tokens(sections["added_tokens"]),
        **settings,
    }


def write_piece_text(tokenizer: WrittenPieces, path: str | Path) -> None:
    """Write all of a tokenizer of SentencePiece's kind."""
    rows = [
        f"{i} {piece.kind} {piece.score!r} {quote(piece.text.encode('utf-8'))}"
        for i, piece in enumerate(tokenizer.pieces)
    ]
    sections = {
        "settings": settings_lines(tokenizer, ("add_prefix", "spaces", *SETTINGS)),
        "special_tokens": token_lines(tokenizer.special_tokens),
        "added_tokens": token_lines(tokenizer.added_tokens),
        "pieces": rows,
    }
    write_sections(path, PIECE_TITLE, sections)


def read_piece_text(path: str | Path) -> dict[str, Any]:
    """Read the arguments of `SentencePieceBPE` from a file that `write_piece_text` wrote.

    Raises:
        ValueError: if it is another file.
    """
    sections = read_sections(path, PIECE_TITLE)
    settings = read_settings(sections["settings"])
    pieces = [
        Piece(unquote(text).decode("utf-8"), float(score), int(kind))
        for _, kind, score, text in sections["pieces"]
    ]
    return {
        "model": build_model(pieces, add_prefix=settings.pop("add_prefix")),
        "special_tokens": read_tokens(sections["special_tokens"]),
        "added_tokens": read_tokens(sections["added_tokens"]),
        **settings,
    }


def _as_bytes(character: str) -> str:
    return "".join([f"\\x{byte:02x}" for byte in character.encode("utf-8")])
