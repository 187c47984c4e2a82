"""Equal copies: first occurrences stay, and a second pass has nothing to do."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from llama_edu.data.dedup import drop_seen_lines, first_copies
from llama_edu.data.dedup.exact import content_hash, line_hashes

FOOTER = "Copyright 2019 by the example company, all rights reserved, see our terms of use"


def test_copies_that_differ_in_case_and_spaces_are_equal():
    assert content_hash("To be,\n or not") == content_hash("to be or NOT")
    assert content_hash("to be or not") != content_hash("to be or knot")


def test_first_copy_stays():
    assert first_copies(np.array([3, 1, 3, 2, 1])).tolist() == [True, True, False, True, False]


def test_footer_with_another_date_goes_from_later_documents():
    other = FOOTER.replace("2019", "2021")
    texts = [f"one\n{FOOTER}\nHam.", f"two\n{other}\nHam.", FOOTER]
    kept = drop_seen_lines(texts, min_chars=40)
    assert kept == [f"one\n{FOOTER}\nHam.", "two\nHam.", ""]


@given(st.lists(st.text(st.sampled_from("ab\n"), max_size=30), max_size=6))
def test_dropping_is_idempotent_and_keeps_short_lines(texts):
    once = drop_seen_lines(texts, min_chars=3)
    assert drop_seen_lines(once, min_chars=3) == once
    long_lines = [line for text in once for line in text.split("\n") if len(line) >= 3]
    assert len(long_lines) == len(set(long_lines))
    short = [[line for line in text.split("\n") if len(line) < 3 and line] for text in texts]
    assert short == [[line for line in t.split("\n") if len(line) < 3 and line] for t in once]


def test_short_lines_have_no_hash():
    assert (line_hashes(f"Ham.\n{FOOTER}", 40) == 0).tolist() == [True, False]
