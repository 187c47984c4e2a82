"""13.6 Clip a gradient."""

import torch
from torch import Generator, Tensor, zeros

from llama_edu.course.checking.draw import randn
from llama_edu.course.checking.questions import Misconception, Question


def clip(grads: list[Tensor], max_norm: float) -> list[Tensor]:
    norm = torch.cat([grad.flatten() for grad in grads]).norm()
    return [grad * (max_norm / norm).clamp(max=1.0) if norm > 0 else grad for grad in grads]


def clip_cases(generator: Generator):
    def case(*shapes: tuple[int, ...], max_norm: float = 1.0, size: float = 3.0) -> dict:
        return {"grads": [size * randn(generator, *shape) for shape in shapes],
                "max_norm": max_norm}  # fmt: skip

    yield {"grads": [torch.tensor([3.0, 4.0])], "max_norm": 1.0}
    yield case((2,), (3,))
    yield case((2, 3), (4,), (1,), max_norm=0.5)
    yield case((2,), (3,), max_norm=2.0, size=0.1)  # short enough
    yield {"grads": [torch.tensor([0.9]), torch.tensor([0.0, 0.9])], "max_norm": 1.0}  # together
    yield {"grads": [zeros(2), zeros(1)], "max_norm": 1.0}


NORM = "sum(grad.square().sum() for grad in grads).sqrt()"
FACTOR = "max_norm / norm if norm > max_norm else 1.0"
RESULT = "[factor * grad for grad in grads]"

CLIP = Question(
    "optimizers.clip",
    points=2,
    cases=clip_cases,
    reference=clip,
    equivalent_mutants={
        "factor = max_norm / norm if norm > max_norm else 1.0 -> "
        "factor = max_norm / norm if norm >= max_norm else 1.0": "the factor is 1 where they meet",
    },
    forbids=("clip_grad_norm_", "clip_grad_norm", "get_total_norm", "clip_grads_with_norm_"),
    misconceptions=[
        Misconception(
            "each_by_itself",
            {RESULT: "[g * min(1.0, max_norm / max(g.norm().item(), 1e-12)) for g in grads]"},
            says="each tensor is clipped by itself",
            hint="That turns the direction of the whole gradient. How long are all together?",
        ),
        Misconception(
            "numbers_cut",
            {RESULT: "[grad.clamp(-max_norm, max_norm) for grad in grads]"},
            says="each number is cut off at ± max_norm",
            hint="That is clipping by value; it turns the direction. One factor for all keeps it.",
        ),
        Misconception(
            "always_scaled",
            {FACTOR: "max_norm / norm"},
            says="a short gradient is made longer, up to max_norm",
            hint="max_norm is a limit. What happens to a gradient that is within it?",
        ),
        Misconception(
            "sum_of_lengths",
            {NORM: "sum(grad.norm() for grad in grads)"},
            says="the lengths of the tensors are added up",
            hint="Two legs of a right angle: how long is the third side?",
        ),
        Misconception(
            "no_root",
            {".sqrt()": ""},
            says="the sum of the squares is taken for the length",
            hint="Which step from squares to a length is missing?",
        ),
        Misconception(
            "longest_tensor",
            {NORM: "max(grad.norm() for grad in grads)"},
            says="only the longest tensor's length counts",
            hint="All tensors together are one long vector.",
        ),
        Misconception(
            "mean_square",
            {NORM: "torch.cat([g.flatten() for g in grads]).square().mean().sqrt()"},
            says="the length is a root of the mean of squares, not of their sum",
            hint="The length of (3, 4) is 5.",
        ),
        Misconception(
            "divided_by_norm",
            {"max_norm / norm": "1 / norm"},
            says="a long gradient is made 1 long, whatever max_norm",
            hint="How long should it be afterwards?",
        ),
        Misconception(
            "turned_round",
            {FACTOR: "norm / max_norm if norm > max_norm else 1.0"},
            says="the factor is turned round: long gradients get longer",
            hint="Is the factor above or below 1 where a gradient is too long?",
        ),
        Misconception(
            "largest_number",
            {NORM: "torch.stack([grad.abs().max() for grad in grads]).max()"},
            says="the largest number is taken for the length",
            hint="All numbers count towards a length, by their squares.",
        ),
        Misconception(
            "thrown_away",
            {FACTOR: "0.0 if norm > max_norm else 1.0"},
            says="a gradient that is too long is set to 0",
            hint="Its direction may still be good. Only its length is to change.",
        ),
    ],
)
