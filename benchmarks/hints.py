"""What each hint of the story world is worth: `python -m benchmarks.hints [--steps N] [--seeds N]`.

Some eight minutes an arm and seed on one thread. Each is written into hints.json of the speedrun,
whose page shows it, as soon as it is done; what is there already is not done again.
"""

import argparse
import json
from dataclasses import replace
from pathlib import Path

import torch

from llama_edu.finetune.instruct.recipe import (
    Recipe,
    run_stage,
    stages,
    world_model,
    world_tokenizer,
)
from llama_edu.finetune.instruct.score import exact_match, unseen_questions
from llama_edu.finetune.instruct.world import QUESTIONS
from llama_edu.finetune.speedrun.judge import TEST_SEED
from llama_edu.finetune.speedrun.page import HINTS
from llama_edu.finetune.speedrun.plan import RECIPE

N_STORIES = 200
MEASURED = Path(__file__).parents[1] / "lessons" / "17_instruction" / "measured.json"
ARMS = {
    "all three hints": {},
    "nothing by hand": {
        "tells_account": False, "starts_copying": False, "knows_words": False,
    },
    "without the account": {"tells_account": False},
    "without the start": {"starts_copying": False},
    "the tokenizer alone": {"tells_account": False, "starts_copying": False},
}  # fmt: skip


def score(recipe: Recipe) -> dict[str, float]:
    """Train once by a recipe; the share of right answers to questions of unseen worlds."""
    tokenizer = world_tokenizer(recipe.knows_words)
    model = world_model(recipe, tokenizer.vocab_size)
    for stage in stages(recipe, tokenizer):
        run_stage(model, stage)
    asked = unseen_questions(N_STORIES, TEST_SEED, QUESTIONS)
    found = exact_match(model.eval(), tokenizer, asked)
    shares = {kind: sum(found[kind]) / len(found[kind]) for kind in QUESTIONS}
    rights = [right for kind in QUESTIONS for right in found[kind]]
    return {"three questions": sum(rights) / len(rights), **shares}


def measure(path: Path, n_steps: int, n_seeds: int, arms: list[str]) -> None:
    """Fill in what is missing, an arm and a seed at a time."""
    columns = ["three questions", *QUESTIONS]
    known = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    known = known or {"columns": columns, "arms": {}}
    for name in arms:
        found = known["arms"].get(name, {})
        if found.get("n_steps") != n_steps:
            found = {"n_steps": n_steps} | {column: [] for column in columns}
            known["arms"][name] = found
        for seed in range(len(found[columns[0]]), n_seeds):
            scores = score(replace(RECIPE, n_steps=n_steps, seed=seed, **ARMS[name]))
            for column in columns:
                found[column].append(round(scores[column], 3))
            print(name, seed, scores, flush=True)
            path.write_text(json.dumps(known, indent=1) + "\n", encoding="utf-8")


def of_lesson(path: Path, measured: dict) -> None:
    """Add what lesson 17 has measured, on other stories and a little other recipe."""
    known = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {"arms": {}}
    known["columns"] = ["three questions", *QUESTIONS]
    for name, part in (("all three hints", "whole"), ("the tokenizer alone", "plain")):
        counts = {kind: measured[part]["final"][kind] for kind in QUESTIONS}
        pooled = [sum(count[i] for count in counts.values()) for i in (0, 1)]
        known["arms"][f"lesson 17: {name}"] = {"n_steps": measured[part]["steps"][-1]} | {
            column: [round(right / n, 3)]
            for column, (right, n) in {"three questions": pooled, **counts}.items()
        }
    path.write_text(json.dumps(known, indent=1) + "\n", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=RECIPE.n_steps)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--arms", nargs="*", default=list(ARMS), choices=list(ARMS))
    parser.add_argument("--lesson", action="store_true", help="only take over lesson 17's numbers")
    wishes = parser.parse_args()
    if wishes.lesson:
        of_lesson(HINTS, json.loads(MEASURED.read_text(encoding="utf-8")))
        return
    torch.set_num_threads(1)
    measure(HINTS, wishes.steps, wishes.seeds, wishes.arms)


if __name__ == "__main__":
    main()
