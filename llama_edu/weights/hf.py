"""Hugging Face checkpoints: a folder with config.json and one or many .safetensors files."""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor

from llama_edu.config import LinearRopeScaling, ModelConfig, RopeScaling
from llama_edu.model.llama import Llama
from llama_edu.model.rope import interleave_rows, split_rows
from llama_edu.reading import Settings, as_path, read_object, reading
from llama_edu.weights import assemble, llama4
from llama_edu.weights.assemble import MAX_LAYERS, StoredTensor

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
    """Drop an output layer that repeats a tied embedding; refuse one that contradicts it."""
    if config.tie_embeddings and names["output"] in stored:
        output, embedding = (stored[names[part]].load() for part in ("output", "embedding"))
        if not torch.equal(output, embedding):
            raise ValueError(
                f"{where} says that its embeddings are tied, "
                f"but {names['output']} differs from {names['embedding']}"
            )
        del stored[names["output"]]


def _stored_tensors(folder: Path) -> dict[str, StoredTensor]:
    whole, index = folder / "model.safetensors", folder / "model.safetensors.index.json"
    if whole.exists():  # it comes first, as in transformers: shards beside it are of another save
        files = [whole]
    elif index.exists():
        names = Settings(read_object(index), index).part("weight_map").values.values()
        if not names or not all(isinstance(n, str) and n and Path(n).name == n for n in names):
            raise ValueError(f"{index}: weight_map must map each tensor to the name of a file")
        files = [folder / name for name in sorted(set(names))]
    else:
        files = sorted(folder.glob("*.safetensors"))
    absent = [file.name for file in files if not file.exists()]
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


def read_hf_config(folder: str | Path) -> ModelConfig:
    """Read config.json as a `ModelConfig`.

    Both spellings of the rotary settings are read: `rope_theta` with `rope_scaling`
    (transformers 4) and `rope_parameters` (transformers 5).

    Raises:
        FileNotFoundError: if there is no config.json.
        ValueError: naming the setting that a LLaMA has not.
    """
    path = Path(folder) / "config.json"
    if not path.exists():
        raise FileNotFoundError(f"{folder} has no config.json, so it is no Hugging Face checkpoint")
    with reading(path):
        return _read_config(Settings(read_object(path), path))


def _read_config(settings: Settings) -> ModelConfig:
    path, kind = settings.path, settings.text("model_type", None)
    is_llama4 = kind in ("llama4", "llama4_text")
    if is_llama4 and "text_config" in settings.values:
        settings = settings.part("text_config")
    _refuse_others(settings)
    is_mistral = kind == "mistral"
    max_seq_len = settings.whole("max_position_embeddings", 131_072 if is_mistral else 2048)
    # Mistral's first model is a LLaMA with a window over the past; Mistral Nemo has none.
    window = settings.whole("sliding_window", None) if is_mistral else None
    if is_mistral and "sliding_window" not in settings.values:
        window = 4096
    if window is not None and window < max_seq_len:
        raise ValueError(
            f"{path}: sliding_window must be null for a LLaMA, got {window}: "
            f"its tokens would not see all {max_seq_len} before them"
        )
    n_heads = settings.whole("num_attention_heads")
    n_kv_heads = settings.whole("num_key_value_heads", None)
    if n_kv_heads is None:
        n_kv_heads = 8 if is_mistral and settings.missing("num_key_value_heads") else n_heads
    rope = settings.part("rope_parameters" if settings.has("rope_parameters") else "rope_scaling")
    theta = settings.number("rope_theta", None)
    config = ModelConfig(
        vocab_size=settings.whole("vocab_size"),
        d_model=settings.whole("hidden_size"),
        n_layers=settings.whole("num_hidden_layers", most=MAX_LAYERS),
        n_heads=n_heads,
        n_kv_heads=n_kv_heads,
        d_ff=settings.whole("intermediate_size"),
        max_seq_len=max_seq_len,
        rope_theta=rope.number("rope_theta", 10_000.0 if theta is None else theta),
        rope_scaling=_read_rope_scaling(rope),
        d_head=settings.whole("head_dim", None),
        norm_eps=settings.number("rms_norm_eps", 1e-6),  # transformers' own default
        tie_embeddings=settings.flag("tie_word_embeddings", False),
    )
    return llama4.read_config(config, settings) if is_llama4 else config


