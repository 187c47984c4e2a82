"""LLaMA: a decoder-only transformer, tokens in, a score for every next token out.

Shapes: B texts, T tokens, D model width, V vocabulary.
"""

import math
from collections.abc import Callable
from typing import Any

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from llama_edu.config import ModelConfig
from llama_edu.model import rope
from llama_edu.model.attention import Attention
from llama_edu.model.cache import KVCache
from llama_edu.model.ffn import FeedForward
from llama_edu.model.linear import Linear
from llama_edu.model.local import View, views
from llama_edu.model.moe import MixtureOfExperts
from llama_edu.model.norm import RMSNorm

# (hidden (B, T, D), output weight (V, D)) -> the sum of a loss, and of how many targets
OutputLoss = Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]


class Block(nn.Module):
    """One layer: tokens look at each other, then each thinks for itself.

    Both sublayers read a normed copy of the residual stream and add to the stream itself.

    Args:
        config: shape of the model.
        layer: which of its layers this is, from 0; those of Llama 4 differ.
    """

    def __init__(self, config: ModelConfig, layer: int = 0):
        super().__init__()
        self.attention_norm = RMSNorm(config.d_model, config.norm_eps)
        self.attention = Attention(config, layer)
        self.ffn_norm = RMSNorm(config.d_model, config.norm_eps)
        has_experts = config.has_experts(layer)
        self.ffn = MixtureOfExperts(config) if has_experts else FeedForward(config)

    def forward(
        self,
        x: Float[Tensor, "B T D"],
        rotation: Float[Tensor, "*batch T pairs 2"] | None,
        mask: Bool[Tensor, "*mask T S"] | None = None,
        cache: KVCache | None = None,
        layer: int = 0,
        temperature: Float[Tensor, "*batch T"] | None = None,
    ) -> Float[Tensor, "B T D"]:
        x = x + self.attention(self.attention_norm(x), rotation, mask, cache, layer, temperature)
        return x + self.ffn(self.ffn_norm(x))


