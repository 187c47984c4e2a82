"""The tokens that the files of a checkpoint add to a vocabulary, and those that they name."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from llama_edu.reading import read_object, reading
from llama_edu.tokenizer.whole_tokens import NO_FLAGS, Flags

NAMED = ("bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token")


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


def read_added_tokens(
    folder: Path,
    config: dict[str, Any],
    special_map: dict[str, Any],
    spec: Mapping[str, Any] | None,
) -> tuple[dict[str, int], dict[str, int], dict[str, Flags]]:
    """The control tokens of a folder, the other tokens that are recognized whole, and their flags.

    The ids of tokenizer.json go first, then those in `added_tokens_decoder` of
    tokenizer_config.json, whose flags go before all others; added_tokens.json counts only where
    that is missing. So it is in transformers.
    """
    found: dict[str, tuple[int, bool, Flags]] = {}
    with reading(folder / "tokenizer.json"):
        for token in (spec or {}).get("added_tokens") or []:
            found[token["content"]] = _read_token(token, token["id"])
    if "added_tokens_decoder" in config:
        for i, token in _read_decoder(config, folder / "tokenizer_config.json").items():
            text, (i, *rest) = token["content"], _read_token(token, i)
            found[text] = (found[text][0] if text in found else i, *rest)
    else:
        special = control_texts(config) | control_texts(special_map)
        path = folder / "added_tokens.json"
        for text, stated in read_object(path).items():
            for i in read_ids(stated, f"{path}: {text!r}"):
                is_special = text in special
                flags = Flags(normalized=not is_special)
                found.setdefault(text, (i, is_special, flags))
    return (
        {text: i for text, (i, is_special, _) in found.items() if is_special},
        {text: i for text, (i, is_special, _) in found.items() if not is_special},
        {text: flags for text, (_, _, flags) in found.items() if flags != NO_FLAGS},
    )


def _read_token(token: Mapping[str, Any], i: Any) -> tuple[int, bool, Flags]:
    """The id of an added token, whether it is a control token, and how it is found."""
    named = {"special": False, "normalized": not token.get("special", False)}
    values = {name: token.get(name, named.get(name, False)) for name in ("special", *Flags._fields)}
    if type(i) is not int or i < 0 or not isinstance(token["content"], str):
        raise ValueError(f"an added token must be a text with an id from 0 on, got {token!r:.120}")
    if not all(type(value) is bool for value in values.values()):
        raise ValueError(f"the flags of an added token must be true or false, got {token!r:.200}")
    return i, values.pop("special"), Flags(**values)


def _read_decoder(config: dict[str, Any], path: Path) -> dict[int, dict[str, Any]]:
    decoder = config["added_tokens_decoder"]
    try:
        found = {int(i): token for i, token in decoder.items() if token["content"]}
        for i, token in found.items():
            _read_token(token, i)
        return found
    except (AttributeError, KeyError, TypeError, ValueError):
        raise ValueError(
            f"{path}: added_tokens_decoder={str(decoder)[:80]} must map ids to tokens, such as "
            '{"2": {"content": "</s>"}}'
        ) from None


def wrong_ids(vocab: Mapping[str, int], added: Iterable[tuple[str, int]]) -> list[str]:
    """Added tokens to which the tokenizers library gives another id than the files state.

    wrong_ids({"a": 0}, [("<x>", 5)]) -> ["the id 5 for '<x>' in place of 1"]
    """
    ids, free, wrong = dict(vocab), len(vocab), []
    for text, stated in added:
        expected = ids.setdefault(text, free)
        free = max(free, expected + 1)
        if stated != expected:
            wrong.append(f"the id {stated} for {text!r} in place of {expected}")
    return wrong


def control_texts(settings: dict[str, Any]) -> dict[str, Flags]:
    """The texts of the control tokens that a file names, and how each of them is found.

    They stand under "eos_token" and its like, and under "additional_special_tokens".
    """
    named = [settings.get(name) for name in NAMED]
    named += [value for key, value in settings.items() if key.endswith("_token")]
    for key in ("additional_special_tokens", "extra_special_tokens"):
        more = settings.get(key)
        named += more.values() if isinstance(more, dict) else more if isinstance(more, list) else []
    found = {}
    for each in named:
        token = each if isinstance(each, dict) else {"content": each}
        if isinstance(token.get("content"), str) and token["content"]:
            flags = Flags(
                *(token.get(name) is True for name in ("lstrip", "rstrip", "single_word"))
            )
            found.setdefault(token["content"], flags)
    return found
