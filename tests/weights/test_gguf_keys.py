"""Each key of a GGUF file is obeyed, or says nothing, or is refused by name."""

import gguf
import pytest
import torch

from llama_edu.tokenizer import load_tokenizer
from llama_edu.weights import load_gguf
from llama_edu.weights.gguf_keys import EMBEDDING, IDLE, NEUTRAL, OBEYED
from tests import checkpoints

# All that llama.cpp's package knows to say of a model, whatever its architecture.
KNOWN = sorted(
    key.removeprefix("{arch}.")
    for room in vars(gguf.Keys).values()
    if isinstance(room, type)
    for key in vars(room).values()
    if isinstance(key, str) and key.startswith("{arch}.")
)


@pytest.fixture(scope="module")
def metadata():
    plain = checkpoints.gguf_metadata(checkpoints.byte_level())
    del plain["llama.rope.scaling.factor"], plain["llama.rope.scaling.type"]
    return plain


def load(tmp_path, metadata, tensors=None, **keys):
    file = tmp_path / "m.gguf"
    keys = {key.replace("__", "."): value for key, value in keys.items()}
    file.write_bytes(checkpoints.gguf_bytes(metadata | keys, tensors))
    return load_gguf(file)


@pytest.mark.parametrize("value", [7, 0.25, "x", [1, 2]])
def test_what_would_change_the_arithmetic_is_refused_by_name(tmp_path, metadata, value):
    keys = [key for key in KNOWN if key not in OBEYED | IDLE]
    assert len(keys) > 60
    only = {EMBEDDING: torch.zeros(300, 16)}
    for key in keys:
        with pytest.raises(ValueError, match=r"m\.gguf") as caught:
            load(tmp_path, metadata, only, **{f"llama.{key}": value})
        assert f"llama.{key}" in str(caught.value)


def test_a_key_that_nobody_knows_is_refused_by_name(tmp_path, metadata):
    with pytest.raises(ValueError, match=r"llama\.twist must be absent or 0, got 3: the model"):
        load(tmp_path, metadata, llama__twist=3)
    load(tmp_path, metadata, llama__twist=0, general__twist=3, other__twist=3)


@pytest.mark.parametrize("keys", [
    {"attention.causal": True}, {"use_parallel_residual": False}, {"logit_scale": 1.0},
    {"residual_scale": 0.0}, {"embedding_scale": 1.0}, {"attention.scale": 0.0},
    {"attention.scale": 0.5}, {"final_logit_softcapping": 0.0}, {"attention.clamp_kqv": 0.0},
    {"attention.sliding_window": 0}, {"attention.sliding_window": 64},
    {"attention.sliding_window": 9999}, {"expert_count": 0, "expert_used_count": 0},
    {"pooling_type": 0}, {"tensor_data_layout": "Meta AI original pth"}, {"vocab_size": 7},
    {"rope.scaling.attn_factor": 1.0}, {"rope.scaling.original_context_length": 7},
    {"rope.scaling.finetuned": True}, {"rope.freq_base_swa": 1e4},
    {"attention.layer_norm_epsilon": 1e-3}, {"rope.scaling.yarn_ext_factor": -1.0},
    {"attention.head_count_kv": [2, 2]}, {"feed_forward_length": [24, 24]},
])  # fmt: skip
def test_what_says_nothing_changes_nothing(tmp_path, metadata, keys):
    ours = load(tmp_path, metadata, **{f"llama.{key}": value for key, value in keys.items()})
    tokens = torch.tensor([[5, 7, 250]])
    torch.testing.assert_close(ours(tokens), checkpoints.model()(tokens))


