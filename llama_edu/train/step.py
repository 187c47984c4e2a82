"""One step: gradients added up over batches and processes, made a mean, shortened, and taken."""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from llama_edu.train.compiling import compile_blocks, uncompile_blocks
from llama_edu.train.optim import decay_groups
from llama_edu.train.processes import Processes, whole

Loss = Callable[[nn.Module, object], tuple[Tensor, Tensor]]
MEASURED_STEPS, MEASURED_SECONDS = 3, 0.5


@dataclass(frozen=True)
class Measured:
    """What a step has shown, the same in all processes.

    Args:
        loss: mean over all targets that counted, in nats; before the step.
        grad_norm: length of the mean gradient, before it is shortened.
        n_tokens: targets that counted.
        notes: of all processes, added up.
    """

    loss: float
    grad_norm: float
    n_tokens: int
    notes: list[float]

    @property
    def is_finite(self) -> bool:
        """Whether the step was taken; with no target that counts there is no mean either."""
        return math.isfinite(self.loss + self.grad_norm)


class Step:
    """A function that trains on some batches.

    Args:
        model: trained in place.
        loss: (model, batch) -> sum in nats and number of targets that count.
        optimizer: of the model's weights.
        max_grad_norm: a longer gradient is shortened to it.
        processes: that share the batches out.
        compiles: whether the blocks are compiled, at the first step.
    """

    def __init__(
        self,
        model: nn.Module,
        loss: Loss,
        optimizer: Optimizer,
        max_grad_norm: float = 1.0,
        processes: Processes | None = None,
        compiles: bool = False,
    ):
        self.model, self.optimizer, self.max_grad_norm = model, optimizer, max_grad_norm
        self.processes = processes or Processes()
        self.device = next(model.parameters()).device
        self.loss_of = self.processes.loss_of(loss, model)
        self.is_tried = not compiles
        if compiles:
            compile_blocks(model)

    def __call__(
        self, parts: Sequence, lr: float, note: Callable[[], Sequence[float]] = tuple
    ) -> Measured:
        """Move the weights, unless the loss or the gradient is not finite.

        Args:
            parts: batches; the mean is over the targets of all of them.
            lr: learning rate.
            note: asked, when the gradients are there, what this process has to tell the others.
        """
        sums = self._add_gradients(parts)
        told = self.processes.total(torch.cat((sums, sums.new_tensor(note()))))
        grads = [w.grad for w in self.model.parameters() if w.grad is not None]
        norm = whole(nn.utils.get_total_norm(grads))
        total, n, *notes, norm = torch.cat((told, norm.to(told.dtype)[None])).tolist()
        # DDP and FSDP take the mean over processes, where the sum is wanted.
        scale = self.processes.n_ranks / n if n else math.nan
        measured = Measured(total / (n or math.nan), norm * scale, int(n), notes)
        if measured.is_finite:
            # One pass over the gradient makes it a mean and shortens it.
            shorter = min(1.0, self.max_grad_norm / (measured.grad_norm + 1e-6))
            torch._foreach_mul_(grads, scale * shorter)
            for group in self.optimizer.param_groups:
                group["lr"] = lr
            self.optimizer.step()
        self.optimizer.zero_grad()
        return measured

    def _add_gradients(self, parts: Sequence) -> Tensor:
        """Leave the parts' gradients in the weights; sum up losses, and targets that counted."""
        sums = torch.zeros(2, device=self.device)
        for i, batch in enumerate(parts, start=1):
            with self.processes.adding_up(self.loss_of, self.model, is_last=i == len(parts)):
                total, n = self._loss(batch)
                total.backward()
            sums += torch.stack((total.detach(), n.to(total.dtype)))
        return sums

    def _loss(self, batch) -> tuple[Tensor, Tensor]:
        if self.is_tried:
            return self.loss_of(batch)
        self.is_tried = True
        try:
            return self.loss_of(batch)
        except Exception as error:  # no compiler, a path with a space, a version that cannot
            uncompile_blocks(self.model, error)
            return self.loss_of(batch)


def seconds_a_step(model: nn.Module, loss: Loss, next_batch: Callable[[], object]) -> float:
    """How long a step of training takes here: the mean of some, after one that only warms up.

    A mean and not the best: what the machine does beside this it will do later too.

    Args:
        model: to try it on; it is changed.
        loss: as `Step` takes it.
        next_batch: gives a batch.
    """
    step = Step(model, loss, torch.optim.AdamW(decay_groups(model, 0.1), fused=True))
    n_steps, start = -1, 0.0
    while n_steps < MEASURED_STEPS or time.perf_counter() < start + MEASURED_SECONDS:
        step([next_batch()], 1e-4)
        n_steps += 1
        if n_steps == 0:
            start = time.perf_counter()
    return (time.perf_counter() - start) / n_steps
