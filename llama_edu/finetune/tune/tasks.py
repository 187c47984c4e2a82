"""What a model learns from conversations: the story world, small talk, or pairs of one's own."""

import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from llama_edu.finetune.instruct.examples import Example, Messages, Tokenizer, chat_example
from llama_edu.finetune.instruct.pairs import read_dialogues, read_examples, read_pairs
from llama_edu.finetune.instruct.score import unseen_questions
from llama_edu.finetune.instruct.world import (
    KINDS,
    QUESTIONS,
    Task,
    conversation,
    tasks,
    training_stories,
)

WORLD, DIALOGUES = "world", "dialogues"
WORLD_KINDS = {
    "world": tuple(kind for kind in KINDS if kind != "continuation"),  # too hard for tiny models
    "world questions": (*QUESTIONS, "refusal"),
    "world lists": ("persons", "places", "count"),
    "world summaries": ("summary",),
}
CAP = 3000  # examples of a task that count for how often it is drawn: FLAN's, arXiv:2109.01652
POOL = 256  # stories made at a time
MIN_PAIRS = 10
HELD_OUT_SHARE, MAX_HELD_OUT = 0.1, 200


@dataclass(frozen=True)
class Material:
    """A task: what to learn from it, and what to judge it by.

    Args:
        name: of the task.
        pool: number -> examples, the same for the same number.
        size: examples that there are, for the rate at which it is drawn.
    """

    name: str
    pool: Callable[[int], Sequence[Example]]
    size: int


def set_aside(name: str, tokenizer: Tokenizer, n_tokens: int, seed: int, data: Path) -> list[dict]:
    """Divide the conversations of a task and keep those to train on in a run's data.

    Args:
        name: "world", one of its parts, "dialogues", or the path of a file of pairs.
        tokenizer: with a chat template.
        n_tokens: most tokens of an example.
        seed: of the draw.
        data: folder of the run's data.

    Returns:
        Lines to judge by: "kind" and "messages".

    Raises:
        ValueError: if lines of a file are wrong or too long, or it has fewer than ten.
        OSError: if it cannot be read.
    """
    if name in WORLD_KINDS:
        asked = unseen_questions(MAX_HELD_OUT, seed, WORLD_KINDS[name])
        chosen = random.Random(seed).sample(asked, MAX_HELD_OUT)
        return [{"kind": t.kind, "messages": conversation(s, [t])} for s, t in chosen]
    if name == DIALOGUES:
        pairs = read_dialogues()
    else:
        read_examples(name, tokenizer, n_tokens)  # names every line that is wrong or too long
        pairs = read_pairs(name)
    if len(pairs) < MIN_PAIRS:
        raise ValueError(
            f"{name} has {len(pairs)} conversations, at least {MIN_PAIRS} are needed: one in ten "
            "is kept to judge by"
        )
    n_kept = min(max(1, round(HELD_OUT_SHARE * len(pairs))), MAX_HELD_OUT)
    kept = set(random.Random(seed).sample(range(len(pairs)), n_kept))
    data.mkdir(parents=True, exist_ok=True)
    lines = [
        json.dumps({"messages": messages}, ensure_ascii=False) + "\n"
        for i, messages in enumerate(pairs)
        if i not in kept
    ]
    pairs_file(data, name).write_text("".join(lines), encoding="utf-8")
    return [{"kind": task_name(name), "messages": pairs[i]} for i in sorted(kept)]


def material(name: str, tokenizer: Tokenizer, n_tokens: int, seed: int, data: Path) -> Material:
    """The task that `set_aside` kept, as examples."""
    if name in WORLD_KINDS:

        def pool(number: int) -> list[Example]:
            dice = random.Random(f"{seed} {name} {number}")
            stories = islice(training_stories(dice.getrandbits(40)), POOL)
            found = (_fitting(tokenizer, n_tokens, WORLD_KINDS[name], s, dice) for s in stories)
            return [example for example in found if example]

        if not pool(0):
            raise ValueError(f"no story fits into {n_tokens} tokens with this tokenizer")
        return Material(name, pool, CAP)
    examples = read_examples(pairs_file(data, name), tokenizer, n_tokens)
    return Material(task_name(name), lambda number: examples, len(examples))


def task_name(name: str) -> str:
    """A file of pairs is called as it is without its ending."""
    return name if name in (*WORLD_KINDS, DIALOGUES) else Path(name).stem


def pairs_file(data: Path, name: str) -> Path:
    """Where the pairs to train on are kept."""
    return data / f"{task_name(name)}.jsonl"


def _fitting(tokenizer, n_tokens: int, kinds, story, dice) -> Example | None:
    """As many tasks of a story as fit; None where not one does."""
    some: list[Task] = tasks(story, dice, kinds)
    while some:
        messages: Messages = conversation(story, some)
        example = chat_example(tokenizer, messages)
        if len(example) <= n_tokens:
            return example
        some = some[: min(len(some) - 1, len(some) * n_tokens // len(example))]
    return None
