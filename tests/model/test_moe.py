"""A mixture of experts: its parts against formulas, loops and transformers."""

from dataclasses import replace

import pytest
import torch
from torch.nn import functional as F
from transformers.models.mixtral.modeling_mixtral import load_balancing_loss_func

from llama_edu.config import Experts
from llama_edu.model.llama import Llama
from llama_edu.model.moe import (
    MixtureOfExperts,
    Routing,
    balance_loss,
    recorded_routings,
    route,
    within_capacity,
)

KINDS = [
    Experts(n_experts=4, d_ff=20),
    Experts(n_experts=4, d_ff=20, n_active=3, has_shared=False),
    Experts(n_experts=4, d_ff=20, router="softmax"),
    Experts(n_experts=4, d_ff=20, router="softmax", n_active=2),
]


@pytest.fixture(params=KINDS, ids=lambda kind: f"{kind.router} {kind.n_active}")
def mixture(request, config, randomize) -> MixtureOfExperts:
    return randomize(MixtureOfExperts(replace(config, experts=request.param)))


def swiglu(x, gate_up, down):
    gate, up = (gate_up @ x).chunk(2)
    return down @ (F.silu(gate) * up)


def test_one_token_at_a_time_gives_the_same(mixture):
    """The formula as a loop: every expert whose score is among the highest adds its part."""
    x, config = torch.randn(2, 5, 24), mixture.config
    weights = mixture.experts
    for token, y in zip(x.flatten(0, 1), mixture(x).flatten(0, 1), strict=True):
        scores = mixture.router.weight @ token
        chosen = scores.argsort(descending=True)[: config.n_active]
        wanted = torch.zeros(24) if mixture.shared is None else mixture.shared(token)
        share = scores.softmax(0)
        share = share / share[chosen].sum() if config.n_active > 1 else share
        for e in chosen:
            gate_up, down = weights.gate_up_proj[e], weights.down_proj[e]
            if config.router == "sigmoid":
                wanted = wanted + swiglu(scores[e].sigmoid() * token, gate_up, down)
            else:
                wanted = wanted + share[e] * swiglu(token, gate_up, down)
        torch.testing.assert_close(y, wanted, rtol=0, atol=1e-5)


def test_a_token_depends_on_itself_alone(mixture):
    x = torch.randn(2, 5, 24)
    changed = x.clone()
    changed[0, 2] += 1
    is_same = (mixture(x) - mixture(changed)).abs().amax(-1) < 1e-6
    assert is_same.sum() == 9 and not is_same[0, 2]


def test_an_expert_that_nobody_visits_gets_no_gradient(mixture):
    x = torch.randn(3, 24)
    chosen = mixture.route(mixture.router(x)).chosen
    mixture(x).square().sum().backward()
    visited = mixture.experts.down_proj.grad.abs().amax((1, 2)) > 0
    assert set(visited.nonzero()[:, 0].tolist()) == set(chosen.flatten().tolist())
    assert mixture.router.weight.grad.any()


def test_equal_experts_with_open_gates_are_one_feed_forward_layer(config, randomize):
    experts = Experts(n_experts=4, d_ff=20, has_shared=False)
    mixture = randomize(MixtureOfExperts(replace(config, experts=experts)))
    with torch.no_grad():
        for weight in mixture.experts.parameters():
            weight.copy_(weight[:1].expand_as(weight))
        mixture.router.weight.fill_(100.0)  # sigmoid(100 sum x) is 1 for a positive sum
    x = torch.rand(2, 5, 24)
    wanted = torch.stack([mixture.experts(token, 0) for token in x])
    torch.testing.assert_close(mixture(x), wanted)


def test_sigmoids_do_not_compete_and_softmax_does():
    scores = torch.tensor([[2.0, 1.0, -1.0]])
    higher = torch.tensor([[2.0, 1.9, -1.0]])
    assert torch.equal(route(scores, 1, "sigmoid").gates, route(higher, 1, "sigmoid").gates)
    assert route(scores, 1, "softmax").gates > route(higher, 1, "softmax").gates
    torch.testing.assert_close(route(scores, 1, "sigmoid").gates, torch.tensor([[2.0]]).sigmoid())
    two = route(scores, 2, "softmax")
    assert two.chosen.tolist() == [[0, 1]]
    torch.testing.assert_close(two.gates, torch.tensor([[2.0, 1.0]]).softmax(-1))


