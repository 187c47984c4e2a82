"""Answers are as probable as all their tokens; preferences are learned to the exact optimum."""

import math

import pytest
import torch
from torch.nn import functional as F

from llama_edu.config import ModelConfig
from llama_edu.finetune.instruct.examples import Example
from llama_edu.finetune.instruct.packing import packed_batch
from llama_edu.finetune.preference import (
    RewardModel,
    answer_log_probabilities,
    best_policy,
    dpo_loss,
    reward_loss,
)
from llama_edu.model.llama import Llama

V = 11
A = Example([1, 2, 3, 4, 5], [-100, -100, 4, 5, 6])
B = Example([7, 8, 9], [-100, 9, 10])
C = Example([3, 1, 4, 1], [-100, 4, 1, -100])


@pytest.fixture
def model():
    config = ModelConfig(
        vocab_size=V, d_model=12, n_layers=2, n_heads=3, n_kv_heads=3, d_ff=20, max_seq_len=32
    )
    model = Llama(config)
    for weight in model.parameters():  # far from all tokens being alike
        if weight.ndim == 2:
            torch.nn.init.normal_(weight, std=0.3)
    return model


def by_hand(model, example):
    """Token by token: the logarithm of the product of the answer's probabilities."""
    probabilities = model(torch.tensor([example.inputs]))[0].softmax(-1)
    product = 1.0
    for place, target in enumerate(example.targets):
        if target != -100:
            product *= probabilities[place, target].item()
    return math.log(product)


def test_an_answer_is_as_probable_as_all_its_tokens_together(model):
    found = answer_log_probabilities(model, packed_batch([[A], [B], [C]]))
    expected = [by_hand(model, example) for example in (A, B, C)]
    assert found.tolist() == pytest.approx(expected, abs=1e-5)


def test_all_answers_of_one_token_sum_to_one(model):
    rows = [[Example([1, 2], [-100, token])] for token in range(V)]
    log_probabilities = answer_log_probabilities(model, packed_batch(rows))
    assert log_probabilities.exp().sum().item() == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("rows", [[[A, B], [C]], [[A], [B, C]], [[A, B, C]]])
def test_packing_changes_neither_log_probabilities_nor_rewards(model, rows):
    judge = RewardModel(model)
    torch.nn.init.normal_(judge.head.weight)
    alone, together = packed_batch([[A], [B], [C]]), packed_batch(rows)
    for function in (lambda batch: answer_log_probabilities(model, batch), judge):
        torch.testing.assert_close(function(together), function(alone), atol=1e-5, rtol=1e-5)


def test_an_empty_answer_is_certain(model):
    empty = Example([1, 2], [-100, -100])
    found = answer_log_probabilities(model, packed_batch([[A], [empty]]))
    assert found[1].item() == 0


def test_rewards_differing_by_ln_3_are_preferred_three_times_of_four():
    loss = reward_loss(torch.tensor([math.log(3)]), torch.tensor([0.0]))
    assert loss.item() == pytest.approx(-math.log(0.75))


def test_a_margin_asks_for_more():
    chosen, rejected = torch.tensor([2.0, 2.0]), torch.tensor([1.0, 1.0])
    found = reward_loss(chosen, rejected, torch.tensor([0.0, 1.0]))
    assert found.tolist() == pytest.approx([math.log(1 + math.exp(-1)), math.log(2)])


def test_bradley_terry_is_logistic_regression():
    """One row a comparison: +1 at the winner, -1 at the loser, and every label is 1."""
    won = {(0, 1): 7, (1, 0): 3, (1, 2): 6, (2, 1): 4, (2, 0): 1, (0, 2): 9, (2, 3): 8, (3, 2): 2}
    pairs = torch.tensor([pair for pair, n in won.items() for _ in range(n)])
    rows = F.one_hot(pairs[:, 0], 4).float() - F.one_hot(pairs[:, 1], 4).float()
    rewards = torch.randn(4, requires_grad=True)
    ours = reward_loss(rewards[pairs[:, 0]], rewards[pairs[:, 1]]).mean()
    theirs = F.binary_cross_entropy_with_logits(rows @ rewards, torch.ones(len(rows)))
    torch.testing.assert_close(ours, theirs)
    torch.testing.assert_close(*(torch.autograd.grad(x, rewards)[0] for x in (ours, theirs)))


