"""6.4 Rotate halves."""

from torch import Tensor

from llama_edu.course.checking.questions import Misconception, Question
from llama_edu.model import rope

from .rotate import TURNED, TURNED_AGAIN, rotate_cases

HALVES = "x.chunk(2, dim=-1)"
WRITTEN = f"torch.cat(({TURNED}), dim=-1)"


def rotate_half_split(x: Tensor, positions: Tensor, frequencies: Tensor) -> Tensor:
    return rope.rotate_half_split(x, rope.rotations(positions, frequencies))


ROTATE_HALF_SPLIT = Question(
    "positions.rotate_half_split",
    points=2,
    cases=rotate_cases,
    reference=rotate_half_split,
    rtol=1e-4,
    atol=1e-5,  # an angle of 40 radians is known to 4e-6 in float32
    misconceptions=[
        Misconception(
            "interleaved",
            {
                HALVES: "x[..., 0::2], x[..., 1::2]",
                WRITTEN: f"torch.stack(({TURNED}), dim=-1).flatten(-2)",
            },
            says="neighbours are a pair: the interleaved layout of 6.3",
            hint="Here number i and number i + d / 2 are a pair. Cut the head in the middle.",
        ),
        Misconception(
            "written_as_neighbours",
            {WRITTEN: f"torch.stack(({TURNED}), dim=-1).flatten(-2)"},
            says="pairs are read as halves but written as neighbours",
            hint="The result is half-split like x: all first numbers, then all second ones.",
        ),
        Misconception(
            "read_as_neighbours",
            {HALVES: "x[..., 0::2], x[..., 1::2]"},
            says="pairs are read as neighbours but written as halves",
            hint="Only the result is in two halves: cut x in the same way.",
        ),
        Misconception(
            "backwards",
            {TURNED: "a * cos + b * sin, b * cos - a * sin"},
            says="every pair is turned backwards, by minus its angle",
            hint="Try the example by hand: a quarter turn makes (-3, 1) of (1, 3). With a helper "
            "such as `rotate_half`, which half gets the minus?",
        ),
        Misconception(
            "both_plus",
            {"a * cos - b * sin": "a * cos + b * sin"},
            says="the first half is a cos + b sin, with a plus",
            hint="That does not keep the length of the arrow. Compare each sign with the formula "
            "of 6.3.",
        ),
        Misconception(
            "both_minus",
            {"a * sin + b * cos": "b * cos - a * sin"},
            says="the second half is b cos - a sin, with a minus",
            hint="Compare each sign with the formula of 6.3: there is one minus, in the first.",
        ),
        Misconception(
            "turned_from_the_turned",
            {
                f"return torch.cat(({TURNED}": "a = a * cos - b * sin\n"
                f"    return torch.cat(({TURNED_AGAIN}"
            },
            says="the second half is made from the first one after that was turned",
            hint="Both come from the *old* a and b: give the new a another name.",
        ),
        Misconception(
            "angles_of_neighbours",
            {
                f"return {WRITTEN}": "cos, sin = (y.repeat_interleave(2, -1) for y in (cos, sin))\n"
                "    return x * cos + torch.cat((-b, a), dim=-1) * sin"
            },
            says="the halves are swapped rightly, but neighbours get the same angle: w0 w0 w1 w1",
            hint="Numbers i and i + d / 2 share an angle. So the row of angles, doubled to d "
            "numbers, should read w0 w1 w0 w1.",
        ),
        Misconception(
            "along_heads",
            {"angles.cos()[:, None], angles.sin()[:, None]": "angles.cos(), angles.sin()"},
            says="the angles line up with the heads instead of the tokens",
            hint="Shapes line up from the right. Give the angles a dimension of 1 where x has its "
            "heads.",
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
            "halves_not_swapped",
            {TURNED: "a * cos - a * sin, b * sin + b * cos"},
            says="each half is multiplied by cosine and sine, but the halves never mix",
            hint="The sine brings in the *other* number of the pair: a helper such as "
            "`rotate_half` changes the places of the halves as well as a sign.",
        ),
        Misconception(
            "halves_swapped",
            {"a, b =": "b, a ="},
            says="the second half is taken for the first",
            hint="a is the first half of each head, and its turned numbers come first.",
        ),
    ],
)
