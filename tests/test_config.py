"""ModelConfig: every preset counts exactly, and a wrong shape is named with its value."""

import ast
from dataclasses import fields, replace
from math import ceil
from pathlib import Path

import pytest
import torch

import llama_edu
from llama_edu.config import PRESETS, Experts, LocalLayers, ModelConfig, RopeScaling
from llama_edu.model.llama import Llama

# Parameters, and bytes a token of KV cache in bf16: published totals of safetensors files, model
# cards and papers for the released models.
COUNTS = {
    "llama-7b": (6_738_415_616, 524_288),
    "llama-13b": (13_015_864_320, 819_200),
    "llama-33b": (32_528_943_616, 1_597_440),
    "llama-65b": (65_285_660_672, 2_621_440),
    "llama-2-7b": (6_738_415_616, 524_288),
    "llama-2-13b": (13_015_864_320, 819_200),
    "llama-2-70b": (68_976_648_192, 327_680),
    "llama-3-8b": (8_030_261_248, 131_072),
    "llama-3-70b": (70_553_706_496, 327_680),
    "llama-3.1-8b": (8_030_261_248, 131_072),
    "llama-3.1-70b": (70_553_706_496, 327_680),
    "llama-3.1-405b": (405_853_388_800, 516_096),
    "llama-3.2-1b": (1_235_814_400, 32_768),
    "llama-3.2-3b": (3_212_749_824, 114_688),
    "llama-4-scout": (107_769_861_120, 196_608),  # the text models: cards count the eye too
    "llama-4-maverick": (400_711_848_960, 196_608),
    "smollm2-135m": (134_515_008, 23_040),
    "stories-15m": (15_191_712, 6_912),
    "tiny": (158_016, 256),
}

# `multiple_of` and `ffn_dim_multiplier` of params.json, from which Meta's code derives d_ff.
FFN_RULE = {
    "llama-7b": (256, 1),
    "llama-13b": (256, 1),
    "llama-33b": (256, 1),
    "llama-65b": (256, 1),
    "llama-2-7b": (256, 1),
    "llama-2-13b": (256, 1),
    "llama-2-70b": (4096, 1.3),
    "llama-3-8b": (1024, 1.3),
    "llama-3-70b": (4096, 1.3),
    "llama-3.1-8b": (1024, 1.3),
    "llama-3.1-70b": (4096, 1.3),
    "llama-3.1-405b": (4096, 1.2),
    "llama-3.2-1b": (256, 1.5),
    "llama-3.2-3b": (256, 1.0),
    "stories-15m": (32, 1),
}

SHAPE = {
    "vocab_size": 31, "d_model": 24, "n_layers": 2, "n_heads": 6, "n_kv_heads": 3, "d_ff": 40,
    "max_seq_len": 16,
}  # fmt: skip


def test_counts_cover_every_preset():
    assert set(COUNTS) == set(PRESETS)


@pytest.mark.parametrize("name", COUNTS)
def test_preset_has_the_published_counts(name):
    assert (PRESETS[name].n_params, PRESETS[name].kv_bytes_per_token()) == COUNTS[name]


@pytest.mark.parametrize("name", COUNTS)
def test_model_has_as_many_weights_as_its_config_says(name):
    with torch.device("meta"):
        model = Llama(PRESETS[name])
    assert sum(weight.numel() for weight in model.parameters()) == PRESETS[name].n_params


@pytest.mark.parametrize("name", FFN_RULE)
def test_ffn_width_follows_metas_rule(name):
    multiple_of, multiplier = FFN_RULE[name]
    width = int(multiplier * int(2 * 4 * PRESETS[name].d_model / 3))
    assert PRESETS[name].d_ff == multiple_of * ceil(width / multiple_of)


def test_head_width_is_128_but_for_the_small_ones():
    widths = {name: PRESETS[name].d_head for name in PRESETS if name.startswith("llama")}
    assert widths.pop("llama-3.2-1b") == 64
    assert set(widths.values()) == {128}


def test_kv_bytes_reproduce_the_17_gb_of_metas_faq():
    # 1024 tokens, 32 texts, LLaMA 7B in fp16.
    assert 1024 * 32 * PRESETS["llama-7b"].kv_bytes_per_token() == 17_179_869_184


