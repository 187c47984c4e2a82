"""Pruning: leave out hidden units, heads or layers, and get a smaller LLaMA.

What is left out is really gone: the result is an ordinary model with a smaller config, as fast as
it is small. It is worse than before, and mends in a short training ("healing").

Shapes: L layers, F hidden units of a feed-forward layer, G groups of heads.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

import torch
from jaxtyping import Float, Int
from torch import Tensor

from llama_edu.model.llama import Llama


@torch.no_grad()
def ffn_activity(model: Llama, batches: Iterable[Int[Tensor, "B T"]]) -> Float[Tensor, "L F"]:
    """How much each hidden unit does on some text: the mean size of silu(gate) * up.

    Args:
        model: to look into.
        batches: ids of some text; a few thousand tokens are enough.

    Source: arXiv:2407.14679, sec. 2.2: importance by activation.
    """
    return _activity(model, batches, [block.ffn.down_proj for block in model.blocks])


@torch.no_grad()
def head_activity(model: Llama, batches: Iterable[Int[Tensor, "B T"]]) -> Float[Tensor, "L G"]:
    """How much each group of heads does on some text: the mean size of what attention gives."""
    sizes = _activity(model, batches, [block.attention.o_proj for block in model.blocks])
    return sizes.unflatten(-1, (model.config.n_kv_heads, -1)).mean(-1)


def ffn_norms(model: Llama) -> Float[Tensor, "L F"]:
    """How large the weights of each hidden unit are: |gate| |up| |down|, without any text."""
    rows = []
    for block in model.blocks:
        gate, up = block.ffn.gate_up_proj.weight.detach().chunk(2)
        rows.append(gate.norm(dim=1) * up.norm(dim=1) * block.ffn.down_proj.weight.norm(dim=0))
    return torch.stack(rows).detach()


def prune_ffn(model: Llama, scores: Float[Tensor, "L F"], n_kept: int) -> Llama:
    """A model with the `n_kept` hidden units of the highest score in each layer.

    Args:
        model: stays as it is.
        scores: of each unit; `torch.rand` is the control.
        n_kept: hidden width of the result, 1 to F.

    Raises:
        ValueError: if there are not so many units.
    """
    _check("n_kept", n_kept, scores.shape[1])
    state = model.state_dict()
    for layer, kept in enumerate(_best(scores, n_kept)):
        ffn = f"blocks.{layer}.ffn"
        gate, up = state[f"{ffn}.gate_up_proj.weight"].chunk(2)
        state[f"{ffn}.gate_up_proj.weight"] = torch.cat((gate[kept], up[kept]))
        state[f"{ffn}.down_proj.weight"] = state[f"{ffn}.down_proj.weight"][:, kept]
    return _rebuilt(model, state, d_ff=n_kept)


def prune_heads(model: Llama, scores: Float[Tensor, "L G"], n_kept: int) -> Llama:
    """A model with the `n_kept` groups of heads of the highest score in each layer.

    Query heads share the keys of their group, so a group goes or stays as a whole.

    Args:
        model: stays as it is.
        scores: of each group.
        n_kept: groups (heads of keys and values) of the result, 1 to G.

    Raises:
        ValueError: if there are not so many groups.
    """
    _check("n_kept", n_kept, scores.shape[1])
    config, state = model.config, model.state_dict()
    n_groups, n_heads = config.n_kv_heads, config.n_heads
    for layer, kept in enumerate(_best(scores, n_kept)):
        names = [f"blocks.{layer}.attention.{name}.weight" for name in ("qkv_proj", "o_proj")]
        heads = state[names[0]].unflatten(0, (-1, config.d_head))
        q, k, v = heads.split((n_heads, n_groups, n_groups))
        q = q.unflatten(0, (n_groups, -1))[kept].flatten(0, 1)
        state[names[0]] = torch.cat((q, k[kept], v[kept])).flatten(0, 1)
        state[names[1]] = state[names[1]].unflatten(1, (n_groups, -1))[:, kept].flatten(1)
    return _rebuilt(
        model, state, n_kv_heads=n_kept, n_heads=n_kept * n_heads // n_groups,
        d_head=int(config.d_head),  # it does not follow from the other two any more
    )  # fmt: skip


def prune_layers(model: Llama, kept: Sequence[int]) -> Llama:
    """A model of some of the layers, in the order given.

    Args:
        model: stays as it is.
        kept: which layers, from 0.

    Raises:
        ValueError: if no layer is kept, or one that there is not.
    """
    if not kept or not all(0 <= layer < model.config.n_layers for layer in kept):
        raise ValueError(
            f"kept={list(kept)} must name layers from 0 to {model.config.n_layers - 1}"
        )
    state = {}
    for name, weight in model.state_dict().items():
        if not name.startswith("blocks."):
            state[name] = weight
    for new, old in enumerate(kept):
        for name, weight in model.blocks[old].state_dict().items():
            state[f"blocks.{new}.{name}"] = weight
    return _rebuilt(model, state, n_layers=len(kept))


def _activity(model: Llama, batches, layers) -> Tensor:
    """The mean size of each number that goes into each of these layers."""
    totals, n_rows = [0.0] * len(layers), 0

    def record(place: int):
        def hook(_layer, inputs: tuple) -> None:
            totals[place] = totals[place] + inputs[0].float().abs().flatten(0, -2).sum(0)

        return hook

    hooks = [layer.register_forward_pre_hook(record(i)) for i, layer in enumerate(layers)]
    try:
        for tokens in batches:
            model(tokens)
            n_rows += tokens.numel()
    finally:
        for hook in hooks:
            hook.remove()
    if not n_rows:
        raise ValueError("there is no text to measure activity on: batches is empty")
    return torch.stack(totals) / n_rows


def _best(scores: Tensor, n_kept: int) -> Tensor:
    """The places of the highest scores of each row, in their old order."""
    return scores.topk(n_kept, dim=1).indices.sort(dim=1).values


def _check(name: str, value: int, most: int) -> None:
    if not 1 <= value <= most:
        raise ValueError(f"{name}={value} must be from 1 to {most}")


def _rebuilt(model: Llama, state: dict[str, Tensor], **changes) -> Llama:
    weight = model.embedding.weight
    smaller = Llama(replace(model.config, **changes)).to(weight.device, weight.dtype)
    smaller.load_state_dict(state)
    return smaller.train(model.training)
