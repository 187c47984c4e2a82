"""Exercise 22: the references are the package's methods, honest answers pass, slips are named."""

import pytest
import torch
from torch.nn import functional as F

from llama_edu.compress import quantize
from llama_edu.course.checking.diagnose import diagnose
from llama_edu.course.checking.questions import find_question


def verdict(name, answer):
    return diagnose(find_question(f"quantization.{name}"), answer)


def absmax(weight, bits):
    largest = weight.abs().max(dim=-1).values
    scales = largest / (2 ** (bits - 1) - 1)
    scales[largest == 0] = 1
    return torch.round(weight / scales.unsqueeze(1)), scales


def absmax_by_rows(weight, bits):
    codes, scales = [], []
    for row in weight:
        largest = max(row.max().item(), -row.min().item())
        scales.append(largest / (2 ** (bits - 1) - 1) if largest else 1.0)
        codes.append(torch.round(row / scales[-1]))
    return torch.stack(codes), torch.tensor(scales)


def dequantize(codes, scales, offsets):
    size = codes.shape[1] // scales.shape[1]
    spread = [part.repeat_interleave(size, dim=1) for part in (scales, offsets)]
    return codes * spread[0] + spread[1]


def dequantize_by_view(codes, scales, offsets):
    groups = codes.reshape(len(codes), scales.shape[1], -1)
    return torch.addcmul(offsets[:, :, None], groups, scales[:, :, None]).reshape(codes.shape)


def nearest(weight, values, group_size):
    groups = weight.reshape(-1, group_size)
    scales = groups.abs().max(dim=1, keepdim=True).values
    distances = torch.cdist((groups / scales).reshape(-1, 1), values[:, None])
    return distances.argmin(1).view(weight.shape), scales.view(len(weight), -1)


def outliers_apart(x, weight, threshold):
    small = x.abs().amax(0) <= threshold
    (a, s), (b, t) = absmax(x * small, 8), absmax(weight * small, 8)
    return (a @ b.T) * torch.outer(s, t) + F.linear(x * ~small, weight)


def gptq(weight, upper, scales, bits):
    most, left, codes = 2 ** (bits - 1) - 1, weight.clone(), []
    for j in range(weight.shape[1]):
        code = torch.clamp(torch.round(left[:, j] / scales), -most, most)
        left = left - torch.outer((left[:, j] - code * scales) / upper[j, j], upper[j])
        codes.append(code)
    return torch.stack(codes, 1)


@pytest.mark.parametrize(
    "answer",
    [
        absmax, absmax_by_rows, dequantize, dequantize_by_view, nearest, outliers_apart, gptq,
    ],
)  # fmt: skip
def test_honest_answers_are_right(answer):
    name = answer.__name__.partition("_by_")[0]
    assert verdict(name, answer).ok, verdict(name, answer)


def reference(name):
    return find_question(f"quantization.{name}").reference


def test_absmax_is_the_packages():
    w = torch.randn(5, 12)
    codes, scales = reference("absmax")(w, 5)
    ours = quantize.absmax(w, 5)
    # The package keeps scales in fp16.
    torch.testing.assert_close(scales, ours.scales[:, 0].float(), rtol=1e-3, atol=0)
    assert (codes - ours.codes).abs().max() <= 1


def test_dequantize_is_the_packages():
    ours = quantize.asymmetric(torch.randn(4, 24), 4, 8)
    parts = ours.codes.float(), ours.scales.float(), ours.offsets.float()
    torch.testing.assert_close(reference("dequantize")(*parts), ours.dequantize())


def test_nearest_is_the_packages_nf4():
    w = torch.randn(4, 32)
    codes, scales = reference("nearest")(w, quantize.NF4, 16)
    ours = quantize.nf4(w, 16)
    assert torch.equal(codes, ours.codes.long())
    torch.testing.assert_close(scales, ours.scales)


def test_outliers_apart_is_the_packages():
    x, w = torch.randn(6, 16), torch.randn(5, 16)
    x[2, 3] = 30
    # fp16 scales may move a code or two.
    theirs = quantize.llm_int8(x, w)
    torch.testing.assert_close(reference("outliers_apart")(x, w, 6.0), theirs, rtol=0, atol=0.1)


