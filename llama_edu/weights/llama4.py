"""Llama 4's text model as Hugging Face spells it: its names, and its settings both ways."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from llama_edu.config import Experts, LocalLayers, ModelConfig
from llama_edu.reading import Settings
from llama_edu.weights.assemble import StoredTensor

_LAYER, _FFN = "model.layers.{}.", "model.layers.{}.feed_forward."
NAMES = {
    "embedding": "model.embed_tokens.weight",
    "attention_norm": f"{_LAYER}input_layernorm.weight",
    "q": f"{_LAYER}self_attn.q_proj.weight",
    "k": f"{_LAYER}self_attn.k_proj.weight",
    "v": f"{_LAYER}self_attn.v_proj.weight",
    "o": f"{_LAYER}self_attn.o_proj.weight",
    "ffn_norm": f"{_LAYER}post_attention_layernorm.weight",
    "gate": f"{_FFN}gate_proj.weight",
    "up": f"{_FFN}up_proj.weight",
    "down": f"{_FFN}down_proj.weight",
    "router": f"{_FFN}router.weight",
    "experts_gate_up": f"{_FFN}experts.gate_up_proj",
    "experts_down": f"{_FFN}experts.down_proj",
    "shared_gate": f"{_FFN}shared_expert.gate_proj.weight",
    "shared_up": f"{_FFN}shared_expert.up_proj.weight",
    "shared_down": f"{_FFN}shared_expert.down_proj.weight",
    "norm": "model.norm.weight",
    "output": "lm_head.weight",
}
TRANSPOSED = ("experts_gate_up", "experts_down")  # (E, in, out) there, (E, out, in) here


def is_needed_for(config: ModelConfig) -> bool:
    """Whether a model has what only Llama 4's format can hold."""
    return config.experts is not None or config.local is not None


def text_tensors(stored: Mapping[str, StoredTensor]) -> dict[str, StoredTensor]:
    """Those of the text model, by its own names; a model that also sees keeps them apart."""
    if not any(name.startswith("language_model.") for name in stored):
        return dict(stored)
    return {
        name.removeprefix("language_model."): tensor
        for name, tensor in stored.items()
        if name.startswith("language_model.")
    }


def read_config(config: ModelConfig, settings: Settings) -> ModelConfig:
    """Add to what every LLaMA has what Llama 4 has beyond it.

    Args:
        config: as the settings would be read for a Llama 3.
        settings: of the text model; what they leave out is as in transformers' own defaults.

    Raises:
        ValueError: if layers of a kind do not come at even steps.
    """
    n_layers, path = config.n_layers, settings.path
    step = settings.whole("interleave_moe_layer_step", 1)
    with_experts = settings.wholes("moe_layers", None)
    if with_experts is None:
        with_experts = list(range(step - 1, n_layers, step))
    uses_rope = settings.wholes("no_rope_layers", None)  # 1 where a layer *has* RoPE
    interval = settings.whole("no_rope_layer_interval", 4)
    if not uses_rope:
        uses_rope = [int((layer + 1) % interval != 0) for layer in range(n_layers)]
    chunk_size = settings.whole("attention_chunk_size", None)
    if settings.missing("attention_chunk_size"):
        chunk_size = 8192
    has_temperature = settings.values.get("attn_temperature_tuning", True)  # Scout's says 4
    read = replace(
        config,
        d_ff=settings.whole("intermediate_size_mlp", 16_384),
        experts=Experts(
            n_experts=settings.whole("num_local_experts", 16),
            d_ff=settings.whole("intermediate_size"),
            n_active=settings.whole("num_experts_per_tok", 1),
            layer_step=with_experts[0] + 1,
        )
        if with_experts
        else None,
        local=LocalLayers(
            chunk_size=chunk_size or config.max_seq_len,
            global_step=uses_rope.index(0) + 1 if 0 in uses_rope else n_layers + 1,
            has_qk_norm=settings.flag("use_qk_norm", True),
            temperature_scale=settings.number("attn_scale", 0.1) if has_temperature else 0.0,
            temperature_floor=settings.whole("floor_scale", 8192),
        ),
    )
    layers = range(n_layers)
    if with_experts != [layer for layer in layers if read.has_experts(layer)]:
        raise ValueError(f"{path}: moe_layers must come at even steps, got {with_experts}")
    if [bool(has_rope) for has_rope in uses_rope] != [read.is_local(layer) for layer in layers]:
        raise ValueError(f"{path}: no_rope_layers must come at even steps, got {uses_rope}")
    kinds = ["chunked_attention" if has_rope else "full_attention" for has_rope in uses_rope]
    if settings.values.get("layer_types") not in (kinds, None):
        raise ValueError(f"{path}: layer_types must be chunked where there is RoPE, full elsewhere")
    return read


def settings(config: ModelConfig) -> dict[str, Any]:
    """What config.json says of a Llama 4 beyond what it says of every LLaMA.

    Raises:
        ValueError: if the format has no place for something in the config.
    """
    experts, local, layers = config.experts, config.local, range(config.n_layers)
    if experts is not None and (
        experts.router != "sigmoid" or not experts.has_shared or experts.capacity_factor is not None
    ):
        raise ValueError(
            "Llama 4's format holds experts with a shared one, sigmoids and no capacity, "
            f"got {experts}"
        )
    has_rope = [int(local is None or config.is_local(layer)) for layer in layers]
    return {
        "architectures": ["Llama4ForCausalLM"],
        "model_type": "llama4_text",
        "intermediate_size": experts.d_ff if experts else config.d_ff,
        "intermediate_size_mlp": config.d_ff,
        "moe_layers": [layer for layer in layers if config.has_experts(layer)],
        "num_local_experts": experts.n_experts if experts else 1,
        "num_experts_per_tok": experts.n_active if experts else 1,
        "no_rope_layers": has_rope,
        "layer_types": ["chunked_attention" if rope else "full_attention" for rope in has_rope],
        "attention_chunk_size": local.chunk_size if local else config.max_seq_len,
        "use_qk_norm": local is not None and local.has_qk_norm,
        "attn_temperature_tuning": local is not None and local.temperature_scale > 0,
        "attn_scale": local.temperature_scale if local else 0.0,
        "floor_scale": local.temperature_floor if local else 8192,
    }
