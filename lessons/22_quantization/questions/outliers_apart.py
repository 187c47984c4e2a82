"""22.4 Outliers apart."""

import torch
from torch import Tensor

from llama_edu.course.checking.draw import pick, randn
from llama_edu.course.checking.questions import Misconception, Question

from .absmax import absmax


def outliers_apart(x: Tensor, weight: Tensor, threshold: float) -> Tensor:
    is_large = (x.abs() > threshold).any(dim=0)
    x_codes, x_scales = absmax(x[:, ~is_large], 8)
    w_codes, w_scales = absmax(weight[:, ~is_large], 8)
    product = x_codes @ w_codes.T * x_scales[:, None] * w_scales
    return product + x[:, is_large] @ weight[:, is_large].T


def outliers_apart_cases(generator):
    for n_tokens, n_rows, n_columns, n_large in (
        (2, 2, 4, 1), (2, 3, 4, 0), (3, 2, 6, 2), (4, 4, 5, 1), (5, 3, 12, 3),
    ):  # fmt: skip
        x, weight = randn(generator, n_tokens, n_columns), randn(generator, n_rows, n_columns)
        x = x.clamp(-3, 3)
        # In one token only, and of either sign: elsewhere the column is as small as the others.
        for i, column in enumerate(pick(generator, n_large, 0, n_columns - 1)):
            x[i % n_tokens, column] = (-1) ** (i + n_tokens + 1) * (20.0 + 5 * i)
            weight[0, column] *= 8  # so that the weight's scale depends on it too
        yield {"x": x, "weight": weight, "threshold": 6.0}
    x = randn(generator, 2, 6).clamp(-3, 3)
    x[:, 4], x[1, 1] = torch.tensor([9.0, -12.0]), 7.0  # large in both tokens, and in one
    yield {"x": x, "weight": randn(generator, 3, 6), "threshold": 6.0}
    x = randn(generator, 3, 5).clamp(-3, 3)
    x[1, 2], x[2, 4] = 2.5, -2.5
    yield {"x": x.clamp(-2.5, 2.5), "weight": randn(generator, 2, 5), "threshold": 2.5}


OUTLIERS_APART = Question(
    "quantization.outliers_apart",
    points=3,
    cases=outliers_apart_cases,
    reference=outliers_apart,
    rtol=1e-4,  # the order of sums in fp32
    atol=1e-4,
    misconceptions=[
        Misconception(
            "positive_only",
            {"x.abs() > threshold": "x > threshold"},
            says="only numbers far above 0 make an outlier",
            hint="-20 makes a row's steps as coarse as 20 does.",
        ),
        Misconception(
            "all_tokens",
            {".any(dim=0)": ".all(dim=0)"},
            says="a column is an outlier only if it is large in every token",
            hint="One large number is enough to spoil its token.",
        ),
        Misconception(
            "at_least",
            {"abs() > threshold": "abs() >= threshold"},
            says="a number just as large as the threshold counts as beyond it",
            hint="Read again: *larger* than the threshold.",
        ),
        Misconception(
            "no_outliers",
            {"(x.abs() > threshold).any(dim=0)": "torch.zeros(x.shape[1], dtype=torch.bool)"},
            says="every column is quantized, the outliers too",
            hint="Which columns are to be multiplied in full?",
        ),
        Misconception(
            "all_in_full",
            {"x_codes @ w_codes.T * x_scales[:, None] * w_scales":
             "x[:, ~is_large] @ weight[:, ~is_large].T"},
            says="nothing is quantized",
            hint="Only the outlier columns are multiplied in full; the others in 8 bits.",
        ),
        Misconception(
            "outliers_dropped",
            {" + x[:, is_large] @ weight[:, is_large].T": ""},
            says="the outlier columns are left out of the result",
            hint="They are kept *apart*, not thrown away: their product is added in the end.",
        ),
        Misconception(
            "outliers_twice",
            {"x[:, ~is_large]": "x", "weight[:, ~is_large]": "weight"},
            says="the outlier columns are quantized too, and added once more in full",
            hint="Each column is counted once: in 8 bits, or in full.",
        ),
        Misconception(
            "weight_scaled_by_all",
            {"absmax(weight[:, ~is_large], 8)": "(lambda s: ((weight[:, ~is_large] / s[:, None])"
             ".round(), s))(absmax(weight, 8)[1])"},
            says="the weight's scales look at the outlier columns too",
            hint="Those columns are multiplied in full: the scales need to reach only the rest.",
        ),
        Misconception(
            "no_token_scale",
            {" * x_scales[:, None]": ""},
            says="the product is not scaled by the tokens' scales",
            hint="The codes of both were multiplied: how many scales does that take back?",
        ),
        Misconception(
            "no_row_scale",
            {" * w_scales": ""},
            says="the product is not scaled by the weight rows' scales",
            hint="The codes of both were multiplied: how many scales does that take back?",
        ),
        Misconception(
            "inputs_scaled_by_all",
            {"absmax(x[:, ~is_large], 8)": "(lambda s: ((x[:, ~is_large] / s[:, None]).round(), s))"
             "(absmax(x, 8)[1])"},
            says="the tokens' scales look at the outlier columns too",
            hint="One -20 makes all steps of its token coarse: that is why it is taken out first.",
        ),
        Misconception(
            "weight_in_full",
            {"absmax(weight[:, ~is_large], 8)":
             "(weight[:, ~is_large], torch.ones(len(weight)))"},
            says="only the inputs are quantized, and not the weight",
            hint="Whole numbers are multiplied with whole numbers: W needs codes too.",
        ),
        Misconception(
            "outliers_scaled",
            {"x_codes @ w_codes.T * x_scales[:, None] * w_scales":
             "(x_codes @ w_codes.T + x[:, is_large] @ weight[:, is_large].T)"
             " * x_scales[:, None] * w_scales",
             "return product + x[:, is_large] @ weight[:, is_large].T": "return product"},
            says="the product of the outlier columns is scaled too",
            hint="Only codes need scales. In which order are scaling and adding done?",
        ),
        Misconception(
            "number_by_number",
            lambda x, weight, threshold: (
                lambda small, w: small[0] @ w[0].T * small[1][:, None] * w[1]
                + x.where(x.abs() > threshold, 0.0) @ weight.T
            )(absmax(x.where(x.abs() <= threshold, 0.0), 8), absmax(weight, 8)),
            says="single large numbers are taken out, and not whole columns",
            hint="A column is an outlier for all tokens as soon as it is large in one.",
        ),
        Misconception(
            "inputs_in_full",
            {"absmax(x[:, ~is_large], 8)": "(x[:, ~is_large], torch.ones(len(x)))"},
            says="only the weight is quantized, and not the inputs",
            hint="Whole numbers are multiplied with whole numbers: x needs codes too.",
        ),
        Misconception(
            "everything_in_full_too",
            {"x[:, is_large] @ weight[:, is_large].T": "x @ weight.T"},
            says="all columns are added in full, not the outliers alone",
            hint="Each column is counted once: in 8 bits, or in full.",
        ),
        Misconception(
            "sums_in_8_bits",
            {"x_codes @ w_codes.T": "x_codes.to(torch.int8) @ w_codes.to(torch.int8).T"},
            says="the products are added up in 8 bits, and overflow",
            hint="int8 ends at 127, and one product may be 127 · 127.",
        ),
    ],
)  # fmt: skip
