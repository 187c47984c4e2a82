"""14.2 The losses of all targets that count, and how many they are."""

import torch
from torch import Generator, Tensor

from llama_edu.course.checking.draw import randn
from llama_edu.course.checking.questions import Misconception, Question


def loss_sum(logits: Tensor, targets: Tensor) -> tuple[Tensor, int]:
    rows = zip(logits, targets.tolist(), strict=True)
    losses = [row.logsumexp(0) - row[target] for row, target in rows if target != -100]
    return sum(losses, logits.new_zeros(())), len(losses)


def loss_sum_cases(generator: Generator):
    def case(n: int, v: int, dropped: tuple[int, ...] = (), size: float = 1.0) -> dict:
        targets = torch.randint(v, (n,), generator=generator)
        targets[list(dropped)] = -100
        return {"logits": size * randn(generator, n, v), "targets": targets}

    yield case(2, 3)
    yield case(4, 3, (1, 2))
    yield case(5, 2, (4,))
    yield case(3, 4, (0, 1, 2))  # nothing counts
    yield case(6, 5, (0, 3), size=60.0)  # exp alone would overflow
    zero = case(3, 4)
    yield {**zero, "targets": torch.tensor([0, -100, 0])}  # 0 is a token like others


PICK = "log_p[torch.arange(len(targets)), targets]"
COUNTS, RESULT = "targets != -100", "-picked.sum(), len(targets)"
DROP = "logits, targets = logits[counts], targets[counts]"

LOSS_SUM = Question(
    "pretraining.loss_sum",
    points=3,
    cases=loss_sum_cases,
    reference=loss_sum,
    equivalent_mutants={
        "log_p = logits.log_softmax(-1) -> log_p = logits.log_softmax(1)": "the last of two",
        "picked = log_p[torch.arange(len(targets)), targets] -> "
        "picked = log_p[torch.arange(len(logits)), targets]": "as many rows as targets",
        "return (-picked.sum(), len(targets)) -> return (-picked.sum(), len(logits))": "as many",
    },
    atol=1e-4,  # sums of numbers near 100, in another order
    forbids=("cross_entropy", "CrossEntropyLoss", "nll_loss", "NLLLoss"),
    misconceptions=[
        Misconception(
            "mean",
            {"-picked.sum()": "-picked.mean()"},
            says="the mean is given, and not the sum",
            hint="Means of parts cannot be added. What should be left to whoever has all parts?",
        ),
        Misconception(
            "positive",
            {"-picked.sum()": "picked.sum()"},
            says="the logarithms are added up without the minus",
            hint="The logarithm of a probability is at most 0, a loss at least 0.",
        ),
        Misconception(
            "all_counted",
            {DROP: "n = len(targets)\n    " + DROP, RESULT: "-picked.sum(), n"},
            says="targets of -100 are in the number",
            hint="The number is what the sum will be divided by. Which targets are in the sum?",
        ),
        Misconception(
            "ignored_as_0",
            {DROP: "targets = targets.clamp(min=0)"},
            says="a target of -100 counts as token 0",
            hint="`clamp` makes an index that exists. Does that place count now?",
        ),
        Misconception(
            "ignored_as_0_in_sum",
            {
                DROP: "n, targets = int(counts.sum()), targets.clamp(min=0)",
                RESULT: "-picked.sum(), n",
            },
            says="a target of -100 is in the sum, as token 0",
            hint="The number is right. Which rows are in the sum?",
        ),
        Misconception(
            "zero_dropped",
            {COUNTS: "targets > 0"},
            says="token 0 does not count",
            hint="Ids begin at 0. Which number alone marks a target that does not count?",
        ),
        Misconception(
            "from_the_end",
            {COUNTS: "targets != -101", PICK: PICK.replace("targets]", "targets % len(log_p[0])]")},
            says="-100 is used as an index",
            hint="Counted from the end, -100 may even exist. Drop those rows first.",
        ),
        Misconception(
            "logits_themselves",
            {"logits.log_softmax(-1)": "logits"},
            says="scores are taken for logarithms of probabilities",
            hint="Scores are not normed. What makes log probabilities of them?",
        ),
        Misconception(
            "no_log",
            {"log_softmax": "softmax"},
            says="probabilities are added up, without the logarithm",
            hint="The loss is minus the logarithm of what the target's probability was.",
        ),
        Misconception(
            "over_tokens",
            {"log_softmax(-1)": "log_softmax(0)"},
            says="softmax is taken over the texts' places and not over the vocabulary",
            hint="Which dimension of (N, V) holds what one place may be followed by?",
        ),
        Misconception(
            "bits",
            {"-picked.sum()": "-picked.sum() / torch.tensor(2.0).log()"},
            says="the loss is in bits, not in nats",
            hint="Nats are natural logarithms; nothing has to be divided.",
        ),
        Misconception(
            "all_scores",
            {"log_p[torch.arange(len(targets)), targets]": "log_p[:, targets]"},
            says="every row gives its number for every target",
            hint="`log_p[:, targets]` is a whole table. Each row needs its own target only.",
        ),
        Misconception(
            "rows_not_dropped",
            {DROP: "targets = targets[counts]"},
            says="targets that do not count are dropped, their rows of logits are not",
            hint="After the first dropped target, which row meets which target?",
        ),
    ],
)
