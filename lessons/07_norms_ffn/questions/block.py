"""7.6 A layer of LLaMA, its attention weights given."""

import torch
from torch import Tensor
from torch.nn import functional

from llama_edu.course.checking.draw import randn
from llama_edu.course.checking.questions import Misconception, Question
from llama_edu.model import norm


def block(
    x: Tensor, mix: Tensor, gains: Tensor, gate: Tensor, up: Tensor, down: Tensor, eps: float
) -> Tensor:
    x = x + mix @ norm.rms_norm(x, gains[0], eps)
    normed = norm.rms_norm(x, gains[1], eps)
    wide = functional.silu(functional.linear(normed, gate)) * functional.linear(normed, up)
    return x + functional.linear(wide, down)


def block_cases(generator):
    def case(t: int, d: int, f: int, eps: float = 1e-5, size: float = 2.0) -> dict:
        may_look = torch.ones(t, t).tril().bool()
        return {
            "x": size * randn(generator, t, d),
            "mix": randn(generator, t, t).masked_fill(~may_look, -torch.inf).softmax(-1),
            "gains": 1 + 0.5 * randn(generator, 2, d).clamp(-1, 1),
            "gate": randn(generator, f, d),
            "up": randn(generator, f, d),
            "down": 0.5 * randn(generator, d, f),
            "eps": eps,
        }

    yield case(2, 3, 4)
    yield case(1, 2, 3)
    yield case(5, 6, 16)
    yield case(3, 3, 3)  # every weight is square
    yield case(4, 5, 7, eps=0.01, size=0.05)  # eps counts


BLOCK = Question(
    "norms.block",
    points=3,
    cases=block_cases,
    reference=block,
    rtol=1e-4,
    atol=1e-5,  # sums of products in another order
    misconceptions=[
        Misconception(
            "stream_lost_twice",
            {"x = x + mix": "x = mix", "return x + swiglu": "return swiglu"},
            says="neither part adds to the stream: each replaces it",
            hint="Without x + ... no gradient comes past a part. What does a residual connection "
            "do?",
        ),
        Misconception(
            "stream_lost_in_mixing",
            {"x = x + mix": "x = mix"},
            says="mixing replaces the stream instead of adding to it",
            hint="What does a residual connection do with what the part has read?",
        ),
        Misconception(
            "stream_lost_in_ffn",
            {"return x + swiglu": "return swiglu"},
            says="the result is SwiGLU's alone: it is not added to the stream",
            hint="What does a residual connection do with what the part has read?",
        ),
        Misconception(
            "normed_stream",
            {
                "x = x + mix @ rms_norm(x, mixing_gain, eps)":
                "n = rms_norm(x, mixing_gain, eps)\n    x = n + mix @ n",
                "return x + swiglu(rms_norm(x, ffn_gain, eps), gate":
                "n = rms_norm(x, ffn_gain, eps)\n    return n + swiglu(n, gate",
            },
            says="each part is added to the normed copy, not to the stream",
            hint="The stream itself is never scaled: only what a part reads is normed.",
        ),
        Misconception(
            "post_norm",
            {
                "x + mix @ rms_norm(x, mixing_gain, eps)":
                "rms_norm(x + mix @ x, mixing_gain, eps)",
                "x + swiglu(rms_norm(x, ffn_gain, eps), gate, up, down)":
                "rms_norm(x + swiglu(x, gate, up, down), ffn_gain, eps)",
            },
            says="the norm comes after each sum: post-norm, as in 2017",
            hint="In LLaMA the norm stands before the part, and the stream is not scaled.",
        ),
        Misconception(
            "normed_result",
            {
                "mix @ rms_norm(x, mixing_gain, eps)": "rms_norm(mix @ x, mixing_gain, eps)",
                "swiglu(rms_norm(x, ffn_gain, eps), gate, up, down)":
                "rms_norm(swiglu(x, gate, up, down), ffn_gain, eps)",
            },
            says="each part's result is normed, and not what it reads",
            hint="Pre-norm: which comes first, the norm or the part?",
        ),
        Misconception(
            "no_norm_at_all",
            {"rms_norm(x, mixing_gain, eps)": "x", "rms_norm(x, ffn_gain, eps)": "x"},
            says="both parts read the stream as it is, without a norm",
            hint="What are `gains` and `eps` for?",
        ),
        Misconception(
            "no_norm_before_mixing",
            {"rms_norm(x, mixing_gain, eps)": "x"},
            says="mixing reads the stream without a norm",
            hint="Each of the two parts has a norm of its own.",
        ),
        Misconception(
            "no_norm_before_ffn",
            {"rms_norm(x, ffn_gain, eps)": "x"},
            says="SwiGLU reads the stream without a norm",
            hint="Each of the two parts has a norm of its own.",
        ),
        Misconception(
            "parallel",
            {"x = x + mix @ rms_norm(x, mixing_gain, eps)":
             "mixed = mix @ rms_norm(x, mixing_gain, eps)", "return x +": "return x + mixed +"},
            says="both parts read the same stream, side by side",
            hint="Some models do that (GPT-J, PaLM). In LLaMA the second part reads what the first "
            "has added to.",
        ),
        Misconception(
            "first_part_forgotten",
            {"x = x + mix @ rms_norm(x, mixing_gain, eps)":
             "first = x\n    x = x + mix @ rms_norm(x, mixing_gain, eps)",
             "return x +": "return first +"},
            says="SwiGLU is added to the stream as it was at the start: the first part is lost",
            hint="What the first part has added must still be there at the end.",
        ),
        Misconception(
            "gains_swapped",
            {"mixing_gain, ffn_gain": "ffn_gain, mixing_gain"},
            says="the two gains have changed places",
            hint="Which row of `gains` belongs to the norm before mixing?",
        ),
        Misconception(
            "one_gain_for_both",
            {"rms_norm(x, ffn_gain": "rms_norm(x, mixing_gain"},
            says="both norms have the first gain",
            hint="Each norm has a row of `gains` of its own.",
        ),
        Misconception(
            "mix_turned",
            {"mix @": "mix.mT @"},
            says="`mix` is turned: tokens take from those that come later",
            hint="Row t of `mix` belongs to the token that takes.",
        ),
        Misconception(
            "normed_stream_in_mixing",
            {"x = x + mix @ rms_norm(x, mixing_gain, eps)":
             "n = rms_norm(x, mixing_gain, eps)\n    x = n + mix @ n"},
            says="mixing is added to the normed copy, not to the stream",
            hint="The stream itself is never scaled: only what a part reads is normed.",
        ),
        Misconception(
            "normed_stream_in_ffn",
            {"return x + swiglu(rms_norm(x, ffn_gain, eps), gate":
             "n = rms_norm(x, ffn_gain, eps)\n    return n + swiglu(n, gate"},
            says="SwiGLU is added to the normed copy, not to the stream",
            hint="The stream itself is never scaled: only what a part reads is normed.",
        ),
        Misconception(
            "gate_and_up_swapped",
            {"gate, up, down": "up, gate, down"},
            says="gate and up have changed places",
            hint="In which order does your own `swiglu` take its weights?",
        ),
    ],
)  # fmt: skip
