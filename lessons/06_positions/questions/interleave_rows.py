"""6.5 From one layout to the other."""

import torch
from torch import Tensor

from llama_edu.course.checking.questions import Misconception, Question
from llama_edu.model import rope


def interleave_rows_cases(generator):
    # Heads of 4 rows would hide which way they go: 0 2 1 3 undoes itself.
    for n_heads, d, d_model in ((1, 6, 1), (2, 6, 1), (3, 10, 7), (2, 8, 16), (3, 4, 5)):
        n_rows = n_heads * d
        numbers = torch.randperm(n_rows * d_model, generator=generator)
        yield {"weight": numbers.float().view(n_rows, d_model), "n_heads": n_heads}


def columns(weight: Tensor, n_heads: int) -> Tensor:
    return rope.interleave_rows(weight.T, n_heads).T


INTERLEAVE_ROWS = Question(
    "positions.interleave_rows",
    points=3,
    cases=interleave_rows_cases,
    reference=rope.interleave_rows,
    misconceptions=[
        Misconception(
            "way_back",
            {"2, -1": "-1, 2"},
            says="this is the way back: neighbours are put into two halves",
            hint="The rows come *in* as halves: cut each head into 2 halves of d / 2 rows, not "
            "into d / 2 pairs.",
        ),
        Misconception(
            "one_head",
            {"view(n_heads, 2": "view(1, 2"},
            says="all rows are treated as one head",
            hint="A pair lies within a head: row i goes with row i + d / 2 of the same head.",
        ),
        Misconception(
            "nothing_moved",
            {".transpose(1, 2)": ""},
            says="the rows stay where they were",
            hint="`view` and `reshape` alone never change the order. Which two dimensions must be "
            "swapped in between?",
        ),
        Misconception(
            "heads_and_halves_swapped",
            {"transpose(1, 2)": "transpose(0, 1)"},
            says="the first halves of all heads come first, then all second halves",
            hint="Heads keep their order. Swap the two dimensions behind the heads.",
        ),
        Misconception(
            "all_three_turned",
            {"halves.transpose(1, 2)": "halves.transpose(0, 2)"},
            says="heads and rows of a half have changed places",
            hint="Dimension 0 counts heads and stays in front. Swap the two behind it.",
        ),
        Misconception(
            "halves_before_heads",
            {"n_heads, 2, -1": "2, n_heads, -1", "transpose(1, 2)": "transpose(0, 1)"},
            says="the rows are cut into two halves first and into heads after that",
            hint="The rows of a head stand together: the first dimension of the `view` counts "
            "heads, the second the two halves of each.",
        ),
        Misconception(
            "into_the_rows",
            {"transpose(1, 2)": "transpose(2, 3)"},
            says="rows have changed places with columns, within each half",
            hint="Count the dimensions of your `view` from 0: heads, halves, rows of a half, "
            "columns. Which two must change places so that pairs stand together?",
        ),
        Misconception(
            "heads_for_width",
            {"n_heads, 2, -1": "-1, 2, n_heads"},
            says="`n_heads` is taken for the number of rows in half a head",
            hint="The first dimension counts heads, and the one after the halves has d / 2 rows.",
        ),
        Misconception(
            "second_half_first",
            {"transpose(1, 2)": "flip(1).transpose(1, 2)"},
            says="in each pair the row of the second half comes first",
            hint="Row i becomes row 2i, and row i + d / 2 becomes the one after it.",
        ),
        Misconception(
            "columns",
            columns,
            says="the columns are reordered instead of the rows",
            hint="Each *row* of the matrix makes one number of a query: the rows move, whole.",
        ),
        Misconception(
            "rows_cut",
            {"weight.view(n_heads, 2, -1, weight.shape[1])": "weight.view(n_heads, 2, -1)"},
            says="the numbers within the rows are mixed too",
            hint="Keep the last dimension D apart in the `view`, so that each row moves whole.",
        ),
    ],
)
