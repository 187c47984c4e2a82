"""14.1 Windows of a text: inputs, and what follows each."""

import torch
from torch import Generator, Tensor

from llama_edu.course.checking.draw import pick
from llama_edu.course.checking.questions import Misconception, Question


def windows(tokens: Tensor, starts: Tensor, n_tokens: int) -> tuple[Tensor, Tensor]:
    inputs = torch.stack([tokens[i : i + n_tokens] for i in starts.tolist()])
    targets = torch.stack([tokens[i + 1 : i + 1 + n_tokens] for i in starts.tolist()])
    return inputs, targets


def windows_cases(generator: Generator):
    def case(n: int, starts: list[int], n_tokens: int) -> dict:
        tokens = torch.tensor(pick(generator, n))
        return {"tokens": tokens, "starts": torch.tensor(starts), "n_tokens": n_tokens}

    yield case(6, [1], 2)
    yield case(7, [3, 0], 2)
    yield case(9, [0, 5, 2], 3)  # the last token of the text is a target
    yield case(12, [4, 4], 1)
    yield case(30, [20, 3, 11, 9], 9)


PIECES, RESULT = "tokens[places]", "pieces[:, :-1], pieces[:, 1:]"
CLAMPED = "tokens[places.clamp(max=len(tokens) - 1)]"
WHOLE = "torch.arange(n_tokens + 1)"

WINDOWS = Question(
    "pretraining.windows",
    points=2,
    cases=windows_cases,
    reference=windows,
    misconceptions=[
        Misconception(
            "unshifted",
            {RESULT: "pieces[:, :-1], pieces[:, :-1]"},
            says="the targets are the inputs themselves",
            hint="A model would learn to copy. Which token should it predict at the first place?",
        ),
        Misconception(
            "swapped",
            {RESULT: "pieces[:, 1:], pieces[:, :-1]"},
            says="inputs and targets have changed places",
            hint="This model would have to predict the token before. Which way does text run?",
        ),
        Misconception(
            "shifted_twice",
            {
                WHOLE: "torch.arange(n_tokens + 2)",
                RESULT: "pieces[:, :-2], pieces[:, 2:]",
                PIECES: CLAMPED,
            },
            says="the targets are the next tokens but one",
            hint="Somewhere the text is shifted once too often.",
        ),
        Misconception(
            "too_short",
            {WHOLE: "torch.arange(n_tokens)"},
            says="a window has T - 1 inputs and not T",
            hint="How many tokens do T inputs and their T targets need together?",
        ),
        Misconception(
            "too_long",
            {RESULT: "pieces, tokens[(places + 1).clamp(max=len(tokens) - 1)]"},
            says="a window has T + 1 inputs and not T",
            hint="Of T + 1 tokens the last one is a target only.",
        ),
        Misconception(
            "rolled",
            {RESULT: "pieces[:, :-1], pieces[:, :-1].roll(-1, 1)"},
            says="the last target of a row is its first input",
            hint="`roll` brings round what falls off. Which token follows the last input in the "
            "text?",
        ),
        Misconception(
            "starts_in_windows",
            {"starts[:, None]": "(starts * n_tokens)[:, None]", PIECES: CLAMPED},
            says="starts are read as numbers of windows, not as places in the text",
            hint="starts are places: the first input is tokens[start].",
        ),
        Misconception(
            "turned",
            {RESULT: "pieces[:, :-1].T, pieces[:, 1:].T"},
            says="rows and columns are swapped: (T, B) and not (B, T)",
            hint="Each window is a row. Which side of the sum of places got the new dimension?",
        ),
        Misconception(
            "one_row",
            {RESULT: "pieces[:, :-1].flatten(), pieces[:, 1:].flatten()"},
            says="all windows stand in one row",
            hint="Keep a row for each window: (B, T).",
        ),
    ],
)
