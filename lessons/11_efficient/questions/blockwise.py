"""11.5 Attention block by block."""

import torch

from llama_edu.course.checking.draw import randn
from llama_edu.course.checking.questions import Misconception, Question


def blockwise(q, k, v, block_size):
    scores = q @ k.T / q.shape[1] ** 0.5
    weights = (scores - scores.amax(dim=1, keepdim=True)).exp()
    return weights @ v / weights.sum(dim=1, keepdim=True)


def blockwise_cases(generator):
    # Blocks that fit, that do not, of one key, and one that holds all; scores that would overflow.
    for n_queries, n_keys, width, block_size, spread in (
        (2, 4, 3, 2, 1.0), (3, 5, 2, 3, 2.0), (4, 6, 5, 1, 1.0), (2, 3, 4, 7, 1.0),
        (5, 11, 3, 4, 3.0), (3, 6, 8, 2, 300.0),
    ):  # fmt: skip
        yield {
            "q": spread * randn(generator, n_queries, width), "k": randn(generator, n_keys, width),
            "v": randn(generator, n_keys, width), "block_size": block_size,
        }  # fmt: skip
    k = 1 + randn(generator, 3, 2).abs()  # all scores far below 0
    yield {"q": -300 - k[:2], "k": k, "v": randn(generator, 3, 2), "block_size": 2}


FIRST = "at the first block m is -inf, so that exp(m - new) wipes out what s and o began with"
BLOCKWISE = Question(
    "efficient.blockwise",
    points=4,
    cases=blockwise_cases,
    reference=blockwise,
    equivalent_mutants={
        "s = torch.zeros(len(q)) -> s = len(q)": FIRST,
        "s = torch.zeros(len(q)) -> s = torch.ones(len(q))": FIRST,
        "o = torch.zeros(len(q), v.shape[1]) -> o = torch.zeros(v.shape[1])": FIRST,
        "o = torch.zeros(len(q), v.shape[1]) -> o = len(q)": FIRST,
        "o = torch.zeros(len(q), v.shape[1]) -> o = torch.ones(len(q), v.shape[1])": FIRST,
        "for start in range(0, len(k), block_size): -> "
        "for start in range(0, len(v), block_size):": "there are as many values as keys",
    },
    forbids=("softmax", "scaled_dot_product_attention", "logsumexp"),
    misconceptions=[
        Misconception(
            "no_shrinking",
            {"(m - new).exp()": "torch.ones_like(m)"},
            says="what came before is not shrunk when a larger score comes",
            hint="As in the lesson's broken version: when is that right by luck?",
        ),
        Misconception(
            "sum_not_shrunk",
            {"s * shrink": "s"},
            says="the sum s is not shrunk when a larger score comes",
            hint="s and o were measured from the same m.",
        ),
        Misconception(
            "values_not_shrunk",
            {"o * shrink[:, None]": "o"},
            says="the values so far are not shrunk when a larger score comes",
            hint="s and o were measured from the same m.",
        ),
        Misconception(
            "grown",
            {"(m - new).exp()": "(new - m.clamp(min=-1e4)).clamp(max=80).exp()"},
            says="what came before is made larger, not smaller",
            hint="exp(score - m) becomes exp(score - new), and new is the larger one.",
        ),
        Misconception(
            "each_its_own_m",
            {
                "torch.maximum(m, scores.amax(dim=1))": "scores.amax(dim=1)",
                "s * shrink": "s",
                "o * shrink[:, None]": "o",
            },
            says="each block is measured from its own largest score, and then all are added",
            hint="exp(score - m) of two blocks can be added only if m is the same in both.",
        ),
        Misconception(
            "m_not_kept",
            {"        m = new": ""},
            says="m stays what it was at the start",
            hint="The next block is compared with m: what must m be by then?",
        ),
        Misconception(
            "begins_at_zero",
            {"torch.full((len(q),), -math.inf)": "torch.zeros(len(q))"},
            says="the largest score begins at 0, and stays there where all scores are lower",
            hint="All scores may be -200. What is exp(-200 - 0), and what is left to divide by?",
        ),
        Misconception(
            "last_block_only",
            {"o * shrink[:, None] + ": "", "s * shrink + ": ""},
            says="only the last block is looked at",
            hint="What has become of s and o of the blocks before?",
        ),
        Misconception(
            "mean_of_blocks",
            lambda q, k, v, block_size: torch.stack(
                [
                    blockwise(q, keys, values, block_size)
                    for keys, values in zip(k.split(block_size), v.split(block_size), strict=True)
                ]
            ).mean(0),
            says="each block gets a softmax of its own, and the results are averaged",
            hint="A block of poor fits would count as much as one of good fits. What must the "
            "blocks share?",
        ),
        Misconception(
            "no_scale",
            {" / math.sqrt(q.shape[1])": ""},
            says="the scores are not divided by √d",
            hint="As in lesson 05: the spread of a dot product grows with its length.",
        ),
        Misconception(
            "scaled_by_d",
            {"math.sqrt(q.shape[1])": "q.shape[1]"},
            says="the scores are divided by d",
            hint="By the root of it.",
        ),
        Misconception(
            "not_divided",
            {"o / s[:, None]": "o"},
            says="the weights do not sum to 1",
            hint="s is what they sum to.",
        ),
        Misconception(
            "short_block_lost",
            {"range(0, len(k), block_size)": "range(0, len(k) - block_size + 1, block_size)"},
            says="the last block is left out where it is shorter",
            hint="How many keys are left, if 5 are read 3 at a time?",
        ),
        Misconception(
            "divided_each_time",
            {
                "        m = new": (
                    "        o = o / s[:, None]\n        s = torch.ones_like(s)\n        m = new"
                )
            },
            says="o is divided after each block, and its weight is forgotten",
            hint="Divide once, at the end: until then s says how much o counts.",
        ),
        Misconception(
            "scaled_by_tokens",
            {"math.sqrt(q.shape[1])": "math.sqrt(q.shape[0])"},
            says="the scores are divided by the root of the number of queries",
            hint="d is how many numbers one query has: which size of q is that?",
        ),
        Misconception(
            "divided_and_added_to",
            {
                "        m = new": "        o = o / s[:, None]\n        m = new",
                "return o / s[:, None]": "return o",
            },
            says="o is divided after each block, and the next block is added to the quotient",
            hint="Divide once, at the end: until then o and s are sums of the same exponentials.",
        ),
        Misconception(
            "m_may_fall",
            {"torch.maximum(m, scores.amax(dim=1))": "scores.amax(dim=1)"},
            says="m falls where a block has only lower scores",
            hint="Then exp(m - new) overflows: m is the largest score of *all* blocks so far.",
        ),
    ],
)
