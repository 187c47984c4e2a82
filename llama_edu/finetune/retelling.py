"""What happened in a story: answers of several sentences, each of which is true or not.

Where an answer may be short or long, people prefer one for more than one reason. Here both reasons
can be counted: the sentences, and whether all of them are true.
"""

import random
from collections.abc import Sequence

import torch

from llama_edu.data.stories import Story, tell_story
from llama_edu.finetune.instruct.examples import Example, Tokenizer, chat_example
from llama_edu.finetune.instruct.hints import WORLD_WORDS
from llama_edu.finetune.instruct.recipe import CONTROL
from llama_edu.finetune.instruct.templates import SHORT
from llama_edu.generate import generate
from llama_edu.model.llama import Llama
from llama_edu.tokenizer.bpe import BPETokenizer
from llama_edu.train.loss import IGNORED

QUESTION = "What happened?"
MOST_TOKENS = 40  # of an answer: one and a half times what four sentences need


def true_sentences(story: Story) -> list[str]:
    """The four sentences about a story that an answer may hold."""
    first, last = story.events[0], story.events[-1]
    return [
        f"{first.who} came first.", f"{last.who} came last.",
        f"It began at the {first.place}.", f"It ended at the {last.place}.",
    ]  # fmt: skip


def sentences_of(answer: str) -> list[str]:
    """The sentences of an answer, each with its full stop: "A. B." -> ["A.", "B."]."""
    return [part.strip(" .") + "." for part in answer.split(". ") if part]


def is_true(story: Story, answer: str) -> bool:
    """Whether an answer says something, and nothing that is not so."""
    return bool(answer) and set(sentences_of(answer)) <= set(true_sentences(story))


def retell(story: Story, dice: random.Random) -> str:
    """A true answer of one to four different sentences, in any order."""
    return " ".join(dice.sample(true_sentences(story), dice.randint(1, 4)))


def retelling_example(tokenizer: Tokenizer, story: Story, answer: str) -> Example:
    """Story and question as the prompt, and an answer, whose tokens count."""
    question = {"role": "user", "content": f"{story.text}\n{QUESTION}"}
    return chat_example(tokenizer, [question, {"role": "assistant", "content": answer}])


def retelling_tokenizer() -> BPETokenizer:
    """600 tokens, each word of the world one of them, with the short template."""
    stories = [tell_story(seed, 4) for seed in range(300)]
    texts = [f"{story.text}\n{QUESTION}{retell(story, random.Random(0))}" for story in stories]
    tokenizer = BPETokenizer.train(texts, 600, WORLD_WORDS, CONTROL)
    tokenizer.bos_id, tokenizer.eos_id = (tokenizer.special_tokens[token] for token in CONTROL[:2])
    tokenizer.chat_template = SHORT
    return tokenizer


def draw_answers(
    model: Llama, tokenizer: Tokenizer, stories: Sequence[Story], n: int, seed: int
) -> list[list[str]]:
    """n answers to each story, drawn with the model's own probabilities.

    Args:
        model: that answers.
        tokenizer: its own.
        stories: to be told again.
        n: how many answers to each, in the order in which they were drawn.
        seed: of the drawing.
    """
    dice, prompts = torch.Generator().manual_seed(seed), []
    for story in stories:
        example = retelling_example(tokenizer, story, "x")
        n_open = next(i for i, target in enumerate(example.targets) if target != IGNORED) + 1
        prompts += n * [example.inputs[:n_open]]
    written = []
    for i in range(0, len(prompts), 512):
        part, stop = prompts[i : i + 512], tokenizer.stop_ids
        written += generate(model, part, MOST_TOKENS, temperature=1.0, stop=stop, generator=dice)
    # A control token ends an answer as well: a model that was tuned badly writes some.
    texts = [tokenizer.decode(ids).split("<|")[0].strip() for ids in written]
    return [texts[i : i + n] for i in range(0, len(texts), n)]
