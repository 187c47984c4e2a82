"""11.4 The states of two blocks put together."""

import torch

from llama_edu.course.checking.draw import randn
from llama_edu.course.checking.questions import Misconception, Question


def state(scores, values):
    m = scores.amax(dim=1)
    weights = (scores - m[:, None]).exp()
    return m, weights.sum(dim=1), weights @ values


def merge(m1, s1, o1, m2, s2, o2):
    m = torch.maximum(m1, m2)
    one, other = (m1 - m).exp(), (m2 - m).exp()
    return m, s1 * one + s2 * other, o1 * one[:, None] + o2 * other[:, None]


def merge_cases(generator):
    # The larger score now in the first block, now in the second; T = d too.
    for n_queries, width, spread in ((2, 3, 1.0), (3, 2, 3.0), (4, 4, 2.0), (5, 3, 30.0)):
        parts = []
        for n_keys in (3, 4):
            scores = spread * randn(generator, n_queries, n_keys)
            parts += state(scores, randn(generator, n_keys, width))
        yield dict(zip(("m1", "s1", "o1", "m2", "s2", "o2"), parts, strict=True))
    # Nothing has been seen yet.
    m, s, o = state(randn(generator, 2, 3), randn(generator, 3, 2))
    nothing = torch.full((2,), -torch.inf), torch.zeros(2), torch.zeros(2, 2)
    yield dict(zip(("m1", "s1", "o1", "m2", "s2", "o2"), (*nothing, m, s, o), strict=True))


MERGE = Question(
    "efficient.merge",
    points=3,
    cases=merge_cases,
    reference=merge,
    misconceptions=[
        Misconception(
            "no_shrinking",
            {"(m1 - m).exp()": "torch.ones_like(m1)", "(m2 - m).exp()": "torch.ones_like(m2)"},
            says="both blocks are added as if they were measured from the same m",
            hint="exp(score - m) of each block was measured from its own m. What makes both equal?",
        ),
        Misconception(
            "second_as_it_is",
            {"(m2 - m).exp()": "torch.ones_like(m2)"},
            says="only the first block is shrunk",
            hint="The second block's m may be the smaller one.",
        ),
        Misconception(
            "first_as_it_is",
            {"(m1 - m).exp()": "torch.ones_like(m1)"},
            says="only the second block is shrunk",
            hint="The first block's m may be the smaller one.",
        ),
        Misconception(
            "grown",
            {"(m1 - m).exp()": "(m - m1).exp()", "(m2 - m).exp()": "(m - m2).exp()"},
            says="what was measured from a smaller m is made larger",
            hint="exp(score - m) becomes exp(score - new): is that larger or smaller, if new is "
            "larger than m?",
        ),
        Misconception(
            "no_exponential",
            {"(m1 - m).exp()": "(m1 - m)", "(m2 - m).exp()": "(m2 - m)"},
            says="the sums are multiplied with the difference of the scores",
            hint="A difference of scores is a *factor* of exp(difference).",
        ),
        Misconception(
            "smaller_m",
            {"torch.maximum(m1, m2)": "torch.minimum(m1, m2)"},
            says="everything is measured from the smaller of both largest scores",
            hint="m is the largest score of *both* blocks.",
        ),
        Misconception(
            "one_m_for_all",
            {"torch.maximum(m1, m2)": "torch.maximum(m1, m2).max().expand_as(m1)"},
            says="all queries share one largest score",
            hint="Each query has scores of its own, and so a largest one of its own.",
        ),
        Misconception(
            "sum_of_m",
            {"torch.maximum(m1, m2)": "m1 + m2"},
            says="the largest scores are added",
            hint="m is the largest score of both blocks together.",
        ),
        Misconception(
            "sums_not_shrunk",
            {"s1 * shrink1 + s2 * shrink2": "s1 + s2"},
            says="the sums s are added as they are",
            hint="s holds exp(score - m), as o does: it must be shrunk as well.",
        ),
        Misconception(
            "values_not_shrunk",
            {"o1 * shrink1[:, None] + o2 * shrink2[:, None]": "o1 + o2"},
            says="the sums o are added as they are",
            hint="o holds exp(score - m) * value: it must be shrunk as s is.",
        ),
        Misconception(
            "already_divided",
            {"return m, s, o": "return m, s, o / s[:, None]"},
            says="o is divided by s already",
            hint="The next block could not be added then; dividing comes last.",
        ),
        Misconception(
            "in_another_order",
            {"return m, s, o": "return s, m, o"},
            says="s is returned before m",
            hint="The docstring says in which order they are wanted.",
        ),
        Misconception(
            "shrunk_the_other",
            {"(m1 - m).exp()": "(m2 - m).exp()", "(m2 - m).exp()": "(m1 - m).exp()"},
            says="each block is shrunk by the other's factor",
            hint="Which m was the first block measured from?",
        ),
        Misconception(
            "along_the_width",
            {
                "shrink1[:, None]": "(shrink1[: o1.shape[1]] if len(m1) >= o1.shape[1] "
                "else shrink1[:, None])",
                "shrink2[:, None]": "(shrink2[: o2.shape[1]] if len(m2) >= o2.shape[1] "
                "else shrink2[:, None])",
            },
            says="each column of o, not each row, is shrunk by a factor of its own",
            hint="A factor belongs to a query, and queries are rows: `[:, None]`.",
        ),
        Misconception(
            "o_as_a_mean",
            {
                "o1 * shrink1[:, None] + o2 * shrink2[:, None]": (
                    "o1 * (s1 * shrink1)[:, None] + o2 * (s2 * shrink2)[:, None]"
                )
            },
            says="o is multiplied by s as well, as if it were a mean",
            hint="o is a sum of exp(score - m) * value: all that s counts is in it already.",
        ),
        Misconception(
            "log_of_the_sum",
            {"torch.maximum(m1, m2)": "torch.logaddexp(m1, m2)"},
            says="m is the logarithm of a sum of exponentials",
            hint="m is the largest score of both blocks, nothing more.",
        ),
        Misconception(
            "from_the_first_m",
            {"(m1 - m).exp()": "torch.ones_like(m1)", "(m2 - m).exp()": "(m2 - m1).exp()"},
            says="both sums are measured from the first block's m",
            hint="Measure them from the m that you return: the second block's may be larger.",
        ),
    ],
)
