"""RMSNorm: agrees with PyTorch, is scale invariant, and names its own mistakes."""

import pytest
import torch

from llama_edu.model.norm import LayerNorm, RMSNorm, rms_norm


@pytest.mark.parametrize("eps", [1e-6, 1e-5, 0.5])
def test_matches_pytorch(eps, randomize):
    x = torch.randn(2, 5, 16)
    ours, theirs = RMSNorm(16, eps), torch.nn.RMSNorm(16, eps)
    theirs.weight = randomize(ours).gain
    torch.testing.assert_close(ours(x), theirs(x))


@pytest.mark.parametrize("scale", [1e-2, 1.0, 1e3])
def test_output_ignores_input_scale(scale):
    x = torch.randn(3, 64)
    norm = RMSNorm(64, eps=0.0)
    torch.testing.assert_close(norm(scale * x), norm(x), rtol=1e-5, atol=1e-5)


def test_output_has_unit_root_mean_square():
    y = RMSNorm(24)(7 * torch.randn(2, 5, 24))
    torch.testing.assert_close(y.square().mean(-1), torch.ones(2, 5), rtol=1e-5, atol=1e-5)


def test_layer_norm_is_rms_norm_of_the_centered_vector():
    x = torch.randn(2, 5, 16)
    centered = x - x.mean(-1, keepdim=True)
    torch.testing.assert_close(RMSNorm(16)(centered), torch.nn.functional.layer_norm(x, (16,)))


def test_zero_vector_stays_zero():
    assert RMSNorm(4)(torch.zeros(1, 4)).tolist() == [[0, 0, 0, 0]]


def test_mean_of_squares_is_taken_in_fp32():
    x = torch.full((1, 4096), 300.0, dtype=torch.float16)  # 300^2 is beyond fp16
    torch.testing.assert_close(RMSNorm(4096).half()(x), torch.ones_like(x))


@pytest.mark.parametrize("gain_dtype", [torch.float32, torch.bfloat16])
def test_bfloat16_input_keeps_its_dtype(gain_dtype):
    norm = RMSNorm(8).to(gain_dtype)
    assert norm(torch.ones(1, 8, dtype=torch.bfloat16)).dtype == torch.bfloat16


def test_rejects_empty_width():
    with pytest.raises(ValueError, match="d_model must be positive, got 0"):
        RMSNorm(0)


@pytest.mark.parametrize("eps", [1e-5, 0.3])
def test_layer_norm_matches_pytorch(eps):
    x = 3 * torch.randn(2, 5, 16) + 1
    ours, theirs = LayerNorm(16, eps), torch.nn.LayerNorm(16, eps)
    for weight, other in ((ours.gain, theirs.weight), (ours.bias, theirs.bias)):
        other.data = weight.data = torch.randn(16)
    torch.testing.assert_close(ours(x), theirs(x))


def test_layer_norm_is_rms_norm_of_what_is_left_without_the_mean():
    x = torch.randn(3, 8).double()
    centred = x - x.mean(-1, keepdim=True)
    torch.testing.assert_close(LayerNorm(8).double()(x), RMSNorm(8).double()(centred))


def test_layer_norm_ignores_a_shift_and_rms_norm_does_not():
    x = torch.randn(3, 8)
    torch.testing.assert_close(LayerNorm(8)(x + 5), LayerNorm(8)(x), rtol=1e-4, atol=1e-5)
    assert (RMSNorm(8)(x + 5) - RMSNorm(8)(x)).abs().max() > 0.1


def test_layer_norm_rejects_an_empty_width():
    with pytest.raises(ValueError, match="d_model must be positive, got 0"):
        LayerNorm(0)


@pytest.mark.parametrize("dtype, tolerance", [(torch.float64, 1e-12), (torch.bfloat16, 0.02)])
def test_the_written_gradient_is_that_of_the_formula(dtype, tolerance):
    x, gain = torch.randn(2, 5, 16).to(dtype), torch.randn(16, dtype=torch.float64)
    gain = gain.to(torch.promote_types(dtype, torch.float32))
    norm, grads = RMSNorm(16, eps=0.1), []
    for function in (norm, lambda x: rms_norm(x, norm.gain, norm.eps)):
        norm.gain = torch.nn.Parameter(gain.clone())
        given = x.clone().requires_grad_()
        (function(given) * torch.arange(16)).sum().backward()
        grads.append((given.grad, norm.gain.grad))
    for written, formula in zip(*grads, strict=True):
        assert written.dtype == formula.dtype
        scale = formula.abs().max().item()
        torch.testing.assert_close(written, formula, rtol=0, atol=tolerance * scale)


def test_the_written_gradient_passes_gradcheck():
    norm = RMSNorm(6, eps=0.1).double()
    x = torch.randn(3, 6, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: norm(x), x)


def test_a_gradient_of_the_gradient_is_refused_and_not_wrong():
    x = torch.randn(3, 6, requires_grad=True)
    (grad,) = torch.autograd.grad(RMSNorm(6)(x).square().sum(), x, create_graph=True)
    with pytest.raises(RuntimeError, match="once_differentiable"):
        grad.sum().backward()
