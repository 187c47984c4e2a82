"""load_hf and save_hf: what a LLaMA has not is named, and nothing is loaded or written half."""

import json

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import LlamaForCausalLM, MistralConfig, MistralForCausalLM

from llama_edu.config import LinearRopeScaling, RopeScaling
from llama_edu.weights import hf, load_hf, save_hf
from llama_edu.weights.hf_config import read_hf_config


@pytest.fixture
def folder(make_theirs, tmp_path):
    make_theirs().save_pretrained(tmp_path)
    return tmp_path


def change_config(folder, **changes):
    path = folder / "config.json"
    settings = json.loads(path.read_text(encoding="utf-8")) | changes
    path.write_text(
        json.dumps({name: value for name, value in settings.items() if value != "leave out"}),
        encoding="utf-8",
    )


def change_tensors(folder, change):
    tensors = load_file(folder / "model.safetensors")
    change(tensors)
    save_file(tensors, folder / "model.safetensors")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"model_type": "qwen2"}, "model_type must be 'llama' for a LLaMA, got 'qwen2'"),
        ({"model_type": "mistral", "sliding_window": 64}, "must be null for a LLaMA, got 64"),
        (
            {"model_type": "mistral", "max_position_embeddings": 8192},
            "sliding_window must be null for a LLaMA, got 4096",
        ),
        ({"hidden_act": "gelu"}, "hidden_act must be 'silu' for a LLaMA, got 'gelu'"),
        ({"attention_bias": True}, "attention_bias must be False for a LLaMA, got True"),
        ({"mlp_bias": True}, "mlp_bias must be False for a LLaMA, got True"),
        ({"head_dim": 15}, "d_head=15 must be even"),
        ({"head_dim": 32}, r"q_proj\.weight is \(96, 96\), expected \(192, 96\)"),
        (
            {"rope_parameters": {"rope_type": "yarn", "rope_theta": 1e4, "factor": 4.0}},
            "rope_type must be 'default', 'linear' or 'llama3', got 'yarn'",
        ),
        (
            {"rope_parameters": None, "rope_scaling": {"type": "linear"}},
            "linear scaling lacks factor",
        ),
        (
            {"rope_parameters": {"rope_type": "llama3", "rope_theta": 1e4, "factor": 8.0}},
            "llama3 scaling lacks low_freq_factor, high_freq_factor",
        ),
        ({"hidden_size": "leave out"}, "lacks hidden_size"),
        (
            {"vocab_size": "leave out", "intermediate_size": "leave out"},
            "lacks vocab_size, intermediate_size",
        ),
        ({"num_key_value_heads": 4}, "n_heads=6 must be a multiple of n_kv_heads=4"),
    ],
)
def test_setting_that_a_llama_has_not_is_named(folder, changes, message):
    change_config(folder, **changes)
    with pytest.raises(ValueError, match=message):
        load_hf(folder)


def test_settings_left_out_have_transformers_defaults(folder):
    names = ("rms_norm_eps", "max_position_embeddings", "num_key_value_heads", "head_dim",
             "rope_parameters", "tie_word_embeddings", "hidden_act", "attention_bias")  # fmt: skip
    change_config(folder, **dict.fromkeys(names, "leave out"))
    from transformers import LlamaConfig

    theirs, ours = LlamaConfig.from_pretrained(folder), read_hf_config(folder)
    assert ours.norm_eps == theirs.rms_norm_eps
    assert ours.max_seq_len == theirs.max_position_embeddings
    assert ours.n_kv_heads == theirs.num_key_value_heads
    assert ours.rope_theta == theirs.rope_parameters["rope_theta"]
    assert ours.tie_embeddings == theirs.tie_word_embeddings


def test_llama_3_1_settings_in_both_spellings(folder):
    scaling = {
        "rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
        "original_max_position_embeddings": 8192,
    }  # fmt: skip
    for spelling in (
        {"rope_parameters": scaling | {"rope_theta": 5e5}},
        {"rope_parameters": "leave out", "rope_scaling": scaling, "rope_theta": 5e5},
    ):
        change_config(folder, **spelling)
        config = read_hf_config(folder)
        assert (config.rope_theta, config.rope_scaling) == (5e5, RopeScaling(factor=8.0))


