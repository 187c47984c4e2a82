"""From logits to one token: each rule removes candidates, then the dice decide.

Shapes: B texts, V vocabulary.
"""

from collections.abc import Sequence
from numbers import Integral, Real

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from llama_edu.reading import shown


def penalize_repeats(
    logits: Float[Tensor, "B V"], is_used: Bool[Tensor, "B V"], penalty: float
) -> Float[Tensor, "B V"]:
    """Make tokens that already stand in the text less likely.

    A positive logit is divided by `penalty`, a negative one multiplied; 1 changes nothing.

    Source: CTRL, arXiv:1909.05858, sec. 4.1.
    """
    return torch.where(is_used, torch.where(logits > 0, logits / penalty, logits * penalty), logits)


def keep_top_k(logits: Float[Tensor, "B V"], k: int) -> Float[Tensor, "B V"]:
    """Keep the `k` highest logits of each row (and what ties with the last), others -inf."""
    kth = logits.topk(min(k, logits.shape[-1])).values[:, -1:]
    return logits.masked_fill(logits < kth, -torch.inf)


def keep_top_p(logits: Float[Tensor, "B V"], p: float) -> Float[Tensor, "B V"]:
    """Keep the fewest most likely tokens whose probabilities reach `p` together, others -inf.

    The token that crosses `p` stays, so at least one always does.

    Source: nucleus sampling, arXiv:1904.09751, sec. 3.1.
    """
    ordered, order = logits.sort(descending=True)
    probabilities = ordered.softmax(dim=-1)
    mass_before = probabilities.cumsum(dim=-1) - probabilities
    is_dropped = torch.zeros_like(logits, dtype=torch.bool)
    return logits.masked_fill(is_dropped.scatter(-1, order, mass_before >= p), -torch.inf)


def keep_min_p(logits: Float[Tensor, "B V"], p: float) -> Float[Tensor, "B V"]:
    """Keep tokens at least `p` times as likely as the likeliest, others -inf.

    Source: arXiv:2407.01082, sec. 3.
    """
    probabilities = logits.softmax(dim=-1)
    limit = p * probabilities.amax(dim=-1, keepdim=True)
    return logits.masked_fill(probabilities < limit, -torch.inf)


def choose(
    logits: Float[Tensor, "B V"],
    temperature: float = 0.0,
    top_k: int | None = None,
    top_p: float | None = None,
    min_p: float | None = None,
    generators: Sequence[torch.Generator | None] = (None,),
) -> Int[Tensor, " B"]:
    """Pick the next token of every row.

    Args:
        logits: scores of every token.
        temperature: 0 takes the likeliest token; 1 samples from the model's own probabilities;
            more flattens them, less sharpens them.
        top_k: see `keep_top_k`; None keeps all.
        top_p: see `keep_top_p`; None keeps all.
        min_p: see `keep_min_p`; None keeps all.
        generators: one for all rows, or one for each.
    """
    if temperature < 1e-30:  # a division by it would make scores infinite
        return logits.argmax(dim=-1)
    logits = logits.float() / float(temperature)
    if top_k is not None:
        logits = keep_top_k(logits, top_k)
    if top_p is not None:
        logits = keep_top_p(logits, top_p)
    if min_p is not None:
        logits = keep_min_p(logits, min_p)
    probabilities = logits.softmax(dim=-1)
    if len(generators) == 1:
        return probabilities.multinomial(1, generator=generators[0])[:, 0]
    rows = zip(probabilities, generators, strict=True)
    return torch.cat([row.multinomial(1, generator=generator) for row, generator in rows])


def check_settings(
    temperature: float,
    top_k: int | None,
    top_p: float | None,
    min_p: float | None,
    repetition_penalty: float,
) -> None:
    """Raise a ValueError that names the first setting out of range."""
    rules = [
        ("temperature", temperature, Real, lambda value: value >= 0, "at least 0"),
        ("top_k", top_k, Integral, lambda value: value >= 1, "at least 1"),
        ("top_p", top_p, Real, lambda value: 0 < value <= 1, "in (0, 1]"),
        ("min_p", min_p, Real, lambda value: 0 <= value <= 1, "in [0, 1]"),
        ("repetition_penalty", repetition_penalty, Real, lambda value: value > 0, "positive"),
    ]
    for name, value, kind, holds, rule in rules:
        if value is None and name in ("top_k", "top_p", "min_p"):
            continue
        if not isinstance(value, kind) or isinstance(value, bool):
            what = "a whole number" if kind is Integral else "a number"
            raise ValueError(f"{name} must be {what}, got {shown(value)}")
        if not holds(value):
            raise ValueError(f"{name} must be {rule}, got {value}")
