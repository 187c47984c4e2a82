"""21.1 The nearest matrix of a rank."""

import torch
from torch import Tensor

from llama_edu.compress.low_rank import factor
from llama_edu.course.checking.draw import randn
from llama_edu.course.checking.questions import Misconception, Question


def nearest(weight: Tensor, rank: int) -> Tensor:
    left, right = factor(weight, rank)
    return left @ right


def nearest_cases(generator):
    yield {"weight": torch.tensor([[3.0, 0.0], [0.0, 2.0]]), "rank": 1}
    for n_rows, n_columns, rank in ((2, 3, 1), (3, 2, 1), (3, 3, 2), (4, 5, 2), (6, 4, 3)):
        yield {"weight": randn(generator, n_rows, n_columns), "rank": rank}
    yield {"weight": randn(generator, 3, 5), "rank": 3}  # nothing is lost


NEAREST = Question(
    "low_rank.nearest",
    points=2,
    cases=nearest_cases,
    reference=nearest,
    rtol=1e-4,
    atol=1e-5,  # an SVD in fp32, of numbers around 1
    equivalent_mutants={
        f"u, s, v = torch.linalg.svd(weight, full_matrices=False) -> u, s, v = {other}": (
            "u and v are larger by directions that are never kept"
        )
        for other in ("torch.linalg.svd(weight)", "torch.linalg.svd(weight, full_matrices=True)")
    },
    misconceptions=[
        Misconception(
            "smallest",
            {"u[:, :rank] * s[:rank]": "u[:, -rank:] * s[-rank:]", "v[:rank]": "v[-rank:]"},
            says="the smallest singular values are kept",
            hint="What should be lost is what counts least. In which order does `svd` give them?",
        ),
        Misconception(
            "no_values",
            {" * s[:rank]": ""},
            says="the singular values are left out: every direction counts alike",
            hint="u and v hold directions of length 1. What says how much of each there is?",
        ),
        Misconception(
            "values_twice",
            {"u[:, :rank] * s[:rank]": "u[:, :rank] * s[:rank] ** 2"},
            says="the singular values are counted twice",
            hint="They belong to the left side or to the right, or half (a root) to each.",
        ),
        Misconception(
            "root_on_one_side",
            {"* s[:rank]": "* s[:rank].sqrt()"},
            says="only the root of the singular values is in the product",
            hint="A root on one side needs a root on the other.",
        ),
        Misconception(
            "v_transposed",
            {"@ v[:rank]": "@ v[:, :rank].T"},
            says="the columns of v are taken, not its rows",
            hint="What `torch.linalg.svd` calls Vh is transposed already: its rows belong to s.",
        ),
        Misconception(
            "rows_of_u",
            {"u[:, :rank] * s[:rank]": "u[:rank].T * s[:rank]"},
            says="rows of u are taken, not columns",
            hint="Column i of u belongs to singular value i.",
        ),
        Misconception(
            "one_less",
            {"left @ v[:rank]": "left[:, :-1] @ v[: rank - 1]"},
            says="one direction too few is kept",
            hint="`[:rank]` holds rank of them, numbered from 0.",
        ),
        Misconception(
            "one_more",
            {"u[:, :rank] * s[:rank]": "u[:, : rank + 1] * s[: rank + 1]",
             "v[:rank]": "v[: rank + 1]"},
            says="one direction too many is kept",
            hint="`[:rank]` holds rank of them, numbered from 0.",
        ),
        Misconception(
            "everything",
            {"u[:, :rank] * s[:rank]": "u * s", "v[:rank]": "v"},
            says="nothing is left out: the weight itself comes back",
            hint="How many of the singular values may stay?",
        ),
        Misconception(
            "the_rest",
            {"left @ v[:rank]": "weight - left @ v[:rank]"},
            says="what is missing is returned, not what is kept",
            hint="The nearest matrix itself is asked for.",
        ),
        Misconception(
            "first_columns",
            {"left @ v[:rank]": "weight * (torch.arange(weight.shape[1]) < rank)"},
            says="the first columns of the weight are kept, and the others set to 0",
            hint="That has the rank, but is not the nearest: use the SVD.",
        ),
        Misconception(
            "the_factors",
            {"return left @ v[:rank]": "return left, v[:rank]"},
            says="the two thin matrices are returned, not their product",
            hint="Here one matrix is asked for, as large as the weight.",
        ),
        Misconception(
            "values_on_rows",
            {"u[:, :rank] * s[:rank]": "u[:, :rank] * s[: len(u), None]"},
            says="the singular values multiply rows of u",
            hint="Number i belongs to *column* i of u: a row of numbers meets columns by itself.",
        ),
        Misconception(
            "the_last_one_only",
            {"u[:, :rank] * s[:rank]": "u[:, rank - 1 : rank] * s[rank - 1]",
             "v[:rank]": "v[rank - 1 : rank]"},
            says="one direction alone is kept, number r",
            hint="The r largest are added up. In a loop: does each round replace the sum?",
        ),
    ],
)  # fmt: skip
