"""A speedrun of a few steps, whose tokenizer is learned from few stories."""

import pytest
import torch

from llama_edu.finetune.instruct import recipe
from llama_edu.finetune.instruct.recipe import Recipe, world_tokenizer
from llama_edu.finetune.speedrun import judge, seed
from llama_edu.finetune.speedrun.plan import Plan
from llama_edu.finetune.speedrun.race import prepare


@pytest.fixture(scope="session")
def world():
    return world_tokenizer(n_stories=120)


@pytest.fixture
def plan():
    return Plan(recipe=Recipe(n_steps=8), n_seeds=2, n_stories=3, n_texts=40)


@pytest.fixture
def begun(tmp_path, plan, world, monkeypatch):
    """A folder with plan and tokenizer."""
    monkeypatch.setattr(recipe, "POOL", 24)
    monkeypatch.setattr(seed, "N_HELD_OUT_BATCHES", 1)
    monkeypatch.setattr(judge, "N_HELD_OUT", 10)
    monkeypatch.setattr("llama_edu.finetune.speedrun.race.world_tokenizer", lambda knows: world)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    prepare(tmp_path / "run", plan, lambda line: None)
    yield tmp_path / "run"
    torch.set_num_threads(threads)
