"""10.3 Draw."""

import torch
from torch import Tensor

from llama_edu.course.checking.draw import randn
from llama_edu.course.checking.questions import Misconception, Question


def draw(logits: Tensor, temperature: float, u: float) -> int:
    """The stretch on which u falls, looked up by halves."""
    if temperature == 0:
        return int(logits.argmax())
    ends = torch.softmax(logits / temperature, dim=0).cumsum(0)
    return int(torch.searchsorted(ends, torch.tensor(u), right=True))


def draw_cases(generator):
    def chance() -> float:
        return round(0.05 + 0.9 * float(torch.rand((), generator=generator)), 3)

    three = torch.tensor([0.2, 0.5, 0.3]).log()
    yield {"logits": three, "temperature": 1.0, "u": 0.69}
    yield {"logits": three + 1, "temperature": 1.0, "u": 0.05}
    # The likeliest is in the middle, so that no other rule draws it by chance.
    hill = 3 - 0.4 * (torch.arange(9) - 4).abs() + 0.1 * randn(generator, 9)
    yield {"logits": hill, "temperature": 0, "u": 0.97}
    yield {"logits": hill, "temperature": 0.5, "u": 0.9}
    first_removed = randn(generator, 5).masked_fill(torch.arange(5) < 2, -torch.inf)
    yield {"logits": first_removed, "temperature": 1.0, "u": 0.0}
    for temperature in (0.4, 0.7, 1.0, 1.6, 2.5):
        logits = randn(generator, 200)  # many, so that any other sum ends elsewhere
        yield {"logits": logits, "temperature": temperature, "u": chance()}


ENDS = "(logits / temperature).softmax(-1).cumsum(-1)"

DRAW = Question(
    "generation.draw",
    points=3,
    cases=draw_cases,
    reference=draw,
    equivalent_mutants={
        "ends = (logits / temperature).softmax(-1).cumsum(-1) -> "
        f"ends = (logits / temperature).{one}": "logits have one dimension"
        for one in ("softmax(-1).cumsum(-0)", "softmax(-0).cumsum(-1)")
    },
    misconceptions=[
        Misconception(
            "temperature_ignored",
            {ENDS: "logits.softmax(-1).cumsum(-1)"},
            says="the temperature changes nothing but at 0",
            hint="Before the softmax the logits are divided by it.",
        ),
        Misconception(
            "temperature_multiplied",
            {"logits / temperature": "logits * temperature"},
            says="the logits are multiplied by the temperature",
            hint="A high temperature should bring the logits closer together.",
        ),
        Misconception(
            "temperature_after_softmax",
            {"(logits / temperature).softmax(-1)": "(logits.softmax(-1) / temperature)"},
            says="the probabilities are divided by the temperature, and no longer sum to 1",
            hint="Divide the logits; the softmax comes after.",
        ),
        Misconception(
            "no_zero",
            {"    if temperature == 0:\n        return logits.argmax().item()\n": ""},
            says="temperature 0 is treated like any other: division by 0 gives inf and NaN",
            hint="Deal with 0 first: greedy takes the likeliest token.",
        ),
        Misconception(
            "always_greedy",
            {"(ends <= u).sum()": "logits.argmax()"},
            says="the likeliest token is taken at every temperature",
            hint="Above 0, u decides.",
        ),
        Misconception(
            "chance_of_its_own",
            {"(ends <= u).sum()": "(logits / temperature).softmax(-1).multinomial(1)"},
            says="the token is drawn at random, without u",
            hint="Here u is the chance: the same u must give the same token.",
        ),
        Misconception(
            "not_added_up",
            {".cumsum(-1)": ""},
            says="each probability is compared with u alone: they are not added up",
            hint="The stretches lie side by side: each begins where the one before it ends.",
        ),
        Misconception(
            "removed_drawn",
            {"ends <= u": "ends < u"},
            says="u = 0 draws token 0 even where its probability is 0",
            hint="The sum must *exceed* u: is the comparison strict on the right side?",
        ),
        Misconception(
            "one_before",
            {"(ends <= u).sum()": "((ends <= u).sum() - 1)"},
            says="the token before the right one is taken",
            hint="If no end lies at u or below, the token is number 0.",
        ),
        Misconception(
            "rank_returned",
            {".softmax(-1).cumsum": ".softmax(-1).sort(descending=True).values.cumsum"},
            says="the probabilities are sorted, and the rank is returned instead of the id",
            hint="The stretches lie in the order of the ids; nothing need be sorted.",
        ),
        Misconception(
            "id_of_sorted",
            {
                ENDS: "(logits / temperature).softmax(-1).sort(descending=True).values.cumsum(-1)",
                "(ends <= u).sum()": "logits.argsort(descending=True)[(ends <= u).sum()]",
            },
            says="the stretches lie in the order of likelihood, the likeliest first",
            hint="That samples rightly too, but here they lie in the order of the ids.",
        ),
        Misconception(
            "sum_of_logits",
            {".softmax(-1)": ""},
            says="logits are added up, not probabilities",
            hint="Which function turns logits into numbers that sum to 1?",
        ),
        Misconception(
            "first_large_share",
            {".cumsum(-1)": "", "(ends <= u).sum()": "(ends > u).float().argmax()"},
            says="the first token is taken whose own probability exceeds u",
            hint="Add up first: it is the sum that must exceed u.",
        ),
        Misconception(
            "nearest_end",
            {"(ends <= u).sum()": "(ends - u).abs().argmin()"},
            says="the token is taken whose end is nearest to u",
            hint="u falls on a stretch: which token has its end behind u, and its beginning "
            "at u or before?",
        ),
        Misconception(
            "not_divided",
            {".softmax(-1)": ".exp()"},
            says="exp is taken of the logits, but they are not divided by their sum",
            hint="The stretches together should be 1 long.",
        ),
    ],
)
