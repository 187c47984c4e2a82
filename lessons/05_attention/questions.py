"""What lesson 05 asks, what is right, and what people write instead."""

import torch
from torch import Tensor

from llama_edu.course.questions import Misconception, Question
from llama_edu.model import masks
from llama_edu.model.attention import explicit_attention


def randn(generator: torch.Generator, *shape: int) -> Tensor:
    return torch.randn(*shape, generator=generator)


# 5.1 scores


def scores(q: Tensor, k: Tensor) -> Tensor:
    return q @ k.mT / q.shape[-1] ** 0.5


def scores_cases(generator):
    yield {"q": randn(generator, 1, 1, 2, 4), "k": randn(generator, 1, 1, 3, 4)}
    yield {"q": randn(generator, 2, 6, 5, 8), "k": randn(generator, 2, 6, 7, 8)}
    yield {"q": randn(generator, 2, 3, 1, 16), "k": randn(generator, 2, 3, 9, 16)}
    yield {"q": randn(generator, 1, 2, 4, 4), "k": randn(generator, 1, 2, 4, 4)}


SCORES = Question(
    "attention.scores",
    points=1,
    cases=scores_cases,
    reference=scores,
    misconceptions=[
        Misconception(
            "no_scale",
            lambda q, k: q @ k.mT,
            says="the products are not divided by anything",
            hint="Their spread grows with the head width d. Which power of d brings it back to 1? "
            "The experiment with the variance shows it.",
        ),
        Misconception(
            "scale_by_width",
            lambda q, k: q @ k.mT / q.shape[-1],
            says="the products are divided by d",
            hint="It is the variance of q·k that grows like d. The spread, its standard deviation, "
            "grows more slowly.",
        ),
        Misconception(
            "powers_come_first",
            lambda q, k: q @ k.mT / q.shape[-1] / 2,
            says="the products are divided by d, and then by 2",
            hint="`d ** 1 / 2` is (d ** 1) / 2: a power comes before a division. Put the exponent "
            "in parentheses, or take `math.sqrt`.",
        ),
        Misconception(
            "multiplied",
            lambda q, k: q @ k.mT * q.shape[-1] ** 0.5,
            says="the products are multiplied by the square root of d",
            hint="The scale should make the scores smaller as heads grow wider.",
        ),
        Misconception(
            "scale_by_keys",
            lambda q, k: q @ k.mT / k.shape[-2] ** 0.5,
            says="the scale is the square root of the number of keys",
            hint="How many numbers are multiplied and added up in one q·k? That is not the number "
            "of keys: look at the last dimension.",
        ),
        Misconception(
            "scale_by_queries",
            lambda q, k: q @ k.mT / q.shape[-2] ** 0.5,
            says="the scale is the square root of the number of queries",
            hint="How many numbers are multiplied and added up in one q·k? That is not the number "
            "of queries: look at the last dimension.",
        ),
        Misconception(
            "number_by_number",
            lambda q, k: q * k.mT / q.shape[-1] ** 0.5,
            says="q and the turned k are multiplied number by number, with `*`",
            hint="Each query meets each key: that is the matrix product, `@`.",
        ),
        Misconception(
            "number_by_number_unscaled",
            lambda q, k: q * k.mT,
            says="q and the turned k are multiplied number by number, with `*`, and not divided",
            hint="Each query meets each key: that is the matrix product, `@`. The scale comes "
            "after it.",
        ),
        Misconception(
            "query_with_its_own_key",
            lambda q, k: (q * k).sum(-1) / q.shape[-1] ** 0.5,
            says="query t meets key t alone, as in `(q * k).sum(-1)`",
            hint="There is a score for every pair, T rows and S columns: `@` multiplies each row "
            "by each column.",
        ),
        Misconception(
            "query_with_its_own_key_unscaled",
            lambda q, k: (q * k).sum(-1),
            says="query t meets key t alone, as in `(q * k).sum(-1)`, and nothing is divided",
            hint="There is a score for every pair, T rows and S columns: `@` multiplies each row "
            "by each column. The scale comes after it.",
        ),
        Misconception(
            "scale_by_heads",
            lambda q, k: q @ k.mT / q.shape[1] ** 0.5,
            says="the scale is the square root of the number of heads",
            hint="d is the last dimension of q, `q.shape[-1]`.",
        ),
        Misconception(
            "already_softmax",
            lambda q, k: (q @ k.mT / q.shape[-1] ** 0.5).softmax(-1),
            says="the softmax is taken already",
            hint="Scores are what goes into the softmax; that is the next question.",
        ),
        Misconception(
            "scale_by_all_heads",
            lambda q, k: q @ k.mT / (q.shape[1] * q.shape[-1]) ** 0.5,
            says="the scale uses the width of all heads together",
            hint="Each head takes its own products, over its own d numbers.",
        ),
        Misconception(
            "keys_look_at_queries",
            lambda q, k: k @ q.mT / q.shape[-1] ** 0.5,
            says="keys and queries have changed places",
            hint="Row t of the scores belongs to query t; its columns are the keys.",
        ),
        Misconception(
            "view_for_transpose",
            lambda q, k: q @ k.reshape(*k.shape[:-2], *k.mT.shape[-2:]) / q.shape[-1] ** 0.5,
            says="`view` or `reshape` takes k to the shape (B, H, d, S)",
            hint="That only cuts the same row of numbers anew, and mixes the keys. To swap two "
            "dimensions: `k.mT`, or `k.transpose(-2, -1)`.",
        ),
        Misconception(
            "reversed_dims",
            lambda q, k: q @ k.permute(3, 2, 1, 0) / q.shape[-1] ** 0.5,
            says="all the dimensions of k are reversed, as `k.T` does",
            hint="Only the last two dimensions of k should change places: `k.mT`, or "
            "`k.transpose(-2, -1)`.",
        ),
    ],
)


