"""26.2 The plan: which size, how many steps."""

from torch import Generator

from llama_edu.course.checking.draw import whole
from llama_edu.course.checking.questions import Misconception, Question


def plan(
    speeds: list[tuple[int, float]], seconds: float, batch_tokens: int, per_parameter: float
) -> tuple[int, int]:
    chosen = None
    for size, speed in sorted(speeds, reverse=True):
        chosen = size, int(speed * seconds / batch_tokens)
        if speed * seconds / size >= per_parameter:
            break
    return chosen


def last_that_can(
    speeds: list[tuple[int, float]], seconds: float, batch_tokens: int, per_parameter: float
) -> tuple[int, int]:
    chosen = speeds[0]
    for size, speed in speeds:
        if speed * seconds >= per_parameter * size:
            chosen = size, speed
    return chosen[0], int(chosen[1] * seconds // batch_tokens)


def plan_cases(generator: Generator):
    def case(speeds, seconds, batch_tokens, per_parameter) -> dict:
        return {"speeds": speeds, "seconds": seconds, "batch_tokens": batch_tokens,
                "per_parameter": per_parameter}  # fmt: skip

    yield case([(100, 50.0), (400, 20.0)], 60.0, 256, 5.0)
    yield case([(2000, 30.0), (500, 90.0), (1000, 60.0)], 250.0, 128, 20.0)
    yield case([(200, 10.0), (300, 10.0), (600, 8.0)], 30.0, 16, 1.0)  # just enough for 300
    yield case([(60, 400.0), (300, 200.0), (20, 500.0)], 10.0, 256, 5.0)  # all can
    yield case([(3, 8.0), (5, 3.0)], 5.0, 7, 20.0)  # none can
    yield case([(100, 1.0), (200, 50.0), (400, 45.0), (900, 9.0)], 50.0, 100, 5.0)
    some = [(700, 50.0), (800, 30.0), (900, 40.0), (600, 65.0), (500, 45.0), (650, 55.0)]
    yield case(some, 5.0, 32, 3.0)  # none can; first, last, fastest and slowest are others
    yield case([(80, 50.0), (40, 30.0), (160, 40.0)], 40.0, 2, 5.0)  # all can, even by steps
    yield case([(30, 10.0), (90, 10.0)], 10.0, 64, 1.0)  # whole steps alone would not do
    steps = whole(generator, 300, 900)
    yield case([(10_000, 9000.0), (40_000, 4000.0), (160_000, 1100.0)], 60.0, steps, 5.0)
    some = whole(generator, 40, 90)
    yield case([(50, some * 1.0), (200, some * 0.9), (700, some * 0.5)], 80.0, 64, 10.0)
    yield case([(120, 7.5)], 10.0, 200, 1.0)  # not one whole step


ENOUGH = "speed * seconds >= per_parameter * size"
STEPS = "speed * seconds // batch_tokens"

PLAN = Question(
    "capstone.plan",
    points=3,
    cases=plan_cases,
    reference=plan,
    equivalent_mutants={
        f"n_steps = {STEPS} -> n_steps = speed * seconds / batch_tokens": "`int` cuts it off",
    },
    misconceptions=[
        Misconception(
            "smallest_that_can",
            {"max(enough)": "min(enough)"},
            says="the smallest of the models that can read enough is taken",
            hint="That wastes the time that is left. Which of those that can is wanted?",
        ),
        Misconception(
            "largest_if_none",
            {"min(speeds)": "max(speeds)"},
            says="where none can read enough, the largest is taken",
            hint="The largest is the one that lacks the most. Which one lacks least?",
        ),
        Misconception(
            "always_largest",
            {ENOUGH: "True"},
            says="the largest model is taken, whatever it can read",
            hint="A large model that has read next to nothing knows next to nothing.",
        ),
        Misconception(
            "always_smallest",
            {ENOUGH: "False"},
            says="the smallest model is taken, whatever the others can read",
            hint="A larger one that reads enough makes more of the time.",
        ),
        Misconception(
            "fastest",
            {"max(enough) if enough else min(speeds)": "max(speeds, key=lambda pair: pair[1])"},
            says="the fastest model is taken",
            hint="Speed is a means: the largest that reads *enough* is asked for.",
        ),
        Misconception(
            "fastest_of_those",
            {"max(enough)": "max(enough, key=lambda pair: pair[1])"},
            says="of the models that can read enough, the fastest is taken",
            hint="Enough is enough: by what do you choose among those?",
        ),
        Misconception(
            "last_that_can",
            last_that_can,
            says="the last of the list that can read enough is taken, and the first if none can",
            hint="The list is in any order. Which one is asked for, by its size?",
        ),
        Misconception(
            "steps_needed",
            {STEPS: "per_parameter * size // batch_tokens"},
            says="the run ends once the tokens that are needed have been read",
            hint="What is needed is the least. How long is there time?",
        ),
        Misconception(
            "just_enough_refused",
            {">=": ">"},
            says="a model that can read just enough is not counted",
            hint="What does *at least* say about a number that is just reached?",
        ),
        Misconception(
            "turned_round",
            {">=": "<="},
            says="models that cannot read enough are collected",
            hint="Read your comparison aloud: what must be larger, what is read or what is needed?",
        ),
        Misconception(
            "tokens_for_model",
            {"per_parameter * size": "per_parameter"},
            says="the tokens needed are the same for each size",
            hint="`per_parameter` is for *each* parameter: how many does the whole model need?",
        ),
        Misconception(
            "a_second_is_enough",
            {ENOUGH: "speed >= per_parameter * size"},
            says="what is read in one second must be enough",
            hint="There are `seconds` of them.",
        ),
        Misconception(
            "steps_for_tokens",
            {ENOUGH: "speed * seconds // batch_tokens >= per_parameter * size"},
            says="steps are compared with the tokens that are needed",
            hint="Compare like with like: tokens with tokens.",
        ),
        Misconception(
            "whole_steps_alone",
            {ENOUGH: f"{STEPS} * batch_tokens >= per_parameter * size"},
            says="only the tokens of whole steps are compared with what is needed",
            hint="That is careful, but the task asks "
            "what can be read in that time. Steps are counted afterwards.",
        ),
        Misconception(
            "rounded_up",
            {"int(n_steps)": "int(-(-speed * seconds // batch_tokens))"},
            says="a step that is not whole is counted",
            hint="There is no time for it.",
        ),
        Misconception(
            "tokens_returned",
            {STEPS: "speed * seconds"},
            says="the number of tokens is returned, not of steps",
            hint="Each step reads `batch_tokens` of them.",
        ),
        Misconception(
            "turned_pair",
            {"return size, int(n_steps)": "return int(n_steps), size"},
            says="the two numbers have changed places",
            hint="Parameters first, then steps.",
        ),
    ],
)
