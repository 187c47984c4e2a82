"""8.3 Cross-attention."""

import torch
from torch import Tensor

from llama_edu.course.checking.draw import randn
from llama_edu.course.checking.questions import Misconception, Question
from llama_edu.model.seq2seq import MultiHeadAttention

LIBRARY_ATTENTIONS = (
    "scaled_dot_product_attention", "multi_head_attention_forward", "MultiheadAttention",
)  # fmt: skip


def cross_attention(
    x: Tensor, memory: Tensor, weights: dict[str, Tensor], n_heads: int, padding: Tensor
) -> Tensor:
    """The package's, with these weights and no biases."""
    layer = MultiHeadAttention(x.shape[-1], n_heads)
    with torch.no_grad():
        for name, weight in weights.items():
            linear = getattr(layer, name.replace("w_", "") + "_proj")
            linear.weight.copy_(weight.mT)
            linear.bias.zero_()
        return layer(x, memory, ~padding[:, None, None])[0]


def cross_attention_cases(generator):
    def case(n_texts: int, n_target: int, n_source: int, n_heads: int, d_head: int, n_pad=()):
        d_model = n_heads * d_head
        padding = torch.zeros(n_texts, n_source, dtype=torch.bool)
        for row, n in enumerate(n_pad):
            padding[row, n_source - n :] = True
        names = ("w_q", "w_k", "w_v", "w_o")
        return {
            "x": randn(generator, n_texts, n_target, d_model),
            "memory": randn(generator, n_texts, n_source, d_model),
            "weights": {name: randn(generator, d_model, d_model) for name in names},
            "n_heads": n_heads,
            "padding": padding,
        }

    yield case(1, 2, 3, 1, 2)
    yield case(1, 2, 3, 2, 2, n_pad=(1,))
    yield case(2, 4, 5, 3, 2, n_pad=(2, 0))
    yield case(3, 5, 3, 2, 4, n_pad=(0, 1, 2))
    yield case(2, 1, 6, 4, 3, n_pad=(5, 1))
    yield case(2, 3, 3, 2, 2, n_pad=(1, 0))  # equally long
    yield case(2, 6, 4, 2, 3) | {"padding": torch.tensor([[True, False, True, False], [False] * 4])}


Q, K, V = (
    'q = heads(x @ weights["w_q"])',
    'k = heads(memory @ weights["w_k"])',
    'v = heads(memory @ weights["w_v"])',
)
HIDDEN = "hidden = padding[:, None, None, :]"
CUT = "y.unflatten(-1, (n_heads, -1)).transpose(1, 2)"
SHARES = "scores.masked_fill(hidden, -math.inf).softmax(-1)"

CROSS_ATTENTION = Question(
    "transformer.cross_attention",
    points=4,
    cases=cross_attention_cases,
    reference=cross_attention,
    forbids=LIBRARY_ATTENTIONS,
    rtol=1e-4,  # five products in a row, in another order
    atol=1e-5,
    misconceptions=[
        Misconception(
            "memory_asks",
            {
                Q: 'q = heads(memory @ weights["w_q"])',
                K: 'k = heads(x @ weights["w_k"])',
                V: 'v = heads(x @ weights["w_v"])',
            },
            says="the source asks, and the target is asked",
            hint="The result has a vector for each token of the target: who asks?",
        ),
        Misconception(
            "self_attention",
            {K: 'k = heads(x @ weights["w_k"])', V: 'v = heads(x @ weights["w_v"])'},
            says="keys and values are made of the target too: it looks at itself",
            hint="That is self-attention. Which text is looked at here, and hands over its values?",
        ),
        Misconception(
            "values_of_the_target",
            {V: 'v = heads(x @ weights["w_v"])'},
            says="the values are made of the target",
            hint="What is looked at hands over its values: from where come the keys?",
        ),
        Misconception(
            "keys_of_the_target",
            {K: 'k = heads(x @ weights["w_k"])'},
            says="the keys are made of the target",
            hint="What is looked at offers its keys: from where come the values?",
        ),
        Misconception(
            "keys_for_values",
            {K: 'k = heads(memory @ weights["w_v"])', V: 'v = heads(memory @ weights["w_k"])'},
            says="the matrices of keys and values have changed places",
            hint="Which of the two meets the queries, and which is mixed?",
        ),
        Misconception(
            "causal",
            {HIDDEN: HIDDEN + " | torch.ones(x.shape[1], memory.shape[1]).triu(1).bool()"},
            says="a causal mask hides the later part of the source",
            hint="The source is there from the beginning: its last token may be wanted first.",
        ),
        Misconception(
            "one_head",
            {"(n_heads, -1)": "(1, -1)"},
            says="all the width is one head",
            hint="Cut q, k and v into `n_heads` parts before they meet.",
        ),
        Misconception(
            "view_for_transpose",
            {CUT: "y.reshape(y.shape[0], n_heads, y.shape[1], -1)"},
            says="`view` or `reshape` goes straight to (B, H, T, d)",
            hint="The shape is right, but a head gets whole tokens instead of a part of every "
            "token. Cut the last dimension first, then swap two dimensions.",
        ),
        Misconception(
            "merged_without_transpose",
            {".transpose(1, 2).flatten(2)": ".reshape(x.shape)"},
            says="the heads are merged without being swapped back",
            hint="Swap H and T back first, so that the heads of one token stand side by side.",
        ),
        Misconception(
            "no_scale",
            {" / math.sqrt(q.shape[-1])": ""},
            says="the scores are not scaled",
            hint="Which root are scores divided by, and of which width?",
        ),
        Misconception(
            "scale_of_the_model",
            {"math.sqrt(q.shape[-1])": "math.sqrt(x.shape[-1])"},
            says="the scores are divided by the root of D, the width of the model",
            hint="A dot product of a head has d = D / H summands, and its spread is their root.",
        ),
        Misconception(
            "mask_inverted",
            {HIDDEN: HIDDEN.replace("padding", "~padding")},
            says="what is no padding is hidden, and padding is looked at",
            hint="`masked_fill` fills where its mask is True, and `padding` is True at padding.",
        ),
        Misconception(
            "padding_seen",
            {"scores.masked_fill(hidden, -math.inf)": "scores"},
            says="padding is looked at",
            hint="Its scores must be -inf before the softmax. `masked_fill` makes a new tensor: "
            "what becomes of it?",
        ),
        Misconception(
            "masked_after_softmax",
            {SHARES: "scores.softmax(-1).masked_fill(hidden, 0.0)"},
            says="the mask comes after the softmax",
            hint="The weights of a row no longer sum to 1: what padding took is lost.",
        ),
        Misconception(
            "no_output_matrix",
            {' @ weights["w_o"]': ""},
            says="the merged heads come out as they are, without `w_o`",
            hint="One matrix is left: it mixes what the heads have found.",
        ),
    ],
)
