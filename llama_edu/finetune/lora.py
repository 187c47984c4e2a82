"""LoRA: a frozen weight, and beside it two thin matrices that learn (and DoRA, its sibling).

W' = W + s B A with A (r, D), B (F, r) and s = alpha / r. A is random and B zero, so that training
begins at the model as it was. Only A and B have gradients and optimizer states: 4,194,304 numbers
of the 6.7 billion of LLaMA 7B at r = 8 on q and v.

Shapes: D numbers in, F out, r the rank.
"""

import math
from collections.abc import Callable, Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from llama_edu.config import ModelConfig
from llama_edu.model.linear import Linear
from llama_edu.model.llama import Llama

ATTENTION = ("q_proj", "k_proj", "v_proj", "o_proj")
FFN = ("gate_proj", "up_proj", "down_proj")


def projections(config: ModelConfig) -> dict[str, tuple[str, slice]]:
    """Where each projection lies: the layer of a block that holds it, and which rows are its own.

    `qkv_proj` holds q, k and v one below the other, `gate_up_proj` gate and up.
    """
    n_q, n_kv = config.n_heads * config.d_head, config.n_kv_heads * config.d_head
    f, d = config.d_ff, config.d_model
    return {
        "q_proj": ("attention.qkv_proj", slice(0, n_q)),
        "k_proj": ("attention.qkv_proj", slice(n_q, n_q + n_kv)),
        "v_proj": ("attention.qkv_proj", slice(n_q + n_kv, n_q + 2 * n_kv)),
        "o_proj": ("attention.o_proj", slice(0, d)),
        "gate_proj": ("ffn.gate_up_proj", slice(0, f)),
        "up_proj": ("ffn.gate_up_proj", slice(f, 2 * f)),
        "down_proj": ("ffn.down_proj", slice(0, d)),
    }


class Adapter(nn.Module):
    """The thin matrices of one projection.

    Args:
        weight: the rows of the frozen weight, (F, D).
        rows: which rows of its layer they are.
        rank: r.
        scale: s.
        use_dora: learn the length of each row of W' apart from its direction:
            W' = m (W + s B A) / |W + s B A| row by row, m = |W| at first.

    Source: arXiv:2106.09685, sec. 4.1; DoRA arXiv:2402.09353, eq. 5.
    """

    def __init__(self, weight: Tensor, rows: slice, rank: int, scale: float, use_dora: bool):
        super().__init__()
        self.rows, self.scale = rows, scale
        d_out, d_in = weight.shape
        place = {"device": weight.device, "dtype": torch.promote_types(weight.dtype, torch.float32)}
        self.a = nn.Parameter(torch.empty(rank, d_in, **place))
        self.b = nn.Parameter(torch.zeros(d_out, rank, **place))
        nn.init.kaiming_uniform_(self.a, a=math.sqrt(5))  # as nn.Linear begins, and peft
        self.magnitude = None
        if use_dora:
            self.magnitude = nn.Parameter(weight.detach().to(place["dtype"]).norm(dim=1))

    def delta(self) -> Float[Tensor, "F D"]:
        """s B A."""
        return self.scale * self.b @ self.a

    def merged(self, weight: Float[Tensor, "F D"]) -> Float[Tensor, "F D"]:
        """W' of these rows of the frozen weight, in its dtype."""
        moved = weight.to(self.a.dtype) + self.delta()
        if self.magnitude is not None:
            moved = moved * (self.magnitude / moved.norm(dim=1))[:, None]
        return moved.to(weight.dtype)

    def gain(self, weight: Float[Tensor, "F D"]) -> Float[Tensor, " F"]:
        """By what DoRA multiplies each output: m / |W + s B A|, row by row."""
        # The length counts as a constant for the gradient (arXiv:2402.09353, sec. 4.3).
        length = (weight.to(self.a.dtype) + self.delta()).detach().norm(dim=1)
        return self.magnitude / length


