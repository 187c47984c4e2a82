"""7.2 LayerNorm."""

import torch
from torch import Tensor

from llama_edu.course.checking.draw import randn
from llama_edu.course.checking.questions import Misconception, Question


def layer_norm(x: Tensor, gain: Tensor, bias: Tensor, eps: float) -> Tensor:
    variance, mean = torch.var_mean(x, -1, correction=0, keepdim=True)
    return (x - mean) * torch.rsqrt(variance + eps) * gain + bias


def layer_norm_cases(generator):
    def weights(width):
        gain = 1 + 0.5 * randn(generator, width).clamp(-1, 1)
        return {"gain": gain, "bias": randn(generator, width)}

    neutral = {"gain": torch.ones(4), "bias": torch.zeros(4)}
    yield {"x": 3 + 2 * randn(generator, 4), **neutral, "eps": 1e-6}
    yield {"x": 2 + randn(generator, 2, 3), **weights(3), "eps": 1e-5}
    yield {"x": 1 + randn(generator, 3, 3), **weights(3), "eps": 1e-5}  # as many rows as D
    yield {"x": randn(generator, 2, 5, 8), **weights(8), "eps": 1e-5}
    yield {"x": 5 + 0.05 * randn(generator, 3, 6), **weights(6), "eps": 0.01}  # eps counts
    yield {"x": torch.full((1, 4), 2.0), **weights(4), "eps": 1e-6}  # nothing is left


LAYER_NORM = Question(
    "norms.layer_norm",
    points=2,
    cases=layer_norm_cases,
    reference=layer_norm,
    rtol=1e-4,
    atol=1e-5,  # numbers of about 5 lose two digits when their mean is taken off
    forbids=("LayerNorm", "layer_norm", "native_layer_norm", "RMSNorm", "group_norm"),
    misconceptions=[
        Misconception(
            "mean_left_above",
            {"gain * centred": "gain * x"},
            says="the mean is taken off below the line only, and x itself stands above",
            hint="The result should have mean 0 before gain and bias. Does it?",
        ),
        Misconception(
            "mean_left_in",
            {" - x.mean(-1, keepdim=True)": ""},
            says="the mean is not taken off at all",
            hint="That is RMSNorm with a bias. What does LayerNorm do first?",
        ),
        Misconception(
            "square_of_x",
            {"centred.square()": "x.square()"},
            says="below the line stands the mean square of x, its mean still in it",
            hint="The variance is the mean square of what is left after the mean is taken off.",
        ),
        Misconception(
            "unbiased",
            {"centred.square().mean(-1, keepdim=True)": "x.var(-1, keepdim=True)"},
            says="the variance is divided by D - 1, as `var` and `std` do by default",
            hint="Here it is the plain mean of the squares: all D of them are known, nothing is "
            "estimated. `correction` sets what is subtracted.",
        ),
        Misconception(
            "eps_after_root",
            {"(variance + eps).sqrt()": "(variance.sqrt() + eps)"},
            says="eps is added to the standard deviation and not under the root",
            hint="In the formula, where does the root sign end?",
        ),
        Misconception(
            "eps_forgotten",
            {" + eps": ""},
            says="eps is left out",
            hint="What becomes of a vector whose numbers are all equal?",
        ),
        Misconception(
            "no_root",
            {".sqrt()": ""},
            says="what is left is divided by the variance, without a root",
            hint="Ten times as large an x should give the same result. Does it?",
        ),
        Misconception(
            "sum_of_squares",
            {"centred.square().mean(": "centred.square().sum("},
            says="the squares are summed and not averaged",
            hint="The variance is a mean: it should not grow with D.",
        ),
        Misconception(
            "over_tokens",
            {
                "x.mean(-1, keepdim=True)": "x.mean(0, keepdim=True)",
                "centred.square().mean(-1, keepdim=True)": "centred.square().mean(0, keepdim=True)",
            },
            says="mean and variance run along the first dimension",
            hint="That is near to batch norm. Here each token's vector is scaled by itself: which "
            "dimension holds its numbers?",
        ),
        Misconception(
            "over_all",
            {
                "x.mean(-1, keepdim=True)": "x.mean()",
                "centred.square().mean(-1, keepdim=True)": "x.var()",
            },
            says="mean and variance are those of all tokens together",
            hint="Change one token: may the results of the others move?",
        ),
        Misconception(
            "bias_forgotten",
            {" + bias": ""},
            says="the bias is left out",
            hint="LayerNorm ends by adding a learned number to each of the D.",
        ),
        Misconception(
            "gain_forgotten",
            {"gain * ": ""},
            says="the gain is left out",
            hint="After scaling, each of the D numbers has a learned factor.",
        ),
        Misconception(
            "bias_before_gain",
            {"gain * centred / (variance + eps).sqrt() + bias":
             "gain * (centred / (variance + eps).sqrt() + bias)"},
            says="the bias is added before the gain multiplies",
            hint="The gain stretches the scaled vector; the bias moves what comes out of that.",
        ),
        Misconception(
            "gain_and_bias_swapped",
            {"gain * ": "bias * ", " + bias": " + gain"},
            says="gain and bias have changed places",
            hint="Which of the two stretches, and which moves?",
        ),
        Misconception(
            "parentheses_missing",
            {"gain * centred / (variance + eps).sqrt() + bias":
             "x - x.mean(-1, keepdim=True) / (variance + eps).sqrt() * gain + bias"},
            says="only the mean is divided: `x - mean / ...`",
            hint="A division comes before a subtraction, unless parentheses say otherwise.",
        ),
        Misconception(
            "without_keepdim",
            {
                "x.mean(-1, keepdim=True)": "x.mean(-1)",
                "centred.square().mean(-1, keepdim=True)": "x.var(-1, correction=0)",
            },
            says="mean and variance have lost their dimension, and line up with the wrong numbers",
            hint="The means of (3, 3) are (3,), which broadcasting takes for a row. Which argument "
            "keeps them a column?",
        ),
    ],
)  # fmt: skip
