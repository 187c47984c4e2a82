"""6.2 Sinusoids."""

from llama_edu.course.checking.draw import whole
from llama_edu.course.checking.questions import Misconception, Question
from llama_edu.model import positions

FREQUENCIES = "inverse_frequencies(d_model, 10_000.0)"
STACKED = "torch.stack((angles.sin(), angles.cos()), dim=-1).flatten(1)"
IN_TURNS = "torch.where(torch.arange(d_model) % 2 == 0, angles.sin(), angles.cos())"


def sinusoids_cases(generator):
    yield {"n_positions": 3, "d_model": 4}
    yield {"n_positions": whole(generator, 5, 25), "d_model": 6}
    yield {"n_positions": 7, "d_model": 2 * whole(generator, 5, 15)}
    yield {"n_positions": 1, "d_model": 8}
    yield {"n_positions": 4, "d_model": 2}


SINUSOIDS = Question(
    "positions.sinusoids",
    points=2,
    cases=sinusoids_cases,
    reference=positions.sinusoids,
    atol=1e-5,  # an angle of 24 radians is known to 2e-6 in float32
    misconceptions=[
        Misconception(
            "cosine_first",
            {"angles.sin(), angles.cos()": "angles.cos(), angles.sin()"},
            says="each cosine stands before its sine",
            hint="Place 0 should be 0, 1, 0, 1: what are sine and cosine of 0?",
        ),
        Misconception(
            "sines_then_cosines",
            {STACKED: "torch.cat((angles.sin(), angles.cos()), dim=1)"},
            says="all sines come first, then all cosines",
            hint="Column 2i is a sine and column 2i + 1 the cosine of the same angle. `cat` puts "
            "blocks behind each other; `stack` along a new *last* dimension puts them in turns.",
        ),
        Misconception(
            "sines_only",
            {"angles.cos()": "angles.sin()"},
            says="both columns of a pair are the sine",
            hint="Every second column is a cosine.",
        ),
        Misconception(
            "cosines_only",
            {"angles.sin()": "angles.cos()"},
            says="both columns of a pair are the cosine",
            hint="Every second column, from the first, is a sine.",
        ),
        Misconception(
            "from_place_1",
            {"torch.arange(n_positions)": "torch.arange(1, n_positions + 1)"},
            says="the places are counted from 1",
            hint="The first place is 0, and all its sines are 0.",
        ),
        Misconception(
            "a_frequency_for_each_column",
            {FREQUENCIES: "10_000.0 ** (-torch.arange(d_model) / d_model)", STACKED: IN_TURNS},
            says="sine and cosine of a pair have different frequencies",
            hint="Columns 2i and 2i + 1 share w_i: the exponent of both is -2i / D.",
        ),
        Misconception(
            "column_taken_for_i",
            {FREQUENCIES: "10_000.0 ** (-2 * torch.arange(d_model) / d_model)", STACKED: IN_TURNS},
            says="the number of the column stands for i in the exponent",
            hint="Column 2i and column 2i + 1 belong to the same i: with D columns, i runs to "
            "D / 2 only.",
        ),
        Misconception(
            "half_exponents",
            {FREQUENCIES: "10_000.0 ** (-torch.arange(d_model // 2) / d_model)"},
            says="the exponents are -i / D: half of what they should be",
            hint="Compare with 6.1: the exponent of pair i is -2i / D.",
        ),
        Misconception(
            "double_exponents",
            {FREQUENCIES: f"{FREQUENCIES} ** 2"},
            says="the exponents are -4i / D: the 2 counts twice",
            hint="If `arange` goes in steps of two, it holds 2i already.",
        ),
        Misconception(
            "divided_by_frequency",
            {"[:, None] *": "[:, None] /"},
            says="places are divided by the frequencies, so that each pair is faster than the last",
            hint="The angle is t times w, and w falls from 1. A quotient would need the power with "
            "a positive exponent.",
        ),
        Misconception(
            "turns_for_radians",
            {"[:, None] *": "[:, None] * 2 * math.pi *"},
            says="each angle is multiplied by 2 pi",
            hint="w is in radians already: at place 1 the first sine is sin(1).",
        ),
        Misconception(
            "another_base",
            {"10_000.0": "1_000.0"},
            says="the base is 1,000",
            hint="Count the zeros of 10,000.",
        ),
    ],
)