# Settings of config.json that a LLaMA has in one way; null and none at all stand for it.
_ONE_WAY = {
    "model_type": ("llama", "mistral", "llama4_text"),
    "hidden_act": ("silu", "swish"),
    "attention_bias": (False,),
    "mlp_bias": (False,),
    "partial_rotary_factor": (1.0,),
}


def _refuse_others(settings: Settings) -> None:
    path, values = settings.path, settings.values
    needed = ("vocab_size", "hidden_size", "num_hidden_layers", "num_attention_heads",
              "intermediate_size")  # fmt: skip
    if missing := settings.missing(*needed):
        raise ValueError(f"{path} lacks {', '.join(missing)}")
    for name, good in _ONE_WAY.items():
        if (found := values.get(name)) is not None and found not in good:
            hint = ": take a LLaMA, or a model of its shape" if name == "model_type" else ""
            raise ValueError(
                f"{path}: {name} must be {good[0]!r} for a LLaMA, got {found!r:.80}{hint}"
            )
    for name in ("quantization_config", "quantization"):
        if values.get(name):
            raise ValueError(
                f"{path}: the weights are quantized, as its {name} says: {values[name]!r:.80}; "
                "take the checkpoint that this one was made from, or a GGUF file of it"
            )


def _read_rope_scaling(rope: Settings) -> RopeScaling | LinearRopeScaling | None:
    path = rope.path
    kind = rope.text("rope_type", None) or rope.text("type", None) or "default"
    if rope.number("partial_rotary_factor", 1.0) != 1:
        raise ValueError(f"{path}: partial_rotary_factor must be 1: all of a head turns")
    if kind == "default":
        return None
    names = {
        "linear": ("factor",),
        "llama3": ("factor", "low_freq_factor", "high_freq_factor",
                   "original_max_position_embeddings"),
    }  # fmt: skip
    if kind not in names:
        raise ValueError(
            f"{path}: rope_type must be 'default', 'linear' or 'llama3', got {kind!r}: "
            "the model would turn its heads by other angles than it was trained with"
        )
    if missing := [name for name in names[kind] if name not in rope.values]:
        raise ValueError(f"{path}: {kind} scaling lacks {', '.join(missing)}")
    if kind == "linear":
        return LinearRopeScaling(factor=rope.number("factor"))
    return RopeScaling(
        factor=rope.number("factor"),
        low_freq_factor=rope.number("low_freq_factor"),
        high_freq_factor=rope.number("high_freq_factor"),
        original_max_seq_len=rope.whole("original_max_position_embeddings"),
    )


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


def hf_settings(config: ModelConfig, dtype: str) -> dict:
    """The contents of config.json, in the spelling that transformers 4 and 5 both read."""
    settings = {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "vocab_size": config.vocab_size,
        "hidden_size": config.d_model,
        "num_hidden_layers": config.n_layers,
        "num_attention_heads": config.n_heads,
        "num_key_value_heads": config.n_kv_heads,
        "head_dim": config.d_head,
        "intermediate_size": config.d_ff,
        "hidden_act": "silu",
        "max_position_embeddings": config.max_seq_len,
        "rms_norm_eps": config.norm_eps,
        "rope_theta": config.rope_theta,
        "rope_scaling": _rope_settings(config.rope_scaling),
        "attention_bias": False,
        "mlp_bias": False,
        "tie_word_embeddings": config.tie_embeddings,
        "torch_dtype": dtype.removeprefix("torch."),
    }
    return settings | llama4.settings(config) if llama4.is_needed_for(config) else settings


def _rope_settings(scaling: RopeScaling | LinearRopeScaling | None) -> dict | None:
    if scaling is None:
        return None
    if isinstance(scaling, LinearRopeScaling):
        return {"rope_type": "linear", "factor": scaling.factor}
    return {
        "rope_type": "llama3",
        "factor": scaling.factor,
        "low_freq_factor": scaling.low_freq_factor,
        "high_freq_factor": scaling.high_freq_factor,
        "original_max_position_embeddings": scaling.original_max_seq_len,
    }
