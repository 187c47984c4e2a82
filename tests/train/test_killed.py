"""Runs in processes of their own, killed, interrupted and gone on with."""

import random
import signal
import time

import pytest
import torch

from llama_edu.train.checkpoint import load_model
from llama_edu.train.journal import read_lines


def without_times(path) -> list[dict]:
    return [{k: v for k, v in line.items() if k != "seconds"} for line in read_lines(path)]


def assert_same_run(one, other) -> None:
    """Weights to the last bit, and every number that was written."""
    a, b = (load_model(run, "last").state_dict() for run in (one, other))
    assert all(torch.equal(a[name], b[name]) for name in a)
    assert without_times(one / "metrics.jsonl") == without_times(other / "metrics.jsonl")


def wait_for_step(run, step: int) -> None:
    path, ends = run / "metrics.jsonl", time.monotonic() + 120
    while not (path.exists() and any(line["step"] >= step for line in read_lines(path))):
        assert time.monotonic() < ends, f"step {step} never came"
        time.sleep(0.01)


def kill_thrice(tmp_path, start, finish, optimizer: str, seed: int, n_kills: int) -> None:
    options = ("--loss", "noisy", "--optimizer", optimizer)
    finish("whole", *options)
    dice = random.Random(seed)
    for step in sorted(dice.sample(range(1, 20), n_kills)):
        process = start("broken", *options, "--slow", 0.02)
        wait_for_step(tmp_path / "broken", step)
        time.sleep(dice.random() / 20)  # also while something is being written
        process.kill()
        process.communicate()
    finish("broken", *options)
    assert_same_run(tmp_path / "whole", tmp_path / "broken")


def test_a_run_killed_at_any_moment_goes_on_as_if_it_had_not_been(tmp_path, start, finish):
    kill_thrice(tmp_path, start, finish, "adamw", seed=0, n_kills=1)


@pytest.mark.slow
@pytest.mark.parametrize("optimizer, seed", [("adamw", 1), ("adamw", 2), ("lamb", 3)])
def test_three_kills_at_random_steps_leave_no_trace(tmp_path, start, finish, optimizer, seed):
    kill_thrice(tmp_path, start, finish, optimizer, seed, n_kills=3)


@pytest.mark.slow
def test_ctrl_c_leaves_a_run_that_goes_on(tmp_path, start, finish):
    process = start("begun", "--slow", 0.05)
    wait_for_step(tmp_path / "begun", 5)
    process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 0 and said.startswith("interrupted"), said
    finish("begun")
    finish("whole")
    a, b = (load_model(tmp_path / run, "last").state_dict() for run in ("whole", "begun"))
    assert all(torch.equal(a[name], b[name]) for name in a)
