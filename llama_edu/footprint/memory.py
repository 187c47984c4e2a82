"""Bytes: what a model takes in training and in use, by part."""

from llama_edu.config import ModelConfig
from llama_edu.footprint.compute import multiplied_params


def training_memory(
    config: ModelConfig, batch_size: int, n_context: int, activation_bytes: int = 2
) -> dict[str, int]:
    """Bytes of one training step of this package's model with AdamW, by part.

    Weights, gradients and AdamW's two means are kept in fp32, 16 bytes a parameter; in bf16 there
    are copies of the matrices beside them. (Those who keep gradients in bf16 have 16 in all:
    arXiv:1910.02054, sec. 3.1.) Activations are what autograd keeps for the backward pass, with
    attention that writes no weights and nothing computed twice; the logits are kept as logarithms
    of probabilities in fp32.

    Args:
        config: shape of the model.
        batch_size: texts B.
        n_context: tokens T of each.
        activation_bytes: a number: 2 in bf16, 4 in fp32.
    """
    d, heads, groups = config.d_model, config.n_heads, config.n_kv_heads
    layer = (
        2 * d  # the stream before attention, and normed
        + (2 * heads + 3 * groups) * config.d_head  # q, k, v as they come, q and k turned
        + heads * config.d_head  # what attention gives
        + 2 * d  # the stream before the feed-forward layer, and normed
        + 4 * config.d_ff  # gate, up, silu(gate), their product
    )
    n_rows, n = batch_size * n_context, config.n_params
    parts = {"weights": 4 * n, "gradients": 4 * n, "optimizer": 8 * n}
    if activation_bytes < 4:
        parts["narrow weights"] = activation_bytes * multiplied_params(config)
    parts["activations"] = n_rows * (config.n_layers * layer + 2 * d) * activation_bytes
    parts["logits"] = n_rows * config.vocab_size * 4
    return parts


def inference_memory(
    config: ModelConfig, batch_size: int, n_context: int, bits_per_weight: float = 16,
    cache_bytes: int = 2,
) -> dict[str, int]:  # fmt: skip
    """Bytes of a model that answers, by part.

    Args:
        config: shape of the model.
        batch_size: texts side by side.
        n_context: tokens of each, prompt and answer.
        bits_per_weight: 16 in bf16, about 4.5 in 4 bits with its scales.
        cache_bytes: a number of the KV cache.
    """
    tokens = batch_size * n_context
    return {
        "weights": round(config.n_params * bits_per_weight / 8),
        "KV cache": tokens * config.kv_bytes_per_token(cache_bytes),
    }
