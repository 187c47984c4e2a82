"""13.1 Backward through a graph."""

from torch import Generator

from llama_edu.course.checking.draw import whole
from llama_edu.course.checking.questions import Misconception, Question


def go_back(graph: list[list[tuple[int, float]]]) -> list[float]:
    slopes = [0.0] * (len(graph) - 1) + [1.0]
    for i in range(len(graph) - 1, -1, -1):
        for j, slope in graph[i]:
            slopes[j] += slope * slopes[i]
    return slopes


def go_back_cases(generator: Generator):
    def slope() -> float:
        return float(whole(generator, 2, 9))

    a, b, c, d = (slope() for _ in range(4))
    yield {"graph": [[], [(0, a)], [(1, b)]]}  # a chain
    yield {"graph": [[], [], [(0, a), (1, b)]]}
    yield {"graph": [[], [(0, a), (0, b)], [(0, c), (1, d)]]}  # a number used three times
    # The first number reaches the loss on two ways of different length, and is passed on itself.
    yield {"graph": [[], [(0, a)], [(1, b)], [(1, c), (2, d)]]}
    yield {"graph": [[], [(0, a)], [(0, b)], [(0, -c)]]}  # two that the loss does not use
    yield {"graph": [[]]}
    yield {
        "graph": [
            [(j, whole(generator, -9, 9) / 4) for j in range(i) if whole(generator, 0, 1)]
            for i in range(9)
        ]
    }


def every_way(graph: list[list[tuple[int, float]]]) -> list[float]:
    """Passes a slope on each time it grows, and all of it again."""
    slopes = [0.0] * len(graph)
    slopes[-1] = 1.0

    def visit(i: int) -> None:
        for j, slope in graph[i]:
            slopes[j] += slope * slopes[i]
            visit(j)

    visit(len(graph) - 1)
    return slopes


def last_way(graph: list[list[tuple[int, float]]]) -> list[float]:
    """Walks down from the loss and sets what each way brings, over what another one has brought."""
    slopes = [0.0] * len(graph)

    def visit(i: int, value: float) -> None:
        slopes[i] = value
        for j, slope in graph[i]:
            visit(j, value * slope)

    visit(len(graph) - 1, 1.0)
    return slopes


ADD = "slopes[j] += slope * slopes[i]"

GO_BACK = Question(
    "optimizers.go_back",
    points=2,
    cases=go_back_cases,
    reference=go_back,
    misconceptions=[
        Misconception(
            "overwritten",
            {ADD: "slopes[j] = slope * slopes[i]"},
            says="each way to the loss overwrites the one before, with `=`",
            hint="What is the slope of a + a? A number that is used twice moves the loss in two "
            "ways at once.",
        ),
        Misconception(
            "forward",
            {"reversed(range(len(graph)))": "range(len(graph))"},
            says="the numbers are walked from the first to the last",
            hint="Where is a slope known before you begin? Start there.",
        ),
        Misconception(
            "loss_at_zero",
            {"slopes[-1] = 1.0": "pass"},
            says="the loss's own slope is left at 0, so all others stay 0",
            hint="If the loss rises by one, by how much does the loss rise?",
        ),
        Misconception(
            "all_at_one",
            {"[0.0] * len(graph)": "[1.0] * len(graph)"},
            says="every number begins with the slope 1",
            hint="Only one number has a slope before anything is passed back.",
        ),
        Misconception(
            "not_multiplied",
            {"slope * slopes[i]": "slope"},
            says="the slopes along the last step are added up, not those of the whole way",
            hint="Along a chain of steps slopes are multiplied: which one has arrived at number i?",
        ),
        Misconception(
            "added_along_the_chain",
            {"slope * slopes[i]": "slope + slopes[i]"},
            says="slopes along a chain are added",
            hint="Twice as fast, and then three times as fast: how fast is that together?",
        ),
        Misconception(
            "slope_forgotten",
            {"slope * slopes[i]": "slopes[i]"},
            says="what arrives is passed on as it is, without the slope along the part",
            hint="The pairs hold two things. What is the second one for?",
        ),
        Misconception(
            "nothing_passed_on",
            {"slope * slopes[i]": "slope * slopes[j]"},
            says="nothing comes from the loss: all slopes but its own stay 0",
            hint="They begin at 0, and 0 times anything is 0. What is passed to a part: whose "
            "slope, and is it added?",
        ),
        Misconception(
            "every_way",
            every_way,
            says="a number passes its slope on each time it grows, and all of it again",
            hint="Pass on once, when nothing more will be added: the order of the list helps.",
        ),
        Misconception(
            "last_way",
            last_way,
            says="a walk down from the loss sets each slope, over what another way has brought",
            hint="A number that reaches the loss in two ways moves it by both.",
        ),
    ],
)
