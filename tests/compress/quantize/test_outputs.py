"""What is done for the outputs helps the outputs: GPTQ, LLM.int8, SmoothQuant, AWQ."""

import pytest
import torch

from llama_edu.compress.quantize import absmax, awq, gptq, llm_int8, smooth_scales


def layer(n_tokens=400, d_in=48, d_out=24):
    """A weight, inputs that hang together, and others of the same kind."""
    mixing = torch.randn(d_in, d_in) * torch.logspace(0, -2, d_in)[:, None]
    return torch.randn(d_out, d_in), *(torch.randn(n_tokens, d_in) @ mixing for _ in range(2))


def output_error(w, x, quantized):
    return (x @ (quantized.dequantize() - w).T).square().mean().item()


@pytest.mark.parametrize("bits", [3, 4])
@pytest.mark.parametrize("group_size", [None, 16])
def test_gptq_is_better_for_outputs_and_worse_for_weights(bits, group_size):
    w, x, other = layer()
    ours, rounded = gptq(w, x, bits, group_size), absmax(w, bits, group_size)
    for inputs in (x, other):  # on what it saw, and on what it did not
        assert output_error(w, inputs, ours) < 0.7 * output_error(w, inputs, rounded)
    weight_errors = [(q.dequantize() - w).square().mean() for q in (ours, rounded)]
    assert weight_errors[0] > weight_errors[1]
    assert ours.bits_per_weight == rounded.bits_per_weight


def test_without_correlations_gptq_is_rounding():
    w = torch.randn(6, 8)
    x = torch.diag(torch.arange(1.0, 9.0))  # H is diagonal: no column can help another
    ours, rounded = gptq(w, x, 4), absmax(w, 4)
    assert torch.equal(ours.codes, rounded.codes)
    assert torch.equal(ours.scales, rounded.scales)


def test_gptq_takes_columns_that_are_never_used():
    w, x, _ = layer()
    x[:, 7] = 0
    assert gptq(w, x, 4).dequantize().isfinite().all()


def test_one_large_input_does_not_drown_the_others():
    w, x, _ = layer()
    x[0] *= 30_000  # the first token of a text, as in SmolLM2
    quantized = gptq(w, x, 4)
    assert output_error(w, x[1:], quantized) < 1.5 * output_error(w, x[1:], absmax(w, 4))


def test_gptq_wants_inputs_of_its_width():
    w, x, _ = layer()
    with pytest.raises(ValueError, match=r"inputs must have shape \(N, 48\), got \(400, 47\)"):
        gptq(w, x[:, 1:], 4)
    with pytest.raises(ValueError, match="not finite"):
        gptq(w, x / 0, 4)
    with pytest.raises(ValueError, match="bits=1"):
        gptq(w, x, 1)


def relative_error(ours, expected):
    return ((ours - expected).norm() / expected.norm()).item()


def test_outlier_columns_are_kept_apart():
    x, w = torch.randn(32, 64), torch.randn(16, 64)
    x[:, 9] *= 60
    expected = x @ w.T
    without = relative_error(llm_int8(x, w, torch.inf), expected)
    with_them = relative_error(llm_int8(x, w), expected)
    assert with_them < without / 5
    assert relative_error(llm_int8(x, w, 0.0), expected) < 1e-6  # nothing is left to round


def test_smoothing_changes_nothing_before_rounding():
    x, w = torch.randn(20, 32).double(), torch.randn(8, 32).double()
    scales = smooth_scales(x, w).double()
    torch.testing.assert_close((x / scales) @ (w * scales).T, x @ w.T, rtol=0, atol=1e-12)


def test_smoothing_makes_inputs_easier_to_round():
    x, w = torch.randn(64, 32), torch.randn(16, 32)
    x[:, 5] *= 50
    scales, expected = smooth_scales(x, w), x @ w.T
    errors = [
        relative_error(absmax(a, 8).dequantize() @ absmax(b, 8).dequantize().T, expected)
        for a, b in ((x, w), (x / scales, w * scales))
    ]
    assert errors[1] < errors[0] / 2


def test_alpha_one_makes_all_columns_alike():
    x, w = torch.randn(64, 32), torch.randn(16, 32)
    columns = (x / smooth_scales(x, w, 1.0)).abs().amax(0)
    torch.testing.assert_close(columns, torch.ones(32))


@pytest.mark.parametrize("group_size", [None, 16])
def test_awq_is_never_worse_on_what_it_saw(group_size):
    w, x, other = layer()
    x, other = (part * torch.logspace(0, 1.5, 48) for part in (x, other))
    ours, rounded = awq(w, x, 4, group_size), absmax(w, 4, group_size)
    assert output_error(w, x, ours) <= output_error(w, x, rounded)
    assert output_error(w, other, ours) < output_error(w, other, rounded)
    assert ours.bits_per_weight == rounded.bits_per_weight
