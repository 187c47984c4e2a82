"""25.2 The budget."""

from llama_edu import assistant
from llama_edu.course.checking.draw import pick
from llama_edu.course.checking.questions import Misconception, Question


def fill_budget(lengths: list[int], budget: int) -> list[int]:
    return assistant.fill_budget(lengths, budget)


def fill_budget_cases(generator):
    a, b, c, d = sorted(pick(generator, 4, low=2, high=30))
    yield {
        "lengths": [b, d, a],
        "budget": a + b,
    }  # the second is passed over, the last fits exactly
    yield {"lengths": [c, a, b], "budget": a + b + c}
    yield {"lengths": [d, c], "budget": a}
    yield {"lengths": [c, d, b, a], "budget": c + d}
    yield {"lengths": pick(generator, 9), "budget": 130}
    yield {"lengths": [a, a, b, a], "budget": 2 * a}
    yield {"lengths": [b, a, b, b], "budget": a + b}
    yield {"lengths": [], "budget": d}


FITS, LOOP = "if length <= left:", "enumerate(lengths)"

FILL_BUDGET = Question(
    "applications.fill_budget",
    points=2,
    cases=fill_budget_cases,
    reference=fill_budget,
    misconceptions=[
        Misconception(
            "stops_at_the_first",
            {FITS: "if length > left:\n            break\n        if True:"},
            says="nothing is taken after the first passage that does not fit",
            hint="It is passed over and uses up nothing: a shorter one after it may still fit.",
        ),
        Misconception(
            "strictly_less",
            {"<=": "<"},
            says="a passage that fills the rest exactly is not taken",
            hint="Does a passage of 5 tokens fit where 5 are left?",
        ),
        Misconception(
            "nothing_is_used_up",
            {"left = left - length": "left = budget"},
            says="each passage is compared with the whole budget",
            hint="What is taken uses up some of it.",
        ),
        Misconception(
            "only_the_last_is_used_up",
            {"left = left - length": "left = budget - length"},
            says="only the passage that was taken last uses up some of the budget",
            hint="What all the others took is gone as well.",
        ),
        Misconception(
            "one_too_many",
            {FITS: "if left > 0:"},
            says="a passage is taken as long as anything is left, even if it does not fit",
            hint="Compare the passage's own length with what is left.",
        ),
        Misconception(
            "shortest_first",
            {LOOP: "sorted(enumerate(lengths), key=lambda pair: pair[1])"},
            says="the shortest passages are taken first",
            hint="That takes more passages, but the best comes first: keep the order of the list.",
        ),
        Misconception(
            "shortest_first_in_order",
            {LOOP: "sorted(enumerate(lengths), key=lambda pair: pair[1])",
             "return taken": "return sorted(taken)"},
            says="the shortest passages are chosen, and given in the order of the list",
            hint="The best comes first, long or short: go through the list as it is.",
        ),
        Misconception(
            "worst_first",
            {LOOP: "reversed([*enumerate(lengths)])"},
            says="the list is gone through from its end",
            hint="Which end of the list has the best passage?",
        ),
        Misconception(
            "longest_first",
            {LOOP: "sorted(enumerate(lengths), key=lambda pair: -pair[1])"},
            says="the longest passages are taken first",
            hint="The best comes first, long or short: keep the order of the list.",
        ),
        Misconception(
            "left_out_given",
            lambda lengths, budget: [
                i for i in range(len(lengths)) if i not in fill_budget(lengths, budget)
            ],
            says="what is left out is given",
            hint="Which passages go into the prompt?",
        ),
        Misconception(
            "lengths_given",
            {"taken.append(i)": "taken.append(length)"},
            says="the lengths of the passages are given, not their places",
            hint="Two passages may be equally long. Say where each stands.",
        ),
        Misconception(
            "counted_from_one",
            {LOOP: "enumerate(lengths, 1)"},
            says="places are counted from 1",
            hint="In Python the first item of a list stands at place 0.",
        ),
        Misconception(
            "reversed_result",
            {"return taken": "return taken[::-1]"},
            says="the right places, the last first",
            hint="They are asked for in the order in which they were taken.",
        ),
        Misconception(
            "number_given",
            {"return taken": "return len(taken)"},
            says="how many are taken is given, not which",
            hint="Which passages go into the prompt?",
        ),
        Misconception(
            "found_by_length",
            {"taken.append(i)": "taken.append(lengths.index(length))"},
            says="of equally long passages the place of the first is given for each",
            hint="`index` finds the first of that length. The loop knows where it is.",
        ),
    ],
)  # fmt: skip
