"""7.5 The hidden width of SwiGLU by Meta's rule."""

import math

from llama_edu.course.checking.draw import pick, whole
from llama_edu.course.checking.questions import Misconception, Question


def hidden_width(d_model: int, multiplier: float, multiple_of: int) -> int:
    width = int(multiplier * (8 * d_model // 3))
    return -(-width // multiple_of) * multiple_of


def hidden_width_cases(generator):
    def case(d_model: int, multiplier: float, multiple_of: int) -> dict:
        return {"d_model": d_model, "multiplier": multiplier, "multiple_of": multiple_of}

    yield case(4096, 1.0, 256)  # LLaMA 7B
    yield case(4096, 1.3, 1024)  # Llama 3 8B
    yield case(8192, 1.3, 4096)  # Llama 3 70B
    yield case(96 * whole(generator, 2, 9), 1.0, 32)  # a multiple already
    yield case(100 + 3 * whole(generator, 1, 30), 1.5, 1)  # 8 d / 3 is no whole number: cut twice
    yield case(101 + 3 * whole(generator, 1, 30), 1.5, 1)  # odd: the second cut counts
    yield case(16 * whole(generator, 3, 40), 1.0, 16)
    for d_model in pick(generator, 3, 50, 900):
        yield case(d_model, 1 + whole(generator, 1, 9) / 10, whole(generator, 3, 60))


HIDDEN_WIDTH = Question(
    "norms.hidden_width",
    points=2,
    cases=hidden_width_cases,
    reference=hidden_width,
    equivalent_mutants={
        "width = int(2 * 4 * d_model / 3) -> width = int(2 * 4 * d_model // 3)": (
            "of a positive number `int` and `//` cut off the same"
        ),
    },
    misconceptions=[
        Misconception(
            "rounded_down",
            {"math.ceil(width / multiple_of)": "(width // multiple_of)"},
            says="the width goes down to a multiple",
            hint="A layer of LLaMA is never narrower than the rule asks: which way is it rounded?",
        ),
        Misconception(
            "to_the_nearest",
            {"math.ceil": "round"},
            says="the width goes to the nearest multiple, up or down",
            hint="Always up, however near the lower multiple is.",
        ),
        Misconception(
            "always_one_more",
            {"math.ceil(width / multiple_of)": "(width // multiple_of + 1)"},
            says="a width that is a multiple already goes up to the next one",
            hint="What if nothing is left over in the division?",
        ),
        Misconception(
            "no_multiple",
            {"multiple_of * math.ceil(width / multiple_of)": "width"},
            says="the width is not brought to a multiple",
            hint="What is `multiple_of` for?",
        ),
        Misconception(
            "how_many_multiples",
            {"multiple_of * math.ceil": "math.ceil"},
            says="the result is how many multiples there are, not the width",
            hint="11,008 is 43 multiples of 256: which of the two numbers is the width?",
        ),
        Misconception(
            "added_up",
            {"multiple_of * math.ceil(width / multiple_of)": "width + multiple_of - 1"},
            says="`multiple_of` - 1 is added, and nothing is cut off afterwards",
            hint="Adding before a division `//` by `multiple_of` rounds up; then multiply again.",
        ),
        Misconception(
            "four_d",
            {"2 * 4 * d_model / 3": "4 * d_model"},
            says="it begins with 4D, without the two thirds",
            hint="Three matrices must be as many numbers as two of width 4D: how wide are they?",
        ),
        Misconception(
            "two_thirds_of_d",
            {"2 * 4 * d_model / 3": "2 * d_model / 3"},
            says="it begins with two thirds of D, not of 4D",
            hint="The layer of 2017 is four times as wide as the stream; two thirds of that.",
        ),
        Misconception(
            "two_thirds_rounded",
            {"int(2 * 4 * d_model / 3)": "round(2 * 4 * d_model / 3)"},
            says="two thirds of 4D are rounded, not cut down",
            hint="`int` cuts off what stands after the point; `round` may go up.",
        ),
        Misconception(
            "two_thirds_up",
            {"int(2 * 4 * d_model / 3)": "math.ceil(2 * 4 * d_model / 3)"},
            says="two thirds of 4D go up to a whole number",
            hint="`int` cuts off what stands after the point. Only the last step goes up.",
        ),
        Misconception(
            "cut_once",
            {"int(2 * 4 * d_model / 3)": "2 * 4 * d_model / 3"},
            says="the width is cut to a whole number only after the multiplier",
            hint="The rule cuts twice: before the multiplier, and after it.",
        ),
        Misconception(
            "not_cut_after",
            {"int(multiplier * width)": "multiplier * width"},
            says="the width is not cut down after the multiplier",
            hint="The rule cuts twice: before the multiplier, and after it.",
        ),
        Misconception(
            "no_multiplier",
            {"multiplier * width": "width"},
            says="the multiplier is not used",
            hint="With a multiplier of 1.3 the layer should be wider than with 1.0.",
        ),
        Misconception(
            "multiplier_at_last",
            {"int(multiplier * width)": "width", "return multiple_of *":
             "return int(multiplier * multiple_of)  *"},
            says="the multiplier comes last, after the multiple",
            hint="In which order do the sentences go? The result must be a multiple.",
        ),
        Misconception(
            "not_divided",
            {"math.ceil(width / multiple_of)": "width"},
            says="the width is multiplied by `multiple_of`",
            hint="How many times does `multiple_of` fit into the width? Only that number is "
            "multiplied by it.",
        ),
    ],
)  # fmt: skip
