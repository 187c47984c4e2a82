"""Cards, bank accounts and identity numbers: a pattern proposes, a checksum decides."""

import re

from llama_edu.data.pii.checksums import is_card_number, is_iban, is_resident_id, is_ssn

# `\b` sees no boundary between 号 and a digit, both being word characters. And a number of these
# is no part of a longer one, nor of a decimal, an amount or a name.
START = r"(?<![A-Za-z0-9_$€£¥#])(?<![0-9][.,-])"
END = r"(?![A-Za-z0-9_]|[.,-][0-9])"

CARD = re.compile(
    rf"{START}(?P<it>\d{{13,19}}|\d{{4}}([ .-])\d{{4}}\2\d{{4}}\2\d{{4}}(?:\2\d{{1,3}})?"
    rf"|\d{{4}}([ .-])\d{{6}}\3\d{{4,5}}){END}",
    re.ASCII,
)
IBAN = re.compile(
    rf"{START}(?P<it>[A-Z]{{2}}\d\d"
    rf"(?:[0-9A-Z]{{11,30}}|([ .-])[0-9A-Z]{{4}}(?:\2[0-9A-Z]{{4}}){{1,6}}"
    rf"(?:\2[0-9A-Z]{{1,3}})?)){END}",
    re.IGNORECASE | re.ASCII,
)
RESIDENT_ID = re.compile(rf"{START}(?P<it>[1-8]\d{{16}}[0-9X]){END}", re.IGNORECASE | re.ASCII)
SSN = re.compile(rf"{START}(?P<it>\d{{3}}([ -])\d\d\2\d{{4}}){END}", re.ASCII)
# Nine digits without a hyphen are a social security number only where they are called one.
NAMED_SSN = re.compile(
    rf"(?:ssn|social security)[^\d\n\]]{{0,20}}(?P<it>\d{{9}}){END}", re.IGNORECASE | re.ASCII
)


def _bare(match: re.Match) -> str:
    return re.sub("[ .-]", "", match["it"]).upper()


NUMBERS = (
    ("IBAN", IBAN, lambda match: is_iban(_bare(match))),
    ("CN_ID", RESIDENT_ID, lambda match: is_resident_id(match["it"])),
    ("CARD", CARD, lambda match: is_card_number(_bare(match))),
    ("SSN", SSN, lambda match: is_ssn(_bare(match))),
    ("SSN", NAMED_SSN, lambda match: is_ssn(match["it"])),
)
