"""12.2 The mixture."""

import torch
from torch import Tensor
from torch.nn import functional as F

from llama_edu.course.checking.draw import randn
from llama_edu.course.checking.questions import Misconception, Question
from llama_edu.model.moe import Experts


def mixture(
    x: Tensor, gates: Tensor, gate_proj: Tensor, up_proj: Tensor, down_proj: Tensor
) -> Tensor:
    """The package's experts, each on all tokens: one that gets zeros gives zeros."""
    n_experts, d_ff, d_model = gate_proj.shape
    experts = Experts(n_experts, d_model, d_ff).to(x.dtype)
    experts.gate_up_proj.data = torch.cat((gate_proj, up_proj), dim=1)
    experts.down_proj.data = down_proj
    with torch.no_grad():
        return sum(experts(gates[:, e, None] * x, e) for e in range(n_experts))


def mixture_cases(generator):
    def tensors(n: int, d_model: int, d_ff: int, visited: list[list[int]], n_experts: int) -> dict:
        gates = torch.zeros(n, n_experts)
        for row, experts in enumerate(visited):
            gates[row, experts] = 0.2 + 0.7 * torch.rand(len(experts), generator=generator)
        return {
            "x": randn(generator, n, d_model),
            "gates": gates,
            "gate_proj": randn(generator, n_experts, d_ff, d_model),
            "up_proj": randn(generator, n_experts, d_ff, d_model),
            "down_proj": randn(generator, n_experts, d_model, d_ff),
        }

    yield tensors(2, 2, 3, [[0], [1]], 2)
    yield tensors(5, 4, 6, [[2], [0], [2], [1], [0]], 3)
    yield tensors(4, 3, 5, [[0, 1], [1, 3], [0, 3], [1, 2]], 4)  # two experts a token
    yield tensors(3, 4, 2, [[4], [], [4]], 5)  # experts without tokens, a token without expert


MIXTURE = Question(
    "experts.mixture",
    points=4,
    cases=mixture_cases,
    reference=mixture,
    rtol=1e-4,  # three products in a row, in another order
    atol=1e-5,
    equivalent_mutants={
        "for e in range(len(gate_proj)): -> for e in range(len(up_proj)):": (
            "both have a matrix for each expert"
        ),
        "rows = gates[:, e].nonzero()[:, 0] -> rows = gates[:, e].nonzero()[:, -1]": (
            "the places in one dimension are a single column"
        ),
    },
    misconceptions=[
        Misconception(
            "gate_on_the_output",
            {
                "mine = gates[rows, e, None] * x[rows]": "mine = x[rows]",
                "hidden @ down": "gates[rows, e, None] * hidden @ down",
            },
            says="the gate scales what comes out of the expert",
            hint="Switch and Mixtral do so. In Llama 4 the gate scales the token before it goes "
            "in; silu is not linear, so the two differ.",
        ),
        Misconception(
            "gate_twice",
            {"hidden @ down": "gates[rows, e, None] * hidden @ down"},
            says="the gate scales both what goes into the expert and what comes out",
            hint="Once is enough: only the expert's input is scaled.",
        ),
        Misconception(
            "no_gate",
            {"gates[rows, e, None] * x[rows]": "x[rows]"},
            says="the gates choose the experts, but scale nothing",
            hint="Each token meets its expert multiplied by its gate for that expert.",
        ),
        Misconception(
            "overwritten",
            {"y[rows] += hidden": "y[rows] = hidden"},
            says="a token that visits two experts keeps only the result of the last",
            hint="The results of a token's experts are added up.",
        ),
        Misconception(
            "silu_on_up",
            {
                "F.silu(mine @ gate_proj[e].T) * (mine @ up": "(mine @ gate_proj[e].T) * "
                "F.silu(mine @ up"
            },
            says="silu is applied to the up projection",
            hint="Look at the formula again: which of the two products stands inside silu?",
        ),
        Misconception(
            "no_silu",
            {"F.silu(mine @ gate_proj[e].T)": "(mine @ gate_proj[e].T)"},
            says="silu is missing",
            hint="Without it an expert only multiplies two linear maps. Which product goes through "
            "silu?",
        ),
        Misconception(
            "sigmoid_for_silu",
            {"F.silu(mine @ gate_proj[e].T)": "(mine @ gate_proj[e].T).sigmoid()"},
            says="sigmoid stands where silu should",
            hint="silu(z) is z times the sigmoid of z.",
        ),
        Misconception(
            "relu_for_silu",
            {"F.silu": "F.relu"},
            says="ReLU stands where silu should",
            hint="SwiGLU's gate is smooth: `F.silu`.",
        ),
        Misconception(
            "no_up",
            {" * (mine @ up_proj[e].T)": ""},
            says="the up projection is not used",
            hint="SwiGLU multiplies two products with each other, number by number.",
        ),
        Misconception(
            "up_without_gate",
            {"(mine @ up_proj[e].T)": "(x[rows] @ up_proj[e].T)"},
            says="only one of the expert's two input products sees the scaled token",
            hint="The whole expert is given the token times its gate.",
        ),
        Misconception(
            "first_experts_weights",
            {
                "gate_proj[e]": "gate_proj[0]",
                "up_proj[e]": "up_proj[0]",
                "down_proj[e]": "down_proj[0]",
            },
            says="every token is given to expert 0, whichever it visits",
            hint="Each expert has matrices of its own: index all three with the expert's number.",
        ),
        Misconception(
            "only_the_best_expert",
            {"gates[:, e].nonzero()": "((gates.argmax(-1) == e) & (gates[:, e] > 0)).nonzero()"},
            says="a token visits only the expert with its largest gate",
            hint="Every gate that is not 0 counts: a token may visit several experts.",
        ),
        Misconception(
            "residual_added",
            {"y = torch.zeros_like(x)": "y = x.clone()"},
            says="the token itself is added to the result",
            hint="The residual is added by the block, outside this layer.",
        ),
        Misconception(
            "all_experts_ungated",
            {
                "gates[:, e].nonzero()[:, 0]": "torch.arange(len(x))",
                "gates[rows, e, None] * x[rows]": "x[rows]",
            },
            says="every token visits every expert, and the gates are not used",
            hint="A gate of 0 means that the token does not visit that expert.",
        ),
    ],
)
