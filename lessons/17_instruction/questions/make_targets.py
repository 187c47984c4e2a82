"""17.2 Which tokens count."""

from llama_edu.course.checking.draw import pick
from llama_edu.course.checking.questions import Misconception, Question


def make_targets(ids: list[int], is_answer: list[bool]) -> list[int]:
    return [ids[t + 1] if is_answer[t + 1] else -100 for t in range(len(ids) - 1)]


def make_targets_cases(generator):
    for flags in ("..xx", ".x", "...xx..x", "...x.xxx.", "xx..xx", "....", "xxx", "..xxx.xx.x"):
        yield {
            "ids": pick(generator, len(flags)),
            "is_answer": [flag == "x" for flag in flags],
        }


def without_ends(flags: list[bool]) -> list[bool]:
    return [a and b for a, b in zip(flags, [*flags[1:], False], strict=True)]


def without_starts(flags: list[bool]) -> list[bool]:
    return [a and b for a, b in zip(flags, [False, *flags[:-1]], strict=True)]


RETURN = "return [i if c else -100 for i, c in zip(following, counts"
FLAGS = "is_answer[1:]"

MAKE_TARGETS = Question(
    "instruction.make_targets",
    points=2,
    cases=make_targets_cases,
    reference=make_targets,
    equivalent_mutants={
        f"{RETURN}, strict=True)] -> {RETURN}{end}": "the two lists are equally long"
        for end in (")]", ", strict=False)]")
    },
    misconceptions=[
        Misconception(
            "not_shifted",
            {"ids[1:]": "ids[:-1]", FLAGS: "is_answer[:-1]"},
            says="the target of a place is the token at that place",
            hint="Such a model learns to copy: its loss falls to 0 and it answers nothing. What "
            "must a place say?",
        ),
        Misconception(
            "labels_of_a_library",
            {"ids[1:]": "ids", FLAGS: "is_answer"},
            says="there is a target for each token, its own: labels for a library that shifts them",
            hint="Here nobody shifts them after you. What must the place of token 0 say, and which "
            "token is no input?",
        ),
        Misconception(
            "flags_not_shifted",
            {FLAGS: "is_answer[:-1]"},
            says="the flag of the token that is read decides, not that of the token to be said",
            hint="The place before an answer must say its first word. Is it part of the answer?",
        ),
        Misconception(
            "tokens_not_shifted",
            {"ids[1:]": "ids[:-1]"},
            says="the flags are shifted, but the tokens are not",
            hint="Both rows move together: a token and its own flag.",
        ),
        Misconception(
            "shifted_twice",
            {"ids[1:]": "[*ids[2:], -100]", FLAGS: "[*is_answer[2:], False]"},
            says="each place must say the token after the next one",
            hint="The place before the answer should say its first word. One step is enough.",
        ),
        Misconception(
            "everything_counts",
            {"i if c else -100": "i"},
            says="every token counts, those of the prompts too",
            hint="The user's words are read, but the model is not to learn to write them.",
        ),
        Misconception(
            "prompts_alone_count",
            {"i if c else -100": "-100 if c else i"},
            says="the prompts count and the answers do not",
            hint="Which of the two is the model to learn to write?",
        ),
        Misconception(
            "no_end_of_turn",
            {FLAGS: "without_ends(is_answer)[1:]"},
            says="the last token of each answer does not count: its end of turn",
            hint="A model that is never taught to stop does not stop. The flags are True there.",
        ),
        Misconception(
            "no_first_word",
            {FLAGS: "without_starts(is_answer)[1:]"},
            says="the first token of each answer does not count",
            hint="It is said at the last place of the prompt. Nobody else can say it.",
        ),
        Misconception(
            "zero_for_ignored",
            {"-100": "0"},
            says="0 stands where a target does not count",
            hint="0 is a token like any other: the model would be taught to say it.",
        ),
        Misconception(
            "minus_one",
            {"-100": "-1"},
            says="-1 stands where a target does not count",
            hint="The loss passes over one number only, the same as in torch.",
        ),
        Misconception(
            "left_out",
            {"i if c else -100 for i, c in zip(following, counts, strict=True)": (
                "i for i, c in zip(following, counts, strict=True) if c"
            )},
            says="targets that do not count are left out of the list",
            hint="There must be one target for each input, or nobody knows which belongs to which.",
        ),
        Misconception(
            "one_too_many",
            {"strict=True)]": "strict=True)] + [-100]"},
            says="there is a target for the last token as well",
            hint="Nothing follows the last token, so it is no input. How many inputs are there?",
        ),
        Misconception(
            "last_answer_alone",
            {FLAGS: "last_run(is_answer)[1:]"},
            says="only the last answer counts",
            hint="All answers of a conversation are worth learning, and cost no second pass.",
        ),
        Misconception(
            "all_after_the_first_answer",
            {FLAGS: "[any(is_answer[: t + 1]) for t in range(len(is_answer))][1:]"},
            says="everything counts from the first answer on, later prompts too",
            hint="A conversation may have several turns. Each token has a flag of its own.",
        ),
    ],
)  # fmt: skip


def last_run(flags: list[bool]) -> list[bool]:
    end = max((t for t, flag in enumerate(flags) if flag), default=-1)
    start = max((t + 1 for t in range(end + 1) if not flags[t]), default=0)
    return [start <= t <= end for t in range(len(flags))]
