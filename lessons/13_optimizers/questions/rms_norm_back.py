"""13.3 RMSNorm, backward."""

from torch import Generator, Tensor, ones

from llama_edu.course.checking.draw import randn
from llama_edu.course.checking.questions import Misconception, Question

from .cross_entropy_back import GRADIENT_FINDERS


def rms_norm_back(grad: Tensor, x: Tensor, gain: Tensor, eps: float) -> tuple[Tensor, Tensor]:
    inverse_rms = (x.square().mean(-1, keepdim=True) + eps).rsqrt()
    normed = x * inverse_rms
    g = grad * gain
    along = (g * normed).sum(-1, keepdim=True) / x.shape[-1]
    return (g - normed * along) * inverse_rms, (grad * normed).sum(0)


def rms_norm_back_cases(generator: Generator):
    def case(n_tokens: int, width: int, eps: float = 1e-5, size: float = 1.0) -> dict:
        x, grad = size * randn(generator, n_tokens, width), randn(generator, n_tokens, width)
        return {"grad": grad, "x": x, "gain": 1.5 + 0.5 * randn(generator, width), "eps": eps}

    yield {**case(1, 2), "gain": ones(2)}
    yield case(1, 3)
    yield case(2, 3)
    yield case(3, 3, size=3.0)  # as many tokens as numbers in each
    yield case(5, 8)
    yield case(3, 4, eps=0.5)  # eps counts


ALONG = "(g * normed).mean(-1, keepdim=True)"
GRAD_X = "(g - normed * along) / rms"

RMS_NORM_BACK = Question(
    "optimizers.rms_norm_back",
    points=3,
    cases=rms_norm_back_cases,
    reference=rms_norm_back,
    forbids=GRADIENT_FINDERS,
    equivalent_mutants={
        "rms = (x.square().mean(-1, keepdim=True) + eps).sqrt() -> "
        "rms = (x.square().mean(1, keepdim=True) + eps).sqrt()": "the last of two dimensions is 1",
        "along = (g * normed).mean(-1, keepdim=True) -> "
        "along = (g * normed).mean(1, keepdim=True)": "the last of two dimensions is 1",
    },
    rtol=1e-4,
    atol=1e-5,  # a difference of numbers of about the same size
    misconceptions=[
        Misconception(
            "rms_constant",
            {GRAD_X: "g / rms"},
            says="the rms is taken for a constant: the second term of x's gradient is missing",
            hint="Every number of x moves the rms too. Which term of the formula says so?",
        ),
        Misconception(
            "gain_forgotten",
            {"g = grad * gain": "g = grad"},
            says="the gain is left out of the gradient of x",
            hint="g is what arrives *times the gain*: the slope along one factor is the other one.",
        ),
        Misconception(
            "gain_twice",
            {"(grad * normed).sum(0)": "(g * normed).sum(0)"},
            says="the gain's own gradient is multiplied by the gain",
            hint="y = gain · n: the slope along one factor is the other factor alone.",
        ),
        Misconception(
            "gain_of_x",
            {"(grad * normed).sum(0)": "(grad * x).sum(0)"},
            says="the gain's gradient is made with x, not with the normed x",
            hint="What was the gain multiplied with?",
        ),
        Misconception(
            "gain_mean",
            {".sum(0)": ".mean(0)"},
            says="the gain's gradient is a mean over tokens",
            hint="A number that is used in many places: what is done with its slopes?",
        ),
        Misconception(
            "gain_not_summed",
            {".sum(0)": ""},
            says="the gain's gradient is not summed over the tokens",
            hint="A gradient has the shape of what it belongs to. Which shape has the gain?",
        ),
        Misconception(
            "summed_over_width",
            {"(g * normed).mean": "(g * normed).sum"},
            says="g · n is summed along the width where its mean is wanted",
            hint="The rms came from a mean, so 1 / D belongs to its slope.",
        ),
        Misconception(
            "mean_over_tokens",
            {ALONG: "(g * normed).mean(0, keepdim=True)"},
            says="the mean of g · n is taken over the tokens (dim 0)",
            hint="Each token is normed by itself: along which dimension?",
        ),
        Misconception(
            "mean_over_all",
            {ALONG: "(g * normed).mean()"},
            says="one mean of g · n is taken over all tokens together",
            hint="Change one token: may the gradient of another one move?",
        ),
        Misconception(
            "mean_of_g",
            {ALONG: "g.mean(-1, keepdim=True)"},
            says="the mean is that of g alone, not of g · n",
            hint="Look at the formula again: what stands inside the mean?",
        ),
        Misconception(
            "not_divided",
            {GRAD_X: "g - normed * along"},
            says="the gradient of x is not divided by the rms",
            hint="A vector twice as long is divided by twice as much. Is its gradient the same?",
        ),
        Misconception(
            "x_for_normed",
            {"normed * along": "x * along"},
            says="x stands where the normed x should, in front of the mean",
            hint="n is x divided by its rms. It stands twice in the second term.",
        ),
        Misconception(
            "eps_forgotten",
            {" + eps": ""},
            says="eps is left out of the rms",
            hint="Backward must use the same rms as forward did.",
        ),
        Misconception(
            "plus",
            {"g - normed": "g + normed"},
            says="the second term is added, not taken off",
            hint="If x grows, rms grows, and what becomes of x / rms?",
        ),
    ],
)
