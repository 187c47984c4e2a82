"""SmolLM2 learns from conversations in minutes: `python -m llama_edu.finetune.instruct.smol`.

It learns to answer questions about the story world, or from your own pairs with `--data`. The model
is frozen and LoRA adapters learn, which takes a third of the computing away and leaves a checkpoint
of some megabytes.
"""

import argparse
import json
import random
import sys
from collections.abc import Sequence
from functools import partial
from itertools import islice
from pathlib import Path

import torch

from llama_edu.evaluate import wilson
from llama_edu.finetune.instruct.examples import Example, chat_example
from llama_edu.finetune.instruct.packing import ChatBatches
from llama_edu.finetune.instruct.pairs import read_examples
from llama_edu.finetune.instruct.recipe import Recipe
from llama_edu.finetune.instruct.score import exact_match, names_it, unseen_questions
from llama_edu.finetune.instruct.tuning import Tuning
from llama_edu.finetune.instruct.world import (
    QUESTIONS,
    Task,
    conversation,
    tasks,
    training_stories,
)
from llama_edu.generate import generate
from llama_edu.pretrained import DEFAULT_MODEL, Pretrained, faster_dtype, load_pretrained

KINDS = Recipe().kinds
BATCH_TOKENS = 768  # one long conversation about a story, or two short ones
POOL = 64  # stories made at a time
N_WRITTEN, WRITTEN_TOGETHER = 24, 32
INTERRUPTED = 130  # what shells return after Ctrl-C


def story_pool(tokenizer, number: int) -> list[Example]:
    """Conversations about stories of their own for each number, with all that is asked of each."""
    dice = random.Random(f"smol {number}")
    stories = islice(training_stories(dice.getrandbits(40)), POOL)
    talks = (conversation(story, tasks(story, dice, KINDS)) for story in stories)
    return [chat_example(tokenizer, talk) for talk in talks]


def scores(base: Pretrained, questions: Sequence[tuple[str, Task]]) -> dict:
    """Right answers and their number: letter for letter by kind, and named in any words.

    Args:
        base: model and tokenizer.
        questions: story and task.
    """
    with torch.autocast("cpu", torch.bfloat16, enabled=faster_dtype() == torch.bfloat16):
        exact = exact_match(base.model, base.tokenizer, questions)
    asked = [(story, task) for story, task in questions if task.kind in QUESTIONS]
    prompts = [base.chat_ids(conversation(story, [task])[:1]) for story, task in asked]
    written = [
        base.tokenizer.decode(ids)
        for i in range(0, len(prompts), WRITTEN_TOGETHER)
        for ids in generate(
            base.model, prompts[i : i + WRITTEN_TOGETHER], N_WRITTEN, stop=base.stop_ids
        )
    ]
    named = [names_it(text, task) for text, (_, task) in zip(written, asked, strict=True)]
    return {
        "exact": {kind: [sum(rights), len(rights)] for kind, rights in exact.items()},
        "named": [sum(named), len(named)],
        "written": written[:4],
    }


def table(found: dict[str, dict]) -> str:
    """Before and after side by side, a line a kind."""
    groups = {kind: (kind,) for kind in KINDS} | {"three questions": QUESTIONS, "all": KINDS}
    rows = {}
    for name, kinds in groups.items():
        pairs = [[one["exact"].get(kind, (0, 0)) for kind in kinds] for one in found.values()]
        rows[name] = [[sum(column) for column in zip(*one, strict=True)] for one in pairs]
    rows["named in any words"] = [one["named"] for one in found.values()]
    lines = [f"{'exact match':20}" + "".join(f"{name:>20}" for name in found)]
    for name, values in rows.items():
        if not values[0][1]:
            continue
        shares = (f"{r / n:.0%} ({low:.0%} to {high:.0%})" for r, n in values
                  for low, high in [wilson(r, n)])  # fmt: skip
        lines.append(f"{name:20}" + "".join(f"{share:>20}" for share in shares))
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--out", type=Path, default=Path("runs/smol"), help="folder of the run")
    parser.add_argument("--minutes", type=float, default=10.0, help="of training")
    parser.add_argument("--data", type=Path, help="your own pairs, a line of JSON each")
    parser.add_argument("--model", default=DEFAULT_MODEL, help="to begin with: a name or folder")
    parser.add_argument("--stories", type=int, default=30, help="unseen ones that are asked about")
    parser.add_argument("--resume", action="store_true", help="go on with the run in --out")
    wishes = parser.parse_args(arguments)
    if (wishes.out / "checkpoint").exists() != wishes.resume:
        parser.error(f"{wishes.out} holds {'no run' if wishes.resume else 'a run: --resume'}")
    base = load_pretrained(wishes.model, torch.float32)
    if wishes.data:
        examples = read_examples(wishes.data, base.tokenizer, BATCH_TOKENS)
        questions, pool = [], lambda number: examples
    else:
        questions = unseen_questions(wishes.stories, 3, KINDS)
        pool = partial(story_pool, base.tokenizer)
    tuning = Tuning(base, ChatBatches(pool, BATCH_TOKENS), wishes.out, wishes.minutes)
    if not _run(tuning, questions, wishes.resume):
        sys.exit(INTERRUPTED)


def _run(tuning: Tuning, questions: list[tuple[str, Task]], resume: bool) -> bool:
    """Score, train, write the model and score again; whether it came to its end."""
    file = tuning.folder / "result.json"
    if resume:
        tuning.resume()
        found = json.loads(file.read_text(encoding="utf-8"))
    else:
        tuning.folder.mkdir(parents=True, exist_ok=True)
        found = {"before": _scored(tuning, questions, "before")}
        file.write_text(json.dumps(found) + "\n", encoding="utf-8")
    is_over = tuning.run(_say)
    tuning.write_model()
    if is_over:
        found["after"] = _scored(tuning, questions, "after")
        found |= {"steps": tuning.step, "minutes": round(tuning.seconds / 60, 2)}
        file.write_text(json.dumps(found) + "\n", encoding="utf-8")
        if questions:
            print(table({name: found[name] for name in ("before", "after")}))
    else:
        print("stopped; the same command with --resume goes on from there")
    print(f"Talk to it: llama-edu chat --model {tuning.folder}")
    return is_over


def _scored(tuning: Tuning, questions: list[tuple[str, Task]], when: str) -> dict | None:
    if not questions:
        return None
    _say(f"asking {len(questions)} questions {when} the training")
    return scores(tuning.base, questions)


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
