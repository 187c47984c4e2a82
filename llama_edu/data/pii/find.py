"""Find personal data in a text of any language."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from re import Match, Pattern
from string import ascii_lowercase, ascii_uppercase

from llama_edu.data.pii.emails import EMAILS
from llama_edu.data.pii.machines import MACHINES
from llama_edu.data.pii.numbers import NUMBERS
from llama_edu.data.pii.phones import PHONES

# Chinese and printed signs for the plain ones, one for one, so that places in the text stay.
# The comma ，is not among them: it ends a number where "," may be a part of it.
_FULL_WIDTH = "０１２３４５６７８９＠．：／＋（）－"
_LETTERS = "".join(map(chr, [*range(0xFF21, 0xFF3B), *range(0xFF41, 0xFF5B)]))
_DASHES_AND_SPACES = "\u2010\u2011\u2012\u2013\u2212\u00a0\u2007\u202f\u3000"
PLAIN = str.maketrans(
    _FULL_WIDTH + _DASHES_AND_SPACES + _LETTERS,
    "0123456789@.:/+()-" + "-----    " + ascii_uppercase + ascii_lowercase,
)

# What every kind has one of: a sign of an e-mail address, seven digits close together, or the dots
# and colons of an IP address. Most lines of prose have none, and are passed over ten times faster.
HINT = re.compile(
    r"[@＠]|[\[(]at[\])]|\d(?:[^\d\n]{0,4}\d){6}|\d\.\d+\.\d+\.\d|[0-9a-f]:[0-9a-f]*:",
    re.IGNORECASE,
)


WINDOW, BEFORE, LONGEST = 1_000, 60, 400  # characters; no address or number is longer than the last


@dataclass(frozen=True, order=True)
class Found:
    """One piece of personal data: `text[start:end]` is of this kind."""

    start: int
    end: int
    kind: str


# Pattern with a group named "it", and whether what it proposes is really of the kind.
Detector = tuple[str, Pattern[str], Callable[[Match[str]], bool]]
# Earlier ones win: a card's digits must not be read as a telephone's.
DETECTORS: tuple[Detector, ...] = (*EMAILS, *NUMBERS, *MACHINES, *PHONES)
KINDS = tuple(dict.fromkeys(kind for kind, _, _ in DETECTORS))


def find_pii(text: str, kinds: Iterable[str] = KINDS) -> list[Found]:
    """List the e-mail addresses, numbers and machine addresses that point at a person, in order.

    Args:
        text: of any language; full-width digits and printed dashes are understood.
        kinds: which to look for.

    Raises:
        ValueError: if a kind is unknown.
    """
    wanted = set(kinds)
    if unknown := wanted - set(KINDS):
        raise ValueError(f"kinds={sorted(unknown)} must be among {', '.join(KINDS)}")
    return [
        Found(start + found.start, start + found.end, found.kind)
        for start, line in _lines_worth_a_look(text)
        for found in _find_in_line(line.translate(PLAIN), wanted)
    ]


def _lines_worth_a_look(text: str) -> Iterator[tuple[int, str]]:
    end = 0
    while hint := HINT.search(text, end):
        start = text.rfind("\n", 0, hint.start()) + 1
        end = text.find("\n", hint.end())
        end = len(text) if end < 0 else end
        yield start, text[start:end]


def _find_in_line(line: str, wanted: set[str]) -> list[Found]:
    """Look through a line window by window, so that a long one takes no longer than its length.

    What ends in the next window's part is left to that; a window sees a little of what is before.
    """
    found: list[Found] = []
    start = 0
    while start < len(line):
        first, last = max(0, start - BEFORE), start + WINDOW + LONGEST
        window = line[first:last]
        if found and found[-1].end > first:  # as if it were masked
            window = f"{']':>{found[-1].end - first}}{line[found[-1].end : last]}"
        for piece in _find_in_window(window, wanted, start - first):
            if first + piece.start < start + WINDOW:
                found.append(Found(first + piece.start, first + piece.end, piece.kind))
        start = max([start + WINDOW, *(one.end for one in found[-1:])])
    return found


def _find_in_window(text: str, wanted: set[str], start: int) -> list[Found]:
    """What is found is masked at once, and what it may have hidden is looked for again."""
    found: list[Found] = []
    n_before = -1
    while len(found) > n_before:
        n_before = len(found)
        for kind, pattern, accepts in DETECTORS:
            at = start
            while kind in wanted and (match := pattern.search(text, at)):
                left, at = match.span("it")
                if accepts(match):
                    found.append(Found(left, at, kind))
                    text = f"{text[:left]}[{' ' * (at - left - 2)}]{text[at:]}"
                else:
                    at = match.end()
    return sorted(found)
