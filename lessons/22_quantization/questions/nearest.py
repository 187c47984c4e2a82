"""22.3 Any sixteen values."""

import torch
from torch import Tensor

from llama_edu.compress.quantize import NF4
from llama_edu.course.checking.draw import randn
from llama_edu.course.checking.questions import Misconception, Question


def nearest(weight: Tensor, values: Tensor, group_size: int) -> tuple[Tensor, Tensor]:
    groups = weight.unflatten(1, (-1, group_size))
    scales = groups.abs().amax(dim=-1)
    codes = (groups[..., None] / scales[..., None, None] - values).abs().argmin(dim=-1)
    return codes.flatten(1), scales


def nearest_cases(generator):
    few = torch.tensor([-1.0, -0.3, 0.0, 0.2, 1.0])
    yield {"weight": randn(generator, 2, 4), "values": few, "group_size": 2}
    yield {"weight": 3 * randn(generator, 2, 6), "values": few, "group_size": 3}
    yield {"weight": 0.01 * randn(generator, 3, 4), "values": NF4, "group_size": 4}
    yield {"weight": randn(generator, 3, 8), "values": NF4, "group_size": 2}
    yield {"weight": -randn(generator, 2, 6).abs(), "values": NF4, "group_size": 6}
    yield {"weight": randn(generator, 4, 64), "values": NF4, "group_size": 16}
    # No value of this list is 0, and they are in no order.
    yield {"weight": randn(generator, 2, 3), "values": few[[4, 1, 0]] * 0.9, "group_size": 3}


NEAREST = Question(
    "quantization.nearest",
    points=2,
    cases=nearest_cases,
    reference=nearest,
    misconceptions=[
        Misconception(
            "no_sizes_in_scale",
            {"groups.abs().amax": "groups.amax"},
            says="the scale is the largest number and not the largest size",
            hint="A group of -5 and 1: by what must it be divided to lie between -1 and 1?",
        ),
        Misconception(
            "signed_difference",
            {"(unit[..., None] - values).abs()": "(unit[..., None] - values)"},
            says="the smallest difference is taken with its sign: always the largest value",
            hint="-2 is smaller than 0.1. Near means that the *size* of the difference is small.",
        ),
        Misconception(
            "farthest",
            {"argmin": "argmax"},
            says="the value farthest away is chosen",
            hint="Of the distances you want the place of the smallest.",
        ),
        Misconception(
            "not_divided",
            {"unit = groups / scales[..., None]": "unit = groups"},
            says="the weights are not divided by their group's scale",
            hint="The values lie between -1 and 1. Where must the numbers lie before they are "
            "compared?",
        ),
        Misconception(
            "per_row",
            {"groups.abs().amax(dim=-1)":
             "groups.abs().amax(dim=(1, 2))[:, None].expand(groups.shape[:2])"},
            says="all groups of a row have one scale, that of the whole row",
            hint="Cut the row into groups first: each has a largest size of its own.",
        ),
        Misconception(
            "over_everything",
            {"groups.abs().amax(dim=-1)": "groups.abs().max().expand(groups.shape[:2])"},
            says="all groups have one scale, that of the whole matrix",
            hint="Each group has a largest size of its own.",
        ),
        Misconception(
            "value_in_place_of_code",
            {"return codes.flatten(1)": "return values[codes].flatten(1)"},
            says="the values themselves are returned, and not their places",
            hint="A place takes 4 bits, a value 32. Which of them is the code?",
        ),
        Misconception(
            "interleaved",
            {"weight.unflatten(1, (-1, group_size))": "weight.unflatten(1, (group_size, -1)).mT",
             "codes.flatten(1)": "codes.mT.flatten(1)"},
            says="a group is made of numbers that lie apart in the row",
            hint="Neighbours make a group: the first `group_size` numbers are the first one.",
        ),
        Misconception(
            "groups_miscounted",
            {"(-1, group_size)": "(group_size, -1)"},
            says="`group_size` is taken for the number of groups",
            hint="How many numbers are in a group, and how many groups does a row have then?",
        ),
        Misconception(
            "scale_inverted",
            {", scales\n": ", 1 / scales\n"},
            says="what is returned as a scale is its inverse",
            hint="value times scale gives the weight back.",
        ),
        Misconception(
            "the_one_below",
            {"(unit[..., None] - values).abs().argmin(dim=-1)":
             "torch.where(values > unit[..., None], torch.inf, unit[..., None] - values)"
             ".argmin(dim=-1)"},
            says="each number goes to the nearest value that is not above it",
            hint="The value above may be nearer: compare with both.",
        ),
        Misconception(
            "mean_scale",
            {".abs().amax(dim=-1)": ".abs().mean(dim=-1)"},
            says="the scale is the mean size of the group",
            hint="The largest number of a group must not lie beyond 1.",
        ),
        Misconception(
            "bucketize",
            {"(unit[..., None] - values).abs().argmin(dim=-1)":
             "torch.bucketize(unit.contiguous(), values)"},
            says="each number gets the place of the first value that is not below it",
            hint="The value below may be nearer. And a list in no order cannot be searched so.",
        ),
        Misconception(
            "no_signs",
            {"unit[..., None] - values": "unit.abs()[..., None] - values"},
            says="the weights have lost their signs",
            hint="The values go from -1 to 1. Sizes are needed for the scale alone.",
        ),
    ],
)  # fmt: skip
