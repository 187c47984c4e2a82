"""Checkpoints of other people in, Hugging Face and GGUF checkpoints out.

`load_hf`, `load_meta` and `load_gguf` each read one format and return a `Llama`; `save_hf` writes
one that transformers loads back, `save_gguf` one that llama.cpp runs.
"""

from llama_edu.weights.gguf import load_gguf
from llama_edu.weights.gguf_out import save_gguf
from llama_edu.weights.hf import load_hf, save_hf
from llama_edu.weights.meta import load_meta

__all__ = ["load_gguf", "load_hf", "load_meta", "save_gguf", "save_hf"]