class LoraLinear(nn.Module):
    """A frozen linear layer with adapters for some of its rows.

    Args:
        base: the layer; its weight is what it was, bit for bit, whatever the adapters learn.
    """

    def __init__(self, base: nn.Module):
        super().__init__()
        self.base, self.adapters = base, nn.ModuleDict()

    @property
    def weight(self) -> Tensor:
        """W', made anew at each look."""
        weight = self.base.weight.detach().clone()
        for adapter in self.adapters.values():
            weight[adapter.rows] = adapter.merged(weight[adapter.rows])
        return weight

    def forward(self, x: Float[Tensor, "*batch D"]) -> Float[Tensor, "*batch F"]:
        """W' x, and W' is never made: two thin products beside W x, for all adapters at once."""
        y, adapters = self.base(x), self.adapters.values()
        n_rows = y.shape[-1]
        a = torch.cat([one.a for one in adapters])
        b = torch.cat([
            F.pad(one.scale * one.b, (0, 0, one.rows.start, n_rows - one.rows.stop))
            for one in adapters
        ], dim=1)  # fmt: skip
        y = y + x @ a.to(x.dtype).T @ b.to(x.dtype).T
        for one in adapters:
            if one.magnitude is not None:
                gain = torch.ones(n_rows, device=x.device, dtype=one.a.dtype)
                gain[one.rows] = one.gain(self.base.weight[one.rows])
                y = y * gain.to(y.dtype)
        return y


def add_lora(
    model: Llama,
    rank: int,
    alpha: float,
    targets: Sequence[str] = ("q_proj", "v_proj"),
    use_dora: bool = False,
    use_rslora: bool = False,
) -> None:
    """Freeze a model and give some of its projections adapters, in place.

    The frozen weights may be in bf16; the adapters are in fp32, where small updates count.

    Args:
        model: whose answers stay the same until the adapters are trained.
        rank: r, at least 1.
        alpha: the adapters count alpha / r.
        targets: of q_proj, k_proj, v_proj, o_proj, gate_proj, up_proj, down_proj.
        use_dora: as in `Adapter`.
        use_rslora: they count alpha / sqrt(r), so that a high rank still moves (arXiv:2312.03732).

    Raises:
        ValueError: if a number is out of range, a target is unknown or named twice, or the model
            has adapters.
    """
    known = projections(model.config)
    if rank < 1 or not alpha > 0:
        raise ValueError(f"{rank=} must be at least 1, and {alpha=} positive")
    if not targets or not set(targets) <= known.keys() or len(set(targets)) < len(targets):
        raise ValueError(f"targets={tuple(targets)} must be some of {', '.join(known)}, each once")
    if lora_layers(model):
        raise ValueError("the model has adapters: merge them first, or load it anew")
    model.requires_grad_(False)
    scale = alpha / math.sqrt(rank) if use_rslora else alpha / rank
    for block in model.blocks:
        for target in targets:
            path, rows = known[target]
            layer = block.get_submodule(path)
            if not isinstance(layer, LoraLinear):
                layer = LoraLinear(layer)
                block.set_submodule(path, layer)
            weight = layer.base.weight[rows]
            layer.adapters[target] = Adapter(weight, rows, rank, scale, use_dora)
    # What save_adapter has to tell.
    model.lora = {
        "r": rank, "lora_alpha": alpha, "target_modules": list(targets), "use_dora": use_dora,
        "use_rslora": use_rslora,
    }  # fmt: skip


def merge_lora(model: Llama) -> Callable[[], None]:
    """Write every adapter into its weight, in place: an ordinary model, as fast as before.

    A base in 4 bits becomes wide again, in fp32.

    Args:
        model: with adapters.

    Returns:
        A function that takes it back: the adapters return, and the weights as they were, bit for
        bit. (Subtracting s B A again would leave rounding behind.)

    Raises:
        ValueError: if there are no adapters.
    """
    layers = lora_layers(model)
    if not layers:
        raise ValueError("the model has no adapters to merge")
    for name, layer in layers.items():
        weight = layer.weight.detach()
        merged = Linear(weight.shape[1], weight.shape[0]).to(weight.device, weight.dtype)
        merged.weight = nn.Parameter(weight, requires_grad=False)
        model.set_submodule(name, merged)

    def unmerge() -> None:
        for name, layer in layers.items():
            model.set_submodule(name, layer)

    return unmerge


def remove_lora(model: Llama) -> None:
    """Take every adapter off, in place: the frozen model as it was."""
    for name, layer in lora_layers(model).items():
        model.set_submodule(name, layer.base)


def lora_layers(model: Llama) -> dict[str, LoraLinear]:
    """Every layer that has adapters, by its name."""
    return {name: layer for name, layer in model.named_modules() if isinstance(layer, LoraLinear)}
