"""21.5 An adapter written into some rows of a weight."""

import torch
from torch import Tensor

from llama_edu.course.checking.draw import randn
from llama_edu.course.checking.questions import Misconception, Question


def merge(weight: Tensor, first: int, a: Tensor, b: Tensor, scale: float) -> Tensor:
    above, below = first, len(weight) - first - len(b)
    return weight + scale * torch.nn.functional.pad(b, (0, 0, above, below)) @ a


def merge_cases(generator):
    # F, D, first, rows, r; in some as many rows are above as below
    for n_rows, n_columns, first, n_changed, rank in (
        (3, 2, 1, 1, 1), (4, 3, 0, 2, 2), (6, 3, 3, 2, 1), (5, 5, 2, 3, 2), (4, 4, 0, 4, 3),
        (9, 4, 2, 3, 2),
    ):  # fmt: skip
        yield {
            "weight": randn(generator, n_rows, n_columns), "first": first,
            "a": randn(generator, rank, n_columns), "b": randn(generator, n_changed, rank),
            "scale": 0.5 + torch.rand((), generator=generator).item(),
        }  # fmt: skip


MERGE = Question(
    "low_rank.merge",
    points=2,
    cases=merge_cases,
    reference=merge,
    rtol=1e-4,
    atol=1e-6,
    misconceptions=[
        Misconception(
            "replaced",
            {"] += scale": "] = scale"},
            says="the rows are replaced by the change",
            hint="W + s B A.",
        ),
        Misconception(
            "subtracted",
            {"] += scale": "] -= scale"},
            says="the change is subtracted",
            hint="W + s B A.",
        ),
        Misconception(
            "no_scale",
            {"scale * b": "b"},
            says="the scale is left out",
            hint="What else did the layer do with B A x?",
        ),
        Misconception(
            "from_the_top",
            {"merged[first : first + len(b)]": "merged[: len(b)]"},
            says="the first rows are changed, wherever the adapter belongs",
            hint="What is `first` for?",
        ),
        Misconception(
            "from_the_bottom",
            {"merged[first : first + len(b)]": "merged[len(merged) - len(b) :]"},
            says="the last rows are changed, wherever the adapter belongs",
            hint="What is `first` for?",
        ),
        Misconception(
            "one_too_low",
            {"merged[first : first + len(b)]": "merged[max(0, first - 1) :][: len(b)]"},
            says="the rows begin one above where they should",
            hint="Rows are numbered from 0, and so is `first`.",
        ),
        Misconception(
            "rows_only",
            {"return merged": "return merged[first : first + len(b)]"},
            says="only the changed rows are returned",
            hint="The whole weight is asked for, (F, D).",
        ),
        Misconception(
            "change_only",
            {"return merged": "return merged - weight"},
            says="the change is returned, not the merged weight",
            hint="W + s B A.",
        ),
        Misconception(
            "signs",
            {"scale * b @ a": "(scale * b @ a).abs()"},
            says="the change has lost its signs",
            hint="Nothing but products and a sum is needed.",
        ),
        Misconception(
            "one_row_short",
            {"merged[first : first + len(b)] += scale * b @ a":
             "merged[first : first + len(b) - 1] += scale * b[:-1] @ a"},
            says="the last row of the adapter is left out",
            hint="`[i : j]` ends before j.",
        ),
        Misconception(
            "rows_scaled",
            {"merged[first : first + len(b)] += scale * b @ a":
             "merged[first : first + len(b)] = scale * (merged[first : first + len(b)] + b @ a)"},
            says="the frozen rows are scaled too",
            hint="Which of the two terms of W + s B A has the s?",
        ),
        Misconception(
            "one_too_high",
            {"merged[first : first + len(b)] += scale * b @ a": "merged[first + 1 : "
             "first + 1 + len(b)] += (scale * b @ a)[: len(merged) - first - 1]"},
            says="the rows begin one below where they should",
            hint="Rows are numbered from 0, and so is `first`.",
        ),
        Misconception(
            "divided_by_the_rank",
            {"scale * b": "scale / len(a) * b"},
            says="the scale is divided by the rank once more",
            hint="s is α / r already.",
        ),
    ],
)  # fmt: skip
