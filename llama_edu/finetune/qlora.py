"""QLoRA: LoRA beside a frozen model whose weights are kept in 4 bits.

Nothing of the base is ever trained, so it can be kept as small as it still answers well. A weight
is made wide again for the one product that needs it, and thrown away.

Shapes: D numbers in, F out, n the numbers of a block that share a scale.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from llama_edu.compress.quantize import Quantized, nf4
from llama_edu.compress.quantize.nf4 import NF4
from llama_edu.finetune.lora import lora_layers
from llama_edu.model.linear import Linear, product
from llama_edu.model.llama import Llama


class NF4Linear(nn.Module):
    """A frozen linear layer, stored in 4 bits and trained through: its input has a gradient.

    Two codes share a byte, and each block has a scale in fp32: 4.5 bits a weight with blocks of 64.

    Args:
        weight: W, of an even number of columns.
        block_size: n; it must divide D.

    Raises:
        ValueError: if a row is not made of whole blocks, or has an odd number of columns.

    Source: arXiv:2305.14314, sec. 3.
    """

    def __init__(self, weight: Float[Tensor, "F D"], block_size: int = 64):
        super().__init__()
        if weight.shape[1] % 2:
            raise ValueError(f"two codes share a byte: {weight.shape[1]} columns must be even")
        quantized = nf4(weight, block_size)
        self.register_buffer("packed", quantized.codes[:, ::2] << 4 | quantized.codes[:, 1::2])
        self.register_buffer("scales", quantized.scales)

    @property
    def weight(self) -> Float[Tensor, "F D"]:
        """The weight that the codes stand for, made anew at each look."""
        codes = torch.stack((self.packed >> 4, self.packed & 15), dim=-1).flatten(1)
        return Quantized(codes, self.scales, 4, values=NF4.to(codes.device)).dequantize()

    def forward(self, x: Float[Tensor, "*batch D"]) -> Float[Tensor, "*batch F"]:
        return _Product.apply(x, self)


class _Product(torch.autograd.Function):
    """x W^T that keeps no W for later: plain autograd would keep every layer's wide weight."""

    @staticmethod
    def forward(ctx, x: Tensor, layer: NF4Linear) -> Tensor:
        ctx.layer = layer
        return product(x, layer.weight.to(torch.promote_types(x.dtype, torch.float32)))

    @staticmethod
    def backward(ctx, grad: Tensor) -> tuple[Tensor, None]:
        weight = ctx.layer.weight.to(torch.promote_types(grad.dtype, torch.float32))
        return product(grad, weight.T), None


def quantize_base(model: Llama, block_size: int = 64) -> None:
    """Store the linear layers of a model's blocks in 4 bits (NF4), in place, ready for `add_lora`.

    quantize_base(model); add_lora(model, rank=8, alpha=16) is QLoRA. The embedding, the norms and
    the output layer stay as they are. `load_adapter` puts adapters on it as on any other base;
    `merge_lora` gives a model with wide weights again, since what the adapters learned is often
    smaller than a step between two of the sixteen values.

    Args:
        model: without adapters.
        block_size: n; it must divide the width of every layer's input.

    Raises:
        ValueError: if the model has adapters, or the block size does not fit; it is then as it was.
    """
    if lora_layers(model):
        raise ValueError("the model has adapters: quantize first, then add_lora")
    narrow = {
        name: NF4Linear(layer.weight.detach(), block_size)
        for name, layer in model.named_modules()
        if isinstance(layer, Linear) and name.startswith("blocks.")
    }
    for name, layer in narrow.items():
        model.set_submodule(name, layer)
