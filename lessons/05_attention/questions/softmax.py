"""5.2 Softmax."""

import torch
from torch import Tensor

from llama_edu.course.checking.draw import randn
from llama_edu.course.checking.questions import Misconception, Question


def stable(x: Tensor, dim: int) -> Tensor:
    return exp_over_sum(x - x.amax(dim, keepdim=True), dim)


def softmax_cases(generator):
    yield {"x": randn(generator, 2, 3), "dim": -1}
    yield {"x": randn(generator, 2, 3), "dim": 0}
    yield {"x": randn(generator, 2, 5, 4), "dim": 1}
    yield {"x": 3 * randn(generator, 3, 4, 5, 2), "dim": -2}
    yield {"x": 60 + randn(generator, 2, 3), "dim": 1}  # exp fits, exp of the double does not
    # Far apart within a line: the smallest is no number to subtract.
    yield {"x": randn(generator, 2, 3) + torch.tensor([0.0, 100.0, 120.0]), "dim": 1}
    # Scores as large as an untrained or badly scaled model gives them; rows far apart.
    yield {"x": 200 * randn(generator, 2, 4) + torch.tensor([[2000.0], [-2000.0]]), "dim": 1}
    yield {"x": torch.tensor([[0.0, -torch.inf, 1.0], [2.0, 0.5, -torch.inf]]), "dim": -1}


def exp_over_sum(x: Tensor, dim: int) -> Tensor:
    return x.exp() / x.exp().sum(dim, keepdim=True)


def shifted_by_global_max(x: Tensor, dim: int) -> Tensor:
    return exp_over_sum(x - x.max(), dim)


def shifted_by_mean(x: Tensor, dim: int) -> Tensor:
    return exp_over_sum(x - x.mean(dim, keepdim=True), dim)


def shifted_by_min(x: Tensor, dim: int) -> Tensor:
    return exp_over_sum(x - x.amin(dim, keepdim=True), dim)


def max_added(x: Tensor, dim: int) -> Tensor:
    return exp_over_sum(x + x.amax(dim, keepdim=True), dim)


def shifted_exp(x: Tensor, dim: int) -> Tensor:
    return (x - x.amax(dim, keepdim=True)).exp()


def max_without_keepdim(x: Tensor, dim: int) -> Tensor:
    e = (x - x.max(dim).values).exp()
    return e / e.sum(dim, keepdim=True)


def divided_by_max(x: Tensor, dim: int) -> Tensor:
    return exp_over_sum(x / x.amax(dim, keepdim=True), dim)


def max_over(other: int, x: Tensor, dim: int) -> Tensor:
    return exp_over_sum(x - x.amax(other, keepdim=True), dim)


def summed_over(other: int, x: Tensor, dim: int) -> Tensor:
    return exp_over_sum(x - x.amax(dim, keepdim=True), other)


def clamped(x: Tensor, dim: int) -> Tensor:
    e = shifted_exp(x, dim).clamp(min=1e-6)
    return e / e.sum(dim, keepdim=True)


