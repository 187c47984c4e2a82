"""11.6 What a rolling cache holds."""

from llama_edu.course.checking.draw import whole
from llama_edu.course.checking.questions import Misconception, Question


def slots(n_read: int, window: int) -> list:
    last = [n_read - 1 - (n_read - 1 - slot) % window for slot in range(window)]
    return [token if token >= 0 else None for token in last]


def slots_cases(generator):
    for n_read, window in ((5, 3), (2, 4), (0, 2), (6, 3), (9, 1)):
        yield {"n_read": n_read, "window": window}
    yield {"n_read": whole(generator, 12, 60), "window": whole(generator, 4, 9)}
    yield {"n_read": whole(generator, 61, 90), "window": 5}


SLOTS = Question(
    "efficient.slots",
    points=1,
    cases=slots_cases,
    reference=slots,
    misconceptions=[
        Misconception(
            "oldest_first",
            lambda n_read, window: (
                list(range(max(0, n_read - window), n_read)) + [None] * max(0, window - n_read)
            ),
            says="the tokens are moved up, the oldest first",
            hint="Nothing is moved: each token stays in slot t mod `window` until it is "
            "overwritten.",
        ),
        Misconception(
            "first_ones_stay",
            {
                "        held[token % window] = token": (
                    "        if held[token % window] is None:\n"
                    "            held[token % window] = token"
                )
            },
            says="the first tokens stay, and later ones find no place",
            hint="A later token overwrites what is in its slot.",
        ),
        Misconception(
            "counted_from_one",
            {"range(n_read)": "range(1, n_read + 1)"},
            says="tokens are counted from 1",
            hint="The first token is token 0.",
        ),
        Misconception(
            "one_short",
            {"range(n_read)": "range(n_read - 1)"},
            says="the last token is left out",
            hint="After 1 token, what lies in slot 0?",
        ),
        Misconception(
            "zeros",
            {"[None] * window": "[0] * window"},
            says="an empty slot holds token 0",
            hint="None says that nothing is there.",
        ),
        Misconception(
            "no_empty_slots",
            {"return held": "return [token for token in held if token is not None]"},
            says="empty slots are left out",
            hint="The answer always has `window` entries.",
        ),
        Misconception(
            "grows",
            {"held[token % window] = token": "held = [*held, token]"},
            says="tokens are added at the end, as if the cache could grow",
            hint="There are `window` slots and no more.",
        ),
        Misconception(
            "backwards",
            {"held[token % window] = token": "held[-1 - token % window] = token"},
            says="the slots are filled from the last one on",
            hint="Token 0 goes to slot 0 mod `window`.",
        ),
        Misconception(
            "minus_one",
            {"[None] * window": "[-1] * window"},
            says="an empty slot holds -1",
            hint="None says that nothing is there.",
        ),
        Misconception(
            "one_too_many",
            {"range(n_read)": "range(n_read + 1)"},
            says="one token too many is read",
            hint="After 1 token, is there anything in slot 1?",
        ),
        Misconception(
            "named_from_one",
            {"held[token % window] = token": "held[token % window] = token + 1"},
            says="the first token is called 1",
            hint="The first token is token 0.",
        ),
        Misconception(
            "moved_up",
            {"held[token % window] = token": "held = [*held[1:], token]"},
            says="all tokens move up when a new one comes",
            hint="Nothing is moved: each token stays in slot t mod `window` until it is "
            "overwritten.",
        ),
        Misconception(
            "slot_of_each_token",
            {"return held": "return [token % window for token in range(n_read)]"},
            says="the slot of each token is returned, not the token of each slot",
            hint="The answer has `window` entries, one for each slot.",
        ),
    ],
)
