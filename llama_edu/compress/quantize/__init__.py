"""Fewer bits for each weight: grids, where to put them, and layers that multiply with them."""

from llama_edu.compress.quantize.gptq import gptq
from llama_edu.compress.quantize.grids import Quantized, absmax, asymmetric
from llama_edu.compress.quantize.layers import (
    QuantizedLinear,
    dequantized,
    layer_inputs,
    model_bytes,
    quantize_model,
)
from llama_edu.compress.quantize.nf4 import NF4, nf4
from llama_edu.compress.quantize.scaling import Scaled, awq, llm_int8, smooth_scales

__all__ = [
    "NF4", "Quantized", "QuantizedLinear", "Scaled", "absmax", "asymmetric", "awq", "dequantized",
    "gptq", "layer_inputs", "llm_int8", "model_bytes", "nf4", "quantize_model", "smooth_scales",
]  # fmt: skip