def test_gptq_is_the_packages():
    w, x = torch.randn(6, 10), torch.randn(50, 10) @ torch.randn(10, 10)
    hessian = 2 * x.double().T @ x.double()
    hessian.diagonal().add_(0.01 * hessian.diagonal().mean())
    upper = torch.linalg.cholesky(torch.linalg.inv(hessian), upper=True).float()
    ours = quantize.gptq(w, x, 4)
    codes = reference("gptq")(w, upper, ours.scales[:, 0].float(), 4)
    assert (codes == ours.codes).float().mean() > 0.97  # fp32 here, fp64 there


def minmax(weight, bits):
    scales = (weight.amax(1) - weight.amin(1)) / (2**bits - 1)
    return (weight / scales[:, None]).round(), scales


def in_int(weight, bits):
    _, scales = absmax(weight, bits)
    return (weight / scales[:, None]).to(torch.int8).float(), scales


def no_rounding_in_128(weight, bits):
    scales = weight.abs().amax(1) / 2 ** (bits - 1)
    return (weight / scales[:, None]).round(), scales


def repeat_for_groups(codes, scales, offsets):
    size = codes.shape[1] // scales.shape[1]
    return codes * scales.repeat(1, size) + offsets.repeat(1, size)


def offset_in_steps(codes, scales, offsets):
    size = codes.shape[1] // scales.shape[1]
    return (codes + offsets.repeat_interleave(size, 1)) * scales.repeat_interleave(size, 1)


def forgot_to_divide(weight, values, group_size):
    codes = (weight[..., None] - values).abs().argmin(-1)
    return codes, weight.unflatten(1, (-1, group_size)).abs().amax(-1)


def forgot_abs(weight, values, group_size):
    groups = weight.unflatten(1, (-1, group_size))
    scales = groups.amax(-1)
    codes = (groups[..., None] / scales[..., None, None] - values).abs().argmin(-1)
    return codes.flatten(1), scales


def threw_them_away(x, weight, threshold):
    x = x * (x.abs() <= threshold).all(0)
    keep = x.abs().sum(0) > 0
    (a, s), (b, t) = absmax(x[:, keep], 8), absmax(weight[:, keep], 8)
    return a @ b.T * s[:, None] * t


def rounds_only(weight, upper, scales, bits):
    most = 2 ** (bits - 1) - 1
    return (weight / scales[:, None]).round().clamp(-most, most)


def forgot_the_diagonal(weight, upper, scales, bits):
    most, left, codes = 2 ** (bits - 1) - 1, weight.clone(), torch.zeros_like(weight)
    for j in range(weight.shape[1]):
        codes[:, j] = (left[:, j] / scales).round().clamp(-most, most)
        lost = left[:, j] - codes[:, j] * scales
        left[:, j + 1 :] -= torch.outer(lost, upper[j, j + 1 :])
    return codes


def xor(weight, bits):
    largest = weight.abs().amax(1)
    scales = torch.where(largest == 0, 1.0, largest / (2 ^ (bits - 1) - 1))
    return (weight / scales[:, None]).round(), scales


def rounded_weights(weight, bits):
    codes, scales = absmax(weight, bits)
    return codes * scales[:, None], scales


def zero_point(codes, scales, offsets):
    size = codes.shape[1] // scales.shape[1]
    return (codes - offsets.repeat_interleave(size, 1)) * scales.repeat_interleave(size, 1)


def bucketized(weight, values, group_size):
    groups = weight.unflatten(1, (-1, group_size))
    scales = groups.abs().amax(-1)
    return torch.bucketize(groups / scales[..., None], values).flatten(1), scales


def single_numbers(x, weight, threshold):
    large = x.abs() > threshold
    (a, s), (b, t) = absmax(x.masked_fill(large, 0.0), 8), absmax(weight, 8)
    return a @ b.T * s[:, None] * t + (x * large) @ weight.T


def scaled_before_the_split(x, weight, threshold):
    large = (x.abs() > threshold).any(0)
    (a, s), (b, t) = absmax(x, 8), absmax(weight, 8)
    product = a[:, ~large] @ b[:, ~large].T * s[:, None] * t
    return product + x[:, large] @ weight[:, large].T


