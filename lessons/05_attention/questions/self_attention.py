"""5.7 The four matrices."""

import torch
from torch import Tensor
from torch.nn import functional as F

from llama_edu.course.checking.draw import randn
from llama_edu.course.checking.questions import Misconception, Question
from llama_edu.model.attention import explicit_attention

from .softmax import LIBRARY_ATTENTIONS


def self_attention(
    x: Tensor,
    q_proj: Tensor,
    k_proj: Tensor,
    v_proj: Tensor,
    o_proj: Tensor,
    n_heads: int,
    n_kv_heads: int,
) -> Tensor:
    def heads(weight: Tensor, n: int) -> Tensor:
        return F.linear(x, weight).unflatten(-1, (n, -1)).transpose(1, 2)

    q, k, v = heads(q_proj, n_heads), heads(k_proj, n_kv_heads), heads(v_proj, n_kv_heads)
    output, _ = explicit_attention(q, k, v)
    return F.linear(output.transpose(1, 2).flatten(2), o_proj)


def self_attention_cases(generator):
    def tensors(n_texts, n_tokens, d_model, n_heads, n_kv_heads, d):
        def matrix(n_out: int, n_in: int) -> Tensor:
            return randn(generator, n_out, n_in) / n_in**0.5  # keeps the spread of the scores at 1

        return {
            "x": randn(generator, n_texts, n_tokens, d_model),
            "q_proj": matrix(n_heads * d, d_model),
            "k_proj": matrix(n_kv_heads * d, d_model),
            "v_proj": matrix(n_kv_heads * d, d_model),
            "o_proj": matrix(d_model, n_heads * d),
            "n_heads": n_heads,
            "n_kv_heads": n_kv_heads,
        }

    yield tensors(1, 2, 4, 2, 1, 2)
    yield tensors(2, 5, 16, 6, 2, 4)  # all heads together are wider than the model
    yield tensors(3, 4, 7, 3, 3, 2)  # as many key heads as query heads
    yield tensors(2, 6, 8, 4, 1, 2)  # as wide as the model, as in every LLaMA; one key head


def see_all(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    everything = torch.ones(q.shape[2], k.shape[2], dtype=torch.bool)
    return explicit_attention(q, k, v, everything)[0].transpose(1, 2).flatten(2)


def merge_by_view(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    return explicit_attention(q, k, v)[0].reshape(q.shape[0], q.shape[2], -1)


def tile(x: Tensor, q: Tensor) -> Tensor:
    return x.repeat(1, q.shape[1] // x.shape[1], 1, 1)


Q, K, V = (
    "split_heads(x @ q_proj.T, n_heads)",
    "split_heads(x @ k_proj.T, n_kv_heads)",
    "split_heads(x @ v_proj.T, n_kv_heads)",
)
ATTEND = "grouped_attention(q, k, v)"

SELF_ATTENTION = Question(
    "attention.self_attention",
    points=3,
    cases=self_attention_cases,
    reference=self_attention,
    forbids=LIBRARY_ATTENTIONS,
    rtol=1e-4,  # four products in a row, in another order
    misconceptions=[
        Misconception(
            "no_output_product",
            {" @ o_proj.T": ""},
            says="the heads' outputs are returned as they are, without `o_proj`",
            hint="Side by side, the heads have not met yet. Which matrix mixes them, and brings "
            "the width back to D?",
        ),
        Misconception(
            "output_not_transposed",
            {"o_proj.T": "o_proj"},
            says="`o_proj` is not transposed",
            hint="Its shape is (out, in): which of the two must meet the last dimension of the "
            "heads' outputs?",
        ),
        Misconception(
            "values_from_k_proj",
            {"x @ v_proj.T": "x @ k_proj.T"},
            says="the values are made with `k_proj`",
            hint="What a token hands over need not be what it is found by: values have a matrix of "
            "their own.",
        ),
        Misconception(
            "keys_from_v_proj",
            {"x @ k_proj.T": "x @ v_proj.T"},
            says="the keys are made with `v_proj`",
            hint="Each of the three has a matrix of its own.",
        ),
        Misconception(
            "keys_and_values_swapped",
            {"grouped_attention(q, k, v)": "grouped_attention(q, v, k)"},
            says="keys and values have changed places",
            hint="Queries meet keys; the values are what the weights mix. In which order does "
            "`grouped_attention` take them?",
        ),
        Misconception(
            "straight_view",
            {
                Q: "(x @ q_proj.T).view(x.shape[0], n_heads, x.shape[1], -1)",
                K: "(x @ k_proj.T).view(x.shape[0], n_kv_heads, x.shape[1], -1)",
                V: "(x @ v_proj.T).view(x.shape[0], n_kv_heads, x.shape[1], -1)",
            },
            says="`view` or `reshape` goes straight to heads, (B, H, T, d)",
            hint="Question 5.5: cut the last dimension first, then swap two dimensions.",
        ),
        Misconception(
            "as_many_key_heads",
            {K: K.replace("n_kv_heads", "n_heads"), V: V.replace("n_kv_heads", "n_heads")},
            says="keys and values are cut into as many heads as the queries",
            hint="Their matrices are narrower: G heads of width d. `grouped_attention` lets the "
            "query heads share them.",
        ),
        Misconception(
            "as_few_query_heads",
            {Q: Q.replace("n_heads", "n_kv_heads")},
            says="the queries are cut into as few heads as the keys",
            hint="Their matrix makes H heads of width d: which of the two counts is H?",
        ),
        Misconception(
            "tiled",
            {ATTEND: "grouped_attention(q, tile(k, q), tile(v, q))"},
            says="the key and value heads are tiled (`repeat`), in the order 0 1 0 1",
            hint="Question 5.6: neighbouring query heads share, 0 0 1 1. `grouped_attention` does "
            "that by itself.",
        ),
        Misconception(
            "not_causal",
            {ATTEND: "see_all(q, k, v)"},
            says="the tokens see the future",
            hint="Question 5.3: a token looks at itself and back.",
        ),
        Misconception(
            "no_scale",
            {ATTEND: "grouped_attention(q * q.shape[-1] ** 0.5, k, v)"},
            says="the scores are not scaled",
            hint="Question 5.1: divide by the square root of d, the width of one head.",
        ),
        Misconception(
            "scaled_by_model_width",
            {ATTEND: "grouped_attention(q * (q.shape[-1] / x.shape[-1]) ** 0.5, k, v)"},
            says="the scale is the square root of D, the width of the model",
            hint="Each head takes its own products, over its own d numbers.",
        ),
        Misconception(
            "scaled_twice",
            {ATTEND: "grouped_attention(q / q.shape[-1] ** 0.5, k, v)"},
            says="the scores are divided by the square root of d twice",
            hint="`grouped_attention` has the scale in it already.",
        ),
        Misconception(
            "merged_without_transpose",
            {ATTEND: "merge_by_view(q, k, v)"},
            says="the heads are merged with `view` or `reshape` alone",
            hint="In memory the heads come before the tokens. Swap them back, then flatten.",
        ),
    ],
)
