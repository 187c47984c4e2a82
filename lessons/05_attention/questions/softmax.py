"""5.2 Softmax."""

import torch
from torch import Tensor

from llama_edu.course.checking.draw import randn
from llama_edu.course.checking.questions import Misconception, Question


def softmax(x: Tensor, dim: int) -> Tensor:
    e = (x - x.amax(dim, keepdim=True)).exp()
    return e / e.sum(dim, keepdim=True)


def softmax_cases(generator):
    yield {"x": randn(generator, 2, 3), "dim": -1}
    yield {"x": randn(generator, 2, 3), "dim": 0}
    yield {"x": randn(generator, 3, 3), "dim": 1}  # what has lost its dimension fits, wrongly
    yield {"x": randn(generator, 2, 5, 4), "dim": 1}
    yield {"x": 3 * randn(generator, 3, 4, 5, 2), "dim": -2}
    yield {"x": 60 + randn(generator, 2, 3), "dim": 1}  # exp fits, exp of the double does not
    # Far apart within a line: the smallest is no number to subtract.
    yield {"x": randn(generator, 2, 3) + torch.tensor([0.0, 100.0, 120.0]), "dim": 1}
    # Scores as large as an untrained or badly scaled model gives them; rows far apart.
    yield {"x": 200 * randn(generator, 2, 4) + torch.tensor([[2000.0], [-2000.0]]), "dim": 1}
    yield {"x": torch.tensor([[0.0, -torch.inf, 1.0], [2.0, 0.5, -torch.inf]]), "dim": -1}


LIBRARY_SOFTMAXES = (
    "softmax", "softmin", "log_softmax", "gumbel_softmax", "logsumexp", "logcumsumexp",
    "Softmax", "Softmax2d", "Softmin", "LogSoftmax", "cross_entropy",
    "_softmax", "_safe_softmax", "_masked_softmax", "_log_softmax", "_logcumsumexp",
)  # fmt: skip
LIBRARY_ATTENTIONS = (
    "scaled_dot_product_attention", "multi_head_attention_forward", "MultiheadAttention",
)  # fmt: skip

SOFTMAX = Question(
    "attention.softmax",
    points=2,
    cases=softmax_cases,
    reference=softmax,
    atol=1e-12,  # the weight of -inf is 0, and not merely small
    forbids=LIBRARY_SOFTMAXES + LIBRARY_ATTENTIONS,
    misconceptions=[
        Misconception(
            "overflow",
            {"(x - x.amax(dim, keepdim=True))": "x"},
            says="exp is taken of the numbers as they are",
            hint="exp(100) no longer fits in float32. Adding a constant to all of x changes "
            "nothing in the result: which constant keeps every exp at 1 or below?",
        ),
        Misconception(
            "clamped",
            {"x - x.amax(dim, keepdim=True)": "x.clamp(max=80.0)"},
            says="whatever is above a bound is set to that bound",
            hint="exp fits then, but 100 and 2000 have become equal. Which change of x leaves "
            "the result as it is?",
        ),
        Misconception(
            "last_dim_only",
            {"amax(dim": "amax(-1", "sum(dim": "sum(-1"},
            says="everything runs along the last dimension, whatever `dim` is",
            hint="`dim` says along which dimension the weights must sum to 1.",
        ),
        Misconception(
            "first_dim_only",
            {"amax(dim": "amax(0", "sum(dim": "sum(0"},
            says="everything runs along the first dimension, whatever `dim` is",
            hint="`dim` says along which dimension the weights must sum to 1.",
        ),
        Misconception(
            "summed_over_last_dim",
            {"sum(dim": "sum(-1"},
            says="the sum runs along the last dimension, whatever `dim` is",
            hint="`dim` says along which dimension the weights must sum to 1, so the sum runs "
            "along it too.",
        ),
        Misconception(
            "max_over_last_dim",
            {"amax(dim": "amax(-1"},
            says="the maximum is taken along the last dimension, whatever `dim` is",
            hint="What is subtracted cancels only where it is the same for all the numbers of one "
            "sum: take both along `dim`.",
        ),
        Misconception(
            "over_everything",
            {"x.amax(dim, keepdim=True)": "x.max()", "e.sum(dim, keepdim=True)": "e.sum()"},
            says="all the numbers of the tensor together sum to 1",
            hint="Each line along `dim` is a distribution of its own.",
        ),
        Misconception(
            "global_max",
            {"x.amax(dim, keepdim=True)": "x.max()"},
            says="the largest number of the whole tensor is subtracted",
            hint="A row far below that maximum becomes 0/0. Subtract each line's own maximum.",
        ),
        Misconception(
            "global_max_made_zero",
            {"x.amax(dim, keepdim=True)": "x.max()", "e.sum(dim,": "(1e-30 + e).sum(dim,"},
            says="the largest number of all is subtracted, and the 0/0 of a row far below it is "
            "hidden, say by `nan_to_num`",
            hint="The weights of that row are all 0, and should sum to 1. Subtract each line's own "
            "maximum: then no sum is 0, and nothing needs hiding.",
        ),
        Misconception(
            "sum_over_everything",
            {"e.sum(dim, keepdim=True)": "e.sum()"},
            says="the sum is that of all the numbers",
            hint="`sum` without a dimension adds up the whole tensor: each line along `dim` has a "
            "sum of its own.",
        ),
        Misconception(
            "mean_subtracted",
            {"amax(dim": "mean(dim"},
            says="the mean is subtracted rather than the maximum",
            hint="What is far above the mean still overflows, and a mean of -inf spoils a line. "
            "After subtracting the maximum no exponent is above 0.",
        ),
        Misconception(
            "max_added",
            {"x - x": "x + x"},
            says="the maximum is added instead of subtracted",
            hint="The sign: the numbers should become smaller, so that no exponent is above 0.",
        ),
        Misconception(
            "not_divided",
            {" / e.sum(dim, keepdim=True)": ""},
            says="the exps are not divided by their sum",
            hint="The weights of a line sum to 1.",
        ),
        Misconception(
            "max_without_keepdim",
            {"amax(dim, keepdim=True)": "amax(dim)"},
            says="the maximum has lost its dimension and lines up with the wrong one",
            hint="Pass `keepdim=True`, so that the maximum of a (2, 3) tensor along dim 1 is "
            "(2, 1) and meets its own row.",
        ),
        Misconception(
            "sum_without_keepdim",
            {"e.sum(dim, keepdim=True)": "e.sum(dim)"},
            says="the sum has lost its dimension and lines up with the wrong one",
            hint="The sum of a (2, 3) tensor along dim 1 is (2,), which lines up from the right, "
            "with columns. What keeps it (2, 1)?",
        ),
        Misconception(
            "exp_forgotten",
            {".exp()": ""},
            says="the shifted numbers are divided by their sum, without exp",
            hint="Weights must be positive: it is exp that makes them so.",
        ),
    ],
)
