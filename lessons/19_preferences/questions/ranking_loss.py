"""19.2 Bradley-Terry with a margin."""

import torch
from torch import Generator, Tensor

from llama_edu.course.checking.draw import randn
from llama_edu.course.checking.questions import Misconception, Question
from llama_edu.finetune import preference


def ranking_loss(chosen: Tensor, rejected: Tensor, margins: Tensor) -> Tensor:
    return preference.reward_loss(chosen, rejected, margins).mean()


def ranking_loss_cases(generator: Generator):
    def case(n: int, spread: float = 1.0) -> dict:
        chosen, rejected = spread * randn(generator, 2, n)
        return {"chosen": chosen, "rejected": rejected, "margins": randn(generator, n).abs()}

    one, zero = torch.ones(1), torch.zeros(1)
    yield {"chosen": 2 * one, "rejected": one, "margins": zero}
    yield {"chosen": 2 * one, "rejected": one, "margins": one}  # ln 2: just far enough apart
    yield case(2)
    yield case(3, spread=3.0)
    yield case(7)
    yield {"chosen": torch.tensor([-150.0, 3.0]), "rejected": torch.tensor([150.0, 1.0]),
           "margins": torch.tensor([1.0, 0.5])}  # fmt: skip


AHEAD, LOSS = "chosen - rejected - margins", "-F.logsigmoid(ahead).mean()"

RANKING_LOSS = Question(
    "preferences.ranking_loss",
    points=2,
    cases=ranking_loss_cases,
    reference=ranking_loss,
    misconceptions=[
        Misconception(
            "swapped",
            {AHEAD: "rejected - chosen - margins"},
            says="chosen and rejected have changed places",
            hint="The loss should be small where the chosen answer has the greater reward.",
        ),
        Misconception(
            "margin_added",
            {AHEAD: "chosen - rejected + margins"},
            says="the margin helps instead of asking for more",
            hint="With a margin of 1, is a difference of 1 more than enough, or just enough?",
        ),
        Misconception(
            "margin_forgotten",
            {AHEAD: "chosen - rejected"},
            says="the margin is not used",
            hint="A clear preference should need a greater difference. Where does m stand?",
        ),
        Misconception(
            "margin_outside",
            {AHEAD: "chosen - rejected", "logsigmoid(ahead)": "logsigmoid(ahead).sub(margins)"},
            says="the margin is added to the loss, outside of the sigmoid",
            hint="There it moves no reward: its slope is 0. Where does the formula have it?",
        ),
        Misconception(
            "hinge",
            {LOSS: "F.relu(-ahead).mean()"},
            says="the loss is 0 as soon as the difference is larger than the margin",
            hint="That is a hinge. The formula has the logarithm of a sigmoid.",
        ),
        Misconception(
            "sum",
            {".mean()": ".sum()"},
            says="the losses are added up",
            hint="The loss should not grow because there are more pairs.",
        ),
        Misconception(
            "not_averaged",
            {".mean()": ""},
            says="one loss for each pair is given",
            hint="Asked for is one number, the mean.",
        ),
        Misconception(
            "no_minus",
            {"return -F": "return F"},
            says="it has the sign of a log-probability",
            hint="A loss is to be made small. What is small where the preference is likely?",
        ),
        Misconception(
            "no_logarithm",
            {LOSS: "-torch.sigmoid(ahead).mean()"},
            says="there is no logarithm",
            hint="Likelihoods of pairs multiply, so their logarithms add. What is missing?",
        ),
        Misconception(
            "chance_of_the_other",
            {LOSS: "torch.sigmoid(-ahead).mean()"},
            says="1 minus the probability is given, and not its logarithm",
            hint="That is never above 1, however wrong a reward is. What is missing?",
        ),
        Misconception(
            "log_of_sigmoid",
            {"F.logsigmoid(ahead)": "torch.sigmoid(ahead).log()"},
            says="the logarithm is taken after the sigmoid, which has become 0",
            hint="ln 0 is infinite. One function does both steps and stays finite.",
        ),
        Misconception(
            "small_number_added",
            {"F.logsigmoid(ahead)": "(torch.sigmoid(ahead) + 1e-8).log()"},
            says="a small number in the logarithm keeps a large loss from being seen",
            hint="One function does both steps and needs no such number.",
        ),
        Misconception(
            "mean_inside",
            {LOSS: "-F.logsigmoid(ahead.mean())"},
            says="the mean of the differences is taken first, then the loss of that",
            hint="Each pair has a loss of its own. When do you average?",
        ),
        Misconception(
            "mean_before_the_logarithm",
            {LOSS: "-torch.sigmoid(ahead).mean().log()"},
            says="the mean of the probabilities is taken first, then the logarithm of that",
            hint="Each pair has a loss of its own. When do you average?",
        ),
        Misconception(
            "margin_multiplied",
            {AHEAD: "margins * (chosen - rejected)"},
            says="the difference is multiplied by the margin",
            hint="A margin of 0 should leave the loss as it is. What does yours make of it?",
        ),
        Misconception(
            "loss_times_margin",
            {LOSS: "-(margins * F.logsigmoid(chosen - rejected)).mean()"},
            says="the loss of each pair is multiplied by its margin",
            hint="A margin of 0 should leave the loss as it is. Where does the formula have m?",
        ),
        Misconception(
            "cut_at_100",
            {LOSS: "F.binary_cross_entropy(torch.sigmoid(ahead), torch.ones_like(ahead))"},
            says="the sigmoid is 0, and `binary_cross_entropy` cuts its logarithm off at -100",
            hint="Where it is cut, the slope is 0. One function takes the difference itself.",
        ),
    ],
)  # fmt: skip
