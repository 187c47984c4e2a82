"""Llama 4's text model against transformers': the same logits, with and without a cache."""

from dataclasses import replace

import pytest
import torch
from torch.nn import functional as F
from transformers import Llama4ForCausalLM, Llama4TextConfig

from llama_edu.config import PRESETS
from llama_edu.generate import generate
from llama_edu.model.moe import MixtureOfExperts
from llama_edu.weights import load_hf, save_hf

CHUNK = 6
# (experts in every n-th layer, visited by a token, queries and keys normed)
KINDS = {"scout": (1, 1, True), "maverick": (2, 1, False), "two experts": (2, 2, True)}


def their_config(step=2, n_active=1, qk_norm=True, **changes) -> Llama4TextConfig:
    rope = {"rope_type": "llama3", "rope_theta": 500_000.0, "factor": 16.0, "low_freq_factor": 1.0,
            "high_freq_factor": 1.0, "original_max_position_embeddings": 64}  # fmt: skip
    settings = {
        "vocab_size": 102, "hidden_size": 48, "intermediate_size": 56, "intermediate_size_mlp": 80,
        "num_hidden_layers": 8, "num_attention_heads": 6, "num_key_value_heads": 2, "head_dim": 16,
        "num_local_experts": 4, "num_experts_per_tok": n_active, "interleave_moe_layer_step": step,
        "use_qk_norm": qk_norm, "attention_chunk_size": CHUNK, "floor_scale": 4, "attn_scale": 0.5,
        "max_position_embeddings": 128, "rms_norm_eps": 1e-3, "rope_parameters": rope,
        "bos_token_id": None, "eos_token_id": None, "pad_token_id": None,
    }  # fmt: skip
    return Llama4TextConfig(**settings | changes)


@pytest.fixture(scope="module", params=KINDS)
def theirs(request, randomize) -> Llama4ForCausalLM:
    return randomize(Llama4ForCausalLM(their_config(*KINDS[request.param])))


@pytest.fixture(scope="module")
def folder(theirs, tmp_path_factory):
    folder = tmp_path_factory.mktemp("theirs")
    theirs.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def ours(folder):
    return load_hf(folder)


@torch.no_grad()
@pytest.mark.parametrize("n_tokens", [1, CHUNK, CHUNK + 1, 41])
def test_logits_are_theirs(ours, theirs, n_tokens):
    tokens = torch.randint(102, (3, n_tokens))
    # fp32 in another order of sums, over eight layers; logits are of size 5
    torch.testing.assert_close(ours(tokens), theirs(tokens).logits, rtol=0, atol=5e-5)


@torch.no_grad()
def test_the_test_sees_chunks_and_temperature_and_the_norm(ours):
    tokens = torch.randint(102, (2, 41))
    before, config = ours(tokens), ours.config
    for changed in (
        replace(config.local, chunk_size=41),
        replace(config.local, temperature_scale=0.0),
        replace(config.local, temperature_floor=8),
    ):
        ours.config = replace(config, local=changed)
        assert (ours(tokens) - before).abs().max() > 0.1
    ours.config = config


@torch.no_grad()
@pytest.mark.parametrize("sizes", [[41], [1] * 14, [5, 1, 1, 3, 4], [7, 7]], ids=str)
def test_a_cache_changes_nothing(ours, sizes):
    tokens = torch.randint(102, (2, sum(sizes)))
    cache = ours.new_cache(2, max_len=sum(sizes))
    parts = [ours(part, cache=cache) for part in tokens.split(sizes, dim=1)]
    torch.testing.assert_close(torch.cat(parts, dim=1), ours(tokens), rtol=0, atol=5e-5)


