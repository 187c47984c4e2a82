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
    large = tensors(4, 4, 16, 3) | {"mask": masks.causal(4, 4)}
    large["k"][0] *= 4  # the first query fits its only key worst of all
    # Scores of the third query are hundreds: above -1e4, but below 0.
    lows = -torch.tensor([[900.0], [900.0], [2.0], [900.0]])
    yield large | {"q": lows * large["q"].abs(), "k": 60 * large["k"].abs()}
    blind = masks.causal(4, 4)
    blind[1] = False  # a query with nothing to look at, such as padding
    yield tensors(4, 4, 8, 3) | {"mask": blind}


def masked_attention(
    fill: float = -torch.inf,
    scale=lambda d: d**-0.5,
    dim: int = -1,
    invert: bool = False,
    blind: float = 0.0,
):
    """Variants of the right answer: a weight that is NaN becomes `blind`."""

    def attend_with(q: Tensor, k: Tensor, v: Tensor, mask: Tensor) -> Tensor:
        hidden = mask if invert else ~mask
        scores = (q @ k.mT * scale(q.shape[-1])).masked_fill(hidden, fill)
        return scores.softmax(dim).nan_to_num(blind) @ v

    return attend_with


def mask_after_softmax(q: Tensor, k: Tensor, v: Tensor, mask: Tensor) -> Tensor:
    return ((q @ k.mT * q.shape[-1] ** -0.5).softmax(-1) * mask) @ v


def renormalised_after_mask(blind: float):
    def attend_with(q: Tensor, k: Tensor, v: Tensor, mask: Tensor) -> Tensor:
        weights = (q @ k.mT * q.shape[-1] ** -0.5).softmax(-1) * mask
        return (weights / weights.sum(-1, keepdim=True)).nan_to_num(blind) @ v

    return attend_with


def minus_infinity_after_softmax(q: Tensor, k: Tensor, v: Tensor, mask: Tensor) -> Tensor:
    return (q @ k.mT * q.shape[-1] ** -0.5).softmax(-1).masked_fill(~mask, -torch.inf) @ v


def masked_weights(q: Tensor, k: Tensor, mask: Tensor, blind: float) -> Tensor:
    fit = (q @ k.mT * q.shape[-1] ** -0.5).masked_fill(~mask, -torch.inf)
    return fit.softmax(-1).nan_to_num(blind)


def scaled_by(size, slip: str, hint: str) -> list[Misconception]:
    """A wrong scale, with what sees nothing made 0 and without: two mistakes, each for itself."""

    def attend_with(blind: float):
        def attend(q: Tensor, k: Tensor, v: Tensor, mask: Tensor) -> Tensor:
            scale = q.shape[-1] ** 0.5 / size(q, k, v) ** 0.5
            return masked_weights(q * scale, k, mask, blind) @ v

        return attend

    name = f"scale_by_{slip.replace(' ', '_')}"
    says = f"the scale is the square root of the {slip}"
    return [
        Misconception(name, attend_with(0.0), says, hint),
        Misconception(
            f"nan_and_{name}",
            attend_with(torch.nan),
            f"{says}, and the softmax of nothing but -inf is NaN",
            f"{hint} And a query that may look at nothing should give zeros.",
        ),
    ]


def mask_added(q: Tensor, k: Tensor, v: Tensor, mask: Tensor) -> Tensor:
    return (q @ k.mT * q.shape[-1] ** -0.5 + mask).softmax(-1) @ v


def no_mask_no_scale(q: Tensor, k: Tensor, v: Tensor, mask: Tensor) -> Tensor:
    return (q @ k.mT).softmax(-1) @ v


