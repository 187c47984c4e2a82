"""What a checkpoint says of the tokens that mark structure, of ends and of spaces: read once.

A Hugging Face folder says it in up to seven files, a GGUF file under a dozen keys. Where two of
them name different ends, both count: an answer must not go on because one file was not asked.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from llama_edu.reading import Settings, read_object, read_text, reading, shown
from llama_edu.tokenizer.formats.added_tokens import control_texts, read_added_tokens, read_ids
from llama_edu.tokenizer.formats.spaces import Spaces, spaces_of_config, spaces_of_json
from llama_edu.tokenizer.whole_tokens import NO_FLAGS, Flags

MARKS = ("bos_token", "eos_token")
ENDS = ("eos_token", "eot_token", "eom_token")  # of a text, of a turn, of a message


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
    `eos_token`, `eot_token` and `eom_token` of both, and the `eos_token_id` of
    generation_config.json and of config.json. A
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
        settings = Settings(config, config_path)
        adds_bos = bool(settings.flag("add_bos_token", None))
        _refuse_other_prompts(settings, has_json=spec is not None)
    adds_bos |= "add_bos_token" not in config
    with reading(map_path):
        from_map = _read_marks(special_map, map_path)
    special, added, flags = read_added_tokens(folder, config, special_map, spec)
    model = read_object(folder / "config.json")
    text_model = model.get("text_config") if isinstance(model.get("text_config"), dict) else model
    n_ids = text_model.get("vocab_size")
    n_ids = n_ids if type(n_ids) is int else 0
    # A word of the plain vocabulary that is named becomes a token of its own, as in transformers,
    # and so does one of none, if the model has a row for it.
    free = max([len(vocab) - 1, *special.values(), *added.values()]) + 1
    named = control_texts(config) | control_texts(special_map)
    for text, found in named.items():
        if text in special or text in added:
            continue
        if text in vocab or free < n_ids:
            special[text] = vocab.get(text, free)
            free += text not in vocab
            flags |= {text: found} if found != NO_FLAGS else {}
    ids = special | added
    chosen = from_config if "added_tokens_decoder" in config else from_config | from_map
    ends = [each[name] for each in (from_config, from_map) for name in ENDS if name in each]
    stop_ids = [ids[text] for text in ends if text in ids]
    stop_ids += _read_stops(folder, ids, model, text_model)
    with reading(folder / "tokenizer.json"):
        spaces = None if spec is None else spaces_of_json(spec)
        opening = None if spec is None else opening_id(spec)
        bos_id = ids.get(chosen.get("bos_token"), opening)
        if opening not in (None, bos_id):
            raise ValueError(
                f"its post_processor opens a text with the id {opening}, and bos_token has {bos_id}"
            )
    with reading(config_path):
        return SpecialTokens(
            special_tokens=special,
            added_tokens=added,
            flags=flags,
            bos_id=bos_id,
            eos_id=ids.get(chosen.get("eos_token")),
            stop_ids=tuple(stop_ids),
            add_bos=adds_bos if spec is None else opening is not None,
            chat_template=_read_template(folder, config),
            named_tokens={name: text for name, text in chosen.items() if text},
            n_ids=n_ids,
            spaces=spaces_of_config(config) if spec is None else spaces,
        )


def opening_id(spec: Mapping[str, Any]) -> int | None:
    """The id of the token that a tokenizer.json puts before every text; None if it puts none.

    Raises:
        ValueError: if it puts anything else round a text.
    """
    processor = spec.get("post_processor") or {}
    opening = None
    for step in [processor, *processor.get("processors", [])]:
        match step.get("type"), step.get("single"):
            case ((None | "Sequence" | "ByteLevel"), _):
                continue
            case "TemplateProcessing", [{"Sequence": {"id": "A"}}]:
                continue
            case "TemplateProcessing", [{"SpecialToken": {"id": text}}, {"Sequence": {"id": "A"}}]:
                ids = step["special_tokens"][text]["ids"]
                if opening is None and len(ids) == 1 and type(ids[0]) is int:
                    (opening,) = ids
                    continue
        raise ValueError(
            f"post_processor={shown(step)} is not supported: only one token may open a text, and "
            "none may end it; take it out of the file if prompts are to be without"
        )
    return opening


def _refuse_other_prompts(config: Settings, has_json: bool) -> None:
    """Refuse by name what would give other ids for a prompt; a tokenizer.json goes before it."""
    for name, counts in (("split_special_tokens", True), ("add_eos_token", not has_json)):
        if counts and config.flag(name, None):
            raise ValueError(f"{config.path}: {name} must be false or absent: it is not supported")


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


def _read_stops(
    folder: Path, ids: Mapping[str, int], model: dict[str, Any], text_model: dict[str, Any]
) -> list[int]:
    """The ids that the files of a model say an answer ends with."""
    generation, stops = read_object(folder / "generation_config.json"), []
    for name, settings in (("generation_config", generation), ("config", model),
                           ("config", text_model)):  # fmt: skip
        where = f"{folder / name}.json: eos_token_id"
        stops += read_ids(settings.get("eos_token_id"), where)
    texts = generation.get("stop_strings")
    texts = texts if isinstance(texts, list) else [texts]
    return stops + [ids[text] for text in texts if isinstance(text, str) and text in ids]


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
