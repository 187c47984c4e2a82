"""18.1 Rates of a mixture."""

import math

from torch import Generator

from llama_edu.course.checking.draw import pick
from llama_edu.course.checking.questions import Misconception, Question
from llama_edu.finetune.multitask import mixture_rates


def rates_cases(generator: Generator):
    def case(n: int, temperature: float, cap: int | None = None, highest: int = 500) -> dict:
        sizes = dict(zip("abcde", pick(generator, n, 1, highest), strict=False))
        return {"sizes": sizes, "temperature": temperature, "cap": cap}

    yield {"sizes": {"a": 1, "b": 9}, "temperature": 1.0, "cap": None}
    yield case(3, 1.0)
    yield case(3, 2.0)
    yield case(4, 3.0, highest=100_000)
    yield {"sizes": {"a": 10, "b": 400, "c": 90}, "temperature": 1.0, "cap": 80}
    yield {"sizes": {"a": 4, "b": 900, "c": 49}, "temperature": 2.0, "cap": 100}
    yield case(2, math.inf)
    yield case(4, math.inf, cap=30)
    yield case(1, 5.0, cap=7)


HELD = "size if cap is None else min(size, cap)"
POWER = "size ** (1 / temperature)"

RATES = Question(
    "multitask.rates",
    points=2,
    cases=rates_cases,
    reference=mixture_rates,
    equivalent_mutants={
        "held = {name: size if cap is None else min(size, cap) for name, size in sizes.items()} -> "
        "held = {name: size if cap is None else min(cap, size) for name, size in sizes.items()}": (
            "the smaller of two, whichever comes first"
        ),
    },
    misconceptions=[
        Misconception(
            "temperature_is_the_power",
            {POWER: "size**temperature"},
            says="sizes are raised to the power T",
            hint="A higher T should make the tasks more alike. Does your power bring 1 and 9 "
            "closer together?",
        ),
        Misconception(
            "brackets_forgotten",
            {POWER: "size ** 1 / temperature"},
            says="`size ** 1 / T` divides the size by T",
            hint="A power binds more tightly than a division, and dividing all sizes by one number "
            "changes no rate. What belongs in brackets?",
        ),
        Misconception(
            "divided_by_temperature",
            {POWER: "size / temperature if temperature < float('inf') else 1.0"},
            says="sizes are divided by T",
            hint="One divisor for all cancels in the rates. Where does the formula have T?",
        ),
        Misconception(
            "temperature_forgotten",
            {POWER: "size"},
            says="the temperature is not used",
            hint="With T = 2, a task of 9 examples should come only 3 times as often as one of 1.",
        ),
        Misconception(
            "softmax",
            {POWER: "2.718281828459045 ** ((size - max(held.values())) / temperature)"},
            says="a softmax of the sizes is taken",
            hint="That is the temperature of sampling tokens. Here a size is raised to a power; no "
            "exponential is needed.",
        ),
        Misconception(
            "power_of_rates",
            {"return {name: number / total for name, number in counted.items()}":
             "shares = {n: h / sum(held.values()) for n, h in held.items()}\n"
             "    return {n: share ** (1 / temperature) for n, share in shares.items()}"},
            says="shares are raised to 1 / T, and are not divided by their sum after that",
            hint="Add up your rates for T = 2. What must they sum to?",
        ),
        Misconception(
            "not_divided",
            {"number / total for": "number for"},
            says="nothing is divided by the sum",
            hint="Rates are probabilities. What must they sum to?",
        ),
        Misconception(
            "divided_by_sum_of_sizes",
            {"sum(counted.values())": "sum(sizes.values())"},
            says="the powers are divided by the sum of the sizes",
            hint="Rates must sum to 1: by the sum of which numbers do you divide?",
        ),
        Misconception(
            "cap_forgotten",
            {HELD: "size"},
            says="the cap is not used",
            hint="With a cap of 80, a task of 400 examples counts as one of 80.",
        ),
        Misconception(
            "cap_after_the_power",
            {HELD: "size", POWER: "min(size ** (1 / temperature), cap or float('inf'))"},
            says="the cap is put on the powers",
            hint="The cap counts examples. What is held down first, the size or its root?",
        ),
        Misconception(
            "cap_on_the_rates_side",
            {"min(size, cap)": "max(size, cap)"},
            says="sizes below the cap are raised to it",
            hint="A cap holds large tasks down. Does it touch small ones?",
        ),
        Misconception(
            "larger_left_out",
            {"in held.items()": "in held.items() if cap is None or sizes[name] <= cap"},
            says="tasks larger than the cap are left out",
            hint="A task above the cap still comes: as often as one of just that size.",
        ),
        Misconception(
            "whole_division",
            {POWER: "size ** (1 // temperature)"},
            says="`//` makes 0 of 1 / T for every T above 1",
            hint="A power of 0 makes all sizes alike. Which division keeps what stands behind the "
            "point?",
        ),
        Misconception(
            "rounded",
            {"number / total for": "round(number / total, 3) for"},
            says="the rates are rounded",
            hint="Rounded rates need not sum to 1: round when you print.",
        ),
    ],
)  # fmt: skip
