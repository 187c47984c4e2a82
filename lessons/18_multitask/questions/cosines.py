"""18.3 The cosine of every pair of gradients."""

import torch
from torch import Generator

from llama_edu.course.checking.draw import randn
from llama_edu.course.checking.questions import Misconception, Question
from llama_edu.finetune.multitask import conflicts


def cosines_cases(generator: Generator):
    yield {"gradients": torch.tensor([[3.0, 4.0], [-1.0, 0.0]])}
    yield {"gradients": randn(generator, 2, 3)}
    yield {"gradients": 5 * randn(generator, 3, 4)}
    yield {"gradients": 1e-3 * randn(generator, 4, 7)}  # small ones have a direction as well
    yield {"gradients": randn(generator, 3, 3)}
    yield {"gradients": torch.tensor([[0.0, 0.0], [1.0, -2.0]])}
    yield {"gradients": randn(generator, 1, 5)}


LENGTHS = "gradients.norm(dim=1, keepdim=True).clamp(min=1e-30)"

COSINES = Question(
    "multitask.cosines",
    points=2,
    cases=cosines_cases,
    reference=conflicts,
    equivalent_mutants={
        "lengths = gradients.norm(dim=1, keepdim=True).clamp(min=1e-30) -> "
        "lengths = gradients.norm(dim=1, keepdim=True).clamp(min=2e-30)": (
            "no gradient but zeros is that short"
        ),
    },
    forbids=("cosine_similarity", "CosineSimilarity"),
    misconceptions=[
        Misconception(
            "dot_products",
            {"gradients / lengths": "gradients"},
            says="the plain dot products are given",
            hint="A cosine lies between -1 and 1, however long the gradients are.",
        ),
        Misconception(
            "one_length",
            {"return units @ units.T": "return units @ gradients.T"},
            says="only one of the two gradients is made as long as 1",
            hint="The formula divides by both lengths.",
        ),
        Misconception(
            "length_of_all",
            {LENGTHS: "gradients.norm()"},
            says="all rows are divided by one length, that of the whole matrix",
            hint="Each task's gradient has a length of its own: along which dimension is it taken?",
        ),
        Misconception(
            "columns",
            {"norm(dim=1": "norm(dim=0"},
            says="the length is taken down the columns",
            hint="A row is a gradient. Its length runs over N.",
        ),
        Misconception(
            "columns_compared",
            {LENGTHS: "gradients.norm(dim=0, keepdim=True).clamp(min=1e-30)",
             "units @ units.T": "units.T @ units"},
            says="columns are compared instead of rows",
            hint="The result is (K, K): one row and one column for each task.",
        ),
        Misconception(
            "squares",
            {LENGTHS: "gradients.square().sum(dim=1, keepdim=True).clamp(min=1e-30)"},
            says="rows are divided by the square of their length",
            hint="With itself every gradient has cosine 1. What is missing round your sum?",
        ),
        Misconception(
            "absolute_values",
            {LENGTHS: "gradients.abs().sum(dim=1, keepdim=True).clamp(min=1e-30)"},
            says="the length is the sum of the absolute values",
            hint="With itself every gradient has cosine 1. How long is (3, 4)?",
        ),
        Misconception(
            "nan_for_zero",
            {".clamp(min=1e-30)": ""},
            says="a gradient of zeros gives NaN",
            hint="0 / 0 is NaN. What keeps the length from being 0?",
        ),
        Misconception(
            "added_to_length",
            {".clamp(min=1e-30)": " + 1e-3"},
            says="something is added to each length that is not small beside it",
            hint="Gradients can be very short. What you add must be far smaller still.",
        ),
        Misconception(
            "no_fight_hidden",
            {"return units @ units.T": "return (units @ units.T).clamp(min=0.0)"},
            says="cosines below 0 are set to 0",
            hint="Those below 0 are the fights that you are looking for.",
        ),
        Misconception(
            "centred",
            {"units = gradients / lengths":
             "gradients = gradients - gradients.mean(1, keepdim=True)\n"
             "    units = gradients / gradients.norm(dim=1, keepdim=True).clamp(min=1e-30)"},
            says="the correlation is given: each row's mean is taken off first",
            hint="The formula takes nothing off the gradients.",
        ),
        Misconception(
            "ones_on_the_diagonal",
            {"return units @ units.T": "return (units @ units.T).fill_diagonal_(1.0)"},
            says="every gradient has cosine 1 with itself, one of zeros too",
            hint="A gradient of zeros has no direction. What does the question ask for it?",
        ),
        Misconception(
            "short_ones_stay_short",
            {"min=1e-30": "min=1.0"},
            says="gradients shorter than 1 are not made as long as 1",
            hint="Only a length of 0 needs a guard: how small may the number in `clamp` be?",
        ),
        Misconception(
            "upper_half_only",
            {"return units @ units.T": "return (units @ units.T).triu(1)"},
            says="only pairs i < j are filled in",
            hint="The cosine of j and i is that of i and j, and the diagonal is asked for as well.",
        ),
    ],
)  # fmt: skip
