"""Outliers: input channels a hundred times as large as the rest, and three ways with them."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from llama_edu.compress.quantize.grids import Quantized, absmax


def llm_int8(
    x: Float[Tensor, "N D"], weight: Float[Tensor, "F D"], threshold: float = 6.0
) -> Float[Tensor, "N F"]:
    """x W^T with both in 8 bits, but for the columns where an input is large.

    Each input has a scale for its row, each output one for its row of W: whole numbers are
    multiplied and the product is scaled. One large number would make its row's grid coarse for all
    others, so its column is kept as it is, in the input and in the weight.

    Args:
        x: inputs.
        weight: W.
        threshold: a column with a number beyond it is an outlier; infinity has none.

    Source: arXiv:2208.07339, sec. 3.
    """
    is_large = (x.abs() > threshold).any(0)
    rest = torch.where(is_large, 0.0, x), torch.where(is_large, 0.0, weight)
    rows, columns = (absmax(part, 8) for part in rest)
    product = rows.codes.float() @ columns.codes.float().T  # exact: whole numbers below 2^24
    small = product * rows.scales.float() * columns.scales.float().T
    return small + x[:, is_large].float() @ weight[:, is_large].float().T


def smooth_scales(
    inputs: Float[Tensor, "N D"], weight: Float[Tensor, "F D"], alpha: float = 0.5
) -> Float[Tensor, " D"]:
    """By how much each column of the input is divided, and of the weight multiplied.

    s = max|x|^alpha / max|w|^(1 - alpha): (x / s) (W s)^T = x W^T, and what was hard to round in
    the input is shared with the weight. The division costs nothing: the norm before can do it.

    Args:
        inputs: what the layer read on some text.
        weight: W.
        alpha: 0 leaves the inputs as hard as they are, 1 makes them all alike.

    Source: arXiv:2211.10438, eq. 4.
    """
    x, w = (part.detach().float().abs().amax(0).clamp(min=1e-5) for part in (inputs, weight))
    return x**alpha / w ** (1 - alpha)


@dataclass(frozen=True)
class Scaled:
    """A quantized W s, which stands for W.

    Args:
        quantized: of the scaled weight.
        columns: s, (D,).
    """

    quantized: Quantized
    columns: Float[Tensor, " D"]

    @property
    def bits_per_weight(self) -> float:
        """Bits of a number; s is folded into the norm before, or counted a row in F."""
        return self.quantized.bits_per_weight

    def dequantize(self) -> Float[Tensor, "F D"]:
        """W', in fp32."""
        return self.quantized.dequantize() / self.columns


def awq(
    weight: Float[Tensor, "F D"],
    inputs: Float[Tensor, "N D"],
    bits: int,
    group_size: int | None = None,
    n_tried: int = 20,
) -> Scaled:
    """Finer steps for the columns whose inputs are large, as far as it helps the outputs.

    s = mean|x|^alpha, and alpha is that of `n_tried` from 0 to 1 whose outputs are nearest to those
    of W. With alpha = 0 it is `absmax`, so that it is never worse on these inputs.

    Args:
        weight: W.
        inputs: what the layer read on some text.
        bits: 2 to 8.
        group_size: as in `absmax`.
        n_tried: values of alpha.

    Raises:
        ValueError: as `absmax`.

    Source: arXiv:2306.00978, sec. 3.2.
    """
    x, w = inputs.detach().float(), weight.detach().float()
    size, wanted, best = x.abs().mean(0).clamp(min=1e-5), x @ w.T, (torch.inf, None)
    for alpha in torch.linspace(0, 1, n_tried).tolist():
        columns = size**alpha
        columns = columns / (columns.max() * columns.min()).sqrt()  # around 1
        tried = Scaled(absmax(w * columns, bits, group_size), columns)
        error = (x @ tried.dequantize().T - wanted).square().mean().item()
        if error < best[0]:
            best = error, tried
    return best[1]
