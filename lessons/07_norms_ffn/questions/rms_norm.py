"""7.1 RMSNorm."""

import torch
from torch.nn.functional import normalize

from llama_edu.course.checking.draw import randn
from llama_edu.course.checking.questions import Misconception, Question
from llama_edu.model import norm


def rms_norm_cases(generator):
    def gain(width):
        return 1 + 0.5 * randn(generator, width).clamp(-1, 1)

    yield {"x": 3 * randn(generator, 4), "gain": torch.ones(4), "eps": 1e-6}
    yield {"x": 2 + randn(generator, 2, 3), "gain": gain(3), "eps": 1e-5}
    yield {"x": 1 + randn(generator, 3, 3), "gain": gain(3), "eps": 1e-5}  # as many rows as D
    yield {"x": randn(generator, 2, 5, 8), "gain": gain(8), "eps": 1e-5}
    yield {"x": 0.05 * randn(generator, 3, 6), "gain": gain(6), "eps": 0.01}  # eps counts
    yield {"x": torch.zeros(1, 4), "gain": torch.ones(4), "eps": 1e-6}


FORBIDDEN = ("RMSNorm", "LayerNorm", "layer_norm", "_fused_rms_norm", "native_layer_norm")

RMS_NORM = Question(
    "norms.rms_norm",
    points=2,
    cases=rms_norm_cases,
    reference=norm.rms_norm,
    forbids=(*FORBIDDEN, "rms_norm"),
    misconceptions=[
        Misconception(
            "eps_after_root",
            {"(mean_square + eps).sqrt()": "(mean_square.sqrt() + eps)"},
            says="eps is added to the root and not under it",
            hint="In the formula, where does the root sign end? For small vectors the two differ.",
        ),
        Misconception(
            "eps_forgotten",
            {" + eps": ""},
            says="eps is left out",
            hint="What becomes of a vector of zeros? And of one whose mean square is not large "
            "against eps?",
        ),
        Misconception(
            "eps_squared",
            {" + eps": " + eps**2"},
            says="the square of eps is added to the mean square",
            hint="eps is already of the size of a square: look again at what stands under the "
            "root.",
        ),
        Misconception(
            "centred",
            {"mean_square =": "x = x - x.mean(-1, keepdim=True)\n    mean_square ="},
            says="the mean of each vector is taken off first",
            hint="That is LayerNorm. What does RMSNorm leave out of it?",
        ),
        Misconception(
            "divided_by_deviation",
            {"x.square().mean(-1, keepdim=True)": "x.var(-1, keepdim=True)"},
            says="x is divided by its standard deviation, mean still in it",
            hint="The variance is taken round the mean. Which mean of squares is meant here?",
        ),
        Misconception(
            "sum_of_squares",
            {"mean(-1": "sum(-1"},
            says="the squares are summed: each vector gets length 1",
            hint="Of a *root mean square*, which of the three words is missing? The result should "
            "not get smaller as D grows.",
        ),
        Misconception(
            "no_square",
            {"x.square()": "x.abs()"},
            says="the mean is that of the absolute values, not of the squares",
            hint="Read the name from the end: square, mean, root.",
        ),
        Misconception(
            "no_root",
            {".sqrt()": ""},
            says="x is divided by the mean square, without a root",
            hint="Ten times as large an x should give the same result. Does it?",
        ),
        Misconception(
            "mean_over_all",
            {"mean(-1, keepdim=True)": "mean()"},
            says="one mean is taken over all tokens together",
            hint="Change one token: may the results of the others move?",
        ),
        Misconception(
            "mean_over_tokens",
            {"mean(-1, keepdim=True)": "mean(0, keepdim=True)"},
            says="the mean runs along the first dimension",
            hint="Each vector has its own size: which dimension holds the numbers of one vector?",
        ),
        Misconception(
            "without_keepdim",
            {"mean(-1, keepdim=True)": "mean(-1)"},
            says="the means have lost their dimension, and line up with the numbers of a vector",
            hint="The means of (3, 3) are (3,), which broadcasting takes for a row. Which argument "
            "of `mean` keeps them a column?",
        ),
        Misconception(
            "gain_forgotten",
            {"gain * ": ""},
            says="the gain is left out",
            hint="After scaling, each of the D numbers has a learned factor.",
        ),
        Misconception(
            "gain_added",
            {"gain * ": "gain + "},
            says="the gain is added",
            hint="A gain stretches: it is a factor. What is added is called a bias.",
        ),
        Misconception(
            "multiplied",
            {"x / ": "x * "},
            says="x is multiplied by the root, not divided by it",
            hint="What comes out should have RMS 1 before the gain, whatever the size of x. "
            "`torch.rsqrt` is 1 / root, `sqrt` is not.",
        ),
        Misconception(
            "squared_after_the_mean",
            {"x.square().mean(-1, keepdim=True)": "x.mean(-1, keepdim=True).square()"},
            says="the mean is squared, not the squares averaged",
            hint="Read the name from the end: square, mean, root. A vector [1, -1] has mean 0: is "
            "its size 0?",
        ),
        Misconception(
            "normalized",
            {"x / (mean_square + eps).sqrt()": "normalize(x, dim=-1)"},
            says="each vector is brought to length 1, as `F.normalize` does",
            hint="The length is the root of the *sum* of squares. Which number divides that sum "
            "here?",
        ),
    ],
)
