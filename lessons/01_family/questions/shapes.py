"""Shapes of small LLaMAs, every size of one different."""

from dataclasses import replace

from llama_edu.config import PRESETS, ModelConfig
from llama_edu.course.checking.draw import pick, whole

# H, G and d: heads that share, as in Llama 3; that do not, as in LLaMA 1; that all share one.
HEADS = ((6, 2, 4), (5, 5, 6), (7, 1, 4), (12, 3, 8))


def shapes(generator):
    """A small shape for each of HEADS, then three of the family."""
    for n_heads, n_kv_heads, d_head in HEADS:
        n_layers, more, vocab_size = pick(generator, 3, 3, 20)
        yield ModelConfig(
            vocab_size=100 * vocab_size + 1,
            d_model=n_heads * d_head,
            n_layers=n_layers,
            n_heads=n_heads,
            n_kv_heads=n_kv_heads,
            d_ff=2 * n_heads * d_head + more,
            max_seq_len=whole(generator, 50, 500),
        )
    for name in ("tiny", "llama-7b", "llama-3-8b"):
        yield PRESETS[name]


def tied(config: ModelConfig) -> ModelConfig:
    return replace(config, tie_embeddings=True)


def inputs(config: ModelConfig, *names: str) -> dict:
    """These fields of a shape."""
    return {name: getattr(config, name) for name in names}
