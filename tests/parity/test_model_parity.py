"""Our Llama against transformers' LlamaForCausalLM: the same numbers and text, both directions."""

import json
from dataclasses import replace

import pytest
import torch
from transformers import AutoModelForCausalLM, LlamaConfig, LlamaForCausalLM

from llama_edu.config import PRESETS, ModelConfig
from llama_edu.model.llama import Llama
from llama_edu.weights import load_hf, save_hf

N_NEW = 50
# Released shapes and the head counts they are shrunk to; d_head is 16 in all of them.
HEADS = {
    "llama-7b": (6, 6),
    "llama-2-70b": (6, 3),
    "llama-3-8b": (12, 4),
    "llama-3.1-8b": (6, 3),
    "llama-3.2-1b": (6, 3),
    "smollm2-135m": (9, 3),
}
SCALED = ["llama-3.1-8b", "llama-3.2-1b"]


def shrink(name: str) -> ModelConfig:
    """The preset's own theta, scaling, eps and tying in a small shape, all dimensions different.

    An original context of 64 tokens makes one pair of eight keep its frequency, blends one and
    slows six, all within the 61 tokens that the tests read.
    """
    real, (n_heads, n_kv_heads) = PRESETS[name], HEADS[name]
    return replace(
        real, vocab_size=101, d_model=16 * n_heads, n_layers=2, n_heads=n_heads,
        n_kv_heads=n_kv_heads, d_ff=160, max_seq_len=128,
        rope_scaling=real.rope_scaling and replace(real.rope_scaling, original_max_seq_len=64),
    )  # fmt: skip


def transformers_config(config: ModelConfig) -> LlamaConfig:
    rope = {"rope_type": "default", "rope_theta": config.rope_theta}
    if scaling := config.rope_scaling:
        rope |= {
            "rope_type": "llama3",
            "factor": scaling.factor,
            "low_freq_factor": scaling.low_freq_factor,
            "high_freq_factor": scaling.high_freq_factor,
            "original_max_position_embeddings": scaling.original_max_seq_len,
        }
    return LlamaConfig(
        vocab_size=config.vocab_size, hidden_size=config.d_model, rope_parameters=rope,
        num_hidden_layers=config.n_layers, num_attention_heads=config.n_heads,
        num_key_value_heads=config.n_kv_heads, intermediate_size=config.d_ff,
        max_position_embeddings=config.max_seq_len, rms_norm_eps=config.norm_eps,
        tie_word_embeddings=config.tie_embeddings,
        bos_token_id=None, eos_token_id=None, pad_token_id=None,
    )  # fmt: skip


@pytest.fixture(scope="module", params=HEADS)
def name(request) -> str:
    return request.param


@pytest.fixture(scope="module")
def theirs(name, randomize) -> LlamaForCausalLM:
    return randomize(LlamaForCausalLM(transformers_config(shrink(name))))


@pytest.fixture(scope="module")
def folder(theirs, tmp_path_factory):
    folder = tmp_path_factory.mktemp("theirs")
    theirs.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def ours(folder) -> Llama:
    return load_hf(folder)


@pytest.fixture
def tokens() -> torch.Tensor:
    return torch.randint(101, (5, 61))


@torch.no_grad()
def logits_of(model, tokens: torch.Tensor) -> torch.Tensor:
    logits = model(tokens)
    return getattr(logits, "logits", logits)


def assert_same_logits(one, other, tokens):
    torch.testing.assert_close(logits_of(one, tokens), logits_of(other, tokens), rtol=0, atol=1e-5)


@torch.no_grad()
def greedy(model: Llama, tokens: torch.Tensor) -> torch.Tensor:
    """Read the prompt at once, then one token at a time, each the most likely next one."""
    cache = model.new_cache(len(tokens), tokens.shape[1] + N_NEW)
    new, continuation = tokens, []
    for _ in range(N_NEW):
        new = model(new, cache=cache, last_only=True).argmax(-1)
        continuation.append(new)
    return torch.cat(continuation, dim=1)


def test_loaded_logits_and_config_are_theirs(name, ours, theirs, tokens):
    assert ours.config == shrink(name)
    assert_same_logits(ours, theirs, tokens)


def test_greedy_continuations_are_equal(ours, theirs, tokens):
    prompt = tokens[:, :11]
    expected = theirs.generate(
        prompt, attention_mask=torch.ones_like(prompt), do_sample=False, max_new_tokens=N_NEW,
        min_new_tokens=N_NEW, eos_token_id=None, pad_token_id=0,
    )[:, 11:]  # fmt: skip
    assert expected.shape == (5, N_NEW)
    assert max(len(row.unique()) for row in expected) > 10  # a text that repeats proves little
    assert torch.equal(greedy(ours, prompt), expected)


def test_transformers_reads_what_we_save(ours, theirs, tokens, tmp_path):
    loaded, report = AutoModelForCausalLM.from_pretrained(
        save_hf(ours, tmp_path), output_loading_info=True
    )
    assert not any(report.values()), report
    assert_same_logits(loaded, theirs, tokens)


def test_what_we_save_comes_back_bit_for_bit(ours, tmp_path):
    again = load_hf(save_hf(ours, tmp_path))
    assert again.config == ours.config
    assert again.state_dict().keys() == ours.state_dict().keys()
    for name, weight in ours.state_dict().items():
        assert torch.equal(again.state_dict()[name], weight), name


def test_transformers_4_spelling_is_read_too(name, folder, theirs, tokens, tmp_path):
    settings = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    rope = settings.pop("rope_parameters")
    settings["rope_theta"] = rope.pop("rope_theta")
    settings["rope_scaling"] = rope if name in SCALED else None
    (tmp_path / "config.json").write_text(json.dumps(settings), encoding="utf-8")
    (tmp_path / "model.safetensors").symlink_to(folder / "model.safetensors")
    ours = load_hf(tmp_path)
    assert ours.config == shrink(name)
    assert_same_logits(ours, theirs, tokens)


def test_shards_with_an_index_are_one_model(theirs, tokens, tmp_path):
    theirs.save_pretrained(tmp_path, max_shard_size="300KB")
    assert len(list(tmp_path.glob("*.safetensors"))) > 2
    assert_same_logits(load_hf(tmp_path), theirs, tokens)


def test_bf16_weights_survive_both_ways(ours, theirs, tokens, tmp_path):
    half = AutoModelForCausalLM.from_pretrained(save_hf(ours, tmp_path, dtype=torch.bfloat16))
    assert half.dtype == torch.bfloat16
    assert load_hf(tmp_path, dtype=torch.bfloat16).embedding.weight.dtype == torch.bfloat16
    assert_same_logits(load_hf(tmp_path), half.float(), tokens)


@pytest.mark.parametrize("name", SCALED, indirect=True)
def test_without_scaling_the_logits_would_be_wrong(ours, theirs, tokens):
    unscaled = Llama(replace(ours.config, rope_scaling=None))
    unscaled.load_state_dict(ours.state_dict())
    assert (logits_of(unscaled, tokens) - logits_of(theirs, tokens)).abs().max() > 0.1