def no_mask(q: Tensor, k: Tensor, v: Tensor, mask: Tensor) -> Tensor:
    return (q @ k.mT * q.shape[-1] ** -0.5).softmax(-1) @ v


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
            masked_attention(blind=torch.nan),
            says="the weights of a row of nothing but -inf are NaN, from the softmax or from a "
            "division after it",
            hint="A query that may look at nothing should give zeros: the NaN weights of such a "
            "row must be 0 when they meet v. Are they replaced, and then divided by their sum? "
            "That is 0/0, a new NaN, and softmax has divided already.",
        ),
        Misconception(
            "nan_and_no_scale",
            masked_attention(scale=lambda d: 1.0, blind=torch.nan),
            says="the scores are not scaled, and the softmax of nothing but -inf is NaN",
            hint="Two things: question 5.1 divides by the square root of d; and a query that may "
            "look at nothing should give zeros.",
        ),
        Misconception(
            "nan_and_scale_by_width",
            masked_attention(scale=lambda d: 1 / d, blind=torch.nan),
            says="the scores are divided by d, and the softmax of nothing but -inf is NaN",
            hint="Two things: question 5.1 divides by the square root of d; and a query that may "
            "look at nothing should give zeros.",
        ),
        Misconception(
            "nan_and_mask_inverted",
            masked_attention(invert=True, blind=torch.nan),
            says="what the mask allows is hidden, and the softmax of nothing but -inf is NaN",
            hint="Two things: True means *may look*, and `masked_fill` fills where its mask is "
            "True; and a query that may look at nothing should give zeros.",
        ),
        Misconception(
            "finite_fill",
            masked_attention(-1e9),
            says="a query that may look at nothing looks at everything equally",
            hint="Its weights should be 0, not 1 / S. They are equal where hidden scores are a "
            "large finite number such as -1e9, or `nan_to_num` has made one of -inf: set them to "
            "-inf, and replace the NaN that it gives on the weights, after the softmax, by 0.",
        ),
        Misconception(
            "small_finite_fill",
            masked_attention(-1e4),
            says="hidden scores are a moderate negative number such as -1e4",
            hint="Real scores may be lower still, and then what is hidden wins. Only -inf is below "
            "everything.",
        ),
        Misconception(
            "plus_infinity",
            masked_attention(torch.inf, blind=torch.nan),
            says="hidden scores are +inf",
            hint="exp(+inf) is infinite. Which score has exp = 0?",
        ),
        Misconception(
            "plus_infinity_made_zero",
            masked_attention(torch.inf),
            says="hidden scores are +inf, and the NaN that comes of it is made 0",
            hint="exp(+inf) is infinite. Which score has exp = 0?",
        ),
        Misconception(
            "zero_fill",
            masked_attention(0.0),
            says="hidden scores are 0 when the softmax sees them, set so or multiplied by the mask",
            hint="exp(0) = 1: a score of 0 is no weight of 0. Which score has exp = 0?",
        ),
        Misconception(
            "mask_added",
            mask_added,
            says="the boolean mask is added to the scores",
            hint="True counts as 1 and False as 0, so that hidden scores are only lower by 1.",
        ),
        Misconception(
            "mask_after_softmax",
            mask_after_softmax,
            says="the mask comes after the softmax",
            hint="The weights of a row no longer sum to 1: what the hidden keys took is lost. "
            "Hide them before the softmax.",
        ),
        Misconception(
            "renormalised_after_mask",
            renormalised_after_mask(torch.nan),
            says="the mask comes after the softmax, and each row is divided by what is left",
            hint="Where the hidden keys took all the weight, nothing is left: 0/0 is NaN. So it is "
            "in a row that sees nothing. Hide before the softmax.",
        ),
        Misconception(
            "renormalised_and_made_zero",
            renormalised_after_mask(0.0),
            says="the mask comes after the softmax, each row is divided by what is left, and 0/0 "
            "is made 0",
            hint="Where the hidden keys took all the weight, nothing is left for those that may be "
            "seen. Hide before the softmax.",
        ),
        Misconception(
            "minus_infinity_after_softmax",
            minus_infinity_after_softmax,
            says="-inf is put into the weights, after the softmax",
            hint="-inf is a score, of which exp makes the weight 0: hide before the softmax.",
        ),
        Misconception(
            "scale_after_softmax",
            lambda q, k, v, mask: (
                masked_weights(q * q.shape[-1] ** 0.5, k, mask, 0.0) @ v / q.shape[-1] ** 0.5
            ),
            says="the weights are divided by the square root of d, instead of the scores",
            hint="The scale belongs to the scores; after the softmax it makes the rows sum to less "
            "than 1.",
        ),
        Misconception(
            "nan_and_scale_after_softmax",
            lambda q, k, v, mask: (
                masked_weights(q * q.shape[-1] ** 0.5, k, mask, torch.nan) @ v / q.shape[-1] ** 0.5
            ),
            says="the weights are divided by the square root of d, instead of the scores, and the "
            "softmax of nothing but -inf is NaN",
            hint="The scale belongs to the scores; after the softmax it makes the rows sum to less "
            "than 1. And a query that may look at nothing should give zeros.",
        ),
        *scaled_by(
            lambda q, k, v: v.shape[-1],
            "width of v",
            "The scale is for q·k: how many numbers are added up in one of these products?",
        ),
        *scaled_by(
            lambda q, k, v: k.shape[0],
            "number of keys",
            "How many numbers are multiplied and added up in one q·k? Look at the last dimension.",
        ),
        Misconception(
            "weights_alone",
            lambda q, k, v, mask: masked_weights(q, k, mask, 0.0),
            says="the weights are returned, before they meet v",
            hint="What a query takes away is the values, mixed by its weights.",
        ),
        Misconception(
            "weights_alone_and_nan",
            lambda q, k, v, mask: masked_weights(q, k, mask, torch.nan),
            says="the weights are returned, before they meet v, and those of nothing but -inf are "
            "NaN",
            hint="What a query takes away is the values, mixed by its weights; one that may look "
            "at nothing takes zeros.",
        ),
        Misconception(
            "mask_inverted",
            masked_attention(invert=True),
            says="what the mask allows is hidden, and what it hides is shown",
            hint="True means *may look*; `masked_fill` fills where its mask is True.",
        ),
        Misconception(
            "no_mask",
            no_mask,
            says="the mask is not used",
            hint="Scores where the mask is False must not take part in the softmax. "
            "`masked_fill` makes a new tensor and leaves the old one as it is: what becomes of it?",
        ),
        Misconception(
            "no_mask_no_scale",
            no_mask_no_scale,
            says="the mask is not used, and the scores are not scaled",
            hint="Two things: question 5.1 divides by the square root of d; and scores where the "
            "mask is False must not take part in the softmax. `masked_fill` makes a new tensor and "
            "leaves the old one as it is.",
        ),
        Misconception(
            "over_queries",
            masked_attention(dim=-2),
            says="the softmax runs over the queries instead of the keys",
            hint="Each query hands out a total weight of 1 among the keys: rows sum to 1.",
        ),
        Misconception(
            "no_scale",
            masked_attention(scale=lambda d: 1.0),
            says="the scores are not scaled",
            hint="Question 5.1: divide by the square root of d.",
        ),
        Misconception(
            "scale_by_width",
            masked_attention(scale=lambda d: 1 / d),
            says="the scores are divided by d",
            hint="Question 5.1: divide by the square root of d.",
        ),
    ],
)
