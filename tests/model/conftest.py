"""One small grouped-query model, no two of its dimensions equal: B=2 G=3 d=4 T=5 H=6 L=7."""

import pytest

from llama_edu.config import ModelConfig
from llama_edu.model.llama import Llama


@pytest.fixture
def config() -> ModelConfig:
    return ModelConfig(
        vocab_size=31, d_model=24, n_layers=7, n_heads=6, n_kv_heads=3, d_ff=40, max_seq_len=16
    )


@pytest.fixture
def model(config, randomize) -> Llama:
    return randomize(Llama(config))
