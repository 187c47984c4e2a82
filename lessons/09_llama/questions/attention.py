"""9.1 Attention, with positions."""

import torch
from torch import Tensor
from torch.nn import functional as F

from llama_edu.course.checking.draw import randn
from llama_edu.course.checking.questions import Misconception, Question
from llama_edu.model import rope
from llama_edu.model.attention import explicit_attention

from .checkpoints import THETA, one_layer, shape


def attention(x: Tensor, layer: dict[str, Tensor], n_heads: int, n_kv_heads: int) -> Tensor:
    def heads(name: str, n: int) -> Tensor:
        return F.linear(x, layer[f"self_attn.{name}.weight"]).unflatten(-1, (n, -1))

    q, k, v = heads("q_proj", n_heads), heads("k_proj", n_kv_heads), heads("v_proj", n_kv_heads)
    frequencies = rope.inverse_frequencies(q.shape[-1], THETA)
    rotation = rope.rotations(torch.arange(x.shape[1]), frequencies)
    q, k = (rope.rotate_half_split(y, rotation) for y in (q, k))
    output, _ = explicit_attention(*(y.transpose(1, 2) for y in (q, k, v)))
    return F.linear(output.transpose(1, 2).flatten(2), layer["self_attn.o_proj.weight"])


def attention_cases(generator):
    for n_texts, n_tokens, config in (
        (1, 2, shape(6, 1, 4, 2, 4, 3)),
        (2, 5, shape(12, 1, 6, 2, 4, 3)),  # all heads together are wider than the model
        (3, 3, shape(7, 1, 3, 3, 2, 3)),  # as many key heads as query heads, and as tokens
        (2, 6, shape(16, 1, 4, 2, 4, 3)),  # as wide as the model, as in every LLaMA
    ):
        yield {
            "x": randn(generator, n_texts, n_tokens, config.d_model),
            "layer": one_layer(generator, config, "self_attn"),
            "n_heads": config.n_heads,
            "n_kv_heads": config.n_kv_heads,
        }


def rotate_neighbours(x: Tensor) -> Tensor:
    frequencies = rope.inverse_frequencies(x.shape[-1], THETA)
    rotation = rope.rotations(torch.arange(x.shape[2]), frequencies)
    return rope.rotate(x.transpose(1, 2), rotation).transpose(1, 2)


def turn_wide(x: Tensor) -> Tensor:
    """As if x (B, heads, T, d) had been turned while its heads lay side by side."""
    rotation = rope.rotations(
        torch.arange(x.shape[2]), rope.inverse_frequencies(x.shape[1] * x.shape[3], THETA)
    )
    wide = x.transpose(1, 2).flatten(2)[:, :, None]
    return rope.rotate_half_split(wide, rotation).view_as(x.transpose(1, 2)).transpose(1, 2)


def tile(x: Tensor, q: Tensor) -> Tensor:
    return x.repeat(1, q.shape[1] // x.shape[1], 1, 1)


Q, K, V = (
    'rotate(heads("q_proj", n_heads))',
    'rotate(heads("k_proj", n_kv_heads))',
    'heads("v_proj", n_kv_heads)',
)
CUT = ".unflatten(-1, (n, -1)).transpose(1, 2)"
ATTEND = "grouped_attention(q, k, v)"

ATTENTION = Question(
    "llama.attention",
    points=3,
    cases=attention_cases,
    reference=attention,
    rtol=1e-4,  # four products in a row, in another order
    misconceptions=[
        Misconception(
            "no_positions",
            {Q: Q[7:-1], K: K[7:-1]},
            says="neither queries nor keys are turned to their places",
            hint="Then all earlier tokens look alike, in whatever order they stand. Which of the "
            "given functions tells the scores about places?",
        ),
        Misconception(
            "keys_not_turned",
            {K: K[7:-1]},
            says="the queries are turned to their places, the keys are not",
            hint="The score of two tokens must depend on how far apart they stand. That takes the "
            "places of both.",
        ),
        Misconception(
            "queries_not_turned",
            {Q: Q[7:-1]},
            says="the keys are turned to their places, the queries are not",
            hint="The score of two tokens must depend on how far apart they stand. That takes the "
            "places of both.",
        ),
        Misconception(
            "values_turned",
            {V: f"rotate({V})"},
            says="the values are turned as well",
            hint="Turning is for the scores. What a token hands over should not depend on where it "
            "stands.",
        ),
        Misconception(
            "turned_before_the_cut",
            {Q: f"turn_wide({Q[7:-1]})", K: f"turn_wide({K[7:-1]})"},
            says="all heads are turned as one wide vector, before they are cut",
            hint="Every head has pairs and frequencies of its own: the same ones in each. Cut into "
            "heads first.",
        ),
        Misconception(
            "turned_by_head",
            {
                Q: f"rotate({Q[7:-1]}.transpose(1, 2)).transpose(1, 2)",
                K: f"rotate({K[7:-1]}.transpose(1, 2)).transpose(1, 2)",
            },
            says="each head is turned by its own number, not each token by its place",
            hint="`rotate` counts places along the last dimension but one. What stands there when "
            "you call it, tokens or heads?",
        ),
        Misconception(
            "neighbours_turned",
            {Q: f"rotate_neighbours({Q[7:-1]})", K: f"rotate_neighbours({K[7:-1]})"},
            says="numbers side by side are turned as a pair",
            hint="That is the layout of Meta and of this package. These weights are Hugging "
            "Face's: the `rotate` that is given here fits them.",
        ),
        Misconception(
            "straight_view",
            {CUT: ".reshape(len(x), n, x.shape[1], -1)"},
            says="`view` or `reshape` goes straight to heads, (B, H, T, d)",
            hint="Question 5.5: cut the last dimension first, then swap two dimensions.",
        ),
        Misconception(
            "values_from_k_proj",
            {V: V.replace("v_proj", "k_proj")},
            says="the values are made with `k_proj`",
            hint="Each of the three has a matrix of its own.",
        ),
        Misconception(
            "heads_not_swapped",
            {CUT: ".unflatten(-1, (n, -1))"},
            says="heads and tokens are not swapped: tokens come first",
            hint="`rotate` and `grouped_attention` take (B, heads, T, d). What have you, and which "
            "two dimensions must change places?",
        ),
        Misconception(
            "heads_tiled",
            {ATTEND: "grouped_attention(q, tile(k, q), tile(v, q))"},
            says="the key and value heads are tiled (`repeat`), in the order 0 1 0 1",
            hint="Question 5.6: neighbouring query heads share, 0 0 1 1. `grouped_attention` does "
            "that by itself.",
        ),
        Misconception(
            "stream_added",
            {"return grouped": "return x + grouped"},
            says="the input is added to the result",
            hint="Only what attention adds is asked for. In a layer it is added to the stream, and "
            "x here is a normed copy of that.",
        ),
        Misconception(
            "no_output_product",
            {' @ layer["self_attn.o_proj.weight"].T': ""},
            says="the heads' outputs are returned as they are, without `o_proj`",
            hint="Side by side, the heads have not met yet. Which matrix mixes them, and brings "
            "the width back to D?",
        ),
        Misconception(
            "output_not_transposed",
            {'o_proj.weight"].T': 'o_proj.weight"]'},
            says="the mixture is multiplied by `o_proj` without `.T`",
            hint="Weights are kept as (out, in). Where H * d = D no error tells you, but rows and "
            "columns are exchanged.",
        ),
    ],
)
