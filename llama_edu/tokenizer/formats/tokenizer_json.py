"""Read and write byte-level BPE as Hugging Face's tokenizer.json and the files beside it."""

import json
from pathlib import Path
from typing import Any

from llama_edu.reading import as_path, other_kind, read_object, read_text
from llama_edu.tokenizer.byte_alphabet import (
    CHARACTER_TO_BYTE,
    read_merge,
    spell_vocab,
    to_characters,
)
from llama_edu.tokenizer.formats.added_tokens import wrong_ids
from llama_edu.tokenizer.formats.spaces import is_sentencepiece_style
from llama_edu.tokenizer.formats.special_tokens import SpecialTokens, read_special_tokens
from llama_edu.tokenizer.formats.written import Written, WrittenBPE
from llama_edu.tokenizer.pretokenize import patterns_of_json
from llama_edu.tokenizer.whole_tokens import NO_FLAGS


def read_tokenizer_json(path: str | Path) -> dict[str, Any]:
    """Read the arguments of `BPETokenizer` from a tokenizer.json, or the folder that holds one.

    Raises:
        ValueError: if the file holds a part that would change ids and is not supported.
    """
    spec = read_spec(path)
    if is_sentencepiece_style(spec):
        raise ValueError(f"{path} is not byte-level but of SentencePiece's kind")
    vocab = read_vocab(spec)
    special = read_special_tokens(folder_of(path), vocab, spec)
    if problems := _unsupported_parts(spec, special):
        raise ValueError(f"{path} is not supported, as it has {', '.join(problems)}")
    merges = [read_merge(merge) for merge in spec["model"]["merges"]]
    whole = {*special.special_tokens, *special.added_tokens}
    return {
        "vocab": spell_vocab(vocab, whole, merges),
        "merges": merges,
        "pattern": patterns_of_json(spec.get("pre_tokenizer")),
        "ignore_merges": bool(spec["model"].get("ignore_merges")),
        **special.arguments(),
    }


def read_spec(path: str | Path) -> dict[str, Any]:
    """The content of a tokenizer.json, or of the one in a folder.

    Raises:
        ValueError: if it is not JSON or holds no BPE model.
    """
    path = folder_of(path) / "tokenizer.json" if Path(path).is_dir() else Path(path)
    text = read_text(path)
    try:
        spec = json.loads(text)
        if spec["model"]["vocab"] and "merges" in spec["model"]:
            return spec
        found = ""
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        found = f": {other_kind(path) or error}" if isinstance(error, ValueError) else ""
    raise ValueError(
        f"{path} is not a tokenizer.json with the vocabulary and merges of a BPE model{found}"
    )


def read_vocab(spec: dict[str, Any]) -> dict[str, int]:
    """The vocabulary of a tokenizer.json: the text of each token -> its id.

    Raises:
        ValueError: naming the first entry that is no text with an id.
    """
    vocab = spec["model"]["vocab"]
    if not isinstance(vocab, dict):
        raise ValueError(f"model.vocab must map tokens to ids, got {vocab!r:.80}")
    for token, i in vocab.items():
        if type(i) is not int or not 0 <= i < 2**32:
            raise ValueError(f"model.vocab must map tokens to ids, got {i!r:.80} for {token!r}")
    return vocab


def folder_of(path: str | Path) -> Path:
    """The folder that a tokenizer.json is in, given the file or the folder."""
    return Path(path) if Path(path).is_dir() else Path(path).parent


def write_tokenizer_json(tokenizer: WrittenBPE, folder: str | Path) -> None:
    """Write tokenizer.json and the files beside it, creating `folder` if needed."""
    splits = [
        {"type": "Split", "pattern": {"Regex": p}, "behavior": "Isolated", "invert": False}
        for p in tokenizer.patterns
    ]
    byte_level = {
        "type": "ByteLevel",
        "add_prefix_space": False,
        "trim_offsets": True,
        "use_regex": False,
    }
    spec = {
        "normalizer": None,
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": [*splits, byte_level]},
        "decoder": byte_level,
        "model": _model(tokenizer),
    }
    write_spec(spec, tokenizer, folder)


