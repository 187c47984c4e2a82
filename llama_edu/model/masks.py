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


def sliding_window(
    n_queries: int, n_keys: int, size: int, device: torch.device | None = None
) -> Bool[Tensor, "T S"]:
    """Let each query see the last `size` keys, its own among them.

    `sliding_window(3, 3, 2)` -> [[1, 0, 0], [1, 1, 0], [0, 1, 1]].

    As a mask over a dense matrix it saves nothing: every score is computed, and most are thrown
    away. `efficient.online_attention(..., window=size)` leaves whole blocks out.

    Args:
        n_queries: T, tokens being read now, the last ones.
        n_keys: S, tokens read so far, these included.
        size: at least 1; S or more is the causal mask.

    Raises:
        ValueError: if the window holds not even the token itself.

    Source: arXiv:2004.05150, sec. 3.1; no LLaMA has it, Mistral 7B has (arXiv:2310.06825).
    """
    if size < 1:
        raise ValueError(f"size={size} must be at least 1: a token sees itself")
    mask = causal(n_queries, n_keys, device)
    return mask & ~mask.tril(n_keys - n_queries - size)


def chunked(
    n_queries: int, n_keys: int, size: int, device: torch.device | None = None
) -> Bool[Tensor, "T S"]:
    """Let each query see itself and what is before it in its own chunk of `size` tokens.

    `chunked(4, 4, 2)` -> [[1, 0, 0, 0], [1, 1, 0, 0], [0, 0, 1, 0], [0, 0, 1, 1]]: the first
    token of a chunk sees itself alone.

    Args:
        n_queries: T, tokens being read now, the last ones.
        n_keys: S, tokens read so far, these included.
        size: of a chunk, at least 1.

    Raises:
        ValueError: if a chunk holds no token.

    Source: `Llama4TextConfig.attention_chunk_size`, 8,192, in three of four layers of Llama 4.
    """
    if size < 1:
        raise ValueError(f"size={size} must be at least 1")
    keys = torch.arange(n_keys, device=device) // size
    return causal(n_queries, n_keys, device) & (keys == keys[n_keys - n_queries :, None])


def block_sparse(
    n_tokens: int, block_size: int, n_window: int, n_global: int, n_random: int, seed: int = 0
) -> Bool[Tensor, "T T"]:
    """Let each block of queries see some blocks: the last ones, the first ones, and some by chance.

    The number of blocks that a row of blocks sees does not grow with the text, so that the work
    grows with T and not with its square, where blocks that are not seen are left out.

    Args:
        n_tokens: T; the last block may be shorter.
        block_size: tokens of a block.
        n_window: blocks seen before and up to the block itself, at least 1.
        n_global: first blocks, which all others see.
        n_random: further blocks, drawn from those that are left before.
        seed: of the draw.

    Raises:
        ValueError: if a number is out of range.

    Source: arXiv:2007.14062, sec. 2, here with a causal mask upon it; no LLaMA has it.
    """
    if block_size < 1 or n_window < 1 or n_global < 0 or n_random < 0:
        raise ValueError(
            f"{block_size=} and {n_window=} must be at least 1, {n_global=} and {n_random=} at "
            "least 0"
        )
    n_blocks = -(-n_tokens // block_size)
    seen = sliding_window(n_blocks, n_blocks, n_window)
    seen[:, :n_global] = True
    generator = torch.Generator().manual_seed(seed)
    for row, blocks in enumerate(seen):
        rest = (~blocks[:row]).nonzero()[:, 0]
        blocks[rest[torch.randperm(len(rest), generator=generator)[:n_random]]] = True
    dense = seen.repeat_interleave(block_size, 0).repeat_interleave(block_size, 1)
    return dense[:n_tokens, :n_tokens] & causal(n_tokens, n_tokens)
