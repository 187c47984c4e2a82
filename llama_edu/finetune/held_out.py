"""Conversations or texts that a run is judged by, in its folder, one a line."""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import torch

from llama_edu.evaluate.scores import Score, wilson
from llama_edu.finetune.instruct.examples import Example, Messages, Tokenizer, chat_example
from llama_edu.finetune.instruct.score import answers_greedily
from llama_edu.model.llama import Llama
from llama_edu.train.loss import IGNORED
from llama_edu.writing import write_whole

NAME = "held_out.jsonl"


def write_held_out(data: Path, lines: Iterable[Mapping]) -> None:
    """Keep what a run is judged by beside its data.

    Args:
        data: folder, made if need be.
        lines: each {"text"}, or {"kind", "messages"} whose last message is the answer.
    """
    write_whole(data / NAME, "".join(json.dumps(x, ensure_ascii=False) + "\n" for x in lines))


def last_answer(tokenizer: Tokenizer, messages: Messages) -> Example:
    """A conversation of which the last answer alone counts; all before it is read."""
    example = chat_example(tokenizer, messages)
    counts = [target != IGNORED for target in example.targets]
    end = len(counts) - counts[::-1].index(True)
    start = end - counts[:end][::-1].index(False) if False in counts[:end] else 0
    targets = [t if start <= i < end else IGNORED for i, t in enumerate(example.targets)]
    return Example(example.inputs, targets)


def score_by_kind(
    model: Llama, tokenizer: Tokenizer, conversations: Sequence[tuple[str, Messages]]
) -> dict[str, Score]:
    """Exact match of greedy answers, by kind in the order they come, with Wilson's interval.

    Args:
        model: to be tested.
        tokenizer: its own, with a chat template.
        conversations: kind of the last answer, and messages that end with it.
    """
    was_training = model.training
    right = answers_greedily(
        model.eval(), [last_answer(tokenizer, messages) for _, messages in conversations]
    )
    model.train(was_training)
    kinds = [kind for kind, _ in conversations]
    found = {}
    for kind in dict.fromkeys(kinds):
        own = torch.tensor([r for r, k in zip(right, kinds, strict=True) if k == kind])
        n_right, n = int(own.sum()), len(own)
        found[kind] = Score(n_right / n, *wilson(n_right, n), n)
    return found
