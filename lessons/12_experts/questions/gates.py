"""12.1 Gates."""

import torch
from torch import Tensor

from llama_edu.course.checking.draw import randn
from llama_edu.course.checking.questions import Misconception, Question
from llama_edu.model.moe import route


def gates(scores: Tensor, n_active: int) -> Tensor:
    """The package's routing, with every gate in its expert's column."""
    chosen, worth, _ = route(scores, n_active, "sigmoid")
    return torch.zeros_like(scores).scatter(-1, chosen, worth)


def gates_cases(generator):
    yield {"scores": randn(generator, 2, 3), "n_active": 1}
    yield {"scores": randn(generator, 3, 5), "n_active": 2}
    yield {"scores": 3 * randn(generator, 7, 4), "n_active": 3}
    yield {"scores": -5 - randn(generator, 4, 6).abs(), "n_active": 2}  # all far below 0
    yield {"scores": randn(generator, 4, 3), "n_active": 3}
    yield {"scores": 200 * randn(generator, 3, 4), "n_active": 1}  # exp would overflow
    yield {"scores": randn(generator, 1, 1), "n_active": 1}


GATES = Question(
    "experts.gates",
    points=2,
    cases=gates_cases,
    reference=gates,
    rtol=1e-5,
    atol=1e-12,  # the gate of an expert that is not visited is 0, and not merely small
    equivalent_mutants={
        "best = scores.topk(n_active, dim=-1).indices -> best = scores.topk(n_active).indices": (
            "the last dimension is topk's default"
        ),
        "best = scores.topk(n_active, dim=-1).indices -> "
        "best = scores.topk(n_active, dim=1).indices": "scores have two dimensions",
        "is_visited = torch.zeros_like(scores).scatter(-1, best, 1.0) -> "
        "is_visited = torch.zeros_like(scores).scatter(1, best, 1.0)": "scores have two dimensions",
    },
    misconceptions=[
        Misconception(
            "softmax_of_all",
            {"scores.sigmoid()": "scores.softmax(-1)"},
            says="the gates are softmax's probabilities among all experts",
            hint="That is the Switch Transformer's gate. In Llama 4 a gate depends on its own "
            "score alone: what turns one number into one between 0 and 1?",
        ),
        Misconception(
            "softmax_of_the_chosen",
            {
                "scores.sigmoid() * is_visited": "scores.masked_fill(is_visited == 0, "
                "-torch.inf).softmax(-1)"
            },
            says="the gates are a softmax over the chosen experts, and sum to 1",
            hint="Mixtral does so. Llama 4 takes each chosen score by itself: with one active "
            "expert, yours is always 1.",
        ),
        Misconception(
            "divided_by_their_sum",
            {
                "return scores.sigmoid() * is_visited": "kept = scores.sigmoid() * is_visited\n"
                "    return kept / kept.sum(-1, keepdim=True)"
            },
            says="the gates of a token are divided by their sum",
            hint="Nothing asks them to sum to 1. What is left of a single gate that is divided by "
            "itself?",
        ),
        Misconception(
            "half_for_the_others",
            {"scores.sigmoid() * is_visited": "(scores * is_visited).sigmoid()"},
            says="experts that are not visited have a gate of 0.5",
            hint="The sigmoid of 0 is 0.5. Take the sigmoid first, then put zeros, or hide with "
            "-inf before it.",
        ),
        Misconception(
            "all_experts",
            {" * is_visited": ""},
            says="every expert keeps its gate, also those that are not visited",
            hint="A token visits n_active experts; the gates of all others are 0.",
        ),
        Misconception(
            "ones",
            {"scores.sigmoid() * is_visited": "is_visited"},
            says="a visited expert has a gate of 1",
            hint="You have found the experts. But a choice alone teaches a router nothing: its "
            "score must enter, through the sigmoid.",
        ),
        Misconception(
            "bare_scores",
            {"scores.sigmoid()": "scores"},
            says="the gates are the scores themselves",
            hint="A gate lies between 0 and 1. Which function does Llama 4 put between?",
        ),
        Misconception(
            "over_tokens",
            {
                "topk(n_active, dim=-1)": "topk(n_active, dim=0)",
                "scatter(-1": "scatter(0",
            },
            says="the highest scores of each expert are chosen, not those of each token",
            hint="Each token, so each row, chooses its experts: the dimension of the experts "
            "is the last one.",
        ),
        Misconception(
            "lowest",
            {"dim=-1).indices": "dim=-1, largest=False).indices"},
            says="the experts with the lowest scores are chosen",
            hint="A high score means that the expert suits the token. `sort` and `argsort` go "
            "upwards unless told otherwise.",
        ),
        Misconception(
            "only_the_best",
            {"topk(n_active": "topk(1"},
            says="only the single best expert is visited, whatever `n_active` says",
            hint="`argmax` and `max` give one. How does one get the best `n_active`?",
        ),
        Misconception(
            "last_of_the_chosen_lost",
            {
                "torch.zeros_like(scores).scatter(-1, best, 1.0)": "scores > scores.gather(-1, "
                "best[:, -1:])"
            },
            says="the last of the `n_active` experts gets no gate",
            hint="With `n_active=1`, is anybody visited? Compare with `>=` rather than `>`.",
        ),
        Misconception(
            "over_all",
            {
                "scores.topk(n_active, dim=-1)": "scores.flatten().topk(n_active * len(scores))",
                "torch.zeros_like(scores).scatter(-1, best, 1.0)": "torch.zeros(scores.numel())"
                ".scatter(0, best, 1.0).view_as(scores)",
            },
            says="the highest scores of all tokens together are chosen",
            hint="So one token gets many experts and another none. How many does each get?",
        ),
        Misconception(
            "in_order_of_rank",
            {
                "return scores": "is_visited = torch.arange(scores.shape[-1]) < n_active\n"
                "    return scores.sort(descending=True).values"
            },
            says="the gates stand in order of size, and no longer in their experts' columns",
            hint="Column e belongs to expert e. `topk` gives values and *indices*: the indices say "
            "where the values belong.",
        ),
    ],
)
