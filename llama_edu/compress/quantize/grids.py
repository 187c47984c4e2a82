"""Even grids: a weight is a small whole number times a scale, with or without an offset.

Shapes: F rows, D columns, g groups of D / g neighbours that share a scale.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

SCALE = torch.float16  # of scales and offsets, as GGUF keeps them
SMALLEST = 2.0**-24  # the least positive number of fp16


@dataclass(frozen=True)
class Quantized:
    """A matrix of small whole numbers and what they mean.

    Args:
        codes: (F, D), whole numbers in int8 or uint8.
        scales: (F, g), what a step of each group is worth.
        bits: of a code.
        offsets: (F, g), added to each number of a group; none if None.
        values: what each code means before it is scaled; itself if None.
        scale_bits: of a scale as it is stored; that of its dtype if None.
    """

    codes: Int[Tensor, "F D"]
    scales: Float[Tensor, "F g"]
    bits: int
    offsets: Float[Tensor, "F g"] | None = None
    values: Float[Tensor, " n"] | None = None
    scale_bits: float | None = None

    @property
    def group_size(self) -> int:
        """Numbers that share a scale."""
        return self.codes.shape[1] // self.scales.shape[1]

    @property
    def bits_per_weight(self) -> float:
        """Bits of a number, its share of the scale and the offset included."""
        each = self.scale_bits or 8 * self.scales.element_size()
        per_group = each if self.offsets is None else 2 * each
        return self.bits + per_group / self.group_size

    def dequantize(self) -> Float[Tensor, "F D"]:
        """The numbers that the codes stand for, in fp32."""
        numbers = self.codes.float() if self.values is None else self.values[self.codes.long()]
        groups = numbers.unflatten(1, (self.scales.shape[1], -1)) * self.scales[..., None].float()
        if self.offsets is not None:
            groups = groups + self.offsets[..., None].float()
        return groups.flatten(1)


def absmax(weight: Float[Tensor, "F D"], bits: int, group_size: int | None = None) -> Quantized:
    """A grid around 0 whose last step is the largest number of a group.

    scale = max|w| / (2^(bits - 1) - 1), code = round(w / scale): 255 steps in 8 bits, 15 in 4.
    What is lost is at most half a step. (Others divide by 2^(bits - 1) or by 127.5: a grid that is
    a little finer, of which one end is cut off.)

    Args:
        weight: W. One scale for a whole tensor: `absmax(weight.view(1, -1), bits)`.
        bits: 2 to 8.
        group_size: neighbours in a row that share a scale; the whole row if None.

    Raises:
        ValueError: if bits is out of range, a row is not made of whole groups, or a number is not
            finite.

    Source: arXiv:2208.07339, sec. 2.1; groups of 32 are Q8_0 and Q4_0 of GGUF.
    """
    groups = _grouped(weight, bits, group_size)
    most = 2 ** (bits - 1) - 1
    scales = _stored(groups.abs().amax(-1) / most)
    codes = (groups / scales[..., None].float()).round().clamp(-most, most)
    return Quantized(codes.to(torch.int8).flatten(1), scales, bits)


def asymmetric(weight: Float[Tensor, "F D"], bits: int, group_size: int | None = None) -> Quantized:
    """A grid from the smallest to the largest number of a group.

    scale = (max - min) / (2^bits - 1), code = round((w - min) / scale): no step is wasted where the
    numbers lie to one side, at the price of an offset beside each scale.

    Args:
        weight: W.
        bits: 2 to 8.
        group_size: as in `absmax`.

    Raises:
        ValueError: as `absmax`.

    Source: Q4_1 of GGUF; with a whole number as offset, arXiv:1712.05877, sec. 2.1.
    """
    groups = _grouped(weight, bits, group_size)
    most = 2**bits - 1
    lowest = groups.amin(-1)
    offsets, scales = lowest.to(SCALE), _stored((groups.amax(-1) - lowest) / most)
    codes = ((groups - offsets[..., None].float()) / scales[..., None].float()).round()
    return Quantized(codes.clamp(0, most).to(torch.uint8).flatten(1), scales, bits, offsets)


def _grouped(weight: Tensor, bits: int, group_size: int | None) -> Tensor:
    if not 2 <= bits <= 8:
        raise ValueError(f"bits={bits} must be from 2 to 8")
    return grouped(weight, weight.shape[1] if group_size is None else group_size)


def grouped(weight: Float[Tensor, "F D"], group_size: int) -> Float[Tensor, "F g n"]:
    """The groups of each row, in fp32."""
    if group_size < 1 or weight.shape[1] % group_size:
        raise ValueError(f"{group_size=} must divide the {weight.shape[1]} numbers of a row")
    if not weight.isfinite().all():
        raise ValueError("a weight that is not finite cannot be quantized")
    return weight.detach().float().unflatten(1, (-1, group_size))


def _stored(scales: Tensor) -> Tensor:
    """As they are kept; a group of zeros has any scale but 0, by which nothing can be divided."""
    return scales.clamp(min=SMALLEST).to(SCALE)
