"""12.4 Who finds room?"""

import torch
from torch import Tensor

from llama_edu.course.checking.draw import whole
from llama_edu.course.checking.questions import Misconception, Question
from llama_edu.model.moe import within_capacity


def has_room(chosen: Tensor, n_experts: int, capacity_factor: float) -> Tensor:
    return within_capacity(chosen[:, None], n_experts, capacity_factor)[:, 0]


def has_room_cases(generator):
    def crowd(n: int, n_experts: int) -> dict:
        """Half of the tokens want the same expert."""
        chosen = torch.randint(n_experts, (n,), generator=generator)
        busy = whole(generator, 0, n_experts - 1)
        chosen[torch.randperm(n, generator=generator)[: n // 2]] = busy
        return {"chosen": chosen, "n_experts": n_experts}

    yield {"chosen": torch.tensor([0, 0, 1, 0]), "n_experts": 2, "capacity_factor": 1.0}
    busy = whole(generator, 0, 2)
    yield {
        "chosen": torch.tensor([busy, busy, (busy + 1) % 3, busy, busy]),
        "n_experts": 3, "capacity_factor": 1.0,
    }  # fmt: skip
    yield crowd(12, 3) | {"capacity_factor": 0.5}
    yield crowd(20, 4) | {"capacity_factor": 1.25}  # 6.25: one more than 6
    yield crowd(30, 7) | {"capacity_factor": 0.8}
    yield {"chosen": torch.full((5,), busy), "n_experts": 3, "capacity_factor": 4.0}  # room for all
    yield {"chosen": torch.tensor([3, 3, 3]), "n_experts": 8, "capacity_factor": 1.0}  # room for 1


HAS_ROOM = Question(
    "experts.has_room",
    points=3,
    cases=has_room_cases,
    reference=has_room,
    equivalent_mutants={
        "places = F.one_hot(chosen, n_experts).cumsum(0) -> places = F.one_hot(chosen).cumsum(0)": (
            "columns of experts that nobody chose are not looked up"
        ),
    },
    misconceptions=[
        Misconception(
            "rounded_down",
            {"math.ceil(": "math.floor("},
            says="the capacity is rounded down",
            hint="Rounded up: with 5 tokens and 3 experts there is room for 2 each, not for 1.",
        ),
        Misconception(
            "rounded_to_nearest",
            {"math.ceil(": "round("},
            says="the capacity is rounded to the nearest whole number",
            hint="Rounded *up*: 6.25 tokens need a place for 7.",
        ),
        Misconception(
            "one_too_few",
            {"place <= capacity": "place < capacity"},
            says="each expert takes one token fewer than its capacity",
            hint="Do you count places from 0 or from 1? The last place of the capacity is a place "
            "too.",
        ),
        Misconception(
            "one_too_many",
            {"place <= capacity": "place <= capacity + 1"},
            says="each expert takes one token more than its capacity",
            hint="Do you count places from 0 or from 1, and does a token count itself?",
        ),
        Misconception(
            "true_means_dropped",
            {"place <= capacity": "place > capacity"},
            says="True marks the tokens that find no room",
            hint="The pattern is right, but True should mean that the expert takes the token.",
        ),
        Misconception(
            "last_come_first_served",
            {
                "places = F.one_hot(chosen, n_experts).cumsum(0)": "places = F.one_hot(chosen, "
                "n_experts).flip(0).cumsum(0).flip(0)"
            },
            says="later tokens are served before earlier ones",
            hint="A queue: who comes first is served first.",
        ),
        Misconception(
            "one_queue_for_all",
            {"places[torch.arange(len(chosen)), chosen]": "torch.arange(1, len(chosen) + 1)"},
            says="all tokens stand in one queue, whichever expert they want",
            hint="Each expert has a queue of its own: count only the tokens before that want "
            "the same one.",
        ),
        Misconception(
            "counted_along_the_experts",
            {"cumsum(0)": "cumsum(1)"},
            says="places are counted from expert to expert, and not from token to token",
            hint="Tokens stand in the queue, and they are the rows: along which dimension is it?",
        ),
        Misconception(
            "all_or_none",
            {"places[torch.arange(len(chosen)), chosen]": "places[-1, chosen]"},
            says="an expert that too many have chosen takes none of them",
            hint="A full expert keeps those that came first. Use the count up to each token, not "
            "the final one.",
        ),
        Misconception(
            "not_divided_by_experts",
            {" / n_experts)": ")"},
            says="the capacity is not divided by the number of experts",
            hint="An even share is N / E: the tokens, divided among the experts.",
        ),
        Misconception(
            "factor_ignored",
            {"capacity_factor * len": "len"},
            says="the capacity factor is not used",
            hint="The capacity is `capacity_factor` times the even share.",
        ),
        Misconception(
            "share_rounded_first",
            {"math.ceil(capacity_factor * len": "capacity_factor * math.ceil(len"},
            says="the even share is rounded before it meets the capacity factor",
            hint="Multiply first, and round once, at the end.",
        ),
        Misconception(
            "places_returned",
            {"return place <= capacity": "return place"},
            says="each token's place in its queue is returned",
            hint="Nearly there: is that place within the capacity?",
        ),
        Misconception(
            "longest_queue",
            {"places[torch.arange(len(chosen)), chosen]": "places.amax(1)"},
            says="a token finds no room once *any* expert is full",
            hint="Each row counts all experts. Which column is that of the token's own expert?",
        ),
    ],
)
