"""23.5 Which query heads stay."""

import torch

from llama_edu.course.checking.questions import Misconception, Question


def query_heads(kept_groups, n_heads, n_groups):
    return [head for head in range(n_heads) if head * n_groups // n_heads in kept_groups]


def query_heads_cases(generator):
    for n_heads, n_groups, n_kept in ((6, 3, 1), (8, 2, 1), (12, 4, 2), (5, 5, 3), (15, 5, 4)):
        groups = torch.randperm(n_groups, generator=generator)[:n_kept].tolist()
        yield {"kept_groups": groups, "n_heads": n_heads, "n_groups": n_groups}
    yield {"kept_groups": [3, 1], "n_heads": 16, "n_groups": 4}
    yield {"kept_groups": [], "n_heads": 4, "n_groups": 2}


QUERY_HEADS = Question(
    "distillation.query_heads",
    points=2,
    cases=query_heads_cases,
    reference=query_heads,
    misconceptions=[
        Misconception(
            "interleaved",
            lambda kept_groups, n_heads, n_groups: [
                head for head in range(n_heads) if head % n_groups in kept_groups
            ],
            says="query heads are dealt out to the groups in turn",
            hint="The first H/G heads use group 0, all of them.",
        ),
        Misconception(
            "one_head_a_group",
            {"range(group * size, (group + 1) * size)": "[group * size]"},
            says="only the first query head of each group stays",
            hint="How many query heads share one head of keys?",
        ),
        Misconception(
            "same_numbers",
            {"range(group * size, (group + 1) * size)": "[group]"},
            says="query heads have the numbers of their groups",
            hint="That is so only where every query head has keys of its own.",
        ),
        Misconception(
            "in_order_given",
            {"sorted(kept_groups)": "kept_groups"},
            says="the heads come in the order in which the groups are named",
            hint="In rising order, the question says.",
        ),
        Misconception(
            "one_too_many",
            {"(group + 1) * size)": "(group + 1) * size + 1)"},
            says="the first head of the next group stays, too",
            hint="`range` leaves its end out already.",
        ),
        Misconception(
            "one_too_few",
            {"(group + 1) * size)": "(group + 1) * size - 1)"},
            says="the last head of each group is lost",
            hint="`range` leaves its end out already.",
        ),
        Misconception(
            "size_is_groups",
            {"n_heads // n_groups": "n_groups"},
            says="each group is taken to have as many heads as there are groups",
            hint="H heads are shared among G groups: how many are that for each?",
        ),
        Misconception(
            "those_that_go",
            {"sorted(kept_groups)": "sorted(set(range(n_groups)) - set(kept_groups))"},
            says="the heads of the groups that go are returned",
            hint="`kept_groups` names those that stay.",
        ),
        Misconception(
            "shifted",
            {
                "range(group * size, (group + 1) * size)": (
                    "range(group * size + 1, (group + 1) * size + 1)"
                )
            },
            says="heads are counted from 1",
            hint="Heads are counted from 0, as groups are.",
        ),
        Misconception(
            "lists_in_a_list",
            {
                "heads += range(group * size, (group + 1) * size)": (
                    "heads.append(list(range(group * size, (group + 1) * size)))"
                )
            },
            says="there is a list for each group",
            hint="One list of numbers: `+=` joins lists, `append` puts one into the other.",
        ),
        Misconception(
            "numbered_anew",
            {"range(group * size, (group + 1) * size)": "range(len(heads), len(heads) + size)"},
            says="the heads that stay are numbered anew from 0",
            hint="Which heads of the *old* model are they?",
        ),
        Misconception(
            "divided_by_groups",
            lambda kept_groups, n_heads, n_groups: [
                head for head in range(n_heads) if head // n_groups in kept_groups
            ],
            says="head h is taken to be of group h // G",
            hint="A group has H/G heads. By what must h be divided, to find its group?",
        ),
        Misconception(
            "groups_from_1",
            {"range(group * size, (group + 1) * size)": "range((group - 1) * size, group * size)"},
            says="groups are counted from 1",
            hint="Group 0 has the first heads.",
        ),
        Misconception(
            "begins_at_the_group",
            {"range(group * size, (group + 1) * size)": "range(group, group + size)"},
            says="the heads of group g begin at head g",
            hint="How many heads do the g groups before it have?",
        ),
        Misconception(
            "divided_by_those_kept",
            {"n_heads // n_groups": "n_heads // len(kept_groups)"},
            says="the heads are shared among the groups that stay",
            hint="In the old model all G groups share them.",
        ),
    ],
)
