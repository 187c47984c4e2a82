"""Checkpoints: whole or not at all, whatever happens while one is written."""

import json
import random
from dataclasses import asdict, replace

import numpy as np
import pytest
import torch

from llama_edu.config import PRESETS, LinearRopeScaling, RopeScaling
from llama_edu.model.llama import Llama
from llama_edu.train import checkpoint
from llama_edu.train.chance import random_state, set_random_state
from llama_edu.train.checkpoint import load_model, read_checkpoint, write_checkpoint


def parts(number: float) -> dict:
    return {"model": {"a": torch.full((2, 3), number)}, "optimizer": {"m/a": torch.zeros(3)}}


def test_what_is_written_is_read(tmp_path):
    for step in (3, 7):
        write_checkpoint(tmp_path, {"step": step, "best": None}, **parts(step))
    state, read = read_checkpoint(tmp_path)
    assert state == {"step": 7, "best": None}
    assert read["model"]["a"].tolist() == [[7.0] * 3] * 2
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "model-7.safetensors", "optimizer-7.safetensors", "state.json",
    ]  # fmt: skip


@pytest.mark.parametrize("n_calls", range(3))
def test_who_is_killed_while_writing_leaves_the_one_before(tmp_path, monkeypatch, n_calls):
    """Two tensor files and the state: whichever of the three is the last to be put in place."""
    write_checkpoint(tmp_path, {"step": 3}, **parts(3))
    calls, replace_file = iter(range(n_calls)), checkpoint.os.replace

    def killed(*paths):
        if next(calls, None) is None:
            raise SystemExit
        replace_file(*paths)

    monkeypatch.setattr(checkpoint.os, "replace", killed)
    with pytest.raises(SystemExit):
        write_checkpoint(tmp_path, {"step": 7}, **parts(7))
    monkeypatch.undo()
    state, read = read_checkpoint(tmp_path)
    assert state["step"] == 3 and read["model"]["a"][0, 0] == 3
    write_checkpoint(tmp_path, {"step": 9}, **parts(9))  # sweeps up what was left
    assert len(list(tmp_path.iterdir())) == 3


def test_where_there_is_none_it_says_so(tmp_path):
    with pytest.raises(FileNotFoundError, match="there is no checkpoint in"):
        read_checkpoint(tmp_path)


def test_chance_goes_on_from_its_state():
    def draw():
        return random.random(), random.gauss(), np.random.rand(), torch.rand(()).item()

    random.gauss()  # Python keeps half of a pair for the next call
    state = random_state()
    first = draw()
    assert draw() != first
    set_random_state(state)
    assert draw() == first


@pytest.mark.parametrize("scaling", [None, RopeScaling(factor=4.0), LinearRopeScaling(factor=2.0)])
def test_the_model_of_a_run_is_read_with_its_shape(tmp_path, scaling):
    model = Llama(replace(PRESETS["tiny"], rope_scaling=scaling, tie_embeddings=True))
    (tmp_path / "run.json").write_text(json.dumps({"model": asdict(model.config)}))
    for which, shift in (("last", 0.0), ("best", 1.0)):
        tensors = {
            name: tensor.detach() + shift
            for name, tensor in checkpoint.named_tensors(model).items()
        }
        assert "output.weight" not in tensors  # tied
        write_checkpoint(tmp_path / "checkpoints" / which, {"step": 1}, model=tensors)
    last = load_model(tmp_path, "last")
    assert last.config == model.config
    tokens = torch.randint(512, (2, 9))
    assert torch.equal(last(tokens), model(tokens))
    assert torch.equal(load_model(tmp_path).norm.gain, model.norm.gain + 1)  # the best one


@pytest.mark.parametrize("changes, message", [
    ({"d_model": 32}, r"blocks.0.attention.o_proj.weight is \(64, 64\) there and \(32, 32\) here"),
    ({"n_layers": 1}, r"blocks.1.attention.o_proj.weight is \(64, 64\) there and missing here"),
])  # fmt: skip
def test_another_models_checkpoint_is_named(changes, message):
    theirs = Llama(PRESETS["tiny"]).state_dict()
    with pytest.raises(ValueError, match=message):
        checkpoint.check_fit(Llama(replace(PRESETS["tiny"], **changes)), theirs)
