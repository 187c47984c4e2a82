"""Answers that are sampled several times: is any of k right?"""

from math import comb


def pass_at_k(n: int, n_right: int, k: int) -> float:
    """The chance that at least one of k answers is right, estimated from n sampled answers.

    1 - C(n - n_right, k) / C(n, k): of all ways to choose k of the n answers, those that hold a
    right one. On average over samples this is 1 - (1 - p)^k with p the true chance of one answer;
    1 - (1 - n_right / n)^k is too small.

    pass_at_k(n=4, n_right=1, k=2) -> 0.5

    Args:
        n: answers sampled.
        n_right: how many of them are right.
        k: answers that one may give.

    Raises:
        ValueError: if n_right or k is not among 0 to n, or k is 0.

    Source: arXiv:2107.03374, eq. 1.
    """
    if not 0 <= n_right <= n or not 1 <= k <= n:
        raise ValueError(
            f"n_right={n_right} must be from 0 to n={n}, and k={k} from 1 to n: sample more answers"
        )
    return 1 - comb(n - n_right, k) / comb(n, k)
