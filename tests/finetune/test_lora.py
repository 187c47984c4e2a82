"""LoRA and DoRA: what they leave alone, what they learn, and that peft agrees both ways."""

import copy
import json

import pytest
import torch
from torch import nn

from llama_edu.config import PRESETS, ModelConfig
from llama_edu.finetune.adapters import load_adapter, save_adapter
from llama_edu.finetune.lora import (
    ATTENTION,
    FFN,
    add_lora,
    lora_layers,
    merge_lora,
    projections,
    remove_lora,
)
from llama_edu.model.llama import Llama
from llama_edu.weights import save_hf

SHAPE = ModelConfig(
    vocab_size=30, d_model=24, n_layers=2, n_heads=6, n_kv_heads=2, d_ff=40, max_seq_len=32
)
TOKENS = torch.arange(24).view(2, 12) % 30
ALL = (*ATTENTION, *FFN)
KINDS = [{}, {"use_dora": True}, {"use_rslora": True}]


@pytest.fixture
def model(randomize):
    return randomize(Llama(SHAPE))


def train(model, n_steps=3):
    """Move the adapters somewhere, far enough that nothing is neutral any more."""
    weights = [weight for weight in model.parameters() if weight.requires_grad]
    optimizer = torch.optim.AdamW(weights, 0.05)
    for _ in range(n_steps):
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(TOKENS).flatten(0, 1), TOKENS.flatten()).backward()
        optimizer.step()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("targets", [("q_proj",), ("q_proj", "v_proj"), ALL])
def test_it_begins_as_the_model_was(model, kind, targets):
    before = model(TOKENS)
    add_lora(model, 3, 6, targets, **kind)
    # DoRA divides each row by its length and multiplies it again.
    assert (model(TOKENS) - before).abs().max() <= (1e-5 if kind.get("use_dora") else 0)


@pytest.mark.parametrize("kind", KINDS)
def test_the_base_is_never_touched(model, kind):
    before = {name: weight.clone() for name, weight in model.state_dict().items()}
    add_lora(model, 3, 6, ALL, **kind)
    logits = model(TOKENS)
    train(model)
    assert (model(TOKENS) - logits).abs().max() > 0.1
    assert {name for name, w in model.named_parameters() if w.requires_grad} == {
        name for name, _ in model.named_parameters() if ".adapters." in name
    }
    remove_lora(model)
    assert all(torch.equal(weight, before[name]) for name, weight in model.state_dict().items())


def test_at_first_only_b_learns(model):
    add_lora(model, 3, 6)
    model(TOKENS).square().sum().backward()
    for layer in lora_layers(model).values():
        for adapter in layer.adapters.values():
            assert adapter.a.grad.abs().max() == 0
            assert adapter.b.grad.abs().max() > 0


def test_the_change_has_the_rank_and_the_rows_that_were_asked_for(model):
    before = model.blocks[0].attention.qkv_proj.weight.clone()
    add_lora(model, 3, 6, ("k_proj",))
    train(model)
    change = model.blocks[0].attention.qkv_proj.weight - before
    _, rows = projections(SHAPE)["k_proj"]
    assert torch.linalg.matrix_rank(change[rows], atol=1e-6) == 3
    change[rows] = 0
    assert change.abs().max() == 0


@pytest.mark.parametrize("kind", KINDS)
def test_merged_says_the_same_and_comes_back_bit_for_bit(model, kind):
    model = model.double()
    add_lora(model, 3, 6, ALL, **kind)
    train(model)
    logits, state = model(TOKENS), copy.deepcopy(model.state_dict())
    unmerge = merge_lora(model)
    assert not lora_layers(model)
    assert (model(TOKENS) - logits).abs().max() < 1e-12  # fp64, the sums in another order
    assert model.state_dict().keys() == Llama(SHAPE).state_dict().keys()
    unmerge()
    assert all(torch.equal(w, state[name]) for name, w in model.state_dict().items())
    assert torch.equal(model(TOKENS), logits)


def test_rslora_counts_more_at_high_rank(model):
    plain, stable = copy.deepcopy(model), copy.deepcopy(model)
    add_lora(plain, 16, 4)
    add_lora(stable, 16, 4, use_rslora=True)
    scales = [next(iter(lora_layers(m).values())).adapters["q_proj"].scale for m in (plain, stable)]
    assert scales == [4 / 16, 4 / 4]


