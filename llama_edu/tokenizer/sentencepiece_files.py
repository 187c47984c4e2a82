"""The files that SentencePiece vocabularies come in: tokenizer.model, GGUF and tokenizer.json.

The last two hold the pieces but not the model that the SentencePiece library reads, a message in
Google's protocol buffer format; `build_model` writes it again.

Source: google/sentencepiece, src/sentencepiece_model.proto; protobuf.dev, "Encoding".
"""

import struct
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from llama_edu.tokenizer.gguf_vocab import (
    BYTE,
    CONTROL,
    NORMAL,
    UNKNOWN,
    UNUSED,
    read_gguf_vocab,
)
from llama_edu.tokenizer.tokenizer_json import (
    adds_bos,
    folder_of,
    read_added_tokens,
    read_config,
    read_spec,
)

MODEL_TYPE_BPE = 2


def read_sentencepiece(path: str | Path) -> dict[str, Any]:
    """Read the arguments of `SentencePieceTokenizer` from a tokenizer.model or its folder.

    Tokens that a folder's tokenizer.json adds to the model's come along.
    """
    path = Path(path)
    if not path.is_dir():
        return {"model": path.read_bytes()}
    arguments: dict[str, Any] = {"model": (path / "tokenizer.model").read_bytes()}
    if (path / "tokenizer.json").exists():
        arguments |= _read_specials(read_spec(path), path)
    return arguments | {"chat_template": read_config(path)["chat_template"]}


def read_gguf_sentencepiece(path: str | Path) -> dict[str, Any]:
    """Read the arguments of `SentencePieceTokenizer` from a GGUF file of a LLaMA 1 or 2 model.

    Raises:
        ValueError: if the file's tokenizer is of another kind.
    """
    vocab = read_gguf_vocab(path, "llama", ("tokens", "scores", "token_type"))
    pieces = zip(vocab["tokens"], vocab["scores"], vocab["token_type"], strict=True)
    return {
        "model": build_model(pieces, add_prefix=vocab.get("add_space_prefix", True)),
        "bos_id": vocab.get("bos_token_id"),
        "eos_id": vocab.get("eos_token_id"),
        "add_bos": vocab.get("add_bos_token", True),  # llama.cpp's rule for an absent key
        "chat_template": vocab["chat_template"],
    }


def read_json_sentencepiece(path: str | Path) -> dict[str, Any]:
    """Read the arguments of `SentencePieceTokenizer` from a tokenizer.json, or its folder.

    Raises:
        ValueError: if the file puts spaces in front of texts by other rules than SentencePiece.
    """
    spec = read_spec(path)
    normalizer = [
        {"type": "Prepend", "prepend": "▁"},
        {"type": "Replace", "pattern": {"String": " "}, "content": "▁"},
    ]
    found, pre_tokenizer = spec.get("normalizer"), spec.get("pre_tokenizer")
    if (found or {}).get("normalizers") != normalizer or pre_tokenizer:
        raise ValueError(
            f"{path} prepares text as {found}, {pre_tokenizer}, which is not "
            "what SentencePiece does; put the model's tokenizer.model beside it"
        )
    ranks = {"".join(_pair(merge)): i for i, merge in enumerate(spec["model"]["merges"])}
    specials, others = read_added_tokens(spec)
    ids = spec["model"]["vocab"] | specials | others
    pieces = sorted(ids, key=ids.__getitem__)
    if [ids[piece] for piece in pieces] != list(range(len(ids))):
        raise ValueError(f"{path}: the ids of its {len(ids)} tokens must run from 0 without gaps")
    kinds = dict.fromkeys(specials, CONTROL) | dict.fromkeys(others, UNUSED)
    kinds |= {f"<0x{byte:02X}>": BYTE for byte in range(256)}
    kinds[spec["model"].get("unk_token")] = UNKNOWN
    rows = ((p, -float(ranks.get(p, len(ranks))), kinds.get(p, NORMAL)) for p in pieces)
    return {"model": build_model(rows, add_prefix=True)} | _read_specials(spec, folder_of(path))


def build_model(pieces: Iterable[tuple[str, float, int]], *, add_prefix: bool) -> bytes:
    """The content of a SentencePiece BPE model with these pieces.

    Args:
        pieces: text, score and kind of each, in the order of their ids; the highest score merges
            first; the kinds are GGUF's token types.
        add_prefix: whether to put a space in front of every text.
    """
    rows = [_field(1, p.encode()) + _field(2, score) + _field(3, kind) for p, score, kind in pieces]
    trainer = _field(3, MODEL_TYPE_BPE) + _field(35, 1)  # 35: fall back to bytes
    # 3: a space in front; 4: keep runs of spaces. Without a character map nothing else changes.
    normalizer = _field(1, b"identity") + _field(3, int(add_prefix)) + _field(4, 0)
    return b"".join([*(_field(1, row) for row in rows), _field(2, trainer), _field(3, normalizer)])


def _read_specials(spec: dict, folder: Path) -> dict[str, Any]:
    specials, others = read_added_tokens(spec)
    config = read_config(folder)
    return {
        "special_tokens": specials,
        "added_tokens": others,
        "bos_id": specials.get(config["bos_token"]),
        "eos_id": specials.get(config["eos_token"]),
        "add_bos": adds_bos(spec),
        "chat_template": config["chat_template"],
    }


def _pair(merge: str | list[str]) -> list[str]:
    return merge.split(" ") if isinstance(merge, str) else merge


def _field(number: int, value: int | float | bytes) -> bytes:
    """One field of a message: a key that holds its number and wire type, then the value."""
    if isinstance(value, bytes):
        return _varint(number << 3 | 2) + _varint(len(value)) + value
    if isinstance(value, float):
        return _varint(number << 3 | 5) + struct.pack("<f", value)
    return _varint(number << 3) + _varint(value)


def _varint(value: int) -> bytes:
    """Seven bits a byte, the lowest first, the top bit set in all but the last."""
    if value < 128:
        return bytes([value])
    return bytes([value & 127 | 128]) + _varint(value >> 7)
