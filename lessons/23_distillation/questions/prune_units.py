"""23.4 A feed-forward layer of fewer units."""

import torch

from llama_edu.course.checking.draw import randn
from llama_edu.course.checking.questions import Misconception, Question


def prune_units(gate, up, down, scores, n_kept):
    least = scores.sort(descending=True).values[n_kept - 1]
    stays = scores >= least
    return gate[stays], up[stays], down[:, stays]


def prune_units_cases(generator):
    # F = D in one of them: what mixes rows and columns up must be wrong there, too.
    for n_units, width, n_kept in ((4, 2, 2), (5, 3, 3), (6, 6, 4), (3, 4, 3), (7, 2, 1)):
        scores = (torch.randperm(n_units, generator=generator) - 2) / 2.0
        yield {
            "gate": randn(generator, n_units, width), "up": randn(generator, n_units, width),
            "down": randn(generator, width, n_units), "scores": scores, "n_kept": n_kept,
        }  # fmt: skip


PRUNE_UNITS = Question(
    "distillation.prune_units",
    points=3,
    cases=prune_units_cases,
    reference=prune_units,
    misconceptions=[
        Misconception(
            "best_first",
            {"best.sort().values": "best"},
            says="the units come in the order of their scores",
            hint="It would compute the same, but the question wants their old order.",
        ),
        Misconception(
            "gate_alone_in_order",
            {"up[kept], down[:, kept]": "up[best], down[:, best]"},
            says="gate is in another order than up and down",
            hint="Row i of gate and row i of up must belong to the same unit.",
        ),
        Misconception(
            "worst_ones",
            {"scores.topk(n_kept)": "scores.topk(n_kept, largest=False)"},
            says="the units of the lowest scores stay",
            hint="Which ones does a high score speak for?",
        ),
        Misconception(
            "by_size",
            {"scores.topk(n_kept)": "scores.abs().topk(n_kept)"},
            says="the scores' signs are ignored",
            hint="The highest scores, not the largest sizes.",
        ),
        Misconception(
            "one_fewer",
            {"scores.topk(n_kept)": "scores.topk(max(n_kept - 1, 1))"},
            says="one unit too few stays",
            hint="How many units are to stay?",
        ),
        Misconception(
            "first_ones",
            {"best.sort().values": "torch.arange(n_kept)"},
            says="the first units stay, whatever their scores",
            hint="Which argument has had no part in it?",
        ),
        Misconception(
            "left_out",
            {"scores.topk(n_kept)": "scores.topk(max(len(scores) - n_kept, 1), largest=False)"},
            says="the units that should go are kept",
            hint="How many units are to stay, and which?",
        ),
        Misconception(
            "rows_of_down",
            lambda gate, up, down, scores, n_kept: (
                gate[scores.topk(n_kept).indices.sort().values],
                up[scores.topk(n_kept).indices.sort().values],
                down[scores.topk(n_kept).indices.sort().values % len(down)],
            ),
            says="rows are taken of down, not columns",
            hint="down leads from the F units back to the width D: what is a unit in it?",
        ),
        Misconception(
            "down_whole",
            {"down[:, kept]": "down"},
            says="down keeps all its columns",
            hint="What would be multiplied with the columns of units that are gone?",
        ),
        Misconception(
            "up_whole",
            {"gate[kept], up[kept]": "gate[kept], up"},
            says="up keeps all its rows",
            hint="gate and up are multiplied number by number: they need the same units.",
        ),
        Misconception(
            "silenced",
            lambda gate, up, down, scores, n_kept: tuple(
                torch.where(
                    stays[:, None] if matrix.shape[0] == len(scores) and i < 2 else stays,
                    matrix,
                    0.0,
                )
                for stays in [scores >= scores.sort(descending=True).values[n_kept - 1]]
                for i, matrix in enumerate((gate, up, down))
            ),
            says="the units are set to 0, and still there",
            hint="The answer is as good, but no smaller: take them out.",
        ),
        Misconception(
            "places_of_the_sort",
            {"best.sort().values": "best.sort().indices"},
            says="the places within the sorted list are taken for the units",
            hint="`sort` gives values and indices. Which of the two are numbers of units?",
        ),
        Misconception(
            "up_alone_in_order",
            {"gate[kept], up[kept], down[:, kept]": "gate[best], up[kept], down[:, best]"},
            says="up is in another order than gate and down",
            hint="Row i of gate and row i of up must belong to the same unit.",
        ),
        Misconception(
            "best_last",
            {"best.sort().values": "best.flip(0)"},
            says="the units come in the order of their scores, the highest last",
            hint="It would compute the same, but the question wants their old order.",
        ),
        Misconception(
            "falling",
            {"best.sort().values": "best.sort(descending=True).values"},
            says="the units come in reverse",
            hint="In their old order: the number of the first is the smallest.",
        ),
        Misconception(
            "gate_and_up_swapped",
            {"gate[kept], up[kept]": "up[kept], gate[kept]"},
            says="gate and up have changed places",
            hint="In which order are the three to be returned?",
        ),
        Misconception(
            "as_many_as_should_go",
            {"scores.topk(n_kept)": "scores.topk(len(scores) - n_kept)"},
            says="as many units stay as should go",
            hint="`n_kept` units are to stay.",
        ),
    ],
)
