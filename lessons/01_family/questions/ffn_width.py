"""1.2 The width of a feed-forward layer."""

import math

from llama_edu.course.checking.draw import whole
from llama_edu.course.checking.questions import Misconception, Question

# D, multiplier and multiple of models in the family.
FAMILY = (
    (4096, 1.0, 256),
    (5120, 1.0, 256),
    (8192, 1.3, 4096),
    (4096, 1.3, 1024),
    (2048, 1.5, 256),
)


def ffn_width(d_model: int, multiplier: float, multiple_of: int) -> int:
    width = int(multiplier * int(8 * d_model / 3))
    return math.ceil(width / multiple_of) * multiple_of


def ffn_width_cases(generator):
    yield {"d_model": 4096, "multiplier": 1.0, "multiple_of": 256}
    yield {"d_model": 48, "multiplier": 1.0, "multiple_of": 16}  # 128 is a multiple already
    yield {"d_model": 50, "multiplier": 1.0, "multiple_of": 7}  # 133.3, cut, is a multiple
    yield {"d_model": 50, "multiplier": 1.5, "multiple_of": 199}  # 1.5 × 133 = 199.5, cut, too
    yield {"d_model": 40, "multiplier": 1.25, "multiple_of": 1}
    for _ in range(6):
        d_model, multiple_of = whole(generator, 20, 300), whole(generator, 5, 60)
        multiplier = whole(generator, 10, 20) / 10
        yield {"d_model": d_model, "multiplier": multiplier, "multiple_of": multiple_of}
    for d_model, multiplier, multiple_of in FAMILY[1:]:
        yield {"d_model": d_model, "multiplier": multiplier, "multiple_of": multiple_of}


FFN_WIDTH = Question(
    "family.ffn_width",
    points=2,
    cases=ffn_width_cases,
    reference=ffn_width,
    equivalent_mutants={
        "width = int(2 * 4 * d_model / 3) -> width = int(2 * 4 * d_model // 3)": (
            "`int` cuts off what `//` would"
        ),
    },
    misconceptions=[
        Misconception(
            "rounded_down",
            {"width + multiple_of - 1": "width"},
            says="the width is rounded down to a multiple",
            hint="Up, not down: `//` cuts off. What must be added before it?",
        ),
        Misconception(
            "always_one_more",
            {"(width + multiple_of - 1) // multiple_of": "width // multiple_of + 1"},
            says="a width that is a multiple already goes up to the next one",
            hint="128 is a multiple of 16: eight times 16. What does `128 // 16 + 1` make of it?",
        ),
        Misconception(
            "nearest",
            {"(width + multiple_of - 1) // multiple_of": "round(width / multiple_of)"},
            says="the width is rounded to the nearest multiple",
            hint="10,922 is nearer to 42 multiples of 256 than to 43 only by chance: the rule is "
            "always up.",
        ),
        Misconception(
            "no_multiple",
            {"n_multiples * multiple_of": "width"},
            says="the width is not rounded to a multiple",
            hint="One step is missing: the last one.",
        ),
        Misconception(
            "number_of_multiples",
            {"n_multiples * multiple_of": "n_multiples"},
            says="it is returned how many multiples there are, and not the width",
            hint="43 multiples of 256: what is the width, then?",
        ),
        Misconception(
            "no_two_thirds",
            {"2 * 4 * d_model / 3": "4 * d_model"},
            says="the width begins with 4 · D, not two thirds of it",
            hint="4 · D is right for two matrices. LLaMA has three.",
        ),
        Misconception(
            "two_thirds_of_d",
            {"2 * 4 * d_model / 3": "2 * d_model / 3"},
            says="two thirds are taken of D, not of 4 · D",
            hint="A feed-forward layer makes the vector wider. By how much, in 2017?",
        ),
        Misconception(
            "no_multiplier",
            {"int(multiplier * width)": "width"},
            says="the multiplier is not used",
            hint="It makes the feed-forward layer wider, as in Llama 3.",
        ),
        Misconception(
            "multiplied_last",
            {
                "int(multiplier * width)": "width",
                "n_multiples * multiple_of": "int(multiplier * n_multiples * multiple_of)",
            },
            says="the multiplier comes after the rounding to a multiple",
            hint="Then the result need not be a multiple any more. Which step comes last?",
        ),
        Misconception(
            "first_cut_left_out",
            {"int(2 * 4 * d_model / 3)": "2 * 4 * d_model / 3"},
            says="two thirds of 4 · D are not cut to a whole number before the multiplier",
            hint="`int(...)` cuts, and it is asked for twice.",
        ),
        Misconception(
            "never_cut",
            {
                "int(2 * 4 * d_model / 3)": "2 * 4 * d_model / 3",
                "int(multiplier * width)": "multiplier * width",
                "(width + multiple_of - 1) // multiple_of": "math.ceil(width / multiple_of)",
            },
            says="nothing is cut to a whole number before the multiples are counted",
            hint="A width just above a multiple, such as 133.3 above 133, must be cut first, or it "
            "goes up to the next multiple.",
        ),
        Misconception(
            "two_thirds_rounded",
            {"int(2 * 4 * d_model / 3)": "round(2 * 4 * d_model / 3)"},
            says="two thirds of 4 · D are rounded to the nearest whole number",
            hint="What does `int(2730.7)` give, and what `round(2730.7)`?",
        ),
        Misconception(
            "product_rounded",
            {"int(multiplier * width)": "round(multiplier * width)"},
            says="the product with the multiplier is rounded to the nearest whole number",
            hint="What is behind the point is cut off there, too.",
        ),
    ],
)
