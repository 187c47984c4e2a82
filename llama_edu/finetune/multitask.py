"""Several tasks at once: how often each comes, what each loses, and what to do where they fight."""

import math
from collections.abc import Iterable, Mapping

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from llama_edu.train.loss import next_token_loss


def mixture_rates(
    sizes: Mapping[str, int], temperature: float = 1.0, cap: int | None = None
) -> dict[str, float]:
    """How often each task is drawn: min(size, cap)^(1/T), divided by the sum of all.

    mixture_rates({"small": 100, "large": 900}) -> {"small": 0.1, "large": 0.9}

    Args:
        sizes: examples of each task, or tokens.
        temperature: T; 1 draws by size, infinity all tasks alike.
        cap: sizes above it count as it, so that one large task does not drown the rest.

    Raises:
        ValueError: if there is no task, a size is not positive, or a number is out of range.

    Source: arXiv:1910.10683, sec. 3.5.2; FLAN draws by size with a cap of 3,000
    (arXiv:2109.01652, sec. 2.4).
    """
    if not sizes or min(sizes.values()) <= 0:
        raise ValueError(f"sizes={dict(sizes)} must name at least one task, each of at least 1")
    if not temperature >= 1 or (cap is not None and cap <= 0):
        raise ValueError(f"{temperature=} must be at least 1, and {cap=} positive or None")
    counted = {name: min(size, cap or size) ** (1 / temperature) for name, size in sizes.items()}
    return {name: n / sum(counted.values()) for name, n in counted.items()}


class Mixture:
    """Batches of several tasks, each batch of one task, drawn at the rates given.

    Which task comes hangs on the seed and the number of the batch alone, so that a run that was
    ended goes on as it would have.

    Args:
        tasks: name -> batches with `next()`, `state_dict()` and `load_state_dict()`.
        rates: name -> how often it is drawn; they sum to 1.
        seed: of the draw.

    Raises:
        ValueError: if rates and tasks have other names, or the rates are no probabilities.
    """

    def __init__(self, tasks: Mapping[str, object], rates: Mapping[str, float], seed: int = 0):
        if tasks.keys() != rates.keys():
            raise ValueError(f"tasks {sorted(tasks)} and rates {sorted(rates)} must be the same")
        if min(rates.values()) < 0 or not math.isclose(sum(rates.values()), 1):
            raise ValueError(f"rates={dict(rates)} must not be negative, and sum to 1")
        self.tasks, self.seed, self.n_drawn = dict(tasks), seed, 0
        self.rates = {name: rates[name] for name in self.tasks}

    def next(self):
        """A batch of the next task."""
        return self.tasks[self.draw()].next()

    def draw(self) -> str:
        """The name of the next task; the one after it is next then."""
        dice = np.random.default_rng([self.seed, self.n_drawn])
        self.n_drawn += 1
        return str(dice.choice(list(self.rates), p=list(self.rates.values())))

    def state_dict(self) -> dict:
        """Where it stands, and each task."""
        tasks = {name: batches.state_dict() for name, batches in self.tasks.items()}
        return {"n_drawn": self.n_drawn, "seed": self.seed, "rates": self.rates, "tasks": tasks}

    def load_state_dict(self, state: dict) -> None:
        """Go on from there.

        Raises:
            ValueError: if seed, tasks or rates were others.
        """
        for name, value in (("seed", self.seed), ("rates", self.rates)):
            if state.get(name) != value:
                raise ValueError(
                    f"the run was begun with {name}={state.get(name)}, this is {value}"
                )
        self.n_drawn = state["n_drawn"]
        for name, batches in self.tasks.items():
            batches.load_state_dict(state["tasks"][name])


@torch.no_grad()
def task_losses(
    model: nn.Module, held_out: Mapping[str, Iterable], loss=next_token_loss
) -> dict[str, float]:
    """The mean loss of each task in nats a token: one number for all would hide the small ones.

    Args:
        model: to be measured.
        held_out: name -> batches that were not trained on.
        loss: as the trainer takes it.

    Raises:
        ValueError: if a task has no target that counts.
    """
    means = {}
    for name, batches in held_out.items():
        sums = [loss(model, batch) for batch in batches]
        n_counted = sum(int(n) for _, n in sums)
        if not n_counted:
            raise ValueError(f"task {name!r} has no target that counts")
        means[name] = sum(float(total) for total, _ in sums) / n_counted
    return means


def conflicts(gradients: Float[Tensor, "tasks N"]) -> Float[Tensor, "tasks tasks"]:
    """The cosine between the gradients of any two tasks: below 0 a step for one harms the other.

    Args:
        gradients: of each task, all weights in a row.
    """
    units = gradients / gradients.norm(dim=1, keepdim=True).clamp(min=1e-30)
    return units @ units.T


def pcgrad(
    gradients: Float[Tensor, "tasks N"], generator: torch.Generator | None = None
) -> Float[Tensor, " N"]:
    """One gradient for all tasks, in which none works against another ("gradient surgery").

    Where two disagree, g_i . g_j < 0, the part of g_i that goes against g_j is taken off:
    g_i - (g_i . g_j / |g_j|^2) g_j. Each task meets the others, as they were, in an order drawn by
    chance; then all are added.

    pcgrad of (1, 0) and (-1, 1) -> (1/2, 1/2) + (0, 1)

    Args:
        gradients: of each task, all weights in a row.
        generator: of the order.

    Source: arXiv:2001.06782, algorithm 1. No LLaMA paper reports it.
    """
    total = torch.zeros_like(gradients[0])
    for i, gradient in enumerate(gradients):
        mended = gradient
        for j in torch.randperm(len(gradients), generator=generator).tolist():
            other = gradients[j]
            against = mended @ other
            if j != i and against < 0:
                mended = mended - against / (other @ other) * other
        total = total + mended
    return total


class UncertaintyWeights(nn.Module):
    """Weights of tasks that are learned with the model: sum of exp(-s) loss + s / 2.

    A task whose loss stays large gets a large s and counts less; s / 2 keeps s from growing without
    end. At its best exp(-s) = 1 / (2 loss), so that each task then adds the same 1/2.

    Args:
        n_tasks: how many; each s begins at 0.

    Source: arXiv:1705.07115, sec. 3, for cross-entropies, with s = log sigma^2.
    """

    def __init__(self, n_tasks: int):
        super().__init__()
        self.log_variance = nn.Parameter(torch.zeros(n_tasks))

    def forward(self, losses: Float[Tensor, " tasks"]) -> Float[Tensor, ""]:
        return ((-self.log_variance).exp() * losses + self.log_variance / 2).sum()
