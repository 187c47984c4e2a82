"""The objective's gradient is that of the expected reward, and each formula keeps its laws."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from llama_edu.finetune.reinforce.objective import (
    group_advantages,
    kl_estimate,
    policy_loss,
    token_weights,
)

# A bandit: one prompt, five answers of one token each, of known rewards.
REWARDS = torch.tensor([0.0, 1.0, 0.25, 0.0, 0.5], dtype=torch.float64)


@pytest.fixture
def logits():
    return torch.tensor([0.3, -0.9, 1.1, 0.0, -0.2], dtype=torch.float64, requires_grad=True)


def sampled_gradient(logits, n_groups, n_answers, advantages_of, **settings):
    """The gradient of the loss on sampled groups, turned round: what a step goes along."""
    drawn = torch.multinomial(logits.detach().softmax(-1), n_groups * n_answers, replacement=True)
    advantages = advantages_of(REWARDS[drawn].view(n_groups, n_answers)).flatten()
    log_probs = logits.log_softmax(-1)[drawn][:, None]
    weights = token_weights(torch.ones_like(log_probs, dtype=torch.bool), **settings)
    loss = policy_loss(log_probs, log_probs, advantages, weights)
    return -torch.autograd.grad(loss, logits)[0]


def exact_gradient(logits):
    return torch.autograd.grad((logits.softmax(-1) * REWARDS).sum(), logits)[0]


@pytest.mark.parametrize("n_answers", [2, 5])
def test_centred_groups_go_along_the_expected_reward(logits, n_answers):
    """On average (G - 1) / G of its gradient: an answer is a part of its own baseline."""
    found = sampled_gradient(
        logits, 200_000, n_answers, lambda rewards: group_advantages(rewards, scaled=False)
    )
    expected = exact_gradient(logits) * (n_answers - 1) / n_answers
    torch.testing.assert_close(found, expected, rtol=0, atol=2e-3)  # 5 standard errors or so
    assert expected.norm() > 0.04


def test_without_a_baseline_the_mean_is_the_same_and_the_spread_is_larger(logits):
    """With rewards that are all positive, as from 3 to 4."""
    runs = {
        name: torch.stack([
            sampled_gradient(logits, 50, 4, advantages_of) for _ in range(400)
        ])
        for name, advantages_of in (
            ("none", lambda rewards: rewards + 3),
            ("group", lambda rewards: group_advantages(rewards, scaled=False) * 4 / 3),
        )
    }  # fmt: skip
    for found in runs.values():
        torch.testing.assert_close(found.mean(0), exact_gradient(logits), rtol=0, atol=0.02)
    assert runs["none"].var(0).sum() > 10 * runs["group"].var(0).sum()


def test_equal_rewards_give_no_gradient(logits):
    rewards = torch.full((3, 4), 0.1)  # which no float holds, so that a mean may be off
    advantages = group_advantages(rewards)
    assert advantages.abs().max() < 1e-3
    log_probs = logits.log_softmax(-1)[:4].repeat(3, 1).flatten()[:, None]
    weights = token_weights(torch.ones(12, 1, dtype=torch.bool))
    loss = policy_loss(log_probs, log_probs, advantages.flatten().double(), weights)
    (slope,) = torch.autograd.grad(loss, logits)
    assert slope.abs().max() < 1e-3


def test_advantages_of_a_group_by_hand():
    found = group_advantages(torch.tensor([[1.0, 0.0, 0.0, 1.0], [1.0, 1.0, 1.0, 1.0]]))
    expected = torch.tensor([[1.0, -1.0, -1.0, 1.0], [0.0] * 4])
    torch.testing.assert_close(found, expected, rtol=0, atol=3e-4)  # of the 1e-4 below
    plain = group_advantages(torch.tensor([[3.0, 0.0, 0.0]]), scaled=False)
    assert plain.tolist() == [[2.0, -1.0, -1.0]]


@given(
    st.lists(st.integers(-8, 8), min_size=3, max_size=3),
    st.integers(1, 5),
    st.integers(-9, 9),
)
def test_advantages_ignore_the_units_of_a_reward(group, factor, offset):
    rewards = torch.tensor([group], dtype=torch.float64)
    one, other = group_advantages(rewards), group_advantages(factor * rewards + offset)
    torch.testing.assert_close(one, other, rtol=1e-3, atol=1e-3)
    assert one.sum().abs() < 1e-9


def test_at_ratio_one_it_is_reinforce_with_a_baseline():
    """- sum of weight A grad log p, whatever the clip."""
    torch.manual_seed(1)
    log_probs = (-torch.rand(3, 4)).requires_grad_()
    counts = torch.tensor([[1, 1, 0, 0], [0, 1, 1, 1], [1, 0, 0, 0]], dtype=torch.bool)
    advantages, weights = torch.tensor([1.2, -0.4, -0.8]), token_weights(counts)
    loss = policy_loss(log_probs, log_probs, advantages, weights, clip=0.01)
    (slope,) = torch.autograd.grad(loss, log_probs)
    torch.testing.assert_close(slope, -weights * advantages[:, None])
    torch.testing.assert_close(loss, -(weights * advantages[:, None]).sum())


@pytest.mark.parametrize(
    ("ratio", "advantage", "gain", "slope"),
    [
        (1.5, 2.0, 1.2 * 2, 0.0),  # a good answer, already much likelier: nothing more to gain
        (0.5, 2.0, 0.5 * 2, 0.5 * 2),  # a good answer that has become less likely: pulled back
        (1.5, -2.0, 1.5 * -2, 1.5 * -2),  # a bad one that has become likelier: pushed down
        (0.5, -2.0, 0.8 * -2, 0.0),  # a bad one, already much less likely: let be
        (1.1, 2.0, 1.1 * 2, 1.1 * 2),
        (0.9, -2.0, 0.9 * -2, 0.9 * -2),
    ],
)
def test_the_clip_stops_only_what_goes_too_far(ratio, advantage, gain, slope):
    old = torch.tensor([[-1.0]])
    new = (old + torch.tensor(ratio).log()).requires_grad_()
    loss = policy_loss(new, old, torch.tensor([advantage]), torch.ones(1, 1), clip=0.2)
    torch.testing.assert_close(-loss, torch.tensor(gain))
    torch.testing.assert_close(-torch.autograd.grad(loss, new)[0], torch.tensor([[slope]]))


def test_no_gradient_flows_into_the_old_log_probabilities():
    both = torch.tensor([[-1.0, -2.0]], requires_grad=True)
    loss = policy_loss(both, both, torch.ones(1), torch.ones(1, 2))
    torch.testing.assert_close(torch.autograd.grad(loss, both)[0], -torch.ones(1, 2))


def test_the_tokens_of_a_prompt_cancel_where_all_tokens_weigh_the_same():
    """A group shares its prompt and its advantages sum to 0: counting it is a hidden mistake."""
    prompt = torch.tensor([-1.0, -2.0], requires_grad=True)
    log_probs = torch.cat([prompt.expand(3, 2), torch.tensor([[-1.0, 0], [-2, -1], [-3, 0]])], 1)
    counts = torch.tensor([[1, 1, 1, 0], [1, 1, 1, 1], [1, 1, 1, 0]], dtype=torch.bool)
    advantages = group_advantages(torch.tensor([[1.0, 0.0, 0.0]])).flatten()
    slopes = {}
    for weighting in ("token", "answer"):
        weights = token_weights(counts, weighting)
        loss = policy_loss(log_probs, log_probs, advantages, weights)
        (slopes[weighting],) = torch.autograd.grad(loss, prompt)
    torch.testing.assert_close(slopes["token"], torch.zeros(2))
    assert slopes["answer"].abs().min() > 0.01  # a longer answer's prompt weighs less


def test_token_weights_by_hand():
    counts = torch.tensor([[True, False, False], [True, True, True]])
    assert token_weights(counts, "answer").tolist() == [
        [0.5, 0, 0],
        pytest.approx([1 / 6] * 3),
    ]
    assert token_weights(counts, "token").tolist() == [[0.25, 0, 0], [0.25] * 3]
    assert token_weights(counts, "constant", 5).tolist() == [
        pytest.approx([0.1, 0, 0]),
        pytest.approx([0.1] * 3),
    ]


def test_kl_estimate_is_never_negative_and_zero_at_equality():
    p, q = -3 * torch.rand(2, 50, dtype=torch.float64)
    assert (kl_estimate(p, q) > 0).all()
    assert (kl_estimate(p, p) == 0).all()


def test_kl_estimate_is_unbiased_and_its_gradient_is_that_of_the_other_kl(logits):
    """All tokens enumerated, each with its chance of being drawn: no sampling error."""
    reference = torch.tensor([1.0, 0.4, -0.6, 0.2, 0.0], dtype=torch.float64).log_softmax(-1)
    log_probs = logits.log_softmax(-1)
    drawn = log_probs.detach().exp()
    mean = (drawn * kl_estimate(log_probs, reference)).sum()
    p, q = log_probs.exp(), reference.exp()
    torch.testing.assert_close(mean, (p * (log_probs - reference)).sum())
    (slope,) = torch.autograd.grad(mean, logits, retain_graph=True)
    (other,) = torch.autograd.grad((q * (reference - log_probs)).sum(), logits)
    torch.testing.assert_close(slope, other)


def test_kl_estimate_on_samples_is_right_within_sampling_error(logits):
    log_probs = logits.detach().log_softmax(-1)
    reference = torch.zeros(5, dtype=torch.float64).log_softmax(-1)
    drawn = torch.multinomial(log_probs.exp(), 100_000, replacement=True)
    found = kl_estimate(log_probs[drawn], reference[drawn])
    exact = (log_probs.exp() * (log_probs - reference)).sum()
    assert abs(found.mean() - exact) < 4 * found.std() / 100_000**0.5
    naive = log_probs[drawn] - reference[drawn]
    assert found.std() < naive.std()  # what the third estimator is for


def test_bad_arguments_are_told_in_one_line():
    with pytest.raises(ValueError, match="at least 2 answers to compare"):
        group_advantages(torch.ones(3, 1))
    with pytest.raises(ValueError, match="weighting='sum' must be one of answer, token, constant"):
        token_weights(torch.ones(1, 2, dtype=torch.bool), "sum")
    with pytest.raises(ValueError, match="give the most tokens of an answer"):
        token_weights(torch.ones(1, 2, dtype=torch.bool), "constant")
