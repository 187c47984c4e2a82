"""Sinusoidal positions: what the 2017 Transformer adds to its embeddings."""

import torch
from jaxtyping import Float
from torch import Tensor


def sinusoids(n_positions: int, d_model: int) -> Float[Tensor, "n_positions d_model"]:
    """A vector for every position, made of sines and cosines of falling frequency.

    p[t, 2i] = sin(t w_i) and p[t, 2i + 1] = cos(t w_i), with w_i = 10000^(-2i / d_model) radians a
    token: wavelengths from 2 pi tokens to nearly 10000 times that.

    Args:
        n_positions: how many positions, from 0.
        d_model: width D, even.

    Raises:
        ValueError: if `d_model` is odd or not positive.

    Source: arXiv:1706.03762, sec. 3.5.
    """
    if d_model <= 0 or d_model % 2:
        raise ValueError(f"d_model={d_model} must be positive and even: sines and cosines in pairs")
    frequencies = 10_000.0 ** (-torch.arange(0, d_model, 2) / d_model)
    angles = torch.arange(n_positions)[:, None] * frequencies
    return torch.stack((angles.sin(), angles.cos()), dim=-1).flatten(1)
