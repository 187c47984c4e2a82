"""What a client asks for: the JSON of OpenAI's two completion calls, checked field by field."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from llama_edu.generate.sampling import check_settings
from llama_edu.pretrained import Pretrained
from llama_edu.reading import shown

MOST_NEW_TOKENS = 512  # where the client names no number: a small model may never end by itself
# They ask for another answer than ours where they are set to anything but these.
NEUTRAL = {
    "n": (1,), "best_of": (1,), "echo": (False,), "suffix": ("",), "logprobs": (False, 0),
    "top_logprobs": (0,), "logit_bias": ({},), "frequency_penalty": (0,), "presence_penalty": (0,),
    "tools": ([],), "tool_choice": ("none", "auto"), "functions": ([],),
    "parallel_tool_calls": (True, False), "response_format": ({"type": "text"},),
    "modalities": (["text"],),
}  # fmt: skip
# They change no word of an answer.
PASSED_OVER = {
    "user", "metadata", "store", "service_tier", "safety_identifier", "prompt_cache_key",
}  # fmt: skip
SAMPLING = ("temperature", "top_k", "top_p", "min_p", "repetition_penalty")
RANGES = {"temperature": (0, 2), "repetition_penalty": (0.1, 10)}  # narrower than `stream`'s
LIMITS = ("max_tokens", "max_completion_tokens")
READ = {"model", "messages", "prompt", "seed", "stop", "stream", "stream_options"}


class Refusal(ValueError):
    """A request that is not answered.

    Args:
        message: one sentence for the person who sent it.
        status: of HTTP.
        code: a word that programs can look for.
        param: the field that is wrong.
    """

    def __init__(
        self, message: str, status: int = 400, code: str | None = None, param: str | None = None
    ):
        super().__init__(message)
        self.status, self.code, self.param = status, code, param

    def as_json(self) -> dict[str, Any]:
        """The error as OpenAI's protocol writes it."""
        kind = "server_error" if self.status >= 500 else "invalid_request_error"
        error = {"message": str(self), "type": kind, "param": self.param, "code": self.code}
        return {"error": error}


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A prompt and how it is to be continued.

    Args:
        tokens: of the prompt.
        max_new_tokens: most tokens of the answer.
        stop_strings: texts that end it.
        seed: of the random draws; None for other ones each time.
        settings: of `stream`, such as temperature.
        is_streamed: whether the answer is sent piece by piece.
        tells_usage: whether a streamed answer ends with the number of its tokens.
    """

    tokens: list[int]
    max_new_tokens: int
    stop_strings: tuple[str, ...] = ()
    seed: int | None = None
    settings: Mapping[str, float] = field(default_factory=dict)
    is_streamed: bool = False
    tells_usage: bool = False


def read_asked(body: bytes, pretrained: Pretrained, name: str, *, is_chat: bool) -> Asked:
    """Read the body of a request.

    Args:
        body: JSON as bytes.
        pretrained: its tokenizer makes the prompt, its context bounds it.
        name: of the model, as clients know it.
        is_chat: whether it holds `messages`, and not a `prompt`.

    Raises:
        Refusal: if anything in it cannot be obeyed; it names the first such field.
    """
    asked = _read_object(body)
    _check_names(asked, other="prompt" if is_chat else "messages")
    if asked.get("model") not in (None, name):
        message = f"model={shown(asked['model'])} is not served here: ask for {name!r}, or for none"
        raise Refusal(message, 404, "model_not_found", "model")
    tokens = _chat_tokens(asked, pretrained) if is_chat else _text_tokens(asked, pretrained)
    options = _get(asked, "stream_options", {}, dict, "an object")
    return Asked(
        tokens=tokens,
        max_new_tokens=_room(asked, len(tokens), pretrained.model.config.max_seq_len),
        stop_strings=_stop_strings(asked.get("stop")),
        seed=_get(asked, "seed", None, int, "a whole number", lambda n: -(2**63) <= n < 2**63),
        settings=_settings(asked),
        is_streamed=_get(asked, "stream", False, bool, "true or false"),
        tells_usage=_get(options, "include_usage", False, bool, "true or false"),
    )


def _read_object(body: bytes) -> dict[str, Any]:
    try:
        asked = json.loads(body.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        reason = "it is nested too deep" if isinstance(error, RecursionError) else error
        raise Refusal(f"the body is not JSON in UTF-8: {reason}") from None
    if not isinstance(asked, dict):
        raise Refusal(f"the body must be a JSON object, got {shown(asked)}")
    return asked


def _check_names(asked: Mapping[str, Any], other: str) -> None:
    known = {*SAMPLING, *LIMITS, *READ, *PASSED_OVER} - {other}
    for name, value in asked.items():
        if name in NEUTRAL:
            if value is not None and value not in NEUTRAL[name]:
                rule = f"this server cannot do it: leave {name} out"
                raise Refusal(f"{name}={shown(value)}: {rule}", param=name)
        elif name not in known:
            raise Refusal(f"there is no field {shown(name)} here: leave it out", param=name)


def _get(
    asked: Mapping[str, Any], name: str, default: Any, kind: type, rule: str,
    holds: Callable[[Any], bool] = lambda value: True,
) -> Any:  # fmt: skip
    """A field of one kind; null and none are the default."""
    value = asked.get(name)
    if value is None:
        return default
    if type(value) is not kind or not holds(value):  # True is no whole number
        raise Refusal(f"{name} must be {rule}, got {shown(value)}", param=name)
    return value


def _chat_tokens(asked: Mapping[str, Any], pretrained: Pretrained) -> list[int]:
    messages = asked.get("messages")
    if not isinstance(messages, list) or not messages:
        rule = 'a list such as [{"role": "user", "content": "Hello"}]'
        raise Refusal(f"messages must be {rule}, got {shown(messages)}", param="messages")
    read = [_message(i, message, pretrained) for i, message in enumerate(messages)]
    try:
        return pretrained.chat_ids(read)
    except ValueError as error:
        raise Refusal(str(error), param="messages") from None


def _message(i: int, message: Any, pretrained: Pretrained) -> dict[str, str]:
    if not isinstance(message, dict):
        raise Refusal(f"messages[{i}] must be an object, got {shown(message)}", param="messages")
    content = message.get("content")
    if isinstance(content, list):  # the protocol's longer form: parts, ours all of text
        texts = [part.get("text") for part in content if isinstance(part, dict)]
        if len(texts) < len(content) or not all(isinstance(text, str) for text in texts):
            what = f"messages[{i}]: content may hold parts of text alone, got {shown(content)}"
            raise Refusal(what, param="messages")
        content = "".join(texts)
    known = _control_tokens(pretrained) if isinstance(content, str) else ()
    if found := [token for token in known if token in content]:
        # Pasted into the template it would open or end a turn that nobody had.
        first = min(found, key=lambda token: (content.index(token), token))
        what = f"messages[{i}] holds {first!r}, a control token of the model: leave it out"
        raise Refusal(what, param="messages")
    return {"role": message.get("role"), "content": content}


def _control_tokens(pretrained: Pretrained) -> set[str]:
    tokenizer = pretrained.tokenizer
    ends = {text for text, i in tokenizer.added_tokens.items() if i in pretrained.stop_ids}
    return {*tokenizer.special_tokens, *ends}


def _text_tokens(asked: Mapping[str, Any], pretrained: Pretrained) -> list[int]:
    prompt = asked.get("prompt")
    if isinstance(prompt, list) and len(prompt) == 1:  # a batch of one
        prompt = prompt[0]
    if not isinstance(prompt, str):
        raise Refusal(f"prompt must be one text, got {shown(prompt)}", param="prompt")
    try:
        return pretrained.text_ids(prompt)
    except ValueError as error:
        raise Refusal(str(error), param="prompt") from None


def _room(asked: Mapping[str, Any], n_prompt: int, max_seq_len: int) -> int:
    """How many tokens the answer may have."""
    given = [name for name in LIMITS if asked.get(name) is not None]
    most = [_get(asked, name, 0, int, "a whole number above 0", lambda n: n > 0) for name in given]
    wanted = min(most, default=min(MOST_NEW_TOKENS, max(1, max_seq_len - n_prompt)))
    if n_prompt + wanted > max_seq_len:
        message = (
            f"a prompt of {n_prompt} tokens and an answer of {wanted} exceed the model's context "
            f"of {max_seq_len}: send less, or ask for a shorter answer"
        )
        raise Refusal(message, code="context_length_exceeded", param=given[0] if given else None)
    return wanted


def _stop_strings(stop: Any) -> tuple[str, ...]:
    texts = [] if stop is None else [stop] if isinstance(stop, str) else stop
    if not isinstance(texts, list) or len(texts) > 4 or not all(
        isinstance(text, str) and text for text in texts
    ):  # fmt: skip
        rule = "a text or a list of at most 4, none of them empty"
        raise Refusal(f"stop must be {rule}, got {shown(stop)}", param="stop")
    return tuple(texts)


def _settings(asked: Mapping[str, Any]) -> dict[str, float]:
    defaults = {"temperature": 0.2, "top_k": None, "top_p": 0.9, "min_p": None}
    settings = defaults | {"repetition_penalty": 1.0}  # those of `llama-edu chat`
    settings |= {name: asked[name] for name in SAMPLING if asked.get(name) is not None}
    try:
        check_settings(**settings)
    except ValueError as error:
        raise Refusal(str(error), param=str(error).split()[0]) from None
    for name, (least, most) in RANGES.items():
        if not least <= settings[name] <= most:
            rule = f"must be in [{least}, {most}], got {shown(settings[name])}"
            raise Refusal(f"{name} {rule}", param=name)
    return settings
