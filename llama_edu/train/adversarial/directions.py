"""In which direction a loss rises fastest, and back into the ball that a shift must stay in.

The size of a shift r is ||r||_p: p = 2 is its length, p = inf its largest entry, p = 1 the sum of
its entries' sizes. Each of B texts has a shift and a size of its own.
"""

import math

import torch
from jaxtyping import Float
from torch import Tensor

Sizes = float | Float[Tensor, " B"]


def sizes(shift: Float[Tensor, "B ..."], p: float) -> Float[Tensor, " B"]:
    """||r||_p of each of B shifts, over all of its entries."""
    return torch.linalg.vector_norm(shift.flatten(1), p, dim=1)


def steepest(gradient: Float[Tensor, "B ..."], epsilon: Sizes, p: float) -> Float[Tensor, "B ..."]:
    """The shift of a given size along which a loss rises most, to first order.

    It is the r that makes g·r largest among all with ||r||_p <= epsilon: epsilon g / ||g||_2 for
    p = 2, epsilon sign(g) for p = inf, and all of epsilon on the largest entry for p = 1. The loss
    then rises by epsilon ||g||_q, where 1/p + 1/q = 1: the *dual norm* of the gradient.

    steepest(tensor([[3.0, -4.0]]), 1.0, 2) -> [[0.6, -0.8]]

    Args:
        gradient: g of each of B texts.
        epsilon: ||r||_p, >= 0: one for all, or one for each.
        p: 1, 2 or inf.

    Returns:
        A shift of size epsilon for each; 0 where the gradient is 0, for then no direction is best.

    Raises:
        ValueError: if p is another number, or epsilon is negative.

    Source: arXiv:1412.6572, sec. 4 (p = inf); arXiv:1605.07725, eq. 6 (p = 2).
    """
    _check(epsilon, p)
    g = gradient.detach().flatten(1)
    largest = g.abs().amax(dim=1, keepdim=True)
    g = torch.where(largest > 0, g / largest, 0)  # or the squares of tiny numbers would vanish
    if p == 2:
        length = g.norm(dim=1, keepdim=True)
        direction = torch.where(length > 0, g / length, 0)
    elif p == 1:
        place = g.abs().argmax(dim=1, keepdim=True)
        direction = torch.zeros_like(g).scatter(1, place, g.gather(1, place).sign())
    else:
        direction = g.sign()
    return (direction * _column(epsilon, g)).view_as(gradient)


def project(shift: Float[Tensor, "B ..."], epsilon: Sizes, p: float) -> Float[Tensor, "B ..."]:
    """The nearest shift, in Euclid's distance, whose size is at most epsilon.

    What lies inside the ball stays as it is.

    Args:
        shift: of each of B texts.
        epsilon: the radius, >= 0: one for all, or one for each.
        p: 1, 2 or inf.

    Raises:
        ValueError: if p is another number, or epsilon is negative.

    Source: for p = 1 Duchi et al. 2008, "Efficient projections onto the l1-ball", fig. 1.
    """
    _check(epsilon, p)
    r = shift.flatten(1)
    radius = _column(epsilon, r)
    if p == math.inf:
        inside = r.clamp(-radius, radius)
    elif p == 2:
        inside = r * (radius / r.norm(dim=1, keepdim=True)).clamp(max=1).nan_to_num(1.0)
    else:
        # All entries shrink by the same amount, and those that would pass 0 stay there.
        ordered = r.abs().sort(dim=1, descending=True).values
        counts = torch.arange(1, r.shape[1] + 1, device=r.device)
        shrinks = (ordered.cumsum(dim=1) - radius) / counts
        n_kept = (ordered > shrinks).sum(dim=1, keepdim=True).clamp(min=1)
        shrink = shrinks.gather(1, n_kept - 1).clamp(min=0)
        inside = r.sign() * (r.abs() - shrink).clamp(min=0)
    return inside.view_as(shift)


def _column(epsilon: Sizes, like: Tensor) -> Tensor:
    """(B, 1) or (1, 1), to be multiplied with (B, entries)."""
    return torch.as_tensor(epsilon, dtype=like.dtype, device=like.device).view(-1, 1)


def _check(epsilon: Sizes, p: float) -> None:
    if p not in (1, 2, math.inf):
        raise ValueError(f"p={p} must be 1, 2 or inf")
    if bool((torch.as_tensor(epsilon) < 0).any()):
        raise ValueError(f"epsilon={epsilon} must not be negative")
