"""Read and write byte-level BPE as Hugging Face's tokenizer.json and tokenizer_config.json."""

import json
from pathlib import Path
from typing import Any

from llama_edu.tokenizer.byte_alphabet import (
    CHARACTER_TO_BYTE,
    read_merge,
    to_bytes,
    to_characters,
)
from llama_edu.tokenizer.formats.written import Written, WrittenBPE
from llama_edu.tokenizer.pretokenize import patterns_of_json


def read_tokenizer_json(path: str | Path) -> dict[str, Any]:
    """Read the arguments of `BPETokenizer` from a tokenizer.json, or the folder that holds one.

    Raises:
        ValueError: if the file holds a part that would change ids and is not supported.
    """
    spec = read_spec(path)
    if is_sentencepiece_style(spec):
        raise ValueError(f"{path} is not byte-level but of SentencePiece's kind")
    if problems := _unsupported_parts(spec):
        raise ValueError(f"{path} is not supported, as it has {', '.join(problems)}")
    special, added = read_added_tokens(spec)
    whole, config = special | added, read_config(folder_of(path))
    return {
        "vocab": {to_bytes(t): i for t, i in spec["model"]["vocab"].items() if t not in whole},
        "merges": [read_merge(merge) for merge in spec["model"]["merges"]],
        "pattern": patterns_of_json(spec.get("pre_tokenizer")),
        "special_tokens": special,
        "added_tokens": added,
        "ignore_merges": spec["model"].get("ignore_merges", False),
        "bos_id": whole.get(config["bos_token"]),
        "eos_id": whole.get(config["eos_token"]),
        "add_bos": adds_bos(spec),
        "chat_template": config["chat_template"],
    }


def read_spec(path: str | Path) -> dict[str, Any]:
    """The content of a tokenizer.json, or of the one in a folder.

    Raises:
        ValueError: if it is not JSON or holds no BPE model.
    """
    path = folder_of(path) / "tokenizer.json" if Path(path).is_dir() else Path(path)
    try:
        spec = json.loads(path.read_text(encoding="utf-8"))
        if spec["model"]["vocab"] and "merges" in spec["model"]:
            return spec
    except (ValueError, KeyError, TypeError):
        pass
    raise ValueError(
        f"{path} is not a tokenizer.json with the vocabulary and merges of a BPE model"
    )


def folder_of(path: str | Path) -> Path:
    """The folder that a tokenizer.json is in, given the file or the folder."""
    return Path(path) if Path(path).is_dir() else Path(path).parent


def read_added_tokens(spec: dict) -> tuple[dict[str, int], dict[str, int]]:
    """The control tokens of a tokenizer.json, and the other tokens that are recognized whole."""
    tokens = spec.get("added_tokens") or []
    return (
        {t["content"]: t["id"] for t in tokens if t["special"]},
        {t["content"]: t["id"] for t in tokens if not t["special"]},
    )


def adds_bos(spec: dict) -> bool:
    """Whether the post-processor of a tokenizer.json puts a control token before every text."""
    processor = spec.get("post_processor") or {}
    steps = [processor, *processor.get("processors", [])]
    return any("SpecialToken" in step.get("single", [{}])[0] for step in steps)


def is_sentencepiece_style(spec: dict) -> bool:
    """Whether a tokenizer.json holds a SentencePiece model: pieces of characters, "▁" for space."""
    return bool(spec["model"].get("byte_fallback")) or "▁" in json.dumps(
        [spec.get("normalizer"), spec.get("pre_tokenizer")], ensure_ascii=False
    )


def read_config(folder: Path) -> dict[str, Any]:
    """What a folder says about `bos_token`, `eos_token` and `chat_template`; None where nothing."""
    path, template_path = folder / "tokenizer_config.json", folder / "chat_template.jinja"
    config = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    tokens = {key: config.get(key) for key in ("bos_token", "eos_token")}
    tokens = {key: t["content"] if isinstance(t, dict) else t for key, t in tokens.items()}
    template = config.get("chat_template")
    if isinstance(template, list):  # one template for each purpose
        template = {each["name"]: each["template"] for each in template}.get("default")
    if template_path.exists():
        template = template_path.read_text(encoding="utf-8")
    return {**tokens, "chat_template": template}


def write_tokenizer_json(tokenizer: WrittenBPE, folder: str | Path) -> None:
    """Write tokenizer.json and tokenizer_config.json, creating `folder` if needed."""
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
    """Write tokenizer.json and tokenizer_config.json, creating `folder` if needed.

    Args:
        spec: what the first says of the vocabulary and of the preparation of text.
        tokenizer: its control and added tokens, and its template, complete the two.
        folder: where they go.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    whole = tokenizer.special_tokens | tokenizer.added_tokens
    texts = {i: text for text, i in whole.items()}
    bos, eos = texts.get(tokenizer.bos_id), texts.get(tokenizer.eos_id)
    adds = tokenizer.add_bos and bos
    tokens = [
        {"id": i, "content": text, "special": text in tokenizer.special_tokens}
        | dict.fromkeys(("single_word", "lstrip", "rstrip", "normalized"), False)
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
    for name, content in (("tokenizer.json", spec), ("tokenizer_config.json", config)):
        text = json.dumps(content, ensure_ascii=False, indent=1)
        (folder / name).write_text(text, encoding="utf-8")


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


def _unsupported_parts(spec: dict) -> list[str]:
    model = spec["model"]
    parts = [
        f"model.{key}={model[key]!r}"
        for key in ("dropout", "continuing_subword_prefix", "end_of_word_suffix")
        if model.get(key)
    ]
    if model.get("unk_token") and not model["vocab"].keys() >= CHARACTER_TO_BYTE.keys():
        parts.append(f"model.unk_token={model['unk_token']!r} and no token for some bytes")
    if model.get("type", "BPE") != "BPE":
        parts.append(f"model.type={model['type']!r}")
    if spec.get("normalizer"):
        parts.append(f"normalizer={spec['normalizer']!r}")
    return parts + [
        f"{flag} of the added token {token['content']!r}"
        for token in spec.get("added_tokens") or []
        for flag in ("single_word", "lstrip", "rstrip")
        if token.get(flag)
    ]
