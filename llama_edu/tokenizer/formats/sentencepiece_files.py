"""The files that SentencePiece vocabularies come in: tokenizer.model, GGUF and tokenizer.json.

The last two hold the pieces but not the model that the SentencePiece library reads; `build_model`
writes it again.
"""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from llama_edu.reading import reading
from llama_edu.tokenizer.formats.added_tokens import wrong_ids
from llama_edu.tokenizer.formats.gguf_vocab import (
    BYTE,
    CONTROL,
    NORMAL,
    UNKNOWN,
    UNUSED,
    USER_DEFINED,
    placeholder,
    read_gguf_ends,
    read_gguf_vocab,
)
from llama_edu.tokenizer.formats.sentencepiece_model import build_model, read_pieces
from llama_edu.tokenizer.formats.spaces import Spaces, json_of_spaces
from llama_edu.tokenizer.formats.special_tokens import MARKS, SpecialTokens, read_special_tokens
from llama_edu.tokenizer.formats.tokenizer_json import (
    folder_of,
    read_spec,
    read_vocab,
    write_config,
    write_spec,
)
from llama_edu.tokenizer.formats.written import WrittenModel, WrittenPieces
from llama_edu.tokenizer.whole_tokens import NO_FLAGS


def read_sentencepiece(path: str | Path) -> dict[str, Any]:
    """Read the arguments of `SentencePieceTokenizer` from a tokenizer.model or its folder.

    Tokens that a folder adds to the model's come along, as its word on ends and spaces does.

    Raises:
        ValueError: if an added token has another id than transformers would give it.
    """
    path = Path(path)
    if not path.is_dir():
        if path.name != "tokenizer.model":
            return {"model": path.read_bytes()}
        path = path.parent
    with reading(path / "tokenizer.model"):
        model = (path / "tokenizer.model").read_bytes()
        vocab = {piece.text: i for i, piece in enumerate(read_pieces(model))}
    spec = read_spec(path) if (path / "tokenizer.json").exists() else None
    special = read_special_tokens(path, vocab, spec)
    _check_spaces(special, vocab, spec, path / "tokenizer.json")
    added = {**special.special_tokens, **special.added_tokens}
    if wrong := wrong_ids(vocab, sorted(added.items(), key=lambda item: item[1])):
        raise ValueError(
            f"{path} adds tokens to its tokenizer.model that would not get these ids: "
            f"{', '.join(wrong[:8])}"
        )
    return {"model": model, **vars(special)}


def read_gguf_sentencepiece(path: str | Path) -> dict[str, Any]:
    """Read the arguments of `SentencePieceTokenizer` from a GGUF file of a LLaMA 1 or 2 model.

    Only what opens a text gets a space in front, as in transformers; llama.cpp puts one after
    every control token, which models that were trained with Hugging Face's tokenizer do not know.

    Raises:
        ValueError: if the file's tokenizer is of another kind.
    """
    vocab = read_gguf_vocab(path, "llama", ("tokens", "scores", "token_type"))
    rows = list(zip(vocab["tokens"], vocab["scores"], vocab["token_type"], strict=True))
    added = {text: i for i, (text, _, kind) in enumerate(rows) if kind == USER_DEFINED}
    pieces = ((text, s, UNUSED if kind == USER_DEFINED else kind) for text, s, kind in rows)
    add_prefix = vocab.get("add_space_prefix", True)
    return {
        "model": build_model(_fill_empty(pieces), add_prefix=add_prefix),
        "added_tokens": {text: i for text, i in added.items() if text},
        "add_bos": vocab.get("add_bos_token", True),  # llama.cpp's rule for an absent key
        "spaces": Spaces("first" if add_prefix else "never"),
        **read_gguf_ends(vocab, path),
    }


def read_json_sentencepiece(path: str | Path) -> dict[str, Any]:
    """Read the arguments of `SentencePieceTokenizer` from a tokenizer.json, or its folder.

    Raises:
        ValueError: if the file puts spaces in front of texts by other rules than SentencePiece,
            or its merges are not all those that its vocabulary allows.
    """
    spec = read_spec(path)
    vocab = read_vocab(spec)
    special = read_special_tokens(folder_of(path), vocab, spec)
    _check_spaces(special, vocab, spec, Path(path))
    if spec.get("normalizer") is None and spec.get("pre_tokenizer") is None:
        raise ValueError(f"{path} has no rule for spaces, and SentencePiece spells them")
    if problems := [key for key in ("dropout", "ignore_merges") if spec["model"].get(key)]:
        raise ValueError(f"{path} is not supported, as it has model.{problems[0]}")
    if not spec["model"].get("byte_fallback"):
        raise ValueError(
            f"{path} is not supported, as model.byte_fallback is not true: a rare character would "
            "have no bytes"
        )
    merges = [tuple(_pair(merge)) for merge in spec["model"]["merges"]]
    ids = {**vocab, **special.special_tokens, **special.added_tokens}
    pieces = sorted(ids, key=ids.__getitem__)
    if [ids[piece] for piece in pieces] != list(range(len(ids))):
        raise ValueError(f"{path}: the ids of its {len(ids)} tokens must run from 0 without gaps")
    made = {left + right for left, right in merges}
    if absent := ({part for pair in merges for part in pair} | made) - ids.keys():
        raise ValueError(f"{path}: merges need the token {min(absent)!r}, which is not in vocab")
    kinds = dict.fromkeys(special.special_tokens, CONTROL)
    kinds |= {text: NORMAL if text in made else UNUSED for text in special.added_tokens}
    kinds |= {f"<0x{byte:02X}>": BYTE for byte in range(256)}
    kinds[spec["model"].get("unk_token")] = UNKNOWN
    normal = {piece for piece in pieces if kinds.get(piece, NORMAL) == NORMAL}
    ranks = _rank_pieces(merges, normal, Path(path))
    rows = ((p, -float(ranks.get(p, len(merges))), kinds.get(p, NORMAL)) for p in pieces)
    return {"model": build_model(_fill_empty(rows), add_prefix=True), **vars(special)}