def clamped_last(weight, upper, scales, bits):
    most, left, codes = 2 ** (bits - 1) - 1, weight.clone(), torch.zeros_like(weight)
    for j in range(weight.shape[1]):
        codes[:, j] = (left[:, j] / scales).round()
        lost = (left[:, j] - codes[:, j] * scales) / upper[j, j]
        left[:, j + 1 :] -= lost[:, None] * upper[j, j + 1 :]
    return codes.clamp(-most, most)


def one_before_the_division(weight, bits):
    largest = weight.abs().amax(1)
    scales = torch.where(largest == 0, 1.0, largest) / (2 ** (bits - 1) - 1)
    return (weight / scales[:, None]).round(), scales


def largest_for_scale(weight, bits):
    largest = weight.abs().amax(1)
    largest = torch.where(largest == 0, 1.0, largest)
    return (weight / largest[:, None] * (2 ** (bits - 1) - 1)).round(), largest


def one_scale_a_row(weight, values, group_size):
    scales = weight.abs().amax(1, keepdim=True)
    codes = ((weight / scales)[..., None] - values).abs().argmin(-1)
    return codes, scales.expand(-1, weight.shape[1] // group_size)


def overflows(x, weight, threshold):
    large = (x.abs() > threshold).any(0)
    (a, s), (b, t) = absmax(x[:, ~large], 8), absmax(weight[:, ~large], 8)
    product = (a.to(torch.int8) @ b.to(torch.int8).T) * s[:, None] * t
    return product + x[:, large] @ weight[:, large].T


def weight_alone(x, weight, threshold):
    large = (x.abs() > threshold).any(0)
    b, t = absmax(weight[:, ~large], 8)
    return x[:, ~large] @ b.T * t + x[:, large] @ weight[:, large].T


def lost_codes(weight, upper, scales, bits):
    most, left, codes = 2 ** (bits - 1) - 1, weight.clone(), torch.zeros_like(weight)
    for j in range(weight.shape[1]):
        codes[:, j] = (left[:, j] / scales).round().clamp(-most, most)
        lost = (left[:, j] / scales - codes[:, j]) / upper[j, j]
        left[:, j + 1 :] -= lost[:, None] * upper[j, j + 1 :]
    return codes


@pytest.mark.parametrize(
    ("name", "answer", "known"),
    [
        ("absmax", one_before_the_division, "zeros_divided_too"),
        ("absmax", largest_for_scale, "largest_as_scale"),
        ("nearest", one_scale_a_row, "per_row"),
        ("outliers_apart", overflows, "sums_in_8_bits"),
        ("outliers_apart", weight_alone, "inputs_in_full"),
        ("gptq", lost_codes, "lost_in_steps"),
        ("absmax", in_int, "truncated"),
        ("absmax", no_rounding_in_128, "one_step_too_many"),
        ("absmax", xor, "xor"),
        ("absmax", rounded_weights, "values"),
        ("dequantize", repeat_for_groups, "groups_interleaved"),
        ("dequantize", offset_in_steps, "offset_scaled"),
        ("dequantize", zero_point, "zero_point"),
        ("nearest", forgot_to_divide, "not_divided"),
        ("nearest", forgot_abs, "no_sizes_in_scale"),
        ("nearest", bucketized, "bucketize"),
        ("outliers_apart", single_numbers, "number_by_number"),
        ("outliers_apart", scaled_before_the_split, "weight_scaled_by_all + inputs_scaled_by_all"),
        ("outliers_apart", threw_them_away, "outliers_dropped"),
        ("gptq", rounds_only, "plain_rounding"),
        ("gptq", forgot_the_diagonal, "not_divided"),
        ("gptq", clamped_last, "clamped_at_the_end"),
    ],
)
def test_likely_slips_are_named(name, answer, known):
    found = verdict(name, answer)
    assert not found.ok
    assert known in str(found.misconception), found


def test_another_grid_is_not_called_absmax():
    assert not verdict("absmax", minmax).ok
