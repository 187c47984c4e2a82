"""Exact attention that never writes its weights down, and a cache as long as a window.

A softmax can be computed while its numbers arrive: keep the largest score m so far, the sum l of
exp(score - m), and the values weighted so; where a larger score comes, shrink what was kept by
exp(m_old - m_new). So scores are made, used and dropped a block at a time.

Shapes: B texts, H query heads in G groups of R = H / G, T queries, S keys, d a head.
"""

import math
from collections.abc import Iterator

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.autograd.function import once_differentiable

from llama_edu.config import ModelConfig
from llama_edu.model.cache import KVCache
from llama_edu.model.masks import sliding_window


def online_attention(
    q: Float[Tensor, "B H T d"],
    k: Float[Tensor, "B G S d"],
    v: Float[Tensor, "B G S d"],
    block_size: int = 128,
    window: int | None = None,
) -> Float[Tensor, "B H T d"]:
    """Causal attention, exact, in memory that does not grow with T times S.

    No tensor is larger than q, k, v or a block of scores, backward as well: there the weights are
    computed once more from the sums that were kept. With a window, blocks outside it are not
    computed at all, and the work grows with T alone.

    Args:
        q: queries, the last T of the S tokens.
        k: keys.
        v: values.
        block_size: queries and keys of a block.
        window: how many keys each query sees, its own among them; all before it if None.

    Raises:
        ValueError: if a size is below 1.

    Source: arXiv:2112.05682 and arXiv:2205.14135, which LLaMA's paper names for its own
    (arXiv:2302.13971, sec. 2.4).
    """
    if block_size < 1 or (window is not None and window < 1):
        raise ValueError(f"{block_size=} and {window=} must be at least 1")
    n_groups, n_keys = k.shape[1:3]
    grouped = q.unflatten(1, (n_groups, -1))  # (B, G, R, T, d)
    size = n_keys if window is None else window
    mixed = _OnlineAttention.apply(grouped, k[:, :, None], v[:, :, None], block_size, size)
    return mixed.flatten(1, 2)


class _OnlineAttention(torch.autograd.Function):
    """q (B, G, R, T, d); k and v (B, G, 1, S, d), which the R heads of a group share."""

    @staticmethod
    def forward(ctx, q: Tensor, k: Tensor, v: Tensor, block_size: int, window: int) -> Tensor:
        wide = torch.promote_types(q.dtype, torch.float32)
        mixed, log_sums = torch.empty_like(q), q.new_empty(q.shape[:-1], dtype=wide)
        for rows in _slices(q.shape[-2], block_size):
            queries = q[..., rows, :].to(wide)
            largest = queries.new_full(queries.shape[:-1], -math.inf)
            total, sums = torch.zeros_like(queries), torch.zeros_like(largest)
            for keys, mask in _visible(rows, q, k, block_size, window):
                scores = _scores(queries, k[..., keys, :], mask)
                new = torch.maximum(largest, scores.amax(-1))
                shrink, weights = (largest - new).exp(), (scores - new[..., None]).exp()
                sums = sums * shrink + weights.sum(-1)
                total = total * shrink[..., None] + weights @ v[..., keys, :].to(wide)
                largest = new
            mixed[..., rows, :] = (total / sums[..., None]).to(q.dtype)
            log_sums[..., rows] = largest + sums.log()
        ctx.save_for_backward(q, k, v, mixed, log_sums)
        ctx.sizes = block_size, window
        return mixed

    @staticmethod
    @once_differentiable
    def backward(ctx, grad: Tensor) -> tuple[Tensor, Tensor, Tensor, None, None]:
        """With w the weights and g the gradient, that of a score is w (g v - g out) / sqrt(d)."""
        q, k, v, mixed, log_sums = ctx.saved_tensors
        grad_q, grad_k, grad_v = (torch.zeros_like(x, dtype=log_sums.dtype) for x in (q, k, v))
        scale = 1 / math.sqrt(q.shape[-1])
        for rows in _slices(q.shape[-2], ctx.sizes[0]):
            queries, g = (x[..., rows, :].to(log_sums.dtype) for x in (q, grad))
            along = (g * mixed[..., rows, :]).sum(-1, keepdim=True)
            for keys, mask in _visible(rows, q, k, *ctx.sizes):
                some_k, some_v = (x[..., keys, :].to(log_sums.dtype) for x in (k, v))
                weights = (_scores(queries, some_k, mask) - log_sums[..., rows, None]).exp()
                grad_scores = weights * (g @ some_v.mT - along) * scale
                grad_q[..., rows, :] += grad_scores @ some_k
                grad_k[..., keys, :] += (grad_scores.mT @ queries).sum(2, keepdim=True)
                grad_v[..., keys, :] += (weights.mT @ g).sum(2, keepdim=True)
        return grad_q.to(q.dtype), grad_k.to(k.dtype), grad_v.to(v.dtype), None, None


