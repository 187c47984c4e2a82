"""18.4 Gradient surgery, in the order of the rows."""

import torch
from torch import Generator, Tensor

from llama_edu.course.checking.draw import randn
from llama_edu.course.checking.questions import Misconception, Question


def surgery(gradients: Tensor) -> Tensor:
    mended = []
    for i, gradient in enumerate(gradients):
        for other in torch.cat([gradients[:i], gradients[i + 1 :]]):
            if gradient @ other < 0:
                gradient = gradient - (gradient @ other) / other.square().sum() * other
        mended.append(gradient)
    return torch.stack(mended).sum(0)


def surgery_cases(generator: Generator):
    def fighting(n_tasks: int, n: int) -> Tensor:
        """Rows that point away from the first, each with a length of its own."""
        rows = randn(generator, n_tasks, n)
        rows[1:] -= rows[0] * torch.arange(1.0, n_tasks)[:, None]
        return rows

    yield {"gradients": torch.tensor([[1.0, 0.0], [-1.0, 1.0]])}
    yield {"gradients": torch.tensor([[2.0, 0.0], [-1.0, 1.0], [-1.0, -3.0]])}
    yield {"gradients": fighting(2, 3)}
    yield {"gradients": fighting(3, 4)}
    yield {"gradients": fighting(4, 6)}
    yield {"gradients": torch.tensor([[1.0, 2.0], [2.0, 0.5]])}  # they agree
    # What is left of the last goes against the last itself; that is no fight.
    yield {"gradients": torch.tensor([[3.0, -1.0], [1.0, -3.0], [-3.0, 3.0]])}
    yield {"gradients": torch.tensor([[0.0, 0.0], [1.0, -2.0], [-1.0, 0.5]])}
    yield {"gradients": randn(generator, 1, 5)}


def mended_sum(gradients: Tensor) -> Tensor:
    total = gradients.sum(0)
    for other in gradients:
        if total @ other < 0:
            total = total - (total @ other) / other.square().sum() * other
    return total


AGAINST = "left @ gradients[j]"
PART = "against / (gradients[j] @ gradients[j]) * gradients[j]"
TAKE = f"left -= {PART}"
LEFT = "left = gradients[i].clone()"

SURGERY = Question(
    "multitask.surgery",
    points=3,
    cases=surgery_cases,
    reference=surgery,
    equivalent_mutants={
        "total = torch.zeros_like(gradients[0]) -> total = torch.zeros_like(gradients[-1])": (
            "all rows are as long"
        ),
    },
    misconceptions=[
        Misconception(
            "no_surgery",
            {"against < 0": "False"},
            says="the gradients are added as they are",
            hint="Which of them have a dot product below 0? From those, something is taken off.",
        ),
        Misconception(
            "always_taken",
            {"i != j and against < 0": "i != j and against != 0"},
            says="the part along another is taken off where they agree as well",
            hint="Tasks that agree help each other. When does one harm the other?",
        ),
        Misconception(
            "agreement_taken",
            {"against < 0": "against > 0"},
            says="the part is taken off where the gradients agree, and left where they fight",
            hint="What is the sign of the dot product of two arrows that point apart?",
        ),
        Misconception(
            "added",
            {"left -= ": "left += "},
            says="the part that goes against another is added",
            hint="The dot product is below 0 already. What does the formula's minus make of it?",
        ),
        Misconception(
            "length_not_squared",
            {"/ (gradients[j] @ gradients[j])": "/ gradients[j].norm()"},
            says="it is divided by the length of g_j, once",
            hint="After the surgery the dot product should be 0. Try it on paper with (3, 4).",
        ),
        Misconception(
            "not_divided",
            {" / (gradients[j] @ gradients[j])": ""},
            says="the dot product is not divided by anything",
            hint="Make g_j twice as long: what is taken off should stay the same.",
        ),
        Misconception(
            "own_length",
            {"(gradients[j] @ gradients[j])": "(left @ left)"},
            says="it is divided by the squared length of the gradient that is mended",
            hint="The part lies along g_j. Which of the two lengths has to cancel?",
        ),
        Misconception(
            "own_part",
            {PART: "against / (gradients[j] @ gradients[j]) * left"},
            says="the gradient is made longer or shorter along itself",
            hint="Along which of the two arrows lies what is taken off?",
        ),
        Misconception(
            "others_changed_too",
            {LEFT: "gradients = gradients.clone() if i == 0 else gradients\n"
                   "        left = gradients[i]"},
            says="later tasks meet the others as they were after mending",
            hint="The g_j are the gradients as they were given. Where do you change them?",
        ),
        Misconception(
            "dot_product_of_the_first",
            {AGAINST: "gradients[i] @ gradients[j]"},
            says="the dot product is always that of the gradient as it was at first",
            hint="After one cut the arrow has turned. Does it still go against the next one?",
        ),
        Misconception(
            "mean",
            {"return total": "return total / len(gradients)"},
            says="the mean of the mended gradients is given",
            hint="At the end all are added.",
        ),
        Misconception(
            "sum_mended",
            mended_sum,
            says="the sum of all gradients is mended, and not each of them",
            hint="Each task's own gradient meets the others. The sum comes last.",
        ),
        Misconception(
            "earlier_ones_only",
            {"for j in range(len(gradients)):": "for j in range(i):"},
            says="each task meets only those that stand before it",
            hint="The first may go against the last as well. Which rows does task i meet?",
        ),
        Misconception(
            "later_ones_only",
            {"for j in range(len(gradients)):": "for j in range(i + 1, len(gradients)):"},
            says="each task meets only those that stand after it",
            hint="The last may go against the first as well. Which rows does task i meet?",
        ),
    ],
)  # fmt: skip
