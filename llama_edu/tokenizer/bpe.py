"""Byte-level BPE: text to token ids and back, for SmolLM2 and for LLaMA from version 3 on.

Text becomes chunks of about a word, chunks become UTF-8 bytes, and inside each chunk the pairs of
neighbours that training merged are merged again, the earliest learned first.

Source: Sennrich et al., arXiv:1508.07909; on bytes: Radford et al., 2019 (GPT-2), sec. 2.2.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from heapq import heapify, heappop, heappush
from itertools import chain, pairwise
from pathlib import Path
from typing import Self

from llama_edu.tokenizer.gguf_vocab import read_gguf_bpe
from llama_edu.tokenizer.llama3 import read_tiktoken
from llama_edu.tokenizer.pretokenize import (
    check_surrogates,
    compile_pattern,
    compile_splitter,
    split_chunks,
    split_tokens,
)
from llama_edu.tokenizer.tokenizer_json import read_tokenizer_json, write_tokenizer_json

MAX_CACHED_CHUNKS = 1 << 16  # about 12 MB
MAX_CACHED_LENGTH = 64  # characters; a longer chunk hardly ever comes twice

# A pair of neighbouring ids -> (rank, the id it merges into). Lower ranks merge first.
Merges = Mapping[tuple[int, int], tuple[int, int]]


def merge_pairs(ids: Sequence[int], merges: Merges) -> list[int]:
    """Merge the pair of lowest rank, leftmost first, until no pair of neighbours has a rank.

    merge_pairs([1, 2, 1, 2], {(1, 2): (0, 9)}) -> [9, 9]
    merge_pairs([1, 2, 3], {(2, 3): (0, 7), (1, 2): (1, 8)}) -> [1, 7]

    A heap holds the candidates, so n ids take O(n log n) steps; scanning all pairs after every
    merge takes O(n^2), minutes for one long line without a space.

    Args:
        ids: token ids, at first one for each byte of a chunk.
        merges: rank and merged id of each pair that may merge.
    """
    ids, end = list(ids), len(ids)
    left, right = list(range(-1, end - 1)), list(range(1, end + 1))  # neighbours still alive
    heap = [(merges[pair], i, pair) for i, pair in enumerate(pairwise(ids)) if pair in merges]
    heapify(heap)
    while heap:
        (_, merged), i, pair = heappop(heap)
        j = right[i]
        if j == end or (ids[i], ids[j]) != pair:
            continue  # an earlier merge took one of the two
        ids[i], ids[j] = merged, -1
        right[i] = right[j]
        if right[i] < end:
            left[right[i]] = i
        for a in (left[i], i):
            if a >= 0 and right[a] < end and (pair := (ids[a], ids[right[a]])) in merges:
                heappush(heap, (merges[pair], a, pair))
    return [token for token in ids if token >= 0]


class _ChunkCache(dict):
    """Chunk -> its ids, worked out when first asked for: text repeats its words."""

    def __init__(self, encode_chunk: Callable[[str], list[int]]):
        super().__init__()
        self.encode_chunk = encode_chunk

    def __missing__(self, chunk: str) -> list[int]:
        ids = self.encode_chunk(chunk)
        if len(chunk) <= MAX_CACHED_LENGTH:
            if len(self) >= MAX_CACHED_CHUNKS:
                self.clear()
            self[chunk] = ids
        return ids


class BPETokenizer:
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
        add_bos: whether the model expects `bos_id` before a text; `encode` never adds it.
        chat_template: Jinja source for `render_chat`, or None.

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
        add_bos: bool = False,
        chat_template: str | None = None,
    ):
        self.vocab = dict(vocab)
        self.patterns = [pattern] if isinstance(pattern, str) else list(pattern)
        self.special_tokens = dict(special_tokens or {})
        self.added_tokens = dict(added_tokens or {})
        self.ignore_merges = ignore_merges
        self.bos_id, self.eos_id, self.add_bos = bos_id, eos_id, add_bos
        self.chat_template = chat_template

        self.merges = _rank_any(vocab) if merges is None else _rank_in_order(vocab, merges)
        self._id_to_bytes = _invert(self.vocab, self.special_tokens, self.added_tokens)
        self._byte_ids = {token[0]: i for token, i in vocab.items() if len(token) == 1}
        self._chunk_ids = _ChunkCache(self._encode_chunk)
        self._chunk_patterns = [compile_pattern(each) for each in self.patterns]
        self._whole_ids = self.special_tokens | self.added_tokens
        self._plain_splitter = compile_splitter(self.added_tokens)
        self._special_splitter = compile_splitter(self._whole_ids)

    @property
    def vocab_size(self) -> int:
        """Rows that an embedding needs: the largest id plus one."""
        return max(self._id_to_bytes) + 1

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
        check_surrogates(text)
        splitter = self._special_splitter if special else self._plain_splitter
        ids: list[int] = []
        for i, piece in enumerate(split_tokens(text, splitter)):
            if i % 2:  # plain text and tokens alternate
                ids.append(self._whole_ids[piece])
            else:
                chunks = split_chunks(piece, self._chunk_patterns)
                ids.extend(chain.from_iterable(map(self._chunk_ids.__getitem__, chunks)))
        return ids

    def decode(self, ids: Iterable[int]) -> str:
        """The text of `ids`, control tokens included; U+FFFD where the bytes are not UTF-8."""
        return self.decode_bytes(ids).decode("utf-8", errors="replace")

    def decode_bytes(self, ids: Iterable[int]) -> bytes:
        """The exact bytes of `ids`; for streaming, as a character may span several tokens.

        Raises:
            ValueError: if an id is not in the vocabulary.
        """
        try:
            return b"".join([self._id_to_bytes[i] for i in ids])
        except KeyError as error:
            size = self.vocab_size
            raise ValueError(f"id {error} is not in this vocabulary of {size} tokens") from None

    @classmethod
    def from_gguf(cls, path: str | Path) -> Self:
        """Read the tokenizer that a GGUF file of a byte-level model carries."""
        return cls(**read_gguf_bpe(path))

    @classmethod
    def from_tokenizer_json(cls, path: str | Path) -> Self:
        """Read a byte-level tokenizer.json, and tokenizer_config.json beside it if there is one.

        Args:
            path: the file, or the folder that holds it.
        """
        return cls(**read_tokenizer_json(path))

    @classmethod
    def from_tiktoken(cls, path: str | Path) -> Self:
        """Read the tokenizer.model of Meta's Llama 3 releases: a token and its rank a line."""
        return cls(**read_tiktoken(path))

    load = from_tokenizer_json

    def save(self, folder: str | Path) -> None:
        """Write tokenizer.json and tokenizer_config.json, which transformers reads as well."""
        write_tokenizer_json(self, folder)

    def _encode_chunk(self, chunk: str) -> list[int]:
        data = chunk.encode("utf-8")
        if self.ignore_merges and data in self.vocab:
            return [self.vocab[data]]
        return merge_pairs([self._byte_ids[b] for b in data if b in self._byte_ids], self.merges)


def _rank_in_order(vocab: Mapping[bytes, int], merges: Iterable[tuple[bytes, bytes]]) -> Merges:
    try:
        return {(vocab[a], vocab[b]): (rank, vocab[a + b]) for rank, (a, b) in enumerate(merges)}
    except KeyError as error:
        raise ValueError(f"merges need the token {error}, which is not in vocab") from None


def _rank_any(vocab: Mapping[bytes, int]) -> Merges:
    return {
        (a, b): (merged, merged)
        for token, merged in vocab.items()
        for i in range(1, len(token))
        if (a := vocab.get(token[:i])) is not None and (b := vocab.get(token[i:])) is not None
    }


def _invert(vocab: Mapping[bytes, int], *texts: Mapping[str, int]) -> dict[int, bytes]:
    id_to_bytes = {i: token for token, i in vocab.items()}
    if len(id_to_bytes) < len(vocab):
        raise ValueError("vocab must give each token an id of its own")
    for tokens in texts:
        id_to_bytes |= {i: text.encode("utf-8") for text, i in tokens.items()}
    return id_to_bytes
