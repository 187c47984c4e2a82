"""What the writers of files need to know of a tokenizer, whichever class it is."""

from collections.abc import Mapping
from typing import Protocol

from llama_edu.tokenizer.formats.sentencepiece_model import Piece
from llama_edu.tokenizer.formats.spaces import Spaces
from llama_edu.tokenizer.merging import Merges
from llama_edu.tokenizer.whole_tokens import Flags


class Written(Protocol):
    """How the texts of a tokenizer begin and end; its constructor says what each part means."""

    special_tokens: Mapping[str, int]
    added_tokens: Mapping[str, int]
    bos_id: int | None
    eos_id: int | None
    stop_ids: list[int]
    add_bos: bool
    chat_template: str | None
    flags: Mapping[str, Flags]


class WrittenBPE(Written, Protocol):
    """A byte-level vocabulary."""

    vocab: Mapping[bytes, int]
    merges: Merges
    patterns: list[str]
    ignore_merges: bool


class WrittenPieces(Written, Protocol):
    """A vocabulary of SentencePiece's kind."""

    pieces: list[Piece]
    merges: Merges
    spaces: Spaces


class WrittenModel(Written, Protocol):
    """A SentencePiece model, as its file holds it."""

    model: bytes
    pieces: list[Piece]
    spaces: Spaces
    add_prefix: bool
