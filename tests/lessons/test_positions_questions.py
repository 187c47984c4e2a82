"""Exercise 06: right answers of other forms are right, and likely slips get words that help."""

import math

import pytest
import torch

from llama_edu.course.checking.diagnose import diagnose
from llama_edu.course.checking.questions import find_question


def verdict_of(name, answer):
    return diagnose(find_question(f"positions.{name}"), answer)


def frequencies_as_exp(d_head, theta):
    return torch.exp(-math.log(theta) * torch.arange(0, d_head, 2) / d_head)


def frequencies_one_by_one(d_head, theta):
    return torch.tensor([1 / theta ** (2 * i / d_head) for i in range(d_head // 2)])


def sinusoids_filled(n_positions, d_model):
    table = torch.zeros(n_positions, d_model)
    angles = torch.outer(torch.arange(n_positions), frequencies_one_by_one(d_model, 10_000.0))
    table[:, 0::2], table[:, 1::2] = angles.sin(), angles.cos()
    return table


def sinusoids_in_loops(n_positions, d_model):
    return torch.tensor(
        [
            [
                (math.cos if j % 2 else math.sin)(t / 10_000 ** ((j - j % 2) / d_model))
                for j in range(d_model)
            ]
            for t in range(n_positions)
        ]
    )


def rotated_as_complex(x, positions, frequencies):
    angles = torch.outer(positions.float(), frequencies)
    turns = torch.polar(torch.ones_like(angles), angles)[:, None]
    pairs = torch.view_as_complex(x.float().reshape(*x.shape[:-1], -1, 2))
    return torch.view_as_real(pairs * turns).flatten(3)


def rotated_in_place(x, positions, frequencies):
    turned, angles = x.clone(), torch.einsum("t,w->tw", positions.float(), frequencies)
    cos, sin = angles.cos()[None, :, None], angles.sin()[None, :, None]
    turned[..., 0::2] = x[..., 0::2] * cos - x[..., 1::2] * sin
    turned[..., 1::2] = x[..., 0::2] * sin + x[..., 1::2] * cos
    return turned


def rotated_as_hugging_face_does(x, positions, frequencies):
    angles = positions[:, None] * frequencies
    doubled = torch.cat((angles, angles), dim=-1)[:, None]
    middle = x.shape[-1] // 2
    rotated = torch.cat((-x[..., middle:], x[..., :middle]), dim=-1)
    return x * doubled.cos() + rotated * doubled.sin()


def rows_by_index(weight, n_heads):
    d = len(weight) // n_heads
    order = [h * d + i + s for h in range(n_heads) for i in range(d // 2) for s in (0, d // 2)]
    return weight[order]


def rows_stacked(weight, n_heads):
    heads = weight.reshape(n_heads, -1, weight.shape[-1])
    first, second = heads.chunk(2, dim=1)
    return torch.stack((first, second), dim=2).flatten(0, 2)


def bands_with_where(frequencies, factor, low, high, old_context):
    wavelengths = 2 * math.pi / frequencies
    smooth = (old_context / wavelengths - low) / (high - low)
    blended = frequencies * ((1 - smooth) / factor + smooth)
    slowed = torch.where(wavelengths > old_context / low, frequencies / factor, blended)
    return torch.where(wavelengths < old_context / high, frequencies, slowed)


def bands_one_by_one(frequencies, factor, low, high, old_context):
    scaled = []
    for w in frequencies.tolist():
        n = old_context * w / (2 * math.pi)
        share = min(max((n - low) / (high - low), 0), 1)
        scaled.append(w / factor + share * (w - w / factor))
    return torch.tensor(scaled)


@pytest.mark.parametrize(("name", "answer"), [
    ("inverse_frequencies", frequencies_as_exp),
    ("inverse_frequencies", frequencies_one_by_one),
    ("sinusoids", sinusoids_filled),
    ("sinusoids", sinusoids_in_loops),
    ("rotate", rotated_as_complex),
    ("rotate", rotated_in_place),
    ("rotate_half_split", rotated_as_hugging_face_does),
    ("interleave_rows", rows_by_index),
    ("interleave_rows", rows_stacked),
    ("scale_frequencies", bands_with_where),
    ("scale_frequencies", bands_one_by_one),
])  # fmt: skip
def test_honest_answers_of_other_forms_are_right(name, answer):
    assert verdict_of(name, answer).ok


def pairs_from_a_view_in_halves(x, positions, frequencies):
    angles = positions[:, None] * frequencies
    halves = x.view(*x.shape[:-1], 2, -1)
    turned = torch.complex(halves[..., 0, :], halves[..., 1, :])
    turned = turned * torch.polar(torch.ones_like(angles), angles)[:, None]
    return torch.view_as_real(turned).flatten(-2)


def conjugated(x, positions, frequencies):
    return rotated_as_complex(x, -positions, frequencies)


def written_into_itself(x, positions, frequencies):
    x, angles = x.clone(), positions[:, None] * frequencies
    cos, sin = angles.cos()[:, None], angles.sin()[:, None]
    a, b = x[..., 0::2], x[..., 1::2]
    x[..., 0::2] = a * cos - b * sin
    x[..., 1::2] = a * sin + b * cos
    return x


def without_a_dimension_for_heads(x, positions, frequencies):
    angles = positions[:, None] * frequencies
    a, b = x[..., 0::2], x[..., 1::2]
    turned = (a * angles.cos() - b * angles.sin(), a * angles.sin() + b * angles.cos())
    return torch.stack(turned, dim=-1).flatten(-2)


def half_turned(x, positions, frequencies, sign, middle):
    angles = (positions[:, None] * frequencies).repeat(1, 2)[:, None]
    rotated = torch.cat((x[..., middle:], sign * x[..., :middle]), dim=-1)
    return x * angles.cos() + rotated * angles.sin()


def columns_twice_counted(n_positions, d_model):
    exponents = torch.arange(0, d_model, 2) * 2 / d_model
    angles = torch.arange(n_positions)[:, None] / 10_000**exponents
    return torch.stack((angles.sin(), angles.cos()), dim=2).reshape(n_positions, d_model)


def stacked_in_the_middle(n_positions, d_model):
    angles = torch.outer(torch.arange(n_positions), frequencies_one_by_one(d_model, 10_000.0))
    return torch.stack((angles.sin(), angles.cos()), dim=1).flatten(1)


def rows_of_the_whole_matrix(weight, n_heads):
    middle = len(weight) // 2
    return torch.stack((weight[:middle], weight[middle:]), dim=1).flatten(0, 1)


def rows_sorted_back(weight, n_heads):
    heads = weight.view(n_heads, -1, weight.shape[1])
    return torch.cat((heads[:, 0::2], heads[:, 1::2]), dim=1).flatten(0, 1)


def rows_halved_before_heads(weight, n_heads):
    halves = weight.view(2, n_heads, -1, weight.shape[1])
    return halves.transpose(0, 1).reshape(weight.shape)


def neighbours_with_the_angles_of_halves(x, positions, frequencies):
    angles = positions[:, None] * frequencies
    angles = torch.cat((angles, angles), dim=-1)[:, None]
    crossed = torch.stack((-x[..., 1::2], x[..., 0::2]), dim=-1).flatten(-2)
    return x * angles.cos() + crossed * angles.sin()


def shares_from_the_other_end(frequencies, factor, low, high, old_context):
    turns = old_context * frequencies / (2 * math.pi)
    share = ((high - turns) / (high - low)).clamp(0, 1)
    return torch.lerp(frequencies / factor, frequencies, share)


def radians_and_no_clamp(frequencies, factor, low, high, old_context):
    share = (old_context * frequencies - low) / (high - low)
    return torch.lerp(frequencies / factor, frequencies, share)


def sinusoids_without_a_column(n_positions, d_model):
    table = torch.zeros(n_positions, d_model)
    angles = torch.arange(n_positions) * frequencies_one_by_one(d_model, 10_000.0)
    table[:, 0::2], table[:, 1::2] = angles.sin(), angles.cos()
    return table


def halves_of_the_texts(x, positions, frequencies):
    cos, sin = (positions[:, None] * frequencies).cos()[:, None], 0
    a, b = x.chunk(2)
    return torch.cat((a * cos - b * sin, a * sin + b * cos))


def asked_by_if(frequencies, factor, low, high, old_context):
    turns = old_context * frequencies / (2 * math.pi)
    return frequencies / factor if turns < low else frequencies


@pytest.mark.parametrize(("name", "answer", "words"), [
    ("rotate_half_split", halves_of_the_texts, "`dim` names another one"),
    ("sinusoids", sinusoids_without_a_column, "`x[:, None]` makes a column"),
    ("scale_frequencies", asked_by_if, "need one truth value"),
])  # fmt: skip
def test_likely_crashes_get_a_hint(name, answer, words):
    assert words in verdict_of(name, answer).hint


@pytest.mark.parametrize(("name", "answer", "told"), [
    ("inverse_frequencies", lambda d_head, theta: theta ** -torch.arange(0, d_head, 2) / d_head,
     "power_divided"),
    ("inverse_frequencies", lambda d_head, theta: theta ** (-torch.arange(d_head // 2) / d_head),
     "half_exponents"),
    ("inverse_frequencies", lambda d_head, theta: 1 / frequencies_as_exp(d_head, theta), "growing"),
    ("sinusoids", columns_twice_counted, "double_exponents"),
    ("sinusoids", stacked_in_the_middle, "sines_then_cosines"),
    ("rotate", pairs_from_a_view_in_halves, "read_as_halves"),
    ("rotate", conjugated, "backwards"),
    ("rotate", written_into_itself, "turned_from_the_turned"),
    ("rotate", without_a_dimension_for_heads, "along_heads"),
    ("rotate", rotated_as_hugging_face_does, "half_split"),
    ("rotate_half_split", rotated_as_complex, "interleaved"),
    ("rotate_half_split", lambda x, positions, frequencies: half_turned(
        x, positions, frequencies, -1, x.shape[-1] // 2), "backwards"),
    ("rotate_half_split", lambda x, positions, frequencies: half_turned(
        x, positions, frequencies, 1, x.shape[-1] // 2), "both_plus"),
    ("interleave_rows", rows_of_the_whole_matrix, "one_head"),
    ("interleave_rows", rows_sorted_back, "way_back"),
    ("interleave_rows", lambda weight, n_heads: weight, "nothing_moved"),
    ("interleave_rows", rows_halved_before_heads, "halves_before_heads"),
    ("rotate", neighbours_with_the_angles_of_halves, "angles_of_halves"),
    ("scale_frequencies", shares_from_the_other_end, "bands_swapped"),
    ("scale_frequencies", radians_and_no_clamp, "radians_for_turns + not_clamped"),
])  # fmt: skip
def test_likely_slips_are_named(name, answer, told):
    verdict = verdict_of(name, answer)
    assert not verdict.ok
    assert verdict.misconception == told


def test_a_view_after_a_swap_is_told_to_be_a_reshape():
    def answer(weight, n_heads):
        halves = weight.view(n_heads, 2, -1, weight.shape[1])
        return halves.transpose(1, 2).view(weight.shape)

    assert "`reshape`" in verdict_of("interleave_rows", answer).hint
