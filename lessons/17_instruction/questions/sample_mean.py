"""17.3 The sample mean."""

import torch
from torch import Tensor

from llama_edu.course.checking.draw import randn
from llama_edu.course.checking.questions import Misconception, Question


def sample_mean(logits: Tensor, targets: Tensor) -> Tensor:
    means = []
    for scores, wanted in zip(logits, targets, strict=True):
        counts = wanted != -100
        if counts.any():
            right = scores[counts].gather(-1, wanted[counts][:, None])[:, 0]
            means.append((scores[counts].logsumexp(-1) - right).mean())
    return torch.stack(means).mean()


def sample_mean_cases(generator):
    def case(*counts: str, n_ids: int = 4) -> dict:
        targets = torch.randint(n_ids, (len(counts), len(counts[0])), generator=generator)
        is_counted = torch.tensor([[c == "x" for c in row] for row in counts])
        logits = 2 * randn(generator, *targets.shape, n_ids)
        return {"logits": logits, "targets": targets.masked_fill(~is_counted, -100)}

    yield case(".x", "xx", n_ids=3)
    yield case("..x")
    yield case(".xxx", "...x", ".x.x", n_ids=5)
    yield case("xxxxx", "....x", n_ids=6)
    yield case(".xx", "...", "..x", n_ids=7)  # one text has no answer
    yield case("xx.xxx", "x.....", "......", "..xx..", n_ids=3)


SECOND_IS_LAST = "of two dimensions the second is the last"
MEANS, LAST = "losses.sum(-1) / counts", "means[counts > 0].mean()"

SAMPLE_MEAN = Question(
    "instruction.sample_mean",
    points=3,
    cases=sample_mean_cases,
    reference=sample_mean,
    equivalent_mutants={
        "counts = (targets != -100).sum(-1) -> counts = (targets != -100).sum(1)": SECOND_IS_LAST,
        f"means = {MEANS} -> means = losses.sum(1) / counts": SECOND_IS_LAST,
    },
    misconceptions=[
        Misconception(
            "token_mean",
            {LAST: "losses.sum() / counts.sum()"},
            says="all targets that count are averaged together: the token mean",
            hint="There a long answer weighs more than a short one. Here each text has one vote.",
        ),
        Misconception(
            "divided_by_all_places",
            {MEANS: "losses.mean(-1)"},
            says="each text's sum is divided by T, places that do not count included",
            hint="How many losses did you add up in that text? The zeros are none.",
        ),
        Misconception(
            "empty_texts_are_nan",
            {"[counts > 0]": ""},
            says="a text without targets is divided by 0, and NaN spreads",
            hint="Such a text should take no part in the last mean.",
        ),
        Misconception(
            "empty_texts_count",
            {MEANS: "losses.sum(-1) / counts.clamp(min=1)", "[counts > 0]": ""},
            says="a text without targets takes part, with a loss of 0",
            hint="It has no answer to be right or wrong about: leave it out of sum and number.",
        ),
        Misconception(
            "summed_over_texts",
            {LAST: "means[counts > 0].sum()"},
            says="the means of the texts are added up",
            hint="The loss should not grow because a batch holds more texts.",
        ),
        Misconception(
            "one_answer_left_out",
            {"counts > 0": "counts > 1"},
            says="a text with a single target takes no part",
            hint="One target is enough for a mean. Which texts have none?",
        ),
        Misconception(
            "sums_averaged",
            {MEANS: "losses.sum(-1)"},
            says="each text's losses are added up, and these sums are averaged",
            hint="Then a long answer weighs more. Divide each sum by its own number first.",
        ),
        Misconception(
            "not_minus_100",
            {"!= -100": "!= 0"},
            says="targets that are 0 are taken for those that do not count",
            hint="0 is a token. Which number says that a target does not count?",
        ),
        Misconception(
            "counted_along_texts",
            {"!= -100).sum(-1)": "!= -100).sum(0)", MEANS: "losses.sum(0) / counts"},
            says="the means run over the texts of each place",
            hint="Each *text* has a mean of its own: over which dimension do you sum?",
        ),
        Misconception(
            "reshaped",
            {"logits.transpose(1, 2)": "logits.reshape(len(logits), logits.shape[2], -1)"},
            says="the logits are reshaped, not transposed: the scores of a token are torn apart",
            hint="The shape is right, the numbers stand elsewhere. What swaps two dimensions?",
        ),
        Misconception(
            "mean_of_logits",
            {"logits.transpose(1, 2)": "logits.softmax(-1).transpose(1, 2)"},
            says="`cross_entropy` gets probabilities and takes their softmax once more",
            hint="`F.cross_entropy` wants logits: softmax and logarithm are in it.",
        ),
        Misconception(
            "longest_answer_divides",
            {MEANS: "losses.sum(-1) / counts.max()"},
            says="every sum is divided by the number of the longest answer",
            hint="Each text has its own number of targets.",
        ),
        Misconception(
            "shifted_again",
            {"targets, reduction": "targets.roll(-1, 1), reduction"},
            says="the targets are shifted once more",
            hint="A target stands already at the place that must say it.",
        ),
    ],
)
