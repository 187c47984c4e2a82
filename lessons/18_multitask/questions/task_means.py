"""18.2 A mean loss for each task."""

import torch
from torch import Generator, Tensor

from llama_edu.course.checking.draw import randn
from llama_edu.course.checking.questions import Misconception, Question


def task_means(losses: Tensor, targets: Tensor, tasks: Tensor, n_tasks: int) -> Tensor:
    counts = (targets != -100).float()
    sums, numbers = torch.zeros(2, n_tasks)
    sums = sums.index_add(0, tasks, (losses * counts).sum(1))
    numbers = numbers.index_add(0, tasks, counts.sum(1))
    return sums / numbers.clamp(min=1)


def task_means_cases(generator: Generator):
    def case(tasks: list[int], n_tokens: int, n_tasks: int, share: float = 0.5) -> dict:
        shape = (len(tasks), n_tokens)
        targets = torch.randint(0, 50, shape, generator=generator)  # 0 is a token like others
        counts = torch.rand(shape, generator=generator) < share
        counts[:, -1] = True
        return {"losses": randn(generator, *shape).abs(), "targets": targets.where(counts, -100),
                "tasks": torch.tensor(tasks), "n_tasks": n_tasks}  # fmt: skip

    yield {"losses": torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]]),
           "targets": torch.tensor([[-100, -100, 5], [-100, 0, 3], [2, 7, 1]]),
           "tasks": torch.tensor([0, 1, 0]), "n_tasks": 2}  # fmt: skip
    yield case([0, 1, 1], 3, 2)
    yield case([2, 0, 1, 0, 2], 4, 3)
    yield case([1, 0, 1, 1, 0, 1], 7, 2, share=0.3)
    yield case([0, 2], 3, 4)  # no example of tasks 1 and 3
    silent = case([0, 1, 2], 3, 3)
    silent["targets"][1] = -100  # an example of which no token counts
    yield silent
    yield case([0, 0], 5, 1)


def by_occurring(losses: Tensor, targets: Tensor, tasks: Tensor, n_tasks: int) -> Tensor:
    return task_means(losses, targets, tasks, n_tasks)[tasks.unique()]


def by_last_row(losses: Tensor, targets: Tensor, tasks: Tensor, n_tasks: int) -> Tensor:
    means = torch.zeros(n_tasks)
    for b, task in enumerate(tasks):
        means[task] = losses[b][targets[b] != -100].mean()
    return means


MEAN = "losses[mine].mean()"
MINE = "counts & (tasks == task)[:, None]"

TASK_MEANS = Question(
    "multitask.task_means",
    points=2,
    cases=task_means_cases,
    reference=task_means,
    equivalent_mutants={
        "for task in range(n_tasks): -> for task in range(n_tasks + 1):": (
            "no row is of a task with that number"
        ),
    },
    misconceptions=[
        Misconception(
            "ignored_counted",
            {MINE: "(tasks == task)[:, None].expand_as(losses)"},
            says="tokens whose target is -100 count too",
            hint="-100 marks questions and padding. Which tokens should a mean leave out?",
        ),
        Misconception(
            "zeros_counted",
            {MEAN: "(losses * mine)[tasks == task].mean()"},
            says="tokens that do not count are put to 0 and still divide the sum",
            hint="The losses are right, their number is not: how many tokens count?",
        ),
        Misconception(
            "mean_of_means",
            {MEAN: "torch.stack([losses[b][mine[b]].mean() for b in range(len(mine)) "
                   "if mine[b].any()]).mean()"},
            says="the mean of the rows' means is taken",
            hint="A row of one token then weighs as much as a row of ten. Divide once, at the end.",
        ),
        Misconception(
            "divided_by_rows",
            {MEAN: "losses[mine].sum() / (tasks == task).sum()"},
            says="the sum is divided by the number of rows",
            hint="The result is to be in nats a token. How many tokens of the task count?",
        ),
        Misconception(
            "divided_by_all",
            {MEAN: "losses[mine].sum() / counts.sum()"},
            says="each task's sum is divided by the tokens of all tasks",
            hint="Then a rare task seems to lose little. Whose tokens belong below its sum?",
        ),
        Misconception(
            "sum",
            {MEAN: "losses[mine].sum()"},
            says="the losses are added and not divided",
            hint="A mean: how many tokens did you add up?",
        ),
        Misconception(
            "one_for_all",
            {MINE: "counts"},
            says="every task gets the mean over all of them",
            hint="Which rows belong to the task whose turn it is?",
        ),
        Misconception(
            "token_zero_ignored",
            {"targets != -100": "targets > 0"},
            says="the token 0 does not count",
            hint="Token 0 is a token like any other. Which value alone marks what is left out?",
        ),
        Misconception(
            "the_others_counted",
            {"targets != -100": "targets == -100"},
            says="just the tokens that should not count do",
            hint="Which side of `!=` and `==` holds the answers?",
        ),
        Misconception(
            "nan_for_none",
            {"if mine.any():": "if True:"},
            says="a task of which no token counts gets NaN",
            hint="0 divided by 0 is NaN. What should stand there instead?",
        ),
        Misconception(
            "last_row_only",
            {MINE: "counts & ((tasks == task) & (torch.arange(len(tasks)) == len(tasks) - 1 "
             "- (tasks == task).flip(0).int().argmax()))[:, None]"},
            says="a later row of the same task replaces what an earlier one gave",
            hint="Several rows may be of one task: all their tokens belong into its mean.",
        ),
        Misconception(
            "sum_of_means",
            {MEAN: "torch.stack([losses[b][mine[b]].mean() for b in range(len(mine)) "
                   "if mine[b].any()]).sum()"},
            says="the means of the task's rows are added",
            hint="One mean for each task: add up all its tokens, and divide once, at the end.",
        ),
        Misconception(
            "divided_by_everything",
            {MEAN: "(losses * mine).mean()"},
            says="each task's sum is divided by the size of the whole batch",
            hint="Padding and other tasks are no part of its mean. How many tokens of it count?",
        ),
        Misconception(
            "tasks_that_occur",
            by_occurring,
            says="a task of which the batch has no row is missing from the result",
            hint="There are n_tasks numbers, whether or not the batch has examples of each task.",
        ),
        Misconception(
            "last_row_or_nan",
            by_last_row,
            says="each row replaces its task's mean, and a row without tokens gives NaN",
            hint="Several rows may be of one task: all their tokens belong into its mean.",
        ),
    ],
)  # fmt: skip
