"""12.3 The balance loss."""

import torch
from torch import Tensor

from llama_edu.course.checking.draw import randn
from llama_edu.course.checking.questions import Misconception, Question
from llama_edu.model import moe


def balance_loss(scores: Tensor) -> Tensor:
    return moe.balance_loss(moe.route(scores, 1, "softmax"))


def balance_loss_cases(generator):
    yield {"scores": randn(generator, 3, 2)}
    yield {"scores": 2 * randn(generator, 7, 4)}
    yield {"scores": randn(generator, 5, 3) + torch.tensor([0.0, 3.0, 0.0])}  # one takes nearly all
    yield {"scores": 300 * randn(generator, 6, 5)}  # sure of itself: exp would overflow
    yield {"scores": randn(generator, 1, 4)}
    yield {"scores": 10 * torch.eye(4)[torch.randperm(4, generator=generator)]}  # even: 1


BALANCE_LOSS = Question(
    "experts.balance_loss",
    points=3,
    cases=balance_loss_cases,
    reference=balance_loss,
    rtol=1e-5,
    equivalent_mutants={
        "n_experts = scores.shape[-1] -> n_experts = scores.shape[1]": "scores have two dimensions",
        "loads = F.one_hot(scores.argmax(-1), n_experts).float().mean(0) -> "
        "loads = F.one_hot(scores.argmax(1), n_experts).float().mean(0)": "they have two",
        "means = scores.softmax(-1).mean(0) -> means = scores.softmax(1).mean(0)": "they have two",
    },
    misconceptions=[
        Misconception(
            "no_factor",
            {"n_experts * (loads": "(loads"},
            says="the factor E is missing, or the mean over experts is taken in place of the sum",
            hint="With it an even load gives 1 for any number of experts.",
        ),
        Misconception(
            "tokens_for_experts",
            {"n_experts * (loads": "len(scores) * (loads"},
            says="the factor is the number of tokens",
            hint="Twice as many tokens, as evenly shared: should the loss double?",
        ),
        Misconception(
            "multiplied_before_the_mean",
            {
                "return n_experts * (loads * means).sum()": "hot = F.one_hot(scores.argmax(-1), "
                "n_experts)\n    return n_experts * (hot * scores.softmax(-1)).mean(0).sum()"
            },
            says="load and probability are multiplied token by token, and averaged afterwards",
            hint="That only says how sure each token is. Average each of the two over the tokens "
            "first, then multiply.",
        ),
        Misconception(
            "loads_squared",
            {"loads * means": "loads * loads"},
            says="loads are multiplied by themselves, and the probabilities are not used",
            hint="A count has no gradient: such a loss could teach the router nothing.",
        ),
        Misconception(
            "means_squared",
            {"loads * means": "means * means"},
            says="mean probabilities are multiplied by themselves, and the loads are not used",
            hint="f is the share of tokens that *choose* an expert: a count, made by argmax.",
        ),
        Misconception(
            "sums_for_means",
            {"softmax(-1).mean(0)": "softmax(-1).sum(0)"},
            says="loads or probabilities are summed over the tokens instead of averaged",
            hint="An even load must give 1 however many tokens there are.",
        ),
        Misconception(
            "means_over_experts",
            {"float().mean(0)": "float().mean(-1)", "softmax(-1).mean(0)": "softmax(-1).mean(-1)"},
            says="the means run over the experts instead of the tokens",
            hint="A row of probabilities always has the mean 1/E. What is left to learn from it?",
        ),
        Misconception(
            "softmax_over_tokens",
            {"softmax(-1)": "softmax(0)"},
            says="the softmax runs over the tokens instead of the experts",
            hint="Each token hands out a probability of 1 among the experts: rows sum to 1.",
        ),
        Misconception(
            "softmax_of_the_mean",
            {"scores.softmax(-1).mean(0)": "scores.mean(0).softmax(-1)"},
            says="the scores are averaged before the softmax",
            hint="P is a mean of probabilities: softmax first, for each token, then the mean.",
        ),
        Misconception(
            "sigmoids",
            {"scores.softmax(-1)": "scores.sigmoid()"},
            says="the probabilities are sigmoids, which do not sum to 1",
            hint="Here P comes from a softmax over the experts of each token.",
        ),
        Misconception(
            "bare_scores",
            {"scores.softmax(-1)": "scores"},
            says="P is the mean score, without a softmax",
            hint="Scores may be anything; probabilities are positive and sum to 1.",
        ),
        Misconception(
            "largest_for_choice",
            {"scores.argmax(-1)": "scores.argmin(-1)"},
            says="f counts the tokens whose score for an expert is the lowest",
            hint="A token goes to the expert with its highest score.",
        ),
        Misconception(
            "not_summed",
            {"(loads * means).sum()": "(loads * means)"},
            says="the products are returned one by one, not their sum",
            hint="A loss is a single number: sum over the experts.",
        ),
    ],
)
