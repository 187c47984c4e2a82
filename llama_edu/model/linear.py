"""The one linear layer: no bias, and weights that may be kept finer than they are used."""

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F


class Linear(nn.Linear):
    """y = x W^T, computed in the dtype of x.

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
        return F.linear(x, self.weight.to(x.dtype))
