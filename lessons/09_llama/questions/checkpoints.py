"""Small checkpoints under Hugging Face's names."""

from torch import Generator, Tensor

from llama_edu.config import ModelConfig
from llama_edu.course.checking.draw import randn
from llama_edu.weights.assemble import part_shapes
from llama_edu.weights.hf import NAMES

THETA = 100_000.0  # as in the exercise


def shape(d_model, n_layers, n_heads, n_kv_heads, d_head, d_ff, vocab_size=7) -> ModelConfig:
    return ModelConfig(
        vocab_size=vocab_size, d_model=d_model, n_layers=n_layers, n_heads=n_heads,
        n_kv_heads=n_kv_heads, d_head=d_head, d_ff=d_ff, max_seq_len=16, rope_theta=THETA,
    )  # fmt: skip


def checkpoint(generator: Generator, config: ModelConfig, is_tied: bool) -> dict[str, Tensor]:
    """Random weights: gains near 1, and matrices that keep the size of a vector."""
    weights = {}
    for part, size in part_shapes(config).items():
        for i in range(config.n_layers if "{}" in NAMES[part] else 1):
            drawn = randn(generator, *size)
            weight = 1 + drawn / 3 if len(size) == 1 else drawn / size[1] ** 0.5
            weights[NAMES[part].format(i)] = weight
    if is_tied:
        del weights["lm_head.weight"]
    return weights


def one_layer(generator: Generator, config: ModelConfig, part: str) -> dict[str, Tensor]:
    """The weights of a layer whose names begin with `part`, "" for all."""
    start = "model.layers.0."
    names = checkpoint(generator, config, is_tied=True)
    layer = {n.removeprefix(start): w for n, w in names.items() if n.startswith(start)}
    return {name: weight for name, weight in layer.items() if name.startswith(part)}
