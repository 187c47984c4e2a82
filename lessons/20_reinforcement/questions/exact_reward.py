"""20.1 An exact reward."""

import torch

from llama_edu.course.checking.draw import pick
from llama_edu.course.checking.questions import Misconception, Question


def exact_reward(answer: list[int], wanted: list[int], end: int) -> float:
    for i, token in enumerate(answer):
        if token == end:
            return 1.0 if i == len(wanted) else 0.0
        if i >= len(wanted) or token != wanted[i]:
            return 0.0
    return 0.0


def exact_reward_cases(generator):
    a, b, c, d, end = pick(generator, 5)
    some = [
        ([a, end], [a]),
        ([b, end], [a]),
        ([a, b, end, 0, 0], [a, b]),
        ([c, a, end, d, b], [c, a]),  # any ids may fill the row
        ([a, b, c], [a, b, c]),  # cut off
        ([a, b, c], [a, b]),
        ([a, b, c, end], [a, b]),  # it goes on
        ([a, end, b, end], [a, b]),  # it stops too early
        ([a, end, c], [a, b]),
        ([b, a, end], [a, b]),
        ([c, a, b, end], [a, b]),
        ([a, c, b, end], [a, b]),
        ([c, d, end, end, end], [c, d]),
        ([d, a, end, a, end], [d, a]),
        ([a, a, end], [a]),
        ([end, 0, 0], []),
        ([end, a], [a]),
    ]
    for i in torch.randperm(len(some), generator=generator).tolist():
        answer, wanted = some[i]
        yield {"answer": answer, "wanted": wanted, "end": end}


NONE, SAID, JUDGED = "return 0.0", "answer[: answer.index(end)]", "said == wanted"

EXACT_REWARD = Question(
    "reinforcement.exact_reward",
    points=2,
    cases=exact_reward_cases,
    reference=exact_reward,
    misconceptions=[
        Misconception(
            "cut_off_is_right",
            {NONE: "return float(answer == wanted)"},
            says="an answer that never ended can be right",
            hint="A model rewarded for it never learns to stop. What does an answer without `end` "
            "earn?",
        ),
        Misconception(
            "last_end",
            {SAID: "answer[: len(answer) - 1 - answer[::-1].index(end)]"},
            says="what stands before the *last* `end` is taken for the answer",
            hint="The first `end` closed the answer. What stands after it was never said.",
        ),
        Misconception(
            "row_to_its_last_token",
            {SAID: "answer[:-1]"},
            says="the whole row but its last token is taken for the answer",
            hint="The row may go on after the answer. Which token says where the answer is over?",
        ),
        Misconception(
            "ends_removed",
            {SAID: "[token for token in answer if token != end]"},
            says="the whole row is judged, its `end` tokens left out",
            hint="What stands after the first `end` was never said. Cut it off instead.",
        ),
        Misconception(
            "end_must_be_last",
            {"end not in answer": "answer[-1] != end"},
            says="an answer has ended only if the very last token of the row is `end`",
            hint="Short answers of a batch are followed by something that fills the row. Where may "
            "`end` stand?",
        ),
        Misconception(
            "end_kept",
            {SAID: "answer[: answer.index(end) + 1]"},
            says="`end` itself is compared too, so nothing is ever right",
            hint="The wanted ids come without `end`. Where does a slice stop?",
        ),
        Misconception(
            "last_word_dropped",
            {SAID: "answer[: answer.index(end) - 1]"},
            says="the last token before `end` is dropped as well",
            hint="A slice stops before its end already. Is there a 1 too many?",
        ),
        Misconception(
            "contains",
            {JUDGED: "set(wanted) <= set(said)"},
            says="an answer is right if all wanted tokens stand in it somewhere",
            hint="Then the best answer names everything. What may stand beside the wanted tokens?",
        ),
        Misconception(
            "starts_well",
            {JUDGED: "said[: len(wanted)] == wanted"},
            says="an answer is right if it begins with the wanted one",
            hint="It may have gone on to say the contrary. Compare all of it.",
        ),
        Misconception(
            "common_part",
            {JUDGED: "all(a == b for a, b in zip(said, wanted))"},
            says="only the part is compared that both have: `zip` stops with the shorter one",
            hint="Then an answer without a word is right. Compare the lists themselves.",
        ),
        Misconception(
            "stands_somewhere",
            {JUDGED: "any(said[i : i + len(wanted)] == wanted for i in range(len(said) + 1))"},
            says="an answer is right if the wanted one stands in it somewhere",
            hint="It may name everything one after the other. Compare all of it.",
        ),
        Misconception(
            "is_a_beginning",
            {JUDGED: "said == wanted[: len(said)]"},
            says="a beginning of the wanted answer is right",
            hint="The empty answer is the beginning of every answer. Compare all of it.",
        ),
        Misconception(
            "order_ignored",
            {JUDGED: "sorted(said) == sorted(wanted)"},
            says="the order of the tokens does not matter",
            hint="Exact means: the same tokens in the same places.",
        ),
        Misconception(
            "share_of_places",
            {f"float({JUDGED})": (
                "sum(a == b for a, b in zip(said, wanted)) / max(len(said), len(wanted), 1)"
            )},
            says="the share of right places is given",
            hint="Half right is wrong here: the reward is 1 or 0.",
        ),
        Misconception(
            "same_length",
            {JUDGED: "len(said) == len(wanted)"},
            says="an answer of the right length is right",
            hint="A model would learn to be as long as that, and no more. What must be equal?",
        ),
        Misconception(
            "row_to_the_length_of_wanted",
            {SAID: "answer[: len(wanted)]", "end not in answer": "False"},
            says="the row is compared only as far as the wanted answer goes, ended or not",
            hint="It may have gone on, or was cut off. Where does the answer end?",
        ),
        Misconception(
            "all_that_ends",
            {f"float({JUDGED})": "1.0"},
            says="whatever ends is right",
            hint="That rewards the form alone. What has to be compared?",
        ),
    ],
)  # fmt: skip
