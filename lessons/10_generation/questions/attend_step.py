"""10.4 One step on a cache."""

import torch
from torch import Tensor

from llama_edu.course.checking.draw import randn
from llama_edu.course.checking.questions import Misconception, Question
from llama_edu.model.attention import explicit_attention


def attend_step(q: Tensor, k: Tensor, v: Tensor, keys: Tensor, values: Tensor):
    """The package's attention, for one text."""
    keys, values = torch.cat([keys, k], dim=1), torch.cat([values, v], dim=1)
    output, _ = explicit_attention(q[None], keys[None], values[None])
    return output[0], keys, values


def attend_step_cases(generator):
    def step(n_heads: int, n_new: int, n_old: int, d: int) -> dict:
        sizes = {"q": n_new, "k": n_new, "v": n_new, "keys": n_old, "values": n_old}
        return {name: randn(generator, n_heads, n, d) for name, n in sizes.items()}

    yield step(1, 1, 2, 4)  # decoding
    yield step(3, 2, 4, 5)  # a piece of a prompt
    yield step(2, 4, 3, 8)
    yield step(2, 3, 0, 4)  # prefill
    yield step(3, 1, 6, 2)


FILL = "fit.masked_fill(~mask, -math.inf)"
CATS = "torch.cat([keys, k], dim=1), torch.cat([values, v], dim=1)"

ATTEND_STEP = Question(
    "generation.attend_step",
    points=4,
    cases=attend_step_cases,
    reference=attend_step,
    forbids=(
        "scaled_dot_product_attention", "multi_head_attention_forward", "MultiheadAttention",
    ),
    rtol=1e-4,  # two products in a row, in another order
    misconceptions=[
        Misconception(
            "new_before_old",
            {CATS: "torch.cat([k, keys], dim=1), torch.cat([v, values], dim=1)"},
            says="the new keys and values are put before the old ones",
            hint="A cache is in the order of the text: what is new comes last.",
        ),
        Misconception(
            "new_left_out",
            {CATS: "keys, values", "tril(n_all - n_new)": "tril(n_all)"},
            says="the new tokens are not added, and look at the old ones alone",
            hint="A token looks at itself too, and the tokens to come will need its key.",
        ),
        Misconception(
            "cache_not_used",
            {"all_k.mT": "k.mT", "all_v, all_k": "v, all_k", "all_k.shape[1]": "k.shape[1]"},
            says="the new tokens look at each other only, not at the cache",
            hint="Scores are needed for all keys, old and new.",
        ),
        Misconception(
            "old_cache_returned",
            {"all_v, all_k, all_v": "all_v, keys, values"},
            says="the cache comes back without the new tokens",
            hint="The next step needs what this one added.",
        ),
        Misconception(
            "new_cache_returned",
            {"all_v, all_k, all_v": "all_v, k, v"},
            says="the new keys and values come back without the old ones",
            hint="The next step needs all of them, old and new.",
        ),
        Misconception(
            "keys_and_values_swapped",
            {"all_v, all_k, all_v": "all_v, all_v, all_k"},
            says="values and keys come back in each other's place",
            hint="First the output, then the keys, then the values.",
        ),
        Misconception(
            "offset_forgotten",
            {"tril(n_all - n_new)": "tril()"},
            says="the mask takes the first new token for the first of all",
            hint="New token t is token S + t: it may look at the whole cache. On which diagonal "
            "does `tril` have to stop?",
        ),
        Misconception(
            "no_mask",
            {FILL: "fit"},
            says="nothing is hidden: new tokens see those that come after them",
            hint="With one new token that is right. With several, the first must not see the next.",
        ),
        Misconception(
            "sees_one_too_many",
            {"tril(n_all - n_new)": "tril(n_all - n_new + 1)"},
            says="each new token sees the one that comes after it",
            hint="Off by one: which diagonal holds a token and itself?",
        ),
        Misconception(
            "blind_to_itself",
            {"tril(n_all - n_new)": "tril(n_all - n_new - 1)"},
            says="a new token does not see itself",
            hint="Off by one: which diagonal holds a token and itself?",
        ),
        Misconception(
            "mask_inverted",
            {"~mask": "mask"},
            says="what the mask allows is hidden, and what it hides is shown",
            hint="`masked_fill` fills where its mask is True.",
        ),
        Misconception(
            "no_scale",
            {" / math.sqrt(q.shape[-1])": ""},
            says="the scores are not scaled",
            hint="Lesson 05: divide by the square root of d.",
        ),
        Misconception(
            "over_queries",
            {"softmax(-1)": "softmax(-2)"},
            says="the softmax runs over the queries instead of the keys",
            hint="Each query hands out a total weight of 1 among the keys.",
        ),
        Misconception(
            "scale_by_heads",
            {"math.sqrt(q.shape[-1])": "math.sqrt(len(q))"},
            says="the scale is the square root of the number of heads",
            hint="d is the width of a head, the last dimension of q.",
        ),
        Misconception(
            "offset_by_heads",
            {"tril(n_all - n_new)": "tril(len(keys))"},
            says="the mask is moved by the number of heads, not of cached tokens",
            hint="The shape of keys is (H, S, d): which of them is S?",
        ),
        Misconception(
            "zero_fill",
            {"-math.inf": "0.0"},
            says="hidden scores are 0 when the softmax sees them",
            hint="exp(0) = 1: a score of 0 is no weight of 0. Which score has exp = 0?",
        ),
    ],
)  # fmt: skip
