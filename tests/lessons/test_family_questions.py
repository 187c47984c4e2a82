"""Exercise 01: what counts is right by other ways, and likely slips are named."""

import inspect
import math

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from llama_edu.config import PRESETS, ModelConfig
from llama_edu.course.checking.diagnose import diagnose
from llama_edu.course.checking.questions import find_question
from llama_edu.model.attention import explicit_attention
from llama_edu.model.llama import Llama


def ask(name, answer):
    return diagnose(find_question(f"family.{name}"), answer)


def reference(name):
    return find_question(f"family.{name}").reference


SHAPES = [
    ModelConfig(vocab_size=70, d_model=48, n_layers=3, n_heads=6, n_kv_heads=2, d_ff=100,
                max_seq_len=32, tie_embeddings=True),
    ModelConfig(vocab_size=90, d_model=40, n_layers=2, n_heads=5, n_kv_heads=5, d_ff=64,
                max_seq_len=32),
]  # fmt: skip


def fields(config, name):
    """What a question asks of a shape."""
    wanted = inspect.signature(reference(name)).parameters
    return {field: getattr(config, field) for field in wanted if hasattr(config, field)}


@pytest.mark.parametrize("config", SHAPES)
def test_flops_are_those_that_torch_counts(config, monkeypatch):
    """Products of a model that reads its last token alone, the others in the cache."""
    monkeypatch.setattr(
        "llama_edu.model.attention.fused_attention",
        lambda q, k, v, mask=None: explicit_attention(q, k, v, mask)[0],
    )
    model, tokens = Llama(config), torch.randint(config.vocab_size, (1, 7))
    cache = model.new_cache(1, 7)
    with torch.no_grad():
        model(tokens[:, :-1], cache=cache)
        with FlopCounterMode(display=False) as counter:
            model(tokens[:, -1:], cache=cache)
    expected = reference("flops_per_token")(**fields(config, "flops_per_token"), n_tokens=7)
    assert counter.get_total_flops() == expected


@pytest.mark.parametrize("config", SHAPES)
def test_the_cache_has_so_many_bytes(config):
    cache = Llama(config).bfloat16().new_cache(4, 9)
    held = sum(x.numel() * x.element_size() for x in (cache.keys, cache.values))
    more = {"n_tokens": 9, "n_texts": 4, "bits_per_number": 16}
    assert reference("cache_bytes")(**fields(config, "cache_bytes"), **more) == held


@pytest.mark.parametrize("multiplier, multiple_of, name", [
    (1.0, 256, "llama-7b"), (1.0, 256, "llama-13b"), (1.0, 256, "llama-33b"),
    (1.0, 256, "llama-65b"), (1.3, 4096, "llama-2-70b"), (1.3, 1024, "llama-3-8b"),
    (1.3, 4096, "llama-3-70b"), (1.2, 4096, "llama-3.1-405b"), (1.5, 256, "llama-3.2-1b"),
    (1.0, 256, "llama-3.2-3b"),
])  # fmt: skip
def test_the_rule_gives_the_width_of_every_llama(multiplier, multiple_of, name):
    config = PRESETS[name]
    assert reference("ffn_width")(config.d_model, multiplier, multiple_of) == config.d_ff


def test_the_longest_text_fits_and_one_token_more_does_not():
    n_tokens = reference("longest_text")(16, 8_030_261_248, 16, 131_072)
    used = 8_030_261_248 * 2 + n_tokens * 131_072
    assert used <= 16 * 2**30 < used + 131_072


def built(vocab_size, d_model, n_layers, n_heads, n_kv_heads, d_ff, tie_embeddings):
    sizes = {"n_layers": n_layers, "n_heads": n_heads, "n_kv_heads": n_kv_heads, "d_ff": d_ff}
    config = ModelConfig(vocab_size=vocab_size, d_model=d_model, max_seq_len=9, **sizes,
                         tie_embeddings=tie_embeddings)  # fmt: skip
    with torch.device("meta"):
        return sum(weight.numel() for weight in Llama(config).parameters())