def _scores(queries: Tensor, keys: Tensor, mask: Tensor) -> Tensor:
    scores = queries @ keys.to(queries.dtype).mT / math.sqrt(queries.shape[-1])
    return scores.masked_fill(~mask, -math.inf)


def _slices(n: int, size: int) -> Iterator[slice]:
    return (slice(start, min(start + size, n)) for start in range(0, n, size))


def _visible(
    rows: slice, q: Tensor, k: Tensor, block_size: int, window: int
) -> Iterator[tuple[slice, Bool[Tensor, "rows keys"]]]:
    """The blocks of keys that these queries see, the last one first, with their parts of the mask.

    The first that comes holds the queries' own keys, so that no row's largest score stays -inf.
    """
    first, last = (k.shape[-2] - q.shape[-2] + row for row in (rows.start, rows.stop - 1))
    queries = torch.arange(first, last + 1, device=q.device)[:, None]
    for stop in range(last + 1, max(first - window + 1, 0), -block_size):
        keys = slice(max(stop - block_size, 0), stop)
        distance = queries - torch.arange(keys.start, stop, device=q.device)
        yield keys, (distance >= 0) & (distance < window)


class RollingCache(KVCache):
    """A KV cache that keeps the last `window` tokens alone, in memory that never grows.

    `model(tokens, cache=cache)` then attends through a sliding window, and so does what is read in
    pieces. What a window forgets, later layers may still know of: L layers reach back
    L (window - 1) tokens.

    Args:
        config: shape of the model.
        batch_size: texts read side by side, B.
        window: tokens that are seen, the newest among them.
        device: where the memory lies.
        dtype: of keys and values.

    Source: arXiv:2310.06825, sec. 2: Mistral's rolling buffer.
    """

    def __init__(
        self,
        config: ModelConfig,
        batch_size: int,
        window: int,
        device: torch.device | None = None,
        dtype: torch.dtype = torch.float32,
    ):
        super().__init__(config, batch_size, window, device=device, dtype=dtype)
        self.window, self.max_len = window, math.inf

    def mask(self, n_tokens: int) -> Bool[Tensor, "T S"] | None:
        """Each of the new tokens sees the last `window` ones, its own among them."""
        if n_tokens == 1:
            return None
        return sliding_window(n_tokens, len(self._past()) + n_tokens, self.window, self.keys.device)

    def append(
        self, layer: int, k: Float[Tensor, "B G T d"], v: Float[Tensor, "B G T d"]
    ) -> tuple[Float[Tensor, "B G S d"], Float[Tensor, "B G S d"]]:
        """Store the keys and values of T new tokens; return them behind the last ones before."""
        past, new = self._past(), torch.arange(self.length, self.length + k.shape[2])
        slots = new[-self.window :] % self.window
        seen = []
        for part, x in ((self.keys, k), (self.values, v)):
            seen.append(torch.cat((part[layer][:, :, past], x), dim=2))
            part[layer][:, :, slots] = x[:, :, -self.window :]
        return seen[0], seen[1]

    def _past(self) -> Tensor:
        """Where the tokens lie that the next one still sees, the oldest first."""
        first = max(0, self.length - self.window + 1)
        return torch.arange(first, self.length) % self.window
