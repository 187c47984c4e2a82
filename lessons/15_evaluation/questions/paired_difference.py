"""15.5 Two models, one test."""

import torch
from torch import Tensor

from llama_edu import evaluate
from llama_edu.course.checking.questions import Misconception, Question

CONFIDENCE = 0.9500042097035593  # of exactly 1.96 standard errors


def paired_difference(first: Tensor, second: Tensor) -> tuple[float, float, float]:
    return tuple(evaluate.paired_difference(first, second, CONFIDENCE)[:3])


def paired_difference_cases(generator):
    def scores(n, share):
        return (torch.rand(n, generator=generator) < share).float()

    yield {
        "first": torch.tensor([1.0, 1.0, 0.0, 1.0]),
        "second": torch.tensor([1.0, 0.0, 0.0, 1.0]),
    }
    yield {"first": scores(9, 0.7), "second": scores(9, 0.4)}
    yield {
        "first": torch.rand(6, generator=generator),
        "second": torch.rand(6, generator=generator),
    }
    same = scores(12, 0.6)
    other = same.clone()
    other[:2] = 1 - other[:2]
    yield {"first": same, "second": other}
    yield {"first": scores(40, 0.3), "second": scores(40, 0.8)}


def unpaired_half(first: Tensor, second: Tensor) -> float:
    return 1.96 * ((first.var() + second.var()) / len(first)).sqrt().item()


PAIRED_DIFFERENCE = Question(
    "evaluation.paired_difference",
    points=2,
    cases=paired_difference_cases,
    reference=paired_difference,
    equivalent_mutants={
        "half = 1.96 * differences.std().item() / math.sqrt(len(first)) -> "
        "half = 1.96 * differences.std().item() / math.sqrt(len(second))": (
            "both have answered the same number of questions"
        ),
    },
    misconceptions=[
        Misconception(
            "unpaired",
            {"1.96 * differences.std().item() / math.sqrt(len(first))":
             "unpaired_half(first, second)"},
            says="the variances of the two models are added, as if each had its own questions",
            hint="Both sat the same test. Take the spread of the *differences*.",
        ),
        Misconception(
            "second_minus_first",
            {"first - second": "second - first"},
            says="the first is taken from the second",
            hint="How much better is the *first*? Where it wins, the difference is above 0.",
        ),
        Misconception(
            "absolute",
            {"first - second": "(first - second).abs()"},
            says="the differences lose their signs",
            hint="A question that the second model wins must count against the first.",
        ),
        Misconception(
            "no_root_of_n",
            {" / math.sqrt(len(first))": ""},
            says="the spread of one question is taken for that of the mean",
            hint="The more questions, the surer the mean: where does n come in?",
        ),
        Misconception(
            "n_without_root",
            {"math.sqrt(len(first))": "len(first)"},
            says="the standard deviation is divided by n",
            hint="The standard error falls with the *root* of n.",
        ),
        Misconception(
            "n_minus_1_under_the_root",
            {"len(first))": "(len(first) - 1))"},
            says="the standard deviation is divided by the root of n - 1",
            hint="n - 1 is in `.std()` already. The standard error is s / √n.",
        ),
        Misconception(
            "n_below_the_line",
            {".std()": ".std(correction=0)"},
            says="the standard deviation has n below the line, not n - 1",
            hint="`unbiased=False`, `correction=0` and numpy's `std` divide by n. torch's own does "
            "what is asked.",
        ),
        Misconception(
            "variance",
            {".std()": ".var()"},
            says="the variance is used where the standard deviation belongs",
            hint="The standard deviation is the root of the variance.",
        ),
        Misconception(
            "no_1_96",
            {"1.96 * ": ""},
            says="the interval reaches one standard error to each side",
            hint="For 95 % it takes 1.96 of them.",
        ),
        Misconception(
            "full_width_each_way",
            {"1.96 * ": "2 * 1.96 * "},
            says="the interval is twice as wide",
            hint="1.96 standard errors to *each* side.",
        ),
        Misconception(
            "sum_of_differences",
            {"differences.mean()": "differences.sum()"},
            says="the differences are added up and not averaged",
            hint="The mean difference is asked for: the sum grows with the number of questions.",
        ),
        Misconception(
            "half_instead_of_ends",
            {"mean - half, mean + half": "half, half"},
            says="half of the width is returned in place of the ends",
            hint="low is the mean less that much, high the mean and that much.",
        ),
        Misconception(
            "low_first",
            {"mean, mean - half, mean + half": "mean - half, mean, mean + half"},
            says="the lower end stands first",
            hint="The numbers are right, their order is not: mean, low, high.",
        ),
    ],
)  # fmt: skip
