"""15.6 Is it as right as it is sure?"""

import torch
from torch import Tensor

from llama_edu import evaluate
from llama_edu.course.checking.questions import Misconception, Question


def calibration_error(confidences: Tensor, is_right: Tensor, n_bins: int) -> float:
    return evaluate.calibration(confidences, is_right, n_bins).error


def calibration_error_cases(generator):
    def answers(n, low=0.0):
        sure = (low + (1 - low) * torch.rand(n, generator=generator)).clamp(min=0.01)
        return {"confidences": sure, "is_right": torch.rand(n, generator=generator) < sure}

    yield {
        "confidences": torch.tensor([0.9, 0.8, 0.3, 0.7]),
        "is_right": torch.tensor([True, False, False, True]),
        "n_bins": 2,
    }
    yield answers(6) | {"n_bins": 3}
    yield answers(9, 0.5) | {"n_bins": 4}  # the lower bins are empty
    # On the borders: half of 1 and of 0.5 can be said exactly.
    yield {
        "confidences": torch.tensor([0.5, 1.0, 0.25, 0.75, 0.6, 0.25, 0.9]),
        "is_right": torch.tensor([False, True, True, True, False, False, True]),
        "n_bins": 4,
    }
    yield answers(40) | {"n_bins": 7}
    yield answers(5) | {"n_bins": 1}


CALIBRATION_ERROR = Question(
    "evaluation.calibration_error",
    points=3,
    cases=calibration_error_cases,
    reference=calibration_error,
    equivalent_mutants={
        "for i in range(n_bins): -> "
        "for i in range(n_bins + 1):": (
            "no confidence is above 1, so one bin more is empty"
        ),
        "error += abs(gap.item()) * inside.sum().item() / len(confidences) -> "
        "error += abs(gap.item()) * inside.sum().item() / len(is_right)": (
            "both are as many as the answers"
        ),
    },
    misconceptions=[
        Misconception(
            "unweighted",
            {"inside.sum().item() / len(confidences)": "1 / n_bins"},
            says="every bin counts alike, the empty ones too",
            hint="A bin of one answer must not weigh as much as a bin of fifty.",
        ),
        Misconception(
            "unweighted_full_bins",
            {"inside.sum().item() / len(confidences)": "1 / n_full(confidences, n_bins)"},
            says="every bin that holds answers counts alike",
            hint="A bin of one answer must not weigh as much as a bin of fifty.",
        ),
        Misconception(
            "summed",
            {" * inside.sum().item() / len(confidences)": ""},
            says="the gaps are added up without weights",
            hint="Weigh each gap with the share of all answers that its bin holds.",
        ),
        Misconception(
            "weight_not_divided",
            {" / len(confidences)": ""},
            says="the gaps are weighted with numbers of answers, not with shares",
            hint="The weights must sum to 1.",
        ),
        Misconception(
            "signs_kept",
            {"abs(gap.item())": "gap.item()"},
            says="the gaps keep their signs",
            hint="Too sure in one bin and not sure enough in another would cancel.",
        ),
        Misconception(
            "squared",
            {"abs(gap.item())": "gap.item() ** 2"},
            says="the gaps are squared",
            hint="The gap without its sign is asked for, not its square.",
        ),
        Misconception(
            "answer_by_answer",
            {"gap = confidences[inside].mean() - is_right[inside].float().mean()":
             "gap = (confidences[inside] - is_right[inside].float()).abs().mean()"},
            says="the gap is taken for each answer, and then averaged",
            hint="A single answer is right or wrong, never 80 % right. Average in the bin *first*.",
        ),
        Misconception(
            "middle_of_the_bin",
            {"confidences[inside].mean()": "(low + high) / 2"},
            says="the middle of the bin stands for its confidences",
            hint="The mean of the confidences that are really in the bin is asked for.",
        ),
        Misconception(
            "border_above",
            {"confidences > low": "confidences >= low",
             "confidences <= high": "confidences < high"},
            says="a confidence on a border falls into the bin above, and that of 1 into none",
            hint="A bin holds its upper border and not its lower one.",
        ),
        Misconception(
            "borders_twice",
            {"confidences > low": "confidences >= low"},
            says="a confidence on a border falls into two bins",
            hint="One of the two comparisons must leave the border out.",
        ),
        Misconception(
            "borders_never",
            {"confidences <= high": "confidences < high"},
            says="a confidence on a border, such as 1, falls into no bin",
            hint="A bin holds its upper border.",
        ),
        Misconception(
            "one_bin",
            {"confidences[inside].mean()": "confidences.mean()",
             "is_right[inside]": "is_right"},
            says="the means run over all answers in every bin",
            hint="Take out the answers of the bin: `confidences[inside]`.",
        ),
        Misconception(
            "empty_bins_count",
            {"if inside.any():": "if True:"},
            says="the mean of an empty bin, NaN, is added",
            hint="Pass over bins without answers.",
        ),
        Misconception(
            "first_bin_left_out",
            {"range(n_bins)": "range(1, n_bins)"},
            says="the first bin is left out",
            hint="The first bin begins at 0.",
        ),
    ],
)  # fmt: skip


def n_full(confidences: Tensor, n_bins: int) -> int:
    """Bins that hold answers."""
    return len((confidences * n_bins).ceil().unique())
