"""5.4 One head."""

import torch
from torch import Tensor

from llama_edu.course.checking.draw import randn
from llama_edu.course.checking.questions import Misconception, Question
from llama_edu.model import masks
from llama_edu.model.attention import explicit_attention

from .softmax import LIBRARY_ATTENTIONS


def attend(q: Tensor, k: Tensor, v: Tensor, mask: Tensor) -> Tensor:
    """The package's attention, for one head; a query that may see nothing gets zeros."""
    output, _ = explicit_attention(q[None, None], k[None, None], v[None, None], mask)
    return output[0, 0].nan_to_num(0.0)


def attend_cases(generator):
    def tensors(n_queries: int, n_keys: int, d: int, d_value: int) -> dict:
        shapes = {"q": (n_queries, d), "k": (n_keys, d), "v": (n_keys, d_value)}
        return {name: randn(generator, *shape) for name, shape in shapes.items()}

    yield tensors(3, 3, 4, 2) | {"mask": masks.causal(3, 3)}
    yield tensors(4, 6, 8, 5) | {"mask": masks.causal(4, 6)}
    scattered = torch.rand(5, 7, generator=generator) < 0.6
    scattered[:, 0] = True
    yield tensors(5, 7, 4, 3) | {"mask": scattered}
    # Scores in the thousands, as a badly trained model has them: what is hidden stays hidden.
    large = tensors(4, 4, 4, 3) | {"mask": masks.causal(4, 4)}
    large["k"][0] *= 4  # the first query fits its only key worst of all
    # Scores of the third query are hundreds: above -1e4, but below 0.
    lows = -torch.tensor([[900.0], [900.0], [2.0], [900.0]])
    yield large | {"q": lows * large["q"].abs(), "k": 60 * large["k"].abs()}
    blind = masks.causal(4, 4)
    blind[1] = False  # a query with nothing to look at, such as padding
    yield tensors(4, 4, 8, 3) | {"mask": blind}


def renormalised(weights: Tensor) -> Tensor:
    return weights / weights.sum(-1, keepdim=True)


ATTEND = Question(
    "attention.attend",
    points=3,
    cases=attend_cases,
    reference=attend,
    forbids=LIBRARY_ATTENTIONS,
    rtol=1e-4,  # two products in a row, in another order
    equivalent_mutants={
        "fit = q @ k.mT / math.sqrt(q.shape[-1]) -> fit = q @ k.mT / math.sqrt(q.shape[1])": (
            "q has two dimensions"
        ),
        "weights = fit.masked_fill(~mask, -math.inf).softmax(-1) -> "
        "weights = fit.masked_fill(~mask, -math.inf).softmax(1)": "the scores have two dimensions",
        "return weights.nan_to_num(0.0) @ v -> return weights.nan_to_num() @ v": (
            "0 is what nan_to_num puts by default"
        ),
    },
    misconceptions=[
        Misconception(
            "nan_for_blind",
            {".nan_to_num(0.0)": ""},
            says="the weights of a row of nothing but -inf stay NaN, or become NaN again",
            hint="A query that may look at nothing should give zeros: the NaN weights of such a "
            "row must be 0 when they meet v. Dividing by their sum again makes 0/0 of them.",
        ),
        Misconception(
            "finite_fill",
            {"-math.inf": "-1e9"},
            says="a query that may look at nothing looks at everything equally",
            hint="Its weights should be 0, not 1 / S. Hidden scores must be -inf, not a number "
            "such as -1e9, and the NaN that this gives is replaced by 0 after the softmax.",
        ),
        Misconception(
            "small_finite_fill",
            {"-math.inf": "-1e4"},
            says="hidden scores are a moderate negative number such as -1e4",
            hint="Real scores may be lower still, and then what is hidden wins. Only -inf is below "
            "everything.",
        ),
        Misconception(
            "plus_infinity",
            {"-math.inf": "math.inf"},
            says="hidden scores are +inf",
            hint="exp(+inf) is infinite. Which score has exp = 0?",
        ),
        Misconception(
            "zero_fill",
            {"-math.inf": "0.0"},
            says="hidden scores are 0 when the softmax sees them, set so or multiplied by the mask",
            hint="exp(0) = 1: a score of 0 is no weight of 0. Which score has exp = 0?",
        ),
        Misconception(
            "mask_added",
            {"fit.masked_fill(~mask, -math.inf)": "(fit + mask)"},
            says="the boolean mask is added to the scores",
            hint="True counts as 1 and False as 0, so that hidden scores are only lower by 1.",
        ),
        Misconception(
            "mask_after_softmax",
            {"fit.masked_fill(~mask, -math.inf).softmax(-1)": "fit.softmax(-1) * mask"},
            says="the mask comes after the softmax",
            hint="The weights of a row no longer sum to 1: what the hidden keys took is lost. "
            "Hide them before the softmax.",
        ),
        Misconception(
            "renormalised_after_mask",
            {
                "fit.masked_fill(~mask, -math.inf).softmax(-1)": (
                    "renormalised(fit.softmax(-1) * mask)"
                )
            },
            says="the mask comes after the softmax, and each row is divided by what is left",
            hint="Where the hidden keys took all the weight, nothing is left for those that may be "
            "seen: 0/0. Hide before the softmax.",
        ),
        Misconception(
            "mask_inverted",
            {"~mask": "mask"},
            says="what the mask allows is hidden, and what it hides is shown",
            hint="True means *may look*; `masked_fill` fills where its mask is True.",
        ),
        Misconception(
            "no_mask",
            {".masked_fill(~mask, -math.inf)": ""},
            says="the mask is not used",
            hint="Scores where the mask is False must not take part in the softmax. "
            "`masked_fill` makes a new tensor and leaves the old one as it is: what becomes of it?",
        ),
        Misconception(
            "over_queries",
            {"softmax(-1)": "softmax(-2)"},
            says="the softmax runs over the queries instead of the keys",
            hint="Each query hands out a total weight of 1 among the keys: rows sum to 1.",
        ),
        Misconception(
            "no_scale",
            {" / math.sqrt(q.shape[-1])": ""},
            says="the scores are not scaled",
            hint="Question 5.1: divide by the square root of d.",
        ),
        Misconception(
            "scale_by_width",
            {"math.sqrt(q.shape[-1])": "q.shape[-1]"},
            says="the scores are divided by d",
            hint="Question 5.1: divide by the square root of d.",
        ),
        Misconception(
            "scale_by_values",
            {"q.shape[-1]": "v.shape[-1]"},
            says="the scale is the square root of the width of v",
            hint="How many numbers are multiplied and added up in one q·k?",
        ),
        Misconception(
            "weights_alone",
            {" @ v": ""},
            says="the weights are returned, before they meet v",
            hint="What a query takes away is the values, mixed by its weights.",
        ),
    ],
)
