"""14.6 Which places look ahead: what a changed token moves before it."""

from torch import Generator, Tensor, randperm

from llama_edu.course.checking.draw import randn
from llama_edu.course.checking.questions import Misconception, Question


def peeks(before: Tensor, after: Tensor, place: int) -> list[int]:
    moved = (before[:place] - after[:place]).abs() >= 1e-4
    return moved.any(-1).nonzero().flatten().tolist()


def peeks_cases(generator: Generator):
    def case(t: int, v: int, place: int, n_peeks: int = 0, size: float = 1.0) -> dict:
        before = randn(generator, t, v)
        # A scale of 1 and roundings of some 1e-6, which are no proof.
        after = before + 1e-6 * randn(generator, t, v).clamp(-5, 5)
        after[place:] += randn(generator, t - place, v)  # which may move
        for row in randperm(max(place, 1), generator=generator)[:n_peeks].tolist():
            after[row, row % v] += size
        return {"before": before, "after": after, "place": place}

    yield case(3, 2, 1)
    yield case(4, 2, 2, 1)
    yield case(5, 3, 4, 2, -0.5)  # numbers that fall
    yield case(3, 4, 0)
    yield case(9, 2, 8, 4, 0.01)
    yield case(7, 20, 6, 3, 1.5e-4)  # one small move among many numbers
    yield {**case(6, 3, 3, 3), "place": 2}
    before = randn(generator, 4, 2)
    yield {
        "before": before,
        "after": before + Tensor([[1, -1], [0, 0], [-2, 2], [0, 1]]),
        "place": 3,
    }


MOVED, RULE, WHERE = "(after - before).abs()", "moved[t] >= 1e-4", "t in range(place)"

PEEKS = Question(
    "pretraining.peeks",
    points=2,
    cases=peeks_cases,
    reference=peeks,
    equivalent_mutants={
        "return [t for t in range(place) if moved[t] >= 0.0001] -> "
        "return [t for t in range(place) if moved[t] > 0.0001]": "no number moves by exactly that",
        "moved = (after - before).abs().amax(-1) -> "
        "moved = (after - before).abs().amax(1)": "the last of two dimensions",
    },
    misconceptions=[
        Misconception(
            "all_places",
            {WHERE: "t in range(len(moved))"},
            says="all places are named that moved, those after the change too",
            hint="Which places may a sound model change its mind at?",
        ),
        Misconception(
            "with_the_place",
            {WHERE: "t in range(min(place + 1, len(moved)))"},
            says="the changed place itself is looked at too",
            hint="The model reads the changed token there. Must its logits stay?",
        ),
        Misconception(
            "one_too_few",
            {WHERE: "t in range(place - 1)"},
            says="the place just before the change is left out",
            hint="The row before predicts the changed token. Is it allowed to see it?",
        ),
        Misconception(
            "after_the_place",
            {WHERE: "t in range(place, len(moved))"},
            says="the places from the change on are looked at",
            hint="They may move in a sound model. Which may not?",
        ),
        Misconception(
            "first_left_out",
            {WHERE: "t in range(1, place)"},
            says="place 0 is left out",
            hint="Places count from 0.",
        ),
        Misconception(
            "those_that_stay",
            {RULE: "moved[t] < 1e-4"},
            says="the places that did not move are named",
            hint="Who looked ahead: the places that moved, or those that stayed?",
        ),
        Misconception(
            "no_roundings",
            {RULE: "moved[t] > 0"},
            says="every rounding is taken for a proof",
            hint="Sums in another order differ in their last digits.",
        ),
        Misconception(
            "signed",
            {MOVED: "(after - before)"},
            says="only numbers that rise are looked at",
            hint="A number that falls has moved as well.",
        ),
        Misconception(
            "cancelled",
            {"(after - before).abs().amax(-1)": "(after - before).sum(-1).abs()"},
            says="the moves of a place are added up, and can cancel out",
            hint="One number rises by 1, another falls by 1: has the place moved?",
        ),
        Misconception(
            "mean",
            {"amax(-1)": "mean(-1)"},
            says="the mean of a place's moves is compared, not its largest",
            hint="One number that moves is a proof, however many stay.",
        ),
        Misconception(
            "smallest",
            {"amax(-1)": "amin(-1)"},
            says="all numbers of a place must have moved, not just one",
            hint="One number that moves is a proof, however many stay.",
        ),
        Misconception(
            "by_best_token",
            {RULE: "after[t].argmax() != before[t].argmax()"},
            says="only the best token of each place is compared",
            hint="A leak may move a score without changing which one is the highest.",
        ),
        Misconception(
            "counted_from_1",
            {"[t for": "[t + 1 for"},
            says="places are counted from 1",
            hint="`place` counts from 0. So should the answer.",
        ),
    ],
)
