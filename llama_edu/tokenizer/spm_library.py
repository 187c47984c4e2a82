"""Google's SentencePiece library: it trains a model, and encodes and decodes with one."""

import io
from collections.abc import Iterable

from sentencepiece import SentencePieceProcessor, SentencePieceTrainer

from llama_edu.tokenizer.bpe_training import check_size
from llama_edu.tokenizer.formats.sentencepiece_model import adds_prefix, with_prefix
from llama_edu.tokenizer.sentencepiece_training import each_line


class Library:
    """A model in the library's hands; it can put a space before every text, or none.

    Args:
        model: the content of a tokenizer.model file.

    Raises:
        ValueError: if it is none.
    """

    def __init__(self, model: bytes):
        own = _open_model(model)
        self._model, self._processors = model, {adds_prefix(model): own}
        self.bos_id, self.eos_id = (i if i >= 0 else None for i in (own.bos_id(), own.eos_id()))

    def encode(self, text: str, add_prefix: bool) -> list[int]:
        return self._processor(add_prefix).encode(text)

    def decode(self, ids: list[int], strip: bool) -> str:
        return self._processor(strip).decode(ids)

    def _processor(self, add_prefix: bool) -> SentencePieceProcessor:
        if add_prefix not in self._processors:
            self._processors[add_prefix] = _open_model(with_prefix(self._model, add_prefix))
        return self._processors[add_prefix]


def train_model(
    texts: Iterable[str], vocab_size: int, character_coverage: float, max_piece_length: int
) -> bytes:
    """Learn a model; `SentencePieceTokenizer.train` says what the arguments are."""
    check_size(vocab_size)
    content = io.BytesIO()
    try:
        SentencePieceTrainer.train(
            sentence_iterator=each_line(texts),
            model_writer=content,
            model_type="bpe",
            vocab_size=vocab_size,
            character_coverage=character_coverage,
            max_sentencepiece_length=max_piece_length,
            max_sentence_length=1 << 30,  # longer lines would be left out
            byte_fallback=True,
            split_digits=True,
            normalization_rule_name="identity",
            remove_extra_whitespaces=False,
            allow_whitespace_only_pieces=True,
            minloglevel=2,
        )
    except RuntimeError as error:
        raise ValueError(f"cannot train {vocab_size=}: {error}") from None
    return content.getvalue()


def _open_model(model: bytes) -> SentencePieceProcessor:
    try:
        return SentencePieceProcessor(model_proto=model)
    except RuntimeError as error:
        raise ValueError(f"not a SentencePiece model: {error}") from None