@pytest.mark.parametrize("keys, message", [
    ({"attention.head_count_kv": [2, 1]}, "attention.head_count_kv must be a whole number"),
    ({"feed_forward_length": [24, 16]}, "feed_forward_length must be a whole number"),
    ({"attention.sliding_window": 63}, "attention.sliding_window must be absent or 64, got 63"),
    ({"attention.scale": 0.25}, "attention.scale must be absent or 0.5, got 0.25"),
    ({"attention.causal": False}, "attention.causal must be absent or True, got False"),
    ({"rope.scaling.type": "longrope"}, "rope.scaling.type must be 'none' or 'linear'"),
    ({"rope.scaling.factor": 0.5}, "factor must be at least 1, got 0.5"),
    ({"rope.scaling.factor": float("nan")}, "rope.scaling.factor must be a finite number"),
    ({"rope.dimension_count": 2}, "rope.dimension_count must be the width of a head, 4, got 2"),
    ({"block_count": 2_000_000_000}, "block_count must be a whole number"),
    ({"block_count": "2"}, "block_count must be a whole number of at least 1.* got '2'"),
])  # fmt: skip
def test_what_is_obeyed_is_checked(tmp_path, metadata, keys, message):
    with pytest.raises(ValueError, match=message):
        load(tmp_path, metadata, **{f"llama.{key}": value for key, value in keys.items()})


def test_the_new_key_of_a_factor_goes_before_the_old_one(tmp_path, metadata):
    """llama.cpp looks for the old key only where the new one is absent, even if that says 0."""
    old = {"llama.rope.scale_linear": 4.0}
    assert load(tmp_path, metadata, **old).config.rope_scaling.factor == 4
    new = {"llama.rope.scaling.factor": 2.0}
    assert load(tmp_path, metadata, **old, **new).config.rope_scaling.factor == 2
    none = {"llama.rope.scaling.factor": 0.0}
    assert load(tmp_path, metadata, **old, **none).config.rope_scaling is None


@pytest.mark.parametrize("keys, message", [
    ({"split.count": 3, "split.no": 0, "split.tensors.count": 21},
     r"is part 1 of 3: join them with llama\.cpp's `llama-gguf-split --merge"),
    ({"split.count": 3, "split.no": 2}, "is part 3 of 3"),
    ({"llama.expert_count": 8, "llama.expert_used_count": 2}, "is a mixture of 8 experts"),
    ({"general.type": "adapter"}, "holds no model: its general.type is 'adapter'"),
    ({"general.type": "mmproj", "general.architecture": "clip"}, "general.type is 'mmproj'"),
    ({"general.architecture": "llama4"}, "is of architecture 'llama4', expected 'llama'"),
])  # fmt: skip
def test_a_file_that_is_no_whole_dense_llama_says_what_it_is(tmp_path, metadata, keys, message):
    with pytest.raises(ValueError, match=message):
        load(tmp_path, metadata, **keys)


def test_a_later_part_of_a_split_file_says_so(tmp_path):
    """llama.cpp leaves all other metadata to the first part."""
    (tmp_path / "m.gguf").write_bytes(checkpoints.gguf_bytes({"split.no": 1, "split.count": 3}))
    for read in (load_gguf, load_tokenizer):
        with pytest.raises(ValueError, match=r"m\.gguf is part 2 of 3: join them"):
            read(tmp_path / "m.gguf")


def test_a_split_file_of_one_part_is_whole(tmp_path, metadata):
    load(tmp_path, metadata, **{"split.count": 1, "split.no": 0})


def test_a_vocabulary_alone_says_so(tmp_path, metadata):
    with pytest.raises(ValueError, match="holds a vocabulary and no weights: fetch the file of"):
        load(tmp_path, metadata, tensors={})


def test_a_big_endian_file_says_so(tmp_path, metadata):
    (tmp_path / "m.gguf").write_bytes(checkpoints.gguf_bytes(metadata, order=">"))
    with pytest.raises(ValueError, match=r"m\.gguf: the file is big-endian"):
        load_gguf(tmp_path / "m.gguf")


def test_no_key_is_in_two_lists():
    assert not (OBEYED & IDLE or OBEYED & NEUTRAL.keys() or IDLE & NEUTRAL.keys())
