"""GGUF files of the llama architecture, the format of llama.cpp, quantized or not."""

from pathlib import Path
from typing import Any

import torch

from llama_edu.config import LinearRopeScaling, ModelConfig, RopeScaling
from llama_edu.gguf_file import MAGIC, read_gguf
from llama_edu.model.llama import Llama
from llama_edu.model.rope import inverse_frequencies
from llama_edu.reading import Settings, as_path, reading
from llama_edu.weights import assemble
from llama_edu.weights.assemble import MAX_LAYERS, StoredTensor
from llama_edu.weights.gguf_keys import (
    EMBEDDING,
    one_for_all_layers,
    refuse_arithmetic,
    refuse_others,
)

NAMES = {
    "embedding": EMBEDDING,
    "attention_norm": "blk.{}.attn_norm.weight",
    "q": "blk.{}.attn_q.weight",
    "k": "blk.{}.attn_k.weight",
    "v": "blk.{}.attn_v.weight",
    "o": "blk.{}.attn_output.weight",
    "ffn_norm": "blk.{}.ffn_norm.weight",
    "gate": "blk.{}.ffn_gate.weight",
    "up": "blk.{}.ffn_up.weight",
    "down": "blk.{}.ffn_down.weight",
    "norm": "output_norm.weight",
    "output": "output.weight",
}
ROPE_FACTORS = "rope_freqs.weight"  # what Llama 3.1 divides each rotary frequency by


def load_gguf(file: str | Path, dtype: torch.dtype = torch.float32) -> Llama:
    """Read a GGUF file; quantized weights are expanded to `dtype`.

    The rows of q and k lie interleaved in GGUF, as in this package, so they need no reordering
    (a Hugging Face model needs them un-permuted).

    Args:
        file: a whole .gguf file of architecture "llama".
        dtype: of the weights in memory.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is no GGUF, of another architecture, of a tensor type that cannot be
            expanded, or tensors are missing, unknown or wrongly shaped (all of them are listed).
    """
    file = as_path(file)
    assemble.check_dtype(dtype)
    metadata, tensors = read_gguf(file)
    stored = {
        name: StoredTensor(t.shape, lambda t=t: torch.from_numpy(t.load()))
        for name, t in tensors.items()
    }
    with reading(file, *MAGIC):
        config = read_gguf_config(metadata, stored, file)
    assemble.check(stored, config, NAMES, file, ignore=lambda name: name == ROPE_FACTORS)
    return assemble.build(
        config, lambda part, layer: stored[NAMES[part].format(layer)].load(), dtype
    )


def read_gguf_config(
    metadata: dict[str, Any], stored: dict[str, StoredTensor], file: Path
) -> ModelConfig:
    """Read the metadata of a GGUF file as a `ModelConfig`.

    Raises:
        ValueError: naming the key that is missing or the value that is no LLaMA's.
    """
    refuse_others(metadata, stored, file)
    keys = Settings(one_for_all_layers(metadata), file, "llama.")
    needed = ("attention.head_count", "embedding_length", "block_count", "feed_forward_length",
              "context_length", "attention.layer_norm_rms_epsilon")  # fmt: skip
    if missing := keys.missing(*needed):
        raise ValueError(f"{file} lacks the metadata {', '.join(missing)}")
    n_heads, d_model = keys.whole("attention.head_count"), keys.whole("embedding_length")
    theta = keys.number("rope.freq_base", 10_000.0)
    d_head = keys.whole("attention.key_length", d_model // n_heads)
    for key in ("attention.value_length", "rope.dimension_count"):
        if (found := keys.whole(key, d_head)) != d_head:
            raise ValueError(
                f"{file}: llama.{key} must be the width of a head, {d_head}, got {found}"
            )
    config = ModelConfig(
        vocab_size=stored[NAMES["embedding"]].shape[0],
        d_model=d_model,
        n_layers=keys.whole("block_count", most=MAX_LAYERS),
        n_heads=n_heads,
        n_kv_heads=keys.whole("attention.head_count_kv", n_heads),
        d_ff=keys.whole("feed_forward_length"),
        max_seq_len=keys.whole("context_length"),
        rope_theta=theta,
        rope_scaling=_read_rope_scaling(keys, stored, theta, d_head, file),
        d_head=d_head,
        norm_eps=keys.number("attention.layer_norm_rms_epsilon"),
        tie_embeddings=NAMES["output"] not in stored,
    )
    refuse_arithmetic(keys, config)
    return config


def _read_rope_scaling(
    keys: Settings,
    stored: dict[str, StoredTensor],
    theta: float,
    d_head: int,
    file: Path,
) -> RopeScaling | LinearRopeScaling | None:
    """The linear one by its keys, Llama 3.1's by the divisors that GGUF stores in its place.

    A factor without a type is linear, and so is the old key, as llama.cpp has it.
    """
    factor = keys.number("rope.scaling.factor", keys.number("rope.scale_linear", 0.0))
    kind = keys.text("rope.scaling.type", "linear")
    if kind not in ("none", "linear"):
        raise ValueError(
            f"{file}: llama.rope.scaling.type must be 'none' or 'linear', got {kind!r}"
        )
    is_linear = kind == "linear" and factor not in (0.0, 1.0)
    if ROPE_FACTORS not in stored:
        return LinearRopeScaling(factor=factor) if is_linear else None
    if is_linear:
        raise ValueError(f"{file} has both {ROPE_FACTORS} and a linear scaling: one is expected")
    divisors = stored[ROPE_FACTORS].load()
    scaling = RopeScaling(factor=divisors.max().item())
    expected = inverse_frequencies(d_head, theta) / inverse_frequencies(d_head, theta, scaling)
    if divisors.shape != expected.shape or not torch.allclose(divisors, expected, rtol=1e-3):
        raise ValueError(f"{file}: {ROPE_FACTORS} is not Llama 3.1's scaling")
    return scaling
