"""Linear: no bias, computed in the dtype of its input, its gradient kept in that of its weight."""

import pytest
import torch

from llama_edu.model import linear
from llama_edu.model.linear import Linear


def test_matches_the_product():
    layer, x = Linear(3, 5), torch.randn(2, 4, 3)
    assert layer.bias is None
    torch.testing.assert_close(layer(x), x @ layer.weight.mT)


def test_fp32_weight_serves_bf16_input_and_gets_an_fp32_gradient():
    layer, x = Linear(3, 5), torch.randn(2, 3, dtype=torch.bfloat16)
    y = layer(x)
    y.float().sum().backward()
    assert (y.dtype, layer.weight.grad.dtype) == (torch.bfloat16, torch.float32)
    torch.testing.assert_close(layer.weight.grad, x.float().sum(0).expand(5, 3), rtol=1e-2, atol=0)


@pytest.mark.parametrize("has_instructions", [True, False])
def test_bf16_product_is_right_with_and_without_bf16_instructions(monkeypatch, has_instructions):
    monkeypatch.setattr(linear, "multiplies_bf16", lambda device: has_instructions)
    layer = Linear(48, 5)
    x = torch.randn(2, 3, 48, dtype=torch.bfloat16, requires_grad=True)
    wide_x = x.detach().float().requires_grad_()
    upstream = torch.randn(2, 3, 5)
    layer(x).backward(upstream.bfloat16())
    narrow_grad, layer.weight.grad = layer.weight.grad, None
    layer(wide_x).backward(upstream)
    # bf16 keeps 8 significant bits: a relative error of 2^-8 on every number that is summed.
    torch.testing.assert_close(layer(x).float(), layer(wide_x), rtol=0.02, atol=0.02)
    torch.testing.assert_close(x.grad.float(), wide_x.grad, rtol=0.02, atol=0.02)
    torch.testing.assert_close(narrow_grad, layer.weight.grad, rtol=0.02, atol=0.05)
    assert narrow_grad.dtype == torch.float32
