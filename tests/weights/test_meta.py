"""load_meta: checkpoints cut the way Meta cuts them give transformers' logits."""

import json
from pathlib import Path

import pytest
import torch

from llama_edu.config import RopeScaling
from llama_edu.weights import load_meta

# From transformers' names to Meta's, the longer match first.
RENAMES = {
    "model.layers": "layers",
    "self_attn.q_proj": "attention.wq",
    "self_attn.k_proj": "attention.wk",
    "self_attn.v_proj": "attention.wv",
    "self_attn.o_proj": "attention.wo",
    "mlp.gate_proj": "feed_forward.w1",
    "mlp.down_proj": "feed_forward.w2",
    "mlp.up_proj": "feed_forward.w3",
    "post_attention_layernorm": "ffn_norm",
    "input_layernorm": "attention_norm",
    "model.embed_tokens": "tok_embeddings",
    "model.norm": "norm",
    "lm_head": "output",
}
PARAMS = {"dim": 96, "n_layers": 3, "n_heads": 6, "n_kv_heads": 2, "norm_eps": 1e-3,
          "multiple_of": 32, "rope_theta": 500_000.0, "vocab_size": -1}  # fmt: skip


@pytest.fixture
def tensors(make_theirs, interleaved):
    """A transformers model and its weights under Meta's names."""
    theirs = make_theirs()
    renamed = {}
    for name, weight in interleaved(theirs).items():
        for old, new in RENAMES.items():
            name = name.replace(old, new)
        renamed[name] = weight
    return theirs, renamed


def write(folder: Path, tensors: dict, n_shards: int = 1, cut_embedding: int = 0, **params) -> Path:
    """Cut as model parallelism does: wo and w2 by columns, norms copied, the rest by rows."""
    for i in range(n_shards):
        shard = {"rope.freqs": torch.ones(8)}
        for name, weight in tensors.items():
            dim = 1 if "wo" in name or "w2" in name else 0
            if "tok_embeddings" in name:
                dim = cut_embedding
            shard[name] = weight if weight.ndim == 1 else weight.chunk(n_shards, dim)[i].clone()
        torch.save(shard, folder / f"consolidated.{i:02}.pth")
    (folder / "params.json").write_text(json.dumps(PARAMS | params), encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("n_shards", "cut_embedding"),
    [(1, 0), (2, 0), (2, 1), (4, 1)],
    ids=["one", "two, Llama 3", "two, Llama 1 and 2", "four, Llama 1 and 2"],
)
def test_shards_give_the_same_logits(
    tensors, tmp_path, assert_same_logits, n_shards, cut_embedding
):
    theirs, tensors = tensors
    ours = load_meta(write(tmp_path, tensors, n_shards, cut_embedding))
    assert (ours.config.vocab_size, ours.config.d_ff, ours.config.n_kv_heads) == (102, 160, 2)
    assert_same_logits(ours, theirs)


def test_llama_1_has_no_kv_heads_in_its_params(make_theirs, interleaved, tmp_path):
    settings = {"dim": 96, "n_layers": 3, "n_heads": 6, "norm_eps": 1e-6, "vocab_size": -1}
    shard = {
        "tok_embeddings.weight": torch.zeros(102, 96),
        "norm.weight": torch.ones(96),
        "output.weight": torch.ones(102, 96),
    }
    for i in range(3):
        shard |= {f"layers.{i}.attention.w{x}.weight": torch.zeros(96, 96) for x in "qkvo"}
        shard |= {f"layers.{i}.feed_forward.w{x}.weight": torch.zeros(160, 96) for x in (1, 3)}
        shard |= {
            f"layers.{i}.feed_forward.w2.weight": torch.zeros(96, 160),
            f"layers.{i}.attention_norm.weight": torch.ones(96),
            f"layers.{i}.ffn_norm.weight": torch.ones(96),
        }
    torch.save(shard, tmp_path / "consolidated.00.pth")
    (tmp_path / "params.json").write_text(json.dumps(settings), encoding="utf-8")
    config = load_meta(tmp_path).config
    assert (config.n_kv_heads, config.rope_theta, config.norm_eps) == (6, 10_000, 1e-6)
    assert config.max_seq_len == 2048


