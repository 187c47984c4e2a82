"""Mixture of experts: many feed-forward layers, of which each token visits a few.

Shapes: N tokens, D model width, F hidden width of an expert, E experts, K of them visited.
"""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn
from torch.nn import functional as F

from llama_edu.config import ModelConfig, Router
from llama_edu.model.ffn import FeedForward
from llama_edu.model.linear import Linear, product


class Routing(NamedTuple):
    """Where a router sends each token.

    `chosen` holds the ids of its K experts, the best first; `gates` what each of them is worth to
    it, from 0 to 1; `probabilities` those of all E experts, which sum to 1.
    """

    chosen: Int[Tensor, "N K"]
    gates: Float[Tensor, "N K"]
    probabilities: Float[Tensor, "N E"]

    def loads(self) -> Float[Tensor, " E"]:
        """The share of all visits that each expert gets; they sum to 1."""
        n_experts = self.probabilities.shape[-1]
        return self.chosen.flatten().bincount(minlength=n_experts) / self.chosen.numel()


def route(scores: Float[Tensor, "N E"], n_active: int, kind: Router) -> Routing:
    """Choose the `n_active` experts with the highest scores for each token.

    Args:
        scores: of every token for every expert, any real numbers.
        n_active: K, experts that each token visits.
        kind: "sigmoid": a gate is the sigmoid of its score, whatever the others are. "softmax": it
            is the probability among all E, divided by the sum of the chosen ones' where K > 1.

    Source: Llama 4's released code; arXiv:2101.03961, eq. 1; arXiv:2401.04088, sec. 2.1.
    """
    worth = scores.float().sigmoid() if kind == "sigmoid" else scores.float().softmax(dim=-1)
    chosen = scores.topk(n_active, dim=-1).indices
    gates = worth.gather(-1, chosen)
    if kind == "softmax" and n_active > 1:  # a single gate would always be 1, and teach nothing
        gates = gates / gates.sum(-1, keepdim=True)
    return Routing(chosen, gates, worth / worth.sum(-1, keepdim=True))


def within_capacity(
    chosen: Int[Tensor, "N K"], n_experts: int, capacity_factor: float
) -> Bool[Tensor, "N K"]:
    """Which visits find room, where an expert takes capacity_factor K N / E of them, rounded up.

    First choices come before second ones, earlier tokens before later ones:
    `within_capacity([[0], [0], [1], [0]], 2, 1.0)` -> [[1], [1], [1], [0]].

    Args:
        chosen: experts of each token, the best first.
        n_experts: E.
        capacity_factor: 1 is room for an even share and no more.

    Source: arXiv:2101.03961, eq. 3.
    """
    capacity = math.ceil(capacity_factor * chosen.numel() / n_experts)
    queue = chosen.T.flatten()  # (K N)
    place = F.one_hot(queue, n_experts).cumsum(0).gather(1, queue[:, None])  # from 1
    return (place <= capacity).view(chosen.T.shape).T


def balance_loss(routing: Routing) -> Float[Tensor, ""]:
    """E times the sum over experts of load times mean probability: 1 where all have the same.

    It is E where a single expert takes every token for certain. Loads are counts and have no
    gradient; through the probabilities the loss pushes down whoever has a large load.

    Source: arXiv:2101.03961, eq. 4 to 6, here without its factor alpha.
    """
    means = routing.probabilities.mean(0)
    return len(means) * (routing.loads() * means).sum()


class Experts(nn.Module):
    """The weights of E SwiGLU feed-forward layers, each layer's stacked into one tensor.

    Args:
        n_experts: E.
        d_model: width D.
        d_ff: hidden width F.
    """

    def __init__(self, n_experts: int, d_model: int, d_ff: int):
        super().__init__()
        self.gate_up_proj = nn.Parameter(torch.empty(n_experts, 2 * d_ff, d_model))
        self.down_proj = nn.Parameter(torch.empty(n_experts, d_model, d_ff))

    def forward(self, x: Float[Tensor, "n D"], expert: int) -> Float[Tensor, "n D"]:
        """What one expert makes of some tokens."""
        gate, up = product(x, self.gate_up_proj[expert]).chunk(2, dim=-1)
        return product(F.silu(gate) * up, self.down_proj[expert])


class MixtureOfExperts(nn.Module):
    """Sum of the shared expert and of the K experts that a router chooses for each token.

    Llama 4: y = shared(x) + expert_e(sigmoid(s_e) x), e the expert with the highest score s = W x.
    Switch and Mixtral: y = sum of g_e expert_e(x), g from a softmax.

    Args:
        config: width D = d_model; `config.experts` says the rest.

    Source: Llama 4's released code; arXiv:2101.03961, arXiv:2401.04088.
    """

    def __init__(self, config: ModelConfig):
        super().__init__()
        self.config = config.experts
        self.router = Linear(config.d_model, self.config.n_experts)
        self.experts = Experts(self.config.n_experts, config.d_model, self.config.d_ff)
        like_an_expert = replace(config, d_ff=self.config.d_ff)
        self.shared = FeedForward(like_an_expert) if self.config.has_shared else None

    def forward(self, x: Float[Tensor, "*batch D"]) -> Float[Tensor, "*batch D"]:
        tokens = x.flatten(0, -2)  # (N, D)
        chosen, gates, _ = self.route(self.router(tokens))
        y = torch.zeros_like(tokens) if self.shared is None else self.shared(tokens)
        if (factor := self.config.capacity_factor) is not None:
            has_room = within_capacity(chosen, self.config.n_experts, factor)
            chosen = chosen.masked_fill(~has_room, -1)  # nobody
        for expert in range(self.config.n_experts):
            rows, ranks = (chosen == expert).nonzero(as_tuple=True)
            if len(rows) == 0:
                continue
            gate = gates[rows, ranks, None].to(x.dtype)
            if self.config.router == "sigmoid":
                seen = self.experts(gate * tokens[rows], expert)
            else:
                seen = gate * self.experts(tokens[rows], expert)
            y = y.index_add(0, rows, seen)
        return y.view(x.shape)

    def route(self, scores: Float[Tensor, "N E"]) -> Routing:
        """Where tokens go that the router has given these scores."""
        return route(scores, self.config.n_active, self.config.router)


@contextmanager
def recorded_routings(model: nn.Module) -> Iterator[list[Routing]]:
    """A list that every mixture of `model` adds its routing to, call by call, layer by layer.

    The routings have a graph where the call has one, so that a loss can be made of them.

    >>> with recorded_routings(model) as routings:
    ...     model(tokens)
    >>> [routing.loads() for routing in routings]
    """
    routings: list[Routing] = []
    hooks = [
        mixture.router.register_forward_hook(
            lambda _router, _inputs, scores, mixture=mixture: routings.append(mixture.route(scores))
        )
        for mixture in model.modules()
        if isinstance(mixture, MixtureOfExperts)
    ]
    try:
        yield routings
    finally:
        for hook in hooks:
            hook.remove()