# 5.2 softmax


def stable(x: Tensor, dim: int) -> Tensor:
    return exp_over_sum(x - x.amax(dim, keepdim=True), dim)


def softmax_cases(generator):
    yield {"x": randn(generator, 2, 3), "dim": -1}
    yield {"x": randn(generator, 2, 3), "dim": 0}
    yield {"x": randn(generator, 2, 5, 4), "dim": 1}
    yield {"x": 3 * randn(generator, 3, 4, 5, 2), "dim": -2}
    yield {"x": 60 + randn(generator, 2, 3), "dim": 1}  # exp fits, exp of the double does not
    # Far apart within a line: the smallest is no number to subtract.
    yield {"x": randn(generator, 2, 3) + torch.tensor([0.0, 100.0, 120.0]), "dim": 1}
    # Scores as large as an untrained or badly scaled model gives them; rows far apart.
    yield {"x": 200 * randn(generator, 2, 4) + torch.tensor([[2000.0], [-2000.0]]), "dim": 1}
    yield {"x": torch.tensor([[0.0, -torch.inf, 1.0], [2.0, 0.5, -torch.inf]]), "dim": -1}


def exp_over_sum(x: Tensor, dim: int) -> Tensor:
    return x.exp() / x.exp().sum(dim, keepdim=True)


def shifted_by_global_max(x: Tensor, dim: int) -> Tensor:
    return exp_over_sum(x - x.max(), dim)


def shifted_by_mean(x: Tensor, dim: int) -> Tensor:
    return exp_over_sum(x - x.mean(dim, keepdim=True), dim)


def shifted_by_min(x: Tensor, dim: int) -> Tensor:
    return exp_over_sum(x - x.amin(dim, keepdim=True), dim)


def max_added(x: Tensor, dim: int) -> Tensor:
    return exp_over_sum(x + x.amax(dim, keepdim=True), dim)


def shifted_exp(x: Tensor, dim: int) -> Tensor:
    return (x - x.amax(dim, keepdim=True)).exp()


def max_without_keepdim(x: Tensor, dim: int) -> Tensor:
    e = (x - x.max(dim).values).exp()
    return e / e.sum(dim, keepdim=True)


def divided_by_max(x: Tensor, dim: int) -> Tensor:
    return exp_over_sum(x / x.amax(dim, keepdim=True), dim)


def max_over(other: int, x: Tensor, dim: int) -> Tensor:
    return exp_over_sum(x - x.amax(other, keepdim=True), dim)


def summed_over(other: int, x: Tensor, dim: int) -> Tensor:
    return exp_over_sum(x - x.amax(dim, keepdim=True), other)


def clamped(x: Tensor, dim: int) -> Tensor:
    e = shifted_exp(x, dim).clamp(min=1e-6)
    return e / e.sum(dim, keepdim=True)


def exp_forgotten(x: Tensor, dim: int) -> Tensor:
    shifted = x - x.amax(dim, keepdim=True)
    return shifted / shifted.sum(dim, keepdim=True)


LIBRARY_SOFTMAXES = (
    "softmax", "softmin", "log_softmax", "gumbel_softmax", "logsumexp", "logcumsumexp",
    "Softmax", "Softmax2d", "Softmin", "LogSoftmax", "cross_entropy",
    "_softmax", "_safe_softmax", "_masked_softmax", "_log_softmax", "_logcumsumexp",
)  # fmt: skip
LIBRARY_ATTENTIONS = (
    "scaled_dot_product_attention", "multi_head_attention_forward", "MultiheadAttention",
)  # fmt: skip

