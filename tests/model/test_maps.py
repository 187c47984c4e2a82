"""Attention maps are the weights that the model itself uses."""

import torch

from llama_edu.config import ModelConfig
from llama_edu.model.llama import Llama
from llama_edu.model.maps import attention_maps

CONFIG = ModelConfig(
    vocab_size=31, d_model=24, n_layers=3, n_heads=6, n_kv_heads=2, d_ff=40, max_seq_len=16
)
TOKENS = torch.tensor([4, 8, 15, 16, 23])


def test_rows_sum_to_one_and_hide_the_future():
    maps = attention_maps(Llama(CONFIG), TOKENS)
    assert maps.shape == (3, 6, 5, 5)
    torch.testing.assert_close(maps.sum(-1), torch.ones(3, 6, 5))
    assert (maps.triu(1) == 0).all()


def test_weights_times_values_is_what_the_layer_mixes():
    model, seen = Llama(CONFIG), {}
    attention = model.blocks[1].attention
    attention.register_forward_hook(lambda layer, inputs, output: seen.update(inputs=inputs))
    attention.o_proj.register_forward_hook(lambda layer, inputs, output: seen.update(mixed=inputs))
    maps = attention_maps(model, TOKENS)
    _, _, v = attention.project(*seen["inputs"][:2])
    mixed = maps[1][None] @ v.repeat_interleave(3, dim=1)
    torch.testing.assert_close(mixed.transpose(1, 2).flatten(2), seen["mixed"][0])


def test_model_is_left_as_it_was():
    model = Llama(CONFIG)
    attention_maps(model, TOKENS)
    assert not any(block.attention._forward_hooks for block in model.blocks)
