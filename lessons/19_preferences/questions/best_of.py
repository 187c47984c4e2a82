"""19.5 The best of K."""

import torch
from torch import Generator, Tensor

from llama_edu.course.checking.draw import randn
from llama_edu.course.checking.questions import Misconception, Question


def best_of(rewards: Tensor, truths: Tensor, k: int) -> tuple[Tensor, Tensor]:
    kept = []
    for row, truth in zip(rewards.tolist(), truths.tolist(), strict=True):
        place = max(range(k), key=row.__getitem__)
        kept.append((row[place], truth[place]))
    reward, truth = torch.tensor(kept).mean(0)
    return reward, truth


def best_of_cases(generator: Generator):
    def case(n_prompts: int, n_answers: int, k: int) -> dict:
        rewards = randn(generator, n_prompts, n_answers)
        truths = (randn(generator, n_prompts, n_answers) > 0).float()
        truths[0, :2] = torch.tensor([1.0, 0.0])
        return {"rewards": rewards, "truths": truths, "k": k}

    yield {"rewards": torch.tensor([[1.0, 3.0, 5.0], [2.0, -1.0, 0.0]]),
           "truths": torch.tensor([[0.0, 1.0, 0.0], [0.0, 1.0, 1.0]]), "k": 2}  # fmt: skip
    yield case(2, 4, 1)
    yield case(3, 5, 5)
    yield case(4, 3, 2)
    yield case(7, 8, 4)
    below = case(3, 6, 3)
    yield below | {"rewards": -below["rewards"].abs() - 1}  # no reward is above 0
    yield case(1, 7, 3)


CUT, PLACES = "rewards[:, :k]", "rewards[:, :k].argmax(-1)"
REWARD, TRUTH = "rewards[rows, places].mean()", "truths[rows, places].mean()"
IS_LAST = "of two dimensions the second is the last"

BEST_OF = Question(
    "preferences.best_of",
    points=3,
    cases=best_of_cases,
    reference=best_of,
    equivalent_mutants={
        f"places = {PLACES} -> places = rewards[:, :k].argmax(1)": IS_LAST,
        "rows = torch.arange(len(rewards)) -> rows = torch.arange(len(truths))": (
            "both tables have a row for each prompt"
        ),
    },
    misconceptions=[
        Misconception(
            "best_truth",
            {TRUTH: "truths[:, :k].max(-1).values.mean()"},
            says="the truth is that of the truest answer of the k",
            hint="Who chooses knows the rewards alone. Which answer's truth is asked for?",
        ),
        Misconception(
            "truth_of_whole_columns",
            {TRUTH: "truths[:, places].mean()"},
            says="the truth is taken from whole columns, for all prompts at once",
            hint="Pick one number from each row of the truths, each with its own place.",
        ),
        Misconception(
            "truth_of_the_k",
            {TRUTH: "truths[:, :k].mean()"},
            says="the truth is the mean over all of the first k answers",
            hint="Only one answer of each prompt is kept. How true is that one?",
        ),
        Misconception(
            "truth_of_all",
            {TRUTH: "truths.mean()"},
            says="the truth is the mean over all answers",
            hint="Only one answer of each prompt is kept. How true is that one?",
        ),
        Misconception(
            "all_answers",
            {CUT: "rewards"},
            says="the best of all answers is taken, not of the first k",
            hint="Which columns may be looked at?",
        ),
        Misconception(
            "last_k",
            {PLACES: "rewards.shape[1] - k + rewards[:, -k:].argmax(-1)"},
            says="the best of the last k is taken",
            hint="Answers stand in the order in which they were drawn. Take the first ones.",
        ),
        Misconception(
            "rows_cut",
            {PLACES: "rewards[:k].argmax(-1)", "arange(len(rewards))": "arange(len(rewards[:k]))"},
            says="the first k prompts are taken",
            hint="Rows are prompts, columns are answers. Which of the two do you cut?",
        ),
        Misconception(
            "worst",
            {"argmax": "argmin"},
            says="the answer with the least reward is kept",
            hint="The reward model likes an answer with a *great* reward.",
        ),
        Misconception(
            "one_for_all",
            {PLACES: "rewards[:, :k].mean(0).argmax().expand(len(rewards))"},
            says="the same column is kept for every prompt",
            hint="Each prompt has its own best answer.",
        ),
        Misconception(
            "whole_columns",
            {REWARD: "rewards[:, places].mean()", TRUTH: "truths[:, places].mean()"},
            says="whole columns are picked, for all prompts at once",
            hint="Pick one number from each row, each with its own place.",
        ),
        Misconception(
            "whole_rows",
            {REWARD: "rewards[places].mean()", TRUTH: "truths[places].mean()"},
            says="the places are used as numbers of rows",
            hint="A place is a column. Say the row too: `x[rows, places]`.",
        ),
        Misconception(
            "sum",
            {REWARD: "rewards[rows, places].sum()", TRUTH: "truths[rows, places].sum()"},
            says="the sums over prompts are given",
            hint="Asked for are means.",
        ),
        Misconception(
            "one_more",
            {":k]": ":k + 1]"},
            says="k + 1 answers are looked at",
            hint="`x[:k]` has k numbers already.",
        ),
        Misconception(
            "truth_first",
            {f"{REWARD}, {TRUTH}": f"{TRUTH}, {REWARD}"},
            says="truth and reward have changed places",
            hint="Which of the two is asked for first?",
        ),
        Misconception(
            "chosen_by_truth",
            {PLACES: "truths[:, :k].argmax(-1)"},
            says="the answer is chosen by its truth",
            hint="The truth is not known to who chooses.",
        ),
        Misconception(
            "mean_of_the_k",
            {REWARD: "rewards[:, :k].mean()", TRUTH: "truths[:, :k].mean()"},
            says="both means run over all of the first k answers",
            hint="Only the best of them is kept.",
        ),
        Misconception(
            "best_k",
            {REWARD: "rewards.topk(k, -1).values.mean()",
             TRUTH: "truths.gather(1, rewards.topk(k, -1).indices).mean()"},
            says="the mean over the k best answers is taken",
            hint="k is the number of answers to choose *from*. How many are kept?",
        ),
    ],
)  # fmt: skip
