"""Bytes are those that autograd keeps, and those that a cache takes."""

import pytest
import torch

from llama_edu.config import PRESETS, ModelConfig
from llama_edu.footprint import inference_memory, training_memory
from llama_edu.model import attention
from llama_edu.model.llama import Llama
from llama_edu.train.loss import token_loss

SHAPE = ModelConfig(
    vocab_size=500, d_model=96, n_layers=3, n_heads=6, n_kv_heads=2, d_ff=200, max_seq_len=64
)


def kept_bytes(config: ModelConfig, batch_size: int, n_context: int, dtype: torch.dtype) -> int:
    """What autograd keeps of one forward pass, weights aside, each memory counted once."""
    model = Llama(config)
    weights = {weight.untyped_storage().data_ptr() for weight in model.parameters()}
    kept = {}

    def keep(tensor):
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in weights:
            kept[storage.data_ptr()] = storage  # held, or its place would be given away
        return tensor

    tokens = torch.randint(config.vocab_size, (batch_size, n_context))
    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        token_loss(model(tokens, dtype=dtype), tokens)
    return sum(storage.nbytes() for storage in kept.values())


@pytest.mark.parametrize(("dtype", "n_bytes"), [(torch.float32, 4), (torch.bfloat16, 2)])
def test_training_keeps_what_is_said(dtype, n_bytes, monkeypatch):
    monkeypatch.setattr(attention, "MAX_WRITTEN", 0)  # weights of attention are not written
    monkeypatch.setattr(attention, "multiplies_bf16", lambda _: True)
    monkeypatch.setattr("llama_edu.model.linear.multiplies_bf16", lambda _: True)
    said = training_memory(SHAPE, 4, 32, n_bytes)
    total = said["activations"] + said["logits"] + said.get("narrow weights", 0)
    # One number a row is left out: 1 / rms, the sum of a softmax, the target.
    assert kept_bytes(SHAPE, 4, 32, dtype) == pytest.approx(total, rel=0.015)


def test_sixteen_bytes_a_parameter_before_the_first_token():
    parts = training_memory(SHAPE, 1, 1)
    fixed = parts["weights"] + parts["gradients"] + parts["optimizer"]
    assert fixed == 16 * SHAPE.n_params


def test_the_cache_of_llama_7b_is_that_of_its_authors():
    # 1,024 tokens of 32 texts: "about 17GB" in the questions and answers of Meta's first release.
    parts = inference_memory(PRESETS["llama-7b"], 32, 1024)
    assert parts["KV cache"] == 17_179_869_184


def test_weights_take_their_bits():
    parts = inference_memory(PRESETS["llama-3-8b"], 1, 1, bits_per_weight=4.5)
    assert parts["weights"] == round(8_030_261_248 * 4.5 / 8)
    assert (
        inference_memory(SHAPE, 2, 50)["KV cache"]
        == 2 * Llama(SHAPE).new_cache(1, 50, torch.zeros(1, dtype=torch.long)).keys.nbytes
    )  # keys in fp32 are as large as keys and values in bf16
