"""Who may look at whom: boolean masks, True where a query may see a key."""

import torch
from jaxtyping import Bool, Int
from torch import Tensor


def causal(n_queries: int, n_keys: int, device: torch.device | None = None) -> Bool[Tensor, "T S"]:
    """Let each query see its own key and all earlier ones.

    The queries are the last `n_queries` of the keys, so that a chunk may look back into a cache:
    `causal(2, 4)` -> [[1, 1, 1, 0], [1, 1, 1, 1]].

    Args:
        n_queries: T, tokens being read now.
        n_keys: S, tokens read so far, these included; S >= T.
    """
    queries = torch.arange(n_keys - n_queries, n_keys, device=device)
    return torch.arange(n_keys, device=device) <= queries[:, None]


def hide_padding(
    mask: Bool[Tensor, "T S"], n_padding: Int[Tensor, " B"]
) -> Bool[Tensor, "B 1 T S"]:
    """Hide the first `n_padding[b]` keys of row b, which only fill up a left-padded batch.

    A padding token still sees itself: a query that sees nothing would have no softmax, and its
    NaN would spread.
    """
    n_queries, n_keys = mask.shape
    keys = torch.arange(n_keys, device=mask.device)
    is_text = keys >= n_padding[:, None, None]  # (B, 1, S)
    is_self = keys == keys[n_keys - n_queries :, None]  # (T, S)
    return (mask & (is_text | is_self))[:, None]
