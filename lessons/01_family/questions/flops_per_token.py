"""1.5 The FLOPs of one more token."""

from llama_edu.course.checking.draw import whole
from llama_edu.course.checking.questions import Misconception, Question

from .shapes import inputs, shapes

FIELDS = ("vocab_size", "d_model", "n_layers", "n_heads", "n_kv_heads", "d_ff")


def flops_per_token(
    vocab_size: int,
    d_model: int,
    n_layers: int,
    n_heads: int,
    n_kv_heads: int,
    d_ff: int,
    n_tokens: int,
) -> int:
    d_kv = n_kv_heads * (d_model // n_heads)
    matrices = [(d_model, d_model), (d_kv, d_model), (d_kv, d_model), (d_model, d_model)]
    matrices += [(d_ff, d_model), (d_ff, d_model), (d_model, d_ff)]
    look = [(n_tokens, d_model), (d_model, n_tokens)]  # all heads side by side are D wide
    in_layer = sum(2 * rows * columns for rows, columns in matrices + look)
    return n_layers * in_layer + 2 * vocab_size * d_model


def flops_per_token_cases(generator):
    for config in shapes(generator):
        yield inputs(config, *FIELDS) | {"n_tokens": whole(generator, 21, 999)}
    yield inputs(config, *FIELDS) | {"n_tokens": 1}  # the first token looks at itself


FLOPS_PER_TOKEN = Question(
    "family.flops_per_token",
    points=3,
    cases=flops_per_token_cases,
    reference=flops_per_token,
    equivalent_mutants={
        "look = 2 * 2 * n_heads * d_head * n_tokens -> "
        "look = (2 + 2) * n_heads * d_head * n_tokens": "2 * 2 is 2 + 2",
    },
    misconceptions=[
        Misconception(
            "one_flop",
            {"2 * (attention + ffn)": "attention + ffn", "2 * vocab_size": "vocab_size"},
            says="each number of a matrix costs one FLOP",
            hint="It is multiplied, and the product is added: two operations.",
        ),
        Misconception(
            "embedding_too",
            {"2 * vocab_size": "4 * vocab_size"},
            says="the embedding costs as much as the output",
            hint="A row of the embedding is looked up by its number. What is multiplied there?",
        ),
        Misconception(
            "twice_the_parameters",
            {
                "2 * (attention + ffn) + look": "2 * (attention + ffn + 2 * d_model)",
                "layers + 2 * vocab_size * d_model": "layers + (4 * vocab_size + 2) * d_model",
            },
            says="it is twice the number of all parameters",
            hint="That is the rule of thumb. Which parameters are not multiplied, and what costs "
            "more the longer the text is?",
        ),
        Misconception(
            "norms_or_a_token_more",
            {"2 * (attention + ffn)": "2 * (attention + ffn + 2 * d_model)"},
            says="each layer costs 4 · D too many, as if norms counted, or one token more",
            hint="Norms are no products with a matrix, and `n_tokens` counts the new token too.",
        ),
        Misconception(
            "norms_too",
            {
                "2 * (attention + ffn)": "2 * (attention + ffn + 2 * d_model)",
                "2 * vocab_size * d_model": "2 * (vocab_size + 1) * d_model",
            },
            says="the numbers of all the norms are counted, as if each cost two FLOPs",
            hint="You are 4 · D too high for each layer, and 2 · D once: a norm is no matrix, and "
            "is not counted here.",
        ),
        Misconception(
            "no_output",
            {" + 2 * vocab_size * d_model": ""},
            says="the output is left out",
            hint="After the last layer a logit for every token of the vocabulary is computed.",
        ),
        Misconception(
            "no_look",
            {" + look": ""},
            says="comparing with the keys and mixing the values cost nothing",
            hint="Your result does not depend on `n_tokens`. A long text should cost more.",
        ),
        Misconception(
            "no_mixing",
            {"2 * 2 * n_heads": "2 * n_heads"},
            says="the queries are compared with the keys, but no values are mixed",
            hint="Once the weights are known, each value is multiplied by its weight and added up.",
        ),
        Misconception(
            "look_by_shared_heads",
            {"2 * 2 * n_heads": "2 * 2 * n_kv_heads"},
            says="only G heads compare and mix",
            hint="Shared keys save memory. But how many queries are compared with them?",
        ),
        Misconception(
            "one_head_looks",
            {"2 * 2 * n_heads * d_head": "2 * 2 * d_head"},
            says="only one head compares and mixes",
            hint="Every query head does it for itself.",
        ),
        Misconception(
            "new_token_left_out",
            {"d_head * n_tokens": "d_head * (n_tokens - 1)"},
            says="the new token does not look at itself",
            hint="A token looks at all tokens so far, itself included.",
        ),
        Misconception(
            "whole_square",
            {"d_head * n_tokens": "d_head * n_tokens**2"},
            says="all tokens look at all tokens again",
            hint="What the earlier tokens found is in the cache. How many tokens are new?",
        ),
        Misconception(
            "all_tokens_again",
            {
                "2 * (attention + ffn)": "n_tokens * 2 * (attention + ffn)",
                "2 * vocab_size": "n_tokens * 2 * vocab_size",
            },
            says="every token of the text goes through the matrices again",
            hint="The earlier ones are in the cache. How many tokens are new?",
        ),
        Misconception(
            "two_matrices",
            {"3 * d_model": "2 * d_model"},
            says="the feed-forward layer has two matrices",
            hint="So it was in 2017. Which three are in a layer of LLaMA?",
        ),
        Misconception(
            "all_heads_have_keys",
            {"n_heads + n_kv_heads": "2 * n_heads"},
            says="keys and values are made for every query head",
            hint="For how many heads does the model make keys and values?",
        ),
        Misconception(
            "half_of_attention",
            {"2 * d_model * d_head": "d_model * d_head"},
            says="two of the four matrices of attention are left out",
            hint="Query, key, value, and the way back: four.",
        ),
        Misconception(
            "look_in_one_layer",
            {"(2 * (attention + ffn) + look)": "2 * (attention + ffn) + look"},
            says="comparing and mixing are counted in one layer only",
            hint="Attention is in every layer.",
        ),
    ],
)
