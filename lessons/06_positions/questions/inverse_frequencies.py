"""6.1 A frequency for each pair."""

from llama_edu.course.checking.draw import whole
from llama_edu.course.checking.questions import Misconception, Question
from llama_edu.model import rope


def inverse_frequencies_cases(generator):
    yield {"d_head": 4, "theta": 100.0}
    yield {"d_head": 8, "theta": float(whole(generator, 50, 900))}
    yield {"d_head": 2, "theta": 10_000.0}
    yield {"d_head": 10, "theta": 10_000.0}
    yield {"d_head": 64, "theta": 500_000.0}


INVERSE_FREQUENCIES = Question(
    "positions.inverse_frequencies",
    points=1,
    cases=inverse_frequencies_cases,
    reference=rope.inverse_frequencies,
    atol=0.0,  # the last of them are near 2e-6
    equivalent_mutants={
        "return theta ** (-torch.arange(0, d_head, 2) / d_head) -> "
        "return theta ** (-torch.arange(0, d_head - 1, 2) / d_head)": "d_head is even",
    },
    misconceptions=[
        Misconception(
            "growing",
            {"-torch": "torch"},
            says="the exponents are positive, so that each pair turns faster than the one before",
            hint="The first pair is the fastest. Look at the sign in the formula; dividing by a "
            "negative power turns it round once more.",
        ),
        Misconception(
            "one_for_each_number",
            {"(0, d_head, 2)": "(0, d_head)"},
            says="there is a frequency for each number of the head instead of each pair",
            hint="d numbers are d / 2 pairs. Which numbers 2i belong to the pairs 0, 1, 2?",
        ),
        Misconception(
            "half_exponents",
            {"torch.arange(0, d_head, 2)": "torch.arange(d_head // 2)"},
            says="the exponents are -i / d: half of what they should be",
            hint="The last pair should turn nearly `theta` times more slowly than the first. Yours "
            "are slowed by its square root only.",
        ),
        Misconception(
            "double_exponents",
            {"/ d_head": "/ (d_head // 2)"},
            says="the exponents are -4i / d: the 2 counts twice",
            hint="Perhaps the steps of two in `arange` are 2i already, or you divide by the number "
            "of pairs. For a head of 4, the second exponent is -1/2.",
        ),
        Misconception(
            "power_divided",
            {"(-torch.arange(0, d_head, 2) / d_head)": "-torch.arange(0, d_head, 2) / d_head"},
            says="the power is divided by d, and not the exponent",
            hint="Python takes `**` before `/`. What belongs to the exponent needs parentheses.",
        ),
        Misconception(
            "first_is_not_1",
            {"(0, d_head, 2)": "(2, d_head + 2, 2)"},
            says="the pairs are counted from 1",
            hint="Pair 0 turns by 1 radian a token, whatever theta is.",
        ),
        Misconception(
            "ends_at_1_over_theta",
            {"torch.arange(0, d_head, 2) / d_head": "torch.linspace(0, 1, d_head // 2)"},
            says="the exponents are spread evenly from 0 to -1, both ends included",
            hint="The last exponent is -(d - 2) / d, not quite -1: `arange` with steps gives that, "
            "`linspace` does not.",
        ),
        Misconception(
            "wavelengths",
            {"theta **": "2 * math.pi * theta **", "-torch": "torch"},
            says="these are wavelengths, 2 pi / w, in tokens",
            hint="Asked is w itself, in radians a token: it falls from 1.",
        ),
        Misconception(
            "turns",
            {"theta **": "1 / (2 * math.pi) * theta **"},
            says="these are turns a token: each is divided by 2 pi",
            hint="Asked are radians a token, so that pair 0 has 1.",
        ),
        Misconception(
            "fixed_base",
            {"theta **": "10_000.0 **"},
            says="the base is 10,000, whatever `theta` is",
            hint="Llama 3 has another theta than LLaMA 1: use the argument.",
        ),
        Misconception(
            "whole_exponents",
            {"/ d_head": "// d_head"},
            says="the exponents are rounded to whole numbers",
            hint="`//` divides and rounds down. Exponents such as -1/2 need `/`.",
        ),
        Misconception(
            "exp_of_them",
            {"theta **": "torch.exp", "/ d_head": "/ d_head * theta"},
            says="theta is multiplied with the exponents inside exp",
            hint="theta to the power x is `theta ** x`; with exp it would be exp(x * ln theta).",
        ),
    ],
)
