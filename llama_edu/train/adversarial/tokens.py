"""An attack that a person could type: other tokens, not other embeddings."""

from collections.abc import Callable

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from llama_edu.train.adversarial.embeddings import shifted

# (changed texts (M, T), which text each was made of (M,)) -> the loss of each, in nats
TextLosses = Callable[[Int[Tensor, "M T"], Int[Tensor, " M"]], Float[Tensor, " M"]]


def swap_gains(
    losses: TextLosses, model: nn.Module, tokens: Int[Tensor, "B T"]
) -> Float[Tensor, "B T V"]:
    """By how much each swap of one token would raise a text's loss, to first order.

    The gradient at a token's embedding, g, says what any shift is worth: a swap of token x for v
    shifts it by e_v - e_x, which is worth g·(e_v - e_x). So one backward pass rates all T·V swaps.

    Args:
        losses: of changed texts.
        model: has its table as `.embedding`.
        tokens: the texts.

    Source: HotFlip, arXiv:1712.06751, sec. 3.
    """
    table = model.embedding.weight.detach()
    shift = torch.zeros_like(table[tokens], requires_grad=True)
    with torch.enable_grad(), shifted(model, shift):
        total = losses(tokens, torch.arange(len(tokens), device=tokens.device)).sum()
        (g,) = torch.autograd.grad(total, shift)
    gains = g @ table.mT
    return gains - gains.gather(2, tokens[..., None])


def hotflip(
    losses: TextLosses,
    model: nn.Module,
    tokens: Int[Tensor, "B T"],
    n_swaps: int,
    n_guided: int = 1,
    n_random: int = 0,
    allowed: Bool[Tensor, " V"] | None = None,
    places: Bool[Tensor, "B T"] | None = None,
    generator: torch.Generator | None = None,
) -> Int[Tensor, "B T"]:
    """Swap tokens one by one for those that hurt most; no place is swapped twice.

    With n_guided = 1 the first-order guess is taken unseen, as HotFlip does. It is often wrong,
    for a swap is no small step: with more tries each is measured, and the worst one is kept. An
    attack that is too weak makes every model look robust.

    Args:
        losses: of changed texts.
        model: has its table as `.embedding`.
        tokens: the texts.
        n_swaps: how many tokens of each text are changed.
        n_guided: tries for each swap, those with the largest first-order gain.
        n_random: further tries, any token in any place.
        allowed: which tokens may be put in; all if None.
        places: where; all if None. Padding should not be among them.
        generator: of the random tries, on the CPU; torch's own if None.

    Returns:
        The changed texts, each with n_swaps other tokens, though its loss may have fallen.

    Raises:
        ValueError: if there are fewer places than swaps, or no tries.
    """
    if n_guided + n_random < 1:
        raise ValueError(f"{n_guided=} and {n_random=} must be at least 1 together")
    tokens, vocab_size = tokens.clone(), model.embedding.num_embeddings
    is_open = torch.ones_like(tokens, dtype=torch.bool) if places is None else places.clone()
    if int(is_open.sum(dim=1).min()) < n_swaps:
        raise ValueError(f"n_swaps={n_swaps} must not be more than the places of any text")
    rows = torch.arange(len(tokens), device=tokens.device)
    for _ in range(n_swaps):
        gains = swap_gains(losses, model, tokens)
        gains = gains.masked_fill(~is_open[..., None], -torch.inf)
        if allowed is not None:
            gains = gains.masked_fill(~allowed, -torch.inf)
        swaps = gains.flatten(1).topk(n_guided).indices  # (B, n), place · V + token
        if n_random:
            weights = (gains > -torch.inf).flatten(1).float().cpu()
            drawn = weights.multinomial(n_random, generator=generator).to(swaps.device)
            swaps = torch.cat([swaps, drawn], dim=1)
        best = _worst_of(losses, tokens, rows, swaps, vocab_size)
        place, token = best // vocab_size, best % vocab_size
        tokens[rows, place] = token
        is_open[rows, place] = False
    return tokens


@torch.no_grad()
def _worst_of(losses, tokens, rows, swaps, vocab_size) -> Int[Tensor, " B"]:
    """Of each text's tries the one with the largest loss; nothing is measured if there is one."""
    if swaps.shape[1] == 1:
        return swaps[:, 0]
    found = []
    for tries in swaps.unbind(dim=1):  # the texts together, a try of each
        changed = tokens.clone()
        changed[rows, tries // vocab_size] = tries % vocab_size
        found.append(losses(changed, rows))
    return swaps.gather(1, torch.stack(found, dim=1).argmax(dim=1, keepdim=True))[:, 0]
