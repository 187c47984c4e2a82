"""6.3 Rotate neighbours."""

import torch
from torch import Tensor

from llama_edu.course.checking.draw import pick, randn
from llama_edu.course.checking.questions import Misconception, Question
from llama_edu.model import rope

PAIRS = "x[..., 0::2], x[..., 1::2]"
TURNED = "a * cos - b * sin, a * sin + b * cos"
TURNED_AGAIN = "a, a * sin + b * cos"


def rotate(x: Tensor, positions: Tensor, frequencies: Tensor) -> Tensor:
    return rope.rotate(x, rope.rotations(positions, frequencies))


def rotate_cases(generator):
    quarter = torch.tensor([torch.pi / 2, 0.25])
    yield {"x": randn(generator, 1, 2, 1, 4), "positions": torch.arange(2), "frequencies": quarter}
    for n_texts, n_tokens, n_heads, d in ((2, 3, 5, 8), (3, 4, 4, 6), (2, 1, 3, 12)):
        yield {
            "x": randn(generator, n_texts, n_tokens, n_heads, d),
            "positions": torch.tensor(sorted(pick(generator, n_tokens, 3, 40))),
            "frequencies": rope.inverse_frequencies(d, 100.0),
        }


ROTATE = Question(
    "positions.rotate",
    points=4,
    cases=rotate_cases,
    reference=rotate,
    rtol=1e-4,
    atol=1e-5,  # an angle of 40 radians is known to 4e-6 in float32
    equivalent_mutants={
        "a, b = (x[..., 0::2], x[..., 1::2]) -> a, b = (x[..., ::2], x[..., 1::2])": (
            "a slice begins at 0 where it names no beginning"
        ),
    },
    misconceptions=[
        Misconception(
            "half_split",
            {PAIRS: "x.chunk(2, dim=-1)", "stack": "cat", ".flatten(-2)": ""},
            says="numbers i and i + d / 2 are a pair: the half-split layout",
            hint="That is the next question. Here neighbours are a pair: 0 with 1, 2 with 3.",
        ),
        Misconception(
            "written_as_halves",
            {"stack": "cat", ".flatten(-2)": ""},
            says="pairs are read as neighbours but written as halves: all a first, then all b",
            hint="A turned pair must stand where the pair stood. `stack` along a new *last* "
            "dimension puts a and b side by side before you flatten.",
        ),
        Misconception(
            "read_as_halves",
            {PAIRS: "x.chunk(2, dim=-1)"},
            says="pairs are read as halves but written as neighbours",
            hint="`chunk` or `x[..., :d // 2]` gives halves. Neighbours are every second number, "
            "from 0 and from 1.",
        ),
        Misconception(
            "backwards",
            {TURNED: "a * cos + b * sin, b * cos - a * sin"},
            says="every pair is turned backwards, by minus its angle",
            hint="Try the example by hand: a quarter turn makes (-2, 1) of (1, 2).",
        ),
        Misconception(
            "both_plus",
            {"a * cos - b * sin": "a * cos + b * sin"},
            says="the first number is a cos + b sin, with a plus",
            hint="That does not keep the length of the arrow. Compare each sign with the formula.",
        ),
        Misconception(
            "both_minus",
            {"a * sin + b * cos": "a * sin - b * cos"},
            says="the second number is a sin - b cos, with a minus",
            hint="At angle 0 the pair should stay as it is: what becomes of b?",
        ),
        Misconception(
            "turned_from_the_turned",
            {
                f"return torch.stack(({TURNED}": "a = a * cos - b * sin\n"
                f"    return torch.stack(({TURNED_AGAIN}"
            },
            says="the second number is made from the first one after that was turned",
            hint="Both come from the *old* a and b: give the new a another name. (A slice such as "
            "x[..., 0::2] looks into x: writing to x changes it.)",
        ),
        Misconception(
            "along_heads",
            {"angles.cos()[:, None], angles.sin()[:, None]": "angles.cos(), angles.sin()"},
            says="the angles line up with the heads instead of the tokens",
            hint="Shapes line up from the right: (T, d / 2) meets the heads of "
            "(B, T, heads, d / 2). Give the angles a dimension of 1 where x has its heads.",
        ),
        Misconception(
            "places_from_0",
            {"positions[:, None]": "torch.arange(x.shape[1])[:, None]"},
            says="places are counted from 0, whatever `positions` says",
            hint="A text may go on from place 7: use the argument.",
        ),
        Misconception(
            "sine_for_cosine",
            {"cos, sin =": "sin, cos ="},
            says="sine and cosine have changed places",
            hint="At place 0 nothing may turn. Which of the two is 1 there?",
        ),
        Misconception(
            "result_swapped",
            {TURNED: "a * sin + b * cos, a * cos - b * sin"},
            says="the turned numbers of a pair have changed places",
            hint="At angle 0 the pair should stay as it is: which of your two gives a there?",
        ),
        Misconception(
            "angles_of_halves",
            {
                f"return torch.stack(({TURNED}), dim=-1).flatten(-2)": (
                    "crossed = torch.stack((-b, a), dim=-1).flatten(-2)\n"
                    "    return x * cos.repeat(1, 1, 2) + crossed * sin.repeat(1, 1, 2)"
                )
            },
            says="neighbours are a pair, but their angles are doubled as w0 w1 w0 w1",
            hint="Numbers 2i and 2i + 1 share an angle. So the row of angles, doubled to d "
            "numbers, should read w0 w0 w1 w1.",
        ),
        Misconception(
            "number_by_number",
            {TURNED: "a * cos, b * sin"},
            says="a is multiplied by the cosine and b by the sine, and they never mix",
            hint="Each new number is made from both old ones: two products and a sum.",
        ),
        Misconception(
            "degrees",
            {"positions[:, None] * frequencies": "torch.deg2rad(positions[:, None] * frequencies)"},
            says="the angles are taken for degrees",
            hint="Frequencies are in radians a token, and `cos` takes radians.",
        ),
        Misconception(
            "not_times_place",
            {"positions[:, None] *": "positions[:, None] * 0 +"},
            says="every token is turned by the same angles, whatever its place",
            hint="The angle is place times frequency: a table (T, d / 2), a row for each token.",
        ),
    ],
)
