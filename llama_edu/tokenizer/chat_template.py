"""Render a conversation to text with a model's own chat template, a Jinja program.

Templates come with downloaded weights, so they run in Jinja's sandbox, with the few names that
transformers gives them.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, NoReturn

from jinja2 import Template, TemplateError, nodes
from jinja2.ext import Extension, loopcontrols
from jinja2.parser import Parser
from jinja2.sandbox import ImmutableSandboxedEnvironment

from llama_edu.reading import shown
from llama_edu.tokenizer.whole_tokens import check_surrogates

ROLES = ("system", "developer", "user", "assistant", "tool", "ipython")


def render_chat(
    template: str,
    messages: Sequence[Mapping[str, Any]],
    bos_token: str = "",
    eos_token: str = "",
    add_generation_prompt: bool = True,
    **variables: Any,
) -> str:
    """The text that a model was trained to see for these messages.

    Encode it with `special=True` and without another `bos_id`. A template pastes contents as they
    are: where others than yourself write messages, refuse the text of control tokens in them.

    Args:
        template: Jinja source, the `chat_template` of a tokenizer.
        messages: in order, each with "role" (one of ROLES) and "content" (text).
        bos_token: text of the token that opens a text, "" if none.
        eos_token: text of the token that ends a text, "" if none.
        add_generation_prompt: whether to end with the opening of the assistant's answer.
        variables: anything else that the template reads, such as `tools` or `date_string`; tools
            and documents are None where they are not given, as in transformers.

    Raises:
        ValueError: if a message is malformed, or the template is, or it refuses the messages.
    """
    if not isinstance(template, str):
        raise ValueError(f"template must be a text, got {shown(template)}")
    if isinstance(messages, str | Mapping) or not isinstance(messages, Sequence):
        raise ValueError(
            'messages must be a list, such as [{"role": "user", "content": "Hello"}], '
            f"got {shown(messages)}"
        )
    for i, message in enumerate(messages):
        _check_message(i, message)
    marks = {"bos_token": bos_token or "", "eos_token": eos_token or ""}  # null: there is none
    names = {"tools": None, "documents": None} | marks
    try:
        text = _compile(template).render(
            {"messages": messages, "add_generation_prompt": add_generation_prompt}
            | names
            | variables
        )
        check_surrogates(text)
        return text
    except Exception as error:  # a template is a program, and may do whatever a program does
        cause = str(error).strip().split("\n")[0] or type(error).__name__
        raise ValueError(f"the chat template cannot render these messages: {cause}") from error


def _check_message(i: int, message: Any) -> None:
    if not isinstance(message, Mapping):
        raise ValueError(f"messages[{i}] must have a role and a content, got {shown(message)}")
    role = message.get("role")
    if role not in ROLES:
        raise ValueError(f"messages[{i}]: role={role!r} must be one of {', '.join(ROLES)}")
    if not isinstance(message.get("content"), str) and "tool_calls" not in message:
        raise ValueError(f"messages[{i}]: content={message.get('content')!r} must be text")


class _GenerationTag(Extension):
    """`{% generation %}`, which marks the text to train on: for rendering it changes nothing."""

    tags = frozenset({"generation"})

    def parse(self, parser: Parser) -> list[nodes.Node]:
        next(parser.stream)
        return parser.parse_statements(("name:endgeneration",), drop_needle=True)


def _raise_exception(message: str) -> NoReturn:
    raise TemplateError(message)


def _tojson(value: Any, ensure_ascii: bool = False, **options: Any) -> str:
    return json.dumps(value, ensure_ascii=ensure_ascii, **options)  # Jinja's own escapes HTML


def _strftime_now(layout: str) -> str:
    return datetime.now().strftime(layout)


@lru_cache(maxsize=16)
def _compile(template: str) -> Template:
    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[loopcontrols, _GenerationTag]
    )
    environment.filters["tojson"] = _tojson
    environment.globals |= {"raise_exception": _raise_exception, "strftime_now": _strftime_now}
    return environment.from_string(template)
