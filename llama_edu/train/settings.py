"""How a training run goes: its steps, its optimizer, and how often it looks at itself."""

from dataclasses import dataclass
from typing import Literal

import torch

from llama_edu.model.linear import multiplies_bf16
from llama_edu.train.schedule import warmup_cosine


@dataclass(frozen=True, kw_only=True)
class TrainSettings:
    """Everything about a run but its model and its data.

    Args:
        n_steps: updates of the weights in the whole run.
        minutes: end this call after so long, wherever it is; None for no limit.
        peak_lr: highest learning rate, per step.
        n_warmup: steps in which it rises to there.
        final_share: what is left of it at the end, as a share, 0 to 1.
        optimizer: "adamw", which trained every LLaMA, or "lamb", for large batches.
        betas: of the optimizer.
        eps: of the optimizer.
        weight_decay: of matrices; norms do not decay.
        max_grad_norm: a longer gradient is shortened to it.
        n_parts: batches whose gradients are added up for one step.
        precision: of the arithmetic; the weights are kept as they are. "auto" is bf16 where the
            hardware multiplies it.
        compiles: whether the blocks are compiled: a minute at first, a few percent after.
        eval_every: steps from one look at the held-out text to the next.
        sample_every: steps from one sample of text to the next.
        save_every: steps from one checkpoint to the next.
        prompts: texts that the samples continue; no samples if there are none.
        n_sample_tokens: tokens of each sample.

    Raises:
        ValueError: naming the field, its value and the rule it breaks.

    Source: betas, weight decay, clipping and schedule are LLaMA's, arXiv:2302.13971, sec. 2.3.
    """

    n_steps: int
    minutes: float | None = None
    peak_lr: float = 1e-3
    n_warmup: int = 0
    final_share: float = 0.1
    optimizer: Literal["adamw", "lamb"] = "adamw"
    betas: tuple[float, float] = (0.9, 0.95)
    eps: float = 1e-8
    weight_decay: float = 0.1
    max_grad_norm: float = 1.0
    n_parts: int = 1
    precision: Literal["auto", "fp32", "bf16"] = "auto"
    compiles: bool = False
    eval_every: int = 100
    sample_every: int = 500
    save_every: int = 200
    prompts: tuple[str, ...] = ()
    n_sample_tokens: int = 60

    def __post_init__(self):
        for name in ("n_steps", "n_parts", "eval_every", "sample_every", "save_every",
                     "n_sample_tokens"):  # fmt: skip
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, got {getattr(self, name)}")
        if not self.max_grad_norm > 0:
            raise ValueError(f"max_grad_norm must be positive, got {self.max_grad_norm}")
        if self.minutes is not None and not self.minutes > 0:
            raise ValueError(f"minutes must be positive, got {self.minutes}")
        if not 0 <= self.n_warmup <= self.n_steps:
            raise ValueError(f"n_warmup={self.n_warmup} must be from 0 to n_steps={self.n_steps}")
        for name, known in (
            ("optimizer", ("adamw", "lamb")), ("precision", ("auto", "fp32", "bf16")),
        ):  # fmt: skip
            if getattr(self, name) not in known:
                raise ValueError(f"{name} must be one of {known}, got {getattr(self, name)!r}")

    def schedule(self, step: int) -> float:
        """The learning rate of a step, from 1: the first one moves, the last one ends the fall."""
        return warmup_cosine(step, self.peak_lr, self.n_warmup, self.n_steps, self.final_share)

    def dtype(self, device: torch.device) -> torch.dtype:
        """What to compute in on this device."""
        if self.precision == "auto":
            return torch.bfloat16 if multiplies_bf16(device.type) else torch.float32
        return torch.bfloat16 if self.precision == "bf16" else torch.float32
