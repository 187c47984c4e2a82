"""13.5 A step of LAMB."""

from torch import Generator, Tensor, zeros

from llama_edu.course.checking.draw import randn
from llama_edu.course.checking.questions import Misconception, Question


def lamb_step(weight: Tensor, update: Tensor, lr: float, weight_decay: float) -> Tensor:
    u = update + weight_decay * weight
    length, step = weight.square().sum().sqrt(), u.square().sum().sqrt()
    return weight - lr * u * (length / step if length * step else 1.0)


def lamb_step_cases(generator: Generator):
    def case(*shape: int, lr: float = 0.1, weight_decay: float = 0.0, size: float = 1.0) -> dict:
        weight, update = 3 * size * randn(generator, *shape), size * randn(generator, *shape)
        return {"weight": weight, "update": update, "lr": lr, "weight_decay": weight_decay}

    yield case(2)
    yield case(3, weight_decay=0.5)
    yield case(2, 3)
    yield case(2, size=0.1, weight_decay=0.5)  # both lengths are below 1
    yield case(3, 4, lr=0.02, weight_decay=0.2)
    yield {**case(3, weight_decay=0.5), "weight": zeros(3)}
    yield {**case(2), "update": zeros(2)}
    yield {**case(2, weight_decay=0.3), "update": zeros(2)}  # u is not 0


TRUST = "length / step if length > 0 and step > 0 else 1.0"
LENGTHS = "weight.norm(), u.norm()"

LAMB_STEP = Question(
    "optimizers.lamb_step",
    points=3,
    cases=lamb_step_cases,
    reference=lamb_step,
    misconceptions=[
        Misconception(
            "no_trust_ratio",
            {"lr * trust * u": "lr * u"},
            says="the step is not scaled by the trust ratio",
            hint="How long should the step be, beside the length of the weight?",
        ),
        Misconception(
            "ratio_turned_round",
            {"length / step": "step / length"},
            says="the trust ratio is turned round, |u| / |w|",
            hint="With the right ratio a step has the length lr · |w|, whatever the length of u.",
        ),
        Misconception(
            "no_weight_decay",
            {" + weight_decay * weight": ""},
            says="there is no weight decay in u",
            hint="u has two parts.",
        ),
        Misconception(
            "decay_apart",
            {"update + weight_decay * weight": "update", "return weight":
             "return (1 - lr * weight_decay) * weight"},
            says="the decay is applied apart, as in AdamW",
            hint="In LAMB the decay is inside the step whose length is set.",
        ),
        Misconception(
            "length_of_update",
            {"u.norm()": "update.norm()"},
            says="the ratio takes the length of `update`, before the decay is added",
            hint="Which vector is the one that you step along in the end?",
        ),
        Misconception(
            "length_squared",
            {LENGTHS: "weight.norm() ** 2, u.norm() ** 2"},
            says="squared lengths are divided",
            hint="A length is the root of the sum of the squares.",
        ),
        Misconception(
            "absolute_values",
            {LENGTHS: "weight.abs().sum(), u.abs().sum()"},
            says="a length is taken as the sum of the absolute values",
            hint="That is another norm. LAMB's is the root of the sum of the squares.",
        ),
        Misconception(
            "by_rows",
            {TRUST:
             "(weight.norm(dim=-1, keepdim=True) / u.norm(dim=-1, keepdim=True)).nan_to_num(1.0)"
             " if length > 0 and step > 0 else 1.0"},
            says="each row has a trust ratio of its own",
            hint="One tensor, one ratio: `x.norm()` without a dimension.",
        ),
        Misconception(
            "stays_at_zero",
            {TRUST: "length / step if step > 0 else 1.0"},
            says="a weight of length 0 never moves: its ratio is 0",
            hint="The text names two cases in which the ratio is 1.",
        ),
        Misconception(
            "nan_at_zero",
            {TRUST: "length / step"},
            says="the ratio is |w| / |u| without a rule for lengths of 0",
            hint="What is 0 / 0? And can a weight of zeros ever move?",
        ),
        Misconception(
            "uphill",
            {"return weight -": "return weight +"},
            says="the step goes the other way: the loss would rise",
            hint="`update` points to where the loss rises.",
        ),
    ],
)  # fmt: skip
