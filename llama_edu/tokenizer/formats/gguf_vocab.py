"""The vocabulary that a GGUF file carries."""

from pathlib import Path
from typing import Any

from llama_edu.gguf_file import read_gguf, split_part
from llama_edu.reading import Settings
from llama_edu.tokenizer.byte_alphabet import read_merge, spell_vocab
from llama_edu.tokenizer.formats.added_tokens import read_ids
from llama_edu.tokenizer.pretokenize import LLAMA3, patterns_of_gguf

PREFIX = "tokenizer.ggml."

# Keys that change a text before it is cut, and the values by which they do not.
NEUTRAL: dict[str, tuple] = {
    "remove_extra_whitespaces": (False,),
    "precompiled_charsmap": ([],),
    "escape_whitespaces": (True,),
    "treat_whitespace_as_suffix": (False,),
    "normalizer.lowercase": (False,),
}

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
    if (found := metadata.get(PREFIX + "model")) is None and (part := split_part(metadata)):
        raise ValueError(f"{path} {part}")
    if found != model:
        raise ValueError(
            f"{path}: {PREFIX}model={found!r} must be {model!r}: 'gpt2' is byte-level BPE, 'llama' "
            "is SentencePiece, and no other kind of tokenizer is read"
        )
    if missing := [PREFIX + key for key in needed if PREFIX + key not in metadata]:
        raise ValueError(f"{path} has a tokenizer without {', '.join(missing)}")
    vocab = {key.removeprefix(PREFIX): value for key, value in metadata.items()}
    for key in needed:
        kinds = {"tokens": str, "merges": str, "token_type": int}.get(key, (int, float))
        value = vocab[key]
        if not isinstance(value, list) or not all(isinstance(each, kinds) for each in value):
            what = "texts" if kinds is str else "numbers"
            raise ValueError(f"{path}: {PREFIX}{key} must be a list of {what}, got {value!r:.80}")
    n_tokens = len(vocab["tokens"])
    for key in set(needed) & {"token_type", "scores"}:
        if len(vocab[key]) != n_tokens:
            raise ValueError(
                f"{path}: {PREFIX}{key} has {len(vocab[key])} entries for {n_tokens} tokens"
            )
    for key in ("add_bos_token", "add_space_prefix"):
        Settings(vocab, path, PREFIX).flag(key, None)
    for key in ("add_eos_token", "add_sep_token"):
        if Settings(vocab, path, PREFIX).flag(key, None):
            raise ValueError(f"{path}: {PREFIX}{key} must be false or absent: it is not supported")
    for key, neutral in NEUTRAL.items():
        if (value := vocab.get(key)) not in (None, *neutral):
            raise ValueError(
                f"{path}: {PREFIX}{key}={value!r:.80} changes a text in a way that is not "
                "supported: take a file without it"
            )
    template = Settings(metadata, path).text("tokenizer.chat_template", None)
    return vocab | {"chat_template": template}


def read_gguf_ends(vocab: dict[str, Any], path: str | Path) -> dict[str, Any]:
    """The ids that open and end a text or an answer, and the template, as a tokenizer's arguments.

    An id beyond the vocabulary means "none", as in llama.cpp.
    """
    tokens = vocab["tokens"]
    ids = {
        key: [i for i in read_ids(vocab.get(f"{key}_token_id"), f"{path}: {PREFIX}{key}_token_id")
              if i < len(tokens)]
        for key in ("bos", "eos", "eot", "eom", "unknown", "padding")
    }  # fmt: skip
    names = {"unk_token": ids["unknown"], "pad_token": ids["padding"]}
    return {
        "bos_id": next(iter(ids["bos"]), None),
        "eos_id": next(iter(ids["eos"]), None),
        "stop_ids": ids["eos"] + ids["eot"] + ids["eom"],
        "chat_template": vocab["chat_template"],
        "named_tokens": {name: tokens[found[0]] for name, found in names.items() if found},
        "n_ids": len(tokens),
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
    merges = [read_merge(merge) for merge in vocab["merges"]]
    whole = {token for _, token, kind in typed if kind in (CONTROL, USER_DEFINED)}
    return {
        "vocab": spell_vocab({token: i for i, token, _ in typed}, whole, merges),
        "merges": merges,
        "pattern": patterns,
        "special_tokens": {t: i for i, t, kind in typed if kind == CONTROL},
        "added_tokens": {t: i for i, t, kind in typed if kind == USER_DEFINED},
        "ignore_merges": is_llama3,
        "add_bos": vocab.get("add_bos_token", is_llama3),  # llama.cpp's rule for an absent key
        **read_gguf_ends(vocab, path),
    }
