"""What lesson 00 asks: one small function, and the ways to miss it."""

import torch
from torch import Tensor

from llama_edu.course.checking.questions import Misconception, Question


def temper(logits: Tensor, temperature: float) -> Tensor:
    return (logits / temperature).softmax(-1)


def temper_cases(generator):
    for shape, temperature in (((3,), 2.0), ((2, 4), 0.5), ((4, 4), 0.7), ((2, 3, 5), 1.6)):
        yield {
            "logits": 3 * torch.randn(shape, generator=generator),
            "temperature": temperature,
        }


QUESTIONS = [
    Question(
        "start.temper",
        points=1,
        cases=temper_cases,
        reference=temper,
        misconceptions=[
            Misconception(
                "multiplied",
                lambda logits, temperature: (logits * temperature).softmax(-1),
                says="the logits are multiplied by the temperature",
                hint="A high temperature should make the dice bolder, and small logits are nearer "
                "to each other than large ones. So should heat make logits larger or smaller?",
            ),
            Misconception(
                "no_temperature",
                lambda logits, temperature: logits.softmax(-1),
                says="the temperature is not used",
                hint="Divide the logits by it before the softmax.",
            ),
            Misconception(
                "after_softmax",
                lambda logits, temperature: logits.softmax(-1) / temperature,
                says="the probabilities are divided, after the softmax",
                hint="They no longer sum to 1. Divide the logits, then take the softmax.",
            ),
            Misconception(
                "first_dim",
                lambda logits, temperature: (logits / temperature).softmax(0),
                says="the softmax runs over the first dimension",
                hint="Several rows may come at once; the tokens are the last dimension, -1.",
            ),
            Misconception(
                "exp_only",
                lambda logits, temperature: (logits / temperature).exp(),
                says="exp is taken, but the result is not divided by its sum",
                hint="Probabilities sum to 1: `softmax(-1)` does both steps.",
            ),
            Misconception(
                "logarithms",
                lambda logits, temperature: (logits / temperature).log_softmax(-1),
                says="these are the logarithms of the probabilities (`log_softmax`)",
                hint="Probabilities lie between 0 and 1: `softmax`.",
            ),
        ],
    )
]
