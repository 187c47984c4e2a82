"""Layers that multiply with quantized weights, and whole models of them.

Shapes: N tokens, D numbers in, F out.
"""

import copy
from collections.abc import Callable, Iterable

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional as F

from llama_edu.compress.quantize.grids import Quantized
from llama_edu.compress.quantize.scaling import Scaled
from llama_edu.model.linear import Linear
from llama_edu.model.llama import Llama


class QuantizedLinear(nn.Module):
    """A linear layer whose weight is quantized; it is not trained.

    On a CPU torch has kernels for bf16 inputs with 8 bits and a scale a row, and with 4 bits and a
    scale for 32, 64, 128 or 256 numbers. Whatever else there is, the weight is made again at each
    call: that saves memory and costs time.

    Args:
        weight: of `absmax`, `asymmetric`, `nf4`, `gptq` or `awq`.
    """

    def __init__(self, weight: Quantized | Scaled):
        super().__init__()
        self.quantized = weight
        self.kind, packed = _packed(weight)
        for i, part in enumerate(packed):
            self.register_buffer(f"packed_{i}", part, persistent=False)

    @property
    def weight(self) -> Float[Tensor, "F D"]:
        """The weight that the codes stand for, in fp32, made anew at each look."""
        return self.quantized.dequantize()

    def forward(self, x: Float[Tensor, "*batch D"]) -> Float[Tensor, "*batch F"]:
        if self.kind is None or x.dtype != torch.bfloat16 or x.device.type != "cpu":
            return F.linear(x, self.weight.to(x.dtype))
        rows = x.flatten(0, -2)
        if self.kind == 8:
            y = torch._weight_int8pack_mm(rows, self.packed_0, self.packed_1)
        else:
            size = self.quantized.group_size
            y = torch.ops.aten._weight_int4pack_mm_for_cpu(rows, self.packed_0, size, self.packed_1)
        return y.unflatten(0, x.shape[:-1])


def _packed(weight: Quantized | Scaled) -> tuple[int | None, list[Tensor]]:
    """Which of torch's kernels takes the weight, and the weight as it wants it."""
    if not isinstance(weight, Quantized) or weight.values is not None or weight.codes.is_cuda:
        return None, []
    if weight.bits == 8 and weight.scales.shape[1] == 1 and weight.offsets is None:
        return 8, [weight.codes, weight.scales[:, 0].bfloat16()]
    is_whole = weight.codes.shape[0] % 16 == 0 and weight.codes.shape[1] % 2 == 0
    if weight.bits != 4 or weight.group_size not in (32, 64, 128, 256) or not is_whole:
        return None, []
    # The kernel takes codes from 0 to 15 and means (code - 8) scale + offset.
    codes, offsets = weight.codes.int() + 8, torch.zeros_like(weight.scales)
    if weight.offsets is not None:
        codes, offsets = weight.codes.int(), weight.offsets.float() + 8 * weight.scales.float()
    pairs = torch.stack((weight.scales.float(), offsets.float()), -1).transpose(0, 1)
    packed = torch.ops.aten._convert_weight_to_int4pack_for_cpu(codes, 1)
    return 4, [packed, pairs.contiguous().bfloat16()]


def quantize_model(
    model: Llama, quantize: Callable[[str, Tensor], Quantized | Scaled | None]
) -> Llama:
    """A copy of a model with the linear layers of its blocks quantized.

    The embedding and the output layer stay as they are: they are looked up, or decide the words.

    quantize_model(model, lambda name, weight: absmax(weight, 4, group_size=32))

    Args:
        model: stays as it is.
        quantize: name and weight (F, D) of a layer -> its quantized weight, or None to leave it.
            `qkv_proj` is q, k and v one below the other, `gate_up_proj` gate and up.
    """
    smaller = copy.deepcopy(model).requires_grad_(False)
    for name, layer in _linear_layers(smaller).items():
        weight = quantize(name, layer.weight.detach())
        if weight is not None:
            smaller.set_submodule(name, QuantizedLinear(weight))
    return smaller


def dequantized(model: Llama) -> Llama:
    """An ordinary model of the numbers that the codes stand for: what `save_hf` and others take."""
    plain = Llama(model.config).to(model.embedding.weight.dtype)
    own = dict(model.named_modules())
    with torch.no_grad():
        for name, weight in plain.named_parameters():
            layer, _, kind = name.rpartition(".")
            weight.copy_(getattr(own[layer], kind))
    return plain.train(model.training)


def model_bytes(model: Llama) -> int:
    """What the weights take: quantized layers by their bits, the rest by their dtype."""
    total = sum(weight.nbytes for weight in model.parameters())
    for layer in model.modules():
        if isinstance(layer, QuantizedLinear):
            n_numbers = layer.weight.numel()
            total += round(layer.quantized.bits_per_weight * n_numbers / 8)
    return total


@torch.no_grad()
def layer_inputs(
    model: Llama, batches: Iterable[Int[Tensor, "B T"]]
) -> dict[str, Float[Tensor, "N D"]]:
    """What each linear layer of the blocks reads on some text, for `gptq` and `awq`.

    Args:
        model: to look into.
        batches: ids of some text; a few thousand tokens of it, whole texts from their first token.
    """
    seen: dict[str, list[Tensor]] = {}

    def record(name: str):
        return lambda _layer, inputs: seen.setdefault(name, []).append(inputs[0].flatten(0, -2))

    layers = _linear_layers(model)
    hooks = [layer.register_forward_pre_hook(record(name)) for name, layer in layers.items()]
    try:
        for tokens in batches:
            model(tokens)
    finally:
        for hook in hooks:
            hook.remove()
    return {name: torch.cat(parts) for name, parts in seen.items()}


def _linear_layers(model: Llama) -> dict[str, Linear]:
    return {
        name: layer
        for name, layer in model.named_modules()
        if isinstance(layer, Linear) and name.startswith("blocks.")
    }
