"""Every released shape, and a few small ones, by exact name."""

from llama_edu.config.model import ModelConfig
from llama_edu.config.parts import Experts, LocalLayers, RopeScaling


def _llama1(d_model: int, n_layers: int, n_heads: int, d_ff: int, norm_eps: float = 1e-5):
    return ModelConfig(
        vocab_size=32_000, d_model=d_model, n_layers=n_layers, n_heads=n_heads,
        n_kv_heads=n_heads, d_ff=d_ff, max_seq_len=2048, norm_eps=norm_eps,
    )  # fmt: skip


def _llama2(d_model: int, n_layers: int, n_heads: int, n_kv_heads: int, d_ff: int):
    return ModelConfig(
        vocab_size=32_000, d_model=d_model, n_layers=n_layers, n_heads=n_heads,
        n_kv_heads=n_kv_heads, d_ff=d_ff, max_seq_len=4096,
    )  # fmt: skip


def _llama3(
    d_model: int, n_layers: int, n_heads: int, d_ff: int,
    scaling: RopeScaling | None = None, tie_embeddings: bool = False,
):  # fmt: skip
    return ModelConfig(
        vocab_size=128_256, d_model=d_model, n_layers=n_layers, n_heads=n_heads, n_kv_heads=8,
        d_ff=d_ff, max_seq_len=131_072 if scaling else 8192, rope_theta=500_000.0,
        rope_scaling=scaling, tie_embeddings=tie_embeddings,
    )  # fmt: skip


def _llama4(experts: Experts, has_qk_norm: bool, max_seq_len: int, scaling: RopeScaling | None):
    return ModelConfig(
        vocab_size=202_048, d_model=5120, n_layers=48, n_heads=40, n_kv_heads=8, d_head=128,
        d_ff=16_384, max_seq_len=max_seq_len, rope_theta=500_000.0, rope_scaling=scaling,
        experts=experts, local=LocalLayers(chunk_size=8192, has_qk_norm=has_qk_norm),
    )  # fmt: skip


_LLAMA_3_1 = RopeScaling(factor=8.0)
# Copies of the released config.json say 32; Meta's own model code hard-codes 8. Weights loaded
# from a folder follow that folder, whatever this table says.
_LLAMA_3_2 = RopeScaling(factor=32.0)

PRESETS: dict[str, ModelConfig] = {
    "llama-7b": _llama1(4096, 32, 32, 11_008, norm_eps=1e-6),
    "llama-13b": _llama1(5120, 40, 40, 13_824, norm_eps=1e-6),
    "llama-33b": _llama1(6656, 60, 52, 17_920, norm_eps=1e-6),
    "llama-65b": _llama1(8192, 80, 64, 22_016),
    "llama-2-7b": _llama2(4096, 32, 32, 32, 11_008),
    "llama-2-13b": _llama2(5120, 40, 40, 40, 13_824),
    "llama-2-70b": _llama2(8192, 80, 64, 8, 28_672),
    "llama-3-8b": _llama3(4096, 32, 32, 14_336),
    "llama-3-70b": _llama3(8192, 80, 64, 28_672),
    "llama-3.1-8b": _llama3(4096, 32, 32, 14_336, _LLAMA_3_1),
    "llama-3.1-70b": _llama3(8192, 80, 64, 28_672, _LLAMA_3_1),
    "llama-3.1-405b": _llama3(16_384, 126, 128, 53_248, _LLAMA_3_1),
    "llama-3.2-1b": _llama3(2048, 16, 32, 8192, _LLAMA_3_2, tie_embeddings=True),
    "llama-3.2-3b": _llama3(3072, 28, 24, 8192, _LLAMA_3_2, tie_embeddings=True),
    # The text models; cards count the eye, which is not ours, to 109 and 400 billion too.
    "llama-4-scout": _llama4(
        Experts(n_experts=16, d_ff=8192), True, 10_485_760,
        RopeScaling(factor=16.0, low_freq_factor=1.0, high_freq_factor=1.0),
    ),
    "llama-4-maverick": _llama4(
        Experts(n_experts=128, d_ff=8192, layer_step=2), False, 1_048_576, None,
    ),
    "smollm2-135m": ModelConfig(
        vocab_size=49_152, d_model=576, n_layers=30, n_heads=9, n_kv_heads=3, d_ff=1536,
        max_seq_len=8192, rope_theta=100_000.0, tie_embeddings=True,
    ),
    "stories-15m": ModelConfig(
        vocab_size=32_000, d_model=288, n_layers=6, n_heads=6, n_kv_heads=6, d_ff=768,
        max_seq_len=256, tie_embeddings=True,
    ),
    # Small enough to train in seconds, every dimension different.
    "tiny": ModelConfig(
        vocab_size=512, d_model=64, n_layers=2, n_heads=4, n_kv_heads=2, d_ff=176,
        max_seq_len=128,
    ),
}  # fmt: skip
"""Every released shape by its exact name: `PRESETS["llama-3.2-1b"].n_params == 1_235_814_400`."""
