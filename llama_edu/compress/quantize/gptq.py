"""GPTQ: round one column after the other, and let the later ones make up for it."""

import torch
from jaxtyping import Float
from torch import Tensor

from llama_edu.compress.quantize.grids import Quantized, absmax

BLOCK = 64  # columns whose losses are given to all later ones at once: the same, and faster


def gptq(
    weight: Float[Tensor, "F D"],
    inputs: Float[Tensor, "N D"],
    bits: int,
    group_size: int | None = None,
    damping: float = 0.01,
) -> Quantized:
    """Codes on the grid of `absmax` whose outputs are near those of W, on some inputs.

    The error of outputs, |X (W - W')^T|^2, bends as H = 2 X^T X says. Column j is rounded, and what
    is lost there is given to the columns after it, in the proportion that hurts least: row j of
    the Cholesky factor of the inverse of H. The weights end further from W, and the outputs nearer.

    Args:
        weight: W.
        inputs: what the layer read on some text, the first token of each text among them: it may
            hold most of H.
        bits: 2 to 8.
        group_size: as in `absmax`; a group's scale is set when its first column comes.
        damping: added to the diagonal of H, as a share of its mean.

    Raises:
        ValueError: as `absmax`, or if the inputs are of another width or not finite.

    Source: arXiv:2210.17323, algorithm 1.
    """
    if inputs.ndim != 2 or inputs.shape[1] != weight.shape[1]:
        raise ValueError(
            f"inputs must have shape (N, {weight.shape[1]}), got {tuple(inputs.shape)}"
        )
    if not inputs.isfinite().all():
        raise ValueError("inputs that are not finite say nothing about the outputs")
    x = inputs.detach().double()  # in fp32 one large input hides all the others
    hessian = 2 * x.T @ x
    unused = hessian.diagonal() == 0
    hessian[unused, unused] = 1
    hessian.diagonal().add_(damping * hessian.diagonal().mean())
    inverse = torch.cholesky_inverse(torch.linalg.cholesky(hessian))
    upper = torch.linalg.cholesky(inverse, upper=True)

    absmax(weight, bits, group_size)  # says what is wrong, if anything
    left = weight.detach().T.double().contiguous()  # what is still to be rounded, a column a row
    codes, scales, most = torch.empty_like(left, dtype=torch.int8), [], 2 ** (bits - 1) - 1
    size = len(left) if group_size is None else group_size
    n = group_size or BLOCK
    for start in range(0, len(left), n):
        block = left[start : start + n]
        lost = torch.empty_like(block)
        if start % size == 0:
            scales.append(absmax(left[start : start + size].T, bits).scales)
            step = scales[-1][:, 0].double()
        for j, column in enumerate(block):
            row = upper[start + j, start + j : start + n]
            code = (column / step).round_().clamp_(-most, most)
            lost[j] = (column - code * step) / row[0]
            block[j + 1 :].addr_(row[1:], lost[j], alpha=-1)
            codes[start + j] = code
        left[start + n :] -= upper[start : start + n, start + n :].T @ lost
    return Quantized(codes.T.contiguous(), torch.cat(scales, 1), bits)
