"""What a checkpoint says of the tokens that mark structure, and of how an answer ends: read once.

A Hugging Face folder says it in up to six files, a GGUF file under four keys. Where two of them
name different ends, both count: an answer must not go on because one file was not asked.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

MARKS = ("bos_token", "eos_token")


@dataclass(frozen=True, kw_only=True)
class SpecialTokens:
    """The arguments that all our tokenizers share; `BPETokenizer` says what each of them is.

    `BPETokenizer(vocab, merges, pattern, **vars(special))`
    """

    special_tokens: Mapping[str, int] = field(default_factory=dict)
    added_tokens: Mapping[str, int] = field(default_factory=dict)
    bos_id: int | None = None
    eos_id: int | None = None
    stop_ids: tuple[int, ...] = ()
    add_bos: bool = True
    chat_template: str | None = None


def read_special_tokens(
    folder: Path, vocab: Mapping[str, int], spec: Mapping[str, Any] | None = None
) -> SpecialTokens:
    """Read all that a Hugging Face folder says.

    `bos_id` and `eos_id` are those of transformers: special_tokens_map.json goes before
    tokenizer_config.json, unless the latter has an `added_tokens_decoder`. `stop_ids` are the
    `eos_token` of both, and the `eos_token_id` of generation_config.json and of config.json. A
    text for which there is no token is passed over: the model cannot write it.

    Args:
        folder: may lack any of these files.
        vocab: text of each token of the vocabulary -> its id.
        spec: content of the folder's tokenizer.json, if that is what is read.

    Raises:
        ValueError: if a file is no JSON object, or an end is stated as neither a text nor an id.
    """
    config_path, map_path = folder / "tokenizer_config.json", folder / "special_tokens_map.json"
    config, special_map = read_object(config_path), read_object(map_path)
    from_config, from_map = _read_marks(config, config_path), _read_marks(special_map, map_path)
    special, added = _read_added_tokens(folder, config, special_map, spec)
    # A word of the plain vocabulary that is named a mark becomes one, as in transformers.
    for text in {*from_config.values(), *from_map.values()} - {*special, *added, None, ""}:
        if text in vocab:
            special[text] = vocab[text]
    ids = special | added
    chosen = from_config if "added_tokens_decoder" in config else from_config | from_map
    ends = [each["eos_token"] for each in (from_config, from_map) if "eos_token" in each]
    stop_ids = [ids[text] for text in ends if text in ids]
    for path in (folder / "generation_config.json", folder / "config.json"):
        stop_ids += read_ids(read_object(path).get("eos_token_id"), f"{path}: eos_token_id")
    return SpecialTokens(
        special_tokens=special,
        added_tokens=added,
        bos_id=ids.get(chosen.get("bos_token")),
        eos_id=ids.get(chosen.get("eos_token")),
        stop_ids=tuple(stop_ids),
        add_bos=spec is None or adds_bos(spec),
        chat_template=_read_template(folder, config),
    )


def read_ids(stated: Any, where: str) -> list[int]:
    """The ids that a file states: one, several, or none.

    Null and negative numbers mean "none", and an id beyond the vocabulary never comes, so that it
    ends nothing: transformers and llama.cpp load such files too, and many are in use.

    Args:
        stated: the value in the file.
        where: file and key, for the error.

    Raises:
        ValueError: if it is anything else, such as a text.
    """
    ids = stated if isinstance(stated, list) else [stated] if stated is not None else []
    if not all(type(i) is int for i in ids):  # True is an int, but no id
        raise ValueError(
            f"{where}={stated!r} must be the id of a token or a list of ids: "
            "put the number there, or take the key out of the file"
        )
    return [i for i in ids if i >= 0]


def read_object(path: Path) -> dict[str, Any]:
    """The content of a JSON file; nothing if there is no such file.

    Raises:
        ValueError: if it is not JSON, or not an object.
    """
    if not path.exists():
        return {}
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path} is not JSON: {error}; fetch the file again") from None
    if not isinstance(content, dict):
        raise ValueError(f"{path} must hold a JSON object, got {str(content)[:80]}")
    return content


def adds_bos(spec: Mapping[str, Any]) -> bool:
    """Whether the post-processor of a tokenizer.json puts a control token before every text."""
    processor = spec.get("post_processor") or {}
    steps = [processor, *processor.get("processors", [])]
    return any("SpecialToken" in step.get("single", [{}])[0] for step in steps)


def _read_marks(settings: dict[str, Any], path: Path) -> dict[str, str | None]:
    return {key: _text(settings[key], f"{path}: {key}") for key in MARKS if key in settings}


def _text(stated: Any, where: str) -> str | None:
    """A token as the files write it, "</s>" or {"content": "</s>", ...}; None for null."""
    text = stated.get("content") if isinstance(stated, dict) else stated
    if not isinstance(text, str) and stated is not None:
        raise ValueError(
            f"{where}={stated!r} must be the text of a token: "
            "put the text there, or take the key out of the file"
        )
    return text


def _read_added_tokens(
    folder: Path,
    config: dict[str, Any],
    special_map: dict[str, Any],
    spec: Mapping[str, Any] | None,
) -> tuple[dict[str, int], dict[str, int]]:
    """The control tokens of a folder, and the other tokens that are recognized whole.

    tokenizer.json goes first, then `added_tokens_decoder` of tokenizer_config.json, and
    added_tokens.json only where that is missing, as in transformers.
    """
    is_special: dict[str, bool] = {}
    ids: dict[str, int] = {}
    for token in (spec or {}).get("added_tokens") or []:
        ids[token["content"]], is_special[token["content"]] = token["id"], token["special"]
    if "added_tokens_decoder" in config:
        for i, token in _read_decoder(config, folder / "tokenizer_config.json").items():
            ids.setdefault(token["content"], i)
            is_special.setdefault(token["content"], token.get("special", False))
    else:
        special = _special_texts(config) | _special_texts(special_map)
        path = folder / "added_tokens.json"
        for text, stated in read_object(path).items():
            for i in read_ids(stated, f"{path}: {text!r}"):
                ids.setdefault(text, i)
                is_special.setdefault(text, text in special)
    return (
        {text: i for text, i in ids.items() if is_special[text]},
        {text: i for text, i in ids.items() if not is_special[text]},
    )


def _read_decoder(config: dict[str, Any], path: Path) -> dict[int, dict[str, Any]]:
    decoder = config["added_tokens_decoder"]
    try:
        return {int(i): token for i, token in decoder.items() if token["content"]}
    except (AttributeError, KeyError, TypeError, ValueError):
        raise ValueError(
            f"{path}: added_tokens_decoder={str(decoder)[:80]} must map ids to tokens, such as "
            '{"2": {"content": "</s>"}}'
        ) from None


def _special_texts(settings: dict[str, Any]) -> set[str]:
    """The texts that a file names under "eos_token", "pad_token", "additional_special_tokens"."""
    named = [value for key, value in settings.items() if key.endswith("_token")]
    for key in ("additional_special_tokens", "extra_special_tokens"):
        more = settings.get(key) or []
        named += more.values() if isinstance(more, dict) else more
    texts = [each.get("content") if isinstance(each, dict) else each for each in named]
    return {text for text in texts if isinstance(text, str)}


def _read_template(folder: Path, config: dict[str, Any]) -> str | None:
    path, template = folder / "chat_template.jinja", config.get("chat_template")
    if path.exists():
        return path.read_text(encoding="utf-8")
    if isinstance(template, list):  # one template for each purpose
        return {each["name"]: each["template"] for each in template}.get("default")
    return template
