"""Lines: tidy edges, and repetition that belongs to the text stays."""

import pytest

from llama_edu.data.clean import drop_repeated_lines, tidy_lines

MENU = "Home | Products | About us | Contact us"


def test_spaces_and_empty_lines_are_squeezed():
    assert tidy_lines(" a\t\u3000b \r\n\n \n\n\u00a0c\n") == "a b\n\nc"


def test_repeated_long_lines_go_and_short_ones_stay():
    text = "\n".join([MENU, "Ham.", "one"] * 4)
    kept = drop_repeated_lines(text).split("\n")
    assert kept.count(MENU) == 2 and kept.count("Ham.") == 4 and kept.count("one") == 4
    assert kept[:3] == [MENU, "Ham.", "one"]  # the first copies are the ones that stay


def test_dropping_is_idempotent_and_indentation_does_not_hide_a_copy():
    once = drop_repeated_lines(f"{MENU}\n  {MENU}\n{MENU} ", max_copies=1)
    assert once == MENU == drop_repeated_lines(once, max_copies=1)


def test_at_least_one_copy():
    with pytest.raises(ValueError, match="max_copies must be at least 1, got 0"):
        drop_repeated_lines("x", max_copies=0)
