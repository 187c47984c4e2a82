"""What lesson 02 asks, what is right, and what people write instead."""

import re
from collections import Counter, defaultdict
from itertools import accumulate, combinations, pairwise, takewhile

import numpy as np
import torch

from llama_edu.course.questions import Misconception, Question
from llama_edu.data.dedup import candidate_pairs, character_shingles, jaccard
from llama_edu.data.filter import Page
from llama_edu.data.filter.rules import repeated_lines
from llama_edu.data.pii.checksums import passes_luhn

Functions = list[tuple[int, int]]


def whole(generator: torch.Generator, low: int, high: int) -> int:
    """A whole number from low to high, both included."""
    return int(torch.randint(low, high + 1, (), generator=generator))


def pick(generator: torch.Generator, n: int, low: int, high: int) -> list[int]:
    """Different numbers, in no order."""
    return (low + torch.randperm(high - low + 1, generator=generator)[:n]).tolist()


# 2.1 lines that were there before

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


# 2.2 the last digit of a card


def check_digit(digits: str) -> int:
    return next(digit for digit in range(10) if passes_luhn(f"{digits}{digit}"))


def check_digit_cases(generator):
    def digits(n):
        return "".join(str(whole(generator, 0, 9)) for _ in range(n))

    yield {"digits": str(whole(generator, 6, 9))}
    yield {"digits": f"{whole(generator, 1, 9)}{whole(generator, 1, 4)}"}
    yield {"digits": "5"}  # doubled it is 10
    yield {"digits": "59"}  # a doubled 9, and a 5 that is none
    yield {"digits": "95"}  # a 9 that is not doubled
    yield {"digits": "182"}  # the sum ends in 0
    yield {"digits": "91"}  # it does if digits are counted wrongly,
    yield {"digits": "24"}  # from the left and from the second,
    yield {"digits": "28"}  # or if none is doubled
    for n in (5, 8, 11, 14, 15, 15):
        yield {"digits": digits(n)}
    yield {"digits": f"111{digits(15)}"}  # longer than any card's; each 1 makes a difference


def minus_nine(value):
    return value - 9 if value > 9 else value


def luhn(first=0, fold=minus_nine, finish=lambda total: -total % 10, turn=reversed,
         factors=(2, 1)):  # fmt: skip
    """Luhn's sum with a step done otherwise."""

    def digit(digits):
        places = enumerate(turn(digits), start=first)
        return finish(sum(fold(int(d) * factors[place % 2]) for place, d in places))

    return digit


def doubled_itself(digits):
    rest = luhn(first=1, finish=lambda total: total)(digits)
    return next(digit for digit in range(10) if (minus_nine(2 * digit) + rest) % 10 == 0)


def even_doubled(digits):
    return -sum(minus_nine(d * (2 - d % 2)) for d in map(int, digits)) % 10


FROM_THE_RIGHT = "Numbers have different lengths; Luhn counts from the right."

# Name, the step of `luhn` that is wrong, what it does, and a hint.
WRONG_SUMS = [
    ("last_given_not_doubled", {"first": 1},
     "doubling begins with the second digit from the right of those given",
     "The digit that you look for will stand to the right of them. Counted from there it is number "
     "1 and stays as it is; number 2 is doubled."),
    ("from_the_left", {"turn": list}, "every second digit is counted from the left",
     FROM_THE_RIGHT),
    ("from_the_left_second", {"first": 1, "turn": list},
     "the digits are counted from the left, and doubled from the second one on", FROM_THE_RIGHT),
    ("not_folded", {"fold": lambda value: value},
     "14, a doubled 7, counts as much as a 4",
     "Whether 14 stays or loses 10, the sum ends alike. What does the rule do with 14? Is it done "
     "after the doubling?"),
    ("all_doubled", {"factors": (2, 2)}, "every digit is doubled",
     "Only every second one is: otherwise no swap of neighbours would be noticed."),
    ("none_doubled", {"factors": (1, 1)}, "no digit is doubled",
     "A plain sum does not notice swapped digits. Which ones does Luhn double? (A string times 2 "
     "is '77' for '7': `int` comes first.)"),
]  # fmt: skip
WRONG_ENDS = [
    ("remainder", lambda total: total % 10,
     "it is the last digit of the sum, not what the sum lacks to a full ten",
     "What must be added to the sum so that it ends in 0?"),
    ("ten_for_zero", lambda total: 10 - total % 10, "a sum that ends in 0 already gives 10",
     "10 is no digit. What must be added to 30 so that it ends in 0?"),
    ("total", lambda total: total, "it is the whole sum",
     "The result is one digit: what must be added to the sum so that it ends in 0?"),
    ("ten_less_total", lambda total: 10 - total, "it is 10 less the whole sum",
     "Only the last digit of the sum counts: what lacks it to 10, and what if it is 0?"),
]  # fmt: skip

