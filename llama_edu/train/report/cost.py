"""What a run cost: time and operations, counted, and electricity, estimated."""

from dataclasses import dataclass

import torch

from llama_edu.config import ModelConfig
from llama_edu.footprint.compute import training_flops
from llama_edu.footprint.energy import bill

WATTS_A_CORE, WATTS_OF_A_GPU = 10.0, 400.0  # assumed, and the page says so


@dataclass(frozen=True)
class Cost:
    """The numbers of a training.

    Args:
        n_params: of the model.
        n_tokens: read in training, repeats counted.
        seconds: of all steps together.
        flops: of the training, by the rule 6 (N + L H d T) a token.
        watts: assumed.
        wh: watt-hours at that.
        n_threads: of the processor that were at work.
        has_gpu: whether it was a GPU that worked.
    """

    n_params: int
    n_tokens: int
    seconds: float
    flops: float
    watts: float
    wh: float
    n_threads: int
    has_gpu: bool


def cost(
    config: ModelConfig, n_tokens: int, seconds: float, n_threads: int, n_context: int | None = None
) -> Cost:
    """The bill of a training on this machine.

    Args:
        config: shape of the model.
        n_tokens: read.
        seconds: of all steps.
        n_threads: of the processor.
        n_context: tokens read at once; the model's `max_seq_len` if None.
    """
    has_gpu = torch.cuda.is_available()
    watts = WATTS_OF_A_GPU if has_gpu else WATTS_A_CORE * n_threads
    return Cost(
        config.n_params, n_tokens, seconds,
        training_flops(config, n_tokens, n_context or config.max_seq_len),
        watts, 1000 * bill(seconds / 3600, watts, pue=1.0).kwh, n_threads, has_gpu,
    )  # fmt: skip