LLAMA3 = {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0}


@pytest.mark.parametrize("stated", [
    {"rope_parameters": {"rope_type": "default", "rope_theta": 5e5},
     "rope_scaling": {"type": "linear", "factor": 4.0}},
    {"rope_parameters": {"rope_type": "linear", "factor": 4.0, "rope_theta": 1e4},
     "rope_scaling": {"rope_type": "default"}},
    {"rope_parameters": LLAMA3 | {"rope_theta": 1e4}},
    {"rope_parameters": LLAMA3 | {"rope_theta": 1e4, "original_max_position_embeddings": 16},
     "original_max_position_embeddings": 32},
])  # fmt: skip
def test_rotary_settings_in_two_places_are_those_of_transformers(
    make_theirs, tmp_path, assert_same_logits, stated
):
    make_theirs().save_pretrained(tmp_path)
    change_config(tmp_path, **stated)
    theirs = LlamaForCausalLM.from_pretrained(tmp_path, dtype=torch.float32).eval()
    assert_same_logits(load_hf(tmp_path), theirs)


def test_a_tied_tensor_may_be_stored_under_the_name_of_the_output(
    make_theirs, tmp_path, assert_same_logits
):
    theirs = make_theirs(tie_word_embeddings=True)
    theirs.save_pretrained(tmp_path)
    tensors = load_file(tmp_path / "model.safetensors")
    tensors["lm_head.weight"] = tensors.pop("model.embed_tokens.weight")
    save_file(tensors, tmp_path / "model.safetensors", metadata={"format": "pt"})
    assert_same_logits(load_hf(tmp_path), theirs)


def test_linear_scaling_is_read_and_written(make_theirs, tmp_path, assert_same_logits):
    theirs = make_theirs(rope={"rope_type": "linear", "factor": 2.5})
    theirs.save_pretrained(tmp_path)
    ours = load_hf(tmp_path)
    assert ours.config.rope_scaling == LinearRopeScaling(factor=2.5)
    assert_same_logits(ours, theirs)
    save_hf(ours, tmp_path / "again")
    again = LlamaForCausalLM.from_pretrained(tmp_path / "again").eval()
    assert_same_logits(ours, again)
    change_config(tmp_path, rope_parameters=None, rope_scaling={"type": "linear", "factor": 2.5})
    assert read_hf_config(tmp_path).rope_scaling == LinearRopeScaling(factor=2.5)


def test_heads_may_have_a_width_of_their_own(make_theirs, tmp_path, assert_same_logits):
    theirs = make_theirs(head_dim=10)
    theirs.save_pretrained(tmp_path)
    ours = load_hf(tmp_path)
    assert (ours.config.d_head, ours.config.d_model) == (10, 96)
    assert ours.config.n_params == sum(weight.numel() for weight in ours.parameters())
    assert_same_logits(ours, theirs)
    save_hf(ours, tmp_path / "again")
    assert_same_logits(ours, LlamaForCausalLM.from_pretrained(tmp_path / "again").eval())


def test_a_folder_shaped_like_mistral_nemo_loads(randomize, tmp_path, assert_same_logits):
    settings = MistralConfig(
        vocab_size=102, hidden_size=96, num_hidden_layers=2, num_attention_heads=6,
        num_key_value_heads=2, head_dim=10, intermediate_size=160, max_position_embeddings=128,
        rope_parameters={"rope_type": "default", "rope_theta": 1e6}, sliding_window=None,
    )  # fmt: skip
    theirs = randomize(MistralForCausalLM(settings))
    theirs.save_pretrained(tmp_path)
    ours = load_hf(tmp_path)
    assert (ours.config.d_head, ours.config.rope_theta) == (10, 1e6)
    assert_same_logits(ours, theirs)


