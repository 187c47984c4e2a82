"""The training loop: one for a laptop and for many GPUs, with the loss passed in.

A step adds up the gradients of some batches, over all processes, divides by the number of targets
that counted, shortens what is too long, and moves the weights. Around it the run looks at itself
(held-out loss, samples), writes everything down, and can be ended and gone on with at any step.
"""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import torch

from llama_edu.model.llama import Llama
from llama_edu.train import looks, seen
from llama_edu.train.checkpoint import Checkpoints, load_model
from llama_edu.train.interrupt import Interrupt
from llama_edu.train.journal import Journal
from llama_edu.train.loss import next_token_loss
from llama_edu.train.optim import Lamb, decay_groups
from llama_edu.train.processes import Processes
from llama_edu.train.progress import Progress
from llama_edu.train.settings import TrainSettings
from llama_edu.train.step import Loss, Step
from llama_edu.weights import save_hf


@dataclass(frozen=True)
class Outcome:
    """How a call of `Trainer.train` ended.

    Args:
        step: where the run stands.
        loss: of the last step, in nats a token; NaN if there was none.
        held_out_loss: at the last evaluation; None without held-out text.
        reason: "done", "minutes" or "interrupted".
    """

    step: int
    loss: float
    held_out_loss: float | None
    reason: str


