"""Whole training loops, ours and transformers', that stop before each step to be timed."""

import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor, nn

from benchmarks import peers
from benchmarks.race import Contender
from benchmarks.train import DTYPES
from llama_edu.train.loss import next_token_loss
from llama_edu.train.settings import TrainSettings
from llama_edu.train.trainer import Trainer
from llama_edu.weights import load_hf

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


def contender(name: str, precision: str, loop: Callable[[Pause], None]) -> Contender:
    """Set one loop up, as `Stepwise` runs it; its name begins with the package it is of."""
    needs = "transformers" if name.startswith("transformers") else None
    return Contender(
        name, precision, lambda: Stepwise(loop),
        side="ours" if name.startswith("llama_edu") else "peer",
        needs=needs, install=peers.INSTALL.get(needs, ""),
    )  # fmt: skip


def run_ours(folder: Path, precision: str, batches, pause: Pause) -> None:
    """Our trainer.

    Args:
        folder: initial weights, as `save_hf` writes them.
        precision: a key of `DTYPES`.
        batches: that the trainer asks for the next one.
        pause: called before each loss.
    """

    def loss(model: nn.Module, batch) -> tuple[Tensor, Tensor]:
        pause()
        return next_token_loss(model, batch, DTYPES[precision])

    settings = TrainSettings(
        n_steps=ENDLESS, peak_lr=LR, max_grad_norm=MAX_GRAD_NORM, eval_every=ENDLESS,
        sample_every=ENDLESS, save_every=ENDLESS,
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as run:
        model = load_hf(folder)
        Trainer(Path(run) / "run", model, batches, settings, loss=loss, is_shown=False).train()


def run_theirs(
    folder: Path, precision: str, batch_size: int, examples: list[dict], pause: Pause, collator=None
) -> None:
    """transformers' Trainer, with its own data loader and its fused optimizer.

    Args:
        folder: initial weights, as `save_hf` writes them.
        precision: a key of `DTYPES`.
        batch_size: examples of a step.
        examples: `input_ids` and `labels` of each.
        pause: called before each loss.
        collator: makes a batch of examples; Trainer's own if None.
    """
    from transformers import PrinterCallback, TrainingArguments
    from transformers import Trainer as TheirTrainer

    class Paused(TheirTrainer):
        def compute_loss(self, *args, **kwargs):
            pause()
            return super().compute_loss(*args, **kwargs)

    with tempfile.TemporaryDirectory() as run:
        arguments = TrainingArguments(
            run, max_steps=ENDLESS, per_device_train_batch_size=batch_size,
            bf16=precision == "bf16", use_cpu=True, optim="adamw_torch_fused", learning_rate=LR,
            max_grad_norm=MAX_GRAD_NORM, logging_steps=1, save_strategy="no", report_to=[],
            disable_tqdm=True, dataloader_pin_memory=False,
        )  # fmt: skip
        model = peers.transformers(folder)
        trainer = Paused(model, arguments, train_dataset=examples, data_collator=collator)
        trainer.remove_callback(PrinterCallback)
        trainer.train()
