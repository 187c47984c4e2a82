"""The files that SentencePiece vocabularies come in: tokenizer.model, GGUF and tokenizer.json.

The last two hold the pieces but not the model that the SentencePiece library reads; `build_model`
writes it again.
"""

from pathlib import Path
from typing import Any

from llama_edu.tokenizer.formats.gguf_vocab import (
    BYTE,
    CONTROL,
    NORMAL,
    UNKNOWN,
    UNUSED,
    read_gguf_ends,
    read_gguf_vocab,
)
from llama_edu.tokenizer.formats.sentencepiece_model import build_model, read_pieces
from llama_edu.tokenizer.formats.special_tokens import read_special_tokens
from llama_edu.tokenizer.formats.tokenizer_json import folder_of, read_spec, write_spec
from llama_edu.tokenizer.formats.written import WrittenPieces


def read_sentencepiece(path: str | Path) -> dict[str, Any]:
    """Read the arguments of `SentencePieceTokenizer` from a tokenizer.model or its folder.

    Tokens that a folder adds to the model's come along.
    """
    path = Path(path)
    if not path.is_dir():
        return {"model": path.read_bytes()}
    model = (path / "tokenizer.model").read_bytes()
    vocab = {piece.text: i for i, piece in enumerate(read_pieces(model))}
    spec = read_spec(path) if (path / "tokenizer.json").exists() else None
    return {"model": model, **vars(read_special_tokens(path, vocab, spec))}


def read_gguf_sentencepiece(path: str | Path) -> dict[str, Any]:
    """Read the arguments of `SentencePieceTokenizer` from a GGUF file of a LLaMA 1 or 2 model.

    Raises:
        ValueError: if the file's tokenizer is of another kind.
    """
    vocab = read_gguf_vocab(path, "llama", ("tokens", "scores", "token_type"))
    pieces = zip(vocab["tokens"], vocab["scores"], vocab["token_type"], strict=True)
    return {
        "model": build_model(pieces, add_prefix=vocab.get("add_space_prefix", True)),
        "add_bos": vocab.get("add_bos_token", True),  # llama.cpp's rule for an absent key
        "chat_template": vocab["chat_template"],
        **read_gguf_ends(vocab, path),
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
    special = read_special_tokens(folder_of(path), spec["model"]["vocab"], spec)
    ids = {**spec["model"]["vocab"], **special.special_tokens, **special.added_tokens}
    pieces = sorted(ids, key=ids.__getitem__)
    if [ids[piece] for piece in pieces] != list(range(len(ids))):
        raise ValueError(f"{path}: the ids of its {len(ids)} tokens must run from 0 without gaps")
    kinds = dict.fromkeys(special.special_tokens, CONTROL)
    kinds |= dict.fromkeys(special.added_tokens, UNUSED)
    kinds |= {f"<0x{byte:02X}>": BYTE for byte in range(256)}
    kinds[spec["model"].get("unk_token")] = UNKNOWN
    rows = ((p, -float(ranks.get(p, len(ranks))), kinds.get(p, NORMAL)) for p in pieces)
    return {"model": build_model(rows, add_prefix=True), **vars(special)}


def write_json_sentencepiece(tokenizer: WrittenPieces, folder: str | Path) -> None:
    """Write tokenizer.json and the files beside it, creating `folder` if needed.

    The tokenizers library then gives the same ids, as long as no two pieces have the same score.
    """
    ids = {piece.text: i for i, piece in enumerate(tokenizer.pieces)}
    unknown = next(piece.text for piece in tokenizer.pieces if piece.kind == UNKNOWN)
    texts = {i: piece.text for i, piece in enumerate(tokenizer.pieces)}
    by_score = sorted(tokenizer.merges.items(), key=lambda item: item[1])
    prefix = [{"type": "Prepend", "prepend": "▁"}] if tokenizer.add_prefix else []
    replace = {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}
    spec = {
        "normalizer": {"type": "Sequence", "normalizers": [*prefix, replace]},
        "pre_tokenizer": None,
        "decoder": _decoder(tokenizer.add_prefix),
        "model": {
            "type": "BPE",
            "unk_token": unknown,
            "fuse_unk": True,
            "byte_fallback": True,
            "ignore_merges": False,
            "vocab": ids,
            "merges": [[texts[left], texts[right]] for (left, right), _ in by_score],
        },
    }
    write_spec(spec, tokenizer, folder)


def _decoder(strip: bool) -> dict[str, Any]:
    steps: list[dict[str, Any]] = [
        {"type": "Replace", "pattern": {"String": "▁"}, "content": " "},
        {"type": "ByteFallback"},
        {"type": "Fuse"},
    ]
    steps += [{"type": "Strip", "content": " ", "start": 1, "stop": 0}] * strip
    return {"type": "Sequence", "decoders": steps}


def _pair(merge: str | list[str]) -> list[str]:
    return merge.split(" ") if isinstance(merge, str) else merge
