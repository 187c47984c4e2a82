"""21.6 DoRA: direction and length."""

from torch import Tensor
from torch.nn import functional as F

from llama_edu.course.checking.draw import randn
from llama_edu.course.checking.questions import Misconception, Question


def dora(
    x: Tensor, weight: Tensor, a: Tensor, b: Tensor, scale: float, magnitude: Tensor
) -> Tensor:
    return F.linear(x, magnitude[:, None] * F.normalize(weight + scale * b @ a, dim=1))


def dora_cases(generator):
    # N, D, F, r, scale; the square ones are for what mixes rows and columns up
    for n, d_in, d_out, rank, scale in (
        (1, 3, 2, 1, 2.0), (2, 2, 3, 1, 0.5), (2, 3, 3, 2, 1.5), (4, 4, 4, 3, 3.0),
        (3, 8, 5, 2, 0.7),
    ):  # fmt: skip
        yield {
            "x": randn(generator, n, d_in), "weight": randn(generator, d_out, d_in),
            "a": randn(generator, rank, d_in), "b": randn(generator, d_out, rank), "scale": scale,
            "magnitude": 0.5 + randn(generator, d_out).abs(),
        }  # fmt: skip


DORA = Question(
    "low_rank.dora",
    points=3,
    cases=dora_cases,
    reference=dora,
    rtol=1e-4,
    atol=1e-5,  # fp32, the products in another order
    misconceptions=[
        Misconception(
            "lengths_of_columns",
            {"x @ moved.T * (magnitude / lengths)": "x @ (moved / moved.norm(dim=0)).T * magnitude",
             "moved.norm(dim=1)": "None"},
            says="the lengths are those of columns",
            hint="A row of the weight makes one output, and has one length.",
        ),
        Misconception(
            "one_length",
            {"moved.norm(dim=1)": "moved.norm()"},
            says="one length is taken for the whole matrix",
            hint="`norm()` without a dimension takes all numbers together. Each row has its own.",
        ),
        Misconception(
            "length_of_the_old_weight",
            {"moved.norm(dim=1)": "weight.norm(dim=1)"},
            says="the lengths are those of the frozen weight",
            hint="Then B A could change the length after all. Which matrix gives the direction?",
        ),
        Misconception(
            "not_divided",
            {"(magnitude / lengths)": "magnitude"},
            says="the rows are not divided by their lengths",
            hint="A direction has length 1 before m is multiplied in.",
        ),
        Misconception(
            "no_magnitude",
            {"magnitude / lengths": "1 / lengths"},
            says="every row has length 1: m is left out",
            hint="What is learned apart from the direction?",
        ),
        Misconception(
            "turned_round",
            {"magnitude / lengths": "lengths / magnitude"},
            says="the length is divided by m",
            hint="The result's rows must have the length m.",
        ),
        Misconception(
            "multiplied",
            {"magnitude / lengths": "magnitude * lengths"},
            says="the length is multiplied in once more",
            hint="The result's rows must have the length m.",
        ),
        Misconception(
            "squares",
            {"moved.norm(dim=1)": "moved.square().sum(dim=1)"},
            says="the squared length is taken, without its root",
            hint="The length of (3, 4) is 5, not 25.",
        ),
        Misconception(
            "sum_of_sizes",
            {"moved.norm(dim=1)": "moved.abs().sum(dim=1)"},
            says="the sizes are added up, in place of the length",
            hint="The length of (3, 4) is 5, not 7.",
        ),
        Misconception(
            "no_change",
            {" + scale * b @ a": ""},
            says="B A has no part in it",
            hint="V = W + s B A.",
        ),
        Misconception(
            "no_scale",
            {"scale * b": "b"},
            says="the scale is left out",
            hint="V = W + s B A.",
        ),
        Misconception(
            "change_after",
            {"weight + scale * b @ a": "weight", "x @ moved.T * (magnitude / lengths)":
             "x @ moved.T * (magnitude / lengths) + x @ (scale * b @ a).T"},
            says="only the frozen weight is turned into directions; B A is added afterwards",
            hint="The change turns the direction: it must be in V before the length is taken.",
        ),
        Misconception(
            "outputs_normalised",
            {"x @ moved.T * (magnitude / lengths)": "magnitude * "
             "torch.nn.functional.normalize(x @ moved.T, dim=1)"},
            says="the outputs are divided by their length, not the rows of the weight",
            hint="V is the weight. Its rows are the same for every token.",
        ),
        Misconception(
            "meets_columns",
            {"x @ moved.T * (magnitude / lengths)": "x @ (moved * magnitude / lengths).T"},
            says="m and the lengths meet the columns of V",
            hint="A vector lines up with the last dimension. What makes it a column, so that "
            "number i meets row i?",
        ),
        Misconception(
            "root_of_the_mean",
            {"moved.norm(dim=1)": "moved.square().mean(dim=1).sqrt()"},
            says="the root of the mean square is taken for the length",
            hint="The length of (3, 4) is 5: squares are added up, not averaged.",
        ),
        Misconception(
            "divided_by_the_rank",
            {"scale * b": "scale / len(a) * b"},
            says="the scale is divided by the rank once more",
            hint="s is α / r already.",
        ),
        Misconception(
            "weight_added",
            {"return x @ moved.T": "return x @ weight.T + x @ moved.T"},
            says="the output of the frozen weight is added",
            hint="W' takes the place of W, and V has W in it already.",
        ),
    ],
)  # fmt: skip
