"""Byte-level BPE: text to token ids and back, for SmolLM2 and for LLaMA from version 3 on.

Text becomes chunks of about a word, chunks become UTF-8 bytes, and inside each chunk the pairs of
neighbours that training merged are merged again, the earliest learned first.

Source: Sennrich et al., arXiv:1508.07909; on bytes: Radford et al., 2019 (GPT-2), sec. 2.2.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, Self

from llama_edu.gguf_file import MAGIC
from llama_edu.reading import reading, shown
from llama_edu.tokenizer.base import Tokenizer
from llama_edu.tokenizer.bpe_training import learn_bpe
from llama_edu.tokenizer.formats.gguf_vocab import read_gguf_bpe
from llama_edu.tokenizer.formats.llama3 import read_tiktoken
from llama_edu.tokenizer.formats.readable import read_bpe_text, write_bpe_text
from llama_edu.tokenizer.formats.tokenizer_json import read_tokenizer_json, write_tokenizer_json
from llama_edu.tokenizer.merge_training import Report, no_report
from llama_edu.tokenizer.merging import ChunkCache, merge_pairs, rank_merges
from llama_edu.tokenizer.pretokenize import LLAMA3, compile_pattern, split_chunks
from llama_edu.tokenizer.whole_tokens import (
    END_OF_ANSWER,
    Flags,
    WholeTokens,
    ends_of_answer,
    list_of_ids,
)


class BPETokenizer(Tokenizer):
    """Encode text to ids and decode ids to text with a trained vocabulary.

    BPETokenizer({b"a": 0, b"b": 1, b"ab": 2}, [(b"a", b"b")], r"\\S+").encode("abb") -> [2, 1]

    Args:
        vocab: the bytes of each ordinary token -> its id.
        merges: pairs of tokens in the order in which training merged them. None: any two tokens
            that together are a token may merge, the lowest id first (tiktoken's files).
        pattern: regular expression for the chunks, or several applied one after the other.
        special_tokens: text of each control token -> its id; these mark structure, such as the
            end of a turn, and are only recognized with `encode(..., special=True)`.
        added_tokens: text of each token that is recognized whole in any text -> its id.
        ignore_merges: whether a chunk that is a token needs no merges (true for Llama 3).
        bos_id: id that opens a text, or None.
        eos_id: id that ends a text, or None.
        stop_ids: other ids that end an answer. The attribute holds every one: these, `eos_id`, and
            the usual markers, such as "<|im_end|>", that the vocabulary has.
        add_bos: whether the model expects `bos_id` before a text; `encode` never adds it.
        chat_template: Jinja source for `render_chat`, or None.
        named_tokens: other texts that a template may use, such as {"pad_token": "<pad>"}.
        flags: text of a whole token -> how it is found, where that is not as plain text.
        n_ids: ids that a model may write, where its embedding has more rows than there are tokens;
            those without a token have no text.

    Raises:
        ValueError: if a merge uses or makes bytes that are not in `vocab`, an id stands for two
            tokens, or the pattern is unusable.
    """

    def __init__(
        self,
        vocab: Mapping[bytes, int],
        merges: Iterable[tuple[bytes, bytes]] | None,
        pattern: str | Sequence[str],
        special_tokens: Mapping[str, int] | None = None,
        *,
        added_tokens: Mapping[str, int] | None = None,
        ignore_merges: bool = False,
        bos_id: int | None = None,
        eos_id: int | None = None,
        stop_ids: Iterable[int] = (),
        add_bos: bool = False,
        chat_template: str | None = None,
        named_tokens: Mapping[str, str] | None = None,
        flags: Mapping[str, Flags] | None = None,
        n_ids: int = 0,
    ):
        _check_kinds(vocab, special_tokens=special_tokens, added_tokens=added_tokens)
        list_of_ids([i for i in (bos_id, eos_id) if i is not None])
        self.vocab = dict(vocab)
        self.patterns = list(pattern) if isinstance(pattern, list | tuple) else [pattern]
        self.special_tokens = dict(special_tokens or {})
        self.added_tokens = dict(added_tokens or {})
        self.ignore_merges = ignore_merges
        self.bos_id, self.eos_id, self.add_bos = bos_id, eos_id, add_bos
        self.chat_template, self.named_tokens = chat_template, dict(named_tokens or {})

        self.merges = rank_merges(vocab, merges)
        self.id_to_bytes = _invert(self.vocab, self.special_tokens, self.added_tokens)
        self._byte_ids = {token[0]: i for token, i in vocab.items() if len(token) == 1}
        self._chunk_ids = ChunkCache(self._encode_chunk)
        self._chunk_patterns = [compile_pattern(each) for each in self.patterns]
        self._whole = WholeTokens(self.special_tokens, self.added_tokens, flags)
        self.flags = self._whole.flags
        self.n_ids = n_ids
        stop_ids = list_of_ids(stop_ids)
        self.stop_ids = self._find_ends(stop_ids if eos_id is None else [*stop_ids, eos_id])

    def encode(self, text: str, *, special: bool = False) -> list[int]:
        """The token ids of `text`.

        By default the text "<|im_end|>" is ten ordinary characters, because whoever wrote the
        text must not be able to end a turn or pose as the system. Pass `special=True` for text
        that your own chat template rendered. (The transformers library recognizes control tokens
        unless told otherwise.)

        A byte that has no token is left out, as in the tokenizers library: SmolLM2 has none for
        21 bytes, rare control characters such as U+0004 and bytes of unassigned planes.

        Args:
            text: any text without lone surrogates.
            special: whether the text of a control token stands for that token.

        Raises:
            ValueError: if `text` holds a lone surrogate, which UTF-8 cannot express.
        """
        return self._whole.encode(text, special, self._encode_text)

    def decode(self, ids: Iterable[int]) -> str:
        """The text of `ids`, control tokens included; U+FFFD where the bytes are not UTF-8."""
        return self.decode_bytes(ids).decode("utf-8", errors="replace")

    @classmethod
    def train(
        cls,
        texts: Iterable[str],
        vocab_size: int,
        pattern: str | Sequence[str] = LLAMA3,
        special_tokens: Sequence[str] = (),
        *,
        min_count: int = 2,
        report: Report = no_report,
    ) -> Self:
        """Learn a vocabulary from texts: the 256 bytes, then the commonest pair again and again.

        The ids are those that the tokenizers library gives: control tokens, bytes, merges. Of two
        equally common pairs the one with the smaller left id merges first, then the one with the
        smaller right id.

        Args:
            texts: to learn from, one after the other; control tokens in them are passed over.
            vocab_size: tokens in the end; fewer where the texts have no more pairs.
            pattern: regular expression for the chunks, or several applied one after the other.
            special_tokens: texts of the control tokens.
            min_count: a pair less common than this does not merge, >= 1.
            report: told now and then how many merges are learned, and how many are wanted.

        Raises:
            ValueError: if `vocab_size` has no room for the bytes and control tokens, or `texts`
                is a single text.
        """
        return cls(**learn_bpe(texts, vocab_size, pattern, special_tokens, min_count, report))

    @classmethod
    def from_gguf(cls, path: str | Path) -> Self:
        """Read the tokenizer that a GGUF file of a byte-level model carries."""
        with reading(path, *MAGIC):
            return cls(**read_gguf_bpe(path))

    @classmethod
    def from_tokenizer_json(cls, path: str | Path) -> Self:
        """Read a byte-level tokenizer.json, and tokenizer_config.json beside it if there is one.

        Args:
            path: the file, or the folder that holds it.
        """
        with reading(path):
            return cls(**read_tokenizer_json(path))

    @classmethod
    def from_tiktoken(cls, path: str | Path) -> Self:
        """Read the tokenizer.model of Meta's Llama 3 releases: a token and its rank a line."""
        with reading(path):
            return cls(**read_tiktoken(path))

    load = from_tokenizer_json

    def save(self, folder: str | Path) -> None:
        """Write tokenizer.json and tokenizer_config.json, which transformers reads as well."""
        write_tokenizer_json(self, folder)

    def save_text(self, path: str | Path) -> None:
        """Write one file that a person can read: settings, then a token a line, with its merge."""
        write_bpe_text(self, path)

    @classmethod
    def load_text(cls, path: str | Path) -> Self:
        """Read what `save_text` wrote."""
        with reading(path):
            return cls(**read_bpe_text(path))

    def _find_ends(self, stated: list[int]) -> list[int]:
        markers = {m: self.vocab[m.encode()] for m in END_OF_ANSWER if m.encode() in self.vocab}
        # What merges make is text: "</s>" strikes out in HTML.
        made = {i for _, i in self.merges.values()} if markers else set()
        plain = {marker: i for marker, i in markers.items() if i not in made}
        return ends_of_answer(plain | self._whole.ids, stated)

    def _encode_text(self, text: str) -> list[int]:
        chunks = split_chunks(text, self._chunk_patterns)
        return list(chain.from_iterable(map(self._chunk_ids.__getitem__, chunks)))

    def _encode_chunk(self, chunk: str) -> list[int]:
        data = chunk.encode("utf-8")
        if self.ignore_merges and data in self.vocab:
            return [self.vocab[data]]
        return merge_pairs([self._byte_ids[b] for b in data if b in self._byte_ids], self.merges)


def _check_kinds(vocab: Any, **texts: Any) -> None:
    if not isinstance(vocab, Mapping) or not all(isinstance(token, bytes) for token in vocab):
        raise ValueError(f"vocab must map the bytes of each token to its id, got {shown(vocab)}")
    if any(i < 0 for i in list_of_ids(vocab.values())):
        raise ValueError(f"vocab must map tokens to ids from 0 on, got {min(vocab.values())}")
    for name, tokens in texts.items():
        if tokens is None:
            continue
        if not isinstance(tokens, Mapping) or not all(isinstance(text, str) for text in tokens):
            raise ValueError(f"{name} must map texts to ids, got {shown(tokens)}")
        list_of_ids(tokens.values())


def _invert(vocab: Mapping[bytes, int], *texts: Mapping[str, int]) -> dict[int, bytes]:
    id_to_bytes = {i: token for token, i in vocab.items()}
    if len(id_to_bytes) < len(vocab):
        raise ValueError("vocab must give each token an id of its own")
    for tokens in texts:  # the byte that "é" spells stays one, though "é" is added as well
        id_to_bytes = {i: text.encode("utf-8") for text, i in tokens.items()} | id_to_bytes
    return id_to_bytes
