"""22.5 GPTQ."""

import torch
from torch import Tensor

from llama_edu.course.checking.draw import randn
from llama_edu.course.checking.questions import Misconception, Question


def gptq(weight: Tensor, upper: Tensor, scales: Tensor, bits: int) -> Tensor:
    most = 2 ** (bits - 1) - 1
    left, codes = weight.clone(), torch.zeros_like(weight)
    for j in range(weight.shape[1]):
        codes[:, j] = (left[:, j] / scales).round().clamp(-most, most)
        lost = (left[:, j] - codes[:, j] * scales) / upper[j, j]
        left[:, j + 1 :] -= lost[:, None] * upper[j, j + 1 :]
    return codes


def gptq_cases(generator):
    for n_rows, n_columns, bits in (
        (2, 3, 3),
        (3, 4, 4),
        (2, 2, 2),
        (3, 3, 3),
        (4, 12, 3),
        (3, 9, 8),
    ):
        weight = randn(generator, n_rows, n_columns)
        # Inputs that go together: what one column loses the others can make up for.
        x = randn(generator, 40, 1) + 0.5 * randn(generator, 40, n_columns)
        inverse = torch.linalg.inv((x.T @ x).double() + torch.eye(n_columns))
        upper = torch.linalg.cholesky(inverse, upper=True).float()
        scales = 0.8 * weight.abs().amax(1) / (2 ** (bits - 1) - 1)
        yield {"weight": weight, "upper": upper, "scales": scales, "bits": bits}
    weight = randn(generator, 2, 4)
    upper = torch.diag(0.5 + randn(generator, 4).abs())
    yield {"weight": weight, "upper": upper, "scales": weight.abs().amax(1) / 7, "bits": 4}


GPTQ = Question(
    "quantization.gptq",
    points=3,
    cases=gptq_cases,
    reference=gptq,
    equivalent_mutants={
        "left, codes = (weight.clone(), torch.zeros_like(weight)) -> "
        "left, codes = (weight.clone(), torch.ones_like(weight))": "every column is written",
    },
    misconceptions=[
        Misconception(
            "plain_rounding",
            {"-= lost[:, None] * upper[j, j + 1 :]": "-= 0"},
            says="each column is rounded as it first was: what others lost changes no code",
            hint="What column j lost changes `left`, from which the later columns are rounded; "
            "row j of U has their shares (below its diagonal U is 0).",
        ),
        Misconception(
            "wrong_sign",
            {"-= lost": "+= lost"},
            says="what is lost moves the later columns the wrong way",
            hint="Two signs decide: e_j is the column minus what its codes stand for, and e_j U_jk "
            "is subtracted.",
        ),
        Misconception(
            "not_divided",
            {" / upper[j, j]": ""},
            says="what is lost is not divided by U's diagonal",
            hint="$e_j$ has a denominator.",
        ),
        Misconception(
            "old_weight_lost",
            {"(left[:, j] - codes": "(weight[:, j] - codes"},
            says="what is lost is counted from the column as it first was",
            hint="$w_j$ is column j as it is by then: what was handed to it is to be kept too.",
        ),
        Misconception(
            "no_clamp",
            {".clamp(-most, most)": ""},
            says="codes may lie beyond the grid",
            hint="A code that needs one more bit cannot be kept. Where does the grid end?",
        ),
        Misconception(
            "one_more_below",
            {"clamp(-most, most)": "clamp(-most - 1, most)"},
            says="one more code is allowed below 0 than above",
            hint="This grid reaches equally far to both sides.",
        ),
        Misconception(
            "values",
            {"return codes": "return codes * scales[:, None]"},
            says="what the codes stand for is returned, and not the codes",
            hint="Codes are whole numbers.",
        ),
        Misconception(
            "codes_lost",
            {"(left[:, j] - codes[:, j] * scales)": "(left[:, j] - codes[:, j])"},
            says="codes are subtracted from weights without their scale",
            hint="What does a code stand for, in the unit of the weights?",
        ),
        Misconception(
            "next_only",
            {"left[:, j + 1 :] -=": "left[:, j + 1 : j + 2] -=",
             "upper[j, j + 1 :]": "upper[j, j + 1 : j + 2]"},
            says="only the next column makes up for what is lost",
            hint="All later columns get their share: k runs over every k > j.",
        ),
        Misconception(
            "clamped_at_the_end",
            {".round().clamp(-most, most)": ".round()",
             "return codes": "return codes.clamp(-most, most)"},
            says="codes are brought back to the grid only after the last column",
            hint="What the clamp takes is lost as well: the later columns must hear of it.",
        ),
        Misconception(
            "multiplied_by_diagonal",
            {"/ upper[j, j]": "* upper[j, j]"},
            says="what is lost is multiplied by U's diagonal",
            hint="$e_j$ is a fraction: where does $U_{jj}$ stand?",
        ),
        Misconception(
            "lost_in_steps",
            {"left[:, j] - codes[:, j] * scales": "left[:, j] / scales - codes[:, j]"},
            says="what is lost is counted in steps, not in the unit of the weights",
            hint="The later columns are weights: what is one step worth?",
        ),
        Misconception(
            "next_one_skipped",
            {"left[:, j + 1 :] -=": "left[:, j + 2 :] -=",
             "upper[j, j + 1 :]": "upper[j, j + 2 :]"},
            says="the next column does not make up for what is lost",
            hint="k > j: which is the first column after j?",
        ),
        Misconception(
            "last_column_left_out",
            {"range(weight.shape[1])": "range(weight.shape[1] - 1)"},
            says="the last column has no codes",
            hint="It has nobody to hand losses on to, but needs codes all the same.",
        ),
        Misconception(
            "floor",
            {".round()": ".floor()"},
            says="every number goes to the code below it",
            hint="Which code is nearest?",
        ),
    ],
)  # fmt: skip
