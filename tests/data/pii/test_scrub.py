"""Scrubbing: readable, idempotent, and nothing personal is left."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from llama_edu.data.pii import find_pii, scrub
from llama_edu.data.pii.find import KINDS
from llama_edu.data.pii.scrub import PLACEHOLDERS

LETTER = "Jane (+44 20 7946 0958, jane@example.com) paid from DE89370400440532013000."


def test_the_sentence_stays_readable():
    text, counts = scrub(LETTER)
    assert text == "Jane ([phone number], [e-mail address]) paid from [bank account]."
    assert counts == Counter(PHONE=1, EMAIL=1, IBAN=1)


def test_every_kind_has_a_placeholder_that_is_not_personal_itself():
    assert PLACEHOLDERS.keys() == set(KINDS)
    assert not find_pii(" ".join(PLACEHOLDERS.values()))


def test_only_the_wanted_kinds_are_replaced():
    assert "jane@example.com" in scrub(LETTER, ["PHONE", "IBAN"])[0]


PIECES = [
    LETTER, " ", "13800138000", "4111 1111 1111 1111 ", "-", "7", "081.2.69.142", "a@b.org", ".cn",
    "+1 415-555-2671", "110105199003071239",
]  # fmt: skip


@given(st.lists(st.sampled_from(PIECES), max_size=8))
def test_a_second_time_finds_nothing_to_do(pieces):
    text, _ = scrub("".join(pieces))
    assert not find_pii(text)
    assert scrub(text) == (text, Counter())


def test_the_word_in_a_placeholder_makes_no_number_personal():
    text, counts = scrub("+44 20 7946 0958 order 1234567")
    assert (text, counts) == ("[phone number] order 1234567", Counter(PHONE=1))


def test_text_without_personal_data_is_not_touched():
    text = "In 1939-1945, version 2.10.3141 of 三国演义 cost $4155552671."
    assert scrub(text) == (text, Counter())
