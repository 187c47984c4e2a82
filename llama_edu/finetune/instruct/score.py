"""How likely answers are, and exact match by kind of task, on worlds that no training saw."""

import random
from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import islice

import torch
from jaxtyping import Float
from torch import Tensor

from llama_edu.finetune.instruct.examples import Example, Tokenizer, chat_example
from llama_edu.finetune.instruct.packing import ChatBatch, packed_batch
from llama_edu.finetune.instruct.world import KINDS, Task, conversation, tasks, unseen_stories
from llama_edu.model.llama import Llama
from llama_edu.train.loss import IGNORED

BATCH_TOKENS = 16_384


def target_log_probs(model: Llama, batch: ChatBatch) -> Float[Tensor, "B T"]:
    """The log-probability of each target in nats, 0 where none counts."""
    counts = batch.targets != IGNORED
    hidden = model.hidden(batch.inputs, mask=batch.mask())
    scores = model.output(hidden[counts]).float()  # of the answers alone: V is large
    found = scores.log_softmax(-1).gather(-1, batch.targets[counts][:, None])[:, 0]
    return torch.zeros(batch.targets.shape, device=found.device).masked_scatter(counts, found)


@torch.no_grad()
def answers_greedily(model: Llama, examples: Sequence[Example]) -> list[bool]:
    """Whether greedy decoding would write exactly the targets of each example.

    It would if and only if each target is the likeliest token after those before it: up to the
    first wrong token the text read here is the text written there. One pass does for decoding.

    Args:
        model: to be tested.
        examples: of one answer each, the end of the turn in it.
    """
    right = [False] * len(examples)
    order = sorted(range(len(examples)), key=lambda i: len(examples[i]))
    while order:
        size = max(BATCH_TOKENS // len(examples[order[-1]]), 1)
        order, part = order[:-size], order[-size:]
        batch = packed_batch([[examples[i]] for i in part])
        counts = batch.targets != IGNORED
        scores = model.output(model.hidden(batch.inputs)[counts])  # of few tokens, and V is large
        is_right = ~counts
        is_right[counts] = scores.argmax(-1) == batch.targets[counts]
        for i, row in zip(part, is_right.all(1), strict=True):
            right[i] = bool(row)
    return right


def unseen_questions(
    n_stories: int, seed: int = 0, kinds: tuple[str, ...] = KINDS
) -> list[tuple[str, Task]]:
    """All tasks of stories that no training saw, each with its story's text."""
    dice = random.Random(seed)
    stories = islice(unseen_stories(seed), n_stories)
    return [(story, task) for story in stories for task in tasks(story, dice, kinds)]


def exact_match(
    model: Llama, tokenizer: Tokenizer, questions: Iterable[tuple]
) -> dict[str, list[bool]]:
    """By kind: for each question, asked alone after its story, whether greedy decoding is right."""
    questions = list(questions)
    examples = [chat_example(tokenizer, conversation(s, [task])) for s, task in questions]
    found = defaultdict(list)
    for (_, task), right in zip(questions, answers_greedily(model, examples), strict=True):
        found[task.kind].append(right)
    return dict(found)
