"""13.4 A step of AdamW."""

import torch
from torch import Generator, Tensor, zeros

from llama_edu.course.checking.draw import randn
from llama_edu.course.checking.questions import Misconception, Question

OPTIMIZERS = ("AdamW", "Adam", "adamw", "adam", "optim")


def adamw_step(
    weight: Tensor,
    grad: Tensor,
    m: Tensor,
    v: Tensor,
    step: int,
    lr: float,
    betas: tuple[float, float],
    eps: float,
    weight_decay: float,
) -> tuple[Tensor, Tensor, Tensor]:
    m, v = m.lerp(grad, 1 - betas[0]), v.lerp(grad.square(), 1 - betas[1])
    mean, mean_square = m / (1 - betas[0] ** step), v / (1 - betas[1] ** step)
    return weight - lr * (weight_decay * weight + mean / (mean_square.sqrt() + eps)), m, v


def adamw_step_cases(generator: Generator):
    def case(*shape: int, step: int, eps: float = 1e-8, **settings) -> dict:
        first = step == 1
        return {
            "weight": 2 * randn(generator, *shape),
            "grad": randn(generator, *shape),
            "m": zeros(shape) if first else randn(generator, *shape),
            "v": zeros(shape) if first else randn(generator, *shape).square(),
            "step": step,
            "eps": eps,
            "lr": 0.1,
            "betas": (0.9, 0.95),
            "weight_decay": 0.0,
            **settings,
        }

    yield case(2, step=1)
    yield case(2, step=1, weight_decay=0.5)
    yield case(3, step=4, weight_decay=0.2)
    yield case(2, 3, step=2, betas=(0.8, 0.99), eps=0.3)
    yield case(4, 3, step=50, lr=0.02, betas=(0.9, 0.999), weight_decay=0.1)
    # No gradient and none before: only the decay is left.
    yield {**case(2, step=1, weight_decay=0.5), "grad": zeros(2)}


MEAN, SIZE = "m / (1 - beta1**step)", "(v / (1 - beta2**step)).sqrt() + eps"
DECAYED = "decayed = (1 - lr * weight_decay) * weight"
FIRST = "m = beta1 * m"

ADAMW_STEP = Question(
    "optimizers.adamw_step",
    points=4,
    cases=adamw_step_cases,
    reference=adamw_step,
    forbids=OPTIMIZERS,
    atol=1e-5,  # 1 - 0.999 is rounded in another order
    misconceptions=[
        Misconception(
            "no_bias_correction",
            {MEAN: "m", SIZE: "v.sqrt() + eps"},
            says="the means are used as they are, without bias correction",
            hint="Both begin at 0. How large is m after one step, beside the gradient it saw?",
        ),
        Misconception(
            "mean_not_corrected",
            {MEAN: "m"},
            says="only v is corrected for its start at 0, and not m",
            hint="Both means began at 0, each with a β of its own.",
        ),
        Misconception(
            "size_not_corrected",
            {"v / (1 - beta2**step)": "v"},
            says="only m is corrected for its start at 0, and not v",
            hint="Both means began at 0, each with a β of its own.",
        ),
        Misconception(
            "l2",
            {FIRST: "grad = grad + weight_decay * weight\n    m = beta1 * m", DECAYED:
             "decayed = weight"},
            says="λw is added to the gradient: Adam with L2, not AdamW",
            hint="In AdamW the decay enters neither m nor v. What is it applied to?",
        ),
        Misconception(
            "decay_without_rate",
            {"lr * weight_decay": "weight_decay"},
            says="the decay is not multiplied by the learning rate",
            hint="The formula has two factors before the decay's w.",
        ),
        Misconception(
            "no_decay",
            {DECAYED: "decayed = weight"},
            says="there is no weight decay",
            hint="What is left of the formula where the gradient is 0?",
        ),
        Misconception(
            "decay_grows",
            {"1 - lr * weight_decay": "1 + lr * weight_decay"},
            says="the decay makes the weights larger",
            hint="Decay should bring a weight nearer to 0. Look at its sign.",
        ),
        Misconception(
            "eps_under_root",
            {SIZE: "(v / (1 - beta2**step) + eps).sqrt()"},
            says="ε is added under the root",
            hint="Adam takes the root first. Where does the root sign end in the formula?",
        ),
        Misconception(
            "no_root",
            {".sqrt()": ""},
            says="m is divided by v itself, without a root",
            hint="v is a mean of squares. What has the unit of a gradient?",
        ),
        Misconception(
            "not_squared",
            {"grad**2": "grad"},
            says="v is a mean of the gradient, not of its square",
            hint="A root of v must exist, whatever the gradient's sign.",
        ),
        Misconception(
            "betas_turned_round",
            {"beta1 * m + (1 - beta1) * grad": "(1 - beta1) * m + beta1 * grad",
             "beta2 * v + (1 - beta2) * grad": "(1 - beta2) * v + beta2 * grad"},
            says="the shares are turned round: β goes to the new gradient",
            hint="β is near 1 so that a mean changes slowly. How much of the old one is kept?",
        ),
        Misconception(
            "betas_swapped",
            {"beta1, beta2 = betas": "beta2, beta1 = betas"},
            says="β₁ and β₂ have changed places",
            hint="Which of the two means is the slower one?",
        ),
        Misconception(
            "corrected_means_kept",
            {"mean / size, m, v": "mean / size, mean, v / (1 - beta2**step)"},
            says="the corrected means are returned, and will be corrected again next time",
            hint="What does the next step expect as its old m and v?",
        ),
        Misconception(
            "one_step_late",
            {MEAN: "m / (1 - beta1 ** (step + 1))",
             "1 - beta2**step": "1 - beta2 ** (step + 1)"},
            says="the bias correction counts one step too many",
            hint="In the first step `step` is 1 already.",
        ),
    ],
)  # fmt: skip