SOFTMAX = Question(
    "attention.softmax",
    points=2,
    cases=softmax_cases,
    reference=stable,
    atol=1e-12,  # the weight of -inf is 0, and not merely small
    forbids=LIBRARY_SOFTMAXES + LIBRARY_ATTENTIONS,
    misconceptions=[
        Misconception(
            "overflow",
            exp_over_sum,
            says="exp is taken of the numbers as they are",
            hint="exp of a large number overflows: exp(100) no longer fits in float32. Adding a "
            "constant to all of x changes nothing in the result: which constant keeps every exp at "
            "1 or below?",
        ),
        Misconception(
            "last_dim_only",
            lambda x, dim: stable(x, -1),
            says="the sum always runs over the last dimension",
            hint="`dim` says over which dimension the weights must sum to 1.",
        ),
        Misconception(
            "summed_over_last_dim",
            lambda x, dim: summed_over(-1, x, dim),
            says="the maximum is taken along `dim`, but the sum along the last dimension",
            hint="`dim` says over which dimension the weights must sum to 1, so the sum runs along "
            "it too.",
        ),
        Misconception(
            "summed_over_first_dim",
            lambda x, dim: summed_over(0, x, dim),
            says="the maximum is taken along `dim`, but the sum along the first dimension",
            hint="`dim` says over which dimension the weights must sum to 1, so the sum runs along "
            "it too.",
        ),
        Misconception(
            "max_over_last_dim",
            lambda x, dim: max_over(-1, x, dim),
            says="the sum runs along `dim`, but the maximum along the last dimension",
            hint="What is subtracted cancels only where it is the same for all the numbers of one "
            "sum: take both along `dim`.",
        ),
        Misconception(
            "max_over_first_dim",
            lambda x, dim: max_over(0, x, dim),
            says="the sum runs along `dim`, but the maximum along the first dimension",
            hint="What is subtracted cancels only where it is the same for all the numbers of one "
            "sum: take both along `dim`.",
        ),
        Misconception(
            "clamped",
            clamped,
            says="no exp may be smaller than 1e-6",
            hint="A number that is -inf gets weight 0, and exp gives it that by itself. With each "
            "line's own maximum subtracted the sum is at least 1: nothing small has to be kept "
            "from 0.",
        ),
        Misconception(
            "over_everything",
            lambda x, dim: stable(x.flatten(), 0).view(x.shape),
            says="all the numbers together sum to 1",
            hint="Each line along `dim` is a distribution of its own.",
        ),
        Misconception(
            "global_max",
            shifted_by_global_max,
            says="the largest number of the whole tensor is subtracted",
            hint="A row far below that maximum becomes 0/0. Subtract each line's own maximum.",
        ),
        Misconception(
            "global_max_made_zero",
            lambda x, dim: shifted_by_global_max(x, dim).nan_to_num(0.0),
            says="the largest number of the whole tensor is subtracted, and the 0/0 of a row far "
            "below it is hidden, by `nan_to_num` or by something small added to the sum",
            hint="The weights of that row are all 0, and should sum to 1. Subtract each line's own "
            "maximum: then no sum is 0, and nothing needs hiding.",
        ),
        Misconception(
            "mean_subtracted",
            shifted_by_mean,
            says="the mean is subtracted rather than the maximum",
            hint="What is far above the mean still overflows, and a mean of -inf spoils a line. "
            "After subtracting the maximum no exponent is above 0.",
        ),
        Misconception(
            "min_subtracted",
            shifted_by_min,
            says="the minimum is subtracted rather than the maximum",
            hint="Then the largest exponent is as far above 0 as the line is wide, and exp "
            "overflows; a minimum of -inf spoils a line. Which number leaves no exponent above 0?",
        ),
        Misconception(
            "max_added",
            max_added,
            says="the maximum is added instead of subtracted",
            hint="The sign: the numbers should become smaller, so that no exponent is above 0.",
        ),
        Misconception(
            "max_above_only",
            lambda x, dim: shifted_exp(x, dim) / x.exp().sum(dim, keepdim=True),
            says="the maximum is subtracted above the fraction line, but not below it",
            hint="exp(-c) cancels only where it stands in both: take exp once, keep it, and divide "
            "it by its own sum.",
        ),
        Misconception(
            "max_below_only",
            lambda x, dim: x.exp() / shifted_exp(x, dim).sum(dim, keepdim=True),
            says="the maximum is subtracted below the fraction line, but not above it",
            hint="exp(-c) cancels only where it stands in both: take exp once, keep it, and divide "
            "it by its own sum.",
        ),
        Misconception(
            "not_divided",
            shifted_exp,
            says="the exps are not divided by their sum",
            hint="The weights of a line sum to 1.",
        ),
        Misconception(
            "exp_alone",
            lambda x, dim: x.exp(),
            says="exp is all there is",
            hint="Two things: the weights of a line sum to 1, and exp of a large number overflows.",
        ),
        Misconception(
            "sum_over_everything",
            lambda x, dim: (e := shifted_exp(x, dim)) / e.sum(),
            says="the maximum is each line's own, but the sum is that of all the numbers",
            hint="`sum` without a dimension adds up the whole tensor: each line along `dim` has a "
            "sum of its own.",
        ),
        Misconception(
            "overflow_over_everything",
            lambda x, dim: (e := x.exp()) / e.sum(),
            says="exp is taken of the numbers as they are, and divided by the sum of all",
            hint="Two things: exp of a large number overflows; and each line along `dim` has a sum "
            "of its own.",
        ),
        Misconception(
            "first_dim_only",
            lambda x, dim: stable(x, 0),
            says="the sum always runs over the first dimension",
            hint="`dim` says over which dimension the weights must sum to 1.",
        ),
        Misconception(
            "overflow_last_dim_only",
            lambda x, dim: exp_over_sum(x, -1),
            says="exp is taken of the numbers as they are, and summed over the last dimension",
            hint="Two things: exp of a large number overflows; and `dim` says over which dimension "
            "the weights must sum to 1.",
        ),
        Misconception(
            "max_without_keepdim",
            max_without_keepdim,
            says="a maximum or a sum has lost its dimension (`keepdim`) and lines up with the "
            "wrong one",
            hint="Pass `keepdim=True` to both, so that the sum of a (2, 3) tensor along dim 1 is "
            "(2, 1) and meets its own row.",
        ),
        Misconception(
            "divided_by_max",
            divided_by_max,
            says="the numbers are divided by their maximum",
            hint="Division changes the ratios between the weights; subtraction does not.",
        ),
        Misconception(
            "exp_forgotten",
            exp_forgotten,
            says="the shifted numbers are normalised without exp",
            hint="Weights must be positive: it is exp that makes them so.",
        ),
    ],
)


