"""Adversarial softmax: an adversary at the output layer, its worst move in closed form."""

from functools import partial
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional as F

from llama_edu.train.adversarial.embeddings import Loss
from llama_edu.train.loss import IGNORED


def adversarial_softmax(
    hidden: Float[Tensor, "N D"],
    output_weight: Float[Tensor, "V D"],
    targets: Int[Tensor, " N"],
    epsilon: float,
) -> Float[Tensor, ""]:
    """The mean cross-entropy if the row of each target may move by epsilon of its own length.

    For each of N places the adversary adds an r to the output row w of its target alone, with
    ||r||_2 <= epsilon ||w||_2. The worst is r = -epsilon ||w|| h / ||h|| (Cauchy-Schwarz), so
    that the target's logit falls by epsilon ||w|| ||h||, and no second pass is needed.

    Args:
        hidden: h, what goes into the output layer, normed.
        output_weight: its rows are w.
        targets: ids; -100 does not count.
        epsilon: >= 0; at 0 it is the plain cross-entropy.

    Returns:
        Nats, the mean over the targets that count.

    Source: arXiv:1906.03805, sec. 3.
    """
    total, n_targets = adversarial_output_loss(hidden, output_weight, targets, epsilon)
    return total / n_targets


def adversarial_output_loss(
    hidden: Float[Tensor, "*batch D"],
    output_weight: Float[Tensor, "V D"],
    targets: Int[Tensor, "*batch"],
    epsilon: float,
) -> tuple[Float[Tensor, ""], Int[Tensor, ""]]:
    """`adversarial_softmax`, but the sum and how many targets count.

    The gradient goes through both lengths as well: it is that of the worst case itself. Unlike
    `output_loss` it holds the logits of all places at once.

    Raises:
        ValueError: if epsilon is negative.
    """
    if epsilon < 0:
        raise ValueError(f"epsilon={epsilon} must not be negative")
    counts = targets != IGNORED
    h, wanted = hidden[counts].float(), targets[counts]
    weight = output_weight.float()
    fall = epsilon * weight[wanted].norm(dim=-1) * h.norm(dim=-1)
    logits = (h @ weight.mT).scatter_add(1, wanted[:, None], -fall[:, None])
    return F.cross_entropy(logits, wanted, reduction="sum"), counts.sum()


def adversarial_softmax_loss(epsilon: float, dtype: torch.dtype | None = None) -> Loss:
    """`adversarial_softmax` as a loss of the next token, for the trainer.

    Args:
        epsilon: as for `adversarial_softmax`; on *Hamlet* .02 to .05 did good and .2 harm.
        dtype: to compute in, as for `next_token_loss`.
    """

    def robust(model: nn.Module, batch: Any) -> tuple[Tensor, Tensor]:
        worst = partial(adversarial_output_loss, targets=batch.targets, epsilon=epsilon)
        return model(batch.inputs, mask=batch.mask(), dtype=dtype, loss=worst)

    return robust


def noisy_softmax_loss(
    epsilon: float, dtype: torch.dtype | None = None, generator: torch.Generator | None = None
) -> Loss:
    """The control: the row of each target moves as far, in a random direction.

    Args:
        epsilon, dtype: as for `adversarial_softmax_loss`.
        generator: on the CPU; torch's own if None.
    """

    def noisy(model: nn.Module, batch: Any) -> tuple[Tensor, Tensor]:
        def output(hidden: Tensor, weight: Tensor) -> tuple[Tensor, Tensor]:
            counts = batch.targets != IGNORED
            h, wanted = hidden[counts].float(), batch.targets[counts]
            drawn = torch.randn(h.shape, generator=generator).to(h.device)
            drawn = F.normalize(drawn, dim=-1) * weight[wanted].float().norm(dim=-1, keepdim=True)
            rise = epsilon * (drawn * h).sum(dim=-1, keepdim=True)
            logits = (h @ weight.float().mT).scatter_add(1, wanted[:, None], rise)
            return F.cross_entropy(logits, wanted, reduction="sum"), counts.sum()

        return model(batch.inputs, mask=batch.mask(), dtype=dtype, loss=output)

    return noisy
