"""20.5 What a token weighs."""

import torch

from llama_edu.course.checking.draw import pick, whole
from llama_edu.course.checking.questions import Misconception, Question
from llama_edu.finetune.reinforce import objective


def token_weights(counts, max_new_tokens):
    weighting = "answer" if max_new_tokens is None else "constant"
    return objective.token_weights(counts, weighting, max_new_tokens)


def token_weights_cases(generator):
    def lengths(n_tokens: int, *each: int) -> torch.Tensor:
        rows = torch.zeros(len(each), n_tokens, dtype=torch.bool)
        for row, n in zip(rows, each, strict=True):
            start = whole(generator, 0, n_tokens - n)  # prompts have lengths of their own
            row[start : start + n] = True
        return rows

    a, b, c = pick(generator, 3, 1, 5)
    yield {"counts": lengths(3, 1, 2), "max_new_tokens": None}
    yield {"counts": lengths(3, 1, 2), "max_new_tokens": 5}
    yield {"counts": lengths(6, a, b, c), "max_new_tokens": None}
    yield {"counts": lengths(6, b, c, a), "max_new_tokens": whole(generator, 7, 9)}
    yield {"counts": lengths(7, 7, a, b, 1, c), "max_new_tokens": None}
    yield {"counts": lengths(9, c, 2, a, b), "max_new_tokens": 6}  # less than a row


FIRST = "(n_answers * counts.sum(dim=1, keepdim=True))"
SECOND = "(n_answers * max_new_tokens)"

TOKEN_WEIGHTS = Question(
    "reinforcement.token_weights",
    points=3,
    cases=token_weights_cases,
    reference=token_weights,
    misconceptions=[
        Misconception(
            "all_tokens_alike",
            {FIRST: "counts.sum()"},
            says="in GRPO's way every token of the batch weighs the same",
            hint="A known third way. In GRPO's own, every *answer* weighs the same.",
        ),
        Misconception(
            "answers_not_counted",
            {FIRST: "counts.sum(dim=1, keepdim=True)"},
            says="GRPO's mean over the answers is left out: each answer's weights sum to 1",
            hint="What should all weights of the batch sum to?",
        ),
        Misconception(
            "answers_not_counted_by_dr_grpo",
            {SECOND: "max_new_tokens"},
            says="Dr. GRPO's sum is not divided by the number of answers",
            hint="Twice as many answers should not make the step twice as large.",
        ),
        Misconception(
            "multiplied",
            {FIRST: FIRST.strip("()") + ")", SECOND: SECOND.strip("()")},
            says="what stands after the first division is multiplied, not divided by",
            hint="`a / b * c` is `(a / b) * c`. Where do parentheses belong?",
        ),
        Misconception(
            "both_means_over_tokens_alone",
            {FIRST: "counts.sum(dim=1, keepdim=True)", SECOND: "max_new_tokens"},
            says="neither way divides by the number of answers",
            hint="Twice as many answers should not make the step twice as large.",
        ),
        Misconception(
            "row_for_the_most",
            {SECOND: "(n_answers * counts.shape[1])"},
            says="Dr. GRPO divides by the length of the rows, prompts and all",
            hint="Rows are as long as this batch happens to need. What is given, and constant?",
        ),
        Misconception(
            "longest_answer",
            {SECOND: "(n_answers * counts.sum(dim=1).max())"},
            says="Dr. GRPO divides by the longest answer of this batch",
            hint="Then the lengths of a batch change its step. What is given, and constant?",
        ),
        Misconception(
            "mean_over_the_rows",
            {FIRST: "(n_answers * counts.shape[1])"},
            says="in GRPO's way the row's length is divided by, not the answer's",
            hint="Prompt and padding are no part of an answer. How many True are there in a row?",
        ),
        Misconception(
            "along_the_answers",
            {FIRST: "(n_answers * counts.sum(dim=0, keepdim=True).clamp(min=1))"},
            says="lengths are counted across the answers, at each place",
            hint="The tokens of an answer are a row. Which dimension goes?",
        ),
        Misconception(
            "own_length_in_both",
            {SECOND: FIRST},
            says="Dr. GRPO divides by each answer's own length too",
            hint="Just this is what Dr. GRPO left out, and why it has its name: done right.",
        ),
        Misconception(
            "both_lengths",
            {SECOND: f"({FIRST} * max_new_tokens)"},
            says="Dr. GRPO divides by each answer's own length as well as by the most tokens",
            hint="Just the own length is what Dr. GRPO left out.",
        ),
        Misconception(
            "ways_exchanged",
            {"max_new_tokens is None": "max_new_tokens is not None",
             SECOND: "(n_answers * (max_new_tokens or 1))"},
            says="the two ways have changed places",
            hint="Who does not care how long an answer is, needs the most that it may be.",
        ),
        Misconception(
            "dr_grpo_over_all_tokens",
            {SECOND: "counts.sum()"},
            says="Dr. GRPO divides by all tokens of the batch",
            hint="Then the lengths of a batch change its step. What is given, and constant?",
        ),
        Misconception(
            "all_places_weigh",
            {f"counts / {FIRST}": f"torch.ones(counts.shape) / {FIRST}",
             f"counts / {SECOND}": f"torch.ones(counts.shape) / {SECOND}"},
            says="prompt and padding weigh as much as the tokens of answers",
            hint="They were not the model's choice. What stands above the fraction?",
        ),
        Misconception(
            "most_in_place_of_length",
            {FIRST: "(n_answers * counts.sum(dim=1).max())"},
            says="in GRPO's way the longest answer's length is divided by",
            hint="Each answer has its own mean: its own length.",
        ),
        Misconception(
            "none_used",
            {"max_new_tokens is None": "False"},
            says="max_new_tokens is used even where it is None",
            hint="GRPO's way has no such number. What does it divide by? Ask `is None` first.",
        ),
        Misconception(
            "places_for_answers",
            {"len(counts)": "counts.shape[1]"},
            says="the number of places in a row is taken for the number of answers",
            hint="Answers are the rows of counts (B, T). Which of the two sizes is that?",
        ),
    ],
)  # fmt: skip
