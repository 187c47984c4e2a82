"""5.3 Causal mask."""

import torch
from torch import Tensor

from llama_edu.course.checking.draw import whole
from llama_edu.course.checking.questions import Misconception, Question
from llama_edu.model import masks


def causal_mask_cases(generator):
    n = whole(generator, 3, 5)
    yield {"n_queries": n, "n_keys": n}
    yield {"n_queries": 2, "n_keys": whole(generator, 5, 8)}
    yield {"n_queries": 1, "n_keys": whole(generator, 3, 8)}
    yield {"n_queries": whole(generator, 3, 4), "n_keys": whole(generator, 6, 11)}


def additive(seen: Tensor) -> Tensor:
    return torch.zeros(seen.shape).masked_fill(~seen, -torch.inf)


CAUSAL_MASK = Question(
    "attention.causal_mask",
    points=2,
    cases=causal_mask_cases,
    reference=masks.causal,
    misconceptions=[
        Misconception(
            "offset_ignored",
            {"n_keys - n_queries, n_keys": "n_queries"},
            says="the first query is placed at the first key",
            hint="The queries are the *last* tokens. With 2 queries and 5 keys, the first query is "
            "token 3: it may look at tokens 0 to 3.",
        ),
        Misconception(
            "offset_reversed",
            {"n_keys - n_queries, n_keys)": "n_queries) + n_queries - n_keys"},
            says="the offset has the wrong sign: query t is taken for token t + n_queries - n_keys",
            hint="Query t is token t + n_keys - n_queries: the queries stand at the end.",
        ),
        Misconception(
            "sees_the_future",
            {"<=": ">="},
            says="each query sees itself and what comes after it",
            hint="True means *may look*, and a token may look back. Which side of the diagonal is "
            "the past?",
        ),
        Misconception(
            "true_means_hidden",
            {"<=": ">"},
            says="True marks what is hidden",
            hint="The right pattern, with the opposite meaning: here True means that the query "
            "may look (PyTorch's convention for scaled_dot_product_attention).",
        ),
        Misconception(
            "blind_to_itself",
            {"<=": "<"},
            says="a token does not see itself",
            hint="The diagonal belongs to the past: a token may look at itself, and the first "
            "token has nothing else to look at.",
        ),
        Misconception(
            "sees_one_too_many",
            {"- n_queries, n_keys)": "- n_queries, n_keys) + 1"},
            says="each query sees one token too many, the very one it must predict",
            hint="Off by one: this model would cheat, like the one in the lesson.",
        ),
        Misconception(
            "nothing_hidden",
            {"<= positions": "<= n_keys + 0 * positions"},
            says="nothing is hidden",
            hint="With several queries the earlier ones must not see the later tokens.",
        ),
        Misconception(
            "square",
            {"n_keys - n_queries, n_keys": "n_keys"},
            says="every key has a row, not only the queries",
            hint="One row for each query: the last `n_queries` rows of this mask.",
        ),
        Misconception(
            "minus_infinity",
            {"return torch": "return additive(torch", "[:, None]": "[:, None])"},
            says="the mask is made of 0 and -inf, to be added to the scores",
            hint="That form is used too, but here the mask is boolean: True where the query may "
            "look, so where yours is 0.",
        ),
        Misconception(
            "ones_and_zeros",
            {"return torch": "return (torch", "[:, None]": "[:, None]).float()"},
            says="the mask is made of the numbers 1 and 0",
            hint="Make it boolean (`.bool()` or `dtype=torch.bool`). As numbers, `~mask` fails "
            "and an addition would change the scores.",
        ),
    ],
)
