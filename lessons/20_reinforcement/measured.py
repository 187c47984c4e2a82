"""What lesson 20 shows and does not compute: `python lessons/20_reinforcement/measured.py`.

"opening" shows answers of the lesson's own model, "tiny" trains it in more ways, with three seeds,
"larger" trains a lightly tuned model of lesson 17's recipe. Each part writes its own piece of
measured.json, the longest in about five minutes on one thread; name some of them to do only these.
"""

import json
import random
import sys
import time
from collections import defaultdict
from copy import deepcopy
from dataclasses import replace
from functools import partial
from itertools import pairwise
from pathlib import Path

import torch

from llama_edu.config import ModelConfig
from llama_edu.data.stories import tell_story
from llama_edu.finetune.instruct.examples import chat_example
from llama_edu.finetune.instruct.hints import start_copying
from llama_edu.finetune.instruct.packing import packed_batch
from llama_edu.finetune.instruct.recipe import (
    Recipe,
    run_stage,
    stages,
    world_model,
    world_tokenizer,
)
from llama_edu.finetune.instruct.score import answers_greedily, unseen_questions
from llama_edu.finetune.instruct.world import conversation, tasks, training_stories
from llama_edu.finetune.reinforce.loop import Prompt, Settings, reinforce, sample_answers
from llama_edu.finetune.reinforce.world import chances, is_exact, split
from llama_edu.model.llama import Llama
from llama_edu.train.loss import next_token_loss

HERE = Path(__file__).with_name("measured.json")
KINDS = ("where person", "where thing", "who has", "persons", "places", "count")
N_PROMPTS, N_ANSWERS = 8, 8  # a step
BINS = (0.0, 0.01, 0.1, 0.5, 0.9, 1.01)  # of the chance before


class Test:
    """Questions about stories that were not trained on; chances are computed, not sampled."""

    def __init__(self, examples):
        self.examples = examples

    def __call__(self, model) -> dict:
        self.chances = chance = chances(model, self.examples)
        greedy = answers_greedily(model, self.examples)
        found = {f"pass@{k}": (1 - (1 - chance) ** k).mean().item() for k in (1, 8, 64)}
        return found | {"greedy": sum(greedy) / len(greedy)}


def supervise(model, examples_of, lr, n_steps, after=lambda step, taken: None) -> None:
    """Supervised tuning: the right answers themselves, as many a step as `examples_of` gives."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=lr, betas=(0.9, 0.99), weight_decay=0.0)
    for step in range(1, n_steps + 1):
        total, n = next_token_loss(model, packed_batch([[e] for e in examples_of(step)]))
        optimizer.zero_grad()
        (total / n).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        after(step, None)


class Arms:
    """Trains copies of one model in several ways, and keeps what came of each.

    Args:
        base: the model that all begin with.
        test: of what it should learn.
        examples: (step, how many) -> examples of one answer each.
        settings: of reinforcement.
        n_steps: of every arm.
        seed: of sampled answers.
        every: steps between looks.
    """

    def __init__(self, base, test, examples, settings, n_steps, seed, every):
        self.base, self.test, self.examples = base, test, examples
        self.settings, self.n_steps, self.seed, self.every = settings, n_steps, seed, every
        self.found = {"before": test(base)}
        self.before = test.chances

    def rewarded(self, name, judge, examples=None, **changes) -> None:
        """GRPO, with a judge of answer and right answer."""

        def ask(step) -> list[Prompt]:
            pairs = map(split, (examples or self.examples)(step, N_PROMPTS))
            return [Prompt(ids, partial(judge, wanted=wanted)) for ids, wanted in pairs]

        settings = replace(self.settings, **changes)
        reference = self.base if settings.kl_weight else None
        self._run(name, lambda model, after: reinforce(
            model, ask, settings, self.n_steps, self.seed, reference, after
        ))  # fmt: skip

    def supervised(self, name, n_rows, lr, examples=None) -> None:
        """The right answers to so many questions a step."""
        made = examples or self.examples
        self._run(name, lambda model, after: supervise(
            model, lambda step: made(step, n_rows), lr, self.n_steps, after
        ))  # fmt: skip

    def _run(self, name, train) -> None:
        start = time.process_time()
        model, seen, looks = deepcopy(self.base), [], []

        def after(step, taken):
            seen.append(taken)
            if step % self.every == 0:
                looks.append(self.test(model))

        train(model, after)
        self.model, chance = model, self.test.chances
        self.found[name] = {
            "looks": looks,
            "bins": [
                [int(own.sum()), self.before[own].mean().item(), chance[own].mean().item()]
                for low, high in pairwise(BINS)
                if (own := (self.before >= low) & (self.before < high)).any()
            ],
            "seconds": round(time.process_time() - start),
        }
        if seen[0] is not None:
            for key in ("reward", "mixed", "length"):
                values = [getattr(taken, key) for taken in seen]
                parts = [values[i : i + 20] for i in range(0, len(values), 20)]
                self.found[name][key] = [sum(part) / len(part) for part in parts]
        print(name, self.found[name]["seconds"], looks[-1], flush=True)


def contains(answer: list[int], wanted: list[int]) -> float:
    """A careless judge: the right answer's tokens all stand somewhere in what was said."""
    return float(set(wanted) <= set(answer))


