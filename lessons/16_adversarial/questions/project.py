"""16.2 Back into the ball."""

import torch
from torch import Tensor

from llama_edu.course.checking.draw import randn
from llama_edu.course.checking.questions import Misconception, Question
from llama_edu.train import adversarial


def project(shift: Tensor, epsilon: float) -> Tensor:
    return adversarial.project(shift, epsilon, 2)


def project_cases(generator):
    def of_length(*lengths: float, n_tokens: int, d_model: int) -> Tensor:
        shift = randn(generator, len(lengths), n_tokens, d_model)
        return shift / shift.norm(dim=(1, 2), keepdim=True) * torch.tensor(lengths).view(-1, 1, 1)

    yield {"shift": of_length(3.0, n_tokens=2, d_model=3), "epsilon": 2.0}  # outside
    yield {"shift": of_length(0.5, n_tokens=2, d_model=3), "epsilon": 2.0}  # inside
    yield {"shift": of_length(9.0, 0.2, 1.4, n_tokens=4, d_model=2), "epsilon": 1.5}
    yield {"shift": of_length(0.3, 0.1, 7.0, 0.9, n_tokens=3, d_model=5), "epsilon": 0.8}
    still = of_length(1.0, 4.0, n_tokens=3, d_model=4)
    still[0] = 0.0  # where PGD begins
    yield {"shift": still, "epsilon": 0.5}


PROJECT = Question(
    "adversarial.project",
    points=2,
    cases=project_cases,
    reference=project,
    forbids=("renorm",),
    misconceptions=[
        Misconception(
            "always_divided",
            {".clamp(max=1.0)": ""},
            says="every shift is made epsilon long, a short one too, and one of length 0 NaN",
            hint="What is inside the ball already needs no help: which is the largest factor that "
            "a projection may use?",
        ),
        Misconception(
            "always_to_the_border",
            {"shift * factors.clamp(max=1.0)": "(shift * factors).nan_to_num(0.0)"},
            says="every shift but 0 is made epsilon long, a short one too",
            hint="What is inside the ball already needs no help: which is the largest factor that "
            "a projection may use?",
        ),
        Misconception(
            "only_outward",
            {"clamp(max=1.0)": "clamp(min=1.0)"},
            says="short shifts are lengthened and long ones stay",
            hint="The factor must never be above 1. `clamp(min=...)` sets what it must not be "
            "below.",
        ),
        Misconception(
            "entries_clamped",
            {"shift * factors.clamp(max=1.0)": "shift.clamp(-epsilon, epsilon)"},
            says="each number is cut off at -epsilon and epsilon",
            hint="That is the projection for p = inf, into a cube. Here the *length* of a text's "
            "shift is bounded, and its direction stays.",
        ),
        Misconception(
            "over_the_batch",
            {"dim=(1, 2), keepdim=True": ""},
            says="one length is taken over all texts together",
            hint="A text inside its ball is then shrunk because of another one. Each text has a "
            "length of its own.",
        ),
        Misconception(
            "one_text_decides",
            {"factors.clamp(max=1.0)": "factors.clamp(max=1.0).min()"},
            says="all texts are shrunk by one factor, that of the longest",
            hint="A text inside its ball must not be shrunk because of another one.",
        ),
        Misconception(
            "all_or_none",
            {"shift * factors.clamp(max=1.0)": "shift * factors if (factors < 1).any() else shift"},
            says="all texts go to the border as soon as one is outside",
            hint="An `if` looks at the batch as a whole. Each text decides for itself: `clamp`, "
            "`minimum` or `where`.",
        ),
        Misconception(
            "per_token",
            {"dim=(1, 2)": "dim=2"},
            says="each token's shift has a ball of its own",
            hint="epsilon is for a whole text: T tokens of length epsilon are too much.",
        ),
        Misconception(
            "per_coordinate",
            {"dim=(1, 2)": "dim=1"},
            says="the length is taken over the tokens, for each number of a vector by itself",
            hint="All T times D numbers of a text together are one vector.",
        ),
        Misconception(
            "nan_for_zero",
            {"factors.clamp(max=1.0)": "(factors * (lengths / lengths)).clamp(max=1.0)"},
            says="a shift of length 0 is divided by its length, and becomes NaN",
            hint="PGD begins at 0, which lies inside every ball and must stay 0. 0 / 0 is NaN, and "
            "so is 0 times infinity.",
        ),
        Misconception(
            "unit_length",
            {
                "return shift * factors.clamp(max=1.0)": (
                    "return torch.where(lengths > epsilon, shift / lengths, shift)"
                )
            },
            says="a shift outside the ball is made 1 long",
            hint="The border of the ball is epsilon away from 0.",
        ),
        Misconception(
            "set_to_zero",
            {"factors.clamp(max=1.0)": "(factors >= 1)"},
            says="a shift outside the ball is set to 0",
            hint="The nearest point of the ball lies on its border, in the shift's own direction.",
        ),
        Misconception(
            "turned_round",
            {"epsilon / lengths ": "lengths / epsilon "},
            says="the factor is length / epsilon rather than epsilon / length",
            hint="A shift of length 3 in a ball of 2: by which factor must it shrink?",
        ),
        Misconception(
            "root_of_epsilon",
            {"epsilon / lengths ": "epsilon / lengths.square() "},
            says="the shift is divided by the square of its length",
            hint="`norm` is the length already; a sum of squares still needs its root.",
        ),
    ],
)
