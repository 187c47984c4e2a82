"""Write one of our models as a GGUF file, for llama.cpp to run."""

from pathlib import Path

from llama_edu.model.llama import Llama
from llama_edu.weights import assemble
from llama_edu.weights.gguf import NAMES


def write_gguf(model: Llama, path: Path, precision: str = "fp32") -> Path:
    """Write weights and shape, and no vocabulary: the benchmark speaks in token ids.

    Args:
        model: without rope scaling.
        path: of the new file.
        precision: of the matrices, "fp32" or "bf16"; norms are always fp32, as llama.cpp wants.

    Returns:
        The path.

    Raises:
        ValueError: if the model's rotary wavelengths are stretched.
    """
    from gguf import GGMLQuantizationType, GGUFWriter
    from gguf.quants import quantize

    config = model.config
    if config.rope_scaling is not None:
        raise ValueError(f"rope_scaling must be None, got {config.rope_scaling}")
    kinds = {"fp32": GGMLQuantizationType.F32, "bf16": GGMLQuantizationType.BF16}
    writer = GGUFWriter(path, "llama")
    writer.add_vocab_size(config.vocab_size)
    writer.add_context_length(config.max_seq_len)
    writer.add_embedding_length(config.d_model)
    writer.add_block_count(config.n_layers)
    writer.add_feed_forward_length(config.d_ff)
    writer.add_head_count(config.n_heads)
    writer.add_head_count_kv(config.n_kv_heads)
    writer.add_rope_dimension_count(config.d_head)
    writer.add_rope_freq_base(config.rope_theta)
    writer.add_layer_norm_rms_eps(config.norm_eps)
    writer.add_tokenizer_model("none")
    for (part, layer), tensor in assemble.parts_of(model).items():
        numbers = tensor.detach().float().contiguous().numpy()
        kind = kinds[precision] if numbers.ndim > 1 else GGMLQuantizationType.F32
        writer.add_tensor(NAMES[part].format(layer), quantize(numbers, kind), raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path
