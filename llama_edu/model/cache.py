"""The KV cache: what attention has already computed about the tokens read so far."""

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from llama_edu.config import ModelConfig
from llama_edu.model import masks


class KVCache:
    """Keys and values of every layer, in memory set aside once.

    Args:
        config: shape of the model.
        batch_size: texts read side by side, B.
        max_len: most tokens each can hold, padding included.
        n_padding: for prompts of different lengths, how many padding tokens stand to the left of
            each, shape (B,); None if there is no padding.
        device: where the memory lies.
        dtype: of keys and values.

    Raises:
        ValueError: if a size is not positive or `n_padding` has the wrong shape.
    """

    def __init__(
        self,
        config: ModelConfig,
        batch_size: int,
        max_len: int,
        n_padding: Int[Tensor, " B"] | None = None,
        device: torch.device | None = None,
        dtype: torch.dtype = torch.float32,
    ):
        if batch_size <= 0 or max_len <= 0:
            raise ValueError(f"{batch_size=} and {max_len=} must both be positive")
        if n_padding is not None and n_padding.shape != (batch_size,):
            raise ValueError(
                f"n_padding must have one number a row, shape ({batch_size},), "
                f"got {tuple(n_padding.shape)}"
            )
        shape = (config.n_layers, batch_size, config.n_kv_heads, max_len, config.d_head)
        self.keys = torch.zeros(shape, device=device, dtype=dtype)
        self.values = torch.zeros(shape, device=device, dtype=dtype)
        self.n_padding = None if n_padding is None else n_padding.to(self.keys.device)
        self.max_len = max_len
        self.length = 0  # tokens read so far, padding included

    def append(
        self, layer: int, k: Float[Tensor, "B G T d"], v: Float[Tensor, "B G T d"]
    ) -> tuple[Float[Tensor, "B G S d"], Float[Tensor, "B G S d"]]:
        """Store the keys and values of T new tokens in one layer; return those of all S so far.

        `length` stays as it is until `Llama.forward` has been through every layer.
        """
        end = self.length + k.shape[2]
        keys, values = self.keys[layer, :, :, :end], self.values[layer, :, :, :end]
        keys[:, :, self.length :] = k
        values[:, :, self.length :] = v
        return keys, values

    def positions(self, n_tokens: int) -> Int[Tensor, "*B T"]:
        """Where the next tokens stand, each text counting from its own first token."""
        positions = torch.arange(self.length, self.length + n_tokens, device=self.keys.device)
        if self.n_padding is None:
            return positions
        return (positions - self.n_padding[:, None]).clamp(min=0)  # padding's does not matter

    def mask(self, n_tokens: int) -> Bool[Tensor, "*mask T S"] | None:
        """What the next tokens may see; None where that is everything before them, or all."""
        if self.n_padding is None and (self.length == 0 or n_tokens == 1):
            return None
        mask = masks.causal(n_tokens, self.length + n_tokens, device=self.keys.device)
        return mask if self.n_padding is None else masks.hide_padding(mask, self.n_padding)