def test_every_wrong_tensor_is_listed(folder):
    def damage(tensors):
        del tensors["model.layers.0.mlp.up_proj.weight"], tensors["lm_head.weight"]
        tensors["model.layers.1.self_attn.q_proj.bias"] = torch.zeros(96)
        tensors["model.layers.2.self_attn.k_proj.weight"] = torch.zeros(96, 96)

    change_tensors(folder, damage)
    with pytest.raises(ValueError, match="does not hold the tensors of its config") as caught:
        load_hf(folder)
    message = str(caught.value)
    assert "2 missing: lm_head.weight, model.layers.0.mlp.up_proj.weight" in message
    assert "1 unknown: model.layers.1.self_attn.q_proj.bias" in message
    assert "model.layers.2.self_attn.k_proj.weight is (96, 96), expected (32, 96)" in message


def test_a_long_list_is_cut(folder):
    change_config(folder, num_hidden_layers=1)
    with pytest.raises(ValueError, match=r"18 unknown: model\.layers\.1.* and 10 more"):
        load_hf(folder)


def test_rotary_frequencies_of_old_conversions_are_skipped(folder, make_theirs, assert_same_logits):
    name = "model.layers.0.self_attn.rotary_emb.inv_freq"
    change_tensors(folder, lambda tensors: tensors.update({name: torch.ones(8)}))
    assert_same_logits(load_hf(folder), make_theirs())


def test_tied_output_may_be_stored_but_not_differ(make_theirs, tmp_path, assert_same_logits):
    theirs = make_theirs(tie_word_embeddings=True)
    theirs.save_pretrained(tmp_path)
    table = theirs.model.embed_tokens.weight.detach()
    change_tensors(tmp_path, lambda tensors: tensors.update({"lm_head.weight": table.clone()}))
    ours = load_hf(tmp_path)
    assert ours.output.weight is ours.embedding.weight
    assert_same_logits(ours, theirs)
    change_tensors(tmp_path, lambda tensors: tensors.update({"lm_head.weight": table + 1}))
    with pytest.raises(ValueError, match=r"tied, but lm_head\.weight differs from model\.embed"):
        load_hf(tmp_path)


def test_missing_files_are_named(folder):
    (folder / "model.safetensors").unlink()
    with pytest.raises(FileNotFoundError, match=r"has no \*\.safetensors \(pickled"):
        load_hf(folder)
    (folder / "config.json").unlink()
    with pytest.raises(FileNotFoundError, match=r"has no config\.json"):
        load_hf(folder)


def test_missing_shard_is_named(make_theirs, tmp_path):
    make_theirs().save_pretrained(tmp_path, max_shard_size="300KB")
    sorted(tmp_path.glob("*.safetensors"))[1].unlink()
    with pytest.raises(FileNotFoundError, match=r"has no model-00002-of-\d+\.safetensors"):
        load_hf(tmp_path)


def test_saving_over_shards_replaces_them(make_theirs, tmp_path, assert_same_logits, randomize):
    theirs = make_theirs()
    theirs.save_pretrained(tmp_path, max_shard_size="300KB")
    ours = load_hf(tmp_path)
    save_hf(randomize(ours, seed=1), tmp_path)
    for name, weight in load_hf(tmp_path).state_dict().items():
        assert torch.equal(weight, ours.state_dict()[name]), name


def test_a_save_that_fails_leaves_the_old_checkpoint(folder, monkeypatch, randomize):
    before = load_hf(folder)

    def full_disk(tensors, path, metadata):
        path.write_bytes(b"half")
        raise OSError("no space left on device")

    monkeypatch.setattr(hf, "save_file", full_disk)
    with pytest.raises(OSError, match="no space left"):
        save_hf(randomize(load_hf(folder), seed=1), folder)
    after = load_hf(folder).state_dict()
    assert all(torch.equal(after[name], weight) for name, weight in before.state_dict().items())


def test_model_is_ready_to_generate(folder):
    assert not load_hf(folder).training
