"""15.3 How likely is an option?"""

import torch
from torch import Tensor

from llama_edu.course.checking.draw import randn, whole
from llama_edu.course.checking.questions import Misconception, Question


def option_score(logits: Tensor, ids: Tensor, n_prompt: int, n_bytes: int) -> float:
    log_p = logits.log_softmax(-1)
    total = sum(log_p[i - 1, ids[i]].item() for i in range(n_prompt, len(ids)))
    return total / n_bytes


def option_score_cases(generator):
    for T, V, n_prompt, scale in (
        (3, 4, 1, 1),
        (4, 3, 2, 2),
        (7, 11, 3, 3),
        (6, 5, 5, 1),
        (9, 6, 4, 30),
    ):
        yield {
            "logits": scale * randn(generator, T, V),
            "ids": torch.randint(V, (T,), generator=generator),
            "n_prompt": n_prompt,
            "n_bytes": whole(generator, T + 1, 3 * T),
        }


OPTION_SCORE = Question(
    "evaluation.option_score",
    points=3,
    cases=option_score_cases,
    reference=option_score,
    equivalent_mutants={
        "rows = logits[n_prompt - 1:-1].log_softmax(-1) -> "
        "rows = logits[n_prompt - 1:-1].log_softmax(1)": (
            "of two dimensions the last is dimension 1"
        ),
    },
    misconceptions=[
        Misconception(
            "not_shifted",
            {"n_prompt - 1 : -1": "n_prompt:"},
            says="each token is scored by the row of the token itself",
            hint="Row t is for what comes *after* token t. Which row predicts token n_prompt?",
        ),
        Misconception(
            "whole_text",
            {"n_prompt - 1 : -1": ":-1", "ids[n_prompt:]": "ids[1:]"},
            says="the prompt's tokens are scored too",
            hint="The prompt is given: only the tokens from n_prompt on are the option's.",
        ),
        Misconception(
            "first_lost",
            {"n_prompt - 1 : -1": "n_prompt:-1", "ids[n_prompt:]": "ids[n_prompt + 1 :]"},
            says="the option's first token is left out",
            hint="The last row of the prompt predicts it.",
        ),
        Misconception(
            "last_lost",
            {"n_prompt - 1 : -1": "n_prompt - 1 : -2", "ids[n_prompt:]": "ids[n_prompt:-1]"},
            says="the option's last token is left out",
            hint="It is predicted by the last row but one.",
        ),
        Misconception(
            "raw_logits",
            {".log_softmax(-1)": ""},
            says="logits are added up as they are",
            hint="Logits are no probabilities: which function makes their logarithms of them?",
        ),
        Misconception(
            "probabilities",
            {"log_softmax": "softmax"},
            says="probabilities are added up",
            hint="Probabilities of tokens multiply; their *logarithms* add up.",
        ),
        Misconception(
            "over_tokens",
            {"log_softmax(-1)": "log_softmax(0)"},
            says="the softmax runs along the text, not over the vocabulary",
            hint="At each place the probabilities of all V tokens sum to 1.",
        ),
        Misconception(
            "not_divided",
            {" / n_bytes": ""},
            says="the log-likelihood is not divided by the option's length",
            hint="A long option would lose by its length alone. What does the docstring divide by?",
        ),
        Misconception(
            "by_tokens",
            {"n_bytes\n": "len(targets)\n"},
            says="the sum is divided by the option's number of tokens",
            hint="That is normalisation by tokens. Here the option's bytes are given.",
        ),
        Misconception(
            "mean_and_bytes",
            {"found.sum()": "found.mean()"},
            says="the mean over the tokens is divided by the bytes as well",
            hint="One division by a length is enough: which one is asked for?",
        ),
        Misconception(
            "a_loss",
            {"return found": "return -found"},
            says="the sign is turned, as in a loss",
            hint="A log-likelihood is at most 0, and the best option has the highest.",
        ),
        Misconception(
            "tokens_moved_back",
            {"ids[n_prompt:]": "ids[n_prompt - 1 : -1]"},
            says="row n_prompt - 1 is asked for token n_prompt - 1, and so on",
            hint="Only one of the two begins a place earlier. Row t is for token t + 1.",
        ),
        Misconception(
            "log_of_the_sum",
            {"log_softmax": "softmax", "found.sum()": "found.sum().log()"},
            says="probabilities are added up, and the logarithm is taken of the sum",
            hint="Probabilities of tokens multiply. What, then, becomes of their logarithms?",
        ),
        Misconception(
            "every_row_every_token",
            {"rows[range(len(rows)), targets]": "rows[:, targets]"},
            says="every row is asked for every token of the option",
            hint="`rows[:, targets]` is a square. One number from each row is wanted: index both "
            "dimensions with a list.",
        ),
    ],
)  # fmt: skip
