"""AdamW, which trained every LLaMA, and LAMB, for large batches; written out.

Both keep two running means for each weight: m of its gradient, v of the gradient's square. A step
goes along m / sqrt(v), so that every weight moves about as far whatever its gradients' size.
"""

import math
from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn
from torch.optim import Optimizer


class AdamW(Optimizer):
    """Adam with weight decay apart from the gradient.

    m = b1 m + (1 - b1) g, v = b2 v + (1 - b2) g^2, both divided by 1 - b^t since they began at 0;
    then w = (1 - lr * weight_decay) w - lr * m / (sqrt(v) + eps).

    Args:
        params: weights, or groups of them with settings of their own, as torch has it.
        lr: learning rate, per step.
        betas: how slowly m and v change, each in [0, 1). LLaMA: (0.9, 0.95).
        eps: added to the root, in gradient units.
        weight_decay: share of a weight that is taken off a step, times lr. LLaMA: 0.1.

    Raises:
        ValueError: if a setting is out of range.

    Source: arXiv:1711.05101, algorithm 2; LLaMA's settings arXiv:2302.13971, sec. 2.3. LLaMA's
    paper does not say whether norms decay too.
    """

    def __init__(
        self,
        params: Iterable,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
    ):
        super().__init__(params, _checked(lr, betas, eps, weight_decay))

    @torch.no_grad()
    def step(self, closure: Callable[[], Tensor] | None = None) -> Tensor | None:
        """Move every weight that has a gradient."""
        loss = _evaluated(closure)
        for group in self.param_groups:
            for weights, m, v, n_steps in _by_age(self, group):
                update = _adam_update(m, v, n_steps, group)
                torch._foreach_mul_(weights, 1 - group["lr"] * group["weight_decay"])
                torch._foreach_add_(weights, update, alpha=-group["lr"])
        return loss


class Lamb(Optimizer):
    """Adam's step, its length in each tensor made a share of that tensor's own length.

    u = m / (sqrt(v) + eps) + weight_decay * w as in `AdamW`; then w = w - lr * (|w| / |u|) u, where
    |w| / |u| is the trust ratio, 1 where either is 0. So every tensor moves by the share lr of its
    length, however large the batch has made the gradients.

    Args:
        params: weights, or groups of them.
        lr: the share of its length that a tensor moves a step.
        betas: as in `AdamW`.
        eps: as in `AdamW`.
        weight_decay: as in `AdamW`, but inside the step whose length is set.

    Raises:
        ValueError: if a setting is out of range.

    Source: arXiv:1904.00962, algorithm 2, with the identity for the bound on |w|. No LLaMA used it.
    """

    def __init__(
        self,
        params: Iterable,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-6,
        weight_decay: float = 1e-2,
    ):
        super().__init__(params, _checked(lr, betas, eps, weight_decay))

    @torch.no_grad()
    def step(self, closure: Callable[[], Tensor] | None = None) -> Tensor | None:
        """Move every weight that has a gradient."""
        loss = _evaluated(closure)
        for group in self.param_groups:
            for weights, m, v, n_steps in _by_age(self, group):
                update = _adam_update(m, v, n_steps, group)
                torch._foreach_add_(update, weights, alpha=group["weight_decay"])
                lengths, steps = torch._foreach_norm(weights), torch._foreach_norm(update)
                trust = [
                    torch.where((w > 0) & (u > 0), w / u, 1.0)
                    for w, u in zip(lengths, steps, strict=True)
                ]
                torch._foreach_mul_(update, trust)
                torch._foreach_add_(weights, update, alpha=-group["lr"])
        return loss


def decay_groups(model: nn.Module, weight_decay: float) -> list[dict]:
    """The matrices of a model, which decay, and its norms and biases, which do not.

    That only matrices decay is a custom of GPT-2's and later codes; no LLaMA paper states it.
    """
    some = [weight for weight in model.parameters() if weight.requires_grad]
    return [
        {"params": [w for w in some if w.ndim > 1], "weight_decay": weight_decay},
        {"params": [w for w in some if w.ndim <= 1], "weight_decay": 0.0},
    ]


def _checked(lr: float, betas: tuple[float, float], eps: float, weight_decay: float) -> dict:
    for name, value in (("lr", lr), ("eps", eps), ("weight_decay", weight_decay)):
        if not value >= 0:
            raise ValueError(f"{name}={value} must not be negative")
    if not all(0 <= beta < 1 for beta in betas):
        raise ValueError(f"betas={betas} must both be at least 0 and below 1")
    return {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay}


def _evaluated(closure: Callable[[], Tensor] | None) -> Tensor | None:
    if closure is None:
        return None
    with torch.enable_grad():
        return closure()


def _by_age(optimizer: Optimizer, group: dict):
    """Weights with their updated m and v, together those that have been moved as often.

    Lists of tensors go to the device at once: one call for a hundred weights.
    """
    by_age: dict[int, list] = {}
    for weight in group["params"]:
        if weight.grad is None:
            continue
        state = optimizer.state[weight]
        if not state:
            state["step"] = torch.tensor(0.0)  # as torch's own optimizers keep it
            state["exp_avg"] = torch.zeros_like(weight)
            state["exp_avg_sq"] = torch.zeros_like(weight)
        state["step"] += 1
        age = int(state["step"].item())
        by_age.setdefault(age, []).append((weight, weight.grad, *_means(state)))
    beta1, beta2 = group["betas"]
    for age, rows in by_age.items():
        weights, grads, m, v = map(list, zip(*rows, strict=True))
        torch._foreach_lerp_(m, grads, 1 - beta1)
        torch._foreach_mul_(v, beta2)
        torch._foreach_addcmul_(v, grads, grads, 1 - beta2)
        yield weights, m, v, age


def _means(state: dict) -> tuple[Tensor, Tensor]:
    return state["exp_avg"], state["exp_avg_sq"]


def _adam_update(m: list[Tensor], v: list[Tensor], n_steps: int, group: dict) -> list[Tensor]:
    """m / (sqrt(v) + eps), both as large as they would be had they not begun at 0."""
    beta1, beta2 = group["betas"]
    size = torch._foreach_sqrt(v)
    torch._foreach_div_(size, math.sqrt(1 - beta2**n_steps))
    torch._foreach_add_(size, group["eps"])
    update = torch._foreach_div(m, size)
    torch._foreach_div_(update, 1 - beta1**n_steps)
    return update