# 5.3 causal mask


def causal_mask_cases(generator):
    def size(low: int, high: int) -> int:
        return int(torch.randint(low, high, (), generator=generator))

    n = size(3, 6)
    yield {"n_queries": n, "n_keys": n}
    yield {"n_queries": 2, "n_keys": size(5, 9)}
    yield {"n_queries": 1, "n_keys": size(3, 9)}
    yield {"n_queries": size(3, 5), "n_keys": size(6, 12)}


def ones_tril(n_queries: int, n_keys: int, diagonal: int) -> Tensor:
    return torch.ones(n_queries, n_keys, dtype=torch.bool).tril(diagonal)


CAUSAL_MASK = Question(
    "attention.causal_mask",
    points=2,
    cases=causal_mask_cases,
    reference=masks.causal,
    misconceptions=[
        Misconception(
            "offset_ignored",
            lambda n_queries, n_keys: ones_tril(n_queries, n_keys, 0),
            says="the first query is placed at the first key",
            hint="The queries are the *last* tokens. With 2 queries and 5 keys, the first query is "
            "token 3: it may look at tokens 0 to 3.",
        ),
        Misconception(
            "offset_reversed",
            lambda n_queries, n_keys: ones_tril(n_queries, n_keys, n_queries - n_keys),
            says="the offset has the wrong sign: query t is taken for token t + n_queries - n_keys",
            hint="Query t is token t + n_keys - n_queries: the queries stand at the end.",
        ),
        Misconception(
            "sees_the_future",
            lambda n_queries, n_keys: torch.ones(n_queries, n_keys, dtype=torch.bool).triu(
                n_keys - n_queries
            ),
            says="each query sees itself and what comes after it",
            hint="True means *may look*, and a token may look back. Which side of the diagonal is "
            "the past?",
        ),
        Misconception(
            "true_means_hidden",
            lambda n_queries, n_keys: ~ones_tril(n_queries, n_keys, n_keys - n_queries),
            says="True marks what is hidden",
            hint="The right pattern, with the opposite meaning: here True means that the query "
            "may look (PyTorch's convention for scaled_dot_product_attention).",
        ),
        Misconception(
            "blind_to_itself",
            lambda n_queries, n_keys: ones_tril(n_queries, n_keys, n_keys - n_queries - 1),
            says="a token does not see itself",
            hint="The diagonal belongs to the past: a token may look at itself, and the first "
            "token has nothing else to look at.",
        ),
        Misconception(
            "sees_one_too_many",
            lambda n_queries, n_keys: ones_tril(n_queries, n_keys, n_keys - n_queries + 1),
            says="each query sees one token too many, the very one it must predict",
            hint="Off by one: this model would cheat, like the one in the lesson.",
        ),
        Misconception(
            "hidden_and_offset_ignored",
            lambda n_queries, n_keys: ~ones_tril(n_queries, n_keys, 0),
            says="True marks what is hidden, and the first query is placed at the first key",
            hint="Two things: True should mean *may look*, and the queries are the last tokens.",
        ),
        Misconception(
            "nothing_hidden",
            lambda n_queries, n_keys: torch.ones(n_queries, n_keys, dtype=torch.bool),
            says="nothing is hidden",
            hint="With several queries the earlier ones must not see the later tokens.",
        ),
        Misconception(
            "square",
            lambda n_queries, n_keys: ones_tril(n_keys, n_keys, 0),
            says="every key has a row, not only the queries",
            hint="One row for each query: the last `n_queries` rows of this mask.",
        ),
        Misconception(
            "minus_infinity",
            lambda n_queries, n_keys: torch.zeros(n_queries, n_keys).masked_fill(
                ~ones_tril(n_queries, n_keys, n_keys - n_queries), -torch.inf
            ),
            says="the mask is made of 0 and -inf, to be added to the scores",
            hint="That form is used too, but here the mask is boolean: True where it may look.",
        ),
        Misconception(
            "small_whole_numbers",
            lambda n_queries, n_keys: masks.causal(n_queries, n_keys).byte(),
            says="the mask is made of the whole numbers 1 and 0 (uint8)",
            hint="The right pattern; make it boolean (`.bool()` or `dtype=torch.bool`). On "
            "numbers `~mask` gives 255 and 254, which are not 0 either.",
        ),
        Misconception(
            "whole_numbers",
            lambda n_queries, n_keys: masks.causal(n_queries, n_keys).long(),
            says="the mask is made of the whole numbers 1 and 0",
            hint="The right pattern; make it boolean (`.bool()` or `dtype=torch.bool`). On "
            "numbers `~mask` gives -2 and -1, which are not 0 either.",
        ),
        Misconception(
            "ones_and_zeros",
            lambda n_queries, n_keys: ones_tril(n_queries, n_keys, n_keys - n_queries).float(),
            says="the mask is made of the numbers 1 and 0",
            hint="The right pattern; make it boolean (`dtype=torch.bool`). As numbers, `~mask` "
            "fails and an addition would change the scores.",
        ),
    ],
)


