"""Causal self-attention: multi-head, grouped-query and multi-query by head counts alone."""

import math

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn
from torch.nn import functional as F

from llama_edu.config import ModelConfig
from llama_edu.model import masks
from llama_edu.model.cache import KVCache
from llama_edu.model.linear import Linear, multiplies_bf16
from llama_edu.model.rope import rotate

# Up to so many tokens two products with the weights between them beat the kernel that never writes
# them, in bf16 on CPUs that multiply it: 2.1 to 2.5 times at 256 (Zen 4).
MAX_WRITTEN = 512


def explicit_attention(
    q: Float[Tensor, "B H T d"],
    k: Float[Tensor, "B G S d"],
    v: Float[Tensor, "B G S e"],
    mask: Bool[Tensor, "*batch #T S"] | None = None,
) -> tuple[Float[Tensor, "B H T e"], Float[Tensor, "B H T S"]]:
    """Attention as the formula has it, with the weights to look at.

    weights = softmax(q k^T / sqrt(d)), output = weights v; query head h reads the keys and values
    of head h // (H / G).

    Args:
        q: queries.
        k: keys, S >= T; the queries are the last T of them.
        v: values, usually as wide as the keys.
        mask: True where a query may look; causal if None.

    Returns:
        The output and the weights; every row of the weights sums to 1.

    Source: arXiv:1706.03762, eq. 1; grouped heads arXiv:2305.13245.
    """
    group_size = q.shape[1] // k.shape[1]
    k, v = (x.repeat_interleave(group_size, dim=1) for x in (k, v))  # (B, H, S, d)
    if mask is None:
        mask = masks.causal(q.shape[2], k.shape[2], device=q.device)
    scores = q @ k.mT / math.sqrt(q.shape[-1])
    weights = scores.masked_fill(~mask, -torch.inf).softmax(dim=-1)
    return weights @ v, weights


def fused_attention(
    q: Float[Tensor, "B H T d"],
    k: Float[Tensor, "B G S d"],
    v: Float[Tensor, "B G S d"],
    mask: Bool[Tensor, "*batch T S"] | None = None,
) -> Float[Tensor, "B H T d"]:
    """The same output from PyTorch's kernel, which never writes the T x S weights to memory.

    Without a mask the queries must be all the keys (T = S) or the last one (T = 1).
    """
    n_queries = q.shape[2]
    if n_queries == 1 and mask is None:
        # The heads of a group share their keys: as rows of one product they need no copy of them.
        grouped = q.view(k.shape[0], k.shape[1], -1, q.shape[-1])  # (B, G, H/G, d)
        return F.scaled_dot_product_attention(grouped, k, v).view(q.shape)
    if q.dtype == torch.bfloat16 and not multiplies_bf16(q.device.type):
        return _WideAttention.apply(q, k, v, mask)
    is_narrow_cpu = q.dtype == torch.bfloat16 and q.device.type == "cpu"
    if is_narrow_cpu and mask is None and n_queries <= MAX_WRITTEN:
        return _batched_products(q, k, v)
    return _grouped_attention(q, k, v, mask)