@pytest.mark.parametrize("kind", ["sigmoid", "softmax"])
def test_probabilities_and_loads_sum_to_one(kind):
    routing = route(torch.randn(50, 7), 2, kind)
    torch.testing.assert_close(routing.probabilities.sum(-1), torch.ones(50))
    torch.testing.assert_close(routing.loads().sum(), torch.tensor(1.0))
    assert routing.loads().tolist() == [
        pytest.approx((routing.chosen == e).sum().item() / 100) for e in range(7)
    ]


def test_balance_is_one_when_even_and_e_when_one_takes_all():
    even = Routing(torch.arange(4)[:, None], torch.ones(4, 1), torch.full((4, 4), 0.25))
    alone = Routing(torch.zeros(5, 1, dtype=torch.long), torch.ones(5, 1), torch.eye(4)[[0] * 5])
    assert (balance_loss(even), balance_loss(alone)) == (1, 4)


@pytest.mark.parametrize("n_active", [1, 2])
def test_balance_is_mixtrals(n_active):
    scores = torch.randn(60, 5)
    theirs = load_balancing_loss_func((scores,), num_experts=5, top_k=n_active)
    ours = balance_loss(route(scores, n_active, "softmax"))
    torch.testing.assert_close(n_active * ours, theirs)  # theirs counts visits, ours their share


def test_balance_pushes_down_whoever_has_the_load():
    scores = torch.zeros(6, 3, requires_grad=True)
    with torch.no_grad():
        scores[:, 1] += 0.1
    balance_loss(route(scores, 1, "softmax")).backward()
    assert (scores.grad[:, 1] > 0).all() and (scores.grad[:, [0, 2]] < 0).all()


def test_capacity_serves_first_choices_and_earlier_tokens_first():
    chosen = torch.tensor([[0, 1], [0, 1], [0, 2], [1, 0]])
    # 8 visits, 4 experts: room for 2 each
    expected = [[1, 1], [1, 0], [0, 1], [1, 0]]
    assert within_capacity(chosen, 4, 1.0).int().tolist() == expected
    assert within_capacity(chosen, 4, 2.0).all()
    assert within_capacity(torch.zeros(4, 1, dtype=torch.long), 8, 1.0).sum() == 1  # rounded up


def test_what_finds_no_room_passes_by(config, randomize):
    experts = Experts(n_experts=2, d_ff=20, capacity_factor=1.0)
    mixture = randomize(MixtureOfExperts(replace(config, experts=experts)))
    x = torch.randn(1, 24).expand(6, 24)  # all choose the same expert, which takes three
    y, shared = mixture(x), mixture.shared(x)
    assert torch.equal(y[3:], shared[3:]) and (y[:3] != shared[:3]).any(-1).all()
    mixture.config = replace(experts, capacity_factor=2.0)
    torch.testing.assert_close(mixture(x)[3:], y[:3])


def test_routings_are_recorded_layer_by_layer(config, randomize):
    experts = Experts(n_experts=4, d_ff=20, layer_step=2)
    model = randomize(Llama(replace(config, experts=experts)))
    tokens = torch.randint(31, (2, 5))
    with recorded_routings(model) as routings:
        logits = model(tokens)
    assert [len(routing.chosen) for routing in routings] == [10, 10, 10]  # layers 1, 3, 5 of 7
    sum(map(balance_loss, routings)).backward()
    assert model.blocks[5].ffn.router.weight.grad.any()
    assert torch.equal(model(tokens), logits) and len(routings) == 3  # no hook is left


def test_bf16_stays_bf16(config, randomize):
    mixture = randomize(MixtureOfExperts(replace(config, experts=KINDS[0])))
    x = torch.randn(2, 5, 24)
    narrow = mixture(x.bfloat16())  # weights stay fp32, as in training
    assert narrow.dtype == torch.bfloat16
    torch.testing.assert_close(narrow.float(), mixture(x.bfloat16().float()), rtol=0.05, atol=0.05)


def test_new_weights_do_not_grow_with_depth(config):
    mixture = Llama(replace(config, experts=KINDS[0])).blocks[3].ffn
    expected = 0.02 / (2 * config.n_layers) ** 0.5
    assert mixture.experts.down_proj.std().item() == pytest.approx(expected, rel=0.1)
    assert mixture.experts.gate_up_proj.std().item() == pytest.approx(0.02, rel=0.1)
