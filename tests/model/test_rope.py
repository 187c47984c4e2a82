"""RoPE: only distances count, both layouts are one rotation, the stretch is Llama 3.1's own."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from transformers import LlamaConfig
from transformers.modeling_rope_utils import ROPE_INIT_FUNCTIONS

from llama_edu.config import RopeScaling
from llama_edu.model import rope

LLAMA_3_1 = RopeScaling(factor=8.0)
LAYOUTS = pytest.mark.parametrize("rotate", [rope.rotate, rope.rotate_half_split])


def rotation(*positions: int, d_head: int = 8) -> torch.Tensor:
    return rope.rotations(torch.tensor(positions), rope.inverse_frequencies(d_head))


@LAYOUTS
def test_position_zero_turns_nothing(rotate):
    x = torch.randn(2, 1, 3, 8)
    assert torch.equal(rotate(x, rotation(0)), x)


@LAYOUTS
def test_rotation_keeps_vector_length(rotate):
    x = torch.randn(2, 5, 3, 8)
    turned = rotate(x, rotation(0, 1, 7, 500, 4000))
    torch.testing.assert_close(turned.norm(dim=-1), x.norm(dim=-1))
    assert (turned - x)[:, 1:].abs().amax(-1).min() > 0.05


@LAYOUTS
@given(m=st.integers(0, 200), n=st.integers(0, 200), shift=st.integers(1, 4096))
def test_scores_depend_on_distance_alone(rotate, m, n, shift):
    q, k = torch.randn(2, 1, 1, 1, 8)

    def score(m, n):
        return (rotate(q, rotation(m)) * rotate(k, rotation(n))).sum()

    # Angles of 4,000 radians in fp32 are known to 2e-4.
    torch.testing.assert_close(score(m + shift, n + shift), score(m, n), rtol=0, atol=5e-3)


@LAYOUTS
def test_scores_do_depend_on_distance(rotate):
    q = torch.ones(1, 1, 1, 8)
    scores = [(rotate(q, rotation(n)) * q).sum().item() for n in range(4)]
    assert scores == sorted(scores, reverse=True)
    assert scores[0] - scores[3] > 1


def test_quarter_turn_by_hand():
    x = torch.tensor([1.0, 2.0, 3.0, 4.0]).view(1, 1, 1, 4)
    quarter = rope.rotations(torch.tensor([1]), torch.tensor([math.pi / 2, 0.0]))
    expected = torch.tensor([-2.0, 1.0, 3.0, 4.0]).view(1, 1, 1, 4)  # i(1 + 2i) = -2 + i
    torch.testing.assert_close(rope.rotate(x, quarter), expected)
    expected = torch.tensor([-3.0, 2.0, 1.0, 4.0]).view(1, 1, 1, 4)  # i(1 + 3i) = -3 + i
    torch.testing.assert_close(rope.rotate_half_split(x, quarter), expected)


def test_every_row_has_its_own_positions():
    x, frequencies = torch.randn(2, 3, 1, 8), rope.inverse_frequencies(8)
    positions = torch.tensor([[0, 1, 2], [5, 6, 7]])
    turned = rope.rotate(x, rope.rotations(positions, frequencies))
    torch.testing.assert_close(turned[1:], rope.rotate(x[1:], rotation(5, 6, 7)))


def test_layouts_agree_after_reordering_the_rows():
    n_heads, x = 3, torch.randn(2, 5, 16)
    half_split = torch.randn(n_heads * 8, 16)
    turn = rotation(3, 4, 5, 6, 7)

    def scores(weight, rotate):
        heads = rotate((x @ weight.mT).unflatten(-1, (n_heads, -1)), turn)
        return torch.einsum("bthd,bshd->bhts", heads, heads)

    expected = scores(half_split, rope.rotate_half_split)
    interleaved = rope.interleave_rows(half_split, n_heads)
    torch.testing.assert_close(scores(interleaved, rope.rotate), expected, rtol=1e-5, atol=1e-4)
    assert (scores(half_split, rope.rotate) - expected).abs().max() > 1


def test_interleaving_by_hand():
    rows = torch.arange(8.0)[:, None]  # two heads of four rows
    assert rope.interleave_rows(rows, n_heads=2).flatten().tolist() == [0, 2, 1, 3, 4, 6, 5, 7]


@pytest.mark.parametrize("n_heads", [1, 2, 3])
def test_interleaving_and_splitting_undo_each_other(n_heads):
    weight = torch.randn(n_heads * 10, 7)
    assert torch.equal(rope.split_rows(rope.interleave_rows(weight, n_heads), n_heads), weight)
    assert torch.equal(rope.interleave_rows(rope.split_rows(weight, n_heads), n_heads), weight)


@pytest.mark.parametrize("theta", [1e4, 1e5, 5e5])
def test_frequencies_are_powers_of_theta(theta):
    expected = [theta ** (-2 * i / 10) for i in range(5)]
    torch.testing.assert_close(rope.inverse_frequencies(10, theta), torch.tensor(expected))


@pytest.mark.parametrize("factor", [8.0, 32.0])
def test_scaled_frequencies_match_transformers(factor):
    settings = {
        "rope_type": "llama3", "rope_theta": 5e5, "factor": factor, "low_freq_factor": 1.0,
        "high_freq_factor": 4.0, "original_max_position_embeddings": 8192,
    }  # fmt: skip
    config = LlamaConfig(head_dim=128, max_position_embeddings=131_072, rope_parameters=settings)
    theirs, _ = ROPE_INIT_FUNCTIONS["llama3"](config)
    ours = rope.inverse_frequencies(128, 5e5, RopeScaling(factor=factor))
    torch.testing.assert_close(ours, theirs, rtol=1e-6, atol=0)


def test_llama_3_1_keeps_29_pairs_blends_6_and_slows_29():
    plain = rope.inverse_frequencies(128, 5e5)
    scaled = rope.inverse_frequencies(128, 5e5, LLAMA_3_1)
    kept, slowed = scaled == plain, scaled == plain / 8
    assert (kept.sum(), slowed.sum()) == (29, 29)
    blended = ~(kept | slowed)
    assert ((scaled < plain) & (scaled > plain / 8)).equal(blended)
    assert kept[:29].all() and slowed[-29:].all()


@pytest.mark.parametrize(
    ("theta", "scaling", "longest"),
    [(1e4, None, 54_410), (5e5, None, 2_559_196), (5e5, LLAMA_3_1, 20_473_564)],
)
def test_longest_wavelength_in_tokens(theta, scaling, longest):
    slowest = rope.inverse_frequencies(128, theta, scaling).min().item()
    assert 2 * math.pi / slowest == pytest.approx(longest, rel=1e-5)


def test_angles_are_real_numbers_even_when_the_model_is_on_the_meta_device():
    with torch.device("meta"):
        frequencies = rope.inverse_frequencies(8)
    assert torch.equal(frequencies, rope.inverse_frequencies(8))


def test_bfloat16_input_keeps_its_dtype_and_is_turned_in_fp32():
    x = torch.randn(1, 1, 2, 8).bfloat16()
    turned = rope.rotate(x, rotation(1001))
    assert turned.dtype == torch.bfloat16
    assert torch.equal(turned, rope.rotate(x.float(), rotation(1001)).bfloat16())
