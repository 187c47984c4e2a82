"""Inputs drawn at random for the cases of a question."""

import torch
from torch import Generator, Tensor


def whole(generator: Generator, low: int, high: int) -> int:
    """A whole number from low to high, both included."""
    return int(torch.randint(low, high + 1, (), generator=generator))


def pick(generator: Generator, n: int, low: int = 1, high: int = 90) -> list[int]:
    """n different whole numbers from low to high, both included, in no order."""
    return (low + torch.randperm(high - low + 1, generator=generator)[:n]).tolist()


def randn(generator: Generator, *shape: int) -> Tensor:
    """Numbers of a normal distribution, float32."""
    return torch.randn(*shape, generator=generator)
