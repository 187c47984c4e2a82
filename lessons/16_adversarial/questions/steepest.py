"""16.1 The steepest direction."""

import math

import torch

from llama_edu.course.checking.draw import randn
from llama_edu.course.checking.questions import Misconception, Question
from llama_edu.train import adversarial


def steepest_cases(generator):
    yield {"gradient": randn(generator, 1, 2, 3), "epsilon": 0.5, "p": 2}
    yield {"gradient": randn(generator, 1, 2, 3), "epsilon": 0.5, "p": math.inf}
    # Texts of very different gradients, and as many of them as tokens.
    sizes = torch.tensor([0.1, 1.0, 30.0]).view(3, 1, 1)
    for p in (2, math.inf):
        yield {"gradient": sizes * randn(generator, 3, 3, 4), "epsilon": 1.5, "p": p}
    yield {"gradient": randn(generator, 4, 5, 2), "epsilon": 0.25, "p": 2}
    blind = randn(generator, 2, 3, 2)
    blind[0] = 0.0  # a text that the model is certain of
    blind[1, 2] = 0.0  # a token that does not count, such as padding
    for p in (2, math.inf):
        yield {"gradient": blind.clone(), "epsilon": 2.0, "p": p}
    yield {"gradient": 1e-11 * randn(generator, 2, 2, 3), "epsilon": 1.0, "p": 2}


WHOLE = "lengths = gradient.norm(dim=(1, 2), keepdim=True)"

STEEPEST = Question(
    "adversarial.steepest",
    points=2,
    cases=steepest_cases,
    reference=adversarial.steepest,
    forbids=("steepest",),
    equivalent_mutants={
        "return epsilon * gradient / lengths.clamp(min=1e-30) -> "
        "return epsilon * gradient / lengths.clamp(min=2e-30)": "no length is so small, but 0",
    },
    misconceptions=[
        Misconception(
            "over_the_batch",
            {"dim=(1, 2), keepdim=True": ""},
            says="one length is taken over all texts together",
            hint="A text with a large gradient then leaves hardly any shift to the others. Each "
            "text has a length of its own: over which dimensions?",
        ),
        Misconception(
            "per_token",
            {"dim=(1, 2)": "dim=2"},
            says="each token's shift is made epsilon long by itself",
            hint="epsilon is for a whole text: its tokens share it, and those with large gradients "
            "get more of it.",
        ),
        Misconception(
            "per_coordinate",
            {"dim=(1, 2)": "dim=1"},
            says="the length is taken over the tokens, for each number of a vector by itself",
            hint="All T times D numbers of a text together are one vector.",
        ),
        Misconception(
            "nan_for_zero",
            {".clamp(min=1e-30)": ""},
            says="a gradient of 0 is divided by its length, 0",
            hint="0 / 0 is NaN, and it spreads through the whole model. Which divisor leaves a "
            "zero at 0?",
        ),
        Misconception(
            "guard_too_large",
            {"lengths.clamp(min=1e-30)": "(lengths + 1e-8)"},
            says="a number such as 1e-8 is added to the length, or is the least it may be",
            hint="The docstring says how small gradients may be: beside them that number is large, "
            "and the shift ends short of epsilon.",
        ),
        Misconception(
            "guard_in_the_way",
            {"lengths.clamp(min=1e-30)": "(lengths + 1e-12)"},
            says="1e-12 is added to the length",
            hint="The docstring says how small gradients may be: 1e-12 is not nothing beside them. "
            "The guard must not be felt by any length but 0.",
        ),
        Misconception(
            "not_normalised",
            {" / lengths.clamp(min=1e-30)": ""},
            says="epsilon times the gradient is returned, however long that is",
            hint="The size of the shift must be epsilon, whatever the size of the gradient.",
        ),
        Misconception(
            "divided_by_square",
            {"gradient / lengths.clamp(min=1e-30)": "gradient / lengths.square().clamp(min=1e-30)"},
            says="the gradient is divided by the square of its length",
            hint="What is the length of g divided by its own length? And by the square of it?",
        ),
        Misconception(
            "dual_norm",
            {"gradient.norm(dim=(1, 2), keepdim=True)": "gradient.abs().sum((1, 2), keepdim=True)"},
            says="for p = 2 the gradient is divided by the sum of its sizes",
            hint="The length of a vector is the root of the sum of squares.",
        ),
        Misconception(
            "own_norm",
            {
                "epsilon * gradient.sign()": "epsilon * gradient / gradient.abs().amax((1, 2), "
                "True).clamp(min=1e-30)"
            },
            says="for p = inf the gradient is divided by its largest number",
            hint="Its size is right, its direction is not the best: every number may be as large "
            "as epsilon, the small ones too.",
        ),
        Misconception(
            "downhill",
            {"gradient / lengths": "-gradient / lengths", "gradient.sign()": "-gradient.sign()"},
            says="the shift goes against the gradient",
            hint="The optimizer goes down the loss. Where does the adversary want to go?",
        ),
        Misconception(
            "sign_for_all",
            {"if p == 2:": "if p == 0:"},
            says="the sign of the gradient is taken, whatever p is",
            hint="That is the best shift when the largest entry is bounded. For p = 2 the length "
            "is.",
        ),
        Misconception(
            "length_for_all",
            {"if p == 2:": "if p:"},
            says="the gradient is divided by its length, whatever p is",
            hint="For p = inf every number of the shift may be as large as epsilon, and the best "
            "shift uses all of them.",
        ),
        Misconception(
            "sign_without_epsilon",
            {"epsilon * gradient.sign()": "gradient.sign()"},
            says="for p = inf epsilon is forgotten",
            hint="The largest number of the shift must be epsilon.",
        ),
    ],
)
