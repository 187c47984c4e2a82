"""Attention: PyTorch's numbers for multi-head, grouped and multi-query heads, and no leak."""

from dataclasses import replace

import pytest
import torch
from torch.nn import functional as F

from llama_edu.model import attention, masks, rope
from llama_edu.model.attention import Attention, explicit_attention, fused_attention

HEADS = pytest.mark.parametrize(("n_heads", "n_kv_heads"), [(6, 6), (6, 3), (6, 2), (6, 1)])


def random_qkv(n_heads=6, n_kv_heads=3, n_queries=5, n_keys=5):
    q = torch.randn(2, n_heads, n_queries, 4)
    k, v = torch.randn(2, 2, n_kv_heads, n_keys, 4)
    return q, k, v


@HEADS
@pytest.mark.parametrize("attend", [lambda *qkv: explicit_attention(*qkv)[0], fused_attention])
def test_grouped_heads_equal_full_attention_with_each_key_repeated(attend, n_heads, n_kv_heads):
    q, k, v = random_qkv(n_heads, n_kv_heads)
    k_all, v_all = (x.repeat_interleave(n_heads // n_kv_heads, dim=1) for x in (k, v))
    expected = F.scaled_dot_product_attention(q, k_all, v_all, is_causal=True)
    torch.testing.assert_close(attend(q, k, v), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("n_kv_heads", [3, 2])
@pytest.mark.parametrize("attend", [lambda *qkv: explicit_attention(*qkv)[0], fused_attention])
def test_heads_are_repeated_one_by_one_not_as_a_tile(attend, n_kv_heads):
    q, k, v = random_qkv(6, n_kv_heads)
    k_tiled, v_tiled = (x.repeat(1, 6 // n_kv_heads, 1, 1) for x in (k, v))
    tiled = F.scaled_dot_product_attention(q, k_tiled, v_tiled, is_causal=True)
    assert (attend(q, k, v) - tiled).abs().max() > 0.5


@HEADS
@pytest.mark.parametrize(("n_queries", "n_keys"), [(5, 5), (1, 5), (1, 1)])
def test_explicit_equals_fused(n_heads, n_kv_heads, n_queries, n_keys):
    q, k, v = random_qkv(n_heads, n_kv_heads, n_queries, n_keys)
    output, _ = explicit_attention(q, k, v)
    torch.testing.assert_close(fused_attention(q, k, v), output, rtol=1e-5, atol=1e-6)


@HEADS
@pytest.mark.parametrize("n_queries", [1, 2, 5])
def test_explicit_equals_fused_under_a_mask(n_heads, n_kv_heads, n_queries):
    q, k, v = random_qkv(n_heads, n_kv_heads, n_queries, 5)
    mask = masks.hide_padding(masks.causal(n_queries, 5), torch.tensor([0, 3]))
    output, weights = explicit_attention(q, k, v, mask)
    torch.testing.assert_close(fused_attention(q, k, v, mask), output, rtol=1e-5, atol=1e-6)
    assert not weights[1, :, -1, :3].any()


def test_weights_are_the_softmax_of_the_scaled_scores():
    # One head of width 4: scores 0 and 2 ln 3, halved by sqrt(4), weigh 1 : 3.
    q = torch.tensor([1.0, 0, 0, 0]).view(1, 1, 1, 4)
    k = torch.zeros(1, 1, 2, 4)
    k[..., 1, 0] = 2 * torch.tensor(3.0).log()
    v = torch.tensor([[4.0, 0, 0, 0], [0, 8.0, 0, 0]]).view(1, 1, 2, 4)
    output, weights = explicit_attention(q, k, v)
    torch.testing.assert_close(weights.flatten(), torch.tensor([0.25, 0.75]))
    torch.testing.assert_close(output.flatten(), torch.tensor([1.0, 6.0, 0, 0]))


@pytest.mark.parametrize("scale", [1.0, 1e4])
def test_rows_of_weights_sum_to_one_and_look_back_only(scale):
    q, k, v = random_qkv(n_queries=3, n_keys=5)
    _, weights = explicit_attention(scale * q, k, v)
    torch.testing.assert_close(weights.sum(-1), torch.ones(2, 6, 3))
    assert not weights.masked_select(~masks.causal(3, 5)).any()
    assert weights.min() >= 0


def test_scaling_keeps_scores_at_unit_variance():
    q, k = torch.randn(2, 1, 1, 500, 256)
    v = torch.eye(500, 256).view(1, 1, 500, 256)
    _, weights = explicit_attention(q, k, v, torch.ones(500, 500, dtype=torch.bool))
    # Log-weights are the scores up to a constant a row.
    assert weights.log().var(dim=-1).mean().item() == pytest.approx(1, abs=0.05)


@HEADS
def test_layer_equals_a_multi_head_layer_with_repeated_key_and_value_rows(
    config, randomize, n_heads, n_kv_heads
):
    grouped = randomize(Attention(replace(config, n_heads=n_heads, n_kv_heads=n_kv_heads)))
    full = Attention(replace(config, n_heads=n_heads, n_kv_heads=n_heads))
    rows = grouped.qkv_proj.weight.unflatten(0, (-1, 4))  # (H + 2G, d, D)
    q, k, v = rows.split((n_heads, n_kv_heads, n_kv_heads))
    k, v = (x.repeat_interleave(n_heads // n_kv_heads, dim=0) for x in (k, v))
    full.qkv_proj.weight = torch.nn.Parameter(torch.cat((q, k, v)).flatten(0, 1))
    full.o_proj.weight = grouped.o_proj.weight
    x = torch.randn(2, 5, 24)
    turn = rope.rotations(torch.arange(5), rope.inverse_frequencies(4))
    torch.testing.assert_close(grouped(x, turn), full(x, turn), rtol=1e-5, atol=1e-5)


def test_layer_turns_queries_and_keys_but_not_values(config, randomize):
    layer, x = randomize(Attention(config)), torch.randn(2, 1, 24)
    turns = [rope.rotations(torch.tensor([t]), rope.inverse_frequencies(4)) for t in (0, 9)]
    # A lone token attends to itself alone, so its output is o_proj(v), wherever it stands.
    torch.testing.assert_close(layer(x, turns[0]), layer(x, turns[1]))
    v = layer.qkv_proj(x)[..., -3 * 4 :].unflatten(-1, (3, 4)).repeat_interleave(2, dim=2)
    torch.testing.assert_close(layer(x, turns[0]), layer.o_proj(v.flatten(2)))


def test_a_wrong_shape_is_caught_while_testing():
    q, k, v = random_qkv()
    with pytest.raises(Exception, match="explicit_attention") as caught:
        explicit_attention(q[0], k, v)
    assert type(caught.value).__module__.startswith(("jaxtyping", "beartype"))


@pytest.mark.parametrize("has_instructions", [True, False])
@pytest.mark.parametrize("masked", [True, False])
def test_bf16_attention_and_its_gradients_are_right_on_any_cpu(
    monkeypatch, has_instructions, masked
):
    monkeypatch.setattr(attention, "multiplies_bf16", lambda device: has_instructions)
    narrow = [x.bfloat16().requires_grad_() for x in random_qkv()]
    wide = [x.detach().float().requires_grad_() for x in narrow]
    mask = masks.causal(5, 5) if masked else None
    upstream = torch.randn(2, 6, 5, 4)
    mixed, expected = fused_attention(*narrow, mask), explicit_attention(*wide, mask)[0]
    assert mixed.dtype == torch.bfloat16
    mixed.backward(upstream.bfloat16())
    expected.backward(upstream)
    # bf16 keeps 8 significant bits; sums over 5 tokens of numbers up to 3 add a few units of it.
    torch.testing.assert_close(mixed.float(), expected, rtol=0.02, atol=0.02)
    for ours, theirs in zip(narrow, wide, strict=True):
        assert ours.grad.dtype == torch.bfloat16
        torch.testing.assert_close(ours.grad.float(), theirs.grad, rtol=0.05, atol=0.05)


@pytest.mark.parametrize("n_heads, n_kv_heads", [(6, 6), (6, 2), (6, 1)])
def test_written_weights_equal_the_kernel_in_bf16(n_heads, n_kv_heads, monkeypatch):
    wide = [torch.randn(2, n, 7, 16).requires_grad_() for n in (n_heads, n_kv_heads, n_kv_heads)]
    expected = attention.fused_attention(*wide)
    upstream = torch.randn_like(expected)
    grads = torch.autograd.grad(expected, wide, upstream)
    monkeypatch.setattr(attention, "multiplies_bf16", lambda device: True)
    used = []
    written = attention._batched_products
    monkeypatch.setattr(
        attention, "_batched_products", lambda *qkv: used.append(1) or written(*qkv)
    )
    narrow = [x.detach().bfloat16().requires_grad_() for x in wide]
    got = attention.fused_attention(*narrow)
    assert used and got.dtype == torch.bfloat16
    torch.testing.assert_close(got.float(), expected, rtol=0.03, atol=0.03)
    for grad, right in zip(torch.autograd.grad(got, narrow, upstream.bfloat16()), grads,
                           strict=True):  # fmt: skip
        torch.testing.assert_close(grad.float(), right, rtol=0.05, atol=0.06)
    monkeypatch.setattr(attention, "MAX_WRITTEN", 6)  # longer texts go to the kernel
    torch.testing.assert_close(attention.fused_attention(*narrow), got, rtol=0.03, atol=0.03)
    assert len(used) == 1
