"""The trainer beside other loops: a step of each, optimizers, and what packing saves."""

import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import cycle
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from benchmarks import peers
from benchmarks.nano_gpt import NanoGPT
from benchmarks.race import Contender, Row, race
from benchmarks.report import Table
from benchmarks.train import DTYPES
from benchmarks.workload import Workload, training_batches
from llama_edu.data.batches import Batch, Batches, write_tokens
from llama_edu.data.stories import tell_story
from llama_edu.model.llama import Llama
from llama_edu.train.loss import next_token_loss
from llama_edu.train.optim import AdamW, Lamb
from llama_edu.train.settings import TrainSettings
from llama_edu.train.trainer import Trainer
from llama_edu.weights import load_hf, save_hf

OURS, BARE = "llama_edu, trainer", "llama_edu, bare step"
TRANSFORMERS, NANO = "transformers, Trainer", "nanoGPT-shaped loop"
ENDLESS = 1_000_000  # steps, so that no run comes to its end, its checkpoint or its evaluation
LR, MAX_GRAD_NORM = 1e-3, 1.0

Pause = Callable[[], None]


class Stepwise:
    """A loop that knows nothing of being measured, one step a call.

    It runs in a thread of its own and is stopped at each call of its loss: from there to the next
    one is a whole step, with all that the loop does between two of them.

    Args:
        loop: given the function to call where it shall stop; brought to its first stop at once.
    """

    def __init__(self, loop: Callable[[Pause], None]):
        self._go, self._came = threading.Semaphore(0), threading.Semaphore(0)
        self._loop, self._error = loop, None
        self._n_threads = torch.get_num_threads()
        threading.Thread(target=self._run, daemon=True).start()
        self._wait()

    def __call__(self) -> None:
        self._go.release()
        self._wait()

    def _run(self) -> None:
        torch.set_num_threads(self._n_threads)  # a new thread has its own number
        try:
            self._loop(self._pause)
        except BaseException as error:  # told to whoever waits
            self._error = error
        self._came.release()

    def _pause(self) -> None:
        self._came.release()
        self._go.acquire()

    def _wait(self) -> None:
        self._came.acquire()
        if self._error is not None:
            raise self._error


def tables(workload: Workload, progress: Callable[[str], None] = print) -> Iterator[Table]:
    """Steps of whole loops in fp32 and bf16, then optimizers, then packing."""
    with tempfile.TemporaryDirectory() as folder:
        torch.manual_seed(0)
        save_hf(Llama(workload.config), folder)
        for precision in DTYPES:
            yield _loops(workload, Path(folder), precision, progress)
    yield _optimizers(workload, progress)
    yield _packing(workload, progress)


def _loops(workload: Workload, folder: Path, precision: str, progress) -> Table:
    who = [contender(name, folder, precision, workload) for name in LOOPS]
    found = race(who, workload.rounds, progress=progress)
    n_tokens = workload.batch_size * workload.n_tokens
    _add_speed(found.rows, n_tokens)
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


def contender(name: str, folder: Path, precision: str, workload: Workload) -> Contender:
    """Set one loop up.

    Args:
        name: a key of `LOOPS`.
        folder: initial weights, as `save_hf` writes them.
        precision: a key of `DTYPES`.
        workload: sizes and data.
    """
    loop = partial(LOOPS[name], folder, workload, precision)
    needs = "transformers" if name == TRANSFORMERS else None
    return Contender(
        name, precision, lambda: Stepwise(loop),
        side="ours" if name in (OURS, BARE) else "peer",
        needs=needs, install=peers.INSTALL.get(needs, ""),
    )  # fmt: skip