@torch.no_grad()
def test_left_padded_rows_equal_each_row_alone(ours):
    """Chunks and temperature count from each text's own first token."""
    rows = [torch.randint(102, (n,)) for n in (15, 2, 8)]
    n_padding = torch.tensor([0, 13, 7])
    tokens = torch.stack([F.pad(row, (15 - len(row), 0)) for row in rows])
    new = torch.randint(102, (3, 7))
    for sizes in ([15, 7], [15, 1, 1, 1, 1, 1, 1, 1], [4, 4, 7, 7]):
        cache = ours.new_cache(3, max_len=22, n_padding=n_padding)
        both = torch.cat((tokens, new), dim=1)
        logits = torch.cat([ours(part, cache=cache) for part in both.split(sizes, dim=1)], dim=1)
        assert logits.isfinite().all()
        for b in range(3):
            alone = ours(both[b : b + 1, n_padding[b] :])[0]
            torch.testing.assert_close(logits[b, n_padding[b] :], alone, rtol=0, atol=5e-5)


def test_greedy_text_is_theirs(ours, theirs):
    prompt = torch.randint(102, (1, 4))
    theirs_text = theirs.generate(prompt, max_new_tokens=20, do_sample=False)
    assert generate(ours, prompt, 20, temperature=0.0)[0] == theirs_text[0, 4:].tolist()


def test_it_is_written_as_it_was_read(ours, theirs, tmp_path):
    save_hf(ours, tmp_path)
    again = Llama4ForCausalLM.from_pretrained(tmp_path)
    assert again.state_dict().keys() == theirs.state_dict().keys()
    assert all(map(torch.equal, again.state_dict().values(), theirs.state_dict().values()))
    assert load_hf(tmp_path).config == ours.config


@torch.no_grad()
def test_the_text_model_of_one_that_sees(randomize, tmp_path):
    from transformers import Llama4Config, Llama4ForConditionalGeneration, Llama4VisionConfig

    eye = Llama4VisionConfig(
        hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=64,
        vision_output_dim=16, image_size=28, patch_size=14, projector_input_dim=16,
        projector_output_dim=16,
    )  # fmt: skip
    whole = Llama4ForConditionalGeneration(
        Llama4Config(vision_config=eye.to_dict(), text_config=their_config().to_dict())
    )
    randomize(whole).save_pretrained(tmp_path)
    tokens = torch.randint(102, (2, 13))
    torch.testing.assert_close(
        load_hf(tmp_path)(tokens), whole.language_model(tokens).logits, rtol=0, atol=5e-5
    )


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"moe_layers": [0, 3]}, "moe_layers must come at even steps"),
        ({"no_rope_layers": [1, 0, 1, 1, 1, 1, 1, 1]}, "no_rope_layers must come at even steps"),
        ({"layer_types": ["full_attention"] * 8}, "layer_types must be chunked"),
    ],
)
def test_what_fits_no_config_is_named(changes, message, tmp_path):
    their_config(**changes).save_pretrained(tmp_path)
    with pytest.raises(ValueError, match=message):
        load_hf(tmp_path)


def test_presets_have_as_many_weights_as_theirs():
    for name, changes in {
        "llama-4-scout": {},
        "llama-4-maverick": {"num_local_experts": 128, "interleave_moe_layer_step": 2},
    }.items():
        with torch.device("meta"):
            theirs = Llama4ForCausalLM(Llama4TextConfig(**changes, pad_token_id=None))
        assert sum(w.numel() for w in theirs.parameters()) == PRESETS[name].n_params


@torch.no_grad()
def test_one_mixture_is_theirs(ours, theirs):
    """The layer itself, beside transformers' `Llama4TextMoe`."""
    layer = next(i for i in range(8) if isinstance(ours.blocks[i].ffn, MixtureOfExperts))
    x = torch.randn(2, 7, 48)
    expected, scores = theirs.model.layers[layer].feed_forward(x)
    mixture = ours.blocks[layer].ffn
    torch.testing.assert_close(mixture(x), expected.view(x.shape), rtol=0, atol=1e-5)
    torch.testing.assert_close(mixture.router(x.flatten(0, 1)), scores)