def talk(seed: int) -> list[dict]:
    """As in the lesson: a story of four sentences and one of three questions."""
    told = tell_story(seed, n_events=4)
    first, last = told.events[0], told.events[-1]
    asked, right = random.Random(seed).choice([
        ("Who comes first?", first.who),
        ("Who comes last?", last.who),
        ("Where does it begin?", first.place),
    ])  # fmt: skip
    return [
        {"role": "user", "content": f"{told.text}\n{asked}"},
        {"role": "assistant", "content": right},
    ]


def unheard(seed: int) -> list[dict]:
    """A question whose answer is easy, and was never shown."""
    question = f"{tell_story(seed, n_events=4).text}\nIs it a story?"
    return [{"role": "user", "content": question}, {"role": "assistant", "content": "Yes"}]


def tiny_examples(tokenizer, first: int, n: int, make=talk) -> list:
    return [chat_example(tokenizer, make(seed)) for seed in range(first, first + n)]


def tiny_base(tokenizer, seed: int, n_tuned: int = 100) -> Llama:
    """The lesson's model with other seeds: one layer, tuned until it is right now and then."""
    config = ModelConfig(
        vocab_size=tokenizer.vocab_size, d_model=64, n_layers=1, n_heads=4, n_kv_heads=4,
        d_ff=128, max_seq_len=128, tie_embeddings=True,
    )  # fmt: skip
    torch.manual_seed(seed)
    model = Llama(config)
    start_copying(model)
    supervise(
        model, lambda step: tiny_examples(tokenizer, 16 * step + 10**5 * seed, 16), 3e-3, n_tuned
    )
    return model


def opening() -> list[str]:
    """A story, its question and right answer, and eight sampled ones: about half of them right."""
    tokenizer = world_tokenizer(n_stories=200)
    model = tiny_base(tokenizer, 0)
    examples = tiny_examples(tokenizer, 10**6, 100)
    i = (chances(model, examples) - 0.5).abs().argmin().item()
    settings = Settings(n_answers=8, max_new_tokens=6, end=tokenizer.eos_id)
    dice = torch.Generator().manual_seed(0)
    answers = sample_answers(model, [split(examples[i])[0]], settings, dice)
    asked, right = (turn["content"] for turn in talk(10**6 + i))
    said = [tokenizer.decode([i for i in answer if i != settings.end]) for answer in answers]
    return [*asked.split("\n"), right, *said]


