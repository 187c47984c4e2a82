"""Conversations to learn from: your own file, or the dialogues of a small chat bot."""

import codecs
import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from reprlib import repr as short

from llama_edu.data.documents import read_conversations
from llama_edu.data.sources import pull
from llama_edu.finetune.instruct.examples import (
    Example,
    Messages,
    Tokenizer,
    chat_example,
)

N_SHOWN = 20
BOM = codecs.BOM_UTF8  # which Windows puts in front of a text


def read_pairs(path: str | Path) -> list[Messages]:
    """Read conversations, one a line of JSON, in either of two forms.

    {"prompt": "Who is there?", "answer": "It is me."}
    {"messages": [{"role": "user", "content": "…"}, {"role": "assistant", "content": "…"}]}

    Args:
        path: of a file in UTF-8; empty lines are passed over.

    Raises:
        ValueError: if lines are wrong; all of them are named, one a line, with what is wrong there.
        OSError: if the file cannot be read.
    """
    return _each_line(Path(path), lambda messages: messages)


def read_examples(
    path: str | Path, tokenizer: Tokenizer, n_tokens: int, template: str | None = None
) -> list[Example]:
    """The conversations of a file as examples to learn from, as `read_pairs` reads them.

    Args:
        path: of a file in UTF-8; empty lines are passed over.
        tokenizer: with the control tokens of the template.
        n_tokens: most tokens of an example, as many as the model can read.
        template: Jinja source; the tokenizer's own if None.

    Raises:
        ValueError: as `read_pairs` and `chat_example`, and for a line that is too long.
        OSError: if the file cannot be read.
    """

    def made(messages: Messages) -> Example:
        example = chat_example(tokenizer, messages, template)
        if len(example) > n_tokens:
            raise ValueError(f"must be at most {n_tokens:,} tokens long, it is {len(example):,}")
        return example

    return _each_line(Path(path), made)


def _each_line(path: Path, make: Callable[[Messages], object]) -> list:
    made, errors = [], []
    for number, line in enumerate(path.read_bytes().removeprefix(BOM).splitlines(), start=1):
        if not line.strip():
            continue
        try:
            made.append(make(_parse(line)))
        except ValueError as error:
            errors.append(f"{path.name}, line {number}: {error}")
    if errors:
        more = [f"… and {len(errors) - N_SHOWN} more lines"] if len(errors) > N_SHOWN else []
        raise ValueError("\n".join([*errors[:N_SHOWN], *more]))
    if not made:
        raise ValueError(f"{path.name} must hold a conversation a line, it is empty")
    return made


def _parse(line: bytes) -> Messages:
    try:
        values = json.loads(line.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise ValueError(f"must be UTF-8, byte {error.start} is not") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"must be JSON: {error.msg} at character {error.pos + 1}") from None
    except RecursionError:
        raise ValueError("must be JSON of two or three levels, it is nested far deeper") from None
    names = set(values) if isinstance(values, dict) else None
    if names not in ({"prompt", "answer"}, {"messages"}):
        found = f"it is {type(values).__name__}" if names is None else f"it has {_list(names)}"
        raise ValueError(f'must be an object with "prompt" and "answer", or "messages"; {found}')
    if names != {"messages"}:
        for name in ("prompt", "answer"):
            _check_text(name, values[name])
        return _turns([values["prompt"], values["answer"]])
    messages = values["messages"]
    if not isinstance(messages, list):
        raise ValueError(f"messages must be a list of turns, it is {type(messages).__name__}")
    for i, message in enumerate(messages):
        if not isinstance(message, dict) or set(message) != {"role", "content"}:
            raise ValueError(f'messages[{i}] must be an object with "role" and "content"')
        _check_text(f"messages[{i}]: content", message["content"])
    roles = [str(message["role"]) for message in messages]
    turns = roles[1:] if roles[:1] == ["system"] else roles
    if not turns or turns != ["user", "assistant"] * (len(turns) // 2):
        raise ValueError(f"messages must go user, assistant, …; they go {_list(roles, 'nowhere')}")
    return messages


def _check_text(name: str, text: object) -> None:
    if not isinstance(text, str) or not text.strip():
        raise ValueError(f"{name}={short(text)} must be a text that is not empty")
    if any("\ud800" <= letter <= "\udfff" for letter in text):
        raise ValueError(f"{name}={short(text)} must be text, a surrogate alone is none")


def _list(names: Iterable[str], otherwise: str = "nothing") -> str:
    names = names if isinstance(names, list) else sorted(names)
    return ", ".join(short(name)[1:-1] for name in names[:N_SHOWN]) or otherwise


def _turns(texts: Sequence[str]) -> Messages:
    roles = ("user", "assistant") * (len(texts) // 2)
    return [{"role": role, "content": text} for role, text in zip(roles, texts, strict=True)]


def read_dialogues(language: str = "english") -> list[Messages]:
    """The dialogues of the source `dialogues` (ChatterBot's corpus), a person and a chat bot.

    A last turn of the person without an answer is left out.

    Args:
        language: "english" or "chinese".

    Raises:
        ValueError: if the language is unknown.
        SourceError: if they cannot be fetched.
    """
    if language not in ("english", "chinese"):
        raise ValueError(f"language={language!r} must be 'english' or 'chinese'")
    conversations = []
    for path in sorted((pull("dialogues") / language).glob("*.yml")):
        for turns in read_conversations(path.read_text(encoding="utf-8")):
            whole = turns[: len(turns) // 2 * 2]
            if whole and all(turn.strip() for turn in whole):
                conversations.append(_turns(whole))
    return conversations
