"""8.5 The loss, padding left out."""

import torch
from torch import Tensor

from llama_edu.course.checking.draw import randn
from llama_edu.course.checking.questions import Misconception, Question

LIBRARY_LOSSES = ("cross_entropy", "nll_loss", "CrossEntropyLoss", "NLLLoss", "_nll_loss")


def masked_loss(logits: Tensor, expected: Tensor, pad: int) -> Tensor:
    counts = expected != pad
    right = logits[counts].gather(-1, expected[counts][:, None])[:, 0]
    return (logits[counts].logsumexp(-1) - right).mean()


def masked_loss_cases(generator):
    def case(lengths: list[int], n_ids: int, pad: int, scale: float = 1.0):
        longest = max(lengths)
        ids = torch.randint(1, n_ids, (len(lengths), longest), generator=generator)
        ids[ids == pad] = 0
        for row, length in enumerate(lengths):
            ids[row, length:] = pad
        logits = scale * randn(generator, len(lengths), longest, n_ids)
        return {"logits": logits, "expected": ids, "pad": pad}

    yield case([2, 1], 3, pad=0)
    yield case([3], 4, pad=0)
    yield case([4, 1, 2], 5, pad=0)
    yield case([5, 3], 7, pad=4)
    yield case([2, 6], 6, pad=5, scale=60.0)  # exp of such logits is infinite
    yield case([3, 0, 1], 4, pad=2)  # one text is nothing but padding


PICK = "log_probabilities.gather(-1, expected[..., None])[..., 0]"
MEAN = "losses[expected != pad].mean()"

MASKED_LOSS = Question(
    "transformer.masked_loss",
    points=3,
    cases=masked_loss_cases,
    reference=masked_loss,
    forbids=LIBRARY_LOSSES,
    equivalent_mutants={
        f"losses = -{PICK} -> losses = -{PICK[:-2]}-1]": "`gather` leaves one number there",
    },
    misconceptions=[
        Misconception(
            "padding_counts",
            {"[expected != pad]": ""},
            says="padding counts like a token",
            hint="Places where nothing is expected must be in neither the sum nor the number. Is "
            "your mask used?",
        ),
        Misconception(
            "divided_by_all_places",
            {MEAN: "(losses * (expected != pad)).mean()"},
            says="padding adds nothing, but is counted when the mean is taken",
            hint="A mean is a sum divided by a number: how many places does the sum hold?",
        ),
        Misconception(
            "only_padding",
            {"!=": "=="},
            says="only padding counts",
            hint="Which comparison is True at a token?",
        ),
        Misconception(
            "sum",
            {".mean()": ".sum()"},
            says="the losses are added up, and not divided",
            hint="Nats *a token*: the loss should not grow because a batch is larger.",
        ),
        Misconception(
            "mean_of_means",
            {MEAN: "mean_of_means(losses, expected != pad)"},
            says="each text has its own mean, and the mean of those is taken",
            hint="A token of a short text then weighs more than one of a long text. Take all "
            "tokens of the batch together.",
        ),
        Misconception(
            "divided_by_texts",
            {MEAN: "losses[expected != pad].sum() / len(losses)"},
            says="the sum is divided by the number of texts",
            hint="The mean is to be taken over tokens, not over texts.",
        ),
        Misconception(
            "zero_is_padding",
            {"!= pad": "!= 0"},
            says="0 is taken for the padding, whatever `pad` is",
            hint="The padding's id is an argument, and not always 0.",
        ),
        Misconception(
            "positive",
            {"-log_probabilities": "log_probabilities"},
            says="the sign is missing",
            hint="A logarithm of a probability is below 0, a loss is above.",
        ),
        Misconception(
            "no_softmax",
            {"logits.log_softmax(-1)": "logits"},
            says="the logits themselves are taken for log-probabilities",
            hint="Logits are any numbers. What makes log-probabilities of them?",
        ),
        Misconception(
            "no_logarithm",
            {"logits.log_softmax(-1)": "logits.softmax(-1)"},
            says="probabilities are averaged, without a logarithm",
            hint="The loss of a place is minus the *logarithm* of a probability.",
        ),
        Misconception(
            "log_of_softmax",
            {"logits.log_softmax(-1)": "logits.softmax(-1).log()"},
            says="the logarithm is taken of a probability that has been rounded to 0",
            hint="With large logits a softmax has zeros in it, and log(0) is -inf. One function "
            "does both at once, and stays finite.",
        ),
        Misconception(
            "over_places",
            {"log_softmax(-1)": "log_softmax(1)"},
            says="the softmax runs over the places of a text",
            hint="At each place the V tokens compete: which dimension is theirs?",
        ),
        Misconception(
            "best_for_expected",
            {PICK: "log_probabilities.amax(-1)"},
            says="the likeliest token's probability is taken, whatever is expected",
            hint="The model would always be praised for what it says. Which of the V is right?",
        ),
        Misconception(
            "all_tokens_averaged",
            {PICK: "log_probabilities.mean(-1)"},
            says="the log-probabilities of all V tokens are averaged",
            hint="Only one of the V was expected: `gather` picks it.",
        ),
    ],
)


def mean_of_means(losses: Tensor, counts: Tensor) -> Tensor:
    return torch.stack([row[keep].mean() for row, keep in zip(losses, counts, strict=True)]).mean()