# 5.4 one head


def attend(q: Tensor, k: Tensor, v: Tensor, mask: Tensor) -> Tensor:
    """The package's attention, for one head; a query that may see nothing gets zeros."""
    output, _ = explicit_attention(q[None, None], k[None, None], v[None, None], mask)
    return output[0, 0].nan_to_num(0.0)


def attend_cases(generator):
    def tensors(n_queries: int, n_keys: int, d: int, d_value: int) -> dict:
        shapes = {"q": (n_queries, d), "k": (n_keys, d), "v": (n_keys, d_value)}
        return {name: randn(generator, *shape) for name, shape in shapes.items()}

    yield tensors(3, 3, 4, 2) | {"mask": masks.causal(3, 3)}
    yield tensors(4, 6, 8, 5) | {"mask": masks.causal(4, 6)}
    scattered = torch.rand(5, 7, generator=generator) < 0.6
    scattered[:, 0] = True
    yield tensors(5, 7, 4, 3) | {"mask": scattered}
    # Scores in the thousands, as a badly trained model has them: what is hidden stays hidden.
    large = tensors(4, 4, 16, 3) | {"mask": masks.causal(4, 4)}
    large["k"][0] *= 4  # the first query fits its only key worst of all
    # Scores of the third query are hundreds: above -1e4, but below 0.
    lows = -torch.tensor([[900.0], [900.0], [2.0], [900.0]])
    yield large | {"q": lows * large["q"].abs(), "k": 60 * large["k"].abs()}
    blind = masks.causal(4, 4)
    blind[1] = False  # a query with nothing to look at, such as padding
    yield tensors(4, 4, 8, 3) | {"mask": blind}


def masked_attention(
    fill: float = -torch.inf,
    scale=lambda d: d**-0.5,
    dim: int = -1,
    invert: bool = False,
    blind: float = 0.0,
):
    """Variants of the right answer: a weight that is NaN becomes `blind`."""

    def attend_with(q: Tensor, k: Tensor, v: Tensor, mask: Tensor) -> Tensor:
        hidden = mask if invert else ~mask
        scores = (q @ k.mT * scale(q.shape[-1])).masked_fill(hidden, fill)
        return scores.softmax(dim).nan_to_num(blind) @ v

    return attend_with


def mask_after_softmax(q: Tensor, k: Tensor, v: Tensor, mask: Tensor) -> Tensor:
    return ((q @ k.mT * q.shape[-1] ** -0.5).softmax(-1) * mask) @ v


def renormalised_after_mask(blind: float):
    def attend_with(q: Tensor, k: Tensor, v: Tensor, mask: Tensor) -> Tensor:
        weights = (q @ k.mT * q.shape[-1] ** -0.5).softmax(-1) * mask
        return (weights / weights.sum(-1, keepdim=True)).nan_to_num(blind) @ v

    return attend_with


def minus_infinity_after_softmax(q: Tensor, k: Tensor, v: Tensor, mask: Tensor) -> Tensor:
    return (q @ k.mT * q.shape[-1] ** -0.5).softmax(-1).masked_fill(~mask, -torch.inf) @ v


def masked_weights(q: Tensor, k: Tensor, mask: Tensor, blind: float) -> Tensor:
    fit = (q @ k.mT * q.shape[-1] ** -0.5).masked_fill(~mask, -torch.inf)
    return fit.softmax(-1).nan_to_num(blind)


