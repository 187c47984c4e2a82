"""The vocabulary that a GGUF file carries."""

from pathlib import Path
from typing import Any

from llama_edu.gguf_file import read_gguf
from llama_edu.tokenizer.byte_alphabet import read_merge, to_bytes
from llama_edu.tokenizer.formats.special_tokens import read_ids
from llama_edu.tokenizer.pretokenize import LLAMA3, patterns_of_gguf

PREFIX = "tokenizer.ggml."

# The kinds of tokens in `token_type`; SentencePiece numbers its pieces in the same way.
NORMAL, UNKNOWN, CONTROL, USER_DEFINED, UNUSED, BYTE = range(1, 7)


def read_gguf_vocab(path: str | Path, model: str, needed: tuple[str, ...]) -> dict[str, Any]:
    """What a GGUF file says about its tokenizer, each key without `tokenizer.ggml.`.

    Args:
        path: the file.
        model: kind of tokenizer that the file must have: "gpt2" (byte-level BPE) or "llama"
            (SentencePiece).
        needed: keys that must be there.

    Raises:
        ValueError: if the tokenizer is of another kind or a key is missing.
    """
    metadata, _ = read_gguf(path)
    if (found := metadata.get(PREFIX + "model")) != model:
        raise ValueError(f"{path}: {PREFIX}model={found!r} must be {model!r}")
    if missing := [PREFIX + key for key in needed if PREFIX + key not in metadata]:
        raise ValueError(f"{path} has a tokenizer without {', '.join(missing)}")
    vocab = {key.removeprefix(PREFIX): value for key, value in metadata.items()}
    return vocab | {"chat_template": metadata.get("tokenizer.chat_template")}


def read_gguf_ends(vocab: dict[str, Any], path: str | Path) -> dict[str, Any]:
    """The ids that open and end a text or an answer, as arguments of a tokenizer.

    An id beyond the vocabulary means "none", as in llama.cpp.
    """
    ids = {
        key: [i for i in read_ids(vocab.get(f"{key}_token_id"), f"{path}: {PREFIX}{key}_token_id")
              if i < len(vocab["tokens"])]
        for key in ("bos", "eos", "eot", "eom")
    }  # fmt: skip
    return {
        "bos_id": next(iter(ids["bos"]), None),
        "eos_id": next(iter(ids["eos"]), None),
        "stop_ids": ids["eos"] + ids["eot"] + ids["eom"],
    }


def placeholder(i: int) -> str:
    """How a GGUF file spells an id that has no token, as llama.cpp's own converters do."""
    return f"[PAD{i}]"


def read_gguf_bpe(path: str | Path) -> dict[str, Any]:
    """Read the arguments of `BPETokenizer` from a GGUF file of a byte-level model.

    Raises:
        ValueError: if the file's tokenizer is of another kind or its pre-tokenizer is unknown.
    """
    vocab = read_gguf_vocab(path, "gpt2", ("tokens", "token_type", "merges"))
    patterns = patterns_of_gguf(vocab.get("pre"))
    is_llama3 = tuple(patterns) == (LLAMA3,)
    tokens, kinds = vocab["tokens"], vocab["token_type"]
    # What only fills up the rows of an embedding has no text.
    typed = [
        (i, token, kind)
        for i, (token, kind) in enumerate(zip(tokens, kinds, strict=True))
        if kind != UNUSED or token != placeholder(i)
    ]
    return {
        "vocab": {to_bytes(t): i for i, t, kind in typed if kind not in (CONTROL, USER_DEFINED)},
        "merges": [read_merge(merge) for merge in vocab["merges"]],
        "pattern": patterns,
        "special_tokens": {t: i for i, t, kind in typed if kind == CONTROL},
        "added_tokens": {t: i for i, t, kind in typed if kind == USER_DEFINED},
        "ignore_merges": is_llama3,
        "add_bos": vocab.get("add_bos_token", is_llama3),  # llama.cpp's rule for an absent key
        "chat_template": vocab["chat_template"],
        **read_gguf_ends(vocab, path),
    }
