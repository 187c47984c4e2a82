"""What lesson 17 shows and does not compute: `python lessons/17_instruction/measured.py`.

Each part writes its own piece of measured.json, in about ten minutes on one thread; name some of
them to do only these. The recipe is that of llama_edu.finetune.instruct.recipe; "SmolLM2" is what
`llama-edu train --stage instruct --from smollm2-135m-instruct --minutes 10` says.
"""

import json
import sys
import tempfile
import time
from itertools import islice
from pathlib import Path

import torch

from llama_edu.finetune.instruct.examples import text_example
from llama_edu.finetune.instruct.packing import packed_batch
from llama_edu.finetune.instruct.recipe import (
    Recipe,
    run_stage,
    stages,
    world_model,
    world_tokenizer,
)
from llama_edu.finetune.instruct.score import exact_match, unseen_questions
from llama_edu.finetune.instruct.world import QUESTIONS, conversation, unseen_stories
from llama_edu.finetune.tune.plan import NAME, Wishes
from llama_edu.finetune.tune.run import prepare, tune
from llama_edu.generate import generate
from llama_edu.pretrained import DEFAULT_MODEL
from llama_edu.tokenizer.chat_template import render_chat
from llama_edu.train.loss import next_token_loss

HERE = Path(__file__).with_name("measured.json")
NO_HELP = {"starts_copying": False, "tells_account": False}


def pooled(scores: dict[str, list[bool]]) -> float:
    rights = [right for kind in QUESTIONS for right in scores.get(kind, [])]
    return sum(rights) / len(rights)


def story_loss(model, tokenizer) -> float:
    """Nats a token of unseen stories, as plain texts."""
    texts = [s.text for s in islice(unseen_stories(7), 100)]
    ids = [[tokenizer.bos_id, *tokenizer.encode(text), tokenizer.eos_id] for text in texts]
    with torch.no_grad():
        total, n = next_token_loss(model, packed_batch([[text_example(i)] for i in ids]))
    return (total / n).item()


def answers(model, tokenizer, questions) -> list[str]:
    """What greedy decoding writes after each question."""
    control = {"bos_token": "<|begin_of_text|>", "eos_token": "<|eot_id|>"}
    prompts = [
        tokenizer.encode(
            render_chat(tokenizer.chat_template, conversation(s, [t])[:1], **control), special=True
        )
        for s, t in questions
    ]
    written = generate(model, prompts, 24, stop=tokenizer.stop_ids)
    return [tokenizer.decode(ids) for ids in written]


def whole_run(recipe: Recipe) -> dict:
    """Train, look every 400 steps, and test at the end."""
    tokenizer = world_tokenizer(recipe.knows_words)
    model = world_model(recipe, tokenizer.vocab_size)
    few, many = (unseen_questions(n, seed, recipe.kinds) for n, seed in ((60, 1), (400, 2)))
    shown = [next(q for q in few if q[1].kind == kind) for kind in recipe.kinds]
    result = {"steps": [], "pooled": [], "kinds": {kind: [] for kind in recipe.kinds}}
    n_steps, start = 0, time.process_time()

    def look(_step: int) -> None:
        nonlocal n_steps
        n_steps += 1
        if n_steps % 400 == 0:
            scores = exact_match(model, tokenizer, few)
            result["steps"].append(n_steps)
            result["pooled"].append(round(pooled(scores), 3))
            for kind, values in result["kinds"].items():
                rights = scores[kind]
                values.append(round(sum(rights) / len(rights), 3))
            print(n_steps, round(time.process_time() - start), result["pooled"][-1], flush=True)

    for stage in stages(recipe, tokenizer):
        run_stage(model, stage, look)
        result[stage.name] = {
            "story_loss": round(story_loss(model, tokenizer), 3),
            "answers": answers(model, tokenizer, shown),
        }
    result["seconds"] = round(time.process_time() - start)
    result["shown"] = [(s.text, t.question, t.answer) for s, t in shown]
    scores = exact_match(model, tokenizer, many)
    result["final"] = {kind: [sum(r), len(r)] for kind, r in scores.items()}
    new = exact_match(model, tokenizer, [(s, t) for s, t in many if t.is_new])
    result["new"] = [sum(map(sum, new.values())), sum(map(len, new.values()))]
    lengths: dict[int, list[bool]] = {}
    for n in sorted({len(s.events) for s, _ in many}):
        part = [(s, t) for s, t in many if len(s.events) == n and t.kind in QUESTIONS]
        lengths[n] = [right for r in exact_match(model, tokenizer, part).values() for right in r]
    result["by_length"] = {n: [sum(r), len(r)] for n, r in lengths.items()}
    return result


def smol_run() -> dict:
    run = Path(tempfile.gettempdir()) / "llama_edu_17"  # a run that was ended goes on
    if not (run / NAME).exists():
        prepare(run, Wishes(stage="instruct", start=DEFAULT_MODEL, minutes=10.0))
    outcome, before, found = tune(run)
    result = {"steps": outcome.step}
    for name, scores in (("before", before), ("after", found.scores)):
        result[name] = {kind: [round(s.n * s.mean), s.n] for kind, s in scores.items()}
    return result


PARTS = {
    "whole": lambda: whole_run(Recipe()),
    # Half as long is enough to see that it stays where it is.
    "plain": lambda: whole_run(Recipe(n_steps=3200, **NO_HELP)),
    # As long a pretraining as the whole run's, and a short tuning that no story's token counts in.
    "answers only": lambda: whole_run(Recipe(n_steps=2400, pretraining=2 / 3, other=0.0)),
    "SmolLM2": smol_run,
}


def main() -> None:
    torch.set_num_threads(1)
    for name in [name for name in sys.argv[1:] if name in PARTS] or PARTS:
        found = PARTS[name]()
        known = json.loads(HERE.read_text(encoding="utf-8")) if HERE.exists() else {}
        HERE.write_text(json.dumps(known | {name: found}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