@pytest.mark.parametrize("stored", ["left out", "twice"])
def test_tied_embeddings_are_recognized(make_theirs, tensors, tmp_path, stored, assert_same_logits):
    theirs, tensors = tensors
    with torch.no_grad():
        theirs.lm_head.weight.copy_(theirs.model.embed_tokens.weight)
    tensors["output.weight"] = tensors["tok_embeddings.weight"]
    if stored == "left out":
        del tensors["output.weight"]
    ours = load_meta(write(tmp_path, tensors, n_shards=2, cut_embedding=0))
    assert ours.config.tie_embeddings
    assert_same_logits(ours, theirs)


def test_scaled_rope_and_context_length(tensors, tmp_path):
    scaled = load_meta(write(tmp_path, tensors[1], use_scaled_rope=True)).config
    assert scaled.rope_scaling == RopeScaling(
        factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0, original_max_seq_len=8192
    )
    assert scaled.max_seq_len == 131_072
    plain = load_meta(write(tmp_path, tensors[1])).config
    assert (plain.rope_scaling, plain.max_seq_len) == (None, 8192)
    assert load_meta(tmp_path, max_seq_len=4096).config.max_seq_len == 4096


def test_weights_are_cast_on_request(tensors, tmp_path):
    model = load_meta(write(tmp_path, tensors[1]), dtype=torch.bfloat16)
    assert {weight.dtype for weight in model.parameters()} == {torch.bfloat16}


def test_every_wrong_tensor_is_listed(tensors, tmp_path):
    _, tensors = tensors
    del tensors["layers.1.attention.wq.weight"], tensors["norm.weight"]
    tensors["layers.0.attention.lora.weight"] = torch.zeros(2, 2)
    tensors["layers.2.ffn_norm.weight"] = torch.zeros(97)
    with pytest.raises(ValueError, match="does not hold the tensors of its config") as caught:
        load_meta(write(tmp_path, tensors))
    message = str(caught.value)
    assert "2 missing: norm.weight, layers.1.attention.wq.weight" in message
    assert "1 unknown: layers.0.attention.lora.weight" in message
    assert "layers.2.ffn_norm.weight is (97,), expected (96,)" in message


def test_shards_with_different_tensors_are_refused(tensors, tmp_path):
    write(tmp_path, tensors[1], n_shards=2)
    shard = torch.load(tmp_path / "consolidated.01.pth")
    del shard["norm.weight"]
    torch.save(shard, tmp_path / "consolidated.01.pth")
    with pytest.raises(ValueError, match=r"hold different tensors: \['norm.weight'\]"):
        load_meta(tmp_path)


@pytest.mark.parametrize("key", ["dim", "n_layers", "n_heads"])
def test_missing_param_is_named(tensors, tmp_path, key):
    write(tmp_path, tensors[1])
    params = {name: value for name, value in PARAMS.items() if name != key}
    (tmp_path / "params.json").write_text(json.dumps(params), encoding="utf-8")
    with pytest.raises(ValueError, match=f"lacks {key}"):
        load_meta(tmp_path)


def test_missing_files_are_named(tensors, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"has no params\.json"):
        load_meta(tmp_path)
    write(tmp_path, tensors[1])
    (tmp_path / "consolidated.00.pth").unlink()
    with pytest.raises(FileNotFoundError, match=r"has no consolidated\.00\.pth"):
        load_meta(tmp_path)


class Trap:
    """Unpickling this would make a folder."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.mkdir, (self.path,)


def test_code_hidden_in_a_checkpoint_does_not_run(tensors, tmp_path):
    write(tmp_path, tensors[1])
    sprung = tmp_path / "sprung"
    torch.save(tensors[1] | {"x": Trap(sprung)}, tmp_path / "consolidated.00.pth")
    with pytest.raises(Exception, match=r"weights_only|Weights only"):
        load_meta(tmp_path)
    assert not sprung.exists()
