"""Grids lose at most half a step, and say honestly how many bits they take."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from llama_edu.compress.quantize import NF4, absmax, asymmetric, nf4

KINDS = [absmax, asymmetric]


def weight(n_rows=12, n_columns=64):
    return torch.randn(n_rows, n_columns)


def lost(w, quantized):
    """The largest error of each group, in steps of it."""
    error = (quantized.dequantize() - w).unflatten(1, (quantized.scales.shape[1], -1))
    return (error.abs().amax(-1) / quantized.scales.float()).max().item()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("bits", range(2, 9))
@pytest.mark.parametrize("group_size", [None, 64, 32, 8])
def test_at_most_half_a_step_is_lost(kind, bits, group_size):
    w = weight() + 0.3
    # A little more for the scale and the offset, which are rounded to 11 bits themselves.
    assert 0.4 < lost(w, kind(w, bits, group_size)) < 0.5 + 2**-11 * 2 ** (bits + 1)


@pytest.mark.parametrize("kind", KINDS)
@given(exponent=st.integers(-3, 3), bits=st.integers(3, 8), seed=st.integers(0, 9))
def test_what_lies_on_the_grid_stays(kind, exponent, bits, seed):
    w = torch.randn(3, 32, generator=torch.Generator().manual_seed(seed)) * 10.0**exponent
    once = kind(w, bits, 16).dequantize()
    again = kind(once, bits, 16).dequantize()
    # A scale below 2^-14 is rounded to a multiple of 2^-24, and counts once a step.
    atol = float(w.abs().max()) * 1e-3 + 2**bits * 2**-25
    torch.testing.assert_close(again, once, rtol=2e-3, atol=atol)


def test_noise_is_that_of_rounding():
    w = torch.rand(1, 100_000) * 2 - 1
    quantized = absmax(w, 8)
    noise = (quantized.dequantize() - w).square().mean()
    assert noise / (quantized.scales.float() ** 2 / 12) == pytest.approx(1, abs=0.03)


def test_an_outlier_spoils_its_group_alone():
    w = torch.randn(64, 256)
    w[3, 5] = 60
    errors = [
        (absmax(part, 4, size).dequantize().view_as(w) - w).square().mean().item()
        for part, size in ((w.view(1, -1), None), (w, None), (w, 32))
    ]
    assert errors[0] > 5 * errors[1] > 5 * errors[2] * 1.5


def test_bits_are_counted_with_the_scales():
    w = weight()
    assert absmax(w, 8).bits_per_weight == 8 + 16 / 64
    assert absmax(w, 4, 32).bits_per_weight == 4.5  # Q4_0 of GGUF
    assert absmax(w, 8, 32).bits_per_weight == 8.5  # Q8_0
    assert asymmetric(w, 4, 32).bits_per_weight == 5.0  # Q4_1
    assert nf4(w).bits_per_weight == 4.5
    assert nf4(w, is_double=True).bits_per_weight == pytest.approx(4.127, abs=5e-4)


def test_ggufs_q8_0_is_the_same_grid():
    gguf = pytest.importorskip("gguf")
    w = weight(4, 96)
    kind = gguf.GGMLQuantizationType.Q8_0
    packed = gguf.quants.quantize(w.numpy(), kind)
    theirs = torch.from_numpy(gguf.quants.dequantize(packed, kind))
    ours = absmax(w, 8, 32)
    # They divide by the scale before it is rounded to fp16, we after: a code may differ by one.
    step = ours.scales.float().repeat_interleave(32, 1)
    assert ((ours.dequantize() - theirs).abs() <= 1.01 * step).all()
    assert ((ours.dequantize() - theirs).abs() < 1e-3 * step).float().mean() > 0.97


def test_torchaos_grid_is_half_a_step_longer():
    torchao = pytest.importorskip("torchao.quantization")
    layer = torch.nn.Linear(64, 12, bias=False)
    ours = absmax(layer.weight, 8)
    model = torch.nn.Sequential(layer)
    torchao.quantize_(model, torchao.Int8WeightOnlyConfig())
    theirs = model[0].weight.dequantize()
    # Their scale is max / 127.5, ours max / 127 in fp16.
    assert (theirs - ours.dequantize()).abs().max() < 1.1 * ours.scales.float().max()


def test_zeros_stay_zeros():
    w = torch.zeros(2, 32)
    for quantized in (absmax(w, 4), asymmetric(w, 4), nf4(w, 32), nf4(w, 32, is_double=True)):
        assert quantized.dequantize().abs().max() == 0


def test_numbers_on_one_side_want_an_offset():
    w = torch.rand(4, 64) + 1
    one, other = ((kind(w, 4).dequantize() - w).square().mean() for kind in (absmax, asymmetric))
    assert one > 3 * other


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("bits", "group_size", "said"),
    [(1, None, "bits=1"), (9, None, "bits=9"), (4, 7, "group_size=7"), (4, 0, "group_size=0")],
)
def test_grids_that_cannot_be_are_refused(kind, bits, group_size, said):
    with pytest.raises(ValueError, match=said):
        kind(weight(), bits, group_size)


def test_a_weight_that_is_not_finite_is_refused():
    w = weight()
    w[0, 0] = torch.nan
    for call in (lambda: absmax(w, 4), lambda: asymmetric(w, 4), lambda: nf4(w)):
        with pytest.raises(ValueError, match="not finite"):
            call()


def test_nf4_has_the_published_values():
    published = [
        -1.0, -0.6962, -0.5251, -0.3949, -0.2844, -0.1848, -0.0911, 0.0,
        0.0796, 0.1609, 0.2461, 0.3379, 0.4407, 0.5626, 0.7230, 1.0,
    ]  # fmt: skip
    torch.testing.assert_close(NF4, torch.tensor(published), rtol=0, atol=1e-4)


def test_nf4_takes_the_nearest_of_its_values():
    w = weight(5, 128)
    quantized = nf4(w)
    largest = w.unflatten(1, (-1, 64)).abs().amax(-1, keepdim=True)
    every = NF4 * largest[..., None]  # (F, g, 1, 16)
    nearest = (w.unflatten(1, (-1, 64))[..., None] - every).abs().amin(-1).flatten(1)
    torch.testing.assert_close((quantized.dequantize() - w).abs(), nearest)


def test_nf4_fits_a_bell_curve_better_than_even_steps():
    w = torch.randn(256, 256)
    bell, even = ((q.dequantize() - w).square().mean() for q in (nf4(w), absmax(w, 4, 64)))
    assert bell == pytest.approx(0.0084, abs=3e-4)
    assert even == pytest.approx(0.0115, abs=4e-4)


def test_double_quantization_costs_little():
    w = torch.randn(256, 256)
    one, other = (
        (nf4(w, is_double=double).dequantize() - w).square().mean() for double in (False, True)
    )
    assert one < other < 1.02 * one
