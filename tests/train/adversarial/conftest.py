"""A small LLaMA, and texts of different lengths with padding at their ends."""

from dataclasses import dataclass

import pytest
import torch
from torch import Tensor

from llama_edu.config import ModelConfig
from llama_edu.model.llama import Llama

SHAPE = {"d_model": 12, "n_layers": 2, "n_heads": 3, "n_kv_heads": 1, "d_ff": 20}


@dataclass(frozen=True)
class Texts:
    inputs: Tensor
    targets: Tensor
    padding: Tensor

    def mask(self) -> None:
        return None


@pytest.fixture
def model(randomize):
    return randomize(Llama(ModelConfig(vocab_size=17, max_seq_len=8, **SHAPE))).double()


@pytest.fixture
def texts():
    """Three texts of 7, 5 and 2 tokens; no target of padding counts."""
    inputs = torch.randint(17, (3, 7))
    padding = torch.arange(7) >= torch.tensor([[7], [5], [2]])
    targets = torch.randint(17, (3, 7)).masked_fill(padding, -100)
    return Texts(inputs, targets, padding)
