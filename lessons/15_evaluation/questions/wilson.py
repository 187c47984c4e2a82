"""15.4 Wilson's interval."""

import math

from llama_edu.course.checking.draw import whole
from llama_edu.course.checking.questions import Misconception, Question


def wilson(n_right: int, n: int, z: float) -> tuple[float, float]:
    p, z2 = n_right / n, z**2
    middle = p + z2 / (2 * n)
    half = z * math.sqrt(p * (1 - p) / n + z2 / (4 * n**2))
    return (middle - half) / (1 + z2 / n), (middle + half) / (1 + z2 / n)


def wilson_cases(generator):
    yield {"n_right": 81, "n": 263, "z": 1.96}
    yield {"n_right": whole(generator, 2, 5), "n": whole(generator, 8, 12), "z": 1.96}
    yield {"n_right": 24, "n": 24, "z": 1.96}
    yield {"n_right": 0, "n": whole(generator, 3, 9), "z": 1.645}
    yield {"n_right": whole(generator, 40, 90), "n": 100, "z": 2.576}
    yield {"n_right": 1, "n": 1, "z": 1.0}


WILSON = Question(
    "evaluation.wilson",
    points=2,
    cases=wilson_cases,
    reference=wilson,
    atol=1e-9,  # the lower end of 0 right answers is 0, but for rounding
    rtol=1e-7,
    misconceptions=[
        Misconception(
            "textbook",
            {"shrink = 1 + z**2 / n": "shrink = 1",
             "(p + z**2 / (2 * n)) / shrink": "p",
             " + z**2 / (4 * n**2)": ""},
            says="p is taken, with z standard errors to each side",
            hint="That is the textbook's interval, of width 0 where all answers are right. The "
            "formula has three more terms with z.",
        ),
        Misconception(
            "middle_not_shrunk",
            {"(p + z**2 / (2 * n)) / shrink": "p + z**2 / (2 * n)"},
            says="the middle is not divided by 1 + z²/n",
            hint="Both m and h are divided.",
        ),
        Misconception(
            "half_not_shrunk",
            {"half = z / shrink": "half = z"},
            says="half of the width is not divided by 1 + z²/n",
            hint="Both m and h are divided.",
        ),
        Misconception(
            "middle_is_p",
            {"(p + z**2 / (2 * n)) / shrink": "p"},
            says="the middle is the share found",
            hint="Wilson's middle is drawn from p towards one half.",
        ),
        Misconception(
            "brackets_lost_middle",
            {"z**2 / (2 * n)": "z**2 / 2 * n"},
            says="z² / 2 is multiplied by n in the middle",
            hint="Python goes from left to right: what is below the line needs brackets.",
        ),
        Misconception(
            "brackets_lost_root",
            {"z**2 / (4 * n**2)": "z**2 / 4 * n**2"},
            says="z² / 4 is multiplied by n² under the root",
            hint="Python goes from left to right: what is below the line needs brackets.",
        ),
        Misconception(
            "n_not_squared",
            {"4 * n**2": "4 * n"},
            says="n is not squared under the root",
            hint="Under the root stands n² in the second term.",
        ),
        Misconception(
            "term_under_root_lost",
            {" + z**2 / (4 * n**2)": ""},
            says="the second term under the root is missing",
            hint="Without it the interval has no width where all answers are right.",
        ),
        Misconception(
            "no_z_before_root",
            {"half = z / shrink": "half = 1 / shrink"},
            says="the z before the root is missing",
            hint="Half of the width grows with z: it is how many standard errors are allowed.",
        ),
        Misconception(
            "no_root",
            {"math.sqrt(": "("},
            says="no root is taken",
            hint="Under the root stands a variance.",
        ),
        Misconception(
            "middle_and_half",
            {"middle - half, middle + half": "middle, half"},
            says="the middle and half of the width are returned",
            hint="The two ends are asked for: m - h and m + h.",
        ),
        Misconception(
            "z_not_squared",
            {"shrink = 1 + z**2": "shrink = 1 + z", "(p + z**2": "(p + z", "n + z**2": "n + z"},
            says="z is not squared",
            hint="In the formula z has a small 2 in all places but one.",
        ),
        Misconception(
            "root_ends_too_soon",
            {" + z**2 / (4 * n**2))": ") + z**2 / (4 * n**2)"},
            says="the second term is added outside the root",
            hint="The root sign covers both terms.",
        ),
        Misconception(
            "only_the_last_divided",
            {"(p + z**2 / (2 * n)) / shrink": "p + z**2 / (2 * n) / shrink"},
            says="in the middle, only the second term is divided by 1 + z²/n",
            hint="All that is above the long line is divided: it needs brackets.",
        ),
    ],
)  # fmt: skip
