"""Write a model and its tokenizer as one GGUF file, which llama.cpp and its like run."""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from llama_edu.config import LinearRopeScaling, ModelConfig, RopeScaling
from llama_edu.model.llama import Llama
from llama_edu.model.rope import inverse_frequencies
from llama_edu.reading import as_path
from llama_edu.tokenizer.bpe import BPETokenizer
from llama_edu.tokenizer.formats.gguf_vocab_out import gguf_vocab_of
from llama_edu.tokenizer.spm import SentencePieceTokenizer
from llama_edu.weights import assemble
from llama_edu.weights.gguf import NAMES, ROPE_FACTORS

PACKINGS = {"f32": "F32", "f16": "F16", "bf16": "BF16", "q8_0": "Q8_0", "q4_0": "Q4_0"}


def save_gguf(
    model: Llama,
    tokenizer: BPETokenizer | SentencePieceTokenizer,
    path: str | Path,
    dtype: str = "q8_0",
) -> Path:
    """Write one file that `load_gguf`, transformers and llama.cpp read.

    Args:
        model: to write. Its rows of q and k are interleaved already, as GGUF has them.
        tokenizer: the one that it was trained with; at most as many tokens as the model has rows.
        path: of the file; replaced whole, never left half written.
        dtype: of the matrices: "f32", "f16", "bf16", "q8_0" or "q4_0" (32 numbers share a scale:
            8.5 or 4.5 bits each; embedding and output layer stay q8_0). Norms stay f32. Where the
            rows of a matrix are no multiple of 32 numbers, it is left f16.

    Returns:
        The path.

    Raises:
        ValueError: if the dtype, the tokenizer's way to cut words or the RoPE scaling has no
            place in the format, or the tokenizer has more tokens than the model.
    """
    if dtype not in PACKINGS:
        raise ValueError(f"dtype={dtype!r} must be one of {', '.join(PACKINGS)}")
    if not isinstance(model, Llama):
        raise ValueError(f"model must be a Llama, got {type(model).__name__}")
    config, path = model.config, as_path(path)
    if config.experts is not None or config.local is not None:
        raise ValueError("save_gguf writes Llama 1 to 3: experts and local layers have no place")
    if tokenizer.vocab_size > config.vocab_size:
        raise ValueError(
            f"the tokenizer has {tokenizer.vocab_size} tokens, the model {config.vocab_size}: "
            "they do not belong together"
        )
    # Importing it takes most of a second, and who only loads a model does not need it.
    from gguf import GGMLQuantizationType, GGUFWriter, quantize

    vocab = gguf_vocab_of(tokenizer, config.vocab_size)
    tensors = {
        NAMES[part].format(layer): weight
        for (part, layer), weight in assemble.parts_of(model).items()
    }
    tensors |= _rope_factors(config)
    part = path.with_name(f"{path.name}.part")
    part.parent.mkdir(parents=True, exist_ok=True)
    writer = GGUFWriter(part, "llama")
    try:
        _add_settings(writer, config)
        for key, value in vocab.items():
            _add(writer, key, value)
        for name, weight in tensors.items():
            kind = GGMLQuantizationType[_packing(name, weight, dtype)]
            packed = quantize(_numbers(weight), kind)
            writer.add_tensor(name, packed, raw_dtype=kind)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
    except BaseException:
        writer.close()
        part.unlink(missing_ok=True)
        raise
    writer.close()
    part.replace(path)
    return path


def _add_settings(writer, config: ModelConfig) -> None:
    writer.add_context_length(config.max_seq_len)
    writer.add_embedding_length(config.d_model)
    writer.add_block_count(config.n_layers)
    writer.add_feed_forward_length(config.d_ff)
    writer.add_head_count(config.n_heads)
    writer.add_head_count_kv(config.n_kv_heads)
    writer.add_key_length(config.d_head)
    writer.add_value_length(config.d_head)
    writer.add_rope_dimension_count(config.d_head)
    writer.add_rope_freq_base(config.rope_theta)
    writer.add_layer_norm_rms_eps(config.norm_eps)
    writer.add_vocab_size(config.vocab_size)
    if isinstance(config.rope_scaling, LinearRopeScaling):
        writer.add_string("llama.rope.scaling.type", "linear")
        writer.add_float32("llama.rope.scaling.factor", config.rope_scaling.factor)


def _add(writer, key: str, value) -> None:
    add = {bool: writer.add_bool, int: writer.add_uint32, str: writer.add_string}
    add.get(type(value), writer.add_array)(key, value)


def _rope_factors(config: ModelConfig) -> dict[str, Tensor]:
    """Llama 3.1's scaling, as the format has it: what each frequency is divided by."""
    scaling = config.rope_scaling
    if not isinstance(scaling, RopeScaling):
        return {}
    if scaling != RopeScaling(factor=scaling.factor):
        raise ValueError(f"rope_scaling={scaling} must be Llama 3.1's but for its factor")
    plain = inverse_frequencies(config.d_head, config.rope_theta)
    return {ROPE_FACTORS: plain / inverse_frequencies(config.d_head, config.rope_theta, scaling)}


def _packing(name: str, weight: Tensor, dtype: str) -> str:
    if weight.ndim == 1:
        return "F32"
    if dtype.startswith("q") and weight.shape[-1] % 32:
        return "F16"
    is_end = name in (NAMES["embedding"], NAMES["output"])  # these decide the words
    return PACKINGS["q8_0" if dtype == "q4_0" and is_end else dtype]


def _numbers(weight: Tensor) -> np.ndarray:
    return weight.detach().to("cpu", torch.float32).contiguous().numpy()
