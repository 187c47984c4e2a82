"""Words that are drawn for short texts."""

import torch

VOCABULARY = (
    "ada", "barn", "cold", "dawn", "east", "fish", "gate", "hill", "iron", "jump", "king", "lamp",
    "moon", "nest", "oak", "pond", "quay", "rain", "sand", "tree", "vale", "wind", "yard", "zeal",
)  # fmt: skip


def pick(generator: torch.Generator, n: int) -> list[str]:
    """Different words, in no order."""
    return [VOCABULARY[i] for i in torch.randperm(len(VOCABULARY), generator=generator)[:n]]
