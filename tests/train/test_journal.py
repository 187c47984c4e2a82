"""The journal: lines that a killed run leaves readable, and a resumed one does not write twice."""

import json
import types

import pytest
import torch

from llama_edu.data.batches import Batch
from llama_edu.train import journal
from llama_edu.train.journal import Journal, read_lines


def test_a_resumed_run_takes_out_what_will_come_again(tmp_path):
    notes = Journal(tmp_path)
    notes.open(0, stage="pretrain")
    for step in range(1, 6):
        notes.metrics(step, loss=1 / step)
        notes.sample(step, "Once", f" upon {step}")
    with (tmp_path / "metrics.jsonl").open("a") as file:
        file.write('{"step": 6, "lo')  # killed here
    Journal(tmp_path).open(3, stage="pretrain")
    assert [line["step"] for line in read_lines(tmp_path / "metrics.jsonl")] == [1, 2, 3]
    assert read_lines(tmp_path / "samples.jsonl")[-1] == {
        "step": 3, "prompt": "Once", "text": " upon 3",
    }  # fmt: skip
    Journal(tmp_path).open(0, stage="pretrain")  # begun anew
    assert read_lines(tmp_path / "metrics.jsonl") == []


def test_numbers_are_read_to_the_last_digit(tmp_path):
    notes = Journal(tmp_path)
    notes.open(0)
    notes.metrics(1, loss=0.1 + 0.2, grad_norm=float("inf"))
    assert read_lines(tmp_path / "metrics.jsonl") == [
        {"step": 1, "loss": 0.1 + 0.2, "grad_norm": float("inf")}
    ]


def test_it_says_on_what_the_run_ran(tmp_path):
    notes = Journal(tmp_path / "run")
    assert not notes.exists
    notes.open(0, stage="instruct", settings={"n_steps": 3})
    assert notes.exists
    about = json.loads((tmp_path / "run" / "run.json").read_text(encoding="utf-8"))
    assert (about["stage"], about["settings"]) == ("instruct", {"n_steps": 3})
    assert about["machine"]["torch"] == torch.__version__


def test_only_the_first_process_writes(tmp_path):
    notes = Journal(tmp_path / "run", writes=False)
    notes.open(0)
    notes.metrics(1, loss=1.0)
    notes.sample(1, "a", "b")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("rank, name", [(0, "not_finite-4.json"), (1, "not_finite-4-1.json")])
def test_a_kept_batch_can_be_read_by_a_person(tmp_path, rank, name):
    tokenizer = types.SimpleNamespace(decode=lambda ids: "".join(chr(97 + i) for i in ids))
    parts = [Batch(torch.tensor([[0, 1, 2]])), Batch(torch.tensor([[3, 4, 5]]))]
    path = Journal(tmp_path, writes=not rank).keep(4, rank, parts, tokenizer, loss=float("nan"))
    kept = json.loads(path.read_text(encoding="utf-8"))
    assert path.name == name and kept["step"] == 4
    assert kept["inputs"] == [[0, 1], [3, 4]] and kept["targets"] == [[1, 2], [4, 5]]
    assert kept["texts"] == ["ab", "de"]


def test_tensorboard_is_told_the_same(tmp_path, monkeypatch):
    said = []

    class Writer:
        def __init__(self, folder, purge_step):
            said.append((folder, purge_step))

        def add_scalar(self, *what):
            said.append(what)

        def add_text(self, *what):
            said.append(what)

        def close(self):
            said.append("closed")

    fake = types.SimpleNamespace(SummaryWriter=Writer)
    monkeypatch.setitem(__import__("sys").modules, "torch.utils.tensorboard", fake)
    monkeypatch.setattr(journal.importlib.util, "find_spec", lambda name: name)
    notes = Journal(tmp_path)
    notes.open(2)
    notes.metrics(3, loss=1.5)
    notes.sample(3, "Once", " upon")
    notes.close()
    assert said == [
        (tmp_path / "tensorboard", 3), ("loss", 1.5, 3), ("Once", " upon", 3), "closed",
    ]  # fmt: skip
