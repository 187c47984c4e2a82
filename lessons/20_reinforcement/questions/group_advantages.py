"""20.2 Group advantages."""

import torch

from llama_edu.course.checking.draw import randn, whole
from llama_edu.course.checking.questions import Misconception, Question
from llama_edu.finetune.reinforce import objective


def group_advantages_cases(generator):
    def zeros_and_ones(n_right: int, n: int) -> list[float]:
        return [float(i < n_right) for i in torch.randperm(n, generator=generator).tolist()]

    yield {"rewards": torch.tensor([[1.0, 0.0, 0.0, float(whole(generator, 0, 1))]])}
    yield {"rewards": torch.tensor([zeros_and_ones(1, 3), zeros_and_ones(2, 3)])}
    yield {"rewards": torch.tensor([[1.0, 1.0], [0.0, 0.0], [0.5, 0.0]])}  # two groups agree
    yield {"rewards": torch.tensor([zeros_and_ones(whole(generator, 1, 4), 5) for _ in range(3)])}
    yield {"rewards": 10 * randn(generator, 2, 6) + 5}
    yield {"rewards": torch.tensor([[0.01, 0.02, 0.04], [3.0, 9.0, 3.0]])}
    yield {"rewards": 2e-5 * randn(generator, 2, 4)}  # hardly different


MEAN = "rewards.mean(dim=1, keepdim=True)"
ABOVE, SCALED = f"rewards - {MEAN}", "above / (spread + 1e-4)"

GROUP_ADVANTAGES = Question(
    "reinforcement.group_advantages",
    points=2,
    cases=group_advantages_cases,
    reference=objective.group_advantages,
    misconceptions=[
        Misconception(
            "over_the_batch",
            {MEAN: "rewards.mean()", "std(dim=1, ": "std("},
            says="mean and deviation are taken over all prompts together",
            hint="Then an easy prompt's wrong answer may beat a hard prompt's right one. Whom is "
            "an answer to be compared with?",
        ),
        Misconception(
            "mean_of_the_batch",
            {MEAN: "rewards.mean()"},
            says="the mean that is taken off is that of all prompts together",
            hint="Whom is an answer to be compared with?",
        ),
        Misconception(
            "spread_of_the_batch",
            {"std(dim=1, ": "std("},
            says="the deviation is that of all prompts together",
            hint="Each group has a deviation of its own: along which dimension?",
        ),
        Misconception(
            "along_the_prompts",
            {"mean(dim=1": "mean(dim=0", "std(dim=1": "std(dim=0"},
            says="mean and deviation are taken over the prompts, for each place in the groups",
            hint="The answers to one prompt are a row of (P, G). Which dimension goes?",
        ),
        Misconception(
            "divided_by_one_less",
            {"correction=0": "correction=1"},
            says="the variance divides by G - 1",
            hint="That is torch's default. How do you tell `std` to divide by G?",
        ),
        Misconception(
            "not_scaled",
            {SCALED: "above"},
            says="nothing is divided by the deviation",
            hint="That is Dr. GRPO's way. GRPO itself divides.",
        ),
        Misconception(
            "variance",
            {"(spread + 1e-4)": "(spread**2 + 1e-4)"},
            says="the variance is divided by, not the deviation",
            hint="The deviation has the unit of a reward, so that advantages have none. What is "
            "its square?",
        ),
        Misconception(
            "under_the_root",
            {"(spread + 1e-4)": "(spread**2 + 1e-4).sqrt()"},
            says="1e-4 is added to the variance, under the root",
            hint="It is added to the deviation itself.",
        ),
        Misconception(
            "nothing_added",
            {"(spread + 1e-4)": "spread"},
            says="nothing is added to the deviation",
            hint="In a group whose answers are all right the deviation is 0. What is 0 / 0?",
        ),
        Misconception(
            "nan_replaced",
            {SCALED: "(above / spread).nan_to_num()"},
            says="nothing is added to the deviation, and the NaN that comes of it is replaced",
            hint="That hides 0 / 0. What is to be added keeps it from coming up.",
        ),
        Misconception(
            "less_added",
            {"1e-4": "1e-8"},
            says="much less than 1e-4 is added to the deviation",
            hint="Libraries differ here, from 1e-8 to 1e-4. Which number is asked for?",
        ),
        Misconception(
            "at_least",
            {"(spread + 1e-4)": "spread.clamp(min=1e-4)"},
            says="the deviation is kept from falling below 1e-4, instead of 1e-4 being added",
            hint="Nearly the same, but here it is added.",
        ),
        Misconception(
            "added_outside",
            {SCALED: "above / spread + 1e-4"},
            says="1e-4 is added to the advantage, not to what it is divided by",
            hint="Parentheses: what is to be kept from being 0?",
        ),
        Misconception(
            "no_parentheses",
            {ABOVE: "rewards", SCALED: f"above - {MEAN} / (spread + 1e-4)"},
            says="only the mean is divided by the deviation, not the reward",
            hint="A division comes before a subtraction. Where do parentheses belong?",
        ),
        Misconception(
            "no_baseline",
            {ABOVE: "rewards"},
            says="no mean is taken off",
            hint="Then every answer with a positive reward is pushed up, the worst one too.",
        ),
        Misconception(
            "turned_round",
            {ABOVE: f"{MEAN} - rewards"},
            says="the sign is turned round: the better the answer, the lower its advantage",
            hint="Better than the mean should be above 0.",
        ),
        Misconception(
            "against_the_others",
            {ABOVE: f"({ABOVE}) * rewards.shape[1] / (rewards.shape[1] - 1)"},
            says="each answer is compared with the mean of the *others*",
            hint="A good baseline too, known as leave-one-out. Here the answer itself is in the "
            "mean.",
        ),
    ],
)  # fmt: skip
