"""A small tokenizer with the control tokens of every template."""

import random
from itertools import islice

import pytest

from llama_edu.finetune.instruct.templates import SHORT
from llama_edu.finetune.instruct.world import conversation, tasks, training_stories
from llama_edu.tokenizer.bpe import BPETokenizer
from llama_edu.tokenizer.pretokenize import LLAMA3

CONTROL = [
    "<|begin_of_text|>", "<|eot_id|>", "<|start_header_id|>", "<|end_header_id|>", "<|user|>",
    "<|assistant|>", "<|im_start|>", "<|im_end|>",
]  # fmt: skip


def world_texts(n_stories: int) -> list[str]:
    dice = random.Random(0)
    stories = islice(training_stories(0), n_stories)
    return [m["content"] for s in stories for m in conversation(s, tasks(s, dice))]


@pytest.fixture(scope="session")
def tokenizer():
    """Knows the words of the story world, cut as Llama 3 cuts."""
    bpe = BPETokenizer.train(world_texts(60), 420, LLAMA3, CONTROL)
    bpe.bos_id = bpe.special_tokens["<|begin_of_text|>"]
    bpe.eos_id = bpe.special_tokens["<|eot_id|>"]
    bpe.chat_template = SHORT
    return bpe