def listed(vocab_size, d_model, n_layers, n_heads, n_kv_heads, d_ff, tie_embeddings):
    d_kv = n_kv_heads * d_model // n_heads
    total = vocab_size * d_model + d_model
    for _ in range(n_layers):
        total += d_model**2 + d_kv * d_model + d_kv * d_model + d_model**2
        total += d_ff * d_model + d_ff * d_model + d_model * d_ff + d_model + d_model
    if not tie_embeddings:
        total += d_model * vocab_size
    return total


def widened(d_model, multiplier, multiple_of):
    width = math.floor(multiplier * (d_model * 8 // 3))
    while width % multiple_of:
        width += 1
    return width


def counted_by_token(
    d_model, n_layers, n_heads, n_kv_heads, n_tokens, n_texts, bits_per_number
):  # fmt: skip
    keys = n_texts * n_layers * n_kv_heads * n_tokens * (d_model // n_heads)
    return (keys + keys) * (bits_per_number // 8)


def in_bits(memory_gib, n_params, bits_per_weight, bytes_per_token):
    left = memory_gib * 1024**3 * 8 - n_params * bits_per_weight
    return left // (8 * bytes_per_token) if left > 0 else 0


def from_parameters(vocab_size, d_model, n_layers, n_heads, n_kv_heads, d_ff, n_tokens):
    norms = 2 * d_model * n_layers + d_model
    tied = built(vocab_size, d_model, n_layers, n_heads, n_kv_heads, d_ff, True)
    return 2 * (tied - norms) + 4 * n_layers * d_model * n_tokens


@pytest.mark.parametrize("name, answer", [
    ("parameters", built),
    ("parameters", listed),
    ("ffn_width", widened),
    ("cache_bytes", counted_by_token),
    ("longest_text", in_bits),
    ("flops_per_token", from_parameters),
])  # fmt: skip
def test_honest_answers_are_right(name, answer):
    assert ask(name, answer).ok


def twice_the_heads(vocab_size, d_model, n_layers, n_heads, n_kv_heads, d_ff, tie_embeddings):
    """As for the first LLaMA: four square matrices, and an output of its own."""
    layer = 4 * d_model**2 + 3 * d_model * d_ff + 2 * d_model
    return vocab_size * d_model + n_layers * layer + d_model + vocab_size * d_model


def with_biases(vocab_size, d_model, n_layers, n_heads, n_kv_heads, d_ff, tie_embeddings):
    sizes = (vocab_size, d_model, n_layers, n_heads, n_kv_heads, d_ff, tie_embeddings)
    return listed(*sizes) + n_layers * (d_ff + d_model - d_ff * d_model)


def norms_in_one_bracket(vocab_size, d_model, n_layers, n_heads, n_kv_heads, d_ff, tie_embeddings):
    sizes = (vocab_size, d_model, n_layers, n_heads, n_kv_heads, d_ff, tie_embeddings)
    return listed(*sizes) + (n_layers - 1) * d_model


def one_more(d_model, multiplier, multiple_of):
    width = int(multiplier * int(8 * d_model / 3))
    return width + multiple_of - width % multiple_of


def in_one_step(d_model, multiplier, multiple_of):
    return math.ceil(8 * d_model / 3 * multiplier / multiple_of) * multiple_of


def one_text_in_bits(
    d_model, n_layers, n_heads, n_kv_heads, n_tokens, n_texts, bits_per_number
):  # fmt: skip
    return 2 * n_layers * n_kv_heads * (d_model // n_heads) * n_tokens * bits_per_number


def by_whole_width(
    d_model, n_layers, n_heads, n_kv_heads, n_tokens, n_texts, bits_per_number
):  # fmt: skip
    return 2 * n_layers * d_model * n_tokens * n_texts * bits_per_number // 8


def in_billions(memory_gib, n_params, bits_per_weight, bytes_per_token):
    return int((memory_gib * 1e9 - n_params * bits_per_weight / 8) / bytes_per_token)


def weights_in_bits(memory_gib, n_params, bits_per_weight, bytes_per_token):
    return max(0, (memory_gib * 1024**3 - n_params * bits_per_weight) // bytes_per_token)


def in_whole_bytes(memory_gib, n_params, bits_per_weight, bytes_per_token):
    weights = n_params * (bits_per_weight // 8)
    return max(0, (memory_gib * 2**30 - weights) // bytes_per_token)


def rule_of_thumb(vocab_size, d_model, n_layers, n_heads, n_kv_heads, d_ff, n_tokens):
    return 2 * built(vocab_size, d_model, n_layers, n_heads, n_kv_heads, d_ff, False)


def looks_once(vocab_size, d_model, n_layers, n_heads, n_kv_heads, d_ff, n_tokens):
    layers = from_parameters(vocab_size, d_model, n_layers, n_heads, n_kv_heads, d_ff, 0)
    return layers + 4 * d_model * n_tokens


def one_token_more(vocab_size, d_model, n_layers, n_heads, n_kv_heads, d_ff, n_tokens):
    sizes = (vocab_size, d_model, n_layers, n_heads, n_kv_heads, d_ff)
    return from_parameters(*sizes, n_tokens + 1)


def of_the_first_llama(vocab_size, d_model, n_layers, n_heads, n_kv_heads, d_ff, n_tokens):
    layer = 2 * (4 * d_model**2 + 3 * d_model * d_ff) + 4 * d_model * n_tokens
    return n_layers * layer


def heads_as_wide_as_a_group(
    vocab_size, d_model, n_layers, n_heads, n_kv_heads, d_ff, tie_embeddings
):
    d_head = d_model // n_kv_heads
    attention = 2 * d_model * n_heads * d_head + 2 * d_model * n_kv_heads * d_head
    layer = attention + 3 * d_model * d_ff + 2 * d_model
    tables = vocab_size * d_model if tie_embeddings else 2 * vocab_size * d_model
    return tables + n_layers * layer + d_model


def rounded_up(width, multiple_of):
    return -(-width // multiple_of) * multiple_of


def bits_by_bytes(memory_gib, n_params, bits_per_weight, bytes_per_token):
    bits = memory_gib * 1024**3 * 8
    return max(0, (bits - n_params * bits_per_weight) // bytes_per_token)


def of_all_parameters(vocab_size, d_model, n_layers, n_heads, n_kv_heads, d_ff, n_tokens):
    n_params = built(vocab_size, d_model, n_layers, n_heads, n_kv_heads, d_ff, True)
    return 2 * n_params + n_layers * 4 * d_model * n_tokens


@pytest.mark.parametrize("name, answer, misconception", [
    ("ffn_width", lambda d_model, multiplier, multiple_of: rounded_up(
        int(multiplier * round(8 * d_model / 3)), multiple_of), "two_thirds_rounded"),
    ("ffn_width", lambda d_model, multiplier, multiple_of: rounded_up(
        round(multiplier * round(8 * d_model / 3)), multiple_of),
     "two_thirds_rounded + product_rounded"),
    ("parameters", heads_as_wide_as_a_group, "width_shared_by_groups"),
    ("longest_text", bits_by_bytes, "bits_over_bytes"),
    ("flops_per_token", of_all_parameters, "norms_too"),
    ("parameters", twice_the_heads, "all_heads_have_keys + ignores_ties"),
    ("parameters", with_biases, "formula_of_2017"),
    ("parameters", norms_in_one_bracket, "last_norm_in_each_layer"),
    ("ffn_width", one_more, "always_one_more"),
    ("ffn_width", in_one_step, "never_cut"),
    ("cache_bytes", one_text_in_bits, "one_text + bits"),
    ("cache_bytes", by_whole_width, "all_heads"),
    ("longest_text", in_billions, "gigabytes + below_zero"),
    ("longest_text", weights_in_bits, "bits_as_bytes"),
    ("longest_text", in_whole_bytes, "whole_bytes"),
    ("flops_per_token", one_token_more, "norms_or_a_token_more"),
    ("flops_per_token", rule_of_thumb, "twice_the_parameters"),
    ("flops_per_token", looks_once, "look_in_one_layer"),
    ("flops_per_token", of_the_first_llama, "no_output + all_heads_have_keys"),
])  # fmt: skip
def test_likely_slips_are_named(name, answer, misconception):
    assert ask(name, answer).misconception == misconception
