"""19.4 The best policy."""

import torch
from torch import Generator

from llama_edu.course.checking.draw import randn
from llama_edu.course.checking.questions import Misconception, Question
from llama_edu.finetune.preference import best_policy


def best_cases(generator: Generator):
    def case(n_prompts: int, n_answers: int, beta: float) -> dict:
        reference = randn(generator, n_prompts, n_answers).log_softmax(-1)
        rewards = randn(generator, n_prompts, n_answers)
        return {"reference": reference, "rewards": rewards, "beta": beta}

    yield {"reference": torch.tensor([[0.25, 0.75]]).log(), "rewards": torch.tensor([[1.0, 0.0]]),
           "beta": 0.5}  # fmt: skip
    yield case(1, 3, 2.0)
    yield case(2, 3, 0.5)
    yield case(3, 5, 0.1)
    yield case(4, 2, 10.0)
    yield case(2, 4, 0.005)  # exp(reward / beta) is too large for float32
    level = case(2, 3, 0.7)
    yield level | {"rewards": torch.ones(2, 3)}  # no answer is better: nothing changes


SCORES = "reference + rewards / beta"
IS_LAST = "of two dimensions the second is the last"

BEST = Question(
    "preferences.best",
    points=2,
    cases=best_cases,
    reference=best_policy,
    equivalent_mutants={
        "return scores.log_softmax(-1) -> return scores.log_softmax(1)": IS_LAST,
    },
    misconceptions=[
        Misconception(
            "no_reference",
            {SCORES: "rewards / beta"},
            says="the reference is not used",
            hint="An answer that the reference hardly ever gives should stay less likely.",
        ),
        Misconception(
            "multiplied",
            {SCORES: "reference + rewards * beta"},
            says="rewards are multiplied by beta",
            hint="A *small* beta should follow the rewards more closely.",
        ),
        Misconception(
            "no_beta",
            {SCORES: "reference + rewards"},
            says="beta is not used",
            hint="Where does the formula have it?",
        ),
        Misconception(
            "all_divided",
            {SCORES: "(reference + rewards) / beta"},
            says="the reference is divided by beta as well",
            hint="Only the reward stands over beta. What if all rewards are 0?",
        ),
        Misconception(
            "product_with_log",
            {SCORES: "reference * (rewards / beta)"},
            says="log-probabilities are multiplied with rewards",
            hint="What does the logarithm make of a product?",
        ),
        Misconception(
            "taken_for_probabilities",
            {SCORES: "reference * torch.exp(rewards / beta)",
             "scores.log_softmax(-1)": "(scores / scores.sum(-1, keepdim=True)).log()"},
            says="log-probabilities are put into the formula as if they were probabilities",
            hint="You have the logarithm of the reference. What is that of the whole product?",
        ),
        Misconception(
            "formula_as_it_stands",
            {SCORES: "reference * torch.exp(rewards / beta)", "scores.log_softmax(-1)": "scores"},
            says="log-probabilities are multiplied with exp, and nothing is made to sum to 1",
            hint="You have the logarithm of the reference. What is that of the whole product?",
        ),
        Misconception(
            "reward_taken_off",
            {SCORES: "reference - rewards / beta"},
            says="answers with a greater reward become less likely",
            hint="Which sign has the reward in the exponent?",
        ),
        Misconception(
            "not_normalised",
            {"scores.log_softmax(-1)": "scores"},
            says="the probabilities do not sum to 1",
            hint="The formula says *in proportion to*. What is still to be done?",
        ),
        Misconception(
            "probabilities",
            {"scores.log_softmax(-1)": "scores.softmax(-1)"},
            says="probabilities are given, and not their logarithms",
            hint="Asked for are log-probabilities.",
        ),
        Misconception(
            "over_prompts",
            {"scores.log_softmax(-1)": "scores.log_softmax(0)"},
            says="the probabilities of one answer over all prompts sum to 1",
            hint="Each prompt has a distribution over its own K answers.",
        ),
        Misconception(
            "overflow",
            {"scores.log_softmax(-1)": "(scores.exp() / scores.exp().sum(-1, keepdim=True)).log()"},
            says="exp of the scores is too large for float32, or too small",
            hint="Stay with logarithms: there is a function that never leaves them.",
        ),
        Misconception(
            "logarithm_of_softmax",
            {"scores.log_softmax(-1)": "scores.softmax(-1).log()"},
            says="the logarithm is taken after the softmax, which has become 0",
            hint="One function does both steps, and never meets the 0.",
        ),
        Misconception(
            "probabilities_that_overflow",
            {"scores.log_softmax(-1)": "scores.exp() / scores.exp().sum(-1, keepdim=True)"},
            says="probabilities are given, not logarithms, and exp is too large for some",
            hint="Stay with logarithms: there is a function that never leaves them.",
        ),
        Misconception(
            "over_everything",
            {"scores.log_softmax(-1)": "scores - scores.logsumexp((0, 1))"},
            says="the probabilities of all prompts together sum to 1",
            hint="Each prompt has a distribution over its own K answers.",
        ),
        Misconception(
            "divided_by_the_sum",
            {"scores.log_softmax(-1)": "scores / scores.sum(-1, keepdim=True)"},
            says="scores are divided by their sum, as if they were probabilities",
            hint="Scores are logarithms here. What has to be subtracted from a logarithm?",
        ),
    ],
)  # fmt: skip
