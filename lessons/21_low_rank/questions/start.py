"""21.3 How an adapter starts."""

import torch
from torch import Tensor

from llama_edu.course.checking.questions import Misconception, Question


def start(noise: Tensor, d_out: int, alpha: float, is_rs: bool) -> tuple[Tensor, Tensor, float]:
    a = noise * noise.shape[1] ** -0.5
    b = a.new_zeros(d_out, len(noise))
    return a, b, alpha / len(noise) ** (0.5 if is_rs else 1.0)


def start_cases(generator):
    # rank, D, F, alpha
    shapes = ((2, 3, 4, 4.0), (3, 5, 2, 3.0), (1, 4, 3, 2.0), (4, 4, 4, 16.0), (5, 8, 6, 7.5))
    for rank, d_in, d_out, alpha in shapes:
        for is_rs in (False, True):
            noise = 2 * torch.rand(rank, d_in, generator=generator) - 1
            yield {"noise": noise, "d_out": d_out, "alpha": alpha, "is_rs": is_rs}


START = Question(
    "low_rank.start",
    points=2,
    cases=start_cases,
    reference=start,
    rtol=1e-5,
    misconceptions=[
        Misconception(
            "both_zero",
            {"noise / math.sqrt(d_in)": "torch.zeros_like(noise)"},
            says="A and B are both 0",
            hint="The gradient of each has the other as a factor: then neither would ever move.",
        ),
        Misconception(
            "a_is_zero",
            {
                "noise / math.sqrt(d_in)": "torch.zeros_like(noise)",
                "torch.zeros(d_out, rank)": "torch.randn(d_out, rank)",
            },
            says="A is 0, and B is not",
            hint="You have random numbers in the shape of A.",
        ),
        Misconception(
            "random_b",
            {"torch.zeros(d_out, rank)": "torch.randn(d_out, rank)"},
            says="B is random, so that the fresh adapter changes the model's answers",
            hint="What must B A be before the first step?",
        ),
        Misconception(
            "b_transposed",
            {"torch.zeros(d_out, rank)": "torch.zeros(rank, d_out)"},
            says="B is (r, F)",
            hint="B makes F numbers of r. As a weight, (out, in).",
        ),
        Misconception(
            "b_as_wide_as_the_input",
            {"torch.zeros(d_out, rank)": "torch.zeros(d_in, rank)"},
            says="B has a row for each input, not for each output",
            hint="B A must have the shape of W, (F, D).",
        ),
        Misconception(
            "noise_as_it_is",
            {"noise / math.sqrt(d_in)": "noise"},
            says="A is the noise as it came, from -1 to 1",
            hint="Between which bounds is A to begin?",
        ),
        Misconception(
            "by_the_rank",
            {"math.sqrt(d_in)": "math.sqrt(rank)"},
            says="the noise is divided by the root of r, not of D",
            hint="Each number that A makes is a sum over D inputs.",
        ),
        Misconception(
            "no_root",
            {"noise / math.sqrt(d_in)": "noise / d_in"},
            says="the noise is divided by D, without the root",
            hint="The bounds have a root in them.",
        ),
        Misconception(
            "never_rs",
            {"alpha / math.sqrt(rank) if is_rs else alpha / rank": "alpha / rank"},
            says="the scale of rsLoRA is the plain one",
            hint="What does `is_rs` change?",
        ),
        Misconception(
            "always_rs",
            {"alpha / math.sqrt(rank) if is_rs else alpha / rank": "alpha / math.sqrt(rank)"},
            says="the scale is that of rsLoRA throughout",
            hint="What does `is_rs` change?",
        ),
        Misconception(
            "rs_turned_round",
            {"if is_rs else": "if not is_rs else"},
            says="plain LoRA and rsLoRA have changed places",
            hint="Which of the two has the root?",
        ),
        Misconception(
            "scale_is_alpha",
            {"alpha / math.sqrt(rank) if is_rs else alpha / rank": "alpha"},
            says="the scale is alpha, without the rank",
            hint="A higher rank adds up more terms: the scale makes up for it.",
        ),
        Misconception(
            "by_the_output",
            {"math.sqrt(d_in)": "math.sqrt(d_out)"},
            says="the noise is divided by the root of F, not of D",
            hint="Each number that A makes is a sum over D inputs.",
        ),
        Misconception(
            "scale_in_a",
            {"noise / math.sqrt(d_in)":
             "noise / math.sqrt(d_in) * (alpha / math.sqrt(rank) if is_rs else alpha / rank)"},
            says="the scale is multiplied into A already",
            hint="It is returned apart, and counts once.",
        ),
        Misconception(
            "root_of_alpha_too",
            {"alpha / math.sqrt(rank) if": "math.sqrt(alpha / rank) if"},
            says="with rsLoRA the root of alpha is taken too",
            hint="What stands under the root in its formula?",
        ),
        Misconception(
            "sizes_swapped",
            {"rank, d_in = noise.shape": "d_in, rank = noise.shape"},
            says="the rank and D have changed places",
            hint="In which order does the docstring name the sizes of `noise`?",
        ),
    ],
)  # fmt: skip
