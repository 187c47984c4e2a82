"""The story world asks, and judges by its account: the reward is exact, nothing is learned for it.

As the world knows the only right answer, it also knows without sampling how often a model would
give it: the chance of an answer is the product of the chances of its tokens.
"""

from collections.abc import Callable, Iterable
from functools import partial

import torch
from jaxtyping import Float
from torch import Tensor

from llama_edu.data.stories import Story
from llama_edu.finetune.instruct.examples import Example, Tokenizer, chat_example
from llama_edu.finetune.instruct.packing import packed_batch
from llama_edu.finetune.instruct.score import target_log_probs
from llama_edu.finetune.instruct.world import Task, conversation
from llama_edu.finetune.reinforce.loop import Prompt
from llama_edu.model.llama import Llama
from llama_edu.train.loss import IGNORED

Judge = Callable[[list[int], list[int]], float]
BATCH_ROWS = 128


def is_exact(answer: list[int], wanted: list[int]) -> float:
    """1 for the right answer, token for token, the end of the turn included; 0 for any other."""
    return float(answer == wanted)


def split(example: Example) -> tuple[list[int], list[int]]:
    """The prompt of an example of one answer, and the answer with its end."""
    start = next(t for t, target in enumerate(example.targets) if target != IGNORED)
    return example.inputs[: start + 1], [t for t in example.targets if t != IGNORED]


def world_prompt(tokenizer: Tokenizer, story: Story, task: Task, judge: Judge = is_exact) -> Prompt:
    """A task after its story, as it stands in training, up to where the answer begins.

    Args:
        tokenizer: with a chat template.
        story: that the task is about.
        task: whose answer is wanted.
        judge: ids of an answer, ids of the right one -> reward.
    """
    ids, wanted = split(chat_example(tokenizer, conversation(story, [task])))
    return Prompt(ids, partial(judge, wanted=wanted))


@torch.no_grad()
def chances(model: Llama, examples: Iterable[Example]) -> Float[Tensor, " N"]:
    """The chance that sampling at temperature 1 writes the targets of each example.

    pass@1, exactly; pass@k is 1 - (1 - chance)^k.
    """
    examples, found = list(examples), []
    for i in range(0, len(examples), BATCH_ROWS):
        batch = packed_batch([[example] for example in examples[i : i + BATCH_ROWS]])
        found.append(target_log_probs(model, batch).sum(dim=1).exp())
    return torch.cat(found)
