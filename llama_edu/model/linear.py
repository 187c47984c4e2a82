"""The one linear layer: no bias, and weights that may be kept finer than they are used."""

from functools import cache

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F


class Linear(nn.Linear):
    """y = x W^T, in the dtype of x.

    Training keeps W in fp32, where small updates are not rounded away, and multiplies in bf16:
    the cast is made here, once a step, and its gradient arrives in fp32 again. When W already has
    the dtype of x the cast costs nothing. LLaMA has no biases (arXiv:2302.13971, released code).

    Args:
        d_in: width of the input.
        d_out: width of the output.
    """

    def __init__(self, d_in: int, d_out: int):
        super().__init__(d_in, d_out, bias=False)

    def forward(self, x: Float[Tensor, "*batch d_in"]) -> Float[Tensor, "*batch d_out"]:
        return product(x, self.weight)


def product(
    x: Float[Tensor, "*batch d_in"], weight: Float[Tensor, "d_out d_in"]
) -> Float[Tensor, "*batch d_out"]:
    """x W^T as `Linear` makes it, of any weight."""
    if x.dtype == weight.dtype or multiplies_bf16(x.device.type):
        return F.linear(x, weight.to(x.dtype))
    return _WideProduct.apply(x, weight)


def multiplies_bf16(device_type: str) -> bool:
    """Whether the hardware multiplies bf16 itself.

    An x86 CPU without such instructions widens every number first, which makes a bf16 product
    three times slower than one in fp32: there it pays to store bf16 and to multiply fp32.
    """
    return device_type != "cpu" or _this_cpu_does()


# Or the compiler warns of the cache below. `torch.compiler.assume_constant_result` sets this too,
# but imports the compiler for it, which takes seconds.
multiplies_bf16._dynamo_marked_constant = True


@cache
def _this_cpu_does() -> bool:
    has = torch.cpu.get_capabilities()
    is_x86 = has.get("architecture") in ("x86_64", "AMD64")
    return not is_x86 or bool(has.get("avx512_bf16") or has.get("amx_bf16"))


class _WideProduct(torch.autograd.Function):
    """The product of a narrow x with an fp32 W, in fp32; only the narrow x is kept for later."""

    @staticmethod
    def forward(ctx, x: Tensor, weight: Tensor) -> Tensor:
        ctx.save_for_backward(x, weight)
        return F.linear(x.float(), weight).to(x.dtype)

    @staticmethod
    def backward(ctx, grad: Tensor) -> tuple[Tensor, Tensor]:
        x, weight = ctx.saved_tensors
        rows = grad.flatten(0, -2).float()
        grad_x = (rows @ weight).to(x.dtype).view_as(x)
        return grad_x, rows.mT @ x.flatten(0, -2).float()
