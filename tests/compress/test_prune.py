"""What is pruned is what silencing it gives, in a model that is really smaller."""

import copy

import pytest
import torch

from llama_edu.compress.prune import (
    ffn_activity,
    ffn_norms,
    head_activity,
    prune_ffn,
    prune_heads,
    prune_layers,
)
from llama_edu.config import ModelConfig
from llama_edu.model.llama import Llama

SHAPE = ModelConfig(
    vocab_size=30, d_model=24, n_layers=3, n_heads=6, n_kv_heads=3, d_ff=20, max_seq_len=32
)
TOKENS = torch.arange(18).view(2, 9)


@pytest.fixture
def model(randomize):
    return randomize(Llama(SHAPE)).double()


def distance(one, other):
    with torch.no_grad():
        return (one(TOKENS) - other(TOKENS)).abs().max()


def test_units_that_are_left_out_are_those_that_were_silenced(model):
    scores = torch.rand(3, 20)
    smaller, silenced = prune_ffn(model, scores, 12), copy.deepcopy(model)
    for block, row in zip(silenced.blocks, scores, strict=True):
        block.ffn.down_proj.weight.data[:, row.argsort()[:8]] = 0
    assert smaller.config.d_ff == 12
    assert distance(smaller, silenced) < 1e-12  # the same sums in another order
    assert distance(smaller, model) > 1e-2


def test_units_that_did_nothing_are_not_missed(model):
    for block in model.blocks:
        block.ffn.down_proj.weight.data[:, ::2] = 0
    smaller = prune_ffn(model, ffn_norms(model), 10)
    assert distance(smaller, model) < 1e-12


@pytest.mark.parametrize("n_kept", [1, 2, 3])
def test_heads_go_in_groups(model, n_kept):
    scores = torch.rand(3, 3)
    smaller, silenced = prune_heads(model, scores, n_kept), copy.deepcopy(model)
    for block, row in zip(silenced.blocks, scores, strict=True):
        columns = block.attention.o_proj.weight.data.unflatten(1, (3, 8))
        columns[:, row.argsort()[: 3 - n_kept]] = 0
    shape = smaller.config
    assert (shape.n_heads, shape.n_kv_heads, shape.d_head) == (2 * n_kept, n_kept, 4)
    assert distance(smaller, silenced) < 1e-12


def test_layers_are_those_that_are_named(model):
    smaller = prune_layers(model, [0, 2])
    silenced = copy.deepcopy(model)
    silenced.blocks[1].attention.o_proj.weight.data.zero_()
    silenced.blocks[1].ffn.down_proj.weight.data.zero_()
    assert smaller.config.n_layers == 2
    assert distance(smaller, silenced) < 1e-12
    assert distance(prune_layers(model, range(3)), model) == 0


def test_it_counts_its_parameters_itself(model):
    smaller = prune_layers(prune_heads(prune_ffn(model, ffn_norms(model), 5),
                                       torch.rand(3, 3), 1), [1])  # fmt: skip
    assert sum(w.numel() for w in smaller.parameters()) == smaller.config.n_params
    assert smaller.config.n_params < SHAPE.n_params / 2


def test_activity_is_the_mean_size_of_what_units_give(model):
    seen = []
    hook = model.blocks[1].ffn.down_proj.register_forward_pre_hook(
        lambda _, inputs: seen.append(inputs[0].abs())
    )
    model(TOKENS)
    hook.remove()
    activity = ffn_activity(model, [TOKENS[:1], TOKENS[1:]])
    assert activity.shape == (3, 20)
    torch.testing.assert_close(activity[1], seen[0].float().mean((0, 1)))
    assert not any(b.ffn.down_proj._forward_pre_hooks for b in model.blocks)


def test_the_activity_of_a_group_is_that_of_its_heads(model):
    for block in model.blocks:  # the values of the second group are silent
        block.attention.qkv_proj.weight.data[-8:-4] = 0
    activity = head_activity(model, [TOKENS])
    assert activity.shape == (3, 3)
    assert (activity[:, 1] == 0).all()
    assert (activity[:, [0, 2]] > 0).all()


def test_tied_tables_stay_tied_and_dtypes_stay():
    model = Llama(ModelConfig(**{**SHAPE.__dict__, "tie_embeddings": True})).bfloat16().eval()
    smaller = prune_ffn(model, ffn_norms(model), 4)
    assert smaller.output.weight is smaller.embedding.weight
    assert smaller.embedding.weight.dtype == torch.bfloat16
    assert not smaller.training


def test_the_model_stays_as_it_was(model):
    before = copy.deepcopy(model.state_dict())
    prune_heads(model, torch.rand(3, 3), 1)
    prune_ffn(model, ffn_norms(model), 3)
    assert all(torch.equal(weight, before[name]) for name, weight in model.state_dict().items())


def test_what_cannot_be_kept_is_refused(model):
    with pytest.raises(ValueError, match="n_kept=21 must be from 1 to 20"):
        prune_ffn(model, ffn_norms(model), 21)
    with pytest.raises(ValueError, match="n_kept=0 must be from 1 to 3"):
        prune_heads(model, torch.rand(3, 3), 0)
    for kept in ([], [3], [-1]):
        with pytest.raises(ValueError, match="must name layers from 0 to 2"):
            prune_layers(model, kept)
    with pytest.raises(ValueError, match="batches is empty"):
        ffn_activity(model, [])
