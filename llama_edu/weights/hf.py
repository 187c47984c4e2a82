"""Hugging Face checkpoints: a folder with config.json and one or many .safetensors files."""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor

from llama_edu.config import ModelConfig
from llama_edu.model.llama import Llama
from llama_edu.model.rope import interleave_rows, split_rows
from llama_edu.reading import Settings, as_path, broken_link, read_object, reading
from llama_edu.weights import assemble, llama4
from llama_edu.weights.assemble import StoredTensor
from llama_edu.weights.hf_config import hf_settings, read_hf_config

NAMES = {
    "embedding": "model.embed_tokens.weight",
    "attention_norm": "model.layers.{}.input_layernorm.weight",
    "q": "model.layers.{}.self_attn.q_proj.weight",
    "k": "model.layers.{}.self_attn.k_proj.weight",
    "v": "model.layers.{}.self_attn.v_proj.weight",
    "o": "model.layers.{}.self_attn.o_proj.weight",
    "ffn_norm": "model.layers.{}.post_attention_layernorm.weight",
    "gate": "model.layers.{}.mlp.gate_proj.weight",
    "up": "model.layers.{}.mlp.up_proj.weight",
    "down": "model.layers.{}.mlp.down_proj.weight",
    "norm": "model.norm.weight",
    "output": "lm_head.weight",
}


def load_hf(folder: str | Path, dtype: torch.dtype = torch.float32) -> Llama:
    """Read a LLaMA-shaped Hugging Face folder: Llama 1 to 4, SmolLM2 and their like.

    Of Llama 4 only the text model is read.

    Args:
        folder: holds config.json and model.safetensors, or shards with an index.
        dtype: of the weights in memory.

    Raises:
        FileNotFoundError: if config.json or the weights are not there.
        ValueError: if the config asks for what a LLaMA has not, or tensors are missing, unknown
            or wrongly shaped (all of them are listed).
    """
    folder = as_path(folder)
    assemble.check_dtype(dtype)
    config = read_hf_config(folder)
    stored = _stored_tensors(folder)
    names = NAMES
    if llama4.is_needed_for(config):
        names, stored = llama4.NAMES, llama4.text_tensors(stored)
    check_tied_output(stored, config, folder, names)
    # Old conversions kept the rotary frequencies, which the config already determines.
    assemble.check(
        stored, config, names, folder, ignore=lambda name: name.endswith("rotary_emb.inv_freq")
    )

    def load_part(part, layer):
        return _turned(stored[names[part].format(layer)].load(), part, config, interleave_rows)

    return assemble.build(config, load_part, dtype)


def _turned(weight: Tensor, part: str, config: ModelConfig, turn: Callable) -> Tensor:
    """A part between Hugging Face's layout and ours; `turn` is for the rows of q and k."""
    if llama4.is_needed_for(config):  # its q and k are interleaved as ours are
        return weight.mT if part in llama4.TRANSPOSED else weight
    n_heads = {"q": config.n_heads, "k": config.n_kv_heads}
    return turn(weight, n_heads[part]) if part in n_heads else weight


def check_tied_output(
    stored: dict[str, StoredTensor], config: ModelConfig, where: Path, names: dict[str, str]
) -> None:
    """Drop an output layer that repeats a tied embedding; refuse one that contradicts it.

    Of two names for one tensor, `save_model` of safetensors keeps the output's.
    """
    if config.tie_embeddings and names["output"] in stored:
        stored.setdefault(names["embedding"], stored[names["output"]])
        output, embedding = (stored[names[part]].load() for part in ("output", "embedding"))
        if not torch.equal(output, embedding):
            raise ValueError(
                f"{where} says that its embeddings are tied, "
                f"but {names['output']} differs from {names['embedding']}"
            )
        del stored[names["output"]]


def _is_file_name(name: Any) -> bool:
    return (
        isinstance(name, str)
        and 0 < len(name.encode("utf-8", "replace")) < 256
        and (Path(name).name == name)
    )


def _stored_tensors(folder: Path) -> dict[str, StoredTensor]:
    whole, index = folder / "model.safetensors", folder / "model.safetensors.index.json"
    if whole.exists():  # it comes first, as in transformers: shards beside it are of another save
        files = [whole]
    elif index.exists():
        names = Settings(read_object(index), index).part("weight_map").values.values()
        if not names or not all(_is_file_name(n) for n in names):
            raise ValueError(f"{index}: weight_map must map each tensor to the name of a file")
        files = [folder / name for name in sorted(set(names))]
    else:
        files = sorted(folder.glob("*.safetensors"))
    absent = [f"{file.name}{broken_link(file)}" for file in files if not file.exists()]
    if absent or not files:
        what = ", ".join(absent) or "*.safetensors"
        raise FileNotFoundError(f"{folder} has no {what} (pickled .bin weights are not read)")
    stored = {}
    for file in files:
        with reading(file), safe_open(file, framework="pt") as opened:
            for name in opened.keys():  # noqa: SIM118 (safe_open is no mapping)
                shape = tuple(opened.get_slice(name).get_shape())
                stored[name] = StoredTensor(shape, partial(_read, file, name))
    return stored


def _read(file: Path, name: str) -> Tensor:
    """Read one tensor; the file is let go at once, so that its bytes do not stay in memory."""
    with reading(file), safe_open(file, framework="pt") as opened:
        tensor = opened.get_tensor(name)
        if not tensor.is_floating_point():
            raise ValueError(f"{name} holds {tensor.dtype}, expected floating-point numbers")
        return tensor


def save_hf(model: Llama, folder: str | Path, dtype: torch.dtype | None = None) -> Path:
    """Write config.json and model.safetensors; transformers loads them with the same logits.

    Args:
        model: to write.
        folder: made if need be; both files are replaced whole, never left half written.
        dtype: of the stored weights; the model's own if None.

    Returns:
        The folder.
    """
    folder, parts = as_path(folder), assemble.parts_of(model)
    if dtype is not None:
        assemble.check_dtype(dtype)
    folder.mkdir(parents=True, exist_ok=True)
    config, tensors = model.config, {}
    names = llama4.NAMES if llama4.is_needed_for(config) else NAMES
    for (part, layer), tensor in parts.items():
        weight = _turned(tensor.detach(), part, config, split_rows)
        tensors[names[part].format(layer)] = weight.to("cpu", dtype).contiguous()
    weights_part, config_part = folder / "model.safetensors.part", folder / "config.json.part"
    save_file(tensors, weights_part, metadata={"format": "pt"})
    settings = hf_settings(config, str(dtype or model.embedding.weight.dtype))
    config_part.write_text(json.dumps(settings, indent=2) + "\n", encoding="utf-8")
    weights_part.replace(folder / "model.safetensors")
    config_part.replace(folder / "config.json")
    return folder