def scaled_by(size, slip: str, hint: str) -> list[Misconception]:
    """A wrong scale, with what sees nothing made 0 and without: two mistakes, each for itself."""

    def attend_with(blind: float):
        def attend(q: Tensor, k: Tensor, v: Tensor, mask: Tensor) -> Tensor:
            scale = q.shape[-1] ** 0.5 / size(q, k, v) ** 0.5
            return masked_weights(q * scale, k, mask, blind) @ v

        return attend

    name = f"scale_by_{slip.replace(' ', '_')}"
    says = f"the scale is the square root of the {slip}"
    return [
        Misconception(name, attend_with(0.0), says, hint),
        Misconception(
            f"nan_and_{name}",
            attend_with(torch.nan),
            f"{says}, and the softmax of nothing but -inf is NaN",
            f"{hint} And a query that may look at nothing should give zeros.",
        ),
    ]


def mask_added(q: Tensor, k: Tensor, v: Tensor, mask: Tensor) -> Tensor:
    return (q @ k.mT * q.shape[-1] ** -0.5 + mask).softmax(-1) @ v


def no_mask_no_scale(q: Tensor, k: Tensor, v: Tensor, mask: Tensor) -> Tensor:
    return (q @ k.mT).softmax(-1) @ v


def no_mask(q: Tensor, k: Tensor, v: Tensor, mask: Tensor) -> Tensor:
    return (q @ k.mT * q.shape[-1] ** -0.5).softmax(-1) @ v


