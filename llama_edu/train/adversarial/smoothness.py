"""Losses that ask for the same answer near a text as at it. No label says what the answer is.

So they learn from unlabelled texts too. How far two answers are apart is the divergence of their
probabilities, which is smallest, 0, at the text itself: its gradient is 0 there, and the search
for the worst direction must start elsewhere.
"""

from collections.abc import Callable
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from llama_edu.train.adversarial.directions import sizes, steepest
from llama_edu.train.adversarial.embeddings import (
    Loss,
    Replay,
    embedding_gradient,
    random_shift,
    shifted,
    text_units,
    worst_shift,
)
from llama_edu.train.loss import IGNORED

Predict = Callable[[nn.Module, Any], Float[Tensor, "N V"]]


def next_token_logits(model: nn.Module, batch: Any) -> Float[Tensor, "N V"]:
    """What a language model predicts at the N places whose target counts."""
    return model(batch.inputs, mask=batch.mask())[batch.targets != IGNORED]


def divergence(log_p: Float[Tensor, "N V"], log_q: Float[Tensor, "N V"]) -> Float[Tensor, " N"]:
    """KL(p || q) = sum of p (log p - log q), in nats: >= 0, and 0 where p = q.

    Args:
        log_p, log_q: logarithms of probabilities.
    """
    # Where p underflows to 0 its part is 0, whatever the logarithms are.
    return (log_p.exp() * (log_p - log_q)).sum(dim=-1)


def symmetric_divergence(
    log_p: Float[Tensor, "N V"], log_q: Float[Tensor, "N V"]
) -> Float[Tensor, " N"]:
    """KL(p || q) + KL(q || p): the same when p and q change places.

    Source: arXiv:1911.03437, sec. 3.1.
    """
    return divergence(log_p, log_q) + divergence(log_q, log_p)


def vat(
    loss: Loss,
    epsilon: float,
    weight: float = 1.0,
    n_power: int = 1,
    xi: float = 0.1,
    predict: Predict = next_token_logits,
    generator: torch.Generator | None = None,
) -> Loss:
    """Virtual adversarial training: the loss, and how far the worst shift moves the answer.

    KL(p || q) with p the answer at the text, held fixed, and q at the shift. For small shifts it
    is r' H r / 2: the worst direction is the top eigenvector of H, and to ask for the gradient at
    xi times a direction is to multiply that by H, a step of the *power method*.

    Args:
        loss: of the task, on the texts that have labels.
        epsilon: ||r||_2 in `text_units`.
        weight: of the mean divergence, beside the mean loss.
        n_power: steps of the power method; with 0 the direction stays random (RPT, a control).
        xi: where the gradient is asked, in `text_units`; in fp32 not below 1e-3, or the
            difference of two nearly equal answers is rounding.
        predict: gives logits wherever an answer is to stay the same, labelled or not.
        generator: of the first direction, on the CPU; torch's own if None.

    Source: arXiv:1704.03976, algorithm 1; for text arXiv:1605.07725, eq. 3 and 4.
    """

    def smooth(model: nn.Module, batch: Any) -> tuple[Tensor, Tensor]:
        unit = text_units(model, batch)
        direction = random_shift(model, batch, 1.0, generator=generator)
        replay = _replay(model)
        same_loss, same = replay(loss), replay(predict)
        total, n_targets = same_loss(model, batch)
        with torch.no_grad():
            at_text = same(model, batch).float().log_softmax(dim=-1)

        def moved_by(model: nn.Module, batch: Any) -> tuple[Tensor, int]:
            near = same(model, batch).float().log_softmax(dim=-1)
            return divergence(at_text, near).sum(), len(near)

        for _ in range(n_power):
            gradient = embedding_gradient(moved_by, model, batch, steepest(direction, xi * unit, 2))
            # A gradient of 0, such as that of an answer that is certain, names no direction.
            has_one = (sizes(gradient, 2) > 0)[:, None, None]
            direction = torch.where(has_one, gradient, direction)
        with shifted(model, steepest(direction, epsilon * unit, 2)):
            apart, n_answers = moved_by(model, batch)
        return total + weight * n_targets * apart / n_answers, n_targets

    return smooth


def smart(
    loss: Loss,
    epsilon: float,
    weight: float = 1.0,
    p: float = float("inf"),
    n_steps: int = 1,
    predict: Predict = next_token_logits,
    generator: torch.Generator | None = None,
) -> Loss:
    """The loss, and the symmetric divergence at the worst shift that some ascent finds.

    SMART's smoothness term. Its second part, a penalty on steps that change the model's answers
    much (Bregman proximal point), is not in here.

    Args:
        loss: of the task.
        epsilon: ||r||_p in `text_units`.
        weight: of the mean divergence, beside the mean loss.
        p: 1, 2 or inf, the paper's own.
        n_steps: of ascent, from a random shift a tenth as large as epsilon.
        predict, generator: as for `vat`.

    Source: arXiv:1911.03437, eq. 1 and 2.
    """

    def smooth(model: nn.Module, batch: Any) -> tuple[Tensor, Tensor]:
        start = random_shift(model, batch, 0.1 * epsilon, p, generator)
        replay = _replay(model)
        same_loss, same = replay(loss), replay(predict)
        total, n_targets = same_loss(model, batch)
        at_text = same(model, batch).float().log_softmax(dim=-1)

        def moved_by(model: nn.Module, batch: Any) -> tuple[Tensor, int]:
            near = same(model, batch).float().log_softmax(dim=-1)
            return symmetric_divergence(fixed, near).sum(), len(near)

        fixed = at_text.detach()
        shift = worst_shift(moved_by, model, batch, epsilon, p, n_steps, start=start)
        fixed = at_text
        with shifted(model, shift):
            apart, n_answers = moved_by(model, batch)
        return total + weight * n_targets * apart / n_answers, n_targets

    return smooth


def _replay(model: nn.Module) -> Replay:
    return Replay(next(model.parameters()).device)
