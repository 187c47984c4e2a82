"""Telephone numbers by the ways in which they are written; there is no checksum to ask.

Ten bare digits may be anything, so they count only after a word such as "phone". The word in a
placeholder, which ends with a bracket, says nothing of what follows it.
"""

import re

START = r"(?<![A-Za-z0-9_$€£¥#=^])(?<![0-9][ .,-])"
END = r"(?![A-Za-z0-9_]|[.,-][0-9])"

INTERNATIONAL = re.compile(
    rf"(?<![\w+])(?<![0-9][ .-])"
    rf"(?P<it>(?:\+[1-9]\d{{0,14}}(?:(?: ?\(\d{{1,4}}\) ?|[ .-])\d{{1,10}})*"
    rf"|00[1-9]\d{{0,2}}(?:[ .-]\d{{2,10}}){{2,5}})){END}",
    re.ASCII,
)
# Area code and exchange begin with 2 to 9; 411 or 911 is no area, nor are 200, 300 and 400, those
# with a 9 in the middle, and 37x and 96x, which are kept free. Source: North American Numbering
# Plan.
NO_AREA = r"(?!.11|[234]00|.9|37|96)"
NORTH_AMERICAN = re.compile(
    rf"{START}(?P<it>(?:1[ .-])?(?:\({NO_AREA}[2-9]\d\d\) ?|{NO_AREA}[2-9]\d\d[ .-])"
    rf"[2-9]\d\d[ .-]\d{{4}}){END}",
    re.ASCII,
)
# Three round numbers in a row are more likely a list than a telephone.
ROUND = re.compile(r"\d\d0 \d\d0 \d\d\d0")
CHINESE_MOBILE = re.compile(
    rf"{START}(?<!/)(?P<it>1[3-9]\d([ -]?)\d{{4}}\2\d{{4}}){END}(?!\s?[元万亿号])", re.ASCII
)
# With the 0 that is dialled inside a country: 020 7946 0958, 010-62345678, 01 42 68 53 00,
# 044 668 18 00.
WITH_TRUNK_ZERO = re.compile(
    rf"{START}(?P<it>(?:0[1-9]\d{{0,3}}|\(0[1-9]\d{{0,3}}\))(?:[ /-]\d{{3,8}}){{1,2}}"
    rf"|0[1-9](?:[ .]\d\d){{4}}|0[1-9]\d{{1,2}} \d{{3}} \d\d \d\d){END}(?![ .]\d\d)",
    re.ASCII,
)
# With the 8 that is dialled inside Russia and Kazakhstan: 8 (495) 123-45-67.
WITH_TRUNK_EIGHT = re.compile(
    rf"{START}(?P<it>8[ -]?(?:\([3-9]\d\d\) ?|[3-9]\d\d[ -])\d{{3}}[ -]\d\d[ -]\d\d){END}", re.ASCII
)
NAMED = re.compile(
    r"(?:\b(?:phone|tel|call|cell|mobile|fax|text|ring|whatsapp)\b|电话|手机|电號|微信)"
    rf"[^\d\n+(\]]{{0,16}}(?P<it>\d{{3}}[ -]\d{{4}}|(?:00)?\d{{7,13}}){END}",
    re.IGNORECASE,
)


def is_no_list(match: re.Match) -> bool:
    """Whether a North American number is more than three round numbers in a row."""
    return not ROUND.fullmatch(match["it"])


def has_digits(fewest: int, most: int):
    """A rule: the number of digits lies between two bounds, both included."""
    return lambda match: fewest <= sum(sign.isdigit() for sign in match["it"]) <= most


PHONES = (
    ("PHONE", INTERNATIONAL, has_digits(8, 16)),  # E.164 allows 15; a (0) may stand among them
    ("PHONE", NORTH_AMERICAN, is_no_list),
    ("PHONE", CHINESE_MOBILE, has_digits(11, 11)),
    ("PHONE", WITH_TRUNK_ZERO, has_digits(9, 12)),
    ("PHONE", WITH_TRUNK_EIGHT, has_digits(11, 11)),
    ("PHONE", NAMED, has_digits(7, 15)),
)
