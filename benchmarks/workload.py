"""The job that everybody is given: one shape of model, one stream of tokens."""

from dataclasses import dataclass, replace

import torch
from jaxtyping import Int
from torch import Tensor

from llama_edu.config import PRESETS, ModelConfig
from llama_edu.model.llama import Llama

N_SUCCESSORS = 4  # a token of the training stream is followed by one of so many


@dataclass(frozen=True, kw_only=True)
class Workload:
    """What is measured, and how often.

    Args:
        config: shape of every model; its `max_seq_len` holds a prompt token and the new ones.
        batch_size: texts in a training step.
        n_tokens: tokens of each, T.
        n_new_tokens: tokens to decode.
        decode_batch_size: texts decoded side by side where it is more than one.
        rounds: timed runs of each contender.
        is_compiled: whether contenders also run under torch.compile.
    """

    config: ModelConfig
    batch_size: int = 8
    n_tokens: int = 256
    n_new_tokens: int = 256
    decode_batch_size: int = 8
    rounds: int = 5
    is_compiled: bool = True


STORIES = Workload(config=replace(PRESETS["stories-15m"], vocab_size=4096, max_seq_len=512))


def new_model(config: ModelConfig, seed: int = 0) -> Llama:
    """A model of random weights, the same for everybody.

    The queries and keys are large enough that attention picks some tokens over others, so that
    greedy decoding wanders instead of repeating one token.
    """
    torch.manual_seed(seed)
    model = Llama(config)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if "qkv_proj" in name or "gate_up_proj" in name:
                weight.mul_(4)
    return model


def training_batches(
    workload: Workload, n_batches: int = 4, seed: int = 0
) -> list[tuple[Int[Tensor, "B T"], Int[Tensor, "B T"]]]:
    """Inputs and targets from a random walk over tokens.

    Each token has four possible successors, so the loss can fall from ln V towards ln 4.
    """
    generator = torch.Generator().manual_seed(seed)
    vocab_size = workload.config.vocab_size
    successors = torch.randint(vocab_size, (vocab_size, N_SUCCESSORS), generator=generator)
    n_texts = n_batches * workload.batch_size
    walk = [torch.randint(vocab_size, (n_texts,), generator=generator)]
    for _ in range(workload.n_tokens):
        step = torch.randint(N_SUCCESSORS, (n_texts,), generator=generator)
        walk.append(successors[walk[-1], step])
    texts = torch.stack(walk, dim=1)  # (n_texts, T + 1)
    return [(batch[:, :-1], batch[:, 1:]) for batch in texts.split(workload.batch_size)]
