"""12.5 Active and total."""

from dataclasses import replace

from llama_edu.config import PRESETS, Experts
from llama_edu.course.checking.draw import whole
from llama_edu.course.checking.questions import Misconception, Question


def count_params(
    d_model: int, d_ff: int, n_experts: int, n_active: int, has_shared: bool
) -> tuple[int, int]:
    """What a model with such layers has more than one whose feed-forward layers are 1 wide."""
    tiny = replace(PRESETS["tiny"], d_model=d_model, d_head=2, n_layers=1, d_ff=1)
    mixed = replace(
        tiny,
        experts=Experts(
            n_experts=n_experts, d_ff=d_ff, n_active=n_active, has_shared=bool(has_shared)
        ),
    )
    rest = tiny.n_params - 3 * d_model
    return mixed.n_params - rest, mixed.n_active_params - rest


def count_params_cases(generator):
    def case(n_experts: int, n_active: int, has_shared: bool) -> dict:
        sizes = {"d_model": whole(generator, 4, 9), "d_ff": whole(generator, 10, 30)}
        return sizes | {"n_experts": n_experts, "n_active": n_active, "has_shared": has_shared}

    yield case(4, 1, True)
    yield case(8, 2, False)
    yield case(6, 3, True)
    yield case(3, 3, False)
    yield {
        "d_model": 5120, "d_ff": 8192, "n_experts": 128, "n_active": 1, "has_shared": True
    }  # fmt: skip


COUNT_PARAMS = Question(
    "experts.count_params",
    points=2,
    cases=count_params_cases,
    reference=count_params,
    misconceptions=[
        Misconception(
            "two_matrices",
            {"3 * d_model": "2 * d_model"},
            says="an expert is counted with two matrices",
            hint="SwiGLU has one matrix more than the feed-forward layer of 2017. Which?",
        ),
        Misconception(
            "one_matrix",
            {"3 * d_model": "d_model"},
            says="an expert is counted with one matrix",
            hint="gate, up and down: how many matrices are that?",
        ),
        Misconception(
            "no_router",
            {"router = d_model * n_experts": "router = 0"},
            says="the router is not counted",
            hint="It is small, but every token is multiplied with it: a row for each expert.",
        ),
        Misconception(
            "router_on_hidden",
            {"router = d_model": "router = d_ff"},
            says="the router is as wide as an expert's hidden layer",
            hint="The router scores the token before it enters any expert. How wide is a token?",
        ),
        Misconception(
            "router_not_active",
            {"(n_active + has_shared) * expert + router": "(n_active + has_shared) * expert"},
            says="the router is not counted among the active parameters",
            hint="Every token is scored, and the scores come from the router.",
        ),
        Misconception(
            "router_of_the_visited",
            {"expert + router\n    return": "expert + d_model * n_active\n    return"},
            says="of the router only the rows of the visited experts count as active",
            hint="To know which score is highest, a token needs all of them.",
        ),
        Misconception(
            "router_scores_the_shared",
            {"router = d_model * n_experts": "router = d_model * (n_experts + has_shared)"},
            says="the router has a row for the shared expert",
            hint="Every token visits it anyway: nothing needs to be scored.",
        ),
        Misconception(
            "no_shared",
            {"(n_experts + has_shared)": "n_experts", "(n_active + has_shared)": "n_active"},
            says="the shared expert is not counted",
            hint="Where `has_shared` is True there is one more expert, for every token.",
        ),
        Misconception(
            "shared_not_active",
            {"(n_active + has_shared)": "n_active"},
            says="the shared expert is not counted among the active parameters",
            hint="Which tokens visit the shared expert?",
        ),
        Misconception(
            "shared_not_in_total",
            {"(n_experts + has_shared)": "n_experts"},
            says="the shared expert is not counted in the total",
            hint="`n_experts` does not count it; it must be kept in memory all the same.",
        ),
        Misconception(
            "always_shared",
            {"n_experts + has_shared": "n_experts + 1", "n_active + has_shared": "n_active + 1"},
            says="a shared expert is counted also where there is none",
            hint="`has_shared` may be False.",
        ),
        Misconception(
            "swapped",
            {"return total, active": "return active, total"},
            says="the active parameters come first",
            hint="The docstring says in which order: all first.",
        ),
    ],
)
