"""One model of a speedrun: pretrained, tuned, judged; it goes on wherever it was ended."""

import sys
from itertools import islice
from pathlib import Path

from llama_edu.finetune.held_out import write_held_out
from llama_edu.finetune.instruct.packing import ChatBatches
from llama_edu.finetune.instruct.recipe import Recipe, Stage, stages, world_model
from llama_edu.finetune.instruct.score import unseen_questions
from llama_edu.finetune.instruct.world import conversation
from llama_edu.finetune.speedrun.judge import TEST_SEED, held_out_texts, judge
from llama_edu.finetune.speedrun.plan import Plan
from llama_edu.model.llama import Llama
from llama_edu.tokenizer.bpe import BPETokenizer
from llama_edu.train.settings import TrainSettings
from llama_edu.train.trainer import Trainer

N_LOOKS, N_SAVES = 20, 40  # in a stage
N_HELD_OUT_BATCHES = 8


def stage_folder(run: Path, seed: int, stage: str) -> Path:
    """Where the run of a stage lies."""
    return run / f"seed-{seed}" / stage


def stage_trainer(
    folder: Path, model: Llama, stage: Stage, recipe: Recipe, tokenizer: BPETokenizer
) -> Trainer:
    """The trainer of a stage, which does what `run_stage` does and remembers it."""
    settings = TrainSettings(
        n_steps=stage.n_steps, peak_lr=recipe.peak_lr, betas=(0.9, 0.99), precision="fp32",
        eval_every=max(1, stage.n_steps // N_LOOKS), save_every=max(1, stage.n_steps // N_SAVES),
    )  # fmt: skip
    return Trainer(
        folder, model, stage.batches, settings, loss=stage.loss, held_out=held_out(stage),
        tokenizer=tokenizer, schedule=stage.schedule, stage=stage.name,
    )  # fmt: skip


def held_out(stage: Stage) -> list:
    """Batches of the same kind from a pool that no training reaches."""
    pool, n_tokens = stage.batches.pool, stage.batches.n_tokens
    return [*islice(ChatBatches(lambda _: pool(-1), n_tokens), N_HELD_OUT_BATCHES)]


def run_seed(run: Path, seed: int) -> bool:
    """Do what is left to do for a seed.

    Returns:
        Whether it is done; False where somebody ended it.
    """
    plan = Plan.load(run)
    recipe, tokenizer = plan.of_seed(seed), BPETokenizer.load(run / "tokenizer")
    model = world_model(recipe, tokenizer.vocab_size)
    for stage in stages(recipe, tokenizer):
        folder = stage_folder(run, seed, stage.name)
        trainer = stage_trainer(folder, model, stage, recipe, tokenizer)
        if trainer.has_begun:
            trainer.resume()
        print(f"seed {seed}, {stage.name}: from step {trainer.step}", file=sys.stderr)
        if trainer.train().reason != "done":
            return False
        _write_held_out(folder / "data", plan, stage.name)
    print(f"seed {seed}: answering", file=sys.stderr)
    judge(run, seed, plan)
    return True


def _write_held_out(data: Path, plan: Plan, stage: str) -> None:
    """Leave in a run what `llama-edu eval` judges it by, the same as the page."""
    if stage == "pretrain":
        write_held_out(data, [{"text": text} for text in held_out_texts()])
        return
    asked = unseen_questions(plan.n_stories, TEST_SEED, plan.recipe.kinds)
    write_held_out(
        data, [{"kind": t.kind, "messages": conversation(story, [t])} for story, t in asked]
    )
