"""16.3 PGD."""

import torch
from torch import Tensor
from torch.nn import functional as F

from llama_edu.course.checking.draw import randn
from llama_edu.course.checking.questions import Misconception, Question
from llama_edu.train import adversarial


def small_classifier(x: Tensor, weight: Tensor) -> Tensor:
    return torch.tanh(x).mean(dim=1) @ weight.T


def pgd(x, weight, targets, padding, epsilon, step_size, n_steps) -> Tensor:
    """With the package's steepest direction and projection."""
    r = torch.zeros_like(x)
    for _ in range(n_steps):
        r.requires_grad_()
        loss = F.cross_entropy(small_classifier(x + r, weight), targets, reduction="sum")
        (gradient,) = torch.autograd.grad(loss, r)
        step = adversarial.steepest(gradient * ~padding[..., None], step_size, 2)
        r = adversarial.project(r.detach() + step, epsilon, 2)
    return r


def pgd_cases(generator):
    def texts(lengths: list[int], n_tokens: int, d_model: int, n_classes: int) -> dict:
        return {
            "x": randn(generator, len(lengths), n_tokens, d_model),
            "weight": 3 * randn(generator, n_classes, d_model),
            "targets": torch.randint(n_classes, (len(lengths),), generator=generator),
            "padding": torch.arange(n_tokens) >= torch.tensor(lengths)[:, None],
        }

    # One step that stays inside, then one that ends outside and comes back.
    one = texts([3], 3, 2, 2)
    yield one | {"epsilon": 2.0, "step_size": 0.5, "n_steps": 1}
    yield one | {"epsilon": 0.5, "step_size": 2.0, "n_steps": 1}
    yield texts([4, 2, 3], 4, 5, 3) | {"epsilon": 1.0, "step_size": 0.4, "n_steps": 4}
    yield texts([5, 3], 5, 2, 4) | {"epsilon": 3.0, "step_size": 1.5, "n_steps": 6}
    yield texts([3, 3, 1], 3, 4, 2) | {"epsilon": 0.8, "step_size": 0.3, "n_steps": 0}


STEP = "steepest(gradient, step_size, 2)"
MOVE = f"project(r + {STEP}, epsilon)"

PGD = Question(
    "adversarial.pgd",
    points=4,
    cases=pgd_cases,
    reference=pgd,
    rtol=1e-3,  # rounding of each step is carried on by the next
    atol=1e-5,
    forbids=("worst_shift",),
    equivalent_mutants={
        "loss = F.cross_entropy(classify(x + r, weight), targets, reduction='sum') -> "
        "loss = F.cross_entropy(classify(x + r, weight), targets)": (
            "a step has its length whatever that of the gradient is"
        ),
        "r = r.detach().requires_grad_() -> r = r.requires_grad_()": (
            "the gradient is asked for at r, and does not go on to where r came from"
        ),
    },
    misconceptions=[
        Misconception(
            "padding_moved",
            {"        gradient = gradient.masked_fill(padding[..., None], 0.0)\n": ""},
            says="padding is shifted too",
            hint="Padding has a gradient here, since the mean runs over it. Set it to 0 before the "
            "step, so that it takes no part in the length either.",
        ),
        Misconception(
            "padding_cut_late",
            {
                "        gradient = gradient.masked_fill(padding[..., None], 0.0)\n": "",
                "return r.detach()": "return r.detach().masked_fill(padding[..., None], 0.0)",
            },
            says="padding takes its share of every step, and is set to 0 only afterwards",
            hint="The real tokens' steps come out too short: the gradient of padding was part of "
            "the length that they were divided by.",
        ),
        Misconception(
            "padding_inverted",
            {"(padding[..., None]": "(~padding[..., None]"},
            says="only padding is shifted",
            hint="True means padding; `masked_fill` fills where its mask is True.",
        ),
        Misconception(
            "no_projection",
            {MOVE: f"r + {STEP}"},
            says="the shift is never brought back into the ball",
            hint="That is the *projected* in PGD: what keeps r at most epsilon long after several "
            "steps?",
        ),
        Misconception(
            "projected_at_the_end",
            {
                MOVE: f"r + {STEP}",
                "return r.detach()": "return project(r.detach(), epsilon)",
            },
            says="there is one projection, after all steps",
            hint="The steps between are then taken from points that are not allowed, and their "
            "gradients belong to those points.",
        ),
        Misconception(
            "downhill",
            {"r + steepest(": "r - steepest("},
            says="the steps go down the loss",
            hint="The adversary wants a large loss.",
        ),
        Misconception(
            "gradient_at_x",
            {"classify(x + r, weight)": "classify(x + r - r.detach(), weight)"},
            says="the gradient is not taken at x + r",
            hint="It must be asked anew at the place where the last step has ended.",
        ),
        Misconception(
            "r_alone",
            {"classify(x + r, weight)": "classify(r, weight)"},
            says="the loss is that of r, not of x + r",
            hint="Which embeddings would the model see?",
        ),
        Misconception(
            "clamped",
            {MOVE: f"(r + {STEP}).clamp(-epsilon, epsilon)"},
            says="each number of r is cut off at epsilon",
            hint="That is the ball of p = inf. Here the length of a text's shift is bounded: 16.2.",
        ),
        Misconception(
            "raw_gradient",
            {STEP: "step_size * gradient"},
            says="the step is step_size times the gradient, however long that is",
            hint="A step is `step_size` long whatever the gradient's size: 16.1 makes it so.",
        ),
        Misconception(
            "epsilon_as_step",
            {STEP: "steepest(gradient, epsilon, 2)"},
            says="each step is epsilon long",
            hint="There are two lengths: that of a step, and the radius of the ball.",
        ),
        Misconception(
            "sign_steps",
            {STEP: 'steepest(gradient, step_size, float("inf"))'},
            says="the steps are those of p = inf",
            hint="Here both the step and the ball are of p = 2.",
        ),
        Misconception(
            "steps_from_zero",
            {"project(r + steepest(": "project(0 * r + steepest("},
            says="every step starts from 0 again",
            hint="The new shift is the old one and a step.",
        ),
        Misconception(
            "shifted_embeddings",
            {"return r.detach()": "return (x + r).detach()"},
            says="the shifted embeddings are returned, and not the shift",
            hint="Whoever calls it adds r to x.",
        ),
    ],
)