class Llama(nn.Module):
    """The whole model: embedding, blocks, a last norm, and a score for every word.

    Args:
        config: shape of the model; weights start random, N(0, 0.02^2), those that write to the
            residual stream smaller by sqrt(2 n_layers) so that it does not grow with depth.

    Raises:
        ValueError: if `config` is something else.

    Source: arXiv:2302.13971, sec. 2.2.
    """

    def __init__(self, config: ModelConfig):
        super().__init__()
        if not isinstance(config, ModelConfig):
            raise ValueError(
                f'config must be a ModelConfig, as PRESETS["tiny"], got {config!r:.80}'
            )
        self.config = config
        # From an empty tensor: a plain nn.Embedding draws random numbers, which reset_parameters
        # draws anyway and a model on the meta device cannot use.
        table = torch.empty(config.vocab_size, config.d_model)
        self.embedding = nn.Embedding.from_pretrained(table, freeze=False)
        self.blocks = nn.ModuleList(Block(config, layer) for layer in range(config.n_layers))
        self.norm = RMSNorm(config.d_model, config.norm_eps)
        self.output = Linear(config.d_model, config.vocab_size)
        if config.tie_embeddings:
            self.output.weight = self.embedding.weight
        # Not a buffer: `model.to(torch.bfloat16)` would round the angles.
        self.rope_frequencies = rope.inverse_frequencies(
            config.d_head, config.rope_theta, config.rope_scaling
        )
        if not table.is_meta:
            self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw new random weights from torch's global generator."""
        for name, weight in self.named_parameters():
            if weight.ndim == 1:
                nn.init.ones_(weight)
            else:
                writes_to_stream = name.endswith(("o_proj.weight", "down_proj.weight", "down_proj"))
                depth = 2 * self.config.n_layers if writes_to_stream else 1
                nn.init.normal_(weight, std=0.02 / math.sqrt(depth))

    def new_cache(
        self, batch_size: int, max_len: int, n_padding: Int[Tensor, " B"] | None = None
    ) -> KVCache:
        """An empty cache of the model's own dtype, for `forward(tokens, cache=...)`."""
        weight = self.embedding.weight
        return KVCache(
            self.config, batch_size, max_len, n_padding, device=weight.device, dtype=weight.dtype
        )

    def forward(
        self,
        tokens: Int[Tensor, "B T"],
        cache: KVCache | None = None,
        dtype: torch.dtype | None = None,
        last_only: bool = False,
        mask: Bool[Tensor, "*mask T T"] | None = None,
        loss: OutputLoss | None = None,
    ) -> Float[Tensor, "B T_or_1 V"] | tuple[Float[Tensor, ""], Int[Tensor, ""]]:
        """Logits of the token that follows each of `tokens`.

        Args:
            tokens: ids in [0, vocab_size).
            cache: what was read before; `tokens` continue it and are added to it. Chunks of any
                lengths give what one call with all the tokens gives.
            dtype: to compute in, e.g. bf16 over fp32 weights; that of the weights if None.
            last_only: score only what follows the last token, which is all that generation needs
                of a long prompt.
            mask: True where a token may look, itself and earlier tokens alone, say those of its
                own document; shape (T, T), or (B, 1, T, T) for each text its own. Everything
                before it if None.
            loss: what to return in place of logits, made of the last hidden vectors and the output
                layer's weight (V, D): a loss need not hold the logits of a whole batch. It is
                worked out in here because DDP and FSDP only see what a model's own call does.

        Raises:
            ValueError: if `tokens` are no ids of this vocabulary, the mask is of another kind, or
                the cache is for another batch size, has no room, or has a mask beside it.
        """
        x = self.hidden(tokens, cache, dtype, mask)
        if loss is not None:
            return loss(x, self.output.weight)
        return self.output(x[:, -1:] if last_only else x)

    def hidden(
        self,
        tokens: Int[Tensor, "B T"],
        cache: KVCache | None = None,
        dtype: torch.dtype | None = None,
        mask: Bool[Tensor, "*mask T T"] | None = None,
    ) -> Float[Tensor, "B T D"]:
        """What goes into the output layer: the residual stream after the last block, normed.

        The arguments are those of `forward`.
        """
        if mask is not None and cache is not None:
            raise ValueError("a mask and a cache cannot go together: the cache makes its own mask")
        _check_tokens(tokens)
        near, far = self._views(tokens, cache, mask)
        try:
            x = self.embedding(tokens).to(dtype or self.embedding.weight.dtype)
        except IndexError:  # looking for it before would let a GPU wait
            wrong = next(
                i for i in tokens.flatten().tolist() if not 0 <= i < self.config.vocab_size
            )
            raise ValueError(
                f"token {wrong} is not in [0, vocab_size={self.config.vocab_size})"
            ) from None
        for layer, block in enumerate(self.blocks):
            rotation, seen, temperature = near if self.config.is_local(layer) else far
            x = block(x, rotation, seen, cache, layer, temperature)
        if cache is not None:
            cache.length += tokens.shape[1]
        return self.norm(x)

    def _views(self, tokens, cache, mask):
        """What local and global layers know of where the tokens stand."""
        n_texts, n_tokens = tokens.shape
        _check_mask(mask, n_tokens)
        if cache is not None and n_texts != (room := cache.keys.shape[1]):
            raise ValueError(f"the cache is for a batch of {room}, got a batch of {n_texts}")
        start = cache.length if cache is not None else 0
        if cache is not None and start + n_tokens > cache.max_len:
            raise ValueError(
                f"the cache holds {cache.max_len} tokens; {start} are in it, "
                f"so {n_tokens} more do not fit"
            )
        if cache is None:
            positions = torch.arange(n_tokens, device=tokens.device)
        else:
            positions, mask = cache.positions(n_tokens), cache.mask(n_tokens)
        view = View(rope.rotations(positions, self.rope_frequencies), mask)
        return views(self.config, view, positions, start + n_tokens)


def _check_tokens(tokens: Any) -> None:
    """Raise ValueError if what a model is to read are no ids (B, T)."""
    rule = "tokens must be ids in a tensor (B, T) of torch.long"
    if not isinstance(tokens, Tensor):
        raise ValueError(f"{rule}, got {type(tokens).__name__}: torch.tensor([[1, 2]]) makes one")
    if tokens.ndim != 2 or tokens.dtype not in (torch.int64, torch.int32):
        raise ValueError(f"{rule}, got {tokens.dtype} of shape {tuple(tokens.shape)}")


def _check_mask(mask: Tensor | None, n_tokens: int) -> None:
    """Raise ValueError for a mask that torch would stretch to mean something else."""
    is_good = mask is None or (
        mask.dtype == torch.bool and mask.ndim in (2, 4) and mask.shape[-2:] == (n_tokens,) * 2
    )
    if not is_good:
        raise ValueError(
            f"mask must be of torch.bool and shape (T, T) or (B, 1, T, T) with T={n_tokens}, "
            f"got {mask.dtype} of shape {tuple(mask.shape)}"
        )
