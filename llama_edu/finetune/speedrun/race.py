"""All seeds side by side, each in a process with one thread; then the page."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from llama_edu.finetune.instruct.recipe import world_tokenizer
from llama_edu.finetune.speedrun.judge import baseline_bits, texts_of_baselines
from llama_edu.finetune.speedrun.page import write_page
from llama_edu.finetune.speedrun.plan import NAME, Plan
from llama_edu.writing import write_whole

SECONDS_BETWEEN_LINES = 20.0
CALLS = "calls.jsonl"
INTERRUPTED = 130
Say = Callable[[str], None]


def prepare(run: Path, plan: Plan, say: Say = print) -> Plan:
    """Write the plan and learn the tokenizer; a folder that was begun keeps its own plan.

    Returns:
        The plan that the folder has.

    Raises:
        FileExistsError: if the folder holds something else.
        ValueError: if it was begun with another plan.
    """
    if (run / NAME).exists():
        if Plan.load(run) != plan:
            raise ValueError(
                f"{run} was begun with other settings, see {run / NAME}: give the same, or "
                "another --out"
            )
        say(f"going on in {run}")
    elif run.exists() and (not run.is_dir() or any(run.iterdir())):
        raise FileExistsError(f"--out {run} is in use: choose another")
    else:
        run.mkdir(parents=True, exist_ok=True)
        plan.save(run)
    if not (run / "tokenizer" / "tokenizer.json").exists():
        say("text: the story world, told anew at every step; tokenizer: learning 700 tokens")
        world_tokenizer(plan.recipe.knows_words).save(run / "tokenizer")
    return plan


def run_seeds(run: Path, plan: Plan, say: Say = print) -> dict | None:
    """Train and judge what is not done yet, and write the page.

    Returns:
        The numbers of the page; None where somebody ended it.

    Raises:
        RuntimeError: if a seed fails; the end of its log says why.
    """
    started = time.time()
    left = [s for s in range(plan.n_seeds) if not (run / f"seed-{s}" / "scores.json").exists()]
    running = {seed: _start(run, seed) for seed in left}
    try:
        if not (run / "baselines.json").exists():
            _write_baselines(run, plan)
        is_done = _wait(run, running, say)
    finally:
        for process in running.values():
            process.stdin.close()  # whoever still runs ends after its step, with a checkpoint
        for process in running.values():
            process.wait()
        with (run / CALLS).open("a", encoding="utf-8") as file:
            call = {"seconds": time.time() - started, "n_cores": os.cpu_count()}
            file.write(json.dumps(call) + "\n")
    return write_page(run) if is_done else None


def _start(run: Path, seed: int) -> subprocess.Popen:
    folder = run / f"seed-{seed}"
    folder.mkdir(exist_ok=True)
    command = [sys.executable, "-m", "llama_edu.finetune.speedrun", str(run), str(seed)]
    with (folder / "log.txt").open("a", encoding="utf-8") as log:
        return subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=log, stderr=log,
            env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONIOENCODING": "utf-8"},
        )  # fmt: skip


def _wait(run: Path, running: dict[int, subprocess.Popen], say: Say) -> bool:
    """Say now and then where the seeds stand, until all have ended; whether all are done."""
    next_line, is_over = time.monotonic(), False
    try:
        while not is_over:
            codes = {seed: process.poll() for seed, process in running.items()}
            for seed, code in codes.items():
                if code not in (None, 0, INTERRUPTED):
                    log = _log(run, seed)[-2000:]
                    raise RuntimeError(f"seed {seed} failed, the others are ended:\n{log}")
            is_over = None not in codes.values()
            if time.monotonic() >= next_line:
                for seed in running:
                    say(_standing(run, seed))
                next_line = time.monotonic() + SECONDS_BETWEEN_LINES
            time.sleep(0.2)
    except KeyboardInterrupt:  # the seeds were told too, and end after their steps
        return False
    return all(code == 0 for code in codes.values())


def _log(run: Path, seed: int) -> str:
    return (run / f"seed-{seed}" / "log.txt").read_text(encoding="utf-8")


def _standing(run: Path, seed: int) -> str:
    """Its stage, and the last line of it."""
    lines = _log(run, seed).splitlines()
    stage = next((line for line in reversed(lines) if line.startswith("seed ")), f"seed {seed}")
    return stage if not lines or lines[-1] == stage else f"{stage.split(':')[0]}: {lines[-1]}"


def _write_baselines(run: Path, plan: Plan) -> None:
    values = {"bits_per_byte": baseline_bits(plan), "n_bytes": len(texts_of_baselines(plan)[0])}
    write_whole(run / "baselines.json", json.dumps(values, indent=2) + "\n")
