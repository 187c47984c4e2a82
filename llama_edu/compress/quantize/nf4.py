"""NF4: sixteen values that lie where the numbers of a bell curve lie."""

import torch
from jaxtyping import Float
from torch import Tensor

from llama_edu.compress.quantize.grids import Quantized, absmax, grouped


def _values() -> Tensor:
    """Quantiles of the normal distribution, eight above 0 and seven below, 0 itself, up to 1.

    The outermost would be infinite; they are taken where the mean of 1/30 and 1/32 is left outside.
    """
    outside = 1 - (1 / 32 + 1 / 30) / 2  # 0.9677083
    above = torch.special.ndtri(torch.linspace(outside, 0.5, 9, dtype=torch.float64)[:-1])
    below = -torch.special.ndtri(torch.linspace(outside, 0.5, 8, dtype=torch.float64)[:-1])
    values = torch.cat((above, below, torch.zeros(1, dtype=torch.float64))).sort().values
    return (values / values.max()).float()


NF4 = _values()


def nf4(weight: Float[Tensor, "F D"], block_size: int = 64, is_double: bool = False) -> Quantized:
    """The nearest of the sixteen values of NF4, times the largest number of its block.

    Weights of a trained network are spread like a bell curve: an even grid spends most of its
    steps where hardly any are.

    Args:
        weight: W.
        block_size: neighbours in a row that share a scale.
        is_double: quantize the scales too, to 8 bits in blocks of 256 around their mean: 4.127
            bits a weight in place of 4.5.

    Raises:
        ValueError: if a row is not made of whole blocks, or a number is not finite.

    Source: arXiv:2305.14314, sec. 3 and appendix E.
    """
    blocks = grouped(weight, block_size)
    largest = blocks.abs().amax(-1)
    scale_bits = 32.0
    if is_double:
        mean, flat = largest.mean(), largest.flatten()
        padded = torch.cat((flat - mean, flat.new_zeros(-len(flat) % 256)))
        coarse = absmax(padded.view(-1, 256), 8).dequantize().flatten()[: len(flat)]
        largest = (coarse + mean).view_as(largest).clamp(min=0)
        scale_bits = 8 + 32 / 256
    unit = blocks / largest.clamp(min=torch.finfo(torch.float32).tiny)[..., None]
    middles = (NF4[1:] + NF4[:-1]) / 2
    codes = torch.bucketize(unit, middles.to(unit.device)).to(torch.uint8)
    values = NF4.to(weight.device)
    return Quantized(codes.flatten(1), largest, 4, values=values, scale_bits=scale_bits)
