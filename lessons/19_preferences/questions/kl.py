"""19.6 KL from samples."""

import torch
from torch import Generator, Tensor

from llama_edu.course.checking.draw import randn
from llama_edu.course.checking.questions import Misconception, Question


def kl(policy: Tensor, reference: Tensor, is_answer: Tensor) -> Tensor:
    total = 0.0
    for p, q, own in zip(policy, reference, is_answer, strict=True):
        total += p[own].sum() - q[own].sum()
    return total / len(policy)


def kl_cases(generator: Generator):
    def case(*counts: str, filler: float | None = None) -> dict:
        own = torch.tensor([[c == "x" for c in row] for row in counts])
        # Answers of the policy's own are mostly likelier under it, not each token of them.
        policy = -randn(generator, *own.shape).abs()
        reference = policy - (0.8 + 0.7 * randn(generator, *own.shape)).clamp(min=policy)
        if filler is not None:
            policy, reference = (x.masked_fill(~own, filler) for x in (policy, reference))
        return {"policy": policy, "reference": reference, "is_answer": own}

    yield {"policy": torch.tensor([[-1.0, -2.0, -7.0], [-1.0, -1.0, -2.0]]),
           "reference": torch.tensor([[-2.0, -4.0, -5.0], [-1.0, -3.0, -1.0]]),
           "is_answer": torch.tensor([[True, True, False], [True, True, True]])}  # fmt: skip
    yield case("x", "x", "x")
    yield case("xx..", "x...", "xxxx")
    yield case("xxx", "xx.", "x..", "xx.", "xxx")
    yield case("xxxxx.")
    yield case("x..", "xxx", filler=-torch.inf)  # less itself it is NaN
    few = case("xx.....", "x......")  # so few answers may also give less than 0
    yield few | {"policy": few["reference"], "reference": few["policy"]}


APART, RESULT = "torch.where(is_answer, policy - reference, 0.0)", "apart.sum(-1).mean()"
IS_LAST = "of two dimensions the second is the last"

KL = Question(
    "preferences.kl",
    points=3,
    cases=kl_cases,
    reference=kl,
    equivalent_mutants={
        f"return {RESULT} -> return apart.sum(1).mean()": IS_LAST,
    },
    misconceptions=[
        Misconception(
            "other_way_round",
            {"policy - reference": "reference - policy"},
            says="policy and reference have changed places",
            hint="The answers are the policy's own, which it finds likelier than the reference "
            "does. Which sign should the mean have?",
        ),
        Misconception(
            "mean_over_tokens",
            {RESULT: "apart.sum() / is_answer.sum()"},
            says="the mean over all tokens is given",
            hint="That is nats a *token*. Asked for is the mean over whole answers.",
        ),
        Misconception(
            "mean_of_means",
            {RESULT: "(apart.sum(-1) / is_answer.sum(-1)).mean()"},
            says="each answer's sum is divided by its length",
            hint="An answer is as probable as all its tokens together: sum, and do not divide.",
        ),
        Misconception(
            "divided_by_everything",
            {RESULT: "apart.mean()"},
            says="the sum is divided by N times T",
            hint="How many *answers* are there? Divide by them alone.",
        ),
        Misconception(
            "divided_by_places",
            {RESULT: "apart.sum(0).mean()"},
            says="the sum is divided by T",
            hint="How many *answers* are there? Divide by them alone.",
        ),
        Misconception(
            "sum",
            {RESULT: "apart.sum()"},
            says="the answers are added up",
            hint="Twice as many samples should not double the distance.",
        ),
        Misconception(
            "filling_counts",
            {APART: "policy - reference"},
            says="places that only fill rows up count",
            hint="Which numbers are no part of any answer?",
        ),
        Misconception(
            "nan_times_zero",
            {APART: "(policy - reference) * is_answer"},
            says="what fills a row up is multiplied by 0, and NaN stays NaN",
            hint="0 times NaN is NaN. Choose with `torch.where`, do not multiply.",
        ),
        Misconception(
            "one_for_each",
            {RESULT: "apart.sum(-1)"},
            says="one number for each answer is given",
            hint="Asked for is the mean over the answers.",
        ),
        Misconception(
            "weighted_again",
            {"policy - reference": "policy.exp() * (policy - reference)"},
            says="each difference is multiplied by its probability",
            hint="That is for a list of all answers. Here the drawing has done the weighting.",
        ),
        Misconception(
            "absolute",
            {"policy - reference": "(policy - reference).abs()"},
            says="differences count without their sign",
            hint="Single tokens may be likelier under the reference. They count against.",
        ),
        Misconception(
            "squared",
            {"policy - reference": "(policy - reference) ** 2 / 2"},
            says="half the squared differences are summed",
            hint="That is another estimate. Here, take the plain difference.",
        ),
        Misconception(
            "never_below_zero",
            {"policy - reference": "(reference - policy).exp() - 1 - (reference - policy)"},
            says="each token is given q / p - 1 - ln (q / p)",
            hint="That is another estimate (lesson 20). Here, take the plain difference.",
        ),
        Misconception(
            "probabilities",
            {"policy - reference": "policy.exp() - reference.exp()"},
            says="probabilities are compared, and not their logarithms",
            hint="The divergence has the logarithm of a ratio.",
        ),
        Misconception(
            "policy_alone",
            {"policy - reference": "policy"},
            says="the reference is not used",
            hint="That is the negative entropy. How far from *what* is asked for?",
        ),
        Misconception(
            "mask_turned_round",
            {APART: "torch.where(is_answer, 0.0, policy - reference)"},
            says="just the places that fill rows up count",
            hint="`torch.where(c, a, b)` takes a where c is True. Which one do you want there?",
        ),
    ],
)
