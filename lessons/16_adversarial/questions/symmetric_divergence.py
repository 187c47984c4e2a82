"""16.5 Symmetric divergence."""

import torch
from torch import Tensor

from llama_edu.course.checking.draw import randn
from llama_edu.course.checking.questions import Misconception, Question
from llama_edu.train import adversarial


def symmetric_divergence(logits: Tensor, other: Tensor) -> Tensor:
    log_p, log_q = logits.log_softmax(dim=-1), other.log_softmax(dim=-1)
    return adversarial.symmetric_divergence(log_p, log_q)


def symmetric_divergence_cases(generator):
    yield {"logits": randn(generator, 1, 3), "other": randn(generator, 1, 3)}
    yield {"logits": 2 * randn(generator, 4, 5), "other": randn(generator, 4, 5)}
    yield {"logits": randn(generator, 3, 3), "other": randn(generator, 3, 3) + 5}
    same = randn(generator, 2, 6)
    yield {"logits": same, "other": same + 0.01 * randn(generator, 2, 6)}
    # Certain answers, which agree in the first row and differ in the second.
    sure = torch.tensor([[200.0, 0.0, -100.0], [0.0, 300.0, 0.0]])
    yield {"logits": sure, "other": sure.roll(1, dims=0) + torch.tensor([[0.0], [150.0]])}


SYMMETRIC_DIVERGENCE = Question(
    "adversarial.symmetric_divergence",
    points=2,
    cases=symmetric_divergence_cases,
    reference=symmetric_divergence,
    rtol=1e-4,  # differences of nearly equal logarithms
    atol=1e-6,
    equivalent_mutants={
        "log_p, log_q = (logits.log_softmax(-1), other.log_softmax(-1)) -> "
        "log_p, log_q = (logits.log_softmax(1), other.log_softmax(-1))": "of two dimensions",
        "log_p, log_q = (logits.log_softmax(-1), other.log_softmax(-1)) -> "
        "log_p, log_q = (logits.log_softmax(-1), other.log_softmax(1))": "of two dimensions",
        "return (forward + backward).sum(-1) -> return (forward + backward).sum(1)": (
            "of two dimensions"
        ),
    },
    misconceptions=[
        Misconception(
            "one_way",
            {"forward + backward": "forward"},
            says="only KL(p || q) is counted",
            hint="Let the two inputs change places: the result must stay the same.",
        ),
        Misconception(
            "other_way",
            {"forward + backward": "backward"},
            says="only KL(q || p) is counted",
            hint="Let the two inputs change places: the result must stay the same.",
        ),
        Misconception(
            "one_way_twice",
            {"forward + backward": "backward + backward"},
            says="KL(q || p) is counted twice",
            hint="In `F.kl_div` the first input is the one that is approximated. Which was it in "
            "each of your two calls?",
        ),
        Misconception(
            "halved",
            {"(forward + backward)": "((forward + backward) / 2)"},
            says="the mean of both directions is taken",
            hint="The sum of both is asked for.",
        ),
        Misconception(
            "probabilities_logged",
            {
                "logits.log_softmax(-1)": "logits.softmax(-1).log()",
                "other.log_softmax(-1)": "other.softmax(-1).log()",
            },
            says="the logarithm is taken of probabilities that are 0 in float32",
            hint="0 times -inf is NaN. There is a function that gives the logarithm without making "
            "the probability first.",
        ),
        Misconception(
            "hidden_by_a_constant",
            {
                "logits.log_softmax(-1)": "(logits.softmax(-1) + 1e-8).log()",
                "other.log_softmax(-1)": "(other.softmax(-1) + 1e-8).log()",
            },
            says="a constant such as 1e-8 is added to the probabilities",
            hint="Where the answers are certain and differ, the divergence is in the hundreds: a "
            "logarithm that cannot fall below that of the constant hides it.",
        ),
        Misconception(
            "over_rows",
            {
                "logits.log_softmax(-1)": "logits.log_softmax(0)",
                "other.log_softmax(-1)": "other.log_softmax(0)",
            },
            says="the softmax runs over the rows",
            hint="Each row is an answer: its probabilities sum to 1.",
        ),
        Misconception(
            "no_softmax",
            {"logits.log_softmax(-1)": "logits", "other.log_softmax(-1)": "other"},
            says="the logits are taken for logarithms of probabilities",
            hint="The exps of a row must sum to 1.",
        ),
        Misconception(
            "not_weighted",
            {"log_p.exp() * ": "", "log_q.exp() * ": ""},
            says="the differences are not weighted with the probabilities",
            hint="Without weights, the two sums cancel out.",
        ),
        Misconception(
            "weighted_with_logarithms",
            {"log_p.exp() *": "log_p *", "log_q.exp() *": "log_q *"},
            says="the differences are weighted with logarithms",
            hint="The weights are the probabilities themselves. Which function undoes a logarithm?",
        ),
        Misconception(
            "not_turned_round",
            {"(log_q - log_p)": "(log_p - log_q)"},
            says="both differences are log p - log q",
            hint="KL(q || p) is the same formula with the two changed everywhere.",
        ),
        Misconception(
            "weights_swapped",
            {"log_p.exp() *": "log_q.exp() *", "log_q.exp() * ": "log_p.exp() * "},
            says="each difference is weighted with the other one's probabilities",
            hint="In KL(p || q) the weights are p, and the difference is log p - log q. The result "
            "must not be negative.",
        ),
        Misconception(
            "summed",
            {".sum(-1)": ".sum()"},
            says="all rows are added up",
            hint="Each row has a divergence of its own.",
        ),
        Misconception(
            "mean_over_answers",
            {".sum(-1)": ".mean(-1)"},
            says="the mean over the answers is taken, not the sum",
            hint="The weights p are shares already: KL is the sum over v.",
        ),
    ],
)
