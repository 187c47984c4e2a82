"""A run of own text of few steps, which everything here begins with, and a file of pairs."""

import json

import pytest
import torch

from llama_edu.data.stories import tell_story
from llama_edu.finetune.tune import tasks
from llama_edu.train import own_text


@pytest.fixture(scope="session")
def pretrained_run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pretrained")
    text = "\n\n".join(tell_story(seed, n_events=14).text for seed in range(60))
    (folder / "stories.txt").write_text(text, encoding="utf-8")
    wishes = own_text.Wishes(minutes=0.1, n_steps=2, preset="tiny")
    own_text.prepare(folder / "stories.txt", folder / "run", wishes, lambda line: None)
    own_text.train_own_text(folder / "run", is_shown=False)
    return folder / "run"


@pytest.fixture
def pairs(tmp_path):
    path = tmp_path / "my pairs.jsonl"
    lines = [{"prompt": f"Say {i}.", "answer": f"It is {i}."} for i in range(30)]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return path


@pytest.fixture(autouse=True)
def few_stories(monkeypatch):
    monkeypatch.setattr(tasks, "POOL", 8)
    monkeypatch.setattr(tasks, "MAX_HELD_OUT", 20)


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
