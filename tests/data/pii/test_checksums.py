"""Checksums: known numbers pass, and every single wrong digit is caught."""

import pytest

from llama_edu.data.pii.checksums import (
    IBAN_LENGTHS,
    is_card_number,
    is_iban,
    is_resident_id,
    is_ssn,
    passes_luhn,
)

CARD, IBAN, RESIDENT = "4539578041219343", "GB82WEST12345698765432", "11010519491231002X"


def one_digit_wrong(number: str) -> list[str]:
    return [
        number[:i] + digit + number[i + 1 :]
        for i, old in enumerate(number)
        if old.isdigit()
        for digit in "0123456789"
        if digit != old
    ]


@pytest.mark.parametrize(
    ("number", "passes"), [(CARD, passes_luhn), (IBAN, is_iban), (RESIDENT, is_resident_id)]
)
def test_every_single_wrong_digit_is_caught(number, passes):
    assert passes(number)
    wrong = one_digit_wrong(number)
    assert len(wrong) >= 9 * 14 and not any(map(passes, wrong))


def test_luhn_lets_one_number_in_ten_pass_and_the_iban_one_in_97():
    assert sum(passes_luhn(f"{n:05}") for n in range(10_000)) == 1000
    assert sum(is_iban(f"DE{n:02}370400440532013000") for n in range(2, 99)) == 1


def test_luhn_misses_09_swapped_for_90():
    assert passes_luhn("10900") == passes_luhn("19000")
    assert passes_luhn("18") and not passes_luhn("81")


@pytest.mark.parametrize(
    "number", ["1234567890123452", "9783141592653584", "40000000000002", "650"]
)
def test_a_card_needs_a_network_that_issues_it(number):
    assert not is_card_number(number)


@pytest.mark.parametrize("number", [
    "110105199002301236", "11010519001332100X", "110105180012310021", "110105299912310022",
])  # fmt: skip
def test_a_birthday_must_have_been(number):
    assert not is_resident_id(number)


def test_iban_of_another_length_or_country_fails():
    assert not is_iban(IBAN + "0") and not is_iban(IBAN[:-1]) and not is_iban("US" + IBAN[2:])
    assert all(15 <= length <= 34 for length in IBAN_LENGTHS.values())


@pytest.mark.parametrize(
    "digits", ["000123456", "666123456", "900123456", "536004399", "536900000"]
)
def test_impossible_social_security_numbers(digits):
    assert is_ssn("536904399") and not is_ssn(digits)
