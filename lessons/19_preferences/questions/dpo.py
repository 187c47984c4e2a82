"""19.3 The DPO loss, and the reward accuracy."""

import torch
from torch import Generator, Tensor

from llama_edu.course.checking.draw import randn
from llama_edu.course.checking.questions import Misconception, Question
from llama_edu.finetune.preference import dpo_loss


def dpo(policy: Tensor, reference: Tensor, beta: float) -> tuple[Tensor, Tensor]:
    loss = dpo_loss(policy[0], policy[1], reference[0], reference[1], beta).mean()
    moved = policy - reference
    return loss, (moved[0] > moved[1]).float().mean()


def dpo_cases(generator: Generator):
    def case(n: int, beta: float, moved: float = 3.0) -> dict:
        reference = -10 * randn(generator, 2, n).abs() - 4 * moved
        change = moved * randn(generator, 2, n)
        return {"policy": reference + change, "reference": reference, "beta": beta}

    yield {"policy": torch.tensor([[-3.0], [-9.0]]), "reference": torch.tensor([[-2.0], [-4.0]]),
           "beta": 0.5}  # the chosen one fell by 1, the rejected one by 5  # fmt: skip
    yield case(2, 0.1)
    yield case(3, 0.5)
    yield case(5, 1.0)
    yield case(8, 0.03)
    same = case(4, 0.1)
    yield same | {"policy": same["reference"].clone()}  # ln 2, and nothing is in order
    yield case(3, 2.0, moved=100.0)  # long answers: their probabilities are 0 in float32


REWARDS, AHEAD = "beta * (policy - reference)", "rewards[0] - rewards[1]"
LOSS, ORDER = "-F.logsigmoid(ahead).mean()", "(ahead > 0).float().mean()"

DPO = Question(
    "preferences.dpo",
    points=3,
    cases=dpo_cases,
    reference=dpo,
    misconceptions=[
        Misconception(
            "no_reference",
            {REWARDS: "beta * policy"},
            says="the reference is not used",
            hint="An implicit reward says how much *more* likely an answer became. Than where?",
        ),
        Misconception(
            "no_beta",
            {REWARDS: "policy - reference"},
            says="beta is not used",
            hint="What are the log-ratios multiplied by?",
        ),
        Misconception(
            "divided_by_beta",
            {REWARDS: "(policy - reference) / beta"},
            says="the log-ratios are divided by beta",
            hint="The best policy has r / beta in its exponent. Solve that for r.",
        ),
        Misconception(
            "swapped",
            {AHEAD: "rewards[1] - rewards[0]"},
            says="chosen and rejected, or policy and reference, have changed places",
            hint="Row 0 holds the chosen answers. The reward of one should be positive where the "
            "policy made it more likely.",
        ),
        Misconception(
            "no_logarithm",
            {LOSS: "-torch.sigmoid(ahead).mean()"},
            says="the loss has no logarithm",
            hint="Likelihoods of pairs multiply, so their logarithms add. What is missing?",
        ),
        Misconception(
            "reference_added",
            {"policy - reference": "policy + reference"},
            says="the reference is added, or stands with the other answer of the pair",
            hint="The logarithm of a ratio is a difference. Each answer is compared with itself.",
        ),
        Misconception(
            "no_minus",
            {LOSS: "F.logsigmoid(ahead).mean()"},
            says="the loss has the sign of a log-probability",
            hint="A loss is to be made small. Which sign has the logarithm of a probability?",
        ),
        Misconception(
            "sum",
            {LOSS: "-F.logsigmoid(ahead).sum()"},
            says="the losses of the pairs are added up",
            hint="Asked for is the mean over pairs.",
        ),
        Misconception(
            "mean_inside",
            {LOSS: "-F.logsigmoid(ahead.mean())"},
            says="the mean of the differences is taken first, then the loss of that",
            hint="Each pair has a loss of its own. When do you average?",
        ),
        Misconception(
            "log_of_sigmoid",
            {"F.logsigmoid(ahead)": "torch.sigmoid(ahead).log()"},
            says="the logarithm is taken after the sigmoid, which has become 0",
            hint="ln 0 is infinite. One function does both steps and stays finite.",
        ),
        Misconception(
            "chosen_rose",
            {ORDER: "(rewards[0] > 0).float().mean()"},
            says="the accuracy counts the pairs whose chosen answer became more likely",
            hint="Both may fall. Which of the two implicit rewards has to be greater?",
        ),
        Misconception(
            "policy_alone",
            {ORDER: "(policy[0] > policy[1]).float().mean()"},
            says="the accuracy compares the policy's log-probabilities",
            hint="A short answer is more probable than a long one before any training. Compare "
            "implicit rewards.",
        ),
        Misconception(
            "ties_count",
            {"ahead > 0": "ahead >= 0"},
            says="equal rewards count as being in the right order",
            hint="Before the first step all are equal. Has it learned anything by then?",
        ),
        Misconception(
            "accuracy_summed",
            {ORDER: "(ahead > 0).float().sum()"},
            says="the pairs in the right order are counted",
            hint="A share lies between 0 and 1.",
        ),
        Misconception(
            "log_probabilities_divided",
            {"policy - reference": "policy / reference"},
            says="log-probabilities are divided by each other",
            hint="The logarithm of a ratio is a difference of logarithms.",
        ),
        Misconception(
            "through_probabilities",
            {"policy - reference": "(policy.exp() / reference.exp()).log()"},
            says="probabilities are divided, which are 0 for a long answer",
            hint="0 / 0 is NaN. Stay with logarithms: what is the logarithm of a quotient?",
        ),
        Misconception(
            "other_order",
            {f"{LOSS}, {ORDER}": f"{ORDER}, {LOSS}"},
            says="loss and accuracy have changed places",
            hint="Which of the two is asked for first?",
        ),
    ],
)  # fmt: skip
