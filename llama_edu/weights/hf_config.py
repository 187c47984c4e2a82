"""Hugging Face's config.json: read as a `ModelConfig`, and written from one."""

from pathlib import Path

from llama_edu.config import LinearRopeScaling, ModelConfig, RopeScaling
from llama_edu.reading import Settings, read_object, reading
from llama_edu.weights import llama4
from llama_edu.weights.assemble import MAX_LAYERS


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
    # Where both are there, transformers reads the older one.
    rope = settings.part("rope_scaling" if settings.has("rope_scaling") else "rope_parameters")
    theta = settings.number("rope_theta", None)
    if theta is None:
        theta = 500_000.0 if is_llama4 else 10_000.0
    config = ModelConfig(
        vocab_size=settings.whole("vocab_size"),
        d_model=settings.whole("hidden_size"),
        n_layers=settings.whole("num_hidden_layers", most=MAX_LAYERS),
        n_heads=n_heads,
        n_kv_heads=n_kv_heads,
        d_ff=settings.whole("intermediate_size"),
        max_seq_len=max_seq_len,
        rope_theta=rope.number("rope_theta", theta),
        rope_scaling=_read_rope_scaling(rope, settings, max_seq_len),
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


def _read_rope_scaling(
    rope: Settings, settings: Settings, max_seq_len: int
) -> RopeScaling | LinearRopeScaling | None:
    path = rope.path
    kind = rope.text("rope_type", None) or rope.text("type", None) or "default"
    if rope.number("partial_rotary_factor", 1.0) != 1:
        raise ValueError(f"{path}: partial_rotary_factor must be 1: all of a head turns")
    if kind == "default":
        return None
    names = {
        "linear": ("factor",),
        "llama3": ("factor", "low_freq_factor", "high_freq_factor"),
    }
    if kind not in names:
        raise ValueError(
            f"{path}: rope_type must be 'default', 'linear' or 'llama3', got {kind!r}: "
            "the model would turn its heads by other angles than it was trained with"
        )
    if missing := [name for name in names[kind] if name not in rope.values]:
        raise ValueError(f"{path}: {kind} scaling lacks {', '.join(missing)}")
    if kind == "linear":
        return LinearRopeScaling(factor=rope.number("factor"))
    original = "original_max_position_embeddings"  # may stand outside, which goes first
    stated = settings.whole(original, None) or rope.whole(original, None)
    return RopeScaling(
        factor=rope.number("factor"),
        low_freq_factor=rope.number("low_freq_factor"),
        high_freq_factor=rope.number("high_freq_factor"),
        original_max_seq_len=stated or max_seq_len,
    )


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
