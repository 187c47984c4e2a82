"""26.5 A conversation that fits."""

from torch import Generator

from llama_edu.course.checking.draw import pick
from llama_edu.course.checking.questions import Misconception, Question


def trim(talk: list[dict], n_tokens: list[int], budget: int) -> list[dict]:
    kept = list(zip(talk, n_tokens, strict=True))
    n_fixed = int(talk[0]["role"] == "system")
    while sum(n for _, n in kept) > budget and len(kept) > n_fixed + 1:
        del kept[n_fixed : n_fixed + 2]
    return [message for message, _ in kept]


def trim_cases(generator: Generator):
    def case(n_pairs: int, n_tokens: list[int], budget: int, is_led: bool) -> dict:
        names = [("user", "assistant")[i % 2] for i in range(2 * n_pairs + 1)]
        roles = ["system"] * is_led + names
        talk = [{"role": role, "content": f"m{i}" + i % 3 * "!"} for i, role in enumerate(roles)]
        return {"talk": talk, "n_tokens": n_tokens, "budget": budget}

    yield case(1, [5, 4, 3, 2], 11, is_led=True)
    yield case(2, [4, 3, 2, 5, 6], 13, is_led=False)  # fits exactly after the first pair is gone
    yield case(2, [9, 4, 1, 5, 2, 3], 24, is_led=True)  # fits as it is
    yield case(3, [6, 8, 9, 2, 2, 3, 3, 4], 20, is_led=True)
    yield case(2, [7, 3, 3, 3, 3, 30], 20, is_led=True)  # the last question alone is too long
    yield case(0, [3, 8], 5, is_led=True)
    yield case(0, [8], 5, is_led=False)
    yield case(1, [6, 1, 9], 14, is_led=False)  # one message less would do, a pair has to go
    yield case(2, [5, 2, 20, 3, 4, 6], 18, is_led=True)
    yield case(4, [2, 20, 1, 20, 1, 20, 1, 20, 1, 3], 47, is_led=True)
    yield case(2, [5, 2, 3, 20, 9, 6], 18, is_led=True)  # only the older pair would fit
    some = pick(generator, 9, low=3, high=30)
    yield case(4, some, sum(some) * 2 // 3, is_led=False)
    more = pick(generator, 10, low=3, high=30)
    yield case(4, more, sum(more) // 2 + more[0], is_led=True)


FIRST, FITS = '1 if talk[0]["role"] == "system" else 0', "> budget"
LENGTH = "sum(n_tokens[:first]) + sum(n_tokens[start:])"
WHILE = f"while {LENGTH} > budget and start < "

TRIM = Question(
    "capstone.trim",
    points=3,
    cases=trim_cases,
    reference=trim,
    equivalent_mutants={
        f"{WHILE}len(talk) - 1: -> {WHILE}len(talk) - 2:": "by twos, never at an answer",
        f"{WHILE}len(talk) - 1: -> {WHILE}len(n_tokens) - 1:": "the two lists are equally long",
    },
    misconceptions=[
        Misconception(
            "system_goes",
            {FIRST: "0", "start < len(talk) - 1": "start < len(talk) - 2 + len(talk) % 2"},
            says="the system's message goes first of all",
            hint="It holds what shall be true for the whole conversation.",
        ),
        Misconception(
            "system_always",
            {FIRST: "1"},
            says="the first message stays, whoever speaks",
            hint="Not every conversation has a system's message: what is its role?",
        ),
        Misconception(
            "one_by_one",
            {"start += 2": "start += 1"},
            says="messages go one by one, so that an answer may be left without its question",
            hint="A model that was tuned on pairs has never read an answer to nothing.",
        ),
        Misconception(
            "system_is_free",
            {LENGTH: "sum(n_tokens[start:])"},
            says="the tokens of the system's message are not counted",
            hint="It stays, and so it takes room.",
        ),
        Misconception(
            "full_is_too_full",
            {FITS: ">= budget"},
            says="a conversation that just fits is shortened",
            hint="`budget` tokens may be kept *at most*: is the budget itself allowed?",
        ),
        Misconception(
            "one_pair_only",
            {"while": "if"},
            says="one pair is left out at most",
            hint="It may be too long still. Which word repeats?",
        ),
        Misconception(
            "last_question_goes",
            {"start < len(talk) - 1": "start < len(talk)"},
            says="the last question goes as well, where it does not fit",
            hint="What is the model to answer then?",
        ),
        Misconception(
            "last_pair_stays",
            {"start < len(talk) - 1": "start < len(talk) - 3"},
            says="the last question and answer before the open question always stay",
            hint="Only the system's message and the last question are sure of their place.",
        ),
        Misconception(
            "newest_go",
            lambda talk, n_tokens, budget: _newest_go(talk, n_tokens, budget),
            says="the newest question and answer go first",
            hint="What was said just now is needed most.",
        ),
        Misconception(
            "messages_for_tokens",
            {LENGTH: "first + len(talk) - start"},
            says="messages are counted, not tokens",
            hint="`n_tokens` says how long each is.",
        ),
        Misconception(
            "system_lost_in_the_end",
            {"talk[:first] + talk[start:]": "talk[start:]"},
            says="the system's message is counted, but not returned",
            hint="Two parts make up what stays.",
        ),
        Misconception(
            "nothing_goes_if_hopeless",
            {"return talk[:first]": (
                f"if {LENGTH} > budget:\n        return talk\n    return talk[:first]"
            )},
            says="where the last question does not fit, the whole conversation is returned",
            hint="Then the rest only makes it worse: what stays even if it does not fit alone?",
        ),
        Misconception(
            "all_pairs_go",
            {"start += 2": "start = len(talk) - 1"},
            says="all questions and answers go as soon as one has to",
            hint="After a pair has gone, what is left is shorter: is its length looked at anew?",
        ),
        Misconception(
            "ends_alone",
            {FITS: "> -1"},
            says="all that may go goes, even where it fits",
            hint="How long is the conversation, and how long may it be?",
        ),
        Misconception(
            "answers_still_counted",
            {LENGTH: "sum(n_tokens) - sum(n_tokens[first:start:2])"},
            says="answers that are gone are still counted",
            hint="With a question its answer goes: the tokens of both are free.",
        ),
        Misconception(
            "holes",
            lambda talk, n_tokens, budget: _with_holes(talk, n_tokens, budget),
            says="an older pair is kept though a newer one had to go",
            hint="The conversation would have a hole. What stays is one piece, up to the end.",
        ),
        Misconception(
            "dropped_returned",
            {"talk[:first] + talk[start:]": "talk[first:start]"},
            says="what has to go is returned",
            hint="The messages that are *kept* are asked for.",
        ),
    ],
)  # fmt: skip


def _newest_go(talk: list[dict], n_tokens: list[int], budget: int) -> list[dict]:
    kept = list(zip(talk, n_tokens, strict=True))
    n_fixed = int(talk[0]["role"] == "system")
    while sum(n for _, n in kept) > budget and len(kept) > n_fixed + 1:
        del kept[-3:-1]
    return [message for message, _ in kept]


def _with_holes(talk: list[dict], n_tokens: list[int], budget: int) -> list[dict]:
    first = int(talk[0]["role"] == "system")
    places, left = [], budget - sum(n_tokens[:first]) - n_tokens[-1]
    for i in range(len(talk) - 3, first - 1, -2):
        if n_tokens[i] + n_tokens[i + 1] <= left:
            places = [i, i + 1, *places]
            left -= n_tokens[i] + n_tokens[i + 1]
    return [*talk[:first], *(talk[i] for i in places), talk[-1]]
