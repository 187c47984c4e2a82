"""Several processes: the run of one, shared out; checkpoints that any number can go on from."""

from itertools import pairwise

import pytest
import torch

from llama_edu.config import PRESETS
from llama_edu.data.batches import Batches
from llama_edu.model.llama import Llama
from llama_edu.train.checkpoint import load_model
from llama_edu.train.journal import read_lines
from llama_edu.train.processes import Processes, joined
from llama_edu.train.settings import TrainSettings
from llama_edu.train.trainer import Trainer


def assert_same_curve(one, other) -> None:
    """To 1e-4, as far as the order of sums may carry it in 20 steps; it is 1e-6 here."""
    curves = [{}, {}]
    for curve, run in zip(curves, (one, other), strict=True):
        for line in read_lines(run / "metrics.jsonl"):
            curve.setdefault(line["step"], {}).update(line)
    assert list(curves[0]) == list(curves[1]) == list(range(21))
    for step, a in curves[0].items():
        b = curves[1][step]
        assert a["n_tokens"] == b["n_tokens"]
        for name in a.keys() & {"loss", "held_out_loss", "grad_norm"}:
            assert a[name] == pytest.approx(b[name], abs=1e-4)


@pytest.mark.parametrize("engine", ["ddp", pytest.param("fsdp", marks=pytest.mark.slow)])
def test_two_processes_train_as_one(tmp_path, finish, engine):
    """Targets count in unequal numbers in every row, so a mean of means would be another run."""
    finish("one")
    finish("two", "--engine", engine, n=2)
    assert_same_curve(tmp_path / "one", tmp_path / "two")
    a, b = (load_model(tmp_path / run, "best").state_dict() for run in ("one", "two"))
    for name in a:
        torch.testing.assert_close(a[name], b[name], rtol=1e-3, atol=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize("optimizer", ["adamw", "lamb"])
def test_each_kind_goes_on_from_the_others_checkpoint(tmp_path, finish, optimizer):
    """One process, then DDP, then FSDP, then one again, six steps each."""
    kinds = [{}, {"engine": "ddp"}, {"engine": "fsdp"}, {}]
    for i, kind in enumerate(kinds, start=1):
        engine = ("--engine", kind["engine"]) if kind else ()
        finish("mixed", "--stop-at", 6 * i, "--optimizer", optimizer, *engine, n=1 + bool(kind))
    finish("one", "--optimizer", optimizer)
    assert_same_curve(tmp_path / "one", tmp_path / "mixed")


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["ddp", "fsdp"])
def test_a_killed_worker_is_started_again_and_the_run_goes_on(tmp_path, finish, engine):
    finish("whole", "--engine", engine, "--loss", "noisy", n=2)
    finish("broken", "--engine", engine, "--loss", "noisy", "--die-at", 8, n=2, restarts=1)
    assert (tmp_path / "broken" / "died").exists()
    a, b = (load_model(tmp_path / run, "last").state_dict() for run in ("whole", "broken"))
    assert all(torch.equal(a[name], b[name]) for name in a)
    steps = [line["step"] for line in read_lines(tmp_path / "broken" / "metrics.jsonl")]
    assert all(b - a in (0, 1) for a, b in pairwise(steps)) and steps[-1] == 20


def test_alone_is_a_process_too():
    with joined() as processes:
        assert (processes.rank, processes.n_ranks, processes.is_first) == (0, 1, True)
        assert processes.collect("a") == ["a"]


def test_an_unknown_engine_is_named():
    with pytest.raises(ValueError, match="engine must be 'ddp' or 'fsdp', got 'dp'"), joined("dp"):
        pass


@pytest.mark.parametrize("n", [1, 2, 3, 7])
@pytest.mark.parametrize("n_ranks", [1, 2, 3])
def test_every_held_out_batch_counts_once(n, n_ranks):
    shares = [list(Processes(rank, n_ranks).own(range(n))) for rank in range(n_ranks)]
    assert len({len(share) for share in shares}) == 1  # FSDP waits for all of them
    assert sorted(i for share in shares for i, counts in share if counts) == list(range(n))


def test_batches_that_are_not_shared_out_are_noticed(tmp_path, file):
    batches = Batches(file, 4, 8, rank=1, n_ranks=2)
    with pytest.raises(ValueError, match="shared among 2 processes, the run has 1"):
        Trainer(tmp_path / "run", Llama(PRESETS["tiny"]), batches, TrainSettings(n_steps=1))
