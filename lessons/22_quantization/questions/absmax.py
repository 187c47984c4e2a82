"""22.1 Absmax."""

import torch
from torch import Tensor

from llama_edu.course.checking.draw import randn
from llama_edu.course.checking.questions import Misconception, Question


def absmax(weight: Tensor, bits: int) -> tuple[Tensor, Tensor]:
    most = 2 ** (bits - 1) - 1
    largest = weight.abs().amax(dim=1)
    scales = torch.where(largest == 0, 1.0, largest / most)
    return (weight / scales[:, None]).round(), scales


def absmax_cases(generator):
    yield {"weight": randn(generator, 2, 4), "bits": 4}
    yield {"weight": randn(generator, 3, 5), "bits": 8}
    yield {"weight": randn(generator, 3, 3), "bits": 3}  # scales of rows fit columns, wrongly
    yield {"weight": torch.stack([-randn(generator, 4).abs(), randn(generator, 4)]), "bits": 4}
    yield {"weight": 1e-3 * randn(generator, 2, 6), "bits": 2}
    yield {"weight": 40 * randn(generator, 4, 3), "bits": 5}
    yield {"weight": torch.stack([randn(generator, 3), torch.zeros(3)]), "bits": 4}
    yield {"weight": torch.zeros(1, 2), "bits": 8}


ABSMAX = Question(
    "quantization.absmax",
    points=2,
    cases=absmax_cases,
    reference=absmax,
    misconceptions=[
        Misconception(
            "one_step_too_many",
            {"2 ** (bits - 1) - 1": "2 ** (bits - 1)"},
            says="the largest number gets code 2^(bits - 1)",
            hint="With 3 bits the codes go from -3 to 3. What is the last code with 4?",
        ),
        Misconception(
            "no_sign_bit",
            {"2 ** (bits - 1) - 1": "2**bits - 1"},
            says="all 2^bits - 1 steps lie on one side of 0",
            hint="Half of the codes are for negative numbers: one bit is the sign.",
        ),
        Misconception(
            "values",
            {".round(), scales": ".round() * scales[:, None], scales"},
            says="the rounded weights are returned in place of their codes",
            hint="Codes are whole numbers: what does the scale turn back, and when?",
        ),
        Misconception(
            "no_sizes",
            {"weight.abs().amax": "weight.amax"},
            says="the scale is that of the largest number, whatever is far below 0",
            hint="A row of -5 and 1: which of the two must the last code reach?",
        ),
        Misconception(
            "one_scale",
            {"weight.abs().amax(dim=1)": "weight.abs().max().expand(len(weight))"},
            says="all rows have the scale of the whole matrix",
            hint="Each row is quantized by itself: its own largest number falls on the last code.",
        ),
        Misconception(
            "per_column",
            {"amax(dim=1)": "amax(dim=0)", "scales[:, None]": "scales"},
            says="each column has a scale, and not each row",
            hint="weight is (F, D) and scales (F,): along which dimension is the maximum taken?",
        ),
        Misconception(
            "xor",
            {"2 ** (bits - 1) - 1": "(2 ^ (bits - 1) - 1)"},
            says="`^` is no power in Python, but XOR, bit by bit",
            hint="Which sign raises to a power?",
        ),
        Misconception(
            "floor",
            {".round()": ".floor()"},
            says="every number goes to the code below it",
            hint="That is off by a whole step at worst. Which code is nearest?",
        ),
        Misconception(
            "truncated",
            {".round()": ".trunc()"},
            says="what stands behind the point is cut off",
            hint="`int` and `.to(torch.int8)` cut towards 0. What goes to the nearest?",
        ),
        Misconception(
            "not_rounded",
            {".round()": ""},
            says="the codes are not whole numbers",
            hint="A code is a whole number: that is what can be kept in few bits.",
        ),
        Misconception(
            "inverse_scale",
            {", scales\n": ", 1 / scales\n"},
            says="what is returned as a scale is its inverse",
            hint="A scale is what one step is worth: code times scale gives the weight back.",
        ),
        Misconception(
            "zero_scale",
            {"torch.where(largest == 0, 1.0, largest / most)": "largest / most"},
            says="a row of zeros is divided by 0",
            hint="0 / 0 is NaN, and NaN spreads. What scale does the docstring give such a row?",
        ),
        Misconception(
            "tiny_scale",
            {"torch.where(largest == 0, 1.0, largest / most)": "largest.clamp(min=1e-8) / most"},
            says="a row of zeros gets a tiny scale",
            hint="That is safe too, but the docstring names the scale of a row of zeros.",
        ),
        Misconception(
            "zeros_divided_too",
            {"torch.where(largest == 0, 1.0, largest / most)":
             "torch.where(largest == 0, 1.0, largest) / most"},
            says="a row of zeros gets the scale 1 / (2^(bits - 1) - 1)",
            hint="Which is replaced by 1 there, the largest number or the scale?",
        ),
        Misconception(
            "size_of_the_largest",
            {"weight.abs().amax(dim=1)": "weight.amax(dim=1).abs()"},
            says="the scale is the size of the largest number, whatever is far below 0",
            hint="A row of -5 and 1: in which order are sizes and the maximum taken?",
        ),
        Misconception(
            "whole_range",
            {"weight.abs().amax(dim=1)": "weight.amax(dim=1) - weight.amin(dim=1)",
             "2 ** (bits - 1) - 1": "2**bits - 1"},
            says="the range from the smallest to the largest number is cut into 2^bits - 1 steps",
            hint="That grid needs an offset. Here the grid lies evenly around 0.",
        ),
        Misconception(
            "largest_as_scale",
            {", scales\n": ", torch.where(largest == 0, 1.0, largest)\n"},
            says="the largest size is returned as the scale",
            hint="A scale is what *one* step is worth: code times scale gives the weight back.",
        ),
    ],
)  # fmt: skip
