"""20.4 The KL penalty."""

import torch

from llama_edu.course.checking.draw import randn, whole
from llama_edu.course.checking.questions import Misconception, Question
from llama_edu.finetune.reinforce import objective


def kl_estimate_cases(generator):
    def case(n_answers: int, n_tokens: int, far: float) -> dict:
        log_probs = -2 * torch.rand(n_answers, n_tokens, generator=generator) - far - 0.1
        away = far * randn(generator, n_answers, n_tokens).clamp(-1, 1)
        return {"log_probs": log_probs, "reference": log_probs + away}

    half = torch.tensor([[0.5, 0.25]]).log()
    yield {"log_probs": half, "reference": (half.exp() * whole(generator, 2, 9) / 10).log()}
    yield {"log_probs": half, "reference": half}
    yield case(2, 3, 1.0)
    yield case(3, 5, 2.0)
    yield case(4, 2, 0.3)


LOG_RATIO, VALUE = "reference - log_probs", "log_ratio.exp() - 1 - log_ratio"

KL_ESTIMATE = Question(
    "reinforcement.kl_estimate",
    points=2,
    cases=kl_estimate_cases,
    reference=objective.kl_estimate,
    misconceptions=[
        Misconception(
            "turned_round",
            {LOG_RATIO: "log_probs - reference"},
            says="model and reference have changed places: p / q instead of q / p",
            hint="The tokens were drawn by the model, and it stands below in the fraction.",
        ),
        Misconception(
            "plain_difference",
            {VALUE: "-log_ratio"},
            says="only the difference of the logarithms is given",
            hint="Its mean is right, but single values fall below 0. Which two terms are missing?",
        ),
        Misconception(
            "difference_the_other_way",
            {VALUE: "log_ratio"},
            says="only ln (q / p) is given",
            hint="The formula has three terms.",
        ),
        Misconception(
            "without_sign",
            {VALUE: "log_ratio.abs()"},
            says="the difference of the logarithms is given without its sign",
            hint="Never below 0, but not the formula: it has three terms.",
        ),
        Misconception(
            "half_the_square",
            {VALUE: "log_ratio**2 / 2"},
            says="half the square of the logarithm is given",
            hint="That is another estimate, near this one for small steps. Write the three terms.",
        ),
        Misconception(
            "one_forgotten",
            {VALUE: "log_ratio.exp() - log_ratio"},
            says="the 1 is not taken off",
            hint="Where both are equal, q / p is 1, and the estimate should be 0.",
        ),
        Misconception(
            "logarithm_added",
            {VALUE: "log_ratio.exp() - 1 + log_ratio"},
            says="the logarithm is added instead of taken off",
            hint="With a plus it falls below 0 where q is smaller than p.",
        ),
        Misconception(
            "one_added",
            {VALUE: "log_ratio.exp() + 1 - log_ratio"},
            says="1 is added instead of taken off",
            hint="Where both are equal the estimate should be 0.",
        ),
        Misconception(
            "logarithm_forgotten",
            {VALUE: "log_ratio.exp() - 1"},
            says="the logarithm is left out",
            hint="The formula has three terms.",
        ),
        Misconception(
            "weighed_by_the_chance",
            {VALUE: "-log_ratio * log_probs.exp()"},
            says="each difference is weighed with the probability of its token",
            hint="The tokens were sampled: likely ones come more often already.",
        ),
        Misconception(
            "kl_div_of_torch",
            {VALUE: "log_ratio * reference.exp()"},
            says="each difference is weighed with the reference's probability, as `F.kl_div` does",
            hint="That is for all tokens of a vocabulary. Yours are sampled: take the formula.",
        ),
        Misconception(
            "turned_to_the_other_sign",
            {f"return {VALUE}": f"return -({VALUE})"},
            says="all has the other sign",
            hint="A distance is never below 0.",
        ),
        Misconception(
            "mean",
            {f"return {VALUE}": f"return ({VALUE}).mean()"},
            says="one mean is given for all tokens",
            hint="Each token has its own estimate: (B, T) in, (B, T) out.",
        ),
        Misconception(
            "of_each_answer",
            {f"return {VALUE}": f"return ({VALUE}).sum(-1)"},
            says="one sum is given for each answer",
            hint="Each token has its own estimate: (B, T) in, (B, T) out.",
        ),
        Misconception(
            "probabilities_subtracted",
            {LOG_RATIO: "reference.exp() - log_probs.exp()"},
            says="the probabilities are subtracted, not their logarithms",
            hint="What you have are logarithms already: what is the logarithm of a quotient?",
        ),
        Misconception(
            "ratio_of_logarithms",
            {LOG_RATIO: "reference / log_probs"},
            says="the logarithms are divided by each other",
            hint="The logarithm of a quotient is a difference of logarithms.",
        ),
        Misconception(
            "taken_for_probabilities",
            {VALUE: "(reference / log_probs) - 1 - (reference / log_probs).log()"},
            says="the logarithms are put into the formula as if they were p and q",
            hint="What you have is ln p and ln q. How do they give ln (q / p), and that q / p?",
        ),
    ],
)  # fmt: skip
