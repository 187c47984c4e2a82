"""5.1 Scores."""

from torch import Tensor

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
