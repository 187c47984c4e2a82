"""Rotary position embedding: turn each pair of numbers by an angle that grows with position.

A pair (a, b) is read as the complex number a + ib; position t multiplies it by e^(i t w). Since
turning q by t and k by s leaves their dot product a function of t - s alone, attention sees only
distances.

Two layouts of the pairs exist. Meta's checkpoints, GGUF files and this package keep a pair side
by side, `x0 x1 | x2 x3 | ...` ("interleaved"); Hugging Face keeps the two halves of the vector
apart, `x0 x2 ... | x1 x3 ...` ("half-split"), with the rows of W_q and W_k permuted to match.
Mixing them up gives a model that speaks nonsense fluently; `interleave_rows` converts.
"""

import math

import torch
from jaxtyping import Float, Int
from torch import Tensor

from llama_edu.config import LinearRopeScaling, RopeScaling


def inverse_frequencies(
    d_head: int,
    theta: float = 10_000.0,
    scaling: RopeScaling | LinearRopeScaling | None = None,
) -> Float[Tensor, " pairs"]:
    """Angle per token, in radians, of each of the d_head / 2 pairs.

    w_i = theta^(-2i / d_head): the first pair turns once in 2 pi tokens, the last once in
    nearly 2 pi theta.

    Args:
        d_head: width of one head, even.
        theta: base of the wavelengths.
        scaling: Llama 3.1's stretch of the slow pairs, the linear one of all, or None.

    Source: arXiv:2104.09864, sec. 3.2.2.
    """
    # The device is named so that building a model on the meta device still gives real angles.
    powers = torch.arange(0, d_head, 2, dtype=torch.float32, device="cpu") / d_head
    frequencies = 1.0 / theta**powers
    return scale_frequencies(frequencies, scaling) if scaling else frequencies


def scale_frequencies(
    frequencies: Float[Tensor, " pairs"], scaling: RopeScaling | LinearRopeScaling
) -> Float[Tensor, " pairs"]:
    """Slow the slow pairs by `scaling.factor`, keep the fast ones, blend those between.

    With n = original_max_seq_len / wavelength, the number of turns within the old context:
    n < low_freq_factor: w / factor; n > high_freq_factor: w; else a straight line between. A
    `LinearRopeScaling` slows them all.

    Source: `apply_scaling` in Meta's llama-models, Llama 3.1.
    """
    if isinstance(scaling, LinearRopeScaling):
        return frequencies / scaling.factor
    turns = scaling.original_max_seq_len * frequencies / (2 * math.pi)
    keep = (turns - scaling.low_freq_factor) / (scaling.high_freq_factor - scaling.low_freq_factor)
    return torch.lerp(frequencies / scaling.factor, frequencies, keep.clamp(0, 1))


def rotations(
    positions: Int[Tensor, "*batch T"], frequencies: Float[Tensor, " pairs"]
) -> Float[Tensor, "*batch T pairs 2"]:
    """The unit complex number e^(i t w) of every position t and pair frequency w.

    It comes as its real and imaginary part, cos(t w) and sin(t w): `torch.view_as_complex` makes
    one number of them.

    Args:
        positions: index of each token in its own text, from 0.
        frequencies: radians per token, from `inverse_frequencies`.
    """
    angles = positions[..., None].float() * frequencies.to(positions.device)
    return torch.stack((angles.cos(), angles.sin()), dim=-1)


def rotate(
    x: Float[Tensor, "B T heads d"], rotation: Float[Tensor, "*batch T pairs 2"]
) -> Float[Tensor, "B T heads d"]:
    """Turn each interleaved pair of every head: the layout of this package, Meta and GGUF."""
    wide = x.to(torch.promote_types(x.dtype, torch.float32))  # complex numbers are no narrower
    pairs, rotation = wide.unflatten(-1, (-1, 2)), rotation[..., None, :, :]  # one for all heads
    if torch.compiler.is_compiling():  # compilers fuse real numbers and pass complex ones by
        (a, b), (cos, sin) = pairs.unbind(-1), rotation.unbind(-1)
        turned = torch.stack((a * cos - b * sin, a * sin + b * cos), dim=-1)
    else:
        product = torch.view_as_complex(pairs) * torch.view_as_complex(rotation)
        turned = torch.view_as_real(product)
    return turned.flatten(-2).to(x.dtype)


def rotate_half_split(
    x: Float[Tensor, "B T heads d"], rotation: Float[Tensor, "*batch T pairs 2"]
) -> Float[Tensor, "B T heads d"]:
    """Turn the pairs (x[i], x[i + d/2]): the layout of Hugging Face checkpoints, for comparison."""
    a, b = x.float().chunk(2, dim=-1)
    cos, sin = rotation[..., None, :, :].unbind(-1)
    return torch.cat((a * cos - b * sin, a * sin + b * cos), dim=-1).to(x.dtype)


def interleave_rows(weight: Float[Tensor, "out D"], n_heads: int) -> Float[Tensor, "out D"]:
    """Reorder the rows of a half-split W_q or W_k so that interleaved rotation fits it.

    Within each head, row i and row i + d/2 become rows 2i and 2i + 1.
    """
    return weight.unflatten(0, (n_heads, 2, -1)).transpose(1, 2).flatten(0, 2)


def split_rows(weight: Float[Tensor, "out D"], n_heads: int) -> Float[Tensor, "out D"]:
    """Undo `interleave_rows`."""
    return weight.unflatten(0, (n_heads, -1, 2)).transpose(1, 2).flatten(0, 2)
