"""5.1 Scores."""

from torch import Tensor
from torch.nn.functional import normalize

from llama_edu.course.checking.draw import randn
from llama_edu.course.checking.questions import Misconception, Question


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
            {" / math.sqrt(q.shape[-1])": ""},
            says="the products are not divided by anything",
            hint="Their spread grows with the head width d. Which power of d brings it back to 1? "
            "The experiment with the variance shows it.",
        ),
        Misconception(
            "scale_by_width",
            {"math.sqrt(q.shape[-1])": "q.shape[-1]"},
            says="the products are divided by d",
            hint="It is the variance of q·k that grows like d. The spread, its standard deviation, "
            "grows more slowly.",
        ),
        Misconception(
            "powers_come_first",
            {"math.sqrt(q.shape[-1])": "q.shape[-1] ** 1 / 2"},
            says="the products are divided by d, and then by 2",
            hint="`d ** 1 / 2` is (d ** 1) / 2: a power comes before a division. Put the exponent "
            "in parentheses, or take `math.sqrt`.",
        ),
        Misconception(
            "multiplied",
            {" / math": " * math"},
            says="the products are multiplied by the square root of d",
            hint="The scale should make the scores smaller as heads grow wider.",
        ),
        Misconception(
            "scale_by_keys",
            {"q.shape[-1]": "k.shape[-2]"},
            says="the scale is the square root of the number of keys",
            hint="How many numbers are multiplied and added up in one q·k? That is not the number "
            "of keys: look at the last dimension.",
        ),
        Misconception(
            "scale_by_queries",
            {"q.shape[-1]": "q.shape[-2]"},
            says="the scale is the square root of the number of queries",
            hint="How many numbers are multiplied and added up in one q·k? That is not the number "
            "of queries: look at the last dimension.",
        ),
        Misconception(
            "scale_by_heads",
            {"q.shape[-1]": "q.shape[1]"},
            says="the scale is the square root of the number of heads",
            hint="d is the last dimension of q, `q.shape[-1]`.",
        ),
        Misconception(
            "scale_by_texts",
            {"q.shape[-1]": "len(q)"},
            says="the scale is the square root of `len(q)`, the number of texts",
            hint="`len` of a tensor is its first dimension. How many numbers are multiplied and "
            "added up in one q·k? Look at the last one.",
        ),
        Misconception(
            "number_by_number",
            {"q @ k": "q * k"},
            says="q and the turned k are multiplied number by number, with `*`",
            hint="Each query meets each key: that is the matrix product, `@`.",
        ),
        Misconception(
            "query_with_its_own_key",
            {"q @ k.mT": "(q * k).sum(-1)"},
            says="query t meets key t alone, as in `(q * k).sum(-1)`",
            hint="There is a score for every pair, T rows and S columns: `@` multiplies each row "
            "by each column.",
        ),
        Misconception(
            "cosine",
            {"q @ k.mT": "normalize(q, dim=-1) @ normalize(k, dim=-1).mT"},
            says="queries and keys are brought to length 1 first: the cosine of their angle",
            hint="Here a long vector may count more than a short one: take the dot product of q "
            "and k as they are.",
        ),
        Misconception(
            "already_softmax",
            {"return q": "return (q", "[-1])": "[-1])).softmax(-1)"},
            says="the softmax is taken already",
            hint="Scores are what goes into the softmax; that is the next question.",
        ),
        Misconception(
            "keys_look_at_queries",
            {"q @ k.mT": "k @ q.mT"},
            says="keys and queries have changed places",
            hint="Row t of the scores belongs to query t; its columns are the keys.",
        ),
        Misconception(
            "view_for_transpose",
            {"k.mT": "k.reshape(*k.shape[:-2], *k.mT.shape[-2:])"},
            says="`view` or `reshape` takes k to the shape (B, H, d, S)",
            hint="That only cuts the same row of numbers anew, and mixes the keys. To swap two "
            "dimensions: `k.mT`, or `k.transpose(-2, -1)`.",
        ),
    ],
)
