"""2.1 Lines that were there before."""

from llama_edu.course.checking.draw import pick, whole
from llama_edu.course.checking.questions import Misconception, Question
from llama_edu.data.filter import Page
from llama_edu.data.filter.rules import repeated_lines

LINES = [
    "Home", "About us", "It rained all day.", "Click here!", "Read more", "The end.", "To be",
    "Contact", "Next page", "Sign in", "Who is there?", "Sold out",
]  # fmt: skip


def repeated_share(text: str) -> float:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return repeated_lines(Page("\n".join(lines)))


def repeated_share_cases(generator):
    a, b, c, d, e = (LINES[i] for i in pick(generator, 5, 0, len(LINES) - 1))
    more = [a, b] * whole(generator, 2, 6)
    yield {"text": f"{a}\n{b}\n{a}"}
    yield {"text": f"{a}\n\n{b}\n\n\n{c}\n{b}"}  # empty lines
    yield {"text": f"{a}\n  \n{b}\n\t\n{c}\n{b}"}  # not quite empty
    yield {"text": f"{a}\n{a}\n\n{a}\n{b}\n\n{a}"}  # a copy before and behind an empty line
    yield {"text": f"{a}\n  {a}\n{b}"}  # white space round a line
    yield {"text": f"{a}\t\n{a}\n{b}\n{b} "}
    yield {"text": f"{a}\n{a.upper()}\n{b}\n{b}\n{d}"}  # case
    yield {"text": f"{a}\n{b}\n{a}\n{c}\n{a}\n{d}\n{e}\n{e}"}
    yield {"text": "Sign  in\nSign in"}  # white space within a line
    yield {"text": f"{a} {b}\n{a}\n{c}\n{c}"}  # a part of an earlier line
    yield {"text": "\n".join([*more, c, d])}
    yield {"text": f"  {a}\n{a}\n{b}"}  # first with white space, then without
    yield {"text": "Home\nHome page\nHome."}  # part of a later line
    yield {"text": f"1\n{a}\n1"}  # a line of one character
    yield {"text": f"{a}\n{b}"}
    yield {"text": "\n".join([a] * whole(generator, 3, 9))}  # all alike
    yield {"text": b}  # one line alone
    yield {"text": " \n\t"}
    yield {"text": ""}


COPIES = "len(lines) - len(set(lines))"

REPEATED_SHARE = Question(
    "corpus.repeated_share",
    points=2,
    cases=repeated_share_cases,
    reference=repeated_share,
    misconceptions=[
        Misconception(
            "empty_lines_count",
            {" if line.strip()]": "]"},
            says="empty lines count as lines, and as copies of each other",
            hint="Paragraphs are parted by empty lines, in good texts too. What is left of such a "
            "line after `strip()`?",
        ),
        Misconception(
            "stripped_too_late",
            {" if line.strip()]": " if line]"},
            says="lines that hold only spaces count",
            hint="Is a line of spaces empty before `strip()`, or after it?",
        ),
        Misconception(
            "not_stripped",
            {"line.strip() for": "line for"},
            says="the same line with other spaces round it counts as another",
            hint="White space round a line makes no difference: compare what is within.",
        ),
        Misconception(
            "case_ignored",
            {"line.strip() for": "line.strip().lower() for"},
            says="upper and lower case make no difference",
            hint="White space round a line makes no difference. What does the docstring say of "
            "case?",
        ),
        Misconception(
            "stripped_to_ask",
            {
                "line.strip() for": "line for",
                COPIES: "sum(line.strip() in lines[:i] for i, line in enumerate(lines))",
            },
            says="a line is stripped when it is asked for, but remembered as it was",
            hint="Strip it once, give the result a name, and use only that.",
        ),
        Misconception(
            "words",
            {"splitlines": "split"},
            says="words are compared",
            hint="`split()` cuts at every space; which method cuts a text into lines?",
        ),
        Misconception(
            "with_their_first",
            {COPIES: "sum(lines.count(line) > 1 for line in lines)"},
            says="the first of equal lines counts as a copy too",
            hint="Which line of [x, x, y] was there before? Only one of the three.",
        ),
        Misconception(
            "different_repeated",
            {COPIES: "sum(lines.count(line) > 1 for line in set(lines))"},
            says="a line that comes five times counts as one copy",
            hint="Every time but the first is a copy.",
        ),
        Misconception(
            "of_the_commonest",
            {COPIES: "max(map(lines.count, lines), default=0)"},
            says="it is the share of the commonest line, its first time with it",
            hint="Which lines of [x, x, y, y] were there before? Must they all be the same?",
        ),
        Misconception(
            "share_of_different",
            {COPIES: "len(set(lines))"},
            says="it is the share of the lines that are no copies",
            hint="You have the other part: a text without copies should give 0.",
        ),
        Misconception(
            "same_as_previous",
            {COPIES: "sum(map(str.__eq__, lines, lines[1:]))"},
            says="only neighbours are compared",
            hint="A menu comes back after the article: compare with all earlier lines.",
        ),
        Misconception(
            "around_the_end",
            {COPIES: "sum(map(str.__eq__, s := sorted(lines), s[-1:] + s[:-1]))"},
            says="one line alone, or equal ones only, get 1",
            hint="Of n equal lines n - 1 are copies. If you sorted them: `lines[i - 1]` of the "
            "first line is the last one.",
        ),
        Misconception(
            "equal_pairs",
            {COPIES: "sum(lines[:i].count(line) for i, line in enumerate(lines))"},
            says="a line counts once for each earlier line that it equals",
            hint="A line is a copy or none: stop at the first that is equal.",
        ),
        Misconception(
            "all_found",
            {COPIES: "len(lines)"},
            says="every line counts as a copy",
            hint="Is a line among those that it is compared with? Only the lines before it count.",
        ),
        Misconception(
            "over_different",
            {"/ len(lines)": "/ len(set(lines))"},
            says="the copies are divided by the number of different lines",
            hint="A share of what? Which lines can be copies, and which are counted?",
        ),
        Misconception(
            "over_all_lines",
            {"/ len(lines)": "/ len(text.splitlines())"},
            says="the copies are divided by the number of all lines, empty ones too",
            hint="Empty lines do not count at all, neither above the bar nor below it.",
        ),
        Misconception(
            "no_lines_forgotten",
            {" if lines else 0.0": ""},
            says="a text without a line is forgotten",
            hint="How many lines has an empty text, and what is its share?",
        ),
    ],
)
