"""Linear: no bias, computed in the dtype of its input, its gradient kept in that of its weight."""

import torch

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
