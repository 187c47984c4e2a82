"""Lesson 07's questions: honest answers in other forms are right, likely slips are told rightly."""

import math

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from llama_edu.config import PRESETS
from llama_edu.course.checking.diagnose import diagnose
from llama_edu.course.checking.outcomes import make_cases
from llama_edu.course.checking.questions import find_question


def question(name):
    return find_question(f"norms.{name}")


def rms(x, gain, eps):
    return x * torch.rsqrt(x.square().mean(-1, keepdim=True) + eps) * gain


def glu(x, gate, up, down):
    return (F.silu(x @ gate.T) * (x @ up.T)) @ down.T


@pytest.mark.parametrize("name, oracle", [
    ("rms_norm", lambda x, gain, eps: F.rms_norm(x, gain.shape, gain, eps)),
    ("layer_norm", lambda x, gain, bias, eps: F.layer_norm(x, gain.shape, gain, bias, eps)),
])  # fmt: skip
def test_the_norms_agree_with_torch(name, oracle):
    for case in make_cases(question(name), 0):
        got = question(name).reference(**case)
        torch.testing.assert_close(got, oracle(**case), rtol=1e-4, atol=1e-5)


def test_the_block_agrees_with_the_packages_layer():
    from llama_edu.config import ModelConfig
    from llama_edu.model.llama import Block

    class Mixing(nn.Module):
        def forward(self, x, *_):
            return case["mix"] @ x

    for case in make_cases(question("block"), 0):
        d_ff, d_model = case["gate"].shape
        config = ModelConfig(
            vocab_size=8, d_model=d_model, n_layers=1, n_heads=1, n_kv_heads=1, d_ff=d_ff,
            d_head=2, max_seq_len=8, norm_eps=case["eps"],
        )  # fmt: skip
        block = Block(config)
        block.attention = Mixing()
        with torch.no_grad():
            block.attention_norm.gain.copy_(case["gains"][0])
            block.ffn_norm.gain.copy_(case["gains"][1])
            block.ffn.gate_up_proj.weight.copy_(torch.cat([case["gate"], case["up"]]))
            block.ffn.down_proj.weight.copy_(case["down"])
            got = block(case["x"][None], torch.zeros(len(case["x"]), 1, 2))[0]
        torch.testing.assert_close(question("block").reference(**case), got, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("preset, multiplier, multiple_of", [
    ("llama-7b", 1.0, 256), ("llama-13b", 1.0, 256), ("llama-33b", 1.0, 256),
    ("llama-65b", 1.0, 256), ("llama-2-70b", 1.3, 4096), ("llama-3-8b", 1.3, 1024),
    ("llama-3.1-405b", 1.2, 4096), ("llama-3.2-1b", 1.5, 256), ("llama-3.2-3b", 1.0, 256),
])  # fmt: skip
def test_the_rule_gives_the_hidden_widths_that_were_released(preset, multiplier, multiple_of):
    config = PRESETS[preset]
    width = question("hidden_width").reference(config.d_model, multiplier, multiple_of)
    assert width == config.d_ff


def loop_norm(x, gain, eps):
    rows = x.reshape(-1, x.shape[-1])
    out = [row / math.sqrt(sum(row * row) / len(row) + eps) * gain for row in rows]
    return torch.stack(out).reshape(x.shape)


def by_einsum(x, gate, up, down):
    g, u = (torch.einsum("...d,fd->...f", x, w) for w in (gate, up))
    return torch.einsum("...f,df->...d", g / (1 + torch.exp(-g)) * u, down)


def by_modules(x, gate, up, down):
    return F.linear(nn.SiLU()(F.linear(x, gate)).mul(F.linear(x, up)), down)


def with_type_as(x, gain, eps):
    y = x.to(torch.float32)
    y = y * torch.rsqrt(y.pow(2).mean(dim=-1, keepdim=True) + eps)
    return gain * y.type_as(x)


def rms_norm(x, gain, eps):
    return rms(x, gain, eps)


def by_ones_own_norm(x, gain, eps):
    return rms_norm(x.float(), torch.ones(x.shape[-1]), eps).to(x.dtype) * gain


def negative_floor(d_model, multiplier, multiple_of):
    h = int(multiplier * int(8 * d_model / 3))
    return h + (-h) % multiple_of


def block_in_steps(x, mix, gains, gate, up, down, eps):
    h = x + torch.matmul(mix, rms(x, gains[0], eps))
    return h.add(glu(rms(h, gains[1], eps), gate, up, down))


@pytest.mark.parametrize("name, answer", [
    ("rms_norm", lambda x, gain, eps: x / torch.sqrt(torch.mean(x**2, dim=-1, keepdim=True) + eps)
     * gain),
    ("rms_norm", loop_norm),
    ("rms_norm", lambda x, gain, eps: gain * x
     / ((x.norm(dim=-1, keepdim=True) ** 2 / x.size(-1)) + eps) ** 0.5),
    ("layer_norm", lambda x, gain, bias, eps: (x - x.mean(-1, keepdim=True))
     / torch.sqrt(x.var(-1, unbiased=False, keepdim=True) + eps) * gain + bias),
    ("layer_norm", lambda x, gain, bias, eps: bias + gain * (x - (m := x.mean(-1, keepdim=True)))
     * ((x - m).pow(2).sum(-1, keepdim=True) / x.shape[-1] + eps) ** -0.5),
    ("narrow_rms_norm", with_type_as),
    ("narrow_rms_norm", by_ones_own_norm),
    ("swiglu", by_einsum),
    ("swiglu", by_modules),
    ("hidden_width", negative_floor),
    ("hidden_width", lambda d_model, multiplier, multiple_of: multiple_of * (
        (int(multiplier * int(2 * (4 * d_model) / 3)) + multiple_of - 1) // multiple_of)),
    ("block", block_in_steps),
])  # fmt: skip
def test_honest_answers_in_other_forms_are_right(name, answer):
    for seed in range(3):
        verdict = diagnose(question(name), answer, seed)
        assert verdict.ok, verdict.sentence


@pytest.mark.parametrize("name, answer, misconception", [
    ("rms_norm", lambda x, gain, eps: x / x.norm(dim=-1, keepdim=True) * gain,
     "eps_forgotten + sum_of_squares"),
    ("rms_norm", lambda x, gain, eps: x / (x.pow(2).mean(-1, keepdim=True) ** 0.5 + eps) * gain,
     "eps_after_root"),
    ("layer_norm", lambda x, gain, bias, eps: gain * (x - x.mean(-1, keepdim=True))
     / (x.std(-1, keepdim=True) + eps) + bias, "unbiased + eps_after_root"),
    ("layer_norm", lambda x, gain, bias, eps: gain * (x - x.mean(-1, keepdim=True))
     / (x.std(-1, correction=0, keepdim=True) + eps) + bias, "eps_after_root"),
    ("narrow_rms_norm", lambda x, gain, eps: rms(x, gain, eps), "not_widened + x_left_narrow"),
    ("narrow_rms_norm", lambda x, gain, eps: x / (x.square().mean(-1, keepdim=True) + eps).sqrt()
     * gain, "not_widened"),
    ("narrow_rms_norm", lambda x, gain, eps: rms(x.float(), gain.float(), eps).to(x.dtype),
     "gain_in_float32"),
    ("narrow_rms_norm", lambda x, gain, eps: x
     / (x.float().square().mean(-1, keepdim=True) + eps).sqrt().to(x.dtype) * gain,
     "root_rounded"),
    ("narrow_rms_norm", lambda x, gain, eps: rms(x.float(), 1, eps).half() * gain,
     "always_float16"),
    ("swiglu", lambda x, gate, up, down: (x @ gate.T * F.silu(x @ up.T)) @ down.T,
     "gate_and_up_swapped"),
    ("swiglu", lambda x, gate, up, down: F.silu((x @ gate.T) * (x @ up.T)) @ down.T,
     "silu_of_product"),
    ("hidden_width", lambda d_model, multiplier, multiple_of: int(multiplier * 8 * d_model / 3)
     // multiple_of * multiple_of, "rounded_down + cut_once"),
    ("hidden_width", lambda d_model, multiplier, multiple_of:
     (int(multiplier * int(8 * d_model / 3)) // multiple_of + 1) * multiple_of, "always_one_more"),
    ("block", lambda x, mix, gains, gate, up, down, eps:
     (h := rms(x + mix @ x, gains[0], eps)) * 0 + rms(h + glu(h, gate, up, down), gains[1], eps),
     "post_norm"),
    ("block", lambda x, mix, gains, gate, up, down, eps:
     x + mix @ rms(x, gains[0], eps) + glu(rms(x, gains[1], eps), gate, up, down), "parallel"),
    ("rms_norm", lambda x, gain, eps: (x - x.mean(-1, keepdim=True))
     / torch.sqrt(x.var(-1, keepdim=True) + eps) * gain, "centred + divided_by_deviation"),
    ("rms_norm", lambda x, gain, eps: x / torch.sqrt(torch.mean(x**2, dim=-1) + eps) * gain,
     "without_keepdim"),
    ("layer_norm", lambda x, gain, bias, eps: (x - x.mean()) / torch.sqrt(x.var() + eps) * gain
     + bias, "over_all"),
    ("narrow_rms_norm", lambda x, gain, eps: rms(x.float(), gain, eps), "stays_wide"),
    ("swiglu", lambda x, gate, up, down: x + glu(x, gate, up, down), "stream_added"),
    ("hidden_width", lambda d_model, multiplier, multiple_of: int(multiplier * 2 / 3 * 4 * d_model),
     "no_multiple + cut_once"),
    ("block", lambda x, mix, gains, gate, up, down, eps: x + glu(rms(x + mix
     @ rms(x, gains[0], eps), gains[1], eps), gate, up, down), "first_part_forgotten"),
])  # fmt: skip
def test_a_likely_slip_is_named(name, answer, misconception):
    assert diagnose(question(name), answer).misconception == misconception


def test_a_call_that_hands_over_what_does_not_fit_is_shown():
    def answer(x, mix, gains, gate, up, down, eps):
        x = x + mix @ rms(x, gains[:, 0], eps)
        return x + glu(rms(x, gains[:, 1], eps), gate, up, down)

    verdict = diagnose(question("block"), answer)
    assert ", in rms: " in verdict.line
    assert "called in line" in verdict.line
    assert "shapes of what is handed over" in verdict.hint