def test_llama_7b_gets_the_parameters_of_the_paper():
    config = PRESETS["llama-7b"]
    rows = {target: rows.stop - rows.start for target, (_, rows) in projections(config).items()}
    width = dict.fromkeys(rows, config.d_model) | {"down_proj": config.d_ff}

    def n_params(rank, targets):
        return config.n_layers * sum(rank * (rows[name] + width[name]) for name in targets)

    assert n_params(8, ("q_proj", "v_proj")) == 4_194_304
    assert n_params(16, ALL) == 39_976_960
    small = Llama(SHAPE)
    add_lora(small, 3, 6, ALL)
    q, kv, d, f = 24, 8, 24, 40
    rows_and_columns = 2 * (q + d) + 2 * (kv + d) + 3 * (f + d)
    n_trained = sum(w.numel() for w in small.parameters() if w.requires_grad)
    assert n_trained == SHAPE.n_layers * 3 * rows_and_columns


def test_a_bf16_base_has_adapters_in_fp32(model):
    model = model.bfloat16()
    add_lora(model, 3, 6)
    train(model, 1)
    kinds = {w.dtype for w in model.parameters() if w.requires_grad}
    assert kinds == {torch.float32}
    assert model(TOKENS).dtype == torch.bfloat16


@pytest.mark.parametrize(
    ("settings", "said"),
    [({"rank": 0}, "rank=0"), ({"alpha": 0}, "alpha=0"), ({"targets": ("query",)}, "'query'"),
     ({"targets": ()}, "must be some of"), ({"targets": ("q_proj", "q_proj")}, "each once")],
)  # fmt: skip
def test_what_cannot_be_is_refused(model, settings, said):
    with pytest.raises(ValueError, match=said):
        add_lora(model, **{"rank": 2, "alpha": 4} | settings)


def test_adapters_are_not_added_twice(model, tmp_path):
    for action in (merge_lora, lambda m: save_adapter(m, tmp_path)):
        with pytest.raises(ValueError, match="no adapters"):
            action(model)
    add_lora(model, 2, 4)
    with pytest.raises(ValueError, match="has adapters"):
        add_lora(model, 2, 4)


def theirs(model, folder):
    transformers = pytest.importorskip("transformers")
    save_hf(model, folder)
    return transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("targets", [("q_proj",), ("k_proj", "o_proj"), ALL])
def test_peft_reads_what_we_write(model, tmp_path, kind, targets):
    peft = pytest.importorskip("peft")
    base = theirs(model, tmp_path / "base")
    add_lora(model, 3, 5, targets, **kind)
    train(model)
    save_adapter(model, tmp_path / "adapter")
    loaded = peft.PeftModel.from_pretrained(base, tmp_path / "adapter")
    with torch.no_grad():
        error = (loaded(TOKENS).logits - model(TOKENS)).abs().max()
    assert error < 1e-4  # fp32, logits of about 5, other sums


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("targets", [("q_proj",), ("k_proj", "o_proj"), ALL])
def test_we_read_what_peft_writes(model, tmp_path, kind, targets):
    peft = pytest.importorskip("peft")
    base = theirs(model, tmp_path / "base")
    config = peft.LoraConfig(r=3, lora_alpha=5, target_modules=list(targets), **kind)
    trained = peft.get_peft_model(base, config)
    with torch.no_grad():
        for name, weight in trained.named_parameters():
            if "lora_" in name:
                weight.add_(0.2 * torch.rand_like(weight))
    trained.save_pretrained(tmp_path / "adapter")
    load_adapter(model, tmp_path / "adapter")
    with torch.no_grad():
        error = (trained(TOKENS).logits - model(TOKENS)).abs().max()
    assert error < 1e-4


def changed(folder, **changes):
    path = folder / "adapter_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


@pytest.mark.parametrize(
    ("changes", "said"),
    [({"peft_type": "IA3"}, "peft_type is IA3"), ({"bias": "all"}, "bias is 'all'"),
     ({"rank_pattern": {"q_proj": 4}}, "rank_pattern"), ({"r": "many"}, "cannot be read"),
     ({"target_modules": ["lm_head"]}, "'lm_head'"), ({"r": 4}, "does not fit"),
     ({"target_modules": ["q_proj"]}, "does not fit")],
)  # fmt: skip
def test_other_folders_are_refused_and_leave_the_model_alone(model, tmp_path, changes, said):
    other = copy.deepcopy(model)
    add_lora(other, 3, 6)
    changed(save_adapter(other, tmp_path), **changes)
    with pytest.raises(ValueError, match=said):
        load_adapter(model, tmp_path)
    assert not lora_layers(model)


def test_a_folder_that_is_not_there(model, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"adapter_config\.json"):
        load_adapter(model, tmp_path)