def test_bradley_terry_finds_the_odds_of_two():
    rewards = torch.zeros(2, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.LBFGS([rewards], tolerance_grad=1e-10, line_search_fn="strong_wolfe")

    def closure():
        optimizer.zero_grad()
        first, second = rewards
        loss = 9 * reward_loss(first, second) + 2 * reward_loss(second, first)
        loss.backward()
        return loss

    optimizer.step(closure)
    assert (rewards[0] - rewards[1]).item() == pytest.approx(math.log(9 / 2), abs=1e-5)


def test_where_policy_is_reference_the_loss_is_ln_2_and_pulls_by_half_of_beta():
    beta, reference = 0.3, torch.randn(2, 5)
    chosen, rejected = (x.clone().requires_grad_() for x in reference)
    loss = dpo_loss(chosen, rejected, *reference, beta)
    assert loss.tolist() == pytest.approx([math.log(2)] * 5)
    up, down = torch.autograd.grad(loss.sum(), (chosen, rejected))
    assert up.tolist() == pytest.approx([-beta / 2] * 5)
    assert down.tolist() == pytest.approx([beta / 2] * 5)


def test_what_both_answers_share_cancels():
    """A prompt's log-probability may be added to both answers: it is the same."""
    policy, reference, prompt = torch.randn(2, 4), torch.randn(2, 4), torch.randn(4)
    together = dpo_loss(*(policy + prompt), *reference, 0.2)
    torch.testing.assert_close(together, dpo_loss(*policy, *reference, 0.2))


def test_best_policy_beats_every_other():
    reference = torch.randn(3, 5, dtype=torch.float64).log_softmax(-1)
    rewards, beta = torch.randn(3, 5, dtype=torch.float64), 0.4

    def worth(policy):
        return (policy.exp() * (rewards - beta * (policy - reference))).sum(-1)

    best = best_policy(reference, rewards, beta)
    torch.testing.assert_close(best.exp().sum(-1), torch.ones(3, dtype=torch.float64))
    # the value of the optimum is known: beta ln sum(reference exp(reward / beta))
    torch.testing.assert_close(worth(best), beta * (reference + rewards / beta).logsumexp(-1))
    for _ in range(200):
        other = (best + 0.3 * torch.randn_like(best)).log_softmax(-1)
        assert (worth(other) < worth(best)).all()


def test_dpo_reaches_the_best_policy():
    """With every pair as often as Bradley and Terry say, one policy has the lowest loss."""
    reference = torch.randn(5, dtype=torch.float64).log_softmax(-1)
    rewards, beta = torch.randn(5, dtype=torch.float64), 0.7
    first, second = torch.cartesian_prod(torch.arange(5), torch.arange(5)).T
    often = torch.sigmoid(rewards[first] - rewards[second])  # that first wins against second
    logits = reference.clone().requires_grad_()
    optimizer = torch.optim.LBFGS([logits], max_iter=200, line_search_fn="strong_wolfe")

    def closure():
        optimizer.zero_grad()
        policy = logits.log_softmax(-1)
        loss = dpo_loss(policy[first], policy[second], reference[first], reference[second], beta)
        loss = (often * loss).mean()
        loss.backward()
        return loss

    optimizer.step(closure)
    expected = best_policy(reference, rewards, beta)
    torch.testing.assert_close(logits.log_softmax(-1).detach(), expected, atol=1e-5, rtol=0)


def test_an_untrained_reward_model_prefers_nothing(model):
    assert RewardModel(model)(packed_batch([[A, B], [C]])).tolist() == [0, 0, 0]


def test_a_reward_reads_the_answer_and_nothing_behind_it(model):
    judge = RewardModel(model)
    torch.nn.init.normal_(judge.head.weight)

    def reward(inputs):
        return judge(packed_batch([[Example(inputs, [-100, 4, 1, -100])]])).item()

    assert reward([3, 1, 4, 9]) == pytest.approx(reward([3, 1, 4, 1]), abs=1e-6)
    assert reward([3, 1, 5, 1]) != pytest.approx(reward([3, 1, 4, 1]), abs=1e-3)
    assert reward([2, 1, 4, 1]) != pytest.approx(reward([3, 1, 4, 1]), abs=1e-3)


def test_a_reward_model_learns_which_answer_is_preferred(model):
    judge = RewardModel(model)
    optimizer = torch.optim.AdamW(judge.parameters(), lr=1e-2)
    batch = packed_batch([[Example([1, 2, a], [-100, a, 0])] for a in (3, 4, 5, 6, 7, 8)])
    for _ in range(60):
        chosen, rejected = judge(batch).chunk(2)  # 3, 4 and 5 are better than 6, 7 and 8
        loss = reward_loss(chosen, rejected).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert (chosen > rejected + 1).all()


def test_mistakes_are_named(model):
    one = torch.zeros(1)
    with pytest.raises(ValueError, match="beta must be above 0, got 0"):
        dpo_loss(one, one, one, one, 0)
    with pytest.raises(ValueError, match="beta must be above 0, got -1"):
        best_policy(one, one, -1)
    with pytest.raises(ValueError, match="example 1 has no answer"):
        RewardModel(model)(packed_batch([[A], [Example([1], [-100])]]))
