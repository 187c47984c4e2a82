"""5.6 Grouped queries."""

import torch
from torch import Tensor

from llama_edu.course.checking.draw import randn
from llama_edu.course.checking.questions import Misconception, Question
from llama_edu.model import masks
from llama_edu.model.attention import explicit_attention

from .causal_mask import ones_tril
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


def heads_with(spread, attend=explicit_attention, spread_values=None):
    """The right answer but for how keys and values are spread over the query heads."""

    def grouped(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        group_size = q.shape[1] // k.shape[1]
        output, _ = attend(q, spread(k, group_size), (spread_values or spread)(v, group_size))
        return output.transpose(1, 2).flatten(2)

    return grouped


def tile(x: Tensor, group_size: int) -> Tensor:
    return x.repeat(1, group_size, 1, 1)


def first_head_for_all(x: Tensor, group_size: int) -> Tensor:
    return x[:, :1].expand(-1, x.shape[1] * group_size, -1, -1)


def spread(x: Tensor, group_size: int) -> Tensor:
    return x.repeat_interleave(group_size, dim=1)


def spread_batch(x: Tensor, group_size: int) -> Tensor:
    return x.repeat_interleave(group_size, dim=0)


def not_spread(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    hidden = ~masks.causal(q.shape[2], k.shape[2])
    weights = (q @ k.mT * q.shape[-1] ** -0.5).masked_fill(hidden, -torch.inf).softmax(-1)
    return (weights @ v).transpose(1, 2).flatten(2)


def uncausal(q, k, v):
    return explicit_attention(q, k, v, torch.ones(q.shape[2], k.shape[2], dtype=torch.bool))


def offset_ignored(q, k, v):
    return explicit_attention(q, k, v, ones_tril(q.shape[2], k.shape[2], 0))


def offset_reversed(q, k, v):
    n_queries, n_keys = q.shape[2], k.shape[2]
    return explicit_attention(q, k, v, ones_tril(n_queries, n_keys, n_queries - n_keys))


def sees_one_too_many(q, k, v):
    n_queries, n_keys = q.shape[2], k.shape[2]
    return explicit_attention(q, k, v, ones_tril(n_queries, n_keys, n_keys - n_queries + 1))


def sees_itself_and_the_future(q, k, v):
    n_queries, n_keys = q.shape[2], k.shape[2]
    mask = torch.ones(n_queries, n_keys, dtype=torch.bool).triu(n_keys - n_queries)
    return explicit_attention(q, k, v, mask)


def mask_inverted(blind: float):
    def attend(q, k, v):
        weights = explicit_attention(q, k, v, ~masks.causal(q.shape[2], k.shape[2]))[1]
        return weights.nan_to_num(blind) @ v, weights

    return attend


def zero_fill(q, k, v):
    scores = q @ k.mT * q.shape[-1] ** -0.5 * masks.causal(q.shape[2], k.shape[2])
    return scores.softmax(-1) @ v, None


def last_keys_alone(q, k, v):
    n_queries = q.shape[2]
    return explicit_attention(q, k[:, :, -n_queries:], v[:, :, -n_queries:])


def merged_before_attending(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    group_size = q.shape[1] // k.shape[1]
    q, k, v = (
        x.transpose(1, 2).flatten(2) for x in (q, spread(k, group_size), spread(v, group_size))
    )
    return explicit_attention(q[:, None], k[:, None], v[:, None])[0][:, 0]


def blind_to_itself(blind: float):
    def attend(q, k, v):
        n_queries, n_keys = q.shape[2], k.shape[2]
        mask = ones_tril(n_queries, n_keys, n_keys - n_queries - 1)
        weights = explicit_attention(q, k, v, mask)[1]
        return weights.nan_to_num(blind) @ v, weights

    return attend


def uncausal_unscaled(q, k, v):
    return uncausal(q * q.shape[-1] ** 0.5, k, v)


def repeated_by_groups(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    return not_spread(q, *(x.repeat_interleave(x.shape[1], dim=1) for x in (k, v)))


def group_by_their_number(x: Tensor, group_size: int) -> Tensor:
    n_groups = x.shape[1]
    return x[:, [head // n_groups for head in range(n_groups * group_size)]]


def scaled_by_merged_width(q, k, v):
    return explicit_attention(q / q.shape[1] ** 0.5, k, v)


def unscaled(q, k, v):
    return explicit_attention(q * q.shape[-1] ** 0.5, k, v)


def over_queries(q, k, v):
    mask = masks.causal(q.shape[2], k.shape[2])
    fit = (q @ k.mT * q.shape[-1] ** -0.5).masked_fill(~mask, -torch.inf)
    return fit.softmax(-2).nan_to_num(0.0) @ v, None


def masked_too_late(q, k, v):
    weights = (q @ k.mT * q.shape[-1] ** -0.5).softmax(-1)
    return (weights * masks.causal(q.shape[2], k.shape[2])) @ v, None


def merged_without_transpose(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    output, _ = explicit_attention(q, k, v)
    return output.reshape(q.shape[0], q.shape[2], -1)


def not_merged(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    return explicit_attention(q, k, v)[0]


def merged_interleaved(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    return explicit_attention(q, k, v)[0].permute(0, 2, 3, 1).flatten(2)


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
            heads_with(tile),
            says="the key and value heads are tiled (`repeat`), so that neighbours in q use "
            "different keys",
            hint="With 4 query heads and 2 groups, heads 0 and 1 share group 0. Tiling gives the "
            "order 0 1 0 1; which function gives 0 0 1 1?",
        ),
        Misconception(
            "values_tiled",
            heads_with(spread, spread_values=tile),
            says="the value heads are tiled (`repeat`), while the key heads are right",
            hint="Keys and values of a group belong together: spread both in the same order.",
        ),
        Misconception(
            "keys_tiled",
            heads_with(tile, spread_values=spread),
            says="the key heads are tiled (`repeat`), while the value heads are right",
            hint="Keys and values of a group belong together: spread both in the same order.",
        ),
        Misconception(
            "not_spread",
            not_spread,
            says="the keys, the values or both are still fewer heads than the queries",
            hint="`@` pairs heads with heads. Make k and v as many as q before you multiply: which "
            "function gives 0 0 1 1 of 0 1?",
        ),
        Misconception(
            "first_head_for_all",
            heads_with(first_head_for_all),
            says="every query head uses the first key and value head",
            hint="That is multi-query attention. Query head h belongs to group h // (H / G).",
        ),
        Misconception(
            "repeated_batch",
            heads_with(spread_batch),
            says="the texts are repeated instead of the heads",
            hint="Heads are dimension 1: `repeat_interleave(n, dim=1)`.",
        ),
        Misconception(
            "factor_is_groups",
            repeated_by_groups,
            says="each group is repeated as often as there are groups",
            hint="With 6 query heads and 2 groups each is needed three times. What gives 3 of 6 "
            "and 2?",
        ),
        Misconception(
            "group_by_their_number",
            heads_with(group_by_their_number),
            says="query head h reads group h // G",
            hint="A group serves H / G heads: divide h by that, not by G.",
        ),
        Misconception(
            "blind_to_itself",
            heads_with(spread, blind_to_itself(torch.nan)),
            says="a token does not see itself, and the first one sees nothing",
            hint="Question 5.3: may a token look at itself?",
        ),
        Misconception(
            "blind_to_itself_made_zero",
            heads_with(spread, blind_to_itself(0.0)),
            says="a token does not see itself",
            hint="Question 5.3: may a token look at itself?",
        ),
        Misconception(
            "sees_one_too_many",
            heads_with(spread, sees_one_too_many),
            says="each query sees one token too many, the very one it must predict",
            hint="Question 5.3: query t is token t + S - T, and looks no further than itself: "
            "`tril(S - T)`.",
        ),
        Misconception(
            "sees_itself_and_the_future",
            heads_with(spread, sees_itself_and_the_future),
            says="each query sees itself and what comes after it",
            hint="True means *may look*, and a token may look back: `tril` keeps what is below "
            "the diagonal, `triu` what is above.",
        ),
        Misconception(
            "mask_inverted",
            heads_with(spread, mask_inverted(torch.nan)),
            says="what the mask allows is hidden, so that each query sees the future alone and "
            "the last one nothing",
            hint="`masked_fill` fills where its mask is True: if True means *may look*, give it "
            "`~mask`.",
        ),
        Misconception(
            "mask_inverted_made_zero",
            heads_with(spread, mask_inverted(0.0)),
            says="what the mask allows is hidden, so that each query sees the future alone, and "
            "the NaN of the last one is made 0",
            hint="`masked_fill` fills where its mask is True: if True means *may look*, give it "
            "`~mask`.",
        ),
        Misconception(
            "zero_fill",
            heads_with(spread, zero_fill),
            says="hidden scores are 0 when the softmax sees them, set so or multiplied by the mask",
            hint="exp(0) = 1: a score of 0 is no weight of 0. Which score has exp = 0?",
        ),
        Misconception(
            "last_keys_alone",
            heads_with(spread, last_keys_alone),
            says="only the last T keys and values are used",
            hint="The S - T tokens before the queries may be seen by all of them: keep every key, "
            "and make the mask (T, S).",
        ),
        Misconception(
            "merged_before_attending",
            merged_before_attending,
            says="the heads are merged before they attend, into one wide head",
            hint="Each head has scores and a softmax of its own. Attend in (B, H, T, d), and merge "
            "the outputs.",
        ),
        Misconception(
            "not_causal_no_scale",
            heads_with(spread, uncausal_unscaled),
            says="the queries see the future, and the scores are not scaled",
            hint="Two things: question 5.1 divides by the square root of d; and queries, the last "
            "T of the S tokens, look back only.",
        ),
        Misconception(
            "not_causal",
            heads_with(spread, uncausal),
            says="the queries see the future",
            hint="Question 5.3: queries are the last T of the S tokens and look back only.",
        ),
        Misconception(
            "offset_ignored",
            heads_with(spread, offset_ignored),
            says="the mask puts the first query at the first key",
            hint="Question 5.3: with fewer queries than keys, the queries are the last tokens.",
        ),
        Misconception(
            "offset_reversed",
            heads_with(spread, offset_reversed),
            says="the offset of the mask has the wrong sign, so that early queries see nothing",
            hint="Question 5.3: query t is token t + S - T.",
        ),
        Misconception(
            "no_scale",
            heads_with(spread, unscaled),
            says="the scores are not scaled",
            hint="Question 5.1: divide by the square root of d.",
        ),
        Misconception(
            "over_queries",
            heads_with(spread, over_queries),
            says="the softmax runs over the queries instead of the keys",
            hint="Each query hands out a total weight of 1 among the keys: rows sum to 1.",
        ),
        Misconception(
            "mask_after_softmax",
            heads_with(spread, masked_too_late),
            says="the mask comes after the softmax",
            hint="The weights of a row no longer sum to 1. Hide before the softmax.",
        ),
        Misconception(
            "scaled_by_merged_width",
            heads_with(spread, scaled_by_merged_width),
            says="the scale uses the width of all heads together",
            hint="Each head divides by the square root of its own width d.",
        ),
        Misconception(
            "merged_without_transpose",
            merged_without_transpose,
            says="the heads are merged with `view` or `reshape` alone",
            hint="In memory the heads come before the tokens. Swap them back to (B, T, H, d), "
            "then flatten the last two.",
        ),
        Misconception(
            "not_merged",
            not_merged,
            says="the heads are still apart",
            hint="The result is (B, T, H·d): for each token the outputs of its heads side by side.",
        ),
        Misconception(
            "merged_interleaved",
            merged_interleaved,
            says="the numbers of the heads are shuffled into each other",
            hint="First all d numbers of head 0, then those of head 1: the width comes last.",
        ),
    ],
)
