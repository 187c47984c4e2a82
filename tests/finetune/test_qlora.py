"""QLoRA: the same as LoRA over the weights that the codes stand for, in a quarter of the bytes."""

import copy

import pytest
import torch
from torch import nn

from llama_edu.compress.quantize import dequantized, nf4
from llama_edu.config import ModelConfig
from llama_edu.finetune.adapters import load_adapter, save_adapter
from llama_edu.finetune.lora import ATTENTION, FFN, add_lora, lora_layers, merge_lora
from llama_edu.finetune.qlora import NF4Linear, quantize_base
from llama_edu.model.llama import Llama

SHAPE = ModelConfig(
    vocab_size=30, d_model=24, n_layers=2, n_heads=6, n_kv_heads=2, d_ff=40, max_seq_len=32
)
TOKENS = torch.arange(24).view(2, 12) % 30
ALL = (*ATTENTION, *FFN)


@pytest.fixture
def model(randomize):
    return randomize(Llama(SHAPE))


def loss(model):
    return nn.functional.cross_entropy(model(TOKENS).flatten(0, 1), TOKENS.flatten())


def adapters(model):
    return {name: weight for name, weight in model.named_parameters() if ".adapters." in name}


def with_adapters(model, **kind):
    """Adapters on all projections, moved away from their start."""
    torch.manual_seed(1)
    add_lora(model, 3, 6, ALL, **kind)
    with torch.no_grad():
        for weight in adapters(model).values():
            weight += 0.1 * torch.randn_like(weight)
    return model


@pytest.mark.parametrize("kind", [{}, {"use_dora": True}, {"use_rslora": True}])
def test_it_is_lora_over_the_dequantized_weights(model, kind):
    quantize_base(model, block_size=8)
    plain = with_adapters(dequantized(model), **kind).double()
    ours = with_adapters(model, **kind).double()
    for one in (plain, ours):
        loss(one).backward()
    # fp64: the products are the same, the sums may be taken in another order.
    torch.testing.assert_close(ours(TOKENS), plain(TOKENS), rtol=0, atol=1e-12)
    wanted = adapters(plain)
    assert adapters(ours).keys() == wanted.keys()
    for name, weight in adapters(ours).items():
        torch.testing.assert_close(weight.grad, wanted[name].grad, rtol=0, atol=1e-12)


def test_only_the_adapters_learn_and_the_codes_stay(model):
    quantize_base(model, block_size=8)
    with_adapters(model)
    before = {name: buffer.clone() for name, buffer in model.named_buffers()}
    learning = [weight for weight in model.parameters() if weight.requires_grad]
    assert {id(weight) for weight in learning} == {id(w) for w in adapters(model).values()}
    optimizer = torch.optim.AdamW(learning, 0.02)
    losses = []
    for _ in range(5):
        optimizer.zero_grad()
        losses.append(loss(model))
        losses[-1].backward()
        optimizer.step()
    assert losses[-1] < losses[0]
    assert all(torch.equal(buffer, before[name]) for name, buffer in model.named_buffers())


def test_it_is_stored_in_four_bits_and_a_scale_a_block():
    weight = torch.randn(40, 128)
    layer = NF4Linear(weight)
    assert torch.equal(layer.weight, nf4(weight).dequantize())
    assert not list(layer.parameters())
    n_bytes = sum(buffer.nbytes for buffer in layer.buffers())
    assert 8 * n_bytes / weight.numel() == nf4(weight).bits_per_weight == 4.5


def test_no_wide_weight_is_kept_for_the_way_back(model):
    wide = {tuple(w.shape) for name, w in model.named_parameters() if name.endswith("proj.weight")}
    wide |= {shape[::-1] for shape in wide}

    def kept(model):
        shapes = set()

        def note(tensor):
            shapes.add(tuple(tensor.shape))
            return tensor

        with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
            model(TOKENS[:, :11])  # 22 tokens: no activation has the shape of a weight
        return shapes & wide

    narrow = copy.deepcopy(model)
    quantize_base(narrow, block_size=8)
    for one in (model, narrow):
        add_lora(one, 3, 6, ALL)
    assert kept(model)
    assert kept(narrow) == set()


@pytest.mark.parametrize("kind", [{}, {"use_dora": True}])
def test_merging_makes_an_ordinary_model_and_can_be_taken_back(model, kind):
    quantize_base(model, block_size=8)
    with_adapters(model, **kind).double()
    logits, state = model(TOKENS), copy.deepcopy(model.state_dict())
    unmerge = merge_lora(model)
    assert model.state_dict().keys() == Llama(SHAPE).state_dict().keys()
    # The dequantized weights are fp32, and so is W'.
    torch.testing.assert_close(model(TOKENS), logits, rtol=0, atol=1e-4)
    unmerge()
    assert all(torch.equal(tensor, state[name]) for name, tensor in model.state_dict().items())


def test_rounding_the_merged_weight_again_loses_most_of_a_small_change(model):
    quantize_base(model, block_size=8)
    before = model.blocks[0].ffn.down_proj.weight
    change = 0.01 * before.abs().mean() * torch.randn(before.shape)
    again = nf4(before + change, 8).dequantize() - before
    assert (again - change).norm() > 0.8 * change.norm()


def test_adapters_of_a_wide_model_fit_on_a_narrow_one(model, tmp_path):
    narrow = copy.deepcopy(model)
    save_adapter(with_adapters(model), tmp_path)
    quantize_base(narrow, block_size=8)
    load_adapter(narrow, tmp_path)
    for name, layer in lora_layers(narrow).items():
        own = dict(model.named_modules())[name]
        for target, adapter in layer.adapters.items():
            torch.testing.assert_close(adapter.delta(), own.adapters[target].delta())


def test_a_bf16_model_answers_in_bf16(model):
    model = model.bfloat16()
    quantize_base(model, block_size=8)
    with_adapters(model)
    loss(model).backward()
    assert model(TOKENS).dtype == torch.bfloat16
    assert {weight.grad.dtype for weight in adapters(model).values()} == {torch.float32}


def test_what_cannot_be_is_refused_and_leaves_the_model_alone(model):
    names = model.state_dict().keys()
    with pytest.raises(ValueError, match="group_size=16 must divide the 24"):
        quantize_base(model, block_size=16)
    assert model.state_dict().keys() == names
    with pytest.raises(ValueError, match="7 columns must be even"):
        NF4Linear(torch.randn(3, 7), 7)
    add_lora(model, 2, 4)
    with pytest.raises(ValueError, match="quantize first"):
        quantize_base(model, block_size=8)
