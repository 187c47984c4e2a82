"""19.1 An answer's log-probability."""

import torch
from torch import Generator, Tensor
from torch.nn import functional as F

from llama_edu.course.checking.draw import randn
from llama_edu.course.checking.questions import Misconception, Question


def log_probability(logits: Tensor, targets: Tensor) -> Tensor:
    losses = F.cross_entropy(logits.transpose(1, 2), targets, reduction="none")
    return -losses.sum(-1)


def log_probability_cases(generator: Generator):
    def case(*counts: str, n_ids: int) -> dict:
        targets = torch.randint(n_ids, (len(counts), len(counts[0])), generator=generator)
        is_counted = torch.tensor([[c == "x" for c in row] for row in counts])
        logits = 2 * randn(generator, *targets.shape, n_ids)
        return {"logits": logits, "targets": targets.masked_fill(~is_counted, -100)}

    thirds = torch.tensor([[1.0, 1.0, 1.0], [0.0, 0.0, 0.0]])
    yield {"logits": thirds[None], "targets": torch.tensor([[-100, 2]])}  # ln of a third
    yield case(".xx", n_ids=2)
    yield case("..x", ".xx", n_ids=4)
    yield case(".xx..", "...x.", "xxxxx", n_ids=7)
    yield case("...", ".x.", n_ids=5)  # an empty answer is certain
    large = case(".xxx", "..xx", n_ids=6)
    yield large | {"logits": 100 * large["logits"]}  # some probabilities are 0 in float32


SCORES, FOUND = "logits.log_softmax(-1)", "(found * (targets != -100)).sum(-1)"
SUM = ".sum(-1)"
INDEX = "targets.clamp(min=0)[..., None]"
LAST_OF_TWO = "of two dimensions the second is the last"

LOG_PROBABILITY = Question(
    "preferences.log_probability",
    points=3,
    cases=log_probability_cases,
    reference=log_probability,
    misconceptions=[
        Misconception(
            "mean",
            {SUM: ".sum(-1) / (targets != -100).sum(-1).clamp(min=1)"},
            says="the mean over the answer's tokens is given",
            hint="An answer of ten tokens is as probable as the product of ten probabilities. What "
            "does the logarithm make of a product?",
        ),
        Misconception(
            "mean_of_nothing",
            {SUM: ".sum(-1) / (targets != -100).sum(-1)"},
            says="the mean over the answer's tokens is given, and 0 / 0 for an empty answer",
            hint="The logarithm of a product is a sum. Nothing is divided.",
        ),
        Misconception(
            "mean_of_all_places",
            {FOUND: "(found * (targets != -100)).mean(-1)"},
            says="the sum is divided by T",
            hint="The logarithm of a product is a sum. Nothing is divided.",
        ),
        Misconception(
            "prompt_counts",
            {" * (targets != -100)": ""},
            says="places with -100 count, as if token 0 were wanted there",
            hint="`clamp` made an index of every -100. Which numbers must not come into the sum?",
        ),
        Misconception(
            "mask_turned_round",
            {"targets != -100": "targets == -100"},
            says="just the places with -100 count",
            hint="Which places belong to the answer?",
        ),
        Misconception(
            "token_zero_left_out",
            {"targets != -100": "targets > 0"},
            says="targets that are 0 do not count",
            hint="0 is a token like others. Which number says that a place does not count?",
        ),
        Misconception(
            "loss",
            {"return (found": "return -(found"},
            says="it has the sign of a loss",
            hint="Probabilities are below 1: which sign have their logarithms?",
        ),
        Misconception(
            "logits_summed",
            {SCORES: "logits"},
            says="logits are added, without a softmax",
            hint="A logit is not the logarithm of a probability yet. What is missing?",
        ),
        Misconception(
            "probabilities_summed",
            {SCORES: "logits.softmax(-1)"},
            says="probabilities are added, and not their logarithms",
            hint="Probabilities of tokens that follow each other multiply. Their logarithms add.",
        ),
        Misconception(
            "log_of_softmax",
            {SCORES: "logits.softmax(-1).log()"},
            says="the logarithm is taken after the softmax, which has become 0",
            hint="Far from the largest logit the softmax is 0 in float32. One function does both "
            "steps without that.",
        ),
        Misconception(
            "softmax_over_places",
            {SCORES: "logits.log_softmax(1)"},
            says="the softmax runs over the places of the text",
            hint="At each place one token of the vocabulary comes. Over which dimension do the "
            "probabilities sum to 1?",
        ),
        Misconception(
            "product",
            {"return (found * (targets != -100)).sum(-1)":
             "return (found * (targets != -100)).sum(-1).exp()"},
            says="the probability is given, and not its logarithm",
            hint="Long answers have probabilities that are 0 in float32. Stay with the logarithm.",
        ),
        Misconception(
            "log_of_product",
            {SCORES: "logits.softmax(-1)",
             FOUND: "torch.where(targets != -100, found, 1.0).prod(-1).log()"},
            says="probabilities are multiplied first, and the product has become 0",
            hint="Take the logarithm of each token's probability, then add.",
        ),
        Misconception(
            "over_the_batch",
            {FOUND: "(found * (targets != -100)).sum()"},
            says="all answers are added up to one number",
            hint="One number for each answer: over which dimension do you sum?",
        ),
        Misconception(
            "first_token_only",
            {FOUND: "found.gather(-1, (targets != -100).int().argmax(-1)[:, None])[:, 0] "
             "* (targets != -100).any(-1)"},
            says="only the first token of each answer counts",
            hint="The whole answer has to come out. Which of its tokens did you leave out?",
        ),
        Misconception(
            "shifted_by_cutting",
            {f"scores = {SCORES}":
             f"logits, targets = logits[:, :-1], targets[:, 1:]\n    scores = {SCORES}"},
            says="targets are moved one place to the left, and the first is lost",
            hint="The targets are shifted already: each stands at the place that must say it.",
        ),
        Misconception(
            "likeliest_token",
            {f"scores.gather(-1, {INDEX})[..., 0]": "scores.max(-1).values"},
            says="at each place the likeliest token is taken, and not the target",
            hint="The answer is given. How probable is *its* token at each place?",
        ),
    ],
    equivalent_mutants={
        f"found = scores.gather(-1, {INDEX})[..., 0] -> "
        f"found = scores.gather(-1, {INDEX})[..., -1]": "of one number the first is the last",
        f"return {FOUND} -> return (found * (targets != -100)).sum(1)": LAST_OF_TWO,
    },
)  # fmt: skip