def our_trainer(folder: Path, workload: Workload, precision: str, pause: Pause) -> None:
    """Our trainer, on a file of tokens."""

    def loss(model: nn.Module, batch: Batch) -> tuple[Tensor, Tensor]:
        pause()
        return next_token_loss(model, batch, DTYPES[precision])

    settings = TrainSettings(
        n_steps=ENDLESS, peak_lr=LR, max_grad_norm=MAX_GRAD_NORM, eval_every=ENDLESS,
        sample_every=ENDLESS, save_every=ENDLESS,
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as run:
        texts = [
            row.tolist()
            for inputs, targets in training_batches(workload)
            for row in torch.cat((inputs, targets[:, -1:]), dim=1)
        ]
        file = write_tokens(Path(run) / "train.tokens", texts, workload.config.vocab_size)
        batches = Batches(file, workload.batch_size, workload.n_tokens, keeps_apart=False)
        model = load_hf(folder)
        Trainer(Path(run) / "run", model, batches, settings, loss=loss, is_shown=False).train()


def bare_step(folder: Path, workload: Workload, precision: str, pause: Pause) -> None:
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


def transformers_trainer(folder: Path, workload: Workload, precision: str, pause: Pause) -> None:
    """transformers' Trainer, with its own data loader and its fused optimizer."""
    from transformers import PrinterCallback, TrainingArguments
    from transformers import Trainer as TheirTrainer

    class Paused(TheirTrainer):
        def compute_loss(self, *args, **kwargs):
            pause()
            return super().compute_loss(*args, **kwargs)

    with tempfile.TemporaryDirectory() as run:
        arguments = TrainingArguments(
            run, max_steps=ENDLESS, per_device_train_batch_size=workload.batch_size,
            bf16=precision == "bf16", use_cpu=True, optim="adamw_torch_fused", learning_rate=LR,
            max_grad_norm=MAX_GRAD_NORM, logging_steps=1, save_strategy="no", report_to=[],
            disable_tqdm=True, dataloader_pin_memory=False,
        )  # fmt: skip
        rows = [row for inputs, _ in training_batches(workload) for row in inputs]
        data = [{"input_ids": row, "labels": row} for row in rows]
        model = peers.transformers(folder)
        trainer = Paused(model, arguments, train_dataset=data)
        trainer.remove_callback(PrinterCallback)
        trainer.train()


def nano_loop(folder: Path, workload: Workload, precision: str, pause: Pause) -> None:
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


LOOPS: dict[str, Callable[[Path, Workload, str, Pause], None]] = {
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


@dataclass(frozen=True)
class Padded:
    """Documents side by side, each filled up to the longest."""

    inputs: Tensor
    targets: Tensor

    def mask(self) -> None:
        return None


def _packing(workload: Workload, progress) -> Table:
    """Three ways through the same documents, each with all their tokens."""
    documents = _documents(workload)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "stories.tokens"
        file = write_tokens(path, documents, workload.config.vocab_size)
        apart, joined = (
            list(_packed(file, workload, keeps_apart)) for keeps_apart in (True, False)
        )
    ways = {
        "padded to the longest": list(_padded(documents, workload.batch_size)),
        "packed, documents kept apart": apart,
        "packed, one long text": joined,
    }
    n_tokens = sum(map(len, documents))
    found = race(
        [
            Contender(name, "bf16", partial(_pass, batches, workload), side="ours")
            for name, batches in ways.items()
        ],
        workload.rounds,
        progress=progress,
    )
    for row in found.rows:
        n_computed = sum(batch.inputs.numel() for batch in ways[row.name])
        n_counted = sum(int((batch.targets >= 0).sum()) for batch in ways[row.name])
        row.columns["wasted tokens"] = f"{100 * (1 - n_counted / n_computed):.0f} %"
        row.columns["tokens that count/s"] = f"{n_counted / row.median:,.0f}"
    return Table(
        "packing", "Packing documents, forward and backward, bf16", "s",
        ("padded to the longest", "bf16"), found.rows, found.absent,
        notes=[f"{len(documents)} stories of the story world, {n_tokens:,} tokens, "
               f"{min(map(len, documents))} to {max(map(len, documents))} each, in batches of "
               f"{workload.batch_size}; windows of {workload.n_tokens} tokens where they are "
               "packed. Wasted is what is computed and is no target."],
    )  # fmt: skip


def _documents(workload: Workload) -> list[list[int]]:
    """Stories, a token a word, that fill two batches of windows when they are packed."""
    n_tokens, documents, ids = 2 * workload.batch_size * workload.n_tokens + 1, [], {}
    while n_tokens > 1:  # a text of one token has no target
        words = tell_story(seed=len(documents), n_events=4 + 7 * len(documents) % 30).text.split()
        words = words[: min(workload.n_tokens, n_tokens)]
        documents.append([ids.setdefault(w, len(ids) % workload.config.vocab_size) for w in words])
        n_tokens -= len(words)
    return documents


def _packed(file, workload: Workload, keeps_apart: bool) -> Iterator[Batch]:
    batches = Batches(file, workload.batch_size, workload.n_tokens, keeps_apart=keeps_apart)
    return (batches.next() for _ in range(batches.per_epoch))


def _padded(documents: list[list[int]], batch_size: int) -> Iterator[Padded]:
    for first in range(0, len(documents), batch_size):
        rows = documents[first : first + batch_size]
        tokens = nn.utils.rnn.pad_sequence(
            [torch.tensor(row) for row in rows], batch_first=True, padding_value=-100
        )
        yield Padded(tokens[:, :-1].clamp(min=0), tokens[:, 1:])


def _pass(batches: list, workload: Workload) -> Callable[[], None]:
    model = Llama(workload.config)

    def run() -> None:
        for batch in batches:
            total, _ = next_token_loss(model, batch, torch.bfloat16)
            total.backward()
        model.zero_grad()

    return run


def _add_speed(rows: list[Row], n_tokens: int) -> None:
    for row in rows:
        row.columns["tokens/s"] = f"{n_tokens / row.median:,.0f}"
