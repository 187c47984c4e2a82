"""The recipe of the story world: a model of 0.7 M parameters, from nothing to right answers.

A quarter of the steps is pretraining on stories, the rest tuning on conversations about them. Every
batch is made when it is needed, so that no story comes twice. What helps by hand can be left out.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import islice

import torch

from llama_edu.config import ModelConfig
from llama_edu.data.stories import Story
from llama_edu.finetune.instruct.examples import Example, chat_example, text_example
from llama_edu.finetune.instruct.hints import (
    WORLD_WORDS,
    AccountLoss,
    start_copying,
    with_account,
    world_ids,
)
from llama_edu.finetune.instruct.packing import ChatBatches
from llama_edu.finetune.instruct.templates import SHORT
from llama_edu.finetune.instruct.world import KINDS, conversation, tasks, training_stories
from llama_edu.model.llama import Llama
from llama_edu.tokenizer.bpe import BPETokenizer
from llama_edu.tokenizer.pretokenize import LLAMA3

CONTROL = ("<|begin_of_text|>", "<|eot_id|>", "<|user|>", "<|assistant|>")
BATCH_TOKENS = 1024
POOL = 512  # stories made at a time


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How to teach a tiny model the story world.

    Args:
        n_steps: of both stages together, each of about 1,000 tokens.
        pretraining: share of the steps that reads stories alone.
        kinds: of task to learn, some of KINDS; a continuation is too hard for a model so small.
        peak_lr: learning rate after 100 steps; it falls in a straight line over the last 40 %.
        other: weight of the tokens that are no answers.
        knows_words: hint: text breaks at the world's names, places and things.
        starts_copying: hint: weights at the start that look at their like and copy it.
        tells_account: hint: hidden states learn the world's account, ...
        told_until: ... with a weight that falls from 1 to 0 at this share of the steps.
        seed: of weights and data.
    """

    n_steps: int = 6400
    pretraining: float = 0.25
    kinds: tuple[str, ...] = tuple(kind for kind in KINDS if kind != "continuation")
    peak_lr: float = 1.5e-3
    other: float = 0.1
    knows_words: bool = True
    starts_copying: bool = True
    tells_account: bool = True
    told_until: float = 0.7
    seed: int = 0


@dataclass(frozen=True)
class Stage:
    """One stage of training, all that a trainer needs but the model.

    Args:
        name: "pretrain" or "instruct".
        n_steps: of this stage.
        batches: to draw from.
        loss: (model, batch) -> sum in nats, number of targets.
        schedule: step of this stage, from 1 -> learning rate.
    """

    name: str
    n_steps: int
    batches: ChatBatches
    loss: AccountLoss
    schedule: Callable[[int], float]


def world_tokenizer(knows_words: bool = True, n_stories: int = 1000) -> BPETokenizer:
    """A vocabulary of 700 tokens learned from stories and conversations, with the short template.

    Args:
        knows_words: whether text breaks at the world's words and nowhere else, so that each is one
            token, and " went to the " is another; as Llama 3 cuts otherwise.
        n_stories: to learn from.
    """
    dice = random.Random(0)
    texts = [
        turn["content"]
        for story in islice(training_stories(0), n_stories)
        for turn in conversation(story, tasks(story, dice))
    ]
    tokenizer = BPETokenizer.train(texts, 700, WORLD_WORDS if knows_words else LLAMA3, CONTROL)
    tokenizer.bos_id, tokenizer.eos_id = (tokenizer.special_tokens[token] for token in CONTROL[:2])
    tokenizer.chat_template = SHORT
    return tokenizer


def world_model(recipe: Recipe, vocab_size: int) -> Llama:
    """The model at its start, with the weights of the recipe's seed."""
    torch.manual_seed(recipe.seed)
    model = Llama(
        ModelConfig(
            vocab_size=vocab_size, d_model=128, n_layers=3, n_heads=4, n_kv_heads=4, d_ff=336,
            max_seq_len=512, tie_embeddings=True,
        )
    )  # fmt: skip
    if recipe.starts_copying:
        start_copying(model)
    return model


def stages(recipe: Recipe, tokenizer: BPETokenizer) -> list[Stage]:
    """Pretraining and tuning, each ready to be run; one without steps is left out."""
    n_first = round(recipe.pretraining * recipe.n_steps)
    words = world_ids(tokenizer) if recipe.tells_account else None
    made = []
    for name, start, end in (("pretrain", 0, n_first), ("instruct", n_first, recipe.n_steps)):
        if start == end:
            continue
        make = _text if name == "pretrain" else _talk
        pool = partial(_pool, recipe, tokenizer, words, make, 2 * recipe.seed + (start > 0))
        made.append(
            Stage(
                name,
                end - start,
                ChatBatches(pool, BATCH_TOKENS, seed=recipe.seed),
                AccountLoss(recipe.other, partial(_hint_weight, recipe, start)),
                partial(_learning_rate, recipe, start),
            )
        )
    return made


def run_stage(model: Llama, stage: Stage, after: Callable[[int], None] = lambda step: None) -> None:
    """The plainest loop that runs a stage; `Trainer` does the same and remembers it.

    Args:
        model: trained in place.
        stage: from `stages`.
        after: called after each step with its number, from 1.
    """
    optimizer = torch.optim.AdamW(model.parameters(), betas=(0.9, 0.99), weight_decay=0.1)
    for step in range(1, stage.n_steps + 1):
        total, n = stage.loss(model, stage.batches.next())
        optimizer.zero_grad()
        (total / n).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for group in optimizer.param_groups:
            group["lr"] = stage.schedule(step)
        optimizer.step()
        after(step)


def _learning_rate(recipe: Recipe, start: int, step: int) -> float:
    left = (recipe.n_steps - start - step) / recipe.n_steps
    return recipe.peak_lr * min(1.0, (start + step) / 100, left / 0.4)


def _hint_weight(recipe: Recipe, start: int, number: int) -> float:
    if not recipe.tells_account:
        return 0.0
    return max(0.0, 1 - (start + number) / (recipe.told_until * recipe.n_steps))


def _pool(recipe, tokenizer, words, make, stream: int, number: int) -> list[Example]:
    dice = random.Random(f"{stream} {number}")
    stories = islice(training_stories(dice.getrandbits(40)), POOL)
    return [make(recipe, tokenizer, words, story, dice) for story in stories]


def _text(recipe, tokenizer, words, story: Story, dice) -> Example:
    ids = [tokenizer.bos_id, *tokenizer.encode(story.text), tokenizer.eos_id]
    return with_account(text_example(ids), words, story, []) if words else text_example(ids)


def _talk(recipe, tokenizer, words, story: Story, dice) -> Example:
    some = tasks(story, dice, recipe.kinds)
    example = chat_example(tokenizer, conversation(story, some))
    return with_account(example, words, story, some) if words else example
