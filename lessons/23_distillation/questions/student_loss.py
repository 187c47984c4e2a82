"""23.2 A loss of two parts."""

import torch
from torch.nn import functional as F

from llama_edu.course.checking.draw import randn
from llama_edu.course.checking.questions import Misconception, Question


def student_loss(student_logits, distances, targets, alpha):
    counts = targets != -100
    text = F.cross_entropy(student_logits, targets, ignore_index=-100)
    return alpha * distances[counts].mean() + (1 - alpha) * text


def student_loss_cases(generator):
    for n_tokens, n_words, hidden, alpha in (
        (4, 3, [1], 0.3), (5, 4, [0, 4], 0.8), (3, 6, [], 0.5), (6, 5, [2, 3, 4], 1.0),
        (7, 4, [6], 0.0),
    ):  # fmt: skip
        targets = torch.randint(n_words, (n_tokens,), generator=generator)
        targets[hidden] = -100
        yield {
            "student_logits": 2 * randn(generator, n_tokens, n_words),
            "distances": randn(generator, n_tokens).abs() + 0.1, "targets": targets, "alpha": alpha,
        }  # fmt: skip


STUDENT_LOSS = Question(
    "distillation.student_loss",
    points=2,
    cases=student_loss_cases,
    reference=student_loss,
    misconceptions=[
        Misconception(
            "all_distances",
            {"distances[counts].mean()": "distances.mean()"},
            says="the distances of tokens that do not count are in the mean",
            hint="-100 takes a token out of both parts.",
        ),
        Misconception(
            "divided_by_all",
            {"distances[counts].mean()": "distances[counts].sum() / len(targets)"},
            says="the sum of the distances is divided by the number of all tokens",
            hint="A mean divides by how many were added.",
        ),
        Misconception(
            "parts_swapped",
            {"alpha * copied + (1 - alpha) * text": "alpha * text + (1 - alpha) * copied"},
            says="alpha counts the text, not the teacher",
            hint="With alpha = 1 the text's own next token does not matter.",
        ),
        Misconception(
            "text_in_full",
            {"(1 - alpha) * text": "text"},
            says="the text counts in full, whatever alpha is",
            hint="The two shares sum to 1.",
        ),
        Misconception(
            "no_teacher",
            {"alpha * copied + ": ""},
            says="the teacher has no part in it",
            hint="Which argument has had no part in it?",
        ),
        Misconception(
            "no_text",
            {" + (1 - alpha) * text": ""},
            says="the text has no part in it",
            hint="1 - alpha parts of the cross-entropy are missing.",
        ),
        Misconception(
            "sum_of_text",
            {"targets[counts])": "targets[counts], reduction='sum')"},
            says="the cross-entropy is summed, not averaged",
            hint="Both parts are means over the tokens that count.",
        ),
        Misconception(
            "softmax_twice",
            {"student_logits[counts]": "student_logits[counts].softmax(-1)"},
            says="`F.cross_entropy` gets probabilities",
            hint="It takes a softmax itself. What does it want to be given?",
        ),
        Misconception(
            "hidden_ones",
            {"targets != -100": "targets == -100"},
            says="only the tokens that do not count are taken",
            hint="What does -100 say about a token?",
        ),
        Misconception(
            "text_divided_by_all",
            {
                "F.cross_entropy(student_logits[counts], targets[counts])": (
                    "F.cross_entropy(student_logits[counts], targets[counts], reduction='sum')"
                    " / len(targets)"
                )
            },
            says="the sum of the cross-entropies is divided by the number of all tokens",
            hint="A mean divides by how many were added.",
        ),
        Misconception(
            "hidden_as_word_0",
            {
                "F.cross_entropy(student_logits[counts], targets[counts])": (
                    "F.cross_entropy(student_logits, targets.clamp(min=0))"
                )
            },
            says="a target of -100 is taken for word 0, and counts in the text's part",
            hint="-100 takes a token out of both parts; no word stands there.",
        ),
        Misconception(
            "brackets_missing",
            {"(1 - alpha) * text": "1 - alpha * text"},
            says="the brackets round 1 - alpha are missing",
            hint="A product binds more tightly than a difference. What is the text's share?",
        ),
        Misconception(
            "sum_of_distances",
            {"distances[counts].mean()": "distances[counts].sum()"},
            says="the distances are summed, not averaged",
            hint="Both parts are means over the tokens that count.",
        ),
        Misconception(
            "word_0_left_out",
            {"targets != -100": "targets > 0"},
            says="word 0 does not count",
            hint="Word 0 is a word like any other. Which value alone marks what is left out?",
        ),
        Misconception(
            "hidden_distances",
            {"distances[counts]": "distances[~counts]"},
            says="the distances of just the tokens that do not count are averaged",
            hint="What does -100 say about a token?",
        ),
        Misconception(
            "distance_of_word_0_left_out",
            {"distances[counts]": "distances[targets > 0]"},
            says="the distances of tokens whose target is word 0 do not count",
            hint="Word 0 is a word like any other. Which value alone marks what is left out?",
        ),
    ],
)
