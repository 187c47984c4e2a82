"""How far two annotators agree beyond what chance alone would give."""

from collections import Counter
from collections.abc import Hashable, Sequence


def cohen_kappa(first: Sequence[Hashable], second: Sequence[Hashable]) -> float:
    """Cohen's kappa: (p_o - p_e) / (1 - p_e), at most 1; 0 is what chance gives.

    p_o is the share of items on which both agree, p_e the share on which two would who label
    blindly, each as often with each label as the annotator does: the sum of the products of the
    labels' shares.

    cohen_kappa("yyyn", "yynn") -> 0.5

    90 % agreement may be worth nothing: where both say "good" of 95 % of the items, blind labelling
    gives 90.5 %.

    Raises:
        ValueError: if there are no items, the lengths differ, or both use one and the same label
            throughout, which leaves 0 / 0.

    Source: Cohen, Educational and Psychological Measurement 20(1), 1960.
    """
    n = len(first)
    if n != len(second) or n == 0:
        raise ValueError(
            f"first and second must be equally long, and not empty: {n}, {len(second)}"
        )
    observed = sum(a == b for a, b in zip(first, second, strict=True)) / n
    counts, others = Counter(first), Counter(second)
    expected = sum(counts[label] * others[label] for label in counts) / n**2
    if expected == 1:
        raise ValueError("kappa is 0 / 0 where both give every item the same label")
    return (observed - expected) / (1 - expected)
