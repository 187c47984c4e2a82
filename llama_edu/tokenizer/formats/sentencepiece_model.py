"""What a SentencePiece model is: pieces with scores, and how it prepares text.

A tokenizer.model is a message in Google's protocol buffer format, read and written here without
that library.

Source: google/sentencepiece, src/sentencepiece_model.proto; protobuf.dev, "Encoding".
"""

import struct
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from llama_edu.tokenizer.formats.gguf_vocab import NORMAL

MODEL_TYPE_BPE = 2

# Numbers of fields in the message, in its parts, and the wire types of their values.
PIECES, TRAINER, NORMALIZER = 1, 2, 3
TEXT, SCORE, KIND = 1, 2, 3
MODEL_TYPE, BYTE_FALLBACK = 3, 35
CHARACTER_MAP, ADD_PREFIX, REMOVE_SPACES, ESCAPE_SPACES = 2, 3, 4, 5
VARINT, BYTES, FOUR_BYTES = 0, 2, 5
FIXED = {1: 8, FOUR_BYTES: 4}  # wire type -> length of its values


class Piece(NamedTuple):
    """One entry of the vocabulary; its id is its position.

    Args:
        text: "▁the", or "<0x0A>" for a byte.
        score: of two pairs that may merge, the one whose piece has the higher score merges first.
        kind: NORMAL, BYTE, ... of `gguf_vocab`.
    """

    text: str
    score: float
    kind: int


def build_model(pieces: Iterable[tuple[str, float, int]], *, add_prefix: bool) -> bytes:
    """The content of a SentencePiece BPE model with these pieces.

    Args:
        pieces: as `Piece`, in the order of their ids.
        add_prefix: whether to put a space in front of every text.
    """
    rows = [
        _field(TEXT, text.encode()) + _field(SCORE, float(score)) + _field(KIND, kind)
        for text, score, kind in pieces
    ]
    trainer = _field(MODEL_TYPE, MODEL_TYPE_BPE) + _field(BYTE_FALLBACK, 1)
    # Without a character map only spaces change; runs of them stay.
    normalizer = _field(1, b"identity") + _field(ADD_PREFIX, int(add_prefix))
    normalizer += _field(REMOVE_SPACES, 0)
    parts = [_field(PIECES, row) for row in rows]
    return b"".join([*parts, _field(TRAINER, trainer), _field(NORMALIZER, normalizer)])


def parse_model(model: bytes) -> tuple[list[Piece], bool]:
    """The pieces of a tokenizer.model, and whether it puts a space in front of every text.

    Raises:
        ValueError: if it is no SentencePiece BPE model, or it changes more than spaces.
    """
    pieces, trainer, rules = _parse(model)
    if (found := trainer.get(MODEL_TYPE, 1)) != MODEL_TYPE_BPE:
        raise ValueError(f"model_type={found} must be {MODEL_TYPE_BPE}, BPE")
    if not trainer.get(BYTE_FALLBACK):
        raise ValueError("byte_fallback must be true: nothing else stands for a rare character")
    if rules.get(CHARACTER_MAP) or rules.get(REMOVE_SPACES, 1) or not rules.get(ESCAPE_SPACES, 1):
        raise ValueError("the model must leave text as it is but for its spaces (identity)")
    return pieces, bool(rules.get(ADD_PREFIX, 1))


def read_pieces(model: bytes) -> list[Piece]:
    """The pieces of a tokenizer.model of any kind.

    Raises:
        ValueError: if it is no SentencePiece model.
    """
    return _parse(model)[0]


def adds_prefix(model: bytes) -> bool:
    """Whether a tokenizer.model of any kind puts a space in front of every text."""
    return bool(_parse(model)[2].get(ADD_PREFIX, 1))


def with_prefix(model: bytes, add_prefix: bool) -> bytes:
    """The same model, which puts a space in front of every text, or none: the last word counts."""
    return model + _field(NORMALIZER, _field(ADD_PREFIX, int(add_prefix)))


def _parse(model: bytes) -> tuple[list[Piece], dict[int, Any], dict[int, Any]]:
    """The pieces, and the fields of the parts on training and on the preparation of text."""
    try:
        fields = list(_fields(model))
        trainer = dict(_fields(b"".join(value for number, value in fields if number == TRAINER)))
        rules = dict(_fields(b"".join(value for number, value in fields if number == NORMALIZER)))
        pieces = [_piece(dict(_fields(row))) for number, row in fields if number == PIECES]
    except (IndexError, KeyError, TypeError, ValueError, struct.error):
        pieces, trainer, rules = [], {}, {}
    if not pieces:
        raise ValueError("not a SentencePiece model: its pieces cannot be read")
    return pieces, trainer, rules


def _piece(fields: dict[int, int | bytes]) -> Piece:
    (score,) = struct.unpack("<f", fields.get(SCORE, bytes(4)))
    return Piece(fields[TEXT].decode("utf-8"), score, fields.get(KIND, NORMAL))


def _fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """The number and the value of each field of a message, in order."""
    i = 0
    while i < len(message):
        key, i = _read_varint(message, i)
        number, wire_type = key >> 3, key & 7
        if wire_type == VARINT:
            value, i = _read_varint(message, i)
        else:
            length, i = _read_varint(message, i) if wire_type == BYTES else (FIXED[wire_type], i)
            value, i = message[i : i + length], i + length
        if i > len(message):
            raise ValueError("a field runs over the end of its message")
        yield number, value


def _read_varint(message: bytes, i: int) -> tuple[int, int]:
    """A number from position `i` on, and the position behind it."""
    value = shift = 0
    while True:
        byte = message[i]
        value |= (byte & 127) << shift
        i, shift = i + 1, shift + 7
        if byte < 128:
            return value, i


def _field(number: int, value: int | float | bytes) -> bytes:
    """One field of a message: a key that holds its number and wire type, then the value."""
    if isinstance(value, bytes):
        return _varint(number << 3 | BYTES) + _varint(len(value)) + value
    if isinstance(value, float):
        return _varint(number << 3 | FOUR_BYTES) + struct.pack("<f", value)
    return _varint(number << 3 | VARINT) + _varint(value)


def _varint(value: int) -> bytes:
    """Seven bits a byte, the lowest first, the top bit set in all but the last."""
    if value < 128:
        return bytes([value])
    return bytes([value & 127 | 128]) + _varint(value >> 7)