CHECK_DIGIT = Question(
    "corpus.check_digit",
    points=2,
    cases=check_digit_cases,
    reference=check_digit,
    misconceptions=[
        *(Misconception(name, luhn(**step), says, hint) for name, step, says, hint in WRONG_SUMS),
        *(
            Misconception(name, luhn(finish=end), says, hint)
            for name, end, says, hint in WRONG_ENDS
        ),
        *(
            Misconception(
                f"{name}_{end_name}",
                luhn(**step, finish=end),
                says=f"{says}, and {end_says}",
                hint=f"Two things. {hint} And then: {end_hint[0].lower()}{end_hint[1:]}",
            )
            for name, step, says, hint in WRONG_SUMS
            for end_name, end, end_says, end_hint in WRONG_ENDS
        ),
        Misconception(
            "ten_left",
            luhn(fold=lambda value: value - 9 if value > 10 else value),
            says="a doubled 5 stays 10",
            hint="Which values are more than 9? Try the digit 5.",
        ),
        Misconception(
            "remainder_of_nine",
            luhn(fold=lambda value: value % 9 if value != 9 else 9),  # 9 is no doubled digit
            says="a doubled 9 counts 0",
            hint="18 - 9 is 9, but 18 % 9 is 0.",
        ),
        Misconception(
            "nine_off_the_digit",
            luhn(fold=lambda value: value // 2 - 9 if value > 9 else value),
            says="where doubling gives more than 9, the 9 is taken from the digit itself",
            hint="7 doubled is 14, and 9 is taken from the 14.",
        ),
        Misconception(
            "nine_off_every_nine",
            luhn(fold=lambda value: value - 9 if value >= 9 else value),
            says="a 9 that is not doubled counts 0",
            hint="9 is not more than 9; and which digits does the rule speak of?",
        ),
        Misconception(
            "written_twice",
            luhn(factors=(11, 1)),
            says="a digit is written twice, 77 for 7, instead of doubled",
            hint="A string times 2 is the string twice: `int` comes before the doubling.",
        ),
        Misconception(
            "others_left_out",
            luhn(factors=(2, 0)),
            says="only the doubled digits are added up",
            hint="The others belong to the sum, as they are.",
        ),
        Misconception(
            "last_given_only",
            lambda digits: check_digit(digits[-1]),
            says="only the last of the given digits counts",
            hint="Does a `return` in the loop end it at its first digit, or is the sum set back to "
            "0 at each?",
        ),
        Misconception(
            "first_given_only",
            lambda digits: luhn(first=len(digits) - 1)(digits[0]),
            says="only the leftmost digit counts",
            hint="Is the sum set back to 0 at each digit? It is made once, before the loop.",
        ),
        Misconception(
            "first_given_missing",
            lambda digits: luhn()(digits[1:]),
            says="the leftmost digit is left out",
            hint="All given digits count. `range` leaves out its end: does yours reach place 0?",
        ),
        Misconception(
            "last_given_missing",
            lambda digits: luhn()(digits[:-1]),
            says="the last of the given digits is left out",
            hint="All given digits count: the one that you look for is not yet among them.",
        ),
        Misconception(
            "nine_in_place",
            luhn(fold=lambda value: min(value, 9)),
            says="a doubled digit above 9 counts 9",
            hint="9 is taken off it, not put in its place.",
        ),
        Misconception(
            "below_zero",
            luhn(finish=lambda total: -(total % 10)),
            says="it is the last digit of the sum, with a minus",
            hint="A digit lies between 0 and 9. What must be added to 37 so that it ends in 0?",
        ),
        Misconception(
            "even_digits_doubled",
            even_doubled,
            says="even digits are doubled",
            hint="It is the place of a digit that decides, counted from the right.",
        ),
        Misconception(
            "doubled_itself",
            doubled_itself,
            says="the digit that is looked for is itself doubled",
            hint="Counted from the right, the last digit is number 1 and stays as it is; number 2 "
            "is doubled.",
        ),
        Misconception(
            "nine_complement",
            luhn(finish=lambda total: 9 - total % 10),
            says="the sum is completed to end in 9",
            hint="Add your digit to the sum: in what should it end?",
        ),
        Misconception(
            "modulo_nine",
            luhn(finish=lambda total: -total % 9),
            says="the sum is completed to a multiple of 9",
            hint="Add your digit to the sum: in what should it end?",
        ),
        Misconception(
            "tripled",
            luhn(factors=(3, 1), fold=lambda value: value),
            says="digits are weighted with 3, as in the number of a book or a barcode",
            hint="That is another checksum, the EAN's. Luhn doubles.",
        ),
        Misconception(
            "as_text",
            lambda digits: str(check_digit(digits)),
            says="the digit is a string",
            hint="The digit is right; the result is a number.",
        ),
        Misconception(
            "completed",
            lambda digits: int(f"{digits}{check_digit(digits)}"),
            says="it is the whole number, completed",
            hint="The digit is right; return it alone.",
        ),
    ],
)


# 2.3 how alike are two texts?


def pieces(text: str, n: int) -> set[str]:
    return {text[i : i + n] for i in range(len(text) - n + 1)}


def similarity(a: str, b: str, n: int) -> float:
    return len(pieces(a, n) & pieces(b, n)) / len(pieces(a, n) | pieces(b, n))


def similarity_cases(generator):
    def letters(n, low=0, high=25):
        return "".join(chr(ord("a") + whole(generator, low, high)) for _ in range(n))

    x, y = letters(5), letters(4)
    yield {"a": "abcd", "b": "bcde", "n": 2}
    yield {"a": f"to {x} {y} be", "b": f"to {x} be", "n": 3}
    yield {"a": f"ab{x}", "b": f"AB{x} ab", "n": 2}  # upper and lower case, and spaces
    yield {"a": "banana", "b": f"ban{y}ana", "n": 2}  # pieces that come twice
    yield {"a": "  ab c ", "b": "ab  c", "n": 2}  # spaces at the ends, and double ones
    yield {"a": "ab\n", "b": "ab ", "n": 2}  # a line end is no space
    yield {"a": "ab.", "b": "ab!", "n": 2}  # punctuation
    yield {"a": x, "b": f"{x}{y[:2]}", "n": 5}  # one piece, and three
    yield {"a": f"{y}{x}{x}", "b": f"{x}, {y[:2]}", "n": 1}
    yield {"a": x, "b": x, "n": 3}
    yield {"a": letters(12, high=2), "b": letters(9, high=2), "n": 2}
    yield {"a": f"{x}{y}{x}", "b": f"{y}{x}", "n": 3}
    yield {"a": f"abc{x}", "b": "12345", "n": 4}


def compared(pieces_of=pieces, compare=lambda a, b: len(a & b) / len(a | b)):
    """A similarity with other pieces, or another way to compare them."""
    return lambda a, b, n: compare(pieces_of(a, n), pieces_of(b, n))


def lists(text, n):
    return Counter(text[i : i + n] for i in range(len(text) - n + 1))


def multiset(a, b):
    return (a & b).total() / (a | b).total()


def cut(n_starts=lambda text, n: len(text) - n + 1, piece=lambda text, i, n: text[i : i + n]):
    """Pieces that begin or end elsewhere."""
    return lambda text, n: {piece(text, i, n) for i in range(n_starts(text, n))}


def blocks(text, n):
    return {text[i : i + n] for i in range(0, len(text), n)}


def whole_blocks(text, n):
    return {text[i : i + n] for i in range(0, len(text) - n + 1, n)}


def words(text, n):
    found = text.split()
    return {" ".join(found[i : i + n]) for i in range(len(found) - n + 1)}


def share(a, b):
    """0 where there is nothing to share, so that a short text does not fail."""
    return len(a & b) / len(a | b) if a | b else 0.0


def in_place(a, b):
    return sum(first == second for first, second in zip(a, b, strict=False))


def listed(both, either):
    """Pieces in lists, where one may stand twice."""

    def compare(a, b, n):
        a, b = ([text[i : i + n] for i in range(len(text) - n + 1)] for text in (a, b))
        return both(a, b) / either(a, b)

    return compare


def from_a_in_b(a, b):
    return sum(piece in b for piece in a)


def in_both(a, b):
    return len(set(a) & set(b))


def in_either(a, b):
    return len(set(a) | set(b))


def long_as_the_first(a, b, n):
    of_b = {b[i : i + n] for i in range(len(a) - n + 1)}
    return share(pieces(a, n), of_b)


def long_as_the_shorter(a, b, n):
    length = min(len(a), len(b))
    return similarity(a[:length], b[:length], n)


def gone_the_second_time(a, b, n):
    """Pieces that are cut when they are asked for, and asked for twice."""
    a, b = (iter(pieces(text, n)) for text in (a, b))
    n_both = len(set(a) & set(b))
    return n_both / len(set(a) | set(b))


def letters_and_spaces(text):
    return "".join(c for c in text if c.isalnum() or c.isspace())


def on_one_line(text):
    return " ".join(text.split())


IN_SETS = "Lists hold a piece as often as it comes. Put the pieces into sets."
EVERY_CHARACTER = "Every character counts as it is, spaces and line ends too."
CONTAINMENT = (
    "That is containment, which is not the same when a and b change places. Divide by what either "
    "has. (`update` and its like change the set: does each still hold all its pieces?)"
)
NO_PLACE = "One letter more at the beginning would change all. A set asks for no place."
WHERE_LAST = (
    "A text of 5 characters has 3 pieces of 3, and one of 5. Where does the last one begin?"
)


SIMILARITY = Question(
    "corpus.similarity",
    points=2,
    cases=similarity_cases,
    reference=similarity,
    misconceptions=[
        Misconception(
            "dice",
            compared(compare=lambda a, b: 2 * len(a & b) / (len(a) + len(b))),
            says="it is the Dice coefficient, twice what both have over the sum of the two sizes",
            hint="That measures likeness too. Jaccard divides by the pieces that either has.",
        ),
        Misconception(
            "sum_of_sizes",
            compared(compare=lambda a, b: len(a & b) / (len(a) + len(b))),
            says="it is divided by the sum of the two sizes, so that common pieces count twice",
            hint="Two equal texts should give 1. How many pieces does either of them have?",
        ),
        Misconception(
            "of_the_first",
            compared(compare=lambda a, b: len(a & b) / len(a)),
            says="it is the share of the first text's pieces",
            hint=CONTAINMENT,
        ),
        Misconception(
            "of_the_second",
            compared(compare=lambda a, b: len(a & b) / len(b)),
            says="it is the share of the second text's pieces",
            hint=CONTAINMENT,
        ),
        Misconception(
            "of_the_smaller",
            compared(compare=lambda a, b: len(a & b) / min(len(a), len(b))),
            says="it is divided by the size of the smaller set",
            hint="A line would then equal every book that quotes it. Divide by what either has.",
        ),
        Misconception(
            "of_the_larger",
            compared(compare=lambda a, b: len(a & b) / max(len(a), len(b))),
            says="it is divided by the size of the larger set",
            hint="The larger set need not hold all of the smaller one. Divide by what either has.",
        ),
        Misconception(
            "with_copies",
            compared(lists, multiset),
            says="a piece that comes twice counts twice",
            hint="Each different piece counts once, however often it comes.",
        ),
        Misconception(
            "twice_in_the_first",
            listed(from_a_in_b, in_either),
            says="a piece that comes twice in the first text counts twice among those of both",
            hint=IN_SETS,
        ),
        Misconception(
            "twice_in_lists",
            listed(from_a_in_b, lambda a, b: len(a) + len(b) - from_a_in_b(a, b)),
            says="pieces are counted as often as they come in a list",
            hint=IN_SETS,
        ),
        Misconception(
            "lists_end_to_end",
            listed(from_a_in_b, lambda a, b: len(a + b)),
            says="pieces are counted as often as they come, and common ones twice below the bar",
            hint=IN_SETS,
        ),
        Misconception(
            "divided_by_both_lists",
            listed(in_both, lambda a, b: len(a + b)),
            says="it is divided by the number of all pieces, each as often as it comes",
            hint="A piece that both have is one of those that either has. " + IN_SETS,
        ),
        Misconception(
            "divided_by_lists_less_both",
            listed(in_both, lambda a, b: len(a + b) - in_both(a, b)),
            says="a piece that comes twice counts twice below the bar",
            hint=IN_SETS,
        ),
        Misconception(
            "in_place",
            listed(in_place, in_either),
            says="pieces are compared only with the one at the same place",
            hint=NO_PLACE,
        ),
        Misconception(
            "in_place_of_the_longer",
            listed(in_place, lambda a, b: max(len(a), len(b))),
            says="it is the share of places at which both texts have the same piece",
            hint=NO_PLACE,
        ),
        Misconception(
            "numbered",
            compared(
                lambda text, n: {*enumerate(text[i : i + n] for i in range(len(text) - n + 1))}
            ),
            says="a piece at another place counts as another piece",
            hint=NO_PLACE,
        ),
        Misconception(
            "last_piece_alone",
            compared(lambda text, n: {text[-n:]}),
            says="only the last piece of each text is kept",
            hint="Is the set made anew at each turn of the loop? It is made once, before it.",
        ),
        Misconception(
            "n_pieces",
            compared(cut(lambda text, n: n)),
            says="only n pieces are cut from each text, from its beginning",
            hint="n is the length of a piece. How many there are depends on the text.",
        ),
        Misconception(
            "last_piece_missing",
            compared(cut(lambda text, n: len(text) - n), share),
            says="the last piece of each text is missing",
            hint=WHERE_LAST,
        ),
        Misconception(
            "two_pieces_missing",
            compared(cut(lambda text, n: len(text) - n - 1), share),
            says="the last two pieces of each text are missing",
            hint=WHERE_LAST,
        ),
        Misconception(
            "two_pieces_missing_unguarded",
            compared(cut(lambda text, n: len(text) - n - 1)),
            says="the last two pieces of each text are missing, so that a short one has none",
            hint=WHERE_LAST,
        ),
        Misconception(
            "one_short_tail",
            compared(cut(lambda text, n: len(text) - n + 2)),
            says="each text gives a last piece that is too short",
            hint="All pieces have n characters. " + WHERE_LAST,
        ),
        Misconception(
            "all_but_one_start",
            compared(cut(lambda text, n: len(text) - 1)),
            says="a piece begins at every character but the last, whatever n",
            hint="All pieces have n characters. " + WHERE_LAST,
        ),
        Misconception(
            "short_tails",
            compared(cut(lambda text, n: len(text))),
            says="the ends of the texts give pieces that are too short",
            hint="All pieces have n characters. Where does the last one begin?",
        ),
        Misconception(
            "blocks",
            compared(blocks),
            says="the pieces do not overlap",
            hint="One letter more at the beginning would change all of them. A piece begins at "
            "every character.",
        ),
        Misconception(
            "whole_blocks",
            compared(whole_blocks),
            says="the pieces do not overlap, and a shorter rest is left out",
            hint="One letter more at the beginning would change all of them. A piece begins at "
            "every character.",
        ),
        Misconception(
            "n_plus_one",
            compared(lambda text, n: pieces(text, n + 1), share),
            says="the pieces have n + 1 characters",
            hint="How long is `text[i : i + n]`?",
        ),
        Misconception(
            "n_plus_one_and_tail",
            compared(cut(piece=lambda text, i, n: text[i : i + n + 1])),
            says="the pieces have n + 1 characters, but for the last one",
            hint="How long is `text[i : i + n]`?",
        ),
        Misconception(
            "n_less_one",
            compared(cut(piece=lambda text, i, n: text[i : i + n - 1])),
            says="the pieces have n - 1 characters",
            hint="A slice leaves out its end: how long is `text[i : i + n]`?",
        ),
        Misconception(
            "end_for_length",
            compared(cut(piece=lambda text, i, n: text[i:n])),
            says="every piece ends at place n of the text",
            hint="In `text[i:j]` j is a place, not a length.",
        ),
        Misconception(
            "long_as_the_first",
            long_as_the_first,
            says="b is cut into as many pieces as a has",
            hint="How many pieces has b? Each text has its own length.",
        ),
        Misconception(
            "long_as_the_shorter",
            long_as_the_shorter,
            says="the end of the longer text is left out",
            hint="How many pieces has the longer one? Each text has its own length.",
        ),
        Misconception(
            "characters",
            compared(lambda text, n: set(text)),
            says="single characters are compared",
            hint="Nearly all texts share the alphabet. The pieces have n characters.",
        ),
        Misconception(
            "words",
            compared(lambda text, n: set(text.split())),
            says="words are compared",
            hint="The pieces are n characters long, spaces among them.",
        ),
        Misconception(
            "pieces_of_words",
            compared(words),
            says="the pieces have n words instead of n characters",
            hint="The lesson's first experiment took words. Without `split()`, a slice of the text "
            "is a piece of characters.",
        ),
        Misconception(
            "pieces_of_words_or_none",
            compared(words, share),
            says="the pieces have n words, and texts of fewer words get 0",
            hint="The lesson's first experiment took words. Without `split()`, a slice of the text "
            "is a piece of characters.",
        ),
        Misconception(
            "case_ignored",
            lambda a, b, n: similarity(a.lower(), b.lower(), n),
            says="upper and lower case make no difference",
            hint="The package does that. Here every character counts as it is.",
        ),
        Misconception(
            "as_the_package",
            lambda a, b, n: jaccard(character_shingles(a, n), character_shingles(b, n)),
            says="case and the kind of white space make no difference, as in the package",
            hint=EVERY_CHARACTER + " The package takes off such differences first.",
        ),
        Misconception(
            "without_spaces",
            lambda a, b, n: similarity(a.replace(" ", ""), b.replace(" ", ""), n),
            says="spaces are left out",
            hint=EVERY_CHARACTER,
        ),
        Misconception(
            "without_punctuation",
            lambda a, b, n: similarity(letters_and_spaces(a), letters_and_spaces(b), n),
            says="punctuation is left out",
            hint=EVERY_CHARACTER,
        ),
        Misconception(
            "texts_stripped",
            lambda a, b, n: similarity(a.strip(), b.strip(), n),
            says="spaces at the ends of the texts are left out",
            hint=EVERY_CHARACTER,
        ),
        Misconception(
            "pieces_stripped",
            compared(cut(piece=lambda text, i, n: text[i : i + n].strip())),
            says="spaces at the ends of the pieces are left out",
            hint=EVERY_CHARACTER,
        ),
        Misconception(
            "spaces_made_one",
            lambda a, b, n: similarity(on_one_line(a), on_one_line(b), n),
            says="several spaces, or a line end, count as one space, and as none at the ends",
            hint=EVERY_CHARACTER,
        ),
        Misconception(
            "and_for_both",
            compared(compare=lambda a, b: len(b) / len(a)),
            says="the number of b's pieces is divided by the number of a's",
            hint="`a and b` is b, and `a or b` is a. Sets are combined by `&` and `|`.",
        ),
        Misconception(
            "with_itself",
            lambda a, b, n: 1.0,
            says="it is 1, whatever the texts",
            hint="Is b cut as well, or a twice?",
        ),
        Misconception(
            "united_first",
            compared(compare=lambda a, b: len(b) / len(a | b)),
            says="all pieces of the second text count as those of both",
            hint="Does the first set still hold its own pieces alone? `|=` and `update` put the "
            "other one's into it.",
        ),
        Misconception(
            "gone_the_second_time",
            gone_the_second_time,
            says="what it divides by is 0, whatever the texts",
            hint="Was nothing counted, or was it gone already? " + ONCE_ONLY,
        ),
        Misconception(
            "brackets_missing",
            compared(compare=lambda a, b: len(a & b) / len(a) + len(b) - len(a & b)),
            says="it is divided by the first text's pieces, and then the second's are added",
            hint="`/` comes before `+` and `-`: what is to stand below the bar needs brackets.",
        ),
        Misconception(
            "percent",
            lambda a, b, n: 100 * similarity(a, b, n),
            says="it is given in percent",
            hint="A similarity lies between 0 and 1.",
        ),
        Misconception(
            "number_of_both",
            compared(compare=lambda a, b: len(a & b)),
            says="it is the number of pieces that both have",
            hint="The right pieces. Divide by the number of those that either has.",
        ),
        Misconception(
            "whole_division",
            compared(compare=lambda a, b: len(a & b) // len(a | b)),
            says="the fraction is dropped, so that all but equal texts get 0",
            hint="`//` divides to a whole number, `/` to a fraction.",
        ),
        Misconception(
            "in_one_alone",
            compared(compare=lambda a, b: len(a & b) / len(a ^ b)),
            says="it is divided by the number of pieces that one text has and the other has not",
            hint="`^` leaves out what both have, and so does taking it off twice. Equal texts "
            "should give 1.",
        ),
        Misconception(
            "upside_down",
            compared(compare=lambda a, b: len(a | b) / len(a & b)),
            says="those that either has are divided by those that both have",
            hint="Turn it round: a similarity lies between 0 and 1.",
        ),
        Misconception(
            "distance",
            lambda a, b, n: 1 - similarity(a, b, n),
            says="it is the distance, 1 less the similarity",
            hint="Equal texts should give 1.",
        ),
    ],
)


# 2.4 a signature


def signature(members: list[int], functions: Functions, prime: int) -> list[int]:
    hashed = np.array([[(a * x + b) % prime for a, b in functions] for x in members])
    return hashed.min(axis=0).tolist()


def signature_cases(generator):
    def functions(n, prime):
        offsets = pick(generator, n, 1, 3 * prime)  # also larger than the prime
        return list(zip(pick(generator, n, 2, prime - 1), offsets, strict=True))

    yield {"members": [1, 2], "functions": [(3, 1), (1, 0)], "prime": 5}
    yield {"members": pick(generator, 1, 50, 90), "functions": functions(3, 31), "prime": 31}
    # Both functions take the first member to 0.
    members = pick(generator, 3, 1, 12)
    to_zero = [(a, -a * members[0] % 13) for a in pick(generator, 2, 2, 12)]
    yield {"members": members, "functions": to_zero, "prime": 13}
    # Numbers as large as real ones; under the last function no hash is small.
    prime = 2**31 - 1
    members = [whole(generator, 10**5, 10**6) for _ in range(2)]
    large = [whole(generator, 10**8, prime - 1) for _ in range(4)]
    least_large = (1, prime - 1 - max(members))
    yield {"members": members, "functions": [*zip(large[::2], large[1::2], strict=True),
           least_large], "prime": prime}  # fmt: skip
    # Products above 2**53: with 64 bits they can be reckoned in whole numbers, not in floats.
    members = [whole(generator, prime - 10**6, prime - 1) for _ in range(2)]
    yield {"members": members, "functions": list(zip(large[:2], large[2:], strict=True)),
           "prime": prime}  # fmt: skip
    (a, b), (c, d) = functions(2, 23)
    yield {"members": pick(generator, 2, 1, 22), "functions": [(a, b), (a, b + 1), (c, d), (c, b)],
           "prime": 23}  # fmt: skip
    yield {"members": pick(generator, 4, 1, 60), "functions": functions(2, 61), "prime": 61}
    yield {"members": pick(generator, 3, 1, 99), "functions": functions(5, 101), "prime": 101}
    yield {"members": pick(generator, 6, 100, 999), "functions": functions(4, 97), "prime": 97}


def hashed_with(hash_it, keep=min):
    """A signature with another hash function, or another choice among its values."""

    def otherwise(members, functions, prime):
        return [keep(hash_it(a, b, x, prime) for x in members) for a, b in functions]

    return otherwise


def right(a, b, x, prime):
    return (a * x + b) % prime


def started_at(start):
    """The smallest, looked for among the hashes and one more number."""
    return hashed_with(right, lambda hashes: min(start, *hashes))


def zero_is_nothing(hashes):
    best = 0
    for value in hashes:
        if best == 0 or value < best:
            best = value
    return best


def started_at_first_member(members, functions, prime):
    return [min(members[0], h) for h in signature(members, functions, prime)]


def in_32_bits(members, functions, prime):
    """As NumPy reckons with int32."""
    return hashed_with(lambda a, b, x, prime: ((a * x + b + 2**31) % 2**32 - 2**31) % prime)(
        members, functions, prime
    )


def running(members, functions, prime):
    """The smallest so far, noted after every member."""
    hashes = ([right(a, b, x, prime) for x in members] for a, b in functions)
    return [least for row in hashes for least in accumulate(row, min)]


def each_member(members, functions, prime):
    return [min(right(a, b, x, prime) for a, b in functions) for x in members]


def member_of_least(members, functions, prime):
    return [min(members, key=lambda x: right(a, b, x, prime)) for a, b in functions]


def place_of_least(members, functions, prime):
    return [members.index(x) for x in member_of_least(members, functions, prime)]


def of_one(choose):
    """The hashes of one member alone."""

    def otherwise(members, functions, prime):
        return [right(a, b, choose(members), prime) for a, b in functions]

    return otherwise


def of_members(part):
    """The signature of a part of the set."""
    return lambda members, functions, prime: signature(members[part], functions, prime)


def of_functions(part):
    """The signature under a part of the functions."""
    return lambda members, functions, prime: signature(members, functions[part], prime)


def always(place):
    """One function in the place of all."""
    return lambda members, functions, prime: signature(
        members, [functions[place]] * len(functions), prime
    )


def one_function(members, functions, prime):
    """The smallest hashes under the first function alone: a "bottom-k sketch"."""
    a, b = functions[0]
    return sorted(right(a, b, x, prime) for x in members)[: len(functions)]


def all_hashes(members, functions, prime):
    return [right(a, b, x, prime) for a, b in functions for x in members]


def all_hashes_by_member(members, functions, prime):
    return [right(a, b, x, prime) for x in members for a, b in functions]


def all_hashes_in_lists(members, functions, prime):
    return [[right(a, b, x, prime) for x in members] for a, b in functions]


def paired(members, functions, prime):
    pairs = zip(members, functions, strict=False)
    return [right(a, b, x, prime) for x, (a, b) in pairs]


NONE_LEFT_OUT = "Of all values under one function, which single one is kept?"
EVERY_MEMBER = "A set has no order: every member must have its chance."
A_LARGE_START = (
    "Before the first member there is no smallest value. `min` of all hashes needs none; else "
    "begin with the hash of the first member, or with `math.inf`."
)


SIGNATURE = Question(
    "corpus.signature",
    points=3,
    cases=signature_cases,
    reference=signature,
    misconceptions=[
        Misconception(
            "largest",
            hashed_with(right, max),
            says="the largest value is kept",
            hint="That would do as well, if all did it. MinHash keeps the smallest.",
        ),
        Misconception(
            "each_member",
            each_member,
            says="there is a number for each member instead of each function",
            hint="Signatures of all texts must be equally long: the least over the members, for "
            "each function.",
        ),
        Misconception(
            "all_hashes",
            all_hashes,
            says="nothing is left out",
            hint=NONE_LEFT_OUT,
        ),
        Misconception(
            "all_hashes_by_member",
            all_hashes_by_member,
            says="nothing is left out, and the values stand member by member",
            hint=NONE_LEFT_OUT,
        ),
        Misconception(
            "all_hashes_in_lists",
            all_hashes_in_lists,
            says="all values of each function are kept, in a list",
            hint=NONE_LEFT_OUT,
        ),
        Misconception(
            "running",
            running,
            says="the smallest value so far is noted after every member",
            hint="It is known only when the last member was hashed: is `append` in the inner loop?",
        ),
        Misconception(
            "least_of_all",
            lambda members, functions, prime: [min(signature(members, functions, prime))],
            says="there is one number, the smallest under all functions",
            hint="Each function gives a number of its own.",
        ),
        Misconception(
            "least_of_all_alone",
            lambda members, functions, prime: min(signature(members, functions, prime)),
            says="it is the smallest value under all functions",
            hint="Each function gives a number of its own: a list of them is asked for.",
        ),
        Misconception(
            "paired",
            paired,
            says="each member is hashed with one function alone",
            hint="`zip` pairs members with functions. Each function hashes every member.",
        ),
        Misconception(
            "first_function_only",
            of_functions(slice(1)),
            says="only the first function is used",
            hint="Does a `return` in the loop end it after the first function?",
        ),
        Misconception(
            "last_function_only",
            of_functions(slice(-1, None)),
            says="only the last function's number is there",
            hint="Is the list made anew in the loop over functions? It is made once, before it.",
        ),
        Misconception(
            "first_function_missing",
            of_functions(slice(1, None)),
            says="the first function is left out",
            hint="Each function gives a number, the one at place 0 as well.",
        ),
        Misconception(
            "last_function_missing",
            of_functions(slice(-1)),
            says="the last function is left out",
            hint="Where does `range` end? It leaves out its end as it is.",
        ),
        Misconception(
            "always_the_first_function",
            always(0),
            says="the first function is used in the place of every other",
            hint="Are a and b those of this turn of the loop, or always those of `functions[0]`?",
        ),
        Misconception(
            "always_the_last_function",
            always(-1),
            says="the last function is used in the place of every other",
            hint="Are a and b taken before another loop has changed them? A function made in a "
            "loop looks them up only when it is called.",
        ),
        Misconception(
            "nothing",
            lambda members, functions, prime: [],
            says="the signature is empty",
            hint="Is what you find put into the list, and is it the list that you return?",
        ),
        Misconception(
            "not_begun_anew",
            lambda members, functions, prime: [
                *accumulate(signature(members, functions, prime), min)
            ],
            says="the smallest value of one function is carried on to the next",
            hint="Where is the best value set, before the loop over functions or in it?",
        ),
        Misconception(
            "started_at_0",
            hashed_with(right, lambda hashes: min(0, *hashes)),
            says="the search begins at 0, and no hash is smaller",
            hint=A_LARGE_START,
        ),
        Misconception(
            "started_at_minus_1",
            started_at(-1),
            says="the search begins at -1, and no hash is smaller",
            hint=A_LARGE_START,
        ),
        Misconception(
            "started_at_first_member",
            started_at_first_member,
            says="the search begins at the first member itself, which is no hash",
            hint=A_LARGE_START,
        ),
        *(
            Misconception(
                f"started_at_{start}",
                started_at(start),
                says=f"no value above {start:,} is ever kept",
                hint="Hashes may be as large as the prime. " + A_LARGE_START,
            )
            for start in (100, 1000, 10**4, 10**6, 10**9)
        ),
        Misconception(
            "zero_is_nothing",
            hashed_with(right, zero_is_nothing),
            says="a smallest value of 0 is given up for the next one",
            hint="0 is a hash as any other. `if not best` holds for it, too; `is None` does not.",
        ),
        Misconception(
            "each_once",
            lambda members, functions, prime: [
                *dict.fromkeys(signature(members, functions, prime))
            ],
            says="a number that is there already is left out",
            hint="Two functions may have the same smallest value. Each has its place.",
        ),
        Misconception(
            "in_32_bits",
            in_32_bits,
            says="the products are reckoned with 32 bits, which are too few for them",
            hint="NumPy's whole numbers have a width: int64 holds a product of two primes of 31 "
            "bits. Python's own have no limit.",
        ),
        Misconception(
            "member_of_least",
            member_of_least,
            says="the member with the smallest hash is given, not the hash",
            hint="You have found the right member; keep its value under h.",
        ),
        Misconception(
            "place_of_least",
            place_of_least,
            says="the place of the smallest hash is given, not the hash",
            hint="A set has no places: keep the value itself.",
        ),
        Misconception(
            "of_least_member",
            of_one(min),
            says="it is the hash of the smallest member",
            hint="A small member need not have a small hash. The remainder is part of h: hash all, "
            "then take the least.",
        ),
        Misconception(
            "of_largest_member",
            of_one(max),
            says="it is the hash of the largest member",
            hint="A large member need not have a small hash: hash all, then take the least.",
        ),
        Misconception(
            "of_first_member",
            of_one(lambda members: members[0]),
            says="only the first member is hashed",
            hint=EVERY_MEMBER,
        ),
        Misconception(
            "of_last_member",
            of_one(lambda members: members[-1]),
            says="only the hash of the last member is kept",
            hint="Each new value overwrites the one before: when should it?",
        ),
        Misconception(
            "first_left_out",
            of_members(slice(1, None)),
            says="the first member is left out, so that a set of one is empty",
            hint=EVERY_MEMBER,
        ),
        Misconception(
            "last_left_out",
            of_members(slice(-1)),
            says="the last member is left out, so that a set of one is empty",
            hint=EVERY_MEMBER,
        ),
        Misconception(
            "added_up",
            hashed_with(right, sum),
            says="the values of all members are added up",
            hint="MinHash keeps the smallest of them.",
        ),
        Misconception(
            "one_function",
            one_function,
            says="the first function's smallest values are kept, and no other function is used",
            hint="Each function gives one number of the signature.",
        ),
        Misconception(
            "no_modulo",
            hashed_with(lambda a, b, x, prime: a * x + b),
            says="the remainder modulo the prime is not taken",
            hint="Without it a larger member always has the larger hash, and nothing is random.",
        ),
        Misconception(
            "another_prime",
            hashed_with(lambda a, b, x, prime: (a * x + b) % (2**31 - 1)),
            says="the remainder is taken modulo the prime of the lesson, not the one given",
            hint="Which prime it is comes as an argument.",
        ),
        Misconception(
            "quotient",
            hashed_with(lambda a, b, x, prime: (a * x + b) // prime),
            says="it is the quotient by the prime, not the remainder",
            hint="`//` divides; `%` gives what is left over.",
        ),
        Misconception(
            "offset_taken_off",
            hashed_with(lambda a, b, x, prime: (a * x - b) % prime),
            says="b is taken off instead of added",
            hint="h(x) = (a x + b) modulo the prime.",
        ),
        Misconception(
            "precedence",
            hashed_with(lambda a, b, x, prime: a * x + b % prime),
            says="only b is taken modulo the prime",
            hint="`%` binds more strongly than `+`: where do brackets belong?",
        ),
        Misconception(
            "offset_after_modulo",
            hashed_with(lambda a, b, x, prime: a * x % prime + b),
            says="b is added after the remainder is taken",
            hint="The remainder is taken of the whole sum.",
        ),
        Misconception(
            "swapped",
            hashed_with(lambda a, b, x, prime: (b * x + a) % prime),
            says="a and b have changed places",
            hint="In each pair a comes first, and x is multiplied by it.",
        ),
        Misconception(
            "no_offset",
            hashed_with(lambda a, b, x, prime: a * x % prime),
            says="b is not added",
            hint="Each function has two numbers, and h needs both.",
        ),
        Misconception(
            "bracket",
            hashed_with(lambda a, b, x, prime: a * (x + b) % prime),
            says="b is added before the product",
            hint="h(x) = (a x + b) modulo the prime: the product comes first.",
        ),
        Misconception(
            "sorted",
            lambda members, functions, prime: sorted(signature(members, functions, prime)),
            says="the numbers of the signature are sorted",
            hint="Signatures are compared place by place, one for each function: keep their order.",
        ),
        Misconception(
            "functions_reversed",
            lambda members, functions, prime: signature(members, functions[::-1], prime),
            says="the functions are taken from the last to the first",
            hint="Signatures are compared place by place: keep the order of the functions.",
        ),
    ],
)


# 2.5 who is compared?


def candidates(signatures: list[list[int]], n_bands: int) -> list[tuple[int, int]]:
    pairs = candidate_pairs(np.array(signatures, dtype=np.uint32), n_bands)
    return [tuple(pair) for pair in pairs.tolist()]


def candidates_cases(generator):
    a, b, c, d, e, f, g, h = pick(generator, 8, 1, 9)  # mostly one digit: short enough to be read
    yield {"signatures": [[1, 2, 3, 4], [1, 9, 3, 4], [9, 2, 3, 9]], "n_bands": 2}
    # Agree on band 0, on the last band, on scattered numbers, on a band at another place.
    first = [a, b, c, d, e, f]
    yield {"signatures": [first, [a, b, c, g, h, g], [g, h, g, d, e, f]], "n_bands": 2}
    yield {"signatures": [first, [a, g, c, h, e, g], [g, b, h, d, h, f]], "n_bands": 3}
    yield {"signatures": [[a, b, c, d], [c, d, a, b], [b, a, d, c], [e, f, c, d]], "n_bands": 2}
    yield {"signatures": [first, [g, b, c, h, h, h], [a, b, g, g, e, f]], "n_bands": 3}
    yield {"signatures": [[a, b, c], [d, b, e], [a, f, e]], "n_bands": 3}  # r = 1, a chain
    yield {"signatures": [[a, b, c, d], [e, f, c, d], [a, b, g, h], [e, f, a, b]], "n_bands": 2}
    # Equal ones, each a list of its own: what pops numbers off one must not find them gone.
    yield {"signatures": [[a, b, c, d], [a, b, c, d], [a, b, g, h], [a, b, c, d]], "n_bands": 2}
    yield {"signatures": [[a, b, c], [b, b, a], [c, b, b], [d, e, c]], "n_bands": 3}
    yield {"signatures": [first, [*first[:5], g], [*first]], "n_bands": 1}
    # Alike if written without a gap, or if a digit's place is ten times the next one's.
    yield {"signatures": [[a, 10 + b], [10 * a + 1, b], [a + 1, b]], "n_bands": 1}
    # Alike if a place is a hundred or a thousand times the next one's, or in 8 or 16 bits.
    yield {"signatures": [[1, 5], [0, 105], [0, 1005], [257, 5], [1, 65541]], "n_bands": 1}
    # Band 1 agrees before band 0 does; then some that agree on three bands, one or none.
    yield {"signatures": [[a, b], [c, b], [a, d], [a, e], [f, e]], "n_bands": 2}
    yield {"signatures": [[a, b, c, d, e, f, g, h], [a, b, c, d, h, g, g, h],
           [b, a, d, c, e, f, h, g]], "n_bands": 4}  # fmt: skip
    few = [[whole(generator, 1, 2) for _ in range(4)] for _ in range(5)]
    yield {"signatures": few, "n_bands": 2}
    yield {"signatures": [[whole(generator, 1, 2) for _ in range(6)] for _ in range(4)],
           "n_bands": 2}  # fmt: skip
    yield {"signatures": [first], "n_bands": 2}


def bands_of(signature: list[int], n_bands: int) -> list[tuple[int, ...]]:
    r = len(signature) // n_bands
    return [tuple(signature[k * r : (k + 1) * r]) for k in range(n_bands)]


def paired_by(agree, bands=bands_of):
    """All pairs i < j of which a claim holds."""

    def pairs(signatures, n_bands):
        cut = [bands(s, n_bands) for s in signatures]
        numbered = combinations(range(len(cut)), 2)
        return [(i, j) for i, j in numbered if agree(cut[i], cut[j])]

    return pairs


def any_band(a, b):
    return any(mine == yours for mine, yours in zip(a, b, strict=True))


def each_wide(signature, n_bands):
    """n_bands taken for the width of a band."""
    return [tuple(signature[k : k + n_bands]) for k in range(0, len(signature), n_bands)]


def each_wide_so_many(signature, n_bands):
    """The same, and as many bands as are wanted: behind the end they are empty."""
    return [tuple(signature[k * n_bands : (k + 1) * n_bands]) for k in range(n_bands)]


def sliding(signature, n_bands):
    r = len(signature) // n_bands
    return [tuple(signature[k : k + r]) for k in range(len(signature) - r + 1)]


def sliced(begin, end):
    """Bands cut at other places."""

    def bands(signature, n_bands):
        r = len(signature) // n_bands
        return [tuple(signature[begin(k, r) : end(k, r)]) for k in range(n_bands)]

    return bands


def wide_as_texts(signatures, n_bands):
    r = len(signatures) // n_bands
    bands = range(n_bands)
    return paired_by(any_band, lambda s, n: [tuple(s[k * r : (k + 1) * r]) for k in bands])(
        signatures, n_bands
    )


def enough_numbers(signatures, n_bands):
    r = len(signatures[0]) // n_bands

    def agree(a, b):
        return sum(x == y for x, y in zip(a, b, strict=True)) >= r

    return paired_by(agree, lambda s, n: s)(signatures, n_bands)


def band_by_band(signatures, n_bands):
    """The pairs as they are found by a loop over bands: some of them again and again."""
    return [
        (i, j)
        for band in zip(*(bands_of(s, n_bands) for s in signatures), strict=True)
        for i, j in combinations(range(len(signatures)), 2)
        if band[i] == band[j]
    ]


def buckets(signatures, n_bands):
    """Texts that have the same band at the same place."""
    groups = defaultdict(list)
    for i, s in enumerate(signatures):
        for band in enumerate(bands_of(s, n_bands)):
            groups[band].append(i)
    return groups.values()


def without_place(signatures, n_bands):
    groups = defaultdict(list)
    for i, s in enumerate(signatures):
        for band in bands_of(s, n_bands):
            groups[band].append(i)
    return sorted({pair for group in groups.values() for pair in combinations(group, 2)})


def neighbours_in_buckets(signatures, n_bands):
    return sorted({pair for group in buckets(signatures, n_bands) for pair in pairwise(group)})


def with_first_of_bucket(signatures, n_bands):
    return sorted({(group[0], j) for group in buckets(signatures, n_bands) for j in group[1:]})


def whole_buckets(signatures, n_bands):
    return sorted({tuple(group) for group in buckets(signatures, n_bands) if len(group) > 1})


def friends_of_friends(signatures, n_bands):
    group = list(range(len(signatures)))  # of each text, so far
    for i, j in candidates(signatures, n_bands):
        group = [group[i] if one == group[j] else one for one in group]
    return [(i, j) for i, j in combinations(range(len(group)), 2) if group[i] == group[j]]


def gone_after_one_pair(signatures, n_bands):
    """Bands that are cut when they are asked for: what one pair has seen, the next does not."""
    cut = [iter(bands_of(s, n_bands)) for s in signatures]
    numbered = combinations(range(len(cut)), 2)
    return [
        (i, j) for i, j in numbered if any(x == y for x, y in zip(cut[i], cut[j], strict=False))
    ]


def both_ways(signatures, n_bands):
    found = candidates(signatures, n_bands)
    return sorted(found + [(j, i) for i, j in found])


def with_itself(signatures, n_bands):
    itself = [(i, i) for i in range(len(signatures))]
    return sorted(candidates(signatures, n_bands) + itself)


def every_order(signatures, n_bands):
    itself = [(i, i) for i in range(len(signatures))]
    return sorted(both_ways(signatures, n_bands) + itself)


def every_pair(signatures, n_bands):
    return list(combinations(range(len(signatures)), 2))


def from_the_first_on(signatures, n_bands):
    found = candidates(signatures, n_bands)
    return [pair for pair in every_pair(signatures, n_bands) if found and pair >= found[0]]


def one_partner(signatures, n_bands):
    """The first partner of each text."""
    found = candidates(signatures, n_bands)
    return [pair for n, pair in enumerate(found) if n == 0 or found[n - 1][0] != pair[0]]


def place_of_equal(signatures, n_bands):
    found = candidates(signatures, n_bands)
    return [tuple(signatures.index(signatures[k]) for k in pair) for pair in found]


def changed(change):
    """The right pairs, and then something is done to them."""
    return lambda signatures, n_bands: change(candidates(signatures, n_bands))


WHERE_BANDS_LIE = "The first r numbers are band 0, the next r are band 1. Where does each end?"
HOW_WIDE = "A signature of 6 numbers in 2 bands: how many numbers has each?"
NOT_SORTED = "The right pairs. `sorted` goes by the first number, then by the second."


CANDIDATES = Question(
    "corpus.candidates",
    points=4,
    cases=candidates_cases,
    reference=candidates,
    equivalent_mutants={
        "r = len(signatures[0]) // n_bands -> r = len(signatures[-1]) // n_bands": (
            "signatures are equally long"
        ),
        "starts = range(0, len(signatures[0]), r) -> starts = range(0, len(signatures[-1]), r)": (
            "signatures are equally long"
        ),
    },
    misconceptions=[
        Misconception(
            "any_number",
            paired_by(any_band, lambda s, n: s),
            says="a single equal number is enough",
            hint="That is a band of width 1, and brings far too many pairs. All numbers of a band "
            "must be equal.",
        ),
        Misconception(
            "all_bands",
            paired_by(lambda a, b: a == b),
            says="all bands must agree",
            hint="That finds equal signatures only. How many bands must agree?",
        ),
        Misconception(
            "first_band_only",
            paired_by(lambda a, b: a[0] == b[0]),
            says="only the first band is looked at",
            hint="Two texts meet if any band agrees. Is there a `return` or a `break` too early? "
            "Or does a flag keep what band 0 left in it? Does each slice begin with its band?",
        ),
        Misconception(
            "last_band_only",
            paired_by(lambda a, b: a[-1] == b[-1]),
            says="only the last band counts",
            hint="Is what was found on one band overwritten by the next? Or do the slices have no "
            "end? Behind the last band there is nothing more.",
        ),
        Misconception(
            "first_band_missing",
            paired_by(lambda a, b: any_band(a[1:], b[1:])),
            says="the first band is left out",
            hint="Bands are numbered from 0.",
        ),
        Misconception(
            "last_band_missing",
            paired_by(lambda a, b: any_band(a[:-1], b[:-1])),
            says="the last band is left out",
            hint="There are n_bands bands: where does the last one begin?",
        ),
        Misconception(
            "at_any_place",
            paired_by(lambda a, b: bool(set(a) & set(b))),
            says="a band may agree with a band at another place",
            hint="Each place of a signature belongs to its own hash function. A band is the same "
            "only at the same place; if you use a dict, the place must be part of the key.",
        ),
        Misconception(
            "without_place",
            without_place,
            says="equal bands at different places meet, even two of one text",
            hint="The place of a band must be part of the key, beside its numbers.",
        ),
        Misconception(
            "in_any_order",
            paired_by(any_band, lambda s, n: [sorted(band) for band in bands_of(s, n)]),
            says="the order of the numbers within a band makes no difference",
            hint="Each number belongs to its own hash function: compare place by place.",
        ),
        Misconception(
            "bands_as_sets",
            paired_by(any_band, lambda s, n: [set(band) for band in bands_of(s, n)]),
            says="bands are compared as sets, in any order, and equal numbers in them as one",
            hint="Each number belongs to its own hash function: compare place by place.",
        ),
        Misconception(
            "shared_number_in_band",
            paired_by(
                lambda a, b: any(set(x) & set(y) for x, y in zip(a, b, strict=True)),
            ),
            says="two bands agree as soon as they have a number in common",
            hint="All numbers of a band must be equal, each at its place.",
        ),
        Misconception(
            "without_gap",
            paired_by(any_band, lambda s, n: ["".join(map(str, band)) for band in bands_of(s, n)]),
            says="bands agree if they look alike when written without a gap",
            hint="1, 12 and 11, 2 are both 112 then. Lists can be compared as they are, and a "
            "tuple can be a key.",
        ),
        Misconception(
            "sum_of_band",
            paired_by(any_band, lambda s, n: [sum(band) for band in bands_of(s, n)]),
            says="bands agree if their numbers have the same sum",
            hint="1 + 4 is 2 + 3: compare the numbers themselves.",
        ),
        Misconception(
            "first_of_band",
            paired_by(any_band, lambda s, n: [band[0] for band in bands_of(s, n)]),
            says="only the first number of each band is compared",
            hint="`s[k * r]` is one number. A band is r of them, and all must be equal.",
        ),
        Misconception(
            "just_one_band",
            paired_by(lambda a, b: sum(x == y for x, y in zip(a, b, strict=True)) == 1),
            says="texts that agree on more than one band are left out",
            hint="Two texts meet if any band agrees: more of them do no harm.",
        ),
        Misconception(
            "gone_after_one_pair",
            gone_after_one_pair,
            says="a text's bands are gone once a pair has looked at them",
            hint=ONCE_ONLY,
        ),
        Misconception(
            "interleaved",
            paired_by(any_band, lambda s, n: [tuple(s[k::n]) for k in range(n)]),
            says="a band takes every n-th number of the signature",
            hint="The bands are cut from left to right: the first r numbers are band 0.",
        ),
        Misconception(
            "bands_for_rows",
            paired_by(any_band, each_wide),
            says="n_bands is taken for the width of a band",
            hint=HOW_WIDE,
        ),
        Misconception(
            "bands_for_rows_so_many",
            paired_by(any_band, each_wide_so_many),
            says="there are n_bands bands of n_bands numbers, some of them perhaps empty",
            hint=HOW_WIDE,
        ),
        Misconception(
            "two_numbers_wide",
            paired_by(any_band, sliced(lambda k, r: 2 * k, lambda k, r: 2 * k + 2)),
            says="every band has 2 numbers, as in the example",
            hint=HOW_WIDE,
        ),
        Misconception(
            "wide_as_texts",
            wide_as_texts,
            says="the width of a band is reckoned from the number of texts",
            hint="`len(signatures)` counts texts. How many numbers has one signature?",
        ),
        Misconception(
            "short_second_band",
            paired_by(any_band, sliced(lambda k, r: k * r, lambda k, r: k + r)),
            says="band k ends at k + r, too early for all but the first",
            hint=WHERE_BANDS_LIE + " Two empty slices are equal.",
        ),
        Misconception(
            "ends_at_r",
            paired_by(any_band, sliced(lambda k, r: k * r, lambda k, r: r)),
            says="every band ends at place r, so that all but the first are empty",
            hint="In `s[i:j]` j is a place, not a length. Two empty slices are equal.",
        ),
        Misconception(
            "one_step_on",
            paired_by(any_band, sliced(lambda k, r: k, lambda k, r: k + r)),
            says="each band begins one number after the one before, and overlaps it",
            hint=WHERE_BANDS_LIE,
        ),
        Misconception(
            "last_number_of_band_missing",
            paired_by(any_band, sliced(lambda k, r: k * r, lambda k, r: (k + 1) * r - 1)),
            says="the last number of each band is left out",
            hint="A slice leaves out its end as it is. Two empty slices are equal.",
        ),
        Misconception(
            "every_pair",
            every_pair,
            says="every pair is named, whatever the numbers",
            hint="Print both sides of your `==` for the first pair. Are they bands, not True or a "
            "number? And two empty slices are equal: where does each begin and end?",
        ),
        Misconception(
            "no_pair",
            lambda signatures, n_bands: [],
            says="no pair is ever found",
            hint="Is the list that you fill the one that you return? And `==` asks for equal "
            "numbers, `is` for the same object.",
        ),
        Misconception(
            "sliding",
            paired_by(any_band, sliding),
            says="a band may begin anywhere",
            hint="Bands do not overlap: the second begins where the first ends.",
        ),
        Misconception(
            "enough_numbers",
            enough_numbers,
            says="as many equal numbers as a band has are enough, wherever they stand",
            hint="They must fill one band. That makes the step of the S-curve.",
        ),
        Misconception(
            "twice",
            lambda signatures, n_bands: sorted(band_by_band(signatures, n_bands)),
            says="a pair is named once for each band on which it agrees",
            hint="The right pairs, some of them several times: each is to be named once.",
        ),
        Misconception(
            "twice_band_by_band",
            band_by_band,
            says="the pairs stand band by band, once for each band on which they agree",
            hint="The right pairs, some of them several times. A set keeps each once; `sorted` "
            "makes a list of it, in order.",
        ),
        Misconception(
            "band_by_band",
            lambda signatures, n_bands: [*dict.fromkeys(band_by_band(signatures, n_bands))],
            says="the pairs stand in the order in which a loop over bands finds them",
            hint=NOT_SORTED,
        ),
        Misconception(
            "as_a_set_gives_them",
            lambda signatures, n_bands: list(set(band_by_band(signatures, n_bands))),
            says="the pairs stand in the order of a set, which means nothing",
            hint=NOT_SORTED,
        ),
        Misconception(
            "with_first_of_bucket",
            with_first_of_bucket,
            says="of several texts with the same band only the first is paired with the others",
            hint="Three texts with the same band make three pairs. Keep all of them, not the "
            "first.",
        ),
        Misconception(
            "whole_buckets",
            whole_buckets,
            says="texts with the same band stand together, also three or more",
            hint="Three texts with the same band make three pairs.",
        ),
        Misconception(
            "friends_of_friends",
            friends_of_friends,
            says="two texts are paired if each of them agrees with a third",
            hint="Only those that agree on a band themselves are to be compared.",
        ),
        Misconception(
            "neighbours_in_buckets",
            neighbours_in_buckets,
            says="of several texts in one bucket only those next to each other are paired",
            hint="Three texts with the same band make three pairs.",
        ),
        Misconception(
            "both_ways",
            both_ways,
            says="each pair is named in both orders",
            hint="(0, 1) and (1, 0) are the same pair; name it with i < j.",
        ),
        Misconception(
            "with_itself",
            with_itself,
            says="each text is paired with itself",
            hint="i < j: a text is no copy of itself.",
        ),
        Misconception(
            "every_order",
            every_order,
            says="each pair is named in both orders, and each text with itself",
            hint="i < j: (0, 1) and (1, 0) are the same pair, and a text is no copy of itself.",
        ),
        Misconception(
            "larger_first",
            changed(lambda pairs: [(j, i) for i, j in pairs]),
            says="the larger number stands first in each pair",
            hint="The right pairs, but i < j: turn them round.",
        ),
        Misconception(
            "larger_first_sorted",
            changed(lambda pairs: sorted((j, i) for i, j in pairs)),
            says="the larger number stands first in each pair, and they are sorted by it",
            hint="The right pairs, but i < j: which of the two loops should be the outer one?",
        ),
        Misconception(
            "neighbours",
            lambda signatures, n_bands: [
                (i, j) for i, j in candidates(signatures, n_bands) if j == i + 1
            ],
            says="only texts whose numbers follow each other are compared",
            hint="Each text meets each later one. Does a `break` end the inner loop too early?",
        ),
        Misconception(
            "one_partner",
            one_partner,
            says="each text gets only the first of its later partners",
            hint="`break` ends the innermost loop around it: which one should end?",
        ),
        Misconception(
            "last_partner",
            changed(lambda pairs: [*dict(pairs).items()]),
            says="each text gets only the last of its later partners",
            hint="A dict keeps one value for a key, the last. Put the pairs into a list or a set.",
        ),
        Misconception(
            "first_text_only",
            changed(lambda pairs: [pair for pair in pairs if pair[0] == 0]),
            says="only the first text is compared with the others",
            hint="Each text meets each later one. Does the outer loop end too early?",
        ),
        Misconception(
            "first_text_missing",
            changed(lambda pairs: [pair for pair in pairs if pair[0] > 0]),
            says="the first text is left out",
            hint="Texts are numbered from 0.",
        ),
        Misconception(
            "first_pair",
            changed(lambda pairs: pairs[:1]),
            says="only the first pair is found",
            hint="Does a `return` in the loop end it there?",
        ),
        Misconception(
            "from_the_first_on",
            from_the_first_on,
            says="every pair after the first right one is named, too",
            hint="What was found for one pair still holds for the next: begin anew with each.",
        ),
        Misconception(
            "last_text_missing",
            lambda signatures, n_bands: (
                candidates(signatures[:-1], n_bands) if len(signatures) > 1 else []
            ),
            says="the last text is left out",
            hint="With n texts the largest j is n - 1: where does `range` end?",
        ),
        Misconception(
            "place_of_equal",
            place_of_equal,
            says="of equal signatures the number of the first stands for all",
            hint="`index` gives the first place at which something equal stands. `enumerate` "
            "counts.",
        ),
        Misconception(
            "flat",
            changed(lambda pairs: [i for pair in pairs for i in pair]),
            says="the numbers of all pairs stand in one flat list",
            hint="`+=` adds the two numbers of a pair. `append((i, j))` adds the pair.",
        ),
        Misconception(
            "numbered_from_one",
            lambda signatures, n_bands: [
                (i + 1, j + 1) for i, j in candidates(signatures, n_bands)
            ],
            says="the texts are numbered from 1",
            hint="The first text has the number 0.",
        ),
        Misconception(
            "by_second",
            lambda signatures, n_bands: sorted(
                candidates(signatures, n_bands), key=lambda pair: pair[::-1]
            ),
            says="the pairs are sorted by their second number",
            hint=NOT_SORTED,
        ),
    ],
)

QUESTIONS = [REPEATED_SHARE, CHECK_DIGIT, SIMILARITY, SIGNATURE, CANDIDATES]
