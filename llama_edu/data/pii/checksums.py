"""The checksums that tell a number of a kind from any number of its length.

A wrong digit is caught always by each of them, two swapped neighbours nearly always; of random
digits one number in ten passes Luhn's, one in eleven the Chinese, one in 97 that of the IBAN.
"""

from datetime import date

# Characters of an IBAN by country. Source: SWIFT, IBAN registry.
IBAN_LENGTHS = {
    "AD": 24, "AE": 23, "AL": 28, "AT": 20, "AZ": 28, "BA": 20, "BE": 16, "BG": 22, "BH": 22,
    "BI": 27, "BR": 29, "BY": 28, "CH": 21, "CR": 22, "CY": 28, "CZ": 24, "DE": 22, "DJ": 27,
    "DK": 18, "DO": 28, "EE": 20, "EG": 29, "ES": 24, "FI": 18, "FK": 18, "FO": 18, "FR": 27,
    "GB": 22, "GE": 22, "GI": 23, "GL": 18, "GR": 27, "GT": 28, "HN": 28, "HR": 21, "HU": 28,
    "IE": 22, "IL": 23, "IQ": 23, "IS": 26, "IT": 27, "JO": 30, "KW": 30, "KZ": 20, "LB": 28,
    "LC": 32, "LI": 21, "LT": 20, "LU": 20, "LV": 21, "LY": 25, "MC": 27, "MD": 24, "ME": 22,
    "MK": 19, "MN": 20, "MR": 27, "MT": 31, "MU": 30, "NI": 28, "NL": 18, "NO": 15, "OM": 23,
    "PK": 24, "PL": 28, "PS": 29, "PT": 25, "QA": 29, "RO": 24, "RS": 22, "RU": 33, "SA": 24,
    "SC": 31, "SD": 18, "SE": 24, "SI": 19, "SK": 24, "SM": 27, "SO": 23, "ST": 25, "SV": 28,
    "TL": 23, "TN": 24, "TR": 26, "UA": 29, "VA": 22, "VG": 24, "XK": 20, "YE": 30,
}  # fmt: skip
PROVINCES = {*range(11, 16), *range(21, 24), *range(31, 38), *range(41, 47), *range(50, 55)} | {
    *range(61, 66), 71, 81, 82, 83,
}  # fmt: skip
MAESTRO = {5018, 5020, 5038, 5893, 6304, 6759, 6761, 6762, 6763}
FIRST_YEAR_OF_BIRTH = 1900
PRINTED_SSNS = {"078051120", "219099999"}  # on specimen cards, and so no person's


def passes_luhn(digits: str) -> bool:
    """Double every second digit from the right, subtract 9 above 9; the sum must end in 0.

    Source: U.S. patent 2,950,048; ISO/IEC 7812-1, annex B.
    """
    doubled = (sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2])
    return (sum(map(int, digits[-1::-2])) + sum(doubled)) % 10 == 0


def is_card_number(digits: str) -> bool:
    """Whether a payment network issues numbers that begin so, of this length, and Luhn agrees.

    Source: ISO/IEC 7812-1; the networks' published ranges.
    """
    n, two, four = len(digits), int(digits[:2]), int(digits[:4])
    is_issued = (
        (digits[0] == "4" and n in (13, 16, 19))
        or (n == 16 and (51 <= two <= 55 or 2221 <= four <= 2720 or 3528 <= four <= 3589))
        or (n == 16 and (four == 6011 or two == 65 or 6440 <= four <= 6499))
        or (n == 15 and two in (34, 37))
        or (n == 14 and (two in (36, 38, 39) or 3000 <= four <= 3059))
        or (16 <= n <= 19 and (two == 62 or 2200 <= four <= 2204))
        or (13 <= n <= 19 and four in MAESTRO)
    )
    return is_issued and passes_luhn(digits)


def is_iban(code: str) -> bool:
    """Move four characters to the end, write letters as 10 to 35: the number is 1 modulo 97.

    Args:
        code: capital letters and digits without spaces.

    Source: ISO 13616; ISO 7064, MOD 97-10.
    """
    if len(code) != IBAN_LENGTHS.get(code[:2]):
        return False
    return int("".join(str(int(sign, 36)) for sign in code[4:] + code[:4])) % 97 == 1


def is_resident_id(number: str) -> bool:
    """Check province, birthday and check character of a Chinese identity number.

    Args:
        number: 17 digits and a digit or X.

    Source: GB 11643-1999; ISO 7064, MOD 11-2.
    """
    try:
        born = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return False
    total = sum(int(digit) * 2 ** (17 - i) for i, digit in enumerate(number[:17]))
    return (
        int(number[:2]) in PROVINCES
        and FIRST_YEAR_OF_BIRTH <= born.year <= date.today().year
        and "10X98765432"[total % 11] == number[17].upper()
    )


def is_ssn(digits: str) -> bool:
    """Whether the U.S. administration can have issued these nine digits; there is no checksum.

    Source: Social Security Administration, POMS RM 10201.035.
    """
    area, group, serial = digits[:3], digits[3:5], digits[5:]
    impossible = area in ("000", "666") or area[0] == "9" or group == "00" or serial == "0000"
    return not impossible and digits not in PRINTED_SSNS
