"""5.3 Causal mask."""

import torch
from torch import Tensor

from llama_edu.course.checking.questions import Misconception, Question
from llama_edu.model import masks


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
