"""7.3 RMSNorm for narrow floats."""

import torch
from torch import Tensor

from llama_edu.course.checking.draw import randn
from llama_edu.course.checking.questions import Misconception, Question
from llama_edu.model import norm


def narrow_rms_norm_cases(generator):
    def case(x: Tensor, dtype: torch.dtype, eps: float) -> dict:
        gain = 1 + 0.5 * randn(generator, x.shape[-1]).clamp(-1, 1)
        return {"x": x.to(dtype), "gain": gain.to(dtype), "eps": eps}

    yield case(randn(generator, 2, 4), torch.bfloat16, 1e-5)
    yield case(1000 + 200 * randn(generator, 3), torch.float16, 1e-5)  # the squares overflow
    yield case(randn(generator, 3, 5, 64), torch.bfloat16, 1e-6)
    yield case(randn(generator, 2, 3, 96), torch.float16, 1e-6)
    yield case(3e-4 * randn(generator, 2, 6), torch.float16, 1e-8)  # eps is 0 in float16
    yield case(torch.zeros(1, 4), torch.float16, 1e-8)
    yield case(torch.full((1, 40), 30.0), torch.bfloat16, 0.5)


NARROW_RMS_NORM = Question(
    "norms.narrow_rms_norm",
    points=3,
    cases=narrow_rms_norm_cases,
    reference=norm.rms_norm,
    rtol=1e-6,  # every step is prescribed, so that all roundings are the same
    atol=1e-7,
    forbids=("RMSNorm",),  # but one may call one's own rms_norm
    misconceptions=[
        Misconception(
            "not_widened",
            {"x.float()": "x"},
            says="the mean square is kept in the dtype of x: nothing, or too little, is widened",
            hint="The square of 1,000 is beyond float16, which makes it inf; and a division by inf "
            "gives 0. Which steps need the wider float?",
        ),
        Misconception(
            "widened_after_squaring",
            {"wide.square()": "x.square().float()"},
            says="the square is taken in the dtype of x, and widened afterwards",
            hint="Once a number has become inf, or lost its digits, no wider float brings it back.",
        ),
        Misconception(
            "root_rounded",
            {"(mean_square + eps).sqrt()": "(mean_square + eps).sqrt().to(x.dtype)"},
            says="the root is rounded to the dtype of x before the division",
            hint="Rounding once, after the division, loses less than rounding twice.",
        ),
        Misconception(
            "x_left_narrow",
            {"wide / (mean_square + eps).sqrt()": "x * torch.rsqrt(mean_square + eps).to(x.dtype)"},
            says="1 / root is rounded to the dtype of x, and multiplied there",
            hint="Stay in float32 for the product with 1 / root too: round its result.",
        ),
        Misconception(
            "gain_in_float32",
            {"normed.to(x.dtype) * gain": "(normed * gain.float()).to(x.dtype)"},
            says="the gain multiplies in float32, before going back",
            hint="The same in mathematics, but rounded elsewhere. Which comes first in the "
            "question, going back or the gain?",
        ),
        Misconception(
            "stays_wide",
            {".to(x.dtype)": ""},
            says="the result stays in float32",
            hint="What comes out must have the dtype that went in, or all layers after it compute "
            "in float32.",
        ),
        Misconception(
            "widened_at_last",
            {"normed.to(x.dtype) * gain": "(normed.to(x.dtype) * gain).float()"},
            says="all is right, but the result is float32",
            hint="What comes out must have the dtype that went in.",
        ),
        Misconception(
            "eps_after_root",
            {"(mean_square + eps).sqrt()": "(mean_square.sqrt() + eps)"},
            says="eps is added to the root and not under it",
            hint="In the formula, where does the root sign end? For small vectors the two differ.",
        ),
        Misconception(
            "eps_forgotten",
            {" + eps": ""},
            says="eps is left out, or has become 0 in float16",
            hint="What becomes of a vector of zeros? In float16, 0.00000001 is 0: eps must meet a "
            "float32.",
        ),
        Misconception(
            "clamped",
            {"x.float()": "x.float().clamp(-255, 255)"},
            says="large numbers are cut off, so that their squares fit",
            hint="That changes the vector. A wider float needs no cutting.",
        ),
        Misconception(
            "gain_forgotten",
            {" * gain": ""},
            says="the gain is left out",
            hint="After scaling, each of the D numbers has a learned factor.",
        ),
        Misconception(
            "always_float16",
            {".to(x.dtype)": ".half()"},
            says="the result goes to float16, whatever the dtype of x",
            hint="x may be bfloat16 too, and so may the gain: `x.dtype` is the dtype of x.",
        ),
        Misconception(
            "always_bfloat16",
            {".to(x.dtype)": ".bfloat16()"},
            says="the result goes to bfloat16, whatever the dtype of x",
            hint="x may be float16 too: `x.dtype` is its dtype.",
        ),
    ],
)