def test_kv_bytes_scale_with_the_size_of_a_number():
    config = ModelConfig(**SHAPE)
    assert config.kv_bytes_per_token(4) == 2 * config.kv_bytes_per_token() == 2 * 2 * 3 * 4 * 4


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"vocab_size": 0}, "vocab_size must be a positive whole number, got 0"),
        ({"n_layers": -1}, "n_layers must be a positive whole number, got -1"),
        ({"d_ff": 2.5}, "d_ff must be a positive whole number, got 2.5"),
        ({"max_seq_len": "8"}, "max_seq_len must be a positive whole number, got '8'"),
        ({"d_model": 25}, "d_model=25 must be a multiple of n_heads=6"),
        ({"n_kv_heads": 4}, "n_heads=6 must be a multiple of n_kv_heads=4"),
        ({"d_model": 18}, "d_head=3 must be even"),
        ({"rope_theta": 0.0}, "rope_theta must be positive, got 0.0"),
        ({"norm_eps": -1e-5}, "norm_eps must not be negative, got -1e-05"),
    ],
)
def test_wrong_shape_is_named(changes, message):
    with pytest.raises(ValueError, match=message):
        ModelConfig(**SHAPE | changes)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"factor": 0.5}, "factor must be at least 1, got 0.5"),
        ({"low_freq_factor": 4.5}, "low_freq_factor=4.5 must be positive and no more than"),
        ({"low_freq_factor": 0.0}, "low_freq_factor=0.0 must be positive and no more than"),
        ({"original_max_seq_len": 0}, "original_max_seq_len must be positive, got 0"),
    ],
)
def test_wrong_rope_scaling_is_named(changes, message):
    with pytest.raises(ValueError, match=message):
        RopeScaling(**changes)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"n_experts": 0}, "n_experts must be a positive whole number, got 0"),
        ({"d_ff": 1.5}, "d_ff must be a positive whole number, got 1.5"),
        ({"n_active": 5}, "n_active=5 must be at most n_experts=4"),
        ({"router": "top"}, "router='top' must be 'sigmoid' or 'softmax'"),
        ({"capacity_factor": 0.0}, "capacity_factor must be positive, got 0.0"),
    ],
)
def test_wrong_experts_are_named(changes, message):
    with pytest.raises(ValueError, match=message):
        Experts(**{"n_experts": 4, "d_ff": 8} | changes)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"chunk_size": 0}, "chunk_size must be a positive whole number, got 0"),
        ({"global_step": 0}, "global_step must be a positive whole number, got 0"),
        ({"temperature_scale": -0.1}, "temperature_scale must not be negative, got -0.1"),
    ],
)
def test_wrong_local_layers_are_named(changes, message):
    with pytest.raises(ValueError, match=message):
        LocalLayers(**{"chunk_size": 4} | changes)


@pytest.mark.parametrize("name", ["llama-4-scout", "llama-4-maverick"])
def test_seventeen_billion_are_active(name):
    """17 B, the card says of both; with one expert fewer to choose from, counted again."""
    config = PRESETS[name]
    assert round(config.n_active_params / 1e9) == 17
    visited = replace(config, experts=replace(config.experts, n_experts=1))
    routers = sum(map(config.has_experts, range(48))) * 5120 * (config.experts.n_experts - 1)
    assert config.n_active_params == visited.n_params + routers


def test_kinds_of_layers_come_at_even_steps():
    maverick, layers = PRESETS["llama-4-maverick"], range(8)
    assert [layer for layer in layers if maverick.has_experts(layer)] == [1, 3, 5, 7]
    assert [layer for layer in layers if not maverick.is_local(layer)] == [3, 7]
    assert not any(PRESETS["tiny"].has_experts(i) or PRESETS["tiny"].is_local(i) for i in layers)
    assert PRESETS["tiny"].n_active_params == PRESETS["tiny"].n_params


def test_a_variant_is_checked_too():
    with pytest.raises(ValueError, match="n_heads=32 must be a multiple of n_kv_heads=7"):
        replace(PRESETS["llama-3-8b"], n_kv_heads=7)


@pytest.mark.parametrize(
    "field", [f.name for c in (ModelConfig, RopeScaling, Experts, LocalLayers) for f in fields(c)]
)
def test_every_field_is_read_outside_the_config(field):
    field = {"layer_step": "has_experts", "global_step": "is_local"}.get(field, field)
    readers = [
        path.name
        for path in Path(llama_edu.__file__).parent.rglob("*.py")
        if path.parent.name != "config"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr == field and isinstance(node.ctx, ast.Load)
    ]
    assert readers


def test_the_width_of_a_head_follows_from_others_unless_it_is_given():
    follows = replace(PRESETS["tiny"], n_heads=8, d_model=48)
    assert (PRESETS["tiny"].d_head, follows.d_head) == (16, 6)
    given = replace(PRESETS["tiny"], d_head=10)
    assert replace(given, n_heads=8, d_model=50).d_head == 10
    assert replace(given, d_head=None) == PRESETS["tiny"]
    assert given.n_params < PRESETS["tiny"].n_params


@pytest.mark.parametrize("d_head", [0, -2, 7, 8.0])
def test_a_given_width_is_even_and_positive(d_head):
    with pytest.raises(ValueError, match=f"d_head={d_head} must be even"):
        replace(PRESETS["tiny"], d_head=d_head)
