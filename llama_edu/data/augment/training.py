"""Augment the training half of a split, and refuse to where the halves already overlap."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from llama_edu.data.annotate.records import QuestionAnswer
from llama_edu.data.dedup.exact import content_hash

Rewriter = Callable[[str, int, Sequence[str]], str]


def augment_training(
    train: Sequence[QuestionAnswer],
    test: Sequence[QuestionAnswer],
    rewriter: Rewriter,
    n_copies: int = 1,
    seed: int = 0,
) -> list[QuestionAnswer]:
    """Give the training records and, after them, rewritten copies whose answers are still right.

    A copy is left out if its context came back unchanged, or without the answer's words.

    Args:
        train: records to rewrite.
        test: records of the other half, only looked at: no context may stand in both halves.
        rewriter: called with context, seed and the phrases to keep; gives the new context.
        n_copies: tries for each record.
        seed: of the first try; each try has one of its own.

    Raises:
        ValueError: if a context is in both halves: split first, by context, and then augment.
    """
    held_out = {content_hash(record.context) for record in test}
    n_leaks = sum(content_hash(record.context) in held_out for record in train)
    if n_leaks:
        raise ValueError(
            f"train: {n_leaks} of {len(train)} records have a context that is in test too; "
            "split first, by context"
        )
    copies = []
    for number, record in enumerate(train):
        for copy in range(n_copies):
            own_seed = seed + number * n_copies + copy
            context = rewriter(record.context, own_seed, [record.answer])
            start = context.find(record.answer)
            if start >= 0 and context != record.context:
                copies.append(replace(record, context=context, start=start))
    return [*train, *copies]
