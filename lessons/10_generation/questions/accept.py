"""10.6 Check a proposal."""

from operator import eq

import torch
from torch import Tensor

from llama_edu.course.checking.draw import pick, randn
from llama_edu.course.checking.questions import Misconception, Question


def accept(proposal: list[int], logits: Tensor) -> list[int]:
    """One token after the other, as the large model would write them."""
    written = []
    for i, row in enumerate(logits):
        written.append(int(row.argmax()))
        if i < len(proposal) and written[-1] != proposal[i]:
            break
    return written


def accept_cases(generator):
    def case(agrees: str, n_tokens: int) -> dict:
        """A proposal that is right where there is a 1."""
        best = [i - 1 for i in pick(generator, len(agrees) + 1, 1, n_tokens)]
        logits = randn(generator, len(best), n_tokens)
        logits[range(len(best)), best] = 5 + torch.rand(len(best), generator=generator)
        proposal = [i if right == "1" else (i + 1) % n_tokens for i, right in zip(best, agrees)]  # noqa: B905
        return {"proposal": proposal, "logits": logits}

    yield case("10", 5)
    yield case("11", 4)
    yield case("01", 6)
    yield case("", 5)  # nothing was proposed
    yield case("1101", 8)
    yield case("0011", 9)
    yield case("1111", 7)
    yield case("10101", 8)
    yield case("110", 10)
    # A text that repeats itself: rows are easily mixed up.
    again, other = pick(generator, 2, 0, 5)
    logits = randn(generator, 4, 6)
    logits[range(4), [again, again, again, other]] = 5.0
    yield {"proposal": [again] * 3, "logits": logits}


LOOP = """while n_right < len(proposal) and proposal[n_right] == best[n_right]:
        n_right += 1"""

ACCEPT = Question(
    "generation.accept",
    points=2,
    cases=accept_cases,
    reference=accept,
    equivalent_mutants={
        "best = logits.argmax(-1).tolist() -> best = logits.argmax(1).tolist()": (
            "logits have two dimensions"
        ),
    },
    misconceptions=[
        Misconception(
            "correction_lost",
            {"best[: n_right + 1]": "best[:n_right]"},
            says="only the accepted tokens are returned, without the large model's own",
            hint="The pass gave the large model's token for the next place as well: it is free.",
        ),
        Misconception(
            "nothing_after_all",
            {"best[: n_right + 1]": "best[: n_right + 1][: len(proposal)]"},
            says="where all are right, nothing is added after them",
            hint="The last row stands after the whole proposal: it gives one token more.",
        ),
        Misconception(
            "last_judged_again",
            {"best[: n_right + 1]": "best[: n_right + 1][: len(proposal)] + "
             "best[n_right - 1 : n_right] * (n_right == len(proposal))"},
            says="where all are right, the last proposed token is written once more",
            hint="After the loop you hold the row that judged the last proposed token. Which row "
            "comes after it?",
        ),
        Misconception(
            "mistake_kept",
            {"best[: n_right + 1]": "(proposal + best[-1:])[: n_right + 1]"},
            says="the first wrong token is taken from the proposal",
            hint="In its place stands what the large model would have written there.",
        ),
        Misconception(
            "last_row_for_correction",
            {"best[: n_right + 1]": "best[:n_right] + best[-1:]"},
            says="the large model's own token is always taken from the last row",
            hint="The last row has read the wrong tokens too. Which row comes after the accepted "
            "ones only?",
        ),
        Misconception(
            "matches_counted",
            {LOOP: "n_right = sum(map(eq, proposal, best))"},
            says="all agreements are counted, also those after the first mistake",
            hint="What follows a mistake was judged after a wrong token: stop at the first.",
        ),
        Misconception(
            "mistakes_skipped",
            {LOOP: "n_right = 0",
             "best[: n_right + 1]": (
                "[a for a, b in zip(proposal, best) if a == b] + best[-1:]"
            )},
            says="wrong tokens are left out, and those after them are kept",
            hint="What follows a mistake was judged after a wrong token: stop at the first.",
        ),
        Misconception(
            "all_or_nothing",
            {LOOP: "n_right = len(proposal) if proposal == best[:-1] else 0"},
            says="one mistake throws the whole proposal away",
            hint="What comes before the first mistake is right, and stays.",
        ),
        Misconception(
            "large_models_row",
            {"best[: n_right + 1]": "best"},
            says="what the large model says in every row is returned",
            hint="After the first mistake, its rows have read a wrong token and mean nothing.",
        ),
        Misconception(
            "all_accepted",
            {"best[: n_right + 1]": "proposal + best[-1:]"},
            says="the whole proposal is taken, whatever the large model says",
            hint="Compare it with what the large model would have written.",
        ),
        Misconception(
            "one_row_late",
            {"== best[n_right]": "== best[n_right + 1]"},
            says="each proposed token is compared with the row after its own",
            hint="Row 0 has read none of the proposal: it judges the first proposed token.",
        ),
        Misconception(
            "one_more",
            {"best[: n_right + 1]": "best[: n_right + 2]"},
            says="two tokens follow the accepted ones",
            hint="The second of them was judged after a wrong token.",
        ),
        Misconception(
            "over_rows",
            {"argmax(-1)": "argmax(0)"},
            says="argmax looks for the best row of each token",
            hint="In each row, which token has the highest logit? That is the last dimension.",
        ),
        Misconception(
            "one_row_early",
            {"== best[n_right]": "== best[n_right - 1]"},
            says="each proposed token is compared with the row before its own",
            hint="Row 0 has read none of the proposal: it judges the first proposed token.",
        ),
    ],
)  # fmt: skip
