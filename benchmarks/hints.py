"""What each hint of the story world is worth: `python -m benchmarks.hints [--steps N] [--seeds N]`.

Some eight minutes an arm and seed on one thread. Each is written into hints.json of the speedrun,
whose page shows it, as soon as it is done; what is there already is not done again. A speedrun is
the arm with all three hints: `--speedrun RUN` takes its scores over.
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
from llama_edu.finetune.speedrun.plan import RECIPE, Plan

N_STORIES = 200
COLUMNS = ["three questions", *QUESTIONS]
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
    known = _known(path)
    for name in arms:
        found = known["arms"].get(name, {})
        if found.get("n_steps") != n_steps:
            found = {"n_steps": n_steps} | {column: [] for column in COLUMNS}
            known["arms"][name] = found
        for seed in range(len(found[COLUMNS[0]]), n_seeds):
            scores = score(replace(RECIPE, n_steps=n_steps, seed=seed, **ARMS[name]))
            for column in COLUMNS:
                found[column].append(round(scores[column], 3))
            print(name, seed, scores, flush=True)
            _write(path, known)


def of_speedrun(path: Path, run: Path) -> None:
    """Take over a finished speedrun, which is the arm with all three hints."""
    known = _known(path)
    scores = json.loads((run / "report.json").read_text(encoding="utf-8"))["scores"]
    known["arms"]["all three hints"] = {"n_steps": Plan.load(run).recipe.n_steps} | {
        column: [round(score, 3) for score in scores[column]] for column in COLUMNS
    }
    _write(path, known)


def _known(path: Path) -> dict:
    if path.exists():
        return json.loads(path.read_text(encoding="utf-8"))
    return {"columns": COLUMNS, "arms": {}}


def _write(path: Path, known: dict) -> None:
    path.write_text(json.dumps(known, indent=1) + "\n", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=RECIPE.n_steps)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--arms", nargs="*", default=list(ARMS), choices=list(ARMS))
    parser.add_argument("--speedrun", type=Path, help="only take over the scores of this run")
    wishes = parser.parse_args()
    if wishes.speedrun:
        of_speedrun(HINTS, wishes.speedrun)
        return
    torch.set_num_threads(1)
    measure(HINTS, wishes.steps, wishes.seeds, wishes.arms)


if __name__ == "__main__":
    main()
