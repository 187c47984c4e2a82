"""The training loop: one for a laptop and for many GPUs, with the loss passed in.

A step adds up the gradients of some batches, over all processes, divides by the number of targets
that counted, shortens what is too long, and moves the weights. Around it the run looks at itself
(held-out loss, samples), writes everything down, and can be ended and gone on with at any step.
"""

import json
import math
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import torch
from torch import Tensor, nn

from llama_edu.generate.decode import generate
from llama_edu.model.llama import Llama
from llama_edu.train import checkpoint
from llama_edu.train.journal import ABOUT, Journal
from llama_edu.train.loss import next_token_loss
from llama_edu.train.optim import AdamW, Lamb, decay_groups
from llama_edu.train.progress import Progress
from llama_edu.train.schedule import warmup_cosine
from llama_edu.train.settings import TrainSettings
from llama_edu.weights import save_hf

Loss = Callable[[nn.Module, object], tuple[Tensor, Tensor]]


@dataclass(frozen=True)
class Outcome:
    """How a call of `Trainer.train` ended.

    Args:
        step: where the run stands.
        loss: of the last step, in nats a token.
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
        run: folder of the run, e.g. with `data/` in it already.
        model: trained in place.
        batches: gives the next batch by `next()` and its place by `state_dict()` and
            `load_state_dict()`, as `Batches` does.
        settings: of the run.
        loss: (model, batch) -> sum in nats and number of targets that count. `next_token_loss` in
            the settings' precision if None; any other chooses its own precision.
        held_out: batches that are never trained on, read at each evaluation with
            `next_token_loss`.
        tokenizer: writes the samples, and stands beside the model at the end.
        schedule: step -> learning rate, from step 1 on; warm-up and cosine of the settings if None.
        stage: what kind of training this is.
        is_shown: whether progress is shown on stderr.

    Raises:
        FileExistsError: at `train()`, if the folder holds a run and `resume()` was not called.
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
        is_shown: bool = True,
    ):
        self.run, self.model, self.batches, self.settings = Path(run), model, batches, settings
        self.device = next(model.parameters()).device
        self.plain_loss = partial(next_token_loss, dtype=settings.dtype(self.device))
        self.loss = loss or self.plain_loss
        self.held_out, self.tokenizer, self.stage = held_out, tokenizer, stage
        self.schedule = schedule or partial(
            warmup_cosine, peak_lr=settings.peak_lr, n_warmup=settings.n_warmup,
            n_steps=settings.n_steps, final_share=settings.final_share,
        )  # fmt: skip
        kind = {"adamw": AdamW, "lamb": Lamb}[settings.optimizer]
        self.optimizer = kind(
            decay_groups(model, settings.weight_decay), betas=settings.betas, eps=settings.eps
        )
        self.progress = Progress(settings.n_steps, is_shown)
        self.step = self.n_tokens = 0
        self.last_loss, self.held_out_loss, self.best = math.nan, None, math.inf
        self._resumed = self._is_interrupted = False

    def resume(self) -> None:
        """Go on from the last checkpoint of the folder: weights, optimizer, data, chance.

        Raises:
            FileNotFoundError: if there is none.
            ValueError: if it is of another model or of other data.
        """
        state, parts = checkpoint.read_checkpoint(self.run / "checkpoints" / "last")
        self.batches.load_state_dict(state["batches"])
        checkpoint.load_model_tensors(self.model, parts["model"])
        checkpoint.load_optimizer_tensors(self.model, self.optimizer, parts["optimizer"])
        checkpoint.set_random_state(parts["random-0"])
        self.step, self.n_tokens = state["step"], state["n_tokens"]
        self.held_out_loss = state["held_out_loss"]
        self.best = math.inf if state["best"] is None else state["best"]
        self._resumed = True

    def train(self) -> Outcome:
        """Train until the steps or the minutes are over, or Ctrl-C; leave a checkpoint.

        Raises:
            FileExistsError: if the folder holds a run and this is not `resume()`d from it.
            FloatingPointError: if loss or gradient are not finite; the batch is kept.
        """
        if not self._resumed and (self.run / ABOUT).exists():
            raise FileExistsError(f"{self.run} holds a run: resume it, or choose another folder")
        journal = self.journal = Journal(self.run)
        journal.describe(
            stage=self.stage, settings=asdict(self.settings), model=asdict(self.model.config),
            data=self.batches.state_dict(), n_params=self.model.config.n_params,
        )  # fmt: skip
        journal.cut(self.step)
        started, reason = time.monotonic(), "done"
        minutes = self.settings.minutes or math.inf
        with self.progress, self._listening():
            if self.step == 0:
                self._look(is_evaluated=True, is_sampled=False)
            while self.step < self.settings.n_steps:
                self._take_step(started, minutes)
                is_late = time.monotonic() - started > 60 * minutes
                reason = "interrupted" if self._is_interrupted else "minutes" if is_late else "done"
                ends = reason != "done" or self.step == self.settings.n_steps
                self._look(
                    ends or self.step % self.settings.eval_every == 0,
                    ends or self.step % self.settings.sample_every == 0,
                )
                if ends or self.step % self.settings.save_every == 0:
                    self._save()
                if ends:
                    break
        journal.close()
        if self.step == self.settings.n_steps:
            reason = "done"
        self.write_model()
        return Outcome(self.step, self.last_loss, self.held_out_loss, reason)

    def _take_step(self, started: float, minutes: float) -> None:
        start, settings = time.perf_counter(), self.settings
        lr = self.schedule(self.step + 1)
        parts = [self._to_device(self.batches.next()) for _ in range(settings.n_parts)]
        sums = torch.zeros(2, device=self.device)
        for batch in parts:
            loss, n = self.loss(self.model, batch)
            loss.backward()
            sums += torch.stack((loss.detach(), n.to(loss.dtype)))
        grads = [w.grad for w in self.model.parameters() if w.grad is not None]
        norm = nn.utils.get_total_norm(grads)
        total, n_tokens, grad_norm = torch.cat((sums, norm[None])).tolist()
        loss, grad_norm = (x / n_tokens if n_tokens else math.nan for x in (total, grad_norm))
        self._check_finite(loss, grad_norm, n_tokens, lr, parts)
        # One pass over the gradient makes it a mean and shortens it.
        shorter = min(1.0, settings.max_grad_norm / (grad_norm + 1e-6))
        torch._foreach_mul_(grads, shorter / n_tokens)
        for group in self.optimizer.param_groups:
            group["lr"] = lr
        self.optimizer.step()
        self.optimizer.zero_grad()
        self.step += 1
        self.n_tokens += int(n_tokens)
        self.last_loss = loss
        seconds = time.perf_counter() - start
        self.journal.metrics(
            self.step, loss=loss, lr=lr, grad_norm=grad_norm, n_tokens=self.n_tokens,
            seconds=round(seconds, 6),
        )  # fmt: skip
        left = min(
            (settings.n_steps - self.step) * seconds, 60 * minutes - (time.monotonic() - started)
        )
        self.progress.update(self.step, loss, n_tokens / seconds, max(left, 0.0))

    def _check_finite(self, loss, grad_norm, n_tokens, lr, parts) -> None:
        if math.isfinite(loss) and math.isfinite(grad_norm):
            return
        step = self.step + 1
        self.journal.metrics(
            step, loss=loss, lr=lr, grad_norm=grad_norm, n_tokens=self.n_tokens, seconds=0.0
        )
        path = self.run / f"not_finite-{step}.json"
        rows = [row for batch in parts for row in batch.inputs.tolist()]
        texts = [self.tokenizer.decode(row) for row in rows] if self.tokenizer else None
        targets = [row for batch in parts for row in batch.targets.tolist()]
        kept = {"step": step, "loss": loss, "grad_norm": grad_norm, "inputs": rows,
                "targets": targets, "texts": texts}  # fmt: skip
        path.write_text(json.dumps(kept, ensure_ascii=False), encoding="utf-8")
        why = f"the loss is {loss}, the gradient's norm {grad_norm}"
        if n_tokens == 0:
            why = "no target of its batch counts"
        raise FloatingPointError(
            f"step {step}: {why}; the weights are those of step {self.step}, the batch is kept "
            f"in {path}"
        )

    def _look(self, is_evaluated: bool, is_sampled: bool) -> None:
        """Measure the held-out loss, and write samples, where it is time."""
        if is_evaluated and self.held_out:
            self.held_out_loss = self.evaluate()
            self.journal.metrics(
                self.step, held_out_loss=self.held_out_loss, n_tokens=self.n_tokens
            )
            self.progress.say(f"step {self.step} · held-out loss {self.held_out_loss:.3f}")
            if self.held_out_loss < self.best:
                self.best = self.held_out_loss
                self._write("best")
        if is_sampled and self.tokenizer is not None:
            for prompt in self.settings.prompts:
                text = self._sample(prompt)
                self.journal.sample(self.step, prompt, text)
                self.progress.say(f"step {self.step} · {prompt}{text}")

    @torch.no_grad()
    def evaluate(self) -> float:
        """Mean loss over the held-out batches, in nats a token."""
        sums = torch.zeros(2, device=self.device)
        for batch in self.held_out:
            loss, n = self.plain_loss(self.model, self._to_device(batch))
            sums += torch.stack((loss, n.to(loss.dtype)))
        total, n_tokens = sums.tolist()
        return total / n_tokens

    def _sample(self, prompt: str) -> str:
        ids = self.tokenizer.encode(prompt) or [0]
        n_new = min(self.settings.n_sample_tokens, self.model.config.max_seq_len - len(ids))
        dice = torch.Generator(self.device).manual_seed(0)  # the run's own chance is left alone
        (answer,) = generate(self.model, [ids], n_new, temperature=0.8, top_p=0.95, generator=dice)
        return self.tokenizer.decode(answer)

    def _save(self) -> None:
        self._write(
            "last",
            optimizer=checkpoint.optimizer_tensors(self.model, self.optimizer),
            **{"random-0": checkpoint.random_state()},
        )

    def _write(self, which: str, **parts: dict[str, Tensor]) -> None:
        state = {
            "step": self.step, "n_tokens": self.n_tokens, "held_out_loss": self.held_out_loss,
            "best": self.best if math.isfinite(self.best) else None,
            "batches": self.batches.state_dict(),
        }  # fmt: skip
        tensors = checkpoint.model_tensors(self.model)
        checkpoint.write_checkpoint(self.run / "checkpoints" / which, state, model=tensors, **parts)

    def write_model(self) -> Path:
        """Put the best model, by the held-out loss, into RUN/model, with its tokenizer."""
        has_best = (self.run / "checkpoints" / "best" / checkpoint.STATE).exists()
        folder = self.run / "model"
        save_hf(checkpoint.load_model(self.run, "best" if has_best else "last"), folder)
        if self.tokenizer is not None:
            self.tokenizer.save(folder)
        return folder

    def _to_device(self, batch):
        return batch if self.device.type == "cpu" else batch.to(self.device)

    @contextmanager
    def _listening(self) -> Iterator[None]:
        """Let the first Ctrl-C end the run after its step, and the second at once."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return

        def note(*_: object) -> None:
            if self._is_interrupted:
                raise KeyboardInterrupt
            self._is_interrupted = True
            self.progress.say("ending after this step; Ctrl-C again ends at once")

        before = signal.signal(signal.SIGINT, note)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)
