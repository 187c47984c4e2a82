"""22.2 Back again."""

import torch
from torch import Tensor

from llama_edu.course.checking.draw import randn
from llama_edu.course.checking.questions import Misconception, Question


def dequantize(codes: Tensor, scales: Tensor, offsets: Tensor) -> Tensor:
    groups = codes.unflatten(1, (scales.shape[1], -1))
    return (groups * scales[..., None] + offsets[..., None]).flatten(1)


def dequantize_cases(generator):
    for n_rows, n_groups, size in (
        (2, 2, 3),
        (3, 1, 4),
        (2, 3, 2),
        (2, 2, 2),
        (4, 5, 1),
        (3, 2, 8),
    ):
        codes = torch.randint(0, 16, (n_rows, n_groups * size), generator=generator).float()
        scales = 0.1 + randn(generator, n_rows, n_groups).abs()
        yield {"codes": codes, "scales": scales, "offsets": randn(generator, n_rows, n_groups)}


DEQUANTIZE = Question(
    "quantization.dequantize",
    points=2,
    cases=dequantize_cases,
    reference=dequantize,
    misconceptions=[
        Misconception(
            "offset_scaled",
            {"groups * scales[..., None] + offsets[..., None]":
             "(groups + offsets[..., None]) * scales[..., None]"},
            says="the offset is added before the scale multiplies",
            hint="An offset is in the unit of the weights, not in steps.",
        ),
        Misconception(
            "offset_subtracted",
            {" + offsets": " - offsets"},
            says="the offset is subtracted",
            hint="Code 0 stands for the offset itself, with its own sign.",
        ),
        Misconception(
            "no_offset",
            {" + offsets[..., None]": ""},
            says="the offsets are left out",
            hint="What does code 0 stand for?",
        ),
        Misconception(
            "divided",
            {"groups * scales": "groups / scales"},
            says="codes are divided by the scales",
            hint="Quantizing divides by the scale. What takes that back?",
        ),
        Misconception(
            "groups_interleaved",
            {"codes.unflatten(1, (scales.shape[1], -1))":
             "codes.unflatten(1, (-1, scales.shape[1])).mT",
             ").flatten(1)": ").mT.flatten(1)"},
            says="every g-th number of a row belongs to one group",
            hint="`repeat` makes 0 1 0 1, `repeat_interleave` 0 0 1 1. The numbers of a group are "
            "neighbours.",
        ),
        Misconception(
            "first_scale_only",
            {"scales[..., None]": "scales[:, :1, None]"},
            says="all groups of a row have the first one's scale",
            hint="Each group has a scale of its own: set the groups in a dimension of theirs.",
        ),
        Misconception(
            "first_offset_only",
            {"offsets[..., None]": "offsets[:, :1, None]"},
            says="all groups of a row have the first one's offset",
            hint="Each group has an offset of its own.",
        ),
        Misconception(
            "swapped",
            {"scales[..., None]": "offsets[..., None]",
             "+ offsets[..., None]": "+ scales[..., None]"},
            says="scales and offsets have changed places",
            hint="Which of the two multiplies, and which is added?",
        ),
        Misconception(
            "first_row_only",
            {"scales[..., None]": "scales[0][:, None]"},
            says="all rows have the scales of the first row",
            hint="scales is (F, g): each row has its own.",
        ),
        Misconception(
            "signed_codes",
            {"groups * scales": "(groups - 8) * scales"},
            says="8 is taken from each code first",
            hint="Here the offset says where the grid begins: the codes are used as they are.",
        ),
        Misconception(
            "zero_point",
            {"groups * scales[..., None] + offsets[..., None]":
             "(groups - offsets[..., None]) * scales[..., None]"},
            says="the offset is taken from the code, as a *zero point* is",
            hint="A zero point counts in codes. Here the offset counts in weights: is it scaled?",
        ),
        Misconception(
            "no_scale",
            {"groups * scales[..., None]": "groups"},
            says="the scales are left out",
            hint="What is one step of the grid worth?",
        ),
    ],
)  # fmt: skip
