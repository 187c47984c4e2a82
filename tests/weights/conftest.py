"""A model of transformers' making, and its weights in the row order of Meta and GGUF."""

import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM


@pytest.fixture
def make_theirs(randomize):
    """A function from changed settings to a transformers model of 3 layers, d=16, H=6, G=2."""

    def make(rope: dict | None = None, **changes) -> LlamaForCausalLM:
        rope = {"rope_type": "default", "rope_theta": 500_000.0} | (rope or {})
        settings = {
            "vocab_size": 102, "hidden_size": 96, "num_hidden_layers": 3,
            "num_attention_heads": 6, "num_key_value_heads": 2, "intermediate_size": 160,
            "max_position_embeddings": 128, "rms_norm_eps": 1e-3, "rope_parameters": rope,
        }  # fmt: skip
        return randomize(LlamaForCausalLM(LlamaConfig(**settings | changes)))

    return make


@pytest.fixture
def interleaved():
    """A function from a transformers model to its tensors, q and k with each pair side by side."""

    def convert(theirs: LlamaForCausalLM) -> dict[str, torch.Tensor]:
        d = theirs.config.head_dim
        within_head = [half * d // 2 + i for i in range(d // 2) for half in (0, 1)]

        def reorder(name, weight):
            if "q_proj" not in name and "k_proj" not in name:
                return weight
            return weight[[head * d + i for head in range(len(weight) // d) for i in within_head]]

        state = theirs.state_dict()
        if theirs.config.tie_word_embeddings:
            del state["lm_head.weight"]
        return {name: reorder(name, weight).contiguous() for name, weight in state.items()}

    return convert


@pytest.fixture
def assert_same_logits():
    @torch.no_grad()
    def compare(ours, theirs):
        tokens = torch.randint(102, (5, 61))
        torch.testing.assert_close(ours(tokens), theirs(tokens).logits, rtol=0, atol=1e-5)

    return compare
