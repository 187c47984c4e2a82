"""The trainer beside other loops: a step of each, optimizers, and what packing saves."""

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from itertools import cycle
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional as F

from benchmarks import loops, packing
from benchmarks.loops import LR, MAX_GRAD_NORM, Pause
from benchmarks.nano_gpt import NanoGPT
from benchmarks.race import Contender, race
from benchmarks.report import Table
from benchmarks.train import DTYPES
from benchmarks.workload import Workload, training_batches
from llama_edu.data.batches import Batch, Batches, write_tokens
from llama_edu.model.llama import Llama
from llama_edu.train.loss import next_token_loss
from llama_edu.train.optim import AdamW, Lamb
from llama_edu.weights import load_hf, save_hf

OURS, BARE = "llama_edu, trainer", "llama_edu, bare step"
TRANSFORMERS, NANO = "transformers, Trainer", "nanoGPT-shaped loop"


def tables(workload: Workload, progress: Callable[[str], None] = print) -> Iterator[Table]:
    """Steps of whole loops in fp32 and bf16, then optimizers, then packing."""
    with tempfile.TemporaryDirectory() as folder:
        torch.manual_seed(0)
        save_hf(Llama(workload.config), folder)
        for precision in DTYPES:
            yield _loops(workload, Path(folder), precision, progress)
    yield _optimizers(workload, progress)
    yield packing.table(workload, progress)


def _loops(workload: Workload, folder: Path, precision: str, progress) -> Table:
    who = [
        loops.contender(name, precision, partial(loop, folder, precision, workload))
        for name, loop in LOOPS.items()
    ]
    found = race(who, workload.rounds, progress=progress)
    n_tokens = workload.batch_size * workload.n_tokens
    for row in found.rows:
        row.columns["tokens/s"] = f"{n_tokens / row.median:,.0f}"
    return Table(
        key=f"trainer {precision}",
        title=f"A step of a whole training loop, {precision}",
        unit="s",
        baseline=(TRANSFORMERS, precision),
        rows=found.rows,
        absent=found.absent,
        notes=[
            f"{workload.batch_size} texts of {workload.n_tokens} tokens, gradients clipped at "
            f"{MAX_GRAD_NORM}, the loss of each step written down where the loop does so, no "
            "checkpoints, nothing compiled. From one call of the loss to the next: the loops are "
            "run as they are, in threads that take turns. The bare step is ours without a loop: "
            "loss, gradient, clipping, optimizer, on batches that lie ready."
        ],
    )


def our_trainer(folder: Path, precision: str, workload: Workload, pause: Pause) -> None:
    """Our trainer, on a file of tokens."""
    texts = [
        row.tolist()
        for inputs, targets in training_batches(workload)
        for row in torch.cat((inputs, targets[:, -1:]), dim=1)
    ]
    with tempfile.TemporaryDirectory() as data:
        file = write_tokens(Path(data) / "train.tokens", texts, workload.config.vocab_size)
        batches = Batches(file, workload.batch_size, workload.n_tokens, keeps_apart=False)
        loops.run_ours(folder, precision, batches, pause)


def bare_step(folder: Path, precision: str, workload: Workload, pause: Pause) -> None:
    """What no loop can leave out."""
    model, dtype = load_hf(folder), DTYPES[precision]
    optimizer = AdamW(model.parameters(), lr=LR)
    ready = [
        Batch(torch.cat((inputs, targets[:, -1:]), dim=1))
        for inputs, targets in training_batches(workload)
    ]
    for batch in cycle(ready):
        pause()
        total, n = next_token_loss(model, batch, dtype)
        (total / n).backward()
        nn.utils.clip_grad_norm_(model.parameters(), MAX_GRAD_NORM)
        optimizer.step()
        optimizer.zero_grad()


def transformers_trainer(folder: Path, precision: str, workload: Workload, pause: Pause) -> None:
    """transformers' Trainer, on the same tokens."""
    rows = [row for inputs, _ in training_batches(workload) for row in inputs]
    examples = [{"input_ids": row, "labels": row} for row in rows]
    loops.run_theirs(folder, precision, workload.batch_size, examples, pause)


def nano_loop(folder: Path, precision: str, workload: Workload, pause: Pause) -> None:
    """A loop of the kind of nanoGPT's train.py, round a model of its shape."""
    torch.manual_seed(0)
    model = NanoGPT(replace(workload.config, max_seq_len=workload.n_tokens))
    optimizer = torch.optim.AdamW(model.parameters(), lr=LR, fused=True)
    for inputs, targets in cycle(training_batches(workload)):
        pause()
        with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bf16"):
            logits = model(inputs)
            loss = F.cross_entropy(logits.flatten(0, 1).float(), targets.flatten())
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), MAX_GRAD_NORM)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        loss.item()


LOOPS: dict[str, Callable[[Path, str, Workload, Pause], None]] = {
    OURS: our_trainer, BARE: bare_step, TRANSFORMERS: transformers_trainer, NANO: nano_loop,
}  # fmt: skip


def _optimizers(workload: Workload, progress) -> Table:
    """One step of each on the same weights and gradients; rows are compared by their method."""
    found = race(
        [
            _optimizer("llama_edu", "AdamW", AdamW, workload, side="ours"),
            _optimizer("torch, fused", "AdamW", partial(torch.optim.AdamW, fused=True), workload),
            _optimizer(
                "torch, foreach", "AdamW", partial(torch.optim.AdamW, foreach=True), workload
            ),
            _optimizer("torch, loop", "AdamW", partial(torch.optim.AdamW, foreach=False), workload),
            _optimizer("llama_edu", "LAMB", Lamb, workload, side="ours"),
        ],
        workload.rounds,
        progress=progress,
    )
    return Table(
        "optimizers", "An optimizer's step, fp32", "s", ("torch, fused", "AdamW"), found.rows,
        found.absent, kind="method",
        notes=[f"{workload.config.n_params:,} weights in "
               f"{sum(1 for _ in Llama(workload.config).parameters())} tensors."],
    )  # fmt: skip


def _optimizer(name: str, method: str, kind, workload: Workload, side="peer") -> Contender:
    def make() -> Callable[[], None]:
        model = Llama(workload.config)
        for weight in model.parameters():
            weight.grad = torch.randn_like(weight)
        return kind(model.parameters(), lr=1e-6).step

    return Contender(name, method, make, side=side)