def tiny(n_tuned: int = 100, n_steps: int = 160, seeds=range(3)) -> dict:
    tokenizer = world_tokenizer(n_stories=200)
    settings = Settings(n_answers=N_ANSWERS, max_new_tokens=6, end=tokenizer.eos_id, lr=1e-3)
    examples = partial(tiny_examples, tokenizer)
    result = {}
    for seed in seeds:
        base = tiny_base(tokenizer, seed, n_tuned)
        dice = random.Random(seed)
        new = partial(lambda s, step, n: examples(2 * 10**6 + 10**5 * s + 64 * step, n), seed)
        other = partial(lambda s, step, n: examples(10**5 * s + 64 * step, n, unheard), seed)
        arms = Arms(base, Test(examples(10**6, 400)), new, settings, n_steps, seed, 20)
        arms.rewarded("GRPO", is_exact)
        arms.rewarded("random", lambda answer, wanted, dice=dice: float(dice.random() < 0.5))
        arms.rewarded("length", lambda answer, wanted: len(answer) / settings.max_new_tokens)
        arms.rewarded(
            "length, KL", lambda answer, wanted: len(answer) / settings.max_new_tokens,
            kl_weight=1.0,
        )  # fmt: skip
        unknown = Test(examples(3 * 10**6, 50, unheard))
        found = {"before": unknown(base)["pass@1"]}
        arms.rewarded("unheard", is_exact, other)
        found["rewarded"] = unknown(arms.model)["pass@1"]
        arms.supervised("unheard, tuned", N_PROMPTS, settings.lr, other)
        found["tuned"] = unknown(arms.model)["pass@1"]
        arms.supervised("tuned, same questions", N_PROMPTS, settings.lr)
        arms.supervised("tuned, same tokens", N_PROMPTS * N_ANSWERS, settings.lr)
        result[str(seed)] = arms.found | {"unknown": found}
    return result


def larger(seed: int = 0, n_steps: int = 150, lr: float = 3e-4) -> dict:
    """A model of lesson 17's recipe, stopped after 400 steps of tuning, and trained further."""
    tokenizer = world_tokenizer(n_stories=400)
    recipe = Recipe(n_steps=2400, kinds=KINDS, seed=seed)
    base = world_model(recipe, tokenizer.vocab_size)
    pretraining, tuning = stages(recipe, tokenizer)
    run_stage(base, pretraining)
    run_stage(base, replace(tuning, n_steps=400))

    def questions(step: int, n: int) -> list:
        dice = random.Random(f"{seed} {step}")
        stories, some = training_stories(dice.getrandbits(40)), []
        while len(some) < n:
            story = next(stories)
            task = dice.choice(tasks(story, dice, KINDS))
            some.append(chat_example(tokenizer, conversation(story, [task])))
        return some

    asked = unseen_questions(80, 1, KINDS)
    test = Test([chat_example(tokenizer, conversation(s, [t])) for s, t in asked])
    settings = Settings(n_answers=N_ANSWERS, max_new_tokens=16, end=tokenizer.eos_id, lr=lr)
    arms = Arms(base, test, questions, settings, n_steps, seed, 50)

    def look(name: str) -> None:
        kinds = defaultdict(list)
        for (_, task), chance in zip(asked, test.chances.tolist(), strict=True):
            kinds[task.kind].append(chance)
        arms.found[name]["kinds"] = {kind: sum(own) / len(own) for kind, own in kinds.items()}

    look("before")
    for name, train in {
        "GRPO": lambda name: arms.rewarded(name, is_exact),
        "tuned, same questions": lambda name: arms.supervised(name, N_PROMPTS, lr),
        "tuned, same tokens": lambda name: arms.supervised(name, N_PROMPTS * N_ANSWERS, lr),
        "contains": lambda name: arms.rewarded(name, contains),
    }.items():
        train(name)
        look(name)
    return arms.found


def rounded(value):
    if isinstance(value, float):
        return round(value, 4)
    if isinstance(value, dict):
        return {key: rounded(one) for key, one in value.items()}
    return [rounded(one) for one in value] if isinstance(value, list) else value


PARTS = {"opening": opening, "tiny": tiny, "larger": larger}


def main() -> None:
    torch.set_num_threads(1)
    for name in [name for name in sys.argv[1:] if name in PARTS] or PARTS:
        found = rounded(PARTS[name]())
        known = json.loads(HERE.read_text(encoding="utf-8")) if HERE.exists() else {}
        HERE.write_text(json.dumps(known | {name: found}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
