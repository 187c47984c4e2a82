"""The load-balance loss: what it adds, and that it mends a router that has collapsed."""

from dataclasses import replace

import pytest
import torch

from llama_edu.config import PRESETS, Experts
from llama_edu.model.llama import Llama
from llama_edu.model.moe import balance_loss, recorded_routings
from llama_edu.train.balance import balanced
from llama_edu.train.loss import next_token_loss

EXPERTS = Experts(n_experts=4, d_ff=32, router="softmax")


class Plain:
    def __init__(self, tokens):
        self.inputs, self.targets = tokens[:, :-1], tokens[:, 1:]

    def mask(self):
        return None


@pytest.fixture
def batch():
    return Plain(torch.randint(512, (3, 9)))


def test_it_adds_its_weight_for_every_target(batch):
    model = Llama(replace(PRESETS["tiny"], experts=EXPERTS))
    with recorded_routings(model) as routings:
        total, n_targets = next_token_loss(model, batch)
    with_balance, same_number = balanced(next_token_loss, 0.1)(model, batch)
    assert n_targets == same_number == 24
    added = 0.1 * 24 * sum(map(balance_loss, routings))
    torch.testing.assert_close(with_balance, total + added)


def test_it_spreads_the_load(batch):
    model = Llama(replace(PRESETS["tiny"], experts=EXPERTS))
    with torch.no_grad():  # every token's first choice is expert 0, by far
        for block in model.blocks:
            block.ffn_norm.gain[0] = 0.0
            block.ffn.router.weight.mul_(10)
            block.ffn.router.weight[1:] = block.ffn.router.weight[:1]
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    for _ in range(30):
        total, n_targets = balanced(next_token_loss, 1.0)(model, batch)
        optimizer.zero_grad()
        (total / n_targets).backward()
        optimizer.step()
    with recorded_routings(model) as routings:
        model(batch.inputs)
    assert all(routing.loads().max() < 0.6 for routing in routings)


def test_what_has_nothing_to_balance_is_named(batch):
    with pytest.raises(ValueError, match="weight must not be negative, got -1"):
        balanced(next_token_loss, -1)
    with pytest.raises(ValueError, match="no mixture of experts"):
        balanced(next_token_loss, 0.1)(Llama(PRESETS["tiny"]), batch)
