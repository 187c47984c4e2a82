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
                {"logits / temperature": "logits * temperature"},
                says="the logits are multiplied by the temperature",
                hint="A high temperature should bring the probabilities nearer to each other. So "
                "should it make the logits larger or smaller?",
            ),
            Misconception(
                "no_temperature",
                {"(logits / temperature)": "logits"},
                says="the temperature is not used",
                hint="Divide the logits by it before the softmax.",
            ),
            Misconception(
                "after_softmax",
                {"(logits / temperature).softmax(-1)": "logits.softmax(-1) / temperature"},
                says="the probabilities are divided, after the softmax",
                hint="They no longer sum to 1. Divide the logits, then take the softmax.",
            ),
            Misconception(
                "first_dim",
                {"softmax(-1)": "softmax(0)"},
                says="the softmax runs over the first dimension",
                hint="Several rows may come at once; the tokens are the last dimension, -1.",
            ),
            Misconception(
                "second_dim",
                {"softmax(-1)": "softmax(1)"},
                says="the softmax runs over dimension 1, counted from the front",
                hint="That is the last one of a matrix alone: a lone row has no dimension 1, and a "
                "batch has one more. Counted from behind, the last is always -1.",
            ),
            Misconception(
                "over_everything",
                {".softmax(-1)": ".flatten().softmax(0).view(logits.shape)"},
                says="all the rows together sum to 1",
                hint="Each row is a distribution of its own: what divides it is the sum of that "
                "row, along the last dimension.",
            ),
            Misconception(
                "exp_only",
                {"softmax(-1)": "exp()"},
                says="exp is taken, but the result is not divided by its sum",
                hint="Probabilities sum to 1: `softmax(-1)` does both steps.",
            ),
            Misconception(
                "divided_without_exp",
                {".softmax(-1)": "\n    return logits / logits.sum(-1, keepdim=True)"},
                says="the logits are divided by their sum, without exp",
                hint="Logits may be negative, and probabilities may not: `softmax(-1)` takes exp "
                "first.",
            ),
            Misconception(
                "logarithms",
                {"softmax(-1)": "log_softmax(-1)"},
                says="these are the logarithms of the probabilities (`log_softmax`)",
                hint="Probabilities lie between 0 and 1: `softmax`.",
            ),
            Misconception(
                "favourite",
                {"softmax(-1)": "argmax(-1)"},
                says="the likeliest token is chosen, not the probabilities given",
                hint="The result has a probability for every token, as many as there are logits.",
            ),
            Misconception(
                "drawn",
                {"return (logits": "return torch.multinomial((logits", "(-1)": "(-1), 1)"},
                says="a token is drawn, not the probabilities given",
                hint="The result has a probability for every token, as many as there are logits: "
                "drawing comes after it.",
            ),
        ],
    )
]
