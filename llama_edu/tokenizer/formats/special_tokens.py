"""What a checkpoint says of the tokens that mark structure, of ends and of spaces: read once.

A Hugging Face folder says it in up to seven files, a GGUF file under a dozen keys. Where two of
them name different ends, both count: an answer must not go on because one file was not asked.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from llama_edu.reading import Settings, read_object, read_text, reading
from llama_edu.tokenizer.formats.spaces import Spaces, spaces_of_config, spaces_of_json
from llama_edu.tokenizer.whole_tokens import NO_FLAGS, Flags

MARKS = ("bos_token", "eos_token")


@dataclass(frozen=True, kw_only=True)
class SpecialTokens:
    """The arguments that all our tokenizers share; their constructors say what each of them is.

    `BPETokenizer(vocab, merges, pattern, **special.arguments())`
    """

    special_tokens: Mapping[str, int] = field(default_factory=dict)
    added_tokens: Mapping[str, int] = field(default_factory=dict)
    flags: Mapping[str, Flags] = field(default_factory=dict)
    bos_id: int | None = None
    eos_id: int | None = None
    stop_ids: tuple[int, ...] = ()
    add_bos: bool = True
    chat_template: str | None = None
    named_tokens: Mapping[str, str] = field(default_factory=dict)
    n_ids: int = 0
    spaces: Spaces | None = None

    def arguments(self) -> dict[str, Any]:
        """Those that a byte-level tokenizer takes: it puts no space in front of a text."""
        return {name: value for name, value in vars(self).items() if name != "spaces"}


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
    with reading(config_path):
        from_config = _read_marks(config, config_path)
        adds_bos = bool(Settings(config, config_path).flag("add_bos_token", None))
    adds_bos |= "add_bos_token" not in config
    with reading(map_path):
        from_map = _read_marks(special_map, map_path)
    special, added, flags = _read_added_tokens(folder, config, special_map, spec)
    # A word of the plain vocabulary that is named a mark becomes one, as in transformers.
    for text in {*from_config.values(), *from_map.values()} - {*special, *added, None, ""}:
        if text in vocab:
            special[text] = vocab[text]
    ids = special | added
    chosen = from_config if "added_tokens_decoder" in config else from_config | from_map
    ends = [each["eos_token"] for each in (from_config, from_map) if "eos_token" in each]
    stop_ids = [ids[text] for text in ends if text in ids]
    model = read_object(folder / "config.json")
    for name in ("generation_config.json", "config.json"):
        stated = read_object(folder / name).get("eos_token_id")
        stop_ids += read_ids(stated, f"{folder / name}: eos_token_id")
    model = model.get("text_config", model)
    n_ids = model.get("vocab_size") if isinstance(model, dict) else None
    with reading(folder / "tokenizer.json"):
        spaces = None if spec is None else spaces_of_json(spec)
        opening = None if spec is None else opening_token(spec)
    bos_id = ids.get(chosen.get("bos_token"))
    with reading(config_path):
        return SpecialTokens(
            special_tokens=special,
            added_tokens=added,
            flags=flags,
            bos_id=ids.get(opening) if bos_id is None else bos_id,
            eos_id=ids.get(chosen.get("eos_token")),
            stop_ids=tuple(stop_ids),
            add_bos=adds_bos if spec is None else opening is not None,
            chat_template=_read_template(folder, config),
            named_tokens={name: text for name, text in chosen.items() if text},
            n_ids=n_ids if type(n_ids) is int else 0,
            spaces=spaces_of_config(config) if spec is None else spaces,
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


def opening_token(spec: Mapping[str, Any]) -> str | None:
    """The text of the token that a tokenizer.json puts before every text; None if it puts none."""
    processor = spec.get("post_processor") or {}
    steps = [processor, *processor.get("processors", [])]
    firsts = [step["single"][0] for step in steps if step.get("single")]
    return next((first["SpecialToken"]["id"] for first in firsts if "SpecialToken" in first), None)


def _read_marks(settings: dict[str, Any], path: Path) -> dict[str, str | None]:
    """Each token that has a name in a file, "eos_token" or "pad_token", with its text."""
    marks = {key: _text(settings[key], f"{path}: {key}") for key in MARKS if key in settings}
    for key, stated in settings.items():
        text = stated.get("content") if isinstance(stated, dict) else stated
        if key.endswith("_token") and key not in MARKS and isinstance(text, str):
            marks[key] = text
    return marks


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
) -> tuple[dict[str, int], dict[str, int], dict[str, Flags]]:
    """The control tokens of a folder, the other tokens that are recognized whole, and their flags.

    tokenizer.json goes first, then `added_tokens_decoder` of tokenizer_config.json, and
    added_tokens.json only where that is missing, as in transformers.
    """
    found: dict[str, tuple[int, bool, Flags]] = {}
    with reading(folder / "tokenizer.json"):
        for token in (spec or {}).get("added_tokens") or []:
            found[token["content"]] = _read_token(token, token["id"])
    if "added_tokens_decoder" in config:
        for i, token in _read_decoder(config, folder / "tokenizer_config.json").items():
            found.setdefault(token["content"], _read_token(token, i))
    else:
        special = _special_texts(config) | _special_texts(special_map)
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


def _special_texts(settings: dict[str, Any]) -> set[str]:
    """The texts that a file names under "eos_token", "pad_token", "additional_special_tokens"."""
    named = [value for key, value in settings.items() if key.endswith("_token")]
    for key in ("additional_special_tokens", "extra_special_tokens"):
        more = settings.get(key) or []
        named += more.values() if isinstance(more, dict) else more if isinstance(more, list) else []
    texts = [each.get("content") if isinstance(each, dict) else each for each in named]
    return {text for text in texts if isinstance(text, str)}


def _read_template(folder: Path, config: dict[str, Any]) -> str | None:
    path, template = folder / "chat_template.jinja", config.get("chat_template")
    if path.exists():
        return read_text(path)
    if isinstance(template, list):  # one template for each purpose
        template = {each["name"]: each["template"] for each in template}
    if isinstance(template, dict):
        template = template.get("default")
    if template is not None and not isinstance(template, str):
        raise ValueError(f"chat_template must be a text, got {template!r:.80}")
    return template
