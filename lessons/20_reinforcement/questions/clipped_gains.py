"""20.3 The clipped objective."""

import math

import torch

from llama_edu.course.checking.draw import randn, whole
from llama_edu.course.checking.questions import Misconception, Question


def clipped_gains(log_probs, old_log_probs, advantages, clip):
    rows = []
    for new, old, advantage in zip(log_probs, old_log_probs, advantages.tolist(), strict=True):
        row = []
        for ratio in (math.exp(a - b) for a, b in zip(new.tolist(), old.tolist(), strict=True)):
            goes_too_far = ratio > 1 + clip if advantage > 0 else ratio < 1 - clip
            limit = 1 + clip if advantage > 0 else 1 - clip
            row.append((limit if goes_too_far else ratio) * advantage)
        rows.append(row)
    return torch.tensor(rows)


def clipped_gains_cases(generator):
    def moved(*ratios: float) -> dict:
        old = -0.2 - torch.rand(1, len(ratios), generator=generator)
        return {"log_probs": old + torch.tensor([ratios]).log(), "old_log_probs": old}

    above, below = 1.5 + 0.1 * whole(generator, 0, 5), 0.3 + 0.1 * whole(generator, 0, 3)
    yield moved(above, below) | {"advantages": torch.tensor([2.0]), "clip": 0.2}
    yield moved(above, below) | {"advantages": torch.tensor([-2.0]), "clip": 0.2}
    yield moved(1.0, 1.1, 0.9) | {"advantages": torch.tensor([-0.5]), "clip": 0.3}
    old = -torch.rand(4, 3, generator=generator) - 0.1
    new = old + 0.4 * randn(generator, 4, 3)
    advantages = torch.tensor([1.5, -0.7, 0.0, -1.2])
    yield {"log_probs": new, "old_log_probs": old, "advantages": advantages, "clip": 0.1}
    old = -3 * torch.rand(2, 5, generator=generator) - 0.1
    new = old + randn(generator, 2, 5)
    yield {"log_probs": new, "old_log_probs": old, "advantages": torch.tensor([-1.0, 1.0]),
           "clip": 0.25}  # fmt: skip


RATIO, CLIPPED = "(log_probs - old_log_probs).exp()", "ratio.clamp(1 - clip, 1 + clip)"
GAINS = "torch.minimum(ratio * gain, clipped * gain)"

CLIPPED_GAINS = Question(
    "reinforcement.clipped_gains",
    points=3,
    cases=clipped_gains_cases,
    reference=clipped_gains,
    misconceptions=[
        Misconception(
            "upside_down",
            {"log_probs - old_log_probs": "old_log_probs - log_probs"},
            says="the ratio stands on its head: old over new",
            hint="A token that has become likelier should have a ratio above 1.",
        ),
        Misconception(
            "no_exp",
            {RATIO: "log_probs - old_log_probs"},
            says="the logarithm of the ratio is used as if it were the ratio",
            hint="Where nothing has changed yet, what is the ratio, and what is its logarithm?",
        ),
        Misconception(
            "ratio_of_logarithms",
            {RATIO: "log_probs / old_log_probs"},
            says="the logarithms are divided by each other",
            hint="The logarithm of a quotient is a difference of logarithms.",
        ),
        Misconception(
            "never_clipped",
            {GAINS: "ratio * gain"},
            says="nothing is clipped",
            hint="Then a step may go as far as it likes. Which two products are compared?",
        ),
        Misconception(
            "always_clipped",
            {GAINS: "clipped * gain"},
            says="the ratio is clipped always, also where the step went the wrong way",
            hint="A good answer that has become unlikely must still be pulled back. What is the "
            "minimum for?",
        ),
        Misconception(
            "maximum",
            {"torch.minimum": "torch.maximum"},
            says="the larger of the two products is taken",
            hint="The objective should never promise more than is sure: which of two estimates is "
            "the careful one?",
        ),
        Misconception(
            "minimum_of_the_ratios",
            {GAINS: "torch.minimum(ratio, clipped) * gain"},
            says="the minimum is of the two ratios, before they meet the advantage",
            hint="With a negative advantage the smaller ratio gives the larger product. Compare "
            "the products.",
        ),
        Misconception(
            "round_zero",
            {CLIPPED: "ratio.clamp(-clip, clip)"},
            says="the ratio is clipped to stay near 0",
            hint="Where nothing has changed the ratio is 1. Round which number does it stay?",
        ),
        Misconception(
            "clipped_logarithm",
            {CLIPPED: "ratio.log().clamp(-clip, clip).exp()"},
            says="the logarithm of the ratio is clipped to ± the clip",
            hint="Nearly the same for a small clip. But the limits are 1 - clip and 1 + clip.",
        ),
        Misconception(
            "from_above_only",
            {CLIPPED: "ratio.clamp(max=1 + clip)"},
            says="the ratio is clipped from above only",
            hint="A bad answer is pushed down: where does that have to stop?",
        ),
        Misconception(
            "from_below_only",
            {CLIPPED: "ratio.clamp(min=1 - clip)"},
            says="the ratio is clipped from below only",
            hint="A good answer is pushed up: where does that have to stop?",
        ),
        Misconception(
            "loss",
            {f"return {GAINS}": f"return -{GAINS}"},
            says="all has the other sign: it is the loss",
            hint="Here the gain is asked for, which is made large.",
        ),
        Misconception(
            "clipped_product",
            {GAINS: "torch.minimum(ratio * gain, (ratio * gain).clamp(1 - clip, 1 + clip))"},
            says="the product with the advantage is clipped, not the ratio",
            hint="Clip the ratio, then multiply.",
        ),
        Misconception(
            "one_ratio_an_answer",
            {RATIO: "(log_probs - old_log_probs).mean(1, keepdim=True).exp().expand_as(log_probs)"},
            says="all tokens of an answer share one ratio",
            hint="There are methods that do so. Here each token has its own.",
        ),
        Misconception(
            "summed_ratio",
            {RATIO: "(log_probs - old_log_probs).sum(1, keepdim=True).exp().expand_as(log_probs)"},
            says="each token is given the ratio of its whole answer",
            hint="Here each token has its own ratio: nothing is summed over tokens.",
        ),
        Misconception(
            "no_advantage",
            {GAINS: "torch.minimum(ratio, clipped)"},
            says="the advantages play no part",
            hint="What tells a good answer from a bad one?",
        ),
        Misconception(
            "advantage_once",
            {GAINS: "torch.minimum(ratio * gain, clipped)"},
            says="the clipped ratio is not multiplied by the advantage",
            hint="The minimum is of two products. Which one has one factor only?",
        ),
    ],
)  # fmt: skip
