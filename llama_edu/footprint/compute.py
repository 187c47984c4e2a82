"""Operations: how many a model needs, and how long they take.

One operation (FLOP) is a multiplication or an addition; a product with a matrix needs two for each
of its weights. Only matrix products are counted: norms, rotations and softmax are a hundredth.
"""

from llama_edu.config import ModelConfig
from llama_edu.footprint.gpus import Gpu


def multiplied_params(config: ModelConfig) -> int:
    """Weights that a token is multiplied with: no norms, no table, no expert it does not visit.

    A tied table is the output layer too, and counts.
    """
    norms = (2 * config.n_layers + 1) * config.d_model
    table = 0 if config.tie_embeddings else config.vocab_size * config.d_model
    return config.n_active_params - norms - table


def training_flops(config: ModelConfig, n_tokens: float, n_context: int | None = None) -> float:
    """Operations of a training run: 6 N a token, and 6 L H d T more for attention.

    Two operations a weight forward, four backward. A token's query meets T / 2 keys on average
    under a causal mask, once for the scores and once for the values: 2 L H d T forward, thrice that
    in all.

    Args:
        config: shape of the model.
        n_tokens: that the run reads.
        n_context: length T of its texts, in tokens; None leaves attention out, and counts all
            parameters as N: the rule "6 N D" of the papers on scaling.

    Source: arXiv:2001.08361, sec. 2.1; attention as arXiv:2204.02311, appendix B, has it, halved
    for the causal mask.
    """
    if n_context is None:
        return 6.0 * config.n_active_params * n_tokens
    attention = config.n_layers * config.n_heads * config.d_head * n_context
    return 6.0 * (multiplied_params(config) + attention) * n_tokens


def decode_flops(config: ModelConfig, n_context: int) -> float:
    """Operations for one new token after `n_context` others: 2 N, and 4 L H d T for attention."""
    attention = config.n_layers * config.n_heads * config.d_head * n_context
    return 2.0 * multiplied_params(config) + 4.0 * attention


def gpu_hours(flops: float, gpu: Gpu, mfu: float) -> float:
    """Hours of one GPU, or hours times GPUs.

    Args:
        flops: operations of the run.
        gpu: where it runs.
        mfu: model FLOPs utilization, the share of the data sheet's speed that the model's own
            operations reach, above 0 and at most 1. Llama 3 405B: 0.38 to 0.43 (arXiv:2407.21783,
            table 4).

    Raises:
        ValueError: if `mfu` is out of range.
    """
    if not 0 < mfu <= 1:
        raise ValueError(f"mfu={mfu} must be above 0 and at most 1")
    return flops / (gpu.flops * mfu) / 3600


def mfu(flops: float, gpu: Gpu, hours: float) -> float:
    """The share of the data sheet's speed that a run reached: `gpu_hours`, solved for it."""
    if not hours > 0:
        raise ValueError(f"hours={hours} must be positive")
    return flops / (gpu.flops * hours * 3600)