def _fill_empty(rows: Iterable[tuple[str, float, int]]) -> Iterator[tuple[str, float, int]]:
    """Pieces in which one without a text is a placeholder: no text is made of it."""
    for i, (text, score, kind) in enumerate(rows):
        yield (text, score, kind) if text else (placeholder(i), score, UNUSED)


def _rank_pieces(merges: list[tuple[str, str]], pieces: set[str], path: Path) -> dict[str, int]:
    """The place of each merged piece in the order of merging.

    A SentencePiece model gives each piece one score, and merges any two that make it. Merges that
    say something else cannot be written as one.
    """
    ranks: dict[str, int] = {}
    last = ""
    for rank, (left, right) in enumerate(merges):
        piece = left + right
        if not {left, right, piece} <= pieces:
            continue  # of control tokens, which text is not made of
        if piece in ranks and piece != last:
            raise ValueError(f"{path}: the merges into {piece!r} must follow one another")
        ranks.setdefault(piece, rank)
        last = piece
    listed = set(merges)
    for piece in pieces:
        for i in range(1, len(piece)):
            pair = piece[:i], piece[i:]
            if set(pair) <= pieces and pair not in listed:
                raise ValueError(
                    f"{path}: its merges leave out {pair}, which makes the token {piece!r}, and "
                    "SentencePiece would merge it; put the model's tokenizer.model beside it"
                )
    return ranks


def _check_spaces(
    special: SpecialTokens, vocab: Mapping[str, int], spec: Mapping[str, Any] | None, path: Path
) -> None:
    """Refuse by name what SentencePiece's encoder cannot do in the way that a folder asks for."""
    if special.spaces and special.spaces.cuts and any("▁" in text[1:] for text in vocab):
        raise ValueError(
            f"{path} cuts text at every space (Metaspace, split), and its tokens reach across; "
            "put the model's tokenizer.model beside it, and take this file away"
        )
    late = [t for t in special.added_tokens if special.flags.get(t, NO_FLAGS).normalized]
    if late and (spec or {}).get("normalizer"):
        raise ValueError(f"{path}: the added token {late[0]!r} has normalized: true, unsupported")


def write_json_sentencepiece(tokenizer: WrittenPieces, folder: str | Path) -> None:
    """Write tokenizer.json and the files beside it, creating `folder` if needed.

    The tokenizers library then gives the same ids, as long as no two pieces have the same score.
    """
    ids = {piece.text: i for i, piece in enumerate(tokenizer.pieces)}
    unknown = next(piece.text for piece in tokenizer.pieces if piece.kind == UNKNOWN)
    texts = {i: piece.text for i, piece in enumerate(tokenizer.pieces)}
    by_score = sorted(tokenizer.merges.items(), key=lambda item: item[1])
    spec = {
        **json_of_spaces(tokenizer.spaces),
        "decoder": _decoder(tokenizer.spaces.where != "never"),
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


def write_beside_model(tokenizer: WrittenModel, folder: str | Path) -> None:
    """Write what a tokenizer.model cannot hold, if there is anything, as Hugging Face does.

    transformers' class for it has no rule by which a text that begins with a space gets another.
    """
    folder, own = Path(folder), {p.text for p in tokenizer.pieces if p.kind in (CONTROL, UNKNOWN)}
    whole = tokenizer.special_tokens | tokenizer.added_tokens
    texts = {i: text for text, i in whole.items()}
    added = {
        str(i): {"content": text, "special": text in tokenizer.special_tokens}
        | tokenizer.flags.get(text, NO_FLAGS)._asdict()
        for i, text in sorted(texts.items())
        if text not in own or text in tokenizer.flags
    }
    is_own = tokenizer.spaces == Spaces("always" if tokenizer.add_prefix else "never")
    ends = {tokenizer.eos_id} if tokenizer.eos_id is not None else set()
    says_more = added or not is_own or tokenizer.chat_template or not tokenizer.add_bos
    if not says_more and set(tokenizer.stop_ids) == ends:
        return
    config = {
        "tokenizer_class": "LlamaTokenizer",
        "bos_token": texts.get(tokenizer.bos_id),
        "eos_token": texts.get(tokenizer.eos_id),
        "add_bos_token": tokenizer.add_bos,
        "add_prefix_space": tokenizer.spaces.where != "never",
        "legacy": tokenizer.spaces.where == "always",
        "added_tokens_decoder": added,
        "chat_template": tokenizer.chat_template,
        **{name: text for name, text in tokenizer.named_tokens.items() if name not in MARKS},
    }
    write_config(config, tokenizer, folder)


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
