"""21.4 LoRA beside the weight."""

from torch import Tensor
from torch.nn import functional as F

from llama_edu.course.checking.draw import randn
from llama_edu.course.checking.questions import Misconception, Question


def lora(x: Tensor, weight: Tensor, a: Tensor, b: Tensor, alpha: float) -> Tensor:
    return F.linear(x, weight + alpha / a.shape[0] * b @ a)


def lora_cases(generator):
    # N, D, F, r, alpha; the square one is for what mixes rows and columns up
    for n, d_in, d_out, rank, alpha in (
        (1, 3, 2, 1, 3.0), (2, 4, 3, 2, 4.0), (3, 2, 5, 4, 1.0), (2, 3, 3, 3, 6.0),
        (5, 8, 6, 3, 1.5),
    ):  # fmt: skip
        yield {
            "x": randn(generator, n, d_in), "weight": randn(generator, d_out, d_in),
            "a": randn(generator, rank, d_in), "b": randn(generator, d_out, rank), "alpha": alpha,
        }  # fmt: skip
    # A fresh adapter.
    x, weight, a = randn(generator, 2, 4), randn(generator, 3, 4), randn(generator, 2, 4)
    yield {"x": x, "weight": weight, "a": a, "b": randn(generator, 3, 2) * 0, "alpha": 2.0}


LORA = Question(
    "low_rank.lora",
    points=2,
    cases=lora_cases,
    reference=lora,
    rtol=1e-4,
    atol=1e-5,  # fp32, the products in another order
    misconceptions=[
        Misconception(
            "alpha_alone",
            {"alpha / len(a)": "alpha"},
            says="the scale is alpha, without the rank",
            hint="In the formula alpha stands above a line. What stands below?",
        ),
        Misconception(
            "no_scale",
            {"alpha / len(a)": "1.0"},
            says="there is no scale",
            hint="What are alpha and r for?",
        ),
        Misconception(
            "rs",
            {"alpha / len(a)": "alpha / len(a) ** 0.5"},
            says="the scale has the root of the rank in it, as in rsLoRA",
            hint="Plain LoRA is asked for.",
        ),
        Misconception(
            "multiplied_by_rank",
            {"alpha / len(a)": "alpha * len(a)"},
            says="alpha is multiplied by the rank",
            hint="In the formula alpha stands above a line, and r below it.",
        ),
        Misconception(
            "by_input_width",
            {"alpha / len(a)": "alpha / a.shape[1]"},
            says="the scale is divided by D, the number of inputs",
            hint="A is (r, D): which of its sizes is the rank?",
        ),
        Misconception(
            "by_output_width",
            {"alpha / len(a)": "alpha / len(b)"},
            says="the scale is divided by F, the number of outputs",
            hint="B is (F, r): which of its sizes is the rank?",
        ),
        Misconception(
            "rank_over_alpha",
            {"alpha / len(a)": "len(a) / alpha"},
            says="the rank is divided by alpha",
            hint="Which of the two stands above the line?",
        ),
        Misconception(
            "beside_only",
            {"x @ weight.T + scale": "scale"},
            says="the frozen weight has no part in it",
            hint="LoRA stands *beside* the weight: two terms.",
        ),
        Misconception(
            "weight_only",
            {" + scale * beside": " + 0 * scale * beside"},
            says="the two thin matrices have no part in it",
            hint="What do B and A add?",
        ),
        Misconception(
            "all_scaled",
            {"x @ weight.T + scale * beside": "scale * (x @ weight.T + beside)"},
            says="the frozen weight's output is scaled too",
            hint="Before the first step, with B = 0, the layer must be what it was.",
        ),
        Misconception(
            "subtracted",
            {"+ scale": "- scale"},
            says="the change is subtracted",
            hint="Look at the sign in the formula.",
        ),
        Misconception(
            "scaled_twice",
            {"scale * beside": "scale * scale * beside"},
            says="the scale is counted twice",
            hint="Once for B A as a whole, not for each of the two.",
        ),
        Misconception(
            "of_the_output",
            {"x @ a.T": "(x @ weight.T) @ a.T"},
            says="the thin matrices read what the weight gives, not x",
            hint="Both paths begin at x, and their outputs are added.",
        ),
        Misconception(
            "mixture",
            {"x @ weight.T": "(1 - scale) * (x @ weight.T)"},
            says="the frozen weight counts 1 - scale: the two are mixed",
            hint="They are added. With B = 0 the layer must be what it was.",
        ),
        Misconception(
            "by_tokens",
            {"alpha / len(a)": "alpha / len(x)"},
            says="the scale is divided by N, the number of tokens",
            hint="A is (r, D): which of its sizes is the rank?",
        ),
        Misconception(
            "scale_cut",
            {"alpha / len(a)": "alpha // len(a)"},
            says="`//` cuts the scale to a whole number",
            hint="Which operator divides without rounding?",
        ),
        Misconception(
            "reshaped",
            {"x @ a.T @ b.T": "x @ a.reshape(a.shape[1], -1) @ b.reshape(b.shape[1], -1)"},
            says="A and B are reshaped, not transposed",
            hint="`reshape` cuts the row of numbers anew; `.T` makes columns of rows.",
        ),
    ],
)  # fmt: skip
