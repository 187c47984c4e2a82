"""Losses that look at a text's worst neighbours as well as at the text.

Each takes a loss (model, batch) -> (sum in nats, number of targets) and gives another one, which
the trainer uses like any. Sizes epsilon are in `text_units`: 0.5 moves a text as a whole by half
the length that an embedding of one of its tokens has.
"""

from typing import Any

import torch
from torch import Tensor, nn

from llama_edu.train.adversarial.directions import project, steepest
from llama_edu.train.adversarial.embeddings import (
    Loss,
    Replay,
    embedded,
    is_text,
    random_shift,
    shifted,
    text_units,
    worst_shift,
)


def fgm(loss: Loss, epsilon: float, p: float = 2.0, clean_share: float = 0.5) -> Loss:
    """Train on texts that were moved one step in their worst direction, and on the texts.

    FGM for p = 2, FGSM for p = inf: a first-order answer to max over ||r||_p <= epsilon.

    Args:
        loss: of the task.
        epsilon: ||r||_p in `text_units`.
        p: 1, 2 or inf.
        clean_share: what the loss of the unmoved text counts, 0 to 1; at 0 it is not computed.

    Source: arXiv:1605.07725, sec. 3; arXiv:1412.6572, sec. 6 (half and half).
    """
    return pgd(loss, epsilon, p, n_steps=1, clean_share=clean_share)


def pgd(
    loss: Loss,
    epsilon: float,
    p: float = 2.0,
    n_steps: int = 3,
    step_size: float | None = None,
    clean_share: float = 0.5,
) -> Loss:
    """Train on texts that several steps have moved to a worse place, and on the texts.

    Args:
        loss: of the task.
        epsilon, p, n_steps, step_size: as for `worst_shift`.
        clean_share: as for `fgm`.

    Source: arXiv:1706.06083, eq. 2.1 and 2.2.
    """

    def robust(model: nn.Module, batch: Any) -> tuple[Tensor, Tensor]:
        same = _replay(model)(loss)
        shift = worst_shift(same, model, batch, epsilon, p, n_steps, step_size)
        return _mixed(same, model, batch, shift, clean_share)

    return robust


def random_noise(
    loss: Loss,
    epsilon: float,
    p: float = 2.0,
    clean_share: float = 0.5,
    generator: torch.Generator | None = None,
) -> Loss:
    """Train on texts moved in a random direction: what the size alone does, without the aim.

    Args:
        loss: of the task.
        epsilon, p, generator: as for `random_shift`.
        clean_share: as for `fgm`.
    """

    def noisy(model: nn.Module, batch: Any) -> tuple[Tensor, Tensor]:
        shift = random_shift(model, batch, epsilon, p, generator)
        return _mixed(_replay(model)(loss), model, batch, shift, clean_share)

    return noisy


def free_lb(
    loss: Loss,
    epsilon: float,
    n_steps: int = 3,
    step_size: float | None = None,
    generator: torch.Generator | None = None,
) -> Loss:
    """Train on every place that the ascent passes, the mean of them, rather than on its end.

    The passes that find the next place give the gradients of the weights as well.

    Args:
        loss: of the task.
        epsilon: the radius of the ball, in the Euclidean norm of a whole text.
        n_steps: how many places; the first is random, and lies in the ball.
        step_size: in `text_units`; epsilon / n_steps if None.
        generator: as for `random_shift`.

    Source: arXiv:1909.11764, algorithm 1.
    """
    step_size = epsilon / n_steps if step_size is None else step_size

    def averaged(model: nn.Module, batch: Any) -> tuple[Tensor, Tensor]:
        unit, moved = text_units(model, batch), is_text(batch)[..., None]
        shift = random_shift(model, batch, epsilon, generator=generator)
        same, total, n_targets = _replay(model)(loss), 0.0, None
        for _ in range(n_steps):
            shift.requires_grad_()
            with shifted(model, shift):
                here, n_targets = same(model, batch)
            # Kept, for the trainer goes through the same graph once more, to the weights.
            (gradient,) = torch.autograd.grad(here, shift, retain_graph=True)
            total = total + here / n_steps
            step = steepest(gradient * moved, step_size * unit, 2)
            shift = project(shift.detach() + step, epsilon * unit, 2)
        return total, n_targets

    return averaged


def neftune(loss: Loss, alpha: float = 5.0, generator: torch.Generator | None = None) -> Loss:
    """Train with uniform noise of +-alpha / sqrt(L D) on embeddings, for a text of L tokens.

    Random, not adversarial, and in plain numbers. A model in eval mode sees none.

    Args:
        loss: of the task.
        alpha: the paper tries 5, 10 and 15; the length of the noise is alpha / sqrt(3) on average.
        generator: as for `random_shift`.

    Source: arXiv:2310.05914, algorithm 1.
    """

    def noisy(model: nn.Module, batch: Any) -> tuple[Tensor, Tensor]:
        if not model.training:
            return loss(model, batch)
        moved, x = is_text(batch), embedded(model, batch)
        noise = torch.empty(x.shape).uniform_(-1, 1, generator=generator).to(x)
        size = alpha / (moved.sum(dim=1, keepdim=True).clamp(min=1) * x.shape[-1]).sqrt()  # (B, 1)
        with shifted(model, noise * (size * moved)[..., None]):
            return loss(model, batch)

    return noisy


def _mixed(loss: Loss, model: nn.Module, batch: Any, shift: Tensor, clean_share: float):
    with shifted(model, shift):
        worst, n_targets = loss(model, batch)
    if clean_share == 0:
        return worst, n_targets
    clean, _ = loss(model, batch)
    return clean_share * clean + (1 - clean_share) * worst, n_targets


def _replay(model: nn.Module) -> Replay:
    return Replay(next(model.parameters()).device)
