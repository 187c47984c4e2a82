"""FeedForward: the SwiGLU of transformers, with gate and up in their places."""

import torch
from transformers import LlamaConfig
from transformers.models.llama.modeling_llama import LlamaMLP

from llama_edu.model.ffn import FeedForward, ReluFeedForward


def test_matches_transformers(config, randomize):
    ours = FeedForward(config)
    settings = LlamaConfig(hidden_size=24, num_attention_heads=6, intermediate_size=40)
    theirs = randomize(LlamaMLP(settings))
    rows = torch.cat([theirs.gate_proj.weight, theirs.up_proj.weight])
    ours.load_state_dict({"gate_up_proj.weight": rows, "down_proj.weight": theirs.down_proj.weight})
    x = torch.randn(2, 5, 24)
    torch.testing.assert_close(ours(x), theirs(x))
    with torch.no_grad():
        ours.gate_up_proj.weight.copy_(rows.roll(40, dims=0))  # up first, gate second
    assert (ours(x) - theirs(x)).abs().max() > 0.1


def test_each_token_is_on_its_own(config, randomize):
    ffn, x = randomize(FeedForward(config)), torch.randn(2, 5, 24)
    torch.testing.assert_close(ffn(x)[:, 3], ffn(x[:, 3]))


def test_a_closed_gate_lets_nothing_pass(config, randomize):
    ffn = randomize(FeedForward(config))
    with torch.no_grad():
        ffn.gate_up_proj.weight[:40] = 0
    assert not ffn(torch.randn(2, 5, 24)).any()


def test_relu_feed_forward_is_the_papers_formula():
    ffn = ReluFeedForward(4, 7)
    x = torch.randn(2, 3, 4)
    w1, b1, w2, b2 = (p for part in (ffn.up_proj, ffn.down_proj) for p in part.parameters())
    torch.testing.assert_close(ffn(x), (x @ w1.mT + b1).clamp(min=0) @ w2.mT + b2)