def exp_forgotten(x: Tensor, dim: int) -> Tensor:
    shifted = x - x.amax(dim, keepdim=True)
    return shifted / shifted.sum(dim, keepdim=True)


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
    reference=stable,
    atol=1e-12,  # the weight of -inf is 0, and not merely small
    forbids=LIBRARY_SOFTMAXES + LIBRARY_ATTENTIONS,
    misconceptions=[
        Misconception(
            "overflow",
            exp_over_sum,
            says="exp is taken of the numbers as they are",
            hint="exp of a large number overflows: exp(100) no longer fits in float32. Adding a "
            "constant to all of x changes nothing in the result: which constant keeps every exp at "
            "1 or below?",
        ),
        Misconception(
            "last_dim_only",
            lambda x, dim: stable(x, -1),
            says="the sum always runs over the last dimension",
            hint="`dim` says over which dimension the weights must sum to 1.",
        ),
        Misconception(
            "summed_over_last_dim",
            lambda x, dim: summed_over(-1, x, dim),
            says="the maximum is taken along `dim`, but the sum along the last dimension",
            hint="`dim` says over which dimension the weights must sum to 1, so the sum runs along "
            "it too.",
        ),
        Misconception(
            "summed_over_first_dim",
            lambda x, dim: summed_over(0, x, dim),
            says="the maximum is taken along `dim`, but the sum along the first dimension",
            hint="`dim` says over which dimension the weights must sum to 1, so the sum runs along "
            "it too.",
        ),
        Misconception(
            "max_over_last_dim",
            lambda x, dim: max_over(-1, x, dim),
            says="the sum runs along `dim`, but the maximum along the last dimension",
            hint="What is subtracted cancels only where it is the same for all the numbers of one "
            "sum: take both along `dim`.",
        ),
        Misconception(
            "max_over_first_dim",
            lambda x, dim: max_over(0, x, dim),
            says="the sum runs along `dim`, but the maximum along the first dimension",
            hint="What is subtracted cancels only where it is the same for all the numbers of one "
            "sum: take both along `dim`.",
        ),
        Misconception(
            "clamped",
            clamped,
            says="no exp may be smaller than 1e-6",
            hint="A number that is -inf gets weight 0, and exp gives it that by itself. With each "
            "line's own maximum subtracted the sum is at least 1: nothing small has to be kept "
            "from 0.",
        ),
        Misconception(
            "over_everything",
            lambda x, dim: stable(x.flatten(), 0).view(x.shape),
            says="all the numbers together sum to 1",
            hint="Each line along `dim` is a distribution of its own.",
        ),
        Misconception(
            "global_max",
            shifted_by_global_max,
            says="the largest number of the whole tensor is subtracted",
            hint="A row far below that maximum becomes 0/0. Subtract each line's own maximum.",
        ),
        Misconception(
            "global_max_made_zero",
            lambda x, dim: shifted_by_global_max(x, dim).nan_to_num(0.0),
            says="the largest number of the whole tensor is subtracted, and the 0/0 of a row far "
            "below it is hidden, by `nan_to_num` or by something small added to the sum",
            hint="The weights of that row are all 0, and should sum to 1. Subtract each line's own "
            "maximum: then no sum is 0, and nothing needs hiding.",
        ),
        Misconception(
            "mean_subtracted",
            shifted_by_mean,
            says="the mean is subtracted rather than the maximum",
            hint="What is far above the mean still overflows, and a mean of -inf spoils a line. "
            "After subtracting the maximum no exponent is above 0.",
        ),
        Misconception(
            "min_subtracted",
            shifted_by_min,
            says="the minimum is subtracted rather than the maximum",
            hint="Then the largest exponent is as far above 0 as the line is wide, and exp "
            "overflows; a minimum of -inf spoils a line. Which number leaves no exponent above 0?",
        ),
        Misconception(
            "max_added",
            max_added,
            says="the maximum is added instead of subtracted",
            hint="The sign: the numbers should become smaller, so that no exponent is above 0.",
        ),
        Misconception(
            "max_above_only",
            lambda x, dim: shifted_exp(x, dim) / x.exp().sum(dim, keepdim=True),
            says="the maximum is subtracted above the fraction line, but not below it",
            hint="exp(-c) cancels only where it stands in both: take exp once, keep it, and divide "
            "it by its own sum.",
        ),
        Misconception(
            "max_below_only",
            lambda x, dim: x.exp() / shifted_exp(x, dim).sum(dim, keepdim=True),
            says="the maximum is subtracted below the fraction line, but not above it",
            hint="exp(-c) cancels only where it stands in both: take exp once, keep it, and divide "
            "it by its own sum.",
        ),
        Misconception(
            "not_divided",
            shifted_exp,
            says="the exps are not divided by their sum",
            hint="The weights of a line sum to 1.",
        ),
        Misconception(
            "exp_alone",
            lambda x, dim: x.exp(),
            says="exp is all there is",
            hint="Two things: the weights of a line sum to 1, and exp of a large number overflows.",
        ),
        Misconception(
            "sum_over_everything",
            lambda x, dim: (e := shifted_exp(x, dim)) / e.sum(),
            says="the maximum is each line's own, but the sum is that of all the numbers",
            hint="`sum` without a dimension adds up the whole tensor: each line along `dim` has a "
            "sum of its own.",
        ),
        Misconception(
            "overflow_over_everything",
            lambda x, dim: (e := x.exp()) / e.sum(),
            says="exp is taken of the numbers as they are, and divided by the sum of all",
            hint="Two things: exp of a large number overflows; and each line along `dim` has a sum "
            "of its own.",
        ),
        Misconception(
            "first_dim_only",
            lambda x, dim: stable(x, 0),
            says="the sum always runs over the first dimension",
            hint="`dim` says over which dimension the weights must sum to 1.",
        ),
        Misconception(
            "overflow_last_dim_only",
            lambda x, dim: exp_over_sum(x, -1),
            says="exp is taken of the numbers as they are, and summed over the last dimension",
            hint="Two things: exp of a large number overflows; and `dim` says over which dimension "
            "the weights must sum to 1.",
        ),
        Misconception(
            "max_without_keepdim",
            max_without_keepdim,
            says="a maximum or a sum has lost its dimension (`keepdim`) and lines up with the "
            "wrong one",
            hint="Pass `keepdim=True` to both, so that the sum of a (2, 3) tensor along dim 1 is "
            "(2, 1) and meets its own row.",
        ),
        Misconception(
            "divided_by_max",
            divided_by_max,
            says="the numbers are divided by their maximum",
            hint="Division changes the ratios between the weights; subtraction does not.",
        ),
        Misconception(
            "exp_forgotten",
            exp_forgotten,
            says="the shifted numbers are normalised without exp",
            hint="Weights must be positive: it is exp that makes them so.",
        ),
    ],
)