def _batched_products(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """Causal attention as a product, a softmax and a product, the weights written between them.

    The heads of a group share their keys: their queries are rows of one matrix.
    """
    n_texts, n_heads, n_queries, d = q.shape
    n_groups = k.shape[1]
    rows = q.reshape(n_texts * n_groups, -1, d)  # (B G, H/G T, d)
    k, v = k.flatten(0, 1), v.flatten(0, 1)  # (B G, T, d)
    hidden = torch.full((n_queries, n_queries), -torch.inf, dtype=q.dtype).triu(1)
    scores = torch.baddbmm(hidden.repeat(n_heads // n_groups, 1), rows, k.mT, alpha=d**-0.5)
    return torch.bmm(scores.softmax(dim=-1), v).view(n_texts, n_heads, n_queries, -1)


def _grouped_attention(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None) -> Tensor:
    is_grouped = q.shape[1] != k.shape[1]
    return F.scaled_dot_product_attention(
        q, k, v, attn_mask=mask, is_causal=mask is None, enable_gqa=is_grouped
    )


class _WideAttention(torch.autograd.Function):
    """Attention of narrow q, k, v computed in fp32; only the narrow ones are kept for later."""

    @staticmethod
    def forward(ctx, q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None) -> Tensor:
        ctx.save_for_backward(q, k, v, mask)
        return _grouped_attention(q.float(), k.float(), v.float(), mask).to(q.dtype)

    @staticmethod
    def backward(ctx, grad: Tensor) -> tuple[Tensor, Tensor, Tensor, None]:
        *narrow, mask = ctx.saved_tensors
        with torch.enable_grad():  # the forward pass again
            wide = [x.detach().float().requires_grad_() for x in narrow]
            mixed = _grouped_attention(*wide, mask)
        grads = torch.autograd.grad(mixed, wide, grad.float())
        return *(g.to(x.dtype) for g, x in zip(grads, narrow, strict=True)), None


class Attention(nn.Module):
    """Each token asks with q, every earlier token offers k, and what fits hands over its v.

    Args:
        config: H = n_heads queries, G = n_kv_heads keys and values: G = H is multi-head
            attention, 1 < G < H grouped-query, G = 1 multi-query.
        layer: which of the model's layers this is, from 0; local ones may norm queries and keys.

    Source: arXiv:1706.03762, sec. 3.2; LLaMA adds RoPE on q and k (arXiv:2302.13971, sec. 2.2),
    Llama 2 70B and Llama 3 the groups (arXiv:2307.09288, sec. 2.2).
    """

    def __init__(self, config: ModelConfig, layer: int = 0):
        super().__init__()
        has_qk_norm = config.is_local(layer) and config.local.has_qk_norm
        self.qk_norm_eps = config.norm_eps if has_qk_norm else None
        self.n_heads, self.n_kv_heads = config.n_heads, config.n_kv_heads
        self.d_head = config.d_head
        # One product instead of three reads x once: H query heads, then G key, then G value heads.
        self.qkv_proj = Linear(
            config.d_model, (config.n_heads + 2 * config.n_kv_heads) * self.d_head
        )
        self.o_proj = Linear(config.n_heads * self.d_head, config.d_model)

    def forward(
        self,
        x: Float[Tensor, "B T D"],
        rotation: Float[Tensor, "*batch T pairs 2"] | None,
        mask: Bool[Tensor, "*mask T S"] | None = None,
        cache: KVCache | None = None,
        layer: int = 0,
        temperature: Float[Tensor, "*batch T"] | None = None,
    ) -> Float[Tensor, "B T D"]:
        """Mix every token with those before it.

        Args:
            x: normed residual stream.
            rotation: from `rope.rotations`, for the positions of these tokens; None turns nothing.
            mask: True where a query may look; causal if None.
            cache: keys and values of earlier tokens; these tokens are added to it.
            layer: which layer of the cache is ours.
            temperature: what each token's queries are multiplied by; 1 if None.
        """
        q, k, v = self.project(x, rotation, temperature)
        if cache is not None:
            k, v = cache.append(layer, k, v)
        mixed = fused_attention(q, k, v, mask)
        return self.o_proj(mixed.transpose(1, 2).flatten(2))

    def project(
        self,
        x: Float[Tensor, "B T D"],
        rotation: Float[Tensor, "*batch T pairs 2"] | None,
        temperature: Float[Tensor, "*batch T"] | None = None,
    ) -> tuple[Float[Tensor, "B H T d"], Float[Tensor, "B G T d"], Float[Tensor, "B G T d"]]:
        """Queries, keys and values of every token; queries and keys turned to their positions."""
        heads = self.qkv_proj(x).unflatten(-1, (-1, self.d_head))  # (B, T, H + 2G, d)
        qk, v = heads.split((self.n_heads + self.n_kv_heads, self.n_kv_heads), dim=2)
        if rotation is not None:
            qk = rotate(qk, rotation)
        if self.qk_norm_eps is not None:  # without a gain
            qk = F.rms_norm(qk, (self.d_head,), eps=self.qk_norm_eps)
        q, k = qk.split((self.n_heads, self.n_kv_heads), dim=2)
        if temperature is not None:
            q = (q * temperature[..., None, None]).to(q.dtype)
        return q.transpose(1, 2), k.transpose(1, 2), v.transpose(1, 2)
