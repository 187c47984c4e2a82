"""Where a tokenizer of SentencePiece's kind puts a space in front of text, by each file's word.

The library puts one before every text that it is given. Where control tokens cut a text into
stretches, programs differ in which of them are texts of their own.
"""

import json
from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

REPLACE = {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}


class Spaces(NamedTuple):
    """Which stretches of a text get a space in front.

    Args:
        where: "always" for each between two whole tokens, "first" for what opens the text alone.
        twice: whether also one that begins with a space gets another.
        cuts: whether text is cut before every space, so that no token reaches across one.
    """

    where: Literal["always", "first", "never"]
    twice: bool = True
    cuts: bool = False


def is_sentencepiece_style(spec: Mapping[str, Any]) -> bool:
    """Whether a tokenizer.json holds a SentencePiece model: pieces of characters, "▁" for space."""
    return bool(spec["model"].get("byte_fallback")) or "▁" in json.dumps(
        [spec.get("normalizer"), spec.get("pre_tokenizer")], ensure_ascii=False
    )


def spaces_of_config(config: Mapping[str, Any]) -> Spaces | None:
    """What tokenizer_config.json says of a model without tokenizer.json, as transformers 5 has it.

    Only the opening of a text gets a space, unless `"legacy": true` asks for the older rule, by
    which every stretch does. None where there is no such file: then SentencePiece's rule holds.

    Raises:
        ValueError: if a setting is neither true nor false.
    """
    for name in ("legacy", "add_prefix_space"):
        if config.get(name) is not None and type(config[name]) is not bool:
            raise ValueError(f"{name} must be true or false, got {config[name]!r:.80}")
    if not config:
        return None
    if config.get("add_prefix_space") is False:
        return Spaces("never")
    return Spaces("always" if config.get("legacy") else "first", twice=False)


def spaces_of_json(spec: Mapping[str, Any]) -> Spaces | None:
    """What a tokenizer.json of SentencePiece's kind says; None for silence, or another kind.

    Raises:
        ValueError: if it prepares text in another way than by spaces in front.
    """
    if not is_sentencepiece_style(spec):
        return None
    normalizer, pre_tokenizer = spec.get("normalizer"), spec.get("pre_tokenizer")
    match normalizer, pre_tokenizer:
        case None, None:
            return None
        case {"type": "Replace"}, None if normalizer == REPLACE:
            return Spaces("never")
        case {"type": "Sequence", "normalizers": [*steps]}, None if steps and steps[-1] == REPLACE:
            if steps == [{"type": "Prepend", "prepend": "▁"}, REPLACE]:
                return Spaces("always")
            if steps == [REPLACE]:
                return Spaces("never")
        case None, {"type": "Metaspace", "replacement": "▁"}:
            adds = pre_tokenizer.get("add_prefix_space", True)
            where = pre_tokenizer.get("prepend_scheme", "always" if adds else "never")
            cuts = pre_tokenizer.get("split", True)
            if where in ("always", "first", "never") and type(cuts) is bool:
                return Spaces(where, twice=False, cuts=cuts)
    raise ValueError(
        f"it prepares text as {normalizer}, {pre_tokenizer}, which is not what SentencePiece "
        "does: put the model's tokenizer.model beside it, and take this file away"
    )


def json_of_spaces(spaces: Spaces) -> dict[str, Any]:
    """The parts of a tokenizer.json that say so; "first" and `twice` together it cannot say."""
    if spaces.where == "never" or spaces == Spaces("always"):
        steps = [] if spaces.where == "never" else [{"type": "Prepend", "prepend": "▁"}]
        normalizer = {"type": "Sequence", "normalizers": [*steps, REPLACE]}
        return {"normalizer": normalizer, "pre_tokenizer": None}
    return {
        "normalizer": None,
        "pre_tokenizer": {
            "type": "Metaspace",
            "replacement": "▁",
            "prepend_scheme": spaces.where,
            "split": spaces.cuts,
        },
    }
