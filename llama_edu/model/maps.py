"""Look into a model: the attention weights of every head, for a text."""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from llama_edu.model.attention import Attention, explicit_attention
from llama_edu.model.llama import Llama


@torch.no_grad()
def attention_maps(
    model: Llama, tokens: Int[Tensor, " T"], dtype: torch.dtype | None = None
) -> Float[Tensor, "layers H T T"]:
    """How much every token looks at every other, in each head of each layer.

    `maps[layer, head, t, s]` is the weight that token t gives to token s; every row sums to 1 and
    is 0 to the right of the diagonal.

    Args:
        model: to look into.
        tokens: ids of one text.
        dtype: to compute in, as in `Llama.forward`.
    """
    maps = []

    def record(layer: Attention, inputs: tuple, _output: Tensor) -> None:
        x, rotation, mask, _cache, _layer, temperature = inputs
        q, k, v = layer.project(x, rotation, temperature)
        maps.append(explicit_attention(q, k, v, mask)[1][0])

    hooks = [block.attention.register_forward_hook(record) for block in model.blocks]
    try:
        model(tokens[None], dtype=dtype)
    finally:
        for hook in hooks:
            hook.remove()
    return torch.stack(maps)
