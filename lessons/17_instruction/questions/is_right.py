"""17.6 Exact match."""

import torch
from torch import Tensor

from llama_edu.course.checking.draw import randn
from llama_edu.course.checking.questions import Misconception, Question


def is_right(logits: Tensor, targets: Tensor) -> Tensor:
    rows = []
    for scores, wanted in zip(logits, targets, strict=True):
        counts = wanted != -100
        rows.append(bool((scores.argmax(-1)[counts] == wanted[counts]).all()))
    return torch.tensor(rows)


def is_right_cases(generator):
    def case(*rows: str, n_ids: int = 5) -> dict:
        """One letter a place: r right, w wrong, 0 wrong where 0 is right, . does not count."""
        targets = torch.randint(n_ids, (len(rows), len(rows[0])), generator=generator)
        logits = randn(generator, *targets.shape, n_ids)
        for b, row in enumerate(rows):
            for t, letter in enumerate(row):
                targets[b, t] = 0 if letter == "0" else max(targets[b, t], letter == "w")
                best = (targets[b, t] + (letter != "r")) % n_ids
                logits[b, t, best] = logits[b, t].max() + 1
                if letter == ".":
                    targets[b, t] = -100
        return {"logits": logits, "targets": targets}

    some = ["..rr", ".rrw", ".wrr", "...r", "..w.", ".r.r", "rrrr", ".wrw"]
    order = torch.randperm(len(some), generator=generator).tolist()
    yield case(".r", ".w", n_ids=3)
    yield case("rrr", "rww", "r0r", n_ids=4)
    yield case(*[some[i] for i in order[:3]], n_ids=4)
    yield case(*[some[i] for i in order], n_ids=6)
    yield case("..rrr.", ".rrrrw", ".w....", "......", n_ids=7)  # one has no answer


FINE, ALL = "(likeliest == targets) | (targets == -100)", ".all(-1)"

IS_RIGHT = Question(
    "instruction.is_right",
    points=2,
    cases=is_right_cases,
    reference=is_right,
    equivalent_mutants={
        f"return ({FINE}){ALL} -> return ({FINE}).all(1)": "dimension 1 is the last",
    },
    misconceptions=[
        Misconception(
            "prompts_must_be_right",
            {" | (targets == -100)": ""},
            says="places that do not count have to be right as well",
            hint="No token is -100, so nothing could ever be right. Who passes over those places?",
        ),
        Misconception(
            "any_token",
            {ALL: ".any(-1)"},
            says="one place that is fine is enough",
            hint="Letter for letter: every place of the answer has to be right.",
        ),
        Misconception(
            "any_answer_token",
            {f"({FINE}){ALL}": "((likeliest == targets) & (targets != -100)).any(-1)"},
            says="one right token of the answer is enough",
            hint="Letter for letter: every place of the answer has to be right.",
        ),
        Misconception(
            "share",
            {f"({FINE}){ALL}": (
                "((likeliest == targets) & (targets != -100)).sum(-1) / (targets != -100).sum(-1)"
            )},
            says="the share of right tokens is given, not whether all are right",
            hint="An answer that is half right is not right. What is asked for is True or False.",
        ),
        Misconception(
            "one_for_the_batch",
            {ALL: ".all()"},
            says="one truth value is given for the whole batch",
            hint="Each text is right or wrong by itself: over which dimension do you ask?",
        ),
        Misconception(
            "along_the_texts",
            {ALL: ".all(0)"},
            says="it is asked for each place whether all texts are right there",
            hint="There should be one value for each text. Which dimension has to go?",
        ),
        Misconception(
            "prompts_only",
            {"(targets == -100)": "(targets != -100)"},
            says="places whose target counts are passed over",
            hint="The other way round: which places may be anything?",
        ),
        Misconception(
            "both_at_once",
            {" | ": " & "},
            says="a place has to be right and not to count, both at once",
            hint="Either is enough.",
        ),
        Misconception(
            "shifted_again",
            {"argmax(-1)": "argmax(-1).roll(1, 1)"},
            says="each place is held against what the place before it says",
            hint="The targets are shifted already: place t has to say target t.",
        ),
        Misconception(
            "zero_does_not_count",
            {"targets == -100": "targets == 0"},
            says="0 is taken for the target that does not count",
            hint="0 is a token. Which number says that a target does not count?",
        ),
        Misconception(
            "last_token_alone",
            {f"({FINE}){ALL}": f"({FINE})[:, -1]"},
            says="only the last place is looked at",
            hint="All places of the answer have to be right.",
        ),
        Misconception(
            "as_numbers",
            {ALL: ".all(-1).float()"},
            says="1 and 0 are given for True and False",
            hint="What `all` gives is a truth value already.",
        ),
        Misconception(
            "last_place_must_count",
            {f"({FINE}){ALL}": "likeliest[:, -1] == targets[:, -1]"},
            says="only the last place is compared, whether it counts or not",
            hint="All places of the answer have to be right, and an answer may end earlier.",
        ),
    ],
)  # fmt: skip
