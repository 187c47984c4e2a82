"""The metadata of a GGUF file: what is obeyed, and what must say nothing, or it is refused by name.

Source: llama.cpp, src/llama-arch.cpp and `load_hparams` in src/llama-model.cpp.
"""

import math
from pathlib import Path
from typing import Any

from llama_edu.config import ModelConfig
from llama_edu.gguf_file import split_part
from llama_edu.reading import Settings
from llama_edu.weights.assemble import StoredTensor

EMBEDDING = "token_embd.weight"

# The keys of "llama." that are obeyed, and those that say nothing beyond them: how many rows the
# embedding has, what YaRN or another norm would need.
OBEYED = {
    "context_length", "embedding_length", "block_count", "feed_forward_length",
    "attention.head_count", "attention.head_count_kv", "attention.key_length",
    "attention.value_length", "attention.layer_norm_rms_epsilon", "rope.dimension_count",
    "rope.freq_base", "rope.scaling.type", "rope.scaling.factor", "rope.scale_linear",
}  # fmt: skip
IDLE = {
    "vocab_size", "attention.layer_norm_epsilon", "rope.scaling.original_context_length",
    "rope.scaling.finetuned", "rope.scaling.yarn_beta_fast", "rope.scaling.yarn_beta_slow",
}  # fmt: skip
# Every other key changes the arithmetic, or is not known to change nothing: it must be absent, or
# have one of these values. Where a key is not listed here, they are NOTHING.
NOTHING = (0, "", [])
NEUTRAL = {
    "attention.causal": (True,),
    "tensor_data_layout": ("", "Meta AI original pth"),  # rows of q and k interleaved, as always
    "logit_scale": (0, 1),
    "residual_scale": (0, 1),
    "embedding_scale": (0, 1),
    "attention.output_scale": (0, 1),
    "rope.scaling.attn_factor": (1,),
    "rope.scaling.yarn_attn_factor": (1,),
    "rope.scaling.yarn_ext_factor": (0, -1),
}


def refuse_others(metadata: dict[str, Any], stored: dict[str, StoredTensor], file: Path) -> None:
    """Say what a GGUF file is that is not the whole of a dense LLaMA, and what to do."""
    if (kind := metadata.get("general.type", "model")) != "model":
        raise ValueError(f"{file} holds no model: its general.type is {kind!r}")
    if part := split_part(metadata):
        raise ValueError(f"{file} {part}")
    if (architecture := metadata.get("general.architecture")) != "llama":
        raise ValueError(
            f"{file} is of architecture {architecture!r}, expected 'llama': take a LLaMA, or a "
            "model of its shape, such as SmolLM2"
        )
    if not stored:
        raise ValueError(
            f"{file} holds a vocabulary and no weights: fetch the file of the whole model"
        )
    if n_experts := metadata.get("llama.expert_count"):
        raise ValueError(
            f"{file} is a mixture of {n_experts} experts (llama.expert_count), and a GGUF file is "
            "read only where a model is dense: take another, or a Hugging Face folder of Llama 4"
        )
    if EMBEDDING not in stored:
        raise ValueError(f"{file} lacks the tensor {EMBEDDING}")


def one_for_all_layers(metadata: dict[str, Any]) -> dict[str, Any]:
    """The keys of "llama." without it; a list of one value for each layer as that value."""
    keys = {
        name.removeprefix("llama."): value
        for name, value in metadata.items()
        if name.startswith("llama.")
    }
    lists = {"feed_forward_length", "attention.head_count", "attention.head_count_kv"}
    for name in lists & keys.keys():
        value = keys[name]
        if isinstance(value, list) and value and all(each == value[0] for each in value):
            keys[name] = value[0]
    return keys


def refuse_arithmetic(keys: Settings, config: ModelConfig) -> None:
    """Refuse by name what would give other logits than this package's."""
    same = {
        "attention.scale": (0, config.d_head**-0.5),
        "attention.key_length_swa": (0, config.d_head),
        "attention.value_length_swa": (0, config.d_head),
        "rope.dimension_count_swa": (0, config.d_head),
        "rope.freq_base_swa": (0, config.rope_theta),
    }
    for name in sorted(keys.values.keys() - OBEYED - IDLE):
        found, good = keys.values[name], same.get(name, NEUTRAL.get(name, NOTHING))
        if name == "attention.sliding_window":  # a wide one lets every token see all before it
            good = (0, max(found, config.max_seq_len)) if type(found) is int else good
        if not any(_is_same(found, value) for value in good):
            raise ValueError(
                f"{keys.path}: llama.{name} must be absent or {good[-1] or 0!r}, got "
                f"{found!r:.80}: the model would compute something else than it was trained to"
            )


def _is_same(found: Any, value: Any) -> bool:
    if isinstance(found, (int, float)) and isinstance(value, (int, float)):
        return math.isclose(found, value, rel_tol=1e-5)  # the file holds a float32
    return type(found) is type(value) and found == value
