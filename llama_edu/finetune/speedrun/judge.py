"""How good a model of the speedrun is: right answers by kind and by length, bits per byte."""

import json
import random
from collections import defaultdict
from itertools import islice
from pathlib import Path

import torch

from llama_edu.data.stories import Story
from llama_edu.evaluate import baselines
from llama_edu.finetune.instruct.examples import chat_example
from llama_edu.finetune.instruct.score import answers_greedily, unseen_questions
from llama_edu.finetune.instruct.world import (
    QUESTIONS,
    Task,
    conversation,
    training_stories,
    unseen_stories,
)
from llama_edu.finetune.scored import documents_score
from llama_edu.finetune.speedrun.plan import Plan
from llama_edu.generate import generate
from llama_edu.pretrained import Pretrained, load_pretrained
from llama_edu.writing import write_whole

TEST_SEED = 0  # of the stories; `llama-edu eval` asks the same
TEXT_SEED = 1  # of the stories whose bits are counted
N_HELD_OUT = 200  # stories for bits per byte
N_SHOWN, N_NEW_TOKENS = 10, 40
NEW_FACTOR = 5  # so many times the stories, since a kept pair is rare


def judge(run: Path, seed: int, plan: Plan) -> None:
    """Score the models of a seed, and write its scores.json."""
    folder = run / f"seed-{seed}"
    tuned, texts = load_pretrained(folder / "instruct", torch.float32), held_out_texts()
    asked = unseen_questions(plan.n_stories, TEST_SEED, plan.recipe.kinds)
    right = _rights(tuned, asked)
    more = unseen_questions(NEW_FACTOR * plan.n_stories, TEST_SEED, QUESTIONS)
    by_kind, by_length = defaultdict(list), defaultdict(list)
    for (story, task), is_right in zip(asked, right, strict=True):
        by_kind[task.kind].append(is_right)
        if task.kind in QUESTIONS:
            by_length[len(story.events)].append(is_right)
    scores = {
        "kinds": {kind: _counted(by_kind[kind]) for kind in plan.recipe.kinds},
        "lengths": {n: _counted(by_length[n]) for n in sorted(by_length)},
        "new": _counted(_rights(tuned, [(story, task) for story, task in more if task.is_new])),
        "bits_per_byte": {
            name: documents_score(load_pretrained(folder / stage, torch.float32), texts).mean
            for name, stage in (("pretrained", "pretrain"), ("tuned", "instruct"))
            if (folder / stage).exists()
        },
        "answers": _shown(tuned, asked, right),
    }
    text = json.dumps(scores, indent=1, ensure_ascii=False)
    write_whole(folder / "scores.json", f"{text}\n")


def texts_of_baselines(plan: Plan) -> tuple[str, str]:
    """Stories to count in, and those whose bits everybody's count; a line each."""
    training = [story.text for story in islice(training_stories(TEXT_SEED), plan.n_texts)]
    return "\n".join(training), "".join(f"{text}\n" for text in held_out_texts())


def baseline_bits(plan: Plan) -> dict[str, float]:
    """Bits per byte of the same held-out stories by what is no neural network."""
    return baselines(*texts_of_baselines(plan))


def held_out_texts() -> list[str]:
    """Unseen stories whose bits are counted."""
    return [story.text for story in islice(unseen_stories(TEXT_SEED), N_HELD_OUT)]


def _rights(pretrained: Pretrained, asked: list) -> list[bool]:
    tokenizer = pretrained.tokenizer
    examples = [chat_example(tokenizer, conversation(story, [task])) for story, task in asked]
    return answers_greedily(pretrained.model, examples)


def _counted(rights: list[bool]) -> list[int]:
    """How many are right, of how many."""
    return [sum(rights), len(rights)]


def _shown(pretrained: Pretrained, asked: list, right: list[bool]) -> dict[str, list[dict]]:
    """Ten questions answered rightly and ten wrongly, drawn by chance, with what was answered."""
    dice = random.Random(0)
    found = {}
    for name, wanted in (("right", True), ("wrong", False)):
        some = [question for question, r in zip(asked, right, strict=True) if r == wanted]
        some = dice.sample(some, min(N_SHOWN, len(some)))
        said = answers(pretrained, some)
        found[name] = [
            {
                "story": story.text, "kind": task.kind, "question": task.question,
                "wanted": task.answer, "answer": answer,
            }
            for (story, task), answer in zip(some, said, strict=True)
        ]  # fmt: skip
    return found


def answers(pretrained: Pretrained, asked: list[tuple[Story, Task]]) -> list[str]:
    """What greedy decoding says to each question, asked alone after its story."""
    if not asked:
        return []
    prompts = [pretrained.chat_ids(conversation(story, [task])[:1]) for story, task in asked]
    written = generate(pretrained.model, prompts, N_NEW_TOKENS, stop=pretrained.stop_ids)
    ends = set(pretrained.stop_ids)
    return [pretrained.tokenizer.decode([i for i in ids if i not in ends]) for ids in written]