ATTEND = Question(
    "attention.attend",
    points=3,
    cases=attend_cases,
    reference=attend,
    forbids=LIBRARY_ATTENTIONS,
    rtol=1e-4,  # two products in a row, in another order
    equivalent_mutants={
        "fit = q @ k.mT / math.sqrt(q.shape[-1]) -> fit = q @ k.mT / math.sqrt(q.shape[1])": (
            "q has two dimensions"
        ),
        "weights = fit.masked_fill(~mask, -math.inf).softmax(-1) -> "
        "weights = fit.masked_fill(~mask, -math.inf).softmax(1)": "the scores have two dimensions",
        "return weights.nan_to_num(0.0) @ v -> return weights.nan_to_num() @ v": (
            "0 is what nan_to_num puts by default"
        ),
    },
    misconceptions=[
        Misconception(
            "nan_for_blind",
            masked_attention(blind=torch.nan),
            says="the weights of a row of nothing but -inf are NaN, from the softmax or from a "
            "division after it",
            hint="A query that may look at nothing should give zeros: the NaN weights of such a "
            "row must be 0 when they meet v. Are they replaced, and then divided by their sum? "
            "That is 0/0, a new NaN, and softmax has divided already.",
        ),
        Misconception(
            "nan_and_no_scale",
            masked_attention(scale=lambda d: 1.0, blind=torch.nan),
            says="the scores are not scaled, and the softmax of nothing but -inf is NaN",
            hint="Two things: question 5.1 divides by the square root of d; and a query that may "
            "look at nothing should give zeros.",
        ),
        Misconception(
            "nan_and_scale_by_width",
            masked_attention(scale=lambda d: 1 / d, blind=torch.nan),
            says="the scores are divided by d, and the softmax of nothing but -inf is NaN",
            hint="Two things: question 5.1 divides by the square root of d; and a query that may "
            "look at nothing should give zeros.",
        ),
        Misconception(
            "nan_and_mask_inverted",
            masked_attention(invert=True, blind=torch.nan),
            says="what the mask allows is hidden, and the softmax of nothing but -inf is NaN",
            hint="Two things: True means *may look*, and `masked_fill` fills where its mask is "
            "True; and a query that may look at nothing should give zeros.",
        ),
        Misconception(
            "finite_fill",
            masked_attention(-1e9),
            says="a query that may look at nothing looks at everything equally",
            hint="Its weights should be 0, not 1 / S. They are equal where hidden scores are a "
            "large finite number such as -1e9, or `nan_to_num` has made one of -inf: set them to "
            "-inf, and replace the NaN that it gives on the weights, after the softmax, by 0.",
        ),
        Misconception(
            "small_finite_fill",
            masked_attention(-1e4),
            says="hidden scores are a moderate negative number such as -1e4",
            hint="Real scores may be lower still, and then what is hidden wins. Only -inf is below "
            "everything.",
        ),
        Misconception(
            "plus_infinity",
            masked_attention(torch.inf, blind=torch.nan),
            says="hidden scores are +inf",
            hint="exp(+inf) is infinite. Which score has exp = 0?",
        ),
        Misconception(
            "plus_infinity_made_zero",
            masked_attention(torch.inf),
            says="hidden scores are +inf, and the NaN that comes of it is made 0",
            hint="exp(+inf) is infinite. Which score has exp = 0?",
        ),
        Misconception(
            "zero_fill",
            masked_attention(0.0),
            says="hidden scores are 0 when the softmax sees them, set so or multiplied by the mask",
            hint="exp(0) = 1: a score of 0 is no weight of 0. Which score has exp = 0?",
        ),
        Misconception(
            "mask_added",
            mask_added,
            says="the boolean mask is added to the scores",
            hint="True counts as 1 and False as 0, so that hidden scores are only lower by 1.",
        ),
        Misconception(
            "mask_after_softmax",
            mask_after_softmax,
            says="the mask comes after the softmax",
            hint="The weights of a row no longer sum to 1: what the hidden keys took is lost. "
            "Hide them before the softmax.",
        ),
        Misconception(
            "renormalised_after_mask",
            renormalised_after_mask(torch.nan),
            says="the mask comes after the softmax, and each row is divided by what is left",
            hint="Where the hidden keys took all the weight, nothing is left: 0/0 is NaN. So it is "
            "in a row that sees nothing. Hide before the softmax.",
        ),
        Misconception(
            "renormalised_and_made_zero",
            renormalised_after_mask(0.0),
            says="the mask comes after the softmax, each row is divided by what is left, and 0/0 "
            "is made 0",
            hint="Where the hidden keys took all the weight, nothing is left for those that may be "
            "seen. Hide before the softmax.",
        ),
        Misconception(
            "minus_infinity_after_softmax",
            minus_infinity_after_softmax,
            says="-inf is put into the weights, after the softmax",
            hint="-inf is a score, of which exp makes the weight 0: hide before the softmax.",
        ),
        Misconception(
            "scale_after_softmax",
            lambda q, k, v, mask: (
                masked_weights(q * q.shape[-1] ** 0.5, k, mask, 0.0) @ v / q.shape[-1] ** 0.5
            ),
            says="the weights are divided by the square root of d, instead of the scores",
            hint="The scale belongs to the scores; after the softmax it makes the rows sum to less "
            "than 1.",
        ),
        Misconception(
            "nan_and_scale_after_softmax",
            lambda q, k, v, mask: (
                masked_weights(q * q.shape[-1] ** 0.5, k, mask, torch.nan) @ v / q.shape[-1] ** 0.5
            ),
            says="the weights are divided by the square root of d, instead of the scores, and the "
            "softmax of nothing but -inf is NaN",
            hint="The scale belongs to the scores; after the softmax it makes the rows sum to less "
            "than 1. And a query that may look at nothing should give zeros.",
        ),
        *scaled_by(
            lambda q, k, v: v.shape[-1],
            "width of v",
            "The scale is for q·k: how many numbers are added up in one of these products?",
        ),
        *scaled_by(
            lambda q, k, v: k.shape[0],
            "number of keys",
            "How many numbers are multiplied and added up in one q·k? Look at the last dimension.",
        ),
        Misconception(
            "weights_alone",
            lambda q, k, v, mask: masked_weights(q, k, mask, 0.0),
            says="the weights are returned, before they meet v",
            hint="What a query takes away is the values, mixed by its weights.",
        ),
        Misconception(
            "weights_alone_and_nan",
            lambda q, k, v, mask: masked_weights(q, k, mask, torch.nan),
            says="the weights are returned, before they meet v, and those of nothing but -inf are "
            "NaN",
            hint="What a query takes away is the values, mixed by its weights; one that may look "
            "at nothing takes zeros.",
        ),
        Misconception(
            "mask_inverted",
            masked_attention(invert=True),
            says="what the mask allows is hidden, and what it hides is shown",
            hint="True means *may look*; `masked_fill` fills where its mask is True.",
        ),
        Misconception(
            "no_mask",
            no_mask,
            says="the mask is not used",
            hint="Scores where the mask is False must not take part in the softmax. "
            "`masked_fill` makes a new tensor and leaves the old one as it is: what becomes of it?",
        ),
        Misconception(
            "no_mask_no_scale",
            no_mask_no_scale,
            says="the mask is not used, and the scores are not scaled",
            hint="Two things: question 5.1 divides by the square root of d; and scores where the "
            "mask is False must not take part in the softmax. `masked_fill` makes a new tensor and "
            "leaves the old one as it is.",
        ),
        Misconception(
            "over_queries",
            masked_attention(dim=-2),
            says="the softmax runs over the queries instead of the keys",
            hint="Each query hands out a total weight of 1 among the keys: rows sum to 1.",
        ),
        Misconception(
            "no_scale",
            masked_attention(scale=lambda d: 1.0),
            says="the scores are not scaled",
            hint="Question 5.1: divide by the square root of d.",
        ),
        Misconception(
            "scale_by_width",
            masked_attention(scale=lambda d: 1 / d),
            says="the scores are divided by d",
            hint="Question 5.1: divide by the square root of d.",
        ),
    ],
)


# 5.5 split into heads


def split_heads(x: Tensor, n_heads: int) -> Tensor:
    return x.unflatten(-1, (n_heads, -1)).transpose(1, 2)


def split_heads_cases(generator):
    yield {"x": randn(generator, 1, 2, 6), "n_heads": 3}
    yield {"x": randn(generator, 2, 5, 24), "n_heads": 6}
    yield {"x": randn(generator, 3, 4, 16), "n_heads": 4}
    yield {"x": randn(generator, 2, 3, 8), "n_heads": 1}


