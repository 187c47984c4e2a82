"""A conversation as a model learns from it: what it reads, and which next tokens count.

The model must learn to answer, not to ask. So only the tokens of answers are targets, the end of
the turn among them: a model that never learned to end a turn talks on.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Protocol

from llama_edu.tokenizer.chat_template import render_chat
from llama_edu.train.loss import IGNORED

Messages = Sequence[Mapping[str, str]]


class Tokenizer(Protocol):
    """What is needed of a tokenizer; ours all have it."""

    bos_id: int | None
    eos_id: int | None
    stop_ids: list[int]
    special_tokens: Mapping[str, int]
    chat_template: str | None

    def encode(self, text: str, *, special: bool = False) -> list[int]: ...

    def decode(self, ids: Sequence[int]) -> str: ...


@dataclass(frozen=True)
class Example:
    """Tokens to read and the next token of each, both of length T.

    Args:
        inputs: ids, all but the last of the text.
        targets: the id that follows each, or -100 where it does not count.
        hints: other targets of the same length, for losses that know what to do with them.
    """

    inputs: list[int]
    targets: list[int]
    hints: tuple[list[int], ...] = ()

    def __len__(self) -> int:
        return len(self.inputs)


def text_example(ids: Sequence[int]) -> Example:
    """A plain text, every next token of which counts, as in pretraining."""
    return Example(list(ids[:-1]), list(ids[1:]))


def chat_example(tokenizer: Tokenizer, messages: Messages, template: str | None = None) -> Example:
    """A conversation whose answers count, each with the token that ends its turn.

    With the short template, "<|user|>Where?<|assistant|>Here<|eot_id|>" has two targets: "Here" at
    the place of "<|assistant|>", "<|eot_id|>" at the place of "Here".

    Args:
        tokenizer: with the control tokens of the template.
        messages: in order, at least one of them the assistant's; no control tokens in them.
        template: Jinja source; the tokenizer's own if None.

    Raises:
        ValueError: if there is no template or no answer, the template refuses the messages, changes
            a prompt once its answer is there or does not end an answer, or the tokens of a prompt
            would be others with its answer behind it.
    """
    template = tokenizer.chat_template if template is None else template
    if template is None:
        raise ValueError("this tokenizer has no chat template: give one")
    text, cuts = _render(tokenizer, template, messages)
    first, *pieces = _encode_pieces(tokenizer, text, cuts)
    ids, wanted = [*first], [IGNORED] * len(first)
    for piece in pieces:  # an answer, its end, and what stands before the next answer
        end = next((i for i, token in enumerate(piece) if token in tokenizer.stop_ids), None)
        if end is None:
            raise ValueError(
                f"the template must end each answer with a token that ends the turn, not with "
                f"{tokenizer.decode(piece)[-20:]!r}"
            )
        ids += piece
        wanted += piece[: end + 1] + [IGNORED] * (len(piece) - end - 1)
    return Example(ids[:-1], wanted[1:])


def _render(tokenizer: Tokenizer, template: str, messages: Messages) -> tuple[str, list[int]]:
    """The whole text, and where in it each answer begins."""
    control = {
        "bos_token": "" if tokenizer.bos_id is None else tokenizer.decode([tokenizer.bos_id]),
        "eos_token": "" if tokenizer.eos_id is None else tokenizer.decode([tokenizer.eos_id]),
    }
    text, cuts = render_chat(template, messages, **control, add_generation_prompt=False), []
    for i, message in enumerate(messages):
        if posed := [token for token in tokenizer.special_tokens if token in message["content"]]:
            raise ValueError(f"messages[{i}]: content must not hold the control token {posed[0]!r}")
        if message["role"] == "assistant":
            prompt = render_chat(template, messages[:i], **control)
            if not text.startswith(prompt):
                raise ValueError(
                    f"messages[{i}]: the template must write what stands before an answer as it "
                    "does where the answer is still to come, or training and use differ"
                )
            cuts.append(len(prompt))
    if not cuts:
        raise ValueError("messages must hold an answer of the assistant, there is none")
    return text, cuts


def _encode_pieces(tokenizer: Tokenizer, text: str, cuts: Sequence[int]) -> list[list[int]]:
    """The ids of the whole text, cut where the text is: no token may span a cut."""
    encode = partial(tokenizer.encode, special=True)
    control = set(tokenizer.special_tokens.values())
    pieces = [encode(text[start:end]) for start, end in pairwise([0, *cuts, len(text)])]
    if all({a[-1], b[0]} & control for a, b in pairwise(pieces)):
        return pieces  # nothing merges across a control token
    whole, places = encode(text), [0]
    for cut in cuts:
        before = encode(text[:cut])
        if whole[: len(before)] != before:
            raise ValueError(
                f"a token spans the border between {text[:cut][-12:]!r} and {text[cut:][:12]!r}: "
                "when used, the model would be given other tokens than in training"
            )
        places.append(len(before))
    return [whole[start:end] for start, end in pairwise([*places, len(whole)])]
