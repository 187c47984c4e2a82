"""The trainer: its steps are the plain loop's, and a broken run goes on as if it were whole."""

import json
import math
from dataclasses import replace

import pytest
import torch
from torch import nn

from llama_edu.config import ModelConfig
from llama_edu.data.batches import Batches
from llama_edu.model.llama import Llama
from llama_edu.train import checkpoint
from llama_edu.train.journal import read_lines
from llama_edu.train.loss import next_token_loss
from llama_edu.train.schedule import warmup_cosine
from llama_edu.train.settings import TrainSettings
from llama_edu.train.trainer import Trainer

CONFIG = ModelConfig(
    vocab_size=41, d_model=16, n_layers=2, n_heads=4, n_kv_heads=2, d_ff=24, max_seq_len=32,
    tie_embeddings=True,
)  # fmt: skip
SETTINGS = TrainSettings(
    n_steps=9, peak_lr=1e-2, n_warmup=3, precision="fp32", eval_every=4, save_every=5, n_parts=2
)


def make(run, file, settings=SETTINGS, **more) -> Trainer:
    torch.manual_seed(1)
    batches = Batches(file, batch_size=3, n_tokens=8)
    held_out = [Batches(file, 4, 8, seed=5).next()]
    return Trainer(run, Llama(CONFIG), batches, settings, held_out=held_out, is_shown=False, **more)


def test_a_run_is_the_plain_loop(tmp_path, file):
    trainer = make(tmp_path / "run", file)
    outcome = trainer.train()
    torch.manual_seed(1)
    model, batches = Llama(CONFIG), Batches(file, 3, 8)
    matrices = [w for w in model.parameters() if w.ndim > 1]
    gains = [w for w in model.parameters() if w.ndim == 1]
    optimizer = torch.optim.AdamW(
        [{"params": matrices, "weight_decay": 0.1}, {"params": gains, "weight_decay": 0.0}],
        betas=(0.9, 0.95),
    )
    losses, norms = [], []
    for step in range(1, 10):
        for group in optimizer.param_groups:
            group["lr"] = warmup_cosine(step, 1e-2, 3, 9)
        optimizer.zero_grad()
        (a, n), (b, m) = (next_token_loss(model, batches.next()) for _ in range(2))
        loss = (a + b) / (n + m)
        loss.backward()
        norms.append(nn.utils.clip_grad_norm_(model.parameters(), 1.0).item())
        optimizer.step()
        losses.append(loss.item())
    lines = [line for line in read_lines(tmp_path / "run" / "metrics.jsonl") if "loss" in line]
    assert [line["step"] for line in lines] == list(range(1, 10))
    # The gradient is divided before the sum there and after it here: other roundings.
    assert [line["loss"] for line in lines] == pytest.approx(losses, rel=1e-5)
    assert [line["grad_norm"] for line in lines] == pytest.approx(norms, rel=1e-4)
    assert lines[-1]["n_tokens"] == 9 * 2 * 3 * 8
    assert lines[-1]["lr"] == pytest.approx(1e-3)
    for ours, theirs in zip(trainer.model.parameters(), model.parameters(), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-3, atol=1e-5)
    assert (outcome.step, outcome.reason) == (9, "done")
    assert outcome.loss == lines[-1]["loss"]


@pytest.mark.parametrize("optimizer", ["adamw", "lamb"])
def test_a_resumed_run_is_the_unbroken_one(tmp_path, file, optimizer):
    settings = replace(SETTINGS, optimizer=optimizer, save_every=4)
    whole = make(tmp_path / "whole", file, settings)
    whole.train()
    begun = make(tmp_path / "begun", file, settings)

    class Killed(Exception): ...

    def killed_after_six(model, batch):
        if begun.step == 6:
            raise Killed
        return next_token_loss(model, batch)

    begun.loss = killed_after_six
    with pytest.raises(Killed):
        begun.train()
    again = make(tmp_path / "begun", file, settings)
    again.model.reset_parameters()
    again.resume()
    assert again.step == 4
    again.train()
    for a, b in zip(whole.model.parameters(), again.model.parameters(), strict=True):
        assert torch.equal(a, b)
    lines = [read_lines(tmp_path / run / "metrics.jsonl") for run in ("whole", "begun")]
    for a, b in zip(*lines, strict=True):
        a.pop("seconds", None), b.pop("seconds", None)
        assert a == b


def test_the_folder_says_what_the_run_was(tmp_path, file):
    make(tmp_path / "run", file, stage="instruct").train()
    about = json.loads((tmp_path / "run" / "run.json").read_text())
    assert about["stage"] == "instruct"
    assert (about["model"]["d_model"], about["settings"]["peak_lr"]) == (16, 1e-2)
    assert about["data"]["n_windows"] == 43
    assert about["machine"]["torch"] == torch.__version__


def test_the_best_model_is_kept(tmp_path, file):
    trainer = make(tmp_path / "run", file)
    losses = iter([3.0, 2.0, 2.5, 2.25])
    weights = []

    def evaluate():
        weights.append(trainer.model.embedding.weight.detach().clone())
        return next(losses)

    trainer.evaluate = evaluate
    trainer.train()
    best = checkpoint.load_model(tmp_path / "run", "best")
    assert torch.equal(best.embedding.weight, weights[1])
    assert torch.equal(checkpoint.load_model(tmp_path / "run", "last").embedding.weight, weights[3])


def test_a_loss_that_is_not_finite_ends_the_run_and_keeps_the_batch(tmp_path, file):
    trainer = make(tmp_path / "run", file)
    seen = []

    def loss(model, batch):
        seen.append(batch)
        total, n = next_token_loss(model, batch)
        return (total * math.nan if trainer.step == 6 else total), n

    trainer.loss = loss
    with pytest.raises(FloatingPointError, match="step 7: the loss is nan"):
        trainer.train()
    kept = json.loads((tmp_path / "run" / "not_finite-7.json").read_text())
    assert kept["inputs"] == [row for batch in seen[-2:] for row in batch.inputs.tolist()]
    assert all(weight.isfinite().all() for weight in trainer.model.parameters())
    last = read_lines(tmp_path / "run" / "metrics.jsonl")[-1]
    assert last["step"] == 7 and math.isnan(last["loss"])


def test_a_folder_with_a_run_is_not_written_over(tmp_path, file):
    make(tmp_path / "run", file).train()
    with pytest.raises(FileExistsError, match="holds a run"):
        make(tmp_path / "run", file).train()
