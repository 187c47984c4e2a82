"""14.5 The loss of a longer run, from shorter ones."""

import numpy as np
import torch
from torch import Generator, Tensor

from llama_edu.course.checking.draw import randn, whole
from llama_edu.course.checking.questions import Misconception, Question


def predict_loss(n_tokens: Tensor, losses: Tensor, floor: float, wanted: float) -> Tensor:
    x, y = np.log(n_tokens.numpy()), np.log(losses.numpy() - floor)
    line = np.polynomial.Polynomial.fit(x, y, 1)
    return torch.tensor(floor + np.exp(line(np.log(wanted))))


def predict_loss_cases(generator: Generator):
    def case(n: int, floor: float, wanted: float, noise: float = 0.05) -> dict:
        tokens = 1000.0 * torch.arange(1, n + 1, dtype=torch.float64) ** 2
        power = whole(generator, 2, 5) / 10
        losses = floor + 30 * tokens**-power * (noise * randn(generator, n)).exp()
        return {"n_tokens": tokens, "losses": losses, "floor": floor, "wanted": wanted}

    yield case(2, 0.0, 16_000.0, noise=0.0)
    yield case(3, 0.5, 20_000.0)
    yield case(4, 1.5, 100_000.0)
    yield case(5, 0.25, 3_000.0, noise=0.2)  # between the runs
    yield case(6, 2.0, 1e6, noise=0.1)


Y, SLOPE = "(losses - floor).log()", "(dx * y).sum() / dx.square().sum()"
AT, RESULT = "math.log(wanted)", "floor + (y.mean() + slope * away).exp()"

PREDICT_LOSS = Question(
    "pretraining.predict_loss",
    points=4,
    cases=predict_loss_cases,
    reference=predict_loss,
    misconceptions=[
        Misconception(
            "floor_forgotten",
            {Y: "losses.log()", RESULT: "(y.mean() + slope * away).exp()"},
            says="the floor is not used: the line is fitted to the logarithm of the loss itself",
            hint="The straight line is one of log(L - E).",
        ),
        Misconception(
            "floor_not_taken_off",
            {Y: "losses.log()"},
            says="the floor is added at the end, but was not taken off before",
            hint="Of what is the logarithm a straight line?",
        ),
        Misconception(
            "floor_not_added",
            {RESULT: "(y.mean() + slope * away).exp()"},
            says="the floor is missing in the result",
            hint="The line says how far the loss is above E.",
        ),
        Misconception(
            "no_exp",
            {RESULT: "floor + y.mean() + slope * away"},
            says="the result is a logarithm still",
            hint="Undo the logarithm before the floor comes back.",
        ),
        Misconception(
            "floor_inside",
            {RESULT: "(floor + y.mean() + slope * away).exp()"},
            says="the floor is added before the logarithm is undone",
            hint="L - E had the logarithm, not E.",
        ),
        Misconception(
            "straight_x",
            {"n_tokens.log()": "n_tokens", AT: "wanted"},
            says="the line is over D, not over log D",
            hint="Both axes are logarithms here.",
        ),
        Misconception(
            "straight_y",
            {Y: "losses - floor", RESULT: "floor + y.mean() + slope * away"},
            says="the line is fitted to L - E and not to its logarithm",
            hint="Both axes are logarithms here.",
        ),
        Misconception(
            "wanted_not_log",
            {AT: "wanted"},
            says="the wanted D is used without its logarithm",
            hint="The line is over log D. At which place do you ask it?",
        ),
        Misconception(
            "other_logarithm",
            {
                "n_tokens.log()": "n_tokens.log10()",
                Y: "(losses - floor).log10()",
                AT: "math.log10(wanted)",
            },
            says="logarithms to base 10 are undone by exp",
            hint="exp undoes the natural logarithm. What undoes the one to base 10?",
        ),
        Misconception(
            "slope_turned_round",
            {SLOPE: "dx.square().sum() / (dx * y).sum()"},
            says="the slope is turned upside down",
            hint="A slope is y by x. Which sum is in the numerator of the formula?",
        ),
        Misconception(
            "ends_only",
            {SLOPE: "(y[-1] - y[0]) / (x[-1] - x[0])"},
            says="the slope is that from the first run to the last",
            hint="Least squares uses all runs.",
        ),
        Misconception(
            "line_through_ends",
            {
                SLOPE: "(y[-1] - y[0]) / (x[-1] - x[0])",
                AT + " - x.mean()": AT + " - x[0]",
                RESULT: "floor + (y[0] + slope * away).exp()",
            },
            says="the line is drawn through the first and the last run",
            hint="Least squares uses all runs.",
        ),
        Misconception(
            "slope_positive",
            {"slope * away": "slope.abs() * away"},
            says="the slope is taken without its sign: more text makes the loss higher",
            hint="Which sign has the slope of a loss that falls?",
        ),
        Misconception(
            "not_from_the_mean",
            {AT + " - x.mean()": AT},
            says="the slope is applied to log D, while the line starts at the means",
            hint="How far is log D from the mean of the x?",
        ),
    ],
)
