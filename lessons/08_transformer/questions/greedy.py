"""8.6 Greedy decoding."""

from itertools import pairwise

from torch import Tensor

from llama_edu.course.checking.draw import pick, randn, whole
from llama_edu.course.checking.questions import Misconception, Question


def greedy(logits: Tensor, start: int, end: int, max_new_tokens: int) -> list[int]:
    best = logits.argmax(-1).tolist()
    written, last = [], start
    while len(written) < max_new_tokens and best[last] != end:
        last = best[last]
        written.append(last)
    return written


def greedy_cases(generator):
    def table(path: list[int], n_ids: int, scale: float = 1.0) -> Tensor:
        """Noise, but after each of these the next is likeliest."""
        logits = randn(generator, n_ids, n_ids)
        for last, following in pairwise(path):
            logits[last, following] = 0.3 + float(logits[last].max())
        return (scale * logits).round(decimals=1)

    yield {"logits": table([0, 2, 1], 3), "start": 0, "end": 1, "max_new_tokens": 4}
    yield {"logits": table([1, 2, 2], 3), "start": 1, "end": 0, "max_new_tokens": 3}  # no end
    a, b, c, d, e = pick(generator, 5, 0, 5)
    yield {"logits": table([a, b, c, d, e], 6), "start": a, "end": e, "max_new_tokens": 9}
    yield {"logits": table([a, b, c, d, e], 6), "start": a, "end": e, "max_new_tokens": 3}
    yield {"logits": table([a, b, c, d, e], 6), "start": a, "end": e, "max_new_tokens": 2}
    yield {"logits": table([d, a], 6), "start": d, "end": a, "max_new_tokens": 2}  # ends at once
    # The start token may be written like any other, and all logits may be below 0.
    again = table([b, c, b], 6) - 50
    yield {"logits": again, "start": b, "end": e, "max_new_tokens": whole(generator, 5, 7)}


GREEDY = Question(
    "transformer.greedy",
    points=2,
    cases=greedy_cases,
    reference=greedy,
    misconceptions=[
        Misconception(
            "end_written",
            {"break": "return [*written, end]"},
            says="the end token is written too",
            hint="It says that the text is complete, and is no part of it: look before you append.",
        ),
        Misconception(
            "start_written",
            {"last, written = start, []": "last, written = start, [start]"},
            says="the start token is part of the result",
            hint="It stands there before anything is written.",
        ),
        Misconception(
            "start_and_end_written",
            {
                "last, written = start, []": "last, written = start, [start]",
                "break": "return [*written, end]",
            },
            says="the start token and the end token are part of the result",
            hint="Only what is written between them is asked for.",
        ),
        Misconception(
            "never_ends",
            {"if last == end:\n            break": ""},
            says="writing goes on after the end token",
            hint="What should happen when the likeliest token is the end?",
        ),
        Misconception(
            "end_skipped",
            {"if last == end:\n            break": "if last == end:\n            continue"},
            says="the end token is left out, but writing goes on after it",
            hint="`continue` goes on with the next round. Which word leaves the loop?",
        ),
        Misconception(
            "always_from_start",
            {"logits[last]": "logits[start]"},
            says="each token is chosen as if only the start token stood before it",
            hint="Which row do you look up in the second round? The text has grown by then.",
        ),
        Misconception(
            "from_end",
            {"start, []": "end, []"},
            says="writing begins from the end token",
            hint="What stands before the first token?",
        ),
        Misconception(
            "columns",
            {"logits[last]": "logits[:, last]"},
            says="columns are looked up instead of rows",
            hint="Row `last` scores what may follow: the first index is the token that was last.",
        ),
        Misconception(
            "one_too_many",
            {"range(max_new_tokens)": "range(max_new_tokens + 1)"},
            says="one token more than allowed is written",
            hint="How often does your loop go round at most? Take max_new_tokens = 2 by hand.",
        ),
        Misconception(
            "one_too_few",
            {"range(max_new_tokens)": "range(max_new_tokens - 1)"},
            says="one token fewer than allowed is written",
            hint="Does the start token count, or the end? Only what is written does.",
        ),
        Misconception(
            "least_likely",
            {"argmax()": "argmin()"},
            says="the least likely token is taken",
            hint="Greedy decoding takes the token with the highest score.",
        ),
        Misconception(
            "a_round_late",
            {
                "last = int(": "written.append(last)\n        last = int(",
                "        written.append(last)": "",
            },
            says="each round appends the token before it looks for the next",
            hint="So the start token is in and the last is not. Choose first, then append.",
        ),
        Misconception(
            "highest_score_for_token",
            {
                "last = int(logits[last].argmax())": "last = int(logits[last].argmax())\n"
                "        written.append(float(logits[last].max()))\n        continue"
            },
            says="the highest score is written, and not the token that has it",
            hint="`max` gives the score; which function gives its place, the token?",
        ),
    ],
)