SPLIT_HEADS = Question(
    "attention.split_heads",
    points=2,
    cases=split_heads_cases,
    reference=split_heads,
    misconceptions=[
        Misconception(
            "view_for_transpose",
            lambda x, n_heads: x.reshape(x.shape[0], n_heads, x.shape[1], -1),
            says="`view` or `reshape` goes straight to (B, H, T, d)",
            hint="The shape is right but the numbers are dealt out in the wrong order: a head gets "
            "whole tokens instead of a part of every token. Cut the last dimension first, then "
            "swap two dimensions.",
        ),
        Misconception(
            "no_transpose",
            lambda x, n_heads: x.unflatten(-1, (n_heads, -1)),
            says="the heads still stand behind the tokens, (B, T, H, d)",
            hint="Attention multiplies the last two dimensions: they should be tokens and width. "
            "Swap T and H.",
        ),
        Misconception(
            "interleaved",
            lambda x, n_heads: x.unflatten(-1, (-1, n_heads)).permute(0, 3, 1, 2),
            says="each head takes every H-th number",
            hint="Head 0 owns the first d numbers of a token, head 1 the next d: the width of the "
            "heads comes last when you cut.",
        ),
        Misconception(
            "count_for_width",
            lambda x, n_heads: x.unflatten(-1, (-1, n_heads)).transpose(1, 2),
            says="the parts are n_heads numbers wide, instead of n_heads parts",
            hint="When the last dimension is cut, the heads come first and their width last. "
            "`split` takes the width of a part, `chunk` how many there are.",
        ),
        Misconception(
            "count_for_width_untransposed",
            lambda x, n_heads: x.unflatten(-1, (-1, n_heads)),
            says="the last dimension is cut into (d, H) instead of (H, d), and nothing is swapped",
            hint="Two things: head 0 owns the first d numbers, so the width comes last when you "
            "cut; then swap T and H.",
        ),
        Misconception(
            "split_by_count",
            lambda x, n_heads: x.split(n_heads, dim=-1),
            says="`split` is given the number of heads",
            hint="`split` takes the size of a part, `chunk` the number of parts. Then the parts "
            "must become one tensor.",
        ),
        Misconception(
            "overlapping",
            lambda x, n_heads: torch.stack(
                [x[..., h : h + x.shape[-1] // n_heads] for h in range(n_heads)], dim=1
            ),
            says="head h begins at number h",
            hint="The parts do not overlap: head 0 takes d numbers, so where does head 1 begin?",
        ),
        Misconception(
            "heads_in_the_batch",
            lambda x, n_heads: split_heads(x, n_heads).flatten(0, 1),
            says="texts and heads share the first dimension",
            hint="The result has four dimensions, (B, H, T, d): keep B and H apart.",
        ),
        Misconception(
            "heads_in_the_batch_by_view",
            lambda x, n_heads: x.reshape(x.shape[0] * n_heads, x.shape[1], -1),
            says="`view` or `reshape` goes straight to (B * H, T, d)",
            hint="The result has four dimensions, (B, H, T, d). Cut the last one first, then swap "
            "two: `reshape` alone gives a head whole tokens.",
        ),
        Misconception(
            "heads_and_width_swapped",
            lambda x, n_heads: x.unflatten(-1, (n_heads, -1)).permute(0, 3, 1, 2),
            says="the width of a head stands where the heads should be",
            hint="The result is (B, H, T, d): batch, heads, tokens, width.",
        ),
        Misconception(
            "transposed_first",
            lambda x, n_heads: x.transpose(1, 2).reshape(x.shape[0], n_heads, x.shape[1], -1),
            says="the transpose comes before the cut",
            hint="Cut the last dimension into heads first, (B, T, H, d); then swap T and H.",
        ),
        Misconception(
            "batch_and_tokens_swapped",
            lambda x, n_heads: x.reshape(x.shape[1], x.shape[0], n_heads, -1).transpose(1, 2),
            says="`view` takes the texts for tokens and the tokens for texts",
            hint="Keep B and T where they are: `x.view(B, T, n_heads, -1)`.",
        ),
        Misconception(
            "batch_and_heads_swapped",
            lambda x, n_heads: x.unflatten(-1, (n_heads, -1)).permute(2, 0, 1, 3),
            says="the heads come before the batch",
            hint="The result is (B, H, T, d): batch, heads, tokens, width.",
        ),
        Misconception(
            "list_of_heads",
            lambda x, n_heads: list(x.chunk(n_heads, -1)),
            says="the heads are a list",
            hint="The cut is right; `torch.stack(..., dim=1)` makes one tensor of it, and "
            "`unflatten` with `transpose` gets there in one go.",
        ),
    ],
)


# 5.6 grouped queries


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

QUESTIONS = [SCORES, SOFTMAX, CAUSAL_MASK, ATTEND, SPLIT_HEADS, GROUPED_ATTENTION]
