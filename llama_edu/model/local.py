"""What each layer of a model knows of where tokens stand: who sees whom, and how far apart.

Up to Llama 3 all layers know the same. Llama 4 has local layers, turned by RoPE, which see their
own chunk of the text alone, and global ones without positions, which see all of it.
"""

from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from llama_edu.config import LocalLayers, ModelConfig
from llama_edu.model import masks


class View(NamedTuple):
    """A layer's knowledge of places.

    `rotation` turns queries and keys, None where they stay; `mask` is True where a token may look,
    None for all before it; `temperature` multiplies queries, None for 1.
    """

    rotation: Float[Tensor, "*batch T pairs 2"] | None
    mask: Bool[Tensor, "*mask T S"] | None
    temperature: Float[Tensor, "*batch T"] | None = None


def views(
    config: ModelConfig, view: View, positions: Int[Tensor, "*batch T"], n_keys: int
) -> tuple[View, View]:
    """What local and what global layers know; the same `view` where the model has no such layers.

    Args:
        config: of the model.
        view: of a layer that is turned by RoPE and sees everything before.
        positions: of the queries, each text's from its own first token.
        n_keys: S, read so far, queries and padding included.
    """
    if config.local is None:
        return view, view
    near = local_view(view, positions, n_keys, config.local)
    return near, global_view(view, positions, config.local)


def local_view(
    view: View, positions: Int[Tensor, "*batch T"], n_keys: int, local: LocalLayers
) -> View:
    """Each token sees its own chunk alone: chunks are counted from the first token of its text."""
    if n_keys <= local.chunk_size:  # one chunk
        return view
    n_queries = positions.shape[-1]
    before_last = torch.arange(n_keys - 1, -1, -1, device=positions.device)
    chunk_of_key = (positions[..., -1:] - before_last) // local.chunk_size  # rounds down: padding
    is_same = chunk_of_key[..., None, :] == positions[..., None] // local.chunk_size  # is below 0
    is_self = before_last == before_last[-n_queries:, None]  # all that padding sees
    mask = is_same | is_self
    if mask.ndim == 3:
        mask = mask[:, None]  # (B, 1, T, S): the same for all heads
    if view.mask is None:
        return view._replace(mask=mask & masks.causal(n_queries, n_keys, positions.device))
    return view._replace(mask=mask & view.mask)


def global_view(view: View, positions: Int[Tensor, "*batch T"], local: LocalLayers) -> View:
    """No rotation, and queries that grow with position: a softmax over more tokens spreads."""
    steps = torch.floor((positions + 1) / local.temperature_floor)
    return View(None, view.mask, 1 + local.temperature_scale * torch.log1p(steps))
