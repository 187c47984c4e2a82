"""18.5 Weights of tasks that are learned."""

import torch
from torch import Generator, Tensor

from llama_edu.course.checking.draw import randn
from llama_edu.course.checking.questions import Misconception, Question


def weighted(losses: Tensor, s: Tensor) -> tuple[Tensor, Tensor]:
    wanted = s.clone().requires_grad_()
    with torch.enable_grad():
        total = ((-wanted).exp() * losses + wanted / 2).sum()
        (slopes,) = torch.autograd.grad(total, wanted)
    return total.detach(), slopes


def weighted_cases(generator: Generator):
    yield {"losses": torch.tensor([4.0, 0.25]), "s": torch.tensor([0.0, 0.0])}
    yield {"losses": torch.tensor([2.0, 1.0]), "s": torch.tensor([1.0, -1.0])}
    yield {"losses": randn(generator, 3).abs(), "s": randn(generator, 3)}
    yield {"losses": 5 * randn(generator, 5).abs(), "s": 2 * randn(generator, 5)}
    yield {"losses": torch.zeros(2), "s": randn(generator, 2)}
    yield {"losses": randn(generator, 1).abs(), "s": randn(generator, 1)}


COUNTED = "torch.exp(-s) * losses"
SLOPE = "1 / 2 - counted"

WEIGHTED = Question(
    "multitask.weighted",
    points=2,
    cases=weighted_cases,
    reference=weighted,
    misconceptions=[
        Misconception(
            "sign_of_s",
            {"torch.exp(-s)": "torch.exp(s)"},
            says="a task counts more with a larger s",
            hint="Look at the sign in the exponent: a large s should make a task count less.",
        ),
        Misconception(
            "slope_of_price",
            {SLOPE: "s / 2 - counted"},
            says="the slope has s / 2 itself, and not the slope of s / 2",
            hint="How fast does s / 2 grow with s?",
        ),
        Misconception(
            "divided_by_s",
            {COUNTED: "losses / s"},
            says="the loss is divided by s",
            hint="s may be 0 or negative. What does the formula do with it first?",
        ),
        Misconception(
            "regression",
            {COUNTED: "losses / (2 * torch.exp(2 * s))", "s / 2": "s", SLOPE: "1 - 2 * counted"},
            says="the form for squared errors is taken, with s the logarithm of a deviation",
            hint="Here the losses are cross-entropies: compare exponent and price with the formula "
            "above.",
        ),
        Misconception(
            "without_the_price",
            {"(counted + s / 2).sum()": "counted.sum()"},
            says="the loss has no s / 2",
            hint="Without it, s would grow for ever: then nothing counts and nothing costs.",
        ),
        Misconception(
            "whole_price_in_the_slope",
            {"1 / 2 -": "1 -"},
            says="the slope has 1 for s / 2",
            hint="How fast does s / 2 grow with s?",
        ),
        Misconception(
            "whole_price_in_the_loss",
            {"s / 2": "s"},
            says="the loss adds s whole",
            hint="How much of s does the formula add?",
        ),
        Misconception(
            "mean",
            {".sum()": ".mean()"},
            says="the mean over tasks is given as the loss",
            hint="The formula adds the tasks up.",
        ),
        Misconception(
            "not_summed",
            {".sum()": ""},
            says="the loss is one number for each task",
            hint="One loss for all: a training step needs a single number.",
        ),
        Misconception(
            "slope_up",
            {SLOPE: "1 / 2 + counted"},
            says="the slope of exp(-s) has lost its sign",
            hint="If s grows, exp(-s) falls.",
        ),
        Misconception(
            "slope_without_loss",
            {SLOPE: "1 / 2 - torch.exp(-s)"},
            says="the slope leaves the loss out",
            hint="exp(-s) is multiplied by something that stays as it is when s moves.",
        ),
        Misconception(
            "slope_without_price",
            {SLOPE: "-counted"},
            says="the slope leaves out that of s / 2",
            hint="Two terms hold s. You have the slope of one.",
        ),
        Misconception(
            "slope_along_the_losses",
            {SLOPE: "torch.exp(-s)"},
            says="the slope is that along the losses",
            hint="That is the task's weight. Asked for is the slope along s.",
        ),
        Misconception(
            "half_the_loss",
            {COUNTED: "torch.exp(-s) * losses / 2"},
            says="each loss is halved, as in the form for squared errors",
            hint="Here the losses are cross-entropies: what stands before L in the formula above?",
        ),
    ],
)  # fmt: skip
