"""Layers and models of quantized weights: the same numbers whichever way they are multiplied."""

import pytest
import torch

from llama_edu.compress.quantize import (
    QuantizedLinear,
    absmax,
    asymmetric,
    awq,
    dequantized,
    gptq,
    layer_inputs,
    model_bytes,
    nf4,
    quantize_model,
)
from llama_edu.config import ModelConfig
from llama_edu.generate import generate
from llama_edu.model.llama import Llama

SHAPE = ModelConfig(
    vocab_size=50, d_model=64, n_layers=2, n_heads=4, n_kv_heads=2, d_ff=128, max_seq_len=64
)
WAYS = {
    "int8 rows": (lambda w: absmax(w, 8), 8),
    "int8 groups": (lambda w: absmax(w, 8, 32), None),
    "int4 groups": (lambda w: absmax(w, 4, 32), 4),
    "int4 offsets": (lambda w: asymmetric(w, 4, 32), 4),
    "int4 rows": (lambda w: absmax(w, 4), 4),  # 64 numbers a row
    "int3 groups": (lambda w: absmax(w, 3, 32), None),
    "nf4": (nf4, None),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_a_layer_multiplies_with_what_its_codes_stand_for(way, dtype):
    quantize, kernel = WAYS[way]
    w, x = torch.randn(48, 64), torch.randn(2, 5, 64).to(dtype)
    layer = QuantizedLinear(quantize(w))
    assert layer.kind == kernel
    expected = x.float() @ layer.weight.T
    # bf16 keeps 8 bits of inputs, scales and outputs.
    allowed = 1e-5 if dtype == torch.float32 else 2**-7 * expected.abs().max()
    y = layer(x)
    assert (y.dtype, y.shape) == (dtype, (2, 5, 48))
    assert (y.float() - expected).abs().max() < allowed


@pytest.fixture
def model(randomize):
    return randomize(Llama(SHAPE))


def test_eight_bits_change_little_and_three_much(model):
    tokens = torch.arange(20).view(2, 10)
    expected = model(tokens)
    errors = [
        (quantize_model(model, lambda _, w, b=bits: absmax(w, b, 32))(tokens) - expected).norm()
        for bits in (8, 4, 3)
    ]
    assert 10 * errors[0] < errors[1] < errors[2]
    assert errors[0] < 0.05 * expected.norm()


def test_the_model_stays_as_it_was_and_layers_may_be_left_out(model):
    before = {name: weight.clone() for name, weight in model.state_dict().items()}
    smaller = quantize_model(model, lambda name, w: absmax(w, 4) if "ffn" in name else None)
    assert all(torch.equal(w, before[name]) for name, w in model.state_dict().items())
    kinds = [type(layer).__name__ for layer in smaller.blocks[0].modules()]
    assert kinds.count("QuantizedLinear") == kinds.count("Linear") == 2


@pytest.mark.parametrize("way", WAYS)
def test_generate_writes_with_it(model, way):
    smaller = quantize_model(model, lambda _, w: WAYS[way][0](w))
    plain = dequantized(smaller)
    assert plain.state_dict().keys() == model.state_dict().keys()
    assert generate(smaller, [[1, 2, 3]], 8) == generate(plain, [[1, 2, 3]], 8)  # fp32
    narrow = quantize_model(model.bfloat16(), lambda _, w: WAYS[way][0](w))
    assert len(generate(narrow, [[1, 2, 3]], 8)[0]) == 8


def test_bytes_are_those_of_the_bits(model):
    n_linear = sum(w.numel() for name, w in model.named_parameters() if "_proj" in name)
    rest = 4 * (SHAPE.n_params - n_linear)
    assert model_bytes(model) == 4 * SHAPE.n_params
    smaller = quantize_model(model, lambda _, w: absmax(w, 4, 32))
    assert model_bytes(smaller) == rest + n_linear * 4.5 / 8


def test_inputs_of_layers_are_what_they_read(model):
    texts = [torch.arange(12).view(2, 6), torch.arange(5)[None]]
    inputs = layer_inputs(model, texts)
    assert len(inputs) == 4 * SHAPE.n_layers
    assert inputs["blocks.1.ffn.down_proj"].shape == (17, 128)
    x = model.blocks[0].attention_norm(model.embedding(texts[1]))[0]
    torch.testing.assert_close(inputs["blocks.0.attention.qkv_proj"][12:], x)
    for layer in model.modules():
        assert not layer._forward_pre_hooks


@pytest.mark.parametrize("way", [gptq, awq])
def test_whole_models_are_calibrated(model, way):
    for block in model.blocks:  # some channels are large, as in real models
        block.attention_norm.gain.data[::16] *= 20
        block.ffn_norm.gain.data[::16] *= 20
    texts = [torch.randint(50, (8, 40))]
    inputs, other = layer_inputs(model, texts), torch.randint(50, (8, 40))
    ours = quantize_model(model, lambda name, w: way(w, inputs[name], 3, 32))
    rounded = quantize_model(model, lambda _, w: absmax(w, 3, 32))
    expected = model(other)
    assert (ours(other) - expected).norm() < (rounded(other) - expected).norm()
