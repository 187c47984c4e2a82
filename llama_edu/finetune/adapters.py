"""Adapters on disk, as peft keeps them: its folders are read here, and ours there."""

import json
from collections.abc import Iterator
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from llama_edu.finetune.lora import ATTENTION, Adapter, add_lora, lora_layers, remove_lora
from llama_edu.model.llama import Llama
from llama_edu.model.rope import interleave_rows, split_rows
from llama_edu.writing import write_whole

CONFIG, WEIGHTS = "adapter_config.json", "adapter_model.safetensors"
# What would change the numbers, and must be absent or neutral.
NEUTRAL = {
    "bias": "none", "fan_in_fan_out": False, "lora_bias": False, "rank_pattern": {},
    "alpha_pattern": {}, "modules_to_save": None, "layers_to_transform": None,
    "layer_replication": None, "target_parameters": None, "use_qalora": False,
}  # fmt: skip


def save_adapter(model: Llama, folder: str | Path) -> Path:
    """Write the adapters alone, some megabytes beside gigabytes.

    Args:
        model: with adapters.
        folder: made if need be; both files are replaced whole.

    Returns:
        The folder.

    Raises:
        ValueError: if the model has no adapters.
    """
    if not lora_layers(model):
        raise ValueError("the model has no adapters to save")
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {
        name: _moved(tensor.detach(), rows_of, split_rows).contiguous()
        for name, tensor, rows_of in _tensors(model)
    }
    config = model.lora | NEUTRAL | {
        "peft_type": "LORA", "task_type": "CAUSAL_LM", "base_model_name_or_path": None,
        "lora_dropout": 0.0, "inference_mode": True, "init_lora_weights": True,
    }  # fmt: skip
    part = folder / f"{WEIGHTS}.part"
    save_file(tensors, part, metadata={"format": "pt"})
    part.replace(folder / WEIGHTS)
    write_whole(folder / CONFIG, json.dumps(config, indent=2))
    return folder


def load_adapter(model: Llama, folder: str | Path) -> None:
    """Give a model the adapters of a folder, in place.

    Args:
        model: without adapters, of the shape that they were trained on.
        folder: peft's, or of `save_adapter`.

    Raises:
        FileNotFoundError: if there is no such folder.
        ValueError: if it holds another kind of adapter, or tensors of other names or shapes.
    """
    folder = Path(folder)
    for name in (CONFIG, WEIGHTS):
        if not (folder / name).is_file():
            raise FileNotFoundError(f"there is no {name} in {folder}")
    try:
        config = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
        stored = load_file(folder / WEIGHTS)
        if config["peft_type"] != "LORA":
            raise ValueError(f"its peft_type is {config['peft_type']}, must be LORA")
        for key, neutral in NEUTRAL.items():
            if config.get(key, neutral) not in (neutral, None):
                raise ValueError(f"its {key} is {config[key]!r}, which is not read here")
        settings = (
            int(config["r"]), float(config["lora_alpha"]), sorted(config["target_modules"]),
            bool(config.get("use_dora")), bool(config.get("use_rslora")),
        )  # fmt: skip
        add_lora(model, *settings)
    except Exception as error:
        raise ValueError(f"{folder} cannot be read as an adapter: {error}") from None
    wanted = {name: (tensor, rows_of) for name, tensor, rows_of in _tensors(model)}
    wrong = sorted(stored.keys() ^ wanted.keys())
    wrong += [name for name in stored.keys() & wanted.keys()
              if stored[name].shape != wanted[name][0].shape]  # fmt: skip
    if wrong:
        remove_lora(model)
        raise ValueError(
            f"{folder} does not fit the model: {len(wrong)} tensors are missing, too many or of "
            f"another shape, such as {wrong[0]}"
        )
    with torch.no_grad():
        for name, (tensor, rows_of) in wanted.items():
            tensor.copy_(_moved(stored[name], rows_of, interleave_rows))


def _tensors(model: Llama) -> Iterator[tuple[str, Tensor, int]]:
    """peft's name of each tensor, the tensor, and by how many heads its rows are turned (or 0)."""
    n_heads = {"q_proj": model.config.n_heads, "k_proj": model.config.n_kv_heads}
    for layer, block in enumerate(model.blocks):
        for part in lora_layers(block).values():
            for target, adapter in part.adapters.items():
                room = "self_attn" if target in ATTENTION else "mlp"
                path = f"base_model.model.model.layers.{layer}.{room}.{target}"
                yield from _named(adapter, path, n_heads.get(target, 0))


def _named(adapter: Adapter, path: str, n_heads: int) -> Iterator[tuple[str, Tensor, int]]:
    yield f"{path}.lora_A.weight", adapter.a, 0
    yield f"{path}.lora_B.weight", adapter.b, n_heads
    if adapter.magnitude is not None:
        yield f"{path}.lora_magnitude_vector", adapter.magnitude, n_heads


def _moved(tensor: Tensor, n_heads: int, reorder) -> Tensor:
    """Rows of q and k in the other layout of RoPE's pairs."""
    if not n_heads:
        return tensor
    return reorder(tensor.unsqueeze(-1).flatten(1), n_heads).view(tensor.shape)
