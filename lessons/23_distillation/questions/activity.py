"""23.3 How busy a hidden unit is."""

from torch.nn import functional as F

from llama_edu.course.checking.draw import randn
from llama_edu.course.checking.questions import Misconception, Question


def activity(gate, up):
    return (F.silu(gate) * up).abs().flatten(0, -2).mean(0)


def activity_cases(generator):
    for shape in ((1, 2, 3), (2, 3, 4), (3, 2, 5), (4, 4, 4), (2, 1, 6)):
        yield {"gate": 2 * randn(generator, *shape), "up": randn(generator, *shape)}


ACTIVITY = Question(
    "distillation.activity",
    points=2,
    cases=activity_cases,
    reference=activity,
    misconceptions=[
        Misconception(
            "signs_cancel",
            {"hidden.abs().mean": "hidden.mean"},
            says="numbers above and below 0 cancel",
            hint="A unit that gives +3 and -3 by turns has a mean of 0, and is busy.",
        ),
        Misconception(
            "size_of_the_mean",
            {"hidden.abs().mean(dim=(0, 1))": "hidden.mean(dim=(0, 1)).abs()"},
            says="the size of the mean is taken, not the mean of the sizes",
            hint="Which comes first, the absolute value or the mean?",
        ),
        Misconception(
            "gate_only",
            {"F.silu(gate) * up": "F.silu(gate)"},
            says="`up` has no part in it",
            hint="A unit's output is the product of both.",
        ),
        Misconception(
            "no_silu",
            {"F.silu(gate)": "gate"},
            says="the gate is taken as it is, without silu",
            hint="What does SwiGLU do with the gate before it multiplies?",
        ),
        Misconception(
            "relu",
            {"F.silu(gate)": "F.relu(gate)"},
            says="the gate goes through relu",
            hint="LLaMA's gate goes through silu, which is a little below 0 for negative numbers.",
        ),
        Misconception(
            "silu_of_up",
            {"F.silu(gate) * up": "gate * F.silu(up)"},
            says="silu is taken of `up`, not of the gate",
            hint="Which of the two is the gate?",
        ),
        Misconception(
            "squares",
            {"hidden.abs()": "hidden.square()"},
            says="squares are averaged, not sizes",
            hint="The mean of |x| is asked for.",
        ),
        Misconception(
            "sum",
            {"mean(dim=(0, 1))": "sum(dim=(0, 1))"},
            says="the sizes are summed",
            hint="The mean over texts and tokens.",
        ),
        Misconception(
            "silu_of_the_product",
            {"F.silu(gate) * up": "F.silu(gate * up)"},
            says="silu is taken of the product",
            hint="Which of the two goes through silu, and when?",
        ),
        Misconception(
            "one_text",
            {"mean(dim=(0, 1))": "mean(dim=1)[0]"},
            says="only the first text is looked at",
            hint="There are B texts.",
        ),
        Misconception(
            "by_text",
            {"mean(dim=(0, 1))": "mean(dim=1)"},
            says="each text keeps its own mean",
            hint="One number for each unit, (F,).",
        ),
        Misconception(
            "sigmoid",
            {"F.silu(gate)": "gate.sigmoid()"},
            says="the gate goes through sigmoid alone",
            hint="silu(x) is x · sigmoid(x).",
        ),
        Misconception(
            "root_mean_square",
            {"hidden.abs().mean(dim=(0, 1))": "hidden.square().mean(dim=(0, 1)).sqrt()"},
            says="the root of the mean square is taken",
            hint="That is a size too, but the mean of |x| is asked for.",
        ),
        Misconception(
            "norm",
            {"hidden.abs().mean(dim=(0, 1))": "hidden.norm(dim=(0, 1))"},
            says="the length (norm) is taken, which grows with the number of tokens",
            hint="The mean of |x| is asked for.",
        ),
        Misconception(
            "gelu",
            {"F.silu(gate)": "F.gelu(gate)"},
            says="the gate goes through gelu",
            hint="It looks much like silu, and is another function. Which one does LLaMA take?",
        ),
        Misconception(
            "tokens_summed",
            {"mean(dim=(0, 1))": "sum(1).mean(0)"},
            says="the sizes are summed over the tokens, and averaged over the texts alone",
            hint="The mean runs over both.",
        ),
        Misconception(
            "dims_moved",
            {"mean(dim=(0, 1))": "mean(0).mean(1)"},
            says="the second mean runs over the units",
            hint="`mean(0)` takes a dimension away, and the others move up. Which is dimension 1 "
            "then?",
        ),
    ],
)
