"""16.4 Adversarial softmax."""

import torch
from torch.nn import functional as F

from llama_edu.course.checking.draw import randn
from llama_edu.course.checking.questions import Misconception, Question
from llama_edu.train import adversarial


def adversarial_softmax_cases(generator):
    def places(n: int, d_model: int, vocab_size: int) -> dict:
        return {
            "hidden": randn(generator, n, d_model),
            "output_weight": randn(generator, vocab_size, d_model),
            "targets": torch.randint(vocab_size, (n,), generator=generator),
        }

    yield places(1, 2, 3) | {"epsilon": 0.1}
    yield places(4, 3, 5) | {"epsilon": 0.2}
    yield places(3, 3, 3) | {"epsilon": 0.5}  # as many places as tokens, and as wide
    yield places(6, 4, 2) | {"epsilon": 1.0}  # targets that come twice
    yield places(2, 5, 7) | {"epsilon": 0.0}
    large = places(3, 2, 4)
    hidden = 300 * large["hidden"]  # exp of a logit overflows, a target's probability is 0
    unlikely = (hidden @ large["output_weight"].T).argmin(dim=1)
    yield large | {"hidden": hidden, "targets": unlikely, "epsilon": 0.3}


def whole_columns(hidden, output_weight, targets, epsilon):
    falls = epsilon * output_weight[targets].norm(dim=-1) * hidden.norm(dim=-1)
    logits = hidden @ output_weight.T
    logits[:, targets] -= falls
    return F.cross_entropy(logits, targets)


FALLS = "epsilon * rows.norm(dim=-1) * hidden.norm(dim=-1)"

ADVERSARIAL_SOFTMAX = Question(
    "adversarial.adversarial_softmax",
    points=3,
    cases=adversarial_softmax_cases,
    reference=adversarial.adversarial_softmax,
    rtol=1e-4,  # products of lengths in another order
    equivalent_mutants={
        "falls = epsilon * rows.norm(dim=-1) * hidden.norm(dim=-1) -> "
        "falls = epsilon * rows.norm(dim=1) * hidden.norm(dim=-1)": "rows has two dimensions",
        "falls = epsilon * rows.norm(dim=-1) * hidden.norm(dim=-1) -> "
        "falls = epsilon * rows.norm(dim=-1) * hidden.norm(dim=1)": "hidden has two dimensions",
    },
    misconceptions=[
        Misconception(
            "raised",
            {"- falls[:, None]": "+ falls[:, None]"},
            says="the target's logit rises, or all the others fall",
            hint="The adversary wants a large loss: does the right token's logit go up or down?",
        ),
        Misconception(
            "no_hidden_length",
            {" * hidden.norm(dim=-1)": ""},
            says="the length of h is left out",
            hint="The row moves by r, and the logit by r·h: how large can that be for a long h?",
        ),
        Misconception(
            "no_row_length",
            {" * rows.norm(dim=-1)": ""},
            says="the length of the target's row is left out",
            hint="The row may move by epsilon *of its own length*.",
        ),
        Misconception(
            "epsilon_of_the_logit",
            {FALLS: "epsilon * (rows * hidden).sum(dim=-1)"},
            says="the fall is epsilon times the logit itself",
            hint="That only shortens the row. The worst move goes against h, wherever the row "
            "points: two lengths, and no angle between them.",
        ),
        Misconception(
            "lengths_of_everything",
            {FALLS: "(epsilon * rows.norm() * hidden.norm()).expand(len(rows))"},
            says="the lengths are those of all rows and all h together",
            hint="Each place has a row and an h of its own: `norm` without `dim` takes all "
            "numbers of the tensor.",
        ),
        Misconception(
            "rows_shortened",
            {" - falls[:, None] * is_target": " * (1 - epsilon * is_target.amax(0))"},
            says="the targets' rows are shortened by epsilon, in the matrix itself",
            hint="The worst move goes against h, not along the row; and each place has an "
            "adversary of its own, who moves the row for that place alone.",
        ),
        Misconception(
            "every_row_moved",
            {
                "falls[:, None] * is_target": "epsilon * output_weight.norm(dim=-1) "
                "* hidden.norm(dim=-1)[:, None]"
            },
            says="every row is moved, and every logit falls",
            hint="Only the row of the target may be moved.",
        ),
        Misconception(
            "whole_columns",
            whole_columns,
            says="`logits[:, targets]` is lowered: the targets' columns, in all places",
            hint="A place's own target is wanted: pair each row with its column, as in "
            "`logits[torch.arange(N), targets]`.",
        ),
        Misconception(
            "added_to_the_loss",
            {
                "F.cross_entropy(logits, targets)": (
                    "F.cross_entropy(hidden @ output_weight.T, targets) + falls.mean()"
                )
            },
            says="the fall is added to the loss, rather than taken from the logit",
            hint="Softmax sees the logits: where the target is sure, a small fall costs little.",
        ),
        Misconception(
            "over_places",
            {FALLS: "epsilon * (rows.norm(dim=0) * hidden.norm(dim=0)).sum()[None]"},
            says="the lengths run over the places, not over D",
            hint="A row and an h are vectors of D numbers: the last dimension.",
        ),
        Misconception(
            "squared_lengths",
            {FALLS: "epsilon * (rows.norm(dim=-1) * hidden.norm(dim=-1)).square()"},
            says="the lengths are squared",
            hint="A length is the root of the sum of squares.",
        ),
        Misconception(
            "probability_logged",
            {
                "F.cross_entropy(logits, targets)": (
                    "-(logits.softmax(-1) * is_target).sum(-1).log().mean()"
                )
            },
            says="the logarithm is taken of a probability that is 0 in float32",
            hint="`cross_entropy` and `log_softmax` never make the probability, and stay finite.",
        ),
        Misconception(
            "summed",
            {"(logits, targets)": '(logits, targets, reduction="sum")'},
            says="the losses are added up",
            hint="The mean over all places is asked for.",
        ),
        Misconception(
            "no_adversary",
            {" - falls[:, None] * is_target": ""},
            says="the loss is the plain one: no logit falls before it is taken, or all fall alike",
            hint="Softmax does not notice a number that is taken off every logit of a place. Whose "
            "row may the adversary move?",
        ),
    ],
)
