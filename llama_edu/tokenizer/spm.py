"""SentencePiece, the tokenizer of LLaMA 1 and 2, behind the same methods as our own BPE.

It merges characters rather than bytes, spells a space "▁" (so a "▁" in a text comes back as a
space), puts one before every text, and falls back to one token for each UTF-8 byte where a
character has no token.

Source: Kudo and Richardson, arXiv:1808.06226.
"""

from collections.abc import Iterable, Mapping
from itertools import groupby
from pathlib import Path
from typing import Self

import sentencepiece

from llama_edu.tokenizer.pretokenize import check_surrogates, compile_splitter, split_tokens
from llama_edu.tokenizer.sentencepiece_files import (
    read_gguf_sentencepiece,
    read_json_sentencepiece,
    read_sentencepiece,
)


class SentencePieceTokenizer:
    """Encode text to ids and decode ids to text with a SentencePiece model.

    Args:
        model: the content of a tokenizer.model file.
        special_tokens: text of each control token -> its id, beside those of the model.
        added_tokens: text of each token that is recognized whole in any text -> its id.
        bos_id: id that opens a text; None: the model's own, if it has one.
        eos_id: id that ends a text; None: the model's own, if it has one.
        add_bos: whether the model expects `bos_id` before a text; `encode` never adds it.
        chat_template: Jinja source for `render_chat`, or None.

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
        add_bos: bool = True,
        chat_template: str | None = None,
    ):
        try:
            self._processor = sentencepiece.SentencePieceProcessor(model_proto=model)
        except RuntimeError as error:
            raise ValueError(f"not a SentencePiece model: {error}") from None
        processor, n_pieces = self._processor, self._processor.vocab_size()
        own = [i for i in range(n_pieces) if processor.is_control(i) or processor.is_unknown(i)]
        self.special_tokens = {processor.id_to_piece(i): i for i in own} | dict(
            special_tokens or {}
        )
        self.added_tokens = dict(added_tokens or {})
        self.bos_id = _first_valid(bos_id, processor.bos_id())
        self.eos_id = _first_valid(eos_id, processor.eos_id())
        self.add_bos, self.chat_template = add_bos, chat_template
        self._model, self._n_pieces = model, n_pieces
        self._whole_ids = self.special_tokens | self.added_tokens
        self._whole_texts = {i: text for text, i in self._whole_ids.items()}
        self._plain_splitter = compile_splitter(self.added_tokens)
        self._special_splitter = compile_splitter(self._whole_ids)

    @property
    def vocab_size(self) -> int:
        """Rows that an embedding needs: the largest id plus one."""
        return max(self._n_pieces - 1, *self._whole_texts) + 1

    def encode(self, text: str, *, special: bool = False) -> list[int]:
        """The token ids of `text`.

        By default the text "</s>" is four ordinary characters, because whoever wrote the text must
        not be able to end a turn. Pass `special=True` for text that your own chat template
        rendered; each stretch between control tokens then gets a space in front of its own, as in
        Meta's code, which encodes them one by one.

        Args:
            text: any text without lone surrogates.
            special: whether the text of a control token stands for that token.

        Raises:
            ValueError: if `text` holds a lone surrogate, which UTF-8 cannot express.
        """
        check_surrogates(text)
        splitter = self._special_splitter if special else self._plain_splitter
        ids: list[int] = []
        for i, piece in enumerate(split_tokens(text, splitter)):
            # plain text and tokens alternate
            ids += [self._whole_ids[piece]] if i % 2 else self._processor.encode(piece)
        return ids

    def decode(self, ids: Iterable[int]) -> str:
        """The text of `ids`, control tokens included, without the space that encoding put in front.

        Raises:
            ValueError: if an id is not in the vocabulary.
        """
        texts = []
        for is_whole, run in groupby(self._check(ids), key=self._whole_texts.__contains__):
            run = list(run)
            if is_whole:
                texts += [self._whole_texts[i] for i in run]
            else:
                texts.append(self._processor.decode(run))
        return "".join(texts)

    def decode_bytes(self, ids: Iterable[int]) -> bytes:
        """The exact bytes of `ids`; for streaming, as a character may span several tokens.

        A leading space stays, so that the bytes of two lists joined are those of the joined list.

        Raises:
            ValueError: if an id is not in the vocabulary.
        """
        return b"".join([self._bytes_of(i) for i in self._check(ids)])

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read a tokenizer.model, or the folder that holds one, with its configuration."""
        return cls(**read_sentencepiece(path))

    @classmethod
    def from_gguf(cls, path: str | Path) -> Self:
        """Read the tokenizer that a GGUF file of a LLaMA 1 or 2 model carries."""
        return cls(**read_gguf_sentencepiece(path))

    @classmethod
    def from_tokenizer_json(cls, path: str | Path) -> Self:
        """Read a tokenizer.json that was converted from a SentencePiece model."""
        return cls(**read_json_sentencepiece(path))

    def save(self, folder: str | Path) -> None:
        """Write tokenizer.model, creating `folder` if needed."""
        Path(folder).mkdir(parents=True, exist_ok=True)
        (Path(folder) / "tokenizer.model").write_bytes(self._model)

    def _check(self, ids: Iterable[int]) -> list[int]:
        ids = list(ids)
        for i in ids:
            if not 0 <= i < self._n_pieces and i not in self._whole_texts:
                size = self.vocab_size
                raise ValueError(f"id {i} is not in this vocabulary of {size} tokens")
        return ids

    def _bytes_of(self, i: int) -> bytes:
        if i in self._whole_texts:
            return self._whole_texts[i].encode("utf-8")
        piece = self._processor.id_to_piece(i)
        if self._processor.is_byte(i):
            return bytes([int(piece[1:-1], base=16)])  # "<0x0A>"
        return piece.replace("▁", " ").encode("utf-8")


def _first_valid(given: int | None, of_model: int) -> int | None:
    if given is not None:
        return given
    return of_model if of_model >= 0 else None  # SentencePiece says -1 for none
