"""13.2 The gradient of cross-entropy."""

import torch
from torch import Generator, Tensor
from torch.nn import functional as F

from llama_edu.course.checking.draw import randn
from llama_edu.course.checking.questions import Misconception, Question

GRADIENT_FINDERS = ("backward", "autograd", "vjp", "jacrev", "jacobian", "requires_grad_")


def cross_entropy_back(logits: Tensor, targets: Tensor) -> Tensor:
    counts = targets != -100
    wanted = F.one_hot(targets.where(counts, 0), logits.shape[-1])
    return (logits.softmax(-1) - wanted) * counts[:, None] / counts.sum()


def cross_entropy_back_cases(generator: Generator):
    def case(*targets: int, n_words: int = 3, size: float = 1.0) -> dict:
        logits = size * randn(generator, len(targets), n_words)
        return {"logits": logits, "targets": torch.tensor(targets)}

    yield case(1)
    yield case(2, 0)
    yield case(1, -100, 2)
    yield case(-100, 0, -100, 3, n_words=4)  # 0 is a target like others
    yield case(4, 2, 2, 0, -100, 4, 1, n_words=5, size=3.0)
    yield case(0, 1, n_words=6, size=200.0)  # exp of these overflows
    yield case(5, 1, -100, 3, 0, n_words=6)


def softmax_over_tokens(logits: Tensor) -> Tensor:
    return logits.softmax(0)


LESS_ONE = "grad[torch.arange(len(grad)), targets.clamp(min=0)] -= 1"
RETURN = "return grad * counts[:, None] / counts.sum()"

CROSS_ENTROPY_BACK = Question(
    "optimizers.cross_entropy_back",
    points=3,
    cases=cross_entropy_back_cases,
    reference=cross_entropy_back,
    forbids=GRADIENT_FINDERS,
    equivalent_mutants={
        "grad = logits.softmax(-1) -> grad = logits.softmax(1)": "the last of two dimensions is 1",
        "grad[torch.arange(len(grad)), targets.clamp(min=0)] -= 1 -> "
        "grad[torch.arange(len(grad)), targets.clamp(min=-1)] -= 1": (
            "-1 is the last column, in a row that is then multiplied by 0"
        ),
    },
    misconceptions=[
        Misconception(
            "summed",
            {" / counts.sum()": ""},
            says="the gradient is that of the sum over tokens, not of their mean",
            hint="A mean of N losses is their sum divided by N. What does that do to the slopes?",
        ),
        Misconception(
            "mean_over_all",
            {"counts.sum()": "len(targets)"},
            says="it is divided by the number of all targets, those of -100 among them",
            hint="Of how many losses is the mean taken?",
        ),
        Misconception(
            "ignored_counts",
            {" * counts[:, None]": ""},
            says="rows whose target is -100 have a gradient too",
            hint="If a token does not count, what happens to the loss when its logits move?",
        ),
        Misconception(
            "target_forgotten",
            {LESS_ONE: "pass"},
            says="it is p: nothing is taken off at the target",
            hint="Which one of the scores should rise?",
        ),
        Misconception(
            "turned_round",
            {RETURN: RETURN.replace("return grad", "return -grad")},
            says="the sign is turned round: y - p",
            hint="The gradient points to where the loss rises. Should it be positive or negative "
            "at the right token?",
        ),
        Misconception(
            "no_softmax",
            {"logits.softmax(-1)": "logits.clone()"},
            says="1 is taken off the logits themselves, not off probabilities",
            hint="p - y: what turns logits into p?",
        ),
        Misconception(
            "log_probabilities",
            {"logits.softmax(-1)": "logits.log_softmax(-1)"},
            says="log-probabilities stand where probabilities should",
            hint="The loss has a logarithm; its gradient has not.",
        ),
        Misconception(
            "softmax_over_tokens",
            {"logits.softmax(-1)": "softmax_over_tokens(logits)"},
            says="the softmax runs over the tokens (dim 0), not over the words",
            hint="Each row holds the scores of one token: along which dimension must p sum to 1?",
        ),
        Misconception(
            "zero_ignored",
            {"targets != -100": "targets > 0"},
            says="targets of 0 are left out as well",
            hint="0 is the id of a token like others. Which number alone does not count?",
        ),
        Misconception(
            "mean_over_words",
            {"counts.sum()": "grad.numel()"},
            says="it is divided by the number of all logits, N times V",
            hint="There is one loss for each token, not one for each logit.",
        ),
        Misconception(
            "whole_column",
            {LESS_ONE: "grad[:, targets.clamp(min=0)] -= 1"},
            says="1 is taken off in a whole column, for every token",
            hint="`grad[:, targets]` takes these columns of all rows. Each row has one target: "
            "index rows and columns together.",
        ),
    ],
)
