"""14.3 The mean over all targets from the means of parts."""

import torch
from torch import Generator, Tensor

from llama_edu.course.checking.draw import randn, whole
from llama_edu.course.checking.questions import Misconception, Question


def mean_gradient(gradients: list[Tensor], n_targets: list[int]) -> Tensor:
    n = sum(n_targets)
    pairs = zip(gradients, n_targets, strict=True)
    weighted = [gradient * (k / n) for gradient, k in pairs if k]
    return torch.stack(weighted).sum(0)


def mean_gradient_cases(generator: Generator):
    def case(*shape: int, numbers: tuple[int, ...]) -> dict:
        parts = [randn(generator, *shape) if n else torch.full(shape, torch.nan) for n in numbers]
        return {"gradients": parts, "n_targets": list(numbers)}

    yield {"gradients": [torch.tensor([2.0]), torch.tensor([1.0])], "n_targets": [3, 30]}
    yield case(2, numbers=(1, whole(generator, 3, 6)))
    yield case(2, numbers=(4, 0, 2))
    yield case(3, numbers=(5,))
    yield case(2, 3, numbers=(7, 1, 0, 12))
    yield case(4, 2, numbers=(0, 9))


PAIRS = "pairs = zip(gradients, n_targets"
TOTAL, RESULT = "n * gradient for gradient, n in pairs if n > 0", "total / sum(n_targets)"

MEAN_GRADIENT = Question(
    "pretraining.mean_gradient",
    points=3,
    cases=mean_gradient_cases,
    reference=mean_gradient,
    equivalent_mutants={
        f"{PAIRS}, strict=True) -> {PAIRS}{end})": "both lists are equally long"
        for end in ("", ", strict=False")
    },
    misconceptions=[
        Misconception(
            "mean_of_means",
            {TOTAL: "gradient for gradient, n in pairs if n > 0", RESULT: "total / len(gradients)"},
            says="each part counts alike: it is the mean of the means",
            hint="A part of 3 targets and one of 30: may the 3 weigh as much as the 30?",
        ),
        Misconception(
            "mean_of_means_of_some",
            {
                TOTAL: "gradient for gradient, n in pairs if n > 0",
                RESULT: "total / sum(n > 0 for n in n_targets)",
            },
            says="each part with targets counts alike: it is the mean of the means",
            hint="A part of 3 targets and one of 30: may the 3 weigh as much as the 30?",
        ),
        Misconception(
            "sum_of_means",
            {TOTAL: "gradient for gradient, n in pairs if n > 0", RESULT: "total"},
            says="the means are added up as they are",
            hint="With equal parts this is too long by the number of parts.",
        ),
        Misconception(
            "means_by_number",
            {TOTAL: "gradient for gradient, n in pairs if n > 0"},
            says="means are added up, then divided by the number of targets: divided twice",
            hint="Each part was divided by its number already. Undo that first.",
        ),
        Misconception(
            "sum",
            {RESULT: "total"},
            says="it is the sum over all targets, not yet divided",
            hint="How many targets went into that sum?",
        ),
        Misconception(
            "by_parts",
            {RESULT: "total / len(gradients)"},
            says="the sum over all targets is divided by the number of parts",
            hint="A mean over targets is divided by the number of targets.",
        ),
        Misconception(
            "nan",
            {TOTAL: "n * gradient for gradient, n in pairs"},
            says="a part without targets makes NaN of everything",
            hint="0 times NaN is NaN. Leave that part out.",
        ),
        Misconception(
            "weights_turned_round",
            {TOTAL: "gradient / n for gradient, n in pairs if n > 0"},
            says="each mean is divided by its number once more",
            hint="A mean times its number is a sum; what is a mean divided by its number?",
        ),
        Misconception(
            "largest_part",
            {RESULT: "total / max(n_targets)"},
            says="the sum is divided by the number of the largest part",
            hint="All parts' targets went into the sum.",
        ),
        Misconception(
            "last_part",
            {TOTAL: "n * gradient for gradient, n in list(pairs)[-1:] if n > 0"},
            says="only the last part is in the result",
            hint="Does each part's gradient get added, or does it replace the one before?",
        ),
    ],
)
