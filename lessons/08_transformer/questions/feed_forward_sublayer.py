"""8.4 A feed-forward sublayer, post-norm."""

import torch
from torch import Tensor
from torch.nn import functional as F

from llama_edu.course.checking.draw import randn
from llama_edu.course.checking.questions import Misconception, Question


def feed_forward_sublayer(x: Tensor, weights: dict[str, Tensor], eps: float) -> Tensor:
    hidden = F.relu(F.linear(x, weights["w_1"].mT, weights["b_1"]))
    y = x + F.linear(hidden, weights["w_2"].mT, weights["b_2"])
    return F.layer_norm(y, y.shape[-1:], weights["gain"], weights["bias"], eps)


def feed_forward_sublayer_cases(generator):
    def case(n_texts: int, n_tokens: int, d_model: int, d_ff: int, eps=1e-5, scale=1.0):
        shapes = {
            "w_1": (d_model, d_ff), "b_1": (d_ff,), "w_2": (d_ff, d_model), "b_2": (d_model,),
            "gain": (d_model,), "bias": (d_model,),
        }  # fmt: skip
        return {
            "x": scale * randn(generator, n_texts, n_tokens, d_model),
            "weights": {name: randn(generator, *shape) for name, shape in shapes.items()},
            "eps": eps,
        }

    yield case(1, 1, 2, 3, eps=0.5)
    yield case(1, 3, 4, 2)
    yield case(2, 3, 4, 6)
    yield case(3, 2, 5, 7, eps=0.3, scale=0.1)
    equal = case(1, 2, 4, 3)  # a token of equal numbers has variance 0
    equal["weights"] |= {"w_2": torch.zeros(3, 4), "b_2": torch.zeros(4)}
    yield equal | {"x": torch.tensor([[[2.0, 2.0, 2.0, 2.0], [1.0, -3.0, 0.5, 4.0]]])}


NORM = 'weights["gain"] * centred / (variance + eps).sqrt() + weights["bias"]'

FEED_FORWARD_SUBLAYER = Question(
    "transformer.feed_forward_sublayer",
    points=2,
    cases=feed_forward_sublayer_cases,
    reference=feed_forward_sublayer,
    rtol=1e-4,  # sums in another order, then a small difference is divided by its spread
    atol=1e-5,
    misconceptions=[
        Misconception(
            "no_residual",
            {"y = x + hidden": "y = hidden"},
            says="what went in is not added to what the network gives",
            hint="The residual connection: the sublayer's output is added to its input.",
        ),
        Misconception(
            "no_norm",
            {f"return {NORM}": "return y"},
            says="the sum is not normed",
            hint="What does *post-norm* say about the place of the norm? There must be one.",
        ),
        Misconception(
            "pre_norm",
            {
                "hidden = (x @": "hidden = (layer_norm(x, weights, eps) @",
                f"return {NORM}": "return y",
            },
            says="the norm comes before the network, and nothing norms the sum",
            hint="That is pre-norm, as LLaMA has it. The Transformer of 2017 norms the sum.",
        ),
        Misconception(
            "norm_before_the_sum",
            {"y = x + hidden": "y = hidden", f"return {NORM}": f"return x + {NORM}"},
            says="the network's output is normed before x is added",
            hint="The norm comes last in post-norm: first the sum, then its norm.",
        ),
        Misconception(
            "no_relu",
            {".relu()": ""},
            says="there is no ReLU between the two matrices",
            hint="Without it two matrices are no more than one. What does max(0, ...) do?",
        ),
        Misconception(
            "relu_at_the_end",
            {
                ").relu()": ")",
                'hidden @ weights["w_2"] +': '(hidden @ weights["w_2"] +',
                'weights["b_2"]': 'weights["b_2"]).relu()',
            },
            says="the ReLU comes after the second matrix and not after the first",
            hint="In max(0, x W1 + b1) W2 + b2, what stands between the parentheses of max?",
        ),
        Misconception(
            "correction",
            {"correction=0": "correction=1"},
            says="the variance is divided by D - 1",
            hint="What does torch's `var` or `std` divide by if nothing is said? The norm's "
            "variance is a plain mean of squares.",
        ),
        Misconception(
            "eps_after_root",
            {"(variance + eps).sqrt()": "(variance.sqrt() + eps)"},
            says="eps is added to the root and not under it",
            hint="In the formula, where does the root sign end?",
        ),
        Misconception(
            "no_eps",
            {" + eps": ""},
            says="eps is left out",
            hint="A token whose numbers are all equal has variance 0: what do you divide by?",
        ),
        Misconception(
            "not_centred",
            {"y - y.mean(-1, keepdim=True)": "y"},
            says="the mean is not taken off",
            hint="What stands in the numerator? Without the mean it would be closer to RMSNorm.",
        ),
        Misconception(
            "divided_by_variance",
            {".sqrt()": ""},
            says="it is divided by the variance and not by its root",
            hint="The norm brings the spread to 1. The spread is the root of the variance.",
        ),
        Misconception(
            "over_all_tokens",
            {
                "y.mean(-1, keepdim=True)": "y.mean()",
                "y.var(-1, correction=0, keepdim=True)": "y.var(correction=0)",
            },
            says="mean and variance are taken over all tokens together",
            hint="Change one token: may the others' results move? Each has its own mean.",
        ),
        Misconception(
            "silu",
            {"hidden = (": "hidden = F.silu(", ").relu()": ")"},
            says="SiLU stands in the place of ReLU",
            hint="That is one part of what LLaMA has. The network of 2017 has max(0, ...).",
        ),
        Misconception(
            "rms_norm",
            {f"return {NORM}": "return F.rms_norm(y, y.shape[-1:], weights['gain'], eps)"},
            says="the sum goes through RMSNorm",
            hint="That is LLaMA's norm. LayerNorm takes the mean off first, and adds a bias.",
        ),
        Misconception(
            "no_biases",
            {' + weights["b_1"]': "", ' + weights["b_2"]': ""},
            says="the two biases of the network are left out",
            hint="LLaMA has none, but the network of 2017 has: b_1 and b_2.",
        ),
    ],
)


def layer_norm(x: Tensor, weights: dict[str, Tensor], eps: float) -> Tensor:
    return F.layer_norm(x, x.shape[-1:], weights["gain"], weights["bias"], eps)
