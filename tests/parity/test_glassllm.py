"""A real LLaMA of 852,608 parameters against the NumPy code that its author trained it with."""

import json
import sys

import numpy as np
import pytest
import torch

from llama_edu.config import ModelConfig
from llama_edu.model import attention, rope
from llama_edu.model.llama import Llama
from llama_edu.weights import assemble

pytestmark = pytest.mark.network

NAMES = {
    "embedding": "E",
    "attention_norm": "blocks.{}.norm1.gamma",
    "q": "blocks.{}.attn.W_Q",
    "k": "blocks.{}.attn.W_K",
    "v": "blocks.{}.attn.W_V",
    "o": "blocks.{}.attn.W_O",
    "ffn_norm": "blocks.{}.norm2.gamma",
    "gate": "blocks.{}.ffn.W1",
    "up": "blocks.{}.ffn.W3",
    "down": "blocks.{}.ffn.W2",
    "norm": "norm_f.gamma",
}


def load(path) -> Llama:
    """Assemble our model from its arrays, which hold every projection as (in, out)."""
    with np.load(path) as arrays:
        settings = json.loads(str(arrays["__config__"]))
        stored = {name: arrays[name] for name in arrays if name != "__config__"}
    weights = {
        name: torch.from_numpy(array if name == "E" else array.T).float()
        for name, array in stored.items()
    }
    config = ModelConfig(
        vocab_size=settings["vocab_size"], d_model=settings["d_model"],
        n_layers=settings["n_layers"], n_heads=settings["n_heads"],
        n_kv_heads=settings["n_kv_heads"], d_ff=stored["blocks.0.ffn.W1"].shape[1],
        max_seq_len=settings["max_len"], rope_theta=settings["rope_base"],
        norm_eps=settings["eps"], tie_embeddings=True,
    )  # fmt: skip
    assemble.check(weights, config, NAMES, path)
    return assemble.build(
        config, lambda part, layer: weights[NAMES[part].format(layer)], torch.float32
    )


@pytest.fixture(scope="module", params=["en", "pt"])
def case(request, pull):
    """Our model, some tokens, and the logits that its own code gives for them."""
    folder = pull("glassllm")
    path = folder / "glassllm" / "weights" / f"{request.param}.npz"
    tokens = torch.randint(1024, (2, 128), generator=torch.Generator().manual_seed(0))
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder)
        patch.setattr(sys, "dont_write_bytecode", True)  # the folder holds what was fetched
        from glassllm import GlassLM

        expected = torch.from_numpy(GlassLM.load(path)(tokens.numpy()).data).float()
    assert expected.std() > 0.5
    return load(path), tokens, expected


def test_logits_are_those_of_its_own_forward(case):
    ours, tokens, expected = case
    assert sum(weight.numel() for weight in ours.parameters()) == 852_608 == ours.config.n_params
    torch.testing.assert_close(ours(tokens), expected, rtol=0, atol=1e-4)


def test_the_other_rope_layout_would_be_far_off(case, monkeypatch):
    ours, tokens, expected = case
    monkeypatch.setattr(attention, "rotate", rope.rotate_half_split)
    assert (ours(tokens) - expected).abs().max() > 1
