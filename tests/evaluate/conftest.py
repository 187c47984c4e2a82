"""A small model with a tokenizer of bytes, and transformers' copy of the model."""

import pytest
from transformers import AutoModelForCausalLM

from llama_edu.config import ModelConfig
from llama_edu.model.llama import Llama
from llama_edu.tokenizer.bpe import BPETokenizer
from llama_edu.weights import save_hf


@pytest.fixture(scope="session")
def tokenizer() -> BPETokenizer:
    return BPETokenizer.train(["the cat sat on the mat, and the rat sat on the cat "] * 3, 270)


@pytest.fixture(scope="session")
def model(tokenizer, randomize) -> Llama:
    config = ModelConfig(
        vocab_size=tokenizer.vocab_size, d_model=24, n_layers=3, n_heads=6, n_kv_heads=2, d_ff=40,
        max_seq_len=32,
    )  # fmt: skip
    return randomize(Llama(config))


@pytest.fixture(scope="session")
def theirs(model, tmp_path_factory):
    return AutoModelForCausalLM.from_pretrained(save_hf(model, tmp_path_factory.mktemp("model")))
