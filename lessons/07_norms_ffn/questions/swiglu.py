"""7.4 SwiGLU."""

from torch import Tensor
from torch.nn import functional

from llama_edu.course.checking.draw import randn
from llama_edu.course.checking.questions import Misconception, Question


def swiglu(x: Tensor, gate: Tensor, up: Tensor, down: Tensor) -> Tensor:
    wide = functional.silu(functional.linear(x, gate)) * functional.linear(x, up)
    return functional.linear(wide, down)


def swiglu_cases(generator):
    def case(*batch: int, d: int, f: int) -> dict:
        return {
            "x": randn(generator, *batch, d),
            "gate": randn(generator, f, d),
            "up": randn(generator, f, d),
            "down": randn(generator, d, f),
        }

    yield case(d=2, f=3)
    yield case(3, d=2, f=4)
    yield case(2, 5, d=6, f=16)
    yield case(2, d=3, f=3)  # square weights: nothing tells rows from columns but the values
    yield case(1, 4, d=5, f=2)


SWIGLU = Question(
    "norms.swiglu",
    points=2,
    cases=swiglu_cases,
    reference=swiglu,
    rtol=1e-4,
    atol=1e-5,  # sums of products in another order
    misconceptions=[
        Misconception(
            "gate_and_up_swapped",
            {"x @ gate.mT": "x @ up.mT", "x @ up.mT": "x @ gate.mT"},
            says="SiLU is taken of up, and gate goes through as it is",
            hint="The two have the same shape, so nothing fails. Which one opens and closes?",
        ),
        Misconception(
            "silu_of_both",
            {"(x @ up.mT)": "F.silu(x @ up.mT)"},
            says="both wide vectors go through SiLU",
            hint="One of them says how much comes through, the other what. Which one is bent?",
        ),
        Misconception(
            "silu_of_product",
            {"F.silu(x @ gate.mT)": "x @ gate.mT", "(gated * (x @ up.mT))":
             "F.silu(gated * (x @ up.mT))"},
            says="SiLU is taken of the product of the two",
            hint="Bend the gate first, then multiply.",
        ),
        Misconception(
            "no_silu",
            {"F.silu(x @ gate.mT)": "x @ gate.mT"},
            says="gate and up are multiplied without SiLU",
            hint="Shazeer's paper calls that *bilinear*. What does the gate go through before it "
            "multiplies?",
        ),
        Misconception(
            "sigmoid",
            {"F.silu(x @ gate.mT)": "(x @ gate.mT).sigmoid()"},
            says="the gate goes through a sigmoid: that is GLU",
            hint="SiLU is z times the sigmoid of z, not the sigmoid alone.",
        ),
        Misconception(
            "relu",
            {"F.silu": "F.relu"},
            says="the gate goes through ReLU: that is ReGLU",
            hint="The Sw of SwiGLU is for Swish, another name of SiLU.",
        ),
        Misconception(
            "gelu",
            {"F.silu": "F.gelu"},
            says="the gate goes through GELU: that is GEGLU",
            hint="The Sw of SwiGLU is for Swish, another name of SiLU.",
        ),
        Misconception(
            "added",
            {"gated * ": "gated + "},
            says="the two wide vectors are added",
            hint="A gate lets through more or less of something: which operation does that?",
        ),
        Misconception(
            "no_up",
            {" * (x @ up.mT)": ""},
            says="up is not used: SiLU of the gate goes straight to down",
            hint="That is the layer of 2017 with another bend. What does the gate multiply?",
        ),
        Misconception(
            "gate_times_x",
            {"F.silu(x @ gate.mT)": "(z := x @ gate.mT) * z * z.sigmoid()"},
            says="the gate is multiplied by its own SiLU",
            hint="SiLU holds the z already: z times sigmoid of z, once.",
        ),
        Misconception(
            "softmax_gate",
            {"F.silu(x @ gate.mT)": "(x @ gate.mT).softmax(-1)"},
            says="the gate goes through a softmax",
            hint="Here the wide numbers do not compete with each other: each is bent by itself.",
        ),
        Misconception(
            "stream_added",
            {"return (": "return x + ("},
            says="x itself is added to the result",
            hint="That is the residual connection. It stands outside this layer, and comes in 7.6.",
        ),
        Misconception(
            "silu_at_the_end",
            {"return (gated * (x @ up.mT)) @ down.mT":
             "return F.silu((gated * (x @ up.mT)) @ down.mT)"},
            says="what down gives goes through SiLU once more",
            hint="Down is the last step. What comes out may be any number, also a very negative "
            "one.",
        ),
    ],
)  # fmt: skip