def write_spec(spec: dict[str, Any], tokenizer: Written, folder: str | Path) -> None:
    """Write tokenizer.json and the files beside it, creating `folder` if needed.

    These are tokenizer_config.json and, where an answer may end, generation_config.json, in which
    other settings stay.

    Args:
        spec: what tokenizer.json says of the vocabulary and of the preparation of text.
        tokenizer: its control and added tokens, its ends and its template complete the files.
        folder: where they go.
    """
    folder = as_path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    whole = tokenizer.special_tokens | tokenizer.added_tokens
    texts = {i: text for text, i in whole.items()}
    bos, eos = texts.get(tokenizer.bos_id), texts.get(tokenizer.eos_id)
    adds = tokenizer.add_bos and bos
    tokens = [
        {"id": i, "content": text, "special": text in tokenizer.special_tokens}
        | tokenizer.flags.get(text, NO_FLAGS)._asdict()
        for i, text in sorted(texts.items())
    ]
    spec = {
        "version": "1.0",
        "added_tokens": tokens,
        "post_processor": _bos_processor(bos, tokenizer.bos_id) if adds else None,
        **spec,
    }
    config = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "bos_token": bos,
        "eos_token": eos,
        "chat_template": tokenizer.chat_template,
        "clean_up_tokenization_spaces": False,
    }
    _write(folder / "tokenizer.json", spec)
    write_config(config, tokenizer, folder)


def write_config(config: dict[str, Any], tokenizer: Written, folder: Path) -> None:
    """Write tokenizer_config.json and, where an answer may end, generation_config.json."""
    _write(folder / "tokenizer_config.json", config)
    if tokenizer.stop_ids:
        settings = read_object(folder / "generation_config.json")
        _write(folder / "generation_config.json", settings | {"eos_token_id": tokenizer.stop_ids})


def _write(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content, ensure_ascii=False, indent=1), encoding="utf-8")


def _model(tokenizer: WrittenBPE) -> dict[str, Any]:
    vocab = {to_characters(token): i for token, i in tokenizer.vocab.items()}
    spelling = {i: token for token, i in vocab.items()}
    vocab |= tokenizer.special_tokens | tokenizer.added_tokens  # the library takes ids from here
    by_rank = sorted(tokenizer.merges.items(), key=lambda item: item[1])
    return {
        "type": "BPE",
        "ignore_merges": tokenizer.ignore_merges,
        "vocab": dict(sorted(vocab.items(), key=lambda item: item[1])),
        "merges": [[spelling[a], spelling[b]] for (a, b), _ in by_rank],
    }


def _bos_processor(bos: str, bos_id: int) -> dict[str, Any]:
    first = {"SpecialToken": {"id": bos, "type_id": 0}}
    texts = [{"Sequence": {"id": name, "type_id": i}} for i, name in enumerate("AB")]
    return {
        "type": "TemplateProcessing",
        "single": [first, texts[0]],
        "pair": [first, *texts],
        "special_tokens": {bos: {"id": bos, "ids": [bos_id], "tokens": [bos]}},
    }


def _unsupported_parts(spec: dict[str, Any], special: SpecialTokens) -> list[str]:
    model = spec["model"]
    parts = [
        f"model.{key}={model[key]!r:.80}"
        for key in ("dropout", "continuing_subword_prefix", "end_of_word_suffix")
        if model.get(key)
    ]
    if model.get("unk_token") and not model["vocab"].keys() >= CHARACTER_TO_BYTE.keys():
        parts.append(f"model.unk_token={model['unk_token']!r:.80} and no token for some bytes")
    if model.get("type", "BPE") != "BPE":
        parts.append(f"model.type={model['type']!r:.80}")
    if spec.get("normalizer"):
        parts.append(f"normalizer={spec['normalizer']!r:.200}")
    parts += [
        f"{flag} of the added token {text!r}"
        for text, flags in special.flags.items()
        for flag in ("single_word", "lstrip", "rstrip")
        if getattr(flags, flag)
    ]
    added = [(token["content"], token["id"]) for token in spec.get("added_tokens") or []]
    return parts + wrong_ids(model["vocab"], added)
