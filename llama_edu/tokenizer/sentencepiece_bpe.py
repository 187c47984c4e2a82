"""SentencePiece's BPE in plain Python: the ids of Google's library, from the same model.

Source: google/sentencepiece, src/bpe_model.cc; Kudo and Richardson, arXiv:1808.06226.
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Self

from llama_edu.tokenizer.formats.gguf_vocab import BYTE, NORMAL, USER_DEFINED
from llama_edu.tokenizer.formats.readable import read_piece_text, write_piece_text
from llama_edu.tokenizer.formats.sentencepiece_files import write_json_sentencepiece
from llama_edu.tokenizer.formats.sentencepiece_model import Piece, build_model, parse_model
from llama_edu.tokenizer.merge_training import Report, no_report
from llama_edu.tokenizer.merging import ChunkCache, Merges, merge_pairs
from llama_edu.tokenizer.sentencepiece_training import SPACE, learn_pieces
from llama_edu.tokenizer.spm import SentencePieceTokenizer

MAX_ALPHABETS = 4


class SentencePieceBPE(SentencePieceTokenizer):
    """Encode text to ids and decode ids to text with a SentencePiece BPE model.

    The arguments, files and ids are those of `SentencePieceTokenizer`. The model must be BPE with
    byte fallback and leave text as it is but for spaces, as those of LLaMA 1, 2 and Mistral do.

    Raises:
        ValueError: if `model` is of another kind.
    """

    @classmethod
    def train(
        cls,
        texts: Iterable[str],
        vocab_size: int,
        *,
        character_coverage: float = 0.9995,
        max_piece_length: int = 16,
        report: Report = no_report,
    ) -> Self:
        """Learn a vocabulary with LLaMA's settings: byte fallback, digits one by one.

        Of two equally common pairs the one that makes the shorter piece merges first, then the
        one whose piece comes first by its code points: the library's rule.

        Args:
            texts: to learn from, line by line.
            vocab_size: pieces in the end: 3 control tokens, 256 bytes, characters and merges;
                fewer where the texts have no more pairs.
            character_coverage: share of the text whose characters get a piece, the commonest
                first, 0 to 1; the others are spelled in bytes.
            max_piece_length: characters of the longest piece.
            report: told now and then how many merges are learned, and how many are wanted.

        Raises:
            ValueError: if `vocab_size` is too small, or `texts` is a single text.
        """
        pieces = learn_pieces(texts, vocab_size, character_coverage, max_piece_length, report)
        return cls(build_model(pieces, add_prefix=True))

    def save(self, folder: str | Path) -> None:
        """Write tokenizer.model, and a tokenizer.json with which the tokenizers library agrees."""
        super().save(folder)
        write_json_sentencepiece(self, folder)

    def save_text(self, path: str | Path) -> None:
        """Write one file that a person can read: settings, then a piece a line."""
        write_piece_text(self, path)

    @classmethod
    def load_text(cls, path: str | Path) -> Self:
        """Read what `save_text` wrote."""
        return cls(**read_piece_text(path))

    def _open(self, model: bytes) -> tuple[list[Piece], int | None, int | None]:
        pieces, _ = parse_model(model)
        if found := [piece.text for piece in pieces if piece.kind == USER_DEFINED]:
            raise ValueError(f"user-defined pieces are not supported: {', '.join(found)}")
        ids = {piece.text: i for i, piece in enumerate(pieces) if piece.kind == NORMAL}
        byte_ids = {piece.text: i for i, piece in enumerate(pieces) if piece.kind == BYTE}
        if len(byte_ids) != 256:
            raise ValueError(
                f"byte fallback needs a piece for each of 256 bytes, got {len(byte_ids)}"
            )
        self._byte_ids = [byte_ids[f"<0x{byte:02X}>"] for byte in range(256)]
        self._character_ids = {text: i for text, i in ids.items() if len(text) == 1}
        self.merges = _rank_by_score(pieces, ids)
        self._chunk_pattern = _compile_chunks([text for text in ids if len(text) > 1])
        self._chunk_ids = ChunkCache(self._encode_chunk)
        ends = {p.text: i for i, p in enumerate(pieces) if p.text in ("<s>", "</s>")}
        return pieces, ends.get("<s>"), ends.get("</s>")

    def _encode_text(self, text: str, add_prefix: bool) -> list[int]:
        if not text:
            return []
        marked = SPACE * add_prefix + text.replace(" ", SPACE)
        chunks = self._chunk_pattern.findall(marked)
        return list(chain.from_iterable(map(self._chunk_ids.__getitem__, chunks)))

    def _encode_chunk(self, chunk: str) -> list[int]:
        ids = []
        for character in chunk:
            if character in self._character_ids:
                ids.append(self._character_ids[character])
            else:
                ids += [self._byte_ids[byte] for byte in character.encode("utf-8")]
        return merge_pairs(ids, self.merges)

    def _decode_pieces(self, ids: list[int], strip: bool) -> str:
        if not ids:
            return ""
        text = self.decode_bytes(ids).decode("utf-8", errors="surrogateescape")
        text = re.sub("[\udc80-\udcff]", "\ufffd", text)  # one for each byte, as in the library
        first = self.pieces[ids[0]]
        return text[strip and first.text.startswith(SPACE) :]


def _rank_by_score(pieces: Sequence[Piece], ids: Mapping[str, int]) -> Merges:
    """Any two pieces that make a third may merge, into the one with the highest score first."""
    merges = {}
    for text, merged in ids.items():
        if len(text) > 1 and not set(text) <= ids.keys():
            raise ValueError(f"piece {text!r} must be made of characters that are pieces too")
        for i in range(1, len(text)):
            pair = ids.get(text[:i]), ids.get(text[i:])
            if None not in pair:
                merges[pair] = -pieces[merged].score, merged
    return merges


def _compile_chunks(texts: Collection[str]) -> re.Pattern:
    """Cut where no piece reaches across, so that words can be encoded one by one.

    Letters that stand in one piece may merge, and so may what merges with either: they are an
    alphabet. Spaces may merge with what follows them, and in some models with what precedes.

    Args:
        texts: the pieces of more than one character.
    """
    spaces_end_words = not any(re.search(f"[^{SPACE}]{SPACE}", text) for text in texts)
    alphabets: list[set[str]] = []
    for letters in {frozenset(text) - ({SPACE} if spaces_end_words else set()) for text in texts}:
        joined = [alphabet for alphabet in alphabets if alphabet & letters]
        alphabets = [alphabet for alphabet in alphabets if alphabet not in joined]
        alphabets.append(letters.union(*joined))
    alphabets.sort(key=len, reverse=True)
    rest = set().union(*alphabets[MAX_ALPHABETS:])  # a pattern with hundreds would be slow
    classes = ["".join(sorted(letters)) for letters in [*alphabets[:MAX_ALPHABETS], rest]]
    words = "|".join([f"[{re.escape(letters)}]+" for letters in classes if letters])
    return re.compile(f"{SPACE}*(?:{words})|{SPACE}+|." if words else f"{SPACE}+|.", re.DOTALL)
