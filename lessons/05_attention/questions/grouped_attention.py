"""5.6 Grouped queries."""

from torch import Tensor

from llama_edu.course.checking.draw import randn
from llama_edu.course.checking.questions import Misconception, Question
from llama_edu.model.attention import explicit_attention

from .softmax import LIBRARY_ATTENTIONS


def grouped_attention(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    output, _ = explicit_attention(q, k, v)
    return output.transpose(1, 2).flatten(2)


def grouped_attention_cases(generator):
    def tensors(n_texts, n_heads, n_kv_heads, n_queries, n_keys, d):
        return {
            "q": randn(generator, n_texts, n_heads, n_queries, d),
            "k": randn(generator, n_texts, n_kv_heads, n_keys, d),
            "v": randn(generator, n_texts, n_kv_heads, n_keys, d),
        }

    yield tensors(1, 4, 2, 2, 2, 2)
    yield tensors(2, 6, 3, 5, 5, 4)
    yield tensors(2, 8, 2, 3, 7, 4)
    yield tensors(2, 3, 1, 4, 4, 8)  # one group: multi-query attention
    yield tensors(2, 3, 3, 4, 5, 4)  # as many groups as heads: multi-head attention


KEYS = "k.repeat_interleave(group_size, dim=1)"
VALUES = "v.repeat_interleave(group_size, dim=1)"
SIZES = "n_queries, n_keys = q.shape[2], k.shape[2]"


def repeat_and_reshape(x: Tensor, group_size: int) -> Tensor:
    n_texts, n_groups, n_keys, d = x.shape
    return x.repeat(1, 1, 1, group_size).reshape(n_texts, n_groups * group_size, n_keys, d)


GROUPED_ATTENTION = Question(
    "attention.grouped_attention",
    points=4,
    cases=grouped_attention_cases,
    reference=grouped_attention,
    forbids=LIBRARY_ATTENTIONS,
    rtol=1e-4,  # two products in a row, in another order
    misconceptions=[
        Misconception(
            "repeat_for_repeat_interleave",
            {KEYS: "k.repeat(1, group_size, 1, 1)", VALUES: "v.repeat(1, group_size, 1, 1)"},
            says="the key and value heads are tiled (`repeat`), in the order 0 1 0 1",
            hint="With 4 query heads and 2 groups, heads 0 and 1 share group 0. Tiling gives the "
            "order 0 1 0 1; which function gives 0 0 1 1?",
        ),
        Misconception(
            "values_tiled",
            {VALUES: "v.repeat(1, group_size, 1, 1)"},
            says="the value heads are tiled (`repeat`), in the order 0 1 0 1",
            hint="Keys and values of a group belong together: spread both in the same order.",
        ),
        Misconception(
            "keys_tiled",
            {KEYS: "k.repeat(1, group_size, 1, 1)"},
            says="the key heads are tiled (`repeat`), in the order 0 1 0 1",
            hint="Keys and values of a group belong together: spread both in the same order.",
        ),
        Misconception(
            "repeat_and_reshape",
            {
                KEYS: "repeat_and_reshape(k, group_size)",
                VALUES: "repeat_and_reshape(v, group_size)",
            },
            says="the last dimension is repeated, and `reshape` cuts the row of numbers anew",
            hint="`reshape` moves no numbers, so that the keys are mixed. Which function repeats "
            "whole heads, dimension 1, in the order 0 0 1 1?",
        ),
        Misconception(
            "not_spread",
            {f"    k = {KEYS}\n": "", f"    v = {VALUES}\n": ""},
            says="the keys, the values or both are still fewer heads than the queries",
            hint="`@` pairs heads with heads. Make k and v as many as q before you multiply: which "
            "function gives 0 0 1 1 of 0 1?",
        ),
        Misconception(
            "factor_is_groups",
            {"q.shape[1] // k.shape[1]": "k.shape[1]"},
            says="each group is repeated as often as there are groups",
            hint="With 6 query heads and 2 groups each is needed three times. What gives 3 of 6 "
            "and 2?",
        ),
        Misconception(
            "sees_one_too_many",
            {"tril(n_keys - n_queries)": "tril(n_keys - n_queries + 1)"},
            says="each query sees one token too many, the very one it must predict",
            hint="Question 5.3: query t is token t + S - T, and looks no further than itself.",
        ),
        Misconception(
            "sees_itself_and_the_future",
            {"tril(n_keys - n_queries)": "triu(n_keys - n_queries)"},
            says="each query sees itself and what comes after it",
            hint="True means *may look*, and a token may look back: `tril` keeps what is below "
            "the diagonal, `triu` what is above.",
        ),
        Misconception(
            "offset_ignored",
            {"tril(n_keys - n_queries)": "tril()"},
            says="the mask puts the first query at the first key",
            hint="Question 5.3: with fewer queries than keys, the queries are the last tokens.",
        ),
        Misconception(
            "mask_inverted",
            {"~mask": "mask"},
            says="what the mask allows is hidden, so that each query sees the future alone",
            hint="`masked_fill` fills where its mask is True: if True means *may look*, give it "
            "`~mask`.",
        ),
        Misconception(
            "not_causal",
            {".masked_fill(~mask, -math.inf)": ""},
            says="the queries see the future",
            hint="Question 5.3: queries are the last T of the S tokens and look back only.",
        ),
        Misconception(
            "no_scale",
            {" / math.sqrt(q.shape[-1])": ""},
            says="the scores are not scaled",
            hint="Question 5.1: divide by the square root of d.",
        ),
        Misconception(
            "over_queries",
            {"softmax(-1)": "softmax(-2)"},
            says="the softmax runs over the queries instead of the keys",
            hint="Each query hands out a total weight of 1 among the keys: rows sum to 1.",
        ),
        Misconception(
            "over_heads",
            {"softmax(-1)": "softmax(1)"},
            says="the softmax runs over the heads, dimension 1",
            hint="The weights of one query sum to 1 over the keys, the last dimension. (Without "
            "`dim`, `F.softmax` chooses one by itself.)",
        ),
        Misconception(
            "last_keys_alone",
            {
                SIZES: "n_queries = n_keys = q.shape[2]\n"
                "    k, v = k[:, :, -n_keys:], v[:, :, -n_keys:]"
            },
            says="only the last T keys and values are used",
            hint="The S - T tokens before the queries may be seen by all of them: keep every key, "
            "and make the mask (T, S).",
        ),
        Misconception(
            "merged_before_attending",
            {
                SIZES: f"{SIZES}\n    q, k, v = "
                "(x.transpose(1, 2).flatten(2)[:, None] for x in (q, k, v))"
            },
            says="the heads are merged before they attend, into one wide head",
            hint="Each head has scores and a softmax of its own. Attend in (B, H, T, d), and merge "
            "the outputs.",
        ),
        Misconception(
            "merged_without_transpose",
            {".transpose(1, 2).flatten(2)": ".reshape(len(q), n_queries, -1)"},
            says="the heads are merged with `view` or `reshape` alone",
            hint="In memory the heads come before the tokens. Swap them back to (B, T, H, d), "
            "then flatten the last two.",
        ),
    ],
)