class Trainer:
    """A run: a model, its data and settings, and a folder that remembers all of it.

    Args:
        run: folder of the run, which may hold `data/` already.
        model: trained in place, on the device where it is.
        batches: gives the next batch by `next()` and its place by `state_dict()` and
            `load_state_dict()`, as `Batches` does; under torchrun this process's share.
        settings: of the run.
        loss: (model, batch) -> sum in nats and number of targets that count. `next_token_loss` in
            the settings' precision if None; any other chooses its own.
        held_out: batches that are never trained on, read at each evaluation with
            `next_token_loss`; `held_out_batches` makes some of a file.
        tokenizer: writes the samples, and stands beside the model at the end.
        schedule: step -> learning rate, from step 1 on; warm-up and cosine of the settings if None.
        stage: what kind of training this is.
        processes: of `joined()`, under torchrun.
        is_shown: whether progress is shown on stderr.

    Raises:
        ValueError: if the batches are shared among another number of processes.
    """

    def __init__(
        self,
        run: str | Path,
        model: Llama,
        batches,
        settings: TrainSettings,
        *,
        loss: Loss | None = None,
        held_out: Sequence = (),
        tokenizer=None,
        schedule: Callable[[int], float] | None = None,
        stage: str = "pretrain",
        processes: Processes | None = None,
        is_shown: bool = True,
    ):
        self.run, self.model, self.batches, self.settings = Path(run), model, batches, settings
        self.processes = processes or Processes()
        if (n := getattr(batches, "n_ranks", 1)) != self.processes.n_ranks:
            raise ValueError(
                f"the batches are shared among {n} processes, the run has {self.processes.n_ranks}"
            )
        self.device = next(model.parameters()).device
        self.plain_loss = partial(next_token_loss, dtype=settings.dtype(self.device))
        self.loss, self.held_out, self.tokenizer = loss or self.plain_loss, held_out, tokenizer
        self.schedule, self.stage = schedule or settings.schedule, stage
        self.processes.share(model)
        # torch's AdamW is ours in one pass over memory: a tenth of the time on a CPU.
        kind = {"adamw": partial(torch.optim.AdamW, fused=True), "lamb": Lamb}[settings.optimizer]
        self.optimizer = kind(
            decay_groups(model, settings.weight_decay), betas=settings.betas, eps=settings.eps
        )
        self.progress = Progress(
            settings.n_steps, settings.minutes, is_shown and self.processes.is_first
        )
        self.journal = Journal(self.run, self.processes.is_first)
        self.checkpoints = Checkpoints(self.run, model, self.optimizer, batches, self.processes)
        self.step = self.n_tokens = 0
        self.last_loss, self.held_out_loss, self.best = math.nan, None, None
        self._is_resumed = False

    @property
    def has_begun(self) -> bool:
        """Whether the folder holds a run, which `resume()` can go on with."""
        return self.journal.exists

    def resume(self) -> None:
        """Go on from the last checkpoint: weights, optimizer, place in the data, chance.

        A run that was killed before its first checkpoint begins anew.

        Raises:
            FileNotFoundError: if the folder holds no run.
            ValueError: if it is of another model or of other data.
        """
        if not self.has_begun:
            raise FileNotFoundError(f"{self.run} holds no run to go on with")
        self._is_resumed = True
        if self.checkpoints.exist:
            state = self.checkpoints.load()
            self.step, self.n_tokens = state["step"], state["n_tokens"]
            self.held_out_loss, self.best = state["held_out_loss"], state["best"]

    def train(self) -> Outcome:
        """Train until the steps or the minutes are over, or Ctrl-C; leave a checkpoint.

        Raises:
            FileExistsError: if the folder holds a run and this one is not `resume()`d from it.
            FloatingPointError: if a loss or gradient is not finite; its batch is kept.
        """
        self._open()
        settings, reason = self.settings, "done"
        ends = math.inf if settings.minutes is None else time.monotonic() + 60 * settings.minutes
        step = Step(
            self.model, self.loss, self.optimizer, settings.max_grad_norm, self.processes,
            settings.compiles,
        )  # fmt: skip
        with self.progress, Interrupt(self.progress.say) as interrupt:
            if self.step == 0:
                self._evaluate()
            while self.step < settings.n_steps and reason == "done":
                is_interrupted, is_late = self._take(
                    step, lambda: (interrupt.happened, time.monotonic() > ends)
                )
                reason = "interrupted" if is_interrupted else "minutes" if is_late else "done"
                is_last = self.step == settings.n_steps or reason != "done"
                if is_last or self.step % settings.eval_every == 0:
                    self._evaluate()
                if is_last or self.step % settings.sample_every == 0:
                    self._sample()
                if is_last or self.step % settings.save_every == 0:
                    self._save("last")
        self.journal.close()
        if self.processes.is_first:
            self.write_model()
        self.processes.wait()
        reason = "done" if self.step == settings.n_steps else reason
        return Outcome(self.step, self.last_loss, self.held_out_loss, reason)

    def _open(self) -> None:
        if self.has_begun and not self._is_resumed:
            raise FileExistsError(f"{self.run} holds a run: resume it, or choose another folder")
        self.processes.wait()  # or the others might see what the first one writes now
        self.journal.open(
            self.step, stage=self.stage, settings=asdict(self.settings),
            model=asdict(self.model.config), n_params=self.model.config.n_params,
            data=self.batches.state_dict(), n_processes=self.processes.n_ranks,
            dtype=str(self.settings.dtype(self.device)).removeprefix("torch."),
        )  # fmt: skip

    def _take(self, step: Step, note: Callable[[], Sequence[bool]]) -> list[float]:
        """Take a step and write down how it went; the notes of all processes."""
        start, lr = time.perf_counter(), self.schedule(self.step + 1)
        parts = [self.batches.next() for _ in range(self.settings.n_parts)]
        mark = seen.mark(parts)
        if self.step < seen.N_STEPS:
            self.journal.seen(self.step + 1, **seen.rows(parts))
        parts = [self._on_device(batch) for batch in parts]
        measured = step(parts, lr, note)
        self.step, self.n_tokens = self.step + 1, self.n_tokens + measured.n_tokens
        self.last_loss, seconds = measured.loss, time.perf_counter() - start
        values = {"loss": measured.loss, "lr": lr, "grad_norm": measured.grad_norm}
        self.journal.metrics(
            self.step, **values, n_tokens=self.n_tokens, seconds=seconds, **mark
        )  # fmt: skip
        if not measured.is_finite:
            path = self.journal.keep(
                self.step, self.processes.rank, parts, self.tokenizer, **values
            )
            raise FloatingPointError(
                f"step {self.step}: the loss is {measured.loss}, the gradient's norm "
                f"{measured.grad_norm}, of {measured.n_tokens} targets; the weights are still "
                f"those of step {self.step - 1}, and the batch is kept in {path}"
            )
        self.progress.update(self.step, measured.loss, measured.n_tokens, seconds)
        return measured.notes

    def _evaluate(self) -> None:
        if not self.held_out:
            return
        self.held_out_loss = self.evaluate()
        self.journal.metrics(self.step, held_out_loss=self.held_out_loss, n_tokens=self.n_tokens)
        self.progress.say(f"step {self.step} · held-out loss {self.held_out_loss:.3f}")
        if self.best is None or self.held_out_loss < self.best:
            self.best = self.held_out_loss
            self._save("best")

    def evaluate(self) -> float:
        """Mean loss over the held-out batches now, in nats a token."""
        return looks.mean_loss(self.plain_loss, self.model, self.held_out, self.processes)

    def _sample(self) -> None:
        if self.tokenizer is None or not self.settings.prompts:
            return
        model = self.checkpoints.whole_model()
        for prompt in self.settings.prompts if self.processes.is_first else ():
            text = looks.sample(model, self.tokenizer, prompt, self.settings.n_sample_tokens)
            self.journal.sample(self.step, prompt, text)
            self.progress.say(f"step {self.step} · {prompt}{text}")

    def _save(self, which: str) -> None:
        self.checkpoints.save(
            which, step=self.step, n_tokens=self.n_tokens, held_out_loss=self.held_out_loss,
            best=self.best,
        )  # fmt: skip

    def write_model(self) -> Path:
        """Put the best model, by the held-out loss, into RUN/model, with its tokenizer."""
        folder = self.run / "model"
        save_hf(load_model(self.run), folder)
        if self.tokenizer is not None:
            self.tokenizer.save(folder)
        return folder

    def _on_device(self, batch):
        return batch if self.device.type == "cpu" else batch.to(self.device)
