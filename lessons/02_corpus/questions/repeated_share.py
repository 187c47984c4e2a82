"""2.1 Lines that were there before."""

import re
from collections import Counter
from itertools import pairwise, takewhile

from llama_edu.course.checking.draw import pick, whole
from llama_edu.course.checking.questions import Misconception, Question
from llama_edu.data.filter import Page
from llama_edu.data.filter.rules import repeated_lines

LINES = [
    "Home", "About us", "It rained all day.", "Click here!", "Read more", "The end.", "To be",
    "Contact", "Next page", "Sign in", "Who is there?", "Sold out",
]  # fmt: skip


def stripped(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def repeated_share(text: str) -> float:
    return repeated_lines(Page("\n".join(stripped(text))))


def repeated_share_cases(generator):
    a, b, c, d, e = (LINES[i] for i in pick(generator, 5, 0, len(LINES) - 1))
    more = [a, b] * whole(generator, 2, 6)
    yield {"text": f"{a}\n{b}\n{a}"}
    yield {"text": f"{a}\n\n{b}\n\n\n{c}\n{b}\n"}  # empty lines
    yield {"text": f"{a}\n  \n{b}\n\t\n{c}\n{b}\n"}  # not quite empty
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
    yield {"text": " \n\n"}
    yield {"text": ""}


def copies(lines: list[str]) -> int:
    return len(lines) - len(set(lines))


def share_of(count=copies, lines_of=stripped, of=len):
    """A share with one part wrong: what is counted, the lines, or what is divided by."""

    def share(text):
        lines = lines_of(text)
        return count(lines) / of(lines) if lines else 0.0

    return share


def lines_with(strip=str.strip, is_kept=str.strip):
    """Lines with something else stripped off, or other lines left out."""
    return lambda text: [strip(line) for line in text.splitlines() if is_kept(line)]


def some_empty_left(text):
    """What is left if lines are removed from the list that the loop goes through."""
    lines = [line.strip() for line in text.splitlines()]
    for line in lines:
        if not line:
            lines.remove(line)
    return lines


def asked(form=str.strip, remembered=str.strip):
    """A line is asked for in one form, and remembered in another."""

    def share(text):
        lines = [line for line in text.splitlines() if line.strip()]
        seen, n_copies = set(), 0
        for line in lines:
            n_copies += form(line) in seen
            seen.add(remembered(line))
        return n_copies / len(lines) if lines else 0.0

    return share


def empty_is_different(text):
    """The empty lines are left out of the lines, but not of the different ones."""
    lines = stripped(text)
    return (len(lines) - len({line.strip() for line in text.splitlines()})) / max(len(lines), 1)


def by_paragraph(text):
    """What is remembered is forgotten at an empty line."""
    paragraphs = re.split(r"\n\s*\n", text)
    return sum(copies(stripped(each)) for each in paragraphs) / max(len(stripped(text)), 1)


def gone_through_twice(text):
    """Filtered lines are gone once they were looked at."""
    lines = filter(None, map(str.strip, text.splitlines()))
    n_different, n_lines = len(set(lines)), len(list(lines))
    return (n_lines - n_different) / n_lines


def with_their_first(lines):
    return sum(n for n in Counter(lines).values() if n > 1)


def different_repeated(lines):
    return sum(n > 1 for n in Counter(lines).values())


def same_as_previous(lines):
    return sum(first == second for first, second in pairwise(lines))


def part_of_earlier(lines):
    return sum(line in "\n".join(lines[:i]) for i, line in enumerate(lines))


def holds_earlier(lines):
    return sum(any(earlier in line for earlier in lines[:i]) for i, line in enumerate(lines))


def around_the_end(lines):
    """Sorted equal lines are neighbours; `lines[-1]` is none of the first one's."""
    lines = sorted(lines)
    return sum(line == lines[i - 1] for i, line in enumerate(lines))


def equal_pairs(lines):
    return sum(n * (n - 1) // 2 for n in Counter(lines).values())


def by_characters(text):
    lines = stripped(text)
    n_all = sum(map(len, lines))
    return 1 - sum(map(len, set(lines))) / n_all if lines else 0.0


def over_all_lines(text):
    return copies(stripped(text)) / len(text.splitlines()) if text else 0.0


def unguarded(text):
    lines = stripped(text)
    return copies(lines) / len(lines)


TWO_ENDS = "`strip()` takes white space of all kinds off both ends of a line."

ONCE_ONLY = "`map`, `filter` and `( … for … )` can be gone through once only: make a list."
PART_OR_WHOLE = (
    "The whole line must equal an earlier one. In a string `in` looks for a part; in a list or a "
    "set it asks for the whole."
)

REPEATED_SHARE = Question(
    "corpus.repeated_share",
    points=2,
    cases=repeated_share_cases,
    reference=repeated_share,
    misconceptions=[
        Misconception(
            "empty_lines_count",
            share_of(lines_of=lines_with(is_kept=lambda line: True)),
            says="empty lines count as lines, and as copies of each other",
            hint="Paragraphs are parted by empty lines, in good texts too. What is left of such a "
            "line after `strip()`?",
        ),
        Misconception(
            "stripped_too_late",
            share_of(lines_of=lines_with(is_kept=len)),
            says="lines that hold only spaces count",
            hint="Is a line of spaces empty before `strip()`, or after it?",
        ),
        Misconception(
            "no_spaces_no_skip",
            share_of(lines_of=lines_with(is_kept=lambda line: not line.isspace())),
            says="lines without any character count",
            hint="`''.isspace()` is False. What is left of either kind of line after `strip()`?",
        ),
        Misconception(
            "not_stripped",
            share_of(lines_of=lines_with(str)),
            says="the same line with other spaces round it counts as another",
            hint="White space round a line makes no difference: compare what is within.",
        ),
        Misconception(
            "never_stripped",
            share_of(lines_of=lines_with(str, len)),
            says="lines that hold only spaces count, and spaces round a line make a difference",
            hint="`strip()` mends both. It gives a new string, and leaves the line as it was.",
        ),
        Misconception(
            "neither_stripped_nor_empty",
            share_of(lines_of=str.splitlines),
            says="lines are taken as they are, the empty ones too",
            hint="Two things: white space round a line makes no difference, and empty lines do not "
            "count.",
        ),
        Misconception(
            "split_at_line_ends",
            share_of(lines_of=lambda text: text.split("\n")),
            says="lines are taken as they are, and an empty one is added behind the last line end",
            hint="Two things: white space round a line makes no difference, and empty lines do not "
            "count. `splitlines()` adds none, as `split` does.",
        ),
        Misconception(
            "left_end_only",
            share_of(lines_of=lines_with(str.lstrip)),
            says="white space after a line makes a difference",
            hint=TWO_ENDS,
        ),
        Misconception(
            "right_end_only",
            share_of(lines_of=lines_with(str.rstrip)),
            says="white space before a line makes a difference",
            hint=TWO_ENDS,
        ),
        Misconception(
            "spaces_only",
            share_of(lines_of=lines_with(lambda line: line.strip(" "))),
            says="spaces round a line are taken off, but no tabs",
            hint=TWO_ENDS,
        ),
        Misconception(
            "spaces_only_tabs_count",
            share_of(lines_of=lines_with(*2 * [lambda line: line.strip(" ")])),
            says="spaces round a line are taken off, but no tabs, so that a line of tabs counts",
            hint="`strip()` takes off white space of all kinds, `strip(' ')` only spaces.",
        ),
        Misconception(
            "stripped_to_ask",
            asked(remembered=str),
            says="a line is stripped when it is asked for, but remembered as it was",
            hint="Strip it once, give the result a name, and use only that.",
        ),
        Misconception(
            "stripped_to_remember",
            asked(form=str),
            says="a line is remembered without white space round it, but asked for as it was",
            hint="Strip it once, give the result a name, and use only that.",
        ),
        Misconception(
            "text_stripped",
            share_of(lines_of=lambda text: text.strip().splitlines()),
            says="white space is taken off both ends of the text, but not of each line",
            hint="First cut the text into lines, then `strip()` each; what is empty then goes.",
        ),
        Misconception(
            "some_empty_left",
            share_of(lines_of=some_empty_left),
            says="of empty lines in a row, some are left in",
            hint="`remove` in a loop over the same list makes the loop skip the next item. Put "
            "what you keep into a new list.",
        ),
        Misconception(
            "up_to_the_first_empty",
            share_of(lines_of=lambda text: [*takewhile(len, map(str.strip, text.splitlines()))]),
            says="all behind the first empty line is left out",
            hint="`break` ends the loop; `continue` ends only this turn of it.",
        ),
        Misconception(
            "empty_is_different",
            empty_is_different,
            says="the empty line counts as one of the different lines",
            hint="It is left out of all lines; leave it out of the set of them too.",
        ),
        Misconception(
            "by_paragraph",
            by_paragraph,
            says="a line is compared only with those since the last empty line",
            hint="Is what you remember begun anew at an empty line? It should last for the text.",
        ),
        Misconception(
            "spaces_within",
            share_of(lines_of=lines_with(lambda line: " ".join(line.split()))),
            says="white space within a line makes no difference",
            hint="Only what stands round a line is taken off; within it each space counts.",
        ),
        Misconception(
            "words",
            share_of(lines_of=str.split),
            says="words are compared",
            hint="`split()` cuts at every space; which method cuts a text into lines?",
        ),
        Misconception(
            "characters",
            share_of(lines_of=lambda text: [x for x in text if x.strip()]),
            says="single characters are compared",
            hint="A loop over a text goes through its characters. `splitlines()` gives lines.",
        ),
        Misconception(
            "with_their_first",
            share_of(with_their_first),
            says="the first of equal lines counts as a copy too",
            hint="Which line of [x, x, y] was there before? Only one of the three.",
        ),
        Misconception(
            "different_repeated",
            share_of(different_repeated),
            says="a line that comes five times counts as one copy",
            hint="Every time but the first is a copy.",
        ),
        Misconception(
            "different_repeated_of_different",
            share_of(different_repeated, of=lambda lines: len(set(lines))),
            says="it is the share of the different lines that come more than once",
            hint="A line that comes five times is five lines, four of them copies.",
        ),
        Misconception(
            "share_of_different",
            share_of(lambda lines: len(set(lines))),
            says="it is the share of the lines that are no copies",
            hint="You have the other part: a text without copies should give 0.",
        ),
        Misconception(
            "same_as_previous",
            share_of(same_as_previous),
            says="only neighbours are compared",
            hint="A menu comes back after the article: compare with all earlier lines.",
        ),
        Misconception(
            "part_of_earlier",
            share_of(part_of_earlier),
            says="a line that is part of an earlier one counts as its copy",
            hint=PART_OR_WHOLE,
        ),
        Misconception(
            "holds_earlier",
            share_of(holds_earlier),
            says="a line counts as a copy if an earlier one is a part of it",
            hint=PART_OR_WHOLE,
        ),
        Misconception(
            "equal_pairs",
            share_of(equal_pairs),
            says="a line counts once for each earlier line that it equals",
            hint="A line is a copy or none: stop at the first that is equal.",
        ),
        Misconception(
            "none_found",
            lambda text: 0.0,
            says="the share is 0, whatever the text",
            hint="Print your list of lines: are they lines, and are all there when you count? Is "
            "each remembered once it was read? Does a `return` in the loop end it too early? And "
            "`//` drops what is less than 1.",
        ),
        Misconception(
            "all_found",
            share_of(len),
            says="every line counts as a copy",
            hint="Is a line among those that it is compared with? Only the lines before it count. "
            "Or is the list empty the second time? " + ONCE_ONLY,
        ),
        Misconception(
            "around_the_end",
            share_of(around_the_end),
            says="one line alone, or equal ones only, get 1",
            hint="Of n equal lines n - 1 are copies. If you sorted them: `lines[i - 1]` of the "
            "first line is the last one.",
        ),
        Misconception(
            "gone_through_twice",
            gone_through_twice,
            says="what it divides by is 0, whatever the text",
            hint="Was nothing counted, or was it gone already? " + ONCE_ONLY,
        ),
        Misconception(
            "case_ignored",
            share_of(lines_of=lambda text: stripped(text.lower())),
            says="upper and lower case make no difference",
            hint="The question says which differences count; case is one.",
        ),
        Misconception(
            "by_characters",
            by_characters,
            says="it is the share of characters in repeated lines",
            hint="Gopher has a rule for that as well. Here each line counts as one, however long.",
        ),
        Misconception(
            "over_different",
            share_of(of=lambda lines: len(set(lines))),
            says="the copies are divided by the number of different lines",
            hint="A share of what? Of all lines that hold text.",
        ),
        Misconception(
            "over_all_lines",
            over_all_lines,
            says="the copies are divided by the number of all lines, empty ones too",
            hint="Empty lines do not count at all, neither above the bar nor below it.",
        ),
        Misconception(
            "over_the_others",
            share_of(of=lambda lines: max(len(lines) - 1, 1)),
            says="the copies are divided by one line less than there are",
            hint="The first line cannot be a copy, but it is one of the lines.",
        ),
        Misconception(
            "count",
            lambda text: copies(stripped(text)),
            says="it is the number of copies",
            hint="The right lines are found. A share lies between 0 and 1.",
        ),
        Misconception(
            "percent",
            lambda text: 100 * repeated_share(text),
            says="it is given in percent",
            hint="A share lies between 0 and 1.",
        ),
        Misconception(
            "empty_is_all",
            lambda text: repeated_share(text) if stripped(text) else 1.0,
            says="a text without lines gets 1",
            hint="Nothing is repeated where nothing is said.",
        ),
        Misconception(
            "no_lines_forgotten",
            unguarded,
            says="a text without a line is forgotten",
            hint="The rest is right. How many lines has an empty text, and what is its share?",
        ),
        Misconception(
            "only_no_text_asked",
            lambda text: unguarded(text) if text else 0.0,
            says="a text of nothing but white space is forgotten",
            hint="The rest is right. Ask whether a line is left, not whether there is a text.",
        ),
    ],
)
