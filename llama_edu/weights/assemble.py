"""From named tensors of any format to a `Llama`: all of them or a clear error, nothing half.

Every format is one table from the name of a part ("q", "gate", "norm", ...) to the name that the
format gives it, with {} where the layer's number goes.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from llama_edu.config import ModelConfig
from llama_edu.model.llama import Llama
from llama_edu.reading import shown

MAX_LAYERS = 10_000  # a damaged file may state milliards, and a list of their tensors takes hours
MAX_LISTED = 8  # names of wrong tensors shown in an error before "and N more"


@dataclass(frozen=True)
class StoredTensor:
    """A tensor in a file: its shape at once, its numbers when asked for."""

    shape: tuple[int, ...]
    load: Callable[[], Tensor]


def part_shapes(config: ModelConfig) -> dict[str, tuple[int, ...]]:
    """Shape of every part as files store it, W as (out, in), but those of experts (E, in, out)."""
    d_model, d_ff, vocab_size = config.d_model, config.d_ff, config.vocab_size
    d_q, d_kv = config.n_heads * config.d_head, config.n_kv_heads * config.d_head
    experts = {}
    if config.experts is not None:
        n_experts, d_expert = config.experts.n_experts, config.experts.d_ff
        experts = {
            "router": (n_experts, d_model),
            "experts_gate_up": (n_experts, d_model, 2 * d_expert),
            "experts_down": (n_experts, d_expert, d_model),
            "shared_gate": (d_expert, d_model),
            "shared_up": (d_expert, d_model),
            "shared_down": (d_model, d_expert),
        }
    return experts | {
        "embedding": (vocab_size, d_model),
        "attention_norm": (d_model,),
        "q": (d_q, d_model),
        "k": (d_kv, d_model),
        "v": (d_kv, d_model),
        "o": (d_model, d_q),
        "ffn_norm": (d_model,),
        "gate": (d_ff, d_model),
        "up": (d_ff, d_model),
        "down": (d_model, d_ff),
        "norm": (d_model,),
        "output": (vocab_size, d_model),
    }


# Our parameters, and the parts that each is stacked from.
_ATTENTION = {
    "attention_norm.gain": ("attention_norm",),
    "attention.qkv_proj.weight": ("q", "k", "v"),
    "attention.o_proj.weight": ("o",),
    "ffn_norm.gain": ("ffn_norm",),
}
_FFN = {"ffn.gate_up_proj.weight": ("gate", "up"), "ffn.down_proj.weight": ("down",)}
_EXPERTS = {
    "ffn.router.weight": ("router",),
    "ffn.experts.gate_up_proj": ("experts_gate_up",),
    "ffn.experts.down_proj": ("experts_down",),
}
_SHARED = {
    "ffn.shared.gate_up_proj.weight": ("shared_gate", "shared_up"),
    "ffn.shared.down_proj.weight": ("shared_down",),
}
_ENDS = {"embedding.weight": ("embedding",), "norm.gain": ("norm",), "output.weight": ("output",)}


def parameters(config: ModelConfig) -> dict[str, list[tuple[str, int]]]:
    """Each of our parameters and the (part, layer) pairs it is stacked from, top to bottom."""
    ends = {name: [(part, 0) for part in parts] for name, parts in _ENDS.items()}
    if config.tie_embeddings:
        del ends["output.weight"]
    blocks = {
        f"blocks.{layer}.{name}": [(part, layer) for part in parts]
        for layer in range(config.n_layers)
        for name, parts in _block(config, layer).items()
    }
    return ends | blocks


def _block(config: ModelConfig, layer: int) -> dict[str, tuple[str, ...]]:
    if not config.has_experts(layer):
        return _ATTENTION | _FFN
    return _ATTENTION | _EXPERTS | (_SHARED if config.experts.has_shared else {})


def check(
    stored: Mapping[str, StoredTensor],
    config: ModelConfig,
    table: Mapping[str, str],
    where: Path,
    ignore: Callable[[str], bool] = lambda name: False,
) -> None:
    """Raise one ValueError that lists every missing, surplus and wrongly shaped tensor."""
    shapes = part_shapes(config)
    wanted = {
        table[part].format(layer): shapes[part]
        for sources in parameters(config).values()
        for part, layer in sources
    }
    surplus = [name for name in stored if name not in wanted and not ignore(name)]
    problems = [
        ("missing", [name for name in wanted if name not in stored]),
        ("unknown", surplus),
        (
            "wrongly shaped",
            [
                f"{name} is {stored[name].shape}, expected {shape}"
                for name, shape in wanted.items()
                if name in stored and stored[name].shape != shape
            ],
        ),
    ]
    found = [f"{len(names)} {kind}: {_shorten(names)}" for kind, names in problems if names]
    if found:
        raise ValueError(f"{where} does not hold the tensors of its config; " + "; ".join(found))


def _shorten(names: list[str]) -> str:
    more = f" and {len(names) - MAX_LISTED} more" if len(names) > MAX_LISTED else ""
    return ", ".join(names[:MAX_LISTED]) + more


def check_dtype(dtype: Any) -> None:
    """Raise ValueError if weights cannot be of this dtype."""
    if not isinstance(dtype, torch.dtype) or not dtype.is_floating_point:
        raise ValueError(f"dtype must be of floating point, as torch.float32, got {shown(dtype)}")


def build(
    config: ModelConfig, load_part: Callable[[str, int], Tensor], dtype: torch.dtype
) -> Llama:
    """Make a model and fill it with `load_part(part, layer)`, cast to `dtype`."""
    with torch.device("meta"):  # shapes only: random weights that nobody reads cost time
        model = Llama(config)
    state = {
        name: torch.cat([load_part(part, layer).to(dtype) for part, layer in sources])
        for name, sources in parameters(config).items()
    }
    if config.tie_embeddings:
        state["output.weight"] = state["embedding.weight"]
    model.load_state_dict(state, assign=True)
    if config.tie_embeddings:  # assigning made two parameters of the one tensor
        model.output.weight = model.embedding.weight
    return model.eval()


def parts_of(model: Llama) -> dict[tuple[str, int], Tensor]:
    """Take a model apart again: (part, layer) -> tensor, views of its parameters."""
    if not isinstance(model, Llama):
        raise ValueError(f"model must be a Llama, got {type(model).__name__}")
    shapes, state, parts = part_shapes(model.config), model.state_dict(), {}
    for name, sources in parameters(model.config).items():
        rows = [shapes[part][0] for part, _ in sources]
        parts |= zip(sources, state[name].split(rows), strict=True)
    return parts
