"""SentencePiece, the tokenizer of LLaMA 1 and 2, behind the same methods as our own BPE.

It merges characters rather than bytes, spells a space "▁" (so a "▁" in a text comes back as a
space), puts one before every text, and falls back to one token for each UTF-8 byte where a
character has no token. Here Google's library does the work; `SentencePieceBPE` does without.

Source: Kudo and Richardson, arXiv:1808.06226.
"""

from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Self

from llama_edu.gguf_file import MAGIC
from llama_edu.reading import as_path, reading
from llama_edu.tokenizer.base import Tokenizer
from llama_edu.tokenizer.formats.gguf_vocab import BYTE, CONTROL, UNKNOWN, UNUSED, placeholder
from llama_edu.tokenizer.formats.sentencepiece_files import (
    read_gguf_sentencepiece,
    read_json_sentencepiece,
    read_sentencepiece,
    write_beside_model,
)
from llama_edu.tokenizer.formats.sentencepiece_model import Piece, adds_prefix, read_pieces
from llama_edu.tokenizer.formats.spaces import Spaces
from llama_edu.tokenizer.spm_library import Library, train_model
from llama_edu.tokenizer.whole_tokens import Flags, WholeTokens, ends_of_answer, list_of_ids


class SentencePieceTokenizer(Tokenizer):
    """Encode text to ids and decode ids to text with a SentencePiece model.

    Args:
        model: the content of a tokenizer.model file.
        special_tokens: text of each control token -> its id, beside those of the model.
        added_tokens: text of each token that is recognized whole in any text -> its id.
        bos_id: id that opens a text; None: the model's own, if it has one.
        eos_id: id that ends a text; None: the model's own, if it has one.
        stop_ids: other ids that end an answer. The attribute holds every one: these, `eos_id`, and
            the usual markers, such as "<|im_end|>", that the vocabulary has.
        add_bos: whether the model expects `bos_id` before a text; `encode` never adds it.
        chat_template: Jinja source for `render_chat`, or None.
        named_tokens: other texts that a template may use, such as {"pad_token": "<pad>"}.
        flags: text of a whole token -> how it is found, where that is not as plain text.
        n_ids: ids that a model may write, where its embedding has more rows than there are tokens;
            those without a token have no text.
        spaces: which stretches between whole tokens get a space in front. None: all of them, if
            the model puts one before a text, as in Meta's code, which encodes them one by one.

    Raises:
        ValueError: if `model` is not a SentencePiece model.
    """

    def __init__(
        self,
        model: bytes,
        special_tokens: Mapping[str, int] | None = None,
        *,
        added_tokens: Mapping[str, int] | None = None,
        bos_id: int | None = None,
        eos_id: int | None = None,
        stop_ids: Iterable[int] = (),
        add_bos: bool = True,
        chat_template: str | None = None,
        named_tokens: Mapping[str, str] | None = None,
        flags: Mapping[str, Flags] | None = None,
        n_ids: int = 0,
        spaces: Spaces | None = None,
    ):
        self.pieces, own_bos, own_eos = self._open(model)
        own = {p.text: i for i, p in enumerate(self.pieces) if p.kind in (CONTROL, UNKNOWN)}
        self.special_tokens = own | dict(special_tokens or {})
        self.added_tokens = dict(added_tokens or {})
        self.bos_id = own_bos if bos_id is None else bos_id
        self.eos_id = own_eos if eos_id is None else eos_id
        self.add_bos, self.chat_template = add_bos, chat_template
        self.named_tokens = dict(named_tokens or {})
        self.model = model
        self.add_prefix = adds_prefix(model)
        own = Spaces("always" if self.add_prefix else "never")
        self.spaces = own if spaces is None else Spaces(*spaces)
        self._whole = WholeTokens(self.special_tokens, self.added_tokens, flags)
        self.flags = self._whole.flags
        self.n_ids = n_ids
        self.id_to_bytes = {i: _bytes_of(i, piece) for i, piece in enumerate(self.pieces)}
        self.id_to_bytes |= {i: text.encode("utf-8") for i, text in self._whole.texts.items()}
        ids = {piece.text: i for i, piece in enumerate(self.pieces)} | self._whole.ids
        stated = [i for i in (*list_of_ids(stop_ids), self.eos_id) if i is not None]
        self.stop_ids = ends_of_answer(ids, stated)

    def encode(self, text: str, *, special: bool = False) -> list[int]:
        """The token ids of `text`.

        By default the text "</s>" is four ordinary characters, because whoever wrote the text must
        not be able to end a turn. Pass `special=True` for text that your own chat template
        rendered; which stretches between control tokens then get a space in front, `spaces` says.

        Args:
            text: any text without lone surrogates.
            special: whether the text of a control token stands for that token.

        Raises:
            ValueError: if `text` holds a lone surrogate, which UTF-8 cannot express.
        """
        opens, follows = self._has_space_in_front()
        return self._whole.encode(
            text, special, partial(self._encode, follows), partial(self._encode, opens)
        )

    def decode(self, ids: Iterable[int]) -> str:
        """The text of `ids`, control tokens included, without the space that encoding put in front.

        An id below `n_ids` that has no token, as rows that fill up an embedding, has no text.

        Raises:
            ValueError: if an id is not in the vocabulary, or no whole number.
        """
        opens, follows = self._has_space_in_front()
        return self._whole.decode(
            self._check(ids), partial(self._decode_ids, follows), partial(self._decode_ids, opens)
        )

    @classmethod
    def train(
        cls,
        texts: Iterable[str],
        vocab_size: int,
        *,
        character_coverage: float = 0.9995,
        max_piece_length: int = 16,
    ) -> Self:
        """Learn a vocabulary with LLaMA's settings: byte fallback, digits one by one.

        Args:
            texts: to learn from, line by line.
            vocab_size: pieces in the end: 3 control tokens, 256 bytes, characters and merges.
            character_coverage: share of the text whose characters get a piece, the commonest
                first, 0 to 1; the others are spelled in bytes.
            max_piece_length: characters of the longest piece.

        Raises:
            ValueError: if `vocab_size` is too small, or larger than the texts can fill.

        Source: arXiv:2302.13971, sec. 2.1; the settings are those inside its tokenizer.model.
        """
        return cls(train_model(texts, vocab_size, character_coverage, max_piece_length))

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read a tokenizer.model, or the folder that holds one, with its configuration."""
        with reading(path):
            return cls(**read_sentencepiece(path))

    @classmethod
    def from_gguf(cls, path: str | Path) -> Self:
        """Read the tokenizer that a GGUF file of a LLaMA 1 or 2 model carries."""
        with reading(path, *MAGIC):
            return cls(**read_gguf_sentencepiece(path))

    @classmethod
    def from_tokenizer_json(cls, path: str | Path) -> Self:
        """Read a tokenizer.json that was converted from a SentencePiece model."""
        with reading(path):
            return cls(**read_json_sentencepiece(path))

    def save(self, folder: str | Path) -> None:
        """Write tokenizer.model, and beside it what it cannot hold, creating `folder` if needed."""
        folder = as_path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "tokenizer.model").write_bytes(self.model)
        write_beside_model(self, folder)

    def _open(self, model: bytes) -> tuple[list[Piece], int | None, int | None]:
        """Make ready to encode; give the pieces and the ids that open and end a text."""
        pieces = read_pieces(model)
        self._library = Library(model)
        return pieces, self._library.bos_id, self._library.eos_id

    def _has_space_in_front(self) -> tuple[bool, bool]:
        """Whether what opens a text does, and whether what follows a whole token does."""
        return self.spaces.where != "never", self.spaces.where == "always"

    def _encode(self, add_prefix: bool, text: str) -> list[int]:
        if text.startswith((" ", "▁")) and not self.spaces.twice:
            add_prefix = False
        return self._encode_text(text, add_prefix)

    def _encode_text(self, text: str, add_prefix: bool) -> list[int]:
        return self._library.encode(text, add_prefix)

    def _decode_ids(self, strip: bool, ids: list[int]) -> str:
        return self._decode_pieces([i for i in ids if self.id_to_bytes.get(i)], strip)

    def _decode_pieces(self, ids: list[int], strip: bool) -> str:
        return self._library.decode(ids, strip)


def _bytes_of(i: int, piece: Piece) -> bytes:
    if piece.kind == BYTE:
        return bytes([int(piece.text[1:-1], base=16)])  # "<0x0A>"
    if piece.kind == UNUSED and piece.text == placeholder(i):
        return b""
    return piece.text.replace("▁", " ").encode("utf-8")
