"""Norms: RMSNorm as in LLaMA (Zhang & Sennrich, 2019), LayerNorm as in the 2017 Transformer."""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn import functional as F


class RMSNorm(nn.Module):
    """Scale every vector to unit RMS, then by a learned gain.

    y = gain * x / sqrt(mean(x^2) + eps), the mean over the model width D.

    Args:
        d_model: width D of the vectors.
        eps: added to the mean square, in squared activation units.

    Raises:
        ValueError: if `d_model` is not positive.

    Source: arXiv:1910.07467, eq. 4. LLaMA uses it before each sublayer
    (arXiv:2302.13971, sec. 2.2).
    """

    def __init__(self, d_model: int, eps: float = 1e-5):
        super().__init__()
        if d_model <= 0:
            raise ValueError(f"d_model must be positive, got {d_model}")
        self.eps = eps
        self.gain = nn.Parameter(torch.ones(d_model))

    def forward(self, x: Float[Tensor, "*batch D"]) -> Float[Tensor, "*batch D"]:
        if torch.compiler.is_compiling() or not x.requires_grad:
            return rms_norm(x, self.gain, self.eps)
        if x.is_cuda:
            return F.rms_norm(x, self.gain.shape, self.gain.to(x.dtype), self.eps)
        return _RMSNorm.apply(x, self.gain, self.eps)


def rms_norm(
    x: Float[Tensor, "*batch D"], gain: Float[Tensor, " D"], eps: float
) -> Float[Tensor, "*batch D"]:
    """The formula of `RMSNorm` as it stands: mean and root in fp32, the gain in the dtype of x."""
    # bf16 keeps 8 significant bits: too few for a mean of squares.
    wide = x.to(torch.promote_types(x.dtype, torch.float32))
    inverse_rms = torch.rsqrt(wide.square().mean(dim=-1, keepdim=True) + eps)
    return (wide * inverse_rms).to(x.dtype) * gain.to(x.dtype)


class _RMSNorm(torch.autograd.Function):
    """The same with its gradient written out, which reads and writes memory half as often.

    With n = x / rms and g the gradient that arrives times the gain, that of x is
    (g - n mean(g n)) / rms.
    """

    @staticmethod
    def forward(ctx, x: Tensor, gain: Tensor, eps: float) -> Tensor:
        wide = x.to(torch.promote_types(x.dtype, torch.float32))
        inverse_rms = torch.rsqrt(wide.square().mean(dim=-1, keepdim=True) + eps)
        ctx.save_for_backward(x, gain, inverse_rms)
        return (wide * inverse_rms).to(x.dtype) * gain.to(x.dtype)

    @staticmethod
    @once_differentiable
    def backward(ctx, grad: Tensor) -> tuple[Tensor, Tensor, None]:
        x, gain, inverse_rms = ctx.saved_tensors
        normed, grad = x * inverse_rms, grad.to(inverse_rms.dtype)  # x is widened on the way
        grad_gain = (grad * normed).flatten(0, -2).sum(0).to(gain.dtype)
        grad = grad * gain
        mean = (grad * normed).mean(dim=-1, keepdim=True)
        return ((grad - normed * mean) * inverse_rms).to(x.dtype), grad_gain, None


class LayerNorm(nn.Module):
    """Give every vector mean 0 and variance 1, then a learned gain and bias.

    y = gain * (x - mean(x)) / sqrt(var(x) + eps) + bias, mean and variance over the model width D;
    the variance is the mean square of what is left, divided by D and not by D - 1.

    Args:
        d_model: width D of the vectors.
        eps: added to the variance, in squared activation units.

    Raises:
        ValueError: if `d_model` is not positive.

    Source: arXiv:1607.06450, eq. 4. The 2017 Transformer has it after each sublayer
    (arXiv:1706.03762, sec. 3.1); no LLaMA has it.
    """

    def __init__(self, d_model: int, eps: float = 1e-5):
        super().__init__()
        if d_model <= 0:
            raise ValueError(f"d_model must be positive, got {d_model}")
        self.eps = eps
        self.gain = nn.Parameter(torch.ones(d_model))
        self.bias = nn.Parameter(torch.zeros(d_model))

    def forward(self, x: Float[Tensor, "*batch D"]) -> Float[Tensor, "*batch D"]:
        wide = x.to(torch.promote_types(x.dtype, torch.float32))
        centred = wide - wide.mean(dim=-1, keepdim=True)
        inverse_std = torch.rsqrt(centred.square().mean(dim=-1, keepdim=True) + self.eps)
        return (centred * inverse_std).to(x.dtype) * self.gain.to(x.dtype) + self.bias.to(x.dtype)
